/*
 * preprocess.c: from columns to the numbers a learner multiplies.
 *
 * Everything fitted here looks at rows [0, n_train) only, unweighted
 * (scikit-learn's defaults).  Means and standard deviations are two-pass sums
 * over blocks, taken on numbers scaled by a power of two, so that neither
 * 1e300 nor 1e-300 is lost; a constant column is recognised by min = max
 * exactly, never by a small deviation.  The level texts point into the
 * dataset (after training) or into the model bytes (after opening them).
 */
#include "learn/preprocess.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernel/select.h"
#include "kernel/sum.h"
#include "learn/binned.h"

#define SUM_BLOCK 4096			/* rows added plainly before their sum joins the compensated one */
#define ROUND_ROWS 50000000		/* column values fitted between two polls */
#define MAX_EMPTY_TOLD 10		/* columns without values that are named, one warning each */
#define MAP_CODES 256			/* levels of one column whose mapping ml_prep_rows remembers */

void
ml_prep_default(MlPrepSpec *spec, MlKind kind, bool linear)
{
	memset(spec, 0, sizeof(*spec));
	spec->impute = ML_IMPUTE_NONE;
	spec->scale = ML_SCALE_NONE;
	spec->encode = ML_ENCODE_NONE;
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

/* ---- numbers of one column ---- */

typedef struct Moments
{
	double		minimum;
	double		maximum;
	double		mean;
	double		sd;				/* population */
} Moments;

/*
 * Sums of d = x f - shift, missing ones replaced by fill: *first = Σ d and
 * *second = Σ d², four at a time within a block, the blocks compensated.
 */
static void
sum_powers(const double *x, int64_t n, double f, double fill, double shift, double *first, double *second)
{
	MlSum		total = {0.0, 0.0};
	MlSum		square = {0.0, 0.0};
	int64_t		from;

	for (from = 0; from < n; from += SUM_BLOCK)
	{
		int64_t		to = from + SUM_BLOCK < n ? from + SUM_BLOCK : n;
		double		s0 = 0, s1 = 0, s2 = 0, s3 = 0;
		double		q0 = 0, q1 = 0, q2 = 0, q3 = 0;
		int64_t		i = from;

#define DEVIATION(at) ((x[at] == x[at] ? x[at] : fill) * f - shift)
		for (; i + 4 <= to; i += 4)
		{
			double		d0 = DEVIATION(i);
			double		d1 = DEVIATION(i + 1);
			double		d2 = DEVIATION(i + 2);
			double		d3 = DEVIATION(i + 3);

			s0 += d0, s1 += d1, s2 += d2, s3 += d3;
			q0 += d0 * d0, q1 += d1 * d1, q2 += d2 * d2, q3 += d3 * d3;
		}
		for (; i < to; i++)
		{
			double		d = DEVIATION(i);

			s0 += d;
			q0 += d * d;
		}
#undef DEVIATION
		ml_sum_add(&total, (s0 + s1) + (s2 + s3));
		ml_sum_add(&square, (q0 + q1) + (q2 + q3));
	}
	*first = ml_sum_value(&total);
	*second = ml_sum_value(&square);
}

/* Least and greatest of x[0..n), missing ones replaced by fill; NaN is neither. */
static void
find_range(const double *x, int64_t n, double fill, Moments *m)
{
	double		low[2] = {INFINITY, INFINITY};
	double		high[2] = {-INFINITY, -INFINITY};
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		double		v = x[i] == x[i] ? x[i] : fill;

		low[i & 1] = v < low[i & 1] ? v : low[i & 1];
		high[i & 1] = v > high[i & 1] ? v : high[i & 1];
	}
	m->minimum = fmin(low[0], low[1]);
	m->maximum = fmax(high[0], high[1]);
}

/* The moments of x[0..n), missing ones replaced by fill (NaN: there are none). */
static void
column_moments(const double *x, int64_t n, double fill, Moments *m)
{
	int			exponent;
	double		f;
	double		mean;
	double		drift;
	double		square;

	find_range(x, n, fill, m);
	if (!(m->minimum < m->maximum))
	{
		m->mean = n > 0 && m->minimum == m->maximum ? m->minimum : 0.0;
		m->sd = 0.0;
		return;
	}
	frexp(fmax(fabs(m->minimum), fabs(m->maximum)), &exponent);
	exponent = exponent < -1000 ? -1000 : exponent;
	f = ldexp(1.0, -exponent);
	sum_powers(x, n, f, fill, 0.0, &mean, &square);
	mean /= (double) n;
	/* what the first pass lost shows as a mean deviation that is not zero */
	sum_powers(x, n, f, fill, mean, &drift, &square);
	drift /= (double) n;
	m->sd = ldexp(sqrt(fmax(square / (double) n - drift * drift, 0.0)), exponent);
	m->mean = ldexp(mean + drift, exponent);
}

/* shift and scale from what the spec asks; x has no missing value but those replaced by fill. */
static void
fit_scale(const MlPrepSpec *spec, const double *x, int64_t n, double fill, double *buffer, MlPrepColumn *out)
{
	Moments		m;

	out->shift = 0.0;
	out->scale = 1.0;
	if (spec->scale == ML_SCALE_NONE || n == 0)
		return;
	column_moments(x, n, fill, &m);
	if (spec->scale == ML_SCALE_STANDARD)
	{
		out->shift = m.mean;
		out->scale = m.sd;
	}
	else if (spec->scale == ML_SCALE_MINMAX)
	{
		out->shift = m.minimum;
		out->scale = m.maximum - m.minimum;
	}
	else
	{
		/* quartiles of what the learner will see: missing ones already replaced */
		int64_t		i;
		double	   *filled = buffer + n;

		for (i = 0; i < n; i++)
			filled[i] = x[i] == x[i] ? x[i] : fill;
		out->shift = ml_quantile_cont(filled, n, 0.5, buffer);
		out->scale = ml_quantile_cont(filled, n, 0.75, buffer) - ml_quantile_cont(filled, n, 0.25, buffer);
	}
	if (m.minimum == m.maximum)
		out->shift = m.minimum;
	if (!(m.minimum < m.maximum) || !(out->scale > 0.0))
		out->scale = 1.0;
	if (isinf(out->scale))
		out->scale = DBL_MAX;
	if (!isfinite(out->shift))	/* nothing but missing values */
		out->shift = 0.0;
}

static void
fit_number(const MlPrepSpec *spec, const MlColumn *column, int64_t n, double *buffer, MlPrepColumn *out)
{
	Moments		m;
	int64_t		present = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
		present += column->value[i] == column->value[i];
	out->has_impute = spec->impute != ML_IMPUTE_NONE;
	out->impute = NAN;
	switch (spec->impute)
	{
		case ML_IMPUTE_NONE:
			break;
		case ML_IMPUTE_MEAN:
			{
				/* the mean of those present, from their copy without gaps */
				int64_t		k = 0;

				for (i = 0; i < n; i++)
				{
					buffer[k] = column->value[i];
					k += column->value[i] == column->value[i];
				}
				column_moments(buffer, present, 0.0, &m);
				out->impute = m.mean;
				break;
			}
		case ML_IMPUTE_MEDIAN:
			out->impute = ml_quantile_cont(column->value, n, 0.5, buffer);
			break;
		case ML_IMPUTE_MOST_FREQUENT:
			out->impute = ml_mode(column->value, n, buffer);
			break;
		case ML_IMPUTE_CONSTANT:
			out->impute = spec->constant;
			break;
	}
	if (out->has_impute && (present == 0 && spec->impute != ML_IMPUTE_CONSTANT))
		out->impute = 0.0;		/* nothing to learn from: a column of zeros */
	if (out->has_impute || present == n || spec->scale == ML_SCALE_NONE)
		fit_scale(spec, column->value, n, out->impute, buffer, out);
	else
	{
		/* missing stays missing: the scale is that of the numbers present */
		int64_t		k = 0;
		double	   *packed = spec->scale == ML_SCALE_ROBUST ? buffer + 2 * n : buffer;

		for (i = 0; i < n; i++)
		{
			packed[k] = column->value[i];
			k += column->value[i] == column->value[i];
		}
		fit_scale(spec, packed, k, NAN, buffer, out);
	}
	out->width = 1 + (out->indicator ? 1 : 0);
}

/* ---- levels of one column ---- */

/*
 * Keeps the levels seen in training, and what replaces a missing one.  count:
 * room for the dataset's levels and one more, zeroed.
 */
static void
fit_levels(const MlPrepSpec *spec, const MlColumn *column, int64_t n, int64_t *count, MlPrepColumn *out)
{
	int64_t		best = 0;
	int32_t		kept = 0;
	int32_t		l;
	int64_t		i;

	for (i = 0; i < n; i++)
		count[column->code[i] + 1]++;
	out->impute = NAN;
	for (l = 0; l < column->n_levels; l++)
	{
		if (count[l + 1] == 0)
			continue;
		if (count[l + 1] > best)
		{
			best = count[l + 1];
			out->impute = kept;
		}
		out->level[kept++] = column->level[l];
	}
	out->n_levels = kept;
	out->has_impute = spec->impute == ML_IMPUTE_MOST_FREQUENT && kept > 0;
	if (!out->has_impute)
		out->impute = NAN;
	out->null_level = count[0] > 0 && !out->has_impute;
}

/* Ordinal ranks are scaled like numbers: by what the learner will see. */
static void
fit_ordinal(const MlPrepSpec *spec, const MlColumn *column, int64_t n, const int64_t *count,
			double *buffer, MlPrepColumn *out)
{
	int32_t		rank = 0;
	int32_t		l;
	int64_t		i;
	double	   *value = buffer + 2 * n;
	double	   *rank_of = value + n;

	for (l = 0; l < column->n_levels; l++)
		rank_of[l] = count[l + 1] > 0 ? rank++ : -1.0;
	for (i = 0; i < n; i++)
	{
		int32_t		code = column->code[i];

		value[i] = code >= 0 ? rank_of[code] : out->has_impute ? out->impute : -1.0;
	}
	fit_scale(spec, value, n, NAN, buffer, out);
}

static void
fit_category(const MlPrepSpec *spec, const MlColumn *column, int64_t n, bool drop_first,
			 int64_t *count, double *buffer, MlPrepColumn *out)
{
	fit_levels(spec, column, n, count, out);
	out->shift = 0.0;
	out->scale = 1.0;
	out->width = 1;
	if (spec->encode == ML_ENCODE_ORDINAL)
		fit_ordinal(spec, column, n, count, buffer, out);
	else if (spec->encode == ML_ENCODE_ONEHOT)
	{
		out->width = out->n_levels + (out->null_level ? 1 : 0);
		out->drop_first = drop_first && out->width > 0;
		if (out->drop_first)
			out->width--;
	}
	out->width += out->indicator ? 1 : 0;
}

/* ---- all columns ---- */

/* One column a task: a round fits columns [first, first + ntasks). */
typedef struct FitRound
{
	const MlDataset *data;
	const MlPrepSpec *spec;
	bool		drop_first;
	MlPrepColumn *out;
	int			first;
	double	   *buffer;
	size_t		buffer_stride;
	int64_t    *count;
	size_t		count_stride;
} FitRound;

static void
fit_task(void *arg, int task)
{
	FitRound   *round = arg;
	int			c = round->first + task;
	const MlColumn *column = round->data->column + c;
	double	   *buffer = round->buffer + (size_t) task * round->buffer_stride;
	int64_t    *count = round->count + (size_t) task * round->count_stride;

	if (column->kind == ML_NUMERIC)
		fit_number(round->spec + c, column, round->data->n_train, buffer, round->out + c);
	else
	{
		memset(count, 0, ((size_t) column->n_levels + 1) * sizeof(int64_t));
		fit_category(round->spec + c, column, round->data->n_train, round->drop_first, count, buffer, round->out + c);
	}
}

/* What a column may be asked for. */
static MlCode
check_spec(const MlColumn *column, const MlPrepSpec *spec, MlStatus *status)
{
	if (column->kind == ML_NUMERIC)
	{
		if (spec->encode != ML_ENCODE_NONE)
			return ml_status_set(status, ML_BAD_PARAMETER,
								 "column \"%s\" is a number and has no levels to encode", column->name);
		if (spec->impute == ML_IMPUTE_CONSTANT && !isfinite(spec->constant))
			return ml_status_set(status, ML_BAD_PARAMETER,
								 "the value that replaces missing ones in column \"%s\" must be finite",
									column->name);
		return ML_OK;
	}
	if (spec->impute != ML_IMPUTE_NONE && spec->impute != ML_IMPUTE_MOST_FREQUENT)
	{
		ml_status_set(status, ML_BAD_PARAMETER,
					  "column \"%s\" is a category: it can be imputed by \"most_frequent\" only", column->name);
		ml_status_hint(status, "Without imputing, missing is a level of its own.");
		return ML_BAD_PARAMETER;
	}
	if (spec->scale != ML_SCALE_NONE && spec->encode != ML_ENCODE_ORDINAL)
		return ml_status_set(status, ML_BAD_PARAMETER, "column \"%s\" is a category and cannot be scaled",
							 column->name);
	return ML_OK;
}

/* Room of one task in numbers: copies of a column, as many as its spec asks for. */
static size_t
buffer_size(const MlDataset *data, const MlPrepSpec *spec)
{
	size_t		most = 1;
	int			c;

	for (c = 0; c < data->p; c++)
	{
		size_t		n = (size_t) data->n_train;
		size_t		need = 0;

		if (data->column[c].kind == ML_CATEGORY)
			need = spec[c].encode == ML_ENCODE_ORDINAL ? 3 * n + (size_t) data->column[c].n_levels : 0;
		else if (spec[c].scale == ML_SCALE_ROBUST)
			need = 3 * n;
		else if (spec[c].impute != ML_IMPUTE_CONSTANT || spec[c].scale != ML_SCALE_NONE)
			need = n;
		if (spec[c].impute == ML_IMPUTE_NONE && spec[c].scale == ML_SCALE_NONE && data->column[c].kind == ML_NUMERIC)
			need = 0;
		most = need > most ? need : most;
	}
	return most;
}

/* The parts of a fitted column that need memory or no look at the rows. */
static MlCode
prepare_column(MlHost *host, const MlColumn *column, const MlPrepSpec *spec, MlPrepColumn *out, MlStatus *status)
{
	memset(out, 0, sizeof(*out));
	out->kind = column->kind;
	out->encode = spec->encode;
	out->feature = column->feature;
	out->name = column->name;
	out->indicator = spec->indicator;
	out->scale = 1.0;
	out->impute = NAN;
	if (column->kind == ML_CATEGORY)
	{
		size_t		room = column->n_levels > 0 ? (size_t) column->n_levels : 1;

		out->level = ml_alloc_array(host, room, sizeof(char *));
		if (out->level == NULL)
			return ml_no_memory(status, room * sizeof(char *), "levels");
	}
	return ML_OK;
}

static MlCode
fit_columns(MlHost *host, const MlDataset *data, const MlPrepSpec *spec, bool drop_first,
			MlPrep *prep, MlScratch *scratch, MlStatus *status)
{
	FitRound	round = {.data = data, .spec = spec, .drop_first = drop_first, .out = prep->column};
	int			lanes = host->threads < data->p ? host->threads : data->p;
	int64_t		most_levels = 0;
	int			c;

	for (c = 0; c < data->p; c++)
		if (data->column[c].kind == ML_CATEGORY && data->column[c].n_levels > most_levels)
			most_levels = data->column[c].n_levels;
	lanes = lanes < 1 ? 1 : lanes;
	/* columns are independent: how many are fitted at once changes nothing in them */
	if (data->n_train > 0 && lanes > ROUND_ROWS / data->n_train + 1)
		lanes = (int) (ROUND_ROWS / data->n_train) + 1;
	round.buffer_stride = buffer_size(data, spec);
	round.count_stride = (size_t) most_levels + 1;
	round.buffer = ml_scratch_alloc(scratch, round.buffer_stride, sizeof(double) * (size_t) lanes,
									"preprocessing", status);
	if (round.buffer == NULL)
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

/* Numbers the design columns and tells of columns that hold nothing. */
static MlCode
place_columns(MlHost *host, const MlDataset *data, const MlPrepSpec *spec, MlPrep *prep, MlStatus *status)
{
	char		line[320];
	int64_t		width = 0;
	int			empty = 0;
	int			c;

	for (c = 0; c < data->p; c++)
	{
		MlPrepColumn *column = prep->column + c;

		column->first = (int) width;
		width += column->width;
		if (width > INT32_MAX / 2)
			return ml_status_set(status, ML_TOO_LARGE, "encoded columns number more than %d", INT32_MAX / 2);
		if (column->kind == ML_NUMERIC && spec[c].impute != ML_IMPUTE_NONE && spec[c].impute != ML_IMPUTE_CONSTANT)
		{
			int64_t		i = 0;

			while (i < data->n_train && isnan(data->column[c].value[i]))
				i++;
			if (i == data->n_train && i > 0 && ++empty <= MAX_EMPTY_TOLD)
			{
				snprintf(line, sizeof(line), "column \"%s\" has no value in the training rows", column->name);
				host->warn(host, line, "It is treated as zero everywhere.");
			}
		}
	}
	if (empty > MAX_EMPTY_TOLD)
	{
		snprintf(line, sizeof(line), "%d more columns have no value in the training rows", empty - MAX_EMPTY_TOLD);
		host->warn(host, line, "They are treated as zero everywhere.");
	}
	prep->width = (int) width;
	return ML_OK;
}

MlCode
ml_prep_fit(MlHost *host, const MlDataset *data, const MlPrepSpec *spec,
			bool drop_first, MlPrep *prep, MlStatus *status)
{
	MlScratch	scratch;
	MlCode		code = ML_OK;
	int			c;

	prep->p = data->p;
	prep->width = 0;
	prep->column = ml_alloc_zero(host, data->p > 0 ? (size_t) data->p : 1, sizeof(MlPrepColumn));
	if (prep->column == NULL)
		return ml_no_memory(status, (size_t) data->p * sizeof(MlPrepColumn), "preprocessing");
	for (c = 0; c < data->p && code == ML_OK; c++)
	{
		code = check_spec(data->column + c, spec + c, status);
		if (code == ML_OK)
			code = prepare_column(host, data->column + c, spec + c, prep->column + c, status);
	}
	if (code != ML_OK)
		return code;
	ml_scratch_init(&scratch, host);
	code = fit_columns(host, data, spec, drop_first, prep, &scratch, status);
	ml_scratch_release(&scratch);
	return code == ML_OK ? place_columns(host, data, spec, prep, status) : code;
}

/* ---- applying ---- */

/* strcmp of a level with a text of len bytes that need not end */
static int
compare_text(const char *level, const char *text, size_t len)
{
	int			order = strncmp(level, text, len);

	return order != 0 ? order : level[len] != '\0';
}

double
ml_prep_level(const MlPrepColumn *column, const char *text, size_t len)
{
	int32_t		low = 0;
	int32_t		high = column->n_levels - 1;

	if (memchr(text, '\0', len) != NULL)
		return ML_UNSEEN;
	while (low <= high)
	{
		int32_t		middle = low + (high - low) / 2;
		int			order = compare_text(column->level[middle], text, len);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return ML_UNSEEN;
}

/* Index of the level that x stands for, n_levels for a missing one with a level of its own, -1 = none. */
static int32_t
level_index(const MlPrepColumn *column, double x)
{
	if (isnan(x))
	{
		if (column->has_impute)
			x = column->impute;
		else
			return column->null_level ? column->n_levels : -1;
	}
	return x >= 0.0 && x < (double) column->n_levels ? (int32_t) x : -1;
}

static void
apply_onehot(const MlPrepColumn *column, double x, double *z)
{
	int32_t		levels = column->width - (column->indicator ? 1 : 0);
	int32_t		k = level_index(column, x) - (column->drop_first ? 1 : 0);
	int32_t		j;

	for (j = 0; j < levels; j++)
		z[j] = 0.0;
	if (k >= 0 && k < levels)
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
		double		v = x[c];

		if (column->encode == ML_ENCODE_ONEHOT)
			apply_onehot(column, v, out);
		else if (column->encode == ML_ENCODE_ORDINAL)
		{
			int32_t		k = isnan(v) && !column->has_impute ? -1 : level_index(column, v);

			out[0] = ((double) k - column->shift) / column->scale;
		}
		else
		{
			if (isnan(v) && column->has_impute)
				v = column->impute;
			out[0] = (v - column->shift) / column->scale;
		}
		if (column->indicator)
			out[column->width - 1] = isnan(x[c]) ? 1.0 : 0.0;
	}
}

void
ml_prep_name(const MlPrep *prep, int j, char *name, size_t size)
{
	int			c = 0;

	while (c < prep->p - 1 && j >= prep->column[c].first + prep->column[c].width)
		c++;
	ml_prep_column_name(prep->column + c, j - prep->column[c].first, name, size);
}

void
ml_prep_column_name(const MlPrepColumn *column, int k, char *name, size_t size)
{
	if (column->indicator && k == column->width - 1)
		snprintf(name, size, "%s is null", column->name);
	else if (column->encode == ML_ENCODE_ONEHOT)
	{
		k += column->drop_first ? 1 : 0;
		snprintf(name, size, "%s=%s", column->name, k < column->n_levels ? column->level[k] : "(null)");
	}
	else
		snprintf(name, size, "%s", column->name);
}

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
