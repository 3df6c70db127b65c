/*
 * choice.h: the algorithm "auto": several are trained on the same rows and
 * the validation rows choose.
 */
#ifndef MLOPS_CHOICE_H
#define MLOPS_CHOICE_H

#include "utils/timestamp.h"

#include "learn/train.h"
#include "pg/definition.h"
#include "pg/host.h"

#define MLOPS_CHOICE "auto"
#define MLOPS_MAX_CANDIDATES 3

/* One that took part, and how it went before the choice. */
typedef struct MlopsCandidate
{
	MlParams	params;
	double		value;			/* of the model's metric on the validation rows; NaN = none */
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
	MlopsCandidate candidate[MLOPS_MAX_CANDIDATES];
} MlopsChoice;

/* Raises the error for a parameter: "auto" takes none. */
extern void mlops_choice_check_params(Jsonb *params);

/*
 * Trains the candidates one after another and completes spec and result by
 * those of the winner, for ml_train_finish.  Test rows are not looked at.  A
 * candidate that cannot be trained is told by a WARNING and left out; raises
 * when none is left, when nothing can be said of any, on cancel and when
 * there is no more memory.
 */
extern void mlops_choice_make(MlopsHost *host, const MlopsDefinition *definition, const MlDataset *data,
							  MlTrainSpec *spec, MlTrainResult *result, MlopsChoice *choice);

#endif
