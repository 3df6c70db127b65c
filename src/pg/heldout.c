/*
 * heldout.c: the rule of a version's split, written and read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "pg/heldout.h"
#include "pg/identity.h"
#include "pg/options.h"
#include "pg/registry.h"

/* ---- writing ---- */

static void
write_names(MlopsJson *json, const char *key, List *names)
{
	ListCell   *lc;

	mlops_json_key(json, key);
	mlops_json_begin_array(json);
	foreach(lc, names)
		mlops_json_text(json, lfirst(lc));
	mlops_json_end_array(json);
}

static void
write_classes(MlopsJson *json, const MlDataset *data, const MlSplitRule *rule)
{
	mlops_json_key(json, "classes");
	mlops_json_begin_array(json);
	for (int c = 0; c < rule->n_classes; c++)
	{
		mlops_json_begin(json);
		mlops_json_key(json, "class");
		mlops_json_text(json, data->task == ML_REGRESSION ? NULL : data->class_name[c]);
		mlops_json_key(json, "rows");
		mlops_json_integer(json, rule->class[c].rows);
		mlops_json_key(json, "below");
		mlops_json_text(json, psprintf("%016llx", (unsigned long long) rule->class[c].below));
		mlops_json_end(json);
	}
	mlops_json_end_array(json);
}

/* For people: the first moment of the test rows, in UTC; NULL for a time that is a number. */
static char *
time_text(Oid type, int64 from)
{
	static const MlopsSettings iso = {{"UTC", "ISO, MDY", NULL, NULL, NULL, NULL, NULL, NULL, NULL}};
	MlopsIdentity settings;
	char	   *text = NULL;

	mlops_identity_begin_settings(&settings, &iso);
	if (type == TIMESTAMPTZOID)
		text = DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(from)));
	else if (type == TIMESTAMPOID)
		text = DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum(from)));
	else if (type == DATEOID)
		text = DatumGetCString(DirectFunctionCall1(date_out, Int32GetDatum((int32) from)));
	mlops_identity_end(&settings);
	return text;
}

static void
write_time(MlopsJson *json, const MlopsDefinition *d, const MlSplitRule *rule)
{
	AttrNumber	attno = mlops_desc_column(d->source->desc, d->time_column);
	Oid			type = getBaseType(TupleDescAttr(d->source->desc, attno - 1)->atttypid);

	mlops_json_key(json, "time_column");
	mlops_json_text(json, d->time_column);
	mlops_json_key(json, "time_type");
	mlops_json_text(json, format_type_be(type));
	mlops_json_key(json, "from");
	mlops_json_integer(json, rule->from);
	mlops_json_key(json, "from_time");
	mlops_json_text(json, time_text(type, rule->from));
}

Jsonb *
mlops_heldout_write(const MlopsDefinition *d, const MlopsRows *rows, const MlDataset *data, const MlSplitRule *rule)
{
	static const char *const words[] = {
		[ML_SPLIT_NONE] = "none", [ML_SPLIT_HASH] = "hash", [ML_SPLIT_TIME] = "time", [ML_SPLIT_WHERE] = "test_where"
	};
	char	   *group = mlops_definition_group(d);
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "method");
	mlops_json_text(&json, rule->by == ML_SPLIT_HASH && group != NULL ? "group" : words[rule->by]);
	mlops_json_key(&json, "salt");
	mlops_json_integer(&json, d->config.salt);
	write_names(&json, "key", group != NULL ? list_make1(group) : d->key_columns);
	write_names(&json, "content", rows->content_columns);
	mlops_json_key(&json, "test");
	mlops_json_number(&json, d->config.split_test);
	if (rule->by == ML_SPLIT_HASH)
		write_classes(&json, data, rule);
	if (rule->by == ML_SPLIT_TIME)
		write_time(&json, d, rule);
	if (rule->by == ML_SPLIT_WHERE)
	{
		mlops_json_key(&json, "test_where");
		mlops_json_text(&json, d->config.test_where);
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

/* ---- reading ---- */

static void
damaged(const MlopsRef *ref, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the stored split of version %d of model \"%s\" is damaged: %s", ref->version, ref->model, what)));
}

static List *
read_names(const MlopsRef *ref, const char *key)
{
	MlopsResult *result;
	List	   *names = NIL;

	result = mlops_registry_read("SELECT n FROM mlops.versions,"
								 " jsonb_array_elements_text(split -> $2) WITH ORDINALITY AS e (n, i)"
								 " WHERE version_id = $1 ORDER BY i", "bt", ref->version_id, key);
	for (uint64 i = 0; i < result->n; i++)
		names = lappend(names, mlops_result_text(result, i, 1));
	return names;
}

static void
read_classes(const MlopsRef *ref, const MlModel *model, double test, MlSplitRule *rule)
{
	int			n = model->task == ML_REGRESSION ? 1 : model->n_classes;
	MlopsResult *result;

	result = mlops_registry_read("SELECT e ->> 'class', (e -> 'rows')::bigint, e ->> 'below'"
								 " FROM mlops.versions,"
								 " jsonb_array_elements(split -> 'classes') WITH ORDINALITY AS c (e, i)"
								 " WHERE version_id = $1 ORDER BY i", "b", ref->version_id);
	if (result->n != (uint64) n)
		damaged(ref, "classes");
	rule->n_classes = n;
	rule->class = palloc(sizeof(MlSplitClass) * n);
	rule->other = ml_split_bound(test);
	for (int c = 0; c < n; c++)
	{
		char	   *class = mlops_result_text(result, c, 1);
		char	   *below = mlops_result_text(result, c, 3);
		char	   *end;

		if (model->task != ML_REGRESSION && (class == NULL || strcmp(class, model->class_name[c]) != 0))
			damaged(ref, "class");
		rule->class[c].rows = mlops_result_int64(result, c, 2);
		rule->class[c].below = below == NULL ? 0 : strtoull(below, &end, 16);
		if (below == NULL || strlen(below) != 16 || *end != '\0')
			damaged(ref, "below");
	}
}

bool
mlops_heldout_read(const MlopsRef *ref, const MlModel *model, MlopsHeldOut *held)
{
	MlopsResult *result;
	char	   *method;
	double		test;

	memset(held, 0, sizeof(*held));
	result = mlops_registry_read("SELECT split ->> 'method', (split -> 'salt')::bigint, (split -> 'test')::float8,"
								 " split ->> 'time_column', split ->> 'time_type', (split -> 'from')::bigint,"
								 " split ->> 'test_where' FROM mlops.versions"
								 " WHERE version_id = $1 AND split IS NOT NULL", "b", ref->version_id);
	if (result->n == 0)
		return false;
	method = mlops_result_text(result, 0, 1);
	if (method == NULL)
		damaged(ref, "method");
	held->salt = (uint64) mlops_result_int64(result, 0, 2);
	test = mlops_result_float8(result, 0, 3);
	held->key = read_names(ref, "key");
	held->content = read_names(ref, "content");
	if (strcmp(method, "hash") == 0 || strcmp(method, "group") == 0)
	{
		if (!(test > 0 && test < 1))
			damaged(ref, "test");
		held->rule.by = ML_SPLIT_HASH;
		read_classes(ref, model, test, &held->rule);
	}
	else if (strcmp(method, "time") == 0)
	{
		held->rule.by = ML_SPLIT_TIME;
		held->time_column = mlops_result_text(result, 0, 4);
		held->time_type = mlops_result_text(result, 0, 5);
		held->rule.from = mlops_result_int64(result, 0, 6);
		if (held->time_column == NULL || held->time_type == NULL)
			damaged(ref, "time_column");
	}
	else if (strcmp(method, "test_where") == 0)
	{
		held->rule.by = ML_SPLIT_WHERE;
		held->test_where = mlops_result_text(result, 0, 7);
		if (held->test_where == NULL)
			damaged(ref, "test_where");
	}
	else if (strcmp(method, "none") != 0)
		damaged(ref, "method");
	return true;
}
