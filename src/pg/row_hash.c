/*
 * row_hash.c: hashes of a row's content and of its key.
 *
 * content = mix(sum over columns of fold((word ^ salt of the column's name) * K)),
 * fold(x) = upper ^ lower half of a 128-bit product: a sum, so that the
 * columns' order does not matter and the processor need not wait for one
 * column before the next; one multiplication a column, because this stands in
 * the path of every value read.
 * key = hash of the first key column's text seeded with salt, that of the
 * second seeded with the first, ...
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "kernel/hash.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "pg/pg_compat.h"
#include "pg/row_hash.h"

/* what NULL and NaN count as */
#define WORD_NULL UINT64_C(0x9b1a7ce3f0d45e26)
/* K: odd, bits without pattern (the golden ratio's) */
#define FOLD_FACTOR UINT64_C(0x9e3779b97f4a7c15)

enum
{
	OP_FLOAT8,
	OP_FLOAT4,
	OP_INT8,
	OP_INT4,
	OP_INT2,
	OP_BYTE,
	OP_FIXED16,
	OP_NAME,
	OP_VARLENA,
	OP_CHARN,
	OP_TEXT						/* by the output function */
};

static int
op_of(Form_pg_attribute att)
{
	Oid			base = getBaseType(att->atttypid);

	switch (base)
	{
		case FLOAT8OID:
			return OP_FLOAT8;
		case FLOAT4OID:
			return OP_FLOAT4;
		case BPCHAROID:
			return OP_CHARN;
		case NAMEOID:
			return OP_NAME;
		case UUIDOID:
			return OP_FIXED16;
		case INT2OID:
			return OP_INT2;
		case INT4OID:
		case DATEOID:
			return OP_INT4;
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case TIMEOID:
			return OP_INT8;
		case BOOLOID:
		case CHAROID:
			return OP_BYTE;
		case TEXTOID:
		case VARCHAROID:
		case BYTEAOID:
		case NUMERICOID:
		case JSONBOID:
		case FLOAT4ARRAYOID:
		case FLOAT8ARRAYOID:
			return OP_VARLENA;
		default:
			/* an OID inside (enum, composite, array of them) may differ between databases; the text does not */
			return OP_TEXT;
	}
}

static void
init_column(MlopsHashColumn *column, TupleDesc desc, int position)
{
	Form_pg_attribute att = TupleDescAttr(desc, position);

	column->position = position;
	column->op = op_of(att);
	column->salt = ml_hash_bytes(NameStr(att->attname), strlen(NameStr(att->attname)), 0);
	column->text = palloc(sizeof(MlopsStableText));
	mlops_stable_text_init(column->text, att->atttypid);
}

static int
compare_ops(const void *a, const void *b)
{
	const MlopsHashColumn *x = a;
	const MlopsHashColumn *y = b;

	return x->op != y->op ? x->op - y->op : x->position - y->position;
}

static MlopsRowHash *
make_hash(TupleDesc desc, int n, const int *position)
{
	MlopsRowHash *hash = palloc0(sizeof(MlopsRowHash));

	hash->n = n;
	hash->column = palloc0(sizeof(MlopsHashColumn) * Max(n, 1));
	for (int i = 0; i < n; i++)
		init_column(&hash->column[i], desc, position[i]);
	return hash;
}

MlopsRowHash *
mlops_row_hash_create(TupleDesc desc, int n, const int *position)
{
	MlopsRowHash *hash = make_hash(desc, n, position);

	qsort(hash->column, hash->n, sizeof(MlopsHashColumn), compare_ops);
	return hash;
}

MlopsRowHash *
mlops_key_hash_create(TupleDesc desc, int n, const int *position)
{
	return make_hash(desc, n, position);
}

/* ---- content ---- */

static inline uint64
fold(uint64 x)
{
#ifdef HAVE_INT128
	uint128		product = (uint128) x * FOLD_FACTOR;

	return (uint64) (product >> 64) ^ (uint64) product;
#else
	uint64		low = (x & 0xffffffff) * (FOLD_FACTOR & 0xffffffff);
	uint64		middle = (x >> 32) * (FOLD_FACTOR & 0xffffffff) + (low >> 32);
	uint64		other = (x & 0xffffffff) * (FOLD_FACTOR >> 32) + (middle & 0xffffffff);
	uint64		high = (x >> 32) * (FOLD_FACTOR >> 32) + (middle >> 32) + (other >> 32);

	return high ^ ((other << 32) | (low & 0xffffffff));
#endif
}

static uint64
bytes_word(MlopsHashColumn *column, Datum value)
{
	struct varlena *packed;
	const char *text;
	Size		len;

	switch (column->op)
	{
		case OP_FIXED16:
			return ml_hash_bytes(DatumGetPointer(value), 16, 0);
		case OP_NAME:
			text = NameStr(*DatumGetName(value));
			return ml_hash_bytes(text, strlen(text), 0);
		case OP_VARLENA:
		case OP_CHARN:
			packed = PG_DETOAST_DATUM_PACKED(value);
			text = VARDATA_ANY(packed);
			len = VARSIZE_ANY_EXHDR(packed);
			if (column->op == OP_CHARN)
				while (len > 0 && text[len - 1] == ' ')
					len--;
			return ml_hash_bytes(text, len, 0);
		default:
			text = mlops_stable_text(column->text, value);
			return ml_hash_bytes(text, strlen(text), 0);
	}
}

static inline uint64
word_of(MlopsHashColumn *column, int op, Datum value)
{
	switch (op)
	{
		case OP_FLOAT8:
			return ml_hash_number(DatumGetFloat8(value));
		case OP_FLOAT4:
			return ml_hash_number(DatumGetFloat4(value));
		case OP_INT8:
			return (uint64) DatumGetInt64(value);
		case OP_INT4:
			return (uint64) (int64) DatumGetInt32(value);
		case OP_INT2:
			return (uint64) (int64) DatumGetInt16(value);
		case OP_BYTE:
			return (uint64) DatumGetUInt8(value);
		default:
			return bytes_word(column, value);
	}
}

/* One op for a run of columns: a loop the compiler sees with op constant. */
static pg_attribute_always_inline uint64
sum_run(MlopsHashColumn *column, int n, int op, const Datum *value, const bool *isnull)
{
	uint64		sum = 0;

	for (int i = 0; i < n; i++)
	{
		int			position = column[i].position;
		uint64		word = isnull[position] ? WORD_NULL : word_of(&column[i], op, value[position]);

		sum += fold(word ^ column[i].salt);
	}
	return sum;
}

uint64
mlops_row_hash(const MlopsRowHash *hash, const Datum *value, const bool *isnull)
{
	uint64		sum = 0;
	int			from = 0;

	while (from < hash->n)
	{
		MlopsHashColumn *column = &hash->column[from];
		int			run = 1;

		while (from + run < hash->n && column[run].op == column->op)
			run++;
		switch (column->op)
		{
			case OP_FLOAT8:
				sum += sum_run(column, run, OP_FLOAT8, value, isnull);
				break;
			case OP_INT4:
				sum += sum_run(column, run, OP_INT4, value, isnull);
				break;
			case OP_INT8:
				sum += sum_run(column, run, OP_INT8, value, isnull);
				break;
			default:
				sum += sum_run(column, run, column->op, value, isnull);
		}
		from += run;
	}
	return ml_mix64(sum);
}

/* ---- key ---- */

static uint64
hash_decimal(int64 number, uint64 seed)
{
	char		text[32];
	int			len = pg_lltoa(number, text);

	return ml_hash_bytes(text, len, seed);
}

/* Hash of the value's text; dates and floats by texts that no setting changes. */
static uint64
hash_key_text(MlopsHashColumn *column, Datum value, uint64 seed)
{
	char		number[DOUBLE_SHORTEST_DECIMAL_LEN];
	struct varlena *packed;
	const char *text;
	Size		len;

	switch (column->op)
	{
		case OP_INT8:
			return hash_decimal(DatumGetInt64(value), seed);
		case OP_INT4:
			return hash_decimal(DatumGetInt32(value), seed);
		case OP_INT2:
			return hash_decimal(DatumGetInt16(value), seed);
		case OP_FLOAT8:
			len = double_to_shortest_decimal_buf(DatumGetFloat8(value), number);
			return ml_hash_bytes(number, len, seed);
		case OP_FLOAT4:
			len = float_to_shortest_decimal_buf(DatumGetFloat4(value), number);
			return ml_hash_bytes(number, len, seed);
		case OP_VARLENA:
		case OP_CHARN:
			if (column->text->output.fn_oid != F_TEXTOUT && column->text->output.fn_oid != F_VARCHAROUT &&
				column->text->output.fn_oid != F_BPCHAROUT && column->text->output.fn_oid != F_BYTEAOUT)
				break;
			packed = PG_DETOAST_DATUM_PACKED(value);
			text = VARDATA_ANY(packed);
			len = VARSIZE_ANY_EXHDR(packed);
			if (column->op == OP_CHARN)
				while (len > 0 && text[len - 1] == ' ')
					len--;
			return ml_hash_bytes(text, len, seed);
	}
	text = mlops_stable_text(column->text, value);
	return ml_hash_bytes(text, strlen(text), seed);
}

bool
mlops_key_hash(MlopsRowHash *hash, const Datum *value, const bool *isnull, uint64 salt, uint64 *result)
{
	bool		found = false;
	uint64		h = salt;

	for (int i = 0; i < hash->n; i++)
	{
		MlopsHashColumn *column = &hash->column[i];

		if (isnull[column->position])
		{
			h = ml_hash_combine(h, WORD_NULL);
			continue;
		}
		found = true;
		h = hash_key_text(column, value[column->position], h);
	}
	*result = h;
	return found;
}
