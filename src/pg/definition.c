/*
 * definition.c: what a model is, checked as a whole before it is stored or
 * trained.
 *
 * SQL typed in this call is resolved with the caller's search_path and kept
 * with every name qualified; stored SQL is resolved under pg_catalog alone.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "learn/train.h"
#include "pg/config_preprocess.h"
#include "pg/definition.h"
#include "pg/identity.h"
#include "pg/selection.h"
#include "pg/status.h"

void
mlops_check_task(const char *task)
{
	if (task != NULL && strcmp(task, "classification") != 0 && strcmp(task, "regression") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("task \"%s\" does not exist", task),
				 errhint("Use \"classification\" or \"regression\".")));
}

List *
mlops_key_columns(const MlopsSource *source, const char *key)
{
	List	   *names = NIL;
	ListCell   *lc;

	if (key == NULL)
		return NIL;
	if (mlops_desc_column(source->desc, key) > 0)
		return list_make1(pstrdup(key));
	if (!SplitIdentifierString(pstrdup(key), ',', &names) || names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid key \"%s\"", key),
				 errhint("Name one column, or several separated by commas.")));
	foreach(lc, names)
		(void) mlops_source_column(source, lfirst(lc), "key");
	return names;
}

char *
mlops_definition_group(const MlopsDefinition *d)
{
	return strcmp(d->config.split_method, "hash") == 0 ? NULL : d->config.group;
}

/* The primary key of a plain table, as a key, or NULL. */
static char *
primary_key(const MlopsSource *source, const char *target)
{
	StringInfoData key;
	ListCell   *lc;

	initStringInfo(&key);
	foreach(lc, mlops_source_primary_key(source))
	{
		const char *name = lfirst(lc);

		if (target != NULL && strcmp(name, target) == 0)
			return NULL;
		appendStringInfo(&key, "%s%s", key.len > 0 ? ", " : "", quote_identifier(name));
	}
	return key.len == 0 ? NULL : key.data;
}

char *
mlops_definition_features(const MlopsFeatureSet *set)
{
	StringInfoData list;
	bool		star = false;

	initStringInfo(&list);
	for (int i = 0; i < set->n; i++)
		star |= mlops_feature_from_star(set, i);
	if (star)
		appendStringInfoChar(&list, '*');
	for (int i = 0; i < set->n; i++)
	{
		const char *name;

		if (mlops_feature_from_star(set, i))
			continue;
		name = quote_identifier(set->feature[i].name);
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", set->feature[i].expression);
		if (strcmp(name, set->feature[i].expression) != 0)
			appendStringInfo(&list, " AS %s", name);
	}
	return list.data;
}

/* What cannot judge the task is refused now, not after the learning. */
static void
check_metric(const MlopsDefinition *d)
{
	bool		regression;

	if (d->config.metric == NULL || d->task == NULL)
		return;
	regression = strcmp(d->task, "regression") == 0;
	if (ml_metric_direction(d->config.metric, regression ? ML_REGRESSION : ML_BINARY) == 0 &&
		(regression || ml_metric_direction(d->config.metric, ML_MULTICLASS) == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("metric \"%s\" cannot judge a %s", d->config.metric, d->task),
				 errhint("With \"metric\": null the default is used.")));
}

static void
check_select(const MlopsDefinition *d)
{
	if (d->config.select_method != NULL && d->task != NULL)
		mlops_selection_check(d->config.select_method,
							  strcmp(d->task, "regression") == 0 ? ML_REGRESSION : ML_BINARY);
}

static void
check_test_where(MlopsDefinition *d)
{
	MlopsIdentity identity;
	MlopsFeatureSet *set;

	if (d->test_where_stored)
		mlops_identity_begin_owner(&identity, d->owner, NULL);
	set = mlops_features_condition(d->config.test_where, "split.test_where", d->source->desc, d->owner);
	if (d->test_where_stored)
		mlops_identity_end(&identity);
	if (!set->all_immutable)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"split.test_where\" depends on settings of the session"),
				 errdetail("All versions of a model share their test rows, whoever trains them."),
				 errhint("Write the time zone out, as in ts AT TIME ZONE 'UTC'.")));
	d->test_where = set;
	d->config.test_where = set->feature[0].expression;
}

void
mlops_definition_check(MlopsDefinition *d)
{
	MlopsSource *source = d->source;
	MlopsConfig *config = &d->config;
	MlopsIdentity identity;
	List	   *exclude = NIL;
	ListCell   *lc;
	const char **names;
	char	   *found_key = NULL;

	mlops_check_task(d->task);
	check_metric(d);
	check_select(d);
	if (d->target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" needs a target", d->name),
				 errhint("Name the column of the source that is to be predicted.")));
	(void) mlops_source_column(source, d->target, "target");
	exclude = lappend(exclude, d->target);
	if (d->find_key && d->key == NULL)
		d->key = found_key = primary_key(source, d->target);
	d->key_columns = mlops_key_columns(source, d->key);
	exclude = list_concat(exclude, d->key_columns);
	if (d->time_column != NULL)
	{
		(void) mlops_source_column(source, d->time_column, "time");
		exclude = lappend(exclude, d->time_column);
	}
	if (strcmp(config->split_method, "time") == 0 && d->time_column == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split method \"time\" needs a time column"),
				 errhint("Pass time_column.")));
	if (config->sample_weight != NULL)
	{
		(void) mlops_source_column(source, config->sample_weight, "sample weight");
		exclude = lappend(exclude, config->sample_weight);
	}
	if (config->group != NULL)
	{
		(void) mlops_source_column(source, config->group, "group");
		exclude = lappend(exclude, config->group);
	}
	foreach(lc, config->exclude)
	{
		(void) mlops_source_column(source, lfirst(lc), "excluded");
		exclude = lappend(exclude, lfirst(lc));
	}
	if (config->test_where != NULL)
	{
		check_test_where(d);
		for (int i = 0; i < d->test_where->signature->natts; i++)
			exclude = lappend(exclude, NameStr(TupleDescAttr(d->test_where->signature, i)->attname));
	}

	if (d->features_stored)
		mlops_identity_begin_owner(&identity, d->owner, NULL);
	d->feature_set = mlops_features_analyze(d->features, source->desc, exclude, d->owner, &d->skipped);
	if (d->features_stored)
		mlops_identity_end(&identity);
	if (d->feature_set->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" has no features", d->name),
				 errdetail("No column of the source remains beside target, key, time and excluded columns.")));
	for (int i = 0; i < d->feature_set->signature->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(d->feature_set->signature, i)->attname), d->target) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("features must not use the target \"%s\"", d->target)));
	d->features = mlops_definition_features(d->feature_set);

	names = palloc(sizeof(char *) * d->feature_set->n);
	for (int i = 0; i < d->feature_set->n; i++)
		names[i] = d->feature_set->feature[i].name;
	mlops_preprocess_check_columns(config->preprocess, names, d->feature_set->n);
	if (found_key != NULL)
		ereport(NOTICE,
				(errmsg("primary key \"%s\" of the source is the key", found_key),
				 errdetail("It identifies the rows and is no feature."),
				 errhint("Pass key to choose another one.")));
}

void
mlops_definition_check_prep(const MlopsDefinition *d, const MlLearner *learner)
{
	for (int i = 0; i < d->feature_set->n; i++)
	{
		const MlopsFeature *feature = &d->feature_set->feature[i];
		MlKind		kind = feature->kind == MLOPS_CATEGORY ? ML_CATEGORY : ML_NUMERIC;
		MlPrepSpec	spec;
		MlStatus	status = {0};

		ml_prep_default(&spec, kind, learner->linear);
		mlops_preprocess_read(d->config.preprocess, feature->name, kind, &spec);
		mlops_check_status(ml_prep_check(&spec, feature->name, kind, learner->linear, &status), &status);
	}
}

MlPrepSpec *
mlops_definition_prep(const MlopsDefinition *d, const MlDataset *data, const MlLearner *learner)
{
	MlPrepSpec *prep = palloc0(sizeof(MlPrepSpec) * data->p);

	for (int j = 0; j < data->p; j++)
	{
		const MlColumn *column = &data->column[j];

		ml_prep_default(&prep[j], column->kind, learner->linear);
		mlops_preprocess_read(d->config.preprocess, d->feature_set->feature[column->feature].name, column->kind,
							  &prep[j]);
	}
	return prep;
}

int64
mlops_definition_store(const MlopsDefinition *d, const MlopsModel *existing, const char *comment)
{
	MlopsResult *r;
	Jsonb	   *config = mlops_config_write(&d->config);

	if (existing == NULL)
	{
		r = mlops_registry_query("INSERT INTO mlops.models (name, owner, task, source, source_query, target, features,"
								 " key, time_column, config, comment, tags)"
								 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
								 " CASE jsonb_typeof($10->'tags') WHEN 'object' THEN $10->'tags' ELSE '{}' END)"
								 " ON CONFLICT (name) DO NOTHING RETURNING model_id",
								 "tttttttttjt", d->name, d->owner_name, d->task, d->source->text, d->source->query,
								 d->target, d->features, d->key, d->time_column, config, comment);
		if (r->n == 0)
			return 0;
		mlops_registry_audit("create_model", mlops_result_int64(r, 0, 1), d->name, 0, NULL, config);
		return mlops_result_int64(r, 0, 1);
	}
	(void) mlops_registry_query("UPDATE mlops.models SET task = $2, source = $3, source_query = $4, target = $5,"
								" features = $6, key = $7, time_column = $8, config = $9,"
								" comment = coalesce($10, comment), updated_at = now(), tags = CASE"
								 " jsonb_typeof($9->'tags') WHEN 'object' THEN $9->'tags' ELSE tags END"
								 " WHERE model_id = $1",
								"btttttttjt", existing->model_id, d->task, d->source->text, d->source->query,
								d->target, d->features, d->key, d->time_column, config, comment);
	mlops_registry_audit("replace_model", existing->model_id, d->name, 0, existing->config, config);
	return existing->model_id;
}
