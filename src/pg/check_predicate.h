/*
 * check_predicate.h: a SQL condition that is stored as a check.
 */
#ifndef MLOPS_CHECK_PREDICATE_H
#define MLOPS_CHECK_PREDICATE_H

#include "access/tupdesc.h"
#include "nodes/pg_list.h"

#include "pg/source.h"

/*
 * Analyses a predicate under the current search_path and writes it back with
 * every name qualified.  *columns: the columns it reads, list of char *.
 */
extern char *mlops_predicate_write(const char *sql, TupleDesc desc, List **columns);

/*
 * Whether a written predicate means something over the rows of a source,
 * under the current identity: NULL, or what is wrong with it.
 */
extern char *mlops_predicate_problem(const char *written, const MlopsSource *source);

/*
 * Whether a written predicate over these columns can be run by anybody: it
 * calls nothing but what is built in and computed from its arguments, or
 * from the clock.
 */
extern bool mlops_predicate_is_plain(const char *written, TupleDesc desc);

/* Whether it may be true of a row now and false of the same row in the same statement. */
extern bool mlops_predicate_is_volatile(const char *written, TupleDesc desc);

#endif
