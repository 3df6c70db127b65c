/*
 * learners.c: the table of algorithms.
 */
#include "learn/learners.h"

#include <string.h>

const MlLearner *const ml_learners[] = {
	&ml_linear_regression,
	&ml_logistic_regression,
	&ml_decision_tree,
	&ml_random_forest,
	&ml_gradient_boosting,
};
const int	ml_n_learners = (int) (sizeof(ml_learners) / sizeof(ml_learners[0]));

const MlLearner *
ml_learner_find(const char *name)
{
	int			i;

	for (i = 0; i < ml_n_learners; i++)
		if (strcmp(ml_learners[i]->name, name) == 0)
			return ml_learners[i];
	return NULL;
}
