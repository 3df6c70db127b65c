/*
 * encoded.c: one design column of a category, row by row, while a learner learns.
 */
#include "learn/encoded.h"

#include <string.h>

/* to[n] := every stride-th number of from. */
static double *
gather(MlScratch *scratch, const double *from, size_t n, size_t stride, MlStatus *status)
{
	double	   *to = ml_scratch_alloc(scratch, n, sizeof(double), "levels", status);
	size_t		i;

	for (i = 0; to != NULL && i < n; i++)
		to[i] = from[i * stride];
	return to;
}

MlCode
ml_encoded_init(MlScratch *scratch, const MlPrep *prep, const MlDataset *data, int c, int k,
				MlEncoded *encoded, MlStatus *status)
{
	const MlPrepColumn *column = prep->column + c;
	size_t		slots = (size_t) ml_prep_slots(column);
	double	   *number;
	size_t		s;

	memset(encoded, 0, sizeof(*encoded));
	encoded->code = data->column[c].code;
	encoded->slot_of = column->slot_of;
	encoded->wanted = k + (column->drop_first ? 1 : 0);
	encoded->slots = slots;
	if (ml_prep_is_onehot(column))
		return ML_OK;
	number = ml_scratch_alloc(scratch, slots, sizeof(double), "levels", status);
	if (number == NULL)
		return status->code;
	for (s = 0; s < slots; s++)
		number[s] = ml_prep_encoded(column, (int32_t) s, k);
	encoded->number = number;
	if (column->fold_value == NULL)
		return ML_OK;
	encoded->fold = prep->fold;
	encoded->fold_rows = prep->fold_rows;
	encoded->fold_number = gather(scratch, column->fold_value + k, ML_PREP_FOLDS * slots,
								  (size_t) column->n_values, status);
	return encoded->fold_number != NULL ? ML_OK : status->code;
}
