/*
 * dist.h: distribution functions.
 *
 * sf is the upper tail P(X > x), computed as such and never as 1 - cdf, so
 * tails keep their relative accuracy (about 1e-13, at worst 1e-12 where the
 * exponent is in the hundreds) down to the smallest normal number.
 */
#ifndef ML_DIST_H
#define ML_DIST_H

extern double ml_norm_cdf(double x);
extern double ml_norm_sf(double x);
/* p in (0, 1); 0 and 1 give -INFINITY and INFINITY. */
extern double ml_norm_ppf(double p);

/* Regularised incomplete gamma: lower p and upper q, p + q = 1; a > 0, x >= 0. */
extern void ml_gamma_inc(double a, double x, double *p, double *q);
extern double ml_gamma_p(double a, double x);
extern double ml_gamma_q(double a, double x);

/*
 * Regularised incomplete beta I_x(a, b) = p and I_y(b, a) = q, p + q = 1;
 * a, b > 0, x + y = 1.  Both x and y are given because whoever has a tail
 * knows the small one exactly.
 */
extern void ml_beta_inc(double a, double b, double x, double y, double *p, double *q);

/* P(|T| > |t|); df > 0, infinite df is the normal. */
extern double ml_t_sf2(double t, double df);
/* P(X > x); df > 0. */
extern double ml_chi2_sf(double x, double df);
/* P(F > x); df1, df2 > 0. */
extern double ml_f_sf(double x, double df1, double df2);

#endif
