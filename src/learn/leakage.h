/*
 * leakage.h: figures that tell whether columns, or rows, know too much.
 */
#ifndef ML_LEAKAGE_H
#define ML_LEAKAGE_H

#include "learn/dataset.h"

/* What a column says by itself; NaN = not defined, or too few rows. */
typedef struct MlColumnLeakage
{
	/*
	 * How well the target is told by this column alone, on rows that others
	 * were asked about: AUC, of several classes the mean of each against the
	 * others, or R2.
	 */
	double		figure;
	double		rank_correlation;	/* regression, numbers: |Spearman| with the target */
	double		distinct;		/* share of different values among the rows with one */
	double		repeats;		/* chance that two rows have the same value, missing being one */
	double		density;		/* whole numbers: rows with a value by the length of their range; else NaN */
	double		read_order;		/* whole numbers that hardly repeat: |Spearman| with the order of reading */
	int64_t		rows;			/* of the sample */
} MlColumnLeakage;

/*
 * All rows count, learned from or not: nothing is chosen here.  key_hash: by
 * the row as it was read; read_at[i]: where row i was read.  out: one a column.
 */
extern MlCode ml_leakage_columns(MlHost *host, const MlDataset *data, const uint64_t *key_hash,
								 const uint32_t *read_at, MlColumnLeakage *out, MlStatus *status);

/* Test rows whose features are those of a training row. */
typedef struct MlSharedRows
{
	int64_t		test;			/* test rows */
	int64_t		shared;			/* of them with all features as a training row has them */
	int64_t		same_target;	/* and the target too */
	int64_t		different;		/* different rows in all, by their features */
} MlSharedRows;

extern MlCode ml_leakage_rows(MlHost *host, const MlDataset *data, MlSharedRows *out, MlStatus *status);

#endif
