/*
 * validation.h: the checks of a model applied to a source, and what came out.
 */
#ifndef MLOPS_VALIDATION_H
#define MLOPS_VALIDATION_H

#include "utils/timestamp.h"

#include "pg/checks.h"

typedef struct MlopsCheckResult
{
	bool		passed;
	char	   *observed;		/* share of rows that pass, figure, type; NULL: there is none */
	int64		failed;			/* rows; -1: the rule does not judge rows, or could not be used */
	int64		missing;		/* rows without what is judged */
	const char *reason;			/* why the check could not be used; NULL: it was */
	char	   *summary;		/* of a check that failed: what is wrong, in words */
	Jsonb	   *sample;			/* rows that fail, or NULL */
} MlopsCheckResult;

typedef struct MlopsValidation
{
	const MlopsModel *model;
	const MlopsSource *source;
	int			n;
	MlopsCheck *check;
	MlopsCheckResult *result;
	int64		rows;			/* -1: none was read */
	bool		passed;			/* no check of severity error failed */
	const char *level;			/* the worst that failed: none, moderate, critical */
	int			failed;			/* checks */
	TimestampTz start;
	double		seconds;
} MlopsValidation;

/*
 * Applies all checks of the model.  A source out of the registry is read as
 * the owner, another one as the current user.  samples: collect rows that
 * fail.
 */
extern MlopsValidation *mlops_validation_run(const MlopsModel *model, const MlopsSource *source, bool samples);
/* Writes it into the registry and returns its identity; the model's row is locked. run_id 0: not by a training. */
extern int64 mlops_validation_record(const MlopsValidation *validation, int64 run_id);
/* Before a training: raises 23514 when a check of severity error failed, warns of the others. */
extern void mlops_validation_guard(const MlopsValidation *validation);

/* Whether each of these checks, which need not be stored, holds on a source that is read as the current user. */
extern bool *mlops_validation_try(const MlopsSource *source, const MlopsCheck *check, int n);

/* The rows of a source that fail a row check of severity error, or the others, as a SELECT. */
extern char *mlops_validation_query(const MlopsModel *model, const MlopsSource *source, bool clean);

#endif
