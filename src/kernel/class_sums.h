/*
 * class_sums.h: how good predicted classes are, from three sums a class.
 *
 * Every row has an actual class, a predicted one and a weight >= 0.  A class c
 * keeps the weights of the rows where c is
 *     hit      actual and predicted
 *     missed   actual only
 *     wrong    predicted only
 * and all figures follow from these, k classes at a time; no matrix of k × k
 * pairs is needed.  Figures agree with scikit-learn's with zero_division 0:
 * a ratio 0/0 is 0.  A class without weight, actual or predicted, counts as
 * absent.  No weight at all: NaN.
 *
 * The sum of all weights is finite; classes are summed in the given order, so
 * callers keep a fixed one.
 */
#ifndef ML_CLASS_SUMS_H
#define ML_CLASS_SUMS_H

#include <stdint.h>

#include "kernel/wide_sum.h"

typedef struct MlClassSum
{
	MlWideSum	hit;
	MlWideSum	missed;
	MlWideSum	wrong;
} MlClassSum;

typedef enum MlClassFigure
{
	ML_CLASS_PRECISION,
	ML_CLASS_RECALL,
	ML_CLASS_F1,
	ML_CLASS_SPECIFICITY
} MlClassFigure;

typedef enum MlClassAverage
{
	ML_CLASS_MACRO,				/* mean over the classes present */
	ML_CLASS_MICRO,				/* of the sums over all classes */
	ML_CLASS_WEIGHTED			/* mean weighted by the actual rows of each class */
} MlClassAverage;

/* One row; the same pointer twice when the prediction is right. */
static inline void
ml_class_add(MlClassSum *actual, MlClassSum *predicted, double weight)
{
	if (actual == predicted)
	{
		ml_wide_add(&actual->hit, weight);
		return;
	}
	ml_wide_add(&actual->missed, weight);
	ml_wide_add(&predicted->wrong, weight);
}

static inline void
ml_class_merge(MlClassSum *into, const MlClassSum *from)
{
	ml_wide_merge(&into->hit, from->hit);
	ml_wide_merge(&into->missed, from->missed);
	ml_wide_merge(&into->wrong, from->wrong);
}

/* The weight of all rows; not finite when it is beyond the doubles. */
extern double ml_class_total(const MlClassSum *sum, int64_t k);
extern double ml_class_accuracy(const MlClassSum *sum, int64_t k);
/* Mean recall of the classes that have actual rows. */
extern double ml_class_balanced_accuracy(const MlClassSum *sum, int64_t k);
/* Matthews' coefficient; of several classes Gorodkin's R_K. */
extern double ml_class_mcc(const MlClassSum *sum, int64_t k);
/* Of class c against all others. */
extern double ml_class_one(const MlClassSum *sum, int64_t k, int64_t c, MlClassFigure figure);
extern double ml_class_mean(const MlClassSum *sum, int64_t k, MlClassFigure figure, MlClassAverage average);

#endif
