/*
 * importance.c: how much each SQL feature matters to a trained model.
 *
 *	gain			trees: share of the gain of all splits; linear models: share of the
 *					absolute standardised coefficients
 *	split			trees: number of splits
 *	permutation		drop of the metric, in its good direction, when the feature's values
 *					change places among the rows (Breiman 2001): mean and deviation over
 *					SHUFFLES seeded shuffles
 *	shap			mean |contribution| to the margin, summed over the classes
 *
 * Columns that one SQL feature became are taken together: their shares are
 * added, they are shuffled by the same permutation, and their contributions
 * are added before the absolute value is taken.
 *
 * The last two look at rows, evenly spaced among those held out, and at no
 * more of them than COST_LIMIT allows: training is not to wait long for
 * figures about it.  Of a model for which MIN_ROWS cost too much there is no
 * permutation, since drops over less rows are noise.
 */
#include "learn/importance.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/rng.h"
#include "kernel/sum.h"
#include "learn/evaluate.h"
#include "learn/tree.h"

#define SHUFFLES 5
#define MAX_ROWS 10000
#define MAX_SHAP_ROWS 1000
#define MIN_ROWS 50
/* steps from node to node; points at nodes */
#define COST_LIMIT 1e8
/* what MIN_ROWS may not go beyond: seconds */
#define MOST_SHAP_COST 2e8
#define MOST_PERMUTATION_COST 2e9
#define SMALL_WIDTH 4096		/* doubles a task */
/* 'shuf' */
#define STREAM_SHUFFLE UINT64_C(0x73687566)

/* The columns of SQL feature i are [first[i], first[i + 1]). */
typedef struct Features
{
	int			n;
	int		   *first;
} Features;

static MlCode
find_features(MlScratch *scratch, const MlDataset *data, Features *features, MlStatus *status)
{
	int			c;

	features->n = data->p > 0 ? data->column[data->p - 1].feature + 1 : 0;
	features->first = ml_scratch_zero(scratch, (size_t) features->n + 1, sizeof(int), "importance", status);
	if (features->first == NULL)
		return ML_NO_MEMORY;
	/* columns stand in the order of their features */
	for (c = 0; c < data->p; c++)
		features->first[data->column[c].feature + 1] = c + 1;
	for (c = 1; c <= features->n; c++)
		if (features->first[c] < features->first[c - 1])
			features->first[c] = features->first[c - 1];
	return ML_OK;
}

/* The next method, its figures 0. */
static MlImportance *
add_method(MlHost *host, const char *method, const Features *features, MlTrainResult *result, MlStatus *status)
{
	MlImportance *next = result->importance + result->n_importance;

	assert(result->n_importance < ML_MAX_IMPORTANCE);
	memset(next, 0, sizeof(*next));
	next->method = method;
	next->n = features->n;
	next->value = ml_alloc_zero(host, (size_t) features->n + 1, sizeof(double));
	if (next->value == NULL)
	{
		ml_no_memory(status, ((size_t) features->n + 1) * sizeof(double), "importance");
		return NULL;
	}
	result->n_importance++;
	return next;
}

/* ---- of the model alone ---- */

static MlCode
importance_of_model(MlHost *host, const MlModel *model, const Features *features, MlTrainResult *result,
					MlStatus *status)
{
	const MlTrees *trees = ml_model_trees(model);
	MlImportance *out;
	uint32_t	i;
	int			f;
	int			c;
	int			k;

	if (result->fit.n_importance > 0)
	{
		out = add_method(host, "gain", features, result, status);
		if (out == NULL)
			return ML_NO_MEMORY;
		for (f = 0; f < features->n; f++)
			for (c = features->first[f]; c < features->first[f + 1]; c++)
				out->value[f] += result->fit.importance[c];
	}
	if (trees == NULL)
		return ML_OK;
	out = add_method(host, "split", features, result, status);
	if (out == NULL)
		return ML_NO_MEMORY;
	for (i = 0; i < trees->n_nodes; i++)
		if (!ml_tree_is_leaf(trees, i))
		{
			c = ml_prep_extended_owner(&model->prep, (int) (trees->node[i].column & ML_NODE_COLUMN), &k);
			out->value[model->prep.column[c].feature] += 1.0;
		}
	return ML_OK;
}

/* ---- the rows looked at ---- */

/* At most `most` of rows [from, to), evenly spaced, as a dataset of their own. */
static MlCode
take_sample(MlScratch *scratch, const MlDataset *data, int64_t from, int64_t to, int64_t most,
			MlDataset *sample, MlStatus *status)
{
	int64_t		n = to - from < most ? to - from : most;
	int64_t		i;
	int			c;

	*sample = *data;
	sample->n = n;
	sample->n_train = sample->n_valid = 0;
	sample->column = ml_scratch_alloc(scratch, (size_t) data->p + 1, sizeof(MlColumn), "importance", status);
	sample->y = ml_scratch_alloc(scratch, (size_t) n, sizeof(double), "importance", status);
	if (data->weight)
		sample->weight = ml_scratch_alloc(scratch, (size_t) n, sizeof(double), "importance", status);
	if (!sample->column || !sample->y || (data->weight && !sample->weight))
		return ML_NO_MEMORY;
	assert(from >= data->first);
	sample->first = 0;
	sample->owns_columns = false;
	sample->binned = NULL;
#define ROW(i) (from + (int64_t) ((double) (i) * (double) (to - from) / (double) n))
	for (i = 0; i < n; i++)
	{
		sample->y[i] = data->y[ROW(i)];
		if (data->weight)
			sample->weight[i] = data->weight[ROW(i)];
	}
	for (c = 0; c < data->p; c++)
	{
		const MlColumn *whole = data->column + c;
		MlColumn   *part = sample->column + c;

		*part = *whole;
		if (whole->code)
			part->code = ml_scratch_alloc(scratch, (size_t) n, sizeof(int32_t), "importance", status);
		else
			part->value = ml_scratch_alloc(scratch, (size_t) n, sizeof(double), "importance", status);
		if (whole->code ? part->code == NULL : part->value == NULL)
			return ML_NO_MEMORY;
		for (i = 0; i < n; i++)
			if (whole->code)
				part->code[i] = whole->code[ROW(i) - data->first];
			else
				part->value[i] = whole->value[ROW(i) - data->first];
	}
#undef ROW
	return ML_OK;
}

static int64_t
affordable(double cost_of_row, int64_t most)
{
	double		rows = COST_LIMIT / (cost_of_row > 1.0 ? cost_of_row : 1.0);

	return rows < MIN_ROWS ? MIN_ROWS : rows < (double) most ? (int64_t) rows : most;
}

/* ---- permutation ---- */

typedef struct Shuffle
{
	MlHost	   *host;
	const MlModel *model;
	const char *metric;
	double		threshold;
	MlDataset  *sample;
	uint32_t   *order;
} Shuffle;

/* The metric on the sample as it is now. */
static MlCode
judge_sample(Shuffle *s, double *value, MlStatus *status)
{
	MlMetric	metric[ML_MAX_METRICS];
	MlScratch	scratch;
	MlScores	scores;
	MlCode		code;
	int			n = 0;
	int			i;

	*value = NAN;
	ml_scratch_init(&scratch, s->host);
	code = ml_score_rows(s->host, &scratch, s->model, s->sample, 0, s->sample->n, NULL, &scores, status);
	if (code == ML_OK)
	{
		ml_score_labels(&scores, s->threshold);
		/* the ranking of every class would cost more than all the rest: only when it is asked for */
		if (strcmp(s->metric, "roc_auc") != 0)
			scores.n_columns = 0;
		code = ml_score_metrics(s->host, &scratch, &scores, "test", scores.n_columns > 0, metric, &n, status);
	}
	for (i = 0; code == ML_OK && i < n; i++)
		if (strcmp(metric[i].name, s->metric) == 0)
			*value = metric[i].value;
	ml_scratch_release(&scratch);
	/* values that no row has together may be too large together */
	return code == ML_BAD_DATA ? ML_OK : code;
}

/* to := from in the order drawn; both have n values. */
static void
reorder(const uint32_t *order, int64_t n, const MlColumn *from, MlColumn *to)
{
	int64_t		i;

	for (i = 0; i < n; i++)
		if (from->code)
			to->code[i] = from->code[order[i]];
		else
			to->value[i] = from->value[order[i]];
}

static void
draw_order(uint32_t *order, int64_t n, uint64_t seed, uint64_t draw)
{
	MlRng		rng;
	int64_t		i;

	ml_rng_init(&rng, ml_rng_key(seed, STREAM_SHUFFLE), draw);
	for (i = 0; i < n; i++)
	{
		int64_t		j = (int64_t) ml_rng_below(&rng, (uint64_t) i + 1);

		order[i] = order[j];
		order[j] = (uint32_t) i;
	}
}

/* Mean and deviation of the drop for one feature, whose columns are [from, to). */
static MlCode
shuffle_feature(Shuffle *s, MlScratch *scratch, int feature, int from, int to, uint64_t seed, double whole,
				double *mean, double *sd, MlStatus *status)
{
	MlColumn   *kept = s->sample->column;
	size_t		n = (size_t) s->sample->n;
	double		direction = ml_metric_direction(s->metric, s->sample->task);
	double		drop[SHUFFLES];
	MlColumn   *moved;
	MlCode		code = ML_OK;
	int			k;
	int			c;

	moved = ml_scratch_alloc(scratch, (size_t) s->sample->p, sizeof(MlColumn), "importance", status);
	if (moved == NULL)
		return ML_NO_MEMORY;
	memcpy(moved, kept, (size_t) s->sample->p * sizeof(MlColumn));
	for (c = from; c < to; c++)
	{
		void	   *memory = ml_scratch_alloc(scratch, n, sizeof(double), "importance", status);

		if (memory == NULL)
			return ML_NO_MEMORY;
		if (kept[c].code)
			moved[c].code = memory;
		else
			moved[c].value = memory;
	}
	s->sample->column = moved;
	*mean = *sd = 0;
	for (k = 0; code == ML_OK && k < SHUFFLES; k++)
	{
		double		value;

		draw_order(s->order, s->sample->n, seed, (uint64_t) feature * SHUFFLES + (uint64_t) k);
		for (c = from; c < to; c++)
			reorder(s->order, s->sample->n, kept + c, moved + c);
		code = judge_sample(s, &value, status);
		drop[k] = direction * (whole - value);
		*mean += drop[k] / SHUFFLES;
	}
	for (k = 0; code == ML_OK && k < SHUFFLES; k++)
		*sd += (drop[k] - *mean) * (drop[k] - *mean) / SHUFFLES;
	*sd = sqrt(*sd);
	s->sample->column = kept;
	return code;
}

/* How often the trees ask for each feature, NULL when there are none. */
static const double *
splits_of(const MlTrainResult *result)
{
	int			i;

	for (i = 0; i < result->n_importance; i++)
		if (strcmp(result->importance[i].method, "split") == 0)
			return result->importance[i].value;
	return NULL;
}

/* Steps that shuffling costs for a row: predictions, probabilities of all classes, and perhaps their order. */
static double
permutation_cost(const MlModel *model, const char *metric, const Features *features, const double *splits)
{
	double		steps = ml_model_steps(model) + model->n_outputs * (strcmp(metric, "roc_auc") == 0 ? 40.0 : 10.0);
	int			used = 0;
	int			f;

	for (f = 0; f < features->n; f++)
		used += splits == NULL || splits[f] > 0;
	return steps * (1 + (double) used * SHUFFLES);
}

static MlCode
permutation(MlHost *host, const MlModel *model, const MlDataset *data, const MlTrainSpec *spec, int64_t from,
			int64_t to, const Features *features, MlTrainResult *result, MlStatus *status)
{
	const double *splits = splits_of(result);
	double		cost = permutation_cost(model, spec->metric, features, splits);
	int64_t		rows = affordable(cost, MAX_ROWS);
	MlImportance *out;
	MlDataset	sample;
	MlScratch	scratch;
	Shuffle		s = {.host = host,.model = model,.metric = spec->metric,.threshold = result->threshold,
					 .sample = &sample};
	double		whole = NAN;
	MlCode		code;
	int			f;

	if ((double) rows * cost > MOST_PERMUTATION_COST)
		return ML_OK;
	out = add_method(host, "permutation", features, result, status);
	if (out == NULL)
		return ML_NO_MEMORY;
	out->std = ml_alloc_zero(host, (size_t) features->n + 1, sizeof(double));
	if (out->std == NULL)
		return ml_no_memory(status, ((size_t) features->n + 1) * sizeof(double), "importance");
	ml_scratch_init(&scratch, host);
	code = take_sample(&scratch, data, from, to, rows, &sample, status);
	if (code == ML_OK)
	{
		s.order = ml_scratch_alloc(&scratch, (size_t) sample.n, sizeof(uint32_t), "importance", status);
		code = s.order ? judge_sample(&s, &whole, status) : ML_NO_MEMORY;
		out->rows = sample.n;
	}
	for (f = 0; code == ML_OK && f < features->n; f++)
	{
		MlScratch	own;

		/* what no split asks for changes nothing */
		if (splits && splits[f] == 0.0)
			continue;
		ml_scratch_init(&own, host);
		code = shuffle_feature(&s, &own, f, features->first[f], features->first[f + 1], spec->seed, whole,
							   out->value + f, out->std + f, status);
		ml_scratch_release(&own);
	}
	ml_scratch_release(&scratch);
	return code;
}

/* ---- shap ---- */

typedef struct Shap
{
	const MlModel *model;
	const Features *features;
	const MlDataset *sample;
	int64_t		from;			/* first task of the round; a task is one output of one row */
	size_t		width;			/* doubles of working memory a task */
	double	   *work;
	double	   *share;			/* tasks of a round × features: |contribution| */
	MlSum	   *sum;			/* features */
} Shap;

/* One output of one row: nobody can stop a task, and all outputs of a large model take minutes. */
static void
explain_output(void *arg, int task)
{
	Shap	   *s = arg;
	const Features *features = s->features;
	int			p = s->model->prep.p;
	int64_t		row = (s->from + task) / s->model->n_outputs;
	double	   *x = s->work + (size_t) task * s->width;
	double	   *phi = x + p;
	double	   *room = phi + p + 1;
	double	   *share = s->share + (size_t) task * (size_t) features->n;
	MlStatus	status;
	int			f;
	int			c;

	ml_prep_rows(&s->model->prep, s->sample, row, row + 1, x);
	/* without a host to poll nothing can fail */
	(void) ml_model_explain(NULL, s->model, x, (int) ((s->from + task) % s->model->n_outputs), room, phi, &status);
	for (f = 0; f < features->n; f++)
	{
		double		sum = 0;

		for (c = features->first[f]; c < features->first[f + 1]; c++)
			sum += phi[c];
		share[f] = fabs(sum);
	}
}

static MlCode
shap_pass(MlHost *host, Shap *s, int tasks, MlStatus *status)
{
	int64_t		n = s->sample->n * s->model->n_outputs;
	int			f;
	int			t;

	for (s->from = 0; s->from < n; s->from += tasks)
	{
		if (n - s->from < tasks)
			tasks = (int) (n - s->from);
		if (host->poll(host, "importance", (double) s->from / (double) n) ||
			host->parallel_for(host, tasks, explain_output, s))
			return ml_status_set(status, ML_CANCELLED, "cancelled");
		/* in the order of the tasks, whoever did them */
		for (t = 0; t < tasks; t++)
			for (f = 0; f < s->features->n; f++)
				ml_sum_add(s->sum + f, s->share[(size_t) t * (size_t) s->features->n + (size_t) f]);
	}
	return ML_OK;
}

static MlCode
shap(MlHost *host, const MlModel *model, const MlDataset *data, int64_t from, int64_t to, const Features *features,
	 MlTrainResult *result, MlStatus *status)
{
	const MlTrees *trees = ml_model_trees(model);
	size_t		room = ml_model_explain_room(model);
	double		cost = trees ? (double) trees->n_nodes * (trees->n_points + 4) *
		(trees->flags & ML_TREES_VECTOR ? model->n_outputs : 1) : (double) model->prep.width * model->n_outputs;
	MlImportance *out = add_method(host, "shap", features, result, status);
	int			tasks;
	MlDataset	sample;
	MlScratch	scratch;
	Shap		s = {.model = model,.features = features,.sample = &sample};
	MlCode		code;
	int64_t		rows = affordable(cost, MAX_SHAP_ROWS);
	int			f;

	if (out == NULL)
		return ML_NO_MEMORY;
	/* a few rows say something already, unlike those of a permutation */
	if ((double) rows * cost > MOST_SHAP_COST)
		rows = cost < MOST_SHAP_COST ? (int64_t) (MOST_SHAP_COST / cost) : 1;
	ml_scratch_init(&scratch, host);
	code = take_sample(&scratch, data, from, to, rows, &sample, status);
	if (code == ML_OK)
	{
		/* a cache line apart */
		s.width = (2 * (size_t) model->prep.p + 1 + room + 15) / 8 * 8;
		tasks = host->threads * (s.width < SMALL_WIDTH ? 256 : 16);
		s.work = ml_scratch_alloc(&scratch, (size_t) tasks * s.width, sizeof(double), "importance", status);
		s.share = ml_scratch_alloc(&scratch, (size_t) tasks * (size_t) features->n, sizeof(double), "importance",
								   status);
		s.sum = ml_scratch_zero(&scratch, (size_t) features->n, sizeof(MlSum), "importance", status);
		code = s.work && s.share && s.sum ? shap_pass(host, &s, tasks, status) : ML_NO_MEMORY;
		out->rows = sample.n;
	}
	for (f = 0; code == ML_OK && f < features->n; f++)
		out->value[f] = ml_sum_value(s.sum + f) / (double) sample.n;
	ml_scratch_release(&scratch);
	return code;
}

MlCode
ml_importance(MlHost *host, const MlModel *model, const MlDataset *data, const MlTrainSpec *spec,
			  int64_t from, int64_t to, MlTrainResult *result, MlStatus *status)
{
	MlScratch	scratch;
	Features	features;
	MlCode		code;

	ml_scratch_init(&scratch, host);
	code = find_features(&scratch, data, &features, status);
	if (code == ML_OK)
		code = importance_of_model(host, model, &features, result, status);
	if (code == ML_OK && from < to && spec->metric != NULL)
		code = permutation(host, model, data, spec, from, to, &features, result, status);
	if (code == ML_OK && from < to && model->learner->explain != NULL)
		code = shap(host, model, data, from, to, &features, result, status);
	ml_scratch_release(&scratch);
	return code;
}

MlCode
ml_importance_permutation(MlHost *host, const MlModel *model, const MlDataset *data, const MlTrainSpec *spec,
						  int64_t from, int64_t to, MlTrainResult *result, MlImportance *found, MlStatus *status)
{
	MlScratch	scratch;
	Features	features;
	MlCode		code;

	ml_scratch_init(&scratch, host);
	code = find_features(&scratch, data, &features, status);
	if (code == ML_OK)
		code = permutation(host, model, data, spec, from, to, &features, result, status);
	if (code == ML_OK && result->n_importance > 0)
		*found = result->importance[result->n_importance - 1];
	ml_scratch_release(&scratch);
	return code;
}
