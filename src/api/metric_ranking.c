/*
 * metric_ranking.c: aggregates that judge the order of rows by score.
 *
 * All collect their rows in an mlops.two_samples, so those over the same
 * arguments share one state; each has a final function of its own.
 */
#include "postgres.h"

#include <math.h>

#include "api/metric_row.h"
#include "pg/two_samples.h"

PG_FUNCTION_INFO_V1(mlops_two_samples_in);
PG_FUNCTION_INFO_V1(mlops_two_samples_out);
PG_FUNCTION_INFO_V1(mlops_two_samples_recv);
PG_FUNCTION_INFO_V1(mlops_two_samples_send);
PG_FUNCTION_INFO_V1(mlops_two_samples_add_boolean);
PG_FUNCTION_INFO_V1(mlops_two_samples_add_bigint);
PG_FUNCTION_INFO_V1(mlops_two_samples_add_float8);
PG_FUNCTION_INFO_V1(mlops_two_samples_add_k_boolean);
PG_FUNCTION_INFO_V1(mlops_two_samples_add_k_bigint);
PG_FUNCTION_INFO_V1(mlops_two_samples_add_k_float8);
PG_FUNCTION_INFO_V1(mlops_two_samples_add_share_boolean);
PG_FUNCTION_INFO_V1(mlops_two_samples_add_share_bigint);
PG_FUNCTION_INFO_V1(mlops_two_samples_add_share_float8);
PG_FUNCTION_INFO_V1(mlops_two_samples_merge);
PG_FUNCTION_INFO_V1(mlops_two_samples_roc_auc);
PG_FUNCTION_INFO_V1(mlops_two_samples_pr_auc);
PG_FUNCTION_INFO_V1(mlops_two_samples_ks_stat);
PG_FUNCTION_INFO_V1(mlops_two_samples_precision_at_k);
PG_FUNCTION_INFO_V1(mlops_two_samples_lift);

Datum
mlops_two_samples_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(mlops_state_in(PG_GETARG_CSTRING(0), &mlops_two_samples_type));
}

Datum
mlops_two_samples_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(mlops_state_out(PG_GETARG_DATUM(0), &mlops_two_samples_type));
}

Datum
mlops_two_samples_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(mlops_state_recv((StringInfo) PG_GETARG_POINTER(0), &mlops_two_samples_type));
}

Datum
mlops_two_samples_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(mlops_state_send(PG_GETARG_DATUM(0), &mlops_two_samples_type));
}

/* --- rows --------------------------------------------------------------- */

/* state, actual, score [, weight] [, k or share] */
static Datum
add_row(FunctionCallInfo fcinfo, bool positive, double top)
{
	MlopsTwoSamples *s;
	double		score = PG_GETARG_FLOAT8(2);
	double		weight = PG_NARGS() > (top == 0 ? 3 : 4) ? mlops_metric_weight(fcinfo, 3) : 1;

	if (isnan(score))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"score\" must not be NaN")));
	s = (MlopsTwoSamples *) mlops_state_for_update(fcinfo, &mlops_two_samples_type);
	mlops_two_samples_set_top(s, top);
	mlops_two_samples_add(s, positive, score, weight);
	PG_RETURN_DATUM(mlops_state_datum(&s->state));
}

static double
rows_at_top(FunctionCallInfo fcinfo)
{
	int32		k = PG_GETARG_INT32(PG_NARGS() - 1);

	if (k < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"k\" must be at least 1, not %d", k)));
	return k;
}

static double
share_at_top(FunctionCallInfo fcinfo)
{
	double		share = PG_GETARG_FLOAT8(PG_NARGS() - 1);

	if (!(share > 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"share\" must be above 0 and at most 1, not %s", float8out_internal(share))));
	return -share;
}

Datum
mlops_two_samples_add_boolean(PG_FUNCTION_ARGS)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_row(fcinfo, PG_GETARG_BOOL(1), 0);
}

Datum
mlops_two_samples_add_bigint(PG_FUNCTION_ARGS)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_row(fcinfo, mlops_metric_class((double) PG_GETARG_INT64(1), "actual") == 1, 0);
}

Datum
mlops_two_samples_add_float8(PG_FUNCTION_ARGS)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_row(fcinfo, mlops_metric_class(PG_GETARG_FLOAT8(1), "actual") == 1, 0);
}

Datum
mlops_two_samples_add_k_boolean(PG_FUNCTION_ARGS)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_row(fcinfo, PG_GETARG_BOOL(1), rows_at_top(fcinfo));
}

Datum
mlops_two_samples_add_k_bigint(PG_FUNCTION_ARGS)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_row(fcinfo, mlops_metric_class((double) PG_GETARG_INT64(1), "actual") == 1, rows_at_top(fcinfo));
}

Datum
mlops_two_samples_add_k_float8(PG_FUNCTION_ARGS)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_row(fcinfo, mlops_metric_class(PG_GETARG_FLOAT8(1), "actual") == 1, rows_at_top(fcinfo));
}

Datum
mlops_two_samples_add_share_boolean(PG_FUNCTION_ARGS)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_row(fcinfo, PG_GETARG_BOOL(1), share_at_top(fcinfo));
}

Datum
mlops_two_samples_add_share_bigint(PG_FUNCTION_ARGS)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_row(fcinfo, mlops_metric_class((double) PG_GETARG_INT64(1), "actual") == 1, share_at_top(fcinfo));
}

Datum
mlops_two_samples_add_share_float8(PG_FUNCTION_ARGS)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_row(fcinfo, mlops_metric_class(PG_GETARG_FLOAT8(1), "actual") == 1, share_at_top(fcinfo));
}

Datum
mlops_two_samples_merge(PG_FUNCTION_ARGS)
{
	MlopsTwoSamples *s;

	if (PG_ARGISNULL(1))
		return mlops_metric_row_skip(fcinfo);
	s = (MlopsTwoSamples *) mlops_state_for_update(fcinfo, &mlops_two_samples_type);
	mlops_two_samples_combine(s, (MlopsTwoSamples *) mlops_state_for_read(PG_GETARG_DATUM(1),
																		   &mlops_two_samples_type));
	PG_RETURN_DATUM(mlops_state_datum(&s->state));
}

/* --- figures ------------------------------------------------------------ */

static MlopsTwoSamples *
argument_state(FunctionCallInfo fcinfo)
{
	return (MlopsTwoSamples *) mlops_state_for_read(PG_GETARG_DATUM(0), &mlops_two_samples_type);
}

Datum
mlops_two_samples_roc_auc(PG_FUNCTION_ARGS)
{
	MlopsTwoSamples *s = argument_state(fcinfo);

	return mlops_metric_figure(fcinfo, ml_two_samples_roc_auc(mlops_two_samples_settled(s)));
}

Datum
mlops_two_samples_pr_auc(PG_FUNCTION_ARGS)
{
	MlopsTwoSamples *s = argument_state(fcinfo);

	return mlops_metric_figure(fcinfo, ml_two_samples_average_precision(mlops_two_samples_settled(s)));
}

Datum
mlops_two_samples_ks_stat(PG_FUNCTION_ARGS)
{
	MlopsTwoSamples *s = argument_state(fcinfo);

	return mlops_metric_figure(fcinfo, ml_two_samples_ks(mlops_two_samples_settled(s)));
}

Datum
mlops_two_samples_precision_at_k(PG_FUNCTION_ARGS)
{
	MlopsTwoSamples *s = argument_state(fcinfo);

	if (s->top < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state was collected without the argument \"k\"")));
	return mlops_metric_figure(fcinfo, ml_two_samples_precision_at(mlops_two_samples_settled(s), s->top));
}

Datum
mlops_two_samples_lift(PG_FUNCTION_ARGS)
{
	MlopsTwoSamples *s = argument_state(fcinfo);

	if (s->top >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state was collected without the argument \"share\"")));
	return mlops_metric_figure(fcinfo, ml_two_samples_lift(mlops_two_samples_settled(s), -s->top));
}
