/*
 * linear.c: linear regression by least squares, plain and penalised.
 *
 * With A the design (intercept first), y the target, s the weights, S = Σ s:
 *
 *	none		Σ s (y - Aw)²
 *	l2			Σ s (y - Aw)² + alpha ‖w‖²
 *	l1, elasticnet
 *				Σ s (y - Aw)² / (2S) + alpha (r ‖w‖₁ + ½ (1 - r) ‖w‖²),  r = l1_ratio, 1 for l1
 *
 * the intercept never in ‖w‖.  The first two solve the normal equations
 * A'SA w = A'Sy by a Cholesky factorisation of the matrix scaled to ones on
 * the diagonal, then correct w by the gradient of a second pass over the rows
 * (iterative refinement), which brings it to the accuracy of an orthogonal
 * factorisation.  Without penalty, columns that are combinations of those
 * before them are dropped from left to right, as R does.  The last two go by
 * coordinate descent on A'SA (Friedman, Hastie, Tibshirani, "Regularization
 * paths for generalized linear models via coordinate descent", 2010).  An l2
 * fit with too many columns for that matrix goes by conjugate gradients.
 *
 * y is scaled by a power of two, so its own size never overflows a square.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernel/linalg.h"
#include "learn/factor.h"
#include "learn/learners.h"
#include "learn/linear_model.h"

#define RANK_TOLERANCE 1e-13	/* with a penalty: only what rounding alone is made of is dropped */
#define MAX_REFINEMENTS 6
#define REFINED 1e-11			/* last correction, relative to the largest coefficient, both on scaled columns */
#define SWEEP_COST 2e8			/* coordinate descent: operations between two polls */

static const MlParam linear_params[] = {
	{.name = "penalty",.type = ML_PARAM_ENUM,.default_text = "none",.choices = "none|l2|l1|elasticnet",
	.description = "what keeps coefficients small: none, l2 (ridge), l1 (lasso) or elasticnet"},
	{.name = "alpha",.type = ML_PARAM_FLOAT,.default_number = NAN,.default_text = "1 with l2, else 0.1",
	 .minimum = 0,.maximum = 1e100,
	.description = "strength of the penalty"},
	{.name = "l1_ratio",.type = ML_PARAM_FLOAT,.default_number = 0.5,.minimum = 0,.maximum = 1,
	.description = "share of the absolute values in an elasticnet penalty; 0 is l2, 1 is l1"},
	{.name = "tol",.type = ML_PARAM_FLOAT,.default_number = 1e-10,.minimum = 0,.maximum = 1,.minimum_open = true,
	.description = "iterative solvers stop when no step moves predictions by more than this, "
		"in standard deviations of the target"},
	{.name = "max_iter",.type = ML_PARAM_INT,.default_number = 10000,.minimum = 1,.maximum = 1e9,
	.description = "most rounds of an iterative solver (l1, elasticnet, very wide l2)"},
};

typedef struct Linear
{
	MlHost	   *host;
	MlScratch	scratch;
	MlDesign	design;
	int			q;
	const double *y;
	const double *weight;		/* NULL = 1 */
	double		y_scale;		/* power of two: y is seen as y × y_scale */
	double		total;			/* S */
	MlSlots		slots;
	double	   *w;				/* q, of the scaled y */
	double	   *gradient;		/* q: A'S(y - Aw) of the last residual pass */
	double		rss;			/* Σ s (y - Aw)² of it */
	double		alpha;
	double		l1;				/* alpha r and alpha (1 - r) */
	double		l2;
	double		tol;
	int			max_iter;
} Linear;

/* ---- passes ---- */

/* A'SA and A'Sy; working memory: 2 blocks and a dense row */
static void
gram_block(void *arg, const MlBlock *block)
{
	Linear	   *m = arg;
	double	   *work = ML_SLOT(&m->slots, block->slot, at_work);
	double	   *v = work + m->design.block;
	const double *y = m->y + block->from;
	const double *s = m->weight == NULL ? NULL : m->weight + block->from;
	int			i;

	for (i = 0; i < block->n; i++)
		v[i] = y[i] * m->y_scale * (s == NULL ? 1.0 : s[i]);
	ml_block_transposed(block, v, v + m->design.block, ML_SLOT(&m->slots, block->slot, at_vector));
	ml_block_gram(block, s, work, ML_SLOT(&m->slots, block->slot, at_dense), ML_SLOT(&m->slots, block->slot, at_gram));
}

/* A'S(y - Aw) and Σ s (y - Aw)² */
static void
residual_block(void *arg, const MlBlock *block)
{
	Linear	   *m = arg;
	double	   *r = ML_SLOT(&m->slots, block->slot, at_work);
	double	   *v = r + m->design.block;
	const double *y = m->y + block->from;
	const double *s = m->weight == NULL ? NULL : m->weight + block->from;
	int			i;

	ml_block_product(block, m->w, v + m->design.block, r);
	for (i = 0; i < block->n; i++)
	{
		r[i] = y[i] * m->y_scale - r[i];
		v[i] = s == NULL ? r[i] : s[i] * r[i];
	}
	ML_SLOT_SCALAR(&m->slots, block->slot)[0] += ml_dot((size_t) block->n, r, v);
	ml_block_transposed(block, v, v + m->design.block, ML_SLOT(&m->slots, block->slot, at_vector));
}

/* A'SA w */
static void
square_block(void *arg, const MlBlock *block)
{
	Linear	   *m = arg;
	double	   *v = ML_SLOT(&m->slots, block->slot, at_work);
	const double *s = m->weight == NULL ? NULL : m->weight + block->from;
	int			i;

	ml_block_product(block, m->w, v + m->design.block, v);
	for (i = 0; i < block->n && s != NULL; i++)
		v[i] *= s[i];
	ml_block_transposed(block, v, v + m->design.block, ML_SLOT(&m->slots, block->slot, at_vector));
}

static MlCode
run_pass(Linear *m, MlBlockTask task, double cost, const char *phase, double share, MlStatus *status)
{
	MlCode		code;

	ml_slots_clear(&m->slots);
	code = ml_design_pass(m->host, &m->design, m->design.rows, m->slots.n, cost, task, m, phase, share, status);
	if (code == ML_OK)
		ml_slots_reduce(&m->slots);
	return code;
}

static MlCode
start_slots(Linear *m, bool gram, MlStatus *status)
{
	size_t		work = 2 * (size_t) m->design.block + (size_t) m->design.n_dense;

	return ml_slots_init(&m->scratch, &m->design, (size_t) m->q, gram,
						 gram && m->design.n_groups > 0 ? (size_t) m->q : 0, work, &m->slots, status);
}

static MlCode
find_residual(Linear *m, MlStatus *status)
{
	MlCode		code = run_pass(m, residual_block, 2 * ml_design_cost(&m->design), "least squares", 0.8, status);

	if (code != ML_OK)
		return code;
	memcpy(m->gradient, ML_SLOT(&m->slots, 0, at_vector), (size_t) m->q * sizeof(double));
	m->rss = ML_SLOT_SCALAR(&m->slots, 0)[0];
	return ML_OK;
}

/* *gram := A'SA (q × q, lower), w := A'Sy */
static MlCode
find_gram(Linear *m, double **gram, MlStatus *status)
{
	MlScratch	own;
	size_t		cells = (size_t) m->q * (size_t) m->q;
	MlSlots		kept = m->slots;
	MlCode		code = ml_design_check_gram(&m->design, "least squares", status);

	if (code != ML_OK)
		return code;
	*gram = ml_scratch_zero(&m->scratch, cells, sizeof(double), "the matrix of sums", status);
	if (*gram == NULL)
		return status->code;
	/* the slots' matrices are given back before the solution begins */
	own = m->scratch;
	ml_scratch_init(&m->scratch, m->host);
	code = start_slots(m, true, status);
	if (code == ML_OK)
		code = run_pass(m, gram_block, ml_design_gram_cost(&m->design), "least squares", 0.2, status);
	if (code == ML_OK)
	{
		if (m->design.n_groups > 0)
			memcpy(*gram, ML_SLOT(&m->slots, 0, at_gram), cells * sizeof(double));
		ml_design_scatter(&m->design, ML_SLOT(&m->slots, 0, at_dense), *gram);
		memcpy(m->w, ML_SLOT(&m->slots, 0, at_vector), (size_t) m->q * sizeof(double));
	}
	ml_scratch_release(&m->scratch);
	m->scratch = own;
	m->slots = kept;
	return code;
}

/* ---- none, l2: normal equations ---- */

/* Corrects w by the gradient of the rows themselves until nothing moves. */
static MlCode
refine(Linear *m, const MlFactor *factor, double ridge, MlFit *fit, MlStatus *status)
{
	double		before = INFINITY;
	int			round;

	for (round = 1; round <= MAX_REFINEMENTS; round++)
	{
		double		largest = 0.0;
		double		moved = 0.0;
		double		gain = 0.0;
		double		worst = 0.0;
		double	   *step = m->gradient;
		int			j;
		MlCode		code = find_residual(m, status);

		if (code != ML_OK)
			return code;
		for (j = 0; j < m->q; j++)
		{
			step[j] = factor->dropped[j] ? 0.0 : step[j] - (j > 0 ? ridge * m->w[j] : 0.0);
			worst = fmax(worst, fabs(step[j]));
			ML_SLOT(&m->slots, 0, at_vector)[j] = step[j];
		}
		fit->max_gradient = 2.0 * worst / m->total;
		ml_factor_solve(factor, step);
		for (j = 0; j < m->q; j++)
			if (!factor->dropped[j])
			{
				largest = fmax(largest, fabs(m->w[j] / factor->d[j]));
				moved = fmax(moved, fabs(step[j] / factor->d[j]));
			}
		if (!(moved < before))	/* noise: the correction no longer shrinks */
			break;
		before = moved;
		gain = ml_dot((size_t) m->q, step, ML_SLOT(&m->slots, 0, at_vector));
		for (j = 0; j < m->q; j++)
		{
			m->rss -= j > 0 ? ridge * step[j] * (2.0 * m->w[j] + step[j]) : 0.0;
			m->w[j] += step[j];
		}
		m->rss = fmax(m->rss - gain, 0.0);	/* the objective falls by the gain, rss by the rest of it */
		fit->iterations = round;
		if (moved <= REFINED * largest)
			break;
	}
	return ML_OK;
}

static MlCode
solve_normal(Linear *m, bool ridge, MlFactor *factor, MlFit *fit, MlStatus *status)
{
	double	   *gram;
	int			j;
	MlCode		code = find_gram(m, &gram, status);

	if (code == ML_OK)
		code = ml_factor_init(&m->scratch, m->q, factor, status);
	if (code != ML_OK)
		return code;
	for (j = 1; j < m->q && ridge; j++)
		gram[(size_t) j * ((size_t) m->q + 1)] += m->alpha;
	if (ridge)
		code = ml_factor_run(m->host, factor, gram, RANK_TOLERANCE, NULL, "least squares", status);
	else
		code = ml_factor_columns(&m->scratch, &m->design, m->weight, factor, gram, status);
	if (code != ML_OK)
		return code;
	ml_factor_solve(factor, m->w);
	fit->solver = "cholesky";
	fit->rank = factor->rank;
	fit->converged = true;
	code = refine(m, factor, ridge ? m->alpha : 0.0, fit, status);
	if (code == ML_OK && !ridge)
		ml_linear_warn_dropped(m->host, &m->design, factor->dropped);
	return code;
}

/* Standard errors of the unpenalised fit, in the units of w. */
static MlCode
find_errors(Linear *m, const MlFactor *factor, MlLinearErrors *errors, MlStatus *status)
{
	double	   *t = ml_scratch_alloc(&m->scratch, (size_t) m->q, sizeof(double), "standard errors", status);
	double	   *variance = ml_scratch_alloc(&m->scratch, (size_t) m->q, sizeof(double), "standard errors", status);
	double		combined;
	double		s2;
	int			j;
	MlCode		code;

	if (t == NULL || variance == NULL)
		return status->code;
	ml_linear_raw_intercept(&m->design, t);
	code = ml_factor_variance(&m->scratch, factor, t, variance, &combined, status);
	if (code != ML_OK)
		return code;
	errors->df = (double) (m->design.rows - factor->rank);
	s2 = errors->df > 0.0 ? m->rss / errors->df : NAN;
	s2 = s2 / m->y_scale / m->y_scale;
	for (j = 0; j < m->q; j++)
		variance[j] *= s2;
	errors->dropped = factor->dropped;
	errors->variance = variance;
	errors->intercept_variance = combined * s2;
	return ML_OK;
}

/* ---- l2, very wide: conjugate gradients ---- */

static MlCode
solve_wide(Linear *m, MlFit *fit, MlStatus *status)
{
	size_t		q = (size_t) m->q;
	double	   *memory = ml_scratch_zero(&m->scratch, q, 5 * sizeof(double), "conjugate gradients", status);
	double	   *r = memory;
	double	   *z;
	double	   *direction;
	double	   *solution;
	double	   *scale;
	double		rho = 0.0;
	double		first = 0.0;
	size_t		j;
	MlCode		code;

	if (memory == NULL)
		return status->code;
	z = memory + q;
	direction = memory + 2 * q;
	solution = memory + 3 * q;
	scale = memory + 4 * q;
	code = find_residual(m, status);	/* at w = 0 */
	for (j = 0; j < q && code == ML_OK; j++)
	{
		double		square = m->design.sd[j] * m->design.sd[j] + m->design.mean[j] * m->design.mean[j];

		scale[j] = 1.0 / (m->total * square + (j > 0 ? m->alpha : 0.0) + 1e-300);
		r[j] = m->gradient[j];
		z[j] = direction[j] = scale[j] * r[j];
		rho += r[j] * z[j];
	}
	first = rho;
	fit->solver = "conjugate gradients";
	fit->converged = !(rho > 0.0);
	for (fit->iterations = 0; code == ML_OK && !fit->converged && fit->iterations < m->max_iter; fit->iterations++)
	{
		double	   *product;
		double		curvature = 0.0;
		double		step;
		double		next = 0.0;

		m->w = direction;
		code = run_pass(m, square_block, 2 * ml_design_cost(&m->design), "conjugate gradients",
						(double) fit->iterations / m->max_iter, status);
		if (code != ML_OK)
			break;
		product = ML_SLOT(&m->slots, 0, at_vector);
		for (j = 0; j < q; j++)
		{
			product[j] += j > 0 ? m->alpha * direction[j] : 0.0;
			curvature += direction[j] * product[j];
		}
		if (!(curvature > 0.0))
			break;
		step = rho / curvature;
		for (j = 0; j < q; j++)
		{
			solution[j] += step * direction[j];
			r[j] -= step * product[j];
			z[j] = scale[j] * r[j];
			next += r[j] * z[j];
		}
		fit->converged = next <= m->tol * m->tol * 1e-4 * first;
		for (j = 0; j < q; j++)
			direction[j] = z[j] + next / rho * direction[j];
		rho = next;
	}
	m->w = solution;
	if (code == ML_OK)
		code = find_residual(m, status);
	fit->max_gradient = 0.0;
	for (j = 0; j < q && code == ML_OK; j++)
		fit->max_gradient = fmax(fit->max_gradient,
								 2.0 * fabs(m->gradient[j] - (j > 0 ? m->alpha * solution[j] : 0.0)) / m->total);
	return code;
}

/* ---- l1, elasticnet: coordinate descent ---- */

static double
soft(double x, double threshold)
{
	return x > threshold ? x - threshold : x < -threshold ? x + threshold : 0.0;
}

/*
 * Turns A'SA and A'Sy into correlations with the intercept taken out: gram
 * becomes full, g := A'Sy of the centred columns, both divided by S.
 */
static void
centre(Linear *m, double *gram, double *g)
{
	size_t		q = (size_t) m->q;
	double		total = gram[0];
	double		y_mean = g[0] / total;
	size_t		i;
	size_t		j;

	for (j = 1; j < q; j++)
	{
		double		mean = gram[j] / total;

		g[j] = g[j] / total - mean * y_mean;
		for (i = j; i < q; i++)
			gram[j * q + i] = gram[j * q + i] / total - mean * (gram[i] / total);
	}
	for (j = 1; j < q; j++)
		for (i = j + 1; i < q; i++)
			gram[i * q + j] = gram[j * q + i];
}

/* One sweep; returns the largest move, in units of the target's scale.  g: gradient at w, kept current. */
static double
sweep(Linear *m, const double *gram, double *g, bool active_only)
{
	size_t		q = (size_t) m->q;
	double		most = 0.0;
	size_t		i;
	size_t		j;

	for (j = 1; j < q; j++)
	{
		double		square = gram[j * q + j];
		double		old = m->w[j];
		double		move;

		/* a constant column leaves rounding, not a square */
		if ((active_only && old == 0.0) || !(square > 1e-14 * (m->design.mean[j] * m->design.mean[j] + square)))
			continue;
		m->w[j] = soft(g[j] + square * old, m->l1) / (square + m->l2);
		move = m->w[j] - old;
		if (move == 0.0)
			continue;
		for (i = 1; i < q; i++)
			g[i] -= move * gram[j * q + i];
		most = fmax(most, fabs(move) * sqrt(square));
	}
	return most;
}

static MlCode
descend(Linear *m, const double *gram, double *g, double enough, MlFit *fit, MlStatus *status)
{
	double		cost = (double) m->q * m->q;
	double		since_poll = 0.0;
	bool		active_only = false;

	fit->converged = false;
	for (; fit->iterations < m->max_iter; fit->iterations++)
	{
		double		most = sweep(m, gram, g, active_only);

		since_poll += cost;
		if (since_poll > SWEEP_COST)
		{
			since_poll = 0.0;
			if (m->host->poll(m->host, "coordinate descent", (double) fit->iterations / m->max_iter))
				return ml_cancelled(status);
		}
		if (most <= enough && !active_only)
		{
			fit->converged = true;
			break;
		}
		active_only = most > enough;
	}
	return ML_OK;
}

static MlCode
solve_sparse(Linear *m, MlFit *fit, MlStatus *status)
{
	double	   *gram;
	double	   *g;
	double		enough;
	double		mean;
	int			j;
	int			round;
	MlCode		code = find_gram(m, &gram, status);

	if (code != ML_OK)
		return code;
	g = ml_scratch_alloc(&m->scratch, (size_t) m->q, sizeof(double), "coordinate descent", status);
	if (g == NULL)
		return status->code;
	memcpy(g, m->w, (size_t) m->q * sizeof(double));
	mean = g[0] / gram[0];
	centre(m, gram, g);
	memset(m->w, 0, (size_t) m->q * sizeof(double));
	m->w[0] = mean;
	fit->solver = "coordinate descent";
	code = find_residual(m, status);
	enough = m->tol * sqrt(m->rss / m->total);
	/* the second round starts from the gradient of the rows, free of the matrix's rounding */
	for (round = 0; round < 2 && code == ML_OK; round++)
	{
		code = descend(m, gram, g, enough, fit, status);
		m->w[0] = mean;
		for (j = 1; j < m->q; j++)
			m->w[0] -= m->w[j] * gram[j] / gram[0];
		if (code == ML_OK)
			code = find_residual(m, status);
		for (j = 1; j < m->q && code == ML_OK; j++)
			g[j] = (m->gradient[j] - m->gradient[0] * gram[j] / gram[0]) / m->total;
	}
	return code;
}

/* ---- the learner ---- */

static double
power_of_two_scale(const double *y, int64_t n)
{
	double		most = 0.0;
	int64_t		i;
	int			exponent;

	for (i = 0; i < n; i++)
		most = fmax(most, fabs(y[i]));
	if (!(most > 0.0) || !isfinite(most))
		return 1.0;
	frexp(most, &exponent);
	return ldexp(1.0, exponent < -1000 ? 1000 : -exponent);
}

/* Value and gradient of the objective at the end, in the user's units. */
static void
final_objective(const Linear *m, MlFit *fit, bool sparse)
{
	double		absolute = 0.0;
	double		square = 0.0;
	double		worst = 0.0;
	int			j;

	for (j = 1; j < m->q; j++)
	{
		absolute += fabs(m->w[j]);
		square += m->w[j] * m->w[j];
	}
	if (!sparse)
		fit->objective = m->rss + m->alpha * square;
	else
	{
		fit->objective = m->rss / (2.0 * m->total) + m->l1 * absolute + 0.5 * m->l2 * square;
		for (j = 0; j < m->q; j++)
		{
			double		g = m->gradient[j] / m->total - (j > 0 ? m->l2 * m->w[j] : 0.0);

			if (j > 0)
				g = m->w[j] == 0.0 ? fmax(fabs(g) - m->l1, 0.0) : g - copysign(m->l1, m->w[j]);
			worst = fmax(worst, fabs(g));
		}
		fit->max_gradient = worst;
	}
	fit->objective = fit->objective / m->y_scale / m->y_scale;
	fit->max_gradient /= m->y_scale;
}

static MlCode
solve(Linear *m, const MlParams *params, MlFit *fit, MlLinearErrors *errors, MlStatus *status)
{
	const char *penalty = ml_param_text(params, "penalty");
	bool		none = strcmp(penalty, "none") == 0;
	bool		ridge = strcmp(penalty, "l2") == 0;
	double		ratio = strcmp(penalty, "l1") == 0 ? 1.0 : ml_param_number(params, "l1_ratio");
	MlFactor	factor;
	MlCode		code;
	int			j;

	m->alpha = ml_param_number(params, "alpha");
	if (isnan(m->alpha))
		m->alpha = ridge ? 1.0 : 0.1;
	if (none)
		m->alpha = 0.0;
	m->l1 = m->alpha * ratio * m->y_scale;
	m->l2 = m->alpha * (1.0 - ratio);
	m->tol = ml_param_number(params, "tol");
	m->max_iter = (int) ml_param_number(params, "max_iter");
	if (none || (ridge && m->q <= ML_MAX_GRAM))
		code = solve_normal(m, ridge, &factor, fit, status);
	else
		code = ridge ? solve_wide(m, fit, status) : solve_sparse(m, fit, status);
	if (code == ML_OK && none)
		code = find_errors(m, &factor, errors, status);
	if (code != ML_OK)
		return code;
	final_objective(m, fit, !none && !ridge);
	for (j = 0; j < m->q; j++)
	{
		m->w[j] /= m->y_scale;
		if (!isfinite(m->w[j]))
			return ml_status_set(status, ML_BAD_DATA,
								 "values are too large for linear regression: a coefficient is not finite");
	}
	if (!fit->converged)
	{
		char		line[160];

		snprintf(line, sizeof(line), "linear regression did not converge in %d rounds (\"max_iter\")", m->max_iter);
		m->host->warn(m->host, line, "Raise \"max_iter\" or \"tol\".");
	}
	return ML_OK;
}

static MlCode
train(Linear *m, const MlDataset *data, int64_t rows, const MlPrep *prep, const MlParams *params,
	  void **section, size_t *section_size, MlFit *fit, MlStatus *status)
{
	MlLinearErrors errors = {0};
	int64_t		i;
	MlCode		code = ml_design_init(&m->scratch, data, rows, prep, &m->design, status);

	if (code != ML_OK)
		return code;
	m->q = m->design.q;
	m->y = data->y;
	m->weight = data->weight;
	m->y_scale = power_of_two_scale(data->y, rows);
	m->total = m->weight == NULL ? (double) rows : 0.0;
	for (i = 0; i < rows && m->weight != NULL; i++)
		m->total += m->weight[i];
	m->w = ml_scratch_zero(&m->scratch, (size_t) m->q, sizeof(double), "coefficients", status);
	if (m->w == NULL)
		return status->code;
	m->gradient = ml_scratch_zero(&m->scratch, (size_t) m->q, sizeof(double), "coefficients", status);
	if (m->gradient == NULL)
		return status->code;
	code = start_slots(m, false, status);
	if (code == ML_OK)
		code = solve(m, params, fit, &errors, status);
	if (code == ML_OK)
		code = ml_linear_write(m->host, &m->design, 1, m->w, section, section_size, status);
	if (code == ML_OK)
		code = ml_linear_report(m->host, &m->design, 1, m->w, &errors, fit, status);
	return code;
}

static MlCode
linear_train(MlHost *host, const MlDataset *data, int64_t rows, const MlPrep *prep,
			 const MlParams *params, uint64_t seed,
			 void **section, size_t *section_size, MlFit *fit, MlStatus *status)
{
	Linear		m = {.host = host};
	MlCode		code;

	(void) seed;
	fit->objective = NAN;
	fit->max_gradient = NAN;
	if (rows < 1)
		return ml_status_set(status, ML_BAD_DATA, "there is no row to learn from");
	ml_scratch_init(&m.scratch, host);
	code = train(&m, data, rows, prep, params, section, section_size, fit, status);
	ml_scratch_release(&m.scratch);
	return code;
}

static bool
linear_drop_first(const MlParams *params)
{
	return strcmp(ml_param_text(params, "penalty"), "none") == 0;
}

const MlLearner ml_linear_regression = {
	.name = "linear_regression",
	.description = "least squares, plain or with ridge, lasso and elastic net penalties",
	.tasks = ML_REGRESSION,
	.linear = true,
	.params = linear_params,
	.n_params = (int) (sizeof(linear_params) / sizeof(linear_params[0])),
	.drop_first = linear_drop_first,
	.train = linear_train,
	.open = ml_linear_open,
	.margin = ml_linear_margin,
	.explain = ml_linear_explain,
};
