/*
 * split.c: roles and the canonical order of rows.
 *
 * A cut takes a share of the candidate rows.  By time it is the latest ones.
 * Otherwise rows form groups (rows of one key hash when keep_groups, else
 * every row its own), a group belongs to the rarest class among its rows, and
 * within a class the groups with the smallest hash u are taken: those with
 * u / 2^64 < share, or in a class of fewer than RANK_ROWS rows as many, by
 * rank of u, as come nearest to the share.  The test cut uses the key hash
 * itself, the validation cut a rehash of it, so the two are independent.
 *
 * Because u belongs to the key, a row keeps its role when other rows come and
 * go, whatever the plan that read them.  Either way of cutting takes what is
 * below a bound of its class: the rule by which later rows are judged.
 *
 * Symbols: n rows, u: n hashes, part: n roles, perm: n rows in order.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/hash.h"
#include "kernel/sort.h"
#include "learn/split.h"

#define RANK_ROWS 500
#define VALID_SALT UINT64_C(0x76616c69646174)

enum
{
	PART_TRAIN = 0,
	PART_VALID = 1,
	PART_TEST = 2,
	N_PARTS = 3
};

/* Groups are looked at so many (a power of two, less one) between two polls, about. */
#define POLL_MASK ((1 << 16) - 1)

/* What one call works with. */
typedef struct Split
{
	int64_t		n;
	const MlSplitSpec *spec;
	const uint64_t *key_hash;
	const uint64_t *content;
	const int64_t *time;
	const int32_t *label;
	int			n_classes;		/* 1 for regression: everything in one class */
	uint64_t   *u;				/* n */
	uint32_t   *order;			/* n */
	void	   *scratch;
	uint8_t    *part;			/* n */
	MlHost	   *host;
	int64_t		from;			/* where the last cut by time fell */
	bool		stopped;		/* by poll: what is there is half done */
} Split;

/* A class during a cut. */
typedef struct ClassCut
{
	int64_t		rows;			/* candidates of this label */
	int64_t		grouped;		/* rows of the groups that belong here */
	int64_t		seen;			/* rows of the groups passed so far */
	bool		full;			/* the rank cut is behind us */
	uint64_t	below;			/* groups under it are taken; by rank: once it is full */
} ClassCut;

static bool
asked_to_stop(void *arg)
{
	Split	   *s = arg;

	s->stopped = s->stopped || s->host->poll(s->host, "splitting", 0.5);
	return s->stopped;
}

/* s->order := rows by (hi, lo); false when asked to stop. */
static bool
sorted(Split *s, const uint64_t *hi, const uint64_t *lo)
{
	return ml_sort_pairs_until(hi, lo, s->n, s->order, s->scratch, asked_to_stop, s);
}

static inline int
class_of(const Split *s, int64_t row)
{
	return s->label[row] < 0 ? 0 : s->label[row];
}

/* The rarest class among order[from..to); ties: the lower index. */
static int
group_class(const Split *s, const ClassCut *cut, int64_t from, int64_t to)
{
	int			best = class_of(s, s->order[from]);
	int64_t		i;

	for (i = from + 1; i < to; i++)
	{
		int			c = class_of(s, s->order[i]);

		if (cut[c].rows < cut[best].rows || (cut[c].rows == cut[best].rows && c < best))
			best = c;
	}
	return best;
}

/* The end of the group that starts at order[from]. */
static int64_t
group_end(const Split *s, int64_t from)
{
	int64_t		to = from + 1;

	while (to < s->n && s->u[s->order[to]] == s->u[s->order[from]])
		to++;
	return to;
}

uint64_t
ml_split_bound(double share)
{
	return (uint64_t) ceil(share * 0x1.0p53) << 11;
}

/* Does the group of `size` rows with hash u belong to the share? */
static bool
is_taken(ClassCut *cut, uint64_t u, int64_t size, double share)
{
	bool		taken;

	if (cut->grouped >= RANK_ROWS)
		return u < cut->below;
	/* nearest whole number of rows, and never all of them */
	taken = !cut->full &&
		(double) cut->seen + 0.5 * (double) size <= share * (double) cut->grouped &&
		cut->seen + size < cut->grouped;
	if (!taken && !cut->full)
	{
		cut->full = true;
		cut->below = u;
	}
	cut->seen += size;
	return taken;
}

/* Moves `share` of the training rows to `to` by hash; cut: n_classes of scratch. */
static void
cut_by_hash(Split *s, double share, uint8_t to, ClassCut *cut)
{
	int64_t		from;
	int64_t		end;
	int64_t		i;

	memset(cut, 0, (size_t) s->n_classes * sizeof(ClassCut));
	for (i = 0; i < s->n_classes; i++)
		cut[i].below = ml_split_bound(share);
	for (i = 0; i < s->n; i++)
	{
		s->u[i] = to == PART_TEST ? s->key_hash[i] : ml_hash_combine(s->key_hash[i], VALID_SALT);
		if (s->part[i] == PART_TRAIN)
			cut[class_of(s, i)].rows++;
	}
	if (!sorted(s, s->u, s->content))
		return;

	/*
	 * Candidates first, in order: a group is either wholly a candidate or
	 * cut by test_where, in which case what it left is the group.
	 */
	end = 0;
	for (i = 0; i < s->n; i++)
		if (s->part[s->order[i]] == PART_TRAIN)
			s->order[end++] = s->order[i];

	for (i = 0; i < 2; i++)
	{
		int64_t		next;

		for (from = 0; from < end; from = next)
		{
			int			c;
			int64_t		j;

			if ((from & POLL_MASK) == 0 && asked_to_stop(s))
				return;
			next = group_end(s, from);
			if (next > end)
				next = end;
			c = group_class(s, cut, from, next);
			if (i == 0)
				cut[c].grouped += next - from;
			else if (is_taken(&cut[c], s->u[s->order[from]], next - from, share))
				for (j = from; j < next; j++)
					s->part[s->order[j]] = to;
		}
	}
}

/*
 * Moves the latest `share` of the training rows to `to`.  The cut falls
 * between two instants, the nearest to the share that leaves both sides rows;
 * false when there is only one instant.
 */
static bool
cut_by_time(Split *s, double share, uint8_t to)
{
	int64_t		end = 0;
	int64_t		cut;
	int64_t		lo;
	int64_t		hi;
	int64_t		i;

	for (i = 0; i < s->n; i++)
		s->u[i] = (uint64_t) s->time[i] ^ UINT64_C(1) << 63;
	if (!sorted(s, s->u, s->key_hash))
		return true;
	for (i = 0; i < s->n; i++)
		if (s->part[s->order[i]] == PART_TRAIN)
			s->order[end++] = s->order[i];
	if (end == 0)
		return true;

	cut = end - (int64_t) floor(share * (double) end + 0.5);
	if (cut > end - 1)
		cut = end - 1;
	lo = cut;
	while (lo > 0 && s->time[s->order[lo - 1]] == s->time[s->order[cut]])
		lo--;
	hi = cut;
	while (hi < end && s->time[s->order[hi]] == s->time[s->order[cut]])
		hi++;
	if (lo == 0 && hi == end)
		return false;
	if (lo == 0 || (hi < end && hi - cut < cut - lo))
		lo = hi;
	for (i = lo; i < end; i++)
		s->part[s->order[i]] = to;
	s->from = s->time[s->order[lo]];
	return true;
}

/*
 * After a cut by time: a group with a row on the late side goes there
 * altogether, so that no row of it teaches what another is asked.
 */
static void
pull_groups(Split *s, uint8_t to)
{
	int64_t		from;
	int64_t		next;

	if (!sorted(s, s->key_hash, s->content))
		return;
	for (from = 0; from < s->n; from = next)
	{
		bool		any = false;
		int64_t		i;

		for (next = from; next < s->n && s->key_hash[s->order[next]] == s->key_hash[s->order[from]]; next++)
			any = any || s->part[s->order[next]] == to;
		for (i = from; any && i < next; i++)
			if (s->part[s->order[i]] == PART_TRAIN)
				s->part[s->order[i]] = to;
	}
}

static MlCode
cut_share(Split *s, double share, uint8_t to, ClassCut *cut, MlStatus *status)
{
	if (!s->spec->by_time)
	{
		cut_by_hash(s, share, to, cut);
		return ML_OK;
	}
	if (!cut_by_time(s, share, to))
	{
		ml_status_set(status, ML_BAD_DATA, "rows cannot be split by time");
		ml_status_detail(status, "All of them have the same time.");
		ml_status_hint(status, "Use \"method\": \"hash\" in the \"split\" of the model's config,"
					   " or another time column.");
		return ML_BAD_DATA;
	}
	if (s->spec->keep_groups)
		pull_groups(s, to);
	return ML_OK;
}

/* perm := canonical order within each part; counts the parts. */
static void
order_rows(Split *s, uint32_t *perm, int64_t *count)
{
	int64_t		at[N_PARTS];
	int64_t		i;

	memset(count, 0, N_PARTS * sizeof(int64_t));
	for (i = 0; i < s->n; i++)
		count[s->part[i]]++;
	at[PART_TRAIN] = 0;
	at[PART_VALID] = count[PART_TRAIN];
	at[PART_TEST] = count[PART_TRAIN] + count[PART_VALID];
	if (!sorted(s, s->key_hash, s->content))
		return;
	for (i = 0; i < s->n; i++)
		perm[at[s->part[s->order[i]]]++] = s->order[i];
}

/* What the test cut, which was the last one, goes by; cut: what it did, by hash. */
static MlCode
write_rule(const Split *s, bool by_where, const ClassCut *cut, MlSplitRule *rule, MlStatus *status)
{
	int			c;

	rule->by = by_where ? ML_SPLIT_WHERE : s->spec->test == 0 ? ML_SPLIT_NONE :
		s->spec->by_time ? ML_SPLIT_TIME : ML_SPLIT_HASH;
	rule->from = s->from;
	if (rule->by != ML_SPLIT_HASH)
		return ML_OK;
	rule->n_classes = s->n_classes;
	rule->other = ml_split_bound(s->spec->test);
	rule->class = ml_alloc_array(s->host, (size_t) s->n_classes, sizeof(MlSplitClass));
	if (rule->class == NULL)
		return ml_no_memory(status, (size_t) s->n_classes * sizeof(MlSplitClass), "the rule of the split");
	for (c = 0; c < s->n_classes; c++)
		rule->class[c] = (MlSplitClass) {cut[c].rows, cut[c].below};
	return ML_OK;
}

static MlCode
check_parts(const int64_t *count, bool wants_test, MlStatus *status)
{
	if (count[PART_TRAIN] == 0)
	{
		ml_status_set(status, ML_BAD_DATA, "no rows are left to learn from");
		ml_status_detail(status, "The split leaves 0 training, %lld validation and %lld test rows.",
						 (long long) count[PART_VALID], (long long) count[PART_TEST]);
		ml_status_hint(status, "Lower \"test\" and \"validation\" in the \"split\" of the model's config,"
					   " or check \"test_where\".");
		return ML_BAD_DATA;
	}
	if (wants_test && count[PART_TEST] == 0)
	{
		ml_status_set(status, ML_BAD_DATA, "there are no test rows");
		ml_status_detail(status, "The split leaves %lld training, %lld validation and 0 test rows.",
						 (long long) count[PART_TRAIN], (long long) count[PART_VALID]);
		ml_status_hint(status, "Give more rows, raise \"test\" in the \"split\" of the model's config,"
					   " or set it to 0 to train without a test.");
		return ML_BAD_DATA;
	}
	return ML_OK;
}

MlCode
ml_split(MlHost *host, int64_t n, const MlSplitSpec *spec,
		 const uint64_t *key_hash, const uint64_t *content,
		 const int64_t *time, const int32_t *label, const int8_t *test_where,
		 uint32_t *perm, int64_t *n_train, int64_t *n_valid, MlSplitRule *rule, MlStatus *status)
{
	Split		s;
	ClassCut   *cut;
	int64_t		count[N_PARTS];
	MlCode		code = ML_OK;
	int64_t		i;

	assert(spec->test >= 0 && spec->test < 1);
	assert(spec->validation >= 0 && spec->validation < 1);
	assert(!spec->by_time || time != NULL);
	if (rule)
		memset(rule, 0, sizeof(*rule));
	if (n <= 0)
		return ml_status_set(status, ML_BAD_DATA, "there are no rows to learn from");
	if (n > (int64_t) UINT32_MAX)
	{
		ml_status_set(status, ML_TOO_LARGE, "too many rows");
		ml_status_detail(status, "A training reads at most %llu rows.", (unsigned long long) UINT32_MAX);
		return ML_TOO_LARGE;
	}

	memset(&s, 0, sizeof(s));
	s.n = n;
	s.host = host;
	s.spec = spec;
	s.key_hash = key_hash;
	s.content = content;
	s.time = time;
	s.label = label;
	s.n_classes = 1;
	for (i = 0; i < n; i++)
		if (label[i] >= s.n_classes)
			s.n_classes = label[i] + 1;
	if (host->poll(host, "splitting", 0))
		return ml_status_set(status, ML_CANCELLED, "training was cancelled");
	s.u = ml_alloc_array(host, (size_t) n, sizeof(uint64_t));
	s.order = ml_alloc_array(host, (size_t) n, sizeof(uint32_t));
	s.scratch = ml_alloc_array(host, 1, ml_sort_scratch(n));
	s.part = ml_alloc_zero(host, (size_t) n, sizeof(uint8_t));
	cut = ml_alloc_array(host, (size_t) s.n_classes, sizeof(ClassCut));
	if (!s.u || !s.order || !s.scratch || !s.part || !cut)
		code = ml_no_memory(status, (size_t) n * (8 + 4 + 16 + 1), "splitting the rows");

	if (code == ML_OK)
	{
		if (test_where)
		{
			for (i = 0; i < n; i++)
				s.part[i] = test_where[i] == 1 ? PART_TEST : PART_TRAIN;
		}
		else if (spec->test > 0)
			code = cut_share(&s, spec->test, PART_TEST, cut, status);
		if (code == ML_OK && rule)
			code = write_rule(&s, test_where != NULL, cut, rule, status);
	}
	if (code == ML_OK && asked_to_stop(&s))
		code = ml_status_set(status, ML_CANCELLED, "training was cancelled");
	if (code == ML_OK && spec->validation > 0)
		code = cut_share(&s, spec->validation, PART_VALID, cut, status);
	if (code == ML_OK && asked_to_stop(&s))
		code = ml_status_set(status, ML_CANCELLED, "training was cancelled");
	if (code == ML_OK)
	{
		order_rows(&s, perm, count);
		if (s.stopped)
			code = ml_status_set(status, ML_CANCELLED, "training was cancelled");
	}
	if (code == ML_OK)
	{
		*n_train = count[PART_TRAIN];
		*n_valid = count[PART_VALID];
		code = check_parts(count, test_where != NULL || spec->test > 0, status);
	}

	if (code != ML_OK && rule && rule->class)
	{
		host->release(host, rule->class);
		rule->class = NULL;
	}
	if (cut)
		host->release(host, cut);
	if (s.part)
		host->release(host, s.part);
	if (s.scratch)
		host->release(host, s.scratch);
	if (s.order)
		host->release(host, s.order);
	if (s.u)
		host->release(host, s.u);
	return code;
}

bool
ml_split_may_hold(const MlSplitRule *rule, uint64_t key_hash, int64_t time, bool test_where)
{
	int			c;

	switch (rule->by)
	{
		case ML_SPLIT_NONE:
			return false;
		case ML_SPLIT_TIME:
			return time >= rule->from;
		case ML_SPLIT_WHERE:
			return test_where;
		case ML_SPLIT_HASH:
			break;
	}
	if (key_hash < rule->other)
		return true;
	for (c = 0; c < rule->n_classes; c++)
		if (key_hash < rule->class[c].below)
			return true;
	return false;
}

/* The group order[from..to) by the bound of its rarest class, as the rule counted them. */
static bool
is_group_held(const MlSplitRule *rule, const int32_t *label, uint64_t u,
			  const uint32_t *order, int64_t from, int64_t to)
{
	int64_t		rows = INT64_MAX;
	uint64_t	below = rule->other;
	int			best = rule->n_classes;
	int64_t		i;

	for (i = from; i < to; i++)
	{
		int			c = label[order[i]];

		if (c < rule->n_classes && (rule->class[c].rows < rows || (rule->class[c].rows == rows && c < best)))
		{
			best = c;
			rows = rule->class[c].rows;
			below = rule->class[c].below;
		}
	}
	return u < below;
}

MlCode
ml_split_held_out(MlHost *host, int64_t n, const MlSplitRule *rule,
				  const uint64_t *key_hash, const uint64_t *content, const int32_t *label,
				  uint32_t *perm, int64_t *n_held, MlStatus *status)
{
	Split		s;
	void	   *scratch;
	int64_t		from;
	int64_t		to;

	*n_held = 0;
	if (n <= 0)
		return ML_OK;
	scratch = ml_alloc_array(host, 1, ml_sort_scratch(n));
	if (scratch == NULL)
		return ml_no_memory(status, ml_sort_scratch(n), "ordering the rows");
	memset(&s, 0, sizeof(s));
	s.n = n;
	s.host = host;
	s.order = perm;
	s.scratch = scratch;
	(void) sorted(&s, key_hash, content);
	host->release(host, scratch);
	if (s.stopped)
		return ml_status_set(status, ML_CANCELLED, "cancelled");
	if (rule == NULL || rule->by != ML_SPLIT_HASH)
	{
		*n_held = n;
		return ML_OK;
	}
	for (from = 0; from < n; from = to)
	{
		for (to = from + 1; to < n && key_hash[perm[to]] == key_hash[perm[from]];)
			to++;
		if (!is_group_held(rule, label, key_hash[perm[from]], perm, from, to))
			continue;
		memmove(perm + *n_held, perm + from, (size_t) (to - from) * sizeof(uint32_t));
		*n_held += to - from;
	}
	return ML_OK;
}

int
ml_split_part(const void *key, size_t len, uint64_t seed, const double *share, int n)
{
	double		u = ml_hash_unit(ml_hash_bytes(key, len, seed));
	double		total = 0;
	double		sum = 0;
	int			last = 0;
	int			i;

	assert(n >= 1);
	for (i = 0; i < n; i++)
	{
		total += share[i];
		if (share[i] > 0)
			last = i;
	}
	assert(total > 0);
	for (i = 0; i < last; i++)
	{
		sum += share[i];
		if (u * total < sum)
			return i;
	}
	/* whatever rounding leaves belongs to the last part that has a share */
	return last;
}

void
ml_permute(void *value, size_t size, int64_t n, const uint32_t *perm, void *scratch)
{
	int64_t		i;

	assert(size == 4 || size == 8);
	if (size == 8)
	{
		const uint64_t *from = value;
		uint64_t   *to = scratch;

		for (i = 0; i < n; i++)
			to[i] = from[perm[i]];
	}
	else
	{
		const uint32_t *from = value;
		uint32_t   *to = scratch;

		for (i = 0; i < n; i++)
			to[i] = from[perm[i]];
	}
	memcpy(value, scratch, (size_t) n * size);
}
