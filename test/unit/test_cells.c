/*
 * test_cells.c: the best cut of a column's cells (kernel/split.c), against a
 * search that tries every cut with the definition of a gain.
 */
#include <stdlib.h>

#include "kernel/rng.h"
#include "kernel/split.h"
#include "tap.h"

static MlCell cell[ML_HIST_CELLS];
static int32_t rows[ML_HIST_CELLS];

static double
shrunk(double G, double l1)
{
	return G > l1 ? G - l1 : G < -l1 ? G + l1 : 0;
}

/* What the best weight within the bounds saves; *w: that weight. */
static double
saves(const MlCell *sum, const MlSplitRule *rule, const MlSplitNode *node, double *w)
{
	double		G = (double) sum->g * node->g_unit;
	double		H = (double) sum->h * node->h_unit + rule->l2;

	*w = H > 0 ? fmin(fmax(-shrunk(G, rule->l1) / H, node->lower), node->upper) : 0;
	return -(2 * G * *w + H * *w * *w + 2 * rule->l1 * fabs(*w));
}

/* The gain of putting `left` to the left, -1 when the rule forbids it. */
static double
gain_of(MlCell left, int64_t left_rows, int64_t all_rows, int monotone, const MlSplitRule *rule,
		const MlSplitNode *node)
{
	MlCell		right = {node->total.g - left.g, node->total.h - left.h};
	double		wl;
	double		wr;
	double		w;
	double		gain;

	if (left.h <= 0 || right.h <= 0 || (double) left.h * node->h_unit < rule->min_h ||
		(double) right.h * node->h_unit < rule->min_h)
		return -1;
	if (all_rows > 0 && (left_rows < rule->min_rows || all_rows - left_rows < rule->min_rows))
		return -1;
	gain = saves(&left, rule, node, &wl) + saves(&right, rule, node, &wr) - saves(&node->total, rule, node, &w);
	return monotone * (wr - wl) < 0 ? -1 : gain;
}

static int64_t
all_rows(int bins)
{
	int64_t		sum = 0;
	int			b;

	for (b = 0; b <= bins; b++)
		sum += rows[b];
	return sum;
}

/* The largest gain of all cuts. */
static double
naive_numeric(int bins, bool counted, int monotone, const MlSplitRule *rule, const MlSplitNode *node)
{
	int64_t		n = counted ? all_rows(bins) : 0;
	double		best = 0;
	int			side;
	int			cut;
	int			b;

	for (side = 0; side < 2; side++)
		for (cut = 0; cut < bins; cut++)
		{
			MlCell		left = {0, 0};
			int64_t		count = 0;

			for (b = 0; b <= bins; b++)
				if (b < bins ? b <= cut : side == 1)
				{
					left.g += cell[b].g;
					left.h += cell[b].h;
					count += rows[b];
				}
			best = fmax(best, gain_of(left, count, n, monotone, rule, node));
		}
	return best > rule->min_gain ? best : 0;
}

/* Is the split what it says: bits, sums and gain? */
static bool
consistent(const MlSplit *split, int bins, bool counted, int monotone, const MlSplitRule *rule,
		   const MlSplitNode *node)
{
	MlCell		left = {0, 0};
	int64_t		count = 0;
	int			b;

	for (b = 0; b <= bins; b++)
		if (ml_split_left(split, b < bins ? b : ML_MISSING_BIN))
		{
			left.g += cell[b].g;
			left.h += cell[b].h;
			count += rows[b];
		}
	for (b = 0; b < bins && !split->category; b++)
		if (ml_split_left(split, b) != (b <= split->bin))
			return false;
	return left.g == split->left_sum.g && left.h == split->left_sum.h &&
		split->missing_left == ml_split_left(split, ML_MISSING_BIN) &&
		tap_close(gain_of(left, count, counted ? all_rows(bins) : 0, monotone, rule, node), split->gain, 1e-9, 1);
}

static void
draw_cells(MlRng *rng, int bins, bool missing)
{
	int			b;

	memset(cell, 0, sizeof(cell));
	memset(rows, 0, sizeof(rows));
	for (b = 0; b <= bins; b++)
	{
		if (ml_rng_below(rng, 5) == 0 || (b == bins && !missing))
			continue;
		rows[b] = 1 + (int32_t) ml_rng_below(rng, 30);
		cell[b].h = (int64_t) ml_rng_below(rng, (uint64_t) rows[b] * ML_PAIR_H);
		cell[b].g = (int64_t) ml_rng_below(rng, (uint64_t) rows[b] * 65535) - rows[b] * 32767;
	}
}

static void
draw_rule(MlRng *rng, MlSplitRule *rule)
{
	memset(rule, 0, sizeof(*rule));
	rule->l2 = ml_rng_below(rng, 2) ? ml_rng_unit(rng) * 5 : 0;
	rule->l1 = ml_rng_below(rng, 2) ? ml_rng_unit(rng) * 5 : 0;
	rule->min_gain = ml_rng_below(rng, 3) ? 0 : ml_rng_unit(rng) * 2;
	rule->min_h = ml_rng_below(rng, 2) ? ml_rng_unit(rng) * 20 : 0;
	rule->min_rows = ml_rng_below(rng, 2) ? 1 : 1 + (int64_t) ml_rng_below(rng, 100);
}

static void
node_of(int bins, MlSplitNode *node)
{
	int			b;

	memset(node, 0, sizeof(*node));
	node->g_unit = 1.0 / 32767;
	node->h_unit = 1.0 / 65535;
	node->lower = -INFINITY;
	node->upper = INFINITY;
	node->rows = all_rows(bins);
	for (b = 0; b <= bins; b++)
	{
		node->total.g += cell[b].g;
		node->total.h += cell[b].h;
	}
}

static void
test_numeric(void)
{
	MlRng		rng;
	bool		good = true;
	bool		sure = true;
	int			found = 0;
	int			ties = 0;
	int			round;

	ml_rng_init(&rng, 5, 1);
	for (round = 0; round < 3000; round++)
	{
		int			bins = round % 40 == 0 ? 255 : 1 + (int) ml_rng_below(&rng, 30);
		int			monotone = round % 3 == 0 ? (int) ml_rng_below(&rng, 3) - 1 : 0;
		bool		counted = ml_rng_below(&rng, 2);
		MlSplitRule rule;
		MlSplitNode node;
		MlSplit		best = {0};
		MlSplit		again;
		double		want;

		draw_cells(&rng, bins, round % 2);
		draw_rule(&rng, &rule);
		node_of(bins, &node);
		if (round % 5 == 0)
		{
			node.bounded = true;
			node.lower = ml_rng_unit(&rng) - 0.7;
			node.upper = ml_rng_below(&rng, 2) ? node.lower + ml_rng_unit(&rng) : INFINITY;
		}
		want = naive_numeric(bins, counted, monotone, &rule, &node);
		ml_split_numeric(cell, counted ? rows : NULL, bins, 7, monotone, &rule, &node, &best);
		good &= tap_close(best.gain, want, 1e-9, 1);
		if (best.gain > 0)
		{
			found++;
			good &= consistent(&best, bins, counted, monotone, &rule, &node) && best.column == 7 && !best.category;
			good &= best.missing == (cell[bins].h > 0 || cell[bins].g != 0);
			sure &= !counted || best.sure;
		}
		if (best.gain > 0 && best.sure && !counted)
		{
			int64_t		left = 0;
			int			b;

			for (b = 0; b <= bins; b++)
				left += ml_split_left(&best, b < bins ? b : ML_MISSING_BIN) ? rows[b] : 0;
			sure &= left >= rule.min_rows && all_rows(bins) - left >= rule.min_rows;
		}
		/* an equal gain does not replace */
		again = best;
		ml_split_numeric(cell, counted ? rows : NULL, bins, 8, monotone, &rule, &node, &again);
		ties += best.gain > 0 && again.column != 7;
	}
	OK(good, "numbers: the best of all cuts, missing values on either side");
	OK(sure, "what is called sure has the rows");
	OK(found > 1500, "and most nodes have a split");
	OK(ties == 0, "the first of equals stays");
}

/* Gains by hand: G = -4, 4 over h = 2, 2 gives 16/2 + 16/2 - 0. */
static void
test_by_hand(void)
{
	MlSplitRule rule = {0};
	MlSplitNode node;
	MlSplit		best = {0};

	rule.min_rows = 1;
	memset(cell, 0, sizeof(cell));
	cell[0] = (MlCell) {-4, 2};
	cell[1] = (MlCell) {0, 0};
	cell[2] = (MlCell) {4, 2};
	node_of(3, &node);
	node.g_unit = node.h_unit = 1;
	ml_split_numeric(cell, NULL, 3, 0, 0, &rule, &node, &best);
	OK(best.gain == 16 && best.bin == 0 && !best.missing && best.sure, "the first of equal cuts");
	best.gain = 16;
	best.column = 9;
	ml_split_numeric(cell, NULL, 3, 0, 0, &rule, &node, &best);
	OK(best.column == 9, "an equal gain is no better");
	memset(&best, 0, sizeof(best));
	rule.min_gain = 16;
	ml_split_numeric(cell, NULL, 3, 0, 0, &rule, &node, &best);
	OK(best.gain == 0, "a gain must be greater than the least");
	rule.min_gain = 0;
	rule.l2 = 2;
	ml_split_numeric(cell, NULL, 3, 0, 0, &rule, &node, &best);
	OK(best.gain == 8, "l2");
	OK(ml_leaf_weight(-4, 2, &rule, -INFINITY, INFINITY) == 1 && ml_leaf_score(-4, 2, &rule) == 4, "weight and score");
	memset(&best, 0, sizeof(best));
	rule.l2 = 0;
	rule.l1 = 1;
	ml_split_numeric(cell, NULL, 3, 0, 0, &rule, &node, &best);
	OK(best.gain == 9, "l1");
	OK(ml_leaf_weight(-4, 2, &rule, -INFINITY, 1) == 1 && ml_leaf_weight(0.5, 2, &rule, -1, 1) == 0,
	   "weights within bounds, and none within l1");
	memset(&best, 0, sizeof(best));
	ml_split_numeric(cell, NULL, 3, 0, 1, &rule, &node, &best);
	OK(best.gain == 0, "the left weight is greater, so nothing may rise");
	ml_split_numeric(cell, NULL, 3, 0, -1, &rule, &node, &best);
	OK(best.gain == 9, "but fall");

	/* one bin and missing ones */
	memset(&best, 0, sizeof(best));
	rule.l1 = 0;
	memset(cell, 0, sizeof(cell));
	cell[0] = (MlCell) {-4, 2};
	cell[1] = (MlCell) {4, 2};
	node_of(1, &node);
	node.g_unit = node.h_unit = 1;
	ml_split_numeric(cell, NULL, 1, 0, 0, &rule, &node, &best);
	OK(best.gain == 16 && best.missing && !best.missing_left && ml_split_left(&best, 0) &&
	   !ml_split_left(&best, ML_MISSING_BIN), "what is there against what is missing");
	memset(&best, 0, sizeof(best));
	ml_split_category(cell, NULL, 1, 0, &rule, &node, &best);
	OK(best.gain == 16 && best.missing && best.category, "as a category too");
	/* nobody missing: rows that come later go with the larger part */
	memset(&best, 0, sizeof(best));
	memset(cell, 0, sizeof(cell));
	cell[0] = (MlCell) {-4, 3};
	cell[1] = (MlCell) {4, 2};
	node_of(2, &node);
	ml_split_numeric(cell, NULL, 2, 0, 0, &rule, &node, &best);
	OK(best.gain > 0 && !best.missing && best.missing_left && ml_split_left(&best, ML_MISSING_BIN),
	   "nobody missing: with the larger part");
	memset(&best, 0, sizeof(best));
	ml_split_category(cell, NULL, 2, 0, &rule, &node, &best);
	OK(best.gain > 0 && !best.missing && best.missing_left == (best.left_sum.h == 3) &&
	   best.missing_left == ml_split_left(&best, ML_MISSING_BIN), "so with categories");
}

/* Bins of at least so many rows, as far as h tells, by their mean, the naive way; their number. */
static int
sorted_bins(int bins, double least, const MlSplitRule *rule, const MlSplitNode *node, int *order)
{
	double		key[ML_HIST_CELLS];
	int			n = 0;
	int			i;
	int			b;

	for (b = 0; b <= bins; b++)
		if (cell[b].h > 0 && (double) cell[b].h >= least * (double) node->total.h / (double) node->rows)
		{
			key[b] = (double) cell[b].g * node->g_unit / ((double) cell[b].h * node->h_unit + rule->category_smooth);
			order[n++] = b;
		}
	for (b = 0; b < n; b++)
		for (i = 0; i + 1 < n; i++)
			if (key[order[i]] > key[order[i + 1]])
			{
				int			t = order[i];

				order[i] = order[i + 1];
				order[i + 1] = t;
			}
	return n;
}

/* The largest gain of the first bins of the order, one after the other from the given end, against all others. */
static double
best_of_order(int bins, const int *order, int n, int take, bool backwards, bool counted, const MlSplitRule *rule,
			  const MlSplitNode *node)
{
	MlCell		left = {0, 0};
	int64_t		count = 0;
	double		best = 0;
	int			i;

	for (i = 0; i < take; i++)
	{
		int			b = order[backwards ? n - 1 - i : i];

		left.g += cell[b].g;
		left.h += cell[b].h;
		count += rows[b];
		best = fmax(best, gain_of(left, count, counted ? all_rows(bins) : 0, 0, rule, node));
	}
	return best;
}

/* May all of the order be one side, as what is left out has enough rows for the other? */
static bool
others_suffice(int bins, const int *order, int n, double least, const MlSplitNode *node)
{
	int64_t		h = node->total.h;
	bool		any = false;
	int			i;
	int			b;

	for (b = 0; b <= bins; b++)
	{
		bool		in = cell[b].h <= 0;

		for (i = 0; i < n; i++)
			in |= order[i] == b;
		any |= !in;
	}
	for (i = 0; i < n; i++)
		h -= cell[order[i]].h;
	return any && (double) h >= least * (double) node->total.h / (double) node->rows;
}

/* Do the categories without rows go with the larger part, and those left out of the order to the right? */
static bool
others_placed(const MlSplit *split, int bins, bool counted, double least, const MlSplitNode *node)
{
	bool		larger = split->left_sum.h >= node->total.h - split->left_sum.h;
	bool		good = true;
	int			b;

	for (b = 0; b < bins; b++)
	{
		bool		empty = cell[b].h == 0 && cell[b].g == 0 && !(counted && rows[b] > 0);

		if (empty || cell[b].h <= 0 || (double) cell[b].h < least * (double) node->total.h / (double) node->rows)
			good &= ml_split_left(split, b) == (empty && larger);
	}
	return good;
}

/* Without smoothing and limits no set of categories does better (Fisher). */
static bool
no_set_is_better(int bins, double gain, const MlSplitRule *rule, const MlSplitNode *node)
{
	bool		good = true;
	int			i;

	for (i = 1; i < 1 << (bins + 1); i++)
	{
		MlCell		set = {0, 0};
		int			b;

		for (b = 0; b <= bins; b++)
			if (i >> b & 1)
			{
				set.g += cell[b].g;
				set.h += cell[b].h;
			}
		/* a cell without h has g all the same here, which real ones hardly do */
		for (b = 0; b <= bins; b++)
			if (cell[b].h == 0 && cell[b].g != 0)
				set.h = 0;
		good &= gain_of(set, 0, 0, 0, rule, node) <= gain * (1 + 1e-9) + 1e-8;
	}
	return good;
}

static void
test_category(void)
{
	MlRng		rng;
	bool		good = true;
	bool		placed = true;
	bool		all = true;
	int			found = 0;
	int			left_out = 0;
	int			round;

	ml_rng_init(&rng, 6, 1);
	for (round = 0; round < 2000; round++)
	{
		int			bins = round % 50 == 0 ? 255 : 1 + (int) ml_rng_below(&rng, 12);
		bool		counted = ml_rng_below(&rng, 2);
		int			order[ML_HIST_CELLS];
		MlSplitRule rule;
		MlSplitRule dearer;
		MlSplitNode node;
		MlSplit		best = {0};
		double		want;
		int			present;
		int			take;
		int			n;

		draw_cells(&rng, bins, round % 2);
		draw_rule(&rng, &rule);
		rule.category_smooth = ml_rng_below(&rng, 2) ? 10 : 0;
		rule.category_l2 = ml_rng_below(&rng, 2) ? 10 : 0;
		rule.category_rows = ml_rng_below(&rng, 2) ? 10 : 0;
		node_of(bins, &node);
		dearer = rule;
		n = present = sorted_bins(bins, 0, &rule, &node, order);
		if (present > 2)
		{
			dearer.l2 += rule.category_l2;
			n = sorted_bins(bins, rule.category_rows, &rule, &node, order);
		}
		take = n - !others_suffice(bins, order, n, rule.category_rows, &node);
		want = best_of_order(bins, order, n, take, false, counted, &dearer, &node);
		if (n < present)
			want = fmax(want, best_of_order(bins, order, n, take, true, counted, &dearer, &node));
		want = want > rule.min_gain ? want : 0;
		ml_split_category(cell, counted ? rows : NULL, bins, 3, &rule, &node, &best);
		good &= tap_close(best.gain, want, 1e-9, 1);
		if (best.gain > 0)
		{
			found++;
			left_out += n < present;
			good &= consistent(&best, bins, counted, 0, &dearer, &node) && best.category && best.column == 3;
			placed &= others_placed(&best, bins, counted, present > 2 ? rule.category_rows : 0, &node);
		}
		if (bins <= 8 && rule.category_smooth == 0 && rule.category_l2 == 0 && rule.category_rows == 0 &&
			rule.l1 == 0 && rule.l2 == 0 && rule.min_h == 0 && !(counted && rule.min_rows > 1) && rule.min_gain == 0)
			all &= no_set_is_better(bins, best.gain, &rule, &node);
	}
	OK(good, "categories: the best of the cuts in the order of their means, from both ends");
	OK(found > 800 && left_out > 200, "and many nodes have one, some with categories of too few rows");
	OK(placed, "those are on the right, categories without rows on the larger side");
	OK(all, "the best of all sets");
}

/* Two rows that are extreme by chance stand first in any order: without a least number of rows they are the split. */
static void
test_rare_category(void)
{
	MlSplitRule rule = {.l2 = 1,.min_rows = 1,.category_rows = 10};
	MlSplitNode node;
	MlSplit		best = {0};

	memset(cell, 0, sizeof(cell));
	memset(rows, 0, sizeof(rows));
	rows[0] = rows[2] = 500;
	rows[1] = 2;
	cell[0].h = cell[2].h = 500 * ML_PAIR_H;
	cell[1].h = 2 * ML_PAIR_H;
	cell[0].g = 300 * 400;
	cell[1].g = -2 * 32767;
	cell[2].g = -300 * 400;
	node_of(3, &node);
	ml_split_category(cell, NULL, 3, 0, &rule, &node, &best);
	OK(best.gain > 0 && ml_split_left(&best, 0) != ml_split_left(&best, 2) && !ml_split_left(&best, 1),
			"a category of two rows is not told from the others");
	/* of two categories each is what the other is not */
	rows[2] = 0;
	cell[2] = (MlCell) {0, 0};
	node_of(3, &node);
	best.gain = 0;
	ml_split_category(cell, NULL, 3, 0, &rule, &node, &best);
	OK(best.gain > 0 && ml_split_left(&best, 0) != ml_split_left(&best, 1), "but the one of two is");
	OK(ml_split_left(&best, 2) == ml_split_left(&best, 0) && best.missing_left == ml_split_left(&best, 0),
			"and what the node has not seen goes with the larger");
}

int
main(void)
{
	test_by_hand();
	test_numeric();
	test_category();
	test_rare_category();
	return tap_done();
}
