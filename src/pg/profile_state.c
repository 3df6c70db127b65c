/*
 * profile_state.c: mlops.profile_state, its memory and its bytes.
 *
 * The bytes (after the tag, words of 64 bits little-endian): the number of
 * columns, then for each
 *
 *     head       type, words, nulls, values, counted n, missed, sketched
 *     key[n] count[n] slack[n]      slack only when missed > 0
 *  of hashes:
 *     measured, shortest, longest, length (hi, lo), part[], 1 + length of first and of last (0 = none)
 *     len[n]     1 + bytes of each text, 0 = none
 *  when sketched:
 *     registers  2,048 words
 *   of numbers:
 *     minus_infinity, plus_infinity, nan, lowest, highest
 *     sums       6 x (sum, error)
 *     quantiles  n, over, under, bits of `larger`, levels L, count[L], items of each
 *     extremes   n, low[n], high[n]
 *  of hashes:
 *     first, last and the texts, without gaps
 *
 * Counted values stand in the order of their keys: as long as all are
 * counted, equal rows make equal bytes.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "pg/pg_compat.h"
#include "pg/profile_state.h"

#define HEAD_WORDS 7
#define MAX_ROWS (INT64CONST(1) << 61)	/* sums of two counts do not overflow */

StaticAssertDecl(sizeof(MlMomentSums) == 12 * sizeof(double), "moments are twelve doubles");

/* ---- kinds ---- */

MlopsProfileKind
mlops_profile_kind(Oid type, MlColumnWords *words)
{
	*words = ML_WORDS_HASH;
	switch (type)
	{
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			*words = ML_WORDS_DOUBLE;
			return MLOPS_PROFILE_NUMERIC;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			*words = ML_WORDS_INTEGER;
			return MLOPS_PROFILE_NUMERIC;
		case BOOLOID:
			*words = ML_WORDS_INTEGER;
			return MLOPS_PROFILE_BOOLEAN;
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*words = ML_WORDS_TIME;
			return MLOPS_PROFILE_TIME;
		case INTERVALOID:
			*words = ML_WORDS_DOUBLE;
			return MLOPS_PROFILE_INTERVAL;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case CHAROID:
		case NAMEOID:
		case UUIDOID:
			return MLOPS_PROFILE_CATEGORY;
		case FLOAT4ARRAYOID:
		case FLOAT8ARRAYOID:
			return MLOPS_PROFILE_VECTOR;
		case JSONOID:
		case JSONBOID:
			return MLOPS_PROFILE_JSON;
		case BYTEAOID:
			return MLOPS_PROFILE_BINARY;
	}
	if (get_typtype(type) == TYPTYPE_ENUM)
		return MLOPS_PROFILE_CATEGORY;
	return OidIsValid(get_element_type(type)) ? MLOPS_PROFILE_ARRAY : MLOPS_PROFILE_OTHER;
}

const char *
mlops_profile_kind_name(MlopsProfileKind kind)
{
	static const char *const names[] = {
		[MLOPS_PROFILE_NUMERIC] = "numeric",
		[MLOPS_PROFILE_BOOLEAN] = "boolean",
		[MLOPS_PROFILE_TIME] = "time",
		[MLOPS_PROFILE_INTERVAL] = "interval",
		[MLOPS_PROFILE_CATEGORY] = "category",
		[MLOPS_PROFILE_VECTOR] = "vector",
		[MLOPS_PROFILE_ARRAY] = "array",
		[MLOPS_PROFILE_JSON] = "json",
		[MLOPS_PROFILE_BINARY] = "binary",
		[MLOPS_PROFILE_OTHER] = "other"
	};

	return names[kind];
}

char *
mlops_profile_type_name(Oid type)
{
	return format_type_extended(type, -1, FORMAT_TYPE_ALLOW_INVALID);
}

/* ---- memory ---- */

static void *
host_alloc(MlHost *host, size_t size)
{
	return MemoryContextAllocExtended(host->context, size, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
}

static void
host_release(MlHost *host, void *p)
{
	(void) host;
	if (p != NULL)
		pfree(p);
}

void
mlops_profile_host(MlHost *host, MemoryContext context)
{
	memset(host, 0, sizeof(*host));
	host->alloc = host_alloc;
	host->release = host_release;
	host->threads = 1;
	host->context = context;
}

void
mlops_profile_check_memory(bool enough)
{
	if (!enough)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
}

/* ---- life ---- */

void
mlops_profile_begin(MlopsProfileState *s, int columns)
{
	if (s->n == columns)
		return;
	if (s->n != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("rows of %d columns do not fit a profile of %d", columns, s->n)));
	s->column = MemoryContextAllocZero(s->state.header.eoh_context, sizeof(MlopsProfileColumn) * columns);
	s->n = columns;
}

void
mlops_profile_begin_column(MlopsProfileColumn *column, Oid base_type)
{
	if (OidIsValid(column->type) && column->type != base_type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("values of type %s do not fit a profile of type %s",
						mlops_profile_type_name(base_type), mlops_profile_type_name(column->type))));
	column->type = base_type;
	(void) mlops_profile_kind(base_type, &column->sketch.words);
}

void
mlops_profile_settle(MlopsProfileColumn *column, MemoryContext context)
{
	MlHost		host;

	mlops_profile_host(&host, context);
	mlops_profile_check_memory(ml_column_settle(&column->sketch, &host));
}

static void
settle_all(MlopsProfileState *s)
{
	for (int i = 0; i < s->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (s->column[i].sketch.n_waiting > 0)
			mlops_profile_settle(&s->column[i], s->state.header.eoh_context);
	}
}

MlopsProfileState *
mlops_profile_read(Datum value)
{
	MlopsProfileState *s = (MlopsProfileState *) mlops_state_for_read(value, &mlops_profile_state_type);

	settle_all(s);
	return s;
}

/* States that came in as bytes may say that they saw any number of rows. */
static void
check_rows(const MlColumnSketch *s, const MlColumnSketch *other)
{
	if (other->nulls + other->values > MAX_ROWS - s->nulls - s->values - s->n_waiting)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a profile cannot have more than " INT64_FORMAT " rows", MAX_ROWS)));
}

void
mlops_profile_combine(MlopsProfileState *s, MlopsProfileState *other)
{
	MlHost		host;

	if (other->n == 0)
		return;
	mlops_profile_begin(s, other->n);
	/* the other's memory is its own */
	settle_all(other);
	mlops_profile_host(&host, s->state.header.eoh_context);
	for (int i = 0; i < s->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		mlops_profile_begin_column(&s->column[i], other->column[i].type);
		check_rows(&s->column[i].sketch, &other->column[i].sketch);
		mlops_profile_check_memory(ml_column_merge(&s->column[i].sketch, &other->column[i].sketch, &host));
	}
}

/* ---- bytes ---- */

/* The first walk counts the bytes, the second writes them. */
typedef struct Writer
{
	uint8	   *at;				/* NULL: only count */
	Size		size;
} Writer;

static void
write_words(Writer *w, const void *words, Size n)
{
	if (w->at != NULL)
		w->at = mlops_state_write(w->at, words, n);
	w->size += n * sizeof(uint64);
}

static void
write_word(Writer *w, uint64 word)
{
	write_words(w, &word, 1);
}

static void
write_text(Writer *w, const MlColumnText *text)
{
	if (text == NULL)
		return;
	if (w->at != NULL)
	{
		memcpy(w->at, text->bytes, text->len);
		w->at += text->len;
	}
	w->size += text->len;
}

static uint64
text_word(const MlColumnText *text)
{
	return text == NULL ? 0 : (uint64) text->len + 1;
}

static void
write_texts(Writer *w, const MlColumnSketch *s, const uint16 *order)
{
	const int64 head[] = {s->measured, s->shortest, s->longest};
	const double length[] = {s->length.hi, s->length.lo};

	write_words(w, head, lengthof(head));
	write_words(w, length, lengthof(length));
	write_words(w, s->part, ML_COLUMN_PARTS);
	write_word(w, text_word(s->first));
	write_word(w, text_word(s->last));
	for (int i = 0; i < s->counted.n; i++)
		write_word(w, text_word(s->counted.load[order[i]]));
	write_text(w, s->first);
	write_text(w, s->last);
	for (int i = 0; i < s->counted.n; i++)
		write_text(w, s->counted.load[order[i]]);
}

static void
write_numbers(Writer *w, const MlColumnSketch *s)
{
	const MlQuantileSketch *q = &s->quantiles;
	uint64		larger = 0;
	int			levels = 0;

	for (int h = 0; h < ML_QUANTILE_LEVELS; h++)
	{
		larger |= (uint64) q->larger[h] << h;
		if (q->count[h] > 0 || q->larger[h])
			levels = h + 1;
	}
	write_word(w, s->minus_infinity);
	write_word(w, s->plus_infinity);
	write_word(w, s->nan);
	write_word(w, s->lowest);
	write_word(w, s->highest);
	write_words(w, &s->moments, 12);
	write_word(w, q->n);
	write_word(w, q->over);
	write_word(w, q->under);
	write_word(w, larger);
	write_word(w, levels);
	for (int h = 0; h < levels; h++)
		write_word(w, q->count[h]);
	for (int h = 0; h < levels; h++)
		write_words(w, q->item[h], q->count[h]);
	write_word(w, s->extremes.n);
	write_words(w, s->extremes.low, s->extremes.n);
	write_words(w, s->extremes.high, s->extremes.n);
}

static void
write_registers(Writer *w, const uint8 *reg)
{
	if (w->at != NULL)
	{
		memcpy(w->at, reg, ML_DISTINCT_REGISTERS);
		w->at += ML_DISTINCT_REGISTERS;
	}
	w->size += ML_DISTINCT_REGISTERS;
}

static void
write_column(Writer *w, const MlopsProfileColumn *column)
{
	const MlColumnSketch *s = &column->sketch;
	const MlHeavy *h = &s->counted;
	uint16		order[ML_COLUMN_EXACT];
	const uint64 head[HEAD_WORDS] = {column->type, s->words, s->nulls, s->values, h->n, h->missed, s->sketched};

	ml_column_counted_order(s, order);
	write_words(w, head, HEAD_WORDS);
	for (int i = 0; i < h->n; i++)
		write_word(w, h->key[order[i]]);
	for (int i = 0; i < h->n; i++)
		write_word(w, h->count[order[i]]);
	for (int i = 0; h->missed > 0 && i < h->n; i++)
		write_word(w, h->slack[order[i]]);
	if (s->sketched)
		write_registers(w, s->distinct);
	if (s->words == ML_WORDS_HASH)
		write_texts(w, s, order);
	else if (s->sketched)
		write_numbers(w, s);
}

static void
write_state(Writer *w, const MlopsProfileState *p)
{
	write_word(w, p->n);
	for (int i = 0; i < p->n; i++)
		write_column(w, &p->column[i]);
}

static Size
flat_size(MlopsState *state)
{
	MlopsProfileState *p = (MlopsProfileState *) state;
	Writer		w = {NULL, 0};

	settle_all(p);
	write_state(&w, p);
	if (w.size > MLOPS_STATE_MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("profile of %d columns is too large", p->n),
				 errhint("Profile fewer columns at once.")));
	return w.size;
}

static void
flatten(MlopsState *state, uint8 *bytes)
{
	Writer		w = {bytes, 0};

	write_state(&w, (MlopsProfileState *) state);
}

/* Reading believes nothing. */
typedef struct Reader
{
	const uint8 *at;
	Size		left;
	MlHost		host;
} Reader;

static bool
read_words(Reader *r, void *words, Size n)
{
	if (n > r->left / sizeof(uint64))
		return false;
	r->at = mlops_state_read(r->at, words, n);
	r->left -= n * sizeof(uint64);
	return true;
}

static bool
read_counts(Reader *r, int64 *counts, Size n, int64 least)
{
	if (!read_words(r, counts, n))
		return false;
	for (Size i = 0; i < n; i++)
		if (counts[i] < least)
			return false;
	return true;
}

static bool
read_counted(Reader *r, MlColumnSketch *s, int64 n, int64 missed)
{
	MlHeavy    *h = &s->counted;
	int64		sum = 0;

	if (n < 0 || n > ML_COLUMN_EXACT || missed < 0 || missed > s->values || (missed > 0 && !s->sketched))
		return false;
	mlops_profile_check_memory(ml_column_make_counted(s, Max((int32) n, 1), &r->host));
	if (!read_words(r, h->key, n) || !read_counts(r, h->count, n, 1))
		return false;
	memset(h->slack, 0, sizeof(int64) * n);
	if (missed > 0 && !read_counts(r, h->slack, n, 0))
		return false;
	if (h->load != NULL)
		memset(h->load, 0, sizeof(void *) * n);
	for (int i = 0; i < n; i++)
	{
		if ((i > 0 && h->key[i] <= h->key[i - 1]) || h->slack[i] > missed || h->count[i] > s->values - sum)
			return false;
		sum += h->count[i];
	}
	h->n = (int32) n;
	h->missed = missed;
	ml_heavy_index(h);
	return s->sketched || sum == s->values;
}

static bool
read_text(Reader *r, uint64 word, MlColumnText **text)
{
	if (word == 0)
		return true;
	if (word - 1 > r->left)
		return false;
	*text = ml_column_text((const char *) r->at, (uint32) (word - 1), &r->host);
	mlops_profile_check_memory(*text != NULL);
	r->at += word - 1;
	r->left -= word - 1;
	return true;
}

static bool
read_texts(Reader *r, MlColumnSketch *s)
{
	int64		head[3];
	double		length[2];
	uint64		ends[2];
	uint64		len[ML_COLUMN_EXACT];

	if (!read_counts(r, head, lengthof(head), 0) || !read_words(r, length, lengthof(length)) ||
		!read_counts(r, s->part, ML_COLUMN_PARTS, 0) || !read_words(r, ends, lengthof(ends)) ||
		!read_words(r, len, s->counted.n))
		return false;
	s->measured = head[0];
	s->shortest = head[1];
	s->longest = head[2];
	s->length = (MlWideSum) {length[0], length[1]};
	for (int i = 0; i < ML_COLUMN_PARTS; i++)
		if (s->part[i] > s->values)
			return false;
	if (s->measured > s->values || s->shortest > s->longest || !(length[0] >= 0) || !isfinite(length[0]) ||
		length[0] + length[1] != length[0] || (ends[0] == 0) != (ends[1] == 0))
		return false;
	if (!read_text(r, ends[0], &s->first) || !read_text(r, ends[1], &s->last))
		return false;
	for (int i = 0; i < s->counted.n; i++)
		if (!read_text(r, len[i], (MlColumnText **) &s->counted.load[i]))
			return false;
	return true;
}

static bool
read_quantiles(Reader *r, MlColumnSketch *s)
{
	MlQuantileSketch *q = &s->quantiles;
	uint64		larger;
	int64		levels;
	int64		count[ML_QUANTILE_LEVELS];

	if (!read_words(r, &q->n, 1) || !read_words(r, &q->over, 1) || !read_words(r, &q->under, 1) ||
		!read_words(r, &larger, 1) || !read_words(r, &levels, 1) ||
		levels < 0 || levels > ML_QUANTILE_LEVELS || larger >> levels != 0 || !read_counts(r, count, levels, 0))
		return false;
	mlops_profile_check_memory(ml_column_make_levels(s, (int) levels, &r->host));
	for (int h = 0; h < levels; h++)
	{
		q->larger[h] = larger >> h & 1;
		if (count[h] >= ML_QUANTILE_RUN || !read_words(r, q->item[h], count[h]))
			return false;
		q->count[h] = (int32) count[h];
	}
	return ml_quantile_sketch_valid(q);
}

static bool
read_numbers(Reader *r, MlColumnSketch *s)
{
	int64		others[3];
	int64		n;
	double	   *sum = (double *) &s->moments;

	if (!read_counts(r, others, lengthof(others), 0) || !read_words(r, &s->lowest, 1) ||
		!read_words(r, &s->highest, 1) || !read_words(r, sum, 12) || !read_quantiles(r, s) ||
		!read_words(r, &n, 1) || n < 0 || n > ML_EXTREMES ||
		!read_words(r, s->extremes.low, n) || !read_words(r, s->extremes.high, n))
		return false;
	s->minus_infinity = others[0];
	s->plus_infinity = others[1];
	s->nan = others[2];
	s->extremes.n = (int) n;
	for (int i = 0; i < 12; i++)
		if (!isfinite(sum[i]))
			return false;
	if (others[0] > s->values || others[1] > s->values || others[2] > s->values ||
		s->quantiles.n != s->values - others[0] - others[1] - others[2] ||
		n != Min(s->quantiles.n, ML_EXTREMES) || !ml_extremes_valid(&s->extremes))
		return false;
	/* the ends are said twice */
	return n == 0 ? s->lowest > s->highest : s->lowest <= s->highest &&
		ml_column_number(s->words, s->lowest) == s->extremes.low[0] &&
		ml_column_number(s->words, s->highest) == s->extremes.high[n - 1];
}

static bool
read_registers(Reader *r, uint8 *reg)
{
	if (r->left < ML_DISTINCT_REGISTERS)
		return false;
	memcpy(reg, r->at, ML_DISTINCT_REGISTERS);
	r->at += ML_DISTINCT_REGISTERS;
	r->left -= ML_DISTINCT_REGISTERS;
	return ml_distinct_valid(reg);
}

static bool
read_column(Reader *r, MlopsProfileColumn *column)
{
	MlColumnSketch *s = &column->sketch;
	uint64		head[HEAD_WORDS];

	if (!read_words(r, head, HEAD_WORDS) || head[0] == InvalidOid || head[0] > OID_MAX || head[6] > 1)
		return false;
	mlops_profile_begin_column(column, (Oid) head[0]);
	s->nulls = (int64) head[2];
	s->values = (int64) head[3];
	if (head[1] != s->words || s->nulls < 0 || s->values < 0 || s->values > MAX_ROWS || s->nulls > MAX_ROWS - s->values)
		return false;
	if (head[6])
		mlops_profile_check_memory(ml_column_make_sketches(s, &r->host));
	return read_counted(r, s, (int64) head[4], (int64) head[5]) &&
		(!s->sketched || read_registers(r, s->distinct)) &&
		(s->words != ML_WORDS_HASH || read_texts(r, s)) &&
		(s->words == ML_WORDS_HASH || !s->sketched || read_numbers(r, s));
}

static bool
unflatten(MlopsState *state, const uint8 *bytes, Size size)
{
	MlopsProfileState *p = (MlopsProfileState *) state;
	Reader		r = {bytes, size, {0}};
	uint64		n;

	mlops_profile_host(&r.host, p->state.header.eoh_context);
	if (!read_words(&r, &n, 1) || n > r.left / (HEAD_WORDS * sizeof(uint64)))
		return false;
	if (n > 0)
		mlops_profile_begin(p, (int) n);
	for (int i = 0; i < p->n; i++)
		if (!read_column(&r, &p->column[i]))
			return false;
	return r.left == 0;
}

const MlopsStateType mlops_profile_state_type = {
	.name = "profile_state",
	.tag = {'P', 'R', 'F', '1'},
	.size = sizeof(MlopsProfileState),
	.flat_size = flat_size,
	.flatten = flatten,
	.unflatten = unflatten
};
