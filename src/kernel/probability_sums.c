/*
 * probability_sums.c: losses of probabilities from running sums.
 *
 * Symbols: y p w as in probability_sums.h.
 */
#include "kernel/probability_sums.h"

/* p is clipped and the other class gets what is left of 1, as scikit-learn does it. */
static double
log_loss(double y, double p)
{
	if (p < ML_LOG_LOSS_CLIP)
		p = ML_LOG_LOSS_CLIP;
	if (p > 1 - ML_LOG_LOSS_CLIP)
		p = 1 - ML_LOG_LOSS_CLIP;
	return -log(y == 1 ? p : 1 - p);
}

void
ml_probability_sums_add(MlProbabilitySums *s, double y, double p, double w)
{
	ml_sum_add(&s->weight, w);
	ml_sum_add(&s->log_loss, w * log_loss(y, p));
	ml_sum_add(&s->square, w * ((y - p) * (y - p)));
}

void
ml_probability_sums_merge(MlProbabilitySums *s, const MlProbabilitySums *other)
{
	ml_sum_merge(&s->weight, &other->weight);
	ml_sum_merge(&s->log_loss, &other->log_loss);
	ml_sum_merge(&s->square, &other->square);
}

double
ml_probability_sums_log_loss(const MlProbabilitySums *s)
{
	return ml_sum_mean(&s->log_loss, &s->weight);
}

double
ml_probability_sums_brier(const MlProbabilitySums *s)
{
	return ml_sum_mean(&s->square, &s->weight);
}

/* The bin b with b / bins < p <= (b + 1) / bins, whatever p * bins rounds to. */
static int
bin_of(double p, int bins)
{
	int			b = (int) ceil(p * bins) - 1;

	if (b > 0 && p <= (double) b / bins)
		b--;
	else if (b < bins - 1 && p > (double) (b + 1) / bins)
		b++;
	return b < 0 ? 0 : b >= bins ? bins - 1 : b;
}

void
ml_calibration_sums_add(MlCalibrationSums *s, int bins, double y, double p, double w)
{
	ml_sum_add(&s->weight, w);
	ml_sum_add(&s->gap[bin_of(p, bins)], w * (y - p));
}

void
ml_calibration_sums_merge(MlCalibrationSums *s, int bins, const MlCalibrationSums *other)
{
	int			b;

	ml_sum_merge(&s->weight, &other->weight);
	for (b = 0; b < bins; b++)
		ml_sum_merge(&s->gap[b], &other->gap[b]);
}

double
ml_calibration_sums_ece(const MlCalibrationSums *s, int bins)
{
	MlSum		error = {0, 0};
	int			b;

	for (b = 0; b < bins; b++)
		ml_sum_add(&error, fabs(ml_sum_value(&s->gap[b])));
	return ml_sum_mean(&error, &s->weight);
}
