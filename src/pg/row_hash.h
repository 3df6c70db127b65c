/*
 * row_hash.h: hashes of a row's content and of its key.
 *
 * They decide the canonical order and which rows judge: the same row gives
 * the same hash whatever the plan, the session's settings and the order of
 * columns.
 */
#ifndef MLOPS_ROW_HASH_H
#define MLOPS_ROW_HASH_H

#include "access/tupdesc.h"

#include "pg/stable_text.h"

typedef struct MlopsHashColumn
{
	int			position;		/* in the arrays of values passed */
	int			op;				/* how a value becomes a word: row_hash.c */
	uint64		salt;			/* of the column's name */
	MlopsStableText *text;
} MlopsHashColumn;

typedef struct MlopsRowHash
{
	int			n;
	MlopsHashColumn *column;	/* by op */
} MlopsRowHash;

/* For n columns of desc, at these positions. */
extern MlopsRowHash *mlops_row_hash_create(TupleDesc desc, int n, const int *position);
extern uint64 mlops_row_hash(const MlopsRowHash *hash, const Datum *value, const bool *isnull);

/* For key columns, in the order given (positions in desc). */
extern MlopsRowHash *mlops_key_hash_create(TupleDesc desc, int n, const int *position);
/* Hash of salt and the columns' texts; false when all are NULL. */
extern bool mlops_key_hash(MlopsRowHash *hash, const Datum *value, const bool *isnull, uint64 salt, uint64 *result);

#endif
