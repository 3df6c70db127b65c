/*
 * quantile.h: order statistics and moments of plain arrays.
 *
 * No function accepts NaN; callers gather the values that are there first.
 */
#ifndef ML_QUANTILE_H
#define ML_QUANTILE_H

#include <stdint.h>

/* SQL's percentile_cont(q) of n >= 1 ascending values, q in [0, 1]. */
extern double ml_quantile_sorted(const double *sorted, int64_t n, double q);

/*
 * The smallest of n >= 1 values such that the values up to it have `share` of
 * the weight; w: weights > 0 or NULL for all 1.  Reorders both.
 */
extern double ml_weighted_quantile(double *value, double *w, int64_t n, double share);

/* Mean and population variance of n >= 1 values. */
extern void ml_moments(const double *x, int64_t n, double *mean, double *variance);

/* n >= 1 */
extern void ml_min_max(const double *x, int64_t n, double *minimum, double *maximum);

#endif
