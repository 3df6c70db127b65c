/*
 * tree_open.c: stored trees are checked once, node by node.
 *
 * After ml_trees_open a walk needs no check: children lie behind their
 * parent and within their tree and have no other, so every walk ends, also
 * one over all nodes; columns, words and values lie within their arrays, and
 * levels of the column within the words of the node.
 */
#include <math.h>
#include <string.h>

#include "learn/bytes.h"
#include "learn/learner.h"
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
	t->says = t->cover ? next_array(model, &at, head->n_nodes, sizeof(double)) : NULL;
	t->word = t->says ? next_array(model, &at, head->n_words, sizeof(uint64_t)) : NULL;
	t->vector = t->word ? next_array(model, &at, head->n_vectors, sizeof(double)) : NULL;
	if (t->vector == NULL)
		return damaged(status, "trees outside");
	if (at != model->section_size)
		return damaged(status, "more bytes than trees");
	return ML_OK;
}

/* Values of a leaf begin there. */
static bool
vector_is_sound(const MlTrees *t, double from)
{
	return from >= 0 && from < 0x1p53 && from == floor(from) && (uint64_t) from <= t->n_vectors &&
		t->n_vectors - (uint64_t) from >= (uint64_t) t->n_outputs;
}

/* A node of the tree whose nodes are [.., end). */
static bool
node_is_sound(const MlModel *model, const MlTrees *t, uint32_t i, uint32_t end)
{
	const MlTreeNode *node = t->node + i;
	const MlPrepColumn *column;

	if (!isfinite(t->cover[i]) || !(t->cover[i] >= 0) || !isfinite(t->says[i]))
		return false;
	if (ml_tree_is_leaf(t, i))
	{
		if (node->column != ML_NODE_MISSING_LEFT || node->u.threshold != INFINITY)
			return false;
		return !(t->flags & ML_TREES_VECTOR) || vector_is_sound(t, t->says[i]);
	}
	if (node->left <= i || node->left >= end - 1 ||
		(node->column & ~(ML_NODE_MISSING_LEFT | ML_NODE_CATEGORY | ML_NODE_COLUMN)) != 0 ||
		(int64_t) (node->column & ML_NODE_COLUMN) >= (int64_t) model->prep.p + model->prep.n_extra)
		return false;
	if ((int64_t) (node->column & ML_NODE_COLUMN) >= model->prep.p)
		return !(node->column & ML_NODE_CATEGORY) && !isnan(node->u.threshold);
	column = model->prep.column + (node->column & ML_NODE_COLUMN);
	if (!(node->column & ML_NODE_CATEGORY))
		return column->kind == ML_NUMERIC && !isnan(node->u.threshold);
	return column->kind == ML_CATEGORY && column->encode == ML_ENCODE_NONE && column->n_levels > 0 &&
		node->u.set <= t->n_words && t->n_words - node->u.set >= ((uint64_t) column->n_levels + 63) / 64;
}

/*
 * Nodes [from, end) are one tree: each but the first is the child of exactly
 * one before it (a walk over all of them then ends).  depth: room for them;
 * false = they are not.
 */
static bool
tree_is_sound(const MlModel *model, MlTrees *t, uint32_t from, uint32_t end, uint32_t *depth, uint8_t *deep)
{
	uint32_t	i;

	memset(depth, 0, (size_t) (end - from) * sizeof(uint32_t));
	*deep = 0;
	for (i = from; i < end; i++)
	{
		const MlTreeNode *node = t->node + i;
		uint32_t	at = depth[i - from];
		uint32_t   *child;

		if (!node_is_sound(model, t, i, end) || (i > from && at == 0))
			return false;
		if (ml_tree_is_leaf(t, i))
		{
			if (at > *deep)
				*deep = at < ML_TREE_DEEP ? (uint8_t) at : ML_TREE_DEEP;
			continue;
		}
		if (++at > t->depth)
			t->depth = at;
		child = depth + (node->left - from);
		if (child[0] != 0 || child[1] != 0)
			return false;
		child[0] = child[1] = at;
	}
	return true;
}

static void
raise_to(uint8_t *deepest, uint8_t deep)
{
	*deepest = deep > *deepest ? deep : *deepest;
}

static MlCode
check_trees(MlHost *host, const MlModel *model, MlTrees *t, MlStatus *status)
{
	uint32_t	largest = 1;
	uint32_t   *depth;
	uint8_t    *deep;
	uint32_t	i;

	if ((t->n_trees == 0) != (t->n_nodes == 0) || (t->n_trees > 0 && t->root[0] != 0) ||
		(!(t->flags & ML_TREES_VECTOR) && t->n_trees % (uint32_t) t->n_outputs != 0))
		return damaged(status, "too few nodes or trees");
	for (i = 0; i < t->n_trees; i++)
	{
		uint32_t	end = i + 1 < t->n_trees ? t->root[i + 1] : t->n_nodes;

		if (end <= t->root[i] || end > t->n_nodes)
			return damaged(status, "trees out of order");
		if (end - t->root[i] > largest)
			largest = end - t->root[i];
	}
	deep = ml_alloc_zero(host, 2 * (size_t) t->n_trees + 1, sizeof(uint8_t));
	if (deep == NULL)
		return ml_no_memory(status, 2 * (size_t) t->n_trees + 1, "model");
	depth = ml_alloc_array(host, largest, sizeof(uint32_t));
	if (depth == NULL)
		return ml_no_memory(status, (size_t) largest * sizeof(uint32_t), "model");
	t->deep = deep;
	t->deepest = deep + t->n_trees;
	for (i = 0; i < t->n_trees; i++)
		if (!tree_is_sound(model, t, t->root[i], i + 1 < t->n_trees ? t->root[i + 1] : t->n_nodes, depth,
						   deep + i))
			break;
		else
			raise_to(deep + t->n_trees + i / ML_TREE_WALKS, deep[i]);
	host->release(host, depth);
	return i < t->n_trees ? damaged(status, "impossible node") : ML_OK;
}

static MlCode
make_points(MlHost *host, const MlModel *model, MlTrees *t, MlStatus *status)
{
	double	   *point;

	t->n_points = ml_trees_points(t->depth, model->prep.p + model->prep.n_extra);
	point = ml_alloc_array(host, 3 * (size_t) t->n_points, sizeof(double));
	if (point == NULL)
		return ml_no_memory(status, 3 * (size_t) t->n_points * sizeof(double), "model");
	ml_trees_set_points(t, point);
	return ML_OK;
}

MlCode
ml_trees_open(MlHost *host, MlModel *model, MlStatus *status)
{
	MlTrees    *t = ml_alloc_zero(host, 1, sizeof(MlTrees));
	MlCode		code;
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
	code = check_trees(host, model, t, status);
	if (code == ML_OK)
		code = make_points(host, model, t, status);
	model->state = t;
	model->log_link = (t->flags & ML_TREES_LOG_LINK) != 0;
	return code;
}

const MlTrees *
ml_model_trees(const MlModel *model)
{
	return model->learner->open == ml_trees_open ? model->state : NULL;
}
