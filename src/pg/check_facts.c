/*
 * check_facts.c: what is known of the columns of a source before checks are
 * proposed.
 *
 * The profile of the source gives figures; a second statement lists values of
 * columns with few of them, and how texts of the others look, from some rows:
 * what is made of that is tried on all of them.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "pg/check_facts.h"
#include "pg/profile.h"

/* A figure of rows like these is within so many standard errors of theirs, both being samples: 5 √2. */
#define SURE 7.1
/* Longer texts have no shape. */
#define SHAPED_LENGTH "64"
/* Texts whose form is looked at. */
#define LOOKED_AT 10000
#define MIN_VALUE_ROWS 20
/* Rows a value must have on average to be listed */
#define ROWS_OF_VALUE 5
/* Columns that a statement names, counted each time the source stands in it: some ten megabytes. */
#define MOST_COLUMNS 16384

#define DIGITS "0123456789"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define SHAPE_FROM DIGITS CAPITALS SMALL
#define SHAPE_TO "9999999999" "AAAAAAAAAAAAAAAAAAAAAAAAAA" "aaaaaaaaaaaaaaaaaaaaaaaaaa"

/* ---- the first reading ---- */

typedef struct FactsReader
{
	const MlopsSource *source;
	MemoryContext context;
	MlopsColumnFacts *facts;
	int			n;
	int			from;			/* columns of the statement that is run */
	int			to;
} FactsReader;

static bool
is_whole(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

/* Quantiles between which the median of as many rows of the same kind lies. */
static void
find_median(MlopsColumnFacts *f, const MlopsColumnProfile *profile)
{
	MlColumnView view = {0};
	double		apart = Min(0.45, 0.5 * SURE / sqrt((double) f->present) + 0.02);
	MlHost		host;

	mlops_profile_host(&host, CurrentMemoryContext);
	mlops_profile_check_memory(ml_column_view(&view, &profile->column->sketch, &host));
	f->median[0] = ml_column_quantile(&view, 0.5 - apart);
	f->median[1] = ml_column_quantile(&view, 0.5 + apart);
	ml_column_view_release(&view);
}

static void
take_profile(const MlopsColumnProfile *profile, void *arg)
{
	FactsReader *reader = arg;
	MemoryContext caller = MemoryContextSwitchTo(reader->context);
	MlopsColumnFacts *f = &reader->facts[reader->n];
	Form_pg_attribute att = TupleDescAttr(reader->source->desc, reader->n);

	StaticAssertStmt(MLOPS_FACTS_QUANTILES == MLOPS_PROFILE_QUANTILES, "quantiles of facts are those of the profile");
	reader->n++;
	f->name = pstrdup(NameStr(att->attname));
	f->type = att->atttypid;
	f->typmod = att->atttypmod;
	f->kind = mlops_check_kind(att->atttypid, &f->base);
	f->whole = is_whole(f->base);
	f->rows = profile->rows;
	f->present = profile->rows - profile->null_count - profile->nan;
	f->distinct = profile->distinct_count - (profile->nan > 0 ? 1 : 0);
	f->distinct_error = profile->distinct_error;
	f->minimum = profile->minimum;
	f->maximum = profile->maximum;
	f->infinite[0] = profile->minus_infinity > 0;
	f->infinite[1] = profile->plus_infinity > 0;
	f->mean = profile->mean;
	f->stddev = profile->stddev;
	memcpy(f->quantile, profile->quantile, sizeof(f->quantile));
	f->median[0] = f->median[1] = NAN;
	if (f->kind == MLOPS_CHECK_NUMBER && !isnan(profile->quantile[2]))
		find_median(f, profile);
	MemoryContextSwitchTo(caller);
}

/* ---- the second reading ---- */

static bool
lists_values(const MlopsColumnFacts *f)
{
	int64		most = f->kind == MLOPS_CHECK_TEXT || f->kind == MLOPS_CHECK_LABEL ? MLOPS_FACTS_VALUES :
		f->kind == MLOPS_CHECK_NUMBER && f->whole ? MLOPS_FACTS_NUMBERS : 0;

	return f->distinct > 0 && f->distinct <= most && f->present >= MIN_VALUE_ROWS &&
		f->present >= ROWS_OF_VALUE * f->distinct;
}

static bool
looks_at_texts(const MlopsColumnFacts *f)
{
	return f->kind == MLOPS_CHECK_TEXT && f->present > 0 && !lists_values(f);
}

static char *
text_value(const MlopsColumnFacts *f)
{
	return psprintf("source.%s::pg_catalog.text", quote_identifier(f->name));
}

/* {"text": rows, ...} of the commonest values of an expression, one more than `most` when there are more */
static char *
counted(const char *expression, const char *from, int most)
{
	return psprintf("(SELECT pg_catalog.jsonb_object_agg(counted.what, counted.n)"
					" FROM (SELECT %s AS what, count(*) AS n FROM %s GROUP BY 1 ORDER BY 2 DESC LIMIT %d) AS counted)",
					expression, from, most + 1);
}

static char *
ask_values(const MlopsColumnFacts *f)
{
	char	   *value = text_value(f);

	return counted(value, psprintf("source WHERE %s IS NOT NULL", value), MLOPS_FACTS_VALUES);
}

/* The texts of column i that are looked at, for ask_texts. */
static char *
look_at_texts(const MlopsColumnFacts *f, int i)
{
	char	   *value = text_value(f);

	return psprintf("looked%d AS MATERIALIZED (SELECT %s AS v FROM source WHERE %s IS NOT NULL LIMIT %d)", i,
					value, value, LOOKED_AT);
}

/* Three answers: shapes, patterns, and [shortest, longest, trimmed, ascii, one_encoding]. */
static char *
ask_texts(int i)
{
	char	   *some = psprintf("looked%d", i);
	char	   *shapes = counted("CASE WHEN length(v) <= " SHAPED_LENGTH " THEN"
								 " translate(v, '" SHAPE_FROM "', '" SHAPE_TO "') ELSE '' END",
								 some, MLOPS_FACTS_SHAPES);
	char	   *patterns = counted("CASE WHEN length(v) <= " SHAPED_LENGTH " THEN"
								   " regexp_replace(regexp_replace(regexp_replace(v, '[0-9]+', '9', 'g'),"
								   " '[A-Z]+', 'A', 'g'), '[a-z]+', 'a', 'g') ELSE '' END",
								   some, MLOPS_FACTS_SHAPES);
	char	   *encoding = GetDatabaseEncoding() != PG_UTF8 ? "false" :
		"bool_and(v !~ (E'[\\u0080-\\u00bf\\ufffd]' COLLATE pg_catalog.\"default\"))";

	return psprintf("%s, %s, (SELECT pg_catalog.jsonb_build_array(min(length(v)), max(length(v)),"
					" bool_and(v = btrim(v, E' \\t\\n\\r')), bool_and(v ~ ('^[ -~]*$' COLLATE pg_catalog.\"default\")),"
					" %s) FROM %s)", shapes, patterns, encoding, some);
}

static int
compare_rows(const void *a, const void *b)
{
	int64		x = ((const MlopsFactCount *) a)->rows;
	int64		y = ((const MlopsFactCount *) b)->rows;

	if (x != y)
		return x > y ? -1 : 1;
	return strcmp(((const MlopsFactCount *) a)->text, ((const MlopsFactCount *) b)->text);
}

/* How many there are, commonest first; 0 when there are more than `most`. */
static int
read_counted(Datum answer, MlopsFactCount *count, int most)
{
	Jsonb	   *object = DatumGetJsonbP(answer);
	JsonbIterator *it = JsonbIteratorInit(&object->root);
	JsonbValue	key;
	JsonbValue	rows;
	int			n = 0;

	if (!JB_ROOT_IS_OBJECT(object) || (int) JB_ROOT_COUNT(object) > most)
		return 0;
	(void) JsonbIteratorNext(&it, &key, true);
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&it, &rows, true);
		count[n].text = pnstrdup(key.val.string.val, key.val.string.len);
		count[n++].rows = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(rows.val.numeric)));
	}
	qsort(count, n, sizeof(MlopsFactCount), compare_rows);
	return n;
}

static int64
integer_at(JsonbContainer *array, int i)
{
	JsonbValue *value = getIthJsonbValueFromContainer(array, i);

	return value == NULL || value->type != jbvNumeric ? 0 :
		DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
}

static bool
true_at(JsonbContainer *array, int i)
{
	JsonbValue *value = getIthJsonbValueFromContainer(array, i);

	return value != NULL && value->type == jbvBool && value->val.boolean;
}

static void
read_texts(Datum answer, MlopsColumnFacts *f)
{
	JsonbContainer *array = &DatumGetJsonbP(answer)->root;

	f->shortest = integer_at(array, 0);
	f->longest = integer_at(array, 1);
	f->trimmed = true_at(array, 2);
	f->ascii = true_at(array, 3);
	f->one_encoding = true_at(array, 4);
}

static void
take_texts(MlopsColumnFacts *f, const Datum *answer, const bool *isnull)
{
	if (!isnull[0])
		f->n_shapes = read_counted(answer[0], f->shape, MLOPS_FACTS_SHAPES);
	if (!isnull[1])
		f->n_patterns = read_counted(answer[1], f->pattern, MLOPS_FACTS_SHAPES);
	if (!isnull[2])
		read_texts(answer[2], f);
	/* long ones were counted as empty */
	if (f->longest > atoi(SHAPED_LENGTH))
		f->n_shapes = f->n_patterns = 0;
}

/* The answers in the order in which they were asked for. */
static void
read_answers(TupleTableSlot *slot, void *arg)
{
	FactsReader *reader = arg;
	MemoryContext caller = MemoryContextSwitchTo(reader->context);
	Datum	   *answer;
	bool	   *isnull;
	int			n;
	int			next = 0;

	deconstruct_array(DatumGetArrayTypePCopy(slot->tts_values[0]), JSONBOID, -1, false, TYPALIGN_INT,
					  &answer, &isnull, &n);
	for (int i = reader->from; i < reader->to; i++)
	{
		MlopsColumnFacts *f = &reader->facts[i];

		if (lists_values(f))
		{
			if (!isnull[next])
				f->n_values = read_counted(answer[next], f->value, MLOPS_FACTS_VALUES);
			next++;
		}
		if (looks_at_texts(f))
		{
			take_texts(f, &answer[next], &isnull[next]);
			next += 3;
		}
	}
	MemoryContextSwitchTo(caller);
}

/* Of columns from, ..., to - 1. */
static void
ask(FactsReader *reader)
{
	StringInfoData with;
	StringInfoData what;

	initStringInfo(&with);
	initStringInfo(&what);
	for (int i = reader->from; i < reader->to; i++)
	{
		const MlopsColumnFacts *f = &reader->facts[i];
		const char *separator = what.len > 0 ? ", " : "";

		if (lists_values(f))
			appendStringInfo(&what, "%s%s", separator, ask_values(f));
		if (looks_at_texts(f))
		{
			appendStringInfo(&with, ", %s", look_at_texts(f, i));
			appendStringInfo(&what, "%s%s", separator, ask_texts(i));
		}
	}
	if (what.len == 0)
		return;
	(void) mlops_source_run(mlops_source_around(reader->source,
												psprintf("WITH source AS NOT MATERIALIZED (%s)%s"
														 " SELECT ARRAY[%s]::pg_catalog.jsonb[] AS answers",
														 reader->source->query, with.data, what.data)),
							NIL, read_answers, reader);
}

/* A statement has the source with all its columns once for every column that is asked about: wide ones take several. */
static void
ask_in_parts(FactsReader *reader)
{
	MemoryContext part = AllocSetContextCreate(CurrentMemoryContext, "mlops columns of a source",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(part);
	int			columns = Max(1, MOST_COLUMNS / reader->n);

	for (reader->from = 0; reader->from < reader->n; reader->from = reader->to)
	{
		reader->to = Min(reader->n, reader->from + columns);
		ask(reader);
		MemoryContextReset(part);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(part);
}

MlopsColumnFacts *
mlops_check_facts(const MlopsSource *source)
{
	FactsReader reader = {.source = source, .context = CurrentMemoryContext};

	reader.facts = palloc0(sizeof(MlopsColumnFacts) * source->desc->natts);
	mlops_profile_source(source, take_profile, &reader);
	ask_in_parts(&reader);
	return reader.facts;
}
