/*
 * training.c: mlops_train, and what an algorithm and a trained version say of themselves.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "api/arguments.h"
#include "learn/learner.h"
#include "learn/split.h"
#include "pg/options.h"
#include "pg/pg_compat.h"
#include "pg/refs.h"
#include "pg/registry.h"
#include "pg/training.h"

PG_FUNCTION_INFO_V1(mlops_train);
PG_FUNCTION_INFO_V1(mlops_read_rows);
PG_FUNCTION_INFO_V1(mlops_algorithms);
PG_FUNCTION_INFO_V1(mlops_split);
PG_FUNCTION_INFO_V1(mlops_coefficients);
PG_FUNCTION_INFO_V1(mlops_feature_info);
PG_FUNCTION_INFO_V1(mlops_feature_importance);
PG_FUNCTION_INFO_V1(mlops_training_curve);
PG_FUNCTION_INFO_V1(mlops_threshold_table);

static void
put_text(Datum *values, bool *nulls, int i, const char *text)
{
	nulls[i] = text == NULL;
	values[i] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
put_float8(Datum *values, bool *nulls, int i, double value)
{
	nulls[i] = isnan(value);
	values[i] = Float8GetDatum(value);
}

Datum
mlops_train(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MlopsTrainingRequest request;
	MlopsTrainingOutcome outcome;
	Datum		values[11];
	bool		nulls[11] = {false};

	/* before the rows are read, not after the learning */
	PreventCommandIfReadOnly("mlops_train()");
	request.model = mlops_arg_required(fcinfo, 0, "model");
	request.source = mlops_arg_text(fcinfo, 1);
	request.target = mlops_arg_text(fcinfo, 2);
	request.algorithm = mlops_arg_text(fcinfo, 3);
	request.params = mlops_arg_jsonb(fcinfo, 4);
	request.features = mlops_arg_text(fcinfo, 5);
	request.task = mlops_arg_text(fcinfo, 6);
	request.key = mlops_arg_text(fcinfo, 7);
	request.time_column = mlops_arg_text(fcinfo, 8);
	request.config = mlops_arg_jsonb(fcinfo, 9);
	request.seed = PG_ARGISNULL(10) ? 42 : PG_GETARG_INT64(10);
	request.look_only = false;
	mlops_arg_no_options(fcinfo, 11);

	InitMaterializedSRF(fcinfo, 0);
	mlops_training_run(&request, &outcome);

	put_text(values, nulls, 0, request.model);
	values[1] = Int32GetDatum(outcome.version);
	values[2] = Int64GetDatum(outcome.run_id);
	put_text(values, nulls, 3, outcome.algorithm);
	put_text(values, nulls, 4, outcome.metric);
	put_float8(values, nulls, 5, outcome.value);
	put_text(values, nulls, 6, outcome.stage);
	values[7] = Int64GetDatum(outcome.train_rows);
	values[8] = Int64GetDatum(outcome.test_rows);
	values[9] = Float8GetDatum(outcome.seconds);
	values[10] = JsonbPGetDatum(outcome.detail);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	return (Datum) 0;
}

Datum
mlops_read_rows(PG_FUNCTION_ARGS)
{
	MlopsTrainingRequest request = {0};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops reading", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int64		rows;

	request.model = "rows";
	request.source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	request.target = text_to_cstring(PG_GETARG_TEXT_PP(1));
	rows = mlops_training_read(&request);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_INT64(rows);
}

static void
put_bound(Datum *values, bool *nulls, int i, const MlParam *param, double bound)
{
	bool		number = param->type == ML_PARAM_FLOAT || param->type == ML_PARAM_INT;

	put_float8(values, nulls, i, number && isfinite(bound) ? bound : NAN);
}

static const char *
task_words(unsigned tasks)
{
	bool		regression = (tasks & ML_REGRESSION) != 0;
	bool		classification = (tasks & (ML_BINARY | ML_MULTICLASS)) != 0;

	return regression && classification ? "classification, regression" : regression ? "regression" : "classification";
}

/* {"aliases": [...]}: other words that are accepted */
static Jsonb *
aliases_of(const MlParam *param)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	char	   *words = pstrdup(param->aliases);
	char	   *rest;

	mlops_json_begin(&json);
	mlops_json_key(&json, "aliases");
	mlops_json_begin_array(&json);
	for (char *word = strtok_r(words, "|", &rest); word != NULL; word = strtok_r(NULL, "|", &rest))
		mlops_json_text(&json, word);
	mlops_json_end_array(&json);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

Datum
mlops_algorithms(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < ml_n_learners; i++)
	{
		const MlLearner *learner = ml_learners[i];

		for (int j = 0; j < learner->n_params; j++)
		{
			const MlParam *param = &learner->params[j];
			Datum		values[9] = {0};
			bool		nulls[9] = {false};
			const char *text = param->default_text;

			if (text == NULL && !isnan(param->default_number))
				text = param->type == ML_PARAM_BOOL ? (param->default_number != 0 ? "true" : "false") :
					psprintf("%.15g", param->default_number);
			put_text(values, nulls, 0, learner->name);
			put_text(values, nulls, 1, task_words(learner->tasks));
			put_text(values, nulls, 2, param->name);
			put_text(values, nulls, 3, param->type == ML_PARAM_FLOAT && param->choices != NULL ?
					 psprintf("double precision|%s", param->choices) :
					 param->type == ML_PARAM_FLOAT ? "double precision" :
					 param->type == ML_PARAM_INT ? "integer" : param->type == ML_PARAM_BOOL ? "boolean" :
					 param->type == ML_PARAM_ENUM ? param->choices :
					 param->type == ML_PARAM_MONOTONE ? "null | object" : "null | \"balanced\" | object");
			put_text(values, nulls, 4, text);
			put_bound(values, nulls, 5, param, param->minimum);
			put_bound(values, nulls, 6, param, param->maximum);
			put_text(values, nulls, 7, param->description);
			nulls[8] = true;
			if (param->aliases != NULL)
			{
				values[8] = JsonbPGetDatum(aliases_of(param));
				nulls[8] = false;
			}
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

Datum
mlops_split(PG_FUNCTION_ARGS)
{
	text	   *key = PG_GETARG_TEXT_PP(0);
	int64		seed = PG_GETARG_INT64(1);
	ArrayType  *shares = PG_GETARG_ARRAYTYPE_P(2);
	int			n = ArrayGetNItems(ARR_NDIM(shares), ARR_DIMS(shares));
	const double *share = (const double *) ARR_DATA_PTR(shares);
	double		sum = 0;

	if (ARR_NDIM(shares) != 1 || n < 1 || ARR_HASNULL(shares))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("shares must be an array of one dimension without nulls")));
	for (int i = 0; i < n; i++)
	{
		if (!(share[i] >= 0) || !isfinite(share[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("share %d must be 0 or more", i + 1)));
		sum += share[i];
	}
	if (!(sum > 0) || !isfinite(sum))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the sum of shares must be more than 0")));
	PG_RETURN_INT32(ml_split_part(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), (uint64) seed, share, n) + 1);
}

/* Copies the rows of a registry statement with matching columns into the result. */
static void
return_result(FunctionCallInfo fcinfo, const MlopsResult *result)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum	   *values = palloc(sizeof(Datum) * rsinfo->setDesc->natts);
	bool	   *nulls = palloc(sizeof(bool) * rsinfo->setDesc->natts);

	for (uint64 i = 0; i < result->n; i++)
	{
		for (int j = 0; j < rsinfo->setDesc->natts; j++)
			values[j] = mlops_result_datum(result, i, j + 1, &nulls[j]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

Datum
mlops_coefficients(PG_FUNCTION_ARGS)
{
	char	   *reference = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MlopsRef	ref;
	MlopsResult *result;

	InitMaterializedSRF(fcinfo, 0);
	mlops_ref_resolve(reference, MLOPS_PREDICT, &ref);
	result = mlops_registry_read("SELECT c.class, c.feature, c.level, c.coefficient, c.coefficient_raw, c.std_error,"
								  " c.z, c.p_value, CASE WHEN c.coefficient IS NULL"
								  " THEN jsonb '{\"aliased\": true}' END FROM mlops.versions v"
								  " JOIN mlops.run_artifacts a USING (run_id),"
								  " ROWS FROM (jsonb_to_recordset(a.content::jsonb) AS (class text, feature text,"
								  " level text, coefficient float8, coefficient_raw float8, std_error float8,"
								  " z float8, p_value float8)) WITH ORDINALITY AS c"
								  " WHERE v.version_id = $1 AND a.name = 'coefficients' ORDER BY c.ordinality",
								  "b", ref.version_id);
	if (result->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("version %d of model \"%s\" has no coefficients", ref.version, ref.model),
				 errhint("Only linear models have them.")));
	return_result(fcinfo, result);
	return (Datum) 0;
}

Datum
mlops_feature_info(PG_FUNCTION_ARGS)
{
	char	   *reference = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MlopsRef	ref;

	InitMaterializedSRF(fcinfo, 0);
	mlops_ref_resolve(reference, MLOPS_PREDICT, &ref);
	return_result(fcinfo,
				  mlops_registry_read("SELECT f.name, kind, expression,"
									   " null_count::float8 / nullif(row_count, 0), distinct_count, minimum, mean,"
									   " maximum, importance,"
									   " CASE WHEN description IS NOT NULL OR selection IS NOT NULL THEN"
									   " jsonb_strip_nulls(jsonb_build_object('description', description,"
									   " 'selection', selection)) END"
									   " FROM mlops.version_features f"
									   " LEFT JOIN (SELECT e ->> 'feature' AS feature,"
									   " e - '{feature, selected, p_value}'::text[] AS selection FROM mlops.versions v"
									   " JOIN mlops.run_artifacts a USING (run_id),"
									   " jsonb_array_elements(a.content::jsonb) e"
									   " WHERE v.version_id = $1 AND a.name = 'feature_selection') s"
									   " ON s.feature = f.source_feature"
									   " WHERE version_id = $1 AND role = 'feature' ORDER BY position",
									   "b", ref.version_id));
	return (Datum) 0;
}

/* A method that this version has no figures of. */
static void
no_importance(const MlopsRef *ref, const char *method)
{
	bool		needs_rows = strcmp(method, "permutation") == 0 || strcmp(method, "shap") == 0;

	ereport(ERROR,
			(errcode(needs_rows ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE : ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("version %d of model \"%s\" has no importance by method \"%s\"", ref->version, ref->model, method),
			 needs_rows ? errhint("It is computed at training on held-out rows:"
					 " there were none, or the model is too large for it.") :
			 errhint("Only trees have splits: use method \"permutation\" or \"shap\".")));
}

Datum
mlops_feature_importance(PG_FUNCTION_ARGS)
{
	static const char *const methods[] = {"gain", "split", "permutation", "shap"};
	char	   *reference = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *method = text_to_cstring(PG_GETARG_TEXT_PP(1));
	MlopsRef	ref;
	MlopsResult *result;

	InitMaterializedSRF(fcinfo, 0);
	mlops_ref_resolve(reference, MLOPS_PREDICT, &ref);
	mlops_arg_check_method(method, methods, lengthof(methods));
	result = mlops_registry_read("SELECT i.feature, i.importance, i.std,"
								 " (rank() OVER (ORDER BY i.importance DESC NULLS LAST))::integer,"
								 " CASE WHEN i.rows > 0 THEN jsonb_build_object('rows', i.rows) END"
								 " FROM mlops.versions v JOIN mlops.run_artifacts a USING (run_id),"
								 " jsonb_to_recordset(a.content::jsonb) AS i (method text, feature text,"
								 " importance float8, std float8, rows bigint)"
								 " WHERE v.version_id = $1 AND a.name = 'feature_importance' AND i.method = $2"
								 " ORDER BY i.importance DESC NULLS LAST, i.feature COLLATE \"C\"",
								 "bt", ref.version_id, method);
	if (result->n == 0)
		no_importance(&ref, method);
	return_result(fcinfo, result);
	return (Datum) 0;
}

Datum
mlops_training_curve(PG_FUNCTION_ARGS)
{
	char	   *reference = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MlopsRef	ref;
	MlopsResult *result;

	InitMaterializedSRF(fcinfo, 0);
	mlops_ref_resolve(reference, MLOPS_PREDICT, &ref);
	result = mlops_registry_read("SELECT m.step::integer, m.split, m.key, m.value, NULL::jsonb FROM mlops.versions v"
								 " JOIN mlops.run_metrics m USING (run_id)"
								 " WHERE v.version_id = $1 AND m.step > 0 ORDER BY m.step, m.split COLLATE \"C\"",
								 "b", ref.version_id);
	if (result->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("version %d of model \"%s\" has no training curve", ref.version, ref.model),
				 errhint("Only algorithms that learn in rounds, as gradient_boosting does, have one.")));
	return_result(fcinfo, result);
	return (Datum) 0;
}

/* Regressions and several classes have no threshold; two classes without held-out rows nothing to try it on. */
static void
no_thresholds(const MlopsRef *ref)
{
	const MlopsResult *version = mlops_registry_read("SELECT task FROM mlops.versions WHERE version_id = $1", "b",
													 ref->version_id);
	const char *task = mlops_result_text(version, 0, 1);

	if (strcmp(task, "binary") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a %s version has no threshold", task)));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("version %d of model \"%s\" has no threshold table", ref->version, ref->model),
			 errhint("It is made at training from the rows held out, and there were none.")));
}

Datum
mlops_threshold_table(PG_FUNCTION_ARGS)
{
	char	   *reference = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MlopsRef	ref;
	MlopsResult *result;

	InitMaterializedSRF(fcinfo, 0);
	mlops_ref_resolve(reference, MLOPS_PREDICT, &ref);
	result = mlops_registry_read("SELECT q.threshold, coalesce(tp / nullif(tp + fp, 0), 0),"
								 " coalesce(tp / nullif(positives, 0), 0),"
								 " coalesce(2 * tp / nullif(tp + fp + positives, 0), 0),"
								 " coalesce((negatives - fp) / nullif(negatives, 0), 0),"
								 " (tp + fp) / (positives + negatives),"
								 " (cost->>0)::float8 * tp + (cost->>1)::float8 * fp"
								 " + (cost->>2)::float8 * (positives - tp) + (cost->>3)::float8 * (negatives - fp),"
								 " jsonb_build_object('split', t.split, 'rows', rows)"
								 " FROM mlops.versions v JOIN mlops.run_artifacts a USING (run_id),"
								 " jsonb_to_record(a.content::jsonb) AS t (split text, rows bigint, positives float8,"
								 " negatives float8, cost jsonb, points jsonb), jsonb_array_elements(points) AS p,"
								 " LATERAL (SELECT (p->>0)::float8 AS threshold, (p->>1)::float8 AS tp,"
								 " (p->>2)::float8 AS fp) AS q"
								 " WHERE v.version_id = $1 AND a.name = 'threshold_table' ORDER BY q.threshold",
								 "b", ref.version_id);
	if (result->n == 0)
		no_thresholds(&ref);
	return_result(fcinfo, result);
	return (Datum) 0;
}
