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

/* What a cut by hash made of one class. */
typedef struct MlSplitClass
{
	int64_t		rows;			/* it had */
	uint64_t	below;			/* key hashes less than this are test rows */
} MlSplitClass;

typedef enum MlSplitBy
{
	ML_SPLIT_NONE = 0,			/* no test rows */
	ML_SPLIT_HASH,
	ML_SPLIT_TIME,
	ML_SPLIT_WHERE
} MlSplitBy;

/*
 * How test rows are told from others later, when rows have come and gone.
 * Rows that by_time pulled over for keep_groups are not told.
 */
typedef struct MlSplitRule
{
	MlSplitBy	by;
	int64_t		from;			/* time: of the first test rows */
	int			n_classes;		/* hash: 1 for a regression */
	MlSplitClass *class;		/* hash: n_classes of them, from the host */
	uint64_t	other;			/* hash: `below` of rows of no class in this list */
} MlSplitRule;

/*
 * key_hash[i]: hash of (salt, key | content | group) of row i, uniform.
 * content[i]: hash of the row's content.  time[i]: only by_time.
 * label[i]: class index or -1 (regression).  test_where[i]: 1 = test row,
 * 0 = not; NULL = spec decides.  A class with fewer than 500 rows is cut by
 * rank of its key hash, the others by key_hash / 2^64 < share.
 * Out: perm[new position] = old row; n_train, n_valid (the rest is test);
 * rule (may be NULL), whose classes the caller releases.
 */
extern MlCode ml_split(MlHost *host, int64_t n, const MlSplitSpec *spec,
					   const uint64_t *key_hash, const uint64_t *content,
					   const int64_t *time, const int32_t *label, const int8_t *test_where,
					   uint32_t *perm, int64_t *n_train, int64_t *n_valid, MlSplitRule *rule, MlStatus *status);

/* u < bound says the same as u / 2^64 < share, [0, 1). */
extern uint64_t ml_split_bound(double share);
/* False for a row that is no test row by this rule, whatever its class and its group. */
extern bool ml_split_may_hold(const MlSplitRule *rule, uint64_t key_hash, int64_t time, bool test_where);
/*
 * The test rows among n rows that ml_split_may_hold let through; rule NULL:
 * all of them.  label[i]: class index, n_classes for a class the rule does
 * not know; 0 for a regression.  Out: perm[0..n_held), in canonical order.
 */
extern MlCode ml_split_held_out(MlHost *host, int64_t n, const MlSplitRule *rule,
								const uint64_t *key_hash, const uint64_t *content, const int32_t *label,
								uint32_t *perm, int64_t *n_held, MlStatus *status);

/* The part of `key` under `seed` when [0,1) is cut by shares (each >= 0, sum > 0, normalised). */
extern int	ml_split_part(const void *key, size_t len, uint64_t seed, const double *share, int n);

/* Reorders value[0..n) of `size` 4 or 8 bytes by perm; scratch has room for n of them. */
extern void ml_permute(void *value, size_t size, int64_t n, const uint32_t *perm, void *scratch);

#endif
