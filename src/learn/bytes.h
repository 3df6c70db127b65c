/*
 * bytes.h: writing flat bytes piece by piece, and looking at them safely.
 *
 * The writer runs twice over the same calls: once with no buffer, to learn
 * the size, once to write.  The reader never gives out a pointer whose whole
 * extent it has not compared with the end of the bytes.
 */
#ifndef ML_BYTES_H
#define ML_BYTES_H

#include "learn/host.h"

/* Numbers are stored as they stand in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored bytes are little-endian");

typedef struct MlWriter
{
	uint8_t    *start;			/* NULL: only count */
	size_t		size;			/* bytes so far */
	bool		overflow;
} MlWriter;

/* Appends len bytes; returns the offset where they stand. */
extern size_t ml_write_bytes(MlWriter *writer, const void *data, size_t len);
/* Zeroes up to the next multiple of 8. */
extern void ml_write_align(MlWriter *writer);

/* count records of `size` bytes at `offset`, which must be a multiple of 8; NULL when they do not fit into `total`. */
extern const void *ml_read_array(const uint8_t *bytes, size_t total, uint64_t offset, uint64_t count, size_t size);

#endif
