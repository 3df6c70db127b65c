/*
 * test_sketches.c: sketches of a stream of numbers, against the numbers:
 * quantiles within their proven error, different values, frequent keys, ends,
 * moments, and the sort of keys under them.
 */
#include <float.h>
#include <stdlib.h>

#include "kernel/distinct.h"
#include "kernel/extremes.h"
#include "kernel/hash.h"
#include "kernel/heavy.h"
#include "kernel/moment_sums.h"
#include "kernel/quantile_sketch.h"
#include "kernel/rng.h"
#include "kernel/sort.h"
#include "tap.h"

#define MAX_N 300000

static double
unit(MlRng *rng)
{
	return (double) ml_rng_below(rng, UINT64_C(1) << 53) * 0x1p-53;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

/* shapes of streams */
enum
{
	UNIFORM,
	ASCENDING,
	DESCENDING,
	ZIGZAG,						/* small and large ones in turn, growing apart */
	TIES,						/* few values, unevenly often */
	SKEWED,
	SHAPES
};

static const char *const shape_name[SHAPES] = {"uniform", "ascending", "descending", "zigzag", "ties", "skewed"};

static void
make_stream(int shape, double *x, int n, uint64_t seed)
{
	MlRng		rng;
	int			i;

	ml_rng_init(&rng, seed, 1);
	for (i = 0; i < n; i++)
	{
		double		u = unit(&rng);

		switch (shape)
		{
			case UNIFORM:
				x[i] = u;
				break;
			case ASCENDING:
				x[i] = i;
				break;
			case DESCENDING:
				x[i] = -i;
				break;
			case ZIGZAG:
				x[i] = i % 2 ? i : -i;
				break;
			case TIES:
				x[i] = floor(100 * u * u * u);
				break;
			default:
				x[i] = exp(12 * u);
		}
	}
}

/* --- sorting keys ------------------------------------------------------- */

static void
test_keys(void)
{
	static uint64_t key[ML_SORT_MAX_KEYS];
	static uint64_t want[ML_SORT_MAX_KEYS];
	static uint64_t scratch[ML_SORT_MAX_KEYS];
	static const int sizes[] = {0, 1, 2, 31, 32, 33, 100, 2048, 5000, ML_SORT_MAX_KEYS};
	bool		good = true;
	MlRng		rng;
	int			kind;
	int			s;
	int			i;

	ml_rng_init(&rng, 5, 0);
	for (s = 0; s < (int) (sizeof(sizes) / sizeof(*sizes)); s++)
		for (kind = 0; kind < 9; kind++)
		{
			int			n = sizes[s];

			for (i = 0; i < n; i++)
			{
				uint64_t	r = ml_rng_next(&rng);

				key[i] = kind == 0 ? r :
					kind == 1 ? ml_sort_key((double) (r >> 11) * 0x1p-53) :
					kind == 2 ? r % 7 :
					kind == 3 ? (uint64_t) i :
					kind == 4 ? ~(uint64_t) i :
					kind == 5 ? UINT64_C(77) :
				/* what the highest digits do not tell apart */
					kind == 6 ? (i == n / 2 ? UINT64_MAX : r >> 30) :
					kind == 7 ? (r & 1) << 63 | (r >> 40) :
					ml_sort_key(i % 2 ? -1e300 : 1e-300 * (double) i);
			}
			memcpy(want, key, sizeof(uint64_t) * (size_t) n);
			qsort(want, (size_t) n, sizeof(uint64_t), compare_keys);
			ml_sort_keys(key, n, scratch);
			good &= memcmp(key, want, sizeof(uint64_t) * (size_t) n) == 0;
		}
	OK(good, "keys of all kinds are sorted");
}

/* --- quantiles ---------------------------------------------------------- */

static void
sketch_init(MlQuantileSketch *q)
{
	memset(q, 0, sizeof(*q));
}

static void
sketch_free(MlQuantileSketch *q)
{
	int			h;

	for (h = 0; h < ML_QUANTILE_LEVELS; h++)
		free(q->item[h]);
}

static void
sketch_add(MlQuantileSketch *q, int level, const double *sorted, int n)
{
	static double scratch[ML_QUANTILE_SCRATCH];
	int			reach = ml_quantile_sketch_reach(q, level, n);
	int			h;

	for (h = 0; h < reach; h++)
		if (q->item[h] == NULL)
			q->item[h] = malloc(sizeof(double) * ML_QUANTILE_RUN);
	ml_quantile_sketch_add(q, level, sorted, n, scratch);
}

/* Adds numbers in blocks of the given size. */
static void
sketch_stream(MlQuantileSketch *q, const double *x, int n, int block)
{
	static double run[ML_QUANTILE_RUN];
	int			from;

	for (from = 0; from < n; from += block)
	{
		int			size = n - from < block ? n - from : block;

		memcpy(run, x + from, sizeof(double) * (size_t) size);
		qsort(run, (size_t) size, sizeof(double), compare_doubles);
		sketch_add(q, 0, run, size);
	}
}

static void
sketch_merge(MlQuantileSketch *q, const MlQuantileSketch *other)
{
	int			h;

	q->over += other->over;
	q->under += other->under;
	for (h = 0; h < ML_QUANTILE_LEVELS; h++)
		if (other->count[h] > 0)
			sketch_add(q, h, other->item[h], other->count[h]);
}

/* The largest error of a count of numbers up to x, over all x; false when it is not within the bounds. */
static bool
within_bounds(const MlQuantileSketch *q, const double *sorted, int n, double *worst)
{
	int			items = ml_quantile_sketch_items(q);
	double	   *value = malloc(sizeof(double) * (size_t) (items + 1));
	int64_t    *weight = malloc(sizeof(int64_t) * (size_t) (items + 1));
	bool		good = q->n == n && ml_quantile_sketch_valid(q);
	int64_t		counted = 0;
	int			i = 0;
	int			j;

	ml_quantile_sketch_collect(q, value, weight);
	*worst = 0;
	for (j = 0; j < n; j++)
	{
		int64_t		error;

		if (j + 1 < n && sorted[j + 1] == sorted[j])
			continue;
		for (; i < items && value[i] <= sorted[j]; i++)
			counted += weight[i];
		error = counted - (j + 1);
		good &= error <= q->over && error >= -q->under;
		if (fabs((double) error) > *worst)
			*worst = fabs((double) error);
	}
	good &= counted == n;
	*worst /= n;
	free(value);
	free(weight);
	return good;
}

static void
test_quantiles(void)
{
	static double x[MAX_N];
	static double sorted[MAX_N];
	MlQuantileSketch q;
	char		name[100];
	double		worst;
	double		bound;
	int			shape;

	for (shape = 0; shape < SHAPES; shape++)
	{
		make_stream(shape, x, MAX_N, 17);
		memcpy(sorted, x, sizeof(x));
		qsort(sorted, MAX_N, sizeof(double), compare_doubles);
		sketch_init(&q);
		sketch_stream(&q, x, MAX_N, ML_QUANTILE_RUN);
		snprintf(name, sizeof(name), "quantiles of %s numbers within the error that is told", shape_name[shape]);
		OK(within_bounds(&q, sorted, MAX_N, &worst), name);
		/* log2(n / RUN) / (2 RUN), with one more thinning a level for the odd ones */
		bound = (log2((double) MAX_N / ML_QUANTILE_RUN) + 1) / (2 * ML_QUANTILE_RUN) * 1.1;
		snprintf(name, sizeof(name), "and it is small: %.5f, found %.5f", (double) q.over / MAX_N, worst);
		OK(q.over <= bound * MAX_N && q.under <= bound * MAX_N && worst <= bound, name);
		sketch_free(&q);
	}
}

static void
test_quantile_merges(void)
{
	static double x[MAX_N];
	static double sorted[MAX_N];
	MlQuantileSketch q[8];
	bool		good = true;
	double		largest = 0;
	double		worst;
	int			shape;
	int			i;

	for (shape = 0; shape < SHAPES; shape++)
	{
		/* parts of very different sizes, in blocks of odd sizes, merged as a tree */
		static const int from[9] = {0, 1, 700, 5000, 5003, 60000, 61111, 200000, MAX_N};

		make_stream(shape, x, MAX_N, 3);
		memcpy(sorted, x, sizeof(x));
		qsort(sorted, MAX_N, sizeof(double), compare_doubles);
		for (i = 0; i < 8; i++)
		{
			sketch_init(&q[i]);
			sketch_stream(&q[i], x + from[i], from[i + 1] - from[i], i % 2 ? 333 : 2048);
		}
		sketch_merge(&q[1], &q[0]);
		sketch_merge(&q[3], &q[2]);
		sketch_merge(&q[6], &q[5]);
		sketch_merge(&q[6], &q[7]);
		sketch_merge(&q[3], &q[1]);
		sketch_merge(&q[3], &q[4]);
		sketch_merge(&q[3], &q[6]);
		good &= within_bounds(&q[3], sorted, MAX_N, &worst);
		largest = fmax(largest, worst);
		for (i = 0; i < 8; i++)
			sketch_free(&q[i]);
	}
	OK(good, "merged sketches keep within their error");
	OK(largest < 0.004, "which stays small");
}

static void
test_quantile_levels(void)
{
	MlQuantileSketch q;
	double		run[3] = {1, 2, 3};
	double		value[8];
	int64_t		weight[8];
	bool		good;

	sketch_init(&q);
	OK(ml_quantile_sketch_valid(&q) && ml_quantile_sketch_items(&q) == 0, "a new sketch is empty");
	sketch_add(&q, 3, run, 3);
	sketch_add(&q, 0, run + 1, 1);
	ml_quantile_sketch_collect(&q, value, weight);
	OK(q.n == 25 && ml_quantile_sketch_items(&q) == 4 && value[0] == 1 && weight[0] == 8 && value[1] == 2 &&
	   value[2] == 2 && weight[1] + weight[2] == 9 && value[3] == 3, "numbers that stand for many go to their level");
	q.item[3][0] = 5;
	good = !ml_quantile_sketch_valid(&q);
	q.item[3][0] = NAN;
	good &= !ml_quantile_sketch_valid(&q);
	q.item[3][0] = 1;
	q.n++;
	good &= !ml_quantile_sketch_valid(&q);
	q.n--;
	q.over = -1;
	good &= !ml_quantile_sketch_valid(&q);
	q.over = 0;
	good &= ml_quantile_sketch_valid(&q);
	OK(good, "a damaged sketch is told from a whole one");
	sketch_free(&q);
}

/* --- different values --------------------------------------------------- */

static void
test_distinct(void)
{
	static const int sizes[] = {100, 4097, 20000, 300000};
	static uint8_t reg[ML_DISTINCT_REGISTERS];
	static uint8_t half[2][ML_DISTINCT_REGISTERS];
	bool		same;
	double		all = 0;
	int			beyond = 0;
	int			runs = 0;
	int			s;
	int			i;

	for (s = 0; s < 4; s++)
	{
		double		sum = 0;
		double		squares = 0;
		int			trial;
		char		name[100];

		for (trial = 0; trial < 100; trial++)
		{
			double		error;

			memset(reg, 0, sizeof(reg));
			for (i = 0; i < sizes[s]; i++)
				ml_distinct_add(reg, ml_mix64(((uint64_t) trial << 40) + (uint64_t) i * 3));
			error = ml_distinct_estimate(reg) / sizes[s] - 1;
			sum += error;
			squares += error * error;
			beyond += fabs(error) > 2 * ML_DISTINCT_STANDARD_ERROR;
			runs++;
		}
		/* the mean of 100 may lie three of its own standard errors off */
		snprintf(name, sizeof(name), "%d different values: mean error %.4f, standard error %.4f", sizes[s], sum / 100,
				 sqrt(squares / 100));
		OK(fabs(sum / 100) < 3 * ML_DISTINCT_STANDARD_ERROR / 10 &&
		   sqrt(squares / 100) < 1.25 * ML_DISTINCT_STANDARD_ERROR, name);
		all += squares;
	}
	OK(beyond <= runs / 10 && all > 0, "twice the standard error holds nearly always");
	memset(half, 0, sizeof(half));
	for (i = 0; i < 300000; i++)
		ml_distinct_add(half[i % 2], ml_mix64((UINT64_C(99) << 40) + (uint64_t) i * 3));
	for (i = 299999; i >= 0; i -= 2)
		ml_distinct_add(half[0], ml_mix64((UINT64_C(99) << 40) + (uint64_t) i * 3));
	ml_distinct_merge(half[1], half[0]);
	same = memcmp(half[1], reg, sizeof(reg)) == 0;
	OK(same, "order, repetition and merging change nothing");
	memset(reg, 0, sizeof(reg));
	OK(ml_distinct_estimate(reg) == 0 && ml_distinct_valid(reg), "nothing is 0");
	ml_distinct_add(reg, 0);
	OK(reg[0] == 64 - ML_DISTINCT_BITS + 1 && ml_distinct_valid(reg), "the hash 0 has the highest rank");
	reg[0]++;
	OK(!ml_distinct_valid(reg), "a rank that is too high is found");
	memset(reg, 64 - ML_DISTINCT_BITS + 1, sizeof(reg));
	OK(ml_distinct_estimate(reg) > 1e18, "full registers are more than can be counted");
}

/* --- frequent keys ------------------------------------------------------ */

#define HEAVY_ROOM 64
#define KEYS 1000

typedef struct TestHeavy
{
	MlHeavy		h;
	int64_t		truth[KEYS];
	int64_t		n;
} TestHeavy;

static void
heavy_init(TestHeavy *t)
{
	memset(t, 0, sizeof(*t));
	t->h.room = HEAVY_ROOM;
	t->h.mask = 2 * HEAVY_ROOM - 1;
	t->h.key = malloc(sizeof(uint64_t) * HEAVY_ROOM);
	t->h.count = malloc(sizeof(int64_t) * HEAVY_ROOM);
	t->h.slack = malloc(sizeof(int64_t) * HEAVY_ROOM);
	t->h.load = malloc(sizeof(void *) * HEAVY_ROOM);
	t->h.slot = calloc(2 * HEAVY_ROOM, sizeof(uint16_t));
}

static void
heavy_free(TestHeavy *t)
{
	free(t->h.key);
	free(t->h.count);
	free(t->h.slack);
	free(t->h.load);
	free(t->h.slot);
}

static void
heavy_add(TestHeavy *t, uint64_t key)
{
	uint64_t	hash = ml_mix64(key);
	int32_t		entry = ml_heavy_find(&t->h, key, hash);

	t->truth[key]++;
	t->n++;
	if (entry >= 0)
	{
		t->h.count[entry]++;
		return;
	}
	if (t->h.n == t->h.room)
	{
		int64_t		scratch[HEAVY_ROOM];

		ml_heavy_purge(&t->h, t->h.n / 2, scratch);
	}
	entry = ml_heavy_insert(&t->h, key, hash, 1, t->h.missed);
	t->h.load[entry] = &t->truth[key];
}

static bool
heavy_holds(const TestHeavy *t)
{
	bool		good = t->h.missed <= 2 * t->n / HEAVY_ROOM;
	uint64_t	key;

	for (key = 0; key < KEYS; key++)
	{
		int32_t		entry = ml_heavy_find(&t->h, key, ml_mix64(key));

		if (entry < 0)
			good &= t->truth[key] <= t->h.missed;
		else
			good &= t->h.count[entry] <= t->truth[key] && t->truth[key] <= t->h.count[entry] + t->h.slack[entry] &&
				t->h.slack[entry] <= t->h.missed && t->h.load[entry] == &t->truth[key];
	}
	return good;
}

static void
test_heavy(void)
{
	TestHeavy	t;
	MlRng		rng;
	bool		good = true;
	int			trial;
	int			i;

	heavy_init(&t);
	for (i = 0; i < 5000; i++)
		heavy_add(&t, (uint64_t) (i * i) % HEAVY_ROOM);
	OK(heavy_holds(&t) && t.h.missed == 0, "keys that fit are counted");
	heavy_free(&t);
	ml_rng_init(&rng, 8, 0);
	for (trial = 0; trial < 6; trial++)
	{
		heavy_init(&t);
		for (i = 0; i < 20000; i++)
		{
			double		u = unit(&rng);
			/* even, uneven, new keys only, the heavy ones first, last, in turn with a crowd */
			uint64_t	key = trial == 0 ? (uint64_t) (u * KEYS) :
				trial == 1 ? (uint64_t) (u * u * u * u * KEYS) :
				trial == 2 ? (uint64_t) i % KEYS :
				trial == 3 ? (i < 10000 ? (uint64_t) (u * 10) : (uint64_t) (u * KEYS)) :
				trial == 4 ? (i > 10000 ? (uint64_t) (u * 10) : (uint64_t) (u * KEYS)) :
				i % 3 ? (uint64_t) (u * KEYS) : 7;

			heavy_add(&t, key);
			if (i % 500 == 0)
				good &= heavy_holds(&t);
		}
		good &= heavy_holds(&t);
		if (trial == 5)
			OK(ml_heavy_find(&t.h, 7, ml_mix64(7)) >= 0, "a key of a third of all is held");
		heavy_free(&t);
	}
	OK(good, "counts are between their bounds, and what is not held is rare");
}

/* --- ends --------------------------------------------------------------- */

static void
extremes_init(MlExtremes *e)
{
	e->n = 0;
	e->low = malloc(sizeof(double) * ML_EXTREMES);
	e->high = malloc(sizeof(double) * ML_EXTREMES);
}

static void
extremes_free(MlExtremes *e)
{
	free(e->low);
	free(e->high);
}

static bool
extremes_are(const MlExtremes *e, const double *sorted, int n)
{
	int			held = n < ML_EXTREMES ? n : ML_EXTREMES;

	return e->n == held && memcmp(e->low, sorted, sizeof(double) * (size_t) held) == 0 &&
		memcmp(e->high, sorted + n - held, sizeof(double) * (size_t) held) == 0 && ml_extremes_valid(e);
}

static void
test_extremes(void)
{
	static double x[20000];
	static double sorted[20000];
	bool		good = true;
	int			shape;

	for (shape = 0; shape < SHAPES; shape++)
	{
		static const int sizes[] = {1, 5, 1000, 1024, 1025, 20000};
		int			s;

		for (s = 0; s < 6; s++)
		{
			int			n = sizes[s];
			MlExtremes	e[2];
			int			from;

			make_stream(shape, x, n, 21);
			memcpy(sorted, x, sizeof(double) * (size_t) n);
			qsort(sorted, (size_t) n, sizeof(double), compare_doubles);
			extremes_init(&e[0]);
			extremes_init(&e[1]);
			for (from = 0; from < n; from += 700)
			{
				int			size = n - from < 700 ? n - from : 700;

				qsort(x + from, (size_t) size, sizeof(double), compare_doubles);
				ml_extremes_add(&e[from / 700 % 2], x + from, NULL, size);
			}
			ml_extremes_merge(&e[0], &e[1]);
			good &= extremes_are(&e[0], sorted, n);
			extremes_free(&e[0]);
			extremes_free(&e[1]);
		}
	}
	OK(good, "the ends of a stream, merged from two");
	{
		double		v[3] = {1, 2, 3};
		int64_t		times[3] = {2, INT64_C(1) << 60, 1};
		MlExtremes	e;

		extremes_init(&e);
		ml_extremes_add(&e, v, times, 3);
		OK(e.n == ML_EXTREMES && e.low[0] == 1 && e.low[1] == 1 && e.low[2] == 2 && e.low[ML_EXTREMES - 1] == 2 &&
		   e.high[ML_EXTREMES - 1] == 3 && e.high[ML_EXTREMES - 2] == 2, "numbers that came many times");
		e.low[5] = 0;
		good = !ml_extremes_valid(&e);
		e.low[5] = NAN;
		good &= !ml_extremes_valid(&e);
		e.low[5] = 2;
		e.n = ML_EXTREMES + 1;
		good &= !ml_extremes_valid(&e);
		OK(good, "damaged ends are found");
		extremes_free(&e);
	}
}

/* --- moments ------------------------------------------------------------ */

/* In long double: 64 bits, two passes. */
static void
naive_moments(const double *x, int n, double *mean, double *stddev)
{
	long double sum = 0;
	long double square = 0;
	int			i;

	for (i = 0; i < n; i++)
		sum += x[i];
	sum /= n;
	for (i = 0; i < n; i++)
		square += ((long double) x[i] - sum) * ((long double) x[i] - sum);
	*mean = (double) sum;
	*stddev = (double) sqrtl(square / (n - 1));
}

static void
test_moments(void)
{
	static double x[40000];
	static const struct
	{
		const char *name;
		double		factor;
		double		shift;
	}			cases[] = {
		{"near 0", 1, -0.5}, {"far from 0", 1, 1e5}, {"farther", 1, 1e9}, {"large", 1e290, 0}, {"small", 1e-290, 0},
		{"denormal", 1e-310, 0}, {"squares at the end of a range", 0x1p399, 0x1p399}
	};
	char		name[100];
	int			c;
	int			i;

	for (c = 0; c < (int) (sizeof(cases) / sizeof(*cases)); c++)
	{
		MlMomentSums all = {0};
		MlMomentSums part[3] = {{{{0, 0}}, {{0, 0}}}};
		MlRng		rng;
		double		mean;
		double		stddev;
		int			from;

		ml_rng_init(&rng, 31, (uint64_t) c);
		for (i = 0; i < 40000; i++)
			x[i] = (unit(&rng) + unit(&rng)) * cases[c].factor + cases[c].shift;
		naive_moments(x, 40000, &mean, &stddev);
		for (from = 0; from < 40000; from += 1999)
		{
			int			size = 40000 - from < 1999 ? 40000 - from : 1999;

			qsort(x + from, (size_t) size, sizeof(double), compare_doubles);
			ml_moment_sums_add(&all, x + from, size);
			ml_moment_sums_add(&part[from / 1999 % 3], x + from, size);
		}
		ml_moment_sums_merge(&part[2], &part[0]);
		ml_moment_sums_merge(&part[2], &part[1]);
		snprintf(name, sizeof(name), "mean and deviation of numbers %s", cases[c].name);
		/* the two passes in 64 bits are good to 1e-17 of the sum of 40,000 squares */
		OK(tap_close(ml_moment_sums_mean(&all, 40000), mean, 1e-15, 0) &&
		   tap_close(ml_moment_sums_stddev(&all, 40000), stddev, cases[c].factor < 1e-300 ? 1e-9 : 1e-12, 0), name);
		snprintf(name, sizeof(name), "the same when merged: %s", cases[c].name);
		/* to the last bit, but for what 18 of 31 digits lost to the mean leave */
		OK(ml_moment_sums_mean(&part[2], 40000) == ml_moment_sums_mean(&all, 40000) &&
		   tap_close(ml_moment_sums_stddev(&part[2], 40000), ml_moment_sums_stddev(&all, 40000),
					 cases[c].shift == 1e9 ? 1e-12 : 0, 0), name);
	}
	{
		/* all three ranges at once; what is small cannot be seen beside what is large */
		double		wide[6] = {-1e300, -3, -1e-300, 1e-300, 5, 1e300};
		MlMomentSums s = {0};

		ml_moment_sums_add(&s, wide, 6);
		NEAR(ml_moment_sums_mean(&s, 6), 1 / 3.0, 1e-15, "mean of numbers of all sizes");
		NEAR(ml_moment_sums_stddev(&s, 6), 1e300 * sqrt(2 / 5.0), 1e-15, "and their deviation");
	}
	{
		MlMomentSums s = {0};
		double		same[5] = {0.1, 0.1, 0.1, 0.1, 0.1};

		ml_moment_sums_add(&s, same, 5);
		ml_moment_sums_add_times(&s, 0.1, 1e9);
		OK(ml_moment_sums_mean(&s, 1e9 + 5) == 0.1 && ml_moment_sums_stddev(&s, 1e9 + 5) == 0,
		   "equal numbers do not deviate");
	}
	{
		MlMomentSums s = {0};
		double		largest[2] = {DBL_MAX, DBL_MAX};

		ml_moment_sums_add(&s, largest, 2);
		OK(ml_moment_sums_mean(&s, 2) == DBL_MAX && ml_moment_sums_stddev(&s, 2) == 0,
		   "the largest numbers do not overflow");
	}
}

int
main(void)
{
	test_keys();
	test_quantiles();
	test_quantile_merges();
	test_quantile_levels();
	test_distinct();
	test_heavy();
	test_extremes();
	test_moments();
	return tap_done();
}
