/*
 * sort.c: radix sorts.
 *
 * ml_sort_pairs takes the 128-bit key as four words of 32 bits, the highest
 * first.  Rows travel as 8 bytes (word, row).  A range is sorted by its
 * current word with least-significant-digit passes, which are stable; runs
 * that are equal in that word are then sorted by the next one.  Uniform
 * hashes are practically done after the first word, equal ones (a time, a
 * group) go on to the next.  Digits in which all rows agree cost no pass.
 *
 * Symbols: n = rows, word in [0, 4).
 */
#include <assert.h>

#include "kernel/sort.h"

#define SMALL_RUN 32			/* insertion sort up to here */
#define ASK_ROWS (1 << 20)		/* passes over more rows than this may be stopped before */
#define SHORT_RUN 4096			/* digits of 8 bits up to here, then of 11 */

typedef struct Item
{
	uint32_t	word;
	uint32_t	row;
} Item;

typedef struct PairSort
{
	const uint64_t *hi;
	const uint64_t *lo;
	Item	   *spare;
	MlStop		stop;			/* NULL = never */
	void	   *arg;
	bool		stopped;
} PairSort;

static inline uint32_t
word_of(const PairSort *s, uint32_t row, int word)
{
	uint64_t	key;

	if (word < 2)
		key = s->hi[row];
	else
		key = s->lo ? s->lo[row] : 0;
	return (word & 1) ? (uint32_t) key : (uint32_t) (key >> 32);
}

/* Is row a after row b?  Rows equal in the key stand in their own order. */
static inline int
is_after(const PairSort *s, uint32_t a, uint32_t b)
{
	if (s->hi[a] != s->hi[b])
		return s->hi[a] > s->hi[b];
	if (s->lo && s->lo[a] != s->lo[b])
		return s->lo[a] > s->lo[b];
	return a > b;
}

static void
sort_small(const PairSort *s, Item *item, size_t n)
{
	size_t		i;
	size_t		j;

	for (i = 1; i < n; i++)
	{
		Item		it = item[i];

		for (j = i; j > 0 && is_after(s, item[j - 1].row, it.row); j--)
			item[j] = item[j - 1];
		item[j] = it;
	}
}

/* Stable passes over the digits of item[].word; the result is in item. */
static void
sort_word(PairSort *s, Item *item, size_t n, int bits)
{
	Item	   *spare = s->spare;
	uint32_t	count[4][2048];
	int			passes = (32 + bits - 1) / bits;
	uint32_t	mask = (UINT32_C(1) << bits) - 1;
	Item	   *from = item;
	Item	   *to = spare;
	int			pass;
	size_t		i;

	for (pass = 0; pass < passes; pass++)
		memset(count[pass], 0, sizeof(uint32_t) << bits);
	for (i = 0; i < n; i++)
	{
		uint32_t	w = item[i].word;

		for (pass = 0; pass < passes; pass++, w >>= bits)
			count[pass][w & mask]++;
	}
	for (pass = 0; pass < passes; pass++)
	{
		int			shift = pass * bits;
		uint32_t	sum = 0;
		uint32_t	d;
		Item	   *swap;

		if (count[pass][(from[0].word >> shift) & mask] == n)
			continue;
		if (n > ASK_ROWS && s->stop != NULL && s->stop(s->arg))
			s->stopped = true;
		if (s->stopped)
			return;
		for (d = 0; d <= mask; d++)
		{
			uint32_t	c = count[pass][d];

			count[pass][d] = sum;
			sum += c;
		}
		for (i = 0; i < n; i++)
			to[count[pass][(from[i].word >> shift) & mask]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != item)
		memcpy(item, from, n * sizeof(Item));
}

/* Sorts item[0..n), equal in all words before `word` and in row order. */
static void
sort_range(PairSort *s, Item *item, size_t n, int word)
{
	size_t		start;
	size_t		i;

	if (n <= SMALL_RUN)
	{
		sort_small(s, item, n);
		return;
	}
	for (i = 0; i < n; i++)
		item[i].word = word_of(s, item[i].row, word);
	sort_word(s, item, n, n <= SHORT_RUN ? 8 : 11);
	if (s->stopped || word == (s->lo ? 3 : 1))
		return;
	for (start = 0; start < n; start = i)
	{
		for (i = start + 1; i < n && item[i].word == item[start].word; i++)
			;
		if (i - start > 1)
			sort_range(s, item + start, i - start, word + 1);
	}
}

size_t
ml_sort_scratch(int64_t n)
{
	assert(n >= 0 && n <= (int64_t) UINT32_MAX);
	return (size_t) n * 2 * sizeof(Item) + 1;
}

bool
ml_sort_pairs_until(const uint64_t *hi, const uint64_t *lo, int64_t n,
					uint32_t *perm, void *scratch, MlStop stop, void *arg)
{
	PairSort	s = {.hi = hi,.lo = lo,.stop = stop,.arg = arg};
	Item	   *item = scratch;
	int64_t		i;

	assert(n >= 0 && n <= (int64_t) UINT32_MAX);
	s.spare = item + n;
	for (i = 0; i < n; i++)
		item[i].row = (uint32_t) i;
	sort_range(&s, item, (size_t) n, 0);
	for (i = 0; i < n; i++)
		perm[i] = item[i].row;
	return !s.stopped;
}

void
ml_sort_pairs(const uint64_t *hi, const uint64_t *lo, int64_t n,
			  uint32_t *perm, void *scratch)
{
	(void) ml_sort_pairs_until(hi, lo, n, perm, scratch, NULL, NULL);
}

#define DOUBLE_DIGIT 11
#define DOUBLE_PASSES 6			/* 6 × 11 >= 64 bits */
#define DOUBLE_MASK ((1 << DOUBLE_DIGIT) - 1)
#define FIRST_PASSES 3			/* over the highest bits; what they leave is nearly in order, if not made to be */
#define MOST_MOVES 2			/* a key, on the average, to put the rest in order */

/* Orders key[0..n) by `passes` digits from bit `low` on; the result is in what is returned, key or spare. */
static uint64_t *
sort_digits(uint64_t *key, uint64_t *spare, int64_t n, int low, int passes)
{
	uint32_t	count[DOUBLE_PASSES][1 << DOUBLE_DIGIT];
	int			pass;
	int64_t		i;

	assert(passes <= DOUBLE_PASSES);
	memset(count, 0, (size_t) passes * sizeof(count[0]));
	for (i = 0; i < n; i++)
	{
		uint64_t	rest = key[i] >> low;

		for (pass = 0; pass < passes; pass++, rest >>= DOUBLE_DIGIT)
			count[pass][rest & DOUBLE_MASK]++;
	}
	for (pass = 0; pass < passes; pass++)
	{
		/* bits beyond the last are none */
		int			shift = low + pass * DOUBLE_DIGIT;
		uint32_t	sum = 0;
		uint64_t   *swap = key;

		if (shift > 63 || count[pass][(key[0] >> shift) & DOUBLE_MASK] == n)
			continue;
		for (int d = 0; d <= DOUBLE_MASK; d++)
		{
			uint32_t	c = count[pass][d];

			count[pass][d] = sum;
			sum += c;
		}
		for (i = 0; i < n; i++)
			spare[count[pass][(key[i] >> shift) & DOUBLE_MASK]++] = key[i];
		key = spare;
		spare = swap;
	}
	return key;
}

/* Puts nearly ordered keys in order; false: they are not, and after so many moves it was given up. */
static bool
insert_keys(uint64_t *key, int64_t n, int64_t moves)
{
	int64_t		i;

	for (i = 1; i < n; i++)
	{
		uint64_t	k = key[i];
		int64_t		j;

		if (key[i - 1] <= k)
			continue;
		for (j = i; j > 0 && key[j - 1] > k; j--)
			key[j] = key[j - 1];
		key[j] = k;
		moves -= i - j;
		if (moves < 0)
			return false;
	}
	return true;
}

static void
insert_doubles(double *x, int64_t n)
{
	int64_t		i;

	for (i = 1; i < n; i++)
	{
		double		v = x[i];
		int64_t		j;

		for (j = i; j > 0 && x[j - 1] > v; j--)
			x[j] = x[j - 1];
		x[j] = v;
	}
}

void
ml_sort_doubles(double *x, int64_t n, double *scratch)
{
	uint64_t   *key = (uint64_t *) x;
	uint64_t   *spare = (uint64_t *) scratch;
	uint64_t   *sorted;
	uint64_t	differ = 0;		/* bits in which not all keys agree */
	int			bits = 0;
	int64_t		i;

	assert(n >= 0 && n <= (int64_t) UINT32_MAX);
	if (n <= SMALL_RUN)
	{
		insert_doubles(x, n);
		return;
	}
	/* the numbers become their keys, and back at the end */
	for (i = 0; i < n; i++)
	{
		uint64_t	k;

		assert(x[i] == x[i]);
		k = ml_sort_key(x[i]);
		memcpy(&key[i], &k, sizeof(k));
		differ |= k ^ key[0];
	}
	while (bits < 64 && differ >> bits > 0)
		bits++;
	if (bits <= FIRST_PASSES * DOUBLE_DIGIT)
		sorted = sort_digits(key, spare, n, 0, FIRST_PASSES);
	else
	{
		sorted = sort_digits(key, spare, n, bits - FIRST_PASSES * DOUBLE_DIGIT, FIRST_PASSES);
		/* many numbers that agree in the highest bits and not in the others */
		if (!insert_keys(sorted, n, MOST_MOVES * n))
			sorted = sort_digits(sorted, sorted == key ? spare : key, n, 0, DOUBLE_PASSES);
	}
	for (i = 0; i < n; i++)
		x[i] = ml_sort_unkey(sorted[i]);
}

#define KEY_DIGIT 10
#define KEY_MASK ((1 << KEY_DIGIT) - 1)

/* Numbers of keys with a digit become the place of the first of them. */
static void
places(uint16_t *count)
{
	uint16_t	sum = 0;

	for (int d = 0; d <= KEY_MASK; d++)
	{
		uint16_t	c = count[d];

		count[d] = sum;
		sum += c;
	}
}

/* Two stable passes: by the digit at bit `shift`, then by the next one. */
static void
sort_two_digits(uint64_t *key, int n, int shift, uint64_t *scratch)
{
	uint16_t	low[1 << KEY_DIGIT] = {0};
	uint16_t	high[1 << KEY_DIGIT] = {0};

	for (int i = 0; i < n; i++)
	{
		uint64_t	digits = key[i] >> shift;

		low[digits & KEY_MASK]++;
		high[digits >> KEY_DIGIT & KEY_MASK]++;
	}
	places(low);
	places(high);
	for (int i = 0; i < n; i++)
		scratch[low[key[i] >> shift & KEY_MASK]++] = key[i];
	for (int i = 0; i < n; i++)
		key[high[scratch[i] >> shift >> KEY_DIGIT & KEY_MASK]++] = scratch[i];
}

/*
 * Two digits from the highest bit in which keys differ leave most keys in
 * their place; insertion does the rest, and where it would take long all
 * digits are sorted by.
 */
void
ml_sort_keys(uint64_t *key, int n, uint64_t *scratch)
{
	uint64_t	differ = 0;
	int			bits;

	assert(n >= 0 && n <= ML_SORT_MAX_KEYS);
	if (n <= SMALL_RUN)
	{
		(void) insert_keys(key, n, INT64_MAX);
		return;
	}
	for (int i = 1; i < n; i++)
		differ |= key[i] ^ key[0];
	bits = differ == 0 ? 0 : 64 - __builtin_clzll(differ);
	sort_two_digits(key, n, bits <= 2 * KEY_DIGIT ? 0 : bits - 2 * KEY_DIGIT, scratch);
	if (insert_keys(key, n, (int64_t) n * MOST_MOVES))
		return;
	for (int shift = 0; shift < bits; shift += 2 * KEY_DIGIT)
		sort_two_digits(key, n, shift, scratch);
}
