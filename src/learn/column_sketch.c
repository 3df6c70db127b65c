/*
 * column_sketch.c: one column, counted or sketched.
 *
 * A block of numbers that go to sketches is sorted first: equal ones stand
 * together then, so a value that comes often costs once, and quantiles take
 * the block as it is.  A number that stands alone in its block and is not
 * held is passed over, which can happen once a block: that is what `missed`
 * grows by.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/dispatch.h"
#include "kernel/hash.h"
#include "kernel/sort.h"
#include "learn/column_sketch.h"

#define FIRST_COUNTED 16
#define FIRST_WAITING 32
#define LONE_BLOCK (ML_COLUMN_BLOCK / 2)	/* in blocks smaller than this every number is taken in */

/* ---- numbers and keys ---- */

#define SIGN (UINT64_C(1) << 63)
/* of doubles */
#define MINUS_INFINITY UINT64_C(0x000fffffffffffff)
#define PLUS_INFINITY UINT64_C(0xfff0000000000000)
#define NOT_A_NUMBER UINT64_C(0xfff8000000000000)
#define INFINITE_WORD UINT64_C(0x7ff0000000000000)

uint64_t
ml_column_key(MlColumnWords words, uint64_t word)
{
	double		x;

	if (words != ML_WORDS_DOUBLE)
		return word ^ SIGN;
	memcpy(&x, &word, sizeof(x));
	return x != x ? NOT_A_NUMBER : ml_sort_key(x);
}

double
ml_column_number(MlColumnWords words, uint64_t key)
{
	if (words == ML_WORDS_DOUBLE)
		return key == NOT_A_NUMBER ? NAN : ml_sort_unkey(key);
	if (words == ML_WORDS_TIME && (key == 0 || key == UINT64_MAX))
		return key == 0 ? -INFINITY : INFINITY;
	return (double) (int64_t) (key ^ SIGN);
}

uint64_t
ml_column_word(MlColumnWords words, uint64_t key)
{
	double		x;
	uint64_t	word;

	if (words != ML_WORDS_DOUBLE)
		return key ^ SIGN;
	x = ml_column_number(words, key);
	memcpy(&word, &x, sizeof(word));
	return word;
}

/* Words become their keys. */
ML_BODY
make_keys_body(MlColumnWords words, uint64_t *word, int n)
{
	if (words != ML_WORDS_DOUBLE)
		for (int i = 0; i < n; i++)
			word[i] ^= SIGN;
	else
		for (int i = 0; i < n; i++)
		{
			uint64_t	w = word[i] == SIGN ? 0 : word[i];	/* -0 is 0 */
			uint64_t	key = w ^ ((int64_t) w < 0 ? UINT64_MAX : SIGN);

			word[i] = (w & ~SIGN) > INFINITE_WORD ? NOT_A_NUMBER : key;
		}
}
ML_DISPATCH(static, make_keys, (MlColumnWords words, uint64_t *word, int n), (words, word, n))

/* The numbers of finite keys. */
ML_BODY
make_numbers_body(MlColumnWords words, const uint64_t *restrict key, double *restrict x, int n)
{
	if (words != ML_WORDS_DOUBLE)
		for (int i = 0; i < n; i++)
			x[i] = (double) (int64_t) (key[i] ^ SIGN);
	else
		for (int i = 0; i < n; i++)
		{
			uint64_t	w = key[i] ^ ((int64_t) key[i] < 0 ? SIGN : UINT64_MAX);

			memcpy(&x[i], &w, sizeof(w));
		}
}
ML_DISPATCH(static, make_numbers, (MlColumnWords words, const uint64_t *key, double *x, int n), (words, key, x, n))

ML_BODY
make_hashes_body(const uint64_t *restrict key, uint64_t *restrict hash, int n)
{
	for (int i = 0; i < n; i++)
		hash[i] = ml_mix64(key[i]);
}
ML_DISPATCH(static, make_hashes, (const uint64_t *key, uint64_t *hash, int n), (key, hash, n))

/* Do any of n ascending keys stand next to their like? */
ML_BODY
look_for_runs_body(const uint64_t *key, int n, int *found)
{
	int			any = 0;

	for (int i = 1; i < n; i++)
		any |= key[i] == key[i - 1];
	*found = any;
}
ML_DISPATCH(static, look_for_runs, (const uint64_t *key, int n, int *found), (key, n, found))

/* ---- room ---- */

/* An array of `size` a piece, `old` of them moved to room for more; false: no memory. */
static bool
resize(void *array, size_t size, size_t old, size_t room, MlHost *host)
{
	void	  **place = array;
	void	   *larger = ml_alloc_array(host, room, size);

	if (larger == NULL)
		return false;
	if (old > 0)
		memcpy(larger, *place, old * size);
	if (*place != NULL)
		host->release(host, *place);
	*place = larger;
	return true;
}

static uint32_t
slots_for(int32_t room)
{
	uint32_t	slots = 2 * FIRST_COUNTED;

	while (slots < 2 * (uint32_t) room)
		slots *= 2;
	return slots;
}

bool
ml_column_make_counted(MlColumnSketch *s, int32_t room, MlHost *host)
{
	MlHeavy    *h = &s->counted;
	uint32_t	slots = slots_for(room);

	if (!resize(&h->key, sizeof(uint64_t), h->n, room, host) ||
		!resize(&h->count, sizeof(int64_t), h->n, room, host) ||
		!resize(&h->slack, sizeof(int64_t), h->n, room, host) ||
		(s->words == ML_WORDS_HASH && !resize(&h->load, sizeof(void *), h->n, room, host)) ||
		!resize(&h->slot, sizeof(uint16_t), 0, slots, host))
		return false;
	h->room = room;
	h->mask = slots - 1;
	ml_heavy_index(h);
	return true;
}

bool
ml_column_make_levels(MlColumnSketch *s, int levels, MlHost *host)
{
	for (int h = 0; h < levels; h++)
		if (s->quantiles.item[h] == NULL &&
			!resize(&s->quantiles.item[h], sizeof(double), 0, ML_QUANTILE_RUN, host))
			return false;
	return true;
}

bool
ml_column_make_sketches(MlColumnSketch *s, MlHost *host)
{
	s->distinct = ml_alloc_zero(host, ML_DISTINCT_REGISTERS, 1);
	if (s->distinct == NULL)
		return false;
	s->sketched = true;
	s->lowest = UINT64_MAX;
	s->highest = 0;
	return s->words == ML_WORDS_HASH ||
		(resize(&s->extremes.low, sizeof(double), 0, ML_EXTREMES, host) &&
		 resize(&s->extremes.high, sizeof(double), 0, ML_EXTREMES, host));
}

MlColumnText *
ml_column_text(const char *text, uint32_t len, MlHost *host)
{
	MlColumnText *copy = host->alloc(host, sizeof(MlColumnText) + len + 1);

	if (copy == NULL)
		return NULL;
	copy->len = len;
	if (len > 0)
		memcpy(copy->bytes, text, len);
	copy->bytes[len] = '\0';
	return copy;
}

/* ---- the most frequent values ---- */

static void
release_loads(MlHeavy *h, int32_t from, int32_t to, MlHost *host)
{
	for (int32_t i = from; h->load != NULL && i < to; i++)
		if (h->load[i] != NULL)
			host->release(host, h->load[i]);
}

/* More room for values that are held. */
static bool
grow_counted(MlColumnSketch *s, MlHost *host)
{
	int32_t		room = s->counted.room < FIRST_COUNTED ? FIRST_COUNTED : s->counted.room * 4;

	return ml_column_make_counted(s, room < ML_COLUMN_EXACT ? room : ML_COLUMN_EXACT, host);
}

/* Makes room for one value more among those that are held, when they are not all that there are. */
static bool
make_place(MlColumnSketch *s, MlHost *host)
{
	MlHeavy    *h = &s->counted;
	int64_t		scratch[ML_COLUMN_EXACT];
	int32_t		n = h->n;

	if (n < h->room)
		return true;
	if (n < ML_COLUMN_EXACT)
		return grow_counted(s, host);
	ml_heavy_purge(h, n / 2, scratch);
	release_loads(h, h->n, n, host);
	return true;
}

/* ---- numbers into sketches ---- */

/* Ascending finite numbers, each as often as `times` says (NULL: once). */
static bool
sketch_numbers(MlColumnSketch *s, const double *x, const int64_t *times, int n, MlHost *host)
{
	double		scratch[ML_QUANTILE_SCRATCH];
	double		run[ML_QUANTILE_RUN];
	uint64_t	bits = 0;

	ml_extremes_add(&s->extremes, x, times, n);
	if (times == NULL)
	{
		ml_moment_sums_add(&s->moments, x, n);
		if (!ml_column_make_levels(s, ml_quantile_sketch_reach(&s->quantiles, 0, n), host))
			return false;
		ml_quantile_sketch_add(&s->quantiles, 0, x, n, scratch);
		return true;
	}
	for (int i = 0; i < n; i++)
	{
		ml_moment_sums_add_times(&s->moments, x[i], (double) times[i]);
		bits |= (uint64_t) times[i];
	}
	/* a number that came 2^a + 2^b times goes to levels a and b */
	for (int h = 0; bits >> h != 0; h++)
	{
		int			held = 0;

		for (int i = 0; i < n; i++)
		{
			if (times[i] >> h & 1)
				run[held++] = x[i];
			if (held == ML_QUANTILE_RUN || (i == n - 1 && held > 0))
			{
				if (!ml_column_make_levels(s, ml_quantile_sketch_reach(&s->quantiles, h, held), host))
					return false;
				ml_quantile_sketch_add(&s->quantiles, h, run, held, scratch);
				held = 0;
			}
		}
	}
	return true;
}

static void
widen(MlColumnSketch *s, uint64_t lowest, uint64_t highest)
{
	if (lowest < s->lowest)
		s->lowest = lowest;
	if (highest > s->highest)
		s->highest = highest;
}

/* Of ascending keys: how many are -Infinity; *end is where the finite ones end. The others are counted. */
static int
finite_range(MlColumnSketch *s, const uint64_t *key, const int64_t *times, int n, int *end)
{
	uint64_t	least = s->words == ML_WORDS_DOUBLE ? MINUS_INFINITY : 0;
	uint64_t	greatest = s->words == ML_WORDS_DOUBLE ? PLUS_INFINITY : UINT64_MAX;
	int			from = 0;

	*end = n;
	if (s->words == ML_WORDS_INTEGER)
		return 0;
	for (; *end > 0 && key[*end - 1] > greatest; (*end)--)
		s->nan += times ? times[*end - 1] : 1;
	for (; *end > 0 && key[*end - 1] == greatest; (*end)--)
		s->plus_infinity += times ? times[*end - 1] : 1;
	for (; from < *end && key[from] == least; from++)
		s->minus_infinity += times ? times[from] : 1;
	return from;
}

/* At most ML_COLUMN_EXACT ascending keys. */
static bool
sketch_keys(MlColumnSketch *s, const uint64_t *key, const int64_t *times, int n, MlHost *host)
{
	double		x[ML_COLUMN_EXACT];
	int			to;
	int			from = finite_range(s, key, times, n, &to);

	assert(n <= ML_COLUMN_EXACT);
	if (from == to)
		return true;
	widen(s, key[from], key[to - 1]);
	x[0] = ml_column_number(s->words, key[from]);	/* the compiler does not see that there is one */
	make_numbers(s->words, key + from, x, to - from);
	return sketch_numbers(s, x, times ? times + from : NULL, to - from, host);
}

/* A block of ascending keys: which come often, and how many different ones there are. */
static bool
sketch_runs(MlColumnSketch *s, const uint64_t *key, int n, bool take_in, MlHost *host)
{
	uint64_t	hash[ML_COLUMN_BLOCK];
	bool		passed_over = false;
	int			runs;

	make_hashes(key, hash, n);
	for (int i = 0; i < n; i++)
		ml_distinct_add(s->distinct, hash[i]);
	look_for_runs(key, n, &runs);
	/* what many columns are like: nothing comes twice */
	if (!runs && !take_in && s->counted.n == 0)
		passed_over = n > 0;
	else
		for (int from = 0, to; from < n; from = to)
		{
			int32_t		entry = ml_heavy_find(&s->counted, key[from], hash[from]);

			for (to = from + 1; to < n && key[to] == key[from]; to++)
				;
			if (entry >= 0)
				s->counted.count[entry] += to - from;
			else if (!take_in && to - from == 1)
				passed_over = true;
			else if (make_place(s, host))
				(void) ml_heavy_insert(&s->counted, key[from], hash[from], to - from, s->counted.missed);
			else
				return false;
		}
	s->counted.missed += passed_over;
	return true;
}

/* take_in: numbers that come once are held, too */
static bool
sketch_block(MlColumnSketch *s, uint64_t *key, int n, bool take_in, MlHost *host)
{
	uint64_t	scratch[ML_COLUMN_BLOCK];

	ml_sort_keys(key, n, scratch);
	return sketch_runs(s, key, n, take_in, host) && sketch_keys(s, key, NULL, n, host);
}

/* ---- from counts to sketches ---- */

void
ml_column_counted_order(const MlColumnSketch *s, uint16_t *order)
{
	const MlHeavy *h = &s->counted;
	uint32_t	perm[ML_COLUMN_EXACT];
	uint64_t	scratch[2 * ML_COLUMN_EXACT + 1];

	assert(h->n <= ML_COLUMN_EXACT && ml_sort_scratch(h->n) <= sizeof(scratch));
	ml_sort_pairs(h->key, NULL, h->n, perm, scratch);
	for (int32_t i = 0; i < h->n; i++)
		order[i] = (uint16_t) perm[i];
}

/* All the counted values of `from`, which may be s, go to the sketches of s but for the most frequent ones. */
static bool
sketch_counted(MlColumnSketch *s, const MlColumnSketch *from, MlHost *host)
{
	const MlHeavy *h = &from->counted;
	uint16_t	order[ML_COLUMN_EXACT];
	uint64_t	key[ML_COLUMN_EXACT];
	int64_t		times[ML_COLUMN_EXACT];

	for (int32_t i = 0; i < h->n; i++)
		ml_distinct_add(s->distinct, ml_mix64(h->key[i]));
	if (s->words == ML_WORDS_HASH)
		return true;
	ml_column_counted_order(from, order);
	for (int32_t i = 0; i < h->n; i++)
	{
		key[i] = h->key[order[i]];
		times[i] = h->count[order[i]];
	}
	return sketch_keys(s, key, times, h->n, host);
}

/* Counts will not do any longer. */
static bool
begin_sketches(MlColumnSketch *s, MlHost *host)
{
	if (!ml_column_make_sketches(s, host) || !sketch_counted(s, s, host))
		return false;
	if (s->words == ML_WORDS_HASH)
		return true;
	/* numbers that came once so far are most likely not among the frequent ones, and leave room for sketches */
	s->counted.missed = s->counted.n > 0;
	if (s->counted.n > 0)
		ml_heavy_drop(&s->counted);
	return ml_column_make_counted(s, s->counted.n > FIRST_COUNTED ? s->counted.n : FIRST_COUNTED, host);
}

/*
 * The place of a key that is not counted yet; -1: sketches have begun, the
 * key is not in them; -2: no memory.
 */
static int32_t
count_new(MlColumnSketch *s, uint64_t key, uint64_t hash, int64_t count, MlHost *host)
{
	MlHeavy    *h = &s->counted;

	if (h->n == h->room)
	{
		if (h->room == ML_COLUMN_EXACT)
			return begin_sketches(s, host) ? -1 : -2;
		if (!grow_counted(s, host))
			return -2;
	}
	return ml_heavy_insert(h, key, hash, count, 0);
}

/* ---- rows ---- */

bool
ml_column_settle(MlColumnSketch *s, MlHost *host)
{
	int			n = s->n_waiting;
	int			i = 0;

	s->n_waiting = 0;
	make_keys(s->words, s->waiting, n);
	s->values += n;
	for (; !s->sketched && i < n; i++)
	{
		uint64_t	key = s->waiting[i];
		uint64_t	hash = ml_mix64(key);
		int32_t		entry = ml_heavy_find(&s->counted, key, hash);

		if (entry >= 0)
			s->counted.count[entry]++;
		else if ((entry = count_new(s, key, hash, 1, host)) == -2)
			return false;
		else if (entry == -1)
			break;
	}
	/* small blocks would pass over too much for what they are */
	if (i < n && !sketch_block(s, s->waiting + i, n - i, n < LONE_BLOCK, host))
		return false;
	if (s->waiting_room < ML_COLUMN_BLOCK && n == s->waiting_room)
	{
		int			room = s->waiting_room == 0 ? FIRST_WAITING : s->waiting_room * 8;

		if (room > ML_COLUMN_BLOCK)
			room = ML_COLUMN_BLOCK;
		if (!resize(&s->waiting, sizeof(uint64_t), 0, room, host))
			return false;
		s->waiting_room = room;
	}
	return true;
}

bool
ml_column_add_hash(MlColumnSketch *s, uint64_t key, int32_t *entry, MlHost *host)
{
	uint64_t	hash = ml_mix64(key);
	int32_t		found = ml_heavy_find(&s->counted, key, hash);

	s->values++;
	if (found >= 0)
	{
		s->counted.count[found]++;
		*entry = -1;
		return true;
	}
	if (!s->sketched)
	{
		*entry = count_new(s, key, hash, 1, host);
		if (*entry != -1)
			return *entry >= 0;
	}
	ml_distinct_add(s->distinct, hash);
	if (!make_place(s, host))
		return false;
	*entry = ml_heavy_insert(&s->counted, key, hash, 1, s->counted.missed);
	return true;
}

bool
ml_column_name(MlColumnSketch *s, int32_t entry, const char *text, uint32_t len, MlHost *host)
{
	s->counted.load[entry] = ml_column_text(text, len, host);
	return s->counted.load[entry] != NULL;
}

void
ml_column_measure(MlColumnSketch *s, int64_t length)
{
	if (s->measured == 0 || length < s->shortest)
		s->shortest = length;
	if (s->measured == 0 || length > s->longest)
		s->longest = length;
	s->measured++;
	ml_wide_add(&s->length, (double) length);
}

/* < 0, 0, > 0 as for memcmp, a prefix first */
static int
compare_text(const MlColumnText *a, const char *text, uint32_t len)
{
	int			order = memcmp(a->bytes, text, a->len < len ? a->len : len);

	return order != 0 ? order : (a->len > len) - (a->len < len);
}

static bool
replace_text(MlColumnText **place, const char *text, uint32_t len, MlHost *host)
{
	if (*place != NULL)
		host->release(host, *place);
	*place = ml_column_text(text, len, host);
	return *place != NULL;
}

bool
ml_column_order(MlColumnSketch *s, const char *text, uint32_t len, MlHost *host)
{
	return (s->first != NULL && compare_text(s->first, text, len) <= 0 ? true :
			replace_text(&s->first, text, len, host)) &&
		(s->last != NULL && compare_text(s->last, text, len) >= 0 ? true :
		 replace_text(&s->last, text, len, host));
}

/* ---- merging ---- */

/* A copy of the other's text goes with an entry that is new here. */
static bool
name_as(MlColumnSketch *s, int32_t entry, const MlHeavy *other, int32_t i, MlHost *host)
{
	const MlColumnText *text = other->load == NULL ? NULL : other->load[i];

	return text == NULL || ml_column_name(s, entry, text->bytes, text->len, host);
}

/* The most frequent values of both; `missed` of s is that of both already. */
static bool
merge_frequent(MlColumnSketch *s, const MlHeavy *other, MlHost *host)
{
	for (int32_t i = 0; i < other->n; i++)
	{
		uint64_t	hash = ml_mix64(other->key[i]);
		int32_t		entry = ml_heavy_find(&s->counted, other->key[i], hash);
		int64_t		surely = other->missed - other->slack[i];

		if (entry >= 0)
		{
			s->counted.count[entry] += other->count[i];
			s->counted.slack[entry] -= surely;
			continue;
		}
		if (!make_place(s, host))
			return false;
		entry = ml_heavy_insert(&s->counted, other->key[i], hash, other->count[i], s->counted.missed - surely);
		if (!name_as(s, entry, other, i, host))
			return false;
	}
	return true;
}

static bool
merge_counts(MlColumnSketch *s, const MlHeavy *other, MlHost *host, int32_t *merged)
{
	for (*merged = 0; !s->sketched && *merged < other->n; (*merged)++)
	{
		int32_t		i = *merged;
		uint64_t	hash = ml_mix64(other->key[i]);
		int32_t		entry = ml_heavy_find(&s->counted, other->key[i], hash);

		if (entry >= 0)
			s->counted.count[entry] += other->count[i];
		else if ((entry = count_new(s, other->key[i], hash, other->count[i], host)) == -2)
			return false;
		else if (entry == -1)
			return true;
		else if (!name_as(s, entry, other, i, host))
			return false;
	}
	return true;
}

/* Both are sketched. */
static bool
merge_sketches(MlColumnSketch *s, const MlColumnSketch *other, MlHost *host)
{
	double		scratch[ML_QUANTILE_SCRATCH];
	MlQuantileSketch *q = &s->quantiles;

	ml_distinct_merge(s->distinct, other->distinct);
	if (s->words == ML_WORDS_HASH)
		return true;
	s->minus_infinity += other->minus_infinity;
	s->plus_infinity += other->plus_infinity;
	s->nan += other->nan;
	widen(s, other->lowest, other->highest);
	ml_moment_sums_merge(&s->moments, &other->moments);
	ml_extremes_merge(&s->extremes, &other->extremes);
	q->over += other->quantiles.over;
	q->under += other->quantiles.under;
	for (int h = 0; h < ML_QUANTILE_LEVELS; h++)
	{
		if (other->quantiles.count[h] == 0)
			continue;
		if (!ml_column_make_levels(s, ml_quantile_sketch_reach(q, h, other->quantiles.count[h]), host))
			return false;
		ml_quantile_sketch_add(q, h, other->quantiles.item[h], other->quantiles.count[h], scratch);
	}
	return true;
}

/* The counted values other.counted[from..), into sketches. */
static bool
merge_rest(MlColumnSketch *s, const MlColumnSketch *other, int32_t from, MlHost *host)
{
	MlColumnSketch rest = *other;

	rest.counted.key += from;
	rest.counted.count += from;
	rest.counted.slack += from;
	if (rest.counted.load != NULL)
		rest.counted.load += from;
	rest.counted.n -= from;
	return sketch_counted(s, &rest, host) && merge_frequent(s, &rest.counted, host);
}

static bool
merge_texts(MlColumnSketch *s, const MlColumnSketch *other, MlHost *host)
{
	if (other->measured > 0)
	{
		if (s->measured == 0 || other->shortest < s->shortest)
			s->shortest = other->shortest;
		if (s->measured == 0 || other->longest > s->longest)
			s->longest = other->longest;
		s->measured += other->measured;
		ml_wide_merge(&s->length, other->length);
	}
	for (int i = 0; i < ML_COLUMN_PARTS; i++)
		s->part[i] += other->part[i];
	return (other->first == NULL || ml_column_order(s, other->first->bytes, other->first->len, host)) &&
		(other->last == NULL || ml_column_order(s, other->last->bytes, other->last->len, host));
}

bool
ml_column_merge(MlColumnSketch *s, MlColumnSketch *other, MlHost *host)
{
	int32_t		merged = 0;

	assert(s->words == other->words);
	if ((s->n_waiting > 0 && !ml_column_settle(s, host)) ||
		(other->n_waiting > 0 && !ml_column_settle(other, host)))
		return false;
	s->nulls += other->nulls;
	s->values += other->values;
	if (!merge_texts(s, other, host))
		return false;
	if (!other->sketched)
		return merge_counts(s, &other->counted, host, &merged) &&
			(merged == other->counted.n || merge_rest(s, other, merged, host));
	if (!s->sketched && !begin_sketches(s, host))
		return false;
	for (int32_t i = 0; i < s->counted.n; i++)
		s->counted.slack[i] += other->counted.missed;
	s->counted.missed += other->counted.missed;
	return merge_frequent(s, &other->counted, host) && merge_sketches(s, other, host);
}
