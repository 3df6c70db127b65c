/*
 * wide_hash.h: sums modulo 2^128 of hashes of 128 bits.
 *
 * The sum of the hashes of rows is a fingerprint of them that does not depend
 * on their order, and in which, unlike in an exclusive or, two equal rows do
 * not cancel.  Not cryptographic (hash.h).
 */
#ifndef ML_WIDE_HASH_H
#define ML_WIDE_HASH_H

#include "kernel/hash.h"

typedef struct MlWideHash
{
	uint64_t	high;
	uint64_t	low;
} MlWideHash;

static inline void
ml_wide_hash_add(MlWideHash *sum, MlWideHash h)
{
	sum->low += h.low;
	sum->high += h.high + (sum->low < h.low);
}

/* A bijection of 128 bits: every bit of the result depends on every bit of h. */
static inline MlWideHash
ml_wide_hash_mix(MlWideHash h)
{
	h.high = ml_mix64(h.high ^ ml_mix64(h.low));
	h.low = ml_mix64(h.low + h.high);
	h.high ^= h.low << 32 | h.low >> 32;
	return h;
}

/* Of a word and of bytes under a salt. */
static inline MlWideHash
ml_wide_hash_word(uint64_t w, MlWideHash salt)
{
	return (MlWideHash) {ml_mix64(w ^ salt.high), ml_mix64(w + salt.low)};
}

static inline MlWideHash
ml_wide_hash_bytes(const void *data, size_t len, MlWideHash salt)
{
	return (MlWideHash) {ml_hash_bytes(data, len, salt.high), ml_hash_bytes(data, len, salt.low)};
}

#endif
