/*
 * register.c: what a finished training says of its version, for record.c to
 * write, all at once.
 *
 * The model's row is taken first: version numbers have no gaps, and only
 * one of two trainings at the same time can be the first in production.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "learn/learner.h"
#include "pg/heldout.h"
#include "pg/options.h"
#include "pg/record.h"
#include "pg/register.h"

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

/* What the fit tells beside its parameters; NULL = there is none. */
static Jsonb *
run_params(int64 seed, const MlFit *fit)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "seed");
	mlops_json_integer(&json, seed);
	if (fit != NULL)
	{
		mlops_json_key(&json, "solver");
		mlops_json_text(&json, fit->solver);
		mlops_json_key(&json, "iterations");
		mlops_json_integer(&json, fit->iterations);
		mlops_json_key(&json, "converged");
		mlops_json_bool(&json, fit->converged);
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

static void
add_metric(MlMetric *metric, int *n, const char *name, double value)
{
	if (!isnan(value))
		metric[(*n)++] = (MlMetric) {.name = name,.split = "train",.value = value};
}

/* The loss after each round: steps 1, 2, ... */
static int
collect_curve(const MlFit *fit, MlMetric *metric)
{
	const double *curve[] = {fit->curve_train, fit->curve_validation};
	const char *split[] = {"train", "validation"};
	int			n = 0;

	for (int i = 0; i < (int) lengthof(curve); i++)
		for (int round = 0; curve[i] != NULL && round < fit->n_rounds; round++)
			metric[n++] = (MlMetric) {.name = fit->curve_metric,.split = split[i],.value = curve[i][round],
									  .step = round + 1};
	return n;
}

/* choice: of the winner, when folds chose it; else NULL */
static const MlMetric *
collect_metrics(const MlTrainResult *result, const MlopsCandidate *choice, int *n)
{
	MlMetric   *metric = palloc(sizeof(MlMetric) * (ML_MAX_METRICS + 5 + 2 * (Size) result->fit.n_rounds));

	*n = result->n_metrics;
	memcpy(metric, result->metric, sizeof(MlMetric) * result->n_metrics);
	add_metric(metric, n, "objective", result->fit.objective);
	add_metric(metric, n, "max_gradient", result->fit.max_gradient);
	add_metric(metric, n, "oob_score", result->fit.oob_score);
	for (int i = 0; choice != NULL && i < choice->result.n_metrics; i++)
		metric[(*n)++] = choice->result.metric[i];
	*n += collect_curve(&result->fit, metric + *n);
	return metric;
}

static void
add_artifact(MlArtifact *artifact, int *n, const char *name, Jsonb *content)
{
	artifact[(*n)++] = (MlArtifact) {name, "application/json", JsonbToCString(NULL, &content->root, VARSIZE(content))};
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
feature_importance(const MlopsRegistration *r)
{
	const MlopsFeatureSet *set = r->definition->feature_set;
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin_array(&json);
	for (int i = 0; i < r->result->n_importance; i++)
	{
		const MlImportance *importance = &r->result->importance[i];

		for (int f = 0; f < importance->n; f++)
		{
			mlops_json_begin(&json);
			mlops_json_key(&json, "method");
			mlops_json_text(&json, importance->method);
			mlops_json_key(&json, "feature");
			mlops_json_text(&json, set->feature[f].name);
			mlops_json_key(&json, "importance");
			mlops_json_number(&json, importance->value[f]);
			mlops_json_key(&json, "std");
			mlops_json_number(&json, importance->std ? importance->std[f] : NAN);
			mlops_json_key(&json, "rows");
			mlops_json_integer(&json, importance->rows);
			mlops_json_end(&json);
		}
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

static void
add_number(MlopsJson *json, const char *key, double value)
{
	mlops_json_key(json, key);
	mlops_json_number(json, value);
}

/* What each threshold would do to the rows held out: [threshold, tp, fp], and what they make figures with. */
static Jsonb *
threshold_table(const MlopsRegistration *r)
{
	const MlThresholds *t = &r->result->thresholds;
	const MlopsConfig *config = &r->definition->config;
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "split");
	mlops_json_text(&json, t->split);
	mlops_json_key(&json, "rows");
	mlops_json_integer(&json, t->rows);
	add_number(&json, "positives", t->positives);
	add_number(&json, "negatives", t->negatives);
	if (config->has_cost)
	{
		mlops_json_key(&json, "cost");
		mlops_json_begin_array(&json);
		for (int i = 0; i < (int) lengthof(config->cost); i++)
			mlops_json_number(&json, config->cost[i]);
		mlops_json_end_array(&json);
	}
	mlops_json_key(&json, "points");
	mlops_json_begin_array(&json);
	for (int i = 0; i < t->n; i++)
	{
		mlops_json_begin_array(&json);
		mlops_json_number(&json, t->point[i].threshold);
		mlops_json_number(&json, t->point[i].tp);
		mlops_json_number(&json, t->point[i].fp);
		mlops_json_end_array(&json);
	}
	mlops_json_end_array(&json);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

/* Seconds of each part of the training; those of the learner within "train". */
static Jsonb *
timing(const MlopsRegistration *r)
{
	const MlFit *fit = &r->result->fit;
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "read");
	mlops_json_number(&json, r->read_seconds);
	mlops_json_key(&json, "order");
	mlops_json_number(&json, r->order_seconds);
	if (r->selection != NULL)
	{
		mlops_json_key(&json, "select");
		mlops_json_number(&json, r->select_seconds);
	}
	mlops_json_key(&json, "train");
	mlops_json_number(&json, r->train_seconds);
	for (int i = 0; i < fit->n_timings; i++)
	{
		mlops_json_key(&json, fit->timing[i].part);
		mlops_json_number(&json, fit->timing[i].seconds);
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

static void
add_candidates(MlopsJson *json, const MlopsChoice *choice)
{
	mlops_json_key(json, "candidates");
	mlops_json_begin_array(json);
	for (int i = 0; i < choice->n; i++)
	{
		mlops_json_begin(json);
		mlops_json_key(json, "algorithm");
		mlops_json_text(json, choice->candidate[i].params.learner->name);
		mlops_json_key(json, "run_id");
		mlops_json_integer(json, choice->candidate[i].run_id);
		mlops_json_key(json, "value");
		mlops_json_number(json, choice->candidate[i].value);
		if (choice->folds > 0)
		{
			mlops_json_key(json, "std");
			mlops_json_number(json, choice->candidate[i].error == NULL ? choice->candidate[i].std : NAN);
		}
		mlops_json_end(json);
	}
	mlops_json_end_array(json);
}

static Jsonb *
fit_detail(const MlTrainResult *result, const MlopsChoice *choice)
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
	if (result->rows_sampled > 0)
	{
		mlops_json_key(&json, "rows_sampled");
		mlops_json_integer(&json, result->rows_sampled);
	}
	if (!isnan(result->fit.oob_score))
	{
		mlops_json_key(&json, "oob_score");
		mlops_json_number(&json, result->fit.oob_score);
	}
	if (choice != NULL)
		add_candidates(&json, choice);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

static MlPortableColumn *
collect_columns(const MlopsRegistration *r)
{
	const MlTrainResult *result = r->result;
	int			p = result->prep.p;
	MlPortableColumn *column = palloc(sizeof(MlPortableColumn) * (p + 2));

	for (int j = 0; j < p; j++)
		column[j] = (MlPortableColumn) {result->fit.importance ? result->fit.importance[j] : NAN, NULL,
										result->feature[j]};
	column[p] = (MlPortableColumn) {NAN, NULL, result->score};
	column[p + 1] = (MlPortableColumn) {NAN, NULL, result->label};
	return column;
}

/* The runs of "auto" that no version comes from; base says what they share with the one that one does. */
static void
record_losers(const MlopsRegistration *r, const MlopsRecord *base)
{
	for (int i = 0; i < r->choice->n; i++)
	{
		MlopsCandidate *candidate = &r->choice->candidate[i];
		MlopsRecord record = *base;

		if (i == r->choice->winner)
			continue;
		record.algorithm = candidate->params.learner->name;
		record.params = mlops_params_write(&candidate->params);
		record.run_params = run_params(r->seed, candidate->error == NULL && r->choice->folds == 0
									   ? &candidate->result.fit : NULL);
		record.seconds = candidate->seconds;
		record.ended_at = candidate->ended_at;
		record.peak_memory = (int64) candidate->peak_memory;
		record.error = candidate->error;
		record.n_artifacts = 0;
		record.metrics = NULL;
		record.n_metrics = 0;
		if (candidate->error == NULL)
			record.metrics = collect_metrics(&candidate->result, NULL, &record.n_metrics);
		mlops_record_run(&record);
		candidate->run_id = record.run_id;
	}
}

void
mlops_register_version(const MlopsRegistration *r, MlopsTrainingOutcome *outcome)
{
	const MlopsDefinition *d = r->definition;
	const MlDataset *data = r->data;
	const MlTrainResult *result = r->result;
	const MlopsModel *model = lock_model(r);
	MlArtifact	artifact[6];
	MlopsRecord record = {0};
	MlopsConfig stage_config;

	/* what holds now: it may have been configured otherwise since the training began */
	mlops_config_init(&stage_config, model->name);
	mlops_config_apply(&stage_config, model->config, model->name);
	if (r->request_config != NULL)
		mlops_config_apply(&stage_config, r->request_config, model->name);
	record.model = model;
	record.stage_config = &stage_config;
	if (data->task == ML_BINARY && (model->last_version == 0 || r->request_config == NULL))
		record.positive_label = d->config.positive_label;

	record.seed = r->seed;
	record.run_params = run_params(r->seed, &result->fit);
	record.column_types = column_types(d->source->desc);
	record.content_hash = psprintf("%016llx%016llx", (unsigned long long) r->rows->content_sum[0],
								   (unsigned long long) r->rows->content_sum[1]);
	record.rows_read = r->rows->read;
	record.rows_dropped = r->rows->dropped_target + r->rows->dropped_weight;
	record.ended_at = GetCurrentTimestamp();
	record.seconds = (record.ended_at - r->start) / 1e6;
	record.peak_memory = (int64) r->peak_memory;
	record.metrics = collect_metrics(result, r->choice != NULL && r->choice->folds > 0
									 ? &r->choice->candidate[r->choice->winner] : NULL, &record.n_metrics);
	if (result->fit.n_coefficients > 0)
		add_artifact(artifact, &record.n_artifacts, "coefficients", coefficients(r));
	if (result->confusion != NULL)
		add_artifact(artifact, &record.n_artifacts, "confusion_matrix", confusion_matrix(r));
	add_artifact(artifact, &record.n_artifacts, "timing", timing(r));
	if (result->n_importance > 0)
		add_artifact(artifact, &record.n_artifacts, "feature_importance", feature_importance(r));
	if (result->thresholds.split != NULL)
		add_artifact(artifact, &record.n_artifacts, "threshold_table", threshold_table(r));
	if (r->selection != NULL)
		add_artifact(artifact, &record.n_artifacts, "feature_selection", mlops_selection_write(r->selection));
	record.artifact = artifact;

	record.task = data->task;
	record.algorithm = r->params->learner->name;
	record.target = d->target;
	record.n_classes = data->n_classes;
	record.class_name = data->class_name;
	record.feature_set = d->feature_set;
	record.params = mlops_params_write(r->params);
	record.config = &d->config;
	record.threshold = result->threshold;
	record.risk_bands = data->task == ML_REGRESSION ? NULL : mlops_config_bands(&d->config);
	record.metric = r->metric;
	record.value = ml_result_metric(result, r->metric, "test");
	record.train_rows = data->n_train;
	record.valid_rows = data->n_valid;
	record.test_rows = data->n - data->n_train - data->n_valid;
	record.source = d->source->text;
	record.source_query = d->source->query;
	record.key = d->key;
	record.time_column = d->time_column;
	record.bytes = result->bytes;
	record.size = result->size;
	record.split = mlops_heldout_write(d, r->rows, data, &r->rule);

	record.prep = &result->prep;
	record.column = collect_columns(r);
	if (r->choice != NULL)
		record_losers(r, &record);
	mlops_record_write(&record);
	if (r->choice != NULL)
		r->choice->candidate[r->choice->winner].run_id = record.run_id;

	outcome->version = record.version;
	outcome->run_id = record.run_id;
	outcome->algorithm = record.algorithm;
	outcome->metric = record.metric;
	outcome->value = record.value;
	outcome->stage = record.stage;
	outcome->train_rows = record.train_rows;
	outcome->test_rows = record.test_rows;
	outcome->detail = fit_detail(result, r->choice);
	outcome->seconds = (GetCurrentTimestamp() - r->start) / 1e6;
}
