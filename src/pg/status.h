/* status.h: the one table that turns an MlStatus into an ereport. */
#ifndef MLOPS_STATUS_H
#define MLOPS_STATUS_H

#include "learn/host.h"

/* Raises the error a status carries; returns only when code is ML_OK. */
extern void mlops_check_status(MlCode code, const MlStatus *status);

/* A copy in which what is no whole character of the server's encoding is "?". */
extern char *mlops_valid_text(const char *text);

/* The name among names[0..n) nearest to word (edit distance, at most half its length), or NULL. */
extern const char *mlops_nearest(const char *word, const char *const *names, int n);

#endif
