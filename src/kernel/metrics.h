/*
 * metrics.h: how good the order of predictions is.
 *
 * Plain arrays of n rows.  y: truth (class index as a double, or the target),
 * s: score, p: probability, w: weights > 0 or NULL for all 1.  Figures agree
 * with scikit-learn's; a ratio 0/0 is 0; a figure that does not exist for
 * these rows (AUC of one class, no rows) is NaN.  Figures that follow from
 * running sums stand in class_sums.h, error_sums.h and probability_sums.h.
 */
#ifndef ML_METRICS_H
#define ML_METRICS_H

#include <stddef.h>
#include <stdint.h>

/* Scratch bytes, aligned for uint64_t, of ml_score_order. */
extern size_t ml_score_scratch(int64_t n);
/* order := rows by ascending score; the functions below that take an order share it. */
extern void ml_score_order(const double *s, int64_t n, uint32_t *order, void *scratch);

/* Rows of class `positive` against all others; ties count one half. */
extern double ml_roc_auc(const double *y, double positive, const double *s, const double *w,
						 const uint32_t *order, int64_t n);
/* Sum of (R_k - R_k-1) P_k over distinct scores; no positive row: 0. */
extern double ml_average_precision(const double *y, double positive, const double *s, const double *w,
								   const uint32_t *order, int64_t n);

typedef enum MlThresholdRule
{
	ML_THRESHOLD_F1 = 1,
	ML_THRESHOLD_YOUDEN,
	ML_THRESHOLD_COST
} MlThresholdRule;

/*
 * The t in [0, 1] (or just above 1: nobody) for which "positive when p >= t"
 * has the best F1, the best TPR - FPR or the least cost; the largest of
 * several.  It lies halfway between two scores, so that a last bit more or
 * less does not change a label.  cost: tp, fp, fn, tn for one row, only for
 * ML_THRESHOLD_COST.  NaN when one of the classes is missing (F1: when there
 * is no positive row; cost: when there is no row).
 */
extern double ml_best_threshold(MlThresholdRule rule, const double *cost,
								const double *y, const double *p, const double *w,
								const uint32_t *order, int64_t n);

/* "positive when p >= threshold": the weights of the positive and negative rows that are called so. */
typedef struct MlThresholdPoint
{
	double		threshold;
	double		tp;
	double		fp;
} MlThresholdPoint;

#define ML_MAX_THRESHOLDS 204

/*
 * Thresholds from nobody to everybody: a new one where the positive rows, or
 * all rows, that are called positive have become a hundredth more, halfway
 * between two scores; and `own` (unless NaN), so that each calls other rows
 * positive.  Returns their number.
 */
extern int	ml_threshold_points(const double *y, const double *p, const double *w,
								const uint32_t *order, int64_t n, double own, MlThresholdPoint *point);

#endif
