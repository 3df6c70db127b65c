/*
 * models.c: defining, configuring, describing, sharing and dropping models.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"

#include "api/arguments.h"
#include "pg/definition.h"
#include "pg/options.h"
#include "pg/pg_compat.h"
#include "pg/refs.h"

PG_FUNCTION_INFO_V1(mlops_create_model);
PG_FUNCTION_INFO_V1(mlops_configure);
PG_FUNCTION_INFO_V1(mlops_annotate);
PG_FUNCTION_INFO_V1(mlops_drop_model);
PG_FUNCTION_INFO_V1(mlops_drop_version);
PG_FUNCTION_INFO_V1(mlops_set_owner);
PG_FUNCTION_INFO_V1(mlops_set_threshold);
PG_FUNCTION_INFO_V1(mlops_grant);
PG_FUNCTION_INFO_V1(mlops_revoke);

static bool
has_production(int64 model_id)
{
	return mlops_registry_query("SELECT FROM mlops.versions WHERE model_id = $1 AND stage = 'production'",
								"b", model_id)->n > 0;
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
refuse_existing(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("model \"%s\" already exists", name),
			 errhint("Pass replace => true to change its definition.")));
}

Datum
mlops_create_model(PG_FUNCTION_ARGS)
{
	MlopsDefinition d = {0};
	char	   *name = mlops_arg_required(fcinfo, 0, "model");
	char	   *source = mlops_arg_required(fcinfo, 1, "source");
	Jsonb	   *config = mlops_arg_jsonb(fcinfo, 7);
	char	   *comment = mlops_arg_text(fcinfo, 8);
	bool		replace = !PG_ARGISNULL(9) && PG_GETARG_BOOL(9);
	MlopsModel *existing;
	int64		model_id;

	mlops_arg_no_options(fcinfo, 10);
	PreventCommandIfReadOnly("mlops_create_model()");
	mlops_check_model_name(name);
	existing = mlops_registry_model(name, false);
	if (existing != NULL && !replace)
		refuse_existing(name);
	if (existing != NULL)
		existing = mlops_registry_open(name, MLOPS_OWNER);
	d.name = name;
	d.owner = existing ? mlops_role_oid(existing->owner) : GetUserId();
	d.owner_name = existing ? existing->owner : GetUserNameFromId(d.owner, false);
	d.target = mlops_arg_text(fcinfo, 2);
	d.task = mlops_arg_text(fcinfo, 3);
	d.features = PG_ARGISNULL(4) ? "*" : mlops_arg_text(fcinfo, 4);
	d.key = mlops_arg_text(fcinfo, 5);
	d.time_column = mlops_arg_text(fcinfo, 6);
	mlops_config_init(&d.config, name);
	if (config != NULL)
		mlops_config_apply(&d.config, config, name);
	if (existing != NULL && has_production(existing->model_id) &&
		(!same(existing->target, d.target) || (d.task != NULL && !same(existing->task, d.task))))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("target and task of model \"%s\" cannot change while it has a production version", name),
				 errhint("Archive the production version first, or make another model.")));
	if (existing != NULL && d.task == NULL && same(existing->target, d.target))
		d.task = existing->task;
	if (existing != NULL)
	{
		MlopsConfig old;

		mlops_config_init(&old, name);
		mlops_config_apply(&old, existing->config, name);
		d.config.salt = old.salt;
		if (d.config.positive_label == NULL && same(existing->target, d.target))
			d.config.positive_label = old.positive_label;
	}
	d.source = mlops_source_analyze(source);
	d.find_key = true;
	mlops_definition_check(&d);
	model_id = mlops_definition_store(&d, existing, comment);
	/* another session made it while this one looked at the source */
	if (model_id == 0 && !replace)
		refuse_existing(name);
	if (model_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" was changed by another session", name)));
	PG_RETURN_INT64(model_id);
}

static Jsonb *
show_config(const char *name)
{
	char		owner[NAMEDATALEN];
	int64		model_id = mlops_model_lookup(name, owner);

	mlops_check_privilege(model_id, name, owner, MLOPS_MANAGE);
	return mlops_registry_model(name, false)->config;
}

Datum
mlops_configure(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MlopsModel *model;
	MlopsDefinition d = {0};
	MlopsConfig before;
	MlopsIdentity identity;
	Jsonb	   *config;

	if (JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(1)) && JB_ROOT_COUNT(PG_GETARG_JSONB_P(1)) == 0)
		PG_RETURN_JSONB_P(show_config(name));
	model = mlops_registry_open(name, MLOPS_MANAGE);
	mlops_config_init(&before, name);
	mlops_config_apply(&before, model->config, name);
	d.config = before;
	mlops_config_apply(&d.config, PG_GETARG_JSONB_P(1), name);
	if (d.config.salt != before.salt)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the salt of a model's split cannot change"),
				 errdetail("All versions of a model share their test rows.")));
	d.test_where_stored = mlops_config_same_sql(&before, &d.config);
	if (!d.test_where_stored)
		mlops_check_privilege(model->model_id, name, model->owner, MLOPS_OWNER);
	d.name = name;
	d.owner = mlops_role_oid(model->owner);
	d.owner_name = model->owner;
	d.target = model->target;
	d.task = model->task;
	d.features = model->features;
	d.features_stored = true;
	d.key = model->key;
	d.time_column = model->time_column;
	mlops_identity_begin_owner(&identity, d.owner, NULL);
	d.source = mlops_source_stored(model->source, model->source_query);
	mlops_identity_end(&identity);
	mlops_definition_check(&d);
	config = mlops_config_write(&d.config);
	if (compareJsonbContainers(&config->root, &model->config->root) != 0)
	{
		(void) mlops_registry_query("UPDATE mlops.models SET config = $2, updated_at = now(), tags = CASE"
									" jsonb_typeof($2->'tags') WHEN 'object' THEN $2->'tags' ELSE tags END"
									" WHERE model_id = $1", "bj", model->model_id, config);
		mlops_registry_audit("configure", model->model_id, name, 0, model->config, config);
	}
	PG_RETURN_JSONB_P(config);
}

static Jsonb *
annotation(const char *description, Jsonb *tags, const char *feature)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	if (feature != NULL)
	{
		mlops_json_key(&json, "feature");
		mlops_json_text(&json, feature);
	}
	mlops_json_key(&json, "description");
	mlops_json_text(&json, description);
	mlops_json_key(&json, "tags");
	mlops_json_value(&json, tags);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

Datum
mlops_annotate(PG_FUNCTION_ARGS)
{
	char	   *reference = mlops_arg_required(fcinfo, 0, "model");
	char	   *description = mlops_arg_text(fcinfo, 1);
	Jsonb	   *tags = mlops_arg_jsonb(fcinfo, 2);
	char	   *feature = mlops_arg_text(fcinfo, 3);
	char		name[NAMEDATALEN];
	char		suffix[NAMEDATALEN];
	MlopsModel *model;
	int32		version = 0;

	mlops_ref_parse(reference, name, suffix);
	model = mlops_registry_open(name, MLOPS_MANAGE);
	if (tags != NULL && !JB_ROOT_IS_OBJECT(tags))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("tags must be a JSON object")));
	if (feature != NULL)
	{
		MlopsRef	ref;

		if (tags != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a feature has a description, but no tags")));
		mlops_ref_resolve_latest(reference, &ref);
		version = ref.version;
		if (mlops_registry_query("UPDATE mlops.version_features SET description = $3"
								 " WHERE version_id = $1 AND role = 'feature' AND (name = $2 OR source_feature = $2)",
								 "btt", ref.version_id, feature, description)->n == 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("version %d of model \"%s\" has no feature \"%s\"", ref.version, name, feature)));
	}
	else if (suffix[0] != '\0')
	{
		MlopsRef	ref;

		mlops_ref_resolve_latest(reference, &ref);
		version = ref.version;
		(void) mlops_registry_query("UPDATE mlops.versions SET description = coalesce($2, description),"
									" tags = tags || coalesce($3, '{}') WHERE version_id = $1",
									"btj", ref.version_id, description, tags);
	}
	else
		(void) mlops_registry_query("UPDATE mlops.models SET comment = coalesce($2, comment),"
									" tags = tags || coalesce($3, '{}'), updated_at = now() WHERE model_id = $1",
									"btj", model->model_id, description, tags);
	mlops_registry_audit("annotate", model->model_id, name, version, NULL, annotation(description, tags, feature));
	PG_RETURN_VOID();
}

Datum
mlops_drop_model(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MlopsModel *model = mlops_registry_open(name, MLOPS_OWNER);

	(void) mlops_registry_query("INSERT INTO mlops.stage_history (model_id, model, version, from_stage, to_stage,"
								" changed_by, reason) SELECT $1, $2, version, stage, 'dropped', $3, 'model dropped'"
								" FROM mlops.versions WHERE model_id = $1 ORDER BY version",
								"btt", model->model_id, name, GetUserNameFromId(GetUserId(), false));
	mlops_registry_delete_model(model->model_id);
	mlops_registry_audit("drop_model", model->model_id, name, 0, model->config, NULL);
	PG_RETURN_VOID();
}

Datum
mlops_drop_version(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int32		number = PG_GETARG_INT32(1);
	MlopsModel *model = mlops_registry_open(name, MLOPS_OWNER);
	MlopsVersion *version = mlops_registry_version(model->model_id, name, number, true);

	if (strcmp(version->stage, "production") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("version %d of model \"%s\" is in production", number, name),
				 errhint("Promote another version first.")));
	mlops_registry_delete_versions(model->model_id, number);
	mlops_registry_stage(model->model_id, name, number, version->stage, "dropped", "version dropped", NULL);
	mlops_registry_audit("drop_version", model->model_id, name, number, NULL, NULL);
	PG_RETURN_VOID();
}

static Jsonb *
one_member(const char *key, const char *value)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, key);
	mlops_json_text(&json, value);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

Datum
mlops_set_owner(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			role = PG_GETARG_OID(1);
	MlopsModel *model = mlops_registry_open(name, MLOPS_OWNER);
	char	   *owner = GetUserNameFromId(role, false);

	/* the model's SQL will run with the new owner's rights */
	mlops_compat_check_can_set_role(GetUserId(), role);
	(void) mlops_registry_query("UPDATE mlops.models SET owner = $2, updated_at = now() WHERE model_id = $1",
								"bt", model->model_id, owner);
	mlops_registry_audit("set_owner", model->model_id, name, 0, one_member("owner", model->owner),
						 one_member("owner", owner));
	PG_RETURN_VOID();
}

static Jsonb *
threshold_facts(double threshold, Jsonb *bands)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "threshold");
	mlops_json_number(&json, threshold);
	mlops_json_key(&json, "risk_bands");
	mlops_json_value(&json, bands);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

Datum
mlops_set_threshold(PG_FUNCTION_ARGS)
{
	char	   *reference = mlops_arg_required(fcinfo, 0, "model");
	char		name[NAMEDATALEN];
	char		suffix[NAMEDATALEN];
	MlopsRef	ref;
	MlopsModel *model;
	MlopsVersion *version;
	double		threshold;
	Jsonb	   *old_bands;
	Jsonb	   *bands;
	Jsonb	   *before;
	Jsonb	   *after;

	mlops_ref_parse(reference, name, suffix);
	model = mlops_registry_open(name, MLOPS_MANAGE);
	mlops_ref_resolve_latest(reference, &ref);
	version = mlops_registry_version(model->model_id, name, ref.version, true);
	if (strcmp(version->task, "regression") == 0 || (!PG_ARGISNULL(1) && strcmp(version->task, "binary") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a %s version has no %s", version->task,
						PG_ARGISNULL(1) ? "risk bands" : "threshold")));
	threshold = PG_ARGISNULL(1) ? version->threshold : PG_GETARG_FLOAT8(1);
	if (!PG_ARGISNULL(1) && !(threshold >= 0 && threshold <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"threshold\" must be between 0 and 1")));
	old_bands = mlops_result_jsonb(mlops_registry_query("SELECT risk_bands FROM mlops.versions WHERE version_id = $1",
														"b", version->version_id), 0, 1);
	bands = old_bands;
	if (!PG_ARGISNULL(2))
	{
		MlopsConfig config;
		MlopsJson	json = MLOPS_JSON_INIT;

		mlops_json_begin(&json);
		mlops_json_key(&json, "risk_bands");
		mlops_json_value(&json, PG_GETARG_JSONB_P(2));
		mlops_json_end(&json);
		mlops_config_init(&config, name);
		mlops_config_apply(&config, mlops_json_finish(&json), name);
		bands = mlops_config_bands(&config);
	}
	before = threshold_facts(version->threshold, old_bands);
	after = threshold_facts(threshold, bands);
	(void) mlops_registry_query("UPDATE mlops.versions SET threshold = $2, risk_bands = $3 WHERE version_id = $1",
								"bfj", version->version_id, threshold, bands);
	mlops_registry_stage(model->model_id, name, version->version, version->stage, version->stage,
						 "threshold or risk bands changed", after);
	mlops_registry_audit("set_threshold", model->model_id, name, version->version, before, after);
	PG_RETURN_VOID();
}

static const char *
check_grant_privilege(const char *word)
{
	if (strcmp(word, "predict") != 0 && strcmp(word, "manage") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("privilege \"%s\" does not exist", word),
				 errhint("Use \"predict\" or \"manage\".")));
	return word;
}

/* regrole 0, written '-', is everyone */
static const char *
grantee_name(Oid role)
{
	return OidIsValid(role) ? GetUserNameFromId(role, false) : "public";
}

Datum
mlops_grant(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MlopsModel *model = mlops_registry_open(name, MLOPS_OWNER);
	const char *grantee = grantee_name(PG_GETARG_OID(1));
	const char *privilege = check_grant_privilege(text_to_cstring(PG_GETARG_TEXT_PP(2)));

	(void) mlops_registry_query("INSERT INTO mlops.model_grants (model_id, grantee, privilege, granted_by)"
								" VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
								"bttt", model->model_id, grantee, privilege, GetUserNameFromId(GetUserId(), false));
	mlops_registry_audit("grant", model->model_id, name, 0, NULL, one_member(privilege, grantee));
	PG_RETURN_VOID();
}

Datum
mlops_revoke(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MlopsModel *model = mlops_registry_open(name, MLOPS_OWNER);
	const char *grantee = grantee_name(PG_GETARG_OID(1));
	const char *privilege = check_grant_privilege(text_to_cstring(PG_GETARG_TEXT_PP(2)));

	(void) mlops_registry_query("DELETE FROM mlops.model_grants"
								" WHERE model_id = $1 AND grantee = $2 AND privilege = $3",
								"btt", model->model_id, grantee, privilege);
	mlops_registry_audit("revoke", model->model_id, name, 0, one_member(privilege, grantee), NULL);
	PG_RETURN_VOID();
}
