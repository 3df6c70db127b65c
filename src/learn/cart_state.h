/*
 * cart_state.h: what the files of the impurity grower share.  Nobody else includes it.
 */
#ifndef ML_CART_STATE_H
#define ML_CART_STATE_H

#include "learn/cart.h"

/*
 * Two classes without weights: what a row adds as one word, sums of it as
 * one, while there are fewer than CART_WORD_ROWS rows: g, h and n of
 * MlBinSum, 21 bits each.
 */
#define CART_WORD_BITS 21
#define CART_WORD_ROWS (INT64_C(1) << CART_WORD_BITS)
#define CART_WORD_MASK ((UINT64_C(1) << CART_WORD_BITS) - 1)

static inline uint64_t
cart_word(uint64_t g, uint64_t h)
{
	return g << (2 * CART_WORD_BITS) | h << CART_WORD_BITS | 1;
}

static inline MlBinSum
cart_word_sum(uint64_t word)
{
	MlBinSum	sum = {
		(double) (word >> (2 * CART_WORD_BITS)), (double) (word >> CART_WORD_BITS & CART_WORD_MASK),
		(int64_t) (word & CART_WORD_MASK)
	};

	return sum;
}

/* Columns of a node that are summed together; one place more for the order of a category. */
#define CART_TOGETHER 8
#define CART_PLACES (CART_TOGETHER + 1)

typedef struct CartSeen
{
	uint64_t	word[4];		/* bit b: bin b has rows */
} CartSeen;

struct MlCart
{
	const MlCartData *data;
	MlCartRule	rule;
	uint32_t   *row;			/* n: rows of the tree, by nodes, ascending in each */
	uint32_t   *spare_row;		/* n; holds the counters before growing */
	MlClassRow *item;			/* n: what each of them adds, in the same order */
	MlClassRow *spare_item;
	uint64_t   *word;			/* n: instead of item, or NULL */
	uint64_t   *spare_word;
	uint64_t   *word_cell;		/* places × 256: zero between uses */
	int		   *column;			/* p: the columns, shuffled as they are drawn */
	uint8_t    *order;			/* p × 256: bins of a category, in order ... */
	int		   *n_order;		/* ... and how many; the others have no row in the tree */
	MlBinSum   *cell;			/* places × 256: zero between uses */
	CartSeen   *seen;			/* places: the bins that have rows */
	MlBinSum   *packed;			/* 256: cells that have rows, in order */
	uint8_t    *bin;			/* 256: their bins */
	int64_t    *end;			/* 256: several classes: end of their rows in spare_item */
	double	   *total;			/* k: weights of the node at hand */
	double	   *work;			/* 2 k */
	double	   *share;			/* 256 × k: classes of a category's bins */
	int		   *open;			/* heap of leaves that can be split */
	int			n_open;
	MlGrowNode *node;			/* of the tree at hand */
	int			n_nodes;
	uint64_t	key;
	uint64_t	drawn;			/* random numbers so far */
};

#define CART_DENSE 16			/* a node with more than this part of the rows goes by columns, else by rows */
#define CART_AHEAD 24			/* rows between asking for one's bins and using them */

static inline bool
cart_dense(const MlCart *cart, const MlGrowNode *node)
{
	return node->n > cart->data->n / CART_DENSE;
}

/* cart_split.c: puts the bins of column c in the order of what rows [from, from + n) say */
extern void ml_cart_order(MlCart *cart, int c, int64_t from, int64_t n);
/* Sums n <= CART_TOGETHER columns of the node, column[i] in place i. */
extern void ml_cart_sum(MlCart *cart, const MlGrowNode *node, const int *column, int n);
/*
 * Replaces *best when column c, summed in a place, splits the node with a
 * larger gain; false: the column has one value there.  The place is free
 * then.
 */
extern bool ml_cart_column(MlCart *cart, const MlGrowNode *node, int c, int place, MlSplit *best);

#endif
