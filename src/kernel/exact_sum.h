/*
 * exact_sum.h: sums of numbers >= 0 without any rounding.
 *
 * The sum is a fixed-point number as wide as the range of a double, so the
 * order of the terms does not matter at all.  It is read as the one list of
 * doubles, largest first, in which each is the sum of all from it on, cut off
 * after 53 binary digits.
 */
#ifndef ML_EXACT_SUM_H
#define ML_EXACT_SUM_H

#include <stdbool.h>
#include <stdint.h>

/* 2,098 bits from 2^-1074 to 2^1023, and 64 more for carries */
#define ML_EXACT_LIMBS 68

typedef struct MlExactSum
{
	uint64_t	limb[ML_EXACT_LIMBS];	/* 32 bits each, and carries not yet handed on */
	int			low;			/* limbs outside low..high are 0 */
	int			high;
} MlExactSum;

/* Of a new variable; ml_exact_take leaves a sum as new when it has returned 0. */
extern void ml_exact_init(MlExactSum *s);
/* x: finite and >= 0; at most 2^31 times before a take. */
extern void ml_exact_add(MlExactSum *s, double x);
/*
 * Removes the largest part that a double can hold, its digits cut off, and
 * returns it; 0 when nothing is left, infinity when it is larger than any
 * double.
 */
extern double ml_exact_take(MlExactSum *s);

/* May `next` follow `part` in such a list? */
extern bool ml_exact_follows(double part, double next);

#endif
