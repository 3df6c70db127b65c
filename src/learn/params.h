/*
 * params.h: an algorithm's parameters, declared once.
 *
 * From one MlParam table come the checks, the defaults, mlops_algorithms()
 * and the reference page.  Values are kept in table order in MlParams.
 */
#ifndef ML_PARAMS_H
#define ML_PARAMS_H

#include "learn/dataset.h"

typedef enum MlParamType
{
	ML_PARAM_FLOAT = 1,
	ML_PARAM_INT,
	ML_PARAM_BOOL,
	ML_PARAM_ENUM,				/* one of `choices`, separated by '|' */
	ML_PARAM_CLASS_WEIGHT,		/* null, "balanced" or {"class": weight} */
	ML_PARAM_MONOTONE			/* null or {"column": -1, 0 or 1} */
} MlParamType;

typedef struct MlParam
{
	const char *name;			/* scikit-learn's / LightGBM's word */
	MlParamType type;
	double		default_number; /* FLOAT, INT, BOOL (0, 1); NaN = chosen when training starts */
	const char *default_text;	/* ENUM; for others what mlops_algorithms() shows when default_number is NaN */
	double		minimum;		/* FLOAT, INT: inclusive; -INFINITY = none */
	double		maximum;
	bool		minimum_open;	/* the minimum itself is not allowed */
	const char *choices;		/* ENUM; FLOAT: words that may stand for a number, or NULL */
	const char *aliases;		/* other accepted names, separated by '|', or NULL */
	const char *description;	/* one sentence for users */
} MlParam;

#define ML_MAX_PARAMS 40
#define ML_MAX_CLASSES 1000

typedef struct MlParams
{
	const struct MlLearner *learner;
	double		number[ML_MAX_PARAMS];	/* FLOAT, INT, BOOL; NaN = not given and no fixed default */
	const char *text[ML_MAX_PARAMS];	/* ENUM; FLOAT with choices: the word, NULL = a number */
	bool		given[ML_MAX_PARAMS];
	/* CLASS_WEIGHT */
	bool		balanced;
	int			n_class_weights;
	const char **class_weight_name;
	double	   *class_weight_value;
	/* MONOTONE */
	int			n_monotone;
	const char **monotone_name;
	double	   *monotone_value; /* -1, 0, 1 */
} MlParams;

/* Fills the defaults of a learner. */
extern void ml_params_init(MlParams *params, const struct MlLearner *learner);
/* Index of a parameter by canonical name or alias, -1 when unknown. */
extern int	ml_param_index(const struct MlLearner *learner, const char *name);
/* Sets one value after checking type and bounds; number for FLOAT, INT, BOOL, text for ENUM and words of FLOAT. */
extern MlCode ml_param_set_number(MlParams *params, int index, double value, MlStatus *status);
extern MlCode ml_param_set_text(MlParams *params, int index, const char *value, MlStatus *status);
/* Value by canonical name; the name must exist (assert). */
extern double ml_param_number(const MlParams *params, const char *name);
extern const char *ml_param_text(const MlParams *params, const char *name);

#endif
