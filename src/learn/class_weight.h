/*
 * class_weight.h: the parameter class_weight, for every classifier that has it.
 */
#ifndef ML_CLASS_WEIGHT_H
#define ML_CLASS_WEIGHT_H

#include "learn/learner.h"

/*
 * count[k], weight[k] (n_classes each) := rows of class k among [0, rows),
 * and what params say a row of it weighs: 1; with "balanced" rows / (classes
 * that have rows × count); or the given number.  ML_BAD_PARAMETER for a name
 * that is no class and a weight that is not positive.
 */
extern MlCode ml_class_weights(const MlDataset *data, int64_t rows, const MlParams *params,
							   int64_t *count, double *weight, MlStatus *status);

/* fit->log_prior := log of the weights, from the host. */
extern MlCode ml_class_prior(MlHost *host, int n_classes, const double *weight, MlFit *fit, MlStatus *status);

/*
 * For learners that feel weights less than they weigh: fit->log_prior := what
 * has to be taken out of the shares p (n × classes) of rows that did not
 * learn, so that the mean of each class is its part of these rows.  y:
 * classes; w: sample weights, or NULL.
 */
extern MlCode ml_class_prior_seen(MlHost *host, int n_classes, int64_t n, const double *p, const double *y,
								  const double *w, MlFit *fit, MlStatus *status);

#endif
