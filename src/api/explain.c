/*
 * explain.c: mlops_explain, why a row got its score.
 *
 * Additive shares of the output (margin of the class; the value for
 * regression): one row a SQL feature, the largest first, the base last.
 * Columns that one feature was encoded into are summed.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "api/serving.h"
#include "pg/status.h"

typedef struct Share
{
	int			feature;
	double		contribution;
} Share;

static int
larger_first(const void *a, const void *b)
{
	const Share *left = a;
	const Share *right = b;
	double		l = fabs(left->contribution);
	double		r = fabs(right->contribution);

	if (l != r)
		return l > r ? -1 : 1;
	return left->feature - right->feature;
}

static void
check_method(const char *method)
{
	static const char *const methods[] = {"shap", "lime"};
	const char *nearest;

	if (strcmp(method, "shap") == 0)
		return;
	if (strcmp(method, "lime") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("method \"lime\" is not supported yet"),
				 errhint("Use method \"shap\".")));
	nearest = mlops_nearest(method, methods, lengthof(methods));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("method \"%s\" is unknown", method),
			 nearest ? errhint("Did you mean \"%s\"?", nearest) : errhint("Use method \"shap\".")));
}

/*
 * The class to explain: the one asked for; else the positive one, whose
 * probability mlops_predict gives, or of several the predicted one; 0 for
 * regression.
 */
static int
class_asked(MlopsCallSite *site, const char *name)
{
	const MlModel *model = &site->entry->model;
	const char *nearest;

	if (model->task == ML_REGRESSION)
	{
		if (name)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("model \"%s\" predicts a number: it has no classes", site->ref.model)));
		return 0;
	}
	if (name == NULL)
		return model->task == ML_BINARY ? 1 :
			ml_model_class(model, site->margin, site->proba, site->ref.threshold);
	for (int k = 0; k < model->n_classes; k++)
	{
		if (strcmp(model->class_name[k], name) == 0)
			return k;
	}
	nearest = mlops_nearest(name, model->class_name, model->n_classes);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("model \"%s\" has no class \"%s\"", site->ref.model, name),
			 nearest ? errhint("Did you mean \"%s\"?", nearest) :
			 model->n_classes == 2 ?
			 errhint("Its classes are \"%s\" and \"%s\".", model->class_name[0], model->class_name[1]) :
			 errhint("Its first class is \"%s\".", model->class_name[0])));
	return -1;
}

/* Value of a feature as text, NULL when missing. */
static char *
feature_text(MlopsCallSite *site, int i)
{
	MlopsFeature *feature = &site->entry->features->feature[i];
	Oid			output;
	bool		varlena;

	if (site->positional)
		return isnan(site->x[feature->first]) ? NULL : float8out_internal(site->x[feature->first]);
	if (site->isnull[i])
		return NULL;
	getTypeOutputInfo(feature->type, &output, &varlena);
	return OidOutputFunctionCall(output, site->value[i]);
}

static void
put_row(ReturnSetInfo *result, const char *feature, const char *value, double contribution)
{
	Datum		values[4] = {CStringGetTextDatum(feature), (Datum) 0, Float8GetDatum(contribution), (Datum) 0};
	bool		isnull[4] = {false, value == NULL, false, true};

	if (value)
		values[1] = CStringGetTextDatum(value);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

static void
put_explanation(MlopsCallSite *site, int class, ReturnSetInfo *result)
{
	const MlModel *model = &site->entry->model;
	MlopsFeatureSet *set = site->entry->features;
	double	   *phi = palloc(sizeof(double) * (model->prep.p + 1));
	Share	   *share = palloc0(sizeof(Share) * Max(set->n, 1));
	MlStatus	status = {ML_OK, "", "", ""};
	/* a binary model has one margin, that of its second class */
	double		sign = model->task == ML_BINARY && class == 0 ? -1.0 : 1.0;

	mlops_check_status(ml_model_explain(model, site->x, model->task == ML_MULTICLASS ? class : 0,
										phi, &status), &status);
	for (int j = 0; j <= model->prep.p; j++)
		if (!isfinite(phi[j]))
			mlops_callsite_refuse_size(site);
	for (int i = 0; i < set->n; i++)
	{
		MlopsFeature *feature = &set->feature[i];

		share[i].feature = i;
		for (int j = 0; j < feature->width; j++)
			share[i].contribution += sign * phi[feature->first + j];
	}
	qsort(share, set->n, sizeof(Share), larger_first);
	for (int i = 0; i < set->n; i++)
		put_row(result, set->feature[share[i].feature].name, feature_text(site, share[i].feature),
				share[i].contribution);
	/* + 0.0: no negative zero */
	put_row(result, "(base)", NULL, sign * phi[model->prep.p] + 0.0);
}

static Datum
explain(FunctionCallInfo fcinfo, FeaturesForm form)
{
	MlopsCallSite *site;

	InitMaterializedSRF(fcinfo, 0);
	/* no model, no features or no method: no rows */
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return (Datum) 0;
	check_method(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	site = mlops_serving_site(fcinfo, form);
	mlops_callsite_score(site);
	put_explanation(site, class_asked(site, PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2))),
					(ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

SERVING_ENTRIES(mlops_explain, explain)
