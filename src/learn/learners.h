/*
 * learners.h: the rows of the table in learners.c, each from its own file.
 */
#ifndef ML_LEARNERS_H
#define ML_LEARNERS_H

#include "learn/learner.h"

extern const MlLearner ml_linear_regression;	/* linear.c */
extern const MlLearner ml_logistic_regression;	/* logistic.c */
extern const MlLearner ml_decision_tree;	/* decision_tree.c */
extern const MlLearner ml_random_forest;	/* forest.c */
extern const MlLearner ml_gradient_boosting;	/* boosting.c */

#endif
