/*
 * ingest_row.c: one row of the source, appended to the columns.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "kernel/hash.h"
#include "pg/ingest_state.h"
#include "pg/status.h"

/* ---- a row ---- */

/* False: the row is dropped. */
static bool
take_weight(MlopsIngest *in, const Datum *value, const bool *isnull)
{
	double		weight;

	if (in->weight < 0)
		return true;
	weight = isnull[in->weight] ? NAN : mlops_feature_number(&in->weight_column, value[in->weight]);
	if (!(weight > 0))
	{
		in->rows->dropped_weight++;
		return false;
	}
	in->rows->weight[in->n] = weight;
	return true;
}

static bool
take_target(MlopsIngest *in, const Datum *value, const bool *isnull)
{
	const char *text;
	Size		len;
	double		target;

	if (in->target < 0)
		return true;
	if (!isnull[in->target] && in->target_dictionary != NULL)
	{
		mlops_feature_text(&in->target_column, value[in->target], &text, &len);
		in->rows->target_code[in->n] = mlops_dictionary_code(in->target_dictionary, text, len);
		return true;
	}
	target = isnull[in->target] ? NAN : mlops_feature_number(&in->target_column, value[in->target]);
	if (isnan(target))
	{
		in->rows->dropped_target++;
		return false;
	}
	in->rows->target[in->n] = target;
	return true;
}

/* A numeric that comes back from a double (which keeps 15 digits of any) is the only one that became it. */
static bool
tells_apart(double number, Datum value)
{
	return isinf(number) ||
		DatumGetBool(DirectFunctionCall2(numeric_eq, value,
										 DirectFunctionCall1(float8_numeric, Float8GetDatum(number))));
}

/* Of a row that is kept, what no row may have: counted, to be told of all rows at once. */
static void
count_extremes(MlopsIngest *in, const Datum *value)
{
	if (in->target >= 0 && in->target_dictionary == NULL)
	{
		double		target = in->rows->target[in->n];

		in->target_infinite += isinf(target) != 0;
		if (in->spec->task == ML_BINARY && in->target_column.base_type == NUMERICOID)
			in->target_inexact += !tells_apart(target, value[in->target]);
	}
	if (in->weight >= 0)
	{
		double		weight = in->rows->weight[in->n];

		in->weight_infinite += isinf(weight) != 0;
		in->weight_extreme += weight < MIN_WEIGHT || weight > MAX_WEIGHT;
	}
}

static void
store_vector(MlopsIngest *in, MlopsStore *store, Datum value, bool isnull)
{
	MlopsFeature *feature = store->feature;
	double	   *element;
	bool		infinite = false;

	if (isnull)
	{
		if (store->vector != NULL)
			for (int i = 0; i < feature->width; i++)
				store->vector[i][in->n] = NAN;
		return;
	}
	if (feature->width == 0)
	{
		int			width = mlops_feature_vector_length(feature, value);

		if (width == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("vector feature \"%s\" has no elements", feature->name)));
		mlops_features_set_width(in->spec->features, store->index, width);
		mlops_ingest_make_vector(in, store);
	}
	element = palloc(sizeof(double) * feature->width);
	mlops_feature_vector(feature, value, element);
	for (int i = 0; i < feature->width; i++)
	{
		store->vector[i][in->n] = element[i];
		infinite |= isinf(element[i]) != 0;
	}
	store->infinite += infinite;
}

static inline void
store_number(MlopsStore *store, int row, double x)
{
	if (unlikely(isinf(x)))
		store->infinite++;
	store->stage[row] = x;
}

void
mlops_ingest_flush(MlopsIngest *in, int64 staged)
{
	for (int i = 0; i < in->n_stores; i++)
		if (in->store[i].value != NULL)
			memcpy(in->store[i].value + in->n - staged, in->store[i].stage, sizeof(double) * staged);
}

static void
store_category(MlopsStore *store, int64 row, Datum value, bool isnull)
{
	const char *text;
	Size		len;
	Oid			label;

	if (isnull)
	{
		store->code[row] = -1;
		return;
	}
	if (store->op == STORE_OID)
	{
		label = DatumGetObjectId(value);
		text = (const char *) &label;
		len = sizeof(label);
	}
	else
		mlops_feature_text(store->feature, value, &text, &len);
	store->code[row] = mlops_dictionary_code(store->dictionary, text, len);
}

/* Stores [from, to) are of one op: the switch stands outside their loop. */
static void
store_run(MlopsIngest *in, MlopsStore *from, MlopsStore *to, const Datum *value, const bool *isnull)
{
	int			row = (int) (in->n % STAGE_ROWS);

	switch (from->op)
	{
		case STORE_FLOAT8:
			for (MlopsStore *store = from; store < to; store++)
				store_number(store, row, isnull[store->position] ? NAN :
							 DatumGetFloat8(value[store->position]));
			break;
		case STORE_FLOAT4:
			for (MlopsStore *store = from; store < to; store++)
				store_number(store, row, isnull[store->position] ? NAN :
							 (double) DatumGetFloat4(value[store->position]));
			break;
		case STORE_INT4:
			for (MlopsStore *store = from; store < to; store++)
				store->stage[row] = isnull[store->position] ? NAN :
					(double) DatumGetInt32(value[store->position]);
			break;
		case STORE_NUMBER:
			for (MlopsStore *store = from; store < to; store++)
				store_number(store, row, isnull[store->position] ? NAN :
							 mlops_feature_number(store->feature, value[store->position]));
			break;
		case STORE_OID:
		case STORE_TEXT:
			for (MlopsStore *store = from; store < to; store++)
				store_category(store, in->n, value[store->position], isnull[store->position]);
			break;
		case STORE_VECTOR:
			for (MlopsStore *store = from; store < to; store++)
				store_vector(in, store, value[store->position], isnull[store->position]);
			break;
	}
}

static void
fill_slot(TupleTableSlot *slot, const int *position, const Datum *value, const bool *isnull)
{
	int			n = slot->tts_tupleDescriptor->natts;

	for (int i = 0; i < n; i++)
	{
		slot->tts_values[i] = value[position[i]];
		slot->tts_isnull[i] = isnull[position[i]];
	}
}

static void
store_features(MlopsIngest *in, const Datum *value, const bool *isnull)
{
	MlopsStore *end = in->store + in->n_stores;
	MlopsStore *to;

	if (in->evaluator != NULL)
	{
		if (in->spec->site != NULL)
			mlops_callsite_fill(in->spec->site, value, isnull);
		else
			fill_slot(in->evaluator->slot, in->position, value, isnull);
		mlops_evaluator_run(in->evaluator, in->value, in->isnull);
		value = in->value;
		isnull = in->isnull;
	}
	for (MlopsStore *from = in->store; from < end; from = to)
	{
		for (to = from + 1; to < end && to->op == from->op;)
			to++;
		store_run(in, from, to, value, isnull);
	}
}

static void
store_hashes(MlopsIngest *in, const Datum *value, const bool *isnull)
{
	MlopsRows  *rows = in->rows;
	uint64		content = mlops_row_hash(in->content_hash, value, isnull);
	uint64		key;

	/* a row without any key is known by its content */
	if (in->key_hash == NULL || !mlops_key_hash(in->key_hash, value, isnull, in->spec->salt, &key))
		key = ml_hash_combine(in->spec->salt, content);
	rows->content[in->n] = content;
	rows->key_hash[in->n] = key;
	rows->content_sum[0] += content;
	rows->content_sum[1] += ml_mix64(content ^ UINT64_C(0x5bd1e995a7c15e37));
}

/* Signed integers in the order of the doubles. */
static int64
float_order(double x)
{
	int64		bits;

	x += 0.0;
	memcpy(&bits, &x, sizeof(bits));
	return bits >= 0 ? bits : bits ^ PG_INT64_MAX;
}

static int64
time_of(MlopsIngest *in, Datum value)
{
	switch (in->time_type)
	{
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
		case INT8OID:
			return DatumGetInt64(value);
		case DATEOID:
		case INT4OID:
			return DatumGetInt32(value);
		case INT2OID:
			return DatumGetInt16(value);
		case FLOAT4OID:
			return float_order(DatumGetFloat4(value));
		case FLOAT8OID:
			return float_order(DatumGetFloat8(value));
		default:
			return float_order(DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value)));
	}
}

static bool
is_test_row(MlopsIngest *in, const Datum *value, const bool *isnull)
{
	Datum		result;
	bool		missing;

	fill_slot(in->test_evaluator->slot, in->test_position, value, isnull);
	mlops_evaluator_run(in->test_evaluator, &result, &missing);
	return !missing && DatumGetBool(result);
}

static void
check_segment_values(const MlopsIngest *in, const MlopsStore *store)
{
	int64		n = 0;

	for (int i = 0; i < in->spec->segments->n; i++)
		n += in->segment[i].dictionary->n;
	if (n > MLOPS_MAX_SEGMENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("segments have more than %d values", MLOPS_MAX_SEGMENTS),
				 errdetail("\"%s\" has %d up to here.", store->feature->name, store->dictionary->n),
				 errhint("Put values together, as with width_bucket, date_trunc or CASE.")));
}

static void
store_segments(MlopsIngest *in, const Datum *value, const bool *isnull)
{
	if (in->segment_evaluator == NULL)
		return;
	fill_slot(in->segment_evaluator->slot, in->segment_position, value, isnull);
	mlops_evaluator_run(in->segment_evaluator, in->segment_value, in->segment_isnull);
	for (int i = 0; i < in->spec->segments->n; i++)
	{
		MlopsStore *store = &in->segment[i];
		int32		before = store->dictionary->n;

		store_category(store, in->n, in->segment_value[i], in->segment_isnull[i]);
		if (store->dictionary->n > before)
			check_segment_values(in, store);
	}
}

/* What decides whether the row is a test row; false: it surely is none, and others are not wanted. */
static bool
take_place(MlopsIngest *in, const Datum *value, const bool *isnull)
{
	MlopsRows  *rows = in->rows;
	int64		time = PG_INT64_MIN;
	bool		where = false;

	store_hashes(in, value, isnull);
	if (in->time >= 0)
		rows->time[in->n] = time = isnull[in->time] ? PG_INT64_MIN : time_of(in, value[in->time]);
	if (in->test_evaluator != NULL)
		rows->test_where[in->n] = where = is_test_row(in, value, isnull);
	return in->spec->held_out == NULL ||
		ml_split_may_hold(in->spec->held_out, rows->key_hash[in->n], time, where);
}

static void
append_row(MlopsIngest *in, const Datum *value, const bool *isnull)
{
	if (in->n == in->room)
		mlops_ingest_make_room(in);
	if (!take_target(in, value, isnull) || !take_weight(in, value, isnull) || !take_place(in, value, isnull))
		return;
	count_extremes(in, value);
	store_features(in, value, isnull);
	store_segments(in, value, isnull);
	in->n++;
	if (in->n % STAGE_ROWS == 0)
		mlops_ingest_flush(in, STAGE_ROWS);
	if (in->n % ROWS_BETWEEN_POLLS == 0 &&
		in->host->host.poll(&in->host->host, "reading rows", (double) in->n / Max(in->estimate, in->n * 1.01)))
		mlops_check_status(ML_CANCELLED, NULL);
}

void
mlops_ingest_row(TupleTableSlot *slot, void *arg)
{
	MlopsIngest *in = arg;
	MemoryContext caller = MemoryContextSwitchTo(in->row_context);

	append_row(in, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(in->row_context);
}
