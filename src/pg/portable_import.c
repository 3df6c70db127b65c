/*
 * portable_import.c: content of unknown origin becomes a version.
 *
 * Nothing in it is believed.  The bytes are checked by the room "learn"; here
 * JSON, SQL, types and names are, each by the code that checks it when it
 * comes from a user.  SQL of the content is analysed as the owner, under
 * pg_catalog alone, and is refused to those who may not supply SQL.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "learn/learner.h"
#include "learn/portable.h"
#include "pg/attempt.h"
#include "pg/definition.h"
#include "pg/host.h"
#include "pg/options.h"
#include "pg/portable.h"
#include "pg/record.h"
#include "pg/status.h"

#define MAX_SECONDS 1e9			/* of a training, 31 years */

typedef struct Import
{
	const char *name;
	const MlopsModel *existing; /* locked; NULL = the model is new */
	Oid			owner;
	char	   *owner_name;
	MlopsHost	host;
	MlPortable	content;
	MlModel		model;
	Jsonb	   *definition;
	MlopsFeatureSet *features;
	MlopsConfig config;			/* of the version */
	MlopsConfig stage_config;	/* of the model */
	MlParams	params;
	Jsonb	   *risk_bands;
	bool		known_sql;		/* another version of the model has the same */
} Import;

static void __attribute__((noreturn))
damaged(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("content is damaged: %s", what)));
}

/* Bytes that are wrong in a table are corrupted data; here they are a wrong argument. */
static void
check_bytes(MlCode code, const MlStatus *status)
{
	if (code == ML_BAD_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg_internal("%s", status->message),
				 status->hint[0] ? errhint("%s", status->hint) : 0));
	mlops_check_status(code, status);
}

/* ---- texts ---- */

static void
check_text(const char *text)
{
	if (text != NULL)
		(void) pg_verifymbstr(text, strlen(text), false);
}

static void
check_texts(const MlPortable *p, const MlModel *model)
{
	const char *const text[] = {
		p->target, p->risk_bands, p->metric, p->source, p->source_query, p->key, p->time_column, p->description,
		p->tags, p->definition, p->params, p->config, p->run_params, p->column_types, p->content_hash
	};

	if (strcmp(p->encoding, GetDatabaseEncodingName()) != 0)
	{
		check_text(p->encoding);
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("content is in encoding \"%s\", this database in \"%s\"", p->encoding,
						GetDatabaseEncodingName()),
				 errhint("Categories are compared byte by byte: import it into a database of the same encoding.")));
	}
	for (int i = 0; i < (int) lengthof(text); i++)
		check_text(text[i]);
	for (int i = 0; i < p->n_metrics; i++)
	{
		check_text(p->metrics[i].name);
		check_text(p->metrics[i].split);
	}
	for (int i = 0; i < p->n_artifacts; i++)
	{
		check_text(p->artifact[i].name);
		check_text(p->artifact[i].media_type);
		check_text(p->artifact[i].content);
	}
	for (int i = 0; i < p->n_columns; i++)
	{
		check_text(p->column[i].description);
		for (int k = 0; k < p->column[i].baseline.n_levels; k++)
			check_text(p->column[i].baseline.level[k]);
	}
	for (int i = 0; i < model->n_classes; i++)
		check_text(model->class_name[i]);
	for (int i = 0; i < model->prep.p; i++)
	{
		check_text(model->prep.column[i].name);
		for (int k = 0; k < model->prep.column[i].n_texts; k++)
			check_text(model->prep.column[i].level[k]);
		for (int k = 0; k < model->prep.column[i].n_rare; k++)
			check_text(model->prep.column[i].rare[k]);
		CHECK_FOR_INTERRUPTS();
	}
}

static Jsonb *
read_json(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

static Jsonb *
read_object(const char *text, const char *what)
{
	Jsonb	   *json = read_json(text);

	if (!JB_ROOT_IS_OBJECT(json))
		damaged(psprintf("%s is not a JSON object", what));
	return json;
}

/* ---- the bytes ---- */

static void
open_content(Import *in, const bytea *content)
{
	Size		size = VARSIZE_ANY_EXHDR(content);
	MlStatus	status = {0};
	void	   *bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(size, 1));

	memcpy(bytes, VARDATA_ANY(content), size);
	mlops_host_init(&in->host, CurrentMemoryContext, 0, psprintf("model \"%s\"", in->name));
	check_bytes(ml_portable_open(&in->host.host, bytes, size, &in->content, &status), &status);
	check_bytes(ml_model_open(&in->host.host, in->content.model, in->content.model_size, &in->model, &status),
				&status);
	check_texts(&in->content, &in->model);
}

/* ---- whether it fits ---- */

static const char *
task_word(const MlModel *model)
{
	return model->task == ML_REGRESSION ? "regression" : "classification";
}

static void __attribute__((noreturn))
misfit(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_internal("%s", message),
			 errhint("Import it under another name.")));
}

static void
check_fits(const Import *in)
{
	const MlopsModel *model = in->existing;
	const char *label = in->stage_config.positive_label;

	if (model->target == NULL || strcmp(model->target, in->content.target) != 0)
		misfit(psprintf("model \"%s\" predicts \"%s\", the content \"%s\"", model->name,
						model->target ? model->target : "", in->content.target));
	if (model->task != NULL && strcmp(model->task, task_word(&in->model)) != 0)
		misfit(psprintf("model \"%s\" is for %s, the content for %s", model->name, model->task,
						task_word(&in->model)));
	if (in->model.task == ML_BINARY && label != NULL && strcmp(label, in->model.class_name[1]) != 0)
		misfit(psprintf("the positive label of model \"%s\" is \"%s\", that of the content \"%s\"", model->name,
						label, in->model.class_name[1]));
}

/* Rights on the model, its owner, its configuration. */
static void
open_model(Import *in)
{
	const MlopsModel *model;

	if (mlops_registry_model(in->name, false) == NULL)
	{
		in->owner = GetUserId();
		in->owner_name = GetUserNameFromId(in->owner, false);
		return;
	}
	in->existing = model = mlops_registry_open(in->name, MLOPS_MANAGE);
	in->owner = mlops_role_oid(model->owner);
	in->owner_name = model->owner;
	mlops_config_init(&in->stage_config, in->name);
	mlops_config_apply(&in->stage_config, model->config, in->name);
}

/* ---- numbers and options ---- */

static void
read_bands(Import *in)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	MlopsConfig scratch;

	if ((in->content.risk_bands != NULL) != (in->model.task != ML_REGRESSION))
		damaged("risk bands of a regression, or none of a classification");
	if (in->content.risk_bands == NULL)
		return;
	in->risk_bands = read_json(in->content.risk_bands);
	mlops_json_begin(&json);
	mlops_json_key(&json, "risk_bands");
	mlops_json_value(&json, in->risk_bands);
	mlops_json_end(&json);
	mlops_config_init(&scratch, in->name);
	mlops_config_apply(&scratch, mlops_json_finish(&json), in->name);
}

static void
read_options(Import *in)
{
	const MlPortable *p = &in->content;
	const MlLearner *learner = in->model.learner;
	bool		binary = in->model.task == ML_BINARY;
	MlStatus	status = {0};

	if (binary ? !(p->threshold >= 0 && p->threshold <= 1) : !isnan(p->threshold))
		damaged("the threshold does not fit the task");
	if (p->metric != NULL && ml_metric_direction(p->metric, in->model.task) == 0)
		damaged(psprintf("metric \"%s\" does not fit the task", p->metric));
	if (!IS_VALID_TIMESTAMP(p->ended_at) || !(p->seconds >= 0 && p->seconds < MAX_SECONDS) ||
		!IS_VALID_TIMESTAMP(p->ended_at - (int64) ceil(p->seconds * USECS_PER_SEC)))
		damaged("impossible time of the training");
	mlops_params_read(learner, read_object(p->params, "params"), &in->params);
	if (learner->check != NULL)
		mlops_check_status(learner->check(&in->params, in->model.task, &status), &status);
	mlops_config_init(&in->config, in->name);
	mlops_config_apply(&in->config, read_object(p->config, "config"), in->name);
	if (in->existing == NULL)
		in->stage_config = in->config;
	read_bands(in);
}

static void
check_columns(const Import *in)
{
	int			n = in->model.prep.p;

	if (n == 0)
		damaged("the model has no features");
	if (in->content.n_columns != n + 2)
		damaged(psprintf("it has baselines of %d columns, the model has %d", in->content.n_columns - 2, n));
	for (int i = 0; i < n; i++)
		if (in->content.column[i].baseline.kind != in->model.prep.column[i].kind)
			damaged(psprintf("the baseline of column \"%s\" is of another kind", in->model.prep.column[i].name));
	if (in->content.column[n].baseline.kind != ML_NUMERIC)
		damaged("the baseline of the score is of another kind");
	for (int i = 0; i < in->content.n_artifacts; i++)
		if (strcmp(in->content.artifact[i].media_type, "application/json") == 0)
			(void) read_json(in->content.artifact[i].content);
}

/* ---- features ---- */

/*
 * SQL runs with the owner's rights, so only the owner may bring any that no
 * version of the model has.  Asked before any of it is analysed: planning
 * runs immutable functions.
 */
static void
check_sql_right(Import *in)
{
	MlopsResult *r;

	if (in->existing == NULL)
		return;
	r = mlops_registry_query("SELECT EXISTS (SELECT FROM mlops.versions WHERE model_id = $1"
							 " AND definition->'signature' = $2->'signature'"
							 " AND definition->'features' = $2->'features' AND source_query = $3"
							 " AND config->'split'->>'test_where' IS NOT DISTINCT FROM $4)",
							 "bjtt", in->existing->model_id, in->definition,
							 in->content.source_query, in->config.test_where);
	in->known_sql = mlops_result_bool(r, 0, 1);
	if (!in->known_sql && !mlops_has_privilege(in->existing->model_id, in->existing->owner, MLOPS_OWNER))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of model \"%s\"", in->existing->name),
				 errdetail("The content has features or a source that no version of the model has.")));
}

/* Pseudo-types are for the server's own use: no source gives such columns. */
static void
check_signature(TupleDesc signature)
{
	for (int i = 0; i < signature->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(signature, i);

		if (get_typtype(att->atttypid) == TYPTYPE_PSEUDO)
			damaged(psprintf("column \"%s\" has the pseudo-type %s", NameStr(att->attname),
							 format_type_be(att->atttypid)));
	}
}

/* What is corrupted data when it is stored is a damaged argument here. */
static MlopsFeatureSet *
analyze_features(Jsonb *definition, Oid owner)
{
	MemoryContext caller = CurrentMemoryContext;
	MlopsFeatureSet *volatile set = NULL;

	PG_TRY();
	{
		set = mlops_features_from_jsonb(definition, owner, caller);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (error->sqlerrcode != ERRCODE_DATA_CORRUPTED)
			PG_RE_THROW();
		FlushErrorState();
		damaged(error->message);
	}
	PG_END_TRY();
	return set;
}

static void
read_features(Import *in)
{
	const char *mismatch;

	in->features = analyze_features(in->definition, in->owner);
	check_signature(in->features->signature);
	mismatch = mlops_features_mismatch(in->features, &in->model.prep);
	if (mismatch != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("content is damaged: features and bytes do not match"),
				 errdetail_internal("%s", mismatch)));
	for (int i = 0; i < in->features->signature->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(in->features->signature, i)->attname), in->content.target) == 0)
			damaged(psprintf("a feature uses the target \"%s\"", in->content.target));
	/* the owner's right to execute what they call */
	(void) mlops_evaluator_create(in->features, CurrentMemoryContext);
}

/* ---- source ---- */

/* What is no plain SELECT is an error. */
static void
analyze_source(void *arg)
{
	const Import *in = arg;
	MlopsIdentity identity;

	mlops_identity_begin_owner(&identity, in->owner, NULL);
	(void) mlops_source_stored(in->content.source, in->content.source_query);
	mlops_identity_end(&identity);
}

/* ---- writing ---- */

/*
 * The features as one list, as a training reads it.  Each was analysed alone;
 * a comment at the end of one would take those after it out of the list.
 */
static char *
feature_list(const Import *in)
{
	char	   *list = mlops_definition_features(in->features);
	MlopsFeatureSet *again;
	MlopsIdentity identity;
	bool		same;

	mlops_identity_begin_owner(&identity, in->owner, NULL);
	again = mlops_features_analyze(list, in->features->signature, NIL, in->owner, NULL);
	mlops_identity_end(&identity);
	same = again->n == in->features->n;
	for (int i = 0; same && i < again->n; i++)
		same = strcmp(again->feature[i].name, in->features->feature[i].name) == 0;
	if (!same)
		damaged("its features are others when they are read as one list");
	return list;
}

static const MlopsModel *
make_model(const Import *in)
{
	MlopsDefinition d = {0};
	MlopsSource source = {0};

	source.text = (char *) in->content.source;
	source.query = (char *) in->content.source_query;
	d.name = in->name;
	d.owner = in->owner;
	d.owner_name = in->owner_name;
	d.source = &source;
	d.target = (char *) in->content.target;
	d.task = (char *) task_word(&in->model);
	d.features = feature_list(in);
	d.key = (char *) in->content.key;
	d.time_column = (char *) in->content.time_column;
	d.config = in->config;
	if (mlops_definition_store(&d, NULL, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("model \"%s\" was changed by another session", in->name)));
	CommandCounterIncrement();
	return mlops_registry_model(in->name, true);
}

static int32
write_version(const Import *in)
{
	const MlPortable *p = &in->content;
	MlopsRecord record = {0};

	record.model = in->existing ? in->existing : make_model(in);
	record.imported = true;
	record.stage_config = &in->stage_config;
	if (in->model.task == ML_BINARY && record.model->last_version == 0)
		record.positive_label = in->model.class_name[1];

	record.seed = p->seed;
	record.run_params = read_object(p->run_params, "run_params");
	record.column_types = read_object(p->column_types, "column_types");
	record.content_hash = p->content_hash;
	record.rows_read = p->rows_read;
	record.rows_dropped = p->rows_dropped;
	record.seconds = p->seconds;
	record.ended_at = p->ended_at;
	record.n_metrics = p->n_metrics;
	record.metrics = p->metrics;
	record.n_artifacts = p->n_artifacts;
	record.artifact = p->artifact;

	record.task = in->model.task;
	record.algorithm = in->model.learner->name;
	record.target = p->target;
	record.n_classes = in->model.n_classes;
	record.class_name = in->model.class_name;
	record.feature_set = in->features;
	record.params = mlops_params_write(&in->params);
	record.config = &in->config;
	record.threshold = p->threshold;
	record.risk_bands = in->risk_bands;
	record.metric = p->metric;
	record.value = p->value;
	record.train_rows = p->train_rows;
	record.valid_rows = p->valid_rows;
	record.test_rows = p->test_rows;
	record.source = p->source;
	record.source_query = p->source_query;
	record.key = p->key;
	record.time_column = p->time_column;
	record.description = p->description;
	record.tags = read_object(p->tags, "tags");
	record.bytes = p->model;
	record.size = p->model_size;
	record.prep = &in->model.prep;
	record.column = p->column;
	mlops_record_write(&record);
	return record.version;
}

/* ---- what the importer should know ---- */

static void
tell_sql(const Import *in, int32 version)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < in->features->n; i++)
		if (in->features->feature[i].attno == 0)
			appendStringInfo(&list, "feature \"%s\": %s\n", in->features->feature[i].name,
							 in->features->feature[i].expression);
	if (in->config.test_where != NULL)
		appendStringInfo(&list, "split.test_where: %s\n", in->config.test_where);
	appendStringInfo(&list, "source: %s", in->content.source_query);
	ereport(NOTICE,
			(errmsg("version %d of model \"%s\" brings SQL that runs with the rights of role \"%s\"",
					version, in->name, in->owner_name),
			 errdetail_internal("%s", list.data)));
}

static void
tell_source(const Import *in, int32 version, const char *why)
{
	ereport(NOTICE,
			(errmsg("the source of version %d of model \"%s\" cannot be read here", version, in->name),
			 errdetail("The server says: %s.", why),
			 errhint("The version predicts all the same. To train again, pass a source.")));
}

int32
mlops_portable_import(const char *name, const bytea *content)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops import", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Import	   *in = palloc0(sizeof(Import));
	const char *why;
	int32		version;

	mlops_check_model_name(name);
	in->name = name;
	open_model(in);
	open_content(in, content);
	if (in->existing != NULL)
		check_fits(in);
	read_options(in);
	check_columns(in);
	in->definition = read_object(in->content.definition, "definition");
	check_sql_right(in);
	read_features(in);
	why = mlops_attempt(analyze_source, in);
	version = write_version(in);
	if (!in->known_sql)
		tell_sql(in, version);
	if (why != NULL)
		tell_source(in, version, why);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return version;
}
