/*
 * history_counts.c: mlops_value_counts, its type, and mlops_is_usual.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "pg/value_counts.h"

/* The state in argument 0, a new one for NULL. */
static MlopsTally *
tally_argument(FunctionCallInfo fcinfo)
{
	MemoryContext aggregate;

	if (!AggCheckCallContext(fcinfo, &aggregate))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("aggregate function called in non-aggregate context")));
	return PG_ARGISNULL(0) ? mlops_tally_create(aggregate) : (MlopsTally *) PG_GETARG_POINTER(0);
}

/* state, value; never NULL, as a moving aggregate demands */
PG_FUNCTION_INFO_V1(mlops_value_counts_add);
Datum
mlops_value_counts_add(PG_FUNCTION_ARGS)
{
	MlopsTally *tally = tally_argument(fcinfo);

	if (!PG_ARGISNULL(1))
		mlops_tally_add(tally, PG_GETARG_TEXT_PP(1));
	PG_RETURN_POINTER(tally);
}

PG_FUNCTION_INFO_V1(mlops_value_counts_remove);
Datum
mlops_value_counts_remove(PG_FUNCTION_ARGS)
{
	MlopsTally *tally = tally_argument(fcinfo);

	if (!PG_ARGISNULL(1))
		mlops_tally_remove(tally, PG_GETARG_TEXT_PP(1));
	PG_RETURN_POINTER(tally);
}

PG_FUNCTION_INFO_V1(mlops_value_counts_result);
Datum
mlops_value_counts_result(PG_FUNCTION_ARGS)
{
	MlopsValueCounts *counts = PG_ARGISNULL(0) ? NULL : mlops_tally_counts(tally_argument(fcinfo));

	if (counts == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(counts);
}

PG_FUNCTION_INFO_V1(mlops_value_counts_in);
Datum
mlops_value_counts_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(mlops_value_counts_read(PG_GETARG_CSTRING(0)));
}

PG_FUNCTION_INFO_V1(mlops_value_counts_out);
Datum
mlops_value_counts_out(PG_FUNCTION_ARGS)
{
	StringInfoData json;

	initStringInfo(&json);
	mlops_value_counts_write((MlopsValueCounts *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0)), &json);
	PG_RETURN_CSTRING(json.data);
}

/* The binary form is the text, too. */
PG_FUNCTION_INFO_V1(mlops_value_counts_recv);
Datum
mlops_value_counts_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			length;

	PG_RETURN_POINTER(mlops_value_counts_read(pq_getmsgtext(message, message->len - message->cursor, &length)));
}

PG_FUNCTION_INFO_V1(mlops_value_counts_send);
Datum
mlops_value_counts_send(PG_FUNCTION_ARGS)
{
	StringInfoData json;
	StringInfoData message;

	initStringInfo(&json);
	mlops_value_counts_write((MlopsValueCounts *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0)), &json);
	pq_begintypsend(&message);
	pq_sendtext(&message, json.data, json.len);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* value, counts, min_share; NULL when the value may or may not come so often */
PG_FUNCTION_INFO_V1(mlops_is_usual);
Datum
mlops_is_usual(PG_FUNCTION_ARGS)
{
	const MlopsValueCounts *counts = (MlopsValueCounts *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	double		min_share = PG_GETARG_FLOAT8(2);
	MlopsCountedText value;
	int64		at_least;
	int64		at_most;

	if (!(min_share > 0 && min_share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"min_share\" must be above 0 and at most 1, not %s",
						float8out_internal(min_share))));
	mlops_counted_text(&value, PG_GETARG_TEXT_PP(0));
	at_least = mlops_value_counts_find(counts, &value, &at_most);
	if ((double) at_least / counts->total >= min_share)
		PG_RETURN_BOOL(true);
	if ((double) at_most / counts->total >= min_share)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(false);
}
