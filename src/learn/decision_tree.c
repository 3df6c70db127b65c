/*
 * decision_tree.c: one tree, small enough to be read.
 *
 * Breiman, Friedman, Olshen and Stone, "Classification and regression trees",
 * 1984: splits by decrease of impurity (cart.c), then minimal cost-complexity
 * pruning.
 */
#include <math.h>
#include <string.h>

#include "learn/cart.h"
#include "learn/learners.h"

static const MlParam tree_params[] = {
	{.name = "criterion",.type = ML_PARAM_ENUM,.default_text = "auto",.choices = "auto|gini|entropy|squared_error",
	.description = "what a split makes small: gini (auto) or entropy for classes, squared_error for numbers"},
	{.name = "max_depth",.type = ML_PARAM_INT,.default_number = 6,.minimum = 0,.maximum = 512,
	.description = "most splits from root to leaf, 0 = no limit"},
	{.name = "max_leaves",.type = ML_PARAM_INT,.default_number = 0,.minimum = 0,.maximum = 131072,
		.aliases = "num_leaves|max_leaf_nodes",
	.description = "most leaves, 0 = no limit"},
	{.name = "min_samples_leaf",.type = ML_PARAM_INT,.default_number = 10,.minimum = 1,.maximum = 1e9,
		.aliases = "min_data_in_leaf|min_child_samples",
	.description = "fewest rows of a leaf"},
	{.name = "ccp_alpha",.type = ML_PARAM_FLOAT,.default_number = 0,.minimum = 0,.maximum = INFINITY,
	.description = "impurity, as a share of all rows, that each leaf of a subtree must save, else it is pruned"},
	{.name = "max_bin",.type = ML_PARAM_INT,.default_number = 255,.minimum = 2,.maximum = 255,
	.description = "most bins of a column, one more for missing values aside"},
	{.name = "class_weight",.type = ML_PARAM_CLASS_WEIGHT,.default_number = NAN,.default_text = "null",
	.description = "null, \"balanced\" (inverse to class frequency) or {\"class\": weight}"},
};

typedef struct Tree
{
	MlScratch	scratch;
	MlCartData	data;
	MlCart	   *cart;
	MlGrowNode *node;
	int			n_nodes;
} Tree;

static MlCode
tree_check(MlParams *params, MlTaskKind task, MlStatus *status)
{
	return ml_cart_criterion(params, task, status);
}

static void
grow_tree(MlTeam *team, void *arg)
{
	Tree	   *tree = arg;
	uint32_t   *count = ml_cart_counts(tree->cart);
	int64_t		i;

	for (i = 0; i < tree->data.n; i++)
		count[i] = 1;
	/* every node looks at every column in order: nothing is drawn */
	tree->n_nodes = ml_cart_grow(tree->cart, team, 0, tree->node);
}

/* Pruned, with values, as the learner's section. */
static MlCode
finish(MlHost *host, Tree *tree, const MlPrep *prep, const MlParams *params, void **section, size_t *section_size,
	   MlFit *fit, MlStatus *status)
{
	int			n = ml_cart_prune(&tree->data, tree->node, tree->n_nodes, ml_param_number(params, "ccp_alpha"));
	size_t		k = (size_t) tree->data.k;
	double	   *value = ml_scratch_alloc(&tree->scratch, (size_t) n * k, sizeof(double), "trees", status);
	MlTreeMaker maker;
	MlCode		code;

	if (value == NULL)
		return ML_NO_MEMORY;
	ml_cart_values(tree->cart, tree->node, n, value);
	fit->iterations = 1;
	fit->converged = true;
	fit->objective = NAN;
	fit->max_gradient = NAN;
	fit->solver = "histogram";
	fit->n_importance = prep->p;
	fit->importance = ml_alloc_array(host, (size_t) prep->p, sizeof(double));
	if (fit->importance == NULL)
		return ml_no_memory(status, (size_t) prep->p * sizeof(double), "the importance");
	code = ml_trees_begin(host, (int) k, ML_TREES_AVERAGE | (k > 1 ? ML_TREES_VECTOR : 0), &maker, status);
	if (code != ML_OK)
		return code;
	code = ml_trees_add(&maker, &tree->data.binned, tree->node, n, value, tree->data.cover_unit, status);
	ml_trees_importance(&maker.trees, prep, fit->importance);
	if (code == ML_OK)
		code = ml_trees_check_size(&maker, 1, status);
	if (code == ML_OK)
		code = ml_trees_write(&maker, section, section_size, status);
	ml_trees_end(&maker);
	return code;
}

static MlCode
tree_train(MlHost *host, const MlDataset *data, int64_t rows, const MlPrep *prep,
		   const MlParams *params, uint64_t seed,
		   void **section, size_t *section_size, MlFit *fit, MlStatus *status)
{
	MlCartRule	rule = {
		.impurity = ml_cart_impurity(params),
		.max_depth = (int) ml_param_number(params, "max_depth"),
		.max_leaves = (int) ml_param_number(params, "max_leaves"),
		.min_rows = (int64_t) ml_param_number(params, "min_samples_leaf"),
		.features = prep->width,
		.order_by_node = true
	};
	Tree		tree;
	MlCode		code;

	(void) seed;
	memset(&tree, 0, sizeof(tree));
	ml_scratch_init(&tree.scratch, host);
	code = ml_cart_read(host, &tree.scratch, data, rows, params, &tree.data, fit, status);
	if (code == ML_OK)
		code = ml_cart_make(&tree.scratch, &tree.data, &rule, &tree.cart, status);
	if (code == ML_OK)
	{
		tree.node = ml_scratch_alloc(&tree.scratch, (size_t) ml_cart_max_nodes(&tree.data, &rule),
									 sizeof(MlGrowNode), "trees", status);
		code = tree.node ? ML_OK : ML_NO_MEMORY;
	}
	if (code == ML_OK && (host->poll(host, "growing the tree", 0) || host->parallel_team(host, grow_tree, &tree)))
		code = ml_status_set(status, ML_CANCELLED, "cancelled");
	if (code == ML_OK)
		code = finish(host, &tree, prep, params, section, section_size, fit, status);
	ml_scratch_release(&tree.scratch);
	return code;
}

const MlLearner ml_decision_tree = {
	.name = "decision_tree",
	.description = "one tree that can be read, for classes and numbers",
	.tasks = ML_REGRESSION | ML_BINARY | ML_MULTICLASS,
	.binned = true,
	.probability = true,
	.params = tree_params,
	.n_params = (int) (sizeof(tree_params) / sizeof(tree_params[0])),
	.check = tree_check,
	.train = tree_train,
	.open = ml_trees_open,
	.margin_room = ml_trees_margin_room,
	.margin = ml_trees_margin,
	.explain_room = ml_trees_explain_room,
	.explain = ml_trees_explain,
};
