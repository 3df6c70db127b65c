/*
 * arguments.h: reading optional arguments, the same way everywhere.
 */
#ifndef MLOPS_ARGUMENTS_H
#define MLOPS_ARGUMENTS_H

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "pg/status.h"

/* NULL for SQL NULL */
static inline char *
mlops_arg_text(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static inline Jsonb *
mlops_arg_jsonb(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_JSONB_P(n);
}

/* For arguments that must be given although the function is not strict. */
static inline char *
mlops_arg_required(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	return mlops_arg_text(fcinfo, n);
}

/* One of the methods a function offers; raises 22023. */
static inline void
mlops_arg_check_method(const char *method, const char *const *methods, int n)
{
	const char *nearest;
	char	   *known = "";

	for (int i = 0; i < n; i++)
	{
		if (strcmp(method, methods[i]) == 0)
			return;
		known = psprintf("%s%s\"%s\"", known, i == 0 ? "" : ", ", methods[i]);
	}
	nearest = mlops_nearest(method, methods, n);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("method \"%s\" is unknown", method),
			 nearest ? errhint("Did you mean \"%s\"?", nearest) : errhint("Known methods are %s.", known)));
}

/* The argument that is there for options to come: none is known yet. */
static inline void
mlops_arg_no_options(FunctionCallInfo fcinfo, int n)
{
	if (!PG_ARGISNULL(n) && (!JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(n)) || JB_ROOT_COUNT(PG_GETARG_JSONB_P(n)) > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"options\" must be an empty JSON object: no option is known")));
}

#endif
