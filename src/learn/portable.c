/*
 * portable.c: a version as one piece of bytes, to be carried to another
 * database.
 *
 * Little-endian, every part and every field at a multiple of 8:
 *
 *	    0	char[8]	"mlopsver"
 *	    8	uint32	format (1)
 *	   12	uint32	number of sections (5)
 *	   16	uint64	size of everything
 *	   24	uint64	checksum: hash of bytes [32, size), seeded by the hash of [0, 24)
 *	   32	5 × (uint64 offset, uint64 size): version, metrics, artifacts, columns, model
 *	  112	the sections, one after the other
 *
 * One walk over the fields both reads and writes: so they cannot differ, and
 * what was read is written back bit for bit.
 */
#include "learn/portable.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "kernel/hash.h"
#include "learn/baseline.h"
#include "learn/bytes.h"

#define FORMAT 1
#define N_SECTIONS 5
#define NO_TEXT UINT64_MAX
#define NO_NUMBER UINT64_C(0x7ff8000000000000)	/* the only NaN there is */

static const char magic[8] = {'m', 'l', 'o', 'p', 's', 'v', 'e', 'r'};

typedef struct Head
{
	char		magic[8];
	uint32_t	format;
	uint32_t	n_sections;
	uint64_t	size;
	uint64_t	checksum;
	struct
	{
		uint64_t	offset;
		uint64_t	size;
	}			section[N_SECTIONS];
} Head;

_Static_assert(sizeof(Head) == 112, "stored struct");
_Static_assert(offsetof(Head, section) == 32, "stored struct");

#define CHECKED_FROM offsetof(Head, section)

static uint64_t
checksum_of(const uint8_t *bytes, size_t size)
{
	return ml_hash_bytes(bytes + CHECKED_FROM, size - CHECKED_FROM,
						 ml_hash_bytes(bytes, offsetof(Head, checksum), FORMAT));
}

/* Once a step has failed, those after it do nothing. */
typedef struct Walk
{
	MlWriter   *writer;			/* NULL: reading */
	const uint8_t *bytes;
	size_t		at;
	size_t		end;			/* of the section */
	MlHost	   *host;
	MlStatus   *status;
	MlCode		code;
} Walk;

static void
damaged(Walk *w, size_t at, const char *what)
{
	if (w->code == ML_OK)
		w->code = ml_status_set(w->status, ML_BAD_BYTES, "content is damaged at byte %zu: %s", at, what);
}

static bool
reading(const Walk *w)
{
	return w->writer == NULL && w->code == ML_OK;
}

/* ---- fields ---- */

/* size bytes, a multiple of 8, that stay where they are; NULL when they are not there. */
static const void *
walk_in_place(Walk *w, const void *data, uint64_t size)
{
	const uint8_t *start = w->bytes + w->at;

	if (w->writer != NULL)
	{
		ml_write_bytes(w->writer, data, size);
		return data;
	}
	if (w->code != ML_OK)
		return NULL;
	if (size > w->end - w->at)
	{
		damaged(w, w->at, "the section ends before its content");
		return NULL;
	}
	w->at += size;
	return start;
}

static void
walk_word(Walk *w, uint64_t *value)
{
	const void *stored = walk_in_place(w, value, sizeof(*value));

	if (w->writer != NULL)
		return;
	*value = 0;
	if (stored != NULL)
		memcpy(value, stored, sizeof(*value));
}

static void
walk_integer(Walk *w, int64_t *value, int64_t minimum)
{
	size_t		at = w->at;

	walk_word(w, (uint64_t *) value);
	if (reading(w) && *value < minimum)
		damaged(w, at, "a number is too small");
}

static void
walk_number(Walk *w, double *value)
{
	size_t		at = w->at;
	uint64_t	word = NO_NUMBER;

	if (w->writer != NULL && !isnan(*value))
		memcpy(&word, value, sizeof(word));
	walk_word(w, &word);
	if (!reading(w))
		return;
	memcpy(value, &word, sizeof(word));
	if (isnan(*value) && word != NO_NUMBER)
		damaged(w, at, "not a number");
}

/* Length, then the text with one to eight zeros behind it; nothing but NO_TEXT for NULL. */
static void
walk_text(Walk *w, const char **text, bool may_be_null)
{
	static const uint8_t zeros[8];
	size_t		at = w->at;
	uint64_t	length = w->writer != NULL && *text != NULL ? strlen(*text) : NO_TEXT;
	const char *stored;
	uint64_t	fill;

	walk_word(w, &length);
	if (w->writer != NULL)
	{
		if (length == NO_TEXT)
			return;
		ml_write_bytes(w->writer, *text, length);
		ml_write_bytes(w->writer, zeros, 8 - length % 8);
		return;
	}
	*text = NULL;
	if (w->code != ML_OK)
		return;
	if (length == NO_TEXT)
	{
		if (!may_be_null)
			damaged(w, at, "a text is missing");
		return;
	}
	if (length >= w->end - w->at)
	{
		damaged(w, at, "a text is longer than its section");
		return;
	}
	fill = 8 - length % 8;
	stored = walk_in_place(w, NULL, length + fill);
	if (stored == NULL)
		return;
	if (memchr(stored, '\0', length) != NULL || memcmp(stored + length, zeros, fill) != 0)
		damaged(w, at, "a text does not end where it should");
	*text = stored;
}

/* A number of records of at least so many bytes each; no more than fit, so that none asks for memory in vain. */
static void
walk_count(Walk *w, int *count, size_t least)
{
	size_t		at = w->at;
	uint64_t	word = w->writer != NULL ? (uint64_t) *count : 0;

	walk_word(w, &word);
	if (reading(w) && (word > (w->end - w->at) / least || word > INT_MAX))
		damaged(w, at, "more records than bytes");
	if (w->writer == NULL)
		*count = w->code == ML_OK ? (int) word : 0;
}

/* Room for what is read; NULL after a failure. */
static void *
room(Walk *w, int count, size_t size)
{
	void	   *array;

	if (w->code != ML_OK)
		return NULL;
	array = ml_alloc_zero(w->host, count > 0 ? (size_t) count : 1, size);
	if (array == NULL)
		w->code = ml_no_memory(w->status, (size_t) count * size, "imported model");
	return array;
}

/* ---- sections ---- */

static void
walk_version(Walk *w, MlPortable *p)
{
	walk_text(w, &p->encoding, false);
	walk_text(w, &p->target, false);
	walk_number(w, &p->threshold);
	walk_text(w, &p->risk_bands, true);
	walk_text(w, &p->metric, true);
	walk_number(w, &p->value);
	walk_integer(w, &p->train_rows, 0);
	walk_integer(w, &p->valid_rows, 0);
	walk_integer(w, &p->test_rows, 0);
	walk_text(w, &p->source, false);
	walk_text(w, &p->source_query, false);
	walk_text(w, &p->key, true);
	walk_text(w, &p->time_column, true);
	walk_text(w, &p->description, true);
	walk_text(w, &p->tags, false);
	walk_text(w, &p->definition, false);
	walk_text(w, &p->params, false);
	walk_text(w, &p->config, false);
	walk_text(w, &p->run_params, false);
	walk_text(w, &p->column_types, false);
	walk_text(w, &p->content_hash, false);
	walk_integer(w, &p->seed, INT64_MIN);
	walk_integer(w, &p->rows_read, 0);
	walk_integer(w, &p->rows_dropped, 0);
	walk_integer(w, &p->ended_at, INT64_MIN);
	walk_number(w, &p->seconds);
}

static int
compare_metrics(const MlMetric *a, const MlMetric *b)
{
	int			order = strcmp(a->name, b->name);

	if (order == 0)
		order = strcmp(a->split, b->split);
	return order != 0 ? order : a->step < b->step ? -1 : a->step > b->step;
}

static void
walk_metrics(Walk *w, MlPortable *p)
{
	int			i;

	walk_count(w, &p->n_metrics, 48);
	if (w->writer == NULL)
		p->metrics = room(w, p->n_metrics, sizeof(MlMetric));
	for (i = 0; i < p->n_metrics && w->code == ML_OK; i++)
	{
		MlMetric   *metric = p->metrics + i;
		size_t		at = w->at;

		walk_text(w, &metric->name, false);
		walk_text(w, &metric->split, false);
		walk_integer(w, &metric->step, INT64_MIN);
		walk_number(w, &metric->value);
		if (reading(w) && i > 0 && compare_metrics(metric - 1, metric) >= 0)
			damaged(w, at, "metrics out of order");
	}
}

static void
walk_artifacts(Walk *w, MlPortable *p)
{
	int			i;

	walk_count(w, &p->n_artifacts, 48);
	if (w->writer == NULL)
		p->artifact = room(w, p->n_artifacts, sizeof(MlArtifact));
	for (i = 0; i < p->n_artifacts && w->code == ML_OK; i++)
	{
		MlArtifact *artifact = p->artifact + i;
		size_t		at = w->at;

		walk_text(w, &artifact->name, false);
		walk_text(w, &artifact->media_type, false);
		walk_text(w, &artifact->content, false);
		if (reading(w) && i > 0 && strcmp(artifact[-1].name, artifact->name) >= 0)
			damaged(w, at, "artifacts out of order");
	}
}

/* Nothing more when all values are missing; else the figures and 1001 quantiles, ascending. */
static void
walk_numbers(Walk *w, MlBaseline *b)
{
	size_t		at = w->at;
	uint64_t	filled = w->writer != NULL && b->quantile != NULL;
	int			i;

	walk_word(w, &filled);
	if (reading(w) && filled > 1)
		damaged(w, at, "neither quantiles nor none");
	if (filled != 1 || w->code != ML_OK)
		return;
	walk_number(w, &b->minimum);
	walk_number(w, &b->maximum);
	walk_number(w, &b->mean);
	walk_number(w, &b->sd);
	at = w->at;
	b->quantile = (double *) walk_in_place(w, b->quantile, ML_BASELINE_QUANTILES * sizeof(double));
	if (!reading(w))
		return;
	for (i = 0; i < ML_BASELINE_QUANTILES; i++)
		if (!isfinite(b->quantile[i]) || (i > 0 && b->quantile[i] < b->quantile[i - 1]))
		{
			damaged(w, at + (size_t) i * sizeof(double), "quantiles out of order");
			return;
		}
}

static void
walk_levels(Walk *w, MlBaseline *b)
{
	size_t		at = w->at;
	int			i;

	walk_count(w, &b->n_levels, 24);
	if (reading(w) && b->n_levels > ML_BASELINE_LEVELS)
		damaged(w, at, "too many categories");
	walk_integer(w, &b->n_other, 0);
	if (w->writer == NULL)
	{
		b->level = room(w, b->n_levels, sizeof(char *));
		b->count = room(w, b->n_levels, sizeof(int64_t));
	}
	for (i = 0; i < b->n_levels && w->code == ML_OK; i++)
	{
		at = w->at;
		walk_text(w, &b->level[i], false);
		walk_integer(w, &b->count[i], 0);
		if (reading(w) && i > 0 && (b->count[i - 1] < b->count[i] ||
									(b->count[i - 1] == b->count[i] && strcmp(b->level[i - 1], b->level[i]) >= 0)))
			damaged(w, at, "categories out of order");
	}
}

static void
walk_baseline(Walk *w, MlBaseline *b)
{
	size_t		at = w->at;
	uint64_t	kind = w->writer != NULL ? (uint64_t) b->kind : 0;

	walk_word(w, &kind);
	if (reading(w) && kind != ML_NUMERIC && kind != ML_CATEGORY)
		damaged(w, at, "unknown kind of column");
	if (w->writer == NULL)
		b->kind = (MlKind) kind;
	walk_integer(w, &b->n, 0);
	walk_integer(w, &b->n_missing, 0);
	walk_integer(w, &b->n_distinct, 0);
	if (reading(w) && b->n_missing > b->n)
		damaged(w, at, "more missing values than rows");
	if (w->code != ML_OK)
		return;
	if (b->kind == ML_NUMERIC)
		walk_numbers(w, b);
	else
		walk_levels(w, b);
}

static void
walk_columns(Walk *w, MlPortable *p)
{
	int			i;

	walk_count(w, &p->n_columns, 56);
	if (w->writer == NULL)
		p->column = room(w, p->n_columns, sizeof(MlPortableColumn));
	for (i = 0; i < p->n_columns && w->code == ML_OK; i++)
	{
		walk_number(w, &p->column[i].importance);
		walk_text(w, &p->column[i].description, true);
		walk_baseline(w, &p->column[i].baseline);
	}
}

static void
walk_model(Walk *w, MlPortable *p)
{
	if (w->writer == NULL)
		p->model_size = w->end - w->at;
	p->model = walk_in_place(w, p->model, p->model_size);
}

typedef void (*SectionFunction) (Walk *w, MlPortable *p);

static const SectionFunction sections[N_SECTIONS] = {
	walk_version, walk_metrics, walk_artifacts, walk_columns, walk_model
};

/* ---- writing ---- */

static void
write_all(MlWriter *writer, Head *head, const MlPortable *portable)
{
	MlPortable	p = *portable;
	Walk		w = {.writer = writer};
	int			i;

	ml_write_bytes(writer, head, sizeof(*head));
	for (i = 0; i < N_SECTIONS; i++)
	{
		head->section[i].offset = writer->size;
		sections[i] (&w, &p);
		head->section[i].size = writer->size - head->section[i].offset;
	}
	head->size = writer->size;
}

size_t
ml_portable_size(const MlPortable *portable)
{
	MlWriter	writer = {0};
	Head		head = {.format = FORMAT};

	assert(portable->model_size % 8 == 0);
	write_all(&writer, &head, portable);
	return writer.size;
}

void
ml_portable_write(const MlPortable *portable, uint8_t *out)
{
	MlWriter	writer = {.start = out};
	Head		head = {.format = FORMAT,.n_sections = N_SECTIONS};

	memcpy(head.magic, magic, sizeof(magic));
	write_all(&writer, &head, portable);
	memcpy(out, &head, sizeof(head));
	head.checksum = checksum_of(out, writer.size);
	memcpy(out, &head, sizeof(head));
}

/* ---- reading ---- */

static MlCode
check_head(const uint8_t *bytes, size_t size, Head *head, MlStatus *status)
{
	if (size == 0)
		return ml_status_set(status, ML_BAD_BYTES, "content is empty");
	memset(head, 0, sizeof(*head));
	memcpy(head, bytes, size < sizeof(*head) ? size : sizeof(*head));
	if (memcmp(head->magic, magic, sizeof(magic)) != 0)
	{
		ml_status_set(status, ML_BAD_BYTES, "content is not an exported model");
		ml_status_hint(status, "Pass what mlops_export_model gave; text that encode made of it needs decode first.");
		return ML_BAD_BYTES;
	}
	if (size >= CHECKED_FROM && head->format > FORMAT)
	{
		ml_status_set(status, ML_NOT_SUPPORTED, "content has format %u, this version reads %d", head->format, FORMAT);
		ml_status_hint(status, "A newer version of the extension wrote it.");
		return ML_NOT_SUPPORTED;
	}
	if (size < sizeof(*head) || size < head->size)
		return ml_status_set(status, ML_BAD_BYTES, "content is cut off after %zu bytes", size);
	if (size > head->size)
		return ml_status_set(status, ML_BAD_BYTES, "content ends at byte %llu, but has %zu bytes",
							 (unsigned long long) head->size, size);
	if (head->checksum != checksum_of(bytes, size))
		return ml_status_set(status, ML_BAD_BYTES, "content is damaged: the checksum does not match");
	if (head->format != FORMAT || head->n_sections != N_SECTIONS)
		return ml_status_set(status, ML_BAD_BYTES, "content is damaged at byte 8: impossible head");
	return ML_OK;
}

MlCode
ml_portable_open(MlHost *host, const void *bytes, size_t size, MlPortable *portable, MlStatus *status)
{
	Walk		w = {.bytes = bytes,.host = host,.status = status};
	Head		head;
	int			i;

	assert((uintptr_t) bytes % 8 == 0);
	memset(portable, 0, sizeof(*portable));
	w.code = check_head(bytes, size, &head, status);
	w.end = sizeof(head);
	for (i = 0; i < N_SECTIONS && w.code == ML_OK; i++)
	{
		/* side by side: nothing between them, nothing twice */
		w.at = w.end;
		if (head.section[i].offset != w.at || head.section[i].size > size - w.at || head.section[i].size % 8 != 0)
			damaged(&w, CHECKED_FROM + (size_t) i * sizeof(head.section[i]), "a section is not where it should be");
		else
		{
			w.end = w.at + head.section[i].size;
			sections[i] (&w, portable);
			if (w.at != w.end)
				damaged(&w, w.at, "the section has more bytes than content");
		}
	}
	if (w.end != size)
		damaged(&w, w.end, "bytes behind the last section");
	return w.code;
}
