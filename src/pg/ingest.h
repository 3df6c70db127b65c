/*
 * ingest.h: the rows of a source as columns.
 *
 * Rows come in the order the plan delivers them; nothing here depends on it
 * except that order itself.
 */
#ifndef MLOPS_INGEST_H
#define MLOPS_INGEST_H

#include "learn/dataset.h"
#include "learn/split.h"
#include "pg/callsite.h"
#include "pg/host.h"
#include "pg/source.h"

typedef struct MlopsIngestSpec
{
	const MlopsSource *source;
	MlopsFeatureSet *features;	/* vector widths not known yet are fixed by the first row that has one */
	const char *target;			/* column; NULL = none is read */
	List	   *key;			/* of char *: columns that identify a row; NIL = its content does */
	const char *time_column;	/* NULL = none */
	const char *weight;			/* NULL = none; rows with NULL or <= 0 are dropped */
	const char *group;			/* NULL = none; takes the key's place in key_hash */
	MlopsFeatureSet *test_where;	/* one boolean expression, or NULL; NULL counts as false */
	MlTaskKind	task;			/* 0 = not known yet; ML_BINARY = classes, how many is not known */
	uint64		salt;			/* of key_hash */
	bool		whole_row_content;	/* content is of all source columns, not only of those used */
	List	   *content;		/* of char *: content is of these columns; NIL = of those used */
	MlopsCallSite *site;		/* features are its, rows are converted as for its predictions; or NULL */
	MlopsFeatureSet *segments;	/* texts that rows are told apart by, or NULL */
	const MlSplitRule *held_out;	/* other rows are passed over; NULL = none is */
	MlopsHost  *host;
} MlopsIngestSpec;

/* Different texts of all segments together. */
#define MLOPS_MAX_SEGMENTS 1000

typedef enum MlopsTargetType
{
	MLOPS_TARGET_FLOAT,
	MLOPS_TARGET_INTEGER,
	MLOPS_TARGET_BOOLEAN,
	MLOPS_TARGET_CATEGORY
} MlopsTargetType;

/* Arrays of n, from the host, each to be released by mlops_host's release; NULL when not asked for. */
typedef struct MlopsRows
{
	MlopsHost  *host;
	int64		n;
	int64		read;			/* n and the dropped ones */
	int64		dropped_target; /* target NULL or NaN */
	int64		dropped_weight; /* weight NULL, NaN or <= 0 */
	int			p;
	MlColumn   *column;
	MlopsTargetType target_type;
	double	   *target;			/* numbers, booleans as 0 and 1; NULL for a category */
	int32	   *target_code;	/* category: index into target_level; else NULL */
	int32		n_target_levels;
	const char **target_level;	/* bytewise ascending */
	double	   *weight;
	uint64	   *key_hash;		/* of salt and group, else key, else content */
	uint64	   *content;
	int64	   *time;			/* in the order of time; NULL times are the earliest */
	int8	   *test_where;		/* 1 = test row */
	uint64		content_sum[2]; /* fingerprint of the rows kept, whatever their order */
	List	   *content_columns;	/* of char *: those content is a hash of */
	int			n_segments;
	MlColumn   *segment;		/* categories */
} MlopsRows;

/* Reads the source under the current identity. Result in the current context, arrays in the host's. */
extern MlopsRows *mlops_ingest(const MlopsIngestSpec *spec);
/* Leaves out the columns of features that are not kept, and numbers the others anew. */
extern void mlops_rows_keep(MlopsRows *rows, const bool *keep);
/* Columns, target (numbers) and weight of row i := those of row perm[i], for i < n. */
extern void mlops_rows_permute(MlopsRows *rows, const uint32 *perm, int64 n);
/* Rows stand as they shall stand: gives back what told where they belong. */
extern void mlops_rows_end_order(MlopsRows *rows);

#endif
