/*
 * boosting_state.h: what the files of gradient boosting share.  Nobody else includes it.
 */
#ifndef ML_BOOSTING_STATE_H
#define ML_BOOSTING_STATE_H

#include "kernel/loss.h"
#include "learn/learner.h"
#include "learn/tree.h"

/* Rows of one task of a pass over all of them. */
#define BOOST_CHUNK 16384

/* Sums of one leaf's gradients, in fixed point: order and threads change nothing. */
typedef struct BoostLeaf
{
	int64_t		g;
	int64_t		h;
} BoostLeaf;

typedef struct Boost
{
	MlHost	   *host;
	MlScratch	scratch;
	const MlDataset *data;
	int64_t		rows;			/* that learn */
	int64_t		n;				/* with those that choose behind them */
	MlBinned	binned;
	MlGrower   *grower;
	MlTreeMaker maker;
	/* parameters */
	MlLoss		loss;
	double		alpha;			/* of quantile and huber */
	int			rounds;			/* at most */
	int			patience;		/* early_stopping_rounds, 0 = off */
	double		learning_rate;
	double		subsample;
	double		column_share;	/* colsample_bytree */
	MlGrowRule	rule;
	uint64_t	seed;
	/* rows */
	int			k;				/* trees a round */
	double	   *weight;			/* n, NULL = all 1 */
	double		total_weight;	/* of the rows that learn, of those that choose */
	double		valid_weight;
	double	   *score;			/* n × k */
	double	   *g;				/* k × rows */
	double	   *h;
	uint8_t    *held;			/* n_chunks: a score of the chunk was once held at its limit */
	MlRowNodes	leaf;			/* n: of the tree at hand; none: not in the bag */
	int			n_chunks;
	int			rows_chunks;	/* those of the rows that learn */
	int64_t		sums_rows;		/* of a task that makes gradients: a chunk, or fewer of many classes */
	int			n_sums;
	MlLossSums *sums;			/* 2 × n_sums: of rows that learn, of those that choose */
	int64_t    *bag_count;		/* rows_chunks: rows in the bag */
	double	   *residual;		/* rows, for leaves that are quantiles */
	double	   *residual_weight;
	uint8_t    *use;			/* p: columns of the tree */
	double	   *value;			/* nodes */
	BoostLeaf **leaf_sums;		/* threads × nodes */
	double		huber_delta;
	/* progress */
	int			round;			/* rounds done */
	int			best_round;
	double		best_loss;
	bool		overflow;		/* gradients are too large to be added up */
	double	   *curve_train;	/* rounds */
	double	   *curve_valid;
	double		grow_seconds;	/* by the clock, all trees */
	double		round_seconds;	/* the same with all that a round does beside */
	/* the tree at hand */
	MlTeam	   *team;
	MlGrowTree	tree;
	int			output;
	int			n_nodes;
	bool		whole;			/* has all rows, not a bag of them */
	double		g_unit;			/* of fixed point sums */
	double		h_unit;
	double		g_scale;
	double		h_scale;
	uint64_t	bag_key;
} Boost;

/* boosting_round.c, leaders of teams: the gradients before the first tree; one tree and what follows from it */
extern void ml_boost_gradients(MlTeam *team, void *arg);
extern void ml_boost_tree(MlTeam *team, void *arg);

#endif
