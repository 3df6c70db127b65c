/*
 * feature_view_read.c: reading a feature view as its owner: all rows, what
 * holds for one entity, the latest of each.
 *
 * Of the rows that hold, the latest by time, then by created time, then the
 * greatest by the features in their order wins.  Conditions stand around the
 * view's query, where the planner pushes them down to an index.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "pg/attempt.h"
#include "pg/feature_view.h"
#include "pg/options.h"

/* ---- all rows ---- */

static void
store_row(TupleTableSlot *slot, void *arg)
{
	tuplestore_puttupleslot(arg, slot);
}

static void
check_asked(const MlopsFeatureView *view, TupleDesc asked, TupleDesc desc)
{
	bool		same = asked->natts == desc->natts;

	for (int i = 0; same && i < desc->natts; i++)
		same = TupleDescAttr(asked, i)->atttypid == TupleDescAttr(desc, i)->atttypid &&
			strcmp(NameStr(TupleDescAttr(asked, i)->attname), NameStr(TupleDescAttr(desc, i)->attname)) == 0;
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("feature view \"%s\" does not have the columns that this SQL reads", view->name),
				 errhint("Make the training set again with mlops_training_set: the view was defined anew.")));
}

void
mlops_feature_view_rows(const MlopsFeatureView *view, TupleDesc desc, Tuplestorestate *rows)
{
	MlopsFeatureViewUse use;
	MlopsSource *source = mlops_feature_view_enter(view, &use);

	check_asked(view, desc, source->desc);
	mlops_source_run(source, NIL, store_row, rows);
	mlops_feature_view_leave(&use);
}

/* ---- the latest ---- */

char *
mlops_time_literal(TimestampTz time)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(time)));

	return psprintf("timestamptz %s", quote_literal_cstr(text));
}

/* Latest first; needs the alias v. */
static void
append_order(StringInfo sql, const MlopsFeatureView *view, TupleDesc desc)
{
	appendStringInfo(sql, "v.%s DESC", quote_identifier(view->time_column));
	if (view->created_column != NULL)
		appendStringInfo(sql, ", v.%s DESC", quote_identifier(view->created_column));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (mlops_feature_view_is_feature(view, NameStr(att->attname)) && mlops_feature_view_has_order(att->atttypid))
			appendStringInfo(sql, ", v.%s%s DESC NULLS LAST", quote_identifier(NameStr(att->attname)),
							 type_is_collatable(att->atttypid) ? " COLLATE \"C\"" : "");
	}
}

/* The features of v as one jsonb. */
static void
append_features(StringInfo sql, const MlopsFeatureView *view, TupleDesc desc)
{
	const char *before = "(SELECT to_jsonb(f.*) FROM (SELECT ";

	for (int i = 0; i < desc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(desc, i)->attname);

		if (!mlops_feature_view_is_feature(view, name))
			continue;
		appendStringInfo(sql, "%sv.%s", before, quote_identifier(name));
		before = ", ";
	}
	appendStringInfoString(sql, ") AS f)");
}

/* Rows that were known and held at that time. */
static void
append_known(StringInfo sql, const MlopsFeatureView *view, TimestampTz at)
{
	char	   *time = mlops_time_literal(at);

	appendStringInfo(sql, "v.%s <= %s", quote_identifier(view->time_column), time);
	if (view->ttl > 0)
		appendStringInfo(sql, " AND v.%s >= %s", quote_identifier(view->time_column),
						 mlops_time_literal(mlops_time_before(at, view->ttl)));
	if (view->created_column != NULL)
		appendStringInfo(sql, " AND v.%s <= %s", quote_identifier(view->created_column), time);
}

MlopsSource *
mlops_feature_view_latest_rows(const MlopsFeatureView *view, const MlopsSource *source, TimestampTz at,
							   const char *more)
{
	const char *key = quote_identifier(view->entity);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "SELECT DISTINCT ON (v.%s) v.%s::%s::text AS key, v.%s::text AS event, %s%s::text AS created, ",
					 key, key, view->entity_type, quote_identifier(view->time_column),
					 view->created_column == NULL ? "NULL" : "v.",
					 view->created_column == NULL ? "" : quote_identifier(view->created_column));
	append_features(&sql, view, source->desc);
	appendStringInfo(&sql, "::text AS features FROM (%s) AS v WHERE v.%s IS NOT NULL AND ", source->query, key);
	append_known(&sql, view, at);
	if (more != NULL)
		appendStringInfo(&sql, " AND (%s)", more);
	appendStringInfo(&sql, " ORDER BY v.%s, ", key);
	append_order(&sql, view, source->desc);
	return mlops_source_around(source, sql.data);
}

typedef struct OneValue
{
	MemoryContext context;
	bool		found;
	Datum		value;
	bool		is_jsonb;
} OneValue;

static bool
take_value(TupleTableSlot *slot, void *arg)
{
	OneValue   *one = arg;

	if (!slot->tts_isnull[0])
	{
		MemoryContext caller = MemoryContextSwitchTo(one->context);

		one->found = true;
		one->value = one->is_jsonb ? JsonbPGetDatum(DatumGetJsonbPCopy(slot->tts_values[0])) : slot->tts_values[0];
		MemoryContextSwitchTo(caller);
	}
	return false;
}

/* The features of which nothing is known. */
static Jsonb *
no_features(const MlopsFeatureView *view)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	for (uint32 i = 0; i < JB_ROOT_COUNT(view->columns); i++)
	{
		char	   *name = mlops_feature_view_column(view, i);

		if (mlops_feature_view_is_feature(view, name))
		{
			mlops_json_key(&json, name);
			mlops_json_text(&json, NULL);
		}
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

/* A key as its type writes it; raises what the type's input does. */
static char *
normal_key(const MlopsFeatureView *view, char *key)
{
	if (strcmp(view->entity_type, "bigint") == 0)
		return DatumGetCString(DirectFunctionCall1(int8out, DirectFunctionCall1(int8in, CStringGetDatum(key))));
	if (strcmp(view->entity_type, "uuid") == 0)
		return DatumGetCString(DirectFunctionCall1(uuid_out, DirectFunctionCall1(uuid_in, CStringGetDatum(key))));
	return key;
}

static Jsonb *
read_one(const MlopsFeatureView *view, const char *key, TimestampTz at)
{
	OneValue	one = {CurrentMemoryContext, false, (Datum) 0, true};
	MlopsFeatureViewUse use;
	MlopsSource *source = mlops_feature_view_enter(view, &use);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	append_features(&sql, view, source->desc);
	appendStringInfo(&sql, " AS features FROM (%s) AS v WHERE v.%s = %s::%s AND ", source->query,
					 quote_identifier(view->entity), quote_literal_cstr(key), view->entity_type);
	append_known(&sql, view, at);
	appendStringInfoString(&sql, " ORDER BY ");
	append_order(&sql, view, source->desc);
	appendStringInfoString(&sql, " LIMIT 1");
	mlops_source_run_while(mlops_source_around(source, sql.data), take_value, &one);
	mlops_feature_view_leave(&use);
	return one.found ? DatumGetJsonbP(one.value) : NULL;
}

Jsonb *
mlops_feature_view_lookup(const MlopsFeatureView *view, char *key, TimestampTz at)
{
	Jsonb	   *features = NULL;

	if (key != NULL)
	{
		key = normal_key(view, key);
		/* kept rows tell of nothing that was before */
		if (view->online && view->materialized_at != DT_NOBEGIN && at >= view->materialized_at)
			features = mlops_feature_view_online(view, key, at);
		else
			features = read_one(view, key, at);
	}
	return features != NULL ? features : no_features(view);
}

/* ---- freshness ---- */

typedef struct LatestOf
{
	const MlopsFeatureView *view;
	OneValue	one;
} LatestOf;

static void
find_latest(void *arg)
{
	LatestOf   *latest = arg;
	const MlopsFeatureView *view = latest->view;
	MlopsFeatureViewUse use;
	MlopsSource *source = mlops_feature_view_enter(view, &use);
	const char *time = quote_identifier(view->time_column);

	source = mlops_source_around(source, psprintf("SELECT max(v.%s::timestamptz) AS latest FROM (%s) AS v"
												  " WHERE v.%s <= %s",
												  time, source->query, time,
												  mlops_time_literal(GetCurrentTransactionStartTimestamp())));
	mlops_source_run_while(source, take_value, &latest->one);
	mlops_feature_view_leave(&use);
}

bool
mlops_feature_view_latest(const MlopsFeatureView *view, TimestampTz *latest, char **problem)
{
	LatestOf	of = {view, {CurrentMemoryContext, false, (Datum) 0, false}};
	ErrorContextCallback *context = error_context_stack;

	*problem = NULL;
	if (!OidIsValid(mlops_role_oid(view->owner)))
		*problem = psprintf("role \"%s\" does not exist", view->owner);
	else
		*problem = mlops_attempt_run(find_latest, &of);
	error_context_stack = context;
	*latest = of.one.found ? DatumGetTimestampTz(of.one.value) : 0;
	return *problem == NULL && of.one.found;
}
