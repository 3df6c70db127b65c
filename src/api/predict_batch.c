/*
 * predict_batch.c: mlops_predict_batch, all rows of a source.
 *
 * Only the columns of the model's signature and the key are read; rows are
 * scored in blocks, so that a learner can work on many at a time.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

#include "api/batch.h"

#define BLOCK_ROWS 1024
#define BLOCK_BYTES (16 * 1024 * 1024)

typedef struct RiskBand
{
	double		bound;
	char	   *name;
} RiskBand;

typedef struct Batch
{
	MlopsBatchReader reader;
	MlopsCallSite *site;
	ReturnSetInfo *result;
	int			n_bands;
	RiskBand   *band;			/* ascending by bound */
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

	ml_model_margin(&batch->site->entry->model, batch->x, batch->rows, batch->margin, batch->site->margin_room);
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

	site->x = batch->x + (size_t) batch->rows * site->entry->features->width;
	mlops_callsite_slot(site, slot);
	old = MemoryContextSwitchTo(batch->block_context);
	batch->key_text[batch->rows] = mlops_batch_key(&batch->reader, slot);
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
	batch->room = ml_model_rows(&batch->site->entry->model, batch->room);
	batch->x = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * width * batch->room);
	batch->margin = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * outputs * batch->room);
	batch->key_text = palloc(sizeof(Datum) * batch->room);
	batch->block_context = AllocSetContextCreate(CurrentMemoryContext, "mlops block", ALLOCSET_DEFAULT_SIZES);
}

static void
run_batch(Batch *batch, const char *source_text, const char *key)
{
	mlops_batch_open(&batch->reader, batch->site, source_text, key);
	if (batch->site->ref.risk_bands && batch->site->entry->model.task == ML_BINARY)
		read_bands(batch, DatumGetJsonbP(batch->site->ref.risk_bands));
	make_block(batch);
	mlops_batch_run(&batch->reader, take_row, batch);
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
