/*
 * binned.c: cuts from a sample, bins for every row.
 *
 * One task a column finds its cuts and writes its bins, as many columns at a
 * time as there are threads; what has been binned may be let go of before the
 * next ones.  A column's draw of the sample is a function of seed and column,
 * so threads change nothing.
 */
#include "learn/binned.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/rng.h"
#include "kernel/sort.h"

#define STREAM_SAMPLE UINT64_C(0x62696e73)
#define TURN_ROWS 512			/* of a block that is turned round: its bytes stay in the first cache */
#define BLOCKS_PER_TASK 64

typedef struct Build
{
	MlDataset  *data;
	int64_t		rows;			/* cuts come from these */
	const MlPrep *prep;
	int			max_bin;
	uint64_t	seed;
	bool		let_go;
	MlBinned   *out;
	double	   *work;			/* one piece a column at work */
	size_t		work_size;		/* doubles of a piece */
	int			first;			/* column of task 0 */
} Build;

/* The values of the training rows that are there, or a sample of them, ascending; their number. */
static int64_t
sample(const Build *b, int c, double *value)
{
	const double *x = b->data->column[c].value;
	uint64_t	key = ml_rng_key(b->seed, STREAM_SAMPLE + (uint64_t) c);
	int64_t		step = (b->rows + ML_BIN_SAMPLE - 1) / ML_BIN_SAMPLE;
	int64_t		n = 0;
	int64_t		i;

	/* one row out of each `step` neighbours: rows stand in the order of their hashes already */
	for (i = 0; i < b->rows; i += step)
	{
		int64_t		left = b->rows - i < step ? b->rows - i : step;
		double		v = x[i + (step > 1 ? (int64_t) ml_rng_below_at(key, (uint64_t) i, (uint64_t) left) : 0)];

		if (!isnan(v))
			value[n++] = v;
	}
	ml_sort_doubles(value, n, value + ML_BIN_SAMPLE);
	return n;
}

static void
bin_numbers(const Build *b, int c, double *work)
{
	MlBinColumn *info = b->out->info + c;
	uint8_t    *bin = b->out->column + (size_t) c * (size_t) b->out->n;
	int64_t		n = sample(b, c, work);
	int			i;

	info->n_bins = 1 + ml_bins_cut(work, n, b->max_bin, info->cut);
	ml_bins_assign(info->cut, info->n_bins - 1, b->data->column[c].value, b->out->n, bin);
	info->missing = memchr(bin, ML_MISSING_BIN, (size_t) b->rows) != NULL;
	for (i = 0; i < info->n_bins; i++)
		info->stand_in[i] = i < info->n_bins - 1 ? info->cut[i] : INFINITY;
}

/* The level with the most rows first; of equals the first. */
static void
rank_levels(const int64_t *count, int32_t n, int keep, uint8_t *bin)
{
	int64_t		best[ML_MAX_BINS];
	int32_t		level[ML_MAX_BINS];
	int			kept = 0;
	int32_t		l;
	int			i;

	for (l = 0; l < n; l++)
	{
		bin[l] = (uint8_t) keep;
		if (kept == keep && count[l] <= best[kept - 1])
			continue;
		for (i = kept < keep ? kept++ : keep - 1; i > 0 && best[i - 1] < count[l]; i--)
		{
			best[i] = best[i - 1];
			level[i] = level[i - 1];
		}
		best[i] = count[l];
		level[i] = l;
	}
	for (i = 0; i < kept; i++)
		bin[level[i]] = (uint8_t) i;
}

/* A dataset's level among those of the training rows, -1: not there. */
static int32_t
fitted_level(const MlPrepColumn *column, const char *text)
{
	double		level = ml_prep_level(column, text, strlen(text));

	return level == ML_UNSEEN ? -1 : (int32_t) level;
}

/* work: room for a count and a number a level of the dataset */
static void
bin_levels(const Build *b, int c, double *work)
{
	MlBinColumn *info = b->out->info + c;
	const MlColumn *source = b->data->column + c;
	const MlPrepColumn *column = b->prep->column + c;
	uint8_t    *bin = b->out->column + (size_t) c * (size_t) b->out->n;
	int64_t    *count = (int64_t *) work;
	int32_t    *map = (int32_t *) (count + column->n_levels);
	int32_t		l;
	int64_t		i;

	memset(count, 0, (size_t) column->n_levels * sizeof(int64_t));
	for (l = 0; l < source->n_levels; l++)
		map[l] = fitted_level(column, source->level[l]);
	info->missing = false;
	for (i = 0; i < b->rows; i++)
		if (source->code[i] >= 0 && map[source->code[i]] >= 0)
			count[map[source->code[i]]]++;
		else
			info->missing = true;
	if (info->n_levels <= b->max_bin)
	{
		info->n_bins = info->n_levels > 0 ? info->n_levels : 1;
		for (l = 0; l < info->n_levels; l++)
			info->bin_of_level[l] = (uint8_t) l;
	}
	else
	{
		info->n_bins = b->max_bin;
		rank_levels(count, info->n_levels, b->max_bin - 1, info->bin_of_level);
	}
	for (l = info->n_levels - 1; l >= 0; l--)
		info->stand_in[info->bin_of_level[l]] = l;
	for (i = 0; i < b->out->n; i++)
	{
		int32_t		level = source->code[i] >= 0 ? map[source->code[i]] : -1;

		bin[i] = level >= 0 ? info->bin_of_level[level] : ML_MISSING_BIN;
	}
}

static void
bin_column(void *arg, int task)
{
	Build	   *b = arg;
	int			c = b->first + task;
	double	   *work = b->work + (size_t) task * b->work_size;
	int			i;

	for (i = 0; i <= ML_MISSING_BIN; i++)
		b->out->info[c].stand_in[i] = NAN;
	if (b->out->info[c].category)
		bin_levels(b, c, work);
	else
		bin_numbers(b, c, work);
}

/* Cuts and levels of every column, from the scratch. */
static MlCode
prepare_columns(MlScratch *scratch, Build *b, MlStatus *status)
{
	MlBinned   *out = b->out;
	int			c;

	out->info = ml_scratch_zero(scratch, (size_t) out->p, sizeof(MlBinColumn), "bins", status);
	if (out->info == NULL)
		return ML_NO_MEMORY;
	b->work_size = 2 * ML_BIN_SAMPLE;
	for (c = 0; c < out->p; c++)
	{
		MlBinColumn *info = out->info + c;
		size_t		levels = (size_t) b->data->column[c].n_levels;

		info->category = b->data->column[c].kind == ML_CATEGORY;
		info->stand_in = ml_scratch_alloc(scratch, ML_MISSING_BIN + 1, sizeof(double), "bins", status);
		if (info->stand_in == NULL)
			return ML_NO_MEMORY;
		if (!info->category)
		{
			info->cut = ml_scratch_alloc(scratch, ML_MAX_BINS, sizeof(double), "bins", status);
			if (info->cut == NULL)
				return ML_NO_MEMORY;
			continue;
		}
		info->n_levels = b->prep->column[c].n_levels;
		info->bin_of_level = ml_scratch_alloc(scratch, (size_t) info->n_levels + 1, 1, "bins", status);
		if (info->bin_of_level == NULL)
			return ML_NO_MEMORY;
		if (2 * levels + 1 > b->work_size)
			b->work_size = 2 * levels + 1;
	}
	return ML_OK;
}

/* Bins of one group of columns, which then may go. */
static MlCode
bin_group(MlHost *host, Build *b, int columns, MlStatus *status)
{
	MlCode		code = ML_OK;
	int			c;

	if (host->poll(host, "binning", (double) b->first / b->out->p) ||
		host->parallel_for(host, columns, bin_column, b))
		return ml_status_set(status, ML_CANCELLED, "cancelled");
	for (c = b->first; code == ML_OK && b->let_go && c < b->first + columns; c++)
		code = ml_dataset_let_go(host, b->data, c, b->rows, status);
	return code;
}

/* A group of columns at a time: as many as there are threads, so that the working memory stays small. */
static MlCode
bin_columns(MlHost *host, Build *b, MlStatus *status)
{
	MlScratch	mine;
	int			group = host->threads < b->out->p ? host->threads : b->out->p;
	MlCode		code = ML_OK;

	ml_scratch_init(&mine, host);
	b->work = ml_scratch_alloc(&mine, (size_t) (group > 0 ? group : 1) * b->work_size, sizeof(double), "binning",
							   status);
	if (b->work == NULL)
		code = ML_NO_MEMORY;
	for (b->first = 0; code == ML_OK && b->first < b->out->p; b->first += group)
	{
		int			left = b->out->p - b->first;

		code = bin_group(host, b, left < group ? left : group, status);
	}
	ml_scratch_release(&mine);
	return code;
}

MlCode
ml_binned_build(MlHost *host, MlScratch *scratch, MlDataset *data, const MlPrep *prep, int max_bin,
				uint64_t seed, bool let_go, MlBinned *out, MlStatus *status)
{
	Build		b = {.data = data, .rows = data->n_train, .prep = prep, .max_bin = max_bin, .seed = seed,
					 .let_go = let_go, .out = out};
	MlCode		code;
	int			c;

	assert(data->n_train > 0 && data->first == 0 && max_bin >= 2 && max_bin <= ML_MAX_BINS);
	memset(out, 0, sizeof(*out));
	out->n = data->n_train + data->n_valid;
	out->p = data->p;
	out->stride = ((size_t) data->p + 15) / 16 * 16;
	out->column = ml_scratch_alloc(scratch, (size_t) out->n, (size_t) (data->p > 0 ? data->p : 1), "bins", status);
	code = out->column ? prepare_columns(scratch, &b, status) : ML_NO_MEMORY;
	if (code == ML_OK)
		code = bin_columns(host, &b, status);
	if (code != ML_OK)
		return code;
	if (let_go)
		data->first = b.rows;
	for (c = 0; c < out->p; c++)
	{
		out->info[c].cell = out->n_cells;
		out->n_cells += (size_t) out->info[c].n_bins + 1;
	}
	return ML_OK;
}

/* ---- row by row ---- */

/* Rows of blocks task * BLOCKS_PER_TASK .. */
static void
turn_block(void *arg, int task)
{
	MlBinned   *out = arg;
	int64_t		from = (int64_t) task * BLOCKS_PER_TASK * TURN_ROWS;
	int64_t		end = from + BLOCKS_PER_TASK * TURN_ROWS < out->n ? from + BLOCKS_PER_TASK * TURN_ROWS : out->n;

	for (; from < end; from += TURN_ROWS)
	{
		int64_t		n = end - from < TURN_ROWS ? end - from : TURN_ROWS;
		uint8_t    *row = out->row + (size_t) from * out->stride;
		int64_t		i;
		int			c;

		memset(row, 0, (size_t) n * out->stride);
		for (c = 0; c < out->p; c++)
		{
			const uint8_t *bin = out->column + (size_t) c * (size_t) out->n + from;

			for (i = 0; i < n; i++)
				row[(size_t) i * out->stride + (size_t) c] = bin[i];
		}
	}
}

MlCode
ml_binned_turn(MlHost *host, MlScratch *scratch, MlBinned *b, MlStatus *status)
{
	int			tasks = (int) ((b->n + BLOCKS_PER_TASK * TURN_ROWS - 1) / (BLOCKS_PER_TASK * TURN_ROWS));

	b->row = ml_scratch_alloc(scratch, (size_t) b->n, b->stride, "bins", status);
	if (b->row == NULL)
		return ML_NO_MEMORY;
	if (host->poll(host, "binning", 1) || host->parallel_for(host, tasks, turn_block, b))
		return ml_status_set(status, ML_CANCELLED, "cancelled");
	return ML_OK;
}
