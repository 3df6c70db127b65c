/*
 * check_args.c: the arguments of a rule, read from jsonb, checked, written.
 *
 * A value of the column's type is kept as the type's output writes it under
 * ISO settings: stored, it means the same in every session.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "pg/check_rules.h"
#include "pg/identity.h"
#include "pg/options.h"
#include "pg/pg_compat.h"

/* Elements of a list of values. */
#define MAX_VALUES 100000
/* Seconds in the days and months of an interval. */
#define SECONDS_PER_MONTH (30.0 * 86400)

/* ---- values of the column's type ---- */

static void
wrong_value(const MlopsCheckUse *use, const char *name, const char *text)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"%s\" of rule \"%s\" must be a finite number", name, use->rule->name),
			 errdetail("The value given is \"%.40s\".", text)));
}

/* Digits as numeric writes them. */
static char *
canonical_number(const MlopsCheckUse *use, const char *name, const char *text)
{
	Datum		number = DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
											 Int32GetDatum(-1));
	double		approximate = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, number));

	if (!isfinite(approximate))
		wrong_value(use, name, text);
	return numeric_normalize(DatumGetNumeric(number));
}

/* Through the input function of the column's type, which is built in, and back. */
static char *
canonical_time(Oid type, char *text)
{
	MlopsSettings iso = mlops_settings_literal(&(MlopsSettings) {0});
	MlopsIdentity styles;
	Oid			input;
	Oid			output;
	Oid			ioparam;
	bool		varlena;
	Datum		value;

	getTypeInputInfo(type, &input, &ioparam);
	getTypeOutputInfo(type, &output, &varlena);
	value = OidInputFunctionCall(input, text, ioparam, -1);
	mlops_identity_begin_settings(&styles, &iso);
	text = pstrdup(OidOutputFunctionCall(output, value));
	mlops_identity_end(&styles);
	return text;
}

static char *
read_value(const MlopsCheckUse *use, const char *name, JsonbValue *value)
{
	char	   *text;

	if (value->type == jbvNumeric)
		text = numeric_normalize(value->val.numeric);
	else if (value->type == jbvBool)
		text = value->val.boolean ? "true" : "false";
	else if (value->type == jbvString)
		text = pnstrdup(value->val.string.val, value->val.string.len);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a value in argument \"%s\" of rule \"%s\" must be a string, a number or a boolean", name,
						use->rule->name),
				 errdetail("The value given is %s.", mlops_json_kind(value))));
	switch (use->kind)
	{
		case MLOPS_CHECK_NUMBER:
			return canonical_number(use, name, text);
		case MLOPS_CHECK_TIME:
			return canonical_time(use->type, text);
		case MLOPS_CHECK_BOOLEAN:
			return DatumGetBool(DirectFunctionCall1(boolin, CStringGetDatum(text))) ? "true" : "false";
		default:
			return text;
	}
}

static List *
read_values(const MlopsCheckUse *use, const char *name, JsonbValue *value)
{
	List	   *values = NIL;
	JsonbIterator *it;
	JsonbValue	element;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerSize(value->val.binary.data) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" of rule \"%s\" must be an array with one value or more", name,
						use->rule->name),
				 errdetail("The value given is %s.", value->type == jbvBinary &&
						   JsonContainerIsArray(value->val.binary.data) ? "empty" : mlops_json_kind(value))));
	if (JsonContainerSize(value->val.binary.data) > MAX_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("argument \"%s\" of rule \"%s\" must not have more than %d values", name, use->rule->name,
						MAX_VALUES)));
	it = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&it, &element, true);
	while (JsonbIteratorNext(&it, &element, true) == WJB_ELEM)
		values = lappend(values, read_value(use, name, &element));
	return values;
}

/* ---- arguments of other types ---- */

static List *
read_columns(const MlopsCheckUse *use, const char *name, JsonbValue *value)
{
	List	   *columns = mlops_option_names(name, value);
	ListCell   *lc;

	if (columns == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" of rule \"%s\" must name a column", name, use->rule->name)));
	foreach(lc, columns)
		(void) mlops_source_column(use->source, lfirst(lc), "named");
	return columns;
}

static char *
read_regex(const char *name, JsonbValue *value)
{
	char	   *regex = mlops_option_text(name, value);

	/* raises 2201B when it does not compile */
	(void) DirectFunctionCall2Coll(textregexeq, DEFAULT_COLLATION_OID, PointerGetDatum(cstring_to_text("")),
								   PointerGetDatum(cstring_to_text(regex)));
	return regex;
}

static void
read_interval(const MlopsCheckUse *use, const char *name, JsonbValue *value, MlopsCheckValue *result)
{
	char	   *text = mlops_option_text(name, value);
	Interval   *interval = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(text),
																 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	MlopsSettings iso = mlops_settings_literal(&(MlopsSettings) {0});
	MlopsIdentity styles;

	result->number = interval->month * SECONDS_PER_MONTH + interval->day * 86400.0 + interval->time / 1e6;
	if (!(result->number > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" of rule \"%s\" must be more than 0", name, use->rule->name),
				 errdetail("The value given is \"%s\".", text)));
	mlops_identity_begin_settings(&styles, &iso);
	result->text = pstrdup(DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval))));
	mlops_identity_end(&styles);
}

static char *
read_timezone(const char *name, JsonbValue *value)
{
	char	   *zone = mlops_option_text(name, value);

	/* raises 22023 for one that is not known */
	(void) DirectFunctionCall2(timestamptz_zone, PointerGetDatum(cstring_to_text(zone)), TimestampTzGetDatum(0));
	return zone;
}

/* With its schema; a type that was stored may be gone, and then no column has it. */
static char *
read_type(const char *name, JsonbValue *value, bool stored)
{
	char	   *text = mlops_option_text(name, value);
	Oid			type;
	int32		typmod;

	if (stored)
		return text;
	mlops_compat_parse_type(text, &type, &typmod);
	return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

static char *
read_choice(const char *name, JsonbValue *value, const char *choices)
{
	const char *word[8];
	char	   *words = pstrdup(choices);
	char	   *rest;
	int			n = 0;

	for (char *one = strtok_r(words, "|", &rest); one != NULL && n < (int) lengthof(word);
		 one = strtok_r(NULL, "|", &rest))
		word[n++] = one;
	return pstrdup(mlops_option_choice(name, value, word, n));
}

/* ---- all of them ---- */

static void
read_argument(const char *name, JsonbValue *value, void *arg)
{
	MlopsCheckUse *use = arg;
	const MlopsRule *rule = use->rule;
	const char *names[MLOPS_CHECK_MAX_ARGS];
	const MlopsCheckArg *argument;
	MlopsCheckValue *result;
	int			i = 0;

	if (rule->n_args == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule \"%s\" takes no arguments", rule->name),
				 errdetail("The argument given is \"%s\".", name)));
	for (i = 0; i < rule->n_args && strcmp(rule->arg[i].name, name) != 0; i++)
		names[i] = rule->arg[i].name;
	if (i == rule->n_args)
		mlops_option_unknown("argument", name, psprintf(" for rule \"%s\"", rule->name), names, rule->n_args);
	if (value->type == jbvNull)
		return;
	argument = &rule->arg[i];
	result = &use->value[i];
	result->given = true;
	switch (argument->type)
	{
		case MLOPS_CHECK_ARG_NUMBER:
			result->number = mlops_option_number(name, value, argument->minimum, argument->maximum);
			break;
		case MLOPS_CHECK_ARG_COUNT:
			result->number = mlops_option_integer(name, value, (int64) argument->minimum, (int64) argument->maximum);
			break;
		case MLOPS_CHECK_ARG_FLAG:
			result->number = mlops_option_bool(name, value);
			break;
		case MLOPS_CHECK_ARG_CHOICE:
			result->text = read_choice(name, value, argument->choices);
			break;
		case MLOPS_CHECK_ARG_VALUE:
			result->text = read_value(use, name, value);
			break;
		case MLOPS_CHECK_ARG_VALUES:
			result->list = read_values(use, name, value);
			break;
		case MLOPS_CHECK_ARG_COLUMN:
			result->text = mlops_option_text(name, value);
			(void) mlops_source_column(use->source, result->text, "named");
			break;
		case MLOPS_CHECK_ARG_COLUMNS:
			result->list = read_columns(use, name, value);
			break;
		case MLOPS_CHECK_ARG_REGEX:
			result->text = read_regex(name, value);
			break;
		case MLOPS_CHECK_ARG_INTERVAL:
			read_interval(use, name, value, result);
			break;
		case MLOPS_CHECK_ARG_TIMEZONE:
			result->text = read_timezone(name, value);
			break;
		case MLOPS_CHECK_ARG_TYPE:
			result->text = read_type(name, value, use->stored);
			break;
		case MLOPS_CHECK_ARG_SQL:
			result->text = mlops_option_text(name, value);
			break;
	}
}

/* What is not given: words have a default that is one. */
static void
take_defaults(MlopsCheckUse *use)
{
	for (int i = 0; i < use->rule->n_args; i++)
	{
		const MlopsCheckArg *argument = &use->rule->arg[i];

		if (use->value[i].given)
			continue;
		if (argument->required)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("rule \"%s\" needs the argument \"%s\"", use->rule->name, argument->name),
					 errhint("See mlops_check_rules().")));
		if (argument->type == MLOPS_CHECK_ARG_CHOICE || argument->type == MLOPS_CHECK_ARG_TIMEZONE)
			use->value[i].text = pstrdup(argument->fallback);
	}
}

/* Of two values that are numbers or times; the order of texts is the column's own affair. */
static void
check_order(const MlopsCheckUse *use)
{
	const MlopsCheckValue *min;
	const MlopsCheckValue *max;
	bool		wrong = false;

	if (use->rule->n_args < 2 || use->rule->arg[0].type != MLOPS_CHECK_ARG_VALUE)
		return;
	min = mlops_check_value(use, "min");
	max = mlops_check_value(use, "max");
	if (!min->given || !max->given)
		return;
	if (use->kind == MLOPS_CHECK_NUMBER)
		wrong = DatumGetBool(DirectFunctionCall2(numeric_gt,
												 DirectFunctionCall3(numeric_in, CStringGetDatum(min->text),
																	 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)),
												 DirectFunctionCall3(numeric_in, CStringGetDatum(max->text),
																	 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
	else if (use->kind == MLOPS_CHECK_TIME)
		/* as text, since ISO dates sort; years before Christ and after 9999 do not, and are let through */
		wrong = strlen(min->text) == strlen(max->text) && strcmp(min->text, max->text) > 0;
	if (wrong)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"min\" of rule \"%s\" is greater than \"max\"", use->rule->name)));
}

void
mlops_check_args_read(MlopsCheckUse *use, Jsonb *args)
{
	mlops_option_each(args, "args", read_argument, use);
	take_defaults(use);
	check_order(use);
}

static void
write_value(MlopsJson *json, const MlopsCheckUse *use, const char *text)
{
	if (use->kind == MLOPS_CHECK_NUMBER)
		mlops_json_decimal(json, text);
	else if (use->kind == MLOPS_CHECK_BOOLEAN)
		mlops_json_bool(json, strcmp(text, "true") == 0);
	else
		mlops_json_text(json, text);
}

static void
write_argument(MlopsJson *json, const MlopsCheckUse *use, int i)
{
	const MlopsCheckValue *value = &use->value[i];
	ListCell   *lc;

	switch (use->rule->arg[i].type)
	{
		case MLOPS_CHECK_ARG_NUMBER:
			mlops_json_number(json, value->number);
			break;
		case MLOPS_CHECK_ARG_COUNT:
			mlops_json_integer(json, (int64) value->number);
			break;
		case MLOPS_CHECK_ARG_FLAG:
			mlops_json_bool(json, value->number != 0);
			break;
		case MLOPS_CHECK_ARG_VALUE:
			write_value(json, use, value->text);
			break;
		case MLOPS_CHECK_ARG_VALUES:
			mlops_json_begin_array(json);
			foreach(lc, value->list)
				write_value(json, use, lfirst(lc));
			mlops_json_end_array(json);
			break;
		case MLOPS_CHECK_ARG_COLUMNS:
			mlops_json_begin_array(json);
			foreach(lc, value->list)
				mlops_json_text(json, lfirst(lc));
			mlops_json_end_array(json);
			break;
		default:
			mlops_json_text(json, value->text);
	}
}

Jsonb *
mlops_check_args_write(const MlopsCheckUse *use)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	for (int i = 0; i < use->rule->n_args; i++)
		if (use->value[i].given)
		{
			mlops_json_key(&json, use->rule->arg[i].name);
			write_argument(&json, use, i);
		}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

List *
mlops_check_columns(const MlopsCheckUse *use, const char *column)
{
	List	   *columns = column != NULL ? list_make1(pstrdup(column)) : NIL;

	for (int i = 0; i < use->rule->n_args; i++)
	{
		if (!use->value[i].given)
			continue;
		if (use->rule->arg[i].type == MLOPS_CHECK_ARG_COLUMN)
			columns = lappend(columns, use->value[i].text);
		else if (use->rule->arg[i].type == MLOPS_CHECK_ARG_COLUMNS)
			columns = list_concat(columns, use->value[i].list);
	}
	return columns;
}
