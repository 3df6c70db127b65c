/*
 * test_split.c: roles and order of rows: independent of the physical order,
 * groups together, time respected, small classes cut by rank.
 */
#include "host_test.h"
#include "kernel/hash.h"
#include "kernel/rng.h"
#include "learn/split.h"
#include "tap.h"

#define N 6000

static uint64_t key[N];
static uint64_t content[N];
static int64_t when[N];
static int32_t label[N];
static int8_t where[N];
static uint32_t perm[N];
static int64_t n_train;
static int64_t n_valid;
static MlSplitRule rule;
static MlSplitClass rule_class[8];
static MlStatus status;
static TestHost host;

/* rule.class stays, in memory of ours */
static MlCode
split(int64_t n, MlSplitSpec spec, bool use_where)
{
	MlCode		code = ml_split(&host.host, n, &spec, key, content, when, label, use_where ? where : NULL,
								perm, &n_train, &n_valid, &rule, &status);

	if (rule.class != NULL)
	{
		memcpy(rule_class, rule.class, sizeof(MlSplitClass) * (size_t) rule.n_classes);
		host.host.release(&host.host, rule.class);
		rule.class = rule_class;
	}
	if (host.n_alive != 0)
		OK(false, "memory is given back");
	return code;
}

static void
fill(int64_t n, int classes)
{
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		key[i] = ml_mix64((uint64_t) i + 1000);
		content[i] = ml_mix64((uint64_t) i + 77777);
		when[i] = i * 10 - 20000;
		label[i] = classes ? (int32_t) (i % classes) : -1;
		where[i] = i % 5 == 0;
	}
}

/* 0 train, 1 validation, 2 test, of each old row */
static void
parts(int64_t n, int *part)
{
	int64_t		i;

	for (i = 0; i < n; i++)
		part[i] = -1;
	for (i = 0; i < n; i++)
		part[perm[i]] = i < n_train ? 0 : i < n_train + n_valid ? 1 : 2;
}

static bool
is_canonical(int64_t n)
{
	int64_t		i;

	for (i = 1; i < n; i++)
	{
		uint32_t	a = perm[i - 1];
		uint32_t	b = perm[i];

		if (i == n_train || i == n_train + n_valid)
			continue;
		if (key[a] > key[b] || (key[a] == key[b] && content[a] > content[b]))
			return false;
	}
	return true;
}

static int
count(const int *part, int64_t n, int want, int32_t class)
{
	int			c = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
		c += part[i] == want && (class < 0 || label[i] == class);
	return c;
}

static void
test_hash(void)
{
	static int	part[N];
	static int	again[N];
	static uint64_t content_by_order[N];
	bool		good = true;
	int64_t		i;
	int64_t		train;

	fill(N, 2);
	OK(split(N, (MlSplitSpec) {0.2, 0.25, false, false}, false) == ML_OK, "by hash");
	parts(N, part);
	for (i = 0; i < N; i++)
		good &= (part[i] == 2) == (ml_hash_unit(key[i]) < 0.2);
	OK(good, "test rows are those with a small hash");
	OK(count(part, N, -1, -1) == 0 && is_canonical(N), "perm is a permutation in canonical order");
	OK(fabs(n_valid - 0.25 * 0.8 * N) < 150, "validation is a share of the others");
	for (i = 0; i < N; i++)
		content_by_order[i] = content[perm[i]];
	train = n_train;

	/* the same rows the other way round */
	for (i = 0; i < N / 2; i++)
	{
		uint64_t	t = key[i];

		key[i] = key[N - 1 - i];
		key[N - 1 - i] = t;
		t = content[i];
		content[i] = content[N - 1 - i];
		content[N - 1 - i] = t;
	}
	for (i = 0; i < N; i++)
		label[i] = (int32_t) ((N - 1 - i) % 2);
	split(N, (MlSplitSpec) {0.2, 0.25, false, false}, false);
	for (good = n_train == train, i = 0; i < N; i++)
		good &= content_by_order[i] == content[perm[i]];
	OK(good, "the physical order of rows does not matter");

	/* no validation: the test rows are the same */
	parts(N, part);
	split(N, (MlSplitSpec) {0.2, 0, false, false}, false);
	parts(N, again);
	for (good = n_valid == 0, i = 0; i < N; i++)
		good &= (part[i] == 2) == (again[i] == 2);
	OK(good, "validation takes no test row");

	fill(N, 0);
	for (i = 0; i < N; i++)
		label[i] = i % 60 == 0;
	split(N, (MlSplitSpec) {0.2, 0.2, false, false}, false);
	parts(N, part);
	OK(count(part, N, 2, 1) == 20 && count(part, N, 1, 1) == 16, "a class of 100 rows is cut by rank: 20 and 16");
	for (good = true, i = 0; i < N; i++)
		if (label[i] == 0)
			good &= (part[i] == 2) == (ml_hash_unit(key[i]) < 0.2);
	OK(good, "the large class is not");

	fill(10, 0);
	OK(split(10, (MlSplitSpec) {0.2, 0, false, false}, false) == ML_OK && n_train == 8,
			"few rows of a regression are cut by rank");
	OK(split(2, (MlSplitSpec) {0.9, 0, false, false}, false) == ML_OK && n_train == 1,
			"rank leaves a row to learn from");
	fill(100, 0);
	OK(split(100, (MlSplitSpec) {0, 0, false, false}, false) == ML_OK && n_train == 100,
			"no test rows wanted, none taken");
}

static void
test_groups(void)
{
	static int	part[N];
	bool		good = true;
	int			by_time;
	int64_t		i;
	int64_t		j;

	for (by_time = 0; by_time <= 1; by_time++)
	{
		/* small and large classes, groups across classes and times */
		fill(3000, 0);
		for (i = 0; i < 3000; i++)
		{
			key[i] = ml_mix64((uint64_t) (i % 2 ? i / 7 : i / 3 + 100000));
			label[i] = i % 10 == 0 ? 1 : i % 91 == 1 ? 2 : 0;
		}
		good &= split(3000, (MlSplitSpec) {0.3, 0.2, by_time, true}, false) == ML_OK;
		parts(3000, part);
		for (i = 0; i < 3000; i++)
			for (j = i + 1; j < 3000 && j < i + 30; j++)
				if (key[i] == key[j])
					good &= part[i] == part[j];
		OK(good && n_valid > 0 && n_train + n_valid < 3000,
				by_time ? "groups stay together, by time" : "groups stay together, by hash");
	}
	OK(is_canonical(3000), "and in canonical order");
	for (i = 0; i < 50; i++)
		key[i] = 7;
	OK(split(50, (MlSplitSpec) {0.2, 0, false, true}, false) == ML_BAD_DATA, "one group cannot be split");
	IS_TEXT(status.message, "there are no test rows", "and the message says so");
	OK(status.hint[0] != '\0', "with a hint");
}

static void
test_time(void)
{
	static int	part[N];
	bool		good = true;
	int64_t		last[3] = {INT64_MIN, INT64_MIN, INT64_MIN};
	int64_t		first[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
	int64_t		i;

	fill(1000, 2);
	OK(split(1000, (MlSplitSpec) {0.2, 0.25, true, false}, false) == ML_OK && n_train == 600 && n_valid == 200,
			"by time: exact shares");
	parts(1000, part);
	for (i = 0; i < 1000; i++)
	{
		last[part[i]] = when[i] > last[part[i]] ? when[i] : last[part[i]];
		first[part[i]] = when[i] < first[part[i]] ? when[i] : first[part[i]];
	}
	OK(last[0] < first[1] && last[1] < first[2], "training before validation before test, negative times too");

	for (i = 0; i < 1000; i++)
		when[i] = i / 130;
	split(1000, (MlSplitSpec) {0.2, 0, true, false}, false);
	parts(1000, part);
	for (i = 0; i < 1000; i++)
		good &= (part[i] == 2) == (when[i] >= 6);
	OK(good, "rows of one instant do not part: the nearest cut");
	for (i = 0; i < 1000; i++)
		when[i] = i < 990;
	OK(split(1000, (MlSplitSpec) {0.2, 0, true, false}, false) == ML_OK && n_train == 10, "two instants leave one cut");
	for (i = 0; i < 1000; i++)
		when[i] = 5;
	OK(split(1000, (MlSplitSpec) {0.2, 0, true, false}, false) == ML_BAD_DATA, "one instant leaves none");
	IS_TEXT(status.message, "rows cannot be split by time", "and the message says so");
}

static void
test_where(void)
{
	static int	part[N];
	bool		good = true;
	int64_t		i;

	fill(1000, 2);
	OK(split(1000, (MlSplitSpec) {0.5, 0.25, false, false}, true) == ML_OK, "test rows by condition");
	parts(1000, part);
	for (i = 0; i < 1000; i++)
		good &= (part[i] == 2) == (i % 5 == 0);
	OK(good && n_valid > 150 && n_valid < 250, "the condition alone decides");
	memset(where, 1, sizeof(where));
	OK(split(1000, (MlSplitSpec) {0.2, 0, false, false}, true) == ML_BAD_DATA, "all rows are test rows");
	IS_TEXT(status.message, "no rows are left to learn from", "and the message says so");
	memset(where, 0, sizeof(where));
	OK(split(1000, (MlSplitSpec) {0.2, 0, false, false}, true) == ML_BAD_DATA, "no row is a test row");
	OK(split(0, (MlSplitSpec) {0.2, 0, false, false}, false) == ML_BAD_DATA, "no rows at all");
	IS_TEXT(status.message, "there are no rows to learn from", "and the message says so");
}

static void
test_memory(void)
{
	int			k;
	bool		good = true;

	fill(100, 2);
	for (k = 1; k <= 6; k++)
	{
		test_host_reset(&host);
		host.fail_at = k;
		good &= split(100, (MlSplitSpec) {0.2, 0.2, false, false}, false) == ML_NO_MEMORY;
	}
	test_host_reset(&host);
	host.fail_at = 7;
	good &= split(100, (MlSplitSpec) {0.2, 0.2, false, false}, false) == ML_OK;
	OK(good, "each allocation may fail");
	test_host_reset(&host);
	host.fail_at = 1;
	OK(ml_split_held_out(&host.host, 100, NULL, key, content, label, perm, &n_train, &status) == ML_NO_MEMORY,
			"that of the held-out rows too");
	host.fail_at = 0;
	test_host_reset(&host);
	host.stop_at = 1;
	fill(N, 2);
	OK(ml_split_held_out(&host.host, N, NULL, key, content, label, perm, &n_train, &status) != ML_NO_MEMORY &&
			host.n_alive == 0, "and it can be stopped");
	host.stop_at = 0;
}

/* Rows the rule tells to be test rows, in order, from their hashes alone, into held; labels as ml_split's. */
static int64_t
held_out(int64_t n, uint32_t *held)
{
	static uint64_t some_key[N];
	static uint64_t some_content[N];
	static int32_t some_label[N];
	static uint32_t old[N];
	int64_t		some = 0;
	int64_t		n_held;
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		if (!ml_split_may_hold(&rule, key[i], when[i], where[i] == 1))
			continue;
		some_key[some] = key[i];
		some_content[some] = content[i];
		some_label[some] = label[i] < 0 ? 0 : label[i];
		old[some++] = (uint32_t) i;
	}
	if (ml_split_held_out(&host.host, some, &rule, some_key, some_content, some_label, held, &n_held, &status) != ML_OK)
		return -1;
	for (i = 0; i < n_held; i++)
		held[i] = old[held[i]];
	return n_held;
}

/* Does the rule find the very test rows of the split, in their order? */
static bool
finds(int64_t n, MlSplitSpec spec, bool use_where)
{
	static uint32_t held[N];
	int64_t		test;
	int64_t		i;

	if (split(n, spec, use_where) != ML_OK)
		return false;
	test = n - n_train - n_valid;
	if (held_out(n, held) != test)
		return false;
	for (i = 0; i < test; i++)
		if (held[i] != perm[n_train + n_valid + i])
			return false;
	return true;
}

static void
test_rule(void)
{
	static uint32_t held[N];
	static int	part[N];
	bool		good = true;
	int64_t		n_held;
	int64_t		i;

	fill(N, 2);
	OK(finds(N, (MlSplitSpec) {0.2, 0.25, false, false}, false), "the rule finds the test rows: by hash");
	OK(rule.by == ML_SPLIT_HASH && rule.n_classes == 2 && rule.class[0].rows == N / 2, "and says so");
	OK(finds(N, (MlSplitSpec) {0.2, 0.25, true, false}, false) && rule.by == ML_SPLIT_TIME, "by time");
	OK(finds(N, (MlSplitSpec) {0.2, 0.25, false, false}, true) && rule.by == ML_SPLIT_WHERE, "by condition");
	fill(N, 0);
	OK(finds(N, (MlSplitSpec) {0.35, 0, false, false}, false) && rule.n_classes == 1, "of a regression");
	OK(finds(37, (MlSplitSpec) {0.35, 0, false, false}, false), "of few rows, by rank");
	OK(split(N, (MlSplitSpec) {0, 0, false, false}, false) == ML_OK && rule.by == ML_SPLIT_NONE &&
			held_out(N, held) == 0, "without test rows it finds none");

	/* classes of 6, 60, 600 and most, in groups of several */
	for (i = 0; i < N; i++)
	{
		label[i] = i % 1000 == 1 ? 3 : i % 100 == 2 ? 2 : i % 10 == 3 ? 1 : 0;
		key[i] = ml_mix64((uint64_t) (i / 3));
	}
	OK(finds(N, (MlSplitSpec) {0.2, 0.2, false, true}, false), "of groups across small and large classes");
	parts(N, part);

	/* half of the rows go, others come: a class that is not known among them */
	for (i = 0; i < N; i++)
	{
		if (i % 6 < 3)
			continue;
		label[i] = i % 7 == 0 ? 4 : 0;
		key[i] = ml_mix64((uint64_t) (i / 3) + 1000000);
	}
	n_held = held_out(N, held);
	for (i = 0; i < n_held; i++)
		good &= held[i] % 6 >= 3 ? ml_hash_unit(key[held[i]]) < 0.2 : part[held[i]] == 2;
	for (i = 0; i < N; i++)
		n_held -= i % 6 >= 3 ? ml_hash_unit(key[i]) < 0.2 : part[i] == 2;
	OK(good && n_held == 0, "rows keep their role when others come and go, new ones follow the share");

	OK(ml_split_held_out(&host.host, 0, &rule, key, content, label, held, &n_held, &status) == ML_OK && n_held == 0,
			"no rows");
	fill(500, 0);
	OK(ml_split_held_out(&host.host, 500, NULL, key, content, label, perm, &n_held, &status) == ML_OK &&
			n_held == 500, "without a rule: all rows");
	n_train = 500;
	n_valid = 0;
	OK(is_canonical(500), "in canonical order");
	for (good = true, i = 0; i < 64; i++)
	{
		double		share = (double) i / 67;
		uint64_t	bound = ml_split_bound(share);

		good &= ml_hash_unit(bound) >= share && (bound == 0 || ml_hash_unit(bound - 1) < share);
	}
	OK(good, "the bound of a share is exact");
}

static void
test_part_and_permute(void)
{
	const double share[4] = {0, 3, 1, 0};
	int			n[4] = {0};
	double		d[3] = {1.5, 2.5, 3.5};
	int32_t		c[3] = {7, 8, 9};
	const uint32_t order[3] = {2, 0, 1};
	double		scratch[3];
	int			i;

	for (i = 0; i < 10000; i++)
		n[ml_split_part(&i, sizeof(i), 1, share, 4)]++;
	OK(n[0] == 0 && n[3] == 0 && n[1] > 7300 && n[1] < 7700, "shares of a split are kept, empty ones stay empty");
	ml_permute(d, 8, 3, order, scratch);
	ml_permute(c, 4, 3, order, scratch);
	OK(d[0] == 3.5 && d[1] == 1.5 && d[2] == 2.5 && c[0] == 9 && c[1] == 7 && c[2] == 8, "columns are reordered");
}

int
main(void)
{
	test_host_init(&host, 1);
	test_hash();
	test_groups();
	test_time();
	test_where();
	test_memory();
	test_rule();
	test_part_and_permute();
	return tap_done();
}
