/*
 * target.h: what the target of a training means.
 */
#ifndef MLOPS_TARGET_H
#define MLOPS_TARGET_H

#include "pg/definition.h"
#include "pg/ingest.h"

/*
 * Settles task and classes and fills data->task, y, n_classes, class_name;
 * may set the definition's task and positive label (told by INFO).  Raises
 * 22023 for a task that is not clear or a single class, 42804 for a target of
 * the wrong kind, 54000 for too many classes.
 */
extern void mlops_target_interpret(MlopsDefinition *definition, MlopsRows *rows, MlDataset *data);

#endif
