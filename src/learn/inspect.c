/*
 * inspect.c: what is worth telling a user about the columns before learning.
 *
 * Only training rows are looked at.  Constants and duplicates are exact;
 * leaks are judged on at most LEAK_ROWS rows, evenly spaced in canonical
 * order, because the figures asked for are far from the noise of such a
 * sample.
 */
#include <math.h>
#include <string.h>

#include "kernel/hash.h"
#include "kernel/metrics.h"
#include "learn/inspect.h"

#define LEAK_ROWS 20000
/* So many rows are hashed; columns with the same hash are then compared whole. */
#define HASHED_ROWS 4096
/* Levels with fewer rows than this know the target by heart. */
#define LEAK_ROWS_PER_LEVEL 20

typedef struct Sample
{
	int64_t		n;
	int64_t		step;
	double	   *y;
	double	   *score;
	uint32_t   *order;
	void	   *scratch;
	double	   *sum;			/* per level: sum of y, and of rows */
	double	   *rows;
} Sample;

static uint64_t
column_hash(const MlColumn *column, int64_t n)
{
	n = n < HASHED_ROWS ? n : HASHED_ROWS;
	/* -0 and 0 differ here: a column that repeats another repeats its bits */
	if (column->kind == ML_NUMERIC)
		return ml_hash_bytes(column->value, (size_t) n * sizeof(double), 1);
	return ml_hash_bytes(column->code, (size_t) n * sizeof(int32_t), 2 + (uint64_t) column->n_levels);
}

static bool
columns_equal(const MlColumn *a, const MlColumn *b, int64_t n)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == ML_NUMERIC)
		return memcmp(a->value, b->value, (size_t) n * sizeof(double)) == 0;
	if (a->n_levels != b->n_levels || memcmp(a->code, b->code, (size_t) n * sizeof(int32_t)) != 0)
		return false;
	for (int32_t l = 0; l < a->n_levels; l++)
		if (strcmp(a->level[l], b->level[l]) != 0)
			return false;
	return true;
}

static bool
is_constant(const MlColumn *column, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		if (column->kind == ML_CATEGORY ? column->code[i] != column->code[0] :
			column->value[i] != column->value[0] && !(isnan(column->value[i]) && isnan(column->value[0])))
			return false;
	}
	return true;
}

/* The column's values of the sample; categories become the mean target of their level. */
static bool
fill_score(const MlDataset *data, const MlColumn *column, Sample *sample)
{
	if (column->kind == ML_NUMERIC)
	{
		double		sum = 0;
		int64_t		n = 0;
		double		mean;

		for (int64_t i = 0; i < sample->n; i++)
		{
			sample->score[i] = column->value[i * sample->step];
			if (!isnan(sample->score[i]))
			{
				sum += sample->score[i];
				n++;
			}
		}
		mean = n > 0 ? sum / n : 0;
		if (!isfinite(mean))
			return false;
		for (int64_t i = 0; i < sample->n; i++)
			if (isnan(sample->score[i]))
				sample->score[i] = mean;
		return true;
	}
	if ((int64_t) column->n_levels * LEAK_ROWS_PER_LEVEL > sample->n)
		return false;
	memset(sample->sum, 0, sizeof(double) * ((size_t) column->n_levels + 1));
	memset(sample->rows, 0, sizeof(double) * ((size_t) column->n_levels + 1));
	for (int64_t i = 0; i < sample->n; i++)
	{
		int32_t		level = column->code[i * sample->step] + 1;

		sample->sum[level] += data->y[i * sample->step];
		sample->rows[level]++;
	}
	for (int64_t i = 0; i < sample->n; i++)
	{
		int32_t		level = column->code[i * sample->step] + 1;

		sample->score[i] = sample->sum[level] / sample->rows[level];
	}
	return true;
}

/* Square of the correlation of score and y. */
static double
r_squared(const Sample *sample)
{
	double		ms = 0;
	double		my = 0;
	double		sxx = 0;
	double		syy = 0;
	double		sxy = 0;

	for (int64_t i = 0; i < sample->n; i++)
	{
		ms += sample->score[i] / sample->n;
		my += sample->y[i] / sample->n;
	}
	for (int64_t i = 0; i < sample->n; i++)
	{
		double		x = sample->score[i] - ms;
		double		y = sample->y[i] - my;

		sxx += x * x;
		syy += y * y;
		sxy += x * y;
	}
	return sxx > 0 && syy > 0 ? (sxy / sxx) * (sxy / syy) : NAN;
}

static double
leak_evidence(const MlDataset *data, const MlColumn *column, Sample *sample)
{
	double		auc;

	if (!fill_score(data, column, sample))
		return NAN;
	if (data->task == ML_REGRESSION)
		return r_squared(sample);
	ml_score_order(sample->score, sample->n, sample->order, sample->scratch);
	auc = ml_roc_auc(sample->y, 1.0, sample->score, NULL, sample->order, sample->n);
	return auc < 0.5 ? 1 - auc : auc;
}

MlCode
ml_inspect(MlHost *host, const MlDataset *data, MlFinding **finding, int *n, MlStatus *status)
{
	Sample		sample = {0};
	uint64_t   *hash = ml_alloc_array(host, (size_t) data->p, sizeof(uint64_t));
	double		limit = data->task == ML_REGRESSION ? ML_LEAK_R2 : ML_LEAK_AUC;
	bool		leaks = data->n_train >= ML_LEAK_MIN_ROWS && data->task != ML_MULTICLASS;

	*n = 0;
	*finding = ml_alloc_array(host, (size_t) data->p, sizeof(MlFinding));
	sample.step = data->n_train > LEAK_ROWS ? data->n_train / LEAK_ROWS : 1;
	sample.n = data->n_train / sample.step;
	sample.y = ml_alloc_array(host, (size_t) sample.n, sizeof(double));
	sample.score = ml_alloc_array(host, (size_t) sample.n, sizeof(double));
	sample.order = ml_alloc_array(host, (size_t) sample.n, sizeof(uint32_t));
	sample.scratch = ml_alloc_array(host, ml_score_scratch(sample.n), 1);
	sample.sum = ml_alloc_array(host, (size_t) sample.n + 2, sizeof(double));
	sample.rows = ml_alloc_array(host, (size_t) sample.n + 2, sizeof(double));
	if (hash == NULL || *finding == NULL || sample.y == NULL || sample.score == NULL || sample.order == NULL ||
		sample.scratch == NULL || sample.sum == NULL || sample.rows == NULL)
		return ml_no_memory(status, (size_t) sample.n * 6 * sizeof(double), "inspecting the columns");
	for (int64_t i = 0; i < sample.n; i++)
		sample.y[i] = data->y[i * sample.step];

	for (int j = 0; j < data->p; j++)
	{
		const MlColumn *column = &data->column[j];
		MlFinding  *f = &(*finding)[*n];

		if (host->poll(host, "inspecting", (double) j / data->p))
			return ml_status_set(status, ML_CANCELLED, "cancelled");
		f->column = j;
		f->other = -1;
		f->evidence = NAN;
		hash[j] = column_hash(column, data->n_train);
		if (is_constant(column, data->n_train))
		{
			f->kind = ML_FINDING_CONSTANT;
			(*n)++;
			continue;
		}
		for (int k = 0; k < j && f->other < 0; k++)
			if (hash[k] == hash[j] && columns_equal(&data->column[k], column, data->n_train))
				f->other = k;
		if (f->other >= 0)
		{
			f->kind = ML_FINDING_DUPLICATE;
			(*n)++;
			continue;
		}
		if (leaks)
		{
			f->evidence = leak_evidence(data, column, &sample);
			if (f->evidence >= limit)
			{
				f->kind = ML_FINDING_LEAK;
				(*n)++;
			}
		}
	}
	host->release(host, hash);
	host->release(host, sample.y);
	host->release(host, sample.score);
	host->release(host, sample.order);
	host->release(host, sample.scratch);
	host->release(host, sample.sum);
	host->release(host, sample.rows);
	return ML_OK;
}
