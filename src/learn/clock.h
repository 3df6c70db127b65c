/*
 * clock.h: how long something took.  Measured for users and benches; nothing depends on it.
 */
#ifndef ML_CLOCK_H
#define ML_CLOCK_H

#include <time.h>

/* Seconds since some moment; never goes back. */
static inline double
ml_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

#endif
