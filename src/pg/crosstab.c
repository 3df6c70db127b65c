/*
 * crosstab.c: labels, their numbers and their sums.
 *
 * Labels are numbered in order of appearance and looked up by a hash table;
 * sorting renumbers them, and the table is made anew when it is needed again.
 *
 * The bytes (after the tag, words of 64 bits little-endian):
 *
 *     n             labels, at least one
 *     average_len   bytes of the argument "average", 0 when there is none
 *     len[n]        bytes of each label; labels ascend strictly, bytewise
 *     sum[n][3][2]  hit, missed, wrong: hi, lo
 *     average, then the labels, without gaps
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "kernel/hash.h"
#include "pg/crosstab.h"

#define FIRST_ROOM 4
#define HASH_SEED UINT64_C(0x6c6162656c)
#define BINARY "binary:"
#define BINARY_LEN (sizeof(BINARY) - 1)
#define POSITIVE "true"
#define LABEL_WORDS (1 + sizeof(MlClassSum) / sizeof(uint64))	/* each label's length and sums */
#define HEAD_WORDS 2
#define SHOWN_BYTES 64			/* of a wrong argument, in a message */

StaticAssertDecl(sizeof(MlClassSum) == 6 * sizeof(double), "sums of a class are six doubles");

typedef struct IndexEntry
{
	MlopsLabel	label;
	int32		number;
	char		status;
} IndexEntry;

static inline bool
same_label(MlopsLabel a, MlopsLabel b)
{
	return a.hash == b.hash && a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

#define SH_PREFIX label_index
#define SH_ELEMENT_TYPE IndexEntry
#define SH_KEY_TYPE MlopsLabel
#define SH_KEY label
#define SH_HASH_KEY(table, key) ((key).hash)
#define SH_EQUAL(table, a, b) same_label(a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static MlopsLabel
make_label(const char *text, Size len)
{
	uint64		hash = ml_hash_bytes(text, len, HASH_SEED);

	return (MlopsLabel) {text, (uint32) len, (uint32) (hash ^ hash >> 32)};
}

/* The order of memcmp, a prefix first. */
static int
compare_labels(const MlopsLabel *a, const MlopsLabel *b)
{
	int			order = memcmp(a->text, b->text, Min(a->len, b->len));

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* --- adding -------------------------------------------------------------- */

static void
make_room(MlopsCrosstab *crosstab, Size room)
{
	MemoryContext context = crosstab->state.header.eoh_context;

	if (crosstab->room == 0)
	{
		crosstab->label = MemoryContextAllocHuge(context, room * sizeof(MlopsLabel));
		crosstab->sum = MemoryContextAllocHuge(context, room * sizeof(MlClassSum));
	}
	else
	{
		crosstab->label = repalloc_huge(crosstab->label, room * sizeof(MlopsLabel));
		crosstab->sum = repalloc_huge(crosstab->sum, room * sizeof(MlClassSum));
	}
	crosstab->room = (int32) room;
}

static void
insert_index(MlopsCrosstab *crosstab, int32 number)
{
	bool		found;

	label_index_insert(crosstab->index, crosstab->label[number], &found)->number = number;
}

static void
make_index(MlopsCrosstab *crosstab)
{
	crosstab->index = label_index_create(crosstab->state.header.eoh_context, Max(crosstab->n, FIRST_ROOM), NULL);
	for (int32 i = 0; i < crosstab->n; i++)
	{
		/* labels that were unpacked have not been hashed yet */
		crosstab->label[i] = make_label(crosstab->label[i].text, crosstab->label[i].len);
		insert_index(crosstab, i);
	}
}

static void
check_label_bytes(Size bytes)
{
	if (bytes > MLOPS_CROSSTAB_MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("distinct labels must not be longer than %d MB together",
						MLOPS_CROSSTAB_MAX_BYTES / (1024 * 1024))));
}

static int32
add_label(MlopsCrosstab *crosstab, MlopsLabel label)
{
	char	   *copy;
	int32		number = crosstab->n;

	if (number >= MLOPS_CROSSTAB_MAX_LABELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("labels must not have more than %d distinct values", MLOPS_CROSSTAB_MAX_LABELS)));
	check_label_bytes(crosstab->label_bytes + label.len);
	if (number == crosstab->room)
		make_room(crosstab, Max((Size) crosstab->room * 2, FIRST_ROOM));
	copy = MemoryContextAlloc(crosstab->state.header.eoh_context, Max(label.len, 1));
	memcpy(copy, label.text, label.len);
	label.text = copy;
	crosstab->label[number] = label;
	memset(&crosstab->sum[number], 0, sizeof(MlClassSum));
	crosstab->label_bytes += label.len;
	crosstab->n++;
	insert_index(crosstab, number);
	return number;
}

static int32
number_of(MlopsCrosstab *crosstab, const char *text, Size len)
{
	MlopsLabel	label = make_label(text, len);
	IndexEntry *entry;

	if (crosstab->index == NULL)
		make_index(crosstab);
	entry = label_index_lookup(crosstab->index, label);
	return entry != NULL ? entry->number : add_label(crosstab, label);
}

static void
check_overflow(double sum)
{
	if (!isfinite(sum))
		float_overflow_error();
}

void
mlops_crosstab_add(MlopsCrosstab *crosstab, const char *actual, Size actual_len,
				   const char *predicted, Size predicted_len, double weight)
{
	int32		a = number_of(crosstab, actual, actual_len);
	int32		p = actual_len == predicted_len && memcmp(actual, predicted, actual_len) == 0 ? a :
		number_of(crosstab, predicted, predicted_len);

	ml_class_add(&crosstab->sum[a], &crosstab->sum[p], weight);
	check_overflow(a == p ? crosstab->sum[a].hit.hi : crosstab->sum[a].missed.hi);
	check_overflow(crosstab->sum[p].wrong.hi);
}

/* --- the argument "average" ---------------------------------------------- */

/* *mean or, for binary:<label>, *label with its text set. */
static bool
parse_average(const char *average, Size len, MlClassAverage *mean, MlopsLabel *label)
{
	static const struct
	{
		const char *name;
		MlClassAverage mean;
	}			means[] = {
		{"macro", ML_CLASS_MACRO}, {"micro", ML_CLASS_MICRO}, {"weighted", ML_CLASS_WEIGHTED}
	};

	*label = (MlopsLabel) {NULL, 0, 0};
	if (len >= BINARY_LEN && memcmp(average, BINARY, BINARY_LEN) == 0)
	{
		*label = (MlopsLabel) {average + BINARY_LEN, (uint32) (len - BINARY_LEN), 0};
		return true;
	}
	for (int i = 0; i < (int) lengthof(means); i++)
	{
		*mean = means[i].mean;
		if (len == strlen(means[i].name) && memcmp(average, means[i].name, len) == 0)
			return true;
	}
	return false;
}

static void
adopt_average(MlopsCrosstab *crosstab, const char *average, Size len)
{
	char	   *copy = MemoryContextAlloc(crosstab->state.header.eoh_context, len);

	memcpy(copy, average, len);
	crosstab->average = copy;
	crosstab->average_len = (uint32) len;
}

static bool
has_average(const MlopsCrosstab *crosstab, const char *average, Size len)
{
	return crosstab->average_len == len && memcmp(crosstab->average, average, len) == 0;
}

static void
refuse_other_average(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"average\" must be the same in all rows")));
}

void
mlops_crosstab_average(MlopsCrosstab *crosstab, const char *average, Size len, bool integers)
{
	MlClassAverage mean;
	MlopsLabel	label;

	if (crosstab != NULL && crosstab->average != NULL && has_average(crosstab, average, len))
		return;
	if (!parse_average(average, len, &mean, &label))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"average\" must be one of macro, micro, weighted, binary:<label>"),
				 errdetail("The value given is \"%.*s\".",
						   pg_mbcliplen(average, (int) len, SHOWN_BYTES), average)));
	check_label_bytes(label.len);
	if (label.text != NULL && integers)
	{
		char	   *text = pnstrdup(label.text, label.len);
		int64		value = DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(text)));

		average = psprintf(BINARY INT64_FORMAT, value);
		len = strlen(average);
	}
	if (crosstab == NULL)
		return;
	if (crosstab->average == NULL)
		adopt_average(crosstab, average, len);
	else if (!has_average(crosstab, average, len))
		refuse_other_average();
}

void
mlops_crosstab_merge(MlopsCrosstab *into, const MlopsCrosstab *from)
{
	if (into->n == 0 && from->average != NULL)
		adopt_average(into, from->average, from->average_len);
	if ((into->average != NULL) != (from->average != NULL) ||
		(into->average != NULL && !has_average(into, from->average, from->average_len)))
		refuse_other_average();
	for (int32 i = 0; i < from->n; i++)
	{
		int32		number = number_of(into, from->label[i].text, from->label[i].len);
		MlClassSum *sum = &into->sum[number];

		CHECK_FOR_INTERRUPTS();
		ml_class_merge(sum, &from->sum[i]);
		check_overflow(sum->hit.hi);
		check_overflow(sum->missed.hi);
		check_overflow(sum->wrong.hi);
	}
}

/* --- order ---------------------------------------------------------------- */

static int
compare_numbers(const void *a, const void *b, void *label)
{
	CHECK_FOR_INTERRUPTS();
	return compare_labels((MlopsLabel *) label + *(const int32 *) a, (MlopsLabel *) label + *(const int32 *) b);
}

static void
sort_labels(MlopsCrosstab *crosstab)
{
	Size		n = (Size) crosstab->n;
	int32	   *order;
	MlopsLabel *label;
	MlClassSum *sum;

	if (crosstab->n_sorted == crosstab->n)
		return;
	order = palloc(n * sizeof(int32));
	label = palloc(n * sizeof(MlopsLabel));
	sum = palloc(n * sizeof(MlClassSum));
	for (Size i = 0; i < n; i++)
		order[i] = (int32) i;
	qsort_arg(order, n, sizeof(int32), compare_numbers, crosstab->label);
	for (Size i = 0; i < n; i++)
	{
		label[i] = crosstab->label[order[i]];
		sum[i] = crosstab->sum[order[i]];
	}
	memcpy(crosstab->label, label, n * sizeof(MlopsLabel));
	memcpy(crosstab->sum, sum, n * sizeof(MlClassSum));
	if (crosstab->index != NULL)
		label_index_destroy(crosstab->index);
	crosstab->index = NULL;
	crosstab->n_sorted = crosstab->n;
	pfree(order);
	pfree(label);
	pfree(sum);
}

const MlClassSum *
mlops_crosstab_sums(MlopsCrosstab *crosstab)
{
	sort_labels(crosstab);
	check_overflow(ml_class_total(crosstab->sum, crosstab->n));
	return crosstab->sum;
}

double
mlops_crosstab_figure(MlopsCrosstab *crosstab, MlClassFigure figure)
{
	const MlClassSum *sum = mlops_crosstab_sums(crosstab);
	MlopsLabel	label = {POSITIVE, sizeof(POSITIVE) - 1, 0};
	MlClassAverage mean;
	int32		low = 0;
	int32		high = crosstab->n;

	if (crosstab->average != NULL)
	{
		(void) parse_average(crosstab->average, crosstab->average_len, &mean, &label);
		if (label.text == NULL)
			return ml_class_mean(sum, crosstab->n, figure, mean);
	}
	while (low < high)
	{
		int32		middle = low + (high - low) / 2;

		if (compare_labels(&crosstab->label[middle], &label) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < crosstab->n && compare_labels(&crosstab->label[low], &label) == 0)
		return ml_class_one(sum, crosstab->n, low, figure);
	/* every row is a negative, and none was called positive */
	return figure == ML_CLASS_SPECIFICITY ? 1 : 0;
}

/* --- bytes ------------------------------------------------------------------ */

static Size
flat_size(MlopsState *state)
{
	MlopsCrosstab *crosstab = (MlopsCrosstab *) state;

	sort_labels(crosstab);
	return (HEAD_WORDS + LABEL_WORDS * crosstab->n) * sizeof(uint64) + crosstab->average_len + crosstab->label_bytes;
}

static uint8 *
write_text(uint8 *bytes, const char *text, uint32 len)
{
	if (len > 0)
		memcpy(bytes, text, len);
	return bytes + len;
}

static void
flatten(MlopsState *state, uint8 *bytes)
{
	MlopsCrosstab *crosstab = (MlopsCrosstab *) state;
	uint64		head[HEAD_WORDS] = {(uint64) crosstab->n, crosstab->average_len};

	bytes = mlops_state_write(bytes, head, HEAD_WORDS);
	for (int32 i = 0; i < crosstab->n; i++)
	{
		uint64		len = crosstab->label[i].len;

		bytes = mlops_state_write(bytes, &len, 1);
	}
	bytes = mlops_state_write(bytes, crosstab->sum, (LABEL_WORDS - 1) * crosstab->n);
	bytes = write_text(bytes, crosstab->average, crosstab->average_len);
	for (int32 i = 0; i < crosstab->n; i++)
		bytes = write_text(bytes, crosstab->label[i].text, crosstab->label[i].len);
}

/* Is it the pair of some sum >= 0? */
static bool
is_sum(MlWideSum s)
{
	return isfinite(s.hi) && isfinite(s.lo) && s.hi >= 0 && !signbit(s.hi) && s.hi + s.lo == s.hi &&
		(s.lo != 0 || !signbit(s.lo));
}

static bool
unflatten(MlopsState *state, const uint8 *bytes, Size size)
{
	MlopsCrosstab *crosstab = (MlopsCrosstab *) state;
	uint64		head[HEAD_WORDS];
	uint64		text_bytes;
	MlClassAverage mean;
	MlopsLabel	label;
	char	   *text;

	if (size < sizeof(head))
		return false;
	bytes = mlops_state_read(bytes, head, HEAD_WORDS);
	size -= sizeof(head);
	if (head[0] < 1 || head[0] > MLOPS_CROSSTAB_MAX_LABELS || size < head[0] * LABEL_WORDS * sizeof(uint64))
		return false;
	size -= head[0] * LABEL_WORDS * sizeof(uint64);
	if (head[1] > size || size - head[1] > MLOPS_CROSSTAB_MAX_BYTES ||
		head[1] > BINARY_LEN + MLOPS_CROSSTAB_MAX_BYTES)
		return false;

	make_room(crosstab, (Size) head[0]);
	text_bytes = size - head[1];
	for (uint64 i = 0; i < head[0]; i++)
	{
		uint64		len;

		bytes = mlops_state_read(bytes, &len, 1);
		if (len > text_bytes)
			return false;
		text_bytes -= len;
		crosstab->label[i].len = (uint32) len;
	}
	if (text_bytes != 0)
		return false;
	bytes = mlops_state_read(bytes, crosstab->sum, (LABEL_WORDS - 1) * (Size) head[0]);

	text = palloc(Max(size, 1));
	memcpy(text, bytes, size);
	if (head[1] > 0)
	{
		if (!parse_average(text, (Size) head[1], &mean, &label))
			return false;
		crosstab->average = text;
		crosstab->average_len = (uint32) head[1];
	}
	text += head[1];
	for (uint64 i = 0; i < head[0]; i++)
	{
		const MlClassSum *sum = &crosstab->sum[i];

		crosstab->label[i].text = text;
		text += crosstab->label[i].len;
		if (!is_sum(sum->hit) || !is_sum(sum->missed) || !is_sum(sum->wrong) ||
			(sum->hit.hi == 0 && sum->missed.hi == 0 && sum->wrong.hi == 0) ||
			(i > 0 && compare_labels(&crosstab->label[i - 1], &crosstab->label[i]) >= 0))
			return false;
	}
	crosstab->n = crosstab->n_sorted = (int32) head[0];
	crosstab->label_bytes = size - (Size) head[1];
	return true;
}

const MlopsStateType mlops_crosstab_type = {
	.name = "crosstab",
	.tag = {'c', 't', '0', '1'},
	.size = sizeof(MlopsCrosstab),
	.flat_size = flat_size,
	.flatten = flatten,
	.unflatten = unflatten
};
