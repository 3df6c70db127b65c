/*
 * moment_sums.c: sums of x and of x^2.
 *
 * Blocks of ordinary numbers go through LANES sums of their own, which
 * vectorise; their squares are made exact by splitting x in halves (T. J.
 * Dekker, "A floating-point technique for extending the available precision",
 * 1971), because not every processor multiplies and adds in one step.
 */
#include <stdbool.h>
#include <string.h>

#include "kernel/dispatch.h"
#include "kernel/moment_sums.h"
#include "kernel/wide_sum.h"

enum
{
	SMALL,
	ORDINARY,
	LARGE
};

#define ORDINARY_MIN 0x1p-400
#define ORDINARY_MAX 0x1p400
#define STEP 0x1p600			/* from one range to the next */
#define LANES 16
#define SPLITTER 134217729.0	/* 2^27 + 1 */

static const double scale[3] = {STEP, 1, 1 / STEP};

typedef struct LaneSums
{
	double		sum[LANES];
	double		sum_error[LANES];
	double		square[LANES];
	double		square_error[LANES];
} LaneSums;

/* n: a multiple of LANES; all numbers ordinary */
ML_BODY
add_lanes_body(LaneSums *sums, const double *restrict x, int n)
{
	/* a copy that no pointer reaches stays in registers */
	LaneSums	s = *sums;

	for (int i = 0; i < n; i += LANES)
		for (int l = 0; l < LANES; l++)
		{
			double		v = x[i + l];
			double		c = SPLITTER * v;
			double		high = c - (c - v);
			double		low = v - high;
			double		p = v * v;
			double		p_error = ((high * high - p) + 2 * high * low) + low * low;
			double		rest;

			s.sum[l] = ml_two_sum(s.sum[l], v, &rest);
			s.sum_error[l] += rest;
			s.square[l] = ml_two_sum(s.square[l], p, &rest);
			s.square_error[l] += rest + p_error;
		}
	*sums = s;
}
ML_DISPATCH(static, add_lanes, (LaneSums *s, const double *x, int n), (s, x, n))

/* Are all of n ascending numbers ordinary, or 0? */
static bool
all_ordinary(const double *x, int n)
{
	int			low = 0;
	int			high = n;

	if (x[0] < -ORDINARY_MAX || x[n - 1] > ORDINARY_MAX)
		return false;
	/* the first that is not below the small ones */
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (x[middle] <= -ORDINARY_MIN)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < n && x[low] < ORDINARY_MIN; low++)
		if (x[low] != 0)
			return false;
	return true;
}

void
ml_moment_sums_add_times(MlMomentSums *s, double x, double times)
{
	double		size = fabs(x);
	int			range = size > ORDINARY_MAX ? LARGE : size < ORDINARY_MIN ? SMALL : ORDINARY;
	double		scaled = x * scale[range];
	double		square = scaled * scaled;

	ml_sum_add_product(&s->sum[range], times, scaled);
	ml_sum_add_product(&s->square[range], times, square);
	ml_sum_add(&s->square[range], times * fma(scaled, scaled, -square));
}

void
ml_moment_sums_add(MlMomentSums *s, const double *x, int n)
{
	LaneSums	lanes;
	int			even = n > 0 && all_ordinary(x, n) ? n - n % LANES : 0;

	memset(&lanes, 0, sizeof(lanes));
	add_lanes(&lanes, x, even);
	for (int l = 0; l < LANES; l++)
	{
		ml_sum_add(&s->sum[ORDINARY], lanes.sum[l]);
		ml_sum_add(&s->sum[ORDINARY], lanes.sum_error[l]);
		ml_sum_add(&s->square[ORDINARY], lanes.square[l]);
		ml_sum_add(&s->square[ORDINARY], lanes.square_error[l]);
	}
	for (int i = even; i < n; i++)
		ml_moment_sums_add_times(s, x[i], 1);
}

void
ml_moment_sums_merge(MlMomentSums *s, const MlMomentSums *other)
{
	for (int range = SMALL; range <= LARGE; range++)
	{
		ml_sum_merge(&s->sum[range], &other->sum[range]);
		ml_sum_merge(&s->square[range], &other->square[range]);
	}
}

/*
 * The sum over all ranges as a pair, in units of `range`, which is power
 * steps above the one below it; two ranges below nothing can be seen.
 */
static MlWideSum
in_range(const MlSum *of, int range, int power)
{
	MlWideSum	total;

	total.hi = ml_two_sum(of[range].sum, of[range].error, &total.lo);
	if (range > SMALL)
	{
		double		sum = of[range - 1].sum / STEP;
		double		error = of[range - 1].error / STEP;

		ml_wide_add(&total, power == 1 ? sum : sum / STEP);
		ml_wide_add(&total, power == 1 ? error : error / STEP);
	}
	return total;
}

static int
largest_range(const MlMomentSums *s)
{
	return s->square[LARGE].sum != 0 ? LARGE : s->square[ORDINARY].sum != 0 ? ORDINARY : SMALL;
}

/* a / b for a pair and a whole number */
static MlWideSum
divide(MlWideSum a, double b)
{
	double		q = a.hi / b;
	double		rest = fma(-q, b, a.hi) + a.lo;

	return ml_wide_pair(q, rest / b);
}

double
ml_moment_sums_mean(const MlMomentSums *s, double count)
{
	int			range = largest_range(s);

	return divide(in_range(s->sum, range, 1), count).hi / scale[range];
}

double
ml_moment_sums_stddev(const MlMomentSums *s, double count)
{
	int			range = largest_range(s);
	MlWideSum	sum = in_range(s->sum, range, 1);
	MlWideSum	mean = divide(sum, count);
	MlWideSum	rest = in_range(s->square, range, 2);
	double		square = sum.hi * mean.hi;

	/* the sum of squares - sum * mean */
	ml_wide_add(&rest, -square);
	ml_wide_add(&rest, -fma(sum.hi, mean.hi, -square));
	ml_wide_add(&rest, -(sum.hi * mean.lo + sum.lo * mean.hi));
	if (!(rest.hi > 0))
		return 0;
	return sqrt(rest.hi / (count - 1)) / scale[range];
}
