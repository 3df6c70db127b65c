/*
 * folds.c: which rows judge which.
 *
 * By hash: rows in the order of a rehash of their key hash; of each class the
 * first share goes to part 0, and so on.  Rows with one key hash count for
 * the class of the first of them.  By time: as many rows to each part as
 * whole instants allow.
 *
 * Symbols: n rows, u: n hashes or instants, order: rows by u.
 */
#include "learn/folds.h"

#include <assert.h>
#include <string.h>

#include "kernel/hash.h"
#include "kernel/sort.h"
#include "learn/scratch.h"

#define FOLD_SALT UINT64_C(0x666f6c6473)

typedef struct Folds
{
	MlHost	   *host;
	int64_t		n;
	int			parts;
	uint64_t   *u;				/* n */
	uint64_t   *lo;				/* n: among equals of u */
	int32_t    *label;			/* n; 0 for a regression */
	uint32_t   *order;			/* n */
	void	   *sort;
	int64_t    *rows;			/* classes: of the groups that count for it */
	int64_t    *seen;			/* classes: of those passed so far */
	int			n_classes;
} Folds;

static bool
asked_to_stop(void *arg)
{
	Folds	   *f = arg;

	return f->host->poll(f->host, "splitting", 0.5);
}

/* The end of the rows that stay together with order[from]. */
static int64_t
group_end(const Folds *f, int64_t from)
{
	int64_t		to = from + 1;

	while (to < f->n && f->u[f->order[to]] == f->u[f->order[from]])
		to++;
	return to;
}

static void
deal(Folds *f, uint8_t *part)
{
	int			pass;

	for (pass = 0; pass < 2; pass++)
	{
		int64_t		from;
		int64_t		to;
		int64_t		i;

		for (from = 0; from < f->n; from = to)
		{
			int32_t		c = f->label[f->order[from]];

			to = group_end(f, from);
			if (pass == 0)
			{
				f->rows[c] += to - from;
				continue;
			}
			for (i = from; i < to; i++)
				part[f->order[i]] = (uint8_t) ((double) f->seen[c] * f->parts / (double) f->rows[c]);
			f->seen[c] += to - from;
		}
	}
}

static MlCode
check_parts(const Folds *f, const uint8_t *part, bool by_time, MlStatus *status)
{
	int64_t		count[ML_MAX_FOLDS + 1] = {0};
	int64_t		i;
	int			p;

	for (i = 0; i < f->n; i++)
		count[part[i]]++;
	for (p = 0; p < f->parts && count[p] > 0; p++)
		;
	if (p == f->parts)
		return ML_OK;
	ml_status_set(status, ML_BAD_DATA, "the rows cannot be cut into %d folds", f->parts - by_time);
	ml_status_detail(status, by_time ? "There are %lld rows beside the test rows, and rows of one time stay together."
					 : "There are %lld rows beside the test rows, and rows of one key stay together.",
					 (long long) f->n);
	ml_status_hint(status, "Use fewer folds.");
	return ML_BAD_DATA;
}

static MlCode
allocate(MlScratch *scratch, Folds *f, MlStatus *status)
{
	size_t		n = (size_t) f->n;

	f->u = ml_scratch_alloc(scratch, n, sizeof(uint64_t), "folds", status);
	f->lo = ml_scratch_alloc(scratch, n, sizeof(uint64_t), "folds", status);
	f->label = ml_scratch_alloc(scratch, n, sizeof(int32_t), "folds", status);
	f->order = ml_scratch_alloc(scratch, n, sizeof(uint32_t), "folds", status);
	f->sort = ml_scratch_alloc(scratch, ml_sort_scratch(f->n), 1, "folds", status);
	return f->u && f->lo && f->label && f->order && f->sort ? ML_OK : ML_NO_MEMORY;
}

static MlCode
make_parts(MlScratch *scratch, Folds *f, const uint32_t *row, const uint64_t *key_hash, const uint64_t *content,
		   const int64_t *time, const int32_t *label, uint8_t *part, MlStatus *status)
{
	int64_t		i;

	if (allocate(scratch, f, status) != ML_OK)
		return ML_NO_MEMORY;
	f->n_classes = 1;
	for (i = 0; i < f->n; i++)
	{
		/* instants before 1970 or 2000 are negative */
		f->u[i] = time ? (uint64_t) time[row[i]] ^ UINT64_C(1) << 63 : ml_hash_combine(key_hash[row[i]], FOLD_SALT);
		f->lo[i] = content[row[i]];
		f->label[i] = time || label[row[i]] < 0 ? 0 : label[row[i]];
		if (f->label[i] >= f->n_classes)
			f->n_classes = f->label[i] + 1;
	}
	f->rows = ml_scratch_zero(scratch, (size_t) f->n_classes, sizeof(int64_t), "folds", status);
	f->seen = ml_scratch_zero(scratch, (size_t) f->n_classes, sizeof(int64_t), "folds", status);
	if (!f->rows || !f->seen)
		return ML_NO_MEMORY;
	if (!ml_sort_pairs_until(f->u, f->lo, f->n, f->order, f->sort, asked_to_stop, f))
		return ml_status_set(status, ML_CANCELLED, "cancelled");
	deal(f, part);
	return check_parts(f, part, time != NULL, status);
}

MlCode
ml_folds(MlHost *host, int64_t n, const uint32_t *row, int folds, const uint64_t *key_hash,
		 const uint64_t *content, const int64_t *time, const int32_t *label, uint8_t *part, MlStatus *status)
{
	Folds		f = {.host = host,.n = n,.parts = folds + (time != NULL)};
	MlScratch	scratch;
	MlCode		code;

	assert(n > 0 && folds >= 2 && folds <= ML_MAX_FOLDS);
	ml_scratch_init(&scratch, host);
	code = make_parts(&scratch, &f, row, key_hash, content, time, label, part, status);
	ml_scratch_release(&scratch);
	return code;
}
