/*
 * sampling.h: training rows of common and of rare classes in other numbers than they come in.
 */
#ifndef ML_SAMPLING_H
#define ML_SAMPLING_H

#include "learn/preprocess.h"
#include "learn/scratch.h"

typedef enum MlSamplingMethod
{
	ML_SAMPLING_NONE = 0,
	ML_SAMPLING_OVER,			/* rows of rare classes again, until there are ratio × those of the commonest */
	ML_SAMPLING_UNDER			/* rows of common classes left out, until there are those of the rarest / ratio */
} MlSamplingMethod;

typedef struct MlSampling
{
	MlSamplingMethod method;
	double		ratio;			/* (0, 1] */
} MlSampling;

/* What cannot be asked together; task 0 = not known yet. */
struct MlParams;
extern MlCode ml_sampling_check(const MlSampling *how, const struct MlParams *params, MlTaskKind task,
								MlStatus *status);
/*
 * out, out_prep := what a learner gets of data and prep: the training rows
 * drawn, those that choose behind them, weighed so that classes stand in the
 * same proportion, and class_ratio.  Without anything to do they are data and
 * prep as they are.  *rows := training rows, each as often as it was drawn.
 * Memory is the scratch's.
 */
extern MlCode ml_sample(MlScratch *scratch, const MlDataset *data, const MlPrep *prep, const MlSampling *how,
						uint64_t seed, MlDataset *out, MlPrep *out_prep, int64_t *rows, MlStatus *status);

#endif
