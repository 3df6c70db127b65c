/*
 * refs.h: from 'churn', 'churn@staging', 'churn@7' to a version, as the
 * active snapshot sees it.
 */
#ifndef MLOPS_REFS_H
#define MLOPS_REFS_H

#include "utils/snapshot.h"
#include "utils/timestamp.h"

typedef struct MlopsRef
{
	int64		model_id;
	int64		version_id;
	Oid			registry;		/* the table mlops.versions it was read from */
	TimestampTz created_at;		/* with registry and version_id: which bytes (cache.h) */
	int32		version;
	char		model[NAMEDATALEN];
	char		owner[NAMEDATALEN];	/* role name as stored */
	double		threshold;		/* NaN when the task has none */
	Datum		risk_bands;		/* jsonb in the current context, or 0 */
} MlopsRef;

/* Splits a reference; raises 22023 for bad syntax. suffix is empty for production. */
extern void mlops_ref_parse(const char *reference, char *model /* NAMEDATALEN */ , char *suffix /* NAMEDATALEN */ );
/* Checks the name of a model, or of another thing named alike; raises 22023. */
extern void mlops_check_name(const char *name, const char *what);
extern void mlops_check_model_name(const char *name);

typedef enum MlopsPrivilege
{
	MLOPS_PREDICT,
	MLOPS_MANAGE,				/* train, promote, set numbers */
	MLOPS_OWNER					/* supply or change stored SQL, drop */
} MlopsPrivilege;

/*
 * Resolves by index scans under GetActiveSnapshot(), whatever the caller's
 * table privileges, then checks that the current user has the privilege on
 * the model (owner, member of the owner, or granted).  Raises 42704 (unknown
 * model, version, stage, alias: nearest name offered), 42501.
 */
extern void mlops_ref_resolve(const char *reference, MlopsPrivilege privilege, MlopsRef *ref);

/*
 * The same for who may predict, as of now, past the statement's snapshot: for
 * a caller that has just waited for the lock on the model's row.
 */
extern void mlops_ref_resolve_latest(const char *reference, MlopsRef *ref);

/* The model alone: for functions that need no version. Raises 42704. */
extern int64 mlops_model_lookup(const char *name, char *owner /* NAMEDATALEN or NULL */ );

/* Raises 42501 unless the current user holds the privilege. */
extern void mlops_check_privilege(int64 model_id, const char *model, const char *owner, MlopsPrivilege privilege);

extern bool mlops_has_privilege(int64 model_id, const char *owner, MlopsPrivilege privilege);
/* Owner of a model by identity; false when there is no such model. */
extern bool mlops_model_owner(int64 model_id, char *owner /* NAMEDATALEN */ );
/* Role that owns the registry's tables. */
extern Oid	mlops_registry_owner(void);

/* A table or index of schema mlops; raises 55000 when it is not there. */
extern Oid	mlops_registry_oid(const char *name);
/*
 * One attribute of the row whose first index column, a bigint, is `key`.
 * The value is copied into the current context, still toasted when it was.
 * False when the active snapshot sees no such row.
 */
extern bool mlops_registry_value(const char *table, const char *index, int64 key, AttrNumber attno,
								 Datum *value, bool *isnull);

/* What makes a resolved reference stale: compared on every call. */
typedef struct MlopsSnapshotMark
{
	TransactionId xmin;
	TransactionId xmax;
	CommandId	curcid;
	uint64		completion;
	SubTransactionId subtransaction;	/* its rollback changes what a kept snapshot sees */
	Oid			user;
} MlopsSnapshotMark;
extern void mlops_snapshot_mark(MlopsSnapshotMark *mark);
extern bool mlops_snapshot_same(const MlopsSnapshotMark *mark);

#endif
