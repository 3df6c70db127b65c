/*
 * histogram.c: the inner loop of growing trees.
 *
 * One update is a load, an add and a store of a 64-bit cell; the limit is
 * one store a cycle.  What comes close: eight bins are fetched as one word,
 * the cell's address is one register plus a constant, columns' cells do not
 * share their place in a page, and rows are asked for ahead of time, since
 * deep nodes touch a cache line a row.
 */
#include "kernel/histogram.h"

#include <assert.h>
#include <string.h>

/* Rows asked for ahead: enough to cover memory, few enough to stay in the first cache. */
#define AHEAD 16

static inline uint64_t
widen(uint32_t pair)
{
	return ((uint64_t) (int64_t) (int16_t) (pair >> 16) << 32) + (pair & 0xffff);
}

/* Keeps the compiler from putting steps together that are cheaper apart. */
#if defined(__GNUC__)
#define APART(x) __asm__("" : "+r"(x))
#else
#define APART(x) ((void) 0)
#endif

static inline __attribute__((always_inline)) void
add_cell(uint64_t *cells, size_t bin, int column, uint64_t value)
{
	uint64_t   *cell = cells + bin;

	APART(cell);
	cell[column * ML_HIST_STRIDE] += value;
}

/* Eight columns of one row, or fewer. */
static inline __attribute__((always_inline)) void
add_group(uint64_t *cells, const uint8_t *x, int columns, uint64_t value)
{
	uint64_t	bins;
	int			j;

	memcpy(&bins, x, sizeof(bins));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bins = __builtin_bswap64(bins);
#endif
#pragma GCC unroll 4
	for (j = 0; j < columns; j += 2)
	{
		/* two bytes of a register can be had without a shift */
		add_cell(cells, bins & 0xff, j, value);
		if (j + 1 < columns)
			add_cell(cells, (bins >> 8) & 0xff, j + 1, value);
		bins >>= 16;
		APART(bins);
	}
}

static inline __attribute__((always_inline)) void
add_row(uint64_t *cells, const uint8_t *x, int full, int rest, uint64_t value)
{
	int			j;

	for (j = 0; j < full; j++)
		add_group(cells + (size_t) j * 8 * ML_HIST_STRIDE, x + j * 8, 8, value);
	if (rest > 0)
		add_group(cells + (size_t) full * 8 * ML_HIST_STRIDE, x + full * 8, rest, value);
}

/* A loop whose numbers of columns the compiler knows: no branch is left in it. */
#define ROWS_LOOP(FULL, REST) \
	for (i = 0; i < n; i++) \
	{ \
		if (i + AHEAD < n) \
			__builtin_prefetch(X + r[i + AHEAD].row * stride); \
		add_row(packed, X + r[i].row * stride, FULL, REST, widen(r[i].q)); \
	}

#define BY_REST(FULL) \
	switch (rest) \
	{ \
		case 0: ROWS_LOOP(FULL, 0); break; \
		case 1: ROWS_LOOP(FULL, 1); break; \
		case 2: ROWS_LOOP(FULL, 2); break; \
		case 3: ROWS_LOOP(FULL, 3); break; \
		case 4: ROWS_LOOP(FULL, 4); break; \
		case 5: ROWS_LOOP(FULL, 5); break; \
		case 6: ROWS_LOOP(FULL, 6); break; \
		default: ROWS_LOOP(FULL, 7); break; \
	}

/* Columns in one go: their cells stay in the second cache, a row's bins in one line. */
#define BLOCK 32

void
ml_hist_add(const uint8_t *X, size_t stride, int columns, const MlRow *r, int n, uint64_t *packed)
{
	assert(n >= 0 && n <= ML_HIST_ROWS);
	while (columns > 0)
	{
		int			now = columns < BLOCK ? columns : BLOCK;
		int			rest = now % 8;
		int			i;

		switch (now / 8)
		{
			case 0:
				BY_REST(0);
				break;
			case 1:
				BY_REST(1);
				break;
			case 2:
				BY_REST(2);
				break;
			case 3:
				BY_REST(3);
				break;
			default:
				ROWS_LOOP(4, 0);
				break;
		}
		X += now;
		packed += (size_t) now * ML_HIST_STRIDE;
		columns -= now;
	}
}

static inline void
flush_cell(uint64_t *packed, MlCell *wide)
{
	uint64_t	value = *packed;

	/* h never exceeds its half, so g's half is exact: an arithmetic shift takes it out */
	wide->h += (int64_t) (value & 0xffffffff);
	wide->g += (int32_t) (value >> 32);
	*packed = 0;
}

void
ml_hist_flush(uint64_t *packed, int bins, MlCell *wide)
{
	int			b;

	for (b = 0; b < bins; b++)
		flush_cell(packed + b, wide + b);
	flush_cell(packed + ML_HIST_CELLS - 1, wide + bins);
}

void
ml_hist_subtract(MlCell *wide, const MlCell *part, size_t n)
{
	size_t		i;

	for (i = 0; i < n; i++)
	{
		wide[i].g -= part[i].g;
		wide[i].h -= part[i].h;
	}
}

void
ml_hist_merge(MlCell *wide, const MlCell *part, size_t n)
{
	size_t		i;

	for (i = 0; i < n; i++)
	{
		wide[i].g += part[i].g;
		wide[i].h += part[i].h;
	}
}
