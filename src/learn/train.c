/*
 * train.c: the life of one training, from dataset to result.
 *
 *     prepare the rows, draw those of rare and common classes
 *     trees: draw the baselines of the features, bin the rows, let their columns go
 *     fit on [0, n_train)  ->  bytes  ->  open those bytes
 *     judge them on the validation rows; a named threshold is chosen there
 *     refit: fit again on training and validation rows, new bytes
 *     judge the final bytes on the rows they learned from and on test rows
 *     ask how much each feature matters to them
 *     draw the baselines that are missing
 *
 * The invariant: every figure but those of the split "validation" after a
 * refit comes from exactly the bytes in the result, opened as prediction
 * opens them, and test rows are looked at once, at the end.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/baseline.h"
#include "learn/binned.h"
#include "learn/class_weight.h"
#include "learn/clock.h"
#include "learn/evaluate.h"
#include "learn/importance.h"

#define DEFAULT_THRESHOLD 0.5

/* Streams of the baselines of score and label, beside those of the columns. */
#define STREAM_SCORE UINT64_C(0x73636f7265)
#define STREAM_LABEL UINT64_C(0x6c6162656c)

/*
 * What one fit learns from beside targets and weights.  Trees learn from bins
 * instead of columns.
 */
typedef struct Input
{
	MlDataset	data;			/* its first part are the rows of this fit */
	MlPrep		prep;
	MlDataset	drawn;			/* these rows as they are sampled: what is learned from */
	MlPrep		drawn_prep;
	int64_t		rows_drawn;
	MlBinned	binned;			/* of drawn */
	MlScratch	memory;			/* of drawn rows and bins */
	bool		again;			/* the second fit */
	double		seconds;		/* of binning */
} Input;

/* Rows of data as a first fit takes them, or as the fit on all rows that are not test rows does. */
static Input
make_input(MlHost *host, const MlDataset *data, bool again)
{
	Input		in = {.data = *data,.again = again};

	if (again)
	{
		in.data.n_train += in.data.n_valid;
		in.data.n_valid = 0;
	}
	ml_scratch_init(&in.memory, host);
	return in;
}

static MlCode
baseline_features(MlHost *host, const MlDataset *data, uint64_t seed, MlTrainResult *result, MlStatus *status)
{
	result->feature = ml_alloc_zero(host, (size_t) data->p, sizeof(MlBaseline));
	if (result->feature == NULL)
		return ml_no_memory(status, (size_t) data->p * sizeof(MlBaseline), "the baseline");
	return ml_baseline_columns(host, data, seed, result->feature, status);
}

/*
 * Do bins say of every row all that trees ask of it?  Not of one that is left
 * out, nor of one from which more than one number of a column is made.
 */
static bool
bins_say_all(const MlDataset *data, const MlTrainSpec *spec)
{
	int			c;

	if (spec->sampling.method != ML_SAMPLING_NONE)
		return false;
	for (c = 0; spec->learner->binned && c < data->p; c++)
		if (spec->prep[c].encode != ML_ENCODE_NONE || spec->prep[c].indicator)
			return false;
	return spec->learner->binned;
}

/*
 * Preprocessing, drawn rows and bins.  last: the columns' rows of this fit are not looked
 * at again, so whoever owns them lets them go, after their baseline is drawn.
 */
static MlCode
prepare(MlHost *host, const MlTrainSpec *spec, bool last, Input *in, MlTrainResult *result, MlStatus *status)
{
	const MlLearner *learner = spec->learner;
	bool		drop_first = learner->drop_first && learner->drop_first(spec->params);
	bool		let_go = last && in->data.owns_columns && bins_say_all(&in->data, spec);
	MlCode		code;

	if (host->poll(host, "preprocessing", 0))
		return ml_status_set(status, ML_CANCELLED, "cancelled");
	code = ml_prep_fit(host, &in->data, spec->prep, learner->linear, drop_first, &in->prep, status);
	/* once is enough */
	if (code == ML_OK && !in->again)
		ml_prep_tell_empty(host, &in->data, spec->prep);
	if (code == ML_OK)
		code = ml_sample(&in->memory, &in->data, &in->prep, &spec->sampling, spec->seed, &in->drawn, &in->drawn_prep,
						 &in->rows_drawn, status);
	if (code != ML_OK || !learner->binned)
		return code;
	if (let_go)
		code = baseline_features(host, &in->data, spec->seed, result, status);
	in->seconds = -ml_seconds();
	if (code == ML_OK)
		code = ml_binned_build(host, &in->memory, &in->drawn, &in->drawn_prep,
							   (int) ml_param_number(spec->params, "max_bin"), spec->seed, let_go, &in->binned, status);
	/* of what is kept, not of each candidate */
	if (code == ML_OK && last)
		ml_binned_tell_shared(host, &in->binned);
	in->drawn.binned = &in->binned;
	in->data.first = in->drawn.first;
	in->data.binned = spec->sampling.method == ML_SAMPLING_NONE ? &in->binned : NULL;
	in->seconds += ml_seconds();
	return code;
}

/* Both layouts of the bins are there while the learner learns. */
static MlCode
learn(MlHost *host, const MlTrainSpec *spec, const MlParams *params, Input *in, void **section, size_t *size,
	  MlFit *fit, MlStatus *status)
{
	MlScratch	memory;
	MlCode		code = ML_OK;

	ml_scratch_init(&memory, host);
	if (spec->learner->binned)
	{
		in->seconds -= ml_seconds();
		code = ml_binned_turn(host, &memory, &in->binned, status);
		in->seconds += ml_seconds();
		ml_fit_timing(fit, "bin", in->seconds);
	}
	if (code == ML_OK)
		code = spec->learner->train(host, &in->drawn, in->drawn.n_train, &in->drawn_prep, params, spec->seed,
									section, size, fit, status);
	ml_scratch_release(&memory);
	in->binned.row = NULL;
	return code;
}

/* Margins that are not those of the bytes, row by row: they belong to other rows, or to rows prepared otherwise. */
static void
drop_margins(MlHost *host, const Input *in, MlFit *fit)
{
	if (fit->margin == NULL || (in->drawn.n_train == in->data.n_train && in->prep.fold == NULL))
		return;
	host->release(host, fit->margin);
	fit->margin = NULL;
}

/* Learner, bytes; the model is opened from them. */
static MlCode
fit_and_write(MlHost *host, const MlTrainSpec *spec, const MlParams *params, Input *in, MlTrainResult *result,
			  MlStatus *status)
{
	const double *log_prior;
	void	   *section = NULL;
	size_t		section_size = 0;
	MlCode		code = ML_OK;

	memset(&result->fit, 0, sizeof(result->fit));
	result->fit.oob_score = NAN;
	result->prep = in->prep;
	result->rows_sampled = in->drawn.class_ratio != NULL ? in->rows_drawn : 0;
	if (in->drawn.class_ratio != NULL)
		code = ml_class_prior(host, in->data.n_classes, in->drawn.class_ratio, &result->fit, status);
	if (code == ML_OK)
		code = learn(host, spec, params, in, &section, &section_size, &result->fit, status);
	if (code != ML_OK)
		return code;
	drop_margins(host, in, &result->fit);
	log_prior = spec->prior ? result->fit.log_prior : NULL;
	code = ml_model_write(host, spec->learner, &in->data, &in->prep, log_prior, section, section_size,
						  &result->bytes, &result->size, status);
	if (section)
		host->release(host, section);
	if (code == ML_OK)
		code = ml_model_open(host, result->bytes, result->size, &result->model, status);
	result->rows_fitted = in->data.n_train;
	return code;
}

/*
 * The threshold on P as served: what the user set, or one half of the raw
 * probability, moved as the prior moves P so that labels stay the same.
 */
static double
plain_threshold(const MlTrainSpec *spec, const MlFit *fit)
{
	double		t = isnan(spec->threshold) ? DEFAULT_THRESHOLD : spec->threshold;

	if (!spec->prior || fit->log_prior == NULL || !isnan(spec->threshold))
		return t;
	/* sigmoid(logit(1/2) - shift) */
	return 1 / (1 + exp(fit->log_prior[1] - fit->log_prior[0]));
}

/* result->threshold by the rule on the validation rows, or the plain one. */
static MlCode
choose_threshold(MlHost *host, MlScratch *scratch, const MlTrainSpec *spec, const MlScores *valid,
				 MlTrainResult *result, MlStatus *status)
{
	double		chosen = NAN;
	MlCode		code;

	if (spec->threshold_rule == NULL)
		return ML_OK;
	if (valid->n > 0)
	{
		code = ml_score_threshold(scratch, valid, spec->threshold_rule, spec->cost, &chosen, status);
		if (code != ML_OK)
			return code;
	}
	if (isnan(chosen))
		host->warn(host, "the validation rows are too few to choose a threshold, so the default is used",
				   "Raise \"validation\" in the \"split\" of the model's config, or set a number.");
	else
		result->threshold = chosen;
	return ML_OK;
}

/* With the number of rounds early stopping has found, and early stopping off. */
static void
fix_rounds(MlParams *params, const MlFit *fit)
{
	int			stop = ml_param_index(params->learner, "early_stopping_rounds");
	int			rounds = ml_param_index(params->learner, "n_estimators");

	if (stop < 0 || rounds < 0 || !(params->number[stop] > 0) || fit->iterations <= 0)
		return;
	params->number[rounds] = fit->iterations;
	params->number[stop] = 0;
}

/* The first model's work: validation figures and the threshold. */
static MlCode
use_validation(MlHost *host, const MlDataset *data, const MlTrainSpec *spec,
			   MlTrainResult *result, MlStatus *status)
{
	MlScratch	scratch;
	MlScores	valid;
	MlCode		code;

	result->threshold = NAN;
	if (data->task == ML_BINARY)
		result->threshold = plain_threshold(spec, &result->fit);
	ml_scratch_init(&scratch, host);
	code = ml_score_rows(host, &scratch, &result->model, data, data->n_train, data->n_train + data->n_valid, NULL,
						 &valid, status);
	if (code == ML_OK && data->task == ML_BINARY)
		code = choose_threshold(host, &scratch, spec, &valid, result, status);
	if (code == ML_OK)
	{
		ml_score_labels(&valid, result->threshold);
		code = ml_score_metrics(host, &scratch, &valid, "validation", true,
								result->metric, &result->n_metrics, status);
	}
	ml_scratch_release(&scratch);
	return code;
}

/* Baselines of score and label from the rows in s. */
static MlCode
baseline_scores(MlHost *host, const MlScores *s, uint64_t seed, MlTrainResult *result, MlStatus *status)
{
	const MlDataset *data = s->data;
	MlCode		code;

	code = ml_baseline_numbers(host, s->score, s->n, seed, STREAM_SCORE, &result->score, status);
	if (code != ML_OK)
		return code;
	if (data->task == ML_REGRESSION)
		return ml_baseline_numbers(host, data->y + s->from, s->n, seed, STREAM_LABEL, &result->label, status);
	return ml_baseline_codes(host, s->label, s->n, data->class_name, data->n_classes, &result->label, status);
}

static MlCode
confusion(MlHost *host, const MlScores *test, MlTrainResult *result, MlStatus *status)
{
	size_t		k = (size_t) test->data->n_classes;

	if (test->n == 0 || test->data->task == ML_REGRESSION)
		return ML_OK;
	result->confusion = ml_alloc_array(host, k * k, sizeof(int64_t));
	if (result->confusion == NULL)
		return ml_no_memory(status, k * k * sizeof(int64_t), "the confusion matrix");
	ml_score_confusion(test, result->confusion);
	return ML_OK;
}

/* Figures, confusion and baselines of rows [from, to). */
static MlCode
judge(MlHost *host, const MlDataset *data, const MlTrainSpec *spec,
	  int64_t from, int64_t to, const char *split, bool baseline,
	  MlTrainResult *result, MlStatus *status)
{
	bool		test = strcmp(split, "test") == 0;
	MlScratch	scratch;
	MlScores	scores;
	MlCode		code;

	ml_scratch_init(&scratch, host);
	code = ml_score_rows(host, &scratch, &result->model, data, from, to,
						 strcmp(split, "train") == 0 ? result->fit.margin : NULL, &scores, status);
	if (code == ML_OK)
	{
		ml_score_labels(&scores, result->threshold);
		if (strcmp(split, "validation") != 0)
			code = ml_score_metrics(host, &scratch, &scores, split, test,
									result->metric, &result->n_metrics, status);
	}
	if (code == ML_OK && test)
		code = confusion(host, &scores, result, status);
	if (code == ML_OK && data->task == ML_BINARY && strcmp(split, "train") != 0)
		code = ml_score_thresholds(host, &scratch, &scores, split, result->threshold, &result->thresholds, status);
	if (code == ML_OK && baseline)
		code = baseline_scores(host, &scores, spec->seed, result, status);
	ml_scratch_release(&scratch);
	return code;
}

/* The final model on the rows it learned from, on test rows, and the baselines. */
static MlCode
judge_final(MlHost *host, const MlDataset *data, const MlTrainSpec *spec,
			MlTrainResult *result, MlStatus *status)
{
	int64_t		learned = data->n_train;
	int64_t		test = data->n_train + data->n_valid;
	bool		has_test = test < data->n;
	bool		has_valid = data->n_valid > 0;
	MlCode		code;

	code = judge(host, data, spec, 0, learned, "train", !has_test && !has_valid, result, status);
	if (result->fit.margin)
		host->release(host, result->fit.margin);
	result->fit.margin = NULL;
	/* without test rows, rows that only chose are nearer to held-out ones than those learned from */
	if (code == ML_OK && !has_test && has_valid)
		code = judge(host, data, spec, learned, test, "validation", true, result, status);
	if (code == ML_OK && has_test)
		code = judge(host, data, spec, test, data->n, "test", true, result, status);
	if (code == ML_OK)
		code = ml_importance(host, &result->model, data, spec, has_test ? test : learned, data->n, result, status);
	if (code == ML_OK && result->feature == NULL)
		code = baseline_features(host, data, spec->seed, result, status);
	return code;
}

/* The curve that chose the rounds stays: fitted again, without rows that choose, there is no other. */
static void
keep_curve(const MlFit *first, MlFit *fit)
{
	if (first->curve_validation == NULL)
		return;
	fit->n_rounds = first->n_rounds;
	fit->curve_metric = first->curve_metric;
	fit->curve_train = first->curve_train;
	fit->curve_validation = first->curve_validation;
}

double
ml_result_metric(const MlTrainResult *result, const char *name, const char *split)
{
	for (int i = 0; i < result->n_metrics; i++)
		if (strcmp(result->metric[i].name, name) == 0 && strcmp(result->metric[i].split, split) == 0)
			return result->metric[i].value;
	return NAN;
}

/* The first fit, judged on the validation rows. */
static MlCode
first_fit(MlHost *host, const MlTrainSpec *spec, Input *in, MlTrainResult *result, MlStatus *status)
{
	MlCode		code = fit_and_write(host, spec, spec->params, in, result, status);

	return code == ML_OK ? use_validation(host, &in->data, spec, result, status) : code;
}

/* The fit on both parts, with what the first one has chosen. */
static MlCode
second_fit(MlHost *host, const MlTrainSpec *spec, Input *in, MlTrainResult *result, MlStatus *status)
{
	MlParams	params = *spec->params;
	MlFit		first = result->fit;
	double		threshold = result->threshold;
	double		plain = in->data.task == ML_BINARY ? plain_threshold(spec, &result->fit) : NAN;
	MlCode		code;

	fix_rounds(&params, &result->fit);
	host->release(host, result->bytes);
	if (result->fit.margin)
		host->release(host, result->fit.margin);
	code = fit_and_write(host, spec, &params, in, result, status);
	if (code != ML_OK)
		return code;
	keep_curve(&first, &result->fit);
	/* a chosen threshold stays; the default follows the new weights */
	if (in->data.task == ML_BINARY && threshold == plain)
		result->threshold = plain_threshold(spec, &result->fit);
	return ML_OK;
}

static bool
fits_again(const MlDataset *data, const MlTrainSpec *spec)
{
	return spec->refit && data->n_valid > 0;
}

MlCode
ml_train_try(MlHost *host, const MlDataset *data, const MlTrainSpec *spec,
			 MlTrainResult *result, MlStatus *status)
{
	Input		in = make_input(host, data, false);
	MlCode		code;

	assert(data->n_train > 0 && data->n_valid >= 0 && data->n_train + data->n_valid <= data->n && data->first == 0);
	memset(result, 0, sizeof(*result));
	code = prepare(host, spec, false, &in, result, status);
	if (code == ML_OK)
		code = first_fit(host, spec, &in, result, status);
	ml_scratch_release(&in.memory);
	return code;
}

MlCode
ml_train_finish(MlHost *host, MlDataset *data, const MlTrainSpec *spec,
				MlTrainResult *result, MlStatus *status)
{
	bool		again = fits_again(data, spec);
	Input		in = make_input(host, data, again);
	MlCode		code = ML_OK;

	if (again)
		code = prepare(host, spec, true, &in, result, status);
	if (code == ML_OK && again)
		code = second_fit(host, spec, &in, result, status);
	if (code == ML_OK)
		code = judge_final(host, &in.data, spec, result, status);
	data->first = in.data.first;
	ml_scratch_release(&in.memory);
	return code;
}

/* Both fits see the columns before these go: two sets of bins are smaller. */
static MlCode
train_letting_go(MlHost *host, MlDataset *data, const MlTrainSpec *spec, MlTrainResult *result, MlStatus *status)
{
	bool		again = fits_again(data, spec);
	Input		first = make_input(host, data, false);
	Input		last = make_input(host, data, again);
	MlCode		code = ML_OK;

	memset(result, 0, sizeof(*result));
	if (again)
		code = prepare(host, spec, false, &first, result, status);
	if (code == ML_OK)
		code = prepare(host, spec, true, &last, result, status);
	data->first = first.data.first = first.drawn.first = last.data.first;
	if (code == ML_OK)
		code = first_fit(host, spec, again ? &first : &last, result, status);
	ml_scratch_release(&first.memory);
	if (code == ML_OK && again)
		code = second_fit(host, spec, &last, result, status);
	if (code == ML_OK)
		code = judge_final(host, &last.data, spec, result, status);
	ml_scratch_release(&last.memory);
	return code;
}

MlCode
ml_train(MlHost *host, MlDataset *data, const MlTrainSpec *spec,
		 MlTrainResult *result, MlStatus *status)
{
	MlCode		code;

	if (data->owns_columns && bins_say_all(data, spec))
		return train_letting_go(host, data, spec, result, status);
	code = ml_train_try(host, data, spec, result, status);
	return code == ML_OK ? ml_train_finish(host, data, spec, result, status) : code;
}
