/*
 * dataset.c: rows that are let go of.
 */
#include "learn/dataset.h"

#include <assert.h>
#include <string.h>

MlCode
ml_dataset_let_go(MlHost *host, MlDataset *data, int c, int64_t row, MlStatus *status)
{
	MlColumn   *column = data->column + c;
	size_t		size = column->kind == ML_NUMERIC ? sizeof(double) : sizeof(int32_t);
	size_t		kept = (size_t) (data->n - row);
	char	   *whole = column->kind == ML_NUMERIC ? (char *) column->value : (char *) column->code;
	char	   *rest;

	assert(data->owns_columns && row >= data->first && row <= data->n);
	/* an array of its own: the memory of the whole one goes back at once */
	rest = ml_alloc_array(host, kept, size);
	if (rest == NULL)
		return ml_no_memory(status, kept * size, "rows");
	memcpy(rest, whole + (size_t) (row - data->first) * size, kept * size);
	host->release(host, whole);
	if (column->kind == ML_NUMERIC)
		column->value = (double *) rest;
	else
		column->code = (int32_t *) rest;
	return ML_OK;
}
