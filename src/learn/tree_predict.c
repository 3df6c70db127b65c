/*
 * tree_predict.c: walking many trees side by side.
 *
 * A walk is a chain of loads, each waiting for the one before it; sixteen
 * walks at a time keep the memory busy.  A walk that has reached its leaf
 * stays there until all sixteen have.
 */
#include <math.h>
#include <string.h>

#include "learn/tree.h"

#define TOGETHER 16

/* Leaves of trees [0, n), n <= TOGETHER, for one row; numbers only. */
static inline void
walk_numbers(const MlTreeNode *node, const uint32_t *root, int n, const double *x, uint32_t *leaf)
{
	uint32_t	active;
	int			i;

	for (i = 0; i < n; i++)
		leaf[i] = root[i];
	do
	{
		active = 0;
		for (i = 0; i < n; i++)
		{
			const MlTreeNode *at = node + leaf[i];
			double		v = x[at->column & ML_NODE_COLUMN];
			uint32_t	right = v != v ? !(at->column & ML_NODE_MISSING_LEFT) : !(v <= at->u.threshold);
			uint32_t	next = at->left + right;

			active |= at->left;
			leaf[i] = at->left ? next : leaf[i];
		}
	} while (active);
}

static inline void
walk_any(const MlTrees *t, const uint32_t *root, int n, const double *x, uint32_t *leaf)
{
	uint32_t	active;
	int			i;

	for (i = 0; i < n; i++)
		leaf[i] = root[i];
	do
	{
		active = 0;
		for (i = 0; i < n; i++)
		{
			const MlTreeNode *at = t->node + leaf[i];

			if (at->left == 0)
				continue;
			active = 1;
			leaf[i] = at->left + !ml_tree_goes_left(t, at, x);
		}
	} while (active);
}

static void
walk(const MlTrees *t, const uint32_t *root, int n, const double *x, uint32_t *leaf)
{
	if (t->n_words > 0)
		walk_any(t, root, n, x, leaf);
	else if (n == TOGETHER)
		walk_numbers(t->node, root, TOGETHER, x, leaf);
	else
		walk_numbers(t->node, root, n, x, leaf);
}

static void
margin_of_row(const MlTrees *t, const double *x, double *margin)
{
	uint32_t	leaf[TOGETHER];
	uint32_t	tree;
	int			k = t->n_outputs;
	int			c;

	/* sums begin with the base, as boosting's scores do */
	for (c = 0; c < k; c++)
		margin[c] = t->flags & ML_TREES_AVERAGE ? 0 : t->base[c];
	for (tree = 0; tree < t->n_trees; tree += TOGETHER)
	{
		int			n = t->n_trees - tree < TOGETHER ? (int) (t->n_trees - tree) : TOGETHER;
		int			i;

		walk(t, t->root + tree, n, x, leaf);
		for (i = 0; i < n; i++)
			if (!(t->flags & ML_TREES_VECTOR))
				margin[k == 1 ? 0 : (tree + (uint32_t) i) % (uint32_t) k] += t->node[leaf[i]].u.value;
			else
				for (c = 0; c < k; c++)
					margin[c] += t->vector[t->node[leaf[i]].u.vector + (uint64_t) c];
	}
	for (c = 0; c < k && (t->flags & ML_TREES_AVERAGE); c++)
		margin[c] = t->base[c] + (t->n_trees > 0 ? margin[c] / t->n_trees : 0);
}

void
ml_trees_margin(const MlModel *model, const double *x, int64_t n, double *margin)
{
	/* walks look at column 0 at a leaf, too */
	static const double nothing[1] = {0.0};
	const MlTrees *t = model->state;
	int64_t		i;

	for (i = 0; i < n; i++)
		margin_of_row(t, model->prep.p > 0 ? x + (size_t) i * (size_t) model->prep.p : nothing,
					  margin + (size_t) i * (size_t) t->n_outputs);
}
