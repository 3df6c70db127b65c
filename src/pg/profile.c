/*
 * profile.c: one statement that profiles all columns of a source, and the
 * figures of each.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/host.h"
#include "pg/profile.h"
#include "pg/status.h"

const double mlops_profile_shares[MLOPS_PROFILE_QUANTILES] = {0.01, 0.25, 0.5, 0.75, 0.99};

/* ---- figures of one column ---- */

/* Numbers of the sketch to the unit that is told: y = factor * x + shift. */
typedef struct Unit
{
	double		factor;
	double		shift;
} Unit;

static Unit
unit_of(Oid type)
{
	const double epoch = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (double) SECS_PER_DAY;

	switch (type)
	{
		case DATEOID:
			return (Unit) {SECS_PER_DAY, epoch};
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return (Unit) {1.0 / USECS_PER_SEC, epoch};
		case TIMEOID:
			return (Unit) {1.0 / USECS_PER_SEC, 0};
		default:
			return (Unit) {1, 0};
	}
}

static double
in_unit(Unit unit, double x)
{
	/* divided, as 1e-6 is no double */
	return unit.factor < 1 ? x / USECS_PER_SEC + unit.shift : x * unit.factor + unit.shift;
}

/* stddev, beyond the range of a double, is as good as none */
static double
finite_or_none(double x)
{
	return isfinite(x) ? x : NAN;
}

static void
number_figures(MlopsColumnProfile *p, MlColumnView *view)
{
	Unit		unit = unit_of(p->column->type);

	p->nan = view->nan;
	p->plus_infinity = view->plus_infinity;
	p->minus_infinity = view->minus_infinity;
	if (view->n == 0)
		return;
	p->minimum = in_unit(unit, view->minimum);
	p->maximum = in_unit(unit, view->maximum);
	p->mean = in_unit(unit, view->mean);
	p->stddev = finite_or_none(view->stddev * unit.factor);
	if (p->kind == MLOPS_PROFILE_BOOLEAN)
		return;
	for (int i = 0; i < MLOPS_PROFILE_QUANTILES; i++)
		p->quantile[i] = in_unit(unit, ml_column_quantile(view, mlops_profile_shares[i]));
	p->quantile_error = view->error;
	ml_column_fences(view, &p->fence[0], &p->fence[1]);
	p->outliers = ml_column_below(view, p->fence[0]) + view->n - ml_column_up_to(view, p->fence[1]);
}

static void
no_figures(MlopsColumnProfile *p)
{
	p->exact = true;
	p->outliers = -1;
	p->minimum = p->maximum = p->mean = p->stddev = NAN;
	p->fence[0] = p->fence[1] = NAN;
	for (int i = 0; i < MLOPS_PROFILE_QUANTILES; i++)
		p->quantile[i] = NAN;
}

void
mlops_profile_describe(MlopsColumnProfile *p, const MlopsProfileColumn *column, Oid type)
{
	MlColumnView view = {0};
	MlHost		host;
	MlColumnWords words;

	memset(p, 0, sizeof(*p));
	no_figures(p);
	p->column = column;
	/* the type of a state that was kept may be gone */
	p->type = OidIsValid(type) ? type : column->type;
	p->kind = mlops_profile_kind(OidIsValid(type) ? getBaseType(type) : column->type, &words);
	p->null_count = column->sketch.nulls;
	p->rows = column->sketch.nulls + column->sketch.values;
	p->exact = !column->sketch.sketched;
	p->distinct_count = ml_column_distinct(&column->sketch, &p->distinct_error);
	if (OidIsValid(column->type) && column->sketch.words != ML_WORDS_HASH)
	{
		mlops_profile_host(&host, CurrentMemoryContext);
		mlops_profile_check_memory(ml_column_view(&view, &column->sketch, &host));
		number_figures(p, &view);
	}
	mlops_profile_write(p, &view);
	if (view.host != NULL)
		ml_column_view_release(&view);
}

/* ---- all columns of a source ---- */

/* Columns of one call of the aggregate; the server takes at most 99. */
#define COLUMNS_AT_ONCE 64

#define ROWS_BETWEEN_POLLS 32768

typedef struct SourceProfile
{
	const MlopsSource *source;
	MlopsProfileFunction function;
	void	   *arg;
	MemoryContext context;		/* until the next column */
	MlopsHost	host;			/* for progress */
	int64		rows;			/* read by this process, of all calls of the aggregate */
	double		estimate;
	struct SourceProfile *outer;	/* one whose source calls for this one */
} SourceProfile;

/* What this process is reading now. */
static SourceProfile *current = NULL;
bool		mlops_profile_watched = false;

static void
poll(SourceProfile *all, const char *phase, double share)
{
	MlStatus	status = {0};

	if (all->host.host.poll(&all->host.host, phase, share))
		mlops_check_status(ML_CANCELLED, &status);
}

void
mlops_profile_row_read(void)
{
	if (++current->rows % ROWS_BETWEEN_POLLS == 0)
		poll(current, "reading rows", (double) current->rows / Max(current->estimate, current->rows * 1.01));
}

static void
watch(SourceProfile *all)
{
	current = all;
	mlops_profile_watched = all != NULL;
}

static void
start_reading(double estimate, void *arg)
{
	SourceProfile *all = arg;
	int			calls = (all->source->desc->natts + COLUMNS_AT_ONCE - 1) / COLUMNS_AT_ONCE;

	all->estimate = estimate * calls;
	poll(all, "reading rows", 0);
}

static void
profile_column(SourceProfile *all, int i, const MlopsProfileColumn *column)
{
	Form_pg_attribute att = TupleDescAttr(all->source->desc, i);
	MemoryContext caller = MemoryContextSwitchTo(all->context);
	MlopsColumnProfile profile;

	CHECK_FOR_INTERRUPTS();
	mlops_profile_describe(&profile, column, att->atttypid);
	profile.name = NameStr(att->attname);
	all->function(&profile, all->arg);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(all->context);
}

static void
profile_row(TupleTableSlot *slot, void *arg)
{
	static const MlopsProfileColumn no_row;
	SourceProfile *all = arg;
	int			n = all->source->desc->natts;

	mlops_profile_watched = false;
	poll(all, "taking figures", 0);
	all->context = AllocSetContextCreate(CurrentMemoryContext, "mlops column profile", ALLOCSET_DEFAULT_SIZES);
	for (int from = 0, call = 0; from < n; from += COLUMNS_AT_ONCE, call++)
	{
		int			columns = Min(COLUMNS_AT_ONCE, n - from);
		MlopsProfileState *state = slot->tts_isnull[call] ? NULL : mlops_profile_read(slot->tts_values[call]);

		Assert(state == NULL || state->n == columns);
		for (int i = 0; i < columns; i++)
			profile_column(all, from + i, state == NULL ? &no_row : &state->column[i]);
	}
	MemoryContextDelete(all->context);
}

void
mlops_profile_source(const MlopsSource *source, MlopsProfileFunction function, void *arg)
{
	SourceProfile all = {.source = source, .function = function, .arg = arg, .outer = current};
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < source->desc->natts; i++)
	{
		if (i % COLUMNS_AT_ONCE == 0)
			appendStringInfo(&list, "%smlops.profile_columns(", i == 0 ? "" : "), ");
		else
			appendStringInfoString(&list, ", ");
		appendStringInfoString(&list, quote_identifier(NameStr(TupleDescAttr(source->desc, i)->attname)));
	}
	appendStringInfoChar(&list, ')');
	mlops_host_init(&all.host, CurrentMemoryContext, 0, "profile");
	PG_TRY();
	{
		watch(&all);
		(void) mlops_source_select(source, list.data, start_reading, profile_row, &all);
	}
	PG_FINALLY();
	{
		watch(all.outer);
	}
	PG_END_TRY();
	mlops_host_done(&all.host);
	pfree(list.data);
}
