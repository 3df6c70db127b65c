/*
 * selection.c: which SQL features are worth keeping: the table of methods,
 * and what becomes of their scores.
 *
 * A feature of several columns (a vector) has the score of its best one; its
 * p-value is that column's times the number of columns, at most 1.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/sum.h"
#include "learn/selection_rows.h"

const MlSelector *const ml_selectors[] = {
	&ml_select_variance,
	&ml_select_correlation,
	&ml_select_chi2,
	&ml_select_f_test,
	&ml_select_mutual_info,
	&ml_select_l1,
	&ml_select_importance,
	&ml_select_permutation,
};
const int	ml_n_selectors = (int) (sizeof(ml_selectors) / sizeof(ml_selectors[0]));

const MlSelector *
ml_selector_find(const char *name)
{
	for (int i = 0; i < ml_n_selectors; i++)
		if (strcmp(ml_selectors[i]->name, name) == 0)
			return ml_selectors[i];
	return NULL;
}

const char *
ml_selector_name(const MlSelector *selector)
{
	return selector->name;
}

bool
ml_selector_does(const MlSelector *selector, MlTaskKind task)
{
	return (selector->tasks & task) != 0;
}

int
ml_select_features(const MlDataset *data)
{
	return data->p > 0 ? data->column[data->p - 1].feature + 1 : 0;
}

/* ---- the target ---- */

static void
order_classes(MlSelectionRows *rows)
{
	/* stable insertion: of equal classes the first first */
	for (int c = 0; c < rows->n_classes; c++)
	{
		int			at = c;

		for (; at > 0 && rows->class_rows[rows->by_size[at - 1]] < rows->class_rows[c]; at--)
			rows->by_size[at] = rows->by_size[at - 1];
		rows->by_size[at] = c;
	}
}

static MlCode
look_at_target(MlScratch *scratch, const MlDataset *data, MlSelectionRows *rows, MlStatus *status)
{
	MlSum		sum = {0, 0};
	MlSum		square = {0, 0};

	memset(rows, 0, sizeof(*rows));
	rows->data = data;
	rows->n = data->n_train;
	rows->n_classes = data->task == ML_REGRESSION ? 0 : data->n_classes;
	rows->class_rows = ml_scratch_zero(scratch, (size_t) rows->n_classes + 1, sizeof(int64_t), "classes", status);
	rows->by_size = ml_scratch_zero(scratch, (size_t) rows->n_classes + 1, sizeof(int), "classes", status);
	if (rows->class_rows == NULL || rows->by_size == NULL)
		return status->code;
	if (rows->n == 0)
		return ml_status_set(status, ML_BAD_DATA, "there is no row to learn from");
	for (int64_t i = 0; i < rows->n; i++)
		if (rows->n_classes > 0)
			rows->class_rows[(int) data->y[i]]++;
		else
			ml_sum_add(&sum, data->y[i]);
	rows->y_mean = ml_sum_value(&sum) / (double) rows->n;
	for (int64_t i = 0; i < rows->n && rows->n_classes == 0; i++)
		ml_sum_add(&square, (data->y[i] - rows->y_mean) * (data->y[i] - rows->y_mean));
	rows->y_square = ml_sum_value(&square);
	for (int c = 0; c < rows->n_classes; c++)
		rows->n_present += rows->class_rows[c] > 0;
	if (rows->n_classes > 0 && rows->n_present < 2)
		return ml_status_set(status, ML_BAD_DATA, "all training rows belong to one class");
	order_classes(rows);
	return ML_OK;
}

/* ---- column by column ---- */

typedef struct Columns
{
	const MlSelectionRows *rows;
	const MlSelector *selector;
	MlColumnScore *out;
} Columns;

static void
score_column(void *arg, int column, void *room)
{
	Columns    *columns = arg;
	MlColumnScore *out = &columns->out[column];

	*out = (MlColumnScore) {.score = NAN,.p_value = NAN};
	columns->selector->column(columns->rows, &columns->rows->data->column[column], room, out);
}

/* Whether a is a better column than b. */
static bool
is_better(const MlSelector *selector, double score_a, double p_a, double score_b, double p_b)
{
	if (isnan(score_a) || isnan(score_b))
		return !isnan(score_a);
	if (selector->by_p_value && p_a != p_b)
		return p_a < p_b;
	return score_a > score_b;
}

static void
fold_columns(const MlSelector *selector, const MlDataset *data, const MlColumnScore *column, MlFeatureScore *score)
{
	for (int c = 0; c < data->p;)
	{
		int			f = data->column[c].feature;
		int			first = c;
		int			best = c;

		for (; c < data->p && data->column[c].feature == f; c++)
			if (is_better(selector, column[c].score, column[c].p_value, column[best].score, column[best].p_value))
				best = c;
		score[f].score = column[best].score;
		score[f].p_value = isnan(column[best].p_value) ? NAN : fmin(column[best].p_value * (c - first), 1);
		score[f].rows = column[best].rows;
		score[f].reason = column[best].reason;
		score[f].column = c - first > 1 && !isnan(column[best].score) ? best : -1;
	}
}

static MlCode
score_columns(MlScratch *scratch, const MlSelectionRows *rows, const MlSelection *selection, MlFeatureScore *score,
			  MlStatus *status)
{
	const MlDataset *data = rows->data;
	Columns		columns = {.rows = rows,.selector = selection->selector};
	size_t		most = 0;
	MlCode		code;

	for (int c = 0; c < data->p; c++)
	{
		size_t		room = columns.selector->room(rows, &data->column[c]);

		most = room > most ? room : most;
	}
	columns.out = ml_scratch_alloc(scratch, (size_t) data->p, sizeof(MlColumnScore), "feature selection", status);
	if (columns.out == NULL)
		return status->code;
	code = ml_lanes_run(scratch, data->p, most, score_column, &columns, "feature selection", status);
	if (code == ML_OK)
		fold_columns(selection->selector, data, columns.out, score);
	return code;
}

/* ---- ranks ---- */

typedef struct Ranked
{
	const MlSelector *selector;
	const MlFeatureScore *score;
	int			feature;
} Ranked;

static int
compare_ranked(const void *a, const void *b)
{
	const Ranked *x = a;
	const Ranked *y = b;

	if (is_better(x->selector, x->score->score, x->score->p_value, y->score->score, y->score->p_value))
		return -1;
	if (is_better(x->selector, y->score->score, y->score->p_value, x->score->score, x->score->p_value))
		return 1;
	return x->feature - y->feature;
}

static MlCode
rank_features(MlScratch *scratch, const MlSelection *selection, MlFeatureScore *score, int n, MlStatus *status)
{
	Ranked	   *ranked = ml_scratch_alloc(scratch, (size_t) n, sizeof(Ranked), "feature selection", status);

	if (ranked == NULL)
		return status->code;
	for (int f = 0; f < n; f++)
		ranked[f] = (Ranked) {selection->selector, &score[f], f};
	qsort(ranked, (size_t) n, sizeof(Ranked), compare_ranked);
	for (int r = 0; r < n; r++)
	{
		MlFeatureScore *s = &score[ranked[r].feature];

		s->rank = r + 1;
		s->selected = s->score > 0 && (selection->k == 0 || r < selection->k);
	}
	return ML_OK;
}

MlCode
ml_select(MlHost *host, const MlDataset *data, const MlSelection *selection, MlFeatureScore *score, MlStatus *status)
{
	const MlSelector *selector = selection->selector;
	int			n = ml_select_features(data);
	MlSelectionRows rows;
	MlScratch	scratch;
	MlCode		code;

	for (int f = 0; f < n; f++)
		score[f] = (MlFeatureScore) {.score = NAN,.p_value = NAN,.std = NAN,.penalty = NAN,.column = -1};
	ml_scratch_init(&scratch, host);
	code = look_at_target(&scratch, data, &rows, status);
	if (code == ML_OK && selector->column != NULL)
		code = score_columns(&scratch, &rows, selection, score, status);
	else if (code == ML_OK)
		code = selector->features(host, data, selection, score, status);
	if (code == ML_OK)
		code = rank_features(&scratch, selection, score, n, status);
	ml_scratch_release(&scratch);
	return code;
}
