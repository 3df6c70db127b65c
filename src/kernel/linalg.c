/*
 * linalg.c: sums over blocks of rows, and a Cholesky factorisation that drops columns.
 *
 * Not a general library: only what the learners call.  What runs in worker
 * threads is written here; what runs on the main thread alone goes to BLAS.
 */
#include "kernel/linalg.h"

#include <cblas.h>
#include <math.h>

/*
 * The kernels for one vector width W.  A tile is 4 × 2 columns: 8 sums, 6
 * loads a step.  V loads need no alignment.
 */
#define DEFINE_KERNELS(NAME, TARGET, W) \
typedef double NAME##_v __attribute__((vector_size(W * 8), aligned(8), may_alias)); \
typedef long long NAME##_mask __attribute__((vector_size(W * 8), aligned(8), may_alias)); \
\
TARGET static void \
NAME##_tile(int rows, const double *const a[4], const double *const b[2], double *out) \
{ \
	NAME##_v	s[8] = {{0}}; \
	NAME##_v	s0 = s[0], s1 = s[0], s2 = s[0], s3 = s[0], s4 = s[0], s5 = s[0], s6 = s[0], s7 = s[0]; \
	int			i = 0; \
	int			k; \
	int			l; \
\
	for (; i + W <= rows; i += W) \
	{ \
		NAME##_v	y0 = *(const NAME##_v *) (b[0] + i); \
		NAME##_v	y1 = *(const NAME##_v *) (b[1] + i); \
		NAME##_v	x = *(const NAME##_v *) (a[0] + i); \
\
		s0 += x * y0; \
		s1 += x * y1; \
		x = *(const NAME##_v *) (a[1] + i); \
		s2 += x * y0; \
		s3 += x * y1; \
		x = *(const NAME##_v *) (a[2] + i); \
		s4 += x * y0; \
		s5 += x * y1; \
		x = *(const NAME##_v *) (a[3] + i); \
		s6 += x * y0; \
		s7 += x * y1; \
	} \
	s[0] = s0, s[1] = s1, s[2] = s2, s[3] = s3, s[4] = s4, s[5] = s5, s[6] = s6, s[7] = s7; \
	for (k = 0; k < 8; k++) \
	{ \
		out[k] = 0.0; \
		for (l = 0; l < W; l++) \
			out[k] += s[k][l]; \
	} \
	for (; i < rows; i++) \
		for (k = 0; k < 8; k++) \
			out[k] += a[k >> 1][i] * b[k & 1][i]; \
} \
\
TARGET static void \
NAME##_gemv(int n, int rows, const double *z, size_t ld, const double *w, double *y) \
{ \
	int			i = 0; \
	int			k; \
\
	for (; i + 4 * W <= rows; i += 4 * W) \
	{ \
		const double *x = z + i; \
		NAME##_v	s0 = {0}, s1 = s0, s2 = s0, s3 = s0; \
\
		for (k = 0; k < n; k++, x += ld) \
		{ \
			s0 += *(const NAME##_v *) x * w[k]; \
			s1 += *(const NAME##_v *) (x + W) * w[k]; \
			s2 += *(const NAME##_v *) (x + 2 * W) * w[k]; \
			s3 += *(const NAME##_v *) (x + 3 * W) * w[k]; \
		} \
		*(NAME##_v *) (y + i) = s0; \
		*(NAME##_v *) (y + i + W) = s1; \
		*(NAME##_v *) (y + i + 2 * W) = s2; \
		*(NAME##_v *) (y + i + 3 * W) = s3; \
	} \
	for (; i < rows; i++) \
	{ \
		double		sum = 0.0; \
\
		for (k = 0; k < n; k++) \
			sum += z[(size_t) k * ld + (size_t) i] * w[k]; \
		y[i] = sum; \
	} \
} \
\
TARGET static void \
NAME##_standardise(int n, const double *x, double fill, double shift, double scale, double *z) \
{ \
	NAME##_v	filled = {0}; \
	int			i = 0; \
\
	filled += fill; \
	for (; i + W <= n; i += W) \
	{ \
		NAME##_v	v = *(const NAME##_v *) (x + i); \
\
		NAME##_mask	number = v == v; \
\
		v = (NAME##_v) (((NAME##_mask) v & number) | ((NAME##_mask) filled & ~number)); \
		*(NAME##_v *) (z + i) = (v - shift) / scale; \
	} \
	for (; i < n; i++) \
		z[i] = ((x[i] == x[i] ? x[i] : fill) - shift) / scale; \
} \
\
TARGET static void \
NAME##_multiply(int n, double *z, const double *s) \
{ \
	int			i = 0; \
\
	for (; i + W <= n; i += W) \
		*(NAME##_v *) (z + i) *= *(const NAME##_v *) (s + i); \
	for (; i < n; i++) \
		z[i] *= s[i]; \
}

typedef struct Kernels
{
	void		(*tile) (int rows, const double *const a[4], const double *const b[2], double *out);
	void		(*gemv) (int n, int rows, const double *z, size_t ld, const double *w, double *y);
	void		(*standardise) (int n, const double *x, double fill, double shift, double scale, double *z);
	void		(*multiply) (int n, double *z, const double *s);
} Kernels;

#define KERNELS_OF(NAME) {NAME##_tile, NAME##_gemv, NAME##_standardise, NAME##_multiply}

DEFINE_KERNELS(plain, , 2)

#if defined(__x86_64__)

DEFINE_KERNELS(avx2, __attribute__((target("avx2,fma"))), 4)
DEFINE_KERNELS(avx512, __attribute__((target("avx512f"))), 8)

#endif

static const Kernels *
kernels(void)
{
	static const Kernels plain = KERNELS_OF(plain);

#if defined(__x86_64__)
	static const Kernels avx2 = KERNELS_OF(avx2);
	static const Kernels avx512 = KERNELS_OF(avx512);

	if (__builtin_cpu_supports("avx512f"))
		return &avx512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return &avx2;
#endif
	return &plain;
}

void
ml_syrk(int n, int rows, double alpha, const double *z, int ldz, double *g, size_t ldg)
{
	const Kernels *kernel = kernels();
	const double *a[4];
	const double *b[2];
	double		out[8];
	int			i;
	int			j;
	int			k;

	/* four columns stay in the first-level cache while pairs pass by */
	for (i = 0; i < n; i += 4)
	{
		int			last = i + 3 < n ? i + 3 : n - 1;

		for (k = 0; k < 4; k++)	/* past the end: the last column again, its sums unused */
			a[k] = z + (size_t) (i + k <= last ? i + k : last) * (size_t) ldz;
		for (j = 0; j <= last; j += 2)
		{
			b[0] = z + (size_t) j * (size_t) ldz;
			b[1] = j + 1 < n ? b[0] + ldz : b[0];
			kernel->tile(rows, a, b, out);
			for (k = 0; k < 8; k++)
				if (i + (k >> 1) <= last && j + (k & 1) <= i + (k >> 1))
					g[(size_t) (j + (k & 1)) * ldg + (size_t) (i + (k >> 1))] += alpha * out[k];
		}
	}
}

void
ml_gemv(int n, int rows, const double *z, int ldz, const double *w, double *y)
{
	kernels()->gemv(n, rows, z, (size_t) ldz, w, y);
}

void
ml_gemv_t(int n, int rows, const double *z, int ldz, const double *v, double *y)
{
	const Kernels *kernel = kernels();
	const double *b[2] = {v, v};
	const double *a[4];
	double		out[8];
	int			j;
	int			k;

	for (j = 0; j < n; j += 4)
	{
		for (k = 0; k < 4; k++)
			a[k] = z + (size_t) (j + k < n ? j + k : n - 1) * (size_t) ldz;
		kernel->tile(rows, a, b, out);
		for (k = 0; k < 4 && j + k < n; k++)
			y[j + k] += out[2 * k];
	}
}

void
ml_standardise(int n, const double *x, double fill, double shift, double scale, double *z)
{
	kernels()->standardise(n, x, fill, shift, scale, z);
}

void
ml_scale_rows(int n, int rows, double *z, int ldz, const double *s)
{
	const Kernels *kernel = kernels();
	int			k;

	for (k = 0; k < n; k++)
		kernel->multiply(rows, z + (size_t) k * (size_t) ldz, s);
}

double
ml_dot(size_t n, const double *x, const double *y)
{
	double		sum[4] = {0, 0, 0, 0};
	size_t		i = 0;

	for (; i + 4 <= n; i += 4)
	{
		sum[0] += x[i] * y[i];
		sum[1] += x[i + 1] * y[i + 1];
		sum[2] += x[i + 2] * y[i + 2];
		sum[3] += x[i + 3] * y[i + 3];
	}
	for (; i < n; i++)
		sum[0] += x[i] * y[i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Takes column j out of the factorisation: its row and column of L are the identity's. */
static void
drop_column(double *a, size_t n, size_t j)
{
	size_t		i;

	for (i = 0; i < j; i++)
		a[i * n + j] = 0.0;
	a[j * n + j] = 1.0;
	for (i = j + 1; i < n; i++)
		a[j * n + i] = 0.0;
}

void
ml_chol_panel(double *a, int n, int from, const double *diag, double tolerance,
			  const double *known, bool *dropped)
{
	size_t		ld = (size_t) n;
	int			to = from + ML_CHOL_PANEL < n ? from + ML_CHOL_PANEL : n;
	int			j;

	for (j = from; j < to; j++)
	{
		double	   *column = a + (size_t) j * ld;
		bool		given = known != NULL && known[j] == known[j];
		double		pivot = given ? known[j] : column[j];
		int			c;

		dropped[j] = !(pivot > 0.0) || (!given && !(pivot > tolerance * diag[j]));
		if (dropped[j])
		{
			drop_column(a, ld, (size_t) j);
			continue;
		}
		column[j] = sqrt(pivot);
		if (j + 1 < n)
			cblas_dscal(n - j - 1, 1.0 / column[j], column + j + 1, 1);
		for (c = j + 1; c < to; c++)
			cblas_daxpy(n - c, -column[c], column + c, 1, a + (size_t) c * ld + c, 1);
	}
	if (to < n)
		cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, n - to, to - from, -1.0,
					a + (size_t) from * ld + to, n, 1.0, a + (size_t) to * ld + to, n);
}

void
ml_chol_solve(const double *l, int n, const bool *dropped, double *b)
{
	ml_chol_solve_leading(l, n, n, dropped, b);
}

void
ml_chol_solve_leading(const double *l, int n, int count, const bool *dropped, double *b)
{
	int			j;

	for (j = 0; j < count; j++)
		if (dropped[j])
			b[j] = 0.0;
	cblas_dtrsv(CblasColMajor, CblasLower, CblasNoTrans, CblasNonUnit, count, l, n, b, 1);
	cblas_dtrsv(CblasColMajor, CblasLower, CblasTrans, CblasNonUnit, count, l, n, b, 1);
}

void
ml_chol_forward(const double *l, int n, int k, double *b)
{
	cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, n, k, 1.0, l, n, b, n);
}
