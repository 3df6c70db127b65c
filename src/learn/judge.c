/*
 * judge.c: metrics with confidence intervals.
 *
 * Figures come from evaluate.c, as training's do.  A share of rows has
 * Wilson's interval, the AUC of two classes DeLong's, the mean of what each
 * row is charged the normal one, within the range of the figure; the root of
 * a mean has the roots of the mean's ends.  What is neither (F1, MCC, average
 * precision, R2, averages over classes) has none here.
 *
 * Symbols: n rows, k classes, count: k × k, [actual][predicted].
 */
#include <math.h>
#include <string.h>

#include "kernel/dist.h"
#include "kernel/error_sums.h"
#include "kernel/interval.h"
#include "kernel/metrics.h"
#include "kernel/probability_sums.h"
#include "learn/evaluate.h"
#include "learn/judge.h"

typedef struct Judgement
{
	const MlScores *scores;
	const double *y;			/* of the rows judged */
	double		z;
	int64_t    *count;			/* classification */
	uint32_t   *order;			/* binary: by score */
	double	   *term;			/* n: what each row is charged */
} Judgement;

static MlCode
prepare(MlScratch *scratch, Judgement *j, MlStatus *status)
{
	const MlScores *s = j->scores;
	size_t		n = (size_t) s->n;

	j->z = ml_norm_ppf((1 + ML_CONFIDENCE) / 2);
	j->y = s->data->y + s->from;
	j->term = ml_scratch_alloc(scratch, n, sizeof(double), "intervals", status);
	if (j->term == NULL)
		return ML_NO_MEMORY;
	if (s->model->task == ML_REGRESSION)
		return ML_OK;
	j->count = ml_scratch_alloc(scratch, (size_t) s->model->n_classes * (size_t) s->model->n_classes,
								sizeof(int64_t), "intervals", status);
	if (j->count == NULL)
		return ML_NO_MEMORY;
	ml_score_confusion(s, j->count);
	if (s->model->task == ML_BINARY)
	{
		void	   *sort = ml_scratch_alloc(scratch, ml_score_scratch(s->n), 1, "intervals", status);

		j->order = ml_scratch_alloc(scratch, n, sizeof(uint32_t), "intervals", status);
		if (sort == NULL || j->order == NULL)
			return ML_NO_MEMORY;
		ml_score_order(s->score, s->n, j->order, sort);
	}
	return ML_OK;
}

static void
wilson(const Judgement *j, MlFigure *figure, int64_t successes, int64_t n)
{
	figure->interval = "wilson";
	ml_wilson_interval((double) successes, (double) n, j->z, &figure->low, &figure->high);
}

/* Of a mean, from the figure of each row alone: what is in term; none is negative. */
static void
normal(const Judgement *j, MlFigure *figure)
{
	figure->interval = "normal";
	ml_mean_interval(j->term, j->scores->n, j->z, &figure->low, &figure->high);
	if (figure->low < 0)
		figure->low = 0;
}

static void
probability_interval(const Judgement *j, MlFigure *figure, double (*value) (const MlProbabilitySums *s))
{
	const MlScores *s = j->scores;
	int64_t		i;

	for (i = 0; i < s->n; i++)
	{
		MlProbabilitySums row = {0};

		ml_probability_sums_add(&row, s->actual ? 1 : j->y[i], s->actual ? s->actual[i] : s->score[i], 1);
		j->term[i] = value(&row);
	}
	normal(j, figure);
}

static void
error_interval(const Judgement *j, MlFigure *figure, double (*value) (const MlErrorSums *s))
{
	int64_t		i;

	for (i = 0; i < j->scores->n; i++)
	{
		MlErrorSums row = {0};

		ml_error_sums_add(&row, j->y[i], j->scores->score[i], 1);
		j->term[i] = value(&row);
	}
	normal(j, figure);
}

/* The root of a mean of squares. */
static void
root_interval(const Judgement *j, MlFigure *figure)
{
	int64_t		i;

	for (i = 0; i < j->scores->n; i++)
	{
		double		error = j->y[i] - j->scores->score[i];

		j->term[i] = error * error;
	}
	normal(j, figure);
	figure->low = sqrt(figure->low);
	figure->high = sqrt(figure->high);
}

static void
delong(const Judgement *j, MlFigure *figure)
{
	double		variance = ml_auc_variance(j->y, 1, j->scores->score, j->order, j->scores->n);

	figure->interval = "delong";
	figure->low = fmax(0, figure->value - j->z * sqrt(variance));
	figure->high = fmin(1, figure->value + j->z * sqrt(variance));
	/* fmax and fmin look past NaN */
	if (isnan(variance))
		figure->low = figure->high = NAN;
}

static int64_t
rows_right(const Judgement *j)
{
	int			k = j->scores->model->n_classes;
	int64_t		right = 0;
	int			c;

	for (c = 0; c < k; c++)
		right += j->count[(int64_t) c * k + c];
	return right;
}

static void
add_interval(const Judgement *j, MlFigure *figure)
{
	const char *name = figure->name;
	bool		binary = j->scores->model->task == ML_BINARY;

	if (strcmp(name, "accuracy") == 0)
		wilson(j, figure, rows_right(j), j->scores->n);
	else if (strcmp(name, "precision") == 0 && binary)
		wilson(j, figure, j->count[3], j->count[1] + j->count[3]);
	else if (strcmp(name, "recall") == 0 && binary)
		wilson(j, figure, j->count[3], j->count[2] + j->count[3]);
	else if (strcmp(name, "roc_auc") == 0 && binary)
		delong(j, figure);
	else if (strcmp(name, "log_loss") == 0)
		probability_interval(j, figure, ml_probability_sums_log_loss);
	else if (strcmp(name, "brier") == 0)
		probability_interval(j, figure, ml_probability_sums_brier);
	else if (strcmp(name, "mae") == 0)
		error_interval(j, figure, ml_error_sums_mae);
	else if (strcmp(name, "mape") == 0)
		error_interval(j, figure, ml_error_sums_mape);
	else if (strcmp(name, "rmse") == 0)
		root_interval(j, figure);
	/* errors too large to be squared have none */
	if (!isfinite(figure->low) || !isfinite(figure->high))
	{
		figure->low = figure->high = NAN;
		figure->interval = NULL;
	}
}

static MlCode
add_intervals(MlHost *host, MlScratch *scratch, const MlScores *scores, MlFigure *figure, int n, MlStatus *status)
{
	Judgement	j = {.scores = scores};
	MlCode		code = prepare(scratch, &j, status);
	int			i;

	for (i = 0; code == ML_OK && i < n; i++)
	{
		if (host->poll(host, "intervals", (double) i / n))
			return ml_status_set(status, ML_CANCELLED, "cancelled");
		add_interval(&j, &figure[i]);
	}
	return code;
}

MlCode
ml_judge(MlHost *host, const MlModel *model, const MlDataset *data, int64_t from, int64_t to,
		 double threshold, MlFigure *figure, int *n, MlStatus *status)
{
	MlMetric	metric[ML_MAX_METRICS];
	MlScratch	scratch;
	MlScores	scores;
	MlCode		code;
	int			i;

	*n = 0;
	ml_scratch_init(&scratch, host);
	code = ml_score_rows(host, &scratch, model, data, from, to, NULL, &scores, status);
	if (code == ML_OK)
	{
		ml_score_labels(&scores, threshold);
		code = ml_score_metrics(host, &scratch, &scores, "test", true, metric, n, status);
	}
	for (i = 0; code == ML_OK && i < *n; i++)
		figure[i] = (MlFigure) {metric[i].name, metric[i].value, NAN, NAN, NULL};
	if (code == ML_OK && data->weight == NULL && *n > 0)
		code = add_intervals(host, &scratch, &scores, figure, *n, status);
	ml_scratch_release(&scratch);
	return code;
}
