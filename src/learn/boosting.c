/*
 * boosting.c: gradient boosting of trees.
 *
 * Friedman, "Greedy function approximation: a gradient boosting machine",
 * Annals of Statistics 29 (2001), with second-order gains and leaf weights
 * (Chen and Guestrin, "XGBoost", KDD 2016), histograms of quantised gradients
 * (Shi and others, "Quantized training of gradient boosting decision trees",
 * NeurIPS 2022), and categories split in the order of their gradients
 * (Fisher, "On grouping for maximum homogeneity", JASA 53, 1958).
 *
 *	F_0 = base;  F_t = F_{t-1} + learning_rate × tree fitted to the gradients at F_{t-1}
 *
 * Several classes grow one tree a class and round.  With early stopping the
 * rounds after the one with the least loss on the rows that choose are cut
 * off.
 */
#include "learn/boosting_state.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernel/quantile.h"
#include "learn/class_weight.h"
#include "learn/clock.h"
#include "learn/learners.h"

#define PHASE_LENGTH 128
#define SUMS_LIMIT ((size_t) 256 * 1024 * 1024)
#define CATEGORY_SMOOTH 10.0
#define CATEGORY_L2 10.0
#define CATEGORY_ROWS 10.0		/* of a table with ... */
#define CATEGORY_TABLE 200.0	/* ... so many rows; fewer of a smaller one */
#define FIRST_SCORES (1024 * 1024)
#define FEW_CLASSES 8			/* whose gradients of a chunk are made in no time */
#define MIN_IMPROVEMENT 1e-7	/* relative; a loss this much lower is a better one */

static const MlParam boosting_params[] = {
	{.name = "loss",.type = ML_PARAM_ENUM,.default_text = "auto",
		.choices = "auto|log_loss|squared_error|absolute_error|huber|quantile|poisson",
	.description = "what is made small: log_loss for classes; squared_error (auto), absolute_error, huber, quantile "
		"or poisson for numbers"},
	{.name = "alpha",.type = ML_PARAM_FLOAT,.default_number = 0.9,.minimum = 0,.maximum = 1,.minimum_open = true,
	.description = "the quantile of loss quantile; the share of residuals that loss huber squares"},
	{.name = "n_estimators",.type = ML_PARAM_INT,.default_number = 1000,.minimum = 1,.maximum = 100000,
		.aliases = "num_iterations|max_iter",
	.description = "rounds; with early stopping the most of them"},
	{.name = "learning_rate",.type = ML_PARAM_FLOAT,.default_number = 0.05,.minimum = 0,.maximum = 10,
		.minimum_open = true,.aliases = "eta",
	.description = "share of each tree that is added"},
	{.name = "max_leaves",.type = ML_PARAM_INT,.default_number = 31,.minimum = 0,.maximum = 131072,
		.aliases = "num_leaves|max_leaf_nodes",
	.description = "most leaves of a tree, 0 = no limit"},
	{.name = "max_depth",.type = ML_PARAM_INT,.default_number = 0,.minimum = 0,.maximum = 512,
	.description = "most splits from root to leaf, 0 = no limit"},
	{.name = "grow_policy",.type = ML_PARAM_ENUM,.default_text = "lossguide",.choices = "lossguide|depthwise",
	.description = "the leaf with the largest gain is split first, or level by level"},
	{.name = "min_samples_leaf",.type = ML_PARAM_INT,.default_number = 5,.minimum = 1,.maximum = 1e9,
		.aliases = "min_data_in_leaf|min_child_samples",
	.description = "fewest rows of a leaf"},
	{.name = "min_child_weight",.type = ML_PARAM_FLOAT,.default_number = 1,.minimum = 0,.maximum = INFINITY,
	.description = "least sum of second derivatives of a leaf"},
	{.name = "reg_lambda",.type = ML_PARAM_FLOAT,.default_number = 1,.minimum = 0,.maximum = INFINITY,
		.aliases = "lambda_l2|l2_regularization",
	.description = "l2 penalty on leaf values"},
	{.name = "reg_alpha",.type = ML_PARAM_FLOAT,.default_number = 0,.minimum = 0,.maximum = INFINITY,
	.description = "l1 penalty on leaf values"},
	{.name = "gamma",.type = ML_PARAM_FLOAT,.default_number = 0,.minimum = 0,.maximum = INFINITY,
	.description = "least gain of a split"},
	{.name = "subsample",.type = ML_PARAM_FLOAT,.default_number = 0.8,.minimum = 0,.maximum = 1,
		.minimum_open = true,.aliases = "bagging_fraction",
	.description = "share of the rows a round learns from"},
	{.name = "colsample_bytree",.type = ML_PARAM_FLOAT,.default_number = 0.8,.minimum = 0,.maximum = 1,
		.minimum_open = true,.aliases = "feature_fraction",
	.description = "share of the columns a tree may use"},
	{.name = "colsample_bynode",.type = ML_PARAM_FLOAT,.default_number = 1,.minimum = 0,.maximum = 1,
		.minimum_open = true,
	.description = "share of the tree's columns a split may use"},
	{.name = "max_bin",.type = ML_PARAM_INT,.default_number = 255,.minimum = 2,.maximum = 255,
	.description = "most bins of a column, one more for missing values aside"},
	{.name = "early_stopping_rounds",.type = ML_PARAM_INT,.default_number = 50,.minimum = 0,.maximum = 100000,
		.aliases = "n_iter_no_change",
	.description = "rounds without a better validation loss that end training, 0 = off"},
	{.name = "scale_pos_weight",.type = ML_PARAM_FLOAT,.default_number = 1,.minimum = 0,.maximum = 1e12,
		.minimum_open = true,
	.description = "weight of positive rows; two classes"},
	{.name = "class_weight",.type = ML_PARAM_CLASS_WEIGHT,.default_number = NAN,.default_text = "null",
	.description = "null, \"balanced\" (inverse to class frequency) or {\"class\": weight}"},
	{.name = "monotone_constraints",.type = ML_PARAM_MONOTONE,.default_number = NAN,.default_text = "null",
	.description = "null or {\"column\": 1 or -1}: the prediction never falls, or never rises, with the column"},
};

static MlLoss
loss_of(const char *name, MlTaskKind task)
{
	static const struct
	{
		const char *name;
		MlLoss		loss;
	}			known[] = {
		{"squared_error", ML_LOSS_SQUARED}, {"absolute_error", ML_LOSS_ABSOLUTE}, {"huber", ML_LOSS_HUBER},
		{"quantile", ML_LOSS_QUANTILE}, {"poisson", ML_LOSS_POISSON}
	};
	size_t		i;

	if (task == ML_BINARY)
		return ML_LOSS_LOGISTIC;
	if (task == ML_MULTICLASS)
		return ML_LOSS_SOFTMAX;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].loss;
	return ML_LOSS_SQUARED;
}

static MlCode
boosting_check(MlParams *params, MlTaskKind task, MlStatus *status)
{
	const char *loss = ml_param_text(params, "loss");
	bool		classes = strcmp(loss, "log_loss") == 0;

	if (strcmp(loss, "auto") != 0 && classes == (task == ML_REGRESSION))
	{
		ml_status_set(status, ML_BAD_PARAMETER, "parameter \"loss\" cannot be \"%s\" for a %s", loss,
					  task == ML_REGRESSION ? "regression" : "classification");
		ml_status_hint(status, task == ML_REGRESSION
					   ? "Use squared_error, absolute_error, huber, quantile or poisson."
					   : "Use log_loss.");
		return ML_BAD_PARAMETER;
	}
	/* by its value: 1 is no weight, whoever wrote it down */
	if (ml_param_number(params, "scale_pos_weight") != 1 && (params->balanced || params->n_class_weights > 0))
		return ml_status_set(status, ML_BAD_PARAMETER,
							 "parameters \"scale_pos_weight\" and \"class_weight\" cannot be used together");
	if (ml_param_number(params, "scale_pos_weight") != 1 && task != ML_BINARY)
		return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"scale_pos_weight\" needs two classes");
	if ((params->balanced || params->n_class_weights > 0) && task == ML_REGRESSION)
		return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"class_weight\" needs classes");
	if (ml_param_number(params, "max_leaves") == 1)
		return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"max_leaves\" must be 0 or at least 2");
	return ML_OK;
}

/* The loss's name, as in curves. */
static const char *
name_of(const Boost *b)
{
	return b->data->task != ML_REGRESSION ? "log_loss"
		: b->loss == ML_LOSS_SQUARED ? "squared_error"
		: b->loss == ML_LOSS_ABSOLUTE ? "absolute_error"
		: b->loss == ML_LOSS_HUBER ? "huber" : b->loss == ML_LOSS_QUANTILE ? "quantile" : "poisson";
}

static bool
boosting_wants_validation(const MlParams *params)
{
	return ml_param_number(params, "early_stopping_rounds") > 0;
}

/* ---- before the first round ---- */

static MlCode
no_such_column(const MlDataset *data, const char *name, MlStatus *status)
{
	size_t		length = strlen(name);
	int			c;

	ml_status_set(status, ML_BAD_PARAMETER, "parameter \"monotone_constraints\" names \"%s\", which is not a feature",
				  name);
	for (c = 0; c < data->p; c++)
		if (strncmp(data->column[c].name, name, length) == 0 && data->column[c].name[length] == '[')
		{
			ml_status_hint(status, "It is a vector: name its elements, as in \"%s\".", data->column[c].name);
			break;
		}
	return ML_BAD_PARAMETER;
}

static MlCode
read_monotone(Boost *b, const MlPrep *prep, const MlParams *params, MlStatus *status)
{
	int8_t	   *way;
	int			i;
	int			c;

	if (params->n_monotone == 0)
		return ML_OK;
	way = ml_scratch_zero(&b->scratch, (size_t) prep->width + 1, 1, "columns", status);
	if (way == NULL)
		return ML_NO_MEMORY;
	for (i = 0; i < params->n_monotone; i++)
	{
		for (c = 0; c < b->data->p; c++)
			if (strcmp(params->monotone_name[i], b->data->column[c].name) == 0)
				break;
		if (c == b->data->p)
			return no_such_column(b->data, params->monotone_name[i], status);
		if (b->data->column[c].kind == ML_CATEGORY && params->monotone_value[i] != 0)
			return ml_status_set(status, ML_BAD_PARAMETER,
								 "parameter \"monotone_constraints\" names \"%s\", which is a category",
								 params->monotone_name[i]);
		/* a category may have no column at all */
		if (params->monotone_value[i] != 0)
			way[prep->column[c].first] = (int8_t) params->monotone_value[i];
	}
	b->rule.monotone = way;
	return ML_OK;
}

static MlCode
read_params(Boost *b, const MlPrep *prep, const MlParams *params, MlStatus *status)
{
	b->loss = loss_of(ml_param_text(params, "loss"), b->data->task);
	b->alpha = ml_param_number(params, "alpha");
	b->rounds = (int) ml_param_number(params, "n_estimators");
	b->patience = (int) ml_param_number(params, "early_stopping_rounds");
	b->learning_rate = ml_param_number(params, "learning_rate");
	b->subsample = ml_param_number(params, "subsample");
	b->column_share = ml_param_number(params, "colsample_bytree");
	b->rule.max_depth = (int) ml_param_number(params, "max_depth");
	b->rule.max_leaves = (int) ml_param_number(params, "max_leaves");
	b->rule.depthwise = strcmp(ml_param_text(params, "grow_policy"), "depthwise") == 0;
	b->rule.column_share = ml_param_number(params, "colsample_bynode");
	b->rule.split.l2 = ml_param_number(params, "reg_lambda");
	b->rule.split.l1 = ml_param_number(params, "reg_alpha");
	b->rule.split.min_gain = ml_param_number(params, "gamma");
	b->rule.split.min_h = ml_param_number(params, "min_child_weight");
	b->rule.split.min_rows = (int64_t) ml_param_number(params, "min_samples_leaf");
	b->rule.split.category_smooth = CATEGORY_SMOOTH;
	b->rule.split.category_l2 = CATEGORY_L2;
	b->rule.split.category_rows = CATEGORY_ROWS * fmin(1, (double) b->rows / CATEGORY_TABLE);
	return read_monotone(b, prep, params, status);
}

/* Sample weights times class weights, NULL when all are 1. */
static MlCode
weigh_rows(Boost *b, const MlParams *params, MlFit *fit, MlStatus *status)
{
	const MlDataset *data = b->data;
	size_t		classes = (size_t) data->n_classes;
	bool		weighted = params->balanced || params->n_class_weights > 0;
	double		positive = ml_param_number(params, "scale_pos_weight");
	int64_t    *count;
	double	   *weight;
	int			present = 0;
	MlCode		code;
	size_t		k;
	int64_t		i;

	count = ml_scratch_alloc(&b->scratch, classes + 1, sizeof(int64_t), "classes", status);
	weight = ml_scratch_alloc(&b->scratch, classes + 1, sizeof(double), "classes", status);
	if (!count || !weight)
		return ML_NO_MEMORY;
	if (classes > 0)
	{
		code = ml_class_weights(data, b->rows, params, count, weight, status);
		if (code != ML_OK)
			return code;
		for (k = 0; k < classes; k++)
			present += count[k] > 0;
		if (present < 2)
		{
			ml_status_set(status, ML_BAD_DATA, "all training rows belong to one class");
			ml_status_hint(status, "A classifier needs rows of at least two classes.");
			return ML_BAD_DATA;
		}
		if (data->task == ML_BINARY)
			weight[1] *= positive;
		weighted |= positive != 1;
		if (weighted)
			code = ml_class_prior(b->host, data->n_classes, weight, fit, status);
		if (code != ML_OK)
			return code;
	}
	if (!weighted && data->weight == NULL)
	{
		b->total_weight = (double) b->rows;
		b->valid_weight = (double) (b->n - b->rows);
		return ML_OK;
	}
	b->weight = ml_scratch_alloc(&b->scratch, (size_t) b->n, sizeof(double), "weights", status);
	if (b->weight == NULL)
		return ML_NO_MEMORY;
	for (i = 0; i < b->n; i++)
	{
		b->weight[i] = (data->weight ? data->weight[i] : 1) * (weighted ? weight[(int) data->y[i]] : 1);
		*(i < b->rows ? &b->total_weight : &b->valid_weight) += b->weight[i];
	}
	return ML_OK;
}

/* log x for x >= 0, as far as scores go */
static double
log_score(double x)
{
	return fmin(fmax(log(x), -ML_SCORE_LIMIT), ML_SCORE_LIMIT);
}

/* F_0: what is best without any column; base: k values. */
static MlCode
start_scores(Boost *b, double *base, MlStatus *status)
{
	const double *y = b->data->y;
	double		total = 0;
	bool		same = true;
	int64_t		i;
	int			c;

	for (c = 0; c < b->k; c++)
		base[c] = 0;
	switch (b->loss)
	{
		case ML_LOSS_SOFTMAX:
			for (i = 0; i < b->rows; i++)
				base[(int) y[i]] += b->weight ? b->weight[i] : 1;
			/* a class without rows: as if it had half a one of the average weight */
			for (c = 0; c < b->k; c++)
				base[c] = log_score((base[c] > 0 ? base[c] : 0.5 * b->total_weight / (double) b->rows) /
									b->total_weight);
			return ML_OK;
		case ML_LOSS_ABSOLUTE:
		case ML_LOSS_QUANTILE:
		case ML_LOSS_HUBER:
			memcpy(b->residual, y, (size_t) b->rows * sizeof(double));
			if (b->weight)
				memcpy(b->residual_weight, b->weight, (size_t) b->rows * sizeof(double));
			base[0] = ml_weighted_quantile(b->residual, b->weight ? b->residual_weight : NULL, b->rows,
										   b->loss == ML_LOSS_QUANTILE ? b->alpha : 0.5);
			return ML_OK;
		case ML_LOSS_SQUARED:
		case ML_LOSS_POISSON:
		case ML_LOSS_LOGISTIC:
			break;
	}
	for (i = 0; i < b->rows; i++)
	{
		/* divided first: sums of large targets stay finite */
		total += (b->weight ? b->weight[i] : 1) / b->total_weight * y[i];
		same &= y[i] == y[0];
		if (b->loss == ML_LOSS_POISSON && y[i] < 0)
		{
			ml_status_set(status, ML_BAD_DATA, "loss \"poisson\" needs targets that are not negative");
			ml_status_detail(status, "A training row has %.15g.", y[i]);
			return ML_BAD_DATA;
		}
	}
	if (b->loss == ML_LOSS_POISSON && !(total > 0))
		return ml_status_set(status, ML_BAD_DATA, "loss \"poisson\" needs a target that is not always 0");
	if (b->loss == ML_LOSS_SQUARED)
		/* what all rows say is said exactly */
		base[0] = same ? y[0] : total;
	else
		base[0] = log_score(b->loss == ML_LOSS_POISSON ? total : total / (1 - total));
	return ML_OK;
}

#define TAKE(field, count, size) \
	((field) = ml_scratch_alloc(&b->scratch, (size_t) (count), size, "boosting", status)) == NULL

static MlCode
allocate(Boost *b, MlStatus *status)
{
	bool		residuals = b->loss == ML_LOSS_ABSOLUTE || b->loss == ML_LOSS_QUANTILE || b->loss == ML_LOSS_HUBER;

	b->n_chunks = (int) ((b->n + BOOST_CHUNK - 1) / BOOST_CHUNK);
	b->rows_chunks = (int) ((b->rows + BOOST_CHUNK - 1) / BOOST_CHUNK);
	b->sums_rows = b->k <= FEW_CLASSES ? BOOST_CHUNK : BOOST_CHUNK * FEW_CLASSES / b->k;
	b->n_sums = (int) ((b->n + b->sums_rows - 1) / b->sums_rows);
	/* not the scratch's: it may outlive the training */
	b->score = ml_alloc_array(b->host, (size_t) b->n * (size_t) b->k, sizeof(double));
	if (b->score == NULL)
		return ml_no_memory(status, (size_t) b->n * (size_t) b->k * sizeof(double), "boosting");
	if (TAKE(b->g, b->rows * b->k, sizeof(double)) ||
		TAKE(b->h, b->rows * b->k, sizeof(double)) ||
		(b->held = ml_scratch_zero(&b->scratch, (size_t) b->n_chunks, 1, "boosting", status)) == NULL ||
		TAKE(b->sums, 2 * (size_t) b->n_sums, sizeof(MlLossSums)) ||
		TAKE(b->bag_count, b->rows_chunks, sizeof(int64_t)) ||
		TAKE(b->curve_train, b->rounds + 1, sizeof(double)) ||
		TAKE(b->curve_valid, b->rounds + 1, sizeof(double)) ||
		TAKE(b->leaf_sums, b->host->threads, sizeof(BoostLeaf *)) ||
		(residuals && TAKE(b->residual, b->rows, sizeof(double))) ||
		(residuals && b->weight && TAKE(b->residual_weight, b->rows, sizeof(double))))
		return ML_NO_MEMORY;
	return ML_OK;
}

static MlCode
allocate_trees(Boost *b, MlStatus *status)
{
	/* the nodes, their leaves and the bytes of all trees come after the sums */
	size_t		most = b->host->memory_left(b->host) / 2;
	int			nodes;
	int			t;
	MlCode		code;

	code = ml_grower_make(b->host, &b->scratch, &b->binned, &b->rule, b->rows, most < SUMS_LIMIT ? most : SUMS_LIMIT,
						  &b->grower, status);
	if (code == ML_OK)
		code = ml_trees_begin(b->host, b->k, b->loss == ML_LOSS_POISSON ? ML_TREES_LOG_LINK : 0, &b->maker, status);
	if (code != ML_OK)
		return code;
	nodes = ml_grower_max_nodes(b->grower);
	if (TAKE(b->value, nodes, sizeof(double)) ||
		TAKE(b->use, b->binned.p, 1) ||
		(nodes <= ML_NARROW_NODES ? TAKE(b->leaf.narrow, b->n, 1) : TAKE(b->leaf.wide, b->n, sizeof(int32_t))))
		return ML_NO_MEMORY;
	for (t = 0; t < b->host->threads; t++)
		if (TAKE(b->leaf_sums[t], nodes, sizeof(BoostLeaf)))
			return ML_NO_MEMORY;
	return ML_OK;
}

/* Rows whose scores are some megabytes: memory that is touched for the first time is slow. */
static int64_t
first_rows(const Boost *b)
{
	return 1 + FIRST_SCORES / b->k;
}

/* All scores are F_0: many classes take long enough that it must be possible to stop. */
static void
first_scores_task(void *arg, int task)
{
	Boost	   *b = arg;
	int64_t		from = task * first_rows(b);
	int64_t		end = from + first_rows(b) < b->n ? from + first_rows(b) : b->n;
	int64_t		i;
	int			c;

	for (i = from; i < end; i++)
		for (c = 0; c < b->k; c++)
			b->score[i * b->k + c] = b->maker.base[c];
}

static MlCode
prepare(Boost *b, const MlParams *params, MlFit *fit, MlStatus *status)
{
	const MlDataset *data = b->data;
	MlCode		code;

	b->k = data->task == ML_MULTICLASS ? data->n_classes : 1;
	if (b->patience > 0 && data->n_valid == 0)
		b->host->warn(b->host, "there are no validation rows to stop early by, so all rounds are made",
					  "Raise \"validation\" in the \"split\" of the model's config, "
					  "or set early_stopping_rounds to 0.");
	b->n = b->rows + (b->patience > 0 ? data->n_valid : 0);
	b->binned = *data->binned;
	/* early stopping may end with the first round */
	code = ml_trees_check_least(b->host, b->k, 0, (uint32_t) (b->k * (b->n > b->rows ? 1 : b->rounds)), status);
	if (code == ML_OK)
		code = weigh_rows(b, params, fit, status);
	if (code == ML_OK)
		code = allocate(b, status);
	if (code == ML_OK)
		code = allocate_trees(b, status);
	if (code == ML_OK)
		code = start_scores(b, b->maker.base, status);
	if (code == ML_OK && b->host->parallel_for(b->host, (int) (b->n / first_rows(b)) + 1, first_scores_task, b))
		code = ml_status_set(status, ML_CANCELLED, "cancelled");
	return code;
}

/* ---- rounds ---- */

static bool
has_judges(const Boost *b)
{
	return b->patience > 0 && b->n > b->rows;
}

/* What is going on: rounds done, and the loss that chooses among them. */
static void
tell_phase(const Boost *b, char *phase, size_t size)
{
	int			written = snprintf(phase, size, "boosting");

	if (b->round > 0)
		written += snprintf(phase + written, size - (size_t) written, ", round %d of %d", b->round, b->rounds);
	if (b->round > 0 && has_judges(b))
		snprintf(phase + written, size - (size_t) written, ", validation %s %.6g", name_of(b),
				 b->curve_valid[b->round]);
}

static MlCode
run_section(Boost *b, MlLead lead, MlStatus *status)
{
	char		phase[PHASE_LENGTH];

	tell_phase(b, phase, sizeof(phase));
	if (b->host->poll(b->host, phase, (double) b->round / b->rounds) ||
		b->host->parallel_team(b->host, lead, b))
		return ml_status_set(status, ML_CANCELLED, "cancelled");
	if (b->overflow)
	{
		ml_status_set(status, ML_BAD_DATA, "targets or weights are too large for gradient boosting");
		ml_status_hint(status, "Divide them by a constant.");
		return ML_BAD_DATA;
	}
	return ML_OK;
}

/* One tree a class. */
static MlCode
run_round(Boost *b, MlStatus *status)
{
	MlCode		code = ML_OK;

	for (b->output = 0; code == ML_OK && b->output < b->k; b->output++)
	{
		code = run_section(b, ml_boost_tree, status);
		if (code == ML_OK)
			code = ml_trees_add(&b->maker, &b->binned, ml_grower_nodes(b->grower), b->n_nodes, b->value,
								b->tree.h_unit, status);
	}
	/* later trees may be smaller, and early stopping may come: only what is there counts */
	return code == ML_OK ? ml_trees_check_size(&b->maker, b->round * b->k, status) : code;
}

static MlCode
run_rounds(Boost *b, MlStatus *status)
{
	bool		choose = has_judges(b);
	double		start = ml_seconds();
	int			best = 0;
	MlCode		code = run_section(b, ml_boost_gradients, status);

	while (code == ML_OK && b->round < b->rounds)
	{
		code = run_round(b, status);
		if (code != ML_OK || !choose)
			continue;
		if (b->curve_valid[b->round] < b->curve_valid[best] - MIN_IMPROVEMENT * fabs(b->curve_valid[best]))
			best = b->round;
		else if (b->round - best >= b->patience)
			break;
	}
	if (code == ML_OK && choose)
	{
		/* at least one round: a model without trees would not know its columns */
		b->best_round = best > 0 ? best : 1;
		ml_trees_cut(&b->maker, (uint32_t) b->best_round * (uint32_t) b->k);
	}
	else
		b->best_round = b->round;
	b->round_seconds = ml_seconds() - start;
	return code;
}

/* ---- after the last ---- */

static void
report_timings(const Boost *b, MlFit *fit)
{
	MlGrowSeconds of = ml_grower_seconds(b->grower);
	double		threads = b->host->threads;

	ml_fit_timing(fit, "histogram", of.sums / threads);
	ml_fit_timing(fit, "split", of.split / threads);
	ml_fit_timing(fit, "partition", of.part / threads);
	ml_fit_timing(fit, "wait", b->grow_seconds - (of.sums + of.split + of.part) / threads);
	ml_fit_timing(fit, "gradient", b->round_seconds - b->grow_seconds);
}

static MlCode
report(Boost *b, const MlPrep *prep, MlFit *fit, MlStatus *status)
{
	size_t		n = (size_t) b->round;

	report_timings(b, fit);
	fit->iterations = b->best_round;
	fit->converged = b->patience == 0 || b->n == b->rows || b->round < b->rounds;
	fit->objective = b->curve_train[b->best_round];
	fit->max_gradient = NAN;
	fit->solver = "histogram";
	fit->n_importance = b->data->p;
	fit->importance = ml_alloc_array(b->host, (size_t) b->data->p, sizeof(double));
	fit->curve_metric = name_of(b);
	fit->n_rounds = b->round;
	fit->curve_train = ml_alloc_array(b->host, n, sizeof(double));
	if (fit->importance == NULL || fit->curve_train == NULL)
		return ml_no_memory(status, n * sizeof(double), "the training curve");
	ml_trees_importance(&b->maker.trees, prep, fit->importance);
	memcpy(fit->curve_train, b->curve_train + 1, n * sizeof(double));
	if (b->n == b->rows)
		return ML_OK;
	fit->curve_validation = ml_alloc_array(b->host, n, sizeof(double));
	if (fit->curve_validation == NULL)
		return ml_no_memory(status, n * sizeof(double), "the training curve");
	memcpy(fit->curve_validation, b->curve_valid + 1, n * sizeof(double));
	return ML_OK;
}

/* The scores of the rows that learned, unless later rounds were cut off or a score was held at its limit. */
static void
hand_over_margins(Boost *b, MlFit *fit)
{
	if (b->best_round != b->round || memchr(b->held, 1, (size_t) b->n_chunks) != NULL)
		return;
	fit->margin = b->score;
	b->score = NULL;
}

static MlCode
boosting_train(MlHost *host, const MlDataset *data, int64_t rows, const MlPrep *prep,
			   const MlParams *params, uint64_t seed,
			   void **section, size_t *section_size, MlFit *fit, MlStatus *status)
{
	Boost		b;
	MlCode		code;

	memset(&b, 0, sizeof(b));
	b.host = host;
	b.data = data;
	b.rows = rows;
	b.seed = seed;
	ml_scratch_init(&b.scratch, host);
	code = read_params(&b, prep, params, status);
	if (code == ML_OK)
		code = prepare(&b, params, fit, status);
	if (code == ML_OK)
		code = run_rounds(&b, status);
	if (code == ML_OK)
		code = report(&b, prep, fit, status);
	if (code == ML_OK)
		code = ml_trees_write(&b.maker, section, section_size, status);
	if (code == ML_OK)
		hand_over_margins(&b, fit);
	if (b.score)
		host->release(host, b.score);
	if (b.maker.host)
		ml_trees_end(&b.maker);
	ml_scratch_release(&b.scratch);
	return code;
}

const MlLearner ml_gradient_boosting = {
	.name = "gradient_boosting",
	.description = "trees that correct each other, for classes and numbers",
	.tasks = ML_REGRESSION | ML_BINARY | ML_MULTICLASS,
	.binned = true,
	.params = boosting_params,
	.n_params = (int) (sizeof(boosting_params) / sizeof(boosting_params[0])),
	.wants_validation = boosting_wants_validation,
	.check = boosting_check,
	.train = boosting_train,
	.open = ml_trees_open,
	.margin_room = ml_trees_margin_room,
	.margin = ml_trees_margin,
	.explain_room = ml_trees_explain_room,
	.explain = ml_trees_explain,
};
