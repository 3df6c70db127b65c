/*
 * interval.h: how far a figure of a sample may be from that of all rows.
 *
 * Two-sided intervals at z standard deviations, for rows that are independent
 * of each other and count the same.  An interval that does not exist for
 * these rows is NaN at both ends.
 */
#ifndef ML_INTERVAL_H
#define ML_INTERVAL_H

#include <stdint.h>

/* Of a share, `successes` of n; n = 0: NaN. */
extern void ml_wilson_interval(double successes, double n, double z, double *low, double *high);
/* Of the mean of term[0..n): mean ± z s / sqrt(n), s with divisor n - 1; n < 2: NaN. */
extern void ml_mean_interval(const double *term, int64_t n, double z, double *low, double *high);
/*
 * Variance of the area under the ROC curve of class `positive` against all
 * others; order: rows by ascending score (ml_score_order).  NaN when either
 * side has fewer than two rows.
 */
extern double ml_auc_variance(const double *y, double positive, const double *s,
							  const uint32_t *order, int64_t n);

#endif
