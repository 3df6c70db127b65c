/*
 * config_preprocess.c: config.preprocess, read into a specification a column.
 *
 * The object is kept as the user wrote it.  It is checked when it is set, when
 * columns and their kinds are not known yet, and read again for each column of
 * a training.
 */
#include "postgres.h"

#include <math.h>

#include "pg/config_preprocess.h"
#include "pg/options.h"

typedef struct PrepReader
{
	MlPrepSpec *spec;
	MlKind		kind;			/* 0 = a column whose kind is not known */
	const char *where;
} PrepReader;

/* ---- one option ---- */

static void
read_impute(PrepReader *r, const char *option, JsonbValue *value)
{
	static const char *const words[] = {"none", "mean", "median", "most_frequent", "constant"};
	static const char *const level_words[] = {"none", "most_frequent", "constant"};
	const char *word = r->kind == ML_CATEGORY ?
		mlops_option_choice(option, value, level_words, lengthof(level_words)) :
		mlops_option_choice(option, value, words, lengthof(words));

	for (int i = 0; i < (int) lengthof(words); i++)
		if (strcmp(word, words[i]) == 0)
			r->spec->impute = (MlImpute) i;
}

static void
read_constant(PrepReader *r, const char *option, JsonbValue *value)
{
	/* the kind is not known yet: either will do */
	if (r->kind == ML_CATEGORY || (r->kind == 0 && value->type == jbvString))
		r->spec->text = mlops_option_text(option, value);
	else
		r->spec->constant = mlops_option_number(option, value, -1e300, 1e300);
}

static void
read_indicator(PrepReader *r, const char *option, JsonbValue *value)
{
	r->spec->indicator = mlops_option_bool(option, value);
}

static void
refuse_bounds(const char *option)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be an array of two numbers", option),
			 errhint("Write null for a side without bound, for example [0, null].")));
}

/* [low, high], null where there is no such side */
static void
read_bounds(PrepReader *r, const char *option, JsonbValue *value, double minimum, double maximum)
{
	JsonbIterator *it;
	JsonbValue	element;
	double		bound[2] = {NAN, NAN};
	int			n = 0;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerSize(value->val.binary.data) != 2)
		refuse_bounds(option);
	it = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&it, &element, true);
	for (; JsonbIteratorNext(&it, &element, true) == WJB_ELEM; n++)
	{
		if (element.type != jbvNull && element.type != jbvNumeric)
			refuse_bounds(option);
		if (element.type == jbvNumeric)
			bound[n] = mlops_option_number(option, &element, minimum, maximum);
	}
	if (bound[0] >= bound[1])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the numbers in option \"%s\" must ascend", option),
				 errdetail("The values given are %g and %g.", bound[0], bound[1])));
	r->spec->low = bound[0];
	r->spec->high = bound[1];
}

static void
read_clip_way(const char *name, JsonbValue *value, void *arg)
{
	static const char *const names[] = {"quantiles", "bounds"};
	PrepReader *r = arg;
	char	   *option = psprintf("preprocess.%s.clip.%s", r->where, name);

	if (strcmp(name, "quantiles") == 0)
	{
		r->spec->clip = ML_CLIP_QUANTILES;
		read_bounds(r, option, value, 0, 1);
	}
	else if (strcmp(name, "bounds") == 0)
	{
		r->spec->clip = ML_CLIP_BOUNDS;
		read_bounds(r, option, value, -1e300, 1e300);
	}
	else
		mlops_option_unknown("option", name, psprintf(" in config.preprocess.%s.clip", r->where), names,
							 lengthof(names));
}

/* null: none, whatever was asked for the kind */
static void
read_clip(PrepReader *r, const char *option, JsonbValue *value)
{
	Jsonb	   *object;

	r->spec->clip = ML_CLIP_NONE;
	if (value->type == jbvNull)
		return;
	object = mlops_option_object(option, value);
	mlops_option_each(object, option, read_clip_way, r);
	if (JB_ROOT_COUNT(object) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must have either \"quantiles\" or \"bounds\"", option)));
}

static void
read_scale(PrepReader *r, const char *option, JsonbValue *value)
{
	static const char *const words[] = {"none", "standard", "minmax", "robust"};
	const char *word = mlops_option_choice(option, value, words, lengthof(words));

	for (int i = 0; i < (int) lengthof(words); i++)
		if (strcmp(word, words[i]) == 0)
			r->spec->scale = (MlScale) i;
}

static void
read_encode(PrepReader *r, const char *option, JsonbValue *value)
{
	static const char *const words[] = {"native", "onehot", "ordinal", "frequency", "hash", "target"};
	const char *word = mlops_option_choice(option, value, words, lengthof(words));

	for (int i = 0; i < (int) lengthof(words); i++)
		if (strcmp(word, words[i]) == 0)
			r->spec->encode = (MlEncode) i;
}

static void
read_buckets(PrepReader *r, const char *option, JsonbValue *value)
{
	r->spec->buckets = (int) mlops_option_integer(option, value, 2, ML_MAX_BUCKETS);
}

static void
read_smoothing(PrepReader *r, const char *option, JsonbValue *value)
{
	if (value->type != jbvString)
		r->spec->smoothing = mlops_option_number(option, value, 0, 1e15);
	else if (strcmp(mlops_option_text(option, value), "auto") == 0)
		r->spec->smoothing = NAN;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be a number or \"auto\"", option),
				 errdetail("The value given is \"%s\".", mlops_option_text(option, value))));
}

/* null: none, whatever was asked for the kind */
static void
read_rare_below(PrepReader *r, const char *option, JsonbValue *value)
{
	r->spec->rare_below = 0;
	if (value->type != jbvNull)
		r->spec->rare_below = mlops_option_number(option, value, 0, 1e15);
	if (r->spec->rare_below > 1 && r->spec->rare_below != rint(r->spec->rare_below))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be a share of the rows below 1 or a whole number of rows", option),
				 errdetail("The value given is %g.", r->spec->rare_below)));
}

static void
read_unknown(PrepReader *r, const char *option, JsonbValue *value)
{
	static const char *const words[] = {"ignore", "missing", "rare", "error"};
	const char *word = mlops_option_choice(option, value, words, lengthof(words));

	for (int i = 0; i < (int) lengthof(words); i++)
		if (strcmp(word, words[i]) == 0)
			r->spec->unknown = (MlUnknown) i;
}

static const struct
{
	const char *name;
	void		(*read) (PrepReader *r, const char *option, JsonbValue *value);
	int			kinds;			/* MlKind bits it is for */
}			prep_options[] = {
	{"impute", read_impute, ML_NUMERIC | ML_CATEGORY},
	{"constant", read_constant, ML_NUMERIC | ML_CATEGORY},
	{"indicator", read_indicator, ML_NUMERIC | ML_CATEGORY},
	{"clip", read_clip, ML_NUMERIC},
	{"scale", read_scale, ML_NUMERIC | ML_CATEGORY},
	{"encode", read_encode, ML_CATEGORY},
	{"buckets", read_buckets, ML_CATEGORY},
	{"smoothing", read_smoothing, ML_CATEGORY},
	{"rare_below", read_rare_below, ML_CATEGORY},
	{"unknown", read_unknown, ML_CATEGORY},
};

/* Every option goes with some kind; those of the other kind are told from those that do not exist. */
static void
read_prep_option(const char *name, JsonbValue *value, void *arg)
{
	PrepReader *r = arg;
	char	   *option = psprintf("preprocess.%s.%s", r->where, name);
	const char *names[lengthof(prep_options)];
	int			n = lengthof(prep_options);

	for (int i = 0; i < n; i++)
	{
		names[i] = prep_options[i].name;
		if (strcmp(name, names[i]) != 0)
			continue;
		if (r->kind != 0 && (r->kind & prep_options[i].kinds) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is not for %s", option,
							r->kind == ML_NUMERIC ? "numbers" : "categories")));
		prep_options[i].read(r, option, value);
		return;
	}
	mlops_option_unknown("option", name, psprintf(" in config.preprocess.%s", r->where), names, n);
}

/* ---- kinds and columns ---- */

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
		char	   *option = psprintf("preprocess.%s", where);
		PrepReader	reader = {columns->feature ? columns->spec : &scratch, columns->feature ? columns->kind : 0, where};

		mlops_option_each(mlops_option_object(option, value), option, read_prep_option, &reader);
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
		char	   *option = psprintf("preprocess.%s", name);
		PrepReader	reader = {columns->feature ? columns->spec : &scratch, kind, name};

		mlops_option_each(mlops_option_object(option, value), option, read_prep_option, &reader);
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
