/*
 * inspect.h: what is worth telling a user about the columns before learning.
 */
#ifndef ML_INSPECT_H
#define ML_INSPECT_H

#include "learn/dataset.h"

/* Alone: what a feature that is only good does not reach. */
#define ML_LEAK_AUC 0.995
#define ML_LEAK_R2 0.999
/* Below so many rows a single column reaches these by chance. */
#define ML_LEAK_MIN_ROWS 50

typedef enum MlFindingKind
{
	ML_FINDING_CONSTANT = 1,	/* one value in all training rows (all missing included) */
	ML_FINDING_DUPLICATE,		/* equals column `other` in every training row */
	ML_FINDING_LEAK				/* alone reaches ML_LEAK_AUC (binary) or ML_LEAK_R2 (regression) */
} MlFindingKind;

typedef struct MlFinding
{
	MlFindingKind kind;
	int			column;
	int			other;
	double		evidence;
} MlFinding;

/* At most one finding a column, in column order; *finding from the host. */
extern MlCode ml_inspect(MlHost *host, const MlDataset *data, MlFinding **finding, int *n, MlStatus *status);

#endif
