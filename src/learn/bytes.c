/*
 * bytes.c: writing flat bytes piece by piece, and looking at them safely.
 */
#include "learn/bytes.h"

#include <string.h>

size_t
ml_write_bytes(MlWriter *writer, const void *data, size_t len)
{
	size_t		at = writer->size;

	if (__builtin_add_overflow(at, len, &writer->size))
	{
		writer->overflow = true;
		writer->size = at;
		return at;
	}
	if (writer->start != NULL && len > 0)
		memcpy(writer->start + at, data, len);
	return at;
}

void
ml_write_align(MlWriter *writer)
{
	static const uint8_t zero[8];

	ml_write_bytes(writer, zero, (8 - writer->size % 8) % 8);
}

const void *
ml_read_array(const uint8_t *bytes, size_t total, uint64_t offset, uint64_t count, size_t size)
{
	if (offset % 8 != 0 || offset > total || count > (total - offset) / size)
		return NULL;
	return bytes + offset;
}
