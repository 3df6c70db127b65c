/*
 * evaluate.c: scoring by blocks, and metrics by name.
 *
 * Rows are scored in blocks small enough for the cache, a handful of blocks a
 * round, so that memory does not grow with the number of columns and a cancel
 * is served between rounds.  With several classes the probabilities are kept
 * for as many classes as fit into COLUMN_LIMIT; the one figure that needs all
 * of them (one-vs-rest AUC) makes further passes.
 *
 * Symbols: x: block × p, margin: block × n_outputs, n rows, k classes.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/class_sums.h"
#include "kernel/error_sums.h"
#include "kernel/metrics.h"
#include "kernel/probability_sums.h"
#include "learn/evaluate.h"

#define BLOCK_ROWS 2048
#define BLOCK_BYTES ((size_t) 1024 * 1024)	/* of x and margins */
#define BLOCKS_PER_THREAD 4
#define COLUMN_LIMIT ((size_t) 8 * 1024 * 1024) /* probabilities kept at a time */
#define POLL_ROWS (1 << 20)		/* summed between two polls */

static const char *const binary_names[] = {
	"accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc",
	"roc_auc", "pr_auc", "log_loss", "brier", "ece", NULL
};
static const char *const multiclass_names[] = {
	"accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc",
	"roc_auc", "log_loss", NULL
};
static const char *const regression_names[] = {
	"rmse", "mae", "mape", "r2", NULL
};

static const char *const *
names_of(MlTaskKind task)
{
	switch (task)
	{
		case ML_REGRESSION:
			return regression_names;
		case ML_BINARY:
			return binary_names;
		case ML_MULTICLASS:
			break;
	}
	return multiclass_names;
}

const char *
ml_metric_name(int i, MlTaskKind task)
{
	const char *const *name = names_of(task);
	int			j;

	for (j = 0; j < i && name[j]; j++)
		;
	return i < 0 ? NULL : name[j];
}

int
ml_metric_direction(const char *name, MlTaskKind task)
{
	static const char *const losses[] = {
		"log_loss", "brier", "ece", "rmse", "mae", "mape", NULL
	};
	const char *const *known = names_of(task);
	int			i;

	while (*known && strcmp(*known, name) != 0)
		known++;
	if (*known == NULL)
		return 0;
	for (i = 0; losses[i]; i++)
		if (strcmp(losses[i], name) == 0)
			return -1;
	return 1;
}

/* --- scoring ------------------------------------------------------------ */

/* One round of blocks; block t has its own x, margin and proba. */
typedef struct Round
{
	MlScores   *scores;
	int64_t		from;			/* first row of the round, within the scores */
	int			block;			/* rows of a block */
	double	   *x;
	double	   *margin;
	double	   *proba;
	double	   *room;			/* of margins */
	size_t		room_size;
} Round;

static void
score_row(MlScores *s, int64_t i, const double *margin, double *proba)
{
	const MlModel *model = s->model;
	int			j;

	ml_model_proba(model, margin, proba);
	switch (model->task)
	{
		case ML_REGRESSION:
			s->score[i] = proba[0];
			return;
		case ML_BINARY:
			s->score[i] = proba[1];
			return;
		case ML_MULTICLASS:
			break;
	}
	s->label[i] = ml_model_class(model, margin, proba, NAN);
	s->score[i] = proba[s->label[i]];
	s->actual[i] = proba[(int) s->data->y[s->from + i]];
	for (j = 0; j < s->n_columns; j++)
		s->column[(size_t) j * (size_t) s->n + (size_t) i] = proba[s->first_class + j];
}

static void
score_block(void *arg, int task)
{
	Round	   *round = arg;
	MlScores   *s = round->scores;
	const MlModel *model = s->model;
	int64_t		from = round->from + (int64_t) task * round->block;
	int64_t		to = from + round->block < s->n ? from + round->block : s->n;
	size_t		slot = (size_t) task * (size_t) round->block;
	double	   *x = round->x + slot * (size_t) model->prep.p;
	double	   *room = round->margin + slot * (size_t) model->n_outputs;
	const double *margin = s->known ? s->known + from * model->n_outputs : room;
	double	   *proba = round->proba + (size_t) task * (size_t) (model->n_classes + 1);
	int64_t		i;

	if (!s->known)
	{
		ml_prep_rows(&model->prep, s->data, s->from + from, s->from + to, x);
		ml_model_margin(model, x, to - from, room, round->room + (size_t) task * round->room_size);
	}
	for (i = from; i < to; i++)
		score_row(s, i, margin + (i - from) * model->n_outputs, proba);
}

/* Fills the arrays of s. */
static MlCode
score_pass(MlHost *host, MlScores *s, MlStatus *status)
{
	MlScratch	scratch;
	Round		round;
	MlCode		code = ML_OK;
	size_t		row = (size_t) (s->model->prep.p + s->model->n_outputs) * sizeof(double);
	int			tasks = host->threads * BLOCKS_PER_THREAD;

	if (s->n == 0)
		return ML_OK;
	round.scores = s;
	round.block = row * BLOCK_ROWS > BLOCK_BYTES ? (int) (BLOCK_BYTES / row) : BLOCK_ROWS;
	if (round.block < ML_MODEL_ROWS)
		round.block = ML_MODEL_ROWS;
	/* costly rows: a few are work for several threads already */
	if (!s->known)
		round.block = ml_model_rows(s->model, round.block);
	if ((int64_t) tasks * round.block > s->n)
		tasks = (int) ((s->n + round.block - 1) / round.block);

	ml_scratch_init(&scratch, host);
	round.x = ml_scratch_alloc(&scratch, (size_t) tasks * (size_t) round.block * (size_t) s->model->prep.p,
							   sizeof(double), "scoring", status);
	round.margin = ml_scratch_alloc(&scratch, (size_t) tasks * (size_t) round.block * (size_t) s->model->n_outputs,
									sizeof(double), "scoring", status);
	round.proba = ml_scratch_alloc(&scratch, (size_t) tasks * (size_t) (s->model->n_classes + 1),
								   sizeof(double), "scoring", status);
	round.room_size = ml_model_margin_room(s->model);
	round.room = ml_scratch_alloc(&scratch, (size_t) tasks * round.room_size, sizeof(double), "scoring", status);
	if (!round.x || !round.margin || !round.proba || !round.room)
		code = ML_NO_MEMORY;
	for (round.from = 0; code == ML_OK && round.from < s->n; round.from += (int64_t) tasks * round.block)
	{
		int64_t		left = (s->n - round.from + round.block - 1) / round.block;

		if (host->poll(host, "scoring", (double) round.from / (double) s->n) ||
			host->parallel_for(host, left < tasks ? (int) left : tasks, score_block, &round))
			code = ml_status_set(status, ML_CANCELLED, "cancelled");
	}
	ml_scratch_release(&scratch);
	return code;
}

/* Ranks and means need numbers; a margin beyond the range of a double gives none. */
static MlCode
check_finite(const MlScores *s, MlStatus *status)
{
	int64_t		rows = 0;

	for (int64_t i = 0; i < s->n; i++)
		rows += !isfinite(s->score[i]);
	if (rows == 0)
		return ML_OK;
	ml_status_set(status, ML_BAD_DATA,
				  "values of %lld of %lld rows are too large for the model: its result is not a finite number",
				  (long long) rows, (long long) s->n);
	ml_status_hint(status, "Leave such rows out, or make values NULL that are missing.");
	return ML_BAD_DATA;
}

MlCode
ml_score_rows(MlHost *host, MlScratch *scratch, const MlModel *model, const MlDataset *data,
			  int64_t from, int64_t to, const double *known, MlScores *scores, MlStatus *status)
{
	size_t		n = (size_t) (to - from);
	MlCode		code;

	assert(from >= 0 && from <= to && to <= data->n);
	memset(scores, 0, sizeof(*scores));
	scores->model = model;
	scores->data = data;
	scores->from = from;
	scores->n = to - from;
	scores->known = known;
	scores->score = ml_scratch_alloc(scratch, n, sizeof(double), "scores", status);
	if (scores->score == NULL)
		return ML_NO_MEMORY;
	if (model->task != ML_REGRESSION)
	{
		scores->label = ml_scratch_zero(scratch, n, sizeof(int32_t), "scores", status);
		if (scores->label == NULL)
			return ML_NO_MEMORY;
	}
	if (model->task == ML_MULTICLASS)
	{
		size_t		columns = COLUMN_LIMIT / (n ? n : 1);

		if (columns < 1)
			columns = 1;
		scores->n_columns = columns < (size_t) model->n_classes ? (int) columns : model->n_classes;
		scores->actual = ml_scratch_alloc(scratch, n, sizeof(double), "scores", status);
		scores->column = ml_scratch_alloc(scratch, n * (size_t) scores->n_columns, sizeof(double), "scores", status);
		if (!scores->actual || !scores->column)
			return ML_NO_MEMORY;
	}
	code = score_pass(host, scores, status);
	return code == ML_OK ? check_finite(scores, status) : code;
}

void
ml_score_labels(MlScores *scores, double threshold)
{
	int64_t		i;

	if (scores->model->task != ML_BINARY)
		return;
	for (i = 0; i < scores->n; i++)
		scores->label[i] = scores->score[i] >= threshold;
}

void
ml_score_confusion(const MlScores *scores, int64_t *count)
{
	int64_t		k = scores->model->n_classes;
	int64_t		i;

	memset(count, 0, (size_t) (k * k) * sizeof(int64_t));
	for (i = 0; i < scores->n; i++)
		count[(int64_t) scores->data->y[scores->from + i] * k + scores->label[i]]++;
}

/* --- figures ------------------------------------------------------------ */

/* The order of rows by score, in memory of the scratch. */
typedef struct Order
{
	uint32_t   *row;
	void	   *sort;
} Order;

static MlCode
order_alloc(MlScratch *scratch, int64_t n, Order *order, MlStatus *status)
{
	order->row = ml_scratch_alloc(scratch, (size_t) n, sizeof(uint32_t), "ranking", status);
	order->sort = ml_scratch_alloc(scratch, ml_score_scratch(n), 1, "ranking", status);
	return order->row && order->sort ? ML_OK : ML_NO_MEMORY;
}

MlCode
ml_score_threshold(MlScratch *scratch, const MlScores *scores, const char *rule, const double *cost,
				   double *threshold, MlStatus *status)
{
	const MlDataset *data = scores->data;
	MlThresholdRule kind;
	Order		order;
	MlCode		code;

	assert(scores->model->task == ML_BINARY);
	if (strcmp(rule, "f1") == 0)
		kind = ML_THRESHOLD_F1;
	else if (strcmp(rule, "youden") == 0)
		kind = ML_THRESHOLD_YOUDEN;
	else
	{
		assert(strcmp(rule, "cost") == 0);
		kind = ML_THRESHOLD_COST;
	}
	code = order_alloc(scratch, scores->n, &order, status);
	if (code != ML_OK)
		return code;
	ml_score_order(scores->score, scores->n, order.row, order.sort);
	*threshold = ml_best_threshold(kind, cost, data->y + scores->from, scores->score,
								   data->weight ? data->weight + scores->from : NULL,
								   order.row, scores->n);
	return ML_OK;
}

MlCode
ml_score_thresholds(MlHost *host, MlScratch *scratch, const MlScores *scores, const char *split,
					double own, MlThresholds *out, MlStatus *status)
{
	const MlDataset *data = scores->data;
	const double *y = data->y + scores->from;
	Order		order;
	MlCode		code;

	assert(scores->model->task == ML_BINARY && scores->n > 0);
	memset(out, 0, sizeof(*out));
	code = order_alloc(scratch, scores->n, &order, status);
	if (code != ML_OK)
		return code;
	out->point = ml_alloc_array(host, ML_MAX_THRESHOLDS, sizeof(MlThresholdPoint));
	if (out->point == NULL)
		return ml_no_memory(status, ML_MAX_THRESHOLDS * sizeof(MlThresholdPoint), "thresholds");
	ml_score_order(scores->score, scores->n, order.row, order.sort);
	out->n = ml_threshold_points(y, scores->score, data->weight ? data->weight + scores->from : NULL, order.row,
								 scores->n, own, out->point);
	out->split = split;
	out->rows = scores->n;
	/* the last one calls all rows positive */
	out->positives = out->point[out->n - 1].tp;
	out->negatives = out->point[out->n - 1].fp;
	return ML_OK;
}

/* Mean over the classes of class against rest, in as many passes as needed. */
static MlCode
auc_one_vs_rest(MlHost *host, MlScores *s, const double *y, const double *w, bool exact,
				const Order *order, double *value, MlStatus *status)
{
	int			k = s->model->n_classes;
	double		sum = 0;
	int			classes = 0;
	int			c;

	*value = NAN;
	if (s->n_columns < k && !exact)
		return ML_OK;
	for (c = 0; c < k; c++)
	{
		const double *column;
		double		auc;

		if (c < s->first_class || c >= s->first_class + s->n_columns)
		{
			MlCode		code;

			s->first_class = c;
			if (s->n_columns > k - c)
				s->n_columns = k - c;
			code = score_pass(host, s, status);
			if (code != ML_OK)
				return code;
		}
		if (host->poll(host, "metrics", (double) c / k))
			return ml_status_set(status, ML_CANCELLED, "cancelled");
		column = s->column + (size_t) (c - s->first_class) * (size_t) s->n;
		ml_score_order(column, s->n, order->row, order->sort);
		auc = ml_roc_auc(y, c, column, w, order->row, s->n);
		if (isnan(auc))
			continue;
		sum += auc;
		classes++;
	}
	if (classes > 0)
		*value = sum / classes;
	return ML_OK;
}

static void
append(MlMetric *metric, int *n, const char *split, const char *name, double value)
{
	assert(*n < ML_MAX_METRICS);
	metric[*n].name = name;
	metric[*n].split = split;
	metric[*n].step = 0;
	metric[*n].value = value;
	(*n)++;
}

/* The running sums of a task; what the aggregates in SQL keep. */
typedef struct Sums
{
	MlErrorSums error;
	MlProbabilitySums probability;
	MlCalibrationSums *calibration; /* of ML_ECE_BINS */
} Sums;

static void
add_number(Sums *sums, double y, double p, double w)
{
	ml_error_sums_add(&sums->error, y, p, w);
}

static void
add_probability(Sums *sums, double y, double p, double w)
{
	ml_probability_sums_add(&sums->probability, y, p, w);
	ml_calibration_sums_add(sums->calibration, ML_ECE_BINS, y, p, w);
}

static void
add_actual(Sums *sums, double y, double p, double w)
{
	(void) y;
	ml_probability_sums_add(&sums->probability, 1, p, w);
}

/* One pass over the rows, whose figures are p. */
static MlCode
sum_rows(MlHost *host, MlScratch *scratch, const MlScores *s, const double *y, const double *p, const double *w,
		 void (*add) (Sums *, double, double, double), Sums *sums, MlStatus *status)
{
	int64_t		i;

	memset(sums, 0, sizeof(*sums));
	sums->calibration = ml_scratch_zero(scratch, ML_CALIBRATION_LENGTH(ML_ECE_BINS), sizeof(double), "metrics", status);
	if (sums->calibration == NULL)
		return ML_NO_MEMORY;
	for (i = 0; i < s->n; i++)
	{
		if (i % POLL_ROWS == 0 && host->poll(host, "metrics", (double) i / (double) s->n))
			return ml_status_set(status, ML_CANCELLED, "cancelled");
		add(sums, y[i], p[i], w ? w[i] : 1);
	}
	return ML_OK;
}

static void
regression_metrics(const MlErrorSums *sums, const char *split, MlMetric *metric, int *n)
{
	append(metric, n, split, "rmse", ml_error_sums_rmse(sums));
	append(metric, n, split, "mae", ml_error_sums_mae(sums));
	append(metric, n, split, "mape", ml_error_sums_mape(sums));
	append(metric, n, split, "r2", ml_error_sums_r2(sums));
}

/* Figures of labels; binary ones are those of class 1. */
static MlCode
class_metrics(MlScratch *scratch, const MlScores *s, const double *y, const double *w, const char *split,
			  MlMetric *metric, int *n, MlStatus *status)
{
	static const struct
	{
		const char *name;
		MlClassFigure figure;
	}			figures[] = {
		{"precision", ML_CLASS_PRECISION}, {"recall", ML_CLASS_RECALL}, {"f1", ML_CLASS_F1}
	};
	int			k = s->model->n_classes;
	bool		binary = s->model->task == ML_BINARY;
	MlClassSum *sum = ml_scratch_zero(scratch, (size_t) k, sizeof(MlClassSum), "metrics", status);
	int64_t		i;
	size_t		f;

	if (sum == NULL)
		return ML_NO_MEMORY;
	for (i = 0; i < s->n; i++)
	{
		assert(y[i] >= 0 && y[i] < k && s->label[i] >= 0 && s->label[i] < k);
		ml_class_add(&sum[(int) y[i]], &sum[s->label[i]], w ? w[i] : 1);
	}
	append(metric, n, split, "accuracy", ml_class_accuracy(sum, k));
	append(metric, n, split, "balanced_accuracy", ml_class_balanced_accuracy(sum, k));
	for (f = 0; f < sizeof(figures) / sizeof(figures[0]); f++)
		append(metric, n, split, figures[f].name, binary ? ml_class_one(sum, k, 1, figures[f].figure) :
			   ml_class_mean(sum, k, figures[f].figure, ML_CLASS_MACRO));
	append(metric, n, split, "mcc", ml_class_mcc(sum, k));
	return ML_OK;
}

MlCode
ml_score_metrics(MlHost *host, MlScratch *scratch, MlScores *s, const char *split, bool exact,
				 MlMetric *metric, int *n, MlStatus *status)
{
	const double *y = s->data->y + s->from;
	const double *w = s->data->weight ? s->data->weight + s->from : NULL;
	Sums		sums;
	Order		order;
	MlCode		code;
	double		auc;

	if (s->n == 0)
		return ML_OK;
	if (s->model->task == ML_REGRESSION)
	{
		code = sum_rows(host, scratch, s, y, s->score, w, add_number, &sums, status);
		if (code == ML_OK)
			regression_metrics(&sums.error, split, metric, n);
		return code;
	}
	code = class_metrics(scratch, s, y, w, split, metric, n, status);
	if (code == ML_OK)
		code = order_alloc(scratch, s->n, &order, status);
	if (code != ML_OK)
		return code;
	if (s->model->task == ML_BINARY)
	{
		code = sum_rows(host, scratch, s, y, s->score, w, add_probability, &sums, status);
		if (code != ML_OK)
			return code;
		ml_score_order(s->score, s->n, order.row, order.sort);
		append(metric, n, split, "roc_auc", ml_roc_auc(y, 1, s->score, w, order.row, s->n));
		append(metric, n, split, "pr_auc", ml_average_precision(y, 1, s->score, w, order.row, s->n));
		append(metric, n, split, "log_loss", ml_probability_sums_log_loss(&sums.probability));
		append(metric, n, split, "brier", ml_probability_sums_brier(&sums.probability));
		append(metric, n, split, "ece", ml_calibration_sums_ece(sums.calibration, ML_ECE_BINS));
		return ML_OK;
	}
	code = auc_one_vs_rest(host, s, y, w, exact, &order, &auc, status);
	if (code == ML_OK)
		code = sum_rows(host, scratch, s, y, s->actual, w, add_actual, &sums, status);
	if (code != ML_OK)
		return code;
	append(metric, n, split, "roc_auc", auc);
	append(metric, n, split, "log_loss", ml_probability_sums_log_loss(&sums.probability));
	return ML_OK;
}
