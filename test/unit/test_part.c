/*
 * test_part.c: parting rows, against a loop with a branch.
 */
#include <stdlib.h>

#include "kernel/part.h"
#include "kernel/rng.h"
#include "tap.h"

#define MOST 700
#define ROWS 5000

static uint8_t bin[ROWS];
static MlRow row[MOST];
static MlRow want[MOST];

static int64_t
part_naive(const uint64_t left[4], int n)
{
	int64_t		first = 0;
	int64_t		last = n;
	int			i;

	for (i = 0; i < n; i++)
	{
		uint8_t		b = bin[row[i].row];

		if (left[b / 64] & UINT64_C(1) << (b % 64))
			want[first++] = row[i];
		else
			want[--last] = row[i];
	}
	return first;
}

/* Every number of rows has memory of its own, so that a byte too far is seen. */
static bool
same(const uint64_t left[4], int n)
{
	MlRow	   *to = malloc((size_t) (n > 0 ? n : 1) * sizeof(MlRow));
	int64_t		l = part_naive(left, n);
	bool		good = ml_part_rows(bin, left, row, n, to) == l &&
		(n == 0 || memcmp(to, want, (size_t) n * sizeof(MlRow)) == 0);

	free(to);
	return good;
}

static void
check(const char *what, const uint64_t left[4])
{
	bool		good = true;
	int			n;

	for (n = 0; n <= MOST; n += n < 200 ? 1 : 37)
		good &= same(left, n);
	OK(good, what);
}

int
main(void)
{
	static const uint64_t all[4] = {~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)};
	static const uint64_t none[4] = {0, 0, 0, 0};
	static const uint64_t number[4] = {~UINT64_C(0), 0x1fff, 0, UINT64_C(1) << 63};
	static const uint64_t levels[4] = {0x0123456789abcdef, 0x8000000000000001, 0xfedcba9876543210, 0x5555555555555555};
	MlRng		rng;
	int			round;
	int			i;

	ml_rng_init(&rng, 1, 2);
	for (i = 0; i < ROWS; i++)
		bin[i] = (uint8_t) ml_rng_below(&rng, 256);
	for (round = 0; round < 2; round++)
	{
		for (i = 0; i < MOST; i++)
		{
			row[i].row = (uint32_t) (round == 0 ? i * 7 + (int) ml_rng_below(&rng, 7) : ROWS - 1 - i);
			row[i].q = (uint32_t) ml_rng_below(&rng, 1 << 30);
		}
		check("all rows go left", all);
		check("all rows go right", none);
		check("numbers below a cut, and missing ones", number);
		check("levels from here and there", levels);
	}
	return tap_done();
}
