/*
 * select.c: quantiles and the mode of unsorted numbers.
 *
 * An order statistic of many rows is found in one pass: a strided sample
 * brackets it, the pass counts what lies below and keeps the few percent that
 * lie inside, and only those are partitioned.  A bracket that missed (rows
 * with a pattern of the same stride) costs a second look at everything; the
 * answer is the same.
 */
#include "kernel/select.h"

#include <math.h>

#define SAMPLE 4096				/* rows of the sample */
#define SPREAD 160				/* sample ranks to each side of the wanted one: 5 standard deviations at the median */
#define SMALL 32768				/* up to here everything is partitioned at once */

static void
swap(double *a, double *b)
{
	double		t = *a;

	*a = *b;
	*b = t;
}

static void
sift_down(double *value, int64_t root, int64_t n)
{
	for (;;)
	{
		int64_t		child = 2 * root + 1;

		if (child >= n)
			return;
		if (child + 1 < n && value[child + 1] > value[child])
			child++;
		if (!(value[child] > value[root]))
			return;
		swap(value + root, value + child);
		root = child;
	}
}

void
ml_heap_sort(double *value, int64_t n)
{
	int64_t		i;

	for (i = n / 2 - 1; i >= 0; i--)
		sift_down(value, i, n);
	for (i = n - 1; i > 0; i--)
	{
		swap(value, value + i);
		sift_down(value, 0, i);
	}
}

/* Brings the k-th smallest to value[k], nothing greater before it, nothing smaller after. */
static void
partition_at(double *value, int64_t n, int64_t k)
{
	int64_t		low = 0;
	int64_t		high = n - 1;
	uint64_t	draw = 0x9e3779b97f4a7c15u;

	while (low < high)
	{
		int64_t		i = low;
		int64_t		j = high;
		double		pivot;

		/* a pivot no input can foresee by position alone */
		draw = draw * 6364136223846793005u + 1442695040888963407u;
		pivot = value[low + (int64_t) ((draw >> 33) % (uint64_t) (high - low + 1))];
		while (i <= j)
		{
			while (value[i] < pivot)
				i++;
			while (value[j] > pivot)
				j--;
			if (i <= j)
				swap(value + i++, value + j--);
		}
		if (k <= j)
			high = j;
		else if (k >= i)
			low = i;
		else
			return;
	}
}

/* Order statistics k and k + 1 (k + 1 may be past the end) of n > k numbers; reorders them. */
static void
two_smallest(double *value, int64_t n, int64_t k, double out[2])
{
	int64_t		i;

	partition_at(value, n, k);
	out[0] = value[k];
	out[1] = k + 1 < n ? value[k + 1] : value[k];
	for (i = k + 2; i < n; i++)
		if (value[i] < out[1])
			out[1] = value[i];
}

int64_t
ml_present(const double *value, int64_t n, double *out)
{
	int64_t		m = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		out[m] = value[i];
		m += value[i] == value[i];
	}
	return m;
}

/*
 * Tries to find order statistics k and k + 1 of the m numbers in one pass.
 * Returns 0 when the sample's bracket does not hold them.
 */
static int
bracketed(const double *value, int64_t n, int64_t m, int64_t k, double *buffer, double out[2])
{
	double		sample[SAMPLE];
	int64_t		count = 0;
	int64_t		below = 0;
	int64_t		at_low = 0;
	int64_t		at_high = 0;
	int64_t		inside = 0;
	int64_t		rank;
	int64_t		i;
	double		low;
	double		high;

	for (i = 0; i < SAMPLE; i++)
	{
		double		x = value[(int64_t) ((double) i / SAMPLE * (double) n)];

		sample[count] = x;
		count += x == x;
	}
	if (count < SAMPLE / 4)
		return 0;
	ml_heap_sort(sample, count);
	rank = (int64_t) ((double) k / (double) m * (double) count);
	low = rank >= SPREAD ? sample[rank - SPREAD] : -INFINITY;
	high = rank + SPREAD < count ? sample[rank + SPREAD] : INFINITY;
	for (i = 0; i < n; i++)
	{
		double		x = value[i];

		below += x < low;
		at_low += x == low;
		at_high += x == high;
		buffer[inside] = x;
		inside += (x > low) & (x < high);
	}
	if (low == high)
		at_high = 0;
	for (i = 0; i < 2; i++)
	{
		int64_t		r = k + i < m ? k + i : m - 1;

		if (r < below || r >= below + at_low + inside + at_high)
			return 0;
		r -= below + at_low;
		if (r < 0)
			out[i] = low;
		else if (r >= inside)
			out[i] = high;
		else
		{
			double		pair[2];

			two_smallest(buffer, inside, r, pair);
			out[i] = pair[0];
			if (i == 0 && r + 1 < inside && k + 1 < m)
			{
				out[1] = pair[1];
				return 1;
			}
		}
	}
	return 1;
}

double
ml_quantile_cont(const double *value, int64_t n, double share, double *buffer)
{
	int64_t		m = 0;
	int64_t		k;
	int64_t		i;
	double		position;
	double		pair[2];
	double		step;

	for (i = 0; i < n; i++)
		m += value[i] == value[i];
	if (m == 0)
		return NAN;
	position = share * (double) (m - 1);
	k = (int64_t) floor(position);
	position -= (double) k;
	if (m <= SMALL || !bracketed(value, n, m, k, buffer, pair))
	{
		ml_present(value, n, buffer);
		two_smallest(buffer, m, k, pair);
	}
	if (position == 0.0 || pair[0] == pair[1])
		return pair[0];
	step = pair[1] - pair[0];
	if (isinf(step))			/* ends of opposite sign near the largest double */
		return pair[0] * (1.0 - position) + pair[1] * position;
	return pair[0] + position * step;
}

double
ml_mode(const double *value, int64_t n, double *buffer)
{
	int64_t		m = ml_present(value, n, buffer);
	int64_t		best = 0;
	int64_t		start = 0;
	int64_t		i;
	double		mode = NAN;

	ml_heap_sort(buffer, m);
	for (i = 1; i <= m; i++)
	{
		if (i < m && buffer[i] == buffer[start])
			continue;
		if (i - start > best)
		{
			best = i - start;
			mode = buffer[start];
		}
		start = i;
	}
	return mode;
}
