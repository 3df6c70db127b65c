/*
 * host.h: an MlHost over a memory context.
 *
 * alloc is MCXT_ALLOC_NO_OOM | HUGE under mlops.max_training_memory; poll
 * serves interrupts between parallel sections, shows the phase in
 * pg_stat_activity and prints progress.
 */
#ifndef MLOPS_HOST_H
#define MLOPS_HOST_H

#include "datatype/timestamp.h"
#include "utils/palloc.h"

#include "learn/host.h"

typedef struct MlopsHost
{
	MlHost		host;			/* first: cast either way */
	MemoryContext context;
	Size		limit;			/* bytes; 0 = none */
	Size		used;
	Size		peak;
	Size		freed;			/* and perhaps not given back to the system yet */
	TimestampTz last_report;
	const char *what;			/* "model \"churn\"", for progress lines */
	char		phase[128];		/* as last told to poll */
	double		share;
	TimestampTz last_phase;		/* when */
	int64		rows;			/* read so far, for messages; 0 = not said */
	int			parallel;		/* > 0: threads of ours may be running */
	struct ErrorData *failed;	/* raised by a report while they ran: re-raised when they have ended */
} MlopsHost;

extern void mlops_host_init(MlopsHost *host, MemoryContext context, Size limit, const char *what);
/* An array of the host's made larger or smaller (NULL: a new one); raises 53200. Release it as any other. */
extern void *mlops_host_resize(MlopsHost *host, void *array, Size size);
/* n values of so many bytes, not zeroed; raises 53200. */
extern void *mlops_host_array(MlopsHost *host, int64 n, Size size, const char *what);
/* A phase of this room's own begins: shown like those of the learning code; serves interrupts. */
extern void mlops_host_phase(MlopsHost *host, const char *phase);
/* Raises the error for an allocation of so many bytes that was refused. */
extern void mlops_host_no_memory(const MlopsHost *host, Size bytes) __attribute__((noreturn));
/* Gives pg_stat_activity the statement's own text back. */
extern void mlops_host_done(MlopsHost *host);
/* Deletes the context and gives its memory back to the system. */
extern void mlops_host_end(MlopsHost *host);

#endif
