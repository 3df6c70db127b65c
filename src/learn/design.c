/*
 * design.c: the design matrix of a linear learner, never materialised.
 *
 * Rows are dealt to slots in runs: a wave gives every slot one run of
 * consecutive rows, waves follow each other, and between them the host is
 * polled.  A slot's sums are written by one task at a time, so no lock is
 * needed; the runs are sized by work, never by the number of threads.
 */
#include "learn/design.h"

#include <math.h>
#include <string.h>

#include "kernel/linalg.h"

#define BLOCK_CELLS 24576		/* numbers in the dense part of a block: it stays in the second-level cache */
#define BLOCK_ROWS 504			/* rows of a block, at most (columns must not stand a power of two apart) ... */
#define BLOCK_MIN 120			/* ... and at least */
#define SLOT_BYTES ((size_t) 96 << 20)	/* memory of all slots together; two slots are always allowed */
#define RUN_COST 5e8			/* operations of one run, about: a tenth of a second */
#define SMALL_COST 1e6			/* a run of less is not worth a thread */

MlCode
ml_cancelled(MlStatus *status)
{
	return ml_status_set(status, ML_CANCELLED, "training was cancelled");
}

/* ---- building ---- */

static MlCode
add_group(MlScratch *scratch, MlDesign *design, int c, MlStatus *status)
{
	const MlPrepColumn *column = design->prep->column + c;
	const MlColumn *source = design->data->column + c;
	MlGroup    *group = design->group + design->n_groups;
	int32_t		l;

	group->column = c;
	group->code = source->code;
	group->first = column->first + 1;
	group->width = column->width - (column->indicator ? 1 : 0);
	group->map = ml_scratch_alloc(scratch, (size_t) source->n_levels + 1, sizeof(int32_t), "levels", status);
	if (group->map == NULL)
		return status->code;
	for (l = 0; l <= source->n_levels; l++)
	{
		int32_t		k = column->slot_of[l] - (column->drop_first ? 1 : 0);

		group->map[l] = k < group->width ? k : -1;
	}
	if (group->width > 0)
		design->n_groups++;
	return ML_OK;
}

/* The k-th design column of a category as a dense one. */
static MlCode
add_encoded(MlScratch *scratch, MlDesign *design, int c, int k, MlStatus *status)
{
	const MlPrepColumn *column = design->prep->column + c;
	MlDense    *dense = design->dense + design->n_dense++;

	dense->column = c;
	dense->index = column->first + 1 + k;
	dense->code = design->data->column[c].code;
	dense->indicator = column->indicator && k == column->width - 1;
	if (dense->indicator)
		return ML_OK;
	return ml_encoded_init(scratch, design->prep, design->data, c, k, &dense->encoded, status);
}

static void
add_number(MlDesign *design, int c, bool indicator)
{
	const MlPrepColumn *column = design->prep->column + c;
	MlDense    *dense = design->dense + design->n_dense++;

	dense->column = c;
	dense->index = column->first + 1 + (indicator ? 1 : 0);
	dense->value = design->data->column[c].value;
	dense->clip = column->low > -INFINITY || column->high < INFINITY;
	dense->fill = column->impute;
	dense->shift = column->shift;
	dense->scale = column->scale;
	dense->indicator = indicator;
}

static MlCode
add_column(MlScratch *scratch, MlDesign *design, int c, MlStatus *status)
{
	const MlPrepColumn *column = design->prep->column + c;
	MlCode		code = ML_OK;
	int			k = 0;

	if (column->kind == ML_NUMERIC)
	{
		add_number(design, c, false);
		if (column->indicator)
			add_number(design, c, true);
		return ML_OK;
	}
	if (ml_prep_is_onehot(column))
	{
		code = add_group(scratch, design, c, status);
		k = column->width - (column->indicator ? 1 : 0);
	}
	for (; code == ML_OK && k < column->width; k++)
		code = add_encoded(scratch, design, c, k, status);
	return code;
}

/* ---- blocks ---- */

static void
fill_dense(const MlDesign *design, const MlDense *dense, int64_t from, int n, double *out)
{
	const double *value = dense->value ? dense->value + from : NULL;
	const int32_t *code = dense->code ? dense->code + from : NULL;
	int			i;

	if (dense->indicator)
		for (i = 0; i < n; i++)
			out[i] = (code != NULL ? code[i] < 0 : value[i] != value[i]) ? 1.0 : 0.0;
	else if (code != NULL)
		for (i = 0; i < n; i++)
			out[i] = ml_encoded_at(&dense->encoded, from + i);
	else if (value == NULL)
		for (i = 0; i < n; i++)
			out[i] = 1.0;
	else
	{
		if (dense->clip)
		{
			const MlPrepColumn *column = design->prep->column + dense->column;

			for (i = 0; i < n; i++)
				out[i] = value[i] < column->low ? column->low : value[i] > column->high ? column->high : value[i];
			value = out;
		}
		ml_standardise(n, value, dense->fill, dense->shift, dense->scale, out);
	}
}

static void
fill_block(const MlDesign *design, int slot, int64_t from, int n, MlBlock *block)
{
	size_t		ld = (size_t) design->block;
	double	   *z = design->z + (size_t) slot * ld * (size_t) design->n_dense;
	int32_t    *local = design->local + (size_t) slot * ld * (size_t) design->n_groups;
	int			k;
	int			i;

	for (k = 0; k < design->n_dense; k++)
		fill_dense(design, design->dense + k, from, n, z + (size_t) k * ld);
	for (k = 0; k < design->n_groups; k++)
		for (i = 0; i < n; i++)
			local[(size_t) k * ld + (size_t) i] = design->group[k].map[design->group[k].code[from + i] + 1];
	block->design = design;
	block->slot = slot;
	block->from = from;
	block->n = n;
	block->z = z;
	block->local = local;
}

void
ml_block_product(const MlBlock *block, const double *w, double *dense, double *out)
{
	const MlDesign *design = block->design;
	int			k;
	int			i;

	for (k = 0; k < design->n_dense; k++)
		dense[k] = w[design->dense[k].index];
	ml_gemv(design->n_dense, block->n, block->z, design->block, dense, out);
	for (k = 0; k < design->n_groups; k++)
	{
		const int32_t *local = block->local + (size_t) k * (size_t) design->block;
		const double *level = w + design->group[k].first;

		for (i = 0; i < block->n; i++)
			if (local[i] >= 0)
				out[i] += level[local[i]];
	}
}

void
ml_block_transposed(const MlBlock *block, const double *v, double *dense, double *sum)
{
	const MlDesign *design = block->design;
	int			k;
	int			i;

	memset(dense, 0, (size_t) design->n_dense * sizeof(double));
	ml_gemv_t(design->n_dense, block->n, block->z, design->block, v, dense);
	for (k = 0; k < design->n_dense; k++)
		sum[design->dense[k].index] += dense[k];
	for (k = 0; k < design->n_groups; k++)
	{
		const int32_t *local = block->local + (size_t) k * (size_t) design->block;
		double	   *level = sum + design->group[k].first;

		for (i = 0; i < block->n; i++)
			if (local[i] >= 0)
				level[local[i]] += v[i];
	}
}

/* Sums of one group with the dense columns and with the groups before it. */
static void
gram_group(const MlBlock *block, int g, const double *weight, double *gram)
{
	const MlDesign *design = block->design;
	size_t		q = (size_t) design->q;
	const MlGroup *group = design->group + g;
	const int32_t *local = block->local + (size_t) g * (size_t) design->block;
	int			k;
	int			i;

	/* element (row, column) with row >= column lies at gram[column * q + row] */
	for (k = 0; k < design->n_dense; k++)
	{
		const double *z = block->z + (size_t) k * (size_t) design->block;
		size_t		j = (size_t) design->dense[k].index;
		bool		below = j < (size_t) group->first;
		double	   *sum = below ? gram + j * q + group->first : gram + (size_t) group->first * q + j;
		size_t		step = below ? 1 : q;

		for (i = 0; i < block->n; i++)
			if (local[i] >= 0)
				sum[(size_t) local[i] * step] += weight == NULL ? z[i] : weight[i] * z[i];
	}
	for (k = 0; k < g; k++)
	{
		const int32_t *other = block->local + (size_t) k * (size_t) design->block;
		double	   *sum = gram + (size_t) design->group[k].first * q + group->first;

		for (i = 0; i < block->n; i++)
			if (local[i] >= 0 && other[i] >= 0)
				sum[(size_t) other[i] * q + (size_t) local[i]] += weight == NULL ? 1.0 : weight[i];
	}
	for (i = 0; i < block->n; i++)
		if (local[i] >= 0)
			gram[(size_t) (group->first + local[i]) * (q + 1)] += weight == NULL ? 1.0 : weight[i];
}

void
ml_block_gram(const MlBlock *block, const double *weight, double *root, double *dense, double *gram)
{
	const MlDesign *design = block->design;
	int			k;
	int			i;

	for (k = 0; k < design->n_groups; k++)
		gram_group(block, k, weight, gram);
	if (weight != NULL)
	{
		for (i = 0; i < block->n; i++)
			root[i] = sqrt(weight[i]);
		ml_scale_rows(design->n_dense, block->n, block->z, design->block, root);
	}
	ml_syrk(design->n_dense, block->n, 1.0, block->z, design->block, dense, (size_t) design->n_dense);
}

void
ml_design_scatter(const MlDesign *design, const double *dense, double *gram)
{
	size_t		q = (size_t) design->q;
	int			a;
	int			b;

	for (b = 0; b < design->n_dense; b++)
		for (a = b; a < design->n_dense; a++)
			gram[(size_t) design->dense[b].index * q + (size_t) design->dense[a].index] +=
				dense[(size_t) b * (size_t) design->n_dense + (size_t) a];
}

void
ml_block_expand(const MlBlock *block, int from, int n, double *full, int ld)
{
	const MlDesign *design = block->design;
	int			k;
	int			i;

	for (k = 0; k < design->n_dense; k++)
		memcpy(full + (size_t) design->dense[k].index * (size_t) ld,
			   block->z + (size_t) k * (size_t) design->block + from, (size_t) n * sizeof(double));
	for (k = 0; k < design->n_groups; k++)
	{
		const MlGroup *group = design->group + k;
		const int32_t *local = block->local + (size_t) k * (size_t) design->block + from;
		int			j;

		for (j = 0; j < group->width; j++)
			memset(full + (size_t) (group->first + j) * (size_t) ld, 0, (size_t) n * sizeof(double));
		for (i = 0; i < n; i++)
			if (local[i] >= 0)
				full[(size_t) (group->first + local[i]) * (size_t) ld + (size_t) i] = 1.0;
	}
}

double
ml_design_cost(const MlDesign *design)
{
	return 6.0 * design->n_dense + 6.0 * design->n_groups + 4.0;
}

double
ml_design_gram_cost(const MlDesign *design)
{
	double		d = design->n_dense;
	double		g = design->n_groups;

	return d * d + 5.0 * d * (g + 1.0) + 3.0 * g * (g + 1.0);
}

/* ---- passes ---- */

int
ml_design_slots(size_t bytes)
{
	size_t		fit = bytes > 0 ? SLOT_BYTES / bytes : ML_MAX_SLOTS;

	return fit < 2 ? 2 : fit > ML_MAX_SLOTS ? ML_MAX_SLOTS : (int) fit;
}

MlCode
ml_slots_init(MlScratch *scratch, const MlDesign *design, size_t vector, bool dense, size_t gram,
			  size_t work, MlSlots *slots, MlStatus *status)
{
	size_t		d = (size_t) design->n_dense;

	/* every part begins on a cache line */
	slots->at_vector = 8;
	slots->at_dense = slots->at_vector + (vector + 7) / 8 * 8;
	slots->at_gram = slots->at_dense + (dense ? (d * d + 7) / 8 * 8 : 0);
	slots->at_work = slots->at_gram + (gram * gram + 7) / 8 * 8;
	slots->n_sums = slots->at_work;
	slots->stride = slots->at_work + (work + 7) / 8 * 8 + 8;
	slots->n = ml_design_slots(slots->stride * sizeof(double));
	slots->memory = ml_scratch_alloc(scratch, slots->stride * (size_t) slots->n, sizeof(double),
									 "sums over rows", status);
	return slots->memory == NULL ? status->code : ML_OK;
}

void
ml_slots_clear(MlSlots *slots)
{
	int			s;

	for (s = 0; s < slots->n; s++)
		memset(ML_SLOT_SCALAR(slots, s), 0, slots->n_sums * sizeof(double));
}

void
ml_slots_reduce(MlSlots *slots)
{
	double	   *sum = slots->memory;
	int			s;
	size_t		i;

	for (s = 1; s < slots->n; s++)
		for (i = 0; i < slots->n_sums; i++)
			sum[i] += ML_SLOT_SCALAR(slots, s)[i];
}

typedef struct Wave
{
	const MlDesign *design;
	MlBlockTask task;
	void	   *arg;
	int64_t		from;
	int64_t		to;
	int64_t		run;			/* rows a slot */
} Wave;

static void
wave_task(void *arg, int slot)
{
	Wave	   *wave = arg;
	int64_t		from = wave->from + slot * wave->run;
	int64_t		to = wave->to - from < wave->run ? wave->to : from + wave->run;
	MlBlock		block;

	for (; from < to; from += wave->design->block)
	{
		int64_t		left = to - from;

		fill_block(wave->design, slot, from, left < wave->design->block ? (int) left : wave->design->block, &block);
		wave->task(wave->arg, &block);
	}
}

/* Rows of one run: an even share of all, but no more than RUN_COST and no less than SMALL_COST. */
static int64_t
run_rows(const MlDesign *design, int64_t rows, int slots, double cost)
{
	int64_t		run = (rows + slots - 1) / slots;
	int64_t		least = (int64_t) (SMALL_COST / (cost + 1.0));
	int64_t		most = (int64_t) (RUN_COST / (cost + 1.0));

	run = run < least ? least : run;
	run = run > most ? most : run;
	return (run / design->block + (run % design->block != 0) + (run == 0)) * design->block;
}

MlCode
ml_design_pass(MlHost *host, const MlDesign *design, int64_t rows, int slots, double cost,
			   MlBlockTask task, void *arg, const char *phase, double share, MlStatus *status)
{
	Wave		wave = {.design = design, .task = task, .arg = arg};
	int64_t		step;

	wave.run = run_rows(design, rows, slots, cost);
	step = wave.run * slots;
	for (wave.from = 0; wave.from < rows; wave.from += step)
	{
		int64_t		left = rows - wave.from;
		int64_t		tasks = (left + wave.run - 1) / wave.run;

		wave.to = left < step ? rows : wave.from + step;
		if (host->poll(host, phase, share) ||
			host->parallel_for(host, tasks < slots ? (int) tasks : slots, wave_task, &wave))
			return ml_cancelled(status);
	}
	return ML_OK;
}

/* ---- means and deviations ---- */

static void
moment_block(void *arg, const MlBlock *block)
{
	/* the vector of a slot: q sums, then q sums of squares */
	const MlDesign *design = block->design;
	double	   *sum = ML_SLOT((MlSlots *) arg, block->slot, at_vector);
	double	   *square = sum + design->q;
	int			k;
	int			i;

	for (k = 0; k < design->n_dense; k++)
	{
		const double *z = block->z + (size_t) k * (size_t) design->block;
		double		s[4] = {0, 0, 0, 0};
		double		s2[4] = {0, 0, 0, 0};

		for (i = 0; i + 4 <= block->n; i += 4)
		{
			s[0] += z[i];
			s[1] += z[i + 1];
			s[2] += z[i + 2];
			s[3] += z[i + 3];
			s2[0] += z[i] * z[i];
			s2[1] += z[i + 1] * z[i + 1];
			s2[2] += z[i + 2] * z[i + 2];
			s2[3] += z[i + 3] * z[i + 3];
		}
		for (; i < block->n; i++)
		{
			s[0] += z[i];
			s2[0] += z[i] * z[i];
		}
		sum[design->dense[k].index] += (s[0] + s[1]) + (s[2] + s[3]);
		square[design->dense[k].index] += (s2[0] + s2[1]) + (s2[2] + s2[3]);
	}
	for (k = 0; k < design->n_groups; k++)
	{
		const int32_t *local = block->local + (size_t) k * (size_t) design->block;

		for (i = 0; i < block->n; i++)
			if (local[i] >= 0)
				sum[design->group[k].first + local[i]] += 1.0;
	}
}

/* Says which column made the sums meaningless. */
static MlCode
check_moments(const MlDesign *design, const double *sum, MlStatus *status)
{
	int			k;

	for (k = 1; k < design->n_dense; k++)
	{
		const MlDense *dense = design->dense + k;
		const char *name = design->prep->column[dense->column].name;

		if (isnan(sum[dense->index]))
		{
			ml_status_set(status, ML_BAD_DATA, "column \"%s\" has missing values that nothing replaces", name);
			ml_status_hint(status, "Use \"impute\" in preprocess, or an algorithm of trees.");
			return ML_BAD_DATA;
		}
		if (!isfinite(sum[design->q + dense->index]))
		{
			ml_status_set(status, ML_BAD_DATA, "values of column \"%s\" are too large for a linear model", name);
			ml_status_hint(status, "Use \"scale\": \"standard\" in preprocess.");
			return ML_BAD_DATA;
		}
	}
	return ML_OK;
}

static MlCode
find_moments(MlScratch *scratch, MlDesign *design, MlStatus *status)
{
	MlScratch	own;
	MlSlots		slots;
	MlCode		code;
	double	   *sum;
	int			k;
	int			j;

	ml_scratch_init(&own, scratch->host);
	code = ml_slots_init(&own, design, 2 * (size_t) design->q, false, 0, 0, &slots, status);
	if (code == ML_OK)
	{
		ml_slots_clear(&slots);
		code = ml_design_pass(scratch->host, design, design->rows, slots.n, ml_design_cost(design),
							  moment_block, &slots, "reading columns", 0.0, status);
	}
	sum = code == ML_OK ? ML_SLOT(&slots, 0, at_vector) : NULL;
	if (code == ML_OK)
	{
		ml_slots_reduce(&slots);
		code = check_moments(design, sum, status);
	}
	if (code == ML_OK)
	{
		double		n = (double) design->rows;

		for (k = 0; k < design->n_groups; k++)	/* 0/1 columns: squares are the values */
			for (j = 0; j < design->group[k].width; j++)
				sum[design->q + design->group[k].first + j] = sum[design->group[k].first + j];
		for (j = 0; j < design->q; j++)
		{
			double		mean = sum[j] / n;

			design->mean[j] = mean;
			design->sd[j] = sqrt(fmax(sum[design->q + j] / n - mean * mean, 0.0));
		}
	}
	ml_scratch_release(&own);
	return code;
}

MlCode
ml_design_init(MlScratch *scratch, const MlDataset *data, int64_t rows, const MlPrep *prep,
			   MlDesign *design, MlStatus *status)
{
	size_t		most = 2;
	size_t		cells;
	int			c;

	memset(design, 0, sizeof(*design));
	design->data = data;
	design->prep = prep;
	design->rows = rows;
	design->q = prep->width + 1;
	/* the levels of a group are one column of a block */
	for (c = 0; c < prep->p; c++)
		most += ml_prep_is_onehot(prep->column + c) ? 2 : (size_t) prep->column[c].width;
	design->dense = ml_scratch_zero(scratch, most, sizeof(MlDense), "columns", status);
	if (design->dense == NULL)
		return status->code;
	design->group = ml_scratch_zero(scratch, most, sizeof(MlGroup), "columns", status);
	if (design->group == NULL)
		return status->code;
	design->dense[0].column = -1;
	design->n_dense = 1;
	for (c = 0; c < prep->p; c++)
		if (add_column(scratch, design, c, status) != ML_OK)
			return status->code;
	design->block = BLOCK_CELLS / design->n_dense;
	design->block = design->block < BLOCK_MIN ? BLOCK_MIN : design->block > BLOCK_ROWS ? BLOCK_ROWS
		: design->block & ~7;
	cells = (size_t) design->block * ML_MAX_SLOTS;
	design->z = ml_scratch_alloc(scratch, cells * (size_t) design->n_dense, sizeof(double), "blocks of rows", status);
	if (design->z == NULL)
		return status->code;
	design->local = ml_scratch_alloc(scratch, cells * ((size_t) design->n_groups + 1), sizeof(int32_t),
									 "blocks of rows", status);
	if (design->local == NULL)
		return status->code;
	design->mean = ml_scratch_zero(scratch, (size_t) design->q, sizeof(double), "column means", status);
	if (design->mean == NULL)
		return status->code;
	design->sd = ml_scratch_zero(scratch, (size_t) design->q, sizeof(double), "column means", status);
	if (design->sd == NULL)
		return status->code;
	return find_moments(scratch, design, status);
}

MlCode
ml_design_check_gram(const MlDesign *design, const char *what, MlStatus *status)
{
	if (design->q <= ML_MAX_GRAM)
		return ML_OK;
	ml_status_set(status, ML_TOO_LARGE, "%s would need %d encoded columns, more than %d", what, design->q - 1,
				  ML_MAX_GRAM - 1);
	ml_status_detail(status, "Their matrix of sums would take %.1f GB.", (double) design->q * design->q * 8.0 / 1e9);
	ml_status_hint(status,
				   "Leave out or group categories with very many levels, "
				   "use \"penalty\": \"l2\", or an algorithm of trees.");
	return ML_TOO_LARGE;
}
