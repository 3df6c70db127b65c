/*
 * test_wide_hash.c: sums of hashes modulo 2^128, and figures of numbers as
 * they come.
 */
#include "kernel/number_sums.h"
#include "kernel/rng.h"
#include "kernel/wide_hash.h"
#include "tap.h"

static bool
equal(MlWideHash a, MlWideHash b)
{
	return a.high == b.high && a.low == b.low;
}

static void
test_sum(void)
{
	MlWideHash	sum = {UINT64_MAX, UINT64_MAX};
	MlWideHash	forward = {0, 0};
	MlWideHash	backward = {0, 0};

	ml_wide_hash_add(&sum, (MlWideHash) {0, 1});
	OK(equal(sum, (MlWideHash) {0, 0}), "sums go round at 2^128");
	sum = (MlWideHash) {1, UINT64_MAX};
	ml_wide_hash_add(&sum, (MlWideHash) {2, UINT64_MAX});
	OK(equal(sum, (MlWideHash) {4, UINT64_MAX - 1}), "the lower half carries into the upper");
	for (uint64_t i = 0; i < 1000; i++)
	{
		ml_wide_hash_add(&forward, (MlWideHash) {ml_mix64(i), ml_mix64(i + 5000)});
		ml_wide_hash_add(&backward, (MlWideHash) {ml_mix64(999 - i), ml_mix64(999 - i + 5000)});
	}
	OK(equal(forward, backward), "the order does not matter");
}

/* Each input bit flips about half of the 128 output bits. */
static void
test_mix(void)
{
	double		worst = 0;

	for (int bit = 0; bit < 128; bit++)
	{
		int			flips[128] = {0};

		for (uint64_t trial = 0; trial < 2000; trial++)
		{
			MlWideHash	h = {ml_mix64(trial), trial};
			MlWideHash	g = h;
			MlWideHash	x;
			MlWideHash	y;

			if (bit < 64)
				g.low ^= UINT64_C(1) << bit;
			else
				g.high ^= UINT64_C(1) << (bit - 64);
			x = ml_wide_hash_mix(h);
			y = ml_wide_hash_mix(g);
			for (int o = 0; o < 64; o++)
			{
				flips[o] += (int) ((x.low ^ y.low) >> o & 1);
				flips[64 + o] += (int) ((x.high ^ y.high) >> o & 1);
			}
		}
		for (int o = 0; o < 128; o++)
			worst = fmax(worst, fabs(flips[o] / 2000.0 - 0.5));
	}
	/* 16,384 counts with a deviation of 0.011: the largest is some 4.5 deviations out */
	OK(worst < 0.065, "every bit of the input moves every bit of the output");
}

static void
test_values(void)
{
	MlWideHash	salt = {1, 2};

	OK(!equal(ml_wide_hash_word(3, salt), ml_wide_hash_word(4, salt)), "words differ");
	OK(!equal(ml_wide_hash_word(3, salt), ml_wide_hash_word(3, (MlWideHash) {2, 1})), "and so do salts");
	OK(!equal(ml_wide_hash_bytes("ab", 2, salt), ml_wide_hash_bytes("ab", 1, salt)), "bytes differ");
	/* stored in mlops.snapshots: never changes */
	OK(equal(ml_wide_hash_mix(ml_wide_hash_word(7, salt)),
			 (MlWideHash) {UINT64_C(0x56c59f292886d934), UINT64_C(0x170cf68caeffce46)}), "the hash is what it was");
}

static void
test_numbers(void)
{
	static const double values[] = {1e15 + 1, 1e15 + 2, 1e15 + 3, 1e15 + 4};
	MlNumberSums s = {0};
	MlNumberSums other = {0};

	OK(isnan(ml_number_sums_mean(&s)) && isnan(ml_number_sums_deviation(&s)), "no numbers have no mean");
	for (int i = 0; i < 4; i++)
		ml_number_sums_add(&s, values[i]);
	OK(ml_number_sums_mean(&s) == 1e15 + 2.5, "the mean");
	/* sqrt(1.25); one rounding of the difference, one of the root */
	NEAR(ml_number_sums_deviation(&s), 1.118033988749895, 1e-14, "the deviation of numbers far from 0");
	OK(s.minimum == 1e15 + 1 && s.maximum == 1e15 + 4 && s.n == 4, "extremes and count");
	s = (MlNumberSums) {0};
	for (int i = 0; i < 1000; i++)
	{
		ml_number_sums_add(&s, ml_rng_unit_at(1, (uint64_t) i) * 1e6);
		ml_number_sums_add(&other, ml_rng_unit_at(1, (uint64_t) (999 - i)) * 1e6);
	}
	OK(ml_number_sums_mean(&s) == ml_number_sums_mean(&other) &&
	   ml_number_sums_deviation(&s) == ml_number_sums_deviation(&other), "the order does not matter");
	s = (MlNumberSums) {0};
	for (int i = 0; i < 3; i++)
		ml_number_sums_add(&s, 0.1);
	OK(ml_number_sums_deviation(&s) == 0 && ml_number_sums_mean(&s) == 0.1, "equal numbers do not deviate");
	ml_number_sums_add(&s, INFINITY);
	OK(isnan(ml_number_sums_mean(&s)) && isnan(ml_number_sums_deviation(&s)) && isinf(s.maximum),
	   "an infinite number leaves the extremes");
	s = (MlNumberSums) {0};
	ml_number_sums_add(&s, 1e300);
	ml_number_sums_add(&s, -1e300);
	OK(ml_number_sums_mean(&s) == 0 && isnan(ml_number_sums_deviation(&s)), "squares beyond the range: no deviation");
}

int
main(void)
{
	test_sum();
	test_mix();
	test_values();
	test_numbers();
	return tap_done();
}
