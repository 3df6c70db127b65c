/*
 * loss.h: losses of boosting, their gradients, and what a tree sees of them.
 *
 * Symbols: n rows; y: target, or class index; f: score (margin); w: weights
 * > 0 or NULL for all 1; g, h: first and second derivative of w * loss by f.
 *
 *	squared		(f - y)^2 / 2
 *	absolute	|f - y|							h := w
 *	quantile	pinball loss at a				h := w
 *	huber		squared within delta, linear beyond	h := w
 *	poisson		exp(f) - y f
 *	logistic	log(1 + exp(f)) - y f, y in {0, 1}
 *	softmax		log sum exp f_k - f_y, one score a class
 *
 * Scores are kept within +-ML_SCORE_LIMIT where they are exponents.
 */
#ifndef ML_LOSS_H
#define ML_LOSS_H

#include <stdint.h>

#include "kernel/histogram.h"

typedef enum MlLoss
{
	ML_LOSS_SQUARED = 1,
	ML_LOSS_ABSOLUTE,
	ML_LOSS_QUANTILE,
	ML_LOSS_HUBER,
	ML_LOSS_POISSON,
	ML_LOSS_LOGISTIC,
	ML_LOSS_SOFTMAX
} MlLoss;

#define ML_SCORE_LIMIT 500.0

/* Largest absolute values, for the scale of a round, and the sum of losses, of one piece of rows. */
typedef struct MlLossSums
{
	double		max_g;
	double		max_h;
	double		loss;			/* Σ w loss; NaN when not asked for */
} MlLossSums;

/* One score a row; parameter: a of quantile, delta of huber.  g, h: n each. */
extern void ml_loss_gradient(MlLoss loss, double parameter, const double *y, const double *f, const double *w,
							 int64_t n, double *g, double *h, MlLossSums *sums);

/*
 * Softmax.  f: n × k row-major; g, h: k columns of n values each, `ld` apart
 * (class c of row i at g[c * ld + i]).  max_g and max_h hold for all classes.
 */
extern void ml_loss_softmax(int k, const double *y, const double *f, const double *w, int64_t n,
							double *g, double *h, int64_t ld, MlLossSums *sums);

/* Σ w loss of rows alone; f: n, softmax: n × k row-major. */
extern double ml_loss_sum(MlLoss loss, double parameter, int k, const double *y, const double *f, const double *w,
						  int64_t n);

/*
 * row[i] := row first + i with the pair of g[i] * g_scale and h[i] * h_scale,
 * rounded up or down at random with the exact value as the mean; random bits
 * are a function of key and first + i.  |g| g_scale <= 32766, 0 <= h h_scale <= 65534.
 */
extern void ml_quantise(const double *g, const double *h, int64_t n, double g_scale, double h_scale,
						uint64_t key, int64_t first, MlRow *row);

#endif
