/*
 * sample_spec.h: what is asked of a sampler, from jsonb.
 */
#ifndef MLOPS_SAMPLE_SPEC_H
#define MLOPS_SAMPLE_SPEC_H

#include "utils/jsonb.h"

#include "learn/sample.h"

/*
 * Lays patterns, drift and options (each may be NULL) over the defaults in
 * spec, whose kind, rows and rates are set.  Raises 22023, 42703 for an
 * unknown column, 22007 for a time that is none.
 */
extern void mlops_sample_spec_read(MlSampleSpec *spec, Jsonb *patterns, Jsonb *drift, Jsonb *options);

#endif
