/*
 * metrics.c: ranking figures.
 *
 * Ranking figures walk the rows once by descending score, one group of equal
 * scores at a time, with the weights of positives and negatives counted so
 * far (the ROC curve; Fawcett, "An introduction to ROC analysis", 2006).
 * Average precision is scikit-learn's.
 *
 * Symbols: y s p w n as in metrics.h; tp, fp: weights above a score.
 */
#include <assert.h>
#include <math.h>

#include "kernel/curve.h"
#include "kernel/metrics.h"
#include "kernel/quantile.h"
#include "kernel/sort.h"
#include "kernel/sum.h"

static inline double
weight_of(const double *w, int64_t i)
{
	return w ? w[i] : 1;
}

static inline double
ratio(double a, double b)
{
	return b == 0 ? 0 : a / b;
}

/* --- ranking ------------------------------------------------------------ */

static inline size_t
key_bytes(int64_t n)
{
	return (size_t) n * sizeof(uint64_t);
}

size_t
ml_score_scratch(int64_t n)
{
	return key_bytes(n) + ml_sort_scratch(n);
}

void
ml_score_order(const double *s, int64_t n, uint32_t *order, void *scratch)
{
	uint64_t   *key = scratch;
	int64_t		i;

	for (i = 0; i < n; i++)
		key[i] = ml_sort_key(s[i]);
	ml_sort_pairs(key, NULL, n, order, key + n);
}

/*
 * Adds the rows of the highest score not yet taken to the curve; *left is the
 * number of rows before it in the order.
 */
static void
take_group(const double *y, double positive, const double *s, const double *w,
		   const uint32_t *order, int64_t *left, MlCurve *curve)
{
	int64_t		i = *left - 1;
	double		score = s[order[i]];

	/* none is above: equal, but a NaN ends here, too */
	for (; i >= 0 && !(s[order[i]] < score); i--)
		ml_curve_add(curve, y[order[i]] == positive, weight_of(w, order[i]));
	*left = i + 1;
}

double
ml_roc_auc(const double *y, double positive, const double *s, const double *w,
		   const uint32_t *order, int64_t n)
{
	MlCurve		curve = {0};
	int64_t		left = n;

	while (left > 0)
	{
		take_group(y, positive, s, w, order, &left, &curve);
		ml_curve_step_roc(&curve);
	}
	return ml_curve_roc_auc(&curve);
}

double
ml_average_precision(const double *y, double positive, const double *s, const double *w,
					 const uint32_t *order, int64_t n)
{
	MlCurve		curve = {0};
	int64_t		left = n;

	while (left > 0)
	{
		take_group(y, positive, s, w, order, &left, &curve);
		ml_curve_step_pr(&curve);
	}
	return ml_curve_average_precision(&curve);
}

/* What a threshold is worth; larger is better. */
static double
threshold_worth(MlThresholdRule rule, const double *cost,
				double tp, double fp, double positives, double negatives)
{
	switch (rule)
	{
		case ML_THRESHOLD_F1:
			return ratio(2 * tp, tp + fp + positives);
		case ML_THRESHOLD_YOUDEN:
			return tp / positives - fp / negatives;
		case ML_THRESHOLD_COST:
			break;
	}
	return -(cost[0] * tp + cost[1] * fp + cost[2] * (positives - tp) + cost[3] * (negatives - fp));
}

/* A threshold above `below` and not above `from`. */
static double
between(double below, double from)
{
	double		t = below + (from - below) / 2;

	return t > below ? t : from;
}

double
ml_best_threshold(MlThresholdRule rule, const double *cost,
				  const double *y, const double *p, const double *w,
				  const uint32_t *order, int64_t n)
{
	MlCurve		curve = {0};
	double		positives;
	double		negatives;
	double		best;
	double		threshold;
	int64_t		left = n;
	int64_t		i;

	for (i = 0; i < n; i++)
		ml_curve_add(&curve, y[i] == 1, weight_of(w, i));
	ml_curve_step(&curve);
	positives = curve.p;
	negatives = curve.f;
	if (n == 0 ||
		(rule == ML_THRESHOLD_F1 && positives == 0) ||
		(rule == ML_THRESHOLD_YOUDEN && (positives == 0 || negatives == 0)))
		return NAN;

	best = threshold_worth(rule, cost, 0, 0, positives, negatives);
	threshold = p[order[n - 1]] < 1 ? between(p[order[n - 1]], 1) : nextafter(1, 2);
	curve = (MlCurve) {0};
	while (left > 0)
	{
		double		score = p[order[left - 1]];
		double		worth;

		take_group(y, 1, p, w, order, &left, &curve);
		ml_curve_step(&curve);
		worth = threshold_worth(rule, cost, curve.p, curve.f, positives, negatives);
		if (worth > best)
		{
			best = worth;
			threshold = left > 0 ? between(p[order[left - 1]], score) : 0;
		}
	}
	return threshold;
}

int
ml_threshold_points(const double *y, const double *p, const double *w,
					const uint32_t *order, int64_t n, double own, MlThresholdPoint *point)
{
	MlCurve		all = {0};
	MlCurve		curve = {0};
	double		upper = INFINITY;
	int64_t		left = n;
	int			points = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
		ml_curve_add(&all, y[i] == 1, weight_of(w, i));
	ml_curve_step(&all);
	for (;;)
	{
		/* the thresholds in (lower, upper] call the rows so far positive, and no others */
		double		lower = left > 0 ? p[order[left - 1]] : -INFINITY;
		MlThresholdPoint now = {.tp = curve.p,.fp = curve.f};
		const MlThresholdPoint *last = points > 0 ? point + points - 1 : &now;
		bool		mine = own > lower && own <= upper;

		if (mine)
			now.threshold = own;
		else if (left == 0)
			now.threshold = 0;
		else
			now.threshold = between(lower, upper < 1 ? upper : 1);
		if (mine || (points == 0 ? lower < 1 : left == 0) ||
			(all.p > 0 && now.tp - last->tp >= all.p / 100) ||
			now.tp + now.fp - last->tp - last->fp >= (all.p + all.f) / 100)
			point[points++] = now;
		if (left == 0)
			return points;
		upper = lower;
		take_group(y, 1, p, w, order, &left, &curve);
		ml_curve_step(&curve);
	}
}
