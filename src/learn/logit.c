/*
 * logit.c: the objective of logistic regression and its derivatives, by passes over the rows.
 *
 * One pass gives value, gradient and second derivatives together: a block of
 * rows is made once and used three times while it is in the cache.  For K > 1
 * the second derivatives are  blockdiag(A' diag(s p_a) A) - U'U  with
 * U_a = sqrt(s) p_a A: K small products and one large one.
 */
#include "learn/logit.h"

#include <math.h>
#include <string.h>

#include "kernel/linalg.h"

#define STRIP_CELLS 49152		/* numbers in a strip of U */
#define STRIP_MIN 120

static int
strip_rows(const MlLogit *m)
{
	size_t		rows = STRIP_CELLS / m->n;

	if (rows < STRIP_MIN)
		rows = STRIP_MIN;
	return rows > (size_t) m->design->block ? m->design->block : (int) rows;
}

double
ml_logit_hessian_cost(const MlLogit *m)
{
	double		n = (double) m->n;

	if (m->K == 1)
		return ml_design_gram_cost(m->design) + 3 * ml_design_cost(m->design) + 60.0;
	return n * n + n * m->q + m->K * (2 * ml_design_cost(m->design) + 30.0);
}

MlCode
ml_logit_start(MlLogit *m, MlStatus *status)
{
	size_t		block = (size_t) m->design->block;
	size_t		work = ((size_t) m->K + 2) * block + (size_t) m->design->n_dense;

	m->gradient = ml_scratch_zero(m->scratch, m->n, sizeof(double), "gradients", status);
	if (m->gradient == NULL)
		return status->code;
	return ml_slots_init(m->scratch, m->design, m->n, false, 0, work, &m->plain, status);
}

MlCode
ml_logit_start_hessian(MlLogit *m, MlStatus *status)
{
	size_t		block = (size_t) m->design->block;
	size_t		work = ((size_t) m->K + 2) * block + (size_t) m->design->n_dense;
	size_t		side = m->K > 1 ? m->n : m->design->n_groups > 0 ? m->n : 0;

	if (m->K > 1)
		work += (size_t) strip_rows(m) * (m->n + 2 * (size_t) m->q) + 8;
	m->hessian = ml_scratch_alloc(m->scratch, m->n, m->n * sizeof(double), "second derivatives", status);
	if (m->hessian == NULL)
		return status->code;
	return ml_slots_init(m->scratch, m->design, m->n, m->K == 1, side, work, &m->full, status);
}

/* ---- two classes ---- */

static void
binary_block(void *arg, const MlBlock *block)
{
	MlLogit    *m = arg;
	MlSlots    *slots = m->with_hessian ? &m->full : &m->plain;
	const MlDataset *data = m->design->data;
	const double *y = data->y + block->from;
	double	   *margin = ML_SLOT(slots, block->slot, at_work);
	double	   *r = margin + m->design->block;
	double	   *h = r + m->design->block;
	double	   *dense = h + m->design->block;
	double		loss = 0.0;
	double		scale = m->c / m->share;
	int			i;

	ml_block_product(block, m->w, dense, margin);
	for (i = 0; i < block->n; i++)
	{
		bool		positive = y[i] == 1.0;
		double		s = scale * m->class_weight[positive];
		double		e = exp(-fabs(margin[i]));
		double		far = 1.0 / (1.0 + e);	/* the larger of p and 1 - p */
		double		near = e * far;
		bool		right = (margin[i] >= 0.0) == positive;

		if (data->weight != NULL)
			s *= data->weight[block->from + i];
		loss += s * (log1p(e) + (right ? 0.0 : fabs(margin[i])));
		r[i] = right ? s * near : s * far;
		r[i] = positive ? -r[i] : r[i];
		h[i] = s * far * near;
	}
	ML_SLOT_SCALAR(slots, block->slot)[0] += loss;
	ml_block_transposed(block, r, dense, ML_SLOT(slots, block->slot, at_vector));
	if (m->with_hessian)
		ml_block_gram(block, h, margin, ML_SLOT(slots, block->slot, at_dense), ML_SLOT(slots, block->slot, at_gram));
}

/* ---- many classes ---- */

/* Adds one strip's second derivatives; p: probabilities (column a at p + a ld), s: weights. */
static void
strip_hessian(const MlLogit *m, const MlBlock *block, int from, int n, const double *p, const double *s,
			  double *work, double *hessian)
{
	int			ld = strip_rows(m);
	size_t		stride = (size_t) ld * (size_t) m->q;
	double	   *full = work;
	double	   *root = full + stride;
	double	   *u = root + stride;
	int			a;
	int			j;
	int			i;

	ml_block_expand(block, from, n, full, ld);
	for (a = 0; a < m->K; a++)
	{
		const double *share = p + (size_t) a * (size_t) m->design->block + from;

		for (j = 0; j < m->q; j++)
		{
			const double *x = full + (size_t) j * (size_t) ld;
			double	   *to_root = root + (size_t) j * (size_t) ld;
			double	   *to_u = u + (size_t) a * stride + (size_t) j * (size_t) ld;

			for (i = 0; i < n; i++)
			{
				to_root[i] = sqrt(s[from + i] * share[i]) * x[i];
				to_u[i] = sqrt(s[from + i]) * share[i] * x[i];
			}
		}
		ml_syrk(m->q, n, 1.0, root, ld, hessian + (size_t) a * (size_t) m->q * (m->n + 1), m->n);
	}
	ml_syrk((int) m->n, n, -1.0, u, ld, hessian, m->n);
}

/* margins (ld = block) -> probabilities, in place; returns the loss of the rows */
static double
softmax(const MlLogit *m, const MlBlock *block, double *p, const double *s)
{
	size_t		ld = (size_t) m->design->block;
	const double *y = m->design->data->y + block->from;
	double		loss = 0.0;
	int			i;
	int			a;

	for (i = 0; i < block->n; i++)
	{
		double		most = -INFINITY;
		double		sum = 0.0;
		double		own = p[(size_t) m->output[(int) y[i]] * ld + (size_t) i];

		for (a = 0; a < m->K; a++)
			most = fmax(most, p[(size_t) a * ld + (size_t) i]);
		for (a = 0; a < m->K; a++)
		{
			double	   *cell = p + (size_t) a * ld + (size_t) i;

			*cell = exp(*cell - most);
			sum += *cell;
		}
		for (a = 0; a < m->K; a++)
			p[(size_t) a * ld + (size_t) i] /= sum;
		loss += s[i] * (log(sum) + (most - own));
	}
	return loss;
}

static void
multinomial_block(void *arg, const MlBlock *block)
{
	MlLogit    *m = arg;
	MlSlots    *slots = m->with_hessian ? &m->full : &m->plain;
	const MlDataset *data = m->design->data;
	const double *y = data->y + block->from;
	size_t		ld = (size_t) m->design->block;
	double	   *s = ML_SLOT(slots, block->slot, at_work);
	double	   *r = s + ld;
	double	   *p = r + ld;
	double	   *dense = p + ld * (size_t) m->K;
	double	   *strip = dense + m->design->n_dense + 8 - m->design->n_dense % 8;
	int			from;
	int			i;
	int			a;

	for (i = 0; i < block->n; i++)
		s[i] = m->c / m->share * m->class_weight[(int) y[i]] * (data->weight == NULL ? 1.0
																: data->weight[block->from + i]);
	for (a = 0; a < m->K; a++)
		ml_block_product(block, m->w + (size_t) a * (size_t) m->q, dense, p + (size_t) a * ld);
	ML_SLOT_SCALAR(slots, block->slot)[0] += softmax(m, block, p, s);
	for (a = 0; a < m->K; a++)
	{
		for (i = 0; i < block->n; i++)
			r[i] = s[i] * (p[(size_t) a * ld + (size_t) i] - (m->output[(int) y[i]] == a ? 1.0 : 0.0));
		ml_block_transposed(block, r, dense, ML_SLOT(slots, block->slot, at_vector) + (size_t) a * (size_t) m->q);
	}
	if (!m->with_hessian)
		return;
	for (from = 0; from < block->n; from += strip_rows(m))
		strip_hessian(m, block, from, block->n - from < strip_rows(m) ? block->n - from : strip_rows(m),
					  p, s, strip, ML_SLOT(slots, block->slot, at_gram));
}

/* ---- everything ---- */

/* Adds the squares of the penalty. */
static void
add_penalty(MlLogit *m)
{
	size_t		at;

	for (at = 0; at < m->n; at++)
	{
		bool		intercept = at % (size_t) m->q == 0;

		if (m->skip != NULL && m->skip[at % (size_t) m->q])
			m->gradient[at] = 0.0;
		if (intercept || m->l2 == 0.0)
			continue;
		m->value += 0.5 * m->l2 * m->w[at] * m->w[at];
		m->gradient[at] += m->l2 * m->w[at];
		if (m->with_hessian)
			m->hessian[at * (m->n + 1)] += m->l2;
	}
}

MlCode
ml_logit_eval(MlLogit *m, const double *w, bool hessian, MlStatus *status)
{
	MlSlots    *slots = hessian ? &m->full : &m->plain;
	double		cost = hessian ? ml_logit_hessian_cost(m) : m->K * (2 * ml_design_cost(m->design) + 40.0);
	double		share = 1.0 - 1.0 / (1.0 + 0.2 * m->done++);
	MlCode		code;

	m->w = w;
	m->with_hessian = hessian;
	ml_slots_clear(slots);
	code = ml_design_pass(m->host, m->design, m->rows, slots->n, cost, m->K == 1 ? binary_block : multinomial_block,
						  m, "logistic regression", share, status);
	if (code != ML_OK)
		return code;
	ml_slots_reduce(slots);
	m->value = ML_SLOT_SCALAR(slots, 0)[0];
	memcpy(m->gradient, ML_SLOT(slots, 0, at_vector), m->n * sizeof(double));
	if (hessian)
	{
		if (m->K > 1 || m->design->n_groups > 0)
			memcpy(m->hessian, ML_SLOT(slots, 0, at_gram), m->n * m->n * sizeof(double));
		else
			memset(m->hessian, 0, m->n * m->n * sizeof(double));
		if (m->K == 1)
			ml_design_scatter(m->design, ML_SLOT(slots, 0, at_dense), m->hessian);
	}
	add_penalty(m);
	return ML_OK;
}

double
ml_logit_absolute(const MlLogit *m, const double *w)
{
	double		sum = 0.0;
	size_t		at;

	for (at = 0; at < m->n && m->l1 > 0.0; at++)
		if (at % (size_t) m->q != 0)
			sum += fabs(w[at]);
	return m->l1 * sum;
}

double
ml_logit_optimality(const MlLogit *m, const double *w)
{
	double		most = 0.0;
	size_t		at;

	for (at = 0; at < m->n; at++)
	{
		double		g = m->gradient[at];

		if (m->l1 > 0.0 && at % (size_t) m->q != 0)
			g = w[at] == 0.0 ? fmax(fabs(g) - m->l1, 0.0) : g + copysign(m->l1, w[at]);
		most = fmax(most, fabs(g));
	}
	return most;
}
