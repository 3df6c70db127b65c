/*
 * test_grow.c: whole trees against a grower that keeps lists of rows and
 * adds every sum anew, and the same tree whatever threads and memory.
 */
#include <stdlib.h>

#include "host_test.h"
#include "kernel/rng.h"
#include "learn/grow.h"
#include "tap.h"

#define MOST_P 8

/* Binned rows made up from random bytes. */
typedef struct Rows
{
	MlBinned	binned;
	MlBinColumn info[MOST_P];
	uint32_t   *q;
} Rows;

static const int8_t monotone[MOST_P] = {1, 0, -1, 0, 1, 0, 0, 0};
static TestHost host;

/* Column c: numbers, every third one a category; missing values in every second. */
static void
make_rows(Rows *r, int64_t n, int p, int bins, uint64_t seed)
{
	MlRng		rng;
	int64_t		i;
	int			c;

	memset(r, 0, sizeof(*r));
	ml_rng_init(&rng, seed, 1);
	r->binned.n = n;
	r->binned.p = p;
	r->binned.stride = 16;
	r->binned.info = r->info;
	r->binned.row = calloc((size_t) n, 16);
	r->binned.column = malloc((size_t) n * (size_t) p);
	r->q = malloc((size_t) n * sizeof(uint32_t));
	for (c = 0; c < p; c++)
	{
		r->info[c].category = c % 3 == 2;
		r->info[c].n_bins = c == 0 ? bins : 1 + (int) ml_rng_below(&rng, (uint64_t) bins);
		r->info[c].cell = r->binned.n_cells;
		r->binned.n_cells += (size_t) r->info[c].n_bins + 1;
	}
	for (i = 0; i < n; i++)
	{
		int			signal = 0;

		for (c = 0; c < p; c++)
		{
			uint8_t		bin = (uint8_t) ml_rng_below(&rng, (uint64_t) r->info[c].n_bins);

			if (c % 2 && ml_rng_below(&rng, 5) == 0)
				bin = ML_MISSING_BIN;
			r->binned.column[(size_t) c * (size_t) n + (size_t) i] = bin;
			r->binned.row[(size_t) i * 16 + (size_t) c] = bin;
			signal += c < 4 ? (bin * 37 + c * 11) % 17 - 8 : 0;
		}
		r->q[i] = ml_pair(signal * 600 + (int) ml_rng_below(&rng, 8000) - 4000,
						  (unsigned) (ml_rng_below(&rng, 10) == 0 ? 0 : 1 + ml_rng_below(&rng, 65535)));
	}
}

static void
free_rows(Rows *r)
{
	free(r->binned.row);
	free(r->binned.column);
	free(r->q);
}

/* ---- the naive twin ---- */

typedef struct Naive
{
	MlGrowNode *node;			/* from, n: its rows in list */
	int			n_nodes;
	uint32_t   *list;
} Naive;

static void
naive_split(const Rows *r, const MlGrowRule *rule, const MlGrowTree *tree, const Naive *t, MlGrowNode *node)
{
	MlCell		cell[ML_HIST_CELLS];
	int32_t		rows[ML_HIST_CELLS];
	MlSplit		best = {0};
	int64_t		i;
	int			c;

	node->split.gain = 0;
	if ((rule->max_depth > 0 && node->depth >= rule->max_depth) || node->n < 2 * rule->split.min_rows ||
		(double) node->total.h * tree->h_unit < 2 * rule->split.min_h)
		return;
	for (c = 0; c < r->binned.p; c++)
	{
		int			bins = r->info[c].n_bins;
		MlSplitNode about = {
			.total = node->total,.rows = node->n,.g_unit = tree->g_unit,.h_unit = tree->h_unit,.lower = node->lower,
			.upper = node->upper,.bounded = node->lower > -INFINITY || node->upper < INFINITY
		};

		if (tree->use && !tree->use[c])
			continue;
		memset(cell, 0, sizeof(cell));
		memset(rows, 0, sizeof(rows));
		for (i = 0; i < node->n; i++)
		{
			uint32_t	row = t->list[node->from + i];
			int			bin = ml_binned_at(&r->binned, row, c);

			bin = bin == ML_MISSING_BIN ? bins : bin;
			cell[bin].g += ml_pair_g(r->q[row]);
			cell[bin].h += ml_pair_h(r->q[row]);
			rows[bin]++;
		}
		if (r->info[c].category)
			ml_split_category(cell, rows, bins, c, &rule->split, &about, &best);
		else
			ml_split_numeric(cell, rows, bins, c, rule->monotone ? rule->monotone[c] : 0, &rule->split, &about, &best);
	}
	node->split = best;
}

static void
naive_children(const Rows *r, const MlGrowRule *rule, const MlGrowTree *tree, Naive *t, int at)
{
	MlGrowNode *node = t->node + at;
	MlGrowNode *child = t->node + t->n_nodes;
	uint32_t   *copy = malloc((size_t) node->n * sizeof(uint32_t));
	int64_t		i;
	int			side;
	int			way = rule->monotone ? rule->monotone[node->split.column] : 0;

	memcpy(copy, t->list + node->from, (size_t) node->n * sizeof(uint32_t));
	memset(child, 0, 2 * sizeof(*child));
	node->left = t->n_nodes;
	t->n_nodes += 2;
	child[0].from = node->from;
	for (side = 0; side < 2; side++)
	{
		MlGrowNode *to = child + side;

		to->from = node->from + (side ? child[0].n : 0);
		to->depth = node->depth + 1;
		to->lower = node->lower;
		to->upper = node->upper;
		for (i = 0; i < node->n; i++)
			if (ml_split_left(&node->split, ml_binned_at(&r->binned, copy[i], node->split.column)) == (side == 0))
			{
				t->list[to->from + to->n++] = copy[i];
				to->total.g += ml_pair_g(r->q[copy[i]]);
				to->total.h += ml_pair_h(r->q[copy[i]]);
			}
	}
	if (way != 0)
	{
		double		weight[2];

		for (side = 0; side < 2; side++)
			weight[side] = ml_leaf_weight((double) child[side].total.g * tree->g_unit,
										  (double) child[side].total.h * tree->h_unit, &rule->split,
										  node->lower, node->upper);
		if (way > 0)
			child[0].upper = child[1].lower = (weight[0] + weight[1]) / 2;
		else
			child[0].lower = child[1].upper = (weight[0] + weight[1]) / 2;
	}
	free(copy);
	for (side = 0; side < 2; side++)
		naive_split(r, rule, tree, t, child + side);
}

static void
naive_grow(const Rows *r, const MlGrowRule *rule, const MlGrowTree *tree, const uint32_t *rows, Naive *t)
{
	int64_t		i;
	int			leaves = 1;

	t->node = calloc((size_t) (2 * tree->n + 1), sizeof(MlGrowNode));
	t->list = malloc((size_t) tree->n * sizeof(uint32_t));
	t->n_nodes = 1;
	t->node[0].n = tree->n;
	t->node[0].lower = -INFINITY;
	t->node[0].upper = INFINITY;
	for (i = 0; i < tree->n; i++)
	{
		t->list[i] = rows[i];
		t->node[0].total.g += ml_pair_g(r->q[rows[i]]);
		t->node[0].total.h += ml_pair_h(r->q[rows[i]]);
	}
	naive_split(r, rule, tree, t, t->node);
	for (; rule->max_leaves == 0 || leaves < rule->max_leaves; leaves++)
	{
		int			best = -1;
		int			j;

		for (j = 0; j < t->n_nodes; j++)
		{
			const MlGrowNode *node = t->node + j;

			if (node->left != 0 || node->split.gain <= 0)
				continue;
			if (best < 0 || (rule->depthwise && node->depth < t->node[best].depth) ||
				((!rule->depthwise || node->depth == t->node[best].depth) &&
				 node->split.gain > t->node[best].split.gain))
				best = j;
		}
		if (best < 0)
			break;
		naive_children(r, rule, tree, t, best);
	}
}

/* ---- the grower ---- */

/* What the grower tells of its leaves. */
typedef enum Told
{
	TOLD_ROWS,					/* the rows of each */
	TOLD_BOTH,					/* and the leaf of each row */
	TOLD_LEAVES					/* the leaf of each row; rows may be scattered */
} Told;

typedef struct Grown
{
	MlGrower   *grower;
	MlGrowTree	tree;
	MlRowNodes	leaf;
	int			n_nodes;
} Grown;

static void
lead(MlTeam *team, void *arg)
{
	Grown	   *grown = arg;

	grown->n_nodes = ml_grow(grown->grower, team, &grown->tree);
}

static MlCode
grow(MlScratch *scratch, const Rows *r, const MlGrowRule *rule, const MlGrowTree *tree, const uint32_t *rows,
	 int threads, size_t limit, Told told, Grown *grown)
{
	MlStatus	status;
	MlRow	   *to;
	int64_t		i;

	host.host.threads = threads;
	grown->tree = *tree;
	grown->n_nodes = 0;
	ml_scratch_init(scratch, &host.host);
	if (ml_grower_make(&host.host, scratch, &r->binned, rule, r->binned.n, limit, &grown->grower, &status) != ML_OK)
		return status.code;
	memset(&grown->leaf, 0, sizeof(grown->leaf));
	if (told != TOLD_ROWS)
	{
		if (ml_grower_max_nodes(grown->grower) <= ML_NARROW_NODES)
			grown->leaf.narrow = ml_scratch_alloc(scratch, (size_t) r->binned.n, 1, "test", &status);
		else
			grown->leaf.wide = ml_scratch_alloc(scratch, (size_t) r->binned.n, sizeof(int32_t), "test", &status);
		if (grown->leaf.narrow == NULL && grown->leaf.wide == NULL)
			return status.code;
		for (i = 0; i < r->binned.n; i++)
			ml_row_node_set(&grown->leaf, i, ML_NO_NODE);
		grown->tree.leaf = &grown->leaf;
		grown->tree.keep_rows = told == TOLD_BOTH;
	}
	to = ml_grower_rows(grown->grower);
	for (i = 0; i < tree->n; i++)
		to[i] = (MlRow) {.row = rows[i],.q = r->q[rows[i]]};
	return ml_parallel_team(&host.host, lead, grown) ? ML_CANCELLED : ML_OK;
}

static bool
same_split(const MlSplit *a, const MlSplit *b)
{
	return a->gain == b->gain && a->column == b->column && a->category == b->category &&
		memcmp(a->left, b->left, sizeof(a->left)) == 0 && a->left_sum.g == b->left_sum.g &&
		a->left_sum.h == b->left_sum.h && a->missing_left == b->missing_left;
}

static bool
same_node(const MlGrowNode *a, const MlGrowNode *b)
{
	return a->left == b->left && a->n == b->n && a->depth == b->depth && a->total.g == b->total.g &&
		a->total.h == b->total.h && a->lower == b->lower && a->upper == b->upper &&
		(a->left == 0 || same_split(&a->split, &b->split));
}

static int
by_number(const void *a, const void *b)
{
	return *(const uint32_t *) a < *(const uint32_t *) b ? -1 : *(const uint32_t *) a > *(const uint32_t *) b;
}

/* Each row of the tree has been told its leaf, no other row anything. */
static bool
told_leaves(const Rows *r, const Grown *grown, const Naive *naive)
{
	int64_t		told = 0;
	bool		good = true;
	int64_t		i;
	int			j;

	for (j = 0; j < naive->n_nodes; j++)
		for (i = 0; naive->node[j].left == 0 && i < naive->node[j].n; i++)
			good &= ml_row_node(&grown->leaf, naive->list[naive->node[j].from + i]) == j;
	for (i = 0; i < r->binned.n; i++)
		told += ml_row_node(&grown->leaf, i) != ML_NO_NODE;
	return good && told == grown->tree.n;
}

/* The same nodes, and the same rows in each leaf. */
static bool
same_tree(const Rows *r, const Grown *grown, const Naive *naive)
{
	const MlGrowNode *node = ml_grower_nodes(grown->grower);
	uint32_t   *list = malloc((size_t) grown->tree.n * sizeof(uint32_t));
	bool		good = grown->n_nodes == naive->n_nodes;
	int64_t		i;
	int			j;

	for (j = 0; good && j < grown->n_nodes; j++)
	{
		const MlRow *row = ml_grower_node_rows(grown->grower, node + j);

		good &= same_node(node + j, naive->node + j);
		if (!good || node[j].left != 0 || node[j].scattered)
			continue;
		for (i = 0; i < node[j].n; i++)
		{
			list[i] = row[i].row;
			good &= row[i].q == r->q[row[i].row] && ml_grow_leaf(node, &r->binned, row[i].row) == j;
		}
		qsort(list, (size_t) node[j].n, sizeof(uint32_t), by_number);
		qsort(naive->list + node[j].from, (size_t) node[j].n, sizeof(uint32_t), by_number);
		good &= memcmp(list, naive->list + node[j].from, (size_t) node[j].n * sizeof(uint32_t)) == 0;
	}
	free(list);
	return good && (grown->tree.leaf == NULL || told_leaves(r, grown, naive));
}

static const struct
{
	const char *name;
	MlGrowRule	rule;
}			rules[] = {
	{"leaf by leaf", {.split = {.l2 = 1,.min_rows = 1},.max_leaves = 31}},
	{"level by level", {.split = {.l2 = 1,.min_rows = 1},.max_depth = 6,.depthwise = true}},
	{"level by level, few leaves", {.split = {.l2 = 1,.min_rows = 1},.max_leaves = 21,.depthwise = true}},
	{"leaves of 5 rows", {.split = {.l2 = 1,.min_rows = 5},.max_leaves = 31}},
	{"leaves of 50 rows", {.split = {.min_rows = 50},.max_leaves = 63,.depthwise = true}},
	{"leaves of some h", {.split = {.l2 = 1,.l1 = 0.1,.min_h = 3,.min_rows = 2,.min_gain = 0.05},.max_leaves = 40}},
	{"monotone", {.split = {.l2 = 1,.min_rows = 3},.max_leaves = 31,.monotone = monotone}},
	{"without limits",
	{.split = {.l2 = 0.1,.min_rows = 1,.category_smooth = 10,.category_l2 = 10,.category_rows = 10}}},
	{"a stump", {.split = {.min_rows = 1},.max_depth = 1}},
	{"one leaf", {.split = {.min_rows = 1},.max_leaves = 1}},
};

#define N_RULES ((int) (sizeof(rules) / sizeof(rules[0])))

/* All ways to grow a tree against the naive one. */
static bool
check_tree(const Rows *r, const MlGrowRule *rule, const MlGrowTree *tree, const uint32_t *rows)
{
	static const int threads[] = {1, 2, 8};
	bool		good = true;
	Naive		naive;
	size_t		k;

	naive_grow(r, rule, tree, rows, &naive);
	for (k = 0; k < 6; k++)
	{
		MlScratch	scratch;
		Grown		grown;

		good &= grow(&scratch, r, rule, tree, rows, threads[k / 2], k % 2 ? 1 : (size_t) 1 << 28, (Told) (k % 3),
					 &grown) == ML_OK &&
			same_tree(r, &grown, &naive);
		ml_scratch_release(&scratch);
	}
	free(naive.node);
	free(naive.list);
	return good;
}

static void
test_naive(int64_t n, int p, int bins)
{
	uint32_t   *rows = malloc((size_t) n * sizeof(uint32_t));
	uint8_t		use[MOST_P];
	char		name[128];
	Rows		r;
	int64_t		i;
	int			k;
	int			c;

	make_rows(&r, n, p, bins, (uint64_t) n);
	for (c = 0; c < p; c++)
		use[c] = c != 1;
	for (k = 0; k < N_RULES; k++)
	{
		MlGrowTree	tree = {.n = n,.g_unit = 1.0 / 32766,.h_unit = 1.0 / 65534};
		MlGrowRule	rule = rules[k].rule;

		rule.column_share = 1;
		/* the naive twin is slow where there are many leaves, and many rows */
		if ((n > 2000 && rules[k].rule.max_leaves == 0 && rules[k].rule.max_depth == 0) || (n > 10000 && k % 3 != 0))
			continue;
		for (i = 0; i < n; i++)
			rows[i] = (uint32_t) i;
		if (k % 2 && n > 2)
		{
			/* a bag, and not all columns */
			for (i = tree.n = 0; i < n; i++)
				if (i % 3 != 1)
					rows[tree.n++] = (uint32_t) i;
			tree.use = p > 1 ? use : NULL;
		}
		snprintf(name, sizeof(name), "%lld rows, %s: the naive tree, by any threads and memory", (long long) n,
				 rules[k].name);
		OK(check_tree(&r, &rule, &tree, rows), name);
	}
	free_rows(&r);
	free(rows);
}

/* Columns drawn for each node: the same ones whatever threads and memory, and not always the best. */
static void
test_columns(void)
{
	MlGrowRule	rule = {.split = {.l2 = 1,.min_rows = 1},.max_leaves = 31,.column_share = 0.5};
	MlGrowTree	tree = {.n = 3000,.g_unit = 1.0 / 32766,.h_unit = 1.0 / 65534,.key = 4711};
	static const int threads[] = {1, 2, 8, 1, 2, 8};
	uint32_t	rows[3000];
	MlGrowNode	first[61];
	int			n_first = 0;
	bool		good = true;
	bool		drawn = false;
	Rows		r;
	Naive		naive;
	int			k;
	int			j;

	make_rows(&r, 3000, 8, 200, 5);
	for (j = 0; j < 3000; j++)
		rows[j] = (uint32_t) j;
	naive_grow(&r, &rule, &tree, rows, &naive);
	for (k = 0; k < 6; k++)
	{
		MlScratch	scratch;
		Grown		grown;

		good &= grow(&scratch, &r, &rule, &tree, rows, threads[k], k < 3 ? 1 << 28 : 1, TOLD_LEAVES, &grown) == ML_OK;
		if (k == 0)
		{
			n_first = grown.n_nodes;
			memcpy(first, ml_grower_nodes(grown.grower), (size_t) n_first * sizeof(MlGrowNode));
		}
		good &= grown.n_nodes == n_first;
		for (j = 0; good && j < n_first; j++)
			good &= same_node(first + j, ml_grower_nodes(grown.grower) + j);
		ml_scratch_release(&scratch);
	}
	for (j = 0; j < n_first && j < naive.n_nodes; j++)
		drawn |= first[j].left != 0 && first[j].split.column != naive.node[j].split.column;
	OK(good && n_first == 61, "columns drawn for each node are the same by any threads and memory");
	OK(drawn, "and not those of a tree that may use all");
	free(naive.node);
	free(naive.list);
	free_rows(&r);
}

/* Many rows: all threads on one node; the naive tree is too slow to be whole, so threads against each other. */
static void
test_large(void)
{
	MlGrowRule	rule = {.split = {.l2 = 1,.min_rows = 3},.depthwise = true,.column_share = 1};
	MlGrowTree	tree = {.n = 100000,.g_unit = 1.0 / 32766,.h_unit = 1.0 / 65534,.key = 1};
	static const int threads[] = {1, 2, 8, 8};
	uint32_t   *rows = malloc(100000 * sizeof(uint32_t));
	MlGrowNode *first = NULL;
	int			n_first = 0;
	bool		good = true;
	bool		counted = true;
	Rows		r;
	int			k;
	int			j;

	make_rows(&r, 100000, 8, 255, 6);
	for (j = 0; j < 100000; j++)
		rows[j] = (uint32_t) j;
	for (k = 0; k < 4; k++)
	{
		MlScratch	scratch;
		Grown		grown;
		const MlGrowNode *node;

		rule.depthwise = k != 3;
		good &= grow(&scratch, &r, &rule, &tree, rows, threads[k], k < 2 ? 1 << 28 : 1 << 20, TOLD_LEAVES,
					 &grown) == ML_OK;
		node = ml_grower_nodes(grown.grower);
		if (k == 0)
		{
			n_first = grown.n_nodes;
			first = malloc((size_t) n_first * sizeof(MlGrowNode));
			memcpy(first, node, (size_t) n_first * sizeof(MlGrowNode));
		}
		good &= grown.n_nodes == n_first;
		for (j = 0; good && k < 3 && j < n_first; j++)
			good &= same_node(first + j, node + j);
		for (j = 0; j < grown.n_nodes; j++)
			counted &= node[j].n >= 3 && (node[j].left == 0 || node[j].left > j) &&
				(node[j].left == 0 || node[j].n == node[node[j].left].n + node[node[j].left + 1].n);
		ml_scratch_release(&scratch);
	}
	OK(good && n_first > 5000, "a large tree without limits: the same by any threads, memory and order");
	OK(counted, "its leaves have the rows they need");
	free(first);
	free(rows);
	free_rows(&r);
}

/* One row weighs as much as many others: sums prove nothing, so rows are counted, by all threads. */
static void
test_counted(void)
{
	const int64_t n = 140000;
	MlGrowRule	rule = {.split = {.l2 = 1,.min_rows = 20000},.max_leaves = 6,.column_share = 1};
	MlGrowTree	tree = {.n = n,.g_unit = 1.0 / 32766,.h_unit = 1.0 / 65534};
	uint32_t   *rows = malloc((size_t) n * sizeof(uint32_t));
	Rows		r;
	int64_t		i;

	make_rows(&r, n, 4, 100, 11);
	for (i = 0; i < n; i++)
	{
		rows[i] = (uint32_t) i;
		r.q[i] = ml_pair(ml_pair_g(r.q[i]) / 100, i == 77 ? 65535 : 1);
	}
	OK(check_tree(&r, &rule, &tree, rows), "rows counted by all threads: the naive tree");
	free_rows(&r);
	free(rows);
}

static void
test_failures(void)
{
	MlGrowRule	rule = {.split = {.l2 = 1,.min_rows = 1},.max_leaves = 31,.column_share = 1};
	MlGrowTree	tree = {.n = 1000,.g_unit = 1,.h_unit = 1};
	uint32_t	rows[1000];
	MlCode		code = ML_NO_MEMORY;
	bool		good = true;
	Rows		r;
	int			j;

	make_rows(&r, 1000, 6, 50, 9);
	for (j = 0; j < 1000; j++)
		rows[j] = (uint32_t) j;
	for (host.fail_at = 1; code == ML_NO_MEMORY; host.fail_at++)
	{
		MlScratch	scratch;
		Grown		grown;

		host.n_alloc = 0;
		code = grow(&scratch, &r, &rule, &tree, rows, 2, 1, TOLD_BOTH, &grown);
		ml_scratch_release(&scratch);
		good &= host.n_alive == 0 && (code == ML_NO_MEMORY || code == ML_OK);
	}
	OK(good && host.fail_at > 10, "every allocation may fail");
	host.fail_at = 0;
	free_rows(&r);
}

int
main(void)
{
	static const int64_t sizes[] = {1, 2, 3, 10, 100, 1000, 5000};
	size_t		k;

	test_host_init(&host, 1);
	for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
		test_naive(sizes[k], k == 3 ? 1 : 7, k == 5 ? 255 : 40);
	test_naive(70000, 4, 100);
	test_columns();
	test_large();
	test_counted();
	test_failures();
	return tap_done();
}
