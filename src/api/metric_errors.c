/*
 * metric_errors.c: mlops_rmse, mlops_mae, mlops_mape, mlops_wape, mlops_smape
 * and mlops_r2.
 *
 * All six have one transition function and one state, so that the server
 * advances it once for all of them over the same arguments.
 */
#include "postgres.h"

#include "api/metric_row.h"
#include "kernel/error_sums.h"
#include "pg/sums.h"

#define LENGTH MLOPS_SUMS_LENGTH(MlErrorSums)

StaticAssertDecl(sizeof(MlErrorSums) == 27 * sizeof(double), "the state of the error metrics is stored and sent");

/* state, actual, predicted [, weight] */
PG_FUNCTION_INFO_V1(mlops_error_sums_add);
Datum
mlops_error_sums_add(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	double		y;
	double		p;
	double		w;

	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	y = mlops_metric_number(fcinfo, 1, "actual");
	p = mlops_metric_number(fcinfo, 2, "predicted");
	w = PG_NARGS() > 3 ? mlops_metric_weight(fcinfo, 3) : 1;
	if (w == 0)
		return mlops_metric_row_skip(fcinfo);
	state = mlops_sums_state(fcinfo, LENGTH);
	ml_error_sums_add(mlops_sums_data(state, LENGTH), y, p, w);
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(mlops_error_sums_merge);
Datum
mlops_error_sums_merge(PG_FUNCTION_ARGS)
{
	ArrayType  *state;

	if (PG_ARGISNULL(1))
		return mlops_metric_row_skip(fcinfo);
	state = mlops_sums_state(fcinfo, LENGTH);
	ml_error_sums_merge(mlops_sums_data(state, LENGTH), mlops_sums_data(mlops_sums_read(fcinfo, 1), LENGTH));
	PG_RETURN_ARRAYTYPE_P(state);
}

#define FIGURE(name) \
	PG_FUNCTION_INFO_V1(mlops_error_sums_##name); \
	Datum \
	mlops_error_sums_##name(PG_FUNCTION_ARGS) \
	{ \
		const MlErrorSums *sums = mlops_sums_data(mlops_sums_read(fcinfo, 0), LENGTH); \
\
		return mlops_metric_figure(fcinfo, ml_error_sums_##name(sums)); \
	}

FIGURE(rmse)
FIGURE(mae)
FIGURE(mape)
FIGURE(wape)
FIGURE(smape)
FIGURE(r2)
