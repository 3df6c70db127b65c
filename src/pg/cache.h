/*
 * cache.h: the per-backend cache of immutable versions.
 *
 * Bounded by mlops.model_cache_size (least recently used out first); an
 * entry in use by a call site is pinned and stays.  An entry that may serve
 * no new call (the model has another owner) is dead: it leaves the cache and
 * is freed with its last pin.
 */
#ifndef MLOPS_CACHE_H
#define MLOPS_CACHE_H

#include "lib/ilist.h"

#include "learn/model.h"
#include "pg/features.h"
#include "pg/host.h"
#include "pg/refs.h"

typedef struct MlopsEntry
{
	int64		version_id;
	Oid			registry;
	TimestampTz created_at;
	int			pins;
	bool		dead;			/* no longer in the cache: freed with the last pin */
	Size		size;
	dlist_node	node;			/* in order of use */
	MemoryContext context;
	MlopsHost	host;
	MlModel		model;
	MlopsFeatureSet *features;
} MlopsEntry;

/* Loads or finds the version of a resolved reference and pins it until `context` is reset or deleted. */
extern MlopsEntry *mlops_cache_pin_ref(const MlopsRef *ref, MemoryContext context);
/* Whether a pinned entry may go on serving this reference. */
extern bool mlops_cache_serves(const MlopsEntry *entry, const MlopsRef *ref);

#endif
