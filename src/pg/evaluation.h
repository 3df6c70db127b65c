/*
 * evaluation.h: a version judged on rows as they are now.
 */
#ifndef MLOPS_EVALUATION_H
#define MLOPS_EVALUATION_H

#include "utils/jsonb.h"

#include "learn/judge.h"

/* NULL = not given. */
typedef struct MlopsEvaluationRequest
{
	char	   *model;			/* a reference */
	char	   *source;			/* NULL: the version's held-out rows */
	char	   *segments;
} MlopsEvaluationRequest;

/* segment and detail live as long as the call. */
typedef void (*MlopsFigureFunction) (const char *segment, const MlFigure *figure, int64 rows, Jsonb *detail, void *arg);

/* Hands every figure to the function: of all rows, then of each segment. */
extern void mlops_evaluation_run(const MlopsEvaluationRequest *request, MlopsFigureFunction function, void *arg);

#endif
