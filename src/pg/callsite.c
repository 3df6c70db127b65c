/*
 * callsite.c: what one call of a prediction function keeps between rows.
 *
 * Contexts nest by what their contents depend on: reference, version, type of
 * the passed row, row.  Whatever is rebuilt is first made invalid, so that an
 * error in between leaves a site that starts again, never one that mixes.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "pg/callsite.h"
#include "pg/pg_compat.h"
#include "pg/source.h"
#include "pg/status.h"

/* of a category in a message */
#define SHOWN_BYTES 60

static MlopsCallSite *
create_site(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "mlops call site", ALLOCSET_SMALL_SIZES);
	MlopsCallSite *site = MemoryContextAllocZero(context, sizeof(MlopsCallSite));

	site->context = context;
	site->ref_context = AllocSetContextCreate(context, "mlops reference", ALLOCSET_SMALL_SIZES);
	site->version_context = AllocSetContextCreate(context, "mlops version", ALLOCSET_DEFAULT_SIZES);
	site->record_context = AllocSetContextCreate(context, "mlops record", ALLOCSET_SMALL_SIZES);
	site->row_context = AllocSetContextCreate(context, "mlops row", ALLOCSET_DEFAULT_SIZES);
	return site;
}

/* Forgets the version and all that was built for it; ends the pin. */
static void
drop_version(MlopsCallSite *site)
{
	site->entry = NULL;
	site->evaluator = NULL;
	site->json = NULL;
	site->design_name = NULL;
	site->binding = NULL;
	site->tuple_type = InvalidOid;
	MemoryContextReset(site->record_context);
	MemoryContextReset(site->version_context);
}

static void
take_version(MlopsCallSite *site)
{
	MemoryContext old = MemoryContextSwitchTo(site->version_context);
	MlopsEntry *entry = mlops_cache_pin_ref(&site->ref, site->version_context);
	int			n = entry->features->n;

	site->value = palloc(sizeof(Datum) * n);
	site->isnull = palloc(sizeof(bool) * n);
	site->x = palloc(sizeof(double) * entry->features->width);
	site->margin = palloc(sizeof(double) * entry->model.n_outputs);
	site->margin_room = MemoryContextAllocHuge(site->version_context,
											   mul_size(sizeof(double), Max(ml_model_margin_room(&entry->model), 1)));
	site->proba = palloc(sizeof(double) * Max(entry->model.n_classes, 1));
	site->evaluator = mlops_evaluator_create(entry->features, site->version_context);
	site->entry = entry;
	MemoryContextSwitchTo(old);
}

static void
resolve(MlopsCallSite *site, const char *reference, int len)
{
	MemoryContext old;
	char	   *copy;

	site->reference = NULL;
	MemoryContextReset(site->ref_context);
	old = MemoryContextSwitchTo(site->ref_context);
	copy = pnstrdup(reference, len);
	mlops_ref_resolve(copy, MLOPS_PREDICT, &site->ref);
	MemoryContextSwitchTo(old);

	if (site->entry && !(mlops_cache_serves(site->entry, &site->ref) && mlops_evaluator_valid(site->evaluator)))
		drop_version(site);
	if (site->entry == NULL)
		take_version(site);
	mlops_snapshot_mark(&site->mark);
	site->reference_len = len;
	site->reference = copy;
}

MlopsCallSite *
mlops_callsite(FunctionCallInfo fcinfo, text *reference)
{
	MlopsCallSite *site = fcinfo->flinfo->fn_extra;
	const char *name = VARDATA_ANY(reference);
	int			len = VARSIZE_ANY_EXHDR(reference);

	if (site == NULL)
		fcinfo->flinfo->fn_extra = site = create_site(fcinfo->flinfo->fn_mcxt);
	if (site->reference == NULL || site->reference_len != len ||
		memcmp(site->reference, name, len) != 0 || !mlops_snapshot_same(&site->mark))
		resolve(site, name, len);
	MemoryContextReset(site->row_context);
	return site;
}

MlopsCallSite *
mlops_callsite_create(const char *reference, MemoryContext context)
{
	MlopsCallSite *site = create_site(context);

	resolve(site, reference, strlen(reference));
	return site;
}

void
mlops_missing_column(MlopsCallSite *site, const char *column, const char *const *names, int n, const char *hint)
{
	const char **candidates = palloc(sizeof(char *) * Max(n, 1));
	TupleDesc	signature = site->entry->features->signature;
	StringInfoData others;
	int			n_candidates = 0;
	const char *nearest;

	/* what is another column of the model was hardly meant for this one */
	for (int i = 0; i < n; i++)
	{
		if (mlops_desc_column(signature, names[i]) == 0)
			candidates[n_candidates++] = names[i];
	}
	nearest = mlops_nearest(column, candidates, n_candidates);
	initStringInfo(&others);
	for (int i = 0; i < signature->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(signature, i)->attname);
		int			j = 0;

		while (j < n && strcmp(names[j], name) != 0)
			j++;
		if (j == n && strcmp(name, column) != 0)
			appendStringInfo(&others, "%s\"%s\"", others.len > 0 ? ", " : "", name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" is missing from the row passed to model \"%s\"", column, site->ref.model),
			 others.len > 0 ? errdetail("Also missing: %s.", others.data) : 0,
			 nearest ? errhint("The nearest name in what was passed is \"%s\"; names are case-sensitive.", nearest) :
			 hint ? errhint("%s", hint) : 0));
}

static void
check_finite(MlopsCallSite *site)
{
	const double *x = site->x;
	int			p = site->entry->features->width;

	for (int j = 0; j < p; j++)
	{
		if (unlikely(isinf(x[j])))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("feature \"%s\" of model \"%s\" is infinite",
							site->entry->model.prep.column[j].name, site->ref.model),
					 errhint("Pass NULL for a value that is missing.")));
	}
}

/* config.preprocess asks for it. */
static void
refuse_unknown(MlopsCallSite *site, MlopsFeature *feature, const char *level, Size len)
{
	int			shown = pg_mbcliplen(level, Min(len, INT_MAX), SHOWN_BYTES);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("feature \"%s\" of model \"%s\" has no level \"%.*s%s\"", feature->name, site->ref.model,
					shown, level, (Size) shown < len ? "..." : ""),
			 errdetail("No training row had it, and \"unknown\" in config.preprocess is \"error\".")));
}

static double
level_of(MlopsCallSite *site, MlopsFeature *feature, Datum value)
{
	const MlPrepColumn *column = &site->entry->model.prep.column[feature->first];
	const char *level;
	Size		len;
	double		index;

	mlops_feature_text(feature, value, &level, &len);
	index = ml_prep_level(column, level, len);
	if (unlikely(index == ML_UNSEEN && column->unknown == ML_UNKNOWN_ERROR))
		refuse_unknown(site, feature, level, len);
	return index;
}

void
mlops_callsite_encode(MlopsCallSite *site)
{
	MlopsFeatureSet *set = site->entry->features;
	double		nan = get_float8_nan();

	site->positional = false;
	for (int i = 0; i < set->n; i++)
	{
		MlopsFeature *feature = &set->feature[i];
		double	   *x = site->x + feature->first;

		if (site->isnull[i])
		{
			for (int j = 0; j < feature->width; j++)
				x[j] = nan;
		}
		else if (feature->kind == MLOPS_CATEGORY)
			*x = level_of(site, feature, site->value[i]);
		else if (feature->kind == MLOPS_VECTOR)
			mlops_feature_vector(feature, site->value[i], x);
		else if (feature->base_type == FLOAT8OID)
			*x = DatumGetFloat8(site->value[i]);
		else
			*x = mlops_feature_number(feature, site->value[i]);
	}
	check_finite(site);
}

/* The current context is row_context. */
void
mlops_callsite_evaluate(MlopsCallSite *site)
{
	mlops_evaluator_run(site->evaluator, site->value, site->isnull);
	mlops_callsite_encode(site);
}

/* ---------- an array of numbers, by position ---------- */

static void
check_array(MlopsCallSite *site, ArrayType *features)
{
	MlopsFeatureSet *set = site->entry->features;
	int			n = ArrayGetNItems(ARR_NDIM(features), ARR_DIMS(features));

	for (int i = 0; i < set->n; i++)
	{
		MlopsFeature *feature = &set->feature[i];

		if (feature->attno <= 0 || feature->kind != MLOPS_NUMERIC)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("model \"%s\" does not take an array of numbers", site->ref.model),
					 feature->attno <= 0 ?
					 errdetail("Feature \"%s\" is an expression.", feature->name) :
					 errdetail("Feature \"%s\" is of kind %s.", feature->name, mlops_kind_name(feature->kind)),
					 errhint("Pass a row, or jsonb with the names of the columns.")));
	}
	if (ARR_NDIM(features) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features must be a one-dimensional array")));
	if (n != set->n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" takes %d features, but the array has %d elements",
						site->ref.model, set->n, n),
				 errhint("SELECT * FROM mlops_feature_names('%s') shows them in order.", site->ref.model)));
}

/* One element as the column of the signature would hold it. */
static double
element_as(MlopsCallSite *site, MlopsFeature *feature, double value)
{
	const char *column = NameStr(TupleDescAttr(site->entry->features->signature, feature->attno - 1)->attname);
	Datum		integer;

	switch (feature->base_type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			if (!isnan(value))
				(void) mlops_integer_exact(site, column, FLOAT8OID, feature->base_type,
										   Float8GetDatum(value), &integer);
			return value;
		case FLOAT4OID:
			return (double) (float) value;
		default:
			return value;
	}
}

void
mlops_callsite_array(MlopsCallSite *site, ArrayType *features)
{
	MlopsFeatureSet *set = site->entry->features;
	const double *element = (const double *) ARR_DATA_PTR(features);
	const bits8 *present = ARR_NULLBITMAP(features);
	double		nan = get_float8_nan();

	check_array(site, features);
	for (int i = 0; i < set->n; i++)
	{
		MlopsFeature *feature = &set->feature[i];

		/* elements that are NULL take no room */
		if (present && !(present[i / 8] & (1 << (i % 8))))
			site->x[feature->first] = nan;
		else
			site->x[feature->first] = element_as(site, feature, *element++);
	}
	site->positional = true;
	check_finite(site);
}

/* ---------- the answer ---------- */

void
mlops_callsite_refuse_size(MlopsCallSite *site)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("values passed to model \"%s\" are too large: the result is not a finite number",
					site->ref.model),
			 errhint("Pass NULL for a value that is missing.")));
}

/* What is not finite in a margin makes every class's P NaN, unless it is a certainty: 0 or 1. */
void
mlops_callsite_proba(MlopsCallSite *site, const double *margin)
{
	ml_model_proba(&site->entry->model, margin, site->proba);
	if (unlikely(!isfinite(site->proba[0])))
		mlops_callsite_refuse_size(site);
}

void
mlops_callsite_score(MlopsCallSite *site)
{
	ml_model_margin(&site->entry->model, site->x, 1, site->margin, site->margin_room);
	mlops_callsite_proba(site, site->margin);
}
