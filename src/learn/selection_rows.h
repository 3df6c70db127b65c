/*
 * selection_rows.h: what the methods of feature selection share; for
 * selection*.c only.
 */
#ifndef ML_SELECTION_ROWS_H
#define ML_SELECTION_ROWS_H

#include "learn/lanes.h"
#include "learn/selection.h"

/* The training rows, and what all columns ask of the target. */
typedef struct MlSelectionRows
{
	const MlDataset *data;
	int64_t		n;				/* rows [0, n) */
	int			n_classes;		/* of the dataset; 0 = regression */
	int			n_present;		/* classes with a row */
	int64_t    *class_rows;		/* n_classes */
	int		   *by_size;		/* n_classes: those with most rows first */
	double		y_mean;			/* regression */
	double		y_square;		/* regression: Σ (y - y_mean)² */
} MlSelectionRows;

/* What a method finds of one dataset column. */
typedef struct MlColumnScore
{
	double		score;
	double		p_value;
	int64_t		rows;
	const char *reason;
} MlColumnScore;

struct MlSelector
{
	const char *name;
	const char *description;	/* what the score is, for users */
	unsigned	tasks;			/* MlTaskKind bits */
	bool		by_p_value;		/* ranked by p-value, and where those are equal by score; else by score */
	/*
	 * Either one column after another, on any thread, with so many bytes of
	 * room; *out comes empty (NaN, no row).
	 */
	size_t		(*room) (const MlSelectionRows *rows, const MlColumn *column);
	void		(*column) (const MlSelectionRows *rows, const MlColumn *column, void *room, MlColumnScore *out);
	/* or all features at once; scores come empty */
	MlCode		(*features) (MlHost *host, const MlDataset *data, const MlSelection *selection,
							 MlFeatureScore *score, MlStatus *status);
};

extern const MlSelector ml_select_variance; /* selection_moments.c */
extern const MlSelector ml_select_correlation;
extern const MlSelector ml_select_f_test;
extern const MlSelector ml_select_chi2; /* selection_levels.c */
extern const MlSelector ml_select_mutual_info;	/* selection_information.c */
extern const MlSelector ml_select_l1;	/* selection_models.c */
extern const MlSelector ml_select_importance;
extern const MlSelector ml_select_permutation;

/* Why a column has no score. */
#define ML_NO_VALUE "no value in the training rows"
#define ML_FEW_ROWS "too few rows with a value"

/*
 * The levels of a category one after another, with the rows of each (class by
 * class).  A missing value is a level of its own, the first.
 */
typedef struct MlLevels
{
	const MlSelectionRows *rows;
	int64_t		n;				/* rows of all levels */
	int32_t		n_levels;		/* that have rows */
	uint32_t   *order;			/* n: rows, level by level */
	int64_t    *end;			/* where each level ends in it */
	int32_t		n_codes;
	int32_t		next;
	int64_t		from;
	/* the level at hand */
	int64_t		level_rows;
	double		sum;			/* regression: Σ (y - y_mean) of them */
	int			n_touched;		/* classes with a row of this level */
	int		   *touched;
	int64_t    *count;			/* n_classes: rows of the level; 0 where not touched */
} MlLevels;

/* code[i]: -1 = missing, -2 = the row is left out */
extern size_t ml_levels_room(const MlSelectionRows *rows, int32_t n_levels);
extern void ml_levels_begin(MlLevels *levels, const MlSelectionRows *rows, const int32_t *code, int32_t n_levels,
							void *room);
extern bool ml_levels_next(MlLevels *levels);

#endif
