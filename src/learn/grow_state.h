/*
 * grow_state.h: what the files of the grower share.  Nobody else includes it.
 */
#ifndef ML_GROW_STATE_H
#define ML_GROW_STATE_H

#include "learn/clock.h"
#include "learn/grow.h"

/* Rows of one task: enough work to be worth handing out, few enough for several threads. */
#define GROW_CHUNK 32768
#define GROW_MIN_CHUNK 2048

/* One node being split. */
typedef struct GrowJob
{
	int			node;
	int			left_child;		/* the node it will be */
	int			chunk;			/* rows of a task that parts them */
	int			first_task;
	int64_t		left;			/* rows that went left */
	bool		moved;			/* to the other buffer */
	bool		ends;			/* its children are leaves: their rows need not be parted, only told */
	int			small;			/* child whose sums are made from rows; -1: no child can be split */
	int			other;			/* child whose sums are the rest; -1: cannot be split either */
	int			direct;			/* the parent's sums are gone: child made from rows as well, or -1 */
	bool		small_ends;		/* small is needed for other's sums alone */
	bool		wide;			/* many rows: all threads work on this job at a time */
} GrowJob;

/* A thread's own memory. */
typedef struct GrowMember
{
	uint64_t   *packed;			/* p × ML_HIST_STRIDE, zero between uses */
	MlCell	   *wide;			/* n_cells: its part of a node's sums */
	bool		used;			/* wide holds something */
	int32_t    *rows;			/* ML_HIST_CELLS: its part of a node's rows by cell */
	bool		counted;		/* rows holds something */
	MlSplit    *best;			/* p: best split of each column of the node at hand */
	uint8_t    *use;			/* p: columns drawn for it */
	MlGrowSeconds seconds;
} GrowMember;

struct MlGrower
{
	MlHost	   *host;
	const MlBinned *binned;
	MlGrowRule	rule;
	int			max_nodes;
	MlGrowNode *node;
	int			n_nodes;
	int			n_leaves;
	MlRow	   *row;			/* the tree's rows: each node's lie in one of two buffers */
	MlRow	   *spare;
	MlCell	   *sums;			/* slots × n_cells */
	int			slots;
	int		   *slot_owner;		/* node, -1 = free */
	int		   *free_slot;		/* stack */
	int			n_free;
	int		   *open;			/* leaves that can be split: a heap by gain, or a level */
	int			n_open;
	GrowJob    *job;			/* of the batch */
	int			n_jobs;
	int64_t    *chunk_left;		/* a task of parting: rows that went left */
	int			threads;
	GrowMember *member;
	MlSplit    *best;			/* 2 × p: of both children of a wide job */
	uint8_t    *use;			/* 2 × p: columns drawn for them */
	/* the tree at hand */
	MlTeam	   *team;
	const MlGrowTree *tree;
	/* the wide job at hand */
	GrowJob    *current;
	int			current_node;	/* whose rows are summed */
	int			current_chunk;
	int			current_column; /* whose cells rows are counted in */
};

static inline MlCell *
grow_sums(MlGrower *g, int slot)
{
	return g->sums + (size_t) slot * g->binned->n_cells;
}

static inline MlRow *
grow_rows(const MlGrower *g, const MlGrowNode *node)
{
	return (node->in_spare ? g->spare : g->row) + node->from;
}

/* grow_rows.c: parts the rows of all jobs and sets their children's ranges; true = stop */
extern bool ml_grow_part(MlGrower *g);
/* the same: tells the rows of leaves that are not scattered where they are */
extern bool ml_grow_tell(MlGrower *g);
/* grow_sums.c: sums and best splits of the root, of the children of all jobs; true = stop */
extern bool ml_grow_root(MlGrower *g);
extern bool ml_grow_children(MlGrower *g);

#endif
