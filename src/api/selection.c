/*
 * selection.c: mlops_select_features, which features of a model are worth keeping.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "pg/selection.h"
#include "pg/training.h"

#define DEFAULT_SEED 42

/* NULL = no limit, as 0 */
static int
limit_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return 0;
	if (PG_GETARG_INT32(n) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"k\" must be at least 1"),
				 errhint("Leave it out to set no limit.")));
	return PG_GETARG_INT32(n);
}

static void
put_selection(const MlopsSelection *selection, ReturnSetInfo *result)
{
	int		   *order = mlops_selection_order(selection);

	for (int r = 0; r < selection->n; r++)
	{
		const MlFeatureScore *score = &selection->score[order[r]];
		Datum		values[6];
		bool		isnull[6] = {false, isnan(score->score), isnan(score->p_value), false, false, false};

		values[0] = CStringGetTextDatum(selection->name[order[r]]);
		values[1] = Float8GetDatum(score->score);
		values[2] = Float8GetDatum(score->p_value);
		values[3] = Int32GetDatum(score->rank);
		values[4] = BoolGetDatum(score->selected);
		values[5] = JsonbPGetDatum(mlops_selection_detail(selection, order[r]));
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
}

PG_FUNCTION_INFO_V1(mlops_select_features);
Datum
mlops_select_features(PG_FUNCTION_ARGS)
{
	char	   *model = mlops_arg_required(fcinfo, 0, "model");
	char	   *method = mlops_arg_required(fcinfo, 1, "method");
	int			k = limit_argument(fcinfo, 2);
	const char *methods[32];
	MlopsTrainingRows *training;

	mlops_arg_check_method(method, methods, mlops_selection_methods(methods));
	InitMaterializedSRF(fcinfo, 0);
	training = mlops_training_rows(model, NULL);
	put_selection(mlops_selection_score(&training->host, training->definition.feature_set, &training->data, method, k,
										DEFAULT_SEED, training->metric),
				  (ReturnSetInfo *) fcinfo->resultinfo);
	mlops_training_rows_done(training);
	return (Datum) 0;
}
