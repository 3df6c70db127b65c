/*
 * extremes.c: two sorted arrays that only get more extreme.
 */
#include <math.h>
#include <string.h>

#include "kernel/extremes.h"

/* The ML_EXTREMES smallest of low[0..held) and the numbers added; how many there are. */
static int
keep_smallest(double *low, int held, const double *sorted, const int64_t *times, int n)
{
	double		merged[ML_EXTREMES];
	int			total = 0;
	int			i = 0;

	/* the rule: nothing is small enough */
	if (n == 0 || (held == ML_EXTREMES && sorted[0] >= low[held - 1]))
		return held;
	for (int j = 0; total < ML_EXTREMES && j < n; j++)
	{
		while (total < ML_EXTREMES && i < held && low[i] <= sorted[j])
			merged[total++] = low[i++];
		for (int64_t k = 0; total < ML_EXTREMES && k < (times ? times[j] : 1); k++)
			merged[total++] = sorted[j];
	}
	while (total < ML_EXTREMES && i < held)
		merged[total++] = low[i++];
	memcpy(low, merged, sizeof(double) * total);
	return total;
}

static void
keep_largest(double *high, int held, const double *sorted, const int64_t *times, int n)
{
	double		merged[ML_EXTREMES];
	int			left = ML_EXTREMES;	/* free places, filled from the back */
	int			i = held - 1;

	if (n == 0 || (held == ML_EXTREMES && sorted[n - 1] <= high[0]))
		return;
	for (int j = n - 1; left > 0 && j >= 0; j--)
	{
		while (left > 0 && i >= 0 && high[i] >= sorted[j])
			merged[--left] = high[i--];
		for (int64_t k = 0; left > 0 && k < (times ? times[j] : 1); k++)
			merged[--left] = sorted[j];
	}
	while (left > 0 && i >= 0)
		merged[--left] = high[i--];
	memcpy(high, merged + left, sizeof(double) * (ML_EXTREMES - left));
}

void
ml_extremes_add(MlExtremes *e, const double *sorted, const int64_t *times, int n)
{
	keep_largest(e->high, e->n, sorted, times, n);
	e->n = keep_smallest(e->low, e->n, sorted, times, n);
}

void
ml_extremes_merge(MlExtremes *e, const MlExtremes *other)
{
	keep_largest(e->high, e->n, other->high, NULL, other->n);
	e->n = keep_smallest(e->low, e->n, other->low, NULL, other->n);
}

bool
ml_extremes_valid(const MlExtremes *e)
{
	if (e->n < 0 || e->n > ML_EXTREMES)
		return false;
	for (int i = 0; i < e->n; i++)
		if (!isfinite(e->low[i]) || !isfinite(e->high[i]) ||
			(i > 0 && (e->low[i] < e->low[i - 1] || e->high[i] < e->high[i - 1])))
			return false;
	/* the same number is at most as far from the one end as from the other */
	return e->n == 0 || e->low[0] <= e->high[0];
}
