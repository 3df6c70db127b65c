/*
 * test_histogram.c: sums of gradients by bin, against a loop that adds one
 * number at a time.
 */
#include <stdlib.h>

#include "kernel/histogram.h"
#include "kernel/rng.h"
#include "tap.h"

#define MOST_COLUMNS 70
#define MOST_ROWS 700

static uint64_t packed[MOST_COLUMNS * ML_HIST_STRIDE];
static MlCell naive[MOST_COLUMNS * ML_HIST_CELLS];

static bool
same_as_naive(int columns)
{
	MlCell		wide[ML_HIST_CELLS + 1];
	bool		good = true;
	int			c;
	int			b;

	for (c = 0; c < MOST_COLUMNS; c++)
	{
		const MlCell *want = naive + c * ML_HIST_CELLS;

		memset(wide, 0, sizeof(wide));
		ml_hist_flush(packed + c * ML_HIST_STRIDE, 255, wide);
		for (b = 0; b < ML_HIST_CELLS; b++)
		{
			good &= wide[b].g == want[b].g && wide[b].h == want[b].h;
			good &= packed[c * ML_HIST_STRIDE + b] == 0;
			good &= c < columns || (wide[b].g == 0 && wide[b].h == 0);
		}
	}
	return good;
}

static void
add_naive(const uint8_t *X, size_t stride, int columns, const MlRow *r, int n)
{
	int			i;
	int			c;

	memset(naive, 0, sizeof(naive));
	for (i = 0; i < n; i++)
		for (c = 0; c < columns; c++)
		{
			MlCell	   *cell = naive + c * ML_HIST_CELLS + X[r[i].row * stride + (size_t) c];

			cell->g += ml_pair_g(r[i].q);
			cell->h += ml_pair_h(r[i].q);
		}
}

static void
test_columns(void)
{
	MlRow		row[MOST_ROWS];
	MlRng		rng;
	bool		good = true;
	int			columns;
	int			i;

	ml_rng_init(&rng, 1, 1);
	for (columns = 1; columns <= MOST_COLUMNS; columns++)
	{
		size_t		stride = ((size_t) columns + 7) / 8 * 8;
		int			n = (int) ml_rng_below(&rng, MOST_ROWS + 1);
		/* exactly what may be read, so that a sanitizer sees more */
		uint8_t    *X = malloc(stride * MOST_ROWS);

		for (i = 0; i < (int) stride * MOST_ROWS; i++)
			X[i] = (uint8_t) ml_rng_below(&rng, columns % 3 == 0 ? 4 : 256);
		for (i = 0; i < n; i++)
		{
			row[i].row = (uint32_t) ml_rng_below(&rng, MOST_ROWS);
			row[i].q = ml_pair((int) ml_rng_below(&rng, 65535) - 32767, (unsigned) ml_rng_below(&rng, 65536));
		}
		add_naive(X, stride, columns, row, n);
		ml_hist_add(X, stride, columns, row, n, packed);
		good &= same_as_naive(columns);
		free(X);
	}
	OK(good, "1 to 70 columns, any rows, as the naive loop");
}

/* As many rows as may be, all in one cell, each with the largest values. */
static void
test_extremes(void)
{
	static const int g[] = {32767, -32767, -32768, 0};
	MlRow	   *row = malloc(ML_HIST_ROWS * sizeof(MlRow));
	uint8_t		X[16] = {3, 255, 0};
	bool		good = true;
	size_t		k;
	int			i;

	for (k = 0; k < sizeof(g) / sizeof(g[0]); k++)
	{
		for (i = 0; i < ML_HIST_ROWS; i++)
		{
			row[i].row = 0;
			row[i].q = ml_pair(g[k], 65535);
		}
		add_naive(X, 16, 3, row, ML_HIST_ROWS);
		ml_hist_add(X, 16, 3, row, ML_HIST_ROWS, packed);
		good &= naive[3].g == (int64_t) g[k] * ML_HIST_ROWS && naive[3].h == INT64_C(65535) * ML_HIST_ROWS;
		good &= same_as_naive(3);
	}
	OK(good, "65,536 rows of the largest values do not overflow");
	for (i = 0; i < ML_HIST_ROWS; i++)
		row[i].q = ml_pair(i % 2 ? -32768 : 32767, i % 3 ? 65535 : 0);
	add_naive(X, 16, 3, row, ML_HIST_ROWS);
	ml_hist_add(X, 16, 3, row, ML_HIST_ROWS, packed);
	OK(same_as_naive(3), "signs that change do not leak into the other half");
	free(row);
}

static void
test_pairs(void)
{
	bool		good = true;
	int			g;

	for (g = -32768; g <= 32767; g++)
	{
		unsigned	h = (unsigned) (g * 7919) & 0xffff;

		good &= ml_pair_g(ml_pair(g, h)) == g && ml_pair_h(ml_pair(g, h)) == h;
	}
	OK(good, "a pair keeps both numbers");
}

static void
test_wide(void)
{
	MlCell		a[4] = {{1, 2}, {-3, 4}, {INT64_C(1) << 50, 6}, {0, 0}};
	const MlCell b[4] = {{5, 1}, {-1, 1}, {-(INT64_C(1) << 50), 2}, {9, 9}};
	MlCell		few[3] = {{0, 0}, {0, 0}, {0, 0}};

	ml_hist_merge(a, b, 4);
	OK(a[0].g == 6 && a[1].g == -4 && a[2].g == 0 && a[3].h == 9, "merge");
	ml_hist_subtract(a, b, 4);
	OK(a[0].g == 1 && a[1].h == 4 && a[2].g == INT64_C(1) << 50 && a[3].g == 0, "subtract");
	/* a column of two bins: the missing cell comes third */
	packed[0] = ((uint64_t) (int64_t) -2 << 32) + 7;
	packed[1] = ((uint64_t) 5 << 32) + 1;
	packed[255] = ((uint64_t) (int64_t) -1 << 32) + 3;
	ml_hist_flush(packed, 2, few);
	ml_hist_flush(packed, 2, few);
	OK(few[0].g == -2 && few[0].h == 7 && few[1].g == 5 && few[1].h == 1 && few[2].g == -1 && few[2].h == 3,
	   "flush puts the missing cell behind the bins, and empties the packed ones");
}

int
main(void)
{
	test_pairs();
	test_columns();
	test_extremes();
	test_wide();
	return tap_done();
}
