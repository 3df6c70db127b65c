/*
 * cyclic.c: sine and cosine of parts of a circle.
 */
#include "kernel/cyclic.h"

#include <math.h>

#define HALF_PI 1.57079632679489661923

/* Quarters of the circle that x / period goes beyond whole ones, in [0, 4). */
static double
quarters(double x, double period)
{
	double		rest = fmod(x, period);
	/* fmod is exact, and so are the sum and the product but for their last bit */
	double		quarter = 4.0 * ((rest < 0 ? rest + period : rest) / period);

	return quarter < 4.0 ? quarter : 0.0;
}

/* sin of a number of quarters in [0, 1], cos of the rest of them */
static double
sin_quarter(double q)
{
	return q <= 0.5 ? sin(HALF_PI * q) : cos(HALF_PI * (1.0 - q));
}

/* By symmetry with the first quarter; + 0.0 makes no -0. */
double
ml_cyclic_sin(double x, double period)
{
	double		q = quarters(x, period);
	double		half = q < 2.0 ? q : q - 2.0;
	double		sine = sin_quarter(half <= 1.0 ? half : 2.0 - half);

	return (q < 2.0 ? sine : -sine) + 0.0;
}

double
ml_cyclic_cos(double x, double period)
{
	double		q = quarters(x, period);
	double		half = q <= 2.0 ? q : 4.0 - q;

	return (half <= 1.0 ? sin_quarter(1.0 - half) : -sin_quarter(half - 1.0)) + 0.0;
}
