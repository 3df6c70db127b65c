/*
 * number_sums.h: count, extremes, mean and deviation of numbers as they come.
 *
 * Sums are kept in twice the precision (wide_sum.h): rounded at the end, the
 * figures do not depend on the order of the numbers.
 */
#ifndef ML_NUMBER_SUMS_H
#define ML_NUMBER_SUMS_H

#include <stdint.h>

#include "kernel/wide_sum.h"

/* Starts as zeroes. */
typedef struct MlNumberSums
{
	int64_t		n;
	double		minimum;
	double		maximum;
	MlWideSum	sum;
	MlWideSum	squares;
} MlNumberSums;

/* x is not NaN. */
extern void ml_number_sums_add(MlNumberSums *s, double x);
/* Mean and population standard deviation; NaN without numbers, and beyond the range of a double. */
extern double ml_number_sums_mean(const MlNumberSums *s);
extern double ml_number_sums_deviation(const MlNumberSums *s);

#endif
