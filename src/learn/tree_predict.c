/*
 * tree_predict.c: eight walks at a time.
 *
 * A walk is a chain of loads, each waiting for the one before it: of several
 * side by side the memory and the processor always have one to go on with.
 * For one row they are walks of eight trees, for many rows those of eight
 * rows through one tree, whose nodes then stay near.  A step has no branch,
 * as nobody can guess it: all take as many as the longest path has, and a walk
 * that has reached its leaf stays there.
 *
 * Invariant: a row's margin is the same to the last bit whatever rows come
 * with it: the base, and then the trees in their order.
 */
#include <string.h>

#include "learn/tree.h"

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

/* One step of all; those at their leaf stay there. */
static inline __attribute__((always_inline)) void
step(const MlTrees *t, uint32_t *at, const double *x, size_t stride, Kind kind)
{
#pragma GCC unroll 8
	for (int i = 0; i < ML_TREE_WALKS; i++)
	{
		const MlTreeNode *here = t->node + at[i];

		at[i] = here->left + goes_right(t, here, x + (size_t) i * stride, kind);
	}
}

/*
 * from: nodes of departure -> leaves; the rows stand `stride` apart, 0 = one
 * row for all.  No path has more than `deep` inner nodes.
 */
static inline __attribute__((always_inline)) void
walk(const MlTrees *t, uint32_t *from, int deep, const double *x, size_t stride, Kind kind)
{
	uint32_t	at[ML_TREE_WALKS];
	int			level;

	memcpy(at, from, sizeof(at));
	for (level = 0; level < deep; level++)
		step(t, at, x, stride, kind);
	/* a byte counts no further */
	while (deep == ML_TREE_DEEP && memcmp(at, from, sizeof(at)) != 0)
	{
		memcpy(from, at, sizeof(at));
		step(t, at, x, stride, kind);
	}
	memcpy(from, at, sizeof(at));
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
		margin[k == 1 ? 0 : tree % (uint32_t) k] += t->says[leaf];
	else
		for (c = 0; c < k; c++)
			margin[c] += t->vector[(uint64_t) t->says[leaf] + (uint64_t) c];
}

/* What n trees from `tree` on say of a row, in their order; one number stays in its register. */
static inline __attribute__((always_inline)) void
add_leaves(const MlTrees *t, uint32_t tree, uint32_t n, const uint32_t *leaf, double *margin)
{
	double		sum = *margin;
	uint32_t	i;

	if (t->n_outputs > 1)
	{
		for (i = 0; i < n; i++)
			add_leaf(t, tree + i, leaf[i], margin);
		return;
	}
	for (i = 0; i < n; i++)
		sum += ml_tree_leaf_value(t, leaf[i], 0);
	*margin = sum;
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

static inline __attribute__((always_inline)) void
add_trees(const MlTrees *t, const double *x, double *margin, Kind kind)
{
	uint32_t	at[ML_TREE_WALKS];
	uint32_t	tree;
	uint32_t	i;

	for (tree = 0; t->n_trees - tree >= ML_TREE_WALKS; tree += ML_TREE_WALKS)
	{
		memcpy(at, t->root + tree, sizeof(at));
		walk(t, at, t->deepest[tree / ML_TREE_WALKS], x, 0, kind);
		add_leaves(t, tree, ML_TREE_WALKS, at, margin);
	}
	if (tree == t->n_trees)
		return;
	/* what is left over goes along with the first */
	for (i = 0; i < ML_TREE_WALKS; i++)
		at[i] = t->root[tree + (i < t->n_trees - tree ? i : 0)];
	walk(t, at, t->deepest[tree / ML_TREE_WALKS], x, 0, kind);
	add_leaves(t, tree, t->n_trees - tree, at, margin);
}

static void
margin_of_row(const MlTrees *t, const double *x, size_t p, double *margin)
{
	Kind		kind = kind_of(t, x, p);

	begin(t, margin);
	if (kind == WALK_NUMBERS)
		add_trees(t, x, margin, WALK_NUMBERS);
	else if (kind == WALK_MISSING)
		add_trees(t, x, margin, WALK_MISSING);
	else
		add_trees(t, x, margin, WALK_ANY);
	finish(t, margin);
}

/* To ML_TREE_WALKS rows. */
static inline __attribute__((always_inline)) void
add_tree(const MlTrees *t, uint32_t tree, const double *x, size_t p, double *margin, Kind kind)
{
	uint32_t	at[ML_TREE_WALKS];
	int			i;

	for (i = 0; i < ML_TREE_WALKS; i++)
		at[i] = t->root[tree];
	walk(t, at, t->deep[tree], x, p, kind);
	for (i = 0; i < ML_TREE_WALKS; i++)
		add_leaf(t, tree, at[i], margin + (size_t) i * (size_t) t->n_outputs);
}

/* ML_TREE_WALKS rows. */
static void
margin_of_rows(const MlTrees *t, const double *x, size_t p, double *margin)
{
	Kind		kind = kind_of(t, x, p * ML_TREE_WALKS);
	size_t		k = (size_t) t->n_outputs;
	uint32_t	tree;
	size_t		i;

	for (i = 0; i < ML_TREE_WALKS; i++)
		begin(t, margin + i * k);
	for (tree = 0; tree < t->n_trees && kind == WALK_NUMBERS; tree++)
		add_tree(t, tree, x, p, margin, WALK_NUMBERS);
	for (tree = 0; tree < t->n_trees && kind == WALK_MISSING; tree++)
		add_tree(t, tree, x, p, margin, WALK_MISSING);
	for (tree = 0; tree < t->n_trees && kind == WALK_ANY; tree++)
		add_tree(t, tree, x, p, margin, WALK_ANY);
	for (i = 0; i < ML_TREE_WALKS; i++)
		finish(t, margin + i * k);
}

size_t
ml_trees_margin_room(const MlModel *model)
{
	const MlPrep *prep = &model->prep;

	return prep->n_extra > 0 ? ML_TREE_WALKS * ((size_t) prep->p + (size_t) prep->n_extra) : 0;
}

/* n rows as trees want them: in place, or in room. */
static const double *
extended(const MlPrep *prep, const double *x, int n, double *room)
{
	size_t		width = (size_t) prep->p + (size_t) prep->n_extra;
	int			i;

	if (prep->n_extra == 0)
		return x;
	for (i = 0; i < n; i++)
		ml_prep_extend(prep, x + (size_t) i * (size_t) prep->p, room + (size_t) i * width);
	return room;
}

void
ml_trees_margin(const MlModel *model, const double *x, int64_t n, double *margin, double *room)
{
	/* walks look at column 0 at a leaf, too */
	static const double nothing[1] = {0.0};
	const MlTrees *t = model->state;
	size_t		p = (size_t) model->prep.p;
	size_t		width = p + (size_t) model->prep.n_extra;
	size_t		k = (size_t) t->n_outputs;
	int64_t		i = 0;

	for (; p > 0 && i + ML_TREE_WALKS <= n; i += ML_TREE_WALKS)
		margin_of_rows(t, extended(&model->prep, x + (size_t) i * p, ML_TREE_WALKS, room), width,
					   margin + (size_t) i * k);
	for (; i < n; i++)
		margin_of_row(t, p > 0 ? extended(&model->prep, x + (size_t) i * p, 1, room) : nothing, width,
					  margin + (size_t) i * k);
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
