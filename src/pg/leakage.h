/*
 * leakage.h: which features of a model may know what they should not.
 */
#ifndef MLOPS_LEAKAGE_H
#define MLOPS_LEAKAGE_H

#include "utils/jsonb.h"

typedef void (*MlopsLeakFunction) (const char *column /* NULL = all of a row */ , const char *reason, double evidence,
								   Jsonb *detail, void *arg);

/*
 * Reads the rows of the model's definition, or of a source of this call, and
 * hands out what is suspicious, the worst first.  Rights as in a training.
 */
extern void mlops_leakage_check(char *model, char *source, MlopsLeakFunction function, void *arg);

#endif
