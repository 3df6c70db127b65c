/*
 * snapshot.c: mlops_create_snapshot, mlops_compare_snapshots and
 * mlops_drop_snapshot.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "pg/snapshot.h"

PG_FUNCTION_INFO_V1(mlops_create_snapshot);
PG_FUNCTION_INFO_V1(mlops_compare_snapshots);
PG_FUNCTION_INFO_V1(mlops_drop_snapshot);

Datum
mlops_create_snapshot(PG_FUNCTION_ARGS)
{
	char	   *name = mlops_arg_required(fcinfo, 0, "name");
	char	   *source = mlops_arg_required(fcinfo, 1, "source");
	bool		materialize = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlopsSnapshot *snapshot;
	Oid			relation;
	Datum		values[5];
	bool		isnull[5] = {false};

	InitMaterializedSRF(fcinfo, 0);
	snapshot = mlops_snapshot_create(name, source, materialize, &relation);
	values[0] = Int64GetDatum(snapshot->snapshot_id);
	values[1] = Int64GetDatum(snapshot->rows);
	values[2] = CStringGetTextDatum(snapshot->content_hash);
	values[3] = ObjectIdGetDatum(relation);
	isnull[3] = !OidIsValid(relation);
	values[4] = JsonbPGetDatum(snapshot->columns);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	return (Datum) 0;
}

/* The name of a function of the schema that the calling one stands in. */
static char *
beside(FunctionCallInfo fcinfo, const char *name)
{
	return quote_qualified_identifier(get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid)), name);
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
put_difference(const MlopsDifference *difference, void *arg)
{
	ReturnSetInfo *result = arg;
	Datum		values[6];
	bool		isnull[6] = {false};

	values[0] = CStringGetTextDatum(difference->item);
	values[1] = text_or_null(difference->column, &isnull[1]);
	values[2] = text_or_null(difference->a, &isnull[2]);
	values[3] = text_or_null(difference->b, &isnull[3]);
	values[4] = BoolGetDatum(difference->differs);
	values[5] = JsonbPGetDatum(difference->detail);
	isnull[5] = difference->detail == NULL;
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

Datum
mlops_compare_snapshots(PG_FUNCTION_ARGS)
{
	MlopsSnapshot *a = mlops_snapshot_get(PG_GETARG_INT64(0));
	MlopsSnapshot *b = mlops_snapshot_get(PG_GETARG_INT64(1));

	InitMaterializedSRF(fcinfo, 0);
	mlops_snapshot_compare(a, b, beside(fcinfo, "mlops_row_hash"), beside(fcinfo, "mlops_content_hash"),
						   put_difference, fcinfo->resultinfo);
	return (Datum) 0;
}

Datum
mlops_drop_snapshot(PG_FUNCTION_ARGS)
{
	mlops_snapshot_drop(mlops_snapshot_get(PG_GETARG_INT64(0)));
	PG_RETURN_VOID();
}
