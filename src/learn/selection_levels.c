/*
 * selection_levels.c: the levels of categories, and the method chi2.
 *
 * chi2, of classes c with n_c of n rows:
 *
 *	number		Σ_c (O_c - E_c)² / E_c,  O_c = Σ x over the rows of c,  E_c = n_c / n Σ x
 *	category	Σ_l Σ_c (n_lc - n_l n_c / n)² / (n_l n_c / n) over its levels l
 *
 * The first is scikit-learn's chi2, defined for numbers that are not
 * negative; the second is Pearson's statistic of the table of levels and
 * classes, and the sum of scikit-learn's over the one-hot columns.
 */
#include "learn/selection_rows.h"

#include <math.h>
#include <string.h>

#include "kernel/dist.h"
#include "kernel/sum.h"

/* ---- levels ---- */

size_t
ml_levels_room(const MlSelectionRows *rows, int32_t n_levels)
{
	/* one word more for each of the four parts */
	return (size_t) rows->n * sizeof(uint32_t) + ((size_t) n_levels + 1) * sizeof(int64_t) +
		(size_t) rows->n_classes * (sizeof(int64_t) + sizeof(int)) + 32;
}

void
ml_levels_begin(MlLevels *levels, const MlSelectionRows *rows, const int32_t *code, int32_t n_levels, void *room)
{
	int64_t		from = 0;

	memset(levels, 0, sizeof(*levels));
	levels->rows = rows;
	levels->n_codes = n_levels + 1;
	levels->end = ml_room_take(&room, (size_t) levels->n_codes, sizeof(int64_t));
	levels->order = ml_room_take(&room, (size_t) rows->n, sizeof(uint32_t));
	levels->count = ml_room_take(&room, (size_t) rows->n_classes, sizeof(int64_t));
	levels->touched = ml_room_take(&room, (size_t) rows->n_classes, sizeof(int));
	memset(levels->end, 0, (size_t) levels->n_codes * sizeof(int64_t));
	memset(levels->count, 0, (size_t) rows->n_classes * sizeof(int64_t));
	for (int64_t i = 0; i < rows->n; i++)
		if (code[i] >= -1)
			levels->end[code[i] + 1]++;
	for (int32_t l = 0; l < levels->n_codes; l++)
	{
		int64_t		of_level = levels->end[l];

		levels->n_levels += of_level > 0;
		levels->end[l] = from;
		from += of_level;
	}
	levels->n = from;
	for (int64_t i = 0; i < rows->n; i++)
		if (code[i] >= -1)
			levels->order[levels->end[code[i] + 1]++] = (uint32_t) i;
}

bool
ml_levels_next(MlLevels *levels)
{
	const double *y = levels->rows->data->y;
	MlSum		sum = {0, 0};

	for (int t = 0; t < levels->n_touched; t++)
		levels->count[levels->touched[t]] = 0;
	levels->n_touched = 0;
	while (levels->next < levels->n_codes && levels->end[levels->next] == levels->from)
		levels->next++;
	if (levels->next == levels->n_codes)
		return false;
	levels->level_rows = levels->end[levels->next] - levels->from;
	for (; levels->from < levels->end[levels->next]; levels->from++)
	{
		double		value = y[levels->order[levels->from]];

		if (levels->rows->n_classes == 0)
			ml_sum_add(&sum, value - levels->rows->y_mean);
		else if (levels->count[(int) value]++ == 0)
			levels->touched[levels->n_touched++] = (int) value;
	}
	levels->sum = ml_sum_value(&sum);
	levels->next++;
	return true;
}

/* ---- chi2 ---- */

static size_t
chi2_room(const MlSelectionRows *rows, const MlColumn *column)
{
	if (column->kind == ML_CATEGORY)
		return ml_levels_room(rows, column->n_levels);
	return (size_t) rows->n_classes * (sizeof(MlSum) + sizeof(int64_t));
}

static void
chi2_of_category(const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out)
{
	MlLevels	levels;
	MlSum		sum = {0, 0};
	double		n = (double) rows->n;

	ml_levels_begin(&levels, rows, column->code, column->n_levels, room);
	while (ml_levels_next(&levels))
	{
		double		share = (double) levels.level_rows / n;
		double		others = n;

		for (int t = 0; t < levels.n_touched; t++)
		{
			double		of_class = (double) rows->class_rows[levels.touched[t]];
			double		expected = share * of_class;
			double		more = (double) levels.count[levels.touched[t]] - expected;

			ml_sum_add(&sum, more * more / expected);
			others -= of_class;
		}
		/* classes without a row of this level: (0 - E)² / E */
		ml_sum_add(&sum, share * others);
	}
	out->rows = levels.n;
	out->score = levels.n_levels > 1 ? ml_sum_value(&sum) : 0;
	out->p_value = levels.n_levels > 1 ?
		ml_chi2_sf(out->score, (double) (levels.n_levels - 1) * (rows->n_present - 1)) : 1;
}

static void
chi2_of_number(const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out)
{
	MlSum	   *sum = ml_room_take(&room, (size_t) rows->n_classes, sizeof(MlSum));
	int64_t    *of_class = ml_room_take(&room, (size_t) rows->n_classes, sizeof(int64_t));
	const double *y = rows->data->y;
	MlSum		total = {0, 0};
	MlSum		score = {0, 0};
	double		least = INFINITY;
	double		largest = 0;
	double		f;
	double		all;
	double		mean;
	double		drift;
	int			present = 0;
	int			exponent;

	memset(sum, 0, (size_t) rows->n_classes * sizeof(MlSum));
	memset(of_class, 0, (size_t) rows->n_classes * sizeof(int64_t));
	for (int64_t i = 0; i < rows->n; i++)
	{
		least = column->value[i] < least ? column->value[i] : least;
		largest = column->value[i] > largest ? column->value[i] : largest;
	}
	/* sums of numbers up to 1.7e308 stay finite */
	frexp(largest, &exponent);
	f = ldexp(1.0, exponent < -1000 ? 1000 : -exponent);
	for (int64_t i = 0; i < rows->n; i++)
	{
		double		x = column->value[i];

		if (isnan(x))
			continue;
		out->rows++;
		of_class[(int) y[i]]++;
		ml_sum_add(&total, x * f);
	}
	if (out->rows == 0 || least < 0)
		out->reason = out->rows == 0 ? ML_NO_VALUE : "negative values";
	else if (least == largest)
	{
		/* exactly what expected is, but for rounding */
		out->score = 0;
		out->p_value = 1;
	}
	if (out->rows == 0 || least < 0 || least == largest)
		return;
	all = ml_sum_value(&total);
	/* O - E from differences: of numbers that hardly differ the sums themselves would cancel out */
	mean = all / (double) out->rows;
	total = (MlSum) {0, 0};
	for (int64_t i = 0; i < rows->n; i++)
		if (!isnan(column->value[i]))
		{
			ml_sum_add(&sum[(int) y[i]], column->value[i] * f - mean);
			ml_sum_add(&total, column->value[i] * f - mean);
		}
	drift = ml_sum_value(&total);
	for (int c = 0; c < rows->n_classes; c++)
	{
		double		share = (double) of_class[c] / (double) out->rows;
		double		expected = share * all;
		double		more = ml_sum_value(&sum[c]) - share * drift;

		present += of_class[c] > 0;
		if (expected > 0)
			ml_sum_add(&score, more * more / expected);
	}
	out->score = ml_sum_value(&score) / f;
	out->p_value = present > 1 ? ml_chi2_sf(out->score, present - 1) : 1;
}

static void
chi2_column(const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out)
{
	if (column->kind == ML_CATEGORY)
		chi2_of_category(rows, column, room, out);
	else
		chi2_of_number(rows, column, room, out);
}

const MlSelector ml_select_chi2 = {
	.name = "chi2",
	.description = "chi-square of numbers that are not negative, or of the levels, and the classes",
	.tasks = ML_BINARY | ML_MULTICLASS,
	.by_p_value = true,
	.room = chi2_room,
	.column = chi2_column,
};
