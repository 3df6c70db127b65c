/*
 * preprocess.c: fitting the preprocessing of all columns.
 *
 * Everything fitted looks at rows [0, n_train) only.  What one column says of
 * itself is in preprocess_numbers.c and preprocess_levels.c; how it is applied
 * in preprocess_apply.c.  The level texts point into the dataset (after
 * training) or into the model bytes (after opening them).
 */
#include "learn/preprocess.h"

#include <stdio.h>
#include <string.h>

#include "learn/preprocess_state.h"
#include "learn/scratch.h"

#define ROUND_ROWS 50000000		/* column values fitted between two polls */
#define DEFAULT_BUCKETS 64
#define DEFAULT_SMOOTHING 20.0
#define MAX_EMPTY_TOLD 10		/* columns without values that are named, one warning each */

void
ml_prep_default(MlPrepSpec *spec, MlKind kind, bool linear)
{
	memset(spec, 0, sizeof(*spec));
	spec->low = spec->high = NAN;
	spec->buckets = DEFAULT_BUCKETS;
	spec->smoothing = DEFAULT_SMOOTHING;
	spec->unknown = ML_UNKNOWN_DEFAULT;
	if (!linear)
		return;
	if (kind == ML_NUMERIC)
	{
		spec->impute = ML_IMPUTE_MEDIAN;
		spec->scale = ML_SCALE_STANDARD;
	}
	else
		spec->encode = ML_ENCODE_ONEHOT;
}

/* ---- what may be asked ---- */

static MlCode
check_number(const MlPrepSpec *spec, const char *name, MlStatus *status)
{
	if (spec->encode != ML_ENCODE_NONE)
		return ml_status_set(status, ML_BAD_PARAMETER,
							 "column \"%s\" is a number and has no levels to encode", name);
	if (spec->impute == ML_IMPUTE_CONSTANT && !isfinite(spec->constant))
		return ml_status_set(status, ML_BAD_PARAMETER,
							 "the value that replaces missing ones in column \"%s\" must be finite",
							 name);
	return ML_OK;
}

/* Numbers, unlike flags and levels, have a scale. */
static bool
may_be_scaled(MlEncode encode)
{
	return encode == ML_ENCODE_ORDINAL || encode == ML_ENCODE_FREQUENCY || encode == ML_ENCODE_TARGET;
}

static MlCode
check_encoding(const MlPrepSpec *spec, const char *name, bool linear, MlStatus *status)
{
	if (linear && spec->encode == ML_ENCODE_NONE)
	{
		ml_status_set(status, ML_BAD_PARAMETER, "column \"%s\" is a category: a linear model needs it encoded",
					  name);
		ml_status_hint(status, "Use \"onehot\", \"ordinal\", \"frequency\", \"hash\" or \"target\" for \"encode\""
					   " in preprocess.");
		return ML_BAD_PARAMETER;
	}
	if (linear && spec->scale != ML_SCALE_NONE && !may_be_scaled(spec->encode))
		return ml_status_set(status, ML_BAD_PARAMETER, "column \"%s\" is a category and cannot be scaled",
							 name);
	return ML_OK;
}

static MlCode
check_category(const MlPrepSpec *spec, const char *name, bool linear, MlStatus *status)
{
	if (spec->impute == ML_IMPUTE_MEAN || spec->impute == ML_IMPUTE_MEDIAN)
	{
		ml_status_set(status, ML_BAD_PARAMETER,
					  "column \"%s\" is a category: it can be imputed by \"most_frequent\" or \"constant\"",
					  name);
		ml_status_hint(status, "Without imputing, missing is a level of its own.");
		return ML_BAD_PARAMETER;
	}
	if (spec->impute == ML_IMPUTE_CONSTANT && spec->text == NULL)
		return ml_status_set(status, ML_BAD_PARAMETER,
							 "there is no \"constant\" to replace missing values of column \"%s\"", name);
	if (spec->encode == ML_ENCODE_HASH &&
		(spec->rare_below > 0.0 || (spec->unknown != ML_UNKNOWN_DEFAULT && spec->unknown != ML_UNKNOWN_IGNORE)))
	{
		ml_status_set(status, ML_BAD_PARAMETER, "the buckets of column \"%s\" know neither rare nor unknown levels",
					  name);
		ml_status_hint(status, "Use \"rare_below\" and \"unknown\" with another \"encode\" than \"hash\".");
		return ML_BAD_PARAMETER;
	}
	if (spec->unknown == ML_UNKNOWN_RARE && !(spec->rare_below > 0.0))
		return ml_status_set(status, ML_BAD_PARAMETER,
							 "unknown levels of column \"%s\" cannot be rare without \"rare_below\"", name);
	return check_encoding(spec, name, linear, status);
}

MlCode
ml_prep_check(const MlPrepSpec *spec, const char *name, MlKind kind, bool linear, MlStatus *status)
{
	return kind == ML_NUMERIC ? check_number(spec, name, status) : check_category(spec, name, linear, status);
}

/* ---- all columns ---- */

/* One column a task: a round fits columns [first, first + ntasks). */
typedef struct FitRound
{
	const MlDataset *data;
	const MlPrepSpec *spec;
	bool		drop_first;
	const uint8_t *fold;
	MlPrepColumn *out;
	int			first;
	double	   *number;
	size_t		number_stride;
	int64_t    *count;
	size_t		count_stride;
} FitRound;

static void
fit_task(void *arg, int task)
{
	FitRound   *round = arg;
	int			c = round->first + task;
	const MlColumn *column = round->data->column + c;
	MlPrepRoom	room = {round->number + (size_t) task * round->number_stride,
	round->count + (size_t) task * round->count_stride};

	if (column->kind == ML_NUMERIC)
		ml_prep_fit_number(round->spec + c, column->value, round->data->n_train, room.number, round->out + c);
	else
		ml_prep_fit_levels(round->spec + c, round->data, c, round->drop_first, round->fold, &room, round->out + c);
}

/* The names of n buckets, NULL = no memory. */
static const char **
name_buckets(MlHost *host, const MlPrepColumn *column, int n)
{
	const char **name = ml_alloc_array(host, (size_t) n, sizeof(char *));
	char	   *text = ml_alloc_array(host, (size_t) n, ML_BUCKET_NAME);
	int			i;

	for (i = 0; i < n && name != NULL && text != NULL; i++)
		name[i] = ml_prep_level_name(column, i, text + (size_t) i * ML_BUCKET_NAME);
	return text != NULL ? name : NULL;
}

/* Room for what is kept of a category. */
static MlCode
prepare_category(MlHost *host, const MlDataset *data, const MlColumn *column, const MlPrepSpec *spec,
				 MlPrepColumn *out, MlStatus *status)
{
	size_t		levels = (size_t) column->n_levels + 2;
	size_t		slots = ml_prep_level_slots(spec, column);
	size_t		numbers;

	out->n_values = ml_prep_n_values(spec->encode, data->n_classes);
	out->value_name = spec->encode == ML_ENCODE_TARGET && out->n_values > 1 ? data->class_name : NULL;
	numbers = slots * (size_t) out->n_values;
	out->level = spec->encode == ML_ENCODE_HASH ? name_buckets(host, out, spec->buckets)
		: ml_alloc_array(host, levels, sizeof(char *));
	out->slot_of = ml_alloc_array(host, levels, sizeof(int32_t));
	if (out->level == NULL || out->slot_of == NULL)
		return ml_no_memory(status, slots * (sizeof(char *) + sizeof(int32_t)), "levels");
	if (spec->rare_below > 0.0)
	{
		out->rare = ml_alloc_array(host, levels, sizeof(char *));
		if (out->rare == NULL)
			return ml_no_memory(status, levels * sizeof(char *), "levels");
	}
	if (numbers > 0)
	{
		out->value = ml_alloc_array(host, numbers, sizeof(double));
		if (out->value == NULL)
			return ml_no_memory(status, numbers * sizeof(double), "levels");
	}
	if (spec->encode == ML_ENCODE_TARGET)
	{
		out->fold_value = ml_alloc_array(host, ML_PREP_FOLDS * numbers, sizeof(double));
		if (out->fold_value == NULL)
			return ml_no_memory(status, ML_PREP_FOLDS * numbers * sizeof(double), "target means");
	}
	return ML_OK;
}

/* The parts of a fitted column that need memory or no look at the rows. */
static MlCode
prepare_column(MlHost *host, const MlDataset *data, const MlColumn *column, const MlPrepSpec *spec,
			   MlPrepColumn *out, MlStatus *status)
{
	out->kind = column->kind;
	out->encode = spec->encode;
	out->feature = column->feature;
	out->name = column->name;
	out->indicator = spec->indicator;
	out->low = -INFINITY;
	out->high = INFINITY;
	out->scale = 1.0;
	out->impute = NAN;
	return column->kind == ML_CATEGORY ? prepare_category(host, data, column, spec, out, status) : ML_OK;
}

/*
 * Folds, where some column is encoded by target means: runs of rows that stand
 * together in the canonical order, so that what shares a key stays together.
 */
static MlCode
make_folds(MlHost *host, const MlDataset *data, const MlPrepSpec *spec, MlPrep *prep, MlStatus *status)
{
	uint8_t    *fold;
	int64_t		i;
	int			c = 0;

	while (c < data->p && (data->column[c].kind == ML_NUMERIC || spec[c].encode != ML_ENCODE_TARGET))
		c++;
	if (c == data->p)
		return ML_OK;
	fold = ml_alloc_array(host, (size_t) data->n_train, sizeof(uint8_t));
	if (fold == NULL)
		return ml_no_memory(status, (size_t) data->n_train, "target means");
	for (i = 0; i < data->n_train; i++)
		fold[i] = (uint8_t) ((double) i * ML_PREP_FOLDS / (double) data->n_train);
	prep->fold = fold;
	prep->fold_rows = data->n_train;
	return ML_OK;
}

static MlCode
fit_columns(MlHost *host, const MlDataset *data, const MlPrepSpec *spec, bool drop_first,
			MlPrep *prep, MlScratch *scratch, MlStatus *status)
{
	FitRound	round = {.data = data, .spec = spec, .drop_first = drop_first,.fold = prep->fold,
	.out = prep->column};
	int			lanes = host->threads < data->p ? host->threads : data->p;
	int			c;

	round.number_stride = round.count_stride = 1;
	for (c = 0; c < data->p; c++)
	{
		const MlColumn *column = data->column + c;
		size_t		room = column->kind == ML_NUMERIC ? ml_prep_number_room(spec + c, data->n_train)
			: ml_prep_level_room(spec + c, column, data->n_train);

		round.number_stride = room > round.number_stride ? room : round.number_stride;
		if (column->kind == ML_CATEGORY && (size_t) column->n_levels + 2 > round.count_stride)
			round.count_stride = (size_t) column->n_levels + 2;
	}
	lanes = lanes < 1 ? 1 : lanes;
	/* columns are independent: how many are fitted at once changes nothing in them */
	if (data->n_train > 0 && lanes > ROUND_ROWS / data->n_train + 1)
		lanes = (int) (ROUND_ROWS / data->n_train) + 1;
	round.number = ml_scratch_alloc(scratch, round.number_stride, sizeof(double) * (size_t) lanes,
									"preprocessing", status);
	if (round.number == NULL)
		return status->code;
	round.count = ml_scratch_alloc(scratch, round.count_stride, sizeof(int64_t) * (size_t) lanes,
								   "preprocessing", status);
	if (round.count == NULL)
		return status->code;
	for (c = 0; c < data->p; c += lanes)
	{
		round.first = c;
		if (host->poll(host, "preprocessing", (double) c / data->p) ||
			host->parallel_for(host, data->p - c < lanes ? data->p - c : lanes, fit_task, &round))
			return ml_status_set(status, ML_CANCELLED, "training was cancelled");
	}
	return ML_OK;
}

bool
ml_prep_place(MlPrep *prep)
{
	int64_t		width = 0;
	int64_t		extra = 0;
	int			c;

	for (c = 0; c < prep->p; c++)
	{
		MlPrepColumn *column = prep->column + c;

		column->first = (int) width;
		column->extra = (int) extra;
		column->n_extra = column->encode != ML_ENCODE_NONE ? column->width : column->indicator ? 1 : 0;
		width += column->width;
		extra += column->n_extra;
		if (width > INT32_MAX / 2)
			return false;
	}
	prep->width = (int) width;
	prep->n_extra = (int) extra;
	return true;
}

void
ml_prep_tell_empty(MlHost *host, const MlDataset *data, const MlPrepSpec *spec)
{
	char		line[320];
	int			empty = 0;
	int			c;

	for (c = 0; c < data->p; c++)
	{
		const MlColumn *column = data->column + c;
		int64_t		i = 0;

		if (column->kind != ML_NUMERIC || spec[c].impute == ML_IMPUTE_NONE || spec[c].impute == ML_IMPUTE_CONSTANT)
			continue;
		while (i < data->n_train && isnan(column->value[i]))
			i++;
		if (i == data->n_train && i > 0 && ++empty <= MAX_EMPTY_TOLD)
		{
			snprintf(line, sizeof(line), "column \"%s\" has no value in the training rows", column->name);
			host->warn(host, line, "It is treated as zero everywhere.");
		}
	}
	if (empty > MAX_EMPTY_TOLD)
	{
		snprintf(line, sizeof(line), "%d more columns have no value in the training rows", empty - MAX_EMPTY_TOLD);
		host->warn(host, line, "They are treated as zero everywhere.");
	}
}

MlCode
ml_prep_fit(MlHost *host, const MlDataset *data, const MlPrepSpec *asked,
			bool linear, bool drop_first, MlPrep *prep, MlStatus *status)
{
	MlScratch	scratch;
	MlPrepSpec *spec;
	MlCode		code = ML_OK;
	int			c;

	memset(prep, 0, sizeof(*prep));
	prep->p = data->p;
	prep->column = ml_alloc_zero(host, data->p > 0 ? (size_t) data->p : 1, sizeof(MlPrepColumn));
	if (prep->column == NULL)
		return ml_no_memory(status, (size_t) data->p * sizeof(MlPrepColumn), "preprocessing");
	ml_scratch_init(&scratch, host);
	spec = ml_scratch_alloc(&scratch, (size_t) data->p + 1, sizeof(MlPrepSpec), "preprocessing", status);
	if (spec == NULL)
		code = ML_NO_MEMORY;
	for (c = 0; c < data->p && code == ML_OK; c++)
	{
		const MlColumn *column = data->column + c;

		spec[c] = asked[c];
		/* trees split between neighbours, however far apart */
		if (!linear)
			spec[c].scale = ML_SCALE_NONE;
		code = ml_prep_check(spec + c, column->name, column->kind, linear, status);
		if (code == ML_OK)
			code = prepare_column(host, data, column, spec + c, prep->column + c, status);
	}
	if (code == ML_OK)
		code = make_folds(host, data, spec, prep, status);
	if (code == ML_OK)
		code = fit_columns(host, data, spec, drop_first, prep, &scratch, status);
	ml_scratch_release(&scratch);
	if (code == ML_OK && !ml_prep_place(prep))
		code = ml_status_set(status, ML_TOO_LARGE, "encoded columns number more than %d", INT32_MAX / 2);
	return code;
}
