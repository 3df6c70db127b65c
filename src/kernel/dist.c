/*
 * dist.c: normal, gamma, beta, and the tests' distributions made of them.
 *
 * Powers of large arguments are taken in Loader's saddle-point form
 *     x^a e^-x / Gamma(a + 1) = exp(-delta(a) - D(a, x)) / sqrt(2 pi a)
 * with delta the error of Stirling's formula and
 * D(a, x) = a ln(a / x) + x - a, neither of which cancels (C. Loader, "Fast
 * and accurate computation of binomial probabilities", 2000).  The integrals
 * are series where they converge fast and continued fractions elsewhere
 * (DLMF 8.7.1, 8.9.2; for beta the one of DiDonato and Morris, "Algorithm 708",
 * ACM TOMS 18, 1992), evaluated by the modified Lentz method.
 * Normal quantiles: Wichura, algorithm AS 241, Appl. Statist. 37 (1988).
 */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stddef.h>

#include "kernel/dist.h"

#define SQRT_HALF 0.70710678118654752440
#define TWO_PI 6.28318530717958647693
#define EULER 0.57721566490153286061
/* the fractions converge within a few times the square root of a */
#define MAX_STEPS 1000000
#define TINY 1e-300

double
ml_norm_cdf(double x)
{
	return 0.5 * erfc(-x * SQRT_HALF);
}

double
ml_norm_sf(double x)
{
	return 0.5 * erfc(x * SQRT_HALF);
}

/* c[0] + c[1] x + ... + c[7] x^7 */
static double
polynomial7(const double *c, double x)
{
	double		y = c[7];
	int			i;

	for (i = 6; i >= 0; i--)
		y = y * x + c[i];
	return y;
}

double
ml_norm_ppf(double p)
{
	static const double a[8] = {
		3.3871328727963666080e0, 1.3314166789178437745e2,
		1.9715909503065514427e3, 1.3731693765509461125e4,
		4.5921953931549871457e4, 6.7265770927008700853e4,
		3.3430575583588128105e4, 2.5090809287301226727e3
	};
	static const double b[8] = {
		1.0, 4.2313330701600911252e1,
		6.8718700749205790830e2, 5.3941960214247511077e3,
		2.1213794301586595867e4, 3.9307895800092710610e4,
		2.8729085735721942674e4, 5.2264952788528545610e3
	};
	static const double c[8] = {
		1.42343711074968357734e0, 4.63033784615654529590e0,
		5.76949722146069140550e0, 3.64784832476320460504e0,
		1.27045825245236838258e0, 2.41780725177450611770e-1,
		2.27238449892691845833e-2, 7.74545014278341407640e-4
	};
	static const double d[8] = {
		1.0, 2.05319162663775882187e0,
		1.67638483018380384940e0, 6.89767334985100004550e-1,
		1.48103976427480074590e-1, 1.51986665636164571966e-2,
		5.47593808499534494600e-4, 1.05075007164441684324e-9
	};
	static const double e[8] = {
		6.65790464350110377720e0, 5.46378491116411436990e0,
		1.78482653991729133580e0, 2.96560571828504891230e-1,
		2.65321895265761230930e-2, 1.24266094738807843860e-3,
		2.71155556874348757815e-5, 2.01033439929228813265e-7
	};
	static const double f[8] = {
		1.0, 5.99832206555887937690e-1,
		1.36929880922735805310e-1, 1.48753612908506148525e-2,
		7.86869131145613259100e-4, 1.84631831751005468180e-5,
		1.42151175831644588870e-7, 2.04426310338993978564e-15
	};
	double		q = p - 0.5;
	double		r;
	double		x;

	assert(p >= 0 && p <= 1);
	if (fabs(q) <= 0.425)
	{
		r = 0.180625 - q * q;
		return q * polynomial7(a, r) / polynomial7(b, r);
	}
	if (p == 0 || p == 1)
		return p == 0 ? -INFINITY : INFINITY;
	r = sqrt(-log(q < 0 ? p : 1 - p));
	if (r <= 5)
		x = polynomial7(c, r - 1.6) / polynomial7(d, r - 1.6);
	else
		x = polynomial7(e, r - 5) / polynomial7(f, r - 5);
	return q < 0 ? -x : x;
}

/* ln Gamma(a + 1) - (a + 1/2) ln a + a - ln(2 pi) / 2, a > 0 */
static double
stirling_error(double a)
{
	double		s = 0;
	double		r;

	for (; a < 16; a += 1)
		s += (a + 0.5) * log1p(1 / a) - 1;
	r = 1 / (a * a);
	return s + (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 -
														  r * (1.0 / 1188 - r * 691.0 / 360360))))) / a;
}

/* a ln(a / m) + m - a; a, m > 0 */
static double
deviance(double a, double m)
{
	double		v;
	double		sum;
	double		term;
	int			j;

	if (fabs(a - m) >= 0.1 * (a + m))
	{
		double		r = a / m;

		if (r == 0 || isinf(r))
			return a * (log(a) - log(m)) + m - a;
		/* what rounding took from r counts a times */
		return a * log(r) + (m - a) + fma(-r, m, a) / r * (a / m);
	}
	v = (a - m) / (a + m);
	sum = (a - m) * v;
	term = 2 * a * v;
	for (j = 1; j < 1000; j++)
	{
		double		next;

		term *= v * v;
		next = sum + term / (2 * j + 1);
		if (next == sum)
			break;
		sum = next;
	}
	return sum;
}

/*
 * ln Gamma(1 + a), a in [0, 1], to the last bits also for small a:
 * -ln(1 + a) + a (1 - gamma) + sum over k >= 2 of (-a)^k (zeta(k) - 1) / k.
 */
static double
log_gamma_1p(double a)
{
	static const double zeta_minus_1[] = {
		0.6449340668482264, 0.2020569031595943, 0.08232323371113819,
		0.03692775514336993, 0.01734306198444914, 0.008349277381922827,
		0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853,
		0.0004941886041194645, 0.0002460865533080483, 0.00012271334757848915,
		6.124813505870483e-05, 3.058823630702049e-05, 1.528225940865187e-05,
		7.637197637899763e-06, 3.81729326499984e-06, 1.908212716553939e-06,
		9.539620338727962e-07, 4.769329867878064e-07, 2.38450502727733e-07,
		1.1921992596531106e-07, 5.960818905125948e-08, 2.980350351465228e-08,
		1.4901554828365043e-08, 7.45071178983543e-09, 3.725334024788457e-09,
		1.862659723513049e-09, 9.313274324196682e-10, 4.656629065033784e-10,
		2.3283118336765053e-10, 1.164155017270052e-10, 5.820772087902701e-11,
		2.9103850444971e-11, 1.4551921891041985e-11, 7.275959835057482e-12,
		3.637979547378651e-12, 1.818989650307066e-12, 9.094947840263888e-13,
		4.547473783042154e-13, 2.2737368458246524e-13, 1.136868407680228e-13,
		5.684341987627585e-14, 2.842170976889302e-14
	};
	int			terms = (int) (sizeof(zeta_minus_1) / sizeof(zeta_minus_1[0]));
	double		sum = 0;
	int			k;

	for (k = terms + 1; k >= 2; k--)
		sum = -a * sum + zeta_minus_1[k - 2] / k;
	return a * (1 - EULER) - log1p(a) + a * a * sum;
}

void
ml_gamma_inc(double a, double x, double *p, double *q)
{
	double		front;			/* x^a e^-x / Gamma(a + 1) */
	double		sum = 1;
	double		term = 1;
	int			k;

	assert(a > 0 && x >= 0);
	if (x == 0 || isinf(x))
	{
		*p = x == 0 ? 0 : 1;
		*q = x == 0 ? 1 : 0;
		return;
	}
	if (a < 1 && x < 1)
	{
		/*
		 * p near 1 for small a: q = (1 - x^a / Gamma(a + 1)) - x^a a /
		 * Gamma(a + 1) * sum over k >= 1 of (-x)^k / ((a + k) k!)
		 */
		double		log_front = a * log(x) - log_gamma_1p(a);

		sum = 0;
		for (k = 1; k < 100; k++)
		{
			term *= -x / k;
			sum += term / (a + k);
			if (fabs(term) < DBL_EPSILON * DBL_EPSILON)
				break;
		}
		*p = exp(log_front) * (1 + a * sum);
		*q = -expm1(log_front) - exp(log_front) * a * sum;
		return;
	}
	front = exp(-stirling_error(a) - deviance(a, x)) / sqrt(TWO_PI * a);
	if (x < a + 1)
	{
		for (k = 1; k < MAX_STEPS; k++)
		{
			term *= x / (a + k);
			sum += term;
			if (term < sum * (DBL_EPSILON / 4))
				break;
		}
		*p = front * sum;
		*q = 1 - *p;
	}
	else
	{
		double		b = x + 1 - a;
		double		c = 1 / TINY;
		double		d = 1 / b;
		double		h = d;

		for (k = 1; k < MAX_STEPS; k++)
		{
			double		an = -k * (k - a);
			double		step;

			b += 2;
			d = an * d + b;
			c = b + an / c;
			if (fabs(d) < TINY)
				d = TINY;
			if (fabs(c) < TINY)
				c = TINY;
			d = 1 / d;
			step = c * d;
			h *= step;
			if (fabs(step - 1) < DBL_EPSILON)
				break;
		}
		*q = front * a * h;
		*p = 1 - *q;
	}
}

double
ml_gamma_p(double a, double x)
{
	double		p;
	double		q;

	ml_gamma_inc(a, x, &p, &q);
	return p;
}

double
ml_gamma_q(double a, double x)
{
	double		p;
	double		q;

	ml_gamma_inc(a, x, &p, &q);
	return q;
}

/*
 * x^a y^b / (B(a, b) I_x(a, b)), x not above the mean a / (a + b).  In this
 * form x near 1 does no harm, because a y - b x takes both.
 */
static double
beta_fraction(double a, double b, double x, double y)
{
	double		h = a * (a * y - b * x + 1) / (a + 1);
	double		c;
	double		d = 0;
	int			m;

	if (fabs(h) < TINY)
		h = TINY;
	c = h;
	for (m = 1; m < MAX_STEPS; m++)
	{
		double		s = a + 2.0 * m - 1;
		double		num = m * (a + m - 1) / s * ((a + b + m - 1) / s) * (b - m) * x * x;
		double		den = m + m * (b - m) * x / s + (a + m) * (a * y - b * x + 1 + m * (1 + y)) / (s + 2);
		double		step;

		d = den + num * d;
		c = den + num / c;
		if (fabs(d) < TINY)
			d = TINY;
		if (fabs(c) < TINY)
			c = TINY;
		d = 1 / d;
		step = c * d;
		h *= step;
		if (fabs(step - 1) < DBL_EPSILON)
			break;
	}
	return h;
}

void
ml_beta_inc(double a, double b, double x, double y, double *p, double *q)
{
	double		n = a + b;
	double		front;			/* x^a y^b Gamma(n + 1) / (Gamma(a + 1) Gamma(b + 1)) */

	assert(a > 0 && b > 0 && x >= 0 && y >= 0);
	if (x == 0 || y == 0)
	{
		*p = x == 0 ? 0 : 1;
		*q = x == 0 ? 1 : 0;
		return;
	}
	front = exp(stirling_error(n) - stirling_error(a) - stirling_error(b) -
				deviance(a, n * x) - deviance(b, n * y)) *
		sqrt(n / (TWO_PI * a * b));
	if (x < (a + 1) / (n + 2))
	{
		*p = front * (a * b / n) / beta_fraction(a, b, x, y);
		*q = 1 - *p;
	}
	else
	{
		*q = front * (a * b / n) / beta_fraction(b, a, y, x);
		*p = 1 - *q;
	}
}

double
ml_t_sf2(double t, double df)
{
	double		t2 = t * t;
	double		p;
	double		q;

	assert(df > 0);
	if (isnan(t))
		return t;
	if (isinf(df))
		return erfc(fabs(t) * SQRT_HALF);
	if (isinf(t2))
		return 0;
	ml_beta_inc(df / 2, 0.5, df / (df + t2), t2 / (df + t2), &p, &q);
	return p;
}

double
ml_chi2_sf(double x, double df)
{
	assert(df > 0);
	if (isnan(x))
		return x;
	return x <= 0 ? 1 : ml_gamma_q(df / 2, x / 2);
}

double
ml_f_sf(double x, double df1, double df2)
{
	double		p;
	double		q;

	assert(df1 > 0 && df2 > 0);
	if (isnan(x))
		return x;
	if (x <= 0)
		return 1;
	if (isinf(df1 * x))
		return 0;
	ml_beta_inc(df2 / 2, df1 / 2, df2 / (df2 + df1 * x), df1 * x / (df2 + df1 * x), &p, &q);
	return p;
}
