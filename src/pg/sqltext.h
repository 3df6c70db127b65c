/*
 * sqltext.h: SQL text given as an argument, turned into trees.
 *
 * Errors found in such text point into that text and not into the statement
 * that called us.
 */
#ifndef MLOPS_SQLTEXT_H
#define MLOPS_SQLTEXT_H

#include "nodes/parsenodes.h"

typedef struct MlopsSqlText
{
	const char *text;			/* what the user sees */
	int			offset;			/* characters of ours in front of it in what is parsed */
	struct ErrorContextCallback *previous;
} MlopsSqlText;

/* Between begin and end, error positions refer to text. An error needs no end. */
extern void mlops_sqltext_begin(MlopsSqlText *where, ErrorContextCallback *callback, const char *text, int offset);
extern void mlops_sqltext_end(MlopsSqlText *where);

/* True when the text begins like a query: SELECT, WITH, TABLE, VALUES or "(". */
extern bool mlops_sqltext_is_query(const char *text);
/* The only raw statement in the text; raises 42601 naming `what` when there is none or more than one. */
extern RawStmt *mlops_sqltext_parse(const char *text, const char *what);

#endif
