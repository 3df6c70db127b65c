/*
 * test_information.c: nearest points and mutual information, against their definitions.
 */
#include <stdlib.h>

#include "kernel/hash.h"
#include "kernel/information.h"
#include "kernel/nearest.h"

#include "tap.h"

#define MOST 3000

static double x[MOST];
static double y[MOST];
static int32_t label[MOST];

/* In [-1, 1), of i alone. */
static double
noise(int64_t i)
{
	return 2 * ml_hash_unit(ml_mix64((uint64_t) i + 1)) - 1;
}

/* Ways to fill n points: without ties, a coarse grid, many equal, all equal, equal in x, far apart, a line. */
#define PATTERNS 7

static void
fill(int pattern, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
	{
		double		u = noise(i);
		double		v = noise(i + 100000);

		x[i] = pattern == 0 ? u : pattern == 1 ? floor(u * 5) : pattern == 2 ? (u > -0.8 ? 0 : u) :
			pattern == 3 ? 7 : pattern == 4 ? -1.5 : pattern == 5 ? u * 1e300 : (double) i;
		y[i] = pattern == 0 ? u * u + 0.2 * v : pattern == 1 ? floor(v * 5) : pattern == 2 ? (u > -0.8 ? 0 : v) :
			pattern == 3 ? 7 : pattern == 4 ? v : pattern == 5 ? v * 1e-300 : (double) i * 2;
		label[i] = (int32_t) ((v + 1) * 1.5) + (u > 0.3 ? 1 : 0);
	}
}

static int
compare(const void *a, const void *b)
{
	double		p = *(const double *) a;
	double		q = *(const double *) b;

	return (p > q) - (p < q);
}

/* radius and inside of point i by looking at all; y NULL: on a line, among points of the same label */
static void
naive_nearest(const double *px, const double *py, const int32_t *of, int64_t n, int64_t i, int k, double *radius,
			  int64_t *inside)
{
	static double distance[MOST];
	int64_t		m = 0;

	for (int64_t j = 0; j < n; j++)
		if (j != i && (of == NULL || of[j] == of[i]))
			distance[m++] = fmax(fabs(px[j] - px[i]), py == NULL ? 0 : fabs(py[j] - py[i]));
	qsort(distance, (size_t) m, sizeof(double), compare);
	*radius = distance[(k < m ? k : m) - 1];
	*inside = 1;
	for (int64_t j = 0; j < m; j++)
		*inside += *radius > 0 ? distance[j] < *radius : distance[j] == 0;
}

static int64_t
naive_near(const double *p, const bool *kept, int64_t n, double at, double radius)
{
	int64_t		count = 0;

	for (int64_t j = 0; j < n; j++)
		if (kept == NULL || kept[j])
			count += radius > 0 ? fabs(p[j] - at) < radius : p[j] == at;
	return count;
}

static void
nearest_points(void)
{
	static const int64_t size[] = {2, 3, 17, 40, 700, MOST};
	static double radius[MOST];
	static int32_t inside[MOST];

	for (int pattern = 0; pattern < PATTERNS; pattern++)
	{
		bool		good = true;

		for (int s = 0; s < 6; s++)
			for (int k = 1; k <= ML_MAX_NEAREST && k < size[s]; k += 2)
			{
				int64_t		n = size[s];
				void	   *room = malloc(ml_nearest_room(n));

				fill(pattern, n);
				ml_nearest(x, y, n, k, radius, inside, room);
				free(room);
				for (int64_t i = 0; i < n; i += n > 100 ? 37 : 1)
				{
					double		want;
					int64_t		count;

					naive_nearest(x, y, NULL, n, i, k, &want, &count);
					good = good && radius[i] == want && inside[i] == count;
				}
			}
		OK(good, "nearest points as by looking at all");
	}
}

static double
naive_classes(int64_t n, int k)
{
	static bool kept[MOST];
	double		sum = 0;
	int64_t		of_class[8] = {0};
	int64_t		m = 0;

	for (int64_t i = 0; i < n; i++)
		of_class[label[i]]++;
	for (int64_t i = 0; i < n; i++)
		m += kept[i] = of_class[label[i]] > 1;
	for (int64_t i = 0; i < n; i++)
	{
		double		radius;
		int64_t		inside;

		if (!kept[i])
			continue;
		naive_nearest(x, NULL, label, n, i, k, &radius, &inside);
		sum += ml_digamma((double) inside) - ml_digamma((double) of_class[label[i]]) -
			ml_digamma((double) naive_near(x, kept, n, x[i], radius));
	}
	return m > 0 ? ml_digamma((double) m) + sum / (double) m : NAN;
}

static double
naive_numbers(int64_t n, int k)
{
	double		sum = 0;

	for (int64_t i = 0; i < n; i++)
	{
		double		radius;
		int64_t		inside;

		naive_nearest(x, y, NULL, n, i, k, &radius, &inside);
		sum += ml_digamma((double) inside) - ml_digamma((double) naive_near(x, NULL, n, x[i], radius)) -
			ml_digamma((double) naive_near(y, NULL, n, y[i], radius));
	}
	return ml_digamma((double) n) + sum / (double) n;
}

static void
estimates(void)
{
	static const int64_t size[] = {2, 3, 5, 30, 400};

	for (int pattern = 0; pattern < PATTERNS; pattern++)
	{
		bool		classes = true;
		bool		numbers = true;

		for (int s = 0; s < 5; s++)
		{
			int64_t		n = size[s];
			void	   *room = malloc(ml_information_room(n, 4));

			fill(pattern, n);
			classes = classes &&
				tap_close(ml_information_classes(x, label, n, 4, 3, room), naive_classes(n, 3), 1e-12, 1);
			numbers = numbers &&
				tap_close(ml_information_numbers(x, y, n, 3, room), naive_numbers(n, 3), 1e-12, 1);
			free(room);
		}
		OK(classes, "a number and a class as by the formula");
		OK(numbers, "two numbers as by the formula");
	}
	{
		int64_t		n = 1;
		void	   *room = malloc(ml_information_room(n, 4));

		fill(0, n);
		OK(isnan(ml_information_classes(x, label, n, 4, 3, room)), "a class of one row says nothing");
		OK(isnan(ml_information_numbers(x, y, n, 3, room)), "nor does one point");
		free(room);
	}
}

/* Numbers of few values come near to the table's figure; numbers that depend on each other come near to the truth. */
static void
sense(void)
{
	void	   *room = malloc(ml_information_room(MOST, 2));
	double		table[2][2] = {{0, 0}, {0, 0}};
	double		want = 0;
	double		rho2 = 0.5;

	for (int64_t i = 0; i < MOST; i++)
	{
		/* sums of twelve uniform numbers, nearly normal */
		double		a = 0;
		double		b = 0;

		for (int d = 0; d < 12; d++)
		{
			a += noise(i * 32 + d) / 2;
			b += noise(i * 32 + d + 12) / 2;
		}
		x[i] = a;
		y[i] = a + b;
	}
	NEAR(ml_information_numbers(x, y, MOST, 3, room), -0.5 * log(1 - rho2), 0.15, "information of correlated numbers");
	for (int64_t i = 0; i < MOST; i++)
	{
		label[i] = y[i] > 0;
		x[i] = x[i] > 0;
		table[label[i]][(int) x[i]]++;
	}
	for (int l = 0; l < 2; l++)
		for (int v = 0; v < 2; v++)
			want += table[l][v] / MOST *
				log(table[l][v] * MOST / ((table[l][0] + table[l][1]) * (table[0][v] + table[1][v])));
	NEAR(ml_information_classes(x, label, MOST, 2, 3, room), want, 0.01, "a number of two values is nearly a class");
	free(room);
}

int
main(void)
{
	/* scipy.special.digamma */
	NEAR(ml_digamma(1), -0.57721566490153286, 1e-15, "digamma of 1");
	NEAR(ml_digamma(0.1), -10.423754940411076, 1e-15, "digamma of 0.1");
	NEAR(ml_digamma(12), 2.4426616799758123, 1e-15, "digamma of 12");
	NEAR(ml_digamma(1e6), 13.815510057964191, 1e-15, "digamma of a million");
	nearest_points();
	estimates();
	sense();
	return tap_done();
}
