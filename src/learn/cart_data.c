/*
 * cart_data.c: rows as the impurity grower sees them.
 *
 * Targets and weights are scaled by powers of two, which loses no bit: sums
 * and squares of 1e300 and of 1e-300 stay where doubles can hold them.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "learn/cart.h"
#include "learn/class_weight.h"

#define COVER_BITS 52			/* of the sum of all weights as a whole number */

/* ---- parameters ---- */

MlCode
ml_cart_criterion(MlParams *params, MlTaskKind task, MlStatus *status)
{
	int			index = ml_param_index(params->learner, "criterion");
	bool		squared;

	if (strcmp(params->text[index], "auto") == 0)
		params->text[index] = task == ML_REGRESSION ? "squared_error" : "gini";
	squared = strcmp(params->text[index], "squared_error") == 0;
	if (squared != (task == ML_REGRESSION))
	{
		ml_status_set(status, ML_BAD_PARAMETER, "parameter \"criterion\" cannot be \"%s\" for a %s",
					  params->text[index], task == ML_REGRESSION ? "regression" : "classification");
		ml_status_hint(status, task == ML_REGRESSION ? "Use squared_error." : "Use gini or entropy.");
		return ML_BAD_PARAMETER;
	}
	if ((params->balanced || params->n_class_weights > 0) && task == ML_REGRESSION)
		return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"class_weight\" needs classes");
	if (ml_param_number(params, "max_leaves") == 1)
		return ml_status_set(status, ML_BAD_PARAMETER, "parameter \"max_leaves\" must be 0 or at least 2");
	return ML_OK;
}

MlImpurity
ml_cart_impurity(const MlParams *params)
{
	const char *name = ml_param_text(params, "criterion");

	return strcmp(name, "entropy") == 0 ? ML_ENTROPY : strcmp(name, "gini") == 0 ? ML_GINI : ML_SQUARED_ERROR;
}

/* ---- rows ---- */

/* value[n] by 2^-e, so that the largest is in [1/2, 1); e. */
static int
scale_down(double *value, int64_t n)
{
	double		most = 0;
	int			e = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
		most = fmax(most, fabs(value[i]));
	if (most > 0)
		(void) frexp(most, &e);
	for (i = 0; i < n && e != 0; i++)
		value[i] = ldexp(value[i], -e);
	return e;
}

/* weight[class] of the parameters; *weighted: some is not 1. */
static MlCode
weigh_classes(MlHost *host, const MlDataset *data, const MlParams *params, int64_t rows, int64_t *count,
			  double *weight, bool *weighted, MlFit *fit, MlStatus *status)
{
	int			present = 0;
	MlCode		code;
	int			k;

	*weighted = params->balanced || params->n_class_weights > 0;
	code = ml_class_weights(data, rows, params, count, weight, status);
	if (code != ML_OK)
		return code;
	for (k = 0; k < data->n_classes; k++)
		present += count[k] > 0;
	if (present < 2)
	{
		ml_status_set(status, ML_BAD_DATA, "all training rows belong to one class");
		ml_status_hint(status, "A classifier needs rows of at least two classes.");
		return ML_BAD_DATA;
	}
	return *weighted ? ml_class_prior(host, data->n_classes, weight, fit, status) : ML_OK;
}

static MlCode
read_weights(MlHost *host, MlScratch *scratch, const MlDataset *data, const MlParams *params, MlCartData *out,
			 MlFit *fit, MlStatus *status)
{
	size_t		classes = (size_t) data->n_classes;
	int64_t    *count = ml_scratch_alloc(scratch, classes + 1, sizeof(int64_t), "classes", status);
	double	   *weight = ml_scratch_alloc(scratch, classes + 1, sizeof(double), "classes", status);
	bool		weighted = false;
	MlCode		code = ML_OK;
	int64_t		i;

	if (!count || !weight)
		return ML_NO_MEMORY;
	if (out->classes)
		code = weigh_classes(host, data, params, out->n, count, weight, &weighted, fit, status);
	if (code != ML_OK || (!weighted && data->weight == NULL))
		return code;
	out->w = ml_scratch_alloc(scratch, (size_t) out->n, sizeof(double), "weights", status);
	if (out->w == NULL)
		return ML_NO_MEMORY;
	for (i = 0; i < out->n; i++)
		out->w[i] = (data->weight ? data->weight[i] : 1) * (weighted ? weight[(int) data->y[i]] : 1);
	out->w_exponent = scale_down(out->w, out->n);
	return ML_OK;
}

/* Units of what a node says in whole numbers and of gains. */
static void
choose_units(MlCartData *out)
{
	int			bits;

	/* a row weighs at most 1 and is drawn n times in all: the sum is below 2^bits */
	(void) frexp((double) out->n, &bits);
	out->cover_scale = ldexp(1, COVER_BITS - bits);
	out->cover_unit = ldexp(1, bits - COVER_BITS + out->w_exponent);
	/* beyond what doubles hold gains are shares of the largest unit they do hold */
	out->gain_unit = fmin(fmax(ldexp(1, out->w_exponent + 2 * out->y_exponent), 1e-150), 1e150);
}

MlCode
ml_cart_read(MlHost *host, MlScratch *scratch, const MlDataset *data, int64_t rows,
			 const MlParams *params, MlCartData *out, MlFit *fit, MlStatus *status)
{
	double		weight = 0;
	double		sum = 0;
	MlCode		code;
	int64_t		i;

	memset(out, 0, sizeof(*out));
	out->n = rows;
	out->classes = data->task != ML_REGRESSION;
	out->k = data->task == ML_MULTICLASS ? data->n_classes : 1;
	code = read_weights(host, scratch, data, params, out, fit, status);
	if (code != ML_OK)
		return code;
	out->y = ml_scratch_alloc(scratch, (size_t) rows, sizeof(double), "targets", status);
	if (out->y == NULL)
		return ML_NO_MEMORY;
	memcpy(out->y, data->y, (size_t) rows * sizeof(double));
	if (!out->classes)
	{
		out->y_exponent = scale_down(out->y, rows);
		for (i = 0; i < rows; i++)
		{
			double		w = out->w ? out->w[i] : 1;

			weight += w;
			sum += w * out->y[i];
		}
		out->centre = sum / weight;
	}
	choose_units(out);
	out->binned = *data->binned;
	return ML_OK;
}
