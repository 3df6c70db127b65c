/*
 * importance.h: how much each SQL feature matters to a trained model.
 */
#ifndef ML_IMPORTANCE_H
#define ML_IMPORTANCE_H

#include "learn/train.h"

/*
 * Fills result->importance, method by method, from the final model and rows
 * [from, to) of data, which it did not learn from; without such rows the
 * methods that need them are left out.
 */
extern MlCode ml_importance(MlHost *host, const MlModel *model, const MlDataset *data, const MlTrainSpec *spec,
							int64_t from, int64_t to, MlTrainResult *result, MlStatus *status);

/* permutation alone, by the metric and the seed of spec; *found stays as it is when it would cost too much */
extern MlCode ml_importance_permutation(MlHost *host, const MlModel *model, const MlDataset *data,
										const MlTrainSpec *spec, int64_t from, int64_t to, MlTrainResult *result,
										MlImportance *found, MlStatus *status);

#endif
