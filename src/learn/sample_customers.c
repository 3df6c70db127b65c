/*
 * sample_customers.c: customers of a subscription, a row for each and month.
 *
 * A number of places is filled all the time: when a customer leaves, another
 * one comes.  Each has a plan, a usual use of it, a usual number of calls to
 * support and a usual punctuality, and months that differ from these for no
 * reason.  Who leaves shows it in the three months before, in one way, the
 * pattern: the use falls, calls rise, the fee has risen, payments come late;
 * each from the customer's own level, which is another one's usual.
 */
#include "learn/sample.h"

#include <math.h>
#include <string.h>

#include "learn/sample_draw.h"

enum
{
	COL_EVENT_TIME,
	COL_CUSTOMER,
	COL_TENURE,
	COL_REGION,
	COL_PLAN,
	COL_CONTRACT,
	COL_PAYMENT,
	COL_FEE,
	COL_HOURS,
	COL_SESSIONS,
	COL_CALLS,
	COL_OVERDUE,
	COL_CHURNED,
	COL_PATTERN,
	COL_LABELED_AT,
	N_COLUMNS
};

enum
{
	USAGE_DROP,
	SUPPORT_CALLS,
	PRICE_RISE,
	LATE_PAYMENT,
	N_PATTERNS
};

enum
{
	OPTION_MONTHS,
	N_OPTIONS
};

/* traits of a customer */
enum
{
	TRAIT_REGION,
	TRAIT_PLAN,
	TRAIT_PAYMENT,
	TRAIT_FEE,
	TRAIT_HOURS,
	TRAIT_SESSION,
	TRAIT_CALLS,
	TRAIT_OVERDUE,
	TRAIT_TENURE
};

/* draws of a month of a place */
enum
{
	DRAW_LEAVES,
	DRAW_PATTERN,
	DRAW_HOURS,
	DRAW_DIP,
	DRAW_SESSIONS,
	DRAW_CALLS,
	DRAW_TROUBLE,
	DRAW_OVERDUE,
	DRAW_FORGOT,
	DRAW_FEE
};

#define STREAM_TRAITS 0xc01
#define STREAM_MONTHS 0xc02
#define STREAM_PLACES 0xc03

#define MAX_MONTHS 120
/* months before leaving in which it shows, and how much */
#define N_SIGNS 3
static const double sign[N_SIGNS] = {1, 0.6, 0.25};

static const char *const regions[] = {"east", "north", "south", "west"};
static const char *const plans[] = {"basic", "plus", "premium"};
static const char *const contracts[] = {"month", "year"};
static const char *const payments[] = {"card", "invoice", "direct debit"};
static const char *const patterns[] = {"usage_drop", "support_calls", "price_rise", "late_payment"};

static const double plan_share[] = {0.5, 0.82, 1};
static const double plan_fee[] = {15, 28, 45};
static const double plan_log_hours[] = {2.2, 2.7, 3.2};

static const MlSampleColumn columns[N_COLUMNS] = {
	[COL_EVENT_TIME] = {"event_time", ML_CELL_TIME, false, NULL, 0},
	[COL_CUSTOMER] = {"customer_id", ML_CELL_BIGINT, false, NULL, 0},
	[COL_TENURE] = {"tenure_months", ML_CELL_INTEGER, true, NULL, 0},
	[COL_REGION] = {"region", ML_CELL_WORD, true, regions, 4},
	[COL_PLAN] = {"plan", ML_CELL_WORD, true, plans, 3},
	[COL_CONTRACT] = {"contract", ML_CELL_WORD, true, contracts, 2},
	[COL_PAYMENT] = {"payment_method", ML_CELL_WORD, true, payments, 3},
	[COL_FEE] = {"monthly_fee", ML_CELL_MONEY, true, NULL, 0},
	[COL_HOURS] = {"usage_hours", ML_CELL_NUMBER, true, NULL, 0},
	[COL_SESSIONS] = {"sessions", ML_CELL_INTEGER, true, NULL, 0},
	[COL_CALLS] = {"support_calls", ML_CELL_INTEGER, true, NULL, 0},
	[COL_OVERDUE] = {"days_overdue", ML_CELL_INTEGER, true, NULL, 0},
	[COL_CHURNED] = {"churned", ML_CELL_BOOLEAN, false, NULL, 0},
	[COL_PATTERN] = {"churn_pattern", ML_CELL_WORD, false, patterns, N_PATTERNS},
	[COL_LABELED_AT] = {"labeled_at", ML_CELL_TIME, false, NULL, 0}
};

static const MlSamplePattern pattern[N_PATTERNS] = {
	[USAGE_DROP] = {"usage_drop", {{"share", 3, 0, 1e6, false}, {"drop", 0.65, 0, 1, false}}},
	[SUPPORT_CALLS] = {"support_calls", {{"share", 2, 0, 1e6, false}, {"calls", 4, 0, 1000, false}}},
	[PRICE_RISE] = {"price_rise", {{"share", 2, 0, 1e6, false}, {"rise", 0.25, 0, 10, false}}},
	[LATE_PAYMENT] = {"late_payment", {{"share", 1, 0, 1e6, false}, {"days", 14, 0, 365, false}}}
};

static const MlSampleParam options[N_OPTIONS] = {
	[OPTION_MONTHS] = {"months", 12, 1, MAX_MONTHS, true}
};

typedef struct Customers
{
	const MlSampleSpec *spec;
	MlHost	   *host;
	uint64_t	traits;
	uint64_t	months_key;
	uint64_t	places_key;
	int64_t		places;
	int64_t		place;			/* of the next row */
	int			month;
	int32_t    *joined;			/* per place: the month its customer came, 0 = before the first row */
	double		leaving[2];		/* per contract: share of the customers who leave in a month */
	double		pattern_share[N_PATTERNS];	/* cumulated */
	int64_t		month_end[MAX_MONTHS + 1];	/* [0] is the start */
} Customers;

/* ---- calendar ---- */

/*
 * Days since 2000-03-01 of the first of a month; month 0 is March 2000.
 * Years that begin in March have their leap day at the end.
 */
static int64_t
days_before_month(int64_t month)
{
	int64_t		year = month / 12 - (month % 12 < 0);
	int64_t		rest = month - year * 12;

	return year * 365 + year / 4 - year / 100 + year / 400 -
		(year % 4 < 0) + (year % 100 < 0) - (year % 400 < 0) + (rest * 153 + 2) / 5;
}

/* The ends of the months that begin on the day of `start`, each on the same day of a month or the last. */
static void
find_month_ends(Customers *c, int64_t start, int months)
{
	int64_t		day = start / ML_DAY - (start % ML_DAY < 0) - 60;	/* 2000-03-01 is day 60 of 2000 */
	int64_t		month = day / (day < 0 ? 28 : 31) - 1;	/* or earlier */
	int64_t		in_month;

	while (days_before_month(month + 1) <= day)
		month++;
	in_month = day - days_before_month(month);
	for (int i = 0; i <= months; i++)
	{
		int64_t		first = days_before_month(month + i);
		int64_t		length = days_before_month(month + i + 1) - first;

		c->month_end[i] = (first + (in_month < length ? in_month : length - 1) + 60) * ML_DAY;
	}
}

/* ---- who leaves ---- */

static uint64_t
month_key(const Customers *c, int64_t place, int month)
{
	return ml_hash_combine(ml_hash_combine(c->months_key, (uint64_t) place), (uint64_t) month);
}

static int
contract_of(const Customers *c, int64_t place)
{
	return (int) (ml_trait(c->places_key, place, 0) & 1);
}

static bool
leaves(const Customers *c, int64_t place, int month)
{
	return ml_rng_unit_at(month_key(c, place, month), DRAW_LEAVES) < c->leaving[contract_of(c, place)];
}

/*
 * Half of the customers have a contract by the year, of whom a share q stays,
 * the others one by the month, of whom q^3 stay: about three times as many
 * leave.  Solves (q + q^3) / 2 = 1 - rate.
 */
static void
find_hazards(Customers *c, double rate)
{
	double		low = 0;
	double		high = 1;

	for (int i = 0; i < 60; i++)
	{
		double		q = (low + high) / 2;

		if ((q + q * q * q) / 2 < 1 - rate)
			low = q;
		else
			high = q;
	}
	/* 0 and 1 are meant exactly */
	if (rate == 0)
		low = high = 1;
	if (rate == 1)
		low = high = 0;
	c->leaving[0] = 1 - high * high * high;
	c->leaving[1] = 1 - high;
}

/* ---- a row ---- */

/* Whole numbers around a mean: the mean and what chance makes of it, never below 0. */
static int64_t
draw_count(double mean, uint64_t x)
{
	double		count = mean + sqrt(mean) * ml_draw_bell(x);

	return count < 0 ? 0 : (int64_t) (count + ml_hash_unit(ml_mix64(x)));
}

static double
draw_hours(const Customers *c, int64_t id, uint64_t key, int plan, double drop)
{
	double		usual = plan_log_hours[plan] + 1.0 * ml_trait_bell(c->traits, id, TRAIT_HOURS);
	double		hours = ml_exp(usual + 0.2 * ml_draw_bell(ml_rng_at(key, DRAW_HOURS)));

	/* a holiday */
	if (ml_rng_unit_at(key, DRAW_DIP) < 0.06)
		hours *= 0.5;
	return hours * (1 - drop);
}

static int64_t
draw_calls(const Customers *c, int64_t id, uint64_t key, double more)
{
	double		u = ml_trait_unit(c->traits, id, TRAIT_CALLS);
	double		usual = 0.1 + 8 * u * u * u;

	/* a fault that is mended */
	if (ml_rng_unit_at(key, DRAW_TROUBLE) < 0.05)
		usual += 3;
	return draw_count(usual + more, ml_rng_at(key, DRAW_CALLS));
}

static int64_t
draw_overdue(const Customers *c, int64_t id, uint64_t key, double more)
{
	double		u = ml_trait_unit(c->traits, id, TRAIT_OVERDUE);
	double		usual = u < 0.4 ? 0 : 70 * (u - 0.4) * (u - 0.4);

	if (ml_rng_unit_at(key, DRAW_FORGOT) < 0.05)
		usual += 8;
	return usual + more > 0 ? draw_count(usual + more, ml_rng_at(key, DRAW_OVERDUE)) : 0;
}

/* What was agreed when the customer came, and a little more every year. */
static double
draw_fee(const Customers *c, int64_t id, int plan, int months, double rise)
{
	double		agreed = plan_fee[plan] * (0.7 + 0.6 * ml_trait_unit(c->traits, id, TRAIT_FEE));

	return agreed * (1 + 0.03 * (double) (months / 12)) * (1 + rise);
}

/* How much of pattern `which` shows in this month of a customer who leaves `distance` months later. */
static double
shown(const Customers *c, int which, int distance)
{
	double		param = c->spec->pattern[which][1];

	if (which == PRICE_RISE)
		return distance <= 1 ? param : 0;
	return param * sign[distance];
}

static void
put_row(Customers *c, int64_t place, int month, MlCell *row)
{
	int			joined = c->joined[place];
	int64_t		id = place + c->places * joined;
	uint64_t	key = month_key(c, place, month);
	int			plan = ml_draw_index(ml_trait_unit(c->traits, id, TRAIT_PLAN), plan_share, 3);
	double		u = ml_trait_unit(c->traits, id, TRAIT_TENURE);
	int			tenure = joined > 0 ? month - joined : month + 1 + (int) (60 * u * u);
	double		differs[N_PATTERNS] = {0};
	int			which = -1;
	int			distance = 0;

	while (distance < N_SIGNS && !leaves(c, place, month + distance))
		distance++;
	if (distance < N_SIGNS)
	{
		which = ml_draw_index(ml_rng_unit_at(month_key(c, place, month + distance), DRAW_PATTERN),
							  c->pattern_share, N_PATTERNS);
		differs[which] = shown(c, which, distance);
	}
	row[COL_EVENT_TIME].integer = c->month_end[month + 1];
	row[COL_CUSTOMER].integer = id + 1;
	row[COL_TENURE].integer = tenure;
	row[COL_REGION].integer = (int64_t) (ml_trait(c->traits, id, TRAIT_REGION) % 4);
	row[COL_PLAN].integer = plan;
	row[COL_CONTRACT].integer = contract_of(c, place);
	row[COL_PAYMENT].integer = (int64_t) (ml_trait(c->traits, id, TRAIT_PAYMENT) % 3);
	row[COL_FEE].number = ml_hundredths(draw_fee(c, id, plan, tenure, differs[PRICE_RISE]));
	row[COL_HOURS].number = ml_hundredths(draw_hours(c, id, key, plan, differs[USAGE_DROP]));
	row[COL_SESSIONS].integer = draw_count(row[COL_HOURS].number / (0.4 + ml_trait_unit(c->traits, id, TRAIT_SESSION)),
										   ml_rng_at(key, DRAW_SESSIONS));
	row[COL_CALLS].integer = draw_calls(c, id, key, differs[SUPPORT_CALLS]);
	row[COL_OVERDUE].integer = draw_overdue(c, id, key, differs[LATE_PAYMENT]);
	row[COL_CHURNED].integer = distance == 0;
	row[COL_PATTERN].integer = which;
	row[COL_PATTERN].missing = distance > 0;
	row[COL_LABELED_AT].integer = c->month_end[month + 1] + 30 * ML_DAY;
	if (distance == 0)
		c->joined[place] = month + 1;
}

/* ---- the sampler ---- */

static MlCode
begin(void *state, const MlSampleSpec *spec, MlHost *host, MlStatus *status)
{
	Customers  *c = state;
	int			months = (int) spec->option[OPTION_MONTHS];
	double		sum = 0;

	c->spec = spec;
	c->host = host;
	c->traits = ml_rng_key(spec->seed, STREAM_TRAITS);
	c->months_key = ml_rng_key(spec->seed, STREAM_MONTHS);
	c->places_key = ml_rng_key(spec->seed, STREAM_PLACES);
	c->places = (spec->rows + months - 1) / months;
	for (int i = 0; i < N_PATTERNS; i++)
		c->pattern_share[i] = sum += spec->pattern[i][0];
	for (int i = 0; i < N_PATTERNS && sum > 0; i++)
		c->pattern_share[i] /= sum;
	find_hazards(c, spec->rate[0]);
	find_month_ends(c, spec->start, months);
	c->joined = ml_alloc_zero(host, c->places, sizeof(int32_t));
	if (c->joined == NULL)
		return ml_no_memory(status, c->places * sizeof(int32_t), "made-up customers");
	return ML_OK;
}

static void
end(void *state)
{
	Customers  *c = state;

	if (c->joined != NULL)
		c->host->release(c->host, c->joined);
	c->joined = NULL;
}

static MlCode
next(void *state, MlCell *row, MlStatus *status)
{
	Customers  *c = state;

	(void) status;
	put_row(c, c->place, c->month, row);
	if (++c->place == c->places)
	{
		c->place = 0;
		c->month++;
	}
	return ML_OK;
}

const MlSampleKind ml_sample_customers = {
	"customers", columns, N_COLUMNS, pattern, N_PATTERNS, options, N_OPTIONS, 0,
	sizeof(Customers), begin, next, end
};
