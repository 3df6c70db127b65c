/*
 * test_boosting.c: gradient boosting from dataset to bytes.
 */
#include <float.h>
#include <time.h>

#include "fixture.h"
#include "kernel/loss.h"
#include "kernel/rng.h"
#include "learn/grow.h"
#include "learn/tree.h"
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

static double
normal(MlRng *rng)
{
	double		u = 1 - ml_rng_unit(rng);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * ml_rng_unit(rng));
}

static MlTaskKind
task_of(MlLoss loss)
{
	return loss == ML_LOSS_LOGISTIC ? ML_BINARY : loss == ML_LOSS_SOFTMAX ? ML_MULTICLASS : ML_REGRESSION;
}

/*
 * Numbers with missing values, whole numbers, a constant, few and very many
 * categories; the target hangs on all but the constant.
 */
static MlDataset
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
static void
set_params(const char *loss, int rounds)
{
	MlStatus	status;

	ml_params_init(&params, &ml_gradient_boosting);
	ml_param_set_text(&params, ml_param_index(&ml_gradient_boosting, "loss"), loss, &status);
	fixture_set(&params, "n_estimators", rounds);
	fixture_set(&params, "learning_rate", 0.1);
	fixture_set(&params, "early_stopping_rounds", 0);
}

static MlCode
fit(const MlDataset *data, int threads)
{
	test_host_reset(&host);
	host.host.threads = threads;
	return fixture_fit(&host, data, &params, &fitted);
}

/* Margins of rows [from, to) by the bytes. */
static void
margins(const MlDataset *data, int64_t from, int64_t to)
{
	ml_prep_rows(&fitted.model.prep, data, from, to, x);
	ml_model_margin(&fitted.model, x, to - from, margin);
}

static bool
margins_equal(const MlDataset *data)
{
	size_t		n = (size_t) data->n_train * (size_t) fitted.model.n_outputs;

	if (fitted.fit.margin == NULL)
		return false;
	margins(data, 0, data->n_train);
	return memcmp(margin, fitted.fit.margin, n * sizeof(double)) == 0;
}

/* Mean log-loss of two classes over rows [from, to) by the bytes. */
static double
log_loss(const MlDataset *data, int64_t from, int64_t to)
{
	margins(data, from, to);
	return ml_loss_sum(ML_LOSS_LOGISTIC, 0, 1, data->y + from, margin, NULL, to - from) / (double) (to - from);
}

/* ---- every loss ---- */

static void
test_losses(void)
{
	char		name[96];
	int			k;

	for (k = 0; k < N_LOSSES; k++)
	{
		MlDataset	data = make_data(3000, losses[k].loss, 1);
		uint8_t    *bytes;
		size_t		size;
		double		curve[30];
		bool		good = true;
		int			weighted;
		int			i;

		for (weighted = 0; weighted < 2; weighted++)
		{
			data.weight = weighted ? weight : NULL;
			set_params(losses[k].name, 30);
			good &= fit(&data, 1) == ML_OK && fitted.fit.n_rounds == 30 && fitted.fit.iterations == 30;
			if (!good)
				break;
			memcpy(curve, fitted.fit.curve_train, sizeof(curve));
			/* a share of the rows each round: not every step goes down, all of them together do */
			for (i = 10; i < 30; i++)
				good &= curve[i] < curve[i - 10];
			snprintf(name, sizeof(name), "%s, %s: the loss falls", losses[k].name,
					 data.task == ML_MULTICLASS ? "three classes" : weighted ? "weighted" : "plain");
			OK(good && curve[29] < 0.9 * curve[0] && fitted.fit.curve_validation == NULL, name);
			OK(margins_equal(&data), "and margins are those of the bytes, bit for bit");
			size = fitted.size;
			bytes = malloc(size);
			memcpy(bytes, fitted.bytes, size);
			good = fit(&data, 2) == ML_OK && fitted.size == size && memcmp(bytes, fitted.bytes, size) == 0 &&
				memcmp(curve, fitted.fit.curve_train, sizeof(curve)) == 0;
			good &= fit(&data, 8) == ML_OK && fitted.size == size && memcmp(bytes, fitted.bytes, size) == 0 &&
				memcmp(curve, fitted.fit.curve_train, sizeof(curve)) == 0;
			OK(good, "1, 2 and 8 threads give the same bytes");
			free(bytes);
		}
	}
}

/* Quantiles mean what they say; so does the mean. */
static void
test_meaning(void)
{
	MlDataset	data = make_data(8000, ML_LOSS_QUANTILE, 2);
	double		below = 0;
	int			i;

	set_params("quantile", 60);
	fixture_set(&params, "alpha", 0.8);
	fit(&data, 2);
	margins(&data, 0, data.n);
	for (i = 0; i < data.n; i++)
		below += target[i] <= margin[i];
	OK(fabs(below / (double) data.n - 0.8) < 0.04, "a quantile has its share below");
	printf("# %.3f below\n", below / (double) data.n);
	data = make_data(8000, ML_LOSS_POISSON, 2);
	set_params("poisson", 60);
	fit(&data, 2);
	margins(&data, 0, data.n);
	below = 0;
	for (i = 0; i < data.n; i++)
		below += target[i] - exp(margin[i]);
	OK(fabs(below) < 0.02 * (double) data.n && fitted.model.log_link, "counts are right on the mean");
}

/* ---- choosing the round ---- */

static void
test_stopping(void)
{
	MlDataset	data = make_data(3000, ML_LOSS_LOGISTIC, 3);
	void	   *section;
	size_t		size;
	int			best = 0;
	int			i;

	data.n_train = 2000;
	data.n_valid = 1000;
	set_params("log_loss", 400);
	fixture_set(&params, "learning_rate", 0.3);
	fixture_set(&params, "early_stopping_rounds", 7);
	OK(fit(&data, 2) == ML_OK && fitted.fit.curve_validation != NULL && host.n_warn == 0, "early stopping");
	for (i = 1; i < fitted.fit.n_rounds; i++)
		if (fitted.fit.curve_validation[i] < fitted.fit.curve_validation[best] * (1 - 1e-7))
			best = i;
	OK(fitted.fit.iterations == best + 1 && fitted.fit.n_rounds == best + 8 && fitted.fit.converged,
	   "the best round is kept, and the curves show those after it");
	NEAR(log_loss(&data, 2000, 3000), fitted.fit.curve_validation[best], 1e-12,
		 "its loss is that of the bytes on the rows that choose");
	OK(fitted.fit.objective == fitted.fit.curve_train[best], "the objective is that of the best round");
	NEAR(log_loss(&data, 0, 2000), fitted.fit.objective, 1e-12, "and that of the bytes on the rows that learn");
	OK(fitted.fit.margin == NULL, "margins of later rounds are nobody's");
	size = fitted.section_size;
	section = malloc(size);
	memcpy(section, fitted.section, size);

	/* the same rounds without a choice */
	data.n_valid = 0;
	fixture_set(&params, "n_estimators", best + 1);
	fixture_set(&params, "early_stopping_rounds", 0);
	OK(fit(&data, 2) == ML_OK && fitted.section_size == size && memcmp(section, fitted.section, size) == 0,
	   "as many rounds give the same trees");
	OK(fitted.fit.curve_validation == NULL && margins_equal(&data), "and margins");
	free(section);

	/* no rows to choose by */
	fixture_set(&params, "early_stopping_rounds", 7);
	OK(fit(&data, 2) == ML_OK && fitted.fit.iterations == best + 1 && host.n_warn == 1,
	   "without rows that choose all rounds are made, with a warning");

	/* the first round is the best there is: noise */
	data = make_data(600, ML_LOSS_LOGISTIC, 3);
	data.n_train = 300;
	data.n_valid = 300;
	for (i = 0; i < 600; i++)
		target[i] = (double) (i * 7919 % 10007 % 2);
	OK(fit(&data, 2) == ML_OK && fitted.fit.iterations >= 1 && fitted.fit.n_rounds <= fitted.fit.iterations + 7,
	   "at least one round stays");

	/* several classes: a tree a class stays */
	data = make_data(3000, ML_LOSS_SOFTMAX, 3);
	data.n_train = 2000;
	data.n_valid = 1000;
	set_params("log_loss", 100);
	fixture_set(&params, "learning_rate", 0.5);
	fixture_set(&params, "early_stopping_rounds", 5);
	fixture_set(&params, "subsample", 0.5);
	fit(&data, 2);
	margins(&data, 2000, 3000);
	NEAR(ml_loss_sum(ML_LOSS_SOFTMAX, 0, 3, target + 2000, margin, NULL, 1000) / 1000,
		 fitted.fit.curve_validation[fitted.fit.iterations - 1], 1e-12, "three classes stop as well");
}

/* A bag may be drawn empty when it is very small. */
static void
test_bags(void)
{
	MlDataset	data = make_data(40, ML_LOSS_SQUARED, 4);

	set_params("squared_error", 60);
	fixture_set(&params, "subsample", 0.01);
	fixture_set(&params, "min_samples_leaf", 1);
	fixture_set(&params, "early_stopping_rounds", 20);
	data.n_train = 25;
	data.n_valid = 15;
	OK(fit(&data, 2) == ML_OK, "bags of hardly a row");
	OK(((const MlTrees *) fitted.model.state)->n_trees == (uint32_t) fitted.fit.iterations,
	   "the trees of the best round and those before it");
	NEAR(ml_loss_sum(ML_LOSS_SQUARED, 0, 1, target + 25, (margins(&data, 25, 40), margin), NULL, 15) / 15,
		 fitted.fit.curve_validation[fitted.fit.iterations - 1], 1e-12, "its loss is that of the bytes");
	data.n_valid = 0;
	fixture_set(&params, "early_stopping_rounds", 0);
	OK(fit(&data, 2) == ML_OK && margins_equal(&data), "and margins are those of the bytes");
	OK(((const MlTrees *) fitted.model.state)->n_trees == 60, "a round is never empty");
}

/* ---- weights ---- */

static void
test_weights(void)
{
	static double copy[4][8000];
	static int32_t copy_code[2][8000];
	static double copy_y[8000];
	MlDataset	data = make_data(4000, ML_LOSS_LOGISTIC, 5);
	MlDataset	other = data;
	MlColumn	repeated[P];
	const char *name[1] = {"c001"};
	double		value[1] = {3};
	void	   *section;
	size_t		size;
	double		loss;
	int64_t		n = 0;
	int64_t		i;
	int			c;
	int			k;

	/* weights 1 and 2, and rows once and twice */
	data.n_train = 3000;
	memcpy(repeated, column, sizeof(column));
	for (i = 0; i < 3000; i++)
	{
		weight[i] = 1 + (double) (i % 2);
		for (k = 0; k < (int) weight[i]; k++, n++)
		{
			for (c = 0; c < 4; c++)
				copy[c][n] = number[c][i];
			copy_code[0][n] = code_of[0][i];
			copy_code[1][n] = code_of[1][i];
			copy_y[n] = target[i];
		}
	}
	for (c = 0; c < 4; c++)
		repeated[c].value = copy[c];
	repeated[4].code = copy_code[0];
	repeated[5].code = copy_code[1];
	data.weight = weight;
	other.column = repeated;
	other.y = copy_y;
	other.n = other.n_train = n;
	set_params("log_loss", 40);
	fixture_set(&params, "subsample", 1);
	fixture_set(&params, "colsample_bytree", 1);
	fixture_set(&params, "min_samples_leaf", 1);
	fit(&data, 2);
	loss = log_loss(&data, 3000, 4000);
	fit(&other, 2);
	NEAR(log_loss(&data, 3000, 4000), loss, 0.02, "a weight of 2 is nearly a row twice");

	/* one weight by three ways */
	fit(&data, 2);
	for (i = 0; i < 4000; i++)
		weight[i] = target[i] == 1 ? 3 : 1;
	fit(&data, 2);
	size = fitted.section_size;
	section = malloc(size);
	memcpy(section, fitted.section, size);
	OK(fitted.fit.log_prior == NULL, "sample weights are no prior");
	data.weight = NULL;
	fixture_set(&params, "scale_pos_weight", 3);
	OK(fit(&data, 2) == ML_OK && fitted.section_size == size && memcmp(section, fitted.section, size) == 0,
	   "scale_pos_weight weighs as sample weights do");
	NEAR(fitted.fit.log_prior[1] - fitted.fit.log_prior[0], log(3), 1e-12, "and is a prior");
	fixture_set(&params, "scale_pos_weight", 1);
	params.n_class_weights = 1;
	params.class_weight_name = name;
	params.class_weight_value = value;
	OK(fit(&data, 2) == ML_OK && fitted.section_size == size && memcmp(section, fitted.section, size) == 0,
	   "so does class_weight");
	free(section);
	params.n_class_weights = 0;
	params.balanced = true;
	data.weight = weight;
	OK(fit(&data, 2) == ML_OK && margins_equal(&data), "balanced, with sample weights");
}

/* ---- monotone constraints ---- */

static void
test_monotone(void)
{
	static const MlLoss which[] = {ML_LOSS_LOGISTIC, ML_LOSS_SQUARED, ML_LOSS_ABSOLUTE, ML_LOSS_POISSON};
	const char *name[2] = {"a", "b"};
	double		value[2] = {1, -1};
	size_t		k;

	for (k = 0; k < sizeof(which) / sizeof(which[0]); k++)
	{
		MlDataset	data = make_data(3000, which[k], 6);
		bool		rises = true;
		bool		falls = true;
		double		most = 0;
		int			i;
		int			j;

		set_params(which[k] == ML_LOSS_LOGISTIC ? "log_loss" : which[k] == ML_LOSS_SQUARED ? "squared_error"
				   : which[k] == ML_LOSS_ABSOLUTE ? "absolute_error" : "poisson", 50);
		params.n_monotone = 2;
		params.monotone_name = name;
		params.monotone_value = value;
		if (fit(&data, 2) != ML_OK)
			OK(false, fitted.status.message);
		for (i = 0; i < 100; i++)
		{
			double		base[P];
			double		last[2] = {-INFINITY, INFINITY};

			ml_prep_rows(&fitted.model.prep, &data, i, i + 1, base);
			for (j = 0; j <= 60; j++)
			{
				double		row[P];
				double		m;

				memcpy(row, base, sizeof(row));
				row[0] = -3 + 0.1 * j;
				ml_model_margin(&fitted.model, row, 1, &m);
				rises &= m >= last[0];
				most = fmax(most, j > 0 ? m - last[0] : 0);
				last[0] = m;
				memcpy(row, base, sizeof(row));
				row[1] = -3 + 0.1 * j;
				ml_model_margin(&fitted.model, row, 1, &m);
				falls &= m <= last[1];
				last[1] = m;
			}
		}
		OK(rises && falls, "monotone constraints hold on a grid");
		OK(most > 0.01 && fitted.fit.curve_train[49] < fitted.fit.curve_train[0] && margins_equal(&data),
		   "and something is learned");
	}
}

/* ---- many classes ---- */

static void
test_classes(void)
{
	MlDataset	data = make_data(6000, ML_LOSS_SOFTMAX, 7);
	double		proba[MOST_CLASSES];
	double		row[MOST_CLASSES];
	double		sum = 0;
	int			right = 0;
	int			i;
	int			c;

	data.n_classes = 5;
	set_params("log_loss", 10);
	OK(fit(&data, 2) == ML_OK && margins_equal(&data), "classes without rows");
	margins(&data, 0, 1);
	ml_model_proba(&fitted.model, margin, proba);
	for (c = 0; c < 5; c++)
		sum += proba[c];
	OK(fabs(sum - 1) < 1e-12 && proba[3] > 0 && proba[3] < 0.01 && proba[4] < 0.01, "are hardly ever predicted");

	data.n_classes = MOST_CLASSES;
	data.n = data.n_train = 3000;
	for (i = 0; i < 3000; i++)
	{
		target[i] = i % MOST_CLASSES;
		number[0][i] = i % MOST_CLASSES / 20;
		number[2][i] = i % MOST_CLASSES % 20;
	}
	set_params("log_loss", 8);
	fixture_set(&params, "learning_rate", 0.3);
	fixture_set(&params, "min_samples_leaf", 1);
	fixture_set(&params, "min_child_weight", 0);
	fixture_set(&params, "max_leaves", 8);
	OK(fit(&data, 2) == ML_OK, "300 classes");
	for (i = 0; i < 3000; i += 7)
	{
		ml_prep_rows(&fitted.model.prep, &data, i, i + 1, x);
		ml_model_margin(&fitted.model, x, 1, row);
		ml_model_proba(&fitted.model, row, proba);
		right += ml_model_class(&fitted.model, row, proba, NAN) == (int) target[i];
	}
	OK(right > 0.9 * 3000 / 7, "are told apart");
	printf("# %d of %d right\n", right, 3000 / 7 + 1);
}

/* ---- quantised gradients ---- */

/* A booster of two classes with gradients, sums and gains in double precision. */
typedef struct Exact
{
	const MlBinned *b;
	const double *y;
	int64_t		n;				/* rows that learn; b has more */
	double	   *g;
	double	   *h;
	double	   *f;				/* of all rows */
	int		   *leaf;
} Exact;

typedef struct ExactLeaf
{
	double		gain;
	double		G;
	double		H;
	int			column;
	bool		left[256];
} ExactLeaf;

static double
score_of(double G, double H)
{
	return G * G / (H + 1);
}

static void
exact_split(const Exact *e, int leaf, ExactLeaf *out)
{
	int64_t		i;
	int			c;
	int			b;

	out->gain = out->G = out->H = 0;
	for (i = 0; i < e->n; i++)
		if (e->leaf[i] == leaf)
		{
			out->G += e->g[i];
			out->H += e->h[i];
		}
	for (c = 0; c < e->b->p; c++)
	{
		double		G[256] = {0};
		double		H[256] = {0};
		int			n[256] = {0};
		int			all = 0;
		int			bins = e->b->info[c].n_bins;
		int			side;

		if (e->b->info[c].category)
			continue;
		for (i = 0; i < e->n; i++)
			if (e->leaf[i] == leaf)
			{
				int			bin = ml_binned_at(e->b, i, c);

				G[bin] += e->g[i];
				H[bin] += e->h[i];
				n[bin]++;
				all++;
			}
		for (side = 0; side < 2; side++)
		{
			double		GL = side ? G[255] : 0;
			double		HL = side ? H[255] : 0;
			int			nl = side ? n[255] : 0;

			for (b = 0; b < bins; b++)
			{
				double		gain;

				GL += G[b];
				HL += H[b];
				nl += n[b];
				if (nl < 5 || all - nl < 5 || HL < 1 || out->H - HL < 1)
					continue;
				gain = score_of(GL, HL) + score_of(out->G - GL, out->H - HL) - score_of(out->G, out->H);
				if (gain > out->gain)
				{
					int			k;

					out->gain = gain;
					out->column = c;
					for (k = 0; k < 256; k++)
						out->left[k] = k == ML_MISSING_BIN ? side == 1 : k <= b;
				}
			}
		}
	}
}

static void
exact_tree(const Exact *e, int leaves, double rate)
{
	ExactLeaf	all[64];
	int64_t		i;
	int			n = 1;
	int			l;

	for (i = 0; i < e->b->n; i++)
	{
		double		p = 1 / (1 + exp(-e->f[i]));

		e->g[i] = p - e->y[i];
		e->h[i] = p * (1 - p);
		e->leaf[i] = 0;
	}
	exact_split(e, 0, all);
	while (n < leaves)
	{
		int			best = 0;

		for (l = 1; l < n; l++)
			if (all[l].gain > all[best].gain)
				best = l;
		if (all[best].gain <= 0)
			break;
		for (i = 0; i < e->b->n; i++)
			if (e->leaf[i] == best && !all[best].left[ml_binned_at(e->b, i, all[best].column)])
				e->leaf[i] = n;
		exact_split(e, n, all + n);
		exact_split(e, best, all + best);
		n++;
	}
	for (i = 0; i < e->b->n; i++)
		e->f[i] -= rate * all[e->leaf[i]].G / (all[e->leaf[i]].H + 1);
}

static void
test_quantised(void)
{
	MlDataset	data = make_data(MOST, ML_LOSS_LOGISTIC, 8);
	int64_t		learn = MOST / 2;
	MlScratch	scratch;
	MlBinned	binned;
	Exact		exact = {.b = &binned,.y = target,.n = learn};
	double		positive = 0;
	double		want;
	double		got;
	int64_t		i;
	int			round;

	/* numbers only: the twin knows no categories */
	data.p = 4;
	data.n_train = learn;
	set_params("log_loss", 40);
	fixture_set(&params, "subsample", 1);
	fixture_set(&params, "colsample_bytree", 1);
	fixture_set(&params, "max_leaves", 15);
	OK(fit(&data, 2) == ML_OK, "quantised gradients");
	got = log_loss(&data, learn, MOST);
	ml_scratch_init(&scratch, &host.host);
	ml_binned_build(&host.host, &scratch, &data, learn, MOST, &fitted.prep, 255, 42, true, true, &binned,
					&fitted.status);
	exact.g = malloc(MOST * sizeof(double));
	exact.h = malloc(MOST * sizeof(double));
	exact.f = malloc(MOST * sizeof(double));
	exact.leaf = malloc(MOST * sizeof(int));
	for (i = 0; i < learn; i++)
		positive += target[i] / (double) learn;
	for (i = 0; i < MOST; i++)
		exact.f[i] = log(positive / (1 - positive));
	for (round = 0; round < 40; round++)
		exact_tree(&exact, 15, 0.1);
	want = ml_loss_sum(ML_LOSS_LOGISTIC, 0, 1, target + learn, exact.f + learn, NULL, MOST - learn) /
		(double) (MOST - learn);
	NEAR(got, want, 1e-4, "held-out loss within 1e-4 of double precision");
	printf("# quantised %.8f, double %.8f, relative difference %.1e\n", got, want, got / want - 1);
	free(exact.g);
	free(exact.h);
	free(exact.f);
	free(exact.leaf);
	ml_scratch_release(&scratch);
}

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
		long		before;

		test_host_reset(&host);
		host.n_alloc = -1000;
		if (ml_prep_fit(&host.host, &data, spec, false, &prep, &status) != ML_OK)
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
				target[i] = losses[l].loss == ML_LOSS_POISSON ? (i % 5) / 4.0 * scales[k] : (i % 5 - 2) / 2.0 * scales[k];
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
	test_losses();
	test_meaning();
	test_stopping();
	test_bags();
	test_weights();
	test_monotone();
	test_classes();
	test_quantised();
	test_failures();
	test_odd_columns();
	test_odd_targets();
	test_host_reset(&host);
	return tap_done();
}
