/*
 * class_weight.c: the parameter class_weight, for every classifier that has it.
 */
#include "learn/class_weight.h"

#include <math.h>
#include <string.h>

static MlCode
set_named(const MlDataset *data, const char *name, double value, double *weight, MlStatus *status)
{
	int			k;

	for (k = 0; k < data->n_classes; k++)
		if (strcmp(name, data->class_name[k]) == 0)
			break;
	if (k == data->n_classes)
		return ml_status_set(status, ML_BAD_PARAMETER,
							 "parameter \"class_weight\" names \"%s\", which is not a class", name);
	if (!(value > 0.0) || !isfinite(value))
		return ml_status_set(status, ML_BAD_PARAMETER,
							 "parameter \"class_weight\" of class \"%s\" must be greater than 0 and finite", name);
	weight[k] = value;
	return ML_OK;
}

MlCode
ml_class_weights(const MlDataset *data, int64_t rows, const MlParams *params,
				 int64_t *count, double *weight, MlStatus *status)
{
	int			present = 0;
	int64_t		i;
	int			k;

	memset(count, 0, (size_t) data->n_classes * sizeof(int64_t));
	for (i = 0; i < rows; i++)
		count[(int) data->y[i]]++;
	for (k = 0; k < data->n_classes; k++)
		present += count[k] > 0;
	for (k = 0; k < data->n_classes; k++)
		weight[k] = params->balanced && count[k] > 0 ? (double) rows / ((double) present * (double) count[k]) : 1.0;
	for (k = 0; k < params->n_class_weights; k++)
	{
		MlCode		code = set_named(data, params->class_weight_name[k], params->class_weight_value[k], weight, status);

		if (code != ML_OK)
			return code;
	}
	return ML_OK;
}

MlCode
ml_class_prior(MlHost *host, int n_classes, const double *weight, MlFit *fit, MlStatus *status)
{
	double	   *prior = ml_alloc_array(host, (size_t) n_classes, sizeof(double));
	int			k;

	if (prior == NULL)
		return ml_no_memory(status, (size_t) n_classes * sizeof(double), "class weights");
	for (k = 0; k < n_classes; k++)
		prior[k] = log(weight[k]);
	fit->log_prior = prior;
	return ML_OK;
}
