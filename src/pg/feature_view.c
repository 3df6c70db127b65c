/*
 * feature_view.c: defining feature views, and using them as their owner.
 *
 * The query is analysed as the caller who supplies it, and once more as the
 * owner, as it will run.  What is stored is frozen: names qualified, columns
 * listed, settings written down.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "pg/feature_view.h"
#include "pg/options.h"
#include "pg/pg_compat.h"
#include "pg/refs.h"
#include "pg/registry.h"
#include "pg/sqltext.h"

/* ---- columns ---- */

bool
mlops_feature_view_is_feature(const MlopsFeatureView *view, const char *column)
{
	return strcmp(column, view->entity) != 0 && strcmp(column, view->time_column) != 0 &&
		(view->created_column == NULL || strcmp(column, view->created_column) != 0);
}

Oid
mlops_feature_view_key_type(Oid type)
{
	switch (getBaseType(type))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return INT8OID;
		case TEXTOID:
		case VARCHAROID:
			return TEXTOID;
		case UUIDOID:
			return UUIDOID;
		default:
			return InvalidOid;
	}
}

const char *
mlops_feature_view_key_name(Oid key_type)
{
	return key_type == INT8OID ? "bigint" : key_type == TEXTOID ? "text" : "uuid";
}

bool
mlops_feature_view_has_order(Oid type)
{
	return OidIsValid(lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr);
}

int64
mlops_interval_span(const Interval *interval)
{
	/* an int64 has room for 292,000 years: 178 million years of months and of days do not fit */
	double		days = (double) interval->month * DAYS_PER_MONTH + interval->day;
	double		span = days * (double) USECS_PER_DAY + (double) interval->time;

	if (fabs(span) > 2.0 * (double) MLOPS_LONGEST_TTL)
		return span > 0 ? 2 * MLOPS_LONGEST_TTL : -2 * MLOPS_LONGEST_TTL;
	return ((int64) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY + interval->time;
}

TimestampTz
mlops_time_before(TimestampTz at, int64 ttl)
{
	if (ttl > 0 && TIMESTAMP_NOT_FINITE(at))
		return at;
	return ttl == 0 || at < MIN_TIMESTAMP + ttl ? DT_NOBEGIN : at - ttl;
}

static Jsonb *
write_columns(TupleDesc desc)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin_array(&json);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		mlops_json_begin(&json);
		mlops_json_key(&json, "name");
		mlops_json_text(&json, NameStr(att->attname));
		mlops_json_key(&json, "type");
		mlops_json_text(&json, format_type_extended(att->atttypid, att->atttypmod,
													FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
		mlops_json_end(&json);
	}
	mlops_json_end_array(&json);
	return mlops_json_finish(&json);
}

/* A string of an object, NULL when it is not there. */
static char *
member(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(object, key, strlen(key), &value) == NULL || value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

char *
mlops_feature_view_column(const MlopsFeatureView *view, uint32 i)
{
	return member(getIthJsonbValueFromContainer(&view->columns->root, i)->val.binary.data, "name");
}

static void
check_columns(const MlopsFeatureView *view, TupleDesc desc)
{
	Jsonb	   *columns = write_columns(desc);

	if (compareJsonbContainers(&columns->root, &view->columns->root) == 0)
		return;
	for (uint32 i = 0; i < Min(JB_ROOT_COUNT(columns), JB_ROOT_COUNT(view->columns)); i++)
	{
		char	   *then = member(getIthJsonbValueFromContainer(&view->columns->root, i)->val.binary.data, "type");
		char	   *now = member(getIthJsonbValueFromContainer(&columns->root, i)->val.binary.data, "type");

		if (then != NULL && strcmp(then, now) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("column \"%s\" of feature view \"%s\" is %s now and was %s when the view was defined",
							NameStr(TupleDescAttr(desc, i)->attname), view->name, now, then),
					 errhint("Define the view again with replace => true.")));
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the columns of feature view \"%s\" have changed since the view was defined", view->name),
			 errhint("Define the view again with replace => true.")));
}

/* ---- using a view ---- */

static void
name_the_view(void *arg)
{
	errcontext("feature view \"%s\"", ((MlopsFeatureViewUse *) arg)->name);
}

MlopsSource *
mlops_feature_view_enter(const MlopsFeatureView *view, MlopsFeatureViewUse *use)
{
	Oid			owner = mlops_role_oid(view->owner);
	MlopsSource *source;

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the role \"%s\" that owns feature view \"%s\" does not exist", view->owner, view->name),
				 errhint("Create the role, or give the view another owner with mlops_set_feature_view_owner.")));
	use->name = view->name;
	use->callback = (ErrorContextCallback) {error_context_stack, name_the_view, use};
	error_context_stack = &use->callback;
	mlops_identity_begin_owner(&use->identity, owner, &view->settings);
	source = mlops_source_stored(view->text, view->query);
	check_columns(view, source->desc);
	return source;
}

void
mlops_feature_view_leave(MlopsFeatureViewUse *use)
{
	mlops_identity_end(&use->identity);
	error_context_stack = use->callback.previous;
}

/* ---- the registry ---- */

static Jsonb *
write_settings(const MlopsSettings *settings)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	for (int i = 0; i < MLOPS_N_SETTINGS; i++)
	{
		mlops_json_key(&json, mlops_setting_names[i]);
		mlops_json_text(&json, settings->value[i]);
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

/* $1 is the name; the columns are those of read_view. */
#define VIEW_COLUMNS "view_id, name, owner, query, source_query, entity, time_column, created_column," \
	" (extract(epoch FROM ttl) * 1000000)::bigint, online, columns, settings, materialized_at, entity_type"

static MlopsFeatureView *
read_view(const MlopsResult *r)
{
	MlopsFeatureView *view;
	Jsonb	   *settings;
	bool		isnull;
	Datum		materialized_at;

	if (r->n == 0)
		return NULL;
	view = palloc0(sizeof(MlopsFeatureView));
	view->view_id = mlops_result_int64(r, 0, 1);
	view->name = mlops_result_text(r, 0, 2);
	view->owner = mlops_result_text(r, 0, 3);
	view->text = mlops_result_text(r, 0, 4);
	view->query = mlops_result_text(r, 0, 5);
	view->entity = mlops_result_text(r, 0, 6);
	view->time_column = mlops_result_text(r, 0, 7);
	view->created_column = mlops_result_text(r, 0, 8);
	view->ttl = mlops_result_int64(r, 0, 9);
	view->online = mlops_result_bool(r, 0, 10);
	view->columns = mlops_result_jsonb(r, 0, 11);
	settings = mlops_result_jsonb(r, 0, 12);
	for (int i = 0; i < MLOPS_N_SETTINGS; i++)
		view->settings.value[i] = member(&settings->root, mlops_setting_names[i]);
	materialized_at = mlops_result_datum(r, 0, 13, &isnull);
	view->entity_type = mlops_result_text(r, 0, 14);
	view->materialized_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(materialized_at);
	return view;
}

static bool
may_use(const char *owner_name)
{
	Oid			owner = mlops_role_oid(owner_name);

	return superuser() || (OidIsValid(owner) && has_privs_of_role(GetUserId(), owner));
}

static void
check_right(const MlopsFeatureView *view)
{
	if (!may_use(view->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for feature view \"%s\"", view->name),
				 errdetail("It belongs to another role.")));
}

static MlopsFeatureView *
check_found(MlopsFeatureView *view, const char *name)
{
	if (view == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("feature view \"%s\" does not exist", name),
				 errhint("See the table mlops.feature_views.")));
	check_right(view);
	return view;
}

MlopsFeatureView *
mlops_feature_view_get(const char *name)
{
	return check_found(read_view(mlops_registry_read("SELECT " VIEW_COLUMNS " FROM mlops.feature_views"
													 " WHERE name = $1", "t", name)), name);
}

static MlopsFeatureView *
lock_view(const char *name)
{
	return read_view(mlops_registry_query("UPDATE mlops.feature_views SET name = name WHERE name = $1"
										  " RETURNING " VIEW_COLUMNS, "t", name));
}

MlopsFeatureView *
mlops_feature_view_lock(const char *name)
{
	/* the right comes first: nobody else's lock may be waited for or taken without it */
	(void) check_found(read_view(mlops_registry_query("SELECT " VIEW_COLUMNS " FROM mlops.feature_views"
													  " WHERE name = $1", "t", name)), name);
	return check_found(lock_view(name), name);
}

List *
mlops_feature_view_names(void)
{
	MlopsResult *r = mlops_registry_read("SELECT name, owner FROM mlops.feature_views ORDER BY name", "");
	List	   *names = NIL;

	for (uint64 i = 0; i < r->n; i++)
		if (may_use(mlops_result_text(r, i, 2)))
			names = lappend(names, mlops_result_text(r, i, 1));
	return names;
}

static void
audit(const char *action, const MlopsFeatureView *view, Jsonb *before)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "view_id");
	mlops_json_integer(&json, view->view_id);
	mlops_json_key(&json, "name");
	mlops_json_text(&json, view->name);
	mlops_json_key(&json, "query");
	mlops_json_text(&json, view->query);
	mlops_json_end(&json);
	(void) mlops_registry_query("INSERT INTO mlops.audit_log (actor, action, before, after) VALUES ($1, $2, $3, $4)",
								"ttjj", GetUserNameFromId(GetUserId(), false), action, before,
								mlops_json_finish(&json));
}

/* ---- defining ---- */

static void
check_time_column(const MlopsSource *source, const char *column, const char *role)
{
	AttrNumber	attno = mlops_source_column(source, column, role);
	Oid			type = TupleDescAttr(source->desc, attno - 1)->atttypid;

	if (getBaseType(type) != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s column \"%s\" of a feature view must be timestamp with time zone, not %s", role, column,
						format_type_be(type)),
				 errhint("Say of which zone it is, as in (%s AT TIME ZONE 'UTC') AS %s.", quote_identifier(column),
						 quote_identifier(column))));
}

static void
check_entity(MlopsFeatureView *view, const MlopsSource *source)
{
	AttrNumber	attno = mlops_source_column(source, view->entity, "entity");
	Form_pg_attribute att = TupleDescAttr(source->desc, attno - 1);

	if (!OidIsValid(mlops_feature_view_key_type(att->atttypid)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("entity column \"%s\" of a feature view must be an integer, text or uuid, not %s", view->entity,
						format_type_be(att->atttypid)),
				 errhint("Cast it in the query.")));
	view->entity_type = pstrdup(mlops_feature_view_key_name(mlops_feature_view_key_type(att->atttypid)));
	if (OidIsValid(att->attcollation) && !get_collation_isdeterministic(att->attcollation))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("entity column \"%s\" of a feature view must not have a nondeterministic collation",
						view->entity),
				 errhint("Write another one in the query, as in %s COLLATE \"C\" AS %s.",
						 quote_identifier(view->entity), quote_identifier(view->entity))));
}

static void
check_features(const MlopsFeatureView *view, TupleDesc desc)
{
	int			n = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!mlops_feature_view_is_feature(view, NameStr(att->attname)))
			continue;
		n++;
		if (get_typtype(att->atttypid) == TYPTYPE_PSEUDO)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of a feature view must not have the pseudo-type %s", NameStr(att->attname),
							format_type_be(att->atttypid))));
	}
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("feature view \"%s\" has no features", view->name),
				 errdetail("No column of the query remains beside entity and times.")));
}

static void
check_roles(MlopsFeatureView *view, const MlopsSource *source)
{
	check_entity(view, source);
	check_time_column(source, view->time_column, "time");
	if (view->created_column != NULL)
		check_time_column(source, view->created_column, "created");
	if (strcmp(view->entity, view->time_column) == 0 ||
		(view->created_column != NULL && strcmp(view->created_column, view->time_column) == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("entity, time and created column of a feature view must be different columns")));
	check_features(view, source->desc);
}

/* What gives another value each time it is read is no definition of a feature. */
static void
check_not_volatile(const MlopsSource *source)
{
	MlopsIdentity path;
	RawStmt    *raw;
	Query	   *query;

	mlops_identity_begin_path(&path);
	raw = mlops_sqltext_parse(source->query, "the query");
	query = parse_analyze_fixedparams(raw, source->query, NULL, 0, NULL);
	query = linitial_node(Query, QueryRewrite(query));	/* views as what they stand for */
	mlops_identity_end(&path);
	if (contain_volatile_functions((Node *) query))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of a feature view must not use volatile functions"),
				 errhint("A function whose values change only with the data can be declared STABLE.")));
}

static int64
check_ttl(const Interval *ttl)
{
	int64		span = ttl == NULL ? 0 : mlops_interval_span(ttl);

	if (ttl != NULL && (span <= 0 || span > MLOPS_LONGEST_TTL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"ttl\" must be more than zero and at most 36500 days"),
				 errhint("NULL is for rows that never expire.")));
	return span;
}

/* As its owner will run it: with temporary tables, or without the rights, it cannot be stored. */
static void
check_runs(const MlopsFeatureView *view)
{
	MlopsFeatureViewUse use;

	(void) mlops_feature_view_enter(view, &use);
	mlops_feature_view_leave(&use);
}

static void
refuse_existing(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("feature view \"%s\" already exists", name),
			 errhint("Pass replace => true to change its definition.")));
}

static void
insert_view(MlopsFeatureView *view, const char *comment)
{
	MlopsResult *r;

	r = mlops_registry_query("INSERT INTO mlops.feature_views (name, owner, query, source_query, entity, time_column,"
							 " created_column, ttl, online, columns, settings, description, entity_type)"
							 " VALUES ($1, $2, $3, $4, $5, $6, $7,"
							 " justify_hours($8 * interval '1 microsecond'), $9, $10, $11, $12, $13)"
							 " ON CONFLICT (name) DO NOTHING RETURNING view_id",
							 "tttttttNBjjtt", view->name, view->owner, view->text, view->query, view->entity,
							 view->time_column, view->created_column, view->ttl, (int) view->online, view->columns,
							 write_settings(&view->settings), comment, view->entity_type);
	/* another session made it while this one looked at the query */
	if (r->n == 0)
		refuse_existing(view->name);
	view->view_id = mlops_result_int64(r, 0, 1);
	audit("create_feature_view", view, NULL);
}

static void
replace_view(MlopsFeatureView *view, const MlopsFeatureView *existing, const char *comment)
{
	view->view_id = existing->view_id;
	(void) mlops_registry_query("UPDATE mlops.feature_views SET owner = $2, query = $3, source_query = $4, entity = $5,"
								" time_column = $6, created_column = $7,"
								" ttl = justify_hours($8 * interval '1 microsecond'),"
								" online = $9, columns = $10, settings = $11, description = coalesce($12, description),"
								" entity_type = $13, materialized_at = NULL, updated_at = now() WHERE view_id = $1",
								"bttttttNBjjtt", view->view_id, view->owner, view->text, view->query, view->entity,
								view->time_column, view->created_column, view->ttl, (int) view->online, view->columns,
								write_settings(&view->settings), comment, view->entity_type);
	/* what is kept online is of the old definition */
	(void) mlops_registry_query("DELETE FROM mlops.online_features WHERE view_id = $1", "b", view->view_id);
	audit("replace_feature_view", view, existing->columns);
}

int64
mlops_feature_view_create(const MlopsFeatureViewSpec *spec)
{
	MlopsFeatureView *view = palloc0(sizeof(MlopsFeatureView));
	MlopsFeatureView *existing;
	MlopsSource *source;

	PreventCommandIfReadOnly("mlops_create_feature_view()");
	mlops_check_name(spec->name, "feature view");
	existing = read_view(mlops_registry_query("SELECT " VIEW_COLUMNS " FROM mlops.feature_views WHERE name = $1", "t",
											  spec->name));
	if (existing != NULL && !spec->replace)
		refuse_existing(spec->name);
	if (existing != NULL)
		existing = mlops_feature_view_lock(spec->name);
	view->name = pstrdup(spec->name);
	view->owner = existing != NULL && OidIsValid(mlops_role_oid(existing->owner)) ? existing->owner :
		GetUserNameFromId(GetUserId(), false);
	view->entity = pstrdup(spec->entity);
	view->time_column = pstrdup(spec->time_column);
	view->created_column = spec->created_column == NULL ? NULL : pstrdup(spec->created_column);
	view->ttl = check_ttl(spec->ttl);
	view->online = spec->online;
	source = mlops_source_analyze(spec->query);
	check_roles(view, source);
	check_not_volatile(source);
	view->text = source->text;
	view->query = source->query;
	view->columns = write_columns(source->desc);
	mlops_settings_capture(&view->settings);
	view->settings = mlops_settings_literal(&view->settings);
	check_runs(view);
	if (existing == NULL)
		insert_view(view, spec->comment);
	else
		replace_view(view, existing, spec->comment);
	return view->view_id;
}

void
mlops_feature_view_drop(const char *name)
{
	MlopsFeatureView *view;

	PreventCommandIfReadOnly("mlops_drop_feature_view()");
	view = mlops_feature_view_lock(name);
	(void) mlops_registry_query("DELETE FROM mlops.online_features WHERE view_id = $1", "b", view->view_id);
	(void) mlops_registry_query("DELETE FROM mlops.feature_views WHERE view_id = $1", "b", view->view_id);
	audit("drop_feature_view", view, NULL);
}

void
mlops_feature_view_set_owner(const char *name, Oid role)
{
	MlopsFeatureView *view;

	PreventCommandIfReadOnly("mlops_set_feature_view_owner()");
	view = mlops_feature_view_lock(name);
	/* the view's query will run with the new owner's rights */
	mlops_compat_check_can_set_role(GetUserId(), role);
	(void) mlops_registry_query("UPDATE mlops.feature_views SET owner = $2, updated_at = now() WHERE view_id = $1",
								"bt", view->view_id, GetUserNameFromId(role, false));
	audit("set_feature_view_owner", view, NULL);
}

static void
describe_feature(const MlopsFeatureView *view, const char *feature, const char *description)
{
	bool		found = false;

	for (uint32 i = 0; i < JB_ROOT_COUNT(view->columns); i++)
		found |= strcmp(feature, mlops_feature_view_column(view, i)) == 0;
	if (!found || !mlops_feature_view_is_feature(view, feature))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("feature view \"%s\" has no feature \"%s\"", view->name, feature)));
	(void) mlops_registry_query("UPDATE mlops.feature_views SET feature_descriptions ="
								" jsonb_strip_nulls(feature_descriptions || jsonb_build_object($2, $3))"
								" WHERE view_id = $1", "btt", view->view_id, feature, description);
}

void
mlops_feature_view_annotate(const char *name, const char *description, Jsonb *tags, const char *feature)
{
	MlopsFeatureView *view;

	PreventCommandIfReadOnly("mlops_annotate_feature_view()");
	view = mlops_feature_view_lock(name);
	if (tags != NULL && !JB_ROOT_IS_OBJECT(tags))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("tags must be a JSON object")));
	if (tags != NULL && feature != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a feature has a description, but no tags")));
	if (feature != NULL)
		describe_feature(view, feature, description);
	else
		(void) mlops_registry_query("UPDATE mlops.feature_views SET description = coalesce($2, description),"
									" tags = tags || coalesce($3, '{}') WHERE view_id = $1",
									"btj", view->view_id, description, tags);
	audit("annotate_feature_view", view, NULL);
}
