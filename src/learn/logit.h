/*
 * logit.h: the objective of logistic regression and its derivatives, by passes over the rows.
 *
 *	F(w) = c Σ s_i loss_i(w) + ½ l2 ‖w‖² + l1 ‖w‖₁			(intercepts not in ‖w‖)
 *
 * K = 1: loss = log(1 + exp(-m)) for class 1, log(1 + exp(m)) for class 0, m = A w.
 * K > 1: loss = log Σ_k exp(m_k) - m_class, m_k = A w_k (all K vectors, none left out).
 * Solutions are K × q, output by output, intercept first.
 */
#ifndef ML_LOGIT_H
#define ML_LOGIT_H

#include "learn/design.h"
#include "learn/factor.h"

typedef struct MlLogit
{
	MlHost	   *host;
	MlScratch  *scratch;
	const MlDesign *design;
	int64_t		rows;			/* rows of a pass: all, or the first of them for a start value */
	double		share;			/* weight of the rows of a pass in that of all: losses are divided by it */
	int			K;
	int			q;
	size_t		n;				/* K × q */
	const int  *output;			/* class -> output (K > 1), or 0 and 1 (K = 1) */
	const double *class_weight; /* by class */
	double		total;			/* Σ s */
	double		c;
	double		l2;
	double		l1;
	const bool *skip;			/* q: columns held at zero, or NULL */
	MlSlots		plain;			/* for value and gradient */
	MlSlots		full;			/* for the second derivatives too */
	bool		with_hessian;
	/* results of the last pass */
	const double *w;
	double		value;
	double	   *gradient;		/* n, smooth part */
	double	   *hessian;		/* n × n, lower, smooth part; NULL until ml_logit_start_hessian */
	int			done;			/* passes so far, for the progress shown */
} MlLogit;

extern MlCode ml_logit_start(MlLogit *m, MlStatus *status);
extern MlCode ml_logit_start_hessian(MlLogit *m, MlStatus *status);
/* value (smooth part), gradient and, when asked, hessian at w */
extern MlCode ml_logit_eval(MlLogit *m, const double *w, bool hessian, MlStatus *status);
extern double ml_logit_absolute(const MlLogit *m, const double *w);
/* operations a row of a pass with second derivatives */
extern double ml_logit_hessian_cost(const MlLogit *m);
/* Largest component of the (sub)gradient at w. */
extern double ml_logit_optimality(const MlLogit *m, const double *w);

#endif
