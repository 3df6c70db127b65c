/*
 * selection_models.c: the methods that ask a model: l1, importance and
 * permutation.
 *
 *	l1			Linear or logistic regression with a lasso penalty, on columns as
 *				they are prepared by default.  The penalty is PENALTY_SHARE of the
 *				least one that leaves no coefficient: alpha of linear regression, 1 / C
 *				of logistic.  The score is how far the coefficients of one column and
 *				class lie apart, 0 among them, in standard deviations of a regression's
 *				target: |coefficient| of a number.  With a free intercept all levels'
 *				coefficients may move together at the same penalty, so that the
 *				largest of an even number of them is not determined; this is.
 *	importance	Share of the gain of all splits of a gradient boosting of ROUNDS
 *				rounds, with its other parameters as they are by default.
 *	permutation	The same boosting learns from all but the last HELD_OUT share of the
 *				rows (in canonical order these are any rows) and is judged on those,
 *				as in importance.c.
 *
 * Sample weights count here, as they do in training.
 */
#include <math.h>
#include <string.h>

#include "kernel/sum.h"
#include "learn/design.h"
#include "learn/importance.h"
#include "learn/learners.h"
#include "learn/selection_rows.h"

#define PENALTY_SHARE 0.01
#define ROUNDS 100
#define LEARNING_RATE 0.1
#define HELD_OUT 5				/* one row in so many */
#define LEAST_ROWS 10

/* The training rows alone. */
static MlDataset
training_rows(const MlDataset *data)
{
	MlDataset	view = *data;

	view.n = data->n_train;
	view.n_valid = 0;
	view.owns_columns = false;
	return view;
}

static MlCode
set_number(MlParams *params, const char *name, double value, MlStatus *status)
{
	return ml_param_set_number(params, ml_param_index(params->learner, name), value, status);
}

/* Fits params->learner on [0, n_train) of a view, as a training would, without rows that judge. */
static MlCode
fit(MlHost *host, const MlDataset *view, MlParams *params, uint64_t seed, MlTrainResult *result, MlStatus *status)
{
	MlTrainSpec spec = {.learner = params->learner,.params = params,.seed = seed,.threshold = NAN};
	MlPrepSpec *prep = ml_alloc_array(host, (size_t) view->p, sizeof(MlPrepSpec));
	MlDataset	judged = *view;

	if (prep == NULL)
		return ml_no_memory(status, (size_t) view->p * sizeof(MlPrepSpec), "feature selection");
	for (int c = 0; c < view->p; c++)
		ml_prep_default(&prep[c], view->column[c].kind, params->learner->linear);
	spec.prep = prep;
	judged.n = view->n_train;
	return ml_train_try(host, &judged, &spec, result, status);
}

/* ---- l1 ---- */

typedef struct Gradient
{
	const MlDataset *data;
	int			output;			/* class, -1 = the target itself */
	double		mean;
	MlSlots		slots;
} Gradient;

static double
target_of(const Gradient *g, int64_t i)
{
	return g->output < 0 ? g->data->y[i] : g->data->y[i] == g->output;
}

static double
weight_of(const MlDataset *data, int64_t i)
{
	return data->weight == NULL ? 1 : data->weight[i];
}

/* Σ s z (y - mean) of every column z */
static void
gradient_block(void *arg, const MlBlock *block)
{
	Gradient   *g = arg;
	double	   *v = ML_SLOT(&g->slots, block->slot, at_work);

	for (int i = 0; i < block->n; i++)
		v[i] = weight_of(g->data, block->from + i) * (target_of(g, block->from + i) - g->mean);
	ml_block_transposed(block, v, v + block->design->block, ML_SLOT(&g->slots, block->slot, at_vector));
}

/* Weighted mean of the target, and its deviation. */
static void
target_moments(Gradient *g, double *total, double *deviation)
{
	MlSum		sum = {0, 0};
	MlSum		weight = {0, 0};
	MlSum		square = {0, 0};

	for (int64_t i = 0; i < g->data->n_train; i++)
	{
		ml_sum_add(&weight, weight_of(g->data, i));
		ml_sum_add(&sum, weight_of(g->data, i) * target_of(g, i));
	}
	*total = ml_sum_value(&weight);
	g->mean = ml_sum_value(&sum) / *total;
	for (int64_t i = 0; i < g->data->n_train; i++)
	{
		double		d = target_of(g, i) - g->mean;

		ml_sum_add(&square, weight_of(g->data, i) * d * d);
	}
	*deviation = sqrt(ml_sum_value(&square) / *total);
}

/* The largest |Σ s z (y - mean)| of a column: what the penalty must outweigh to leave none. */
static MlCode
find_largest(MlScratch *scratch, const MlDataset *data, double *largest, double *total, double *deviation,
			 MlStatus *status)
{
	MlPrepSpec *spec = ml_scratch_alloc(scratch, (size_t) data->p, sizeof(MlPrepSpec), "feature selection", status);
	int			from = data->task == ML_REGRESSION ? -1 : data->task == ML_BINARY ? 1 : 0;
	int			to = data->task == ML_REGRESSION ? 0 : data->n_classes;
	Gradient	g = {.data = data};
	MlPrep		prep;
	MlDesign	design;
	MlCode		code;

	*largest = 0;
	*total = *deviation = 1;
	if (spec == NULL)
		return status->code;
	for (int c = 0; c < data->p; c++)
		ml_prep_default(&spec[c], data->column[c].kind, true);
	code = ml_prep_fit(scratch->host, data, spec, true, false, &prep, status);
	if (code == ML_OK)
		code = ml_design_init(scratch, data, data->n_train, &prep, &design, status);
	if (code == ML_OK)
		code = ml_slots_init(scratch, &design, (size_t) design.q, false, 0,
							 (size_t) (design.block + design.n_dense), &g.slots, status);
	for (g.output = from; code == ML_OK && g.output < to; g.output++)
	{
		target_moments(&g, total, deviation);
		ml_slots_clear(&g.slots);
		code = ml_design_pass(scratch->host, &design, data->n_train, g.slots.n, ml_design_cost(&design),
							  gradient_block, &g, "feature selection", 0, status);
		if (code == ML_OK)
			ml_slots_reduce(&g.slots);
		for (int j = 1; code == ML_OK && j < design.q; j++)
			*largest = fmax(*largest, fabs(ML_SLOT(&g.slots, 0, at_vector)[j]));
	}
	return code;
}

/* Coefficients come by class, then by column. */
static void
score_coefficients(const MlDataset *data, const MlFit *fit_, double unit, MlFeatureScore *score)
{
	double		low = 0;
	double		high = 0;

	for (int i = 0; i < fit_->n_coefficients; i++)
	{
		const MlCoefficient *c = &fit_->coefficient[i];
		double	   *most;

		if (i == 0 || c->column != c[-1].column || c->output != c[-1].output)
			low = high = 0;
		if (c->column < 0)
			continue;
		low = fmin(low, c->coefficient);
		high = fmax(high, c->coefficient);
		most = &score[data->column[c->column].feature].score;
		*most = fmax(*most, (high - low) / unit);
	}
}

static MlCode
l1_features(MlHost *host, const MlDataset *data, const MlSelection *selection, MlFeatureScore *score, MlStatus *status)
{
	bool		regression = data->task == ML_REGRESSION;
	MlDataset	view = training_rows(data);
	MlTrainResult *result = ml_alloc_zero(host, 1, sizeof(MlTrainResult));
	MlScratch	scratch;
	MlParams	params;
	double		largest;
	double		total;
	double		deviation;
	double		penalty;
	MlCode		code;

	if (result == NULL)
		return ml_no_memory(status, sizeof(MlTrainResult), "feature selection");
	ml_scratch_init(&scratch, host);
	code = find_largest(&scratch, &view, &largest, &total, &deviation, status);
	ml_scratch_release(&scratch);
	if (code != ML_OK)
		return code;
	penalty = regression ? PENALTY_SHARE * largest / total : 1 / (PENALTY_SHARE * largest);
	for (int f = 0; f < ml_select_features(data); f++)
	{
		score[f].rows = data->n_train;
		score[f].score = 0;
		score[f].penalty = largest > 0 ? penalty : NAN;
	}
	if (!(largest > 0))
		return ML_OK;
	ml_params_init(&params, regression ? &ml_linear_regression : &ml_logistic_regression);
	code = ml_param_set_text(&params, ml_param_index(params.learner, "penalty"), "l1", status);
	if (code == ML_OK)
		code = set_number(&params, regression ? "alpha" : "C", penalty, status);
	if (code == ML_OK)
		code = fit(host, &view, &params, selection->seed, result, status);
	if (code == ML_OK)
		score_coefficients(data, &result->fit, regression ? deviation : 1, score);
	return code;
}

/* ---- importance, permutation ---- */

static MlCode
boosting_params(MlParams *params, MlStatus *status)
{
	MlCode		code;

	ml_params_init(params, &ml_gradient_boosting);
	code = set_number(params, "n_estimators", ROUNDS, status);
	if (code == ML_OK)
		code = set_number(params, "learning_rate", LEARNING_RATE, status);
	if (code == ML_OK)
		code = set_number(params, "early_stopping_rounds", 0, status);
	return code;
}

static MlCode
importance_features(MlHost *host, const MlDataset *data, const MlSelection *selection, MlFeatureScore *score,
					MlStatus *status)
{
	MlDataset	view = training_rows(data);
	MlTrainResult *result = ml_alloc_zero(host, 1, sizeof(MlTrainResult));
	MlParams	params;
	MlCode		code;

	if (result == NULL)
		return ml_no_memory(status, sizeof(MlTrainResult), "feature selection");
	code = boosting_params(&params, status);
	if (code == ML_OK)
		code = fit(host, &view, &params, selection->seed, result, status);
	for (int f = 0; code == ML_OK && f < ml_select_features(data); f++)
	{
		score[f].rows = data->n_train;
		score[f].score = 0;
	}
	for (int c = 0; code == ML_OK && c < result->fit.n_importance; c++)
		score[data->column[c].feature].score += result->fit.importance[c];
	return code;
}

static MlCode
permutation_features(MlHost *host, const MlDataset *data, const MlSelection *selection, MlFeatureScore *score,
					 MlStatus *status)
{
	MlTrainSpec spec = {.seed = selection->seed,.metric = selection->metric};
	MlDataset	view = training_rows(data);
	MlTrainResult *result = ml_alloc_zero(host, 1, sizeof(MlTrainResult));
	MlImportance found = {0};
	MlParams	params;
	MlCode		code = ML_OK;

	if (result == NULL)
		return ml_no_memory(status, sizeof(MlTrainResult), "feature selection");
	for (int f = 0; f < ml_select_features(data); f++)
		score[f].reason = ML_FEW_ROWS;
	if (view.n < LEAST_ROWS)
		return ML_OK;
	view.n_train -= view.n / HELD_OUT;
	code = boosting_params(&params, status);
	if (code == ML_OK)
		code = fit(host, &view, &params, selection->seed, result, status);
	if (code == ML_OK)
		code = ml_importance_permutation(host, &result->model, &view, &spec, view.n_train, view.n, result,
										 &found, status);
	for (int f = 0; code == ML_OK && f < ml_select_features(data); f++)
	{
		score[f].reason = "too many features to shuffle each";
		if (found.value == NULL)
			continue;
		score[f].rows = found.rows;
		score[f].score = found.value[f];
		score[f].std = found.std[f];
		score[f].reason = isnan(score[f].score) ? "the metric is not defined on the rows held out" : NULL;
	}
	return code;
}

#define ALL_TASKS (ML_REGRESSION | ML_BINARY | ML_MULTICLASS)

const MlSelector ml_select_l1 = {
	.name = "l1",
	.description = "coefficient of a linear model with a lasso penalty, columns scaled; of a category, how far those "
	"of its levels lie apart",
	.tasks = ALL_TASKS,
	.features = l1_features,
};

const MlSelector ml_select_importance = {
	.name = "importance",
	.description = "share of the gain of a gradient boosting",
	.tasks = ALL_TASKS,
	.features = importance_features,
};

const MlSelector ml_select_permutation = {
	.name = "permutation",
	.description = "drop of the model's metric when the values change places among the rows",
	.tasks = ALL_TASKS,
	.features = permutation_features,
};
