/*
 * number_sums.c: count, extremes, mean and deviation of numbers as they come.
 *
 * n^2 var = n sum(x^2) - sum(x)^2, each side in twice the precision: a
 * deviation below 1e-15 of the mean counts as none.
 */
#include "kernel/number_sums.h"

#include <math.h>

/* a * b as a pair */
static MlWideSum
product(double a, double b)
{
	double		p = a * b;

	return (MlWideSum) {p, fma(a, b, -p)};
}

void
ml_number_sums_add(MlNumberSums *s, double x)
{
	if (s->n == 0 || x < s->minimum)
		s->minimum = x;
	if (s->n == 0 || x > s->maximum)
		s->maximum = x;
	s->n++;
	ml_wide_add(&s->sum, x);
	ml_wide_merge(&s->squares, product(x, x));
}

double
ml_number_sums_mean(const MlNumberSums *s)
{
	double		n = (double) s->n;
	double		mean = s->sum.hi / n;

	/* what the first division has left over */
	mean += (fma(-mean, n, s->sum.hi) + s->sum.lo) / n;
	return isfinite(mean) ? mean : NAN;
}

double
ml_number_sums_deviation(const MlNumberSums *s)
{
	double		n = (double) s->n;
	MlWideSum	left = product(s->squares.hi, n);
	MlWideSum	right = product(s->sum.hi, s->sum.hi);
	double		deviation;

	ml_wide_add(&left, s->squares.lo * n);
	ml_wide_add(&right, 2 * s->sum.hi * s->sum.lo);
	ml_wide_subtract(&left, right);
	/* below that there is nothing but the rounding of equal numbers */
	deviation = left.hi <= right.hi * 0x1p-100 ? 0 : sqrt(left.hi) / n;
	return s->n > 0 && isfinite(deviation) ? deviation : NAN;
}
