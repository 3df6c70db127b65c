/*
 * scratch.h: working memory that is given back on every way out.
 *
 * A list of blocks from the host: a function takes what it needs, and one
 * call at its end releases all of it, whether it succeeded or not.  Memory
 * that outlives the function is taken from the host directly.
 */
#ifndef ML_SCRATCH_H
#define ML_SCRATCH_H

#include "learn/host.h"

typedef struct MlScratch
{
	MlHost	   *host;
	void	   *last;			/* each block begins with a pointer to the one before it */
} MlScratch;

extern void ml_scratch_init(MlScratch *scratch, MlHost *host);
/* count * size bytes aligned to 64, not zeroed; NULL with the status set on overflow or no memory */
extern void *ml_scratch_alloc(MlScratch *scratch, size_t count, size_t size, const char *what, MlStatus *status);
extern void *ml_scratch_zero(MlScratch *scratch, size_t count, size_t size, const char *what, MlStatus *status);
extern void ml_scratch_release(MlScratch *scratch);

#endif
