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
#include <stdio.h>
#include <string.h>

#include "kernel/rng.h"
#include "kernel/sort.h"
#include "learn/encoded.h"
#include "learn/tree.h"

#define STREAM_SAMPLE UINT64_C(0x62696e73)
#define TURN_ROWS 512			/* of a block that is turned round: its bytes stay in the first cache */
#define BLOCKS_PER_TASK 64
#define MAX_SHARED_TOLD 10		/* columns with more categories than bins that are named, one warning each */

/* Where the numbers of a design column come from. */
typedef struct Source
{
	const MlColumn *column;
	const MlPrepColumn *prep;
	bool		plain;			/* the dataset's values as they are */
	bool		indicator;
	MlEncoded	encoded;		/* of a category */
} Source;

typedef struct Build
{
	MlDataset  *data;
	int64_t		rows;			/* cuts come from these */
	const MlPrep *prep;
	Source	   *source;			/* a design column */
	int			max_bin;
	uint64_t	seed;
	bool		let_go;
	MlBinned   *out;
	double	   *work;			/* one piece a column at work */
	size_t		work_size;		/* doubles of a piece */
	int			first;			/* column of task 0 */
} Build;

static double
number_at(const Source *s, int64_t i)
{
	if (s->indicator)
		return (s->column->code != NULL ? s->column->code[i] < 0 : isnan(s->column->value[i])) ? 1.0 : 0.0;
	return s->column->code != NULL ? ml_encoded_at(&s->encoded, i) : ml_prep_number(s->prep, s->column->value[i]);
}

/* The numbers of rows [from, from + n), in place or in room[n]. */
static const double *
numbers_of(const Source *s, int64_t from, int64_t n, double *room)
{
	int64_t		i;

	if (s->plain)
		return s->column->value + from;
	for (i = 0; i < n; i++)
		room[i] = number_at(s, from + i);
	return room;
}

/* The values of the training rows that are there, or a sample of them, ascending; their number. */
static int64_t
sample(const Build *b, int j, double *value)
{
	const Source *s = b->source + j;
	uint64_t	key = ml_rng_key(b->seed, STREAM_SAMPLE + (uint64_t) j);
	int64_t		step = (b->rows + ML_BIN_SAMPLE - 1) / ML_BIN_SAMPLE;
	int64_t		n = 0;
	int64_t		i;

	/* one row out of each `step` neighbours: rows stand in the order of their hashes already */
	for (i = 0; i < b->rows; i += step)
	{
		int64_t		left = b->rows - i < step ? b->rows - i : step;
		double		v = number_at(s, i + (step > 1 ? (int64_t) ml_rng_below_at(key, (uint64_t) i, (uint64_t) left)
										  : 0));

		if (!isnan(v))
			value[n++] = v;
	}
	ml_sort_doubles(value, n, value + ML_BIN_SAMPLE);
	return n;
}

static void
bin_numbers(const Build *b, int j, double *work)
{
	const Source *s = b->source + j;
	MlBinColumn *info = b->out->info + j;
	uint8_t    *bin = b->out->column + (size_t) j * (size_t) b->out->n;
	/* the sample is done with when the cuts are made: its room takes the numbers */
	int64_t		step = s->plain ? b->out->n : 2 * ML_BIN_SAMPLE;
	int64_t		i;
	int			cut;

	info->n_bins = 1 + ml_bins_cut(work, sample(b, j, work), b->max_bin, info->cut);
	for (i = 0; i < b->out->n; i += step)
	{
		int64_t		n = b->out->n - i < step ? b->out->n - i : step;

		ml_bins_assign(info->cut, info->n_bins - 1, numbers_of(s, i, n, work), n, bin + i);
	}
	info->missing = memchr(bin, ML_MISSING_BIN, (size_t) b->rows) != NULL;
	for (cut = 0; cut < info->n_bins; cut++)
		info->stand_in[cut] = cut < info->n_bins - 1 ? info->cut[cut] : INFINITY;
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

/* The level of a row, -1 = none that training rows have. */
static int32_t
level_at(const Source *s, int64_t row)
{
	int32_t		slot = s->prep->slot_of[s->column->code[row] + 1];

	/* an unseen one goes the way of missing ones */
	return slot < s->prep->n_levels ? slot : s->prep->has_impute ? (int32_t) s->prep->impute : -1;
}

/* work: room for a count a level */
static void
bin_levels(const Build *b, int j, double *work)
{
	const Source *s = b->source + j;
	MlBinColumn *info = b->out->info + j;
	uint8_t    *bin = b->out->column + (size_t) j * (size_t) b->out->n;
	int64_t    *count = (int64_t *) work;
	int32_t		l;
	int64_t		i;

	memset(count, 0, (size_t) info->n_levels * sizeof(int64_t));
	for (i = 0; i < b->rows; i++)
	{
		int32_t		level = level_at(s, i);

		if (level >= 0)
			count[level]++;
	}
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
		int32_t		level = level_at(s, i);

		bin[i] = level >= 0 ? info->bin_of_level[level] : ML_MISSING_BIN;
	}
	info->missing = memchr(bin, ML_MISSING_BIN, (size_t) b->rows) != NULL;
}

static void
bin_column(void *arg, int task)
{
	Build	   *b = arg;
	int			j = b->first + task;
	double	   *work = b->work + (size_t) task * b->work_size;
	int			i;

	for (i = 0; i <= ML_MISSING_BIN; i++)
		b->out->info[j].stand_in[i] = NAN;
	if (b->out->info[j].category)
		bin_levels(b, j, work);
	else
		bin_numbers(b, j, work);
}

/* One design column: where it comes from, and room for its cuts or levels from the scratch. */
static MlCode
prepare_column(MlScratch *scratch, MlScratch *mine, Build *b, int c, int k, MlStatus *status)
{
	const MlPrepColumn *column = b->prep->column + c;
	bool		encoded = column->encode != ML_ENCODE_NONE;
	MlBinColumn *info = b->out->info + column->first + k;
	Source	   *source = b->source + column->first + k;

	source->column = b->data->column + c;
	source->prep = column;
	source->indicator = column->indicator && k == column->width - 1;
	source->plain = column->kind == ML_NUMERIC && !source->indicator && !column->has_impute &&
		column->low == -INFINITY && column->high == INFINITY;
	info->at = encoded || source->indicator ? b->prep->p + column->extra + (encoded ? k : 0) : c;
	info->prep = encoded || source->indicator ? NULL : column;
	info->category = column->kind == ML_CATEGORY && !encoded && !source->indicator;
	info->stand_in = ml_scratch_alloc(scratch, ML_MISSING_BIN + 1, sizeof(double), "bins", status);
	if (info->stand_in == NULL)
		return ML_NO_MEMORY;
	if (encoded && !source->indicator &&
		ml_encoded_init(mine, b->prep, b->data, c, k, &source->encoded, status) != ML_OK)
		return status->code;
	if (!info->category)
	{
		info->cut = ml_scratch_alloc(scratch, ML_MAX_BINS, sizeof(double), "bins", status);
		return info->cut ? ML_OK : ML_NO_MEMORY;
	}
	info->n_levels = column->n_levels;
	info->bin_of_level = ml_scratch_alloc(scratch, (size_t) info->n_levels + 1, 1, "bins", status);
	if ((size_t) info->n_levels + 1 > b->work_size)
		b->work_size = (size_t) info->n_levels + 1;
	return info->bin_of_level ? ML_OK : ML_NO_MEMORY;
}

/* Cuts and levels of every design column, from the scratch; what leads to them is the scratch `mine`'s. */
static MlCode
prepare_columns(MlScratch *scratch, MlScratch *mine, Build *b, MlStatus *status)
{
	MlBinned   *out = b->out;
	int			c;
	int			k;

	if ((int64_t) b->prep->p + b->prep->n_extra > (int64_t) ML_NODE_COLUMN)
		return ml_status_set(status, ML_TOO_LARGE, "trees over more than %u encoded columns are not supported",
							 ML_NODE_COLUMN);
	out->info = ml_scratch_zero(scratch, (size_t) out->p, sizeof(MlBinColumn), "bins", status);
	b->source = ml_scratch_zero(mine, (size_t) out->p, sizeof(Source), "bins", status);
	if (out->info == NULL || b->source == NULL)
		return ML_NO_MEMORY;
	b->work_size = 2 * ML_BIN_SAMPLE;
	for (c = 0; c < b->prep->p; c++)
		for (k = 0; k < b->prep->column[c].width; k++)
			if (prepare_column(scratch, mine, b, c, k, status) != ML_OK)
				return status->code;
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

void
ml_binned_tell_shared(MlHost *host, const MlBinned *binned)
{
	char		line[320];
	int			shared = 0;
	int			j;

	for (j = 0; j < binned->p; j++)
	{
		const MlBinColumn *info = binned->info + j;

		if (!info->category || info->n_levels <= info->n_bins || ++shared > MAX_SHARED_TOLD)
			continue;
		snprintf(line, sizeof(line),
				 "trees tell the %d commonest categories of column \"%.160s\" apart, the other %d are one",
				 info->n_bins - 1, info->prep->name, (int) info->n_levels - info->n_bins + 1);
		host->warn(host, line, "Their target means may tell more: \"encode\": \"target\" in config.preprocess.");
	}
	if (shared > MAX_SHARED_TOLD)
	{
		snprintf(line, sizeof(line), "%d more columns have more categories than trees tell apart",
				 shared - MAX_SHARED_TOLD);
		host->warn(host, line, NULL);
	}
}

MlCode
ml_binned_build(MlHost *host, MlScratch *scratch, MlDataset *data, const MlPrep *prep, int max_bin,
				uint64_t seed, bool let_go, MlBinned *out, MlStatus *status)
{
	Build		b = {.data = data, .rows = data->n_train, .prep = prep, .max_bin = max_bin, .seed = seed,
					 .let_go = let_go, .out = out};
	MlScratch	mine;
	MlCode		code;
	int			c;

	assert(!let_go || prep->width == prep->p);
	assert(data->n_train > 0 && data->first == 0 && max_bin >= 2 && max_bin <= ML_MAX_BINS);
	memset(out, 0, sizeof(*out));
	out->n = data->n_train + data->n_valid;
	out->p = prep->width;
	out->stride = ((size_t) out->p + 15) / 16 * 16;
	ml_scratch_init(&mine, host);
	out->column = ml_scratch_alloc(scratch, (size_t) out->n, (size_t) (out->p > 0 ? out->p : 1), "bins", status);
	code = out->column ? prepare_columns(scratch, &mine, &b, status) : ML_NO_MEMORY;
	if (code == ML_OK)
		code = bin_columns(host, &b, status);
	ml_scratch_release(&mine);
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
