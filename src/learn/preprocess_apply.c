/*
 * preprocess_apply.c: from a row as it came to what a learner has of it.
 */
#include "learn/preprocess_state.h"

#include <stdio.h>
#include <string.h>

#include "learn/binned.h"

#define MAP_CODES 256			/* levels of one column whose mapping ml_prep_rows remembers */

/* strcmp of a level with a text of len bytes that need not end */
static int
compare_text(const char *level, const char *text, size_t len)
{
	int			order = strncmp(level, text, len);

	return order != 0 ? order : level[len] != '\0';
}

/* Index of a text among n that ascend, -1 = it is none of them. */
static int32_t
find_text(const char *const *sorted, int32_t n, const char *text, size_t len)
{
	int32_t		low = 0;
	int32_t		high = n - 1;

	while (low <= high)
	{
		int32_t		middle = low + (high - low) / 2;
		int			order = compare_text(sorted[middle], text, len);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

double
ml_prep_level(const MlPrepColumn *column, const char *text, size_t len)
{
	int32_t		level;

	if (column->encode == ML_ENCODE_HASH)
		return ml_hash_bucket(text, len, column->n_levels);
	/* no text of ours has a zero inside, but one may begin like this */
	if (memchr(text, '\0', len) == NULL)
	{
		level = find_text(column->level, column->n_texts, text, len);
		if (level >= 0)
			return level;
		if (column->n_rare > 0 && find_text(column->rare, column->n_rare, text, len) >= 0)
			return column->n_texts;
	}
	return column->unknown == ML_UNKNOWN_RARE && column->rare_level ? column->n_texts
		: column->unknown == ML_UNKNOWN_MISSING ? NAN : ML_UNSEEN;
}

const char *
ml_prep_level_name(const MlPrepColumn *column, int32_t level, char *room)
{
	if (column->encode != ML_ENCODE_HASH)
		return column->level[level];
	snprintf(room, ML_BUCKET_NAME, "#%u", (unsigned) level & 0xffff);
	return room;
}

/* ---- numbers ---- */

/* The design columns of an encoded category but its indicator, one after the other. */
static void
put_encoded(const MlPrepColumn *column, double x, double *z)
{
	int			width = column->width - (column->indicator ? 1 : 0);
	int32_t		slot = ml_prep_slot(column, x);
	int			k;

	if (!ml_prep_is_onehot(column))
	{
		for (k = 0; k < width; k++)
			z[k] = ml_prep_encoded(column, slot, k);
		return;
	}
	memset(z, 0, (size_t) width * sizeof(double));
	k = slot - (column->drop_first ? 1 : 0);
	if (k >= 0 && k < width)
		z[k] = 1.0;
}

void
ml_prep_apply(const MlPrep *prep, const double *x, double *z)
{
	int			c;

	for (c = 0; c < prep->p; c++)
	{
		const MlPrepColumn *column = prep->column + c;
		double	   *out = z + column->first;

		if (column->encode != ML_ENCODE_NONE)
			put_encoded(column, x[c], out);
		else if (column->kind == ML_CATEGORY)
			out[0] = column->has_impute && !(x[c] >= 0.0) ? column->impute : x[c];
		else
			out[0] = (ml_prep_number(column, x[c]) - column->shift) / column->scale;
		if (column->indicator)
			out[column->width - 1] = isnan(x[c]) ? 1.0 : 0.0;
	}
}

void
ml_prep_extend(const MlPrep *prep, const double *x, double *row)
{
	double	   *extra = row + prep->p;
	int			c;

	memcpy(row, x, (size_t) prep->p * sizeof(double));
	for (c = 0; c < prep->p; c++)
	{
		const MlPrepColumn *column = prep->column + c;

		if (column->n_extra == 0)
			continue;
		if (column->encode != ML_ENCODE_NONE)
			put_encoded(column, x[c], extra + column->extra);
		if (column->indicator)
			extra[column->extra + column->n_extra - 1] = isnan(x[c]) ? 1.0 : 0.0;
	}
}

/* ---- whose a design column is, and its name ---- */

int
ml_prep_owner(const MlPrep *prep, int j, int *k)
{
	int			low = 0;
	int			high = prep->p - 1;

	/* the last column that begins at j or before; those of no width have a neighbour that begins there, too */
	while (low < high)
	{
		int			middle = low + (high - low + 1) / 2;

		if (prep->column[middle].first <= j)
			low = middle;
		else
			high = middle - 1;
	}
	*k = j - prep->column[low].first;
	return low;
}

int
ml_prep_extended_owner(const MlPrep *prep, int j, int *k)
{
	int			low = 0;
	int			high = prep->p - 1;

	*k = 0;
	if (j < prep->p)
		return j;
	j -= prep->p;
	while (low < high)
	{
		int			middle = low + (high - low + 1) / 2;

		if (prep->column[middle].extra <= j)
			low = middle;
		else
			high = middle - 1;
	}
	*k = j - prep->column[low].extra + prep->column[low].width - prep->column[low].n_extra;
	return low;
}

void
ml_prep_add_up(const MlPrep *prep, const double *design, double *sum)
{
	int			c;
	int			k;

	for (c = 0; c < prep->p; c++)
	{
		const MlPrepColumn *column = prep->column + c;

		sum[c] = 0.0;
		for (k = 0; k < column->width; k++)
			sum[c] += design[column->first + k];
	}
}

void
ml_prep_name(const MlPrep *prep, int j, char *name, size_t size)
{
	int			k;
	int			c = ml_prep_owner(prep, j, &k);

	ml_prep_column_name(prep->column + c, k, name, size);
}

void
ml_prep_column_name(const MlPrepColumn *column, int k, char *name, size_t size)
{
	if (column->indicator && k == column->width - 1)
		snprintf(name, size, "%s is null", column->name);
	else if (column->value_name != NULL)
		snprintf(name, size, "%s target=%s", column->name, column->value_name[k]);
	else if (ml_prep_is_onehot(column))
	{
		char		room[ML_BUCKET_NAME];

		k += column->drop_first ? 1 : 0;
		snprintf(name, size, "%s=%s", column->name,
				 k < column->n_levels ? ml_prep_level_name(column, k, room) : "(null)");
	}
	else
		snprintf(name, size, "%s", column->name);
}

/* ---- rows of a dataset ---- */

/* Codes of one column -> levels of the model; the first codes are looked up once a call. */
static void
map_codes(const MlPrepColumn *column, const MlColumn *source, const int32_t *codes, int64_t n, int p, double *x)
{
	double		known[MAP_CODES];
	bool		have[MAP_CODES] = {false};
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		int32_t		code = codes[i];
		double		v;

		if (code < 0)
			v = NAN;
		else if (code < MAP_CODES && have[code])
			v = known[code];
		else
		{
			v = ml_prep_level(column, source->level[code], strlen(source->level[code]));
			if (code < MAP_CODES)
			{
				known[code] = v;
				have[code] = true;
			}
		}
		x[(size_t) i * (size_t) p] = v;
	}
}

/* Rows whose values have been let go of, by what stands in for their bins. */
static void
rows_of_bins(const MlBinned *binned, int64_t from, int64_t n, double *x)
{
	size_t		p = (size_t) binned->p;
	size_t		c;
	int64_t		i;

	for (c = 0; c < p; c++)
	{
		const double *stand_in = binned->info[c].stand_in;
		const uint8_t *bin = binned->column + c * (size_t) binned->n + from;

		for (i = 0; i < n; i++)
			x[(size_t) i * p + c] = stand_in[bin[i]];
	}
}

void
ml_prep_rows(const MlPrep *prep, const MlDataset *data, int64_t from, int64_t to, double *x)
{
	size_t		p = (size_t) prep->p;
	int64_t		gone = to < data->first ? to - from : data->first > from ? data->first - from : 0;
	int64_t		n = to - from - gone;
	size_t		c;
	int64_t		i;

	if (gone > 0)
		rows_of_bins(data->binned, from, gone, x);
	from += gone - data->first;
	x += (size_t) gone * p;
	for (c = 0; c < p && n > 0; c++)
	{
		const MlColumn *source = data->column + c;

		if (source->kind == ML_CATEGORY)
			map_codes(prep->column + c, source, source->code + from, n, prep->p, x + c);
		else
			for (i = 0; i < n; i++)
				x[(size_t) i * p + c] = source->value[from + i];
	}
}
