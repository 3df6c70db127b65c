/*
 * sums.c: making, checking and changing the array states of aggregates.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/sums.h"

static ArrayType *
new_state(int length)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(double) * length;
	ArrayType  *state = palloc0(size);

	SET_VARSIZE(state, size);
	state->ndim = 1;
	state->dataoffset = 0;
	state->elemtype = FLOAT8OID;
	ARR_DIMS(state)[0] = length;
	ARR_LBOUND(state)[0] = 1;
	return state;
}

ArrayType *
mlops_sums_read(FunctionCallInfo fcinfo, int n)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(n);

	if (ARR_NDIM(state) != 1 || ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of a metric must be a one-dimensional float8 array without nulls")));
	return state;
}

ArrayType *
mlops_sums_state(FunctionCallInfo fcinfo, int length)
{
	ArrayType  *state;

	if (PG_ARGISNULL(0))
		return new_state(length);
	state = mlops_sums_read(fcinfo, 0);
	if (AggCheckCallContext(fcinfo, NULL) == 0 && (Pointer) state == PG_GETARG_POINTER(0))
	{
		ArrayType  *copy = palloc(VARSIZE(state));

		memcpy(copy, state, VARSIZE(state));
		state = copy;
	}
	return state;
}

int
mlops_sums_length(const ArrayType *state)
{
	return ARR_DIMS(state)[0];
}

void *
mlops_sums_data(ArrayType *state, int length)
{
	if (mlops_sums_length(state) != length)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of this metric must have %d numbers, not %d", length, mlops_sums_length(state))));
	return ARR_DATA_PTR(state);
}
