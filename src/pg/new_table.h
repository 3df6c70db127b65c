/*
 * new_table.h: tables that functions make for their callers.
 *
 * The caller makes and owns them, with SQL that names them in full: nothing
 * is done here that the caller could not do.
 */
#ifndef MLOPS_NEW_TABLE_H
#define MLOPS_NEW_TABLE_H

#include "nodes/pg_list.h"
#include "utils/relcache.h"

/*
 * Schema and name of a table to be made, from a name as typed, where an
 * unqualified one means in the search path.  Raises 42601, 3F000, 42P07 when
 * there is a relation of this name.
 */
extern void mlops_new_table_name(const char *typed, char **schema, char **name);
/*
 * Makes the table as the current user from what stands between the
 * parentheses of CREATE TABLE and opens it, locked; close it with NoLock.
 * Raises what CREATE TABLE does, and 55000 when the columns are not n ones.
 */
extern Relation mlops_new_table_create(const char *schema, const char *name, const char *columns, int n);
/* When it is closed. columns: of char * */
extern void mlops_new_table_primary_key(const char *schema, const char *name, List *columns);
extern void mlops_new_table_comment(const char *schema, const char *name, const char *comment);

#endif
