/*
 * test_tree.c: trees walked and explained, against their definitions.
 *
 * Trees are made by chance, not learned: what is tested is what stands behind
 * growing.  The naive twins work on the grown nodes.
 */
#include "fixture_tree.h"
#include "golden_shap.h"
#include "kernel/quadrature.h"
#include "tap.h"

/* The definition of going left. */
static bool
goes_left(const Forest *f, const MlGrowNode *all, const MlGrowNode *node, const double *x)
{
	const MlSplit *split = &node->split;
	const MlBinColumn *info = f->info + split->column;
	double		v = x[split->column];
	int			bin = 0;

	if (isnan(v) || (info->category && v < 0))
		return split->missing ? split->missing_left : all[node->left].total.h >= all[node->left + 1].total.h;
	if (info->category)
		bin = info->bin_of_level[(int) v];
	else
		while (bin < info->n_bins - 1 && v > info->cut[bin])
			bin++;
	return ml_split_left(split, bin);
}

/* The mean of a tree's leaves when only the columns in `known` are known. */
static double
expectation(const Forest *f, int tree, int at, const double *x, unsigned known, int outputs, int output)
{
	const MlGrowNode *all = f->node[tree];
	const MlGrowNode *node = all + at;
	double		left;
	double		right;

	if (node->left == 0)
		return f->value[tree][at * outputs + output];
	if (known & (1u << node->split.column))
		return expectation(f, tree, node->left + !goes_left(f, all, node, x), x, known, outputs, output);
	left = (double) all[node->left].total.h;
	right = (double) all[node->left + 1].total.h;
	if (left + right == 0)
		left = right = 1;
	return (left * expectation(f, tree, node->left, x, known, outputs, output) +
			right * expectation(f, tree, node->left + 1, x, known, outputs, output)) / (left + right);
}

/* All trees of an output. */
static double
naive(const Forest *f, const double *x, unsigned known, int output)
{
	const MlTrees *t = f->model.state;
	int			width = t->flags & ML_TREES_VECTOR ? t->n_outputs : 1;
	double		sum = 0;
	int			i;

	for (i = 0; i < f->n_trees; i++)
		if (width > 1 || i % t->n_outputs == output)
			sum += expectation(f, i, 0, x, known, width, width > 1 ? output : 0);
	return (t->flags & ML_TREES_AVERAGE ? sum / f->n_trees : sum) + t->base[output];
}

/* Shapley's formula over all subsets. */
static void
brute_force(const Forest *f, const double *x, int output, double *phi)
{
	int			p = f->prep.p;
	double		worth[1 << P];
	unsigned	set;
	int			c;

	for (set = 0; set < 1u << p; set++)
		worth[set] = naive(f, x, set, output);
	phi[p] = worth[0];
	for (c = 0; c < p; c++)
	{
		phi[c] = 0;
		for (set = 0; set < 1u << p; set++)
		{
			int			size = __builtin_popcount(set);

			if (!(set & (1u << c)))
				phi[c] += tgamma(size + 1) * tgamma(p - size) / tgamma(p + 1) *
					(worth[set | (1u << c)] - worth[set]);
		}
	}
}

static void
walk_and_explain(TestHost *t)
{
	static const struct
	{
		const char *name;
		int			p;
		int			trees;
		int			leaves;
		uint32_t	flags;
		int			outputs;
	}			kind[] = {
		{"numbers, a sum", 3, 20, 30, 0, 1},
		{"numbers and categories", 5, 37, 40, 0, 1},
		{"an average", 5, 17, 20, ML_TREES_AVERAGE, 1},
		{"a tree a class", 5, 33, 25, 0, 3},
		{"leaves with a value a class", 5, 20, 25, ML_TREES_VECTOR, 3},
		{"and averaged", 5, 16, 25, ML_TREES_VECTOR | ML_TREES_AVERAGE, 3},
		{"stumps", 5, 40, 2, 0, 1},
		{"deeper than a byte counts", 5, 18, 300, 0, 1},
		{"numbers, deeper than a byte counts", 3, 18, 300, 0, 1},
		{"trees without a split", 3, 5, 1, 0, 1},
		{"no tree", 3, 0, 1, 0, 1},
	};
	size_t		i;

	for (i = 0; i < 2 * sizeof(kind) / sizeof(kind[0]); i++)
	{
		size_t		k = i / 2;
		Forest	   *f = make_forest(t, i, kind[k].p, kind[k].trees, kind[k].leaves, kind[k].flags, kind[k].outputs);
		size_t		rows = 60;
		double	   *x = calloc(rows * P, sizeof(double));
		double	   *margin = calloc(rows * MAX_OUTPUTS, sizeof(double));
		double	   *room;
		double		worst = 0;
		double		worst_phi = 0;
		double		worst_sum = 0;
		size_t		r;
		int			o;
		int			c;

		if (!OK(f->model.state != NULL, kind[k].name))
			return;
		room = malloc(ml_model_explain_room(&f->model) * sizeof(double));
		for (r = 0; r < rows; r++)
			make_row(f, x + r * (size_t) kind[k].p);
		ml_model_margin(&f->model, x, (int64_t) rows, margin, NULL);
		for (r = 0; r < rows; r++)
			for (o = 0; o < kind[k].outputs; o++)
			{
				const double *row = x + r * (size_t) kind[k].p;
				double		got = margin[r * (size_t) kind[k].outputs + (size_t) o];
				double		phi[P + 1];
				double		want[P + 1];
				double		sum = 0;

				worst = fmax(worst, fabs(got - naive(f, row, (1u << P) - 1, o)));
				ml_model_explain(&t->host, &f->model, row, o, room, phi, &f->status);
				brute_force(f, row, o, want);
				for (c = 0; c <= kind[k].p; c++)
				{
					worst_phi = fmax(worst_phi, fabs(phi[c] - want[c]));
					sum += phi[c];
				}
				worst_sum = fmax(worst_sum, fabs(sum - got));
			}
		/* the same values, added in another order */
		OK(worst < 1e-12, "margins as walked one by one");
		OK(worst_phi < 1e-12, "explanations as over all subsets of columns");
		OK(worst_sum < 1e-12, "which sum to the margin");
		free(x);
		free(margin);
		free(room);
		free(f);
		test_host_reset(t);
	}
}

/* A tree of one path: column i at depth i, the row goes all the way, half of the cover leaves at each. */
static void
chain(TestHost *t, int depth, int columns, double tiny, const char *name)
{
	MlTreeMaker maker;
	MlModel		model = {0};
	MlTrees		trees;
	MlPrepColumn *column = calloc((size_t) columns, sizeof(MlPrepColumn));
	MlTreeNode *node = calloc((size_t) (2 * depth + 1), sizeof(MlTreeNode));
	double	   *cover = calloc((size_t) (2 * depth + 1), sizeof(double));
	double	   *says = calloc((size_t) (2 * depth + 1), sizeof(double));
	double	   *x = calloc((size_t) columns, sizeof(double));
	double	   *phi = calloc((size_t) columns + 1, sizeof(double));
	double	   *point;
	double	   *room;
	double		worst = 0;
	double		sum = 0;
	uint32_t	root = 0;
	MlStatus	status;
	int			i;

	ml_trees_begin(&t->host, 1, 0, &maker, &status);
	trees = maker.trees;
	for (i = 0; i < depth; i++)
	{
		node[2 * i].column = (uint32_t) (i % columns);
		node[2 * i].left = (uint32_t) (2 * i + 1);
		node[2 * i].u.threshold = -1.0;
		cover[2 * i + 1] = 1.0 - tiny;
		cover[2 * i + 2] = tiny;
	}
	for (i = 0; i < depth; i++)
		node[2 * i + 1].left = (uint32_t) (2 * i + 1);
	/* x = 0 goes right all the way */
	node[2 * depth].left = (uint32_t) (2 * depth);
	says[2 * depth] = 1.0;
	trees.n_trees = 1;
	trees.root = &root;
	trees.node = node;
	trees.n_nodes = (uint32_t) (2 * depth + 1);
	trees.cover = cover;
	trees.says = says;
	trees.depth = (uint32_t) depth;
	trees.n_points = ml_trees_points(trees.depth, columns);
	point = malloc((size_t) trees.n_points * 3 * sizeof(double));
	ml_trees_set_points(&trees, point);
	model.learner = &ml_gradient_boosting;
	model.state = &trees;
	model.n_outputs = 1;
	model.prep.p = columns;
	model.prep.column = column;
	room = malloc(ml_model_explain_room(&model) * sizeof(double));
	ml_model_explain(NULL, &model, x, 0, room, phi, &status);
	/* by symmetry all columns share what is above the mean */
	for (i = 0; i < columns; i++)
	{
		worst = fmax(worst, fabs(phi[i] * columns - (1.0 - pow(tiny, depth))));
		sum += phi[i];
	}
	OK(worst < 1e-10 && fabs(sum + phi[columns] - 1.0) < 1e-12, name);
	if (!(worst < 1e-10))
		printf("#   largest error %g\n", worst);
	ml_trees_end(&maker);
	free(column);
	free(node);
	free(cover);
	free(says);
	free(x);
	free(phi);
	free(point);
	free(room);
}

static void
quadrature(void)
{
	double		point[300];
	double		weight[300];
	double		worst = 0;
	int			n;
	int			d;
	int			i;

	for (n = 1; n <= 256; n = n < 12 ? n + 1 : n * 2)
	{
		ml_gauss_legendre(n, point, weight);
		for (d = 0; d < 2 * n; d++)
		{
			double		sum = 0;

			for (i = 0; i < n; i++)
				sum += weight[i] * pow(point[i], d);
			worst = fmax(worst, fabs(sum * (d + 1) - 1.0));
		}
	}
	OK(worst < 1e-12, "Gauss-Legendre integrates powers below 2n");
}

/* Trees of XGBoost, with its own explanations, which are float32. */
static void
golden(TestHost *t, const char *name, const GoldenNode *node, const int *n_nodes, int n_trees, const double *want,
	   int k)
{
	MlTreeMaker maker;
	MlStatus	status;
	MlModel		model;
	MlPrepColumn column[GOLDEN_SHAP_P];
	MlPrep		prep = {.p = GOLDEN_SHAP_P,.width = GOLDEN_SHAP_P,.column = column};
	MlDataset	data = {.p = GOLDEN_SHAP_P,.task = k == 1 ? ML_BINARY : ML_MULTICLASS,
						.n_classes = k == 1 ? 2 : k,.class_name = fixture_class};
	uint8_t    *bytes;
	void	   *section;
	size_t		size;
	double		worst = 0;
	double	   *room;
	int			tree;
	int			r;
	int			o;
	int			i;

	for (i = 0; i < GOLDEN_SHAP_P; i++)
		column[i] = (MlPrepColumn) {.name = "x",.kind = ML_NUMERIC,.scale = 1.0,.first = i,.width = 1,.feature = i,
									.low = -INFINITY,.high = INFINITY};
	ml_trees_begin(&t->host, k, 0, &maker, &status);
	for (o = 0; o < k; o++)
		maker.base[o] = k == 1 ? 0.0 : 0.5;
	for (tree = 0; tree < n_trees; tree++)
	{
		MlGrowNode *grown = calloc((size_t) n_nodes[tree], sizeof(MlGrowNode));
		double	   *value = calloc((size_t) n_nodes[tree], sizeof(double));
		double	   *cut = calloc((size_t) n_nodes[tree], sizeof(double));
		MlBinColumn info[GOLDEN_SHAP_P];
		MlBinned	binned = {.p = GOLDEN_SHAP_P,.info = info};

		for (i = 0; i < GOLDEN_SHAP_P; i++)
			info[i] = (MlBinColumn) {.at = i,.n_bins = n_nodes[tree] + 1,.cut = cut};
		for (i = 0; i < n_nodes[tree]; i++, node++)
		{
			grown[i].total.h = (int64_t) (node->cover * 0x1p20);
			value[i] = node->value;
			cut[i] = (float) node->threshold;
			if (node->column < 0)
				continue;
			grown[i].left = node->left;
			grown[i].split = (MlSplit) {.column = node->column,.missing = true,
										.missing_left = node->missing_left != 0,.bin = i,.gain = 1};
		}
		ml_trees_add(&maker, &binned, grown, n_nodes[tree], value, 0x1p-20, &status);
		free(grown);
		free(value);
		free(cut);
	}
	ml_trees_write(&maker, &section, &size, &status);
	ml_model_write(&t->host, &ml_gradient_boosting, &data, &prep, NULL, section, size, &bytes, &size, &status);
	OK(ml_model_open(&t->host, bytes, size, &model, &status) == ML_OK, "trees of XGBoost open");
	room = malloc(ml_model_explain_room(&model) * sizeof(double));
	for (r = 0; r < GOLDEN_SHAP_ROWS; r++)
		for (o = 0; o < k; o++)
		{
			double		x[GOLDEN_SHAP_P];
			double		phi[GOLDEN_SHAP_P + 1];

			for (i = 0; i < GOLDEN_SHAP_P; i++)
				x[i] = (float) golden_shap_x[r * GOLDEN_SHAP_P + i];
			ml_model_explain(&t->host, &model, x, o, room, phi, &status);
			for (i = 0; i <= GOLDEN_SHAP_P; i++)
				worst = fmax(worst, fabs(phi[i] - *want++));
		}
	if (!OK(worst < 1e-5, name))
		printf("#   largest error %g\n", worst);
	free(room);
	test_host_reset(t);
}

static void
cutting(TestHost *t)
{
	Forest	   *f = make_forest(t, 5, P, 30, 20, ML_TREES_VECTOR, 3);
	Forest	   *g;
	MlTreeMaker maker;
	double		importance[P];
	double		total = 0;
	int			c;
	int			i;

	/* the first 12 trees alone give the same bytes */
	maker = f->maker;
	ml_trees_cut(&f->maker, 12);
	ml_trees_write(&f->maker, &f->section, &f->section_size, &f->status);
	g = calloc(1, sizeof(Forest));
	memcpy(g, f, sizeof(Forest));
	g->binned.info = g->info;
	g->n_trees = 12;
	g->prep.column = g->column;
	OK(write_and_open(t, g, ML_TREES_VECTOR, 3) == ML_OK, "twelve trees");
	OK(g->section_size == f->section_size && memcmp(g->section, f->section, g->section_size) == 0 &&
	   ml_trees_size(&f->maker.trees) == f->section_size, "are what thirty cut to twelve are");
	ml_trees_cut(&f->maker, 12);
	OK(f->maker.trees.n_trees == 12, "and cutting to as many changes nothing");
	ml_trees_cut(&f->maker, 0);
	OK(f->maker.trees.n_nodes == 0 && f->maker.trees.n_words == 0 && f->maker.trees.n_vectors == 0, "down to none");
	ml_trees_importance(&f->maker.trees, &f->prep, importance);
	OK(importance[0] == 0 && importance[P - 1] == 0, "no trees, no importance");

	ml_trees_importance(&g->maker.trees, &g->prep, importance);
	for (c = 0; c < P; c++)
	{
		double		want = 0;
		double		all = 0;
		int			tree;

		for (tree = 0; tree < 12; tree++)
			for (i = 0; i < f->n_nodes[tree]; i++)
				if (f->node[tree][i].left != 0)
				{
					all += f->node[tree][i].split.gain;
					want += f->node[tree][i].split.column == c ? f->node[tree][i].split.gain : 0;
				}
		total += importance[c];
		NEAR(importance[c], want / all, 1e-12, "importance is the share of the gain");
	}
	NEAR(total, 1.0, 1e-12, "and sums to 1");
	f->maker = maker;
	free(f);
	free(g);
	test_host_reset(t);
}

static void
no_columns(TestHost *t)
{
	Forest	   *f = make_forest(t, 3, 0, 17, 1, 0, 1);
	double	   *x = malloc(1);
	double		margin[2];
	double		phi[1];
	double	   *room = malloc(ml_model_explain_room(&f->model) * sizeof(double));
	double		want = 0.5;
	int			i;

	for (i = 0; i < 17; i++)
		want += f->value[i][0];
	ml_model_margin(&f->model, x, 2, margin, NULL);
	ml_model_explain(&t->host, &f->model, x, 0, room, phi, &f->status);
	OK(fabs(margin[0] - want) < 1e-12 && margin[1] == margin[0] && fabs(phi[0] - want) < 1e-12, "no columns at all");
	free(x);
	free(room);
	free(f);
	test_host_reset(t);
}

static void
cancelling(TestHost *t)
{
	Forest	   *f = make_forest(t, 12, P, MAX_TREES, 199, 0, 1);
	MlTreeMaker maker;
	double		x[P] = {0};
	double		phi[P + 1];
	double	   *room;
	int			i;

	ml_trees_begin(&t->host, 1, 0, &maker, &f->status);
	for (i = 0; i < 600; i++)
		ml_trees_add(&maker, &f->binned, f->node[i % MAX_TREES], f->n_nodes[i % MAX_TREES], f->value[i % MAX_TREES],
					 1.0, &f->status);
	ml_trees_write(&maker, &f->section, &f->section_size, &f->status);
	ml_model_write(&t->host, &ml_gradient_boosting, &f->data, &f->prep, NULL, f->section, f->section_size,
				   &f->bytes, &f->size, &f->status);
	ml_model_open(&t->host, f->bytes, f->size, &f->model, &f->status);
	room = malloc(ml_model_explain_room(&f->model) * sizeof(double));
	t->n_poll = 0;
	OK(ml_model_explain(&t->host, &f->model, x, 0, room, phi, &f->status) == ML_OK && t->n_poll >= 2,
	   "asks now and then");
	t->stop_at = t->n_poll + 1;
	OK(ml_model_explain(&t->host, &f->model, x, 0, room, phi, &f->status) == ML_CANCELLED, "and stops when told");
	t->stop_at = 0;
	free(room);
	free(f);
	test_host_reset(t);
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 1);
	quadrature();
	walk_and_explain(&t);
	chain(&t, 1, 1, 0.5, "one split");
	chain(&t, 40, 40, 0.5, "forty columns deep");
	chain(&t, 512, 512, 0.5, "512 columns deep");
	chain(&t, 512, 512, 0.999, "with shares near one");
	chain(&t, 512, 512, 1e-12, "with shares near zero");
	chain(&t, 512, 8, 0.9, "512 deep, each of eight columns 64 times");
	chain(&t, 3000, 3000, 0.5, "3000 columns deep: more than the points are exact for");
	chain(&t, 3000, 3000, 0.9999, "with shares near one, too");
	golden(&t, "explanations of XGBoost, binary", golden_shap_tree1, golden_shap_nodes1,
		   (int) (sizeof(golden_shap_nodes1) / sizeof(int)), golden_shap_phi1, 1);
	golden(&t, "explanations of XGBoost, three classes", golden_shap_tree3, golden_shap_nodes3,
		   (int) (sizeof(golden_shap_nodes3) / sizeof(int)), golden_shap_phi3, 3);
	cutting(&t);
	no_columns(&t);
	cancelling(&t);
	return tap_done();
}
