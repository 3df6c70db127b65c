/*
 * split.h: the best cut of one column of one node.
 *
 * G, H: sums of g and h in real units; l2, l1: regularisation.  A leaf's
 * weight is w = -T(G) / (H + l2) with T(G) = sign(G) max(|G| - l1, 0), and
 * the gain of a split is s(left) + s(right) - s(node), s = T(G)^2 / (H + l2)
 * (Chen and Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016,
 * equations 5 and 7 without the factor one half).  With l2 = l1 = 0 and h the
 * weights it is the decrease of a squared error, of Gini's impurity for two
 * classes.
 *
 * Rows with a missing value go to the side that gains more; when the node has
 * none, to the side with the greater h.
 */
#ifndef ML_SPLIT_H
#define ML_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/bins.h"
#include "kernel/histogram.h"

typedef struct MlSplitRule
{
	double		l2;
	double		l1;
	double		min_gain;		/* a gain must be greater */
	double		min_h;			/* of each child */
	int64_t		min_rows;		/* of each child */
	/* categories: statistics of few rows are drawn to none, and a split of them pays more */
	double		category_smooth;
	double		category_l2;
	double		category_rows;	/* with fewer rows in the node a category is not told from the others on the right */
} MlSplitRule;

/* What holds for one node. */
typedef struct MlSplitNode
{
	MlCell		total;
	int64_t		rows;
	double		g_unit;			/* real value of 1 of g, of h */
	double		h_unit;
	double		lower;			/* bounds of the weights below this node; +-infinity = none */
	double		upper;
	bool		bounded;
} MlSplitNode;

typedef struct MlSplit
{
	double		gain;			/* 0: there is none */
	int			column;
	bool		category;
	bool		missing;		/* the node has rows with a missing value */
	bool		missing_left;	/* where those go */
	bool		sure;			/* both children are known to have min_rows rows */
	int			bin;			/* numbers: bins 0 .. bin go left */
	uint64_t	left[4];		/* categories: bit b: bin b goes left; numbers too */
	MlCell		left_sum;
} MlSplit;

/*
 * Finds the best split of a column with bins 0 .. bins - 1 and the missing
 * one in cell[bins]; *best is replaced when the gain is greater than its own.
 * monotone: +1, the right child's weight is at least the left one's; -1, at
 * most; 0.  rows: rows in each cell, or NULL: then a split is `sure` when
 * the sums of h, at most ML_PAIR_H a row, prove min_rows.
 */
extern void ml_split_numeric(const MlCell *cell, const int32_t *rows, int bins, int column, int monotone,
							 const MlSplitRule *rule, const MlSplitNode *node, MlSplit *best);
/* The same for categories: bins in the order of G / H, from both ends. */
extern void ml_split_category(const MlCell *cell, const int32_t *rows, int bins, int column,
							  const MlSplitRule *rule, const MlSplitNode *node, MlSplit *best);

/* w of sums, within the node's bounds. */
extern double ml_leaf_weight(double G, double H, const MlSplitRule *rule, double lower, double upper);
/* s of sums */
extern double ml_leaf_score(double G, double H, const MlSplitRule *rule);

/* h of one row in a pair is at most this. */
#define ML_PAIR_H 65535

static inline bool
ml_split_left(const MlSplit *split, int bin)
{
	return (split->left[bin >> 6] >> (bin & 63)) & 1;
}

#endif
