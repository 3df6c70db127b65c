/*
 * feature_store.c: the form in which a version keeps its features.
 *
 *	{"signature": [{"name": "amount", "type": "numeric(10,2)", "collation": "pg_catalog.\"C\""}, ...],
 *	 "features": [{"name": "log_amount", "expression": "ln(amount)", "kind": "numeric", "width": 1}, ...],
 *	 "settings": {"TimeZone": "UTC", ...}}
 *
 * Types and collations are names, qualified unless SQL itself has a word for
 * them: OIDs mean nothing in another database.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/syscache.h"

#include "pg/feature_tree.h"
#include "pg/pg_compat.h"

/* ---- writing ---- */

static void
append_pair(StringInfo text, const char *key, const char *value)
{
	if (text->data[text->len - 1] != '{')
		appendStringInfoString(text, ", ");
	escape_json(text, key);
	appendStringInfoString(text, ": ");
	escape_json(text, value);
}

static char *
collation_name(Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	form = (Form_pg_collation) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->collnamespace), NameStr(form->collname));
	ReleaseSysCache(tuple);
	return name;
}

static void
append_column(StringInfo text, Form_pg_attribute att)
{
	appendStringInfoChar(text, '{');
	append_pair(text, "name", NameStr(att->attname));
	append_pair(text, "type",
				format_type_extended(att->atttypid, att->atttypmod,
									 FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
	if (OidIsValid(att->attcollation) && att->attcollation != get_typcollation(att->atttypid))
		append_pair(text, "collation", collation_name(att->attcollation));
	appendStringInfoChar(text, '}');
}

static void
append_feature(StringInfo text, const MlopsFeature *feature)
{
	appendStringInfoChar(text, '{');
	append_pair(text, "name", feature->name);
	append_pair(text, "expression", feature->expression);
	append_pair(text, "kind", mlops_kind_name(feature->kind));
	appendStringInfo(text, ", \"width\": %d}", feature->width);
}

Jsonb *
mlops_features_to_jsonb(const MlopsFeatureSet *set)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "{\"signature\": [");
	for (int i = 0; i < set->signature->natts; i++)
	{
		appendStringInfoString(&text, i > 0 ? ", " : "");
		append_column(&text, TupleDescAttr(set->signature, i));
	}
	appendStringInfoString(&text, "], \"features\": [");
	for (int i = 0; i < set->n; i++)
	{
		appendStringInfoString(&text, i > 0 ? ", " : "");
		append_feature(&text, &set->feature[i]);
	}
	appendStringInfoString(&text, "], \"settings\": {");
	for (int i = 0; i < MLOPS_N_SETTINGS; i++)
		if (set->settings.value[i] != NULL)
			append_pair(&text, mlops_setting_names[i], set->settings.value[i]);
	appendStringInfoString(&text, "}}");
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data)));
}

/* ---- reading ---- */

/* more columns than any model has: sums of them stay an int */
#define MAX_WIDTH (1 << 24)

static void
malformed(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the stored features are damaged: %s", what)));
}

static JsonbContainer *
container_of(JsonbContainer *object, const char *key, bool array)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	if (value == NULL || value->type != jbvBinary ||
		(array ? !JsonContainerIsArray(value->val.binary.data) : !JsonContainerIsObject(value->val.binary.data)))
		malformed(key);
	return value->val.binary.data;
}

static JsonbContainer *
element_of(JsonbContainer *array, int i)
{
	JsonbValue *value = getIthJsonbValueFromContainer(array, i);

	if (value == NULL || value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		malformed("an element is not an object");
	return value->val.binary.data;
}

/* NULL when there is no such key */
static char *
string_or_null(JsonbContainer *object, const char *key)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	if (value == NULL)
		return NULL;
	if (value->type != jbvString)
		malformed(key);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static char *
string_of(JsonbContainer *object, const char *key)
{
	char	   *text = string_or_null(object, key);

	if (text == NULL)
		malformed(key);
	return text;
}

static int
int_of(JsonbContainer *object, const char *key)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	if (value == NULL || value->type != jbvNumeric)
		malformed(key);
	return DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(value->val.numeric)));
}

static void
read_column(TupleDesc desc, AttrNumber attno, JsonbContainer *object)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *name = string_of(object, "name");
	char	   *type_name = string_of(object, "type");
	char	   *collation = string_or_null(object, "collation");
	char	   *what = psprintf("column \"%s\" of type %s", name, type_name);
	Oid			type;
	int32		typmod;

	if (strlen(name) >= NAMEDATALEN)
		malformed("a name is too long");
	PG_TRY();
	{
		mlops_compat_parse_type(type_name, &type, &typmod);
		TupleDescInitEntry(desc, attno, name, type, typmod, 0);
		if (collation != NULL)
			TupleDescInitEntryCollation(desc, attno,
										get_collation_oid(mlops_compat_qualified_name(collation), false));
	}
	PG_CATCH();
	{
		mlops_features_rethrow(what, caller);
	}
	PG_END_TRY();
}

/* Types are looked up with the owner's rights on schemas. */
static TupleDesc
read_signature(JsonbContainer *array, Oid owner)
{
	int			n = JsonContainerSize(array);
	TupleDesc	desc;
	MlopsIdentity id;

	if (n > MaxTupleAttributeNumber)
		malformed("signature");
	desc = CreateTemplateTupleDesc(n);
	if (OidIsValid(owner))
		mlops_identity_begin_owner(&id, owner, NULL);
	else
		mlops_identity_begin_path(&id);
	for (int i = 0; i < n; i++)
		read_column(desc, i + 1, element_of(array, i));
	mlops_identity_end(&id);
	return desc;
}

static void
check_kinds(const MlopsFeatureSet *set, JsonbContainer *features)
{
	for (int i = 0; i < set->n; i++)
	{
		char	   *kind = string_of(element_of(features, i), "kind");

		if (strcmp(kind, mlops_kind_name(set->feature[i].kind)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("feature \"%s\" was %s and is now %s",
							set->feature[i].name, kind, mlops_kind_name(set->feature[i].kind)),
					 errhint("Train a new version.")));
	}
}

static MlopsFeatureSet *
read_set(JsonbContainer *root, Oid owner, MemoryContext context)
{
	JsonbContainer *features = container_of(root, "features", true);
	JsonbContainer *settings = container_of(root, "settings", false);
	MlopsFeatureSet *set = mlops_features_make(JsonContainerSize(features), owner, context);
	MemoryContext caller = MemoryContextSwitchTo(set->context);
	int64		width = 0;
	TupleDesc	desc;

	for (int i = 0; i < set->n; i++)
	{
		JsonbContainer *feature = element_of(features, i);

		set->feature[i].name = string_of(feature, "name");
		set->feature[i].expression = string_of(feature, "expression");
		set->feature[i].width = int_of(feature, "width");
		width += set->feature[i].width;
		if (set->feature[i].width < 1 || width > MAX_WIDTH)
			malformed("width");
	}
	for (int i = 0; i < MLOPS_N_SETTINGS; i++)
		set->settings.value[i] = string_or_null(settings, mlops_setting_names[i]);
	MemoryContextSwitchTo(caller);
	desc = read_signature(container_of(root, "signature", true), owner);
	mlops_features_compile(set, desc, true);
	check_kinds(set, features);
	return set;
}

MlopsFeatureSet *
mlops_features_from_jsonb(Jsonb *definition, Oid owner, MemoryContext context)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops feature reading",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	MlopsFeatureSet *set;

	if (!JB_ROOT_IS_OBJECT(definition))
		malformed("not an object");
	set = read_set(&definition->root, owner, context);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return set;
}

char *
mlops_features_mismatch(const MlopsFeatureSet *set, const MlPrep *prep)
{
	int			c = 0;

	if (set->width != prep->p)
		return psprintf("The features have %d columns, the bytes %d.", set->width, prep->p);
	for (int i = 0; i < set->n; i++)
	{
		const MlopsFeature *feature = &set->feature[i];
		MlKind		kind = feature->kind == MLOPS_CATEGORY ? ML_CATEGORY : ML_NUMERIC;
		size_t		len = strlen(feature->name);

		for (int k = 0; k < feature->width; k++, c++)
		{
			const MlPrepColumn *column = &prep->column[c];

			if (column->feature != i || column->kind != kind || strncmp(column->name, feature->name, len) != 0)
				return psprintf("Column %d of the bytes is not of feature \"%s\".", c + 1, feature->name);
		}
	}
	return NULL;
}
