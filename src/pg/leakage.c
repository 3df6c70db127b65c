/*
 * leakage.c: which features of a model may know what they should not.
 *
 * The figures are the room learn's matter (learn/leakage.c).  Here they are
 * held against limits, and joined with what only names, types and times
 * tell.  Limits are such that a finding is worth a look every time: what is
 * merely a good feature is none.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "learn/inspect.h"
#include "learn/leakage.h"
#include "pg/leakage.h"
#include "pg/options.h"
#include "pg/status.h"
#include "pg/training.h"

#define COPY_CORRELATION 0.9999
#define ID_DISTINCT 0.98
#define ID_DENSITY 0.1			/* numbers drawn at random that hardly repeat fill less of their range */
#define ID_READ_ORDER 0.999
#define LATER_SHARE 0.01
/* A name like the target's is told of a column that says something. */
#define NAMED_AUC 0.7
#define NAMED_R2 0.3
#define SHARED_ROWS 5
#define SHARED_SHARE 0.01

typedef struct Leak
{
	const char *column;
	const char *reason;
	double		evidence;
	Jsonb	   *detail;
} Leak;

typedef struct Check
{
	MlopsTrainingRows *training;
	const MlopsDefinition *definition;
	const MlDataset *data;
	MlColumnLeakage *found;		/* one a column of data */
	int			n;
	int			room;
	Leak	   *leak;
} Check;

/* ---- findings ---- */

/* In the order in which they are told. */
static const char *const reasons[] = {
	"copies_target", "predicts_target", "later_than_event", "identifier", "named_like_target", "shared_rows"
};

static int
rank_of(const char *reason)
{
	int			rank = 0;

	while (strcmp(reasons[rank], reason) != 0)
		rank++;
	return rank;
}

static int
compare_leaks(const void *a, const void *b)
{
	const Leak *x = a;
	const Leak *y = b;

	if (rank_of(x->reason) != rank_of(y->reason))
		return rank_of(x->reason) - rank_of(y->reason);
	if (x->evidence != y->evidence)
		return x->evidence > y->evidence ? -1 : 1;
	return x->column == NULL || y->column == NULL ? 0 : strcmp(x->column, y->column);
}

/* detail begins with what the evidence is; the caller goes on with it and finishes it. */
static void
begin_detail(MlopsJson *json, const char *figure, int64 rows)
{
	mlops_json_begin(json);
	mlops_json_key(json, "figure");
	mlops_json_text(json, figure);
	mlops_json_key(json, "rows");
	mlops_json_integer(json, rows);
}

static void
add_leak(Check *c, const char *column, const char *reason, double evidence, MlopsJson *json, const char *explanation)
{
	if (c->n == c->room)
	{
		c->room = Max(16, 2 * c->room);
		c->leak = c->leak == NULL ? palloc(sizeof(Leak) * c->room) : repalloc(c->leak, sizeof(Leak) * c->room);
	}
	mlops_json_key(json, "explanation");
	mlops_json_text(json, explanation);
	mlops_json_end(json);
	c->leak[c->n++] = (Leak) {column, reason, evidence, mlops_json_finish(json)};
}

static bool
is_regression(const Check *c)
{
	return c->data->task == ML_REGRESSION;
}

static const char *
figure_name(const Check *c)
{
	return is_regression(c) ? "r2" : "roc_auc";
}

/* ---- the target in a column ---- */

/* True when the column was told of. */
static bool
check_target(Check *c, int j)
{
	const MlColumnLeakage *found = &c->found[j];
	const char *name = c->data->column[j].name;
	MlopsJson	json = MLOPS_JSON_INIT;

	if (found->rank_correlation >= COPY_CORRELATION)
	{
		begin_detail(&json, "rank_correlation", found->rows);
		add_leak(c, name, "copies_target", found->rank_correlation, &json,
				 "Rows sorted by this column are sorted by the target: one can be computed from the other.");
		return true;
	}
	if (found->figure >= (is_regression(c) ? ML_LEAK_R2 : ML_LEAK_AUC))
	{
		begin_detail(&json, figure_name(c), found->rows);
		add_leak(c, name, "predicts_target", found->figure, &json,
				 "This column alone tells the target of rows it was not asked about before."
				 " Is its value known when predictions are made?");
		return true;
	}
	return false;
}

/* ---- identifiers ---- */

/* The next word of a name, in lower case; NULL at the end. */
static char *
next_word(const char **at)
{
	StringInfoData word;

	while (**at != '\0' && !isalnum((unsigned char) **at) && !IS_HIGHBIT_SET(**at))
		(*at)++;
	if (**at == '\0')
		return NULL;
	initStringInfo(&word);
	for (; isalnum((unsigned char) **at) || IS_HIGHBIT_SET(**at); (*at)++)
		appendStringInfoChar(&word, pg_ascii_tolower((unsigned char) **at));
	return word.data;
}

static bool
named_like_identifier(const char *name)
{
	static const char *const words[] = {"id", "ids", "uuid", "guid", "key", "number", "nr", "no", "rowid", "index"};
	char	   *word;

	while ((word = next_word(&name)) != NULL)
		for (int i = 0; i < (int) lengthof(words); i++)
			if (strcmp(word, words[i]) == 0)
				return true;
	return false;
}

static bool
is_key(const Check *c, const MlopsFeature *feature)
{
	ListCell   *lc;

	foreach(lc, c->definition->key_columns)
		if (feature->attno > 0 && strcmp(feature->name, lfirst(lc)) == 0)
			return true;
	return false;
}

static void
check_identifier(Check *c, int j)
{
	const MlColumn *column = &c->data->column[j];
	const MlColumnLeakage *found = &c->found[j];
	bool		key = is_key(c, &c->definition->feature_set->feature[column->feature]);
	bool		unique = found->rows >= ML_LEAK_MIN_ROWS && found->distinct >= ID_DISTINCT;
	bool		runs = found->density >= ID_DENSITY || found->read_order >= ID_READ_ORDER;
	MlopsJson	json = MLOPS_JSON_INIT;

	if (!key && !(unique && (column->kind == ML_CATEGORY || runs ||
							 (!isnan(found->density) && named_like_identifier(column->name)))))
		return;
	begin_detail(&json, "distinct_share", found->rows);
	if (!isnan(found->density))
	{
		mlops_json_key(&json, "density");
		mlops_json_number(&json, found->density);
	}
	if (!isnan(found->read_order))
	{
		mlops_json_key(&json, "read_order");
		mlops_json_number(&json, found->read_order);
	}
	add_leak(c, column->name, "identifier", found->distinct, &json,
			 key ? "The key of the model says which row it is, not what the row is like." :
			 "Hardly any two rows have the same value: it says which row it is, not what the row is like.");
}

/* ---- names ---- */

/* "churn" and "churned" are one word. */
static bool
same_word(const char *a, const char *b)
{
	static const char *const endings[] = {"", "d", "ed", "s", "es", "ing"};
	const char *shorter = strlen(a) <= strlen(b) ? a : b;
	const char *longer = shorter == a ? b : a;
	Size		n = strlen(shorter);

	if (strncmp(shorter, longer, n) != 0)
		return false;
	for (int i = 0; i < (int) lengthof(endings); i++)
		if (strcmp(longer + n, endings[i]) == 0)
			return true;
	return false;
}

/* Every word of the target's name that says something stands in the other name. */
static bool
named_like_target(const char *target, const char *name)
{
	char	   *word;
	int			words = 0;

	while ((word = next_word(&target)) != NULL)
	{
		const char *rest = name;
		char	   *other;

		if (strlen(word) < 3)
			continue;
		words++;
		while ((other = next_word(&rest)) != NULL && !same_word(word, other))
			;
		if (other == NULL)
			return false;
	}
	return words > 0;
}

static void
check_name(Check *c, int j)
{
	const MlColumn *column = &c->data->column[j];
	double		figure = c->found[j].figure;
	MlopsJson	json = MLOPS_JSON_INIT;

	if (!(figure >= (is_regression(c) ? NAMED_R2 : NAMED_AUC)) ||
		!named_like_target(c->definition->target, c->definition->feature_set->feature[column->feature].name))
		return;
	begin_detail(&json, figure_name(c), c->found[j].rows);
	add_leak(c, column->name, "named_like_target", figure, &json,
			 "Its name is that of the target with something added, and alone it tells much of it."
			 " Is it found out together with the target?");
}

/* ---- times ---- */

static bool
is_time(Oid type)
{
	type = getBaseType(type);
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

/* "column > time_column" for each time that a feature uses, as a list of features; NULL when there is none. */
static char *
list_times(const MlopsDefinition *d)
{
	TupleDesc	desc = d->feature_set->signature;
	StringInfoData list;
	AttrNumber	time;

	if (d->time_column == NULL)
		return NULL;
	time = mlops_desc_column(d->source->desc, d->time_column);
	if (!is_time(TupleDescAttr(d->source->desc, time - 1)->atttypid))
		return NULL;
	initStringInfo(&list);
	for (int i = 0; i < desc->natts; i++)
	{
		char	   *name = NameStr(TupleDescAttr(desc, i)->attname);

		if (is_time(TupleDescAttr(desc, i)->atttypid) && strcmp(name, d->time_column) != 0)
			appendStringInfo(&list, "%s%s > %s AS %s", list.len > 0 ? ", " : "", quote_identifier(name),
							 quote_identifier(d->time_column), quote_identifier(name));
	}
	return list.len > 0 ? list.data : NULL;
}

/* The source is read once more, for these columns alone. */
static MlopsRows *
read_times(Check *c, const char *list)
{
	const MlopsDefinition *d = c->definition;
	MlopsIngestSpec spec = {.source = d->source,.host = &c->training->host};
	MlopsIdentity identity;
	MlopsRows  *rows;

	/* under the pinned path whoever gave the source: what is found there runs as the owner */
	mlops_identity_begin_owner(&identity, d->owner, NULL);
	spec.features = mlops_features_analyze(list, d->source->desc, NIL, d->owner, NULL);
	mlops_identity_end(&identity);
	if (d->source_stored)
		mlops_identity_begin_owner(&identity, d->owner, NULL);
	rows = mlops_ingest(&spec);
	if (d->source_stored)
		mlops_identity_end(&identity);
	return rows;
}

static void
check_times(Check *c)
{
	char	   *list = list_times(c->definition);
	MlopsRows  *rows;

	if (list == NULL)
		return;
	rows = read_times(c, list);
	for (int j = 0; j < rows->p; j++)
	{
		MlopsJson	json = MLOPS_JSON_INIT;
		int64		both = 0;
		int64		later = 0;

		for (int64 i = 0; i < rows->n; i++)
		{
			both += !isnan(rows->column[j].value[i]);
			later += rows->column[j].value[i] == 1;
		}
		if (both == 0 || later < LATER_SHARE * both)
			continue;
		begin_detail(&json, "later_share", both);
		mlops_json_key(&json, "later");
		mlops_json_integer(&json, later);
		add_leak(c, rows->column[j].name, "later_than_event", (double) later / both, &json,
				 psprintf("A feature uses this time, which is later than \"%s\". Is it known by then?",
						  c->definition->time_column));
	}
}

/* ---- rows ---- */

/*
 * The share of test rows that would meet a training row with the same
 * features by chance.  Columns often go together, so that more of them do not
 * make rows more different: the three that tell rows apart best are asked.
 */
static double
expected_share(const Check *c)
{
	double		best[3] = {1, 1, 1};	/* ascending */

	for (int j = 0; j < c->data->p; j++)
	{
		double		repeats = isnan(c->found[j].repeats) ? 1 : c->found[j].repeats;

		for (int k = 0; k < (int) lengthof(best); k++)
			if (repeats < best[k])
			{
				double		swapped = best[k];

				best[k] = repeats;
				repeats = swapped;
			}
	}
	return -expm1(-(double) c->data->n_train * best[0] * best[1] * best[2]);
}

static void
check_rows(Check *c)
{
	double		expected = expected_share(c);
	MlSharedRows shared;
	MlStatus	status = {0};
	MlopsJson	json = MLOPS_JSON_INIT;

	if (c->data->n == c->data->n_train || expected > 0.5)
		return;
	mlops_check_status(ml_leakage_rows(&c->training->host.host, c->data, &shared, &status), &status);
	if (shared.shared < SHARED_ROWS || shared.shared < Max(SHARED_SHARE, 2 * expected) * shared.test)
		return;
	begin_detail(&json, "row_share", shared.test);
	mlops_json_key(&json, "shared");
	mlops_json_integer(&json, shared.shared);
	mlops_json_key(&json, "same_target");
	mlops_json_integer(&json, shared.same_target);
	add_leak(c, NULL, "shared_rows", (double) shared.shared / shared.test, &json,
			 "Test rows whose features all equal those of a training row: the model may know them by heart."
			 " Are rows repeated, or should rows that belong together be kept together by config.split.group?");
}

void
mlops_leakage_check(char *model, char *source, MlopsLeakFunction function, void *arg)
{
	MlopsTrainingRows *training = mlops_training_rows(model, source);
	Check	   *c = palloc0(sizeof(Check));
	MlStatus	status = {0};

	c->training = training;
	c->definition = &c->training->definition;
	c->data = &c->training->data;
	c->found = palloc(sizeof(MlColumnLeakage) * c->data->p);
	if (c->data->n < ML_LEAK_MIN_ROWS)
		ereport(NOTICE,
				(errmsg("columns of model \"%s\" are not judged one by one: there are " INT64_FORMAT " rows only",
						model, c->data->n)));
	mlops_check_status(ml_leakage_columns(&c->training->host.host, c->data, c->training->rows->key_hash,
										  c->training->read_at, c->found, &status), &status);
	for (int j = 0; j < c->data->p; j++)
	{
		if (!check_target(c, j))
			check_name(c, j);
		check_identifier(c, j);
	}
	check_times(c);
	check_rows(c);
	if (c->n > 1)
		qsort(c->leak, c->n, sizeof(Leak), compare_leaks);
	for (int i = 0; i < c->n; i++)
		function(c->leak[i].column, c->leak[i].reason, c->leak[i].evidence, c->leak[i].detail, arg);
	mlops_training_rows_done(training);
}
