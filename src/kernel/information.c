/*
 * information.c: mutual information, in nats.
 *
 * A number and a class (Ross, "Mutual information between discrete and
 * continuous data sets", PLoS ONE 9, 2014):
 *
 *	psi(N) - <psi(N_c)> + <psi(k_i)> - <psi(m_i)>
 *
 * N rows, N_c rows of the class of row i, k_i of them nearer than the k-th
 * nearest of them, m_i rows of any class nearer than that, row i among both.
 * Two numbers (Kraskov, Stögbauer, Grassberger, "Estimating mutual
 * information", Physical Review E 69, 2004, the first estimator):
 *
 *	psi(N) + <psi(k_i)> - <psi(n_x)> - <psi(n_y)>
 *
 * k_i points nearer than the k-th nearest, n_x rows nearer than that in x
 * alone, n_y in y alone, row i among them.  Without equal distances k_i = k
 * and these are the figures of scikit-learn without its noise.  A distance of
 * zero is that of more than k equal rows: they are counted instead.
 *
 * Symbols: psi = digamma, <> = mean over the rows.
 */
#include "kernel/information.h"

#include <math.h>
#include <string.h>

#include "kernel/nearest.h"
#include "kernel/sort.h"
#include "kernel/sum.h"

double
ml_digamma(double x)
{
	double		shift = 0;
	double		s;

	/* psi(x) = psi(x + 1) - 1 / x up to where the asymptotic series holds */
	for (; x < 12; x += 1)
		shift += 1 / x;
	s = 1 / (x * x);
	return log(x) - 0.5 / x - shift -
		s * (1.0 / 12 - s * (1.0 / 120 - s * (1.0 / 252 - s * (1.0 / 240 - s * (1.0 / 132 - s * 691.0 / 32760)))));
}

/* Rows of sorted[0..n) whose distance from `at` is less than radius; of radius 0: that equal it. */
static int64_t
count_near(const double *sorted, int64_t n, double at, double radius)
{
	int64_t		end[2];
	int			side;

	for (side = 0; side < 2; side++)
	{
		int64_t		low = 0;
		int64_t		high = n;

		/* the first row at least as near as wanted, then the first beyond */
		while (low < high)
		{
			int64_t		middle = low + (high - low) / 2;
			double		ahead = sorted[middle] - at;
			bool		before = side == 0 ? (radius > 0 ? -ahead >= radius : ahead < 0) :
				(radius > 0 ? ahead < radius : ahead <= 0);

			if (before)
				low = middle + 1;
			else
				high = middle;
		}
		end[side] = low;
	}
	return end[1] - end[0];
}

/* order := rows by ascending x */
static void
order_numbers(const double *x, int64_t n, uint64_t *key, uint32_t *order, void *scratch)
{
	for (int64_t i = 0; i < n; i++)
		key[i] = ml_sort_key(x[i]);
	ml_sort_pairs(key, NULL, n, order, scratch);
}

/* ---- a number and a class ---- */

/* Of sorted[0..n), k < n: distance from row i to its k-th nearest other; returns the rows nearer, itself among them. */
static int64_t
nearest_on_line(const double *sorted, int64_t n, int64_t i, int k, double *radius)
{
	int64_t		low = i;
	int64_t		high = i;
	int64_t		inside = 1;
	int			found;

	for (found = 0; found < k; found++)
	{
		double		below = low > 0 ? sorted[i] - sorted[low - 1] : INFINITY;
		double		above = high + 1 < n ? sorted[high + 1] - sorted[i] : INFINITY;

		if (below <= above)
			low--;
		else
			high++;
		*radius = fmin(below, above);
	}
	if (*radius == 0)
		return count_near(sorted, n, sorted[i], 0);
	for (int64_t j = low; j <= high; j++)
		inside += j != i && fabs(sorted[j] - sorted[i]) < *radius;
	return inside;
}

size_t
ml_information_room(int64_t n, int64_t n_labels)
{
	size_t		rows = (size_t) n;
	size_t		sorting = ml_sort_scratch(n);
	size_t		near = ml_nearest_room(n);
	size_t		classes = (size_t) n_labels * sizeof(int64_t) + rows * (2 * sizeof(double) + sizeof(uint64_t)) +
		(rows + 1) * sizeof(uint32_t) + sorting;
	size_t		numbers = rows * (3 * sizeof(double) + sizeof(uint64_t)) +
		(rows + 1) * sizeof(uint32_t) + (near > sorting ? near : sorting);

	return classes > numbers ? classes : numbers;
}

double
ml_information_classes(const double *x, const int32_t *label, int64_t n, int64_t n_labels, int k, void *room)
{
	int64_t    *next = room;	/* of each class in `own`; -1: it is left out */
	double	   *all = (double *) (next + n_labels);	/* ascending */
	double	   *own = all + n;	/* class by class, ascending */
	uint64_t   *key = (uint64_t *) (own + n);
	uint32_t   *order = (uint32_t *) (key + n);
	int64_t		kept = 0;
	int64_t		from = 0;
	MlSum		sum = {0, 0};

	memset(next, 0, (size_t) n_labels * sizeof(int64_t));
	for (int64_t i = 0; i < n; i++)
		next[label[i]]++;
	for (int64_t l = 0; l < n_labels; l++)
	{
		int64_t		rows = next[l] > 1 ? next[l] : 0;

		next[l] = rows > 0 ? kept : -1;
		kept += rows;
	}
	if (kept == 0)
		return NAN;
	order_numbers(x, n, key, order, order + n + n % 2);
	kept = 0;
	for (int64_t i = 0; i < n; i++)
	{
		double		value = x[order[i]];
		int32_t		l = label[order[i]];

		if (next[l] < 0)
			continue;
		all[kept++] = value;
		own[next[l]++] = value;
	}
	/* next[l] has become the end of class l */
	for (int64_t l = 0; l < n_labels; l++)
	{
		int64_t		rows = next[l] - from;
		double		of_class;

		if (next[l] < 0)
			continue;
		of_class = ml_digamma((double) rows);
		for (int64_t i = 0; i < rows; i++)
		{
			double		radius = 0;
			int64_t		inside = nearest_on_line(own + from, rows, i, k < rows ? k : (int) rows - 1, &radius);

			ml_sum_add(&sum, ml_digamma((double) inside) - of_class -
					   ml_digamma((double) count_near(all, kept, own[from + i], radius)));
		}
		from = next[l];
	}
	return ml_digamma((double) kept) + ml_sum_value(&sum) / (double) kept;
}

/* ---- two numbers ---- */

/* sorted := x, ascending */
static void
sort_numbers(const double *x, int64_t n, double *sorted, uint64_t *key, uint32_t *order, void *scratch)
{
	order_numbers(x, n, key, order, scratch);
	for (int64_t i = 0; i < n; i++)
		sorted[i] = x[order[i]];
}

double
ml_information_numbers(const double *x, const double *y, int64_t n, int k, void *room)
{
	double	   *radius = room;
	double	   *sorted_x = radius + n;
	double	   *sorted_y = sorted_x + n;
	uint64_t   *key = (uint64_t *) (sorted_y + n);
	uint32_t   *order = (uint32_t *) (key + n);
	void	   *scratch = order + n + n % 2;
	int32_t    *inside = (int32_t *) order;
	MlSum		sum = {0, 0};

	if (n < 2)
		return NAN;
	sort_numbers(x, n, sorted_x, key, order, scratch);
	sort_numbers(y, n, sorted_y, key, order, scratch);
	ml_nearest(x, y, n, k < n ? k : (int) n - 1, radius, inside, scratch);
	for (int64_t i = 0; i < n; i++)
		ml_sum_add(&sum, ml_digamma((double) inside[i]) -
				   ml_digamma((double) count_near(sorted_x, n, x[i], radius[i])) -
				   ml_digamma((double) count_near(sorted_y, n, y[i], radius[i])));
	return ml_digamma((double) n) + ml_sum_value(&sum) / (double) n;
}
