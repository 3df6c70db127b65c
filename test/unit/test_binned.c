/*
 * test_binned.c: datasets as bins of one byte.
 */
#include <math.h>

#include "host_test.h"
#include "kernel/rng.h"
#include "learn/binned.h"
#include "tap.h"

#define MOST 450000
#define LEVELS 600

static double number[2][MOST];
static int32_t few[MOST];
static int32_t many[MOST];
static char text[LEVELS][16];
static const char *level[LEVELS];
static MlColumn column[4];
static MlPrep prep;
static TestHost host;
static MlStatus status;

/* Level 11 of `few` has no row that learns; of `many` the first levels have most rows. */
static MlDataset
make_data(int64_t n, int64_t rows)
{
	MlDataset	data = {.n = n,.n_train = rows,.n_valid = n - rows,.p = 4,.column = column,.task = ML_REGRESSION};
	MlPrepSpec	spec[4];
	MlRng		rng;
	int64_t		i;
	int			c;

	ml_rng_init(&rng, 1, 1);
	for (c = 0; c < LEVELS; c++)
	{
		snprintf(text[c], sizeof(text[c]), "L%03d", c);
		level[c] = text[c];
	}
	for (i = 0; i < n; i++)
	{
		number[0][i] = ml_rng_unit(&rng);
		number[1][i] = ml_rng_below(&rng, 4) == 0 ? NAN : (double) ml_rng_below(&rng, 30);
		few[i] = ml_rng_below(&rng, 9) == 0 ? -1 : (int32_t) ml_rng_below(&rng, 11);
		if (i >= rows && i % 3 == 0)
			few[i] = 11;
		many[i] = (int32_t) (LEVELS * ml_rng_unit(&rng) * ml_rng_unit(&rng));
	}
	memset(column, 0, sizeof(column));
	column[0] = (MlColumn) {.name = "a",.feature = 0,.kind = ML_NUMERIC,.value = number[0]};
	column[1] = (MlColumn) {.name = "b",.feature = 1,.kind = ML_NUMERIC,.value = number[1]};
	column[2] = (MlColumn) {.name = "few",.feature = 2,.kind = ML_CATEGORY,.code = few,.n_levels = 12,.level = level};
	column[3] = (MlColumn) {.name = "many",.feature = 3,.kind = ML_CATEGORY,.code = many,.n_levels = LEVELS,
							.level = level};
	for (c = 0; c < 4; c++)
		ml_prep_default(spec + c, column[c].kind, false);
	ml_prep_fit(&host.host, &data, spec, false, false, &prep, &status);
	return data;
}

/* Numbers by their cuts, levels by their map, both layouts the same bytes. */
static bool
right_bins(const MlBinned *b)
{
	bool		good = true;
	int64_t		i;
	int			c;

	for (i = 0; i < b->n; i++)
	{
		const uint8_t *row = b->row + (size_t) i * b->stride;
		double		fitted;

		for (c = 0; c < 4; c++)
			good &= row[c] == b->column[(size_t) c * (size_t) b->n + (size_t) i];
		for (; c < (int) b->stride; c++)
			good &= row[c] == 0;
		for (c = 0; c < 2; c++)
			good &= row[c] == ml_bin_of(b->info[c].cut, b->info[c].n_bins - 1, number[c][i]);
		/* a level of the training rows, or missing */
		fitted = few[i] < 0 ? ML_UNSEEN : ml_prep_level(prep.column + 2, text[few[i]], 4);
		good &= row[2] == (fitted == ML_UNSEEN ? ML_MISSING_BIN : (uint8_t) fitted);
		good &= row[3] < b->info[3].n_bins || row[3] == ML_MISSING_BIN;
	}
	return good;
}

static void
test_build(int64_t n, int64_t rows, int max_bin)
{
	static const int threads[] = {1, 2, 8};
	MlDataset	data;
	MlBinned	first = {0};
	MlScratch	scratch[3];
	int64_t		count[256] = {0};
	bool		good = true;
	bool		rank = true;
	char		name[96];
	double		share;
	int64_t		i;
	int			t;

	test_host_reset(&host);
	data = make_data(n, rows);
	for (t = 0; t < 3; t++)
	{
		MlBinned	b;

		host.host.threads = threads[t];
		ml_scratch_init(scratch + t, &host.host);
		good &= ml_binned_build(&host.host, scratch + t, &data, &prep, max_bin, 42, false, &b, &status) == ML_OK &&
			ml_binned_turn(&host.host, scratch + t, &b, &status) == ML_OK;
		if (t == 0)
		{
			first = b;
			good &= right_bins(&b);
		}
		good &= memcmp(first.row, b.row, (size_t) n * b.stride) == 0 &&
			memcmp(first.info[0].cut, b.info[0].cut, (size_t) (b.info[0].n_bins - 1) * sizeof(double)) == 0;
	}
	snprintf(name, sizeof(name), "%lld rows, %d bins: by cuts and levels, whatever the threads", (long long) n,
			 max_bin);
	OK(good && first.n == n && first.p == 4 && first.stride == 16, name);
	OK(first.info[0].n_bins <= max_bin && first.info[0].n_bins > (rows > 1000 ? max_bin * 9 / 10 : 0) &&
	   first.info[1].n_bins == (rows > 1000 ? 30 : first.info[1].n_bins) && first.info[2].n_bins <= 11 &&
	   first.info[3].n_bins <= max_bin, "as many bins as distinct values, or as may be");
	OK(!first.info[0].missing && (rows == 1 || first.info[1].missing) && first.info[0].cell == 0 &&
	   first.info[3].cell + (size_t) first.info[3].n_bins + 1 == first.n_cells, "cells one behind the other");
	/* numbers: bins of about the same number of rows, though cuts are those of a sample */
	for (i = 0; i < rows; i++)
		count[first.row[(size_t) i * first.stride]]++;
	share = (double) rows / first.info[0].n_bins;
	for (t = 0; rows > 10000 && t < first.info[0].n_bins; t++)
		rank &= fabs((double) count[t] - share) < 0.3 * share;
	/* levels: the last bin is for the rarest ones, the others have one level each, most rows first */
	memset(count, 0, sizeof(count));
	for (i = 0; i < rows; i++)
		count[first.row[(size_t) i * first.stride + 3]]++;
	for (t = 1; prep.column[3].n_levels > max_bin && t + 1 < first.info[3].n_bins; t++)
		rank &= count[t] <= count[t - 1];
	OK(rank, "bins of numbers are even, bins of levels by their rows");
	for (t = 0; t < 3; t++)
		ml_scratch_release(scratch + t);
}

/* The same columns as the host's own. */
static void
own_columns(MlDataset *data, MlColumn *own)
{
	int			c;

	memcpy(own, data->column, 4 * sizeof(MlColumn));
	for (c = 0; c < 4; c++)
	{
		size_t		size = (size_t) data->n * (own[c].value ? sizeof(double) : sizeof(int32_t));
		void	   *copy = host.host.alloc(&host.host, size);

		memcpy(copy, own[c].value ? (void *) own[c].value : (void *) own[c].code, size);
		if (own[c].value)
			own[c].value = copy;
		else
			own[c].code = copy;
	}
	data->column = own;
	data->owns_columns = true;
}

/* Rows that were let go of, as numbers of their bins; the others as they are. */
static bool
right_rows(const MlDataset *data, const MlDataset *plain, const MlBinned *b)
{
	double	   *x = malloc((size_t) data->n * 4 * sizeof(double));
	double	   *want = malloc((size_t) data->n * 4 * sizeof(double));
	bool		good = true;
	int64_t		i;
	int			c;

	/* also rows of both kinds together */
	ml_prep_rows(&prep, data, 0, data->n, x);
	ml_prep_rows(&prep, plain, 0, data->n, want);
	for (i = 0; i < data->n; i++)
		for (c = 0; c < 4; c++)
		{
			const MlBinColumn *info = b->info + c;
			double		v = x[i * 4 + c];
			uint8_t		bin;

			if (i >= data->first)
			{
				good &= memcmp(&v, want + i * 4 + c, sizeof(v)) == 0;
				continue;
			}
			bin = ml_binned_at(b, i, c);
			good &= isnan(v) ? bin == ML_MISSING_BIN
				: info->category ? info->bin_of_level[(int) v] == bin
				: ml_bin_of(info->cut, info->n_bins - 1, v) == bin;
		}
	free(x);
	free(want);
	return good;
}

/* The columns keep what is not learned from; the bins tell the rest. */
static void
test_let_go(int64_t n, int64_t rows, int64_t valid)
{
	MlDataset	plain;
	MlDataset	data;
	MlColumn	own[4];
	MlBinned	want;
	MlBinned	b;
	MlScratch	scratch;
	char		name[96];
	size_t		held;
	bool		good;
	int			c;

	test_host_reset(&host);
	host.host.threads = 2;
	plain = make_data(n, rows);
	plain.n_valid = valid;
	data = plain;
	ml_scratch_init(&scratch, &host.host);
	good = ml_binned_build(&host.host, &scratch, &plain, &prep, 100, 42, false, &want, &status) == ML_OK &&
		plain.first == 0;
	held = host.bytes;
	own_columns(&data, own);
	good &= ml_binned_build(&host.host, &scratch, &data, &prep, 100, 42, true, &b, &status) == ML_OK;
	data.binned = &b;
	snprintf(name, sizeof(name), "%lld of %lld rows are let go of, the bins are the same", (long long) rows,
			 (long long) n);
	OK(good && data.first == rows && b.n == rows + valid && want.n == b.n &&
	   memcmp(want.column, b.column, (size_t) b.n * 4) == 0, name);
	/* two numbers and two codes a row; bins and their tables twice */
	OK(host.bytes <= 2 * held + (size_t) (n - rows) * 24 + 64, "their memory is given back");
	OK(right_rows(&data, &plain, &b), "rows are told from columns and bins");
	ml_scratch_release(&scratch);
	for (c = 0; c < 4; c++)
		test_host_release(&host.host, own[c].value ? (void *) own[c].value : (void *) own[c].code);
}

static void
test_failures(void)
{
	MlDataset	data = make_data(2000, 1500);
	MlCode		code = ML_NO_MEMORY;
	bool		good = true;
	long		before = host.n_alive;

	host.host.threads = 2;
	for (host.fail_at = 1; code == ML_NO_MEMORY; host.fail_at++)
	{
		MlScratch	scratch;
		MlBinned	b;

		host.n_alloc = 0;
		ml_scratch_init(&scratch, &host.host);
		code = ml_binned_build(&host.host, &scratch, &data, &prep, 255, 42, false, &b, &status);
		if (code == ML_OK)
			code = ml_binned_turn(&host.host, &scratch, &b, &status);
		ml_scratch_release(&scratch);
		good &= host.n_alive == before;
	}
	OK(good && code == ML_OK && host.fail_at > 5, "every allocation may fail");
	host.fail_at = 0;
	for (host.stop_at = 1, code = ML_CANCELLED; code == ML_CANCELLED; host.stop_at++)
	{
		MlScratch	scratch;
		MlBinned	b;

		host.n_poll = 0;
		ml_scratch_init(&scratch, &host.host);
		code = ml_binned_build(&host.host, &scratch, &data, &prep, 255, 42, false, &b, &status);
		if (code == ML_OK)
			code = ml_binned_turn(&host.host, &scratch, &b, &status);
		ml_scratch_release(&scratch);
		good &= host.n_alive == before && (code == ML_OK || code == ML_CANCELLED);
	}
	OK(good && host.stop_at > 2, "stops when asked to");
	host.stop_at = 0;
	for (host.fail_at = 1, code = ML_NO_MEMORY; code == ML_NO_MEMORY; host.fail_at++)
	{
		MlColumn	own[4];
		MlDataset	mine = data;
		MlScratch	scratch;
		MlBinned	b;
		int			c;

		host.n_alloc = -100;
		own_columns(&mine, own);
		host.n_alloc = 0;
		ml_scratch_init(&scratch, &host.host);
		code = ml_binned_build(&host.host, &scratch, &mine, &prep, 255, 42, true, &b, &status);
		ml_scratch_release(&scratch);
		good &= host.n_alive == before + 4;
		for (c = 0; c < 4; c++)
			test_host_release(&host.host, own[c].value ? (void *) own[c].value : (void *) own[c].code);
	}
	OK(good && code == ML_OK && host.fail_at > 8, "every allocation may fail while columns are let go of");
	host.fail_at = 0;
}

int
main(void)
{
	test_host_init(&host, 1);
	test_build(1, 1, 255);
	test_build(3000, 2000, 255);
	test_build(3000, 3000, 37);
	test_build(MOST, 410000, 255);
	test_let_go(3000, 2000, 500);
	test_let_go(3000, 3000, 0);
	test_let_go(1, 1, 0);
	test_failures();
	test_host_reset(&host);
	return tap_done();
}
