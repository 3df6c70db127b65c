/*
 * sample_transactions.c: card payments, some of them by somebody else.
 *
 * A customer has a country, an hour of the day at which most is bought, a
 * usual amount and a spread around it, favourite merchants, devices, cards,
 * a share of shopping online, and now and then a journey, a new device, an
 * afternoon with many payments, a sum that happens to be round.  All of it is
 * a pure function of seed and customer.
 *
 * A fraud takes a customer's card and differs from this customer's habits in
 * one way, its pattern; in all else it is a payment of the customer's.  Each
 * difference is one that other customers show every day, so that a row alone
 * says little.
 */
#include "learn/sample.h"

#include <math.h>
#include <stddef.h>

#include "learn/sample_draw.h"
#include "learn/sample_timeline.h"

enum
{
	COL_ID,
	COL_EVENT_TIME,
	COL_CUSTOMER,
	COL_CARD,
	COL_MERCHANT,
	COL_CATEGORY,
	COL_CHANNEL,
	COL_AMOUNT,
	COL_COUNTRY,
	COL_DEVICE,
	COL_FRAUD,
	COL_PATTERN,
	COL_LABELED_AT,
	N_COLUMNS
};

enum
{
	CASH,
	CLOTHING,
	ELECTRONICS,
	FUEL,
	GAMES,
	GROCERIES,
	PHARMACY,
	RESTAURANT,
	TICKETS
};

enum
{
	CHANNEL_ATM,
	CHANNEL_ONLINE,
	CHANNEL_POS
};

enum
{
	VELOCITY_BURST,
	ODD_HOURS,
	FOREIGN_PLACE,
	ROUND_AMOUNT,
	NEW_DEVICE,
	N_PATTERNS
};

enum
{
	OPTION_DAYS,
	OPTION_CUSTOMERS,
	N_OPTIONS
};

/* traits of a customer: what ml_trait is asked for */
enum
{
	TRAIT_ACTIVITY,
	TRAIT_COUNTRY,
	TRAIT_HOUR,
	TRAIT_AMOUNT,
	TRAIT_SPREAD,
	TRAIT_ROUND,
	TRAIT_ONLINE,
	TRAIT_CARDS,
	TRAIT_DEVICES,
	TRAIT_NEW_DEVICE,
	TRAIT_TRAVELS,
	TRAIT_MERCHANT = 100,		/* + number of the favourite */
	TRAIT_DEVICE = 200,			/* + number of the device */
	TRAIT_WEEK = 1000			/* + 2 * week: on a journey?, + 1: where */
};

#define STREAM_EPISODES 0x7a1
#define STREAM_TRAITS 0x7a2
#define STREAM_TIMES 0x7a3

static const char *const categories[] = {
	"cash", "clothing", "electronics", "fuel", "games", "groceries", "pharmacy", "restaurant", "tickets"
};
static const char *const channels[] = {"atm", "online", "pos"};
static const char *const countries[] = {
	"AT", "BE", "CZ", "DE", "DK", "ES", "FR", "GB", "IT", "NL", "PL", "SE"
};
static const double country_share[] = {0.05, 0.10, 0.14, 0.36, 0.40, 0.50, 0.64, 0.76, 0.86, 0.91, 0.97, 1};
static const char *const patterns[] = {
	"velocity_burst", "odd_hours", "foreign_place", "round_amount", "new_device"
};

#define N_COUNTRIES 12

static const MlSampleColumn columns[N_COLUMNS] = {
	[COL_ID] = {"transaction_id", ML_CELL_BIGINT, false, NULL, 0},
	[COL_EVENT_TIME] = {"event_time", ML_CELL_TIME, false, NULL, 0},
	[COL_CUSTOMER] = {"customer_id", ML_CELL_BIGINT, false, NULL, 0},
	[COL_CARD] = {"card_id", ML_CELL_BIGINT, false, NULL, 0},
	[COL_MERCHANT] = {"merchant_id", ML_CELL_BIGINT, false, NULL, 0},
	[COL_CATEGORY] = {"category", ML_CELL_WORD, true, categories, 9},
	[COL_CHANNEL] = {"channel", ML_CELL_WORD, true, channels, 3},
	[COL_AMOUNT] = {"amount", ML_CELL_MONEY, true, NULL, 0},
	[COL_COUNTRY] = {"country", ML_CELL_WORD, true, countries, N_COUNTRIES},
	[COL_DEVICE] = {"device_id", ML_CELL_BIGINT, false, NULL, 0},
	[COL_FRAUD] = {"is_fraud", ML_CELL_BOOLEAN, false, NULL, 0},
	[COL_PATTERN] = {"fraud_pattern", ML_CELL_WORD, false, patterns, N_PATTERNS},
	[COL_LABELED_AT] = {"labeled_at", ML_CELL_TIME, false, NULL, 0}
};

/* amount: factor on what the customer would have paid */
static const MlSamplePattern pattern[N_PATTERNS] = {
	[VELOCITY_BURST] = {"velocity_burst", {
			{"share", 1, 0, 1e6, false}, {"amount", 1.2, 0.01, 100, false},
			{"count", 6, 2, 100, true}, {"minutes", 30, 1, 1440, false}
		}
	},
	[ODD_HOURS] = {"odd_hours", {
			{"share", 1, 0, 1e6, false}, {"amount", 1.5, 0.01, 100, false}, {"hours", 8, 0, 11, false}
		}
	},
	[FOREIGN_PLACE] = {"foreign_place", {
			{"share", 1, 0, 1e6, false}, {"amount", 1.5, 0.01, 100, false}
		}
	},
	[ROUND_AMOUNT] = {"round_amount", {
			{"share", 1, 0, 1e6, false}, {"amount", 1.6, 0.01, 100, false}, {"unit", 50, 1, 1e5, false}
		}
	},
	[NEW_DEVICE] = {"new_device", {
			{"share", 1, 0, 1e6, false}, {"amount", 1.6, 0.01, 100, false}
		}
	}
};

static const MlSampleParam options[N_OPTIONS] = {
	[OPTION_DAYS] = {"days", 90, 1, 3650, true},
	[OPTION_CUSTOMERS] = {"customers", NAN, 1, 1e9, true}
};

/* Payments of a fraud that is no burst. */
#define MEAN_FRAUD_LENGTH 1.5

/* Rows a customer when their number is not chosen. */
#define ROWS_PER_CUSTOMER 80

static const MlRhythm rhythm = {
	{1, 1, 1.05, 1.1, 1.3, 1.3, 0.85},
	{0.35, 0.25, 0.2, 0.2, 0.25, 0.35, 0.5, 0.8, 1.1, 1.2, 1.3, 1.5,
	1.7, 1.5, 1.4, 1.4, 1.5, 1.8, 2.0, 1.9, 1.6, 1.2, 0.8, 0.5}
};

/* What is bought, as cumulated shares in a shop and online. */
static const double shop_share[] = {0.07, 0.19, 0.22, 0.34, 0.34, 0.66, 0.74, 0.97, 1};
static const double online_share[] = {0, 0.28, 0.48, 0.48, 0.68, 0.78, 0.82, 0.88, 1};
/* log of the usual amount against the customer's own */
static const double category_log[] = {0.9, 0.5, 1.0, 0.3, -0.8, 0, -0.5, -0.1, 0.6};

typedef struct Transactions
{
	const MlSampleSpec *spec;
	MlTimeline	timeline;
	uint64_t	episodes;
	uint64_t	traits;
	int64_t		customers;
	int64_t		merchants;
	int64_t		id;
	double		pattern_share[N_PATTERNS];	/* cumulated */
} Transactions;

/* ---- customers ---- */

static double
usual_hour(const Transactions *t, int64_t customer)
{
	uint64_t	x = ml_trait(t->traits, customer, TRAIT_HOUR);
	double		u = ml_hash_unit(x);

	/* most by day, some at night */
	return (x & 0xff) < 208 ? 8.0 + 13.0 * u : 24.0 * u;
}

static int
home(const Transactions *t, int64_t customer)
{
	return ml_draw_index(ml_trait_unit(t->traits, customer, TRAIT_COUNTRY), country_share, N_COUNTRIES);
}

/* Any country but one. */
static int
other_country(int country, double u)
{
	int			other = (int) (u * (N_COUNTRIES - 1));

	return other >= country ? other + 1 : other;
}

/* Where the customer is at the time: at home, or on a journey. */
static int
place(const Transactions *t, int64_t customer, int64_t time)
{
	int			week = (int) ((time - t->timeline.start) / (7 * ML_DAY));
	double		travels = ml_trait_unit(t->traits, customer, TRAIT_TRAVELS);
	double		rate = travels < 0.85 ? 0.03 : 0.35;

	if (ml_trait_unit(t->traits, customer, TRAIT_WEEK + 2 * week) >= rate)
		return home(t, customer);
	return other_country(home(t, customer), ml_trait_unit(t->traits, customer, TRAIT_WEEK + 2 * week + 1));
}

/* How much of what is bought at the usual hour is bought at this distance from it. */
static double
activity_at(double hours)
{
	if (hours < 3)
		return 1;
	if (hours < 5)
		return 0.5;
	if (hours < 7)
		return 0.12;
	return hours < 9 ? 0.03 : 0.008;
}

static double
hour_of(int64_t time)
{
	return (double) ((time % ML_DAY + ML_DAY) % ML_DAY) / (double) ML_HOUR;
}

/*
 * Who pays at the time: candidates are drawn until one is up and about; a
 * fraud at odd hours takes one who is not.
 */
static int64_t
draw_customer(const Transactions *t, MlRng *rng, int64_t time, bool odd)
{
	double		hour = hour_of(time);
	double		least = t->spec->pattern[ODD_HOURS][2];
	int64_t		customer = 0;

	for (int i = 0; i < 40; i++)
	{
		double		apart;
		double		accept;

		customer = (int64_t) ml_rng_below(rng, (uint64_t) t->customers);
		apart = ml_hours_apart(hour, usual_hour(t, customer));
		accept = 0.25 + 0.75 * ml_trait_unit(t->traits, customer, TRAIT_ACTIVITY);
		accept *= odd ? (apart >= least ? 1 : 0) : activity_at(apart);
		if (ml_rng_unit(rng) < accept)
			break;
	}
	return customer;
}

static int64_t
draw_device(const Transactions *t, MlRng *rng, int64_t customer, int64_t time)
{
	int			devices = 1 + (int) (ml_trait(t->traits, customer, TRAIT_DEVICES) % 3);
	double		u = ml_rng_unit(rng);
	int			number = u < 0.75 ? 0 : u < 0.93 ? 1 % devices : 2 % devices;
	/* the first device is replaced at some time in four years */
	int64_t		age = (int64_t) (ml_trait_unit(t->traits, customer, TRAIT_NEW_DEVICE) * 1460) * ML_DAY;

	if (number == 0 && time - t->timeline.start >= age)
		number = 3;
	return (int64_t) (ml_trait(t->traits, customer, TRAIT_DEVICE + number) >> 24);
}

/* ---- a payment as this customer makes it ---- */

typedef struct Payment
{
	int64_t		customer;
	int64_t		time;
	int			category;
	int			channel;
	int			country;
	int64_t		merchant;
	double		amount;
	int64_t		device;			/* -1 = none */
} Payment;

/* One of the customer's favourites for what is bought, else any in the country. */
static int64_t
draw_merchant(const Transactions *t, MlRng *rng, const Payment *p)
{
	bool		favourite = ml_rng_unit(rng) < 0.7;
	uint64_t	of = favourite ?
		ml_trait(t->traits, p->customer, TRAIT_MERCHANT + 2 * p->category + (int) ml_rng_below(rng, 2)) :
		ml_rng_next(rng);

	/* merchants of one category and country are every 108th */
	return (int64_t) ml_rng_scale(of, (uint64_t) t->merchants) * (9 * N_COUNTRIES) +
		p->category * N_COUNTRIES + p->country + 1;
}

static void
draw_amount(const Transactions *t, MlRng *rng, Payment *p)
{
	double		usual = 3.2 + 0.75 * ml_trait_bell(t->traits, p->customer, TRAIT_AMOUNT);
	double		spread = 0.3 + 0.3 * ml_trait_unit(t->traits, p->customer, TRAIT_SPREAD);
	double		x = usual + category_log[p->category] + spread * ml_draw_next_bell(rng);
	double		round = ml_trait_unit(t->traits, p->customer, TRAIT_ROUND) < 0.15 ? 0.5 : 0.02;
	bool		is_round = ml_rng_unit(rng) < round;

	p->amount = ml_exp(x);
	if (is_round || p->category == CASH)
		p->amount = 10.0 * floor(p->amount / 10.0 + 1.0);
}

static void
draw_payment(const Transactions *t, MlRng *rng, Payment *p, bool online)
{
	double		u = ml_rng_unit(rng);
	int			there = place(t, p->customer, p->time);

	online |= u < 0.15 + 0.6 * ml_trait_unit(t->traits, p->customer, TRAIT_ONLINE);
	p->category = ml_draw_index(ml_rng_unit(rng), online ? online_share : shop_share, 9);
	p->channel = online ? CHANNEL_ONLINE : p->category == CASH ? CHANNEL_ATM : CHANNEL_POS;
	u = ml_rng_unit(rng);
	if (!online)
		p->country = there;
	else
		p->country = u < 0.93 ? home(t, p->customer) : other_country(home(t, p->customer), (u - 0.93) / 0.07);
	p->merchant = draw_merchant(t, rng, p);
	draw_amount(t, rng, p);
	p->device = online ? draw_device(t, rng, p->customer, p->time) : -1;
}

/* ---- a payment by somebody else ---- */

static int
pattern_of(const Transactions *t, int64_t episode)
{
	uint64_t	key = ml_hash_combine(t->episodes ^ 1, (uint64_t) episode);

	return ml_draw_index(ml_rng_unit_at(key, 0), t->pattern_share, N_PATTERNS);
}

static void
draw_fraud(const Transactions *t, MlRng *rng, uint64_t episode_key, int kind, Payment *p)
{
	const double *param = t->spec->pattern[kind];

	draw_payment(t, rng, p, kind == VELOCITY_BURST || kind == NEW_DEVICE);
	p->amount *= param[1];
	switch (kind)
	{
		case FOREIGN_PLACE:
			/* one country an episode */
			p->country = other_country(home(t, p->customer), ml_rng_unit_at(episode_key, 1000));
			p->merchant = draw_merchant(t, rng, p);
			break;
		case ROUND_AMOUNT:
			p->amount = param[2] * floor(p->amount / param[2] + 1.0);
			break;
		case NEW_DEVICE:
			p->device = (int64_t) (ml_rng_at(episode_key, 1001) >> 24);
			break;
	}
}

/* ---- episodes ---- */

/* A visit is one payment, or a few; a fraud what its pattern says. */
static int
episode_length(const void *state, int stream, int64_t episode)
{
	const Transactions *t = state;
	uint64_t	key = ml_hash_combine(t->episodes ^ (uint64_t) stream, (uint64_t) episode);
	double		u = ml_rng_unit_at(key, 1);
	int			kind;

	if (stream == 0)
		return u < 0.82 ? 1 : u < 0.92 ? 2 : u < 0.97 ? 3 : 4 + (int) (u * 1000) % 3;
	kind = pattern_of(t, episode);
	if (kind == VELOCITY_BURST)
		return (int) t->spec->pattern[kind][2];
	return u < 0.6 ? 1 : u < 0.9 ? 2 : 3;	/* MEAN_FRAUD_LENGTH */
}

static int64_t
episode_delay(const void *state, int stream, int64_t episode, int step)
{
	const Transactions *t = state;
	uint64_t	key = ml_hash_combine(t->episodes ^ (uint64_t) stream, (uint64_t) episode);
	double		u = ml_rng_unit_at(key, 2000 + step);
	double		minutes = 15;

	if (stream == 1 && pattern_of(t, episode) == VELOCITY_BURST)
		minutes = t->spec->pattern[VELOCITY_BURST][3] / t->spec->pattern[VELOCITY_BURST][2];
	else if (stream == 1)
		minutes = 40;
	/* the step-th gap lies between step - 1 + 0.1 and step gaps: ascending */
	return ml_whole_seconds(((double) step - 0.9 + 0.9 * u) * minutes * 60.0);
}

/* ---- the sampler ---- */

static MlCode
begin(void *state, const MlSampleSpec *spec, MlHost *host, MlStatus *status)
{
	Transactions *t = state;
	double		customers = spec->option[OPTION_CUSTOMERS];
	double		sum = 0;

	t->spec = spec;
	t->customers = isnan(customers) ? spec->rows / ROWS_PER_CUSTOMER + 10 : (int64_t) customers;
	/* of one country and category */
	t->merchants = t->customers / 400 + 4;
	t->episodes = ml_rng_key(spec->seed, STREAM_EPISODES);
	t->traits = ml_rng_key(spec->seed, STREAM_TRAITS);
	/* shares are of rows, what is drawn is an episode */
	for (int i = 0; i < N_PATTERNS; i++)
		t->pattern_share[i] = sum += spec->pattern[i][0] /
			(i == VELOCITY_BURST ? spec->pattern[i][2] : MEAN_FRAUD_LENGTH);
	for (int i = 0; i < N_PATTERNS && sum > 0; i++)
		t->pattern_share[i] /= sum;
	t->timeline.rhythm = &rhythm;
	t->timeline.start = spec->start;
	t->timeline.days = (int64_t) spec->option[OPTION_DAYS];
	t->timeline.key = ml_rng_key(spec->seed, STREAM_TIMES);
	t->timeline.rows[1] = (int64_t) ((double) spec->rows * spec->rate[0] + 0.5);
	t->timeline.rows[0] = spec->rows - t->timeline.rows[1];
	t->timeline.length = episode_length;
	t->timeline.delay = episode_delay;
	t->timeline.state = t;
	return ml_timeline_begin(&t->timeline, host, status);
}

static void
end(void *state)
{
	ml_timeline_end(&((Transactions *) state)->timeline);
}

static void
put_row(Transactions *t, const Payment *p, MlCell *row)
{
	int			cards = 1 + (int) (ml_trait(t->traits, p->customer, TRAIT_CARDS) % 2);
	/* cash is drawn with the first card */
	int			card = p->channel == CHANNEL_ONLINE ? cards : 1;

	row[COL_ID].integer = ++t->id;
	row[COL_EVENT_TIME].integer = p->time;
	row[COL_CUSTOMER].integer = p->customer + 1;
	row[COL_CARD].integer = (p->customer + 1) * 10 + card;
	row[COL_MERCHANT].integer = p->merchant;
	row[COL_CATEGORY].integer = p->category;
	row[COL_CHANNEL].integer = p->channel;
	row[COL_AMOUNT].number = ml_hundredths(p->amount < 0.5 ? 0.5 : p->amount);
	row[COL_COUNTRY].integer = p->country;
	row[COL_DEVICE].integer = p->device;
	row[COL_DEVICE].missing = p->device < 0;
}

static MlCode
next(void *state, MlCell *row, MlStatus *status)
{
	Transactions *t = state;
	MlEvent		event;
	Payment		p = {0};
	MlRng		rng;
	uint64_t	key;
	int			kind = -1;
	int64_t		first;
	double		u;
	MlCode		code = ml_timeline_next(&t->timeline, &event, status);

	if (code != ML_OK)
		return code;
	key = ml_hash_combine(t->episodes ^ (uint64_t) event.stream, (uint64_t) event.episode);
	if (event.stream == 1)
		kind = pattern_of(t, event.episode);
	/* all events of an episode are of the customer drawn for its beginning */
	first = event.step == 0 ? event.time : event.time - episode_delay(t, event.stream, event.episode, event.step);
	rng.key = ml_hash_combine(key, UINT64_C(0xc0));
	rng.counter = 0;
	p.customer = draw_customer(t, &rng, first, kind == ODD_HOURS);
	p.time = event.time;
	rng.key = ml_hash_combine(key, UINT64_C(0x100) + (uint64_t) event.step);
	rng.counter = 0;
	if (kind < 0)
		draw_payment(t, &rng, &p, false);
	else
		draw_fraud(t, &rng, key, kind, &p);
	put_row(t, &p, row);
	row[COL_FRAUD].integer = kind >= 0;
	row[COL_PATTERN].integer = kind;
	row[COL_PATTERN].missing = kind < 0;
	/* a fraud is reported within 40 days; what nobody has reported by day 45 was none */
	u = ml_rng_unit(&rng);
	row[COL_LABELED_AT].integer = event.time +
		(kind < 0 ? 45 * ML_DAY : ML_HOUR + ml_whole_seconds(u * u * 40.0 * 86400.0));
	return ML_OK;
}

const MlSampleKind ml_sample_transactions = {
	"transactions", columns, N_COLUMNS, pattern, N_PATTERNS, options, N_OPTIONS, 0,
	sizeof(Transactions), begin, next, end
};
