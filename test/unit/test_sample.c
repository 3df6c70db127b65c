/*
 * test_sample.c: made-up rows: the same on every machine, in order of time,
 * with the shares asked for, differing from habits as their patterns say.
 */
#include <stdlib.h>

#include "host_test.h"
#include "kernel/hash.h"
#include "learn/sample.h"
#include "learn/sample_draw.h"
#include "learn/sample_timeline.h"
#include "tap.h"

#define DAY ML_DAY
#define START (9132 * DAY)		/* 2025-01-01 */

static TestHost host;

/* Rows of a run, kept. */
typedef struct Rows
{
	const MlSampleKind *kind;
	int64_t		n;
	MlCell	   *cell;
} Rows;

static MlSampleSpec
spec_of(const MlSampleKind *kind, int64_t rows, double rate, double rate2)
{
	MlSampleSpec spec;

	ml_sample_defaults(&spec, kind);
	spec.rows = rows;
	spec.rate[0] = rate;
	spec.rate[1] = rate2;
	spec.seed = 42;
	spec.start = START;
	return spec;
}

static MlCode
run(const MlSampleSpec *spec, Rows *rows)
{
	MlSampler	sampler;
	MlStatus	status = {0};
	MlCode		code = ml_sampler_begin(&sampler, spec, &host.host, &status);
	int			width = spec->kind->n_columns;

	rows->kind = spec->kind;
	rows->n = 0;
	rows->cell = calloc((size_t) (spec->rows > 0 && code == ML_OK ? spec->rows : 1) * width, sizeof(MlCell));
	if (code != ML_OK)
		return code;
	while (rows->n < spec->rows && code == ML_OK)
	{
		code = ml_sampler_next(&sampler, rows->cell + rows->n * width, &status);
		rows->n += code == ML_OK;
	}
	ml_sampler_end(&sampler);
	return code;
}

static Rows
rows_of(const MlSampleSpec *spec)
{
	Rows		rows;

	run(spec, &rows);
	return rows;
}

static const MlCell *
cell(const Rows *rows, int64_t row, const char *column)
{
	for (int i = 0; i < rows->kind->n_columns; i++)
		if (strcmp(rows->kind->column[i].name, column) == 0)
			return &rows->cell[row * rows->kind->n_columns + i];
	abort();
}

static int64_t
integer(const Rows *rows, int64_t row, const char *column)
{
	return cell(rows, row, column)->integer;
}

static int64_t
count(const Rows *rows, const char *column, int64_t value)
{
	int64_t		n = 0;

	for (int64_t i = 0; i < rows->n; i++)
		n += !cell(rows, i, column)->missing && integer(rows, i, column) == value;
	return n;
}

static uint64_t
checksum(const Rows *rows)
{
	uint64_t	h = 0;

	for (int64_t i = 0; i < rows->n * rows->kind->n_columns; i++)
	{
		const MlCell *c = &rows->cell[i];
		uint64_t	bits;

		memcpy(&bits, &c->number, sizeof(bits));
		h = ml_hash_combine(h, c->missing ? 1 : ml_hash_combine((uint64_t) c->integer, bits));
	}
	return h;
}

/* ---- all kinds ---- */

static const MlSampleKind *const kinds[] = {&ml_sample_transactions, &ml_sample_customers, &ml_sample_invoices};

static void
test_fixed(void)
{
	/* the rows of a seed never change, and are the same with every compiler and processor */
	static const uint64_t want[] = {
		UINT64_C(0x1bdc190e7d6dd75a), UINT64_C(0xa6e7243c3af9e2b9), UINT64_C(0xf76f0749104d4579)
	};

	for (int k = 0; k < 3; k++)
	{
		MlSampleSpec spec = spec_of(kinds[k], 5000, 0.1, 0.1);
		Rows		rows = rows_of(&spec);
		Rows		again = rows_of(&spec);
		Rows		other;
		uint64_t	got = checksum(&rows);

		spec.seed = 43;
		other = rows_of(&spec);
		if (!OK(got == want[k], kinds[k]->name))
			printf("#   got 0x%016llx\n", (unsigned long long) got);
		OK(checksum(&again) == got && checksum(&other) != got, "the same again, others with another seed");
		free(rows.cell);
		free(again.cell);
		free(other.cell);
	}
}

static void
test_order(void)
{
	for (int k = 0; k < 3; k++)
		for (int64_t n = 0; n < 2000; n = n * 3 + 1)
		{
			MlSampleSpec spec = spec_of(kinds[k], n, 0.3, 0.3);
			Rows		rows = rows_of(&spec);
			bool		good = rows.n == n;

			for (int64_t i = 1; i < rows.n; i++)
				good &= integer(&rows, i, "event_time") >= integer(&rows, i - 1, "event_time");
			for (int64_t i = 0; i < rows.n; i++)
				good &= integer(&rows, i, "event_time") >= START &&
					integer(&rows, i, "labeled_at") > integer(&rows, i, "event_time");
			OK(good, "rows come in the order of time");
			free(rows.cell);
		}
}

static void
test_memory(void)
{
	for (int k = 0; k < 3; k++)
	{
		MlSampleSpec spec = spec_of(kinds[k], 3000, 0.5, 0.5);
		bool		good = true;
		int			failed = 0;

		/* all patterns with many steps: the heap grows */
		if (k == 0)
			spec.pattern[0][2] = 100;
		test_host_reset(&host);
		for (host.fail_at = 1; host.fail_at < 30; host.fail_at++)
		{
			Rows		rows;
			MlCode		code = run(&spec, &rows);

			good &= code == (host.n_alloc >= host.fail_at ? ML_NO_MEMORY : ML_OK);
			failed += code == ML_NO_MEMORY;
			good &= host.n_alive == 0;
			free(rows.cell);
			test_host_reset(&host);
		}
		host.fail_at = 0;
		OK(good && failed > 0 && failed < 29, "no memory is an error, and nothing is kept");
	}
}

static void
test_cancel(void)
{
	MlSampleSpec spec = spec_of(&ml_sample_transactions, ML_SAMPLE_MAX_ROWS, 0.5, 0);
	MlSampler	sampler;
	MlStatus	status = {0};

	host.stop_at = 1;
	OK(ml_sampler_begin(&sampler, &spec, &host.host, &status) == ML_CANCELLED && host.n_alive == 0,
	   "planning many rows can be cancelled");
	test_host_reset(&host);
	spec.rows = 20000;
	host.stop_at = 3;
	{
		Rows		rows;

		OK(run(&spec, &rows) == ML_CANCELLED && rows.n == 8192 && host.n_alive == 0, "and making them");
		free(rows.cell);
	}
	host.stop_at = 0;
	test_host_reset(&host);
}

/* ---- drift ---- */

static int
column_of(const MlSampleKind *kind, const char *name)
{
	for (int i = 0; i < kind->n_columns; i++)
		if (strcmp(kind->column[i].name, name) == 0)
			return i;
	abort();
}

static void
test_drift(void)
{
	MlSampleSpec spec = spec_of(&ml_sample_transactions, 20000, 0.02, 0);
	Rows		before = rows_of(&spec);
	Rows		after;
	int			amount = column_of(spec.kind, "amount");
	int			channel = column_of(spec.kind, "channel");
	int64_t		changed = 0;
	int64_t		later = 0;
	int64_t		missing = 0;
	bool		good = true;

	spec.drift_from = START + 60 * DAY;
	spec.shift[amount] = (MlSampleShift) {true, 2, 1, -1, 0, 0.1};
	spec.shift[channel] = (MlSampleShift) {true, 1, 0, 0, 0.5, 0};
	after = rows_of(&spec);
	for (int64_t i = 0; i < before.n; i++)
	{
		const MlCell *was = cell(&before, i, "amount");
		const MlCell *is = cell(&after, i, "amount");
		bool		drifts = integer(&before, i, "event_time") >= spec.drift_from;

		later += drifts;
		missing += is->missing;
		changed += integer(&after, i, "channel") != integer(&before, i, "channel");
		if (drifts)
			good &= is->missing || fabs(is->number - (2 * was->number + 1)) < 0.005 + 1e-9;
		else
			good &= is->number == was->number && !is->missing &&
				integer(&after, i, "channel") == integer(&before, i, "channel");
		good &= integer(&after, i, "is_fraud") == integer(&before, i, "is_fraud");
	}
	OK(good && later > 5000, "from its instant on a column is scaled, nothing else changes");
	OK(fabs((double) missing / (double) later - 0.1) < 0.02, "a share is missing");
	OK(fabs((double) changed / (double) later - 0.48) < 0.04, "a share gets a word");
	free(before.cell);
	free(after.cell);
}

/* ---- transactions ---- */

static void
only_pattern(MlSampleSpec *spec, int first, int pattern)
{
	for (int i = first; i < spec->kind->n_patterns; i++)
		spec->pattern[i][0] = i == pattern;
}

static void
test_fraud_share(void)
{
	static const double rate[] = {0, 0.001, 0.02, 0.5, 1};

	for (int i = 0; i < 5; i++)
	{
		MlSampleSpec spec = spec_of(&ml_sample_transactions, 4000, rate[i], 0);
		Rows		rows = rows_of(&spec);

		OK(count(&rows, "is_fraud", 1) == (int64_t) (4000 * rate[i]), "as many frauds as asked for");
		free(rows.cell);
	}
	{
		MlSampleSpec spec = spec_of(&ml_sample_transactions, 40000, 0.1, 0);
		Rows		rows = rows_of(&spec);

		for (int i = 0; i < 5; i++)
			OK(fabs((double) count(&rows, "fraud_pattern", i) - 800) < 120, "patterns have equal shares of the rows");
		free(rows.cell);
	}
}

/* The rows of one pattern of fraud, each judged by what its customer did honestly; share of those that fit. */
static double
fitting(int pattern, bool (*fits) (const Rows *rows, int64_t row))
{
	MlSampleSpec spec = spec_of(&ml_sample_transactions, 10000, 0.02, 0);
	Rows		rows;
	int64_t		n = 0;
	int64_t		good = 0;

	only_pattern(&spec, 0, pattern);
	rows = rows_of(&spec);
	for (int64_t i = 0; i < rows.n; i++)
		if (integer(&rows, i, "is_fraud") != 0)
		{
			n++;
			good += fits(&rows, i);
		}
	free(rows.cell);
	return n == 200 ? (double) good / (double) n : -1;
}

/* How often the customer of a row has the row's value in its honest rows; total: of all of them. */
static int64_t
honest_rows(const Rows *rows, int64_t row, const char *column, int64_t *total)
{
	int64_t		n = 0;

	*total = 0;
	for (int64_t i = 0; i < rows->n; i++)
	{
		if (integer(rows, i, "customer_id") != integer(rows, row, "customer_id") || integer(rows, i, "is_fraud") != 0)
			continue;
		++*total;
		n += !cell(rows, i, column)->missing && integer(rows, i, column) == integer(rows, row, column);
	}
	return n;
}

static bool
is_abroad(const Rows *rows, int64_t row)
{
	int64_t		total;

	return honest_rows(rows, row, "country", &total) * 2 < total;
}

static bool
is_new_device(const Rows *rows, int64_t row)
{
	int64_t		total;

	return honest_rows(rows, row, "device_id", &total) == 0;
}

static bool
is_round(const Rows *rows, int64_t row)
{
	return fmod(cell(rows, row, "amount")->number, 50) == 0;
}

static bool
is_in_burst(const Rows *rows, int64_t row)
{
	int			near = 0;

	for (int64_t i = 0; i < rows->n; i++)
		near += integer(rows, i, "customer_id") == integer(rows, row, "customer_id") &&
			integer(rows, i, "is_fraud") != 0 &&
			llabs((long long) (integer(rows, i, "event_time") - integer(rows, row, "event_time"))) <= 31 * ML_MINUTE;
	return near >= 6;
}

/* Few honest payments within four hours of the day around the fraud's. */
static bool
is_odd_hour(const Rows *rows, int64_t row)
{
	double		hour = (double) (integer(rows, row, "event_time") % DAY) / (double) ML_HOUR;
	int64_t		total = 0;
	int64_t		near = 0;

	for (int64_t i = 0; i < rows->n; i++)
	{
		if (integer(rows, i, "customer_id") != integer(rows, row, "customer_id") || integer(rows, i, "is_fraud") != 0)
			continue;
		total++;
		near += ml_hours_apart(hour, (double) (integer(rows, i, "event_time") % DAY) / (double) ML_HOUR) < 2;
	}
	return near * 10 <= total;
}

static void
test_patterns(void)
{
	OK(fitting(0, is_in_burst) > 0.97, "a burst is many payments within minutes");
	OK(fitting(1, is_odd_hour) > 0.9, "odd hours are not the customer's");
	OK(fitting(2, is_abroad) > 0.97, "foreign places are not where the customer is at home");
	OK(fitting(3, is_round) == 1, "round amounts are round");
	OK(fitting(4, is_new_device) == 1, "new devices were never seen");
}

/* ---- customers ---- */

static int64_t
month_end(int64_t start_day, int months)
{
	MlSampleSpec spec = spec_of(&ml_sample_customers, months, 0, 0);
	Rows		rows;
	int64_t		end;

	spec.start = start_day * DAY;
	spec.option[0] = months;
	rows = rows_of(&spec);
	end = integer(&rows, months - 1, "event_time") / DAY;
	free(rows.cell);
	return end;
}

static void
test_customers(void)
{
	static const double rate[] = {0, 0.01, 0.05, 0.3, 0.9, 1};
	MlSampleSpec spec = spec_of(&ml_sample_customers, 24000, 0.05, 0);
	Rows		rows;
	int64_t		last[8000] = {0};
	bool		good = true;

	for (int i = 0; i < 6; i++)
	{
		spec.rate[0] = rate[i];
		rows = rows_of(&spec);
		OK(fabs((double) count(&rows, "churned", 1) / 24000 - rate[i]) <= 0.006, "about as many leave as asked for");
		free(rows.cell);
	}
	spec.rate[0] = 0.05;
	spec.rows = 6000;
	rows = rows_of(&spec);
	for (int64_t i = 0; i < rows.n; i++)
	{
		int64_t		id = integer(&rows, i, "customer_id");

		/* -1: has left */
		good &= id > 0 && id < 8000 && last[id] >= 0 && last[id] < integer(&rows, i, "event_time");
		last[id] = integer(&rows, i, "churned") != 0 ? -1 : integer(&rows, i, "event_time");
		good &= cell(&rows, i, "churn_pattern")->missing == (integer(&rows, i, "churned") == 0);
	}
	OK(good, "one row a customer and month, none after the customer has left");
	free(rows.cell);
	/* days since 2000-01-01 */
	OK(month_end(8766, 1) == 8766 + 31 && month_end(8766, 2) == 8766 + 60, "months from the first of a leap year");
	OK(month_end(8796, 1) == 8796 + 29 && month_end(8796, 2) == 8796 + 60,
	   "from the 31st of January: the last of each month");
	OK(month_end(-10957, 120) == -7305 + 0, "ten years from 1970");
	OK(month_end(36525, 24) == 36525 + 730, "from 2100, which is no leap year");
}

/* ---- invoices ---- */

static void
test_invoices(void)
{
	static const double rate[] = {0, 0.05, 0.25, 0.8, 1};
	MlSampleSpec spec;
	Rows		rows;
	bool		good = true;

	for (int i = 0; i < 5; i++)
	{
		spec = spec_of(&ml_sample_invoices, 20000, rate[i], 0.02);
		rows = rows_of(&spec);
		OK(fabs((double) count(&rows, "is_late", 1) / 20000 - rate[i]) <= 0.02, "about as many late as asked for");
		OK(count(&rows, "is_fraud", 1) == 400, "as many frauds as asked for");
		for (int64_t row = 0; row < rows.n; row++)
		{
			int64_t		late = integer(&rows, row, "days_late");
			int64_t		due = integer(&rows, row, "due_at");
			int64_t		sent = integer(&rows, row, "event_time");
			int64_t		paid = integer(&rows, row, "paid_at");

			good &= integer(&rows, row, "is_late") == (late > 0) && paid == due + late * DAY && paid > sent &&
				due == sent + integer(&rows, row, "terms_days") * DAY;
		}
		free(rows.cell);
	}
	OK(good, "invoices are paid when they say");

	/* duplicates */
	spec = spec_of(&ml_sample_invoices, 5000, 0.25, 0.02);
	only_pattern(&spec, 3, 3);
	rows = rows_of(&spec);
	{
		int64_t		n = 0;

		for (int64_t i = 0; i < rows.n; i++)
			for (int64_t j = 0; j < rows.n && integer(&rows, i, "is_fraud") != 0; j++)
				if (integer(&rows, j, "is_fraud") == 0 &&
					cell(&rows, i, "amount")->number == cell(&rows, j, "amount")->number &&
					integer(&rows, i, "supplier_id") == integer(&rows, j, "supplier_id") &&
					integer(&rows, i, "buyer_id") == integer(&rows, j, "buyer_id") &&
					integer(&rows, j, "event_time") <= integer(&rows, i, "event_time") &&
					integer(&rows, i, "event_time") - integer(&rows, j, "event_time") < 18 * DAY)
				{
					n++;
					break;
				}
		OK(n >= 95, "a duplicate was sent before");
	}
	free(rows.cell);
}

/* ---- the timeline against its naive twin ---- */

static int
some_length(const void *state, int stream, int64_t episode)
{
	(void) state;
	return 1 + (int) (ml_mix64((uint64_t) episode * 2 + (uint64_t) stream) % 4);
}

static int64_t
some_delay(const void *state, int stream, int64_t episode, int step)
{
	(void) state;
	return (int64_t) (step * (int64_t) (ml_mix64((uint64_t) episode) % 50) * ML_HOUR + stream);
}

static int
by_time(const void *a, const void *b)
{
	const MlEvent *x = a;
	const MlEvent *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

static void
test_timeline(void)
{
	static const MlRhythm rhythm = {
		{1, 2, 3, 4, 5, 6, 7},
		{1, 1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 9, 9, 9, 9, 1, 1, 1, 1, 1, 1, 1, 1}
	};
	MlTimeline	t = {
		.rhythm = &rhythm, .start = START, .days = 17, .key = 5, .rows = {1000, 300},
		.length = some_length, .delay = some_delay
	};
	MlStatus	status = {0};
	MlEvent		got[1300];
	MlEvent		want[1300];
	int64_t		n = 0;
	bool		good = true;
	int			busy = 0;

	ml_timeline_begin(&t, &host.host, &status);
	for (int i = 0; i < 1300; i++)
		good &= ml_timeline_next(&t, &got[i], &status) == ML_OK;
	for (int s = 0; s < 2; s++)
	{
		int64_t		left = t.rows[s];

		for (int64_t e = 0; left > 0; e++)
			for (int step = 0; step < some_length(NULL, s, e) && left > 0; step++, left--)
				want[n++] = (MlEvent)
				{
					ml_timeline_time(&t, ml_timeline_place(&t, s, e)) + (step > 0 ? some_delay(NULL, s, e, step) : 0),
					e, s, step
				};
	}
	qsort(want, 1300, sizeof(MlEvent), by_time);
	for (int i = 0; i < 1300; i++)
	{
		good &= got[i].time == want[i].time;
		busy += got[i].step == 0 && got[i].time % DAY >= 8 * ML_HOUR && got[i].time % DAY < 16 * ML_HOUR;
	}
	ml_timeline_end(&t);
	OK(good && n == 1300, "events come as sorting all of them would have them");
	OK(fabs(busy / (double) (t.episodes[0] + t.episodes[1]) - 72.0 / 88) < 0.02, "and keep the rhythm of the day");
	OK(ml_timeline_time(&t, 0) == START, "the first place is the start");
	OK(ml_timeline_time(&t, 1) == START + 17 * DAY, "the last one the end");
}

int
main(void)
{
	test_host_init(&host, 1);
	test_fixed();
	test_order();
	test_memory();
	test_cancel();
	test_drift();
	test_fraud_share();
	test_patterns();
	test_customers();
	test_invoices();
	test_timeline();
	OK(host.n_alive == 0, "no memory is kept");
	return tap_done();
}
