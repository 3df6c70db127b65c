/*
 * binned.h: a dataset as bins of one byte, the form trees are grown on.
 *
 * A column here is a design column (preprocess.h).  Bin b < n_bins stands for
 * an interval between two cuts, or for a level; ML_MISSING_BIN for missing
 * values and for levels that training rows do not have.  Both layouts hold the same bytes: column by column for
 * parting rows, which uses one, and row by row for histograms, which use
 * every column of a row.
 */
#ifndef ML_BINNED_H
#define ML_BINNED_H

#include "kernel/bins.h"
#include "learn/preprocess.h"
#include "learn/scratch.h"

typedef struct MlBinColumn
{
	int			at;				/* its number in an extended row (preprocess.h) */
	bool		category;
	const MlPrepColumn *prep;	/* clips and fills it in; NULL for a number behind the row */
	bool		missing;		/* some training row has none */
	int			n_bins;			/* without the missing one; at least 1 */
	double	   *cut;			/* numbers: n_bins - 1 cuts, ascending */
	int32_t		n_levels;		/* categories: levels of the training rows ... */
	uint8_t    *bin_of_level;	/* ... and their bins: the rarest share the last one */
	double	   *stand_in;		/* ML_MISSING_BIN + 1: a number (preprocess.h) of each bin; trees treat all the same */
	size_t		cell;			/* first of its n_bins + 1 cells in a node's sums */
} MlBinColumn;

typedef struct MlBinned
{
	int64_t		n;				/* rows: those that learn, then those that choose */
	int			p;				/* design columns */
	uint8_t    *column;			/* p × n */
	size_t		stride;			/* bytes of a row, a multiple of 16 */
	uint8_t    *row;			/* n × stride, bins of columns p .. stride are 0; NULL before ml_binned_turn */
	MlBinColumn *info;			/* p */
	size_t		n_cells;		/* of a node */
} MlBinned;

/*
 * Bins the rows of data that learn and those that choose, column by column;
 * cuts come from at most ML_BIN_SAMPLE of those that learn.  Everything is
 * the scratch's.  let_go: the columns' rows that learn go as soon as they are
 * binned; what a failure leaves of them then is of no use.  Every column is
 * then its own design column, neither encoded nor with an indicator.
 */
#define ML_BIN_SAMPLE 200000
extern MlCode ml_binned_build(MlHost *host, MlScratch *scratch, MlDataset *data, const MlPrep *prep, int max_bin,
							  uint64_t seed, bool let_go, MlBinned *out, MlStatus *status);
/* The same bins row by row as well, the scratch's. */
/* Warns of categories with more levels than bins. */
extern void ml_binned_tell_shared(MlHost *host, const MlBinned *binned);
extern MlCode ml_binned_turn(MlHost *host, MlScratch *scratch, MlBinned *binned, MlStatus *status);

static inline uint8_t
ml_binned_at(const MlBinned *b, int64_t row, int column)
{
	return b->column[(size_t) column * (size_t) b->n + (size_t) row];
}

#endif
