/*
 * linalg.h: the dense linear algebra that the learners need.
 *
 * Matrices are column-major.  A symmetric matrix keeps its lower triangle
 * (element i, j with i >= j at a[j * n + i]); what stands above is not read
 * and not promised.  Nothing here allocates or fails: sizes are the caller's
 * care, and a result that is no finite number is for the caller to see.
 */
#ifndef ML_LINALG_H
#define ML_LINALG_H

#include <stdbool.h>
#include <stddef.h>

/* columns factored at a time: one step stays far below a second up to 10,000 columns */
#define ML_CHOL_PANEL 48

/*
 * For blocks of rows, in worker threads: OpenBLAS built without threads
 * shares one work area without a lock, so two threads in it at once get wrong
 * sums.  These are our own, compiled for the vector widths of x86-64 and
 * chosen by the processor; the order of additions follows from the sizes.
 */
/* g (n × n, lower, leading dimension ldg) += alpha z'z; z: rows × n */
extern void ml_syrk(int n, int rows, double alpha, const double *z, int ldz, double *g, size_t ldg);
/* y (rows) = z w; z: rows × n */
extern void ml_gemv(int n, int rows, const double *z, int ldz, const double *w, double *y);
/* y (n) += z'v; z: rows × n */
extern void ml_gemv_t(int n, int rows, const double *z, int ldz, const double *v, double *y);
/* z (n) = (x - shift) / scale, fill in place of NaN */
extern void ml_standardise(int n, const double *x, double fill, double shift, double scale, double *z);
/* column k of z (rows × n) *= s, element by element */
extern void ml_scale_rows(int n, int rows, double *z, int ldz, const double *s);
extern double ml_dot(size_t n, const double *x, const double *y);

/* The rest calls BLAS, on one thread at a time. */

/*
 * One panel [from, from + ML_CHOL_PANEL) of a left-to-right Cholesky
 * factorisation a = L L', in place; calling it for 0, PANEL, 2 PANEL, ...
 * factors the whole matrix.  A column whose pivot is not above
 * tolerance * diag[j] (diag: the diagonal before factoring) is a combination
 * of the columns before it: it is dropped, its row and column of L become
 * those of the identity, and every solution has a zero there.  known (NULL =
 * none): pivots found otherwise; where known[j] is not NaN it is taken in
 * place of the computed one, and the column stays.
 */
extern void ml_chol_panel(double *a, int n, int from, const double *diag, double tolerance,
						  const double *known, bool *dropped);
/* b := x with L L' x = b, zero where dropped */
extern void ml_chol_solve(const double *l, int n, const bool *dropped, double *b);
/*
 * b (count) := x with G x = b, where G is the part of the factored matrix
 * before column `count` without what was dropped; zero where dropped.
 */
extern void ml_chol_solve_leading(const double *l, int n, int count, const bool *dropped, double *b);
/* b (n × k) := L^-1 b; rows of dropped columns must be zero on entry and stay so */
extern void ml_chol_forward(const double *l, int n, int k, double *b);

#endif
