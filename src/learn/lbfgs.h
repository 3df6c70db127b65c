/*
 * lbfgs.h: minimising a smooth convex function, with or without absolute values.
 */
#ifndef ML_LBFGS_H
#define ML_LBFGS_H

#include "learn/scratch.h"

/* f and gradient of the smooth part at w */
typedef MlCode (*MlObjective) (void *arg, const double *w, double *f, double *gradient, MlStatus *status);

typedef struct MlLbfgs
{
	size_t		n;
	MlObjective objective;
	void	   *arg;
	const double *scale;		/* n: about the inverse of the second derivatives */
	const double *l1;			/* n: weight of |w_j|, or NULL */
	double		enough;			/* stop when no component of the (sub)gradient exceeds this */
	int			max_iter;
	/* results */
	int			iterations;
	bool		converged;
	double		value;			/* absolute values included */
	double		max_gradient;
} MlLbfgs;

/* Minimises from w, in place. */
extern MlCode ml_lbfgs(MlScratch *scratch, MlLbfgs *problem, double *w, MlStatus *status);

#endif
