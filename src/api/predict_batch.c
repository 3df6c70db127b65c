/*
 * predict_batch.c: mlops_predict_batch, all rows of a source.
 *
 * Only the columns of the model's signature and the key are read; rows are
 * scored in blocks, so that a learner can work on many at a time.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"
#include "utils/varlena.h"

#include "api/serving.h"
#include "pg/definition.h"
#include "pg/source.h"
#include "pg/tables.h"

#define BLOCK_ROWS 1024
#define BLOCK_BYTES (16 * 1024 * 1024)

typedef struct RiskBand
{
	double		bound;
	char	   *name;
} RiskBand;

typedef struct KeyColumn
{
	AttrNumber	attno;			/* among the columns read */
	FmgrInfo	output;
} KeyColumn;

typedef struct Batch
{
	MlopsCallSite *site;
	ReturnSetInfo *result;
	int			n_keys;			/* 0 = the ordinal */
	KeyColumn  *key;
	int			n_bands;
	RiskBand   *band;			/* ascending by bound */
	int64		ordinal;
	/* the block */
	int			rows;
	int			room;
	double	   *x;				/* room × width */
	double	   *margin;			/* room × n_outputs */
	Datum	   *key_text;		/* in block_context; 0 = NULL */
	MemoryContext block_context;
} Batch;

/* ---------- risk ---------- */

static int
lower_bound_first(const void *a, const void *b)
{
	double		left = ((const RiskBand *) a)->bound;
	double		right = ((const RiskBand *) b)->bound;

	return left < right ? -1 : left > right;
}

static void
read_bands(Batch *batch, Jsonb *bands)
{
	JsonbIterator *it = JsonbIteratorInit(&bands->root);
	JsonbValue	item;
	JsonbIteratorToken token;

	batch->band = palloc(sizeof(RiskBand) * Max(JB_ROOT_COUNT(bands), 1));
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		RiskBand   *band = &batch->band[batch->n_bands];

		if (token == WJB_KEY)
			band->name = pnstrdup(item.val.string.val, item.val.string.len);
		else if (token == WJB_VALUE && item.type == jbvNumeric)
		{
			band->bound = DatumGetFloat8(DirectFunctionCall1(numeric_float8,
															 NumericGetDatum(item.val.numeric)));
			batch->n_bands++;
		}
	}
	qsort(batch->band, batch->n_bands, sizeof(RiskBand), lower_bound_first);
}

/* Name of the highest band that P reaches, NULL when there is none. */
static const char *
risk_of(const Batch *batch, double p)
{
	const char *name = NULL;

	for (int i = 0; i < batch->n_bands && batch->band[i].bound <= p; i++)
		name = batch->band[i].name;
	return name;
}

/* ---------- the key ---------- */

/* The model's own key, when the source has all of its columns. */
static List *
own_key(const Batch *batch, const MlopsSource *source)
{
	Datum		value;
	bool		isnull;
	List	   *names;
	ListCell   *lc;
	char	   *key;

	if (!mlops_registry_value("versions", "versions_pkey", batch->site->ref.version_id,
							  Anum_versions_key, &value, &isnull) || isnull)
		return NIL;
	key = TextDatumGetCString(value);
	if (mlops_desc_column(source->desc, key))
		return list_make1(key);
	if (!SplitIdentifierString(pstrdup(key), ',', &names))
		return NIL;
	foreach(lc, names)
	{
		if (!mlops_desc_column(source->desc, lfirst(lc)))
			return NIL;
	}
	return names;
}

/* Columns to read: the signature's, then those of the key that are not among them. */
static List *
columns_to_read(Batch *batch, const MlopsSource *source, List *keys)
{
	TupleDesc	signature = batch->site->entry->features->signature;
	List	   *columns = NIL;
	ListCell   *lc;

	for (int i = 0; i < signature->natts; i++)
		columns = lappend(columns, pstrdup(NameStr(TupleDescAttr(signature, i)->attname)));
	batch->n_keys = list_length(keys);
	batch->key = palloc0(sizeof(KeyColumn) * Max(batch->n_keys, 1));
	foreach(lc, keys)
	{
		KeyColumn  *key = &batch->key[foreach_current_index(lc)];
		AttrNumber	attno = mlops_desc_column(source->desc, lfirst(lc));
		AttrNumber	own = mlops_desc_column(signature, lfirst(lc));
		Oid			output;
		bool		varlena;

		getTypeOutputInfo(TupleDescAttr(source->desc, attno - 1)->atttypid, &output, &varlena);
		fmgr_info(output, &key->output);
		if (own == 0)
		{
			columns = lappend(columns, lfirst(lc));
			own = list_length(columns);
		}
		key->attno = own;
	}
	return columns;
}

/*
 * Names and types of the rows to come.  The slots' own descriptors will not
 * do: under a parallel plan their columns have no names.
 */
static TupleDesc
desc_of_columns(const MlopsSource *source, List *columns)
{
	TupleDesc	desc = CreateTemplateTupleDesc(list_length(columns));
	ListCell   *lc;

	foreach(lc, columns)
		TupleDescCopyEntry(desc, foreach_current_index(lc) + 1, source->desc,
						   mlops_desc_column(source->desc, lfirst(lc)));
	return desc;
}

/* One column: its text; several: the text of a text[], so that key::text[] takes it apart. */
static Datum
key_of(Batch *batch, TupleTableSlot *slot)
{
	Datum		text[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];
	int			n = batch->n_keys;
	int			lower = 1;
	ArrayType  *array;

	if (n == 0)
		return PointerGetDatum(cstring_to_text(psprintf(INT64_FORMAT, batch->ordinal)));
	for (int i = 0; i < n; i++)
	{
		AttrNumber	attno = batch->key[i].attno;

		isnull[i] = slot->tts_isnull[attno - 1];
		text[i] = isnull[i] ? (Datum) 0 :
			CStringGetTextDatum(OutputFunctionCall(&batch->key[i].output, slot->tts_values[attno - 1]));
	}
	if (n == 1)
		return text[0];
	array = construct_md_array(text, isnull, 1, &n, &lower, TEXTOID, -1, false, TYPALIGN_INT);
	return CStringGetTextDatum(OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array)));
}

/* ---------- blocks ---------- */

static void
put_row(Batch *batch, int row)
{
	MlopsCallSite *site = batch->site;
	const MlModel *model = &site->entry->model;
	const double *margin = batch->margin + (size_t) row * model->n_outputs;
	Datum		values[6] = {batch->key_text[row], (Datum) 0, (Datum) 0, (Datum) 0, (Datum) 0, (Datum) 0};
	bool		isnull[6] = {batch->key_text[row] == (Datum) 0, false, true, true, true, true};
	double		score;
	const char *risk;

	mlops_callsite_proba(site, margin);
	score = site->proba[0];
	if (model->task != ML_REGRESSION)
	{
		int			class = ml_model_class(model, margin, site->proba, site->ref.threshold);

		score = site->proba[model->task == ML_BINARY ? 1 : class];
		values[2] = CStringGetTextDatum(model->class_name[class]);
		values[3] = mlops_serving_proba(model, site->proba);
		isnull[2] = isnull[3] = false;
		risk = risk_of(batch, score);
		if (risk)
		{
			values[4] = CStringGetTextDatum(risk);
			isnull[4] = false;
		}
	}
	values[1] = Float8GetDatum(score);
	tuplestore_putvalues(batch->result->setResult, batch->result->setDesc, values, isnull);
}

static void
flush_block(Batch *batch)
{
	MemoryContext old = MemoryContextSwitchTo(batch->block_context);

	ml_model_margin(&batch->site->entry->model, batch->x, batch->rows, batch->margin);
	for (int row = 0; row < batch->rows; row++)
		put_row(batch, row);
	batch->rows = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->block_context);
}

static void
take_row(TupleTableSlot *slot, void *arg)
{
	Batch	   *batch = arg;
	MlopsCallSite *site = batch->site;
	MemoryContext old;

	batch->ordinal++;
	site->x = batch->x + (size_t) batch->rows * site->entry->features->width;
	mlops_callsite_slot(site, slot);
	old = MemoryContextSwitchTo(batch->block_context);
	batch->key_text[batch->rows] = key_of(batch, slot);
	MemoryContextSwitchTo(old);
	if (++batch->rows == batch->room)
		flush_block(batch);
}

static void
make_block(Batch *batch)
{
	Size		width = Max(batch->site->entry->features->width, 1);
	Size		outputs = batch->site->entry->model.n_outputs;

	batch->room = Max(1, Min((Size) BLOCK_ROWS, BLOCK_BYTES / sizeof(double) / Max(width, outputs)));
	batch->x = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * width * batch->room);
	batch->margin = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * outputs * batch->room);
	batch->key_text = palloc(sizeof(Datum) * batch->room);
	batch->block_context = AllocSetContextCreate(CurrentMemoryContext, "mlops block", ALLOCSET_DEFAULT_SIZES);
}

static void
run_batch(Batch *batch, const char *source_text, const char *key)
{
	MlopsSource *source = mlops_source_analyze(source_text);
	List	   *keys = key ? mlops_key_columns(source, key) : own_key(batch, source);
	List	   *columns;

	if (list_length(keys) > INDEX_MAX_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("a key must not have more than %d columns", INDEX_MAX_KEYS)));
	/* a column that is missing or of the wrong type is an error before the first row */
	mlops_callsite_bind(batch->site, source->desc);
	if (batch->site->ref.risk_bands && batch->site->entry->model.task == ML_BINARY)
		read_bands(batch, DatumGetJsonbP(batch->site->ref.risk_bands));
	columns = columns_to_read(batch, source, keys);
	mlops_callsite_bind(batch->site, desc_of_columns(source, columns));
	make_block(batch);
	(void) mlops_source_run(source, columns, take_row, batch);
	if (batch->rows > 0)
		flush_block(batch);
}

PG_FUNCTION_INFO_V1(mlops_predict_batch);
Datum
mlops_predict_batch(PG_FUNCTION_ARGS)
{
	Batch		batch = {0};
	MemoryContext context;
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	context = AllocSetContextCreate(CurrentMemoryContext, "mlops batch", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	batch.result = (ReturnSetInfo *) fcinfo->resultinfo;
	batch.site = mlops_callsite_create(text_to_cstring(PG_GETARG_TEXT_PP(0)), context);
	run_batch(&batch, text_to_cstring(PG_GETARG_TEXT_PP(1)),
			  PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
