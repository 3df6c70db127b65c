/*
 * grow_rows.c: parting the rows of nodes.
 *
 * A node's rows lie in one of two buffers.  A task reads a chunk of them, one
 * byte of one column each, and writes those that go left to the front of the
 * same place in the other buffer, those that go right to its back, last
 * first.  A node of one chunk is parted then; chunks of a larger one are put
 * together again in the buffer they came from: all left parts, all right
 * parts.  A node's rows always ascend or descend, so memory is walked through
 * in one direction; which of the two is nobody's business.
 *
 * Rows whose children are leaves need not be moved any more: each is told its
 * leaf, and that is all anybody asks.
 */
#include <string.h>

#include "kernel/part.h"
#include "learn/grow_state.h"

static const uint8_t *
bins_of_split(const MlGrower *g, const MlSplit *split)
{
	return g->binned->column + (size_t) split->column * (size_t) g->binned->n;
}

/* Rows asked for ahead. */
#define AHEAD 24

/* Tells n rows which of two leaves is theirs; how many it is the left one of. */
static int64_t
tell_children(const MlRowNodes *leaf, const uint8_t *bin, const MlSplit *split, const MlRow *row, int64_t n,
			  int32_t left)
{
	uint8_t		goes_right[256];
	int64_t		right = 0;
	int64_t		i;
	int			b;

	for (b = 0; b < 256; b++)
		goes_right[b] = !ml_split_left(split, b);
	for (i = 0; i < n; i++)
	{
		uint8_t		is_right;

		if (i + AHEAD < n)
			__builtin_prefetch(bin + row[i + AHEAD].row);
		is_right = goes_right[bin[row[i].row]];
		ml_row_node_set(leaf, row[i].row, left + is_right);
		right += is_right;
	}
	return n - right;
}

static void
tell_task(void *arg, int task, int member)
{
	MlGrower   *g = arg;
	const MlGrowNode *node = g->node + task;
	const MlRow *row = grow_rows(g, node);
	double		start = ml_seconds();
	int64_t		i;

	if (node->left != 0 || node->scattered)
		return;
	for (i = 0; i < node->n; i++)
		ml_row_node_set(g->tree->leaf, row[i].row, task);
	g->member[member].seconds.part += ml_seconds() - start;
}

bool
ml_grow_tell(MlGrower *g)
{
	return ml_team_run(g->team, g->n_nodes, tell_task, g);
}

static GrowJob *
job_of_task(MlGrower *g, int task)
{
	int			low = 0;
	int			high = g->n_jobs - 1;

	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (g->job[middle].first_task <= task)
			low = middle;
		else
			high = middle - 1;
	}
	return g->job + low;
}

static int
tasks_of(const MlGrower *g, const GrowJob *job)
{
	return (int) ((g->node[job->node].n + job->chunk - 1) / job->chunk);
}

/* A task's chunk of the node's rows, and the same place in the other buffer; the number of rows. */
static int64_t
chunk_of_task(const MlGrower *g, const GrowJob *job, int task, MlRow **row, MlRow **other)
{
	const MlGrowNode *node = g->node + job->node;
	int64_t		at = (int64_t) (task - job->first_task) * job->chunk;

	*row = grow_rows(g, node) + at;
	*other = (node->in_spare ? g->row : g->spare) + node->from + at;
	return node->n - at < job->chunk ? node->n - at : job->chunk;
}

static void
part_task(void *arg, int task, int member)
{
	MlGrower   *g = arg;
	GrowJob    *job = job_of_task(g, task);
	MlRow	   *row;
	MlRow	   *other;
	int64_t		n = chunk_of_task(g, job, task, &row, &other);
	const MlSplit *split = &g->node[job->node].split;
	double		start = ml_seconds();

	if (job->ends)
		g->chunk_left[task] = tell_children(g->tree->leaf, bins_of_split(g, split), split, row, n, job->left_child);
	else
		g->chunk_left[task] = ml_part_rows(bins_of_split(g, split), split->left, row, n, other);
	g->member[member].seconds.part += ml_seconds() - start;
}

/* Where a chunk's parts go is what the chunks before it have. */
static void
gather_task(void *arg, int task, int member)
{
	MlGrower   *g = arg;
	GrowJob    *job = job_of_task(g, task);
	MlRow	   *row;
	MlRow	   *other;
	int64_t		n = chunk_of_task(g, job, task, &row, &other);
	int64_t		left = g->chunk_left[task];
	MlRow	   *all = grow_rows(g, g->node + job->node);
	MlRow	   *to;
	double		start = ml_seconds();
	int64_t		before = 0;
	int64_t		i;
	int			t;

	if (job->moved || job->ends)
		return;
	for (t = job->first_task; t < task; t++)
		before += g->chunk_left[t];
	memcpy(all + before, other, (size_t) left * sizeof(MlRow));
	to = all + job->left + (row - all) - before;
	for (i = 0; i < n - left; i++)
		to[i] = other[n - 1 - i];
	g->member[member].seconds.part += ml_seconds() - start;
}

bool
ml_grow_part(MlGrower *g)
{
	int			size = ml_team_size(g->team);
	bool		gather = false;
	int64_t		rows = 0;
	int64_t		share;
	int			tasks = 0;
	int			j;
	int			t;

	for (j = 0; j < g->n_jobs; j++)
		rows += g->node[g->job[j].node].n;
	/* four tasks a thread keep all busy; few nodes are cut up for it, of many most stay whole */
	share = size > 1 ? rows / (4 * size) + 1 : rows;
	share = share < GROW_MIN_CHUNK ? GROW_MIN_CHUNK : share > INT32_MAX / 2 ? INT32_MAX / 2 : share;
	for (j = 0; j < g->n_jobs; j++)
	{
		GrowJob    *job = g->job + j;
		int64_t		n = g->node[job->node].n;

		job->chunk = n <= 2 * share ? (int) n : (int) share;
		job->first_task = tasks;
		job->moved = tasks_of(g, job) == 1;
		tasks += tasks_of(g, job);
		gather |= !job->moved && !job->ends;
	}
	if (ml_team_run(g->team, tasks, part_task, g))
		return true;
	for (j = 0; j < g->n_jobs; j++)
	{
		GrowJob    *job = g->job + j;

		job->left = 0;
		for (t = 0; t < tasks_of(g, job); t++)
			job->left += g->chunk_left[job->first_task + t];
	}
	return gather && ml_team_run(g->team, tasks, gather_task, g);
}
