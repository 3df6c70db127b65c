/*
 * metric_row.h: the arguments of one row of a metric aggregate, checked the
 * same way and with the same words everywhere.
 *
 * Argument 0 is the aggregate's state; the row begins at 1.  A row with a
 * NULL is skipped before anything of it is looked at.
 */
#ifndef MLOPS_METRIC_ROW_H
#define MLOPS_METRIC_ROW_H

#include <math.h>

#include "fmgr.h"
#include "utils/float.h"

static inline bool
mlops_metric_row_has_null(FunctionCallInfo fcinfo)
{
	for (int i = 1; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			return true;
	return false;
}

/* What a transition function returns for a row that is skipped. */
static inline Datum
mlops_metric_row_skip(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return PG_GETARG_DATUM(0);
}

static inline double
mlops_metric_number(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		x = PG_GETARG_FLOAT8(n);

	if (!isfinite(x))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a finite number, not %s", name, float8out_internal(x))));
	return x;
}

/* A row of weight 0 is to be skipped, but not before its other arguments are checked. */
static inline double
mlops_metric_weight(FunctionCallInfo fcinfo, int n)
{
	double		w = PG_GETARG_FLOAT8(n);

	if (!(w >= 0) || isinf(w))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"weight\" must be a finite number of at least 0, not %s", float8out_internal(w))));
	return w;
}

static inline double
mlops_metric_probability(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		p = PG_GETARG_FLOAT8(n);

	if (!(p >= 0 && p <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be between 0 and 1, not %s", name, float8out_internal(p))));
	return p;
}

/* Of two classes, given as a number. */
static inline double
mlops_metric_class(double y, const char *name)
{
	if (y != 0 && y != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be 0 or 1, not %s", name, float8out_internal(y))));
	return y;
}

/* NaN: these rows have no such figure; infinite: beyond the range of a double. */
static inline Datum
mlops_metric_figure(FunctionCallInfo fcinfo, double value)
{
	if (isinf(value))
		float_overflow_error();
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

#endif
