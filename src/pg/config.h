/*
 * config.h: the configuration of a model: how its rows are split, judged,
 * prepared and put to use.
 *
 * Stored as the whole effective jsonb, so that a version's copy says all.
 */
#ifndef MLOPS_CONFIG_H
#define MLOPS_CONFIG_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "learn/sampling.h"

#define MLOPS_MAX_BANDS 32

typedef struct MlopsConfig
{
	char	   *metric;			/* NULL = by task */
	char	   *positive_label; /* NULL = not known yet */
	List	   *exclude;		/* of char * */
	char	   *sample_weight;
	MlSampling	sampling;
	const char *split_method;	/* auto, time, group, hash */
	double		split_test;
	double		split_validation;
	char	   *test_where;
	char	   *group;
	int64		salt;
	bool		refit;
	double		threshold;		/* NaN = not said: 0.5 of the weighted fit */
	const char *threshold_rule; /* NULL = the number; else f1, youden, cost */
	bool		has_cost;
	double		cost[4];		/* tp, fp, fn, tn */
	int			n_bands;
	char	   *band[MLOPS_MAX_BANDS];	/* ascending by bound */
	double		bound[MLOPS_MAX_BANDS];
	const char *calibration;	/* auto, none, prior */
	Jsonb	   *preprocess;		/* checked, or NULL */
	const char *select_method;	/* NULL = every feature is kept */
	int			select_k;		/* 0 = no limit */
	double		gate_min_value; /* NaN = none */
	bool		auto_production;
	Jsonb	   *tags;
} MlopsConfig;

/* The defaults of a model of that name (its salt comes from the name). */
extern void mlops_config_init(MlopsConfig *config, const char *model);
/* Applies what an object says; a key given as null goes back to its default. */
extern void mlops_config_apply(MlopsConfig *config, Jsonb *object, const char *model);
extern Jsonb *mlops_config_write(const MlopsConfig *config);
/* risk_bands alone, as {"low": 0, …} */
extern Jsonb *mlops_config_bands(const MlopsConfig *config);
/* Whether two configurations hold the same SQL (split.test_where). */
extern bool mlops_config_same_sql(const MlopsConfig *a, const MlopsConfig *b);

#endif
