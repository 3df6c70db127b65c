/*
 * part.h: parting the rows of a node by the bins of one column.
 */
#ifndef ML_PART_H
#define ML_PART_H

#include "kernel/histogram.h"

/*
 * bin: one byte a row of the data.  left: 256 bits, bit b set: rows of bin b
 * go left.  They go to to[0 .. l), in their order; the others to to[l .. n),
 * the last one first.  Returns l.  `to` does not overlap `row`.
 */
extern int64_t ml_part_rows(const uint8_t *bin, const uint64_t left[4], const MlRow *row, int64_t n, MlRow *to);

#endif
