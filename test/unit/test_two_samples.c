/*
 * test_two_samples.c: exact sums, collected scores in canonical form, and the
 * figures of their ranking against counting pairs and rows.
 */
#include <float.h>
#include <stdlib.h>

#include "kernel/exact_sum.h"
#include "kernel/metrics.h"
#include "kernel/rng.h"
#include "kernel/two_samples.h"
#include "tap.h"

#define MAX_ROWS 400
#define TOLERANCE 1e-12			/* sums of some hundred products in double precision */

typedef struct Row
{
	bool		positive;
	double		score;
	double		weight;
} Row;

/* Arrays of exactly the size asked for, so that the sanitizer sees a step beyond. */
static MlTwoSamples
samples_new(int64_t room)
{
	MlTwoSamples s = {NULL, NULL, 0, 0};

	s.key = malloc((size_t) room * sizeof(uint64_t));
	s.weight = malloc((size_t) room * sizeof(double));
	return s;
}

static void
samples_free(MlTwoSamples *s)
{
	free(s->key);
	free(s->weight);
}

static bool
settle(MlTwoSamples *s)
{
	void	   *scratch = malloc(ml_two_samples_scratch(s));
	bool		fits = ml_two_samples_settle(s, scratch, NULL);

	free(scratch);
	return fits;
}

static MlTwoSamples
collect(const Row *row, int n)
{
	MlTwoSamples s = samples_new(n);
	int			i;

	for (i = 0; i < n; i++)
		ml_two_samples_add(&s, row[i].positive, row[i].score, row[i].weight);
	settle(&s);
	return s;
}

static bool
same(const MlTwoSamples *a, const MlTwoSamples *b)
{
	return a->n == b->n && memcmp(a->key, b->key, (size_t) a->n * sizeof(uint64_t)) == 0 &&
		memcmp(a->weight, b->weight, (size_t) a->n * sizeof(double)) == 0;
}

static void
shuffle(MlRng *rng, Row *row, int n)
{
	int			i;

	for (i = n - 1; i > 0; i--)
	{
		int			j = (int) ml_rng_below(rng, (uint64_t) i + 1);
		Row			swap = row[i];

		row[i] = row[j];
		row[j] = swap;
	}
}

/* kind 0: counts; 1: decimal weights; 2: all digits and a wide range */
static void
make_rows(MlRng *rng, Row *row, int n, int kind)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		double		u = (double) ml_rng_below(rng, UINT64_C(1) << 53) * 0x1p-53;

		row[i].positive = ml_rng_below(rng, 3) == 0;
		row[i].score = ((double) ml_rng_below(rng, 41) - 20) / 20;
		if (row[i].score == 0 && ml_rng_below(rng, 2))
			row[i].score = -0.0;
		if (row[i].score == 1)
			row[i].score = INFINITY;
		row[i].weight = kind == 0 ? 1 : kind == 1 ? (1 + (double) ml_rng_below(rng, 30)) / 10 :
			(0.5 + u) * ldexp(1, (int) ml_rng_below(rng, 200) - 100);
	}
}

/* --- exact sums --------------------------------------------------------- */

static void
test_exact(void)
{
	MlExactSum	s;
	MlRng		rng;
	bool		counted = true;
	bool		ordered = true;
	bool		short_ = true;
	int			trial;

	ml_exact_init(&s);
	OK(ml_exact_take(&s) == 0, "nothing is 0");
	ml_exact_add(&s, 1);
	ml_exact_add(&s, 0x1p-60);
	OK(ml_exact_take(&s) == 1 && ml_exact_take(&s) == 0x1p-60 && ml_exact_take(&s) == 0, "two parts");
	ml_exact_add(&s, DBL_MAX);
	ml_exact_add(&s, DBL_TRUE_MIN);
	OK(ml_exact_take(&s) == DBL_MAX && ml_exact_take(&s) == DBL_TRUE_MIN && ml_exact_take(&s) == 0,
	   "the largest and the smallest double");
	ml_exact_add(&s, DBL_MIN);
	ml_exact_add(&s, DBL_TRUE_MIN);
	OK(ml_exact_take(&s) == DBL_MIN + DBL_TRUE_MIN && ml_exact_take(&s) == 0, "across the border of subnormals");
	ml_exact_add(&s, 0x1.fffffffffffffp52);
	ml_exact_add(&s, 1);
	OK(ml_exact_take(&s) == 0x1p53 && ml_exact_take(&s) == 0, "a carry through all digits");
	ml_exact_add(&s, 0x1.fffffffffffffp0);
	ml_exact_add(&s, 0x1.fffffffffffffp-53);
	OK(ml_exact_take(&s) == 0x1.fffffffffffffp0 && ml_exact_take(&s) == 0x1.fffffffffffffp-53 &&
	   ml_exact_take(&s) == 0, "digits are cut off, not rounded");

	ml_rng_init(&rng, 3, 0);
	for (trial = 0; trial < 2000; trial++)
	{
		double		term[12];
		double		part[12];
		int			n = 1 + (int) ml_rng_below(&rng, 12);
		int			parts = 0;
		unsigned __int128 want = 0;
		unsigned __int128 got = 0;
		int			i;

		for (i = 0; i < n; i++)
		{
			uint64_t	m = ml_rng_below(&rng, UINT64_C(1) << 53);
			int			shift = (int) ml_rng_below(&rng, 70);

			want += (unsigned __int128) m << shift;
			term[i] = ldexp((double) m, shift - 60);
			ml_exact_add(&s, term[i]);
		}
		while ((part[parts] = ml_exact_take(&s)) > 0)
		{
			got += (unsigned __int128) ldexp(part[parts], 60);
			short_ &= parts == 0 || ml_exact_follows(part[parts - 1], part[parts]);
			parts++;
			if (parts == n)
				break;
		}
		short_ &= ml_exact_take(&s) == 0;
		counted &= got == want;
		for (i = n - 1; i >= 0; i--)
			ml_exact_add(&s, term[i]);
		for (i = 0; i < parts; i++)
			ordered &= ml_exact_take(&s) == part[i];
		ordered &= ml_exact_take(&s) == 0;
	}
	OK(counted, "as integers of 128 bits add them");
	OK(ordered, "in whatever order");
	OK(short_, "never more parts than terms, each below the digits of the one before");
	OK(!ml_exact_follows(1, 0x1p-52) && ml_exact_follows(1, 0x1.8p-53), "overlapping parts do not follow");
	ml_exact_add(&s, DBL_MAX);
	ml_exact_add(&s, DBL_MAX);
	OK(isinf(ml_exact_take(&s)), "beyond the largest double");
}

/* --- collecting --------------------------------------------------------- */

static void
test_collect(void)
{
	Row			row[MAX_ROWS];
	MlRng		rng;
	bool		valid = true;
	bool		merged = true;
	bool		pieces = true;
	bool		weights = true;
	int			trial;

	ml_rng_init(&rng, 11, 0);
	for (trial = 0; trial < 300; trial++)
	{
		int			n = 1 + (int) ml_rng_below(&rng, MAX_ROWS);
		int			cut = (int) ml_rng_below(&rng, (uint64_t) n);
		MlTwoSamples all;
		MlTwoSamples a;
		MlTwoSamples b;
		long double want = 0;
		int			i;

		make_rows(&rng, row, n, trial % 3);
		for (i = 0; i < n; i++)
			want += row[i].weight;
		all = collect(row, n);
		valid &= all.n == all.canonical && ml_two_samples_valid(&all);
		weights &= tap_close(ml_two_samples_total(&all), (double) want, 1e-15, 0);

		shuffle(&rng, row, n);
		a = samples_new(n);
		for (i = 0; i < n; i++)
		{
			if (ml_rng_below(&rng, 10) == 0)
				settle(&a);
			ml_two_samples_add(&a, row[i].positive, row[i].score, row[i].weight);
		}
		settle(&a);
		pieces &= same(&a, &all);
		samples_free(&a);

		a = samples_new(n);
		for (i = 0; i < cut; i++)
			ml_two_samples_add(&a, row[i].positive, row[i].score, row[i].weight);
		settle(&a);
		b = collect(row + cut, n - cut);
		ml_two_samples_merge(&a, &b);
		merged &= same(&a, &all);
		samples_free(&a);
		samples_free(&b);
		samples_free(&all);
	}
	OK(valid, "what is collected is canonical");
	OK(weights, "no weight is lost");
	OK(pieces, "settled now and then, in another order: the same entries");
	OK(merged, "merged from two parts: the same entries");

	{
		const Row	large[] = {{true, 1, DBL_MAX}, {true, 1, DBL_MAX}, {false, 2, DBL_MAX}};
		MlTwoSamples s = samples_new(3);
		MlTwoSamples t = collect(large + 1, 2);

		ml_two_samples_add(&s, true, 1, DBL_MAX);
		ml_two_samples_add(&s, true, 1, DBL_MAX);
		OK(!settle(&s), "a sum beyond the largest double is told");
		OK(isinf(ml_two_samples_total(&t)), "so is the sum of all");
		samples_free(&s);
		samples_free(&t);
	}
}

static void
test_valid(void)
{
	const double ok[] = {0x1p60, 1};
	const struct
	{
		const char *name;
		double		score[2];
		double		weight[2];
		bool		valid;
	}			cases[] = {
		{"two scores", {1, 2}, {1, 1}, true},
		{"two classes", {1, 1}, {-1, 1}, true},
		{"an exact sum", {1, 1}, {ok[0], ok[1]}, true},
		{"infinite scores", {-INFINITY, INFINITY}, {1, 1}, true},
		{"scores descend", {2, 1}, {1, 1}, false},
		{"classes descend", {1, 1}, {1, -1}, false},
		{"a sum not added up", {1, 1}, {1, 1}, false},
		{"a sum not in order", {1, 1}, {ok[1], ok[0]}, false},
		{"weight 0", {1, 2}, {1, 0}, false},
		{"weight NaN", {1, 2}, {1, NAN}, false},
		{"infinite weight", {1, 2}, {-INFINITY, 1}, false},
	};
	MlTwoSamples s = samples_new(2);
	size_t		i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int			j;

		for (j = 0; j < 2; j++)
		{
			s.key[j] = ml_sort_key(cases[i].score[j]);
			s.weight[j] = cases[i].weight[j];
		}
		s.n = 2;
		OK(ml_two_samples_valid(&s) == cases[i].valid, cases[i].name);
	}
	s.n = 1;
	s.weight[0] = 1;
	s.key[0] = UINT64_MAX;
	OK(!ml_two_samples_valid(&s), "a score NaN");
	s.key[0] = ml_sort_key(0) - 1;
	OK(!ml_two_samples_valid(&s), "a score -0");
	s.n = 0;
	OK(ml_two_samples_valid(&s), "nothing at all");
	samples_free(&s);
}

/* --- figures ------------------------------------------------------------ */

static double
auc_naive(const Row *row, int n)
{
	double		good = 0;
	double		all = 0;
	int			i;
	int			j;

	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			if (row[i].positive && !row[j].positive)
			{
				double		pair = row[i].weight * row[j].weight;

				all += pair;
				good += pair * (row[i].score > row[j].score ? 1 : row[i].score == row[j].score ? 0.5 : 0);
			}
	return all == 0 ? NAN : good / all;
}

/* Weight of one class with scores above (or from) a score on. */
static double
above(const Row *row, int n, bool positive, double score, bool equal)
{
	double		sum = 0;
	int			i;

	for (i = 0; i < n; i++)
		if (row[i].positive == positive && (row[i].score > score || (equal && row[i].score == score)))
			sum += row[i].weight;
	return sum;
}

/* Each positive row has the precision at its own score. */
static double
ap_naive(const Row *row, int n)
{
	double		sum = 0;
	double		all = 0;
	int			i;

	for (i = 0; i < n; i++)
		if (row[i].positive)
		{
			double		tp = above(row, n, true, row[i].score, true);

			sum += row[i].weight * tp / (tp + above(row, n, false, row[i].score, true));
			all += row[i].weight;
		}
	return all == 0 ? 0 : sum / all;
}

static double
ks_naive(const Row *row, int n)
{
	double		p = above(row, n, true, -INFINITY, true);
	double		f = above(row, n, false, -INFINITY, true);
	double		largest = 0;
	int			i;

	if (p == 0 || f == 0)
		return NAN;
	for (i = 0; i < n; i++)
		largest = fmax(largest, fabs(above(row, n, true, row[i].score, true) / p -
									 above(row, n, false, row[i].score, true) / f));
	return largest;
}

/* Each positive row: the part of its group that has a place among the best. */
static double
top_naive(const Row *row, int n, double room)
{
	double		sum = 0;
	int			i;

	for (i = 0; i < n; i++)
		if (row[i].positive)
		{
			double		before = above(row, n, true, row[i].score, false) + above(row, n, false, row[i].score, false);
			double		after = above(row, n, true, row[i].score, true) + above(row, n, false, row[i].score, true);

			sum += row[i].weight * fmax(0, fmin(1, (room - before) / (after - before)));
		}
	return sum;
}

static void
test_figures(void)
{
	Row			row[60];
	MlRng		rng;
	bool		auc = true;
	bool		ap = true;
	bool		ks = true;
	bool		precision = true;
	bool		lift = true;
	bool		judge = true;
	int			trial;

	ml_rng_init(&rng, 5, 0);
	for (trial = 0; trial < 400; trial++)
	{
		int			n = 1 + (int) ml_rng_below(&rng, 60);
		int			k = 1 + (int) ml_rng_below(&rng, 80);
		double		share = (1 + (double) ml_rng_below(&rng, 100)) / 100;
		double		all;
		double		p;
		double		y[60];
		double		score[60];
		uint32_t	order[60];
		MlTwoSamples s;
		int			i;

		make_rows(&rng, row, n, trial % 2);
		s = collect(row, n);
		p = above(row, n, true, -INFINITY, true);
		all = p + above(row, n, false, -INFINITY, true);
		auc &= tap_close(ml_two_samples_roc_auc(&s), auc_naive(row, n), TOLERANCE, 1e-3);
		ap &= tap_close(ml_two_samples_average_precision(&s), ap_naive(row, n), TOLERANCE, 1e-3);
		ks &= tap_close(ml_two_samples_ks(&s), ks_naive(row, n), TOLERANCE, 1e-3);
		precision &= tap_close(ml_two_samples_precision_at(&s, k), top_naive(row, n, k) / k, TOLERANCE, 1e-3);
		lift &= tap_close(ml_two_samples_lift(&s, share),
						  p == 0 ? 0 : top_naive(row, n, share * all) / (share * all) / (p / all), TOLERANCE, 1e-3);
		if (trial % 2 == 0)
		{
			void	   *scratch = malloc(ml_score_scratch(n));
			double		a;
			double		b = ml_two_samples_roc_auc(&s);

			for (i = 0; i < n; i++)
			{
				y[i] = row[i].positive;
				score[i] = row[i].score;
			}
			ml_score_order(score, n, order, scratch);
			a = ml_roc_auc(y, 1, score, NULL, order, n);
			judge &= a == b || (isnan(a) && isnan(b));
			judge &= ml_average_precision(y, 1, score, NULL, order, n) == ml_two_samples_average_precision(&s);
			free(scratch);
		}
		samples_free(&s);
	}
	OK(auc, "AUC is the share of pairs in order");
	OK(ap, "average precision is the mean precision of the positive rows");
	OK(ks, "the distance of the distributions");
	OK(precision, "precision of the first k rows, ties in part");
	OK(lift, "lift of the first rows, ties in part");
	OK(judge, "the same bits as the figures of rows");
}

static void
test_edges(void)
{
	const Row	positive[] = {{true, 1, 1}, {true, 2, 1}};
	const Row	negative[] = {{false, 1, 1}, {false, 2, 1}};
	Row			scaled[] = {{true, 3, 2}, {false, 2, 1}, {true, 1, 3}, {false, 1, 1}, {false, 0, 2}};
	const double factor[] = {0x1p-1000, 0x1p1000};
	MlTwoSamples s = collect(positive, 2);
	double		auc;
	double		ap;
	double		ks;
	double		lift;
	int			i;
	int			j;

	OK(isnan(ml_two_samples_roc_auc(&s)) && isnan(ml_two_samples_ks(&s)) &&
	   ml_two_samples_average_precision(&s) == 1 && ml_two_samples_lift(&s, 0.5) == 1 &&
	   ml_two_samples_precision_at(&s, 1) == 1, "positive rows alone");
	OK(ml_two_samples_precision_at(&s, 8) == 0.25, "k counts also where rows are missing");
	samples_free(&s);
	s = collect(negative, 2);
	OK(isnan(ml_two_samples_roc_auc(&s)) && isnan(ml_two_samples_ks(&s)) &&
	   ml_two_samples_average_precision(&s) == 0 && ml_two_samples_lift(&s, 0.5) == 0 &&
	   ml_two_samples_precision_at(&s, 1) == 0, "negative rows alone");
	s.n = s.canonical = 0;
	OK(isnan(ml_two_samples_roc_auc(&s)) && isnan(ml_two_samples_ks(&s)) &&
	   isnan(ml_two_samples_average_precision(&s)) && isnan(ml_two_samples_lift(&s, 0.5)) &&
	   isnan(ml_two_samples_precision_at(&s, 1)), "no rows");
	samples_free(&s);

	s = collect(scaled, 5);
	auc = ml_two_samples_roc_auc(&s);
	ap = ml_two_samples_average_precision(&s);
	ks = ml_two_samples_ks(&s);
	lift = ml_two_samples_lift(&s, 0.5);
	samples_free(&s);
	for (i = 0; i < 2; i++)
	{
		for (j = 0; j < 5; j++)
			scaled[j].weight *= factor[i];
		s = collect(scaled, 5);
		OK(ml_two_samples_roc_auc(&s) == auc && ml_two_samples_average_precision(&s) == ap &&
		   ml_two_samples_ks(&s) == ks && ml_two_samples_lift(&s, 0.5) == lift,
		   i == 0 ? "tiny weights" : "huge weights");
		samples_free(&s);
		for (j = 0; j < 5; j++)
			scaled[j].weight /= factor[i];
	}
}

int
main(void)
{
	test_exact();
	test_collect();
	test_valid();
	test_figures();
	test_edges();
	return tap_done();
}
