/*
 * two_samples.h: mlops.two_samples, the state of the ranking figures.
 */
#ifndef MLOPS_TWO_SAMPLES_H
#define MLOPS_TWO_SAMPLES_H

#include "kernel/two_samples.h"
#include "pg/state.h"

typedef struct MlopsTwoSamples
{
	MlopsState	state;
	MlTwoSamples entries;
	int64		room;			/* entries the arrays can hold */
	/*
	 * How far down the ranking a figure looks, which is an argument of each
	 * row and one for all: k >= 1 rows, or the share of all rows with a minus
	 * sign, [-1, 0); 0 = everything.
	 */
	double		top;
} MlopsTwoSamples;

extern const MlopsStateType mlops_two_samples_type;

/* A row.  score: no NaN; weight: finite and >= 0, 0 counts for nothing. */
extern void mlops_two_samples_add(MlopsTwoSamples *s, bool positive, double score, double weight);
/* All that is added to one state has the same `top`. */
extern void mlops_two_samples_set_top(MlopsTwoSamples *s, double top);
/* Adds what `other` holds. */
extern void mlops_two_samples_combine(MlopsTwoSamples *s, MlopsTwoSamples *other);
/* In canonical form, with a sum of weights that is a number. */
extern const MlTwoSamples *mlops_two_samples_settled(MlopsTwoSamples *s);

#endif
