/*
 * tree.h: trees as flat arrays, while they are made, stored and walked.
 *
 * Nodes of all trees stand in one array; the children of a node are
 * neighbours behind it, left first, so a node names one of them.  A row x (an
 * extended one, preprocess.h) goes left at a numeric node when x[column] <=
 * threshold, at a category node when the bit of its level is set; a missing
 * value, and a level that training did not see, goes where the node's flag
 * says.
 */
#ifndef ML_TREE_H
#define ML_TREE_H

#include "learn/grow.h"
#include "learn/model.h"

/*
 * Stored as it is: 16 bytes, little-endian.  A leaf is a test as well, one
 * that every row passes to the left and that leads to itself: a walk need
 * not look whether it has arrived.
 */
typedef struct MlTreeNode
{
	union
	{
		double		threshold;	/* numbers: not NaN; leaf: +infinity */
		uint64_t	set;		/* categories: first word of its bits, one a level of the column */
	}			u;
	uint32_t	left;			/* left child; leaf: itself */
	uint32_t	column;			/* with the flags below; leaf: ML_NODE_MISSING_LEFT */
} MlTreeNode;

#define ML_NODE_MISSING_LEFT 0x80000000u
#define ML_NODE_CATEGORY 0x40000000u
#define ML_NODE_COLUMN 0x00ffffffu

#define ML_TREES_AVERAGE 1u		/* the margin is the mean over the trees, else the sum */
#define ML_TREES_VECTOR 2u		/* a leaf has a value for every output; else tree t belongs to output t % n_outputs */
#define ML_TREES_LOG_LINK 4u	/* the prediction is exp(margin): a regression of counts */
#define ML_TREES_FLAGS 7u

#define ML_TREE_DEEP UINT8_MAX
/* Walks side by side: the registers hold as many. */
#define ML_TREE_WALKS 8

typedef struct MlTrees
{
	uint32_t	flags;
	int			n_outputs;		/* of the model: 1, or its classes */
	uint32_t	n_trees;
	uint32_t	n_nodes;
	uint64_t	n_words;
	uint64_t	n_vectors;		/* values of vector leaves */
	const double *base;			/* n_outputs: what is added to every margin */
	const uint32_t *root;		/* n_trees */
	const MlTreeNode *node;
	const double *cover;		/* n_nodes: Σ h, or Σ weights, of the training rows */
	const double *says;			/* n_nodes: gain of a test; value of a leaf, or the index of its first one */
	const uint64_t *word;
	const double *vector;
	/* of opened ones */
	uint32_t	depth;			/* inner nodes on the longest path */
	const uint8_t *deep;		/* n_trees: on the longest of each; ML_TREE_DEEP: that, or more */
	const uint8_t *deepest;		/* of each ML_TREE_WALKS trees, beginning with the first */
	int			n_points;		/* of the quadrature of explanations */
	const double *point;
	const double *weight;
	const double *rest;			/* 1 / (1 - point) */
} MlTrees;

/* ---- making: the arrays grow on the main thread ---- */

typedef struct MlTreeMaker
{
	MlHost	   *host;
	MlTrees		trees;			/* points into the arrays below */
	double	   *base;
	uint32_t   *root;
	MlTreeNode *node;
	double	   *cover;
	double	   *says;
	uint64_t   *word;
	double	   *vector;
	size_t		root_room;
	size_t		node_room;
	size_t		word_room;
	size_t		vector_room;
} MlTreeMaker;

extern MlCode ml_trees_begin(MlHost *host, int n_outputs, uint32_t flags, MlTreeMaker *maker, MlStatus *status);
/*
 * Appends a tree that has been grown.  value[i]: what leaf i says (n_outputs
 * values a node with vector leaves); cover_unit: real value of 1 of total.h.
 */
extern MlCode ml_trees_add(MlTreeMaker *maker, const MlBinned *binned, const MlGrowNode *node, int n_nodes,
						   const double *value, double cover_unit, MlStatus *status);
/* Leaves only the first n trees. */
extern void ml_trees_cut(MlTreeMaker *maker, uint32_t n);
/* Bytes of the section at present. */
extern size_t ml_trees_size(const MlTrees *trees);
/* ML_TOO_LARGE when so many trees would take more than the host lets a model, were each of them one leaf. */
extern MlCode ml_trees_check_least(const MlHost *host, int n_outputs, uint32_t flags, uint32_t n_trees,
								   MlStatus *status);
/* ML_TOO_LARGE when so many trees, of the size of those there are, would take more than the host lets a model. */
extern MlCode ml_trees_check_size(const MlTreeMaker *maker, int n_trees, MlStatus *status);
/* The learner's section; *out from the host. */
extern MlCode ml_trees_write(const MlTreeMaker *maker, void **out, size_t *size, MlStatus *status);
/* Gives the arrays back. */
extern void ml_trees_end(MlTreeMaker *maker);
/* Share of each dataset column in the gain of all nodes, summing to 1 (all 0 when no node gains). */
extern void ml_trees_importance(const MlTrees *trees, const MlPrep *prep, double *importance);

/* ---- using stored ones ---- */

/* Checks the section of a model and makes model->state an MlTrees; a learner's open. */
extern MlCode ml_trees_open(MlHost *host, MlModel *model, MlStatus *status);
/* x: n × p row-major -> margin: n × n_outputs; a learner's margin_room and margin. */
extern size_t ml_trees_margin_room(const MlModel *model);
extern void ml_trees_margin(const MlModel *model, const double *x, int64_t n, double *margin, double *room);
/* Steps from node to node for the margin of one row: rows walk together, as far as the longest path. */
extern double ml_trees_steps(const MlTrees *trees);
/* tree_shap.c: path-dependent SHAP values of one output; a learner's explain_room and explain. */
extern size_t ml_trees_explain_room(const MlModel *model);
extern MlCode ml_trees_explain(MlHost *host, const MlModel *model, const double *x, int output, double *room,
							   double *phi, MlStatus *status);
/* Points that make explanations of trees of this depth over so many columns exact. */
extern int	ml_trees_points(uint32_t depth, int columns);
/* Fills 3 × n_points numbers and hangs them in. */
extern void ml_trees_set_points(MlTrees *trees, double *memory);

/* The trees of an opened model, NULL when it has none. */
extern const MlTrees *ml_model_trees(const MlModel *model);

/* Share of the rows of an inner node that went left. */
static inline double
ml_tree_left_share(const MlTrees *trees, const MlTreeNode *node)
{
	double		left = trees->cover[node->left];
	double		both = left + trees->cover[node->left + 1];

	return both > 0 ? left / both : 0.5;
}

static inline bool
ml_tree_is_leaf(const MlTrees *trees, uint32_t node)
{
	return trees->node[node].left == node;
}

/* What a leaf says for an output. */
static inline double
ml_tree_leaf_value(const MlTrees *trees, uint32_t leaf, int output)
{
	return trees->flags & ML_TREES_VECTOR ? trees->vector[(uint64_t) trees->says[leaf] + (uint64_t) output]
		: trees->says[leaf];
}

/* Does a tree speak for an output? */
static inline bool
ml_tree_speaks(const MlTrees *trees, uint32_t tree, int output)
{
	return (trees->flags & ML_TREES_VECTOR) || (int) (tree % (uint32_t) trees->n_outputs) == output;
}

/* Does a row go left at an inner node? */
static inline bool
ml_tree_goes_left(const MlTrees *trees, const MlTreeNode *node, const double *x)
{
	double		v = x[node->column & ML_NODE_COLUMN];

	if (!(node->column & ML_NODE_CATEGORY))
		return v != v ? (node->column & ML_NODE_MISSING_LEFT) != 0 : v <= node->u.threshold;
	if (!(v >= 0))
		return (node->column & ML_NODE_MISSING_LEFT) != 0;
	return (trees->word[node->u.set + ((uint64_t) v >> 6)] >> ((uint64_t) v & 63)) & 1;
}

#endif
