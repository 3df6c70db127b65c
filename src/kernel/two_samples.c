/*
 * two_samples.c: collecting scores of two classes; figures of their ranking.
 *
 * New entries are appended, then sorted and merged into the canonical ones
 * from the back, then equal scores are added up, in place.  That fits because
 * an exact sum never needs more doubles than it had terms: terms whose digits
 * overlap span fewer digits than apart, and a carry needs an overlap.
 *
 * Weights are multiplied by a power of two on reading, so that products of
 * them neither overflow nor vanish; that rounds nothing.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/curve.h"
#include "kernel/exact_sum.h"
#include "kernel/two_samples.h"

/* --- collecting --------------------------------------------------------- */

size_t
ml_two_samples_scratch(const MlTwoSamples *s)
{
	int64_t		tail = s->n - s->canonical;
	size_t		copy = (size_t) tail * (sizeof(uint64_t) + sizeof(double));
	size_t		sort = ml_sort_scratch(tail);

	return (sort > copy ? sort : copy) + sizeof(uint64_t) + (size_t) tail * sizeof(uint32_t);
}

/* Merges t sorted entries into those before s->canonical. */
static void
merge_sorted(MlTwoSamples *s, const uint64_t *key, const double *weight, int64_t t)
{
	int64_t		i = s->canonical - 1;
	int64_t		j = t - 1;
	int64_t		k = s->canonical + t - 1;

	for (; j >= 0; k--)
	{
		if (i >= 0 && s->key[i] > key[j])
		{
			s->key[k] = s->key[i];
			s->weight[k] = s->weight[i--];
		}
		else
		{
			s->key[k] = key[j];
			s->weight[k] = weight[j--];
		}
	}
	s->n = s->canonical + t;
}

/* Is a + b = sum without rounding? */
static inline bool
is_exact(double a, double b, double sum)
{
	double		part = sum - a;

	return (a - (sum - part)) + (b - part) == 0;
}

/* Moves negative weights before positive ones; returns how many they are. */
static int64_t
part_classes(double *weight, int64_t n)
{
	int64_t		negative = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		double		w = weight[i];

		if (w < 0)
		{
			weight[i] = weight[negative];
			weight[negative++] = w;
		}
	}
	return negative;
}

/* Entries from..to, of one score and one class, become their exact sum, written at *out. */
static bool
add_up(MlTwoSamples *s, int64_t from, int64_t to, int64_t *out, MlExactSum *exact)
{
	uint64_t	key = s->key[from];
	double		sign = s->weight[from] < 0 ? -1 : 1;
	double		sum = fabs(s->weight[from]);
	bool		fits = true;
	int64_t		i;

	for (i = from + 1; i < to && fits; i++)
	{
		double		w = fabs(s->weight[i]);
		double		next = sum + w;

		fits = is_exact(sum, w, next);
		sum = next;
	}
	if (!fits)
	{
		for (i = from; i < to; i++)
			ml_exact_add(exact, fabs(s->weight[i]));
		sum = ml_exact_take(exact);
	}
	for (; sum > 0; sum = fits ? 0 : ml_exact_take(exact))
	{
		if (isinf(sum))
			return false;
		assert(*out < to);
		s->key[*out] = key;
		s->weight[(*out)++] = sign * sum;
	}
	return true;
}

/* Adds up equal scores of sorted entries. */
static bool
add_equal(MlTwoSamples *s)
{
	MlExactSum	exact;
	int64_t		out = 0;
	int64_t		from;
	int64_t		to;

	ml_exact_init(&exact);
	for (from = 0; from < s->n; from = to)
	{
		int64_t		border;

		for (to = from + 1; to < s->n && s->key[to] == s->key[from]; to++)
			;
		border = from + part_classes(s->weight + from, to - from);
		if (border > from && !add_up(s, from, border, &out, &exact))
			return false;
		if (border < to && !add_up(s, border, to, &out, &exact))
			return false;
	}
	s->n = out;
	s->canonical = out;
	return true;
}

bool
ml_two_samples_settle(MlTwoSamples *s, void *scratch, MlStop stop)
{
	int64_t		tail = s->n - s->canonical;
	const uint64_t *from_key = s->key + s->canonical;
	const double *from_weight = s->weight + s->canonical;
	uint64_t   *key = scratch;
	double	   *weight = (double *) (key + tail);
	size_t		sort = ml_sort_scratch(tail);
	size_t		copy = (size_t) tail * (sizeof(uint64_t) + sizeof(double));
	size_t		words = ((sort > copy ? sort : copy) + sizeof(uint64_t) - 1) / sizeof(uint64_t);
	uint32_t   *order = (uint32_t *) (key + words);
	int64_t		i;

	if (tail == 0)
		return true;
	if (!ml_sort_pairs_until(from_key, NULL, tail, order, scratch, stop, NULL))
		assert(false);
	/* the sort is done with its scratch */
	for (i = 0; i < tail; i++)
	{
		key[i] = from_key[order[i]];
		weight[i] = from_weight[order[i]];
	}
	merge_sorted(s, key, weight, tail);
	return add_equal(s);
}

bool
ml_two_samples_merge(MlTwoSamples *s, const MlTwoSamples *other)
{
	assert(s->n == s->canonical && other->n == other->canonical);
	merge_sorted(s, other->key, other->weight, other->n);
	return add_equal(s);
}

bool
ml_two_samples_valid(const MlTwoSamples *s)
{
	int64_t		i;

	for (i = 0; i < s->n; i++)
	{
		double		score = ml_sort_unkey(s->key[i]);
		double		w = s->weight[i];

		if (isnan(score) || ml_sort_key(score) != s->key[i] || !isfinite(w) || w == 0)
			return false;
		if (i == 0 || s->key[i] > s->key[i - 1])
			continue;
		/* of the same score: the other class, or the rest of an exact sum */
		if (s->key[i] < s->key[i - 1] || (s->weight[i - 1] > 0 && w < 0) ||
			((s->weight[i - 1] > 0) == (w > 0) && !ml_exact_follows(fabs(s->weight[i - 1]), fabs(w))))
			return false;
	}
	return true;
}

/* --- figures ------------------------------------------------------------ */

/* The entries from the highest score downwards. */
typedef struct Walk
{
	const MlTwoSamples *s;
	int64_t		left;			/* entries before the ones taken */
	double		scale;			/* a power of two */
	MlCurve		curve;
} Walk;

double
ml_two_samples_total(const MlTwoSamples *s)
{
	MlSum		sum = {0, 0};
	int64_t		i;

	assert(s->n == s->canonical);
	for (i = 0; i < s->n; i++)
		ml_sum_add(&sum, fabs(s->weight[i]));
	return isfinite(sum.sum) ? ml_sum_value(&sum) : INFINITY;
}

static Walk
walk_start(const MlTwoSamples *s)
{
	double		total = ml_two_samples_total(s);
	Walk		walk = {.s = s,.left = s->n,.scale = 1};

	assert(isfinite(total));
	/* only where it matters: the inverse of a power of two is one within this range */
	if (total > 0x1p300)
		walk.scale = 0x1p-700;
	else if (total < 0x1p-300)
		walk.scale = 0x1p700;
	return walk;
}

/* Adds the rows of the next score to the curve; false at the end. */
static bool
walk_next(Walk *walk)
{
	const MlTwoSamples *s = walk->s;
	int64_t		i = walk->left - 1;
	uint64_t	key;

	if (i < 0)
		return false;
	key = s->key[i];
	for (; i >= 0 && s->key[i] == key; i--)
		ml_curve_add(&walk->curve, s->weight[i] > 0, fabs(s->weight[i]) * walk->scale);
	walk->left = i + 1;
	return true;
}

double
ml_two_samples_roc_auc(const MlTwoSamples *s)
{
	Walk		walk = walk_start(s);

	while (walk_next(&walk))
		ml_curve_step_roc(&walk.curve);
	return ml_curve_roc_auc(&walk.curve);
}

double
ml_two_samples_average_precision(const MlTwoSamples *s)
{
	Walk		walk = walk_start(s);

	while (walk_next(&walk))
		ml_curve_step_pr(&walk.curve);
	return ml_curve_average_precision(&walk.curve);
}

/* The curve at its end. */
static MlCurve
whole(const MlTwoSamples *s)
{
	Walk		walk = walk_start(s);

	while (walk_next(&walk))
		;
	ml_curve_step(&walk.curve);
	return walk.curve;
}

double
ml_two_samples_ks(const MlTwoSamples *s)
{
	MlCurve		end = whole(s);
	Walk		walk = walk_start(s);
	double		largest = 0;

	if (end.p == 0 || end.f == 0)
		return NAN;
	while (walk_next(&walk))
	{
		double		distance;

		ml_curve_step(&walk.curve);
		distance = fabs(walk.curve.p / end.p - walk.curve.f / end.f);
		if (distance > largest)
			largest = distance;
	}
	return largest;
}

/* Positive weight among the `room` weight of the highest scores; both as the walk scales them. */
static double
positive_in_top(Walk *walk, double room)
{
	MlCurve    *c = &walk->curve;

	while (walk_next(walk))
	{
		double		p = c->p;
		double		f = c->f;

		ml_curve_step(c);
		if (c->p + c->f > room)
			return p + (c->p - p) * ((room - (p + f)) / ((c->p + c->f) - (p + f)));
	}
	return c->p;
}

double
ml_two_samples_precision_at(const MlTwoSamples *s, double k)
{
	Walk		walk = walk_start(s);

	return s->n == 0 ? NAN : positive_in_top(&walk, k * walk.scale) / (k * walk.scale);
}

double
ml_two_samples_lift(const MlTwoSamples *s, double share)
{
	MlCurve		end = whole(s);
	Walk		walk = walk_start(s);

	if (s->n == 0)
		return NAN;
	return end.p == 0 ? 0 : positive_in_top(&walk, share * (end.p + end.f)) / end.p / share;
}
