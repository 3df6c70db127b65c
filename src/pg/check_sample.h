/*
 * check_sample.h: rows to show of checks that fail.
 */
#ifndef MLOPS_CHECK_SAMPLE_H
#define MLOPS_CHECK_SAMPLE_H

#include "utils/jsonb.h"

#include "pg/check_plan.h"

/*
 * For each of the conditions (list of char *) some rows that fulfil it, as
 * arrays of objects (NULL: none).  The source is read once, and only until
 * there are enough of all.
 */
extern Jsonb **mlops_check_samples(const MlopsCheckPlan *plan, List *conditions, bool windows);

#endif
