/*
 * record.c: writing runs and versions into the registry.
 *
 * The model's row is locked by the caller: version numbers have no gaps, and
 * only one of two versions written at the same time can be the first in
 * production.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "learn/baseline.h"
#include "learn/learner.h"
#include "pg/options.h"
#include "pg/record.h"
#include "pg/settings.h"

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

/* ---- the run ---- */

static void
insert_run(MlopsRecord *r)
{
	MlopsResult *result;

	result = mlops_registry_query("INSERT INTO mlops.runs (model_id, status, algorithm, seed, source, source_query,"
								  " column_types, content_hash, rows_read, rows_dropped, train_rows, valid_rows,"
								  " test_rows, started_at, ended_at, seconds, peak_memory, started_by, error)"
								  " VALUES ($1, CASE WHEN $17 IS NULL THEN 'finished' ELSE 'failed' END,"
								  " $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
								  " $15 - make_interval(secs => $13), $15, $13, $14, $16, $17) RETURNING run_id",
								  "btbttjtbbbbbfNztt", r->model->model_id, r->algorithm, r->seed, r->source,
								  r->source_query, r->column_types, r->content_hash, r->rows_read, r->rows_dropped,
								  r->train_rows, r->valid_rows, r->test_rows, r->seconds, r->peak_memory,
								  r->ended_at, GetUserNameFromId(GetUserId(), false), r->error);
	r->run_id = mlops_result_int64(result, 0, 1);
}

static void
insert_metrics(const MlopsRecord *r)
{
	int			n = r->n_metrics;
	const char **name = palloc(sizeof(char *) * Max(n, 1));
	const char **split = palloc(sizeof(char *) * Max(n, 1));
	int64	   *step = palloc(sizeof(int64) * Max(n, 1));
	double	   *value = palloc(sizeof(double) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		name[i] = r->metrics[i].name;
		split[i] = r->metrics[i].split;
		step[i] = r->metrics[i].step;
		value[i] = r->metrics[i].value;
	}
	(void) mlops_registry_query("INSERT INTO mlops.run_metrics (run_id, key, split, step, value)"
								" SELECT $1, k, s, t, nullif(v, 'NaN') FROM unnest($2, $3, $4, $5) AS m(k, s, t, v)",
								"bAALF", r->run_id, text_array(name, n), text_array(split, n), int8_array(step, n),
								float8_array(value, n));
}

static void
insert_run_parts(const MlopsRecord *r)
{
	(void) mlops_registry_query("INSERT INTO mlops.run_params (run_id, key, value)"
								" SELECT $1, key, value FROM jsonb_each_text($2 || $3)",
								"bjj", r->run_id, r->run_params, r->params);
	insert_metrics(r);
	for (int i = 0; i < r->n_artifacts; i++)
		(void) mlops_registry_query("INSERT INTO mlops.run_artifacts (run_id, name, media_type, content)"
									" VALUES ($1, $2, $3, $4)", "bttt", r->run_id, r->artifact[i].name,
									r->artifact[i].media_type, r->artifact[i].content);
}

void
mlops_record_run(MlopsRecord *r)
{
	insert_run(r);
	insert_run_parts(r);
}

/* ---- the version ---- */

static void
insert_column(int64 version_id, const char *role, int position, const char *name, const MlopsFeature *feature,
			  const MlPortableColumn *column)
{
	const MlBaseline *b = &column->baseline;
	bool		number = b->kind == ML_NUMERIC;
	bool		filled = number && b->quantile != NULL;

	(void) mlops_registry_query("INSERT INTO mlops.version_features (version_id, role, position, name, source_feature,"
								" expression, kind, importance, row_count, null_count, distinct_count, minimum,"
								" maximum, mean, stddev, quantiles, levels, level_counts, other_count, description)"
								" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
								" $18, CASE WHEN $17 IS NULL THEN NULL ELSE $19 END, $20)",
								"btittttfbbbffffFALbt", version_id, role, position, name,
								feature ? feature->name : NULL, feature ? feature->expression : NULL,
								feature ? mlops_kind_name(feature->kind) : number ? "numeric" : "category",
								column->importance, b->n, b->n_missing, b->n_distinct,
								filled ? b->minimum : NAN, filled ? b->maximum : NAN, filled ? b->mean : NAN,
								filled ? b->sd : NAN,
								filled ? float8_array(b->quantile, ML_BASELINE_QUANTILES) : (Datum) 0,
								number ? (Datum) 0 : text_array(b->level, b->n_levels),
								number ? (Datum) 0 : int8_array(b->count, b->n_levels),
								number ? INT64CONST(0) : b->n_other, column->description);
}

static void
insert_columns(const MlopsRecord *r, int64 version_id)
{
	int			p = r->prep->p;

	for (int j = 0; j < p; j++)
	{
		const MlPrepColumn *column = &r->prep->column[j];

		insert_column(version_id, "feature", j + 1, column->name, &r->feature_set->feature[column->feature],
					  &r->column[j]);
	}
	insert_column(version_id, "score", 1, "score", NULL, &r->column[p]);
	insert_column(version_id, "label", 1, r->target, NULL, &r->column[p + 1]);
}

static void
check_size(Size size)
{
	if (size > (Size) mlops_max_model_size * 1024)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the model needs %zu kB, more than mlops.max_model_size (%d kB)",
						size / 1024, mlops_max_model_size),
				 errhint("Use fewer categories, or raise mlops.max_model_size.")));
}

static int64
insert_version(const MlopsRecord *r)
{
	MlopsResult *inserted;
	int64		version_id;
	bytea	   *content;

	inserted = mlops_registry_query("INSERT INTO mlops.versions (model_id, version, stage, threshold, risk_bands,"
									" run_id, algorithm, task, target, classes, definition, params, config, metric,"
									" value, train_rows, valid_rows, test_rows, model_size, source, source_query, key,"
									" time_column, created_by, description, tags, origin, split)"
									" VALUES ($1, $2, $3, $4, $5,"
									" $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,"
									" $23, $24, $25, coalesce($26, '{}'), $27, $28) RETURNING version_id",
									"bitfjbtttAjjjtfbbbbttttttjtj", r->model->model_id, r->version, r->stage,
									r->threshold, r->risk_bands, r->run_id, r->algorithm, task_word(r->task), r->target,
									r->task == ML_REGRESSION ? (Datum) 0 : text_array(r->class_name, r->n_classes),
									mlops_features_to_jsonb(r->feature_set), r->params, mlops_config_write(r->config),
									r->metric, r->value, r->train_rows, r->valid_rows, r->test_rows, (int64) r->size,
									r->source, r->source_query, r->key, r->time_column,
									GetUserNameFromId(GetUserId(), false), r->description, r->tags,
									r->imported ? "imported" : "trained", r->split);
	version_id = mlops_result_int64(inserted, 0, 1);
	content = palloc_extended(VARHDRSZ + r->size, MCXT_ALLOC_HUGE);
	SET_VARSIZE(content, VARHDRSZ + r->size);
	memcpy(VARDATA(content), r->bytes, r->size);
	(void) mlops_registry_query("INSERT INTO mlops.version_blobs (version_id, content) VALUES ($1, $2)",
								"by", version_id, PointerGetDatum(content));
	pfree(content);
	return version_id;
}

/* NULL = this version goes to production; else why it does not. */
static const char *
why_not_production(const MlopsRecord *r)
{
	double		gate = r->stage_config->gate_min_value;
	MlopsResult *had;

	had = mlops_registry_query("SELECT EXISTS (SELECT FROM mlops.stage_history"
							   " WHERE model_id = $1 AND to_stage = 'production')", "b", r->model->model_id);
	if (mlops_result_bool(had, 0, 1))
		return "the model has had a production version; use mlops_promote";
	if (!r->stage_config->auto_production)
		return "config.auto_production is false; use mlops_promote";
	if (!isnan(gate) && r->imported)
		return "the figures of an imported version were not found here; use mlops_promote";
	if (!isnan(gate))
	{
		double		sign = ml_metric_direction(r->metric, r->task);

		if (isnan(r->value) || sign * r->value < sign * gate)
			return psprintf("%s does not reach config.gate.min_value (%g)", r->metric, gate);
	}
	return NULL;
}

void
mlops_record_write(MlopsRecord *r)
{
	const MlopsModel *model = r->model;
	const char *why = why_not_production(r);

	check_size(r->size);
	r->version = model->last_version + 1;
	r->stage = why == NULL ? "production" : "none";
	mlops_record_run(r);
	insert_columns(r, insert_version(r));
	(void) mlops_registry_query("UPDATE mlops.models SET last_version = $2, task = $3,"
								" config = CASE WHEN $4 IS NULL THEN config ELSE"
								" jsonb_set(config, '{positive_label}', to_jsonb($4)) END WHERE model_id = $1",
								"bitt", model->model_id, r->version,
								r->task == ML_REGRESSION ? "regression" : "classification", r->positive_label);
	mlops_registry_stage(model->model_id, model->name, r->version, NULL, r->stage,
						 r->imported ? "imported" : "trained", NULL);
	mlops_registry_audit(r->imported ? "import" : "train", model->model_id, model->name, r->version, NULL, r->params);
	if (why != NULL)
		ereport(INFO,
				(errmsg("version %d of model \"%s\" is not in production: %s", r->version, model->name, why)));
}
