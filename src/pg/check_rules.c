/*
 * check_rules.c: the rules that data can be checked by.
 *
 * A rule is one row of mlops_rules[]: its name, its arguments and the function
 * that turns them into SQL.  Three-valued logic is kept everywhere: what is
 * missing (NULL, NaN) neither fails nor passes, so `fails` is NULL for it, and
 * only not_null counts it.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "pg/check_rules.h"
#include "pg/features.h"
#include "pg/options.h"

/* Beyond it squares overflow: such numbers count as infinite in sums. */
#define LARGEST_NUMBER "1e100"
/* The median absolute deviation of normal values times this is their standard deviation. */
#define MAD_SCALE 1.482602218505602
/* A mean is this exact, relatively: equal values do not differ from theirs. */
#define MEAN_ERROR 1e-12

/* ---- columns ---- */

int
mlops_check_kind(Oid type, Oid *base)
{
	MlopsKind	kind;
	Oid			found = getBaseType(type);

	*base = found;
	if (found == DATEOID || found == TIMESTAMPOID || found == TIMESTAMPTZOID)
		return MLOPS_CHECK_TIME;
	if (found == UUIDOID || get_typtype(found) == TYPTYPE_ENUM)
		return MLOPS_CHECK_LABEL;
	if (mlops_type_kind(found, &kind, NULL, NULL) && kind != MLOPS_VECTOR)
		return kind == MLOPS_NUMERIC ? MLOPS_CHECK_NUMBER :
			kind == MLOPS_BOOLEAN ? MLOPS_CHECK_BOOLEAN : MLOPS_CHECK_TEXT;
	if (TypeCategory(found) == TYPCATEGORY_STRING)
		return MLOPS_CHECK_TEXT;
	return MLOPS_CHECK_OTHER;
}

const char *
mlops_check_kind_name(int kind)
{
	switch (kind)
	{
		case MLOPS_CHECK_NUMBER:
			return "number";
		case MLOPS_CHECK_TEXT:
			return "text";
		case MLOPS_CHECK_LABEL:
			return "label";
		case MLOPS_CHECK_TIME:
			return "time";
		case MLOPS_CHECK_BOOLEAN:
			return "boolean";
		default:
			return "other";
	}
}

static Form_pg_attribute
attribute(const MlopsCheckUse *use, AttrNumber attno)
{
	return TupleDescAttr(use->source->desc, attno - 1);
}

static char *
bare(const MlopsCheckUse *use, AttrNumber attno)
{
	return psprintf("source.%s", quote_identifier(NameStr(attribute(use, attno)->attname)));
}

/* A column's value with NaN as NULL. */
static char *
column_value(const MlopsCheckUse *use, AttrNumber attno)
{
	Oid			base = getBaseType(attribute(use, attno)->atttypid);
	char	   *name = bare(use, attno);

	if (base == FLOAT4OID || base == FLOAT8OID || base == NUMERICOID)
		return psprintf("NULLIF(%s, 'NaN'::%s)", name, format_type_be_qualified(base));
	return name;
}

/* The same, every kind of text as text. */
static char *
compared_value(const MlopsCheckUse *use, AttrNumber attno)
{
	Oid			base;
	int			kind = mlops_check_kind(attribute(use, attno)->atttypid, &base);

	if ((kind == MLOPS_CHECK_TEXT && base != TEXTOID) || kind == MLOPS_CHECK_LABEL)
		return psprintf("%s::pg_catalog.text", bare(use, attno));
	return column_value(use, attno);
}

/* Its value to look for equal ones: those of texts have the same bytes, whatever the collation. */
static char *
equal_value(const MlopsCheckUse *use, AttrNumber attno)
{
	Oid			base;
	char	   *value = column_value(use, attno);
	int			kind = mlops_check_kind(attribute(use, attno)->atttypid, &base);

	if (kind == MLOPS_CHECK_TEXT && OidIsValid(get_typcollation(base)))
		return psprintf("(%s COLLATE pg_catalog.\"C\")", value);
	return value;
}

/* The checked column as double precision, of which sums and squares can be made. */
static char *
number_value(const MlopsCheckUse *use)
{
	char	   *value = column_value(use, use->attno);

	if (use->kind == MLOPS_CHECK_BOOLEAN)
		return psprintf("%s::pg_catalog.int4::pg_catalog.float8", value);
	if (use->type == FLOAT8OID || use->type == NUMERICOID)
		return psprintf("CASE WHEN %s > '" LARGEST_NUMBER "' THEN 'Infinity'::pg_catalog.float8"
						" WHEN %s < '-" LARGEST_NUMBER "' THEN '-Infinity'::pg_catalog.float8"
						" ELSE %s::pg_catalog.float8 END", value, value, value);
	return psprintf("%s::pg_catalog.float8", value);
}

/* How many rows have a value: what most rules judge. */
static char *
count_of(const char *value)
{
	return psprintf("count(%s)", value);
}

static char *
count_where(const char *condition)
{
	return psprintf("count(*) FILTER (WHERE %s)", condition);
}

/* A window function's value in each row. */
static char *
window(MlopsCheckUse *use, const char *function)
{
	use->windowed = true;
	return mlops_check_plan_window(use->plan, function);
}

/* Equal values can only be found of types that can be sorted. */
static void
need_order(MlopsCheckUse *use, AttrNumber attno)
{
	Form_pg_attribute att = attribute(use, attno);
	TypeCacheEntry *type = lookup_type_cache(att->atttypid, TYPECACHE_LT_OPR | TYPECACHE_EQ_OPR);

	if (!OidIsValid(type->lt_opr) || !OidIsValid(type->eq_opr))
		use->reason = psprintf("rule \"%s\" cannot compare column \"%s\" of type %s, which has no order",
							   use->rule->name, NameStr(att->attname), format_type_be(att->atttypid));
}

/* ---- literals ---- */

static char *
float_literal(double number)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number, text);
	return psprintf("'%s'::pg_catalog.float8", text);
}

static double
number_of(const char *text)
{
	return strtod(text, NULL);
}

static bool
is_float4(double number)
{
	return number == 0 || (fabs(number) >= FLT_MIN && fabs(number) <= FLT_MAX);
}

/* Text of digits that a bigint holds. */
static bool
is_bigint(const char *text)
{
	size_t		digits = strspn(text + (*text == '-'), "0123456789");

	return text[(*text == '-') + digits] == '\0' && digits <= 18;
}

/* A value of the checked column's type, as mlops_check_args_read wrote it. */
static char *
literal(const MlopsCheckUse *use, const char *text)
{
	double		number;

	switch (use->kind)
	{
		case MLOPS_CHECK_TIME:
			return psprintf("%s::%s", quote_literal_cstr(text), format_type_be_qualified(use->type));
		case MLOPS_CHECK_BOOLEAN:
			return psprintf("%s::pg_catalog.bool", quote_literal_cstr(text));
		case MLOPS_CHECK_NUMBER:
			number = number_of(text);
			if (use->type == NUMERICOID)
				break;
			if (use->type == FLOAT4OID && is_float4(number))
				return psprintf("'%s'::pg_catalog.float4", text);
			if (use->type == FLOAT4OID || use->type == FLOAT8OID)
				return float_literal(number);
			if (is_bigint(text))
				return psprintf("'%s'::pg_catalog.int8", text);
			break;
		default:
			return psprintf("%s::pg_catalog.text", quote_literal_cstr(text));
	}
	return psprintf("'%s'::pg_catalog.numeric", text);
}

/* One array; numbers that would have different literals are numeric all. */
static char *
literal_array(const MlopsCheckUse *use, List *texts)
{
	bool		integer = use->kind == MLOPS_CHECK_NUMBER && use->type != FLOAT4OID && use->type != FLOAT8OID;
	bool		all_bigint = integer && use->type != NUMERICOID;
	StringInfoData array;
	ListCell   *lc;

	foreach(lc, texts)
		all_bigint = all_bigint && is_bigint(lfirst(lc));
	initStringInfo(&array);
	appendStringInfoString(&array, "ARRAY[");
	foreach(lc, texts)
	{
		const char *text = lfirst(lc);

		if (array.data[array.len - 1] != '[')
			appendStringInfoString(&array, ", ");
		if (integer)
			appendStringInfo(&array, "'%s'::pg_catalog.%s", text, all_bigint ? "int8" : "numeric");
		else if (use->type == FLOAT4OID)
			/* what no such number can be equals none: no value is NaN */
			appendStringInfo(&array, "'%s'::pg_catalog.float4", is_float4(number_of(text)) ? text : "NaN");
		else
			appendStringInfoString(&array, literal(use, text));
	}
	appendStringInfoChar(&array, ']');
	return array.data;
}

/* ---- arguments ---- */

const MlopsCheckValue *
mlops_check_value(const MlopsCheckUse *use, const char *name)
{
	int			i = 0;

	while (i < use->rule->n_args && strcmp(use->rule->arg[i].name, name) != 0)
		i++;
	Assert(i < use->rule->n_args);
	return &use->value[i];
}

static bool
flag(const MlopsCheckUse *use, const char *name)
{
	return mlops_check_value(use, name)->number != 0;
}

static void
need_bound(const MlopsCheckUse *use)
{
	if (!mlops_check_value(use, "min")->given && !mlops_check_value(use, "max")->given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule \"%s\" needs the argument \"min\" or \"max\"", use->rule->name)));
}

static void
take_bounds(MlopsCheckUse *use)
{
	const MlopsCheckValue *min = mlops_check_value(use, "min");
	const MlopsCheckValue *max = mlops_check_value(use, "max");

	need_bound(use);
	use->low = min->given ? min->number : -INFINITY;
	use->high = max->given ? max->number : INFINITY;
	if (use->low > use->high)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"min\" of rule \"%s\" is greater than \"max\"", use->rule->name)));
}

static AttrNumber
column_argument(const MlopsCheckUse *use, const char *name)
{
	const MlopsCheckValue *value = mlops_check_value(use, name);

	return value->given ? mlops_source_column(use->source, value->text, "named") : 0;
}

/* ---- rules about rows ---- */

static void
make_not_null(MlopsCheckUse *use)
{
	char	   *value = column_value(use, use->attno);

	use->judged = count_of(value);
	use->missing_fails = true;
	use->fails = psprintf("%s IS NULL", value);
}

static void
make_unique(MlopsCheckUse *use)
{
	char	   *value = column_value(use, use->attno);
	char	   *count;

	need_order(use, use->attno);
	count = window(use, psprintf("count(*) OVER (PARTITION BY %s)", equal_value(use, use->attno)));
	use->judged = count_of(value);
	use->fails = psprintf("(%s IS NOT NULL AND %s > 1)", value, count);
}

static const MlopsCheckArg compound_args[] = {
	{"columns", MLOPS_CHECK_ARG_COLUMNS, .required = true,
	.description = "columns whose values together must not repeat; rows where all are missing do not count"},
};

static void
make_compound_unique(MlopsCheckUse *use)
{
	StringInfoData values;
	StringInfoData judged;
	ListCell   *lc;
	char	   *count;

	initStringInfo(&values);
	initStringInfo(&judged);
	foreach(lc, mlops_check_value(use, "columns")->list)
	{
		AttrNumber	attno = mlops_source_column(use->source, lfirst(lc), "named");
		char	   *value = column_value(use, attno);

		need_order(use, attno);
		appendStringInfo(&values, "%s%s", values.len > 0 ? ", " : "", equal_value(use, attno));
		appendStringInfo(&judged, "%s%s IS NOT NULL", judged.len > 0 ? " OR " : "", value);
	}
	count = window(use, psprintf("count(*) OVER (PARTITION BY %s)", values.data));
	use->judged = count_where(judged.data);
	use->fails = psprintf("((%s) AND %s > 1)", judged.data, count);
}

static const MlopsCheckArg between_args[] = {
	{"min", MLOPS_CHECK_ARG_VALUE, .description = "smallest value allowed"},
	{"max", MLOPS_CHECK_ARG_VALUE, .description = "largest value allowed"},
	{"strict_min", MLOPS_CHECK_ARG_FLAG, .fallback = "false", .description = "min itself is not allowed"},
	{"strict_max", MLOPS_CHECK_ARG_FLAG, .fallback = "false", .description = "max itself is not allowed"},
};

static void
make_between(MlopsCheckUse *use)
{
	const MlopsCheckValue *min = mlops_check_value(use, "min");
	const MlopsCheckValue *max = mlops_check_value(use, "max");
	bool		floating = use->type == FLOAT4OID || use->type == FLOAT8OID || use->type == NUMERICOID;
	char	   *value = floating ? bare(use, use->attno) : compared_value(use, use->attno);
	char	   *below = "";
	char	   *above = "";

	need_bound(use);
	/* NaN is above all numbers: it is looked for only in a row that seems to fail */
	if (min->given)
		below = psprintf("%s %s %s", value, flag(use, "strict_min") ? "<=" : "<", literal(use, min->text));
	if (max->given)
		above = psprintf("%s %s %s%s", value, flag(use, "strict_max") ? ">=" : ">", literal(use, max->text),
						 floating ? psprintf(" AND %s <> 'NaN'", value) : "");
	use->judged = count_of(compared_value(use, use->attno));
	use->fails = psprintf("(%s%s%s)", below, min->given && max->given ? " OR " : "", above);
}

static const MlopsCheckArg set_args[] = {
	{"values", MLOPS_CHECK_ARG_VALUES, .required = true, .description = "the values"},
};

static void
make_in_set(MlopsCheckUse *use)
{
	char	   *value = compared_value(use, use->attno);
	bool		inside = strcmp(use->rule->name, "in_set") == 0;

	use->judged = count_of(value);
	use->fails = psprintf("(%s%s = ANY (%s))", inside ? "NOT " : "", value,
						  literal_array(use, mlops_check_value(use, "values")->list));
}

static const MlopsCheckArg regex_args[] = {
	{"regex", MLOPS_CHECK_ARG_REGEX, .required = true,
	.description = "POSIX regular expression that some part of the value must match; ^ and $ tie it to its ends"},
};

static void
make_match_regex(MlopsCheckUse *use)
{
	char	   *value = compared_value(use, use->attno);

	use->judged = count_of(value);
	if (use->kind == MLOPS_CHECK_NUMBER)
		value = psprintf("%s::pg_catalog.text", value);
	/* not every collation of a column can be used by the regular expressions */
	use->fails = psprintf("(NOT %s ~ (%s::pg_catalog.text COLLATE pg_catalog.\"default\"))", value,
						  quote_literal_cstr(mlops_check_value(use, "regex")->text));
}

static const MlopsCheckArg increasing_args[] = {
	{"order_by", MLOPS_CHECK_ARG_COLUMN,
	.description = "column that puts the rows into order; the model's time column, or its key, when not given"},
	{"partition_by", MLOPS_CHECK_ARG_COLUMN, .description = "column whose values have an order of their own each"},
	{"strictly", MLOPS_CHECK_ARG_FLAG, .fallback = "false", .description = "equal values in a row fail"},
};

static void
make_increasing(MlopsCheckUse *use)
{
	AttrNumber	order = column_argument(use, "order_by");
	AttrNumber	partition = column_argument(use, "partition_by");
	char	   *value = compared_value(use, use->attno);
	char	   *by;
	char	   *before;

	if (order == 0 || order == use->attno)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule \"increasing\" needs the argument \"order_by\", another column than \"%s\"",
						NameStr(attribute(use, use->attno)->attname)),
				 errdetail("Rows of a table have no order by themselves.")));
	need_order(use, order);
	if (partition != 0)
		need_order(use, partition);
	by = column_value(use, order);
	/* missing values stand in a partition of their own: the value before is the last one there was */
	before = window(use, psprintf("lag(%s) OVER (PARTITION BY %s%s%s IS NULL OR %s IS NULL ORDER BY %s, %s)", value,
								  partition != 0 ? column_value(use, partition) : "", partition != 0 ? ", " : "",
								  value, by, by, value));
	use->judged = count_where(psprintf("%s IS NOT NULL AND %s IS NOT NULL", value, by));
	use->fails = psprintf("(%s IS NOT NULL AND %s %s %s)", by, value, flag(use, "strictly") ? "<=" : "<", before);
}

static const MlopsCheckArg pair_args[] = {
	{"other", MLOPS_CHECK_ARG_COLUMN, .required = true, .description = "the column with the smaller values"},
	{"or_equal", MLOPS_CHECK_ARG_FLAG, .fallback = "false", .description = "both may be equal"},
};

static void
make_pair_greater(MlopsCheckUse *use)
{
	AttrNumber	other = column_argument(use, "other");
	Form_pg_attribute att = attribute(use, other);
	Oid			base;
	char	   *a = compared_value(use, use->attno);
	char	   *b = compared_value(use, other);

	/* whether a timestamp without time zone comes first would depend on the session */
	if (mlops_check_kind(att->atttypid, &base) != use->kind ||
		(use->kind == MLOPS_CHECK_TIME && (base == TIMESTAMPTZOID) != (use->type == TIMESTAMPTZOID)))
		use->reason = psprintf("columns \"%s\" and \"%s\" of types %s and %s cannot be compared",
							   NameStr(attribute(use, use->attno)->attname), NameStr(att->attname),
							   format_type_be(attribute(use, use->attno)->atttypid), format_type_be(att->atttypid));
	use->judged = count_where(psprintf("%s IS NOT NULL AND %s IS NOT NULL", a, b));
	use->fails = psprintf("(%s %s %s)", a, flag(use, "or_equal") ? "<" : "<=", b);
}

static const MlopsCheckArg outlier_args[] = {
	{"method", MLOPS_CHECK_ARG_CHOICE, .fallback = "iqr", .choices = "iqr|zscore|mad",
	.description = "iqr: k interquartile ranges beyond the quartiles; zscore: k standard deviations from the mean;"
	" mad: k scaled median deviations from the median"},
	{"k", MLOPS_CHECK_ARG_NUMBER, .fallback = "1.5; zscore 3, mad 3.5", .minimum = 0, .maximum = 1e6,
	.description = "how far a value may lie out"},
};

/* An aggregate, up to its argument, of the numbers that are finite: others are outliers whatever the rest is. */
static char *
finite_figure(MlopsCheckUse *use, int stage, const char *aggregate, const char *value)
{
	return mlops_check_plan_figure(use->plan, stage, psprintf("%s%s) FILTER (WHERE abs(%s) < 'Infinity')",
															  aggregate, value, value));
}

static void
make_no_outliers(MlopsCheckUse *use)
{
	const char *method = mlops_check_value(use, "method")->text;
	const MlopsCheckValue *k = mlops_check_value(use, "k");
	char	   *value = number_value(use);
	double		far = k->given ? k->number : strcmp(method, "iqr") == 0 ? 1.5 : strcmp(method, "mad") == 0 ? 3.5 : 3;

	use->judged = count_of(column_value(use, use->attno));
	if (strcmp(method, "iqr") == 0)
	{
		char	   *quartiles = finite_figure(use, 0, "percentile_cont(ARRAY[0.25, 0.75]::pg_catalog.float8[])"
											  " WITHIN GROUP (ORDER BY ", value);
		char	   *range = psprintf("%s * ((%s)[2] - (%s)[1])", float_literal(far), quartiles, quartiles);

		use->fails = psprintf("(%s < (%s)[1] - %s OR %s > (%s)[2] + %s)", value, quartiles, range,
							  value, quartiles, range);
	}
	else if (strcmp(method, "zscore") == 0)
	{
		char	   *mean = finite_figure(use, 0, "avg(", value);
		char	   *deviation = finite_figure(use, 0, "stddev_pop(", value);

		use->fails = psprintf("(abs(%s - %s) > %s * %s + %s * abs(%s))", value, mean,
							  float_literal(far), deviation, float_literal(MEAN_ERROR), mean);
	}
	else
	{
		char	   *median = finite_figure(use, 0, "percentile_cont(0.5) WITHIN GROUP (ORDER BY ", value);
		char	   *distance = psprintf("abs(%s - %s)", value, median);
		char	   *deviation = finite_figure(use, 1, "percentile_cont(0.5) WITHIN GROUP (ORDER BY ", distance);

		use->fails = psprintf("(%s > %s * %s)", distance, float_literal(far * MAD_SCALE), deviation);
	}
}

static const MlopsCheckArg predicate_args[] = {
	{"sql", MLOPS_CHECK_ARG_SQL, .required = true,
	.description = "SQL condition over a row; a row fails where it is false, not where it is NULL"},
};

static void
make_predicate(MlopsCheckUse *use)
{
	use->fails = psprintf("(NOT (%s))", use->predicate);
}

/* ---- rules about a figure of all rows ---- */

static const MlopsCheckArg count_args[] = {
	{"min", MLOPS_CHECK_ARG_COUNT, .maximum = 9e15, .description = "least that is allowed"},
	{"max", MLOPS_CHECK_ARG_COUNT, .maximum = 9e15, .description = "most that is allowed"},
};

static void
make_row_count(MlopsCheckUse *use)
{
	take_bounds(use);
	use->figure = "count(*)";
}

static void
make_distinct_count(MlopsCheckUse *use)
{
	take_bounds(use);
	need_order(use, use->attno);
	use->figure = psprintf("count(DISTINCT %s)", equal_value(use, use->attno));
}

#define LARGE 1.7e308

static const MlopsCheckArg figure_args[] = {
	{"min", MLOPS_CHECK_ARG_NUMBER, .minimum = -LARGE, .maximum = LARGE, .description = "least that is allowed"},
	{"max", MLOPS_CHECK_ARG_NUMBER, .minimum = -LARGE, .maximum = LARGE, .description = "most that is allowed"},
};

static void
make_mean(MlopsCheckUse *use)
{
	take_bounds(use);
	use->figure = psprintf("avg(%s)", number_value(use));
}

static void
make_stddev(MlopsCheckUse *use)
{
	take_bounds(use);
	use->figure = psprintf("stddev_samp(%s)", number_value(use));
}

static const MlopsCheckArg quantile_args[] = {
	{"quantile", MLOPS_CHECK_ARG_NUMBER, .required = true, .minimum = 0, .maximum = 1,
	.description = "which quantile, from 0 to 1, by percentile_cont"},
	{"min", MLOPS_CHECK_ARG_NUMBER, .minimum = -LARGE, .maximum = LARGE, .description = "least that is allowed"},
	{"max", MLOPS_CHECK_ARG_NUMBER, .minimum = -LARGE, .maximum = LARGE, .description = "most that is allowed"},
};

static void
make_quantile(MlopsCheckUse *use)
{
	take_bounds(use);
	use->figure = psprintf("percentile_cont(%s) WITHIN GROUP (ORDER BY %s)",
						   float_literal(mlops_check_value(use, "quantile")->number), number_value(use));
}

static const MlopsCheckArg freshness_args[] = {
	{"max_age", MLOPS_CHECK_ARG_INTERVAL, .required = true,
	.description = "how long ago the newest time may be; times in the future do not count"},
	{"timezone", MLOPS_CHECK_ARG_TIMEZONE, .fallback = "UTC",
	.description = "of a date or timestamp without time zone"},
};

static void
make_freshness(MlopsCheckUse *use)
{
	char	   *time = bare(use, use->attno);

	if (use->type != TIMESTAMPTZOID)
		time = psprintf("(%s::pg_catalog.timestamp AT TIME ZONE %s)", time,
						quote_literal_cstr(mlops_check_value(use, "timezone")->text));
	use->figure = psprintf("extract(epoch FROM now() - max(%s) FILTER (WHERE isfinite(%s) AND %s <= now()))",
						   time, bare(use, use->attno), time);
	use->low = -INFINITY;
	use->high = mlops_check_value(use, "max_age")->number;
	use->is_age = true;
}

/* ---- rules about the columns ---- */

static const MlopsCheckArg type_args[] = {
	{"type", MLOPS_CHECK_ARG_TYPE, .required = true, .description = "the type, with its modifier or of any"},
};

static void
make_of_type(MlopsCheckUse *use)
{
	Form_pg_attribute att = attribute(use, use->attno);
	const char *wanted = mlops_check_value(use, "type")->text;
	int			flags = FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY;

	use->passed = strcmp(wanted, format_type_extended(att->atttypid, att->atttypmod, flags)) == 0 ||
		strcmp(wanted, format_type_extended(att->atttypid, -1, flags)) == 0;
	use->observed = format_type_with_typemod(att->atttypid, att->atttypmod);
}

static const MlopsCheckArg exist_args[] = {
	{"position", MLOPS_CHECK_ARG_COUNT, .minimum = 1, .maximum = 1664,
	.description = "where it stands among the columns, from 1; any place when not given"},
};

static void
make_exist(MlopsCheckUse *use)
{
	const MlopsCheckValue *position = mlops_check_value(use, "position");

	use->passed = use->attno > 0 && (!position->given || (int) position->number == use->attno);
	use->observed = use->attno > 0 ? psprintf("%d", use->attno) : NULL;
}

/* ---- the table ---- */

#define ARGS(args) lengthof(args), args
#define NO_ARGS 0, NULL
#define COMPARED (MLOPS_CHECK_NUMBER | MLOPS_CHECK_TEXT | MLOPS_CHECK_TIME)
#define SUMMED (MLOPS_CHECK_NUMBER | MLOPS_CHECK_BOOLEAN)

const MlopsRule mlops_rules[] = {
	{"not_null", MLOPS_CHECK_ROW, MLOPS_CHECK_ONE_COLUMN, MLOPS_CHECK_ANY, NO_ARGS, make_not_null,
	"the column has a value: neither NULL nor NaN"},
	{"unique", MLOPS_CHECK_ROW, MLOPS_CHECK_ONE_COLUMN, MLOPS_CHECK_ANY, NO_ARGS, make_unique,
	"no other row has the same value; all rows with a value that repeats fail"},
	{"compound_unique", MLOPS_CHECK_ROW, MLOPS_CHECK_NO_COLUMN, 0, ARGS(compound_args), make_compound_unique,
	"no other row has the same values in several columns"},
	{"between", MLOPS_CHECK_ROW, MLOPS_CHECK_ONE_COLUMN, COMPARED, ARGS(between_args), make_between,
	"the value lies between two bounds"},
	{"in_set", MLOPS_CHECK_ROW, MLOPS_CHECK_ONE_COLUMN, COMPARED | MLOPS_CHECK_LABEL | MLOPS_CHECK_BOOLEAN,
		ARGS(set_args), make_in_set, "the value is one of a list"},
	{"not_in_set", MLOPS_CHECK_ROW, MLOPS_CHECK_ONE_COLUMN, COMPARED | MLOPS_CHECK_LABEL | MLOPS_CHECK_BOOLEAN,
		ARGS(set_args), make_in_set, "the value is none of a list"},
	{"match_regex", MLOPS_CHECK_ROW, MLOPS_CHECK_ONE_COLUMN,
		MLOPS_CHECK_TEXT | MLOPS_CHECK_LABEL | MLOPS_CHECK_NUMBER, ARGS(regex_args), make_match_regex,
	"the value as text matches a regular expression"},
	{"increasing", MLOPS_CHECK_ROW, MLOPS_CHECK_ONE_COLUMN, COMPARED, ARGS(increasing_args), make_increasing,
	"in the order of another column, no value is smaller than the one before; the row after a step back fails"},
	{"pair_greater", MLOPS_CHECK_ROW, MLOPS_CHECK_ONE_COLUMN, COMPARED, ARGS(pair_args), make_pair_greater,
	"the value is greater than that of another column"},
	{"no_outliers", MLOPS_CHECK_ROW, MLOPS_CHECK_ONE_COLUMN, MLOPS_CHECK_NUMBER, ARGS(outlier_args), make_no_outliers,
	"the value does not lie far from the others of this source"},
	{"predicate", MLOPS_CHECK_ROW, MLOPS_CHECK_MAYBE_COLUMN, MLOPS_CHECK_ANY, ARGS(predicate_args), make_predicate,
	"a SQL condition holds"},
	{"row_count_between", MLOPS_CHECK_FIGURE, MLOPS_CHECK_NO_COLUMN, 0, ARGS(count_args), make_row_count,
	"number of rows"},
	{"mean_between", MLOPS_CHECK_FIGURE, MLOPS_CHECK_ONE_COLUMN, SUMMED, ARGS(figure_args), make_mean,
	"mean of the values; of a boolean the share of true"},
	{"stddev_between", MLOPS_CHECK_FIGURE, MLOPS_CHECK_ONE_COLUMN, SUMMED, ARGS(figure_args), make_stddev,
	"sample standard deviation of the values"},
	{"quantile_between", MLOPS_CHECK_FIGURE, MLOPS_CHECK_ONE_COLUMN, MLOPS_CHECK_NUMBER, ARGS(quantile_args),
	make_quantile, "a quantile of the values"},
	{"distinct_count_between", MLOPS_CHECK_FIGURE, MLOPS_CHECK_ONE_COLUMN, MLOPS_CHECK_ANY, ARGS(count_args),
	make_distinct_count, "number of different values"},
	{"freshness", MLOPS_CHECK_FIGURE, MLOPS_CHECK_ONE_COLUMN, MLOPS_CHECK_TIME, ARGS(freshness_args), make_freshness,
	"the newest time is not long ago"},
	{"of_type", MLOPS_CHECK_SCHEMA, MLOPS_CHECK_ONE_COLUMN, MLOPS_CHECK_ANY, ARGS(type_args), make_of_type,
	"the column has a type"},
	{"column_to_exist", MLOPS_CHECK_SCHEMA, MLOPS_CHECK_ONE_COLUMN, MLOPS_CHECK_ANY, ARGS(exist_args), make_exist,
	"the source has the column"},
};
const int	mlops_n_rules = lengthof(mlops_rules);

const MlopsRule *
mlops_rule_find(const char *name)
{
	for (int i = 0; i < mlops_n_rules; i++)
		if (strcmp(mlops_rules[i].name, name) == 0)
			return &mlops_rules[i];
	return NULL;
}

const MlopsRule *
mlops_rule_get(const char *name)
{
	const MlopsRule *rule = mlops_rule_find(name);
	const char *names[lengthof(mlops_rules)];

	if (rule != NULL)
		return rule;
	for (int i = 0; i < mlops_n_rules; i++)
		names[i] = mlops_rules[i].name;
	mlops_option_unknown("rule", name, "", names, mlops_n_rules);
}
