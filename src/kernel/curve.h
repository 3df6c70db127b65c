/*
 * curve.h: figures of a ranking, taken from the highest score downwards.
 *
 * Rows of equal score are one step: add them all, then take the step of the
 * figure wanted.  tp and fp are the weights of positive and negative rows so
 * far, the points of the ROC curve (Fawcett, "An introduction to ROC
 * analysis", 2006).  A curve starts as zeroes.
 */
#ifndef ML_CURVE_H
#define ML_CURVE_H

#include <stdbool.h>

#include "kernel/sum.h"

typedef struct MlCurve
{
	MlSum		tp;
	MlSum		fp;
	MlSum		area;
	double		p;				/* tp and fp at the last step */
	double		f;
} MlCurve;

static inline void
ml_curve_add(MlCurve *c, bool positive, double w)
{
	ml_sum_add(positive ? &c->tp : &c->fp, w);
}

static inline void
ml_curve_step(MlCurve *c)
{
	c->p = ml_sum_value(&c->tp);
	c->f = ml_sum_value(&c->fp);
}

/* Area under the ROC curve: pairs of a positive and a negative row in order, ties one half. */
static inline void
ml_curve_step_roc(MlCurve *c)
{
	double		p = c->p;
	double		f = c->f;

	ml_curve_step(c);
	ml_sum_add(&c->area, (c->f - f) * (p + (c->p - p) / 2));
}

/* NaN when a class is missing */
static inline double
ml_curve_roc_auc(const MlCurve *c)
{
	return c->p == 0 || c->f == 0 ? NAN : ml_sum_value(&c->area) / c->p / c->f;
}

/* Average precision: sum of (R_k - R_k-1) P_k. */
static inline void
ml_curve_step_pr(MlCurve *c)
{
	double		p = c->p;

	ml_curve_step(c);
	if (c->p > 0)
		ml_sum_add(&c->area, (c->p - p) * (c->p / (c->p + c->f)));
}

/* 0 when there is no positive row, NaN when there is no row */
static inline double
ml_curve_average_precision(const MlCurve *c)
{
	if (c->p == 0)
		return c->f == 0 ? NAN : 0;
	return ml_sum_value(&c->area) / c->p;
}

#endif
