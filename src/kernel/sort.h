/*
 * sort.h: orders of rows and of numbers.
 *
 * Radix sorts: time linear in n, no comparison function, the same order on
 * every machine.  n is at most 2^32 - 1.
 */
#ifndef ML_SORT_H
#define ML_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes of scratch, aligned for uint64_t, for ml_sort_pairs of n rows. */
extern size_t ml_sort_scratch(int64_t n);

/*
 * perm[0..n) := rows in ascending order of (hi, lo); rows with both equal
 * keep their order.  lo may be NULL (all equal).
 */
extern void ml_sort_pairs(const uint64_t *hi, const uint64_t *lo, int64_t n,
						  uint32_t *perm, void *scratch);
/*
 * The same, asking `stop` between passes over many rows: true ends the sort,
 * with perm undefined, and the answer is false.
 */
typedef bool (*MlStop) (void *arg);
extern bool ml_sort_pairs_until(const uint64_t *hi, const uint64_t *lo, int64_t n,
								uint32_t *perm, void *scratch, MlStop stop, void *arg);

/* Sorts at most ML_SORT_MAX_KEYS keys ascending, in place; scratch has room for n. */
#define ML_SORT_MAX_KEYS 65535
extern void ml_sort_keys(uint64_t *key, int n, uint64_t *scratch);

/* Sorts x ascending, in place; no NaN; scratch has room for n. */
extern void ml_sort_doubles(double *x, int64_t n, double *scratch);

/* A number whose unsigned order is that of the doubles; -0 and 0 are one; no NaN. */
static inline uint64_t
ml_sort_key(double x)
{
	uint64_t	bits;

	x += 0.0;					/* -0 becomes 0 */
	memcpy(&bits, &x, sizeof(bits));
	/* all bits of a negative number are turned, of others the sign: without a branch on it */
	return bits ^ ((0 - (bits >> 63)) | UINT64_C(1) << 63);
}

static inline double
ml_sort_unkey(uint64_t key)
{
	double		x;

	key ^= ((key >> 63) - 1) | UINT64_C(1) << 63;
	memcpy(&x, &key, sizeof(x));
	return x;
}

#endif
