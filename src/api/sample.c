/*
 * sample.c: mlops_generate_transactions, mlops_generate_customers,
 * mlops_generate_invoices.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "pg/host.h"
#include "pg/sample_spec.h"
#include "pg/settings.h"

PG_FUNCTION_INFO_V1(mlops_generate_transactions);
PG_FUNCTION_INFO_V1(mlops_generate_customers);
PG_FUNCTION_INFO_V1(mlops_generate_invoices);

/* 2025-01-01, in days since 2000-01-01 */
#define DEFAULT_START 9132

static int64
read_rows(FunctionCallInfo fcinfo, int n)
{
	int64		rows;

	if (PG_ARGISNULL(n))
		(void) mlops_arg_required(fcinfo, n, "rows");
	rows = PG_GETARG_INT64(n);
	if (rows < 0 || rows > ML_SAMPLE_MAX_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"rows\" must be between 0 and " INT64_FORMAT ", not " INT64_FORMAT,
						ML_SAMPLE_MAX_ROWS, rows)));
	return rows;
}

static double
read_rate(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		rate;

	if (PG_ARGISNULL(n))
		(void) mlops_arg_required(fcinfo, n, name);
	rate = PG_GETARG_FLOAT8(n);
	if (!(rate >= 0 && rate <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be between 0 and 1, not %s", name, float8out_internal(rate))));
	return rate;
}

/* Texts are made once, not for each row. */
static Datum *
make_words(const MlSampleColumn *column)
{
	Datum	   *word = palloc(sizeof(Datum) * Max(column->n_words, 1));

	for (int i = 0; i < column->n_words; i++)
		word[i] = CStringGetTextDatum(column->word[i]);
	return word;
}

static Datum
cell_datum(const MlCell *cell, MlCellKind kind, const Datum *word)
{
	if (cell->missing)
		return (Datum) 0;
	switch (kind)
	{
		case ML_CELL_INTEGER:
			/* a drift may leave the range */
			return Int32GetDatum((int32) Max(Min(cell->integer, PG_INT32_MAX), PG_INT32_MIN));
		case ML_CELL_BIGINT:
			return Int64GetDatum(cell->integer);
		case ML_CELL_TIME:
			return TimestampTzGetDatum(cell->integer);
		case ML_CELL_NUMBER:
			return Float8GetDatum(cell->number);
		case ML_CELL_MONEY:
			return NumericGetDatum(int64_div_fast_to_numeric((int64) rint(cell->number * 100), 2));
		case ML_CELL_BOOLEAN:
			return BoolGetDatum(cell->integer != 0);
		case ML_CELL_WORD:
			return word[cell->integer];
	}
	return (Datum) 0;
}

/* All rows into the result; its last column, detail, is NULL. */
static void
put_rows(ReturnSetInfo *result, MlSampler *sampler)
{
	const MlSampleKind *kind = sampler->spec.kind;
	Datum	   *word[ML_SAMPLE_MAX_COLUMNS];
	MlCell		cell[ML_SAMPLE_MAX_COLUMNS];
	Datum		value[ML_SAMPLE_MAX_COLUMNS + 1] = {0};
	bool		isnull[ML_SAMPLE_MAX_COLUMNS + 1];
	MlStatus	status = {0};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops row", ALLOCSET_DEFAULT_SIZES);

	if (result->setDesc->natts != kind->n_columns + 1)
		elog(ERROR, "%s have %d columns, not %d", kind->name, kind->n_columns + 1, result->setDesc->natts);
	isnull[kind->n_columns] = true;
	for (int i = 0; i < kind->n_columns; i++)
		word[i] = make_words(&kind->column[i]);
	for (int64 row = 0; row < sampler->spec.rows; row++)
	{
		MemoryContext caller = MemoryContextSwitchTo(scratch);

		CHECK_FOR_INTERRUPTS();
		mlops_check_status(ml_sampler_next(sampler, cell, &status), &status);
		for (int i = 0; i < kind->n_columns; i++)
		{
			isnull[i] = cell[i].missing;
			value[i] = cell_datum(&cell[i], kind->column[i].kind, word[i]);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, value, isnull);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);
}

/* Arguments from `first` on: seed, patterns, drift, options. */
static Datum
generate(FunctionCallInfo fcinfo, MlSampleSpec *spec, int first)
{
	MlopsHost	host;
	MlSampler	sampler;
	MlStatus	status = {0};

	spec->seed = PG_ARGISNULL(first) ? 42 : (uint64) PG_GETARG_INT64(first);
	spec->start = DEFAULT_START * USECS_PER_DAY;
	mlops_sample_spec_read(spec, mlops_arg_jsonb(fcinfo, first + 1), mlops_arg_jsonb(fcinfo, first + 2),
						   mlops_arg_jsonb(fcinfo, first + 3));
	InitMaterializedSRF(fcinfo, 0);
	mlops_host_init(&host, CurrentMemoryContext, mlops_training_memory(), psprintf("generating %s", spec->kind->name));
	mlops_check_status(ml_sampler_begin(&sampler, spec, &host.host, &status), &status);
	put_rows((ReturnSetInfo *) fcinfo->resultinfo, &sampler);
	ml_sampler_end(&sampler);
	mlops_host_done(&host);
	return (Datum) 0;
}

Datum
mlops_generate_transactions(PG_FUNCTION_ARGS)
{
	MlSampleSpec spec;

	ml_sample_defaults(&spec, &ml_sample_transactions);
	spec.rows = read_rows(fcinfo, 0);
	spec.rate[0] = read_rate(fcinfo, 1, "fraud_rate");
	return generate(fcinfo, &spec, 2);
}

Datum
mlops_generate_customers(PG_FUNCTION_ARGS)
{
	MlSampleSpec spec;

	ml_sample_defaults(&spec, &ml_sample_customers);
	spec.rows = read_rows(fcinfo, 0);
	spec.rate[0] = read_rate(fcinfo, 1, "churn_rate");
	return generate(fcinfo, &spec, 2);
}

Datum
mlops_generate_invoices(PG_FUNCTION_ARGS)
{
	MlSampleSpec spec;

	ml_sample_defaults(&spec, &ml_sample_invoices);
	spec.rows = read_rows(fcinfo, 0);
	spec.rate[0] = read_rate(fcinfo, 1, "late_rate");
	spec.rate[1] = read_rate(fcinfo, 2, "fraud_rate");
	return generate(fcinfo, &spec, 3);
}
