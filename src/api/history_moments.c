/*
 * history_moments.c: mlops_moments and mlops_zscore.
 *
 * The aggregate is a moving one: in a sliding frame the server takes rows
 * back with mlops_moments_remove.  Its NULL says that too little is left of
 * the sums to go on from: the server then adds the rows of the frame anew.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "api/metric_row.h"
#include "kernel/moving_moments.h"
#include "pg/sums.h"

#define LENGTH MLOPS_SUMS_LENGTH(MlMovingMoments)
#define FIGURES 3				/* count, mean, stddev */

StaticAssertDecl(sizeof(MlMovingMoments) == 19 * sizeof(double), "the state of mlops_moments is stored and sent");

/* state, x; never NULL, as a moving aggregate demands */
PG_FUNCTION_INFO_V1(mlops_moments_add);
Datum
mlops_moments_add(PG_FUNCTION_ARGS)
{
	ArrayType  *state = mlops_sums_state(fcinfo, LENGTH);
	MlMovingMoments *moments = mlops_sums_data(state, LENGTH);

	if (!PG_ARGISNULL(1))
		ml_moving_moments_add(moments, PG_GETARG_FLOAT8(1));
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(mlops_moments_remove);
Datum
mlops_moments_remove(PG_FUNCTION_ARGS)
{
	ArrayType  *state = mlops_sums_state(fcinfo, LENGTH);
	MlMovingMoments *moments = mlops_sums_data(state, LENGTH);

	if (!PG_ARGISNULL(1) && !ml_moving_moments_remove(moments, PG_GETARG_FLOAT8(1)))
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(mlops_moments_merge);
Datum
mlops_moments_merge(PG_FUNCTION_ARGS)
{
	ArrayType  *state;

	if (PG_ARGISNULL(1))
		return mlops_metric_row_skip(fcinfo);
	state = mlops_sums_state(fcinfo, LENGTH);
	ml_moving_moments_merge(mlops_sums_data(state, LENGTH), mlops_sums_data(mlops_sums_read(fcinfo, 1), LENGTH));
	PG_RETURN_ARRAYTYPE_P(state);
}

/* float8[]: count, mean and standard deviation; NULL for no numbers */
PG_FUNCTION_INFO_V1(mlops_moments_figures);
Datum
mlops_moments_figures(PG_FUNCTION_ARGS)
{
	const MlMovingMoments *moments = mlops_sums_data(mlops_sums_read(fcinfo, 0), LENGTH);
	double		count = ml_moving_moments_count(moments);
	int			length = FIGURES;
	int			lower_bound = 1;
	Datum		figure[FIGURES];
	bool		null[FIGURES] = {false, false, count < 2};

	if (!(count > 0))
		PG_RETURN_NULL();
	figure[0] = Float8GetDatum(count);
	figure[1] = Float8GetDatum(ml_moving_moments_mean(moments));
	figure[2] = null[2] ? (Datum) 0 : Float8GetDatum(ml_moving_moments_stddev(moments));
	PG_RETURN_ARRAYTYPE_P(construct_md_array(figure, null, 1, &length, &lower_bound, FLOAT8OID, sizeof(float8),
											 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* x, moments */
PG_FUNCTION_INFO_V1(mlops_zscore);
Datum
mlops_zscore(PG_FUNCTION_ARGS)
{
	double		x = PG_GETARG_FLOAT8(0);
	ArrayType  *moments = PG_GETARG_ARRAYTYPE_P(1);
	const double *figure = (const double *) ARR_DATA_PTR(moments);
	double		mean;
	double		stddev;
	double		z;

	if (ARR_NDIM(moments) != 1 || ARR_DIMS(moments)[0] != FIGURES || ARR_ELEMTYPE(moments) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"moments\" must be count, mean and standard deviation, "
						"as mlops_moments gives them")));
	/* a single number has no standard deviation */
	if (array_contains_nulls(moments))
		PG_RETURN_NULL();
	mean = figure[1];
	stddev = figure[2];
	if (!isfinite(x) || !isfinite(mean) || !isfinite(stddev) || stddev < 0)
		PG_RETURN_NULL();
	if (stddev == 0)
	{
		if (x != mean)
			PG_RETURN_NULL();
		PG_RETURN_FLOAT8(0);
	}
	z = (x - mean) / stddev;
	if (isinf(z))
		z = x / stddev - mean / stddev;
	if (!isfinite(z))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(z);
}
