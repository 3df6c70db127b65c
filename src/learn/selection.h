/*
 * selection.h: which SQL features are worth keeping, by figures of the
 * training rows alone.
 *
 * Looks at rows [0, n_train) of the dataset handed in: whoever has folds
 * hands in the rows of each fold.
 */
#ifndef ML_SELECTION_H
#define ML_SELECTION_H

#include "learn/dataset.h"

/* A method: one row in ml_selectors[] (selection.c). */
typedef struct MlSelector MlSelector;

extern const MlSelector *const ml_selectors[];
extern const int ml_n_selectors;
/* NULL when there is no such method */
extern const MlSelector *ml_selector_find(const char *name);
extern const char *ml_selector_name(const MlSelector *selector);
extern bool ml_selector_does(const MlSelector *selector, MlTaskKind task);

typedef struct MlSelection
{
	const MlSelector *selector; /* one that does the dataset's task */
	int			k;				/* features to keep at most; 0 = no limit */
	uint64_t	seed;			/* of methods that fit a model */
	const char *metric;			/* permutation: one of ml_metric_name */
} MlSelection;

/* What is found of one SQL feature. */
typedef struct MlFeatureScore
{
	double		score;			/* NaN = none */
	double		p_value;		/* NaN = none */
	double		std;			/* permutation: deviation of the shuffles; else NaN */
	double		penalty;		/* l1: C or alpha of the fit; else NaN */
	int64_t		rows;			/* that were looked at */
	int			column;			/* of a vector: the dataset column that the score is of; else -1 */
	const char *reason;			/* why there is no score, or NULL */
	int			rank;			/* from 1; without a score last */
	bool		selected;		/* has a score above 0 and a rank of at most k */
} MlFeatureScore;

/* SQL features that the columns come from */
extern int	ml_select_features(const MlDataset *data);
/*
 * Fills one score a SQL feature.  ML_BAD_DATA when there is no training row,
 * or for classification but one class of them.
 */
extern MlCode ml_select(MlHost *host, const MlDataset *data, const MlSelection *selection, MlFeatureScore *score,
						MlStatus *status);

#endif
