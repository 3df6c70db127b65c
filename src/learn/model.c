/*
 * model.c: a trained model as flat bytes, and what can be asked of it.
 *
 * The bytes, little-endian; every part begins at a multiple of 8:
 *
 *	    0	char[8]	"mlopsmdl"
 *	    8	uint32	format (1)
 *	   12	uint32	flags: 1 = log_prior is there
 *	   16	uint64	size of everything
 *	   24	uint64	checksum: hash of bytes [32, size), seeded by the hash of [0, 24)
 *	   32	uint32	task, classes, dataset columns p, design columns w
 *	   48	char[32] name of the algorithm, zero-filled
 *	   80	uint64	offset of: columns, texts' offsets, number of texts, text, bytes of text, log_prior,
 *					section, bytes of section
 *	  144	uint64	offset of values, number of values
 *	  160	columns	p records MlBytesColumn (below)
 *	        uint32	offset into text of: the classes, the column names, then each column's levels and rare ones
 *	        char[]	text: zero-terminated, one after the other
 *	        double	values: of frequencies and target means, slot by slot, column by column
 *	        double	log_prior[classes]
 *	        ...		section: the learner's own
 *
 * Invariant: ml_model_open has compared everything with everything else, so
 * nothing behind it checks again.  Texts stay in place; only arrays of
 * pointers to them are allocated.
 */
#include "learn/model.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/hash.h"
#include "learn/bytes.h"
#include "learn/learner.h"
#include "learn/tree.h"

#define ROWS_STEPS 4e6			/* tens of milliseconds */
#define FORMAT 1
#define FLAG_PRIOR 1u
#define MAX_COLUMNS (1 << 24)

static const char magic[8] = {'m', 'l', 'o', 'p', 's', 'm', 'd', 'l'};

typedef struct MlBytesHead
{
	char		magic[8];
	uint32_t	format;
	uint32_t	flags;
	uint64_t	size;
	uint64_t	checksum;
	uint32_t	task;
	uint32_t	classes;
	uint32_t	columns;
	uint32_t	width;
	char		learner[32];
	uint64_t	column_at;
	uint64_t	text_at;		/* offsets of texts, uint32 each */
	uint64_t	n_texts;
	uint64_t	char_at;
	uint64_t	n_chars;
	uint64_t	prior_at;
	uint64_t	section_at;
	uint64_t	section_size;
	uint64_t	value_at;
	uint64_t	n_values;
} MlBytesHead;

typedef struct MlBytesColumn
{
	uint8_t		kind;
	uint8_t		encode;
	uint8_t		flags;			/* 1 has_impute, 2 indicator, 4 null_level, 8 drop_first, 16 rare_level */
	uint8_t		unknown;
	int32_t		feature;
	int32_t		first;
	int32_t		width;
	int32_t		n_levels;
	int32_t		n_rare;
	double		impute;
	double		shift;
	double		scale;
	double		low;
	double		high;
} MlBytesColumn;

_Static_assert(sizeof(MlBytesHead) == 160, "stored struct");
_Static_assert(offsetof(MlBytesHead, value_at) == 144, "stored struct");
_Static_assert(offsetof(MlBytesHead, task) == 32, "stored struct");
_Static_assert(offsetof(MlBytesHead, column_at) == 80, "stored struct");
_Static_assert(sizeof(MlBytesColumn) == 64, "stored struct");
_Static_assert(offsetof(MlBytesColumn, low) == 48, "stored struct");
_Static_assert(sizeof(double) == 8, "stored struct");

#define CHECKED_FROM offsetof(MlBytesHead, task)

static uint64_t
checksum_of(const uint8_t *bytes, size_t size)
{
	return ml_hash_bytes(bytes + CHECKED_FROM, size - CHECKED_FROM,
						 ml_hash_bytes(bytes, offsetof(MlBytesHead, checksum), FORMAT));
}

/* ---- writing ---- */

static void
store_column(const MlPrepColumn *column, MlBytesColumn *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = (uint8_t) column->kind;
	out->encode = (uint8_t) column->encode;
	out->flags = (uint8_t) ((column->has_impute ? 1 : 0) | (column->indicator ? 2 : 0) |
							(column->null_level ? 4 : 0) | (column->drop_first ? 8 : 0) |
							(column->rare_level ? 16 : 0));
	out->unknown = (uint8_t) column->unknown;
	out->n_rare = column->n_rare;
	out->feature = column->feature;
	out->first = column->first;
	out->width = column->width;
	out->n_levels = column->kind == ML_CATEGORY ? column->n_levels : 0;
	out->impute = column->has_impute ? column->impute : 0.0;
	out->shift = column->shift;
	out->scale = column->scale;
	out->low = column->low;
	out->high = column->high;
}

static size_t
values_of(const MlPrepColumn *column)
{
	return column->n_values > 0 ? (size_t) ml_prep_slots(column) * (size_t) column->n_values : 0;
}

typedef struct TextWalk
{
	MlWriter   *writer;
	bool		chars;			/* second walk: the texts; first: their offsets */
	uint64_t	offset;
	uint64_t	count;
} TextWalk;

static void
walk_text(TextWalk *walk, const char *text)
{
	size_t		len = strlen(text) + 1;
	uint32_t	offset = (uint32_t) walk->offset;

	if (walk->chars)
		ml_write_bytes(walk->writer, text, len);
	else
		ml_write_bytes(walk->writer, &offset, sizeof(offset));
	walk->offset += len;
	walk->count++;
	if (walk->offset > UINT32_MAX)
		walk->writer->overflow = true;
}

/* All texts in their stored order. */
static void
walk_texts(TextWalk *walk, const MlDataset *data, const MlPrep *prep)
{
	int			c;
	int32_t		l;

	for (c = 0; c < data->n_classes; c++)
		walk_text(walk, data->class_name[c]);
	for (c = 0; c < prep->p; c++)
		walk_text(walk, prep->column[c].name);
	for (c = 0; c < prep->p; c++)
	{
		for (l = 0; l < prep->column[c].n_texts; l++)
			walk_text(walk, prep->column[c].level[l]);
		for (l = 0; l < prep->column[c].n_rare; l++)
			walk_text(walk, prep->column[c].rare[l]);
	}
}

/* One walk over everything; with writer->start NULL it finds the offsets and the size. */
static void
write_all(MlWriter *writer, MlBytesHead *head, const MlDataset *data, const MlPrep *prep,
		  const double *log_prior, const void *section, size_t section_size)
{
	TextWalk	offsets = {.writer = writer};
	TextWalk	chars = {.writer = writer, .chars = true};
	int			c;

	ml_write_bytes(writer, head, sizeof(*head));
	head->column_at = writer->size;
	for (c = 0; c < prep->p; c++)
	{
		MlBytesColumn column;

		store_column(prep->column + c, &column);
		ml_write_bytes(writer, &column, sizeof(column));
	}
	head->text_at = writer->size;
	walk_texts(&offsets, data, prep);
	ml_write_align(writer);
	head->n_texts = offsets.count;
	head->char_at = writer->size;
	walk_texts(&chars, data, prep);
	ml_write_align(writer);
	head->n_chars = chars.offset;
	head->value_at = writer->size;
	for (c = 0; c < prep->p; c++)
		ml_write_bytes(writer, prep->column[c].value, values_of(prep->column + c) * sizeof(double));
	head->n_values = (writer->size - head->value_at) / sizeof(double);
	head->prior_at = writer->size;
	if (log_prior != NULL)
		ml_write_bytes(writer, log_prior, (size_t) data->n_classes * sizeof(double));
	head->section_at = writer->size;
	head->section_size = section_size;
	ml_write_bytes(writer, section, section_size);
	ml_write_align(writer);
	head->size = writer->size;
}

MlCode
ml_model_write(MlHost *host, const struct MlLearner *learner, const MlDataset *data,
			   const MlPrep *prep, const double *log_prior,
			   const void *section, size_t section_size,
			   uint8_t **out, size_t *out_size, MlStatus *status)
{
	MlBytesHead head = {.format = FORMAT};
	MlWriter	writer = {0};

	assert(strlen(learner->name) < sizeof(head.learner));
	memcpy(head.magic, magic, sizeof(magic));
	head.flags = log_prior != NULL ? FLAG_PRIOR : 0;
	head.task = (uint32_t) data->task;
	head.classes = (uint32_t) data->n_classes;
	head.columns = (uint32_t) prep->p;
	head.width = (uint32_t) prep->width;
	memcpy(head.learner, learner->name, strlen(learner->name));
	write_all(&writer, &head, data, prep, log_prior, section, section_size);
	if (writer.overflow)
		return ml_status_set(status, ML_TOO_LARGE, "the texts of all levels take more than 4 GB");
	*out_size = writer.size;
	*out = host->alloc(host, writer.size);
	if (*out == NULL)
		return ml_no_memory(status, writer.size, "model");
	writer.start = *out;
	writer.size = 0;
	write_all(&writer, &head, data, prep, log_prior, section, section_size);
	head.checksum = checksum_of(*out, *out_size);
	memcpy(*out + offsetof(MlBytesHead, checksum), &head.checksum, sizeof(head.checksum));
	return ML_OK;
}

/* ---- opening ---- */

static MlCode
damaged(MlStatus *status, const char *what)
{
	return ml_status_set(status, ML_BAD_BYTES, "model bytes are damaged: %s", what);
}

/* Head and checksum: afterwards only a wrong writer, not an accident, can mislead. */
static MlCode
check_head(const uint8_t *bytes, size_t size, MlBytesHead *head, MlStatus *status)
{
	if (size < sizeof(*head) || (uintptr_t) bytes % 8 != 0)
		return damaged(status, "too short or not aligned");
	memcpy(head, bytes, sizeof(*head));
	if (memcmp(head->magic, magic, sizeof(magic)) != 0)
		return ml_status_set(status, ML_BAD_BYTES, "bytes are not those of a model");
	if (head->format > FORMAT)
	{
		ml_status_set(status, ML_NOT_SUPPORTED, "model bytes have format %u, this version reads %d", head->format,
					  FORMAT);
		ml_status_hint(status, "A newer version of the extension wrote them.");
		return ML_NOT_SUPPORTED;
	}
	if (head->size != size || size % 8 != 0)
		return damaged(status, "their length is not the one they tell");
	if (head->checksum != checksum_of(bytes, size))
		return damaged(status, "the checksum does not match");
	if (head->format != FORMAT)
		return damaged(status, "impossible format");
	return ML_OK;
}

static MlCode
check_shape(const MlBytesHead *head, MlModel *model, MlStatus *status)
{
	bool		classes = head->classes >= 2 && head->classes <= ML_MAX_CLASSES;

	/* a name that is no word would not be fit for a message */
	if ((head->flags & ~FLAG_PRIOR) != 0 || memchr(head->learner, '\0', sizeof(head->learner)) == NULL ||
		head->learner[strspn(head->learner, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0' ||
		head->columns > MAX_COLUMNS || head->width > INT32_MAX / 2)
		return damaged(status, "impossible head");
	if (!(head->task == ML_REGRESSION && head->classes == 0 && head->flags == 0) &&
		!(head->task == ML_BINARY && head->classes == 2) && !(head->task == ML_MULTICLASS && classes))
		return damaged(status, "impossible task");
	model->learner = ml_learner_find(head->learner);
	if (model->learner == NULL)
		return ml_status_set(status, ML_NOT_SUPPORTED, "model bytes name an unknown algorithm \"%s\"",
							 head->learner);
	if ((model->learner->tasks & head->task) == 0)
		return damaged(status, "the algorithm does not do this task");
	model->task = (MlTaskKind) head->task;
	model->n_classes = (int) head->classes;
	model->n_outputs = model->task == ML_MULTICLASS ? model->n_classes : 1;
	model->prep.p = (int) head->columns;
	model->prep.width = (int) head->width;
	return ML_OK;
}

/* The texts of the bytes, checked on the way out. */
typedef struct Texts
{
	const uint32_t *offset;
	uint64_t	count;
	uint64_t	next;
	const char *chars;
	uint64_t	n_chars;
} Texts;

/* The next text, NULL when there is none or it lies outside. */
static const char *
next_text(Texts *texts)
{
	uint32_t	offset;

	if (texts->next >= texts->count)
		return NULL;
	offset = texts->offset[texts->next++];
	return offset < texts->n_chars ? texts->chars + offset : NULL;
}

static MlCode
open_texts(const uint8_t *bytes, const MlBytesHead *head, Texts *texts, MlStatus *status)
{
	texts->count = head->n_texts;
	texts->next = 0;
	texts->n_chars = head->n_chars;
	texts->offset = ml_read_array(bytes, head->size, head->text_at, head->n_texts, sizeof(uint32_t));
	texts->chars = ml_read_array(bytes, head->size, head->char_at, head->n_chars, 1);
	if (texts->offset == NULL || texts->chars == NULL)
		return damaged(status, "texts outside");
	/* the last one ends, so each ends before the bytes do */
	if (head->n_chars > 0 && texts->chars[head->n_chars - 1] != '\0')
		return damaged(status, "a text without end");
	return ML_OK;
}

/* What only numbers, and only categories, may have. */
static bool
kind_is_sound(const MlBytesColumn *stored)
{
	bool		open = stored->low == -INFINITY && stored->high == INFINITY;
	bool		rare = (stored->flags & 16) != 0;

	if (stored->kind == ML_NUMERIC)
		return stored->encode == ML_ENCODE_NONE && stored->n_levels == 0 && stored->n_rare == 0 &&
			stored->unknown == ML_UNKNOWN_IGNORE && (stored->flags & 28) == 0 && stored->low <= stored->high &&
			stored->low != INFINITY && stored->high != -INFINITY;
	if (stored->kind != ML_CATEGORY || stored->encode > ML_ENCODE_TARGET || stored->unknown >= ML_UNKNOWN_DEFAULT ||
		!open || stored->n_levels < 0 || stored->n_rare < 0)
		return false;
	if ((rare && stored->n_levels == 0) || (stored->n_rare > 0 && !rare) ||
		(stored->unknown == ML_UNKNOWN_RARE && (!rare || stored->n_rare > 0)))
		return false;
	if (stored->encode == ML_ENCODE_HASH && (rare || stored->n_levels < 2 || stored->n_levels > ML_MAX_BUCKETS ||
											 stored->unknown != ML_UNKNOWN_IGNORE))
		return false;
	return (stored->flags & 1) == 0 || (stored->impute >= 0.0 && stored->impute < (double) stored->n_levels);
}

/* The numbers of a stored column agree with each other; n_values: of a slot. */
static bool
column_is_sound(const MlBytesColumn *stored, int n_values, int32_t first, int32_t left)
{
	bool		onehot = stored->encode == ML_ENCODE_ONEHOT || stored->encode == ML_ENCODE_HASH;
	int64_t		width = stored->encode == ML_ENCODE_TARGET ? n_values : 1;

	if (stored->flags > 31 || !kind_is_sound(stored))
		return false;
	if (!isfinite(stored->impute) || !isfinite(stored->shift) || !isfinite(stored->scale) || stored->scale == 0.0)
		return false;
	if ((stored->flags & 8) && !onehot)
		return false;
	if (onehot)
		width = (int64_t) stored->n_levels + ((stored->flags & 4) ? 1 : 0) - ((stored->flags & 8) ? 1 : 0);
	width += (stored->flags & 2) ? 1 : 0;
	return width >= 0 && stored->width == width && stored->first == first && stored->width <= left;
}

/* count texts, strictly ascending. */
static MlCode
open_texts_of(MlHost *host, int32_t count, int32_t room, Texts *texts, const char ***out, MlStatus *status)
{
	int32_t		l;

	/* no more than there are: a wrong number cannot ask for memory */
	if ((uint64_t) count > texts->count - texts->next)
		return damaged(status, "levels outside");
	*out = ml_alloc_array(host, (size_t) (count + room) + 1, sizeof(char *));
	if (*out == NULL)
		return ml_no_memory(status, (size_t) count * sizeof(char *), "levels");
	for (l = 0; l < count; l++)
	{
		(*out)[l] = next_text(texts);
		if ((*out)[l] == NULL || (l > 0 && strcmp((*out)[l - 1], (*out)[l]) >= 0))
			return damaged(status, "levels out of order");
	}
	return ML_OK;
}

static MlCode
open_levels(MlHost *host, MlPrepColumn *column, Texts *texts, MlStatus *status)
{
	MlCode		code;

	if (column->encode == ML_ENCODE_HASH)
		return ML_OK;
	column->n_texts = column->n_levels - (column->rare_level ? 1 : 0);
	code = open_texts_of(host, column->n_texts, 1, texts, &column->level, status);
	if (code == ML_OK && column->rare_level)
		column->level[column->n_texts] = ML_RARE_NAME;
	if (code == ML_OK && column->n_rare > 0)
		code = open_texts_of(host, column->n_rare, 0, texts, &column->rare, status);
	return code;
}

/* Frequencies and target means, in place. */
static MlCode
open_values(const uint8_t *bytes, const MlBytesHead *head, MlModel *model, MlStatus *status)
{
	const double *value;
	uint64_t	at = 0;
	uint64_t	i;
	int			c;

	value = ml_read_array(bytes, head->size, head->value_at, head->n_values, sizeof(double));
	if (value == NULL)
		return damaged(status, "values outside");
	for (i = 0; i < head->n_values; i++)
		if (!isfinite(value[i]))
			return damaged(status, "a value is not a number");
	for (c = 0; c < model->prep.p; c++)
	{
		MlPrepColumn *column = model->prep.column + c;
		size_t		n = values_of(column);

		if (n > head->n_values - at)
			return damaged(status, "values outside");
		column->value = n > 0 ? (double *) value + at : NULL;
		at += n;
	}
	return at == head->n_values ? ML_OK : damaged(status, "more values than columns need");
}

static MlCode
open_columns(MlHost *host, const uint8_t *bytes, const MlBytesHead *head, MlModel *model, Texts *texts,
			 MlStatus *status)
{
	const MlBytesColumn *all = ml_read_array(bytes, head->size, head->column_at, head->columns, sizeof(MlBytesColumn));
	int32_t		first = 0;
	int			c;

	if (all == NULL)
		return damaged(status, "columns outside");
	model->prep.column = ml_alloc_zero(host, head->columns > 0 ? head->columns : 1, sizeof(MlPrepColumn));
	if (model->prep.column == NULL)
		return ml_no_memory(status, head->columns * sizeof(MlPrepColumn), "columns");
	for (c = 0; c < model->prep.p; c++)
	{
		MlPrepColumn *column = model->prep.column + c;
		MlBytesColumn stored = all[c];
		int			n_values = ml_prep_n_values((MlEncode) stored.encode, model->n_classes);

		if (!column_is_sound(&stored, n_values, first, model->prep.width - first))
			return damaged(status, "impossible column");
		column->kind = (MlKind) stored.kind;
		column->encode = (MlEncode) stored.encode;
		column->feature = stored.feature;
		column->has_impute = (stored.flags & 1) != 0;
		column->indicator = (stored.flags & 2) != 0;
		column->null_level = (stored.flags & 4) != 0;
		column->drop_first = (stored.flags & 8) != 0;
		column->rare_level = (stored.flags & 16) != 0;
		column->unknown = (MlUnknown) stored.unknown;
		column->n_rare = stored.n_rare;
		column->n_values = n_values;
		column->value_name = column->encode == ML_ENCODE_TARGET && n_values > 1 ? model->class_name : NULL;
		column->impute = column->has_impute ? stored.impute : NAN;
		column->shift = stored.shift;
		column->scale = stored.scale;
		column->low = stored.low;
		column->high = stored.high;
		column->first = stored.first;
		column->width = stored.width;
		column->n_levels = stored.n_levels;
		column->name = next_text(texts);
		if (column->name == NULL)
			return damaged(status, "a name outside");
		first += column->width;
	}
	if (first != model->prep.width || !ml_prep_place(&model->prep))
		return damaged(status, "columns do not add up");
	for (c = 0; c < model->prep.p; c++)
		if (model->prep.column[c].kind == ML_CATEGORY)
		{
			MlCode		code = open_levels(host, model->prep.column + c, texts, status);

			if (code != ML_OK)
				return code;
		}
	if (texts->next != texts->count)
		return damaged(status, "more texts than columns need");
	return open_values(bytes, head, model, status);
}

static MlCode
open_classes(MlHost *host, MlModel *model, Texts *texts, MlStatus *status)
{
	int			k;

	if (model->n_classes == 0)
		return ML_OK;
	model->class_name = ml_alloc_array(host, (size_t) model->n_classes, sizeof(char *));
	if (model->class_name == NULL)
		return ml_no_memory(status, (size_t) model->n_classes * sizeof(char *), "classes");
	for (k = 0; k < model->n_classes; k++)
	{
		model->class_name[k] = next_text(texts);
		if (model->class_name[k] == NULL)
			return damaged(status, "a class outside");
	}
	return ML_OK;
}

static MlCode
open_prior(const uint8_t *bytes, const MlBytesHead *head, MlModel *model, MlStatus *status)
{
	int			k;

	if ((head->flags & FLAG_PRIOR) == 0)
		return ML_OK;
	model->log_prior = ml_read_array(bytes, head->size, head->prior_at, head->classes, sizeof(double));
	if (model->log_prior == NULL)
		return damaged(status, "class weights outside");
	for (k = 0; k < model->n_classes; k++)
		if (!isfinite(model->log_prior[k]))
			return damaged(status, "a class weight is not a number");
	return ML_OK;
}

MlCode
ml_model_open(MlHost *host, const void *bytes, size_t size, MlModel *model, MlStatus *status)
{
	MlBytesHead head;
	Texts		texts;
	MlCode		code;

	memset(model, 0, sizeof(*model));
	model->bytes = bytes;
	model->size = size;
	code = check_head(bytes, size, &head, status);
	if (code == ML_OK)
		code = check_shape(&head, model, status);
	if (code == ML_OK)
		code = open_texts(bytes, &head, &texts, status);
	if (code == ML_OK)
		code = open_classes(host, model, &texts, status);
	if (code == ML_OK)
		code = open_columns(host, bytes, &head, model, &texts, status);
	if (code == ML_OK)
		code = open_prior(bytes, &head, model, status);
	if (code != ML_OK)
		return code;
	model->section = ml_read_array(bytes, size, head.section_at, head.section_size, 1);
	model->section_size = head.section_size;
	if (model->section == NULL)
		return damaged(status, "the algorithm's part is outside");
	return model->learner->open(host, model, status);
}

/* ---- asking ---- */

void
ml_model_margin(const MlModel *model, const double *x, int64_t n, double *margin, double *room)
{
	model->learner->margin(model, x, n, margin, room);
}

size_t
ml_model_margin_room(const MlModel *model)
{
	return model->learner->margin_room ? model->learner->margin_room(model) : 0;
}

double
ml_model_steps(const MlModel *model)
{
	const MlTrees *trees = ml_model_trees(model);

	return trees ? ml_trees_steps(trees) : (double) model->prep.width * model->n_outputs;
}

int
ml_model_rows(const MlModel *model, int most)
{
	double		rows = ROWS_STEPS / fmax(ml_model_steps(model), 1);

	if (rows >= most)
		return most;
	return rows < 2 * ML_MODEL_ROWS ? ML_MODEL_ROWS : (int) rows / ML_MODEL_ROWS * ML_MODEL_ROWS;
}

static double
sigmoid(double x)
{
	double		e;

	if (x >= 0.0)
		return 1.0 / (1.0 + exp(-x));
	e = exp(x);
	return e / (1.0 + e);
}

/* Margins that are log-odds or softmax scores. */
static void
proba_from_scores(const MlModel *model, const double *margin, double *proba)
{
	const double *prior = model->log_prior;
	double		most = -INFINITY;
	double		total = 0.0;
	int			k;

	if (model->n_outputs == 1)
	{
		double		score = margin[0] - (prior != NULL ? prior[1] - prior[0] : 0.0);

		proba[1] = sigmoid(score);
		proba[0] = sigmoid(-score);
		return;
	}
	for (k = 0; k < model->n_classes; k++)
	{
		proba[k] = margin[k] - (prior != NULL ? prior[k] : 0.0);
		most = fmax(most, proba[k]);
	}
	for (k = 0; k < model->n_classes; k++)
	{
		proba[k] = exp(proba[k] - most);
		total += proba[k];
	}
	for (k = 0; k < model->n_classes; k++)
		proba[k] /= total;
}

/* Margins that are probabilities: the class weights are taken out of the odds. */
static void
proba_from_shares(const MlModel *model, const double *margin, double *proba)
{
	double		total = 0.0;
	double		most = -INFINITY;
	int			k;

	for (k = 0; k < model->n_classes; k++)
	{
		proba[k] = model->n_outputs > 1 ? margin[k] : k == 1 ? margin[0] : 1.0 - margin[0];
		if (model->log_prior != NULL)
			most = fmax(most, -model->log_prior[k]);
	}
	if (model->log_prior == NULL)
		return;
	for (k = 0; k < model->n_classes; k++)
	{
		proba[k] *= exp(-model->log_prior[k] - most);
		total += proba[k];
	}
	for (k = 0; k < model->n_classes && total > 0.0; k++)
		proba[k] /= total;
}

void
ml_model_proba(const MlModel *model, const double *margin, double *proba)
{
	if (model->task == ML_REGRESSION)
		proba[0] = model->log_link ? exp(margin[0]) : margin[0];
	else if (model->learner->probability)
		proba_from_shares(model, margin, proba);
	else
		proba_from_scores(model, margin, proba);
}

int
ml_model_class(const MlModel *model, const double *margin, const double *proba, double threshold)
{
	int			best = 0;
	int			k;

	if (model->task == ML_BINARY)
		return proba[1] >= threshold ? 1 : 0;
	for (k = 1; k < model->n_outputs; k++)
		if (margin[k] > margin[best])
			best = k;
	return best;
}

size_t
ml_model_explain_room(const MlModel *model)
{
	return model->learner->explain_room ? model->learner->explain_room(model) : 0;
}

MlCode
ml_model_explain(MlHost *host, const MlModel *model, const double *x, int output, double *room,
				 double *phi, MlStatus *status)
{
	if (model->learner->explain == NULL)
		return ml_status_set(status, ML_NOT_SUPPORTED, "algorithm \"%s\" has no explanation", model->learner->name);
	assert(output >= 0 && output < model->n_outputs);
	return model->learner->explain(host, model, x, output, room, phi, status);
}
