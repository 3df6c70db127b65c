/*
 * check_plan.c: the statements that a set of checks needs over one source.
 *
 *	WITH source AS NOT MATERIALIZED (the source),
 *	     figures AS (SELECT aggregate AS a1, ... FROM source),
 *	     figures2 AS (... FROM source CROSS JOIN figures)
 *	SELECT ARRAY[count(*), count(*) FILTER (WHERE fails), ...], ARRAY[avg(source.x), ...]
 *	FROM source CROSS JOIN figures ...
 *
 * Without figures that is one scan, which may run in parallel.  What window
 * functions are needed for (values that repeat, the order of rows) is counted
 * by a second statement, for which rows are sorted with the few columns that
 * it takes:
 *
 *	SELECT ARRAY[count(*) FILTER (WHERE fails), ...]
 *	FROM (SELECT source.*, window function AS w1, ... FROM source) AS source
 *
 * A source with volatile functions is materialised by the server in spite of
 * what is written here, so that all parts of a statement see the same rows.
 * The server leaves out windows that a statement does not use.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "pg/check_plan.h"

/* ---- what is computed ---- */

/* A prefix of names that no column of the source begins with. */
static char *
free_prefix(TupleDesc desc)
{
	for (int i = 0;; i++)
	{
		char	   *prefix = psprintf("mlops_%d_", i);
		int			taken = 0;

		for (int j = 0; j < desc->natts; j++)
			taken += strncmp(NameStr(TupleDescAttr(desc, j)->attname), prefix, strlen(prefix)) == 0;
		if (taken == 0)
			return prefix;
	}
}

MlopsCheckPlan *
mlops_check_plan_create(const MlopsSource *source)
{
	MlopsCheckPlan *plan = palloc0(sizeof(MlopsCheckPlan));

	plan->source = source;
	plan->prefix = free_prefix(source->desc);
	(void) mlops_check_plan_count(plan, "count(*)");
	return plan;
}

/* Position of the text in the list, which takes it when it is new. */
static int
take(List **list, const char *text)
{
	ListCell   *lc;
	int			i = 0;

	foreach(lc, *list)
	{
		if (strcmp((const char *) lfirst(lc), text) == 0)
			return i;
		i++;
	}
	*list = lappend(*list, pstrdup(text));
	return i;
}

char *
mlops_check_plan_window(MlopsCheckPlan *plan, const char *window)
{
	return psprintf("source.%sw%d", plan->prefix, take(&plan->windows, window));
}

char *
mlops_check_plan_figure(MlopsCheckPlan *plan, int stage, const char *aggregate)
{
	return psprintf("%sfigures%d.a%d", plan->prefix, stage, take(&plan->figures[stage], aggregate));
}

int
mlops_check_plan_count(MlopsCheckPlan *plan, const char *aggregate)
{
	return take(&plan->counts, aggregate);
}

int
mlops_check_plan_window_count(MlopsCheckPlan *plan, const char *aggregate)
{
	return take(&plan->window_counts, aggregate);
}

int
mlops_check_plan_number(MlopsCheckPlan *plan, const char *aggregate)
{
	return take(&plan->numbers, aggregate);
}

/* ---- the statements ---- */

static void
append_with(StringInfo text, const MlopsCheckPlan *plan, bool figures)
{
	appendStringInfo(text, "WITH source AS NOT MATERIALIZED (%s)", plan->source->query);
	for (int stage = 0; figures && stage < 2; stage++)
	{
		ListCell   *lc;
		int			i = 0;

		if (plan->figures[stage] == NIL)
			continue;
		appendStringInfo(text, ", %sfigures%d AS (SELECT ", plan->prefix, stage);
		foreach(lc, plan->figures[stage])
		{
			appendStringInfo(text, "%s%s AS a%d", i > 0 ? ", " : "", (const char *) lfirst(lc), i);
			i++;
		}
		appendStringInfoString(text, " FROM source");
		if (stage > 0)
			appendStringInfo(text, " CROSS JOIN %sfigures0", plan->prefix);
		appendStringInfoChar(text, ')');
	}
}

static void
append_from(StringInfo text, const MlopsCheckPlan *plan, bool windows, bool figures)
{
	ListCell   *lc;
	int			i = 0;

	if (!windows || plan->windows == NIL)
		appendStringInfoString(text, " FROM source");
	else
	{
		appendStringInfoString(text, " FROM (SELECT source.*");
		foreach(lc, plan->windows)
			appendStringInfo(text, ", %s AS %sw%d", (const char *) lfirst(lc), plan->prefix, i++);
		appendStringInfoString(text, " FROM source) AS source");
	}
	for (int stage = 0; figures && stage < 2; stage++)
		if (plan->figures[stage] != NIL)
			appendStringInfo(text, " CROSS JOIN %sfigures%d", plan->prefix, stage);
}

static void
append_array(StringInfo text, List *expressions, const char *type, const char *name)
{
	ListCell   *lc;
	bool		first = true;

	appendStringInfoString(text, "ARRAY[");
	foreach(lc, expressions)
	{
		appendStringInfo(text, "%s%s", first ? "" : ", ", (const char *) lfirst(lc));
		first = false;
	}
	appendStringInfo(text, "]::pg_catalog.%s[] AS %s", type, name);
}

static MlopsSource *
scan_statement(const MlopsCheckPlan *plan)
{
	StringInfoData text;

	initStringInfo(&text);
	append_with(&text, plan, true);
	appendStringInfoString(&text, " SELECT ");
	append_array(&text, plan->counts, "int8", "counts");
	appendStringInfoString(&text, ", ");
	append_array(&text, plan->numbers, "float8", "numbers");
	append_from(&text, plan, false, true);
	return mlops_source_around(plan->source, text.data);
}

/* NULL when there is nothing to count. */
static MlopsSource *
window_statement(const MlopsCheckPlan *plan)
{
	StringInfoData text;

	if (plan->window_counts == NIL)
		return NULL;
	initStringInfo(&text);
	append_with(&text, plan, false);
	appendStringInfoString(&text, " SELECT ");
	append_array(&text, plan->window_counts, "int8", "counts");
	append_from(&text, plan, true, false);
	return mlops_source_around(plan->source, text.data);
}

void
mlops_check_plan_analyze(const MlopsCheckPlan *plan)
{
	(void) scan_statement(plan);
	(void) window_statement(plan);
}

/* ---- running ---- */

typedef struct FiguresReader
{
	MemoryContext context;
	MlopsCheckFigures *figures;
	bool		windows;
} FiguresReader;

static int64 *
int8_values(Datum array)
{
	Datum	   *element;
	bool	   *isnull;
	int64	   *value;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &element, &isnull, &n);
	value = palloc(sizeof(int64) * Max(n, 1));
	for (int i = 0; i < n; i++)
		value[i] = isnull[i] ? 0 : DatumGetInt64(element[i]);
	return value;
}

static double *
float8_values(Datum array)
{
	Datum	   *element;
	bool	   *isnull;
	double	   *value;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &element, &isnull, &n);
	value = palloc(sizeof(double) * Max(n, 1));
	for (int i = 0; i < n; i++)
		value[i] = isnull[i] ? get_float8_nan() : DatumGetFloat8(element[i]);
	return value;
}

static void
read_figures(TupleTableSlot *slot, void *arg)
{
	FiguresReader *reader = arg;
	MemoryContext caller = MemoryContextSwitchTo(reader->context);

	if (reader->windows)
		reader->figures->window_count = int8_values(slot->tts_values[0]);
	else
	{
		reader->figures->count = int8_values(slot->tts_values[0]);
		reader->figures->number = float8_values(slot->tts_values[1]);
	}
	MemoryContextSwitchTo(caller);
}

MlopsCheckFigures *
mlops_check_plan_run(const MlopsCheckPlan *plan)
{
	FiguresReader reader = {CurrentMemoryContext, palloc0(sizeof(MlopsCheckFigures)), false};
	MlopsSource *windows = window_statement(plan);

	(void) mlops_source_run(scan_statement(plan), NIL, read_figures, &reader);
	reader.windows = true;
	if (windows != NULL)
		(void) mlops_source_run(windows, NIL, read_figures, &reader);
	return reader.figures;
}

/* ---- rows ---- */

/* Columns of the source, separated by commas. */
static void
append_columns(StringInfo text, TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
		appendStringInfo(text, "%s source.%s", i > 0 ? "," : "",
						 quote_identifier(NameStr(TupleDescAttr(desc, i)->attname)));
}

MlopsSource *
mlops_check_plan_failing(const MlopsCheckPlan *plan, List *conditions, bool windows)
{
	StringInfoData text;
	ListCell   *lc;
	bool		first = true;

	initStringInfo(&text);
	append_with(&text, plan, true);
	appendStringInfoString(&text, " SELECT");
	append_columns(&text, plan->source->desc);
	appendStringInfoString(&text, ", ");
	append_array(&text, conditions, "bool", psprintf("%sfails", plan->prefix));
	append_from(&text, plan, windows, true);
	foreach(lc, conditions)
	{
		appendStringInfo(&text, " %s %s", first ? "WHERE" : "OR", (const char *) lfirst(lc));
		first = false;
	}
	return mlops_source_around(plan->source, text.data);
}

char *
mlops_check_plan_rows(const MlopsCheckPlan *plan, const char *condition, bool is_true)
{
	StringInfoData text;

	initStringInfo(&text);
	append_with(&text, plan, true);
	appendStringInfoString(&text, " SELECT");
	append_columns(&text, plan->source->desc);
	append_from(&text, plan, true, true);
	appendStringInfo(&text, " WHERE (%s) IS %sTRUE", condition, is_true ? "" : "NOT ");
	return mlops_source_around(plan->source, text.data)->query;
}
