/*
 * content_hash.h: fingerprints of 128 bits of rows and tables.
 *
 * Two rows have the same hash when they have the same values in columns of
 * the same names, whatever the order of columns, the settings of the session
 * and the machine; the hash of a table is the sum of those of its rows
 * modulo 2^128, whatever their order.  Values are the same when SQL would not
 * tell them apart: integers of all widths are of one kind, so are floating
 * point numbers, so are texts; 0 and -0, 1.0 and 1.00 are equal, NaN is NaN.
 */
#ifndef MLOPS_CONTENT_HASH_H
#define MLOPS_CONTENT_HASH_H

#include "access/tupdesc.h"

#include "kernel/wide_hash.h"
#include "pg/stable_text.h"

typedef enum MlopsContentKind
{
	MLOPS_CONTENT_BOOLEAN,
	MLOPS_CONTENT_INTEGER,
	MLOPS_CONTENT_FLOAT,
	MLOPS_CONTENT_NUMERIC,
	MLOPS_CONTENT_DATE,
	MLOPS_CONTENT_TIMESTAMP,
	MLOPS_CONTENT_TIMESTAMPTZ,
	MLOPS_CONTENT_TEXT,
	MLOPS_CONTENT_BYTES,
	MLOPS_CONTENT_UUID,
	MLOPS_CONTENT_OTHER			/* by its text */
} MlopsContentKind;

typedef struct MlopsContentColumn
{
	int			position;		/* in the arrays of values passed */
	Oid			type;			/* base type */
	MlopsContentKind kind;
	MlWideHash	salt;			/* of name and kind */
	MlopsStableText *text;
} MlopsContentColumn;

typedef struct MlopsContentHash
{
	int			n;				/* columns that are not dropped */
	MlopsContentColumn *column;
} MlopsContentHash;

extern MlopsContentHash *mlops_content_hash_create(TupleDesc desc);
/* value is not NULL; what it takes of memory stays in the current context. */
extern MlWideHash mlops_content_value(const MlopsContentColumn *column, Datum value);
extern MlWideHash mlops_content_null(const MlopsContentColumn *column);
/* columns: n sums to which the values' hashes are added, or NULL. */
extern MlWideHash mlops_content_row(const MlopsContentHash *hash, const Datum *value, const bool *isnull,
									MlWideHash *columns);
/* 32 hexadecimal digits */
extern char *mlops_content_text(MlWideHash hash);

#endif
