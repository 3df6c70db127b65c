/*
 * ewma_sums.h: a mean weighted by age, of numbers that come and go.
 *
 * A number x of time t has the weight 2^(t / half_life), so that one that is
 * half_life older weighs half as much; the mean, sum(w x) / sum(w), does not
 * depend on the time that ages are counted from.  Sums are kept in units of
 * 2^newest, newest being the whole half-lives before the newest number:
 * weights are in [1, 2) there and smaller before.  When a newer number comes,
 * the sums are multiplied by a power of two, which loses nothing but what is
 * 2^1000 times smaller than all; so a number can be taken back as exactly as
 * it was added, whatever the order.
 *
 * As with kernel/moving_moments.h, what taking back leaves is at most about
 * 2^-104 of the largest sum there was, ml_ewma_sums_remove says when too
 * little is left to go on from, and numbers that are not finite are counted
 * apart.
 */
#ifndef ML_EWMA_SUMS_H
#define ML_EWMA_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/wide_sum.h"

/* Of half_life; with these, every count of half-lives is an exact double. */
#define ML_EWMA_MIN_HALF_LIFE INT64_C(1000000)
#define ML_EWMA_MAX_HALF_LIFE (INT64_C(36500) * 86400 * 1000000)

/* All doubles, so that an array can hold it.  All zero: no numbers. */
typedef struct MlEwmaSums
{
	double		half_life;		/* a whole number, as are all times: microseconds, say */
	double		newest;			/* half-lives, rounded down */
	double		finite;			/* how many numbers */
	double		nan;
	double		plus_infinity;
	double		minus_infinity;
	MlWideSum	weight;
	MlWideSum	sum;			/* of weighted numbers, 2^-54 of them: they cannot overflow */
	double		size;			/* the same of their absolute values */
	double		weight_peak;	/* the largest weight and size there were since they were begun */
	double		size_peak;
} MlEwmaSums;

/* Does another half-life belong to the numbers that are in the sums? */
extern bool ml_ewma_sums_differ(const MlEwmaSums *s, int64_t half_life);
extern void ml_ewma_sums_add(MlEwmaSums *s, double x, int64_t time, int64_t half_life);
/* x was added before; false: the sums are of no use any more, to be begun anew. */
extern bool ml_ewma_sums_remove(MlEwmaSums *s, double x, int64_t time, int64_t half_life);
/* Both have one half-life. */
extern void ml_ewma_sums_merge(MlEwmaSums *s, const MlEwmaSums *other);
/* NaN without numbers, and with any that is not finite. */
extern double ml_ewma_sums_mean(const MlEwmaSums *s);

#endif
