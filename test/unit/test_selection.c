/*
 * test_selection.c: feature selection against scikit-learn, and what becomes of odd columns.
 */
#include "learn/learner.h"
#include "learn/selection.h"
#include "learn/train.h"

#include "fixture.h"
#include "golden_selection.h"
#include "tap.h"

#define MOST 32					/* features of a test */

static MlFeatureScore found[MOST];

static MlCode
run(TestHost *t, const MlDataset *data, const char *method, int k, MlStatus *status)
{
	MlSelection selection = {.selector = ml_selector_find(method),.k = k,.seed = 42,
							 .metric = data->task == ML_REGRESSION ? "rmse" : "log_loss"};
	MlCode		code = ml_select(&t->host, data, &selection, found, status);

	if (code != ML_OK)
		printf("# %s: %s\n", method, status->message);
	return code;
}

/* Rows of fixture_random, every column a feature of its own. */
static MlDataset *
random_rows(int64_t n, int p, int levels, MlTaskKind task)
{
	MlDataset  *d = fixture_random(n, p, levels, task);

	for (int c = 0; c < d->p; c++)
		d->column[c].feature = c;
	return d;
}

/* ---- scikit-learn ---- */

static void
golden(TestHost *t)
{
	Fixture		f;
	MlStatus	status;
	char		name[80];
	const char *method = "";
	int			task = 0;

	for (size_t g = 0; g < sizeof(golden_selection) / sizeof(golden_selection[0]); g++)
	{
		const GoldenSelection *want = &golden_selection[g];
		bool		l1 = strcmp(want->method, "l1") == 0;

		if (strcmp(method, want->method) != 0 || task != want->task)
		{
			fixture_golden(&f, (MlTaskKind) want->task, false);
			for (int c = 0; c < 4; c++)
				f.column[c].feature = c;
			method = want->method;
			task = want->task;
			OK(run(t, &f.data, method, 0, &status) == ML_OK, method);
			if (l1)
				NEAR(found[0].penalty, golden_selection_alpha, 1e-12, "penalty of l1");
			test_host_reset(t);
		}
		snprintf(name, sizeof(name), "%s of column %d, task %d", method, want->column, task);
		/* estimates are sums of digammas; the lasso is solved to 1e-10 */
		OK(tap_close(found[want->column].score, want->score, l1 ? 1e-8 : 1e-11,
					 strcmp(method, "mutual_info") == 0 ? 1 : l1), name);
		OK(tap_close(found[want->column].p_value, want->p_value, 1e-9, 0), name);
		OK((found[want->column].rows < GOLDEN_TRAIN) == (want->column == 1 && !l1),
		   "rows without a value are left out");
	}
}

/* ---- odd columns ---- */

static void
odd_numbers(TestHost *t)
{
	double		y[10] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
	double		none[10] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	double		one[10] = {NAN, NAN, 3, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	double		same[10] = {0.1, 0.1, 0.1, 0.1, NAN, 0.1, 0.1, 0.1, 0.1, 0.1};
	double		copy[10] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
	double		huge[10] = {1e308, -1e308, 1.7e308, -1.7e308, 1e308, -1.7e308, 1e307, 0, 1e308, 1};
	double		tiny[10] = {1e-310, 2e-310, 3e-310, 4e-310, 5e-310, 6e-310, 0, 0, 3e-310, 0};
	double		minus[10] = {1, 2, 3, -1e-300, 5, 6, 7, 8, 9, 10};
	double		zero[10] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	double	   *values[] = {none, one, same, copy, huge, tiny, minus, zero};
	MlColumn	column[8];
	MlDataset	d = {.n = 10,.n_train = 10,.p = 8,.column = column,.y = y,.n_classes = 2,.class_name = fixture_class};
	MlStatus	status;

	for (int c = 0; c < 8; c++)
	{
		column[c] = fixture_number("x", values[c]);
		column[c].feature = c;
	}
	for (int task = ML_REGRESSION; task <= ML_BINARY; task *= 2)
	{
		d.task = (MlTaskKind) task;
		d.n_classes = task == ML_REGRESSION ? 0 : 2;
		for (int s = 0; s < ml_n_selectors; s++)
		{
			const char *name = ml_selector_name(ml_selectors[s]);
			bool		by_column = s < 5;
			bool		good = true;
			unsigned	ranks = 0;

			if (!ml_selector_does(ml_selectors[s], d.task))
				continue;
			/* a linear model refuses what it must refuse in training as well */
			d.p = strcmp(name, "l1") == 0 ? 4 : 8;
			if (!OK(run(t, &d, name, 2, &status) == ML_OK, name))
				continue;
			for (int f = 0; f < d.p; f++)
			{
				ranks |= 1U << found[f].rank;
				good = good && (isnan(found[f].score) == (found[f].reason != NULL)) && !(found[f].p_value < 0) &&
					!(found[f].p_value > 1) && (!found[f].selected || (found[f].rank <= 2 && found[f].score > 0));
			}
			OK(good, "figures or a reason");
			OK(ranks == (1U << (d.p + 1)) - 2, "every rank once");
			OK(isnan(found[0].score) == by_column, "a column without values has no score of its own");
			OK(!found[2].selected && !(found[2].score > 0), "a constant is never selected");
			if (by_column)
				OK(found[0].rows == 0 && found[2].rows == 9, "rows with a value");
			if (by_column && strcmp(name, "variance") != 0)
				OK(found[3].rank <= (strcmp(name, "chi2") == 0 ? 2 : 1), "the copy of the target first");
			if (strcmp(name, "f_test") == 0)
				OK(found[3].score == INFINITY && found[3].p_value == 0, "F of a copy is infinite");
			if (strcmp(name, "chi2") == 0)
			{
				OK(strcmp(found[6].reason, "negative values") == 0, "chi2 and negative numbers");
				OK(found[7].score == 0 && found[7].p_value == 1, "chi2 of zeros");
			}
			test_host_reset(t);
		}
	}
}

static void
odd_rows(TestHost *t)
{
	double		y[4] = {1, 1, 1, 0};
	double		x[4] = {1, 2, 4, 8};
	MlColumn	column = fixture_number("x", x);
	MlDataset	d = {.n = 4,.n_train = 3,.p = 1,.column = &column,.y = y,.n_classes = 2,
					 .class_name = fixture_class,.task = ML_BINARY};
	MlStatus	status;

	for (int s = 0; s < ml_n_selectors; s++)
	{
		d.task = ML_BINARY;
		d.n_classes = 2;
		OK(run(t, &d, ml_selector_name(ml_selectors[s]), 0, &status) == ML_BAD_DATA, "one class");
		test_host_reset(t);
		d.n_train = 0;
		OK(run(t, &d, ml_selector_name(ml_selectors[s]), 0, &status) == ML_BAD_DATA, "no row");
		test_host_reset(t);
		d.n_train = 1;
		d.task = ML_REGRESSION;
		d.n_classes = 0;
		if (ml_selector_does(ml_selectors[s], d.task))
			OK(run(t, &d, ml_selector_name(ml_selectors[s]), 0, &status) == ML_OK && !found[0].selected, "one row");
		test_host_reset(t);
		d.n_train = 3;
	}
}

/* Test and validation rows do not matter, whatever they hold. */
static void
training_rows_only(TestHost *t)
{
	MlDataset  *d = random_rows(400, 5, 4, ML_BINARY);
	MlStatus	status;

	for (int s = 0; s < ml_n_selectors; s++)
	{
		MlFeatureScore before[MOST];
		bool		same = true;

		d->n_train = 300;
		d->n_valid = 50;
		for (int pass = 0; pass < 2; pass++)
		{
			for (int64_t i = 300; i < 400; i++)
			{
				d->y[i] = pass == 0 ? (double) (i % 2) : 1;
				for (int c = 0; c < 5; c++)
					d->column[c].value[i] = pass == 0 ? (double) i : d->y[i] * 1e6;
				d->column[5].code[i] = pass == 0 ? -1 : (int32_t) (i % 4);
			}
			OK(run(t, d, ml_selector_name(ml_selectors[s]), 0, &status) == ML_OK, ml_selector_name(ml_selectors[s]));
			for (int f = 0; f < 6 && pass == 1; f++)
				same = same && tap_close(found[f].score, before[f].score, 0, 0) && found[f].rank == before[f].rank &&
					found[f].rows <= 300;
			memcpy(before, found, sizeof(before));
			test_host_reset(t);
		}
		OK(same, "scores are of the training rows alone");
	}
	fixture_free(d);
}

/* ---- vectors, weights, models ---- */

static void
vectors(TestHost *t)
{
	MlDataset  *d = random_rows(300, 4, 0, ML_REGRESSION);
	double		p;
	MlStatus	status;

	d->column[1].feature = d->column[2].feature = 1;
	d->column[3].feature = 2;
	OK(ml_select_features(d) == 3, "columns of one feature");
	d->column[2].feature = 2;
	d->column[3].feature = 3;
	OK(run(t, d, "f_test", 0, &status) == ML_OK, "one by one");
	p = fmin(found[1].p_value, found[2].p_value);
	d->column[2].feature = 1;
	d->column[3].feature = 2;
	OK(run(t, d, "f_test", 0, &status) == ML_OK, "together");
	OK(found[1].column == 2 && found[0].column == -1, "the best column is named");
	NEAR(found[1].p_value, fmin(2 * p, 1), 1e-15, "its p-value counts all of them");
	test_host_reset(t);
	fixture_free(d);
}

/* l1 is the learner's own fit: the same coefficients, and no penalty greater than the hundredfold leaves any. */
static void
penalty(TestHost *t, MlTaskKind task)
{
	MlDataset  *d = random_rows(500, 6, 5, task);
	const MlLearner *learner = ml_learner_find(task == ML_REGRESSION ? "linear_regression" : "logistic_regression");
	double		least[2] = {0, 0};
	MlFeatureScore score[MOST];
	MlStatus	status;

	d->weight = malloc(500 * sizeof(double));
	for (int i = 0; i < 500; i++)
		d->weight[i] = 1 + i % 3;
	OK(run(t, d, "l1", 0, &status) == ML_OK, "l1");
	memcpy(score, found, sizeof(score));
	for (int way = 0; way < 3; way++)
	{
		MlPrepSpec	prep[MOST];
		MlParams	params;
		MlTrainResult result;
		MlTrainSpec spec = {.learner = learner,.params = &params,.prep = prep,.threshold = NAN};
		double		factor = way == 0 ? 1 : way == 1 ? 99.9 : 100.1;
		double		most[MOST] = {0};
		bool		same = true;

		for (int c = 0; c < d->p; c++)
			ml_prep_default(&prep[c], d->column[c].kind, true);
		ml_params_init(&params, learner);
		(void) ml_param_set_text(&params, ml_param_index(learner, "penalty"), "l1", &status);
		(void) ml_param_set_number(&params, ml_param_index(learner, task == ML_REGRESSION ? "alpha" : "C"),
								   task == ML_REGRESSION ? score[0].penalty * factor : score[0].penalty / factor,
								   &status);
		OK(ml_train(&t->host, d, &spec, &result, &status) == ML_OK, "the learner");
		for (int k = 0; k < (task == ML_MULTICLASS ? d->n_classes : 1); k++)
			for (int f = 0; f < d->p; f++)
			{
				double		low = 0;
				double		high = 0;

				for (int i = 0; i < result.fit.n_coefficients; i++)
				{
					const MlCoefficient *w = &result.fit.coefficient[i];

					if (w->column == f && w->output == k)
					{
						low = fmin(low, w->coefficient);
						high = fmax(high, w->coefficient);
					}
				}
				most[f] = fmax(most[f], high - low);
			}
		for (int f = 0; f < d->p; f++)
		{
			/* one factor for all: the deviation of a regression's target */
			same = same && tap_close(most[f] * score[0].score, score[f].score * most[0], 1e-12, 1e-3);
			if (way > 0)
				least[way - 1] += most[f] != 0;
		}
		if (way == 0)
			OK(same, "scores of l1 are its coefficients");
		test_host_reset(t);
	}
	OK(least[0] >= 1 && least[1] == 0, "the penalty is a hundredth of the least that leaves none");
	free(d->weight);
	d->weight = NULL;
	fixture_free(d);
}

/* A column that is the target beats noise, whoever is asked. */
static void
models(TestHost *t)
{
	static const char *const methods[] = {"importance", "permutation", "l1", "mutual_info"};

	for (int task = ML_REGRESSION; task <= ML_MULTICLASS; task *= 2)
	{
		MlDataset  *d = random_rows(600, 4, 3, (MlTaskKind) task);
		MlStatus	status;

		for (int64_t i = 0; i < d->n; i++)
		{
			d->column[2].value[i] = d->y[i] + 0.01 * d->column[2].value[i];
			d->column[0].value[i] = 1;
		}
		for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
		{
			OK(run(t, d, methods[m], 1, &status) == ML_OK, methods[m]);
			OK(found[2].rank == 1 && found[2].selected && !found[1].selected, "the target's copy is the one selected");
			OK(found[0].score == 0, "a constant scores nothing");
			if (m == 1)
				OK(found[2].std > 0 && found[2].rows == 120, "shuffles of the rows held out");
			test_host_reset(t);
		}
		fixture_free(d);
	}
}

/* ---- threads, memory, cancel ---- */

static void
refusals(void)
{
	MlDataset  *d = random_rows(100, 3, 4, ML_MULTICLASS);
	MlFeatureScore serial[MOST];
	MlStatus	status;

	for (int s = 0; s < ml_n_selectors; s++)
	{
		const char *name = ml_selector_name(ml_selectors[s]);
		TestHost	t;
		bool		clean = true;
		long		wanted;
		long		step;

		test_host_init(&t, 1);
		OK(run(&t, d, name, 0, &status) == ML_OK, name);
		memcpy(serial, found, sizeof(serial));
		wanted = t.n_alloc;
		test_host_reset(&t);
		test_host_init(&t, 3);
		OK(run(&t, d, name, 0, &status) == ML_OK, name);
		for (int f = 0; f < 4; f++)
			clean = clean && tap_close(serial[f].score, found[f].score, 0, 0);
		OK(clean, "the same for any number of threads");
		test_host_reset(&t);
		test_host_init(&t, 1);
		clean = true;
		step = wanted > 25 ? wanted / 25 : 1;
		for (long k = 1; k <= wanted; k += step)
		{
			MlSelection selection = {.selector = ml_selectors[s],.seed = 42,.metric = "log_loss"};

			t.fail_at = k;
			clean = clean && ml_select(&t.host, d, &selection, found, &status) == ML_NO_MEMORY &&
				status.code == ML_NO_MEMORY;
			test_host_reset(&t);
		}
		OK(clean, "no memory");
		t.fail_at = 0;
		t.stop_at = 1;
		OK(run(&t, d, name, 0, &status) == ML_CANCELLED, "cancelled");
		test_host_reset(&t);
	}
	fixture_free(d);
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 2);
	OK(ml_selector_find("chi") == NULL && ml_selector_find("chi2") != NULL, "methods by name");
	golden(&t);
	odd_numbers(&t);
	odd_rows(&t);
	training_rows_only(&t);
	vectors(&t);
	penalty(&t, ML_REGRESSION);
	penalty(&t, ML_BINARY);
	penalty(&t, ML_MULTICLASS);
	models(&t);
	refusals();
	return tap_done();
}
