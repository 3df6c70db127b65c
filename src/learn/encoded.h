/*
 * encoded.h: one design column of a category, row by row, while a learner learns.
 *
 * Not how predictions are made: those go from slots of the model
 * (preprocess.h).  The numbers are the same.
 */
#ifndef ML_ENCODED_H
#define ML_ENCODED_H

#include "learn/preprocess.h"
#include "learn/scratch.h"

typedef struct MlEncoded
{
	const int32_t *code;		/* of the dataset's rows */
	const int32_t *slot_of;		/* code + 1 -> slot */
	const double *number;		/* of the slots; NULL: 1 for the slot `wanted`, else 0 */
	int32_t		wanted;
	/* of rows that learn, where they have numbers of their own */
	int64_t		fold_rows;		/* 0 = they have not */
	const uint8_t *fold;
	const double *fold_number;	/* folds × slots */
	size_t		slots;
} MlEncoded;

/* The k-th design column of dataset column c, which is no indicator; memory is the scratch's. */
extern MlCode ml_encoded_init(MlScratch *scratch, const MlPrep *prep, const MlDataset *data, int c, int k,
							  MlEncoded *encoded, MlStatus *status);

static inline double
ml_encoded_at(const MlEncoded *e, int64_t row)
{
	int32_t		slot = e->slot_of[e->code[row] + 1];

	if (row < e->fold_rows)
		return e->fold_number[(size_t) e->fold[row] * e->slots + (size_t) slot];
	return e->number != NULL ? e->number[slot] : slot == e->wanted ? 1.0 : 0.0;
}

#endif
