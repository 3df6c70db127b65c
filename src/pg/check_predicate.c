/*
 * check_predicate.c: a SQL condition that is stored as a check.
 *
 * Unlike a feature it may ask the clock and other tables: it is run by the
 * owner, over the owner's rows, and its value is not compared with another
 * day's.  What others bring rows for must be plain.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "pg/attempt.h"
#include "pg/check_predicate.h"
#include "pg/feature_tree.h"
#include "pg/identity.h"
#include "pg/temporary.h"

#define WHAT "predicate"

typedef struct Walk
{
	TupleDesc	desc;
	int			depth;			/* of subqueries we are in */
	Bitmapset  *columns;
	bool		temporary;		/* a subquery reads a temporary table */
} Walk;

static bool
walker(Node *node, void *arg)
{
	Walk	   *walk = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		bool		stop;

		if (((Query *) node)->rowMarks != NIL)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg(WHAT " must not lock rows")));
		walk->temporary |= isQueryUsingTempRelation((Query *) node);
		walk->depth++;
		stop = query_tree_walker((Query *) node, walker, walk, 0);
		walk->depth--;
		return stop;
	}
	if (IsA(node, Var) && (int) ((Var *) node)->varlevelsup == walk->depth)
	{
		Var		   *var = (Var *) node;

		if (var->varattno <= 0 || var->varattno > walk->desc->natts)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg(WHAT " must not use the whole row"),
					 errhint("Name the columns it needs.")));
		walk->columns = bms_add_member(walk->columns, var->varattno);
		return false;
	}
	return expression_tree_walker(node, walker, walk);
}

char *
mlops_predicate_write(const char *sql, TupleDesc desc, List **columns)
{
	Walk		walk = {desc, 0, NULL, false};
	MlopsSettings settings = {0};
	Node	   *expr = mlops_feature_parse_predicate(sql, WHAT, desc);
	int			i = -1;

	(void) walker(expr, &walk);
	if (walk.temporary || mlops_uses_temporary(expr))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg(WHAT " must not use objects of a temporary schema"),
				 errdetail("Other sessions have none or others of that name.")));
	while ((i = bms_next_member(walk.columns, i)) >= 0)
		*columns = lappend(*columns, pstrdup(NameStr(TupleDescAttr(desc, i - 1)->attname)));
	return mlops_feature_deparse(expr, desc, &settings);
}

typedef struct Use
{
	const char *written;
	const MlopsSource *source;
} Use;

static void
analyze_use(void *arg)
{
	const Use  *use = arg;

	(void) mlops_source_around(use->source, psprintf("SELECT (%s) AS holds FROM (%s) AS source", use->written,
													 use->source->query));
}

char *
mlops_predicate_problem(const char *written, const MlopsSource *source)
{
	Use			use = {written, source};

	return mlops_attempt(analyze_use, &use);
}

/* Of these types nothing can be read but the values themselves. */
static bool
is_plain_type(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
			return true;
	}
	return false;
}

/* A stable function may read what its caller may: but one of times alone has the clock and the time zone only. */
static bool
is_not_plain(Oid function, void *arg)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	bool		plain;

	(void) arg;
	if (func_volatile(function) == PROVOLATILE_IMMUTABLE)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	plain = form->provolatile == PROVOLATILE_STABLE && is_plain_type(form->prorettype);
	for (int i = 0; i < form->pronargs; i++)
		plain = plain && is_plain_type(form->proargtypes.values[i]);
	ReleaseSysCache(tuple);
	return !plain;
}

static bool
not_plain_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_not_plain, NULL))
		return true;
	/* of the clock; the others tell who asks */
	if (IsA(node, SQLValueFunction) && !is_plain_type(((SQLValueFunction *) node)->type))
		return true;
	return expression_tree_walker(node, not_plain_walker, arg);
}

static Node *
parse_written(const char *written, TupleDesc desc)
{
	MlopsIdentity path;
	Node	   *expr;

	mlops_identity_begin_path(&path);
	expr = mlops_feature_parse_predicate(written, WHAT, desc);
	mlops_identity_end(&path);
	return expr;
}

bool
mlops_predicate_is_plain(const char *written, TupleDesc desc)
{
	Node	   *expr = parse_written(written, desc);

	return mlops_feature_builtin(expr) && !not_plain_walker(expr, NULL);
}

bool
mlops_predicate_is_volatile(const char *written, TupleDesc desc)
{
	return contain_volatile_functions(parse_written(written, desc));
}
