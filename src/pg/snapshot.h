/*
 * snapshot.h: what a source held at one moment.
 *
 * A snapshot is a row of mlops.snapshots: the source, its columns with their
 * figures, the number of rows and their content hash; and, when it is
 * materialised, a table of the caller's with the rows themselves.
 */
#ifndef MLOPS_SNAPSHOT_H
#define MLOPS_SNAPSHOT_H

#include "utils/jsonb.h"

#include "pg/content_hash.h"

typedef struct MlopsSnapshot
{
	int64		snapshot_id;
	char	   *name;
	char	   *owner;
	int64		rows;
	char	   *content_hash;
	Jsonb	   *columns;		/* [{"name", "type", "content_hash", "null_count", ...}, ...] */
	char	   *table_schema;	/* NULL = not materialised */
	char	   *table_name;
} MlopsSnapshot;

/* Reads the source as the caller; *relation is the copy, or InvalidOid. Raises 42710 when the name is taken. */
extern MlopsSnapshot *mlops_snapshot_create(const char *name, const char *source, bool materialize, Oid *relation);
/* Raises 42704, and 42501 unless the caller is a member of its owner. */
extern MlopsSnapshot *mlops_snapshot_get(int64 snapshot_id);
/* The relation of its copy, InvalidOid when there is none (any more). */
extern Oid	mlops_snapshot_relation(const MlopsSnapshot *snapshot);
/* The comment on a copy: by it a copy is known from another table of its name. */
extern char *mlops_snapshot_comment(const MlopsSnapshot *snapshot);
/* Removes it, and its copy; a table that is no copy any more stays, with a NOTICE. */
extern void mlops_snapshot_drop(const MlopsSnapshot *snapshot);

/* ---- figures of columns (snapshot_columns.c) ---- */

typedef struct MlopsColumnFigures MlopsColumnFigures;

/* For the columns of a content hash; in the current context. */
extern MlopsColumnFigures *mlops_column_figures_create(const MlopsContentHash *hash);
/* The sums of the columns' hashes: handed to mlops_content_row. */
extern MlWideHash *mlops_column_figures_hashes(MlopsColumnFigures *figures);
extern void mlops_column_figures_add(MlopsColumnFigures *figures, const Datum *value, const bool *isnull);
extern Jsonb *mlops_column_figures_write(MlopsColumnFigures *figures, TupleDesc desc);

/* ---- comparing (snapshot_compare.c) ---- */

typedef struct MlopsDifference
{
	const char *item;
	const char *column;			/* NULL = of the whole */
	const char *a;				/* NULL = not there */
	const char *b;
	bool		differs;
	Jsonb	   *detail;			/* or NULL */
} MlopsDifference;

typedef void (*MlopsDifferenceFunction) (const MlopsDifference *difference, void *arg);

/* hash_function, content_function: mlops_row_hash and mlops_content_hash, qualified. Reads copies as the caller. */
extern void mlops_snapshot_compare(const MlopsSnapshot *a, const MlopsSnapshot *b,
								   const char *hash_function, const char *content_function,
								   MlopsDifferenceFunction function, void *arg);

#endif
