/*
 * row_features.c: features of one value, in numbers and texts:
 * mlops_bucketize, mlops_is_round, mlops_hash_bucket, mlops_cyclic_sin,
 * mlops_cyclic_cos, mlops_clip.
 *
 * All depend on their arguments alone.  A NaN is a value that is missing, as
 * it is to a model.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "kernel/cyclic.h"
#include "kernel/hash.h"
#include "pg/pg_compat.h"

PG_FUNCTION_INFO_V1(mlops_bucketize);
PG_FUNCTION_INFO_V1(mlops_is_round);
PG_FUNCTION_INFO_V1(mlops_hash_bucket);
PG_FUNCTION_INFO_V1(mlops_cyclic_sin);
PG_FUNCTION_INFO_V1(mlops_cyclic_cos);
PG_FUNCTION_INFO_V1(mlops_clip);

/* Units apart: 0.3 is a multiple of 0.1, though neither of the two doubles says so. */
#define ROUND_ERROR 1e-9

static const double *
ascending_edges(ArrayType *array, int *n)
{
	const double *edge = (const double *) ARR_DATA_PTR(array);

	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("edges of buckets must be a one-dimensional array without NULLs")));
	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	for (int i = 0; i < *n; i++)
	{
		if (isnan(edge[i]) || (i > 0 && !(edge[i - 1] < edge[i])))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("edges of buckets must ascend"),
					 isnan(edge[i]) ? errdetail("Edge %d is not a number.", i + 1) :
					 errdetail("Edge %d is %g, edge %d is %g.", i, edge[i - 1], i + 1, edge[i])));
	}
	return edge;
}

Datum
mlops_bucketize(PG_FUNCTION_ARGS)
{
	double		x = PG_GETARG_FLOAT8(0);
	int			n;
	const double *edge = ascending_edges(PG_GETARG_ARRAYTYPE_P(1), &n);
	int			bucket = 0;

	if (isnan(x))
		PG_RETURN_NULL();
	/* looking at all of them is what made sure of their order, too */
	for (int i = 0; i < n; i++)
		bucket += edge[i] <= x;
	PG_RETURN_INT32(bucket);
}

Datum
mlops_is_round(PG_FUNCTION_ARGS)
{
	double		x = PG_GETARG_FLOAT8(0);
	double		unit = PG_GETARG_FLOAT8(1);
	double		units = x / unit;

	if (!(unit > 0) || isinf(unit))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unit of round numbers must be positive and finite")));
	if (isnan(x))
		PG_RETURN_NULL();
	if (isinf(x))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(fabs(units - rint(units)) <= Max(ROUND_ERROR, fabs(units) * 0x1p-51));
}

Datum
mlops_hash_bucket(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	int32		n = PG_GETARG_INT32(1);

	if (n < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of buckets must be at least 1, not %d", n)));
	PG_RETURN_INT32(ml_hash_bucket(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), n));
}

static bool
on_a_circle(double x, double period)
{
	if (!(period > 0) || isinf(period))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period must be positive and finite")));
	return isfinite(x);
}

Datum
mlops_cyclic_sin(PG_FUNCTION_ARGS)
{
	double		x = PG_GETARG_FLOAT8(0);
	double		period = PG_GETARG_FLOAT8(1);

	if (!on_a_circle(x, period))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ml_cyclic_sin(x, period));
}

Datum
mlops_cyclic_cos(PG_FUNCTION_ARGS)
{
	double		x = PG_GETARG_FLOAT8(0);
	double		period = PG_GETARG_FLOAT8(1);

	if (!on_a_circle(x, period))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ml_cyclic_cos(x, period));
}

/* Not strict: a bound that is NULL is none. */
Datum
mlops_clip(PG_FUNCTION_ARGS)
{
	double		low = PG_ARGISNULL(1) ? -INFINITY : PG_GETARG_FLOAT8(1);
	double		high = PG_ARGISNULL(2) ? INFINITY : PG_GETARG_FLOAT8(2);
	double		x;

	if (!(low <= high))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lower bound %g is not below upper bound %g", low, high)));
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	x = PG_GETARG_FLOAT8(0);
	PG_RETURN_FLOAT8(x < low ? low : x > high ? high : x);
}
