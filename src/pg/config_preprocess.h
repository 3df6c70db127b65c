/*
 * config_preprocess.h: config.preprocess, read into a specification a column.
 */
#ifndef MLOPS_CONFIG_PREPROCESS_H
#define MLOPS_CONFIG_PREPROCESS_H

#include "utils/jsonb.h"

#include "learn/preprocess.h"

/* What can be checked without knowing the columns. */
extern void mlops_preprocess_check(Jsonb *preprocess);
/* What is asked for a column, over the learner's defaults in *spec; preprocess may be NULL. */
extern void mlops_preprocess_read(Jsonb *preprocess, const char *feature, MlKind kind, MlPrepSpec *spec);
/* Names in "columns" that are none of the given features are refused; preprocess may be NULL. */
extern void mlops_preprocess_check_columns(Jsonb *preprocess, const char *const *features, int n);

#endif
