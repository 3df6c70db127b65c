/*
 * content_hash.c: fingerprints of 128 bits of rows and tables.
 *
 * value  = two hashes of 64 bits under the two halves of the column's salt
 * row    = mix(constant + sum of its values, each half modulo 2^64)
 * table  = sum of its rows modulo 2^128
 *
 * The values are part of what is stored in mlops.snapshots and never change.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "pg/content_hash.h"
#include "pg/pg_compat.h"

#define WORD_NULL UINT64_C(0x9b1a7ce3f0d45e26)
/* a row without columns counts, too */
#define ROW_HIGH UINT64_C(0x510e527fade682d1)
#define ROW_LOW UINT64_C(0x9b05688c2b3e6c1f)
/* sets the two halves of a salt apart */
#define SALT_LOW UINT64_C(0x3c6ef372fe94f82b)

static const struct
{
	Oid			type;
	MlopsContentKind kind;
}			kinds[] = {
	{BOOLOID, MLOPS_CONTENT_BOOLEAN},
	{INT2OID, MLOPS_CONTENT_INTEGER},
	{INT4OID, MLOPS_CONTENT_INTEGER},
	{INT8OID, MLOPS_CONTENT_INTEGER},
	{FLOAT4OID, MLOPS_CONTENT_FLOAT},
	{FLOAT8OID, MLOPS_CONTENT_FLOAT},
	{NUMERICOID, MLOPS_CONTENT_NUMERIC},
	{DATEOID, MLOPS_CONTENT_DATE},
	{TIMESTAMPOID, MLOPS_CONTENT_TIMESTAMP},
	{TIMESTAMPTZOID, MLOPS_CONTENT_TIMESTAMPTZ},
	{TEXTOID, MLOPS_CONTENT_TEXT},
	{VARCHAROID, MLOPS_CONTENT_TEXT},
	{BPCHAROID, MLOPS_CONTENT_TEXT},
	{BYTEAOID, MLOPS_CONTENT_BYTES},
	{UUIDOID, MLOPS_CONTENT_UUID}
};

static MlopsContentKind
kind_of(Oid type)
{
	for (int i = 0; i < (int) lengthof(kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].kind;
	return MLOPS_CONTENT_OTHER;
}

MlopsContentHash *
mlops_content_hash_create(TupleDesc desc)
{
	MlopsContentHash *hash = palloc0(sizeof(MlopsContentHash));

	hash->column = palloc0(sizeof(MlopsContentColumn) * Max(desc->natts, 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		const char *name = NameStr(att->attname);
		MlopsContentColumn *column;

		if (att->attisdropped)
			continue;
		column = &hash->column[hash->n++];
		column->position = i;
		column->type = getBaseType(att->atttypid);
		column->kind = kind_of(column->type);
		column->salt.high = ml_hash_combine(ml_hash_bytes(name, strlen(name), 0), (uint64) column->kind);
		column->salt.low = ml_mix64(column->salt.high ^ SALT_LOW);
		column->text = palloc(sizeof(MlopsStableText));
		mlops_stable_text_init(column->text, att->atttypid);
	}
	return hash;
}

static MlWideHash
text_hash(const MlopsContentColumn *column, Datum value)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
	const char *data = VARDATA_ANY(packed);
	Size		len = VARSIZE_ANY_EXHDR(packed);

	/* blanks at the end of char(n) mean nothing */
	if (column->type == BPCHAROID)
		while (len > 0 && data[len - 1] == ' ')
			len--;
	return ml_wide_hash_bytes(data, len, column->salt);
}

MlWideHash
mlops_content_value(const MlopsContentColumn *column, Datum value)
{
	const char *text;

	switch (column->kind)
	{
		case MLOPS_CONTENT_BOOLEAN:
			return ml_wide_hash_word(DatumGetBool(value), column->salt);
		case MLOPS_CONTENT_INTEGER:
			return ml_wide_hash_word(column->type == INT8OID ? (uint64) DatumGetInt64(value) :
									 column->type == INT4OID ? (uint64) (int64) DatumGetInt32(value) :
									 (uint64) (int64) DatumGetInt16(value), column->salt);
		case MLOPS_CONTENT_FLOAT:
			return ml_wide_hash_word(ml_hash_number(column->type == FLOAT8OID ? DatumGetFloat8(value) :
												(double) DatumGetFloat4(value)), column->salt);
		case MLOPS_CONTENT_DATE:
			return ml_wide_hash_word((uint64) (int64) DatumGetDateADT(value), column->salt);
		case MLOPS_CONTENT_TIMESTAMP:
		case MLOPS_CONTENT_TIMESTAMPTZ:
			return ml_wide_hash_word((uint64) DatumGetTimestamp(value), column->salt);
		case MLOPS_CONTENT_UUID:
			return ml_wide_hash_bytes(DatumGetUUIDP(value)->data, UUID_LEN, column->salt);
		case MLOPS_CONTENT_TEXT:
		case MLOPS_CONTENT_BYTES:
			return text_hash(column, value);
		case MLOPS_CONTENT_NUMERIC:
			/* 1.0 and 1.00 are stored differently */
			text = numeric_normalize(DatumGetNumeric(value));
			break;
		default:
			text = mlops_stable_text(column->text, value);
	}
	return ml_wide_hash_bytes(text, strlen(text), column->salt);
}

MlWideHash
mlops_content_null(const MlopsContentColumn *column)
{
	return ml_wide_hash_word(WORD_NULL, (MlWideHash) {ml_mix64(column->salt.high), ml_mix64(column->salt.low)});
}

MlWideHash
mlops_content_row(const MlopsContentHash *hash, const Datum *value, const bool *isnull, MlWideHash *columns)
{
	MlWideHash	row = {ROW_HIGH, ROW_LOW};

	for (int i = 0; i < hash->n; i++)
	{
		const MlopsContentColumn *column = &hash->column[i];
		MlWideHash	h = isnull[column->position] ? mlops_content_null(column) :
			mlops_content_value(column, value[column->position]);

		row.high += h.high;
		row.low += h.low;
		if (columns != NULL)
			ml_wide_hash_add(&columns[i], h);
	}
	return ml_wide_hash_mix(row);
}

char *
mlops_content_text(MlWideHash hash)
{
	return psprintf("%016llx%016llx", (unsigned long long) hash.high, (unsigned long long) hash.low);
}
