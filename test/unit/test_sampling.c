/*
 * test_sampling.c: how many rows of a class are learned from, which, and what becomes of the probabilities.
 */
#include "fixture.h"
#include "learn/sampling.h"
#include "learn/train.h"
#include "tap.h"

#define N 4000
#define N_TRAIN 3000
#define N_VALID 500

static double x[N];
static double y[3][N];
static int32_t group[N];
static MlColumn column[2];

/* Two classes, one in 12; three, of about 12 : 3 : 1. */
static void
make_rows(void)
{
	int			i;

	for (i = 0; i < N; i++)
	{
		double		u = (fixture_noise((uint64_t) i) + 1) / 2;
		double		v = (fixture_noise((uint64_t) i + 7777) + 1) / 2;

		group[i] = (int32_t) (4 * v);
		y[1][i] = u < 1.0 / 12;
		y[2][i] = u < 1.0 / 16 ? 2 : u < 4.0 / 16 ? 1 : 0;
		x[i] = 1.2 * y[1][i] + 0.3 * y[2][i] + fixture_noise((uint64_t) i + 55555) + 0.2 * group[i];
	}
	column[0] = fixture_number("x", x);
	column[1] = (MlColumn) {.name = "g",.feature = 1,.kind = ML_CATEGORY,.code = group,.n_levels = 4,
							.level = fixture_level};
}

static MlDataset
rows_of(int task)
{
	MlDataset	data = {.n = N,.n_train = N_TRAIN,.n_valid = N_VALID,.p = 2,.column = column,
		.task = task == 1 ? ML_BINARY : ML_MULTICLASS,.y = y[task],.n_classes = task + 1,
	.class_name = fixture_class};

	return data;
}

static void
count_classes(const MlDataset *d, double *rows, double *weight)
{
	int64_t		i;

	memset(rows, 0, 3 * sizeof(double));
	memset(weight, 0, 3 * sizeof(double));
	for (i = 0; i < d->n_train; i++)
	{
		rows[(int) d->y[i]] += 1;
		weight[(int) d->y[i]] += d->weight ? d->weight[i] : 1;
	}
}

static void
draws(TestHost *t)
{
	int			task;
	int			method;
	int			r;

	for (task = 1; task < 3; task++)
		for (method = ML_SAMPLING_OVER; method <= ML_SAMPLING_UNDER; method++)
			for (r = 0; r < 2; r++)
			{
				MlSampling	how = {(MlSamplingMethod) method, r == 0 ? 1 : 0.4};
				MlDataset	data = rows_of(task);
				MlDataset	out;
				MlDataset	again;
				MlPrep		prep = {0};
				MlPrep		out_prep;
				MlScratch	scratch;
				MlStatus	status;
				uint8_t		fold[N_TRAIN];
				double		had[3];
				double		rows[3];
				double		weight[3];
				double		most;
				double		least;
				double		want[3];
				double		total = 0;
				int64_t		drawn;
				bool		right = true;
				bool		same = true;
				bool		apart = true;
				bool		whole = true;
				int64_t		i;
				int			k;

				for (i = 0; i < N_TRAIN; i++)
					fold[i] = (uint8_t) (i % 250);
				prep.fold = fold;
				prep.fold_rows = N_TRAIN;
				ml_scratch_init(&scratch, &t->host);
				count_classes(&data, had, weight);
				OK(ml_sample(&scratch, &data, &prep, &how, 3, &out, &out_prep, &drawn, &status) == ML_OK, "draws");
				count_classes(&out, rows, weight);
				most = fmax(fmax(had[0], had[1]), had[2]);
				least = task == 1 ? had[1] : had[2];
				for (k = 0; k <= task; k++)
				{
					want[k] = method == ML_SAMPLING_OVER ? fmax(had[k], floor(how.ratio * most))
						: fmin(had[k], floor(least / how.ratio));
					total += want[k];
					right = right && weight[k] == want[k] && fabs(out.class_ratio[k] - want[k] / had[k]) < 1e-15 &&
						rows[k] == (method == ML_SAMPLING_OVER ? had[k] : want[k]);
				}
				OK(right && drawn == (int64_t) total, "as many of each class as are asked for");
				for (i = 0; i < out.n_train; i++)
				{
					bool		common = out.y[i] == 0;

					whole = whole && out.weight[i] == rint(out.weight[i]) && out.weight[i] >= 1 &&
						(!common || out.weight[i] == 1);
				}
				OK(whole, "rows count whole times");
				for (i = 0; i < N_VALID; i++)
				{
					int64_t		at = out.n_train + i;

					apart = apart && out.y[at] == data.y[N_TRAIN + i] && out.column[0].value[at] == x[N_TRAIN + i] &&
						out.column[1].code[at] == group[N_TRAIN + i] &&
						out.weight[at] == out.class_ratio[(int) out.y[at]];
				}
				OK(apart && out.n_valid == N_VALID, "rows that choose stay, and weigh alike");
				if (method == ML_SAMPLING_UNDER)
				{
					int64_t		from = 0;

					/* rows keep their order and their company */
					for (i = 0; i < out.n_train; i++)
					{
						while (from < N_TRAIN && !(x[from] == out.column[0].value[i] &&
												   group[from] == out.column[1].code[i] && data.y[from] == out.y[i]))
							from++;
						same = same && from < N_TRAIN && out_prep.fold[i] == fold[from];
					}
					OK(same && out_prep.fold_rows == out.n_train && out.n == out.n_train + N_VALID, "whole rows");
				}
				OK(ml_sample(&scratch, &data, &prep, &how, 3, &again, &out_prep, &drawn, &status) == ML_OK &&
				   again.n == out.n && memcmp(again.weight, out.weight, (size_t) out.n * sizeof(double)) == 0 &&
				   memcmp(again.column[0].value, out.column[0].value, (size_t) out.n * sizeof(double)) == 0,
				   "the same seed, the same rows");
				OK(ml_sample(&scratch, &data, &prep, &how, 4, &again, &out_prep, &drawn, &status) == ML_OK &&
				   (memcmp(again.weight, out.weight, (size_t) out.n_train * sizeof(double)) != 0 ||
					memcmp(again.column[0].value, out.column[0].value, (size_t) out.n_train * sizeof(double)) != 0),
				   "another seed, others");
				ml_scratch_release(&scratch);
				test_host_reset(t);
			}
}

static void
nothing_to_do(TestHost *t)
{
	MlSampling	how = {ML_SAMPLING_OVER, 0.001};
	MlDataset	data = rows_of(1);
	MlDataset	out;
	MlPrep		prep = {0};
	MlPrep		out_prep;
	MlScratch	scratch;
	MlStatus	status;
	MlParams	params;
	int64_t		drawn;

	ml_scratch_init(&scratch, &t->host);
	OK(ml_sample(&scratch, &data, &prep, &how, 3, &out, &out_prep, &drawn, &status) == ML_OK &&
	   out.class_ratio == NULL && out.weight == NULL && drawn == N_TRAIN, "enough rare rows already");
	how.method = ML_SAMPLING_UNDER;
	OK(ml_sample(&scratch, &data, &prep, &how, 3, &out, &out_prep, &drawn, &status) == ML_OK &&
	   out.column == data.column, "few common rows already");
	OK(ml_sampling_check(&how, NULL, ML_REGRESSION, &status) == ML_BAD_PARAMETER, "numbers have no classes");
	ml_params_init(&params, &ml_gradient_boosting);
	OK(ml_sampling_check(&how, &params, ML_BINARY, &status) == ML_OK, "fine");
	fixture_set(&params, "scale_pos_weight", 3);
	OK(ml_sampling_check(&how, &params, ML_BINARY, &status) == ML_BAD_PARAMETER, "once is enough");
	params.balanced = true;
	OK(ml_sampling_check(&how, &params, 0, &status) == ML_BAD_PARAMETER, "either way");
	how.method = ML_SAMPLING_NONE;
	OK(ml_sampling_check(&how, &params, ML_REGRESSION, &status) == ML_OK, "nothing asked");
	ml_scratch_release(&scratch);
	test_host_reset(t);
}

/* The mean probability of the rare class over test rows, and their share in it. */
static double
mean_probability(TestHost *t, const MlLearner *learner, MlSampling how, bool prior, double *threshold, double *auc)
{
	MlDataset	data = rows_of(1);
	MlPrepSpec	spec[2];
	MlParams	params;
	MlTrainResult result;
	MlStatus	status;
	MlTrainSpec train = {.learner = learner,.params = &params,.prep = spec,.seed = 5,.sampling = how,.prior = prior,
	.threshold = NAN,.refit = true};
	double		row[N * 2];
	double		margin[N];
	double		p[2];
	double		sum = 0;
	int			i;

	for (i = 0; i < 2; i++)
		ml_prep_default(spec + i, column[i].kind, learner->linear);
	ml_params_init(&params, learner);
	if (ml_param_index(learner, "n_estimators") >= 0)
		fixture_set(&params, "n_estimators", 60);
	if (learner->check)
		(void) learner->check(&params, ML_BINARY, &status);
	if (ml_train(&t->host, &data, &train, &result, &status) != ML_OK)
		return NAN;
	ml_prep_rows(&result.model.prep, &data, 0, N, row);
	ml_model_margin(&result.model, row, N, margin, NULL);
	for (i = N_TRAIN + N_VALID; i < N; i++)
	{
		ml_model_proba(&result.model, margin + i, p);
		sum += p[1];
	}
	*threshold = result.threshold;
	*auc = ml_result_metric(&result, "roc_auc", "test");
	test_host_reset(t);
	return sum / (N - N_TRAIN - N_VALID);
}

static void
probabilities(TestHost *t)
{
	static const MlLearner *const learner[] = {&ml_logistic_regression, &ml_gradient_boosting, &ml_random_forest};
	double		share = 0;
	int			l;
	int			m;
	int			i;

	for (i = N_TRAIN + N_VALID; i < N; i++)
		share += y[1][i] / (N - N_TRAIN - N_VALID);
	for (l = 0; l < 3; l++)
	{
		double		threshold;
		double		auc;
		double		plain_auc;
		double		plain = mean_probability(t, learner[l], (MlSampling) {ML_SAMPLING_NONE, 1}, true, &threshold,
											 &plain_auc);

		OK(fabs(plain - share) < 0.04 && threshold == 0.5, learner[l]->name);
		for (m = ML_SAMPLING_OVER; m <= ML_SAMPLING_UNDER; m++)
		{
			MlSampling	how = {(MlSamplingMethod) m, 1};
			double		p = mean_probability(t, learner[l], how, true, &threshold, &auc);

			OK(fabs(p - share) < 0.05 && threshold < 0.45, "P is a probability, and the threshold follows");
			OK(auc > plain_auc - 0.06, "as good a model");
			p = mean_probability(t, learner[l], how, false, &threshold, &auc);
			OK(p > 1.3 * plain && threshold == 0.5, "or is of the rows as they are drawn");
		}
	}
}

static void
no_memory(TestHost *t)
{
	MlSampling	how = {ML_SAMPLING_UNDER, 1};
	MlDataset	data = rows_of(1);
	MlStatus	status;
	MlCode		code = ML_NO_MEMORY;
	long		fail;
	int			m;

	for (m = ML_SAMPLING_OVER; m <= ML_SAMPLING_UNDER; m++)
	{
		how.method = (MlSamplingMethod) m;
		for (code = ML_NO_MEMORY, fail = 1; code == ML_NO_MEMORY; fail++)
		{
			MlDataset	out;
			MlPrep		prep = {0};
			MlPrep		out_prep;
			MlScratch	scratch;
			int64_t		drawn;

			t->fail_at = fail;
			ml_scratch_init(&scratch, &t->host);
			code = ml_sample(&scratch, &data, &prep, &how, 3, &out, &out_prep, &drawn, &status);
			ml_scratch_release(&scratch);
			test_host_reset(t);
		}
		OK(code == ML_OK && fail > 4, "every allocation may fail");
		t->fail_at = 0;
	}
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 2);
	make_rows();
	draws(&t);
	nothing_to_do(&t);
	probabilities(&t);
	no_memory(&t);
	return tap_done();
}
