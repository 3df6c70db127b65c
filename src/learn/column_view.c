/*
 * column_view.c: figures from counted values or from sketches.
 *
 * Counted values stand for themselves: quantiles and counts are those of the
 * rows.  An item of a sketch stands for w numbers around it, and is taken to
 * be the middle one of them, unless w is so large that the number itself must
 * have come often; where the extremes reach they are used instead.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/column_view.h"

#define FENCE 1.5				/* interquartile ranges beyond the quartiles */

/* ---- the numbers in order ---- */

static bool
view_alloc(MlColumnView *view, int items)
{
	view->value = ml_alloc_array(view->host, items + 1, sizeof(double));
	view->before = ml_alloc_array(view->host, items + 1, sizeof(int64_t));
	return view->value != NULL && view->before != NULL;
}

/* Each item's own numbers become those before it. */
static void
sum_up(MlColumnView *view)
{
	int64_t		sum = 0;

	for (int i = 0; i < view->items; i++)
	{
		int64_t		own = view->before[i];

		view->before[i] = sum;
		sum += own;
	}
	view->before[view->items] = view->n = sum;
}

static bool
view_counted(MlColumnView *view, const MlColumnSketch *s)
{
	const MlHeavy *h = &s->counted;
	uint16_t	order[ML_COLUMN_EXACT];
	MlMomentSums moments = {0};

	if (!view_alloc(view, h->n))
		return false;
	ml_column_counted_order(s, order);
	for (int i = 0; i < h->n; i++)
	{
		double		x = ml_column_number(s->words, h->key[order[i]]);
		int64_t		count = h->count[order[i]];

		if (isnan(x))
			view->nan = count;
		else if (isinf(x))
			*(x > 0 ? &view->plus_infinity : &view->minus_infinity) = count;
		else
		{
			ml_moment_sums_add_times(&moments, x, (double) count);
			view->lowest = view->items == 0 ? h->key[order[i]] : view->lowest;
			view->highest = h->key[order[i]];
			view->value[view->items] = x;
			view->before[view->items++] = count;
		}
	}
	sum_up(view);
	if (view->n == 0)
		return true;
	view->minimum = view->value[0];
	view->maximum = view->value[view->items - 1];
	view->mean = ml_moment_sums_mean(&moments, (double) view->n);
	if (view->n > 1)
		view->stddev = ml_moment_sums_stddev(&moments, (double) view->n);
	return true;
}

static bool
view_sketched(MlColumnView *view, const MlColumnSketch *s)
{
	const MlQuantileSketch *q = &s->quantiles;

	view->items = ml_quantile_sketch_items(q);
	if (!view_alloc(view, view->items))
		return false;
	ml_quantile_sketch_collect(q, view->value, view->before);
	sum_up(view);
	view->minus_infinity = s->minus_infinity;
	view->plus_infinity = s->plus_infinity;
	view->nan = s->nan;
	if (view->n == 0)
		return true;
	for (view->light = 1; view->light < view->n / ML_QUANTILE_RUN; view->light *= 2)
		;
	/* half of a light item lies between its middle and the next */
	view->error = ((double) (q->over > q->under ? q->over : q->under) + (double) view->light / 2) / (double) view->n;
	view->extremes = &s->extremes;
	view->lowest = s->lowest;
	view->highest = s->highest;
	view->minimum = ml_column_number(s->words, s->lowest);
	view->maximum = ml_column_number(s->words, s->highest);
	view->mean = ml_moment_sums_mean(&s->moments, (double) view->n);
	if (view->n > 1)
		view->stddev = ml_moment_sums_stddev(&s->moments, (double) view->n);
	return true;
}

bool
ml_column_view(MlColumnView *view, const MlColumnSketch *s, MlHost *host)
{
	memset(view, 0, sizeof(*view));
	view->host = host;
	view->exact = !s->sketched;
	view->minimum = view->maximum = view->mean = view->stddev = NAN;
	return view->exact ? view_counted(view, s) : view_sketched(view, s);
}

void
ml_column_view_release(MlColumnView *view)
{
	view->host->release(view->host, view->value);
	view->host->release(view->host, view->before);
}

/* ---- quantiles and counts ---- */

/* The last item that has at most `rank` numbers before it. */
static int
item_at(const MlColumnView *view, double rank)
{
	int			low = 0;
	int			high = view->items;

	while (high - low > 1)
	{
		int			middle = low + (high - low) / 2;

		if ((double) view->before[middle] <= rank)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The number of a whole rank in [0, n), where it is known exactly. */
static double
number_at(const MlColumnView *view, int64_t rank)
{
	const MlExtremes *e = view->extremes;

	if (e == NULL)
		return view->value[item_at(view, (double) rank)];
	return rank < e->n ? e->low[rank] : e->high[rank - (view->n - e->n)];
}

static double
between(double a, double b, double share)
{
	return a == b || share == 0 ? a : a + share * (b - a);
}

/* The ranks that an item's number is taken to have. */
static void
ranks_of(const MlColumnView *view, int i, double *first, double *last)
{
	*first = (double) view->before[i];
	*last = (double) view->before[i + 1] - 1;
	if (view->before[i + 1] - view->before[i] <= view->light)
		*first = *last = (*first + *last) / 2;
}

double
ml_column_quantile(const MlColumnView *view, double q)
{
	double		rank = q * (double) (view->n - 1);
	int64_t		floor_rank = (int64_t) floor(rank);
	const MlExtremes *e = view->extremes;
	double		first;
	double		last;
	double		end;
	int			i;

	assert(view->n >= 1 && q >= 0 && q <= 1);
	if (e == NULL || rank <= e->n - 1 || rank >= (double) (view->n - e->n))
		return between(number_at(view, floor_rank), number_at(view, (int64_t) ceil(rank)), rank - (double) floor_rank);
	i = item_at(view, rank);
	ranks_of(view, i, &first, &last);
	if (rank < first && i > 0)
	{
		ranks_of(view, i - 1, &end, &last);
		return between(view->value[i - 1], view->value[i], (rank - last) / (first - last));
	}
	if (rank > last && i < view->items - 1)
	{
		ranks_of(view, i + 1, &first, &end);
		return between(view->value[i], view->value[i + 1], (rank - last) / (first - last));
	}
	return view->value[i];
}

/* How many of n ascending numbers are below x, or up to it. */
static int
count_below(const double *x, int n, double limit, bool or_equal)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (x[middle] < limit || (or_equal && x[middle] == limit))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int64_t
count_numbers(const MlColumnView *view, double x, bool or_equal)
{
	int64_t		count = view->before[count_below(view->value, view->items, x, or_equal)];
	const MlExtremes *e = view->extremes;
	int64_t		low;
	int64_t		high;

	if (e == NULL || view->n == 0)
		return count;
	low = count_below(e->low, e->n, x, or_equal);
	high = view->n - (e->n - count_below(e->high, e->n, x, or_equal));
	/* beyond their last number the extremes know nothing */
	if (low < e->n)
		return low;
	if (high > view->n - e->n)
		return high;
	return count < low ? low : count > high ? high : count;
}

int64_t
ml_column_below(const MlColumnView *view, double x)
{
	return count_numbers(view, x, false);
}

int64_t
ml_column_up_to(const MlColumnView *view, double x)
{
	return count_numbers(view, x, true);
}

void
ml_column_fences(const MlColumnView *view, double *low, double *high)
{
	double		p25 = ml_column_quantile(view, 0.25);
	double		p75 = ml_column_quantile(view, 0.75);

	*low = p25 - FENCE * (p75 - p25);
	*high = p75 + FENCE * (p75 - p25);
}

/* ---- histogram ---- */

/* The first known number that is not below x; x: not above all numbers. */
static double
first_from(const MlColumnView *view, double x)
{
	const MlExtremes *e = view->extremes;
	int			i;

	if (x <= view->minimum)
		return view->minimum;
	if (e != NULL && (i = count_below(e->low, e->n, x, false)) < e->n)
		return e->low[i];
	if (e != NULL && (i = count_below(e->high, e->n, x, false)) > 0)
		return i < e->n ? e->high[i] : view->maximum;
	i = count_below(view->value, view->items, x, false);
	return i < view->items ? view->value[i] : view->maximum;
}

/* The last known number that is not above x; x: not below all numbers. */
static double
last_to(const MlColumnView *view, double x)
{
	const MlExtremes *e = view->extremes;
	int			i;

	if (x >= view->maximum)
		return view->maximum;
	if (e != NULL && (i = count_below(e->high, e->n, x, true)) > 0)
		return e->high[i - 1];
	if (e != NULL && (i = count_below(e->low, e->n, x, true)) < e->n)
		return i > 0 ? e->low[i - 1] : view->minimum;
	i = count_below(view->value, view->items, x, true);
	return i > 0 ? view->value[i - 1] : view->minimum;
}

/*
 * Bins of equal width over [low, high], the last one closed: numbers of the
 * ranks from `before` up to `upto`.  Whole numbers are never parted by
 * chance: their bins are as wide as a whole number.
 */
static int
equal_bins(const MlColumnView *view, double low, double high, int64_t before, int64_t upto, bool whole,
		   MlColumnBin *bin)
{
	double		width = (high - low) / ML_COLUMN_BINS;
	int			n = ML_COLUMN_BINS;

	if (whole)
	{
		width = floor((high - low) / ML_COLUMN_BINS) + 1;
		/* beyond 2^53 a width cannot be one more */
		n = (int) fmin(floor((high - low) / width) + 1, ML_COLUMN_BINS);
	}
	/* equal, or so near that the edges would not ascend, or the range is larger than any number */
	if (!(low + width > low) || !(high > low) || !isfinite(width) || low + (n - 1) * width <= low + (n - 2) * width)
		n = 1;
	for (int i = 0; i < n; i++)
	{
		int64_t		to = upto;

		bin[i].from = i == 0 ? low : bin[i - 1].to;
		bin[i].to = i < n - 1 ? low + (i + 1) * width : high;
		if (i < n - 1)
			to = ml_column_below(view, bin[i].to);
		to = to < before ? before : to > upto ? upto : to;
		bin[i].count = to - before;
		before = to;
	}
	return n;
}

int
ml_column_histogram(const MlColumnView *view, bool whole, MlColumnBin *bin)
{
	double		low;
	double		high;
	double		first;
	double		last;
	int64_t		below;
	int64_t		upto;
	int			n = 0;

	ml_column_fences(view, &low, &high);
	/* half of the numbers are equal: all others would be outliers */
	if (low == high)
	{
		low = view->minimum;
		high = view->maximum;
	}
	below = ml_column_below(view, low);
	upto = ml_column_up_to(view, high);
	first = first_from(view, low);
	last = last_to(view, high);
	if (below > 0)
		bin[n++] = (MlColumnBin) {view->minimum, first, below};
	n += equal_bins(view, first, last, below, upto, whole, bin + n);
	if (upto < view->n)
		bin[n++] = (MlColumnBin) {last, view->maximum, view->n - upto};
	return n;
}

/* ---- different values ---- */

int64_t
ml_column_distinct(const MlColumnSketch *s, double *error)
{
	double		estimate;

	*error = 0;
	if (!s->sketched)
		return s->counted.n;
	*error = 2 * ML_DISTINCT_STANDARD_ERROR;
	estimate = ml_distinct_estimate(s->distinct);
	/* what is known for certain */
	if (estimate <= ML_COLUMN_EXACT)
		estimate = ML_COLUMN_EXACT + 1;
	return estimate < (double) s->values ? (int64_t) llround(estimate) : s->values;
}
