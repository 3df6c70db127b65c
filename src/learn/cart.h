/*
 * cart.h: growing one tree by decrease of impurity, on one thread.
 *
 * For trees that do not depend on each other (a forest), and for one that is
 * not worth a team's loops.  Nodes look at a few columns each, so only these
 * are summed, column by column; nodes with few rows touch only the cells
 * they have rows in.  The leaf with the largest gain is split first, so
 * max_leaves keeps the best splits; without that limit the order changes
 * nothing.
 *
 * What comes out are the nodes of grow.h; tree_write.c stores them.
 */
#ifndef ML_CART_H
#define ML_CART_H

#include "kernel/impurity.h"
#include "learn/learner.h"
#include "learn/tree.h"

/* What is learned; shared by all trees, read only. */
typedef struct MlCartData
{
	MlBinned	binned;			/* by row and by column */
	int64_t		n;				/* rows */
	int			k;				/* outputs: 1 for numbers and two classes, else classes */
	bool		classes;
	double	   *y;				/* n: class, or target × 2^-y_exponent, within [-1, 1] */
	double	   *w;				/* n: weight × 2^-w_exponent, within (0, 1]; NULL = all 1 */
	double		centre;			/* mean of y: gains are sums about it */
	int			y_exponent;
	int			w_exponent;
	double		cover_unit;		/* weight of 1 of a node's total.h */
	double		cover_scale;	/* what w is multiplied with to become total.h */
	double		gain_unit;		/* gain in the target's unit of 1 of a cut's */
} MlCartData;

typedef struct MlCartRule
{
	MlImpurity	impurity;
	int			max_depth;		/* 0 = no limit */
	int			max_leaves;		/* 0 = no limit */
	int64_t		min_rows;		/* of a leaf */
	int			features;		/* columns a node looks at, 1 .. p; more while all of them are constant there */
	bool		shuffle;		/* columns are looked at in random order, which decides between equal gains */
	bool		order_by_node;	/* categories are ordered anew for each node, else once a tree */
} MlCartRule;

typedef struct MlCart MlCart;

/*
 * Weights (sample × class), targets and bins of rows [0, rows); what is not
 * the dataset's is the scratch's, fit->log_prior the host's.  ML_BAD_DATA
 * with one class.
 */
extern MlCode ml_cart_read(MlHost *host, MlScratch *scratch, const MlDataset *data, int64_t rows,
						   const MlParams *params, MlCartData *out, MlFit *fit, MlStatus *status);
/* Criterion by name, "auto" by task; ML_BAD_PARAMETER for one of the other task. */
extern MlCode ml_cart_criterion(MlParams *params, MlTaskKind task, MlStatus *status);
extern MlImpurity ml_cart_impurity(const MlParams *params);

/* Most nodes of a tree. */
extern int	ml_cart_max_nodes(const MlCartData *data, const MlCartRule *rule);
/* A thread's grower; memory is the scratch's. */
extern MlCode ml_cart_make(MlScratch *scratch, const MlCartData *data, const MlCartRule *rule,
						   MlCart **out, MlStatus *status);
/* n counters for the caller to fill: how often a row was drawn. */
extern uint32_t *ml_cart_counts(MlCart *cart);
/*
 * Grows into node[ml_cart_max_nodes] from the rows drawn at least once; key:
 * of random draws.  The number of nodes, 0 when the team was stopped.
 */
extern int	ml_cart_grow(MlCart *cart, const MlTeam *team, uint64_t key, MlGrowNode *node);
/*
 * Minimal cost-complexity pruning (Breiman and others 1984, chapter 3; as
 * scikit-learn): subtrees whose gain a leaf, as a share of the root's weight,
 * is at most alpha become leaves; the number of nodes left.
 */
extern int	ml_cart_prune(const MlCartData *data, MlGrowNode *node, int n_nodes, double alpha);
/*
 * value[i × k ..) := what leaf i says, mean or class shares of its rows, and
 * gains in the target's unit; for the tree grown last.
 */
extern void ml_cart_values(const MlCart *cart, MlGrowNode *node, int n_nodes, double *value);
/* Adds the tree's gains by column, as shares of their sum, to importance[p]. */
extern void ml_cart_importance(const MlGrowNode *node, int n_nodes, int p, double *share, double *importance);

#endif
