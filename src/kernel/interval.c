/*
 * interval.c: intervals of shares and means, the variance of an AUC.
 *
 * A share: the score interval, Wilson, "Probable inference, the law of
 * succession, and statistical inference", JASA 22, 1927.
 *
 * AUC: DeLong, DeLong, Clarke-Pearson, "Comparing the areas under two or more
 * correlated receiver operating characteristic curves", Biometrics 44, 1988.
 * With m positives and n negatives every positive has a placement
 * V10 = share of the negatives below it, every negative V01 = share of the
 * positives above it, ties counting one half; both average to the AUC, and
 *     Var = S10 / m + S01 / n,   S = sample variance of the placements.
 * Placements are read off the sorted scores, so the cost is that of the sort
 * (Sun and Xu, "Fast implementation of DeLong's algorithm for comparing the
 * areas under correlated receiver operating characteristic curves", IEEE
 * Signal Processing Letters 21, 2014): rows of one score share theirs.
 */
#include <math.h>
#include <stdbool.h>

#include "kernel/interval.h"
#include "kernel/sum.h"

void
ml_wilson_interval(double successes, double n, double z, double *low, double *high)
{
	double		p = successes / n;
	double		z2 = z * z / n;
	double		middle;
	double		half;

	*low = *high = NAN;
	if (!(n > 0))
		return;
	middle = (p + z2 / 2) / (1 + z2);
	half = z / (1 + z2) * sqrt((p * (1 - p) + z2 / 4) / n);
	/* exact at the ends, where the difference is nothing but rounding */
	*low = successes == 0 ? 0 : middle - half;
	*high = successes == n ? 1 : middle + half;
}

void
ml_mean_interval(const double *term, int64_t n, double z, double *low, double *high)
{
	MlSum		sum = {0, 0};
	MlSum		square = {0, 0};
	double		mean;
	double		half;
	int64_t		i;

	*low = *high = NAN;
	if (n < 2)
		return;
	for (i = 0; i < n; i++)
		ml_sum_add(&sum, term[i]);
	mean = ml_sum_value(&sum) / (double) n;
	for (i = 0; i < n; i++)
		ml_sum_add(&square, (term[i] - mean) * (term[i] - mean));
	half = z * sqrt(ml_sum_value(&square) / (double) (n - 1) / (double) n);
	*low = mean - half;
	*high = mean + half;
}

/* Rows of one score: [from, to) of the order. */
typedef struct Ties
{
	int64_t		from;
	int64_t		to;
	double		positives;		/* among them, and before them */
	double		negatives;
	double		positives_before;
	double		negatives_before;
} Ties;

/* The next ties; false at the end.  Starts from all zeros. */
static bool
next_ties(Ties *t, const double *y, double positive, const double *s, const uint32_t *order, int64_t n)
{
	t->positives_before += t->positives;
	t->negatives_before += t->negatives;
	t->positives = t->negatives = 0;
	t->from = t->to;
	while (t->to < n && s[order[t->to]] == s[order[t->from]])
	{
		if (y[order[t->to]] == positive)
			t->positives++;
		else
			t->negatives++;
		t->to++;
	}
	return t->to > t->from;
}

double
ml_auc_variance(const double *y, double positive, const double *s, const uint32_t *order, int64_t n)
{
	Ties		t = {0, 0, 0, 0, 0, 0};
	MlSum		area = {0, 0};
	MlSum		s10 = {0, 0};
	MlSum		s01 = {0, 0};
	double		p;
	double		q;
	double		auc;

	/* pairs are whole or half: exact up to 2^52 of them, compensated beyond */
	while (next_ties(&t, y, positive, s, order, n))
		ml_sum_add(&area, t.positives * (t.negatives_before + t.negatives / 2));
	p = t.positives_before;
	q = t.negatives_before;
	if (p < 2 || q < 2)
		return NAN;
	auc = ml_sum_value(&area) / p / q;

	t = (Ties) {0, 0, 0, 0, 0, 0};
	while (next_ties(&t, y, positive, s, order, n))
	{
		double		v10 = (t.negatives_before + t.negatives / 2) / q - auc;
		double		v01 = (p - t.positives_before - t.positives / 2) / p - auc;

		ml_sum_add(&s10, t.positives * v10 * v10);
		ml_sum_add(&s01, t.negatives * v01 * v01);
	}
	return ml_sum_value(&s10) / (p - 1) / p + ml_sum_value(&s01) / (q - 1) / q;
}
