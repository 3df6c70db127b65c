/*
 * preprocess_state.h: what the files of preprocessing share.  Nobody else includes it.
 */
#ifndef ML_PREPROCESS_STATE_H
#define ML_PREPROCESS_STATE_H

#include "kernel/hash.h"
#include "learn/preprocess.h"

/* Room of one thread. */
typedef struct MlPrepRoom
{
	double	   *number;			/* as many as the largest of ml_prep_number_room and ml_prep_level_room */
	int64_t    *count;			/* a count a level of the dataset, and two more */
} MlPrepRoom;

/*
 * preprocess_numbers.c: n training values -> clip, impute, scale.  Columns of
 * numbers with NaN for missing; buffer: ml_prep_number_room(spec, n) numbers.
 */
extern size_t ml_prep_number_room(const MlPrepSpec *spec, int64_t n);
extern void ml_prep_fit_number(const MlPrepSpec *spec, const double *value, int64_t n, double *buffer,
							   MlPrepColumn *out);
/*
 * shift and scale as spec asks; x has no missing value but those replaced by
 * fill.  buffer: 2 n numbers, used by ML_SCALE_ROBUST alone.
 */
extern void ml_prep_fit_scale(MlScale how, const double *x, int64_t n, double fill, double *buffer,
							  double *shift, double *scale);

/* preprocess_levels.c: the training codes of column c -> levels, slots, encoding; out has room for them. */
extern size_t ml_prep_level_room(const MlPrepSpec *spec, const MlColumn *column, int64_t n);
/* The most slots it can have. */
extern size_t ml_prep_level_slots(const MlPrepSpec *spec, const MlColumn *column);
extern void ml_prep_fit_levels(const MlPrepSpec *spec, const MlDataset *data, int c, bool drop_first,
							   const uint8_t *fold, MlPrepRoom *room, MlPrepColumn *out);
/* preprocess_target.c: target means of the slots of a column, of all rows and without those of each fold. */
extern size_t ml_prep_target_room(double smoothing, size_t slots);
extern void ml_prep_fit_target(double smoothing, const MlDataset *data, int c, const uint8_t *fold, double *room,
							   MlPrepColumn *out);

#endif
