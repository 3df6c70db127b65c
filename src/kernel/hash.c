/*
 * hash.c: bytes to 64 bits.
 *
 * Two lanes a and b start from the seed.  Each round of 16 bytes replaces
 *     a := mix(a ^ w0)    b := mix(b ^ w1)
 * where w0, w1 are the bytes read little-endian and mix is ml_mix64.  Every
 * step is a bijection of the lane for a given word and of the word for a
 * given lane, with full avalanche, so a difference once in a lane can only be
 * undone by a word that guesses all 64 bits of it.  The tail (0..15 bytes) is
 * padded with zeros and makes one more round; the length, mixed in at the
 * end, tells padding from data.  The lanes are folded in different ways, so
 * exchanging their words changes the result.
 *
 * The two chains are independent: the processor runs them side by side.
 */
#include "kernel/hash.h"

#define LANE_A UINT64_C(0x243f6a8885a308d3) /* digits of pi */
#define LANE_B UINT64_C(0x13198a2e03707344)
#define LENGTH UINT64_C(0xa4093822299f31d1)	/* odd */

/* The compilers known to us make one load (and a byte swap) of this. */
static inline uint64_t
load64(const unsigned char *p)
{
	return (uint64_t) p[0] | (uint64_t) p[1] << 8 |
		(uint64_t) p[2] << 16 | (uint64_t) p[3] << 24 |
		(uint64_t) p[4] << 32 | (uint64_t) p[5] << 40 |
		(uint64_t) p[6] << 48 | (uint64_t) p[7] << 56;
}

static inline uint64_t
load_tail(const unsigned char *p, size_t len)
{
	uint64_t	w = 0;
	size_t		i;

	for (i = 0; i < len; i++)
		w |= (uint64_t) p[i] << (8 * i);
	return w;
}

uint64_t
ml_hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t	a = ml_mix64(seed ^ LANE_A);
	uint64_t	b = ml_mix64(seed + LANE_B);
	size_t		left;

	for (left = len; left >= 16; left -= 16, p += 16)
	{
		a = ml_mix64(a ^ load64(p));
		b = ml_mix64(b ^ load64(p + 8));
	}
	if (left >= 8)
	{
		a = ml_mix64(a ^ load64(p));
		b = ml_mix64(b ^ load_tail(p + 8, left - 8));
	}
	else if (left > 0)
		a = ml_mix64(a ^ load_tail(p, left));

	return ml_mix64(ml_mix64(a + LENGTH * (uint64_t) len) ^ (b << 32 | b >> 32));
}
