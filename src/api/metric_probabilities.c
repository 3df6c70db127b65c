/*
 * metric_probabilities.c: mlops_log_loss, mlops_brier and mlops_ece.
 *
 * Log loss and Brier score have one transition function and one state for
 * each type of label; the calibration error has a state with a sum for each
 * bin, whose number follows from the state's length.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "api/metric_row.h"
#include "kernel/probability_sums.h"
#include "pg/sums.h"

#define LENGTH MLOPS_SUMS_LENGTH(MlProbabilitySums)

StaticAssertDecl(sizeof(MlProbabilitySums) == 6 * sizeof(double),
				 "the state of the probability metrics is stored and sent");
StaticAssertDecl(sizeof(MlCalibrationSums) == ML_CALIBRATION_LENGTH(0) * sizeof(double),
				 "the state of the calibration error is stored and sent");

/* ---------- types of labels ---------- */

typedef double (*ReadLabel) (FunctionCallInfo fcinfo, int n);

static double
label_boolean(FunctionCallInfo fcinfo, int n)
{
	return PG_GETARG_BOOL(n);
}

static double
label_bigint(FunctionCallInfo fcinfo, int n)
{
	return mlops_metric_class((double) PG_GETARG_INT64(n), "actual");
}

static double
label_float8(FunctionCallInfo fcinfo, int n)
{
	return mlops_metric_class(PG_GETARG_FLOAT8(n), "actual");
}

/* ---------- log loss and Brier score ---------- */

static inline Datum
add_probability(FunctionCallInfo fcinfo, double y, double p)
{
	double		w = PG_NARGS() > 3 ? mlops_metric_weight(fcinfo, 3) : 1;
	ArrayType  *state;

	if (w == 0)
		return mlops_metric_row_skip(fcinfo);
	state = mlops_sums_state(fcinfo, LENGTH);
	ml_probability_sums_add(mlops_sums_data(state, LENGTH), y, p, w);
	PG_RETURN_ARRAYTYPE_P(state);
}

/* state, actual, score [, weight] */
static inline Datum
add_label(FunctionCallInfo fcinfo, ReadLabel label)
{
	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	return add_probability(fcinfo, label(fcinfo, 1), mlops_metric_probability(fcinfo, 2, "score"));
}

/* What "proba", an object of one probability a class, gives to the class. */
static double
class_probability(Jsonb *proba, const char *label, int length)
{
	JsonbValue	space;
	JsonbValue *value;
	double		p;

	if (!JB_ROOT_IS_OBJECT(proba))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"proba\" must be a JSON object of class and probability")));
	value = getKeyJsonValueFromContainer(&proba->root, label, length, &space);
	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"proba\" has no class \"%s\"", pnstrdup(label, length)),
				 errhint("FILTER (WHERE proba ? actual) leaves out classes that the model does not know.")));
	if (value->type == jbvNumeric)
	{
		/* a numeric beyond float8 is beyond 1 as well, and must not be an error of another kind */
		p = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
		if (p >= 0 && p <= 1)
			return p;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"proba\" must give class \"%s\" a number between 0 and 1", pnstrdup(label, length))));
}

/* state, actual, proba [, weight] */
PG_FUNCTION_INFO_V1(mlops_probability_sums_add_text);
Datum
mlops_probability_sums_add_text(PG_FUNCTION_ARGS)
{
	text	   *label;

	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	label = PG_GETARG_TEXT_PP(1);
	return add_probability(fcinfo, 1,
						   class_probability(PG_GETARG_JSONB_P(2), VARDATA_ANY(label), VARSIZE_ANY_EXHDR(label)));
}

PG_FUNCTION_INFO_V1(mlops_probability_sums_merge);
Datum
mlops_probability_sums_merge(PG_FUNCTION_ARGS)
{
	ArrayType  *state;

	if (PG_ARGISNULL(1))
		return mlops_metric_row_skip(fcinfo);
	state = mlops_sums_state(fcinfo, LENGTH);
	ml_probability_sums_merge(mlops_sums_data(state, LENGTH), mlops_sums_data(mlops_sums_read(fcinfo, 1), LENGTH));
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(mlops_probability_sums_log_loss);
Datum
mlops_probability_sums_log_loss(PG_FUNCTION_ARGS)
{
	const MlProbabilitySums *sums = mlops_sums_data(mlops_sums_read(fcinfo, 0), LENGTH);

	return mlops_metric_figure(fcinfo, ml_probability_sums_log_loss(sums));
}

PG_FUNCTION_INFO_V1(mlops_probability_sums_brier);
Datum
mlops_probability_sums_brier(PG_FUNCTION_ARGS)
{
	const MlProbabilitySums *sums = mlops_sums_data(mlops_sums_read(fcinfo, 0), LENGTH);

	return mlops_metric_figure(fcinfo, ml_probability_sums_brier(sums));
}

/* ---------- calibration error ---------- */

/* Bins of a state whose length is nobody's promise. */
static int
state_bins(const ArrayType *state)
{
	int			bins = (mlops_sums_length(state) - ML_CALIBRATION_LENGTH(0)) / 2;

	return Max(1, Min(bins, ML_ECE_MAX_BINS));
}

static MlCalibrationSums *
calibration(ArrayType *state, int bins)
{
	if (state_bins(state) != bins)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"bins\" must be the same in all rows, not %d and %d", state_bins(state), bins)));
	return mlops_sums_data(state, ML_CALIBRATION_LENGTH(bins));
}

/* state, actual, score [, weight] [, bins] */
static inline Datum
add_calibration(FunctionCallInfo fcinfo, ReadLabel label, bool with_bins)
{
	int			last = PG_NARGS() - 1;
	int			bins = ML_ECE_BINS;
	ArrayType  *state;
	double		y;
	double		p;
	double		w;

	if (mlops_metric_row_has_null(fcinfo))
		return mlops_metric_row_skip(fcinfo);
	if (with_bins)
		bins = PG_GETARG_INT32(last--);
	if (bins < 1 || bins > ML_ECE_MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"bins\" must be between 1 and %d, not %d", ML_ECE_MAX_BINS, bins)));
	y = label(fcinfo, 1);
	p = mlops_metric_probability(fcinfo, 2, "score");
	w = last > 2 ? mlops_metric_weight(fcinfo, 3) : 1;
	if (w == 0)
		return mlops_metric_row_skip(fcinfo);
	state = mlops_sums_state(fcinfo, ML_CALIBRATION_LENGTH(bins));
	ml_calibration_sums_add(calibration(state, bins), bins, y, p, w);
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(mlops_calibration_sums_merge);
Datum
mlops_calibration_sums_merge(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	ArrayType  *other;
	int			bins;

	if (PG_ARGISNULL(1))
		return mlops_metric_row_skip(fcinfo);
	other = mlops_sums_read(fcinfo, 1);
	bins = state_bins(other);
	state = mlops_sums_state(fcinfo, ML_CALIBRATION_LENGTH(bins));
	ml_calibration_sums_merge(calibration(state, bins), bins, calibration(other, bins));
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(mlops_calibration_sums_ece);
Datum
mlops_calibration_sums_ece(PG_FUNCTION_ARGS)
{
	ArrayType  *state = mlops_sums_read(fcinfo, 0);
	int			bins = state_bins(state);

	return mlops_metric_figure(fcinfo, ml_calibration_sums_ece(calibration(state, bins), bins));
}

/* The transition functions of one type of label; with or without weight, by the number of arguments. */
#define ENTRIES(type) \
	PG_FUNCTION_INFO_V1(mlops_probability_sums_add_##type); \
	Datum \
	mlops_probability_sums_add_##type(PG_FUNCTION_ARGS) \
	{ \
		return add_label(fcinfo, label_##type); \
	} \
	PG_FUNCTION_INFO_V1(mlops_calibration_sums_add_##type); \
	Datum \
	mlops_calibration_sums_add_##type(PG_FUNCTION_ARGS) \
	{ \
		return add_calibration(fcinfo, label_##type, false); \
	} \
	PG_FUNCTION_INFO_V1(mlops_calibration_sums_add_##type##_bins); \
	Datum \
	mlops_calibration_sums_add_##type##_bins(PG_FUNCTION_ARGS) \
	{ \
		return add_calibration(fcinfo, label_##type, true); \
	}

ENTRIES(boolean)
ENTRIES(bigint)
ENTRIES(float8)
