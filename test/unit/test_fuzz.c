/*
 * test_fuzz.c: bytes and options that nobody in his right mind would pass.
 *
 * Model bytes and exported versions are damaged in every way at hand, with
 * and without a checksum that fits, so that the checks behind the checksum
 * are reached.  What is refused is refused by its status; what is let in must
 * be usable.  A crash is the sanitizers' to find: every copy stands in memory
 * of exactly its size.  Seeds are fixed.
 */
#include "fixture.h"
#include "kernel/hash.h"
#include "kernel/rng.h"
#include "learn/baseline.h"
#include "learn/portable.h"
#include "tap.h"

typedef struct Subject Subject;
struct Subject
{
	const char *name;
	const uint8_t *bytes;
	size_t		size;
	/* opens; what it lets in is put to use; false: that went wrong */
	bool		(*use) (TestHost *t, const uint8_t *bytes, size_t size, MlCode *code);
};

static uint64_t draws;

static uint64_t
draw(uint64_t below)
{
	return ml_rng_below_at(20240229, draws++, below);
}

/* Both formats have their checksum at the same place: bytes 24 to 31, over all the others. */
static void
seal(uint8_t *bytes, size_t size)
{
	uint64_t	sum;

	if (size < 32)
		return;
	sum = ml_hash_bytes(bytes + 32, size - 32, ml_hash_bytes(bytes, 24, 1));
	memcpy(bytes + 24, &sum, sizeof(sum));
}

/* ---- what is let in must work ---- */

static bool
use_model(TestHost *t, const uint8_t *bytes, size_t size, MlCode *code)
{
	static const double value[] = {NAN, ML_UNSEEN, 0.0, 1.0, 2.5, 1e300, -1e300};
	MlModel		model;
	MlStatus	status;
	double	   *x;
	double	   *margin;
	double	   *proba;
	double	   *phi;
	double	   *room;
	double	   *margin_room;
	double	   *z;
	char		name[64];
	size_t		p;
	size_t		v;
	size_t		c;
	int			k;
	bool		sound = true;

	*code = ml_model_open(&t->host, bytes, size, &model, &status);
	if (*code != ML_OK)
		return status.message[0] != '\0';
	p = (size_t) model.prep.p;
	x = malloc((p + 1) * sizeof(double));
	phi = malloc((p + 1) * sizeof(double));
	room = malloc((ml_model_explain_room(&model) + 1) * sizeof(double));
	margin_room = malloc((ml_model_margin_room(&model) + 1) * sizeof(double));
	z = malloc(((size_t) model.prep.width + 1) * sizeof(double));
	margin = malloc((size_t) model.n_outputs * sizeof(double));
	proba = malloc(((size_t) model.n_classes + 1) * sizeof(double));
	for (v = 0; v < sizeof(value) / sizeof(value[0]); v++)
	{
		int			class;

		for (c = 0; c < p; c++)
			x[c] = model.prep.column[c].kind == ML_NUMERIC ? value[v] :
				value[v] < model.prep.column[c].n_levels ? value[v] : ML_UNSEEN;
		ml_model_margin(&model, x, 1, margin, margin_room);
		ml_model_proba(&model, margin, proba);
		ml_prep_apply(&model.prep, x, z);
		if (model.task != ML_REGRESSION)
		{
			class = ml_model_class(&model, margin, proba, 0.5);
			sound = sound && class >= 0 && class < model.n_classes && strlen(model.class_name[class]) < size;
		}
		sound = sound && ml_model_explain(&t->host, &model, x, model.n_outputs - 1, room, phi, &status) == ML_OK;
	}
	for (c = 0; c < p; c++)
		if (model.prep.column[c].kind == ML_CATEGORY)
			sound = sound && !(ml_prep_level(&model.prep.column[c], "c", 1) >= model.prep.column[c].n_levels);
	for (c = 0; c < (size_t) model.prep.width && c < 100; c++)
		ml_prep_name(&model.prep, (int) c, name, sizeof(name));
	if (model.prep.n_extra > 0)
		sound = sound && (size_t) ml_prep_extended_owner(&model.prep, model.prep.p + model.prep.n_extra - 1, &k) < p;
	free(x);
	free(phi);
	free(room);
	free(margin_room);
	free(z);
	free(margin);
	free(proba);
	return sound;
}

/* What is read is written back bit for bit. */
static bool
use_portable(TestHost *t, const uint8_t *bytes, size_t size, MlCode *code)
{
	MlPortable	portable;
	MlStatus	status;
	uint8_t    *again;
	bool		same;

	*code = ml_portable_open(&t->host, bytes, size, &portable, &status);
	if (*code != ML_OK)
		return status.message[0] != '\0';
	if (ml_portable_size(&portable) != size)
		return false;
	again = malloc(size);
	ml_portable_write(&portable, again);
	same = memcmp(again, bytes, size) == 0;
	free(again);
	return same;
}

/* ---- damage ---- */

/* Opens a damaged copy; counts what is let in. */
static bool
try_copy(const Subject *s, TestHost *t, const uint8_t *copy, size_t size, long *opened)
{
	MlCode		code;
	bool		good = s->use(t, copy, size, &code);

	test_host_reset(t);
	*opened += code == ML_OK;
	return good && (code == ML_OK || code == ML_BAD_BYTES || code == ML_NOT_SUPPORTED);
}

static void
every_byte(const Subject *s, TestHost *t)
{
	static const uint8_t change[] = {0x01, 0x80, 0xff, 0x10};
	uint8_t    *copy = malloc(s->size);
	long		plain = 0;
	long		sealed = 0;
	bool		good = true;
	size_t		at;
	size_t		v;

	for (at = 0; at < s->size; at++)
		for (v = 0; v < sizeof(change); v++)
		{
			memcpy(copy, s->bytes, s->size);
			copy[at] ^= change[v];
			if (v < 2)
				good = try_copy(s, t, copy, s->size, &plain) && good;
			seal(copy, s->size);
			good = try_copy(s, t, copy, s->size, &sealed) && good;
		}
	free(copy);
	OK(plain == 0, "every changed byte is noticed");
	OK(good && sealed > 0, "with a checksum that fits it is refused or harmless");
}

/* Every length: as it is, with the size the head tells, and with a checksum too. */
static void
every_length(const Subject *s, TestHost *t)
{
	long		plain = 0;
	long		sealed = 0;
	bool		good = true;
	size_t		size;

	for (size = 0; size < s->size + 64; size++)
	{
		uint8_t    *copy = calloc(1, size > 0 ? size : 1);
		uint64_t	told = size;

		memcpy(copy, s->bytes, size < s->size ? size : s->size);
		if (size != s->size)
			good = try_copy(s, t, copy, size, &plain) && good;
		if (size >= 24)
			memcpy(copy + 16, &told, sizeof(told));
		if (size != s->size)
			good = try_copy(s, t, copy, size, &plain) && good;
		seal(copy, size);
		good = try_copy(s, t, copy, size, &sealed) && good;
		free(copy);
	}
	OK(plain == 0, "every other length is noticed");
	OK(good && sealed >= 1, "with a checksum that fits it is refused or harmless");
}

/* A place where the bytes are not long arrays of numbers, mostly. */
static size_t
draw_place(const Subject *s)
{
	return draw(3) == 0 ? draw(s->size) : draw(s->size < 512 ? s->size : 512);
}

static void
mutate(const Subject *s, uint8_t *copy)
{
	const uint64_t word[] = {0, 1, 7, 8, s->size, s->size - 8, INT32_MAX, UINT32_MAX, UINT64_C(1) << 31,
		UINT64_C(1) << 62, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 7,
	UINT64_C(0x7ff8000000000000), UINT64_C(0x7ff0000000000000), UINT64_C(0xfff8000000000001)};
	uint64_t	value = word[draw(sizeof(word) / sizeof(word[0]))];
	size_t		at = draw_place(s);
	size_t		from = draw_place(s);
	size_t		len = 8 * (1 + draw(6));

	switch (draw(6))
	{
		case 0:
			copy[at] = (uint8_t) draw(256);
			break;
		case 1:
			at &= ~(size_t) 3;
			if (at + 4 <= s->size)
				memcpy(copy + at, &value, 4);
			break;
		case 2:
			at &= ~(size_t) 7;
			if (at + 8 <= s->size)
				memcpy(copy + at, &value, 8);
			break;
		case 3:
			at &= ~(size_t) 7;
			if (at + 8 <= s->size)
			{
				memcpy(&value, copy + at, 8);
				value += 8 * (draw(9) - 4);
				memcpy(copy + at, &value, 8);
			}
			break;
		default:
			at &= ~(size_t) 7;
			from &= ~(size_t) 7;
			if (at + len <= s->size && from + len <= s->size)
				memmove(copy + at, copy + from, len);
			break;
	}
}

static void
random_damage(const Subject *s, TestHost *t, int rounds)
{
	uint8_t    *copy = malloc(s->size);
	long		opened = 0;
	bool		good = true;
	int			i;

	for (i = 0; i < rounds; i++)
	{
		uint64_t	times = 1 + draw(4);

		memcpy(copy, s->bytes, s->size);
		while (times-- > 0)
			mutate(s, copy);
		seal(copy, s->size);
		good = try_copy(s, t, copy, s->size, &opened) && good;
	}
	free(copy);
	OK(good && opened > 0, "random damage under a fitting checksum is refused or harmless");
}

/* Each allocation of opening may fail. */
static void
no_memory(const Subject *s, TestHost *t)
{
	MlCode		code = ML_NO_MEMORY;
	bool		good = true;

	for (t->fail_at = 1; code == ML_NO_MEMORY; t->fail_at++)
	{
		good = s->use(t, s->bytes, s->size, &code) && good;
		test_host_reset(t);
	}
	OK(good && code == ML_OK && t->fail_at > 3, "every allocation may fail");
	t->fail_at = 0;
}

static void
damage(const Subject *s, int rounds)
{
	TestHost	t;

	printf("# %s, %zu bytes\n", s->name, s->size);
	test_host_init(&t, 1);
	every_byte(s, &t);
	every_length(s, &t);
	random_damage(s, &t, rounds);
	no_memory(s, &t);
}

/* ---- subjects ---- */

/* Every learner, task and weighting. */
static void
models(TestHost *t)
{
	static const MlTaskKind task[] = {ML_REGRESSION, ML_BINARY, ML_MULTICLASS};
	int			l;
	int			k;
	int			balanced;

	for (l = 0; l < ml_n_learners; l++)
		for (k = 0; k < 3; k++)
			for (balanced = 0; balanced < (task[k] == ML_REGRESSION ? 1 : 2); balanced++)
			{
				Fixture		f;
				Fitted		r;
				MlParams	params;
				char		name[80];
				Subject		s = {name, NULL, 0, use_model};

				if ((ml_learners[l]->tasks & task[k]) == 0)
					continue;
				snprintf(name, sizeof(name), "%s, task %d%s", ml_learners[l]->name, task[k],
						 balanced ? ", class weights" : "");
				fixture_golden(&f, task[k], false);
				ml_params_init(&params, ml_learners[l]);
				params.balanced = balanced == 1;
				/* few bytes, all of them changed */
				if (ml_param_index(ml_learners[l], "n_estimators") >= 0)
					fixture_set(&params, "n_estimators", 2);
				OK(fixture_fit(t, &f.data, &params, &r) == ML_OK, name);
				s.bytes = r.bytes;
				s.size = r.size;
				damage(&s, 20000);
				test_host_reset(t);
			}
}

/* What preprocessing adds to the bytes. */
static void
prepared(TestHost *t)
{
	static const MlLearner *const learner[] = {&ml_logistic_regression, &ml_decision_tree, &ml_gradient_boosting};
	static const MlTaskKind task[] = {ML_BINARY, ML_MULTICLASS};
	int			way;
	int			l;
	int			k;

	for (way = 0; way < 4; way++)
		for (l = 0; l < 3; l++)
			for (k = 0; k < 2; k++)
			{
				Fixture		f;
				Fitted		r;
				MlParams	params;
				MlPrepSpec	spec[4];
				char		name[80];
				Subject		s = {name, NULL, 0, use_model};
				int			c;

				fixture_golden(&f, task[k], false);
				for (c = 0; c < 4; c++)
					ml_prep_default(spec + c, f.column[c].kind, learner[l]->linear);
				spec[0].clip = ML_CLIP_QUANTILES;
				spec[0].low = 0.1;
				spec[1].impute = ML_IMPUTE_MEAN;
				spec[1].indicator = spec[3].indicator = true;
				spec[3].encode = way == 0 ? ML_ENCODE_TARGET : way == 1 ? ML_ENCODE_FREQUENCY
					: way == 2 ? ML_ENCODE_HASH : ML_ENCODE_ONEHOT;
				spec[3].buckets = 6;
				spec[3].rare_below = way == 2 ? 0 : way == 1 ? 100 : 8;
				spec[3].unknown = way == 3 ? ML_UNKNOWN_ERROR : way == 1 ? ML_UNKNOWN_MISSING : ML_UNKNOWN_DEFAULT;
				snprintf(name, sizeof(name), "%s, task %d, prepared in way %d", learner[l]->name, task[k], way);
				ml_params_init(&params, learner[l]);
				if (l == 2)
					fixture_set(&params, "n_estimators", 2);
				OK(fixture_fit_as(t, &f.data, spec, &params, &r) == ML_OK, name);
				s.bytes = r.bytes;
				s.size = r.size;
				damage(&s, 6000);
				test_host_reset(t);
			}
}

static void
portables(TestHost *t)
{
	static double quantile[ML_BASELINE_QUANTILES];
	static const char *level[] = {"b", "a", "\xc3\xa9"};
	static int64_t count[] = {7, 5, 5};
	static MlMetric metric[] = {{"auc", "test", 0, 0.75}, {"auc", "train", 0, 0.875}, {"auc", "train", 1, NAN}};
	static MlArtifact artifact[] = {{"coefficients", "application/json", "[]"}, {"matrix", "text/plain", ""}};
	MlPortableColumn column[4] = {
		{0.25, NULL, {.kind = ML_NUMERIC,.n = 20,.n_missing = 3,.quantile = quantile,.mean = 0.5,.sd = 0.25,
				.maximum = 1.0,.n_distinct = 17}},
		{0.75, "words", {.kind = ML_CATEGORY,.n = 20,.n_missing = 1,.n_levels = 3,.level = level,.count = count,
				.n_other = 2,.n_distinct = 5}},
		{NAN, NULL, {.kind = ML_NUMERIC,.n = 5,.n_missing = 5}},
		{NAN, NULL, {.kind = ML_CATEGORY}}
	};
	MlPortable	p = {
		.encoding = "UTF8",.target = "y",.threshold = 0.5,.risk_bands = "{\"low\": 0}",.metric = "auc",
		.value = 0.75,.train_rows = 20,.test_rows = 5,.source = "t",.source_query = "SELECT y FROM t",
		.tags = "{}",.definition = "{}",.params = "{}",.config = "{}",.run_params = "{}",.column_types = "{}",
		.content_hash = "0123456789abcdef",.seed = -1,.rows_read = 25,.ended_at = 1,.seconds = 0.125,
		.n_metrics = 3,.metrics = metric,.n_artifacts = 2,.artifact = artifact,.n_columns = 4,.column = column,
		.model = (const uint8_t *) "model...",.model_size = 8
	};
	Subject		s = {"exported version", NULL, 0, use_portable};
	MlPortable	read;
	MlStatus	status;
	uint8_t    *bytes;
	int			i;

	for (i = 0; i < ML_BASELINE_QUANTILES; i++)
		quantile[i] = i / 1000.0;
	s.size = ml_portable_size(&p);
	s.bytes = bytes = malloc(s.size);
	ml_portable_write(&p, bytes);
	OK(ml_portable_open(&t->host, bytes, s.size, &read, &status) == ML_OK, "what was written is read");
	OK(strcmp(read.source_query, "SELECT y FROM t") == 0 && read.key == NULL && read.seed == -1 &&
	   read.threshold == 0.5 && isnan(read.metrics[2].value) && strcmp(read.artifact[1].content, "") == 0 &&
	   read.column[0].baseline.quantile[1000] == 1.0 && read.column[1].baseline.count[2] == 5 &&
	   strcmp(read.column[1].baseline.level[2], "\xc3\xa9") == 0 && read.column[2].baseline.quantile == NULL &&
	   read.model_size == 8 && memcmp(read.model, "model...", 8) == 0, "as it was written");
	test_host_reset(t);
	damage(&s, 40000);
	free(bytes);
}

/* ---- options ---- */

static double
draw_number(void)
{
	static const double number[] = {0, 1, -1, 0.5, 1e-12, 1e12, 3, 100, 1e300, -1e300, 2147483648.0, INFINITY,
	-INFINITY, NAN};

	return number[draw(sizeof(number) / sizeof(number[0]))];
}

static const char *
draw_text(void)
{
	static const char *const text[] = {"", "l1", "l2", "none", "elasticnet", "L2", "auto", "lbfgs", "|", "l2|none",
	"newton-cholesky", "\xff", "a text that is longer than any of the choices of any parameter, by far"};

	return text[draw(sizeof(text) / sizeof(text[0]))];
}

/* Sets one parameter to something; false when a value outside its bounds was taken. */
static bool
set_something(MlParams *params)
{
	const MlLearner *learner = params->learner;
	int			i = (int) draw((uint64_t) learner->n_params);
	const MlParam *param = learner->params + i;
	MlStatus	status;
	MlCode		code;

	if (ml_param_index(learner, param->name) != i || ml_param_index(learner, draw_text()) >= learner->n_params)
		return false;
	if (param->type == ML_PARAM_CLASS_WEIGHT)
	{
		params->balanced = draw(2) == 0;
		return true;
	}
	if (param->type == ML_PARAM_ENUM)
	{
		code = ml_param_set_text(params, i, draw_text(), &status);
		return (code == ML_OK || code == ML_BAD_PARAMETER) && params->text[i] != NULL &&
			strstr(param->choices, params->text[i]) != NULL;
	}
	code = ml_param_set_number(params, i, draw_number(), &status);
	return (code == ML_OK || code == ML_BAD_PARAMETER) &&
		(isnan(params->number[i]) || (params->number[i] >= param->minimum && params->number[i] <= param->maximum) ||
		 param->type == ML_PARAM_BOOL);
}

/* Whatever is accepted trains, or says by its status why not. */
static void
options(TestHost *t)
{
	static const MlTaskKind task[] = {ML_REGRESSION, ML_BINARY, ML_MULTICLASS};
	bool		bounded = true;
	bool		trained = true;
	long		models_made = 0;
	int			i;

	for (i = 0; i < 1500; i++)
	{
		const MlLearner *learner = ml_learners[draw((uint64_t) ml_n_learners)];
		MlTaskKind	kind = task[draw(3)];
		MlParams	params;
		Fixture		f;
		Fitted		r;
		MlStatus	status;
		MlCode		code = ML_OK;
		int			times;

		ml_params_init(&params, learner);
		for (times = (int) draw(6); times > 0; times--)
			bounded = set_something(&params) && bounded;
		if ((learner->tasks & kind) == 0)
			continue;
		if (learner->check != NULL)
			code = learner->check(&params, kind, &status);
		if (code == ML_OK && i % 5 == 0)
		{
			fixture_golden(&f, kind, draw(2) == 0);
			code = fixture_fit(t, &f.data, &params, &r);
			models_made += code == ML_OK;
			if (code != ML_OK)
				printf("# %s: %s\n", learner->name, r.status.message);
			test_host_reset(t);
		}
		trained = trained && (code == ML_OK || code == ML_BAD_PARAMETER || code == ML_BAD_DATA);
	}
	OK(bounded, "no parameter takes a value outside its bounds");
	OK(trained && models_made > 50, "what is accepted trains or is refused by name");
}

int
main(void)
{
	TestHost	t;

	test_host_init(&t, 1);
	models(&t);
	prepared(&t);
	portables(&t);
	options(&t);
	return tap_done();
}
