/*
 * test_boosting_odd.c: gradient boosting where memory, time or the data give out.
 */
#include <float.h>

#include "fixture_boosting.h"

/* ---- failures ---- */

static void
test_failures(void)
{
	MlDataset	data = make_data(400, ML_LOSS_LOGISTIC, 9);
	MlPrepSpec	spec[P];
	MlStatus	status;
	MlPrep		prep;
	MlCode		code = ML_NO_MEMORY;
	bool		good = true;
	long		stop;
	int			c;

	set_params("log_loss", 12);
	fixture_set(&params, "early_stopping_rounds", 5);
	params.balanced = true;
	data.n_train = 300;
	data.n_valid = 100;
	test_host_reset(&host);
	host.host.threads = 2;
	for (c = 0; c < P; c++)
		ml_prep_default(spec + c, column[c].kind, false);
	for (host.fail_at = 1; code == ML_NO_MEMORY; host.fail_at++)
	{
		MlFit		fit_;
		void	   *section = NULL;
		size_t		size;
		MlScratch	scratch;
		MlBinned	binned;
		long		before;

		test_host_reset(&host);
		host.n_alloc = -1000;
		ml_scratch_init(&scratch, &host.host);
		if (ml_prep_fit(&host.host, &data, spec, false, false, &prep, &status) != ML_OK ||
			fixture_bin(&scratch, &data, &prep, &params, &binned, &status) != ML_OK)
			break;
		before = host.n_alive;
		host.n_alloc = 0;
		memset(&fit_, 0, sizeof(fit_));
		code = ml_gradient_boosting.train(&host.host, &data, 300, &prep, &params, 42, &section, &size, &fit_, &status);
		/* what stays is what the fit points to */
		good &= code == ML_OK || (code == ML_NO_MEMORY && section == NULL);
		good &= host.n_alive - before == (fit_.importance != NULL) + (fit_.curve_train != NULL) +
			(fit_.curve_validation != NULL) + (fit_.margin != NULL) + (fit_.log_prior != NULL) + (section != NULL);
	}
	OK(good && code == ML_OK && host.fail_at > 40, "every allocation may fail, and nothing is left");
	host.fail_at = 0;

	/* asked to stop at any poll */
	good = true;
	data = make_data(20000, ML_LOSS_LOGISTIC, 9);
	set_params("log_loss", 10);
	for (stop = 1, code = ML_CANCELLED; code == ML_CANCELLED && stop < 200; stop++)
	{
		host.stop_at = stop;
		code = fit(&data, 2);
		good &= code == ML_OK || code == ML_CANCELLED;
		good &= code != ML_CANCELLED || host.n_poll == stop;
	}
	OK(good && code == ML_OK && stop > 10, "stops at the poll that asks for it");
	host.stop_at = 0;

	/* what is too large is said when it is, not after the last round */
	set_params("log_loss", 1500);
	host.host.model_limit = 65536;
	OK(fit(&data, 2) == ML_TOO_LARGE && host.n_poll > 10 && host.n_poll < 100 &&
	   strstr(fitted.status.message, "more than mlops.max_model_size (64 kB)"), "a model that grows too large");
	/* and before the first one when even trees of one leaf would be */
	set_params("log_loss", 2000);
	OK(fit(&data, 2) == ML_TOO_LARGE && host.n_poll < 10 &&
	   strstr(fitted.status.message, "needs at least 70 kB, more"), "a model that must become too large");
	host.host.model_limit = 0;
}

/* ---- odd data ---- */

static bool
finite_margins(const MlDataset *data)
{
	int64_t		i;

	margins(data, 0, data->n);
	for (i = 0; i < data->n * fitted.model.n_outputs; i++)
		if (!isfinite(margin[i]))
			return false;
	return true;
}

/* It trains, its margins are finite and those of the bytes; gradients of 1e300 may be refused. */
static void
odd(const char *what, const MlDataset *data)
{
	MlCode		code = fit(data, 2);
	bool		good = code == ML_OK && finite_margins(data);

	if (code == ML_BAD_DATA &&
		strcmp(fitted.status.message, "targets or weights are too large for gradient boosting") == 0)
	{
		OK(strstr(what, "e+30") != NULL || strstr(what, "1e300") != NULL, what);
		return;
	}
	OK(good && (fitted.fit.margin == NULL || margins_equal(data)), what);
	if (!good)
		printf("#   code %d: %s\n", (int) code, code == ML_OK ? "a margin is not finite" : fitted.status.message);
}

static double
spread(const MlDataset *data)
{
	double		low = INFINITY;
	double		high = -INFINITY;
	int64_t		i;

	margins(data, 0, data->n);
	for (i = 0; i < data->n; i++)
	{
		low = fmin(low, margin[i]);
		high = fmax(high, margin[i]);
	}
	return high - low;
}

static void
test_odd_columns(void)
{
	MlDataset	data = make_data(1, ML_LOSS_SQUARED, 10);
	int			i;

	set_params("squared_error", 5);
	fixture_set(&params, "min_samples_leaf", 1);
	odd("one row", &data);
	OK(margin[0] == target[0], "which is its own mean");
	data = make_data(500, ML_LOSS_SQUARED, 10);
	data.p = 1;
	odd("one column", &data);
	OK(spread(&data) > 1, "is learned from");
	for (i = 0; i < 500; i++)
		number[0][i] = NAN;
	odd("all values missing", &data);
	for (i = 0; i < 500; i++)
		number[0][i] = 3.25;
	odd("all values equal", &data);
	OK(spread(&data) == 0, "nothing is told apart");
	for (i = 0; i < 500; i++)
		number[0][i] = i % 2 ? NAN : 1;
	odd("there or missing", &data);
	for (i = 0; i < 500; i++)
	{
		number[0][i] = i % 2 ? 1e300 : -1e300;
		target[i] = i % 2;
	}
	odd("two values, far apart", &data);
	OK(spread(&data) > 0.3, "are told apart");
	for (i = 0; i < 500; i++)
		number[0][i] = i % 2 ? 4.9406564584124654e-324 : 0;
	odd("two values, a denormal apart", &data);
	OK(spread(&data) > 0.3, "are told apart");
	for (i = 0; i < 500; i++)
		number[0][i] = (i - 250.0) / 250 * DBL_MAX;
	odd("the whole range", &data);
	data = make_data(500, ML_LOSS_SQUARED, 10);
	data.column = column + 5;
	data.p = 1;
	for (i = 0; i < 500; i++)
		code_of[1][i] = -1;
	odd("a category that is always missing", &data);
	for (i = 0; i < 500; i++)
		code_of[1][i] = i % LEVELS;
	odd("more levels than bins", &data);
	data = make_data(500, ML_LOSS_SQUARED, 10);
	for (i = 0; i < 500; i++)
		target[i] = 4;
	odd("a target that never changes", &data);
	OK(spread(&data) < 1e-12 && fabs(margin[0] - 4) < 1e-12, "is said so");
}

static void
test_odd_targets(void)
{
	static const double scales[] = {1e300, 1e-300, 1e150, 1e-150, 5e-324, 1.7e308};
	MlDataset	data = make_data(500, ML_LOSS_SQUARED, 11);
	char		name[96];
	size_t		k;
	int			i;
	int			l;

	for (l = 2; l < N_LOSSES; l++)
		for (k = 0; k < sizeof(scales) / sizeof(scales[0]); k++)
		{
			/* counts so small have the mean 0 */
			if (losses[l].loss == ML_LOSS_POISSON && scales[k] < DBL_MIN)
				continue;
			set_params(losses[l].name, 5);
			for (i = 0; i < 500; i++)
				target[i] = (losses[l].loss == ML_LOSS_POISSON ? i % 5 : i % 5 - 2) / 4.0 * scales[k];
			snprintf(name, sizeof(name), "%s, targets of %g", losses[l].name, scales[k]);
			odd(name, &data);
		}
	for (k = 0; k < 2; k++)
		for (l = 2; l < N_LOSSES; l++)
		{
			data = make_data(500, losses[l].loss, 11);
			data.weight = weight;
			for (i = 0; i < 500; i++)
				weight[i] = k ? 1e-300 : i % 2 ? 1e300 : 1e-300;
			set_params(losses[l].name, 5);
			snprintf(name, sizeof(name), "%s, weights of 1e-300 %s", losses[l].name, k ? "only" : "and 1e300");
			odd(name, &data);
		}
	for (l = 0; l < 2; l++)
	{
		data = make_data(500, losses[l].loss, 11);
		data.weight = weight;
		for (i = 0; i < 500; i++)
			weight[i] = target[i] == 0 ? 1e300 : 1e-300;
		set_params("log_loss", 5);
		odd("classes of weights 1e300 and 1e-300", &data);
	}
	/* hardly a row that is not right at once */
	data = make_data(500, ML_LOSS_HUBER, 11);
	for (i = 0; i < 500; i++)
		target[i] = number[2][i] == 3 && number[0][i] > 0 ? 100 : 0;
	set_params("huber", 5);
	odd("huber, nearly all targets 0", &data);
	OK(spread(&data) > 10, "the others are learned from");
	/* counts */
	data = make_data(500, ML_LOSS_POISSON, 11);
	for (i = 0; i < 500; i++)
		target[i] = i % 100 == 0;
	set_params("poisson", 5);
	odd("counts that are hardly ever not 0", &data);
	for (i = 0; i < 500; i++)
		target[i] = 0;
	OK(fit(&data, 2) == ML_BAD_DATA, "all counts 0 is an error");
	IS_TEXT(fitted.status.message, "loss \"poisson\" needs a target that is not always 0", "said so");
	target[7] = -1;
	OK(fit(&data, 2) == ML_BAD_DATA, "a negative count too");
	IS_TEXT(fitted.status.message, "loss \"poisson\" needs targets that are not negative", "said so");
	IS_TEXT(fitted.status.detail, "A training row has -1.", "with the value");
	/* one class */
	data = make_data(500, ML_LOSS_LOGISTIC, 11);
	for (i = 0; i < 500; i++)
		target[i] = 1;
	set_params("log_loss", 5);
	OK(fit(&data, 2) == ML_BAD_DATA, "one class is an error");
	IS_TEXT(fitted.status.message, "all training rows belong to one class", "said so");
	/* two rows */
	data = make_data(2, ML_LOSS_LOGISTIC, 11);
	target[0] = 0;
	target[1] = 1;
	odd("two rows of two classes", &data);
	/* everything is told apart at once: scores grow to their limit */
	data = make_data(500, ML_LOSS_LOGISTIC, 11);
	for (i = 0; i < 500; i++)
		target[i] = number[0][i] > 0;
	set_params("log_loss", 300);
	fixture_set(&params, "learning_rate", 10);
	fixture_set(&params, "min_child_weight", 0);
	fixture_set(&params, "reg_lambda", 0);
	odd("scores at their limit", &data);
}

int
main(void)
{
	test_host_init(&host, 1);
	test_failures();
	test_odd_columns();
	test_odd_targets();
	test_host_reset(&host);
	return tap_done();
}
