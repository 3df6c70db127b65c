/*
 * evaluate.h: a model's scores on rows of a dataset, and what they are worth.
 */
#ifndef ML_EVALUATE_H
#define ML_EVALUATE_H

#include "learn/scratch.h"
#include "learn/train.h"

/* Scores of rows [from, from + n); the arrays are the scratch's. */
typedef struct MlScores
{
	const MlModel *model;
	const MlDataset *data;
	int64_t		from;
	int64_t		n;
	const double *known;		/* n × n_outputs margins, or NULL */
	double	   *score;			/* the value; P(positive); P(label) */
	int32_t    *label;			/* predicted class; NULL for regression */
	/* several classes only */
	double	   *actual;			/* P(class of the row) */
	int			first_class;	/* column j is P(first_class + j) */
	int			n_columns;
	double	   *column;			/* n × n_columns, column-major */
} MlScores;

/* known: the margins of these rows where the caller has them, n × n_outputs, or NULL; ML_BAD_DATA when not finite */
extern MlCode ml_score_rows(MlHost *host, MlScratch *scratch, const MlModel *model, const MlDataset *data,
							int64_t from, int64_t to, const double *known, MlScores *scores, MlStatus *status);
/* Binary: label := score >= threshold; nothing otherwise. */
extern void ml_score_labels(MlScores *scores, double threshold);
/* The threshold a rule chooses on these rows, NaN when they cannot tell; binary. */
extern MlCode ml_score_threshold(MlScratch *scratch, const MlScores *scores, const char *rule, const double *cost,
								 double *threshold, MlStatus *status);
/* What thresholds, own among them, would do to these rows; binary.  The points are the host's. */
extern MlCode ml_score_thresholds(MlHost *host, MlScratch *scratch, const MlScores *scores, const char *split,
								  double own, MlThresholds *out, MlStatus *status);
/*
 * Appends every metric of the task, in the order of ml_metric_name, to
 * metric[*n].  exact false: figures of many classes over many rows that would
 * need several passes are NaN.
 */
extern MlCode ml_score_metrics(MlHost *host, MlScratch *scratch, MlScores *scores, const char *split, bool exact,
							   MlMetric *metric, int *n, MlStatus *status);
/* count: n_classes × n_classes rows, [actual][predicted], unweighted. */
extern void ml_score_confusion(const MlScores *scores, int64_t *count);

#endif
