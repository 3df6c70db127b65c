/* attempt.h: looking whether SQL still means something, without ending the transaction when it does not. */
#ifndef MLOPS_ATTEMPT_H
#define MLOPS_ATTEMPT_H

typedef void (*MlopsAttempt) (void *arg);

/*
 * Calls the function in a subtransaction.  NULL, or the server's message when
 * a name, a type or a right is missing; any other error is raised.
 */
extern char *mlops_attempt(MlopsAttempt function, void *arg);
/* The same for SQL that is run: any error of its own is told. */
extern char *mlops_attempt_run(MlopsAttempt function, void *arg);

#endif
