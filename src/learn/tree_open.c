/*
 * tree_open.c: stored trees are checked once, node by node.
 *
 * After ml_trees_open a walk needs no check: children lie behind their
 * parent and within their tree, so every walk ends; columns, words and values
 * lie within their arrays, and levels of the column within the words of the
 * node.
 */
#include <math.h>
#include <string.h>

#include "learn/bytes.h"
#include "learn/tree_bytes.h"

static MlCode
damaged(MlStatus *status, const char *what)
{
	return ml_status_set(status, ML_BAD_BYTES, "model bytes are damaged: %s", what);
}

/* The next array of the section, NULL when it does not fit. */
static const void *
next_array(const MlModel *model, size_t *at, uint64_t count, size_t size)
{
	const void *array = ml_read_array(model->section, model->section_size, *at, count, size);

	if (array)
		*at += (size_t) count * size;
	return array;
}

static MlCode
read_arrays(const MlModel *model, MlTrees *t, MlStatus *status)
{
	const MlTreeHead *head;
	size_t		at = 0;

	head = next_array(model, &at, 1, sizeof(MlTreeHead));
	if (head == NULL)
		return damaged(status, "no trees");
	if ((head->flags & ~ML_TREES_FLAGS) != 0 || head->n_outputs != (uint32_t) model->n_outputs ||
		((head->flags & ML_TREES_LOG_LINK) && model->task != ML_REGRESSION))
		return damaged(status, "trees of another kind");
	t->flags = head->flags;
	t->n_outputs = model->n_outputs;
	t->n_trees = head->n_trees;
	t->n_nodes = head->n_nodes;
	t->n_words = head->n_words;
	t->n_vectors = head->n_vectors;
	t->base = next_array(model, &at, head->n_outputs, sizeof(double));
	t->root = t->base ? next_array(model, &at, head->n_trees, sizeof(uint32_t)) : NULL;
	at = (at + 7) / 8 * 8;
	t->node = t->root ? next_array(model, &at, head->n_nodes, sizeof(MlTreeNode)) : NULL;
	t->cover = t->node ? next_array(model, &at, head->n_nodes, sizeof(double)) : NULL;
	t->gain = t->cover ? next_array(model, &at, head->n_nodes, sizeof(double)) : NULL;
	t->word = t->gain ? next_array(model, &at, head->n_words, sizeof(uint64_t)) : NULL;
	t->vector = t->word ? next_array(model, &at, head->n_vectors, sizeof(double)) : NULL;
	if (t->vector == NULL)
		return damaged(status, "trees outside");
	if (at != model->section_size)
		return damaged(status, "more bytes than trees");
	return ML_OK;
}

/* A node of the tree whose nodes are [.., end). */
static bool
node_is_sound(const MlModel *model, const MlTrees *t, uint32_t i, uint32_t end)
{
	const MlTreeNode *node = t->node + i;
	const MlPrepColumn *column;

	if (!isfinite(t->cover[i]) || !(t->cover[i] >= 0) || !isfinite(t->gain[i]))
		return false;
	if (node->left == 0)
	{
		if (node->column != 0)
			return false;
		if (!(t->flags & ML_TREES_VECTOR))
			return isfinite(node->u.value);
		return node->u.vector <= t->n_vectors && t->n_vectors - node->u.vector >= (uint64_t) t->n_outputs;
	}
	if (node->left <= i || node->left >= end - 1 ||
		(node->column & ~(ML_NODE_MISSING_LEFT | ML_NODE_CATEGORY | ML_NODE_COLUMN)) != 0 ||
		(int64_t) (node->column & ML_NODE_COLUMN) >= model->prep.p)
		return false;
	column = model->prep.column + (node->column & ML_NODE_COLUMN);
	if (!(node->column & ML_NODE_CATEGORY))
		return column->kind == ML_NUMERIC && !isnan(node->u.threshold);
	return column->kind == ML_CATEGORY && node->u.set <= t->n_words &&
		t->n_words - node->u.set >= ((uint64_t) column->n_levels + 63) / 64;
}

MlCode
ml_trees_open(MlHost *host, MlModel *model, MlStatus *status)
{
	MlTrees    *t = ml_alloc_zero(host, 1, sizeof(MlTrees));
	MlCode		code;
	uint32_t	i;
	uint64_t	v;
	int			k;

	if (t == NULL)
		return ml_no_memory(status, sizeof(MlTrees), "model");
	code = read_arrays(model, t, status);
	if (code != ML_OK)
		return code;
	for (k = 0; k < t->n_outputs; k++)
		if (!isfinite(t->base[k]))
			return damaged(status, "a base is not a number");
	for (v = 0; v < t->n_vectors; v++)
		if (!isfinite(t->vector[v]))
			return damaged(status, "a leaf is not a number");
	if ((t->n_trees == 0) != (t->n_nodes == 0) || (t->n_trees > 0 && t->root[0] != 0))
		return damaged(status, "trees without nodes");
	for (i = 0; i < t->n_trees; i++)
	{
		uint32_t	end = i + 1 < t->n_trees ? t->root[i + 1] : t->n_nodes;
		uint32_t	n;

		if (end <= t->root[i] || end > t->n_nodes)
			return damaged(status, "trees out of order");
		for (n = t->root[i]; n < end; n++)
			if (!node_is_sound(model, t, n, end))
				return damaged(status, "impossible node");
	}
	model->state = t;
	model->log_link = (t->flags & ML_TREES_LOG_LINK) != 0;
	return ML_OK;
}
