/*
 * profile_json.c: the parts of a profile that are shown as text and jsonb.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "pg/options.h"
#include "pg/profile.h"

#define TOP_VALUES 10

/* ---- texts ---- */

static Datum
interval_of(double seconds)
{
	Interval   *interval = palloc0(sizeof(Interval));
	double		days = trunc(seconds / SECS_PER_DAY);

	interval->day = (int32) days;
	interval->time = (TimeOffset) rint((seconds - days * SECS_PER_DAY) * USECS_PER_SEC);
	return IntervalPGetDatum(interval);
}

static char *
output(Oid type, Datum value)
{
	Oid			function;
	bool		varlena;

	getTypeOutputInfo(type, &function, &varlena);
	return OidOutputFunctionCall(function, value);
}

/* Infinite dates are infinite words. */
static Datum
time_datum(Oid type, int64 x)
{
	if (type == DATEOID)
		return DateADTGetDatum(x == DT_NOBEGIN ? DATEVAL_NOBEGIN : x == DT_NOEND ? DATEVAL_NOEND : (DateADT) x);
	return Int64GetDatum(x);
}

/* Fences may lie where the type has no values. */
static bool
is_time(Oid type, double x)
{
	if (type == TIMEOID)
		return x >= 0 && x <= USECS_PER_DAY;
	if (type == DATEOID)
		return x >= DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE && x < DATE_END_JULIAN - POSTGRES_EPOCH_JDATE;
	return x >= (double) MIN_TIMESTAMP && x < (double) END_TIMESTAMP;
}

/* A whole number of a type whose words are integers. */
static char *
integer_text(Oid type, int64 x)
{
	switch (type)
	{
		case BOOLOID:
			return pstrdup(x != 0 ? "true" : "false");
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return output(type, time_datum(type, x));
		default:
			return psprintf(INT64_FORMAT, x);
	}
}

static char *
double_text(Oid type, double x)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	if (type == INTERVALOID && fabs(x) < (double) PG_INT32_MAX * SECS_PER_DAY)
		return output(type, interval_of(x));
	if (type == FLOAT4OID && (double) (float) x == x)
		float_to_shortest_decimal_buf((float) x, text);
	else
		double_to_shortest_decimal_buf(x, text);
	return text;
}

static char *
key_text(Oid type, MlColumnWords words, uint64 key)
{
	if (words == ML_WORDS_DOUBLE)
		return double_text(type, ml_column_number(words, key));
	return integer_text(type, (int64) ml_column_word(words, key));
}

/* ---- values ---- */

static bool
is_number(MlopsProfileKind kind)
{
	return kind == MLOPS_PROFILE_NUMERIC;
}

/* As jsonb has times, whatever the session's DateStyle. */
static void
write_time(MlopsJson *json, Oid type, int64 x)
{
	mlops_json_text(json, JsonEncodeDateTime(NULL, time_datum(type, x), type, NULL));
}

/* A number of a numeric column as a number, of a time or an interval as a text. */
static void
write_number(MlopsJson *json, const MlopsColumnProfile *p, double x)
{
	if (is_number(p->kind))
		mlops_json_number(json, x);
	else if (p->kind == MLOPS_PROFILE_TIME && is_time(p->column->type, x))
		write_time(json, p->column->type, (int64) floor(x));
	else if (p->kind == MLOPS_PROFILE_TIME)
		mlops_json_text(json, NULL);
	else
		mlops_json_text(json, double_text(p->column->type, x));
}

static void
write_json_number(MlopsJson *json, const char *text)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
															ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	json->result = pushJsonbValue(&json->state, WJB_VALUE, &value);
}

static void
write_value(MlopsJson *json, const MlopsColumnProfile *p, int32 entry)
{
	const MlColumnSketch *s = &p->column->sketch;
	uint64		key = s->counted.key[entry];
	char	   *text;

	if (s->words == ML_WORDS_HASH)
	{
		const MlColumnText *shown = s->counted.load[entry];

		mlops_json_text(json, shown == NULL ? "" : shown->bytes);
		return;
	}
	if (p->kind == MLOPS_PROFILE_TIME)
	{
		write_time(json, p->column->type, (int64) ml_column_word(s->words, key));
		return;
	}
	text = key_text(p->column->type, s->words, key);
	if (p->kind == MLOPS_PROFILE_BOOLEAN)
		mlops_json_bool(json, text[0] == 't');
	else if (is_number(p->kind) && isfinite(ml_column_number(s->words, key)))
		write_json_number(json, text);
	else
		mlops_json_text(json, text);
}

/* The commonest first, of equals the smaller key. */
static int
compare_top(const void *a, const void *b, void *arg)
{
	const MlHeavy *h = arg;
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	if (h->count[x] != h->count[y])
		return h->count[x] > h->count[y] ? -1 : 1;
	if (h->load != NULL && h->load[x] != NULL && h->load[y] != NULL)
	{
		int			order = strcmp(((MlColumnText *) h->load[x])->bytes, ((MlColumnText *) h->load[y])->bytes);

		if (order != 0)
			return order;
	}
	return h->key[x] < h->key[y] ? -1 : h->key[x] > h->key[y];
}

/*
 * Of few different values all; of many those that came at least twice, and
 * for certain more often than any that is not held.  *missed: how often a
 * value that is not listed can have come.
 */
static Jsonb *
top_values(const MlopsColumnProfile *p, int64 *missed)
{
	const MlHeavy *h = &p->column->sketch.counted;
	int32	   *order = palloc(sizeof(int32) * Max(h->n, 1));
	MlopsJson	json = MLOPS_JSON_INIT;
	int32		listed;

	for (int32 i = 0; i < h->n; i++)
		order[i] = i;
	qsort_arg(order, h->n, sizeof(int32), compare_top, unconstify(MlHeavy *, h));
	mlops_json_begin_array(&json);
	for (listed = 0; listed < Min(h->n, TOP_VALUES); listed++)
	{
		int32		entry = order[listed];

		if (p->distinct_count > TOP_VALUES && (h->count[entry] < 2 || h->count[entry] <= h->missed))
			break;
		mlops_json_begin(&json);
		mlops_json_key(&json, "value");
		write_value(&json, p, entry);
		mlops_json_key(&json, "rows");
		mlops_json_integer(&json, h->count[entry]);
		if (h->slack[entry] > 0)
		{
			mlops_json_key(&json, "at_most");
			mlops_json_integer(&json, h->count[entry] + h->slack[entry]);
		}
		mlops_json_end(&json);
	}
	mlops_json_end_array(&json);
	*missed = h->missed;
	for (int32 i = listed; i < h->n; i++)
		*missed = Max(*missed, h->count[order[i]] + h->slack[order[i]]);
	pfree(order);
	return mlops_json_finish(&json);
}

static Jsonb *
histogram(const MlopsColumnProfile *p, const MlColumnView *view)
{
	MlColumnBin bin[ML_COLUMN_BINS + 2];
	MlopsJson	json = MLOPS_JSON_INIT;
	bool		whole = p->column->sketch.words == ML_WORDS_INTEGER || p->column->type == DATEOID;
	int			n = ml_column_histogram(view, whole, bin);

	mlops_json_begin_array(&json);
	for (int i = 0; i < n; i++)
	{
		mlops_json_begin(&json);
		mlops_json_key(&json, "low");
		write_number(&json, p, bin[i].from);
		mlops_json_key(&json, "high");
		write_number(&json, p, bin[i].to);
		mlops_json_key(&json, "rows");
		mlops_json_integer(&json, bin[i].count);
		mlops_json_end(&json);
	}
	mlops_json_end_array(&json);
	return mlops_json_finish(&json);
}

/* ---- detail ---- */

static void
count_key(MlopsJson *json, const char *key, int64 count)
{
	if (count == 0)
		return;
	mlops_json_key(json, key);
	mlops_json_integer(json, count);
}

static void
number_key(MlopsJson *json, const char *key, double x)
{
	mlops_json_key(json, key);
	mlops_json_number(json, x);
}

static void
text_key(MlopsJson *json, const char *key, const char *text)
{
	mlops_json_key(json, key);
	mlops_json_text(json, text);
}

static void
write_errors(MlopsJson *json, const MlopsColumnProfile *p, int64 missed)
{
	mlops_json_key(json, "exact");
	mlops_json_bool(json, p->exact);
	if (p->exact)
		return;
	number_key(json, "distinct_error", p->distinct_error);
	if (p->outliers >= 0)
		number_key(json, "quantile_error", p->quantile_error);
	mlops_json_key(json, "top_values_missed");
	mlops_json_integer(json, missed);
}

/* Times and intervals again, as their type writes them. */
static void
write_readable(MlopsJson *json, const MlopsColumnProfile *p, const MlColumnView *view)
{
	static const char *const names[] = {"p01", "p25", "p50", "p75", "p99"};

	text_key(json, "unit", p->kind == MLOPS_PROFILE_INTERVAL ? "seconds" :
			 p->column->type == TIMEOID ? "seconds since midnight" : "seconds since 1970-01-01 00:00:00 UTC");
	if (view->n == 0)
		return;
	mlops_json_key(json, "mean");
	write_number(json, p, view->mean);
	for (int i = 0; i < MLOPS_PROFILE_QUANTILES; i++)
	{
		mlops_json_key(json, names[i]);
		write_number(json, p, ml_column_quantile(view, mlops_profile_shares[i]));
	}
}

static void
write_lengths(MlopsJson *json, const MlColumnSketch *s)
{
	if (s->measured == 0)
		return;
	mlops_json_key(json, "length");
	mlops_json_begin(json);
	mlops_json_key(json, "minimum");
	mlops_json_integer(json, s->shortest);
	number_key(json, "mean", (s->length.hi + s->length.lo) / (double) s->measured);
	mlops_json_key(json, "maximum");
	mlops_json_integer(json, s->longest);
	mlops_json_end(json);
}

static void
write_json_parts(MlopsJson *json, const int64 *part)
{
	static const char *const names[] = {"object", "array", "string", "number", "boolean", "null"};

	mlops_json_key(json, "json_types");
	mlops_json_begin(json);
	for (int i = 0; i < (int) lengthof(names); i++)
		count_key(json, names[i], part[i]);
	mlops_json_end(json);
}

static Jsonb *
detail(const MlopsColumnProfile *p, const MlColumnView *view, int64 missed)
{
	const MlColumnSketch *s = &p->column->sketch;
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	if (OidIsValid(p->type))
		text_key(&json, "type", mlops_profile_type_name(p->type));
	write_errors(&json, p, missed);
	count_key(&json, "nan", p->nan);
	count_key(&json, "plus_infinity", p->plus_infinity);
	count_key(&json, "minus_infinity", p->minus_infinity);
	if (p->outliers >= 0)
	{
		mlops_json_key(&json, "fences");
		mlops_json_begin_array(&json);
		write_number(&json, p, p->fence[0]);
		write_number(&json, p, p->fence[1]);
		mlops_json_end_array(&json);
	}
	if (p->kind == MLOPS_PROFILE_TIME || p->kind == MLOPS_PROFILE_INTERVAL)
		write_readable(&json, p, view);
	write_lengths(&json, s);
	if (p->kind == MLOPS_PROFILE_JSON)
		write_json_parts(&json, s->part);
	else
	{
		count_key(&json, "empty", s->part[MLOPS_PART_EMPTY]);
		count_key(&json, "with_nulls", s->part[MLOPS_PART_NULLS]);
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

/* ---- the whole ---- */

static void
write_ends(MlopsColumnProfile *p, const MlColumnView *view)
{
	const MlColumnSketch *s = &p->column->sketch;

	if (s->first != NULL)
	{
		p->lowest = pnstrdup(s->first->bytes, s->first->len);
		p->highest = pnstrdup(s->last->bytes, s->last->len);
	}
	if (view->n == 0)
		return;
	p->lowest = key_text(p->column->type, s->words, view->lowest);
	p->highest = key_text(p->column->type, s->words, view->highest);
}

void
mlops_profile_write(MlopsColumnProfile *p, const MlColumnView *view)
{
	int64		missed;

	write_ends(p, view);
	p->top_values = top_values(p, &missed);
	if (p->outliers >= 0)
		p->histogram = histogram(p, view);
	p->detail = detail(p, view, missed);
}
