/*
 * profile_value.c: values of any type, as words and texts.
 *
 * Numbers, booleans and times are words of their own.  Of all other values
 * the hash is taken: of the bytes for texts, by the type's own hash function
 * where it has one (so that equal values are one), else of the text that the
 * output function makes.  That text is made only for values that are new.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "kernel/hash.h"
#include "pg/duration.h"
#include "pg/pg_compat.h"
#include "pg/profile_value.h"
#include "pg/status.h"

#define HASH_SEED UINT64_C(0x70726f66696c65)

MlopsProfileInput *
mlops_profile_input(Oid type, Oid collation, MemoryContext context)
{
	MlopsProfileInput *input = MemoryContextAllocZero(context, sizeof(MlopsProfileInput));
	TypeCacheEntry *cache;
	Oid			output;
	bool		varlena;

	input->type = getBaseType(type);
	input->kind = mlops_profile_kind(input->type, &input->words);
	input->collation = OidIsValid(collation) ? collation : DEFAULT_COLLATION_OID;
	input->number.base_type = input->type;
	getTypeOutputInfo(input->type, &output, &varlena);
	fmgr_info_cxt(output, &input->output, context);
	/* a record without a name may hold what cannot be hashed: only its rows tell */
	if ((input->kind == MLOPS_PROFILE_JSON || input->kind == MLOPS_PROFILE_OTHER ||
		 input->kind == MLOPS_PROFILE_ARRAY || input->kind == MLOPS_PROFILE_VECTOR) &&
		input->type != RECORDOID && input->type != RECORDARRAYOID)
	{
		cache = lookup_type_cache(input->type, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
		if (OidIsValid(cache->hash_extended_proc))
			input->hash = &cache->hash_extended_proc_finfo;
	}
	return input;
}

/* ---- numbers ---- */

static inline uint64
double_word(double x)
{
	uint64		word;

	memcpy(&word, &x, sizeof(word));
	return word;
}

/* Seconds: the order in which the server sorts intervals. */
static double
interval_seconds(const Interval *interval)
{
#ifdef INTERVAL_NOT_FINITE
	if (INTERVAL_IS_NOBEGIN(interval))
		return -get_float8_infinity();
	if (INTERVAL_IS_NOEND(interval))
		return get_float8_infinity();
#endif
	return mlops_duration(interval);
}

static int64
date_word(DateADT date)
{
	if (DATE_IS_NOBEGIN(date))
		return DT_NOBEGIN;
	return DATE_IS_NOEND(date) ? DT_NOEND : date;
}

/* Of the types that mlops_profile_add leaves to this file. */
static uint64
number_word(const MlopsProfileInput *input, Datum value)
{
	switch (input->type)
	{
		case TIMEOID:
			return (uint64) DatumGetTimeADT(value);
		case INT2OID:
			return (uint64) (int64) DatumGetInt16(value);
		case BOOLOID:
			return DatumGetBool(value) ? 1 : 0;
		case DATEOID:
			return (uint64) date_word(DatumGetDateADT(value));
		case INTERVALOID:
			return double_word(interval_seconds(DatumGetIntervalP(value)));
		default:
			return double_word(mlops_feature_number(&input->number, value));
	}
}

/* ---- other values ---- */

/* A value on its way into a sketch. */
typedef struct Seen
{
	uint64		hash;
	const char *bytes;			/* its text when that is at hand, else NULL */
	Size		len;
	int64		length;			/* -1 = it has none */
	bool		in_order;		/* texts are in the order of their bytes */
} Seen;

static void
see_text(Seen *seen, const char *bytes, Size len)
{
	seen->bytes = bytes;
	seen->len = len;
	seen->hash = ml_hash_bytes(bytes, len, HASH_SEED);
}

/* Characters of a text: in UTF-8 every byte but those that go on with one. */
static int64
characters(const char *text, Size len)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	Size		following = 0;
	Size		i = 0;

	if (GetDatabaseEncoding() != PG_UTF8)
		return pg_mbstrlen_with_len(text, (int) len);
	for (; i + sizeof(uint64) <= len; i += sizeof(uint64))
	{
		uint64		word;

		/* bytes 10xxxxxx, one bit each, added up by the multiplication */
		memcpy(&word, text + i, sizeof(word));
		following += (((word >> 7) & (~word >> 6) & ones) * ones) >> 56;
	}
	for (; i < len; i++)
		following += ((uint8) text[i] & 0xC0) == 0x80;
	return (int64) (len - following);
}

static void
see_category(MlopsProfileColumn *s, MlopsProfileInput *input, Datum value, Seen *seen)
{
	const char *text;
	Oid			label;

	switch (input->type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
			mlops_feature_text(&input->number, value, &text, &seen->len);
			see_text(seen, text, seen->len);
			seen->length = characters(text, seen->len);
			seen->in_order = true;
			s->sketch.part[MLOPS_PART_EMPTY] += seen->len == 0;
			return;
		case UUIDOID:
			seen->hash = ml_hash_bytes(DatumGetUUIDP(value)->data, UUID_LEN, HASH_SEED);
			return;
		case CHAROID:
			/* a byte that is no character by itself is shown as one */
			seen->hash = ml_mix64((uint8) DatumGetChar(value) + HASH_SEED);
			seen->bytes = mlops_valid_text(OutputFunctionCall(&input->output, value));
			seen->len = strlen(seen->bytes);
			return;
		default:
			label = DatumGetObjectId(value);
			seen->hash = ml_hash_bytes(&label, sizeof(label), HASH_SEED);
	}
}

/* The nulls among the elements of an array; NaN counts as one. */
static bool
has_missing(const MlopsProfileInput *input, ArrayType *array)
{
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (array_contains_nulls(array))
		return true;
	if (input->type == FLOAT8ARRAYOID)
		for (int i = 0; i < n; i++)
			if (isnan(((float8 *) ARR_DATA_PTR(array))[i]))
				return true;
	if (input->type == FLOAT4ARRAYOID)
		for (int i = 0; i < n; i++)
			if (isnan(((float4 *) ARR_DATA_PTR(array))[i]))
				return true;
	return false;
}

static void
see_array(MlopsProfileColumn *s, MlopsProfileInput *input, Datum value, Seen *seen)
{
	ArrayType  *array = DatumGetArrayTypeP(value);

	seen->length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	s->sketch.part[MLOPS_PART_EMPTY] += seen->length == 0;
	s->sketch.part[MLOPS_PART_NULLS] += has_missing(input, array);
}

static int
jsonb_part(Jsonb *json)
{
	JsonbValue	scalar;

	if (!JB_ROOT_IS_SCALAR(json))
		return JB_ROOT_IS_OBJECT(json) ? MLOPS_PART_OBJECT : MLOPS_PART_ARRAY;
	(void) JsonbExtractScalar(&json->root, &scalar);
	switch (scalar.type)
	{
		case jbvString:
			return MLOPS_PART_STRING;
		case jbvNumeric:
			return MLOPS_PART_NUMBER;
		case jbvBool:
			return MLOPS_PART_BOOLEAN;
		default:
			return MLOPS_PART_NULL;
	}
}

/* A text that is json says by its first character what it is. */
static int
json_part(const char *text, Size len)
{
	Size		i = 0;

	while (i < len && strchr(" \t\r\n", text[i]) != NULL)
		i++;
	switch (i < len ? text[i] : 'n')
	{
		case '{':
			return MLOPS_PART_OBJECT;
		case '[':
			return MLOPS_PART_ARRAY;
		case '"':
			return MLOPS_PART_STRING;
		case 't':
		case 'f':
			return MLOPS_PART_BOOLEAN;
		case 'n':
			return MLOPS_PART_NULL;
		default:
			return MLOPS_PART_NUMBER;
	}
}

static void
see_json(MlopsProfileColumn *s, MlopsProfileInput *input, Datum value, Seen *seen)
{
	struct varlena *packed;

	if (input->type == JSONBOID)
	{
		s->sketch.part[jsonb_part(DatumGetJsonbP(value))]++;
		return;
	}
	packed = PG_DETOAST_DATUM_PACKED(value);
	see_text(seen, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
	s->sketch.part[json_part(seen->bytes, seen->len)]++;
}

static void
see_binary(MlopsProfileColumn *s, Datum value, Seen *seen)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

	seen->length = VARSIZE_ANY_EXHDR(packed);
	seen->hash = ml_hash_bytes(VARDATA_ANY(packed), seen->length, HASH_SEED);
	s->sketch.part[MLOPS_PART_EMPTY] += seen->length == 0;
}

/* Whole characters, as many as a profile shows. */
static uint32
shown_length(const char *text, Size len)
{
	if (len <= MLOPS_PROFILE_SHOWN)
		return (uint32) len;
	return (uint32) pg_mbcliplen(text, (int) len, MLOPS_PROFILE_SHOWN);
}

/* Longer texts end with an ellipsis. */
static bool
name_entry(MlopsProfileColumn *s, int32 entry, const char *text, Size len, MlHost *host)
{
	char		shown[MLOPS_PROFILE_SHOWN + 3];
	uint32		n = shown_length(text, len);

	memcpy(shown, text, n);
	if (n < len)
	{
		memcpy(shown + n, "...", 3);
		n += 3;
	}
	return ml_column_name(&s->sketch, entry, shown, n, host);
}

static void
add_hashed(MlopsProfileColumn *s, MlopsProfileInput *input, Datum value, MemoryContext context)
{
	Seen		seen = {.length = -1};
	MlHost		host;
	int32		entry;

	mlops_profile_host(&host, context);
	switch (input->kind)
	{
		case MLOPS_PROFILE_CATEGORY:
			see_category(s, input, value, &seen);
			break;
		case MLOPS_PROFILE_VECTOR:
		case MLOPS_PROFILE_ARRAY:
			see_array(s, input, value, &seen);
			break;
		case MLOPS_PROFILE_JSON:
			see_json(s, input, value, &seen);
			break;
		case MLOPS_PROFILE_BINARY:
			see_binary(s, value, &seen);
			break;
		default:
			break;
	}
	if (input->hash != NULL)
		seen.hash = DatumGetUInt64(FunctionCall2Coll(input->hash, input->collation, value, UInt64GetDatum(HASH_SEED)));
	else if (seen.hash == 0 && seen.bytes == NULL)
	{
		const char *text = OutputFunctionCall(&input->output, value);

		see_text(&seen, text, strlen(text));
	}
	if (seen.length >= 0)
		ml_column_measure(&s->sketch, seen.length);
	if (seen.in_order)
		mlops_profile_check_memory(ml_column_order(&s->sketch, seen.bytes, shown_length(seen.bytes, seen.len), &host));
	mlops_profile_check_memory(ml_column_add_hash(&s->sketch, seen.hash, &entry, &host));
	if (entry < 0)
		return;
	if (seen.bytes == NULL)
	{
		seen.bytes = OutputFunctionCall(&input->output, value);
		seen.len = strlen(seen.bytes);
	}
	mlops_profile_check_memory(name_entry(s, entry, seen.bytes, seen.len, &host));
}

void
mlops_profile_add_other(MlopsProfileColumn *column, MlopsProfileInput *input, Datum value, MemoryContext context)
{
	if (input->words == ML_WORDS_HASH)
		add_hashed(column, input, value, context);
	else
		mlops_profile_add_word(column, number_word(input, value), context);
}
