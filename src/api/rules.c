/*
 * rules.c: trees in words: mlops_decision_path and mlops_model_rules.
 *
 * A condition is a split said from the side of one child: "age <= 39.5",
 * "contract in (\"One year\", \"Two year\")"; "or missing" stands on the side
 * where missing values, and categories that training did not see, go.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "api/serving.h"
#include "learn/learner.h"
#include "learn/tree.h"
#include "pg/options.h"

/* categories named in a condition, at most, and bytes of each */
#define MAX_LEVELS 5
#define MAX_LEVEL_BYTES 60

static const MlTrees *
trees_of(const MlopsCallSite *site)
{
	const MlTrees *trees = ml_model_trees(&site->entry->model);

	if (trees == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" has no trees: its algorithm is \"%s\"", site->ref.model,
						site->entry->model.learner->name),
				 errhint("mlops_coefficients shows what a linear model has learned.")));
	return trees;
}

static const MlopsFeature *
feature_of(const MlopsCallSite *site, int column, int *index)
{
	const MlopsFeatureSet *set = site->entry->features;
	int			i = 0;

	while (i < set->n - 1 && column >= set->feature[i].first + set->feature[i].width)
		i++;
	if (index)
		*index = i;
	return &set->feature[i];
}

/* ---------- conditions ---------- */

/* A quote within is written twice, so that no level reads as two. */
static void
put_level(StringInfo out, const char *level)
{
	int			len = strlen(level);
	int			shown = pg_mbcliplen(level, len, MAX_LEVEL_BYTES);

	appendStringInfoChar(out, '"');
	for (int i = 0; i < shown; i++)
	{
		appendStringInfoCharMacro(out, level[i]);
		if (level[i] == '"')
			appendStringInfoCharMacro(out, '"');
	}
	appendStringInfoString(out, shown < len ? "..." : "");
	appendStringInfoChar(out, '"');
}

/* The categories on one side; of two halves the smaller is named. */
static void
put_levels(StringInfo out, const MlTrees *trees, const MlTreeNode *node, const MlPrepColumn *column, bool left)
{
	int			n_left = 0;
	int			listed = 0;
	int			named;
	bool		in;
	bool		set;

	for (int l = 0; l < column->n_levels; l++)
		n_left += (trees->word[node->u.set + (l >> 6)] >> (l & 63)) & 1;
	/* name the smaller set */
	set = 2 * n_left <= column->n_levels;
	in = set == left;
	named = set ? n_left : column->n_levels - n_left;
	appendStringInfo(out, "%s %s (", column->name, in ? "in" : "not in");
	for (int l = 0; l < column->n_levels && listed < MAX_LEVELS; l++)
	{
		if (((trees->word[node->u.set + (l >> 6)] >> (l & 63)) & 1) != (set ? 1 : 0))
			continue;
		appendStringInfoString(out, listed++ > 0 ? ", " : "");
		put_level(out, column->level[l]);
	}
	if (named > listed)
		appendStringInfo(out, " and %d more", named - listed);
	appendStringInfoChar(out, ')');
}

/* The k-th of the numbers that a category was encoded into, or an indicator; neither is ever missing. */
static void
put_encoded(StringInfo out, const MlPrepColumn *column, int k, double threshold, bool left)
{
	if (column->indicator && k == column->width - 1)
		appendStringInfo(out, "%s is %s", column->name, left ? "not missing" : "missing");
	else if (!ml_prep_is_onehot(column))
	{
		const char *what = column->encode == ML_ENCODE_ORDINAL ? "rank" :
			column->encode == ML_ENCODE_FREQUENCY ? "frequency" : "mean target";

		appendStringInfoString(out, what);
		if (column->value_name)
			appendStringInfo(out, " %s", column->value_name[k]);
		appendStringInfo(out, " of %s %s %s", column->name, left ? "<=" : ">", float8out_internal(threshold));
	}
	else if (k == column->n_levels)
		appendStringInfo(out, "%s is %s", column->name, left ? "not missing" : "missing");
	else
	{
		char		room[ML_BUCKET_NAME];

		appendStringInfo(out, "%s %s (", column->name, left ? "not in" : "in");
		put_level(out, ml_prep_level_name(column, k, room));
		appendStringInfoChar(out, ')');
	}
}

/* What holds for rows that take this side of an inner node; with others around it, an "or" needs brackets. */
static void
put_condition(StringInfo out, const MlopsCallSite *site, const MlTrees *trees, const MlTreeNode *node, bool left,
			  bool brackets)
{
	const MlPrep *prep = &site->entry->model.prep;
	int			k;
	int			c = ml_prep_extended_owner(prep, node->column & ML_NODE_COLUMN, &k);
	const MlPrepColumn *column = &prep->column[c];
	bool		missing = ((node->column & ML_NODE_MISSING_LEFT) != 0) == left;

	if ((int) (node->column & ML_NODE_COLUMN) >= prep->p)
	{
		put_encoded(out, column, k, node->u.threshold, left);
		return;
	}
	brackets &= missing && !isinf(node->u.threshold);
	appendStringInfoString(out, brackets ? "(" : "");
	if (node->column & ML_NODE_CATEGORY)
		put_levels(out, trees, node, column, left);
	else if (isinf(node->u.threshold))
	{
		/* all numbers on one side */
		bool		numbers = (node->u.threshold > 0) == left;

		appendStringInfo(out, "%s is %s", column->name, !numbers ? "missing" : missing ? "any" : "not missing");
		return;
	}
	else if (feature_of(site, c, NULL)->kind == MLOPS_BOOLEAN && node->u.threshold >= 0 && node->u.threshold < 1)
		appendStringInfo(out, "%s is %s", column->name, left ? "false" : "true");
	else
		appendStringInfo(out, "%s %s %s", column->name, left ? "<=" : ">", float8out_internal(node->u.threshold));
	if (missing)
		appendStringInfoString(out, brackets ? " or missing)" : " or missing");
}

/* ---------- what a leaf says ---------- */

/* {"class": …} of trees of one class, {"values": {class: value}} of leaves that speak for several; or null */
static bool
leaf_detail(const MlopsCallSite *site, const MlTrees *trees, uint32_t tree, uint32_t leaf, Datum *detail)
{
	const MlModel *model = &site->entry->model;
	MlopsJson	json = MLOPS_JSON_INIT;

	if (trees->n_outputs == 1)
		return false;
	mlops_json_begin(&json);
	if (!(trees->flags & ML_TREES_VECTOR))
	{
		mlops_json_key(&json, "class");
		mlops_json_text(&json, model->class_name[tree % (uint32_t) trees->n_outputs]);
	}
	else
	{
		mlops_json_key(&json, "values");
		mlops_json_begin(&json);
		for (int k = 0; k < trees->n_outputs; k++)
		{
			mlops_json_key(&json, model->class_name[k]);
			mlops_json_number(&json, ml_tree_leaf_value(trees, leaf, k));
		}
		mlops_json_end(&json);
	}
	mlops_json_end(&json);
	*detail = JsonbPGetDatum(mlops_json_finish(&json));
	return true;
}

/* One number, or false when the leaf has one for each class. */
static bool
leaf_value(const MlTrees *trees, uint32_t leaf, double *value)
{
	if ((trees->flags & ML_TREES_VECTOR) && trees->n_outputs > 1)
		return false;
	*value = ml_tree_leaf_value(trees, leaf, 0);
	return true;
}

/* ---------- mlops_decision_path ---------- */

static void
put_step(ReturnSetInfo *result, uint32_t tree, int step, const char *condition, bool has_detail, Datum detail)
{
	Datum		values[4] = {Int32GetDatum(tree + 1), Int32GetDatum(step), CStringGetTextDatum(condition), detail};
	bool		isnull[4] = {false, false, false, !has_detail};

	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

static void
put_path(MlopsCallSite *site, const MlTrees *trees, const double *row, uint32_t tree, ReturnSetInfo *result)
{
	uint32_t	at = trees->root[tree];
	const MlPrep *prep = &site->entry->model.prep;
	int			step = 1;
	StringInfoData out;
	double		value;
	Datum		detail = (Datum) 0;
	bool		has_detail;

	initStringInfo(&out);
	for (; !ml_tree_is_leaf(trees, at); step++)
	{
		const MlTreeNode *node = trees->node + at;
		int			i;
		int			c = ml_prep_extended_owner(prep, node->column & ML_NODE_COLUMN, &i);
		bool		left = ml_tree_goes_left(trees, node, row);
		const MlopsFeature *feature = feature_of(site, c, &i);
		char	   *shown = mlops_serving_value(site, i, feature->kind == MLOPS_VECTOR ? c - feature->first : -1);

		resetStringInfo(&out);
		put_condition(&out, site, trees, node, left, false);
		appendStringInfo(&out, " (%s is ", prep->column[c].name);
		if (shown == NULL)
			appendStringInfoString(&out, "missing");
		else
			appendBinaryStringInfo(&out, shown, pg_mbcliplen(shown, strlen(shown), MAX_LEVEL_BYTES));
		appendStringInfoString(&out, shown != NULL && site->x[c] == ML_UNSEEN && feature->kind == MLOPS_CATEGORY ?
							   ", not seen in training)" : ")");
		put_step(result, tree, step, out.data, false, (Datum) 0);
		at = node->left + !left;
	}
	resetStringInfo(&out);
	if (leaf_value(trees, at, &value))
		appendStringInfo(&out, "leaf %s", float8out_internal(value));
	else
		appendStringInfoString(&out, "leaf");
	has_detail = leaf_detail(site, trees, tree, at, &detail);
	put_step(result, tree, step, out.data, has_detail, detail);
}

static Datum
decision_path(FunctionCallInfo fcinfo, FeaturesForm form)
{
	MemoryContext context;
	MemoryContext old;
	MlopsCallSite *site;
	const MlTrees *trees;
	const MlPrep *prep;
	double	   *row;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	site = mlops_serving_site(fcinfo, form);
	trees = trees_of(site);
	prep = &site->entry->model.prep;
	row = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max((Size) prep->p + prep->n_extra, 1));
	ml_prep_extend(prep, site->x, row);
	context = AllocSetContextCreate(CurrentMemoryContext, "mlops tree", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	for (uint32_t tree = 0; tree < trees->n_trees; tree++)
	{
		CHECK_FOR_INTERRUPTS();
		put_path(site, trees, row, tree, (ReturnSetInfo *) fcinfo->resultinfo);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}

SERVING_ENTRIES(mlops_decision_path, decision_path)

/* ---------- mlops_model_rules ---------- */

/* The way down to a leaf. */
typedef struct Branch
{
	uint32_t	node;
	bool		right;			/* the right child is being shown */
	int			length;			/* of the condition up to this node */
} Branch;

static void
put_rule(const MlopsCallSite *site, const MlTrees *trees, uint32_t tree, uint32_t node, const char *condition,
		 ReturnSetInfo *result)
{
	double		value = 0;
	Datum		values[6];
	bool		isnull[6] = {false};

	values[0] = Int32GetDatum(tree + 1);
	values[1] = Int32GetDatum((int32) (node - trees->root[tree]));
	values[2] = CStringGetTextDatum(condition[0] != '\0' ? condition : "always");
	isnull[3] = !leaf_value(trees, node, &value);
	values[3] = Float8GetDatum(value);
	values[4] = Float8GetDatum(trees->cover[node]);
	values[5] = (Datum) 0;
	isnull[5] = !leaf_detail(site, trees, tree, node, &values[5]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

/* Leaves of a tree from left to right. */
static void
put_rules(const MlopsCallSite *site, const MlTrees *trees, uint32_t tree, Branch *branch, StringInfo condition,
		  MemoryContext leaf_context, ReturnSetInfo *result)
{
	uint32_t	node = trees->root[tree];
	int			depth = 0;

	resetStringInfo(condition);
	for (;;)
	{
		Branch	   *b;
		MemoryContext old;

		if (!ml_tree_is_leaf(trees, node))
		{
			branch[depth].node = node;
			branch[depth].right = false;
			branch[depth].length = condition->len;
			depth++;
		}
		else
		{
			CHECK_FOR_INTERRUPTS();
			old = MemoryContextSwitchTo(leaf_context);
			put_rule(site, trees, tree, node, condition->data, result);
			MemoryContextSwitchTo(old);
			MemoryContextReset(leaf_context);
			while (depth > 0 && branch[depth - 1].right)
				depth--;
			if (depth == 0)
				return;
			branch[depth - 1].right = true;
		}
		b = &branch[depth - 1];
		condition->len = b->length;
		condition->data[condition->len] = '\0';
		appendStringInfoString(condition, b->length > 0 ? " and " : "");
		old = MemoryContextSwitchTo(leaf_context);
		put_condition(condition, site, trees, trees->node + b->node, !b->right, true);
		MemoryContextSwitchTo(old);
		node = trees->node[b->node].left + (b->right ? 1 : 0);
	}
}

PG_FUNCTION_INFO_V1(mlops_model_rules);
Datum
mlops_model_rules(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext old;
	MemoryContext leaf_context;
	StringInfoData condition;
	MlopsCallSite *site;
	const MlTrees *trees;
	Branch	   *branch;

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "mlops rules", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	leaf_context = AllocSetContextCreate(context, "mlops rule", ALLOCSET_DEFAULT_SIZES);
	site = mlops_callsite_create(text_to_cstring(PG_GETARG_TEXT_PP(0)), context);
	trees = trees_of(site);
	initStringInfo(&condition);
	branch = palloc(sizeof(Branch) * ((Size) trees->depth + 1));
	for (uint32_t tree = 0; tree < trees->n_trees; tree++)
		put_rules(site, trees, tree, branch, &condition, leaf_context, (ReturnSetInfo *) fcinfo->resultinfo);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
