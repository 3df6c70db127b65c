/*
 * config.c: the configuration of a model, read from and written to jsonb.
 *
 * keys[] is the list of what may be said: one row a key, with the function
 * that reads it.  Nested objects have a list of their own.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"

#include "kernel/hash.h"
#include "learn/selection.h"
#include "learn/train.h"
#include "pg/config.h"
#include "pg/config_preprocess.h"
#include "pg/options.h"

typedef struct Reader
{
	MlopsConfig *config;
	const MlopsConfig *fresh;	/* the defaults, for null */
} Reader;

typedef void (*ReadFunction) (Reader *reader, JsonbValue *value);

typedef struct Key
{
	const char *name;
	ReadFunction read;
} Key;

#define COUNT(keys) ((int) lengthof(keys))

typedef struct KeyList
{
	Reader	   *reader;
	const Key  *key;
	int			n;
	const char *prefix;			/* "split." for a nested object */
} KeyList;

static void
read_key(const char *name, JsonbValue *value, void *arg)
{
	KeyList    *list = arg;
	const char *names[40];

	for (int i = 0; i < list->n; i++)
	{
		if (strcmp(list->key[i].name, name) == 0)
		{
			list->key[i].read(list->reader, value);
			return;
		}
		names[i] = list->key[i].name;
	}
	mlops_option_unknown("option", name, list->prefix[0] ? psprintf(" in config.%s", list->prefix) : " in config",
						 names, list->n);
}

static void
read_nested(Reader *reader, const char *name, JsonbValue *value, const Key *key, int n)
{
	KeyList		list = {reader, key, n, name};

	mlops_option_each(mlops_option_object(name, value), name, read_key, &list);
}

static bool
is_null(const JsonbValue *value)
{
	return value->type == jbvNull;
}

/* ---- split ---- */

static void
read_split_method(Reader *r, JsonbValue *v)
{
	static const char *const choices[] = {"auto", "time", "group", "hash"};

	r->config->split_method = is_null(v) ? r->fresh->split_method : mlops_option_choice("split.method", v, choices, 4);
}

static void
read_split_test(Reader *r, JsonbValue *v)
{
	r->config->split_test = is_null(v) ? r->fresh->split_test : mlops_option_number("split.test", v, 0, 0.95);
}

static void
read_split_validation(Reader *r, JsonbValue *v)
{
	r->config->split_validation = is_null(v) ? r->fresh->split_validation :
		mlops_option_number("split.validation", v, 0.01, 0.9);
}

static void
read_test_where(Reader *r, JsonbValue *v)
{
	r->config->test_where = is_null(v) ? NULL : mlops_option_text("split.test_where", v);
}

static void
read_group(Reader *r, JsonbValue *v)
{
	r->config->group = is_null(v) ? NULL : mlops_option_text("split.group", v);
}

static void
read_salt(Reader *r, JsonbValue *v)
{
	r->config->salt = is_null(v) ? r->fresh->salt :
		mlops_option_integer("split.salt", v, -(INT64CONST(1) << 53), INT64CONST(1) << 53);
}

static void
read_refit(Reader *r, JsonbValue *v)
{
	r->config->refit = is_null(v) ? r->fresh->refit : mlops_option_bool("split.refit", v);
}

static const Key split_keys[] = {
	{"method", read_split_method},
	{"test", read_split_test},
	{"validation", read_split_validation},
	{"test_where", read_test_where},
	{"group", read_group},
	{"salt", read_salt},
	{"refit", read_refit},
};

static void
read_split(Reader *r, JsonbValue *v)
{
	if (is_null(v))
	{
		r->config->split_method = r->fresh->split_method;
		r->config->split_test = r->fresh->split_test;
		r->config->split_validation = r->fresh->split_validation;
		r->config->test_where = NULL;
		r->config->group = NULL;
		r->config->salt = r->fresh->salt;
		r->config->refit = r->fresh->refit;
	}
	else
		read_nested(r, "split", v, split_keys, COUNT(split_keys));
}

/* ---- judging and putting to use ---- */

static void
read_metric(Reader *r, JsonbValue *v)
{
	char	   *name;
	const char *names[64];
	int			n = 0;

	r->config->metric = NULL;
	if (is_null(v))
		return;
	name = mlops_option_text("metric", v);
	for (int task = ML_REGRESSION; task <= ML_MULTICLASS; task *= 2)
	{
		const char *word;

		if (ml_metric_direction(name, task) != 0)
		{
			r->config->metric = name;
			return;
		}
		for (int i = 0; n < 64 && (word = ml_metric_name(i, task)) != NULL; i++)
		{
			int			j = 0;

			while (j < n && strcmp(names[j], word) != 0)
				j++;
			if (j == n)
				names[n++] = word;
		}
	}
	mlops_option_unknown("metric", name, "", names, n);
}

static void
read_positive_label(Reader *r, JsonbValue *v)
{
	r->config->positive_label = is_null(v) ? NULL : mlops_option_text("positive_label", v);
}

static void
read_exclude(Reader *r, JsonbValue *v)
{
	r->config->exclude = is_null(v) ? NIL : mlops_option_names("exclude", v);
}

static void
read_sample_weight(Reader *r, JsonbValue *v)
{
	r->config->sample_weight = is_null(v) ? NULL : mlops_option_text("sample_weight", v);
}

static const char *const sampling_methods[] = {"none", "over", "under"};

static void
read_sampling_method(Reader *r, JsonbValue *v)
{
	const char *word = is_null(v) ? sampling_methods[ML_SAMPLING_NONE] :
		mlops_option_choice("sampling.method", v, sampling_methods, lengthof(sampling_methods));

	for (int i = 0; i < (int) lengthof(sampling_methods); i++)
		if (strcmp(word, sampling_methods[i]) == 0)
			r->config->sampling.method = (MlSamplingMethod) i;
}

static void
read_sampling_ratio(Reader *r, JsonbValue *v)
{
	r->config->sampling.ratio = is_null(v) ? r->fresh->sampling.ratio :
		mlops_option_number("sampling.ratio", v, 1e-6, 1);
}

static const Key sampling_keys[] = {
	{"method", read_sampling_method},
	{"ratio", read_sampling_ratio},
};

static void
read_sampling(Reader *r, JsonbValue *v)
{
	if (is_null(v))
		r->config->sampling = r->fresh->sampling;
	else
		read_nested(r, "sampling", v, sampling_keys, COUNT(sampling_keys));
}

static void
read_threshold(Reader *r, JsonbValue *v)
{
	static const char *const choices[] = {"f1", "youden", "cost"};

	r->config->threshold_rule = NULL;
	r->config->threshold = r->fresh->threshold;
	if (v->type == jbvString)
		r->config->threshold_rule = mlops_option_choice("threshold", v, choices, 3);
	else if (!is_null(v))
		r->config->threshold = mlops_option_number("threshold", v, 0, 1);
}

static void
read_cost(Reader *r, JsonbValue *v, int i, const char *name)
{
	r->config->cost[i] = is_null(v) ? 0 : mlops_option_number(name, v, -1e15, 1e15);
}

static void
read_cost_tp(Reader *r, JsonbValue *v)
{
	read_cost(r, v, 0, "cost_matrix.tp");
}

static void
read_cost_fp(Reader *r, JsonbValue *v)
{
	read_cost(r, v, 1, "cost_matrix.fp");
}

static void
read_cost_fn(Reader *r, JsonbValue *v)
{
	read_cost(r, v, 2, "cost_matrix.fn");
}

static void
read_cost_tn(Reader *r, JsonbValue *v)
{
	read_cost(r, v, 3, "cost_matrix.tn");
}

static const Key cost_keys[] = {
	{"tp", read_cost_tp},
	{"fp", read_cost_fp},
	{"fn", read_cost_fn},
	{"tn", read_cost_tn},
};

static void
read_cost_matrix(Reader *r, JsonbValue *v)
{
	memset(r->config->cost, 0, sizeof(r->config->cost));
	r->config->has_cost = !is_null(v);
	if (r->config->has_cost)
		read_nested(r, "cost_matrix", v, cost_keys, COUNT(cost_keys));
}

static void
read_band(const char *name, JsonbValue *value, void *arg)
{
	MlopsConfig *config = arg;
	double		bound = mlops_option_number(psprintf("risk_bands.%s", name), value, 0, 1);
	int			i;

	if (config->n_bands == MLOPS_MAX_BANDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"risk_bands\" must not name more than %d levels", MLOPS_MAX_BANDS)));
	for (i = config->n_bands; i > 0 && config->bound[i - 1] > bound; i--)
	{
		config->bound[i] = config->bound[i - 1];
		config->band[i] = config->band[i - 1];
	}
	if (i > 0 && config->bound[i - 1] == bound)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("risk levels \"%s\" and \"%s\" have the same lower bound", config->band[i - 1], name)));
	config->bound[i] = bound;
	config->band[i] = pstrdup(name);
	config->n_bands++;
}

static void
read_risk_bands(Reader *r, JsonbValue *v)
{
	if (is_null(v))
	{
		r->config->n_bands = r->fresh->n_bands;
		memcpy(r->config->band, r->fresh->band, sizeof(r->fresh->band));
		memcpy(r->config->bound, r->fresh->bound, sizeof(r->fresh->bound));
		return;
	}
	r->config->n_bands = 0;
	mlops_option_each(mlops_option_object("risk_bands", v), "risk_bands", read_band, r->config);
	if (r->config->n_bands == 0 || r->config->bound[0] != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"risk_bands\" must have a level that starts at 0")));
}

static void
read_calibration(Reader *r, JsonbValue *v)
{
	static const char *const choices[] = {"auto", "none", "prior"};

	r->config->calibration = is_null(v) ? r->fresh->calibration : mlops_option_choice("calibration", v, choices, 3);
}

static void
read_gate_min_value(Reader *r, JsonbValue *v)
{
	r->config->gate_min_value = is_null(v) ? NAN : mlops_option_number("gate.min_value", v, -1e300, 1e300);
}

static const Key gate_keys[] = {
	{"min_value", read_gate_min_value},
};

static void
read_gate(Reader *r, JsonbValue *v)
{
	if (is_null(v))
		r->config->gate_min_value = NAN;
	else
		read_nested(r, "gate", v, gate_keys, COUNT(gate_keys));
}

static void
read_auto_production(Reader *r, JsonbValue *v)
{
	r->config->auto_production = is_null(v) ? true : mlops_option_bool("auto_production", v);
}

static void
read_tags(Reader *r, JsonbValue *v)
{
	r->config->tags = is_null(v) ? NULL : mlops_option_object("tags", v);
}

/* ---- preprocess: kept as written ---- */

static void
read_preprocess(Reader *r, JsonbValue *v)
{
	r->config->preprocess = NULL;
	if (is_null(v))
		return;
	r->config->preprocess = mlops_option_object("preprocess", v);
	mlops_preprocess_check(r->config->preprocess);
}

/* ---- select ---- */

static void
read_select_method(Reader *r, JsonbValue *v)
{
	const char *names[32];
	int			n = 0;

	for (; n < Min(ml_n_selectors, 32); n++)
		names[n] = ml_selector_name(ml_selectors[n]);
	r->config->select_method = is_null(v) ? NULL : mlops_option_choice("select.method", v, names, n);
}

static void
read_select_k(Reader *r, JsonbValue *v)
{
	r->config->select_k = is_null(v) ? 0 : (int) mlops_option_integer("select.k", v, 1, 1000000);
}

static const Key select_keys[] = {
	{"method", read_select_method},
	{"k", read_select_k},
};

static void
read_select(Reader *r, JsonbValue *v)
{
	if (!is_null(v))
		read_nested(r, "select", v, select_keys, COUNT(select_keys));
	if (!is_null(v) && r->config->select_method == NULL && r->config->select_k > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"select\" needs a method"),
				 errhint("For example {\"method\": \"mutual_info\", \"k\": 10}.")));
	if (is_null(v) || r->config->select_method == NULL)
	{
		r->config->select_method = NULL;
		r->config->select_k = 0;
	}
}

static const Key keys[] = {
	{"metric", read_metric},
	{"positive_label", read_positive_label},
	{"exclude", read_exclude},
	{"sample_weight", read_sample_weight},
	{"sampling", read_sampling},
	{"split", read_split},
	{"threshold", read_threshold},
	{"cost_matrix", read_cost_matrix},
	{"risk_bands", read_risk_bands},
	{"calibration", read_calibration},
	{"preprocess", read_preprocess},
	{"select", read_select},
	{"gate", read_gate},
	{"auto_production", read_auto_production},
	{"tags", read_tags},
};

void
mlops_config_init(MlopsConfig *config, const char *model)
{
	static const char *const bands[] = {"low", "medium", "high", "critical"};
	static const double bounds[] = {0, 0.3, 0.6, 0.85};

	memset(config, 0, sizeof(MlopsConfig));
	config->split_method = "auto";
	config->split_test = 0.2;
	config->split_validation = 0.2;
	/* 52 bits: exact in every JSON reader */
	config->salt = (int64) (ml_hash_bytes(model, strlen(model), 0) >> 12);
	config->refit = true;
	config->sampling.ratio = 1;
	config->threshold = NAN;
	config->n_bands = lengthof(bands);
	for (int i = 0; i < (int) lengthof(bands); i++)
	{
		config->band[i] = (char *) bands[i];
		config->bound[i] = bounds[i];
	}
	config->calibration = "auto";
	config->gate_min_value = NAN;
	config->auto_production = true;
}

void
mlops_config_apply(MlopsConfig *config, Jsonb *object, const char *model)
{
	MlopsConfig fresh;
	Reader		reader = {config, &fresh};
	KeyList		list = {&reader, keys, COUNT(keys), ""};

	mlops_config_init(&fresh, model);
	mlops_option_each(object, "config", read_key, &list);
	if (config->threshold_rule != NULL && strcmp(config->threshold_rule, "cost") == 0 && !config->has_cost)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("threshold \"cost\" needs a cost matrix"),
				 errhint("Set config.cost_matrix, for example {\"fp\": 1, \"fn\": 5}.")));
	if (strcmp(config->split_method, "group") == 0 && config->group == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split method \"group\" needs a column in config.split.group")));
}

Jsonb *
mlops_config_bands(const MlopsConfig *config)
{
	MlopsJson	json = MLOPS_JSON_INIT;

	mlops_json_begin(&json);
	for (int i = 0; i < config->n_bands; i++)
	{
		mlops_json_key(&json, config->band[i]);
		mlops_json_number(&json, config->bound[i]);
	}
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

Jsonb *
mlops_config_write(const MlopsConfig *c)
{
	MlopsJson	json = MLOPS_JSON_INIT;
	ListCell   *lc;

	mlops_json_begin(&json);
	mlops_json_key(&json, "metric");
	mlops_json_text(&json, c->metric);
	mlops_json_key(&json, "positive_label");
	mlops_json_text(&json, c->positive_label);
	mlops_json_key(&json, "exclude");
	mlops_json_begin_array(&json);
	foreach(lc, c->exclude)
		mlops_json_text(&json, lfirst(lc));
	mlops_json_end_array(&json);
	mlops_json_key(&json, "sample_weight");
	mlops_json_text(&json, c->sample_weight);
	mlops_json_key(&json, "sampling");
	mlops_json_begin(&json);
	mlops_json_key(&json, "method");
	mlops_json_text(&json, sampling_methods[c->sampling.method]);
	mlops_json_key(&json, "ratio");
	mlops_json_number(&json, c->sampling.ratio);
	mlops_json_end(&json);

	mlops_json_key(&json, "split");
	mlops_json_begin(&json);
	mlops_json_key(&json, "method");
	mlops_json_text(&json, c->split_method);
	mlops_json_key(&json, "test");
	mlops_json_number(&json, c->split_test);
	mlops_json_key(&json, "validation");
	mlops_json_number(&json, c->split_validation);
	mlops_json_key(&json, "test_where");
	mlops_json_text(&json, c->test_where);
	mlops_json_key(&json, "group");
	mlops_json_text(&json, c->group);
	mlops_json_key(&json, "salt");
	mlops_json_integer(&json, c->salt);
	mlops_json_key(&json, "refit");
	mlops_json_bool(&json, c->refit);
	mlops_json_end(&json);

	mlops_json_key(&json, "threshold");
	if (c->threshold_rule != NULL)
		mlops_json_text(&json, c->threshold_rule);
	else
		mlops_json_number(&json, c->threshold);
	mlops_json_key(&json, "cost_matrix");
	if (c->has_cost)
	{
		static const char *const names[] = {"tp", "fp", "fn", "tn"};

		mlops_json_begin(&json);
		for (int i = 0; i < 4; i++)
		{
			mlops_json_key(&json, names[i]);
			mlops_json_number(&json, c->cost[i]);
		}
		mlops_json_end(&json);
	}
	else
		mlops_json_text(&json, NULL);
	mlops_json_key(&json, "risk_bands");
	mlops_json_value(&json, mlops_config_bands(c));
	mlops_json_key(&json, "calibration");
	mlops_json_text(&json, c->calibration);
	mlops_json_key(&json, "preprocess");
	mlops_json_value(&json, c->preprocess);
	mlops_json_key(&json, "select");
	if (c->select_method != NULL)
	{
		mlops_json_begin(&json);
		mlops_json_key(&json, "method");
		mlops_json_text(&json, c->select_method);
		mlops_json_key(&json, "k");
		if (c->select_k > 0)
			mlops_json_integer(&json, c->select_k);
		else
			mlops_json_text(&json, NULL);
		mlops_json_end(&json);
	}
	else
		mlops_json_text(&json, NULL);
	mlops_json_key(&json, "gate");
	mlops_json_begin(&json);
	mlops_json_key(&json, "min_value");
	mlops_json_number(&json, c->gate_min_value);
	mlops_json_end(&json);
	mlops_json_key(&json, "auto_production");
	mlops_json_bool(&json, c->auto_production);
	mlops_json_key(&json, "tags");
	mlops_json_value(&json, c->tags);
	mlops_json_end(&json);
	return mlops_json_finish(&json);
}

bool
mlops_config_same_sql(const MlopsConfig *a, const MlopsConfig *b)
{
	if (a->test_where == NULL || b->test_where == NULL)
		return a->test_where == b->test_where;
	return strcmp(a->test_where, b->test_where) == 0;
}
