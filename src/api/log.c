/*
 * log.c: the serving log.
 *
 * A prediction's identity is a uuid of version 7 (RFC 9562): 48 bits of
 * milliseconds since 1970, big-endian, then the version, the variant and
 * random bits.  The millisecond is the row's predicted_at, so the identity
 * names the partition.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* NULL for a uuid of another version or variant. */
PG_FUNCTION_INFO_V1(mlops_prediction_time);
Datum
mlops_prediction_time(PG_FUNCTION_ARGS)
{
	const unsigned char *byte = PG_GETARG_UUID_P(0)->data;
	int64		ms = 0;

	if (byte[6] >> 4 != 7 || byte[8] >> 6 != 2)
		PG_RETURN_NULL();
	for (int i = 0; i < 6; i++)
		ms = ms << 8 | byte[i];
	/* 48 bits reach the year 10889: no overflow */
	PG_RETURN_TIMESTAMPTZ(ms * 1000 - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY);
}
