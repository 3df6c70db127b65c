/*
 * feature_view_join.c: the SQL of a training set, correct in time.
 *
 * For each view, rows of the spine and of the view are put one under the
 * other and sorted once, by entity and the time from which a row is known (a
 * feature row: the later of its time and its created time; features before
 * spine rows).  One window pass notes, for each spine row, the position of
 * the latest feature row so far; the next takes the features from there.
 * Both windows have one order: were rows sorted again in between, equal ones
 * could change places, so every key of the order is a plain column.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/feature_view.h"

/* A column of what has been joined so far. */
typedef struct JoinColumn
{
	const char *name;			/* quoted */
	const char *type;
	const char *base;			/* the type below a domain, which may refuse NULL */
	bool		collatable;
	bool		ordered;
} JoinColumn;

typedef struct Join
{
	const char *sql;			/* a SELECT of the columns */
	List	   *columns;		/* of JoinColumn * */
	TupleDesc	spine;
} Join;

static JoinColumn *
join_column(Form_pg_attribute att)
{
	JoinColumn *column = palloc(sizeof(JoinColumn));
	int32		typmod = att->atttypmod;
	Oid			base = getBaseTypeAndTypmod(att->atttypid, &typmod);

	column->name = pstrdup(quote_identifier(NameStr(att->attname)));
	column->type = format_type_extended(att->atttypid, att->atttypmod,
										FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
	column->base = format_type_extended(base, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
	column->collatable = type_is_collatable(att->atttypid);
	column->ordered = mlops_feature_view_has_order(att->atttypid);
	return column;
}

static List *
all_columns(TupleDesc desc)
{
	List	   *columns = NIL;

	for (int i = 0; i < desc->natts; i++)
		columns = lappend(columns, join_column(TupleDescAttr(desc, i)));
	return columns;
}

static List *
feature_columns(const MlopsFeatureView *view, TupleDesc desc)
{
	List	   *columns = NIL;

	for (int i = 0; i < desc->natts; i++)
		if (mlops_feature_view_is_feature(view, NameStr(TupleDescAttr(desc, i)->attname)))
			columns = lappend(columns, join_column(TupleDescAttr(desc, i)));
	return columns;
}

/* ---- checks ---- */

static void
check_spine_column(const Join *join, const MlopsFeatureView *view, const char *column, const char *role, Oid wanted,
				   const char *wanted_name)
{
	AttrNumber	attno = mlops_desc_column(join->spine, column);
	Oid			type;

	if (attno == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("the spine has no column \"%s\", which is the %s of feature view \"%s\"", column, role,
						view->name),
				 errhint("Give the column of the spine the name that it has in the view, with AS.")));
	type = TupleDescAttr(join->spine, attno - 1)->atttypid;
	if ((wanted == TIMESTAMPTZOID ? getBaseType(type) : mlops_feature_view_key_type(type)) != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of the spine is %s, but the %s of feature view \"%s\" is %s", column,
						format_type_be(type), role, view->name, wanted_name),
				 errhint("Cast the column in the spine.")));
}

static void
check_names(const Join *join, const MlopsFeatureView *view, List *features)
{
	ListCell   *lc;
	ListCell   *old;

	foreach(lc, features)
		foreach(old, join->columns)
	{
		const char *name = ((JoinColumn *) lfirst(lc))->name;

		if (strcmp(name, ((JoinColumn *) lfirst(old))->name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column %s of feature view \"%s\" is in the training set already", name, view->name),
					 errhint("Give it another name in the view or in the spine, with AS.")));
	}
}

/* ---- the text ---- */

/* ", x AS s1, ..." */
static void
append_columns(StringInfo sql, List *columns, const char *letter, const char *from, bool null)
{
	ListCell   *lc;
	int			i = 0;

	foreach(lc, columns)
	{
		const JoinColumn *column = lfirst(lc);

		i++;
		if (null)
			appendStringInfo(sql, ", NULL::%s", column->base);
		else
			appendStringInfo(sql, ", %s.%s", from, column->name);
		/* the order of features is a plain column's */
		if (letter[0] == 'f' && column->collatable)
			appendStringInfoString(sql, " COLLATE \"C\"");
		appendStringInfo(sql, " AS %s%d", letter, i);
	}
}

static void
append_numbered(StringInfo sql, int n, const char *format)
{
	for (int i = 1; i <= n; i++)
	{
		const char *p = format;

		for (; *p != '\0'; p++)
			if (*p == '#')
				appendStringInfo(sql, "%d", i);
			else
				appendStringInfoChar(sql, *p);
	}
}

static void
append_window(StringInfo sql, List *features)
{
	ListCell   *lc;
	int			i = 0;

	appendStringInfoString(sql, "\nWINDOW w AS (PARTITION BY u.key ORDER BY u.known_at, u.is_spine");
	foreach(lc, features)
	{
		i++;
		if (((JoinColumn *) lfirst(lc))->ordered)
			appendStringInfo(sql, ", u.f%d NULLS FIRST", i);
	}
	appendStringInfoString(sql, " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)");
}

static void
append_spine_rows(StringInfo sql, const Join *join, const MlopsFeatureView *view, const char *key, List *features)
{
	const char *time = quote_identifier(view->time_column);

	appendStringInfo(sql, "SELECT true AS is_spine, s.%s::%s AS key, s.%s::timestamptz AS known_at,"
					 " NULL::timestamptz AS event, NULL::timestamptz AS created, s.%s::timestamptz AS looks_at",
					 quote_identifier(view->entity), key, time, time);
	append_columns(sql, join->columns, "s", "s", false);
	append_columns(sql, features, "f", NULL, true);
	appendStringInfo(sql, "\nFROM (%s) AS s", join->sql);
}

static void
append_feature_rows(StringInfo sql, const Join *join, const MlopsFeatureView *view, const char *key, TupleDesc desc,
					List *features)
{
	const char *entity = quote_identifier(view->entity);
	const char *time = quote_identifier(view->time_column);
	const char *created = view->created_column == NULL ? NULL : quote_identifier(view->created_column);
	ListCell   *lc;
	const char *before = "";

	appendStringInfo(sql, "SELECT false, v.%s::%s, ", entity, key);
	if (created != NULL)
		appendStringInfo(sql, "greatest(v.%s, v.%s)::timestamptz, v.%s::timestamptz, v.%s::timestamptz", time, created,
						 time, created);
	else
		appendStringInfo(sql, "v.%s::timestamptz, v.%s::timestamptz, NULL", time, time);
	appendStringInfoString(sql, ", NULL");
	append_columns(sql, join->columns, "s", NULL, true);
	append_columns(sql, features, "f", "v", false);
	appendStringInfo(sql, "\nFROM mlops.read_feature_view(%s) AS v (", quote_literal_cstr(view->name));
	foreach(lc, all_columns(desc))
	{
		const JoinColumn *column = lfirst(lc);

		appendStringInfo(sql, "%s%s %s", before, column->name, column->type);
		before = ", ";
	}
	appendStringInfo(sql, ")\nWHERE v.%s IS NOT NULL AND v.%s IS NOT NULL", entity, time);
	if (created != NULL)
		appendStringInfo(sql, " AND v.%s IS NOT NULL", created);
}

/* ", x.s1 AS name, ..." without the first comma */
static void
append_named(StringInfo sql, List *columns, const char *letter, bool first)
{
	ListCell   *lc;
	int			i = 0;

	foreach(lc, columns)
	{
		i++;
		appendStringInfo(sql, "%sx.%s%d AS %s", first && i == 1 ? "" : ", ", letter, i,
						 ((JoinColumn *) lfirst(lc))->name);
	}
}

static char *
join_sql(const Join *join, const MlopsFeatureView *view, TupleDesc desc, List *features)
{
	Form_pg_attribute entity = TupleDescAttr(desc, mlops_desc_column(desc, view->entity) - 1);
	Oid			key_type = mlops_feature_view_key_type(entity->atttypid);
	const char *key = mlops_feature_view_key_name(key_type);
	StringInfoData sql;

	check_spine_column(join, view, view->entity, "entity", key_type, key);
	check_spine_column(join, view, view->time_column, "time", TIMESTAMPTZOID, "timestamp with time zone");
	check_names(join, view, features);
	if (key_type == TEXTOID)
		key = "text COLLATE \"C\"";
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	append_named(&sql, join->columns, "s", true);
	append_named(&sql, features, "f", false);
	appendStringInfoString(&sql, "\nFROM (SELECT u.is_spine");
	append_numbered(&sql, list_length(join->columns), ", u.s#");
	append_numbered(&sql, list_length(features), ", pg_catalog.nth_value(u.f#, u.latest) OVER w AS f#");
	appendStringInfo(&sql, "\nFROM (SELECT u.*, mlops.latest_position(u.event, u.created, u.looks_at, ");
	if (view->ttl > 0)
		appendStringInfo(&sql, "interval '%d days " INT64_FORMAT " microseconds'", (int) (view->ttl / USECS_PER_DAY),
						 view->ttl % USECS_PER_DAY);
	else
		appendStringInfoString(&sql, "NULL");
	appendStringInfoString(&sql, ") OVER w AS latest\nFROM (");
	append_spine_rows(&sql, join, view, key, features);
	appendStringInfoString(&sql, "\nUNION ALL\n");
	append_feature_rows(&sql, join, view, key, desc, features);
	appendStringInfoString(&sql, ") AS u");
	append_window(&sql, features);
	appendStringInfoString(&sql, ") AS u");
	append_window(&sql, features);
	appendStringInfoString(&sql, ") AS x\nWHERE x.is_spine");
	return sql.data;
}

static void
join_view(Join *join, const char *name)
{
	MlopsFeatureView *view = mlops_feature_view_get(name);
	MlopsFeatureViewUse use;
	MlopsSource *source = mlops_feature_view_enter(view, &use);
	List	   *features = feature_columns(view, source->desc);

	mlops_feature_view_leave(&use);
	join->sql = join_sql(join, view, source->desc, features);
	join->columns = list_concat(join->columns, features);
}

char *
mlops_feature_view_join(const char *spine, List *names)
{
	MlopsSource *source = mlops_source_analyze(spine);
	Join		join = {source->query, all_columns(source->desc), source->desc};
	ListCell   *lc;

	foreach(lc, names)
		join_view(&join, lfirst(lc));
	/* what is given can be run: say now if not */
	(void) mlops_source_analyze(join.sql);
	return unconstify(char *, join.sql);
}
