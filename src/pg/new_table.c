/*
 * new_table.c: tables that functions make for their callers.
 *
 * By CREATE TABLE and not by calls into the server, so that rights are
 * checked, event triggers fire and hooks see it as for any other statement of
 * the caller.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "pg/new_table.h"
#include "pg/pg_compat.h"

void
mlops_new_table_name(const char *typed, char **schema, char **name)
{
	RangeVar   *range = makeRangeVarFromNameList(mlops_compat_qualified_name(typed));
	Oid			namespace = RangeVarGetCreationNamespace(range);

	*schema = get_namespace_name(namespace);
	*name = pstrdup(range->relname);
	if (*schema == NULL)
		elog(ERROR, "cache lookup failed for schema %u", namespace);
	if (OidIsValid(get_relname_relid(*name, namespace)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" already exists", *name),
				 errhint("Choose another name, or drop the relation first.")));
}

static void
run(const char *statement)
{
	int			code;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	code = SPI_execute(statement, false, 0);
	if (code != SPI_OK_UTILITY)
		elog(ERROR, "statement failed: %s", SPI_result_code_string(code));
	SPI_finish();
}

Relation
mlops_new_table_create(const char *schema, const char *name, const char *columns, int n)
{
	Relation	relation = NULL;
	Oid			table;

	run(psprintf("CREATE TABLE %s (%s)", quote_qualified_identifier(schema, name), columns));
	/* an event trigger may have done something to it */
	table = get_relname_relid(name, get_namespace_oid(schema, false));
	if (OidIsValid(table))
		relation = table_open(table, RowExclusiveLock);
	if (relation == NULL || relation->rd_rel->relkind != RELKIND_RELATION || RelationGetDescr(relation)->natts != n)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" was changed while it was made", name)));
	return relation;
}

void
mlops_new_table_primary_key(const char *schema, const char *name, List *columns)
{
	StringInfoData list;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, columns)
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", quote_identifier(lfirst(lc)));
	run(psprintf("ALTER TABLE %s ADD PRIMARY KEY (%s)", quote_qualified_identifier(schema, name), list.data));
}

void
mlops_new_table_comment(const char *schema, const char *name, const char *comment)
{
	run(psprintf("COMMENT ON TABLE %s IS %s", quote_qualified_identifier(schema, name), quote_literal_cstr(comment)));
}
