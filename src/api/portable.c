/*
 * portable.c: models carried from one database to another.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "tcop/utility.h"

#include "api/arguments.h"
#include "pg/portable.h"

PG_FUNCTION_INFO_V1(mlops_export_model);
PG_FUNCTION_INFO_V1(mlops_import_model);

Datum
mlops_export_model(PG_FUNCTION_ARGS)
{
	char	   *reference = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MlopsRef	ref;

	/* what leaves the database is beyond the reach of every later revoke */
	mlops_ref_resolve(reference, MLOPS_MANAGE, &ref);
	PG_RETURN_BYTEA_P(mlops_portable_export(&ref));
}

Datum
mlops_import_model(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	PreventCommandIfReadOnly("mlops_import_model()");
	PG_RETURN_INT32(mlops_portable_import(name, PG_GETARG_BYTEA_PP(1)));
}
