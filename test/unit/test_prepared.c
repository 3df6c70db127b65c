/*
 * test_prepared.c: learners learn from what preprocessing makes of the columns.
 *
 * The twin is a dataset whose columns are the design columns, written out row
 * by row, and a learner that prepares nothing: a learner of trees must make
 * the same trees of both, a linear one the same coefficients.  Beside these,
 * rows go their own ways: prepared rows are never written out, neither in
 * training nor in prediction.
 */
#include "fixture.h"
#include "kernel/rng.h"
#include "learn/encoded.h"
#include "tap.h"

#define N 700
#define N_TRAIN 450
#define N_VALID 120
#define P 4
#define LEVELS 14
#define MOST 40					/* design columns */

static double number[2][N];
static int32_t code[2][N];
static double target[3][N];
static const char *level[LEVELS];
static char level_text[LEVELS][16];
static MlColumn column[P];

static double
draw(uint64_t i, uint64_t stream)
{
	return ml_rng_unit_at(ml_rng_key(7, stream), i);
}

/* A gap here and there; the last levels of g only in rows that judge. */
static void
make_rows(void)
{
	int			i;

	for (i = 0; i < LEVELS; i++)
	{
		snprintf(level_text[i], sizeof(level_text[i]), "L%02d", i);
		level[i] = level_text[i];
	}
	for (i = 0; i < N; i++)
	{
		int			levels = i < N_TRAIN ? 11 : LEVELS;
		double		noise = draw((uint64_t) i, 5);
		double		y;

		number[0][i] = draw((uint64_t) i, 0) < 0.15 ? NAN : draw((uint64_t) i, 1) * 4 - 2;
		number[1][i] = exp(4 * draw((uint64_t) i, 2));
		code[0][i] = draw((uint64_t) i, 3) < 0.1 ? -1 : (int32_t) (draw((uint64_t) i, 3) * levels);
		code[1][i] = (int32_t) (draw((uint64_t) i, 4) * 3);
		y = (isnan(number[0][i]) ? 1 : number[0][i]) + 0.05 * number[1][i] + code[0][i] % 4 - code[1][i] + noise;
		target[0][i] = y;
		target[1][i] = y > 1.5;
		target[2][i] = y > 2.5 ? 2 : y > 0.7;
	}
	column[0] = fixture_number("a", number[0]);
	column[1] = fixture_number("b", number[1]);
	column[2] = (MlColumn) {.name = "g",.feature = 2,.kind = ML_CATEGORY,.code = code[0],.n_levels = LEVELS,
							.level = level};
	column[3] = (MlColumn) {.name = "h",.feature = 3,.kind = ML_CATEGORY,.code = code[1],.n_levels = 3,
							.level = level};
	column[1].feature = 1;
}

static MlDataset
rows_of(int task)
{
	static const MlTaskKind kind[] = {ML_REGRESSION, ML_BINARY, ML_MULTICLASS};
	MlDataset	data = {.n = N,.n_train = N_TRAIN,.n_valid = N_VALID,.p = P,.column = column,.task = kind[task],
	.y = target[task],.n_classes = task == 0 ? 0 : task + 1,.class_name = fixture_class};

	return data;
}

/* Ways to prepare, each unlike the defaults of trees in its own manner. */
static const char *const ways[] = {
	"nothing", "imputed and clipped", "a constant below the bounds", "one-hot and ranks",
	"most frequent levels and indicators", "one bound, and gaps that stay", "bounds that leave nothing",
	"frequencies and target means", "target means without smoothing, rare levels as one",
	"buckets and native rare levels",
	"rare levels told from unseen ones, a constant in the gaps", "unseen as missing, a constant that is new"
};

#define N_WAYS ((int) (sizeof(ways) / sizeof(ways[0])))

static void
set_way(int way, MlPrepSpec *spec)
{
	int			c;

	for (c = 0; c < P; c++)
		ml_prep_default(spec + c, column[c].kind, false);
	switch (way)
	{
		case 1:
			spec[0].impute = ML_IMPUTE_MEDIAN;
			spec[1].clip = ML_CLIP_QUANTILES;
			spec[1].low = 0.1;
			spec[1].high = 0.8;
			break;
		case 2:
			spec[0].impute = ML_IMPUTE_CONSTANT;
			spec[0].constant = -100;
			spec[0].indicator = true;
			spec[0].clip = ML_CLIP_BOUNDS;
			spec[0].low = -0.5;
			spec[0].high = 1.5;
			break;
		case 3:
			spec[2].encode = ML_ENCODE_ONEHOT;
			spec[3].encode = ML_ENCODE_ORDINAL;
			break;
		case 4:
			spec[2].impute = ML_IMPUTE_MOST_FREQUENT;
			spec[2].indicator = true;
			spec[3].encode = ML_ENCODE_ONEHOT;
			spec[3].indicator = true;
			break;
		case 5:
			spec[0].indicator = true;
			spec[0].clip = ML_CLIP_BOUNDS;
			spec[0].high = 0.25;
			spec[0].scale = ML_SCALE_STANDARD;
			break;
		case 6:
			spec[0].impute = ML_IMPUTE_CONSTANT;
			spec[0].constant = 1;
			spec[0].clip = ML_CLIP_BOUNDS;
			spec[0].low = 50;
			break;
		case 7:
			spec[2].encode = ML_ENCODE_TARGET;
			spec[3].encode = ML_ENCODE_FREQUENCY;
			break;
		case 8:
			spec[2].encode = ML_ENCODE_TARGET;
			spec[2].smoothing = NAN;
			spec[2].indicator = true;
			spec[2].rare_below = 38;
			spec[3].encode = ML_ENCODE_TARGET;
			spec[3].smoothing = 0;
			break;
		case 9:
			spec[2].encode = ML_ENCODE_HASH;
			spec[2].buckets = 5;
			spec[3].rare_below = 0.33;
			break;
		case 10:
			spec[2].encode = ML_ENCODE_ONEHOT;
			spec[2].impute = ML_IMPUTE_CONSTANT;
			spec[2].text = "L03";
			spec[2].rare_below = 40;
			spec[2].unknown = ML_UNKNOWN_IGNORE;
			spec[3].encode = ML_ENCODE_HASH;
			spec[3].buckets = 2;
			break;
		case 11:
			spec[2].unknown = ML_UNKNOWN_MISSING;
			spec[2].encode = ML_ENCODE_FREQUENCY;
			spec[2].impute = ML_IMPUTE_CONSTANT;
			spec[2].text = "L02 and a half";
			spec[3].encode = ML_ENCODE_ORDINAL;
			spec[3].impute = ML_IMPUTE_CONSTANT;
			spec[3].text = "never";
			break;
		default:
			break;
	}
}

/* The design columns of all rows as columns of a dataset. */
typedef struct Twin
{
	MlDataset	data;
	MlColumn	column[MOST];
	MlPrepSpec	spec[MOST];
	double		value[MOST][N];
	int32_t		code[MOST][N];
} Twin;

static void
make_twin(TestHost *t, const MlPrep *prep, const MlDataset *data, Twin *twin)
{
	MlScratch	scratch;
	MlEncoded	encoded;
	MlStatus	status;
	double		x[P];
	double		z[MOST];
	int			c;
	int			k;
	int			i;
	int			j;

	memset(twin, 0, sizeof(*twin));
	twin->data = *data;
	twin->data.p = prep->width;
	twin->data.column = twin->column;
	for (i = 0; i < data->n; i++)
	{
		ml_prep_rows(prep, data, i, i + 1, x);
		ml_prep_apply(prep, x, z);
		for (j = 0; j < prep->width; j++)
		{
			twin->value[j][i] = z[j];
			twin->code[j][i] = z[j] >= 0 ? (int32_t) z[j] : -1;
		}
	}
	ml_scratch_init(&scratch, &t->host);
	for (j = 0; j < prep->width; j++)
	{
		const MlPrepColumn *from;

		c = ml_prep_owner(prep, j, &k);
		from = prep->column + c;
		twin->column[j] = fixture_number("z", twin->value[j]);
		if (from->kind == ML_CATEGORY && from->encode == ML_ENCODE_NONE && k == 0)
			twin->column[j] = (MlColumn) {.name = "z",.kind = ML_CATEGORY,.code = twin->code[j],
										  .n_levels = from->n_levels,.level = level};
		twin->column[j].feature = c;
		ml_prep_default(twin->spec + j, twin->column[j].kind, false);
		/* rows that learn may have numbers of their own */
		if (from->fold_value == NULL || (from->indicator && k == from->width - 1))
			continue;
		ml_encoded_init(&scratch, prep, data, c, k, &encoded, &status);
		for (i = 0; i < data->n; i++)
		{
			double		as_predicted = twin->value[j][i];

			twin->value[j][i] = ml_encoded_at(&encoded, i);
			if (i >= data->n_train && twin->value[j][i] != as_predicted)
				tap_ok(false, __FILE__, __LINE__, "rows that do not learn have the numbers of predictions");
		}
	}
	ml_scratch_release(&scratch);
}

/* Largest difference of margins over all rows, and of explanations added up over the columns that one became. */
static void
compare(TestHost *t, const Fitted *f, const MlDataset *data, const Fitted *g, double *margins, double *shares)
{
	double	   *room = malloc((ml_model_margin_room(&f->model) + 1) * sizeof(double));
	double	   *explain_room = malloc((ml_model_explain_room(&f->model) + ml_model_explain_room(&g->model) + 1) *
									  sizeof(double));
	double		x[N * P];
	double		one[3];
	double		two[3];
	double		all[3 * N];
	MlStatus	status;
	int			i;
	int			o;

	*margins = *shares = 0;
	ml_prep_rows(&f->model.prep, data, 0, N, x);
	ml_model_margin(&f->model, x, N, all, room);
	for (i = 0; i < N; i++)
	{
		double		z[MOST];
		double		phi[P + 1];
		double		share[MOST + 1];
		double		sum[P];
		int			c;

		ml_prep_apply(&f->model.prep, x + i * P, z);
		ml_model_margin(&f->model, x + i * P, 1, one, room);
		ml_model_margin(&g->model, z, 1, two, NULL);
		for (o = 0; o < f->model.n_outputs; o++)
		{
			*margins = fmax(*margins, fabs(one[o] - two[o]));
			*margins = fmax(*margins, fabs(one[o] - all[i * f->model.n_outputs + o]));
		}
		if (i % 10 != 0)
			continue;
		ml_model_explain(&t->host, &f->model, x + i * P, 0, explain_room, phi, &status);
		ml_model_explain(&t->host, &g->model, z, 0, explain_room, share, &status);
		ml_prep_add_up(&f->prep, share, sum);
		for (c = 0; c < P; c++)
			*shares = fmax(*shares, fabs(phi[c] - sum[c]));
	}
	free(room);
	free(explain_room);
}

static void
trees(TestHost *t)
{
	static const MlLearner *const learner[] = {&ml_gradient_boosting, &ml_random_forest, &ml_decision_tree};
	static Twin twin;
	int			task;
	int			way;
	int			l;

	for (l = 0; l < 3; l++)
		for (way = 0; way < N_WAYS; way++)
		{
			double		worst = 0;
			double		worst_share = 0;
			double		worst_importance = 0;
			bool		fitted = true;

			for (task = 0; task < 3; task++)
			{
				MlDataset	data = rows_of(task);
				MlPrepSpec	spec[P];
				MlParams	params;
				Fitted		f;
				Fitted		g;
				double		margins;
				double		shares;
				double		sum[P];
				int			c;

				ml_params_init(&params, learner[l]);
				if (l < 2)
					fixture_set(&params, "n_estimators", 12);
				if (learner[l]->check)
					fitted = fitted && learner[l]->check(&params, data.task, &f.status) == ML_OK;
				set_way(way, spec);
				fitted = fitted && fixture_fit_as(t, &data, spec, &params, &f) == ML_OK;
				make_twin(t, &f.prep, &data, &twin);
				fitted = fitted && fixture_fit_as(t, &twin.data, twin.spec, &params, &g) == ML_OK;
				if (!fitted)
					break;
				compare(t, &f, &data, &g, &margins, &shares);
				worst = fmax(worst, margins);
				worst_share = fmax(worst_share, shares);
				ml_prep_add_up(&f.prep, g.fit.importance, sum);
				for (c = 0; c < P; c++)
					worst_importance = fmax(worst_importance, fabs(sum[c] - f.fit.importance[c]));
				test_host_reset(t);
			}
			printf("# %s, %s\n", learner[l]->name, ways[way]);
			OK(fitted, "learns");
			OK(worst == 0, "the same trees as of columns written out");
			OK(worst_share < 1e-12, "the same explanations, added up");
			OK(worst_importance < 1e-12, "the same importance, added up");
		}
}

/* Numbers that cannot be told apart but by rounding; of linear models all that is asked has its own way. */
static void
linear(TestHost *t)
{
	static const MlLearner *const learner[] = {&ml_linear_regression, &ml_logistic_regression, &ml_logistic_regression};
	static Twin twin;
	int			task;
	int			way;

	for (way = 0; way < N_WAYS; way++)
	{
		double		worst = 0;
		double		worst_share = 0;
		bool		fitted = true;

		for (task = 0; task < 3; task++)
		{
			MlDataset	data = rows_of(task);
			MlPrepSpec	spec[P];
			MlParams	params;
			Fitted		f;
			Fitted		g;
			double		margins;
			double		shares;
			int			c;

			fixture_params(&params, learner[task], "l2");
			set_way(way, spec);
			for (c = 0; c < P; c++)
			{
				if (column[c].kind == ML_CATEGORY && spec[c].encode == ML_ENCODE_NONE)
					spec[c].encode = ML_ENCODE_ONEHOT;
				if (column[c].kind == ML_NUMERIC && spec[c].impute == ML_IMPUTE_NONE)
					spec[c].impute = ML_IMPUTE_MEAN;
				spec[c].scale = column[c].kind == ML_CATEGORY && (spec[c].encode == ML_ENCODE_ONEHOT ||
																   spec[c].encode == ML_ENCODE_HASH)
					? ML_SCALE_NONE : ML_SCALE_STANDARD;
			}
			fitted = fitted && fixture_fit_as(t, &data, spec, &params, &f) == ML_OK;
			if (fitted)
				make_twin(t, &f.prep, &data, &twin);
			fitted = fitted && fixture_fit_as(t, &twin.data, twin.spec, &params, &g) == ML_OK;
			if (!fitted)
				break;
			compare(t, &f, &data, &g, &margins, &shares);
			worst = fmax(worst, margins);
			worst_share = fmax(worst_share, shares);
			test_host_reset(t);
		}
		printf("# linear models, %s\n", ways[way]);
		OK(fitted, "learn");
		OK(worst < 1e-9, "the same coefficients as of columns written out");
		OK(worst_share < 1e-9, "the same explanations, added up");
	}
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 2);
	make_rows();
	trees(&t);
	linear(&t);
	return tap_done();
}
