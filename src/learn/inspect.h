/*
 * inspect.h: what is worth telling a user about the columns before learning.
 */
#ifndef ML_INSPECT_H
#define ML_INSPECT_H

#include "learn/dataset.h"

typedef enum MlFindingKind
{
	ML_FINDING_CONSTANT = 1,	/* one value in all training rows (all missing included) */
	ML_FINDING_DUPLICATE,		/* equals column `other` in every training row */
	ML_FINDING_LEAK				/* alone gives AUC >= .995 (binary) or R2 >= .999 (regression) */
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
