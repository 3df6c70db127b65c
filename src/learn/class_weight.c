/*
 * class_weight.c: the parameter class_weight, for every classifier that has it.
 */
#include "learn/class_weight.h"

#include <math.h>
#include <string.h>

#define PRIOR_STEPS 200
#define PRIOR_TOL 1e-4
#define PRIOR_MOST 30.0

static MlCode
set_named(const MlDataset *data, const char *name, double value, double *weight, MlStatus *status)
{
	int			k;

	for (k = 0; k < data->n_classes; k++)
		if (strcmp(name, data->class_name[k]) == 0)
			break;
	if (k == data->n_classes)
	{
		ml_status_set(status, ML_BAD_PARAMETER, "parameter \"class_weight\" names \"%s\", which is not a class", name);
		ml_status_detail(status, "%s \"%s\" and \"%s\".", k == 2 ? "The classes are" : "The first classes are",
						 data->class_name[0], data->class_name[1]);
		return ML_BAD_PARAMETER;
	}
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

/* mean[k] := weighted mean of p_k / r_k, divided by their sum */
static void
mean_shares(int n_classes, int64_t n, const double *p, const double *w, const double *log_r, double *ratio,
			double *mean)
{
	double		total = 0;
	int64_t		i;
	int			k;

	for (k = 0; k < n_classes; k++)
	{
		ratio[k] = exp(-log_r[k]);
		mean[k] = 0;
	}
	for (i = 0; i < n; i++)
	{
		const double *row = p + (size_t) i * (size_t) n_classes;
		double		weight = w ? w[i] : 1;
		double		sum = 0;

		for (k = 0; k < n_classes; k++)
			sum += row[k] * ratio[k];
		total += weight;
		for (k = 0; k < n_classes; k++)
			mean[k] += weight * row[k] * ratio[k] / sum;
	}
	for (k = 0; k < n_classes; k++)
		mean[k] /= total;
}

/* Iterative scaling: each class by how much its mean is beyond its part, until no class is by more than PRIOR_TOL. */
MlCode
ml_class_prior_seen(MlHost *host, int n_classes, int64_t n, const double *p, const double *y, const double *w,
					MlFit *fit, MlStatus *status)
{
	size_t		classes = (size_t) n_classes;
	double	   *log_r = ml_alloc_zero(host, 4 * classes, sizeof(double));
	double	   *part = log_r + classes;
	double	   *mean = part + classes;
	double	   *ratio = mean + classes;
	double		total = 0;
	double		most = INFINITY;
	int64_t		i;
	int			step;
	int			k;

	if (log_r == NULL)
		return ml_no_memory(status, 4 * classes * sizeof(double), "class weights");
	for (i = 0; i < n; i++)
	{
		part[(int) y[i]] += w ? w[i] : 1;
		total += w ? w[i] : 1;
	}
	for (step = 0; step < PRIOR_STEPS && most > PRIOR_TOL; step++)
	{
		if (host->poll(host, "class weights", (double) step / PRIOR_STEPS))
			return ml_status_set(status, ML_CANCELLED, "cancelled");
		mean_shares(n_classes, n, p, w, log_r, ratio, mean);
		most = 0;
		for (k = 0; k < n_classes; k++)
		{
			/* half a row more on both sides: a class without rows stays as it is told */
			double		change = log((mean[k] + 0.5 / (double) n) / (part[k] / total + 0.5 / (double) n));

			/* nor does one that is never expected, and nothing goes beyond what can be taken back */
			if (mean[k] == 0)
				change = 0;
			change = fmin(fmax(log_r[k] + change, -PRIOR_MOST), PRIOR_MOST) - log_r[k];
			log_r[k] += change;
			most = fmax(most, fabs(change));
		}
	}
	/* log_r is the first part of its block */
	if (fit->log_prior != NULL)
		host->release(host, (void *) fit->log_prior);
	fit->log_prior = log_r;
	return ML_OK;
}
