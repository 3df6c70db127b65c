/*
 * feature_values.c: kinds of features, and how a value of each becomes a
 * number, a text or several numbers.
 *
 * The only place that does so: training, prediction, profiles and drift see
 * the same number for the same datum.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "pg/features.h"
#include "pg/pg_compat.h"

bool
mlops_type_kind(Oid type, MlopsKind *kind, Oid *base_type, Oid *element_type)
{
	Oid			base = getBaseType(type);
	Oid			element = InvalidOid;
	MlopsKind	found;

	switch (base)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			found = MLOPS_NUMERIC;
			break;
		case BOOLOID:
			found = MLOPS_BOOLEAN;
			break;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case CHAROID:
		case NAMEOID:
		case UUIDOID:
			found = MLOPS_CATEGORY;
			break;
		case FLOAT4ARRAYOID:
			found = MLOPS_VECTOR;
			element = FLOAT4OID;
			break;
		case FLOAT8ARRAYOID:
			found = MLOPS_VECTOR;
			element = FLOAT8OID;
			break;
		default:
			if (get_typtype(base) != TYPTYPE_ENUM)
				return false;
			found = MLOPS_CATEGORY;
	}
	if (kind != NULL)
		*kind = found;
	if (base_type != NULL)
		*base_type = base;
	if (element_type != NULL)
		*element_type = element;
	return true;
}

const char *
mlops_kind_name(MlopsKind kind)
{
	switch (kind)
	{
		case MLOPS_NUMERIC:
			return "numeric";
		case MLOPS_BOOLEAN:
			return "boolean";
		case MLOPS_CATEGORY:
			return "category";
		case MLOPS_VECTOR:
			return "vector";
	}
	return "unknown";
}

/*
 * numeric -> float8, as the server's own cast rounds it, without going
 * through text.  Read is the format on disk, which pg_upgrade keeps fixed:
 * a 16-bit header (short form: sign 0x2000, weight in the low 7 bits, signed;
 * long form: sign 0x4000, weight in the next 16 bits), then base-10000
 * digits, the first worth 10000^weight.  With an integer of at most 2^53 and
 * a power of ten of at most 10^22 both exact, one multiplication or division
 * rounds correctly; everything else is left to the server.
 */
static bool
numeric_is_easy(const char *data, Size size, double *result)
{
	static const double power[] = {1, 1e4, 1e8, 1e12, 1e16, 1e20};
	uint16		header;
	int16		weight;
	bool		negative;
	int			digits;
	int			exponent;
	uint64		integer = 0;

	memcpy(&header, data, sizeof(header));
	if ((header & 0xC000) == 0xC000)
		return false;			/* NaN, infinity */
	if (header & 0x8000)
	{
		negative = (header & 0x2000) != 0;
		weight = (int16) (header & 0x003F);
		if (header & 0x0040)
			weight -= 0x40;
		data += sizeof(uint16);
		digits = (int) ((size - sizeof(uint16)) / sizeof(int16));
	}
	else
	{
		negative = (header & 0x4000) != 0;
		memcpy(&weight, data + sizeof(uint16), sizeof(weight));
		data += 2 * sizeof(uint16);
		digits = (int) ((size - 2 * sizeof(uint16)) / sizeof(int16));
	}
	exponent = weight - (digits - 1);
	if (digits > 4 || exponent < -5 || exponent > 5)
		return false;
	for (int i = 0; i < digits; i++)
	{
		int16		digit;

		memcpy(&digit, data + i * sizeof(int16), sizeof(digit));
		integer = integer * 10000 + digit;
	}
	if (integer > (UINT64CONST(1) << 53))
		return false;
	*result = exponent >= 0 ? (double) integer * power[exponent] : (double) integer / power[-exponent];
	if (negative)
		*result = -*result;
	return true;
}

static double
numeric_number(Datum value)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
	double		result;

	if (numeric_is_easy(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed), &result))
		return result;
	/* beyond float8 becomes infinity, which callers report with the column's name */
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, PointerGetDatum(packed)));
}

double
mlops_feature_number(const MlopsFeature *feature, Datum value)
{
	switch (feature->base_type)
	{
		case FLOAT8OID:
			return DatumGetFloat8(value);
		case FLOAT4OID:
			return DatumGetFloat4(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return (double) DatumGetInt64(value);
		case INT2OID:
			return DatumGetInt16(value);
		case BOOLOID:
			return DatumGetBool(value) ? 1.0 : 0.0;
		case NUMERICOID:
			return numeric_number(value);
	}
	elog(ERROR, "feature \"%s\" is not a number", feature->name);
	return NAN;
}

void
mlops_feature_text(MlopsFeature *feature, Datum value, const char **text, Size *len)
{
	switch (feature->base_type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			{
				struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

				*text = VARDATA_ANY(packed);
				*len = VARSIZE_ANY_EXHDR(packed);
				/* blanks at the end of a char(n) mean nothing */
				if (feature->base_type == BPCHAROID)
					while (*len > 0 && (*text)[*len - 1] == ' ')
						(*len)--;
				return;
			}
		case NAMEOID:
			*text = NameStr(*DatumGetName(value));
			*len = strlen(*text);
			return;
		default:
			*text = OutputFunctionCall(&feature->output, value);
			*len = strlen(*text);
	}
}

static ArrayType *
vector_array(const MlopsFeature *feature, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("vector feature \"%s\" must have one dimension, not %d", feature->name, ARR_NDIM(array))));
	return array;
}

static void
free_if_copied(ArrayType *array, Datum value)
{
	if ((void *) array != (void *) DatumGetPointer(value))
		pfree(array);
}

int
mlops_feature_vector_length(const MlopsFeature *feature, Datum value)
{
	ArrayType  *array = vector_array(feature, value);
	int			length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	free_if_copied(array, value);
	return length;
}

void
mlops_feature_vector(const MlopsFeature *feature, Datum value, double *out)
{
	ArrayType  *array = vector_array(feature, value);
	int			length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const bits8 *nulls = ARR_NULLBITMAP(array);
	const char *data = ARR_DATA_PTR(array);

	if (length != feature->width)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("vector feature \"%s\" must have %d elements, not %d",
						feature->name, feature->width, length)));
	for (int i = 0; i < length; i++)
	{
		if (nulls != NULL && (nulls[i / 8] & (1 << (i % 8))) == 0)
			out[i] = NAN;
		else if (feature->element_type == FLOAT4OID)
		{
			float4		element;

			memcpy(&element, data, sizeof(element));
			data += sizeof(element);
			out[i] = element;
		}
		else
		{
			memcpy(&out[i], data, sizeof(float8));
			data += sizeof(float8);
		}
	}
	free_if_copied(array, value);
}
