/*
 * error_sums.c: errors of numeric predictions from running sums.
 *
 * Symbols: y p w as in error_sums.h; e = y - p.
 */
#include <float.h>

#include "kernel/error_sums.h"

/* --- squares of numbers of any size ------------------------------------- */

enum
{
	SMALL,
	ORDINARY,
	LARGE
};

/* |x| of ordinary size: its square and the rounding of it, times a weight, are far from the ends. */
#define ORDINARY_MIN 0x1p-400
#define ORDINARY_MAX 0x1p400

/* What brings the x of a range near 1. */
static const double scale[3] = {0x1p600, 1, 0x1p-600};

static void
add_square(MlSquares *s, double x, double w)
{
	int			range = fabs(x) < ORDINARY_MIN ? SMALL : fabs(x) > ORDINARY_MAX ? LARGE : ORDINARY;
	double		scaled = x * scale[range];
	double		product = w * scaled;

	ml_sum_add_product(&s->range[range], product, scaled);
	if (w != 1)
		ml_sum_add(&s->range[range], fma(w, scaled, -product) * scaled);
}

static void
merge_squares(MlSquares *s, const MlSquares *other)
{
	int			range;

	for (range = SMALL; range <= LARGE; range++)
		ml_sum_merge(&s->range[range], &other->range[range]);
}

static MlSum
times(const MlSum *s, double factor)
{
	return (MlSum) {s->sum * factor, s->error * factor};
}

/* The sum of all squares, of numbers multiplied by scale[*range]; *range is the largest that has any. */
static MlSum
all_squares(const MlSquares *s, int *range)
{
	MlSum		total;

	/* a sum that has overflowed is not above 0, but NaN */
	*range = s->range[LARGE].sum != 0 ? LARGE : s->range[ORDINARY].sum != 0 ? ORDINARY : SMALL;
	total = s->range[*range];
	if (*range > SMALL)
	{
		/* two ranges down there is nothing that could be seen beside it */
		MlSum		below = times(&s->range[*range - 1], 0x1p-600);

		below = times(&below, 0x1p-600);
		ml_sum_merge(&total, &below);
	}
	return total;
}

/* --- errors ------------------------------------------------------------- */

void
ml_error_sums_add(MlErrorSums *s, double y, double p, double w)
{
	double		e = y - p;
	double		both = fabs(y) + fabs(p);
	double		size = fmax(fabs(y), DBL_EPSILON);

	if (s->rows == 0 || y < s->lowest)
		s->lowest = y;
	if (s->rows == 0 || y > s->highest)
		s->highest = y;
	s->rows++;
	ml_sum_add(&s->weight, w);
	ml_sum_add(&s->absolute, w * fabs(e));
	/* shares are taken of halves where the whole is beyond the range */
	ml_sum_add(&s->relative, w * (isfinite(e) ? fabs(e) / size : fabs(y / 2 - p / 2) / (size / 2)));
	if (both > 0)
		ml_sum_add(&s->symmetric, w * (isfinite(both) ? fabs(e) / both * 2 :
									   fabs(y / 2 - p / 2) / (fabs(y) / 4 + fabs(p) / 4)));
	ml_sum_add(&s->size, w * fabs(y));
	if (w == 1)
		ml_sum_add(&s->level, y);
	else
		ml_sum_add_product(&s->level, w, y);
	add_square(&s->error, e, w);
	add_square(&s->square, y, w);
}

void
ml_error_sums_merge(MlErrorSums *s, const MlErrorSums *other)
{
	if (other->rows == 0)
		return;
	if (s->rows == 0 || other->lowest < s->lowest)
		s->lowest = other->lowest;
	if (s->rows == 0 || other->highest > s->highest)
		s->highest = other->highest;
	s->rows += other->rows;
	ml_sum_merge(&s->weight, &other->weight);
	ml_sum_merge(&s->absolute, &other->absolute);
	ml_sum_merge(&s->relative, &other->relative);
	ml_sum_merge(&s->symmetric, &other->symmetric);
	ml_sum_merge(&s->size, &other->size);
	ml_sum_merge(&s->level, &other->level);
	merge_squares(&s->error, &other->error);
	merge_squares(&s->square, &other->square);
}

/* Root of the mean square error, of errors multiplied by scale[*range]. */
static double
scaled_rmse(const MlErrorSums *s, int *range)
{
	MlSum		total = all_squares(&s->error, range);

	return sqrt(ml_sum_mean(&total, &s->weight));
}

double
ml_error_sums_rmse(const MlErrorSums *s)
{
	int			range;
	double		rmse = scaled_rmse(s, &range);

	return rmse / scale[range];
}

double
ml_error_sums_mae(const MlErrorSums *s)
{
	return ml_sum_mean(&s->absolute, &s->weight);
}

double
ml_error_sums_mape(const MlErrorSums *s)
{
	return ml_sum_mean(&s->relative, &s->weight);
}

double
ml_error_sums_wape(const MlErrorSums *s)
{
	if (s->size.sum == 0)
		return s->absolute.sum == 0 && s->rows > 0 ? 0 : NAN;
	return ml_sum_mean(&s->absolute, &s->size);
}

double
ml_error_sums_smape(const MlErrorSums *s)
{
	return ml_sum_mean(&s->symmetric, &s->weight);
}

/*
 * Standard deviation of y, of numbers multiplied by scale[*range].
 *
 * sum w (y - m)^2 = sum w y^2 - 2 m sum w y + m^2 sum w for m near the mean,
 * less what m misses of the mean; every product is taken exactly, so that what
 * cancels are the digits of an MlSum and not those of a double.
 */
static double
scaled_deviation(const MlErrorSums *s, int *range)
{
	MlSum		total = all_squares(&s->square, range);
	MlSum		level = times(&s->level, scale[*range]);
	double		weight = ml_sum_value(&s->weight);
	double		m = ml_sum_value(&level) / weight;
	double		square = m * m;
	double		rest;

	ml_sum_add_product(&total, -2 * m, level.sum);
	ml_sum_add(&total, -2 * m * level.error);
	ml_sum_add_product(&total, square, s->weight.sum);
	ml_sum_add(&total, square * s->weight.error);
	ml_sum_add(&total, fma(m, m, -square) * s->weight.sum);
	ml_sum_add_product(&level, -m, s->weight.sum);
	ml_sum_add(&level, -m * s->weight.error);
	rest = ml_sum_value(&level);
	ml_sum_add(&total, -rest * (rest / weight));
	/* what is left of equal digits may be less than nothing */
	return sqrt(fmax(ml_sum_mean(&total, &s->weight), 0));
}

double
ml_error_sums_r2(const MlErrorSums *s)
{
	int			error_range;
	int			range;
	double		error;
	double		deviation;
	double		ratio;

	if (s->rows < 2)
		return NAN;
	error = scaled_rmse(s, &error_range);
	deviation = s->lowest == s->highest ? 0 : scaled_deviation(s, &range);
	if (deviation == 0)
		return error == 0 ? 1 : 0;
	if (isinf(error) || isinf(deviation))
		return -INFINITY;
	ratio = error / deviation * scale[range] / scale[error_range];
	return 1 - ratio * ratio;
}
