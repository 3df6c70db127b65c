/*
 * two_samples.h: the scores of positive and of negative rows, counted.
 *
 * Entries of (score, weight).  The canonical form has one run of entries for
 * each distinct score, scores ascending: the exact sum of the negative rows'
 * weights, then that of the positive rows', each as the list of doubles of
 * exact_sum.h, which for counts is one double.  So equal rows make equal
 * entries, whatever their order and however they were merged, and the memory
 * grows with the distinct scores, not with the rows.
 */
#ifndef ML_TWO_SAMPLES_H
#define ML_TWO_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/sort.h"

/* The arrays are the caller's. */
typedef struct MlTwoSamples
{
	uint64_t   *key;			/* ml_sort_key of the score */
	double	   *weight;			/* of a positive row; of a negative one with a minus sign; never 0 */
	int64_t		n;
	int64_t		canonical;		/* so many entries, the first ones, are in canonical form */
} MlTwoSamples;

/* The arrays must have room for one more entry.  score: no NaN; weight: finite, > 0. */
static inline void
ml_two_samples_add(MlTwoSamples *s, bool positive, double score, double weight)
{
	s->key[s->n] = ml_sort_key(score);
	s->weight[s->n++] = positive ? weight : -weight;
}

/*
 * Brings all entries into canonical form; scratch: aligned for uint64_t.
 * False when a sum of weights is larger than any double.  `stop` is asked as
 * in ml_sort_pairs_until, when the entries still are as they were, and must
 * answer false (it may leave by a jump).
 */
extern size_t ml_two_samples_scratch(const MlTwoSamples *s);
extern bool ml_two_samples_settle(MlTwoSamples *s, void *scratch, MlStop stop);
/* Adds what `other` holds; both are canonical, s has room for its entries. */
extern bool ml_two_samples_merge(MlTwoSamples *s, const MlTwoSamples *other);
/* Are the n entries, which may be any bits at all, in canonical form? */
extern bool ml_two_samples_valid(const MlTwoSamples *s);

/*
 * Figures of canonical entries.  All weights together; infinity when they are
 * more than any double, and then there are no other figures.
 */
extern double ml_two_samples_total(const MlTwoSamples *s);
/* As in metrics.h. */
extern double ml_two_samples_roc_auc(const MlTwoSamples *s);
extern double ml_two_samples_average_precision(const MlTwoSamples *s);
/* Largest distance of the two distribution functions; NaN when a class is missing. */
extern double ml_two_samples_ks(const MlTwoSamples *s);
/*
 * Positive weight among the k weight of the highest scores, as a share of k;
 * rows tied at the border count with the part of their weight that fits.
 */
extern double ml_two_samples_precision_at(const MlTwoSamples *s, double k);
/* The part of the positive weight among the top `share` of all weight, over `share`; no positive row: 0. */
extern double ml_two_samples_lift(const MlTwoSamples *s, double share);

#endif
