/*
 * test_loss.c: losses against their formulas and their own differences, the
 * arithmetic under them against the C library, and every vector width
 * against every other.
 *
 * The widths are static in the kernel, so the file is taken in here, compiled
 * as the extension compiles it: with loops turned into vectors.
 */
#pragma GCC optimize("O3")
#include "kernel/loss.c"

#include <float.h>
#include <stdlib.h>

#include "kernel/histogram.h"
#include "kernel/rng.h"
#include "tap.h"

#define MOST 1100

static double y[MOST];
static double f[MOST * 5];
static double w[MOST];
static double g[MOST * 5];
static double h[MOST * 5];

static const struct
{
	const char *name;
	MlLoss		loss;
	double		parameter;
}			losses[] = {
	{"squared", ML_LOSS_SQUARED, 0}, {"absolute", ML_LOSS_ABSOLUTE, 0}, {"quantile", ML_LOSS_QUANTILE, 0.9},
	{"huber", ML_LOSS_HUBER, 0.7}, {"poisson", ML_LOSS_POISSON, 0}, {"logistic", ML_LOSS_LOGISTIC, 0}
};

#define N_LOSSES ((int) (sizeof(losses) / sizeof(losses[0])))

/* The loss of one row by its definition. */
static double
one_loss(MlLoss loss, double a, double yi, double fi)
{
	double		r = fabs(fi - yi);

	switch (loss)
	{
		case ML_LOSS_SQUARED:
			return r * r / 2;
		case ML_LOSS_ABSOLUTE:
			return r;
		case ML_LOSS_QUANTILE:
			return fi < yi ? a * r : (1 - a) * r;
		case ML_LOSS_HUBER:
			return r <= a ? r * r / 2 : a * (r - a / 2);
		case ML_LOSS_POISSON:
			return exp(fi) - yi * fi;
		case ML_LOSS_LOGISTIC:
			return (fi > 0 ? fi : 0) + log1p(exp(-fabs(fi))) - yi * fi;
		case ML_LOSS_SOFTMAX:
			break;
	}
	return NAN;
}

static void
draw(MlRng *rng, MlLoss loss, int n)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		y[i] = loss == ML_LOSS_POISSON ? (double) ml_rng_below(rng, 9)
			: loss == ML_LOSS_LOGISTIC ? (double) ml_rng_below(rng, 2) : ml_rng_unit(rng) * 6 - 3;
		f[i] = ml_rng_unit(rng) * 8 - 4;
		w[i] = exp(ml_rng_unit(rng) * 6 - 3);
	}
}

static void
test_one(int which)
{
	static const int lengths[] = {0, 1, 2, 7, 8, 9, 511, 512, 513, 1024, 1025, MOST};
	MlLoss		loss = losses[which].loss;
	double		a = losses[which].parameter;
	const double step = 1e-5;
	char		name[80];
	MlRng		rng;
	bool		sums = true;
	bool		slope = true;
	bool		bend = true;
	size_t		k;
	int			i;

	ml_rng_init(&rng, 1, (uint64_t) which);
	for (k = 0; k < 2 * sizeof(lengths) / sizeof(lengths[0]); k++)
	{
		int			n = lengths[k / 2];
		double	   *weight = k % 2 ? w : NULL;
		MlLossSums	got;
		double		want = 0;
		double		most_g = 0;
		double		most_h = 0;

		draw(&rng, loss, n);
		ml_loss_gradient(loss, a, y, f, weight, n, g, h, &got);
		for (i = 0; i < n; i++)
		{
			double		wi = weight ? w[i] : 1;
			double		up = one_loss(loss, a, y[i], f[i] + step);
			double		down = one_loss(loss, a, y[i], f[i] - step);
			double		here = one_loss(loss, a, y[i], f[i]);
			double		r = fabs(f[i] - y[i]);
			bool		kink = which < 3 ? r < 2 * step : which == 3 && fabs(r - a) < 2 * step;

			want += wi * here;
			most_g = fmax(most_g, fabs(g[i]));
			most_h = fmax(most_h, h[i]);
			/* a difference of order step squared, and of rounding / step */
			if (!kink || loss == ML_LOSS_SQUARED)
				slope &= tap_close(g[i], wi * (up - down) / (2 * step), 1e-6, wi);
			if (loss == ML_LOSS_POISSON || loss == ML_LOSS_LOGISTIC)
				bend &= tap_close(h[i], wi * (up - 2 * here + down) / (step * step), 1e-3, wi);
			else
				bend &= h[i] == wi;
		}
		sums &= tap_close(got.loss, want, 1e-12, 1e-12) && got.max_g == most_g && got.max_h == most_h;
		sums &= tap_close(ml_loss_sum(loss, a, 1, y, f, weight, n), want, 1e-12, 1e-12);
	}
	snprintf(name, sizeof(name), "%s: sums and maxima of any length", losses[which].name);
	OK(sums, name);
	snprintf(name, sizeof(name), "%s: g is the slope", losses[which].name);
	OK(slope, name);
	snprintf(name, sizeof(name), "%s: h is the bend, or the weight", losses[which].name);
	OK(bend, name);
}

static void
test_softmax(void)
{
	const double step = 1e-5;
	const int	n = 200;
	const int	k = 5;
	MlRng		rng;
	MlLossSums	sums;
	bool		good = true;
	double		most = 0;
	int			weighted;
	int			i;
	int			c;

	ml_rng_init(&rng, 2, 1);
	for (weighted = 0; weighted < 2; weighted++)
	{
		double	   *weight = weighted ? w : NULL;

		draw(&rng, ML_LOSS_SQUARED, n * k <= MOST ? n * k : MOST);
		for (i = 0; i < n; i++)
			y[i] = (double) ml_rng_below(&rng, (uint64_t) k);
		ml_loss_softmax(k, y, f, weight, n, g, h, MOST, &sums);
		NEAR(sums.loss, ml_loss_sum(ML_LOSS_SOFTMAX, 0, k, y, f, weight, n), 1e-12, "softmax: both sums agree");
		most = 0;
		for (i = 0; i < n; i++)
			for (c = 0; c < k; c++)
			{
				double	   *at = f + i * k + c;
				double		here = *at;
				double		up;
				double		down;
				double		middle = ml_loss_sum(ML_LOSS_SOFTMAX, 0, k, y + i, f + i * k, weight ? w + i : NULL, 1);

				*at = here + step;
				up = ml_loss_sum(ML_LOSS_SOFTMAX, 0, k, y + i, f + i * k, weight ? w + i : NULL, 1);
				*at = here - step;
				down = ml_loss_sum(ML_LOSS_SOFTMAX, 0, k, y + i, f + i * k, weight ? w + i : NULL, 1);
				*at = here;
				good &= tap_close(g[c * MOST + i], (up - down) / (2 * step), 1e-6, weight ? w[i] : 1);
				good &= tap_close(h[c * MOST + i], (up - 2 * middle + down) / (step * step), 1e-3, weight ? w[i] : 1);
				most = fmax(most, fabs(g[c * MOST + i]));
			}
		OK(sums.max_g == most, "softmax: the largest slope");
	}
	OK(good, "softmax: slopes and bends of every class");
	/* far apart: nothing overflows */
	for (i = 0; i < 4; i++)
	{
		f[2 * i] = i % 2 ? 500 : -500;
		f[2 * i + 1] = -f[2 * i];
		y[i] = i / 2;
	}
	ml_loss_softmax(2, y, f, NULL, 4, g, h, MOST, &sums);
	OK(sums.loss == 2000 && g[0] == -1 && g[MOST] == 1, "softmax: scores at the limit");
}

/* ---- arithmetic ---- */

static double
ulps(double got, long double want)
{
	double		near_ = (double) want;

	return (double) (fabsl((long double) got - want) / (nextafter(fabs(near_), INFINITY) - fabs(near_)));
}

static void
test_exp(void)
{
	MlRng		rng;
	double		worst = 0;
	double		log_worst = 0;
	int			i;

	ml_rng_init(&rng, 3, 1);
	for (i = 0; i < 200000; i++)
	{
		double		x = i % 2 ? ml_rng_unit(&rng) * 1417 - 708 : ml_rng_unit(&rng) * 4 - 2;
		double		e = ml_rng_unit(&rng);
		long double want = log1pl(e);

		worst = fmax(worst, ulps(ml_exp(x), expl(x)));
		log_worst = fmax(log_worst, (double) fabsl((ml_log1p_series(e / (2 + e)) - want) / want));
	}
	OK(worst < 2, "exp within 2 units in the last place");
	OK(log_worst < 1e-13, "the logarithm to 13 digits");
	printf("# exp: %.2f units, log1p: %.1e relative\n", worst, log_worst);
	OK(ml_exp(0) == 1 && ml_exp(-0.0) == 1, "exp(0) is 1");
	OK(ml_exp(-1e9) == ml_exp(-708) && ml_exp(-708) > 0 && ml_exp(1e9) == ml_exp(709) && isfinite(ml_exp(709)) &&
	   ml_exp(-INFINITY) == ml_exp(-708) && ml_exp(INFINITY) == ml_exp(709), "and is held beyond its range");
	OK(ml_log1p_series(0) == 0, "log(1) is 0");
}

/* ---- quantising ---- */

static void
test_quantise(void)
{
	static const double special[] = {0, 1, -1, 0.5, -0.5, 1.0 / 3, -1.0 / 3, 1e-9, -1e-9, 0.99999, -0.99999};
	enum
	{
		DRAWS = 20000
	};
	double	   *gs = malloc(DRAWS * sizeof(double));
	double	   *hs = malloc(DRAWS * sizeof(double));
	MlRow	   *q = malloc(DRAWS * sizeof(MlRow));
	MlRow		piece[100];
	bool		unbiased = true;
	bool		near_ = true;
	size_t		k;
	int			i;

	for (k = 0; k < sizeof(special) / sizeof(special[0]); k++)
	{
		double		scaled_g = special[k] * 32766;
		double		scaled_h = fabs(special[k]) * 65534;
		double		sum_g = 0;
		double		sum_h = 0;

		for (i = 0; i < DRAWS; i++)
		{
			gs[i] = special[k];
			hs[i] = fabs(special[k]);
		}
		ml_quantise(gs, hs, DRAWS, 32766, 65534, UINT64_C(0x123456789abcdef0) * (k + 1), INT64_C(5000000000), q);
		for (i = 0; i < DRAWS; i++)
		{
			int			qg = ml_pair_g(q[i].q);
			unsigned	qh = ml_pair_h(q[i].q);

			near_ &= qg >= floor(scaled_g) && qg <= floor(scaled_g) + 1 && qh >= floor(scaled_h) &&
				qh <= floor(scaled_h) + 1;
			sum_g += qg - scaled_g;
			sum_h += qh - scaled_h;
		}
		/* 1/2 / sqrt(20000) = 0.0035 is one standard deviation at most */
		unbiased &= fabs(sum_g / DRAWS) < 0.016 && fabs(sum_h / DRAWS) < 0.016;
	}
	OK(near_, "one of the two neighbours");
	OK(unbiased, "the mean is the exact value");
	ml_quantise(gs, hs, 100, 32766, 65534, 77, INT64_C(4294960000), q);
	ml_quantise(gs + 37, hs + 37, 63, 32766, 65534, 77, INT64_C(4294960000) + 37, piece);
	OK(memcmp(q + 37, piece, 63 * sizeof(MlRow)) == 0, "pieces give the same as the whole");
	free(gs);
	free(hs);
	free(q);
}

/* ---- vector widths ---- */

#if defined(__x86_64__) && defined(__GNUC__)

static bool
have_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
		__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

/* What a block gives by one of its variants: 0 plain, 1 AVX2, 2 AVX-512. */
typedef struct Outcome
{
	double		g[BLOCK];
	double		h[BLOCK];
	double		loss[BLOCK];
	MlRow		q[BLOCK];
	MlLossSums	sums;
} Outcome;

#define VARIANT(NAME, ARGUMENTS) \
	do { \
		if (width == 0) \
			NAME##_body ARGUMENTS; \
		else if (width == 1) \
			NAME##_avx2 ARGUMENTS; \
		else \
			NAME##_avx512 ARGUMENTS; \
	} while (0)

static void
run_variant(int which, int width, Outcome *out)
{
	Block		b = {.y = y,.f = f,.w = w,.g = out->g,.h = out->h};

	switch (losses[which].loss)
	{
		case ML_LOSS_SQUARED:
			VARIANT(block_squared, (&b, BLOCK));
			break;
		case ML_LOSS_ABSOLUTE:
		case ML_LOSS_QUANTILE:
			VARIANT(block_pinball, (&b, BLOCK, 0.1, 0.9));
			break;
		case ML_LOSS_HUBER:
			VARIANT(block_huber, (&b, BLOCK, 0.7));
			break;
		case ML_LOSS_POISSON:
			VARIANT(block_poisson, (&b, BLOCK));
			break;
		default:
			VARIANT(block_logistic, (&b, BLOCK));
			break;
	}
	memset(&out->sums, 0, sizeof(out->sums));
	VARIANT(add_block, (&b, BLOCK, &out->sums));
	memcpy(out->loss, b.loss, sizeof(b.loss));
	VARIANT(ml_quantise, (out->g, out->h, BLOCK, 32766 / out->sums.max_g, 65534 / out->sums.max_h, 99, 7, out->q));
}

static void
test_widths(void)
{
	static Outcome plain;
	static Outcome wide;
	MlRng		rng;
	bool		good = true;
	int			which;
	int			width;

	ml_rng_init(&rng, 8, 1);
	memset(&plain, 0, sizeof(plain));
	memset(&wide, 0, sizeof(wide));
	for (which = 0; which < N_LOSSES; which++)
	{
		draw(&rng, losses[which].loss, BLOCK);
		f[0] = 500;
		f[1] = -500;
		f[2] = 0;
		run_variant(which, 0, &plain);
		for (width = 1; width < 3; width++)
		{
			if (width == 1 ? !__builtin_cpu_supports("avx2") : !have_avx512())
				continue;
			run_variant(which, width, &wide);
			good &= memcmp(&plain, &wide, sizeof(plain)) == 0;
		}
	}
	OK(good, "every vector width that this processor has gives the same bits");
}

#else

static void
test_widths(void)
{
	OK(true, "one width here");
}

#endif

int
main(void)
{
	int			i;

	for (i = 0; i < N_LOSSES; i++)
		test_one(i);
	test_softmax();
	test_exp();
	test_quantise();
	test_widths();
	return tap_done();
}
