/*
 * train.h: from a dataset to everything a version stores.
 *
 * Fits preprocessing and learner on the training rows, writes the bytes,
 * reads them back, judges exactly those bytes on the held-out rows, and draws
 * the baseline that drift is measured against.
 */
#ifndef ML_TRAIN_H
#define ML_TRAIN_H

#include "kernel/metrics.h"
#include "learn/learner.h"
#include "learn/sampling.h"

/* What drift is compared with later. */
typedef struct MlBaseline
{
	MlKind		kind;
	int64_t		n;				/* rows, missing ones included */
	int64_t		n_missing;
	/*
	 * numbers: 1001 quantiles k/1000 (percentile_cont) of the values, from a
	 * seeded sample of at most 200,000; NULL when all are missing
	 */
	double	   *quantile;
	double		mean;
	double		sd;				/* population */
	double		minimum;
	double		maximum;
	/* categories: the 1000 commonest (count descending, then bytewise), and the rest */
	int			n_levels;
	const char **level;
	int64_t    *count;
	int64_t		n_other;
	int64_t		n_distinct;		/* categories: all of them; numbers: distinct in the sample */
} MlBaseline;

typedef struct MlMetric
{
	const char *name;			/* accuracy, balanced_accuracy, precision, recall, f1, mcc, roc_auc, pr_auc,
								 * log_loss, brier, ece; rmse, mae, mape, r2 */
	const char *split;			/* train, validation, test */
	int64_t		step;			/* round, or 0 */
	double		value;			/* NaN = undefined */
} MlMetric;

/* A document that a training leaves. */
typedef struct MlArtifact
{
	const char *name;			/* coefficients, confusion_matrix, feature_importance */
	const char *media_type;
	const char *content;
} MlArtifact;

typedef struct MlTrainSpec
{
	const MlLearner *learner;
	const MlParams *params;
	const MlPrepSpec *prep;		/* one a dataset column */
	uint64_t	seed;
	MlSampling	sampling;		/* of the training rows, each time a learner learns */
	bool		prior;			/* take class weights and sampling out of the probabilities */
	double		threshold;		/* binary; used when rule is NULL; NaN = 0.5 of the weighted fit */
	const char *threshold_rule; /* NULL, "f1", "youden", "cost": chosen on validation rows */
	double		cost[4];		/* tp, fp, fn, tn */
	const char *metric;			/* of the model, one of ml_metric_name; NULL = no permutation importance */
	bool		refit;			/* after the validation rows have chosen: learn from both parts */
} MlTrainSpec;

#define ML_MAX_METRICS 48

/* How much each SQL feature matters by one method (importance.c). */
typedef struct MlImportance
{
	const char *method;			/* gain, split, permutation, shap */
	int			n;				/* SQL features */
	double	   *value;			/* n */
	double	   *std;			/* n, or NULL */
	int64_t		rows;			/* looked at; 0 = the model alone */
} MlImportance;

#define ML_MAX_IMPORTANCE 4

/* What each threshold would do to the rows held out; binary. */
typedef struct MlThresholds
{
	const char *split;			/* test or validation; NULL = no such rows */
	int64_t		rows;
	double		positives;		/* weights */
	double		negatives;
	int			n;
	MlThresholdPoint *point;	/* n, descending */
} MlThresholds;

typedef struct MlTrainResult
{
	uint8_t    *bytes;
	size_t		size;
	MlModel		model;			/* opened from bytes */
	MlFit		fit;
	MlPrep		prep;
	double		threshold;		/* on calibrated probabilities, binary; else NaN */
	int			n_metrics;
	MlMetric	metric[ML_MAX_METRICS];
	int64_t    *confusion;		/* n_classes × n_classes, [actual][predicted], test rows; NULL = none */
	MlBaseline *feature;		/* one a dataset column, training rows */
	MlBaseline	score;			/* held-out rows (training rows when there are none) */
	MlBaseline	label;			/* predicted label; regression: the target */
	int64_t		rows_fitted;
	int64_t		rows_sampled;	/* training rows, each as often as it was drawn; 0 = all as they are */
	int			n_importance;
	MlImportance importance[ML_MAX_IMPORTANCE];
	MlThresholds thresholds;
} MlTrainResult;

/*
 * The first half of ml_train: fitted on the training rows and judged on the
 * validation rows, which may choose among several such results.  Neither
 * memory nor figures of one depend on another.
 */
extern MlCode ml_train_try(MlHost *host, const MlDataset *data, const MlTrainSpec *spec,
						   MlTrainResult *result, MlStatus *status);
/*
 * The second half, for what ml_train_try left with the same data and spec:
 * refitted, judged on test rows.  Columns that the dataset owns may lose rows
 * (data->first); after a failure they are of no use.
 */
extern MlCode ml_train_finish(MlHost *host, MlDataset *data, const MlTrainSpec *spec,
							  MlTrainResult *result, MlStatus *status);
/* Both. */
extern MlCode ml_train(MlHost *host, MlDataset *data, const MlTrainSpec *spec,
					   MlTrainResult *result, MlStatus *status);

/* A figure of the result; NaN when it is not there. */
extern double ml_result_metric(const MlTrainResult *result, const char *name, const char *split);

/* metric names: direction (+1 larger is better, -1 smaller), 0 = no such metric for the task */
extern int	ml_metric_direction(const char *name, MlTaskKind task);
/* i-th metric name of a task, NULL past the end */
extern const char *ml_metric_name(int i, MlTaskKind task);

#endif
