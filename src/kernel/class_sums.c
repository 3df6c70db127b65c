/*
 * class_sums.c: class figures from the sums of each class.
 *
 * The correlation of several classes: Gorodkin, "Comparing two K-category
 * assignments by a K-category correlation coefficient", 2004.  Averages are
 * those of scikit-learn.
 *
 * Symbols: n weight of all rows; of a class tp hit, fn missed, fp wrong,
 * tn = n - tp - fn - fp.
 */
#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "kernel/class_sums.h"
#include "kernel/sum.h"

/* One class against all others. */
typedef struct Cells
{
	double		tp;
	double		fn;
	double		fp;
	double		tn;
} Cells;

static inline double
ratio(double a, double b)
{
	return b == 0 ? 0 : a / b;
}

static MlWideSum
wide_total(const MlClassSum *sum, int64_t k)
{
	MlWideSum	n = {0, 0};
	int64_t		c;

	for (c = 0; c < k; c++)
	{
		ml_wide_merge(&n, sum[c].hit);
		ml_wide_merge(&n, sum[c].missed);
	}
	return n;
}

static Cells
cells_of(const MlClassSum *s, MlWideSum n)
{
	ml_wide_subtract(&n, s->hit);
	ml_wide_subtract(&n, s->missed);
	ml_wide_subtract(&n, s->wrong);
	/* below 0 only by what sums beyond 105 bits have lost */
	return (Cells) {s->hit.hi, s->missed.hi, s->wrong.hi, n.hi > 0 ? n.hi : 0};
}

static inline bool
is_present(const MlClassSum *s)
{
	return s->hit.hi > 0 || s->missed.hi > 0 || s->wrong.hi > 0;
}

static double
figure_of(Cells x, MlClassFigure figure)
{
	switch (figure)
	{
		case ML_CLASS_PRECISION:
			return ratio(x.tp, x.tp + x.fp);
		case ML_CLASS_RECALL:
			return ratio(x.tp, x.tp + x.fn);
		case ML_CLASS_F1:
			/* halves: twice a sum of weights may be beyond the doubles */
			return ratio(x.tp, x.tp + (x.fn / 2 + x.fp / 2));
		case ML_CLASS_SPECIFICITY:
			break;
	}
	return ratio(x.tn, x.tn + x.fp);
}

double
ml_class_total(const MlClassSum *sum, int64_t k)
{
	return wide_total(sum, k).hi;
}

double
ml_class_accuracy(const MlClassSum *sum, int64_t k)
{
	double		n = ml_class_total(sum, k);
	MlWideSum	right = {0, 0};
	int64_t		c;

	if (n == 0)
		return NAN;
	for (c = 0; c < k; c++)
		ml_wide_merge(&right, sum[c].hit);
	return right.hi / n;
}

double
ml_class_balanced_accuracy(const MlClassSum *sum, int64_t k)
{
	MlSum		recall = {0, 0};
	int64_t		classes = 0;
	int64_t		c;

	for (c = 0; c < k; c++)
	{
		double		actual = sum[c].hit.hi + sum[c].missed.hi;

		if (actual == 0)
			continue;
		ml_sum_add(&recall, sum[c].hit.hi / actual);
		classes++;
	}
	return classes ? ml_sum_value(&recall) / (double) classes : NAN;
}

/*
 * The covariance of two classifications is the sum over classes of tp tn - fn fp
 * (n times the hits minus the products of the margins, but without cancelling
 * when one class has nearly all rows); the variances are this covariance of
 * each with itself.  All divided by a power of two near n, exactly, so that
 * products stay within the doubles and those of counts stay integers.
 */
double
ml_class_mcc(const MlClassSum *sum, int64_t k)
{
	MlWideSum	n = wide_total(sum, k);
	MlSum		both = {0, 0};
	MlSum		actual = {0, 0};
	MlSum		predicted = {0, 0};
	double		large;
	double		small;
	int			exponent;
	int64_t		c;

	if (n.hi == 0)
		return NAN;
	(void) frexp(n.hi, &exponent);
	for (c = 0; c < k; c++)
	{
		Cells		x = cells_of(&sum[c], n);

		x = (Cells) {ldexp(x.tp, -exponent), ldexp(x.fn, -exponent), ldexp(x.fp, -exponent), ldexp(x.tn, -exponent)};
		ml_sum_add(&both, x.tp * x.tn);
		ml_sum_add(&both, -x.fn * x.fp);
		ml_sum_add(&actual, (x.tp + x.fn) * (x.tn + x.fp));
		ml_sum_add(&predicted, (x.tp + x.fp) * (x.tn + x.fn));
	}
	large = fmax(ml_sum_value(&actual), ml_sum_value(&predicted));
	small = fmin(ml_sum_value(&actual), ml_sum_value(&predicted));
	/* the product of both may be below the doubles, and equal ones must give 1 */
	return small == 0 ? 0 : fmax(-1, fmin(1, ratio(ml_sum_value(&both) / large, sqrt(small / large))));
}

double
ml_class_one(const MlClassSum *sum, int64_t k, int64_t c, MlClassFigure figure)
{
	MlWideSum	n = wide_total(sum, k);

	assert(c >= 0 && c < k);
	return n.hi == 0 ? NAN : figure_of(cells_of(&sum[c], n), figure);
}

/*
 * Micro: each wrong row is missed by one class and wrong in another, so that
 * precision, recall and F1 are the accuracy; every row is a negative of all
 * classes present but one.
 */
static double
micro(const MlClassSum *sum, int64_t k, MlClassFigure figure)
{
	double		accuracy = ml_class_accuracy(sum, k);
	int64_t		classes = 0;
	int64_t		c;

	if (figure != ML_CLASS_SPECIFICITY)
		return accuracy;
	for (c = 0; c < k; c++)
		classes += is_present(&sum[c]);
	return classes == 1 ? 0 : ((double) (classes - 2) + accuracy) / (double) (classes - 1);
}

double
ml_class_mean(const MlClassSum *sum, int64_t k, MlClassFigure figure, MlClassAverage average)
{
	MlWideSum	n = wide_total(sum, k);
	MlSum		total = {0, 0};
	int64_t		classes = 0;
	int64_t		c;

	if (n.hi == 0)
		return NAN;
	if (average == ML_CLASS_MICRO)
		return micro(sum, k, figure);
	for (c = 0; c < k; c++)
	{
		double		value = figure_of(cells_of(&sum[c], n), figure);

		if (!is_present(&sum[c]))
			continue;
		ml_sum_add(&total, average == ML_CLASS_WEIGHTED ? value * (sum[c].hit.hi + sum[c].missed.hi) : value);
		classes++;
	}
	return ml_sum_value(&total) / (average == ML_CLASS_WEIGHTED ? n.hi : (double) classes);
}
