/*
 * choice.h: the algorithm "auto": several are trained on the same rows, and
 * the validation rows choose, or folds of all rows but the test rows.
 */
#ifndef MLOPS_CHOICE_H
#define MLOPS_CHOICE_H

#include "utils/timestamp.h"

#include "learn/train.h"
#include "pg/definition.h"
#include "pg/host.h"
#include "pg/ingest.h"

#define MLOPS_CHOICE "auto"
#define MLOPS_MAX_CANDIDATES 3

/* One that took part, and how it went before the choice. */
typedef struct MlopsCandidate
{
	MlParams	params;
	double		value;			/* of the model's metric on the validation rows, or its mean over folds; NaN = none */
	double		std;			/* over the folds */
	const char *error;			/* why it could not be trained, or NULL */
	TimestampTz ended_at;
	double		seconds;
	Size		peak_memory;
	MlTrainResult result;		/* of one that lost only the figures; of the others nothing to use */
	int64		run_id;			/* found by registering */
} MlopsCandidate;

typedef struct MlopsChoice
{
	int			n;
	int			winner;
	int			folds;			/* 0: the validation rows chose */
	MlopsCandidate candidate[MLOPS_MAX_CANDIDATES];
} MlopsChoice;

/* The only parameter of "auto", folds, or 0; raises the error for any other. */
extern int	mlops_choice_folds(Jsonb *params);

/*
 * Trains the candidates one after another and completes spec and result by
 * those of the winner, for ml_train_finish.  Test rows are not looked at.  A
 * candidate that cannot be trained is told by a WARNING and left out; raises
 * when none is left, when nothing can be said of any, on cancel and when
 * there is no more memory.
 */
extern void mlops_choice_make(MlopsHost *host, const MlopsDefinition *definition, const MlDataset *data,
							  MlTrainSpec *spec, MlTrainResult *result, MlopsChoice *choice);

/*
 * Chooses by the mean over choice->folds folds of the rows [0, data->n_train)
 * and completes spec, for ml_train.  row[i]: where row i was read; the rows
 * are left in the order in which they were read.  Failures as above.
 */
extern void mlops_choice_fold(MlopsHost *host, const MlopsDefinition *definition, MlopsRows *rows,
							  const MlDataset *data, const uint32 *row, MlTrainSpec *spec, MlopsChoice *choice);

#endif
