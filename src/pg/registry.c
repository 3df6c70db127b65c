/*
 * registry.c: reading and writing the mlops.* tables through SPI.
 *
 * Statements run as the registry's owner, as referential integrity does:
 * users hold no rights on the tables.  Invariant: the identity is given back
 * before a result is returned, and results live in the caller's context.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "pg/identity.h"
#include "pg/refs.h"
#include "pg/registry.h"

#define MAX_ARGUMENTS 40

static Datum
text_argument(const char *value, char *null)
{
	*null = value == NULL ? 'n' : ' ';
	return value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
}

/* One argument of the kind `type` into slot i. */
static void
take_argument(char type, va_list *args, Oid *oid, Datum *value, char *null)
{
	*null = ' ';
	switch (type)
	{
		case 't':
			*oid = TEXTOID;
			*value = text_argument(va_arg(*args, const char *), null);
			break;
		case 'b':
		case 'N':
			*oid = INT8OID;
			*value = Int64GetDatum(va_arg(*args, int64));
			if (type == 'N' && DatumGetInt64(*value) == 0)
				*null = 'n';
			break;
		case 'i':
			*oid = INT4OID;
			*value = Int32GetDatum(va_arg(*args, int32));
			break;
		case 'f':
			{
				double		number = va_arg(*args, double);

				*oid = FLOAT8OID;
				*value = Float8GetDatum(number);
				if (!isfinite(number))
					*null = 'n';
				break;
			}
		case 'z':
			*oid = TIMESTAMPTZOID;
			*value = TimestampTzGetDatum(va_arg(*args, TimestampTz));
			break;
		case 'B':
			*oid = BOOLOID;
			*value = BoolGetDatum(va_arg(*args, int));
			break;
		case 'j':
			{
				Jsonb	   *jsonb = va_arg(*args, Jsonb *);

				*oid = JSONBOID;
				*value = JsonbPGetDatum(jsonb);
				if (jsonb == NULL)
					*null = 'n';
				break;
			}
		case 'y':
		case 'A':
		case 'L':
		case 'F':
			*oid = type == 'y' ? BYTEAOID : type == 'A' ? TEXTARRAYOID : type == 'L' ? INT8ARRAYOID : FLOAT8ARRAYOID;
			*value = va_arg(*args, Datum);
			if (*value == (Datum) 0)
				*null = 'n';
			break;
		default:
			elog(ERROR, "unknown argument type '%c'", type);
	}
}

static MlopsResult *
execute(const char *sql, const char *types, va_list *args, bool read_only)
{
	MlopsIdentity identity;
	MlopsResult *result = palloc0(sizeof(MlopsResult));
	MemoryContext caller = CurrentMemoryContext;
	Oid			oids[MAX_ARGUMENTS];
	Datum		values[MAX_ARGUMENTS];
	char		nulls[MAX_ARGUMENTS];
	int			n = strlen(types);
	int			code;

	if (n > MAX_ARGUMENTS)
		elog(ERROR, "too many arguments for a registry statement");
	for (int i = 0; i < n; i++)
		take_argument(types[i], args, &oids[i], &values[i], &nulls[i]);

	mlops_identity_begin_registry(&identity);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	code = SPI_execute_with_args(sql, n, oids, values, nulls, read_only, 0);
	if (code < 0)
		elog(ERROR, "registry statement failed: %s", SPI_result_code_string(code));
	if (SPI_tuptable != NULL)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		result->n = SPI_tuptable->numvals;
		result->desc = CreateTupleDescCopy(SPI_tuptable->tupdesc);
		result->tuple = palloc(sizeof(HeapTuple) * Max(result->n, 1));
		for (uint64 i = 0; i < result->n; i++)
			result->tuple[i] = heap_copytuple(SPI_tuptable->vals[i]);
		MemoryContextSwitchTo(spi);
	}
	else
		result->n = SPI_processed;
	SPI_finish();
	mlops_identity_end(&identity);
	return result;
}

MlopsResult *
mlops_registry_query(const char *sql, const char *types,...)
{
	MlopsResult *result;
	va_list		args;

	va_start(args, types);
	result = execute(sql, types, &args, false);
	va_end(args);
	return result;
}

MlopsResult *
mlops_registry_read(const char *sql, const char *types,...)
{
	MlopsResult *result;
	va_list		args;

	va_start(args, types);
	result = execute(sql, types, &args, true);
	va_end(args);
	return result;
}

Datum
mlops_result_datum(const MlopsResult *result, uint64 row, int column, bool *isnull)
{
	Assert(row < result->n);
	return heap_getattr(result->tuple[row], column, result->desc, isnull);
}

int64
mlops_result_int64(const MlopsResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = mlops_result_datum(result, row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

int32
mlops_result_int32(const MlopsResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = mlops_result_datum(result, row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

double
mlops_result_float8(const MlopsResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = mlops_result_datum(result, row, column, &isnull);

	return isnull ? NAN : DatumGetFloat8(value);
}

bool
mlops_result_bool(const MlopsResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = mlops_result_datum(result, row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

char *
mlops_result_text(const MlopsResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = mlops_result_datum(result, row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

Jsonb *
mlops_result_jsonb(const MlopsResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = mlops_result_datum(result, row, column, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

MlopsModel *
mlops_registry_model(const char *name, bool lock)
{
	MlopsModel *model;
	MlopsResult *r;

	r = mlops_registry_query(lock ?
							 "UPDATE mlops.models SET name = name WHERE name = $1"
							 " RETURNING model_id, name, owner, task, source, source_query, target, features, key,"
							 " time_column, config, last_version" :
							 "SELECT model_id, name, owner, task, source, source_query, target, features, key,"
							 " time_column, config, last_version FROM mlops.models WHERE name = $1",
							 "t", name);
	if (r->n == 0)
		return NULL;
	model = palloc0(sizeof(MlopsModel));
	model->model_id = mlops_result_int64(r, 0, 1);
	model->name = mlops_result_text(r, 0, 2);
	model->owner = mlops_result_text(r, 0, 3);
	model->task = mlops_result_text(r, 0, 4);
	model->source = mlops_result_text(r, 0, 5);
	model->source_query = mlops_result_text(r, 0, 6);
	model->target = mlops_result_text(r, 0, 7);
	model->features = mlops_result_text(r, 0, 8);
	model->key = mlops_result_text(r, 0, 9);
	model->time_column = mlops_result_text(r, 0, 10);
	model->config = mlops_result_jsonb(r, 0, 11);
	model->last_version = mlops_result_int32(r, 0, 12);
	return model;
}

MlopsModel *
mlops_registry_open(const char *name, MlopsPrivilege privilege)
{
	char		owner[NAMEDATALEN];
	int64		model_id = mlops_model_lookup(name, owner);
	MlopsModel *model;

	mlops_check_privilege(model_id, name, owner, privilege);
	PreventCommandIfReadOnly("a change to the registry");
	model = mlops_registry_model(name, true);
	if (model == NULL || model->model_id != model_id)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" was changed by another session", name)));
	/* the look-up saw the statement's snapshot; the owner may have changed since, even in this statement */
	if (strcmp(model->owner, owner) != 0)
		mlops_check_privilege(model_id, name, model->owner, privilege);
	return model;
}

void
mlops_registry_delete_versions(int64 model_id, int32 version)
{
	static const char *const tables[] = {"version_blobs", "version_aliases", "version_features"};

	for (int i = 0; i < (int) lengthof(tables); i++)
		(void) mlops_registry_query(psprintf("DELETE FROM mlops.%s WHERE version_id IN (SELECT version_id"
											 " FROM mlops.versions WHERE model_id = $1 AND $2 IN (0, version))",
											 tables[i]), "bi", model_id, version);
	(void) mlops_registry_query("DELETE FROM mlops.versions WHERE model_id = $1 AND $2 IN (0, version)",
								"bi", model_id, version);
}

void
mlops_registry_delete_model(int64 model_id)
{
	static const char *const tables[] = {"run_params", "run_metrics", "run_artifacts"};
	static const char *const of_model[] = {"runs", "model_grants", "models", "predictions", "outcomes", "checks",
	"validation_results", "validations"};

	mlops_registry_delete_versions(model_id, 0);
	for (int i = 0; i < (int) lengthof(tables); i++)
		(void) mlops_registry_query(psprintf("DELETE FROM mlops.%s WHERE run_id IN"
											 " (SELECT run_id FROM mlops.runs WHERE model_id = $1)", tables[i]),
									"b", model_id);
	for (int i = 0; i < (int) lengthof(of_model); i++)
		(void) mlops_registry_query(psprintf("DELETE FROM mlops.%s WHERE model_id = $1", of_model[i]), "b", model_id);
}

MlopsVersion *
mlops_registry_version(int64 model_id, const char *model, int32 version, bool lock)
{
	MlopsVersion *v;
	MlopsResult *r;

	r = mlops_registry_query(lock ?
							 "SELECT version_id, version, stage, threshold, task, run_id FROM mlops.versions"
							 " WHERE model_id = $1 AND version = $2 FOR UPDATE" :
							 "SELECT version_id, version, stage, threshold, task, run_id FROM mlops.versions"
							 " WHERE model_id = $1 AND version = $2",
							 "bi", model_id, version);
	if (r->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" does not exist", version, model)));
	v = palloc0(sizeof(MlopsVersion));
	v->version_id = mlops_result_int64(r, 0, 1);
	v->version = mlops_result_int32(r, 0, 2);
	v->stage = mlops_result_text(r, 0, 3);
	v->threshold = mlops_result_float8(r, 0, 4);
	v->task = mlops_result_text(r, 0, 5);
	v->run_id = mlops_result_int64(r, 0, 6);
	return v;
}

void
mlops_registry_audit(const char *action, int64 model_id, const char *model, int32 version,
					 Jsonb *before, Jsonb *after)
{
	(void) mlops_registry_query("INSERT INTO mlops.audit_log (actor, action, model_id, model, version, before, after)"
								" VALUES ($1, $2, $3, $4, nullif($5, 0), $6, $7)",
								"ttbtijj", GetUserNameFromId(GetUserId(), false), action, model_id, model, version,
								before, after);
}

void
mlops_registry_stage(int64 model_id, const char *model, int32 version, const char *from_stage,
					 const char *to_stage, const char *reason, Jsonb *detail)
{
	(void) mlops_registry_query("INSERT INTO mlops.stage_history (model_id, model, version, from_stage, to_stage,"
								" changed_by, reason, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, '{}'))",
								"btittttj", model_id, model, version, from_stage, to_stage,
								GetUserNameFromId(GetUserId(), false), reason, detail);
}
