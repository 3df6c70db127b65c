/*
 * fixture_boosting.h: rows for the tests of gradient boosting, and fits of them.
 *
 * One dataset at a time, in static arrays; tests change them between making
 * and fitting.
 */
#ifndef FIXTURE_BOOSTING_H
#define FIXTURE_BOOSTING_H

#include "fixture.h"
#include "kernel/loss.h"
#include "kernel/rng.h"
#include "tap.h"

#define MOST 40000
#define P 6
#define LEVELS 400
#define MOST_CLASSES 300

static double number[4][MOST];
static int32_t code_of[2][MOST];
static double target[MOST];
static double weight[MOST];
static double x[MOST * P];
static double margin[MOST * 4];
static char level_text[LEVELS][8];
static char class_text[MOST_CLASSES][8];
static const char *level_name[LEVELS];
static const char *class_name[MOST_CLASSES];
static MlColumn column[P];
static TestHost host;
static Fitted fitted;
static MlParams params;

static __attribute__((unused)) double
normal(MlRng *rng)
{
	double		u = 1 - ml_rng_unit(rng);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * ml_rng_unit(rng));
}

static __attribute__((unused)) MlTaskKind
task_of(MlLoss loss)
{
	return loss == ML_LOSS_LOGISTIC ? ML_BINARY : loss == ML_LOSS_SOFTMAX ? ML_MULTICLASS : ML_REGRESSION;
}

/*
 * Numbers with missing values, whole numbers, a constant, few and very many
 * categories; the target hangs on all but the constant.
 */
static __attribute__((unused)) MlDataset
make_data(int64_t n, MlLoss loss, uint64_t seed)
{
	MlDataset	data = {.n = n,.n_train = n,.p = P,.column = column,.task = task_of(loss),.y = target};
	MlRng		rng;
	int64_t		i;

	ml_rng_init(&rng, seed, 1);
	memset(column, 0, sizeof(column));
	for (i = 0; i < LEVELS; i++)
	{
		snprintf(level_text[i], sizeof(level_text[i]), "L%03d", (int) i);
		level_name[i] = level_text[i];
	}
	for (i = 0; i < MOST_CLASSES; i++)
	{
		snprintf(class_text[i], sizeof(class_text[i]), "c%03d", (int) i);
		class_name[i] = class_text[i];
	}
	for (i = 0; i < 4; i++)
		column[i] = (MlColumn) {.name = i == 0 ? "a" : i == 1 ? "b" : i == 2 ? "whole" : "constant",
			.feature = (int) i,.kind = ML_NUMERIC,.value = number[i]};
	for (i = 0; i < 2; i++)
		column[4 + i] = (MlColumn) {.name = i ? "many" : "few",.feature = (int) (4 + i),.kind = ML_CATEGORY,
			.code = code_of[i],.n_levels = i ? LEVELS : 20,.level = level_name};
	for (i = 0; i < n; i++)
	{
		double		z;

		number[0][i] = normal(&rng);
		number[1][i] = ml_rng_below(&rng, 10) == 0 ? NAN : normal(&rng);
		number[2][i] = (double) ml_rng_below(&rng, 10);
		number[3][i] = 7;
		code_of[0][i] = ml_rng_below(&rng, 15) == 0 ? -1 : (int32_t) ml_rng_below(&rng, 20);
		code_of[1][i] = (int32_t) (LEVELS * pow(ml_rng_unit(&rng), 3));
		z = sin(2 * number[0][i]) + (isnan(number[1][i]) ? 0.8 : 0.5 * number[1][i] * number[0][i]) +
			0.1 * number[2][i] + (code_of[0][i] % 3) * 0.4 + (code_of[1][i] % 7) * 0.1 - 1;
		weight[i] = exp(normal(&rng));
		if (loss == ML_LOSS_LOGISTIC)
			target[i] = ml_rng_unit(&rng) < 1 / (1 + exp(-2 * z));
		else if (loss == ML_LOSS_SOFTMAX)
			target[i] = z + 0.3 * normal(&rng) < -0.5 ? 0 : z + 0.3 * normal(&rng) < 0.7 ? 1 : 2;
		else if (loss == ML_LOSS_POISSON)
			target[i] = floor(exp(z) * 2 * ml_rng_unit(&rng));
		else
			target[i] = 10 * z + normal(&rng) * 2;
	}
	if (data.task != ML_REGRESSION)
	{
		data.n_classes = data.task == ML_BINARY ? 2 : 3;
		data.class_name = class_name;
	}
	return data;
}

static const struct
{
	const char *name;			/* of the parameter */
	MlLoss		loss;
}			losses[] = {
	{"log_loss", ML_LOSS_LOGISTIC}, {"log_loss", ML_LOSS_SOFTMAX}, {"squared_error", ML_LOSS_SQUARED},
	{"absolute_error", ML_LOSS_ABSOLUTE}, {"huber", ML_LOSS_HUBER}, {"quantile", ML_LOSS_QUANTILE},
	{"poisson", ML_LOSS_POISSON}
};

#define N_LOSSES ((int) (sizeof(losses) / sizeof(losses[0])))

/* Defaults, but few fast rounds and no early stopping. */
static __attribute__((unused)) void
set_params(const char *loss, int rounds)
{
	MlStatus	status;

	ml_params_init(&params, &ml_gradient_boosting);
	ml_param_set_text(&params, ml_param_index(&ml_gradient_boosting, "loss"), loss, &status);
	fixture_set(&params, "n_estimators", rounds);
	fixture_set(&params, "learning_rate", 0.1);
	fixture_set(&params, "early_stopping_rounds", 0);
}

static __attribute__((unused)) MlCode
fit(const MlDataset *data, int threads)
{
	test_host_reset(&host);
	host.host.threads = threads;
	return fixture_fit(&host, data, &params, &fitted);
}

/* Margins of rows [from, to) by the bytes. */
static __attribute__((unused)) void
margins(const MlDataset *data, int64_t from, int64_t to)
{
	ml_prep_rows(&fitted.model.prep, data, from, to, x);
	ml_model_margin(&fitted.model, x, to - from, margin, NULL);
}

static __attribute__((unused)) bool
margins_equal(const MlDataset *data)
{
	size_t		n = (size_t) data->n_train * (size_t) fitted.model.n_outputs;

	if (fitted.fit.margin == NULL)
		return false;
	margins(data, 0, data->n_train);
	return memcmp(margin, fitted.fit.margin, n * sizeof(double)) == 0;
}

/* Mean log-loss of two classes over rows [from, to) by the bytes. */
static __attribute__((unused)) double
log_loss(const MlDataset *data, int64_t from, int64_t to)
{
	margins(data, from, to);
	return ml_loss_sum(ML_LOSS_LOGISTIC, 0, 1, data->y + from, margin, NULL, to - from) / (double) (to - from);
}

#endif
