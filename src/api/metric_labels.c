/*
 * metric_labels.c: aggregates over actual and predicted labels.
 *
 * One state for all of them (pg/crosstab.h), so that several in one query
 * read their rows once.  Labels of type bigint and boolean are kept as the
 * text that these types are written as.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "api/metric_row.h"
#include "pg/crosstab.h"
#include "pg/pg_compat.h"

#define BIGINT_TEXT_BYTES 21	/* sign, 19 digits, a zero byte */

PG_FUNCTION_INFO_V1(mlops_crosstab_in);
PG_FUNCTION_INFO_V1(mlops_crosstab_out);
PG_FUNCTION_INFO_V1(mlops_crosstab_recv);
PG_FUNCTION_INFO_V1(mlops_crosstab_send);
PG_FUNCTION_INFO_V1(mlops_crosstab_add_text);
PG_FUNCTION_INFO_V1(mlops_crosstab_add_bigint);
PG_FUNCTION_INFO_V1(mlops_crosstab_add_boolean);
PG_FUNCTION_INFO_V1(mlops_crosstab_add_text_average);
PG_FUNCTION_INFO_V1(mlops_crosstab_add_bigint_average);
PG_FUNCTION_INFO_V1(mlops_crosstab_combine);
PG_FUNCTION_INFO_V1(mlops_crosstab_accuracy);
PG_FUNCTION_INFO_V1(mlops_crosstab_balanced_accuracy);
PG_FUNCTION_INFO_V1(mlops_crosstab_mcc);
PG_FUNCTION_INFO_V1(mlops_crosstab_precision);
PG_FUNCTION_INFO_V1(mlops_crosstab_recall);
PG_FUNCTION_INFO_V1(mlops_crosstab_f1);
PG_FUNCTION_INFO_V1(mlops_crosstab_specificity);

Datum
mlops_crosstab_in(PG_FUNCTION_ARGS)
{
	return mlops_state_in(PG_GETARG_CSTRING(0), &mlops_crosstab_type);
}

Datum
mlops_crosstab_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(mlops_state_out(PG_GETARG_DATUM(0), &mlops_crosstab_type));
}

Datum
mlops_crosstab_recv(PG_FUNCTION_ARGS)
{
	return mlops_state_recv((StringInfo) PG_GETARG_POINTER(0), &mlops_crosstab_type);
}

Datum
mlops_crosstab_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(mlops_state_send(PG_GETARG_DATUM(0), &mlops_crosstab_type));
}

/* --- rows: (state, actual, predicted [, average] [, weight]) --------------- */

/*
 * The state to add a row to, with its weight; NULL for a row that counts for
 * nothing: one with a NULL or of weight 0.
 */
static MlopsCrosstab *
state_of_row(FunctionCallInfo fcinfo, bool has_average, bool integers, double *weight)
{
	int			weight_argument = has_average ? 4 : 3;
	MlopsCrosstab *crosstab = NULL;

	if (mlops_metric_row_has_null(fcinfo))
		return NULL;
	*weight = PG_NARGS() > weight_argument ? mlops_metric_weight(fcinfo, weight_argument) : 1;
	if (*weight > 0)
		crosstab = (MlopsCrosstab *) mlops_state_for_update(fcinfo, &mlops_crosstab_type);
	if (has_average)
	{
		text	   *average = PG_GETARG_TEXT_PP(3);

		mlops_crosstab_average(crosstab, VARDATA_ANY(average), VARSIZE_ANY_EXHDR(average), integers);
	}
	return crosstab;
}

static Datum
add_text(FunctionCallInfo fcinfo, bool has_average)
{
	double		weight;
	MlopsCrosstab *crosstab = state_of_row(fcinfo, has_average, false, &weight);
	text	   *actual;
	text	   *predicted;

	if (crosstab == NULL)
		return mlops_metric_row_skip(fcinfo);
	actual = PG_GETARG_TEXT_PP(1);
	predicted = PG_GETARG_TEXT_PP(2);
	mlops_crosstab_add(crosstab, VARDATA_ANY(actual), VARSIZE_ANY_EXHDR(actual),
					   VARDATA_ANY(predicted), VARSIZE_ANY_EXHDR(predicted), weight);
	return mlops_state_datum(&crosstab->state);
}

static Datum
add_bigint(FunctionCallInfo fcinfo, bool has_average)
{
	double		weight;
	MlopsCrosstab *crosstab = state_of_row(fcinfo, has_average, true, &weight);
	char		actual[BIGINT_TEXT_BYTES];
	char		predicted[BIGINT_TEXT_BYTES];
	int			actual_len;
	int			predicted_len;

	if (crosstab == NULL)
		return mlops_metric_row_skip(fcinfo);
	actual_len = pg_lltoa(PG_GETARG_INT64(1), actual);
	predicted_len = pg_lltoa(PG_GETARG_INT64(2), predicted);
	mlops_crosstab_add(crosstab, actual, actual_len, predicted, predicted_len, weight);
	return mlops_state_datum(&crosstab->state);
}

Datum
mlops_crosstab_add_text(PG_FUNCTION_ARGS)
{
	return add_text(fcinfo, false);
}

Datum
mlops_crosstab_add_text_average(PG_FUNCTION_ARGS)
{
	return add_text(fcinfo, true);
}

Datum
mlops_crosstab_add_bigint(PG_FUNCTION_ARGS)
{
	return add_bigint(fcinfo, false);
}

Datum
mlops_crosstab_add_bigint_average(PG_FUNCTION_ARGS)
{
	return add_bigint(fcinfo, true);
}

Datum
mlops_crosstab_add_boolean(PG_FUNCTION_ARGS)
{
	double		weight;
	MlopsCrosstab *crosstab = state_of_row(fcinfo, false, false, &weight);
	const char *actual;
	const char *predicted;

	if (crosstab == NULL)
		return mlops_metric_row_skip(fcinfo);
	actual = PG_GETARG_BOOL(1) ? "true" : "false";
	predicted = PG_GETARG_BOOL(2) ? "true" : "false";
	mlops_crosstab_add(crosstab, actual, strlen(actual), predicted, strlen(predicted), weight);
	return mlops_state_datum(&crosstab->state);
}

Datum
mlops_crosstab_combine(PG_FUNCTION_ARGS)
{
	MlopsCrosstab *into;

	if (PG_ARGISNULL(1))
		return mlops_metric_row_skip(fcinfo);
	into = (MlopsCrosstab *) mlops_state_for_update(fcinfo, &mlops_crosstab_type);
	mlops_crosstab_merge(into, (MlopsCrosstab *) mlops_state_for_read(PG_GETARG_DATUM(1), &mlops_crosstab_type));
	return mlops_state_datum(&into->state);
}

/* --- figures ---------------------------------------------------------------- */

static MlopsCrosstab *
state_to_read(FunctionCallInfo fcinfo)
{
	return (MlopsCrosstab *) mlops_state_for_read(PG_GETARG_DATUM(0), &mlops_crosstab_type);
}

Datum
mlops_crosstab_accuracy(PG_FUNCTION_ARGS)
{
	MlopsCrosstab *crosstab = state_to_read(fcinfo);

	return mlops_metric_figure(fcinfo, ml_class_accuracy(mlops_crosstab_sums(crosstab), crosstab->n));
}

Datum
mlops_crosstab_balanced_accuracy(PG_FUNCTION_ARGS)
{
	MlopsCrosstab *crosstab = state_to_read(fcinfo);

	return mlops_metric_figure(fcinfo, ml_class_balanced_accuracy(mlops_crosstab_sums(crosstab), crosstab->n));
}

Datum
mlops_crosstab_mcc(PG_FUNCTION_ARGS)
{
	MlopsCrosstab *crosstab = state_to_read(fcinfo);

	return mlops_metric_figure(fcinfo, ml_class_mcc(mlops_crosstab_sums(crosstab), crosstab->n));
}

Datum
mlops_crosstab_precision(PG_FUNCTION_ARGS)
{
	return mlops_metric_figure(fcinfo, mlops_crosstab_figure(state_to_read(fcinfo), ML_CLASS_PRECISION));
}

Datum
mlops_crosstab_recall(PG_FUNCTION_ARGS)
{
	return mlops_metric_figure(fcinfo, mlops_crosstab_figure(state_to_read(fcinfo), ML_CLASS_RECALL));
}

Datum
mlops_crosstab_f1(PG_FUNCTION_ARGS)
{
	return mlops_metric_figure(fcinfo, mlops_crosstab_figure(state_to_read(fcinfo), ML_CLASS_F1));
}

Datum
mlops_crosstab_specificity(PG_FUNCTION_ARGS)
{
	return mlops_metric_figure(fcinfo, mlops_crosstab_figure(state_to_read(fcinfo), ML_CLASS_SPECIFICITY));
}
