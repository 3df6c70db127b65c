/*
 * config_preprocess.c: config.preprocess, read into a specification a column.
 *
 * The object is kept as the user wrote it.  It is checked when it is set, when
 * columns and their kinds are not known yet, and read again for each column of
 * a training.
 */
#include "postgres.h"

#include "pg/config_preprocess.h"
#include "pg/options.h"

typedef struct PrepReader
{
	MlPrepSpec *spec;
	MlKind		kind;			/* 0 = a column whose kind is not known */
	const char *where;
} PrepReader;

/* Every option goes with some kind; those of the other kind are told from those that do not exist. */
static void
check_prep_name(const PrepReader *r, const char *option, const char *name)
{
	static const char *const names[] = {"constant", "indicator", "impute", "scale", "encode"};
	int			n = lengthof(names);
	int			i = 0;

	while (i < n && strcmp(name, names[i]) != 0)
		i++;
	if (i == n)
		mlops_option_unknown("option", name, psprintf(" in config.preprocess.%s", r->where), names, n);
	if ((r->kind == ML_CATEGORY && i < 2) || (r->kind == ML_NUMERIC && i == n - 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" is not for %s", option,
						r->kind == ML_NUMERIC ? "numbers" : "categories")));
}

static void
read_prep_option(const char *name, JsonbValue *value, void *arg)
{
	PrepReader *r = arg;
	static const char *const imputes[] = {"none", "mean", "median", "most_frequent", "constant"};
	static const char *const level_imputes[] = {"none", "most_frequent"};
	static const char *const scales[] = {"none", "standard", "minmax", "robust"};
	static const char *const encodes[] = {"onehot", "ordinal"};
	char	   *option = psprintf("preprocess.%s.%s", r->where, name);

	check_prep_name(r, option, name);
	if (strcmp(name, "impute") == 0)
	{
		const char *word = r->kind == ML_CATEGORY ?
			mlops_option_choice(option, value, level_imputes, lengthof(level_imputes)) :
			mlops_option_choice(option, value, imputes, lengthof(imputes));

		for (int i = 0; i < (int) lengthof(imputes); i++)
			if (strcmp(word, imputes[i]) == 0)
				r->spec->impute = (MlImpute) i;
	}
	else if (strcmp(name, "constant") == 0)
		r->spec->constant = mlops_option_number(option, value, -1e300, 1e300);
	else if (strcmp(name, "indicator") == 0)
		r->spec->indicator = mlops_option_bool(option, value);
	else if (strcmp(name, "scale") == 0)
	{
		const char *word = mlops_option_choice(option, value, scales, lengthof(scales));

		for (int i = 0; i < (int) lengthof(scales); i++)
			if (strcmp(word, scales[i]) == 0)
				r->spec->scale = (MlScale) i;
	}
	else
	{
		const char *word = mlops_option_choice(option, value, encodes, lengthof(encodes));

		r->spec->encode = strcmp(word, "onehot") == 0 ? ML_ENCODE_ONEHOT : ML_ENCODE_ORDINAL;
	}
}

typedef struct PrepColumns
{
	const char *feature;		/* NULL = check all */
	MlKind		kind;
	MlPrepSpec *spec;
	const char *const *known;	/* names to check against, or NULL */
	int			n_known;
} PrepColumns;

static void
read_prep_column(const char *name, JsonbValue *value, void *arg)
{
	PrepColumns *columns = arg;
	MlPrepSpec	scratch = {0};

	if (columns->known != NULL)
	{
		for (int i = 0; i < columns->n_known; i++)
			if (strcmp(columns->known[i], name) == 0)
				return;
		mlops_option_unknown("feature", name, " (config.preprocess.columns)", columns->known, columns->n_known);
	}
	if (columns->feature == NULL || strcmp(columns->feature, name) == 0)
	{
		char	   *where = psprintf("columns.%s", name);
		PrepReader	reader = {columns->feature ? columns->spec : &scratch, columns->feature ? columns->kind : 0, where};

		mlops_option_each(mlops_option_object(where, value), where, read_prep_option, &reader);
	}
}

static void
read_prep_part(const char *name, JsonbValue *value, void *arg)
{
	PrepColumns *columns = arg;
	static const char *const names[] = {"numeric", "categorical", "columns"};
	MlKind		kind = strcmp(name, "numeric") == 0 ? ML_NUMERIC : ML_CATEGORY;

	if (strcmp(name, "columns") == 0)
		return;					/* after the kinds, see below */
	if (strcmp(name, "numeric") != 0 && strcmp(name, "categorical") != 0)
		mlops_option_unknown("option", name, " in config.preprocess", names, 3);
	if (columns->feature == NULL || columns->kind == kind)
	{
		MlPrepSpec	scratch = {0};
		PrepReader	reader = {columns->feature ? columns->spec : &scratch, kind, name};

		mlops_option_each(mlops_option_object(name, value), name, read_prep_option, &reader);
	}
}

static void
read_prep_columns(const char *name, JsonbValue *value, void *arg)
{
	if (strcmp(name, "columns") == 0)
		mlops_option_each(mlops_option_object("preprocess.columns", value), "preprocess.columns",
						  read_prep_column, arg);
}

void
mlops_preprocess_check(Jsonb *preprocess)
{
	PrepColumns all = {NULL, 0, NULL, NULL, 0};

	mlops_option_each(preprocess, "preprocess", read_prep_part, &all);
	mlops_option_each(preprocess, "preprocess", read_prep_columns, &all);
}

void
mlops_preprocess_read(Jsonb *preprocess, const char *feature, MlKind kind, MlPrepSpec *spec)
{
	PrepColumns one = {feature, kind, spec, NULL, 0};

	if (preprocess == NULL)
		return;
	mlops_option_each(preprocess, "preprocess", read_prep_part, &one);
	mlops_option_each(preprocess, "preprocess", read_prep_columns, &one);
}

void
mlops_preprocess_check_columns(Jsonb *preprocess, const char *const *features, int n)
{
	PrepColumns names = {NULL, 0, NULL, features, n};

	if (preprocess != NULL)
		mlops_option_each(preprocess, "preprocess", read_prep_columns, &names);
}
