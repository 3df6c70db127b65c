/*
 * snapshot.c: what a source held at one moment.
 *
 * The source is read once, as the caller, by the same code as any other
 * source; each row is hashed, added to the figures and, when asked for,
 * written into a table that the caller makes and owns.  All of it in the
 * caller's transaction and under one database snapshot.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "pg/identity.h"
#include "pg/new_table.h"
#include "pg/options.h"
#include "pg/refs.h"
#include "pg/registry.h"
#include "pg/snapshot.h"
#include "pg/source.h"

/* ---- reading the rows ---- */

typedef struct SnapshotReader
{
	MlopsContentHash *hash;
	MlopsColumnFigures *figures;
	MlWideHash	content;
	MemoryContext scratch;		/* of one row */
	Relation	copy;			/* NULL = none is made */
	CommandId	command;
	BulkInsertState bulk;
} SnapshotReader;

static void
take_row(TupleTableSlot *slot, void *arg)
{
	SnapshotReader *reader = arg;
	MemoryContext caller = MemoryContextSwitchTo(reader->scratch);

	ml_wide_hash_add(&reader->content,
					 mlops_content_row(reader->hash, slot->tts_values, slot->tts_isnull,
									   mlops_column_figures_hashes(reader->figures)));
	mlops_column_figures_add(reader->figures, slot->tts_values, slot->tts_isnull);
	if (reader->copy != NULL)
		table_tuple_insert(reader->copy, slot, reader->command, TABLE_INSERT_SKIP_FSM, reader->bulk);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(reader->scratch);
}

static uint64
read_rows(SnapshotReader *reader, const MlopsSource *source)
{
	uint64		rows;

	reader->hash = mlops_content_hash_create(source->desc);
	reader->figures = mlops_column_figures_create(reader->hash);
	reader->scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops snapshot row", ALLOCSET_DEFAULT_SIZES);
	if (reader->copy != NULL)
	{
		/* before a parallel plan begins: no transaction can get its number in one */
		reader->command = GetCurrentCommandId(true);
		reader->bulk = GetBulkInsertState();
	}
	rows = mlops_source_run(source, NIL, take_row, reader);
	if (reader->copy != NULL)
	{
		FreeBulkInsertState(reader->bulk);
		table_finish_bulk_insert(reader->copy, TABLE_INSERT_SKIP_FSM);
		table_close(reader->copy, NoLock);
	}
	MemoryContextDelete(reader->scratch);
	return rows;
}

/* ---- the copy ---- */

/* The columns of a source as CREATE TABLE takes them. */
static char *
column_list(TupleDesc desc)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		appendStringInfo(&list, "%s%s %s", i > 0 ? ", " : "", quote_identifier(NameStr(att->attname)),
						 format_type_extended(att->atttypid, att->atttypmod,
											  FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
		if (OidIsValid(att->attcollation) && att->attcollation != get_typcollation(att->atttypid))
			appendStringInfo(&list, " COLLATE %s", generate_collation_name(att->attcollation));
	}
	return list.data;
}

static Relation
make_copy(MlopsSnapshot *snapshot, const MlopsSource *source)
{
	if (strchr(snapshot->name, '.') != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the name of a materialized snapshot must not contain a dot"),
				 errhint("The copy has this name and is made in the first schema of search_path.")));
	mlops_new_table_name(quote_identifier(snapshot->name), &snapshot->table_schema, &snapshot->table_name);
	if (isTempNamespace(get_namespace_oid(snapshot->table_schema, false)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a snapshot cannot be materialized as a temporary table"),
				 errhint("Put another schema first in search_path.")));
	return mlops_new_table_create(snapshot->table_schema, snapshot->table_name, column_list(source->desc),
								  source->desc->natts);
}

/* A key identifies rows of the copy, too; rows of an inheriting table need not keep to it. */
static void
finish_copy(const MlopsSnapshot *snapshot, const MlopsSource *source)
{
	List	   *key = mlops_source_primary_key(source);

	if (key != NIL && !(get_rel_relkind(source->relation) == RELKIND_RELATION && has_subclass(source->relation)))
		mlops_new_table_primary_key(snapshot->table_schema, snapshot->table_name, key);
	mlops_new_table_comment(snapshot->table_schema, snapshot->table_name, mlops_snapshot_comment(snapshot));
}

char *
mlops_snapshot_comment(const MlopsSnapshot *snapshot)
{
	return psprintf("Copy of snapshot \"%s\", content hash %s", snapshot->name, snapshot->content_hash);
}

/*
 * A table of that name that belongs to the snapshot's owner, or to a
 * superuser (after a restore): whatever else has the name may run code of
 * its owner's when it is read.
 */
Oid
mlops_snapshot_relation(const MlopsSnapshot *snapshot)
{
	Oid			schema = snapshot->table_schema == NULL ? InvalidOid : get_namespace_oid(snapshot->table_schema, true);
	Oid			relation = OidIsValid(schema) ? get_relname_relid(snapshot->table_name, schema) : InvalidOid;
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;
	bool		is_table;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	is_table = ((Form_pg_class) GETSTRUCT(tuple))->relkind == RELKIND_RELATION;
	ReleaseSysCache(tuple);
	if (!is_table || !(superuser_arg(owner) || owner == mlops_role_oid(snapshot->owner)))
		return InvalidOid;
	return relation;
}

/* ---- the registry ---- */

static void
refuse_existing(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("snapshot \"%s\" already exists", name),
			 errhint("Choose another name: a snapshot never changes.")));
}

static void
check_name_free(const char *name)
{
	if (mlops_registry_query("SELECT FROM mlops.snapshots WHERE name = $1", "t", name)->n > 0)
		refuse_existing(name);
}

static void
audit(const char *action, const MlopsSnapshot *snapshot)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "snapshot_id");
	mlops_json_integer(&json, snapshot->snapshot_id);
	mlops_json_key(&json, "name");
	mlops_json_text(&json, snapshot->name);
	mlops_json_key(&json, "content_hash");
	mlops_json_text(&json, snapshot->content_hash);
	mlops_json_end(&json);
	(void) mlops_registry_query("INSERT INTO mlops.audit_log (actor, action, after) VALUES ($1, $2, $3)", "ttj",
								GetUserNameFromId(GetUserId(), false), action, mlops_json_finish(&json));
}

static void
store(MlopsSnapshot *snapshot, const MlopsSource *source)
{
	MlopsResult *r;

	r = mlops_registry_query("INSERT INTO mlops.snapshots (name, owner, source, source_query, row_count, content_hash,"
							 " columns, table_schema, table_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
							 " ON CONFLICT (name) DO NOTHING RETURNING snapshot_id",
							 "ttttbtjtt", snapshot->name, snapshot->owner, source->text, source->query,
							 snapshot->rows, snapshot->content_hash, snapshot->columns, snapshot->table_schema,
							 snapshot->table_name);
	/* another session made it while this one read the source */
	if (r->n == 0)
		refuse_existing(snapshot->name);
	snapshot->snapshot_id = mlops_result_int64(r, 0, 1);
	audit("create_snapshot", snapshot);
}

MlopsSnapshot *
mlops_snapshot_create(const char *name, const char *source_text, bool materialize, Oid *relation)
{
	MlopsSnapshot *snapshot = palloc0(sizeof(MlopsSnapshot));
	SnapshotReader reader = {0};
	MlopsSource *source;

	PreventCommandIfReadOnly("mlops_create_snapshot()");
	mlops_check_name(name, "snapshot");
	check_name_free(name);
	source = mlops_source_analyze(source_text);
	snapshot->name = pstrdup(name);
	snapshot->owner = GetUserNameFromId(GetUserId(), false);
	if (materialize)
		reader.copy = make_copy(snapshot, source);
	snapshot->rows = (int64) read_rows(&reader, source);
	snapshot->content_hash = mlops_content_text(reader.content);
	snapshot->columns = mlops_column_figures_write(reader.figures, source->desc);
	if (materialize)
		finish_copy(snapshot, source);
	*relation = mlops_snapshot_relation(snapshot);
	store(snapshot, source);
	return snapshot;
}

MlopsSnapshot *
mlops_snapshot_get(int64 snapshot_id)
{
	MlopsSnapshot *snapshot;
	MlopsResult *r;
	Oid			owner;

	r = mlops_registry_read("SELECT snapshot_id, name, owner, row_count, content_hash, columns, table_schema,"
							" table_name FROM mlops.snapshots WHERE snapshot_id = $1", "b", snapshot_id);
	if (r->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("snapshot " INT64_FORMAT " does not exist", snapshot_id),
				 errhint("See the table mlops.snapshots.")));
	snapshot = palloc0(sizeof(MlopsSnapshot));
	snapshot->snapshot_id = mlops_result_int64(r, 0, 1);
	snapshot->name = mlops_result_text(r, 0, 2);
	snapshot->owner = mlops_result_text(r, 0, 3);
	snapshot->rows = mlops_result_int64(r, 0, 4);
	snapshot->content_hash = mlops_result_text(r, 0, 5);
	snapshot->columns = mlops_result_jsonb(r, 0, 6);
	snapshot->table_schema = mlops_result_text(r, 0, 7);
	snapshot->table_name = mlops_result_text(r, 0, 8);
	owner = mlops_role_oid(snapshot->owner);
	if (!superuser() && !(OidIsValid(owner) && has_privs_of_role(GetUserId(), owner)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for snapshot " INT64_FORMAT, snapshot_id),
				 errdetail("It belongs to another role.")));
	return snapshot;
}

/* ---- dropping ---- */

static void
drop_copy(const MlopsSnapshot *snapshot)
{
	Oid			relation = mlops_snapshot_relation(snapshot);
	char	   *comment = OidIsValid(relation) ? GetComment(relation, RelationRelationId, 0) : NULL;
	int			code;

	if (!OidIsValid(relation))
		return;
	if (comment == NULL || strcmp(comment, mlops_snapshot_comment(snapshot)) != 0)
	{
		ereport(NOTICE,
				(errmsg("table \"%s\" is kept", snapshot->table_name),
				 errdetail("Its comment does not say that it is the copy of snapshot \"%s\".", snapshot->name)));
		return;
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	code = SPI_execute(psprintf("DROP TABLE %s", quote_qualified_identifier(snapshot->table_schema,
																			 snapshot->table_name)), false, 0);
	if (code != SPI_OK_UTILITY)
		elog(ERROR, "statement failed: %s", SPI_result_code_string(code));
	SPI_finish();
}

void
mlops_snapshot_drop(const MlopsSnapshot *snapshot)
{
	PreventCommandIfReadOnly("mlops_drop_snapshot()");
	drop_copy(snapshot);
	(void) mlops_registry_query("DELETE FROM mlops.snapshots WHERE snapshot_id = $1", "b", snapshot->snapshot_id);
	audit("drop_snapshot", snapshot);
}
