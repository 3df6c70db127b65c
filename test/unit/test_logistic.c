/*
 * test_logistic.c: logistic regression.
 *
 * Golden coefficients (make_golden_fits.py): 1e-8 absolute; both sides are
 * Newton's method in double precision, carried on until nothing moves.
 */
#include "learn/lbfgs.h"
#include "learn/logit.h"

#include "fixture.h"
#include "tap.h"

#define COUNT(a) ((int) (sizeof(a) / sizeof((a)[0])))

static void
golden(TestHost *t)
{
	Fixture		f;
	Fitted		r;
	MlParams	params;
	double		worst = 0.0;
	int			w;
	int			j;

	for (w = 0; w < 2; w++)
	{
		fixture_params(&params, &ml_logistic_regression, NULL);
		fixture_golden(&f, ML_BINARY, w == 1);
		OK(fixture_fit(t, &f.data, &params, &r) == ML_OK && r.fit.converged &&
		   fixture_distance(&r.fit, w ? golden_logit_weighted : golden_logit_plain,
							COUNT(golden_logit_plain)) < 1e-8, "two classes");
		test_host_reset(t);
		fixture_golden(&f, ML_MULTICLASS, w == 1);
		OK(fixture_fit(t, &f.data, &params, &r) == ML_OK && r.fit.converged &&
		   fixture_distance(&r.fit, w ? golden_softmax_weighted : golden_softmax_plain,
							COUNT(golden_softmax_plain)) < 1e-8, "three classes");
		test_host_reset(t);
	}
	fixture_golden(&f, ML_BINARY, false);
	fixture_params(&params, &ml_logistic_regression, "none");
	OK(fixture_fit(t, &f.data, &params, &r) == ML_OK && fixture_distance(&r.fit, golden_mle,
																		 COUNT(golden_mle)) < 1e-8,
																			"without penalty");
	for (j = 1; j < r.fit.n_coefficients; j++)
		if (j != 3)
		{
			const MlCoefficient *c = r.fit.coefficient + j;
			double		scale = c->column == 0 || c->column == 1 ? r.prep.column[c->column].scale : 1.0;

			worst = fmax(worst, fabs(c->std_error * scale / golden_mle_se[j] - 1.0));
		}
	OK(worst < 1e-8, "standard errors");
	OK(r.fit.coefficient[3].aliased && t->n_warn == 1, "the constant column is dropped and named");
	test_host_reset(t);
	fixture_params(&params, &ml_logistic_regression, NULL);
	params.balanced = true;
	OK(fixture_fit(t, &f.data, &params, &r) == ML_OK && fixture_distance(&r.fit, golden_balanced,
																		 COUNT(golden_balanced)) < 1e-8,
																			"balanced");
	OK(r.model.log_prior != NULL && exp(r.model.log_prior[1] - r.model.log_prior[0]) > 0.0,
	   "and the weights are stored");
	test_host_reset(t);
}

/* A problem on all rows of d with C = 1, for looking at its derivatives. */
typedef struct Problem
{
	MlPrep		prep;
	MlScratch	scratch;
	MlDesign	design;
	MlLogit		logit;
	MlStatus	status;
} Problem;

static const int three[] = {0, 1, 2};
static const double class_weight[] = {1.0, 1.7, 0.6};

static bool
problem_start(TestHost *t, const MlDataset *d, Problem *p)
{
	MlPrepSpec	spec[64];
	int			c;

	memset(p, 0, sizeof(*p));
	for (c = 0; c < d->p; c++)
		ml_prep_default(spec + c, d->column[c].kind, true);
	if (ml_prep_fit(&t->host, d, spec, true, false, &p->prep, &p->status) != ML_OK)
		return false;
	ml_scratch_init(&p->scratch, &t->host);
	if (ml_design_init(&p->scratch, d, d->n, &p->prep, &p->design, &p->status) != ML_OK)
		return false;
	p->logit = (MlLogit) {.host = &t->host,.scratch = &p->scratch,.design = &p->design,.rows = d->n,.share = 1.0,
		.K = d->task == ML_BINARY ? 1 : 3,.q = p->design.q,.output = three,.class_weight = class_weight,
			.c = 0.8,.l2 = 1.3};
	p->logit.n = (size_t) p->logit.K * (size_t) p->logit.q;
	return ml_logit_start(&p->logit, &p->status) == ML_OK && ml_logit_start_hessian(&p->logit, &p->status) == ML_OK;
}

static void
derivatives(TestHost *t)
{
	static const MlTaskKind task[] = {ML_BINARY, ML_MULTICLASS};
	int			k;

	for (k = 0; k < 2; k++)
	{
		MlDataset  *d = fixture_random(1300, 4, 5, task[k]);
		Problem		p;
		double		w[64];
		double		g[64];
		double		h[64 * 64];
		double		step = 1e-5;
		double		worst_g = 0.0;
		double		worst_h = 0.0;
		size_t		n;
		size_t		i;
		size_t		j;

		OK(problem_start(t, d, &p), "design");
		n = p.logit.n;
		for (j = 0; j < n; j++)
			w[j] = fixture_noise(j + 5) * 0.5;
		ml_logit_eval(&p.logit, w, true, &p.status);
		memcpy(g, p.logit.gradient, n * sizeof(double));
		memcpy(h, p.logit.hessian, n * n * sizeof(double));
		for (j = 0; j < n; j++)
		{
			double		keep = w[j];
			double		up;
			double		up_g[64];

			w[j] = keep + step;
			ml_logit_eval(&p.logit, w, false, &p.status);
			up = p.logit.value;
			memcpy(up_g, p.logit.gradient, n * sizeof(double));
			w[j] = keep - step;
			ml_logit_eval(&p.logit, w, false, &p.status);
			w[j] = keep;
			worst_g = fmax(worst_g, fabs((up - p.logit.value) / (2.0 * step) - g[j]));
			for (i = j; i < n; i++)
				worst_h = fmax(worst_h, fabs((up_g[i] - p.logit.gradient[i]) / (2.0 * step) - h[j * n + i]));
		}
		/* central differences: rounding 1e-13 × value / step, truncation step² */
		OK(worst_g < 1e-4, "gradient against finite differences");
		OK(worst_h < 1e-5, "second derivatives against finite differences");
		ml_scratch_release(&p.scratch);
		test_host_reset(t);
		fixture_free(d);
	}
}

static void
same_bytes(void)
{
	static const int threads[] = {1, 2, 8};
	static const MlTaskKind task[] = {ML_BINARY, ML_MULTICLASS, ML_BINARY, ML_MULTICLASS};
	static const char *const penalty[] = {"l2", "l2", "l1", "elasticnet"};
	int			k;
	int			i;

	for (k = 0; k < 4; k++)
	{
		MlDataset  *d = fixture_random(20011, 5, 12, task[k]);
		uint8_t    *first = NULL;
		size_t		size = 0;
		bool		same = true;

		for (i = 0; i < 3; i++)
		{
			TestHost	t;
			Fitted		r;
			MlParams	params;

			test_host_init(&t, threads[i]);
			fixture_params(&params, &ml_logistic_regression, penalty[k]);
			fixture_set(&params, "C", 0.01);
			same = fixture_fit(&t, d, &params, &r) == ML_OK && r.fit.converged && same;
			if (i == 0)
			{
				size = r.size;
				first = malloc(size);
				memcpy(first, r.bytes, size);
			}
			else
				same = same && r.size == size && memcmp(first, r.bytes, size) == 0;
			test_host_reset(&t);
		}
		OK(same, "1, 2 and 8 threads give the same bytes");
		free(first);
		fixture_free(d);
	}
}

static MlCode
objective(void *arg, const double *w, double *f, double *gradient, MlStatus *status)
{
	MlLogit    *logit = arg;
	MlCode		code = ml_logit_eval(logit, w, false, status);

	*f = logit->value;
	memcpy(gradient, logit->gradient, logit->n * sizeof(double));
	return code;
}

/* The two solvers end at the same place. */
static void
solvers(TestHost *t)
{
	static const MlTaskKind task[] = {ML_BINARY, ML_MULTICLASS};
	int			k;
	int			sparse;

	for (k = 0; k < 2; k++)
		for (sparse = 0; sparse < 2; sparse++)
		{
			MlDataset  *d = fixture_random(1500, 4, 5, task[k]);
			Problem		p;
			Fitted		r;
			MlParams	params;
			MlLbfgs		lbfgs = {0};
			double		w[64] = {0};
			double		scale[64];
			double		l1[64];
			size_t		j;

			fixture_params(&params, &ml_logistic_regression, sparse ? "elasticnet" : "l2");
			fixture_set(&params, "C", 0.02);
			OK(fixture_fit(t, d, &params, &r) == ML_OK && r.fit.converged, "Newton");
			OK(problem_start(t, d, &p), "design");
			p.logit.class_weight = (const double[]) {1, 1, 1};
			p.logit.c = 0.02;
			p.logit.l2 = sparse ? 0.5 : 1.0;
			for (j = 0; j < p.logit.n; j++)
			{
				scale[j] = 1.0;
				l1[j] = j % (size_t) p.logit.q == 0 ? 0.0 : 0.5;
			}
			lbfgs = (MlLbfgs) {.n = p.logit.n,.objective = objective,.arg = &p.logit,.scale = scale,
							   .l1 = sparse ? l1 : NULL,.enough = 1e-7,.max_iter = 5000};
			OK(ml_lbfgs(&p.scratch, &lbfgs, w, &p.status) == ML_OK && lbfgs.converged, "L-BFGS converges");
			NEAR(lbfgs.value, r.fit.objective, 1e-11, "to the same objective");
			if (sparse)
			{
				int			zeros = 0;
				int			newton_zeros = 0;

				for (j = 0; j < p.logit.n; j++)
				{
					zeros += w[j] == 0.0;
					newton_zeros += r.fit.coefficient[j].coefficient == 0.0;
				}
				OK(zeros == newton_zeros && zeros > 0, "with the same exact zeros");
			}
			ml_scratch_release(&p.scratch);
			test_host_reset(t);
			fixture_free(d);
		}
}

static void
edges(TestHost *t)
{
	double		x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	double		step[8] = {0, 0, 0, 0, 1, 1, 1, 1};
	double		ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
	double		gap[8] = {0, 0, 2, 2, 0, 2, 0, 2};
	MlColumn	column = fixture_number("x", x);
	MlDataset	d = {.n = 8,.n_train = 8,.p = 1,.column = &column,.task = ML_BINARY,.y = step,.n_classes = 2,
					 .class_name = fixture_class};
	const char *weight_name[] = {"never"};
	double		weight_value[] = {2.0};
	Fitted		r;
	MlParams	params;
	double		margin[3];
	double		proba[3];

	fixture_params(&params, &ml_logistic_regression, "none");
	OK(fixture_fit(t, &d, &params, &r) == ML_OK && isfinite(r.fit.coefficient[1].coefficient),
	   "separated classes end with finite coefficients");
	OK(strstr(t->warning, "separated") != NULL, "and a warning");
	test_host_reset(t);
	d.y = ones;
	OK(fixture_fit(t, &d, &params, &r) == ML_BAD_DATA, "one class only");
	IS_TEXT(r.status.message, "all training rows belong to one class", "says so");
	test_host_reset(t);
	d.y = gap;
	d.task = ML_MULTICLASS;
	d.n_classes = 3;
	fixture_params(&params, &ml_logistic_regression, NULL);
	OK(fixture_fit(t, &d, &params, &r) == ML_OK && r.fit.n_coefficients == 6, "a class without rows");
	ml_model_margin(&r.model, x, 1, margin, NULL);
	ml_model_proba(&r.model, margin, proba);
	OK(proba[1] < 1e-12 && fabs(proba[0] + proba[1] + proba[2] - 1.0) < 1e-15, "gets no probability");
	test_host_reset(t);
	fixture_set(&params, "max_iter", 1);
	d.y = gap;
	OK(fixture_fit(t, &d, &params, &r) == ML_OK && !r.fit.converged && strstr(t->warning, "max_iter") != NULL,
	   "too few iterations are told");
	test_host_reset(t);
	params.n_class_weights = 1;
	params.class_weight_name = weight_name;
	params.class_weight_value = weight_value;
	OK(fixture_fit(t, &d, &params, &r) == ML_BAD_PARAMETER, "class_weight of no class");
	IS_TEXT(r.status.message, "parameter \"class_weight\" names \"never\", which is not a class", "names it");
	test_host_reset(t);
}

static void
wide(TestHost *t)
{
	static const char *const penalty[] = {"l2", "l1", "none"};
	MlDataset  *d = fixture_random(30000, 2, 9000, ML_BINARY);
	int			k;

	for (k = 0; k < 3; k++)
	{
		Fitted		r;
		MlParams	params;
		MlCode		code;

		fixture_params(&params, &ml_logistic_regression, penalty[k]);
		fixture_set(&params, "C", 0.5);
		code = fixture_fit(t, d, &params, &r);
		if (k < 2)
			OK(code == ML_OK && r.fit.converged && strcmp(r.fit.solver, k == 0 ? "lbfgs" : "owl-qn") == 0,
			   r.fit.solver);
		else
			OK(code == ML_TOO_LARGE, "without penalty: too large");
		OK(t->peak < ((size_t) 200 << 20), "memory stays bounded");
		test_host_reset(t);
	}
	fixture_free(d);
}

/* From SAMPLE_ROWS on a sample is fitted first; the end is the same optimum. */
static void
many_rows(TestHost *t)
{
	MlDataset  *d = fixture_random(210000, 3, 0, ML_BINARY);
	Fitted		r;
	MlParams	params;

	fixture_params(&params, &ml_logistic_regression, NULL);
	OK(fixture_fit(t, d, &params, &r) == ML_OK && r.fit.converged && r.fit.max_gradient < 1e-12, "many rows");
	OK(r.fit.iterations <= 5, "start near the end");
	t->stop_at = 6;
	test_host_reset(t);
	OK(fixture_fit(t, d, &params, &r) == ML_CANCELLED, "cancelled");
	t->stop_at = 0;
	test_host_reset(t);
	fixture_free(d);
}

static void
no_memory(TestHost *t)
{
	static const char *const penalty[] = {"none", "l2", "l1"};
	static const MlTaskKind task[] = {ML_BINARY, ML_MULTICLASS, ML_MULTICLASS};
	int			k;

	for (k = 0; k < 3; k++)
	{
		Fixture		f;
		Fitted		r;
		MlParams	params;
		MlCode		code = ML_NO_MEMORY;
		bool		clean = true;
		long		fail;

		fixture_golden(&f, task[k], true);
		fixture_params(&params, &ml_logistic_regression, penalty[k]);
		params.balanced = true;
		for (fail = 1; code == ML_NO_MEMORY && fail < 1000; fail++)
		{
			t->fail_at = fail;
			code = fixture_fit(t, &f.data, &params, &r);
			clean = clean && (code == ML_OK || code == ML_NO_MEMORY);
			test_host_reset(t);
		}
		t->fail_at = 0;
		OK(clean && code == ML_OK && fail > 10, "every allocation may fail");
	}
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 2);
	golden(&t);
	derivatives(&t);
	same_bytes();
	solvers(&t);
	edges(&t);
	wide(&t);
	many_rows(&t);
	no_memory(&t);
	return tap_done();
}
