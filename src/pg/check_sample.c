/*
 * check_sample.c: rows to show of checks that fail.
 *
 * What fails seldom has to be looked for in all rows, and what fails often
 * gives more of them than anybody wants: so a row is made JSON of only when it
 * is wanted.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "pg/check_rules.h"
#include "pg/check_sample.h"
#include "pg/options.h"

/* Rows of one condition, and characters of a value. */
#define MAX_ROWS 5
#define MAX_WIDTH 200

typedef struct Wanted
{
	int			rows;
	MlopsJson	json;			/* begun when there are any */
} Wanted;

typedef struct SampleReader
{
	MemoryContext context;
	TupleDesc	desc;			/* of the source */
	int			n;
	Wanted	   *wanted;
	int			unfinished;		/* conditions */
} SampleReader;

/* As to_jsonb shows it, but that what is no number, time or boolean is a text, and is cut. */
static void
show_value(MlopsJson *json, Oid type, Datum value)
{
	Oid			base;
	int			kind = mlops_check_kind(type, &base);
	Oid			output;
	bool		varlena;
	char	   *text;

	if (kind == MLOPS_CHECK_BOOLEAN)
	{
		mlops_json_bool(json, DatumGetBool(value));
		return;
	}
	if (kind == MLOPS_CHECK_TIME)
	{
		mlops_json_text(json, JsonEncodeDateTime(NULL, value, base, NULL));
		return;
	}
	getTypeOutputInfo(type, &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	/* neither NaN nor Infinity is a number in JSON */
	if (kind == MLOPS_CHECK_NUMBER && strpbrk(text, "NI") == NULL)
	{
		mlops_json_decimal(json, text);
		return;
	}
	text[pg_mbcharcliplen(text, strlen(text), MAX_WIDTH)] = '\0';
	mlops_json_text(json, text);
}

static void
show_row(MlopsJson *json, TupleDesc desc, const TupleTableSlot *slot)
{
	mlops_json_begin(json);
	for (int i = 0; i < desc->natts; i++)
	{
		mlops_json_key(json, NameStr(TupleDescAttr(desc, i)->attname));
		if (slot->tts_isnull[i])
			mlops_json_text(json, NULL);
		else
			show_value(json, TupleDescAttr(desc, i)->atttypid, slot->tts_values[i]);
	}
	mlops_json_end(json);
}

static bool
take_row(TupleTableSlot *slot, void *arg)
{
	SampleReader *reader = arg;
	MemoryContext caller = MemoryContextSwitchTo(reader->context);
	Datum	   *fails;
	bool	   *isnull;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(slot->tts_values[reader->desc->natts]), BOOLOID, 1, true, TYPALIGN_CHAR,
					  &fails, &isnull, &n);
	for (int i = 0; i < reader->n; i++)
	{
		Wanted	   *wanted = &reader->wanted[i];

		if (isnull[i] || !DatumGetBool(fails[i]) || wanted->rows == MAX_ROWS)
			continue;
		if (wanted->rows++ == 0)
			mlops_json_begin_array(&wanted->json);
		show_row(&wanted->json, reader->desc, slot);
		if (wanted->rows == MAX_ROWS)
			reader->unfinished--;
	}
	pfree(fails);
	pfree(isnull);
	MemoryContextSwitchTo(caller);
	return reader->unfinished > 0;
}

Jsonb **
mlops_check_samples(const MlopsCheckPlan *plan, List *conditions, bool windows)
{
	int			n = list_length(conditions);
	Jsonb	  **sample = palloc0(sizeof(Jsonb *) * Max(n, 1));
	SampleReader reader = {CurrentMemoryContext, plan->source->desc, n, palloc0(sizeof(Wanted) * Max(n, 1)), n};

	if (n == 0)
		return sample;
	(void) mlops_source_run_while(mlops_check_plan_failing(plan, conditions, windows), take_row, &reader);
	for (int i = 0; i < n; i++)
		if (reader.wanted[i].rows > 0)
		{
			mlops_json_end_array(&reader.wanted[i].json);
			sample[i] = mlops_json_finish(&reader.wanted[i].json);
		}
	return sample;
}
