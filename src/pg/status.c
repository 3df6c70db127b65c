/*
 * status.c: an MlStatus becomes an error with its SQLSTATE; the nearest name.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/varlena.h"

#include "pg/status.h"

static const struct
{
	MlCode		code;
	int			sqlstate;
}			sqlstates[] =
{
	{ML_CANCELLED, ERRCODE_QUERY_CANCELED},
	{ML_NO_MEMORY, ERRCODE_OUT_OF_MEMORY},
	{ML_TOO_LARGE, ERRCODE_PROGRAM_LIMIT_EXCEEDED},
	{ML_BAD_PARAMETER, ERRCODE_INVALID_PARAMETER_VALUE},
	{ML_BAD_DATA, ERRCODE_INVALID_PARAMETER_VALUE},
	{ML_BAD_BYTES, ERRCODE_DATA_CORRUPTED},
	{ML_NOT_SUPPORTED, ERRCODE_FEATURE_NOT_SUPPORTED}
};

/* learn/ cuts what does not fit its buffers, and knows no encodings. */
char *
mlops_valid_text(const char *text)
{
	int			left = strlen(text);
	StringInfoData valid;

	initStringInfo(&valid);
	while (left > 0)
	{
		int			len = pg_encoding_verifymbchar(GetDatabaseEncoding(), text, left);

		if (len > 0)
			appendBinaryStringInfo(&valid, text, len);
		else
			appendStringInfoChar(&valid, '?');
		text += Max(len, 1);
		left -= Max(len, 1);
	}
	return valid.data;
}

void
mlops_check_status(MlCode code, const MlStatus *status)
{
	int			sqlstate = ERRCODE_INTERNAL_ERROR;

	if (code == ML_OK)
		return;
	if (code == ML_CANCELLED)
	{
		/* says why: user, timeout, shutdown, conflict */
		CHECK_FOR_INTERRUPTS();
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("canceling statement due to user request")));
	}
	for (int i = 0; i < (int) lengthof(sqlstates); i++)
		if (sqlstates[i].code == code)
			sqlstate = sqlstates[i].sqlstate;
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg_internal("%s", status->message[0] ? mlops_valid_text(status->message) : "unknown failure"),
			 status->detail[0] ? errdetail_internal("%s", mlops_valid_text(status->detail)) : 0,
			 status->hint[0] ? errhint("%s", mlops_valid_text(status->hint)) :
			 code == ML_NO_MEMORY ?
			 errhint("Use fewer rows or columns (each category of a text is a column), or raise %s.",
					 "mlops.max_training_memory") : 0));
}

const char *
mlops_nearest(const char *word, const char *const *names, int n)
{
	int			len = (int) strlen(word);
	int			best = len / 2;
	const char *nearest = NULL;

	for (int i = 0; i < n; i++)
		if (pg_strcasecmp(word, names[i]) == 0)
			return names[i];
	for (int i = 0; i < n; i++)
	{
		int			distance = varstr_levenshtein_less_equal(word, len, names[i], (int) strlen(names[i]),
															 1, 1, 1, best, true);

		if (distance <= best)
		{
			nearest = names[i];
			/* only something strictly nearer may replace it */
			if (distance == 0)
				return nearest;
			best = distance - 1;
		}
	}
	return nearest;
}
