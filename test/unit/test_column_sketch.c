/*
 * test_column_sketch.c: one column of rows, against all of its values: exact
 * while they are counted, within what is told beyond that; merged in any way;
 * without memory.
 */
#include <stdlib.h>

#include "host_test.h"
#include "kernel/hash.h"
#include "kernel/quantile.h"
#include "kernel/rng.h"
#include "learn/column_view.h"
#include "tap.h"

#define MAX_N 200000

static uint64_t
word_of(double x)
{
	uint64_t	word;

	memcpy(&word, &x, sizeof(word));
	return word;
}

static MlColumnSketch *
sketch_new(MlColumnWords words, MlHost *host)
{
	MlColumnSketch *s = ml_alloc_zero(host, 1, sizeof(MlColumnSketch));

	if (s != NULL)
		s->words = words;
	return s;
}

static bool
add_word(MlColumnSketch *s, uint64_t word, MlHost *host)
{
	if (ml_column_full(s) && !ml_column_settle(s, host))
		return false;
	ml_column_add(s, word);
	return true;
}

static MlColumnSketch *
sketch_of(const double *x, int n, MlHost *host)
{
	MlColumnSketch *s = sketch_new(ML_WORDS_DOUBLE, host);
	int			i;

	for (i = 0; i < n; i++)
		if (!add_word(s, word_of(x[i]), host))
			return NULL;
	return ml_column_settle(s, host) ? s : NULL;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static double
unit(MlRng *rng)
{
	return (double) ml_rng_below(rng, UINT64_C(1) << 53) * 0x1p-53;
}

/* Of n ascending numbers. */
static int64_t
count_below(const double *sorted, int n, double x, bool or_equal)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (sorted[middle] < x || (or_equal && sorted[middle] == x))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- numbers that are counted ------------------------------------------- */

static void
test_counted(TestHost *t)
{
	static double x[MAX_N];
	static double sorted[MAX_N];
	static const double share[] = {0, 0.01, 0.25, 0.5, 0.75, 0.99, 1};
	MlColumnSketch *s;
	MlColumnView view;
	MlColumnBin bin[ML_COLUMN_BINS + 2];
	MlRng		rng;
	double		error;
	double		mean;
	double		variance;
	double		low;
	double		high;
	bool		good = true;
	int64_t		sum = 0;
	int			n = 100000;
	int			bins;
	int			i;

	ml_rng_init(&rng, 4, 0);
	for (i = 0; i < n; i++)
		x[i] = floor(pow(unit(&rng), 6) * 4000) / 8;
	memcpy(sorted, x, sizeof(double) * (size_t) n);
	qsort(sorted, (size_t) n, sizeof(double), compare_doubles);
	s = sketch_of(x, n, &t->host);
	OK(s != NULL && !s->sketched && ml_column_view(&view, s, &t->host), "4,000 values of 100,000 numbers");
	for (i = 0; i < (int) (sizeof(share) / sizeof(*share)); i++)
		good &= ml_column_quantile(&view, share[i]) == ml_quantile_sorted(sorted, n, share[i]);
	OK(good && view.exact && view.error == 0, "quantiles are percentile_cont");
	ml_moments(x, n, &mean, &variance);
	NEAR(view.mean, mean, 1e-15, "mean");
	NEAR(view.stddev, sqrt(variance * n / (n - 1)), 1e-14, "standard deviation");
	OK(view.minimum == sorted[0] && view.maximum == sorted[n - 1] && view.n == n, "ends and number");
	ml_column_fences(&view, &low, &high);
	OK(ml_column_below(&view, low) == count_below(sorted, n, low, false) &&
	   ml_column_up_to(&view, high) == count_below(sorted, n, high, true) && ml_column_up_to(&view, high) < n,
	   "numbers beyond the fences");
	bins = ml_column_histogram(&view, false, bin);
	good = bins == ML_COLUMN_BINS + 1;
	for (i = 0; i < bins; i++)
	{
		bool		last = i == ML_COLUMN_BINS - 1;
		bool		outside = i >= ML_COLUMN_BINS;

		good &= bin[i].count == count_below(sorted, n, bin[i].to, last || outside) -
			count_below(sorted, n, bin[i].from, outside) && (i == 0 || bin[i].from == bin[i - 1].to);
		sum += bin[i].count;
	}
	OK(good && sum == n && bin[0].from == sorted[0] && bin[bins - 1].to == sorted[n - 1] &&
	   bin[ML_COLUMN_BINS - 1].to == sorted[count_below(sorted, n, high, true) - 1], "histogram");
	for (good = true, i = 1; i < n; i++)
		sum += sorted[i] != sorted[i - 1];
	OK(ml_column_distinct(s, &error) == sum - n + 1 && error == 0, "different values");
	ml_column_view_release(&view);
	test_host_reset(t);
}

/* --- odd numbers -------------------------------------------------------- */

static void
test_odd(TestHost *t)
{
	static const double odd[] = {NAN, -NAN, INFINITY, -INFINITY, -0.0, 0.0, 1, INFINITY};
	static double x[20000];
	MlColumnSketch *s = sketch_of(odd, 8, &t->host);
	MlColumnView view;
	double		error;
	int			seen[8] = {0};
	int			others = 0;
	int			i;

	ml_column_view(&view, s, &t->host);
	OK(view.nan == 2 && view.plus_infinity == 2 && view.minus_infinity == 1 && view.n == 3 && view.minimum == 0 &&
	   view.maximum == 1 && ml_column_distinct(s, &error) == 5, "NaN and infinities are counted beside the numbers");
	for (i = 0; i < 20000; i++)
	{
		seen[i % 8] += i % 7 == 0;
		x[i] = i % 7 == 0 ? odd[i % 8] : i;
	}
	for (i = 0; i < 8; i++)
		others += i < 4 || i == 7 ? seen[i] : 0;
	s = sketch_of(x, 20000, &t->host);
	ml_column_view(&view, s, &t->host);
	OK(s->sketched && view.nan == seen[0] + seen[1] && view.plus_infinity == seen[2] + seen[7] &&
	   view.minus_infinity == seen[3] && view.n == 20000 - others && view.minimum == 0 && view.maximum == 19998,
	   "also when there are many numbers");
	s = sketch_of(x, 0, &t->host);
	ml_column_view(&view, s, &t->host);
	OK(view.n == 0 && isnan(view.mean) && isnan(view.minimum) && ml_column_distinct(s, &error) == 0,
	   "no number at all");
	s = sketch_of(odd, 2, &t->host);
	ml_column_view(&view, s, &t->host);
	OK(view.n == 0 && isnan(view.stddev) && view.nan == 2, "NaN only");
	s = sketch_of(odd + 6, 1, &t->host);
	ml_column_view(&view, s, &t->host);
	OK(view.n == 1 && isnan(view.stddev) && ml_column_quantile(&view, 0.99) == 1, "one number has no deviation");
	test_host_reset(t);
}

/* Integers beyond 2^53, whose doubles are the same, and times. */
static void
test_integers(TestHost *t)
{
	MlColumnSketch *s = sketch_new(ML_WORDS_INTEGER, &t->host);
	MlColumnSketch *time = sketch_new(ML_WORDS_TIME, &t->host);
	MlColumnView view;
	MlColumnBin bin[ML_COLUMN_BINS + 2];
	double		error;
	bool		good = true;
	int64_t		i;

	for (i = 0; i < 4000; i++)
		good &= add_word(s, (uint64_t) ((INT64_C(1) << 60) + i), &t->host);
	good &= add_word(s, (uint64_t) INT64_MIN, &t->host) && add_word(s, (uint64_t) INT64_MAX, &t->host);
	OK(good && ml_column_settle(s, &t->host) && ml_column_distinct(s, &error) == 4002, "long integers are told apart");
	ml_column_view(&view, s, &t->host);
	OK(view.n == 4002 && view.minimum == -0x1p63 && view.maximum == 0x1p63, "the least and the greatest are numbers");
	for (i = 0; i < 100000; i++)
		good &= add_word(s, (uint64_t) ((INT64_C(1) << 60) + i), &t->host);
	OK(good && ml_column_settle(s, &t->host) && s->sketched && s->lowest == 0 && s->highest == UINT64_MAX &&
	   fabs((double) ml_column_distinct(s, &error) / 100002 - 1) < 2 * error, "also when there are many");
	OK(ml_column_word(ML_WORDS_INTEGER, s->highest) == (uint64_t) INT64_MAX, "the word of a key");

	for (i = 0; i < 100; i++)
		good &= add_word(time, (uint64_t) (i < 10 ? INT64_MIN : i < 30 ? INT64_MAX : i), &t->host);
	good &= ml_column_settle(time, &t->host);
	ml_column_view(&view, time, &t->host);
	OK(good && view.minus_infinity == 10 && view.plus_infinity == 20 && view.n == 70 && view.minimum == 30,
	   "infinite times");
	OK(ml_column_histogram(&view, true, bin) == 18 && bin[0].from == 30 && bin[0].to == 34 && bin[0].count == 4,
	   "bins of whole numbers");
	test_host_reset(t);
}

/* --- sketches ----------------------------------------------------------- */

/* Every figure of a view within what it says of itself. */
static bool
view_is_right(const MlColumnView *view, const double *sorted, int n)
{
	MlColumnBin bin[ML_COLUMN_BINS + 2];
	bool		good = view->n == n && view->minimum == sorted[0] && view->maximum == sorted[n - 1];
	double		mean;
	double		variance;
	int64_t		sum = 0;
	int			bins;
	int			i;

	ml_moments(sorted, n, &mean, &variance);
	good &= tap_close(view->mean, mean, 1e-14, sqrt(variance)) &&
		tap_close(view->stddev, sqrt(variance * n / (n - 1)), 1e-12, 0);
	for (i = 0; i <= 1000; i++)
	{
		double		x = ml_column_quantile(view, i / 1000.0);
		/* a quantile may lie between two numbers */
		double		slack = view->error + 1.0 / n;
		double		low = (double) count_below(sorted, n, x, false) / n;
		double		high = (double) count_below(sorted, n, x, true) / n;

		good &= low <= i / 1000.0 + slack && high >= i / 1000.0 - slack;
	}
	bins = ml_column_histogram(view, false, bin);
	for (i = 0; i < bins; i++)
	{
		good &= bin[i].count >= 0 && bin[i].from <= bin[i].to;
		sum += bin[i].count;
	}
	return good && sum == n;
}

static void
test_sketched(TestHost *t)
{
	static double x[MAX_N];
	static double sorted[MAX_N];
	static const char *const name[] = {"uniform", "ascending", "lognormal", "half of them 0", "rounded"};
	MlColumnView view;
	MlRng		rng;
	int			shape;
	int			i;

	for (shape = 0; shape < 5; shape++)
	{
		MlColumnSketch *s;
		char		text[100];
		double		low;
		double		high;
		double		error;
		int64_t		different = 1;
		int64_t		beyond;

		ml_rng_init(&rng, 9, (uint64_t) shape);
		for (i = 0; i < MAX_N; i++)
		{
			double		u = unit(&rng);
			double		normal = sqrt(-2 * log(1 - u)) * cos(6.283185307179586 * unit(&rng));

			x[i] = shape == 0 ? u : shape == 1 ? i : shape == 2 ? exp(2 * normal) :
				shape == 3 ? (u < 0.5 ? 0 : normal) : floor(normal * 3000) / 7;
		}
		memcpy(sorted, x, sizeof(x));
		qsort(sorted, MAX_N, sizeof(double), compare_doubles);
		for (i = 1; i < MAX_N; i++)
			different += sorted[i] != sorted[i - 1];
		s = sketch_of(x, MAX_N, &t->host);
		ml_column_view(&view, s, &t->host);
		snprintf(text, sizeof(text), "%s: figures within their errors (%.4f)", name[shape], view.error);
		OK(s->sketched && view.error < 0.0025 && view_is_right(&view, sorted, MAX_N), text);
		snprintf(text, sizeof(text), "%s: different values", name[shape]);
		OK(fabs((double) ml_column_distinct(s, &error) / (double) different - 1) <= error, text);
		ml_column_fences(&view, &low, &high);
		beyond = count_below(sorted, MAX_N, low, false) + MAX_N - count_below(sorted, MAX_N, high, true);
		snprintf(text, sizeof(text), "%s: outliers", name[shape]);
		/* both ends are known exactly as far as 1,024 numbers go */
		OK(fabs((double) (ml_column_below(&view, low) + view.n - ml_column_up_to(&view, high) - beyond)) <=
		   (beyond <= ML_EXTREMES ? 0 : 2 * view.error * MAX_N), text);
		ml_column_view_release(&view);
		test_host_reset(t);
	}
}

/* Values that come often are found, with counts that bound the truth. */
static void
test_frequent(TestHost *t)
{
	MlColumnSketch *s = sketch_new(ML_WORDS_DOUBLE, &t->host);
	int64_t		truth[40] = {0};
	bool		good = true;
	int			found = 0;
	MlRng		rng;
	int			i;

	ml_rng_init(&rng, 77, 0);
	for (i = 0; i < MAX_N; i++)
	{
		double		u = unit(&rng);
		int			value = (int) (u * u * 80);
		bool		common = value < 40 && i % 3 == 0;

		truth[common ? value : 0] += common;
		good &= add_word(s, word_of(common ? value : 100 + u), &t->host);
	}
	good &= ml_column_settle(s, &t->host);
	for (i = 0; i < s->counted.n; i++)
	{
		double		x = ml_column_number(ML_WORDS_DOUBLE, s->counted.key[i]);

		if (x >= 40)
			continue;
		found++;
		good &= s->counted.count[i] <= truth[(int) x] &&
			truth[(int) x] <= s->counted.count[i] + s->counted.slack[i];
	}
	OK(good && s->sketched && found == 40, "values of half a percent are all held, with bounds");
	/* one of each block, and the few that room is needed for */
	OK(s->counted.missed <= MAX_N / 1000, "what is not held is rare");
	test_host_reset(t);
}

/* A sketch that is read after every row passes over nothing. */
static void
test_read_often(TestHost *t)
{
	static double x[12000];
	static double sorted[12000];
	MlColumnSketch *s = sketch_new(ML_WORDS_DOUBLE, &t->host);
	MlColumnView view;
	bool		good = true;
	int			found = -1;
	int			i;

	for (i = 0; i < 12000; i++)
	{
		x[i] = i % 3 == 0 ? 7 : i * 0.5;
		good &= add_word(s, word_of(x[i]), &t->host) && ml_column_settle(s, &t->host);
	}
	memcpy(sorted, x, sizeof(x));
	qsort(sorted, 12000, sizeof(double), compare_doubles);
	ml_column_view(&view, s, &t->host);
	for (i = 0; i < s->counted.n; i++)
		if (ml_column_number(ML_WORDS_DOUBLE, s->counted.key[i]) == 7)
			found = i;
	OK(good && s->sketched && view_is_right(&view, sorted, 12000) && s->counted.missed <= 2 * 12000 / ML_COLUMN_EXACT &&
	   found >= 0 && s->counted.count[found] == 4001, "rows that are counted one by one");
	test_host_reset(t);
}

/* --- merging ------------------------------------------------------------ */

/* Are all figures and counts of two sketches the same bits? */
static bool
same_counted(const MlColumnSketch *a, const MlColumnSketch *b)
{
	uint16_t	x[ML_COLUMN_EXACT];
	uint16_t	y[ML_COLUMN_EXACT];
	int			i;

	if (a->sketched || b->sketched || a->counted.n != b->counted.n || a->values != b->values || a->nulls != b->nulls)
		return false;
	ml_column_counted_order(a, x);
	ml_column_counted_order(b, y);
	for (i = 0; i < a->counted.n; i++)
		if (a->counted.key[x[i]] != b->counted.key[y[i]] || a->counted.count[x[i]] != b->counted.count[y[i]])
			return false;
	return true;
}

static void
test_merges(TestHost *t)
{
	static double x[MAX_N];
	static double sorted[MAX_N];
	/* sizes of parts: what meets is counted or sketched, or becomes sketched by it */
	static const int parts[][4] = {{10, 2000, 0, 300}, {3000, 3000, 3000, 1}, {100, 50000, 100, 49800},
	{50000, 0, 0, 50000}, {4097, 4095, 4096, 1}, {0, 0, 0, 30000}};
	MlColumnView view;
	MlRng		rng;
	bool		right = true;
	bool		same = true;
	int			p;
	int			i;

	for (p = 0; p < 6; p++)
	{
		MlColumnSketch *s = sketch_new(ML_WORDS_DOUBLE, &t->host);
		MlColumnSketch *all;
		double		error;
		int			n = 0;
		int			part;

		ml_rng_init(&rng, 6, (uint64_t) p);
		for (i = 0; i < 110000; i++)
			x[i] = i % 10 == 0 ? 5 : floor(unit(&rng) * 1e6);
		for (part = 0; part < 4; part++)
		{
			MlColumnSketch *other = sketch_of(x + n, parts[p][part], &t->host);

			other->nulls = part;
			right &= ml_column_merge(s, other, &t->host);
			n += parts[p][part];
		}
		all = sketch_of(x, n, &t->host);
		memcpy(sorted, x, sizeof(double) * (size_t) n);
		qsort(sorted, (size_t) n, sizeof(double), compare_doubles);
		ml_column_view(&view, s, &t->host);
		right &= s->nulls == 6 && s->values == n && s->sketched == all->sketched && view_is_right(&view, sorted, n);
		same &= ml_column_distinct(s, &error) == ml_column_distinct(all, &error);
		ml_column_view_release(&view);
		ml_column_view(&view, all, &t->host);
		same &= view.mean == ml_moment_sums_mean(&s->moments, n) || !s->sketched;
		if (s->sketched)
			for (i = 0; i < s->counted.n; i++)
				if (ml_column_number(ML_WORDS_DOUBLE, s->counted.key[i]) == 5)
					right &= s->counted.count[i] <= (n + 9) / 10 + 5 &&
						s->counted.count[i] + s->counted.slack[i] >= n / 10 - 5;
		all->nulls = s->nulls;
		same &= s->sketched || same_counted(s, all);
		ml_column_view_release(&view);
		test_host_reset(t);
	}
	OK(right, "merged sketches are right");
	OK(same, "and have the same number of different values, the same mean, and the same counts while they count");
}

/* --- values with texts -------------------------------------------------- */

static bool
add_text(MlColumnSketch *s, const char *text, MlHost *host)
{
	uint32_t	len = (uint32_t) strlen(text);
	int32_t		entry;

	ml_column_measure(s, len);
	return ml_column_order(s, text, len, host) && ml_column_add_hash(s, ml_hash_bytes(text, len, 1), &entry, host) &&
		(entry < 0 || ml_column_name(s, entry, text, len, host));
}

static bool
names_are_right(const MlColumnSketch *s)
{
	bool		good = true;
	int			i;

	for (i = 0; i < s->counted.n; i++)
	{
		const MlColumnText *text = s->counted.load[i];

		good &= text != NULL && ml_hash_bytes(text->bytes, text->len, 1) == s->counted.key[i];
	}
	return good;
}

static void
test_texts(TestHost *t)
{
	MlColumnSketch *s[2];
	char		text[40];
	bool		good = true;
	double		error;
	int64_t		common = 0;
	int			i;
	int			k;

	s[0] = sketch_new(ML_WORDS_HASH, &t->host);
	good &= add_text(s[0], "b", &t->host) && add_text(s[0], "", &t->host) && add_text(s[0], "abc", &t->host) &&
		add_text(s[0], "b", &t->host);
	OK(good && s[0]->counted.n == 3 && s[0]->values == 4 && s[0]->shortest == 0 && s[0]->longest == 3 &&
	   s[0]->length.hi == 5 && s[0]->first->len == 0 && strcmp(s[0]->last->bytes, "b") == 0 && names_are_right(s[0]),
	   "few texts");
	s[0] = sketch_new(ML_WORDS_HASH, &t->host);
	s[1] = sketch_new(ML_WORDS_HASH, &t->host);
	for (i = 0; i < 40000; i++)
	{
		bool		often = i % 20 == 3;

		common += often;
		snprintf(text, sizeof(text), often ? "often" : "text %d", i);
		good &= add_text(s[i % 3 == 0], text, &t->host);
	}
	OK(good && s[0]->sketched && names_are_right(s[0]), "many texts");
	good &= ml_column_merge(s[0], s[1], &t->host);
	OK(good && names_are_right(s[0]) && fabs((double) ml_column_distinct(s[0], &error) / 38001 - 1) < error &&
	   strcmp(s[0]->first->bytes, "often") == 0 && strcmp(s[0]->last->bytes, "text 9999") == 0, "merged");
	for (i = 0; i < s[0]->counted.n; i++)
		if (strcmp(((MlColumnText *) s[0]->counted.load[i])->bytes, "often") == 0)
		{
			OK(s[0]->counted.count[i] <= common && s[0]->counted.count[i] + s[0]->counted.slack[i] >= common,
			   "a text that comes often is held");
			common = -1;
		}
	OK(common == -1, "and found");
	/* a counted one into a counted one that is full by it */
	for (k = 0; k < 2; k++)
	{
		s[k] = sketch_new(ML_WORDS_HASH, &t->host);
		for (i = 0; i < 3000; i++)
		{
			snprintf(text, sizeof(text), "%d", i * 2 + k * (i > 1000));
			good &= add_text(s[k], text, &t->host);
		}
	}
	good &= ml_column_merge(s[0], s[1], &t->host);
	OK(good && s[0]->sketched && names_are_right(s[0]) && s[0]->values == 6000 &&
	   fabs((double) ml_column_distinct(s[0], &error) / 4999 - 1) < error, "counts that do not fit together");
	test_host_reset(t);
}

/* --- no memory ---------------------------------------------------------- */

static bool
build_and_merge(const double *x, int n, TestHost *t)
{
	MlColumnSketch *a = sketch_new(ML_WORDS_DOUBLE, &t->host);
	MlColumnSketch *b = sketch_new(ML_WORDS_DOUBLE, &t->host);
	MlColumnSketch *c = sketch_new(ML_WORDS_HASH, &t->host);
	MlColumnView view;
	char		text[20];
	int			i;

	if (a == NULL || b == NULL || c == NULL)
		return false;
	for (i = 0; i < n; i++)
	{
		if (!add_word(i < n / 4 ? a : b, word_of(x[i]), &t->host))
			return false;
		snprintf(text, sizeof(text), "%d", i % 9000);
		if (i % 2 == 0 && !add_text(c, text, &t->host))
			return false;
	}
	return ml_column_merge(a, b, &t->host) && ml_column_view(&view, a, &t->host);
}

static void
test_no_memory(TestHost *t)
{
	static double x[20000];
	bool		good = true;
	long		k;
	int			i;

	for (i = 0; i < 20000; i++)
		x[i] = i * 0.37;
	good &= build_and_merge(x, 20000, t);
	OK(good, "with memory");
	test_host_reset(t);
	/* each of the first allocations, then some of the many texts' */
	for (k = 1; good && k < 12000; k += k < 300 ? 1 : 997)
	{
		t->fail_at = k;
		good &= !build_and_merge(x, 20000, t) || t->n_alloc < k;
		test_host_reset(t);
	}
	t->fail_at = 0;
	OK(good, "without memory it says so");
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 1);
	test_counted(&t);
	test_odd(&t);
	test_integers(&t);
	test_sketched(&t);
	test_frequent(&t);
	test_read_often(&t);
	test_merges(&t);
	test_texts(&t);
	test_no_memory(&t);
	OK(t.n_alive == 0, "nothing is left behind");
	return tap_done();
}
