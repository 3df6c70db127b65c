/*
 * options.h: reading and writing jsonb option objects.
 *
 * Reading checks type and bounds and words each rule once; unknown names are
 * refused with the nearest valid one.  Writing is a thin layer over
 * pushJsonbValue.
 */
#ifndef MLOPS_OPTIONS_H
#define MLOPS_OPTIONS_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "learn/params.h"

/* "a string", "a number" ... for messages */
extern const char *mlops_json_kind(const JsonbValue *value);

/* Called for each member of an object; `kind` is "option", "parameter" ... for messages. */
typedef void (*MlopsOptionFunction) (const char *name, JsonbValue *value, void *arg);
extern void mlops_option_each(Jsonb *object, const char *where, MlopsOptionFunction function, void *arg);

extern double mlops_option_number(const char *name, JsonbValue *value, double minimum, double maximum);
extern int64 mlops_option_integer(const char *name, JsonbValue *value, int64 minimum, int64 maximum);
extern bool mlops_option_bool(const char *name, JsonbValue *value);
extern char *mlops_option_text(const char *name, JsonbValue *value);
/* one of choices[0..n) */
extern const char *mlops_option_choice(const char *name, JsonbValue *value, const char *const *choices, int n);
extern List *mlops_option_names(const char *name, JsonbValue *value);	/* array of strings, or one string */
extern Jsonb *mlops_option_object(const char *name, JsonbValue *value);
/* `kind "name" does not exist` + where (" in config" ..., or "") */
extern void mlops_option_unknown(const char *kind, const char *name, const char *where,
								 const char *const *names, int n) __attribute__((noreturn));

/* The parameters of a learner from jsonb (NULL = none given), checked one by one. */
extern void mlops_params_read(const struct MlLearner *learner, Jsonb *object, MlParams *params);
extern Jsonb *mlops_params_write(const MlParams *params);

/* Writing. A writer starts as MLOPS_JSON_INIT; begin … end nest. */
#define MLOPS_JSON_INIT {NULL, NULL}
typedef struct MlopsJson
{
	JsonbParseState *state;
	JsonbValue *result;
} MlopsJson;

extern void mlops_json_begin(MlopsJson *json);	/* object */
extern void mlops_json_begin_array(MlopsJson *json);
extern void mlops_json_key(MlopsJson *json, const char *key);
extern void mlops_json_text(MlopsJson *json, const char *value);	/* NULL = null */
extern void mlops_json_number(MlopsJson *json, double value);	/* shortest exact form; not finite = null */
extern void mlops_json_decimal(MlopsJson *json, const char *digits);	/* as numeric reads it */
extern void mlops_json_integer(MlopsJson *json, int64 value);
extern void mlops_json_bool(MlopsJson *json, bool value);
extern void mlops_json_value(MlopsJson *json, Jsonb *value);
extern void mlops_json_end(MlopsJson *json);
extern void mlops_json_end_array(MlopsJson *json);
extern Jsonb *mlops_json_finish(MlopsJson *json);

#endif
