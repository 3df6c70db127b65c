/*
 * test_folds.c: rows in folds: whole keys, even classes, only the past teaches.
 */
#include "host_test.h"
#include "kernel/hash.h"
#include "learn/folds.h"
#include "tap.h"

#define N 3000

static TestHost host;
static MlStatus status;
static uint64_t key_hash[N];
static uint64_t content[N];
static int64_t instant[N];
static int32_t label[N];
static uint32_t row[N];
static uint8_t part[N];

/* Rows in the order read; keys of `together` rows each; classes of 80, 19 and 1 per cent. */
static void
make_rows(int together)
{
	int			i;

	for (i = 0; i < N; i++)
	{
		key_hash[i] = ml_mix64((uint64_t) (i / together) + 1);
		content[i] = ml_mix64((uint64_t) i + 77);
		instant[i] = (i * 7919) % N - N / 2;
		label[i] = i % 100 < 80 ? 0 : i % 100 < 99 ? 1 : 2;
		row[i] = (uint32_t) i;
	}
}

static void
test_hash(int folds, int together)
{
	int64_t		count[3][ML_MAX_FOLDS] = {{0}};
	bool		whole = true;
	bool		even = true;
	int			i;
	int			c;
	int			f;

	make_rows(together);
	OK(ml_folds(&host.host, N, row, folds, key_hash, content, NULL, label, part, &status) == ML_OK, "rows in folds");
	for (i = 0; i < N; i++)
	{
		count[label[i]][part[i]]++;
		whole &= part[i] == part[i / together * together];
	}
	OK(whole, "rows of one key stay together");
	for (c = 0; c < 3 && together == 1; c++)
		for (f = 0; f < folds; f++)
		{
			int64_t		share = N * (c == 0 ? 80 : c == 1 ? 19 : 1) / 100;

			even &= count[c][f] >= share / folds && count[c][f] <= share / folds + 1;
		}
	OK(even, "each fold has its share of each class");
}

/* A row's fold hangs on its key and on which rows there are, not on where they stand. */
static void
test_order(void)
{
	static uint8_t other[N];
	bool		same = true;
	int			i;

	make_rows(1);
	(void) ml_folds(&host.host, N, row, 5, key_hash, content, NULL, label, part, &status);
	for (i = 0; i < N; i++)
		row[i] = (uint32_t) ((i * 1009) % N);
	(void) ml_folds(&host.host, N, row, 5, key_hash, content, NULL, label, other, &status);
	for (i = 0; i < N; i++)
		same &= other[i] == part[row[i]];
	OK(same, "the same folds whatever the order of the rows");
	for (i = 0; i < N; i++)
		label[i] = -1;
	OK(ml_folds(&host.host, N, row, 5, key_hash, content, NULL, label, part, &status) == ML_OK, "a regression");
	OK(ml_folds(&host.host, 99, row, 5, key_hash, content, NULL, label, part, &status) == ML_OK, "so have few");
}

static void
test_time(void)
{
	int64_t		first[ML_MAX_FOLDS + 1];
	int64_t		last[ML_MAX_FOLDS + 1];
	int64_t		count[ML_MAX_FOLDS + 1] = {0};
	bool		good = true;
	int			i;
	int			f;

	make_rows(1);
	OK(ml_folds(&host.host, N, row, 4, key_hash, content, instant, label, part, &status) == ML_OK, "folds by time");
	for (i = 0; i < N; i++)
	{
		f = part[i];
		if (count[f]++ == 0)
			first[f] = last[f] = instant[i];
		first[f] = instant[i] < first[f] ? instant[i] : first[f];
		last[f] = instant[i] > last[f] ? instant[i] : last[f];
	}
	for (f = 0; f < 5; f++)
		good &= count[f] == N / 5 && (f == 0 || first[f] > last[f - 1]);
	OK(good, "five parts, one after the other");
	for (i = 0; i < N; i++)
		instant[i] = i % 7;
	OK(ml_folds(&host.host, N, row, 4, key_hash, content, instant, label, part, &status) == ML_OK, "by few instants");
	for (good = true, i = 7; i < N; i++)
		good &= part[i] == part[i - 7];
	OK(good, "none of which is cut through");
	OK(ml_folds(&host.host, N, row, 9, key_hash, content, instant, label, part, &status) == ML_BAD_DATA,
	   "too few instants");
	IS_TEXT(status.message, "the rows cannot be cut into 9 folds", "are told");
	OK(ml_fold_role(0, 0, true) == ML_FOLD_LEARNS && ml_fold_role(0, 1, true) == ML_FOLD_JUDGES &&
	   ml_fold_role(0, 2, true) == ML_FOLD_RESTS && ml_fold_role(2, 0, true) == ML_FOLD_LEARNS,
	   "only the past teaches");
	OK(ml_fold_role(1, 1, false) == ML_FOLD_JUDGES && ml_fold_role(1, 0, false) == ML_FOLD_LEARNS &&
	   ml_fold_role(1, 2, false) == ML_FOLD_LEARNS, "without a time all others do");
}

static void
test_failures(void)
{
	MlCode		code = ML_NO_MEMORY;
	bool		good = true;
	int			k;

	make_rows(1);
	OK(ml_folds(&host.host, 3, row, 5, key_hash, content, NULL, label, part, &status) == ML_BAD_DATA, "too few rows");
	make_rows(N);
	OK(ml_folds(&host.host, N, row, 2, key_hash, content, NULL, label, part, &status) == ML_BAD_DATA, "one key");
	make_rows(1);
	for (k = 1; code == ML_NO_MEMORY && k < 100; k++)
	{
		host.n_alloc = 0;
		host.fail_at = k;
		code = ml_folds(&host.host, N, row, 5, key_hash, content, NULL, label, part, &status);
		good &= host.n_alive == 0;
	}
	OK(good && code == ML_OK && k > 7, "every allocation may fail, and nothing is left");
	host.fail_at = 0;
}

int
main(void)
{
	test_host_init(&host, 1);
	test_hash(5, 1);
	test_hash(2, 1);
	test_hash(50, 1);
	test_hash(5, 4);
	test_order();
	test_time();
	test_failures();
	return tap_done();
}
