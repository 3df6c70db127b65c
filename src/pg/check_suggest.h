/*
 * check_suggest.h: checks that rows which are known to be good would pass,
 * and others of their kind too.
 */
#ifndef MLOPS_CHECK_SUGGEST_H
#define MLOPS_CHECK_SUGGEST_H

#include "utils/jsonb.h"

#include "pg/source.h"

/* A check that is proposed; lives as long as the call. */
typedef struct MlopsSuggestion
{
	const char *rule;
	const char *column;			/* NULL: none */
	Jsonb	   *args;
	double		mostly;
	const char *severity;
	const char *reason;			/* what was seen, for people */
} MlopsSuggestion;

typedef void (*MlopsSuggestionFunction) (const MlopsSuggestion *suggestion, void *arg);

/* Reads the source as the current user; every check that is handed on holds on it. */
extern void mlops_checks_suggest(const MlopsSource *source, MlopsSuggestionFunction function, void *arg);

#endif
