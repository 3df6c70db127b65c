/*
 * test_sort.c: sorting, selection and moments against qsort and long double.
 */
#include <stdlib.h>
#include <time.h>

#include "kernel/quantile.h"
#include "kernel/rng.h"
#include "kernel/select.h"
#include "kernel/sort.h"
#include "tap.h"

static const uint64_t *key_hi;
static const uint64_t *key_lo;

static int
compare_rows(const void *a, const void *b)
{
	uint32_t	i = *(const uint32_t *) a;
	uint32_t	j = *(const uint32_t *) b;

	if (key_hi[i] != key_hi[j])
		return key_hi[i] < key_hi[j] ? -1 : 1;
	if (key_lo && key_lo[i] != key_lo[j])
		return key_lo[i] < key_lo[j] ? -1 : 1;
	return i < j ? -1 : i > j;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Keys of few or many distinct words, by the shape of the case. */
static uint64_t
draw_key(MlRng *rng, int shape)
{
	switch (shape)
	{
		case 0:
			return ml_rng_next(rng);
		case 1:
			return ml_rng_below(rng, 5);
		case 2:
			return ml_rng_below(rng, 7) << 60;
		case 3:
			return ml_rng_below(rng, 1000) << 31;
		default:
			return 42;
	}
}

static bool
pairs_agree(int64_t n, int shape_hi, int shape_lo, bool no_lo)
{
	uint64_t   *hi = malloc((size_t) (n + 1) * sizeof(uint64_t));
	uint64_t   *lo = malloc((size_t) (n + 1) * sizeof(uint64_t));
	uint32_t   *perm = malloc((size_t) (n + 1) * sizeof(uint32_t));
	uint32_t   *naive = malloc((size_t) (n + 1) * sizeof(uint32_t));
	void	   *scratch = malloc(ml_sort_scratch(n));
	MlRng		rng;
	bool		good;
	int64_t		i;

	ml_rng_init(&rng, (uint64_t) n, (uint64_t) (shape_hi * 10 + shape_lo));
	for (i = 0; i < n; i++)
	{
		hi[i] = draw_key(&rng, shape_hi);
		lo[i] = draw_key(&rng, shape_lo);
		naive[i] = (uint32_t) i;
	}
	key_hi = hi;
	key_lo = no_lo ? NULL : lo;
	ml_sort_pairs(hi, key_lo, n, perm, scratch);
	qsort(naive, (size_t) n, sizeof(uint32_t), compare_rows);
	good = memcmp(perm, naive, (size_t) n * sizeof(uint32_t)) == 0;
	free(hi);
	free(lo);
	free(perm);
	free(naive);
	free(scratch);
	return good;
}

static void
test_pairs(void)
{
	static const int64_t sizes[] = {0, 1, 2, 31, 33, 500, 5000, 70000};
	bool		good = true;
	int			s;
	int			hi;
	int			lo;

	for (s = 0; s < 8; s++)
		for (hi = 0; hi < 5; hi++)
			for (lo = 0; lo < 5; lo++)
				good &= pairs_agree(sizes[s], hi, lo, lo == 4 && s % 2 == 0);
	OK(good, "pairs are in the order of a comparison sort, equal ones in their own");
}

static void
test_doubles(void)
{
	static const int64_t sizes[] = {0, 1, 2, 32, 33, 1000, 40000};
	bool		sorted = true;
	bool		quantile = true;
	int			s;
	int			shape;

	for (s = 0; s < 7; s++)
		for (shape = 0; shape < 8; shape++)
		{
			int64_t		n = sizes[s];
			double	   *x = malloc((size_t) (n + 1) * sizeof(double));
			double	   *y = malloc((size_t) (n + 1) * sizeof(double));
			double	   *z = malloc((size_t) (n + 1) * sizeof(double));
			MlRng		rng;
			int64_t		i;
			int			k;

			/* of the last two shapes the highest bits of all but one agree */
			ml_rng_init(&rng, 3, (uint64_t) (s * 10 + shape));
			for (i = 0; i < n; i++)
				x[i] = shape == 0 ? (ml_rng_unit(&rng) - 0.5) * 1e10 :
					shape == 1 ? (double) ml_rng_below(&rng, 3) - 1 :
					shape == 2 ? (double) i :
					shape == 3 ? (i % 2 ? (double) -i : INFINITY) :
					shape == 4 ? exp(200 * ml_rng_unit(&rng)) :
					shape == 5 ? 1.7e9 + 100 * ml_rng_unit(&rng) :
					shape == 6 ? (i == 7 ? -1e300 : 1 + 1e-12 * ml_rng_unit(&rng)) :
					(i == 7 ? -1e300 : 1 - (double) i * 0x1p-53);
			memcpy(y, x, (size_t) n * sizeof(double));
			qsort(y, (size_t) n, sizeof(double), compare_doubles);
			for (k = 0; k <= 8 && n > 0; k++)
			{
				quantile &= shape == 3 ||
					ml_quantile_cont(x, n, k / 8.0, z) == ml_quantile_sorted(y, n, k / 8.0);
			}
			ml_sort_doubles(x, n, z);
			for (i = 0; i < n; i++)
				sorted &= x[i] == y[i];
			free(x);
			free(y);
			free(z);
		}
	OK(sorted, "numbers are sorted");
	OK(quantile, "quantiles by selection are those of sorted numbers");
}

static void
test_quantiles(void)
{
	double		x[4] = {1, 2, 4, 10};
	double		mean;
	double		variance;
	double		lo;
	double		hi;
	double		big[1000];
	int			i;

	OK(ml_quantile_sorted(x, 4, 0.5) == 3 && ml_quantile_sorted(x, 4, 0) == 1 && ml_quantile_sorted(x, 4,
			1) == 10, "median, minimum and maximum");
	NEAR(ml_quantile_sorted(x, 4, 0.9), 8.2, 1e-15, "percentile_cont(0.9)");
	OK(ml_quantile_sorted(x, 1, 0.3) == 1, "one value");
	for (i = 0; i < 1000; i++)
		big[i] = 1e9 + i % 10;
	ml_moments(big, 1000, &mean, &variance);
	OK(mean == 1e9 + 4.5 && variance == 8.25, "mean and variance far from zero");
	ml_min_max(big, 1000, &lo, &hi);
	OK(lo == 1e9 && hi == 1e9 + 9, "minimum and maximum");
	OK(ml_sort_key(-0.0) == ml_sort_key(0.0) && ml_sort_key(-1) < ml_sort_key(0) &&
			ml_sort_key(1) < ml_sort_key(INFINITY), "keys of numbers");
	OK(ml_sort_unkey(ml_sort_key(-3.25)) == -3.25 && ml_sort_unkey(ml_sort_key(1e-310)) == 1e-310,
			"keys can be undone");
}

/* Not a bound on machines: a sort that turned quadratic would take minutes. */
static void
test_time(void)
{
	int64_t		n = 1000000;
	uint64_t   *hi = malloc((size_t) n * sizeof(uint64_t));
	uint32_t   *perm = malloc((size_t) n * sizeof(uint32_t));
	void	   *scratch = malloc(ml_sort_scratch(n));
	int			group;

	for (group = 1; group <= 100; group += 99)
	{
		clock_t		start;
		double		seconds;
		int64_t		i;

		for (i = 0; i < n; i++)
			hi[i] = ml_mix64((uint64_t) (i / group));
		start = clock();
		ml_sort_pairs(hi, hi, n, perm, scratch);
		seconds = (double) (clock() - start) / CLOCKS_PER_SEC;
		printf("# 1,000,000 rows in groups of %d: %.3f s\n", group, seconds);
		OK(seconds < 5, "a million rows");
	}
	free(hi);
	free(perm);
	free(scratch);
}

/* The definition: the smallest value up to which the values have their share of the weight. */
static double
naive_weighted(const double *sorted, const double *w, int n, double share)
{
	double		total = 0;
	double		sum = 0;
	int			i;

	for (i = 0; i < n; i++)
		total += w ? w[i] : 1;
	for (i = 0; i < n; i++)
	{
		sum += w ? w[i] : 1;
		if (sum >= share * total)
			return sorted[i];
	}
	return sorted[n - 1];
}

static void
test_weighted_quantile(void)
{
	static const double share[] = {0, 0.001, 0.25, 0.5, 0.75, 0.9, 1};
	static double sorted[300];
	static double weight[300];
	static double value[300];
	static double w[300];
	bool		good = true;
	size_t		k;
	int			round;

	for (round = 0; round < 400; round++)
	{
		int			n = 1 + (int) (ml_mix64((uint64_t) round) % 300);
		bool		weighted = round % 2;
		int			i;

		for (i = 0; i < n; i++)
		{
			/* ascending, with ties; weights are whole, so that sums are exact */
			sorted[i] = round % 3 ? floor(i / 7.0) : i * 1.5 - 100;
			weight[i] = 1 + (double) (ml_mix64((uint64_t) i + 1000) % 16);
		}
		for (k = 0; k < sizeof(share) / sizeof(share[0]); k++)
		{
			memcpy(value, sorted, sizeof(value));
			memcpy(w, weight, sizeof(w));
			/* any order */
			for (i = n - 1; i > 0; i--)
			{
				int			j = (int) (ml_mix64((uint64_t) (i * 1000 + round)) % (uint64_t) (i + 1));
				double		v = value[i];
				double		s = w[i];

				value[i] = value[j];
				w[i] = w[j];
				value[j] = v;
				w[j] = s;
			}
			good &= ml_weighted_quantile(value, weighted ? w : NULL, n, share[k]) ==
				naive_weighted(sorted, weighted ? weight : NULL, n, share[k]);
		}
	}
	OK(good, "weighted quantiles by selection are those of their definition");
}

int
main(void)
{
	test_pairs();
	test_doubles();
	test_quantiles();
	test_weighted_quantile();
	test_time();
	return tap_done();
}
