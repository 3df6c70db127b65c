/*
 * boosting_round.c: one tree of a round, on all threads.
 *
 *	draw the bag and the columns, quantise the gradients
 *	grow (grow.c)
 *	leaf values from the exact gradients
 *	scores; after the last tree of a round, gradients and losses
 *
 * Everything goes by chunks of BOOST_CHUNK rows, gradients of many classes by
 * fewer rows: a task must soon end when asked to.  Sums over chunks are added
 * in the order of the chunks, sums of leaves are integers, so the result does
 * not depend on the threads.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/quantile.h"
#include "kernel/rng.h"
#include "learn/boosting_state.h"
#include "learn/clock.h"

#define STREAM_BAG UINT64_C(0x626167)
#define STREAM_COLUMNS UINT64_C(0x636f6c73)
#define STREAM_ROUND UINT64_C(0x726e64)

/* Sums over all rows, and inverses, of gradients within these are numbers. */
#define MOST_GRADIENT 1e290
#define LEAST_GRADIENT 1e-280

/* A leaf says a quantile of its rows' residuals, not what their gradients say. */
static bool
leaves_are_quantiles(const Boost *b)
{
	return b->loss == ML_LOSS_ABSOLUTE || b->loss == ML_LOSS_QUANTILE;
}

static int64_t
chunk_end(int task, int64_t n)
{
	int64_t		end = (int64_t) (task + 1) * BOOST_CHUNK;

	return end < n ? end : n;
}

/* ---- gradients ---- */

/* Of some rows: those that learn get gradients, those that choose only a loss. */
static void
gradient_task(void *arg, int task, int member)
{
	Boost	   *b = arg;
	int64_t		from = task * b->sums_rows;
	int64_t		end = from + b->sums_rows < b->n ? from + b->sums_rows : b->n;
	int64_t		learn = end < b->rows ? end : b->rows;
	const double *w = b->weight;
	MlLossSums *sums = b->sums + task;
	double		parameter = b->loss == ML_LOSS_HUBER ? b->huber_delta : b->alpha;

	(void) member;
	memset(sums, 0, sizeof(*sums));
	if (learn > from && b->loss == ML_LOSS_SOFTMAX)
		ml_loss_softmax(b->k, b->data->y + from, b->score + from * b->k, w ? w + from : NULL, learn - from,
						b->g + from, b->h + from, b->rows, sums);
	else if (learn > from)
		ml_loss_gradient(b->loss, parameter, b->data->y + from, b->score + from, w ? w + from : NULL, learn - from,
						 b->g + from, b->h + from, sums);
	/* a task may have both kinds of rows: their losses are kept apart */
	b->sums[b->n_sums + task].loss = 0;
	if (learn < from)
		learn = from;
	if (end > learn)
		b->sums[b->n_sums + task].loss =
			ml_loss_sum(b->loss, parameter, b->k, b->data->y + learn, b->score + learn * b->k,
						w ? w + learn : NULL, end - learn);
}

/* What all gradients say together: the scales of the next trees, and the losses so far. */
static void
sum_gradients(Boost *b)
{
	double		learn = 0;
	double		valid = 0;
	double		max_g = 0;
	double		max_h = 0;
	int			i;

	for (i = 0; i < b->n_sums; i++)
	{
		learn += b->sums[i].loss;
		valid += b->sums[b->n_sums + i].loss;
		max_g = b->sums[i].max_g > max_g ? b->sums[i].max_g : max_g;
		max_h = b->sums[i].max_h > max_h ? b->sums[i].max_h : max_h;
	}
	b->overflow |= !(max_g < MOST_GRADIENT && max_h < MOST_GRADIENT);
	/* no gradient at all, or none that has an inverse: any scale will do */
	max_g = max_g > LEAST_GRADIENT && !b->overflow ? max_g : 1;
	max_h = max_h > LEAST_GRADIENT && !b->overflow ? max_h : 1;
	b->g_scale = 32766 / max_g;
	b->h_scale = 65534 / max_h;
	/* a sum over all rows stays below 2^62 */
	b->g_unit = max_g * (double) b->rows * 0x1p-61;
	b->h_unit = max_h * (double) b->rows * 0x1p-61;
	b->curve_train[b->round] = learn / b->total_weight;
	b->curve_valid[b->round] = b->n > b->rows ? valid / b->valid_weight : NAN;
}

/*
 * Huber's delta: the alpha-quantile of the absolute residuals (Friedman 2001, algorithm 4).  Where that is 0, since so
 * many rows are right already, it is the largest one: with 0 nothing would be learned from the others.
 */
static void
choose_delta(Boost *b)
{
	double		most = 0;
	int64_t		i;

	for (i = 0; i < b->rows; i++)
	{
		b->residual[i] = fabs(b->data->y[i] - b->score[i]);
		most = fmax(most, b->residual[i]);
		if (b->weight)
			b->residual_weight[i] = b->weight[i];
	}
	b->huber_delta = ml_weighted_quantile(b->residual, b->weight ? b->residual_weight : NULL, b->rows, b->alpha);
	if (b->huber_delta == 0)
		b->huber_delta = most;
}

void
ml_boost_gradients(MlTeam *team, void *arg)
{
	Boost	   *b = arg;

	b->team = team;
	if (b->loss == ML_LOSS_HUBER)
		choose_delta(b);
	if (!ml_team_run(team, b->n_sums, gradient_task, b))
		sum_gradients(b);
}

/* ---- what the tree sees ---- */

static inline bool
in_bag(const Boost *b, int64_t row)
{
	return ml_rng_unit_at(b->bag_key, (uint64_t) row) < b->subsample;
}

/* Rows and pairs of one chunk: to their place when the tree has all rows, else beside it, and some are drawn. */
static void
quantise_task(void *arg, int task, int member)
{
	Boost	   *b = arg;
	int64_t		from = (int64_t) task * BOOST_CHUNK;
	int64_t		end = chunk_end(task, b->rows);
	const double *g = b->g + (int64_t) b->output * b->rows;
	const double *h = b->h + (int64_t) b->output * b->rows;
	MlRow	   *row = b->whole ? ml_grower_rows(b->grower) : ml_grower_spare(b->grower);
	int64_t		count = 0;
	int64_t		i;

	(void) member;
	ml_quantise(g + from, h + from, end - from, b->g_scale, b->h_scale, b->tree.key, from, row + from);
	for (i = from; i < (b->whole ? from : end); i++)
	{
		bool		bag = in_bag(b, i);

		ml_row_node_set(&b->leaf, i, bag ? 0 : ML_NO_NODE);
		count += bag;
	}
	b->bag_count[task] = b->whole ? end - from : count;
}

/* Puts the rows of a chunk that are in the bag behind those of the chunks before it. */
static void
draw_task(void *arg, int task, int member)
{
	Boost	   *b = arg;
	const MlRow *from = ml_grower_spare(b->grower) + (int64_t) task * BOOST_CHUNK;
	MlRow	   *row = ml_grower_rows(b->grower);
	int64_t		at = 0;
	int			t;

	(void) member;
	for (t = 0; t < task; t++)
		row += b->bag_count[t];
	/* ends at the last row of the bag: what lies behind it is the next task's */
	for (; at < b->bag_count[task]; from++)
	{
		row[at] = *from;
		at += ml_row_node(&b->leaf, from->row) != ML_NO_NODE;
	}
}

/* k of p columns, every set of k as likely as any other. */
static void
draw_columns(Boost *b)
{
	int			p = b->binned.p;
	int			wanted = (int) (b->column_share * p + 0.5);
	uint64_t	key = ml_rng_key(b->tree.key, STREAM_COLUMNS);
	int			c;

	wanted = wanted < 1 ? 1 : wanted;
	for (c = 0; c < p; c++)
	{
		b->use[c] = ml_rng_unit_at(key, (uint64_t) c) * (p - c) < wanted;
		wanted -= b->use[c];
	}
}

/* Quantised gradients, rows and columns of the tree; true = stop. */
static bool
prepare_tree(Boost *b)
{
	uint64_t	round = ml_rng_key(b->seed ^ STREAM_ROUND, (uint64_t) b->round);
	int			t;

	memset(&b->tree, 0, sizeof(b->tree));
	b->tree.key = ml_rng_key(round, (uint64_t) b->output + 1);
	b->tree.g_unit = 1 / b->g_scale;
	b->tree.h_unit = 1 / b->h_scale;
	b->bag_key = ml_rng_key(round, STREAM_BAG);
	b->tree.use = NULL;
	if (b->column_share < 1)
	{
		draw_columns(b);
		b->tree.use = b->use;
	}
	b->tree.leaf = &b->leaf;
	b->tree.keep_rows = leaves_are_quantiles(b);
	b->whole = b->subsample >= 1;
	if (ml_team_run(b->team, b->rows_chunks, quantise_task, b))
		return true;
	for (t = 0; t < b->rows_chunks; t++)
		b->tree.n += b->bag_count[t];
	if (b->tree.n > 0)
		return !b->whole && ml_team_run(b->team, b->rows_chunks, draw_task, b);
	/* a bag that was drawn empty: the tree has all rows */
	b->whole = true;
	b->tree.n = b->rows;
	return ml_team_run(b->team, b->rows_chunks, quantise_task, b);
}

/* ---- leaves ---- */

/* Adds the gradients of one chunk to the thread's leaves; rows out of the bag find theirs. */
static void
leaf_sums_task(void *arg, int task, int member)
{
	Boost	   *b = arg;
	const MlGrowNode *node = ml_grower_nodes(b->grower);
	BoostLeaf  *sums = b->leaf_sums[member];
	const double *g = b->g + (int64_t) b->output * b->rows;
	const double *h = b->h + (int64_t) b->output * b->rows;
	double		g_scale = 1 / b->g_unit;
	double		h_scale = 1 / b->h_unit;
	int64_t		end = chunk_end(task, b->n);
	int64_t		i;

	for (i = (int64_t) task * BOOST_CHUNK; i < end; i++)
	{
		int32_t		leaf = i < b->rows ? ml_row_node(&b->leaf, i) : ML_NO_NODE;

		if (leaf == ML_NO_NODE)
		{
			ml_row_node_set(&b->leaf, i, ml_grow_leaf(node, &b->binned, i));
			continue;
		}
		sums[leaf].g += (int64_t) (g[i] * g_scale);
		sums[leaf].h += (int64_t) (h[i] * h_scale);
	}
}

/* A leaf of absolute errors or of a quantile says that quantile of its rows' residuals. */
static void
quantile_task(void *arg, int task, int member)
{
	Boost	   *b = arg;
	const MlGrowNode *node = ml_grower_nodes(b->grower) + task;
	const MlRow *row = ml_grower_node_rows(b->grower, node);
	double	   *residual = b->residual + node->from;
	double	   *weight = b->weight ? b->residual_weight + node->from : NULL;
	int64_t		i;

	(void) member;
	if (node->left != 0)
		return;
	for (i = 0; i < node->n; i++)
	{
		residual[i] = b->data->y[row[i].row] - b->score[row[i].row];
		if (weight)
			weight[i] = b->weight[row[i].row];
	}
	b->value[task] = ml_weighted_quantile(residual, weight, node->n,
									   b->loss == ML_LOSS_QUANTILE ? b->alpha : 0.5);
}

/*
 * The grower's bounds are those of weights: quantiles get their own, by the
 * same rule, between means of the leaves on either side of a split.
 */
static void
bound_quantiles(Boost *b, MlGrowNode *node)
{
	double	   *value = b->value;
	int			i;

	/* children come after their parents: from the leaves up, then from the root down */
	for (i = b->n_nodes - 1; i >= 0; i--)
	{
		const MlGrowNode *child = node + node[i].left;

		if (node[i].left != 0)
			value[i] = value[node[i].left] +
				(value[node[i].left + 1] - value[node[i].left]) * ((double) child[1].n / (double) node[i].n);
	}
	node[0].lower = -INFINITY;
	node[0].upper = INFINITY;
	for (i = 0; i < b->n_nodes; i++)
	{
		MlGrowNode *child = node + node[i].left;
		int			way = node[i].left != 0 ? b->rule.monotone[node[i].split.column] : 0;

		value[i] = fmin(fmax(value[i], node[i].lower), node[i].upper);
		if (node[i].left == 0)
			continue;
		child[0].lower = child[1].lower = node[i].lower;
		child[0].upper = child[1].upper = node[i].upper;
		if (way != 0)
		{
			double		middle = (fmin(fmax(value[node[i].left], node[i].lower), node[i].upper) +
								  fmin(fmax(value[node[i].left + 1], node[i].lower), node[i].upper)) / 2;

			if (way > 0)
				child[0].upper = child[1].lower = middle;
			else
				child[0].lower = child[1].upper = middle;
		}
	}
}

static bool
leaf_values(Boost *b)
{
	MlGrowNode *node = ml_grower_nodes(b->grower);
	bool		quantiles = leaves_are_quantiles(b);
	int			m;
	int			i;

	for (m = 0; m < ml_team_size(b->team); m++)
		memset(b->leaf_sums[m], 0, (size_t) b->n_nodes * sizeof(BoostLeaf));
	if (ml_team_run(b->team, b->n_chunks, leaf_sums_task, b) ||
		(quantiles && ml_team_run(b->team, b->n_nodes, quantile_task, b)))
		return true;
	if (quantiles && b->rule.monotone)
		bound_quantiles(b, node);
	for (i = 0; i < b->n_nodes; i++)
	{
		double		G = 0;
		double		H = 0;

		if (node[i].left != 0)
			continue;
		for (m = 0; m < ml_team_size(b->team); m++)
		{
			b->leaf_sums[0][i].g += m > 0 ? b->leaf_sums[m][i].g : 0;
			b->leaf_sums[0][i].h += m > 0 ? b->leaf_sums[m][i].h : 0;
		}
		G = (double) b->leaf_sums[0][i].g * b->g_unit;
		H = (double) b->leaf_sums[0][i].h * b->h_unit;
		if (!quantiles)
			b->value[i] = ml_leaf_weight(G, H, &b->rule.split, node[i].lower, node[i].upper);
		b->value[i] *= b->learning_rate;
		b->overflow |= !isfinite(b->value[i]);
	}
	return b->overflow;
}

static void
score_task(void *arg, int task, int member)
{
	Boost	   *b = arg;
	int64_t		end = chunk_end(task, b->n);
	bool		exponent = b->loss == ML_LOSS_POISSON || b->loss == ML_LOSS_LOGISTIC || b->loss == ML_LOSS_SOFTMAX;
	double		limit = exponent ? ML_SCORE_LIMIT : INFINITY;
	bool		held = false;
	int64_t		i;

	for (i = (int64_t) task * BOOST_CHUNK; i < end; i++)
	{
		double		free = b->score[i * b->k + b->output] + b->value[ml_row_node(&b->leaf, i)];
		double		score = free > limit ? limit : free < -limit ? -limit : free;

		held |= score != free;
		b->score[i * b->k + b->output] = score;
	}
	b->held[task] |= held;
	/* one tree a round: the gradients follow while the rows are at hand */
	if (b->k == 1 && b->loss != ML_LOSS_HUBER)
		gradient_task(b, task, member);
}

void
ml_boost_tree(MlTeam *team, void *arg)
{
	Boost	   *b = arg;
	double		start;

	b->team = team;
	b->n_nodes = 0;
	if (prepare_tree(b))
		return;
	start = ml_seconds();
	b->n_nodes = ml_grow(b->grower, team, &b->tree);
	b->grow_seconds += ml_seconds() - start;
	if (b->n_nodes == 0 || leaf_values(b) || ml_team_run(team, b->n_chunks, score_task, b))
		return;
	if (b->output < b->k - 1)
		return;
	b->round++;
	if (b->k == 1 && b->loss != ML_LOSS_HUBER)
		sum_gradients(b);
	else
		ml_boost_gradients(team, b);
}
