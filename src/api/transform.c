/*
 * transform.c: what a model looks at: mlops_transform, mlops_feature_names,
 * mlops_sample_input.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "api/serving.h"
#include "pg/design_names.h"
#include "pg/options.h"
#include "pg/registry.h"

/* ---------- mlops_transform ---------- */

/* A category that the learner takes as it is: its level, null when missing or unseen. */
static const char *
level_text(const MlPrepColumn *column, double code)
{
	return code >= 0 && code < column->n_levels ? column->level[(int) code] : NULL;
}

static void
put_column(MlopsJson *json, const MlPrepColumn *column, char **name, const double *z)
{
	int			j = column->first;

	if (column->kind == ML_CATEGORY && column->encode == ML_ENCODE_NONE)
	{
		mlops_json_key(json, name[j]);
		mlops_json_text(json, level_text(column, z[j]));
		j++;
	}
	for (; j < column->first + column->width; j++)
	{
		mlops_json_key(json, name[j]);
		mlops_json_number(json, z[j]);
	}
}

static Datum
transform(FunctionCallInfo fcinfo, FeaturesForm form)
{
	MlopsCallSite *site = mlops_serving_site(fcinfo, form);
	const MlPrep *prep = &site->entry->model.prep;
	double	   *z = palloc(sizeof(double) * Max(prep->width, 1));
	MlopsJson	json = MLOPS_JSON_INIT;

	ml_prep_apply(prep, site->x, z);
	for (int j = 0; j < prep->width; j++)
		if (isinf(z[j]))
			mlops_callsite_refuse_size(site);
	if (site->design_name == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(site->version_context);

		site->design_name = mlops_design_names(prep);
		MemoryContextSwitchTo(caller);
	}
	mlops_json_begin(&json);
	for (int i = 0; i < prep->p; i++)
		put_column(&json, &prep->column[i], site->design_name, z);
	mlops_json_end(&json);
	return JsonbPGetDatum(mlops_json_finish(&json));
}

SERVING_ENTRIES(mlops_transform, transform)

/* ---------- mlops_feature_names ---------- */

PG_FUNCTION_INFO_V1(mlops_feature_names);
Datum
mlops_feature_names(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlopsCallSite *site;
	const MlPrep *prep;
	char	  **name;

	InitMaterializedSRF(fcinfo, 0);
	site = mlops_callsite_create(text_to_cstring(PG_GETARG_TEXT_PP(0)), CurrentMemoryContext);
	prep = &site->entry->model.prep;
	name = mlops_design_names(prep);
	for (int i = 0; i < prep->p; i++)
	{
		const MlPrepColumn *column = &prep->column[i];
		const MlopsFeature *feature = &site->entry->features->feature[column->feature];

		for (int j = column->first; j < column->first + column->width; j++)
		{
			Datum		values[5] = {0};
			bool		isnull[5] = {false, false, false, false, true};

			values[0] = Int32GetDatum(j + 1);
			values[1] = CStringGetTextDatum(name[j]);
			values[2] = CStringGetTextDatum(feature->name);
			values[3] = CStringGetTextDatum(mlops_kind_name(feature->kind));
			tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
		}
	}
	MemoryContextDelete(site->context);
	return (Datum) 0;
}

/* ---------- mlops_sample_input ---------- */

/* A value that most expressions over this type accept; NULL = leave it null. */
static const char *
example_text(Oid type)
{
	MlopsResult *labels;

	switch (type)
	{
		case DATEOID:
			return "2024-01-01";
		case TIMESTAMPOID:
			return "2024-01-01 12:00:00";
		case TIMESTAMPTZOID:
			return "2024-01-01 12:00:00+00";
		case TIMEOID:
			return "12:00:00";
		case TIMETZOID:
			return "12:00:00+00";
		case INTERVALOID:
			return "1 day";
		case UUIDOID:
			return "00000000-0000-0000-0000-000000000000";
		case INETOID:
		case CIDROID:
			return "127.0.0.1";
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return "a";
	}
	if (get_typtype(type) != TYPTYPE_ENUM)
		return NULL;
	labels = mlops_registry_read("SELECT enumlabel::text FROM pg_catalog.pg_enum"
								  " WHERE enumtypid = $1::oid ORDER BY enumsortorder LIMIT 1",
								  "b", (int64) type);
	return labels->n > 0 ? mlops_result_text(labels, 0, 1) : NULL;
}

/* For a column that only expressions use: nothing is known about its values. */
static void
put_example(MlopsJson *json, Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			mlops_json_number(json, 1);
			break;
		case BOOLOID:
			mlops_json_bool(json, true);
			break;
		default:
			mlops_json_text(json, example_text(type));
	}
}

/* Median of a baseline column, NaN when it has none. */
static double
median(MlopsResult *baseline, int column)
{
	return (uint64) column < baseline->n ? mlops_result_float8(baseline, column, 1) : NAN;
}

/* Its commonest level, NULL when it has none. */
static char *
commonest(MlopsResult *baseline, int column)
{
	return (uint64) column < baseline->n ? mlops_result_text(baseline, column, 2) : NULL;
}

static bool
is_integer(const MlopsFeature *feature)
{
	return feature->base_type == INT2OID || feature->base_type == INT4OID || feature->base_type == INT8OID;
}

/* A feature that is the column itself: what was usual in training. */
static void
put_usual(MlopsJson *json, const MlopsFeature *feature, MlopsResult *baseline)
{
	double		number = median(baseline, feature->first);

	switch (feature->kind)
	{
		case MLOPS_CATEGORY:
			mlops_json_text(json, commonest(baseline, feature->first));
			break;
		case MLOPS_VECTOR:
			mlops_json_begin_array(json);
			for (int j = 0; j < feature->width; j++)
				mlops_json_number(json, median(baseline, feature->first + j));
			mlops_json_end_array(json);
			break;
		case MLOPS_BOOLEAN:
			mlops_json_bool(json, number >= 0.5);
			break;
		case MLOPS_NUMERIC:
			mlops_json_number(json, is_integer(feature) ? rint(number) : number);
			break;
	}
}

static const MlopsFeature *
bare_feature(const MlopsFeatureSet *set, AttrNumber attno)
{
	for (int i = 0; i < set->n; i++)
	{
		if (set->feature[i].attno == attno)
			return &set->feature[i];
	}
	return NULL;
}

PG_FUNCTION_INFO_V1(mlops_sample_input);
Datum
mlops_sample_input(PG_FUNCTION_ARGS)
{
	MlopsCallSite *site = mlops_callsite_create(text_to_cstring(PG_GETARG_TEXT_PP(0)), CurrentMemoryContext);
	const MlopsFeatureSet *set = site->entry->features;
	MlopsResult *baseline;
	MlopsJson	json = MLOPS_JSON_INIT;
	Datum		sample;

	baseline = mlops_registry_read("SELECT quantiles[501], levels[1] FROM mlops.version_features"
									" WHERE version_id = $1 AND role = 'feature' ORDER BY position",
									"b", site->ref.version_id);
	mlops_json_begin(&json);
	for (int i = 0; i < set->signature->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(set->signature, i);
		const MlopsFeature *feature = bare_feature(set, i + 1);

		mlops_json_key(&json, NameStr(column->attname));
		if (feature)
			put_usual(&json, feature, baseline);
		else
			put_example(&json, getBaseType(column->atttypid));
	}
	mlops_json_end(&json);
	sample = JsonbPGetDatum(mlops_json_finish(&json));
	MemoryContextDelete(site->context);
	return sample;
}
