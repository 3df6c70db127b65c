/*
 * baseline.c: drawing what drift is measured against.
 *
 * Counts, mean, deviation, minimum and maximum are those of all rows.
 * Quantiles of more than ML_BASELINE_SAMPLE values come from a stratified
 * sample: the values in row order are cut into as many equal strata as the
 * sample has places, and one is drawn from each.  Rows stand in the order of
 * a hash (split.h), so neighbours have nothing in common, and the draw
 * depends on seed and stream alone.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/quantile.h"
#include "kernel/rng.h"
#include "kernel/select.h"
#include "kernel/sort.h"
#include "learn/baseline.h"
#include "learn/scratch.h"

static int64_t
count_missing(const double *value, int64_t n)
{
	int64_t		missing = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
		missing += value[i] != value[i];
	return missing;
}

/* Thins m values to `places`; out may be value itself. */
static void
thin(const double *value, int64_t m, int64_t places, uint64_t key, double *out)
{
	int64_t		from = 0;
	int64_t		rest = 0;
	int64_t		j;

	/* stratum j begins at m j / places, rounded down, and is never divided for */
	for (j = 0; j < places; j++)
	{
		int64_t		to = from + m / places;

		rest += m % places;
		if (rest >= places)
		{
			rest -= places;
			to++;
		}
		out[j] = value[from + (int64_t) ml_rng_below_at(key, (uint64_t) j, (uint64_t) (to - from))];
		from = to;
	}
}

/* present: room for n, spare: room for ML_BASELINE_SAMPLE; out->quantile is there. */
static void
describe(const double *value, int64_t n, uint64_t key, double *present, double *spare, MlBaseline *out)
{
	int64_t		m = n - count_missing(value, n);
	int64_t		size = m < ML_BASELINE_SAMPLE ? m : ML_BASELINE_SAMPLE;
	double		variance;

	out->n_missing = n - m;
	if (m == 0)
		return;
	/* a column without gaps need not be copied */
	if (m < n || m <= size)
		(void) ml_present(value, n, present);
	if (m < n)
		value = present;
	ml_moments(value, m, &out->mean, &variance);
	out->sd = sqrt(variance);
	ml_min_max(value, m, &out->minimum, &out->maximum);
	if (m > size)
		thin(value, m, size, key, present);
	ml_sort_doubles(present, size, spare);
	for (int i = 0; i < ML_BASELINE_QUANTILES; i++)
		out->quantile[i] = ml_quantile_sorted(present, size, (double) i / (ML_BASELINE_QUANTILES - 1));
	out->n_distinct = 1;
	for (int64_t i = 1; i < size; i++)
		out->n_distinct += present[i] != present[i - 1];
}

static MlCode
begin_numbers(MlHost *host, int64_t n, MlBaseline *out, MlStatus *status)
{
	memset(out, 0, sizeof(*out));
	out->kind = ML_NUMERIC;
	out->n = n;
	out->mean = out->sd = out->minimum = out->maximum = NAN;
	out->quantile = ml_alloc_array(host, ML_BASELINE_QUANTILES, sizeof(double));
	return out->quantile != NULL ? ML_OK :
		ml_no_memory(status, ML_BASELINE_QUANTILES * sizeof(double), "the baseline");
}

/* A column without values has no quantiles. */
static void
end_numbers(MlHost *host, MlBaseline *out)
{
	if (out->n_missing == out->n && out->quantile != NULL)
	{
		host->release(host, out->quantile);
		out->quantile = NULL;
	}
}

MlCode
ml_baseline_numbers(MlHost *host, const double *value, int64_t n,
					uint64_t seed, uint64_t stream, MlBaseline *out, MlStatus *status)
{
	MlScratch	scratch;
	double	   *present;
	double	   *spare;

	if (begin_numbers(host, n, out, status) != ML_OK)
		return ML_NO_MEMORY;
	ml_scratch_init(&scratch, host);
	present = ml_scratch_alloc(&scratch, (size_t) n, sizeof(double), "the baseline", status);
	spare = ml_scratch_alloc(&scratch, (size_t) (n < ML_BASELINE_SAMPLE ? n : ML_BASELINE_SAMPLE),
							 sizeof(double), "the baseline", status);
	if (present == NULL || spare == NULL)
	{
		out->n_missing = out->n;
		end_numbers(host, out);
		ml_scratch_release(&scratch);
		return ML_NO_MEMORY;
	}
	describe(value, n, ml_rng_key(seed, stream), present, spare, out);
	ml_scratch_release(&scratch);
	end_numbers(host, out);
	return ML_OK;
}

/* One round describes a column a task, each with room of its own. */
typedef struct Round
{
	const MlDataset *data;
	uint64_t	seed;
	MlBaseline *out;
	int			first;
	double	   *room;
	size_t		stride;
	int64_t		sample;
} Round;

static void
describe_task(void *arg, int task)
{
	Round	   *round = arg;
	int			c = round->first + task;
	double	   *room = round->room + (size_t) task * round->stride;

	if (round->data->column[c].kind == ML_NUMERIC)
		describe(round->data->column[c].value, round->data->n_train, ml_rng_key(round->seed, (uint64_t) c),
				 room + round->sample, room, round->out + c);
}

MlCode
ml_baseline_columns(MlHost *host, const MlDataset *data, uint64_t seed, MlBaseline *out, MlStatus *status)
{
	Round		round = {.data = data, .seed = seed, .out = out};
	MlScratch	scratch;
	MlCode		code = ML_OK;
	int			lanes = host->threads < data->p ? host->threads : data->p;

	for (int c = 0; c < data->p && code == ML_OK; c++)
	{
		const MlColumn *column = data->column + c;

		if (host->poll(host, "baseline", 0))
			code = ml_status_set(status, ML_CANCELLED, "training was cancelled");
		else if (column->kind == ML_CATEGORY)
			code = ml_baseline_codes(host, column->code, data->n_train, column->level, column->n_levels,
									 out + c, status);
		else
			code = begin_numbers(host, data->n_train, out + c, status);
	}
	if (code != ML_OK)
		return code;
	round.sample = data->n_train < ML_BASELINE_SAMPLE ? data->n_train : ML_BASELINE_SAMPLE;
	round.stride = (size_t) (data->n_train + round.sample);
	ml_scratch_init(&scratch, host);
	round.room = ml_scratch_alloc(&scratch, round.stride * (size_t) lanes, sizeof(double), "the baseline", status);
	if (round.room == NULL)
		return ML_NO_MEMORY;
	for (int c = 0; c < data->p && code == ML_OK; c += lanes)
	{
		round.first = c;
		if (host->poll(host, "baseline", (double) c / data->p) ||
			host->parallel_for(host, data->p - c < lanes ? data->p - c : lanes, describe_task, &round))
			code = ml_status_set(status, ML_CANCELLED, "training was cancelled");
	}
	ml_scratch_release(&scratch);
	for (int c = 0; c < data->p; c++)
		if (data->column[c].kind == ML_NUMERIC)
			end_numbers(host, out + c);
	return code;
}

/* What qsort needs to order levels: count descending, then bytewise. */
typedef struct LevelCount
{
	int64_t		count;
	const char *level;
} LevelCount;

static int
compare_levels(const void *a, const void *b)
{
	const LevelCount *x = a;
	const LevelCount *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->level, y->level);
}

MlCode
ml_baseline_codes(MlHost *host, const int32_t *code, int64_t n,
				  const char *const *level, int32_t n_levels, MlBaseline *out, MlStatus *status)
{
	MlScratch	scratch;
	LevelCount *found;
	int64_t		m = 0;
	int64_t		i;

	memset(out, 0, sizeof(*out));
	out->kind = ML_CATEGORY;
	out->n = n;
	out->mean = out->sd = out->minimum = out->maximum = NAN;
	ml_scratch_init(&scratch, host);
	found = ml_scratch_zero(&scratch, (size_t) n_levels, sizeof(LevelCount), "the baseline", status);
	if (found == NULL)
		return ML_NO_MEMORY;
	for (i = 0; i < n; i++)
	{
		if (code[i] < 0)
			out->n_missing++;
		else
			found[code[i]].count++;
	}
	for (i = 0; i < n_levels; i++)
	{
		if (found[i].count == 0)
			continue;
		found[m].count = found[i].count;
		found[m++].level = level[i];
	}
	if (m > 1)
		qsort(found, (size_t) m, sizeof(LevelCount), compare_levels);

	out->n_distinct = m;
	out->n_levels = m < ML_BASELINE_LEVELS ? (int) m : ML_BASELINE_LEVELS;
	out->level = ml_alloc_array(host, (size_t) out->n_levels, sizeof(char *));
	out->count = ml_alloc_array(host, (size_t) out->n_levels, sizeof(int64_t));
	if (out->level == NULL || out->count == NULL)
	{
		ml_no_memory(status, (size_t) out->n_levels * (sizeof(char *) + sizeof(int64_t)), "the baseline");
		if (out->level)
			host->release(host, out->level);
		if (out->count)
			host->release(host, out->count);
		out->level = NULL;
		out->count = NULL;
		out->n_levels = 0;
		ml_scratch_release(&scratch);
		return ML_NO_MEMORY;
	}
	for (i = 0; i < m; i++)
	{
		if (i < out->n_levels)
		{
			out->level[i] = found[i].level;
			out->count[i] = found[i].count;
		}
		else
			out->n_other += found[i].count;
	}
	ml_scratch_release(&scratch);
	return ML_OK;
}
