/*
 * test_interval.c: intervals against scipy's figures, DeLong's variance
 * against all pairs.
 */
#include <stdlib.h>

#include "golden_intervals.h"
#include "kernel/dist.h"
#include "kernel/interval.h"
#include "kernel/metrics.h"
#include "kernel/rng.h"
#include "tap.h"

#define ROWS(t) ((int) (sizeof(t) / sizeof(t[0])))
#define MAX_ROWS 300

static double z;

static double
variance(const double *y, const double *s, int n)
{
	uint32_t	order[MAX_ROWS];
	void	   *scratch = malloc(ml_score_scratch(n));

	ml_score_order(s, n, order, scratch);
	free(scratch);
	return ml_auc_variance(y, 1, s, order, n);
}

/* The definition: every pair of a positive and a negative. */
static double
variance_naive(const double *y, const double *s, int n)
{
	double		place[MAX_ROWS] = {0};
	double		mean = 0;
	double		spread[2] = {0, 0};
	double		count[2] = {0, 0};
	int			i;
	int			j;

	for (i = 0; i < n; i++)
		count[y[i] == 1]++;
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			if (y[i] == 1 && y[j] != 1)
			{
				double		pair = s[i] > s[j] ? 1 : s[i] == s[j] ? 0.5 : 0;

				place[i] += pair / count[0];
				place[j] += pair / count[1];
				mean += pair / count[0] / count[1];
			}
	for (i = 0; i < n; i++)
		spread[y[i] == 1] += (place[i] - mean) * (place[i] - mean);
	return spread[1] / (count[1] - 1) / count[1] + spread[0] / (count[0] - 1) / count[0];
}

static void
test_wilson(void)
{
	double		low;
	double		high;
	int			i;

	for (i = 0; i < ROWS(golden_wilson); i++)
	{
		const double *g = golden_wilson[i];

		ml_wilson_interval(g[0], g[1], z, &low, &high);
		OK(tap_close(low, g[2], 1e-13, 1) && tap_close(high, g[3], 1e-13, 1), "Wilson's interval is scipy's");
		OK(low >= 0 && high <= 1, "and within [0, 1]");
	}
	ml_wilson_interval(0, 0, z, &low, &high);
	OK(isnan(low) && isnan(high), "none of no rows");
}

static void
test_mean(void)
{
	double		low;
	double		high;
	const double same[3] = {2, 2, 2};

	ml_mean_interval(golden_term, ROWS(golden_term), z, &low, &high);
	NEAR(low, golden_term_low, 1e-13, "lower end of a mean is scipy's");
	NEAR(high, golden_term_high, 1e-13, "upper end of a mean is scipy's");
	ml_mean_interval(same, 3, z, &low, &high);
	OK(low == 2 && high == 2, "equal terms leave no doubt");
	ml_mean_interval(same, 1, z, &low, &high);
	OK(isnan(low) && isnan(high), "none of one row");
}

static void
test_auc(void)
{
	double		y[MAX_ROWS];
	double		s[MAX_ROWS];
	MlRng		rng;
	bool		good = true;
	int			trial;
	int			i;

	NEAR(variance(golden_auc_y, golden_auc_score, ROWS(golden_auc_y)), golden_auc_variance, 1e-12,
			"DeLong's variance is that of all pairs in numpy");
	ml_rng_init(&rng, 5, 1);
	for (trial = 0; trial < 200; trial++)
	{
		int			n = 4 + (int) ml_rng_below(&rng, 200);
		int			values = 1 + (int) ml_rng_below(&rng, trial % 2 ? 5 : 100000);

		for (i = 0; i < n; i++)
		{
			y[i] = i < 2 ? 1 : i < 4 ? 0 : ml_rng_unit(&rng) < 0.3;
			s[i] = (double) ml_rng_below(&rng, (uint64_t) values) / values;
		}
		good &= tap_close(variance(y, s, n), variance_naive(y, s, n), 1e-11, 1e-6);
	}
	OK(good, "and of all pairs in C, with few and many ties");
	for (i = 0; i < 10; i++)
	{
		y[i] = i >= 5;
		s[i] = i;
	}
	OK(variance(y, s, 10) == 0, "classes apart: no variance");
	y[9] = y[8] = y[7] = y[6] = 0;
	OK(isnan(variance(y, s, 10)), "one positive: none");
	y[5] = 0;
	OK(isnan(variance(y, s, 10)) && isnan(variance(y, s, 0)), "no positive, no row: none");
}

int
main(void)
{
	z = -ml_norm_ppf(0.025);
	test_wilson();
	test_mean();
	test_auc();
	return tap_done();
}
