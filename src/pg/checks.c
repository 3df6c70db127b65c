/*
 * checks.c: the checks of a model, as they are stored and as they are used.
 *
 * A check is made against the model's own source and later used over others,
 * or over that source after it has changed.  What it was made for is stored
 * with it (columns, kind of the column): a check that no longer fits fails
 * and says why, it does not raise.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "pg/check_predicate.h"
#include "pg/checks.h"
#include "pg/identity.h"
#include "pg/options.h"
#include "pg/refs.h"

#define MAX_CHECKS 1000

static const struct
{
	const char *severity;
	const char *level;
}			levels[] = {
	{"info", "none"},
	{"warning", "moderate"},
	{"error", "critical"},
};

const char *
mlops_check_level(const char *severity)
{
	for (int i = 0; i < (int) lengthof(levels); i++)
		if (strcmp(levels[i].severity, severity) == 0)
			return levels[i].level;
	return "critical";
}

/* ---- reading ---- */

static List *
names_of(Datum array)
{
	List	   *names = NIL;
	Datum	   *element;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &element, NULL, &n);
	for (int i = 0; i < n; i++)
		names = lappend(names, TextDatumGetCString(element[i]));
	return names;
}

bool
mlops_checks_exist(int64 model_id)
{
	return mlops_registry_query("SELECT FROM mlops.checks WHERE model_id = $1 LIMIT 1", "b", model_id)->n > 0;
}

MlopsCheck *
mlops_checks_load(int64 model_id, int *n)
{
	MlopsResult *r;
	MlopsCheck *checks;

	r = mlops_registry_query("SELECT check_id, rule, column_name, args, mostly, severity, kind, predicate, columns"
							 " FROM mlops.checks WHERE model_id = $1 ORDER BY check_id", "b", model_id);
	*n = (int) r->n;
	checks = palloc0(sizeof(MlopsCheck) * Max(r->n, 1));
	for (int i = 0; i < *n; i++)
	{
		bool		isnull;

		checks[i].check_id = mlops_result_int64(r, i, 1);
		checks[i].rule = mlops_result_text(r, i, 2);
		checks[i].column = mlops_result_text(r, i, 3);
		checks[i].args = mlops_result_jsonb(r, i, 4);
		checks[i].mostly = mlops_result_float8(r, i, 5);
		checks[i].severity = mlops_result_text(r, i, 6);
		checks[i].kind = mlops_result_text(r, i, 7);
		checks[i].predicate = mlops_result_text(r, i, 8);
		checks[i].columns = names_of(mlops_result_datum(r, i, 9, &isnull));
	}
	return checks;
}

/* ---- using ---- */

static void
tell_check(void *arg)
{
	const MlopsCheck *check = arg;

	if (check->check_id > 0)
		errcontext("check " INT64_FORMAT " (%s)", check->check_id, check->rule);
	else
		errcontext("rule \"%s\"", check->rule);
}

static void
find_column(MlopsCheckUse *use, const char *column)
{
	if (column == NULL)
		return;
	use->attno = mlops_desc_column(use->source->desc, column);
	if (use->attno > 0)
		use->kind = mlops_check_kind(TupleDescAttr(use->source->desc, use->attno - 1)->atttypid, &use->type);
}

/* Whether the rule is for columns of this kind. */
static void
check_kind(MlopsCheckUse *use)
{
	if (use->attno > 0 && (use->rule->kinds & use->kind) == 0)
	{
		Form_pg_attribute att = TupleDescAttr(use->source->desc, use->attno - 1);

		use->reason = psprintf("rule \"%s\" is not for column \"%s\" of type %s", use->rule->name,
							   NameStr(att->attname), format_type_be(att->atttypid));
	}
}

/* What the check was made for and is no longer so. */
static void
check_fit(const MlopsCheck *check, MlopsCheckUse *use)
{
	ListCell   *lc;

	foreach(lc, check->columns)
		if (mlops_desc_column(use->source->desc, lfirst(lc)) == 0 && use->rule->scope != MLOPS_CHECK_SCHEMA)
		{
			use->reason = psprintf("column \"%s\" does not exist in the source", (const char *) lfirst(lc));
			return;
		}
	if (use->rule->scope != MLOPS_CHECK_SCHEMA && check->kind != NULL && use->attno > 0 &&
		strcmp(check->kind, mlops_check_kind_name(use->kind)) != 0)
		use->reason = psprintf("column \"%s\" is of type %s, another kind than when the check was made", check->column,
							   format_type_be(TupleDescAttr(use->source->desc, use->attno - 1)->atttypid));
}

static void
check_predicate(const MlopsCheck *check, MlopsCheckUse *use, bool as_owner)
{
	use->predicate = check->predicate;
	if (check->predicate == NULL)
		return;
	use->reason = mlops_predicate_problem(check->predicate, use->source);
	if (use->reason == NULL && !as_owner && !mlops_predicate_is_plain(check->predicate, use->source->desc))
		use->reason = "its predicate uses tables or functions, which are run with the rights of the model's owner only";
}

void
mlops_check_prepare(const MlopsCheck *check, const MlopsSource *source, MlopsCheckPlan *plan, bool as_owner,
					MlopsCheckUse *use)
{
	ErrorContextCallback callback = {error_context_stack, tell_check, (void *) check};

	memset(use, 0, sizeof(MlopsCheckUse));
	use->rule = mlops_rule_find(check->rule);
	use->source = source;
	use->plan = plan;
	use->stored = true;
	if (use->rule == NULL)
	{
		use->reason = psprintf("rule \"%s\" does not exist", check->rule);
		return;
	}
	error_context_stack = &callback;
	find_column(use, check->column);
	check_fit(check, use);
	if (use->reason == NULL)
		check_kind(use);
	if (use->reason == NULL && use->rule->scope == MLOPS_CHECK_SCHEMA && use->attno == 0)
	{
		/* that is what was asked */
		error_context_stack = callback.previous;
		return;
	}
	if (use->reason == NULL)
		mlops_check_args_read(use, check->args);
	if (use->reason == NULL)
		check_predicate(check, use, as_owner);
	if (use->reason == NULL)
		use->rule->make(use);
	error_context_stack = callback.previous;
}

MlopsCheckSlots
mlops_check_slots(const MlopsCheckUse *use)
{
	MlopsCheckSlots slots = {-1, -1, -1};
	char	   *failed;

	if (use->reason != NULL)
		return slots;
	if (use->fails != NULL && !use->missing_fails)
	{
		failed = psprintf("count(*) FILTER (WHERE %s)", use->fails);
		slots.failed = use->windowed ? mlops_check_plan_window_count(use->plan, failed) :
			mlops_check_plan_count(use->plan, failed);
	}
	if (use->judged != NULL)
		slots.judged = mlops_check_plan_count(use->plan, use->judged);
	if (use->figure != NULL)
		slots.figure = mlops_check_plan_number(use->plan, use->figure);
	return slots;
}

/* ---- making ---- */

static void
check_request(const MlopsCheckRequest *request, const MlopsRule *rule)
{
	int			i = 0;

	if (rule->column == MLOPS_CHECK_ONE_COLUMN && request->column == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule \"%s\" needs a column", rule->name)));
	if (rule->column == MLOPS_CHECK_NO_COLUMN && request->column != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule \"%s\" is not about one column", rule->name),
				 errhint("Pass NULL as column_name.")));
	if (!(request->mostly >= 0 && request->mostly <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"mostly\" must be between 0 and 1"),
				 errdetail("The value given is %g.", request->mostly)));
	if (rule->scope != MLOPS_CHECK_ROW && request->mostly != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule \"%s\" does not judge single rows: argument \"mostly\" must be 1", rule->name)));
	while (i < (int) lengthof(levels) && strcmp(levels[i].severity, request->severity) != 0)
		i++;
	if (i == (int) lengthof(levels))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("severity \"%s\" does not exist", request->severity),
				 errhint("Use \"info\", \"warning\" or \"error\".")));
}

/* Rows of increasing come in the order of the model's time, or of its key. */
static void
take_model_order(MlopsCheckUse *use, const MlopsModel *model)
{
	const char *order[] = {model->time_column, model->key};

	for (int i = 0; i < use->rule->n_args; i++)
	{
		if (strcmp(use->rule->arg[i].name, "order_by") != 0 || use->value[i].given)
			continue;
		for (int k = 0; k < (int) lengthof(order); k++)
		{
			AttrNumber	attno = order[k] != NULL ? mlops_desc_column(use->source->desc, order[k]) : 0;

			if (attno == 0 || attno == use->attno)
				continue;
			use->value[i].given = true;
			use->value[i].text = pstrdup(order[k]);
			return;
		}
	}
}

static Jsonb *
describe(const MlopsCheck *check)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "check_id");
	mlops_json_integer(&json, check->check_id);
	mlops_json_key(&json, "rule");
	mlops_json_text(&json, check->rule);
	mlops_json_key(&json, "column_name");
	mlops_json_text(&json, check->column);
	mlops_json_key(&json, "args");
	mlops_json_value(&json, check->args);
	mlops_json_key(&json, "mostly");
	mlops_json_number(&json, check->mostly);
	mlops_json_key(&json, "severity");
	mlops_json_text(&json, check->severity);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

/* Analyses the predicate as the caller, who supplies it; the tables it reads are checked as the owner, who runs it. */
static void
write_predicate(MlopsCheck *check, MlopsCheckUse *use)
{
	if (use->rule->arg == NULL || use->rule->arg[0].type != MLOPS_CHECK_ARG_SQL)
		return;
	check->predicate = mlops_predicate_write(use->value[0].text, use->source->desc, &check->columns);
	use->predicate = check->predicate;
}

/* All of a new check is found out: what can be refused is refused now. */
static void
make_check(const MlopsCheckRequest *request, const MlopsModel *model, MlopsCheck *check)
{
	ErrorContextCallback callback = {error_context_stack, tell_check, check};
	Oid			owner = mlops_role_oid(model->owner);
	MlopsCheckUse use = {0};
	MlopsSource *source;
	MlopsIdentity identity;

	mlops_identity_begin_owner(&identity, owner, NULL);
	source = mlops_source_stored(model->source, model->source_query);
	mlops_identity_end(&identity);
	use.rule = mlops_rule_get(request->rule);
	use.source = source;
	use.plan = mlops_check_plan_create(source);
	check->rule = request->rule;
	check->column = request->column;
	check->mostly = request->mostly;
	check->severity = request->severity;
	find_column(&use, request->column);
	/* one may ask for a column that is to come */
	if (request->column != NULL && use.attno == 0 && strcmp(use.rule->name, "column_to_exist") != 0)
		(void) mlops_source_column(source, request->column, "checked");
	check_kind(&use);
	error_context_stack = &callback;
	if (use.reason == NULL)
	{
		mlops_check_args_read(&use, request->args);
		take_model_order(&use, model);
		check->columns = mlops_check_columns(&use, request->column);
		write_predicate(check, &use);
		use.rule->make(&use);
	}
	error_context_stack = callback.previous;
	if (use.reason != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg_internal("%s", use.reason)));
	(void) mlops_check_slots(&use);
	mlops_identity_begin_owner(&identity, owner, NULL);
	mlops_check_plan_analyze(use.plan);
	mlops_identity_end(&identity);
	check->args = mlops_check_args_write(&use);
	check->kind = use.attno > 0 ? pstrdup(mlops_check_kind_name(use.kind)) : NULL;
}

/* The number of the same check, which the model may have already; 0 = it has not. */
static int64
find_repeated(const MlopsModel *model, const MlopsCheck *check)
{
	MlopsResult *r;
	int64		check_id;

	r = mlops_registry_query("SELECT check_id, severity FROM mlops.checks WHERE model_id = $1 AND rule = $2"
							 " AND column_name IS NOT DISTINCT FROM $3 AND args = $4 AND mostly = $5",
							 "bttjf", model->model_id, check->rule, check->column, check->args, check->mostly);
	if (r->n == 0)
		return 0;
	check_id = mlops_result_int64(r, 0, 1);
	if (strcmp(mlops_result_text(r, 0, 2), check->severity) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("model \"%s\" has this check already, with another severity", model->name),
				 errdetail("It is check " INT64_FORMAT ", of severity \"%s\".", check_id, mlops_result_text(r, 0, 2)),
				 errhint("To change its severity, drop it with mlops_drop_check first.")));
	ereport(NOTICE,
			(errmsg("model \"%s\" has this check already", model->name),
			 errdetail("It is check " INT64_FORMAT ".", check_id)));
	return check_id;
}

static void
refuse_too_many(const MlopsModel *model)
{
	MlopsResult *r;

	r = mlops_registry_query("SELECT count(*) FROM mlops.checks WHERE model_id = $1", "b", model->model_id);
	if (mlops_result_int64(r, 0, 1) >= MAX_CHECKS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("model \"%s\" must not have more than %d checks", model->name, MAX_CHECKS)));
}

static Datum
text_array(List *texts)
{
	Datum	   *element = palloc(sizeof(Datum) * Max(list_length(texts), 1));
	ListCell   *lc;
	int			n = 0;

	foreach(lc, texts)
		element[n++] = CStringGetTextDatum(lfirst(lc));
	return PointerGetDatum(construct_array(element, n, TEXTOID, -1, false, TYPALIGN_INT));
}

int64
mlops_check_add(const MlopsCheckRequest *request)
{
	const MlopsRule *rule = mlops_rule_get(request->rule);
	MlopsModel *model;
	MlopsCheck	check = {0};
	MlopsResult *r;

	model = mlops_registry_open(request->model, MLOPS_OWNER);
	check_request(request, rule);
	make_check(request, model, &check);
	check.check_id = find_repeated(model, &check);
	if (check.check_id != 0)
		return check.check_id;
	refuse_too_many(model);
	r = mlops_registry_query("INSERT INTO mlops.checks (model_id, rule, column_name, args, mostly, severity, kind,"
							 " predicate, columns, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
							 " RETURNING check_id",
							 "bttjftttAt", model->model_id, check.rule, check.column, check.args, check.mostly,
							 check.severity, check.kind, check.predicate, text_array(check.columns),
							 GetUserNameFromId(GetUserId(), false));
	check.check_id = mlops_result_int64(r, 0, 1);
	mlops_registry_audit("add_check", model->model_id, model->name, 0, NULL, describe(&check));
	return check.check_id;
}

static void
refuse_unknown(int64 check_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("check " INT64_FORMAT " does not exist", check_id)));
}

void
mlops_check_drop(int64 check_id)
{
	MlopsResult *r = mlops_registry_query("SELECT name, model_id, owner FROM mlops.checks JOIN mlops.models"
										  " USING (model_id) WHERE check_id = $1", "b", check_id);
	MlopsModel *model;
	MlopsCheck *checks;
	int			n;
	int			i = 0;

	/* nor is a stranger told of which model it is */
	if (r->n == 0 || !mlops_has_privilege(mlops_result_int64(r, 0, 2), mlops_result_text(r, 0, 3), MLOPS_PREDICT))
		refuse_unknown(check_id);
	model = mlops_registry_open(mlops_result_text(r, 0, 1), MLOPS_OWNER);
	/* under the lock: another session may have been first */
	checks = mlops_checks_load(model->model_id, &n);
	while (i < n && checks[i].check_id != check_id)
		i++;
	if (i == n)
		refuse_unknown(check_id);
	(void) mlops_registry_query("DELETE FROM mlops.checks WHERE check_id = $1", "b", check_id);
	mlops_registry_audit("drop_check", model->model_id, model->name, 0, describe(&checks[i]), NULL);
}
