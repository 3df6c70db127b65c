/*
 * design.h: the design matrix of a linear learner, never materialised.
 *
 * A: rows × q, q = width + 1; column 0 is the intercept, column j + 1 is
 * design column j of the preprocessing.  Numbers, ordinal ranks, indicators
 * and the intercept are dense columns; the levels of a one-hot category are a
 * group: at most one of its columns is 1 in a row, so a row keeps one index.
 * A pass walks the rows in blocks: for each block the dense part is produced
 * (block rows × n_dense, column-major) and handed to a callback, which adds
 * to the sums of its slot.
 *
 * Invariant: which rows go to which slot, and in which order, follows from
 * the shape of the data alone; slots are added in order.  So sums are the
 * same to the last bit for any number of threads.
 */
#ifndef ML_DESIGN_H
#define ML_DESIGN_H

#include "learn/encoded.h"

/* columns of A up to which a q × q matrix of sums is built */
#define ML_MAX_GRAM 8192
/* partial sums kept side by side, at most */
#define ML_MAX_SLOTS 16

typedef struct MlDense
{
	int			index;			/* column of A */
	int			column;			/* dataset column, -1 = intercept */
	bool		indicator;		/* z = 1 where missing */
	const double *value;		/* numbers: z = (x - shift) / scale */
	bool		clip;			/* to the column's bounds, first */
	double		fill;			/* put in place of a missing one (NaN: stays) */
	double		shift;
	double		scale;
	const int32_t *code;		/* categories */
	MlEncoded	encoded;		/* of those that are no indicator */
} MlDense;

typedef struct MlGroup
{
	int			column;			/* dataset column */
	const int32_t *code;
	int32_t    *map;			/* code + 1 -> column of A within the group, -1 = none */
	int			first;			/* first column of A */
	int			width;
} MlGroup;

typedef struct MlDesign
{
	const MlDataset *data;
	const MlPrep *prep;
	int64_t		rows;
	int			q;
	int			n_dense;		/* dense[0] is the intercept */
	MlDense    *dense;
	int			n_groups;
	MlGroup    *group;
	int			block;			/* rows of a block; also the leading dimension of z */
	double	   *z;				/* ML_MAX_SLOTS blocks */
	int32_t    *local;			/* ML_MAX_SLOTS × n_groups × block: column within the group, -1 = none */
	double	   *mean;			/* q: unweighted mean of each column of A over the rows */
	double	   *sd;				/* q: and population standard deviation */
} MlDesign;

/* One block of rows as a callback sees it. */
typedef struct MlBlock
{
	const MlDesign *design;
	int			slot;
	int64_t		from;			/* first row */
	int			n;				/* rows */
	double	   *z;				/* n × n_dense, leading dimension design->block; the callback may destroy it */
	const int32_t *local;		/* group g: local + g * design->block */
} MlBlock;

typedef void (*MlBlockTask) (void *arg, const MlBlock *block);

/*
 * Builds the design of rows [0, rows) of data, with means and deviations.
 * Memory is the scratch's.  ML_BAD_DATA when a value is missing and not
 * imputed, or not finite.
 */
extern MlCode ml_design_init(MlScratch *scratch, const MlDataset *data, int64_t rows, const MlPrep *prep,
							 MlDesign *design, MlStatus *status);

/*
 * What one slot adds up, and its working memory: 8 scalars, a vector, the
 * dense part of a matrix, the whole matrix (only when groups or `full` make it
 * differ from the dense part), and room that is not summed.
 */
typedef struct MlSlots
{
	int			n;
	size_t		stride;			/* doubles from slot to slot */
	size_t		n_sums;			/* doubles that are sums */
	size_t		at_vector;
	size_t		at_dense;
	size_t		at_gram;
	size_t		at_work;
	double	   *memory;
} MlSlots;

/* gram: side of the whole matrix, 0 = none, with the dense part when `dense`; work: doubles. */
extern MlCode ml_slots_init(MlScratch *scratch, const MlDesign *design, size_t vector, bool dense, size_t gram,
							size_t work, MlSlots *slots, MlStatus *status);
extern void ml_slots_clear(MlSlots *slots);
/* Adds all slots to slot 0, in order. */
extern void ml_slots_reduce(MlSlots *slots);

#define ML_SLOT(slots, s, part) ((slots)->memory + (size_t) (s) * (slots)->stride + (slots)->part)
#define ML_SLOT_SCALAR(slots, s) ((slots)->memory + (size_t) (s) * (slots)->stride)

/* How many slots sums of `bytes` each may have (a matter of memory and shape, not of threads). */
extern int	ml_design_slots(size_t bytes);
/*
 * Runs task over all blocks of rows [0, rows).  cost: floating point
 * operations a row, for cutting the work into pieces well under a second.
 */
extern MlCode ml_design_pass(MlHost *host, const MlDesign *design, int64_t rows, int slots, double cost,
							 MlBlockTask task, void *arg, const char *phase, double share, MlStatus *status);

/* out[i] = (A w)_i over the block; dense: room for n_dense */
extern void ml_block_product(const MlBlock *block, const double *w, double *dense, double *out);
/* sum (q) += A'v over the block; dense: room for n_dense */
extern void ml_block_transposed(const MlBlock *block, const double *v, double *dense, double *sum);
/*
 * Adds A' diag(weight) A over the block: the dense part to `dense` (n_dense ×
 * n_dense, lower), all that touches a group to `gram` (q × q, lower).
 * weight NULL = 1; root: room for n.  Destroys the block's z.
 */
extern void ml_block_gram(const MlBlock *block, const double *weight, double *root, double *dense, double *gram);
/* gram (q × q, lower) += the dense part */
extern void ml_design_scatter(const MlDesign *design, const double *dense, double *gram);
/* full: n × q, leading dimension ld: rows from .. from + n of the block with their groups written out */
extern void ml_block_expand(const MlBlock *block, int from, int n, double *full, int ld);
/* operations a row of ml_block_product, and of ml_block_gram */
extern double ml_design_cost(const MlDesign *design);
extern double ml_design_gram_cost(const MlDesign *design);

/* q × q for a matrix of sums, or the error that says how large it would be */
extern MlCode ml_design_check_gram(const MlDesign *design, const char *what, MlStatus *status);
extern MlCode ml_cancelled(MlStatus *status);

#endif
