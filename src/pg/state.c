/*
 * state.c: states of aggregates as expanded objects.
 *
 * All states of one aggregate context share one child context: the executor
 * takes an object without a copy only when its context is a child of the
 * aggregate's, and a child for each group would be walked again and again
 * when hashed groups are counted.  Nothing deletes a state by itself: the
 * executor only would when a transition function returned another state than
 * it got, and those of mlops never do.
 *
 * Invariant: flattening allocates in the state's own context, as the current
 * one may be of a kind that cannot free.
 */
#include "postgres.h"

#include "nodes/memnodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "pg/pg_compat.h"
#include "pg/state.h"

#define CONTEXT_NAME "mlops aggregate states"
#define NEAR_CHILDREN 16		/* children of the aggregate's context that are looked at */
#define TAG_BYTES sizeof(((MlopsStateType *) NULL)->tag)

static Size flat_size(ExpandedObjectHeader *header);
static void flatten_into(ExpandedObjectHeader *header, void *result, Size size);

const ExpandedObjectMethods mlops_state_methods = {
	.get_flat_size = flat_size,
	.flatten_into = flatten_into
};

static Size
flat_size(ExpandedObjectHeader *header)
{
	MlopsState *state = (MlopsState *) header;

	if (state->flat_size == 0)
	{
		MemoryContext old = MemoryContextSwitchTo(header->eoh_context);
		Size		bytes = state->type->flat_size(state);

		MemoryContextSwitchTo(old);
		Assert(bytes <= MLOPS_STATE_MAX_BYTES);
		state->flat_size = VARHDRSZ + TAG_BYTES + bytes;
	}
	return state->flat_size;
}

static void
flatten_into(ExpandedObjectHeader *header, void *result, Size size)
{
	MlopsState *state = (MlopsState *) header;
	uint8	   *bytes = (uint8 *) VARDATA(result);

	Assert(size == state->flat_size);
	SET_VARSIZE(result, size);
	memcpy(bytes, state->type->tag, TAG_BYTES);
	state->type->flatten(state, bytes + TAG_BYTES);
}

/* The context that the states of an aggregate context share; see the head of the file. */
static MemoryContext
shared_context(MemoryContext parent)
{
	MemoryContext child = parent->firstchild;

	/* others may have made thousands of children: one more is cheaper than to look at all */
	for (int i = 0; child != NULL && i < NEAR_CHILDREN; i++, child = child->nextchild)
		if (strcmp(child->name, CONTEXT_NAME) == 0)
			return child;
	return AllocSetContextCreate(parent, CONTEXT_NAME, ALLOCSET_DEFAULT_SIZES);
}

static MlopsState *
new_state(MemoryContext context, const MlopsStateType *type)
{
	MlopsState *state = MemoryContextAllocZero(context, type->size);

	EOH_init_header(&state->header, &mlops_state_methods, context);
	state->type = type;
	return state;
}

/* Unpacks bytes that may come from anywhere; NULL when they make no state. */
static MlopsState *
unpack(MemoryContext context, const MlopsStateType *type, const uint8 *bytes, Size size)
{
	MlopsState *state = new_state(context, type);
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		good = size >= TAG_BYTES && memcmp(bytes, type->tag, TAG_BYTES) == 0 &&
		type->unflatten(state, bytes + TAG_BYTES, size - TAG_BYTES);

	MemoryContextSwitchTo(old);
	return good ? state : NULL;
}

/* The object behind a datum, NULL for a flat one. */
static MlopsState *
expanded(Datum value, const MlopsStateType *type)
{
	MlopsState *state;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)))
		return NULL;
	state = (MlopsState *) DatumGetEOHP(value);
	if (state->header.eoh_methods != &mlops_state_methods || state->type != type)
		elog(ERROR, "value is no mlops.%s", type->name);
	return state;
}

static MlopsState *
unpack_value(MemoryContext context, Datum value, const MlopsStateType *type)
{
	struct varlena *flat = PG_DETOAST_DATUM_PACKED(value);
	MlopsState *state = unpack(context, type, (uint8 *) VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat));

	if (state == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored value is no valid mlops.%s", type->name)));
	if ((Pointer) flat != DatumGetPointer(value))
		pfree(flat);
	return state;
}

MlopsState *
mlops_state_make_updatable(FunctionCallInfo fcinfo, const MlopsStateType *type)
{
	MemoryContext aggregate;
	MlopsState *state;
	NullableDatum *arg = &fcinfo->args[0];

	if (!AggCheckCallContext(fcinfo, &aggregate))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("aggregate function called in non-aggregate context")));
	if (arg->isnull)
		return new_state(shared_context(aggregate), type);
	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(arg->value)))
	{
		state = expanded(arg->value, type);
		state->flat_size = 0;
		return state;
	}
	return unpack_value(shared_context(aggregate), arg->value, type);
}

MlopsState *
mlops_state_for_read(Datum value, const MlopsStateType *type)
{
	MlopsState *state = expanded(value, type);

	return state != NULL ? state : unpack_value(CurrentMemoryContext, value, type);
}

/* --- input and output --------------------------------------------------- */

/* The varlena for these bytes, which are looked through first. */
static Datum
checked(const uint8 *bytes, Size size, const MlopsStateType *type, int sqlstate)
{
	bytea	   *flat;

	if (unpack(CurrentMemoryContext, type, bytes, size) == NULL)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("invalid input for type mlops.%s", type->name)));
	flat = palloc(VARHDRSZ + size);
	SET_VARSIZE(flat, VARHDRSZ + size);
	memcpy(VARDATA(flat), bytes, size);
	return PointerGetDatum(flat);
}

Datum
mlops_state_in(const char *text, const MlopsStateType *type)
{
	Size		len = strlen(text);
	uint8	   *bytes;

	if (len < 2 || len % 2 != 0 || text[0] != '\\' || text[1] != 'x' ||
		strspn(text + 2, "0123456789abcdefABCDEF") != len - 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input for type mlops.%s", type->name)));
	bytes = palloc(len / 2);
	hex_decode(text + 2, len - 2, (char *) bytes);
	return checked(bytes, len / 2 - 1, type, ERRCODE_INVALID_TEXT_REPRESENTATION);
}

Datum
mlops_state_recv(StringInfo message, const MlopsStateType *type)
{
	Datum		value = checked((uint8 *) message->data + message->cursor, message->len - message->cursor,
								type, ERRCODE_INVALID_BINARY_REPRESENTATION);

	message->cursor = message->len;
	return value;
}

bytea *
mlops_state_send(Datum value, const MlopsStateType *type)
{
	MlopsState *state = expanded(value, type);
	Size		size;
	bytea	   *flat;

	if (state == NULL)
		return (bytea *) PG_DETOAST_DATUM_COPY(value);
	size = EOH_get_flat_size(&state->header);
	flat = palloc(size);
	EOH_flatten_into(&state->header, flat, size);
	return flat;
}

char *
mlops_state_out(Datum value, const MlopsStateType *type)
{
	bytea	   *flat = mlops_state_send(value, type);
	Size		size = VARSIZE(flat) - VARHDRSZ;
	char	   *text;

	if (size > (MaxAllocSize - 3) / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("mlops.%s of %zu bytes is too large for its text form", type->name, size),
				 errhint("Use the binary form.")));
	text = palloc(size * 2 + 3);
	memcpy(text, "\\x", 2);
	hex_encode(VARDATA(flat), size, text + 2);
	text[size * 2 + 2] = '\0';
	pfree(flat);
	return text;
}
