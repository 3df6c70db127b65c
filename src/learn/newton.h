/*
 * newton.h: minimising the objective of logistic regression by Newton steps.
 */
#ifndef ML_NEWTON_H
#define ML_NEWTON_H

#include "learn/logit.h"

typedef struct MlNewton
{
	MlLogit    *logit;
	double		enough;			/* stop when no component of the (sub)gradient exceeds this ... */
	double		step;			/* ... and the last step was below this times max(1, largest |w|) */
	int			max_iter;
	bool		pin_all;		/* K > 1 without penalty: hold the sum over classes of every coefficient,
		not of intercepts only */
	MlFactor	factor;			/* of the last second derivatives */
	/* results */
	int			iterations;
	bool		converged;
	int			runaway;		/* a coefficient that still moved at the end (separated classes), or -1 */
} MlNewton;

extern MlCode ml_newton_start(MlNewton *newton, MlStatus *status);
/* Minimises from w, in place. */
extern MlCode ml_newton_run(MlNewton *newton, double *w, MlStatus *status);

#endif
