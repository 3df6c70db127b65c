/*
 * tree_predict.c: sixteen walks at a time.
 *
 * A walk is a chain of loads, each waiting for the one before it: of sixteen
 * side by side the memory and the processor always have one to go on with.
 * For one row they are walks of sixteen trees, for many rows those of sixteen
 * rows through one tree, whose nodes then stay near.  A step has no branch,
 * as nobody can guess it: as many steps as the shortest path has are taken by
 * all, and then a walk that has reached its leaf stays there until all have.
 *
 * Invariant: a row's margin is the same to the last bit whatever rows come
 * with it: the base, and then the trees in their order.
 */
#include <string.h>

#include "learn/tree.h"

#define TOGETHER 16

/* What a walk may meet; fewer questions are asked where less is possible. */
typedef enum Kind
{
	WALK_NUMBERS,				/* no categories in the trees, no missing value in the rows */
	WALK_MISSING,				/* no categories in the trees */
	WALK_ANY
} Kind;

/* Does the step go right?  No branches. */
static inline __attribute__((always_inline)) uint32_t
goes_right(const MlTrees *t, const MlTreeNode *node, const double *x, Kind kind)
{
	uint32_t	column = node->column;
	double		v = x[column & ML_NODE_COLUMN];
	uint32_t	left = v <= node->u.threshold;
	uint32_t	missing_left = column >> 31;

	if (kind == WALK_NUMBERS)
		return left ^ 1;
	if (kind == WALK_ANY)
	{
		/* a node with numbers looks at bit 0 of word 0, and forgets what it saw */
		uint32_t	category = (column & ML_NODE_CATEGORY) != 0;
		uint32_t	known = v >= 0;
		uint64_t	level = (uint64_t) (int64_t) (category & known ? v : 0.0);
		uint64_t	set = node->u.set & (0 - (uint64_t) category);
		uint32_t	bit = (uint32_t) (t->word[set + (level >> 6)] >> (level & 63)) & 1;
		uint32_t	lost = (category & (known ^ 1)) | (v != v);

		left = (category & bit) | ((category ^ 1) & left);
		return ((lost & missing_left) | ((lost ^ 1) & left)) ^ 1;
	}
	/* v <= threshold is false for a missing one */
	return (left | (missing_left & (v != v))) ^ 1;
}

/* One step of all, which leaves those at their leaf there; false when all are. */
static inline __attribute__((always_inline)) bool
step(const MlTrees *t, uint32_t *at, const double *x, size_t stride, Kind kind)
{
	uint32_t	active = 0;
	int			i;

	/* written out sixteen times it would not fit the registers any better, and less of it the cache */
#pragma GCC unroll 1
	for (i = 0; i < TOGETHER; i++)
	{
		const MlTreeNode *here = t->node + at[i];
		uint32_t	left = here->left;
		uint32_t	next = left + goes_right(t, here, x + (size_t) i * stride, kind);

		active |= left;
		/* left ? next : at[i], but never as a branch */
		at[i] ^= (at[i] ^ next) & (0 - (uint32_t) (left != 0));
	}
	return active != 0;
}

/*
 * at: sixteen nodes of departure, then leaves; the rows stand `stride` apart,
 * 0 = one row for all.  No path has less than `even` inner nodes, none more
 * than `deep`.
 */
static inline __attribute__((always_inline)) void
walk(const MlTrees *t, uint32_t *at, int even, int deep, const double *x, size_t stride, Kind kind)
{
	const MlTreeNode *node = t->node;
	int			level;
	int			i;

	for (level = 0; level < even; level++)
	{
#pragma GCC unroll 1
		for (i = 0; i < TOGETHER; i++)
			at[i] = node[at[i]].left + goes_right(t, node + at[i], x + (size_t) i * stride, kind);
	}
	for (; level < deep; level++)
		(void) step(t, at, x, stride, kind);
	while (deep == ML_TREE_DEEP && step(t, at, x, stride, kind))
		;
}

static __attribute__((noinline)) void
walk_trees(const MlTrees *t, uint32_t *at, int even, int deep, const double *x, Kind kind)
{
	if (kind == WALK_NUMBERS)
		walk(t, at, even, deep, x, 0, WALK_NUMBERS);
	else if (kind == WALK_MISSING)
		walk(t, at, even, deep, x, 0, WALK_MISSING);
	else
		walk(t, at, even, deep, x, 0, WALK_ANY);
}

static __attribute__((noinline)) void
walk_rows(const MlTrees *t, uint32_t *at, int even, int deep, const double *x, size_t stride, Kind kind)
{
	if (kind == WALK_NUMBERS)
		walk(t, at, even, deep, x, stride, WALK_NUMBERS);
	else if (kind == WALK_MISSING)
		walk(t, at, even, deep, x, stride, WALK_MISSING);
	else
		walk(t, at, even, deep, x, stride, WALK_ANY);
}

static Kind
kind_of(const MlTrees *t, const double *x, size_t n)
{
	bool		missing = false;
	size_t		i;

	if (t->n_words > 0)
		return WALK_ANY;
	for (i = 0; i < n; i++)
		missing |= x[i] != x[i];
	return missing ? WALK_MISSING : WALK_NUMBERS;
}

static inline void
add_leaf(const MlTrees *t, uint32_t tree, uint32_t leaf, double *margin)
{
	int			k = t->n_outputs;
	int			c;

	if (!(t->flags & ML_TREES_VECTOR))
		margin[k == 1 ? 0 : tree % (uint32_t) k] += t->node[leaf].u.value;
	else
		for (c = 0; c < k; c++)
			margin[c] += t->vector[t->node[leaf].u.vector + (uint64_t) c];
}

static void
begin(const MlTrees *t, double *margin)
{
	int			c;

	/* sums begin with the base, as boosting's scores do */
	for (c = 0; c < t->n_outputs; c++)
		margin[c] = t->flags & ML_TREES_AVERAGE ? 0 : t->base[c];
}

static void
finish(const MlTrees *t, double *margin)
{
	int			c;

	for (c = 0; c < t->n_outputs && (t->flags & ML_TREES_AVERAGE); c++)
		margin[c] = t->base[c] + (t->n_trees > 0 ? margin[c] / t->n_trees : 0);
}

static void
margin_of_row(const MlTrees *t, const double *x, size_t p, double *margin)
{
	Kind		kind = kind_of(t, x, p);
	uint32_t	at[TOGETHER];
	uint32_t	tree;

	begin(t, margin);
	for (tree = 0; tree < t->n_trees; tree += TOGETHER)
	{
		uint32_t	n = t->n_trees - tree < TOGETHER ? t->n_trees - tree : TOGETHER;
		int			even = t->even[tree];
		int			deep = t->deep[tree];
		uint32_t	i;

		/* what is left over goes along with the first */
		for (i = 0; i < TOGETHER; i++)
			at[i] = t->root[tree + (i < n ? i : 0)];
		for (i = 1; i < n; i++)
		{
			even = t->even[tree + i] < even ? t->even[tree + i] : even;
			deep = t->deep[tree + i] > deep ? t->deep[tree + i] : deep;
		}
		walk_trees(t, at, even, deep, x, kind);
		for (i = 0; i < n; i++)
			add_leaf(t, tree + i, at[i], margin);
	}
	finish(t, margin);
}

/* TOGETHER rows. */
static void
margin_of_rows(const MlTrees *t, const double *x, size_t p, double *margin)
{
	Kind		kind = kind_of(t, x, p * TOGETHER);
	size_t		k = (size_t) t->n_outputs;
	uint32_t	at[TOGETHER];
	uint32_t	tree;
	size_t		i;

	for (i = 0; i < TOGETHER; i++)
		begin(t, margin + i * k);
	for (tree = 0; tree < t->n_trees; tree++)
	{
		for (i = 0; i < TOGETHER; i++)
			at[i] = t->root[tree];
		walk_rows(t, at, t->even[tree], t->deep[tree], x, p, kind);
		for (i = 0; i < TOGETHER; i++)
			add_leaf(t, tree, at[i], margin + i * k);
	}
	for (i = 0; i < TOGETHER; i++)
		finish(t, margin + i * k);
}

void
ml_trees_margin(const MlModel *model, const double *x, int64_t n, double *margin)
{
	/* walks look at column 0 at a leaf, too */
	static const double nothing[1] = {0.0};
	const MlTrees *t = model->state;
	size_t		p = (size_t) model->prep.p;
	size_t		k = (size_t) t->n_outputs;
	int64_t		i = 0;

	for (; p > 0 && i + TOGETHER <= n; i += TOGETHER)
		margin_of_rows(t, x + (size_t) i * p, p, margin + (size_t) i * k);
	for (; i < n; i++)
		margin_of_row(t, p > 0 ? x + (size_t) i * p : nothing, p, margin + (size_t) i * k);
}

double
ml_trees_steps(const MlTrees *t)
{
	double		steps = 0;
	uint32_t	tree;

	for (tree = 0; tree < t->n_trees; tree++)
		steps += 1 + (t->deep[tree] < ML_TREE_DEEP ? t->deep[tree] : t->depth);
	return steps;
}
