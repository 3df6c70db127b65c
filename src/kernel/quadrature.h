/*
 * quadrature.h: integrals over [0, 1] as weighted sums.
 */
#ifndef ML_QUADRATURE_H
#define ML_QUADRATURE_H

/*
 * Gauss-Legendre: the n points of (0, 1), ascending, and their weights, which
 * sum to 1.  Exact for polynomials of degree 2n - 1.  point[n - 1 - i] is
 * 1 - point[i] to the last bit of the smaller one.  n >= 1; O(n^2).
 */
extern void ml_gauss_legendre(int n, double *point, double *weight);

#endif
