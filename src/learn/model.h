/*
 * model.h: a trained model as flat bytes, and what can be asked of it.
 *
 * Bytes are immutable, little-endian, 8-byte aligned and read in place:
 * ml_model_open checks magic, version, checksum and every offset and index
 * once; after that nothing is checked again.
 */
#ifndef ML_MODEL_H
#define ML_MODEL_H

#include "learn/params.h"
#include "learn/preprocess.h"

typedef struct MlModel
{
	const uint8_t *bytes;
	size_t		size;
	MlTaskKind	task;
	const struct MlLearner *learner;
	MlPrep		prep;			/* arrays allocated at open, texts in place */
	int			n_classes;
	const char **class_name;
	/* margin columns: 1 for regression and binary, n_classes for multiclass */
	int			n_outputs;
	/* log of the training weight of each class relative to its natural one; NULL = none (prior calibration) */
	const double *log_prior;
	const void *section;		/* the learner's own bytes, in place */
	size_t		section_size;
	void	   *state;			/* what the learner's open made of them, or NULL */
	bool		log_link;		/* regression: the prediction is exp(margin) */
} MlModel;

extern MlCode ml_model_open(MlHost *host, const void *bytes, size_t size, MlModel *model, MlStatus *status);
/* Assembles the bytes of a model; *out from the host. */
extern MlCode ml_model_write(MlHost *host, const struct MlLearner *learner, const MlDataset *data,
							 const MlPrep *prep, const double *log_prior,
							 const void *section, size_t section_size,
							 uint8_t **out, size_t *out_size, MlStatus *status);

/*
 * x: n × p row-major (preprocess.h), margin: n × n_outputs; room is the
 * caller's working memory.  No allocation, no failure; thread-safe.
 */
extern void ml_model_margin(const MlModel *model, const double *x, int64_t n, double *margin, double *room);
/* Doubles of working memory that a margin wants, 0 = none, however many rows. */
extern size_t ml_model_margin_room(const MlModel *model);
/* What the margin of one row costs, in steps of some nanoseconds. */
extern double ml_model_steps(const MlModel *model);
/*
 * At most `most` rows, and at least ML_MODEL_ROWS, whose margins together do
 * not take long: nobody can stop them.
 */
#define ML_MODEL_ROWS 16		/* that trees walk together */
extern int	ml_model_rows(const MlModel *model, int most);
/* One row of margins -> n_classes calibrated probabilities; regression: proba[0] = value. */
extern void ml_model_proba(const MlModel *model, const double *margin, double *proba);
/* Class of one row: threshold on P(positive) for binary; argmax of margins (ties: first) for multiclass. */
extern int	ml_model_class(const MlModel *model, const double *margin, const double *proba, double threshold);
/*
 * Additive explanation of the margin of one output: phi has p + 1 entries,
 * one a dataset column and the base last; they sum to the margin.  room is
 * the caller's working memory; the host is only polled (NULL: not even that,
 * so that several threads may explain).
 */
extern MlCode ml_model_explain(MlHost *host, const MlModel *model, const double *x, int output, double *room,
							   double *phi, MlStatus *status);
/* Doubles of working memory that an explanation wants, 0 = none. */
extern size_t ml_model_explain_room(const MlModel *model);

#endif
