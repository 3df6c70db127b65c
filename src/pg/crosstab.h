/*
 * crosstab.h: the state of aggregates over actual and predicted labels.
 *
 * Labels are byte strings, distinct when their bytes are; each has the sums
 * of kernel/class_sums.h.  Memory grows with the distinct labels and not with
 * the rows: their bytes, and about 200 bytes for each.
 */
#ifndef MLOPS_CROSSTAB_H
#define MLOPS_CROSSTAB_H

#include "kernel/class_sums.h"
#include "pg/state.h"

#define MLOPS_CROSSTAB_MAX_LABELS 1000000
/* of all labels together; states travel as text of twice their size, and much less than 1 GB of it */
#define MLOPS_CROSSTAB_MAX_BYTES (64 * 1024 * 1024)

typedef struct MlopsLabel
{
	const char *text;
	uint32		len;
	uint32		hash;			/* of those that are looked up */
} MlopsLabel;

typedef struct MlopsCrosstab
{
	MlopsState	state;			/* first: cast either way */
	const char *average;		/* the argument of that name; NULL = there is none */
	uint32		average_len;
	int32		n;
	int32		room;
	int32		n_sorted;		/* n or something else: whether labels are in order */
	Size		label_bytes;
	MlopsLabel *label;
	MlClassSum *sum;
	struct label_index_hash *index; /* label -> its number; NULL until needed */
} MlopsCrosstab;

extern const MlopsStateType mlops_crosstab_type;

/* One row of weight > 0.  Raises 54000 beyond the limits above, 22003 when sums of weights overflow. */
extern void mlops_crosstab_add(MlopsCrosstab *crosstab, const char *actual, Size actual_len,
							   const char *predicted, Size predicted_len, double weight);
/*
 * The argument "average" of a row; raises 22023 for an unknown one and for
 * one that differs from that of other rows.  integers: labels are written as
 * bigint is, so is the label named by the argument (22P02 when it is none).
 * crosstab NULL: the row counts for nothing, and is only checked.
 */
extern void mlops_crosstab_average(MlopsCrosstab *crosstab, const char *average, Size len, bool integers);
extern void mlops_crosstab_merge(MlopsCrosstab *into, const MlopsCrosstab *from);

/* The sums of all n labels in bytewise order of the labels. */
extern const MlClassSum *mlops_crosstab_sums(MlopsCrosstab *crosstab);
/*
 * As the argument "average" says; of a label that no row has, 0/0 = 0, so
 * that only specificity is not 0.  Without such an argument: of the label
 * "true".
 */
extern double mlops_crosstab_figure(MlopsCrosstab *crosstab, MlClassFigure figure);

#endif
