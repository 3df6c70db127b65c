/*
 * params.c: parameters by their table.
 *
 * Whatever a user may do wrong with one value is said here, once.  What is
 * wrong only in combination is the learner's own `check`.  Words as values
 * are not copied: the text must live as long as the MlParams.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/learner.h"

/* Is word one of the words in list, separated by '|'? */
static bool
in_list(const char *list, const char *word)
{
	size_t		len = strlen(word);

	if (list == NULL)
		return false;
	for (;;)
	{
		const char *end = strchr(list, '|');
		size_t		size = end ? (size_t) (end - list) : strlen(list);

		if (size == len && memcmp(list, word, len) == 0)
			return true;
		if (end == NULL)
			return false;
		list = end + 1;
	}
}

void
ml_params_init(MlParams *params, const MlLearner *learner)
{
	int			i;

	assert(learner->n_params <= ML_MAX_PARAMS);
	memset(params, 0, sizeof(*params));
	params->learner = learner;
	for (i = 0; i < learner->n_params; i++)
	{
		params->number[i] = learner->params[i].default_number;
		if (learner->params[i].type == ML_PARAM_ENUM)
			params->text[i] = learner->params[i].default_text;
	}
}

int
ml_param_index(const MlLearner *learner, const char *name)
{
	int			i;

	for (i = 0; i < learner->n_params; i++)
		if (strcmp(learner->params[i].name, name) == 0)
			return i;
	for (i = 0; i < learner->n_params; i++)
		if (in_list(learner->params[i].aliases, name))
			return i;
	return -1;
}

/* The sentence for a value of the wrong type. */
static MlCode
wrong_type(const MlParam *param, MlStatus *status)
{
	switch (param->type)
	{
		case ML_PARAM_FLOAT:
			if (param->choices)
				return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"%s\" must be a number or one of %s",
									 param->name, param->choices);
			return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"%s\" must be a number", param->name);
		case ML_PARAM_INT:
			return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"%s\" must be an integer", param->name);
		case ML_PARAM_BOOL:
			return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"%s\" must be true or false", param->name);
		case ML_PARAM_ENUM:
			return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"%s\" must be one of %s",
								 param->name, param->choices);
		case ML_PARAM_MONOTONE:
			return ml_status_set(status, ML_BAD_PARAMETER,
								 "parameter \"%s\" must be an object of columns and -1, 0 or 1", param->name);
		case ML_PARAM_CLASS_WEIGHT:
			break;
	}
	return ml_status_set(status, ML_BAD_PARAMETER,
						 "parameter \"%s\" must be \"balanced\" or an object of class weights", param->name);
}

static MlCode
check_bounds(const MlParam *param, double value, MlStatus *status)
{
	bool		low = param->minimum_open ? value <= param->minimum : value < param->minimum;
	bool		high = value > param->maximum;
	bool		has_low = !isinf(param->minimum);
	bool		has_high = !isinf(param->maximum);

	if (!(has_low && low) && !(has_high && high))
		return ML_OK;
	if (has_low && has_high && param->minimum_open)
		ml_status_set(status, ML_BAD_PARAMETER, "parameter \"%s\" must be greater than %.15g and at most %.15g",
					  param->name, param->minimum, param->maximum);
	else if (has_low && has_high)
		ml_status_set(status, ML_BAD_PARAMETER, "parameter \"%s\" must be between %.15g and %.15g",
					  param->name, param->minimum, param->maximum);
	else if (has_low)
		ml_status_set(status, ML_BAD_PARAMETER, "parameter \"%s\" must be %s %.15g",
					  param->name, param->minimum_open ? "greater than" : "at least", param->minimum);
	else
		ml_status_set(status, ML_BAD_PARAMETER, "parameter \"%s\" must be at most %.15g",
					  param->name, param->maximum);
	ml_status_detail(status, "The value given is %.15g.", value);
	return ML_BAD_PARAMETER;
}

MlCode
ml_param_set_number(MlParams *params, int index, double value, MlStatus *status)
{
	const MlParam *param;
	MlCode		code;

	assert(index >= 0 && index < params->learner->n_params);
	param = &params->learner->params[index];
	if ((param->type != ML_PARAM_FLOAT && param->type != ML_PARAM_INT && param->type != ML_PARAM_BOOL) ||
		isnan(value) ||
		/* what a bound refuses is told by the bound */
		(isinf(value) && isinf(value > 0 ? param->maximum : param->minimum)) ||
		(param->type == ML_PARAM_INT && value != floor(value)) ||
		(param->type == ML_PARAM_BOOL && value != 0 && value != 1))
	{
		code = wrong_type(param, status);
		ml_status_detail(status, "The value given is %.15g.", value);
		return code;
	}
	if (param->type != ML_PARAM_BOOL)
	{
		code = check_bounds(param, value, status);
		if (code != ML_OK)
			return code;
	}
	params->number[index] = value;
	params->text[index] = NULL;
	params->given[index] = true;
	return ML_OK;
}

MlCode
ml_param_set_text(MlParams *params, int index, const char *value, MlStatus *status)
{
	const MlParam *param;

	assert(index >= 0 && index < params->learner->n_params);
	param = &params->learner->params[index];
	if (param->type == ML_PARAM_CLASS_WEIGHT && strcmp(value, "balanced") == 0)
	{
		params->balanced = true;
		params->given[index] = true;
		return ML_OK;
	}
	if ((param->type != ML_PARAM_ENUM && param->type != ML_PARAM_FLOAT) || !in_list(param->choices, value))
	{
		wrong_type(param, status);
		ml_status_detail(status, "The value given is \"%s\".", value);
		return ML_BAD_PARAMETER;
	}
	params->text[index] = value;
	params->given[index] = true;
	return ML_OK;
}

static int
index_of(const MlParams *params, const char *name)
{
	int			index = ml_param_index(params->learner, name);

	assert(index >= 0);
	return index;
}

double
ml_param_number(const MlParams *params, const char *name)
{
	return params->number[index_of(params, name)];
}

const char *
ml_param_text(const MlParams *params, const char *name)
{
	return params->text[index_of(params, name)];
}
