/*
 * leakage.c: what each column says of the target by itself.
 *
 * Of at most MOST_ROWS rows, evenly spaced in canonical order, each fifth (by
 * the hash of the key, so that rows of one key or group stay together) is
 * judged by the others:
 *
 *	classes		The share of the class among the nearest rows of the others (numbers),
 *				or those of the same level, each counted once more for the share among
 *				all; AUC.  Any shape is found, up to the width of the neighbourhood.
 *	regression	The straight line between the nearest value below and above, or the
 *				level's mean; R2.
 *
 * Missing values are a level.  There are figures from ML_LEAK_MIN_ROWS rows
 * on, and of classes with LEAST_OF_CLASS.
 */
#include "learn/leakage.h"

#include <math.h>
#include <string.h>

#include "kernel/hash.h"
#include "kernel/metrics.h"
#include "kernel/sort.h"
#include "learn/inspect.h"
#include "learn/lanes.h"

#define MOST_ROWS 50000
#define LEAST_OF_CLASS 5
#define MOST_CLASSES 20			/* judged, the commonest */
#define FOLDS 5
#define WIDEST 32				/* rows of a neighbourhood */
#define NEARLY_ALL 0.95			/* different values from which the order of reading is looked at */

/* The rows looked at. */
typedef struct Sample
{
	const MlDataset *data;
	MlColumnLeakage *out;
	int64_t		n;
	int64_t    *row;			/* of the dataset */
	double	   *y;
	double	   *read;			/* where it was read */
	uint8_t    *fold;
	int			wide;			/* rows of a neighbourhood */
	int			n_judged;		/* classes; 0 = too few rows */
	int			judged[MOST_CLASSES];
} Sample;

/* One column of it: rows with a value by ascending value, and room for work. */
typedef struct Sorted
{
	int64_t		m;
	double	   *x;				/* m, ascending */
	int32_t    *at;				/* n: m rows of the sample in that order, then those without a value */
	int32_t    *from;			/* n: neighbourhood among the other folds' rows */
	int32_t    *to;
	double	   *score;			/* n */
	double	   *work;			/* n + 1 */
	double	   *work2;			/* n + 1 */
	uint64_t   *key;			/* n */
	uint32_t   *order;			/* n */
	void	   *scratch;		/* of sorting n */
} Sorted;

static size_t
sort_room(int64_t n)
{
	size_t		pairs = ml_sort_scratch(n);
	size_t		scores = ml_score_scratch(n);

	return pairs > scores ? pairs : scores;
}

static size_t
sorted_room(int64_t n)
{
	return ((size_t) n + 2) * (4 * sizeof(double) + 4 * sizeof(int32_t) + sizeof(uint64_t)) + sort_room(n);
}

static void
take_room(void *room, int64_t n, Sorted *s)
{
	s->x = ml_room_take(&room, (size_t) n, sizeof(double));
	s->score = ml_room_take(&room, (size_t) n, sizeof(double));
	s->work = ml_room_take(&room, (size_t) n + 1, sizeof(double));
	s->work2 = ml_room_take(&room, (size_t) n + 1, sizeof(double));
	s->key = ml_room_take(&room, (size_t) n, sizeof(uint64_t));
	s->at = ml_room_take(&room, (size_t) n, sizeof(int32_t));
	s->from = ml_room_take(&room, (size_t) n, sizeof(int32_t));
	s->to = ml_room_take(&room, (size_t) n, sizeof(int32_t));
	s->order = ml_room_take(&room, (size_t) n, sizeof(uint32_t));
	s->scratch = room;
}

/* ---- ranks ---- */

/* rank[i] := rank of value[i], the mean of equals; centred. */
static void
find_ranks(const double *value, int64_t n, Sorted *s, double *rank)
{
	int64_t		from = 0;

	for (int64_t i = 0; i < n; i++)
		s->key[i] = ml_sort_key(value[i]);
	ml_sort_pairs(s->key, NULL, n, s->order, s->scratch);
	for (int64_t i = 1; i <= n; i++)
	{
		if (i < n && value[s->order[i]] == value[s->order[from]])
			continue;
		for (int64_t j = from; j < i; j++)
			rank[s->order[j]] = (double) (from + i - 1) / 2 - (double) (n - 1) / 2;
		from = i;
	}
}

/* |Spearman| of x, ascending, and other of the same rows. */
static double
rank_correlation(const double *x, const double *other, int64_t n, Sorted *s)
{
	double		xx = 0;
	double		yy = 0;
	double		xy = 0;

	find_ranks(x, n, s, s->work);
	find_ranks(other, n, s, s->work2);
	for (int64_t i = 0; i < n; i++)
	{
		xx += s->work[i] * s->work[i];
		yy += s->work2[i] * s->work2[i];
		xy += s->work[i] * s->work2[i];
	}
	return xx > 0 && yy > 0 ? fmin(fabs(xy / sqrt(xx) / sqrt(yy)), 1) : NAN;
}

/* ---- classes ---- */

/* Which classes are judged; two classes are one question. */
static MlCode
choose_classes(MlScratch *scratch, Sample *sample, MlStatus *status)
{
	const MlDataset *data = sample->data;
	int64_t    *count = ml_scratch_zero(scratch, (size_t) data->n_classes, sizeof(int64_t), "classes", status);
	int			enough = 0;

	if (count == NULL)
		return status->code;
	for (int64_t i = 0; i < sample->n; i++)
		count[(int) sample->y[i]]++;
	for (int c = 0; c < data->n_classes; c++)
		enough += count[c] >= LEAST_OF_CLASS;
	if (sample->n < ML_LEAK_MIN_ROWS || enough < 2)
		return ML_OK;
	if (data->task == ML_BINARY)
	{
		sample->judged[sample->n_judged++] = 1;
		return ML_OK;
	}
	while (sample->n_judged < MOST_CLASSES && sample->n_judged < enough)
	{
		int			best = 0;

		for (int c = 1; c < data->n_classes; c++)
			if (count[c] > count[best])
				best = c;
		sample->judged[sample->n_judged++] = best;
		count[best] = 0;
	}
	return ML_OK;
}

static double
auc_of_class(const Sample *sample, int class, Sorted *s)
{
	ml_score_order(s->score, sample->n, s->order, s->scratch);
	return ml_roc_auc(sample->y, class, s->score, NULL, s->order, sample->n);
}

/* Rows [from, to) of the other folds' rows nearest to each row with a value. */
static void
find_neighbours(const Sample *sample, Sorted *s)
{
	for (int fold = 0; fold < FOLDS; fold++)
	{
		double	   *other = s->work;
		int64_t		n = 0;
		int64_t		low = 0;
		int64_t		high = 0;

		for (int64_t i = 0; i < s->m; i++)
			if (sample->fold[s->at[i]] != fold)
				other[n++] = s->x[i];
		for (int64_t i = 0; i < s->m; i++)
		{
			double		x = s->x[i];
			int64_t		from;
			int64_t		to;

			if (sample->fold[s->at[i]] != fold)
				continue;
			/* all equal ones; then the nearer side, one by one */
			while (low < n && other[low] < x)
				low++;
			while (high < n && other[high] <= x)
				high++;
			from = low;
			to = high;
			while (to - from < sample->wide && (from > 0 || to < n))
				if (to == n || (from > 0 && x - other[from - 1] <= other[to] - x))
					from--;
				else
					to++;
			s->from[i] = (int32_t) from;
			s->to[i] = (int32_t) to;
		}
	}
}

/* score := share of the class in the neighbourhood, of rows without a value among those. */
static void
score_number(const Sample *sample, int class, Sorted *s)
{
	for (int fold = 0; fold < FOLDS; fold++)
	{
		double	   *before = s->work;	/* rows of the class before the i-th of the other folds' */
		int64_t		n = 0;
		double		missing = 0;
		double		of_class = 0;
		double		prior;

		before[0] = 0;
		for (int64_t i = 0; i < s->m; i++)
			if (sample->fold[s->at[i]] != fold)
			{
				before[n + 1] = before[n] + (sample->y[s->at[i]] == class);
				n++;
			}
		for (int64_t i = s->m; i < sample->n; i++)
			if (sample->fold[s->at[i]] != fold)
			{
				missing++;
				of_class += sample->y[s->at[i]] == class;
			}
		prior = n + missing > 0 ? (before[n] + of_class) / ((double) n + missing) : 0;
		for (int64_t i = 0; i < sample->n; i++)
			if (sample->fold[s->at[i]] == fold)
				s->score[s->at[i]] = i < s->m ?
					(before[s->to[i]] - before[s->from[i]] + prior) / (s->to[i] - s->from[i] + 1) :
					(of_class + prior) / (missing + 1);
	}
}

/* The same by level; count, positive: room for n_levels + 1 numbers each. */
static void
score_category(const Sample *sample, const MlColumn *column, int class, double *count, double *positive, Sorted *s)
{
	for (int fold = 0; fold < FOLDS; fold++)
	{
		double		rows = 0;
		double		of_class = 0;

		memset(count, 0, ((size_t) column->n_levels + 1) * sizeof(double));
		memset(positive, 0, ((size_t) column->n_levels + 1) * sizeof(double));
		for (int64_t i = 0; i < sample->n; i++)
			if (sample->fold[i] != fold)
			{
				int32_t		level = column->code[sample->row[i]] + 1;

				count[level]++;
				positive[level] += sample->y[i] == class;
				rows++;
				of_class += sample->y[i] == class;
			}
		for (int64_t i = 0; i < sample->n; i++)
			if (sample->fold[i] == fold)
			{
				int32_t		level = column->code[sample->row[i]] + 1;

				s->score[i] = (positive[level] + (rows > 0 ? of_class / rows : 0)) / (count[level] + 1);
			}
	}
}

/* ---- regression ---- */

/* Value and mean target of the different values among the other folds' rows; returns how many. */
static int64_t
find_knots(const Sample *sample, int fold, const Sorted *s, double *x, double *y)
{
	int64_t		knots = 0;
	int64_t		rows = 0;

	for (int64_t i = 0; i < s->m; i++)
	{
		if (sample->fold[s->at[i]] == fold)
			continue;
		if (knots == 0 || s->x[i] != x[knots - 1])
		{
			x[knots] = s->x[i];
			y[knots++] = 0;
			rows = 0;
		}
		rows++;
		y[knots - 1] += (sample->y[s->at[i]] - y[knots - 1]) / (double) rows;
	}
	return knots;
}

/* Between knots k - 1 and k, the first at or after x; beyond the ends the last knot. */
static double
interpolate(const double *x, const double *y, int64_t knots, int64_t k, double at)
{
	double		share;

	if (k == knots)
		return y[k - 1];
	if (k == 0 || x[k] == at)
		return y[k];
	share = (at - x[k - 1]) / (x[k] - x[k - 1]);
	/* a range that overflows */
	if (!(share >= 0 && share <= 1))
		share = 0.5;
	return y[k - 1] + share * (y[k] - y[k - 1]);
}

static void
predict_number(const Sample *sample, Sorted *s)
{
	for (int fold = 0; fold < FOLDS; fold++)
	{
		int64_t		knots = find_knots(sample, fold, s, s->work, s->work2);
		int64_t		k = 0;
		double		missing = 0;
		double		mean = 0;

		for (int64_t i = s->m; i < sample->n; i++)
			if (sample->fold[s->at[i]] != fold)
				mean += (sample->y[s->at[i]] - mean) / ++missing;
		for (int64_t i = 0; i < sample->n; i++)
		{
			if (sample->fold[s->at[i]] != fold)
				continue;
			while (i < s->m && k < knots && s->work[k] < s->x[i])
				k++;
			s->score[s->at[i]] = i < s->m && knots > 0 ? interpolate(s->work, s->work2, knots, k, s->x[i]) : mean;
		}
	}
}

static void
predict_category(const Sample *sample, const MlColumn *column, double *count, double *mean, Sorted *s)
{
	for (int fold = 0; fold < FOLDS; fold++)
	{
		double		rows = 0;
		double		all = 0;

		memset(count, 0, ((size_t) column->n_levels + 1) * sizeof(double));
		memset(mean, 0, ((size_t) column->n_levels + 1) * sizeof(double));
		for (int64_t i = 0; i < sample->n; i++)
			if (sample->fold[i] != fold)
			{
				int32_t		level = column->code[sample->row[i]] + 1;

				mean[level] += (sample->y[i] - mean[level]) / ++count[level];
				all += (sample->y[i] - all) / ++rows;
			}
		for (int64_t i = 0; i < sample->n; i++)
			if (sample->fold[i] == fold)
			{
				int32_t		level = column->code[sample->row[i]] + 1;

				s->score[i] = count[level] > 0 ? mean[level] : all;
			}
	}
}

static double
r_squared(const Sample *sample, const double *predicted)
{
	double		mean = 0;
	double		total = 0;
	double		left = 0;

	for (int64_t i = 0; i < sample->n; i++)
		mean += (sample->y[i] - mean) / (double) (i + 1);
	for (int64_t i = 0; i < sample->n; i++)
	{
		total += (sample->y[i] - mean) * (sample->y[i] - mean);
		left += (sample->y[i] - predicted[i]) * (sample->y[i] - predicted[i]);
	}
	return total > 0 ? 1 - left / total : NAN;
}

/* ---- columns ---- */

static void
sort_column(const Sample *sample, const MlColumn *column, Sorted *s)
{
	double	   *x = s->work;
	int32_t    *at = s->from;

	s->m = 0;
	for (int64_t i = 0; i < sample->n; i++)
	{
		double		value = column->value[sample->row[i]];

		if (isnan(value))
			continue;
		x[s->m] = value;
		s->key[s->m] = ml_sort_key(value);
		at[s->m++] = (int32_t) i;
	}
	ml_sort_pairs(s->key, NULL, s->m, s->order, s->scratch);
	for (int64_t i = 0; i < s->m; i++)
	{
		s->x[i] = x[s->order[i]];
		s->at[i] = at[s->order[i]];
	}
	for (int64_t i = 0, next = s->m; i < sample->n; i++)
		if (isnan(column->value[sample->row[i]]))
			s->at[next++] = (int32_t) i;
}

/* Rows with a value by the length of the range, when all values are whole; else NaN. */
static double
density_of(const MlDataset *data, const double *x)
{
	double		low = INFINITY;
	double		high = -INFINITY;
	int64_t		rows = 0;

	for (int64_t i = 0; i < data->n; i++)
	{
		if (isnan(x[i]))
			continue;
		if (x[i] != floor(x[i]))
			return NAN;
		rows++;
		low = fmin(low, x[i]);
		high = fmax(high, x[i]);
	}
	return rows > 0 ? (double) rows / (high - low + 1) : NAN;
}

static double
pairs(int64_t n)
{
	return (double) n * (double) (n - 1) / 2;
}

/* Share of the pairs among n rows that have the same value, or none. */
static double
chance_of_equals(const Sorted *s, int64_t n)
{
	double		equal = pairs(n - s->m);
	int64_t		from = 0;

	for (int64_t i = 1; i <= s->m; i++)
		if (i == s->m || s->x[i] != s->x[from])
		{
			equal += pairs(i - from);
			from = i;
		}
	return n > 1 ? equal / pairs(n) : NAN;
}

static void
look_at_number(const Sample *sample, const MlColumn *column, Sorted *s, MlColumnLeakage *out)
{
	int64_t		different = 0;

	sort_column(sample, column, s);
	out->rows = s->m;
	for (int64_t i = 0; i < s->m; i++)
		different += i == 0 || s->x[i] != s->x[i - 1];
	out->distinct = s->m > 0 ? (double) different / (double) s->m : NAN;
	out->repeats = chance_of_equals(s, sample->n);
	out->density = density_of(sample->data, column->value);
	if (sample->n < ML_LEAK_MIN_ROWS || different < 2)
		return;
	/* work that the sorted rows of the target, or the order of reading, are gathered in */
	if (!isnan(out->density) && out->distinct >= NEARLY_ALL)
	{
		for (int64_t i = 0; i < s->m; i++)
			s->score[i] = sample->read[s->at[i]];
		out->read_order = rank_correlation(s->x, s->score, s->m, s);
	}
	if (sample->data->task == ML_REGRESSION)
	{
		for (int64_t i = 0; i < s->m; i++)
			s->score[i] = sample->y[s->at[i]];
		out->rank_correlation = rank_correlation(s->x, s->score, s->m, s);
		predict_number(sample, s);
		out->figure = r_squared(sample, s->score);
		return;
	}
	find_neighbours(sample, s);
	for (int k = 0; k < sample->n_judged; k++)
	{
		score_number(sample, sample->judged[k], s);
		out->figure = (k == 0 ? 0 : out->figure) + auc_of_class(sample, sample->judged[k], s) / sample->n_judged;
	}
}

static void
look_at_category(const Sample *sample, const MlColumn *column, double *count, double *other, Sorted *s,
				 MlColumnLeakage *out)
{
	int64_t		different = 0;
	double		equal = 0;

	memset(count, 0, ((size_t) column->n_levels + 1) * sizeof(double));
	for (int64_t i = 0; i < sample->n; i++)
	{
		int32_t		level = column->code[sample->row[i]];

		out->rows += level >= 0;
		different += level >= 0 && count[level + 1] == 0;
		equal += count[level + 1]++;
	}
	out->repeats = sample->n > 1 ? equal / pairs(sample->n) : NAN;
	out->distinct = out->rows > 0 ? (double) different / (double) out->rows : NAN;
	if (sample->n < ML_LEAK_MIN_ROWS || different + (out->rows < sample->n) < 2)
		return;
	if (sample->data->task == ML_REGRESSION)
	{
		predict_category(sample, column, count, other, s);
		out->figure = r_squared(sample, s->score);
	}
	for (int k = 0; k < sample->n_judged; k++)
	{
		score_category(sample, column, sample->judged[k], count, other, s);
		out->figure = (k == 0 ? 0 : out->figure) + auc_of_class(sample, sample->judged[k], s) / sample->n_judged;
	}
}

static void
look_at_column(void *arg, int c, void *room)
{
	const Sample *sample = arg;
	const MlColumn *column = &sample->data->column[c];
	MlColumnLeakage *out = &sample->out[c];
	double	   *count = ml_room_take(&room, (size_t) column->n_levels + 1, sizeof(double));
	double	   *other = ml_room_take(&room, (size_t) column->n_levels + 1, sizeof(double));
	Sorted		sorted;

	*out = (MlColumnLeakage) {.figure = NAN,.rank_correlation = NAN,.density = NAN,.read_order = NAN};
	take_room(room, sample->n, &sorted);
	if (column->kind == ML_CATEGORY)
		look_at_category(sample, column, count, other, &sorted, out);
	else
		look_at_number(sample, column, &sorted, out);
}

static MlCode
take_sample(MlScratch *scratch, const MlDataset *data, const uint64_t *key_hash, const uint32_t *read_at,
			Sample *sample, MlStatus *status)
{
	size_t		n = (size_t) (data->n < MOST_ROWS ? data->n : MOST_ROWS);

	sample->data = data;
	sample->n = (int64_t) n;
	sample->row = ml_scratch_alloc(scratch, n, sizeof(int64_t), "leakage", status);
	sample->y = ml_scratch_alloc(scratch, n, sizeof(double), "leakage", status);
	sample->read = ml_scratch_alloc(scratch, n, sizeof(double), "leakage", status);
	sample->fold = ml_scratch_alloc(scratch, n, 1, "leakage", status);
	if (sample->row == NULL || sample->y == NULL || sample->read == NULL || sample->fold == NULL)
		return status->code;
	for (size_t i = 0; i < n; i++)
	{
		int64_t		row = (int64_t) ((double) i * (double) data->n / (double) n);

		sample->row[i] = row;
		sample->y[i] = data->y[row];
		sample->read[i] = read_at[row];
		/* the hash itself has decided the order, and who judges the model */
		sample->fold[i] = (uint8_t) (ml_mix64(key_hash[read_at[row]]) % FOLDS);
	}
	/* narrow where rows are few, so that a step is not blurred */
	sample->wide = (int) sqrt((double) n) / 4;
	sample->wide = sample->wide < 3 ? 3 : sample->wide > WIDEST ? WIDEST : sample->wide;
	return data->task == ML_REGRESSION ? ML_OK : choose_classes(scratch, sample, status);
}

MlCode
ml_leakage_columns(MlHost *host, const MlDataset *data, const uint64_t *key_hash, const uint32_t *read_at,
				   MlColumnLeakage *out, MlStatus *status)
{
	Sample		sample = {.out = out};
	int32_t		levels = 0;
	MlScratch	scratch;
	MlCode		code;

	for (int c = 0; c < data->p; c++)
		levels = data->column[c].n_levels > levels ? data->column[c].n_levels : levels;
	ml_scratch_init(&scratch, host);
	code = take_sample(&scratch, data, key_hash, read_at, &sample, status);
	if (code == ML_OK)
		code = ml_lanes_run(&scratch, data->p, sorted_room(sample.n) + 2 * ((size_t) levels + 1) * sizeof(double),
							look_at_column, &sample, "the check for leakage", status);
	ml_scratch_release(&scratch);
	return code;
}

/* ---- rows ---- */

/* hash[i]: of all features of row i; 0 and -0 are one value, all missing ones another.  False: asked to stop. */
static bool
hash_rows(MlHost *host, const MlDataset *data, uint64_t *hash)
{
	memset(hash, 0, (size_t) data->n * sizeof(uint64_t));
	for (int c = 0; c < data->p; c++)
	{
		const MlColumn *column = &data->column[c];

		if (host->poll(host, "the check for leakage", 0.9))
			return false;
		for (int64_t i = 0; i < data->n; i++)
			hash[i] = ml_hash_combine(hash[i], column->kind == ML_CATEGORY ? (uint64_t) (column->code[i] + 1) :
									  isnan(column->value[i]) ? 1 : ml_sort_key(column->value[i]));
	}
	return true;
}

/* Rows by features, and of equal ones by target: those that learn first. */
typedef struct Alike
{
	const uint64_t *features;
	const uint64_t *target;
	const uint32_t *order;
	int64_t		n_train;
} Alike;

/* How many of rows [from, to) of the order learn. */
static int64_t
count_learned(const Alike *a, int64_t from, int64_t to)
{
	int64_t		learned = 0;

	for (int64_t i = from; i < to; i++)
		learned += a->order[i] < a->n_train;
	return learned;
}

/* Rows [from, to) have the same features. */
static void
count_run(const Alike *a, int64_t from, int64_t to, MlSharedRows *out)
{
	int64_t		learned = count_learned(a, from, to);

	out->different++;
	if (learned == 0)
		return;
	out->shared += to - from - learned;
	for (int64_t next = from; from < to; from = next)
	{
		while (next < to && a->target[a->order[next]] == a->target[a->order[from]])
			next++;
		learned = count_learned(a, from, next);
		if (learned > 0)
			out->same_target += next - from - learned;
	}
}

static bool
asked_to_stop(void *arg)
{
	MlHost	   *host = arg;

	return host->poll(host, "the check for leakage", 0.9);
}

MlCode
ml_leakage_rows(MlHost *host, const MlDataset *data, MlSharedRows *out, MlStatus *status)
{
	size_t		n = (size_t) data->n;
	MlScratch	scratch;
	uint64_t   *features;
	uint64_t   *target;
	uint32_t   *order;
	void	   *room;
	MlCode		code = ML_NO_MEMORY;

	memset(out, 0, sizeof(*out));
	out->test = data->n - data->n_train;
	ml_scratch_init(&scratch, host);
	features = ml_scratch_alloc(&scratch, n, sizeof(uint64_t), "leakage", status);
	target = ml_scratch_alloc(&scratch, n, sizeof(uint64_t), "leakage", status);
	order = ml_scratch_alloc(&scratch, n, sizeof(uint32_t), "leakage", status);
	room = ml_scratch_alloc(&scratch, ml_sort_scratch(data->n), 1, "leakage", status);
	if (features != NULL && target != NULL && order != NULL && room != NULL)
	{
		Alike		alike = {features, target, order, data->n_train};
		int64_t		from = 0;

		for (size_t i = 0; i < n; i++)
			target[i] = ml_sort_key(data->y[i]);
		code = hash_rows(host, data, features) &&
			ml_sort_pairs_until(features, target, data->n, order, room, asked_to_stop, host) ? ML_OK :
			ml_status_set(status, ML_CANCELLED, "the check for leakage was cancelled");
		for (int64_t i = 1; code == ML_OK && i <= data->n; i++)
			if (i == data->n || features[order[i]] != features[order[from]])
			{
				count_run(&alike, from, i, out);
				from = i;
			}
	}
	ml_scratch_release(&scratch);
	return code;
}
