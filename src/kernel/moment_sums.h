/*
 * moment_sums.h: mean and standard deviation of a stream of numbers.
 *
 * Sums of x and x^2 in about twice the digits of a double (kernel/sum.h), so
 * that taking the square of the sum from the sum of squares does no harm: the
 * standard deviation has 12 right digits while the mean is less than 1e9 of
 * them.  While it is less than 1e6, order and merging do not matter but for a
 * small chance in the last bit.  Numbers far from 1 are first brought near
 * it by a power of two (as in kernel/error_sums.h): no square overflows or
 * vanishes.
 */
#ifndef ML_MOMENT_SUMS_H
#define ML_MOMENT_SUMS_H

#include "kernel/sum.h"

/* All zero: no numbers. */
typedef struct MlMomentSums
{
	/* of small, ordinary and large numbers, each multiplied by its power of two */
	MlSum		sum[3];
	MlSum		square[3];
} MlMomentSums;

/* n ascending finite numbers */
extern void ml_moment_sums_add(MlMomentSums *s, const double *x, int n);
/* One finite number, `times` times; times < 2^53. */
extern void ml_moment_sums_add_times(MlMomentSums *s, double x, double times);
extern void ml_moment_sums_merge(MlMomentSums *s, const MlMomentSums *other);
/* Of count >= 1 numbers. */
extern double ml_moment_sums_mean(const MlMomentSums *s, double count);
/* Of count >= 2 numbers; divided by count - 1. */
extern double ml_moment_sums_stddev(const MlMomentSums *s, double count);

#endif
