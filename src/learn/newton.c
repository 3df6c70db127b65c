/*
 * newton.c: minimising the objective of logistic regression by Newton steps.
 *
 * Each round is one pass (value, gradient g, second derivatives H at w) and
 * one step: the solution of H d = -g, or with absolute values the minimum of
 * the quadratic model plus l1 ‖w + d‖₁, by coordinate descent (proximal
 * Newton: Lee, Sun, Saunders, "Proximal Newton-type methods for minimizing
 * composite functions", 2014).  A step that does not lower the objective is
 * halved.  For K > 1 the sum over classes of the intercepts is free (adding a
 * constant to all changes nothing): a matrix of ones pins it to its value.
 *
 * Classes that a combination of columns separates have no minimum: the
 * gradient vanishes while the steps do not.  The run then ends by the
 * gradient, with finite coefficients, and names the column that ran away.
 */
#include "learn/newton.h"

#include <math.h>
#include <string.h>

#include "kernel/linalg.h"

#define MAX_HALVINGS 30
#define MAX_SWEEPS 1000
#define SWEEP_COST 2e8
#define PIVOT 1e-14				/* a step does not go along what is below this share of a column */
#define NO_GAIN 1e-11			/* gain of a step, relative to the objective, that is not worth one */

MlCode
ml_newton_start(MlNewton *newton, MlStatus *status)
{
	MlCode		code = ml_logit_start_hessian(newton->logit, status);

	return code == ML_OK ? ml_factor_init(newton->logit->scratch, (int) newton->logit->n, &newton->factor,
										  status) : code;
}

/* Adds a multiple of ones over the classes of each pinned column. */
static void
pin_sums(MlNewton *newton)
{
	MlLogit    *m = newton->logit;
	size_t		q = (size_t) m->q;
	size_t		last = newton->pin_all ? q : 1;
	size_t		j;
	int			a;
	int			b;

	for (j = 0; j < last && m->K > 1; j++)
	{
		double		mean = 0.0;

		for (a = 0; a < m->K; a++)
			mean += m->hessian[((size_t) a * q + j) * (m->n + 1)] / m->K;
		for (b = 0; b < m->K; b++)
			for (a = b; a < m->K; a++)
				m->hessian[((size_t) b * q + j) * m->n + (size_t) a * q + j] += mean;
	}
}

/* Makes the sums over classes zero, which the objective allows. */
static void
centre_sums(const MlNewton *newton, double *w)
{
	const MlLogit *m = newton->logit;
	size_t		q = (size_t) m->q;
	size_t		last = newton->pin_all ? q : 1;
	size_t		j;
	int			a;

	for (j = 0; j < last && m->K > 1; j++)
	{
		double		mean = 0.0;

		for (a = 0; a < m->K; a++)
			mean += w[(size_t) a * q + j] / m->K;
		for (a = 0; a < m->K; a++)
			w[(size_t) a * q + j] -= mean;
	}
}

static MlCode
smooth_step(MlNewton *newton, double *step, MlStatus *status)
{
	MlLogit    *m = newton->logit;
	size_t		at;
	MlCode		code;

	pin_sums(newton);
	for (at = 0; at < m->n && m->skip != NULL; at++)
		if (m->skip[at % (size_t) m->q])
			m->hessian[at * (m->n + 1)] = 0.0;	/* a diagonal of zero is dropped */
	code = ml_factor_run(m->host, &newton->factor, m->hessian, PIVOT, NULL, "logistic regression", status);
	if (code != ML_OK)
		return code;
	memcpy(step, m->gradient, m->n * sizeof(double));
	ml_factor_solve(&newton->factor, step);
	for (at = 0; at < m->n; at++)
		step[at] = -step[at];
	return ML_OK;
}

static double
soft(double x, double threshold)
{
	return x > threshold ? x - threshold : x < -threshold ? x + threshold : 0.0;
}

/* One sweep over the quadratic model; g: its gradient at v.  Returns the largest move × sqrt of curvature. */
static double
sweep(const MlLogit *m, double *v, double *g, bool active_only)
{
	double		most = 0.0;
	size_t		at;
	size_t		i;

	for (at = 0; at < m->n; at++)
	{
		const double *column = m->hessian + at * m->n;
		double		h = column[at];
		double		old = v[at];
		bool		intercept = at % (size_t) m->q == 0;
		double		move;

		if (!(h > 0.0) || (active_only && old == 0.0 && !intercept))
			continue;
		v[at] = intercept ? old - g[at] / h : soft(h * old - g[at], m->l1) / h;
		move = v[at] - old;
		if (move == 0.0)
			continue;
		for (i = 0; i < m->n; i++)
			g[i] += move * column[i];
		most = fmax(most, fabs(move) * sqrt(h));
	}
	return most;
}

/* step := argmin of g'd + ½ d'Hd + l1 ‖w + d‖₁ */
static MlCode
proximal_step(MlNewton *newton, const double *w, double *v, double *g, double *step, MlStatus *status)
{
	MlLogit    *m = newton->logit;
	double		first = 0.0;
	double		cost = 0.0;
	bool		active_only = false;
	size_t		i;
	size_t		j;
	int			round;

	pin_sums(newton);
	for (j = 0; j < m->n; j++)
		for (i = j + 1; i < m->n; i++)
			m->hessian[i * m->n + j] = m->hessian[j * m->n + i];
	memcpy(v, w, m->n * sizeof(double));
	memcpy(g, m->gradient, m->n * sizeof(double));
	for (round = 0; round < MAX_SWEEPS; round++)
	{
		double		most = sweep(m, v, g, active_only);

		first = fmax(first, most);
		if (most <= 1e-5 * first && !active_only)
			break;
		active_only = most > 1e-5 * first;
		cost += (double) m->n * (double) m->n;
		if (cost > SWEEP_COST)
		{
			cost = 0.0;
			if (m->host->poll(m->host, "coordinate descent", 0.5))
				return ml_cancelled(status);
		}
	}
	for (j = 0; j < m->n; j++)
		step[j] = v[j] - w[j];
	return ML_OK;
}

/* next := w + t step; the full step lands on exact zeros */
static void
move_to(const MlLogit *m, const double *w, const double *step, double t, double *next)
{
	size_t		at;

	for (at = 0; at < m->n; at++)
	{
		next[at] = w[at] + t * step[at];
		if (m->l1 > 0.0 && t == 1.0 && at % (size_t) m->q != 0 && fabs(next[at]) <= 1e-15 * fabs(w[at]))
			next[at] = 0.0;
	}
}

/* The largest component of a step, and where. */
static double
largest(const double *x, size_t n, size_t *where)
{
	double		most = 0.0;
	size_t		at;

	*where = 0;
	for (at = 0; at < n; at++)
		if (fabs(x[at]) > most)
		{
			most = fabs(x[at]);
			*where = at;
		}
	return most;
}

/* Whether the run may end at w with `step` still to take. */
static bool
good_enough(MlNewton *newton, const double *w, const double *step, double value)
{
	MlLogit    *m = newton->logit;
	size_t		where;
	size_t		unused;
	double		moved = largest(step, m->n, &where);
	double		size = fmax(1.0, largest(w, m->n, &unused));
	double		gain = -ml_dot(m->n, step, m->gradient);

	if (ml_logit_optimality(m, w) > newton->enough)
		return false;
	if (moved <= newton->step * size)
		return true;
	if (m->l1 > 0.0 || gain > NO_GAIN * fmax(1.0, fabs(value)))
		return false;
	newton->runaway = moved > 1e-3 ? (int) where : -1;
	return true;
}

/* Evaluates at next, halving the step until the objective does not rise. */
static MlCode
line_search(MlNewton *newton, const double *w, const double *step, double *next, double *value, MlStatus *status)
{
	MlLogit    *m = newton->logit;
	double		before = *value;
	double		t = 1.0;
	int			halving;

	for (halving = 0;; halving++)
	{
		MlCode		code;

		move_to(m, w, step, t, next);
		/* the first try is nearly always the last: all three at once */
		code = ml_logit_eval(m, next, true, status);
		if (code != ML_OK)
			return code;
		*value = m->value + ml_logit_absolute(m, next);
		if (*value <= before + 1e-12 * fabs(before) || halving >= MAX_HALVINGS)
			return ML_OK;
		t *= 0.5;
	}
}

MlCode
ml_newton_run(MlNewton *newton, double *w, MlStatus *status)
{
	MlLogit    *m = newton->logit;
	double	   *memory = ml_scratch_alloc(m->scratch, m->n, 4 * sizeof(double), "Newton steps", status);
	double	   *step = memory;
	double	   *next;
	double		value;
	MlCode		code;

	if (memory == NULL)
		return status->code;
	next = memory + m->n;
	newton->converged = false;
	newton->runaway = -1;
	code = ml_logit_eval(m, w, true, status);
	value = m->value + ml_logit_absolute(m, w);
	for (newton->iterations = 0; code == ML_OK; )
	{
		if (m->l1 > 0.0)
			code = proximal_step(newton, w, next + m->n, next + 2 * m->n, step, status);
		else
			code = smooth_step(newton, step, status);
		if (code != ML_OK)
			break;
		newton->iterations++;
		newton->converged = good_enough(newton, w, step, value);
		if (newton->converged && newton->runaway < 0)
		{
			/* so near that the step is exact; its own pass would only confirm it */
			move_to(m, w, step, 1.0, next);
			memcpy(w, next, m->n * sizeof(double));
		}
		if (newton->converged || newton->iterations >= newton->max_iter)
			break;
		code = line_search(newton, w, step, next, &value, status);
		if (code == ML_OK)
			memcpy(w, next, m->n * sizeof(double));
	}
	centre_sums(newton, w);
	return code;
}
