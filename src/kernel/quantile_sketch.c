/*
 * quantile_sketch.c: levels of sorted numbers; see the header.
 *
 * Symbols: h = level, w = 2^h.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/quantile_sketch.h"

int
ml_quantile_sketch_reach(const MlQuantileSketch *s, int level, int n)
{
	int			h = level;

	while (s->count[h] + n >= ML_QUANTILE_RUN)
	{
		n = (s->count[h] + n) / 2;
		h++;
	}
	return h + 1;
}

static void
merge_runs(const double *a, int na, const double *b, int nb, double *to)
{
	int			i = 0;
	int			j = 0;

	while (i < na && j < nb)
	{
		bool		second = b[j] < a[i];

		*to++ = second ? b[j] : a[i];
		j += second;
		i += !second;
	}
	memcpy(to, a + i, sizeof(double) * (na - i));
	memcpy(to + (na - i), b + j, sizeof(double) * (nb - j));
}

void
ml_quantile_sketch_add(MlQuantileSketch *s, int level, const double *sorted, int n, double *scratch)
{
	double	   *both = scratch;
	double	   *rising = scratch + 2 * ML_QUANTILE_RUN;
	const double *run = sorted;

	assert(n <= ML_QUANTILE_RUN);
	s->n += (int64_t) n << level;
	for (int h = level;; h++)
	{
		int			total = s->count[h] + n;
		int			first = s->larger[h];

		assert(h < ML_QUANTILE_LEVELS && (total == 0 || s->item[h] != NULL));
		merge_runs(s->item[h], s->count[h], run, n, both);
		if (total < ML_QUANTILE_RUN)
		{
			if (total > 0)
				memcpy(s->item[h], both, sizeof(double) * total);
			s->count[h] = total;
			return;
		}
		/* the odd one out stays */
		s->count[h] = total % 2;
		s->item[h][0] = both[total - 1];
		n = total / 2;
		for (int i = 0; i < n; i++)
			rising[i] = both[2 * i + first];
		*(first ? &s->under : &s->over) += INT64_C(1) << h;
		s->larger[h] = !first;
		run = rising;
	}
}

int
ml_quantile_sketch_items(const MlQuantileSketch *s)
{
	int			n = 0;

	for (int h = 0; h < ML_QUANTILE_LEVELS; h++)
		n += s->count[h];
	return n;
}

void
ml_quantile_sketch_collect(const MlQuantileSketch *s, double *value, int64_t *weight)
{
	int			n = 0;

	for (int h = 0; h < ML_QUANTILE_LEVELS; h++)
	{
		/* merged from the back, in place */
		int			i = n - 1;
		int			j = s->count[h] - 1;

		n += s->count[h];
		for (int at = n - 1; j >= 0; at--)
		{
			if (i >= 0 && value[i] > s->item[h][j])
			{
				value[at] = value[i];
				weight[at] = weight[i--];
			}
			else
			{
				value[at] = s->item[h][j--];
				weight[at] = INT64_C(1) << h;
			}
		}
	}
}

bool
ml_quantile_sketch_valid(const MlQuantileSketch *s)
{
	int64_t		n = 0;

	if (s->over < 0 || s->under < 0)
		return false;
	for (int h = 0; h < ML_QUANTILE_LEVELS; h++)
	{
		if (s->count[h] < 0 || s->count[h] >= ML_QUANTILE_RUN)
			return false;
		/* NaN is neither finite nor in order */
		for (int i = 0; i < s->count[h]; i++)
			if (!isfinite(s->item[h][i]) || (i > 0 && s->item[h][i] < s->item[h][i - 1]))
				return false;
		if (s->count[h] > (INT64_MAX - n) >> h)
			return false;
		n += (int64_t) s->count[h] << h;
	}
	return n == s->n;
}
