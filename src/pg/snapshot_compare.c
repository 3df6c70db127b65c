/*
 * snapshot_compare.c: what differs between two snapshots.
 *
 * What was written down of both is compared, and, when both have copies, the
 * rows: by SQL over their hashes, so that the server sorts or hashes them in
 * work_mem, whatever their number.  That SQL is ours and runs as the caller,
 * who must be allowed to read the copies.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "pg/identity.h"
#include "pg/options.h"
#include "pg/snapshot.h"

/* Rows shown of those that only one has. */
#define SAMPLE_ROWS 5

typedef struct Comparison
{
	const MlopsSnapshot *a;
	const MlopsSnapshot *b;
	const char *hash_function;
	const char *content_function;
	MlopsDifferenceFunction function;
	void	   *arg;
} Comparison;

static void
tell(const Comparison *c, const char *item, const char *column, const char *a, const char *b, bool differs,
	 Jsonb *detail)
{
	MlopsDifference difference = {item, column, a, b, differs, detail};

	c->function(&difference, c->arg);
}

/* ---- columns ---- */

/* A member of an object as text; NULL when it is null or missing. */
static char *
member(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(object, key, strlen(key), &value) == NULL)
		return NULL;
	switch (value.type)
	{
		case jbvString:
			return pnstrdup(value.val.string.val, value.val.string.len);
		case jbvNumeric:
			return numeric_normalize(value.val.numeric);
		default:
			return NULL;
	}
}

static int
count_columns(const MlopsSnapshot *snapshot)
{
	return JsonContainerSize(&snapshot->columns->root);
}

static JsonbContainer *
column_at(const MlopsSnapshot *snapshot, int i)
{
	return getIthJsonbValueFromContainer(&snapshot->columns->root, i)->val.binary.data;
}

/* NULL when there is no such column. */
static JsonbContainer *
column_named(const MlopsSnapshot *snapshot, const char *name)
{
	for (int i = 0; i < count_columns(snapshot); i++)
	{
		JsonbContainer *column = column_at(snapshot, i);

		if (strcmp(member(column, "name"), name) == 0)
			return column;
	}
	return NULL;
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What both have of a column: told where it differs. */
static void
compare_column(const Comparison *c, const char *name, JsonbContainer *a, JsonbContainer *b)
{
	static const char *const figures[] = {
		"type", "content_hash", "null_count", "minimum", "maximum", "mean", "stddev"
	};

	for (int i = 0; i < (int) lengthof(figures); i++)
	{
		char	   *x = member(a, figures[i]);
		char	   *y = member(b, figures[i]);

		if (!same(x, y))
			tell(c, figures[i], name, x, y, true, NULL);
	}
}

static void
compare_columns(const Comparison *c)
{
	for (int i = 0; i < count_columns(c->a); i++)
	{
		JsonbContainer *column = column_at(c->a, i);
		char	   *name = member(column, "name");
		JsonbContainer *other = column_named(c->b, name);

		if (other == NULL)
			tell(c, "column_removed", name, member(column, "type"), NULL, true, NULL);
		else
			compare_column(c, name, column, other);
	}
	for (int i = 0; i < count_columns(c->b); i++)
	{
		JsonbContainer *column = column_at(c->b, i);
		char	   *name = member(column, "name");

		if (column_named(c->a, name) == NULL)
			tell(c, "column_added", name, NULL, member(column, "type"), true, NULL);
	}
}

/* ---- copies ---- */

/* Columns of the same name and type, in the order of a, as a SELECT list; NULL when there are none. */
static char *
shared_columns(const Comparison *c, Jsonb **names)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	StringInfoData list;

	initStringInfo(&list);
	mlops_json_begin_array(&json);
	for (int i = 0; i < count_columns(c->a); i++)
	{
		JsonbContainer *column = column_at(c->a, i);
		char	   *name = member(column, "name");
		JsonbContainer *other = column_named(c->b, name);

		if (other == NULL || !same(member(column, "type"), member(other, "type")))
			continue;
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", quote_identifier(name));
		mlops_json_text(&json, name);
	}
	mlops_json_end_array(&json);
	*names = mlops_json_finish(&json);
	return list.len > 0 ? list.data : NULL;
}

/* The columns of one value of the only row of a query, as texts. */
static char **
query_row(const char *sql, int n)
{
	MemoryContext caller = CurrentMemoryContext;
	char	  **text = palloc0(sizeof(char *) * n);
	int			code;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	code = SPI_execute(sql, true, 0);
	if (code != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "comparison failed: %s", SPI_result_code_string(code));
	for (int i = 0; i < n; i++)
	{
		char	   *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1);

		text[i] = value == NULL ? NULL : MemoryContextStrdup(caller, value);
	}
	SPI_finish();
	return text;
}

static char *
copy_name(const MlopsSnapshot *snapshot)
{
	return quote_qualified_identifier(snapshot->table_schema, snapshot->table_name);
}

/* Is the copy still what it was?  "unchanged", "changed", "missing", or NULL when there never was one. */
static char *
copy_state(const Comparison *c, const MlopsSnapshot *snapshot)
{
	char	   *content;

	if (snapshot->table_name == NULL)
		return NULL;
	if (!OidIsValid(mlops_snapshot_relation(snapshot)))
		return "missing";
	content = query_row(psprintf("SELECT %s(%s(t.*)) FROM ONLY %s AS t", c->content_function, c->hash_function,
								 copy_name(snapshot)), 1)[0];
	return same(content, snapshot->content_hash) ? "unchanged" : "changed";
}

static char *
hashes(const Comparison *c, const MlopsSnapshot *snapshot, const char *columns)
{
	return psprintf("SELECT h, count(*) AS n FROM (SELECT %s(t.*) AS h FROM (SELECT %s FROM ONLY %s) AS t) AS r"
					" GROUP BY h",
					c->hash_function, columns, copy_name(snapshot));
}

/* Some of the rows of x of which y has fewer, as a JSON array. */
static char *
sample(const Comparison *c, const MlopsSnapshot *x, const MlopsSnapshot *y, const char *columns)
{
	return query_row(psprintf("SELECT json_agg(row) FROM ("
							  "SELECT to_json(t.*) AS row FROM (SELECT %s FROM ONLY %s) AS t"
							  " WHERE %s(t.*) IN (SELECT x.h FROM (%s) AS x LEFT JOIN (%s) AS y ON x.h = y.h"
							  " WHERE x.n > coalesce(y.n, 0)) ORDER BY %s(t.*) LIMIT %d) AS rows",
							  columns, copy_name(x), c->hash_function, hashes(c, x, columns), hashes(c, y, columns),
							  c->hash_function, SAMPLE_ROWS), 1)[0];
}

static void
write_sample(MlopsJson *json, const char *key, const char *rows)
{
	mlops_json_key(json, key);
	mlops_json_value(json, DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(rows))));
}

/* equal: known to have the same rows. */
static void
compare_rows(const Comparison *c, bool equal)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	Jsonb	   *names;
	char	   *columns = shared_columns(c, &names);
	char	   *none[] = {"0", "0"};
	char	  **only = none;

	if (columns == NULL)
		return;
	if (!equal)
		only = query_row(psprintf("SELECT coalesce(sum(greatest(coalesce(a.n, 0) - coalesce(b.n, 0), 0)), 0),"
								  " coalesce(sum(greatest(coalesce(b.n, 0) - coalesce(a.n, 0), 0)), 0)"
								  " FROM (%s) AS a FULL JOIN (%s) AS b ON a.h = b.h",
								  hashes(c, c->a, columns), hashes(c, c->b, columns)), 2);
	mlops_json_begin(&json);
	mlops_json_key(&json, "columns");
	mlops_json_value(&json, names);
	if (strcmp(only[0], "0") != 0)
		write_sample(&json, "only_in_a", sample(c, c->a, c->b, columns));
	if (strcmp(only[1], "0") != 0)
		write_sample(&json, "only_in_b", sample(c, c->b, c->a, columns));
	mlops_json_end(&json);
	tell(c, "rows_only_here", NULL, only[0], only[1], strcmp(only[0], "0") != 0 || strcmp(only[1], "0") != 0,
		 mlops_json_finish(&json));
}

static void
compare_copies(const Comparison *c)
{
	char	   *a;
	char	   *b;
	MlopsIdentity path;

	if (c->a->table_name == NULL && c->b->table_name == NULL)
		return;
	mlops_identity_begin_path(&path);
	a = copy_state(c, c->a);
	b = copy_state(c, c->b);
	tell(c, "copy", NULL, a, b, same(a, "changed") || same(a, "missing") || same(b, "changed") || same(b, "missing"),
		 NULL);
	if (a != NULL && b != NULL && !same(a, "missing") && !same(b, "missing"))
		compare_rows(c, same(a, b) && same(a, "unchanged") && same(c->a->content_hash, c->b->content_hash));
	mlops_identity_end(&path);
}

void
mlops_snapshot_compare(const MlopsSnapshot *a, const MlopsSnapshot *b, const char *hash_function,
					   const char *content_function, MlopsDifferenceFunction function, void *arg)
{
	Comparison	c = {a, b, hash_function, content_function, function, arg};

	tell(&c, "rows", NULL, psprintf(INT64_FORMAT, a->rows), psprintf(INT64_FORMAT, b->rows), a->rows != b->rows, NULL);
	tell(&c, "content_hash", NULL, a->content_hash, b->content_hash, strcmp(a->content_hash, b->content_hash) != 0,
		 NULL);
	compare_copies(&c);
	compare_columns(&c);
}
