/*
 * grow_sums.c: sums of gradients, and the best split of each new node.
 *
 * Of two children the smaller one's sums are made from its rows, the other's
 * are what is left of the parent's.  A job with few rows is one task, done by
 * one thread from rows to splits.  A job with many is done by all: chunks of
 * its rows into the sums of each thread, then columns, in which the threads'
 * sums are put together.  Sums are integers, so both ways give the same.
 */
#include <math.h>
#include <string.h>

#include "kernel/rng.h"
#include "learn/grow_state.h"

#define WIDE_UPDATES 200000		/* a loop of the whole team is worth it from here on, when it has nothing else */
#define NARROW_UPDATES (INT64_C(1) << 28)	/* one task does no more: it cannot be stopped */
#define COLUMNS_PER_TASK 4

/* Adds n rows to wide. */
static void
add_rows(MlGrower *g, GrowMember *member, const MlRow *row, int64_t n, MlCell *wide)
{
	const MlBinned *binned = g->binned;
	int64_t		from;

	for (from = 0; from < n; from += ML_HIST_ROWS)
	{
		int			rows = n - from < ML_HIST_ROWS ? (int) (n - from) : ML_HIST_ROWS;
		int			c;

		ml_hist_add(binned->row, binned->stride, binned->p, row + from, rows, member->packed);
		for (c = 0; c < binned->p; c++)
			ml_hist_flush(member->packed + (size_t) c * ML_HIST_STRIDE, binned->info[c].n_bins,
						  wide + binned->info[c].cell);
	}
}

/* ---- splits of one node ---- */

/* The columns that may split the node, drawn anew for it when the rule says so. */
static const uint8_t *
draw_columns(const MlGrower *g, int node, uint8_t *use)
{
	int			p = g->binned->p;
	uint64_t	key;
	int			all = 0;
	int			wanted;
	int			c;

	if (g->rule.column_share >= 1)
		return g->tree->use;
	for (c = 0; c < p; c++)
		all += g->tree->use == NULL || g->tree->use[c];
	wanted = (int) (g->rule.column_share * all + 0.5);
	wanted = wanted < 1 ? 1 : wanted;
	/* selection sampling: Knuth, The Art of Computer Programming 2, algorithm 3.4.2 S */
	key = ml_rng_key(g->tree->key, (uint64_t) node);
	for (c = 0; c < p; c++)
	{
		use[c] = g->tree->use == NULL || g->tree->use[c];
		if (!use[c])
			continue;
		use[c] = ml_rng_unit_at(key, (uint64_t) c) * all < wanted;
		wanted -= use[c];
		all--;
	}
	return use;
}

static void
split_column(const MlGrower *g, int node, int c, const MlCell *sums, const int32_t *rows, MlSplit *best)
{
	const MlBinColumn *info = g->binned->info + c;
	const MlGrowNode *n = g->node + node;
	MlSplitNode about = {
		.total = n->total,.rows = n->n,.g_unit = g->tree->g_unit,.h_unit = g->tree->h_unit,
		.lower = n->lower,.upper = n->upper,
		.bounded = g->rule.monotone != NULL && (n->lower > -INFINITY || n->upper < INFINITY)
	};

	best->gain = 0;
	if (info->category)
		ml_split_category(sums + info->cell, rows, info->n_bins, c, &g->rule.split, &about, best);
	else
		ml_split_numeric(sums + info->cell, rows, info->n_bins, c, g->rule.monotone ? g->rule.monotone[c] : 0,
						 &g->rule.split, &about, best);
}

/* Adds rows [from, end) of the node to rows[bin]. */
static void
count_bins(const MlGrower *g, const MlGrowNode *node, int c, int64_t from, int64_t end, int32_t *rows)
{
	const MlRow *row = grow_rows(g, node);
	int64_t		i;

	for (i = from; i < end; i++)
		rows[ml_binned_at(g->binned, row[i].row, c)]++;
}

static void
count_task(void *arg, int task, int number)
{
	MlGrower   *g = arg;
	GrowMember *member = g->member + number;
	const MlGrowNode *node = g->node + g->current_node;
	int64_t		from = (int64_t) task * GROW_CHUNK;
	double		start = ml_seconds();

	if (!member->counted)
		memset(member->rows, 0, ML_HIST_CELLS * sizeof(int32_t));
	member->counted = true;
	count_bins(g, node, g->current_column, from, node->n - from < GROW_CHUNK ? node->n : from + GROW_CHUNK,
			   member->rows);
	member->seconds.split += ml_seconds() - start;
}

/* rows[cell] := rows of the node in each cell of column c, by all threads when it has many; true = stop */
static bool
count_rows(MlGrower *g, int number, int c, bool wide, int32_t *rows)
{
	const MlGrowNode *node = g->node + number;
	int			m;
	int			b;

	memset(rows, 0, ML_HIST_CELLS * sizeof(int32_t));
	if (!wide)
		count_bins(g, node, c, 0, node->n, rows);
	else
	{
		g->current_node = number;
		g->current_column = c;
		for (m = 0; m < g->threads; m++)
			g->member[m].counted = false;
		if (ml_team_run(g->team, (int) ((node->n + GROW_CHUNK - 1) / GROW_CHUNK), count_task, g))
			return true;
		for (m = 0; m < g->threads; m++)
			for (b = 0; b < (g->member[m].counted ? ML_HIST_CELLS : 0); b++)
				rows[b] += g->member[m].rows[b];
	}
	rows[g->binned->info[c].n_bins] = rows[ML_MISSING_BIN];
	return false;
}

/*
 * The best of the columns' splits.  When the sums do not prove that its
 * children have enough rows, the rows are counted in that column alone.
 * true = stop.
 */
static bool
choose_split(MlGrower *g, int node, const uint8_t *use, bool wide, MlSplit *best)
{
	int32_t		rows[ML_HIST_CELLS];
	int			p = g->binned->p;

	for (;;)
	{
		int			first = -1;
		int			c;

		for (c = 0; c < p; c++)
			if ((use == NULL || use[c]) && best[c].gain > 0 && (first < 0 || best[c].gain > best[first].gain))
				first = c;
		if (first < 0)
		{
			g->node[node].split.gain = 0;
			return false;
		}
		if (best[first].sure)
		{
			g->node[node].split = best[first];
			return false;
		}
		if (count_rows(g, node, first, wide, rows))
			return true;
		split_column(g, node, first, grow_sums(g, g->node[node].slot), rows, best + first);
	}
}

static void
find_split(MlGrower *g, GrowMember *member, int node)
{
	const uint8_t *use = draw_columns(g, node, member->use);
	const MlCell *sums = grow_sums(g, g->node[node].slot);
	int			c;

	for (c = 0; c < g->binned->p; c++)
		if (use == NULL || use[c])
			split_column(g, node, c, sums, NULL, member->best + c);
	(void) choose_split(g, node, use, false, member->best);
}

/* ---- a job by one thread ---- */

static void
make_sums(MlGrower *g, GrowMember *member, int node)
{
	MlCell	   *sums = grow_sums(g, g->node[node].slot);

	memset(sums, 0, g->binned->n_cells * sizeof(MlCell));
	add_rows(g, member, grow_rows(g, g->node + node), g->node[node].n, sums);
}

static void
narrow_task(void *arg, int task, int number)
{
	MlGrower   *g = arg;
	GrowJob    *job = g->job + task;
	GrowMember *member = g->member + number;
	double		start = ml_seconds();
	double		found;

	if (job->wide || job->small < 0)
		return;
	make_sums(g, member, job->small);
	if (job->direct >= 0)
		make_sums(g, member, job->direct);
	else if (job->other >= 0)
		/* the other child has taken over the parent's */
		ml_hist_subtract(grow_sums(g, g->node[job->other].slot), grow_sums(g, g->node[job->small].slot),
						 g->binned->n_cells);
	found = ml_seconds();
	member->seconds.sums += found - start;
	if (!job->small_ends)
		find_split(g, member, job->small);
	if (job->direct >= 0)
		find_split(g, member, job->direct);
	else if (job->other >= 0)
		find_split(g, member, job->other);
	member->seconds.split += ml_seconds() - found;
}

/* ---- a job by all threads ---- */

static void
wide_rows_task(void *arg, int task, int number)
{
	MlGrower   *g = arg;
	GrowMember *member = g->member + number;
	const MlGrowNode *node = g->node + g->current_node;
	int64_t		from = (int64_t) task * g->current_chunk;
	int64_t		left = node->n - from;
	double		start = ml_seconds();

	if (!member->used)
		memset(member->wide, 0, g->binned->n_cells * sizeof(MlCell));
	member->used = true;
	add_rows(g, member, grow_rows(g, node) + from, left < g->current_chunk ? left : g->current_chunk, member->wide);
	member->seconds.sums += ml_seconds() - start;
}

/* Some columns: the threads' sums become the node's, the other child's are what is left, and both are split. */
static void
wide_columns_task(void *arg, int task, int number)
{
	MlGrower   *g = arg;
	const MlBinned *binned = g->binned;
	int			p = binned->p;
	int			c = task * COLUMNS_PER_TASK;
	int			end = c + COLUMNS_PER_TASK < p ? c + COLUMNS_PER_TASK : p;
	int			other = g->current ? g->current->other : -1;
	double		start = ml_seconds();
	int			m;

	for (; c < end; c++)
	{
		size_t		cell = binned->info[c].cell;
		size_t		cells = (size_t) binned->info[c].n_bins + 1;
		MlCell	   *sums = grow_sums(g, g->node[g->current_node].slot);

		memset(sums + cell, 0, cells * sizeof(MlCell));
		for (m = 0; m < g->threads; m++)
			if (g->member[m].used)
				ml_hist_merge(sums + cell, g->member[m].wide + cell, cells);
		if (other >= 0)
			ml_hist_subtract(grow_sums(g, g->node[other].slot) + cell, sums + cell, cells);
		/* the root's total is not known yet: its splits come later */
		if (g->current == NULL || (g->tree->use && !g->tree->use[c]))
			continue;
		split_column(g, g->current_node, c, sums, NULL, g->best + c);
		if (other >= 0)
			split_column(g, other, c, grow_sums(g, g->node[other].slot), NULL, g->best + p + c);
	}
	g->member[number].seconds.split += ml_seconds() - start;
}

static bool
wide_sums(MlGrower *g, int node)
{
	int64_t		n = g->node[node].n;
	int64_t		share = n / (4 * ml_team_size(g->team)) + 1;
	int			m;

	g->current_node = node;
	g->current_chunk = share > GROW_CHUNK ? GROW_CHUNK : share < GROW_MIN_CHUNK ? GROW_MIN_CHUNK : (int) share;
	for (m = 0; m < g->threads; m++)
		g->member[m].used = false;
	return ml_team_run(g->team, (int) ((n + g->current_chunk - 1) / g->current_chunk), wide_rows_task, g) ||
		ml_team_run(g->team, (g->binned->p + COLUMNS_PER_TASK - 1) / COLUMNS_PER_TASK, wide_columns_task, g);
}

static bool
wide_job(MlGrower *g, GrowJob *job)
{
	int			p = g->binned->p;
	GrowJob		direct = {.small = job->direct,.other = -1,.direct = -1};

	g->current = job;
	if (wide_sums(g, job->small))
		return true;
	if (choose_split(g, job->small, draw_columns(g, job->small, g->use), true, g->best) ||
		(job->other >= 0 && choose_split(g, job->other, draw_columns(g, job->other, g->use + p), true, g->best + p)))
		return true;
	return job->direct >= 0 && wide_job(g, &direct);
}

/* Is the job too long for one task, or better done by all? */
static bool
is_wide(const MlGrower *g, const GrowJob *job)
{
	const int	node[] = {job->small, job->other, job->direct};
	int			p = g->binned->p;
	int			size = ml_team_size(g->team);
	int64_t		most = 0;
	size_t		i;

	/* rows may have to be counted in each of them */
	for (i = 0; i < sizeof(node) / sizeof(node[0]); i++)
		if (node[i] >= 0 && g->node[node[i]].n > most)
			most = g->node[node[i]].n;
	return most > 2 * GROW_CHUNK || most * p > NARROW_UPDATES ||
		(g->n_jobs < size && g->node[job->small].n * p > WIDE_UPDATES);
}

bool
ml_grow_children(MlGrower *g)
{
	bool		narrow = false;
	int			j;

	for (j = 0; j < g->n_jobs; j++)
	{
		GrowJob    *job = g->job + j;

		job->wide = job->small >= 0 && is_wide(g, job);
		if (job->wide && wide_job(g, job))
			return true;
		narrow |= !job->wide && job->small >= 0;
	}
	return narrow && ml_team_run(g->team, g->n_jobs, narrow_task, g);
}

static void
root_split_task(void *arg, int task, int number)
{
	MlGrower   *g = arg;
	int			c = task * COLUMNS_PER_TASK;
	int			end = c + COLUMNS_PER_TASK < g->binned->p ? c + COLUMNS_PER_TASK : g->binned->p;

	(void) number;
	for (; c < end; c++)
		if (g->tree->use == NULL || g->tree->use[c])
			split_column(g, 0, c, grow_sums(g, g->node[0].slot), NULL, g->best + c);
}

bool
ml_grow_root(MlGrower *g)
{
	const MlBinColumn *first = g->binned->info;
	MlGrowNode *root = g->node;
	const MlCell *sums;
	int			b;

	g->current = NULL;
	if (wide_sums(g, 0))
		return true;
	sums = grow_sums(g, root->slot);
	memset(&root->total, 0, sizeof(root->total));
	for (b = 0; b <= first->n_bins; b++)
	{
		root->total.g += sums[first->cell + (size_t) b].g;
		root->total.h += sums[first->cell + (size_t) b].h;
	}
	if (ml_team_run(g->team, (g->binned->p + COLUMNS_PER_TASK - 1) / COLUMNS_PER_TASK, root_split_task, g))
		return true;
	return choose_split(g, 0, draw_columns(g, 0, g->use), true, g->best);
}
