/*
 * test_hash.c: the hash is fixed for ever, mixes well and is uniform.
 *
 * Statistical bounds are set some five standard deviations out; inputs are
 * fixed, so a test that passes once passes always.
 */
#include <stdlib.h>

#include "kernel/hash.h"
#include "kernel/rng.h"
#include "tap.h"

#define N_AVALANCHE 4000

/* The worst |P(flip) - 1/2| over pairs of input and output bit, of messages of len bytes. */
static double
avalanche(size_t len)
{
	static int	flips[64 * 8][64];
	double		worst = 0;
	int			trial;
	size_t		b;
	int			o;

	memset(flips, 0, sizeof(flips));
	for (trial = 0; trial < N_AVALANCHE; trial++)
	{
		unsigned char m[64];
		uint64_t	h;
		size_t		bit;

		/* sparse messages: the hard case */
		memset(m, 0, sizeof(m));
		m[trial % len] = (unsigned char) trial;
		m[(trial / 7) % len] ^= (unsigned char) (trial >> 8);
		h = ml_hash_bytes(m, len, (uint64_t) (trial / 256));
		for (bit = 0; bit < len * 8; bit++)
		{
			uint64_t	d;
			int			out;

			m[bit / 8] ^= (unsigned char) (1 << bit % 8);
			d = h ^ ml_hash_bytes(m, len, (uint64_t) (trial / 256));
			m[bit / 8] ^= (unsigned char) (1 << bit % 8);
			for (out = 0; out < 64; out++)
				flips[bit][out] += (int) (d >> out & 1);
		}
	}
	for (b = 0; b < len * 8; b++)
		for (o = 0; o < 64; o++)
			worst = fmax(worst, fabs((double) flips[b][o] / N_AVALANCHE - 0.5));
	return worst;
}

/* Chi-square over 4096 cells of bits [shift, shift + 12), as standard deviations from its mean. */
static double
uniformity(int shift, bool text)
{
	static int	cell[4096];
	double		x2 = 0;
	int			n = 409600;
	int			i;

	memset(cell, 0, sizeof(cell));
	for (i = 0; i < n; i++)
	{
		uint64_t	h;

		if (text)
		{
			char		key[32];

			snprintf(key, sizeof(key), "customer-%d", i);
			h = ml_hash_bytes(key, strlen(key), 42);
		}
		else
		{
			/* little-endian on every machine */
			unsigned char key[8] = {i & 255, i >> 8 & 255, i >> 16 & 255};

			h = ml_hash_bytes(key, 8, 42);
		}
		cell[h >> shift & 4095]++;
	}
	for (i = 0; i < 4096; i++)
		x2 += (cell[i] - 100.0) * (cell[i] - 100.0) / 100.0;
	return (x2 - 4095) / sqrt(2.0 * 4095);
}

static int
compare_u64(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

static bool
no_collisions(void)
{
	static uint64_t h[65536 * 2];
	int			n = 0;
	unsigned char m[40];
	int			i;
	int			j;

	/* zeros of every length, two bits set anywhere in 32 bytes, swapped words */
	memset(m, 0, sizeof(m));
	for (i = 0; i <= 40; i++)
		h[n++] = ml_hash_bytes(m, (size_t) i, 0);
	for (i = 0; i < 256; i++)
		for (j = i; j < 256; j++)
		{
			memset(m, 0, sizeof(m));
			m[i / 8] ^= (unsigned char) (1 << i % 8);
			m[j / 8] ^= (unsigned char) (1 << j % 8);
			if (i != j)
				h[n++] = ml_hash_bytes(m, 32, 0);
		}
	qsort(h, (size_t) n, sizeof(uint64_t), compare_u64);
	for (i = 1; i < n; i++)
		if (h[i] == h[i - 1])
			return false;
	return true;
}

/* The definition once more, byte by byte and without cleverness. */
static uint64_t
hash_naive(const unsigned char *p, size_t len, uint64_t seed)
{
	uint64_t	lane[2];
	size_t		word;
	size_t		n_words = (len + 7) / 8;

	lane[0] = ml_mix64(seed ^ UINT64_C(0x243f6a8885a308d3));
	lane[1] = ml_mix64(seed + UINT64_C(0x13198a2e03707344));
	/* a tail longer than one word goes to both lanes */
	if (len % 16 == 8)
		n_words++;
	for (word = 0; word < n_words; word++)
	{
		uint64_t	w = 0;
		size_t		i;

		for (i = 0; i < 8; i++)
			if (word * 8 + i < len)
				w += (uint64_t) p[word * 8 + i] * (UINT64_C(1) << 8 * i);
		lane[word % 2] = ml_mix64(lane[word % 2] ^ w);
	}
	return ml_mix64(ml_mix64(lane[0] + UINT64_C(0xa4093822299f31d1) * len) ^ (lane[1] << 32 | lane[1] >> 32));
}

int
main(void)
{
	static unsigned char bytes[100];
	bool		good = true;
	MlRng		rng;
	MlRng		other;
	double		sum = 0;
	double		square = 0;
	int			die[7] = {0};
	size_t		len;
	int			i;

	/* part of the format: these values never change */
	OK(ml_hash_bytes("", 0, 0) == UINT64_C(0x58b55daa8d27092f), "hash of nothing");
	OK(ml_hash_bytes(NULL, 0, 0) == ml_hash_bytes("", 0, 0), "NULL of length 0");
	OK(ml_hash_bytes("abc", 3, 0) == UINT64_C(0xe71b695790fcf6ff), "hash of abc");
	OK(ml_hash_bytes("abc", 3, 1) == UINT64_C(0x39495e4a213ec153), "hash of abc, seed 1");
	OK(ml_hash_bytes("The quick brown fox jumps over the lazy dog", 43, 42) == UINT64_C(0xfabde6196c51e49c),
			"hash of a sentence");
	OK(ml_hash_combine(1, 2) == UINT64_C(0x83b97bf58b9176c8), "combine");
	OK(ml_hash_combine(1, 2) != ml_hash_combine(2, 1), "combine minds the order");

	for (i = 0; i < 100; i++)
		bytes[i] = (unsigned char) (i * 37 + 11);
	for (len = 0; len <= 64; len++)
		for (i = 0; i < 9; i++)
			good &= ml_hash_bytes(bytes + i, len, len) == hash_naive(bytes + i, len, len);
	OK(good, "all lengths and alignments agree with the naive twin");

	OK(avalanche(3) < 0.05, "avalanche, 3 bytes");
	OK(avalanche(8) < 0.05, "avalanche, 8 bytes");
	OK(avalanche(16) < 0.05, "avalanche, 16 bytes");
	OK(avalanche(29) < 0.05, "avalanche, 29 bytes");
	OK(avalanche(64) < 0.05, "avalanche, 64 bytes");
	OK(fabs(uniformity(52, false)) < 5 && fabs(uniformity(0, false)) < 5 && fabs(uniformity(27, false)) < 5,
			"consecutive numbers are uniform");
	OK(fabs(uniformity(52, true)) < 5 && fabs(uniformity(0, true)) < 5 && fabs(uniformity(27, true)) < 5,
			"similar texts are uniform");
	OK(no_collisions(), "no collision among near messages");

	OK(ml_hash_unit(0) == 0 && ml_hash_unit(UINT64_MAX) < 1, "unit is in [0, 1)");

	ml_rng_init(&rng, 1, 2);
	ml_rng_init(&other, 1, 3);
	OK(rng.key != other.key && rng.key != ml_rng_key(2, 2), "streams and seeds have keys of their own");
	for (i = 0; i < 100000; i++)
	{
		double		u = ml_rng_unit(&rng);

		sum += u;
		square += u * u;
		die[ml_rng_below(&other, 6)]++;
	}
	OK(fabs(sum / 100000 - 0.5) < 0.005 && fabs(square / 100000 - 1.0 / 3) < 0.005,
			"units have the mean and variance of a uniform");
	for (good = die[6] == 0, i = 0; i < 6; i++)
		good &= fabs(die[i] - 100000.0 / 6) < 600;
	OK(good, "a die is fair");
	OK(ml_rng_at(rng.key, 99999) == ml_rng_at(ml_rng_key(1, 2), 99999), "a draw belongs to its place");
	OK(ml_rng_scale(UINT64_MAX, 10) == 9 && ml_rng_scale(0, 10) == 0 && ml_rng_scale(UINT64_C(1) << 63, 10) == 5,
			"scaling");
	return tap_done();
}
