/*
 * dataset.h: the rows a learner sees, as columns.
 *
 * n rows, p columns.  Rows stand in canonical order (split.h) and by role:
 * [0, n_train) learn, [n_train, n_train + n_valid) choose rounds, thresholds
 * and calibration, the rest judge.  Nothing is fitted on a row outside the
 * first part unless its function says so.
 *
 * The values of a row are in the columns, in the bins, or in both.  Rows
 * before `first` are in the bins alone: the columns' arrays begin with row
 * `first`.  Only who owns the columns lets rows of theirs go.
 */
#ifndef ML_DATASET_H
#define ML_DATASET_H

#include "learn/host.h"

typedef enum MlTaskKind
{
	ML_REGRESSION = 1,
	ML_BINARY = 2,
	ML_MULTICLASS = 4
} MlTaskKind;

typedef enum MlKind
{
	ML_NUMERIC = 1,				/* also boolean (0, 1) and one element of a vector */
	ML_CATEGORY = 2
} MlKind;

/*
 * One column.  A vector feature of length d is d numeric columns named
 * "name[1]" .. "name[d]" with the same `feature`.
 */
typedef struct MlColumn
{
	const char *name;
	int			feature;		/* index of the SQL feature it comes from */
	MlKind		kind;
	double	   *value;			/* values from row `first` on, NaN = missing; NULL for categories */
	int32_t    *code;			/* codes likewise, -1 = missing, else index into level; NULL for numbers */
	int32_t		n_levels;		/* distinct texts among all n rows */
	const char **level;			/* n_levels texts, bytewise (COLLATE "C") ascending */
} MlColumn;

struct MlBinned;

typedef struct MlDataset
{
	int64_t		n;
	int64_t		n_train;
	int64_t		n_valid;
	int			p;
	MlColumn   *column;
	bool		owns_columns;	/* their arrays are the host's, and may be given back to it */
	int64_t		first;			/* row that the columns' arrays begin with */
	const struct MlBinned *binned;	/* rows [0, n_train + n_valid), or NULL */
	MlTaskKind	task;
	double	   *y;				/* regression: the target; else class index 0..n_classes-1 */
	double	   *weight;			/* sample weight, > 0; NULL = all 1 */
	int			n_classes;		/* 0 for regression; binary: index 1 is the positive class */
	const char **class_name;
	/* n_classes: how many rows of a class a training row stands for, on average; NULL = for itself (sampling.h) */
	const double *class_ratio;
} MlDataset;

/* What a row weighs outside of learning. */
static inline double
ml_natural_weight(const MlDataset *data, int64_t row)
{
	double		weight = data->weight != NULL ? data->weight[row] : 1.0;

	return data->class_ratio != NULL ? weight / data->class_ratio[(int) data->y[row]] : weight;
}

/* Lets go of the rows before `row` of column c, whose array now begins with it; data->first is the caller's to set. */
extern MlCode ml_dataset_let_go(MlHost *host, MlDataset *data, int c, int64_t row, MlStatus *status);

#endif
