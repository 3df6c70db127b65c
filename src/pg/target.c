/*
 * target.c: what the target means: numbers to estimate or classes to tell
 * apart, and which class is the positive one.
 *
 * Class order is stored with the version: numbers ascending, texts bytewise,
 * and of two classes the positive one second.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "learn/params.h"
#include "pg/target.h"

/* Integers with so many distinct values are numbers to be estimated, not classes. */
#define MIN_REGRESSION_VALUES 21
#define INTERRUPT_ROWS 100000
/* of the largest target of a regression */
#define MIN_TARGET 1e-100
#define MAX_TARGET 1e100

static int
compare_numbers(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y ? 1 : 0;
}

/* Distinct values of the target, ascending, into value; stops after limit + 1 of them. */
static int
distinct_values(const MlopsRows *rows, double *value, int limit)
{
	int			n = 0;

	for (int64 i = 0; i < rows->n; i++)
	{
		double		y = rows->target[i];
		int			low = 0;
		int			high = n;

		if (i % INTERRUPT_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		while (low < high)
		{
			int			middle = (low + high) / 2;

			if (value[middle] < y)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < n && value[low] == y)
			continue;
		if (n == limit)
			return limit + 1;
		memmove(value + low + 1, value + low, sizeof(double) * (n - low));
		value[low] = y;
		n++;
	}
	return n;
}

static const char *
infer_task(const MlopsDefinition *d, const MlopsRows *rows)
{
	double		value[MIN_REGRESSION_VALUES + 1];
	int			n;

	switch (rows->target_type)
	{
		case MLOPS_TARGET_CATEGORY:
		case MLOPS_TARGET_BOOLEAN:
			return "classification";
		case MLOPS_TARGET_FLOAT:
			return "regression";
		case MLOPS_TARGET_INTEGER:
			break;
	}
	n = distinct_values(rows, value, MIN_REGRESSION_VALUES);
	if (n <= 2)
		return "classification";
	if (n >= MIN_REGRESSION_VALUES)
		return "regression";
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the task of model \"%s\" is not clear from its target \"%s\"", d->name, d->target),
			 errdetail("The target is an integer with %d distinct values.", n),
			 errhint("Pass task => 'classification' or task => 'regression'.")));
}

/* The label of a number; integers beyond 2^53 are not told apart. */
static const char *
class_text(const char *target, MlopsTargetType type, double value)
{
	char	   *text;

	if (type == MLOPS_TARGET_BOOLEAN)
		return value != 0 ? "true" : "false";
	if (type == MLOPS_TARGET_INTEGER)
	{
		if (fabs(value) >= 9007199254740992.0)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("target \"%s\" has integers from 2^53 on: such classes cannot be told apart", target),
					 errhint("Cast the target to text.")));
		return psprintf(INT64_FORMAT, (int64) value);
	}
	text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);
	double_to_shortest_decimal_buf(value, text);
	return text;
}

/* Class texts and class index of every row (into target), from numbers. */
static void
classes_of_numbers(const char *target, MlopsRows *rows, MlDataset *data)
{
	double	   *value = palloc(sizeof(double) * (ML_MAX_CLASSES + 1));
	int			n = distinct_values(rows, value, ML_MAX_CLASSES);

	if (n > ML_MAX_CLASSES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("target \"%s\" has more than %d classes", target, ML_MAX_CLASSES)));
	data->n_classes = n;
	data->class_name = palloc(sizeof(char *) * n);
	for (int k = 0; k < n; k++)
		data->class_name[k] = class_text(target, rows->target_type, value[k]);
	for (int64 i = 0; i < rows->n; i++)
	{
		double	   *found = bsearch(&rows->target[i], value, n, sizeof(double), compare_numbers);

		if (i % INTERRUPT_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		rows->target[i] = (double) (found - value);
	}
}

static void
classes_of_texts(const char *target, MlopsRows *rows, MlDataset *data)
{
	if (rows->n_target_levels > ML_MAX_CLASSES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("target \"%s\" has more than %d classes", target, ML_MAX_CLASSES)));
	data->n_classes = rows->n_target_levels;
	data->class_name = rows->target_level;
	for (int64 i = 0; i < rows->n; i++)
		rows->target[i] = rows->target_code[i];
}

/* data->n_classes, class_name; rows->target and data->y := class index. */
static void
find_classes(const char *target, MlopsRows *rows, MlDataset *data)
{
	if (rows->target == NULL)
		rows->target = mlops_host_array(rows->host, rows->n, sizeof(double), "target");
	if (rows->target_type == MLOPS_TARGET_CATEGORY)
		classes_of_texts(target, rows, data);
	else
		classes_of_numbers(target, rows, data);
	data->y = rows->target;
}

static void
check_number(const char *target, const MlopsRows *rows, const char *hint)
{
	if (rows->target_type == MLOPS_TARGET_CATEGORY || rows->target_type == MLOPS_TARGET_BOOLEAN)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("target \"%s\" is not a number", target),
				 errhint("%s", hint)));
}

/* Binary: the positive class becomes index 1. */
static void
place_positive(MlopsDefinition *d, MlopsRows *rows, MlDataset *data, bool tell)
{
	int			positive = 1;

	if (d->config.positive_label != NULL)
	{
		for (positive = 0; positive < 2; positive++)
			if (strcmp(data->class_name[positive], d->config.positive_label) == 0)
				break;
		if (positive == 2)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("positive label \"%s\" is not a class of target \"%s\"",
							d->config.positive_label, d->target),
					 errdetail("The classes are \"%s\" and \"%s\".", data->class_name[0], data->class_name[1])));
	}
	else
	{
		if (rows->target_type == MLOPS_TARGET_CATEGORY)
		{
			int64		ones = 0;

			for (int64 i = 0; i < rows->n; i++)
				ones += rows->target[i] != 0;
			positive = 2 * ones <= rows->n ? 1 : 0;
		}
		d->config.positive_label = pstrdup(data->class_name[positive]);
		if (tell)
			ereport(INFO,
					(errmsg("positive label of model \"%s\" is \"%s\"", d->name, d->config.positive_label)));
	}
	if (positive == 0)
	{
		const char **names = palloc(sizeof(char *) * 2);

		names[0] = data->class_name[1];
		names[1] = data->class_name[0];
		data->class_name = names;
		for (int64 i = 0; i < rows->n; i++)
			rows->target[i] = 1 - rows->target[i];
	}
}

/* Squares of the target and their sums must stay within the range of a double. */
static void
check_range(const MlopsDefinition *d, const MlopsRows *rows)
{
	double		largest = 0;

	for (int64 i = 0; i < rows->n; i++)
	{
		if (i % INTERRUPT_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		largest = Max(largest, fabs(rows->target[i]));
	}
	if (largest > MAX_TARGET)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("values of target \"%s\" are too large for regression", d->target),
				 errdetail("The largest is %g without its sign; it must not be above %g.", largest, MAX_TARGET),
				 errhint("Divide the target by a constant in the source.")));
	if (largest > 0 && largest < MIN_TARGET)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("values of target \"%s\" are too small for regression", d->target),
				 errdetail("The largest is %g without its sign; it must be zero or at least %g.", largest, MIN_TARGET),
				 errhint("Multiply the target by a constant in the source.")));
}

void
mlops_target_interpret(MlopsDefinition *d, MlopsRows *rows, MlDataset *data, bool tell)
{
	if (d->task == NULL)
		d->task = pstrdup(infer_task(d, rows));
	if (strcmp(d->task, "regression") == 0)
	{
		check_number(d->target, rows, "Regression needs a numeric target; use task => 'classification'.");
		check_range(d, rows);
		data->task = ML_REGRESSION;
		data->y = rows->target;
		return;
	}
	find_classes(d->target, rows, data);
	if (data->n_classes < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target \"%s\" has one class only", d->target),
				 errdetail("All rows have the value \"%s\".", data->class_name[0]),
				 errhint("Classification needs rows of at least two classes.")));
	data->task = data->n_classes == 2 ? ML_BINARY : ML_MULTICLASS;
	if (data->task == ML_BINARY)
		place_positive(d, rows, data, tell);
}

void
mlops_target_match(const char *target, const MlModel *model, MlopsRows *rows, MlDataset *data,
				   MlopsUnknownLabels *unknown)
{
	int		   *known;

	memset(unknown, 0, sizeof(*unknown));
	data->task = model->task;
	if (model->task == ML_REGRESSION)
	{
		check_number(target, rows, "The model is a regression.");
		data->y = rows->target;
		return;
	}
	find_classes(target, rows, data);
	unknown->n = data->n_classes;
	unknown->label = data->class_name;
	unknown->known = model->n_classes;
	known = palloc(sizeof(int) * Max(unknown->n, 1));
	for (int k = 0; k < unknown->n; k++)
	{
		int			c = 0;

		while (c < model->n_classes && strcmp(model->class_name[c], unknown->label[k]) != 0)
			c++;
		known[k] = c < model->n_classes ? c : model->n_classes + k;
	}
	for (int64 i = 0; i < rows->n; i++)
	{
		if (i % INTERRUPT_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		rows->target[i] = known[(int) rows->target[i]];
	}
	data->n_classes = model->n_classes;
	data->class_name = model->class_name;
}
