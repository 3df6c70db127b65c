/*
 * feature_view_online.c: the latest row of each entity, kept for reading.
 *
 * Rows are read as the view's owner, read-only, and written as the registry's
 * when the reading is done: they wait in a tuplestore, which goes to disk
 * beyond work_mem.  Expiry is judged when a row is read.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "pg/feature_view.h"
#include "pg/pg_compat.h"
#include "pg/registry.h"

/* Rows written by one statement. */
#define BATCH_ROWS 1000
/* Rows whose created time is up to this much before the last reading are looked at again: they may have been
 * committed after it. */
#define LATE_COMMIT (USECS_PER_HOUR)
#define N_TEXTS 4				/* key, time, created time, features */

static void
store_row(TupleTableSlot *slot, void *arg)
{
	tuplestore_puttupleslot(arg, slot);
}

/* What can have become known since the last time; NULL when that cannot be told. */
static char *
since_last(const MlopsFeatureView *view)
{
	char	   *last;

	if (view->created_column == NULL || view->materialized_at == DT_NOBEGIN)
		return NULL;
	last = mlops_time_literal(mlops_time_before(view->materialized_at, LATE_COMMIT));
	return psprintf("v.%s > %s OR v.%s > %s", quote_identifier(view->created_column), last,
					quote_identifier(view->time_column), last);
}

static int64
write_batch(const MlopsFeatureView *view, TimestampTz at, Datum *texts[N_TEXTS], int n)
{
	Datum		array[N_TEXTS];

	for (int i = 0; i < N_TEXTS; i++)
		array[i] = PointerGetDatum(construct_array(texts[i], n, TEXTOID, -1, false, TYPALIGN_INT));
	return (int64) mlops_registry_query("INSERT INTO mlops.online_features AS o (view_id, entity_key, event_time,"
										" created_time, features, materialized_at)"
										" SELECT $1, key, event::timestamptz, nullif(created, '')::timestamptz,"
										" features::jsonb, $2 FROM unnest($3, $4, $5, $6)"
										" AS n (key, event, created, features)"
										" ON CONFLICT (view_id, entity_key) DO UPDATE SET"
										" event_time = excluded.event_time,"
										" created_time = excluded.created_time, features = excluded.features,"
										" materialized_at = excluded.materialized_at"
										" WHERE (o.event_time, coalesce(o.created_time, '-infinity')) <="
										" (excluded.event_time, coalesce(excluded.created_time, '-infinity'))"
										" AND (o.event_time, o.created_time, o.features) IS DISTINCT FROM"
										" (excluded.event_time, excluded.created_time, excluded.features)",
										"bzAAAA", view->view_id, at, array[0], array[1], array[2], array[3])->n;
}

static int64
write_rows(const MlopsFeatureView *view, TimestampTz at, Tuplestorestate *rows, TupleDesc desc)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops online rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Datum		values[N_TEXTS][BATCH_ROWS];
	Datum	   *texts[N_TEXTS] = {values[0], values[1], values[2], values[3]};
	int64		written = 0;
	bool		more = true;

	while (more)
	{
		int			n = 0;

		CHECK_FOR_INTERRUPTS();
		while (n < BATCH_ROWS && (more = tuplestore_gettupleslot(rows, true, false, slot)))
		{
			slot_getallattrs(slot);
			for (int i = 0; i < N_TEXTS; i++)
				values[i][n] = slot->tts_isnull[i] ? CStringGetTextDatum("") :
					PointerGetDatum(DatumGetTextPCopy(slot->tts_values[i]));
			n++;
		}
		if (n > 0)
			written += write_batch(view, at, texts, n);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	ExecDropSingleTupleTableSlot(slot);
	return written;
}

int64
mlops_feature_view_materialize(const char *name)
{
	TimestampTz at = GetCurrentTransactionStartTimestamp();
	MlopsFeatureView *view;
	MlopsFeatureViewUse use;
	MlopsSource *source;
	Tuplestorestate *rows;
	int64		written;

	PreventCommandIfReadOnly("mlops_materialize()");
	view = mlops_feature_view_lock(name);
	if (!view->online)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("feature view \"%s\" is not online", name),
				 errhint("Define it with online => true.")));
	rows = tuplestore_begin_heap(false, false, work_mem);
	source = mlops_feature_view_enter(view, &use);
	source = mlops_feature_view_latest_rows(view, source, at, since_last(view));
	mlops_source_run(source, NIL, store_row, rows);
	mlops_feature_view_leave(&use);
	written = write_rows(view, at, rows, source->desc);
	tuplestore_end(rows);
	(void) mlops_registry_query("UPDATE mlops.feature_views SET materialized_at = greatest(materialized_at, $2)"
								" WHERE view_id = $1", "bz", view->view_id, at);
	return written;
}

Jsonb *
mlops_feature_view_online(const MlopsFeatureView *view, const char *key, TimestampTz at)
{
	MlopsResult *r;

	r = mlops_registry_read("SELECT features FROM mlops.online_features WHERE view_id = $1 AND entity_key = $2"
							" AND event_time BETWEEN $3 AND $4", "btzz", view->view_id, key,
							mlops_time_before(at, view->ttl), at);
	return r->n == 0 ? NULL : mlops_result_jsonb(r, 0, 1);
}
