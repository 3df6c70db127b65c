/*
 * snapshot_columns.c: figures of the columns of a snapshot.
 *
 * Each column has the sum of its values' hashes and the number of NULLs;
 * numbers have extremes, mean and deviation beside, times their extremes.
 * None depends on the order of rows.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "kernel/number_sums.h"
#include "pg/options.h"
#include "pg/snapshot.h"

typedef struct ColumnFigures
{
	int64		nulls;
	MlNumberSums numbers;		/* booleans, integers, floats and numerics */
	int64		times;			/* how many */
	int64		earliest;		/* as its type counts */
	int64		latest;
} ColumnFigures;

struct MlopsColumnFigures
{
	const MlopsContentHash *hash;
	MlWideHash *hashes;
	ColumnFigures *column;
};

MlopsColumnFigures *
mlops_column_figures_create(const MlopsContentHash *hash)
{
	MlopsColumnFigures *figures = palloc0(sizeof(MlopsColumnFigures));

	figures->hash = hash;
	figures->hashes = palloc0(sizeof(MlWideHash) * Max(hash->n, 1));
	figures->column = palloc0(sizeof(ColumnFigures) * Max(hash->n, 1));
	return figures;
}

MlWideHash *
mlops_column_figures_hashes(MlopsColumnFigures *figures)
{
	return figures->hashes;
}

static double
number_of(const MlopsContentColumn *column, Datum value)
{
	switch (column->kind)
	{
		case MLOPS_CONTENT_BOOLEAN:
			return DatumGetBool(value);
		case MLOPS_CONTENT_INTEGER:
			return column->type == INT8OID ? (double) DatumGetInt64(value) :
				column->type == INT4OID ? DatumGetInt32(value) : DatumGetInt16(value);
		case MLOPS_CONTENT_FLOAT:
			return column->type == FLOAT8OID ? DatumGetFloat8(value) : (double) DatumGetFloat4(value);
		case MLOPS_CONTENT_NUMERIC:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
		default:
			return NAN;
	}
}

/* Dates are 32 bits, timestamps 64; both keep their order as integers. */
static int64
time_of(const MlopsContentColumn *column, Datum value)
{
	return column->kind == MLOPS_CONTENT_DATE ? (int64) DatumGetDateADT(value) : DatumGetTimestamp(value);
}

static bool
is_time(const MlopsContentColumn *column)
{
	return column->kind == MLOPS_CONTENT_DATE || column->kind == MLOPS_CONTENT_TIMESTAMP ||
		column->kind == MLOPS_CONTENT_TIMESTAMPTZ;
}

static void
add_time(ColumnFigures *f, const MlopsContentColumn *column, Datum value)
{
	int64		time = time_of(column, value);

	f->earliest = f->times == 0 ? time : Min(f->earliest, time);
	f->latest = f->times == 0 ? time : Max(f->latest, time);
	f->times++;
}

void
mlops_column_figures_add(MlopsColumnFigures *figures, const Datum *value, const bool *isnull)
{
	for (int i = 0; i < figures->hash->n; i++)
	{
		const MlopsContentColumn *column = &figures->hash->column[i];
		ColumnFigures *f = &figures->column[i];
		Datum		x = value[column->position];

		if (isnull[column->position])
			f->nulls++;
		else if (is_time(column))
			add_time(f, column, x);
		else if (column->kind <= MLOPS_CONTENT_NUMERIC)
		{
			double		number = number_of(column, x);

			if (!isnan(number))
				ml_number_sums_add(&f->numbers, number);
		}
	}
}

/* JSON has no infinite numbers: their names. */
static void
write_extreme(MlopsJson *json, const char *key, const MlNumberSums *numbers, double value)
{
	mlops_json_key(json, key);
	if (numbers->n == 0)
		mlops_json_text(json, NULL);
	else if (isinf(value))
		mlops_json_text(json, float8out_internal(value));
	else
		mlops_json_number(json, value);
}

static void
write_numbers(MlopsJson *json, const MlNumberSums *numbers)
{
	write_extreme(json, "minimum", numbers, numbers->minimum);
	write_extreme(json, "maximum", numbers, numbers->maximum);
	mlops_json_key(json, "mean");
	mlops_json_number(json, ml_number_sums_mean(numbers));
	mlops_json_key(json, "stddev");
	mlops_json_number(json, ml_number_sums_deviation(numbers));
}

static char *
time_text(const MlopsContentColumn *column, int64 time)
{
	return mlops_stable_text(column->text, column->kind == MLOPS_CONTENT_DATE ?
							 DateADTGetDatum((DateADT) time) : TimestampGetDatum(time));
}

static void
write_times(MlopsJson *json, const MlopsContentColumn *column, const ColumnFigures *f)
{
	mlops_json_key(json, "minimum");
	mlops_json_text(json, f->times > 0 ? time_text(column, f->earliest) : NULL);
	mlops_json_key(json, "maximum");
	mlops_json_text(json, f->times > 0 ? time_text(column, f->latest) : NULL);
}

Jsonb *
mlops_column_figures_write(MlopsColumnFigures *figures, TupleDesc desc)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin_array(&json);
	for (int i = 0; i < figures->hash->n; i++)
	{
		const MlopsContentColumn *column = &figures->hash->column[i];
		Form_pg_attribute att = TupleDescAttr(desc, column->position);
		const ColumnFigures *f = &figures->column[i];

		mlops_json_begin(&json);
		mlops_json_key(&json, "name");
		mlops_json_text(&json, NameStr(att->attname));
		mlops_json_key(&json, "type");
		mlops_json_text(&json, format_type_with_typemod(att->atttypid, att->atttypmod));
		mlops_json_key(&json, "content_hash");
		mlops_json_text(&json, mlops_content_text(figures->hashes[i]));
		mlops_json_key(&json, "null_count");
		mlops_json_integer(&json, f->nulls);
		if (is_time(column))
			write_times(&json, column, f);
		else if (column->kind <= MLOPS_CONTENT_NUMERIC)
			write_numbers(&json, &f->numbers);
		mlops_json_end(&json);
	}
	mlops_json_end_array(&json);
	return mlops_json_finish(&json);
}
