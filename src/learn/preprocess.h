/*
 * preprocess.h: from columns to the numbers a learner multiplies.
 *
 * Fitted on training rows only, stored in the model bytes, applied the same
 * way everywhere.  One dataset column becomes `width` design columns starting
 * at `first`.
 */
#ifndef ML_PREPROCESS_H
#define ML_PREPROCESS_H

#include "learn/dataset.h"

typedef enum MlImpute
{
	ML_IMPUTE_NONE = 0,			/* NaN stays NaN */
	ML_IMPUTE_MEAN,
	ML_IMPUTE_MEDIAN,			/* percentile_cont(0.5) */
	ML_IMPUTE_MOST_FREQUENT,	/* ties: the smallest */
	ML_IMPUTE_CONSTANT
} MlImpute;

typedef enum MlScale
{
	ML_SCALE_NONE = 0,
	ML_SCALE_STANDARD,			/* (x - mean) / population sd; min = max: mean = value, sd = 1 */
	ML_SCALE_MINMAX,
	ML_SCALE_ROBUST				/* (x - median) / (p75 - p25); 0 becomes 1 */
} MlScale;

typedef enum MlEncode
{
	ML_ENCODE_NONE = 0,			/* numbers; trees: categories stay codes */
	ML_ENCODE_ONEHOT,			/* one 0/1 column a level; unseen: all zeros */
	ML_ENCODE_ORDINAL			/* the level's rank 0,1,...; unseen and missing: -1; then scaled as numbers are */
} MlEncode;

/* What is asked for, per dataset column (defaults by learner and kind: ml_prep_default). */
typedef struct MlPrepSpec
{
	MlImpute	impute;
	double		constant;		/* ML_IMPUTE_CONSTANT */
	bool		indicator;		/* one more 0/1 column: was missing */
	MlScale		scale;
	MlEncode	encode;
} MlPrepSpec;

/* What was fitted. */
typedef struct MlPrepColumn
{
	MlKind		kind;
	MlEncode	encode;
	int			feature;		/* SQL feature index */
	const char *name;
	bool		has_impute;
	double		impute;			/* put in place of NaN */
	double		shift;			/* z = (x - shift) / scale */
	double		scale;
	int			first;			/* first design column */
	int			width;			/* number of design columns, indicator included (it is the last) */
	bool		indicator;
	/* categories: the levels of the training rows, bytewise ascending */
	int32_t		n_levels;
	const char **level;
	bool		null_level;		/* missing was seen in training: a level of its own, after the others */
	bool		drop_first;		/* one-hot without its first level */
} MlPrepColumn;

typedef struct MlPrep
{
	int			p;				/* dataset columns */
	int			width;			/* design columns in all, without intercept */
	MlPrepColumn *column;
} MlPrep;

/*
 * A row for prediction is p doubles: the number, or the index of the level in
 * MlPrepColumn.level; NaN = missing; ML_UNSEEN = a text not seen in training.
 */
#define ML_UNSEEN (-1.0)

extern void ml_prep_default(MlPrepSpec *spec, MlKind kind, bool linear);
extern MlCode ml_prep_fit(MlHost *host, const MlDataset *data, const MlPrepSpec *spec,
						  bool drop_first, MlPrep *prep, MlStatus *status);
/* Level index of a text (len bytes, no terminator needed) or ML_UNSEEN. */
extern double ml_prep_level(const MlPrepColumn *column, const char *text, size_t len);
/* x: p (above) -> z: width, dense. */
extern void ml_prep_apply(const MlPrep *prep, const double *x, double *z);
/* Writes the name of design column j ("age", "contract=Two year", "contract=(null)", "age is null") into name. */
extern void ml_prep_name(const MlPrep *prep, int j, char *name, size_t size);
/* The same for the k-th design column of one dataset column. */
extern void ml_prep_column_name(const MlPrepColumn *column, int k, char *name, size_t size);
/*
 * Dataset rows [from, to) -> x, row-major (to - from) × p, codes mapped to
 * the fitted levels; of rows that are in the bins alone, numbers that trees
 * grown on these bins treat as they treat the rows.
 */
extern void ml_prep_rows(const MlPrep *prep, const MlDataset *data, int64_t from, int64_t to, double *x);

#endif
