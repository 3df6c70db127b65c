/*
 * sample_invoices.c: invoices of suppliers to buyers: some paid late, some
 * not honest.
 *
 * A supplier has an industry, a country, a bank account, a usual amount, a
 * way of sending and a few regular buyers; a buyer has a payment moral that
 * wanders over the year, times of little cash, and a usual amount above which
 * the money has to be looked for.  Whether an invoice is paid late follows
 * from these, compared with a bound that gives the wanted share of late ones.
 *
 * A fraud is an invoice as this supplier would write it but for one thing,
 * its pattern: it was sent before, the account is another one, the amount is
 * too large or too round, or it was split to stay below the buyer's limit.
 */
#include "learn/sample.h"

#include <math.h>
#include <stdlib.h>

#include "learn/sample_draw.h"
#include "learn/sample_timeline.h"

enum
{
	COL_ID,
	COL_EVENT_TIME,
	COL_SUPPLIER,
	COL_BUYER,
	COL_CATEGORY,
	COL_COUNTRY,
	COL_CHANNEL,
	COL_HAS_ORDER,
	COL_AMOUNT,
	COL_TERMS,
	COL_DUE_AT,
	COL_ACCOUNT,
	COL_PAID_AT,
	COL_DAYS_LATE,
	COL_LATE,
	COL_LATE_PATTERN,
	COL_FRAUD,
	COL_FRAUD_PATTERN,
	COL_LABELED_AT,
	N_COLUMNS
};

enum
{
	LATE_HABIT,
	CASH_SQUEEZE,
	LARGE_AMOUNT,
	DUPLICATE,
	CHANGED_ACCOUNT,
	INFLATED_AMOUNT,
	ROUND_AMOUNT,
	SPLIT_INVOICE,
	N_PATTERNS
};

#define FIRST_FRAUD DUPLICATE
#define N_FRAUDS (N_PATTERNS - FIRST_FRAUD)

enum
{
	OPTION_DAYS,
	OPTION_SUPPLIERS,
	OPTION_BUYERS,
	N_OPTIONS
};

/* traits of a supplier */
enum
{
	TRAIT_ACTIVITY,
	TRAIT_CATEGORY,
	TRAIT_COUNTRY,
	TRAIT_CHANNEL,
	TRAIT_AMOUNT,
	TRAIT_SPREAD,
	TRAIT_ORDERS,
	TRAIT_TERMS,
	TRAIT_ROUND,
	TRAIT_MOVES,				/* when it changes its bank account */
	TRAIT_BUYERS,
	TRAIT_ACCOUNT = 20,			/* + number of the account */
	TRAIT_BUYER = 40			/* + number of the regular buyer */
};

/* traits of a buyer */
enum
{
	BUYER_HABIT,
	BUYER_LIMIT,
	BUYER_SCALE,
	BUYER_MORAL = 100,			/* + quarter */
	BUYER_SQUEEZE = 1000		/* + month */
};

#define STREAM_EPISODES 0x1f1
#define STREAM_SUPPLIERS 0x1f2
#define STREAM_BUYERS 0x1f3
#define STREAM_TIMES 0x1f4
#define STREAM_BOUND 0x1f5

static const char *const categories[] = {"energy", "materials", "office", "services", "software", "transport"};
static const char *const countries[] = {"AT", "BE", "CZ", "DE", "FR", "IT", "NL", "PL"};
static const char *const channels[] = {"mail", "paper", "portal"};
/* of late payment the first ones, of fraud the others */
static const char *const patterns[] = {
	"late_habit", "cash_squeeze", "large_amount",
	"duplicate", "changed_account", "inflated_amount", "round_amount", "split_invoice"
};
static const double country_share[] = {0.08, 0.15, 0.23, 0.53, 0.68, 0.8, 0.9, 1};
static const double category_log[] = {0.5, 0.4, -1.0, 0.3, -0.2, 0};
static const int terms[] = {14, 30, 30, 45, 60};

static const MlSampleColumn columns[N_COLUMNS] = {
	[COL_ID] = {"invoice_id", ML_CELL_BIGINT, false, NULL, 0},
	[COL_EVENT_TIME] = {"event_time", ML_CELL_TIME, false, NULL, 0},
	[COL_SUPPLIER] = {"supplier_id", ML_CELL_BIGINT, false, NULL, 0},
	[COL_BUYER] = {"buyer_id", ML_CELL_BIGINT, false, NULL, 0},
	[COL_CATEGORY] = {"category", ML_CELL_WORD, true, categories, 6},
	[COL_COUNTRY] = {"country", ML_CELL_WORD, true, countries, 8},
	[COL_CHANNEL] = {"channel", ML_CELL_WORD, true, channels, 3},
	[COL_HAS_ORDER] = {"has_order", ML_CELL_BOOLEAN, false, NULL, 0},
	[COL_AMOUNT] = {"amount", ML_CELL_MONEY, true, NULL, 0},
	[COL_TERMS] = {"terms_days", ML_CELL_INTEGER, true, NULL, 0},
	[COL_DUE_AT] = {"due_at", ML_CELL_TIME, false, NULL, 0},
	[COL_ACCOUNT] = {"bank_account", ML_CELL_BIGINT, false, NULL, 0},
	[COL_PAID_AT] = {"paid_at", ML_CELL_TIME, false, NULL, 0},
	[COL_DAYS_LATE] = {"days_late", ML_CELL_INTEGER, false, NULL, 0},
	[COL_LATE] = {"is_late", ML_CELL_BOOLEAN, false, NULL, 0},
	[COL_LATE_PATTERN] = {"late_pattern", ML_CELL_WORD, false, patterns, N_PATTERNS},
	[COL_FRAUD] = {"is_fraud", ML_CELL_BOOLEAN, false, NULL, 0},
	[COL_FRAUD_PATTERN] = {"fraud_pattern", ML_CELL_WORD, false, patterns, N_PATTERNS},
	[COL_LABELED_AT] = {"labeled_at", ML_CELL_TIME, false, NULL, 0}
};

static const MlSamplePattern pattern[N_PATTERNS] = {
	[LATE_HABIT] = {"late_habit", {{"strength", 1, 0, 100, false}}},
	[CASH_SQUEEZE] = {"cash_squeeze", {{"strength", 1, 0, 100, false}}},
	[LARGE_AMOUNT] = {"large_amount", {{"strength", 1, 0, 100, false}}},
	[DUPLICATE] = {"duplicate", {{"share", 2, 0, 1e6, false}, {"days", 15, 1, 365, false}}},
	[CHANGED_ACCOUNT] = {"changed_account", {{"share", 2, 0, 1e6, false}, {"amount", 1.5, 0.01, 100, false}}},
	[INFLATED_AMOUNT] = {"inflated_amount", {{"share", 2, 0, 1e6, false}, {"amount", 4, 0.01, 100, false}}},
	[ROUND_AMOUNT] = {"round_amount", {
			{"share", 1, 0, 1e6, false}, {"amount", 1.5, 0.01, 100, false}, {"unit", 500, 1, 1e6, false}
		}
	},
	[SPLIT_INVOICE] = {"split_invoice", {
			{"share", 1, 0, 1e6, false}, {"count", 3, 2, 20, true}, {"days", 4, 0.1, 60, false}
		}
	}
};

static const MlSampleParam options[N_OPTIONS] = {
	[OPTION_DAYS] = {"days", 365, 1, 3650, true},
	[OPTION_SUPPLIERS] = {"suppliers", NAN, 1, 1e9, true},
	[OPTION_BUYERS] = {"buyers", NAN, 1, 1e9, true}
};

/* Rows of each when their number is not chosen. */
#define ROWS_PER_SUPPLIER 60
#define ROWS_PER_BUYER 100

static const MlRhythm rhythm = {
	{1.2, 1.2, 1.1, 1.1, 0.9, 0.05, 0.03},
	{0.02, 0.02, 0.02, 0.02, 0.02, 0.1, 0.4, 1, 2, 3, 3, 3, 1.5, 2, 3, 3, 2, 1, 0.4, 0.2, 0.1, 0.05, 0.02, 0.02}
};

/* Pressures drawn to find the bound. */
#define N_BOUND 8192

typedef struct Invoices
{
	const MlSampleSpec *spec;
	MlTimeline	timeline;
	uint64_t	episodes;
	uint64_t	suppliers_key;
	uint64_t	buyers_key;
	int64_t		suppliers;
	int64_t		buyers;
	int64_t		id;
	double		bound;			/* pressure from which an invoice is paid late */
	double		fraud_share[N_FRAUDS];	/* cumulated */
} Invoices;

typedef struct Invoice
{
	int64_t		time;
	int64_t		supplier;
	int64_t		buyer;
	bool		has_order;
	double		amount;
	int64_t		account;
	double		pressure;		/* to pay late */
	int			late_pattern;	/* what adds most to it */
} Invoice;

/* ---- an invoice as its supplier writes it ---- */

static int64_t
account_of(const Invoices *v, int64_t supplier, int64_t time)
{
	/* one in ten changes its bank within a year */
	double		moves = ml_trait_unit(v->suppliers_key, supplier, TRAIT_MOVES) * 3650.0 * (double) ML_DAY;
	int			number = (double) (time - v->timeline.start) > moves ? 1 : 0;

	return (int64_t) (ml_trait(v->suppliers_key, supplier, TRAIT_ACCOUNT + number) >> 24);
}

static double
draw_amount(const Invoices *v, MlRng *rng, int64_t supplier)
{
	int			category = (int) (ml_trait(v->suppliers_key, supplier, TRAIT_CATEGORY) % 6);
	double		usual = 6.5 + category_log[category] + 0.9 * ml_trait_bell(v->suppliers_key, supplier, TRAIT_AMOUNT);
	double		spread = 0.15 + 0.35 * ml_trait_unit(v->suppliers_key, supplier, TRAIT_SPREAD);
	double		amount = ml_exp(usual + spread * ml_draw_next_bell(rng));
	bool		round = ml_trait_unit(v->suppliers_key, supplier, TRAIT_ROUND) < 0.2;

	if (ml_rng_unit(rng) < (round ? 0.6 : 0.03))
		amount = 50.0 * floor(amount / 50.0 + 1.0);
	return amount;
}

static void
draw_invoice(const Invoices *v, MlRng *rng, Invoice *p)
{
	int			buyers;

	do
		p->supplier = (int64_t) ml_rng_below(rng, (uint64_t) v->suppliers);
	while (ml_rng_unit(rng) >= 0.2 + 0.8 * ml_trait_unit(v->suppliers_key, p->supplier, TRAIT_ACTIVITY));
	buyers = 2 + (int) (ml_trait(v->suppliers_key, p->supplier, TRAIT_BUYERS) % 5);
	p->buyer = (int64_t) ml_rng_scale(ml_trait(v->suppliers_key, p->supplier,
											   TRAIT_BUYER + (int) ml_rng_below(rng, (uint64_t) buyers)),
									  (uint64_t) v->buyers);
	p->has_order = ml_rng_unit(rng) < 0.3 + 0.65 * ml_trait_unit(v->suppliers_key, p->supplier, TRAIT_ORDERS);
	p->amount = draw_amount(v, rng, p->supplier);
	p->account = account_of(v, p->supplier, p->time);
}

/* ---- when it is paid ---- */

/* A property that wanders: straight lines between draws a period apart. */
static double
wandering(const Invoices *v, int64_t buyer, int what, int64_t time, int64_t period)
{
	int64_t		since = time - v->timeline.start;
	int			step = (int) (since / period);
	double		part = (double) (since % period) / (double) period;

	return (1 - part) * ml_trait_bell(v->buyers_key, buyer, what + step) +
		part * ml_trait_bell(v->buyers_key, buyer, what + step + 1);
}

static double
squeeze(const Invoices *v, int64_t buyer, int64_t time)
{
	int			month = (int) ((time - v->timeline.start) / (30 * ML_DAY));

	return ml_trait_unit(v->buyers_key, buyer, BUYER_SQUEEZE + month) < 0.12 ? 1 : 0;
}

/* How large an amount is to a buyer: 0 below the usual, then 1 for each e-fold (nearly). */
static double
burden(const Invoices *v, const Invoice *p)
{
	double		usual = ml_exp(6.8 + 0.7 * ml_trait_bell(v->buyers_key, p->buyer, BUYER_SCALE));
	double		x = p->amount / usual;

	return x <= 1 ? 0 : 2.0 * (1.0 - 1.0 / sqrt(x));
}

static void
draw_pressure(const Invoices *v, MlRng *rng, Invoice *p)
{
	const double (*param)[ML_SAMPLE_MAX_PARAMS] = v->spec->pattern;
	double		part[FIRST_FRAUD];

	part[LATE_HABIT] = param[LATE_HABIT][0] *
		(1.3 * ml_trait_bell(v->buyers_key, p->buyer, BUYER_HABIT) +
		 0.6 * wandering(v, p->buyer, BUYER_MORAL, p->time, 90 * ML_DAY));
	part[CASH_SQUEEZE] = param[CASH_SQUEEZE][0] * 2.0 * squeeze(v, p->buyer, p->time);
	part[LARGE_AMOUNT] = param[LARGE_AMOUNT][0] * burden(v, p);
	p->late_pattern = LATE_HABIT;
	p->pressure = 0.9 * ml_draw_next_bell(rng);
	for (int i = 0; i < FIRST_FRAUD; i++)
	{
		p->pressure += part[i];
		if (part[i] > part[p->late_pattern])
			p->late_pattern = i;
	}
}

static int
compare_numbers(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* The bound that the wanted share of N_BOUND made-up invoices reaches. */
static MlCode
find_bound(Invoices *v, double rate, MlHost *host, MlStatus *status)
{
	double	   *pressure;
	uint64_t	key = ml_rng_key(v->spec->seed, STREAM_BOUND);
	int64_t		rank = (int64_t) ((1 - rate) * N_BOUND);

	if (rate == 0 || rate == 1)
	{
		v->bound = rate == 0 ? INFINITY : -INFINITY;
		return ML_OK;
	}
	pressure = ml_alloc_array(host, N_BOUND, sizeof(double));
	if (pressure == NULL)
		return ml_no_memory(status, N_BOUND * sizeof(double), "made-up invoices");
	for (int64_t i = 0; i < N_BOUND; i++)
	{
		MlRng		rng = {ml_hash_combine(key, (uint64_t) i), 0};
		Invoice		p = {0};

		p.time = ml_timeline_time(&v->timeline, ((double) i + 0.5) / N_BOUND);
		draw_invoice(v, &rng, &p);
		draw_pressure(v, &rng, &p);
		pressure[i] = p.pressure;
	}
	qsort(pressure, N_BOUND, sizeof(double), compare_numbers);
	v->bound = pressure[rank < N_BOUND ? rank : N_BOUND - 1];
	host->release(host, pressure);
	return ML_OK;
}

/* Negative: before it is due. */
static int64_t
days_late(const Invoices *v, const Invoice *p, int term)
{
	double		over = p->pressure - v->bound;
	int64_t		days;

	if (isinf(v->bound))
		over = v->bound > 0 ? p->pressure - 4 : p->pressure + 4;
	if (p->pressure >= v->bound)
		return 1 + (int64_t) (14.0 * (over > 0 ? over : 0));
	days = (int64_t) (7.0 * (over < 0 ? over : 0));
	return days < 1 - term ? 1 - term : days;
}

/* ---- fraud ---- */

static int
fraud_of(const Invoices *v, int64_t episode)
{
	uint64_t	key = ml_hash_combine(v->episodes ^ 1, (uint64_t) episode);

	return FIRST_FRAUD + ml_draw_index(ml_rng_unit_at(key, 0), v->fraud_share, N_FRAUDS);
}

static MlRng
ordinary_rng(const Invoices *v, int64_t episode)
{
	return (MlRng)
	{
		ml_hash_combine(v->episodes, (uint64_t) episode), 100
	};
}

/* The invoice that was sent so many days before an episode of fraud. */
static void
draw_original(const Invoices *v, int64_t episode, double days, Invoice *p)
{
	double		place = ml_timeline_place(&v->timeline, 1, episode) - days / (double) v->timeline.days;
	int64_t		original = (int64_t) ((place > 0 ? place : 0) * (double) v->timeline.episodes[0]);
	MlRng		rng = ordinary_rng(v, original);

	draw_invoice(v, &rng, p);
}

/* Invoices of a split are a little below what the buyer pays without asking. */
static double
below_limit(const Invoices *v, int64_t buyer, MlRng *rng)
{
	static const double limits[] = {1000, 2500, 5000, 10000};
	double		limit = limits[ml_trait(v->buyers_key, buyer, BUYER_LIMIT) % 4];

	return limit * (0.92 + 0.079 * ml_rng_unit(rng));
}

static void
draw_fraud(const Invoices *v, int64_t episode, int step, int kind, Invoice *p)
{
	const double *param = v->spec->pattern[kind];
	uint64_t	key = ml_hash_combine(v->episodes ^ 1, (uint64_t) episode);
	MlRng		rng = {key, 100};
	MlRng		own = {ml_hash_combine(key, 1000 + (uint64_t) step), 0};

	if (kind == DUPLICATE)
		draw_original(v, episode, (0.1 + 0.9 * ml_rng_unit(&own)) * param[1], p);
	else
		draw_invoice(v, &rng, p);
	switch (kind)
	{
		case CHANGED_ACCOUNT:
			p->amount *= param[1];
			p->account = (int64_t) (ml_rng_next(&own) >> 24);
			break;
		case INFLATED_AMOUNT:
			p->amount *= param[1];
			break;
		case ROUND_AMOUNT:
			p->amount = param[2] * floor(p->amount * param[1] / param[2] + 1.0);
			break;
		case SPLIT_INVOICE:
			p->amount = below_limit(v, p->buyer, &own);
			p->has_order = false;
			break;
	}
}

/* ---- episodes ---- */

static int
episode_length(const void *state, int stream, int64_t episode)
{
	const Invoices *v = state;

	if (stream == 0 || fraud_of(v, episode) != SPLIT_INVOICE)
		return 1;
	return (int) v->spec->pattern[SPLIT_INVOICE][1];
}

static int64_t
episode_delay(const void *state, int stream, int64_t episode, int step)
{
	const Invoices *v = state;
	const double *param = v->spec->pattern[SPLIT_INVOICE];
	uint64_t	key = ml_hash_combine(v->episodes ^ (uint64_t) stream, (uint64_t) episode);
	double		u = ml_rng_unit_at(key, 2000 + (uint64_t) step);

	return ml_whole_seconds(((double) step - 0.9 + 0.9 * u) * param[2] / param[1] * 86400.0);
}

/* ---- the sampler ---- */

static MlCode
begin(void *state, const MlSampleSpec *spec, MlHost *host, MlStatus *status)
{
	Invoices   *v = state;
	double		suppliers = spec->option[OPTION_SUPPLIERS];
	double		buyers = spec->option[OPTION_BUYERS];
	double		sum = 0;
	MlCode		code;

	v->spec = spec;
	v->suppliers = isnan(suppliers) ? spec->rows / ROWS_PER_SUPPLIER + 5 : (int64_t) suppliers;
	v->buyers = isnan(buyers) ? spec->rows / ROWS_PER_BUYER + 5 : (int64_t) buyers;
	v->episodes = ml_rng_key(spec->seed, STREAM_EPISODES);
	v->suppliers_key = ml_rng_key(spec->seed, STREAM_SUPPLIERS);
	v->buyers_key = ml_rng_key(spec->seed, STREAM_BUYERS);
	/* shares are of rows, what is drawn is an episode */
	for (int i = 0; i < N_FRAUDS; i++)
	{
		const double *param = spec->pattern[FIRST_FRAUD + i];

		v->fraud_share[i] = sum += param[0] / (FIRST_FRAUD + i == SPLIT_INVOICE ? param[1] : 1);
	}
	for (int i = 0; i < N_FRAUDS && sum > 0; i++)
		v->fraud_share[i] /= sum;
	v->timeline.rhythm = &rhythm;
	v->timeline.start = spec->start;
	v->timeline.days = (int64_t) spec->option[OPTION_DAYS];
	v->timeline.key = ml_rng_key(spec->seed, STREAM_TIMES);
	v->timeline.rows[1] = (int64_t) ((double) spec->rows * spec->rate[1] + 0.5);
	v->timeline.rows[0] = spec->rows - v->timeline.rows[1];
	v->timeline.length = episode_length;
	v->timeline.delay = episode_delay;
	v->timeline.state = v;
	code = ml_timeline_begin(&v->timeline, host, status);
	return code != ML_OK ? code : find_bound(v, spec->rate[0], host, status);
}

static void
end(void *state)
{
	ml_timeline_end(&((Invoices *) state)->timeline);
}

static void
put_row(Invoices *v, const Invoice *p, MlCell *row)
{
	int			term = terms[ml_trait(v->suppliers_key, p->supplier, TRAIT_TERMS) % 5];
	int64_t		late = days_late(v, p, term);
	int64_t		due = p->time + term * ML_DAY;

	row[COL_ID].integer = ++v->id;
	row[COL_EVENT_TIME].integer = p->time;
	row[COL_SUPPLIER].integer = p->supplier + 1;
	row[COL_BUYER].integer = p->buyer + 1;
	row[COL_CATEGORY].integer = (int64_t) (ml_trait(v->suppliers_key, p->supplier, TRAIT_CATEGORY) % 6);
	row[COL_COUNTRY].integer =
		ml_draw_index(ml_trait_unit(v->suppliers_key, p->supplier, TRAIT_COUNTRY), country_share, 8);
	row[COL_CHANNEL].integer = (int64_t) (ml_trait(v->suppliers_key, p->supplier, TRAIT_CHANNEL) % 3);
	row[COL_HAS_ORDER].integer = p->has_order;
	row[COL_AMOUNT].number = ml_hundredths(p->amount < 1 ? 1 : p->amount);
	row[COL_TERMS].integer = term;
	row[COL_DUE_AT].integer = due;
	row[COL_ACCOUNT].integer = p->account;
	row[COL_PAID_AT].integer = due + late * ML_DAY;
	row[COL_DAYS_LATE].integer = late;
	row[COL_LATE].integer = late > 0;
	row[COL_LATE_PATTERN].integer = p->late_pattern;
	row[COL_LATE_PATTERN].missing = late <= 0;
}

static MlCode
next(void *state, MlCell *row, MlStatus *status)
{
	Invoices   *v = state;
	MlEvent		event;
	Invoice		p = {0};
	int			kind = -1;
	MlRng		rng;
	double		u;
	MlCode		code = ml_timeline_next(&v->timeline, &event, status);

	if (code != ML_OK)
		return code;
	p.time = event.time;
	rng = ordinary_rng(v, event.episode);
	if (event.stream == 0)
		draw_invoice(v, &rng, &p);
	else
	{
		kind = fraud_of(v, event.episode);
		draw_fraud(v, event.episode, event.step, kind, &p);
		rng.key = ml_hash_combine(v->episodes ^ 1, (uint64_t) (event.episode * 1000 + event.step));
	}
	draw_pressure(v, &rng, &p);
	put_row(v, &p, row);
	row[COL_FRAUD].integer = kind >= 0;
	row[COL_FRAUD_PATTERN].integer = kind;
	row[COL_FRAUD_PATTERN].missing = kind < 0;
	/* an audit finds a fraud within 120 days; what it has not found by then is taken for honest */
	u = ml_rng_unit(&rng);
	row[COL_LABELED_AT].integer = event.time +
		(kind < 0 ? 120 * ML_DAY : ML_DAY + ml_whole_seconds(u * 110.0 * 86400.0));
	return ML_OK;
}

const MlSampleKind ml_sample_invoices = {
	"invoices", columns, N_COLUMNS, pattern, N_PATTERNS, options, N_OPTIONS, 1,
	sizeof(Invoices), begin, next, end
};
