/*
 * judge.h: what a model is worth on rows, with how sure that is.
 */
#ifndef ML_JUDGE_H
#define ML_JUDGE_H

#include "learn/train.h"

/* Of the intervals: two-sided. */
#define ML_CONFIDENCE 0.95

typedef struct MlFigure
{
	const char *name;
	double		value;			/* NaN = undefined for these rows */
	double		low;			/* NaN = no interval */
	double		high;
	const char *interval;		/* wilson, delong, normal; NULL = no interval */
} MlFigure;

/*
 * Every metric of the task on rows [from, to) of the data, in the order of
 * ml_metric_name, into figure[ML_MAX_METRICS]; exactly what training writes
 * down of its test rows.  threshold: binary only.  No row: *n = 0.  Weighted
 * rows give no intervals.
 */
extern MlCode ml_judge(MlHost *host, const MlModel *model, const MlDataset *data, int64_t from, int64_t to,
					   double threshold, MlFigure *figure, int *n, MlStatus *status);

#endif
