/*
 * sampling.c: training rows of common and of rare classes in other numbers than they come in.
 *
 * A row that is drawn k times stands there once and weighs k times as much: to
 * sums, gradients and impurities that is the same, and it costs no memory.
 * Rows that are left out do: the others are copied.
 *
 * The draw is a function of the seed and of the canonical order alone.
 *
 * Symbols: count[k] training rows of class k, wanted[k] those that are to be.
 */
#include "learn/sampling.h"

#include <math.h>
#include <string.h>

#include "kernel/rng.h"
#include "learn/params.h"

#define STREAM_SAMPLING UINT64_C(0x73616d706c65)
#define POLL_DRAWS 1000000

MlCode
ml_sampling_check(const MlSampling *how, const MlParams *params, MlTaskKind task, MlStatus *status)
{
	int			positive = params ? ml_param_index(params->learner, "scale_pos_weight") : -1;

	if (how->method == ML_SAMPLING_NONE)
		return ML_OK;
	if (task == ML_REGRESSION)
	{
		ml_status_set(status, ML_BAD_PARAMETER, "option \"sampling\" needs classes");
		ml_status_hint(status, "A regression can weigh its rows: see config.sample_weight.");
		return ML_BAD_PARAMETER;
	}
	if (params != NULL && (params->balanced || params->n_class_weights > 0 ||
						   (positive >= 0 && params->number[positive] != 1)))
	{
		ml_status_set(status, ML_BAD_PARAMETER, "option \"sampling\" and parameter \"%s\" cannot be used together",
					  params->balanced || params->n_class_weights > 0 ? "class_weight" : "scale_pos_weight");
		ml_status_detail(status, "Both change the proportion in which classes are learned from.");
		return ML_BAD_PARAMETER;
	}
	return ML_OK;
}

typedef struct Draw
{
	MlScratch  *scratch;
	const MlDataset *data;
	uint64_t	seed;
	int64_t    *count;
	int64_t    *wanted;
	double	   *ratio;			/* wanted / count */
} Draw;

/* wanted and ratio; false: all as it is. */
static bool
decide(const MlSampling *how, Draw *d)
{
	int64_t		most = 0;
	int64_t		least = INT64_MAX;
	bool		changed = false;
	int64_t		i;
	int			k;

	for (i = 0; i < d->data->n_train; i++)
		d->count[(int) d->data->y[i]]++;
	for (k = 0; k < d->data->n_classes; k++)
	{
		most = d->count[k] > most ? d->count[k] : most;
		least = d->count[k] > 0 && d->count[k] < least ? d->count[k] : least;
	}
	for (k = 0; k < d->data->n_classes; k++)
	{
		/* cut off as imbalanced-learn does */
		int64_t		bound = how->method == ML_SAMPLING_OVER ? (int64_t) (how->ratio * (double) most)
			: (int64_t) fmin((double) least / how->ratio, 9e18);

		d->wanted[k] = d->count[k];
		if (d->count[k] > 0 && (how->method == ML_SAMPLING_OVER ? bound > d->count[k] : bound < d->count[k]))
			d->wanted[k] = bound;
		d->ratio[k] = d->count[k] > 0 ? (double) d->wanted[k] / (double) d->count[k] : 1.0;
		changed |= d->wanted[k] != d->count[k];
	}
	return changed;
}

static MlCode
cancelled(MlStatus *status)
{
	return ml_status_set(status, ML_CANCELLED, "training was cancelled");
}

/* weight[i] *= how often row i is there: once, and as often as it is drawn again. */
static MlCode
draw_again(const Draw *d, double *weight, MlStatus *status)
{
	const MlDataset *data = d->data;
	uint32_t   *member = ml_scratch_alloc(d->scratch, (size_t) data->n_train, sizeof(uint32_t), "sampling", status);
	uint32_t   *times = ml_scratch_zero(d->scratch, (size_t) data->n_train, sizeof(uint32_t), "sampling", status);
	int64_t		drawn = 0;
	int64_t		i;
	int			k;

	if (member == NULL || times == NULL)
		return status->code;
	for (k = 0; k < data->n_classes; k++)
	{
		uint64_t	key = ml_rng_key(d->seed ^ STREAM_SAMPLING, (uint64_t) k);
		int64_t		n = 0;

		if (d->wanted[k] == d->count[k])
			continue;
		for (i = 0; i < data->n_train; i++)
			if ((int) data->y[i] == k)
				member[n++] = (uint32_t) i;
		for (i = 0; i < d->wanted[k] - n; i++)
		{
			times[member[ml_rng_below_at(key, (uint64_t) i, (uint64_t) n)]]++;
			if (++drawn % POLL_DRAWS == 0 && d->scratch->host->poll(d->scratch->host, "sampling", 0.5))
				return cancelled(status);
		}
	}
	for (i = 0; i < data->n_train; i++)
		weight[i] *= 1.0 + times[i];
	return ML_OK;
}

/* kept[] := the training rows that stay, in order; every set of wanted[k] of a class is as likely as any other. */
static int64_t
draw_kept(const Draw *d, uint32_t *kept, int64_t *wanted, int64_t *left)
{
	uint64_t	key = ml_rng_key(d->seed ^ STREAM_SAMPLING, (uint64_t) d->data->n_classes);
	int64_t		n = 0;
	int64_t		i;

	memcpy(wanted, d->wanted, (size_t) d->data->n_classes * sizeof(int64_t));
	memcpy(left, d->count, (size_t) d->data->n_classes * sizeof(int64_t));
	for (i = 0; i < d->data->n_train; i++)
	{
		int			k = (int) d->data->y[i];

		if (ml_rng_unit_at(key, (uint64_t) i) * (double) left[k]-- < (double) wanted[k])
		{
			wanted[k]--;
			kept[n++] = (uint32_t) i;
		}
	}
	return n;
}

/* to := rows row[0..n) of from, and after them `more` rows from `rest` on; elements of `size` bytes. */
static void *
copy_rows(MlScratch *scratch, const void *from, size_t size, const uint32_t *row, int64_t n, int64_t rest, int64_t more,
		  MlStatus *status)
{
	char	   *to = ml_scratch_alloc(scratch, (size_t) (n + more), size, "the rows that are sampled", status);
	int64_t		i;

	if (to == NULL)
		return NULL;
	for (i = 0; i < n; i++)
		memcpy(to + (size_t) i * size, (const char *) from + (size_t) row[i] * size, size);
	memcpy(to + (size_t) n * size, (const char *) from + (size_t) rest * size, (size_t) more * size);
	return to;
}

/* out := data with `n` of its training rows and those that choose. */
static MlCode
keep_rows(const Draw *d, const MlPrep *prep, const uint32_t *kept, int64_t n, MlDataset *out, MlPrep *out_prep,
		  MlStatus *status)
{
	const MlDataset *data = d->data;
	int64_t		train = data->n_train;
	int64_t		more = data->n_valid;
	int			c;

	out->n = n + more;
	out->n_train = n;
	out->column = ml_scratch_alloc(d->scratch, (size_t) data->p + 1, sizeof(MlColumn), "sampling", status);
	out->y = copy_rows(d->scratch, data->y, sizeof(double), kept, n, train, more, status);
	if (out->column == NULL || out->y == NULL)
		return status->code;
	if (data->weight != NULL)
	{
		out->weight = copy_rows(d->scratch, data->weight, sizeof(double), kept, n, train, more, status);
		if (out->weight == NULL)
			return status->code;
	}
	for (c = 0; c < data->p; c++)
	{
		MlColumn   *column = out->column + c;

		if (d->scratch->host->poll(d->scratch->host, "sampling", (double) c / data->p))
			return cancelled(status);
		*column = data->column[c];
		if (column->code != NULL)
			column->code = copy_rows(d->scratch, column->code, sizeof(int32_t), kept, n, train, more, status);
		else
			column->value = copy_rows(d->scratch, column->value, sizeof(double), kept, n, train, more, status);
		if (column->code == NULL && column->value == NULL)
			return status->code;
	}
	if (prep->fold != NULL)
	{
		out_prep->fold = copy_rows(d->scratch, prep->fold, sizeof(uint8_t), kept, n, 0, 0, status);
		out_prep->fold_rows = n;
	}
	return prep->fold != NULL && out_prep->fold == NULL ? status->code : ML_OK;
}

static MlCode
leave_out(const Draw *d, const MlPrep *prep, MlDataset *out, MlPrep *out_prep, MlStatus *status)
{
	size_t		classes = (size_t) d->data->n_classes;
	uint32_t   *kept = ml_scratch_alloc(d->scratch, (size_t) d->data->n_train, sizeof(uint32_t), "sampling", status);
	int64_t    *room = ml_scratch_alloc(d->scratch, 2 * classes, sizeof(int64_t), "sampling", status);

	if (kept == NULL || room == NULL)
		return status->code;
	return keep_rows(d, prep, kept, draw_kept(d, kept, room, room + classes), out, out_prep, status);
}

MlCode
ml_sample(MlScratch *scratch, const MlDataset *data, const MlPrep *prep, const MlSampling *how,
		  uint64_t seed, MlDataset *out, MlPrep *out_prep, int64_t *rows, MlStatus *status)
{
	size_t		classes = (size_t) data->n_classes;
	Draw		d = {.scratch = scratch,.data = data,.seed = seed};
	double	   *weight;
	MlCode		code = ML_OK;
	int64_t		i;
	int			k;

	*out = *data;
	*out_prep = *prep;
	*rows = data->n_train;
	if (how->method == ML_SAMPLING_NONE)
		return ML_OK;
	d.count = ml_scratch_zero(scratch, 2 * classes, sizeof(int64_t), "sampling", status);
	d.ratio = ml_scratch_alloc(scratch, classes, sizeof(double), "sampling", status);
	if (d.count == NULL || d.ratio == NULL)
		return status->code;
	d.wanted = d.count + classes;
	if (!decide(how, &d))
		return ML_OK;
	for (*rows = 0, k = 0; k < data->n_classes; k++)
		*rows += d.wanted[k];
	out->class_ratio = d.ratio;
	if (how->method == ML_SAMPLING_UNDER)
		code = leave_out(&d, prep, out, out_prep, status);
	if (code != ML_OK)
		return code;
	weight = ml_scratch_alloc(scratch, (size_t) out->n, sizeof(double), "weights", status);
	if (weight == NULL)
		return status->code;
	for (i = 0; i < out->n; i++)
		weight[i] = (out->weight != NULL ? out->weight[i] : 1.0) * (i < out->n_train ? 1.0 : d.ratio[(int) out->y[i]]);
	out->weight = weight;
	return how->method == ML_SAMPLING_OVER ? draw_again(&d, weight, status) : ML_OK;
}
