/*
 * fixture.h: datasets for the tests of learners and of model bytes.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <math.h>
#include <stdlib.h>

#include "learn/binned.h"
#include "learn/learners.h"

#include "golden_fits.h"
#include "host_test.h"

static const char *fixture_level[] = {"a", "b", "c", "d"};
static const char *fixture_class[] = {"no", "yes", "maybe"};

typedef struct Fixture
{
	MlDataset	data;
	MlColumn	column[4];
} Fixture;

static MlColumn
fixture_number(const char *name, const double *value)
{
	MlColumn	column = {.name = name,.kind = ML_NUMERIC,.value = (double *) value};

	return column;
}

/* The rows of golden_fits.h. */
static __attribute__((unused)) void
fixture_golden(Fixture *f, MlTaskKind task, bool weighted)
{
	memset(f, 0, sizeof(*f));
	f->column[0] = fixture_number("x0", golden_x0);
	f->column[1] = fixture_number("x1", golden_x1);
	f->column[2] = fixture_number("x2", golden_x2);
	f->column[3] = (MlColumn) {.name = "g",.kind = ML_CATEGORY,.code = (int32_t *) golden_code,.n_levels = 4,
							   .level = fixture_level};
	f->data.n = GOLDEN_N;
	f->data.n_train = GOLDEN_TRAIN;
	f->data.p = 4;
	f->data.column = f->column;
	f->data.task = task;
	f->data.y = (double *) (task == ML_REGRESSION ? golden_y : task == ML_BINARY ? golden_binary : golden_multi);
	f->data.weight = weighted ? (double *) golden_weight : NULL;
	f->data.n_classes = task == ML_REGRESSION ? 0 : task == ML_BINARY ? 2 : 3;
	f->data.class_name = task == ML_REGRESSION ? NULL : fixture_class;
}

/* A number in [-1, 1) that depends on i alone. */
static inline double
fixture_noise(uint64_t i)
{
	i = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	i = (i ^ (i >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
	return (double) ((i ^ (i >> 29)) >> 11) * 0x1p-52 - 1.0;
}

/* n rows, p numbers and a category of `levels` (0 = none); from malloc, freed by fixture_free. */
static __attribute__((unused)) MlDataset *
fixture_random(int64_t n, int p, int levels, MlTaskKind task)
{
	MlDataset  *d = calloc(1, sizeof(MlDataset));
	char	  **level = NULL;
	int64_t		i;
	int			c;

	d->n = d->n_train = n;
	d->p = p + (levels > 0);
	d->column = calloc((size_t) d->p + 1, sizeof(MlColumn));
	d->y = calloc((size_t) n, sizeof(double));
	d->task = task;
	d->n_classes = task == ML_REGRESSION ? 0 : task == ML_BINARY ? 2 : 3;
	d->class_name = fixture_class;
	for (c = 0; c < p; c++)
	{
		double	   *value = malloc((size_t) n * sizeof(double));

		for (i = 0; i < n; i++)
		{
			value[i] = fixture_noise((uint64_t) i * 64 + (uint64_t) c) * (c + 1) + c;
			d->y[i] += (c % 3 - 1) * 0.7 * value[i];
		}
		d->column[c] = fixture_number("number", value);
	}
	if (levels > 0)
	{
		int32_t    *code = malloc((size_t) n * sizeof(int32_t));

		level = malloc((size_t) levels * sizeof(char *));
		for (c = 0; c < levels; c++)
		{
			level[c] = malloc(16);
			snprintf(level[c], 16, "L%09d", c);
		}
		for (i = 0; i < n; i++)
		{
			code[i] = (int32_t) ((fixture_noise((uint64_t) i + 777777) + 1.0) / 2.0 * levels);
			d->y[i] += code[i] % 5 * 0.3;
		}
		d->column[p] = (MlColumn) {.name = "group",.feature = p,.kind = ML_CATEGORY,.code = code,
								   .n_levels = levels,.level = (const char **) level};
	}
	for (i = 0; i < n; i++)
	{
		double		noise = fixture_noise((uint64_t) i + 999999999);

		d->y[i] += noise * 2.0;
		if (task == ML_BINARY)
			d->y[i] = d->y[i] > 0.3 ? 1.0 : 0.0;
		else if (task == ML_MULTICLASS)
			d->y[i] = d->y[i] > 1.0 ? 2.0 : d->y[i] > -0.5 ? 1.0 : 0.0;
	}
	return d;
}

static __attribute__((unused)) void
fixture_free(MlDataset *d)
{
	int			c;
	int			l;

	for (c = 0; c < d->p; c++)
	{
		for (l = 0; l < d->column[c].n_levels; l++)
			free((char *) d->column[c].level[l]);
		free(d->column[c].level);
		free(d->column[c].value);
		free(d->column[c].code);
	}
	free(d->column);
	free(d->y);
	free(d);
}

/* What a fit leaves; all memory is the host's. */
typedef struct Fitted
{
	MlPrep		prep;
	MlFit		fit;
	void	   *section;
	size_t		section_size;
	uint8_t    *bytes;
	size_t		size;
	MlModel		model;
	MlStatus	status;
} Fitted;

/* Bins of both layouts for a learner of trees, as ml_train makes them. */
static __attribute__((unused)) MlCode
fixture_bin(MlScratch *scratch, MlDataset *data, const MlPrep *prep, const MlParams *params, MlBinned *binned,
			MlStatus *status)
{
	MlCode		code = ml_binned_build(scratch->host, scratch, data, prep, (int) ml_param_number(params, "max_bin"), 42,
									   false, binned, status);

	data->binned = binned;
	return code == ML_OK ? ml_binned_turn(scratch->host, scratch, binned, status) : code;
}

/* Preprocessing as asked, training, writing, opening; the first error. */
static __attribute__((unused)) MlCode
fixture_fit_as(TestHost *t, const MlDataset *data, const MlPrepSpec *spec, const MlParams *params, Fitted *f)
{
	bool		drop_first = params->learner->drop_first && params->learner->drop_first(params);
	MlDataset	rows = *data;
	MlBinned	binned;
	MlScratch	scratch;
	MlCode		code;

	memset(f, 0, sizeof(*f));
	code = ml_prep_fit(&t->host, data, spec, params->learner->linear, drop_first, &f->prep, &f->status);
	f->fit.oob_score = NAN;
	ml_scratch_init(&scratch, &t->host);
	if (code == ML_OK && params->learner->binned)
		code = fixture_bin(&scratch, &rows, &f->prep, params, &binned, &f->status);
	if (code == ML_OK)
		code = params->learner->train(&t->host, &rows, data->n_train, &f->prep, params, 42,
									  &f->section, &f->section_size, &f->fit, &f->status);
	ml_scratch_release(&scratch);
	if (code == ML_OK)
		code = ml_model_write(&t->host, params->learner, data, &f->prep, f->fit.log_prior,
							  f->section, f->section_size, &f->bytes, &f->size, &f->status);
	if (code == ML_OK)
		code = ml_model_open(&t->host, f->bytes, f->size, &f->model, &f->status);
	return code;
}

/* The same with the preprocessing that is the default. */
static __attribute__((unused)) MlCode
fixture_fit(TestHost *t, const MlDataset *data, const MlParams *params, Fitted *f)
{
	MlPrepSpec	spec[64];
	int			c;

	for (c = 0; c < data->p; c++)
		ml_prep_default(spec + c, data->column[c].kind, params->learner->linear);
	return fixture_fit_as(t, data, spec, params, f);
}

/* Parameters of a learner from name, value pairs; value of penalty as text. */
static __attribute__((unused)) void
fixture_params(MlParams *params, const MlLearner *learner, const char *penalty)
{
	MlStatus	status;

	ml_params_init(params, learner);
	if (penalty != NULL)
		ml_param_set_text(params, ml_param_index(learner, "penalty"), penalty, &status);
}

static __attribute__((unused)) void
fixture_set(MlParams *params, const char *name, double value)
{
	MlStatus	status;

	ml_param_set_number(params, ml_param_index(params->learner, name), value, &status);
}

/* Largest difference between the coefficients and n expected ones. */
static __attribute__((unused)) double
fixture_distance(const MlFit *fit, const double *want, int n)
{
	double		most = fit->n_coefficients == n ? 0.0 : INFINITY;
	int			j;

	for (j = 0; j < n && j < fit->n_coefficients; j++)
		most = fmax(most, fabs(fit->coefficient[j].coefficient - want[j]));
	return most;
}

#endif
