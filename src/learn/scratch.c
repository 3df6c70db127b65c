/*
 * scratch.c: working memory that is given back on every way out.
 */
#include "learn/scratch.h"

#include <string.h>

#define ALIGNMENT 64			/* a cache line, and the widest vector */
/* Zeroed between two polls. */
#define ZERO_SLICE ((size_t) 64 << 20)

void
ml_scratch_init(MlScratch *scratch, MlHost *host)
{
	scratch->host = host;
	scratch->last = NULL;
}

void *
ml_scratch_alloc(MlScratch *scratch, size_t count, size_t size, const char *what, MlStatus *status)
{
	size_t		bytes;
	char	   *block;
	uintptr_t	start;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
	{
		ml_no_memory(status, SIZE_MAX, what);
		return NULL;
	}
	block = scratch->host->alloc(scratch->host, bytes + sizeof(void *) + ALIGNMENT);
	if (block == NULL)
	{
		ml_no_memory(status, bytes, what);
		return NULL;
	}
	memcpy(block, &scratch->last, sizeof(void *));
	scratch->last = block;
	start = (uintptr_t) (block + sizeof(void *));
	return block + sizeof(void *) + (ALIGNMENT - start % ALIGNMENT) % ALIGNMENT;
}

void *
ml_scratch_zero(MlScratch *scratch, size_t count, size_t size, const char *what, MlStatus *status)
{
	void	   *block = ml_scratch_alloc(scratch, count, size, what, status);

	if (block == NULL)
		return NULL;
	for (size_t from = 0; from < count * size; from += ZERO_SLICE)
	{
		size_t		left = count * size - from;

		memset((char *) block + from, 0, left < ZERO_SLICE ? left : ZERO_SLICE);
		if (left > ZERO_SLICE && scratch->host->poll(scratch->host, what, 0))
		{
			ml_status_set(status, ML_CANCELLED, "cancelled");
			return NULL;
		}
	}
	return block;
}

void
ml_scratch_release(MlScratch *scratch)
{
	while (scratch->last != NULL)
	{
		void	   *block = scratch->last;

		memcpy(&scratch->last, block, sizeof(void *));
		scratch->host->release(scratch->host, block);
	}
}
