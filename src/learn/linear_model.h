/*
 * linear_model.h: what linear and logistic regression share once trained.
 *
 * Solutions are K × q numbers, output by output: w[k * q] is the intercept,
 * w[k * q + 1 + j] the coefficient of design column j.
 */
#ifndef ML_LINEAR_MODEL_H
#define ML_LINEAR_MODEL_H

#include "learn/design.h"
#include "learn/learner.h"

/* What is known of the errors of one output's solution; NULL members: nothing. */
typedef struct MlLinearErrors
{
	const bool *dropped;		/* q */
	const double *variance;		/* q: of w; NULL = no standard errors */
	double		intercept_variance; /* of the intercept in raw units */
	double		df;				/* residual degrees of freedom; INFINITY = normal */
} MlLinearErrors;

/* Writes the section of the bytes. */
extern MlCode ml_linear_write(MlHost *host, const MlDesign *design, int outputs, const double *w,
							  void **section, size_t *section_size, MlStatus *status);
/* Fills coefficients and importance of fit. */
extern MlCode ml_linear_report(MlHost *host, const MlDesign *design, int outputs, const double *w,
							   const MlLinearErrors *errors, MlFit *fit, MlStatus *status);
/* t with t'w = the intercept in raw units: 1, then -shift / scale where a column is scaled. */
extern void ml_linear_raw_intercept(const MlDesign *design, double *t);
/* Name of column j of A for a message. */
extern void ml_linear_name(const MlDesign *design, int j, char *name, size_t size);
/* Warns of columns that got no coefficient (dropped: q), naming the first of them; silent when there is none. */
extern void ml_linear_warn_dropped(MlHost *host, const MlDesign *design, const bool *dropped);

/* the learner's callbacks */
extern MlCode ml_linear_open(MlHost *host, MlModel *model, MlStatus *status);
extern void ml_linear_margin(const MlModel *model, const double *x, int64_t n, double *margin, double *room);
extern MlCode ml_linear_explain(MlHost *host, const MlModel *model, const double *x, int output, double *room,
								double *phi, MlStatus *status);

#endif
