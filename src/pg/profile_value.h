/*
 * profile_value.h: values of any type, as a profile takes them.
 */
#ifndef MLOPS_PROFILE_VALUE_H
#define MLOPS_PROFILE_VALUE_H

#include "catalog/pg_type.h"

#include "pg/features.h"
#include "pg/profile_state.h"

/* Bytes of a text that a profile keeps to show it by: with what is kept beside them 64. */
#define MLOPS_PROFILE_SHOWN 56

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
/* Adds a value of a type that mlops_profile_add does not know. */
extern void mlops_profile_add_other(MlopsProfileColumn *column, MlopsProfileInput *input, Datum value,
									MemoryContext context);

static inline void
mlops_profile_add_word(MlopsProfileColumn *column, uint64 word, MemoryContext context)
{
	if (unlikely(ml_column_full(&column->sketch)))
		mlops_profile_settle(column, context);
	ml_column_add(&column->sketch, word);
}

/*
 * Adds a value, or NULL.  type: the input's, which need not be looked at for
 * it.  context: the state's; memory of the current one may be left behind.
 */
static inline void
mlops_profile_add(MlopsProfileColumn *column, Oid type, MlopsProfileInput *input, Datum value, bool isnull,
				  MemoryContext context)
{
	double		x;
	uint64		word;

	if (unlikely(column->type != type))
		mlops_profile_begin_column(column, type);
	if (isnull)
	{
		column->sketch.nulls++;
		return;
	}
	switch (type)
	{
		case FLOAT8OID:
			x = DatumGetFloat8(value);
			memcpy(&word, &x, sizeof(word));
			mlops_profile_add_word(column, word, context);
			break;
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			mlops_profile_add_word(column, (uint64) DatumGetInt64(value), context);
			break;
		case INT4OID:
			mlops_profile_add_word(column, (uint64) (int64) DatumGetInt32(value), context);
			break;
		default:
			mlops_profile_add_other(column, input, value, context);
	}
}

#endif
