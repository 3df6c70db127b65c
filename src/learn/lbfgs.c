/*
 * lbfgs.c: minimising a smooth convex function, with or without absolute values.
 *
 *	f(w) + Σ l1_j |w_j|
 *
 * Limited-memory BFGS (Nocedal, Wright, "Numerical Optimization", 2006,
 * algorithm 7.4) with a diagonal start and a bisection for the weak Wolfe
 * conditions; with absolute values the orthant-wise variant (Andrew, Gao,
 * "Scalable training of L1-regularized log-linear models", 2007), which ends
 * with exact zeros.  Everything but the objective is serial and of order n.
 */
#include "learn/lbfgs.h"

#include <math.h>
#include <string.h>

#include "kernel/linalg.h"

#define MEMORY 20				/* pairs of steps and gradient changes */
#define MAX_TRIALS 40			/* of one line search */
#define DECREASE 1e-4
#define CURVATURE 0.9

typedef struct State
{
	size_t		n;
	double	   *s;				/* MEMORY × n */
	double	   *y;
	double		rho[MEMORY];
	int			pairs;
	int			newest;
	double	   *gradient;		/* of the smooth part */
	double	   *slope;			/* the (sub)gradient of everything */
	double	   *direction;
	double	   *next;
	double	   *next_gradient;
} State;

/* The steepest of the subgradients of f + Σ l1 |w|; returns its largest component. */
static double
subgradient(const MlLbfgs *p, const double *w, const double *g, double *out)
{
	double		most = 0.0;
	size_t		j;

	for (j = 0; j < p->n; j++)
	{
		double		l1 = p->l1 == NULL ? 0.0 : p->l1[j];

		if (w[j] != 0.0)
			out[j] = g[j] + copysign(l1, w[j]);
		else if (g[j] > l1)
			out[j] = g[j] - l1;
		else if (g[j] < -l1)
			out[j] = g[j] + l1;
		else
			out[j] = 0.0;
		most = fmax(most, fabs(out[j]));
	}
	return most;
}

static double
absolute_part(const MlLbfgs *p, const double *w)
{
	double		sum = 0.0;
	size_t		j;

	for (j = 0; j < p->n && p->l1 != NULL; j++)
		sum += p->l1[j] * fabs(w[j]);
	return sum;
}

/* direction := - H slope, by the two loops over the remembered pairs */
static void
find_direction(const MlLbfgs *p, State *state)
{
	double		alpha[MEMORY];
	double		gamma = 1.0;
	double	   *d = state->direction;
	size_t		j;
	int			i;

	for (j = 0; j < p->n; j++)
		d[j] = -state->slope[j];
	for (i = 0; i < state->pairs; i++)
	{
		int			at = (state->newest + MEMORY - i) % MEMORY;

		alpha[at] = state->rho[at] * ml_dot(p->n, state->s + (size_t) at * p->n, d);
		for (j = 0; j < p->n; j++)
			d[j] -= alpha[at] * state->y[(size_t) at * p->n + j];
	}
	if (state->pairs > 0)
	{
		const double *y = state->y + (size_t) state->newest * p->n;
		double		square = 0.0;

		for (j = 0; j < p->n; j++)
			square += y[j] * y[j] * p->scale[j];
		gamma = 1.0 / (state->rho[state->newest] * square);
	}
	for (j = 0; j < p->n; j++)
		d[j] *= gamma * p->scale[j];
	for (i = state->pairs - 1; i >= 0; i--)
	{
		int			at = (state->newest + MEMORY - i) % MEMORY;
		double		beta = state->rho[at] * ml_dot(p->n, state->y + (size_t) at * p->n, d);

		for (j = 0; j < p->n; j++)
			d[j] += (alpha[at] - beta) * state->s[(size_t) at * p->n + j];
	}
	/* orthant-wise: never against the subgradient */
	for (j = 0; j < p->n && p->l1 != NULL; j++)
		if (p->l1[j] > 0.0 && d[j] * state->slope[j] >= 0.0)
			d[j] = 0.0;
}

/* next := w + t direction, held to the orthant that w and the slope choose */
static void
take_step(const MlLbfgs *p, const State *state, const double *w, double t)
{
	size_t		j;

	for (j = 0; j < p->n; j++)
	{
		double		x = w[j] + t * state->direction[j];

		if (p->l1 != NULL && p->l1[j] > 0.0)
		{
			double		orthant = w[j] != 0.0 ? w[j] : -state->slope[j];

			if (x * orthant <= 0.0)
				x = 0.0;
		}
		state->next[j] = x;
	}
}

/* Remembers the step from w to next. */
static void
remember(const MlLbfgs *p, State *state, const double *w)
{
	int			at = state->pairs == 0 ? 0 : (state->newest + 1) % MEMORY;
	double	   *s = state->s + (size_t) at * p->n;
	double	   *y = state->y + (size_t) at * p->n;
	double		product;
	size_t		j;

	for (j = 0; j < p->n; j++)
	{
		s[j] = state->next[j] - w[j];
		y[j] = state->next_gradient[j] - state->gradient[j];
	}
	product = ml_dot(p->n, s, y);
	if (!(product > 1e-16 * ml_dot(p->n, y, y)))
		return;
	state->rho[at] = 1.0 / product;
	state->newest = at;
	state->pairs = state->pairs < MEMORY ? state->pairs + 1 : MEMORY;
}

/* Finds next along direction; *found = false when rounding hides every decrease. */
static MlCode
search(MlLbfgs *p, State *state, const double *w, bool *found, MlStatus *status)
{
	double		low = 0.0;
	double		high = INFINITY;
	double		t = 1.0;
	double		slope = ml_dot(p->n, state->slope, state->direction);
	int			trial;

	*found = false;
	if (!(slope < 0.0))
		return ML_OK;
	for (trial = 0; trial < MAX_TRIALS; trial++)
	{
		double		f;
		double		gain = 0.0;
		size_t		j;
		MlCode		code;

		take_step(p, state, w, t);
		code = p->objective(p->arg, state->next, &f, state->next_gradient, status);
		if (code != ML_OK)
			return code;
		f += absolute_part(p, state->next);
		for (j = 0; j < p->n; j++)
			gain += state->slope[j] * (state->next[j] - w[j]);
		if (!(f <= p->value + DECREASE * gain + 1e-15 * fabs(p->value)))
			high = t;
		else if (p->l1 == NULL && ml_dot(p->n, state->next_gradient, state->direction) < CURVATURE * slope)
			low = t;
		else
		{
			p->value = f;
			*found = true;
			return ML_OK;
		}
		t = isinf(high) ? 2.0 * t : 0.5 * (low + high);
	}
	return ML_OK;
}

static MlCode
start(MlScratch *scratch, const MlLbfgs *p, State *state, MlStatus *status)
{
	double	   *memory;

	memset(state, 0, sizeof(*state));
	if (p->n > SIZE_MAX / (2 * MEMORY + 8) / sizeof(double))
		return ml_no_memory(status, SIZE_MAX, "L-BFGS");
	memory = ml_scratch_zero(scratch, p->n, (2 * MEMORY + 5) * sizeof(double), "L-BFGS", status);
	if (memory == NULL)
		return status->code;
	state->n = p->n;
	state->s = memory;
	state->y = memory + MEMORY * p->n;
	state->gradient = state->y + MEMORY * p->n;
	state->slope = state->gradient + p->n;
	state->direction = state->slope + p->n;
	state->next = state->direction + p->n;
	state->next_gradient = state->next + p->n;
	return ML_OK;
}

MlCode
ml_lbfgs(MlScratch *scratch, MlLbfgs *p, double *w, MlStatus *status)
{
	State		state;
	bool		found = true;
	MlCode		code = start(scratch, p, &state, status);

	if (code == ML_OK)
		code = p->objective(p->arg, w, &p->value, state.gradient, status);
	if (code != ML_OK)
		return code;
	p->value += absolute_part(p, w);
	p->converged = false;
	for (p->iterations = 0;; p->iterations++)
	{
		p->max_gradient = subgradient(p, w, state.gradient, state.slope);
		p->converged = p->max_gradient <= p->enough;
		if (p->converged || p->iterations >= p->max_iter)
			return ML_OK;
		find_direction(p, &state);
		code = search(p, &state, w, &found, status);
		if (code != ML_OK)
			return code;
		if (!found)
		{
			if (state.pairs == 0)
				return ML_OK;	/* as far as the arithmetic goes */
			state.pairs = 0;	/* forget, and try the plain gradient once */
			continue;
		}
		remember(p, &state, w);
		memcpy(w, state.next, p->n * sizeof(double));
		memcpy(state.gradient, state.next_gradient, p->n * sizeof(double));
	}
}
