/*
 * bins.c: quantile cuts, and the bin of a number.
 *
 * Symbols: n values, m distinct ones, k = max_bin.
 */
#include "kernel/bins.h"

#include <assert.h>
#include <math.h>

/* The cut between two neighbours a < b: halfway, and below b even where rounding would reach it. */
static double
halfway(double a, double b)
{
	double		cut = a / 2 + b / 2;

	return cut >= a && cut < b ? cut : a;
}

static int
count_distinct(const double *sorted, int64_t n, int enough)
{
	int			distinct = 0;
	int64_t		i;

	for (i = 0; i < n && distinct <= enough; i++)
		distinct += i == 0 || sorted[i] != sorted[i - 1];
	return distinct;
}

static int64_t
run_end(const double *sorted, int64_t n, int64_t from)
{
	int64_t		to = from + 1;

	while (to < n && sorted[to] == sorted[from])
		to++;
	return to;
}

/*
 * More distinct values than bins.  Values are dealt to bins in ascending
 * order; a bin is closed when it holds its share of what is left.  A value
 * with more rows than a share is not allowed to fill up somebody else's bin:
 * the bin before it is closed first.
 */
static int
cut_by_share(const double *sorted, int64_t n, int k, double *cut)
{
	int			cuts = 0;
	int64_t		start = 0;		/* first value of the open bin */
	int64_t		i = 0;

	while (i < n && cuts < k - 1)
	{
		int64_t		to = run_end(sorted, n, i);
		double		share = (double) (n - start) / (k - cuts);

		/* closing before the run is nearer to the share than closing after it */
		if (i > start && (double) (to - i) >= share)
		{
			cut[cuts++] = halfway(sorted[i - 1], sorted[i]);
			start = i;
			continue;
		}
		if (to < n && ((double) (to - start) >= share ||
					   ((double) (to - start) < share &&
						(double) (run_end(sorted, n, to) - start) - share > share - (double) (to - start))))
		{
			cut[cuts++] = halfway(sorted[to - 1], sorted[to]);
			start = to;
		}
		i = to;
	}
	return cuts;
}

int
ml_bins_cut(const double *sorted, int64_t n, int max_bin, double *cut)
{
	int			cuts = 0;
	int64_t		i;

	assert(max_bin >= 2 && max_bin <= ML_MAX_BINS);
	if (count_distinct(sorted, n, max_bin) > max_bin)
		return cut_by_share(sorted, n, max_bin, cut);
	for (i = 1; i < n; i++)
		if (sorted[i] != sorted[i - 1])
			cut[cuts++] = halfway(sorted[i - 1], sorted[i]);
	return cuts;
}

uint8_t
ml_bin_of(const double *cut, int n_cuts, double x)
{
	int			low = 0;
	int			left = n_cuts;

	if (isnan(x))
		return ML_MISSING_BIN;
	while (left > 0)
	{
		int			half = left / 2;

		if (cut[low + half] < x)
		{
			low += half + 1;
			left -= half + 1;
		}
		else
			left = half;
	}
	return (uint8_t) low;
}

/*
 * A search without branches over 255 cuts, padded with infinity: eight steps
 * for every value, several values side by side.
 */
void
ml_bins_assign(const double *cut, int n_cuts, const double *x, int64_t n, uint8_t *bin)
{
	double		padded[256];
	int64_t		i;
	int			j;

	assert(n_cuts >= 0 && n_cuts < ML_MAX_BINS);
	for (j = 0; j < 256; j++)
		padded[j] = j < n_cuts ? cut[j] : INFINITY;
	for (i = 0; i + 4 <= n; i += 4)
	{
		unsigned	at[4] = {0, 0, 0, 0};
		unsigned	step;

		for (step = 128; step > 0; step /= 2)
			for (j = 0; j < 4; j++)
				at[j] += padded[at[j] + step - 1] < x[i + j] ? step : 0;
		for (j = 0; j < 4; j++)
			bin[i + j] = isnan(x[i + j]) ? ML_MISSING_BIN : (uint8_t) at[j];
	}
	for (; i < n; i++)
		bin[i] = ml_bin_of(cut, n_cuts, x[i]);
}
