/*
 * latest_position.c: mlops.latest_position, the window aggregate of
 * point-in-time joins.
 *
 * Rows come in the order in which they become known; the latest is the
 * greatest by event time, then created time, then the later one.  It only
 * ever changes to the row that has just come.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "pg/feature_view.h"

PG_FUNCTION_INFO_V1(mlops_latest_position_add);
PG_FUNCTION_INFO_V1(mlops_latest_position_get);

typedef struct LatestPosition
{
	int32		rows;			/* seen so far */
	int32		position;		/* of the latest feature row, from 1; 0 = none yet */
	TimestampTz event;			/* of it */
	TimestampTz created;
	bool		looks;			/* the current row looks for a feature row */
	TimestampTz oldest;			/* ... of this time or later */
} LatestPosition;

static LatestPosition *
state_of(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "latest_position called outside of an aggregate");
	if (PG_ARGISNULL(0))
		return MemoryContextAllocZero(context, sizeof(LatestPosition));
	return (LatestPosition *) PG_GETARG_POINTER(0);
}

static void
take_feature_row(LatestPosition *state, TimestampTz event, TimestampTz created)
{
	if (state->position > 0 && (event < state->event || (event == state->event && created < state->created)))
		return;
	state->position = state->rows;
	state->event = event;
	state->created = created;
}

/* state, event time, created time, at, ttl: at is of rows that look, event time of the others. */
Datum
mlops_latest_position_add(PG_FUNCTION_ARGS)
{
	LatestPosition *state = state_of(fcinfo);

	if (state->rows == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d rows of one entity", PG_INT32_MAX)));
	state->rows++;
	state->looks = !PG_ARGISNULL(3);
	if (state->looks)
		state->oldest = PG_ARGISNULL(4) ? DT_NOBEGIN :
			mlops_time_before(PG_GETARG_TIMESTAMPTZ(3), mlops_interval_span(PG_GETARG_INTERVAL_P(4)));
	else if (!PG_ARGISNULL(1))
		take_feature_row(state, PG_GETARG_TIMESTAMPTZ(1), PG_ARGISNULL(2) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(2));
	PG_RETURN_POINTER(state);
}

Datum
mlops_latest_position_get(PG_FUNCTION_ARGS)
{
	LatestPosition *state = PG_ARGISNULL(0) ? NULL : (LatestPosition *) PG_GETARG_POINTER(0);

	if (state == NULL || !state->looks || state->position == 0 || state->event < state->oldest)
		PG_RETURN_NULL();
	PG_RETURN_INT32(state->position);
}
