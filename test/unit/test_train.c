/*
 * test_train.c: a whole training: figures of exactly the stored bytes,
 * threshold and prior, refit, baselines, cancel and lack of memory.
 */
#include "host_test.h"
#include "kernel/rng.h"
#include "learn/baseline.h"
#include "learn/evaluate.h"
#include "tap.h"

#define N 3000
#define N_TRAIN 1800
#define N_VALID 600

static const char *level[3] = {"blue", "green", "red"};
static const char *classes[3] = {"a", "b", "c"};
static double x1[N];
static double x2[N];
static int32_t code[N];
static double y[N];
static MlColumn column[3];
static MlPrepSpec prep[3];
static MlParams params;
static TestHost host;
static MlStatus status;
static MlTrainResult result;

static double
normal(MlRng *rng)
{
	double		u = 1 - ml_rng_unit(rng);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * ml_rng_unit(rng));
}

static MlDataset
make_data(MlTaskKind task)
{
	MlDataset	data;
	MlRng		rng;
	int			i;

	ml_rng_init(&rng, 11, (uint64_t) task);
	for (i = 0; i < N; i++)
	{
		double		z;

		x1[i] = normal(&rng);
		x2[i] = i % 10 == 3 ? NAN : 5 + 2 * normal(&rng);
		code[i] = i % 17 == 0 ? -1 : (int32_t) ml_rng_below(&rng, 3);
		z = 1.3 * x1[i] + (code[i] == 2) + 0.3 * (isnan(x2[i]) ? 0 : x2[i] - 5);
		if (task == ML_REGRESSION)
			y[i] = 100 + 10 * z + normal(&rng);
		else if (task == ML_BINARY)
			y[i] = ml_rng_unit(&rng) < 1 / (1 + exp(2.2 - z));
		else
			y[i] = z + normal(&rng) < -0.5 ? 0 : z + normal(&rng) < 1 ? 1 : 2;
	}
	memset(column, 0, sizeof(column));
	column[0] = (MlColumn) {.name = "x1",.kind = ML_NUMERIC,.value = x1};
	column[1] = (MlColumn) {.name = "x2",.feature = 1,.kind = ML_NUMERIC,.value = x2};
	column[2] = (MlColumn) {.name = "color",.feature = 2,.kind = ML_CATEGORY,.code = code,.n_levels = 3,.level = level};
	memset(&data, 0, sizeof(data));
	data.n = N;
	data.n_train = N_TRAIN;
	data.n_valid = N_VALID;
	data.p = 3;
	data.column = column;
	data.task = task;
	data.y = y;
	data.n_classes = task == ML_REGRESSION ? 0 : task == ML_BINARY ? 2 : 3;
	data.class_name = classes;
	return data;
}

static MlTrainSpec
make_spec(const MlDataset *data, const char *algorithm)
{
	MlTrainSpec spec;
	int			c;

	memset(&spec, 0, sizeof(spec));
	spec.learner = ml_learner_find(algorithm);
	ml_params_init(&params, spec.learner);
	spec.params = &params;
	for (c = 0; c < data->p; c++)
		ml_prep_default(&prep[c], data->column[c].kind, spec.learner->linear);
	spec.prep = prep;
	spec.seed = 42;
	spec.threshold = NAN;
	return spec;
}

static double
metric(const char *split, const char *name)
{
	int			i;

	for (i = 0; i < result.n_metrics; i++)
		if (strcmp(result.metric[i].split, split) == 0 && strcmp(result.metric[i].name, name) == 0)
			return result.metric[i].value;
	return -99;
}

static bool
all_metrics(const char *split, MlTaskKind task)
{
	const char *name;
	bool		good = true;
	int			i;

	for (i = 0; (name = ml_metric_name(i, task)) != NULL; i++)
		good &= isfinite(metric(split, name)) && metric(split, name) != -99;
	return good;
}

/* Scores row by row what the bytes say, without the blocks. */
static double
score_naive(const MlDataset *data, int64_t i, double *margin)
{
	MlModel		model;
	double		x[3];
	double		proba[4];
	int			best = 0;

	if (ml_model_open(&host.host, result.bytes, result.size, &model, &status) != ML_OK)
		return NAN;
	ml_prep_rows(&model.prep, data, i, i + 1, x);
	ml_model_margin(&model, x, 1, margin, NULL);
	ml_model_proba(&model, margin, proba);
	if (data->task == ML_MULTICLASS)
		best = ml_model_class(&model, margin, proba, NAN);
	return data->task == ML_BINARY ? proba[1] : proba[best];
}

static void
test_regression(void)
{
	MlDataset	data = make_data(ML_REGRESSION);
	MlTrainSpec spec = make_spec(&data, "linear_regression");
	double		error = 0;
	double		margin[4];
	int			i;

	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK, "linear regression trains");
	OK(all_metrics("train", ML_REGRESSION) && all_metrics("validation", ML_REGRESSION) && all_metrics("test",
			ML_REGRESSION), "with all metrics");
	for (i = N_TRAIN + N_VALID; i < N; i++)
	{
		double		d = y[i] - score_naive(&data, i, margin);

		error += d * d;
	}
	NEAR(metric("test", "rmse"), sqrt(error / (N - N_TRAIN - N_VALID)), 1e-12, "test rmse is that of the stored bytes");
	OK(metric("test", "r2") > 0.95, "and good");
	OK(isnan(result.threshold) && result.confusion == NULL && result.rows_fitted == N_TRAIN,
			"no threshold, no confusion");
	OK(result.label.kind == ML_NUMERIC && result.label.n == N - N_TRAIN - N_VALID &&
			result.score.quantile[500] > 90, "baselines of score and target come from test rows");
	OK(result.feature[1].n == N_TRAIN && result.feature[1].n_missing == N_TRAIN / 10 &&
			fabs(result.feature[1].mean - 5) < 0.2, "baseline of a number");
	OK(result.feature[2].n_levels == 3 && result.feature[2].count[0] >= result.feature[2].count[1] &&
			result.feature[2].n_missing == 106, "baseline of a category");
	test_host_reset(&host);
}

static void
test_binary(void)
{
	MlDataset	data = make_data(ML_BINARY);
	MlTrainSpec spec = make_spec(&data, "logistic_regression");
	int64_t		plain[4];
	double		recall;
	double		loss;
	double		margin[4];
	int64_t		sum;
	int			i;

	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK, "logistic regression trains");
	OK(all_metrics("train", ML_BINARY) && all_metrics("test", ML_BINARY) && metric("test", "roc_auc") > 0.75,
			"with all metrics");
	OK(result.threshold == 0.5, "default threshold");
	sum = result.confusion[0] + result.confusion[1] + result.confusion[2] + result.confusion[3];
	OK(sum == N - N_TRAIN - N_VALID, "confusion counts the test rows");
	NEAR(metric("test", "recall"),
			(double) result.confusion[3] / (double) (result.confusion[2] + result.confusion[3]), 1e-12,
					"recall is that of the confusion");
	recall = metric("test", "recall");
	loss = metric("test", "log_loss");
	OK(result.score.maximum <= 1 && result.score.minimum >= 0 && result.label.n_levels == 2,
			"baselines of score and label");
	test_host_reset(&host);

	/* balanced, uncalibrated: more positives, worse probabilities */
	params.balanced = true;
	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK && metric("test", "recall") > recall + 0.1 &&
			metric("test", "log_loss") > loss + 0.02, "class weights shift scores");
	memcpy(plain, result.confusion, sizeof(plain));
	test_host_reset(&host);

	/* balanced, prior taken out: the same labels, good probabilities */
	spec.prior = true;
	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK && fabs(metric("test",
			"log_loss") - loss) < 0.01, "prior calibration makes them probabilities again");
	OK(memcmp(plain, result.confusion, sizeof(plain)) == 0 && result.threshold < 0.4,
			"and the moved threshold keeps every label");
	test_host_reset(&host);
	spec.threshold = 0.3;
	ml_train(&host.host, &data, &spec, &result, &status);
	OK(result.threshold == 0.3, "a threshold that was asked for is not moved");
	spec.threshold = NAN;
	test_host_reset(&host);

	params.balanced = false;
	spec.prior = false;
	spec.threshold_rule = "f1";
	spec.refit = true;
	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK && result.threshold > 0.05 &&
			result.threshold < 0.5, "a threshold by F1");
	OK(result.rows_fitted == N_TRAIN + N_VALID && result.feature[0].n == N_TRAIN + N_VALID, "refitted on both parts");
	OK(metric("validation", "f1") > metric("test", "f1") - 0.15 && all_metrics("validation", ML_BINARY),
			"validation figures of the first fit");
	memset(plain, 0, sizeof(plain));
	for (i = N_TRAIN + N_VALID; i < N; i++)
		plain[(y[i] == 1) * 2 + (score_naive(&data, i, margin) >= result.threshold)]++;
	OK(memcmp(plain, result.confusion, sizeof(plain)) == 0, "the confusion is that of the refitted bytes, row by row");
	test_host_reset(&host);
	spec.threshold_rule = "cost";
	spec.cost[1] = 1;
	spec.cost[2] = 20;
	ml_train(&host.host, &data, &spec, &result, &status);
	OK(result.threshold < 0.15, "a dear false negative lowers the threshold");
	test_host_reset(&host);

	data.n_train += data.n_valid;
	data.n_valid = 0;
	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK && result.threshold == 0.5 &&
			host.n_warn == 1, "without validation rows the rule warns");
	test_host_reset(&host);
	spec.threshold_rule = NULL;
	data.n_train = N;
	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK && result.confusion == NULL &&
			result.score.n == N, "without test rows the score's baseline is the training rows'");
	test_host_reset(&host);
}

static void
test_multiclass(void)
{
	MlDataset	data = make_data(ML_MULTICLASS);
	MlTrainSpec spec = make_spec(&data, "logistic_regression");
	double		margin[4];
	double		loss = 0;
	int64_t		diagonal;
	int			i;

	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK, "three classes train");
	OK(all_metrics("test", ML_MULTICLASS) && metric("test", "roc_auc") > 0.7, "with all metrics");
	diagonal = result.confusion[0] + result.confusion[4] + result.confusion[8];
	NEAR(metric("test", "accuracy"), (double) diagonal / (N - N_TRAIN - N_VALID), 1e-12, "accuracy is the diagonal");
	for (i = N_TRAIN + N_VALID; i < N; i++)
	{
		double		most = -INFINITY;
		double		sum = 0;
		int			k;

		score_naive(&data, i, margin);
		for (k = 0; k < 3; k++)
			most = fmax(most, margin[k]);
		for (k = 0; k < 3; k++)
			sum += exp(margin[k] - most);
		loss -= margin[(int) y[i]] - most - log(sum);
	}
	NEAR(metric("test", "log_loss"), loss / (N - N_TRAIN - N_VALID), 1e-10, "log loss is that of the stored bytes");
	test_host_reset(&host);
}

static void
test_same(void)
{
	MlDataset	data = make_data(ML_BINARY);
	MlTrainSpec spec = make_spec(&data, "logistic_regression");
	static uint8_t first[100000];
	static double quantile[ML_BASELINE_QUANTILES];
	size_t		size;
	bool		good;

	host.host.threads = 1;
	ml_train(&host.host, &data, &spec, &result, &status);
	size = result.size;
	memcpy(first, result.bytes, size);
	memcpy(quantile, result.score.quantile, sizeof(quantile));
	test_host_reset(&host);
	host.host.threads = 3;
	ml_train(&host.host, &data, &spec, &result, &status);
	good = size == result.size && memcmp(first, result.bytes, size) == 0 &&
		memcmp(quantile, result.score.quantile, sizeof(quantile)) == 0;
	OK(good, "one thread or three: the same bytes and scores");
	test_host_reset(&host);
}

/* ---- columns that are the training's own ---- */

static void *
copy_of(const void *array, size_t size)
{
	return memcpy(host.host.alloc(&host.host, size), array, size);
}

static bool
same_numbers(const double *a, const double *b, int n)
{
	return (a == NULL) == (b == NULL) && (a == NULL || memcmp(a, b, (size_t) n * sizeof(double)) == 0);
}

static bool
same_results(const MlTrainResult *a, const MlTrainResult *b)
{
	bool		same = a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0 &&
		a->n_metrics == b->n_metrics && a->n_importance == b->n_importance && a->rows_fitted == b->rows_fitted &&
		memcmp(&a->threshold, &b->threshold, sizeof(double)) == 0 &&
		same_numbers(a->score.quantile, b->score.quantile, ML_BASELINE_QUANTILES);
	int			i;

	for (i = 0; same && i < a->n_metrics; i++)
		same = strcmp(a->metric[i].split, b->metric[i].split) == 0 &&
			memcmp(&a->metric[i].value, &b->metric[i].value, sizeof(double)) == 0;
	for (i = 0; same && i < a->n_importance; i++)
		same = same_numbers(a->importance[i].value, b->importance[i].value, a->importance[i].n);
	for (i = 0; same && i < 3; i++)
		same = a->feature[i].n == b->feature[i].n && a->feature[i].n_missing == b->feature[i].n_missing &&
			same_numbers(a->feature[i].quantile, b->feature[i].quantile, ML_BASELINE_QUANTILES);
	return same;
}

/* What is asked of the columns: nothing; what bins still tell all of; what they do not. */
typedef enum Asked
{
	PLAIN,
	PREPARED,
	ENCODED,
	SAMPLED
} Asked;

static void
ask(Asked asked)
{
	if (asked == PREPARED)
	{
		prep[0].clip = ML_CLIP_QUANTILES;
		prep[0].low = 0.1;
		prep[0].high = 0.8;
		prep[1].impute = ML_IMPUTE_MEDIAN;
		prep[2].rare_below = 0.33;
	}
	else if (asked == ENCODED)
	{
		prep[1].impute = ML_IMPUTE_MEAN;
		prep[1].indicator = true;
		prep[2].encode = ML_ENCODE_TARGET;
	}
}

/* Trees, with and without columns that may go: the same to the last bit, and no column is held longer than needed. */
static void
test_own(const char *algorithm, MlTaskKind task, int64_t n, int64_t valid, bool refit, Asked asked)
{
	static const char *const what[] = {"", ", prepared", ", encoded", ", sampled"};
	MlDataset	data = make_data(task);
	MlTrainSpec spec = make_spec(&data, algorithm);
	MlTrainResult want;
	MlColumn	own[3];
	char		name[128];
	int64_t		learned;
	bool		good;

	data.n = n;
	data.n_valid = valid;
	learned = asked >= ENCODED ? 0 : N_TRAIN + (refit ? valid : 0);
	ask(asked);
	if (asked == SAMPLED)
		spec.sampling = (MlSampling) {.method = refit ? ML_SAMPLING_UNDER : ML_SAMPLING_OVER,.ratio = 1};
	spec.refit = refit;
	/* importance takes the longest: once is enough */
	spec.metric = task == ML_REGRESSION ? "rmse" : NULL;
	spec.threshold_rule = task == ML_BINARY && valid > 0 ? "f1" : NULL;
	if (strcmp(algorithm, "gradient_boosting") == 0)
	{
		ml_param_set_number(&params, ml_param_index(params.learner, "learning_rate"), 0.4, &status);
		ml_param_set_number(&params, ml_param_index(params.learner, "n_estimators"), 20, &status);
		ml_param_set_number(&params, ml_param_index(params.learner, "early_stopping_rounds"), 3, &status);
	}
	else if (strcmp(algorithm, "random_forest") == 0)
		ml_param_set_number(&params, ml_param_index(params.learner, "n_estimators"), 3, &status);
	/* shallow, since importance explains rows */
	ml_param_set_number(&params, ml_param_index(params.learner, "max_leaves"), 6, &status);
	host.host.threads = 2;
	good = ml_train(&host.host, &data, &spec, &want, &status) == ML_OK && data.first == 0;

	memcpy(own, column, sizeof(own));
	own[0].value = copy_of(x1, sizeof(x1));
	own[1].value = copy_of(x2, sizeof(x2));
	own[2].code = copy_of(code, sizeof(code));
	data.column = own;
	data.owns_columns = true;
	good &= ml_train(&host.host, &data, &spec, &result, &status) == ML_OK && same_results(&want, &result);
	snprintf(name, sizeof(name), "%s, %d classes, %d rows, %d choose%s%s: the same without columns", algorithm,
			 data.n_classes, (int) n, (int) valid, refit ? ", refitted" : "", what[asked]);
	OK(good, name);
	good = data.first == learned && memcmp(own[0].value, x1 + learned, (size_t) (n - learned) * sizeof(double)) == 0 &&
		memcmp(own[2].code, code + learned, (size_t) (n - learned) * sizeof(int32_t)) == 0;
	OK(good, asked >= ENCODED ? "which are there still" : "which begin with the first row that was not learned from");
	test_host_reset(&host);
}

/* A column without values is told of once, though two fits meet it. */
static void
test_empty(void)
{
	static double nothing[N];
	MlDataset	data = make_data(ML_REGRESSION);
	MlTrainSpec spec = make_spec(&data, "gradient_boosting");
	int			i;

	for (i = 0; i < N; i++)
		nothing[i] = NAN;
	column[0].value = nothing;
	prep[0].impute = ML_IMPUTE_MEAN;
	spec.refit = true;
	ml_param_set_number(&params, ml_param_index(params.learner, "n_estimators"), 3, &status);
	host.n_warn = 0;
	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK && result.rows_fitted == N_TRAIN + N_VALID &&
	   host.n_warn == 1, "a column without values is told of once");
	test_host_reset(&host);
}

static void
test_columns(void)
{
	static const struct
	{
		const char *algorithm;
		MlTaskKind	task;
	}			fit[] = {{"gradient_boosting", ML_REGRESSION}, {"gradient_boosting", ML_BINARY},
	{"gradient_boosting", ML_MULTICLASS}, {"random_forest", ML_MULTICLASS}, {"decision_tree", ML_BINARY}};
	MlDataset	data;
	MlTrainSpec spec;
	Asked		asked;
	int			f;

	for (f = 0; f < 5; f++)
	{
		for (asked = PLAIN; asked <= ENCODED; asked++)
			test_own(fit[f].algorithm, fit[f].task, N, N_VALID, true, asked);
		test_own(fit[f].algorithm, fit[f].task, N, N_VALID, false, PLAIN);
		test_own(fit[f].algorithm, fit[f].task, N, N_VALID, true, fit[f].task == ML_REGRESSION ? PLAIN : SAMPLED);
		test_own(fit[f].algorithm, fit[f].task, N, N_VALID, false, fit[f].task == ML_REGRESSION ? PLAIN : SAMPLED);
		test_own(fit[f].algorithm, fit[f].task, N_TRAIN + N_VALID, N_VALID, false, PLAIN);
		test_own(fit[f].algorithm, fit[f].task, N_TRAIN, 0, true, PLAIN);
	}
	data = make_data(ML_BINARY);
	spec = make_spec(&data, "logistic_regression");
	data.owns_columns = true;
	OK(ml_train(&host.host, &data, &spec, &result, &status) == ML_OK && data.first == 0,
	   "learners that are not of trees let nothing go");
	test_host_reset(&host);
}

/* Every allocation fails once, every poll stops once: a status, and no crash. */
static void
test_failures(void)
{
	MlDataset	data = make_data(ML_BINARY);
	MlTrainSpec spec = make_spec(&data, "logistic_regression");
	MlCode		rc = ML_NO_MEMORY;
	long		k;
	bool		good = true;
	long		allocs = 0;

	spec.threshold_rule = "youden";
	spec.refit = true;
	for (k = 1; rc != ML_OK && k < 100000; k++)
	{
		host.fail_at = k;
		status.message[0] = '\0';
		rc = ml_train(&host.host, &data, &spec, &result, &status);
		good &= rc == ML_OK || (rc == ML_NO_MEMORY && status.message[0] != '\0');
		allocs = host.n_alloc;
		test_host_reset(&host);
		if (!good)
			printf("# allocation %ld: code %d, %s\n", k, rc, status.message);
		if (!good)
			break;
	}
	OK(good && rc == ML_OK, "each allocation may fail");
	printf("# %ld allocations\n", allocs);
	host.fail_at = 0;

	rc = ML_CANCELLED;
	for (k = 1; rc != ML_OK && k < 100000; k++)
	{
		host.stop_at = k;
		rc = ml_train(&host.host, &data, &spec, &result, &status);
		good &= rc == ML_OK || rc == ML_CANCELLED;
		test_host_reset(&host);
		if (!good)
			break;
	}
	OK(good && rc == ML_OK && k > 5, "each poll may stop it");
	printf("# %ld polls\n", k - 1);
	host.stop_at = 0;
}

static void
test_baseline(void)
{
	int64_t		n = 450000;
	double	   *v = malloc((size_t) n * sizeof(double));
	static char text[1500][16];
	static const char *names[1500];
	static int32_t codes[6000];
	double		nothing[2] = {NAN, NAN};
	double		first;
	MlBaseline	b;
	int			i;

	for (i = 0; i < n; i++)
		v[i] = i % 9 == 0 ? NAN : i;
	OK(ml_baseline_numbers(&host.host, v, n, 1, 1, &b, &status) == ML_OK && b.n == n && b.n_missing == 50000,
			"rows and missing are counted in all rows");
	OK(b.minimum == 1 && b.maximum == n - 1 && b.n_distinct == ML_BASELINE_SAMPLE,
			"minimum and maximum of all, distinct of the sample");
	OK(fabs(b.quantile[500] - 225000) < 2000 && fabs(b.quantile[900] - 405000) < 2000, "quantiles of the sample");
	NEAR(b.mean, 225000, 1e-12, "mean of all");
	first = b.quantile[333];
	test_host_reset(&host);
	ml_baseline_numbers(&host.host, v, n, 1, 1, &b, &status);
	OK(b.quantile[333] == first, "the same seed draws the same sample");
	test_host_reset(&host);
	ml_baseline_numbers(&host.host, v, n, 2, 1, &b, &status);
	OK(b.quantile[333] != first, "another seed another one");
	test_host_reset(&host);
	OK(ml_baseline_numbers(&host.host, nothing, 2, 1, 1, &b, &status) == ML_OK && b.quantile == NULL &&
			b.n_missing == 2 && isnan(b.mean), "all missing");
	test_host_reset(&host);
	free(v);

	for (i = 0; i < 1500; i++)
	{
		snprintf(text[i], sizeof(text[i]), "%04d", i);
		names[i] = text[i];
	}
	for (i = 0; i < 6000; i++)
		codes[i] = i < 3 ? -1 : i < 1000 ? 1234 : i % 1400;
	OK(ml_baseline_codes(&host.host, codes, 6000, names, 1500, &b, &status) == ML_OK &&
			b.n_levels == ML_BASELINE_LEVELS && b.n_distinct == 1400, "the commonest 1000 levels");
	OK(strcmp(b.level[0], "1234") == 0 && b.count[0] == 1001 && b.n_missing == 3, "commonest first");
	OK(b.count[1] == 4 && strcmp(b.level[1], "0000") == 0 && strcmp(b.level[2], "0001") == 0 && b.count[999] == 3,
			"equal counts bytewise");
	{
		int64_t		sum = b.n_other + b.n_missing;

		for (i = 0; i < b.n_levels; i++)
			sum += b.count[i];
		OK(sum == 6000, "the rest is counted");
	}
	test_host_reset(&host);
}

static void
test_names(void)
{
	OK(ml_metric_direction("roc_auc", ML_BINARY) == 1 && ml_metric_direction("log_loss", ML_MULTICLASS) == -1,
			"directions");
	OK(ml_metric_direction("rmse", ML_BINARY) == 0 && ml_metric_direction("brier", ML_MULTICLASS) == 0 &&
			ml_metric_direction("x", ML_REGRESSION) == 0, "no such metric for the task");
	OK(ml_metric_direction("r2", ML_REGRESSION) == 1 && ml_metric_direction("mape", ML_REGRESSION) == -1,
			"of a regression");
	IS_TEXT(ml_metric_name(3, ML_REGRESSION), "r2", "names by number");
	OK(ml_metric_name(4, ML_REGRESSION) == NULL && ml_metric_name(99, ML_BINARY) == NULL && ml_metric_name(-1,
			ML_BINARY) == NULL, "and their end");
}

int
main(void)
{
	test_host_init(&host, 2);
	test_regression();
	test_binary();
	test_multiclass();
	test_same();
	test_columns();
	test_empty();
	test_failures();
	test_baseline();
	test_names();
	return tap_done();
}
