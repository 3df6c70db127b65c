/*
 * training.h: one training, from the call's arguments to a registered version.
 */
#ifndef MLOPS_TRAINING_H
#define MLOPS_TRAINING_H

#include "utils/jsonb.h"

#include "pg/definition.h"
#include "pg/host.h"
#include "pg/ingest.h"

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
	bool		look_only;		/* nothing is stored, so nothing is told of how it would differ */
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

/* The rows of a model's definition as a training would see them: in order, the training rows first. */
typedef struct MlopsTrainingRows
{
	MemoryContext context;		/* theirs, and what the caller makes meanwhile */
	MemoryContext caller;
	MlopsHost	host;
	MlopsModel *model;
	MlopsDefinition definition;
	MlopsRows  *rows;
	MlDataset	data;			/* no validation rows: nothing chooses */
	uint32	   *read_at;		/* where each row was read */
	const char *metric;
} MlopsTrainingRows;

/*
 * Reads them for who may manage the model; source NULL: the stored one, else
 * one of the owner's, run as the caller.  Raises whatever a training raises before it
 * learns.  Until they are done with, a context of their own is the current one.
 */
extern MlopsTrainingRows *mlops_training_rows(char *model, char *source);
extern void mlops_training_rows_done(MlopsTrainingRows *training);

extern void mlops_training_run(const MlopsTrainingRequest *request, MlopsTrainingOutcome *outcome);

/* Reads and keeps the rows a first training would read, and no more: to measure reading alone. */
extern int64 mlops_training_read(const MlopsTrainingRequest *request);

#endif
