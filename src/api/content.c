/*
 * content.c: mlops_row_hash and the aggregate mlops_content_hash.
 *
 * The state of the aggregate is a bigint[2], the halves of the sum.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "pg/content_hash.h"

PG_FUNCTION_INFO_V1(mlops_row_hash_record);
PG_FUNCTION_INFO_V1(mlops_content_hash_add);
PG_FUNCTION_INFO_V1(mlops_content_hash_merge);
PG_FUNCTION_INFO_V1(mlops_content_hash_text);

/* What is known of the rows at a call site, as long as their type is the same. */
typedef struct RowReader
{
	uint64		type;			/* identifier of the row type */
	TupleDesc	desc;
	MlopsContentHash *hash;
	Datum	   *value;
	bool	   *isnull;
	MemoryContext context;		/* of all of this */
	MemoryContext scratch;		/* of one row */
} RowReader;

static RowReader *
reader_for(FunctionCallInfo fcinfo, HeapTupleHeader row)
{
	RowReader  *reader = fcinfo->flinfo->fn_extra;
	Oid			type = HeapTupleHeaderGetTypeId(row);
	int32		typmod = HeapTupleHeaderGetTypMod(row);
	uint64		identifier = assign_record_type_identifier(type, typmod);
	TupleDesc	desc;
	MemoryContext context;
	MemoryContext caller;

	if (reader != NULL && reader->type == identifier)
		return reader;
	fcinfo->flinfo->fn_extra = NULL;
	if (reader != NULL)
		MemoryContextDelete(reader->context);
	context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "mlops row hash", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	reader = palloc0(sizeof(RowReader));
	reader->context = context;
	reader->scratch = AllocSetContextCreate(context, "mlops row", ALLOCSET_DEFAULT_SIZES);
	desc = lookup_rowtype_tupdesc(type, typmod);
	reader->desc = CreateTupleDescCopy(desc);
	ReleaseTupleDesc(desc);
	reader->hash = mlops_content_hash_create(reader->desc);
	reader->value = palloc(sizeof(Datum) * Max(reader->desc->natts, 1));
	reader->isnull = palloc(sizeof(bool) * Max(reader->desc->natts, 1));
	reader->type = identifier;
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = reader;
	return reader;
}

static MlWideHash
hash_row(FunctionCallInfo fcinfo, HeapTupleHeader row)
{
	RowReader  *reader = reader_for(fcinfo, row);
	MemoryContext caller = MemoryContextSwitchTo(reader->scratch);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	MlWideHash	hash;

	heap_deform_tuple(&tuple, reader->desc, reader->value, reader->isnull);
	hash = mlops_content_row(reader->hash, reader->value, reader->isnull, NULL);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(reader->scratch);
	return hash;
}

Datum
mlops_row_hash_record(PG_FUNCTION_ARGS)
{
	MlWideHash	hash = hash_row(fcinfo, PG_GETARG_HEAPTUPLEHEADER(0));
	uint64		half[2] = {pg_hton64(hash.high), pg_hton64(hash.low)};
	pg_uuid_t  *result = palloc(sizeof(pg_uuid_t));

	memcpy(result->data, half, UUID_LEN);
	PG_RETURN_UUID_P(result);
}

/* ---- the aggregate ---- */

static ArrayType *
state_array(FunctionCallInfo fcinfo, int n)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(n);

	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] != 2 || ARR_HASNULL(state) || ARR_ELEMTYPE(state) != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of a content hash must be an array of two bigint")));
	return state;
}

static MlWideHash
state_value(FunctionCallInfo fcinfo, int n)
{
	MlWideHash	hash = {0};

	if (!PG_ARGISNULL(n))
	{
		const uint64 *half = (const uint64 *) ARR_DATA_PTR(state_array(fcinfo, n));

		hash = (MlWideHash) {half[0], half[1]};
	}
	return hash;
}

/* The state of argument 0 with another sum: the array itself inside an aggregate. */
static Datum
state_datum(FunctionCallInfo fcinfo, MlWideHash hash)
{
	ArrayType  *state = NULL;
	uint64	   *half;

	if (!PG_ARGISNULL(0) && AggCheckCallContext(fcinfo, NULL) != 0)
		state = state_array(fcinfo, 0);
	if (state == NULL)
	{
		Datum		zero[2] = {Int64GetDatum(0), Int64GetDatum(0)};

		state = construct_array(zero, 2, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	}
	half = (uint64 *) ARR_DATA_PTR(state);
	half[0] = hash.high;
	half[1] = hash.low;
	PG_RETURN_ARRAYTYPE_P(state);
}

/* state, hash of a row; NULL counts like no row */
Datum
mlops_content_hash_add(PG_FUNCTION_ARGS)
{
	MlWideHash	sum = state_value(fcinfo, 0);

	if (!PG_ARGISNULL(1))
	{
		uint64		half[2];

		memcpy(half, PG_GETARG_UUID_P(1)->data, UUID_LEN);
		ml_wide_hash_add(&sum, (MlWideHash) {pg_ntoh64(half[0]), pg_ntoh64(half[1])});
	}
	return state_datum(fcinfo, sum);
}

Datum
mlops_content_hash_merge(PG_FUNCTION_ARGS)
{
	MlWideHash	sum = state_value(fcinfo, 0);

	ml_wide_hash_add(&sum, state_value(fcinfo, 1));
	return state_datum(fcinfo, sum);
}

Datum
mlops_content_hash_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(mlops_content_text(state_value(fcinfo, 0))));
}
