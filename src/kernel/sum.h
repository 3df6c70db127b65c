/*
 * sum.h: sums whose error does not grow with the number of terms.
 *
 * Neumaier's variant of Kahan's compensated summation ("Rundungsfehleranalyse
 * einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974).  The
 * error term makes the pair about as good as twice the digits of a double:
 * rounded to one double at the end, a sum of a million terms is the same
 * whatever their order, but for a chance of about 1 in 2^30.  Callers who
 * must not rely on chance keep a fixed order.  Needs a compiler that does not
 * reassociate (no -ffast-math).
 */
#ifndef ML_SUM_H
#define ML_SUM_H

#include <math.h>

typedef struct MlSum
{
	double		sum;
	double		error;			/* what the additions to sum have lost */
} MlSum;

static inline void
ml_sum_add(MlSum *s, double x)
{
	double		t = s->sum + x;

	if (fabs(s->sum) >= fabs(x))
		s->error += (s->sum - t) + x;
	else
		s->error += (x - t) + s->sum;
	s->sum = t;
}

/* a * b without the rounding of the product */
static inline void
ml_sum_add_product(MlSum *s, double a, double b)
{
	double		product = a * b;

	ml_sum_add(s, product);
	ml_sum_add(s, fma(a, b, -product));
}

static inline void
ml_sum_merge(MlSum *s, const MlSum *other)
{
	ml_sum_add(s, other->sum);
	s->error += other->error;
}

static inline double
ml_sum_value(const MlSum *s)
{
	return s->sum + s->error;
}

/* NaN without weight; a sum beyond the range of a double has lost its error term: infinite. */
static inline double
ml_sum_mean(const MlSum *sum, const MlSum *weight)
{
	double		total = ml_sum_value(weight);
	double		value = ml_sum_value(sum);

	if (total == 0)
		return NAN;
	return isfinite(total) && isfinite(value) ? value / total : INFINITY;
}

#endif
