/*
 * portable_export.c: collecting what the registry knows of a version.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "learn/baseline.h"
#include "learn/portable.h"
#include "pg/portable.h"
#include "pg/registry.h"

static void
read_version(const MlopsRef *ref, MlPortable *p)
{
	MlopsResult *r;
	bool		isnull;
	bytea	   *model;

	r = mlops_registry_read("SELECT v.target, v.threshold, v.risk_bands::text, v.metric, v.value, v.train_rows,"
							" v.valid_rows, v.test_rows, v.source, v.source_query, v.key, v.time_column,"
							" v.description, v.tags::text, v.definition::text, v.params::text, v.config::text,"
							" coalesce((SELECT jsonb_object_agg(key, value) FROM mlops.run_params p"
							" WHERE p.run_id = r.run_id), '{}')::text,"
							" r.column_types::text, r.content_hash, r.seed, r.rows_read, r.rows_dropped, r.ended_at,"
							" r.seconds, b.content FROM mlops.versions v JOIN mlops.runs r USING (run_id)"
							" JOIN mlops.version_blobs b USING (version_id) WHERE version_id = $1",
							"b", ref->version_id);
	if (r->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" has no bytes in this database", ref->version, ref->model)));
	p->encoding = GetDatabaseEncodingName();
	p->target = mlops_result_text(r, 0, 1);
	p->threshold = mlops_result_float8(r, 0, 2);
	p->risk_bands = mlops_result_text(r, 0, 3);
	p->metric = mlops_result_text(r, 0, 4);
	p->value = mlops_result_float8(r, 0, 5);
	p->train_rows = mlops_result_int64(r, 0, 6);
	p->valid_rows = mlops_result_int64(r, 0, 7);
	p->test_rows = mlops_result_int64(r, 0, 8);
	p->source = mlops_result_text(r, 0, 9);
	p->source_query = mlops_result_text(r, 0, 10);
	p->key = mlops_result_text(r, 0, 11);
	p->time_column = mlops_result_text(r, 0, 12);
	p->description = mlops_result_text(r, 0, 13);
	p->tags = mlops_result_text(r, 0, 14);
	p->definition = mlops_result_text(r, 0, 15);
	p->params = mlops_result_text(r, 0, 16);
	p->config = mlops_result_text(r, 0, 17);
	p->run_params = mlops_result_text(r, 0, 18);
	p->column_types = mlops_result_text(r, 0, 19);
	p->content_hash = mlops_result_text(r, 0, 20);
	p->seed = mlops_result_int64(r, 0, 21);
	p->rows_read = mlops_result_int64(r, 0, 22);
	p->rows_dropped = mlops_result_int64(r, 0, 23);
	p->ended_at = mlops_result_int64(r, 0, 24);
	p->seconds = mlops_result_float8(r, 0, 25);
	model = DatumGetByteaPP(mlops_result_datum(r, 0, 26, &isnull));
	p->model = (const uint8_t *) VARDATA_ANY(model);
	p->model_size = VARSIZE_ANY_EXHDR(model);
	if (p->model_size % 8 != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the bytes of version %d of model \"%s\" are damaged", ref->version, ref->model)));
}

static void
read_metrics(const MlopsRef *ref, MlPortable *p)
{
	MlopsResult *r;

	r = mlops_registry_read("SELECT m.key, m.split, m.step, m.value FROM mlops.versions v"
							" JOIN mlops.run_metrics m USING (run_id) WHERE v.version_id = $1"
							" ORDER BY m.key COLLATE \"C\", m.split COLLATE \"C\", m.step",
							"b", ref->version_id);
	p->n_metrics = (int) r->n;
	p->metrics = palloc0(sizeof(MlMetric) * Max(r->n, 1));
	for (uint64 i = 0; i < r->n; i++)
	{
		p->metrics[i].name = mlops_result_text(r, i, 1);
		p->metrics[i].split = mlops_result_text(r, i, 2);
		p->metrics[i].step = mlops_result_int64(r, i, 3);
		p->metrics[i].value = mlops_result_float8(r, i, 4);
	}
}

/* How long the training took is of no use elsewhere, and would make two exports of the same rows differ. */
static void
read_artifacts(const MlopsRef *ref, MlPortable *p)
{
	MlopsResult *r;

	r = mlops_registry_read("SELECT a.name, a.media_type, a.content FROM mlops.versions v"
							" JOIN mlops.run_artifacts a USING (run_id) WHERE v.version_id = $1 AND a.name <> 'timing'"
							" ORDER BY a.name COLLATE \"C\"", "b", ref->version_id);
	p->n_artifacts = (int) r->n;
	p->artifact = palloc0(sizeof(MlArtifact) * Max(r->n, 1));
	for (uint64 i = 0; i < r->n; i++)
	{
		p->artifact[i].name = mlops_result_text(r, i, 1);
		p->artifact[i].media_type = mlops_result_text(r, i, 2);
		p->artifact[i].content = mlops_result_text(r, i, 3);
	}
}

/* The elements of an array without nulls, in place; NULL for a null. */
static void *
fixed_array(const MlopsResult *r, uint64 row, int column, Oid type, int *n)
{
	bool		isnull;
	Datum		value = mlops_result_datum(r, row, column, &isnull);
	ArrayType  *array;

	*n = 0;
	if (isnull)
		return NULL;
	array = DatumGetArrayTypeP(value);
	if (ARR_HASNULL(array) || ARR_ELEMTYPE(array) != type || ARR_NDIM(array) > 1)
		elog(ERROR, "baseline is not a plain array");
	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return ARR_DATA_PTR(array);
}

static void
read_levels(const MlopsResult *r, uint64 row, int column, MlBaseline *b)
{
	bool		isnull;
	Datum		value = mlops_result_datum(r, row, column, &isnull);
	Datum	   *element;
	bool	   *nulls;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &element, &nulls, &b->n_levels);
	b->level = palloc(sizeof(char *) * Max(b->n_levels, 1));
	for (int i = 0; i < b->n_levels; i++)
		b->level[i] = TextDatumGetCString(element[i]);
	b->count = fixed_array(r, row, column + 1, INT8OID, &n);
	if (n != b->n_levels)
		elog(ERROR, "baseline has %d categories and %d counts", b->n_levels, n);
}

static void
read_columns(const MlopsRef *ref, MlPortable *p)
{
	MlopsResult *r;

	r = mlops_registry_read("SELECT importance, description, levels IS NULL, row_count, null_count, distinct_count,"
							" minimum, maximum, mean, stddev, quantiles, levels, level_counts, other_count"
							" FROM mlops.version_features WHERE version_id = $1"
							" ORDER BY array_position(ARRAY['feature', 'score', 'label'], role), position",
							"b", ref->version_id);
	p->n_columns = (int) r->n;
	p->column = palloc0(sizeof(MlPortableColumn) * Max(r->n, 1));
	for (uint64 i = 0; i < r->n; i++)
	{
		MlBaseline *b = &p->column[i].baseline;
		int			n;

		CHECK_FOR_INTERRUPTS();
		p->column[i].importance = mlops_result_float8(r, i, 1);
		p->column[i].description = mlops_result_text(r, i, 2);
		b->kind = mlops_result_bool(r, i, 3) ? ML_NUMERIC : ML_CATEGORY;
		b->n = mlops_result_int64(r, i, 4);
		b->n_missing = mlops_result_int64(r, i, 5);
		b->n_distinct = mlops_result_int64(r, i, 6);
		if (b->kind == ML_NUMERIC)
		{
			b->minimum = mlops_result_float8(r, i, 7);
			b->maximum = mlops_result_float8(r, i, 8);
			b->mean = mlops_result_float8(r, i, 9);
			b->sd = mlops_result_float8(r, i, 10);
			b->quantile = fixed_array(r, i, 11, FLOAT8OID, &n);
			if (b->quantile != NULL && n != ML_BASELINE_QUANTILES)
				elog(ERROR, "baseline has %d quantiles", n);
		}
		else
		{
			read_levels(r, i, 12, b);
			b->n_other = mlops_result_int64(r, i, 14);
		}
	}
}

bytea *
mlops_portable_export(const MlopsRef *ref)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops export", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	MlPortable	portable = {0};
	Size		size;
	bytea	   *content;

	read_version(ref, &portable);
	read_metrics(ref, &portable);
	read_artifacts(ref, &portable);
	read_columns(ref, &portable);
	size = ml_portable_size(&portable);
	if (size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("version %d of model \"%s\" takes %zu kB, more than one value can hold",
						ref->version, ref->model, size / 1024)));
	content = MemoryContextAlloc(caller, VARHDRSZ + size);
	SET_VARSIZE(content, VARHDRSZ + size);
	ml_portable_write(&portable, (uint8_t *) VARDATA(content));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return content;
}
