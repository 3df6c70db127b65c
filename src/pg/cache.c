/*
 * cache.c: the per-backend cache of immutable versions.
 *
 * What identifies the bytes.  A version_id is never given twice by its
 * sequence: a rolled-back training leaves a gap, so an entry of a version that
 * was rolled back may stay, nothing can resolve to it.  The sequence starts
 * again only where our memory does not survive (a crash ends every backend; a
 * promoted standby continues past every value it has seen), or where somebody
 * makes it: DROP and CREATE EXTENSION in one session, or another database's
 * rows loaded into the same tables.  The first changes the table's OID, the
 * second the time of creation, and both stand in the row that a reference is
 * resolved from: so the key is (table, version_id, created_at), and checking
 * it costs nothing.  A checksum of the bytes would have to be fetched.
 *
 * Nothing is invalidated: bytes do not change.  Functions used by a feature may
 * be replaced: the evaluator plans anew (features.c).  The model may get
 * another owner: that makes another entry.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "pg/cache.h"
#include "pg/pg_compat.h"
#include "pg/settings.h"
#include "pg/status.h"
#include "pg/tables.h"

/* bytes fetched between two looks at interrupts: few, so that each piece takes the memory of the last one */
#define FETCH_SIZE (64 * 1024)

typedef struct CacheKey
{
	int64		version_id;
	TimestampTz created_at;
	int64		registry;		/* an OID: wide, so that no byte is padding */
} CacheKey;

typedef struct CacheSlot
{
	CacheKey	key;			/* first: hash key */
	MlopsEntry *entry;
} CacheSlot;

/* One pin: lives in the context whose reset ends it. */
typedef struct Pin
{
	MemoryContextCallback callback;
	MlopsEntry *entry;
} Pin;

static HTAB *cache = NULL;
static dlist_head recent = DLIST_STATIC_INIT(recent);	/* most recently used first */
static Size held = 0;			/* bytes, dead entries included */

static CacheKey
key_of(Oid registry, int64 version_id, TimestampTz created_at)
{
	CacheKey	key = {version_id, created_at, (int64) registry};

	return key;
}

/* ---------- leaving ---------- */

static void
free_entry(MlopsEntry *entry)
{
	held -= entry->size;
	MemoryContextDelete(entry->context);
}

/* Takes an entry out of the cache; frees it now or with its last pin. */
static void
retire(MlopsEntry *entry)
{
	CacheKey	key = key_of(entry->registry, entry->version_id, entry->created_at);

	(void) hash_search(cache, &key, HASH_REMOVE, NULL);
	dlist_delete(&entry->node);
	entry->dead = true;
	if (entry->pins == 0)
		free_entry(entry);
}

/* Least recently used out first, until the limit holds or all that is left is in use. */
static void
evict(void)
{
	Size		limit = (Size) mlops_model_cache_size * 1024;
	dlist_node *node = dlist_is_empty(&recent) ? NULL : dlist_tail_node(&recent);

	while (held > limit && node != NULL)
	{
		MlopsEntry *entry = dlist_container(MlopsEntry, node, node);

		node = dlist_has_prev(&recent, node) ? dlist_prev_node(&recent, node) : NULL;
		if (entry->pins == 0)
			retire(entry);
	}
}

/* Reset callback of a pin: must not fail. */
static void
unpin(void *arg)
{
	MlopsEntry *entry = ((Pin *) arg)->entry;

	Assert(entry->pins > 0);
	entry->pins--;
	if (entry->dead && entry->pins == 0)
		free_entry(entry);
	evict();
}

/* ---------- loading ---------- */

/* Bytes of a version, aligned for reading in place. */
static void *
fetch_bytes(const MlopsRef *ref, MemoryContext context, Size *size)
{
	Datum		content;
	bool		isnull;
	struct varlena *stored;
	char	   *bytes;

	if (!mlops_registry_value("version_blobs", "version_blobs_pkey", ref->version_id,
							  Anum_version_blobs_content, &content, &isnull) || isnull)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" has no bytes in this database", ref->version, ref->model)));
	stored = (struct varlena *) DatumGetPointer(content);
	*size = toast_raw_datum_size(content) - VARHDRSZ;
	bytes = MemoryContextAllocHuge(context, Max(*size, 1));
	if (VARATT_IS_EXTERNAL_ONDISK(stored))
	{
		struct varatt_external pointer;

		VARATT_EXTERNAL_GET_POINTER(pointer, stored);
		/* stored as it is, not compressed: pieces can be had */
		if (VARATT_EXTERNAL_GET_EXTSIZE(pointer) == *size)
		{
			for (Size done = 0; done < *size; done += FETCH_SIZE)
			{
				Size		length = Min(*size - done, FETCH_SIZE);
				struct varlena *slice = detoast_attr_slice(stored, done, length);

				memcpy(bytes + done, VARDATA(slice), length);
				pfree(slice);
				CHECK_FOR_INTERRUPTS();
			}
			return bytes;
		}
	}
	stored = pg_detoast_datum_packed(stored);
	memcpy(bytes, VARDATA_ANY(stored), *size);
	return bytes;
}

static MlopsFeatureSet *
fetch_features(const MlopsRef *ref, Oid owner, MemoryContext context)
{
	Datum		definition;
	bool		isnull;

	if (!mlops_registry_value("versions", "versions_pkey", ref->version_id,
							  Anum_versions_definition, &definition, &isnull))
		elog(ERROR, "version " INT64_FORMAT " vanished while it was loaded", ref->version_id);
	return mlops_features_from_jsonb(DatumGetJsonbP(definition), owner, context);
}

static void
check_shape(const MlopsRef *ref, const MlopsEntry *entry)
{
	const char *mismatch = mlops_features_mismatch(entry->features, &entry->model.prep);

	if (mismatch != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored features and bytes of version %d of model \"%s\" do not match",
						ref->version, ref->model),
				 errdetail_internal("%s", mismatch)));
}

/* What is shown must be valid text: learn/ knows no encodings. */
static void
check_text(const char *text)
{
	if (!pg_verifymbstr(text, strlen(text), true))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("model bytes are damaged: a text is not valid in encoding %s", GetDatabaseEncodingName())));
}

static void
check_texts(const MlModel *model)
{
	for (int i = 0; i < model->n_classes; i++)
		check_text(model->class_name[i]);
	for (int i = 0; i < model->prep.p; i++)
	{
		const MlPrepColumn *column = &model->prep.column[i];

		check_text(column->name);
		for (int k = 0; k < column->n_texts; k++)
			check_text(column->level[k]);
		for (int k = 0; k < column->n_rare; k++)
			check_text(column->rare[k]);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Fills an entry; its context hangs under the caller's until all is well. */
static void
fill_entry(const MlopsRef *ref, Oid owner, MlopsEntry *entry)
{
	MlStatus	status = {ML_OK, "", "", ""};
	Size		size;
	void	   *bytes;

	mlops_host_init(&entry->host, entry->context, 0,
					MemoryContextStrdup(entry->context, psprintf("model \"%s\"", ref->model)));
	bytes = fetch_bytes(ref, entry->context, &size);
	mlops_check_status(ml_model_open(&entry->host.host, bytes, size, &entry->model, &status), &status);
	check_texts(&entry->model);
	entry->features = fetch_features(ref, owner, entry->context);
	check_shape(ref, entry);
}

static void
create_cache(void)
{
	HASHCTL		control = {
		.keysize = sizeof(CacheKey),
		.entrysize = sizeof(CacheSlot),
		.hcxt = CacheMemoryContext
	};

	cache = hash_create("mlops models", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static MlopsEntry *
load(const MlopsRef *ref, Oid owner)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops model",
												  ALLOCSET_DEFAULT_SIZES);
	MlopsEntry *entry = MemoryContextAllocZero(context, sizeof(MlopsEntry));
	CacheKey	key = key_of(ref->registry, ref->version_id, ref->created_at);
	CacheSlot  *slot;
	bool		found;

	entry->version_id = ref->version_id;
	entry->registry = ref->registry;
	entry->created_at = ref->created_at;
	entry->context = context;
	fill_entry(ref, owner, entry);
	slot = hash_search(cache, &key, HASH_ENTER, &found);
	/* planning the features may have run a function that predicts with this very version */
	if (found)
	{
		MemoryContextDelete(context);
		return slot->entry;
	}
	/* nothing fails from here on */
	slot->entry = entry;
	MemoryContextSetParent(context, CacheMemoryContext);
	dlist_push_head(&recent, &entry->node);
	entry->size = MemoryContextMemAllocated(context, true);
	held += entry->size;
	return entry;
}

/* ---------- finding ---------- */

bool
mlops_cache_serves(const MlopsEntry *entry, const MlopsRef *ref)
{
	return !entry->dead &&
		entry->version_id == ref->version_id &&
		entry->created_at == ref->created_at &&
		entry->registry == ref->registry &&
		mlops_features_stand(entry->features) &&
		entry->features->owner == mlops_role_oid(ref->owner);
}

/* A cached entry that may serve this reference, or NULL. */
static MlopsEntry *
find(const MlopsRef *ref, Oid owner)
{
	CacheKey	key = key_of(ref->registry, ref->version_id, ref->created_at);
	CacheSlot  *slot = hash_search(cache, &key, HASH_FIND, NULL);
	MlopsEntry *entry;

	if (slot == NULL)
		return NULL;
	entry = slot->entry;
	if (entry->features->owner != owner || !mlops_features_stand(entry->features))
	{
		retire(entry);
		return NULL;
	}
	return entry;
}

static void
add_pin(MlopsEntry *entry, MemoryContext context)
{
	Pin		   *pin = MemoryContextAlloc(context, sizeof(Pin));

	pin->entry = entry;
	pin->callback.func = unpin;
	pin->callback.arg = pin;
	MemoryContextRegisterResetCallback(context, &pin->callback);
	entry->pins++;
}

MlopsEntry *
mlops_cache_pin_ref(const MlopsRef *ref, MemoryContext context)
{
	Oid			owner = mlops_role_oid(ref->owner);
	MlopsEntry *entry;

	if (cache == NULL)
		create_cache();
	entry = find(ref, owner);
	if (entry == NULL)
		entry = load(ref, owner);
	add_pin(entry, context);
	dlist_move_head(&recent, &entry->node);
	evict();
	return entry;
}

