/*
 * test_sums.c: figures of running sums against scikit-learn's, in any order
 * and in any parts, and at the ends of the range of a double.
 *
 * Tolerance 1e-12 relative: both sides are sums of a few hundred terms.
 */
#include <float.h>
#include <stdlib.h>

#include "golden_metrics.h"
#include "kernel/error_sums.h"
#include "kernel/probability_sums.h"
#include "kernel/rng.h"
#include "tap.h"

#define TOLERANCE 1e-12
#define ROWS(t) ((int) (sizeof(t) / sizeof(t[0])))

static MlErrorSums
errors(const double *y, const double *p, const double *w, int n)
{
	MlErrorSums s = {0};
	int			i;

	for (i = 0; i < n; i++)
		ml_error_sums_add(&s, y[i], p[i], w ? w[i] : 1);
	return s;
}

static MlProbabilitySums
losses(const double *y, const double *p, const double *w, int n)
{
	MlProbabilitySums s = {{0, 0}, {0, 0}, {0, 0}};
	int			i;

	for (i = 0; i < n; i++)
		ml_probability_sums_add(&s, y[i], p[i], w ? w[i] : 1);
	return s;
}

static double
ece(const double *y, const double *p, const double *w, int n, int bins)
{
	MlCalibrationSums *s = calloc(ML_CALIBRATION_LENGTH((size_t) bins), sizeof(double));
	double		value;
	int			i;

	for (i = 0; i < n; i++)
		ml_calibration_sums_add(s, bins, y[i], p[i], w ? w[i] : 1);
	value = ml_calibration_sums_ece(s, bins);
	free(s);
	return value;
}

static double
golden(const GoldenFigure *table, int n, const char *name, bool weighted)
{
	int			i;

	for (i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return weighted ? table[i].weighted : table[i].plain;
	return NAN;
}

#define BINARY(got, name) NEAR(got, golden(binary_golden, ROWS(binary_golden), name, weighted), TOLERANCE, name)
#define MULTI(got, name) NEAR(got, golden(multi_golden, ROWS(multi_golden), name, weighted), TOLERANCE, name)
#define NUMBER(got, name) NEAR(got, golden(number_golden, ROWS(number_golden), name, weighted), TOLERANCE, name)

static void
test_golden(bool weighted)
{
	MlErrorSums e = errors(number_y, number_p, weighted ? number_w : NULL, ROWS(number_y));
	MlProbabilitySums b = losses(binary_y, binary_p, weighted ? binary_w : NULL, ROWS(binary_y));
	MlProbabilitySums m = {{0, 0}, {0, 0}, {0, 0}};
	int			i;

	NUMBER(ml_error_sums_rmse(&e), "rmse");
	NUMBER(ml_error_sums_mae(&e), "mae");
	NUMBER(ml_error_sums_mape(&e), "mape");
	NUMBER(ml_error_sums_r2(&e), "r2");
	BINARY(ml_probability_sums_log_loss(&b), "log_loss");
	BINARY(ml_probability_sums_brier(&b), "brier");
	BINARY(ece(binary_y, binary_p, weighted ? binary_w : NULL, ROWS(binary_y), ML_ECE_BINS), "ece");
	for (i = 0; i < ROWS(multi_y); i++)
		ml_probability_sums_add(&m, 1, multi_p[i * 3 + (int) multi_y[i]], weighted ? multi_w[i] : 1);
	MULTI(ml_probability_sums_log_loss(&m), "log_loss");
}

/* wape and smape are not scikit-learn's. */
static void
test_shares(void)
{
	const double y[4] = {1, -2, 0, 4};
	const double p[4] = {2, -1, 0, 4};
	const double w[4] = {1, 3, 1, 1};
	const double zero[2] = {0, 0};
	MlErrorSums s = errors(y, p, w, 4);

	NEAR(ml_error_sums_wape(&s), 4.0 / 11, 1e-15, "wape is the error over the size");
	NEAR(ml_error_sums_smape(&s), (1 / 1.5 + 3 / 1.5) / 6, 1e-15, "smape takes the mean size of both; 0/0 is 0");
	s = errors(zero, zero, NULL, 2);
	OK(ml_error_sums_wape(&s) == 0 && ml_error_sums_smape(&s) == 0 && ml_error_sums_mape(&s) == 0,
			"zeros met exactly are no error");
	s = errors(zero, y, NULL, 2);
	OK(isnan(ml_error_sums_wape(&s)), "no size to compare an error with: no wape");
	OK(ml_error_sums_smape(&s) == 2, "smape is at most 2");
}

/* Rows in some order, in parts that are merged; all six figures. */
static void
figures_in_parts(const double *y, const double *p, const double *w, const int *row, int n, int parts, double *out)
{
	MlErrorSums part[8] = {0};
	int			i;

	for (i = 0; i < n; i++)
		ml_error_sums_add(&part[i % parts], y[row[i]], p[row[i]], w[row[i]]);
	for (i = parts - 2; i >= 0; i--)
		ml_error_sums_merge(&part[i], &part[i + 1]);
	out[0] = ml_error_sums_rmse(part);
	out[1] = ml_error_sums_mae(part);
	out[2] = ml_error_sums_mape(part);
	out[3] = ml_error_sums_wape(part);
	out[4] = ml_error_sums_smape(part);
	out[5] = ml_error_sums_r2(part);
}

#define MANY 20000

static void
test_order(void)
{
	double	   *y = malloc(3 * MANY * sizeof(double));
	double	   *p = y + MANY;
	double	   *w = p + MANY;
	int		   *row = malloc(MANY * sizeof(int));
	double		first[6];
	double		other[6];
	bool		same = true;
	MlRng		rng;
	int			trial;
	int			i;

	ml_rng_init(&rng, 17, 0);
	for (i = 0; i < MANY; i++)
	{
		y[i] = 1000 + (double) ml_rng_below(&rng, 1000003) / 1000 / 7;
		p[i] = y[i] + ((double) ml_rng_below(&rng, 2001) - 1000) / 300;
		w[i] = i % 3 == 0 ? 1 : (double) ml_rng_below(&rng, 1000) / 300 + 0.001;
		row[i] = i;
	}
	figures_in_parts(y, p, w, row, MANY, 1, first);
	for (trial = 1; trial <= 20; trial++)
	{
		for (i = MANY - 1; i > 0; i--)
		{
			int			j = (int) ml_rng_below(&rng, (uint64_t) i + 1);
			int			t = row[i];

			row[i] = row[j];
			row[j] = t;
		}
		figures_in_parts(y, p, w, row, MANY, 1 + trial % 8, other);
		same &= memcmp(first, other, sizeof(first)) == 0;
	}
	OK(same, "the same bits in any order and in any parts");
	free(y);
	free(row);
}

static void
test_parts_of_probabilities(void)
{
	int			n = ROWS(binary_y);
	int			half = n / 3;
	MlProbabilitySums all = losses(binary_y, binary_p, binary_w, n);
	MlProbabilitySums a = losses(binary_y, binary_p, binary_w, half);
	MlProbabilitySums b = losses(binary_y + half, binary_p + half, binary_w + half, n - half);
	MlCalibrationSums *c = calloc(2 * ML_CALIBRATION_LENGTH(7), sizeof(double));
	MlCalibrationSums *d = (MlCalibrationSums *) ((double *) c + ML_CALIBRATION_LENGTH(7));
	int			i;

	ml_probability_sums_merge(&b, &a);
	OK(ml_probability_sums_log_loss(&b) == ml_probability_sums_log_loss(&all) &&
			ml_probability_sums_brier(&b) == ml_probability_sums_brier(&all), "losses of merged parts");
	for (i = 0; i < n; i++)
		ml_calibration_sums_add(i < half ? c : d, 7, binary_y[i], binary_p[i], binary_w[i]);
	ml_calibration_sums_merge(d, 7, c);
	OK(ml_calibration_sums_ece(d, 7) == ece(binary_y, binary_p, binary_w, n, 7), "bins of merged parts");
	free(c);
}

static void
test_edges(void)
{
	const double ones[4] = {1, 1, 1, 1};
	const double p[4] = {0.9, 0.8, 0.2, 0.1};
	MlErrorSums none = {0};
	MlErrorSums s = errors(ones, ones, NULL, 4);
	MlErrorSums one = errors(ones, p, NULL, 1);
	MlProbabilitySums b = {{0, 0}, {0, 0}, {0, 0}};
	double		r2 = ml_error_sums_r2(&s);

	OK(isnan(ml_error_sums_rmse(&none)) && isnan(ml_error_sums_mae(&none)) && isnan(ml_error_sums_mape(&none)) &&
			isnan(ml_error_sums_wape(&none)) && isnan(ml_error_sums_smape(&none)) && isnan(ml_error_sums_r2(&none)) &&
			isnan(ml_probability_sums_log_loss(&b)) && isnan(ml_probability_sums_brier(&b)) &&
			isnan(ece(ones, p, NULL, 0, 10)), "no rows, no figure");
	ml_error_sums_merge(&one, &none);
	OK(isnan(ml_error_sums_r2(&one)) && ml_error_sums_rmse(&one) == 1 - 0.9, "one row has an error and no R2");
	ml_error_sums_merge(&none, &one);
	OK(memcmp(&none, &one, sizeof(one)) == 0, "a state merged into none is that state");
	s = errors(ones, p, NULL, 4);
	OK(r2 == 1 && ml_error_sums_r2(&s) == 0, "R2 of a constant target");
	/* scikit-learn with eps = 1e-15: the class that is not 1 gets 1 - (1 - 1e-15) */
	b = losses((double[]) {1, 1, 0, 0}, (double[]) {0, 1, 1, 0}, NULL, 4);
	NEAR(ml_probability_sums_log_loss(&b), -(log(1e-15) + log(1 - (1 - 1e-15)) + 2 * log(1 - 1e-15)) / 4, 1e-14,
			"log loss is clipped");
	/* (lo, hi]: 0.1, 0.2, 0.3 and 0.7 stand in the bin they close, whatever 10 p rounds to */
	NEAR(ece((double[]) {1, 0}, (double[]) {0.3, 0.30000000000000004}, NULL, 2, 10), 0.5, 1e-12,
			"a bin holds its upper end and not its lower one");
	NEAR(ece((double[]) {1, 0}, (double[]) {0.7, 0.65}, NULL, 2, 10), 0.175, 1e-12, "0.7 is in (0.6, 0.7]");
	NEAR(ece((double[]) {0, 1}, (double[]) {0, 1}, NULL, 2, ML_ECE_MAX_BINS), 0, 0, "both ends, many bins");
}

static void
test_range(void)
{
	const double step[3] = {1, 2, 4};
	const double off[3] = {1.5, 2, 3};
	const double scales[8] = {1, 0x1p-1000, 0x1p-500, 0x1p-399, 0x1p399, 0x1p401, 0x1p700, 0x1p1000};
	MlErrorSums s = errors(step, off, NULL, 3);
	double		rmse = ml_error_sums_rmse(&s);
	double		r2 = ml_error_sums_r2(&s);
	bool		scaled = true;
	double		y[3];
	double		p[3];
	int			k;
	int			i;

	for (k = 0; k < 8; k++)
	{
		for (i = 0; i < 3; i++)
		{
			y[i] = step[i] * scales[k];
			p[i] = off[i] * scales[k];
		}
		s = errors(y, p, NULL, 3);
		scaled &= ml_error_sums_rmse(&s) == rmse * scales[k] && tap_close(ml_error_sums_r2(&s), r2, 1e-15, 0);
	}
	OK(scaled, "numbers of any size are squared without loss");
	/* ranges beside each other: 2^-400 is ordinary, the double below it small */
	s = errors((double[]) {0, 0}, (double[]) {0x1p-400, 0x1.fp-401}, NULL, 2);
	NEAR(ml_error_sums_rmse(&s), sqrt((1 + 0.96875 * 0.96875) / 2) * 0x1p-400, 1e-15, "squares of two ranges");
	/* DBL_MAX: sums of the sizes overflow, shares of them do not */
	s = errors((double[]) {DBL_MAX, DBL_MAX}, (double[]) {DBL_MAX / 2, DBL_MAX}, NULL, 2);
	OK(isinf(ml_error_sums_wape(&s)) && ml_error_sums_rmse(&s) < INFINITY &&
			tap_close(ml_error_sums_smape(&s), 1.0 / 3, 1e-15, 0) && ml_error_sums_mape(&s) == 0.25 &&
			ml_error_sums_r2(&s) == 0, "the largest double");
	s = errors((double[]) {1e308, 1e308, 1.5e308}, (double[]) {0, 0, 0}, NULL, 3);
	OK(isinf(ml_error_sums_mae(&s)) && ml_error_sums_r2(&s) == -INFINITY, "a sum beyond the range is infinite");
	s = errors((double[]) {0}, (double[]) {1e300}, NULL, 1);
	OK(isinf(ml_error_sums_mape(&s)) && ml_error_sums_mae(&s) == 1e300, "one sum's overflow leaves the others alone");
	s = errors(step, off, (double[]) {1e308, 1e308, 1e308}, 3);
	OK(isinf(ml_error_sums_mae(&s)) && isinf(ml_error_sums_r2(&s)), "weights beyond the range");
	/* a difference is beyond the range, or the square of an ordinary one with its weight: not nothing */
	s = errors((double[]) {1e308, 1}, (double[]) {-1e308, 2}, NULL, 2);
	OK(isinf(ml_error_sums_rmse(&s)) && ml_error_sums_r2(&s) == -INFINITY &&
			ml_error_sums_mape(&s) == 1.5 && tap_close(ml_error_sums_smape(&s), 4.0 / 3, 1e-15, 0),
			"a difference beyond the range");
	s = errors((double[]) {1e120}, (double[]) {0}, (double[]) {1e308}, 1);
	OK(isinf(ml_error_sums_rmse(&s)), "a weighted square beyond the range");
	/* their variance is (2^-53)^2, the mean square error (2^-52)^2 / 2 */
	s = errors((double[]) {1, 1 + DBL_EPSILON}, (double[]) {1, 1}, NULL, 2);
	NEAR(ml_error_sums_r2(&s), -1, 1e-15, "R2 of neighbouring doubles");
	/* mean a billion standard deviations */
	s = errors((double[]) {1e9 - 1, 1e9 + 1, 1e9 - 1, 1e9 + 1}, (double[]) {1e9, 1e9 + 1, 1e9 - 1, 1e9 + 1}, NULL, 4);
	NEAR(ml_error_sums_r2(&s), 0.75, 1e-12, "R2 with a large mean");
}

int
main(void)
{
	test_golden(false);
	test_golden(true);
	test_shares();
	test_order();
	test_parts_of_probabilities();
	test_edges();
	test_range();
	return tap_done();
}
