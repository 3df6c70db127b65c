/*
 * preprocess.h: from columns to the numbers a learner multiplies or splits.
 *
 * Fitted on training rows only, stored in the model bytes, applied the same
 * way everywhere.  A number is clipped, then filled in where it is missing,
 * then scaled; a category becomes a slot (a level, or missing, or unseen),
 * and a slot numbers.  One dataset column becomes `width` design columns
 * starting at `first`.
 *
 * A learner of trees walks over rows of its own: the p numbers of the row as
 * it came, and behind them `n_extra` numbers that stand for what cannot be
 * decided on those, the encoded columns of categories and the indicators.
 * What preprocessing does to a number keeps its order, so a tree's thresholds
 * are said of the number as it came.
 */
#ifndef ML_PREPROCESS_H
#define ML_PREPROCESS_H

#include <math.h>

#include "learn/dataset.h"

typedef enum MlImpute
{
	ML_IMPUTE_NONE = 0,			/* NaN stays NaN */
	ML_IMPUTE_MEAN,
	ML_IMPUTE_MEDIAN,			/* percentile_cont(0.5) */
	ML_IMPUTE_MOST_FREQUENT,	/* ties: the smallest */
	ML_IMPUTE_CONSTANT
} MlImpute;

typedef enum MlClip
{
	ML_CLIP_NONE = 0,
	ML_CLIP_QUANTILES,			/* percentile_cont of the training rows */
	ML_CLIP_BOUNDS
} MlClip;

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
	ML_ENCODE_ORDINAL,			/* the level's rank 0,1,...; unseen and missing: -1; then scaled as numbers are */
	ML_ENCODE_FREQUENCY,		/* the level's share of the training rows; unseen: 0 */
	ML_ENCODE_HASH,				/* one 0/1 column a bucket of the text's hash; no text is stored */
	ML_ENCODE_TARGET			/* the target's mean for the level, smoothed; unseen: the mean of all */
} MlEncode;

/* What a text that training rows do not have is taken for. */
typedef enum MlUnknown
{
	ML_UNKNOWN_IGNORE = 0,		/* a slot of its own: see above */
	ML_UNKNOWN_MISSING,			/* missing */
	ML_UNKNOWN_RARE,			/* the level of rare ones; without one as IGNORE */
	ML_UNKNOWN_ERROR,			/* whoever predicts refuses the row; else as IGNORE */
	ML_UNKNOWN_DEFAULT			/* asked only: RARE with rare_below, else IGNORE */
} MlUnknown;

#define ML_PREP_FOLDS 5			/* of the rows that learn from target means made without them */
#define ML_MAX_BUCKETS 65536
#define ML_RARE_NAME "(rare)"
#define ML_BUCKET_NAME 8		/* bytes: "#65535" */

/* What is asked for, per dataset column (defaults by learner and kind: ml_prep_default). */
typedef struct MlPrepSpec
{
	MlImpute	impute;
	double		constant;		/* ML_IMPUTE_CONSTANT */
	bool		indicator;		/* one more 0/1 column: was missing */
	MlClip		clip;
	double		low;			/* share or bound; NaN = no such side */
	double		high;
	MlScale		scale;
	/* categories */
	const char *text;			/* ML_IMPUTE_CONSTANT */
	MlEncode	encode;
	int			buckets;		/* ML_ENCODE_HASH: at least 2 */
	double		smoothing;		/* ML_ENCODE_TARGET: rows of the mean of all; NaN = from the variances */
	double		rare_below;		/* levels of fewer rows are one; below 1 a share of the rows; 0 = none are */
	MlUnknown	unknown;
} MlPrepSpec;

/* What was fitted. */
typedef struct MlPrepColumn
{
	MlKind		kind;
	MlEncode	encode;
	int			feature;		/* SQL feature index */
	const char *name;
	bool		has_impute;
	double		impute;			/* put in place of NaN; NaN = nothing is */
	double		low;			/* numbers: bounds, -infinity and infinity where there are none */
	double		high;
	double		shift;			/* z = (x - shift) / scale */
	double		scale;
	int			first;			/* first design column */
	int			width;			/* number of design columns, indicator included (it is the last) */
	bool		indicator;
	int			extra;			/* trees: the first of n_extra numbers behind the row */
	int			n_extra;
	/* categories: n_texts of the training rows, bytewise ascending, then that of the rare ones; or buckets */
	int32_t		n_levels;
	int32_t		n_texts;
	const char **level;			/* of an opened model's buckets NULL: see ml_prep_level_name */
	bool		rare_level;		/* the last level stands for the rare ones */
	int32_t		n_rare;			/* their texts, ascending, where they are told from unseen ones */
	const char **rare;
	MlUnknown	unknown;		/* not DEFAULT */
	bool		null_level;		/* missing was seen in training: a level of its own, after the others */
	bool		drop_first;		/* one-hot, buckets: without the first level */
	int			n_values;		/* frequency and target: numbers of a slot, scaled; else 0 */
	double	   *value;			/* slots × n_values; of an opened model in place */
	const char *const *value_name;	/* target, several classes: theirs; else NULL */
	/* categories, while a learner learns: the slot of each code of the dataset, of missing (-1) at [0] */
	int32_t    *slot_of;
	double	   *fold_value;		/* target: ML_PREP_FOLDS × slots × n_values, each without the rows of its fold */
} MlPrepColumn;

typedef struct MlPrep
{
	int			p;				/* dataset columns */
	int			width;			/* design columns in all, without intercept */
	int			n_extra;		/* trees: numbers behind the p of a row */
	MlPrepColumn *column;
	/* while a learner learns: the folds of the training rows, NULL without target means */
	const uint8_t *fold;
	int64_t		fold_rows;
} MlPrep;

/*
 * A row for prediction is p doubles: the number, or the index of the level in
 * MlPrepColumn.level; NaN = missing; ML_UNSEEN = a text not seen in training.
 */
#define ML_UNSEEN (-1.0)

extern void ml_prep_default(MlPrepSpec *spec, MlKind kind, bool linear);
/* What a column of this kind may not be asked for, rows or no rows. */
extern MlCode ml_prep_check(const MlPrepSpec *spec, const char *name, MlKind kind, bool linear, MlStatus *status);
/* linear: numbers and ranks are scaled, and a category without encoding is refused; else scales are left out. */
extern MlCode ml_prep_fit(MlHost *host, const MlDataset *data, const MlPrepSpec *spec,
						  bool linear, bool drop_first, MlPrep *prep, MlStatus *status);
/* Warns of columns whose training rows have no value to fill gaps with: they are zeros. */
extern void ml_prep_tell_empty(MlHost *host, const MlDataset *data, const MlPrepSpec *spec);
/* Numbers the design columns and extra numbers of columns whose widths are known; false: there are too many. */
extern bool ml_prep_place(MlPrep *prep);

/* ---- applying (preprocess_apply.c) ---- */

/* Level index of a text (len bytes, no terminator needed), ML_UNSEEN, or NaN where that is taken for missing. */
extern double ml_prep_level(const MlPrepColumn *column, const char *text, size_t len);
/* x: p (above) -> z: width, dense. */
extern void ml_prep_apply(const MlPrep *prep, const double *x, double *z);
/* x: p -> row: the same p and n_extra more. */
extern void ml_prep_extend(const MlPrep *prep, const double *x, double *row);
/* Writes the name of design column j ("age", "contract=Two year", "contract=(null)", "age is null") into name. */
extern void ml_prep_name(const MlPrep *prep, int j, char *name, size_t size);
/* The same for the k-th design column of one dataset column. */
extern void ml_prep_column_name(const MlPrepColumn *column, int k, char *name, size_t size);
/* The dataset column of design column j; *k: which of its own it is. */
extern int	ml_prep_owner(const MlPrep *prep, int j, int *k);
/* The dataset column of number j of an extended row, and which of its design columns it is. */
extern int	ml_prep_extended_owner(const MlPrep *prep, int j, int *k);
/* column[p] := sums of design[width] over the design columns of each. */
extern void ml_prep_add_up(const MlPrep *prep, const double *design, double *column);
/*
 * Dataset rows [from, to) -> x, row-major (to - from) × p, codes mapped to
 * the fitted levels; of rows that are in the bins alone, numbers that trees
 * grown on these bins treat as they treat the rows.
 */
extern void ml_prep_rows(const MlPrep *prep, const MlDataset *data, int64_t from, int64_t to, double *x);

/* What a level is called; a bucket's name is written into room[ML_BUCKET_NAME]. */
extern const char *ml_prep_level_name(const MlPrepColumn *column, int32_t level, char *room);

/* One 0/1 column a level? */
static inline bool
ml_prep_is_onehot(const MlPrepColumn *column)
{
	return column->encode == ML_ENCODE_ONEHOT || column->encode == ML_ENCODE_HASH;
}

/* Numbers of a slot that are kept for it. */
static inline int
ml_prep_n_values(MlEncode encode, int n_classes)
{
	return encode == ML_ENCODE_FREQUENCY ? 1 : encode != ML_ENCODE_TARGET ? 0 : n_classes > 2 ? n_classes : 1;
}

/* Slots of a category: its levels, missing where that is a level of its own, and last of all unseen. */
static inline int32_t
ml_prep_slots(const MlPrepColumn *column)
{
	return column->n_levels + (column->null_level ? 1 : 0) + 1;
}

static inline int32_t
ml_prep_slot(const MlPrepColumn *column, double x)
{
	if (x != x)
		x = column->has_impute ? column->impute : column->null_level ? column->n_levels : ML_UNSEEN;
	else if (x >= column->n_levels)
		x = ML_UNSEEN;
	return x >= 0.0 ? (int32_t) x : ml_prep_slots(column) - 1;
}

/* A number as a learner has it, but for its scale. */
static inline double
ml_prep_number(const MlPrepColumn *column, double x)
{
	return x != x ? column->impute : x < column->low ? column->low : x > column->high ? column->high : x;
}

/* The k-th design column of a category that is encoded, for one of its slots. */
static inline double
ml_prep_encoded(const MlPrepColumn *column, int32_t slot, int k)
{
	if (column->n_values > 0)
		return column->value[(size_t) slot * (size_t) column->n_values + (size_t) k];
	if (column->encode == ML_ENCODE_ORDINAL)
		return ((slot < column->n_levels ? slot : -1) - column->shift) / column->scale;
	return slot == k + (column->drop_first ? 1 : 0) && slot < ml_prep_slots(column) - 1 ? 1.0 : 0.0;
}

#endif
