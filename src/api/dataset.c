/*
 * dataset.c: mlops_load_dataset.
 */
#include "postgres.h"

#include "api/arguments.h"
#include "pg/dataset.h"

PG_FUNCTION_INFO_V1(mlops_load_dataset);
Datum
mlops_load_dataset(PG_FUNCTION_ARGS)
{
	char	   *name = mlops_arg_required(fcinfo, 0, "name");

	PG_RETURN_OID(mlops_dataset_load(mlops_dataset_find(name), mlops_arg_text(fcinfo, 1)));
}
