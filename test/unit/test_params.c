/* test_params.c: parameters and statuses: every sentence a user can meet. */
#include "host_test.h"
#include "learn/learner.h"
#include "tap.h"

static const MlParam table[] = {
	{.name = "learning_rate",.type = ML_PARAM_FLOAT,.default_number = 0.05,.minimum = 0,.maximum = 1,
	.minimum_open = true,.aliases = "eta|shrinkage"},
	{.name = "max_leaves",.type = ML_PARAM_INT,.default_number = 31,.minimum = 2,.maximum = 131072,
	.aliases = "num_leaves"},
	{.name = "alpha",.type = ML_PARAM_FLOAT,.default_number = NAN,.minimum = 0,.maximum = INFINITY},
	{.name = "C",.type = ML_PARAM_FLOAT,.default_number = 1,.minimum = 0,.maximum = INFINITY,.minimum_open = true},
	{.name = "bootstrap",.type = ML_PARAM_BOOL,.default_number = 1},
	{.name = "penalty",.type = ML_PARAM_ENUM,.default_text = "l2",.choices = "none|l2|l1"},
	{.name = "class_weight",.type = ML_PARAM_CLASS_WEIGHT,.default_number = NAN},
	{.name = "offset",.type = ML_PARAM_FLOAT,.default_number = 0,.minimum = -INFINITY,.maximum = 5},
	{.name = "max_features",.type = ML_PARAM_FLOAT,.default_number = NAN,.choices = "sqrt|log2",.minimum = 0,
	.maximum = INFINITY},
};

static const MlLearner learner = {.name = "toy",.params = table,.n_params = 9};

static MlParams params;
static MlStatus status;

static const char *
set_number(const char *name, double value)
{
	status.message[0] = '\0';
	if (ml_param_set_number(&params, ml_param_index(&learner, name), value, &status) == ML_OK)
		return "ok";
	return status.message;
}

static const char *
set_text(const char *name, const char *value)
{
	status.message[0] = '\0';
	if (ml_param_set_text(&params, ml_param_index(&learner, name), value, &status) == ML_OK)
		return "ok";
	return status.message;
}

static int
param(const char *name)
{
	return ml_param_index(params.learner, name);
}

static void
test_params(void)
{
	ml_params_init(&params, &learner);
	OK(ml_param_number(&params, "learning_rate") == 0.05 && ml_param_number(&params, "max_leaves") == 31, "defaults");
	OK(isnan(ml_param_number(&params, "alpha")) && !params.given[param("alpha")], "a default that is chosen later");
	IS_TEXT(ml_param_text(&params, "penalty"), "l2", "default word");
	OK(ml_param_index(&learner, "eta") == 0 && ml_param_index(&learner, "shrinkage") == 0 &&
			ml_param_index(&learner, "num_leaves") == 1, "aliases");
	OK(ml_param_index(&learner, "et") == -1 && ml_param_index(&learner, "eta|shrinkage") == -1 &&
			ml_param_index(&learner, "") == -1, "no part of an alias is one");

	IS_TEXT(set_number("eta", 0.5), "ok", "a number by its alias");
	OK(ml_param_number(&params, "learning_rate") == 0.5 && params.given[param("learning_rate")], "it is kept");
	IS_TEXT(set_number("max_leaves", 1), "parameter \"max_leaves\" must be between 2 and 131072", "below its bounds");
	IS_TEXT(status.detail, "The value given is 1.", "detail names the value");
	IS_TEXT(set_number("max_leaves", 131073), "parameter \"max_leaves\" must be between 2 and 131072",
			"above its bounds");
	IS_TEXT(set_number("max_leaves", 2.5), "parameter \"max_leaves\" must be an integer", "a fraction");
	IS_TEXT(set_number("max_leaves", 2), "ok", "on the bound");
	IS_TEXT(set_number("learning_rate", 0), "parameter \"learning_rate\" must be greater than 0 and at most 1",
			"an open bound");
	IS_TEXT(set_number("alpha", -1), "parameter \"alpha\" must be at least 0", "a lower bound");
	IS_TEXT(set_number("C", 0), "parameter \"C\" must be greater than 0", "an open lower bound");
	IS_TEXT(set_number("offset", 6), "parameter \"offset\" must be at most 5", "an upper bound");
	IS_TEXT(set_number("offset", -1e300), "ok", "no lower bound");
	IS_TEXT(set_number("alpha", NAN), "parameter \"alpha\" must be a number", "NaN");
	IS_TEXT(set_number("alpha", INFINITY), "parameter \"alpha\" must be a number", "infinity");
	IS_TEXT(set_number("learning_rate", INFINITY), "parameter \"learning_rate\" must be greater than 0 and at most 1",
			"infinity where there is a bound");
	IS_TEXT(set_number("bootstrap", 2), "parameter \"bootstrap\" must be true or false", "a boolean");
	IS_TEXT(set_number("bootstrap", 0), "ok", "false");
	IS_TEXT(set_number("penalty", 1), "parameter \"penalty\" must be one of none|l2|l1", "a number for a word");
	IS_TEXT(set_text("penalty", "l"), "parameter \"penalty\" must be one of none|l2|l1", "a wrong word");
	IS_TEXT(status.detail, "The value given is \"l\".", "detail names the word");
	IS_TEXT(set_text("penalty", "l1"), "ok", "a right word");
	IS_TEXT(set_text("alpha", "x"), "parameter \"alpha\" must be a number", "a word for a number");
	IS_TEXT(set_text("class_weight", "even"),
			"parameter \"class_weight\" must be \"balanced\" or an object of class weights", "class weights");
	OK(!params.balanced, "not balanced yet");
	IS_TEXT(set_text("class_weight", "balanced"), "ok", "balanced");
	OK(params.balanced, "balanced now");
}

static void
test_memory(void)
{
	TestHost	host;
	unsigned char *zero;

	test_host_init(&host, 1);
	OK(ml_alloc_array(&host.host, SIZE_MAX / 4, 8) == NULL && host.n_alloc == 0, "an overflow is no memory");
	OK(ml_alloc_array(&host.host, 0, 8) != NULL, "an empty array is memory");
	zero = ml_alloc_zero(&host.host, 3, 1);
	OK(zero && zero[0] == 0 && zero[2] == 0, "zeroed");
	OK(ml_no_memory(&status, 77, "the tree") == ML_NO_MEMORY, "no memory is a code");
	IS_TEXT(status.message, "not enough memory for the tree", "and a message");
	ml_status_hint(&status, "Try %d.", 3);
	ml_status_set(&status, ML_BAD_DATA, "%s", "no");
	OK(status.hint[0] == '\0' && status.detail[0] == '\0', "a new status has no old hint");
	test_host_reset(&host);
	OK(host.n_alive == 0, "nothing left");
}

/* A number, or a word that stands for one: the last one given counts. */
static void
test_words(void)
{
	ml_params_init(&params, &learner);
	OK(isnan(ml_param_number(&params, "max_features")) && ml_param_text(&params, "max_features") == NULL, "neither");
	IS_TEXT(set_text("max_features", "log2"), "ok", "a word");
	IS_TEXT(ml_param_text(&params, "max_features"), "log2", "is kept");
	IS_TEXT(set_number("max_features", 3), "ok", "a number");
	OK(ml_param_number(&params, "max_features") == 3 && ml_param_text(&params, "max_features") == NULL, "is kept");
	IS_TEXT(set_text("max_features", "cube"), "parameter \"max_features\" must be a number or one of sqrt|log2",
			"another word");
	IS_TEXT(set_text("C", "log2"), "parameter \"C\" must be a number", "a number alone");
}

int
main(void)
{
	test_params();
	test_words();
	test_memory();
	return tap_done();
}
