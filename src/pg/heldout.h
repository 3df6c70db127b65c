/*
 * heldout.h: the rows that a version has not learned from, told from others
 * whatever rows have come and gone since.
 *
 * Stored with the version:
 *	{"method": "none" | "hash" | "group" | "time" | "test_where",
 *	 "salt": 123, "key": ["id"], "content": ["a", "b", "id", "y"],
 *	 "test": 0.2, "classes": [{"class": "no", "rows": 900, "below": "3333333333333000"}, ...],
 *	 "time_column": "at", "time_type": "date", "from": 8766, "from_time": "2024-01-01",
 *	 "test_where": "((id % 4) = 0)"}
 * A row's place is the hash of salt and the key's columns (content, when there
 * are none); rows of a class are held out below its bound, 16 hexadecimal
 * digits.  from is in the order of time, as ingest.h has it.
 */
#ifndef MLOPS_HELDOUT_H
#define MLOPS_HELDOUT_H

#include "learn/split.h"
#include "pg/definition.h"
#include "pg/ingest.h"

typedef struct MlopsHeldOut
{
	MlSplitRule rule;
	uint64		salt;
	List	   *key;			/* of char *; group takes the key's place */
	List	   *content;
	char	   *time_column;	/* by time only */
	char	   *time_type;
	char	   *test_where;		/* by condition only */
} MlopsHeldOut;

extern Jsonb *mlops_heldout_write(const MlopsDefinition *definition, const MlopsRows *rows, const MlDataset *data,
								  const MlSplitRule *rule);
/* False when the version says nothing of its split; classes: the model's. Raises XX001. */
extern bool mlops_heldout_read(const MlopsRef *ref, const MlModel *model, MlopsHeldOut *held);

#endif
