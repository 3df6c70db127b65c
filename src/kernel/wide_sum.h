/*
 * wide_sum.h: sums of doubles kept in twice their precision.
 *
 * A sum is hi + lo with hi the double nearest to it (double-double
 * arithmetic; Joldes, Muller, Popescu, "Tight and rigorous error bounds for
 * basic building blocks of double-word arithmetic", ACM TOMS 44, 2017).  As
 * long as the sum has at most 105 bits between its first one and the last one
 * of any of its terms, nothing is lost at all, and pair and value are the same
 * whatever the order and grouping of the terms: counts always, terms of one
 * sign whenever (sum / smallest term) < 2^53.  Beyond that each addition errs
 * by at most 2^-104 relative.
 *
 * Unlike an MlSum, the pair is canonical: one sum, one pair of bits.  Needs a
 * compiler that neither reassociates nor fuses.
 */
#ifndef ML_WIDE_SUM_H
#define ML_WIDE_SUM_H

typedef struct MlWideSum
{
	double		hi;				/* the sum, rounded; not finite after an overflow */
	double		lo;				/* |lo| is at most half a unit in the last place of hi */
} MlWideSum;

/* The exact sum of a and b; *rest: what their rounded sum has lost (Knuth). */
static inline double
ml_two_sum(double a, double b, double *rest)
{
	double		s = a + b;
	double		t = s - a;

	*rest = (a - (s - t)) + (b - t);
	return s;
}

/* The pair of a and b; |b| <= |a| or either is 0. */
static inline MlWideSum
ml_wide_pair(double a, double b)
{
	MlWideSum	s;

	s.hi = a + b;
	s.lo = b - (s.hi - a);
	return s;
}

static inline void
ml_wide_add(MlWideSum *s, double x)
{
	double		rest;
	double		sum = ml_two_sum(s->hi, x, &rest);

	*s = ml_wide_pair(sum, s->lo + rest);
}

static inline void
ml_wide_merge(MlWideSum *s, MlWideSum t)
{
	double		rest;
	double		low_rest;
	double		sum = ml_two_sum(s->hi, t.hi, &rest);
	double		low = ml_two_sum(s->lo, t.lo, &low_rest);
	MlWideSum	first = ml_wide_pair(sum, rest + low);

	*s = ml_wide_pair(first.hi, low_rest + first.lo);
}

static inline void
ml_wide_subtract(MlWideSum *s, MlWideSum t)
{
	ml_wide_merge(s, (MlWideSum) {-t.hi, -t.lo});
}

#endif
