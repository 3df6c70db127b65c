/*
 * forest.c: random forests.
 *
 * Breiman, "Random forests", Machine Learning 45 (2001): each tree learns
 * from rows drawn with replacement, each node looks at a few columns drawn
 * anew, and the prediction is the mean over the trees, of class shares for
 * classes (as scikit-learn, not votes).  Categories are ordered once a tree by
 * its own rows (Wright and König, "Splitting on categorical predictors in
 * random forests", PeerJ 7, 2019).
 *
 * One task a tree.  A batch of trees is grown by a team; then the rows that
 * a tree has not seen get what it says, tree by tree, so that neither sums
 * nor bytes depend on the threads; then the batch is stored.
 */
#include <math.h>
#include <string.h>

#include "kernel/rng.h"
#include "learn/cart.h"
#include "learn/class_weight.h"
#include "learn/learners.h"

#define STREAM_TREE UINT64_C(0x666f72657374)
#define STREAM_ROWS UINT64_C(0x726f7773)
#define BATCH_PER_THREAD 4
#define BATCH_BYTES ((size_t) 128 << 20)	/* of a batch's nodes, unless the threads need more */
#define OOB_BYTES ((size_t) 256 << 20)	/* of the sums for rows out of the bag; beyond there is no score */
#define OOB_CHUNK 4096			/* rows of one task */
#define PRIOR_CELLS (1 << 20)	/* rows × classes looked at to take class weights out */

static const MlParam forest_params[] = {
	{.name = "n_estimators",.type = ML_PARAM_INT,.default_number = 100,.minimum = 1,.maximum = 100000,
	.description = "trees"},
	{.name = "criterion",.type = ML_PARAM_ENUM,.default_text = "auto",.choices = "auto|gini|entropy|squared_error",
	.description = "what a split makes small: gini (auto) or entropy for classes, squared_error for numbers"},
	{.name = "max_depth",.type = ML_PARAM_INT,.default_number = 0,.minimum = 0,.maximum = 512,
	.description = "most splits from root to leaf, 0 = no limit"},
	{.name = "max_leaves",.type = ML_PARAM_INT,.default_number = 16384,.minimum = 0,.maximum = 131072,
		.aliases = "num_leaves|max_leaf_nodes",
	.description = "most leaves of a tree, 0 = no limit"},
	{.name = "min_samples_leaf",.type = ML_PARAM_INT,.default_number = 2,.minimum = 1,.maximum = 1e9,
		.aliases = "min_data_in_leaf|min_child_samples",
	.description = "fewest rows of a leaf, each counted once however often it was drawn"},
	{.name = "max_features",.type = ML_PARAM_FLOAT,.default_number = NAN,
		.default_text = "sqrt for classes, 1 for numbers",.choices = "sqrt|log2",
		.minimum = 0,.maximum = INFINITY,.minimum_open = true,
	.description = "columns a split looks at: sqrt or log2 of their number, a share up to 1, or from 2 on how many"},
	{.name = "bootstrap",.type = ML_PARAM_BOOL,.default_number = 1,
	.description = "whether each tree draws its rows with replacement, else it learns from all of them"},
	{.name = "max_samples",.type = ML_PARAM_FLOAT,.default_number = 1,.minimum = 0,.maximum = 1,.minimum_open = true,
	.description = "rows drawn for a tree, as a share of all"},
	{.name = "max_bin",.type = ML_PARAM_INT,.default_number = 255,.minimum = 2,.maximum = 255,
	.description = "most bins of a column, one more for missing values aside"},
	{.name = "class_weight",.type = ML_PARAM_CLASS_WEIGHT,.default_number = NAN,.default_text = "null",
	.description = "null, \"balanced\" (inverse to class frequency) or {\"class\": weight}"},
};

/*
 * A node as rows out of the bag walk it: left when (bin + turn) mod 256 <=
 * last; turn = 1 makes the last bin, where missing values are, the first.
 */
typedef struct Step
{
	int32_t		left;			/* 0: a leaf */
	int32_t		column;			/* -1: the node's own bits decide */
	int16_t		last;
	int16_t		turn;
} Step;

/* One tree of a batch. */
typedef struct Slot
{
	MlGrowNode *node;
	Step	   *step;			/* nodes */
	double	   *value;			/* nodes × k */
	uint64_t   *bag;			/* n bits: rows that were drawn */
	int			n_nodes;
} Slot;

typedef struct Forest
{
	MlHost	   *host;
	MlScratch	scratch;
	MlCartData	data;
	MlCartRule	rule;
	MlTreeMaker maker;
	uint64_t	seed;
	int			trees;
	bool		bootstrap;
	int64_t		draws;			/* rows of a bag */
	MlCart	  **cart;			/* a thread's */
	Slot	   *slot;
	int			slots;
	int			first;			/* tree of slot 0 */
	int			batch;			/* trees at hand */
	MlTeam	   *team;
	double	   *oob;			/* n × k sums over the trees that have not seen the row, or NULL */
	uint32_t   *oob_trees;		/* n: how many these are */
	double	   *share;			/* of the design columns: in the gain of one tree ... */
	double	   *gain;			/* ... and the sum of these over the trees */
} Forest;

static MlCode
forest_check(MlParams *params, MlTaskKind task, MlStatus *status)
{
	int			features = ml_param_index(params->learner, "max_features");
	double		value;

	if (!params->given[features] && task == ML_REGRESSION)
		params->number[features] = 1;
	else if (!params->given[features])
		params->text[features] = "sqrt";
	value = params->number[features];
	if (params->text[features] == NULL && value > 1 && value != floor(value))
	{
		ml_status_set(status, ML_BAD_PARAMETER, "parameter \"max_features\" must be a share up to 1 or a whole number");
		ml_status_detail(status, "The value given is %.15g.", value);
		return ML_BAD_PARAMETER;
	}
	if (ml_param_number(params, "bootstrap") == 0 && ml_param_number(params, "max_samples") != 1)
		return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"max_samples\" needs \"bootstrap\"");
	return ml_cart_criterion(params, task, status);
}

/* Columns of a node, 1 .. p. */
static int
count_features(const MlParams *params, int p)
{
	const char *word = ml_param_text(params, "max_features");
	double		number = ml_param_number(params, "max_features");
	double		wanted = word && strcmp(word, "log2") == 0 ? log2(p) : word ? sqrt(p)
		: number <= 1 ? number * p : number;

	return wanted < 1 ? 1 : wanted > p ? p : (int) wanted;
}

static void
read_params(Forest *f, const MlParams *params, int p)
{
	double		share = ml_param_number(params, "max_samples");

	f->rule.impurity = ml_cart_impurity(params);
	f->rule.max_depth = (int) ml_param_number(params, "max_depth");
	f->rule.max_leaves = (int) ml_param_number(params, "max_leaves");
	f->rule.min_rows = (int64_t) ml_param_number(params, "min_samples_leaf");
	f->rule.features = count_features(params, p);
	f->rule.shuffle = true;
	f->trees = (int) ml_param_number(params, "n_estimators");
	f->bootstrap = ml_param_number(params, "bootstrap") != 0;
	f->draws = (int64_t) (share * (double) f->data.n + 0.5);
	if (f->draws < 1)
		f->draws = 1;
}

#define TAKE(field, count, size) \
	((field) = ml_scratch_alloc(&f->scratch, (size_t) (count), size, "trees", status)) == NULL

static MlCode
allocate(Forest *f, MlStatus *status)
{
	size_t		nodes = (size_t) ml_cart_max_nodes(&f->data, &f->rule);
	size_t		k = (size_t) f->data.k;
	size_t		n = (size_t) f->data.n;
	size_t		fitting = BATCH_BYTES / (nodes * (sizeof(MlGrowNode) + sizeof(Step) + k * sizeof(double)) + n / 8 + 1);
	int			threads = f->host->threads < f->trees ? f->host->threads : f->trees;
	int			t;

	f->slots = threads * BATCH_PER_THREAD;
	if ((size_t) f->slots > fitting)
		f->slots = (size_t) threads > fitting ? threads : (int) fitting;
	if (f->slots > f->trees)
		f->slots = f->trees;
	if (TAKE(f->cart, f->host->threads, sizeof(MlCart *)) ||
		TAKE(f->slot, f->slots, sizeof(Slot)) ||
		TAKE(f->share, f->data.binned.p + 1, sizeof(double)))
		return ML_NO_MEMORY;
	f->gain = ml_scratch_zero(&f->scratch, (size_t) f->data.binned.p + 1, sizeof(double), "trees", status);
	if (f->gain == NULL)
		return ML_NO_MEMORY;
	for (t = 0; t < f->slots; t++)
		if (TAKE(f->slot[t].node, nodes, sizeof(MlGrowNode)) ||
			TAKE(f->slot[t].step, nodes, sizeof(Step)) ||
			TAKE(f->slot[t].value, nodes * k, sizeof(double)) ||
			TAKE(f->slot[t].bag, n / 64 + 1, sizeof(uint64_t)))
		{
			ml_status_hint(status, "Lower \"max_leaves\" or \"max_depth\", raise \"min_samples_leaf\", "
						   "or raise mlops.max_training_memory.");
			return ML_NO_MEMORY;
		}
	for (t = 0; t < f->host->threads; t++)
		if (ml_cart_make(&f->scratch, &f->data, &f->rule, f->cart + t, status) != ML_OK)
			return status->code;
	if (!f->bootstrap || n * k > OOB_BYTES / sizeof(double))
		return ML_OK;
	f->oob = ml_scratch_zero(&f->scratch, n * k, sizeof(double), "rows out of the bag", status);
	if (f->oob)
		f->oob_trees = ml_scratch_zero(&f->scratch, n, sizeof(uint32_t), "rows out of the bag", status);
	return f->oob && f->oob_trees ? ML_OK : status->code;
}

/* ---- one batch, inside a team ---- */

static void
draw_rows(const Forest *f, uint64_t key, uint32_t *count, uint64_t *bag)
{
	int64_t		n = f->data.n;
	int64_t		i;

	memset(bag, 0, ((size_t) n / 64 + 1) * sizeof(uint64_t));
	if (!f->bootstrap)
	{
		for (i = 0; i < n; i++)
			count[i] = 1;
		return;
	}
	memset(count, 0, (size_t) n * sizeof(uint32_t));
	for (i = 0; i < f->draws; i++)
	{
		uint64_t	row = ml_rng_below_at(key, (uint64_t) i, (uint64_t) n);

		count[row]++;
		bag[row >> 6] |= UINT64_C(1) << (row & 63);
	}
}

static void
make_steps(Slot *slot)
{
	int			i;

	for (i = 0; i < slot->n_nodes; i++)
	{
		const MlSplit *split = &slot->node[i].split;

		slot->step[i].left = slot->node[i].left;
		slot->step[i].column = split->category ? -1 : split->column;
		slot->step[i].turn = split->missing_left;
		slot->step[i].last = (int16_t) (split->bin + split->missing_left);
	}
}

static int
find_leaf(const Slot *slot, const MlBinned *binned, int64_t row)
{
	const Step *step = slot->step;
	int			at = 0;

	while (step[at].left != 0)
	{
		const MlSplit *split;

		if (step[at].column >= 0)
		{
			uint8_t		bin = binned->column[(size_t) step[at].column * (size_t) binned->n + (size_t) row];

			at = step[at].left + ((uint8_t) (bin + step[at].turn) > step[at].last);
			continue;
		}
		split = &slot->node[at].split;
		at = step[at].left + !ml_split_left(split, ml_binned_at(binned, row, split->column));
	}
	return at;
}

static void
tree_task(void *arg, int task, int member)
{
	Forest	   *f = arg;
	MlCart	   *cart = f->cart[member];
	Slot	   *slot = f->slot + task;
	uint64_t	key = ml_rng_key(f->seed ^ STREAM_TREE, (uint64_t) (f->first + task));

	draw_rows(f, ml_rng_key(key, STREAM_ROWS), ml_cart_counts(cart), slot->bag);
	slot->n_nodes = ml_cart_grow(cart, f->team, key, slot->node);
	if (slot->n_nodes == 0)
		return;
	ml_cart_values(cart, slot->node, slot->n_nodes, slot->value);
	make_steps(slot);
}

/* What the batch says of one chunk's rows that it has not seen. */
static void
oob_task(void *arg, int task, int member)
{
	Forest	   *f = arg;
	size_t		k = (size_t) f->data.k;
	int64_t		from = (int64_t) task * OOB_CHUNK;
	int64_t		end = from + OOB_CHUNK < f->data.n ? from + OOB_CHUNK : f->data.n;
	int			t;

	(void) member;
	for (t = 0; t < f->batch; t++)
	{
		const Slot *slot = f->slot + t;
		int64_t		i;

		for (i = from; i < end; i++)
		{
			const double *value;
			size_t		c;

			if ((slot->bag[i >> 6] >> (i & 63)) & 1)
				continue;
			value = slot->value + (size_t) find_leaf(slot, &f->data.binned, i) * k;
			for (c = 0; c < k; c++)
				f->oob[(size_t) i * k + c] += value[c];
			f->oob_trees[i]++;
		}
	}
}

static void
grow_batch(MlTeam *team, void *arg)
{
	Forest	   *f = arg;

	f->team = team;
	if (!ml_team_run(team, f->batch, tree_task, f) && f->oob)
		(void) ml_team_run(team, (int) ((f->data.n + OOB_CHUNK - 1) / OOB_CHUNK), oob_task, f);
}

static MlCode
store_batch(Forest *f, MlStatus *status)
{
	MlCode		code = ML_OK;
	int			t;

	for (t = 0; code == ML_OK && t < f->batch; t++)
	{
		Slot	   *slot = f->slot + t;

		ml_cart_importance(slot->node, slot->n_nodes, f->data.binned.p, f->share, f->gain);
		code = ml_trees_add(&f->maker, &f->data.binned, slot->node, slot->n_nodes, slot->value, f->data.cover_unit,
							status);
	}
	/* trees are about the same size: the first ones tell the whole */
	if (code == ML_OK)
		code = ml_trees_check_size(&f->maker, f->trees, status);
	return code;
}

/* ---- the score of rows out of the bag ---- */

/* R² of means, weighted by sample weights; rows that every tree has seen are left out. */
static double
oob_r2(const Forest *f)
{
	double		weight = 0;
	double		mean = 0;
	double		rest = 0;
	double		total = 0;
	int64_t		i;

	for (i = 0; i < f->data.n; i++)
		if (f->oob_trees[i] > 0)
		{
			double		w = f->data.w ? f->data.w[i] : 1;

			weight += w;
			mean += w * f->data.y[i];
		}
	mean /= weight;
	for (i = 0; i < f->data.n; i++)
		if (f->oob_trees[i] > 0)
		{
			double		w = f->data.w ? f->data.w[i] : 1;
			double		error = f->data.y[i] - ldexp(f->oob[i] / f->oob_trees[i], -f->data.y_exponent);

			rest += w * error * error;
			total += w * (f->data.y[i] - mean) * (f->data.y[i] - mean);
		}
	return total > 0 ? 1 - rest / total : NAN;
}

/* The share of rows whose class has the largest mean share, weighted by sample weights. */
static double
oob_accuracy(const Forest *f, const MlDataset *data)
{
	size_t		k = (size_t) f->data.k;
	double		weight = 0;
	double		right = 0;
	int64_t		i;

	for (i = 0; i < f->data.n; i++)
	{
		const double *sum = f->oob + (size_t) i * k;
		double		w = ml_natural_weight(data, i);
		size_t		best = 0;
		size_t		c;

		if (f->oob_trees[i] == 0)
			continue;
		for (c = 1; c < k; c++)
			if (sum[c] > sum[best])
				best = c;
		if (k == 1)
			best = sum[0] / f->oob_trees[i] >= 0.5;
		weight += w;
		right += (size_t) data->y[i] == best ? w : 0;
	}
	return weight > 0 ? right / weight : NAN;
}

/* ---- class weights ---- */

/*
 * Trees whose leaves are nearly pure hardly change their shares with the
 * weights of classes: what they do change is seen out of the bag, and that is
 * taken out of the probabilities.
 */
static MlCode
correct_prior(Forest *f, const MlDataset *data, MlFit *fit, MlStatus *status)
{
	int			classes = data->n_classes;
	size_t		k = (size_t) f->data.k;
	int64_t		most = PRIOR_CELLS / classes;
	int64_t		step = f->data.n / most + 1;
	int64_t		room = f->data.n / step + 1;
	int64_t		n = 0;
	double	   *p = ml_scratch_alloc(&f->scratch, (size_t) room * (size_t) classes, sizeof(double), "classes", status);
	double	   *y = ml_scratch_alloc(&f->scratch, (size_t) room, sizeof(double), "classes", status);
	double	   *w = ml_scratch_alloc(&f->scratch, (size_t) room, sizeof(double), "classes", status);
	int64_t		i;
	size_t		c;

	if (!p || !y || !w)
		return ML_NO_MEMORY;
	for (i = 0; i < f->data.n; i += step)
	{
		const double *sum = f->oob + (size_t) i * k;
		double	   *row = p + (size_t) n * (size_t) classes;

		if (f->oob_trees[i] == 0)
			continue;
		for (c = 0; c < k; c++)
			row[k == 1 ? 1 : c] = sum[c] / f->oob_trees[i];
		if (k == 1)
			row[0] = 1 - row[1];
		y[n] = data->y[i];
		w[n++] = ml_natural_weight(data, i);
	}
	return n > 0 ? ml_class_prior_seen(f->host, classes, n, p, y, w, fit, status) : ML_OK;
}

/* ---- training ---- */

static MlCode
grow_trees(Forest *f, MlStatus *status)
{
	MlCode		code = ML_OK;

	for (f->first = 0; code == ML_OK && f->first < f->trees; f->first += f->batch)
	{
		f->batch = f->trees - f->first < f->slots ? f->trees - f->first : f->slots;
		if (f->host->poll(f->host, "growing trees", (double) f->first / f->trees) ||
			f->host->parallel_team(f->host, grow_batch, f))
			return ml_status_set(status, ML_CANCELLED, "cancelled");
		code = store_batch(f, status);
	}
	return code;
}

static MlCode
prepare(Forest *f, const MlDataset *data, const MlPrep *prep, const MlParams *params, MlFit *fit, MlStatus *status)
{
	int			k = data->task == ML_MULTICLASS ? data->n_classes : 1;
	MlCode		code;

	read_params(f, params, prep->width);
	code = ml_trees_check_least(f->host, k, k > 1 ? ML_TREES_VECTOR : 0, (uint32_t) f->trees, status);
	if (code == ML_OK)
		code = ml_cart_read(f->host, &f->scratch, data, f->data.n, params, &f->data, fit, status);
	if (code != ML_OK)
		return code;
	code = allocate(f, status);
	if (code == ML_OK)
		code = ml_trees_begin(f->host, f->data.k, ML_TREES_AVERAGE | (f->data.k > 1 ? ML_TREES_VECTOR : 0),
							  &f->maker, status);
	if (code != ML_OK)
		return code;
	fit->n_importance = prep->p;
	fit->importance = ml_alloc_zero(f->host, (size_t) prep->p + 1, sizeof(double));
	return fit->importance ? ML_OK : ml_no_memory(status, (size_t) prep->p * sizeof(double), "the importance");
}

static void
report(const Forest *f, const MlDataset *data, const MlPrep *prep, MlFit *fit)
{
	double		total = 0;
	int			c;

	ml_prep_add_up(prep, f->gain, fit->importance);
	for (c = 0; c < prep->p; c++)
		total += fit->importance[c];
	for (c = 0; c < prep->p && total > 0; c++)
		fit->importance[c] /= total;
	fit->iterations = f->trees;
	fit->converged = true;
	fit->objective = NAN;
	fit->max_gradient = NAN;
	fit->solver = "histogram";
	if (f->oob)
		fit->oob_score = f->data.classes ? oob_accuracy(f, data) : oob_r2(f);
}

static MlCode
forest_train(MlHost *host, const MlDataset *data, int64_t rows, const MlPrep *prep,
			 const MlParams *params, uint64_t seed,
			 void **section, size_t *section_size, MlFit *fit, MlStatus *status)
{
	Forest		f;
	MlCode		code;

	memset(&f, 0, sizeof(f));
	f.host = host;
	f.seed = seed;
	f.data.n = rows;
	ml_scratch_init(&f.scratch, host);
	code = prepare(&f, data, prep, params, fit, status);
	if (code == ML_OK)
		code = grow_trees(&f, status);
	if (code == ML_OK && fit->log_prior != NULL && f.oob != NULL)
		code = correct_prior(&f, data, fit, status);
	if (code == ML_OK)
	{
		report(&f, data, prep, fit);
		code = ml_trees_write(&f.maker, section, section_size, status);
	}
	if (f.maker.host)
		ml_trees_end(&f.maker);
	ml_scratch_release(&f.scratch);
	return code;
}

const MlLearner ml_random_forest = {
	.name = "random_forest",
	.description = "the mean of many trees that saw different rows and columns, for classes and numbers",
	.tasks = ML_REGRESSION | ML_BINARY | ML_MULTICLASS,
	.binned = true,
	.probability = true,
	.params = forest_params,
	.n_params = (int) (sizeof(forest_params) / sizeof(forest_params[0])),
	.check = forest_check,
	.train = forest_train,
	.open = ml_trees_open,
	.margin_room = ml_trees_margin_room,
	.margin = ml_trees_margin,
	.explain_room = ml_trees_explain_room,
	.explain = ml_trees_explain,
};
