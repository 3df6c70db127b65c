/*
 * feature_tree.h: feature expressions as parse trees; shared by the files
 * features.c, feature_parse.c, feature_check.c, feature_plan.c and, for
 * predicates of checks, check_predicate.c only.
 */
#ifndef MLOPS_FEATURE_TREE_H
#define MLOPS_FEATURE_TREE_H

#include "pg/features.h"

/* One entry of an analysed SELECT list. */
typedef struct MlopsParsedFeature
{
	char	   *name;
	Node	   *expr;			/* Vars: varno 1, varattno = column of the TupleDesc */
	bool		from_star;
} MlopsParsedFeature;

/* feature_parse.c */

/*
 * Analyses a SELECT list over the columns of `desc` under the current
 * search_path.  `exclude` and *skipped as mlops_features_analyze says;
 * skipped NULL: '*' is not allowed.  noun: "feature", for messages.  List of
 * MlopsParsedFeature *.
 */
extern List *mlops_feature_parse(const char *select_list, TupleDesc desc, List *exclude, List **skipped,
								 const char *noun);
/*
 * One boolean expression over a row of `desc`, in which subqueries are
 * allowed: the caller looks into them.  what: how messages call it.
 */
extern Node *mlops_feature_parse_predicate(const char *predicate, const char *what, TupleDesc desc);
/* An analysed expression as text that parses to the same under pg_catalog alone. */
extern char *mlops_feature_deparse(Node *expr, TupleDesc desc, const MlopsSettings *settings);

/* feature_check.c */

/* Raises unless the expression may be a feature; what: "feature \"x\"". Adds the columns used to *columns. */
extern void mlops_feature_check(Node *expr, const char *what, TupleDesc desc, Bitmapset **columns);
/* True when nothing but code and types of pg_catalog takes part. */
extern bool mlops_feature_builtin(Node *expr);

/* features.c */

/* An empty set in a context of its own under `parent`, with room for n features. */
extern MlopsFeatureSet *mlops_features_make(int n, Oid owner, MemoryContext parent);
/*
 * Analyses the expressions of the set against `desc`, keeps the columns they
 * use as the signature, plans.  stored: failures mean that something is gone
 * (55000), and the signature is kept whole.
 */
extern void mlops_features_compile(MlopsFeatureSet *set, TupleDesc desc, bool stored);
/* In a PG_CATCH: raises 55000 "<what> cannot be used" for an error that means so, else the error itself. */
extern void mlops_features_rethrow(const char *what, MemoryContext caller) __attribute__((noreturn));

/* feature_plan.c */

/* Plans the expressions under the current identity; one reference is the caller's. */
extern struct MlopsPlan *mlops_plan_create(List *exprs);
extern struct MlopsPlan *mlops_plan_pin(struct MlopsPlan *plan);
extern void mlops_plan_release(struct MlopsPlan *plan);
extern Node *mlops_plan_tree(const struct MlopsPlan *plan);
extern bool mlops_plan_valid(const struct MlopsPlan *plan);

#endif
