/*
 * ingest_prepare.c: what is read from the source, and where each column goes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/ingest_state.h"

/* Position of a column among those read, added when it is not among them yet. */
static int
read_column(MlopsIngest *in, const char *name)
{
	ListCell   *lc;
	int			position = 0;

	foreach(lc, in->columns)
	{
		if (strcmp((const char *) lfirst(lc), name) == 0)
			return position;
		position++;
	}
	in->columns = lappend(in->columns, pstrdup(name));
	return position;
}

static int
read_role(MlopsIngest *in, const char *name, const char *role)
{
	if (name == NULL)
		return -1;
	(void) mlops_source_column(in->spec->source, name, role);
	return read_column(in, name);
}

static void
read_signature(MlopsIngest *in, const MlopsFeatureSet *set, bool converted, int **position)
{
	*position = palloc(sizeof(int) * Max(set->signature->natts, 1));
	for (int i = 0; i < set->signature->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(set->signature, i)->attname);
		AttrNumber	attno = mlops_source_column(in->spec->source, name, "feature");
		Form_pg_attribute have = TupleDescAttr(in->spec->source->desc, attno - 1);

		if (!converted && have->atttypid != TupleDescAttr(set->signature, i)->atttypid)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of the source has type %s, but the features need %s", name,
							format_type_be(have->atttypid),
							format_type_be(TupleDescAttr(set->signature, i)->atttypid))));
		(*position)[i] = read_column(in, name);
	}
}

static void
find_positions(MlopsIngest *in)
{
	const MlopsIngestSpec *spec = in->spec;
	ListCell   *lc;

	read_signature(in, spec->features, spec->site != NULL, &in->position);
	in->target = read_role(in, spec->target, "target");
	in->weight = read_role(in, spec->weight, "sample_weight");
	in->time = read_role(in, spec->time_column, "time");
	in->n_key = 0;
	in->key = palloc(sizeof(int) * (list_length(spec->key) + 1));
	if (spec->group != NULL)
		in->key[in->n_key++] = read_role(in, spec->group, "group");
	else
		foreach(lc, spec->key)
			in->key[in->n_key++] = read_role(in, lfirst(lc), "key");
	if (spec->test_where != NULL)
		read_signature(in, spec->test_where, false, &in->test_position);
}

static void
add_all_columns(MlopsIngest *in)
{
	TupleDesc	source = in->spec->source->desc;

	for (int i = 0; i < source->natts; i++)
		(void) read_column(in, NameStr(TupleDescAttr(source, i)->attname));
}

/* Names of the columns that make the content, in the host's context; they are read then. */
static List *
content_columns(MlopsIngest *in)
{
	const MlopsIngestSpec *spec = in->spec;
	MemoryContext caller;
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, spec->content)
		(void) read_role(in, lfirst(lc), "split");
	if (spec->content == NIL && (spec->whole_row_content || in->columns == NIL))
		add_all_columns(in);
	caller = MemoryContextSwitchTo(in->host->context);
	foreach(lc, spec->content != NIL ? spec->content : in->columns)
		names = lappend(names, pstrdup(lfirst(lc)));
	MemoryContextSwitchTo(caller);
	return names;
}

/*
 * Which columns are asked for, and where each stands in a row.  A row that is
 * wanted whole, or nearly so, is asked for whole: a table's row then comes
 * as it is stored, and the executor need not build another one, which would
 * take as long as the rest of the reading.
 */
static void
choose_columns(MlopsIngest *in)
{
	const MlopsSource *source = in->spec->source;
	const MlopsFeatureSet *segments = in->spec->segments;
	List	   *used;
	ListCell   *lc;
	int			i = 0;

	find_positions(in);
	in->rows->content_columns = used = content_columns(in);
	if (segments != NULL)
		read_signature(in, segments, false, &in->segment_position);
	if (list_length(in->columns) == source->desc->natts ||
		(source->whole_rows && 2 * list_length(in->columns) >= source->desc->natts))
	{
		in->columns = NIL;
		add_all_columns(in);
		find_positions(in);
		if (segments != NULL)
			read_signature(in, segments, false, &in->segment_position);
		in->whole_rows = true;
	}
	in->n_used = list_length(used);
	in->used = palloc(sizeof(int) * in->n_used);
	foreach(lc, used)
		in->used[i++] = read_column(in, lfirst(lc));
}

static TupleDesc
columns_read(MlopsIngest *in)
{
	TupleDesc	source = in->spec->source->desc;
	TupleDesc	desc = CreateTemplateTupleDesc(list_length(in->columns));
	ListCell   *lc;
	AttrNumber	attno = 0;

	foreach(lc, in->columns)
	{
		Form_pg_attribute att = TupleDescAttr(source, mlops_desc_column(source, lfirst(lc)) - 1);

		attno++;
		TupleDescInitEntry(desc, attno, NameStr(att->attname), att->atttypid, att->atttypmod, 0);
	}
	return desc;
}

/* A column that is not a feature, read the way features are; false: it cannot be one number or text. */
static bool
describe_column(MlopsIngest *in, MlopsFeature *column, int position)
{
	Form_pg_attribute att = TupleDescAttr(in->desc, position);
	Oid			output;
	bool		varlena;

	memset(column, 0, sizeof(*column));
	column->name = NameStr(att->attname);
	column->type = att->atttypid;
	if (!mlops_type_kind(att->atttypid, &column->kind, &column->base_type, &column->element_type) ||
		column->kind == MLOPS_VECTOR)
		return false;
	getTypeOutputInfo(column->base_type, &output, &varlena);
	fmgr_info(output, &column->output);
	return true;
}

static void
prepare_target(MlopsIngest *in)
{
	MlopsFeature *target = &in->target_column;
	MlopsRows  *rows = in->rows;

	if (in->target < 0)
		return;
	if (!describe_column(in, target, in->target))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("target column \"%s\" has type %s", target->name, format_type_be(target->type)),
				 errhint("It must be a number, a boolean or a text.")));
	if (target->kind == MLOPS_CATEGORY)
	{
		if (in->spec->task == ML_REGRESSION)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("target column \"%s\" has type %s, but regression needs a number",
							target->name, format_type_be(target->type))));
		rows->target_type = MLOPS_TARGET_CATEGORY;
		in->target_dictionary = mlops_dictionary_create(in->host);
		mlops_ingest_grows(in, (void **) &rows->target_code, sizeof(int32));
		return;
	}
	rows->target_type = target->kind == MLOPS_BOOLEAN ? MLOPS_TARGET_BOOLEAN :
		target->base_type == INT2OID || target->base_type == INT4OID || target->base_type == INT8OID ?
		MLOPS_TARGET_INTEGER : MLOPS_TARGET_FLOAT;
	mlops_ingest_grows(in, (void **) &rows->target, sizeof(double));
}

static void
prepare_weight(MlopsIngest *in)
{
	if (in->weight < 0)
		return;
	if (!describe_column(in, &in->weight_column, in->weight) || in->weight_column.kind != MLOPS_NUMERIC)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("sample_weight column \"%s\" must be a number", in->weight_column.name)));
	mlops_ingest_grows(in, (void **) &in->rows->weight, sizeof(double));
}

static MlopsStoreOp
store_op(const MlopsFeature *feature)
{
	switch (feature->kind)
	{
		case MLOPS_VECTOR:
			return STORE_VECTOR;
		case MLOPS_CATEGORY:
			return get_typtype(feature->base_type) == TYPTYPE_ENUM ? STORE_OID : STORE_TEXT;
		default:
			return feature->base_type == FLOAT8OID ? STORE_FLOAT8 :
				feature->base_type == FLOAT4OID ? STORE_FLOAT4 :
				feature->base_type == INT4OID ? STORE_INT4 : STORE_NUMBER;
	}
}

static int
compare_stores(const void *a, const void *b)
{
	const MlopsStore *x = a;
	const MlopsStore *y = b;

	return x->op != y->op ? (int) x->op - (int) y->op : x->position - y->position;
}

static void
prepare_category(MlopsIngest *in, MlopsStore *store)
{
	store->dictionary = mlops_dictionary_create(in->host);
	mlops_ingest_grows(in, (void **) &store->code, sizeof(int32));
}

static void
prepare_features(MlopsIngest *in)
{
	MlopsFeatureSet *set = in->spec->features;
	MlopsCallSite *site = in->spec->site;
	bool		evaluated = site != NULL || !set->all_bare;

	in->n_stores = set->n;
	in->store = palloc0(sizeof(MlopsStore) * set->n);
	for (int i = 0; i < set->n; i++)
	{
		MlopsStore *store = &in->store[i];

		store->index = i;
		store->feature = &set->feature[i];
		store->op = store_op(store->feature);
		store->position = evaluated ? i : in->position[store->feature->attno - 1];
	}
	qsort(in->store, set->n, sizeof(MlopsStore), compare_stores);
	for (int i = 0; i < set->n; i++)
	{
		MlopsStore *store = &in->store[i];

		if (store->op == STORE_VECTOR)
		{
			if (store->feature->width > 0)
				mlops_ingest_make_vector(in, store);
		}
		else if (store->feature->kind == MLOPS_CATEGORY)
			prepare_category(in, store);
		else
		{
			store->stage = palloc(sizeof(double) * STAGE_ROWS);
			mlops_ingest_grows(in, (void **) &store->value, sizeof(double));
		}
	}
	if (!evaluated)
		return;
	if (site != NULL)
		mlops_callsite_bind(site, in->desc);
	in->evaluator = site != NULL ? site->evaluator : mlops_evaluator_create(set, CurrentMemoryContext);
	in->value = palloc(sizeof(Datum) * set->n);
	in->isnull = palloc(sizeof(bool) * set->n);
}

static void
prepare_segments(MlopsIngest *in)
{
	MlopsFeatureSet *set = in->spec->segments;

	if (set == NULL)
		return;
	in->segment = palloc0(sizeof(MlopsStore) * set->n);
	for (int i = 0; i < set->n; i++)
	{
		in->segment[i].index = i;
		in->segment[i].feature = &set->feature[i];
		in->segment[i].op = STORE_TEXT;
		prepare_category(in, &in->segment[i]);
	}
	in->segment_evaluator = mlops_evaluator_create(set, CurrentMemoryContext);
	in->segment_value = palloc(sizeof(Datum) * set->n);
	in->segment_isnull = palloc(sizeof(bool) * set->n);
}

static void
prepare_hashes(MlopsIngest *in)
{
	in->content_hash = mlops_row_hash_create(in->desc, in->n_used, in->used);
	if (in->n_key > 0)
		in->key_hash = mlops_key_hash_create(in->desc, in->n_key, in->key);
	mlops_ingest_grows(in, (void **) &in->rows->key_hash, sizeof(uint64));
	mlops_ingest_grows(in, (void **) &in->rows->content, sizeof(uint64));
}

static void
prepare_time(MlopsIngest *in)
{
	Oid			type;

	if (in->time < 0)
		return;
	in->time_type = type = getBaseType(TupleDescAttr(in->desc, in->time)->atttypid);
	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID && type != INT2OID &&
		type != INT4OID && type != INT8OID && type != FLOAT4OID && type != FLOAT8OID && type != NUMERICOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("time column \"%s\" has type %s", in->spec->time_column, format_type_be(type)),
				 errhint("It must be a timestamp, a date or a number.")));
	mlops_ingest_grows(in, (void **) &in->rows->time, sizeof(int64));
}

void
mlops_ingest_prepare(MlopsIngest *in)
{
	choose_columns(in);
	in->desc = columns_read(in);
	prepare_features(in);
	prepare_segments(in);
	prepare_target(in);
	prepare_weight(in);
	prepare_hashes(in);
	prepare_time(in);
	if (in->spec->test_where != NULL)
	{
		in->test_evaluator = mlops_evaluator_create(in->spec->test_where, CurrentMemoryContext);
		mlops_ingest_grows(in, (void **) &in->rows->test_where, sizeof(int8));
	}
}
