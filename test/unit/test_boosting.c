/*
 * test_boosting.c: gradient boosting from dataset to bytes.
 */
#include "learn/grow.h"
#include "learn/tree.h"

#include "fixture_boosting.h"

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

/* Several tasks a loop: bags of rows, and one that is drawn empty. */
static void
test_tasks(void)
{
	static const double share[] = {0.8, 1e-9};
	static const int threads[] = {1, 2, 8, 8};
	size_t		k;

	for (k = 0; k < 2; k++)
	{
		MlDataset	data = make_data(MOST, ML_LOSS_SQUARED, 12);
		uint8_t    *bytes = NULL;
		bool		good = true;
		int			t;

		set_params("squared_error", 3);
		fixture_set(&params, "subsample", share[k]);
		for (t = 0; t < 4; t++)
		{
			good &= fit(&data, threads[t]) == ML_OK && margins_equal(&data);
			if (t == 0)
			{
				bytes = malloc(fitted.size);
				memcpy(bytes, fitted.bytes, fitted.size);
			}
			good &= memcmp(bytes, fitted.bytes, fitted.size) == 0;
		}
		OK(good && fitted.fit.curve_train[2] < 0.99 * fitted.fit.curve_train[0], "many rows by any threads");
		free(bytes);
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
	char		phase[128];

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
	snprintf(phase, sizeof(phase), "boosting, round %d of 400, validation log_loss %.6g", fitted.fit.n_rounds - 1,
			 fitted.fit.curve_validation[fitted.fit.n_rounds - 2]);
	OK(strcmp(host.phase, phase) == 0, "each round tells how many are done, and the loss that chooses");
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
	snprintf(phase, sizeof(phase), "boosting, round %d of %d", best, best + 1);
	OK(strcmp(host.phase, phase) == 0, "rounds are told of without a choice, too");
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
	static const MlLoss which[] = {
		ML_LOSS_LOGISTIC, ML_LOSS_SQUARED, ML_LOSS_ABSOLUTE, ML_LOSS_POISSON, ML_LOSS_QUANTILE
	};
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
				   : which[k] == ML_LOSS_ABSOLUTE ? "absolute_error"
				   : which[k] == ML_LOSS_QUANTILE ? "quantile" : "poisson", 50);
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
				ml_model_margin(&fitted.model, row, 1, &m, NULL);
				rises &= m >= last[0];
				most = fmax(most, j > 0 ? m - last[0] : 0);
				last[0] = m;
				memcpy(row, base, sizeof(row));
				row[1] = -3 + 0.1 * j;
				ml_model_margin(&fitted.model, row, 1, &m, NULL);
				falls &= m <= last[1];
				last[1] = m;
			}
		}
		OK(rises && falls, "monotone constraints hold on a grid");
		OK(most > 0.01 && fitted.fit.curve_train[49] < fitted.fit.curve_train[0] && margins_equal(&data),
		   "and something is learned");
	}
}

/* Leaves that are quantiles of large targets are not held to weights, which are at most 1. */
static void
test_monotone_quantiles(void)
{
	static const char *loss[] = {"absolute_error", "quantile"};
	const char *name[1] = {"a"};
	double		value[1] = {1};
	MlDataset	data = make_data(3000, ML_LOSS_SQUARED, 8);
	int			k;
	int64_t		i;

	for (i = 0; i < data.n; i++)
		target[i] = 1e4 * number[0][i] + 1e3 * number[2][i];
	for (k = 0; k < 2; k++)
	{
		double		free_;

		set_params(loss[k], 1);
		fixture_set(&params, "learning_rate", 1);
		fixture_set(&params, "subsample", 1);
		fixture_set(&params, "colsample_bytree", 1);
		fixture_set(&params, "alpha", 0.7);
		(void) fit(&data, 2);
		free_ = fitted.fit.curve_train[0];
		params.n_monotone = 1;
		params.monotone_name = name;
		params.monotone_value = value;
		OK(fit(&data, 2) == ML_OK && fitted.fit.curve_train[0] < 1.1 * free_,
		   "constrained quantiles of large targets are nearly as good as free ones");
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
		ml_model_margin(&fitted.model, x, 1, row, NULL);
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
	data.n_valid = MOST - learn;
	ml_binned_build(&host.host, &scratch, &data, &fitted.prep, 255, 42, false, &binned, &fitted.status);
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

int
main(void)
{
	test_host_init(&host, 1);
	test_losses();
	test_tasks();
	test_meaning();
	test_stopping();
	test_bags();
	test_weights();
	test_monotone();
	test_monotone_quantiles();
	test_classes();
	test_quantised();
	test_host_reset(&host);
	return tap_done();
}
