/*
 * source.c: from a source's text to a checked, fully qualified SELECT, and
 * from that to a stream of rows.
 *
 * What reaches the executor is always text of the server's own making: the
 * deparsed query, analysed again under a pinned search_path.  Planning and
 * running happen under the session's search_path, so that functions in a
 * caller's source see what the caller sees.  SPI is not used: the rows go
 * from the executor straight to a receiver of ours.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/varlena.h"

#include "pg/identity.h"
#include "pg/pg_compat.h"
#include "pg/source.h"
#include "pg/sqltext.h"
#include "pg/temporary.h"
#include "pg/status.h"

#define SOURCE_HINT "A source is the name of a table or view, or one SELECT, WITH, TABLE or VALUES statement."

/* ---- analysis ---- */

static void
refuse(const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("the source must only read rows: %s", reason),
			 errhint(SOURCE_HINT)));
}

/* Every level of a query: plain SELECTs without row locks, readable by the current user. */
static bool
check_query_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;

		if (query->commandType != CMD_SELECT || query->utilityStmt != NULL)
			refuse("it is or contains a statement that is not a SELECT");
		if (query->hasModifyingCTE)
			refuse("it contains a data-modifying WITH");
		if (query->rowMarks != NIL || query->hasForUpdate)
			refuse("it locks rows");
		mlops_compat_check_permissions(query);
		return query_tree_walker(query, check_query_walker, arg, 0);
	}
	return expression_tree_walker(node, check_query_walker, arg);
}

static Query *
analyze_query(const char *text)
{
	MlopsSqlText where;
	ErrorContextCallback callback;
	RawStmt    *raw;
	Query	   *query;

	mlops_sqltext_begin(&where, &callback, text, 0);
	raw = mlops_sqltext_parse(text, "the source");
	if (!IsA(raw->stmt, SelectStmt))
		refuse("it is not a SELECT");
	query = parse_analyze_fixedparams(raw, text, NULL, 0, NULL);
	mlops_sqltext_end(&where);
	return query;
}

AttrNumber
mlops_desc_column(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return i + 1;
	}
	return 0;
}

static TupleDesc
query_columns(Query *query)
{
	TupleDesc	desc = ExecCleanTypeFromTL(query->targetList);

	if (desc->natts == 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("the source has no columns")));
	for (int i = 0; i < desc->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(desc, i)->attname);

		if (strcmp(name, "?column?") == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
					 errmsg("column %d of the source has no name", i + 1),
					 errhint("Add AS name to the expression.")));
		if (mlops_desc_column(desc, name) != i + 1)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column \"%s\" appears more than once in the source", name),
					 errhint("Give each column a name of its own with AS.")));
	}
	return desc;
}

/* Every column of one relation in its order, nothing computed: SELECT * FROM x, with or without WHERE. */
static bool
gives_whole_rows(Query *query)
{
	ListCell   *lc;
	AttrNumber	attno = 0;
	int			varno = 0;
	RangeTblEntry *rte;

	if (query->distinctClause != NIL || query->groupClause != NIL || query->setOperations != NULL ||
		query->hasAggs || query->hasTargetSRFs || list_length(query->jointree->fromlist) != 1 ||
		!IsA(linitial(query->jointree->fromlist), RangeTblRef))
		return false;
	varno = linitial_node(RangeTblRef, query->jointree->fromlist)->rtindex;
	rte = rt_fetch(varno, query->rtable);
	if (rte->rtekind != RTE_RELATION || rte->relkind == RELKIND_VIEW)
		return false;
	foreach(lc, query->targetList)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);
		Var		   *var = (Var *) entry->expr;

		if (entry->resjunk)
			return false;
		if (!IsA(var, Var) || (int) var->varno != varno || var->varlevelsup != 0 || var->varattno != ++attno)
			return false;
	}
	return true;
}

/* A plain name -> the statement that reads it; *relation is its OID. */
static char *
relation_query(const char *text, Oid *relation)
{
	char	   *copy = pstrdup(text);
	List	   *parts;
	List	   *names = NIL;
	ListCell   *lc;
	RangeVar   *range;
	char		relkind;

	if (!SplitIdentifierString(copy, '.', &parts) || parts == NIL || list_length(parts) > 3)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("the source is neither the name of a relation nor a SELECT statement"),
				 errdetail("It reads: %s", text),
				 errhint(SOURCE_HINT)));
	foreach(lc, parts)
		names = lappend(names, makeString(lfirst(lc)));
	range = makeRangeVarFromNameList(names);
	*relation = RangeVarGetRelid(range, NoLock, true);
	if (!OidIsValid(*relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" does not exist", NameListToString(names)),
				 errhint(SOURCE_HINT)));
	relkind = get_rel_relkind(*relation);
	if (relkind != RELKIND_RELATION && relkind != RELKIND_VIEW && relkind != RELKIND_MATVIEW &&
		relkind != RELKIND_PARTITIONED_TABLE && relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table or view", NameListToString(names)),
				 errhint(SOURCE_HINT)));
	return psprintf("TABLE %s",
					quote_qualified_identifier(get_namespace_name_or_temp(get_rel_namespace(*relation)),
											   get_rel_name(*relation)));
}

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, " \n");
}

/* Analyses `statement`; the text that is stored and run is what the server makes of the tree. */
static MlopsSource *
analyze_statement(const char *text, const char *statement, Oid relation, bool stored)
{
	MlopsSource *source = palloc0(sizeof(MlopsSource));
	Query	   *query = analyze_query(statement);
	MlopsSettings literal = mlops_settings_literal(&(MlopsSettings) {0});
	MlopsIdentity path;
	MlopsIdentity styles;

	(void) check_query_walker((Node *) query, NULL);
	/* its bare name would be looked up among the temporary objects of whoever calls */
	if (stored && (isQueryUsingTempRelation(query) || mlops_uses_temporary((Node *) query)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the stored source uses a temporary table or type"),
				 errhint("Pass the source again, or make it a permanent table.")));
	source->text = pstrdup(text);
	source->relation = relation;
	source->stored = stored;
	source->whole_rows = gives_whole_rows(query);
	source->desc = query_columns(query);
	mlops_identity_begin_path(&path);
	mlops_identity_begin_settings(&styles, &literal);
	source->query = pstrdup(skip_blanks(pg_get_querydef(query, false)));
	mlops_identity_end(&styles);
	mlops_identity_end(&path);
	return source;
}

MlopsSource *
mlops_source_analyze(const char *text)
{
	Oid			relation = InvalidOid;
	const char *statement = text;

	if (!mlops_sqltext_is_query(text))
		statement = relation_query(text, &relation);
	return analyze_statement(text, statement, relation, false);
}

MlopsSource *
mlops_source_stored(const char *text, const char *query)
{
	MlopsSource *source;
	MlopsIdentity id;

	mlops_identity_begin_path(&id);
	source = analyze_statement(text, query, InvalidOid, true);
	mlops_identity_end(&id);
	return source;
}

MlopsSource *
mlops_source_around(const MlopsSource *source, const char *statement)
{
	MlopsSource *around;
	MlopsIdentity id;

	mlops_identity_begin_path(&id);
	around = analyze_statement(statement, statement, InvalidOid, source->stored);
	mlops_identity_end(&id);
	return around;
}

AttrNumber
mlops_source_column(const MlopsSource *source, const char *name, const char *role)
{
	AttrNumber	attno = mlops_desc_column(source->desc, name);
	int			n = source->desc->natts;
	const char **names;
	const char *nearest;

	if (attno != 0)
		return attno;
	names = palloc(sizeof(char *) * n);
	for (int i = 0; i < n; i++)
		names[i] = NameStr(TupleDescAttr(source->desc, i)->attname);
	nearest = mlops_nearest(name, names, n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("%s column \"%s\" does not exist in the source", role, name),
			 nearest != NULL ? errhint("Perhaps you meant the column \"%s\".", nearest) : 0));
	return 0;
}

List *
mlops_source_primary_key(const MlopsSource *source)
{
	List	   *names = NIL;
	Bitmapset  *columns;
	Oid			constraint;
	int			i = -1;

	if (!OidIsValid(source->relation))
		return NIL;
	columns = get_primary_key_attnos(source->relation, false, &constraint);
	while ((i = bms_next_member(columns, i)) >= 0)
		names = lappend(names, get_attname(source->relation, i + FirstLowInvalidHeapAttributeNumber, false));
	return names;
}

/* ---- running ---- */

typedef struct RowReceiver
{
	DestReceiver base;			/* first: cast either way */
	MlopsRowFunction function;	/* or */
	MlopsRowTest test;
	void	   *arg;
	uint64		rows;
} RowReceiver;

static bool
receive_row(TupleTableSlot *slot, DestReceiver *base)
{
	RowReceiver *receiver = (RowReceiver *) base;

	CHECK_FOR_INTERRUPTS();
	slot_getallattrs(slot);
	receiver->rows++;
	if (receiver->test != NULL)
		return receiver->test(slot, receiver->arg);
	receiver->function(slot, receiver->arg);
	return true;
}

static void
receive_startup(DestReceiver *base, int operation, TupleDesc desc)
{
	(void) base;
	(void) operation;
	(void) desc;
}

static void
receive_nothing(DestReceiver *base)
{
	(void) base;
}

static char *
projection(const MlopsSource *source, List *columns)
{
	StringInfoData text;
	ListCell   *lc;

	if (columns == NIL)
		return source->query;
	initStringInfo(&text);
	foreach(lc, columns)
		appendStringInfo(&text, "%s%s", text.len == 0 ? "SELECT " : ", ",
						 quote_identifier((const char *) lfirst(lc)));
	appendStringInfo(&text, " FROM (%s) AS source", source->query);
	return text.data;
}

/* The columns must still be what the source was analysed with: callers read datums by those types. */
static void
check_row_type(const MlopsSource *source, List *columns, TupleDesc desc)
{
	int			n = columns == NIL ? source->desc->natts : list_length(columns);

	for (int i = 0; i < Max(n, desc->natts); i++)
	{
		Form_pg_attribute now = i < desc->natts ? TupleDescAttr(desc, i) : NULL;
		AttrNumber	attno = i >= n ? 0 : columns == NIL ? i + 1 :
			mlops_desc_column(source->desc, list_nth(columns, i));
		Form_pg_attribute then = attno > 0 ? TupleDescAttr(source->desc, attno - 1) : NULL;

		if (now == NULL || then == NULL || now->atttypid != then->atttypid ||
			strcmp(NameStr(now->attname), NameStr(then->attname)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("column %d of the source has changed since the source was analyzed", i + 1)));
	}
}

/* Analysed under the pinned path, planned under the session's; computed: not columns of the source. */
static PlannedStmt *
plan_source(const MlopsSource *source, List *columns, bool computed, const char *text)
{
	MlopsIdentity id;
	Query	   *query;
	List	   *rewritten;

	mlops_identity_begin_path(&id);
	query = analyze_query(text);
	mlops_identity_end(&id);
	(void) check_query_walker((Node *) query, NULL);
	if (!computed)
		check_row_type(source, columns, ExecCleanTypeFromTL(query->targetList));
	rewritten = QueryRewrite(query);
	if (list_length(rewritten) != 1)
		elog(ERROR, "source was rewritten into %d queries", list_length(rewritten));
	return pg_plan_query(linitial_node(Query, rewritten), text, CURSOR_OPT_PARALLEL_OK, NULL);
}

static void
execute(PlannedStmt *plan, const char *text, RowReceiver *receiver)
{
	QueryDesc  *query = CreateQueryDesc(plan, text, GetActiveSnapshot(), InvalidSnapshot,
										&receiver->base, NULL, NULL, 0);

	ExecutorStart(query, 0);
	mlops_compat_executor_run(query);
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
}

/* The rows that go into the aggregates on top, of each process where there are several. */
static double
rows_read(Plan *plan)
{
	while ((IsA(plan, Agg) || IsA(plan, Gather)) && outerPlan(plan) != NULL)
		plan = outerPlan(plan);
	return plan->plan_rows;
}

/* select_list NULL: the columns are read. */
static uint64
run_source(const MlopsSource *source, List *columns, const char *select_list,
		   MlopsStartFunction start, MlopsRowFunction function, MlopsRowTest test, void *arg)
{
	RowReceiver receiver = {
		.base = {receive_row, receive_startup, receive_nothing, receive_nothing, DestNone},
		.function = function,
		.test = test,
		.arg = arg
	};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops source",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	bool		saved_read_only = XactReadOnly;
	char	   *text = select_list == NULL ? projection(source, columns) :
		psprintf("SELECT %s FROM (%s) AS source", select_list, source->query);
	PlannedStmt *plan;

	PushActiveSnapshot(ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot());
	/* (sub)transaction abort puts it back */
	XactReadOnly = true;
	plan = plan_source(source, columns, select_list != NULL, text);
	if (start != NULL)
		start(rows_read(plan->planTree), arg);
	execute(plan, text, &receiver);
	XactReadOnly = saved_read_only;
	PopActiveSnapshot();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return receiver.rows;
}

uint64
mlops_source_run_estimated(const MlopsSource *source, List *columns,
						   MlopsStartFunction start, MlopsRowFunction function, void *arg)
{
	return run_source(source, columns, NULL, start, function, NULL, arg);
}

uint64
mlops_source_run(const MlopsSource *source, List *columns, MlopsRowFunction function, void *arg)
{
	return run_source(source, columns, NULL, NULL, function, NULL, arg);
}

uint64
mlops_source_run_while(const MlopsSource *source, MlopsRowTest test, void *arg)
{
	return run_source(source, NIL, NULL, NULL, NULL, test, arg);
}

uint64
mlops_source_select(const MlopsSource *source, const char *select_list,
					MlopsStartFunction start, MlopsRowFunction function, void *arg)
{
	return run_source(source, NIL, select_list, start, function, NULL, arg);
}
