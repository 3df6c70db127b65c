/*
 * bins.h: from numbers to bins of one byte.
 *
 * A column has k <= ML_MAX_BINS bins for its values, 0 .. k - 1, and
 * ML_MISSING_BIN for what is missing.  Bin b of a numeric column holds the x
 * with cut[b - 1] < x <= cut[b]; there are k - 1 cuts, so "x <= cut[b]" and
 * "bin <= b" say the same of every finite x.
 */
#ifndef ML_BINS_H
#define ML_BINS_H

#include <stdint.h>

#define ML_MAX_BINS 255
#define ML_MISSING_BIN 255

/*
 * Cuts for at most max_bin bins (2 .. ML_MAX_BINS) from n >= 0 ascending
 * values without NaN, into cut[max_bin - 1]; the number of cuts.  With up to
 * max_bin distinct values each gets its bin; else bins of about the same
 * number of values, and a value that alone would fill one has one of its
 * own.  A cut lies halfway between two neighbours, and where no double does,
 * on the lower one.
 */
extern int	ml_bins_cut(const double *sorted, int64_t n, int max_bin, double *cut);

/* The bin of x (NaN: ML_MISSING_BIN) by n_cuts ascending cuts. */
extern uint8_t ml_bin_of(const double *cut, int n_cuts, double x);

/* bin[i] := bin of x[i], for n values. */
extern void ml_bins_assign(const double *cut, int n_cuts, const double *x, int64_t n, uint8_t *bin);

#endif
