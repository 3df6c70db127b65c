/*
 * validation.c: the checks of a model applied to a source, and what came out.
 *
 * One statement computes what all checks need.  Rows to show are looked for
 * in another one, only when rows have failed.  Whose rights: the statement
 * runs as whoever reads the source, and a check may only be part of it when
 * it runs as the owner or is what anybody may run (checks.h).
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "pg/check_predicate.h"
#include "pg/check_sample.h"
#include "pg/identity.h"
#include "pg/options.h"
#include "pg/validation.h"

/* Failed checks told by name in one message. */
#define MAX_TOLD 20
/* Of the rows: so many that some are soon found. */
#define COMMON_SHARE 0.01
/* Checks tried by one statement. */
#define MAX_TRIED 200

typedef struct Preparation
{
	MlopsCheckPlan *plan;
	MlopsCheckUse *use;
	MlopsCheckSlots *slots;
	MlopsIdentity identity;
	bool		as_owner;		/* begun */
} Preparation;

/* ---- planning ---- */

/*
 * Ends with end_preparation: what lies between runs as the owner when the
 * source is a stored one.  owners_sql: so does all that comes of it.
 */
static void
begin_preparation(Preparation *p, Oid owner, const MlopsSource *source, bool owners_sql, const MlopsCheck *check, int n)
{
	p->as_owner = source->stored;
	if (p->as_owner)
		mlops_identity_begin_owner(&p->identity, owner, NULL);
	p->plan = mlops_check_plan_create(source);
	p->use = palloc0(sizeof(MlopsCheckUse) * Max(n, 1));
	p->slots = palloc0(sizeof(MlopsCheckSlots) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		mlops_check_prepare(&check[i], source, p->plan, owners_sql, &p->use[i]);
		p->slots[i] = mlops_check_slots(&p->use[i]);
	}
}

static void
end_preparation(Preparation *p)
{
	if (p->as_owner)
		mlops_identity_end(&p->identity);
}

/* ---- judging ---- */

static char *
number_text(double number)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number, text);
	return pstrdup(text);
}

static char *
age_text(double seconds)
{
	int64		whole = (int64) Min(fabs(seconds), 1e17);

	return psprintf(INT64_FORMAT " days %02d:%02d:%02d", whole / 86400, (int) (whole / 3600 % 24),
					(int) (whole / 60 % 60), (int) (whole % 60));
}

static void
judge_rows(const MlopsCheck *check, const MlopsCheckUse *use, const MlopsCheckFigures *figures,
		   const MlopsCheckSlots *slots, MlopsCheckResult *result)
{
	int64		rows = figures->count[0];
	int64		judged = slots->judged >= 0 ? figures->count[slots->judged] : rows;

	if (use->missing_fails)
	{
		result->failed = rows - judged;
		judged = rows;
	}
	else
		result->failed = use->windowed ? figures->window_count[slots->failed] : figures->count[slots->failed];
	result->missing = rows - judged;
	/* nothing judged, nothing failed */
	result->passed = judged == 0 || (double) (judged - result->failed) / judged >= check->mostly;
	if (judged > 0)
		result->observed = number_text((double) (judged - result->failed) / judged);
	if (!result->passed)
		result->summary = psprintf(INT64_FORMAT " of " INT64_FORMAT " rows fail%s%s%s", result->failed, judged,
								   check->mostly < 1 ? ", where " : "",
								   check->mostly < 1 ? number_text(check->mostly) : "",
								   check->mostly < 1 ? " must pass" : "");
}

static void
judge_figure(const MlopsCheckUse *use, double figure, MlopsCheckResult *result)
{
	result->passed = figure >= use->low && figure <= use->high;
	if (!isnan(figure))
		result->observed = use->is_age ? age_text(figure) : number_text(figure);
	if (result->passed)
		return;
	if (isnan(figure))
		result->summary = "there is no value";
	else if (use->is_age)
		result->summary = psprintf("the newest time is %s ago, more than %s", result->observed, age_text(use->high));
	else if (isinf(use->low))
		result->summary = psprintf("%s is more than %s", result->observed, number_text(use->high));
	else if (isinf(use->high))
		result->summary = psprintf("%s is less than %s", result->observed, number_text(use->low));
	else
		result->summary = psprintf("%s is not between %s and %s", result->observed, number_text(use->low),
								   number_text(use->high));
}

static void
judge_schema(const MlopsCheckUse *use, MlopsCheckResult *result)
{
	result->passed = use->passed;
	result->observed = use->observed != NULL ? pstrdup(use->observed) : NULL;
	if (use->passed)
		return;
	if (use->attno == 0)
		result->summary = "the source has no such column";
	else if (strcmp(use->rule->name, "of_type") == 0)
		result->summary = psprintf("its type is %s", use->observed);
	else
		result->summary = psprintf("it is column %s", use->observed);
}

static void
judge(const MlopsCheck *check, const MlopsCheckUse *use, const MlopsCheckFigures *figures,
	  const MlopsCheckSlots *slots, MlopsCheckResult *result)
{
	result->failed = -1;
	if (use->reason != NULL)
	{
		result->reason = use->reason;
		result->summary = pstrdup(use->reason);
	}
	else if (use->rule->scope == MLOPS_CHECK_ROW)
		judge_rows(check, use, figures, slots, result);
	else if (use->rule->scope == MLOPS_CHECK_FIGURE)
		judge_figure(use, figures->number[slots->figure], result);
	else
		judge_schema(use, result);
}

/* ---- running ---- */

/* Checks whose rows are looked for together. */
typedef enum SampleGroup
{
	SAMPLE_COMMON,				/* many rows fail: soon found */
	SAMPLE_RARE,				/* few do: all rows are looked at, and few are taken */
	SAMPLE_WINDOWED				/* rows must be sorted first */
} SampleGroup;

static SampleGroup
sample_group(const Preparation *p, const MlopsValidation *v, int i)
{
	if (p->use[i].windowed)
		return SAMPLE_WINDOWED;
	return v->result[i].failed >= COMMON_SHARE * v->rows ? SAMPLE_COMMON : SAMPLE_RARE;
}

static void
collect_samples(const Preparation *p, MlopsValidation *v, SampleGroup group)
{
	List	   *conditions = NIL;
	int		   *which = palloc(sizeof(int) * Max(v->n, 1));
	Jsonb	  **sample;

	for (int i = 0; i < v->n; i++)
		if (v->result[i].failed > 0 && sample_group(p, v, i) == group)
		{
			which[list_length(conditions)] = i;
			conditions = lappend(conditions, p->use[i].fails);
		}
	sample = mlops_check_samples(p->plan, conditions, group == SAMPLE_WINDOWED);
	for (int i = 0; i < list_length(conditions); i++)
		v->result[which[i]].sample = sample[i];
}

static void
sum_up(MlopsValidation *v)
{
	v->passed = true;
	v->level = "none";
	for (int i = 0; i < v->n; i++)
	{
		const char *level = mlops_check_level(v->check[i].severity);

		if (v->result[i].passed)
			continue;
		v->failed++;
		if (strcmp(level, "critical") == 0)
			v->passed = false;
		if (strcmp(v->level, "critical") != 0 && strcmp(level, "none") != 0)
			v->level = level;
	}
}

/* Results of all checks; *rows: of the source, -1 when none was read. */
static MlopsCheckResult *
judge_all(const Preparation *p, const MlopsCheck *check, int n, int64 *rows)
{
	MlopsCheckResult *result = palloc0(sizeof(MlopsCheckResult) * Max(n, 1));
	MlopsCheckFigures *figures = NULL;
	bool		reads = false;

	*rows = -1;
	for (int i = 0; i < n; i++)
		reads |= p->slots[i].failed >= 0 || p->slots[i].judged >= 0 || p->slots[i].figure >= 0;
	if (reads)
	{
		figures = mlops_check_plan_run(p->plan);
		*rows = figures->count[0];
	}
	for (int i = 0; i < n; i++)
		judge(&check[i], &p->use[i], figures, &p->slots[i], &result[i]);
	return result;
}

/* What a predicate raises comes of one statement: it does not say whose it is. */
static void
tell_model(void *arg)
{
	errcontext("checks of model \"%s\"", (const char *) arg);
}

MlopsValidation *
mlops_validation_run(const MlopsModel *model, const MlopsSource *source, bool samples)
{
	MlopsValidation *v = palloc0(sizeof(MlopsValidation));
	ErrorContextCallback callback = {error_context_stack, tell_model, model->name};
	Oid			owner = mlops_role_oid(model->owner);
	Preparation p = {0};

	v->model = model;
	v->source = source;
	v->start = GetCurrentTimestamp();
	v->check = mlops_checks_load(model->model_id, &v->n);
	begin_preparation(&p, owner, source, source->stored || owner == GetUserId(), v->check, v->n);
	error_context_stack = &callback;
	v->result = judge_all(&p, v->check, v->n, &v->rows);
	for (SampleGroup group = SAMPLE_COMMON; samples && group <= SAMPLE_WINDOWED; group++)
		collect_samples(&p, v, group);
	error_context_stack = callback.previous;
	end_preparation(&p);
	sum_up(v);
	v->seconds = (GetCurrentTimestamp() - v->start) / 1e6;
	return v;
}

static void
try_checks(const MlopsSource *source, const MlopsCheck *check, int n, bool *holds)
{
	Preparation p = {0};
	MlopsCheckResult *result;
	int64		rows;

	begin_preparation(&p, GetUserId(), source, true, check, n);
	result = judge_all(&p, check, n, &rows);
	end_preparation(&p);
	for (int i = 0; i < n; i++)
		holds[i] = result[i].passed;
}

/* Each check may need a window, a column of its own: as many at a time as have room beside those of the source. */
bool *
mlops_validation_try(const MlopsSource *source, const MlopsCheck *check, int n)
{
	bool	   *holds = palloc(sizeof(bool) * Max(n, 1));
	MemoryContext part = AllocSetContextCreate(CurrentMemoryContext, "mlops checks that are tried",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(part);
	int			room = Max(1, Min(MAX_TRIED, MaxTupleAttributeNumber - source->desc->natts));

	for (int i = 0; i < n; i += room)
	{
		try_checks(source, &check[i], Min(room, n - i), &holds[i]);
		MemoryContextReset(part);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(part);
	return holds;
}

/* Why the check cannot part rows, or NULL. */
static const char *
why_not_in_query(const MlopsCheckUse *use)
{
	if (use->reason == NULL && use->predicate != NULL && mlops_predicate_is_volatile(use->predicate, use->source->desc))
		return "its predicate calls a volatile function, so that both parts would not add up to the source";
	return use->reason;
}

char *
mlops_validation_query(const MlopsModel *model, const MlopsSource *source, bool clean)
{
	Oid			owner = mlops_role_oid(model->owner);
	Preparation p = {0};
	StringInfoData condition;
	MlopsCheck *check;
	char	   *query;
	int			n;

	check = mlops_checks_load(model->model_id, &n);
	initStringInfo(&condition);
	/* whoever asks will run it */
	begin_preparation(&p, owner, source, owner == GetUserId(), check, n);
	for (int i = 0; i < n; i++)
	{
		const char *reason;

		if (strcmp(check[i].severity, "error") != 0)
			continue;
		reason = why_not_in_query(&p.use[i]);
		if (reason != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("check " INT64_FORMAT " (%s) of model \"%s\" cannot be part of a query: %s",
							check[i].check_id, check[i].rule, model->name, reason)));
		if (p.use[i].fails != NULL)
			appendStringInfo(&condition, "%s%s", condition.len > 0 ? " OR " : "", p.use[i].fails);
	}
	query = mlops_check_plan_rows(p.plan, condition.len > 0 ? condition.data : "false", !clean);
	end_preparation(&p);
	return query;
}

/* ---- telling ---- */

/* The checks of this severity that failed, a line each; *n: how many. */
static char *
list_failed(const MlopsValidation *v, const char *severity, int *n)
{
	StringInfoData list;

	*n = 0;
	initStringInfo(&list);
	for (int i = 0; i < v->n; i++)
	{
		if (v->result[i].passed || strcmp(v->check[i].severity, severity) != 0)
			continue;
		if (++*n > MAX_TOLD)
			continue;
		appendStringInfo(&list, "%sCheck " INT64_FORMAT " (%s", list.len > 0 ? "\n" : "", v->check[i].check_id,
						 v->check[i].rule);
		if (v->check[i].column != NULL)
			appendStringInfo(&list, ", column \"%s\"", v->check[i].column);
		appendStringInfo(&list, "): %s.", v->result[i].summary);
	}
	if (*n > MAX_TOLD)
		appendStringInfo(&list, "\nAnd %d more.", *n - MAX_TOLD);
	return list.data;
}

void
mlops_validation_guard(const MlopsValidation *v)
{
	char	   *list;
	int			n;

	list = list_failed(v, "info", &n);
	if (n > 0)
		ereport(INFO,
				(errmsg_plural("%d check of severity info fails on the data of model \"%s\"",
							   "%d checks of severity info fail on the data of model \"%s\"", n, n, v->model->name),
				 errdetail_internal("%s", list)));
	list = list_failed(v, "warning", &n);
	if (n > 0)
		ereport(WARNING,
				(errmsg_plural("%d check of severity warning fails on the data of model \"%s\"",
							   "%d checks of severity warning fail on the data of model \"%s\"", n, n, v->model->name),
				 errdetail_internal("%s", list)));
	list = list_failed(v, "error", &n);
	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg_plural("%d check of severity error fails on the data of model \"%s\"",
							   "%d checks of severity error fail on the data of model \"%s\"", n, n, v->model->name),
				 errdetail_internal("%s", list),
				 errhint("mlops_validate shows rows that fail, mlops_clean_query gives the rows without them.")));
}

/* ---- recording ---- */

int64
mlops_validation_record(const MlopsValidation *v, int64 run_id)
{
	MlopsResult *r;
	int64		id;

	r = mlops_registry_query("INSERT INTO mlops.validations (model_id, run_id, source, source_query, passed, severity,"
							 " checks, failed_checks, total_rows, started_at, seconds, started_by)"
							 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, -1), $10, $11, $12)"
							 " RETURNING validation_id",
							 "bNttBtiibzft", v->model->model_id, run_id, v->source->text, v->source->query, v->passed,
							 v->level, v->n, v->failed, v->rows, v->start, v->seconds,
							 GetUserNameFromId(GetUserId(), false));
	id = mlops_result_int64(r, 0, 1);
	for (int i = 0; i < v->n; i++)
	{
		const MlopsCheck *check = &v->check[i];
		const MlopsCheckResult *result = &v->result[i];

		(void) mlops_registry_query("INSERT INTO mlops.validation_results (validation_id, check_id, model_id, rule,"
									" column_name, args, mostly, severity, passed, observed, failed_rows,"
									" missing_rows, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
									" nullif($11, -1), CASE WHEN $11 >= 0 THEN $12 END, $13)",
									"bbbttjftBtbbt", id, check->check_id, v->model->model_id, check->rule,
									check->column, check->args, check->mostly, check->severity, result->passed,
									result->observed, result->failed, result->missing, result->reason);
	}
	return id;
}
