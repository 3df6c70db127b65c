/*
 * distinct.h: how many different values a stream has, in 16 kB.
 *
 * HyperLogLog (P. Flajolet, E. Fusy, O. Gandouet, F. Meunier, "HyperLogLog:
 * the analysis of a near-optimal cardinality estimation algorithm", 2007) with
 * 2^14 registers and hashes of 64 bits, read by the estimator of O. Ertl ("New
 * cardinality estimation algorithms for HyperLogLog sketches",
 * arXiv:1702.01284, section 4), which is unbiased from nothing to 2^64 without
 * tables of corrections.  Standard error 1.04 / sqrt(2^14) = 0.81 %.
 *
 * The registers depend on the set of values alone: not on order, repetition
 * or merging.
 */
#ifndef ML_DISTINCT_H
#define ML_DISTINCT_H

#include <stdbool.h>
#include <stdint.h>

#define ML_DISTINCT_BITS 14
#define ML_DISTINCT_REGISTERS (1 << ML_DISTINCT_BITS)
#define ML_DISTINCT_STANDARD_ERROR (1.04 / 128)

/* hash: all of its bits as good as random (ml_mix64); reg: zeroes at first */
static inline void
ml_distinct_add(uint8_t *reg, uint64_t hash)
{
	uint8_t    *r = &reg[hash >> (64 - ML_DISTINCT_BITS)];
	/* the bit that is set ends the search where the hash does */
	uint64_t	rest = hash << ML_DISTINCT_BITS | UINT64_C(1) << (ML_DISTINCT_BITS - 1);

	/* as many leading zeroes as the register has seen at most, which is rare */
	if (rest >> 1 >> (63 - *r) == 0)
		*r = (uint8_t) (__builtin_clzll(rest) + 1);
}

extern void ml_distinct_merge(uint8_t *reg, const uint8_t *other);
extern double ml_distinct_estimate(const uint8_t *reg);
extern bool ml_distinct_valid(const uint8_t *reg);

#endif
