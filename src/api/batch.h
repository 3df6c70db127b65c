/*
 * batch.h: the rows of a source, one by one, as features of a model.
 */
#ifndef MLOPS_BATCH_H
#define MLOPS_BATCH_H

#include "api/serving.h"
#include "pg/source.h"

typedef struct MlopsBatchKey
{
	AttrNumber	attno;			/* among the columns read */
	FmgrInfo	output;
} MlopsBatchKey;

typedef struct MlopsBatchReader
{
	MlopsCallSite *site;
	MlopsSource *source;
	List	   *columns;
	int			n_keys;			/* 0 = the ordinal */
	MlopsBatchKey *key;
	int64		ordinal;		/* of the row at hand, from 1 */
	MlopsRowFunction row;
	void	   *arg;
} MlopsBatchReader;

/*
 * Analyses the source as the caller; key names the columns that identify a
 * row (NULL: the model's own, when the source has them, else the ordinal).
 * A column that is missing or of the wrong type is an error here.
 */
extern void mlops_batch_open(MlopsBatchReader *reader, MlopsCallSite *site, const char *source, const char *key);
/* Reads only the columns of the signature and the key; row calls mlops_callsite_slot. */
extern void mlops_batch_run(MlopsBatchReader *reader, MlopsRowFunction row, void *arg);
/* The row's key as text, 0 = NULL; of several columns the text of a text[], so that key::text[] takes it apart. */
extern Datum mlops_batch_key(const MlopsBatchReader *reader, TupleTableSlot *slot);

#endif
