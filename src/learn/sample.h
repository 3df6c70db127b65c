/*
 * sample.h: made-up rows with the structure of real ones.
 *
 * A sampler gives rows in the order of their event times: entities with
 * habits of their own (customers, suppliers ...), and labels whose signal lies
 * in how a row differs from the habits of its entity.  Row by row, in memory
 * that does not grow with the rows (customers: 4 bytes each).
 *
 * Everything is a pure function of the spec: draws are counter-based, and only
 * + - * / and square roots of IEEE doubles are used, so the same spec gives
 * the same rows on every machine.
 */
#ifndef ML_SAMPLE_H
#define ML_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "learn/host.h"

#define ML_SAMPLE_MAX_COLUMNS 24
#define ML_SAMPLE_MAX_PATTERNS 10
#define ML_SAMPLE_MAX_PARAMS 4
#define ML_SAMPLE_MAX_ROWS INT64_C(2147483648)

typedef enum MlCellKind
{
	ML_CELL_INTEGER,			/* cell.integer */
	ML_CELL_BIGINT,				/* cell.integer */
	ML_CELL_NUMBER,				/* cell.number, to hundredths */
	ML_CELL_MONEY,				/* the same */
	ML_CELL_WORD,				/* cell.integer: index into the column's words */
	ML_CELL_BOOLEAN,			/* cell.integer: 0 or 1 */
	ML_CELL_TIME				/* cell.integer: microseconds since 2000-01-01 UTC */
} MlCellKind;

typedef struct MlCell
{
	bool		missing;
	int64_t		integer;
	double		number;
} MlCell;

typedef struct MlSampleColumn
{
	const char *name;
	MlCellKind	kind;
	bool		drifts;			/* a drift may be asked for */
	const char *const *word;	/* ML_CELL_WORD */
	int			n_words;
} MlSampleColumn;

/* A number that may be chosen. */
typedef struct MlSampleParam
{
	const char *name;
	double		value;			/* when it is not chosen; NaN: follows from the rows */
	double		minimum;
	double		maximum;
	bool		whole;
} MlSampleParam;

/* A way in which labelled rows differ; its first parameter is its share, or its strength. */
typedef struct MlSamplePattern
{
	const char *name;
	MlSampleParam param[ML_SAMPLE_MAX_PARAMS];	/* up to one without a name */
} MlSamplePattern;

/* What becomes of a column from the instant of the drift on. */
typedef struct MlSampleShift
{
	bool		on;
	double		scale;
	double		add;
	int			word;			/* that `share` of the rows get, or -1 */
	double		share;
	double		missing;		/* share of the rows without a value */
} MlSampleShift;

typedef struct MlSampleKind MlSampleKind;

typedef struct MlSampleSpec
{
	const MlSampleKind *kind;
	int64_t		rows;
	double		rate[2];		/* share of the rows with the label, [0, 1] */
	uint64_t	seed;
	int64_t		start;			/* microseconds since 2000-01-01 UTC */
	double		option[ML_SAMPLE_MAX_PARAMS];	/* in the order of kind->options */
	double		pattern[ML_SAMPLE_MAX_PATTERNS][ML_SAMPLE_MAX_PARAMS];
	int64_t		drift_from;
	MlSampleShift shift[ML_SAMPLE_MAX_COLUMNS];
} MlSampleSpec;

struct MlSampleKind
{
	const char *name;			/* of what a row is about, plural */
	const MlSampleColumn *column;
	int			n_columns;
	const MlSamplePattern *pattern;
	int			n_patterns;
	const MlSampleParam *option;
	int			n_options;
	int			pattern_rate;	/* which rate the patterns with a share belong to */
	size_t		size;			/* of the state; it starts as zeroes */
	MlCode		(*begin) (void *state, const MlSampleSpec *spec, MlHost *host, MlStatus *status);
	/* The next row; cells are not missing unless it says so. */
	MlCode		(*next) (void *state, MlCell *row, MlStatus *status);
	void		(*end) (void *state);
};

extern const MlSampleKind ml_sample_transactions;
extern const MlSampleKind ml_sample_customers;
extern const MlSampleKind ml_sample_invoices;

typedef struct MlSampler
{
	MlSampleSpec spec;
	MlHost	   *host;
	void	   *state;
	int64_t		row;			/* rows given so far */
	uint64_t	drift_key;
	int			event_time;		/* the column */
} MlSampler;

/* The spec of a kind with everything at its default. */
extern void ml_sample_defaults(MlSampleSpec *spec, const MlSampleKind *kind);
/* Begins; after ML_OK the caller ends.  The spec is copied. */
extern MlCode ml_sampler_begin(MlSampler *sampler, const MlSampleSpec *spec, MlHost *host, MlStatus *status);
/* One row into kind->n_columns cells; at most spec.rows times. */
extern MlCode ml_sampler_next(MlSampler *sampler, MlCell *row, MlStatus *status);
extern void ml_sampler_end(MlSampler *sampler);

#endif
