/*
 * test_forest.c: random forests.
 */
#include "kernel/rng.h"
#include "learn/class_weight.h"
#include "learn/tree.h"

#include "fixture.h"
#include "tap.h"

static void
forest_params(MlParams *params, double trees, double min_rows)
{
	fixture_params(params, &ml_random_forest, NULL);
	fixture_set(params, "n_estimators", trees);
	fixture_set(params, "min_samples_leaf", min_rows);
}

static void
set_text(MlParams *params, const char *name, const char *value)
{
	MlStatus	status;

	ml_param_set_text(params, ml_param_index(params->learner, name), value, &status);
}

/* Fit after the learner's own check. */
static MlCode
fit(TestHost *t, const MlDataset *data, MlParams *params, Fitted *f)
{
	memset(f, 0, sizeof(*f));
	if (params->learner->check(params, data->task, &f->status) != ML_OK)
		return f->status.code;
	return fixture_fit(t, data, params, f);
}

/* n rows × n_outputs. */
static void
say(const Fitted *f, const MlDataset *data, double *margin)
{
	double	   *x = malloc((size_t) data->n * (size_t) data->p * sizeof(double));

	ml_prep_rows(&f->prep, data, 0, data->n, x);
	ml_model_margin(&f->model, x, data->n, margin, NULL);
	free(x);
}

/* ---- threads ---- */

static void
same_bytes(void)
{
	static const MlTaskKind tasks[] = {ML_REGRESSION, ML_BINARY, ML_MULTICLASS};
	static const int threads[] = {1, 2, 8};
	int			i;
	int			k;

	for (k = 0; k < 6; k++)
	{
		MlDataset  *d = fixture_random(3000, 4, 20, tasks[k % 3]);
		uint8_t    *bytes = NULL;
		double		score = 0;
		size_t		size = 0;
		bool		same = true;

		if (k >= 3)
		{
			d->weight = malloc((size_t) d->n * sizeof(double));
			for (i = 0; i < d->n; i++)
				d->weight[i] = 1.5 + fixture_noise((uint64_t) i + 5);
		}
		for (i = 0; i < 3; i++)
		{
			TestHost	t;
			MlParams	params;
			Fitted		f;

			test_host_init(&t, threads[i]);
			forest_params(&params, 11, 2);
			fixture_set(&params, "max_leaves", 150);
			OK(fit(&t, d, &params, &f) == ML_OK, "a forest");
			if (i == 0)
			{
				bytes = malloc(f.size);
				memcpy(bytes, f.bytes, f.size);
				size = f.size;
				score = f.fit.oob_score;
			}
			same &= f.size == size && memcmp(f.bytes, bytes, size) == 0 && f.fit.oob_score == score;
			test_host_reset(&t);
		}
		OK(same, "the same bytes and score for 1, 2 and 8 threads");
		OK(score > 0.4 && score < 1, "rows out of the bag are judged");
		free(bytes);
		free(d->weight);
		fixture_free(d);
	}
}

/* ---- what a forest is ---- */

/* One tree of all rows and columns is a decision tree; no two splits of numbers gain the same. */
static void
one_tree(TestHost *t)
{
	MlDataset  *d = fixture_random(500, 5, 0, ML_REGRESSION);
	double		a[500];
	double		b[500];
	double		worst = 0;
	MlParams	params;
	Fitted		f;
	int			i;

	forest_params(&params, 1, 3);
	fixture_set(&params, "bootstrap", 0);
	fixture_set(&params, "max_features", 1);
	OK(fit(t, d, &params, &f) == ML_OK && isnan(f.fit.oob_score), "no row is out of the bag");
	say(&f, d, a);
	fixture_params(&params, &ml_decision_tree, NULL);
	fixture_set(&params, "min_samples_leaf", 3);
	fixture_set(&params, "max_depth", 0);
	OK(fit(t, d, &params, &f) == ML_OK, "a tree");
	say(&f, d, b);
	for (i = 0; i < 500; i++)
		worst = fmax(worst, fabs(a[i] - b[i]));
	OK(worst < 1e-12, "a forest of one tree");
	test_host_reset(t);
	fixture_free(d);
}

/* Shares of classes sum to 1, importance as well; more trees than one agree on what matters. */
static void
shares(TestHost *t)
{
	MlDataset  *d = fixture_random(800, 4, 5, ML_MULTICLASS);
	double	   *margin = malloc(sizeof(double) * 800 * 3);
	double		worst = 0;
	double		sum = 0;
	MlParams	params;
	Fitted		f;
	int			i;

	forest_params(&params, 20, 1);
	set_text(&params, "criterion", "entropy");
	set_text(&params, "max_features", "log2");
	params.balanced = true;
	OK(fit(t, d, &params, &f) == ML_OK && f.fit.log_prior != NULL, "balanced classes");
	say(&f, d, margin);
	for (i = 0; i < 800; i++)
		worst = fmax(worst, fabs(margin[3 * i] + margin[3 * i + 1] + margin[3 * i + 2] - 1));
	for (i = 0; i < d->p; i++)
		sum += f.fit.importance[i];
	OK(worst < 1e-12 && fabs(sum - 1) < 1e-12, "shares sum to one");
	/* fixture_random gives column 1 no part in the target */
	OK(f.fit.importance[3] > f.fit.importance[1], "importance");
	test_host_reset(t);
	free(margin);
	fixture_free(d);
}

/* Mean P of class 1 over rows [from, to). */
static double
mean_proba(Fitted *f, const MlDataset *d, int64_t from, int64_t to)
{
	double		x[64];
	double		margin;
	double		p[2];
	double		sum = 0;
	int64_t		i;

	for (i = from; i < to; i++)
	{
		ml_prep_rows(&f->model.prep, d, i, i + 1, x);
		ml_model_margin(&f->model, x, 1, &margin, NULL);
		ml_model_proba(&f->model, &margin, p);
		sum += p[1] / (double) (to - from);
	}
	return sum;
}

/* Weights of classes are taken out as far as leaves have felt them; without a bag by their own ratio. */
static void
weights(TestHost *t)
{
	MlDataset  *d = fixture_random(6000, 4, 9, ML_BINARY);
	const char *name[1] = {d->class_name[1]};
	double		value[1] = {20};
	double		rate = 0;
	MlParams	params;
	Fitted		f;
	double		own;
	int			i;

	for (i = 0; i < 6000; i++)
		rate += d->y[i] / 6000;
	d->n_train = 3000;
	forest_params(&params, 60, 1);
	params.n_class_weights = 1;
	params.class_weight_name = name;
	params.class_weight_value = value;
	OK(fit(t, d, &params, &f) == ML_OK, "a class of weight 20");
	own = f.fit.log_prior[1] - f.fit.log_prior[0];
	OK(fabs(own) < 0.5 * log(20), "pure leaves feel less of it");
	OK(fabs(mean_proba(&f, d, 3000, 6000) - rate) < 0.03, "P is the share of unseen rows again");
	test_host_reset(t);
	fixture_set(&params, "bootstrap", 0);
	OK(fit(t, d, &params, &f) == ML_OK && fabs(f.fit.log_prior[1] - f.fit.log_prior[0] - log(20)) < 1e-12,
	   "without a bag the ratio itself");
	test_host_reset(t);
	fixture_free(d);
}

/* Shares of three classes by hand: what was put in comes out; a class that nobody has, and one that nobody expects. */
static void
seen(TestHost *t)
{
	static double p[4 * 4000];
	static double y[4000];
	const double ratio[4] = {1, 3, 0.2, 1};
	MlFit		fit_ = {0};
	MlStatus	status;
	uint64_t	key = 3;
	int			i;
	int			k;

	for (i = 0; i < 4000; i++)
	{
		double		sum = 0;
		double		u = ml_rng_unit_at(key, (uint64_t) i);
		double		true_p[4] = {0.5 - 0.3 * sin(i), 0.2 + 0.1 * sin(i), 0.3 + 0.2 * sin(i), 0};

		y[i] = u < true_p[0] ? 0 : u < true_p[0] + true_p[1] ? 1 : 2;
		for (k = 0; k < 4; k++)
			sum += true_p[k] * ratio[k];
		for (k = 0; k < 4; k++)
			p[4 * i + k] = true_p[k] * ratio[k] / sum;
	}
	OK(ml_class_prior_seen(&t->host, 4, 4000, p, y, NULL, &fit_, &status) == ML_OK, "shares that were shifted");
	NEAR(fit_.log_prior[1] - fit_.log_prior[0], log(3), 0.1, "by 3");
	NEAR(fit_.log_prior[2] - fit_.log_prior[0], log(0.2), 0.1, "by 0.2");
	OK(isfinite(fit_.log_prior[3]), "a class that is nowhere");
	y[0] = 3;
	OK(ml_class_prior_seen(&t->host, 4, 4000, p, y, NULL, &fit_, &status) == ML_OK && isfinite(fit_.log_prior[3]) &&
	   fabs(fit_.log_prior[1] - fit_.log_prior[0] - log(3)) < 0.1, "and one that nobody expects");
	OK(t->n_alive == 1, "the old ones are given back");
	test_host_reset(t);
}

static void
many_classes(TestHost *t)
{
	enum {N = 1200, K = 300};
	static char text[K][16];
	static const char *name[K];
	double		x0[N];
	double		x1[N];
	double		y[N];
	MlColumn	column[2] = {fixture_number("x0", x0), fixture_number("x1", x1)};
	MlDataset	data = {.n = N,.n_train = N,.p = 2,.column = column,.y = y,.task = ML_MULTICLASS,.n_classes = K,
		.class_name = name
	};
	double	   *margin = malloc(sizeof(double) * N * K);
	int			right = 0;
	MlParams	params;
	Fitted		f;
	int			i;
	int			k;

	for (i = 0; i < K; i++)
	{
		snprintf(text[i], sizeof(text[i]), "%03d", i);
		name[i] = text[i];
	}
	for (i = 0; i < N; i++)
	{
		y[i] = i % K;
		x0[i] = i % K / 20;
		x1[i] = i % K % 20;
	}
	forest_params(&params, 5, 1);
	fixture_set(&params, "bootstrap", 0);
	OK(fit(t, &data, &params, &f) == ML_OK, "300 classes");
	say(&f, &data, margin);
	for (i = 0; i < N; i++)
	{
		int			best = 0;

		for (k = 1; k < K; k++)
			if (margin[i * K + k] > margin[i * K + best])
				best = k;
		right += best == (int) y[i];
	}
	OK(right == N, "each is told from the others");
	test_host_reset(t);
	free(margin);
}

/* ---- odd data ---- */

static void
odd_data(TestHost *t)
{
	double		none[8] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	double		same[8] = {2, 2, 2, 2, 2, 2, 2, 2};
	double		two[8] = {0, 1, 0, 1, 0, 1, 0, 1};
	double		huge[8] = {1e300, -1e300, 1e300, -1e300, 1e300, -1e300, 1e300, -1e300};
	double		light[8] = {1e-300, 1e-300, 1e-300, 1e300, 1e300, 1, 1, 1};
	const double *const values[] = {none, same, two, huge};
	MlTaskKind	task;
	size_t		v;

	for (task = ML_REGRESSION; task <= ML_BINARY; task++)
		for (v = 0; v < 4 * 3; v++)
		{
			bool		numbers = task == ML_REGRESSION;
			MlColumn	column = fixture_number("x", values[v % 4]);
			MlDataset	data = {.n = 8,.n_train = 8,.p = 1,.column = &column,.task = task,
				.y = numbers ? huge : two,.n_classes = numbers ? 0 : 2,.class_name = fixture_class
			};
			double		margin[8];
			bool		finite = true;
			MlParams	params;
			Fitted		f;
			int			i;

			if (v / 4 == 1)
				data.weight = light;
			if (v / 4 == 2 && numbers)
				data.n = data.n_train = 1;
			forest_params(&params, 7, 1);
			OK(fit(t, &data, &params, &f) == ML_OK, "odd data");
			say(&f, &data, margin);
			for (i = 0; i < data.n; i++)
				finite &= isfinite(margin[i]) && fabs(margin[i]) <= (numbers ? 1e300 : 1);
			OK(finite, "what it says is finite");
			test_host_reset(t);
		}
}

/* ---- failures ---- */

static void
failures(MlTaskKind task)
{
	MlDataset  *d = fixture_random(300, 3, 4, task);
	bool		good = true;
	MlCode		code;
	MlParams	params;
	TestHost	t;
	Fitted		f;
	long		k = 0;

	test_host_init(&t, 2);
	forest_params(&params, 9, 5);
	do
	{
		t.fail_at = ++k;
		code = fit(&t, d, &params, &f);
		good &= code == ML_OK || (code == ML_NO_MEMORY && f.status.message[0] != '\0');
		test_host_reset(&t);
	} while (code != ML_OK && k < 1000);
	OK(good && k > 20 && k < 1000, "every allocation may fail");
	t.fail_at = 0;
	k = 0;
	do
	{
		t.stop_at = ++k;
		code = fit(&t, d, &params, &f);
		good &= code == ML_OK || code == ML_CANCELLED;
		test_host_reset(&t);
	} while (code != ML_OK && k < 1000);
	OK(good && k > 3 && k < 1000, "every poll may stop");
	t.stop_at = 0;
	t.host.model_limit = 4096;
	OK(fit(&t, d, &params, &f) == ML_TOO_LARGE && strstr(f.status.message, "more than mlops.max_model_size (4 kB)"),
	   "too large");
	test_host_reset(&t);
	fixture_free(d);
}

static void
refusals(void)
{
	MlParams	params;
	MlStatus	status;

	forest_params(&params, 3, 1);
	fixture_set(&params, "max_features", 2.5);
	OK(ml_random_forest.check(&params, ML_BINARY, &status) == ML_BAD_PARAMETER, "half a column");
	IS_TEXT(status.message, "parameter \"max_features\" must be a share up to 1 or a whole number", "max_features");
	forest_params(&params, 3, 1);
	fixture_set(&params, "bootstrap", 0);
	fixture_set(&params, "max_samples", 0.5);
	OK(ml_random_forest.check(&params, ML_BINARY, &status) == ML_BAD_PARAMETER, "a share of all rows");
	forest_params(&params, 3, 1);
	OK(ml_random_forest.check(&params, ML_BINARY, &status) == ML_OK, "the defaults");
	IS_TEXT(ml_param_text(&params, "max_features"), "sqrt", "max_features of classes");
	IS_TEXT(ml_param_text(&params, "criterion"), "gini", "criterion of classes");
	forest_params(&params, 3, 1);
	OK(ml_random_forest.check(&params, ML_REGRESSION, &status) == ML_OK &&
	   ml_param_number(&params, "max_features") == 1, "max_features of numbers");
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 2);
	same_bytes();
	one_tree(&t);
	shares(&t);
	weights(&t);
	seen(&t);
	many_classes(&t);
	odd_data(&t);
	failures(ML_REGRESSION);
	failures(ML_MULTICLASS);
	refusals();
	return tap_done();
}
