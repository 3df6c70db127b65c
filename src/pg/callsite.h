/*
 * callsite.h: everything one call of a prediction function keeps between rows.
 *
 * Held in fn_extra; valid only for the same (reference, snapshot, user,
 * version, tuple type, typmod, type-cache identifier): all are compared on
 * every call, because a plpgsql loop keeps fn_extra while any of them changes.
 */
#ifndef MLOPS_CALLSITE_H
#define MLOPS_CALLSITE_H

#include "fmgr.h"
#include "pg/cache.h"
#include "pg/refs.h"

typedef struct MlopsCallSite
{
	MemoryContext context;		/* child of fn_mcxt, kept for the site's life */
	MemoryContext version_context;	/* reset when the version changes */
	MemoryContext ref_context;	/* reset when the reference is resolved again */
	MemoryContext record_context;	/* reset when the passed row's type changes */
	MemoryContext row_context;	/* reset on every call */
	char	   *reference;		/* as last resolved, in ref_context */
	int			reference_len;
	MlopsSnapshotMark mark;
	MlopsRef	ref;
	MlopsEntry *entry;
	MlopsEvaluator *evaluator;
	double	   *x;				/* features->width numbers, as ml_model_margin wants them */
	Datum	   *value;			/* features->n */
	bool	   *isnull;
	bool		positional;		/* x came from an array: value and isnull are not set */
	double	   *margin;
	double	   *margin_room;
	double	   *proba;
	/* binding of the passed record */
	Oid			tuple_type;
	int32		tuple_typmod;
	uint64		tupdesc_id;
	uint64		relation_changes;	/* as of the last look at it */
	struct MlopsBinding *binding;
	struct MlopsJsonBinding *json;	/* in version_context */
	char	  **design_name;	/* in version_context; made when first asked for */
} MlopsCallSite;

/* Finds or makes the site of this call and resolves the reference for the active snapshot. */
extern MlopsCallSite *mlops_callsite(FunctionCallInfo fcinfo, text *reference);
/* The same without fn_extra, living in the given context (set-returning functions). */
extern MlopsCallSite *mlops_callsite_create(const char *reference, MemoryContext context);

/* Fill site->x from the features in one of their forms. All raise 42703, 22P02, 42804, 22003 as API 3 says. */
extern void mlops_callsite_record(MlopsCallSite *site, Datum record);
extern void mlops_callsite_jsonb(MlopsCallSite *site, Jsonb *features);
/* a JSON object, or an array literal "{1,2}" */
extern void mlops_callsite_json_text(MlopsCallSite *site, const char *json, int len);
extern void mlops_callsite_array(MlopsCallSite *site, ArrayType *features);
/* From a row of a source whose columns are already bound by mlops_callsite_bind. */
extern void mlops_callsite_bind(MlopsCallSite *site, TupleDesc desc);
extern void mlops_callsite_slot(MlopsCallSite *site, TupleTableSlot *slot);
/* Such a row's values -> the signature row in evaluator->slot, converted in the current context, and no further. */
extern void mlops_callsite_fill(MlopsCallSite *site, const Datum *value, const bool *isnull);

/* For the bindings: signature row in evaluator->slot -> values -> x. */
extern void mlops_callsite_evaluate(MlopsCallSite *site);
/* value, isnull -> x; the current context is row_context */
extern void mlops_callsite_encode(MlopsCallSite *site);
/* Rights and settings under which what a caller passed is converted; see binding.c. */
extern bool mlops_conversion_begin(MlopsCallSite *site, bool builtin, bool immutable, MlopsIdentity *id);
/* Number of type int2, int4, int8, float4, float8 or numeric -> integer of type wanted, losing nothing;
 * false = it is NaN. */
extern bool mlops_integer_exact(MlopsCallSite *site, const char *column, Oid given, Oid wanted, Datum value,
								Datum *result);
/* Raises 22003: a value that its column cannot hold. */
extern void mlops_value_misfit(MlopsCallSite *site, const char *column, Oid given, Oid wanted, Datum value)
			__attribute__((noreturn));
/* Raises 42703; names are what the caller passed instead. */
extern void mlops_missing_column(MlopsCallSite *site, const char *column, const char *const *names, int n,
								 const char *hint) __attribute__((noreturn));

/* margin, proba of site->x; raises 22003 when they are not finite */
extern void mlops_callsite_score(MlopsCallSite *site);
/* proba of a margin computed elsewhere, checked the same way */
extern void mlops_callsite_proba(MlopsCallSite *site, const double *margin);
/* Raises 22003: a number so far from those of training that the arithmetic overflows. */
extern void mlops_callsite_refuse_size(MlopsCallSite *site) __attribute__((noreturn));

#endif
