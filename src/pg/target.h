/*
 * target.h: what the target of a training means.
 */
#ifndef MLOPS_TARGET_H
#define MLOPS_TARGET_H

#include "learn/model.h"
#include "pg/definition.h"
#include "pg/ingest.h"

/*
 * Settles task and classes and fills data->task, y, n_classes, class_name;
 * may set the definition's task and positive label (tell: said by INFO).  Raises
 * 22023 for a task that is not clear or a single class, 42804 for a target of
 * the wrong kind, 54000 for too many classes.
 */
extern void mlops_target_interpret(MlopsDefinition *definition, MlopsRows *rows, MlDataset *data, bool tell);

/* Labels of rows that a version was not trained with. */
typedef struct MlopsUnknownLabels
{
	int			n;
	const char **label;			/* n */
	int			known;			/* label k is class known + k in rows->target */
} MlopsUnknownLabels;

/*
 * Targets as a version understands them: fills data->task, y, n_classes and
 * class_name from the model; rows->target := class index, also of a label
 * that is none of its classes: see *unknown.  Raises as mlops_target_interpret.
 */
extern void mlops_target_match(const char *target, const MlModel *model, MlopsRows *rows, MlDataset *data,
							   MlopsUnknownLabels *unknown);

#endif
