/*
 * sample_draw.h: draws of the samplers.
 *
 * Nothing of libm but the square root: libraries differ in the last digit of
 * all else.
 */
#ifndef ML_SAMPLE_DRAW_H
#define ML_SAMPLE_DRAW_H

#include "kernel/rng.h"
#include "kernel/vmath.h"

#define ML_SECOND INT64_C(1000000)
#define ML_MINUTE (60 * ML_SECOND)
#define ML_HOUR (60 * ML_MINUTE)
#define ML_DAY (24 * ML_HOUR)

/*
 * About normal: mean 0, variance 1, within 3.47.  The sum of four uniforms of
 * 16 bits: their variance is 4 (2^32 - 1) / 12.
 */
static inline double
ml_draw_bell(uint64_t x)
{
	double		sum = (double) ((x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48));

	return (sum - 2.0 * 65535.0) * 2.6429e-05;
}

/* A stable property `what` of entity `id`, as 64 bits, uniform in [0, 1), or bell-shaped. */
static inline uint64_t
ml_trait(uint64_t key, int64_t id, int what)
{
	return ml_rng_at(ml_hash_combine(key, (uint64_t) id), (uint64_t) what);
}

static inline double
ml_trait_unit(uint64_t key, int64_t id, int what)
{
	return ml_hash_unit(ml_trait(key, id, what));
}

static inline double
ml_trait_bell(uint64_t key, int64_t id, int what)
{
	return ml_draw_bell(ml_trait(key, id, what));
}

static inline double
ml_draw_next_bell(MlRng *rng)
{
	return ml_draw_bell(ml_rng_next(rng));
}

/* Index by ascending cumulated shares; the last one catches all that is left. */
static inline int
ml_draw_index(double u, const double *cumulated, int n)
{
	int			i = 0;

	while (i < n - 1 && u >= cumulated[i])
		i++;
	return i;
}

/* x >= 0 to hundredths */
static inline double
ml_hundredths(double x)
{
	return (double) (int64_t) (x * 100.0 + 0.5) / 100.0;
}

/* seconds >= 0 as microseconds, cut to whole seconds: nobody's clock shows more */
static inline int64_t
ml_whole_seconds(double seconds)
{
	return (int64_t) seconds * ML_SECOND;
}

/* Hours between two hours of the day, 0 .. 12. */
static inline double
ml_hours_apart(double a, double b)
{
	double		d = a > b ? a - b : b - a;

	return d > 12.0 ? 24.0 - d : d;
}

#endif
