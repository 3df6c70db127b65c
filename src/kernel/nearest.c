/*
 * nearest.c: how far the k nearest points of a plane are.
 *
 * A k-d tree (Bentley, "Multidimensional binary search trees used for
 * associative searching", 1975) that lies in the order of the points: the
 * middle one of a range parts it, by x and by y in turn, down to ranges of
 * LEAF points.  Crowds of equal points, which would make a search visit them
 * all, are counted by sorting before.
 */
#include "kernel/nearest.h"

#include <math.h>
#include <stdbool.h>

#include "kernel/sort.h"

#define LEAF 16

typedef struct Point
{
	double		at[2];
	uint32_t	id;
} Point;

/* One search. */
typedef struct Search
{
	const Point *point;
	const double *at;
	uint32_t	id;				/* not found itself */
	int			k;
	double		best[ML_MAX_NEAREST];	/* ascending */
} Search;

static void
swap(Point *a, Point *b)
{
	Point		t = *a;

	*a = *b;
	*b = t;
}

/* Brings the point of rank `middle` by coordinate d to its place, none greater before it, none smaller after. */
static void
part(Point *point, int64_t low, int64_t high, int64_t middle, int d)
{
	while (low < high)
	{
		double		pivot = point[low + (high - low) / 2].at[d];
		int64_t		i = low;
		int64_t		j = high;

		while (i <= j)
		{
			while (point[i].at[d] < pivot)
				i++;
			while (point[j].at[d] > pivot)
				j--;
			if (i <= j)
				swap(point + i++, point + j--);
		}
		if (middle <= j)
			high = j;
		else if (middle >= i)
			low = i;
		else
			return;
	}
}

/* Points [low, high) by coordinate d first. */
static void
build(Point *point, int64_t low, int64_t high, int d)
{
	while (high - low > LEAF)
	{
		int64_t		middle = low + (high - low) / 2;

		part(point, low, high - 1, middle, d);
		d = 1 - d;
		build(point, low, middle, d);
		low = middle + 1;
	}
}

static void
meet(Search *s, const Point *point)
{
	double		distance = fmax(fabs(point->at[0] - s->at[0]), fabs(point->at[1] - s->at[1]));
	int			i = s->k - 1;

	if (!(distance < s->best[i]) || point->id == s->id)
		return;
	for (; i > 0 && s->best[i - 1] > distance; i--)
		s->best[i] = s->best[i - 1];
	s->best[i] = distance;
}

static void
search(Search *s, int64_t low, int64_t high, int d)
{
	while (high - low > LEAF)
	{
		int64_t		middle = low + (high - low) / 2;
		double		ahead = s->at[d] - s->point[middle].at[d];

		/* the nearer side first */
		if (ahead < 0)
			search(s, low, middle, 1 - d);
		else
			search(s, middle + 1, high, 1 - d);
		if (!(fabs(ahead) < s->best[s->k - 1]))
			return;
		meet(s, s->point + middle);
		if (ahead < 0)
			low = middle + 1;
		else
			high = middle;
		d = 1 - d;
	}
	for (; low < high; low++)
		meet(s, s->point + low);
}

/* inside[i] := points equal to point i, itself among them */
static void
count_equal(const double *x, const double *y, int64_t n, int32_t *inside, void *room)
{
	uint64_t   *hi = room;
	uint64_t   *lo = hi + n;
	uint32_t   *order = (uint32_t *) (lo + n);
	int64_t		from = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		hi[i] = ml_sort_key(x[i]);
		lo[i] = ml_sort_key(y[i]);
	}
	ml_sort_pairs(hi, lo, n, order, order + n + n % 2);
	for (i = 1; i <= n; i++)
	{
		if (i < n && hi[order[i]] == hi[order[from]] && lo[order[i]] == lo[order[from]])
			continue;
		for (int64_t j = from; j < i; j++)
			inside[order[j]] = (int32_t) (i - from);
		from = i;
	}
}

size_t
ml_nearest_room(int64_t n)
{
	size_t		rows = (size_t) n;
	size_t		sorting = (2 * rows * sizeof(uint64_t)) + (rows + 1) * sizeof(uint32_t) + ml_sort_scratch(n);
	size_t		tree = rows * sizeof(Point);

	return sorting > tree ? sorting : tree;
}

void
ml_nearest(const double *x, const double *y, int64_t n, int k, double *radius, int32_t *inside, void *room)
{
	Point	   *point = room;
	Search		s = {.point = point,.k = k};
	int64_t		i;
	int			b;

	count_equal(x, y, n, inside, room);
	for (i = 0; i < n; i++)
		point[i] = (Point) {{x[i], y[i]}, (uint32_t) i};
	build(point, 0, n, 0);
	/* in the order of the tree: one search after another finds its points in the cache */
	for (i = 0; i < n; i++)
	{
		s.id = point[i].id;
		radius[s.id] = 0;
		if (inside[s.id] > k)
			continue;
		s.at = point[i].at;
		for (b = 0; b < k; b++)
			s.best[b] = INFINITY;
		search(&s, 0, n, 0);
		radius[s.id] = s.best[k - 1];
		inside[s.id] = 1;
		for (b = 0; b < k; b++)
			inside[s.id] += s.best[b] < s.best[k - 1];
	}
}
