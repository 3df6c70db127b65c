/*
 * temporary.h: objects of a session in SQL that is to be stored.
 */
#ifndef MLOPS_TEMPORARY_H
#define MLOPS_TEMPORARY_H

#include "nodes/nodes.h"

/*
 * Whether an expression or a Query uses a function, operator, type or
 * collation of a temporary schema.  Its name would be looked up in the
 * temporary schema of whoever calls later: stored SQL must not have it.
 * (Relations: isQueryUsingTempRelation.)
 */
extern bool mlops_uses_temporary(Node *node);
/* The same of one type. */
extern bool mlops_type_is_temporary(Oid type);

#endif
