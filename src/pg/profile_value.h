/*
 * profile_value.h: values of any type, as a profile takes them.
 */
#ifndef MLOPS_PROFILE_VALUE_H
#define MLOPS_PROFILE_VALUE_H

#include "pg/features.h"
#include "pg/profile_state.h"

/* Bytes of a text that a profile keeps to show it by. */
#define MLOPS_PROFILE_SHOWN 64

/* One type, and what reads its values: once for many rows. */
typedef struct MlopsProfileInput
{
	Oid			type;			/* domains looked through */
	MlopsProfileKind kind;
	MlColumnWords words;
	FmgrInfo	output;
	FmgrInfo   *hash;			/* NULL: by the output function's text */
	Oid			collation;
	MlopsFeature number;		/* numeric */
} MlopsProfileInput;

extern MlopsProfileInput *mlops_profile_input(Oid type, Oid collation, MemoryContext context);
/* Adds a value, or NULL.  Memory of the current context may be left behind. */
extern void mlops_profile_add(MlopsProfileState *s, MlopsProfileInput *input, Datum value, bool isnull);

#endif
