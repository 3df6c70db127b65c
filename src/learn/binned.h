/*
 * binned.h: a dataset as bins of one byte, the form trees are grown on.
 *
 * Bin b < n_bins of a column stands for an interval between two cuts, or for
 * a level; ML_MISSING_BIN for missing values and for levels that training
 * rows do not have.  Both layouts hold the same bytes: row by row for
 * histograms, which use every column of a row, and column by column for
 * parting rows, which uses one.
 */
#ifndef ML_BINNED_H
#define ML_BINNED_H

#include "kernel/bins.h"
#include "learn/preprocess.h"
#include "learn/scratch.h"

typedef struct MlBinColumn
{
	bool		category;
	bool		missing;		/* some training row has none */
	int			n_bins;			/* without the missing one; at least 1 */
	double	   *cut;			/* numbers: n_bins - 1 cuts, ascending */
	int32_t		n_levels;		/* categories: levels of the training rows ... */
	uint8_t    *bin_of_level;	/* ... and their bins: the rarest share the last one */
	size_t		cell;			/* first of its n_bins + 1 cells in a node's sums */
} MlBinColumn;

typedef struct MlBinned
{
	int64_t		n;				/* rows: those that learn, then those that choose */
	int			p;
	size_t		stride;			/* bytes of a row, a multiple of 16 */
	uint8_t    *row;			/* n × stride, bins of columns p .. stride are 0 */
	uint8_t    *column;			/* p × n */
	MlBinColumn *info;			/* p */
	size_t		n_cells;		/* of a node */
} MlBinned;

/*
 * Bins rows [0, n) of data, cuts drawn from at most ML_BIN_SAMPLE of rows
 * [0, rows).  by_row or by_column may be left out.  Everything is the
 * scratch's.
 */
#define ML_BIN_SAMPLE 200000
extern MlCode ml_binned_build(MlHost *host, MlScratch *scratch, const MlDataset *data, int64_t rows, int64_t n,
							  const MlPrep *prep, int max_bin, uint64_t seed, bool by_row, bool by_column,
							  MlBinned *out, MlStatus *status);

static inline uint8_t
ml_binned_at(const MlBinned *b, int64_t row, int column)
{
	return b->column ? b->column[(size_t) column * (size_t) b->n + (size_t) row]
		: b->row[(size_t) row * b->stride + (size_t) column];
}

#endif
