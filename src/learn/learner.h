/*
 * learner.h: what an algorithm is.
 *
 * A learner is one file and one row in learners[] (learners.c).  Whatever
 * runs, checks, documents or explains an algorithm goes through this table.
 */
#ifndef ML_LEARNER_H
#define ML_LEARNER_H

#include "learn/model.h"

/* A coefficient as mlops_coefficients() shows it; NaN where a figure does not exist. */
typedef struct MlCoefficient
{
	int			output;			/* class index for multiclass, else 0 */
	int			column;			/* dataset column, -1 = intercept */
	const char *feature;		/* its name, "(intercept)" */
	const char *level;			/* text of the level, "(null)", "(missing)" for an indicator, or NULL */
	double		coefficient;	/* on the scaled column */
	double		coefficient_raw;	/* in raw units */
	double		std_error;		/* of coefficient_raw */
	double		statistic;		/* t for linear, z for logistic */
	double		p_value;
	bool		aliased;		/* dropped: a combination of the columns before it */
} MlCoefficient;

#define ML_MAX_TIMINGS 8

typedef struct MlTiming
{
	const char *part;
	double		seconds;		/* by the clock; of parts that threads share, their mean */
} MlTiming;

/* What a training reports beside the bytes. */
typedef struct MlFit
{
	int			iterations;
	bool		converged;
	double		objective;		/* value of the learner's objective at the end, NaN when it has none */
	double		max_gradient;	/* max abs gradient / sum of weights, NaN when it has none */
	const char *solver;
	int			rank;			/* linear: rank of the design with intercept, else 0 */
	int			n_coefficients;
	MlCoefficient *coefficient;
	int			n_importance;	/* p, or 0 */
	double	   *importance;		/* one a dataset column, sums to 1, or NULL */
	const double *log_prior;	/* n_classes, set when class weights were used */
	/* the loss after each round, for learners that go by rounds; NULL = none */
	int			n_rounds;
	const char *curve_metric;
	double	   *curve_train;
	double	   *curve_validation;	/* NULL without validation rows */
	/* where the time went */
	int			n_timings;
	MlTiming	timing[ML_MAX_TIMINGS];
	/* margins of the rows that learned, bit for bit those the bytes give; from the host, or NULL */
	double	   *margin;
	double		oob_score;		/* random_forest; NaN = none */
} MlFit;

static inline void
ml_fit_timing(MlFit *fit, const char *part, double seconds)
{
	fit->timing[fit->n_timings++] = (MlTiming) {part, seconds};
}

typedef struct MlLearner
{
	const char *name;
	const char *description;
	unsigned	tasks;			/* MlTaskKind bits */
	bool		linear;			/* wants imputed, scaled, one-hot columns */
	bool		binned;			/* learns from data->binned and looks at no column; has a parameter max_bin */
	bool		probability;	/* margins are probabilities (forest), not log-odds or softmax scores */
	const MlParam *params;
	int			n_params;
	/* whether training wants rows that choose, with these parameters; NULL = never */
	bool		(*wants_validation) (const MlParams *params);
	/* whether one-hot drops its first level with these parameters */
	bool		(*drop_first) (const MlParams *params);
	/* combinations of parameters that cannot be judged one by one */
	MlCode		(*check) (MlParams *params, MlTaskKind task, MlStatus *status);
	/*
	 * Learns rows [0, rows) of data, `binned` by column and by row; section
	 * (from the host) becomes the learner's part of the bytes.
	 */
	MlCode		(*train) (MlHost *host, const MlDataset *data, int64_t rows, const MlPrep *prep,
						  const MlParams *params, uint64_t seed,
						  void **section, size_t *section_size, MlFit *fit, MlStatus *status);
	/* checks the section's bytes against the model's shape */
	MlCode		(*open) (MlHost *host, MlModel *model, MlStatus *status);
	/* doubles of working memory that margin wants; NULL = none */
	size_t		(*margin_room) (const MlModel *model);
	void		(*margin) (const MlModel *model, const double *x, int64_t n, double *margin, double *room);
	/* doubles of working memory that explain wants; NULL = none */
	size_t		(*explain_room) (const MlModel *model);
	MlCode		(*explain) (MlHost *host, const MlModel *model, const double *x, int output, double *room,
							double *phi, MlStatus *status);
} MlLearner;

extern const MlLearner *const ml_learners[];
extern const int ml_n_learners;
extern const MlLearner *ml_learner_find(const char *name);

#endif
