/*
 * check_plan.h: the statements that a set of checks needs over one source.
 *
 * Rules add what they count; the plan puts all of it into one statement.
 */
#ifndef MLOPS_CHECK_PLAN_H
#define MLOPS_CHECK_PLAN_H

#include "nodes/pg_list.h"

#include "pg/source.h"

typedef struct MlopsCheckPlan
{
	const MlopsSource *source;
	char	   *prefix;			/* of names that no column of the source has */
	List	   *windows;		/* window functions, a column each; list of char * */
	List	   *figures[2];		/* aggregates over all rows; the second may use the first */
	List	   *counts;			/* aggregates, bigint; the first is count(*) */
	List	   *window_counts;	/* aggregates over rows with windows, bigint */
	List	   *numbers;		/* aggregates, double precision */
} MlopsCheckPlan;

extern MlopsCheckPlan *mlops_check_plan_create(const MlopsSource *source);

/* Each takes an SQL expression over columns source.x; equal ones are computed once. */
/* -> how rules refer to its value in a row */
extern char *mlops_check_plan_window(MlopsCheckPlan *plan, const char *window);
extern char *mlops_check_plan_figure(MlopsCheckPlan *plan, int stage, const char *aggregate);
/* -> where it stands in the result of mlops_check_plan_run */
extern int	mlops_check_plan_count(MlopsCheckPlan *plan, const char *aggregate);
extern int	mlops_check_plan_window_count(MlopsCheckPlan *plan, const char *aggregate);
extern int	mlops_check_plan_number(MlopsCheckPlan *plan, const char *aggregate);

typedef struct MlopsCheckFigures
{
	int64	   *count;
	double	   *number;			/* NaN for NULL */
	int64	   *window_count;
} MlopsCheckFigures;

/* Analyses what would be run, so that what cannot run is known before. */
extern void mlops_check_plan_analyze(const MlopsCheckPlan *plan);
/* Runs it under the current identity; the result is in the current context. */
extern MlopsCheckFigures *mlops_check_plan_run(const MlopsCheckPlan *plan);

/*
 * The rows that fulfil at least one of the conditions (list of char *), as a
 * statement: the columns of the source, then an array of boolean with an
 * element for each condition.  windows: some need a window function.
 */
extern MlopsSource *mlops_check_plan_failing(const MlopsCheckPlan *plan, List *conditions, bool windows);
/* The rows of which the condition is (not) true, as a SELECT that stands by itself. */
extern char *mlops_check_plan_rows(const MlopsCheckPlan *plan, const char *condition, bool is_true);

#endif
