/*
 * choice.c: the algorithm "auto".
 *
 * Knows which algorithms are compared, and what is kept of those that lose;
 * how one is trained and judged is the room learn's matter, and what is
 * written of it register.c's.
 *
 * The invariant: besides the best so far, at most one candidate holds memory.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "learn/folds.h"
#include "pg/choice.h"
#include "pg/options.h"
#include "pg/selection.h"
#include "pg/status.h"

static void
read_param(const char *name, JsonbValue *value, void *arg)
{
	int		   *folds = arg;

	if (strcmp(name, "folds") == 0)
	{
		*folds = (int) mlops_option_integer("folds", value, 2, ML_MAX_FOLDS);
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("parameter \"%s\" does not exist for algorithm \"" MLOPS_CHOICE "\"", name),
			 errdetail("It takes only \"folds\": every candidate has its defaults."),
			 errhint("Name the algorithm to set its parameters.")));
}

int
mlops_choice_folds(Jsonb *params)
{
	int			folds = 0;

	if (params != NULL)
		mlops_option_each(params, "params", read_param, &folds);
	return folds;
}

/* In the order in which equals win: the simplest first. */
static void
list_candidates(MlTaskKind task, MlopsChoice *choice)
{
	const char *name[MLOPS_MAX_CANDIDATES] = {
		task == ML_REGRESSION ? "linear_regression" : "logistic_regression", "random_forest", "gradient_boosting"
	};
	MlStatus	status = {0};

	choice->n = MLOPS_MAX_CANDIDATES;
	choice->winner = -1;
	for (int i = 0; i < choice->n; i++)
		ml_params_init(&choice->candidate[i].params, ml_learner_find(name[i]));
	if (task == ML_REGRESSION)
	{
		MlParams   *linear = &choice->candidate[0].params;

		/* many columns, or columns that repeat each other, must not make the simplest candidate the worst */
		mlops_check_status(ml_param_set_text(linear, ml_param_index(linear->learner, "penalty"), "l2", &status),
						   &status);
	}
}

static double *
copy_curve(const double *curve, int n)
{
	Size		size = sizeof(double) * n;

	return curve == NULL ? NULL : memcpy(palloc(Max(size, 1)), curve, size);
}

/* What a run says of a fit; bytes, preprocessing and coefficients go with their memory. */
static void
keep_figures(MlTrainResult *result)
{
	const MlFit fit = result->fit;
	MlTrainResult *kept = palloc0(sizeof(MlTrainResult));

	kept->n_metrics = result->n_metrics;
	memcpy(kept->metric, result->metric, sizeof(kept->metric));
	kept->fit.solver = fit.solver;
	kept->fit.iterations = fit.iterations;
	kept->fit.converged = fit.converged;
	kept->fit.objective = fit.objective;
	kept->fit.max_gradient = fit.max_gradient;
	kept->fit.oob_score = fit.oob_score;
	kept->fit.n_rounds = fit.n_rounds;
	kept->fit.curve_metric = fit.curve_metric;
	kept->fit.curve_train = copy_curve(fit.curve_train, fit.n_rounds);
	kept->fit.curve_validation = copy_curve(fit.curve_validation, fit.n_rounds);
	*result = *kept;
	pfree(kept);
}

static void
refuse_choice(const MlDataset *data, const char *metric)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("algorithm \"" MLOPS_CHOICE "\" cannot choose: %s is not defined on the validation rows", metric),
			 errdetail("The split leaves " INT64_FORMAT " training, " INT64_FORMAT " validation and " INT64_FORMAT
					   " test rows.", data->n_train, data->n_valid, data->n - data->n_train - data->n_valid),
			 errhint("Raise \"validation\" in the \"split\" of the model's config, or name an algorithm.")));
}

/* Fits and judges one in the memory that the host gives now. */
static MlCode
try_candidate(MlopsHost *host, const MlDataset *data, const MlTrainSpec *spec, MlopsCandidate *candidate,
			  MlStatus *status)
{
	TimestampTz start = GetCurrentTimestamp();
	Size		peak = host->peak;
	const MlLearner *learner = spec->learner;
	MlCode		code = ML_OK;

	host->peak = host->used;
	if (learner->check != NULL)
		code = learner->check(&candidate->params, data->task, status);
	if (code == ML_OK)
		code = ml_train_try(&host->host, data, spec, &candidate->result, status);
	candidate->value = NAN;
	if (code == ML_OK)
		candidate->value = ml_result_metric(&candidate->result, spec->metric, "validation");
	candidate->ended_at = GetCurrentTimestamp();
	candidate->seconds = (candidate->ended_at - start) / 1e6;
	candidate->peak_memory = host->peak;
	host->peak = Max(peak, host->peak);
	return code;
}

static void
tell_failure(MlopsCandidate *candidate, const MlStatus *status)
{
	candidate->error = mlops_valid_text(status->message);
	ereport(WARNING,
			(errmsg("algorithm \"" MLOPS_CHOICE "\" goes on without \"%s\": %s", candidate->params.learner->name,
					candidate->error),
			 status->detail[0] ? errdetail_internal("%s", mlops_valid_text(status->detail)) : 0,
			 status->hint[0] ? errhint("%s", mlops_valid_text(status->hint)) : 0));
}

void
mlops_choice_make(MlopsHost *host, const MlopsDefinition *definition, const MlDataset *data,
				  MlTrainSpec *spec, MlTrainResult *result, MlopsChoice *choice)
{
	MemoryContext training = host->context;
	const char *what = host->what;
	MemoryContext best_memory = NULL;
	Size		best_held = 0;
	MlTrainSpec best = *spec;
	MlStatus	first_failure = {0};
	int			failed = 0;
	int			sign = ml_metric_direction(spec->metric, data->task);

	if (data->n_valid == 0)
		refuse_choice(data, spec->metric);
	list_candidates(data->task, choice);
	for (int i = 0; i < choice->n; i++)
	{
		MlopsCandidate *candidate = &choice->candidate[i];
		MlopsCandidate *before = choice->winner >= 0 ? &choice->candidate[choice->winner] : NULL;
		MlTrainSpec mine = *spec;
		MemoryContext memory = AllocSetContextCreate(training, "mlops candidate", ALLOCSET_DEFAULT_SIZES);
		Size		used = host->used;
		MlStatus	status = {0};
		MlCode		code;

		mine.learner = candidate->params.learner;
		mine.params = &candidate->params;
		mine.prep = mlops_definition_prep(definition, data, mine.learner);
		host->context = memory;
		host->what = psprintf("%s, %s", what, mine.learner->name);
		code = try_candidate(host, data, &mine, candidate, &status);
		host->context = training;
		host->what = what;
		if (code == ML_CANCELLED || code == ML_NO_MEMORY)
			mlops_check_status(code, &status);
		if (code != ML_OK)
		{
			memset(&candidate->result, 0, sizeof(candidate->result));
			tell_failure(candidate, &status);
			if (failed++ == 0)
				first_failure = status;
		}
		if (!isnan(candidate->value) && (before == NULL || sign * candidate->value > sign * before->value))
		{
			Size		held = host->used - used;

			if (before != NULL)
			{
				keep_figures(&before->result);
				MemoryContextDelete(best_memory);
				host->used -= best_held;
			}
			choice->winner = i;
			best = mine;
			best_memory = memory;
			best_held = held;
			continue;
		}
		if (code == ML_OK)
			keep_figures(&candidate->result);
		MemoryContextDelete(memory);
		host->used = used;
	}
	if (failed == choice->n)
		mlops_check_status(first_failure.code, &first_failure);
	if (choice->winner < 0)
		refuse_choice(data, spec->metric);
	*spec = best;
	*result = choice->candidate[choice->winner].result;
}

/* ---- folds ---- */

/* The rows as they stand: at[i] is where row i was read. */
typedef struct Arrangement
{
	MlopsRows  *rows;
	uint32	   *at;
	uint32	   *next;			/* what at is to become */
	uint32	   *place;			/* of each row read */
} Arrangement;

static void
arrange(Arrangement *a)
{
	int64		n = a->rows->n;

	for (int64 i = 0; i < n; i++)
		a->place[a->at[i]] = (uint32) i;
	memcpy(a->at, a->next, sizeof(uint32) * n);
	for (int64 i = 0; i < n; i++)
		a->next[i] = a->place[a->next[i]];
	mlops_rows_permute(a->rows, a->next, n);
}

/* The rows of one fold: those that learn, those that judge, all others; in each part as in row. */
static void
arrange_fold(Arrangement *a, const uint32 *row, const uint8 *part, int fold, MlDataset *data)
{
	bool		by_time = a->rows->time != NULL;
	int64		n = data->n_train;
	int64		to = 0;
	int64		count[3] = {0};

	for (int role = ML_FOLD_LEARNS; role <= ML_FOLD_RESTS; role++)
		for (int64 i = 0; i < n; i++)
			if ((int) ml_fold_role(fold, part[i], by_time) == role)
			{
				a->next[to++] = row[i];
				count[role]++;
			}
	memcpy(a->next + n, row + n, sizeof(uint32) * (a->rows->n - n));
	arrange(a);
	data->n_train = count[ML_FOLD_LEARNS];
	data->n_valid = count[ML_FOLD_JUDGES];
	data->n = data->n_train + data->n_valid;
}

/* Trains and judges one candidate on one fold; false: it is out. */
static bool
judge_fold(MlopsHost *host, const MlopsDefinition *definition, const MlDataset *data, const MlTrainSpec *spec,
		   int fold, MlopsCandidate *candidate, double *value, MlStatus *status)
{
	MemoryContext training = host->context;
	const char *what = host->what;
	Size		used = host->used;
	Size		peak = candidate->peak_memory;
	double		seconds = candidate->seconds;
	MlTrainSpec mine = *spec;
	MlCode		code;

	mine.learner = candidate->params.learner;
	mine.params = &candidate->params;
	mine.prep = mlops_definition_prep(definition, data, mine.learner);
	host->context = AllocSetContextCreate(training, "mlops fold", ALLOCSET_DEFAULT_SIZES);
	host->what = psprintf("%s, %s, fold %d", what, mine.learner->name, fold + 1);
	code = try_candidate(host, data, &mine, candidate, status);
	MemoryContextDelete(host->context);
	host->context = training;
	host->what = what;
	host->used = used;
	memset(&candidate->result, 0, sizeof(candidate->result));
	candidate->seconds += seconds;
	candidate->peak_memory = Max(candidate->peak_memory, peak);
	if (code == ML_CANCELLED || code == ML_NO_MEMORY)
		mlops_check_status(code, status);
	*value = candidate->value;
	return code == ML_OK;
}

static void
keep_means(MlopsCandidate *candidate, const double *value, int folds)
{
	MlTrainResult *result = &candidate->result;

	candidate->value = 0;
	candidate->std = 0;
	for (int i = 0; i < folds; i++)
		candidate->value += value[i] / folds;
	for (int i = 0; i < folds; i++)
		candidate->std += (value[i] - candidate->value) * (value[i] - candidate->value) / folds;
	candidate->std = sqrt(candidate->std);
	result->n_metrics = 2;
	result->metric[0] = (MlMetric) {.name = "cv_mean",.split = "validation",.value = candidate->value};
	result->metric[1] = (MlMetric) {.name = "cv_std",.split = "validation",.value = candidate->std};
}

/* Who has the best mean; -1: nobody. */
static int
best_candidate(const MlopsChoice *choice, int sign)
{
	int			best = -1;

	for (int i = 0; i < choice->n; i++)
	{
		const MlopsCandidate *candidate = &choice->candidate[i];

		if (candidate->error == NULL && !isnan(candidate->value) &&
			(best < 0 || sign * candidate->value > sign * choice->candidate[best].value))
			best = i;
	}
	return best;
}

void
mlops_choice_fold(MlopsHost *host, const MlopsDefinition *definition, MlopsRows *rows, const MlDataset *data,
				  const uint32 *row, MlTrainSpec *spec, MlopsChoice *choice)
{
	Arrangement a = {.rows = rows};
	MlStatus	status = {0};
	MlStatus	first_failure = {0};
	uint8	   *part = mlops_host_array(host, data->n_train, sizeof(uint8), "folds");
	int32	   *label = mlops_host_array(host, rows->n, sizeof(int32), "folds");
	double		value[MLOPS_MAX_CANDIDATES][ML_MAX_FOLDS];

	a.at = mlops_host_array(host, rows->n, sizeof(uint32), "folds");
	a.next = mlops_host_array(host, rows->n, sizeof(uint32), "folds");
	a.place = mlops_host_array(host, rows->n, sizeof(uint32), "folds");
	memcpy(a.at, row, sizeof(uint32) * rows->n);
	for (int64 i = 0; i < rows->n; i++)
		label[row[i]] = data->task == ML_REGRESSION ? -1 : (int32) data->y[i];
	mlops_check_status(ml_folds(&host->host, data->n_train, row, choice->folds, rows->key_hash, rows->content,
								rows->time, label, part, &status), &status);
	list_candidates(data->task, choice);
	for (int fold = 0; fold < choice->folds; fold++)
	{
		MlDataset	mine = *data;

		arrange_fold(&a, row, part, fold, &mine);
		if (definition->config.select_method != NULL)
			mlops_selection_narrow(host, definition, &mine, (int64) spec->seed, spec->metric);
		for (int i = 0; i < choice->n; i++)
		{
			MlopsCandidate *candidate = &choice->candidate[i];

			if (candidate->error != NULL || judge_fold(host, definition, &mine, spec, fold, candidate,
													   &value[i][fold], &status))
				continue;
			tell_failure(candidate, &status);
			if (first_failure.code == ML_OK)
				first_failure = status;
		}
	}
	for (int64 i = 0; i < rows->n; i++)
		a.next[i] = (uint32) i;
	arrange(&a);
	host->host.release(&host->host, a.at);
	host->host.release(&host->host, a.next);
	host->host.release(&host->host, a.place);
	host->host.release(&host->host, part);
	host->host.release(&host->host, label);
	for (int i = 0; i < choice->n; i++)
		if (choice->candidate[i].error == NULL)
			keep_means(&choice->candidate[i], value[i], choice->folds);
		else
			choice->candidate[i].value = NAN;
	choice->winner = best_candidate(choice, ml_metric_direction(spec->metric, data->task));
	if (choice->winner < 0)
	{
		mlops_check_status(first_failure.code, &first_failure);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"" MLOPS_CHOICE "\" cannot choose: %s is not defined in every fold", spec->metric),
				 errhint("Use fewer folds, or name an algorithm.")));
	}
	spec->learner = choice->candidate[choice->winner].params.learner;
	spec->params = &choice->candidate[choice->winner].params;
	spec->prep = mlops_definition_prep(definition, data, spec->learner);
}
