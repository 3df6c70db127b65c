/*
 * sum.h: sums whose error does not grow with the number of terms.
 *
 * Neumaier's variant of Kahan's compensated summation ("Rundungsfehleranalyse
 * einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974).  The
 * result depends on the order of the terms only in the last bits; callers
 * keep a fixed order.  Needs a compiler that does not reassociate (no
 * -ffast-math).
 */
#ifndef ML_SUM_H
#define ML_SUM_H

#include <math.h>

typedef struct MlSum
{
	double		sum;
	double		error;			/* what the additions to sum have lost */
} MlSum;

static inline void
ml_sum_add(MlSum *s, double x)
{
	double		t = s->sum + x;

	if (fabs(s->sum) >= fabs(x))
		s->error += (s->sum - t) + x;
	else
		s->error += (x - t) + s->sum;
	s->sum = t;
}

static inline double
ml_sum_value(const MlSum *s)
{
	return s->sum + s->error;
}

#endif
