/*
 * record.h: writing runs and versions into the registry: the only code that does.
 *
 * A training and an import say the same things of a version; where they
 * differ, the record says so.
 */
#ifndef MLOPS_RECORD_H
#define MLOPS_RECORD_H

#include "utils/timestamp.h"

#include "learn/portable.h"
#include "pg/config.h"
#include "pg/features.h"
#include "pg/registry.h"

typedef struct MlopsRecord
{
	const MlopsModel *model;	/* its row is locked */
	bool		imported;		/* else trained */
	const MlopsConfig *stage_config;	/* decides whether the first version goes to production */
	const char *positive_label; /* becomes that of the model; NULL = it keeps its own */
	/* the run */
	int64		seed;
	Jsonb	   *run_params;		/* object, beside params; a name that is in both is taken from params */
	Jsonb	   *column_types;
	const char *content_hash;
	int64		rows_read;
	int64		rows_dropped;
	double		seconds;
	TimestampTz ended_at;
	int64		peak_memory;	/* 0 = not known */
	int			n_metrics;
	const MlMetric *metrics;	/* NaN = NULL */
	int			n_artifacts;
	const MlArtifact *artifact;
	const char *error;			/* why the run failed; NULL = it did not, as any run of a version */
	/* the version; of these a run alone needs the algorithm, params, numbers of rows and the source */
	MlTaskKind	task;
	const char *algorithm;
	const char *target;
	int			n_classes;
	const char *const *class_name;
	const MlopsFeatureSet *feature_set;
	Jsonb	   *params;
	const MlopsConfig *config;
	double		threshold;		/* NaN = none */
	Jsonb	   *risk_bands;		/* NULL = none */
	const char *metric;
	double		value;			/* NaN = none */
	int64		train_rows;
	int64		valid_rows;
	int64		test_rows;
	const char *source;
	const char *source_query;
	const char *key;
	const char *time_column;
	const char *description;	/* or NULL */
	Jsonb	   *tags;			/* NULL = none */
	const void *bytes;
	Size		size;
	Jsonb	   *split;			/* how its test rows are known again (heldout.h); NULL = they cannot be */
	/* its columns */
	const MlPrep *prep;
	const MlPortableColumn *column; /* those of prep, then score and label */
	/* found by writing */
	int32		version;
	int64		run_id;
	const char *stage;
} MlopsRecord;

/* A run that no version comes from: with its parameters, metrics and artifacts; finds run_id. */
extern void mlops_record_run(MlopsRecord *record);
/* Run, parameters, metrics, artifacts, version, bytes, columns, history and audit; the version's number and stage. */
extern void mlops_record_write(MlopsRecord *record);

#endif
