/*
 * value_counts.h: how often each value comes in a frame, and mlops.value_counts.
 *
 * MlopsTally is what counts: a hash table of all values of a frame, and a tree
 * that keeps them in order, the commonest first, equal ones by their bytes.
 * A row that comes or goes costs the logarithm of the number of different
 * values.  Memory: about 200 bytes and the value itself for each of them, at
 * most MLOPS_TALLY_MAX_VALUES.
 *
 * MlopsValueCounts is the result: the sum of all counts and the commonest
 * MLOPS_COUNTS_KEPT values, unaligned behind each other, each as
 *
 *     count: int64 | length: uint8 | bytes
 *
 * A long value is known by its beginning and a hash, so that both stay bounded.
 */
#ifndef MLOPS_VALUE_COUNTS_H
#define MLOPS_VALUE_COUNTS_H

#include "lib/stringinfo.h"

#define MLOPS_COUNTS_KEPT 64
#define MLOPS_COUNTS_MAX_LENGTH 96	/* bytes of a value; longer ones are shortened to at most so many */
#define MLOPS_TALLY_MAX_VALUES 1000000

typedef struct MlopsValueCounts
{
	int32		vl_len_;		/* varlena header */
	int32		kept;
	int64		total;			/* of all values, not of the kept ones only */
	char		entry[FLEXIBLE_ARRAY_MEMBER];
} MlopsValueCounts;

/* A value as it is counted. */
typedef struct MlopsCountedText
{
	const char *data;
	int			length;
	char		buffer[MLOPS_COUNTS_MAX_LENGTH];	/* where data points for a long value */
} MlopsCountedText;

typedef struct MlopsTally MlopsTally;

/* In a memory context of its own kind: pieces of it are freed as values go. */
extern MlopsTally *mlops_tally_create(MemoryContext context);
extern void mlops_tally_add(MlopsTally *tally, const text *value);
/* The value was added before. */
extern void mlops_tally_remove(MlopsTally *tally, const text *value);
/* In the current context; NULL for no values. */
extern MlopsValueCounts *mlops_tally_counts(const MlopsTally *tally);

extern void mlops_counted_text(MlopsCountedText *counted, const text *value);
/*
 * How often the value comes, at least and at most: they differ when it is not
 * among the kept ones and not all are kept.
 */
extern int64 mlops_value_counts_find(const MlopsValueCounts *counts, const MlopsCountedText *value, int64 *at_most);
/* {"total": 12, "values": {"a": 7, "b": 5}}, the commonest first */
extern void mlops_value_counts_write(const MlopsValueCounts *counts, StringInfo json);
/* In the current context; raises 22P02. */
extern MlopsValueCounts *mlops_value_counts_read(const char *json);

#endif
