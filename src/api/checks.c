/*
 * checks.c: the rules that data can be checked by, the checks of a model,
 * and what they find.
 */
#include "postgres.h"

#include "access/xact.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "pg/check_suggest.h"
#include "pg/identity.h"
#include "pg/options.h"
#include "pg/refs.h"
#include "pg/validation.h"

PG_FUNCTION_INFO_V1(mlops_check_rules);
PG_FUNCTION_INFO_V1(mlops_add_check);
PG_FUNCTION_INFO_V1(mlops_drop_check);
PG_FUNCTION_INFO_V1(mlops_suggest_checks);
PG_FUNCTION_INFO_V1(mlops_validate);
PG_FUNCTION_INFO_V1(mlops_clean_query);

static void
put_text(Datum *values, bool *nulls, int i, const char *text)
{
	nulls[i] = text == NULL;
	values[i] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* ---- the rules ---- */

static const char *
argument_type(const MlopsCheckArg *arg)
{
	switch (arg->type)
	{
		case MLOPS_CHECK_ARG_NUMBER:
			return "number";
		case MLOPS_CHECK_ARG_COUNT:
			return "integer";
		case MLOPS_CHECK_ARG_FLAG:
			return "boolean";
		case MLOPS_CHECK_ARG_CHOICE:
			return arg->choices;
		case MLOPS_CHECK_ARG_VALUE:
			return "value of the column's type";
		case MLOPS_CHECK_ARG_VALUES:
			return "array of values";
		case MLOPS_CHECK_ARG_COLUMN:
			return "column";
		case MLOPS_CHECK_ARG_COLUMNS:
			return "array of columns";
		case MLOPS_CHECK_ARG_REGEX:
			return "regular expression";
		case MLOPS_CHECK_ARG_INTERVAL:
			return "interval";
		case MLOPS_CHECK_ARG_TIMEZONE:
			return "time zone";
		case MLOPS_CHECK_ARG_TYPE:
			return "type";
		case MLOPS_CHECK_ARG_SQL:
			return "SQL condition";
	}
	return NULL;
}

/* The kinds of columns a rule is for, or NULL when it is not about one. */
static char *
kind_words(const MlopsRule *rule)
{
	StringInfoData words;

	if (rule->column == MLOPS_CHECK_NO_COLUMN)
		return NULL;
	if (rule->kinds == MLOPS_CHECK_ANY)
		return "any";
	initStringInfo(&words);
	for (int kind = 1; kind < MLOPS_CHECK_OTHER; kind <<= 1)
		if (rule->kinds & kind)
			appendStringInfo(&words, "%s%s", words.len > 0 ? ", " : "", mlops_check_kind_name(kind));
	return words.data;
}

Datum
mlops_check_rules(PG_FUNCTION_ARGS)
{
	static const char *const scopes[] = {[MLOPS_CHECK_ROW] = "row", [MLOPS_CHECK_FIGURE] = "table",
	[MLOPS_CHECK_SCHEMA] = "schema"};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < mlops_n_rules; i++)
	{
		const MlopsRule *rule = &mlops_rules[i];

		for (int j = 0; j < Max(rule->n_args, 1); j++)
		{
			const MlopsCheckArg *arg = j < rule->n_args ? &rule->arg[j] : NULL;
			Datum		values[9] = {0};
			bool		nulls[9] = {false};

			put_text(values, nulls, 0, rule->name);
			put_text(values, nulls, 1, scopes[rule->scope]);
			put_text(values, nulls, 2, kind_words(rule));
			put_text(values, nulls, 3, rule->description);
			put_text(values, nulls, 4, arg != NULL ? arg->name : NULL);
			put_text(values, nulls, 5, arg != NULL ? argument_type(arg) : NULL);
			put_text(values, nulls, 6, arg == NULL ? NULL : arg->required ? "required" : arg->fallback);
			put_text(values, nulls, 7, arg != NULL ? arg->description : NULL);
			nulls[8] = true;
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

/* ---- the checks of a model ---- */

static Jsonb *
no_arguments(void)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

Datum
mlops_add_check(PG_FUNCTION_ARGS)
{
	MlopsCheckRequest request;

	request.model = mlops_arg_required(fcinfo, 0, "model");
	request.rule = mlops_arg_required(fcinfo, 1, "rule");
	request.column = mlops_arg_text(fcinfo, 2);
	request.args = PG_ARGISNULL(3) ? no_arguments() : mlops_arg_jsonb(fcinfo, 3);
	request.mostly = PG_ARGISNULL(4) ? 1 : PG_GETARG_FLOAT8(4);
	request.severity = PG_ARGISNULL(5) ? "error" : mlops_arg_text(fcinfo, 5);
	PG_RETURN_INT64(mlops_check_add(&request));
}

Datum
mlops_drop_check(PG_FUNCTION_ARGS)
{
	mlops_check_drop(PG_GETARG_INT64(0));
	PG_RETURN_VOID();
}

static void
put_suggestion(const MlopsSuggestion *suggestion, void *arg)
{
	ReturnSetInfo *rsinfo = arg;
	Datum		values[7] = {0};
	bool		nulls[7] = {false};

	put_text(values, nulls, 0, suggestion->rule);
	put_text(values, nulls, 1, suggestion->column);
	values[2] = JsonbPGetDatum(suggestion->args);
	values[3] = Float8GetDatum(suggestion->mostly);
	put_text(values, nulls, 4, suggestion->severity);
	put_text(values, nulls, 5, suggestion->reason);
	nulls[6] = true;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

Datum
mlops_suggest_checks(PG_FUNCTION_ARGS)
{
	MlopsSource *source = mlops_source_analyze(mlops_arg_required(fcinfo, 0, "source"));

	InitMaterializedSRF(fcinfo, 0);
	mlops_checks_suggest(source, put_suggestion, fcinfo->resultinfo);
	return (Datum) 0;
}

/* ---- what they find ---- */

/* The model and the rows to judge; *owner: the caller has the owner's rights. */
static const MlopsModel *
open_model(FunctionCallInfo fcinfo, MlopsSource **source, bool *owner)
{
	char	   *name = mlops_arg_required(fcinfo, 0, "model");
	char	   *given = mlops_arg_text(fcinfo, 1);
	char		owner_name[NAMEDATALEN];
	int64		model_id = mlops_model_lookup(name, owner_name);
	MlopsModel *model;
	MlopsIdentity identity;

	mlops_check_privilege(model_id, name, owner_name, MLOPS_MANAGE);
	*owner = mlops_has_privilege(model_id, owner_name, MLOPS_OWNER);
	model = mlops_registry_model(name, false);
	if (model == NULL || model->model_id != model_id)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" was changed by another session", name)));
	if (given != NULL)
	{
		*source = mlops_source_analyze(given);
		return model;
	}
	mlops_identity_begin_owner(&identity, mlops_role_oid(model->owner), NULL);
	*source = mlops_source_stored(model->source, model->source_query);
	mlops_identity_end(&identity);
	return model;
}

/* Under the lock of the model's row, which must still be the one that was validated. */
static int64
record(const MlopsValidation *v)
{
	if (XactReadOnly)
	{
		ereport(NOTICE,
				(errmsg("the validation of model \"%s\" is not stored", v->model->name),
				 errdetail("The transaction is read-only.")));
		return 0;
	}
	if (mlops_registry_open(v->model->name, MLOPS_MANAGE)->model_id != v->model->model_id)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" was changed by another session", v->model->name)));
	return mlops_validation_record(v, 0);
}

static Jsonb *
result_detail(const MlopsCheck *check, const MlopsCheckResult *result, int64 validation_id)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	if (validation_id > 0)
	{
		mlops_json_key(&json, "validation_id");
		mlops_json_integer(&json, validation_id);
	}
	mlops_json_key(&json, "check_id");
	mlops_json_integer(&json, check->check_id);
	mlops_json_key(&json, "args");
	mlops_json_value(&json, check->args);
	mlops_json_key(&json, "mostly");
	mlops_json_number(&json, check->mostly);
	if (result->failed >= 0)
	{
		mlops_json_key(&json, "missing_rows");
		mlops_json_integer(&json, result->missing);
	}
	if (!result->passed)
	{
		mlops_json_key(&json, "level");
		mlops_json_text(&json, mlops_check_level(check->severity));
		mlops_json_key(&json, "reason");
		mlops_json_text(&json, result->summary);
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

static void
put_result(ReturnSetInfo *rsinfo, const MlopsValidation *v, int i, int64 validation_id)
{
	const MlopsCheck *check = &v->check[i];
	const MlopsCheckResult *result = &v->result[i];
	Datum		values[9];
	bool		nulls[9] = {false};

	put_text(values, nulls, 0, check->rule);
	put_text(values, nulls, 1, check->column);
	put_text(values, nulls, 2, check->severity);
	values[3] = BoolGetDatum(result->passed);
	put_text(values, nulls, 4, result->observed);
	nulls[5] = result->failed < 0;
	values[5] = Int64GetDatum(result->failed);
	nulls[6] = v->rows < 0;
	values[6] = Int64GetDatum(v->rows);
	nulls[7] = result->sample == NULL;
	values[7] = JsonbPGetDatum(result->sample);
	values[8] = JsonbPGetDatum(result_detail(check, result, validation_id));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
tell_no_checks(const MlopsModel *model)
{
	ereport(NOTICE,
			(errmsg("model \"%s\" has no checks", model->name),
			 errhint("Add some with mlops_add_check; mlops_suggest_checks proposes them.")));
}

Datum
mlops_validate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MlopsSource *source;
	bool		owner;
	const MlopsModel *model = open_model(fcinfo, &source, &owner);
	MlopsValidation *v;
	int64		validation_id;

	InitMaterializedSRF(fcinfo, 0);
	/* rows of the stored source are shown to its owner only */
	v = mlops_validation_run(model, source, owner || !source->stored);
	if (v->n == 0)
	{
		tell_no_checks(model);
		return (Datum) 0;
	}
	validation_id = record(v);
	for (int i = 0; i < v->n; i++)
		put_result(rsinfo, v, i, validation_id);
	return (Datum) 0;
}

Datum
mlops_clean_query(PG_FUNCTION_ARGS)
{
	static const char *const parts[] = {"clean", "quarantine"};
	MlopsSource *source;
	bool		owner;
	const MlopsModel *model = open_model(fcinfo, &source, &owner);
	const char *part = PG_ARGISNULL(2) ? parts[0] : mlops_arg_text(fcinfo, 2);

	if (strcmp(part, parts[0]) != 0 && strcmp(part, parts[1]) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("part \"%s\" does not exist", part),
				 errhint("Use \"clean\" or \"quarantine\".")));
	PG_RETURN_TEXT_P(cstring_to_text(mlops_validation_query(model, source, strcmp(part, parts[0]) == 0)));
}
