/*
 * test_cart.c: splits by impurity, and decision trees.
 *
 * Cuts are compared with a twin that computes impurities by their definition
 * (1e-10: both sum a few dozen terms); trees with scikit-learn's
 * (make_golden_trees.py; 1e-12, the same sums in another order).
 */
#include "kernel/impurity.h"
#include "kernel/rng.h"
#include "learn/tree.h"

#include "fixture.h"
#include "golden_trees.h"
#include "tap.h"

#define MOST_CELLS 9
#define MOST_ROWS 40
#define CLASSES 4

/* ---- cuts ---- */

/* Rows in cells, the missing ones in cell m. */
typedef struct Sample
{
	int			m;
	int			n;
	int			cell[MOST_ROWS];
	double		y[MOST_ROWS];
	double		w[MOST_ROWS];
} Sample;

/* Impurity × weight of the rows for which side[cell] is `which`; -1 = all. */
static double
impurity_naive(const Sample *s, MlImpurity impurity, const int *side, int which, int *rows)
{
	double		weight = 0;
	double		mean = 0;
	double		share[CLASSES] = {0};
	double		sum = 0;
	int			i;

	*rows = 0;
	for (i = 0; i < s->n; i++)
		if (which < 0 || side[s->cell[i]] == which)
		{
			++*rows;
			weight += s->w[i];
			mean += s->w[i] * s->y[i];
			if (impurity != ML_SQUARED_ERROR)
				share[(int) s->y[i]] += s->w[i];
		}
	if (*rows == 0)
		return 0;
	mean /= weight;
	for (i = 0; i < s->n; i++)
		if (impurity == ML_SQUARED_ERROR && (which < 0 || side[s->cell[i]] == which))
			sum += s->w[i] * (s->y[i] - mean) * (s->y[i] - mean);
	for (i = 0; i < CLASSES; i++)
		if (impurity == ML_GINI)
			sum += share[i] * (1 - share[i] / weight);
		else if (impurity == ML_ENTROPY && share[i] > 0)
			sum -= share[i] * log2(share[i] / weight);
	return sum;
}

/* The largest gain of all cuts, -1 when there is none. */
static double
best_naive(const Sample *s, MlImpurity impurity, int min_rows)
{
	int			side[MOST_CELLS + 1];
	double		best = -1;
	int			missing_left;
	int			rows;
	int			at;
	int			i;

	for (missing_left = 0; missing_left < 2; missing_left++)
		for (at = 0; at < s->m; at++)
		{
			double		gain = impurity_naive(s, impurity, side, -1, &rows);
			int			left;
			int			right;

			for (i = 0; i < s->m; i++)
				side[i] = i > at;
			side[s->m] = !missing_left;
			gain -= impurity_naive(s, impurity, side, 0, &left) + impurity_naive(s, impurity, side, 1, &right);
			if (left >= min_rows && right >= min_rows && left > 0 && right > 0)
				best = fmax(best, fmax(gain, 0));
		}
	return best;
}

static void
draw_sample(Sample *s, MlRng *rng, bool classes, int k, bool weighted)
{
	int			i;

	s->m = 1 + (int) ml_rng_below(rng, MOST_CELLS);
	s->n = s->m + (int) ml_rng_below(rng, (uint64_t) (MOST_ROWS - s->m + 1));
	for (i = 0; i < s->n; i++)
	{
		/* no cell is empty */
		s->cell[i] = i < s->m ? i : (int) ml_rng_below(rng, (uint64_t) s->m + 1);
		s->y[i] = classes ? (double) ml_rng_below(rng, (uint64_t) k) : ml_rng_unit(rng) * 4 - 2;
		s->w[i] = weighted ? 0.1 + ml_rng_unit(rng) : 1 + (double) ml_rng_below(rng, 3);
	}
}

static double
cut_gain(const Sample *s, MlImpurity impurity, int min_rows)
{
	MlBinSum	cell[MOST_CELLS + 1] = {{0, 0, 0}};
	int			i;

	for (i = 0; i < s->n; i++)
	{
		cell[s->cell[i]].g += s->w[i] * s->y[i];
		cell[s->cell[i]].h += s->w[i];
		cell[s->cell[i]].n++;
	}
	return ml_impurity_cut(impurity, cell, s->m, cell + s->m, min_rows).gain;
}

static double
class_cut_gain(const Sample *s, MlImpurity impurity, int min_rows)
{
	MlClassRow	row[MOST_ROWS];
	int64_t		end[MOST_CELLS + 1];
	double		total[CLASSES] = {0};
	double		work[2 * CLASSES];
	int64_t		n = 0;
	int			c;
	int			i;

	for (c = 0; c <= s->m; c++)
	{
		for (i = 0; i < s->n; i++)
			if (s->cell[i] == c)
			{
				row[n].g = s->y[i];
				row[n++].h = s->w[i];
				total[(int) s->y[i]] += s->w[i];
			}
		end[c] = n;
	}
	return ml_impurity_cut_classes(impurity, CLASSES, row, n, end, s->m, total, min_rows, work).gain;
}

static void
cuts(void)
{
	static const char *const name[] = {"squared error", "gini", "entropy"};
	MlRng		rng;
	int			impurity;

	ml_rng_init(&rng, 3, 1);
	for (impurity = ML_SQUARED_ERROR; impurity <= ML_ENTROPY; impurity++)
	{
		double		worst = 0;
		double		worst_classes = 0;
		int			i;

		for (i = 0; i < 2000; i++)
		{
			bool		classes = impurity != ML_SQUARED_ERROR;
			int			min_rows = 1 + i % 3;
			Sample		s;

			draw_sample(&s, &rng, classes, 2, i % 2);
			worst = fmax(worst, fabs(cut_gain(&s, impurity, min_rows) - best_naive(&s, impurity, min_rows)));
			if (!classes)
				continue;
			draw_sample(&s, &rng, true, CLASSES, i % 2);
			worst_classes = fmax(worst_classes, fabs(class_cut_gain(&s, impurity, min_rows) -
													 best_naive(&s, impurity, min_rows)));
		}
		OK(worst < 1e-10 && worst_classes < 1e-10, name[impurity]);
	}
}

/* ---- trees ---- */

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

static void
tree_params(MlParams *params, double max_depth, double min_rows)
{
	fixture_params(params, &ml_decision_tree, NULL);
	fixture_set(params, "max_depth", max_depth);
	fixture_set(params, "min_samples_leaf", min_rows);
}

/* What the model says of row i: a number, or the probability of class 1. */
static double
say(const Fitted *f, const MlDataset *data, int64_t i)
{
	double		x[64];
	double		margin[1000];

	ml_prep_rows(&f->prep, data, i, i + 1, x);
	ml_model_margin(&f->model, x, 1, margin, NULL);
	return data->task == ML_MULTICLASS ? margin[1] : margin[0];
}

static int
count_leaves(const Fitted *f)
{
	const MlTrees *trees = f->model.state;

	return ((int) trees->n_nodes + 1) / 2;
}

static MlDataset
golden_data(MlTaskKind task, MlColumn *column)
{
	MlDataset	data = {.n = GOLDEN_TREE_N,.n_train = GOLDEN_TREE_N,.p = 3,.column = column,.task = task};

	column[0] = fixture_number("x0", golden_tree_x0);
	column[1] = fixture_number("x1", golden_tree_x1);
	column[2] = fixture_number("x2", golden_tree_x2);
	data.y = (double *) (task == ML_REGRESSION ? golden_tree_number : task == ML_BINARY ? golden_tree_binary
						 : golden_tree_multi);
	data.weight = (double *) golden_tree_weight;
	data.n_classes = task == ML_REGRESSION ? 0 : task == ML_BINARY ? 2 : 3;
	data.class_name = fixture_class;
	return data;
}

static void
golden(TestHost *t)
{
	size_t		g;

	for (g = 0; g < sizeof(golden_tree) / sizeof(golden_tree[0]); g++)
	{
		MlColumn	column[3];
		MlDataset	data = golden_data(golden_tree[g].task, column);
		double		worst = 0;
		char		name[120];
		MlParams	params;
		Fitted		f;
		int			i;

		tree_params(&params, 0, golden_tree[g].min_samples_leaf);
		fixture_set(&params, "ccp_alpha", golden_tree[g].alpha);
		set_text(&params, "criterion", golden_tree[g].criterion);
		OK(fit(t, &data, &params, &f) == ML_OK, "grown");
		for (i = 0; i < GOLDEN_TREE_N; i++)
			worst = fmax(worst, fabs(say(&f, &data, i) - golden_tree[g].prediction[i]));
		for (i = 0; i < 3 && !isnan(golden_tree[g].importance[i]); i++)
			worst = fmax(worst, fabs(f.fit.importance[i] - golden_tree[g].importance[i]));
		snprintf(name, sizeof(name), "scikit-learn's tree: %s, alpha %g, %d leaves", golden_tree[g].criterion,
				 golden_tree[g].alpha, golden_tree[g].leaves);
		OK(worst < 1e-12 && count_leaves(&f) == golden_tree[g].leaves, name);
		test_host_reset(t);
	}
}

/* ---- categories and missing values ---- */

static void
categories(TestHost *t)
{
	static const char *level[] = {"a", "b", "c", "d", "e", "f"};
	static const char *class_name[] = {"x", "y", "z"};
	int32_t		code[60];
	double		y[60];
	MlColumn	column = {.name = "g",.kind = ML_CATEGORY,.code = code,.n_levels = 6,.level = level};
	MlDataset	data = {.n = 60,.n_train = 60,.p = 1,.column = &column,.y = y,.class_name = class_name};
	int			classes;
	int			i;

	for (classes = 2; classes <= 3; classes++)
	{
		bool		right = true;
		MlParams	params;
		Fitted		f;

		data.task = classes == 2 ? ML_BINARY : ML_MULTICLASS;
		data.n_classes = classes;
		for (i = 0; i < 60; i++)
		{
			code[i] = i % 6;
			y[i] = code[i] % classes;
		}
		tree_params(&params, classes - 1, 1);
		OK(fit(t, &data, &params, &f) == ML_OK, "a category");
		for (i = 0; i < 60; i++)
			right &= say(&f, &data, i) == (y[i] == 1);
		OK(right && count_leaves(&f) == classes, "levels far apart share a side");
		test_host_reset(t);
	}
}

static void
missing_values(TestHost *t)
{
	double		x[40];
	double		y[40];
	MlColumn	column = fixture_number("x", x);
	MlDataset	data = {.n = 40,.n_train = 40,.p = 1,.column = &column,.y = y,.task = ML_REGRESSION};
	bool		right = true;
	MlParams	params;
	Fitted		f;
	int			i;

	/* missing ones are like the small values, then like none at all */
	for (i = 0; i < 40; i++)
	{
		x[i] = i % 4 == 0 ? NAN : i;
		y[i] = i % 4 == 0 || i < 20 ? 1 : 5;
	}
	tree_params(&params, 1, 1);
	OK(fit(t, &data, &params, &f) == ML_OK, "missing values");
	for (i = 0; i < 40; i++)
		right &= say(&f, &data, i) == y[i];
	OK(right, "missing values go left");
	test_host_reset(t);
	right = true;
	for (i = 0; i < 40; i++)
		y[i] = i % 4 == 0 ? 7 : 3;
	fit(t, &data, &params, &f);
	for (i = 0; i < 40; i++)
		right &= say(&f, &data, i) == y[i];
	OK(right && count_leaves(&f) == 2, "missing or not");
	test_host_reset(t);
}

/* ---- odd data ---- */

/* Fits n rows of x and y; the code, *leaves and *first: what is said of row 0. */
static MlCode
odd(TestHost *t, MlTaskKind task, int64_t n, const double *x, const double *y, int *leaves, double *first)
{
	MlColumn	column = fixture_number("x", x);
	MlDataset	data = {.n = n,.n_train = n,.p = 1,.column = &column,.y = (double *) y,.task = task,
		.n_classes = task == ML_REGRESSION ? 0 : 2,.class_name = fixture_class
	};
	MlParams	params;
	Fitted		f;
	MlCode		code;

	tree_params(&params, 0, 1);
	code = fit(t, &data, &params, &f);
	if (code == ML_OK)
	{
		*leaves = count_leaves(&f);
		*first = say(&f, &data, 0);
	}
	test_host_reset(t);
	return code;
}

static void
odd_data(TestHost *t)
{
	double		same[8] = {2, 2, 2, 2, 2, 2, 2, 2};
	double		none[8] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	double		two[8] = {0, 1, 0, 1, 0, 1, 0, 1};
	double		huge[8] = {1e300, -1e300, 1e300, -1e300, 1e300, -1e300, 1e300, -1e300};
	double		most[8] = {1.7e308, -1.7e308, 1.7e308, -1.7e308, 1.7e308, -1.7e308, 1.7e308, -1.7e308};
	double		tiny[8] = {1e-300, 3e-300, 1e-300, 3e-300, 1e-300, 3e-300, 1e-300, 3e-300};
	double		first = NAN;
	int			leaves = 0;

	OK(odd(t, ML_REGRESSION, 1, two, same, &leaves, &first) == ML_OK && leaves == 1 && first == 2, "one row");
	OK(odd(t, ML_BINARY, 1, two, two, &leaves, &first) == ML_BAD_DATA, "one row has one class");
	OK(odd(t, ML_BINARY, 8, same, two, &leaves, &first) == ML_OK && leaves == 1 && first == 0.5, "all equal");
	OK(odd(t, ML_BINARY, 8, none, two, &leaves, &first) == ML_OK && leaves == 1 && first == 0.5, "all missing");
	OK(odd(t, ML_REGRESSION, 8, two, same, &leaves, &first) == ML_OK && leaves == 1 && first == 2,
	   "a target that is always the same");
	OK(odd(t, ML_BINARY, 8, two, two, &leaves, &first) == ML_OK && leaves == 2 && first == 0, "two values");
	OK(odd(t, ML_REGRESSION, 8, huge, huge, &leaves, &first) == ML_OK && leaves == 2 && first == 1e300, "1e300");
	OK(odd(t, ML_REGRESSION, 8, most, most, &leaves, &first) == ML_OK && leaves == 2 && first == 1.7e308, "1.7e308");
	OK(odd(t, ML_REGRESSION, 8, tiny, tiny, &leaves, &first) == ML_OK && leaves == 2 && first == 1e-300, "1e-300");
}

static void
refusals(void)
{
	MlParams	params;
	MlStatus	status;

	tree_params(&params, 3, 1);
	set_text(&params, "criterion", "squared_error");
	OK(ml_decision_tree.check(&params, ML_BINARY, &status) == ML_BAD_PARAMETER, "refused");
	IS_TEXT(status.message, "parameter \"criterion\" cannot be \"squared_error\" for a classification", "criterion");
	tree_params(&params, 3, 1);
	fixture_set(&params, "max_leaves", 1);
	OK(ml_decision_tree.check(&params, ML_BINARY, &status) == ML_BAD_PARAMETER, "one leaf is no tree");
	tree_params(&params, 3, 1);
	params.balanced = true;
	OK(ml_decision_tree.check(&params, ML_REGRESSION, &status) == ML_BAD_PARAMETER, "class weights need classes");
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 2);
	cuts();
	golden(&t);
	categories(&t);
	missing_values(&t);
	odd_data(&t);
	refusals();
	return tap_done();
}
