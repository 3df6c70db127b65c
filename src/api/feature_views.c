/*
 * feature_views.c: feature views, training sets made of them, and single
 * entities looked up in them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "api/arguments.h"
#include "pg/feature_view.h"

PG_FUNCTION_INFO_V1(mlops_create_feature_view);
PG_FUNCTION_INFO_V1(mlops_drop_feature_view);
PG_FUNCTION_INFO_V1(mlops_annotate_feature_view);
PG_FUNCTION_INFO_V1(mlops_set_feature_view_owner);
PG_FUNCTION_INFO_V1(mlops_read_feature_view);
PG_FUNCTION_INFO_V1(mlops_training_set);
PG_FUNCTION_INFO_V1(mlops_get_features);
PG_FUNCTION_INFO_V1(mlops_materialize);
PG_FUNCTION_INFO_V1(mlops_latest_feature_rows);

Datum
mlops_create_feature_view(PG_FUNCTION_ARGS)
{
	MlopsFeatureViewSpec spec = {
		.name = mlops_arg_required(fcinfo, 0, "name"),
		.query = mlops_arg_required(fcinfo, 1, "query"),
		.entity = mlops_arg_required(fcinfo, 2, "entity"),
		.time_column = mlops_arg_required(fcinfo, 3, "time_column"),
		.ttl = PG_ARGISNULL(4) ? NULL : PG_GETARG_INTERVAL_P(4),
		.created_column = mlops_arg_text(fcinfo, 5),
		.online = !PG_ARGISNULL(6) && PG_GETARG_BOOL(6),
		.comment = mlops_arg_text(fcinfo, 7),
		.replace = !PG_ARGISNULL(8) && PG_GETARG_BOOL(8)
	};

	mlops_arg_no_options(fcinfo, 9);
	PG_RETURN_INT64(mlops_feature_view_create(&spec));
}

Datum
mlops_drop_feature_view(PG_FUNCTION_ARGS)
{
	mlops_feature_view_drop(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_VOID();
}

Datum
mlops_annotate_feature_view(PG_FUNCTION_ARGS)
{
	mlops_feature_view_annotate(mlops_arg_required(fcinfo, 0, "name"), mlops_arg_text(fcinfo, 1),
								mlops_arg_jsonb(fcinfo, 2), mlops_arg_text(fcinfo, 3));
	PG_RETURN_VOID();
}

Datum
mlops_set_feature_view_owner(PG_FUNCTION_ARGS)
{
	mlops_feature_view_set_owner(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_OID(1));
	PG_RETURN_VOID();
}

Datum
mlops_read_feature_view(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	mlops_feature_view_rows(mlops_feature_view_get(text_to_cstring(PG_GETARG_TEXT_PP(0))), result->setDesc,
							result->setResult);
	return (Datum) 0;
}

/* The elements of a text[], none of them null. */
static List *
view_names(FunctionCallInfo fcinfo, int n)
{
	Datum	   *value;
	bool	   *isnull;
	int			count;
	List	   *names = NIL;

	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"feature_views\" must not be null")));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false, TYPALIGN_INT, &value, &isnull, &count);
	for (int i = 0; i < count; i++)
	{
		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"feature_views\" must not contain null")));
		names = lappend(names, TextDatumGetCString(value[i]));
	}
	return names;
}

Datum
mlops_training_set(PG_FUNCTION_ARGS)
{
	char	   *spine = mlops_arg_required(fcinfo, 0, "spine");

	PG_RETURN_TEXT_P(cstring_to_text(mlops_feature_view_join(spine, view_names(fcinfo, 1))));
}

Datum
mlops_get_features(PG_FUNCTION_ARGS)
{
	MlopsFeatureView *view = mlops_feature_view_get(mlops_arg_required(fcinfo, 0, "view"));
	/* at an unknown time nothing is known, of whomever */
	char	   *key = PG_ARGISNULL(2) ? NULL : mlops_arg_text(fcinfo, 1);

	PG_RETURN_JSONB_P(mlops_feature_view_lookup(view, key, PG_ARGISNULL(2) ? 0 : PG_GETARG_TIMESTAMPTZ(2)));
}

Datum
mlops_materialize(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(mlops_feature_view_materialize(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

Datum
mlops_latest_feature_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, mlops_feature_view_names())
	{
		MlopsFeatureView *view = mlops_feature_view_get(lfirst(lc));
		TimestampTz latest;
		char	   *problem;
		Datum		values[3];
		bool		isnull[3] = {false};

		CHECK_FOR_INTERRUPTS();
		isnull[1] = !mlops_feature_view_latest(view, &latest, &problem);
		values[0] = Int64GetDatum(view->view_id);
		values[1] = TimestampTzGetDatum(latest);
		values[2] = problem == NULL ? (Datum) 0 : CStringGetTextDatum(problem);
		isnull[2] = problem == NULL;
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	return (Datum) 0;
}
