/*
 * loss.c: gradients of boosting's losses, by straight loops.
 *
 * Each loop is written once for weighted rows; rows without weights get
 * theirs from a block of ones, so that there is one formula a loss.  Sums are
 * eight partial ones, added in order, whatever the vector width.
 */
#include "kernel/loss.h"

#include <math.h>
#include <string.h>

#include "kernel/dispatch.h"
#include "kernel/vmath.h"

#define LANES 8
#define BLOCK 512

/* A piece of rows, a multiple of LANES long. */
typedef struct Block
{
	const double *y;
	const double *f;
	const double *w;
	double	   *g;
	double	   *h;
	double		loss[BLOCK];
} Block;

/* The columns of a block; none overlaps another. */
#define BLOCK_COLUMNS \
	const double *y = b->y; \
	const double *f = b->f; \
	const double *w = b->w; \
	double	   *g = b->g; \
	double	   *h = b->h; \
	double	   *loss = b->loss

ML_BODY
block_logistic_body(Block *b, int n)
{
	BLOCK_COLUMNS;
	int			i;

	ML_INDEPENDENT
	for (i = 0; i < n; i++)
	{
		double		s = f[i];
		double		a = fabs(s);
		double		e = ml_exp(-a);
		double		inverse = 1.0 / ((1.0 + e) * (2.0 + e));	/* one division for both quotients */
		double		small = e * (2.0 + e) * inverse;	/* e / (1 + e): the lesser of p and 1 - p */
		double		p = s >= 0.0 ? 1.0 - small : small;

		g[i] = w[i] * (p - y[i]);
		h[i] = w[i] * small * (1.0 - small);
		/* softplus((1 - 2 y) f) */
		loss[i] = w[i] * ((y[i] > 0.5 ? -s : s) * 0.5 + a * 0.5 + ml_log1p_series(e * (1.0 + e) * inverse));
	}
}
ML_DISPATCH(static, block_logistic, (Block *b, int n), (b, n))

ML_BODY
block_squared_body(Block *b, int n)
{
	BLOCK_COLUMNS;
	int			i;

	ML_INDEPENDENT
	for (i = 0; i < n; i++)
	{
		double		r = f[i] - y[i];

		g[i] = w[i] * r;
		h[i] = w[i];
		loss[i] = w[i] * r * r * 0.5;
	}
}
ML_DISPATCH(static, block_squared, (Block *b, int n), (b, n))

ML_BODY
block_poisson_body(Block *b, int n)
{
	BLOCK_COLUMNS;
	int			i;

	ML_INDEPENDENT
	for (i = 0; i < n; i++)
	{
		double		m = ml_exp(f[i]);

		g[i] = w[i] * (m - y[i]);
		h[i] = w[i] * m;
		loss[i] = w[i] * (m - y[i] * f[i]);
	}
}
ML_DISPATCH(static, block_poisson, (Block *b, int n), (b, n))

/* Pinball loss; absolute is twice that of one half. */
ML_BODY
block_pinball_body(Block *b, int n, double above, double below)
{
	BLOCK_COLUMNS;
	int			i;

	ML_INDEPENDENT
	for (i = 0; i < n; i++)
	{
		double		r = f[i] - y[i];
		double		slope = r > 0.0 ? above : r < 0.0 ? -below : 0.0;

		g[i] = w[i] * slope;
		h[i] = w[i];
		loss[i] = w[i] * slope * r;
	}
}
ML_DISPATCH(static, block_pinball, (Block *b, int n, double above, double below), (b, n, above, below))

ML_BODY
block_huber_body(Block *b, int n, double delta)
{
	BLOCK_COLUMNS;
	int			i;

	ML_INDEPENDENT
	for (i = 0; i < n; i++)
	{
		double		r = f[i] - y[i];
		double		c = r > delta ? delta : r < -delta ? -delta : r;

		g[i] = w[i] * c;
		h[i] = w[i];
		loss[i] = w[i] * c * (r - c * 0.5);
	}
}
ML_DISPATCH(static, block_huber, (Block *b, int n, double delta), (b, n, delta))

static void
run_block(MlLoss loss, double parameter, Block *b, int n)
{
	switch (loss)
	{
		case ML_LOSS_SQUARED:
			block_squared(b, n);
			return;
		case ML_LOSS_ABSOLUTE:
			block_pinball(b, n, 1.0, 1.0);
			return;
		case ML_LOSS_QUANTILE:
			block_pinball(b, n, 1.0 - parameter, parameter);
			return;
		case ML_LOSS_HUBER:
			block_huber(b, n, parameter);
			return;
		case ML_LOSS_POISSON:
			block_poisson(b, n);
			return;
		case ML_LOSS_LOGISTIC:
		case ML_LOSS_SOFTMAX:
			block_logistic(b, n);
			return;
	}
}

/* Eight sums and maxima side by side: the same bits whatever the vector width. */
ML_BODY
add_block_body(const Block *b, int n, MlLossSums *sums)
{
	double		loss[LANES] = {0};
	double		g[LANES] = {0};
	double		h[LANES] = {0};
	int			i;
	int			l;

	for (i = 0; i < n; i += LANES)
	{
		const double *bg = b->g + i;
		const double *bh = b->h + i;
		const double *bl = b->loss + i;

		for (l = 0; l < LANES; l++)
			loss[l] += bl[l];
		for (l = 0; l < LANES; l++)
			g[l] = fabs(bg[l]) > g[l] ? fabs(bg[l]) : g[l];
		for (l = 0; l < LANES; l++)
			h[l] = bh[l] > h[l] ? bh[l] : h[l];
	}
	for (l = 0; l < LANES; l++)
	{
		sums->loss += loss[l];
		sums->max_g = g[l] > sums->max_g ? g[l] : sums->max_g;
		sums->max_h = h[l] > sums->max_h ? h[l] : sums->max_h;
	}
}
ML_DISPATCH(static, add_block, (const Block *b, int n, MlLossSums *sums), (b, n, sums))

/* The last rows, filled up with rows of weight 0. */
static void
run_rest(MlLoss loss, double parameter, const double *y, const double *f, const double *w, int rows,
		 double *g, double *h, MlLossSums *sums)
{
	double		room[5][BLOCK] = {{0}};
	size_t		size = (size_t) rows * sizeof(double);
	Block		b = {.y = room[0], .f = room[1], .w = room[2], .g = room[3], .h = room[4]};

	memcpy(room[0], y, size);
	memcpy(room[1], f, size);
	memcpy(room[2], w, size);
	rows = (rows + LANES - 1) / LANES * LANES;
	run_block(loss, parameter, &b, rows);
	add_block(&b, rows, sums);
	memcpy(g, room[3], size);
	memcpy(h, room[4], size);
}

void
ml_loss_gradient(MlLoss loss, double parameter, const double *y, const double *f, const double *w,
				 int64_t n, double *g, double *h, MlLossSums *sums)
{
	double		one[BLOCK];
	int64_t		at;
	int			i;

	for (i = 0; i < BLOCK; i++)
		one[i] = 1.0;
	memset(sums, 0, sizeof(*sums));
	for (at = 0; at < n; at += BLOCK)
	{
		Block		b = {.y = y + at, .f = f + at, .w = w ? w + at : one, .g = g + at, .h = h + at};

		if (n - at >= BLOCK)
		{
			run_block(loss, parameter, &b, BLOCK);
			add_block(&b, BLOCK, sums);
		}
		else
			run_rest(loss, parameter, b.y, b.f, b.w, (int) (n - at), b.g, b.h, sums);
	}
}

void
ml_loss_softmax(int k, const double *y, const double *f, const double *w, int64_t n,
				double *g, double *h, int64_t ld, MlLossSums *sums)
{
	int64_t		i;
	int			c;

	memset(sums, 0, sizeof(*sums));
	for (i = 0; i < n; i++)
	{
		double		weight = w ? w[i] : 1.0;
		int			actual = (int) y[i];
		const double *row = f + i * k;
		double		most = row[0];
		double		total = 0.0;

		for (c = 1; c < k; c++)
			most = row[c] > most ? row[c] : most;
		for (c = 0; c < k; c++)
			total += g[c * ld + i] = ml_exp(row[c] - most);
		sums->loss += weight * (log(total) + most - row[actual]);
		for (c = 0; c < k; c++)
		{
			double		p = g[c * ld + i] / total;
			double		slope = weight * (c == actual ? p - 1.0 : p);
			double		bend = weight * p * (1.0 - p);

			g[c * ld + i] = slope;
			h[c * ld + i] = bend;
			sums->max_g = fabs(slope) > sums->max_g ? fabs(slope) : sums->max_g;
			sums->max_h = bend > sums->max_h ? bend : sums->max_h;
		}
	}
}

double
ml_loss_sum(MlLoss loss, double parameter, int k, const double *y, const double *f, const double *w, int64_t n)
{
	double		g[BLOCK];
	double		h[BLOCK];
	double		total = 0.0;
	int64_t		i;
	int			c;

	for (i = 0; i < n && loss != ML_LOSS_SOFTMAX; i += BLOCK)
	{
		MlLossSums	sums;

		ml_loss_gradient(loss, parameter, y + i, f + i, w ? w + i : NULL, n - i < BLOCK ? n - i : BLOCK, g, h, &sums);
		total += sums.loss;
	}
	for (i = 0; i < n && loss == ML_LOSS_SOFTMAX; i++)
	{
		const double *row = f + i * k;
		double		most = row[0];
		double		sum = 0.0;

		for (c = 1; c < k; c++)
			most = row[c] > most ? row[c] : most;
		for (c = 0; c < k; c++)
			sum += ml_exp(row[c] - most);
		total += (w ? w[i] : 1.0) * (log(sum) + most - row[(int) y[i]]);
	}
	return total;
}

/* Two 16-bit numbers a row from one 32-bit mix of key and counter (the finaliser of MurmurHash3). */
ML_BODY
ml_quantise_body(const double *g, const double *h, int64_t n, double g_scale, double h_scale,
				 uint64_t key, int64_t first, MlRow *row)
{
	uint32_t	k = (uint32_t) key ^ (uint32_t) ((uint64_t) first >> 32) * 0x9e3779b9u;
	uint32_t	k2 = (uint32_t) (key >> 32);
	uint32_t	at = (uint32_t) first;
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		uint32_t	x = (at + (uint32_t) i) * 0x9e3779b9u + k;
		double		a;
		double		b;
		int32_t		gi;
		int32_t		hi;

		x ^= x >> 16;
		x *= 0x85ebca6bu;
		x ^= x >> 13;
		x += k2;
		x *= 0xc2b2ae35u;
		x ^= x >> 16;
		/* truncation of a positive number is its floor: g is moved up and back */
		a = g[i] * g_scale + 32768.0 + (double) (int32_t) (x & 0xffff) * 0x1p-16;
		b = h[i] * h_scale + (double) (int32_t) (x >> 16) * 0x1p-16;
		gi = (int32_t) a - 32768;
		hi = (int32_t) b;
		row[i].row = at + (uint32_t) i;
		row[i].q = (uint32_t) gi << 16 | (uint32_t) hi;
	}
}
ML_DISPATCH(, ml_quantise,
			(const double *g, const double *h, int64_t n, double g_scale, double h_scale,
			 uint64_t key, int64_t first, MlRow *row),
			(g, h, n, g_scale, h_scale, key, first, row))
