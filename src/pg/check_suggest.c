/*
 * check_suggest.c: checks that rows which are known to be good would pass,
 * and others of their kind too.
 *
 * Another sample of the same kind of rows differs from the one that is looked
 * at.  So bounds have margins (check_suggest_number.c).  What is evident but
 * not certain (no repeated value, a form of texts, an order, one column always
 * above another) is proposed and then tried on the rows: what does not hold is
 * dropped.
 *
 * Facts that one row decides are errors, figures of all rows are warnings.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "pg/check_suggest.h"
#include "pg/check_suggest_state.h"
#include "pg/validation.h"

#define MANY_ROWS 100
/* Whole numbers drawn by chance from their range would have repeated so often. */
#define EXPECTED_REPEATS 5
/* Columns that are compared with each other. */
#define MAX_PAIRED 24
/* Columns whose values together may make a row unique. */
#define MAX_COMPOUND 32
#define LONG_VALUE 200

MlopsProposal *
mlops_propose(MlopsSuggest *s, const char *rule, const MlopsColumnFacts *f, MlopsJson *args,
			  const char *severity, char *reason)
{
	MlopsProposal *p = palloc0(sizeof(MlopsProposal));

	if (args == NULL)
	{
		MlopsJson	none = MLOPS_JSON_INIT;

		mlops_json_begin(&none);
		mlops_json_end(&none);
		p->check.args = mlops_json_finish(&none);
	}
	else
	{
		mlops_json_end(args);
		p->check.args = mlops_json_finish(args);
	}
	p->check.rule = pstrdup(rule);
	p->check.column = f != NULL ? f->name : NULL;
	p->check.mostly = 1;
	p->check.severity = pstrdup(severity);
	p->reason = reason;
	p->certain = true;
	p->tried = 1;
	s->proposals = lappend(s->proposals, p);
	return p;
}

double
mlops_cut_share(double share)
{
	return Max(0, floor(share * 1000) / 1000);
}

/* What some rows decide is certain enough to stop a training only when there were many to look at. */
const char *
mlops_row_severity(const MlopsColumnFacts *f)
{
	return f->present >= MANY_ROWS ? "error" : "warning";
}

/* No value repeats, as far as is known. */
bool
mlops_facts_distinct(const MlopsColumnFacts *f)
{
	return f->present >= MLOPS_SUGGEST_ROWS && f->distinct >= (1 - f->distinct_error) * f->present;
}

/*
 * A column made to tell rows apart.  Of measurements in a wide range none may
 * repeat by chance; where chance would have made some repeat, it is meant.
 */
bool
mlops_facts_identity(const MlopsColumnFacts *f)
{
	if (!mlops_facts_distinct(f))
		return false;
	if (f->whole)
		return (double) f->present * f->present > 2 * EXPECTED_REPEATS * (f->maximum - f->minimum + 1);
	return f->base == UUIDOID || f->n_shapes == 1;
}

/* ---- any column ---- */

static void
suggest_type(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	char	   *type = format_type_with_typemod(f->type, f->typmod);

	mlops_json_begin(&json);
	mlops_json_key(&json, "type");
	mlops_json_text(&json, type);
	mlops_propose(s, "of_type", f, &json, "error", psprintf("its type is %s", type));
}

static void
suggest_present(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	double		missing = 1 - (double) f->present / f->rows;
	double		mostly;

	if (f->present == f->rows)
	{
		mlops_propose(s, "not_null", f, NULL, "error", "no value is missing");
		return;
	}
	mostly = mlops_cut_share(1 - missing - MLOPS_SUGGEST_SURE * sqrt(missing * (1 - missing) / f->rows) - 0.02);
	if (mostly >= 0.05)
		mlops_propose(s, "not_null", f, NULL, "warning",
					  psprintf("%.3g %% are missing", 100 * missing))->check.mostly = mostly;
}

static void
suggest_unique(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsProposal *p;

	if (!mlops_facts_distinct(f) || !(f->whole || f->kind == MLOPS_CHECK_TEXT || f->kind == MLOPS_CHECK_LABEL))
		return;
	p = mlops_propose(s, "unique", f, NULL, mlops_facts_identity(f) ? "error" : "warning", "no value repeats");
	p->certain = false;
	if (!mlops_facts_identity(f))
		p->check.mostly = mlops_cut_share(1 - 10.0 / f->present);
	else if (s->identity == NULL && f->whole && f->present == f->rows)
		s->identity = f;
}

/* The number of different values, within a factor of two. */
static void
suggest_distinct(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	if (f->n_values > 0 || f->distinct < 20 || mlops_facts_distinct(f))
		return;
	mlops_json_begin(&json);
	mlops_json_key(&json, "min");
	mlops_json_integer(&json, f->distinct / 2);
	if (f->kind == MLOPS_CHECK_TEXT || f->kind == MLOPS_CHECK_LABEL)
	{
		mlops_json_key(&json, "max");
		mlops_json_integer(&json, f->distinct * 2);
	}
	mlops_propose(s, "distinct_count_between", f, &json, "warning",
				  psprintf(INT64_FORMAT " different values", f->distinct));
}

/* Values that many rows have do not all go away. */
static void
suggest_usual_values(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	int			usual = 0;

	for (int i = 0; i < f->n_values; i++)
		usual += f->value[i].rows >= Max(MLOPS_SUGGEST_ROWS, 0.02 * f->present);
	if (usual < 2)
		return;
	mlops_json_begin(&json);
	mlops_json_key(&json, "min");
	mlops_json_integer(&json, usual);
	mlops_propose(s, "distinct_count_between", f, &json, "warning",
				  psprintf("%d values are usual", usual));
}

/* The share of rows with the commonest value, or of those with another one, does not fall. */
static void
suggest_share(MlopsSuggest *s, const MlopsColumnFacts *f, const char *rule, double share, const char *reason)
{
	double		mostly = mlops_cut_share(share - MLOPS_SUGGEST_SURE * sqrt(share * (1 - share) / f->present) - 0.02);
	MlopsJson	json = MLOPS_JSON_INIT;

	if (mostly < 0.05)
		return;
	mlops_json_begin(&json);
	mlops_json_key(&json, "values");
	mlops_json_begin_array(&json);
	mlops_json_text(&json, f->value[0].text);
	mlops_json_end_array(&json);
	mlops_propose(s, rule, f, &json, "warning", psprintf(reason, 100 * share, f->value[0].text))->check.mostly = mostly;
}

/* Of numbers and truth values their mean tells as much. */
static void
suggest_balance(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	double		share = (double) f->value[0].rows / f->present;

	if (f->kind == MLOPS_CHECK_NUMBER || f->n_values < 2)
		return;
	suggest_share(s, f, "in_set", share, "%.3g %% are \"%s\"");
	suggest_share(s, f, "not_in_set", 1 - share, "%.3g %% are not \"%s\"");
}

void
mlops_suggest_values(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	int64		once = 0;
	int64		fewest = f->rows;
	MlopsProposal *p;

	for (int i = 0; i < f->n_values; i++)
	{
		once += f->value[i].rows == 1;
		fewest = Min(fewest, f->value[i].rows);
		if (strlen(f->value[i].text) > LONG_VALUE)
			return;
	}
	mlops_json_begin(&json);
	mlops_json_key(&json, "values");
	mlops_json_begin_array(&json);
	for (int i = 0; i < f->n_values; i++)
		if (f->kind == MLOPS_CHECK_NUMBER)
			mlops_json_decimal(&json, f->value[i].text);
		else
			mlops_json_text(&json, f->value[i].text);
	mlops_json_end_array(&json);
	p = mlops_propose(s, "in_set", f, &json, f->n_values > 1 ? "error" : "warning",
					  f->n_values > 1 ? psprintf("%d different values", f->n_values) : "one value only");
	/* values that are rare here stand for others that were not met (Good 1953) */
	if (fewest < 5)
		p->check.mostly = mlops_cut_share(1 - (5.0 * once + 5) / f->present);
	suggest_usual_values(s, f);
	suggest_balance(s, f);
}

/* ---- columns together ---- */

static bool
has_order(const MlopsColumnFacts *f)
{
	if (f->present < MLOPS_SUGGEST_ROWS || isnan(f->minimum))
		return false;
	return f->kind == MLOPS_CHECK_TIME ||
		(f->kind == MLOPS_CHECK_NUMBER && f->n_values == 0 && !mlops_facts_identity(f));
}

/* That a is never below b would show in their quantiles, and says nothing of columns whose ranges lie apart. */
static bool
may_be_above(const MlopsColumnFacts *a, const MlopsColumnFacts *b)
{
	if (a->kind != b->kind || (a->base == TIMESTAMPTZOID) != (b->base == TIMESTAMPTZOID))
		return false;
	if (a->minimum >= b->quantile[3] || a->minimum < b->minimum || a->maximum < b->maximum)
		return false;
	for (int i = 0; i < MLOPS_FACTS_QUANTILES; i++)
		if (a->quantile[i] < b->quantile[i])
			return false;
	return true;
}

static void
suggest_pairs(MlopsSuggest *s)
{
	const MlopsColumnFacts *candidate[MAX_PAIRED];
	int			n = 0;

	for (int i = 0; i < s->n && n < MAX_PAIRED; i++)
		if (has_order(&s->facts[i]))
			candidate[n++] = &s->facts[i];
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
		{
			MlopsJson	json = MLOPS_JSON_INIT;
			MlopsProposal *p;

			if (i == j || !may_be_above(candidate[i], candidate[j]))
				continue;
			mlops_json_begin(&json);
			mlops_json_key(&json, "other");
			mlops_json_text(&json, candidate[j]->name);
			mlops_json_key(&json, "or_equal");
			mlops_json_bool(&json, true);
			p = mlops_propose(s, "pair_greater", candidate[i], &json, mlops_row_severity(candidate[i]),
							  psprintf("never below \"%s\"", candidate[j]->name));
			p->check.mostly = Min(0.99, mlops_cut_share(1 - 10.0 / Min(candidate[i]->present, candidate[j]->present)));
			p->certain = false;
		}
}

/* Times that go with the numbers of the rows. */
static void
suggest_order(MlopsSuggest *s)
{
	for (int i = 0; s->identity != NULL && i < s->n; i++)
	{
		const MlopsColumnFacts *f = &s->facts[i];
		MlopsJson	json = MLOPS_JSON_INIT;

		if (f->kind != MLOPS_CHECK_TIME || f->distinct < MLOPS_SUGGEST_ROWS)
			continue;
		mlops_json_begin(&json);
		mlops_json_key(&json, "order_by");
		mlops_json_text(&json, s->identity->name);
		mlops_propose(s, "increasing", f, &json, "error",
					  psprintf("never goes back in the order of \"%s\"", s->identity->name))->certain = false;
	}
}

/* Rows that nothing identifies are at least not all there twice. */
static void
suggest_whole_rows(MlopsSuggest *s)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	MlopsProposal *p;
	int			comparable = 0;

	mlops_json_begin(&json);
	mlops_json_key(&json, "columns");
	mlops_json_begin_array(&json);
	for (int i = 0; i < s->n; i++)
		if (s->facts[i].kind != MLOPS_CHECK_OTHER && s->facts[i].present > 0)
		{
			mlops_json_text(&json, s->facts[i].name);
			comparable++;
		}
	mlops_json_end_array(&json);
	if (comparable < 2 || comparable > MAX_COMPOUND || s->rows < MLOPS_SUGGEST_ROWS)
		return;
	p = mlops_propose(s, "compound_unique", NULL, &json, "error", "hardly a row repeats");
	p->check.mostly = 0.95;
	p->tried = 0.98;
	p->certain = false;
}

static void
suggest_rows(MlopsSuggest *s)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	mlops_json_key(&json, "min");
	mlops_json_integer(&json, s->rows / 2);
	mlops_json_key(&json, "max");
	mlops_json_integer(&json, s->rows * 2);
	mlops_propose(s, "row_count_between", NULL, &json, "warning",
				  psprintf("the source has " INT64_FORMAT " of them", s->rows));
}

/* ---- all of them ---- */

static void
suggest_column(MlopsSuggest *s, const MlopsColumnFacts *f)
{
	suggest_type(s, f);
	if (f->present == 0)
		return;
	suggest_present(s, f);
	suggest_unique(s, f);
	suggest_distinct(s, f);
	switch (f->kind)
	{
		case MLOPS_CHECK_NUMBER:
			mlops_suggest_number(s, f);
			break;
		case MLOPS_CHECK_BOOLEAN:
			if (f->present >= MLOPS_SUGGEST_ROWS)
				mlops_suggest_mean(s, f);
			break;
		case MLOPS_CHECK_TEXT:
		case MLOPS_CHECK_LABEL:
			mlops_suggest_text(s, f);
			break;
		case MLOPS_CHECK_TIME:
			mlops_suggest_time(s, f);
			break;
		default:
			break;
	}
}

/* The proposal kept last is of the same rule and column. */
static bool
last_rule_of(List *kept, const MlopsProposal *p)
{
	const MlopsProposal *last = llast(kept);

	return strcmp(last->check.rule, p->check.rule) == 0 && last->check.column == p->check.column;
}

/* Those that are not certain are applied to the rows; *any_unique: one column alone tells rows apart. */
static List *
keep_true(MlopsSuggest *s)
{
	int			n = list_length(s->proposals);
	MlopsCheck *check = palloc0(sizeof(MlopsCheck) * Max(n, 1));
	bool	   *holds;
	List	   *kept = NIL;
	ListCell   *lc;
	int			m = 0;

	foreach(lc, s->proposals)
	{
		MlopsProposal *p = lfirst(lc);

		if (p->certain)
			continue;
		check[m] = p->check;
		check[m++].mostly = p->tried;
	}
	holds = mlops_validation_try(s->source, check, m);
	m = 0;
	foreach(lc, s->proposals)
	{
		MlopsProposal *p = lfirst(lc);

		if (!p->certain && !holds[m++])
			continue;
		if (strcmp(p->check.rule, "unique") == 0)
			s->any_unique = true;
		/* one form of a text is enough */
		if (strcmp(p->check.rule, "match_regex") == 0 && kept != NIL && last_rule_of(kept, p))
			continue;
		kept = lappend(kept, p);
	}
	return kept;
}

void
mlops_checks_suggest(const MlopsSource *source, MlopsSuggestionFunction function, void *arg)
{
	MlopsSuggest s = {.source = source, .facts = mlops_check_facts(source), .n = source->desc->natts};
	ListCell   *lc;
	List	   *kept;

	s.rows = s.facts[0].rows;
	if (s.rows > 0)
	{
		suggest_rows(&s);
		suggest_whole_rows(&s);
	}
	for (int i = 0; i < s.n; i++)
		suggest_column(&s, &s.facts[i]);
	suggest_order(&s);
	suggest_pairs(&s);
	kept = keep_true(&s);
	foreach(lc, kept)
	{
		const MlopsProposal *p = lfirst(lc);
		MlopsSuggestion suggestion = {p->check.rule, p->check.column, p->check.args, p->check.mostly,
		p->check.severity, p->reason};

		/* what one column tells apart needs no other */
		if (strcmp(p->check.rule, "compound_unique") != 0 || !s.any_unique)
			function(&suggestion, arg);
	}
}
