/*
 * folds.h: rows in parts that judge one another (cross-validation).
 *
 * Rows of one key hash stay together.  Of a time only the past teaches: there
 * is one part more than folds, fold f learns from parts 0 .. f and is judged
 * by part f + 1.  Otherwise fold f is judged by part f and learns from all
 * others, and every part has its share of each class.
 */
#ifndef ML_FOLDS_H
#define ML_FOLDS_H

#include "learn/host.h"

#define ML_MAX_FOLDS 50

/*
 * part[i] := the part of row row[i], for i < n.  key_hash, content, time (NULL: not
 * by time) and label (class, -1 for a regression) are by row.  ML_BAD_DATA
 * when a part would be empty.
 */
extern MlCode ml_folds(MlHost *host, int64_t n, const uint32_t *row, int folds, const uint64_t *key_hash,
					   const uint64_t *content, const int64_t *time, const int32_t *label,
					   uint8_t *part, MlStatus *status);

typedef enum MlFoldRole
{
	ML_FOLD_LEARNS,
	ML_FOLD_JUDGES,
	ML_FOLD_RESTS
} MlFoldRole;

static inline MlFoldRole
ml_fold_role(int fold, int part, bool by_time)
{
	if (by_time)
		return part <= fold ? ML_FOLD_LEARNS : part == fold + 1 ? ML_FOLD_JUDGES : ML_FOLD_RESTS;
	return part == fold ? ML_FOLD_JUDGES : ML_FOLD_LEARNS;
}

#endif
