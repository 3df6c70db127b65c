/*
 * ewma_sums.c: adding weighted numbers and taking them back.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "kernel/ewma_sums.h"

#define LEAST_SHARE 0x1p-16		/* of the peak, see kernel/moving_moments.h */
#define UNIT 0x1p-54			/* of sum and size: less than 2^53 weights below 2 */
#define FORGOTTEN (-3000)		/* an exponent at which nothing is left of a double */

/* The count that x belongs to when it is not finite, NULL otherwise. */
static double *
odd_count(MlEwmaSums *s, double x)
{
	if (isnan(x))
		return &s->nan;
	if (isinf(x))
		return x > 0 ? &s->plus_infinity : &s->minus_infinity;
	return NULL;
}

static bool
is_empty(const MlEwmaSums *s)
{
	return !(s->finite > 0);
}

/* x * 2^by for by <= 0 */
static double
shrink(double x, double by)
{
	return by == 0 ? x : ldexp(x, (int) fmin(fmax(by, FORGOTTEN), 0));
}

static void
shrink_all(MlEwmaSums *s, double by)
{
	s->weight.hi = shrink(s->weight.hi, by);
	s->weight.lo = shrink(s->weight.lo, by);
	s->sum.hi = shrink(s->sum.hi, by);
	s->sum.lo = shrink(s->sum.lo, by);
	s->size = shrink(s->size, by);
	s->weight_peak = shrink(s->weight_peak, by);
	s->size_peak = shrink(s->size_peak, by);
}

static void
raise_peaks(MlEwmaSums *s)
{
	s->weight_peak = fmax(s->weight_peak, s->weight.hi);
	s->size_peak = fmax(s->size_peak, s->size);
}

/* half-lives up to the time, rounded down; *part: what is left, in [0, 1) */
static double
half_lives(int64_t time, int64_t half_life, double *part)
{
	int64_t		whole = time / half_life;
	int64_t		rest = time % half_life;

	if (rest < 0)
	{
		rest += half_life;
		whole -= 1;
	}
	*part = (double) rest / (double) half_life;
	return (double) whole;
}

/* weight * x without rounding, in units of the sum; sign: 1 adds, -1 takes back */
static void
count_in(MlEwmaSums *s, double x, double weight, double sign)
{
	double		scaled = sign * x * UNIT;
	MlWideSum	product;

	product.hi = weight * scaled;
	product.lo = fma(weight, scaled, -product.hi);
	ml_wide_merge(&s->sum, product);
	ml_wide_add(&s->weight, sign * weight);
	s->size += sign * fabs(product.hi);
}

bool
ml_ewma_sums_differ(const MlEwmaSums *s, int64_t half_life)
{
	return !is_empty(s) && s->half_life != (double) half_life;
}

void
ml_ewma_sums_add(MlEwmaSums *s, double x, int64_t time, int64_t half_life)
{
	double	   *odd = odd_count(s, x);
	double		part;
	double		whole;

	if (odd != NULL)
	{
		*odd += 1;
		return;
	}
	whole = half_lives(time, half_life, &part);
	if (is_empty(s))
	{
		s->half_life = (double) half_life;
		s->newest = whole;
	}
	else if (whole > s->newest)
	{
		shrink_all(s, s->newest - whole);
		s->newest = whole;
	}
	s->finite += 1;
	count_in(s, x, shrink(exp2(part), whole - s->newest), 1);
	raise_peaks(s);
}

bool
ml_ewma_sums_remove(MlEwmaSums *s, double x, int64_t time, int64_t half_life)
{
	double	   *odd = odd_count(s, x);
	double		part;
	double		whole;

	if (odd != NULL)
	{
		*odd -= 1;
		return true;
	}
	s->finite -= 1;
	if (is_empty(s))
	{
		memset(&s->weight, 0, sizeof(*s) - offsetof(MlEwmaSums, weight));
		return true;
	}
	whole = half_lives(time, half_life, &part);
	count_in(s, x, shrink(exp2(part), whole - s->newest), -1);
	return s->weight.hi >= s->weight_peak * LEAST_SHARE && s->size >= s->size_peak * LEAST_SHARE;
}

void
ml_ewma_sums_merge(MlEwmaSums *s, const MlEwmaSums *other)
{
	MlEwmaSums	t = *other;

	s->nan += t.nan;
	s->plus_infinity += t.plus_infinity;
	s->minus_infinity += t.minus_infinity;
	if (is_empty(&t))
		return;
	if (is_empty(s))
	{
		s->half_life = t.half_life;
		s->newest = t.newest;
	}
	else if (t.newest > s->newest)
	{
		shrink_all(s, s->newest - t.newest);
		s->newest = t.newest;
	}
	else
		shrink_all(&t, t.newest - s->newest);
	s->finite += t.finite;
	ml_wide_merge(&s->weight, t.weight);
	ml_wide_merge(&s->sum, t.sum);
	s->size += t.size;
	raise_peaks(s);
}

double
ml_ewma_sums_mean(const MlEwmaSums *s)
{
	if (is_empty(s) || s->nan > 0 || s->plus_infinity > 0 || s->minus_infinity > 0)
		return NAN;
	return s->sum.hi / s->weight.hi / UNIT;
}
