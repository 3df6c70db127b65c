/*
 * profile.c: mlops_profile, and the aggregates it is made of.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "pg/profile.h"
#include "pg/profile_value.h"

PG_FUNCTION_INFO_V1(mlops_profile_state_in);
PG_FUNCTION_INFO_V1(mlops_profile_state_out);
PG_FUNCTION_INFO_V1(mlops_profile_state_recv);
PG_FUNCTION_INFO_V1(mlops_profile_state_send);
PG_FUNCTION_INFO_V1(mlops_profile_state_add);
PG_FUNCTION_INFO_V1(mlops_profile_state_merge);
PG_FUNCTION_INFO_V1(mlops_profile_state_column);
PG_FUNCTION_INFO_V1(mlops_profile_figures);
PG_FUNCTION_INFO_V1(mlops_profile);

Datum
mlops_profile_state_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(mlops_state_in(PG_GETARG_CSTRING(0), &mlops_profile_state_type));
}

Datum
mlops_profile_state_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(mlops_state_out(PG_GETARG_DATUM(0), &mlops_profile_state_type));
}

Datum
mlops_profile_state_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(mlops_state_recv((StringInfo) PG_GETARG_POINTER(0), &mlops_profile_state_type));
}

Datum
mlops_profile_state_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(mlops_state_send(PG_GETARG_DATUM(0), &mlops_profile_state_type));
}

/* ---- the aggregates ---- */

/* Of the values of one call site; types stand together, as every row needs them. */
typedef struct RowInput
{
	int			n;
	Oid			type[FUNC_MAX_ARGS];
	MlopsProfileInput *input[FUNC_MAX_ARGS];
} RowInput;

/* The type of an argument; a distributed engine's calls do not say it, but a function for one type does. */
static Oid
value_type(FunctionCallInfo fcinfo, int n)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, n);
	HeapTuple	tuple;

	if (OidIsValid(type))
		return type;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
	if (n < ((Form_pg_proc) GETSTRUCT(tuple))->pronargs)
		type = ((Form_pg_proc) GETSTRUCT(tuple))->proargtypes.values[n];
	ReleaseSysCache(tuple);
	if (!OidIsValid(type) || get_typtype(type) == TYPTYPE_PSEUDO)
		elog(ERROR, "could not determine the type of the values");
	return type;
}

static RowInput *
row_input(FunctionCallInfo fcinfo)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	int			n = PG_NARGS() - 1;
	RowInput   *row = MemoryContextAlloc(context, sizeof(RowInput));

	row->n = n;
	for (int i = 0; i < n; i++)
	{
		row->input[i] = mlops_profile_input(value_type(fcinfo, i + 1), PG_GET_COLLATION(), context);
		row->type[i] = row->input[i]->type;
	}
	return fcinfo->flinfo->fn_extra = row;
}

Datum
mlops_profile_state_add(PG_FUNCTION_ARGS)
{
	MlopsProfileState *s = (MlopsProfileState *) mlops_state_for_update(fcinfo, &mlops_profile_state_type);
	RowInput   *row = fcinfo->flinfo->fn_extra;
	MemoryContext context = s->state.header.eoh_context;

	if (unlikely(row == NULL))
		row = row_input(fcinfo);
	if (unlikely(s->n != row->n))
		mlops_profile_begin(s, row->n);
	for (int i = 0; i < row->n; i++)
		mlops_profile_add(&s->column[i], row->type[i], row->input[i], fcinfo->args[i + 1].value,
						  fcinfo->args[i + 1].isnull, context);
	if (unlikely(mlops_profile_watched))
		mlops_profile_row_read();
	PG_RETURN_DATUM(mlops_state_datum(&s->state));
}

Datum
mlops_profile_state_merge(PG_FUNCTION_ARGS)
{
	MlopsProfileState *s;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	s = (MlopsProfileState *) mlops_state_for_update(fcinfo, &mlops_profile_state_type);
	mlops_profile_combine(s, (MlopsProfileState *) mlops_state_for_read(PG_GETARG_DATUM(1),
																		&mlops_profile_state_type));
	PG_RETURN_DATUM(mlops_state_datum(&s->state));
}

/* ---- figures as rows ---- */

/* kind to detail: what mlops_profile and mlops.column_profile have in common */
#define FIGURES 19

static void
put_number(Datum *value, bool *isnull, double x)
{
	*isnull = isnan(x);
	*value = Float8GetDatum(x);
}

static void
put_text(Datum *value, bool *isnull, const char *text)
{
	*isnull = text == NULL;
	*value = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
put_figures(const MlopsColumnProfile *p, Datum *value, bool *isnull)
{
	int			i = 0;

	memset(isnull, 0, sizeof(bool) * FIGURES);
	value[i++] = CStringGetTextDatum(mlops_profile_kind_name(p->kind));
	value[i++] = Int64GetDatum(p->rows);
	value[i++] = Int64GetDatum(p->null_count);
	value[i++] = Int64GetDatum(p->distinct_count);
	put_number(&value[i], &isnull[i], p->minimum);
	i++;
	put_number(&value[i], &isnull[i], p->maximum);
	i++;
	put_number(&value[i], &isnull[i], p->mean);
	i++;
	put_number(&value[i], &isnull[i], p->stddev);
	i++;
	for (int q = 0; q < MLOPS_PROFILE_QUANTILES; q++, i++)
		put_number(&value[i], &isnull[i], p->quantile[q]);
	isnull[i] = p->outliers < 0;
	value[i++] = Int64GetDatum(p->outliers);
	value[i++] = JsonbPGetDatum(p->top_values);
	isnull[i] = p->histogram == NULL;
	value[i++] = JsonbPGetDatum(p->histogram);
	put_text(&value[i], &isnull[i], p->lowest);
	i++;
	put_text(&value[i], &isnull[i], p->highest);
	i++;
	value[i++] = JsonbPGetDatum(p->detail);
	Assert(i == FIGURES);
}

Datum
mlops_profile_state_column(PG_FUNCTION_ARGS)
{
	MlopsProfileState *s = mlops_profile_read(PG_GETARG_DATUM(0));
	MlopsColumnProfile profile;
	TupleDesc	desc;
	Datum		value[FIGURES];
	bool		isnull[FIGURES];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != FIGURES)
		elog(ERROR, "return type must be mlops.column_profile");
	if (s->n != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state must be of one column, not of %d", s->n),
				 errhint("Use mlops_profile_figures.")));
	mlops_profile_describe(&profile, &s->column[0], InvalidOid);
	put_figures(&profile, value, isnull);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), value, isnull)));
}

/* first: what stands in front of the figures */
static void
put_row(const MlopsColumnProfile *profile, Datum first, ReturnSetInfo *result)
{
	Datum		value[1 + FIGURES];
	bool		isnull[1 + FIGURES];

	value[0] = first;
	isnull[0] = false;
	put_figures(profile, value + 1, isnull + 1);
	tuplestore_putvalues(result->setResult, result->setDesc, value, isnull);
}

Datum
mlops_profile_figures(PG_FUNCTION_ARGS)
{
	MlopsProfileState *s = mlops_profile_read(PG_GETARG_DATUM(0));
	MlopsColumnProfile profile;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < s->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		mlops_profile_describe(&profile, &s->column[i], InvalidOid);
		put_row(&profile, Int32GetDatum(i + 1), (ReturnSetInfo *) fcinfo->resultinfo);
	}
	return (Datum) 0;
}

static void
put_column(const MlopsColumnProfile *profile, void *arg)
{
	put_row(profile, CStringGetTextDatum(profile->name), arg);
}

Datum
mlops_profile(PG_FUNCTION_ARGS)
{
	char	   *source = mlops_arg_required(fcinfo, 0, "source");

	InitMaterializedSRF(fcinfo, 0);
	mlops_profile_source(mlops_source_analyze(source), put_column, fcinfo->resultinfo);
	return (Datum) 0;
}
