/*
 * test_preprocess.c: fitting and applying preprocessing, and the order statistics under it.
 */
#include "kernel/select.h"
#include "learn/design.h"

#include "fixture.h"
#include "tap.h"

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Against sorting. */
static void
quantiles(void)
{
	static const int64_t size[] = {1, 2, 7, 1000, 40000, 300001};
	static const double share[] = {0, 0.25, 0.5, 0.75, 1};
	int			pattern;
	int			k;
	int			s;

	for (pattern = 0; pattern < 4; pattern++)
	{
		bool		good = true;

		for (k = 0; k < 6; k++)
		{
			int64_t		n = size[k];
			double	   *x = malloc((size_t) n * sizeof(double));
			double	   *sorted = malloc((size_t) n * sizeof(double));
			double	   *buffer = malloc((size_t) n * sizeof(double));
			int64_t		m = 0;
			int64_t		i;

			for (i = 0; i < n; i++)
			{
				double		u = fixture_noise((uint64_t) i);

				x[i] = pattern == 0 ? u : pattern == 1 ? floor(u * 4) : pattern == 2 ? (double) i
					: (i % 3 ? u * 1e300 : NAN);
				if (x[i] == x[i])
					sorted[m++] = x[i];
			}
			qsort(sorted, (size_t) m, sizeof(double), compare);
			for (s = 0; s < 5 && m > 0; s++)
			{
				double		at = share[s] * (double) (m - 1);
				int64_t		low = (int64_t) floor(at);
				double		next = sorted[low + 1 < m ? low + 1 : low];
				double		want = sorted[low] == next ? next : sorted[low] + (at - floor(at)) * (next - sorted[low]);

				good = good && ml_quantile_cont(x, n, share[s], buffer) == want;
			}
			free(x);
			free(sorted);
			free(buffer);
		}
		OK(good, "quantiles as by sorting");
	}
	{
		double		x[] = {3, 1, NAN, 2, 3, 1, 5};
		double		buffer[7];

		OK(ml_mode(x, 7, buffer) == 1.0, "mode: the smallest of equals");
		OK(isnan(ml_mode(x + 2, 1, buffer)) && isnan(ml_quantile_cont(x + 2, 1, 0.5, buffer)), "nothing but missing");
	}
}

static void
fit_one(TestHost *t, MlColumn *column, int64_t n, int64_t n_train, const MlPrepSpec *spec, bool drop_first,
		MlPrep *prep)
{
	MlDataset	d = {.n = n,.n_train = n_train,.p = 1,.column = column};
	MlStatus	status;

	OK(ml_prep_fit(&t->host, &d, spec, true, drop_first, prep, &status) == ML_OK, "fits");
	ml_prep_tell_empty(&t->host, &d, spec);
}

static void
numbers(TestHost *t)
{
	double		x[8] = {4, NAN, 1, 3, 10, 3, 1000, NAN};
	double		same[8] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 7, 8};
	double		none[8] = {NAN, NAN, NAN, NAN, NAN, NAN, 1, 2};
	double		huge[8] = {1e300, -1e300, 1.5e300, 0, 1e300, 2, 0, 0};
	double		tiny[8] = {1e-310, 2e-310, 3e-310, 4e-310, 5e-310, 6e-310, 0, 0};
	MlColumn	column = fixture_number("x", x);
	MlPrepSpec	spec;
	MlPrep		prep;
	double		z[4];
	double		gap = NAN;
	char		name[40];

	ml_prep_default(&spec, ML_NUMERIC, true);
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	OK(prep.column[0].impute == 3.0, "median of the training rows");
	NEAR(prep.column[0].shift, 4.0, 1e-15, "mean with the median in the gaps");
	NEAR(prep.column[0].scale, sqrt(8.0), 1e-15, "population deviation");
	ml_prep_apply(&prep, &gap, z);
	NEAR(z[0], -1.0 / sqrt(8.0), 1e-15, "a gap is replaced");
	spec.impute = ML_IMPUTE_MEAN;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	NEAR(prep.column[0].impute, 4.2, 1e-15, "mean of those present");
	spec.impute = ML_IMPUTE_MOST_FREQUENT;
	spec.scale = ML_SCALE_MINMAX;
	spec.indicator = true;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	OK(prep.column[0].impute == 3.0 && prep.column[0].shift == 1.0 && prep.column[0].scale == 9.0,
	   "most frequent, minmax");
	ml_prep_apply(&prep, &gap, z);
	OK(prep.width == 2 && z[1] == 1.0, "indicator");
	ml_prep_name(&prep, 1, name, sizeof(name));
	IS_TEXT(name, "x is null", "and its name");
	spec.impute = ML_IMPUTE_CONSTANT;
	spec.constant = -5;
	spec.scale = ML_SCALE_ROBUST;
	spec.indicator = false;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	OK(prep.column[0].impute == -5.0 && prep.column[0].shift == 3.0 && prep.column[0].scale == 2.25,
	   "constant, robust");
	spec.impute = ML_IMPUTE_NONE;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	OK(!prep.column[0].has_impute && prep.column[0].shift == 3.0 && prep.column[0].scale == 1.0,
	   "gaps stay, scale of those present");
	ml_prep_apply(&prep, &gap, z);
	OK(isnan(z[0]), "and gaps stay when applied");
	ml_prep_default(&spec, ML_NUMERIC, true);
	column.value = same;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	OK(prep.column[0].shift == 0.1 && prep.column[0].scale == 1.0, "constant: its value, scale 1");
	column.value = none;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	OK(prep.column[0].impute == 0.0 && prep.column[0].scale == 1.0 && t->n_warn == 1,
	   "nothing but gaps: zeros, with a warning");
	column.value = huge;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	OK(isfinite(prep.column[0].scale) && fabs(prep.column[0].scale / 8.3749e299 - 1.0) < 1e-4, "1e300");
	column.value = tiny;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	NEAR(prep.column[0].scale, 1.707825127659933e-310, 1e-12, "1e-310");
	ml_prep_default(&spec, ML_NUMERIC, false);
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	OK(!prep.column[0].has_impute && prep.column[0].shift == 0.0 && prep.column[0].scale == 1.0, "trees: nothing");
	test_host_reset(t);
}

static void
categories(TestHost *t)
{
	int32_t		code[8] = {2, 0, -1, 2, 0, 2, 1, 3};
	MlColumn	column = {.name = "g",.kind = ML_CATEGORY,.code = code,.n_levels = 4,.level = fixture_level};
	MlPrepSpec	spec;
	MlPrep		prep;
	MlDataset	d = {.n = 8,.n_train = 6,.p = 1,.column = &column};
	MlStatus	status;
	double		z[8];
	double		x[8];
	double		unseen = ML_UNSEEN;
	double		gap = NAN;
	char		name[40];

	ml_prep_default(&spec, ML_CATEGORY, true);
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	OK(prep.width == 3 && prep.column[0].n_levels == 2 && prep.column[0].null_level,
	   "levels of the training rows and missing");
	OK(ml_prep_level(prep.column, "cat", 1) == 1.0 && ml_prep_level(prep.column, "a", 1) == 0.0,
	   "levels by text and length");
	OK(ml_prep_level(prep.column, "b", 1) == ML_UNSEEN && ml_prep_level(prep.column, "ca", 2) == ML_UNSEEN &&
	   ml_prep_level(prep.column, "", 0) == ML_UNSEEN, "unseen texts");
	ml_prep_rows(&prep, &d, 0, 8, x);
	OK(x[0] == 1.0 && x[1] == 0.0 && isnan(x[2]) && x[6] == ML_UNSEEN && x[7] == ML_UNSEEN, "codes become levels");
	ml_prep_apply(&prep, &gap, z);
	OK(z[0] == 0 && z[1] == 0 && z[2] == 1, "missing is the last level");
	ml_prep_apply(&prep, &unseen, z);
	OK(z[0] == 0 && z[1] == 0 && z[2] == 0, "unseen is all zeros");
	ml_prep_name(&prep, 1, name, sizeof(name));
	IS_TEXT(name, "g=c", "name of a level");
	ml_prep_name(&prep, 2, name, sizeof(name));
	IS_TEXT(name, "g=(null)", "name of missing");
	fit_one(t, &column, 8, 6, &spec, true, &prep);
	ml_prep_name(&prep, 0, name, sizeof(name));
	OK(prep.width == 2 && strcmp(name, "g=c") == 0, "without the first level");
	spec.encode = ML_ENCODE_ORDINAL;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	ml_prep_apply(&prep, &gap, z);
	ml_prep_apply(&prep, x, z + 1);
	OK(prep.width == 1 && z[0] == -1.0 && z[1] == 1.0, "ordinal");
	spec.encode = ML_ENCODE_ONEHOT;
	spec.impute = ML_IMPUTE_MOST_FREQUENT;
	fit_one(t, &column, 8, 6, &spec, false, &prep);
	ml_prep_apply(&prep, &gap, z);
	OK(prep.width == 2 && !prep.column[0].null_level && z[1] == 1.0, "most frequent in place of missing");
	spec.impute = ML_IMPUTE_MEDIAN;
	OK(ml_prep_fit(&t->host, &d, &spec, true, false, &prep, &status) == ML_BAD_PARAMETER, "no median of texts");
	test_host_reset(t);
}

/* Levels g with a=3, b=1, c=2 rows of training, one missing; d only beside them. */
static int32_t rare_code[9] = {0, 2, 0, 1, -1, 2, 0, 3, 1};
static MlColumn rare_column = {.name = "g",.kind = ML_CATEGORY,.code = rare_code,.n_levels = 4,
							   .level = fixture_level};

static void
rare_levels(TestHost *t)
{
	MlPrepSpec	spec;
	MlPrep		prep;
	MlDataset	d = {.n = 9,.n_train = 7,.p = 1,.column = &rare_column};
	MlStatus	status;
	double		x[9];
	double		z[8];
	char		name[40];

	ml_prep_default(&spec, ML_CATEGORY, true);
	spec.rare_below = 2;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(prep.width == 4 && prep.column[0].n_levels == 3 && prep.column[0].rare_level && prep.column[0].n_rare == 0,
	   "rare levels are one, whose texts nobody needs");
	ml_prep_name(&prep, 2, name, sizeof(name));
	IS_TEXT(name, "g=(rare)", "which has a name");
	OK(ml_prep_level(prep.column, "b", 1) == 2.0 && ml_prep_level(prep.column, "nobody", 6) == 2.0 &&
	   ml_prep_level(prep.column, "c", 1) == 1.0, "unseen texts are rare");
	ml_prep_rows(&prep, &d, 0, 9, x);
	OK(x[3] == 2.0 && x[7] == 2.0 && x[8] == 2.0 && isnan(x[4]), "rows, too");
	OK(prep.column[0].slot_of[4] == 2 && prep.column[0].slot_of[2] == 2 && prep.column[0].slot_of[0] == 3,
	   "and what learns");
	spec.unknown = ML_UNKNOWN_IGNORE;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(ml_prep_level(prep.column, "b", 1) == 2.0 && ml_prep_level(prep.column, "d", 1) == ML_UNSEEN &&
	   prep.column[0].n_rare == 1 && prep.column[0].slot_of[4] == 4, "or told from them");
	spec.unknown = ML_UNKNOWN_MISSING;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(isnan(ml_prep_level(prep.column, "d", 1)) && prep.column[0].slot_of[4] == 3, "or missing");
	spec.unknown = ML_UNKNOWN_ERROR;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(prep.column[0].unknown == ML_UNKNOWN_ERROR && ml_prep_level(prep.column, "d", 1) == ML_UNSEEN, "or an error");
	/* 2/7 and 3/7 of the rows: as scikit-learn, fewer than the share */
	spec.unknown = ML_UNKNOWN_DEFAULT;
	spec.rare_below = 2.0 / 7.0;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(prep.column[0].n_texts == 2, "a share of the rows");
	spec.rare_below = 0.9;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(prep.column[0].n_texts == 0 && prep.column[0].n_levels == 1 && prep.width == 2 &&
	   ml_prep_level(prep.column, "a", 1) == 0.0, "all levels rare");
	spec.rare_below = 1;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(!prep.column[0].rare_level && prep.column[0].unknown == ML_UNKNOWN_IGNORE &&
	   ml_prep_level(prep.column, "d", 1) == ML_UNSEEN, "none rare");
	/* gaps filled in count */
	spec.rare_below = 2;
	spec.impute = ML_IMPUTE_CONSTANT;
	spec.text = "b";
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(prep.width == 3 && prep.column[0].n_texts == 3 && prep.column[0].impute == 1.0, "a constant that is a level");
	spec.text = "bb";
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(prep.column[0].n_texts == 2 && prep.column[0].rare_level && prep.column[0].impute == 2.0, "one that is rare");
	spec.rare_below = 0;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(prep.width == 4 && strcmp(prep.column[0].level[2], "bb") == 0 && prep.column[0].impute == 2.0 &&
	   prep.column[0].slot_of[0] == 2 && ml_prep_level(prep.column, "c", 1) == 3.0, "one between the others");
	x[0] = NAN;
	ml_prep_apply(&prep, x, z);
	OK(z[2] == 1.0 && z[0] + z[1] + z[3] == 0.0, "and in the gaps");
	spec.text = NULL;
	OK(ml_prep_fit(&t->host, &d, &spec, true, false, &prep, &status) == ML_BAD_PARAMETER, "no constant");
	spec.impute = ML_IMPUTE_NONE;
	spec.unknown = ML_UNKNOWN_RARE;
	OK(ml_prep_fit(&t->host, &d, &spec, true, false, &prep, &status) == ML_BAD_PARAMETER, "rare without rare_below");
	spec.encode = ML_ENCODE_HASH;
	OK(ml_prep_fit(&t->host, &d, &spec, true, false, &prep, &status) == ML_BAD_PARAMETER, "buckets know no rare ones");
	spec.encode = ML_ENCODE_NONE;
	spec.unknown = ML_UNKNOWN_DEFAULT;
	OK(ml_prep_fit(&t->host, &d, &spec, true, false, &prep, &status) == ML_BAD_PARAMETER, "linear models want numbers");
	test_host_reset(t);
}

static void
frequencies_and_buckets(TestHost *t)
{
	MlPrepSpec	spec;
	MlPrep		prep;
	double		x[] = {0, 1, 2, ML_UNSEEN, NAN};
	double		z[9];
	double		sum = 0;
	char		name[40];
	int			i;

	ml_prep_default(&spec, ML_CATEGORY, true);
	spec.encode = ML_ENCODE_FREQUENCY;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	for (i = 0; i < 5; i++)
		ml_prep_apply(&prep, x + i, z + i);
	OK(prep.width == 1 && z[0] == 3.0 / 7 && z[1] == 1.0 / 7 && z[2] == 2.0 / 7 && z[3] == 0 && z[4] == 1.0 / 7,
	   "shares of the rows");
	spec.scale = ML_SCALE_STANDARD;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	for (i = 0; i < 7; i++)
	{
		ml_prep_rows(&prep, &(MlDataset) {.n = 9,.p = 1,.column = &rare_column}, i, i + 1, x);
		ml_prep_apply(&prep, x, z);
		sum += z[0];
	}
	OK(fabs(sum) < 1e-14, "scaled");
	ml_prep_default(&spec, ML_CATEGORY, true);
	spec.encode = ML_ENCODE_HASH;
	spec.buckets = 5;
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(prep.width == 6 && prep.column[0].n_texts == 0 && prep.column[0].null_level, "a column a bucket, and missing");
	ml_prep_name(&prep, 4, name, sizeof(name));
	IS_TEXT(name, "g=#4", "with its number");
	/* values that never change: the hash decides what models mean */
	OK(ml_prep_level(prep.column, "a", 1) == 2.0 && ml_prep_level(prep.column, "", 0) == 3.0 &&
	   ml_prep_level(prep.column, "a\0b", 3) == 3.0, "always the same bucket");
	for (i = 0; i < 4; i++)
		OK(prep.column[0].slot_of[i + 1] == (int32_t) ml_prep_level(prep.column, fixture_level[i], 1), "in training");
	spec.impute = ML_IMPUTE_CONSTANT;
	spec.text = "new";
	fit_one(t, &rare_column, 9, 7, &spec, false, &prep);
	OK(prep.width == 5 && prep.column[0].impute == ml_prep_level(prep.column, "new", 3), "a constant's bucket");
	test_host_reset(t);
}

/* The definition, for one slot, from the rows that count. */
static double
naive_target(const double *y, const int32_t *code, const bool *in, int n, int32_t slot, double smoothing)
{
	double		all = 0;
	double		m = 0;
	double		variance = 0;
	double		within = 0;
	double		weight;
	int			rows = 0;
	int			mine = 0;
	int			i;

	for (i = 0; i < n; i++)
		if (in[i])
		{
			all += y[i];
			rows++;
			m += code[i] == slot ? y[i] : 0;
			mine += code[i] == slot;
		}
	all /= rows;
	if (mine == 0)
		return all;
	m /= mine;
	for (i = 0; i < n; i++)
		if (in[i])
		{
			variance += (y[i] - all) * (y[i] - all) / rows;
			within += code[i] == slot ? (y[i] - m) * (y[i] - m) / mine : 0;
		}
	weight = isnan(smoothing) ? variance * mine / (variance * mine + within) : mine / (mine + smoothing);
	return isnan(weight) ? all : weight * m + (1 - weight) * all;
}

#define TARGET_N 83
#define TARGET_TRAIN 61

static void
target_means(TestHost *t)
{
	static const double smoothing[] = {20, 0, 2.5, NAN};
	static double y[3][TARGET_N];
	static int32_t code[TARGET_N];
	int			task;
	int			s;
	int			i;

	for (i = 0; i < TARGET_N; i++)
	{
		code[i] = (int32_t) ((fixture_noise((uint64_t) i) + 1) * 2.5) - 1;
		y[0][i] = 1e6 + code[i] + fixture_noise((uint64_t) i + 1000);
		y[1][i] = y[0][i] > 1e6 + 1;
		y[2][i] = floor(3 * (fixture_noise((uint64_t) i + 1000) + 1) / 2);
	}
	for (task = 0; task < 3; task++)
		for (s = 0; s < 4; s++)
		{
			MlColumn	column = {.name = "g",.kind = ML_CATEGORY,.code = code,.n_levels = 4,.level = fixture_level};
			MlDataset	d = {.n = TARGET_N,.n_train = TARGET_TRAIN,.p = 1,.column = &column,.y = y[task],
				.task = task == 0 ? ML_REGRESSION : task == 1 ? ML_BINARY : ML_MULTICLASS,
			.n_classes = task == 0 ? 0 : task + 1,.class_name = fixture_class};
			MlPrepSpec	spec;
			MlPrep		prep;
			MlStatus	status;
			double		worst = 0;
			double		worst_fold = 0;
			int			k;
			char		name[40];

			ml_prep_default(&spec, ML_CATEGORY, true);
			spec.encode = ML_ENCODE_TARGET;
			spec.smoothing = smoothing[s];
			OK(ml_prep_fit(&t->host, &d, &spec, true, false, &prep, &status) == ML_OK &&
			   prep.width == (task == 2 ? 3 : 1), "a number, or one a class");
			for (k = 0; k < prep.width; k++)
			{
				double		of[TARGET_TRAIN];
				bool		in[TARGET_TRAIN];
				int32_t		slot;
				int			f;

				for (i = 0; i < TARGET_TRAIN; i++)
					of[i] = task == 2 ? y[2][i] == k : y[task][i];
				/* -1 is missing, and a level; the last slot is unseen */
				for (slot = 0; slot < 6; slot++)
				{
					double		x = slot == 5 ? ML_UNSEEN : slot == 4 ? NAN : slot;
					double		z[3];

					for (i = 0; i < TARGET_TRAIN; i++)
						in[i] = true;
					ml_prep_apply(&prep, &x, z);
					worst = fmax(worst, fabs(z[k] / naive_target(of, code, in, TARGET_TRAIN,
																 slot == 4 ? -1 : slot == 5 ? 77 : slot,
																 smoothing[s]) - 1));
				}
				for (i = 0; i < TARGET_TRAIN; i++)
				{
					int32_t		mine = prep.column[0].slot_of[code[i] + 1];
					int			j;

					f = prep.fold[i];
					for (j = 0; j < TARGET_TRAIN; j++)
						in[j] = prep.fold[j] != f;
					worst_fold = fmax(worst_fold, fabs(prep.column[0].fold_value[(f * 6 + mine) * prep.width + k] /
													   naive_target(of, code, in, TARGET_TRAIN, code[i],
																	smoothing[s]) - 1));
				}
			}
			OK(worst < 1e-13, "as by the definition");
			OK(worst_fold < 1e-13, "of the other folds alone, too");
			ml_prep_name(&prep, prep.width - 1, name, sizeof(name));
			IS_TEXT(name, task == 2 ? "g target=maybe" : "g", "name");
			OK(prep.fold[0] == 0 && prep.fold[TARGET_TRAIN - 1] == 4 && prep.fold_rows == TARGET_TRAIN, "five folds");
			/* rows that do not learn change nothing */
			if (s == 3)
			{
				double		before[64];
				double		kept = y[task][TARGET_N - 1];

				memcpy(before, prep.column[0].value, (size_t) (6 * prep.width) * sizeof(double));
				y[task][TARGET_N - 1] = task == 0 ? 1e9 : 0;
				code[TARGET_N - 1] = 0;
				OK(ml_prep_fit(&t->host, &d, &spec, true, false, &prep, &status) == ML_OK &&
				   memcmp(before, prep.column[0].value, (size_t) (6 * prep.width) * sizeof(double)) == 0,
				   "other rows say nothing");
				y[task][TARGET_N - 1] = kept;
			}
			test_host_reset(t);
		}
	/* fewer rows than folds */
	for (i = 1; i < 7; i++)
	{
		MlColumn	column = {.name = "g",.kind = ML_CATEGORY,.code = code,.n_levels = 4,.level = fixture_level};
		MlDataset	d = {.n = i,.n_train = i,.p = 1,.column = &column,.y = y[0],.task = ML_REGRESSION};
		MlPrepSpec	spec;
		MlPrep		prep;
		MlStatus	status;
		bool		finite;
		int			j;

		ml_prep_default(&spec, ML_CATEGORY, true);
		spec.encode = ML_ENCODE_TARGET;
		spec.smoothing = i % 2 ? NAN : 0;
		finite = ml_prep_fit(&t->host, &d, &spec, true, false, &prep, &status) == ML_OK;
		for (j = 0; j < i; j++)
			finite = finite && isfinite(prep.column[0].fold_value[prep.fold[j] * ml_prep_slots(prep.column) +
																   prep.column[0].slot_of[code[j] + 1]]);
		OK(finite, "a handful of rows");
		test_host_reset(t);
	}
}

typedef struct Walk
{
	const MlPrep *prep;
	const MlDataset *data;
	double		worst;
} Walk;

/* Each row of a block as ml_prep_apply has it. */
static void
walk_block(void *arg, const MlBlock *block)
{
	Walk	   *walk = arg;
	int			q = block->design->q;
	int			ld = block->design->block;
	double	   *full = malloc((size_t) q * (size_t) ld * sizeof(double));
	double		x[16];
	double		z[64];
	int			i;
	int			j;

	ml_block_expand(block, 0, block->n, full, ld);
	for (i = 0; i < block->n; i++)
	{
		ml_prep_rows(walk->prep, walk->data, block->from + i, block->from + i + 1, x);
		ml_prep_apply(walk->prep, x, z);
		for (j = 1; j < q; j++)
			walk->worst = fmax(walk->worst, fabs(full[(size_t) j * (size_t) ld + (size_t) i] - z[j - 1]));
	}
	free(full);
}

/* The blocks of the design are the rows as prediction sees them. */
static void
design(TestHost *t)
{
	static const MlEncode encode[] = {ML_ENCODE_ONEHOT, ML_ENCODE_ONEHOT, ML_ENCODE_ORDINAL};
	int			k;

	for (k = 0; k < 3; k++)
	{
		Fixture		f;
		MlPrepSpec	spec[4];
		MlPrep		prep;
		MlScratch	scratch;
		MlDesign	design;
		MlStatus	status;
		Walk		walk = {.prep = &prep,.data = &f.data};
		int			c;

		fixture_golden(&f, ML_REGRESSION, false);
		for (c = 0; c < 4; c++)
		{
			ml_prep_default(spec + c, f.column[c].kind, true);
			spec[c].indicator = k > 0;
		}
		spec[3].encode = encode[k];
		spec[3].scale = k == 2 ? ML_SCALE_STANDARD : ML_SCALE_NONE;
		spec[1].scale = ML_SCALE_ROBUST;
		OK(ml_prep_fit(&t->host, &f.data, spec, true, k == 1, &prep, &status) == ML_OK, "fits");
		ml_scratch_init(&scratch, &t->host);
		OK(ml_design_init(&scratch, &f.data, f.data.n, &prep, &design, &status) == ML_OK, "design");
		OK(ml_design_pass(&t->host, &design, f.data.n, 1, 1.0, walk_block, &walk, "test", 0, &status) == ML_OK &&
		   walk.worst == 0.0,
		   "blocks are what ml_prep_apply gives");
		ml_scratch_release(&scratch);
		test_host_reset(t);
	}
}

static void
no_memory(TestHost *t)
{
	Fixture		f;
	MlPrepSpec	spec[4];
	MlPrep		prep;
	MlStatus	status;
	MlCode		code = ML_NO_MEMORY;
	int			c;
	long		fail;

	fixture_golden(&f, ML_REGRESSION, false);
	for (c = 0; c < 4; c++)
		ml_prep_default(spec + c, f.column[c].kind, true);
	for (fail = 1; code == ML_NO_MEMORY; fail++)
	{
		t->fail_at = fail;
		code = ml_prep_fit(&t->host, &f.data, spec, true, false, &prep, &status);
		test_host_reset(t);
	}
	OK(code == ML_OK && fail > 3, "every allocation may fail");
	t->fail_at = 0;
	t->stop_at = 1;
	OK(ml_prep_fit(&t->host, &f.data, spec, true, false, &prep, &status) == ML_CANCELLED, "cancelled");
	t->stop_at = 0;
	test_host_reset(t);
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 2);
	quantiles();
	numbers(&t);
	categories(&t);
	rare_levels(&t);
	frequencies_and_buckets(&t);
	target_means(&t);
	design(&t);
	no_memory(&t);
	return tap_done();
}
