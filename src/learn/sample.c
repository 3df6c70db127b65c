/*
 * sample.c: what all samplers share: defaults, and the drift laid over rows.
 *
 * A drift changes what is shown of a row, not the row: entities behave as
 * they would without it, and labels stay.
 */
#include "learn/sample.h"

#include <math.h>
#include <string.h>

#include "learn/sample_draw.h"

/* Streams of draws are told apart by these. */
#define STREAM_DRIFT 0xd21f

/* Rows between two polls, a power of two. */
#define POLL_EVERY 4096

void
ml_sample_defaults(MlSampleSpec *spec, const MlSampleKind *kind)
{
	memset(spec, 0, sizeof(*spec));
	spec->kind = kind;
	for (int i = 0; i < kind->n_options; i++)
		spec->option[i] = kind->option[i].value;
	for (int i = 0; i < kind->n_patterns; i++)
		for (int j = 0; j < ML_SAMPLE_MAX_PARAMS; j++)
			spec->pattern[i][j] = kind->pattern[i].param[j].value;
	for (int i = 0; i < kind->n_columns; i++)
		spec->shift[i] = (MlSampleShift)
		{
			.scale = 1, .word = -1
		};
}

MlCode
ml_sampler_begin(MlSampler *sampler, const MlSampleSpec *spec, MlHost *host, MlStatus *status)
{
	const MlSampleKind *kind = spec->kind;
	MlCode		code;

	sampler->spec = *spec;
	sampler->host = host;
	sampler->row = 0;
	sampler->drift_key = ml_rng_key(spec->seed, STREAM_DRIFT);
	for (int i = 0; i < kind->n_columns; i++)
		if (strcmp(kind->column[i].name, "event_time") == 0)
			sampler->event_time = i;
	sampler->state = ml_alloc_zero(host, 1, kind->size);
	if (sampler->state == NULL)
		return ml_no_memory(status, kind->size, "made-up rows");
	code = kind->begin(sampler->state, &sampler->spec, host, status);
	if (code != ML_OK)
		ml_sampler_end(sampler);
	return code;
}

void
ml_sampler_end(MlSampler *sampler)
{
	if (sampler->state == NULL)
		return;
	sampler->spec.kind->end(sampler->state);
	sampler->host->release(sampler->host, sampler->state);
	sampler->state = NULL;
}

/* Two draws a cell: whether it is missing, whether it gets the word. */
static void
drift_cell(const MlSampler *sampler, int column, MlCell *cell)
{
	const MlSampleShift *shift = &sampler->spec.shift[column];
	uint64_t	key = ml_hash_combine(sampler->drift_key, (uint64_t) sampler->row);
	MlCellKind	kind = sampler->spec.kind->column[column].kind;

	if (cell->missing)
		return;
	if (ml_rng_unit_at(key, 2 * column) < shift->missing)
		cell->missing = true;
	else if (kind == ML_CELL_NUMBER || kind == ML_CELL_MONEY)
	{
		double		x = cell->number * shift->scale + shift->add;

		cell->number = x < 0 ? -ml_hundredths(-x) : ml_hundredths(x);
	}
	else if (kind == ML_CELL_INTEGER)
		cell->integer = (int64_t) floor((double) cell->integer * shift->scale + shift->add + 0.5);
	else if (shift->word >= 0 && ml_rng_unit_at(key, 2 * column + 1) < shift->share)
		cell->integer = shift->word;
}

MlCode
ml_sampler_next(MlSampler *sampler, MlCell *row, MlStatus *status)
{
	const MlSampleKind *kind = sampler->spec.kind;
	MlCode		code;

	if ((sampler->row & (POLL_EVERY - 1)) == 0 &&
		sampler->host->poll(sampler->host, "rows", (double) sampler->row / (double) sampler->spec.rows))
		return ml_status_set(status, ML_CANCELLED, "cancelled");
	for (int i = 0; i < kind->n_columns; i++)
		row[i].missing = false;
	code = kind->next(sampler->state, row, status);
	if (code != ML_OK)
		return code;
	if (row[sampler->event_time].integer >= sampler->spec.drift_from)
		for (int i = 0; i < kind->n_columns; i++)
			if (sampler->spec.shift[i].on)
				drift_cell(sampler, i, &row[i]);
	sampler->row++;
	return ML_OK;
}
