/*
 * evaluation.c: from a version and rows to figures.
 *
 * Two kinds of rows.  Those the version has held out: its stored source is
 * read as the model's owner and rows are chosen by the stored rule of its
 * split.  And every row of a source given in this call, which is read as the
 * caller.  Segments are SQL of this call: over a given source they run as the
 * caller; over the stored one they would show the owner's columns to whoever
 * may only manage the model, and so are the owner's alone, who supplies SQL
 * to the model anyway: they then run as the owner, like features given to a
 * training.
 *
 * Rows are judged in canonical order, all of them and within each segment:
 * figures do not depend on the order in which a plan delivered them.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "pg/evaluation.h"
#include "pg/heldout.h"
#include "pg/options.h"
#include "pg/registry.h"
#include "pg/settings.h"
#include "pg/status.h"
#include "pg/target.h"

/* Unknown labels named in a message. */
#define MAX_SHOWN_LABELS 5

typedef struct Evaluation
{
	MlopsCallSite *site;
	const MlopsRef *ref;
	const MlModel *model;
	MlopsHost	host;
	MlopsIngestSpec spec;
	MlopsHeldOut held;			/* of the stored source only */
	MlopsRows  *rows;
	MlDataset	data;
	uint32	   *place;			/* of the canonical i-th row */
	uint32	   *perm;			/* scratch */
	MlFigure	figure[ML_MAX_METRICS];
	MlopsFigureFunction function;
	void	   *arg;
} Evaluation;

/* ---- which rows ---- */

static void
read_version(Evaluation *e, char **source, char **source_query)
{
	MlopsResult *result;

	result = mlops_registry_read("SELECT target, config ->> 'sample_weight', source, source_query"
								 " FROM mlops.versions WHERE version_id = $1", "b", e->ref->version_id);
	if (result->n == 0)
		elog(ERROR, "version " INT64_FORMAT " vanished while it was judged", e->ref->version_id);
	e->spec.target = mlops_result_text(result, 0, 1);
	e->spec.weight = mlops_result_text(result, 0, 2);
	*source = mlops_result_text(result, 0, 3);
	*source_query = mlops_result_text(result, 0, 4);
}

/* The order of times is stored; it means something for times of one type only. */
static void
check_time_type(const Evaluation *e, const MlopsSource *source)
{
	AttrNumber	attno = mlops_source_column(source, e->held.time_column, "time");
	const char *type = format_type_be(getBaseType(TupleDescAttr(source->desc, attno - 1)->atttypid));

	if (strcmp(type, e->held.time_type) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("time column \"%s\" was of type %s and is now %s", e->held.time_column,
						e->held.time_type, type),
				 errdetail("The held-out rows of version %d of model \"%s\" cannot be told from the others.",
						   e->ref->version, e->ref->model),
				 errhint("Restore the type, or train a new version.")));
}

static void
find_rule(Evaluation *e)
{
	bool		known = mlops_heldout_read(e->ref, e->model, &e->held);

	if (!known || e->held.rule.by == ML_SPLIT_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" has no held-out rows", e->ref->version, e->ref->model),
				 known ? errdetail("It was trained with \"test\": 0.") :
				 errdetail("How its rows were split is not known, as of every imported version."),
				 errhint("Pass a source.")));
}

/* Under the owner's identity. */
static void
plan_held_out(Evaluation *e, const char *source, const char *query, Oid owner)
{
	MlopsSource *stored = mlops_source_stored(source, query);
	MlopsHeldOut *held = &e->held;

	e->spec.source = stored;
	e->spec.salt = held->salt;
	e->spec.key = held->key;
	e->spec.content = held->content;
	e->spec.held_out = &held->rule;
	if (held->rule.by == ML_SPLIT_TIME)
	{
		check_time_type(e, stored);
		e->spec.time_column = held->time_column;
	}
	if (held->rule.by == ML_SPLIT_WHERE)
		e->spec.test_where = mlops_features_condition(held->test_where, "split.test_where", stored->desc, owner);
}

static void
plan_segments(Evaluation *e, const char *segments, Oid role)
{
	if (segments != NULL)
		e->spec.segments = mlops_features_texts(segments, "segment", e->spec.source->desc, role);
}

static void
read_held_out(Evaluation *e, const MlopsEvaluationRequest *request)
{
	Oid			owner = mlops_role_oid(e->ref->owner);
	/* those of the training: under others the source may give other rows, and those learned from look new */
	const MlopsSettings *settings = &e->site->entry->features->settings;
	MlopsIdentity identity;
	char	   *source;
	char	   *query;

	mlops_check_privilege(e->ref->model_id, e->ref->model, e->ref->owner,
						  request->segments != NULL ? MLOPS_OWNER : MLOPS_MANAGE);
	read_version(e, &source, &query);
	find_rule(e);
	mlops_identity_begin_owner(&identity, owner, settings);
	plan_held_out(e, source, query, owner);
	mlops_identity_end(&identity);
	plan_segments(e, request->segments, owner);
	mlops_identity_begin_owner(&identity, owner, settings);
	e->rows = mlops_ingest(&e->spec);
	mlops_identity_end(&identity);
}

static void
read_given(Evaluation *e, const MlopsEvaluationRequest *request)
{
	MlopsSource *given = mlops_source_analyze(request->source);
	char	   *source;
	char	   *query;

	read_version(e, &source, &query);
	e->spec.source = given;
	(void) mlops_source_column(given, e->spec.target, "target");
	/* what is missing or of the wrong type is worded as for a prediction */
	mlops_callsite_bind(e->site, given->desc);
	if (e->spec.weight != NULL && mlops_desc_column(given->desc, e->spec.weight) == 0)
		e->spec.weight = NULL;
	plan_segments(e, request->segments, GetUserId());
	e->rows = mlops_ingest(&e->spec);
}

/* ---- the rows in their order ---- */

static void
refuse_unknown(const Evaluation *e, const MlopsUnknownLabels *unknown)
{
	int64	   *count = palloc0(sizeof(int64) * Max(unknown->n, 1));
	int64		total = 0;
	int			shown = 0;
	StringInfoData list;

	for (int64 i = 0; i < e->rows->n; i++)
		if (e->data.y[i] >= unknown->known)
		{
			count[(int) e->data.y[i] - unknown->known]++;
			total++;
		}
	if (total == 0)
		return;
	initStringInfo(&list);
	for (int k = 0; k < unknown->n; k++)
	{
		if (count[k] == 0)
			continue;
		if (shown++ < MAX_SHOWN_LABELS)
			appendStringInfo(&list, "%s\"%s\" (" INT64_FORMAT ")", list.len > 0 ? ", " : "",
							 unknown->label[k], count[k]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg(INT64_FORMAT " of " INT64_FORMAT " rows have a label that version %d of model \"%s\" does not know",
					total, e->rows->n, e->ref->version, e->ref->model),
			 errdetail("Labels and rows: %s%s.", list.data, shown > MAX_SHOWN_LABELS ? ", ..." : ""),
			 errhint("Leave these rows out, or train a version with them.")));
}

static void
refuse_empty(const Evaluation *e)
{
	const MlopsRows *rows = e->rows;
	bool		held = e->spec.held_out != NULL;

	if (rows->n > 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there are no rows to judge version %d of model \"%s\" by", e->ref->version, e->ref->model),
			 errdetail("Of " INT64_FORMAT " rows, " INT64_FORMAT " have no target and " INT64_FORMAT
					   " have no positive weight.%s", rows->read, rows->dropped_target, rows->dropped_weight,
					   held ? " None of the others was held out." : "")));
}

/* Chooses the rows that count and puts them into canonical order, with the codes of their segments. */
static void
order_rows(Evaluation *e)
{
	MlHost	   *host = &e->host.host;
	MlopsRows  *rows = e->rows;
	MlStatus	status = {0};
	int32	   *label = mlops_host_array(&e->host, rows->n, sizeof(int32), "labels");
	void	   *scratch;
	int64		n;

	for (int64 i = 0; i < rows->n; i++)
		label[i] = e->model->task == ML_REGRESSION ? 0 : (int32) Min(e->data.y[i], e->model->n_classes);
	e->perm = mlops_host_array(&e->host, rows->n, sizeof(uint32), "row order");
	mlops_check_status(ml_split_held_out(host, rows->n, e->spec.held_out, rows->key_hash, rows->content, label,
										 e->perm, &n, &status), &status);
	mlops_rows_permute(rows, e->perm, n);
	scratch = label;
	for (int i = 0; i < rows->n_segments; i++)
		ml_permute(rows->segment[i].code, sizeof(int32), n, e->perm, scratch);
	host->release(host, label);
	rows->n = n;
	e->place = mlops_host_array(&e->host, n, sizeof(uint32), "row order");
	for (int64 i = 0; i < n; i++)
		e->place[i] = (uint32) i;
}

static void
make_dataset(Evaluation *e)
{
	MlopsUnknownLabels unknown;

	mlops_target_match(e->spec.target, e->model, e->rows, &e->data, &unknown);
	if (e->rows->n > 0)
		order_rows(e);
	refuse_empty(e);
	if (e->model->task != ML_REGRESSION)
		refuse_unknown(e, &unknown);
	e->data.n = e->rows->n;
	e->data.p = e->rows->p;
	e->data.column = e->rows->column;
	e->data.weight = e->rows->weight;
}

/* ---- figures ---- */

static Jsonb *
figure_detail(const Evaluation *e, const MlFigure *figure, const MlColumn *segment, int32 code)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	if (segment == NULL)
	{
		mlops_json_key(&json, "held_out");
		mlops_json_bool(&json, e->spec.held_out != NULL);
		mlops_json_key(&json, "rows_read");
		mlops_json_integer(&json, e->rows->read);
		mlops_json_key(&json, "without_target");
		mlops_json_integer(&json, e->rows->dropped_target);
		mlops_json_key(&json, "without_weight");
		mlops_json_integer(&json, e->rows->dropped_weight);
		mlops_json_key(&json, "weighted");
		mlops_json_bool(&json, e->data.weight != NULL);
	}
	else
	{
		mlops_json_key(&json, "name");
		mlops_json_text(&json, segment->name);
		mlops_json_key(&json, "value");
		mlops_json_text(&json, code < 0 ? NULL : segment->level[code]);
	}
	mlops_json_key(&json, "interval");
	mlops_json_text(&json, figure->interval);
	if (figure->interval != NULL)
	{
		mlops_json_key(&json, "confidence");
		mlops_json_number(&json, ML_CONFIDENCE);
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

/* Rows [from, to); segment NULL: all of them. */
static void
judge_rows(Evaluation *e, int64 from, int64 to, const MlColumn *segment, int32 code)
{
	MlStatus	status = {0};
	char	   *name = NULL;
	int			n;

	mlops_check_status(ml_judge(&e->host.host, e->model, &e->data, from, to, e->ref->threshold,
								e->figure, &n, &status), &status);
	if (segment != NULL)
		name = psprintf("%s=%s", segment->name, code < 0 ? "(null)" : segment->level[code]);
	for (int i = 0; i < n; i++)
		e->function(name, &e->figure[i], to - from, figure_detail(e, &e->figure[i], segment, code), e->arg);
}

/* Rows are put together by segment, each in canonical order, missing ones last. */
static void
judge_segment(Evaluation *e, const MlColumn *segment)
{
	int32		n_codes = segment->n_levels + 1;
	int64	   *from = palloc0(sizeof(int64) * (n_codes + 1));
	int64		n = e->data.n;

	/* counts stand one further on: summed up, from[c] is where c begins */
	for (int64 i = 0; i < n; i++)
	{
		int32		code = segment->code[i];

		from[(code < 0 ? n_codes - 1 : code) + 1]++;
	}
	for (int32 c = 0; c < n_codes; c++)
		from[c + 1] += from[c];
	for (int64 i = 0; i < n; i++)
	{
		int32		code = segment->code[i];
		int64	   *next = &from[code < 0 ? n_codes - 1 : code];

		e->perm[*next] = e->place[i];
		e->place[i] = (uint32) (*next)++;
	}
	mlops_rows_permute(e->rows, e->perm, n);
	/* from[c] has become the end of c */
	for (int32 c = 0; c < n_codes; c++)
	{
		int64		begin = c == 0 ? 0 : from[c - 1];

		if (from[c] > begin)
			judge_rows(e, begin, from[c], segment, c == n_codes - 1 ? -1 : c);
	}
	pfree(from);
}

void
mlops_evaluation_run(const MlopsEvaluationRequest *request, MlopsFigureFunction function, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops evaluation", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Evaluation *e = palloc0(sizeof(Evaluation));

	e->function = function;
	e->arg = arg;
	e->site = mlops_callsite_create(request->model, context);
	e->ref = &e->site->ref;
	e->model = &e->site->entry->model;
	mlops_host_init(&e->host, context, mlops_training_memory(), psprintf("judging model \"%s\"", e->ref->model));
	e->spec.features = e->site->entry->features;
	e->spec.site = e->site;
	e->spec.task = e->model->task;
	e->spec.host = &e->host;
	if (request->source == NULL)
		read_held_out(e, request);
	else
		read_given(e, request);
	make_dataset(e);
	judge_rows(e, 0, e->data.n, NULL, 0);
	for (int i = 0; i < e->rows->n_segments; i++)
		judge_segment(e, &e->rows->segment[i]);
	mlops_host_done(&e->host);
	MemoryContextSwitchTo(caller);
	mlops_host_end(&e->host);
}
