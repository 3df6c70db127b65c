/*
 * register.c: writing a finished training into the registry, all at once.
 *
 * The model's row is taken first: version numbers have no gaps, and only
 * one of two trainings at the same time can be the first in production.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "learn/learner.h"
#include "pg/options.h"
#include "pg/pg_compat.h"
#include "pg/refs.h"
#include "pg/register.h"

static Datum
text_array(const char *const *text, int n)
{
	Datum	   *element = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		element[i] = CStringGetTextDatum(text[i]);
	return PointerGetDatum(construct_array(element, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
float8_array(const double *value, int n)
{
	Datum	   *element = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		element[i] = Float8GetDatum(value[i]);
	return PointerGetDatum(construct_array(element, n, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
int8_array(const int64 *value, int n)
{
	Datum	   *element = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		element[i] = Int64GetDatum(value[i]);
	return PointerGetDatum(construct_array(element, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static const char *
task_word(MlTaskKind task)
{
	return task == ML_REGRESSION ? "regression" : task == ML_BINARY ? "binary" : "multiclass";
}

/* ---- the model's row ---- */

/*
 * Whether what all versions of a model share is no longer what this training
 * began with, and not what it came to either: another session's training,
 * mlops_configure or replacement would be overwritten or contradicted.
 */
static bool
disagrees(const MlopsRegistration *r, const MlopsModel *model)
{
	const MlopsDefinition *d = r->definition;
	MlopsConfig began;
	MlopsConfig now;

	mlops_config_init(&began, d->name);
	if (r->model != NULL)
		mlops_config_apply(&began, r->model->config, d->name);
	mlops_config_init(&now, d->name);
	mlops_config_apply(&now, model->config, d->name);
	if (now.salt != d->config.salt || (model->task != NULL && strcmp(model->task, d->task) != 0))
		return true;
	return now.positive_label != NULL && r->data->task == ML_BINARY &&
		strcmp(now.positive_label, d->config.positive_label) != 0 &&
		(began.positive_label == NULL || strcmp(now.positive_label, began.positive_label) != 0);
}

static const MlopsModel *
lock_model(const MlopsRegistration *r)
{
	const MlopsDefinition *d = r->definition;
	MlopsModel *model = mlops_registry_model(d->name, true);

	if (model == NULL && r->model == NULL)
	{
		(void) mlops_definition_store(d, NULL, NULL);
		CommandCounterIncrement();
		model = mlops_registry_model(d->name, true);
	}
	if (model == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" was dropped while it was trained", d->name)));
	if (strcmp(model->owner, d->owner_name) != 0 || model->target == NULL || strcmp(model->target, d->target) != 0 ||
		(r->model != NULL && r->model->model_id != model->model_id) || disagrees(r, model))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" was changed by another session while it was trained", d->name)));
	return model;
}

/* ---- the run ---- */

static Jsonb *
column_types(const TupleDesc desc)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		mlops_json_key(&json, NameStr(attribute->attname));
		mlops_json_text(&json, format_type_with_typemod(attribute->atttypid, attribute->atttypmod));
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

static int64
insert_run(const MlopsRegistration *r, int64 model_id, double seconds)
{
	const MlDataset *data = r->data;
	const MlopsRows *rows = r->rows;
	MlopsResult *result;

	result = mlops_registry_query("INSERT INTO mlops.runs (model_id, status, algorithm, seed, source, source_query,"
								  " column_types, content_hash, rows_read, rows_dropped, train_rows, valid_rows,"
								  " test_rows, started_at, ended_at, seconds, peak_memory, started_by)"
								  " VALUES ($1, 'finished', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
								  " clock_timestamp() - make_interval(secs => $13), clock_timestamp(), $13, $14, $15)"
								  " RETURNING run_id",
								  "btbttjtbbbbbfbt", model_id, r->params->learner->name, r->seed,
								  r->definition->source->text, r->definition->source->query,
								  column_types(r->definition->source->desc),
								  psprintf("%016llx%016llx", (unsigned long long) rows->content_sum[0],
										   (unsigned long long) rows->content_sum[1]),
								  rows->read, rows->dropped_target + rows->dropped_weight, data->n_train, data->n_valid,
								  data->n - data->n_train - data->n_valid, seconds, (int64) r->peak_memory,
								  GetUserNameFromId(GetUserId(), false));
	return mlops_result_int64(result, 0, 1);
}

static void
insert_params(const MlopsRegistration *r, int64 run_id, Jsonb *params)
{
	(void) mlops_registry_query("INSERT INTO mlops.run_params (run_id, key, value)"
								" SELECT $1, key, value FROM jsonb_each_text($2)", "bj", run_id, params);
	(void) mlops_registry_query("INSERT INTO mlops.run_params (run_id, key, value) VALUES"
								" ($1, 'seed', $2::text), ($1, 'solver', $3), ($1, 'iterations', $4::text),"
								" ($1, 'converged', $5::text) ON CONFLICT DO NOTHING",
								"bbtiB", run_id, r->seed, r->result->fit.solver, r->result->fit.iterations,
								(int) r->result->fit.converged);
}

static void
insert_metrics(const MlopsRegistration *r, int64 run_id)
{
	const MlTrainResult *result = r->result;
	const char *name[ML_MAX_METRICS + 2];
	const char *split[ML_MAX_METRICS + 2];
	double		value[ML_MAX_METRICS + 2];
	int			n = result->n_metrics;

	for (int i = 0; i < n; i++)
	{
		name[i] = result->metric[i].name;
		split[i] = result->metric[i].split;
		value[i] = result->metric[i].value;
	}
	name[n] = "objective";
	split[n] = "train";
	value[n++] = result->fit.objective;
	name[n] = "max_gradient";
	split[n] = "train";
	value[n++] = result->fit.max_gradient;
	(void) mlops_registry_query("INSERT INTO mlops.run_metrics (run_id, key, split, value)"
								" SELECT $1, k, s, nullif(v, 'NaN') FROM unnest($2, $3, $4) AS m(k, s, v)"
								" WHERE k NOT IN ('objective', 'max_gradient') OR v <> 'NaN'",
								"bAAF", run_id, text_array(name, n), text_array(split, n), float8_array(value, n));
}

static void
insert_artifact(int64 run_id, const char *name, Jsonb *content)
{
	(void) mlops_registry_query("INSERT INTO mlops.run_artifacts (run_id, name, media_type, content)"
								" VALUES ($1, $2, 'application/json', $3::text)", "btj", run_id, name, content);
}

static Jsonb *
coefficients(const MlopsRegistration *r)
{
	const MlFit *fit = &r->result->fit;
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin_array(&json);
	for (int i = 0; i < fit->n_coefficients; i++)
	{
		const MlCoefficient *c = &fit->coefficient[i];

		mlops_json_begin(&json);
		mlops_json_key(&json, "class");
		mlops_json_text(&json, r->data->task == ML_MULTICLASS ? r->data->class_name[c->output] : NULL);
		mlops_json_key(&json, "feature");
		mlops_json_text(&json, c->feature);
		mlops_json_key(&json, "level");
		mlops_json_text(&json, c->level);
		mlops_json_key(&json, "coefficient");
		mlops_json_number(&json, c->aliased ? NAN : c->coefficient);
		mlops_json_key(&json, "coefficient_raw");
		mlops_json_number(&json, c->aliased ? NAN : c->coefficient_raw);
		mlops_json_key(&json, "std_error");
		mlops_json_number(&json, c->std_error);
		mlops_json_key(&json, "z");
		mlops_json_number(&json, c->statistic);
		mlops_json_key(&json, "p_value");
		mlops_json_number(&json, c->p_value);
		mlops_json_end(&json);
	}
	mlops_json_end_array(&json);
	return mlops_json_finish(&json);
}

static Jsonb *
confusion_matrix(const MlopsRegistration *r)
{
	int			k = r->data->n_classes;
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "classes");
	mlops_json_begin_array(&json);
	for (int i = 0; i < k; i++)
		mlops_json_text(&json, r->data->class_name[i]);
	mlops_json_end_array(&json);
	mlops_json_key(&json, "matrix");
	mlops_json_begin_array(&json);
	for (int i = 0; i < k; i++)
	{
		mlops_json_begin_array(&json);
		for (int j = 0; j < k; j++)
			mlops_json_integer(&json, r->result->confusion[(Size) i * k + j]);
		mlops_json_end_array(&json);
	}
	mlops_json_end_array(&json);
	mlops_json_key(&json, "rows");
	mlops_json_text(&json, "actual");
	mlops_json_key(&json, "columns");
	mlops_json_text(&json, "predicted");
	mlops_json_key(&json, "split");
	mlops_json_text(&json, "test");
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

static Jsonb *
fit_detail(const MlTrainResult *result)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "solver");
	mlops_json_text(&json, result->fit.solver);
	mlops_json_key(&json, "iterations");
	mlops_json_integer(&json, result->fit.iterations);
	mlops_json_key(&json, "converged");
	mlops_json_bool(&json, result->fit.converged);
	mlops_json_key(&json, "threshold");
	mlops_json_number(&json, result->threshold);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

/* ---- the version ---- */

static void
insert_feature(int64 version_id, const char *role, int position, const char *name, const MlopsFeature *feature,
			   const MlBaseline *b, double importance)
{
	bool		number = b->kind == ML_NUMERIC;
	bool		filled = number && b->quantile != NULL;

	(void) mlops_registry_query("INSERT INTO mlops.version_features (version_id, role, position, name, source_feature,"
								" expression, kind, importance, row_count, null_count, distinct_count, minimum,"
								" maximum, mean, stddev, quantiles, levels, level_counts, other_count) VALUES"
								" ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
								" CASE WHEN $17 IS NULL THEN NULL ELSE $19 END)",
								"btittttfbbbffffFALb", version_id, role, position, name,
								feature ? feature->name : NULL, feature ? feature->expression : NULL,
								feature ? mlops_kind_name(feature->kind) : number ? "numeric" : "category",
								importance, b->n, b->n_missing, b->n_distinct,
								filled ? b->minimum : NAN, filled ? b->maximum : NAN, filled ? b->mean : NAN,
								filled ? b->sd : NAN,
								filled ? float8_array(b->quantile, 1001) : (Datum) 0,
								number ? (Datum) 0 : text_array(b->level, b->n_levels),
								number ? (Datum) 0 : int8_array(b->count, b->n_levels),
								number ? INT64CONST(0) : b->n_other);
}

static void
insert_features(const MlopsRegistration *r, int64 version_id)
{
	const MlTrainResult *result = r->result;

	for (int j = 0; j < r->data->p; j++)
		insert_feature(version_id, "feature", j + 1, r->data->column[j].name,
					   &r->definition->feature_set->feature[r->data->column[j].feature],
					   &result->feature[j], result->fit.importance ? result->fit.importance[j] : NAN);
	insert_feature(version_id, "score", 1, "score", NULL, &result->score, NAN);
	insert_feature(version_id, "label", 1, r->definition->target, NULL, &result->label, NAN);
}

static double
metric_value(const MlTrainResult *result, const char *name, const char *split)
{
	for (int i = 0; i < result->n_metrics; i++)
		if (strcmp(result->metric[i].name, name) == 0 && strcmp(result->metric[i].split, split) == 0)
			return result->metric[i].value;
	return NAN;
}

/* NULL = this version goes to production; else why it does not. */
static const char *
why_not_production(const MlopsRegistration *r, const MlopsModel *model, double value)
{
	MlopsConfig config;
	MlopsResult *had;

	/* what holds now: it may have been configured otherwise since the training began */
	mlops_config_init(&config, model->name);
	mlops_config_apply(&config, model->config, model->name);
	if (r->request_config != NULL)
		mlops_config_apply(&config, r->request_config, model->name);
	had = mlops_registry_query("SELECT EXISTS (SELECT FROM mlops.stage_history"
							   " WHERE model_id = $1 AND to_stage = 'production')", "b", model->model_id);
	if (mlops_result_bool(had, 0, 1))
		return "the model has had a production version; use mlops_promote";
	if (!config.auto_production)
		return "config.auto_production is false; use mlops_promote";
	if (!isnan(config.gate_min_value))
	{
		double		sign = ml_metric_direction(r->metric, r->data->task);

		if (isnan(value) || sign * value < sign * config.gate_min_value)
			return psprintf("%s does not reach config.gate.min_value (%g)", r->metric, config.gate_min_value);
	}
	return NULL;
}

void
mlops_register_version(const MlopsRegistration *r, MlopsTrainingOutcome *outcome)
{
	const MlopsDefinition *d = r->definition;
	const MlDataset *data = r->data;
	const MlTrainResult *result = r->result;
	const MlopsModel *model = lock_model(r);
	int32		version = model->last_version + 1;
	double		value = metric_value(result, r->metric, "test");
	double		seconds = (GetCurrentTimestamp() - r->start) / 1e6;
	const char *why = why_not_production(r, model, value);
	const char *stage = why == NULL ? "production" : "none";
	bool		classification = data->task != ML_REGRESSION;
	Jsonb	   *params = mlops_params_write(r->params);
	bytea	   *content;
	MlopsResult *inserted;
	int64		run_id;
	int64		version_id;

	run_id = insert_run(r, model->model_id, seconds);
	insert_params(r, run_id, params);
	insert_metrics(r, run_id);
	if (result->fit.n_coefficients > 0)
		insert_artifact(run_id, "coefficients", coefficients(r));
	if (result->confusion != NULL)
		insert_artifact(run_id, "confusion_matrix", confusion_matrix(r));

	inserted = mlops_registry_query("INSERT INTO mlops.versions (model_id, version, stage, threshold, risk_bands,"
									" run_id, algorithm, task, target, classes, definition, params, config, metric,"
									" value, train_rows, valid_rows, test_rows, model_size, source, source_query, key,"
									" time_column, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
									" $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)"
									" RETURNING version_id",
									"bitfjbtttAjjjtfbbbbttttt", model->model_id, version, stage, result->threshold,
									classification ? mlops_config_bands(&d->config) : NULL, run_id,
									r->params->learner->name, task_word(data->task), d->target,
									classification ? text_array(data->class_name, data->n_classes) : (Datum) 0,
									mlops_features_to_jsonb(d->feature_set), params, mlops_config_write(&d->config),
									r->metric, value, data->n_train, data->n_valid,
									data->n - data->n_train - data->n_valid, (int64) result->size,
									d->source->text, d->source->query, d->key, d->time_column,
									GetUserNameFromId(GetUserId(), false));
	version_id = mlops_result_int64(inserted, 0, 1);
	content = palloc_extended(VARHDRSZ + result->size, MCXT_ALLOC_HUGE);
	SET_VARSIZE(content, VARHDRSZ + result->size);
	memcpy(VARDATA(content), result->bytes, result->size);
	(void) mlops_registry_query("INSERT INTO mlops.version_blobs (version_id, content) VALUES ($1, $2)",
								"by", version_id, PointerGetDatum(content));
	insert_features(r, version_id);
	(void) mlops_registry_query("UPDATE mlops.models SET last_version = $2, task = $3,"
								" config = CASE WHEN $4 IS NULL THEN config ELSE"
								" jsonb_set(config, '{positive_label}', to_jsonb($4)) END WHERE model_id = $1",
								"bitt", model->model_id, version, d->task,
								data->task == ML_BINARY && (model->last_version == 0 || r->request_config == NULL) ?
								d->config.positive_label : NULL);
	mlops_registry_stage(model->model_id, model->name, version, NULL, stage, "trained", NULL);
	mlops_registry_audit("train", model->model_id, model->name, version, NULL, params);
	if (why != NULL)
		ereport(INFO,
				(errmsg("version %d of model \"%s\" is not in production: %s", version, model->name, why)));

	outcome->version = version;
	outcome->run_id = run_id;
	outcome->algorithm = r->params->learner->name;
	outcome->metric = r->metric;
	outcome->value = value;
	outcome->stage = stage;
	outcome->train_rows = data->n_train;
	outcome->test_rows = data->n - data->n_train - data->n_valid;
	outcome->detail = fit_detail(result);
	outcome->seconds = (GetCurrentTimestamp() - r->start) / 1e6;
}
