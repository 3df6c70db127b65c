/*
 * column_sketch.h: what one column of rows looks like, from one pass over it.
 *
 * As long as a column has at most ML_COLUMN_EXACT different values, they are
 * counted, and every figure is exact and the same whatever the order of rows
 * and however sketches were merged.  Beyond that the counts go into sketches:
 * the most frequent values (kernel/heavy.h), the number of different ones
 * (kernel/distinct.h) and, of numbers, moments, quantiles and both ends
 * (kernel/moment_sums.h, quantile_sketch.h, extremes.h).
 *
 * Values are words of 64 bits: the number itself, or the hash of a value of
 * any other type, which then has a text to be shown by.  Numbers wait and go
 * in by blocks.
 *
 * Memory comes from the host that is handed in, always the same for one
 * sketch.  Functions that take one say false when there is no more: the
 * sketch is then good for nothing but to be thrown away.
 */
#ifndef ML_COLUMN_SKETCH_H
#define ML_COLUMN_SKETCH_H

#include "kernel/distinct.h"
#include "kernel/extremes.h"
#include "kernel/heavy.h"
#include "kernel/moment_sums.h"
#include "kernel/quantile_sketch.h"
#include "kernel/wide_sum.h"
#include "learn/host.h"

#define ML_COLUMN_EXACT 4096	/* different values that are counted */
#define ML_COLUMN_BLOCK ML_QUANTILE_RUN
#define ML_COLUMN_PARTS 6

typedef enum MlColumnWords
{
	ML_WORDS_DOUBLE = 1,
	ML_WORDS_INTEGER,			/* int64 */
	ML_WORDS_TIME,				/* int64, the least and the greatest of which are -Infinity and Infinity */
	ML_WORDS_HASH				/* of a value that has a text */
} MlColumnWords;

typedef struct MlColumnText
{
	uint32_t	len;
	char		bytes[];
} MlColumnText;

/* All zero but for `words`: no rows. */
typedef struct MlColumnSketch
{
	MlColumnWords words;

	/* numbers that wait; what every row needs stands together */
	int			n_waiting;
	int			waiting_room;
	uint64_t   *waiting;

	int64_t		nulls;
	int64_t		values;			/* the other rows, those that wait not among them */

	/*
	 * Keys of different values.  Numbers: unsigned words in their order
	 * (ml_column_key); hashes: themselves, load is an MlColumnText or NULL.
	 */
	MlHeavy		counted;

	/* more different values came than are counted; the rest is used from then on */
	bool		sketched;
	uint8_t    *distinct;
	/* of numbers */
	int64_t		minus_infinity;
	int64_t		plus_infinity;
	int64_t		nan;
	uint64_t	lowest;			/* keys of finite numbers; lowest > highest: there are none */
	uint64_t	highest;
	MlMomentSums moments;
	MlQuantileSketch quantiles;
	MlExtremes	extremes;

	/* of hashes: the lengths of values, and the first and the last text in bytewise order */
	int64_t		measured;		/* values that have a length */
	int64_t		shortest;
	int64_t		longest;
	MlWideSum	length;
	MlColumnText *first;
	MlColumnText *last;
	/* rows of some kinds, which the caller knows */
	int64_t		part[ML_COLUMN_PARTS];
} MlColumnSketch;

/* There is no room for another number to wait: ml_column_settle is due. */
static inline bool
ml_column_full(const MlColumnSketch *s)
{
	return s->n_waiting == s->waiting_room;
}

/* Puts a number among those that wait. */
static inline void
ml_column_add(MlColumnSketch *s, uint64_t word)
{
	uint64_t   *place = &s->waiting[s->n_waiting++];

	*place = word;
	/* many columns take turns, each at a place of its own: the next line is asked for in time */
	__builtin_prefetch(place + 8, 1);
}

/* Counts the numbers that wait, and makes room for more of them. */
extern bool ml_column_settle(MlColumnSketch *s, MlHost *host);
/*
 * Counts a value by its hash.  *entry: where it is held when it is new there
 * (ml_column_name is due), else -1.
 */
extern bool ml_column_add_hash(MlColumnSketch *s, uint64_t hash, int32_t *entry, MlHost *host);
extern bool ml_column_name(MlColumnSketch *s, int32_t entry, const char *text, uint32_t len, MlHost *host);
/* The length of a value, and a text that may be the first or last; NULL: it has none. */
extern void ml_column_measure(MlColumnSketch *s, int64_t length);
extern bool ml_column_order(MlColumnSketch *s, const char *text, uint32_t len, MlHost *host);
/* Adds what `other` holds, of the same kind of words; other is settled and else stays as it is. */
extern bool ml_column_merge(MlColumnSketch *s, MlColumnSketch *other, MlHost *host);

/* For readers of bytes: room for n counted values (<= ML_COLUMN_EXACT), for all that a sketch needs. */
extern bool ml_column_make_counted(MlColumnSketch *s, int32_t n, MlHost *host);
extern bool ml_column_make_sketches(MlColumnSketch *s, MlHost *host);
extern bool ml_column_make_levels(MlColumnSketch *s, int levels, MlHost *host);
extern MlColumnText *ml_column_text(const char *text, uint32_t len, MlHost *host);

/* Keys of numbers: unsigned, in the order of the numbers; one for all NaN, the last. */
extern uint64_t ml_column_key(MlColumnWords words, uint64_t word);
extern double ml_column_number(MlColumnWords words, uint64_t key);
/* A word that has this key. */
extern uint64_t ml_column_word(MlColumnWords words, uint64_t key);

/* The keys counted[0..n) in ascending order, as numbers of entries. */
extern void ml_column_counted_order(const MlColumnSketch *s, uint16_t *order);

#endif
