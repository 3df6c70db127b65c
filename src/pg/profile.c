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

#include "pg/profile.h"

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
	Unit		unit = unit_of(p->state->type);

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
mlops_profile_figures(MlopsColumnProfile *p, MlopsProfileState *state, Oid type)
{
	MlColumnView view = {0};
	MlHost		host;
	MlColumnWords words;

	memset(p, 0, sizeof(*p));
	no_figures(p);
	p->state = state;
	p->type = OidIsValid(type) ? type : state->type;
	p->kind = OidIsValid(p->type) ? mlops_profile_kind(getBaseType(p->type), &words) : MLOPS_PROFILE_OTHER;
	if (state->sketch.n_waiting > 0)
		mlops_profile_state_settle(state);
	p->null_count = state->sketch.nulls;
	p->rows = state->sketch.nulls + state->sketch.values;
	p->exact = !state->sketch.sketched;
	p->distinct_count = ml_column_distinct(&state->sketch, &p->distinct_error);
	if (OidIsValid(state->type) && state->sketch.words != ML_WORDS_HASH)
	{
		mlops_profile_host(&host, CurrentMemoryContext);
		mlops_profile_check_memory(ml_column_view(&view, &state->sketch, &host));
		number_figures(p, &view);
	}
	mlops_profile_write(p, &view);
	if (view.host != NULL)
		ml_column_view_release(&view);
}

/* ---- all columns of a source ---- */

typedef struct SourceProfile
{
	const MlopsSource *source;
	MlopsProfileFunction function;
	void	   *arg;
} SourceProfile;

static void
profile_row(TupleTableSlot *slot, void *arg)
{
	SourceProfile *all = arg;
	TupleDesc	desc = all->source->desc;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops column profile", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		MlopsColumnProfile profile;
		MlopsProfileState *state;

		if (slot->tts_isnull[i])
			state = palloc0(sizeof(MlopsProfileState));	/* no row at all */
		else
			state = (MlopsProfileState *) mlops_state_for_read(slot->tts_values[i], &mlops_profile_state_type);
		mlops_profile_figures(&profile, state, att->atttypid);
		profile.name = NameStr(att->attname);
		all->function(&profile, all->arg);
		MemoryContextReset(context);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

void
mlops_profile_source(const MlopsSource *source, MlopsProfileFunction function, void *arg)
{
	SourceProfile all = {source, function, arg};
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < source->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(source->desc, i);
		const char *name = quote_identifier(NameStr(att->attname));

		/* a pseudo-type such as anyarray has values, but is no type of an argument */
		appendStringInfo(&list, get_typtype(att->atttypid) == TYPTYPE_PSEUDO ?
						 "%smlops.profile_any((%s)::pg_catalog.text)" : "%smlops.profile_any(%s)",
						 i == 0 ? "" : ", ", name);
	}
	mlops_source_select(source, list.data, profile_row, &all);
	pfree(list.data);
}
