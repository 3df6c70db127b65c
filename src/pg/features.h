/*
 * features.h: features as SQL expressions over a row.
 *
 * One set of expressions, analysed against the stored input signature (never
 * against the passed row's types), compiled once, evaluated by the server's
 * executor in training and in prediction: the same values bit for bit.
 */
#ifndef MLOPS_FEATURES_H
#define MLOPS_FEATURES_H

#include "access/tupdesc.h"
#include "executor/executor.h"
#include "utils/jsonb.h"
#include "utils/plancache.h"

#include "learn/preprocess.h"
#include "pg/identity.h"

typedef enum MlopsKind
{
	MLOPS_NUMERIC = 'n',
	MLOPS_BOOLEAN = 'b',
	MLOPS_CATEGORY = 'c',
	MLOPS_VECTOR = 'v'
} MlopsKind;

typedef struct MlopsFeature
{
	char	   *name;
	const char *noun;			/* what messages call it; NULL: its name says it */
	char	   *expression;		/* deparsed, names qualified, parses under pg_catalog alone */
	MlopsKind	kind;
	Oid			type;			/* of the expression */
	AttrNumber	attno;			/* > 0: a bare column of the signature */
	int			width;			/* vector: its length (0 = not known yet); else 1 */
	int			first;			/* first dataset column (valid once widths are known) */
	/* how a value becomes a number or a text */
	Oid			base_type;		/* domains looked through */
	Oid			element_type;	/* vectors: FLOAT4OID or FLOAT8OID */
	FmgrInfo	output;			/* categories that are not text: output function */
	bool		from_star;		/* brought by '*', not named */
} MlopsFeature;

typedef struct MlopsFeatureSet
{
	MemoryContext context;
	TupleDesc	signature;		/* columns the features refer to, by name and type */
	int			n;
	MlopsFeature *feature;
	int			width;			/* dataset columns; 0 until all vector widths are known */
	bool		all_bare;		/* every feature is a bare column */
	bool		all_builtin;	/* immutable, and nothing outside pg_catalog: no identity switch needed */
	bool		all_immutable;	/* no setting matters */
	/* types that users made stand in the signature: as of these changes */
	bool		user_types;
	bool		row_types;		/* among them rows, domains or arrays */
	uint64		type_changes;
	uint64		relation_changes;
	MlopsSettings settings;
	struct MlopsPlan *plan;		/* the expressions as planned, NULL when all are bare */
	Oid			owner;
} MlopsFeatureSet;

/*
 * From a SELECT list over the columns of `source` (NULL or '*' = every column
 * but `exclude`).  Explicitly named columns are obeyed even when excluded by
 * default rules.  Checks kinds, volatility, parallel safety, clocks.  Columns
 * that '*' brought and that cannot be features are skipped: their names go to
 * *skipped (list of char *).  The signature holds only referenced columns.
 */
extern MlopsFeatureSet *mlops_features_analyze(const char *select_list, TupleDesc source, List *exclude,
											   Oid owner, List **skipped);
/* Keeps those features, at least one, and of the signature what they refer to. */
extern void mlops_features_keep(MlopsFeatureSet *set, const bool *keep);
/* True when the feature came from '*' and was not named. */
extern bool mlops_feature_from_star(const MlopsFeatureSet *set, int index);

/*
 * The form a version stores, {"signature": [{"name","type","collation"?}],
 * "features": [{"name","expression","kind","width"}],
 * "settings": {…}}, and back.  Reading raises 55000 naming a column or function that no longer exists.
 */
extern Jsonb *mlops_features_to_jsonb(const MlopsFeatureSet *set);
extern MlopsFeatureSet *mlops_features_from_jsonb(Jsonb *definition, Oid owner, MemoryContext context);
/* NULL when features and columns of the bytes are of each other; else a sentence that says what is not. */
extern char *mlops_features_mismatch(const MlopsFeatureSet *set, const MlPrep *prep);
/* False when a type of the signature may have changed or gone since: load the set again. */
extern bool mlops_features_stand(const MlopsFeatureSet *set);
/* Once a process: begins to notice such changes. */
extern void mlops_features_watch(void);
/* Moves on whenever any relation of this database was changed. */
extern uint64 mlops_relation_changes(void);
/* Re-plans when a function was replaced or dropped (mlops_evaluator_create does it). Raises like from_jsonb. */
extern void mlops_features_revalidate(MlopsFeatureSet *set);
/* One boolean expression over a source row, as a set of one feature; raises 42804 when it is not boolean. */
extern MlopsFeatureSet *mlops_features_condition(const char *condition, const char *what, TupleDesc source, Oid owner);
/* A list of expressions over a source row, each cast to text; noun: what one of them is called in messages. */
extern MlopsFeatureSet *mlops_features_texts(const char *select_list, const char *noun, TupleDesc source, Oid owner);
/* Fixes a vector's length once it is known; computes `first` and `width` when all are. */
extern void mlops_features_set_width(MlopsFeatureSet *set, int index, int width);

/* Ready to run: one per call site. */
typedef struct MlopsEvaluator
{
	MlopsFeatureSet *set;
	ExprContext *econtext;
	ExprState **state;			/* n; NULL for bare columns */
	TupleTableSlot *slot;		/* virtual, of the signature; fill tts_values/tts_isnull, then evaluate */
	bool		switch_identity;	/* an expression uses something outside pg_catalog */
	struct MlopsPlan *plan;		/* pinned until context is reset */
	MemoryContext context;
} MlopsEvaluator;

extern MlopsEvaluator *mlops_evaluator_create(MlopsFeatureSet *set, MemoryContext context);
/* False when a function it calls was replaced or dropped since: make another. */
extern bool mlops_evaluator_valid(const MlopsEvaluator *evaluator);
/*
 * Evaluates all features on evaluator->slot: value[i], isnull[i] for n
 * features, living in the per-tuple context until the next call.
 */
extern void mlops_evaluator_run(MlopsEvaluator *evaluator, Datum *value, bool *isnull);

/* Datum -> number (booleans 0 and 1); never NULL. Infinity is returned as such. */
extern double mlops_feature_number(const MlopsFeature *feature, Datum value);
/* Datum -> text of a category; *text points into the datum or the current context, not terminated. */
extern void mlops_feature_text(MlopsFeature *feature, Datum value, const char **text, Size *len);
/* Datum -> the elements of a vector into out[width], NULL as NaN; raises 22023 naming both lengths when it differs. */
extern void mlops_feature_vector(const MlopsFeature *feature, Datum value, double *out);
/* length of a vector datum */
extern int	mlops_feature_vector_length(const MlopsFeature *feature, Datum value);
extern const char *mlops_kind_name(MlopsKind kind);
/* Kind of a type (domains looked through); false when it cannot be a feature. Out arguments may be NULL. */
extern bool mlops_type_kind(Oid type, MlopsKind *kind, Oid *base_type, Oid *element_type);

#endif
