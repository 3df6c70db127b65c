/*
 * lime.h: a local linear stand-in for a model, around one row.
 */
#ifndef ML_LIME_H
#define ML_LIME_H

#include "learn/model.h"

/* What training saw of one dataset column: drawn from when a feature is put out. */
typedef struct MlLimeColumn
{
	double		missing;		/* share of missing values */
	int			n;				/* values to draw from; 0 = always missing */
	const double *value;		/* numbers, or levels */
	const double *weight;		/* relative, > 0; NULL = all alike */
} MlLimeColumn;

/*
 * contribution: one a feature (unit[c] is the feature of column c, n_units of
 * them), the base last; they sum to the margin of x for this output.  The
 * same arguments give the same numbers.
 */
extern MlCode ml_lime(MlHost *host, const MlModel *model, const MlLimeColumn *column, const int *unit, int n_units,
					  const double *x, int output, uint64_t seed, double *contribution, MlStatus *status);

#endif
