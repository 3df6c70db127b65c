/*
 * impurity.h: the best cut of a sequence of cells by decrease of impurity.
 *
 * A node with rows i of weight w_i has W = Σ w_i and, for each class k,
 * w_k = Σ of its rows' weights.  Its impurity times W is
 *
 *	  squared error	Σ w_i (y_i - mean)²
 *	  gini			W - Σ_k w_k² / W
 *	  entropy		W log2 W - Σ_k w_k log2 w_k
 *
 * (Breiman, Friedman, Olshen and Stone, "Classification and regression
 * trees", 1984) and the gain of a cut is the node's minus the two sides'.
 *
 * Cells are in order, none of them is empty; a cut behind cell i sends cells
 * 0 .. i left.  Rows with a missing value go as a whole to the side that
 * gains more.  Sums are doubles in the order given: exact while weights are
 * whole numbers below 2^53.
 */
#ifndef ML_IMPURITY_H
#define ML_IMPURITY_H

#include <stdbool.h>
#include <stdint.h>

typedef enum MlImpurity
{
	ML_SQUARED_ERROR,
	ML_GINI,
	ML_ENTROPY
} MlImpurity;

/* Sums over the rows of a cell. */
typedef struct MlBinSum
{
	double		g;				/* Σ w y; two classes: weight of the second one */
	double		h;				/* Σ w */
	int64_t		n;				/* rows */
} MlBinSum;

/* A row of several classes. */
typedef struct MlClassRow
{
	double		g;				/* its class */
	double		h;				/* its weight */
} MlClassRow;

typedef struct MlCut
{
	double		gain;			/* negative: there is none */
	int			at;				/* the last cell on the left */
	bool		missing_left;
	double		left;			/* weight on the left */
} MlCut;

/*
 * The best cut of m >= 1 cells; missing: sums of the rows without a value (n
 * = 0: none); both sides have at least min_rows rows.  One output: numbers,
 * or two classes.  Of equal gains the first; differences of rounding are a
 * gain of 0.
 */
extern MlCut ml_impurity_cut(MlImpurity impurity, const MlBinSum *cell, int m, const MlBinSum *missing,
							 int64_t min_rows);

/*
 * The same with k classes: row[0 .. end[0]) are the rows of cell 0, row[end[i
 * - 1] .. end[i]) those of cell i, row[end[m - 1] .. n) the missing ones;
 * total: k weights of the node; work: 2 k.
 */
extern MlCut ml_impurity_cut_classes(MlImpurity impurity, int k, const MlClassRow *row, int64_t n, const int64_t *end,
									 int m, const double *total, int64_t min_rows, double *work);

#endif
