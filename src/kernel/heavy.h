/*
 * heavy.h: the most frequent keys of a stream.
 *
 * Each key that is held has the number of times it came since it was taken
 * in, and the number of times it can have come before (`slack`).  As long as
 * all keys fit nothing is lost, and these are the counts of all different
 * keys.  When they do not, those of the lowest counts are dropped; `missed`
 * says how often a key that is not held can have come (G. S. Manku, R.
 * Motwani, "Approximate frequency counts over data streams", VLDB 2002, with
 * the error raised when room is needed instead of at fixed times: with that
 * it is at most 2 / room of the stream, as for Misra and Gries).
 *
 *     count <= how often the key came <= count + slack <= count + missed
 *
 * Keys are 64 bits, equal when the values are.  Each may carry a pointer of
 * the caller's.  Arrays are the caller's: room entries, and 2^k >= 2 room
 * slots.
 */
#ifndef ML_HEAVY_H
#define ML_HEAVY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct MlHeavy
{
	int32_t		n;
	int32_t		room;
	int64_t		missed;
	uint64_t   *key;
	int64_t    *count;
	int64_t    *slack;
	void	  **load;			/* what goes with the keys; NULL = nothing */
	uint16_t   *slot;			/* 1 + number of an entry, 0 = free */
	uint32_t	mask;			/* number of slots - 1 */
	uint64_t	filter[8];		/* one bit of 512 for each key: what has none is not held */
} MlHeavy;

#define ML_HEAVY_MAX_ROOM 65535

/* Number of the key's entry, -1 when it is not held; hash is ml_mix64(key). */
static inline int32_t
ml_heavy_find(const MlHeavy *h, uint64_t key, uint64_t hash)
{
	if ((h->filter[hash >> 61] >> (hash >> 55 & 63) & 1) == 0)
		return -1;
	for (uint32_t at = (uint32_t) hash & h->mask; h->slot[at] != 0; at = (at + 1) & h->mask)
		if (h->key[h->slot[at] - 1] == key)
			return h->slot[at] - 1;
	return -1;
}

/* Takes in a key that is not held; n < room.  Returns its entry, load NULL. */
extern int32_t ml_heavy_insert(MlHeavy *h, uint64_t key, uint64_t hash, int64_t count, int64_t slack);
/* Makes slots of keys that were put into the arrays. */
extern void ml_heavy_index(MlHeavy *h);
/*
 * Raises missed until at most `keep` < n entries stay, and drops the others:
 * their loads stand behind those that stay.  scratch: room for n.
 */
extern void ml_heavy_purge(MlHeavy *h, int32_t keep, int64_t *scratch);
/* Drops all entries of which not more than `missed` is known, after it was raised. */
extern void ml_heavy_drop(MlHeavy *h);

#endif
