/*
 * probability_sums.h: the sums from which the losses of probabilities follow.
 *
 * One pass, states of fixed size that hold nothing but doubles and can be
 * merged in any order (kernel/sum.h).  y: 0 or 1; p: P(y = 1), in [0, 1]; w:
 * weight, finite and > 0.  No rows: NaN.  Infinite: the weights are beyond
 * the range of a double.
 */
#ifndef ML_PROBABILITY_SUMS_H
#define ML_PROBABILITY_SUMS_H

#include "kernel/sum.h"

/* Probabilities are kept this far from 0 and 1 in log_loss. */
#define ML_LOG_LOSS_CLIP 1e-15

/* All zero: no rows. */
typedef struct MlProbabilitySums
{
	MlSum		weight;
	MlSum		log_loss;		/* w times -log of what the actual class was given */
	MlSum		square;			/* w (y - p)^2 */
} MlProbabilitySums;

/* Several classes: y = 1 and p: what the row's own class was given; the square means nothing then. */
extern void ml_probability_sums_add(MlProbabilitySums *s, double y, double p, double w);
extern void ml_probability_sums_merge(MlProbabilitySums *s, const MlProbabilitySums *other);
extern double ml_probability_sums_log_loss(const MlProbabilitySums *s);
extern double ml_probability_sums_brier(const MlProbabilitySums *s);

#define ML_ECE_BINS 10
#define ML_ECE_MAX_BINS 1000

/*
 * How far probabilities are from shares: sum over bins of |sum of w (y - p)|
 * over the sum of all w, which is sum n_b / n |mean y - mean p|.  Bins (lo,
 * hi] of equal width, 0 in the first.
 */
typedef struct MlCalibrationSums
{
	MlSum		weight;
	MlSum		gap[];			/* w (y - p); as many as bins */
} MlCalibrationSums;

/* Doubles in a state of so many bins, 1 .. ML_ECE_MAX_BINS. */
#define ML_CALIBRATION_LENGTH(bins) (2 + 2 * (bins))

extern void ml_calibration_sums_add(MlCalibrationSums *s, int bins, double y, double p, double w);
extern void ml_calibration_sums_merge(MlCalibrationSums *s, int bins, const MlCalibrationSums *other);
extern double ml_calibration_sums_ece(const MlCalibrationSums *s, int bins);

#endif
