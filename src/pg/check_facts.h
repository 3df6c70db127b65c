/*
 * check_facts.h: what is known of the columns of a source before checks are
 * proposed.
 */
#ifndef MLOPS_CHECK_FACTS_H
#define MLOPS_CHECK_FACTS_H

#include "pg/check_rules.h"

/* Different texts or labels, and different whole numbers, that are listed one by one. */
#define MLOPS_FACTS_VALUES 50
#define MLOPS_FACTS_NUMBERS 12
/* Different shapes of texts that make a pattern. */
#define MLOPS_FACTS_SHAPES 3

/* p01, p25, p50, p75, p99 */
#define MLOPS_FACTS_QUANTILES 5

/* A value or a shape and the rows that have it. */
typedef struct MlopsFactCount
{
	char	   *text;
	int64		rows;
} MlopsFactCount;

typedef struct MlopsColumnFacts
{
	char	   *name;
	Oid			type;			/* as declared */
	int32		typmod;
	Oid			base;
	int			kind;			/* MLOPS_CHECK_NUMBER ... */
	bool		whole;			/* an integer type */
	int64		rows;
	int64		present;		/* neither NULL nor NaN */
	int64		distinct;		/* about, when there are many */
	double		distinct_error; /* as a share */
	/* of numbers and times (seconds since 1970); NaN without any */
	double		minimum;		/* of finite ones */
	double		maximum;
	bool		infinite[2];	/* there is -Infinity, Infinity */
	double		mean;
	double		stddev;
	double		quantile[MLOPS_FACTS_QUANTILES];
	double		median[2];		/* quantiles on both sides of the median, so far apart as chance moves it */
	/* few different ones; else 0 */
	int			n_values;
	MlopsFactCount value[MLOPS_FACTS_VALUES];
	/*
	 * Of the first rows, for texts whose values are not listed; shapes have 9,
	 * A, a for a digit, a capital, a small letter.
	 */
	int			n_shapes;		/* 0: too many */
	MlopsFactCount shape[MLOPS_FACTS_SHAPES];
	int			n_patterns;		/* the same with runs of one kind as one */
	MlopsFactCount pattern[MLOPS_FACTS_SHAPES];
	int64		shortest;
	int64		longest;
	bool		trimmed;		/* none begins or ends with white space */
	bool		ascii;
	bool		one_encoding;	/* none has signs that come of reading UTF-8 as another encoding */
} MlopsColumnFacts;

/* Reads the source as the current user. One for each column, in order. */
extern MlopsColumnFacts *mlops_check_facts(const MlopsSource *source);

#endif
