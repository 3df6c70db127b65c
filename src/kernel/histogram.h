/*
 * histogram.h: sums of gradients by bin.
 *
 * X: n rows of one-byte bins, row-major, `stride` bytes a row.
 * q: one quantised pair a row, g in the upper 16 bits (signed), h in the
 *    lower 16 (unsigned).
 *
 * A packed cell sums pairs in one 64-bit word: g in the upper half, h in the
 * lower.  Up to ML_HIST_ROWS rows cannot overflow a half; then the cells are
 * added to wide ones.  All sums are integers: neither order nor grouping of
 * the rows changes a bit.
 */
#ifndef ML_HISTOGRAM_H
#define ML_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define ML_HIST_CELLS 256		/* of a column */
/*
 * From one column's packed cells to the next one's.  Columns a power of two
 * apart would have their cells at the same place of each page, and a load waits
 * for a store that only looks like its own: with few bins three to six times
 * as long.
 */
#define ML_HIST_STRIDE 274
#define ML_HIST_ROWS 65536

/* Wide sums of one bin. */
typedef struct MlCell
{
	int64_t		g;
	int64_t		h;
} MlCell;

static inline uint32_t
ml_pair(int g, unsigned h)
{
	return (uint32_t) g << 16 | (h & 0xffff);
}

static inline int
ml_pair_g(uint32_t pair)
{
	return (int16_t) (pair >> 16);
}

static inline unsigned
ml_pair_h(uint32_t pair)
{
	return pair & 0xffff;
}

/* One row of a tree: its number, and its pair beside it, so that both come from memory together. */
typedef struct MlRow
{
	uint32_t	row;
	uint32_t	q;
} MlRow;

/*
 * packed[c * ML_HIST_STRIDE + X[r.row][c]] += r.q for the rows r[0..n), n <=
 * ML_HIST_ROWS, and columns c in [0, columns).  X may be read up to the next
 * multiple of 8 columns.
 */
extern void ml_hist_add(const uint8_t *X, size_t stride, int columns, const MlRow *r, int n, uint64_t *packed);

/*
 * One column's packed cells 0 .. bins - 1 and the missing one, added to
 * wide[0 .. bins] (missing last) and set to zero.
 */
extern void ml_hist_flush(uint64_t *packed, int bins, MlCell *wide);

/* wide[i] -= part[i] */
extern void ml_hist_subtract(MlCell *wide, const MlCell *part, size_t n);
/* wide[i] += part[i] */
extern void ml_hist_merge(MlCell *wide, const MlCell *part, size_t n);

#endif
