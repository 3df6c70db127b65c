/*
 * test_moving.c: sums from which numbers are taken back, against sums of what is left.
 *
 * Tolerance 1e-12 relative: both sides are rounded sums of some hundred terms.
 */
#include <float.h>
#include <stdlib.h>

#include "kernel/ewma_sums.h"
#include "kernel/moving_moments.h"
#include "kernel/rng.h"
#include "tap.h"

#define TOLERANCE 1e-12
#define ROWS 3000
#define FRAME 200
#define HOUR INT64_C(3600000000)

static double x[ROWS];
static int64_t t[ROWS];

/* Numbers whose size changes by 10^-9 ... 10^9 every 300 rows, some not finite; times that run backwards at times. */
static void
make_rows(void)
{
	static const double size[] = {1, 1e9, 1e-9, 1e200, 1, 1e-200, 1e300, 3};
	uint64_t	h = 1;
	int			i;

	for (i = 0; i < ROWS; i++)
	{
		h = ml_mix64(h + 1);
		x[i] = (ml_hash_unit(h) - 0.3) * size[i / 300 % 8];
		if (i % 601 == 600)
			x[i] = i % 2 ? NAN : INFINITY;
		t[i] = (i - ROWS / 2) * HOUR - (i % 50 == 0 ? 30 * HOUR : 0);
	}
}

static bool
near(double a, double b, double scale)
{
	return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= TOLERANCE * scale;
}

static void
test_moments(void)
{
	MlMovingMoments moving = {0};
	int			wrong = 0;
	int			anew = 0;
	int			i;

	for (i = 0; i < ROWS; i++)
	{
		MlMovingMoments plain = {0};
		int			first = i < FRAME ? 0 : i - FRAME + 1;
		int			j;

		for (j = first; j <= i; j++)
			ml_moving_moments_add(&plain, x[j]);
		if (i >= FRAME && !ml_moving_moments_remove(&moving, x[i - FRAME]))
		{
			anew++;
			moving = (MlMovingMoments) {0};
			for (j = first; j < i; j++)
				ml_moving_moments_add(&moving, x[j]);
		}
		ml_moving_moments_add(&moving, x[i]);
		if (i > 0)
		{
			double		stddev = ml_moving_moments_stddev(&plain);

			wrong += ml_moving_moments_count(&moving) != i - first + 1;
			wrong += !near(ml_moving_moments_mean(&moving), ml_moving_moments_mean(&plain), stddev);
			wrong += !near(ml_moving_moments_stddev(&moving), stddev, stddev);
		}
	}
	NEAR(wrong, 0, 0, "moments of a frame are those of its numbers");
	OK(anew > 0 && anew < 40, "sums are begun anew where numbers become smaller, and hardly elsewhere");
}

static void
test_ewma(int64_t half_life, const char *name)
{
	MlEwmaSums	moving = {0};
	int			wrong = 0;
	int			i;

	for (i = 0; i < ROWS; i++)
	{
		MlEwmaSums	plain = {0};
		MlEwmaSums	even = {0};
		MlEwmaSums	odd = {0};
		int			first = i < FRAME ? 0 : i - FRAME + 1;
		double		mean;
		int			j;

		/* in another order, and in two parts */
		for (j = i; j >= first; j--)
		{
			ml_ewma_sums_add(&plain, x[j], t[j], half_life);
			ml_ewma_sums_add(j % 2 ? &odd : &even, x[j], t[j], half_life);
		}
		ml_ewma_sums_merge(&even, &odd);
		if (i >= FRAME && !ml_ewma_sums_remove(&moving, x[i - FRAME], t[i - FRAME], half_life))
		{
			moving = (MlEwmaSums) {0};
			for (j = first; j < i; j++)
				ml_ewma_sums_add(&moving, x[j], t[j], half_life);
		}
		ml_ewma_sums_add(&moving, x[i], t[i], half_life);
		mean = ml_ewma_sums_mean(&plain);
		wrong += !near(ml_ewma_sums_mean(&moving), mean, plain.size / plain.weight.hi * 0x1p54);
		wrong += !near(ml_ewma_sums_mean(&even), mean, plain.size / plain.weight.hi * 0x1p54);
	}
	NEAR(wrong, 0, 0, name);
}

static void
test_ends(void)
{
	MlEwmaSums	s = {0};
	MlMovingMoments m = {0};

	OK(isnan(ml_ewma_sums_mean(&s)), "no numbers have no mean");
	ml_ewma_sums_add(&s, DBL_MAX, INT64_MIN / 2, ML_EWMA_MIN_HALF_LIFE);
	ml_ewma_sums_add(&s, DBL_MAX, INT64_MAX, ML_EWMA_MIN_HALF_LIFE);
	NEAR(ml_ewma_sums_mean(&s), DBL_MAX, 0, "the largest numbers at the ends of time");
	ml_ewma_sums_remove(&s, DBL_MAX, INT64_MAX, ML_EWMA_MIN_HALF_LIFE);
	ml_ewma_sums_remove(&s, DBL_MAX, INT64_MIN / 2, ML_EWMA_MIN_HALF_LIFE);
	OK(isnan(ml_ewma_sums_mean(&s)) && s.weight.hi == 0, "nothing is left");
	ml_moving_moments_add(&m, DBL_MAX);
	ml_moving_moments_add(&m, 1);
	OK(!ml_moving_moments_remove(&m, DBL_MAX), "too little is left of the sums");
}

int
main(void)
{
	make_rows();
	test_moments();
	test_ewma(HOUR / 10, "a mean by age with a half-life of six minutes");
	test_ewma(24 * HOUR, "a mean by age with a half-life of a day");
	test_ewma(ML_EWMA_MAX_HALF_LIFE, "a mean by age with the longest half-life");
	test_ends();
	return tap_done();
}
