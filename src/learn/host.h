/*
 * host.h: what the learning code asks of whoever runs it.
 *
 * The room "learn" knows no server.  Memory, cancellation, progress and
 * threads are handed in as an MlHost; failures go out as an MlStatus.  The
 * invariant: no function of this room keeps memory it did not get from the
 * host, and none of it is leaked to the process when a call fails (the owner
 * of the host frees everything at once, or calls release piece by piece).
 */
#ifndef ML_HOST_H
#define ML_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum MlCode
{
	ML_OK = 0,
	ML_CANCELLED,				/* poll asked to stop */
	ML_NO_MEMORY,				/* alloc returned NULL */
	ML_TOO_LARGE,				/* a limit of ours, named in the status */
	ML_BAD_PARAMETER,			/* an option out of range or of the wrong type */
	ML_BAD_DATA,				/* the rows cannot be learned from */
	ML_BAD_BYTES,				/* stored model bytes are damaged */
	ML_NOT_SUPPORTED			/* right question, no answer from this algorithm */
} MlCode;

/* message: lower case, no full stop; detail and hint: sentences or empty */
typedef struct MlStatus
{
	MlCode		code;
	char		message[320];
	char		detail[320];
	char		hint[320];
} MlStatus;

/* One piece of a parallel loop; task in [0, ntasks). */
typedef void (*MlTask) (void *arg, int task);

/* Threads that stay together for many short loops; lives as long as the call of parallel_team. */
typedef struct MlTeam MlTeam;
/* What the leading thread of a team does; it calls nothing of the host. */
typedef void (*MlLead) (MlTeam *team, void *arg);
/* One piece of a team's loop; member in [0, ml_team_size) tells the thread. */
typedef void (*MlTeamTask) (void *arg, int task, int member);

typedef struct MlHost MlHost;
struct MlHost
{
	/* NULL when there is no more; never zeroed; aligned for double */
	void	   *(*alloc) (MlHost *host, size_t size);
	void		(*release) (MlHost *host, void *p);
	/* bytes that alloc may still hand out: what can do with less takes a share of them */
	size_t		(*memory_left) (MlHost *host);

	/*
	 * Called on the main thread only, at least once a second: true means
	 * stop.  share is the part of the phase that is done, in [0, 1].  A
	 * NULL phase comes from inside parallel_for: the phase is the one before,
	 * share is that of the loop, other threads are at work, and poll must
	 * return, whatever is pending.
	 */
	bool		(*poll) (MlHost *host, const char *phase, double share);
	/* one line for the user: what was handled without failing */
	void		(*warn) (MlHost *host, const char *message, const char *hint);

	/*
	 * Runs task 0..ntasks-1, in any order, on up to `threads` threads, and
	 * returns when all ended.  Polls meanwhile: true means that poll asked
	 * to stop (tasks not begun are skipped).
	 */
	bool		(*parallel_for) (MlHost *host, int ntasks, MlTask task, void *arg);
	/*
	 * Runs lead on a thread of its own, with up to threads - 1 others that
	 * take part in the loops it hands out by ml_team_run; returns when lead
	 * has returned, and true when poll asked to stop.
	 */
	bool		(*parallel_team) (MlHost *host, MlLead lead, void *arg);
	int			threads;		/* at least 1 */
	size_t		model_limit;	/* bytes of a model; 0 = none */
	void	   *context;		/* the host's own */
};

/* status.c */
extern MlCode ml_status_set(MlStatus *status, MlCode code, const char *format,...)
			__attribute__((format(printf, 3, 4)));
extern void ml_status_detail(MlStatus *status, const char *format,...)
			__attribute__((format(printf, 2, 3)));
extern void ml_status_hint(MlStatus *status, const char *format,...)
			__attribute__((format(printf, 2, 3)));

/* count * size bytes from the host, NULL on overflow or no memory */
extern void *ml_alloc_array(MlHost *host, size_t count, size_t size);
extern void *ml_alloc_zero(MlHost *host, size_t count, size_t size);
extern MlCode ml_no_memory(MlStatus *status, size_t bytes, const char *what);

/* parallel.c: scoped pthreads with every signal blocked; the default parallel_for and parallel_team */
extern bool ml_parallel_for(MlHost *host, int ntasks, MlTask task, void *arg);
extern bool ml_parallel_team(MlHost *host, MlLead lead, void *arg);
/*
 * For the leader: task 0..ntasks-1, in any order, by all members; returns
 * when all ended.  true: asked to stop (tasks not begun were skipped); the
 * leader returns soon.  ntasks < 2^23.
 */
extern bool ml_team_run(MlTeam *team, int ntasks, MlTeamTask task, void *arg);
extern bool ml_team_stopped(const MlTeam *team);
extern int	ml_team_size(const MlTeam *team);

#endif
