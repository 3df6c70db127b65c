/*
 * feature_check.c: what an expression must not contain to be a feature.
 *
 * The checks walk the analysed tree, before planning folds and inlines, so
 * that messages name what the user wrote.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

#include "pg/feature_tree.h"
#include "pg/temporary.h"

typedef struct CheckContext
{
	const char *what;
	TupleDesc	desc;
	Bitmapset **columns;
} CheckContext;

static bool
is_foreign(Oid object)
{
	return object >= FirstNormalObjectId;
}

static void
refuse_session(const CheckContext *context, const char *function)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s must not use %s", context->what, function),
			 errdetail("Its value would depend on when and by whom it is computed."),
			 errhint("Take what it depends on from columns of the source,"
					 " as in extract(epoch from ordered_at - created_at).")));
}

static bool
is_of_session(Oid function)
{
	switch (function)
	{
		case F_NOW:
		case F_TRANSACTION_TIMESTAMP:
		case F_STATEMENT_TIMESTAMP:
		case F_CLOCK_TIMESTAMP:
		case F_TIMEOFDAY:
		case F_AGE_TIMESTAMPTZ:
		case F_AGE_TIMESTAMP:
		case F_AGE_XID:
		case F_PG_POSTMASTER_START_TIME:
		case F_CURRENT_SETTING_TEXT:
		case F_CURRENT_SETTING_TEXT_BOOL:
		case F_CURRENT_USER:
		case F_SESSION_USER:
		case F_CURRENT_SCHEMA:
		case F_CURRENT_SCHEMAS:
		case F_CURRENT_DATABASE:
			return true;
	}
	return false;
}

static bool
check_function(Oid function, void *arg)
{
	const CheckContext *context = arg;

	if (is_of_session(function))
		refuse_session(context, format_procedure(function));
	if (func_volatile(function) == PROVOLATILE_VOLATILE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s must not use the volatile function %s", context->what, format_procedure(function)),
				 errdetail("The same row must always give the same value."),
				 is_foreign(function) ?
				 errhint("If the function depends on its arguments alone, say so: ALTER FUNCTION %s IMMUTABLE.",
						 format_procedure_qualified(function)) :
				 errhint("Keep the value in a column of the source.")));
	if (func_parallel(function) != PROPARALLEL_SAFE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s must not use the function %s, which is not parallel safe",
						context->what, format_procedure(function)),
				 errdetail("Prediction runs in parallel plans."),
				 is_foreign(function) ?
				 errhint("If it is safe there, say so: ALTER FUNCTION %s PARALLEL SAFE.",
						 format_procedure_qualified(function)) :
				 errhint("Keep the value in a column of the source.")));
	return false;
}

static const char *
value_function_name(SQLValueFunction *node)
{
	switch (node->op)
	{
		case SVFOP_CURRENT_DATE:
			return "current_date";
		case SVFOP_CURRENT_TIME:
		case SVFOP_CURRENT_TIME_N:
			return "current_time";
		case SVFOP_CURRENT_TIMESTAMP:
		case SVFOP_CURRENT_TIMESTAMP_N:
			return "current_timestamp";
		case SVFOP_LOCALTIME:
		case SVFOP_LOCALTIME_N:
			return "localtime";
		case SVFOP_LOCALTIMESTAMP:
		case SVFOP_LOCALTIMESTAMP_N:
			return "localtimestamp";
		case SVFOP_CURRENT_CATALOG:
			return "current_catalog";
		case SVFOP_CURRENT_SCHEMA:
			return "current_schema";
		default:
			return "the current user's name";
	}
}

static bool
check_walker(Node *node, void *arg)
{
	CheckContext *context = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if (var->varattno <= 0 || var->varattno > context->desc->natts)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("%s must not use the whole row", context->what),
					 errhint("Name the columns it needs.")));
		*context->columns = bms_add_member(*context->columns, var->varattno);
		return false;
	}
	if (IsA(node, SQLValueFunction))
		refuse_session(context, value_function_name((SQLValueFunction *) node));
	if (IsA(node, SubLink) || IsA(node, Param) || IsA(node, NextValueExpr))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s must be computed from one row alone", context->what)));
	(void) check_functions_in_node(node, check_function, context);
	return expression_tree_walker(node, check_walker, context);
}

void
mlops_feature_check(Node *expr, const char *what, TupleDesc desc, Bitmapset **columns)
{
	CheckContext context = {what, desc, columns};

	if (mlops_uses_temporary(expr))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s must not use objects of a temporary schema", what),
				 errdetail("Other sessions have none or others of that name.")));
	(void) check_walker(expr, &context);
}

static bool
function_is_foreign(Oid function, void *arg)
{
	(void) arg;
	return is_foreign(function);
}

/* Code may hide behind a type: a domain's check, operators an array or row is compared with. Enums have none. */
static bool
type_is_foreign(Oid type)
{
	Oid			element = get_element_type(type);

	if (OidIsValid(element))
		type = element;
	return is_foreign(type) && get_typtype(type) != TYPTYPE_ENUM;
}

static bool
foreign_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, List))
		return expression_tree_walker(node, foreign_walker, arg);
	if (check_functions_in_node(node, function_is_foreign, NULL))
		return true;
	switch (nodeTag(node))
	{
			/* pieces of other expressions, without a type of their own, and truth values */
		case T_CaseWhen:
		case T_RowCompareExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_SQLValueFunction:
			break;
		case T_Var:
		case T_Const:
		case T_FuncExpr:
		case T_NamedArgExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_SubscriptingRef:
		case T_FieldSelect:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseTestExpr:
		case T_ArrayExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
			if (type_is_foreign(exprType(node)) || is_foreign(exprCollation(node)))
				return true;
			break;
			/* domains, rows and what later servers add: run as the owner */
		default:
			return true;
	}
	return expression_tree_walker(node, foreign_walker, arg);
}

bool
mlops_feature_builtin(Node *expr)
{
	return !foreign_walker(expr, NULL);
}
