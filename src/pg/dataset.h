/*
 * dataset.h: the data sets that come with the extension.
 *
 * They are read from the files that `make install` put beside the extension's
 * scripts, and from nowhere else: no part of a path comes from a user.
 */
#ifndef MLOPS_DATASET_H
#define MLOPS_DATASET_H

typedef struct MlopsDataset
{
	const char *name;
	const char *columns;		/* each with its kind: i integer, f float, t text */
	const char *comment;		/* what it is, origin, licence */
} MlopsDataset;

/* Raises 42704 for an unknown name. */
extern const MlopsDataset *mlops_dataset_find(const char *name);
/*
 * Makes a table as the current user and fills it; table as typed, NULL = the
 * data set's name in the first schema of the search path.  Raises 42P07 when
 * there is such a relation, 58P01 when the file is not installed.
 */
extern Oid	mlops_dataset_load(const MlopsDataset *dataset, const char *table);

#endif
