/*
 * refs.c: from 'churn', 'churn@staging', 'churn@7' to a version, as the
 * active snapshot sees it.
 *
 * Reads the registry by index scans of its own: no SPI, no plan, no privilege
 * on the tables needed.  Nothing is remembered between calls; who wants to
 * resolve less often compares snapshot marks.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "pg/identity.h"
#include "pg/refs.h"
#include "pg/status.h"
#include "pg/tables.h"

#define STAGE_PRODUCTION "production"

/* Stages that can be written after the @ of a reference. */
static const char *const stage_words[] = {STAGE_PRODUCTION, "staging", "archived"};

/* An open scan of one registry table. */
typedef struct RegistryScan
{
	Relation	table;
	Relation	index;			/* ordered scans only */
	SysScanDesc scan;
	int			nkeys;
	ScanKeyData key[2];
} RegistryScan;

Oid
mlops_registry_oid(const char *name)
{
	Oid			schema = get_namespace_oid(MLOPS_SCHEMA, true);
	Oid			result = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;

	if (!OidIsValid(result))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation \"%s.%s\" does not exist", MLOPS_SCHEMA, name),
				 errhint("Extension \"mlops\" is missing from this database or damaged.")));
	return result;
}

Oid
mlops_registry_owner(void)
{
	Relation	table = table_open(mlops_registry_oid("models"), AccessShareLock);
	Oid			owner = table->rd_rel->relowner;

	table_close(table, AccessShareLock);
	return owner;
}

static Snapshot
registry_snapshot(void)
{
	if (!ActiveSnapshotSet())
		elog(ERROR, "a model reference needs an active snapshot");
	return GetActiveSnapshot();
}

static void
scan_open(RegistryScan *scan, const char *table)
{
	scan->table = table_open(mlops_registry_oid(table), AccessShareLock);
	scan->index = NULL;
	scan->nkeys = 0;
}

static void
scan_key(RegistryScan *scan, AttrNumber attno, RegProcedure equal, Datum value)
{
	/* an index column has the collation of its table column here */
	ScanKeyEntryInitialize(&scan->key[scan->nkeys++], 0, attno, BTEqualStrategyNumber, InvalidOid,
						   TupleDescAttr(RelationGetDescr(scan->table), attno - 1)->attcollation,
						   equal, value);
}

/* Starts a scan in any order; index NULL reads the whole table. */
static void
scan_start(RegistryScan *scan, const char *index)
{
	scan->scan = systable_beginscan(scan->table, index ? mlops_registry_oid(index) : InvalidOid,
									index != NULL, registry_snapshot(), scan->nkeys, scan->key);
}

/* The row with the greatest value of the index column after the keys, or NULL. */
static HeapTuple
scan_last(RegistryScan *scan, const char *index)
{
	scan->index = index_open(mlops_registry_oid(index), AccessShareLock);
	scan->scan = systable_beginscan_ordered(scan->table, scan->index, registry_snapshot(),
											scan->nkeys, scan->key);
	return systable_getnext_ordered(scan->scan, BackwardScanDirection);
}

static void
scan_end(RegistryScan *scan)
{
	if (scan->index)
	{
		systable_endscan_ordered(scan->scan);
		index_close(scan->index, AccessShareLock);
	}
	else
		systable_endscan(scan->scan);
	table_close(scan->table, AccessShareLock);
}

/* An attribute that is never NULL. */
static Datum
scan_value(RegistryScan *scan, HeapTuple tuple, AttrNumber attno)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, attno, RelationGetDescr(scan->table), &isnull);

	if (isnull)
		elog(ERROR, "unexpected null in column %d of \"%s\"", attno, RelationGetRelationName(scan->table));
	return value;
}

static void
scan_name(RegistryScan *scan, HeapTuple tuple, AttrNumber attno, char *name)
{
	text_to_cstring_buffer(DatumGetTextPP(scan_value(scan, tuple, attno)), name, NAMEDATALEN);
}

bool
mlops_registry_value(const char *table, const char *index, int64 key, AttrNumber attno,
					 Datum *value, bool *isnull)
{
	RegistryScan scan;
	HeapTuple	tuple;

	*value = (Datum) 0;
	*isnull = true;
	scan_open(&scan, table);
	/* every table read this way has its bigint key first */
	scan_key(&scan, 1, F_INT8EQ, Int64GetDatum(key));
	scan_start(&scan, index);
	tuple = systable_getnext(scan.scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(scan.table), attno - 1);

		*value = heap_getattr(tuple, attno, RelationGetDescr(scan.table), isnull);
		if (!*isnull)
			*value = datumCopy(*value, attribute->attbyval, attribute->attlen);
	}
	scan_end(&scan);
	return HeapTupleIsValid(tuple);
}

/* ---------- names and references ---------- */

static bool
is_identifier(const char *name)
{
	const char *p;

	if (!((*name >= 'A' && *name <= 'Z') || (*name >= 'a' && *name <= 'z') || *name == '_'))
		return false;
	for (p = name + 1; *p; p++)
	{
		if (!((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
			  *p == '_' || *p == '.' || *p == '-'))
			return false;
	}
	return true;
}

static bool
is_number(const char *word)
{
	return *word != '\0' && strspn(word, "0123456789") == strlen(word);
}

void
mlops_check_name(const char *name, const char *what)
{
	if (!is_identifier(name) || strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid %s name \"%s\"", what, name),
				 errdetail("A %s's name starts with a letter or an underscore, goes on with letters, digits, "
						   "\"_\", \".\" and \"-\", and is at most %d bytes long.",
						   what, NAMEDATALEN - 1)));
}

void
mlops_check_model_name(const char *name)
{
	mlops_check_name(name, "model");
}

static void
check_suffix(const char *reference, const char *suffix)
{
	if (strlen(suffix) >= NAMEDATALEN || !(is_identifier(suffix) || is_number(suffix)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid model reference \"%s\"", reference),
				 errhint("Write \"model\", \"model@stage\", \"model@alias\" or \"model@7\".")));
	if (strcmp(suffix, "none") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid model reference \"%s\"", reference),
				 errdetail("Versions at stage \"none\" have no reference in common."),
				 errhint("Name the version by its number, as in \"model@7\".")));
}

void
mlops_ref_parse(const char *reference, char *model, char *suffix)
{
	const char *at = strchr(reference, '@');

	suffix[0] = '\0';
	if (at == NULL)
	{
		mlops_check_model_name(reference);
		strlcpy(model, reference, NAMEDATALEN);
		return;
	}
	mlops_check_model_name(pnstrdup(reference, at - reference));
	check_suffix(reference, at + 1);
	strlcpy(model, reference, at - reference + 1);
	strlcpy(suffix, at + 1, NAMEDATALEN);
}

/* ---------- privileges ---------- */

static bool
granted(int64 model_id, MlopsPrivilege privilege)
{
	RegistryScan scan;
	HeapTuple	tuple;
	bool		result = false;

	scan_open(&scan, "model_grants");
	scan_key(&scan, Anum_model_grants_model_id, F_INT8EQ, Int64GetDatum(model_id));
	scan_start(&scan, "model_grants_pkey");
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan.scan)))
	{
		char		grantee[NAMEDATALEN];
		char		word[NAMEDATALEN];
		Oid			role;

		scan_name(&scan, tuple, Anum_model_grants_privilege, word);
		if (privilege == MLOPS_MANAGE && strcmp(word, "manage") != 0)
			continue;
		scan_name(&scan, tuple, Anum_model_grants_grantee, grantee);
		if (strcmp(grantee, "public") == 0)
			result = true;
		else
		{
			role = mlops_role_oid(grantee);
			result = OidIsValid(role) && has_privs_of_role(GetUserId(), role);
		}
	}
	scan_end(&scan);
	return result;
}

bool
mlops_has_privilege(int64 model_id, const char *owner, MlopsPrivilege privilege)
{
	Oid			role;

	if (superuser())
		return true;
	role = mlops_role_oid(owner);
	if (OidIsValid(role) && has_privs_of_role(GetUserId(), role))
		return true;
	return privilege != MLOPS_OWNER && granted(model_id, privilege);
}

void
mlops_check_privilege(int64 model_id, const char *model, const char *owner, MlopsPrivilege privilege)
{
	if (mlops_has_privilege(model_id, owner, privilege))
		return;
	if (privilege == MLOPS_OWNER)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of model \"%s\"", model)));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for model \"%s\"", model),
			 errhint("The owner can run SELECT mlops_grant('%s', '%s', '%s').",
					 model, GetUserNameFromId(GetUserId(), false),
					 privilege == MLOPS_MANAGE ? "manage" : "predict")));
}

/* ---------- models ---------- */

/* Raises 42704; offers the nearest name among the models the user may see. */
static void __attribute__((noreturn))
unknown_model(const char *name)
{
	RegistryScan scan;
	HeapTuple	tuple;
	int			room = 64;
	int			n = 0;
	char	  **names = palloc(sizeof(char *) * room);
	const char *nearest;

	scan_open(&scan, "models");
	scan_start(&scan, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan.scan)))
	{
		char		other[NAMEDATALEN];
		char		owner[NAMEDATALEN];

		CHECK_FOR_INTERRUPTS();
		scan_name(&scan, tuple, Anum_models_name, other);
		scan_name(&scan, tuple, Anum_models_owner, owner);
		if (!mlops_has_privilege(DatumGetInt64(scan_value(&scan, tuple, Anum_models_model_id)),
								 owner, MLOPS_PREDICT))
			continue;
		if (n == room)
			names = repalloc(names, sizeof(char *) * (room *= 2));
		names[n++] = pstrdup(other);
	}
	scan_end(&scan);
	nearest = mlops_nearest(name, (const char *const *) names, n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" does not exist", name),
			 strchr(name, '@') != NULL ? errhint("Write the name of the model alone, without \"@\" and a version.") :
			 nearest ? errhint("Did you mean \"%s\"?", nearest) : 0));
}

void
mlops_ref_resolve_latest(const char *reference, MlopsRef *ref)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	mlops_ref_resolve(reference, MLOPS_PREDICT, ref);
	PopActiveSnapshot();
}

int64
mlops_model_lookup(const char *name, char *owner)
{
	RegistryScan scan;
	HeapTuple	tuple;
	int64		result = 0;

	scan_open(&scan, "models");
	scan_key(&scan, Anum_models_name, F_TEXTEQ, CStringGetTextDatum(name));
	scan_start(&scan, "models_name_key");
	tuple = systable_getnext(scan.scan);
	if (HeapTupleIsValid(tuple))
	{
		result = DatumGetInt64(scan_value(&scan, tuple, Anum_models_model_id));
		if (owner)
			scan_name(&scan, tuple, Anum_models_owner, owner);
	}
	scan_end(&scan);
	if (!HeapTupleIsValid(tuple))
		unknown_model(name);
	return result;
}

bool
mlops_model_owner(int64 model_id, char *owner)
{
	Datum		value;
	bool		isnull;

	if (!mlops_registry_value("models", "models_pkey", model_id, Anum_models_owner, &value, &isnull))
		return false;
	text_to_cstring_buffer(DatumGetTextPP(value), owner, NAMEDATALEN);
	return true;
}

/* ---------- versions ---------- */

static void
read_version(RegistryScan *scan, HeapTuple tuple, MlopsRef *ref)
{
	TupleDesc	desc = RelationGetDescr(scan->table);
	Datum		value;
	bool		isnull;

	ref->registry = RelationGetRelid(scan->table);
	ref->version_id = DatumGetInt64(scan_value(scan, tuple, Anum_versions_version_id));
	ref->version = DatumGetInt32(scan_value(scan, tuple, Anum_versions_version));
	ref->created_at = DatumGetTimestampTz(scan_value(scan, tuple, Anum_versions_created_at));
	value = heap_getattr(tuple, Anum_versions_threshold, desc, &isnull);
	ref->threshold = isnull ? get_float8_nan() : DatumGetFloat8(value);
	value = heap_getattr(tuple, Anum_versions_risk_bands, desc, &isnull);
	ref->risk_bands = isnull ? (Datum) 0 : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

static bool
find_production(MlopsRef *ref)
{
	RegistryScan scan;
	HeapTuple	tuple;

	scan_open(&scan, "versions");
	scan_key(&scan, Anum_versions_model_id, F_INT8EQ, Int64GetDatum(ref->model_id));
	scan_start(&scan, "versions_production_key");
	/* the index holds production rows only, but the scan may have to do without it */
	while (HeapTupleIsValid(tuple = systable_getnext(scan.scan)))
	{
		char		stage[NAMEDATALEN];

		scan_name(&scan, tuple, Anum_versions_stage, stage);
		if (strcmp(stage, STAGE_PRODUCTION) == 0)
		{
			read_version(&scan, tuple, ref);
			break;
		}
	}
	scan_end(&scan);
	return HeapTupleIsValid(tuple);
}

/* The newest version at a stage; stage NULL = at any. */
static bool
find_newest(MlopsRef *ref, const char *stage)
{
	RegistryScan scan;
	HeapTuple	tuple;

	scan_open(&scan, "versions");
	scan_key(&scan, Anum_versions_model_id, F_INT8EQ, Int64GetDatum(ref->model_id));
	if (stage)
		scan_key(&scan, Anum_versions_stage, F_TEXTEQ, CStringGetTextDatum(stage));
	tuple = scan_last(&scan, stage ? "versions_stage_idx" : "versions_model_id_version_key");
	if (HeapTupleIsValid(tuple))
		read_version(&scan, tuple, ref);
	scan_end(&scan);
	return HeapTupleIsValid(tuple);
}

static bool
find_number(MlopsRef *ref, int32 version)
{
	RegistryScan scan;
	HeapTuple	tuple;

	scan_open(&scan, "versions");
	scan_key(&scan, Anum_versions_model_id, F_INT8EQ, Int64GetDatum(ref->model_id));
	scan_key(&scan, Anum_versions_version, F_INT4EQ, Int32GetDatum(version));
	scan_start(&scan, "versions_model_id_version_key");
	tuple = systable_getnext(scan.scan);
	if (HeapTupleIsValid(tuple))
		read_version(&scan, tuple, ref);
	scan_end(&scan);
	return HeapTupleIsValid(tuple);
}

static bool
find_alias(MlopsRef *ref, const char *alias)
{
	RegistryScan scan;
	HeapTuple	tuple;
	int64		version_id = 0;

	scan_open(&scan, "version_aliases");
	scan_key(&scan, Anum_version_aliases_model_id, F_INT8EQ, Int64GetDatum(ref->model_id));
	scan_key(&scan, Anum_version_aliases_alias, F_TEXTEQ, CStringGetTextDatum(alias));
	scan_start(&scan, "version_aliases_pkey");
	tuple = systable_getnext(scan.scan);
	if (HeapTupleIsValid(tuple))
		version_id = DatumGetInt64(scan_value(&scan, tuple, Anum_version_aliases_version_id));
	scan_end(&scan);
	if (!HeapTupleIsValid(tuple))
		return false;

	scan_open(&scan, "versions");
	scan_key(&scan, Anum_versions_version_id, F_INT8EQ, Int64GetDatum(version_id));
	scan_start(&scan, "versions_pkey");
	tuple = systable_getnext(scan.scan);
	if (HeapTupleIsValid(tuple))
		read_version(&scan, tuple, ref);
	scan_end(&scan);
	return HeapTupleIsValid(tuple);
}

static void __attribute__((noreturn))
no_version_at_stage(MlopsRef *ref, const char *stage)
{
	MlopsRef	newest = *ref;
	bool		any = find_newest(&newest, NULL);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no %s version", ref->model, stage),
			 !any ? errhint("Train one with SELECT * FROM mlops_train('%s').", ref->model) :
			 strcmp(stage, STAGE_PRODUCTION) == 0 ?
			 errhint("Promote one with SELECT * FROM mlops_promote('%s', %d), or name a version as in \"%s@%d\".",
					 ref->model, newest.version, ref->model, newest.version) :
			 errhint("Put one there with SELECT * FROM mlops_promote('%s', %d, stage => '%s').",
					 ref->model, newest.version, stage)));
}

static void __attribute__((noreturn))
unknown_number(MlopsRef *ref, const char *number)
{
	MlopsRef	newest = *ref;
	bool		any = find_newest(&newest, NULL);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("version %s of model \"%s\" does not exist", number, ref->model),
			 any ? errhint("The newest version is %d.", newest.version) :
			 errhint("Train one with SELECT * FROM mlops_train('%s').", ref->model)));
}

static void __attribute__((noreturn))
unknown_alias(MlopsRef *ref, const char *alias)
{
	RegistryScan scan;
	HeapTuple	tuple;
	int			room = 64;
	int			n = lengthof(stage_words);
	const char **names = palloc(sizeof(char *) * room);
	const char *nearest;

	memcpy(names, stage_words, sizeof(stage_words));
	scan_open(&scan, "version_aliases");
	scan_key(&scan, Anum_version_aliases_model_id, F_INT8EQ, Int64GetDatum(ref->model_id));
	scan_start(&scan, "version_aliases_pkey");
	while (HeapTupleIsValid(tuple = systable_getnext(scan.scan)))
	{
		if (n == room)
			names = repalloc(names, sizeof(char *) * (room *= 2));
		names[n++] = TextDatumGetCString(scan_value(&scan, tuple, Anum_version_aliases_alias));
	}
	scan_end(&scan);
	nearest = mlops_nearest(alias, names, n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("alias \"%s\" of model \"%s\" does not exist", alias, ref->model),
			 nearest ? errhint("Did you mean \"%s@%s\"?", ref->model, nearest) : 0));
}

static void
find_version(MlopsRef *ref, const char *suffix)
{
	if (suffix[0] == '\0' || strcmp(suffix, STAGE_PRODUCTION) == 0)
	{
		if (!find_production(ref))
			no_version_at_stage(ref, STAGE_PRODUCTION);
		return;
	}
	for (int i = 0; i < (int) lengthof(stage_words); i++)
	{
		if (strcmp(suffix, stage_words[i]) == 0)
		{
			if (!find_newest(ref, suffix))
				no_version_at_stage(ref, suffix);
			return;
		}
	}
	if (is_number(suffix))
	{
		/* ten digits hold every int4 and fit a double exactly */
		double		number = strtod(suffix, NULL);

		if (number > PG_INT32_MAX || !find_number(ref, (int32) number))
			unknown_number(ref, suffix);
		return;
	}
	if (!find_alias(ref, suffix))
		unknown_alias(ref, suffix);
}

void
mlops_ref_resolve(const char *reference, MlopsPrivilege privilege, MlopsRef *ref)
{
	char		suffix[NAMEDATALEN];

	memset(ref, 0, sizeof(MlopsRef));
	mlops_ref_parse(reference, ref->model, suffix);
	ref->model_id = mlops_model_lookup(ref->model, ref->owner);
	mlops_check_privilege(ref->model_id, ref->model, ref->owner, privilege);
	find_version(ref, suffix);
}

/* ---------- staleness ---------- */

/*
 * Two snapshots with the same bounds, command and count of completed
 * transactions see the same rows, with one exception: a snapshot kept for the
 * whole transaction (REPEATABLE READ) loses what a subtransaction wrote when
 * that rolls back.  Hence the subtransaction.
 */
void
mlops_snapshot_mark(MlopsSnapshotMark *mark)
{
	Snapshot	snapshot = registry_snapshot();

	mark->xmin = snapshot->xmin;
	mark->xmax = snapshot->xmax;
	mark->curcid = snapshot->curcid;
	mark->completion = snapshot->snapXactCompletionCount;
	mark->subtransaction = GetCurrentSubTransactionId();
	mark->user = GetUserId();
}

bool
mlops_snapshot_same(const MlopsSnapshotMark *mark)
{
	Snapshot	snapshot = registry_snapshot();

	return mark->xmin == snapshot->xmin &&
		mark->xmax == snapshot->xmax &&
		mark->curcid == snapshot->curcid &&
		mark->completion == snapshot->snapXactCompletionCount &&
		mark->subtransaction == GetCurrentSubTransactionId() &&
		mark->user == GetUserId();
}
