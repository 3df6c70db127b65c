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
 */
#include <string.h>

#include "learn/grow_state.h"

/* Rows asked for ahead. */
#define AHEAD 24

static int64_t
part_chunk(const MlGrower *g, const MlSplit *split, const MlRow *row, int64_t n, MlRow *to)
{
	const uint8_t *bin = g->binned->column + (size_t) split->column * (size_t) g->binned->n;
	MlRow	   *left = to;
	MlRow	   *right = to + n - 1;
	uint8_t		goes[256];
	int64_t		i;
	int			b;

	for (b = 0; b < 256; b++)
		goes[b] = ml_split_left(split, b);
	for (i = 0; i < n; i++)
	{
		MlRow		r = row[i];
		uint8_t		is_left;

		if (i + AHEAD < n)
			__builtin_prefetch(bin + row[i + AHEAD].row);
		is_left = goes[bin[r.row]];
		/* both are written; the one that is wrong is written over */
		*left = r;
		*right = r;
		left += is_left;
		right -= !is_left;
	}
	return left - to;
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
	double		start = ml_seconds();

	g->chunk_left[task] = part_chunk(g, &g->node[job->node].split, row, n, other);
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

	if (job->moved)
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
		gather |= !job->moved;
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
