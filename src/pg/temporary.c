/*
 * temporary.c: objects of a session in SQL that is to be stored.
 *
 * Only objects made by users are looked up: those of the server are in
 * pg_catalog.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "pg/temporary.h"

static bool
object_is_temporary(Oid object, int cache, AttrNumber namespace)
{
	HeapTuple	tuple;
	bool		isnull;
	Oid			schema;

	if (object < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(cache, ObjectIdGetDatum(object));
	if (!HeapTupleIsValid(tuple))
		return false;
	schema = DatumGetObjectId(SysCacheGetAttr(cache, tuple, namespace, &isnull));
	ReleaseSysCache(tuple);
	return isAnyTempNamespace(schema);
}

bool
mlops_type_is_temporary(Oid type)
{
	return object_is_temporary(type, TYPEOID, Anum_pg_type_typnamespace);
}

static bool
function_is_temporary(Oid function, void *context)
{
	(void) context;
	return object_is_temporary(function, PROCOID, Anum_pg_proc_pronamespace);
}

static bool
walker(Node *node, void *context)
{
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, walker, context, 0);
	if (check_functions_in_node(node, function_is_temporary, NULL))
		return true;
	switch (nodeTag(node))
	{
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			if (object_is_temporary(((OpExpr *) node)->opno, OPEROID, Anum_pg_operator_oprnamespace) ||
				mlops_type_is_temporary(exprType(node)))
				return true;
			break;
		case T_ScalarArrayOpExpr:
			if (object_is_temporary(((ScalarArrayOpExpr *) node)->opno, OPEROID, Anum_pg_operator_oprnamespace))
				return true;
			break;
		case T_CollateExpr:
			if (object_is_temporary(((CollateExpr *) node)->collOid, COLLOID, Anum_pg_collation_collnamespace))
				return true;
			break;
		case T_RangeTblFunction:
			foreach(lc, ((RangeTblFunction *) node)->funccoltypes)
				if (mlops_type_is_temporary(lfirst_oid(lc)))
					return true;
			break;
		case T_Var:
		case T_Const:
		case T_FuncExpr:
		case T_Aggref:
		case T_WindowFunc:
		case T_SubscriptingRef:
		case T_FieldSelect:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CoerceToDomain:
		case T_CaseExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
			if (mlops_type_is_temporary(exprType(node)))
				return true;
			break;
		default:
			break;
	}
	return expression_tree_walker(node, walker, context);
}

bool
mlops_uses_temporary(Node *node)
{
	return walker(node, NULL);
}
