/*
 * history_ewma.c: mlops_ewma_state and mlops_ewma.
 *
 * A moving aggregate like mlops_moments (history_moments.c).  Its result is
 * the state itself, which mlops_ewma reads.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "api/metric_row.h"
#include "kernel/ewma_sums.h"
#include "pg/duration.h"
#include "pg/sums.h"

#define LENGTH MLOPS_SUMS_LENGTH(MlEwmaSums)

StaticAssertDecl(sizeof(MlEwmaSums) == 13 * sizeof(double), "the state of mlops_ewma_state is stored and sent");

/* Rows without one of the three, or with a time that is no time, are skipped. */
static bool
is_skipped(FunctionCallInfo fcinfo)
{
	return mlops_metric_row_has_null(fcinfo) || TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMP(2));
}

static int64
half_life_argument(FunctionCallInfo fcinfo)
{
	double		microseconds = rint(mlops_duration(PG_GETARG_INTERVAL_P(3)) * USECS_PER_SEC);

	if (!(microseconds >= ML_EWMA_MIN_HALF_LIFE && microseconds <= ML_EWMA_MAX_HALF_LIFE))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"half_life\" must be between 1 second and 36500 days")));
	return (int64) microseconds;
}

static void
check_half_life(const MlEwmaSums *sums, int64 half_life)
{
	if (ml_ewma_sums_differ(sums, half_life))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"half_life\" must be the same in all rows")));
}

/* state, x, ts, half_life; never NULL, as a moving aggregate demands */
PG_FUNCTION_INFO_V1(mlops_ewma_add);
Datum
mlops_ewma_add(PG_FUNCTION_ARGS)
{
	ArrayType  *state = mlops_sums_state(fcinfo, LENGTH);
	MlEwmaSums *sums = mlops_sums_data(state, LENGTH);

	if (!is_skipped(fcinfo))
	{
		int64		half_life = half_life_argument(fcinfo);

		check_half_life(sums, half_life);
		ml_ewma_sums_add(sums, PG_GETARG_FLOAT8(1), PG_GETARG_TIMESTAMP(2), half_life);
	}
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(mlops_ewma_remove);
Datum
mlops_ewma_remove(PG_FUNCTION_ARGS)
{
	ArrayType  *state = mlops_sums_state(fcinfo, LENGTH);
	MlEwmaSums *sums = mlops_sums_data(state, LENGTH);

	if (!is_skipped(fcinfo) &&
		!ml_ewma_sums_remove(sums, PG_GETARG_FLOAT8(1), PG_GETARG_TIMESTAMP(2), half_life_argument(fcinfo)))
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(mlops_ewma_merge);
Datum
mlops_ewma_merge(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	MlEwmaSums *sums;
	const MlEwmaSums *other;

	if (PG_ARGISNULL(1))
		return mlops_metric_row_skip(fcinfo);
	state = mlops_sums_state(fcinfo, LENGTH);
	sums = mlops_sums_data(state, LENGTH);
	other = mlops_sums_data(mlops_sums_read(fcinfo, 1), LENGTH);
	if (other->finite > 0 && sums->finite > 0 && other->half_life != sums->half_life)
		check_half_life(sums, -1);
	ml_ewma_sums_merge(sums, other);
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(mlops_ewma);
Datum
mlops_ewma(PG_FUNCTION_ARGS)
{
	double		mean = ml_ewma_sums_mean(mlops_sums_data(mlops_sums_read(fcinfo, 0), LENGTH));

	if (!isfinite(mean))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(mean);
}
