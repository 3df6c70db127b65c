/*
 * rng.h: random numbers that belong to a place and not to a moment.
 *
 * The number at (seed, stream, counter) is a pure function of the three, so
 * draws do not depend on threads, order or how many were drawn before.
 * Streams are for what is drawn (a tree, a column's sample), counters for the
 * draw.  Two rounds of ml_mix64 under a 64-bit key, the counter on a Weyl
 * sequence: a counter-based generator in the sense of Salmon et al.,
 * "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).  Not
 * cryptographic.
 */
#ifndef ML_RNG_H
#define ML_RNG_H

#include <assert.h>
#include <stdint.h>

#include "kernel/hash.h"

/* A cursor over one stream. */
typedef struct MlRng
{
	uint64_t	key;
	uint64_t	counter;
} MlRng;

static inline uint64_t
ml_rng_key(uint64_t seed, uint64_t stream)
{
	return ml_hash_combine(ml_mix64(seed + UINT64_C(0x452821e638d01377)), stream);
}

static inline uint64_t
ml_rng_at(uint64_t key, uint64_t counter)
{
	uint64_t	x = ml_mix64(key + counter * UINT64_C(0x9e3779b97f4a7c15));

	return ml_mix64(x ^ (key << 32 | key >> 32));
}

/* In [0, 1), 53 bits. */
static inline double
ml_rng_unit_at(uint64_t key, uint64_t counter)
{
	return ml_hash_unit(ml_rng_at(key, counter));
}

/*
 * x scaled to [0, n): the upper half of the 128-bit product.  The bias is at
 * most n / 2^64, far below anything a run can notice, and no draw is ever
 * rejected, so a counter stands for one draw.
 */
static inline uint64_t
ml_rng_scale(uint64_t x, uint64_t n)
{
#ifdef __SIZEOF_INT128__
	return (uint64_t) (((unsigned __int128) x * n) >> 64);
#else
	uint64_t	xl = x & 0xffffffff,
				xh = x >> 32;
	uint64_t	nl = n & 0xffffffff,
				nh = n >> 32;
	uint64_t	mid = xh * nl + ((xl * nl) >> 32);
	uint64_t	mid2 = xl * nh + (mid & 0xffffffff);

	return xh * nh + (mid >> 32) + (mid2 >> 32);
#endif
}

static inline uint64_t
ml_rng_below_at(uint64_t key, uint64_t counter, uint64_t n)
{
	assert(n > 0);
	return ml_rng_scale(ml_rng_at(key, counter), n);
}

static inline void
ml_rng_init(MlRng *rng, uint64_t seed, uint64_t stream)
{
	rng->key = ml_rng_key(seed, stream);
	rng->counter = 0;
}

static inline uint64_t
ml_rng_next(MlRng *rng)
{
	return ml_rng_at(rng->key, rng->counter++);
}

static inline double
ml_rng_unit(MlRng *rng)
{
	return ml_hash_unit(ml_rng_next(rng));
}

/* In [0, n). */
static inline uint64_t
ml_rng_below(MlRng *rng, uint64_t n)
{
	assert(n > 0);
	return ml_rng_scale(ml_rng_next(rng), n);
}

#endif
