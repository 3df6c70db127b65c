/*
 * checks.h: the checks of a model, as they are stored and as they are used.
 */
#ifndef MLOPS_CHECKS_H
#define MLOPS_CHECKS_H

#include "pg/check_rules.h"
#include "pg/registry.h"

/* A row of mlops.checks. */
typedef struct MlopsCheck
{
	int64		check_id;
	char	   *rule;
	char	   *column;			/* NULL: none */
	Jsonb	   *args;
	double		mostly;			/* share of the judged rows that must pass */
	char	   *severity;
	char	   *kind;			/* of the column when the check was made; NULL without one */
	char	   *predicate;		/* as the server wrote it; NULL for other rules */
	List	   *columns;		/* all it reads, of char * */
} MlopsCheck;

/* NULL and "args" as given; the rest is checked here. */
typedef struct MlopsCheckRequest
{
	char	   *model;
	char	   *rule;
	char	   *column;
	Jsonb	   *args;
	double		mostly;
	char	   *severity;
} MlopsCheckRequest;

/* Checks a check against the model's source and stores it; returns its identity. The owner's. */
extern int64 mlops_check_add(const MlopsCheckRequest *request);
extern void mlops_check_drop(int64 check_id);

extern bool mlops_checks_exist(int64 model_id);
/* Those of a model, oldest first. */
extern MlopsCheck *mlops_checks_load(int64 model_id, int *n);

/*
 * Makes the SQL of a check over a source.  as_owner: it will run as the
 * model's owner; else only what anybody can run is taken.  What cannot be
 * judged is told by use->reason; the rest of *use is then not to be used.
 */
extern void mlops_check_prepare(const MlopsCheck *check, const MlopsSource *source, MlopsCheckPlan *plan,
								bool as_owner, MlopsCheckUse *use);

/* Where what a check needs stands among the figures of its plan; -1: it needs none. */
typedef struct MlopsCheckSlots
{
	int			failed;
	int			judged;
	int			figure;
} MlopsCheckSlots;
extern MlopsCheckSlots mlops_check_slots(const MlopsCheckUse *use);

/* none, moderate, critical: what a failed check of this severity means elsewhere. */
extern const char *mlops_check_level(const char *severity);

#endif
