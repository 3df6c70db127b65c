/*
 * linear_model.c: what linear and logistic regression share once trained.
 *
 * The section in the model bytes, little-endian, K outputs, w design columns:
 *
 *	    0	uint32	magic "LINR"
 *	    4	uint32	K
 *	    8	uint32	w
 *	   12	uint32	0
 *	   16	double	intercept[K]
 *	        double	mean[w]			training mean of each design column
 *	        double	coefficient[K][w]
 *
 * A margin is intercept + sum of coefficient × design column, added in the
 * order of the columns; a row never becomes a dense vector, a level of a
 * one-hot category is one look-up.
 */
#include "learn/linear_model.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernel/dist.h"

#define SECTION_MAGIC 0x524e494cu	/* "LINR" */

typedef struct SectionHead
{
	uint32_t	magic;
	uint32_t	outputs;
	uint32_t	width;
	uint32_t	zero;
} SectionHead;

_Static_assert(sizeof(SectionHead) == 16, "stored struct");

/* The section's arrays, found by arithmetic. */
typedef struct Section
{
	const double *intercept;
	const double *mean;
	const double *coefficient;
} Section;

static Section
section_of(const MlModel *model)
{
	Section		s;

	s.intercept = (const double *) ((const char *) model->section + sizeof(SectionHead));
	s.mean = s.intercept + model->n_outputs;
	s.coefficient = s.mean + model->prep.width;
	return s;
}

static MlCode
section_size_of(size_t outputs, size_t width, size_t *size)
{
	size_t		cells;

	if (__builtin_mul_overflow(outputs + 1, width, &cells) ||
		__builtin_add_overflow(cells, outputs, &cells) ||
		__builtin_mul_overflow(cells, sizeof(double), &cells) ||
		__builtin_add_overflow(cells, sizeof(SectionHead), size))
		return ML_TOO_LARGE;
	return ML_OK;
}

MlCode
ml_linear_write(MlHost *host, const MlDesign *design, int outputs, const double *w,
				void **section, size_t *section_size, MlStatus *status)
{
	size_t		width = (size_t) design->q - 1;
	SectionHead head = {SECTION_MAGIC, (uint32_t) outputs, (uint32_t) width, 0};
	double	   *out;
	char	   *bytes;
	int			k;

	if (section_size_of((size_t) outputs, width, section_size) != ML_OK)
		return ml_status_set(status, ML_TOO_LARGE, "model is too large");
	bytes = host->alloc(host, *section_size);
	if (bytes == NULL)
		return ml_no_memory(status, *section_size, "model");
	memcpy(bytes, &head, sizeof(head));
	out = (double *) (bytes + sizeof(head));
	for (k = 0; k < outputs; k++)
		*out++ = w[(size_t) k * (size_t) design->q];
	memcpy(out, design->mean + 1, width * sizeof(double));
	for (k = 0; k < outputs; k++)
		memcpy(out + width * (size_t) (k + 1), w + (size_t) k * (size_t) design->q + 1, width * sizeof(double));
	*section = bytes;
	return ML_OK;
}

MlCode
ml_linear_open(MlHost *host, MlModel *model, MlStatus *status)
{
	SectionHead head;
	size_t		size;
	const double *number;
	size_t		i;

	(void) host;
	if (model->section_size < sizeof(head))
		return ml_status_set(status, ML_BAD_BYTES, "model bytes are damaged: the coefficients are cut off");
	memcpy(&head, model->section, sizeof(head));
	if (head.magic != SECTION_MAGIC || head.zero != 0 ||
		head.outputs != (uint32_t) model->n_outputs || head.width != (uint32_t) model->prep.width ||
		section_size_of(head.outputs, head.width, &size) != ML_OK || size != model->section_size)
		return ml_status_set(status, ML_BAD_BYTES, "model bytes are damaged: the coefficients do not fit the columns");
	number = (const double *) ((const char *) model->section + sizeof(head));
	for (i = 0; i < (size - sizeof(head)) / sizeof(double); i++)
		if (!isfinite(number[i]))
			return ml_status_set(status, ML_BAD_BYTES, "model bytes are damaged: a coefficient is not a number");
	return ML_OK;
}

/* ---- margin ---- */

/* What one dataset column adds to an output with coefficients w. */
static inline double
column_term(const MlPrepColumn *column, double x, const double *w)
{
	double		term = 0.0;
	int			encoded = column->width - (column->indicator ? 1 : 0);
	int			k;

	w += column->first;
	if (column->encode == ML_ENCODE_NONE)
		term = (ml_prep_number(column, x) - column->shift) / column->scale * w[0];
	else if (ml_prep_is_onehot(column))
	{
		k = ml_prep_slot(column, x) - (column->drop_first ? 1 : 0);
		if (k >= 0 && k < encoded)
			term = w[k];
	}
	else
		for (k = 0; k < encoded; k++)
			term += ml_prep_encoded(column, ml_prep_slot(column, x), k) * w[k];
	return column->indicator && x != x ? term + w[encoded] : term;
}

void
ml_linear_margin(const MlModel *model, const double *x, int64_t n, double *margin, double *room)
{
	Section		s = section_of(model);
	int			p = model->prep.p;
	int64_t		i;
	int			k;
	int			c;

	(void) room;
	for (i = 0; i < n; i++, x += p)
		for (k = 0; k < model->n_outputs; k++)
		{
			const double *w = s.coefficient + (size_t) k * (size_t) model->prep.width;
			double		sum = s.intercept[k];

			for (c = 0; c < p; c++)
				sum += column_term(model->prep.column + c, x[c], w);
			*margin++ = sum;
		}
}

MlCode
ml_linear_explain(MlHost *host, const MlModel *model, const double *x, int output, double *room,
				  double *phi, MlStatus *status)
{
	Section		s = section_of(model);
	const double *w = s.coefficient + (size_t) output * (size_t) model->prep.width;
	double		base = s.intercept[output];
	int			c;
	int			j;

	(void) host;
	(void) room;
	(void) status;
	for (c = 0; c < model->prep.p; c++)
	{
		const MlPrepColumn *column = model->prep.column + c;
		double		mean = 0.0;

		for (j = column->first; j < column->first + column->width; j++)
			mean += w[j] * s.mean[j];
		phi[c] = column_term(column, x[c], w) - mean;
		base += mean;
	}
	phi[model->prep.p] = base;
	return ML_OK;
}

/* ---- report ---- */

void
ml_linear_raw_intercept(const MlDesign *design, double *t)
{
	int			k;

	memset(t, 0, (size_t) design->q * sizeof(double));
	t[0] = 1.0;
	for (k = 1; k < design->n_dense; k++)
	{
		const MlPrepColumn *column = design->prep->column + design->dense[k].column;

		if (design->dense[k].index == column->first + 1 && !design->dense[k].indicator)
			t[design->dense[k].index] = -column->shift / column->scale;
	}
}

void
ml_linear_name(const MlDesign *design, int j, char *name, size_t size)
{
	if (j == 0)
		snprintf(name, size, "(intercept)");
	else
		ml_prep_name(design->prep, j - 1, name, size);
}

void
ml_linear_warn_dropped(MlHost *host, const MlDesign *design, const bool *dropped)
{
	char		line[320];
	size_t		at;
	int			count = 0;
	int			shown = 0;
	int			j;

	for (j = 0; j < design->q; j++)
		count += dropped[j];
	if (count == 0)
		return;
	at = (size_t) snprintf(line, sizeof(line),
						   "%d column%s constant or a combination of others and got coefficient 0: ",
						   count, count == 1 ? " is" : "s are each");
	for (j = 0; j < design->q && at < sizeof(line) - 80; j++)
		if (dropped[j])
		{
			char		name[64];

			ml_linear_name(design, j, name, sizeof(name));
			at += (size_t) snprintf(line + at, sizeof(line) - at, "%s\"%s\"", shown++ > 0 ? ", " : "", name);
		}
	if (shown < count)
		snprintf(line + at, sizeof(line) - at, ", ...");
	host->warn(host, line, "Predictions do not depend on which of them is dropped.");
}

/* Dataset column, scale and level of design column j of dataset column c. */
static void
describe(const MlPrepColumn *column, int c, int j, MlCoefficient *out, double *scale)
{
	int			k = j - column->first;

	out->column = c;
	out->feature = column->name;
	*scale = 1.0;
	if (column->indicator && k == column->width - 1)
		out->level = "(missing)";
	else if (column->value_name != NULL)
		out->level = column->value_name[k];
	else if (ml_prep_is_onehot(column))
	{
		k += column->drop_first ? 1 : 0;
		out->level = k < column->n_levels ? column->level[k] : "(null)";
	}
	else
		*scale = column->scale;
}

static void
judge(MlCoefficient *out, double variance, double df)
{
	out->std_error = sqrt(variance);
	if (!(out->std_error > 0.0) || !(df > 0.0))
	{
		out->std_error = df > 0.0 ? out->std_error : NAN;
		return;
	}
	out->statistic = out->coefficient_raw / out->std_error;
	out->p_value = isinf(df) ? 2.0 * ml_norm_sf(fabs(out->statistic)) : ml_t_sf2(out->statistic, df);
}

static void
report_output(const MlDesign *design, int output, const double *w, const double *t,
			  const MlLinearErrors *errors, MlCoefficient *out)
{
	int			c;
	int			j;
	double		raw = 0.0;

	for (j = 0; j < design->q; j++)
	{
		out[j].output = output;
		out[j].column = -1;
		out[j].feature = "(intercept)";
		out[j].level = NULL;
		out[j].coefficient = out[j].coefficient_raw = w[j];
		out[j].std_error = out[j].statistic = out[j].p_value = NAN;
		out[j].aliased = errors->dropped != NULL && errors->dropped[j];
		if (t[j] != 0.0)
			raw += t[j] * w[j];
	}
	out[0].coefficient_raw = raw;
	if (errors->variance != NULL && !out[0].aliased)
		judge(out, errors->intercept_variance, errors->df);
	for (c = 0; c < design->prep->p; c++)
	{
		const MlPrepColumn *column = design->prep->column + c;

		for (j = column->first; j < column->first + column->width; j++)
		{
			double		scale;

			describe(column, c, j, out + j + 1, &scale);
			out[j + 1].coefficient_raw = w[j + 1] / scale;
			if (errors->variance != NULL && !out[j + 1].aliased)
				judge(out + j + 1, errors->variance[j + 1] / (scale * scale), errors->df);
		}
	}
}

/* |coefficient| × sd of the design column, summed over a dataset column's and the outputs. */
static void
find_importance(const MlDesign *design, int outputs, const double *w, double *importance)
{
	double		total = 0.0;
	int			k;
	int			c;
	int			j;

	for (c = 0; c < design->prep->p; c++)
	{
		const MlPrepColumn *column = design->prep->column + c;

		importance[c] = 0.0;
		for (k = 0; k < outputs; k++)
			for (j = column->first + 1; j <= column->first + column->width; j++)
				importance[c] += fabs(w[(size_t) k * (size_t) design->q + (size_t) j]) * design->sd[j];
		total += importance[c];
	}
	for (c = 0; c < design->prep->p; c++)
		importance[c] = total > 0.0 && isfinite(total) ? importance[c] / total : 0.0;
}

MlCode
ml_linear_report(MlHost *host, const MlDesign *design, int outputs, const double *w,
				 const MlLinearErrors *errors, MlFit *fit, MlStatus *status)
{
	size_t		q = (size_t) design->q;
	size_t		p = (size_t) design->prep->p;
	MlScratch	scratch;
	double	   *t;
	int			k;

	fit->coefficient = ml_alloc_array(host, (size_t) outputs * q, sizeof(MlCoefficient));
	if (fit->coefficient == NULL)
		return ml_no_memory(status, (size_t) outputs * q * sizeof(MlCoefficient), "coefficients");
	fit->n_coefficients = (int) ((size_t) outputs * q);
	fit->importance = ml_alloc_array(host, p > 0 ? p : 1, sizeof(double));
	if (fit->importance == NULL)
		return ml_no_memory(status, p * sizeof(double), "importance");
	fit->n_importance = (int) p;
	ml_scratch_init(&scratch, host);
	t = ml_scratch_alloc(&scratch, q, sizeof(double), "coefficients", status);
	if (t != NULL)
	{
		ml_linear_raw_intercept(design, t);
		for (k = 0; k < outputs; k++)
			report_output(design, k, w + (size_t) k * q, t, errors, fit->coefficient + (size_t) k * q);
		find_importance(design, outputs, w, fit->importance);
	}
	ml_scratch_release(&scratch);
	return t == NULL ? status->code : ML_OK;
}
