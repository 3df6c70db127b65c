/*
 * grow.c: which leaf is split next.
 *
 * Leaf by leaf, the one with the largest gain first (Shi, "Best-first
 * decision tree learning", 2007), or level by level.  Either way a batch of
 * leaves is split together: their rows are parted (grow_rows.c), their
 * children's sums are made and their best splits found (grow_sums.c).
 *
 * Sums of a node lie in one of a fixed number of slots.  A node that is split
 * hands its slot to one of its children.  When no slot is free, an open leaf
 * loses its own; its children's sums are then made from rows, both of them.
 */
#include "learn/grow.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/grow_state.h"

#define MIN_SLOTS 4

/* No tree has more: its nodes are the tasks of one loop of a team. */
#define MOST_LEAVES (1 << 21)

/* Most leaves of a tree over so many rows. */
static int64_t
most_leaves(const MlGrowRule *rule, int64_t rows)
{
	int64_t		leaves = rows / (rule->split.min_rows > 1 ? rule->split.min_rows : 1);

	if (rule->max_leaves > 0 && leaves > rule->max_leaves)
		leaves = rule->max_leaves;
	if (rule->max_depth > 0 && rule->max_depth < 31 && leaves > (INT64_C(1) << rule->max_depth))
		leaves = INT64_C(1) << rule->max_depth;
	return leaves < 1 ? 1 : leaves > MOST_LEAVES ? MOST_LEAVES : leaves;
}

#define TAKE(field, count, size) \
	((field) = ml_scratch_alloc(scratch, (size_t) (count), size, "growing", status)) == NULL

static MlCode
make_members(MlScratch *scratch, MlGrower *g, MlStatus *status)
{
	size_t		p = (size_t) g->binned->p;
	int			m;

	if (TAKE(g->member, g->threads, sizeof(GrowMember)))
		return ML_NO_MEMORY;
	for (m = 0; m < g->threads; m++)
	{
		GrowMember *member = g->member + m;

		member->packed = ml_scratch_zero(scratch, p * ML_HIST_STRIDE, sizeof(uint64_t), "growing", status);
		if (member->packed == NULL ||
			TAKE(member->wide, g->binned->n_cells, sizeof(MlCell)) ||
			TAKE(member->rows, ML_HIST_CELLS, sizeof(int32_t)) ||
			TAKE(member->best, p, sizeof(MlSplit)) ||
			TAKE(member->use, p, 1))
			return ML_NO_MEMORY;
		member->used = member->counted = false;
		memset(&member->seconds, 0, sizeof(member->seconds));
	}
	return ML_OK;
}

MlCode
ml_grower_make(MlHost *host, MlScratch *scratch, const MlBinned *binned, const MlGrowRule *rule,
			   int64_t rows, size_t sums_limit, MlGrower **out, MlStatus *status)
{
	int64_t		leaves = most_leaves(rule, rows);
	size_t		slot_size = binned->n_cells * sizeof(MlCell);
	int64_t		slots = (int64_t) (sums_limit / (slot_size > 0 ? slot_size : 1));
	int64_t		tasks;
	MlGrower   *g = ml_scratch_zero(scratch, 1, sizeof(MlGrower), "growing", status);

	if (g == NULL)
		return ML_NO_MEMORY;
	slots = slots < MIN_SLOTS ? MIN_SLOTS : slots;
	slots = slots > leaves + 1 ? leaves + 1 : slots;
	g->host = host;
	g->binned = binned;
	g->rule = *rule;
	g->rule.max_leaves = (int) leaves;
	g->threads = host->threads;
	g->max_nodes = (int) (2 * leaves - 1);
	g->slots = (int) slots;
	tasks = rows / GROW_MIN_CHUNK + leaves + 1;
	if (TAKE(g->node, g->max_nodes, sizeof(MlGrowNode)) ||
		TAKE(g->row, rows, sizeof(MlRow)) ||
		TAKE(g->spare, rows, sizeof(MlRow)) ||
		TAKE(g->sums, slots, slot_size) ||
		TAKE(g->free_slot, slots, sizeof(int)) ||
		TAKE(g->open, leaves + 1, sizeof(int)) ||
		TAKE(g->job, rule->depthwise ? leaves : 1, sizeof(GrowJob)) ||
		TAKE(g->chunk_left, tasks, sizeof(int64_t)) ||
		TAKE(g->best, 2 * binned->p, sizeof(MlSplit)) ||
		TAKE(g->use, 2 * binned->p, 1))
		return ML_NO_MEMORY;
	*out = g;
	return make_members(scratch, g, status);
}

MlRow *
ml_grower_rows(MlGrower *grower)
{
	return grower->row;
}

MlRow *
ml_grower_spare(MlGrower *grower)
{
	return grower->spare;
}

MlGrowNode *
ml_grower_nodes(MlGrower *grower)
{
	return grower->node;
}

const MlRow *
ml_grower_node_rows(const MlGrower *grower, const MlGrowNode *node)
{
	return grow_rows(grower, node);
}

int
ml_grower_max_nodes(const MlGrower *grower)
{
	return grower->max_nodes;
}

MlGrowSeconds
ml_grower_seconds(const MlGrower *grower)
{
	MlGrowSeconds sum = {0, 0, 0};
	int			m;

	for (m = 0; m < grower->threads; m++)
	{
		sum.part += grower->member[m].seconds.part;
		sum.sums += grower->member[m].seconds.sums;
		sum.split += grower->member[m].seconds.split;
	}
	return sum;
}

/* ---- slots ---- */

static int
take_slot(MlGrower *g)
{
	int			i;

	if (g->n_free > 0)
		return g->free_slot[--g->n_free];
	/* towards its end a heap has small gains */
	for (i = g->n_open - 1; i >= 0; i--)
	{
		MlGrowNode *node = g->node + g->open[i];
		int			slot = node->slot;

		if (slot < 0)
			continue;
		node->slot = -1;
		return slot;
	}
	return -1;
}

static void
give_slot(MlGrower *g, int slot)
{
	if (slot >= 0)
		g->free_slot[g->n_free++] = slot;
}

/* ---- open leaves ---- */

/* Which is split first: the upper level when they go level by level; the larger gain; the older node. */
static bool
before(const MlGrower *g, int a, int b)
{
	const MlGrowNode *x = g->node + a;
	const MlGrowNode *y = g->node + b;

	if (g->rule.depthwise && x->depth != y->depth)
		return x->depth < y->depth;
	return x->split.gain > y->split.gain || (x->split.gain == y->split.gain && a < b);
}

static void
push_open(MlGrower *g, int node)
{
	int			i = g->n_open++;

	while (i > 0 && before(g, node, g->open[(i - 1) / 2]))
	{
		g->open[i] = g->open[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	g->open[i] = node;
}

static int
pop_open(MlGrower *g)
{
	int			top = g->open[0];
	int			last = g->open[--g->n_open];
	int			i = 0;

	for (;;)
	{
		int			child = 2 * i + 1;

		if (child >= g->n_open)
			break;
		if (child + 1 < g->n_open && before(g, g->open[child + 1], g->open[child]))
			child++;
		if (!before(g, g->open[child], last))
			break;
		g->open[i] = g->open[child];
		i = child;
	}
	g->open[i] = last;
	return top;
}

/* A leaf whose split has been found: it waits, or gives its sums up. */
static void
close_or_open(MlGrower *g, int node)
{
	if (node < 0)
		return;
	if (g->node[node].split.gain > 0)
		push_open(g, node);
	else
	{
		give_slot(g, g->node[node].slot);
		g->node[node].slot = -1;
	}
}

/* ---- one batch ---- */

/* Could this leaf be split, sums aside? */
static bool
splittable(const MlGrower *g, const MlGrowNode *node)
{
	const MlGrowRule *rule = &g->rule;

	return (rule->max_depth == 0 || node->depth < rule->max_depth) &&
		node->n >= 2 && node->n >= 2 * rule->split.min_rows &&
		(double) node->total.h * g->tree->h_unit >= 2 * rule->split.min_h;
}

/* Bounds of the children's weights: what lies between them is between their own. */
static void
bound_children(MlGrower *g, const MlGrowNode *parent, MlGrowNode *left, MlGrowNode *right)
{
	const MlSplitRule *rule = &g->rule.split;
	int			way = g->rule.monotone ? g->rule.monotone[parent->split.column] : 0;
	double		middle;

	if (way == 0)
		return;
	middle = (ml_leaf_weight((double) left->total.g * g->tree->g_unit, (double) left->total.h * g->tree->h_unit,
							 rule, parent->lower, parent->upper) +
			  ml_leaf_weight((double) right->total.g * g->tree->g_unit, (double) right->total.h * g->tree->h_unit,
							 rule, parent->lower, parent->upper)) / 2;
	if (way > 0)
		left->upper = right->lower = middle;
	else
		left->lower = right->upper = middle;
}

/* The children of a job whose rows are parted. */
static void
make_children(MlGrower *g, GrowJob *job)
{
	MlGrowNode *parent = g->node + job->node;
	MlGrowNode *left = g->node + g->n_nodes;
	MlGrowNode *right = left + 1;

	assert(g->n_nodes + 2 <= g->max_nodes);
	assert(job->left_child == g->n_nodes);
	parent->left = g->n_nodes;
	g->n_nodes += 2;
	g->n_leaves++;
	memset(left, 0, 2 * sizeof(MlGrowNode));
	left->from = parent->from;
	left->n = job->left;
	right->from = parent->from + job->left;
	right->n = parent->n - job->left;
	left->total = parent->split.left_sum;
	right->total.g = parent->total.g - left->total.g;
	right->total.h = parent->total.h - left->total.h;
	left->depth = right->depth = parent->depth + 1;
	left->in_spare = right->in_spare = parent->in_spare != job->moved;
	left->scattered = right->scattered = job->ends;
	left->lower = right->lower = parent->lower;
	left->upper = right->upper = parent->upper;
	left->slot = right->slot = -1;
	if (g->rule.monotone)
		bound_children(g, parent, left, right);
}

/* Which children get sums, and where those lie; more: the tree may grow further. */
static void
assign_slots(MlGrower *g, GrowJob *job, bool more)
{
	MlGrowNode *parent = g->node + job->node;
	int			small = parent->left;
	int			other = parent->left + 1;
	int			parents = parent->slot;

	parent->slot = -1;
	job->small = job->other = job->direct = -1;
	job->small_ends = false;
	if (g->node[other].n < g->node[small].n)
	{
		small = other;
		other = parent->left;
	}
	if (!more || !(splittable(g, g->node + small) || splittable(g, g->node + other)))
	{
		give_slot(g, parents);
		return;
	}
	if (!splittable(g, g->node + other) || parents < 0)
	{
		/* nothing to subtract from, or nothing to subtract for */
		int			direct = splittable(g, g->node + other) ? other : -1;

		give_slot(g, parents);
		if (!splittable(g, g->node + small))
		{
			small = direct;
			direct = -1;
		}
		g->node[small].slot = take_slot(g);
		if (direct >= 0)
			g->node[direct].slot = take_slot(g);
		job->direct = direct;
		job->small = small;
		return;
	}
	/* the smaller child's sums are needed even when it will not be split itself */
	g->node[small].slot = take_slot(g);
	g->node[other].slot = parents;
	job->small_ends = !splittable(g, g->node + small);
	job->small = small;
	job->other = other;
}

/* Splits the leaves of the jobs; more: their children may be split in turn.  true = stop. */
static bool
run_batch(MlGrower *g, bool more)
{
	int			j;

	for (j = 0; j < g->n_jobs; j++)
	{
		GrowJob    *job = g->job + j;

		job->left_child = g->n_nodes + 2 * j;
		job->ends = g->tree->leaf != NULL && !g->tree->keep_rows &&
			(!more || g->node[job->node].depth + 1 == g->rule.max_depth);
	}
	if (ml_grow_part(g))
		return true;
	for (j = 0; j < g->n_jobs; j++)
		make_children(g, g->job + j);
	for (j = 0; j < g->n_jobs; j++)
		assign_slots(g, g->job + j, more);
	if (more && ml_grow_children(g))
		return true;
	for (j = 0; j < g->n_jobs; j++)
	{
		GrowJob    *job = g->job + j;

		if (job->small_ends)
			g->node[job->small].split.gain = 0;
		close_or_open(g, job->small);
		close_or_open(g, job->other);
		close_or_open(g, job->direct);
	}
	return false;
}

/* Leaves that may still be made by splits. */
static int
leaves_left(const MlGrower *g)
{
	return g->rule.max_leaves - g->n_leaves;
}

/* Takes the next leaves to split: one, or as many of a level as there are leaves left, and slots for children. */
static void
take_batch(MlGrower *g)
{
	int			most = leaves_left(g) < g->slots / 2 ? leaves_left(g) : g->slots / 2;
	int			depth = g->node[g->open[0]].depth;

	g->n_jobs = 0;
	do
		g->job[g->n_jobs++].node = pop_open(g);
	while (g->rule.depthwise && g->n_jobs < most && g->n_open > 0 && g->node[g->open[0]].depth == depth);
}

int
ml_grow(MlGrower *g, MlTeam *team, const MlGrowTree *tree)
{
	MlGrowNode *root = g->node;
	int			i;

	g->team = team;
	g->tree = tree;
	g->n_free = 0;
	for (i = g->slots - 1; i >= 0; i--)
		g->free_slot[g->n_free++] = i;
	g->n_open = 0;
	g->n_nodes = 1;
	g->n_leaves = 1;
	memset(root, 0, sizeof(*root));
	root->n = tree->n;
	root->lower = -INFINITY;
	root->upper = INFINITY;
	root->slot = take_slot(g);
	if (ml_grow_root(g))
		return 0;
	if (!splittable(g, root))
		root->split.gain = 0;
	close_or_open(g, 0);
	while (g->n_open > 0 && leaves_left(g) > 0)
	{
		take_batch(g);
		if (run_batch(g, leaves_left(g) > g->n_jobs))
			return 0;
	}
	/* the gains of leaves that were not split are nobody's */
	for (i = 0; i < g->n_nodes; i++)
		if (g->node[i].left == 0)
			g->node[i].split.gain = 0;
	return tree->leaf != NULL && ml_grow_tell(g) ? 0 : g->n_nodes;
}
