/*
 * definition.h: what a model is: source, target, features, keys and
 * configuration, checked together.
 *
 * Whatever is stored later has passed mlops_definition_check.
 */
#ifndef MLOPS_DEFINITION_H
#define MLOPS_DEFINITION_H

#include "learn/learner.h"
#include "pg/config.h"
#include "pg/features.h"
#include "pg/registry.h"
#include "pg/source.h"

typedef struct MlopsDefinition
{
	/* given */
	const char *name;
	Oid			owner;
	char	   *owner_name;
	MlopsSource *source;
	bool		source_stored;	/* runs as the owner; else as the caller */
	char	   *target;			/* NULL only for a model without one */
	char	   *task;			/* classification, regression or NULL */
	char	   *features;		/* SELECT list; after the check with names qualified, * kept */
	bool		features_stored;	/* analysed under the owner's restricted path */
	char	   *key;
	bool		find_key;		/* without a key: take the primary key of a plain table */
	char	   *time_column;
	MlopsConfig config;
	bool		test_where_stored;
	/* found by the check */
	List	   *key_columns;	/* of char * */
	MlopsFeatureSet *feature_set;
	List	   *skipped;		/* columns that * did not take */
	MlopsFeatureSet *test_where;	/* one boolean feature, or NULL */
} MlopsDefinition;

/* Checks every name and expression against the source; fills the second half. */
extern void mlops_definition_check(MlopsDefinition *definition);
/* Stores a definition as a new model, or over `existing`. Returns model_id. */
extern int64 mlops_definition_store(const MlopsDefinition *definition, const MlopsModel *existing,
									const char *comment);
/* The features as a SELECT list, names qualified; the star stays, so that it keeps its meaning. */
extern char *mlops_definition_features(const MlopsFeatureSet *set);
/* The column whose rows stay together in the split, or NULL. */
extern char *mlops_definition_group(const MlopsDefinition *definition);
/* How each column is prepared for a learner. */
extern MlPrepSpec *mlops_definition_prep(const MlopsDefinition *definition, const MlDataset *data,
										 const MlLearner *learner);
/* Refuses what config.preprocess cannot ask of a learner, before there are rows. */
extern void mlops_definition_check_prep(const MlopsDefinition *definition, const MlLearner *learner);
/* The columns of a key: one column's exact name, or names separated by commas. */
extern List *mlops_key_columns(const MlopsSource *source, const char *key);
/* Checks the word; NULL stays NULL. */
extern void mlops_check_task(const char *task);

#endif
