/*
 * factor.c: solving with a symmetric matrix, dependent columns left out.
 *
 * Loops over the panels of kernel/linalg.h with a poll between them; a step
 * takes milliseconds up to a few thousand columns.
 *
 * A matrix of sums knows a column's own share only down to about 1e-12 of its
 * square, by rounding; a length of 1e-7 is 1e-14.  Between lies doubt, and
 * there the rows are asked: one pass gives the length of what the columns
 * before leave of up to 64 doubtful ones.
 */
#include "learn/factor.h"

#include <math.h>
#include <string.h>

#include "kernel/linalg.h"

MlCode
ml_factor_init(MlScratch *scratch, int n, MlFactor *factor, MlStatus *status)
{
	memset(factor, 0, sizeof(*factor));
	factor->n = n;
	factor->d = ml_scratch_alloc(scratch, (size_t) n, sizeof(double), "factors", status);
	if (factor->d == NULL)
		return status->code;
	factor->diag = ml_scratch_alloc(scratch, (size_t) n, sizeof(double), "factors", status);
	if (factor->diag == NULL)
		return status->code;
	factor->dropped = ml_scratch_zero(scratch, (size_t) n, sizeof(bool), "factors", status);
	return factor->dropped == NULL ? status->code : ML_OK;
}

/* Scales a to ones on the diagonal; where nothing is (or skip says so) it stays zero. */
static MlCode
scale_matrix(MlFactor *factor, double *a, const bool *skip, MlStatus *status)
{
	size_t		n = (size_t) factor->n;
	size_t		i;
	size_t		j;

	for (j = 0; j < n; j++)
	{
		double		square = skip != NULL && skip[j] ? 0.0 : a[j * n + j];

		if (!isfinite(square))
		{
			ml_status_set(status, ML_BAD_DATA, "values are too large: their squares are not finite");
			ml_status_hint(status, "Use \"scale\": \"standard\" in preprocess, or smaller weights.");
			return ML_BAD_DATA;
		}
		factor->d[j] = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
		factor->diag[j] = square > 0.0 ? 1.0 : 0.0;
	}
	for (j = 0; j < n; j++)
		for (i = j; i < n; i++)
			a[j * n + i] *= factor->d[i] * factor->d[j];
	return ML_OK;
}

static MlCode
factor_scaled(MlHost *host, MlFactor *factor, double *a, double tolerance, const double *known,
			  const char *phase, MlStatus *status)
{
	int			j;

	factor->l = a;
	factor->rank = 0;
	for (j = 0; j < factor->n; j += ML_CHOL_PANEL)
	{
		if (host->poll(host, phase, (double) j / factor->n))
			return ml_cancelled(status);
		ml_chol_panel(a, factor->n, j, factor->diag, tolerance, known, factor->dropped);
	}
	for (j = 0; j < factor->n; j++)
		factor->rank += !factor->dropped[j];
	return ML_OK;
}

MlCode
ml_factor_run(MlHost *host, MlFactor *factor, double *a, double tolerance, const bool *skip,
			  const char *phase, MlStatus *status)
{
	MlCode		code = scale_matrix(factor, a, skip, status);

	return code == ML_OK ? factor_scaled(host, factor, a, tolerance, NULL, phase, status) : code;
}

/* ---- columns judged by their rows ---- */

#define CLEAR 1e-9				/* squared share of a column that the matrix shows without doubt */
#define OWN 1e-14				/* squared share that a column must have left in the rows */
#define CANDIDATES 64			/* columns judged in one pass */
#define MOST_SAVED 64			/* columns kept against the matrix; each costs a factorisation */

typedef struct Judge
{
	const double *weight;
	int			count;
	int			column[CANDIDATES];
	double	   *w;				/* count × q: 1 at the column, minus its combination of those before it */
	MlSlots		slots;			/* vector: squared length of what is left */
} Judge;

static void
judge_block(void *arg, const MlBlock *block)
{
	Judge	   *judge = arg;
	const MlDesign *design = block->design;
	double	   *left = ML_SLOT(&judge->slots, block->slot, at_work);
	double	   *dense = left + design->block;
	double	   *sum = ML_SLOT(&judge->slots, block->slot, at_vector);
	int			k;
	int			i;

	for (k = 0; k < judge->count; k++)
	{
		ml_block_product(block, judge->w + (size_t) k * (size_t) design->q, dense, left);
		for (i = 0; i < block->n; i++)
			sum[k] += left[i] * left[i] * (judge->weight == NULL ? 1.0 : judge->weight[block->from + i]);
	}
}

/* What the columns before c make of it: w with A w = the rest of column c. gram: scaled, its upper half intact. */
static void
find_combination(const MlFactor *factor, const double *gram, int c, double *w)
{
	size_t		n = (size_t) factor->n;
	int			j;

	memset(w, 0, n * sizeof(double));
	memcpy(w, gram + (size_t) c * n, (size_t) c * sizeof(double));
	ml_chol_solve_leading(factor->l, factor->n, c, factor->dropped, w);
	for (j = 0; j < c; j++)
		w[j] = factor->dropped[j] ? 0.0 : -w[j] * factor->d[j];
	w[c] = factor->d[c];
}

/* The next unjudged columns from *from on; afterwards the squared share each has left is in the first slot. */
static MlCode
judge_some(MlHost *host, Judge *judge, const MlDesign *design, const MlFactor *factor, const double *gram,
		   int *from, MlStatus *status)
{
	MlCode		code;

	judge->count = 0;
	for (; *from < factor->n && judge->count < CANDIDATES; (*from)++)
		if (factor->dropped[*from] && factor->diag[*from] > 0.0)
		{
			find_combination(factor, gram, *from, judge->w + (size_t) judge->count * (size_t) factor->n);
			judge->column[judge->count++] = *from;
		}
	if (judge->count == 0)
		return ML_OK;
	ml_slots_clear(&judge->slots);
	code = ml_design_pass(host, design, design->rows, judge->slots.n, judge->count * ml_design_cost(design),
						  judge_block, judge, "dependent columns", 0.5, status);
	if (code == ML_OK)
		ml_slots_reduce(&judge->slots);
	return code;
}

/* Judges and factors again until each dropped column is one by its rows. */
static MlCode
settle(MlHost *host, Judge *judge, const MlDesign *design, MlFactor *factor, double *gram, double *known,
	   MlStatus *status)
{
	size_t		n = (size_t) factor->n;
	int			from = 0;
	int			saved = 0;
	size_t		i;
	size_t		j;

	for (;;)
	{
		const double *left;
		MlCode		code = judge_some(host, judge, design, factor, gram, &from, status);
		int			k;

		if (code != ML_OK || judge->count == 0)
			return code;
		left = ML_SLOT(&judge->slots, 0, at_vector);
		for (k = 0; k < judge->count && !(left[k] > OWN); k++)
			;
		if (k == judge->count)
			continue;
		if (saved++ == MOST_SAVED)
			return ML_OK;
		/* the first that is a column of its own: later ones are judged again with it */
		known[judge->column[k]] = left[k];
		from = judge->column[k] + 1;
		for (j = 0; j < n; j++)
		{
			gram[j * (n + 1)] = factor->diag[j];
			for (i = j + 1; i < n; i++)
				gram[j * n + i] = gram[i * n + j];
		}
		code = factor_scaled(host, factor, gram, CLEAR, known, "dependent columns", status);
		if (code != ML_OK)
			return code;
	}
}

MlCode
ml_factor_columns(MlScratch *scratch, const MlDesign *design, const double *weight,
				  MlFactor *factor, double *gram, MlStatus *status)
{
	MlHost	   *host = scratch->host;
	MlScratch	own;
	Judge		judge = {.weight = weight};
	double	   *known;
	size_t		n = (size_t) factor->n;
	size_t		i;
	size_t		j;
	MlCode		code = scale_matrix(factor, gram, NULL, status);

	if (code != ML_OK)
		return code;
	for (j = 0; j < n; j++)
		for (i = j + 1; i < n; i++)
			gram[i * n + j] = gram[j * n + i];
	code = factor_scaled(host, factor, gram, CLEAR, NULL, "dependent columns", status);
	if (code != ML_OK || factor->rank == factor->n)
		return code;
	ml_scratch_init(&own, host);
	known = ml_scratch_alloc(&own, n, sizeof(double), "dependent columns", status);
	if (known != NULL)
		judge.w = ml_scratch_alloc(&own, n, CANDIDATES * sizeof(double), "dependent columns", status);
	if (judge.w == NULL)
		code = status->code;
	else
		code = ml_slots_init(&own, design, CANDIDATES, false, 0, (size_t) design->block + (size_t) design->n_dense,
							 &judge.slots, status);
	for (j = 0; j < n && code == ML_OK; j++)
		known[j] = NAN;
	if (code == ML_OK)
		code = settle(host, &judge, design, factor, gram, known, status);
	ml_scratch_release(&own);
	return code;
}

void
ml_factor_solve(const MlFactor *factor, double *b)
{
	int			j;

	for (j = 0; j < factor->n; j++)
		b[j] *= factor->d[j];
	ml_chol_solve(factor->l, factor->n, factor->dropped, b);
	for (j = 0; j < factor->n; j++)
		b[j] = factor->dropped[j] ? 0.0 : b[j] * factor->d[j];
}

MlCode
ml_factor_variance(MlScratch *scratch, const MlFactor *factor, const double *t,
				   double *variance, double *combined, MlStatus *status)
{
	size_t		n = (size_t) factor->n;
	double	   *b = ml_scratch_alloc(scratch, n, ML_CHOL_PANEL * sizeof(double), "standard errors", status);
	size_t		from;
	size_t		j;

	if (b == NULL)
		return status->code;
	for (from = 0; from < n; from += ML_CHOL_PANEL)
	{
		size_t		k = n - from < ML_CHOL_PANEL ? n - from : ML_CHOL_PANEL;

		if (scratch->host->poll(scratch->host, "standard errors", (double) from / (double) n))
			return ml_cancelled(status);
		memset(b, 0, n * k * sizeof(double));
		for (j = 0; j < k; j++)
			b[j * n + from + j] = factor->dropped[from + j] ? 0.0 : factor->d[from + j];
		ml_chol_forward(factor->l, factor->n, (int) k, b);
		for (j = 0; j < k; j++)
			variance[from + j] = ml_dot(n, b + j * n, b + j * n);
	}
	for (j = 0; j < n; j++)
		b[j] = factor->dropped[j] ? 0.0 : t[j] * factor->d[j];
	ml_chol_forward(factor->l, factor->n, 1, b);
	*combined = ml_dot(n, b, b);
	return ML_OK;
}
