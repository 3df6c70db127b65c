/*
 * logistic.c: logistic regression, two classes and many, plain and penalised.
 *
 *	½ ‖w‖² + C Σ s_i loss_i								l2
 *	‖w‖₁ + C Σ s_i loss_i								l1
 *	r ‖w‖₁ + ½ (1 - r) ‖w‖² + C Σ s_i loss_i			elasticnet, r = l1_ratio
 *	Σ s_i loss_i										none
 *
 * (scikit-learn's objective; s = sample weight × class weight; intercepts are
 * not penalised; logit.h has the losses.)  Newton's method where the matrix
 * of second derivatives is cheap, else L-BFGS.  Many rows: a fit of the first
 * sixteenth of them (in canonical order, a random sample) is the start.
 * Without penalty, columns that are combinations of those before them are
 * dropped from left to right, as R does, and two classes get standard errors
 * from the inverse of the second derivatives.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "learn/class_weight.h"
#include "learn/lbfgs.h"
#include "learn/learners.h"
#include "learn/linear_model.h"
#include "learn/newton.h"

#define RANK_TOLERANCE 1e-14	/* standard errors: a direction without this share of a column has none */
#define NEWTON_BINARY 4096		/* two classes: columns up to which Newton's matrix is built */
#define NEWTON_OUTPUTS 2048		/* many classes: columns × classes */
#define NEWTON_WORK 5e10		/* ... and operations of one pass */
#define SAMPLE_ROWS 200000		/* rows from which a sample is fitted first */
#define SAMPLE_SHARE 16
#define ABSENT 40.0				/* a class without rows: this far below the least likely one */

static const MlParam logistic_params[] = {
	{.name = "penalty",.type = ML_PARAM_ENUM,.default_text = "l2",.choices = "none|l2|l1|elasticnet",
	.description = "what keeps coefficients small: none, l2, l1 or elasticnet"},
	{.name = "C",.type = ML_PARAM_FLOAT,.default_number = 1,.minimum = 0,.maximum = 1e100,.minimum_open = true,
	.description = "weight of the data against the penalty: smaller means stronger penalty"},
	{.name = "l1_ratio",.type = ML_PARAM_FLOAT,.default_number = 0.5,.minimum = 0,.maximum = 1,
	.description = "share of the absolute values in an elasticnet penalty; 0 is l2, 1 is l1"},
	{.name = "tol",.type = ML_PARAM_FLOAT,.default_number = 1e-8,.minimum = 0,.maximum = 1,.minimum_open = true,
	.description = "training stops when the largest absolute gradient, divided by the sum of weights, is below this"},
	{.name = "max_iter",.type = ML_PARAM_INT,.default_number = NAN,
	 .default_text = "100 (Newton) or 1000 (L-BFGS)",.minimum = 1,.maximum = 1e9,
	.description = "most iterations"},
	{.name = "class_weight",.type = ML_PARAM_CLASS_WEIGHT,.default_number = NAN,.default_text = "null",
	 .minimum = -INFINITY,.maximum = INFINITY,
	.description = "null, \"balanced\" (inverse to class frequency) or {\"class\": weight}"},
};

typedef struct Logistic
{
	MlHost	   *host;
	MlScratch	scratch;
	MlDesign	design;
	MlLogit		logit;
	const MlDataset *data;
	int64_t		rows;
	bool		none;
	double		tol;
	int			max_iter;		/* 0 = the solver's own */
	int		   *output;			/* class -> output, -1 = no row */
	double	   *class_weight;
	int64_t    *count;			/* rows a class */
	double	   *w;				/* logit.n */
	bool	   *dropped;		/* q, without penalty */
} Logistic;

/* ---- classes ---- */

static MlCode
count_classes(Logistic *m, MlStatus *status)
{
	int			present = 0;
	int			k;

	for (k = 0; k < m->data->n_classes; k++)
		m->output[k] = m->count[k] > 0 ? present++ : -1;
	if (present < 2)
	{
		ml_status_set(status, ML_BAD_DATA, "all training rows belong to one class");
		ml_status_hint(status, "Logistic regression needs rows of at least two classes.");
		return ML_BAD_DATA;
	}
	m->logit.K = m->data->task == ML_BINARY ? 1 : present;
	return ML_OK;
}

/* Σ s over rows [0, rows) */
static double
total_weight(const Logistic *m, int64_t rows)
{
	double		total = 0.0;
	int64_t		i;

	for (i = 0; i < rows; i++)
		total += m->class_weight[(int) m->data->y[i]] * (m->data->weight == NULL ? 1.0 : m->data->weight[i]);
	return total;
}

/* Intercepts that give the weighted class shares. */
static MlCode
start_value(Logistic *m, MlStatus *status)
{
	double	   *share = ml_scratch_zero(&m->scratch, (size_t) m->data->n_classes, sizeof(double), "classes", status);
	double		mean = 0.0;
	int64_t		i;
	int			k;

	if (share == NULL)
		return status->code;
	for (i = 0; i < m->rows; i++)
		share[(int) m->data->y[i]] += m->data->weight == NULL ? 1.0 : m->data->weight[i];
	for (k = 0; k < m->data->n_classes; k++)
		share[k] *= m->class_weight[k];
	if (m->logit.K == 1)
	{
		m->w[0] = log(share[1] / share[0]);
		return ML_OK;
	}
	for (k = 0; k < m->data->n_classes; k++)
		if (m->output[k] >= 0)
		{
			m->w[(size_t) m->output[k] * (size_t) m->logit.q] = log(share[k]);
			mean += log(share[k]) / m->logit.K;
		}
	for (k = 0; k < m->logit.K; k++)
		m->w[(size_t) k * (size_t) m->logit.q] -= mean;
	return ML_OK;
}

/* ---- dependent columns ---- */

typedef struct Plain
{
	const MlDesign *design;
	MlSlots		slots;
} Plain;

static void
plain_block(void *arg, const MlBlock *block)
{
	Plain	   *plain = arg;

	ml_block_gram(block, NULL, NULL, ML_SLOT(&plain->slots, block->slot, at_dense),
				  ML_SLOT(&plain->slots, block->slot, at_gram));
}

/* Finds the columns that are combinations of those before them. */
static MlCode
find_dropped(Logistic *m, MlScratch *own, MlStatus *status)
{
	size_t		q = (size_t) m->logit.q;
	Plain		plain = {.design = &m->design};
	MlFactor	factor;
	double	   *gram;
	MlCode		code = ml_slots_init(own, &m->design, 0, true, m->design.n_groups > 0 ? q : 0, 0, &plain.slots, status);

	if (code != ML_OK)
		return code;
	ml_slots_clear(&plain.slots);
	code = ml_design_pass(m->host, &m->design, m->rows, plain.slots.n, ml_design_gram_cost(&m->design),
						  plain_block, &plain, "logistic regression", 0.0, status);
	if (code != ML_OK)
		return code;
	ml_slots_reduce(&plain.slots);
	gram = ml_scratch_zero(own, q, q * sizeof(double), "the matrix of sums", status);
	if (gram == NULL)
		return status->code;
	if (m->design.n_groups > 0)
		memcpy(gram, ML_SLOT(&plain.slots, 0, at_gram), q * q * sizeof(double));
	ml_design_scatter(&m->design, ML_SLOT(&plain.slots, 0, at_dense), gram);
	code = ml_factor_init(own, (int) q, &factor, status);
	if (code == ML_OK)
		code = ml_factor_columns(own, &m->design, NULL, &factor, gram, status);
	if (code != ML_OK)
		return code;
	memcpy(m->dropped, factor.dropped, q * sizeof(bool));
	return ML_OK;
}

/* ---- solving ---- */

/* A fit of the first rows as a start for all; whatever happens there is no failure of the fit. */
static MlCode
start_from_sample(Logistic *m, MlNewton *newton, MlStatus *status)
{
	MlLogit    *logit = &m->logit;
	double	   *start;
	double		all = logit->total;
	MlCode		code;

	if (m->rows < SAMPLE_ROWS || (double) m->rows / SAMPLE_SHARE < 50.0 * (double) logit->n)
		return ML_OK;
	start = ml_scratch_alloc(&m->scratch, logit->n, sizeof(double), "coefficients", status);
	if (start == NULL)
		return status->code;
	memcpy(start, m->w, logit->n * sizeof(double));
	logit->rows = m->rows / SAMPLE_SHARE;
	logit->share = total_weight(m, logit->rows) / all;
	newton->enough = 1e-5 * all;
	newton->step = 1e-2;
	newton->max_iter = 12;
	code = ml_newton_run(newton, start, status);
	if (code == ML_OK && newton->converged && newton->runaway < 0)
		memcpy(m->w, start, logit->n * sizeof(double));
	logit->rows = m->rows;
	logit->share = 1.0;
	return code;
}

static void
warn_runaway(Logistic *m, int at)
{
	char		line[320];
	char		name[128];

	ml_linear_name(&m->design, at % m->logit.q, name, sizeof(name));
	snprintf(line, sizeof(line),
			 "the classes are separated, at least in part: coefficients grow without bound, \"%s\" most of all",
				name);
	m->host->warn(m->host, line, "Use a penalty, or leave out the columns that tell the class.");
}

static MlCode
solve_newton(Logistic *m, MlFit *fit, MlStatus *status)
{
	MlNewton	newton = {.logit = &m->logit,.pin_all = m->none};
	MlCode		code = ml_design_check_gram(&m->design, "logistic regression without penalty", status);

	if (code == ML_OK)
		code = ml_newton_start(&newton, status);
	if (code == ML_OK && m->none)
	{
		MlScratch	own;

		ml_scratch_init(&own, m->host);
		code = find_dropped(m, &own, status);
		ml_scratch_release(&own);
		m->logit.skip = m->dropped;
	}
	if (code == ML_OK)
		code = start_from_sample(m, &newton, status);
	if (code != ML_OK)
		return code;
	newton.enough = m->tol * m->logit.total;
	newton.step = fmax(1e-6, 100.0 * m->tol);
	newton.max_iter = m->max_iter > 0 ? m->max_iter : 100;
	code = ml_newton_run(&newton, m->w, status);
	fit->solver = m->logit.l1 > 0.0 ? "proximal newton" : "newton-cholesky";
	fit->iterations = newton.iterations;
	fit->converged = newton.converged;
	if (code == ML_OK && m->none)
		ml_linear_warn_dropped(m->host, &m->design, m->dropped);
	if (code == ML_OK && newton.runaway >= 0)
		warn_runaway(m, newton.runaway);
	return code;
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

static MlCode
solve_lbfgs(Logistic *m, MlFit *fit, MlStatus *status)
{
	MlLogit    *logit = &m->logit;
	MlLbfgs		problem = {.n = logit->n,.objective = objective,.arg = logit};
	double	   *scale = ml_scratch_alloc(&m->scratch, logit->n, sizeof(double), "L-BFGS", status);
	double	   *l1 = NULL;
	size_t		at;
	MlCode		code;

	if (scale == NULL)
		return status->code;
	if (logit->l1 > 0.0)
	{
		l1 = ml_scratch_alloc(&m->scratch, logit->n, sizeof(double), "L-BFGS", status);
		if (l1 == NULL)
			return status->code;
	}
	for (at = 0; at < logit->n; at++)
	{
		size_t		j = at % (size_t) logit->q;
		double		square = m->design.sd[j] * m->design.sd[j] + m->design.mean[j] * m->design.mean[j];

		/* curvature as if every probability were even */
		scale[at] = 1.0 / (logit->c * logit->total * square * (logit->K == 1 ? 0.25 : 1.0 / logit->K) +
						   (j > 0 ? fmax(logit->l2, 1e-6) : 0.0) + 1e-300);
		if (l1 != NULL)
			l1[at] = j > 0 ? logit->l1 : 0.0;
	}
	problem.scale = scale;
	problem.l1 = l1;
	problem.enough = m->tol * logit->total;
	problem.max_iter = m->max_iter > 0 ? m->max_iter : 1000;
	code = ml_lbfgs(&m->scratch, &problem, m->w, status);
	fit->solver = l1 == NULL ? "lbfgs" : "owl-qn";
	fit->iterations = problem.iterations;
	fit->converged = problem.converged;
	return code;
}

static bool
wants_newton(const Logistic *m)
{
	const MlLogit *logit = &m->logit;

	if (logit->K == 1)
		return m->none || logit->q <= NEWTON_BINARY;
	return logit->n <= NEWTON_OUTPUTS && ml_logit_hessian_cost(logit) * (double) m->rows <= NEWTON_WORK;
}

/* Standard errors, z and p of an unpenalised fit of two classes. */
static MlCode
find_errors(Logistic *m, MlLinearErrors *errors, MlStatus *status)
{
	MlLogit    *logit = &m->logit;
	MlFactor	factor;
	double	   *t = ml_scratch_alloc(&m->scratch, logit->n, sizeof(double), "standard errors", status);
	double	   *variance = ml_scratch_alloc(&m->scratch, logit->n, sizeof(double), "standard errors", status);
	MlCode		code;

	if (t == NULL || variance == NULL)
		return status->code;
	code = ml_logit_eval(logit, m->w, true, status);
	if (code == ML_OK)
		code = ml_factor_init(&m->scratch, logit->q, &factor, status);
	if (code == ML_OK)
		code = ml_factor_run(m->host, &factor, logit->hessian, RANK_TOLERANCE, m->dropped, "standard errors", status);
	if (code != ML_OK)
		return code;
	ml_linear_raw_intercept(&m->design, t);
	errors->variance = variance;
	errors->df = INFINITY;
	return ml_factor_variance(&m->scratch, &factor, t, variance, &errors->intercept_variance, status);
}

static MlCode
solve(Logistic *m, MlFit *fit, MlLinearErrors *errors, MlStatus *status)
{
	MlLogit    *logit = &m->logit;
	bool		newton = wants_newton(m);
	size_t		at;
	MlCode		code = ml_logit_start(logit, status);

	if (code == ML_OK)
		code = start_value(m, status);
	if (code == ML_OK)
		code = newton ? solve_newton(m, fit, status) : solve_lbfgs(m, fit, status);
	if (code != ML_OK)
		return code;
	for (at = 0; at < logit->n; at++)
		if (!isfinite(m->w[at]))
			return ml_status_set(status, ML_BAD_DATA,
								 "values are too large for logistic regression: a coefficient is not finite");
	if (m->none)
		errors->dropped = m->dropped;
	if (m->none && logit->K == 1)
		code = find_errors(m, errors, status);
	else
		code = ml_logit_eval(logit, m->w, false, status);
	fit->objective = logit->value + ml_logit_absolute(logit, m->w);
	fit->max_gradient = ml_logit_optimality(logit, m->w) / logit->total;
	if (code == ML_OK && !fit->converged)
	{
		char		line[200];

		snprintf(line, sizeof(line),
				 "logistic regression did not converge in %d iterations (\"max_iter\"): "
				 "largest gradient %.1e, \"tol\" %.1e",
				 fit->iterations, fit->max_gradient, m->tol);
		m->host->warn(m->host, line, "Raise \"max_iter\" or \"tol\", or scale the columns.");
	}
	return code;
}

/* ---- the learner ---- */

/* The solution by class: classes without rows get an intercept that leaves them no probability. */
static MlCode
spread_classes(Logistic *m, double **w, MlStatus *status)
{
	size_t		q = (size_t) m->logit.q;
	double		least = INFINITY;
	int			k;

	*w = m->w;
	if (m->logit.K == 1 || m->logit.K == m->data->n_classes)
		return ML_OK;
	*w = ml_scratch_zero(&m->scratch, q * (size_t) m->data->n_classes, sizeof(double), "coefficients", status);
	if (*w == NULL)
		return status->code;
	for (k = 0; k < m->logit.K; k++)
		least = fmin(least, m->w[(size_t) k * q]);
	for (k = 0; k < m->data->n_classes; k++)
		if (m->output[k] >= 0)
			memcpy(*w + (size_t) k * q, m->w + (size_t) m->output[k] * q, q * sizeof(double));
		else
			(*w)[(size_t) k * q] = least - ABSENT;
	return ML_OK;
}

static void
read_params(Logistic *m, const MlParams *params)
{
	const char *penalty = ml_param_text(params, "penalty");
	double		ratio = strcmp(penalty, "l1") == 0 ? 1.0 : strcmp(penalty, "l2") == 0 ? 0.0
		: ml_param_number(params, "l1_ratio");
	double		max_iter = ml_param_number(params, "max_iter");

	m->none = strcmp(penalty, "none") == 0;
	m->logit.l1 = m->none ? 0.0 : ratio;
	m->logit.l2 = m->none ? 0.0 : 1.0 - ratio;
	m->logit.c = m->none ? 1.0 : ml_param_number(params, "C");
	m->tol = ml_param_number(params, "tol");
	m->max_iter = isnan(max_iter) ? 0 : (int) max_iter;
}

static MlCode
allocate(Logistic *m, MlStatus *status)
{
	size_t		classes = (size_t) m->data->n_classes;

	m->output = ml_scratch_alloc(&m->scratch, classes, sizeof(int), "classes", status);
	if (m->output == NULL)
		return status->code;
	m->class_weight = ml_scratch_alloc(&m->scratch, classes, sizeof(double), "classes", status);
	if (m->class_weight == NULL)
		return status->code;
	m->count = ml_scratch_alloc(&m->scratch, classes, sizeof(int64_t), "classes", status);
	return m->count == NULL ? status->code : ML_OK;
}

static MlCode
prepare(Logistic *m, const MlPrep *prep, const MlParams *params, MlStatus *status)
{
	MlLogit    *logit = &m->logit;
	MlCode		code = allocate(m, status);

	if (code == ML_OK)
		code = ml_class_weights(m->data, m->rows, params, m->count, m->class_weight, status);
	if (code == ML_OK)
		code = count_classes(m, status);
	if (code == ML_OK)
		code = ml_design_init(&m->scratch, m->data, m->rows, prep, &m->design, status);
	if (code != ML_OK)
		return code;
	logit->host = m->host;
	logit->scratch = &m->scratch;
	logit->design = &m->design;
	logit->rows = m->rows;
	logit->share = 1.0;
	logit->q = m->design.q;
	logit->n = (size_t) logit->K * (size_t) logit->q;
	if (logit->n > INT32_MAX / 2)
		return ml_status_set(status, ML_TOO_LARGE, "coefficients number more than %d", INT32_MAX / 2);
	logit->output = m->output;
	logit->class_weight = m->class_weight;
	logit->total = total_weight(m, m->rows);
	read_params(m, params);
	m->w = ml_scratch_zero(&m->scratch, logit->n, sizeof(double), "coefficients", status);
	if (m->w == NULL)
		return status->code;
	m->dropped = ml_scratch_zero(&m->scratch, (size_t) logit->q, sizeof(bool), "coefficients", status);
	return m->dropped == NULL ? status->code : ML_OK;
}

static MlCode
train(Logistic *m, const MlPrep *prep, const MlParams *params,
	  void **section, size_t *section_size, MlFit *fit, MlStatus *status)
{
	MlLinearErrors errors = {0};
	int			outputs = m->data->task == ML_BINARY ? 1 : m->data->n_classes;
	double	   *w;
	MlCode		code = prepare(m, prep, params, status);

	if (code == ML_OK)
		code = solve(m, fit, &errors, status);
	if (code == ML_OK)
		code = spread_classes(m, &w, status);
	if (code == ML_OK)
		code = ml_linear_write(m->host, &m->design, outputs, w, section, section_size, status);
	if (code == ML_OK)
		code = ml_linear_report(m->host, &m->design, outputs, w, &errors, fit, status);
	if (code == ML_OK && (params->balanced || params->n_class_weights > 0))
		code = ml_class_prior(m->host, m->data->n_classes, m->class_weight, fit, status);
	return code;
}

static MlCode
logistic_train(MlHost *host, const MlDataset *data, int64_t rows, const MlPrep *prep,
			   const MlParams *params, uint64_t seed,
			   void **section, size_t *section_size, MlFit *fit, MlStatus *status)
{
	Logistic	m = {.host = host,.data = data,.rows = rows};
	MlCode		code;

	(void) seed;
	fit->objective = NAN;
	fit->max_gradient = NAN;
	ml_scratch_init(&m.scratch, host);
	code = train(&m, prep, params, section, section_size, fit, status);
	ml_scratch_release(&m.scratch);
	return code;
}

static bool
logistic_drop_first(const MlParams *params)
{
	return strcmp(ml_param_text(params, "penalty"), "none") == 0;
}

const MlLearner ml_logistic_regression = {
	.name = "logistic_regression",
	.description = "logistic regression for two and more classes, with ridge, lasso and elastic net penalties",
	.tasks = ML_BINARY | ML_MULTICLASS,
	.linear = true,
	.params = logistic_params,
	.n_params = (int) (sizeof(logistic_params) / sizeof(logistic_params[0])),
	.drop_first = logistic_drop_first,
	.train = logistic_train,
	.open = ml_linear_open,
	.margin = ml_linear_margin,
	.explain = ml_linear_explain,
};
