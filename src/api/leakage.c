/*
 * leakage.c: mlops_check_leakage, which features may know what they should not.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "pg/leakage.h"

static void
put_leak(const char *column, const char *reason, double evidence, Jsonb *detail, void *arg)
{
	ReturnSetInfo *result = arg;
	Datum		values[4];
	bool		isnull[4] = {column == NULL, false, isnan(evidence), false};

	values[0] = column == NULL ? (Datum) 0 : CStringGetTextDatum(column);
	values[1] = CStringGetTextDatum(reason);
	values[2] = Float8GetDatum(evidence);
	values[3] = JsonbPGetDatum(detail);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

PG_FUNCTION_INFO_V1(mlops_check_leakage);
Datum
mlops_check_leakage(PG_FUNCTION_ARGS)
{
	char	   *model = mlops_arg_required(fcinfo, 0, "model");

	InitMaterializedSRF(fcinfo, 0);
	mlops_leakage_check(model, mlops_arg_text(fcinfo, 1), put_leak, fcinfo->resultinfo);
	return (Datum) 0;
}
