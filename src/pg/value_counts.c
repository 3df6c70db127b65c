/*
 * value_counts.c: counting the values of a frame.
 */
#include "postgres.h"

#include "common/int.h"
#include "lib/rbtree.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "kernel/wide_hash.h"
#include "pg/pg_compat.h"
#include "pg/value_counts.h"

#define HASH_DIGITS 32

typedef struct Entry
{
	int64		count;
	uint32		hash;
	int			length;
	const char *data;			/* behind the struct, but for an entry that is looked for */
} Entry;

typedef struct TableSlot
{
	Entry	   *entry;
	char		status;
} TableSlot;

static inline bool
same_text(const Entry *a, const Entry *b)
{
	return a->hash == b->hash && a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

#define SH_PREFIX table
#define SH_ELEMENT_TYPE TableSlot
#define SH_KEY_TYPE Entry *
#define SH_KEY entry
#define SH_HASH_KEY(table, key) (key)->hash
#define SH_EQUAL(table, a, b) same_text(a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct MlopsTally
{
	MemoryContext context;
	table_hash *table;
	RBTree	   *order;
	int64		total;
};

typedef struct OrderNode
{
	RBTNode		node;
	Entry	   *entry;
} OrderNode;

/* --- texts --------------------------------------------------------------- */

void
mlops_counted_text(MlopsCountedText *counted, const text *value)
{
	static const char digit[] = "0123456789abcdef";
	MlWideHash	h;
	int			kept;

	counted->data = VARDATA_ANY(value);
	counted->length = VARSIZE_ANY_EXHDR(value);
	if (counted->length <= MLOPS_COUNTS_MAX_LENGTH)
		return;
	h = ml_wide_hash_bytes(counted->data, counted->length, (MlWideHash) {1, 2});
	/* whole characters of the beginning, one that does not occur by chance, and the hash */
	kept = pg_mbcliplen(counted->data, counted->length, MLOPS_COUNTS_MAX_LENGTH - HASH_DIGITS - 1);
	memcpy(counted->buffer, counted->data, kept);
	counted->buffer[kept++] = '#';
	for (int i = 0; i < HASH_DIGITS; i++)
		counted->buffer[kept++] = digit[((i < 16 ? h.high : h.low) >> (60 - i % 16 * 4)) & 15];
	counted->data = counted->buffer;
	counted->length = kept;
}

static Entry
key_of(const MlopsCountedText *counted)
{
	Entry		key;

	key.count = 0;
	key.hash = (uint32) ml_hash_bytes(counted->data, counted->length, 0);
	key.length = counted->length;
	key.data = counted->data;
	return key;
}

/* --- the order ------------------------------------------------------------ */

/* The commonest first, then by bytes. */
static int
compare_entries(const Entry *a, const Entry *b)
{
	int			order;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	order = memcmp(a->data, b->data, Min(a->length, b->length));
	return order != 0 ? order : a->length - b->length;
}

static int
compare_nodes(const RBTNode *a, const RBTNode *b, void *arg)
{
	return compare_entries(((const OrderNode *) a)->entry, ((const OrderNode *) b)->entry);
}

static void
combine_nodes(RBTNode *existing, const RBTNode *newdata, void *arg)
{
	elog(ERROR, "value is counted twice");
}

static RBTNode *
allocate_node(void *arg)
{
	return MemoryContextAlloc(((MlopsTally *) arg)->context, sizeof(OrderNode));
}

static void
free_node(RBTNode *node, void *arg)
{
	pfree(node);
}

/* Takes the entry out of the order, where it has a place unless its count is 0, and puts it back with its new count. */
static void
recount(MlopsTally *tally, Entry *entry, int change)
{
	OrderNode	wanted = {.entry = entry};
	bool		is_new;

	if (entry->count > 0)
		rbt_delete(tally->order, rbt_find(tally->order, &wanted.node));
	entry->count += change;
	tally->total += change;
	if (entry->count > 0)
		rbt_insert(tally->order, &wanted.node, &is_new);
}

/* --- counting ------------------------------------------------------------ */

MlopsTally *
mlops_tally_create(MemoryContext context)
{
	MlopsTally *tally = MemoryContextAllocZero(context, sizeof(MlopsTally));
	MemoryContext old = MemoryContextSwitchTo(context);

	tally->context = context;
	tally->table = table_create(context, 8, NULL);
	tally->order = rbt_create(sizeof(OrderNode), compare_nodes, combine_nodes, allocate_node, free_node, tally);
	MemoryContextSwitchTo(old);
	return tally;
}

void
mlops_tally_add(MlopsTally *tally, const text *value)
{
	MlopsCountedText counted;
	Entry		key;
	TableSlot  *slot;
	bool		found;

	mlops_counted_text(&counted, value);
	key = key_of(&counted);
	slot = table_lookup(tally->table, &key);
	if (slot == NULL)
	{
		Entry	   *entry;

		if (tally->table->members >= MLOPS_TALLY_MAX_VALUES)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a frame must not have more than %d different values", MLOPS_TALLY_MAX_VALUES),
					 errhint("Make the frame shorter, or count a coarser value.")));
		entry = MemoryContextAlloc(tally->context, sizeof(Entry) + key.length);
		*entry = key;
		entry->data = memcpy((char *) (entry + 1), key.data, key.length);
		slot = table_insert(tally->table, entry, &found);
	}
	recount(tally, slot->entry, 1);
}

void
mlops_tally_remove(MlopsTally *tally, const text *value)
{
	MlopsCountedText counted;
	Entry		key;
	TableSlot  *slot;
	Entry	   *entry;

	mlops_counted_text(&counted, value);
	key = key_of(&counted);
	slot = table_lookup(tally->table, &key);
	if (slot == NULL)
		elog(ERROR, "value to take back was not counted");
	entry = slot->entry;
	recount(tally, entry, -1);
	if (entry->count == 0)
	{
		table_delete_item(tally->table, slot);
		pfree(entry);
	}
}

/* --- results --------------------------------------------------------------- */

static char *
put_entry(char *to, int64 count, const char *data, int length)
{
	memcpy(to, &count, sizeof(count));
	to += sizeof(count);
	*to++ = (char) length;
	memcpy(to, data, length);
	return to + length;
}

static const char *
get_entry(const char *from, int64 *count, const char **data, int *length)
{
	memcpy(count, from, sizeof(*count));
	from += sizeof(*count);
	*length = (uint8) *from++;
	*data = from;
	return from + *length;
}

/* n entries in order */
static MlopsValueCounts *
make_counts(Entry *const *entry, int n, int64 total)
{
	MlopsValueCounts *counts;
	Size		size = offsetof(MlopsValueCounts, entry);
	char	   *to;

	for (int i = 0; i < n; i++)
		size += sizeof(int64) + 1 + entry[i]->length;
	counts = palloc(size);
	SET_VARSIZE(counts, size);
	counts->kept = n;
	counts->total = total;
	to = counts->entry;
	for (int i = 0; i < n; i++)
		to = put_entry(to, entry[i]->count, entry[i]->data, entry[i]->length);
	return counts;
}

MlopsValueCounts *
mlops_tally_counts(const MlopsTally *tally)
{
	Entry	   *entry[MLOPS_COUNTS_KEPT];
	RBTreeIterator walk;
	RBTNode    *node;
	int			n = 0;

	if (tally->total == 0)
		return NULL;
	rbt_begin_iterate(tally->order, LeftRightWalk, &walk);
	while (n < MLOPS_COUNTS_KEPT && (node = rbt_iterate(&walk)) != NULL)
		entry[n++] = ((OrderNode *) node)->entry;
	return make_counts(entry, n, tally->total);
}

int64
mlops_value_counts_find(const MlopsValueCounts *counts, const MlopsCountedText *value, int64 *at_most)
{
	const char *from = counts->entry;
	int64		rest = counts->total;
	int64		count = 0;

	for (int i = 0; i < counts->kept; i++)
	{
		const char *data;
		int			length;

		from = get_entry(from, &count, &data, &length);
		rest -= count;
		if (length == value->length && memcmp(data, value->data, length) == 0)
		{
			*at_most = count;
			return count;
		}
	}
	/* as often as the last of those that are kept, unless fewer are left */
	*at_most = Min(count, rest);
	return 0;
}

/* --- as text ---------------------------------------------------------------- */

void
mlops_value_counts_write(const MlopsValueCounts *counts, StringInfo json)
{
	const char *from = counts->entry;

	appendStringInfo(json, "{\"total\": " INT64_FORMAT ", \"values\": {", counts->total);
	for (int i = 0; i < counts->kept; i++)
	{
		int64		count;
		const char *data;
		int			length;

		from = get_entry(from, &count, &data, &length);
		if (i > 0)
			appendStringInfoString(json, ", ");
		escape_json(json, pnstrdup(data, length));
		appendStringInfo(json, ": " INT64_FORMAT, count);
	}
	appendStringInfoString(json, "}}");
}

static void refuse(const char *why) __attribute__((noreturn));

static void
refuse(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input for type mlops.value_counts"),
			 errdetail("%s", why)));
}

/* A count: a whole number of at least 1. */
static int64
read_count(const JsonbValue *value)
{
	Datum		count;

	if (value == NULL || value->type != jbvNumeric)
		refuse("A count is missing, or is not a number.");
	count = DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric));
	if (DatumGetInt64(count) < 1 ||
		!DatumGetBool(DirectFunctionCall2(numeric_eq, DirectFunctionCall1(int8_numeric, count),
										  NumericGetDatum(value->val.numeric))))
		refuse("Counts must be whole numbers of at least 1.");
	return DatumGetInt64(count);
}

static int
compare_entry_pointers(const void *a, const void *b)
{
	return compare_entries(*(Entry *const *) a, *(Entry *const *) b);
}

MlopsValueCounts *
mlops_value_counts_read(const char *text)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	JsonbValue	values;
	JsonbValue	value;
	JsonbIterator *walk;
	JsonbIteratorToken token;
	Entry	   *entry[MLOPS_COUNTS_KEPT];
	int64		total;
	int64		sum = 0;
	int			n = 0;

	if (!JB_ROOT_IS_OBJECT(json) ||
		getKeyJsonValueFromContainer(&json->root, "values", 6, &values) == NULL || values.type != jbvBinary ||
		!JsonContainerIsObject(values.val.binary.data))
		refuse("An object with \"total\" and the object \"values\" is expected.");
	total = read_count(getKeyJsonValueFromContainer(&json->root, "total", 5, &value));
	walk = JsonbIteratorInit(values.val.binary.data);
	JsonbIteratorNext(&walk, &value, true);
	while ((token = JsonbIteratorNext(&walk, &value, true)) == WJB_KEY)
	{
		if (n == MLOPS_COUNTS_KEPT || value.val.string.len > MLOPS_COUNTS_MAX_LENGTH)
			refuse("There are too many values, or one is too long.");
		entry[n] = palloc0(sizeof(Entry));
		entry[n]->data = value.val.string.val;
		entry[n]->length = value.val.string.len;
		JsonbIteratorNext(&walk, &value, true);
		entry[n]->count = read_count(&value);
		if (pg_add_s64_overflow(sum, entry[n]->count, &sum) || sum > total)
			refuse("The counts have a larger sum than \"total\".");
		n++;
	}
	if (n == 0)
		refuse("There are no values.");
	qsort(entry, n, sizeof(Entry *), compare_entry_pointers);
	return make_counts(entry, n, total);
}
