/*
 * dictionary.h: distinct byte strings, numbered in order of appearance.
 *
 * Memory comes from an MlopsHost and is accounted; running out raises 53200.
 */
#ifndef MLOPS_DICTIONARY_H
#define MLOPS_DICTIONARY_H

#include "pg/host.h"

typedef struct MlopsDictionary
{
	MlopsHost  *host;
	int32		n;
	int32		room;
	const char **text;			/* n strings, each followed by a zero byte */
	uint32	   *len;
	uint64	   *hash;
	uint32		mask;			/* number of slots - 1 */
	int32	   *slot;			/* index of a text, -1 = free */
	char	   *chunk;			/* where texts are copied to */
	Size		chunk_used;
	Size		chunk_size;
} MlopsDictionary;

extern MlopsDictionary *mlops_dictionary_create(MlopsHost *host);
/* The number of these bytes, a new one when they were not seen before. */
extern int32 mlops_dictionary_code(MlopsDictionary *dictionary, const char *text, Size len);
/* Puts another text in the place of a known one: for keys that were not texts. */
extern void mlops_dictionary_rename(MlopsDictionary *dictionary, int32 code, const char *text, Size len);
/*
 * Sorts bytewise, translates code[0..n) (-1 stays) and gives back everything
 * but the texts.  Returns the array of dictionary->n texts.
 */
extern const char **mlops_dictionary_finish(MlopsDictionary *dictionary, int32 *code, int64 n);

#endif
