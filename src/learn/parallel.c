/*
 * parallel.c: a parallel loop that leaves nothing behind.
 *
 * Threads live for one loop: they are created with every signal blocked, so
 * that the process's handlers stay on the main thread, take the tasks from a
 * counter, and are joined before ml_parallel_for returns.  The main thread
 * runs no task: it waits and polls, so a long task delays neither a cancel
 * nor progress.  When no thread can be had the main thread does everything
 * itself and polls between tasks.  The invariant: while a thread lives, the
 * only call into the host is poll, and poll returns.
 *
 * A loop costs the creation of its threads, some 20 microseconds each:
 * shorter work is better done in place.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "learn/host.h"

#define MAX_THREADS 256
#define STACK_SIZE ((size_t) 2 * 1024 * 1024)
#define POLL_NANOSECONDS 200000000L /* 5 times a second */

typedef struct Loop
{
	MlTask		task;
	void	   *arg;
	int			ntasks;
	atomic_int	next;			/* first task nobody has taken */
	atomic_int	done;
	atomic_bool stop;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int			running;		/* threads at work, under lock */
} Loop;

/* Takes one task and runs it; false when there is none left. */
static bool
run_next(Loop *loop)
{
	int			i;

	if (atomic_load_explicit(&loop->stop, memory_order_relaxed))
		return false;
	i = atomic_fetch_add(&loop->next, 1);
	if (i >= loop->ntasks)
		return false;
	loop->task(loop->arg, i);
	atomic_fetch_add(&loop->done, 1);
	return true;
}

static void *
thread_main(void *arg)
{
	Loop	   *loop = arg;

	while (run_next(loop))
		;
	pthread_mutex_lock(&loop->lock);
	if (--loop->running == 0)
		pthread_cond_signal(&loop->ended);
	pthread_mutex_unlock(&loop->lock);
	return NULL;
}

/* No phase: the same as before, share is that of this loop, and threads are alive. */
static void
poll_host(MlHost *host, Loop *loop)
{
	double		share = (double) atomic_load(&loop->done) / loop->ntasks;

	if (host->poll(host, NULL, share))
		atomic_store(&loop->stop, true);
}

/* Starts up to n threads; the number that came to life. */
static int
start_threads(Loop *loop, pthread_t *thread, int n)
{
	pthread_attr_t attr;
	pthread_attr_t *used = NULL;
	sigset_t	all;
	sigset_t	old;
	int			started = 0;

	if (pthread_attr_init(&attr) == 0)
	{
		used = &attr;
		/* refused (a system with a larger minimum): the default is as good */
		(void) pthread_attr_setstacksize(&attr, STACK_SIZE);
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&loop->lock);
	while (started < n && pthread_create(&thread[started], used, thread_main, loop) == 0)
		started++;
	loop->running = started;
	pthread_mutex_unlock(&loop->lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (used)
		pthread_attr_destroy(used);
	return started;
}

static void
wait_for_threads(MlHost *host, Loop *loop)
{
	struct timespec wake;

	pthread_mutex_lock(&loop->lock);
	clock_gettime(CLOCK_MONOTONIC, &wake);
	while (loop->running > 0)
	{
		int			rc;

		wake.tv_nsec += POLL_NANOSECONDS;
		if (wake.tv_nsec >= 1000000000L)
		{
			wake.tv_nsec -= 1000000000L;
			wake.tv_sec++;
		}
		do
			rc = pthread_cond_timedwait(&loop->ended, &loop->lock, &wake);
		while (loop->running > 0 && rc != ETIMEDOUT);
		if (loop->running > 0)
		{
			pthread_mutex_unlock(&loop->lock);
			poll_host(host, loop);
			pthread_mutex_lock(&loop->lock);
			clock_gettime(CLOCK_MONOTONIC, &wake);
		}
	}
	pthread_mutex_unlock(&loop->lock);
}

/* For a process that may have no thread: everything here, polling between tasks. */
static void
run_alone(MlHost *host, Loop *loop)
{
	struct timespec last;

	clock_gettime(CLOCK_MONOTONIC, &last);
	while (run_next(loop))
	{
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - last.tv_sec) * 1000000000L + (now.tv_nsec - last.tv_nsec) < POLL_NANOSECONDS)
			continue;
		poll_host(host, loop);
		last = now;
	}
}

bool
ml_parallel_for(MlHost *host, int ntasks, MlTask task, void *arg)
{
	Loop		loop;
	pthread_condattr_t attr;
	pthread_t	thread[MAX_THREADS];
	int			n = host->threads;
	int			i;

	assert(n >= 1);
	if (ntasks <= 0)
		return false;
	if (n > ntasks)
		n = ntasks;
	if (n > MAX_THREADS)
		n = MAX_THREADS;
	loop.task = task;
	loop.arg = arg;
	loop.ntasks = ntasks;
	loop.running = 0;
	atomic_init(&loop.next, 0);
	atomic_init(&loop.done, 0);
	atomic_init(&loop.stop, false);

	/* none of these can fail with the C library's own locks */
	pthread_mutex_init(&loop.lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&loop.ended, &attr);
	pthread_condattr_destroy(&attr);

	n = start_threads(&loop, thread, n);
	if (n > 0)
		wait_for_threads(host, &loop);
	else
		run_alone(host, &loop);
	for (i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	pthread_cond_destroy(&loop.ended);
	pthread_mutex_destroy(&loop.lock);
	return atomic_load(&loop.stop);
}
