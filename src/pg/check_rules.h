/*
 * check_rules.h: what can be checked of data: rules, their arguments and the
 * SQL they become.
 *
 * A rule is one row of the table in check_rules.c.  Its SQL is built from
 * names and literals that the server's own functions have quoted; nothing a
 * user typed goes into it as it is, but for the predicate, which the server
 * has parsed and written back.
 */
#ifndef MLOPS_CHECK_RULES_H
#define MLOPS_CHECK_RULES_H

#include "utils/jsonb.h"

#include "pg/check_plan.h"
#include "pg/source.h"

/* Kinds of columns, as bits: which of them a rule is for. */
#define MLOPS_CHECK_NUMBER	1
#define MLOPS_CHECK_TEXT	2
#define MLOPS_CHECK_LABEL	4	/* enum, uuid: text without an order that means something */
#define MLOPS_CHECK_TIME	8	/* date, timestamp, timestamptz */
#define MLOPS_CHECK_BOOLEAN	16
#define MLOPS_CHECK_OTHER	32
#define MLOPS_CHECK_ANY		63

typedef enum MlopsCheckScope
{
	MLOPS_CHECK_ROW = 1,		/* every row by itself: how many fail */
	MLOPS_CHECK_FIGURE,			/* one figure of all rows, between two bounds */
	MLOPS_CHECK_SCHEMA			/* the columns: no row is read */
} MlopsCheckScope;

typedef enum MlopsCheckColumn
{
	MLOPS_CHECK_NO_COLUMN = 1,
	MLOPS_CHECK_ONE_COLUMN,
	MLOPS_CHECK_MAYBE_COLUMN
} MlopsCheckColumn;

typedef enum MlopsCheckArgType
{
	MLOPS_CHECK_ARG_NUMBER = 1,
	MLOPS_CHECK_ARG_COUNT,		/* integer from 0, or from minimum */
	MLOPS_CHECK_ARG_FLAG,
	MLOPS_CHECK_ARG_CHOICE,
	MLOPS_CHECK_ARG_VALUE,		/* of the column's type */
	MLOPS_CHECK_ARG_VALUES,
	MLOPS_CHECK_ARG_COLUMN,
	MLOPS_CHECK_ARG_COLUMNS,
	MLOPS_CHECK_ARG_REGEX,
	MLOPS_CHECK_ARG_INTERVAL,
	MLOPS_CHECK_ARG_TIMEZONE,
	MLOPS_CHECK_ARG_TYPE,
	MLOPS_CHECK_ARG_SQL
} MlopsCheckArgType;

typedef struct MlopsCheckArg
{
	const char *name;
	MlopsCheckArgType type;
	bool		required;
	const char *fallback;		/* default, as mlops_check_rules() shows it; NULL: none */
	double		minimum;		/* NUMBER, COUNT */
	double		maximum;
	const char *choices;		/* separated by '|' */
	const char *description;
} MlopsCheckArg;

#define MLOPS_CHECK_MAX_ARGS 4

/* One argument as read: what its type needs. */
typedef struct MlopsCheckValue
{
	bool		given;
	double		number;			/* NUMBER, COUNT, FLAG (0, 1), INTERVAL in seconds */
	char	   *text;			/* all others; a VALUE as its type's output writes it */
	List	   *list;			/* VALUES, COLUMNS: of char * */
} MlopsCheckValue;

struct MlopsRule;

/* A rule over the columns of one source. */
typedef struct MlopsCheckUse
{
	const struct MlopsRule *rule;
	const MlopsSource *source;
	AttrNumber	attno;			/* 0: no column */
	int			kind;			/* of the column, 0 without one */
	Oid			type;			/* domains looked through */
	MlopsCheckValue value[MLOPS_CHECK_MAX_ARGS];
	bool		stored;			/* arguments are as they were stored */
	const char *predicate;		/* as the server wrote it */
	MlopsCheckPlan *plan;		/* takes what must be computed beside the rows */
	/* found by the rule */
	const char *reason;			/* a sentence: why it cannot be used here, NULL when it can */
	char	   *fails;			/* ROW: SQL, true for a row that fails */
	char	   *judged;			/* ROW: an aggregate, rows that have what is judged; NULL: every row has */
	bool		missing_fails;	/* ROW: the rows that fail are those not among `judged` */
	bool		windowed;		/* ROW: `fails` uses a window function */
	char	   *figure;			/* FIGURE: an aggregate, double precision */
	double		low;			/* FIGURE: bounds, infinite = none */
	double		high;
	bool		is_age;			/* FIGURE: seconds, shown as time */
	bool		passed;			/* SCHEMA */
	const char *observed;		/* SCHEMA */
} MlopsCheckUse;

typedef struct MlopsRule
{
	const char *name;
	MlopsCheckScope scope;
	MlopsCheckColumn column;
	int			kinds;			/* of the column */
	int			n_args;
	const MlopsCheckArg *arg;
	void		(*make) (MlopsCheckUse *use);
	const char *description;
} MlopsRule;

extern const MlopsRule mlops_rules[];
extern const int mlops_n_rules;

/* NULL when there is none. */
extern const MlopsRule *mlops_rule_find(const char *name);
/* The same, raising 22023 with the nearest name. */
extern const MlopsRule *mlops_rule_get(const char *name);

/* Kind of a type, and its base type. */
extern int	mlops_check_kind(Oid type, Oid *base);
extern const char *mlops_check_kind_name(int kind);

/*
 * Reads and checks the arguments of use->rule against the column's type.
 * desc: names of columns among the arguments must be there.  Raises 22023,
 * 42703, and what the type's input function says of a value.
 */
extern void mlops_check_args_read(MlopsCheckUse *use, Jsonb *args);
/* As they are stored: values in the one form that every session reads alike. */
extern Jsonb *mlops_check_args_write(const MlopsCheckUse *use);
/* The columns that a rule with these arguments reads: list of char *, the checked one first. */
extern List *mlops_check_columns(const MlopsCheckUse *use, const char *column);
/* Argument of the rule by name; the name must exist. */
extern const MlopsCheckValue *mlops_check_value(const MlopsCheckUse *use, const char *name);

#endif
