/*
 * cart.c: which leaf is split next, rows to children, pruning, leaf values.
 */
#include "learn/cart_state.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/rng.h"

/* Most leaves of a tree. */
static int64_t
most_leaves(const MlCartData *data, const MlCartRule *rule)
{
	int64_t		leaves = data->n / rule->min_rows;

	if (rule->max_leaves > 0 && leaves > rule->max_leaves)
		leaves = rule->max_leaves;
	if (rule->max_depth > 0 && rule->max_depth < 31 && leaves > INT64_C(1) << rule->max_depth)
		leaves = INT64_C(1) << rule->max_depth;
	/* node numbers are ints */
	return leaves < 1 ? 1 : leaves > INT32_MAX / 2 ? INT32_MAX / 2 : leaves;
}

int
ml_cart_max_nodes(const MlCartData *data, const MlCartRule *rule)
{
	return (int) (2 * most_leaves(data, rule) - 1);
}

#define TAKE(field, count, size) \
	((field) = ml_scratch_alloc(scratch, (size_t) (count), size, "trees", status)) == NULL

MlCode
ml_cart_make(MlScratch *scratch, const MlCartData *data, const MlCartRule *rule, MlCart **out, MlStatus *status)
{
	MlCart	   *cart = ml_scratch_zero(scratch, 1, sizeof(MlCart), "trees", status);
	int64_t		n = data->n;
	int			p = data->binned.p;
	int			k = data->k;
	bool		words = data->classes && k == 1 && data->w == NULL && n < CART_WORD_ROWS;

	if (cart == NULL)
		return status->code;
	cart->data = data;
	cart->rule = *rule;
	if (TAKE(cart->row, n, sizeof(uint32_t)) ||
		TAKE(cart->spare_row, n, sizeof(uint32_t)) ||
		(!words && TAKE(cart->item, n, sizeof(MlClassRow))) ||
		(!words && TAKE(cart->spare_item, n, sizeof(MlClassRow))) ||
		(words && TAKE(cart->word, n, sizeof(uint64_t))) ||
		(words && TAKE(cart->spare_word, n, sizeof(uint64_t))) ||
		TAKE(cart->column, p + 1, sizeof(int)) ||
		TAKE(cart->order, (size_t) p + 1, 256) ||
		TAKE(cart->n_order, p + 1, sizeof(int)) ||
		TAKE(cart->packed, 256, sizeof(MlBinSum)) ||
		TAKE(cart->bin, 256, 1) ||
		TAKE(cart->seen, CART_PLACES, sizeof(CartSeen)) ||
		TAKE(cart->end, 256, sizeof(int64_t)) ||
		TAKE(cart->total, k, sizeof(double)) ||
		TAKE(cart->work, 2 * k, sizeof(double)) ||
		(k > 1 && TAKE(cart->share, (size_t) k * 256, sizeof(double))) ||
		TAKE(cart->open, most_leaves(data, rule) + 1, sizeof(int)))
		return ML_NO_MEMORY;
	cart->cell = ml_scratch_zero(scratch, CART_PLACES * 256, sizeof(MlBinSum), "trees", status);
	if (cart->cell)
		cart->word_cell = ml_scratch_zero(scratch, CART_PLACES * 256, sizeof(uint64_t), "trees", status);
	*out = cart;
	return cart->word_cell ? ML_OK : status->code;
}

uint32_t *
ml_cart_counts(MlCart *cart)
{
	return cart->spare_row;
}

/* ---- open leaves ---- */

/* The larger gain first; of equals the older node. */
static inline bool
before(const MlCart *cart, int a, int b)
{
	double		x = cart->node[a].split.gain;
	double		y = cart->node[b].split.gain;

	return x > y || (x == y && a < b);
}

static void
push_open(MlCart *cart, int node)
{
	int			i = cart->n_open++;

	for (; i > 0 && before(cart, node, cart->open[(i - 1) / 2]); i = (i - 1) / 2)
		cart->open[i] = cart->open[(i - 1) / 2];
	cart->open[i] = node;
}

static int
pop_open(MlCart *cart)
{
	int			top = cart->open[0];
	int			last = cart->open[--cart->n_open];
	int			i = 0;
	int			child;

	for (; (child = 2 * i + 1) < cart->n_open; i = child)
	{
		if (child + 1 < cart->n_open && before(cart, cart->open[child + 1], cart->open[child]))
			child++;
		if (!before(cart, cart->open[child], last))
			break;
		cart->open[i] = cart->open[child];
	}
	cart->open[i] = last;
	return top;
}

/* ---- one node ---- */

static bool
is_pure(const MlCart *cart, const MlGrowNode *node)
{
	const double *y = cart->data->y;
	const uint32_t *row = cart->row + node->from;
	int64_t		i;

	for (i = 1; i < node->n; i++)
		if (y[row[i]] != y[row[0]])
			return false;
	return true;
}

/* total[k] and the node's weight from its rows. */
static void
sum_node(MlCart *cart, MlGrowNode *node)
{
	int64_t		end = node->from + node->n;
	int			k = cart->data->k;
	uint64_t	word = 0;
	double		weight = 0;
	int64_t		i;

	memset(cart->total, 0, (size_t) k * sizeof(double));
	if (cart->word)
	{
		for (i = node->from; i < end; i++)
			word += cart->word[i];
		weight = cart_word_sum(word).h;
	}
	else
		for (i = node->from; i < end; i++)
			weight += cart->item[i].h;
	if (k == 1)
		cart->total[0] = weight;
	else
		for (i = node->from; i < end; i++)
			cart->total[(int) cart->item[i].g] += cart->item[i].h;
	node->total.h = (int64_t) llrint(weight * cart->data->cover_scale);
}

/* Brings n columns, drawn from those not yet looked at, to column[visited ..). */
static void
draw_columns(MlCart *cart, int visited, int n)
{
	int			p = cart->data->binned.p;
	int			i;

	for (i = visited; i < visited + n; i++)
	{
		int			at = i + (int) ml_rng_below_at(cart->key, cart->drawn++, (uint64_t) (p - i));
		int			c = cart->column[at];

		cart->column[at] = cart->column[i];
		cart->column[i] = c;
	}
}

/* The node's best split; gain -1: it stays a leaf.  true = stop. */
static bool
find_split(MlCart *cart, const MlTeam *team, int i)
{
	const MlCartRule *rule = &cart->rule;
	MlGrowNode *node = cart->node + i;
	int			p = cart->data->binned.p;
	bool		useful = false;
	int			visited = 0;

	node->split.gain = -1;
	sum_node(cart, node);
	if ((rule->max_depth > 0 && node->depth >= rule->max_depth) || node->n < 2 || node->n < 2 * rule->min_rows ||
		is_pure(cart, node))
		return false;
	while (visited < p && (visited < rule->features || !useful))
	{
		/* beyond those asked for one by one, until one is of use */
		int			n = visited < rule->features ? rule->features - visited : 1;
		int			c;

		n = n < CART_TOGETHER ? n : CART_TOGETHER;
		if (ml_team_stopped(team))
			return true;
		if (rule->shuffle)
			draw_columns(cart, visited, n);
		ml_cart_sum(cart, node, cart->column + visited, n);
		for (c = 0; c < n; c++)
			useful |= ml_cart_column(cart, node, cart->column[visited + c], c, &node->split);
		visited += n;
	}
	if (node->split.gain >= 0)
		push_open(cart, i);
	return false;
}

/* Rows of the node that go left stay in front, in order; their number.  words: known when compiled. */
static inline __attribute__((always_inline)) int64_t
part(MlCart *cart, const MlGrowNode *node, bool words)
{
	const MlBinned *binned = &cart->data->binned;
	bool		dense = cart_dense(cart, node);
	/* the layout in which the node's rows were summed */
	const uint8_t *bins = dense ? binned->column + (size_t) node->split.column * (size_t) binned->n
		: binned->row + node->split.column;
	size_t		step = dense ? 1 : binned->stride;
	uint32_t   *row = cart->row + node->from;
	MlClassRow *item = words ? NULL : cart->item + node->from;
	uint64_t   *word = words ? cart->word + node->from : NULL;
	uint8_t		left[256];
	int64_t		n_left = 0;
	int64_t		n_right = 0;
	int64_t		i;

	for (i = 0; i < 256; i++)
		left[i] = ml_split_left(&node->split, (int) i);
	for (i = 0; i < node->n; i++)
	{
		uint32_t	r = row[i];
		unsigned	to_left = left[bins[r * step]];

		if (i + CART_AHEAD < node->n)
			__builtin_prefetch(bins + row[i + CART_AHEAD] * step);
		if (words)
		{
			uint64_t	what = word[i];

			word[n_left] = what;
			cart->spare_word[n_right] = what;
		}
		else
		{
			MlClassRow	what = item[i];

			item[n_left] = what;
			cart->spare_item[n_right] = what;
		}
		row[n_left] = r;
		cart->spare_row[n_right] = r;
		n_left += to_left;
		n_right += !to_left;
	}
	memcpy(row + n_left, cart->spare_row, (size_t) n_right * sizeof(uint32_t));
	if (words)
		memcpy(word + n_left, cart->spare_word, (size_t) n_right * sizeof(uint64_t));
	else
		memcpy(item + n_left, cart->spare_item, (size_t) n_right * sizeof(MlClassRow));
	return n_left;
}

static int64_t
part_rows(MlCart *cart, const MlGrowNode *node)
{
	return cart->word ? part(cart, node, true) : part(cart, node, false);
}

/* Two children for an open leaf, each with its split when the tree may grow on.  true = stop. */
static bool
split_node(MlCart *cart, const MlTeam *team, int i, bool more)
{
	MlGrowNode *parent = cart->node + i;
	MlGrowNode *child = cart->node + cart->n_nodes;
	int64_t		left = part_rows(cart, parent);
	int			c;

	assert(left > 0 && left < parent->n);
	parent->left = cart->n_nodes;
	cart->n_nodes += 2;
	memset(child, 0, 2 * sizeof(MlGrowNode));
	child[0].from = parent->from;
	child[0].n = left;
	child[1].from = parent->from + left;
	child[1].n = parent->n - left;
	for (c = 0; c < 2; c++)
	{
		child[c].depth = parent->depth + 1;
		if (!more)
			sum_node(cart, child + c);
		else if (find_split(cart, team, parent->left + c))
			return true;
	}
	return false;
}

/* Rows drawn at least once, and what each adds; their number. */
static int64_t
list_rows(MlCart *cart)
{
	const MlCartData *data = cart->data;
	int64_t		n = 0;
	int64_t		i;

	for (i = 0; i < data->n; i++)
	{
		uint32_t	drawn = cart->spare_row[i];
		double		h = data->w ? drawn * data->w[i] : drawn;

		if (drawn == 0)
			continue;
		cart->row[n] = (uint32_t) i;
		if (cart->word)
			cart->word[n] = cart_word(data->y[i] > 0 ? drawn : 0, drawn);
		else
		{
			cart->item[n].h = h;
			cart->item[n].g = data->k > 1 ? data->y[i] : h * (data->y[i] - data->centre);
		}
		n++;
	}
	return n;
}

int
ml_cart_grow(MlCart *cart, const MlTeam *team, uint64_t key, MlGrowNode *node)
{
	int			max_nodes = ml_cart_max_nodes(cart->data, &cart->rule);
	int			c;
	int			i;

	cart->node = node;
	cart->n_nodes = 1;
	cart->n_open = 0;
	cart->key = key;
	cart->drawn = 0;
	memset(node, 0, sizeof(*node));
	node->n = list_rows(cart);
	for (c = 0; c < cart->data->binned.p; c++)
	{
		cart->column[c] = c;
		/* many categories of many rows take their time */
		if (ml_team_stopped(team))
			return 0;
		if (cart->data->binned.info[c].category && !cart->rule.order_by_node)
			ml_cart_order(cart, c, 0, node->n);
	}
	if (find_split(cart, team, 0))
		return 0;
	while (cart->n_open > 0 && cart->n_nodes + 2 <= max_nodes)
		if (split_node(cart, team, pop_open(cart), cart->n_nodes + 4 <= max_nodes))
			return 0;
	for (i = 0; i < cart->n_nodes; i++)
		if (node[i].left == 0)
			node[i].split.gain = 0;
	return cart->n_nodes;
}

/* ---- afterwards ---- */

/* Moves up the nodes that the root still leads to; their number. */
static int
drop_nodes(MlGrowNode *node, int n_nodes)
{
	int			kept = 0;
	int			i;

	/* slot: a new number, children's set by their parent; -1: gone */
	for (i = 1; i < n_nodes; i++)
		node[i].slot = -1;
	node[0].slot = 0;
	for (i = 0; i < n_nodes; i++)
	{
		if (node[i].slot < 0)
			continue;
		node[i].slot = kept++;
		if (node[i].left != 0)
			node[node[i].left].slot = node[node[i].left + 1].slot = 0;
	}
	for (i = 0; i < n_nodes; i++)
		if (node[i].left != 0)
			node[i].left = node[node[i].left].slot;
	for (i = 0; i < n_nodes; i++)
		if (node[i].slot >= 0)
			node[node[i].slot] = node[i];
	return kept;
}

/*
 * From the leaves up: a subtree with gain E over its root as a leaf and L
 * leaves stays when E > alpha (L - 1).  That is the smallest subtree with the
 * least cost + alpha × leaves, the one that cutting the weakest link again
 * and again arrives at.
 */
int
ml_cart_prune(const MlCartData *data, MlGrowNode *node, int n_nodes, double alpha)
{
	double		price = alpha * (double) node[0].total.h * data->cover_unit / data->gain_unit;
	int			i;

	if (!(alpha > 0))
		return n_nodes;
	/* until the end: upper is the gain of the subtree, slot its leaves */
	for (i = n_nodes - 1; i >= 0; i--)
	{
		MlGrowNode *left = node + node[i].left;

		node[i].upper = 0;
		node[i].slot = 1;
		if (node[i].left == 0)
			continue;
		node[i].upper = node[i].split.gain + left[0].upper + left[1].upper;
		node[i].slot = left[0].slot + left[1].slot;
		if (node[i].upper > price * (node[i].slot - 1))
			continue;
		node[i].left = 0;
		node[i].split.gain = 0;
		node[i].upper = 0;
		node[i].slot = 1;
	}
	return drop_nodes(node, n_nodes);
}

static void
leaf_value(const MlCart *cart, const MlGrowNode *node, double *value)
{
	const MlCartData *data = cart->data;
	double		weight = 0;
	/* exact where all rows say the same */
	double		y0 = data->y[cart->row[node->from]];
	uint64_t	word = 0;
	int64_t		i;
	int			c;

	memset(value, 0, (size_t) data->k * sizeof(double));
	if (cart->word)
	{
		for (i = node->from; i < node->from + node->n; i++)
			word += cart->word[i];
		value[0] = cart_word_sum(word).g / cart_word_sum(word).h;
		return;
	}
	for (i = node->from; i < node->from + node->n; i++)
	{
		double		h = cart->item[i].h;

		weight += h;
		if (data->k > 1)
			value[(int) cart->item[i].g] += h;
		else
			value[0] += h * (data->y[cart->row[i]] - y0);
	}
	for (c = 0; c < data->k; c++)
		value[c] /= weight;
	if (data->k == 1)
		value[0] = ldexp(y0 + value[0], data->y_exponent);
}

void
ml_cart_values(const MlCart *cart, MlGrowNode *node, int n_nodes, double *value)
{
	int			i;

	for (i = 0; i < n_nodes; i++)
		if (node[i].left == 0)
			leaf_value(cart, node + i, value + (size_t) i * (size_t) cart->data->k);
		else
			node[i].split.gain *= cart->data->gain_unit;
}

void
ml_cart_importance(const MlGrowNode *node, int n_nodes, int p, double *share, double *importance)
{
	double		total = 0;
	int			i;

	memset(share, 0, (size_t) p * sizeof(double));
	for (i = 0; i < n_nodes; i++)
		if (node[i].left != 0)
		{
			share[node[i].split.column] += node[i].split.gain;
			total += node[i].split.gain;
		}
	for (i = 0; i < p && total > 0; i++)
		importance[i] += share[i] / total;
}
