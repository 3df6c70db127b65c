/*
 * selection_information.c: the method mutual_info, in nats.
 *
 * Two classes, category and target's, by their table (scikit-learn's
 * mutual_info_score).  A number and a class, or two numbers, by the distances
 * of each row to its NEIGHBOURS nearest ones (kernel/information.h), which is
 * scikit-learn's mutual_info_classif and mutual_info_regression without the
 * noise they add; at most MOST_ROWS rows, evenly spaced.  A number of at most
 * two different values is a category.  Below 0 an estimate is 0.
 */
#include "learn/selection_rows.h"

#include <math.h>
#include <string.h>

#include "kernel/information.h"
#include "kernel/quantile.h"
#include "kernel/sum.h"

#define NEIGHBOURS 3
#define MOST_ROWS 100000

static int64_t
sample_rows(const MlSelectionRows *rows)
{
	return rows->n < MOST_ROWS ? rows->n : MOST_ROWS;
}

/* The row of the sample's i-th. */
static int64_t
sample_row(const MlSelectionRows *rows, int64_t i)
{
	return rows->n <= MOST_ROWS ? i : (int64_t) ((double) i * (double) rows->n / MOST_ROWS);
}

static size_t
information_room(const MlSelectionRows *rows, const MlColumn *column)
{
	int64_t		sample = sample_rows(rows);
	int32_t		levels = column->kind == ML_CATEGORY ? column->n_levels : 2;
	size_t		table = ml_levels_room(rows, levels) + (size_t) rows->n_classes * sizeof(int64_t);
	size_t		near = ml_information_room(sample, levels + 1 > rows->n_classes ? levels + 1 : rows->n_classes);

	/* two columns of the sample and its classes; the codes of a number of two values */
	return 2 * (size_t) sample * sizeof(double) + (size_t) (sample + rows->n) * sizeof(int32_t) + 32 +
		(table > near ? table : near);
}

/* Mutual information of levels and classes. */
static void
of_table(const MlSelectionRows *rows, const int32_t *code, int32_t n_levels, void *room, MlColumnScore *out)
{
	int64_t    *class_rows = ml_room_take(&room, (size_t) rows->n_classes, sizeof(int64_t));
	MlLevels	levels;
	MlSum		sum = {0, 0};

	/* rows without a value are left out here as well */
	memset(class_rows, 0, (size_t) rows->n_classes * sizeof(int64_t));
	for (int64_t i = 0; i < rows->n; i++)
		class_rows[(int) rows->data->y[i]] += code[i] >= -1;
	ml_levels_begin(&levels, rows, code, n_levels, room);
	while (ml_levels_next(&levels))
		for (int t = 0; t < levels.n_touched; t++)
		{
			double		both = (double) levels.count[levels.touched[t]];
			double		of_class = (double) class_rows[levels.touched[t]];

			ml_sum_add(&sum, both * log(both / (double) levels.level_rows * ((double) levels.n / of_class)));
		}
	out->rows = levels.n;
	out->score = fmax(ml_sum_value(&sum) / (double) levels.n, 0);
}

/*
 * code[i] := which of the two values of column row i has, -2 without one;
 * false when there are more than two.
 */
static bool
code_two(const double *x, int64_t n, int32_t *code)
{
	double		value[2] = {NAN, NAN};
	int			found = 0;

	for (int64_t i = 0; i < n; i++)
	{
		int			v = 0;

		code[i] = -2;
		if (isnan(x[i]))
			continue;
		while (v < found && x[i] != value[v])
			v++;
		if (v == 2)
			return false;
		if (v == found)
			value[found++] = x[i];
		code[i] = v;
	}
	return true;
}

/* Divides by the standard deviation; false for a constant. */
static bool
standardise(double *x, int64_t n)
{
	double		mean;
	double		variance;
	double		low;
	double		high;
	int			exponent;

	ml_min_max(x, n, &low, &high);
	if (!(low < high))
		return false;
	frexp(fmax(fabs(low), fabs(high)), &exponent);
	exponent = exponent < -1000 ? -1000 : exponent;
	for (int64_t i = 0; i < n; i++)
		x[i] *= ldexp(1.0, -exponent);
	ml_moments(x, n, &mean, &variance);
	for (int64_t i = 0; i < n && variance > 0; i++)
		x[i] /= sqrt(variance);
	return variance > 0;
}

/* A number and a class; x and label are packed. */
static void
of_number_and_class(double *x, const int32_t *label, int64_t n, int64_t n_labels, void *room, MlColumnScore *out)
{
	out->rows = n;
	if (n == 0)
		out->reason = ML_NO_VALUE;
	else if (!standardise(x, n))
		out->score = 0;
	else
		out->score = fmax(ml_information_classes(x, label, n, n_labels, NEIGHBOURS, room), 0);
}

static void
of_category(const MlSelectionRows *rows, const int32_t *code, int32_t n_levels, double *y, int32_t *label, void *room,
			MlColumnScore *out)
{
	int64_t		n = 0;

	for (int64_t i = 0; i < sample_rows(rows); i++)
	{
		int64_t		row = sample_row(rows, i);

		if (code[row] < -1)
			continue;
		y[n] = rows->data->y[row];
		label[n++] = code[row] + 1;
	}
	of_number_and_class(y, label, n, n_levels + 1, room, out);
}

static void
of_number(const MlSelectionRows *rows, const MlColumn *column, double *x, double *y, int32_t *label, void *room,
		  MlColumnScore *out)
{
	int64_t		n = 0;

	for (int64_t i = 0; i < sample_rows(rows); i++)
	{
		int64_t		row = sample_row(rows, i);

		if (isnan(column->value[row]))
			continue;
		x[n] = column->value[row];
		y[n] = rows->data->y[row];
		label[n] = rows->n_classes > 0 ? (int32_t) y[n] : 0;
		n++;
	}
	if (rows->n_classes > 0)
	{
		of_number_and_class(x, label, n, rows->n_classes, room, out);
		return;
	}
	out->rows = n;
	if (n < 2)
		out->reason = n == 0 ? ML_NO_VALUE : ML_FEW_ROWS;
	else if (!standardise(x, n) || !standardise(y, n))
		out->score = 0;
	else
		out->score = fmax(ml_information_numbers(x, y, n, NEIGHBOURS, room), 0);
}

static void
information_column(const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out)
{
	size_t		sample = (size_t) sample_rows(rows);
	double	   *x = ml_room_take(&room, sample, sizeof(double));
	double	   *y = ml_room_take(&room, sample, sizeof(double));
	int32_t    *label = ml_room_take(&room, sample, sizeof(int32_t));
	int32_t    *two = ml_room_take(&room, (size_t) rows->n, sizeof(int32_t));
	bool		category = column->kind == ML_CATEGORY;

	if (!category && !code_two(column->value, rows->n, two))
		of_number(rows, column, x, y, label, room, out);
	else if (rows->n_classes == 0)
		of_category(rows, category ? column->code : two, category ? column->n_levels : 2, y, label, room, out);
	else
		of_table(rows, category ? column->code : two, category ? column->n_levels : 2, room, out);
	if (out->rows == 0)
	{
		out->score = NAN;
		out->reason = ML_NO_VALUE;
	}
}

const MlSelector ml_select_mutual_info = {
	.name = "mutual_info",
	.description = "mutual information with the target, in nats",
	.tasks = ML_REGRESSION | ML_BINARY | ML_MULTICLASS,
	.room = information_room,
	.column = information_column,
};
