/*
 * ingest.c: from the executor's rows to columns.
 *
 * The source is asked for the columns that matter (ingest_prepare.c).  Each
 * row is taken apart once: values go to growing arrays, one per dataset
 * column, through a loop per type.  No memory is taken per row, except what a
 * value itself needs, which lives until the next row.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "kernel/hash.h"
#include "pg/ingest_state.h"
#include "pg/status.h"

#define FIRST_ROOM 1024
#define MAX_FIRST_ROOM (INT64CONST(1) << 24)
#define LEAST_GROWTH 16			/* part of the room */
#define ARRAY_OVERHEAD 256
#define MAX_ROWS (INT64CONST(1) << 31)	/* row numbers are uint32 in learn/ */

/* ---- room ---- */

void
mlops_ingest_grows(MlopsIngest *in, void **array, Size size)
{
	MemoryContext caller = MemoryContextSwitchTo(in->context);

	if (in->n_growing == in->growing_room)
	{
		in->growing_room = Max(64, in->growing_room * 2);
		in->growing = in->growing == NULL ? palloc(sizeof(MlopsGrowing) * in->growing_room) :
			repalloc(in->growing, sizeof(MlopsGrowing) * in->growing_room);
	}
	in->growing[in->n_growing].array = array;
	in->growing[in->n_growing].size = size;
	in->n_growing++;
	*array = in->room > 0 ? mlops_host_resize(in->host, NULL, mul_size(in->room, size)) : NULL;
	MemoryContextSwitchTo(caller);
}

static void
resize(MlopsIngest *in, int64 room)
{
	for (int i = 0; i < in->n_growing; i++)
		*in->growing[i].array = mlops_host_resize(in->host, *in->growing[i].array,
												  mul_size(Max(room, 1), in->growing[i].size));
	in->room = room;
}

static Size
row_size(const MlopsIngest *in)
{
	Size		size = 0;

	for (int i = 0; i < in->n_growing; i++)
		size += in->growing[i].size;
	return size;
}

/* Rows that the limit has room for; a little is left for the arrays' own headers. */
static int64
rows_that_fit(const MlopsIngest *in)
{
	Size		used = in->host->used + ARRAY_OVERHEAD * in->n_growing;

	if (in->host->limit == 0)
		return MAX_ROWS;
	return in->room + (int64) ((in->host->limit - Min(used, in->host->limit)) / Max(row_size(in), 1));
}

/*
 * The planner's estimate is right for most tables: room for it at once saves
 * the copies.  Untouched pages cost nothing, but count against the limit, so
 * never more than half of what is left of it.
 */
static void
make_first_room(double estimate, void *arg)
{
	MlopsIngest *in = arg;
	double		room = estimate * 1.02 + FIRST_ROOM;

	in->estimate = estimate;
	if (in->host->limit > 0)
		room = Min(room, (double) (in->host->limit - Min(in->host->used, in->host->limit)) / (2.0 * row_size(in)));
	resize(in, (int64) Max(Min(room, (double) MAX_FIRST_ROOM), FIRST_ROOM));
}

/* Half as much again; if that is too much, what there is, unless it is next to nothing. */
void
mlops_ingest_make_room(MlopsIngest *in)
{
	int64		room = Min(in->room + in->room / 2, MAX_ROWS);
	int64		fit = rows_that_fit(in);

	if (in->n >= MAX_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the source has more than " INT64_FORMAT " rows", MAX_ROWS),
				 errhint("Train on a sample, as with TABLESAMPLE or a WHERE condition.")));
	in->host->rows = in->n;
	resize(in, fit < room && fit > in->room + in->room / LEAST_GROWTH ? fit : room);
}

void
mlops_ingest_make_vector(MlopsIngest *in, MlopsStore *store)
{
	store->vector = MemoryContextAlloc(in->context, sizeof(double *) * store->feature->width);
	for (int i = 0; i < store->feature->width; i++)
	{
		mlops_ingest_grows(in, (void **) &store->vector[i], sizeof(double));
		for (int64 row = 0; row < in->n; row++)
			store->vector[i][row] = NAN;
	}
}

/* ---- the end ---- */

static void
refuse_infinite(const char *role, const char *name, int64 infinite, int64 rows)
{
	if (infinite > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s \"%s\" is infinite in " INT64_FORMAT " of " INT64_FORMAT " rows",
						role, name, infinite, rows),
				 errhint("Make it NULL there, as with nullif, or leave the rows out.")));
}

static void
refuse_extremes(MlopsIngest *in)
{
	if (in->weight_extreme > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sample_weight column \"%s\" is not between %g and %g in " INT64_FORMAT " of " INT64_FORMAT
						" rows", in->weight_column.name, MIN_WEIGHT, MAX_WEIGHT, in->weight_extreme, in->n),
				 errhint("Multiply all weights by one constant, or make them NULL to leave the rows out.")));
	if (in->target_inexact > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("target column \"%s\" has more than %d digits in " INT64_FORMAT " of " INT64_FORMAT " rows:"
						" such classes cannot be told apart",
						in->target_column.name, DBL_DIG, in->target_inexact, in->n),
				 errhint("Cast the target to text.")));
}

static void
refuse_infinities(MlopsIngest *in)
{
	for (int i = 0; i < in->n_stores; i++)
		refuse_infinite("feature", in->store[i].feature->name, in->store[i].infinite, in->n);
	if (in->target >= 0)
		refuse_infinite("target column", in->target_column.name, in->target_infinite, in->n);
	if (in->weight >= 0)
		refuse_infinite("sample_weight column", in->weight_column.name, in->weight_infinite, in->n);
}

/* The keys of an enum's dictionary are OIDs; the levels are labels. */
static void
name_enum_levels(MlopsStore *store)
{
	for (int32 code = 0; code < store->dictionary->n; code++)
	{
		Oid			label;
		const char *text;
		Size		len;

		memcpy(&label, store->dictionary->text[code], sizeof(label));
		mlops_feature_text(store->feature, ObjectIdGetDatum(label), &text, &len);
		mlops_dictionary_rename(store->dictionary, code, text, len);
	}
}

static char *
element_name(MlopsIngest *in, const MlopsFeature *feature, int element)
{
	char	   *name = psprintf("%s[%d]", feature->name, element + 1);

	return MemoryContextStrdup(in->host->context, name);
}

/* column: the first of the store's */
static void
finish_column(MlopsIngest *in, MlopsStore *store, MlColumn *column)
{
	for (int i = 0; i < store->feature->width; i++)
	{
		column[i].feature = store->index;
		column[i].kind = store->feature->kind == MLOPS_CATEGORY ? ML_CATEGORY : ML_NUMERIC;
		column[i].name = store->op == STORE_VECTOR ? element_name(in, store->feature, i) :
			MemoryContextStrdup(in->host->context, store->feature->name);
		column[i].value = store->op == STORE_VECTOR ? store->vector[i] : store->value;
	}
	if (store->dictionary == NULL)
		return;
	if (store->op == STORE_OID)
		name_enum_levels(store);
	column->code = store->code;
	column->n_levels = store->dictionary->n;
	column->level = mlops_dictionary_finish(store->dictionary, store->code, in->n);
}

static void
finish_columns(MlopsIngest *in)
{
	MlopsFeatureSet *set = in->spec->features;
	MlopsRows  *rows = in->rows;

	for (int i = 0; i < set->n; i++)
		if (set->feature[i].width == 0)
		{
			/* no row: the caller says so; nothing to lay out */
			if (in->n == 0)
				return;
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("vector feature \"%s\" is NULL in every row", set->feature[i].name)));
		}
	rows->p = set->width;
	rows->column = MemoryContextAllocZero(in->host->context, sizeof(MlColumn) * Max(rows->p, 1));
	for (int i = 0; i < in->n_stores; i++)
		finish_column(in, &in->store[i], &rows->column[in->store[i].feature->first]);
}

static void
finish_segments(MlopsIngest *in)
{
	MlopsRows  *rows = in->rows;

	if (in->segment == NULL)
		return;
	rows->n_segments = in->spec->segments->n;
	rows->segment = MemoryContextAllocZero(in->host->context, sizeof(MlColumn) * rows->n_segments);
	for (int i = 0; i < rows->n_segments; i++)
		finish_column(in, &in->segment[i], &rows->segment[i]);
}

static void
finish_target(MlopsIngest *in)
{
	if (in->target_dictionary == NULL)
		return;
	in->rows->n_target_levels = in->target_dictionary->n;
	in->rows->target_level = mlops_dictionary_finish(in->target_dictionary, in->rows->target_code, in->n);
}

static void
finish(MlopsIngest *in)
{
	mlops_ingest_flush(in, in->n % STAGE_ROWS);
	refuse_infinities(in);
	refuse_extremes(in);
	if (in->room > in->n)
		resize(in, in->n);
	in->rows->n = in->n;
	in->host->rows = in->n;
	finish_columns(in);
	finish_segments(in);
	finish_target(in);
}

MlopsRows *
mlops_ingest(const MlopsIngestSpec *spec)
{
	MlopsRows  *rows = palloc0(sizeof(MlopsRows));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops ingest",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	MlopsIngest *in = palloc0(sizeof(MlopsIngest));

	in->spec = spec;
	in->host = spec->host;
	in->rows = rows;
	in->context = context;
	in->row_context = AllocSetContextCreate(context, "mlops ingest row", ALLOCSET_DEFAULT_SIZES);
	rows->host = spec->host;
	mlops_ingest_prepare(in);
	rows->read = (int64) mlops_source_run_estimated(spec->source, in->whole_rows ? NIL : in->columns,
													make_first_room, mlops_ingest_row, in);
	finish(in);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return rows;
}

/* ---- fewer columns ---- */

void
mlops_rows_keep(MlopsRows *rows, const bool *keep)
{
	MlHost	   *host = &rows->host->host;
	int			former = -1;
	int			next = -1;
	int			p = 0;

	for (int j = 0; j < rows->p; j++)
	{
		MlColumn   *c = &rows->column[j];
		int			feature = c->feature;

		if (!keep[feature])
		{
			host->release(host, c->kind == ML_NUMERIC ? (void *) c->value : (void *) c->code);
			continue;
		}
		next += feature != former;
		former = feature;
		c->feature = next;
		rows->column[p++] = *c;
	}
	rows->p = p;
}

/* ---- order ---- */

/* Columns are put in order side by side: lane k takes columns k, k + lanes, ... */
typedef struct PermuteLanes
{
	MlopsRows  *rows;
	const uint32 *perm;
	int64		n;
	int			lanes;
	char	   *scratch;		/* room for n doubles a lane */
} PermuteLanes;

static void
permute_lane(void *arg, int lane)
{
	PermuteLanes *p = arg;
	MlopsRows  *rows = p->rows;
	void	   *scratch = p->scratch + (size_t) lane * p->n * sizeof(double);

	for (int j = lane; j < rows->p; j += p->lanes)
	{
		MlColumn   *c = &rows->column[j];

		if (c->kind == ML_NUMERIC)
			ml_permute(c->value, sizeof(double), p->n, p->perm, scratch);
		else
			ml_permute(c->code, sizeof(int32), p->n, p->perm, scratch);
	}
}

void
mlops_rows_permute(MlopsRows *rows, const uint32 *perm, int64 n)
{
	MlHost	   *host = &rows->host->host;
	MlStatus	status = {0};
	PermuteLanes p = {rows, perm, n, Max(1, Min(host->threads, rows->p)), NULL};

	p.scratch = mlops_host_array(rows->host, n * p.lanes, sizeof(double), "row order");
	if (host->parallel_for(host, p.lanes, permute_lane, &p))
		mlops_check_status(ML_CANCELLED, &status);
	ml_permute(rows->target, sizeof(double), n, perm, p.scratch);
	if (rows->weight != NULL)
		ml_permute(rows->weight, sizeof(double), n, perm, p.scratch);
	host->release(host, p.scratch);
}

void
mlops_rows_end_order(MlopsRows *rows)
{
	MlHost	   *host = &rows->host->host;

	host->release(host, rows->key_hash);
	host->release(host, rows->content);
	host->release(host, rows->time);
	host->release(host, rows->test_where);
	rows->key_hash = rows->content = NULL;
	rows->time = NULL;
	rows->test_where = NULL;
}
