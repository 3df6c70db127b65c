/*
 * factor.h: solving with a symmetric matrix, dependent columns left out.
 */
#ifndef ML_FACTOR_H
#define ML_FACTOR_H

#include "learn/design.h"

typedef struct MlFactor
{
	int			n;
	double	   *l;				/* the caller's n × n matrix, factored in place */
	double	   *d;				/* n: the matrix was scaled to a diagonal of ones by d_i d_j */
	double	   *diag;			/* n: the diagonal before factoring: 1, or 0 where nothing is */
	bool	   *dropped;		/* n: a combination of the columns before it */
	int			rank;
} MlFactor;

extern MlCode ml_factor_init(MlScratch *scratch, int n, MlFactor *factor, MlStatus *status);
/*
 * Factors a (n × n, lower triangle, destroyed) = D^-1 L L' D^-1 from left to
 * right.  A column is dropped when what the columns before it leave of it has
 * less than `tolerance` of its squared length.  skip (or NULL): columns to be
 * dropped anyway.  Polls; ML_BAD_DATA when a is not finite.
 */
extern MlCode ml_factor_run(MlHost *host, MlFactor *factor, double *a, double tolerance, const bool *skip,
							const char *phase, MlStatus *status);
/*
 * The same for gram = A' diag(weight) A (weight NULL = 1) of a design, all of
 * it destroyed: a column that the matrix does not tell clearly from a
 * combination of those before it is judged by what is left of it in the rows.
 * Dropped is what has less than 1e-7 of its length left, as R does.
 */
extern MlCode ml_factor_columns(MlScratch *scratch, const MlDesign *design, const double *weight,
								MlFactor *factor, double *gram, MlStatus *status);
/* b := a^-1 b, zero where dropped */
extern void ml_factor_solve(const MlFactor *factor, double *b);
/* variance[j] := (a^-1)_jj, 0 where dropped; *combined := t' a^-1 t.  Polls. */
extern MlCode ml_factor_variance(MlScratch *scratch, const MlFactor *factor, const double *t,
								 double *variance, double *combined, MlStatus *status);

#endif
