/*
 * extremes.h: the smallest and the largest numbers of a stream.
 *
 * The ML_EXTREMES smallest ones and as many of the largest, repetitions
 * counted: what a sketch of quantiles knows least about.  They depend on the
 * numbers alone, not on their order or on merging.  Memory is the caller's.
 */
#ifndef ML_EXTREMES_H
#define ML_EXTREMES_H

#include <stdbool.h>
#include <stdint.h>

#define ML_EXTREMES 1024

/* n zero: empty. */
typedef struct MlExtremes
{
	int			n;				/* of each; less than ML_EXTREMES when the stream had no more */
	double	   *low;			/* ascending; room for ML_EXTREMES */
	double	   *high;			/* ascending */
} MlExtremes;

/* Adds ascending numbers (no NaN), each as often as `times` says; NULL: once. */
extern void ml_extremes_add(MlExtremes *e, const double *sorted, const int64_t *times, int n);
extern void ml_extremes_merge(MlExtremes *e, const MlExtremes *other);
/* n and the arrays may be any bits at all. */
extern bool ml_extremes_valid(const MlExtremes *e);

#endif
