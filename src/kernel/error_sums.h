/*
 * error_sums.h: the sums from which errors of numeric predictions follow.
 *
 * One pass, a state of fixed size that holds nothing but doubles, and states
 * that can be merged: rows in any order and in any number of parts give the
 * same figures (kernel/sum.h).  y: truth, p: prediction, both finite; w:
 * weight, finite and > 0.
 *
 * A figure is NaN when these rows do not have it, and infinite when it, or a
 * sum it needs, is beyond the range of a double.
 */
#ifndef ML_ERROR_SUMS_H
#define ML_ERROR_SUMS_H

#include "kernel/sum.h"

/*
 * Sums of w x^2, one for each range of |x|: x is first brought near 1 by a
 * power of two, so that no square overflows or loses digits (J. L. Blue, "A
 * portable Fortran program to find the Euclidean norm of a vector", 1978).
 */
typedef struct MlSquares
{
	MlSum		range[3];		/* small, ordinary, large x */
} MlSquares;

/* All zero: no rows. */
typedef struct MlErrorSums
{
	double		rows;
	double		lowest;			/* y; 0 without rows */
	double		highest;
	MlSum		weight;			/* sum of w */
	MlSum		absolute;		/* w |y - p| */
	MlSum		relative;		/* w |y - p| / max(|y|, DBL_EPSILON) */
	MlSum		symmetric;		/* w |y - p| / ((|y| + |p|) / 2), 0/0 = 0 */
	MlSum		size;			/* w |y| */
	MlSum		level;			/* w y */
	MlSquares	error;			/* w (y - p)^2 */
	MlSquares	square;			/* w y^2 */
} MlErrorSums;

extern void ml_error_sums_add(MlErrorSums *s, double y, double p, double w);
extern void ml_error_sums_merge(MlErrorSums *s, const MlErrorSums *other);

/* No rows: NaN, for all of them. */
extern double ml_error_sums_rmse(const MlErrorSums *s);
extern double ml_error_sums_mae(const MlErrorSums *s);
/* A share and not a percentage, as scikit-learn's. */
extern double ml_error_sums_mape(const MlErrorSums *s);
/* Sum of errors over sum of |y|; all y 0: 0 when all is exact, else NaN. */
extern double ml_error_sums_wape(const MlErrorSums *s);
/* Between 0 and 2. */
extern double ml_error_sums_smape(const MlErrorSums *s);
/*
 * Against the mean of these rows; constant y: 1 when all is exact, else 0;
 * less than two rows: NaN.  Good to 1e-12 of 1 - R2 while the mean of y is
 * less than 1e9 of its standard deviations.
 */
extern double ml_error_sums_r2(const MlErrorSums *s);

#endif
