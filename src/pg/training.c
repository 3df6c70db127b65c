/*
 * training.c: one training, from the call's arguments to a registered version.
 *
 * Reads the rows once, decides what they mean, lets the room "learn" do the
 * learning, and hands everything to register.c.  Nothing is written before
 * the learning has succeeded.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "learn/inspect.h"
#include "learn/split.h"
#include "pg/choice.h"
#include "pg/host.h"
#include "pg/options.h"
#include "pg/refs.h"
#include "pg/register.h"
#include "pg/selection.h"
#include "pg/settings.h"
#include "pg/status.h"
#include "pg/target.h"
#include "pg/validation.h"

/* A text column that '*' took is skipped when more than this share of its values is distinct. */
#define MAX_DISTINCT_SHARE 0.5
/* A key is doubted when it has fewer different values than this share of the rows. */
#define MIN_KEY_SHARE 0.5
#define MIN_KEY_ROWS 30
#define KEY_BITS (1 << 23)
#define MIN_TEST_ROWS 30
/* So many warnings of a kind name their feature; one more counts the rest. */
#define MAX_FINDINGS_TOLD 10
/* An algorithm that is NULL means this; the default of mlops_train's argument says the same. */
#define DEFAULT_ALGORITHM "gradient_boosting"

static bool
differs(const char *given, const char *stored)
{
	return given != NULL && (stored == NULL || strcmp(given, stored) != 0);
}

static void
tell_difference(const MlopsTrainingRequest *request, const MlopsModel *model, const MlopsDefinition *d)
{
	StringInfoData list;
	const struct
	{
		const char *name;
		const char *given;
		const char *used;
		const char *stored;
	}			field[] = {
		/* as the server writes them: the same text may mean something else by now, another text the same */
		{"source", request->source, d->source->query, model->source_query},
		{"features", request->features, d->features, model->features},
		{"key", request->key, request->key, model->key},
		{"time_column", request->time_column, request->time_column, model->time_column},
	};

	initStringInfo(&list);
	for (int i = 0; i < (int) lengthof(field); i++)
		if (field[i].given != NULL && differs(field[i].used, field[i].stored))
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", field[i].name);
	if (request->config != NULL && JB_ROOT_COUNT(request->config) > 0)
		appendStringInfo(&list, "%sconfig", list.len > 0 ? ", " : "");
	if (list.len > 0)
		ereport(INFO,
				(errmsg("this version of model \"%s\" differs from its definition in: %s", model->name, list.data),
				 errhint("Use mlops_configure, or mlops_create_model with replace, to change the definition.")));
}

/* The definition this version is trained by: what the call says over what is stored. */
static void
make_definition(const MlopsTrainingRequest *request, const MlopsModel *model, MlopsDefinition *d)
{
	MlopsIdentity identity;
	char	   *stored_test_where;

	memset(d, 0, sizeof(MlopsDefinition));
	mlops_config_init(&d->config, request->model);
	d->name = request->model;
	if (model == NULL)
	{
		if (request->source == NULL || request->target == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("model \"%s\" does not exist", request->model),
					 errhint("To create it, pass source and target: mlops_train('%s', 'a_table', 'a_column').",
							 request->model)));
		d->owner = GetUserId();
		d->owner_name = GetUserNameFromId(d->owner, false);
		d->features = request->features ? request->features : "*";
		d->task = request->task;
		d->target = request->target;
		d->key = request->key;
		d->time_column = request->time_column;
	}
	else
	{
		/* a source that is passed is SQL of this call; from others than the owner only the stored one is taken */
		bool		own_source = request->source != NULL &&
			(differs(request->source, model->source) ||
			 mlops_has_privilege(model->model_id, model->owner, MLOPS_OWNER));
		bool		own_features = differs(request->features, model->features);

		mlops_check_privilege(model->model_id, model->name, model->owner,
							  own_source || own_features ? MLOPS_OWNER : MLOPS_MANAGE);
		d->owner = mlops_role_oid(model->owner);
		if (!OidIsValid(d->owner))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("role \"%s\", the owner of model \"%s\", does not exist", model->owner, model->name),
					 errhint("Give the model to another role with mlops_set_owner.")));
		d->owner_name = model->owner;
		if (differs(request->target, model->target))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("model \"%s\" predicts \"%s\", not \"%s\"", model->name, model->target, request->target),
					 errhint("Make another model for another target.")));
		if (differs(request->task, model->task) && model->task != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("model \"%s\" is for %s, not %s", model->name, model->task, request->task)));
		d->target = model->target;
		d->task = model->task ? model->task : request->task;
		d->features = own_features ? request->features : model->features;
		d->features_stored = !own_features;
		d->key = request->key ? request->key : model->key;
		d->time_column = request->time_column ? request->time_column : model->time_column;
		d->source_stored = !own_source;
		mlops_config_apply(&d->config, model->config, model->name);
		d->test_where_stored = d->config.test_where != NULL;
	}

	stored_test_where = d->config.test_where;
	if (request->config != NULL)
	{
		int64		salt = d->config.salt;

		mlops_config_apply(&d->config, request->config, request->model);
		if (stored_test_where == NULL ? d->config.test_where != NULL :
			d->config.test_where == NULL || strcmp(stored_test_where, d->config.test_where) != 0)
		{
			d->test_where_stored = false;
			if (model != NULL)
				mlops_check_privilege(model->model_id, model->name, model->owner, MLOPS_OWNER);
		}
		if (model != NULL && d->config.salt != salt)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the salt of a model's split cannot change"),
					 errdetail("All versions of a model share their test rows.")));
	}

	if (d->source_stored)
	{
		mlops_identity_begin_owner(&identity, d->owner, NULL);
		d->source = mlops_source_stored(model->source, model->source_query);
		mlops_identity_end(&identity);
	}
	else
		d->source = mlops_source_analyze(request->source);
	d->find_key = model == NULL;
	mlops_definition_check(d);
	if (model != NULL && !request->look_only)
		tell_difference(request, model, d);
}

static MlopsRows *
read_rows(MlopsDefinition *d, MlopsHost *host, MlTaskKind task)
{
	MlopsIngestSpec spec;
	MlopsIdentity identity;
	MlopsRows  *rows;

	memset(&spec, 0, sizeof(spec));
	spec.source = d->source;
	spec.features = d->feature_set;
	spec.target = d->target;
	spec.key = d->key_columns;
	spec.time_column = strcmp(d->config.split_method, "time") == 0 || strcmp(d->config.split_method, "auto") == 0 ?
		d->time_column : NULL;
	spec.weight = d->config.sample_weight;
	spec.group = mlops_definition_group(d);
	spec.test_where = d->test_where;
	spec.task = task;
	spec.salt = (uint64) d->config.salt;
	spec.whole_row_content = d->key_columns == NIL;
	spec.host = host;
	if (d->source_stored)
		mlops_identity_begin_owner(&identity, d->owner, NULL);
	mlops_host_phase(host, "reading rows");
	rows = mlops_ingest(&spec);
	if (d->source_stored)
		mlops_identity_end(&identity);
	if (rows->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 rows->read == 0 ? errmsg("source of model \"%s\" is empty", d->name) :
				 errmsg("no row of the source can be used to train model \"%s\"", d->name),
				 rows->read == 0 ? 0 :
				 errdetail("Of " INT64_FORMAT " rows, " INT64_FORMAT " have no target and " INT64_FORMAT
						   " have no positive weight.", rows->read, rows->dropped_target, rows->dropped_weight)));
	if (rows->dropped_target > 0 || rows->dropped_weight > 0)
		ereport(NOTICE,
				(errmsg(INT64_FORMAT " of " INT64_FORMAT " rows were left out",
						rows->dropped_target + rows->dropped_weight, rows->read),
				 errdetail(INT64_FORMAT " have no target, " INT64_FORMAT " have no positive weight.",
						   rows->dropped_target, rows->dropped_weight)));
	return rows;
}

/* The checks of the model, before anything is learned; NULL: it has none. */
static MlopsValidation *
check_rows(MlopsHost *host, const MlopsModel *model, const MlopsSource *source)
{
	MlopsValidation *validation;

	if (!mlops_checks_exist(model->model_id))
		return NULL;
	mlops_host_phase(host, "checking rows");
	validation = mlops_validation_run(model, source, false);
	mlops_validation_guard(validation);
	return validation;
}

/* ---- the rows in their order ---- */

/* Text columns that '*' took and that look like identifiers go. */
static void
drop_identifiers(MlopsDefinition *d, MlopsRows *rows)
{
	bool	   *keep = palloc(sizeof(bool) * d->feature_set->n);
	List	   *names = d->skipped;
	StringInfoData list;
	ListCell   *lc;
	int			left = 0;

	for (int i = 0; i < d->feature_set->n; i++)
	{
		MlopsFeature *feature = &d->feature_set->feature[i];

		keep[i] = feature->kind != MLOPS_CATEGORY || !mlops_feature_from_star(d->feature_set, i) ||
			rows->column[feature->first].n_levels <= MAX_DISTINCT_SHARE * rows->n;
		if (!keep[i])
			names = lappend(names, pstrdup(feature->name));
		left += keep[i];
	}
	if (names == NIL)
		return;
	initStringInfo(&list);
	foreach(lc, names)
		appendStringInfo(&list, "%s\"%s\"", list.len > 0 ? ", " : "", (char *) lfirst(lc));
	ereport(NOTICE,
			(errmsg("columns not used as features: %s", list.data),
			 errdetail("Dates, types that are no number and no category,"
					   " and texts that differ in most rows are left out."),
			 errhint("Name an expression over them in features to use them.")));
	if (left == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" has no features", d->name),
				 errdetail("No column of the source can be one by itself.")));
	mlops_rows_keep(rows, keep);
	mlops_features_keep(d->feature_set, keep);
}

/* Warns of a key that identifies little: linear counting (Whang and others 1990) of its hashes. */
static void
check_key(const MlopsDefinition *d, const MlopsRows *rows)
{
	uint64	   *bits;
	int64		zeros = 0;
	double		distinct;

	if (d->key_columns == NIL || rows->n < MIN_KEY_ROWS || rows->n > KEY_BITS || d->config.group != NULL)
		return;
	bits = palloc0(KEY_BITS / 8);
	for (int64 i = 0; i < rows->n; i++)
		bits[(rows->key_hash[i] >> 6) % (KEY_BITS / 64)] |= UINT64CONST(1) << (rows->key_hash[i] & 63);
	for (int i = 0; i < KEY_BITS / 64; i++)
		zeros += 64 - __builtin_popcountll(bits[i]);
	pfree(bits);
	distinct = zeros > 0 ? rint(-(double) KEY_BITS * log((double) zeros / KEY_BITS)) : rows->n;
	if (distinct < MIN_KEY_SHARE * rows->n)
		ereport(WARNING,
				(errmsg("key \"%s\" has about %.0f different values in " INT64_FORMAT " rows", d->key, distinct,
						rows->n),
				 errdetail("Rows of one key stay on one side of the split."),
				 errhint("Name the columns that identify a row;"
						 " for rows that belong together use config.split.group.")));
}

/* Figures of a handful of rows say little. */
static void
check_test_rows(const MlDataset *data, const char *metric)
{
	int64		test = data->n - data->n_train - data->n_valid;

	if (test > 0 && test < MIN_TEST_ROWS)
		ereport(WARNING,
				(errmsg("%s is judged on " INT64_FORMAT " test rows only", metric, test),
				 errdetail("So few rows can make any model look good or bad.")));
}

/* Trees that never split know nothing of the features, whatever they say. */
static void
check_splits(const MlTrainResult *result)
{
	for (int i = 0; i < result->n_importance; i++)
	{
		const MlImportance *splits = &result->importance[i];

		if (strcmp(splits->method, "split") != 0)
			continue;
		for (int f = 0; f < splits->n; f++)
			if (splits->value[f] > 0)
				return;
		ereport(WARNING,
				(errmsg("no tree has a split"),
				 errdetail("Every row gets the same prediction: no split gains enough "
						   "and leaves enough rows on both sides."),
				 errhint("Lower \"min_samples_leaf\" or what else keeps trees small, or add rows or features.")));
	}
}

/* The rows in their order; where each was read, from the host. */
static uint32 *
order_rows(MlopsDefinition *d, MlopsRows *rows, MlDataset *data, bool validation, MlSplitRule *rule)
{
	MlHost	   *host = &rows->host->host;
	MlStatus	status = {0};
	MlSplitSpec spec = {0};
	int32	   *label = mlops_host_array(rows->host, rows->n, sizeof(int32), "labels");
	uint32	   *perm = mlops_host_array(rows->host, rows->n, sizeof(uint32), "row order");

	spec.test = d->config.split_test;
	if (validation)
		spec.validation = d->config.split_validation;
	spec.by_time = rows->time != NULL;
	spec.keep_groups = !spec.by_time && mlops_definition_group(d) != NULL;
	for (int64 i = 0; i < rows->n; i++)
		label[i] = data->task == ML_REGRESSION ? -1 : (int32) data->y[i];
	mlops_check_status(ml_split(host, rows->n, &spec, rows->key_hash, rows->content,
								spec.by_time ? rows->time : NULL, label, rows->test_where,
								perm, &data->n_train, &data->n_valid, rule, &status), &status);

	mlops_rows_permute(rows, perm, rows->n);
	host->release(host, label);
	data->n = rows->n;
	data->p = rows->p;
	data->column = rows->column;
	data->owns_columns = true;
	data->weight = rows->weight;
	return perm;
}

/* Nobody will order them again. */
static void
end_order(MlopsRows *rows, uint32 *row)
{
	rows->host->host.release(&rows->host->host, row);
	mlops_rows_end_order(rows);
}

/* Has this learner, or the threshold, something to choose by validation rows? */
static bool
wants_validation(const MlopsDefinition *d, const MlDataset *data, const MlLearner *learner, const MlParams *params)
{
	return (learner->wants_validation != NULL && learner->wants_validation(params)) ||
		(d->config.threshold_rule != NULL && data->task == ML_BINARY);
}

/* ---- what to learn ---- */

static const MlLearner *
find_learner(const char *algorithm)
{
	const MlLearner *learner = ml_learner_find(algorithm != NULL ? algorithm : DEFAULT_ALGORITHM);

	if (learner == NULL)
	{
		const char *names[64];
		int			n = Min(ml_n_learners, 63);

		for (int i = 0; i < n; i++)
			names[i] = ml_learners[i]->name;
		names[n] = MLOPS_CHOICE;
		mlops_option_unknown("algorithm", algorithm, "", names, n + 1);
	}
	return learner;
}

static void
check_task(const MlLearner *learner, MlTaskKind task)
{
	if ((learner->tasks & task) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" cannot be used for %s", learner->name,
						task == ML_REGRESSION ? "regression" : "classification"),
				 errhint("See mlops_algorithms().")));
}

static const char *
choose_metric(const MlopsConfig *config, MlTaskKind task)
{
	const char *metric = config->metric;

	if (metric == NULL)
		return task == ML_BINARY ? "roc_auc" : task == ML_MULTICLASS ? "log_loss" : "rmse";
	if (ml_metric_direction(metric, task) == 0)
	{
		const char *names[64];
		int			n = 0;

		while (n < 64 && (names[n] = ml_metric_name(n, task)) != NULL)
			n++;
		mlops_option_unknown("metric", metric, task == ML_REGRESSION ? " for regression" :
							 task == ML_BINARY ? " for two classes" : " for more than two classes", names, n);
	}
	return metric;
}

/* A wide table would flood its user. */
static void
tell_the_rest(const MlopsDefinition *d, const int *count)
{
	int			constant = count[ML_FINDING_CONSTANT] - MAX_FINDINGS_TOLD;
	int			duplicate = count[ML_FINDING_DUPLICATE] - MAX_FINDINGS_TOLD;
	int			leak = count[ML_FINDING_LEAK] - MAX_FINDINGS_TOLD;

	if (constant > 0)
		ereport(WARNING,
				(errmsg("%d more features have one value only in the training rows", constant)));
	if (duplicate > 0)
		ereport(WARNING,
				(errmsg("%d more features repeat others", duplicate)));
	if (leak > 0)
		ereport(WARNING,
				(errmsg("%d more features may give the target \"%s\" away", leak, d->target)));
}

static void
tell_findings(const MlopsDefinition *d, MlHost *host, const MlDataset *data)
{
	MlStatus	status = {0};
	MlFinding  *finding;
	int			n;
	int			count[ML_FINDING_LEAK + 1] = {0};

	mlops_check_status(ml_inspect(host, data, &finding, &n, &status), &status);
	for (int i = 0; i < n; i++)
	{
		const char *name = data->column[finding[i].column].name;

		if (++count[finding[i].kind] > MAX_FINDINGS_TOLD)
			continue;

		switch (finding[i].kind)
		{
			case ML_FINDING_CONSTANT:
				ereport(WARNING,
						(errmsg("feature \"%s\" has one value only in the training rows", name),
						 errdetail("It cannot help the model.")));
				break;
			case ML_FINDING_DUPLICATE:
				ereport(WARNING,
						(errmsg("feature \"%s\" repeats feature \"%s\"", name, data->column[finding[i].other].name),
						 errdetail("All training rows have the same value in both.")));
				break;
			case ML_FINDING_LEAK:
				ereport(WARNING,
						(errmsg("feature \"%s\" may give the target \"%s\" away", name, d->target),
						 errdetail("Alone it reaches %s = %.4f on the training rows.",
								   data->task == ML_REGRESSION ? "R2" : "AUC", finding[i].evidence),
						 errhint("Leave it out by config.exclude if it is not known when predictions are made.")));
				break;
		}
	}
	tell_the_rest(d, count);
}

int64
mlops_training_read(const MlopsTrainingRequest *request)
{
	MlopsDefinition definition;
	MlopsHost	host;
	int64		n;

	make_definition(request, NULL, &definition);
	mlops_host_init(&host, CurrentMemoryContext, mlops_training_memory(), "rows");
	n = read_rows(&definition, &host, 0)->n;
	mlops_host_done(&host);
	return n;
}

/* ---- rows that are only looked at ---- */

MlopsTrainingRows *
mlops_training_rows(char *model, char *source)
{
	MlopsTrainingRequest request = {.model = model,.source = source,.look_only = true};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops training rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	MlopsTrainingRows *training = palloc0(sizeof(MlopsTrainingRows));
	MlopsDefinition *d = &training->definition;
	MlTaskKind	known_task = 0;

	(void) mlops_model_lookup(model, NULL);
	training->context = context;
	training->caller = caller;
	training->model = mlops_registry_model(model, false);
	make_definition(&request, training->model, d);
	if (d->task != NULL)
		known_task = strcmp(d->task, "regression") == 0 ? ML_REGRESSION : ML_BINARY;
	mlops_host_init(&training->host, context, mlops_training_memory(), psprintf("model \"%s\"", model));
	training->rows = read_rows(d, &training->host, known_task);
	mlops_target_interpret(d, training->rows, &training->data, false);
	drop_identifiers(d, training->rows);
	training->metric = choose_metric(&d->config, training->data.task);
	training->read_at = order_rows(d, training->rows, &training->data, false, NULL);
	return training;
}

void
mlops_training_rows_done(MlopsTrainingRows *training)
{
	MemoryContext context = training->context;

	mlops_host_done(&training->host);
	MemoryContextSwitchTo(training->caller);
	MemoryContextDelete(context);
}

static double
seconds_since(TimestampTz moment)
{
	return (GetCurrentTimestamp() - moment) / 1e6;
}

/* What config.select asks for; registration has the metric. */
static void
select_features(MlopsHost *host, MlopsDefinition *d, MlopsRows *rows, MlDataset *data, int64 seed,
				MlopsRegistration *registration)
{
	TimestampTz start = GetCurrentTimestamp();

	if (d->config.select_method == NULL)
		return;
	registration->selection = mlops_selection_apply(host, d, rows, data, seed, registration->metric);
	registration->select_seconds = seconds_since(start);
}

void
mlops_training_run(const MlopsTrainingRequest *request, MlopsTrainingOutcome *outcome)
{
	TimestampTz start = GetCurrentTimestamp();
	TimestampTz part;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops training", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	MlopsModel *model;
	MlopsDefinition definition;
	MlopsHost	host;
	MlopsRows  *rows;
	MlDataset	data = {0};
	MlopsRegistration registration = {0};
	MlParams	params;
	MlTrainSpec spec = {0};
	MlTrainResult *result = palloc0(sizeof(MlTrainResult));
	MlStatus	status = {0};
	MlTaskKind	known_task = 0;
	MlopsValidation *validation = NULL;
	const MlLearner *learner = NULL;
	uint32	   *row;
	int			folds = 0;
	bool		automatic = request->algorithm != NULL && strcmp(request->algorithm, MLOPS_CHOICE) == 0;

	mlops_check_model_name(request->model);
	mlops_check_task(request->task);
	model = mlops_registry_model(request->model, false);
	make_definition(request, model, &definition);
	if (definition.task != NULL)
		known_task = strcmp(definition.task, "regression") == 0 ? ML_REGRESSION : ML_BINARY;
	/* what can be refused before reading is refused before reading */
	if (automatic)
		folds = mlops_choice_folds(request->params);
	else
	{
		learner = find_learner(request->algorithm);
		mlops_params_read(learner, request->params, &params);
		mlops_definition_check_prep(&definition, learner);
	}
	mlops_check_status(ml_sampling_check(&definition.config.sampling, automatic ? NULL : &params, known_task, &status),
					   &status);

	mlops_host_init(&host, context, mlops_training_memory(), psprintf("model \"%s\"", request->model));
	if (model != NULL)
		validation = check_rows(&host, model, definition.source);
	part = GetCurrentTimestamp();
	rows = read_rows(&definition, &host, known_task);
	registration.read_seconds = seconds_since(part);
	mlops_target_interpret(&definition, rows, &data, true);
	drop_identifiers(&definition, rows);
	check_key(&definition, rows);

	registration.metric = choose_metric(&definition.config, data.task);
	if (!automatic)
	{
		check_task(learner, data.task);
		if (learner->check != NULL)
			mlops_check_status(learner->check(&params, data.task, &status), &status);
	}
	mlops_check_status(ml_sampling_check(&definition.config.sampling, NULL, data.task, &status), &status);
	part = GetCurrentTimestamp();
	row = order_rows(&definition, rows, &data,
					 automatic ? folds == 0 : wants_validation(&definition, &data, learner, &params),
					 &registration.rule);
	if (folds == 0)
		end_order(rows, row);
	registration.order_seconds = seconds_since(part);
	/* folds select by the rows of each, and all training rows when they have chosen */
	if (folds == 0)
		select_features(&host, &definition, rows, &data, request->seed, &registration);
	tell_findings(&definition, &host.host, &data);
	check_test_rows(&data, registration.metric);

	spec.seed = (uint64) request->seed;
	spec.sampling = definition.config.sampling;
	spec.prior = strcmp(definition.config.calibration, "none") != 0;
	spec.threshold = definition.config.threshold;
	spec.threshold_rule = data.n_valid > 0 ? definition.config.threshold_rule : NULL;
	memcpy(spec.cost, definition.config.cost, sizeof(spec.cost));
	spec.metric = registration.metric;
	spec.refit = definition.config.refit;
	part = GetCurrentTimestamp();
	if (automatic)
	{
		registration.choice = palloc0(sizeof(MlopsChoice));
		registration.choice->folds = folds;
	}
	if (folds > 0)
	{
		spec.threshold_rule = definition.config.threshold_rule;
		mlops_choice_fold(&host, &definition, rows, &data, row, &spec, registration.choice);
		/* from here on as if the algorithm had been named */
		host.host.release(&host.host, row);
		row = order_rows(&definition, rows, &data, wants_validation(&definition, &data, spec.learner, spec.params),
						 &registration.rule);
		end_order(rows, row);
		select_features(&host, &definition, rows, &data, request->seed, &registration);
		spec.prep = mlops_definition_prep(&definition, &data, spec.learner);
		spec.threshold_rule = data.n_valid > 0 ? definition.config.threshold_rule : NULL;
		mlops_check_status(ml_train(&host.host, &data, &spec, result, &status), &status);
	}
	else if (automatic)
	{
		mlops_choice_make(&host, &definition, &data, &spec, result, registration.choice);
		mlops_check_status(ml_train_finish(&host.host, &data, &spec, result, &status), &status);
	}
	else
	{
		spec.learner = learner;
		spec.params = &params;
		spec.prep = mlops_definition_prep(&definition, &data, learner);
		mlops_check_status(ml_train(&host.host, &data, &spec, result, &status), &status);
	}
	registration.train_seconds = seconds_since(part);
	check_splits(result);

	registration.definition = &definition;
	registration.model = model;
	registration.rows = rows;
	registration.data = &data;
	registration.params = spec.params;
	registration.result = result;
	registration.seed = request->seed;
	registration.start = start;
	registration.peak_memory = host.peak;
	registration.request_config = request->config;
	mlops_host_phase(&host, "registering");
	mlops_register_version(&registration, outcome);
	if (validation != NULL)
		(void) mlops_validation_record(validation, outcome->run_id);

	mlops_host_done(&host);
	MemoryContextSwitchTo(caller);
	/* what outlives the training */
	outcome->metric = pstrdup(outcome->metric);
	outcome->detail = (Jsonb *) DatumGetPointer(datumCopy(JsonbPGetDatum(outcome->detail), false, -1));
	mlops_host_end(&host);
}
