/*
 * selection.c: feature selection over the rows of a training.
 *
 * The figures are the room learn's matter (learn/selection.c); here they get
 * names, and the features that they do not keep go: from the set of
 * expressions, with it from the input signature of the version, and from the
 * columns the learner sees.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "pg/options.h"
#include "pg/selection.h"
#include "pg/status.h"

/* So many names are told of those kept, and of those that a method cannot judge. */
#define MAX_TOLD 20

int
mlops_selection_methods(const char **name)
{
	for (int i = 0; i < ml_n_selectors; i++)
		name[i] = ml_selector_name(ml_selectors[i]);
	return ml_n_selectors;
}

void
mlops_selection_check(const char *method, MlTaskKind task)
{
	if (!ml_selector_does(ml_selector_find(method), task))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method \"%s\" cannot select features for %s", method,
						task == ML_REGRESSION ? "regression" : "classification"),
				 errhint("Use \"f_test\" or \"mutual_info\".")));
}

/* A training says the same of the columns it keeps. */
static void
say_nothing(MlHost *host, const char *message, const char *hint)
{
	(void) host;
	(void) message;
	(void) hint;
}

MlopsSelection *
mlops_selection_score(MlopsHost *host, const MlopsFeatureSet *features, const MlDataset *data,
					  const char *method, int k, int64 seed, const char *metric)
{
	MlopsSelection *result = palloc0(sizeof(MlopsSelection));
	MlSelection selection = {ml_selector_find(method), k, (uint64) seed, metric};
	MemoryContext training = host->context;
	Size		used = host->used;
	void		(*warn) (MlHost *, const char *, const char *) = host->host.warn;
	MlStatus	status = {0};

	mlops_selection_check(method, data->task);
	result->method = method;
	result->n = features->n;
	result->name = palloc(sizeof(char *) * features->n);
	result->column = palloc0(sizeof(char *) * features->n);
	result->score = palloc(sizeof(MlFeatureScore) * features->n);
	for (int i = 0; i < features->n; i++)
		result->name[i] = pstrdup(features->feature[i].name);
	mlops_host_phase(host, "feature selection");
	/* what a method fits on the way goes with this context */
	host->context = AllocSetContextCreate(training, "mlops feature selection", ALLOCSET_DEFAULT_SIZES);
	host->host.warn = say_nothing;
	mlops_check_status(ml_select(&host->host, data, &selection, result->score, &status), &status);
	host->host.warn = warn;
	MemoryContextDelete(host->context);
	host->context = training;
	host->used = used;
	for (int i = 0; i < result->n; i++)
		if (result->score[i].column >= 0)
			result->column[i] = pstrdup(data->column[result->score[i].column].name);
	return result;
}

int *
mlops_selection_order(const MlopsSelection *selection)
{
	int		   *order = palloc(sizeof(int) * selection->n);

	for (int i = 0; i < selection->n; i++)
		order[selection->score[i].rank - 1] = i;
	return order;
}

/* ---- in a training ---- */

static void
add_name(StringInfo list, int *n, const char *name, const char *reason)
{
	if (++*n > MAX_TOLD)
		return;
	appendStringInfo(list, "%s\"%s\"", list->len > 0 ? ", " : "", name);
	if (reason != NULL)
		appendStringInfo(list, " (%s)", reason);
}

static void
tell_selection(const MlopsSelection *selection)
{
	int		   *order = mlops_selection_order(selection);
	StringInfoData kept;
	StringInfoData unknown;
	int			n_kept = 0;
	int			n_unknown = 0;

	initStringInfo(&kept);
	initStringInfo(&unknown);
	for (int r = 0; r < selection->n; r++)
	{
		const MlFeatureScore *score = &selection->score[order[r]];

		if (score->selected)
			add_name(&kept, &n_kept, selection->name[order[r]], NULL);
		else if (score->reason != NULL)
			add_name(&unknown, &n_unknown, selection->name[order[r]], score->reason);
	}
	if (n_unknown > 0)
		ereport(NOTICE,
				(errmsg("features left out because method \"%s\" cannot judge them: %s%s", selection->method,
						unknown.data, n_unknown > MAX_TOLD ? ", ..." : "")));
	if (n_kept > 0)
		ereport(INFO,
				(errmsg("%d of %d features selected by %s: %s%s", n_kept, selection->n, selection->method,
						kept.data, n_kept > MAX_TOLD ? ", ..." : "")));
}

/* keep[i]: feature i is selected; raises when none is. */
static bool *
features_kept(const MlopsDefinition *d, const MlopsSelection *selection)
{
	bool	   *keep = palloc(sizeof(bool) * selection->n);
	int			kept = 0;

	for (int i = 0; i < selection->n; i++)
	{
		keep[i] = selection->score[i].selected;
		kept += keep[i];
	}
	if (kept == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no feature of model \"%s\" is selected by method \"%s\"", d->name, selection->method),
				 errdetail("None has a score above 0 on the training rows."),
				 errhint("Choose another method in config.select, or other features.")));
	return keep;
}

MlopsSelection *
mlops_selection_apply(MlopsHost *host, MlopsDefinition *d, MlopsRows *rows, MlDataset *data, int64 seed,
					  const char *metric)
{
	MlopsSelection *selection = mlops_selection_score(host, d->feature_set, data, d->config.select_method,
													  d->config.select_k, seed, metric);
	bool	   *keep;

	tell_selection(selection);
	keep = features_kept(d, selection);
	mlops_rows_keep(rows, keep);
	mlops_features_keep(d->feature_set, keep);
	data->p = rows->p;
	return selection;
}

void
mlops_selection_narrow(MlopsHost *host, const MlopsDefinition *d, MlDataset *data, int64 seed, const char *metric)
{
	MlopsSelection *selection = mlops_selection_score(host, d->feature_set, data, d->config.select_method,
													  d->config.select_k, seed, metric);
	const bool *keep = features_kept(d, selection);
	MlColumn   *column = palloc(sizeof(MlColumn) * data->p);
	int			p = 0;

	for (int j = 0; j < data->p; j++)
		if (keep[data->column[j].feature])
			column[p++] = data->column[j];
	data->column = column;
	data->owns_columns = false;
	data->p = p;
}

/* ---- as json ---- */

static void
add_detail(MlopsJson *json, const MlopsSelection *selection, int i)
{
	const MlFeatureScore *score = &selection->score[i];

	mlops_json_key(json, "rows");
	mlops_json_integer(json, score->rows);
	if (selection->column[i] != NULL)
	{
		mlops_json_key(json, "column");
		mlops_json_text(json, selection->column[i]);
	}
	if (!isnan(score->std))
	{
		mlops_json_key(json, "std");
		mlops_json_number(json, score->std);
	}
	if (!isnan(score->penalty))
	{
		mlops_json_key(json, "penalty");
		mlops_json_number(json, score->penalty);
	}
	if (score->reason != NULL)
	{
		mlops_json_key(json, "reason");
		mlops_json_text(json, score->reason);
	}
}

Jsonb *
mlops_selection_detail(const MlopsSelection *selection, int feature)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	add_detail(&json, selection, feature);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

Jsonb *
mlops_selection_write(const MlopsSelection *selection)
{
	int		   *order = mlops_selection_order(selection);
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin_array(&json);
	for (int r = 0; r < selection->n; r++)
	{
		const MlFeatureScore *score = &selection->score[order[r]];

		mlops_json_begin(&json);
		mlops_json_key(&json, "feature");
		mlops_json_text(&json, selection->name[order[r]]);
		mlops_json_key(&json, "method");
		mlops_json_text(&json, selection->method);
		mlops_json_key(&json, "score");
		mlops_json_number(&json, score->score);
		mlops_json_key(&json, "p_value");
		mlops_json_number(&json, score->p_value);
		mlops_json_key(&json, "rank");
		mlops_json_integer(&json, score->rank);
		mlops_json_key(&json, "selected");
		mlops_json_bool(&json, score->selected);
		add_detail(&json, selection, order[r]);
		mlops_json_end(&json);
	}
	mlops_json_end_array(&json);
	return mlops_json_finish(&json);
}
