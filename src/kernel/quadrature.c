/*
 * quadrature.c: Gauss-Legendre points by Newton's method on the Legendre
 * polynomial.
 *
 * Points are cos(theta), and theta is what is iterated (Petras 1999): 1 - x =
 * 2 sin^2(theta / 2) then keeps its digits near the ends, where x itself has
 * none left.
 */
#include "kernel/quadrature.h"

#include <assert.h>
#include <math.h>

#ifndef M_PI
#define M_PI 3.14159265358979323846
#endif

#define NEWTON_STEPS 8

/* P_n at x = cos(theta), and its derivative by theta. */
static double
legendre(int n, double x, double s, double *slope)
{
	double		last = 1.0;
	double		value = x;
	int			k;

	for (k = 2; k <= n; k++)
	{
		double		next = ((2 * k - 1) * x * value - (k - 1) * last) / k;

		last = value;
		value = next;
	}
	/* dP/dtheta = -s P'(x), and (1 - x^2) P'(x) = n (P_(n-1) - x P_n) */
	*slope = -n * (last - x * value) / s;
	return value;
}

void
ml_gauss_legendre(int n, double *point, double *weight)
{
	int			i;

	assert(n >= 1);
	for (i = 0; i < (n + 1) / 2; i++)
	{
		double		theta = M_PI * (i + 0.75) / (n + 0.5);
		double		slope = 0.0;
		double		half;
		int			step;

		if (2 * i + 1 == n)
			theta = M_PI / 2;
		for (step = 0; step < NEWTON_STEPS; step++)
		{
			double		value = legendre(n, cos(theta), sin(theta), &slope);

			if (2 * i + 1 != n)
				theta -= value / slope;
		}
		half = sin(theta / 2);
		/* from [-1, 1] to [0, 1] */
		point[i] = half * half;
		point[n - 1 - i] = 1.0 - point[i];
		weight[i] = weight[n - 1 - i] = 1.0 / (slope * slope);
	}
}
