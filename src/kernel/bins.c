/*
 * bins.c: quantile cuts, and the bin of a number.
 *
 * Many numbers are looked up by a guess where to begin among the cuts and a
 * search without branches from there: for cuts that are spread over their
 * range one comparison is left, for cuts on one heap up to eight.
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
 * The range of the cuts is divided into cells of one width.  A cell knows how
 * many cuts lie in cells before it: where its search begins, and no cell has
 * more than 2^bits - 1 cuts, so `bits` halvings end it.  That a number's cell
 * never falls when the number grows is all that rounding must leave.
 */
#define CELLS 1024
#define SIDE_BY_SIDE 64			/* numbers looked up together, step by step: none waits for another */

typedef struct Guide
{
	double		low;
	double		scale;
	int			bits;
	uint8_t		first[CELLS + 1];
	double		cut[2 * (ML_MAX_BINS + 1)]; /* padded with infinity: a search may look behind the last one */
} Guide;

static inline int
cell_of(double low, double scale, double x)
{
	double		cell = (x - low) * scale;

	/* NaN, of missing values and of ranges beyond a double, is not larger than 0 */
	cell = cell > 0 ? cell : 0;
	return (int) (cell < CELLS ? cell : CELLS);
}

static void
make_guide(const double *cut, int n_cuts, Guide *guide)
{
	int			most = 0;
	int			at = 0;
	int			i;

	guide->low = n_cuts > 0 ? cut[0] : 0;
	guide->scale = n_cuts > 0 ? CELLS / (cut[n_cuts - 1] - cut[0]) : 0;
	for (i = 0; i < 2 * (ML_MAX_BINS + 1); i++)
		guide->cut[i] = i < n_cuts ? cut[i] : INFINITY;
	for (i = 0; i <= CELLS; i++)
	{
		guide->first[i] = (uint8_t) at;
		while (at < n_cuts && cell_of(guide->low, guide->scale, cut[at]) == i)
			at++;
		most = at - guide->first[i] > most ? at - guide->first[i] : most;
	}
	for (guide->bits = 0; most >> guide->bits > 0;)
		guide->bits++;
}

/* m <= SIDE_BY_SIDE numbers. */
static inline __attribute__((always_inline)) void
look_up(const Guide *guide, const double *x, int m, uint8_t *bin)
{
	double		low = guide->low;
	double		scale = guide->scale;
	int			at[SIDE_BY_SIDE];
	int			bit;
	int			i;

	for (i = 0; i < m; i++)
		at[i] = cell_of(low, scale, x[i]);
	for (i = 0; i < m; i++)
		at[i] = guide->first[at[i]];
	for (bit = guide->bits - 1; bit >= 0; bit--)
	{
		const double *cut = guide->cut + (1 << bit) - 1;

		/* a sum, never a branch: nobody can guess it */
		for (i = 0; i < m; i++)
			at[i] += (int) (cut[at[i]] < x[i]) << bit;
	}
	for (i = 0; i < m; i++)
		bin[i] = x[i] != x[i] ? ML_MISSING_BIN : (uint8_t) at[i];
}

void
ml_bins_assign(const double *cut, int n_cuts, const double *x, int64_t n, uint8_t *bin)
{
	Guide		guide;
	int64_t		i;

	assert(n_cuts >= 0 && n_cuts < ML_MAX_BINS);
	make_guide(cut, n_cuts, &guide);
	for (i = 0; i + SIDE_BY_SIDE <= n; i += SIDE_BY_SIDE)
		look_up(&guide, x + i, SIDE_BY_SIDE, bin + i);
	look_up(&guide, x + i, (int) (n - i), bin + i);
}
