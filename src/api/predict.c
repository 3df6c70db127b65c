/*
 * predict.c: mlops_predict, mlops_predict_label, mlops_predict_proba.
 *
 * They write nothing and are safe in parallel plans and on standbys; what they
 * keep between rows is in pg/callsite.c.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "api/serving.h"

MlopsCallSite *
mlops_serving_site(FunctionCallInfo fcinfo, FeaturesForm form)
{
	MlopsCallSite *site = mlops_callsite(fcinfo, PG_GETARG_TEXT_PP(0));

	switch (form)
	{
		case FORM_RECORD:
			mlops_callsite_record(site, PG_GETARG_DATUM(1));
			break;
		case FORM_JSONB:
			mlops_callsite_jsonb(site, PG_GETARG_JSONB_P(1));
			break;
		case FORM_JSON:
		case FORM_TEXT:
			{
				text	   *features = PG_GETARG_TEXT_PP(1);

				mlops_callsite_json_text(site, VARDATA_ANY(features), VARSIZE_ANY_EXHDR(features));
				break;
			}
		case FORM_ARRAY:
			mlops_callsite_array(site, PG_GETARG_ARRAYTYPE_P(1));
			break;
	}
	return site;
}

/* One a class and row in a batch: the shortest digits that read back as the same number. */
static Numeric
exact_numeric(double number)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number, digits);
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(digits),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

Datum
mlops_serving_proba(const MlModel *model, const double *proba)
{
	JsonbParseState *state = NULL;
	JsonbValue	key = {.type = jbvString};
	JsonbValue	value;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int k = 0; k < model->n_classes; k++)
	{
		key.val.string.val = unconstify(char *, model->class_name[k]);
		key.val.string.len = strlen(model->class_name[k]);
		value.type = isfinite(proba[k]) ? jbvNumeric : jbvNull;
		if (value.type == jbvNumeric)
			value.val.numeric = exact_numeric(proba[k]);
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/* ---------- what does not go with a task ---------- */

static void
check_single_score(const MlopsCallSite *site)
{
	if (site->entry->model.task == ML_MULTICLASS)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" has %d classes: there is no single number to return",
						site->ref.model, site->entry->model.n_classes),
				 errhint("Use mlops_predict_label or mlops_predict_proba.")));
}

static void
check_classes(const MlopsCallSite *site, const char *what)
{
	if (site->entry->model.task == ML_REGRESSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" predicts a number: it has no %s", site->ref.model, what),
				 errhint("Use mlops_predict.")));
}

/* ---------- entry points ---------- */

static Datum
predict(FunctionCallInfo fcinfo, FeaturesForm form)
{
	MlopsCallSite *site = mlops_serving_site(fcinfo, form);

	check_single_score(site);
	mlops_callsite_score(site);
	PG_RETURN_FLOAT8(site->proba[site->entry->model.task == ML_BINARY ? 1 : 0]);
}

static Datum
predict_label(FunctionCallInfo fcinfo, FeaturesForm form)
{
	MlopsCallSite *site = mlops_serving_site(fcinfo, form);
	MlModel    *model = &site->entry->model;

	check_classes(site, "label");
	mlops_callsite_score(site);
	PG_RETURN_TEXT_P(cstring_to_text(model->class_name[ml_model_class(model, site->margin, site->proba,
																	  site->ref.threshold)]));
}

static Datum
predict_proba(FunctionCallInfo fcinfo, FeaturesForm form)
{
	MlopsCallSite *site = mlops_serving_site(fcinfo, form);

	check_classes(site, "probabilities");
	mlops_callsite_score(site);
	return mlops_serving_proba(&site->entry->model, site->proba);
}

SERVING_ENTRIES(mlops_predict, predict)
SERVING_ENTRIES(mlops_predict_label, predict_label)
SERVING_ENTRIES(mlops_predict_proba, predict_proba)
