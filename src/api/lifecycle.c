/*
 * lifecycle.c: stages and aliases of versions.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"

#include "api/arguments.h"
#include "learn/train.h"
#include "pg/refs.h"
#include "pg/registry.h"

PG_FUNCTION_INFO_V1(mlops_promote);
PG_FUNCTION_INFO_V1(mlops_set_alias);
PG_FUNCTION_INFO_V1(mlops_drop_alias);

static const char *const stages[] = {"none", "staging", "production", "archived"};

static const struct
{
	const char *from;
	const char *to;
}			transitions[] = {
	{"none", "staging"},
	{"none", "production"},
	{"staging", "production"},
	{"staging", "none"},
	{"production", "archived"},
	{"archived", "production"},
	{"archived", "staging"},
};

static bool
is_stage(const char *word)
{
	for (int i = 0; i < (int) lengthof(stages); i++)
		if (strcmp(stages[i], word) == 0)
			return true;
	return false;
}

static bool
is_legal(const char *from, const char *to)
{
	for (int i = 0; i < (int) lengthof(transitions); i++)
		if (strcmp(transitions[i].from, from) == 0 && strcmp(transitions[i].to, to) == 0)
			return true;
	return false;
}

/*
 * The version with the best value of the metric that the newest version is
 * judged by, among those that were judged here.
 */
static int32
best_version(const MlopsModel *model)
{
	MlopsResult *r;
	MlTaskKind	task;
	char	   *word;

	r = mlops_registry_query("SELECT metric, task FROM mlops.versions WHERE model_id = $1 AND value IS NOT NULL"
							 " AND metric IS NOT NULL AND origin = 'trained' ORDER BY version DESC LIMIT 1",
							 "b", model->model_id);
	if (r->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no version that was judged here", model->name),
				 errhint("Name the version to promote.")));
	word = mlops_result_text(r, 0, 2);
	task = strcmp(word, "regression") == 0 ? ML_REGRESSION : strcmp(word, "binary") == 0 ? ML_BINARY : ML_MULTICLASS;
	r = mlops_registry_query("SELECT version FROM mlops.versions WHERE model_id = $1 AND metric = $2"
							 " AND value IS NOT NULL AND origin = 'trained' ORDER BY value * $3 DESC, version DESC"
							 " LIMIT 1",
							 "btf", model->model_id, mlops_result_text(r, 0, 1),
							 (double) ml_metric_direction(mlops_result_text(r, 0, 1), task));
	return mlops_result_int32(r, 0, 1);
}

static void
put_check(FunctionCallInfo fcinfo, const char *name, bool passed, const char *detail)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[5] = {0};
	bool		nulls[5] = {false, false, true, true, false};

	values[0] = CStringGetTextDatum(name);
	values[1] = BoolGetDatum(passed);
	values[4] = CStringGetTextDatum(detail);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
move(const MlopsModel *model, const MlopsVersion *version, const char *to, const char *reason)
{
	(void) mlops_registry_query("UPDATE mlops.versions SET stage = $2 WHERE version_id = $1",
								"bt", version->version_id, to);
	mlops_registry_stage(model->model_id, model->name, version->version, version->stage, to, reason, NULL);
}

Datum
mlops_promote(PG_FUNCTION_ARGS)
{
	char	   *name = mlops_arg_required(fcinfo, 0, "model");
	char	   *stage = mlops_arg_required(fcinfo, 2, "stage");
	char	   *reason = mlops_arg_text(fcinfo, 4);
	MlopsModel *model;
	MlopsVersion *version;
	MlopsResult *champion;

	mlops_arg_no_options(fcinfo, 5);
	if (!PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("promotion gates are not supported yet"),
				 errhint("Leave out the argument \"gate\".")));
	if (!is_stage(stage))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("stage \"%s\" does not exist", stage),
				 errhint("Stages are \"none\", \"staging\", \"production\" and \"archived\".")));
	InitMaterializedSRF(fcinfo, 0);
	model = mlops_registry_open(name, MLOPS_MANAGE);
	version = mlops_registry_version(model->model_id, name,
									 PG_ARGISNULL(1) ? best_version(model) : PG_GETARG_INT32(1), true);
	if (strcmp(version->stage, stage) == 0)
	{
		put_check(fcinfo, "transition", false, psprintf("version %d is already at stage %s", version->version, stage));
		put_check(fcinfo, "promoted", false, "nothing was changed");
		return (Datum) 0;
	}
	if (!is_legal(version->stage, stage))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" cannot go from stage \"%s\" to \"%s\"",
						version->version, name, version->stage, stage)));
	put_check(fcinfo, "transition", true, psprintf("%s to %s", version->stage, stage));
	if (strcmp(stage, "production") == 0)
	{
		champion = mlops_registry_query("SELECT version FROM mlops.versions"
										" WHERE model_id = $1 AND stage = 'production'", "b", model->model_id);
		if (champion->n > 0)
			move(model, mlops_registry_version(model->model_id, name, mlops_result_int32(champion, 0, 1), true),
				 "archived", psprintf("version %d went to production", version->version));
	}
	move(model, version, stage, reason);
	mlops_registry_audit("promote", model->model_id, name, version->version, NULL, NULL);
	put_check(fcinfo, "promoted", true, psprintf("version %d is at stage %s", version->version, stage));
	return (Datum) 0;
}

static void
check_alias(const char *alias)
{
	bool		valid = isalpha((unsigned char) alias[0]) || alias[0] == '_';

	for (const char *c = alias; *c != '\0'; c++)
		valid &= (isascii((unsigned char) *c) && isalnum((unsigned char) *c)) || strchr("_.-", *c) != NULL;
	if (!valid || strlen(alias) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid alias \"%s\"", alias),
				 errhint("An alias starts with a letter or \"_\", goes on with letters, digits, \"_\", \".\" and \"-\","
						 " and has at most %d bytes.", NAMEDATALEN - 1)));
	if (is_stage(alias))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("alias \"%s\" is the name of a stage", alias)));
}

Datum
mlops_set_alias(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *alias = text_to_cstring(PG_GETARG_TEXT_PP(1));
	MlopsModel *model = mlops_registry_open(name, MLOPS_MANAGE);
	MlopsVersion *version;

	check_alias(alias);
	version = mlops_registry_version(model->model_id, name, PG_GETARG_INT32(2), true);
	(void) mlops_registry_query("INSERT INTO mlops.version_aliases (model_id, alias, version_id, set_by)"
								" VALUES ($1, $2, $3, $4) ON CONFLICT (model_id, alias) DO UPDATE"
								" SET version_id = EXCLUDED.version_id, set_by = EXCLUDED.set_by, set_at = now()",
								"btbt", model->model_id, alias, version->version_id,
								GetUserNameFromId(GetUserId(), false));
	mlops_registry_audit("set_alias", model->model_id, name, version->version, NULL, NULL);
	PG_RETURN_VOID();
}

Datum
mlops_drop_alias(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *alias = text_to_cstring(PG_GETARG_TEXT_PP(1));
	MlopsModel *model = mlops_registry_open(name, MLOPS_MANAGE);

	if (mlops_registry_query("DELETE FROM mlops.version_aliases WHERE model_id = $1 AND alias = $2",
							 "bt", model->model_id, alias)->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no alias \"%s\"", name, alias)));
	mlops_registry_audit("drop_alias", model->model_id, name, 0, NULL, NULL);
	PG_RETURN_VOID();
}
