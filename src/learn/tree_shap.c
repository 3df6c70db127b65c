/*
 * tree_shap.c: exact path-dependent SHAP values of trees.
 *
 * A tree's value when only the columns of a set T are known is the mean over
 * its leaves, weighted by cover wherever a split asks for another column
 * (Lundberg et al., "From local explanations to global understanding with
 * explainable AI for trees", 2020, algorithm 1).  The Shapley value of a
 * column i is a sum over all T; leaf by leaf it is
 *
 *     v (o_i - z_i) sum over T of |T|! (d - 1 - |T|)! / d!
 *         prod of o_j over j in T  prod of z_j over j not in T
 *   = v (o_i - z_i) integral over t in [0, 1] of
 *         prod over j <> i of (z_j + t (o_j - z_j))
 *
 * over the d columns on the leaf's path: z_j the share of cover that the
 * splits on j let through, o_j 1 when the row itself takes all of them, else
 * 0.  The integrand is a polynomial of degree d - 1, so Gauss-Legendre with
 * (d + 1) / 2 points is exact, and all that is added or multiplied is
 * positive: no digits are lost, however deep the tree (the sums over subset
 * sizes of the original algorithm, which are built up and taken apart by
 * division, lose theirs).
 *
 * One walk over a tree keeps the product at the points, from the root down,
 * and the sums over the leaves below, from the leaves up: per row and output
 * O(nodes x points), that is T L D / 2 for T trees of L leaves and D columns
 * on a path.
 *
 * The columns are those of the extended row (preprocess.h); in the end those
 * that stand for one column of the dataset are added up.
 *
 * Beyond MAX_POINTS x 2 columns on one path the integral is no longer exact
 * but accurate to rounding: the points are then denser than any such product
 * is steep.
 */
#include <assert.h>
#include <string.h>

#include "kernel/quadrature.h"
#include "learn/tree.h"

#define MAX_POINTS 256
#define NODES_PER_POLL 100000

/* A node on the way from the root. */
typedef struct Step
{
	uint32_t	node;
	uint32_t	column;
	int			child;			/* 0, 1: which one is being walked, 2: both have been */
	bool		row_left;		/* the row goes left here */
	/* of that child: share of cover from the root; z and o of the column before this split and behind it */
	double		share;
	double		z_before;
	double		z;
	bool		o_before;
	bool		o;
} Step;

typedef struct Walk
{
	const MlTrees *trees;
	const double *x;
	int			output;
	int			n;				/* points */
	double	   *product;		/* (depth + 1) × n: weights times factors of the path to each step */
	double	   *below;			/* (depth + 1) × n: sums over the leaves below each step */
	Step	   *step;			/* depth + 1 */
	double	   *z;				/* of the columns on the path; 1 elsewhere */
	double	   *o;				/* 1 or 0 */
	double	   *phi;			/* of the columns of x */
	double		mean;			/* of the leaves, by cover */
} Walk;

#define DOUBLES_OF(type) ((sizeof(type) + sizeof(double) - 1) / sizeof(double))

int
ml_trees_points(uint32_t depth, int columns)
{
	uint32_t	on_path = depth < (uint32_t) columns ? depth : (uint32_t) columns;
	uint32_t	points = (on_path + 1) / 2;

	return points < 1 ? 1 : points > MAX_POINTS ? MAX_POINTS : (int) points;
}

void
ml_trees_set_points(MlTrees *trees, double *memory)
{
	double	   *rest = memory + 2 * trees->n_points;
	int			k;

	ml_gauss_legendre(trees->n_points, memory, memory + trees->n_points);
	for (k = 0; k < trees->n_points; k++)
		rest[k] = 1.0 / (1.0 - memory[k]);
	trees->point = memory;
	trees->weight = memory + trees->n_points;
	trees->rest = rest;
}

size_t
ml_trees_explain_room(const MlModel *model)
{
	const MlTrees *t = model->state;
	size_t		width = (size_t) model->prep.p + (size_t) model->prep.n_extra;

	return ((size_t) t->depth + 1) * (2 * (size_t) t->n_points + DOUBLES_OF(Step)) + 4 * width;
}

/* The factor of a column at point t. */
static inline double
factor(double z, bool o, double t)
{
	return o ? z + t * (1.0 - z) : z * (1.0 - t);
}

/* to = from times the factors of the step's child in place of those its column had. */
static inline __attribute__((always_inline)) void
multiply(const Walk *w, int n, const Step *s, const double *from, double *to)
{
	const double *t = w->trees->point;
	int			k;

	if (!s->o_before)
	{
		double		ratio = s->z / s->z_before;

		for (k = 0; k < n; k++)
			to[k] = from[k] * ratio;
	}
	else if (s->z_before != 1.0)
		for (k = 0; k < n; k++)
			to[k] = from[k] * (factor(s->z, s->o, t[k]) / factor(s->z_before, true, t[k]));
	else if (s->o)
		for (k = 0; k < n; k++)
			to[k] = from[k] * factor(s->z, true, t[k]);
	else
		for (k = 0; k < n; k++)
			to[k] = from[k] * factor(s->z, false, t[k]);
}

/* Sum of (o - z) / factor over the points, which takes the column out of the product again; z may be 0. */
static inline __attribute__((always_inline)) double
without(const Walk *w, int n, const double *leaves, double z, bool o)
{
	const double *t = w->trees->point;
	double		sum = 0.0;
	int			k;

	if (!o)
	{
		for (k = 0; k < n; k++)
			sum -= leaves[k] * w->trees->rest[k];
		return sum;
	}
	for (k = 0; k < n; k++)
		sum += leaves[k] / (z + t[k] * (1.0 - z));
	return sum * (1.0 - z);
}

/* The leaves below the child are known: they count for the split's column, and below the split. */
static inline __attribute__((always_inline)) void
absorb(Walk *w, int n, const Step *s, const double *child, double *below)
{
	int			k;

	for (k = 0; k < n; k++)
		below[k] += child[k];
	/* a column that the row had left before says nothing new */
	if (!s->o_before)
		return;
	w->phi[s->column] += without(w, n, child, s->z, s->o);
	/* splits of the same column further up will count these leaves with what they knew of it: not so */
	if (s->z_before != 1.0)
		w->phi[s->column] -= without(w, n, child, s->z_before, true);
}

static void
enter(Walk *w, Step *s, uint32_t node, double share)
{
	const MlTreeNode *at = w->trees->node + node;

	s->node = node;
	s->column = at->column & ML_NODE_COLUMN;
	s->child = 0;
	s->row_left = ml_tree_goes_left(w->trees, at, w->x);
	s->share = share;
	s->z_before = w->z[s->column];
	s->o_before = w->o[s->column] != 0.0;
}

/*
 * Turns to the next child: its node; 0 when there is none.  A child that no
 * known row reaches, with a row that does not go there, weighs nothing.
 */
static uint32_t
next_child(Walk *w, Step *s, double *share)
{
	const MlTreeNode *at = w->trees->node + s->node;

	for (; s->child < 2; s->child++)
	{
		double		left = ml_tree_left_share(w->trees, at);
		double		ratio = s->child == 0 ? left : 1.0 - left;

		s->z = s->z_before * ratio;
		s->o = s->o_before && s->row_left == (s->child == 0);
		if (s->o || s->z > 0.0)
		{
			*share = s->share * ratio;
			return at->left + (uint32_t) s->child;
		}
	}
	return 0;
}

/* n = w->n, told once more so that the loops over few points can be written out */
static inline __attribute__((always_inline)) void
walk_tree_of(Walk *w, int points, uint32_t root)
{
	const MlTrees *trees = w->trees;
	size_t		n = (size_t) points;
	size_t		level = 0;
	size_t		k;

	if (ml_tree_is_leaf(trees, root))
	{
		w->mean += ml_tree_leaf_value(trees, root, w->output);
		return;
	}
	memcpy(w->product, trees->weight, n * sizeof(double));
	memset(w->below, 0, n * sizeof(double));
	enter(w, w->step, root, 1.0);
	for (;;)
	{
		Step	   *s = w->step + level;
		double	   *product = w->product + level * n;
		double	   *below = w->below + level * n;
		double		share = 0.0;
		uint32_t	child = next_child(w, s, &share);

		if (child != 0)
		{
			multiply(w, points, s, product, product + n);
			if (!ml_tree_is_leaf(trees, child))
			{
				memset(below + n, 0, n * sizeof(double));
				w->z[s->column] = s->z;
				w->o[s->column] = s->o ? 1.0 : 0.0;
				enter(w, s + 1, child, share);
				level++;
				continue;
			}
			else
			{
				double		value = ml_tree_leaf_value(trees, child, w->output);

				for (k = 0; k < n; k++)
					below[n + k] = product[n + k] * value;
				w->mean += share * value;
			}
		}
		else
		{
			w->z[s->column] = s->z_before;
			w->o[s->column] = s->o_before ? 1.0 : 0.0;
			if (level == 0)
				return;
			level--;
			s--;
			below -= n;
		}
		absorb(w, points, s, below + n, below);
		s->child++;
	}
}

static void
walk_tree(Walk *w, uint32_t root)
{
	switch (w->n)
	{
		case 1:
			walk_tree_of(w, 1, root);
			break;
		case 2:
			walk_tree_of(w, 2, root);
			break;
		case 3:
			walk_tree_of(w, 3, root);
			break;
		case 4:
			walk_tree_of(w, 4, root);
			break;
		default:
			walk_tree_of(w, w->n, root);
	}
}

MlCode
ml_trees_explain(MlHost *host, const MlModel *model, const double *x, int output, double *room,
				 double *phi, MlStatus *status)
{
	const MlTrees *trees = model->state;
	size_t		steps = (size_t) trees->depth + 1;
	int			p = model->prep.p;
	int			width = p + model->prep.n_extra;
	double		scale = (trees->flags & ML_TREES_AVERAGE) && trees->n_trees > 0 ? trees->n_trees : 1.0;
	uint32_t	asked = 0;
	uint32_t	tree;
	Walk		w = {.trees = trees,.x = x,.output = output,.n = trees->n_points};
	int			c;
	int			k;

	w.product = room;
	w.below = w.product + steps * (size_t) w.n;
	w.z = w.below + steps * (size_t) w.n;
	w.o = w.z + width;
	w.phi = w.o + width;
	w.step = (Step *) (w.phi + 2 * width);
	for (c = 0; c < width; c++)
	{
		w.phi[c] = 0.0;
		w.z[c] = w.o[c] = 1.0;
	}
	if (width > p)
	{
		w.x = w.phi + width;
		ml_prep_extend(&model->prep, x, w.phi + width);
	}
	for (tree = 0; tree < trees->n_trees; tree++)
	{
		if (!ml_tree_speaks(trees, tree, output))
			continue;
		if (host != NULL && trees->root[tree] - asked >= NODES_PER_POLL)
		{
			asked = trees->root[tree];
			if (host->poll(host, "explaining", (double) tree / trees->n_trees))
				return ml_status_set(status, ML_CANCELLED, "cancelled");
		}
		walk_tree(&w, trees->root[tree]);
	}
	memset(phi, 0, (size_t) p * sizeof(double));
	for (c = 0; c < width; c++)
		phi[ml_prep_extended_owner(&model->prep, c, &k)] += w.phi[c] / scale;
	phi[p] = w.mean / scale + trees->base[output];
	return ML_OK;
}
