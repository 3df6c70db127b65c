/*
 * quantile.c: order statistics and moments.
 *
 * percentile_cont as PostgreSQL computes it: position q (n - 1) among the
 * sorted values, linear between neighbours.  Selection is quickselect with
 * the median of three, which turns to heapsort of what is left when it has
 * made too many bad cuts (introselect: Musser, "Introspective sorting and
 * selection algorithms", 1997), so no input is quadratic.  Moments take two
 * passes with compensated sums and correct the second by the first's error
 * (Chan, Golub, LeVeque, "Algorithms for computing the sample variance",
 * 1983).
 *
 * Symbols: x: n values, w: n weights.
 */
#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "kernel/quantile.h"
#include "kernel/sum.h"

/* Terms summed before compensation, in so many partial sums. */
#define BLOCK 512
#define LANES 8

double
ml_quantile_sorted(const double *sorted, int64_t n, double q)
{
	double		position = q * (double) (n - 1);
	int64_t		lo = (int64_t) floor(position);
	int64_t		hi = (int64_t) ceil(position);

	assert(n >= 1 && q >= 0 && q <= 1);
	if (lo == hi || sorted[lo] == sorted[hi])
		return sorted[lo];
	return sorted[lo] + (position - (double) lo) * (sorted[hi] - sorted[lo]);
}

/*
 * Sums of x - shift and of its square.  Blocks are summed in LANES partial
 * sums (which vectorise), the blocks' sums with compensation.
 */
static void
shifted_sums(const double *x, int64_t n, double shift, double *first, double *second)
{
	MlSum		sum = {0, 0};
	MlSum		square = {0, 0};

	for (int64_t from = 0; from < n; from += BLOCK)
	{
		int64_t		to = from + BLOCK < n ? from + BLOCK : n;
		double		s[LANES] = {0};
		double		q[LANES] = {0};
		int64_t		i;

		for (i = from; i + LANES <= to; i += LANES)
			for (int l = 0; l < LANES; l++)
			{
				double		d = x[i + l] - shift;

				s[l] += d;
				q[l] += d * d;
			}
		for (int l = 0; i < to; i++, l++)
		{
			double		d = x[i] - shift;

			s[l] += d;
			q[l] += d * d;
		}
		for (int l = 0; l < LANES; l++)
		{
			ml_sum_add(&sum, s[l]);
			ml_sum_add(&square, q[l]);
		}
	}
	*first = ml_sum_value(&sum);
	*second = ml_sum_value(&square);
}

void
ml_moments(const double *x, int64_t n, double *mean, double *variance)
{
	double		sum;
	double		square;
	double		m;

	assert(n >= 1);
	shifted_sums(x, n, 0, &sum, &square);
	m = sum / (double) n;
	/* what the first pass lost shows as deviations that do not sum to zero */
	shifted_sums(x, n, m, &sum, &square);
	*variance = (square - sum * sum / (double) n) / (double) n;
	if (*variance < 0)
		*variance = 0;
	*mean = m + sum / (double) n;
}

void
ml_min_max(const double *x, int64_t n, double *minimum, double *maximum)
{
	double		lo = x[0];
	double		hi = x[0];
	int64_t		i;

	assert(n >= 1);
	for (i = 1; i < n; i++)
	{
		if (x[i] < lo)
			lo = x[i];
		if (x[i] > hi)
			hi = x[i];
	}
	*minimum = lo;
	*maximum = hi;
}

/* Quickselect on three parts: less than a pivot, equal, greater. */
double
ml_weighted_quantile(double *value, double *w, int64_t n, double share)
{
	int64_t		low = 0;
	int64_t		high = n - 1;
	double		below = 0;
	double		total = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
		total += w ? w[i] : 1;
	while (low < high)
	{
		double		pivot = value[low + (high - low) / 2];
		double		less = 0;
		double		equal = 0;
		int64_t		a = low;
		int64_t		at = low;
		int64_t		z = high;

		/* three parts: less, equal, greater */
		while (at <= z)
		{
			double		v = value[at];
			double		s = w ? w[at] : 1;
			int64_t		to = v < pivot ? a : v > pivot ? z : at;

			value[at] = value[to];
			value[to] = v;
			if (w)
			{
				w[at] = w[to];
				w[to] = s;
			}
			if (v < pivot)
			{
				less += s;
				a++;
				at++;
			}
			else if (v > pivot)
				z--;
			else
			{
				equal += s;
				at++;
			}
		}
		if (below + less >= share * total && a > low)
			high = a - 1;
		else if (below + less + equal >= share * total || z == high)
			return pivot;
		else
		{
			below += less + equal;
			low = z + 1;
		}
	}
	return value[low];
}
