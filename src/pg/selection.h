/*
 * selection.h: feature selection over the rows of a training.
 */
#ifndef MLOPS_SELECTION_H
#define MLOPS_SELECTION_H

#include "learn/selection.h"
#include "pg/definition.h"
#include "pg/host.h"
#include "pg/ingest.h"

/* What was found, for whoever tells or stores it; names and scores of all features, kept or not. */
typedef struct MlopsSelection
{
	const char *method;
	int			n;
	char	  **name;
	char	  **column;			/* of a vector: the element that the score is of; else NULL */
	MlFeatureScore *score;
} MlopsSelection;

/* Names of the methods, for checks; returns how many. */
extern int	mlops_selection_methods(const char **name /* at least 32 */ );
/* Raises 22023 unless the method does the task. */
extern void mlops_selection_check(const char *method, MlTaskKind task);
/* Scores of all features by the training rows of data, in the current context; k 0 = no limit. */
extern MlopsSelection *mlops_selection_score(MlopsHost *host, const MlopsFeatureSet *features, const MlDataset *data,
											 const char *method, int k, int64 seed, const char *metric);
/* Does what config.select asks for: from here on definition, rows and data have no other features; says which. */
extern MlopsSelection *mlops_selection_apply(MlopsHost *host, MlopsDefinition *definition, MlopsRows *rows,
											 MlDataset *data, int64 seed, const char *metric);
/*
 * The same for rows that stay as they are, as those of a fold: only data gets
 * fewer columns, whose features keep their numbers.
 */
extern void mlops_selection_narrow(MlopsHost *host, const MlopsDefinition *definition, MlDataset *data, int64 seed,
								   const char *metric);
/* The artifact: all features in the order of their ranks. */
extern Jsonb *mlops_selection_write(const MlopsSelection *selection);
/* What the figures of one feature rest on. */
extern Jsonb *mlops_selection_detail(const MlopsSelection *selection, int feature);
/* order[r] := the feature of rank r + 1 */
extern int *mlops_selection_order(const MlopsSelection *selection);

#endif
