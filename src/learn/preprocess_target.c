/*
 * preprocess_target.c: target means of the levels of a category.
 *
 * With n rows in a slot, their mean m, and M the mean of all rows, the slot's
 * number is
 *
 *	(n m + s M) / (n + s)			with a smoothing s
 *	w m + (1 - w) M,	w = n V / (n V + v)		without one
 *
 * V the variance of all targets, v that within the slot (Micci-Barreca, "A
 * preprocessing scheme for high-cardinality categorical attributes in
 * classification and prediction problems", SIGKDD Explorations 3, 2001, as
 * scikit-learn has it).  Of several classes each has a number of its own: the
 * target is then whether a row is of the class.
 *
 * A row that learned from a mean it is part of would learn its own target
 * back.  So rows come in folds, and learn from means made without the rows of
 * their fold; whoever predicts has those of all rows.
 *
 * Sums are made fold by fold, and put together without the one that is left
 * out: nothing is subtracted, so nothing is lost.
 */
#include <string.h>

#include "learn/preprocess_state.h"

#define FOLDS ML_PREP_FOLDS
#define ALL FOLDS				/* no fold is left out */

typedef struct Target
{
	int32_t		slots;
	int			values;			/* numbers of a slot */
	double		smoothing;
	bool		classes;
	double	   *sum;			/* FOLDS × slots × values: of targets; then what is left in their place */
	double	   *count;			/* FOLDS × slots */
	double	   *square;			/* FOLDS × slots: Σ (y - mean)², of numbers without smoothing; else NULL */
} Target;

/* Some rows, told by one slot and value or by all slots. */
typedef struct Rows
{
	double		n;
	double		mean;
	double		square;			/* Σ (y - mean)² */
} Rows;

#define CELL(t, f, s) ((size_t) (f) * (size_t) (t)->slots + (size_t) (s))

static void
add_rows(const Target *t, const MlDataset *data, const int32_t *code, const int32_t *slot_of, const uint8_t *fold)
{
	int64_t		i;

	for (i = 0; i < data->n_train; i++)
	{
		size_t		cell = CELL(t, fold[i], slot_of[code[i] + 1]);

		t->count[cell] += 1.0;
		if (t->values > 1)
			t->sum[cell * (size_t) t->values + (size_t) data->y[i]] += 1.0;
		else
			t->sum[cell] += data->y[i];
	}
	for (i = 0; i < data->n_train && t->square != NULL; i++)
	{
		size_t		cell = CELL(t, fold[i], slot_of[code[i] + 1]);
		double		d = data->y[i] - t->sum[cell] / t->count[cell];

		t->square[cell] += d * d;
	}
}

/* The rows of a slot, but those of one fold. */
static Rows
rows_of(const Target *t, int32_t s, int k, int without)
{
	Rows		rows = {0.0, 0.0, 0.0};
	int			f;

	for (f = 0; f < FOLDS; f++)
		if (f != without)
		{
			rows.n += t->count[CELL(t, f, s)];
			rows.mean += t->sum[CELL(t, f, s) * (size_t) t->values + (size_t) k];
		}
	if (rows.n == 0.0)
		return rows;
	rows.mean /= rows.n;
	if (t->classes)
		rows.square = rows.n * rows.mean * (1.0 - rows.mean);
	for (f = 0; f < FOLDS && t->square != NULL; f++)
	{
		double		n = t->count[CELL(t, f, s)];

		if (f != without && n > 0.0)
		{
			double		d = t->sum[CELL(t, f, s)] / n - rows.mean;

			rows.square += t->square[CELL(t, f, s)] + n * d * d;
		}
	}
	return rows;
}

/* All rows, but those of one fold. */
static Rows
all_rows(const Target *t, int k, int without)
{
	Rows		all = {0.0, 0.0, 0.0};
	int32_t		s;

	for (s = 0; s < t->slots; s++)
	{
		Rows		rows = rows_of(t, s, k, without);

		all.n += rows.n;
		all.mean += rows.n * rows.mean;
	}
	all.mean /= all.n;
	for (s = 0; s < t->slots && isnan(t->smoothing); s++)
	{
		Rows		rows = rows_of(t, s, k, without);

		all.square += rows.square + rows.n * (rows.mean - all.mean) * (rows.mean - all.mean);
	}
	return all;
}

static double
smoothed(const Target *t, Rows rows, Rows all)
{
	double		spread = all.square / all.n * rows.n;
	double		weight = isnan(t->smoothing) ? spread / (spread + rows.square / rows.n)
		: rows.n / (rows.n + t->smoothing);

	/* nothing there, or nothing that varies */
	if (rows.n == 0.0 || isnan(weight))
		return all.mean;
	return weight == 1.0 ? rows.mean : all.mean + weight * (rows.mean - all.mean);
}

size_t
ml_prep_target_room(double smoothing, size_t slots)
{
	return FOLDS * slots * (isnan(smoothing) ? 2 : 1);
}

void
ml_prep_fit_target(double smoothing, const MlDataset *data, int c, const uint8_t *fold, double *room,
				   MlPrepColumn *out)
{
	Target		t = {.slots = ml_prep_slots(out),.values = out->n_values,.smoothing = smoothing,
	.classes = data->task != ML_REGRESSION,.sum = out->fold_value,.count = room};
	size_t		cells = FOLDS * (size_t) t.slots;
	int			k;
	int			f;

	memset(t.sum, 0, cells * (size_t) t.values * sizeof(double));
	memset(room, 0, ml_prep_target_room(smoothing, (size_t) t.slots) * sizeof(double));
	if (isnan(smoothing) && !t.classes)
		t.square = room + cells;
	add_rows(&t, data, data->column[c].code, out->slot_of, fold);
	for (k = 0; k < t.values; k++)
	{
		Rows		all[FOLDS + 1];
		int32_t		s;

		all[ALL] = all_rows(&t, k, ALL);
		for (f = 0; f < FOLDS; f++)
		{
			all[f] = all_rows(&t, k, f);
			/* one row: there is no other fold */
			if (!(all[f].n > 0.0))
				all[f] = all[ALL];
		}
		for (s = 0; s < t.slots; s++)
		{
			double		left[FOLDS];

			out->value[(size_t) s * (size_t) t.values + (size_t) k] = smoothed(&t, rows_of(&t, s, k, ALL), all[ALL]);
			for (f = 0; f < FOLDS; f++)
				left[f] = smoothed(&t, rows_of(&t, s, k, f), all[f]);
			for (f = 0; f < FOLDS; f++)
				t.sum[CELL(&t, f, s) * (size_t) t.values + (size_t) k] = left[f];
		}
	}
}
