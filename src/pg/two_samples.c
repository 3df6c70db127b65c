/*
 * two_samples.c: mlops.two_samples, the state of the ranking figures.
 *
 * Bytes after the tag: `top`, then the keys, then the weights of the entries
 * in canonical form (kernel/two_samples.h), words of 64 bits: 16 bytes for
 * each distinct score of each class.
 *
 * Memory: the arrays double when half of them is still needed after equal
 * scores have been added up, so they have at most 64 bytes for each distinct
 * score of each class; sorting takes as much again for a moment.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "pg/two_samples.h"

#define ENTRY_BYTES (sizeof(uint64) + sizeof(double))
#define FIRST_ROOM 16
#define SMALL_ROOM 1024			/* up to here arrays just grow */
#define MAX_ENTRIES ((int64) ((MLOPS_STATE_MAX_BYTES - sizeof(double)) / ENTRY_BYTES))
#define MAX_ROOM (MAX_ENTRIES + MAX_ENTRIES / 4)	/* so that the last entries are not sorted one by one */

static void
check_sum(bool fits)
{
	if (!fits)
		float_overflow_error();
}

static void
check_entries(int64 n)
{
	if (n > MAX_ENTRIES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many distinct scores"),
				 errdetail("A ranking has at most %lld.", (long long) MAX_ENTRIES),
				 errhint("Round the scores.")));
}

static void
make_room(MlopsTwoSamples *s, int64 room)
{
	MlTwoSamples *e = &s->entries;
	MemoryContext context = s->state.header.eoh_context;

	if (room <= s->room)
		return;
	if (e->key == NULL)
	{
		e->key = MemoryContextAllocExtended(context, room * sizeof(uint64), MCXT_ALLOC_HUGE);
		e->weight = MemoryContextAllocExtended(context, room * sizeof(double), MCXT_ALLOC_HUGE);
	}
	else
	{
		e->key = repalloc_huge(e->key, room * sizeof(uint64));
		e->weight = repalloc_huge(e->weight, room * sizeof(double));
	}
	s->room = room;
}

/* Serves a cancel while the entries are whole. */
static bool
serve_interrupts(void *arg)
{
	CHECK_FOR_INTERRUPTS();
	return false;
}

static void
settle(MlopsTwoSamples *s)
{
	void	   *scratch;

	if (s->entries.n == s->entries.canonical)
		return;
	scratch = MemoryContextAllocExtended(s->state.header.eoh_context,
										 ml_two_samples_scratch(&s->entries), MCXT_ALLOC_HUGE);
	check_sum(ml_two_samples_settle(&s->entries, scratch, serve_interrupts));
	pfree(scratch);
	check_entries(s->entries.n);
}

void
mlops_two_samples_set_top(MlopsTwoSamples *s, double top)
{
	if (s->top == top)
		return;
	if (s->top != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be the same in all rows", s->top > 0 ? "k" : "share")));
	s->top = top;
}

void
mlops_two_samples_add(MlopsTwoSamples *s, bool positive, double score, double weight)
{
	if (s->entries.n == s->room)
	{
		if (s->room >= SMALL_ROOM)
			settle(s);
		if (s->entries.n >= s->room / 2)
			make_room(s, Max(FIRST_ROOM, Min(s->room * 2, MAX_ROOM)));
	}
	if (weight > 0)
		ml_two_samples_add(&s->entries, positive, score, weight);
}

void
mlops_two_samples_combine(MlopsTwoSamples *s, MlopsTwoSamples *other)
{
	if (other->top != 0)
		mlops_two_samples_set_top(s, other->top);
	settle(s);
	settle(other);
	if (other->entries.n == 0)
		return;
	make_room(s, s->entries.n + other->entries.n);
	check_sum(ml_two_samples_merge(&s->entries, &other->entries));
	check_entries(s->entries.n);
}

const MlTwoSamples *
mlops_two_samples_settled(MlopsTwoSamples *s)
{
	settle(s);
	check_sum(!isinf(ml_two_samples_total(&s->entries)));
	return &s->entries;
}

/* --- bytes -------------------------------------------------------------- */

static Size
flat_size(MlopsState *state)
{
	MlopsTwoSamples *s = (MlopsTwoSamples *) state;

	settle(s);
	return sizeof(double) + s->entries.n * ENTRY_BYTES;
}

static void
flatten(MlopsState *state, uint8 *bytes)
{
	MlopsTwoSamples *s = (MlopsTwoSamples *) state;

	bytes = mlops_state_write(bytes, &s->top, 1);
	bytes = mlops_state_write(bytes, s->entries.key, s->entries.n);
	mlops_state_write(bytes, s->entries.weight, s->entries.n);
}

static bool
unflatten(MlopsState *state, const uint8 *bytes, Size size)
{
	MlopsTwoSamples *s = (MlopsTwoSamples *) state;
	int64		n;

	if (size < sizeof(double) || (size - sizeof(double)) % ENTRY_BYTES != 0)
		return false;
	n = (size - sizeof(double)) / ENTRY_BYTES;
	bytes = mlops_state_read(bytes, &s->top, 1);
	if (!(s->top == 0 || (s->top >= -1 && s->top < 0) ||
		  (s->top >= 1 && s->top <= PG_INT32_MAX && s->top == floor(s->top))))
		return false;
	if (n > 0)
		make_room(s, n);
	bytes = mlops_state_read(bytes, s->entries.key, n);
	mlops_state_read(bytes, s->entries.weight, n);
	s->entries.n = n;
	s->entries.canonical = n;
	return ml_two_samples_valid(&s->entries);
}

const MlopsStateType mlops_two_samples_type = {
	.name = "two_samples",
	.tag = {'2', 'S', 'M', '1'},
	.size = sizeof(MlopsTwoSamples),
	.flat_size = flat_size,
	.flatten = flatten,
	.unflatten = unflatten
};
