/*
 * registry.h: reading and writing the mlops.* tables through SPI, as the
 * registry's owner.
 *
 * Every caller checks the user's right first (refs.h); nothing here does.
 */
#ifndef MLOPS_REGISTRY_H
#define MLOPS_REGISTRY_H

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "utils/jsonb.h"

#include "pg/refs.h"

/* Rows copied into the memory context that was current at the call. */
typedef struct MlopsResult
{
	uint64		n;
	TupleDesc	desc;
	HeapTuple  *tuple;
} MlopsResult;

/*
 * Runs one statement.  `types` has a letter for each $n, given after it:
 * t const char * (NULL = null), b int64, i int32, f double (not finite =
 * null), z TimestampTz, B bool, j Jsonb * (NULL = null), and for Datum arguments y bytea,
 * A text[], L bigint[], F float8[] (0 = null).  In upper-case N: int64, 0 =
 * null.
 */
extern MlopsResult *mlops_registry_query(const char *sql, const char *types,...);
/* The same for a statement that only reads, under the active snapshot: for STABLE functions. */
extern MlopsResult *mlops_registry_read(const char *sql, const char *types,...);

/* Values of a result; a null gives 0, NULL or NaN. */
extern int64 mlops_result_int64(const MlopsResult *result, uint64 row, int column);
extern int32 mlops_result_int32(const MlopsResult *result, uint64 row, int column);
extern double mlops_result_float8(const MlopsResult *result, uint64 row, int column);
extern bool mlops_result_bool(const MlopsResult *result, uint64 row, int column);
extern char *mlops_result_text(const MlopsResult *result, uint64 row, int column);
extern Jsonb *mlops_result_jsonb(const MlopsResult *result, uint64 row, int column);
extern Datum mlops_result_datum(const MlopsResult *result, uint64 row, int column, bool *isnull);

/* A row of mlops.models. */
typedef struct MlopsModel
{
	int64		model_id;
	char	   *name;
	char	   *owner;
	char	   *task;			/* NULL until known */
	char	   *source;
	char	   *source_query;
	char	   *target;
	char	   *features;
	char	   *key;
	char	   *time_column;
	Jsonb	   *config;
	int32		last_version;
} MlopsModel;

/*
 * NULL when there is no such model.  lock: for whoever changes anything of
 * the model.  The row is updated, not only locked: a later writer whose
 * REPEATABLE READ snapshot is from before, and who cannot see what this one
 * wrote into other tables, gets 40001 instead.
 */
extern MlopsModel *mlops_registry_model(const char *name, bool lock);

/* The row, locked, after checking that the current user holds the privilege. Raises 42704, 42501, 40001. */
extern MlopsModel *mlops_registry_open(const char *name, MlopsPrivilege privilege);

/* A row of mlops.versions by number. */
typedef struct MlopsVersion
{
	int64		version_id;
	int32		version;
	char	   *stage;
	double		threshold;
	char	   *task;
	int64		run_id;
} MlopsVersion;
extern MlopsVersion *mlops_registry_version(int64 model_id, const char *model, int32 version, bool lock);

/* Removes a version (0: all of the model) with all that belongs to it; the model's row must be locked. */
extern void mlops_registry_delete_versions(int64 model_id, int32 version);
/* Removes a model with its versions, runs and log; history and audit stay. */
extern void mlops_registry_delete_model(int64 model_id);

/* One line of the audit log; before and after may be NULL. */
extern void mlops_registry_audit(const char *action, int64 model_id, const char *model, int32 version,
								 Jsonb *before, Jsonb *after);
/* One line of the stage history; from_stage NULL for a new version. */
extern void mlops_registry_stage(int64 model_id, const char *model, int32 version, const char *from_stage,
								 const char *to_stage, const char *reason, Jsonb *detail);

#endif
