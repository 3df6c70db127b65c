/*
 * serving.h: the arguments all prediction functions share.
 *
 * Argument 0 is the model's reference, argument 1 the features in one of five
 * forms; each SQL function has one C entry point a form.
 */
#ifndef MLOPS_SERVING_H
#define MLOPS_SERVING_H

#include "pg/callsite.h"

typedef enum FeaturesForm
{
	FORM_RECORD,
	FORM_JSONB,
	FORM_JSON,
	FORM_TEXT,
	FORM_ARRAY
} FeaturesForm;

/* Resolves argument 0 and puts argument 1 into site->x; the current context stays the caller's. */
extern MlopsCallSite *mlops_serving_site(FunctionCallInfo fcinfo, FeaturesForm form);

/* {"class": p, …} as jsonb */
extern Datum mlops_serving_proba(const MlModel *model, const double *proba);

/*
 * Value of a SQL feature of the row at hand as text, or of one element of a
 * vector (-1 = all of it); NULL when missing.
 */
extern char *mlops_serving_value(MlopsCallSite *site, int feature, int element);

/* One entry point a form: function is Datum f(FunctionCallInfo, FeaturesForm). */
#define SERVING_ENTRIES(name, function) \
	SERVING_ENTRY(name##_record, function, FORM_RECORD) \
	SERVING_ENTRY(name##_jsonb, function, FORM_JSONB) \
	SERVING_ENTRY(name##_json, function, FORM_JSON) \
	SERVING_ENTRY(name##_text, function, FORM_TEXT) \
	SERVING_ENTRY(name##_array, function, FORM_ARRAY)
#define SERVING_ENTRY(name, function, form) \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS) { return function(fcinfo, form); }

#endif
