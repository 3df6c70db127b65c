/*
 * vmath.h: exp and a logarithm as straight lines of arithmetic.
 *
 * No table, no branch: a compiler turns a loop over them into vectors.  Less
 * than 2 units in the last place off where stated; not for NaN.
 */
#ifndef ML_VMATH_H
#define ML_VMATH_H

#include <stdint.h>
#include <string.h>

/*
 * exp(x); below -708 it is exp(-708), above 709 exp(709).  x = n ln 2 + r,
 * |r| <= ln 2 / 2, exp(r) by its series to r^13, 2^n put into the exponent.
 */
static inline double
ml_exp(double x)
{
	const double magic = 0x1.8p52;	/* adding it leaves the nearest integer in the low bits */
	double		t;
	double		n;
	double		r;
	double		r2;
	double		r4;
	double		p;
	double		u;
	double		v;
	uint64_t	bits;
	double		power;

	x = x < -708.0 ? -708.0 : x;
	x = x > 709.0 ? 709.0 : x;
	t = x * 0x1.71547652b82fep0 + magic;
	n = t - magic;
	r = x - n * 0x1.62e42fefa0000p-1;	/* ln 2, its upper 33 bits: the product is exact */
	r = r - n * 0x1.cf79abc9e3b3ap-40;
	/* Estrin's scheme: pairs, pairs of pairs; a chain a quarter as long as Horner's */
	r2 = r * r;
	r4 = r2 * r2;
	p = (1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0));
	u = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5040.0));
	v = (1.0 / 40320.0 + r * (1.0 / 362880.0)) + r2 * (1.0 / 3628800.0 + r * (1.0 / 39916800.0));
	v += r4 * (1.0 / 479001600.0 + r * (1.0 / 6227020800.0));
	p = p + r4 * (u + r4 * v);
	memcpy(&bits, &t, sizeof(bits));
	/* n = 1023 would need the exponent of infinity when p rounds up: half of the power is put in later */
	bits = (bits + 1022) << 52;
	memcpy(&power, &bits, sizeof(power));
	return p * power * 2.0;
}

/* 2 atanh(z) for 0 <= z <= 1/3 by its series; with z = e / (2 + e) it is log(1 + e).  Relative error below 1e-13. */
static inline double
ml_log1p_series(double z)
{
	double		s = z * z;
	double		s2 = s * s;
	double		s4 = s2 * s2;
	double		p = (1.0 + s * (1.0 / 3.0)) + s2 * (1.0 / 5.0 + s * (1.0 / 7.0));
	double		u = (1.0 / 9.0 + s * (1.0 / 11.0)) + s2 * (1.0 / 13.0 + s * (1.0 / 15.0));
	double		v = (1.0 / 17.0 + s * (1.0 / 19.0)) + s2 * (1.0 / 21.0 + s * (1.0 / 23.0));

	v += s4 * (1.0 / 25.0 + s * (1.0 / 27.0));
	p = p + s4 * (u + s4 * v);
	return 2.0 * z * p;
}

#endif
