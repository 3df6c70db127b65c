/*
 * source.h: where rows come from: a relation's name or one plain SELECT.
 *
 * A source is analysed once, deparsed fully qualified and run read-only.
 * Nothing that could write gets as far as the executor.
 */
#ifndef MLOPS_SOURCE_H
#define MLOPS_SOURCE_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/pg_list.h"

typedef struct MlopsSource
{
	char	   *text;			/* as typed */
	char	   *query;			/* what is run: a SELECT, names fully qualified, * frozen */
	Oid			relation;		/* of a plain name, else InvalidOid */
	bool		whole_rows;		/* a relation's rows as they are: leaving columns out costs more than it saves */
	bool		stored;			/* came from the registry */
	TupleDesc	desc;			/* result columns, names unique and not empty */
} MlopsSource;

/* Analyses under the current identity and search_path; checks the caller may select. Result in the current context. */
extern MlopsSource *mlops_source_analyze(const char *text);
/* The same for a stored, already deparsed query (run as the owner by the caller of this function). */
extern MlopsSource *mlops_source_stored(const char *text, const char *query);

/*
 * A statement of ours around a source (it contains source->query), its names
 * resolved under pg_catalog alone; what the source may be made of, it may be
 * made of.
 */
extern MlopsSource *mlops_source_around(const MlopsSource *source, const char *statement);

/* Called for each row with all attributes deformed; the slot's values live until it returns. */
typedef void (*MlopsRowFunction) (TupleTableSlot *slot, void *arg);
/*
 * Runs the source read-only under the current identity, projecting the
 * columns named (list of char *, order kept; NIL = all), and streams its rows.  Cancellable.
 * Returns the number of rows.
 */
extern uint64 mlops_source_run(const MlopsSource *source, List *columns, MlopsRowFunction function, void *arg);
/* The same, all columns, as long as test says true. */
typedef bool (*MlopsRowTest) (TupleTableSlot *slot, void *arg);
extern uint64 mlops_source_run_while(const MlopsSource *source, MlopsRowTest test, void *arg);
/* The same; start is told the planner's estimate of rows before the first. */
typedef void (*MlopsStartFunction) (double estimate, void *arg);
extern uint64 mlops_source_run_estimated(const MlopsSource *source, List *columns,
										 MlopsStartFunction start, MlopsRowFunction function, void *arg);
/*
 * Runs SELECT list FROM the source in the same way: expressions of the
 * columns, quoted, and of what is qualified with its schema.  start is told
 * how many rows this process may read where they are aggregated in parallel.
 */
extern uint64 mlops_source_select(const MlopsSource *source, const char *select_list,
								  MlopsStartFunction start, MlopsRowFunction function, void *arg);
/* Attribute number of a column in the source, 0 when there is none. */
extern AttrNumber mlops_desc_column(TupleDesc desc, const char *name);
/* Names of the columns of the primary key of a plain table, as char *; NIL when there is none. */
extern List *mlops_source_primary_key(const MlopsSource *source);
/* Raises 42703 for a column that is not there, offering the nearest name. */
extern AttrNumber mlops_source_column(const MlopsSource *source, const char *name,
									  const char *role /* "target", "key" ... */ );

#endif
