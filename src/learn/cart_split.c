/*
 * cart_split.c: the best split of a node by one column.
 *
 * A node's columns are summed together.  Large nodes read column by column,
 * where neighbours share cache lines; the others row by row, as one line then
 * holds all columns of a row.
 *
 * One output: a cell a bin.  Several classes: rows sorted by bin, which costs
 * the same for any number of classes.  Cells are zero before and after, and
 * where a node has fewer rows than a column has bins only those with rows are
 * looked at.
 *
 * Categories become a sequence: by mean of the target, which for one output
 * loses nothing (Fisher, "On grouping for maximum homogeneity", JASA 53,
 * 1958); with several classes by the first principal component of their class
 * shares (Coppersmith, Hong and Hosking, "Partitioning nominal attributes in
 * decision trees", 1999).
 */
#include <math.h>
#include <string.h>

#include "learn/cart_state.h"

#define SMALL_NODE 256			/* rows; from here on all cells are looked at */
#define POWER_STEPS 12			/* of the iteration that finds the component */

static inline const uint8_t *
bins_of(const MlCart *cart, int c)
{
	const MlBinned *b = &cart->data->binned;

	return b->column + (size_t) c * (size_t) b->n;
}

static inline void
see(CartSeen *seen, int bin)
{
	seen->word[bin >> 6] |= UINT64_C(1) << (bin & 63);
}

/* What row i of the node adds to cell `at` of all places. */
static inline void
add(MlCart *cart, int64_t i, size_t at)
{
	if (cart->word)
		cart->word_cell[at] += cart->word[i];
	else
	{
		cart->cell[at].g += cart->item[i].g;
		cart->cell[at].h += cart->item[i].h;
		cart->cell[at].n++;
	}
}

/* Column by column: where many neighbours of a row belong to the node as well. */
static void
sum_column(MlCart *cart, int c, int place, int64_t from, int64_t n)
{
	const uint8_t *bins = bins_of(cart, c);
	size_t		first = (size_t) place * 256;
	int64_t		i;

	if (cart->word)
	{
		uint64_t   *cell = cart->word_cell + first;
		const uint64_t *word = cart->word;
		const uint32_t *row = cart->row;

		for (i = from; i < from + n; i++)
			cell[bins[row[i]]] += word[i];
	}
	else
		for (i = from; i < from + n; i++)
			add(cart, i, first + bins[cart->row[i]]);
	if (n < SMALL_NODE)
		for (i = from; i < from + n; i++)
			see(cart->seen + place, bins[cart->row[i]]);
}

/* Row by row: the bins of a row lie side by side. */
static void
sum_rows(MlCart *cart, const int *column, int n_columns, int64_t from, int64_t n)
{
	const MlBinned *binned = &cart->data->binned;
	bool		small = n < SMALL_NODE;
	int64_t		i;
	int			c;

	for (i = from; i < from + n; i++)
	{
		const uint8_t *bins = binned->row + (size_t) cart->row[i] * binned->stride;

		if (i + CART_AHEAD < from + n)
			__builtin_prefetch(binned->row + (size_t) cart->row[i + CART_AHEAD] * binned->stride);
		for (c = 0; c < n_columns; c++)
		{
			add(cart, i, (size_t) c * 256 + bins[column[c]]);
			if (small)
				see(cart->seen + c, bins[column[c]]);
		}
	}
}

/* Which bins of a place have rows, and words as sums. */
static void
finish_place(MlCart *cart, int place, int64_t n)
{
	MlBinSum   *cell = cart->cell + (size_t) place * 256;
	uint64_t   *word = cart->word_cell + (size_t) place * 256;
	CartSeen   *seen = cart->seen + place;
	int64_t		i;

	if (n >= SMALL_NODE)
		for (i = 0; i < 256; i++)
			seen->word[i >> 6] |= (uint64_t) (word[i] > 0 || cell[i].n > 0) << (i & 63);
	if (cart->word == NULL)
		return;
	for (i = 0; i < 4; i++)
	{
		uint64_t	left = seen->word[i];

		for (; left != 0; left &= left - 1)
		{
			int64_t		bin = i * 64 + __builtin_ctzll(left);

			cell[bin] = cart_word_sum(word[bin]);
			word[bin] = 0;
		}
	}
}

void
ml_cart_sum(MlCart *cart, const MlGrowNode *node, const int *column, int n)
{
	bool		dense = cart_dense(cart, node);
	int			c;

	memset(cart->seen, 0, (size_t) n * sizeof(CartSeen));
	if (!dense && n > 1)
		sum_rows(cart, column, n, node->from, node->n);
	for (c = 0; c < n; c++)
	{
		if (dense || n == 1)
			sum_column(cart, column[c], c, node->from, node->n);
		finish_place(cart, c, node->n);
	}
}

static inline bool
is_seen(const CartSeen *seen, int bin)
{
	return (seen->word[bin >> 6] >> (bin & 63)) & 1;
}

/* The seen bins but the missing one, in order; their number. */
static int
list_bins(MlCart *cart, int c, const CartSeen *seen)
{
	int			m = 0;
	int			i;

	if (cart->data->binned.info[c].category)
	{
		const uint8_t *order = cart->order + (size_t) c * 256;

		for (i = 0; i < cart->n_order[c]; i++)
			if (is_seen(seen, order[i]))
				cart->bin[m++] = order[i];
		return m;
	}
	for (i = 0; i < 4; i++)
	{
		uint64_t	left = i == ML_MISSING_BIN >> 6 ? seen->word[i] & ~(UINT64_C(1) << (ML_MISSING_BIN & 63))
			: seen->word[i];

		for (; left != 0; left &= left - 1)
			cart->bin[m++] = (uint8_t) (i * 64 + __builtin_ctzll(left));
	}
	return m;
}

/* Rows sorted by bin into spare_item, the missing ones last; the number of bins with a value. */
static int
sort_rows(MlCart *cart, int c, int place, const MlGrowNode *node, MlBinSum *missing)
{
	const uint8_t *bins = bins_of(cart, c);
	const uint32_t *row = cart->row + node->from;
	const MlClassRow *item = cart->item + node->from;
	int64_t		at[256];
	int64_t		next = 0;
	MlBinSum   *cell = cart->cell + (size_t) place * 256;
	int			m = list_bins(cart, c, cart->seen + place);
	int64_t		i;

	for (i = 0; i < m; i++)
	{
		at[cart->bin[i]] = next;
		next += cell[cart->bin[i]].n;
		cart->end[i] = next;
		memset(cell + cart->bin[i], 0, sizeof(MlBinSum));
	}
	*missing = cell[ML_MISSING_BIN];
	memset(cell + ML_MISSING_BIN, 0, sizeof(MlBinSum));
	at[ML_MISSING_BIN] = next;
	for (i = 0; i < node->n; i++)
		cart->spare_item[at[bins[row[i]]]++] = item[i];
	return m;
}

/* Cells of the bins that have rows, in order, and zeroes behind. */
static int
pack_cells(MlCart *cart, int c, int place, MlBinSum *missing)
{
	MlBinSum   *cell = cart->cell + (size_t) place * 256;
	int			m = list_bins(cart, c, cart->seen + place);
	int			i;

	for (i = 0; i < m; i++)
	{
		cart->packed[i] = cell[cart->bin[i]];
		memset(cell + cart->bin[i], 0, sizeof(MlBinSum));
	}
	*missing = cell[ML_MISSING_BIN];
	memset(cell + ML_MISSING_BIN, 0, sizeof(MlBinSum));
	return m;
}

/*
 * The cut between bins lo and hi of a node that has no rows in between: the
 * one nearest to halfway.
 */
static int
middle_cut(const MlBinColumn *info, int lo, int hi)
{
	double		middle = info->cut[lo] / 2 + info->cut[hi - 1] / 2;
	int			b = lo;

	while (b + 1 < hi && fabs(info->cut[b + 1] - middle) <= fabs(info->cut[b] - middle))
		b++;
	return b;
}

static inline void
set_left(MlSplit *split, int bin)
{
	split->left[bin >> 6] |= UINT64_C(1) << (bin & 63);
}

/*
 * The cut as a split.  Levels without rows in the node go with their
 * neighbours in the order, levels without any in the tree and missing values
 * that nobody had with the heavier side.
 */
static void
take_cut(const MlCart *cart, int c, int m, const MlCut *cut, double weight, bool missing, MlSplit *best)
{
	const MlBinColumn *info = cart->data->binned.info + c;
	bool		left_heavier = cut->left >= weight - cut->left;
	int			last = cart->bin[cut->at];
	int			i;

	memset(best, 0, sizeof(*best));
	best->gain = cut->gain;
	best->column = c;
	best->category = info->category;
	best->missing = missing;
	best->missing_left = missing ? cut->missing_left : left_heavier;
	best->sure = true;
	if (best->missing_left)
		set_left(best, ML_MISSING_BIN);
	if (!info->category)
	{
		best->bin = cut->at + 1 < m ? middle_cut(info, last, cart->bin[cut->at + 1]) : info->n_bins - 1;
		for (i = 0; i <= best->bin; i++)
			set_left(best, i);
		return;
	}
	if (left_heavier)
		for (i = 0; i < info->n_bins; i++)
			set_left(best, i);
	for (i = cart->n_order[c] - 1; i >= 0; i--)
	{
		int			bin = cart->order[(size_t) c * 256 + (size_t) i];

		if (bin == last)
			break;
		best->left[bin >> 6] &= ~(UINT64_C(1) << (bin & 63));
	}
	for (; i >= 0; i--)
		set_left(best, cart->order[(size_t) c * 256 + (size_t) i]);
}

bool
ml_cart_column(MlCart *cart, const MlGrowNode *node, int c, int place, MlSplit *best)
{
	const MlCartRule *rule = &cart->rule;
	int			k = cart->data->k;
	MlBinSum	missing;
	MlCut		cut;
	double		weight = 0;
	int			m;
	int			i;

	if (rule->order_by_node && cart->data->binned.info[c].category)
		ml_cart_order(cart, c, node->from, node->n);
	m = k == 1 ? pack_cells(cart, c, place, &missing) : sort_rows(cart, c, place, node, &missing);
	if (m + (missing.n > 0) < 2)
		return false;
	if (k == 1)
		cut = ml_impurity_cut(rule->impurity, cart->packed, m, &missing, rule->min_rows);
	else
		cut = ml_impurity_cut_classes(rule->impurity, k, cart->spare_item, node->n, cart->end, m, cart->total,
									  rule->min_rows, cart->work);
	if (!(cut.gain > best->gain))
		return true;
	for (i = 0; i < k; i++)
		weight += cart->total[i];
	take_cut(cart, c, m, &cut, weight, missing.n > 0, best);
	return true;
}

/* ---- the order of categories ---- */

/* key[bin] := projection of the bins' class shares on their first principal component. */
static void
project(MlCart *cart, const MlBinSum *cell, int m, double *key)
{
	int			k = cart->data->k;
	double	   *mean = cart->work;
	double	   *axis = cart->work + k;
	double		total = 0;
	int			step;
	int			i;
	int			c;

	memset(mean, 0, (size_t) k * sizeof(double));
	for (i = 0; i < m; i++)
	{
		const double *share = cart->share + (size_t) cart->bin[i] * (size_t) k;

		for (c = 0; c < k; c++)
			mean[c] += share[c];
		total += cell[cart->bin[i]].h;
	}
	/* weights become shares about the mean */
	for (i = 0; i < m; i++)
	{
		double	   *share = cart->share + (size_t) cart->bin[i] * (size_t) k;

		for (c = 0; c < k; c++)
			share[c] = share[c] / cell[cart->bin[i]].h - mean[c] / total;
	}
	/* any start that is not the zero vector and has no symmetry */
	for (c = 0; c < k; c++)
		axis[c] = 1.0 / (c + 1);
	for (step = 0; step <= POWER_STEPS; step++)
	{
		double		length = 0;

		for (i = 0; i < m; i++)
		{
			const double *share = cart->share + (size_t) cart->bin[i] * (size_t) k;

			key[cart->bin[i]] = 0;
			for (c = 0; c < k; c++)
				key[cart->bin[i]] += share[c] * axis[c];
		}
		memset(mean, 0, (size_t) k * sizeof(double));
		for (i = 0; i < m; i++)
			for (c = 0; c < k; c++)
				mean[c] += cell[cart->bin[i]].h * key[cart->bin[i]] * cart->share[(size_t) cart->bin[i] * (size_t) k
																				  + (size_t) c];
		for (c = 0; c < k; c++)
			length += mean[c] * mean[c];
		if (!(length > 0) || step == POWER_STEPS)
			return;
		for (c = 0; c < k; c++)
			axis[c] = mean[c] / sqrt(length);
	}
}

void
ml_cart_order(MlCart *cart, int c, int64_t from, int64_t n)
{
	const MlCartData *data = cart->data;
	const uint8_t *bins = bins_of(cart, c);
	uint8_t    *order = cart->order + (size_t) c * 256;
	size_t		k = (size_t) data->k;
	double		key[256];
	MlBinSum   *cell = cart->cell + (size_t) CART_TOGETHER * 256;
	CartSeen   *seen = cart->seen + CART_TOGETHER;
	int			m = 0;
	int64_t		i;
	int			j;

	memset(seen, 0, sizeof(*seen));
	sum_column(cart, c, CART_TOGETHER, from, n);
	finish_place(cart, CART_TOGETHER, n);
	for (j = 0; j < ML_MISSING_BIN; j++)
		if (is_seen(seen, j))
			cart->bin[m++] = (uint8_t) j;
	if (k > 1)
	{
		for (j = 0; j < m; j++)
			memset(cart->share + cart->bin[j] * k, 0, k * sizeof(double));
		for (i = from; i < from + n; i++)
			if (bins[cart->row[i]] != ML_MISSING_BIN)
				cart->share[bins[cart->row[i]] * k + (size_t) cart->item[i].g] += cart->item[i].h;
		project(cart, cell, m, key);
	}
	else
		for (j = 0; j < m; j++)
			key[cart->bin[j]] = cell[cart->bin[j]].g / cell[cart->bin[j]].h;
	for (j = 0; j < m; j++)
	{
		int			b = cart->bin[j];
		int			at;

		for (at = j; at > 0 && key[order[at - 1]] > key[b]; at--)
			order[at] = order[at - 1];
		order[at] = (uint8_t) b;
		memset(cell + b, 0, sizeof(MlBinSum));
	}
	memset(cell + ML_MISSING_BIN, 0, sizeof(MlBinSum));
	cart->n_order[c] = m;
}
