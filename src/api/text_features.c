/*
 * text_features.c: mlops_try_numeric, mlops_try_timestamp.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/pg_compat.h"
#include "pg/try_text.h"

PG_FUNCTION_INFO_V1(mlops_try_numeric);
PG_FUNCTION_INFO_V1(mlops_try_timestamp);

Datum
mlops_try_numeric(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);

	if (!mlops_text_is_number(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
		PG_RETURN_NULL();
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text_to_cstring(value)),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* The last format of a call site, read once. */
typedef struct KnownFormat
{
	MemoryContext context;
	char	   *text;
	int			len;
	MlopsTimeFormat *format;
} KnownFormat;

static const MlopsTimeFormat *
format_of(FunctionCallInfo fcinfo, text *format)
{
	KnownFormat *known = fcinfo->flinfo->fn_extra;
	int			len = VARSIZE_ANY_EXHDR(format);
	MemoryContext caller;

	if (known == NULL)
	{
		fcinfo->flinfo->fn_extra = known = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(KnownFormat));
		known->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "mlops time format", ALLOCSET_SMALL_SIZES);
	}
	if (known->format != NULL && known->len == len && memcmp(known->text, VARDATA_ANY(format), len) == 0)
		return known->format;
	known->format = NULL;
	MemoryContextReset(known->context);
	caller = MemoryContextSwitchTo(known->context);
	known->text = text_to_cstring(format);
	known->len = len;
	known->format = mlops_time_format(known->text, len);
	MemoryContextSwitchTo(caller);
	return known->format;
}

Datum
mlops_try_timestamp(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	const MlopsTimeFormat *format = format_of(fcinfo, PG_GETARG_TEXT_PP(1));
	Timestamp	at;

	if (!mlops_time_parse(format, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &at))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMP(at);
}
