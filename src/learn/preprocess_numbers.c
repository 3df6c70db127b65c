/*
 * preprocess_numbers.c: what a column of numbers says of itself.
 *
 * Everything is unweighted, as scikit-learn's defaults are.  Means and
 * standard deviations are two-pass sums over blocks, taken on numbers scaled
 * by a power of two, so that neither 1e300 nor 1e-300 is lost; a constant
 * column is recognised by min = max exactly, never by a small deviation.
 *
 * A value is clipped first, then filled in, then scaled: each step looks at
 * what the one before it leaves.
 */
#include "learn/preprocess_state.h"

#include <float.h>
#include <string.h>

#include "kernel/select.h"
#include "kernel/sum.h"

#define SUM_BLOCK 4096			/* rows added plainly before their sum joins the compensated one */

typedef struct Moments
{
	double		minimum;
	double		maximum;
	double		mean;
	double		sd;				/* population */
} Moments;

/*
 * Sums of d = x f - shift, missing ones replaced by fill: *first = Σ d and
 * *second = Σ d², four at a time within a block, the blocks compensated.
 */
static void
sum_powers(const double *x, int64_t n, double f, double fill, double shift, double *first, double *second)
{
	MlSum		total = {0.0, 0.0};
	MlSum		square = {0.0, 0.0};
	int64_t		from;

	for (from = 0; from < n; from += SUM_BLOCK)
	{
		int64_t		to = from + SUM_BLOCK < n ? from + SUM_BLOCK : n;
		double		s0 = 0, s1 = 0, s2 = 0, s3 = 0;
		double		q0 = 0, q1 = 0, q2 = 0, q3 = 0;
		int64_t		i = from;

#define DEVIATION(at) ((x[at] == x[at] ? x[at] : fill) * f - shift)
		for (; i + 4 <= to; i += 4)
		{
			double		d0 = DEVIATION(i);
			double		d1 = DEVIATION(i + 1);
			double		d2 = DEVIATION(i + 2);
			double		d3 = DEVIATION(i + 3);

			s0 += d0, s1 += d1, s2 += d2, s3 += d3;
			q0 += d0 * d0, q1 += d1 * d1, q2 += d2 * d2, q3 += d3 * d3;
		}
		for (; i < to; i++)
		{
			double		d = DEVIATION(i);

			s0 += d;
			q0 += d * d;
		}
#undef DEVIATION
		ml_sum_add(&total, (s0 + s1) + (s2 + s3));
		ml_sum_add(&square, (q0 + q1) + (q2 + q3));
	}
	*first = ml_sum_value(&total);
	*second = ml_sum_value(&square);
}

/* Least and greatest of x[0..n), missing ones replaced by fill; NaN is neither. */
static void
find_range(const double *x, int64_t n, double fill, Moments *m)
{
	double		low[2] = {INFINITY, INFINITY};
	double		high[2] = {-INFINITY, -INFINITY};
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		double		v = x[i] == x[i] ? x[i] : fill;

		low[i & 1] = v < low[i & 1] ? v : low[i & 1];
		high[i & 1] = v > high[i & 1] ? v : high[i & 1];
	}
	m->minimum = fmin(low[0], low[1]);
	m->maximum = fmax(high[0], high[1]);
}

/* The moments of x[0..n), missing ones replaced by fill (NaN: there are none). */
static void
column_moments(const double *x, int64_t n, double fill, Moments *m)
{
	int			exponent;
	double		f;
	double		mean;
	double		drift;
	double		square;

	find_range(x, n, fill, m);
	if (!(m->minimum < m->maximum))
	{
		m->mean = n > 0 && m->minimum == m->maximum ? m->minimum : 0.0;
		m->sd = 0.0;
		return;
	}
	frexp(fmax(fabs(m->minimum), fabs(m->maximum)), &exponent);
	exponent = exponent < -1000 ? -1000 : exponent;
	f = ldexp(1.0, -exponent);
	sum_powers(x, n, f, fill, 0.0, &mean, &square);
	mean /= (double) n;
	/* what the first pass lost shows as a mean deviation that is not zero */
	sum_powers(x, n, f, fill, mean, &drift, &square);
	drift /= (double) n;
	m->sd = ldexp(sqrt(fmax(square / (double) n - drift * drift, 0.0)), exponent);
	m->mean = ldexp(mean + drift, exponent);
}

void
ml_prep_fit_scale(MlScale how, const double *x, int64_t n, double fill, double *buffer, double *shift, double *scale)
{
	Moments		m;

	*shift = 0.0;
	*scale = 1.0;
	if (how == ML_SCALE_NONE || n == 0)
		return;
	column_moments(x, n, fill, &m);
	if (how == ML_SCALE_STANDARD)
	{
		*shift = m.mean;
		*scale = m.sd;
	}
	else if (how == ML_SCALE_MINMAX)
	{
		*shift = m.minimum;
		*scale = m.maximum - m.minimum;
	}
	else
	{
		/* quartiles of what the learner will see: missing ones already replaced */
		int64_t		i;
		double	   *filled = buffer + n;

		for (i = 0; i < n; i++)
			filled[i] = x[i] == x[i] ? x[i] : fill;
		*shift = ml_quantile_cont(filled, n, 0.5, buffer);
		*scale = ml_quantile_cont(filled, n, 0.75, buffer) - ml_quantile_cont(filled, n, 0.25, buffer);
	}
	if (m.minimum == m.maximum)
		*shift = m.minimum;
	if (!(m.minimum < m.maximum) || !(*scale > 0.0))
		*scale = 1.0;
	if (isinf(*scale))
		*scale = DBL_MAX;
	if (!isfinite(*shift))		/* nothing but missing values */
		*shift = 0.0;
}

/* Bounds, and value[n] within them -> clipped; what is missing stays so. */
static void
fit_clip(const MlPrepSpec *spec, const double *value, int64_t n, double *buffer, double *clipped, MlPrepColumn *out)
{
	double		low = spec->low;
	double		high = spec->high;
	int64_t		i;

	if (spec->clip == ML_CLIP_QUANTILES)
	{
		low = isnan(low) ? low : ml_quantile_cont(value, n, low, buffer);
		high = isnan(high) ? high : ml_quantile_cont(value, n, high, buffer);
	}
	/* no such side, or nothing to learn from */
	out->low = isnan(low) ? -INFINITY : low;
	out->high = isnan(high) ? INFINITY : high;
	for (i = 0; i < n; i++)
		clipped[i] = value[i] < out->low ? out->low : value[i] > out->high ? out->high : value[i];
}

/* What replaces a missing one; NaN = nothing is there to learn it from. */
static double
fit_impute(const MlPrepSpec *spec, const double *value, int64_t n, double *buffer)
{
	Moments		m;

	switch (spec->impute)
	{
		case ML_IMPUTE_NONE:
			break;
		case ML_IMPUTE_MEAN:
			n = ml_present(value, n, buffer);
			column_moments(buffer, n, 0.0, &m);
			return n > 0 ? m.mean : NAN;
		case ML_IMPUTE_MEDIAN:
			return ml_quantile_cont(value, n, 0.5, buffer);
		case ML_IMPUTE_MOST_FREQUENT:
			return ml_mode(value, n, buffer);
		case ML_IMPUTE_CONSTANT:
			return spec->constant;
	}
	return NAN;
}

size_t
ml_prep_number_room(const MlPrepSpec *spec, int64_t n)
{
	if (spec->clip != ML_CLIP_NONE)
		return 4 * (size_t) n;
	if (spec->scale == ML_SCALE_ROBUST)
		return 3 * (size_t) n;
	return spec->impute == ML_IMPUTE_NONE && spec->scale == ML_SCALE_NONE ? 0 : (size_t) n;
}

void
ml_prep_fit_number(const MlPrepSpec *spec, const double *value, int64_t n, double *buffer, MlPrepColumn *out)
{
	if (spec->clip != ML_CLIP_NONE)
	{
		fit_clip(spec, value, n, buffer, buffer + 3 * n, out);
		value = buffer + 3 * n;
	}
	out->has_impute = spec->impute != ML_IMPUTE_NONE;
	if (out->has_impute)
		out->impute = fit_impute(spec, value, n, buffer);
	if (out->has_impute && isnan(out->impute))
		out->impute = 0.0;		/* nothing to learn from: a column of zeros */
	if (out->has_impute || spec->scale == ML_SCALE_NONE)
		ml_prep_fit_scale(spec->scale, value, n, out->impute, buffer, &out->shift, &out->scale);
	else
	{
		/* missing stays missing: the scale is that of the numbers present */
		double	   *packed = spec->scale == ML_SCALE_ROBUST ? buffer + 2 * n : buffer;

		n = ml_present(value, n, packed);
		ml_prep_fit_scale(spec->scale, packed, n, NAN, buffer, &out->shift, &out->scale);
	}
	out->width = 1 + (out->indicator ? 1 : 0);
}
