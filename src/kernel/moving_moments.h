/*
 * moving_moments.h: mean and standard deviation of numbers that come and go.
 *
 * The sums of kernel/moment_sums.h, from which a number can be taken back.
 * What taking back leaves behind is at most about 2^-104 of the largest sum
 * there was, so that it matters only where the sums have become much smaller:
 * when the sum of squares falls below 2^-16 of its peak, ml_moving_moments_remove
 * says so, and the caller adds what is left anew.  Between two such calls that
 * one number takes part in, the sum of squares has fallen by 2^16: no number
 * is added anew more than some hundred times, nearly none more than once.
 *
 * Numbers that are not finite are counted apart, and leave no trace.
 */
#ifndef ML_MOVING_MOMENTS_H
#define ML_MOVING_MOMENTS_H

#include <stdbool.h>

#include "kernel/moment_sums.h"

/* All doubles, so that an array can hold it.  All zero: no numbers. */
typedef struct MlMovingMoments
{
	double		finite;			/* how many numbers */
	double		nan;
	double		plus_infinity;
	double		minus_infinity;
	MlMomentSums sums;			/* of the finite ones */
	double		peak[3];		/* the largest of each sum of squares since it was begun */
} MlMovingMoments;

extern void ml_moving_moments_add(MlMovingMoments *m, double x);
/* x was added before; false: the sums are of no use any more, to be begun anew. */
extern bool ml_moving_moments_remove(MlMovingMoments *m, double x);
extern void ml_moving_moments_merge(MlMovingMoments *m, const MlMovingMoments *other);
extern double ml_moving_moments_count(const MlMovingMoments *m);
/* Of count >= 1 and count >= 2 numbers; as IEEE arithmetic has it when not all are finite. */
extern double ml_moving_moments_mean(const MlMovingMoments *m);
extern double ml_moving_moments_stddev(const MlMovingMoments *m);

#endif
