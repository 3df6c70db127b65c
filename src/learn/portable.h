/*
 * portable.h: a version as one piece of bytes, to be carried to another
 * database.
 *
 * Here the bytes are read and written and their numbers compared with each
 * other.  What the texts mean (JSON, SQL, names of types) and whether they fit
 * the model is judged by who knows.  docs/internals.md has every byte.
 *
 * Invariant: the same version gives the same bytes, and whatever
 * ml_portable_open accepts ml_portable_write gives back bit for bit.
 */
#ifndef ML_PORTABLE_H
#define ML_PORTABLE_H

#include "learn/train.h"

/* A column of the dataset, the score, or the label. */
typedef struct MlPortableColumn
{
	double		importance;		/* NaN = none */
	const char *description;	/* NULL = none */
	MlBaseline	baseline;
} MlPortableColumn;

/* NaN stands for a missing number; texts are never NULL unless it is said. */
typedef struct MlPortable
{
	const char *encoding;		/* of all texts, as the server names it */
	const char *target;
	double		threshold;
	const char *risk_bands;		/* JSON, or NULL */
	const char *metric;			/* or NULL */
	double		value;
	int64_t		train_rows;
	int64_t		valid_rows;
	int64_t		test_rows;
	const char *source;
	const char *source_query;
	const char *key;			/* or NULL */
	const char *time_column;	/* or NULL */
	const char *description;	/* or NULL */
	const char *tags;			/* JSON, as the next four */
	const char *definition;
	const char *params;
	const char *config;
	const char *run_params;		/* of the run, as the rest */
	const char *column_types;	/* JSON */
	const char *content_hash;
	int64_t		seed;
	int64_t		rows_read;
	int64_t		rows_dropped;
	int64_t		ended_at;		/* microseconds from 2000-01-01 00:00 UTC */
	double		seconds;
	int			n_metrics;		/* by name, split, step */
	MlMetric   *metrics;
	int			n_artifacts;	/* by name */
	MlArtifact *artifact;
	int			n_columns;		/* those of the dataset, then score, then label */
	MlPortableColumn *column;
	const uint8_t *model;		/* model.h; a multiple of 8 bytes */
	size_t		model_size;
} MlPortable;

extern size_t ml_portable_size(const MlPortable *portable);
/* out: ml_portable_size bytes, of any alignment. */
extern void ml_portable_write(const MlPortable *portable, uint8_t *out);

/*
 * Checks all there is to check but the model's bytes; texts and numbers stay
 * in place in `bytes` (aligned to 8), only arrays of pointers are the host's.
 * ML_BAD_BYTES says what is wrong and where, ML_NOT_SUPPORTED that a newer
 * version wrote it.
 */
extern MlCode ml_portable_open(MlHost *host, const void *bytes, size_t size, MlPortable *portable, MlStatus *status);

#endif
