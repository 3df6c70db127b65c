/*
 * impurity.c: scans over cells.
 *
 * What a side says is its score, S(G, H) or S(w_1 .. w_k); the gain is
 * S(left) + S(right) - S(node), the parts of the impurity that do not depend
 * on the cut left out:
 *
 *	  squared error	G² / H
 *	  gini			Σ_k w_k² / W; two classes: 2 G² / H + H - 2 G
 *	  entropy		Σ_k w_k log2 w_k - W log2 W
 *
 * With several classes rows pass from right to left one at a time, which
 * changes one term of the sum over classes: the scan costs the rows, not
 * cells × classes.
 */
#include "kernel/impurity.h"

#include <math.h>
#include <string.h>

/* A gain below this share of the scores it is the difference of is rounding. */
#define ROUNDING 1e-13

static inline double
xlogx(double x)
{
	return x > 0.0 ? x * log2(x) : 0.0;
}

static inline double
score(MlImpurity impurity, double g, double h)
{
	if (impurity == ML_ENTROPY)
		return xlogx(g) + xlogx(h - g) - xlogx(h);
	return g * g / h;
}

/* The gain of two scores over a third, in the impurity's own unit; 0 within rounding. */
static double
gain_over(MlImpurity impurity, double both, double node, int k)
{
	double		gain = both - node;

	if (fabs(gain) <= ROUNDING * fmax(fabs(both), fabs(node)))
		return 0.0;
	return impurity == ML_GINI && k == 1 ? 2.0 * gain : gain;
}

MlCut
ml_impurity_cut(MlImpurity impurity, const MlBinSum *cell, int m, const MlBinSum *missing, int64_t min_rows)
{
	MlCut		cut = {.gain = -1.0};
	MlBinSum	total = *missing;
	double		best = -INFINITY;
	double		node;
	int			side;
	int			i;

	for (i = 0; i < m; i++)
	{
		total.g += cell[i].g;
		total.h += cell[i].h;
		total.n += cell[i].n;
	}
	for (side = 0; side < (missing->n > 0 ? 2 : 1); side++)
	{
		MlBinSum	left = {0.0, 0.0, 0};
		/* with missing values "all that is there | missing" is a cut as well */
		int			last = missing->n > 0 && side == 0 ? m : m - 1;

		if (side == 1)
			left = *missing;
		for (i = 0; i < last; i++)
		{
			double		gr;
			double		hr;
			double		both;

			left.g += cell[i].g;
			left.h += cell[i].h;
			left.n += cell[i].n;
			gr = total.g - left.g;
			hr = total.h - left.h;
			if (left.n < min_rows || total.n - left.n < min_rows)
				continue;
			if (impurity == ML_ENTROPY)
				both = score(impurity, left.g, left.h) + score(impurity, gr, hr);
			else
				both = (left.g * left.g * hr + gr * gr * left.h) / (left.h * hr);
			/* the product of tiny weights may vanish: that is no cut */
			if (both > best && both < INFINITY)
			{
				best = both;
				cut.at = i;
				cut.missing_left = side == 1;
				cut.left = left.h;
			}
		}
	}
	if (best == -INFINITY)
		return cut;
	node = score(impurity, total.g, total.h);
	cut.gain = fmax(gain_over(impurity, best, node, 1), 0.0);
	return cut;
}

/* Σ_k of a side with one term of the sum changed. */
static inline double
changed(MlImpurity impurity, double before, double after)
{
	return impurity == ML_ENTROPY ? xlogx(after) - xlogx(before) : after * after - before * before;
}

static inline double
class_score(MlImpurity impurity, double sum, double weight)
{
	return impurity == ML_ENTROPY ? sum - xlogx(weight) : sum / weight;
}

/* Both sides of a cut that moves. */
typedef struct Sides
{
	double	   *left;			/* k weights */
	double	   *right;
	double		left_sum;		/* Σ_k of squares, or of w log2 w */
	double		right_sum;
	double		left_weight;
	double		right_weight;
} Sides;

static inline void
pass_left(MlImpurity impurity, Sides *s, const MlClassRow *row)
{
	int			c = (int) row->g;
	double		l = s->left[c] + row->h;
	double		r = s->right[c] - row->h;

	s->left_sum += changed(impurity, s->left[c], l);
	s->right_sum += changed(impurity, s->right[c], r);
	s->left[c] = l;
	s->right[c] = r;
	s->left_weight += row->h;
	s->right_weight -= row->h;
}

MlCut
ml_impurity_cut_classes(MlImpurity impurity, int k, const MlClassRow *row, int64_t n, const int64_t *end,
						int m, const double *total, int64_t min_rows, double *work)
{
	MlCut		cut = {.gain = -1.0};
	int64_t		missing = n - end[m - 1];
	double		best = -INFINITY;
	double		node_sum = 0.0;
	double		weight = 0.0;
	int			side;
	int			c;

	for (c = 0; c < k; c++)
	{
		node_sum += changed(impurity, 0.0, total[c]);
		weight += total[c];
	}
	for (side = 0; side < (missing > 0 ? 2 : 1); side++)
	{
		Sides		s = {.left = work,.right = work + k,.right_sum = node_sum,.right_weight = weight};
		int64_t		rows = side == 1 ? missing : 0;
		int			last = missing > 0 && side == 0 ? m : m - 1;
		int64_t		r;
		int			i;

		memset(s.left, 0, (size_t) k * sizeof(double));
		memcpy(s.right, total, (size_t) k * sizeof(double));
		for (r = end[m - 1]; side == 1 && r < n; r++)
			pass_left(impurity, &s, row + r);
		for (i = 0, r = 0; i < last; i++)
		{
			double		both;

			for (; r < end[i]; r++)
				pass_left(impurity, &s, row + r);
			if (rows + r < min_rows || n - rows - r < min_rows || !(s.left_weight > 0) || !(s.right_weight > 0))
				continue;
			both = class_score(impurity, s.left_sum, s.left_weight) +
				class_score(impurity, s.right_sum, s.right_weight);
			if (both > best && both < INFINITY)
			{
				best = both;
				cut.at = i;
				cut.missing_left = side == 1;
				cut.left = s.left_weight;
			}
		}
	}
	if (best == -INFINITY)
		return cut;
	cut.gain = fmax(gain_over(impurity, best, class_score(impurity, node_sum, weight), k), 0.0);
	return cut;
}
