/*
 * batch.c: the rows of a source, one by one, as features of a model.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "api/batch.h"
#include "pg/definition.h"
#include "pg/registry.h"
#include "pg/tables.h"

/* The model's own key, when the source has all of its columns. */
static List *
own_key(const MlopsBatchReader *batch, const MlopsSource *source)
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
columns_to_read(MlopsBatchReader *batch, const MlopsSource *source, List *keys)
{
	TupleDesc	signature = batch->site->entry->features->signature;
	List	   *columns = NIL;
	ListCell   *lc;

	for (int i = 0; i < signature->natts; i++)
		columns = lappend(columns, pstrdup(NameStr(TupleDescAttr(signature, i)->attname)));
	batch->n_keys = list_length(keys);
	batch->key = palloc0(sizeof(MlopsBatchKey) * Max(batch->n_keys, 1));
	foreach(lc, keys)
	{
		MlopsBatchKey *key = &batch->key[foreach_current_index(lc)];
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

Datum
mlops_batch_key(const MlopsBatchReader *batch, TupleTableSlot *slot)
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

void
mlops_batch_open(MlopsBatchReader *reader, MlopsCallSite *site, const char *source, const char *key)
{
	List	   *keys;

	reader->site = site;
	reader->source = mlops_source_analyze(source);
	keys = key ? mlops_key_columns(reader->source, key) : own_key(reader, reader->source);
	if (list_length(keys) > INDEX_MAX_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("a key must not have more than %d columns", INDEX_MAX_KEYS)));
	/* a column that is missing or of the wrong type is an error before the first row */
	mlops_callsite_bind(site, reader->source->desc);
	reader->columns = columns_to_read(reader, reader->source, keys);
	mlops_callsite_bind(site, desc_of_columns(reader->source, reader->columns));
}

static void
take_row(TupleTableSlot *slot, void *arg)
{
	MlopsBatchReader *reader = arg;

	reader->ordinal++;
	reader->row(slot, reader->arg);
}

void
mlops_batch_run(MlopsBatchReader *reader, MlopsRowFunction row, void *arg)
{
	reader->row = row;
	reader->arg = arg;
	(void) mlops_source_run(reader->source, reader->columns, take_row, reader);
}
