/*
 * check_suggest_state.h: checks that are proposed while a source is looked
 * at; for the files check_suggest*.c only.
 */
#ifndef MLOPS_CHECK_SUGGEST_STATE_H
#define MLOPS_CHECK_SUGGEST_STATE_H

#include "pg/check_facts.h"
#include "pg/checks.h"
#include "pg/options.h"

/* Standard errors of the difference of two samples: 5 √2. */
#define MLOPS_SUGGEST_SURE 7.1
/* With fewer rows nothing is evident. */
#define MLOPS_SUGGEST_ROWS 20

typedef struct MlopsProposal
{
	MlopsCheck	check;
	const char *reason;
	bool		certain;		/* holds by what is known */
	double		tried;			/* else: the share of rows that must pass here */
} MlopsProposal;

typedef struct MlopsSuggest
{
	const MlopsSource *source;
	const MlopsColumnFacts *facts;
	int			n;				/* columns */
	int64		rows;
	List	   *proposals;
	const MlopsColumnFacts *identity;	/* first number that tells rows apart, as far as is known */
	bool		any_unique;
} MlopsSuggest;

/* check_suggest.c */

/* A certain check of all rows; args is an open object, NULL: none. Members may be changed. */
extern MlopsProposal *mlops_propose(MlopsSuggest *s, const char *rule, const MlopsColumnFacts *f, MlopsJson *args,
									const char *severity, char *reason);
/* No value repeats, as far as is known. */
extern bool mlops_facts_distinct(const MlopsColumnFacts *f);
/* A column made to tell rows apart. */
extern bool mlops_facts_identity(const MlopsColumnFacts *f);
/* error, or warning when few rows were looked at. */
extern const char *mlops_row_severity(const MlopsColumnFacts *f);
/* A share of three digits, not above. */
extern double mlops_cut_share(double share);
/* The values, when they are listed. */
extern void mlops_suggest_values(MlopsSuggest *s, const MlopsColumnFacts *f);

/* check_suggest_number.c */
extern void mlops_suggest_number(MlopsSuggest *s, const MlopsColumnFacts *f);
extern void mlops_suggest_mean(MlopsSuggest *s, const MlopsColumnFacts *f);
extern void mlops_suggest_time(MlopsSuggest *s, const MlopsColumnFacts *f);

/* check_suggest_text.c */
extern void mlops_suggest_text(MlopsSuggest *s, const MlopsColumnFacts *f);

#endif
