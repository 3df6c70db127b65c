/*
 * profile.h: profiles of the columns of a source, and the figures of one.
 *
 * A source is read once, by one statement with an aggregate over its columns
 * (several when they are many), which the server may run in parallel.
 */
#ifndef MLOPS_PROFILE_H
#define MLOPS_PROFILE_H

#include "utils/jsonb.h"

#include "learn/column_view.h"
#include "pg/profile_state.h"
#include "pg/source.h"

/* p01, p25, p50, p75, p99 */
#define MLOPS_PROFILE_QUANTILES 5
extern const double mlops_profile_shares[MLOPS_PROFILE_QUANTILES];

/*
 * What is known of one column.  Numbers that it does not have are NaN.  Times
 * are in seconds: dates and timestamps since 1970-01-01 (UTC), times of day
 * since midnight; intervals have months of 30 days and days of 24 hours.
 */
typedef struct MlopsColumnProfile
{
	const char *name;			/* NULL: of an aggregate */
	Oid			type;			/* as declared */
	MlopsProfileKind kind;
	int64		rows;
	int64		null_count;
	bool		exact;			/* all different values were counted: all figures are exact */
	int64		distinct_count; /* of values that are not NULL */
	double		distinct_error; /* 95 %, as a share; 0 when exact */
	/* of finite numbers */
	int64		nan;
	int64		plus_infinity;
	int64		minus_infinity;
	double		minimum;
	double		maximum;
	double		mean;
	double		stddev;			/* divided by n - 1 */
	double		quantile[MLOPS_PROFILE_QUANTILES];
	double		quantile_error; /* of the share of rows up to a quantile; 0 when exact */
	double		fence[2];		/* Tukey's: outliers are below or above */
	int64		outliers;		/* -1: the kind has none */
	/* as the type writes them; NULL: it has no order here, or there is no value */
	char	   *lowest;
	char	   *highest;
	/* the most frequent values, [{"value", "rows"}], a histogram, [{"low", "high", "rows"}] or NULL, and the rest */
	Jsonb	   *top_values;
	Jsonb	   *histogram;
	Jsonb	   *detail;
	const MlopsProfileColumn *column;
} MlopsColumnProfile;

/* The figures of a settled column, in the current context.  type: as declared, or InvalidOid. */
extern void mlops_profile_describe(MlopsColumnProfile *profile, const MlopsProfileColumn *column, Oid type);

/* Called for each column in its order; the profile lives until it returns. */
typedef void (*MlopsProfileFunction) (const MlopsColumnProfile *profile, void *arg);
/* Reads the source under the current identity. */
extern void mlops_profile_source(const MlopsSource *source, MlopsProfileFunction function, void *arg);

/* Rows that this process reads are for mlops_profile_source, which wants to hear of each. */
extern bool mlops_profile_watched;
extern void mlops_profile_row_read(void);

/* profile_json.c */
extern void mlops_profile_write(MlopsColumnProfile *profile, const MlColumnView *view);

#endif
