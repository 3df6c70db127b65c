/*
 * split.c: scans over a column's cells.
 *
 * First the sums left of every cut, in integers and so exact; then the gains
 * of all cuts by one formula without branches, which vectors do; then the
 * best of them, the first of equals.
 */
#include "kernel/split.h"

#include <math.h>
#include <string.h>

#include "kernel/dispatch.h"

/* Sums left of each candidate, in real units, and what came of them. */
typedef struct Scan
{
	int			n;				/* candidates */
	MlCell		left[ML_HIST_CELLS];
	int64_t		rows[ML_HIST_CELLS];	/* left of it; only with counts */
	double		gain[ML_HIST_CELLS];
} Scan;

static inline double
shrink(double G, double l1)
{
	double		a = fabs(G) - l1;

	return a > 0.0 ? (G > 0.0 ? a : -a) : 0.0;
}

double
ml_leaf_score(double G, double H, const MlSplitRule *rule)
{
	double		t = shrink(G, rule->l1);
	double		d = H + rule->l2;

	return d > 0.0 ? t * t / d : 0.0;
}

double
ml_leaf_weight(double G, double H, const MlSplitRule *rule, double lower, double upper)
{
	double		d = H + rule->l2;
	double		w = d > 0.0 ? -shrink(G, rule->l1) / d : 0.0;

	return w < lower ? lower : w > upper ? upper : w;
}

/*
 * gain[i] := s(left) + s(right), or -infinity where a child's h is too small.
 * l2, l1 and min_h are in the units of the cells, whose products neither
 * overflow nor vanish, whatever those units are.
 */
ML_BODY
gains_body(const MlCell *left, int n, MlCell total, double l2, double l1, double min_h, double *gain)
{
	int			i;

	ML_INDEPENDENT
	for (i = 0; i < n; i++)
	{
		double		hl = (double) left[i].h;
		double		hr = (double) (total.h - left[i].h);
		double		gl = fabs((double) left[i].g) - l1;
		double		gr = fabs((double) (total.g - left[i].g)) - l1;
		double		dl = hl + l2;
		double		dr = hr + l2;
		double		s;

		gl = gl > 0.0 ? gl : 0.0;
		gr = gr > 0.0 ? gr : 0.0;
		s = (gl * gl * dr + gr * gr * dl) / (dl * dr);
		gain[i] = ((hl >= min_h) & (hr >= min_h) & (left[i].h > 0) & (left[i].h < total.h)) ? s : -INFINITY;
	}
}
ML_DISPATCH(static, gains, (const MlCell *left, int n, MlCell total, double l2, double l1, double min_h, double *gain),
			(left, n, total, l2, l1, min_h, gain))

/* The loss that a weight saves: s when w is the free optimum, less at a bound. */
static double
saved(double G, double H, double w, const MlSplitRule *rule)
{
	return -(2.0 * G * w + (H + rule->l2) * w * w + 2.0 * rule->l1 * fabs(w));
}

/* With bounds or an order of the weights, one candidate after the other. */
static void
bounded_gains(Scan *scan, int monotone, const MlSplitRule *rule, const MlSplitNode *node)
{
	int			i;

	for (i = 0; i < scan->n; i++)
	{
		double		gl = (double) scan->left[i].g * node->g_unit;
		double		hl = (double) scan->left[i].h * node->h_unit;
		double		gr = (double) (node->total.g - scan->left[i].g) * node->g_unit;
		double		hr = (double) (node->total.h - scan->left[i].h) * node->h_unit;
		double		wl = ml_leaf_weight(gl, hl, rule, node->lower, node->upper);
		double		wr = ml_leaf_weight(gr, hr, rule, node->lower, node->upper);

		/* what a bounded weight saves may be less than nothing */
		if (scan->gain[i] == -INFINITY)
			continue;
		if (monotone * (wr - wl) < 0.0)
			scan->gain[i] = -INFINITY;
		else
			scan->gain[i] = saved(gl, hl, wl, rule) + saved(gr, hr, wr, rule);
	}
}

/* What a bounded node saves as it is. */
static double
bounded_score(const MlSplitRule *rule, const MlSplitNode *node)
{
	double		G = (double) node->total.g * node->g_unit;
	double		H = (double) node->total.h * node->h_unit;

	return saved(G, H, ml_leaf_weight(G, H, rule, node->lower, node->upper), rule);
}

/* The best candidate with the rows it needs, -1 when none gains enough. */
static int
best_candidate(Scan *scan, const int32_t *counted, int64_t node_rows, int monotone, const MlSplitRule *rule,
			   const MlSplitNode *node, double *gain)
{
	/* all in the units of the cells */
	MlSplitRule inner = {.l2 = rule->l2 / node->h_unit,.l1 = rule->l1 / node->g_unit};
	double		unit = node->g_unit * (node->g_unit / node->h_unit);
	double		score = ml_leaf_score((double) node->total.g, (double) node->total.h, &inner);
	double		least;
	int			best = -1;
	int			i;

	/* an h that is too small by rounding alone is large enough */
	gains(scan->left, scan->n, node->total, inner.l2, inner.l1, rule->min_h / node->h_unit * (1 - 1e-12), scan->gain);
	if (monotone != 0 || node->bounded)
	{
		unit = 1;
		score = bounded_score(rule, node);
		bounded_gains(scan, monotone, rule, node);
	}
	/* differences of rounding are no gain */
	least = fmax(rule->min_gain / unit, 1e-10 * fabs(score));
	if (counted)
		for (i = 0; i < scan->n; i++)
			if (scan->rows[i] < rule->min_rows || node_rows - scan->rows[i] < rule->min_rows)
				scan->gain[i] = -INFINITY;
	*gain = 0.0;
	for (i = 0; i < scan->n; i++)
		if (scan->gain[i] - score > least)
		{
			least = scan->gain[i] - score;
			*gain = least * unit;
			best = i;
		}
	return isfinite(*gain) ? best : -1;
}

/* min_rows of both children are certain from the sums of h alone */
static bool
enough_rows(const MlCell *left, const MlCell *total, int64_t min_rows)
{
	return left->h > (min_rows - 1) * ML_PAIR_H && total->h - left->h > (min_rows - 1) * ML_PAIR_H;
}

/* Rows whose g and h are quantised to 0 are seen only when rows are counted. */
static bool
has_missing(const MlCell *cell, const int32_t *rows, int bins)
{
	return cell[bins].h > 0 || cell[bins].g != 0 || (rows && rows[bins] > 0);
}

static void
send_left(MlSplit *split, int bin)
{
	split->left[bin >> 6] |= UINT64_C(1) << (bin & 63);
}

static void
take(const Scan *scan, int i, double gain, int column, bool sure, bool missing, const MlSplitRule *rule,
	 const MlSplitNode *node, MlSplit *best)
{
	memset(best, 0, sizeof(*best));
	best->gain = gain;
	best->column = column;
	best->missing = missing;
	best->left_sum = scan->left[i];
	best->sure = sure || enough_rows(&scan->left[i], &node->total, rule->min_rows);
}

/* Rows that are not among the node's may miss the value: they go with the larger part. */
static void
place_missing(MlSplit *best, const MlSplitNode *node)
{
	if (!best->missing && best->left_sum.h >= node->total.h - best->left_sum.h)
		send_left(best, ML_MISSING_BIN);
	best->missing_left = ml_split_left(best, ML_MISSING_BIN);
}

static int64_t
sum_rows(const int32_t *rows, int cells)
{
	int64_t		sum = 0;
	int			b;

	for (b = 0; b < cells; b++)
		sum += rows[b];
	return sum;
}

void
ml_split_numeric(const MlCell *cell, const int32_t *rows, int bins, int column, int monotone,
				 const MlSplitRule *rule, const MlSplitNode *node, MlSplit *best)
{
	Scan		scan;
	int64_t		node_rows = rows ? sum_rows(rows, bins + 1) : 0;
	bool		missing = has_missing(cell, rows, bins);
	int			side;

	/* with missing values "all that is there | missing" is a split as well */
	scan.n = missing ? bins : bins - 1;
	for (side = 0; side < (missing ? 2 : 1); side++)
	{
		MlCell		sum = {0, 0};
		int64_t		count = 0;
		double		gain;
		int			found;
		int			b;

		if (side == 1)
		{
			sum = cell[bins];
			count = rows ? rows[bins] : 0;
		}
		for (b = 0; b < scan.n; b++)
		{
			sum.g += cell[b].g;
			sum.h += cell[b].h;
			scan.left[b] = sum;
			if (rows)
				scan.rows[b] = count += rows[b];
		}
		found = best_candidate(&scan, rows, node_rows, monotone, rule, node, &gain);
		if (found < 0 || !(gain > best->gain))
			continue;
		take(&scan, found, gain, column, rows != NULL, missing, rule, node, best);
		best->bin = found;
		for (b = 0; b <= found; b++)
			send_left(best, b);
		if (side == 1)
			send_left(best, ML_MISSING_BIN);
		place_missing(best, node);
	}
}

/* Bins that have rows, by G / (H + smooth); ties by number. */
static int
order_categories(const MlCell *cell, int bins, const MlSplitRule *rule, const MlSplitNode *node, int *order)
{
	double		key[ML_HIST_CELLS];
	int			n = 0;
	int			b;

	for (b = 0; b <= bins; b++)
	{
		int			i;

		if (cell[b].h <= 0)
			continue;
		key[b] = (double) cell[b].g * node->g_unit / ((double) cell[b].h * node->h_unit + rule->category_smooth);
		for (i = n++; i > 0 && key[order[i - 1]] > key[b]; i--)
			order[i] = order[i - 1];
		order[i] = b;
	}
	return n;
}

/* order[0 .. found], and the categories that the node has no row of, where the larger part goes. */
static void
send_categories(MlSplit *best, const MlCell *cell, const int32_t *rows, int bins, const int *order, int found,
				const MlSplitNode *node)
{
	bool		larger = best->left_sum.h >= node->total.h - best->left_sum.h;
	int			b;

	/* the missing ones have the last cell here and the last bin in the data */
	for (b = 0; b <= found; b++)
		send_left(best, order[b] == bins ? ML_MISSING_BIN : order[b]);
	for (b = 0; larger && b < bins; b++)
		if (cell[b].h == 0 && cell[b].g == 0 && !(rows && rows[b] > 0))
			send_left(best, b);
	place_missing(best, node);
}

void
ml_split_category(const MlCell *cell, const int32_t *rows, int bins, int column,
				  const MlSplitRule *rule, const MlSplitNode *node, MlSplit *best)
{
	MlSplitRule dearer = *rule;
	Scan		scan;
	int			order[ML_HIST_CELLS];
	int			present = order_categories(cell, bins, rule, node, order);
	int			n = 0;
	int64_t		node_rows = rows ? sum_rows(rows, bins + 1) : 0;
	double		least = rule->category_rows * (double) node->total.h / (double) node->rows;
	int64_t		others = 0;
	int			way;
	int			i;

	/* two categories are a flag: nothing is searched, nothing is dearer */
	if (present > 2)
		dearer.l2 += rule->category_l2;
	for (i = 0; i < present; i++)
		if (present > 2 && (double) cell[order[i]].h < least)
			others += cell[order[i]].h;
		else
			order[n++] = order[i];
	/* what is left out of the order is on the right, alone only when it is not too little: so from both ends */
	scan.n = n < present && (double) others >= least ? n : n - 1;
	for (way = 0; way < (n < present ? 2 : 1); way++)
	{
		MlCell		sum = {0, 0};
		int64_t		count = 0;
		double		gain;
		int			found;

		for (i = 0; way == 1 && i < n / 2; i++)
		{
			int			swap = order[i];

			order[i] = order[n - 1 - i];
			order[n - 1 - i] = swap;
		}
		for (i = 0; i < scan.n; i++)
		{
			sum.g += cell[order[i]].g;
			sum.h += cell[order[i]].h;
			scan.left[i] = sum;
			if (rows)
				scan.rows[i] = count += rows[order[i]];
		}
		found = best_candidate(&scan, rows, node_rows, 0, &dearer, node, &gain);
		if (found < 0 || !(gain > best->gain))
			continue;
		take(&scan, found, gain, column, rows != NULL, has_missing(cell, rows, bins), rule, node, best);
		best->category = true;
		send_categories(best, cell, rows, bins, order, found, node);
	}
}
