/*
 * moving_moments.c: adding numbers and taking them back.
 */
#include <string.h>

#include "kernel/moving_moments.h"

#define LEAST_SHARE 0x1p-16		/* of the peak, see the head of the header */
#define RANGES 3

/* The count that x belongs to when it is not finite, NULL otherwise. */
static double *
odd_count(MlMovingMoments *m, double x)
{
	if (isnan(x))
		return &m->nan;
	if (isinf(x))
		return x > 0 ? &m->plus_infinity : &m->minus_infinity;
	return NULL;
}

void
ml_moving_moments_add(MlMovingMoments *m, double x)
{
	double	   *odd = odd_count(m, x);

	if (odd != NULL)
	{
		*odd += 1;
		return;
	}
	m->finite += 1;
	ml_moment_sums_add_times(&m->sums, x, 1);
	for (int range = 0; range < RANGES; range++)
		m->peak[range] = fmax(m->peak[range], m->sums.square[range].sum);
}

bool
ml_moving_moments_remove(MlMovingMoments *m, double x)
{
	double	   *odd = odd_count(m, x);

	if (odd != NULL)
	{
		*odd -= 1;
		return true;
	}
	m->finite -= 1;
	if (m->finite == 0)
	{
		memset(&m->sums, 0, sizeof(m->sums));
		memset(m->peak, 0, sizeof(m->peak));
		return true;
	}
	ml_moment_sums_add_times(&m->sums, x, -1);
	for (int range = 0; range < RANGES; range++)
		if (ml_sum_value(&m->sums.square[range]) < m->peak[range] * LEAST_SHARE)
			return false;
	return true;
}

void
ml_moving_moments_merge(MlMovingMoments *m, const MlMovingMoments *other)
{
	m->finite += other->finite;
	m->nan += other->nan;
	m->plus_infinity += other->plus_infinity;
	m->minus_infinity += other->minus_infinity;
	ml_moment_sums_merge(&m->sums, &other->sums);
	for (int range = 0; range < RANGES; range++)
		m->peak[range] = fmax(m->peak[range], m->sums.square[range].sum);
}

double
ml_moving_moments_count(const MlMovingMoments *m)
{
	return m->finite + m->nan + m->plus_infinity + m->minus_infinity;
}

double
ml_moving_moments_mean(const MlMovingMoments *m)
{
	if (m->nan > 0 || (m->plus_infinity > 0 && m->minus_infinity > 0))
		return NAN;
	if (m->plus_infinity > 0)
		return INFINITY;
	if (m->minus_infinity > 0)
		return -INFINITY;
	return ml_moment_sums_mean(&m->sums, m->finite);
}

double
ml_moving_moments_stddev(const MlMovingMoments *m)
{
	if (m->nan > 0 || m->plus_infinity > 0 || m->minus_infinity > 0)
		return NAN;
	return ml_moment_sums_stddev(&m->sums, m->finite);
}
