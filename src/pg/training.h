/*
 * training.h: one training, from the call's arguments to a registered version.
 */
#ifndef MLOPS_TRAINING_H
#define MLOPS_TRAINING_H

#include "utils/jsonb.h"

/* Arguments as given; NULL = not given. */
typedef struct MlopsTrainingRequest
{
	char	   *model;
	char	   *source;
	char	   *target;
	char	   *algorithm;
	Jsonb	   *params;
	char	   *features;
	char	   *task;
	char	   *key;
	char	   *time_column;
	Jsonb	   *config;
	int64		seed;
} MlopsTrainingRequest;

typedef struct MlopsTrainingOutcome
{
	int32		version;
	int64		run_id;
	const char *algorithm;
	const char *metric;
	double		value;			/* NaN = none */
	const char *stage;
	int64		train_rows;
	int64		test_rows;
	double		seconds;
	Jsonb	   *detail;			/* how the fit went */
} MlopsTrainingOutcome;

extern void mlops_training_run(const MlopsTrainingRequest *request, MlopsTrainingOutcome *outcome);

/* Reads and keeps the rows a first training would read, and no more: to measure reading alone. */
extern int64 mlops_training_read(const MlopsTrainingRequest *request);

#endif
