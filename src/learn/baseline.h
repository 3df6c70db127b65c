/*
 * baseline.h: drawing what drift is measured against (MlBaseline, train.h).
 *
 * The arrays of a baseline are the host's and outlive the call; its level
 * texts are the caller's.
 */
#ifndef ML_BASELINE_H
#define ML_BASELINE_H

#include "learn/train.h"

#define ML_BASELINE_SAMPLE 200000
#define ML_BASELINE_QUANTILES 1001
#define ML_BASELINE_LEVELS 1000

/* n numbers, NaN = missing; stream tells one column's draws from another's. */
extern MlCode ml_baseline_numbers(MlHost *host, const double *value, int64_t n,
								  uint64_t seed, uint64_t stream, MlBaseline *out, MlStatus *status);
/* Every column of the training rows, several at a time; the stream of a column is its index. */
extern MlCode ml_baseline_columns(MlHost *host, const MlDataset *data, uint64_t seed,
								  MlBaseline *out, MlStatus *status);
/* n codes, -1 = missing; level: n_levels distinct texts. */
extern MlCode ml_baseline_codes(MlHost *host, const int32_t *code, int64_t n,
								const char *const *level, int32_t n_levels, MlBaseline *out, MlStatus *status);

#endif
