/*
 * quantile_sketch.h: the distribution of a stream of numbers, in little room.
 *
 * Levels of sorted numbers; one of level h stands for 2^h numbers of the
 * stream.  A level that has reached ML_QUANTILE_RUN numbers is thinned out:
 * of each two neighbours one goes up a level, the smaller and the larger in
 * turn.  So the count of numbers up to any x is wrong by at most 2^h for each
 * thinning of level h, by turns upwards and downwards, and the sketch keeps
 * both sums: an error that is proven for this very stream, not a probable one
 * (G. S. Manku, S. Rajagopalan, B. G. Lindsay, "Approximate medians and other
 * quantiles in one pass and with limited memory", SIGMOD 1998, whose buffers
 * these levels are; the turns halve the bound).  With n numbers in order of
 * arrival it is about log2(n / RUN) / (2 RUN) of n: 0.0022 for a million.
 *
 * Nothing is drawn at random: the same numbers in the same order, in blocks
 * of the same size, make the same sketch.  Sketches can be merged in any
 * order and shape; the errors add up.
 *
 * Memory is the caller's: before numbers are added, the levels up to
 * ml_quantile_sketch_reach must have room for ML_QUANTILE_RUN each.
 */
#ifndef ML_QUANTILE_SKETCH_H
#define ML_QUANTILE_SKETCH_H

#include <stdbool.h>
#include <stdint.h>

#define ML_QUANTILE_RUN 2048
#define ML_QUANTILE_LEVELS 53	/* more than 2^63 numbers */
#define ML_QUANTILE_SCRATCH (3 * ML_QUANTILE_RUN)	/* doubles */

/* All zero: empty. */
typedef struct MlQuantileSketch
{
	int64_t		n;				/* numbers of the stream */
	int64_t		over;			/* a count of numbers up to x is at most so much too high, */
	int64_t		under;			/* and so much too low */
	int32_t		count[ML_QUANTILE_LEVELS];	/* numbers held, < ML_QUANTILE_RUN */
	bool		larger[ML_QUANTILE_LEVELS]; /* whose turn it is */
	double	   *item[ML_QUANTILE_LEVELS];	/* ascending */
} MlQuantileSketch;

/* Levels that adding n <= ML_QUANTILE_RUN numbers to a level touches: 0 to reach - 1. */
extern int	ml_quantile_sketch_reach(const MlQuantileSketch *s, int level, int n);
/* Adds n <= ML_QUANTILE_RUN ascending numbers, each of which stands for 2^level equal ones; no NaN. */
extern void ml_quantile_sketch_add(MlQuantileSketch *s, int level, const double *sorted, int n, double *scratch);

/* Numbers held, and all of them ascending, each with what it stands for. */
extern int	ml_quantile_sketch_items(const MlQuantileSketch *s);
extern void ml_quantile_sketch_collect(const MlQuantileSketch *s, double *value, int64_t *weight);

/* Could n, over, under, count and the items be those of a sketch?  They may be any bits at all. */
extern bool ml_quantile_sketch_valid(const MlQuantileSketch *s);

#endif
