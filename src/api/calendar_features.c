/*
 * calendar_features.c: mlops_is_weekend, mlops_is_business_hours.
 *
 * Days and hours are those of the clock on the wall: of a date or timestamp
 * as it stands, of a timestamptz in the time zone that is named.  The
 * session's time zone has no say.  Infinite times have no day: NULL.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(mlops_is_weekend_date);
PG_FUNCTION_INFO_V1(mlops_is_weekend_timestamp);
PG_FUNCTION_INFO_V1(mlops_is_weekend_timestamptz);
PG_FUNCTION_INFO_V1(mlops_is_business_hours_timestamp);
PG_FUNCTION_INFO_V1(mlops_is_business_hours_timestamptz);

static bool
is_weekend(DateADT date)
{
	int			day = j2day(date + POSTGRES_EPOCH_JDATE);

	return day == 0 || day == 6;
}

/* Day, and microseconds since its midnight. */
static DateADT
day_of(Timestamp at, TimeADT *time)
{
	int64		day = at / USECS_PER_DAY;

	*time = at % USECS_PER_DAY;
	if (*time < 0)
	{
		*time += USECS_PER_DAY;
		day--;
	}
	return (DateADT) day;
}

static Timestamp
wall_clock(Datum at, Datum zone)
{
	return DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone, at));
}

static Datum
weekend(FunctionCallInfo fcinfo, Timestamp at)
{
	TimeADT		time;

	if (TIMESTAMP_NOT_FINITE(at))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(is_weekend(day_of(at, &time)));
}

Datum
mlops_is_weekend_date(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(0);

	if (DATE_NOT_FINITE(date))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(is_weekend(date));
}

Datum
mlops_is_weekend_timestamp(PG_FUNCTION_ARGS)
{
	return weekend(fcinfo, PG_GETARG_TIMESTAMP(0));
}

Datum
mlops_is_weekend_timestamptz(PG_FUNCTION_ARGS)
{
	return weekend(fcinfo, wall_clock(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)));
}

static bool
is_holiday(DateADT date, ArrayType *holidays)
{
	int			n = ArrayGetNItems(ARR_NDIM(holidays), ARR_DIMS(holidays));
	const DateADT *holiday = (const DateADT *) ARR_DATA_PTR(holidays);

	if (ARR_HASNULL(holidays))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("holidays must not contain NULL")));
	for (int i = 0; i < n; i++)
	{
		if (holiday[i] == date)
			return true;
	}
	return false;
}

/* open, close and holidays are the arguments from `first` on. */
static Datum
business_hours(FunctionCallInfo fcinfo, Timestamp at, int first)
{
	TimeADT		open = PG_GETARG_TIMEADT(first);
	TimeADT		close = PG_GETARG_TIMEADT(first + 1);
	ArrayType  *holidays = PG_GETARG_ARRAYTYPE_P(first + 2);
	TimeADT		time;
	DateADT		date;

	if (open >= close)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("business hours must open before they close"),
				 errhint("For hours across midnight ask for the hours in between and negate the answer.")));
	if (TIMESTAMP_NOT_FINITE(at))
		PG_RETURN_NULL();
	date = day_of(at, &time);
	PG_RETURN_BOOL(time >= open && time < close && !is_weekend(date) && !is_holiday(date, holidays));
}

Datum
mlops_is_business_hours_timestamp(PG_FUNCTION_ARGS)
{
	return business_hours(fcinfo, PG_GETARG_TIMESTAMP(0), 1);
}

Datum
mlops_is_business_hours_timestamptz(PG_FUNCTION_ARGS)
{
	return business_hours(fcinfo, wall_clock(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)), 2);
}
