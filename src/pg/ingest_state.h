/*
 * ingest_state.h: one reading of a source under way; for ingest.c,
 * ingest_prepare.c and ingest_row.c only.
 */
#ifndef MLOPS_INGEST_STATE_H
#define MLOPS_INGEST_STATE_H

#include "pg/dictionary.h"
#include "pg/ingest.h"
#include "pg/row_hash.h"

#define ROWS_BETWEEN_POLLS 16384

/* Beyond these the sums behind weighted figures, products of up to four, leave the range of a double. */
#define MIN_WEIGHT 1e-50
#define MAX_WEIGHT 1e50

/*
 * Numbers of so many rows are gathered in one small block before they go to
 * their columns: writing dozens of far-apart arrays row by row would miss the
 * cache and the address translation at every value.
 */
#define STAGE_ROWS 32

/* How a feature's values are stored: one loop over its columns for each. */
typedef enum MlopsStoreOp
{
	STORE_FLOAT8,
	STORE_FLOAT4,
	STORE_INT4,
	STORE_NUMBER,				/* any other number, booleans */
	STORE_OID,					/* enum: the dictionary holds OIDs until the end */
	STORE_TEXT,
	STORE_VECTOR
} MlopsStoreOp;

typedef struct MlopsStore
{
	MlopsStoreOp op;
	int			position;		/* in the values of a row */
	int			index;			/* of the feature */
	MlopsFeature *feature;
	double	   *value;
	double	   *stage;			/* the latest rows, not in value yet: n % STAGE_ROWS of them */
	double	  **vector;			/* width columns */
	int32	   *code;
	MlopsDictionary *dictionary;
	int64		infinite;		/* rows */
} MlopsStore;

/* An array that grows with the rows. */
typedef struct MlopsGrowing
{
	void	  **array;
	Size		size;			/* of one value */
} MlopsGrowing;

typedef struct MlopsIngest
{
	const MlopsIngestSpec *spec;
	MlopsHost  *host;
	MlopsRows  *rows;
	List	   *columns;		/* names read from the source */
	bool		whole_rows;		/* they are all the source's, in its order */
	TupleDesc	desc;			/* of them */
	int		   *position;		/* of the feature signature's columns among them */
	int			n_used;			/* of those that matter */
	int		   *used;
	int			n_key;			/* of group, or key */
	int		   *key;
	MemoryContext context;		/* of this struct and what it points to */
	MemoryContext row_context;	/* what a value needs until the next row */

	int64		n;
	int64		room;
	int			n_growing;
	int			growing_room;
	MlopsGrowing *growing;

	int			n_stores;
	MlopsStore *store;			/* by op */
	MlopsEvaluator *evaluator;	/* NULL when all features are bare columns */
	Datum	   *value;
	bool	   *isnull;
	MlopsEvaluator *test_evaluator;
	int		   *test_position;	/* of its signature's columns */
	MlopsStore *segment;
	MlopsEvaluator *segment_evaluator;
	int		   *segment_position;
	Datum	   *segment_value;
	bool	   *segment_isnull;

	int			target;			/* positions; -1 = none */
	int			weight;
	int			time;
	Oid			time_type;
	MlopsFeature target_column;
	MlopsFeature weight_column;
	MlopsDictionary *target_dictionary;
	int64		target_infinite;
	int64		weight_infinite;
	int64		weight_extreme;	/* rows outside MIN_WEIGHT .. MAX_WEIGHT */
	int64		target_inexact; /* rows whose class has more digits than a double tells apart */
	MlopsRowHash *content_hash;
	MlopsRowHash *key_hash;		/* of group or key; NULL = content */
	double		estimate;
} MlopsIngest;

/* ingest.c: an array that grows with the rows, now as long as the others. */
extern void mlops_ingest_grows(MlopsIngest *in, void **array, Size size);
extern void mlops_ingest_make_room(MlopsIngest *in);
/* The columns of a vector feature whose width is known, missing in the rows so far. */
extern void mlops_ingest_make_vector(MlopsIngest *in, MlopsStore *store);

/* ingest_prepare.c: everything before the first row. */
extern void mlops_ingest_prepare(MlopsIngest *in);

/* ingest_row.c: the staged rows go to their columns; to be called once more at the end. */
extern void mlops_ingest_flush(MlopsIngest *in, int64 staged);
/* MlopsRowFunction; arg is the MlopsIngest. */
extern void mlops_ingest_row(TupleTableSlot *slot, void *arg);

#endif
