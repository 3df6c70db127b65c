/*
 * lime.c: a local linear stand-in for a model, around one row (Ribeiro, Singh,
 * Guestrin, "Why should I trust you?", KDD 2016).
 *
 * DRAWS rows are drawn around x: each of m features is in (it keeps its value,
 * b_j = 1) or out (its columns are drawn from what training saw, b_j = 0),
 * each with probability one half.  A row counts by the kernel
 * exp(-D^2 / W^2), D^2 the number of features that are out and W = WIDTH
 * sqrt(m).  The coefficients w minimise
 *
 *     sum of kernel (f(z) - f(x) - sum of w_j (b_j - 1))^2 + RIDGE |w|^2
 *
 * so that the plane goes through x itself: contributions w_j and base
 * f(x) - sum of w_j sum to f(x) whatever the fit.
 */
#include "learn/lime.h"

#include <math.h>
#include <string.h>

#include "kernel/linalg.h"
#include "kernel/rng.h"
#include "learn/scratch.h"

#define DRAWS 5000
#define BLOCK 250
#define WIDTH 0.75
#define RIDGE 1.0

typedef struct Lime
{
	const MlModel *model;
	const MlLimeColumn *column;
	const int  *unit;
	int			m;
	int			output;
	const double *x;
	double		middle;			/* f(x) */
	double	  **total;			/* p: running sums of weights, or NULL */
	double	   *z;				/* BLOCK × p */
	double	   *margin;			/* BLOCK × outputs */
	double	   *room;			/* of margins */
	double	   *a;				/* BLOCK × m, column-major: root of the kernel times b - 1 */
	double	   *b;				/* BLOCK: root of the kernel times f(z) - f(x) */
	double	   *root;			/* BLOCK */
	double	   *gram;			/* m × m, lower */
	double	   *diag;			/* m */
	bool	   *dropped;		/* m */
} Lime;

static double
draw_value(const Lime *l, int c, MlRng *rng)
{
	const MlLimeColumn *column = l->column + c;
	double		missing = ml_rng_unit(rng);
	double		u = ml_rng_unit(rng);
	int			low = 0;
	int			high = column->n - 1;

	if (column->n == 0 || missing < column->missing)
		return NAN;
	if (l->total[c] == NULL)
		return column->value[(int) (u * column->n)];
	u *= l->total[c][high];
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (u < l->total[c][middle])
			high = middle;
		else
			low = middle + 1;
	}
	return column->value[low];
}

/* Row i of the block; every column takes its draws, used or not. */
static void
draw_row(Lime *l, int i, MlRng *rng)
{
	int			p = l->model->prep.p;
	double		out = 0;
	int			j;
	int			c;

	for (j = 0; j < l->m; j++)
	{
		bool		in = ml_rng_unit(rng) < 0.5;

		l->a[(size_t) j * BLOCK + (size_t) i] = in ? 0.0 : -1.0;
		out += in ? 0.0 : 1.0;
	}
	l->root[i] = exp(-0.5 * out / (WIDTH * WIDTH * l->m));
	for (c = 0; c < p; c++)
	{
		double		drawn = draw_value(l, c, rng);

		l->z[(size_t) i * (size_t) p + (size_t) c] =
			l->a[(size_t) l->unit[c] * BLOCK + (size_t) i] == 0.0 ? l->x[c] : drawn;
	}
}

/* Draws a block, asks the model about it and adds it; share: blocks done.  true = stop. */
static bool
add_block(MlHost *host, Lime *l, MlRng *rng, double share, double *w)
{
	size_t		p = (size_t) l->model->prep.p;
	int			k = l->model->n_outputs;
	int			rows = ml_model_rows(l->model, BLOCK);
	int			i;

	for (i = 0; i < BLOCK; i++)
		draw_row(l, i, rng);
	for (i = 0; i < BLOCK; i += rows)
	{
		if (host->poll(host, "explaining", share))
			return true;
		ml_model_margin(l->model, l->z + (size_t) i * p, rows < BLOCK - i ? rows : BLOCK - i,
						l->margin + (size_t) i * (size_t) k, l->room);
	}
	for (i = 0; i < BLOCK; i++)
		l->b[i] = l->root[i] * (l->margin[i * k + l->output] - l->middle);
	ml_scale_rows(l->m, BLOCK, l->a, BLOCK, l->root);
	ml_syrk(l->m, BLOCK, 1.0, l->a, BLOCK, l->gram, (size_t) l->m);
	ml_gemv_t(l->m, BLOCK, l->a, BLOCK, l->b, w);
	return false;
}

static MlCode
solve(MlHost *host, Lime *l, double *w, MlStatus *status)
{
	int			j;

	for (j = 0; j < l->m; j++)
	{
		l->gram[(size_t) j * (size_t) l->m + (size_t) j] += RIDGE;
		l->diag[j] = l->gram[(size_t) j * (size_t) l->m + (size_t) j];
	}
	for (j = 0; j < l->m; j += ML_CHOL_PANEL)
	{
		if (host->poll(host, "explaining", 1))
			return ml_status_set(status, ML_CANCELLED, "cancelled");
		ml_chol_panel(l->gram, l->m, j, l->diag, 0.0, NULL, l->dropped);
	}
	ml_chol_solve(l->gram, l->m, l->dropped, w);
	return ML_OK;
}

static MlCode
prepare(MlScratch *scratch, Lime *l, MlStatus *status)
{
	size_t		p = (size_t) l->model->prep.p;
	size_t		m = (size_t) l->m;
	size_t		c;
	int			i;

	l->total = ml_scratch_zero(scratch, p + 1, sizeof(double *), "explanation", status);
	l->z = ml_scratch_alloc(scratch, BLOCK * (p + 1), sizeof(double), "explanation", status);
	l->margin = ml_scratch_alloc(scratch, BLOCK * (size_t) l->model->n_outputs, sizeof(double), "explanation", status);
	l->room = ml_scratch_alloc(scratch, ml_model_margin_room(l->model), sizeof(double), "explanation", status);
	l->a = ml_scratch_alloc(scratch, BLOCK * m, sizeof(double), "explanation", status);
	l->b = ml_scratch_alloc(scratch, BLOCK, sizeof(double), "explanation", status);
	l->root = ml_scratch_alloc(scratch, BLOCK, sizeof(double), "explanation", status);
	l->gram = ml_scratch_zero(scratch, m * m, sizeof(double), "explanation", status);
	l->diag = ml_scratch_alloc(scratch, m, sizeof(double), "explanation", status);
	l->dropped = ml_scratch_zero(scratch, m, sizeof(bool), "explanation", status);
	if (!l->total || !l->z || !l->margin || !l->room || !l->a || !l->b || !l->root || !l->gram || !l->diag ||
		!l->dropped)
		return ML_NO_MEMORY;
	for (c = 0; c < p; c++)
	{
		const MlLimeColumn *column = l->column + c;
		double		sum = 0;

		if (column->weight == NULL || column->n == 0)
			continue;
		l->total[c] = ml_scratch_alloc(scratch, (size_t) column->n, sizeof(double), "explanation", status);
		if (l->total[c] == NULL)
			return ML_NO_MEMORY;
		for (i = 0; i < column->n; i++)
			l->total[c][i] = sum += column->weight[i];
	}
	return ML_OK;
}

MlCode
ml_lime(MlHost *host, const MlModel *model, const MlLimeColumn *column, const int *unit, int n_units,
		const double *x, int output, uint64_t seed, double *contribution, MlStatus *status)
{
	Lime		l = {.model = model,.column = column,.unit = unit,.m = n_units,.output = output,.x = x};
	MlScratch	scratch;
	MlRng		rng;
	MlCode		code;
	int			i;

	memset(contribution, 0, ((size_t) n_units + 1) * sizeof(double));
	ml_rng_init(&rng, seed, (uint64_t) output);
	ml_scratch_init(&scratch, host);
	code = prepare(&scratch, &l, status);
	if (code == ML_OK)
	{
		ml_model_margin(model, x, 1, l.margin, l.room);
		l.middle = l.margin[output];
	}
	for (i = 0; code == ML_OK && n_units > 0 && i < DRAWS; i += BLOCK)
		if (add_block(host, &l, &rng, (double) i / DRAWS, contribution))
			code = ml_status_set(status, ML_CANCELLED, "cancelled");
	if (code == ML_OK && n_units > 0)
		code = solve(host, &l, contribution, status);
	ml_scratch_release(&scratch);
	if (code != ML_OK)
		return code;
	contribution[n_units] = l.middle;
	for (i = 0; i < n_units; i++)
		contribution[n_units] -= contribution[i];
	return ML_OK;
}
