/*
 * state.h: states of aggregates, as values of concrete types.
 *
 * While an aggregate runs, its state is an expanded object that transition
 * functions change in place; when a plan ships it, or a table keeps it, it is
 * a varlena of bytes.  The bytes are the same on every machine: a tag of four
 * bytes, then what the type writes, numbers as little-endian words of 64 bits.
 * Text form: these bytes in hexadecimal, after \x; binary form: these bytes.
 *
 * A type of states is an MlopsStateType.  Its struct begins with an
 * MlopsState, starts as zeroes, and keeps all it owns in header.eoh_context,
 * which it shares with other states: it frees with pfree, never by context.
 */
#ifndef MLOPS_STATE_H
#define MLOPS_STATE_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/nodes.h"
#include "port/pg_bswap.h"
#include "utils/expandeddatum.h"

#include "pg/pg_compat.h"

typedef struct MlopsStateType MlopsStateType;

typedef struct MlopsState
{
	ExpandedObjectHeader header;
	const MlopsStateType *type;
	Size		flat_size;		/* of the varlena; 0 = not known, or changed since */
} MlopsState;

struct MlopsStateType
{
	const char *name;			/* of the SQL type, without its schema */
	char		tag[4];			/* the first bytes; says the version of the layout, too */
	Size		size;			/* of the struct */
	/*
	 * Brings the state into its canonical form, equal bytes for equal input
	 * in whatever order, and returns their number, without the tag.  Runs in
	 * the state's own context.  Raises 54000 when they are too many.
	 */
	Size		(*flat_size) (MlopsState *state);
	/* Writes that many bytes, nowhere aligned; allocates nothing. */
	void		(*flatten) (MlopsState *state, uint8 *bytes);
	/*
	 * Fills a zeroed state from any bytes at all, nowhere aligned; false when
	 * they are not what flatten writes.  Runs in the state's own context.
	 */
	bool		(*unflatten) (MlopsState *state, const uint8 *bytes, Size size);
};

extern const ExpandedObjectMethods mlops_state_methods;

/* The most bytes that flat_size may return. */
#define MLOPS_STATE_MAX_BYTES (MaxAllocSize - VARHDRSZ - sizeof(((MlopsStateType *) NULL)->tag))

/*
 * Argument 0 of a transition or combine function, ready to be changed: a new
 * state for NULL, the object itself, or a copy of a flat one.  Return it by
 * mlops_state_datum.  Raises an error outside aggregates.
 */
extern MlopsState *mlops_state_make_updatable(FunctionCallInfo fcinfo, const MlopsStateType *type);
static inline MlopsState *
mlops_state_for_update(FunctionCallInfo fcinfo, const MlopsStateType *type)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(fcinfo->args[0].value);
	varatt_expanded pointer;
	MlopsState *state;

	/* what comes with nearly every row */
	if (!fcinfo->args[0].isnull && fcinfo->context != NULL && IsA(fcinfo->context, AggState) &&
		VARATT_IS_EXTERNAL_EXPANDED_RW(value))
	{
		memcpy(&pointer, VARDATA_EXTERNAL(value), sizeof(pointer));
		state = (MlopsState *) pointer.eohptr;
		if (likely(state->header.eoh_methods == &mlops_state_methods && state->type == type))
		{
			state->flat_size = 0;
			return state;
		}
	}
	return mlops_state_make_updatable(fcinfo, type);
}

/* An argument to read: the object itself, or a flat one unpacked in the current context. */
extern MlopsState *mlops_state_for_read(Datum value, const MlopsStateType *type);

static inline Datum
mlops_state_datum(MlopsState *state)
{
	return EOHPGetRWDatum(&state->header);
}

/* Input, output, receive, send. */
extern Datum mlops_state_in(const char *text, const MlopsStateType *type);
extern char *mlops_state_out(Datum value, const MlopsStateType *type);
extern Datum mlops_state_recv(StringInfo message, const MlopsStateType *type);
extern bytea *mlops_state_send(Datum value, const MlopsStateType *type);

/* n words of 64 bits (double, int64, uint64) to bytes and back; nothing of the bytes is aligned. */
static inline uint8 *
mlops_state_write(uint8 *bytes, const void *words, Size n)
{
#ifdef WORDS_BIGENDIAN
	for (Size i = 0; i < n; i++)
	{
		uint64		word = pg_bswap64(((const uint64 *) words)[i]);

		memcpy(bytes + i * sizeof(word), &word, sizeof(word));
	}
#else
	if (n > 0)
		memcpy(bytes, words, n * sizeof(uint64));
#endif
	return bytes + n * sizeof(uint64);
}

static inline const uint8 *
mlops_state_read(const uint8 *bytes, void *words, Size n)
{
#ifdef WORDS_BIGENDIAN
	for (Size i = 0; i < n; i++)
	{
		uint64		word;

		memcpy(&word, bytes + i * sizeof(word), sizeof(word));
		((uint64 *) words)[i] = pg_bswap64(word);
	}
#else
	if (n > 0)
		memcpy(words, bytes, n * sizeof(uint64));
#endif
	return bytes + n * sizeof(uint64);
}

#endif
