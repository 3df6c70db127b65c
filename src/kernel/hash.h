/*
 * hash.h: the one 64-bit hash of the project.
 *
 * What it decides (test rows, canonical order, routing) is stored for years,
 * so its values are part of the format: the same on every machine, whatever
 * its byte order, word size or compiler, and never changed.  It is not
 * cryptographic: somebody who may choose both keys and seed can make
 * collisions.
 *
 * Symbols: h = hash, w = 64-bit word, seed = salt.
 */
#ifndef ML_HASH_H
#define ML_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A bijection of 64 bits in which every input bit flips every output bit with
 * probability one half.  Shifts and multipliers are David Stafford's "variant
 * 13" of the finaliser of MurmurHash3, the mixer of SplitMix64 (Steele, Lea,
 * Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
 */
static inline uint64_t
ml_mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return x;
}

/*
 * The hash of a sequence, one word further.  For a fixed h it is a bijection
 * of w and the other way round: two sequences that differ in one word never
 * collide.  The order of words matters.
 */
static inline uint64_t
ml_hash_combine(uint64_t h, uint64_t w)
{
	return ml_mix64((h + UINT64_C(0x9e3779b97f4a7c15)) ^ ml_mix64(w));
}

/* h / 2^64 on the grid of 53 bits: in [0, 1), never 1. */
static inline double
ml_hash_unit(uint64_t h)
{
	return (double) (h >> 11) * 0x1.0p-53;
}

/* The word of a number: every NaN is one, and -0 is 0. */
static inline uint64_t
ml_hash_number(double x)
{
	uint64_t	word;

	if (x != x)
		return UINT64_C(0x7ff8000000000000);
	x += 0.0;
	memcpy(&word, &x, sizeof(word));
	return word;
}

/* Hash of len bytes; data may be NULL when len is 0. */
extern uint64_t ml_hash_bytes(const void *data, size_t len, uint64_t seed);

/* One of n buckets for a text: stored with models, so it never changes either. */
static inline int32_t
ml_hash_bucket(const char *text, size_t len, int32_t n)
{
	return (int32_t) (ml_hash_bytes(text, len, 0) % (uint64_t) n);
}

#endif
