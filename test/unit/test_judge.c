/*
 * test_judge.c: figures with intervals: those training writes down, each
 * with the interval that is its own; parts of the rows; lack of memory.
 */
#include "fixture.h"
#include "kernel/dist.h"
#include "kernel/interval.h"
#include "learn/judge.h"
#include "tap.h"

static TestHost host;
static MlStatus status;
static MlTrainResult result;
static MlFigure figure[ML_MAX_METRICS];
static int	n;

static const MlFigure *
find(const char *name)
{
	int			i;

	for (i = 0; i < n; i++)
		if (strcmp(figure[i].name, name) == 0)
			return &figure[i];
	return NULL;
}

static const char *
interval_of(const char *name)
{
	const MlFigure *f = find(name);

	return f == NULL ? "no figure" : f->interval == NULL ? "none" : f->interval;
}

static bool
is_interval(const char *name, double low, double high)
{
	return tap_close(find(name)->low, low, 1e-14, 0) && tap_close(find(name)->high, high, 1e-14, 0);
}

/* Trains on half of the golden rows and judges the others. */
static MlCode
train_and_judge(Fixture *f, MlModel *model)
{
	MlPrepSpec	prep[4];
	MlParams	params;
	MlTrainSpec spec = {.prep = prep,.params = &params,.seed = 42,.threshold = NAN};
	int			c;

	f->data.n_train = f->data.n / 2;
	spec.learner = ml_learner_find(f->data.task == ML_REGRESSION ? "linear_regression" : "logistic_regression");
	ml_params_init(&params, spec.learner);
	for (c = 0; c < f->data.p; c++)
		ml_prep_default(&prep[c], f->data.column[c].kind, true);
	if (ml_train(&host.host, &f->data, &spec, &result, &status) != ML_OK ||
		ml_model_open(&host.host, result.bytes, result.size, model, &status) != ML_OK)
		return ML_BAD_DATA;
	return ml_judge(&host.host, model, &f->data, f->data.n_train, f->data.n, result.threshold, figure, &n, &status);
}

static bool
same_as_training(void)
{
	bool		good = n > 0;
	int			seen = 0;
	int			i;

	for (i = 0; i < result.n_metrics; i++)
	{
		const MlFigure *f = find(result.metric[i].name);

		if (strcmp(result.metric[i].split, "test") != 0)
			continue;
		good &= f != NULL && f->value == result.metric[i].value;
		seen++;
	}
	return good && seen == n;
}

static bool
around(void)
{
	bool		good = true;
	int			i;

	for (i = 0; i < n; i++)
		if (figure[i].interval != NULL)
			good &= figure[i].low <= figure[i].value && figure[i].value <= figure[i].high && figure[i].low >= 0;
	return good;
}

static void
test_binary(void)
{
	Fixture		f;
	MlModel		model;
	double		low;
	double		high;
	int64_t	   *c;
	int64_t		from;
	int64_t		i;

	fixture_golden(&f, ML_BINARY, false);
	OK(train_and_judge(&f, &model) == ML_OK && same_as_training(), "figures of two classes are those of training");
	OK(around(), "each within its interval");
	IS_TEXT(interval_of("accuracy"), "wilson", "accuracy is a share");
	IS_TEXT(interval_of("precision"), "wilson", "precision is a share");
	IS_TEXT(interval_of("recall"), "wilson", "recall is a share");
	IS_TEXT(interval_of("roc_auc"), "delong", "AUC");
	IS_TEXT(interval_of("log_loss"), "normal", "log-loss is a mean");
	IS_TEXT(interval_of("brier"), "normal", "so is the Brier score");
	IS_TEXT(interval_of("f1"), "none", "F1 has no interval");
	IS_TEXT(interval_of("ece"), "none", "nor has the calibration error");
	c = result.confusion;
	ml_wilson_interval((double) c[3], (double) (c[2] + c[3]), -ml_norm_ppf(0.025), &low, &high);
	OK(is_interval("recall", low, high), "recall: of the positives");
	ml_wilson_interval((double) c[3], (double) (c[1] + c[3]), -ml_norm_ppf(0.025), &low, &high);
	OK(is_interval("precision", low, high), "precision: of those said to be positive");
	ml_wilson_interval((double) (c[0] + c[3]), (double) (f.data.n - f.data.n_train), -ml_norm_ppf(0.025), &low, &high);
	OK(is_interval("accuracy", low, high), "accuracy: of all");

	/* rows of one class only */
	for (from = f.data.n_train, i = from + 1; i < f.data.n && f.data.y[i] == f.data.y[from]; i++)
		;
	OK(ml_judge(&host.host, &model, &f.data, from, i, 0.5, figure, &n, &status) == ML_OK && n == 11 &&
			isnan(find("roc_auc")->value), "one class has no AUC");
	IS_TEXT(interval_of("roc_auc"), "none", "and no interval of it");
	OK(ml_judge(&host.host, &model, &f.data, from, from, 0.5, figure, &n, &status) == ML_OK && n == 0,
			"no row: no figure");
	test_host_reset(&host);
	fixture_golden(&f, ML_BINARY, true);
	OK(train_and_judge(&f, &model) == ML_OK && same_as_training(), "weighted figures too");
	IS_TEXT(interval_of("accuracy"), "none", "without intervals");
	test_host_reset(&host);
}

static void
test_others(void)
{
	Fixture		f;
	MlModel		model;
	const MlFigure *rmse;

	fixture_golden(&f, ML_MULTICLASS, false);
	OK(train_and_judge(&f, &model) == ML_OK && same_as_training() && around(), "three classes");
	IS_TEXT(interval_of("accuracy"), "wilson", "accuracy is a share");
	IS_TEXT(interval_of("recall"), "none", "an average over classes is none");
	IS_TEXT(interval_of("log_loss"), "normal", "log-loss is a mean");
	IS_TEXT(interval_of("roc_auc"), "none", "one AUC against the rest for each class");
	test_host_reset(&host);
	fixture_golden(&f, ML_REGRESSION, false);
	OK(train_and_judge(&f, &model) == ML_OK && same_as_training() && around(), "a regression");
	rmse = find("rmse");
	NEAR((rmse->low * rmse->low + rmse->high * rmse->high) / 2, rmse->value * rmse->value, 1e-12,
			"squares of the ends of rmse lie around the mean square");
	IS_TEXT(interval_of("mae"), "normal", "mean error");
	IS_TEXT(interval_of("r2"), "none", "R2 has no interval");
	test_host_reset(&host);
}

static void
test_failures(void)
{
	Fixture		f;
	MlModel		model;
	bool		good = true;
	long		before;
	long		k;

	fixture_golden(&f, ML_BINARY, false);
	if (train_and_judge(&f, &model) != ML_OK)
		return;
	before = host.n_alive;
	for (k = 1; k < 30; k++)
	{
		MlCode		code;

		host.fail_at = host.n_alloc + k;
		code = ml_judge(&host.host, &model, &f.data, 0, f.data.n, 0.5, figure, &n, &status);
		host.fail_at = 0;
		good &= host.n_alive == before && (code == ML_NO_MEMORY || code == ML_OK);
		if (code == ML_OK)
			break;
	}
	OK(good && k > 5 && k < 30, "each allocation may fail, and nothing is left");
	for (k = 1; k < 100; k++)
	{
		MlCode		code;

		host.stop_at = host.n_poll + k;
		code = ml_judge(&host.host, &model, &f.data, 0, f.data.n, 0.5, figure, &n, &status);
		host.stop_at = 0;
		good &= host.n_alive == before && (code == ML_CANCELLED || code == ML_OK);
		if (code == ML_OK)
			break;
	}
	OK(good && k > 2 && k < 100, "each poll may stop it");
	test_host_reset(&host);
}

int
main(void)
{
	test_host_init(&host, 2);
	test_binary();
	test_others();
	test_failures();
	return tap_done();
}
