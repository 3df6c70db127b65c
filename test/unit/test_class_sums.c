/*
 * test_class_sums.c: class figures against a naive confusion matrix, sums in
 * any order and grouping, and the edges.  Golden figures: test_metrics.c.
 *
 * Tolerance 1e-12 relative: both sides are sums of a few dozen terms.
 */
#include <float.h>
#include <stdlib.h>

#include "kernel/class_sums.h"
#include "kernel/rng.h"
#include "tap.h"

#define TOLERANCE 1e-12
#define K 5

/* --- naive twins: count is [actual][predicted] --------------------------- */

static double
cell(double count[K][K], int a, int p)
{
	double		total = 0;
	int			i;
	int			j;

	for (i = 0; i < K; i++)
		for (j = 0; j < K; j++)
			if ((a < 0 || i == a) && (p < 0 || j == p))
				total += count[i][j];
	return total;
}

static double
over(double a, double b)
{
	return b == 0 ? 0 : a / b;
}

static double
figure_naive(double count[K][K], int c, MlClassFigure figure)
{
	double		tp = count[c][c];
	double		t = cell(count, c, -1);
	double		p = cell(count, -1, c);
	double		n = cell(count, -1, -1);

	switch (figure)
	{
		case ML_CLASS_PRECISION:
			return over(tp, p);
		case ML_CLASS_RECALL:
			return over(tp, t);
		case ML_CLASS_F1:
			return over(2 * tp, t + p);
		case ML_CLASS_SPECIFICITY:
			break;
	}
	return over(n - t - p + tp, n - t);
}

static double
mean_naive(double count[K][K], MlClassFigure figure, MlClassAverage average)
{
	double		sum = 0;
	double		weights = 0;
	double		good = 0;
	double		all = 0;
	int			c;

	for (c = 0; c < K; c++)
	{
		double		t = cell(count, c, -1);
		double		p = cell(count, -1, c);
		double		n = cell(count, -1, -1);
		double		w = average == ML_CLASS_WEIGHTED ? t : 1;

		if (t == 0 && p == 0)
			continue;
		sum += w * figure_naive(count, c, figure);
		weights += w;
		good += figure == ML_CLASS_SPECIFICITY ? n - t - p + count[c][c] : count[c][c];
		all += figure == ML_CLASS_SPECIFICITY ? n - t : figure == ML_CLASS_PRECISION ? p : t;
	}
	return average == ML_CLASS_MICRO ? over(good, all) : sum / weights;
}

static double
mcc_naive(double count[K][K])
{
	double		n = cell(count, -1, -1);
	double		c = 0;
	double		tp = 0;
	double		tt = 0;
	double		pp = 0;
	int			i;

	for (i = 0; i < K; i++)
	{
		c += count[i][i];
		tp += cell(count, i, -1) * cell(count, -1, i);
		tt += cell(count, i, -1) * cell(count, i, -1);
		pp += cell(count, -1, i) * cell(count, -1, i);
	}
	return over(c * n - tp, sqrt(n * n - tt) * sqrt(n * n - pp));
}

static void
test_naive(void)
{
	bool		one_good = true;
	bool		mean_good = true;
	bool		whole_good = true;
	MlRng		rng;
	int			trial;

	ml_rng_init(&rng, 11, 0);
	for (trial = 0; trial < 500; trial++)
	{
		double		count[K][K] = {{0}};
		MlClassSum	sum[K] = {0};
		int			rows = 1 + (int) ml_rng_below(&rng, 60);
		int			classes = 1 + (int) ml_rng_below(&rng, K);
		double		right = 0;
		double		recall = 0;
		int			present = 0;
		int			c;
		int			f;
		int			i;

		for (i = 0; i < rows; i++)
		{
			int			a = (int) ml_rng_below(&rng, (uint32_t) classes);
			int			p = ml_rng_below(&rng, 2) ? a : (int) ml_rng_below(&rng, (uint32_t) classes);
			double		w = trial % 2 ? 0.25 * (double) (1 + ml_rng_below(&rng, 9)) : 1;

			count[a][p] += w;
			ml_class_add(&sum[a], &sum[p], w);
		}
		for (f = ML_CLASS_PRECISION; f <= ML_CLASS_SPECIFICITY; f++)
		{
			MlClassFigure figure = (MlClassFigure) f;

			for (c = 0; c < K; c++)
				one_good &= tap_close(ml_class_one(sum, K, c, figure), figure_naive(count, c, figure), TOLERANCE, 1e-3);
			for (c = ML_CLASS_MACRO; c <= ML_CLASS_WEIGHTED; c++)
				mean_good &= tap_close(ml_class_mean(sum, K, figure, (MlClassAverage) c),
									   mean_naive(count, figure, (MlClassAverage) c), TOLERANCE, 1e-3);
		}
		for (c = 0; c < K; c++)
		{
			right += count[c][c];
			if (cell(count, c, -1) == 0)
				continue;
			recall += figure_naive(count, c, ML_CLASS_RECALL);
			present++;
		}
		whole_good &= tap_close(ml_class_accuracy(sum, K), right / cell(count, -1, -1), TOLERANCE, 1e-3);
		whole_good &= tap_close(ml_class_balanced_accuracy(sum, K), recall / present, TOLERANCE, 1e-3);
		whole_good &= tap_close(ml_class_mcc(sum, K), mcc_naive(count), TOLERANCE, 1e-3);
		whole_good &= ml_class_total(sum, K) == cell(count, -1, -1);
	}
	OK(one_good, "figures of one class are those of the matrix");
	OK(mean_good, "macro, micro and weighted means are those of the matrix");
	OK(whole_good, "accuracy, balanced accuracy and correlation are those of the matrix");
}

/* --- sums ------------------------------------------------------------------ */

#define TERMS 20000

static bool
same_bits(MlWideSum a, MlWideSum b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void
test_order(void)
{
	double	   *x = malloc(TERMS * sizeof(double));
	MlWideSum	forward = {0, 0};
	MlWideSum	backward = {0, 0};
	MlWideSum	grouped = {0, 0};
	MlWideSum	part[7] = {{0, 0}};
	MlWideSum	count = {0, 0};
	MlWideSum	back;
	MlRng		rng;
	int			i;

	ml_rng_init(&rng, 12, 0);
	/* nine decades: (sum / smallest) stays below 2^53 */
	for (i = 0; i < TERMS; i++)
		x[i] = pow(10, 9 * ml_rng_unit(&rng)) * (1 + DBL_EPSILON * (double) ml_rng_below(&rng, 1000));
	for (i = 0; i < TERMS; i++)
	{
		ml_wide_add(&forward, x[i]);
		ml_wide_add(&backward, x[TERMS - 1 - i]);
		ml_wide_add(&part[i % 7], x[i]);
	}
	for (i = 0; i < 7; i++)
		ml_wide_merge(&grouped, part[(i * 3) % 7]);
	OK(same_bits(forward, backward), "a sum has the same bits backwards");
	OK(same_bits(forward, grouped), "and in groups");
	back = grouped;
	for (i = 0; i < TERMS; i++)
		ml_wide_subtract(&back, (MlWideSum) {x[i], 0});
	OK(back.hi == 0 && back.lo == 0, "taking every term away leaves nothing");

	count = (MlWideSum) {0x1p53, 0};
	for (i = 0; i < 3; i++)
		ml_wide_add(&count, 1);
	OK(count.hi == 0x1p53 + 4 && count.lo == -1, "counts beyond 2^53 stay exact");
	free(x);
}

static void
test_edges(void)
{
	const MlClassSum none[3] = {0};
	MlClassSum	one[2] = {0};
	MlClassSum	two[2] = {0};
	MlClassSum	huge[2] = {0};
	MlClassSum	tiny[2] = {0};
	MlClassSum	uneven[2] = {0};
	MlClassSum	wrong[2] = {0};
	int			i;

	OK(isnan(ml_class_accuracy(none, 3)) && isnan(ml_class_balanced_accuracy(none, 3)) &&
			isnan(ml_class_mcc(none, 3)) && isnan(ml_class_one(none, 3, 1, ML_CLASS_F1)) &&
			isnan(ml_class_mean(none, 3, ML_CLASS_F1, ML_CLASS_MACRO)) &&
			isnan(ml_class_mean(none, 3, ML_CLASS_F1, ML_CLASS_MICRO)), "no weight, no figure");

	ml_class_add(&one[1], &one[1], 5);
	OK(ml_class_mcc(one, 2) == 0 && ml_class_accuracy(one, 2) == 1 && ml_class_balanced_accuracy(one, 2) == 1,
			"one class only");
	OK(ml_class_mean(one, 2, ML_CLASS_F1, ML_CLASS_MACRO) == 1 &&
			ml_class_mean(one, 2, ML_CLASS_PRECISION, ML_CLASS_WEIGHTED) == 1,
			"an absent class is left out of the mean");
	OK(ml_class_one(one, 2, 0, ML_CLASS_PRECISION) == 0 && ml_class_one(one, 2, 0, ML_CLASS_RECALL) == 0 &&
			ml_class_one(one, 2, 0, ML_CLASS_F1) == 0 && ml_class_one(one, 2, 0, ML_CLASS_SPECIFICITY) == 1,
			"an absent class: 0/0 is 0, and nobody is called it wrongly");
	OK(ml_class_one(one, 2, 1, ML_CLASS_SPECIFICITY) == 0 &&
			ml_class_mean(one, 2, ML_CLASS_SPECIFICITY, ML_CLASS_MICRO) == 0,
			"without other classes specificity is 0/0");

	ml_class_add(&wrong[0], &wrong[1], 3);
	ml_class_add(&wrong[1], &wrong[0], 3);
	OK(ml_class_mcc(wrong, 2) == -1 && ml_class_accuracy(wrong, 2) == 0, "always the other one");
	for (i = 0; i < 10; i++)
		ml_class_add(&two[i % 3 == 0], &two[i % 3 == 0], 0.1 * (i + 1));
	OK(ml_class_mcc(two, 2) == 1, "equal labels correlate with exactly 1");

	ml_class_add(&huge[0], &huge[0], 0.6 * DBL_MAX);
	ml_class_add(&huge[1], &huge[1], 0.2 * DBL_MAX);
	ml_class_add(&huge[1], &huge[0], 0.1 * DBL_MAX);
	NEAR(ml_class_one(huge, 2, 0, ML_CLASS_F1), 12.0 / 13, TOLERANCE, "weights near the largest double");
	NEAR(ml_class_mcc(huge, 2), 12 / sqrt(14 * 18), TOLERANCE, "their correlation");
	ml_class_add(&tiny[0], &tiny[0], 6e-300);
	ml_class_add(&tiny[1], &tiny[1], 2e-300);
	ml_class_add(&tiny[1], &tiny[0], 1e-300);
	NEAR(ml_class_mcc(tiny, 2), 12 / sqrt(14 * 18), TOLERANCE, "and of tiny ones");
	ml_class_add(&uneven[0], &uneven[0], 1);
	ml_class_add(&uneven[1], &uneven[1], 2e-200);
	ml_class_add(&uneven[1], &uneven[0], 1e-200);
	NEAR(ml_class_mcc(uneven, 2), sqrt(2.0 / 3), TOLERANCE, "one class with nearly all the weight does not cancel");
	NEAR(ml_class_one(uneven, 2, 1, ML_CLASS_RECALL), 2.0 / 3, TOLERANCE, "nor hide the other's recall");
	ml_class_add(&huge[0], &huge[1], 0.5 * DBL_MAX);
	OK(!isfinite(ml_class_total(huge, 2)), "an overflow is seen in the total");
}

int
main(void)
{
	test_naive();
	test_order();
	test_edges();
	return tap_done();
}
