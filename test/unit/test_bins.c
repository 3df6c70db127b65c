/*
 * test_bins.c: cuts between values, and the bin of a number.
 */
#include <float.h>
#include <stdlib.h>

#include "kernel/bins.h"
#include "kernel/rng.h"
#include "kernel/sort.h"
#include "tap.h"

#define MOST 5000

static double value[MOST];
static double room[MOST];
static double cut[ML_MAX_BINS];
static uint8_t bin[MOST];

static void
test_few(void)
{
	static const double three[] = {1, 1, 1, 2, 2, 4};
	static const double equal[] = {7, 7, 7};
	static const double order[] = {-DBL_MAX, -1e300, -1, -DBL_MIN, -4.9406564584124654e-324, 0, 4.9406564584124654e-324,
	DBL_MIN, 1, 1e300, DBL_MAX};
	bool		good = true;
	int			n;
	int			i;

	OK(ml_bins_cut(three, 6, 255, cut) == 2 && cut[0] == 1.5 && cut[1] == 3, "cuts lie halfway");
	OK(ml_bins_cut(equal, 3, 255, cut) == 0, "one value needs no cut");
	OK(ml_bins_cut(equal, 0, 2, cut) == 0, "no value needs no cut");
	n = ml_bins_cut(order, 11, 11, cut);
	OK(n == 10, "as many distinct values as bins");
	for (i = 0; i < 11; i++)
		good &= ml_bin_of(cut, n, order[i]) == i;
	OK(good, "each has its own bin, denormal and huge ones too");

	value[0] = 1;
	value[1] = nextafter(1, 2);
	value[2] = nextafter(value[1], 2);
	n = ml_bins_cut(value, 3, 255, cut);
	OK(n == 2 && cut[0] == value[0] && cut[1] == value[1], "between neighbours the cut is the lower one");
	value[0] = -INFINITY;
	value[1] = 0;
	value[2] = INFINITY;
	n = ml_bins_cut(value, 3, 255, cut);
	OK(n == 2 && ml_bin_of(cut, n, -INFINITY) == 0 && ml_bin_of(cut, n, 0) == 1 && ml_bin_of(cut, n, INFINITY) == 2,
	   "infinity is a value");
	value[0] = -0.0;
	value[1] = 0.0;
	OK(ml_bins_cut(value, 2, 255, cut) == 0, "there is one zero");
	OK(ml_bin_of(cut, 0, NAN) == ML_MISSING_BIN && ml_bin_of(cut, 0, 5) == 0, "missing values have a bin of their own");
}

/* One of several shapes of data, ascending. */
static int
draw(MlRng *rng, int shape)
{
	int			n = 1 + (int) ml_rng_below(rng, MOST);
	int			i;

	for (i = 0; i < n; i++)
	{
		double		u = ml_rng_unit(rng);

		switch (shape)
		{
			case 0:
				value[i] = u;
				break;
			case 1:
				value[i] = floor(u * u * 300);
				break;
			case 2:				/* half of them equal */
				value[i] = u < 0.5 ? 0 : ml_rng_unit(rng) - 0.3;
				break;
			case 3:
				value[i] = (u < 0.5 ? -1 : 1) * exp(ml_rng_unit(rng) * 1380 - 690);
				break;
			case 4:				/* denormals */
				value[i] = floor(u * 1000) * 4.9406564584124654e-324;
				break;
			default:			/* neighbours */
				value[i] = 1 + floor(u * 600) * DBL_EPSILON;
				break;
		}
	}
	ml_sort_doubles(value, n, room);
	return n;
}

static int
distinct_of(int n)
{
	int			distinct = 0;
	int			i;

	for (i = 0; i < n; i++)
		distinct += i == 0 || value[i] != value[i - 1];
	return distinct;
}

/* bin <= b if and only if x <= cut[b] */
static bool
agrees(int n_cuts, double x, int b)
{
	int			c;

	for (c = 0; c < n_cuts; c++)
		if ((b <= c) != (x <= cut[c]))
			return false;
	return b <= n_cuts;
}

static void
test_any(void)
{
	MlRng		rng;
	bool		ascending = true;
	bool		many = true;
	bool		same = true;
	bool		full = true;
	bool		even = true;
	bool		alone = true;
	int			round;

	ml_rng_init(&rng, 3, 1);
	for (round = 0; round < 300; round++)
	{
		int			n = draw(&rng, round % 6);
		int			max_bin = 2 + (int) ml_rng_below(&rng, 254);
		int			distinct = distinct_of(n);
		int			n_cuts = ml_bins_cut(value, n, max_bin, cut);
		double		share = (double) n / max_bin;
		int			count[256] = {0};
		int			run = 1;
		int			i;

		for (i = 1; i < n_cuts; i++)
			ascending &= cut[i - 1] < cut[i];
		many &= n_cuts < max_bin && (distinct > max_bin || n_cuts == distinct - 1);
		ml_bins_assign(cut, n_cuts, value, n, bin);
		for (i = 0; i < n; i++)
		{
			same &= bin[i] == ml_bin_of(cut, n_cuts, value[i]) && agrees(n_cuts, value[i], bin[i]);
			count[bin[i]]++;
		}
		for (i = 0; i <= n_cuts; i++)
			full &= count[i] > 0;
		for (i = 0; i < n; i++)
		{
			run = i > 0 && value[i] == value[i - 1] ? run + 1 : 1;
			/* the last of a run knows how long it is */
			if (i + 1 < n && value[i + 1] == value[i])
				continue;
			/* a value of more than two shares is alone; others share bins of at most two shares and a value */
			if (run > 2 * share + 1)
				alone &= count[bin[i]] == run;
			else
				even &= count[bin[i]] <= 2 * share + run + 1;
		}
	}
	OK(ascending, "cuts ascend");
	OK(many, "few distinct values are exact, and never more bins than allowed");
	OK(same, "bin <= b says the same as x <= cut[b]");
	OK(full, "no bin is empty");
	OK(alone, "a heavy value has a bin of its own");
	OK(even, "other bins hold about the same number of values");
}

/* Any numbers by any cuts, whatever the length. */
static void
test_assign(void)
{
	MlRng		rng;
	bool		good = true;
	int			n;
	int			i;

	ml_rng_init(&rng, 4, 1);
	for (n = 0; n < 40; n++)
	{
		int			n_cuts = n == 0 ? 0 : n == 1 ? 254 : (int) ml_rng_below(&rng, 255);

		for (i = 0; i < n_cuts; i++)
			cut[i] = i * 0.5 - 60;
		for (i = 0; i < n; i++)
			value[i] = i % 7 == 3 ? NAN : i % 11 == 5 ? INFINITY : i % 13 == 6 ? -INFINITY : i % 3 == 0
				? floor(ml_rng_unit(&rng) * 300) * 0.5 - 70 : ml_rng_unit(&rng) * 150 - 75;
		memset(bin, 0xaa, sizeof(bin));
		ml_bins_assign(cut, n_cuts, value, n, bin);
		for (i = 0; i < n; i++)
			good &= isnan(value[i]) ? bin[i] == ML_MISSING_BIN : agrees(n_cuts, value[i], bin[i]);
		good &= bin[n] == 0xaa;
	}
	OK(good, "every length, missing and infinite values");
}

/* Cuts in heaps, over ranges that no double holds, with infinities among them, and a hair apart. */
static void
test_spread(void)
{
	static const char *const name[] = {"from one end of the doubles to the other", "on a heap, far from the last one",
	"neighbours", "denormals", "infinity at the ends", "infinity alone", "one cut"};
	static const double odd[] = {NAN, INFINITY, -INFINITY, DBL_MAX, -DBL_MAX, 0, -0.0, DBL_MIN, 4.9406564584124654e-324,
	-4.9406564584124654e-324, 1, 1e300, -1e300};
	int			shape;
	int			i;

	for (shape = 0; shape < 7; shape++)
	{
		int			n_cuts = shape == 5 ? 2 : shape == 6 ? 1 : 200;
		int			n = 0;
		bool		good = true;

		for (i = 0; i < n_cuts; i++)
			cut[i] = shape == 0 ? (i - 99.5) / 100 * DBL_MAX : shape == 1 ? (i < 199 ? 1 + i * 1e-9 : 1e9)
				: shape == 2 ? 1 + i * DBL_EPSILON : shape == 3 ? (i - 100) * 4.9406564584124654e-324
				: shape == 4 ? (i == 0 ? -INFINITY : i == 199 ? INFINITY : i)
				: shape == 5 ? (i ? INFINITY : -INFINITY) : 7;
		for (i = 0; i < n_cuts; i++)
		{
			value[n++] = cut[i];
			value[n++] = nextafter(cut[i], -INFINITY);
			value[n++] = nextafter(cut[i], INFINITY);
			value[n++] = i > 0 ? cut[i - 1] / 2 + cut[i] / 2 : 2 * cut[i];
		}
		for (i = 0; i < (int) (sizeof(odd) / sizeof(odd[0])); i++)
			value[n++] = odd[i];
		ml_bins_assign(cut, n_cuts, value, n, bin);
		for (i = 0; i < n; i++)
			good &= bin[i] == ml_bin_of(cut, n_cuts, value[i]);
		OK(good, name[shape]);
	}
}

int
main(void)
{
	test_few();
	test_any();
	test_assign();
	test_spread();
	return tap_done();
}
