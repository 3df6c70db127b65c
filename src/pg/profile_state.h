/*
 * profile_state.h: mlops.profile_state, what some columns of rows look like as
 * the state of an aggregate.
 *
 * One state for many columns: a call for each row, not for each value.
 */
#ifndef MLOPS_PROFILE_STATE_H
#define MLOPS_PROFILE_STATE_H

#include "learn/column_sketch.h"
#include "pg/state.h"

typedef enum MlopsProfileKind
{
	MLOPS_PROFILE_NUMERIC = 1,
	MLOPS_PROFILE_BOOLEAN,
	MLOPS_PROFILE_TIME,			/* date, time of day, timestamp */
	MLOPS_PROFILE_INTERVAL,
	MLOPS_PROFILE_CATEGORY,		/* text, enum, uuid */
	MLOPS_PROFILE_VECTOR,		/* float4[], float8[] */
	MLOPS_PROFILE_ARRAY,
	MLOPS_PROFILE_JSON,
	MLOPS_PROFILE_BINARY,
	MLOPS_PROFILE_OTHER
} MlopsProfileKind;

/* Parts of the sketch that rows are counted in, by kind. */
enum
{
	MLOPS_PART_EMPTY = 0,		/* texts, arrays, bytea of length 0 */
	MLOPS_PART_NULLS = 1,		/* arrays with an element that is NULL, or NaN */
	/* json */
	MLOPS_PART_OBJECT = 0,
	MLOPS_PART_ARRAY,
	MLOPS_PART_STRING,
	MLOPS_PART_NUMBER,
	MLOPS_PART_BOOLEAN,
	MLOPS_PART_NULL
};

typedef struct MlopsProfileColumn
{
	Oid			type;			/* of the values, domains looked through; InvalidOid: no row yet */
	MlColumnSketch sketch;
} MlopsProfileColumn;

typedef struct MlopsProfileState
{
	MlopsState	state;			/* first: cast either way */
	int			n;				/* columns; 0: no row yet */
	MlopsProfileColumn *column;
} MlopsProfileState;

extern const MlopsStateType mlops_profile_state_type;

/* Kind of values of a type (domains looked through), and what they are to a sketch. */
extern MlopsProfileKind mlops_profile_kind(Oid base_type, MlColumnWords *words);
extern const char *mlops_profile_kind_name(MlopsProfileKind kind);
/* "???" for a type that is gone since a state was kept. */
extern char *mlops_profile_type_name(Oid type);

/* The first row gives a state its columns; raises 42804 when a later one has more or less of them. */
extern void mlops_profile_begin(MlopsProfileState *s, int columns);
/* The first row gives a column its type; raises 42804 when a later one has another. */
extern void mlops_profile_begin_column(MlopsProfileColumn *column, Oid base_type);
/* Numbers that wait are counted, and there is room for more; in the state's context. */
extern void mlops_profile_settle(MlopsProfileColumn *column, MemoryContext context);
/* A state to read, settled. */
extern MlopsProfileState *mlops_profile_read(Datum value);
/* other is settled and else stays as it is. Raises 42804 when columns or types differ. */
extern void mlops_profile_combine(MlopsProfileState *s, MlopsProfileState *other);

/* The host of a state's memory, for calls into learn/; raises 53200 for an answer of false. */
extern void mlops_profile_host(MlHost *host, MemoryContext context);
extern void mlops_profile_check_memory(bool enough);

#endif
