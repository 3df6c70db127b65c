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

/* From both ends at once: two chains that the processor follows side by side, without a branch. */
static void
merge_runs(const double *a, int na, const double *b, int nb, double *to)
{
	const double *a_end = a + na - 1;
	const double *b_end = b + nb - 1;
	double	   *to_end = to + na + nb - 1;

	/* so few steps that neither end leaves a run */
	for (int step = na < nb ? na : nb; step > 0; step--)
	{
		double		x = *a;
		double		y = *b;
		double		u = *a_end;
		double		v = *b_end;

		*to++ = y < x ? y : x;
		b += y < x;
		a += !(y < x);
		*to_end-- = u > v ? u : v;
		a_end -= v < u;
		b_end -= !(v < u);
	}
	/* what is left stands between them */
	while (a <= a_end && b <= b_end)
		*to++ = *b < *a ? *b++ : *a++;
	while (a <= a_end)
		*to++ = *a++;
	while (b <= b_end)
		*to++ = *b++;
}

void
ml_quantile_sketch_add(MlQuantileSketch *s, int level, const double *sorted, int n, double *scratch)
{
	const double *both;
	double	   *rising = scratch + 2 * ML_QUANTILE_RUN;
	const double *run = sorted;

	assert(n <= ML_QUANTILE_RUN);
	s->n += (int64_t) n << level;
	for (int h = level;; h++)
	{
		int			total = s->count[h] + n;
		/* levels take turns, too: what one lets go up too small, the next lets go up too large */
		bool		larger = s->larger[h] != (h % 2 == 1);

		assert(h < ML_QUANTILE_LEVELS && (total == 0 || s->item[h] != NULL));
		both = run;
		if (s->count[h] > 0)
		{
			merge_runs(s->item[h], s->count[h], run, n, scratch);
			both = scratch;
		}
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
		/* in place where it was the run */
		for (int i = 0; i < n; i++)
			rising[i] = both[2 * i + larger];
		*(larger ? &s->under : &s->over) += INT64_C(1) << h;
		s->larger[h] = !s->larger[h];
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

	if (s->over < 0 || s->over > s->n || s->under < 0 || s->under > s->n)
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
