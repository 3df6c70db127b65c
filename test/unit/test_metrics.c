/*
 * test_metrics.c: ranking and class figures against scikit-learn's and naive
 * twins; figures of running sums are in test_sums.c.
 *
 * Tolerance 1e-12 relative: both sides are sums of a few hundred terms.
 */
#include <float.h>
#include <stdlib.h>

#include "golden_metrics.h"
#include "kernel/class_sums.h"
#include "kernel/metrics.h"
#include "kernel/rng.h"
#include "tap.h"

#define TOLERANCE 1e-12
#define ROWS(t) ((int) (sizeof(t) / sizeof(t[0])))
#define MAX_ROWS 1000

static uint32_t order[20000];

static void
make_order(const double *s, int n)
{
	void	   *scratch = malloc(ml_score_scratch(n));

	ml_score_order(s, n, order, scratch);
	free(scratch);
}

static void
check(const GoldenFigure *golden, int n, const char *name, double plain, double weighted)
{
	char		title[100];
	int			i;

	for (i = 0; i < n && strcmp(golden[i].name, name) != 0; i++)
		;
	snprintf(title, sizeof(title), "%s has a golden figure", name);
	if (i == n)
	{
		OK(false, title);
		return;
	}
	NEAR(plain, golden[i].plain, TOLERANCE, name);
	snprintf(title, sizeof(title), "%s, weighted", name);
	NEAR(weighted, golden[i].weighted, TOLERANCE, title);
}

#define BINARY(name, plain, weighted) check(binary_golden, ROWS(binary_golden), name, plain, weighted)
#define MULTI(name, plain, weighted) check(multi_golden, ROWS(multi_golden), name, plain, weighted)

static void
add_rows(MlClassSum *sum, const double *y, const int *z, const double *w, int n)
{
	int			i;

	for (i = 0; i < n; i++)
		ml_class_add(&sum[(int) y[i]], &sum[z[i]], w ? w[i] : 1);
}

static void
test_binary(void)
{
	const double *y = binary_y;
	const double *p = binary_p;
	const double *w = binary_w;
	int			n = ROWS(binary_y);
	int			z[ROWS(binary_y)];
	MlClassSum	a[2] = {0};
	MlClassSum	b[2] = {0};
	int			i;

	make_order(p, n);
	BINARY("roc_auc", ml_roc_auc(y, 1, p, NULL, order, n), ml_roc_auc(y, 1, p, w, order, n));
	BINARY("pr_auc", ml_average_precision(y, 1, p, NULL, order, n), ml_average_precision(y, 1, p, w, order, n));
	for (i = 0; i < n; i++)
		z[i] = p[i] >= 0.5;
	add_rows(a, y, z, NULL, n);
	add_rows(b, y, z, w, n);
	BINARY("accuracy", ml_class_accuracy(a, 2), ml_class_accuracy(b, 2));
	BINARY("balanced_accuracy", ml_class_balanced_accuracy(a, 2), ml_class_balanced_accuracy(b, 2));
	BINARY("mcc", ml_class_mcc(a, 2), ml_class_mcc(b, 2));
	BINARY("precision", ml_class_one(a, 2, 1, ML_CLASS_PRECISION),
		   ml_class_one(b, 2, 1, ML_CLASS_PRECISION));
	BINARY("recall", ml_class_one(a, 2, 1, ML_CLASS_RECALL),
		   ml_class_one(b, 2, 1, ML_CLASS_RECALL));
	BINARY("f1", ml_class_one(a, 2, 1, ML_CLASS_F1),
		   ml_class_one(b, 2, 1, ML_CLASS_F1));
}

static void
test_multi(void)
{
	const double *w = multi_w;
	int			n = ROWS(multi_y);
	double		column[ROWS(multi_y)];
	double		auc[2] = {0, 0};
	MlClassSum	a[3] = {0};
	MlClassSum	b[3] = {0};
	int			i;
	int			c;

	for (c = 0; c < 3; c++)
	{
		for (i = 0; i < n; i++)
			column[i] = multi_p[i * 3 + c];
		make_order(column, n);
		auc[0] += ml_roc_auc(multi_y, c, column, NULL, order, n) / 3;
		auc[1] += ml_roc_auc(multi_y, c, column, w, order, n) / 3;
	}
	MULTI("roc_auc", auc[0], auc[1]);
	add_rows(a, multi_y, multi_z, NULL, n);
	add_rows(b, multi_y, multi_z, w, n);
	MULTI("accuracy", ml_class_accuracy(a, 3), ml_class_accuracy(b, 3));
	MULTI("balanced_accuracy", ml_class_balanced_accuracy(a, 3), ml_class_balanced_accuracy(b, 3));
	MULTI("mcc", ml_class_mcc(a, 3), ml_class_mcc(b, 3));
	MULTI("precision", ml_class_mean(a, 3, ML_CLASS_PRECISION, ML_CLASS_MACRO),
		   ml_class_mean(b, 3, ML_CLASS_PRECISION, ML_CLASS_MACRO));
	MULTI("recall", ml_class_mean(a, 3, ML_CLASS_RECALL, ML_CLASS_MACRO),
		   ml_class_mean(b, 3, ML_CLASS_RECALL, ML_CLASS_MACRO));
	MULTI("f1", ml_class_mean(a, 3, ML_CLASS_F1, ML_CLASS_MACRO),
		   ml_class_mean(b, 3, ML_CLASS_F1, ML_CLASS_MACRO));
}

/* Every pair of a positive and a negative row. */
static double
auc_naive(const double *y, const double *s, const double *w, int n)
{
	double		good = 0;
	double		all = 0;
	int			i;
	int			j;

	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			if (y[i] == 1 && y[j] != 1)
			{
				all += w[i] * w[j];
				good += w[i] * w[j] * (s[i] > s[j] ? 1 : s[i] == s[j] ? 0.5 : 0);
			}
	return good / all;
}

/* What a rule is worth at t, by counting; larger is better. */
static double
worth_naive(int rule, const double *cost, double t, const double *y, const double *p, const double *w, int n)
{
	double		c[2][2] = {{0, 0}, {0, 0}};
	int			i;

	for (i = 0; i < n; i++)
		c[y[i] == 1][p[i] >= t] += w[i];
	if (rule == ML_THRESHOLD_F1)
		return c[1][1] == 0 ? 0 : 2 * c[1][1] / (2 * c[1][1] + c[0][1] + c[1][0]);
	if (rule == ML_THRESHOLD_YOUDEN)
		return c[1][1] / (c[1][1] + c[1][0]) - c[0][1] / (c[0][1] + c[0][0]);
	return -(cost[0] * c[1][1] + cost[1] * c[0][1] + cost[2] * c[1][0] + cost[3] * c[0][0]);
}

/* Each point by counting; own among them; from nobody, where a threshold can say so, to everybody. */
static bool
points_good(const double *y, const double *p, const double *w, int n, double own)
{
	MlThresholdPoint point[ML_MAX_THRESHOLDS];
	int			points = ml_threshold_points(y, p, w, order, n, own, point);
	bool		found = isnan(own);
	bool		good = points >= 1 && points <= ML_MAX_THRESHOLDS;
	int			k;
	int			i;

	for (k = 0; good && k < points; k++)
	{
		double		tp = 0;
		double		fp = 0;

		for (i = 0; i < n; i++)
			*(y[i] == 1 ? &tp : &fp) += p[i] >= point[k].threshold ? w ? w[i] : 1 : 0;
		good &= fabs(tp - point[k].tp) < 1e-9 && fabs(fp - point[k].fp) < 1e-9;
		good &= k == 0 || (point[k].threshold < point[k - 1].threshold &&
						   point[k].tp + point[k].fp > point[k - 1].tp + point[k - 1].fp);
		found |= point[k].threshold == own;
	}
	return good && found && (point[0].tp + point[0].fp == 0 || p[order[n - 1]] == 1) &&
		point[points - 1].threshold <= p[order[0]];
}

/* Many rows, most of them negative: no more points than there is room for, and the positive ones are told apart. */
static void
test_points(void)
{
	static double y[20000];
	static double p[20000];
	static double w[20000];
	MlThresholdPoint point[ML_MAX_THRESHOLDS];
	MlRng		rng;
	double		step = 0;
	int			points;
	int			i;

	ml_rng_init(&rng, 8, 0);
	for (i = 0; i < 20000; i++)
	{
		p[i] = ml_rng_unit(&rng);
		y[i] = ml_rng_unit(&rng) < 0.01 * p[i];
		w[i] = ml_rng_unit(&rng) + 0.1;
	}
	make_order(p, 20000);
	points = ml_threshold_points(y, p, NULL, order, 20000, 0.5, point);
	for (i = 1; i < points; i++)
		step = fmax(step, point[i].tp - point[i - 1].tp);
	OK(points > 100 && points <= ML_MAX_THRESHOLDS && step <= 2, "every hundredth of few positive rows counts");
	OK(points_good(y, p, w, 20000, 0.25), "each says what it does to weighted rows");
}

static void
test_naive(void)
{
	const double cost[4] = {-1, 2, 5, 0.25};
	bool		auc_good = true;
	bool		threshold_good = true;
	bool		points = true;
	double		y[60];
	double		s[60];
	double		w[60];
	MlRng		rng;
	int			trial;
	int			i;

	ml_rng_init(&rng, 5, 0);
	for (trial = 0; trial < 200; trial++)
	{
		int			n = 2 + (int) ml_rng_below(&rng, 58);
		int			rule;

		for (i = 0; i < n; i++)
		{
			y[i] = i < 2 ? i : (double) ml_rng_below(&rng, 2);
			s[i] = (double) ml_rng_below(&rng, 21) / 20;
			w[i] = 0.5 + (double) ml_rng_below(&rng, 4);
		}
		make_order(s, n);
		auc_good &= tap_close(ml_roc_auc(y, 1, s, w, order, n), auc_naive(y, s, w, n), TOLERANCE, 1e-3);
		points &= points_good(y, s, w, n, NAN) && points_good(y, s, NULL, n, 0.5) && points_good(y, s, w, n, s[0]) &&
			points_good(y, s, w, n, 0) && points_good(y, s, w, n, 1);
		for (rule = ML_THRESHOLD_F1; rule <= ML_THRESHOLD_COST; rule++)
		{
			double		t = ml_best_threshold((MlThresholdRule) rule, cost, y, s, w, order, n);
			double		worth = worth_naive(rule, cost, t, y, s, w, n);

			threshold_good &= t >= 0 && t <= 1 + DBL_EPSILON;
			for (i = -1; i <= n; i++)
				threshold_good &= worth >= worth_naive(rule, cost, i < 0 ? 0 : i < n ? s[i] : 1.1, y, s, w, n) - 1e-9;
		}
	}
	OK(auc_good, "AUC is the share of pairs in order");
	OK(threshold_good, "no threshold is better than the best");
	OK(points, "a table of thresholds says what each does");
}

static void
test_edges(void)
{
	double		y[4] = {1, 1, 0, 0};
	double		ones[4] = {1, 1, 1, 1};
	double		p[4] = {0.9, 0.8, 0.2, 0.1};
	double		same[4] = {0.3, 0.3, 0.3, 0.3};
	const double free_[4] = {0, 1, 0, 0};
	double		t;

	make_order(p, 4);
	OK(isnan(ml_roc_auc(ones, 1, p, NULL, order, 4)), "AUC of one class does not exist");
	OK(isnan(ml_roc_auc(y, 1, p, NULL, order, 0)), "nor of no rows");
	OK(ml_roc_auc(y, 1, p, NULL, order, 4) == 1, "perfect order is 1");
	OK(ml_roc_auc(y, 0, p, NULL, order, 4) == 0, "the other class is 0");
	OK(ml_average_precision(y, 7, p, NULL, order, 4) == 0, "average precision without positives is 0");
	t = ml_best_threshold(ML_THRESHOLD_F1, NULL, y, p, NULL, order, 4);
	NEAR(t, 0.5, 1e-15, "best F1 lies halfway between the classes");
	OK(ml_best_threshold(ML_THRESHOLD_COST, free_, y, p, NULL, order, 4) > 0.9,
			"when missing costs nothing nobody is flagged");
	OK(isnan(ml_best_threshold(ML_THRESHOLD_YOUDEN, NULL, ones, p, NULL, order, 4)), "Youden needs both classes");
	make_order(same, 4);
	OK(ml_roc_auc(y, 1, same, NULL, order, 4) == 0.5, "equal scores are one half");
}

int
main(void)
{
	test_binary();
	test_multi();
	test_naive();
	test_points();
	test_edges();
	return tap_done();
}
