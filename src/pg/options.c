/*
 * options.c: reading and writing jsonb option objects.
 *
 * What an option means is decided by whoever owns it; here only its type and
 * bounds are judged, so that each rule has one wording.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "learn/learner.h"
#include "pg/options.h"
#include "pg/status.h"

/* of a number in a message */
#define SHOWN_DIGITS 40

const char *
mlops_json_kind(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvString:
			return "a string";
		case jbvNumeric:
			return "a number";
		case jbvBool:
			return "a boolean";
		case jbvBinary:
			return JsonContainerIsArray(value->val.binary.data) ? "an array" : "an object";
		default:
			return "another type";
	}
}

static void
wrong_type(const char *name, const JsonbValue *value, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be %s", name, wanted),
			 errdetail("The value given is %s.", mlops_json_kind(value))));
}

void
mlops_option_each(Jsonb *object, const char *where, MlopsOptionFunction function, void *arg)
{
	JsonbIterator *it;
	JsonbValue	key;
	JsonbValue	value;
	JsonbIteratorToken token;

	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a JSON object", where),
				 errhint("Write it like '{\"name\": value}'.")));
	it = JsonbIteratorInit(&object->root);
	token = JsonbIteratorNext(&it, &key, true);
	Assert(token == WJB_BEGIN_OBJECT);
	while ((token = JsonbIteratorNext(&it, &key, true)) == WJB_KEY)
	{
		char	   *name = pnstrdup(key.val.string.val, key.val.string.len);

		token = JsonbIteratorNext(&it, &value, true);
		function(name, &value, arg);
	}
}

/* A number as a message shows it: jsonb holds up to 131,072 digits. */
static char *
shown(const JsonbValue *value)
{
	char	   *text = numeric_normalize(value->val.numeric);

	return strlen(text) <= SHOWN_DIGITS ? text : psprintf("%.*s...", SHOWN_DIGITS, text);
}

static double
number_of(const JsonbValue *value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
}

double
mlops_option_number(const char *name, JsonbValue *value, double minimum, double maximum)
{
	double		number;

	if (value->type != jbvNumeric)
		wrong_type(name, value, "a number");
	number = number_of(value);
	if (isnan(number) || number < minimum || number > maximum)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be between %g and %g", name, minimum, maximum),
				 errdetail("The value given is %s.", shown(value))));
	return number;
}

static void
check_whole(const char *name, const JsonbValue *value)
{
	Datum		number;

	if (value->type != jbvNumeric)
		wrong_type(name, value, "an integer");
	number = NumericGetDatum(value->val.numeric);
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, number,
										  DirectFunctionCall2(numeric_trunc, number, Int32GetDatum(0)))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be an integer", name),
				 errdetail("The value given is %s.", shown(value))));
}

int64
mlops_option_integer(const char *name, JsonbValue *value, int64 minimum, int64 maximum)
{
	double		wide;
	int64		number;

	check_whole(name, value);
	wide = number_of(value);
	number = fabs(wide) < 9e18 ?
		DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric))) : 0;
	if (fabs(wide) >= 9e18 || number < minimum || number > maximum)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be between " INT64_FORMAT " and " INT64_FORMAT, name, minimum, maximum),
				 errdetail("The value given is %s.", shown(value))));
	return number;
}

bool
mlops_option_bool(const char *name, JsonbValue *value)
{
	if (value->type != jbvBool)
		wrong_type(name, value, "true or false");
	return value->val.boolean;
}

char *
mlops_option_text(const char *name, JsonbValue *value)
{
	if (value->type != jbvString)
		wrong_type(name, value, "a string");
	return pnstrdup(value->val.string.val, value->val.string.len);
}

const char *
mlops_option_choice(const char *name, JsonbValue *value, const char *const *choices, int n)
{
	char	   *text = mlops_option_text(name, value);
	StringInfoData list;

	for (int i = 0; i < n; i++)
		if (strcmp(choices[i], text) == 0)
			return choices[i];
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%s\"%s\"", i == 0 ? "" : i == n - 1 ? " or " : ", ", choices[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be %s", name, list.data),
			 errdetail("The value given is \"%s\".", text)));
}

List *
mlops_option_names(const char *name, JsonbValue *value)
{
	List	   *names = NIL;
	JsonbIterator *it;
	JsonbValue	element;
	JsonbIteratorToken token;

	if (value->type == jbvString)
		return list_make1(mlops_option_text(name, value));
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		wrong_type(name, value, "an array of strings");
	it = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&it, &element, true);
	while ((token = JsonbIteratorNext(&it, &element, true)) == WJB_ELEM)
	{
		if (element.type != jbvString)
			wrong_type(name, &element, "an array of strings");
		names = lappend(names, pnstrdup(element.val.string.val, element.val.string.len));
	}
	return names;
}

Jsonb *
mlops_option_object(const char *name, JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		wrong_type(name, value, "a JSON object");
	return JsonbValueToJsonb(value);
}

void
mlops_option_unknown(const char *kind, const char *name, const char *where, const char *const *names, int n)
{
	const char *nearest = mlops_nearest(name, names, n);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s \"%s\" does not exist%s", kind, name, where),
			 errdetail("Known names are: %s.", list.data),
			 nearest ? errhint("Did you mean \"%s\"?", nearest) : 0));
}

/* ---- parameters of an algorithm ---- */

typedef struct ParamsReader
{
	const MlLearner *learner;
	MlParams   *params;
} ParamsReader;

static void
add_class_weight(const char *name, JsonbValue *value, void *arg)
{
	MlParams   *params = arg;
	char	   *option = psprintf("class_weight.%s", name);

	if (params->n_class_weights >= ML_MAX_CLASSES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("parameter \"class_weight\" must not name more than %d classes", ML_MAX_CLASSES)));
	params->class_weight_name[params->n_class_weights] = name;
	params->class_weight_value[params->n_class_weights] = mlops_option_number(option, value, 1e-12, 1e12);
	params->n_class_weights++;
}

static void
add_monotone(const char *name, JsonbValue *value, void *arg)
{
	MlParams   *params = arg;
	char	   *option = psprintf("monotone_constraints.%s", name);
	double		way = mlops_option_number(option, value, -1, 1);

	if (way != -1 && way != 0 && way != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be -1, 0 or 1", option)));
	params->monotone_name = repalloc(params->monotone_name, sizeof(char *) * (params->n_monotone + 1));
	params->monotone_value = repalloc(params->monotone_value, sizeof(double) * (params->n_monotone + 1));
	params->monotone_name[params->n_monotone] = name;
	params->monotone_value[params->n_monotone] = way;
	params->n_monotone++;
}

static void
read_monotone(MlParams *params, JsonbValue *value)
{
	params->monotone_name = palloc(sizeof(char *));
	params->monotone_value = palloc(sizeof(double));
	if (value->type != jbvNull)
		mlops_option_each(mlops_option_object("monotone_constraints", value), "parameter \"monotone_constraints\"",
						  add_monotone, params);
}

static void
read_class_weight(MlParams *params, JsonbValue *value)
{
	if (value->type == jbvString)
	{
		static const char *const choices[] = {"balanced"};

		(void) mlops_option_choice("class_weight", value, choices, 1);
		params->balanced = true;
	}
	else
	{
		Jsonb	   *object = mlops_option_object("class_weight", value);

		params->class_weight_name = palloc(sizeof(char *) * ML_MAX_CLASSES);
		params->class_weight_value = palloc(sizeof(double) * ML_MAX_CLASSES);
		mlops_option_each(object, "parameter \"class_weight\"", add_class_weight, params);
	}
}

static void
set_number(MlParams *params, int index, double value)
{
	MlStatus	status = {0};

	mlops_check_status(ml_param_set_number(params, index, value, &status), &status);
}

static void
set_text(MlParams *params, int index, JsonbValue *value)
{
	const char *text = mlops_option_text(params->learner->params[index].name, value);
	MlStatus	status = {0};

	mlops_check_status(ml_param_set_text(params, index, text, &status), &status);
}

/* The other words for a parameter, quoted. */
static char *
other_words(const char *aliases)
{
	StringInfoData list;

	initStringInfo(&list);
	for (const char *c = aliases; *c; c++)
	{
		if (*c == '|')
			appendStringInfoString(&list, "\", \"");
		else
			appendStringInfoChar(&list, *c);
	}
	return list.data;
}

static void
read_param(const char *name, JsonbValue *value, void *arg)
{
	ParamsReader *reader = arg;
	const MlLearner *learner = reader->learner;
	MlParams   *params = reader->params;
	int			index = ml_param_index(learner, name);
	const MlParam *param;

	if (index < 0)
	{
		const char *names[ML_MAX_PARAMS];

		for (int i = 0; i < learner->n_params; i++)
			names[i] = learner->params[i].name;
		mlops_option_unknown("parameter", name, psprintf(" for algorithm \"%s\"", learner->name),
							 names, learner->n_params);
	}
	param = &learner->params[index];
	if (params->given[index])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"%s\" is given twice", param->name),
				 errdetail("It is also called \"%s\".", other_words(param->aliases))));
	if (value->type == jbvNull)
		return;					/* the default */
	switch (param->type)
	{
		case ML_PARAM_FLOAT:
			if (param->choices != NULL && value->type == jbvString)
			{
				set_text(params, index, value);
				break;
			}
			set_number(params, index, mlops_option_number(param->name, value, -INFINITY, INFINITY));
			break;
		case ML_PARAM_INT:
			check_whole(param->name, value);
			set_number(params, index, number_of(value));
			break;
		case ML_PARAM_BOOL:
			set_number(params, index, mlops_option_bool(param->name, value));
			break;
		case ML_PARAM_ENUM:
			set_text(params, index, value);
			break;
		case ML_PARAM_CLASS_WEIGHT:
			read_class_weight(params, value);
			params->given[index] = true;
			break;
		case ML_PARAM_MONOTONE:
			read_monotone(params, value);
			params->given[index] = true;
			break;
	}
}

void
mlops_params_read(const MlLearner *learner, Jsonb *object, MlParams *params)
{
	ParamsReader reader = {learner, params};

	ml_params_init(params, learner);
	if (object != NULL)
		mlops_option_each(object, "params", read_param, &reader);
}

Jsonb *
mlops_params_write(const MlParams *params)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	for (int i = 0; i < params->learner->n_params; i++)
	{
		const MlParam *param = &params->learner->params[i];

		mlops_json_key(&json, param->name);
		switch (param->type)
		{
			case ML_PARAM_FLOAT:
				if (params->text[i] != NULL)
				{
					mlops_json_text(&json, params->text[i]);
					break;
				}
				/* FALLTHROUGH */
			case ML_PARAM_INT:
				mlops_json_number(&json, params->number[i]);
				break;
			case ML_PARAM_BOOL:
				mlops_json_bool(&json, params->number[i] != 0);
				break;
			case ML_PARAM_ENUM:
				mlops_json_text(&json, params->text[i]);
				break;
			case ML_PARAM_CLASS_WEIGHT:
				if (params->n_class_weights > 0)
				{
					mlops_json_begin(&json);
					for (int k = 0; k < params->n_class_weights; k++)
					{
						mlops_json_key(&json, params->class_weight_name[k]);
						mlops_json_number(&json, params->class_weight_value[k]);
					}
					mlops_json_end(&json);
				}
				else
					mlops_json_text(&json, params->balanced ? "balanced" : NULL);
				break;
			case ML_PARAM_MONOTONE:
				if (params->n_monotone == 0)
				{
					mlops_json_text(&json, NULL);
					break;
				}
				mlops_json_begin(&json);
				for (int k = 0; k < params->n_monotone; k++)
				{
					mlops_json_key(&json, params->monotone_name[k]);
					mlops_json_number(&json, params->monotone_value[k]);
				}
				mlops_json_end(&json);
				break;
		}
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

/* ---- writing ---- */

/*
 * A scalar goes in as the value of the last key, or as an array's element;
 * which of the two is told by the innermost container.
 */
static void
push_scalar(MlopsJson *json, JsonbValue *value)
{
	JsonbIteratorToken token = json->state->contVal.type == jbvArray ? WJB_ELEM : WJB_VALUE;

	json->result = pushJsonbValue(&json->state, token, value);
}

void
mlops_json_begin(MlopsJson *json)
{
	json->result = pushJsonbValue(&json->state, WJB_BEGIN_OBJECT, NULL);
}

void
mlops_json_begin_array(MlopsJson *json)
{
	json->result = pushJsonbValue(&json->state, WJB_BEGIN_ARRAY, NULL);
}

void
mlops_json_key(MlopsJson *json, const char *key)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = (char *) key;
	value.val.string.len = strlen(key);
	json->result = pushJsonbValue(&json->state, WJB_KEY, &value);
}

void
mlops_json_text(MlopsJson *json, const char *text)
{
	JsonbValue	value;

	if (text == NULL)
		value.type = jbvNull;
	else
	{
		value.type = jbvString;
		value.val.string.val = (char *) text;
		value.val.string.len = strlen(text);
	}
	push_scalar(json, &value);
}

void
mlops_json_number(MlopsJson *json, double number)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (!isfinite(number))
	{
		mlops_json_text(json, NULL);
		return;
	}
	/* numeric's own cast keeps 15 digits only */
	double_to_shortest_decimal_buf(number, text);
	mlops_json_decimal(json, text);
}

void
mlops_json_decimal(MlopsJson *json, const char *digits)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(digits),
															ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	push_scalar(json, &value);
}

void
mlops_json_integer(MlopsJson *json, int64 number)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(number);
	push_scalar(json, &value);
}

void
mlops_json_bool(MlopsJson *json, bool boolean)
{
	JsonbValue	value;

	value.type = jbvBool;
	value.val.boolean = boolean;
	push_scalar(json, &value);
}

void
mlops_json_value(MlopsJson *json, Jsonb *jsonb)
{
	JsonbIterator *it;
	JsonbValue	value;
	JsonbIteratorToken token;

	if (jsonb == NULL)
	{
		mlops_json_text(json, NULL);
		return;
	}
	it = JsonbIteratorInit(&jsonb->root);
	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
		json->result = pushJsonbValue(&json->state, token,
									  token == WJB_KEY || token == WJB_VALUE || token == WJB_ELEM ? &value : NULL);
}

void
mlops_json_end(MlopsJson *json)
{
	json->result = pushJsonbValue(&json->state, WJB_END_OBJECT, NULL);
}

void
mlops_json_end_array(MlopsJson *json)
{
	json->result = pushJsonbValue(&json->state, WJB_END_ARRAY, NULL);
}

Jsonb *
mlops_json_finish(MlopsJson *json)
{
	return JsonbValueToJsonb(json->result);
}
