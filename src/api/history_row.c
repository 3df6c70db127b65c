/*
 * history_row.c: mlops_seconds_since and mlops_velocity.
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "pg/duration.h"

#define SECONDS_PER_HOUR 3600.0

/* ts, last_ts; timestamptz or timestamp, which are the same to C */
PG_FUNCTION_INFO_V1(mlops_seconds_since);
Datum
mlops_seconds_since(PG_FUNCTION_ARGS)
{
	Timestamp	ts = PG_GETARG_TIMESTAMP(0);
	Timestamp	last = PG_GETARG_TIMESTAMP(1);
	int64		microseconds;

	if (TIMESTAMP_NOT_FINITE(ts) || TIMESTAMP_NOT_FINITE(last))
		PG_RETURN_NULL();
	if (pg_sub_s64_overflow(ts, last, &microseconds))
		PG_RETURN_FLOAT8((double) ts / USECS_PER_SEC - (double) last / USECS_PER_SEC);
	PG_RETURN_FLOAT8((double) microseconds / USECS_PER_SEC);
}

/* count, period */
PG_FUNCTION_INFO_V1(mlops_velocity);
Datum
mlops_velocity(PG_FUNCTION_ARGS)
{
	int64		count = PG_GETARG_INT64(0);
	double		seconds = mlops_duration(PG_GETARG_INTERVAL_P(1));

	if (count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"count\" must not be negative, but is %lld", (long long) count)));
	if (!(seconds > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"period\" must be longer than 0")));
	PG_RETURN_FLOAT8((double) count * SECONDS_PER_HOUR / seconds);
}
