/*
 * module.c: loading the library, and its version.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "pg/features.h"
#include "pg/settings.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

PG_FUNCTION_INFO_V1(mlops_version);

void
_PG_init(void)
{
	mlops_settings_define();
	mlops_features_watch();
}

Datum
mlops_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(MLOPS_VERSION));
}
