/*
 * evaluate.c: mlops_evaluate, what a version is worth on rows of today.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "pg/evaluation.h"

static void
put_figure(const char *segment, const MlFigure *figure, int64 rows, Jsonb *detail, void *arg)
{
	ReturnSetInfo *result = arg;
	Datum		values[7];
	bool		isnull[7] = {segment == NULL, false, isnan(figure->value), isnan(figure->low), isnan(figure->high),
		false, false};

	values[0] = segment == NULL ? (Datum) 0 : CStringGetTextDatum(segment);
	values[1] = CStringGetTextDatum(figure->name);
	values[2] = Float8GetDatum(figure->value);
	values[3] = Float8GetDatum(figure->low);
	values[4] = Float8GetDatum(figure->high);
	values[5] = Int64GetDatum(rows);
	values[6] = JsonbPGetDatum(detail);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

PG_FUNCTION_INFO_V1(mlops_evaluate);
Datum
mlops_evaluate(PG_FUNCTION_ARGS)
{
	MlopsEvaluationRequest request;

	request.model = mlops_arg_required(fcinfo, 0, "model");
	request.source = mlops_arg_text(fcinfo, 1);
	request.segments = mlops_arg_text(fcinfo, 2);
	InitMaterializedSRF(fcinfo, 0);
	mlops_evaluation_run(&request, put_figure, fcinfo->resultinfo);
	return (Datum) 0;
}
