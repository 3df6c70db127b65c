/*
 * split.h: which rows learn, which choose, which judge; and in which order.
 *
 * The canonical order makes training independent of the physical order of
 * rows: inside each part rows are ordered by (key hash, content hash), so
 * that sums and draws follow the data and not the plan that delivered it.
 */
#ifndef ML_SPLIT_H
#define ML_SPLIT_H

#include "learn/host.h"

typedef struct MlSplitSpec
{
	double		test;			/* share of all rows, [0, 1) */
	double		validation;		/* share of the rows that are not test rows; 0 = none wanted */
	bool		by_time;		/* the latest rows are the test rows */
	bool		keep_groups;	/* rows of one key hash never part (content hash or group) */
} MlSplitSpec;

/*
 * key_hash[i]: hash of (salt, key | content | group) of row i, uniform.
 * content[i]: hash of the row's content.  time[i]: only by_time.
 * label[i]: class index or -1 (regression).  test_where[i]: 1 = test row,
 * 0 = not; NULL = spec decides.  A class with fewer than 500 rows is cut by
 * rank of its key hash, the others by key_hash / 2^64 < share.
 * Out: perm[new position] = old row; n_train, n_valid (the rest is test).
 */
extern MlCode ml_split(MlHost *host, int64_t n, const MlSplitSpec *spec,
					   const uint64_t *key_hash, const uint64_t *content,
					   const int64_t *time, const int32_t *label, const int8_t *test_where,
					   uint32_t *perm, int64_t *n_train, int64_t *n_valid, MlStatus *status);

/* The part of `key` under `seed` when [0,1) is cut by shares (each >= 0, sum > 0, normalised). */
extern int	ml_split_part(const void *key, size_t len, uint64_t seed, const double *share, int n);

/* Reorders value[0..n) of `size` 4 or 8 bytes by perm; scratch has room for n of them. */
extern void ml_permute(void *value, size_t size, int64_t n, const uint32_t *perm, void *scratch);

#endif
