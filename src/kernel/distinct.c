/*
 * distinct.c: merging and reading registers.
 *
 * Symbols: m = registers, q + 1 = the highest rank, c[k] = registers of rank
 * k.  The estimate is m^2 / (2 ln 2) / (m sigma(c[0] / m) + sum c[k] 2^-k +
 * m tau(1 - c[q + 1] / m) 2^-q).
 */
#include <math.h>
#include <string.h>

#include "kernel/distinct.h"

#define M ML_DISTINCT_REGISTERS
#define Q (64 - ML_DISTINCT_BITS)

void
ml_distinct_merge(uint8_t *reg, const uint8_t *other)
{
	for (int i = 0; i < M; i++)
		reg[i] = reg[i] > other[i] ? reg[i] : other[i];
}

/* x + sum over k >= 1 of x^(2^k) 2^(k-1), for x in [0, 1] */
static double
sigma(double x)
{
	double		sum = x;
	double		weight = 1;
	double		before;

	if (x == 1)
		return INFINITY;
	do
	{
		x *= x;
		before = sum;
		sum += x * weight;
		weight += weight;
	} while (sum != before);
	return sum;
}

/* (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3, for x in [0, 1] */
static double
tau(double x)
{
	double		sum = 1 - x;
	double		weight = 1;
	double		before;

	if (x == 0 || x == 1)
		return 0;
	do
	{
		x = sqrt(x);
		before = sum;
		weight /= 2;
		sum -= (1 - x) * (1 - x) * weight;
	} while (sum != before);
	return sum / 3;
}

double
ml_distinct_estimate(const uint8_t *reg)
{
	int			c[Q + 2] = {0};
	double		z;

	for (int i = 0; i < M; i++)
		c[reg[i]]++;
	z = M * tau(1 - (double) c[Q + 1] / M);
	for (int k = Q; k >= 1; k--)
		z = (z + c[k]) / 2;
	z += M * sigma((double) c[0] / M);
	return (double) M / (2 * log(2)) * M / z;
}

bool
ml_distinct_valid(const uint8_t *reg)
{
	for (int i = 0; i < M; i++)
		if (reg[i] > Q + 1)
			return false;
	return true;
}
