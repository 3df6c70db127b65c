/*
 * design_names.h: what the columns that a learner sees are called.
 */
#ifndef MLOPS_DESIGN_NAMES_H
#define MLOPS_DESIGN_NAMES_H

#include "learn/preprocess.h"

/* The names of the prep->width design columns, no two of them equal, in the current context. */
extern char **mlops_design_names(const MlPrep *prep);

#endif
