/*
 * request.c: a JSON object -> a row of the model's input signature, keys
 * being the names of the columns.
 *
 * number -> number, string -> the type's input function, boolean -> boolean
 * only, null -> NULL, array -> array; json and jsonb columns take anything.
 * Input functions that are not built in run as the model's owner, those that
 * depend on settings under the version's (binding.c says why).
 */
#include "postgres.h"

#include <math.h>

#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "pg/callsite.h"
#include "pg/options.h"
#include "pg/pg_compat.h"

/* Where a JSON value goes: a column of the signature, or an element of one. */
typedef struct JsonTarget
{
	const char *name;
	int			name_len;
	Oid			type;
	Oid			base;
	FmgrInfo	input;
	Oid			io_param;
	void	   *domain;			/* domain_check's state */
	struct JsonTarget *element; /* arrays, else NULL */
	int16		typlen;
	bool		typbyval;
	char		typalign;
} JsonTarget;

typedef struct MlopsJsonBinding
{
	bool		builtin;
	bool		immutable;
	int			n;
	JsonTarget	target[FLEXIBLE_ARRAY_MEMBER];
} MlopsJsonBinding;

/* ---------- building ---------- */

/* The current context is version_context. */
static void
init_target(MlopsJsonBinding *binding, JsonTarget *target, const char *name, Oid type)
{
	Oid			input;
	Oid			element;

	target->name = name;
	target->name_len = strlen(name);
	target->type = type;
	target->base = getBaseType(type);
	getTypeInputInfo(target->base, &input, &target->io_param);
	fmgr_info(input, &target->input);
	get_typlenbyvalalign(target->base, &target->typlen, &target->typbyval, &target->typalign);
	/* a composite's or range's input function calls those of its parts */
	binding->builtin &= input < FirstNormalObjectId &&
		(target->base < FirstNormalObjectId || get_typtype(target->base) == TYPTYPE_ENUM ||
		 OidIsValid(get_element_type(target->base))) &&
		(target->type == target->base || target->type < FirstNormalObjectId);
	/* these two are STABLE for what their elements do and for ALTER TYPE: no setting matters */
	binding->immutable &= input == F_ARRAY_IN || input == F_ENUM_IN ||
		func_volatile(input) == PROVOLATILE_IMMUTABLE;
	element = get_element_type(target->base);
	if (OidIsValid(element))
	{
		target->element = palloc0(sizeof(JsonTarget));
		init_target(binding, target->element, name, element);
	}
}

static MlopsJsonBinding *
json_binding(MlopsCallSite *site)
{
	TupleDesc	signature = site->entry->features->signature;
	MemoryContext old;
	MlopsJsonBinding *binding;

	if (site->json)
		return site->json;
	old = MemoryContextSwitchTo(site->version_context);
	binding = palloc0(offsetof(MlopsJsonBinding, target) + sizeof(JsonTarget) * signature->natts);
	binding->builtin = binding->immutable = true;
	binding->n = signature->natts;
	for (int i = 0; i < signature->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(signature, i);

		init_target(binding, &binding->target[i], NameStr(attribute->attname), attribute->atttypid);
	}
	MemoryContextSwitchTo(old);
	site->json = binding;
	return binding;
}

/* ---------- one value ---------- */

static void __attribute__((noreturn))
wrong_kind(MlopsCallSite *site, const JsonTarget *target, const JsonbValue *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("key \"%s\" of the features passed to model \"%s\" is %s, but type %s is needed",
					target->name, site->ref.model, mlops_json_kind(value), format_type_be(target->type))));
}

static Datum
to_float(MlopsCallSite *site, JsonTarget *target, Datum number)
{
	double		value = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, number));

	if (target->base == FLOAT4OID)
		value = (double) (float) value;
	if (isinf(value))
		mlops_value_misfit(site, target->name, NUMERICOID, target->base, number);
	return target->base == FLOAT4OID ? Float4GetDatum((float) value) : Float8GetDatum(value);
}

static Datum
from_number(MlopsCallSite *site, JsonTarget *target, const JsonbValue *value)
{
	Datum		number = NumericGetDatum(value->val.numeric);
	Datum		result = (Datum) 0;

	switch (target->base)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			(void) mlops_integer_exact(site, target->name, NUMERICOID, target->base, number, &result);
			return result;
		case FLOAT4OID:
		case FLOAT8OID:
			return to_float(site, target, number);
		case NUMERICOID:
			return number;
		default:
			wrong_kind(site, target, value);
	}
}

static Datum
from_string(JsonTarget *target, const JsonbValue *value)
{
	if (target->base == TEXTOID)
		return PointerGetDatum(cstring_to_text_with_len(value->val.string.val, value->val.string.len));
	return InputFunctionCall(&target->input,
							 pnstrdup(value->val.string.val, value->val.string.len),
							 target->io_param, -1);
}

static Datum from_json(MlopsCallSite *site, JsonTarget *target, JsonbValue *value, bool *isnull);

static Datum
from_array(MlopsCallSite *site, JsonTarget *target, JsonbValue *value)
{
	JsonbContainer *container = value->val.binary.data;
	JsonTarget *element = target->element;
	int			n = JsonContainerSize(container);
	Datum	   *values = palloc(sizeof(Datum) * Max(n, 1));
	bool	   *isnull = palloc(sizeof(bool) * Max(n, 1));
	int			lower = 1;
	JsonbIterator *it = JsonbIteratorInit(container);
	JsonbValue	item;
	JsonbIteratorToken token;
	int			i = 0;

	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
		{
			values[i] = from_json(site, element, &item, &isnull[i]);
			i++;
		}
	}
	if (i == 0)
		return PointerGetDatum(construct_empty_array(element->type));
	return PointerGetDatum(construct_md_array(values, isnull, 1, &i, &lower, element->type,
											  element->typlen, element->typbyval, element->typalign));
}

static Datum
from_json(MlopsCallSite *site, JsonTarget *target, JsonbValue *value, bool *isnull)
{
	Datum		result = (Datum) 0;

	*isnull = value->type == jbvNull;
	if (*isnull)
		return result;
	if (target->base == JSONBOID)
		result = JsonbPGetDatum(JsonbValueToJsonb(value));
	else if (target->base == JSONOID)
	{
		Jsonb	   *json = JsonbValueToJsonb(value);

		result = CStringGetTextDatum(JsonbToCString(NULL, &json->root, VARSIZE(json)));
	}
	else if (value->type == jbvString)
		result = from_string(target, value);
	else if (value->type == jbvNumeric)
		result = from_number(site, target, value);
	else if (value->type == jbvBool && target->base == BOOLOID)
		result = BoolGetDatum(value->val.boolean);
	else if (value->type == jbvBinary && target->element && JsonContainerIsArray(value->val.binary.data) &&
			 !JsonContainerIsScalar(value->val.binary.data))
		result = from_array(site, target, value);
	else
		wrong_kind(site, target, value);
	if (target->type != target->base)
		domain_check(result, false, target->type, &target->domain, site->version_context);
	return result;
}

/* ---------- the object ---------- */

static void
missing_key(MlopsCallSite *site, Jsonb *features, const char *name)
{
	int			n = 0;
	const char **names = palloc(sizeof(char *) * Max(JB_ROOT_COUNT(features), 1));
	JsonbIterator *it = JsonbIteratorInit(&features->root);
	JsonbValue	item;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			names[n++] = pnstrdup(item.val.string.val, item.val.string.len);
	}
	mlops_missing_column(site, name, names, n,
						 psprintf("Pass \"%s\": null when the value is not known.", name));
}

/* What an input function says does not name the key. */
static void
name_key(void *arg)
{
	JsonTarget **target = arg;

	if (*target)
		errcontext("key \"%s\" of the features passed to the model", (*target)->name);
}

static void
take_keys(MlopsCallSite *site, MlopsJsonBinding *binding, Jsonb *features, TupleTableSlot *row)
{
	JsonTarget *current = NULL;
	ErrorContextCallback callback = {error_context_stack, name_key, &current};

	for (int i = 0; i < binding->n; i++)
	{
		JsonTarget *target = &binding->target[i];
		JsonbValue	value;

		if (getKeyJsonValueFromContainer(&features->root, target->name, target->name_len, &value) == NULL)
			missing_key(site, features, target->name);
		/* our own messages name the key: only what input functions say needs the context */
		callback.previous = error_context_stack;
		if (value.type == jbvString || target->type != target->base)
		{
			current = target;
			error_context_stack = &callback;
		}
		row->tts_values[i] = from_json(site, target, &value, &row->tts_isnull[i]);
		error_context_stack = callback.previous;
	}
}

static void
check_object(MlopsCallSite *site, Jsonb *features)
{
	if (JB_ROOT_IS_OBJECT(features))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("features passed to model \"%s\" must be a JSON object, not %s", site->ref.model,
					JB_ROOT_IS_SCALAR(features) ? "a single value" : "an array"),
			 errhint("Write {\"column\": value, ...}; numbers by position go as float8[].")));
}

void
mlops_callsite_jsonb(MlopsCallSite *site, Jsonb *features)
{
	MlopsJsonBinding *binding = json_binding(site);
	TupleTableSlot *row = site->evaluator->slot;
	MemoryContext old;
	MlopsIdentity id;
	bool		switched;

	check_object(site, features);
	old = MemoryContextSwitchTo(site->row_context);
	switched = mlops_conversion_begin(site, binding->builtin, binding->immutable, &id);
	take_keys(site, binding, features, row);
	if (switched)
		mlops_identity_end(&id);
	mlops_callsite_evaluate(site);
	MemoryContextSwitchTo(old);
}

/* ---------- text ---------- */

/* '{1,2}' and '{1,NULL}' are arrays; '{}' and '{"a":' are JSON. */
static bool
is_array_literal(const char *text)
{
	const char *p = text + strspn(text, " \t\r\n");

	if (*p != '{')
		return false;
	p++;
	p += strspn(p, " \t\r\n");
	return *p != '"' && *p != '}' && *p != '\0';
}

static void
name_argument(void *arg)
{
	errcontext("features passed as text to model \"%s\"", ((MlopsCallSite *) arg)->ref.model);
	errhint("Features as text are the text of a JSON object. For the whole row of a table that has a column "
			"of the table's own name, pass name.* instead of name.");
}

void
mlops_callsite_json_text(MlopsCallSite *site, const char *json, int len)
{
	ErrorContextCallback callback = {error_context_stack, name_argument, site};
	MemoryContext old = MemoryContextSwitchTo(site->row_context);
	char	   *text = pnstrdup(json, len);
	bool		array = is_array_literal(text);
	Datum		features;

	error_context_stack = &callback;
	if (array)
		features = OidInputFunctionCall(F_ARRAY_IN, text, FLOAT8OID, -1);
	else
		features = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
	error_context_stack = callback.previous;
	if (array)
		mlops_callsite_array(site, DatumGetArrayTypeP(features));
	else
		mlops_callsite_jsonb(site, DatumGetJsonbP(features));
	MemoryContextSwitchTo(old);
}
