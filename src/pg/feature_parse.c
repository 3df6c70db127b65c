/*
 * feature_parse.c: a SELECT list over one row, analysed and written back.
 *
 * The row is a range-table entry of one VALUES row of typed NULLs called
 * "source": the server's own analysis then gives names, '*', types,
 * collations and operators their usual meaning, with nothing of our own in
 * between, and its own deparser writes the result.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "parser/parse_collate.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parse_target.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "pg/feature_tree.h"
#include "pg/sqltext.h"

#define SELECT_PREFIX "SELECT "
#define ROW_NAME "source"

/* ---- the row ---- */

static ParseState *
row_parse_state(TupleDesc desc)
{
	ParseState *pstate = make_parsestate(NULL);
	List	   *consts = NIL;
	List	   *names = NIL;
	List	   *types = NIL;
	List	   *typmods = NIL;
	List	   *collations = NIL;
	ParseNamespaceItem *item;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		consts = lappend(consts, makeNullConst(att->atttypid, att->atttypmod, att->attcollation));
		names = lappend(names, makeString(pstrdup(NameStr(att->attname))));
		types = lappend_oid(types, att->atttypid);
		typmods = lappend_int(typmods, att->atttypmod);
		collations = lappend_oid(collations, att->attcollation);
	}
	item = addRangeTableEntryForValues(pstate, list_make1(consts), types, typmods, collations,
									   makeAlias(ROW_NAME, names), false, true);
	addNSItemToQuery(pstate, item, false, true, true);
	return pstate;
}

/* ---- the list ---- */

/* noun, here and below: "feature", "segment", for messages */
static List *
raw_targets(const char *text, const char *noun)
{
	RawStmt    *raw = mlops_sqltext_parse(text, psprintf("the list of %ss", noun));
	SelectStmt *select = (SelectStmt *) raw->stmt;

	if (!IsA(select, SelectStmt) || select->op != SETOP_NONE || select->valuesLists != NIL ||
		select->distinctClause != NIL || select->intoClause != NULL || select->fromClause != NIL ||
		select->whereClause != NULL || select->groupClause != NIL || select->havingClause != NULL ||
		select->windowClause != NIL || select->sortClause != NIL || select->limitOffset != NULL ||
		select->limitCount != NULL || select->lockingClause != NIL || select->withClause != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%ss must be a list of expressions over one row", noun),
				 errhint("Write it like what stands between SELECT and FROM; filter and join in the source.")));
	if (select->targetList == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%ss must name at least one expression", noun)));
	return select->targetList;
}

/* '*' or source.* */
static bool
is_star(ResTarget *target)
{
	ColumnRef  *ref = (ColumnRef *) target->val;

	if (!IsA(ref, ColumnRef) || !IsA(llast(ref->fields), A_Star))
		return false;
	return list_length(ref->fields) == 1 ||
		(list_length(ref->fields) == 2 && strcmp(strVal(linitial(ref->fields)), ROW_NAME) == 0);
}

static bool
name_in(List *names, const char *name)
{
	ListCell   *lc;

	foreach(lc, names)
		if (strcmp((const char *) lfirst(lc), name) == 0)
			return true;
	return false;
}

static ResTarget *
column_target(const char *name)
{
	ColumnRef  *ref = makeNode(ColumnRef);
	ResTarget  *target = makeNode(ResTarget);

	ref->fields = list_make1(makeString(pstrdup(name)));
	ref->location = -1;
	target->val = (Node *) ref;
	target->location = -1;
	return target;
}

static MlopsParsedFeature *
find_name(List *features, const char *name)
{
	ListCell   *lc;

	foreach(lc, features)
	{
		MlopsParsedFeature *feature = lfirst(lc);

		if (strcmp(feature->name, name) == 0)
			return feature;
	}
	return NULL;
}

/* What was named replaces what '*' brought, wherever it stands; two of the same name are an error. */
static List *
add_target(List *features, TargetEntry *entry, bool from_star, const char *noun)
{
	MlopsParsedFeature *feature;

	if (entry->resname == NULL || strcmp(entry->resname, "?column?") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("a %s has no name", noun),
				 errhint("Add AS name to each expression that is not a plain column.")));
	feature = find_name(features, entry->resname);
	if (feature != NULL && from_star)
		return features;
	if (feature != NULL && !feature->from_star)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("%s \"%s\" is given more than once", noun, entry->resname),
				 errhint("Give each expression a name of its own with AS.")));
	if (feature == NULL)
	{
		feature = palloc0(sizeof(MlopsParsedFeature));
		feature->name = entry->resname;
		features = lappend(features, feature);
	}
	feature->expr = (Node *) entry->expr;
	feature->from_star = from_star;
	return features;
}

static List *
transform_target(ParseState *pstate, ResTarget *target)
{
	List	   *entries = transformTargetList(pstate, list_make1(target), EXPR_KIND_SELECT_TARGET);
	ListCell   *lc;

	resolveTargetListUnknowns(pstate, entries);
	foreach(lc, entries)
		assign_expr_collations(pstate, (Node *) lfirst_node(TargetEntry, lc)->expr);
	return entries;
}

static List *
add_star(ParseState *pstate, List *features, TupleDesc desc, List *exclude, List **skipped, const char *noun)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		char	   *name = NameStr(att->attname);

		if (att->attisdropped || name_in(exclude, name))
			continue;
		if (!mlops_type_kind(att->atttypid, NULL, NULL, NULL))
		{
			if (!name_in(*skipped, name))
				*skipped = lappend(*skipped, pstrdup(name));
			continue;
		}
		features = add_target(features,
							  linitial_node(TargetEntry, transform_target(pstate, column_target(name))),
							  true, noun);
	}
	return features;
}

static void
refuse(const char *noun, const char *thing)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%ss cannot contain %s", noun, thing),
			 errdetail("A %s is computed from one row alone.", noun),
			 errhint("Compute it in the source, or keep it in a column.")));
}

static void
check_one_row(const ParseState *pstate, const char *noun)
{
	if (pstate->p_hasAggs)
		refuse(noun, "aggregate functions");
	if (pstate->p_hasWindowFuncs)
		refuse(noun, "window functions");
	if (pstate->p_hasTargetSRFs)
		refuse(noun, "set-returning functions");
}

List *
mlops_feature_parse(const char *select_list, TupleDesc desc, List *exclude, List **skipped, const char *noun)
{
	char	   *text = psprintf(SELECT_PREFIX "%s", select_list);
	ParseState *pstate = row_parse_state(desc);
	List	   *features = NIL;
	MlopsSqlText where;
	ErrorContextCallback callback;
	ListCell   *lc;

	mlops_sqltext_begin(&where, &callback, select_list, strlen(SELECT_PREFIX));
	pstate->p_sourcetext = text;
	foreach(lc, raw_targets(text, noun))
	{
		ResTarget  *target = lfirst_node(ResTarget, lc);
		ListCell   *entry;

		if (is_star(target))
		{
			if (skipped == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("%ss cannot contain \"*\"", noun),
						 errhint("Name the columns.")));
			features = add_star(pstate, features, desc, exclude, skipped, noun);
			continue;
		}
		foreach(entry, transform_target(pstate, target))
			features = add_target(features, lfirst_node(TargetEntry, entry), false, noun);
	}
	if (pstate->p_hasSubLinks)
		refuse(noun, "subqueries");
	check_one_row(pstate, noun);
	mlops_sqltext_end(&where);
	/* the parse state owns no relation: nothing to close, and its range table is not needed again */
	return features;
}

Node *
mlops_feature_parse_predicate(const char *predicate, const char *what, TupleDesc desc)
{
	/* as it is: brackets around it would let "a) OR (b" pass */
	char	   *text = psprintf(SELECT_PREFIX "%s", predicate);
	ParseState *pstate = row_parse_state(desc);
	List	   *targets;
	ResTarget  *target;
	TargetEntry *entry = NULL;
	MlopsSqlText where;
	ErrorContextCallback callback;

	mlops_sqltext_begin(&where, &callback, predicate, strlen(SELECT_PREFIX));
	pstate->p_sourcetext = text;
	targets = raw_targets(text, "predicate");
	target = linitial_node(ResTarget, targets);
	if (list_length(targets) == 1 && target->name == NULL && !is_star(target))
		entry = linitial_node(TargetEntry, transform_target(pstate, target));
	if (entry == NULL || getBaseType(exprType((Node *) entry->expr)) != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s must be one boolean expression over a row of the source", what),
				 errdetail("It reads: %s", predicate)));
	check_one_row(pstate, "predicate");
	mlops_sqltext_end(&where);
	return (Node *) entry->expr;
}

/* ---- and back ---- */

char *
mlops_feature_deparse(Node *expr, TupleDesc desc, const MlopsSettings *settings)
{
	MlopsSettings literal = mlops_settings_literal(settings);
	PlannedStmt *statement;
	MlopsIdentity path;
	MlopsIdentity styles;
	char	   *text;

	/* most features are columns; a range table for each would take quadratic time and memory */
	if (IsA(expr, Var) && ((Var *) expr)->varattno > 0)
		return pstrdup(quote_identifier(NameStr(TupleDescAttr(desc, ((Var *) expr)->varattno - 1)->attname)));
	/* the deparser looks names up through a range table; a planned statement is how it takes one without relations */
	statement = makeNode(PlannedStmt);
	statement->rtable = row_parse_state(desc)->p_rtable;
	mlops_identity_begin_path(&path);
	mlops_identity_begin_settings(&styles, &literal);
	text = deparse_expression(expr, deparse_context_for_plan_tree(statement, list_make1(ROW_NAME)),
							  false, false);
	mlops_identity_end(&styles);
	mlops_identity_end(&path);
	return text;
}
