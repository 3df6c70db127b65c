/*
 * register.h: writing a finished training into the registry, all at once.
 */
#ifndef MLOPS_REGISTER_H
#define MLOPS_REGISTER_H

#include "learn/train.h"
#include "pg/choice.h"
#include "pg/definition.h"
#include "pg/ingest.h"
#include "pg/registry.h"
#include "pg/selection.h"
#include "pg/training.h"

typedef struct MlopsRegistration
{
	MlopsDefinition *definition;
	const MlopsModel *model;	/* NULL: the model is new */
	const MlopsRows *rows;
	MlSplitRule rule;
	const MlDataset *data;
	const MlParams *params;
	const MlTrainResult *result;
	MlopsChoice *choice;		/* NULL: the algorithm was named; else its runs are numbered */
	const MlopsSelection *selection;	/* NULL: every feature was kept */
	const char *metric;
	int64		seed;
	TimestampTz start;
	Size		peak_memory;
	double		read_seconds;	/* parts of the time since start */
	double		order_seconds;
	double		select_seconds;
	double		train_seconds;
	Jsonb	   *request_config; /* this version only */
} MlopsRegistration;

/*
 * Run, metrics, artifacts, version, bytes, features and history.  Takes the
 * version number, and decides the stage, under a lock on the model's row.
 */
extern void mlops_register_version(const MlopsRegistration *registration, MlopsTrainingOutcome *outcome);

#endif
