/*
 * column_view.h: the figures of a column of numbers.
 *
 * Of finite numbers; the rest is counted beside them.  Exact as long as the
 * sketch counts, then within the errors that it knows of itself.
 */
#ifndef ML_COLUMN_VIEW_H
#define ML_COLUMN_VIEW_H

#include "learn/column_sketch.h"

#define ML_COLUMN_BINS 20		/* between the fences; with the two outside at most 22 */

typedef struct MlColumnView
{
	MlHost	   *host;
	bool		exact;
	int64_t		minus_infinity;
	int64_t		plus_infinity;
	int64_t		nan;
	int64_t		n;				/* finite numbers */
	/*
	 * A quantile q is one of q +- error.  So are counts of numbers up to x,
	 * as a share of n.
	 */
	double		error;
	uint64_t	lowest;			/* keys of the ends: long integers have more digits than a double */
	uint64_t	highest;
	double		minimum;		/* NaN without numbers, as the following */
	double		maximum;
	double		mean;
	double		stddev;			/* divided by n - 1; NaN for less than two */
	/* ascending, and how many numbers each stands for; before[i]: those of value[0..i), before[items] = n */
	int			items;
	double	   *value;
	int64_t    *before;
	const MlExtremes *extremes; /* NULL when exact */
	int64_t		light;			/* an item of a sketch that stands for at most so many is their middle */
} MlColumnView;

/* Numbers from .. to, without `to`; the last bin inside the fences has it, and then that above them lacks `from`. */
typedef struct MlColumnBin
{
	double		from;
	double		to;
	int64_t		count;
} MlColumnBin;

/* Of a settled sketch of numbers, which must outlive the view; false: no memory. */
extern bool ml_column_view(MlColumnView *view, const MlColumnSketch *s, MlHost *host);
extern void ml_column_view_release(MlColumnView *view);
/* percentile_cont; n >= 1 */
extern double ml_column_quantile(const MlColumnView *view, double q);
/* Numbers below x, and numbers up to x. */
extern int64_t ml_column_below(const MlColumnView *view, double x);
extern int64_t ml_column_up_to(const MlColumnView *view, double x);
/* Tukey's: numbers below *low or above *high are outliers; n >= 1. */
extern void ml_column_fences(const MlColumnView *view, double *low, double *high);
/*
 * Bins of equal width from the first to the last number that is no outlier,
 * and one more for the outliers of each side that has any: at most
 * ML_COLUMN_BINS + 2; how many.  whole: edges are whole numbers.  n >= 1.
 */
extern int	ml_column_histogram(const MlColumnView *view, bool whole, MlColumnBin *bin);

/* Different values: their number, and the error of it (95 %, as a share; 0 = exact). */
extern int64_t ml_column_distinct(const MlColumnSketch *s, double *error);

#endif
