/*
 * check_suggest_number.c: checks of numbers and times, with margins.
 *
 * Bounds of figures are several standard errors of the difference of two
 * samples of this size away, bounds of single values a part of their range,
 * more where the values of the sample thin out slowly towards an end.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "pg/check_suggest_state.h"
#include "pg/identity.h"

#define SECONDS_PER_DAY 86400.0
/* Values are skewed when one end is so much farther from the median than the other. */
#define SKEWED 2
/* Values from 0 to at least this and at most 1 are shares. */
#define LARGEST_SHARE 0.99

/* ---- numbers in arguments ---- */

/* A bound moved outward to about two digits of the width, as a person would write it. */
static char *
outward(double bound, double width, bool up)
{
	int			exponent = width > 0 ? (int) floor(log10(width)) - 1 : 0;
	double		step = pow(10, exponent);
	double		steps = up ? ceil(bound / step) : floor(bound / step);

	if (!(fabs(steps) < 1e15) || abs(exponent) > 300)
		return psprintf("%.17g", bound);
	if (exponent < 0)
		return psprintf("%.*f", -exponent, steps * step);
	return psprintf("%.0f", steps * step);
}

static void
put_bounds(MlopsJson *json, double low, double high, double width)
{
	mlops_json_begin(json);
	if (isfinite(low))
	{
		mlops_json_key(json, "min");
		mlops_json_decimal(json, outward(low, width, false));
	}
	if (isfinite(high))
	{
		mlops_json_key(json, "max");
		mlops_json_decimal(json, outward(high, width, true));
	}
}

static char *
digits(double number)
{
	return psprintf("%.6g", number);
}

/* ---- numbers ---- */

/*
 * Values thin out slowly towards an end: it is as far beyond the outermost
 * hundredth as that is from the median.  *reach: of the end from the median;
 * *usual: of the hundredth.
 */
static bool
is_heavy(const MlopsColumnFacts *f, bool up, double *reach, double *usual)
{
	double		median = f->quantile[2];

	*reach = up ? f->maximum - median : median - f->minimum;
	*usual = up ? f->quantile[4] - median : median - f->quantile[0];
	return *reach > 2 * *usual;
}

/* How far a value of another sample may lie beyond the end of this one. */
static double
margin(const MlopsColumnFacts *f, bool up)
{
	/* few rows say little of the ends */
	double		few = 1 / sqrt((double) f->present);
	double		apart = (0.25 + 5 * few) * (f->maximum - f->minimum);
	double		reach;
	double		usual;

	if (is_heavy(f, up, &reach, &usual))
		return Max(apart, reach * Min(reach / usual, 10));
	/* the long side of skewed values has rare ones far out, which a small sample may lack altogether */
	if (reach > SKEWED * (f->maximum - f->minimum - reach))
		apart = Max(apart, (0.5 + 30 * few) * reach);
	return Max(apart, 2 * (reach - usual));
}

static void
suggest_range(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	double		width = f->maximum - f->minimum;
	double		low = f->minimum - margin(f, false);
	double		high = f->maximum + margin(f, true);

	if (width == 0)
	{
		width = fabs(f->minimum);
		low -= 0.1 * width;
		high += 0.1 * width;
	}
	if (f->minimum >= 0)
		low = Max(low, 0);
	if (f->maximum <= 0)
		high = Min(high, 0);
	if (f->minimum >= 0 && f->maximum <= 1 && f->maximum >= LARGEST_SHARE && f->maximum > f->minimum)
		high = Min(high, 1);
	/* new rows have new numbers */
	if (f->infinite[1] || mlops_facts_identity(f))
		high = INFINITY;
	if (f->infinite[0])
		low = -INFINITY;
	if (isinf(low) && isinf(high))
		return;
	put_bounds(&json, low, high, width);
	mlops_propose(s, "between", f, &json, f->distinct > 1 ? mlops_row_severity(f) : "warning",
				  psprintf("from %s to %s", digits(f->minimum), digits(f->maximum)));
}

void
mlops_suggest_mean(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	double		off = MLOPS_SUGGEST_SURE * f->stddev / sqrt((double) f->present) + 0.1 * f->stddev;

	if (!(f->stddev > 0) || f->infinite[0] || f->infinite[1])
		return;
	put_bounds(&json, Max(f->mean - off, f->minimum), Min(f->mean + off, f->maximum), 2 * off);
	mlops_propose(s, "mean_between", f, &json, "warning", psprintf("the mean is %s", digits(f->mean)));
}

static void
suggest_stddev(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	double		farthest = Max(f->maximum - f->mean, f->mean - f->minimum) / f->stddev;

	/* the kurtosis is at most the square of the farthest value in standard deviations */
	double		off = 1.1 + MLOPS_SUGGEST_SURE * sqrt(Max(farthest * farthest - 1, 0) / (4.0 * f->present));
	double		reach;
	double		usual;

	if (!(f->stddev > 0) || f->infinite[0] || f->infinite[1])
		return;
	/* one value may be most of it */
	if (is_heavy(f, false, &reach, &usual) || is_heavy(f, true, &reach, &usual))
		return;
	put_bounds(&json, f->stddev / off, f->stddev * off, f->stddev);
	mlops_propose(s, "stddev_between", f, &json, "warning",
				  psprintf("the standard deviation is %s", digits(f->stddev)));
}

static void
suggest_median(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	double		width = f->median[1] - f->median[0];

	if (!(width > 0) || !isfinite(width))
		return;
	mlops_json_begin(&json);
	mlops_json_key(&json, "quantile");
	mlops_json_number(&json, 0.5);
	mlops_json_key(&json, "min");
	mlops_json_decimal(&json, outward(f->median[0], width, false));
	mlops_json_key(&json, "max");
	mlops_json_decimal(&json, outward(f->median[1], width, true));
	mlops_propose(s, "quantile_between", f, &json, "warning", psprintf("the median is %s", digits(f->quantile[2])));
}

void
mlops_suggest_number(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	if (f->n_values > 0)
		mlops_suggest_values(s, f);
	else if (!isnan(f->minimum) && f->present >= MLOPS_SUGGEST_ROWS)
		suggest_range(s, f);
	if (f->present < MLOPS_SUGGEST_ROWS || mlops_facts_identity(f))
		return;
	mlops_suggest_mean(s, f);
	if (f->n_values > 0)
		return;
	suggest_stddev(s, f);
	suggest_median(s, f);
}

/* ---- times ---- */

/* A time as ISO writes it, or NULL when the type has no such time. */
static char *
time_text(Oid base, double seconds)
{
	double		days = floor(seconds / SECONDS_PER_DAY) - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE);
	double		micros = (seconds - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECONDS_PER_DAY) * 1e6;
	MlopsSettings iso = mlops_settings_literal(&(MlopsSettings) {0});
	MlopsIdentity styles;
	char	   *text = NULL;

	mlops_identity_begin_settings(&styles, &iso);
	if (base == DATEOID && fabs(days) < 1e9 && IS_VALID_DATE((DateADT) days))
		text = DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum((DateADT) days)));
	else if (base == TIMESTAMPOID && fabs(micros) < 9e18 && IS_VALID_TIMESTAMP((Timestamp) micros))
		text = DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum((Timestamp) micros)));
	else if (base == TIMESTAMPTZOID && fabs(micros) < 9e18 && IS_VALID_TIMESTAMP((Timestamp) micros))
		text = DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum((Timestamp) micros)));
	mlops_identity_end(&styles);
	return text;
}

static double
whole_days(double seconds)
{
	return floor(seconds / SECONDS_PER_DAY) * SECONDS_PER_DAY;
}

static void
suggest_freshness(MlopsSuggest *s, const MlopsColumnFacts *f, double age, double gap)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	double		most = 3 * Max(Max(age, gap), 3600);

	mlops_json_begin(&json);
	mlops_json_key(&json, "max_age");
	mlops_json_text(&json, f->base == DATEOID || most > 2 * SECONDS_PER_DAY ?
					psprintf("%.0f days", Max(2, ceil(most / SECONDS_PER_DAY))) :
					psprintf("%.0f hours", ceil(most / 3600)));
	mlops_propose(s, "freshness", f, &json, "warning", psprintf("the newest is %.1f hours old", age / 3600));
}

void
mlops_suggest_time(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	double		now = GetCurrentTransactionStartTimestamp() / 1e6 +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECONDS_PER_DAY;
	double		span = f->maximum - f->minimum;
	double		age = now - f->maximum;
	double		gap = f->distinct > 1 ? span / (f->distinct - 1) : 0;
	char	   *low;
	char	   *high;
	double		recent = Min(Max(0.05 * span, 2 * SECONDS_PER_DAY), 30 * SECONDS_PER_DAY);
	bool		fresh = age > -SECONDS_PER_DAY && age < recent;

	if (isnan(f->minimum) || f->present < MLOPS_SUGGEST_ROWS)
		return;
	low = time_text(f->base, whole_days(f->minimum - Max(0.1 * span, SECONDS_PER_DAY)));
	/* rows go on: room for as long again as there are any, and a year */
	high = time_text(f->base, whole_days(f->maximum + span + 366 * SECONDS_PER_DAY));
	mlops_json_begin(&json);
	if (low != NULL && !f->infinite[0])
	{
		mlops_json_key(&json, "min");
		mlops_json_text(&json, low);
	}
	if (high != NULL && !f->infinite[1])
	{
		mlops_json_key(&json, "max");
		mlops_json_text(&json, high);
	}
	if ((low != NULL && !f->infinite[0]) || (high != NULL && !f->infinite[1]))
		mlops_propose(s, "between", f, &json, f->distinct > 1 ? mlops_row_severity(f) : "warning",
					  psprintf("from %s to %s", time_text(f->base, f->minimum), time_text(f->base, f->maximum)));
	if (fresh)
		suggest_freshness(s, f, Max(age, 0), gap);
}
