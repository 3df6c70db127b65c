/*
 * selection_moments.c: the methods variance, correlation and f_test.
 *
 * Of a number x with class means x_c, n_c rows a class, K classes:
 *
 *	variance		Σ (x - mean)² / n
 *	correlation		|r|, r = Sxy / √(Sxx Syy); y = the target, or 1 in one class and 0 elsewhere
 *	f_test			regression: r² / (1 - r²) (n - 2)
 *					classes: Σ n_c (x_c - mean)² / (K - 1) over Σ (x - x_c)² / (n - K)
 *
 * as numpy.var, r_regression, f_regression and f_classif have them.  A row
 * counts where it has a value.  A category is taken as its one-hot columns,
 * missing among its levels: variance is the sum of theirs, correlation and
 * f_test are of the best one.  The p-value of the best of m figures is m
 * times its own (Bonferroni), at most 1.
 */
#include "learn/selection_rows.h"

#include <math.h>
#include <string.h>

#include "kernel/dist.h"
#include "kernel/sum.h"

/* A number's sums, of x × f: no square overflows or vanishes. */
typedef struct Moments
{
	int64_t		n;
	bool		constant;
	int			exponent;		/* f = 2^-exponent */
	double		f;
	double		mean;
	double		square;			/* Σ (x - mean)² */
} Moments;

/* Rows by class, of a number. */
typedef struct ByClass
{
	int			present;
	int64_t    *n;
	double	   *mean;
	MlSum	   *sum;
	double		between;		/* Σ n_c (mean_c - mean)² */
	double		within;			/* Σ (x - mean_c)² */
} ByClass;

static double
at_most_one(double p, double figures)
{
	return fmin(p * figures, 1.0);
}

/* Two-sided p-value of a correlation over n rows. */
static double
p_of_correlation(double r2, int64_t n)
{
	if (n <= 2)
		return NAN;
	return r2 >= 1 ? 0 : ml_f_sf(r2 / (1 - r2) * (double) (n - 2), 1, (double) (n - 2));
}

static void
find_moments(const double *x, int64_t n, Moments *m)
{
	double		low = INFINITY;
	double		high = -INFINITY;
	MlSum		sum = {0, 0};
	MlSum		drift = {0, 0};
	MlSum		square = {0, 0};

	memset(m, 0, sizeof(*m));
	for (int64_t i = 0; i < n; i++)
	{
		m->n += !isnan(x[i]);
		low = x[i] < low ? x[i] : low;
		high = x[i] > high ? x[i] : high;
	}
	m->constant = !(low < high);
	frexp(fmax(fabs(low), fabs(high)), &m->exponent);
	m->exponent = m->constant ? 0 : m->exponent < -1000 ? -1000 : m->exponent;
	m->f = ldexp(1.0, -m->exponent);
	if (m->constant)
		return;
	for (int64_t i = 0; i < n; i++)
		if (!isnan(x[i]))
			ml_sum_add(&sum, x[i] * m->f);
	m->mean = ml_sum_value(&sum) / (double) m->n;
	for (int64_t i = 0; i < n; i++)
		if (!isnan(x[i]))
		{
			double		d = x[i] * m->f - m->mean;

			ml_sum_add(&drift, d);
			ml_sum_add(&square, d * d);
		}
	m->square = ml_sum_value(&square) - ml_sum_value(&drift) * ml_sum_value(&drift) / (double) m->n;
}

/* Mean and Σ (x - mean)² class by class, and what they say together. */
static void
find_classes(const MlSelectionRows *rows, const double *x, const Moments *m, void *room, ByClass *by)
{
	const double *y = rows->data->y;
	size_t		classes = (size_t) rows->n_classes;
	MlSum		between = {0, 0};
	MlSum		within = {0, 0};

	memset(by, 0, sizeof(*by));
	by->n = ml_room_take(&room, classes, sizeof(int64_t));
	by->mean = ml_room_take(&room, classes, sizeof(double));
	by->sum = ml_room_take(&room, classes, sizeof(MlSum));
	memset(by->n, 0, classes * sizeof(int64_t));
	memset(by->sum, 0, classes * sizeof(MlSum));
	for (int64_t i = 0; i < rows->n; i++)
		if (!isnan(x[i]))
		{
			by->n[(int) y[i]]++;
			ml_sum_add(&by->sum[(int) y[i]], x[i] * m->f - m->mean);
		}
	/* from here on in differences from the mean of all */
	for (int c = 0; c < rows->n_classes; c++)
	{
		by->present += by->n[c] > 0;
		by->mean[c] = by->n[c] > 0 ? ml_sum_value(&by->sum[c]) / (double) by->n[c] : 0;
		ml_sum_add(&between, (double) by->n[c] * by->mean[c] * by->mean[c]);
	}
	for (int64_t i = 0; i < rows->n; i++)
		if (!isnan(x[i]))
		{
			double		d = x[i] * m->f - m->mean - by->mean[(int) y[i]];

			ml_sum_add(&within, d * d);
		}
	by->between = ml_sum_value(&between);
	by->within = ml_sum_value(&within);
}

/* r² of a number and the target of a regression, over the rows with a value. */
static double
r2_of_number(const MlSelectionRows *rows, const double *x, const Moments *m)
{
	const double *y = rows->data->y;
	MlSum		sum = {0, 0};
	MlSum		square = {0, 0};
	MlSum		product = {0, 0};
	MlSum		drift = {0, 0};
	double		mean;
	double		sxy;
	double		syy;

	for (int64_t i = 0; i < rows->n; i++)
		if (!isnan(x[i]))
			ml_sum_add(&sum, y[i]);
	mean = ml_sum_value(&sum) / (double) m->n;
	for (int64_t i = 0; i < rows->n; i++)
		if (!isnan(x[i]))
		{
			double		dx = x[i] * m->f - m->mean;
			double		dy = y[i] - mean;

			ml_sum_add(&square, dy * dy);
			ml_sum_add(&product, dx * dy);
			ml_sum_add(&drift, dy);
		}
	syy = ml_sum_value(&square) - ml_sum_value(&drift) * ml_sum_value(&drift) / (double) m->n;
	sxy = ml_sum_value(&product);
	return m->square > 0 && syy > 0 ? (sxy / m->square) * (sxy / syy) : 0;
}

/* False, with the reason said, for a number that no test can be made of. */
static bool
has_rows(const Moments *m, int64_t least, MlColumnScore *out)
{
	out->rows = m->n;
	if (m->n < least)
		out->reason = m->n == 0 ? ML_NO_VALUE : ML_FEW_ROWS;
	return out->reason == NULL;
}

static size_t
moments_room(const MlSelectionRows *rows, const MlColumn *column)
{
	if (column->kind == ML_CATEGORY)
		return ml_levels_room(rows, column->n_levels);
	return (size_t) rows->n_classes * (sizeof(int64_t) + sizeof(double) + sizeof(MlSum));
}

/* ---- variance ---- */

static void
variance_column(const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out)
{
	Moments		m;
	MlLevels	levels;
	MlSum		sum = {0, 0};

	if (column->kind == ML_NUMERIC)
	{
		find_moments(column->value, rows->n, &m);
		if (has_rows(&m, 1, out))
			out->score = ldexp(m.square / (double) m.n, 2 * m.exponent);
		return;
	}
	ml_levels_begin(&levels, rows, column->code, column->n_levels, room);
	while (ml_levels_next(&levels))
	{
		double		share = (double) levels.level_rows / (double) levels.n;

		ml_sum_add(&sum, share * (1 - share));
	}
	out->rows = levels.n;
	out->score = ml_sum_value(&sum);
}

/* ---- correlation ---- */

/* The best r² of a number and the indicators of the classes. */
static double
r2_of_classes(const MlSelectionRows *rows, const Moments *m, const ByClass *by)
{
	double		best = 0;
	double		square = by->between + by->within;

	for (int c = 0; c < rows->n_classes && square > 0; c++)
	{
		double		share = (double) by->n[c] / (double) m->n;

		/* Sxy = n_c mean_c, Syy = n_c (1 - share) */
		if (by->n[c] > 0 && share < 1)
			best = fmax(best, (double) by->n[c] * by->mean[c] * by->mean[c] / (1 - share) / square);
	}
	return best;
}

/* The best r² of the level at hand and the target, or the classes' indicators. */
static double
r2_of_level(const MlSelectionRows *rows, const MlLevels *levels)
{
	double		n = (double) levels->n;
	double		level = (double) levels->level_rows;
	double		square = level * (1 - level / n);
	double		best = 0;
	int			largest = 0;

	if (!(square > 0))
		return 0;
	if (rows->n_classes == 0)
		return rows->y_square > 0 ? (levels->sum / square) * (levels->sum / rows->y_square) : 0;
	/* of the classes without a row of this level the largest has the greatest */
	while (largest < rows->n_present && levels->count[rows->by_size[largest]] > 0)
		largest++;
	for (int t = 0; t < levels->n_touched + (largest < rows->n_present); t++)
	{
		int			c = t < levels->n_touched ? levels->touched[t] : rows->by_size[largest];
		double		of_class = (double) rows->class_rows[c];
		double		product = (double) levels->count[c] - level * of_class / n;

		best = fmax(best, product * product / square / (of_class * (1 - of_class / n)));
	}
	return best;
}

/* One-hot columns that say different things. */
static double
different(int32_t n_levels)
{
	return n_levels > 2 ? n_levels : 1;
}

static void
correlation_column(const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out)
{
	double		figures = different(rows->n_present);
	double		r2 = 0;
	Moments		m;
	ByClass		by;
	MlLevels	levels;

	if (column->kind == ML_NUMERIC)
	{
		find_moments(column->value, rows->n, &m);
		if (!has_rows(&m, 2, out))
			return;
		if (rows->n_classes == 0 || m.constant)
			r2 = m.constant ? 0 : r2_of_number(rows, column->value, &m);
		else
		{
			find_classes(rows, column->value, &m, room, &by);
			r2 = r2_of_classes(rows, &m, &by);
		}
	}
	else
	{
		ml_levels_begin(&levels, rows, column->code, column->n_levels, room);
		while (ml_levels_next(&levels))
			r2 = fmax(r2, r2_of_level(rows, &levels));
		out->rows = levels.n;
		figures *= different(levels.n_levels);
	}
	r2 = fmin(r2, 1);
	out->score = sqrt(r2);
	out->p_value = at_most_one(p_of_correlation(r2, out->rows), figures);
}

/* ---- f_test ---- */

/* From sums of squares between and within K classes. */
static double
f_of_squares(double between, double within, int64_t n, int classes)
{
	if (!(between > 0))
		return 0;
	return within > 0 ? between / (classes - 1) / (within / (double) (n - classes)) : INFINITY;
}

/* F of the indicator of the level at hand among the classes. */
static double
f_of_level(const MlSelectionRows *rows, const MlLevels *levels)
{
	double		share = (double) levels->level_rows / (double) levels->n;
	double		others = (double) levels->n;
	double		between = 0;
	double		within = 0;

	for (int t = 0; t < levels->n_touched; t++)
	{
		double		of_class = (double) rows->class_rows[levels->touched[t]];
		double		part = (double) levels->count[levels->touched[t]] / of_class;

		between += of_class * (part - share) * (part - share);
		within += of_class * part * (1 - part);
		others -= of_class;
	}
	return f_of_squares(between + others * share * share, within, levels->n, rows->n_present);
}

static void
f_of_category(const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out)
{
	MlLevels	levels;
	double		r2 = 0;
	double		figures;
	int64_t		df;

	ml_levels_begin(&levels, rows, column->code, column->n_levels, room);
	out->rows = levels.n;
	df = levels.n - (rows->n_classes == 0 ? 2 : rows->n_present);
	if (df <= 0)
	{
		out->reason = ML_FEW_ROWS;
		return;
	}
	figures = different(levels.n_levels);
	out->score = 0;
	while (ml_levels_next(&levels))
	{
		if (levels.n_levels < 2)
			break;
		if (rows->n_classes == 0)
			r2 = fmax(r2, r2_of_level(rows, &levels));
		else
			out->score = fmax(out->score, f_of_level(rows, &levels));
	}
	if (rows->n_classes == 0)
		out->score = r2 < 1 ? r2 / (1 - r2) * (double) df : INFINITY;
	out->p_value = out->score == INFINITY ? 0 :
		at_most_one(ml_f_sf(out->score, rows->n_classes == 0 ? 1 : rows->n_present - 1, (double) df), figures);
}

static void
f_of_number(const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out)
{
	Moments		m;
	ByClass		by = {0};

	find_moments(column->value, rows->n, &m);
	if (!has_rows(&m, rows->n_classes == 0 ? 3 : 1, out))
		return;
	if (rows->n_classes == 0)
	{
		double		r2 = m.constant ? 0 : r2_of_number(rows, column->value, &m);

		out->score = r2 < 1 ? r2 / (1 - r2) * (double) (m.n - 2) : INFINITY;
		out->p_value = p_of_correlation(r2, m.n);
		return;
	}
	find_classes(rows, column->value, &m, room, &by);
	if (m.n <= by.present)
	{
		out->reason = ML_FEW_ROWS;
		return;
	}
	out->score = m.constant || by.present < 2 ? 0 : f_of_squares(by.between, by.within, m.n, by.present);
	out->p_value = out->score == 0 ? 1 : out->score == INFINITY ? 0 :
		ml_f_sf(out->score, by.present - 1, (double) (m.n - by.present));
}

static void
f_column(const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out)
{
	if (column->kind == ML_CATEGORY)
		f_of_category(rows, column, room, out);
	else
		f_of_number(rows, column, room, out);
}

#define ALL_TASKS (ML_REGRESSION | ML_BINARY | ML_MULTICLASS)

const MlSelector ml_select_variance = {
	.name = "variance",
	.description = "population variance; of a category the sum over its one-hot columns",
	.tasks = ALL_TASKS,
	.room = moments_room,
	.column = variance_column,
};

const MlSelector ml_select_correlation = {
	.name = "correlation",
	.description = "absolute correlation (Pearson) with the target",
	.tasks = ALL_TASKS,
	.room = moments_room,
	.column = correlation_column,
};

const MlSelector ml_select_f_test = {
	.name = "f_test",
	.description = "F statistic of the classes' means, or of the straight line through a regression's target",
	.tasks = ALL_TASKS,
	.by_p_value = true,
	.room = moments_room,
	.column = f_column,
};
