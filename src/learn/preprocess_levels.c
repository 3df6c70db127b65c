/*
 * preprocess_levels.c: what a column of categories says of itself.
 *
 * What is missing is filled in first, then rare levels become one, then slots
 * become numbers.  Levels are those of the training rows, in byte order; their
 * texts point into the dataset, a constant's into the specification.  slot_of
 * is made for the whole dataset: rows that choose or judge may have levels
 * that training rows do not.
 */
#include <string.h>

#include "learn/preprocess_state.h"

#define UNSEEN_CODE (-1)		/* in slot_of, until the slots are numbered */
#define RARE_CODE (-2)

/* Levels, one more that a constant brings, the rare ones, missing, unseen. */
#define MOST_SLOTS(column) ((size_t) (column)->n_levels + 4)

static bool
has_numbers(MlEncode encode)
{
	return encode == ML_ENCODE_ORDINAL || encode == ML_ENCODE_FREQUENCY || encode == ML_ENCODE_TARGET;
}

size_t
ml_prep_level_room(const MlPrepSpec *spec, const MlColumn *column, int64_t n)
{
	/* the numbers of all rows, and what scaling wants */
	size_t		scaling = has_numbers(spec->encode) && spec->scale != ML_SCALE_NONE ? 3 * (size_t) n : 0;
	size_t		target = 0;

	if (spec->encode == ML_ENCODE_TARGET)
		target = ml_prep_target_room(spec->smoothing, MOST_SLOTS(column));
	return scaling > target ? scaling : target;
}

size_t
ml_prep_level_slots(const MlPrepSpec *spec, const MlColumn *column)
{
	return spec->encode == ML_ENCODE_HASH ? (size_t) spec->buckets + 4 : MOST_SLOTS(column);
}

/* ---- which levels there are ---- */

/* Counts of codes: missing at [0], a level that only a constant brings behind the last. */
static void
count_codes(const MlColumn *column, int64_t n, int64_t *count)
{
	int64_t		i;

	memset(count, 0, ((size_t) column->n_levels + 2) * sizeof(int64_t));
	for (i = 0; i < n; i++)
		count[column->code[i] + 1]++;
}

/* First level of the dataset that is not before text. */
static int32_t
lower_bound(const MlColumn *column, const char *text)
{
	int32_t		low = 0;
	int32_t		high = column->n_levels;

	while (low < high)
	{
		int32_t		middle = low + (high - low) / 2;

		if (strcmp(column->level[middle], text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What takes the place of missing ones. */
typedef struct Filled
{
	int32_t		code;			/* of the dataset, n_levels for a new one, -1 = nothing does */
	int32_t		before;			/* a new one stands before this code */
} Filled;

/* Chooses it, and counts missing rows as its own. */
static Filled
fill_missing(const MlPrepSpec *spec, const MlColumn *column, int64_t *count)
{
	Filled		filled = {-1, -1};
	int32_t		l;

	if (spec->impute == ML_IMPUTE_CONSTANT)
	{
		l = lower_bound(column, spec->text);
		filled.code = l;
		if (l == column->n_levels || strcmp(column->level[l], spec->text) != 0)
			filled = (Filled) {column->n_levels, l};
	}
	else if (spec->impute == ML_IMPUTE_MOST_FREQUENT)
		for (l = 0; l < column->n_levels; l++)
			if (count[l + 1] > (filled.code >= 0 ? count[filled.code + 1] : 0))
				filled.code = l;
	if (filled.code >= 0)
	{
		count[filled.code + 1] += count[0];
		count[0] = 0;
		/* neither a row nor a gap has it */
		if (count[filled.code + 1] == 0)
			filled.code = -1;
	}
	return filled;
}

/* Gives one level its place among those of training, or among the rare ones. */
static void
place_level(const char *text, int64_t count, double enough, int32_t *slot, MlPrepColumn *out)
{
	*slot = UNSEEN_CODE;
	if (count == 0)
		return;
	if ((double) count < enough)
	{
		*slot = RARE_CODE;
		out->rare[out->n_rare++] = text;
		return;
	}
	*slot = out->n_texts;
	out->level[out->n_texts++] = text;
}

/*
 * Levels, rare ones, and slot_of for all codes but missing ones; the slot of
 * what was filled in.
 */
static int32_t
number_levels(const MlPrepSpec *spec, const MlColumn *column, int64_t n, const int64_t *count, Filled filled,
			  MlPrepColumn *out)
{
	double		enough = spec->rare_below < 1.0 ? spec->rare_below * (double) n : spec->rare_below;
	int32_t		fill_slot = UNSEEN_CODE;
	int32_t		l;

	for (l = 0; l <= column->n_levels; l++)
	{
		if (filled.code == column->n_levels && filled.before == l)
			place_level(spec->text, count[column->n_levels + 1], enough, &fill_slot, out);
		if (l < column->n_levels)
			place_level(column->level[l], count[l + 1], enough, out->slot_of + l + 1, out);
	}
	if (filled.code >= 0 && filled.code < column->n_levels)
		fill_slot = out->slot_of[filled.code + 1];
	out->rare_level = out->n_rare > 0;
	out->n_levels = out->n_texts + (out->rare_level ? 1 : 0);
	if (out->rare_level)
		out->level[out->n_texts] = ML_RARE_NAME;
	return fill_slot == RARE_CODE ? out->n_texts : fill_slot;
}

/* Buckets need no texts: only codes have slots. */
static int32_t
number_buckets(const MlPrepSpec *spec, const MlColumn *column, Filled filled, MlPrepColumn *out)
{
	const char *text = filled.code < 0 ? NULL
		: filled.code < column->n_levels ? column->level[filled.code] : spec->text;
	int32_t		l;

	out->n_levels = spec->buckets;
	for (l = 0; l < column->n_levels; l++)
		out->slot_of[l + 1] = ml_hash_bucket(column->level[l], strlen(column->level[l]), spec->buckets);
	return text != NULL ? ml_hash_bucket(text, strlen(text), spec->buckets) : UNSEEN_CODE;
}

static void
find_slots(const MlPrepSpec *spec, const MlColumn *column, int64_t n, int64_t *count, MlPrepColumn *out)
{
	Filled		filled = fill_missing(spec, column, count);
	int32_t		fill_slot;
	int32_t		unseen;
	int32_t		l;

	if (spec->encode == ML_ENCODE_HASH)
		fill_slot = number_buckets(spec, column, filled, out);
	else
		fill_slot = number_levels(spec, column, n, count, filled, out);
	out->has_impute = fill_slot >= 0;
	if (out->has_impute)
		out->impute = fill_slot;
	out->null_level = count[0] > 0;
	out->unknown = spec->unknown != ML_UNKNOWN_DEFAULT ? spec->unknown
		: spec->rare_below > 0.0 ? ML_UNKNOWN_RARE : ML_UNKNOWN_IGNORE;
	if (out->unknown == ML_UNKNOWN_RARE)
	{
		/* nobody asks which of them a text is */
		out->n_rare = 0;
		if (!out->rare_level)
			out->unknown = ML_UNKNOWN_IGNORE;
	}
	out->slot_of[0] = ml_prep_slot(out, NAN);
	unseen = out->unknown == ML_UNKNOWN_MISSING ? out->slot_of[0]
		: out->unknown == ML_UNKNOWN_RARE ? out->n_texts : ml_prep_slots(out) - 1;
	for (l = 1; l <= column->n_levels; l++)
		if (out->slot_of[l] < 0)
			out->slot_of[l] = out->slot_of[l] == RARE_CODE ? out->n_texts : unseen;
}

/* ---- what they are encoded as ---- */

static void
fit_frequency(const MlColumn *column, int64_t n, const int64_t *count, MlPrepColumn *out)
{
	int32_t		slots = ml_prep_slots(out);
	int32_t		l;
	int32_t		s;

	memset(out->value, 0, (size_t) slots * sizeof(double));
	/* whole numbers, whatever the order */
	for (l = 0; l <= column->n_levels; l++)
		out->value[out->slot_of[l]] += (double) count[l];
	if (out->has_impute)
		out->value[(int32_t) out->impute] += (double) count[column->n_levels + 1];
	for (s = 0; s < slots; s++)
		out->value[s] /= (double) n;
}

/* The k-th number of a training row as the learner will see it, before it is scaled. */
static double
number_of(const MlPrepColumn *out, const uint8_t *fold, int64_t row, int32_t slot, int k)
{
	size_t		cell = (size_t) slot * (size_t) out->n_values + (size_t) k;

	if (out->n_values == 0)
		return ml_prep_encoded(out, slot, k);
	if (out->fold_value != NULL)
		cell += (size_t) fold[row] * (size_t) ml_prep_slots(out) * (size_t) out->n_values;
	return out->fold_value != NULL ? out->fold_value[cell] : out->value[cell];
}

static void
rescale(double *value, size_t n, size_t stride, double shift, double scale)
{
	size_t		i;

	for (i = 0; i < n; i++)
		value[i * stride] = (value[i * stride] - shift) / scale;
}

/* Like numbers: by what the learner will see.  The numbers of slots are scaled where they stand. */
static void
scale_numbers(MlScale how, const MlColumn *column, int64_t n, const uint8_t *fold, double *buffer, MlPrepColumn *out)
{
	double	   *seen = buffer + 2 * n;
	size_t		slots = (size_t) ml_prep_slots(out);
	size_t		stride = (size_t) out->n_values;
	int64_t		i;
	int			k;

	for (k = 0; k < (stride > 0 ? (int) stride : 1); k++)
	{
		double		shift;
		double		scale;

		for (i = 0; i < n; i++)
			seen[i] = number_of(out, fold, i, out->slot_of[column->code[i] + 1], k);
		ml_prep_fit_scale(how, seen, n, NAN, buffer, &shift, &scale);
		if (stride == 0)
		{
			out->shift = shift;
			out->scale = scale;
			return;
		}
		rescale(out->value + k, slots, stride, shift, scale);
		if (out->fold_value != NULL)
			rescale(out->fold_value + k, ML_PREP_FOLDS * slots, stride, shift, scale);
	}
}

void
ml_prep_fit_levels(const MlPrepSpec *spec, const MlDataset *data, int c, bool drop_first,
				   const uint8_t *fold, MlPrepRoom *room, MlPrepColumn *out)
{
	const MlColumn *column = data->column + c;

	count_codes(column, data->n_train, room->count);
	find_slots(spec, column, data->n_train, room->count, out);
	if (spec->encode == ML_ENCODE_FREQUENCY)
		fit_frequency(column, data->n_train, room->count, out);
	else if (spec->encode == ML_ENCODE_TARGET)
		ml_prep_fit_target(spec->smoothing, data, c, fold, room->number, out);
	if (has_numbers(spec->encode) && spec->scale != ML_SCALE_NONE)
		scale_numbers(spec->scale, column, data->n_train, fold, room->number, out);
	out->width = spec->encode == ML_ENCODE_TARGET ? out->n_values : 1;
	if (ml_prep_is_onehot(out))
	{
		out->width = ml_prep_slots(out) - 1;
		out->drop_first = drop_first && out->width > 0;
		out->width -= out->drop_first ? 1 : 0;
	}
	out->width += out->indicator ? 1 : 0;
}
