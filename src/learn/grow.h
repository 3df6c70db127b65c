/*
 * grow.h: growing one tree on binned rows.
 *
 * Rows come as a list of row numbers with their quantised pairs (g, h)
 * (kernel/histogram.h); what comes out is a list of nodes with their rows.
 * What the pairs mean and what a leaf says is the learner's.
 *
 * A grower is made once and grows many trees, each inside a team's section:
 * it allocates nothing then.
 */
#ifndef ML_GROW_H
#define ML_GROW_H

#include "kernel/split.h"
#include "learn/binned.h"

typedef struct MlGrowRule
{
	MlSplitRule split;
	int			max_depth;		/* 0 = no limit */
	int			max_leaves;		/* 0 = no limit */
	bool		depthwise;		/* level by level; else the leaf with the largest gain first */
	const int8_t *monotone;		/* +1, -1, 0 a column, or NULL */
	double		column_share;	/* of a tree's columns, drawn for each node; 1 = all */
} MlGrowRule;

typedef struct MlGrowNode
{
	MlSplit		split;			/* of an inner node; the best one found for a leaf, gain 0 when there is none */
	MlCell		total;
	int64_t		from;			/* its rows stand at [from, from + n) ... */
	int64_t		n;
	bool		in_spare;		/* ... of the grower's other buffer ... */
	bool		scattered;		/* ... or nowhere: only their numbers in the tree's `leaf` are known */
	int			left;			/* the right child follows; 0 = leaf */
	int			depth;
	double		lower;			/* bounds of the weight, from monotone constraints */
	double		upper;
	int			slot;			/* of its sums, -1 = not kept */
} MlGrowNode;

/*
 * The node of each row.  Rows of one node lie far apart, so numbers are of one
 * byte where nodes are few enough: one of the two arrays is there.
 */
typedef struct MlRowNodes
{
	uint8_t    *narrow;
	int32_t    *wide;
} MlRowNodes;

#define ML_NO_NODE (-1)
#define ML_NARROW_NODES 255		/* most nodes of a narrow array */

static inline int32_t
ml_row_node(const MlRowNodes *nodes, int64_t row)
{
	if (nodes->narrow == NULL)
		return nodes->wide[row];
	return nodes->narrow[row] == ML_NARROW_NODES ? ML_NO_NODE : nodes->narrow[row];
}

static inline void
ml_row_node_set(const MlRowNodes *nodes, int64_t row, int32_t node)
{
	if (nodes->narrow == NULL)
		nodes->wide[row] = node;
	else
		nodes->narrow[row] = (uint8_t) node;
}

typedef struct MlGrower MlGrower;

/*
 * rows: the most of any tree.  Memory is the scratch's; sums of nodes take at
 * most sums_limit bytes (those that do not fit are made again).
 */
extern MlCode ml_grower_make(MlHost *host, MlScratch *scratch, const MlBinned *binned, const MlGrowRule *rule,
							 int64_t rows, size_t sums_limit, MlGrower **out, MlStatus *status);

/* Where the caller puts the rows of a tree, and as much room beside it. */
extern MlRow *ml_grower_rows(MlGrower *grower);
extern MlRow *ml_grower_spare(MlGrower *grower);
/* The rows of a leaf of the tree that was grown, node->n of them, in no particular order; not of a scattered one. */
extern const MlRow *ml_grower_node_rows(const MlGrower *grower, const MlGrowNode *node);

typedef struct MlGrowTree
{
	int64_t		n;				/* rows */
	double		g_unit;			/* real values of 1 of g and of h */
	double		h_unit;
	const uint8_t *use;			/* p flags: the tree's columns, or NULL = all */
	uint64_t	key;			/* of random draws */
	const MlRowNodes *leaf;		/* is told the leaves of the tree's rows; or NULL */
	bool		keep_rows;		/* no leaf may be scattered */
} MlGrowTree;

/* Called by the leader of a team; the number of nodes, 0 when asked to stop. */
extern int	ml_grow(MlGrower *grower, MlTeam *team, const MlGrowTree *tree);
/* Node 0 is the root; children come after their parents. */
extern MlGrowNode *ml_grower_nodes(MlGrower *grower);
/* Seconds of all trees so far, of all threads together. */
typedef struct MlGrowSeconds
{
	double		part;			/* parting rows */
	double		sums;			/* histograms */
	double		split;			/* looking for splits */
} MlGrowSeconds;

extern MlGrowSeconds ml_grower_seconds(const MlGrower *grower);
/* Most nodes a tree can have. */
extern int	ml_grower_max_nodes(const MlGrower *grower);

/* The leaf of a binned row. */
static inline int
ml_grow_leaf(const MlGrowNode *node, const MlBinned *binned, int64_t row)
{
	int			at = 0;

	while (node[at].left != 0)
		at = node[at].left + !ml_split_left(&node[at].split, ml_binned_at(binned, row, node[at].split.column));
	return at;
}

#endif
