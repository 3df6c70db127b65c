/*
 * explain.c: mlops_explain and mlops_explain_batch, why a row got its score.
 *
 * Additive shares of the output (margin of the class; the value for
 * regression): one row a SQL feature, the largest first, the base last.
 * Columns that one feature was encoded into are summed.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "api/batch.h"
#include "learn/learner.h"
#include "learn/lime.h"
#include "pg/registry.h"
#include "pg/status.h"

/* LIME draws the same rows in every call */
#define LIME_SEED 42

typedef struct Share
{
	int			feature;
	double		contribution;
} Share;

/* What explaining rows with one version takes; of the call. */
typedef struct Explainer
{
	MlopsCallSite *site;
	MlopsHost	host;
	double	   *room;
	double	   *phi;			/* dataset columns, base */
	Share	   *share;			/* SQL features */
	double		base;
	/* LIME */
	MlLimeColumn *column;
	int		   *unit;
	/* mlops_explain_batch */
	MlopsBatchReader reader;
	ReturnSetInfo *result;
	int			top;
	MemoryContext row_context;
} Explainer;

static int
larger_first(const void *a, const void *b)
{
	const Share *left = a;
	const Share *right = b;
	double		l = fabs(left->contribution);
	double		r = fabs(right->contribution);

	if (l != r)
		return l > r ? -1 : 1;
	return left->feature - right->feature;
}

/*
 * The class to explain: the one asked for; else the positive one, whose
 * probability mlops_predict gives, or of several the predicted one; 0 for
 * regression.
 */
static int
class_asked(MlopsCallSite *site, const char *name)
{
	const MlModel *model = &site->entry->model;
	const char *nearest;

	if (model->task == ML_REGRESSION)
	{
		if (name)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("model \"%s\" predicts a number: it has no classes", site->ref.model)));
		return 0;
	}
	if (name == NULL)
		return model->task == ML_BINARY ? 1 :
			ml_model_class(model, site->margin, site->proba, site->ref.threshold);
	for (int k = 0; k < model->n_classes; k++)
	{
		if (strcmp(model->class_name[k], name) == 0)
			return k;
	}
	nearest = mlops_nearest(name, model->class_name, model->n_classes);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("model \"%s\" has no class \"%s\"", site->ref.model, name),
			 nearest ? errhint("Did you mean \"%s\"?", nearest) :
			 model->n_classes == 2 ?
			 errhint("Its classes are \"%s\" and \"%s\".", model->class_name[0], model->class_name[1]) :
			 errhint("Its first class is \"%s\".", model->class_name[0])));
	return -1;
}

char *
mlops_serving_value(MlopsCallSite *site, int feature, int element)
{
	MlopsFeature *f = &site->entry->features->feature[feature];
	int			column = f->first + Max(element, 0);
	Oid			output;
	bool		varlena;

	if (site->positional || element >= 0)
		return isnan(site->x[column]) ? NULL : float8out_internal(site->x[column]);
	if (site->isnull[feature])
		return NULL;
	getTypeOutputInfo(f->type, &output, &varlena);
	return OidOutputFunctionCall(output, site->value[feature]);
}

/* ---------- LIME: what training saw ---------- */

/* Levels by name, with their counts; those the baseline does not list are not drawn. */
static void
read_levels(const MlPrepColumn *prep, const MlopsResult *baseline, int row, MlLimeColumn *column)
{
	bool		no_levels;
	bool		no_counts;
	Datum		levels = mlops_result_datum(baseline, row, 3, &no_levels);
	Datum		counts = mlops_result_datum(baseline, row, 4, &no_counts);
	Datum	   *level;
	Datum	   *count;
	double	   *value;
	double	   *weight;
	int			n;
	int			n_counts;

	if (no_levels || no_counts)
		return;
	deconstruct_array(DatumGetArrayTypeP(levels), TEXTOID, -1, false, TYPALIGN_INT, &level, NULL, &n);
	deconstruct_array(DatumGetArrayTypeP(counts), INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &count, NULL,
					  &n_counts);
	column->value = value = palloc(sizeof(double) * Max(n, 1));
	column->weight = weight = palloc(sizeof(double) * Max(n, 1));
	for (int i = 0; i < Min(n, n_counts); i++)
	{
		text	   *name = DatumGetTextPP(level[i]);
		double		index = ml_prep_level(prep, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

		if (!(index >= 0))
			continue;
		value[column->n] = index;
		weight[column->n++] = Max(1.0, (double) DatumGetInt64(count[i]));
	}
}

static void
read_quantiles(const MlopsResult *baseline, int row, MlLimeColumn *column)
{
	bool		isnull;
	Datum		quantiles = mlops_result_datum(baseline, row, 2, &isnull);
	Datum	   *element;
	double	   *value;

	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(quantiles), FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &element, NULL,
					  &column->n);
	column->value = value = palloc(sizeof(double) * Max(column->n, 1));
	for (int i = 0; i < column->n; i++)
		value[i] = DatumGetFloat8(element[i]);
}

static void
read_baseline(Explainer *e)
{
	const MlPrep *prep = &e->site->entry->model.prep;
	const MlopsFeatureSet *set = e->site->entry->features;
	MlopsResult *baseline;

	baseline = mlops_registry_read("SELECT coalesce(null_count::float8 / nullif(row_count, 0), 0), quantiles, levels,"
								   " level_counts FROM mlops.version_features"
								   " WHERE version_id = $1 AND role = 'feature' ORDER BY position",
								   "b", e->site->ref.version_id);
	e->column = palloc0(sizeof(MlLimeColumn) * Max(prep->p, 1));
	e->unit = palloc0(sizeof(int) * Max(prep->p, 1));
	for (int c = 0; c < prep->p && (uint64) c < baseline->n; c++)
	{
		e->column[c].missing = mlops_result_float8(baseline, c, 1);
		if (prep->column[c].kind == ML_CATEGORY)
			read_levels(&prep->column[c], baseline, c, &e->column[c]);
		else
			read_quantiles(baseline, c, &e->column[c]);
	}
	for (int i = 0; i < set->n; i++)
		for (int j = 0; j < set->feature[i].width; j++)
			e->unit[set->feature[i].first + j] = i;
}

/* ---------- one row ---------- */

static void
begin(Explainer *e, MlopsCallSite *site, bool lime)
{
	const MlModel *model = &site->entry->model;

	e->site = site;
	mlops_host_init(&e->host, CurrentMemoryContext, 0, psprintf("model \"%s\"", site->ref.model));
	e->room = MemoryContextAllocHuge(CurrentMemoryContext,
									 mul_size(sizeof(double), Max(ml_model_explain_room(model), 1)));
	e->phi = palloc(sizeof(double) * (Max(model->prep.p, site->entry->features->n) + 1));
	e->share = palloc(sizeof(Share) * Max(site->entry->features->n, 1));
	if (lime)
		read_baseline(e);
}

/* Shares of one class, sorted; site->x is the row. */
static void
explain_class(Explainer *e, int class)
{
	const MlModel *model = &e->site->entry->model;
	MlopsFeatureSet *set = e->site->entry->features;
	int			output = model->task == ML_MULTICLASS ? class : 0;
	MlStatus	status = {ML_OK, "", "", ""};
	/* a binary model has one margin, that of its second class */
	bool		other = model->task == ML_BINARY && class == 0;
	double		sign = other ? -1.0 : 1.0;

	if (e->column)
		mlops_check_status(ml_lime(&e->host.host, model, e->column, e->unit, set->n, e->site->x, output, LIME_SEED,
								   e->phi, &status), &status);
	else
		mlops_check_status(ml_model_explain(&e->host.host, model, e->site->x, output, e->room, e->phi, &status),
						   &status);
	for (int j = 0; j <= (e->column ? set->n : model->prep.p); j++)
		if (!isfinite(e->phi[j]))
			mlops_callsite_refuse_size(e->site);
	for (int i = 0; i < set->n; i++)
	{
		e->share[i].feature = i;
		e->share[i].contribution = e->column ? sign * e->phi[i] : 0.0;
		for (int j = 0; j < set->feature[i].width && !e->column; j++)
			e->share[i].contribution += sign * e->phi[set->feature[i].first + j];
	}
	/* + 0.0: no negative zero */
	e->base = sign * e->phi[e->column ? set->n : model->prep.p] + (other && model->learner->probability ? 1.0 : 0.0);
	qsort(e->share, set->n, sizeof(Share), larger_first);
}

static void
put_row(ReturnSetInfo *result, const char *feature, const char *value, double contribution)
{
	Datum		values[4] = {CStringGetTextDatum(feature), (Datum) 0, Float8GetDatum(contribution), (Datum) 0};
	bool		isnull[4] = {false, value == NULL, false, true};

	if (value)
		values[1] = CStringGetTextDatum(value);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

static Datum
explain(FunctionCallInfo fcinfo, FeaturesForm form)
{
	static const char *const methods[] = {"shap", "lime"};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Explainer	e = {0};
	MlopsCallSite *site;
	MlopsFeatureSet *set;
	char	   *method;

	InitMaterializedSRF(fcinfo, 0);
	/* no model, no features or no method: no rows */
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return (Datum) 0;
	method = text_to_cstring(PG_GETARG_TEXT_PP(3));
	mlops_arg_check_method(method, methods, lengthof(methods));
	site = mlops_serving_site(fcinfo, form);
	mlops_callsite_score(site);
	set = site->entry->features;
	begin(&e, site, strcmp(method, "lime") == 0);
	explain_class(&e, class_asked(site, mlops_arg_text(fcinfo, 2)));
	for (int i = 0; i < set->n; i++)
		put_row(result, set->feature[e.share[i].feature].name,
				mlops_serving_value(site, e.share[i].feature, -1), e.share[i].contribution);
	put_row(result, "(base)", NULL, e.base + 0.0);
	mlops_host_done(&e.host);
	return (Datum) 0;
}

SERVING_ENTRIES(mlops_explain, explain)

/* ---------- all rows of a source ---------- */

static void
put_batch_row(Explainer *e, Datum key, const char *feature, const char *value, double contribution, int rank)
{
	Datum		values[6] = {key, CStringGetTextDatum(feature), (Datum) 0, Float8GetDatum(contribution),
	Int32GetDatum(rank), (Datum) 0};
	bool		isnull[6] = {key == (Datum) 0, false, value == NULL, false, rank == 0, true};

	if (value)
		values[2] = CStringGetTextDatum(value);
	tuplestore_putvalues(e->result->setResult, e->result->setDesc, values, isnull);
}

static void
take_row(TupleTableSlot *slot, void *arg)
{
	Explainer  *e = arg;
	MlopsFeatureSet *set = e->site->entry->features;
	MemoryContext old;
	Datum		key;

	CHECK_FOR_INTERRUPTS();
	mlops_callsite_slot(e->site, slot);
	old = MemoryContextSwitchTo(e->row_context);
	mlops_callsite_score(e->site);
	explain_class(e, class_asked(e->site, NULL));
	key = mlops_batch_key(&e->reader, slot);
	for (int i = 0; i < Min(set->n, e->top); i++)
		put_batch_row(e, key, set->feature[e->share[i].feature].name,
					  mlops_serving_value(e->site, e->share[i].feature, -1), e->share[i].contribution, i + 1);
	put_batch_row(e, key, "(base)", NULL, e->base + 0.0, 0);
	MemoryContextSwitchTo(old);
	MemoryContextReset(e->row_context);
}

PG_FUNCTION_INFO_V1(mlops_explain_batch);
Datum
mlops_explain_batch(PG_FUNCTION_ARGS)
{
	Explainer	e = {0};
	MemoryContext context;
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	e.top = PG_ARGISNULL(2) ? PG_INT32_MAX : PG_GETARG_INT32(2);
	if (e.top < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"top\" must be at least 1")));
	context = AllocSetContextCreate(CurrentMemoryContext, "mlops explanations", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	e.result = (ReturnSetInfo *) fcinfo->resultinfo;
	e.row_context = AllocSetContextCreate(context, "mlops explanation", ALLOCSET_DEFAULT_SIZES);
	begin(&e, mlops_callsite_create(text_to_cstring(PG_GETARG_TEXT_PP(0)), context), false);
	mlops_batch_open(&e.reader, e.site, text_to_cstring(PG_GETARG_TEXT_PP(1)), NULL);
	mlops_batch_run(&e.reader, take_row, &e);
	mlops_host_done(&e.host);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
