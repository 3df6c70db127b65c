/*
 * feature_plan.c: planned expressions, and one call site's running copy.
 *
 * A plan is shared by the feature set and every evaluator made from it and
 * is freed with the last of them, so a set may be planned again (a function
 * was replaced) while an evaluator of the former plan still runs.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "utils/memutils.h"
#include "utils/plancache.h"

#include "pg/feature_tree.h"

typedef struct MlopsPlan
{
	CachedExpression *cached;	/* a List, one expression for each feature that is not bare */
	int			references;
} MlopsPlan;

MlopsPlan *
mlops_plan_create(List *exprs)
{
	CachedExpression *cached = GetCachedExpression((Node *) exprs);
	MlopsPlan  *plan = MemoryContextAllocExtended(CacheMemoryContext, sizeof(MlopsPlan), MCXT_ALLOC_NO_OOM);

	if (plan == NULL)
	{
		FreeCachedExpression(cached);
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	}
	plan->cached = cached;
	plan->references = 1;
	return plan;
}

MlopsPlan *
mlops_plan_pin(MlopsPlan *plan)
{
	plan->references++;
	return plan;
}

void
mlops_plan_release(MlopsPlan *plan)
{
	Assert(plan->references > 0);
	if (--plan->references > 0)
		return;
	FreeCachedExpression(plan->cached);
	pfree(plan);
}

Node *
mlops_plan_tree(const MlopsPlan *plan)
{
	return plan->cached->expr;
}

bool
mlops_plan_valid(const MlopsPlan *plan)
{
	return plan->cached->is_valid;
}

/* ---- evaluation ---- */

static void
release_evaluator(void *arg)
{
	MlopsEvaluator *evaluator = arg;

	if (evaluator->plan != NULL)
		mlops_plan_release(evaluator->plan);
	evaluator->plan = NULL;
}

/* ExecInitExpr checks the right to execute each function: the owner's right counts. */
static void
compile(MlopsEvaluator *evaluator)
{
	MlopsFeatureSet *set = evaluator->set;
	ListCell   *lc = list_head((List *) evaluator->plan->cached->expr);
	MlopsIdentity id;

	if (evaluator->switch_identity)
		mlops_identity_begin_owner(&id, set->owner, NULL);
	for (int i = 0; i < set->n; i++)
	{
		if (set->feature[i].attno > 0)
			continue;
		evaluator->state[i] = ExecInitExpr((Expr *) lfirst(lc), NULL);
		lc = lnext((List *) evaluator->plan->cached->expr, lc);
	}
	if (evaluator->switch_identity)
		mlops_identity_end(&id);
}

MlopsEvaluator *
mlops_evaluator_create(MlopsFeatureSet *set, MemoryContext context)
{
	MemoryContext caller;
	MlopsEvaluator *evaluator;

	mlops_features_revalidate(set);
	caller = MemoryContextSwitchTo(context);
	evaluator = palloc0(sizeof(MlopsEvaluator));
	evaluator->set = set;
	evaluator->context = context;
	evaluator->switch_identity = !set->all_builtin;
	evaluator->state = palloc0(sizeof(ExprState *) * Max(set->n, 1));
	evaluator->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(set->signature), &TTSOpsVirtual);
	evaluator->econtext = CreateStandaloneExprContext();
	evaluator->econtext->ecxt_scantuple = evaluator->slot;
	if (set->plan != NULL)
	{
		MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));

		callback->func = release_evaluator;
		callback->arg = evaluator;
		MemoryContextRegisterResetCallback(context, callback);
		evaluator->plan = mlops_plan_pin(set->plan);
		compile(evaluator);
	}
	MemoryContextSwitchTo(caller);
	return evaluator;
}

bool
mlops_evaluator_valid(const MlopsEvaluator *evaluator)
{
	return evaluator->plan == NULL || mlops_plan_valid(evaluator->plan);
}

/* Names the feature that an error came from. */
static void
tell_feature(void *arg)
{
	const MlopsFeature *feature = arg;

	if (feature->noun == NULL)
		errcontext("%s", feature->name);
	else
		errcontext("%s \"%s\"", feature->noun, feature->name);
}

static void
evaluate_row(MlopsEvaluator *evaluator, Datum *value, bool *isnull)
{
	const MlopsFeature *feature = evaluator->set->feature;
	TupleTableSlot *slot = evaluator->slot;
	ExprContext *econtext = evaluator->econtext;
	MemoryContext caller = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	ErrorContextCallback where;

	where.callback = tell_feature;
	where.previous = error_context_stack;
	error_context_stack = &where;
	for (int i = 0; i < evaluator->set->n; i++)
	{
		if (feature[i].attno > 0)
		{
			value[i] = slot->tts_values[feature[i].attno - 1];
			isnull[i] = slot->tts_isnull[feature[i].attno - 1];
		}
		else
		{
			where.arg = (void *) &feature[i];
			value[i] = ExecEvalExpr(evaluator->state[i], econtext, &isnull[i]);
		}
	}
	error_context_stack = where.previous;
	MemoryContextSwitchTo(caller);
}

void
mlops_evaluator_run(MlopsEvaluator *evaluator, Datum *value, bool *isnull)
{
	MlopsFeatureSet *set = evaluator->set;
	const MlopsSettings *settings = set->all_immutable ? NULL : &set->settings;
	TupleTableSlot *slot = evaluator->slot;
	MlopsIdentity id;

	ResetExprContext(evaluator->econtext);
	slot->tts_flags &= ~TTS_FLAG_EMPTY;
	slot->tts_nvalid = slot->tts_tupleDescriptor->natts;
	if (evaluator->switch_identity && !mlops_identity_is_owner(set->owner, settings))
	{
		mlops_identity_begin_owner(&id, set->owner, settings);
		evaluate_row(evaluator, value, isnull);
		mlops_identity_end(&id);
	}
	else if (settings != NULL && !mlops_settings_current(settings))
	{
		mlops_identity_begin_settings(&id, settings);
		evaluate_row(evaluator, value, isnull);
		mlops_identity_end(&id);
	}
	else
		evaluate_row(evaluator, value, isnull);
}
