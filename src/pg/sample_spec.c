/*
 * sample_spec.c: patterns, drift and options of made-up rows, from jsonb.
 *
 *     patterns: {"odd_hours": 0, "velocity_burst": {"share": 2, "count": 10}}
 *     drift:    {"from": "2025-03-01", "columns": {"amount": {"scale": 1.5}}}
 *     options:  {"start": "2024-01-01", "days": 30}
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "pg/options.h"
#include "pg/sample_spec.h"
#include "pg/status.h"

/* Of a scale or an addition: every result is a number that can be shown. */
#define MAX_SHIFT 1e9

/* Events of whole years around these have times that all clients can show. */
#define FIRST_START "1970-01-01"
#define LAST_START "2100-01-01"

static double
read_param(const char *name, JsonbValue *value, const MlSampleParam *param)
{
	if (param->whole)
		return (double) mlops_option_integer(name, value, (int64) param->minimum, (int64) param->maximum);
	return mlops_option_number(name, value, param->minimum, param->maximum);
}

/* ---- patterns ---- */

typedef struct PatternReader
{
	MlSampleSpec *spec;
	int			index;
} PatternReader;

static void
read_pattern_param(const char *name, JsonbValue *value, void *arg)
{
	PatternReader *reader = arg;
	const MlSamplePattern *pattern = &reader->spec->kind->pattern[reader->index];
	const char *names[ML_SAMPLE_MAX_PARAMS];
	int			n = 0;

	for (; n < ML_SAMPLE_MAX_PARAMS && pattern->param[n].name != NULL; n++)
	{
		names[n] = pattern->param[n].name;
		if (strcmp(name, names[n]) != 0)
			continue;
		if (value->type != jbvNull)
			reader->spec->pattern[reader->index][n] =
				read_param(psprintf("%s.%s", pattern->name, name), value, &pattern->param[n]);
		return;
	}
	mlops_option_unknown("option", name, psprintf(" in pattern \"%s\"", pattern->name), names, n);
}

static void
read_pattern(const char *name, JsonbValue *value, void *arg)
{
	PatternReader *reader = arg;
	const MlSampleKind *kind = reader->spec->kind;
	const char *names[ML_SAMPLE_MAX_PATTERNS];

	for (int i = 0; i < kind->n_patterns; i++)
	{
		names[i] = kind->pattern[i].name;
		if (strcmp(name, names[i]) != 0)
			continue;
		reader->index = i;
		if (value->type == jbvNumeric)
			reader->spec->pattern[i][0] = read_param(name, value, &kind->pattern[i].param[0]);
		else if (value->type == jbvBinary)
			mlops_option_each(mlops_option_object(name, value), psprintf("pattern \"%s\"", name),
							  read_pattern_param, reader);
		else if (value->type != jbvNull)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("pattern \"%s\" must be a number or a JSON object", name),
					 errdetail("The value given is %s.", mlops_json_kind(value))));
		return;
	}
	mlops_option_unknown("pattern", name, psprintf(" for %s", kind->name), names, kind->n_patterns);
}

/* Rows with a label must have a pattern to follow. */
static void
check_shares(const MlSampleSpec *spec)
{
	const MlSampleKind *kind = spec->kind;

	if (spec->rate[kind->pattern_rate] == 0)
		return;
	for (int i = 0; i < kind->n_patterns; i++)
		if (strcmp(kind->pattern[i].param[0].name, "share") == 0 && spec->pattern[i][0] > 0)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no pattern of %s has a share above 0", kind->name),
			 errhint("Leave one of them on, or set the rate to 0.")));
}

/* ---- drift ---- */

typedef struct DriftReader
{
	MlSampleSpec *spec;
	int			column;
	char	   *path;			/* of the column, for messages */
	bool		has_from;
	bool		has_columns;
} DriftReader;

static void
refuse_for(const char *name, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" is not for %s", name, what)));
}

static void
read_shift(const char *name, JsonbValue *value, void *arg)
{
	static const char *const names[] = {"scale", "add", "value", "share", "missing"};
	DriftReader *reader = arg;
	const MlSampleColumn *column = &reader->spec->kind->column[reader->column];
	MlSampleShift *shift = &reader->spec->shift[reader->column];
	char	   *path = psprintf("%s.%s", reader->path, name);
	bool		is_word = column->kind == ML_CELL_WORD;

	if (is_word && (strcmp(name, "scale") == 0 || strcmp(name, "add") == 0))
		refuse_for(path, "categories");
	if (!is_word && (strcmp(name, "value") == 0 || strcmp(name, "share") == 0))
		refuse_for(path, "numbers");
	if (strcmp(name, "scale") == 0)
		shift->scale = mlops_option_number(path, value, -MAX_SHIFT, MAX_SHIFT);
	else if (strcmp(name, "add") == 0)
		shift->add = mlops_option_number(path, value, -MAX_SHIFT, MAX_SHIFT);
	else if (strcmp(name, "share") == 0)
		shift->share = mlops_option_number(path, value, 0, 1);
	else if (strcmp(name, "missing") == 0)
		shift->missing = mlops_option_number(path, value, 0, 1);
	else if (strcmp(name, "value") == 0)
	{
		const char *word = mlops_option_choice(path, value, column->word, column->n_words);

		for (int i = 0; i < column->n_words; i++)
			if (column->word[i] == word)
				shift->word = i;
	}
	else
		mlops_option_unknown("option", name, psprintf(" in %s", reader->path), names, lengthof(names));
}

/* The column that is to drift; raises an error unless there is one and it may. */
static int
find_column(const MlSampleKind *kind, const char *name)
{
	const char *names[ML_SAMPLE_MAX_COLUMNS];
	const char *nearest;
	StringInfoData list;
	int			n = 0;
	bool		exists = false;

	initStringInfo(&list);
	for (int i = 0; i < kind->n_columns; i++)
	{
		exists |= strcmp(kind->column[i].name, name) == 0;
		if (!kind->column[i].drifts)
			continue;
		if (strcmp(kind->column[i].name, name) == 0)
			return i;
		appendStringInfo(&list, "%s%s", n > 0 ? ", " : "", kind->column[i].name);
		names[n++] = kind->column[i].name;
	}
	if (exists)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" of %s cannot drift", name, kind->name),
				 errdetail("Columns that can are: %s.", list.data)));
	nearest = mlops_nearest(name, names, n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" of %s does not exist", name, kind->name),
			 errdetail("Columns that can drift are: %s.", list.data),
			 nearest != NULL ? errhint("Perhaps you meant the column \"%s\".", nearest) : 0));
}

static void
read_column(const char *name, JsonbValue *value, void *arg)
{
	DriftReader *reader = arg;
	MlSampleShift *shift;

	reader->column = find_column(reader->spec->kind, name);
	reader->path = psprintf("drift.columns.%s", name);
	reader->has_columns = true;
	shift = &reader->spec->shift[reader->column];
	shift->on = true;
	shift->share = 1;
	mlops_option_each(mlops_option_object(reader->path, value), reader->path, read_shift, reader);
	if (shift->scale == 1 && shift->add == 0 && shift->word < 0 && shift->missing == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("drift of column \"%s\" changes nothing", name),
				 errhint("Numbers take \"scale\" and \"add\", categories \"value\" and \"share\", all of them "
						 "\"missing\".")));
}

static void
read_drift(const char *name, JsonbValue *value, void *arg)
{
	static const char *const names[] = {"from", "columns"};
	DriftReader *reader = arg;

	if (strcmp(name, "from") == 0)
	{
		char	   *text = mlops_option_text("drift.from", value);

		reader->spec->drift_from =
			DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
													ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
		reader->has_from = true;
	}
	else if (strcmp(name, "columns") == 0)
		mlops_option_each(mlops_option_object("drift.columns", value), "drift.columns", read_column, reader);
	else
		mlops_option_unknown("option", name, " in drift", names, lengthof(names));
}

static void
check_drift(const DriftReader *reader)
{
	if (reader->has_from == reader->has_columns)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("drift needs both \"from\" and \"columns\""),
			 errhint("Write it like '{\"from\": \"2025-03-01\", \"columns\": {\"%s\": {\"missing\": 0.1}}}'.",
					 reader->has_columns ? reader->spec->kind->column[reader->column].name : "column")));
}

/* ---- options ---- */

static int64
midnight(const char *date)
{
	DateADT		day = DatumGetDateADT(DirectFunctionCall1(date_in, CStringGetDatum(date)));

	if (DATE_NOT_FINITE(day))
		return DATE_IS_NOBEGIN(day) ? PG_INT64_MIN : PG_INT64_MAX;
	return day * USECS_PER_DAY;
}

static void
read_option(const char *name, JsonbValue *value, void *arg)
{
	MlSampleSpec *spec = arg;
	const MlSampleKind *kind = spec->kind;
	const char *names[ML_SAMPLE_MAX_PARAMS + 1] = {"start"};

	if (strcmp(name, "start") == 0)
	{
		char	   *text = mlops_option_text(name, value);

		spec->start = midnight(text);
		if (spec->start < midnight(FIRST_START) || spec->start > midnight(LAST_START))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"start\" must be between %s and %s", FIRST_START, LAST_START),
					 errdetail("The value given is \"%s\".", text)));
		return;
	}
	for (int i = 0; i < kind->n_options; i++)
	{
		names[i + 1] = kind->option[i].name;
		if (strcmp(name, kind->option[i].name) != 0)
			continue;
		if (value->type != jbvNull)
			spec->option[i] = read_param(name, value, &kind->option[i]);
		return;
	}
	mlops_option_unknown("option", name, psprintf(" for %s", kind->name), names, kind->n_options + 1);
}

void
mlops_sample_spec_read(MlSampleSpec *spec, Jsonb *patterns, Jsonb *drift, Jsonb *options)
{
	PatternReader pattern = {spec, 0};
	DriftReader reader = {spec, 0, NULL, false, false};

	if (options != NULL)
		mlops_option_each(options, "options", read_option, spec);
	if (patterns != NULL)
		mlops_option_each(patterns, "patterns", read_pattern, &pattern);
	check_shares(spec);
	if (drift != NULL)
		mlops_option_each(drift, "drift", read_drift, &reader);
	check_drift(&reader);
}
