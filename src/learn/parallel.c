/*
 * parallel.c: parallel sections that leave nothing behind.
 *
 * Threads live for one section: they are created with every signal blocked,
 * so that the process's handlers stay on the main thread, and are joined
 * before the section returns.  The main thread does no work in a section: it
 * waits and polls, so long work delays neither a cancel nor progress.  When
 * no thread can be had the main thread does everything itself and polls
 * between tasks.  The invariant: while a thread lives, the only call into the
 * host is poll, and poll returns.
 *
 * Two kinds of section: a loop over independent tasks, and a team, in which
 * one thread leads and the others wait for the loops it hands out.  A section
 * costs the creation of its threads, some 20 microseconds each; a loop of a
 * team costs about one.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "learn/host.h"

#define MAX_THREADS 256
#define STACK_SIZE ((size_t) 2 * 1024 * 1024)
#define POLL_NANOSECONDS 200000000L /* 5 times a second */

/* What threads of either kind of section have in common. */
typedef struct Section
{
	void		(*body) (struct Section *section, int member);
	double		(*share) (struct Section *section);
	atomic_bool stop;			/* poll asked for it */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int			running;		/* threads at work, under lock */
	int			next_member;	/* under lock */
} Section;

static void *
thread_main(void *arg)
{
	Section    *section = arg;
	int			member;

	pthread_mutex_lock(&section->lock);
	member = section->next_member++;
	pthread_mutex_unlock(&section->lock);
	section->body(section, member);
	pthread_mutex_lock(&section->lock);
	if (--section->running == 0)
		pthread_cond_signal(&section->ended);
	pthread_mutex_unlock(&section->lock);
	return NULL;
}

/* No phase: the same as before, share is that of this section, and threads are alive. */
static void
poll_host(MlHost *host, Section *section)
{
	if (host->poll(host, NULL, section->share(section)))
		atomic_store(&section->stop, true);
}

/* For work on the main thread: polls when the time since the last one is up. */
static void
poll_at_times(MlHost *host, Section *section, struct timespec *last)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - last->tv_sec) * 1000000000L + (now.tv_nsec - last->tv_nsec) < POLL_NANOSECONDS)
		return;
	poll_host(host, section);
	*last = now;
}

static void
wait_for_threads(MlHost *host, Section *section)
{
	struct timespec wake;

	pthread_mutex_lock(&section->lock);
	clock_gettime(CLOCK_MONOTONIC, &wake);
	while (section->running > 0)
	{
		int			rc;

		wake.tv_nsec += POLL_NANOSECONDS;
		if (wake.tv_nsec >= 1000000000L)
		{
			wake.tv_nsec -= 1000000000L;
			wake.tv_sec++;
		}
		do
			rc = pthread_cond_timedwait(&section->ended, &section->lock, &wake);
		while (section->running > 0 && rc != ETIMEDOUT);
		if (section->running > 0)
		{
			pthread_mutex_unlock(&section->lock);
			poll_host(host, section);
			pthread_mutex_lock(&section->lock);
			clock_gettime(CLOCK_MONOTONIC, &wake);
		}
	}
	pthread_mutex_unlock(&section->lock);
}

/*
 * Runs section->body on up to n threads and waits for them; the number that
 * came to life.  started, when given, is told that number before any of them
 * has begun.
 */
static int
run_section(MlHost *host, Section *section, int n, int *started)
{
	pthread_t	thread[MAX_THREADS];
	pthread_attr_t attr;
	pthread_attr_t *used = NULL;
	pthread_condattr_t condition;
	sigset_t	all;
	sigset_t	old;
	int			alive = 0;
	int			i;

	if (n > MAX_THREADS)
		n = MAX_THREADS;
	section->running = 0;
	section->next_member = 0;
	/* none of these can fail with the C library's own locks */
	pthread_mutex_init(&section->lock, NULL);
	pthread_condattr_init(&condition);
	pthread_condattr_setclock(&condition, CLOCK_MONOTONIC);
	pthread_cond_init(&section->ended, &condition);
	pthread_condattr_destroy(&condition);
	if (pthread_attr_init(&attr) == 0)
	{
		used = &attr;
		/* refused (a system with a larger minimum): the default is as good */
		(void) pthread_attr_setstacksize(&attr, STACK_SIZE);
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* the lock holds them back until all are counted */
	pthread_mutex_lock(&section->lock);
	while (alive < n && pthread_create(&thread[alive], used, thread_main, section) == 0)
		alive++;
	section->running = alive;
	if (started)
		*started = alive;
	pthread_mutex_unlock(&section->lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (used)
		pthread_attr_destroy(used);

	if (alive > 0)
		wait_for_threads(host, section);
	for (i = 0; i < alive; i++)
		pthread_join(thread[i], NULL);
	pthread_cond_destroy(&section->ended);
	pthread_mutex_destroy(&section->lock);
	return alive;
}

/* ---- a loop over tasks ---- */

typedef struct Loop
{
	Section		section;		/* first: cast either way */
	MlTask		task;
	void	   *arg;
	int			ntasks;
	atomic_int	next;			/* first task nobody has taken */
	atomic_int	done;
} Loop;

/* Takes one task and runs it; false when there is none left. */
static bool
run_next(Loop *loop)
{
	int			i;

	if (atomic_load_explicit(&loop->section.stop, memory_order_relaxed))
		return false;
	i = atomic_fetch_add(&loop->next, 1);
	if (i >= loop->ntasks)
		return false;
	loop->task(loop->arg, i);
	atomic_fetch_add(&loop->done, 1);
	return true;
}

static void
loop_body(Section *section, int member)
{
	(void) member;
	while (run_next((Loop *) section))
		;
}

static double
loop_share(Section *section)
{
	Loop	   *loop = (Loop *) section;

	return (double) atomic_load(&loop->done) / loop->ntasks;
}

bool
ml_parallel_for(MlHost *host, int ntasks, MlTask task, void *arg)
{
	Loop		loop;

	assert(host->threads >= 1);
	if (ntasks <= 0)
		return false;
	loop.section.body = loop_body;
	loop.section.share = loop_share;
	atomic_init(&loop.section.stop, false);
	loop.task = task;
	loop.arg = arg;
	loop.ntasks = ntasks;
	atomic_init(&loop.next, 0);
	atomic_init(&loop.done, 0);
	if (run_section(host, &loop.section, host->threads < ntasks ? host->threads : ntasks, NULL) == 0)
	{
		struct timespec last;

		clock_gettime(CLOCK_MONOTONIC, &last);
		while (run_next(&loop))
			poll_at_times(host, &loop.section, &last);
	}
	return atomic_load(&loop.section.stop);
}

/* ---- a team ---- */

/*
 * The loop at hand as one word, so that a member sees its number of tasks
 * and takes one of them in a single step: number of the loop, its tasks, the
 * next one.  While a task of a loop is at work the leader hands out no other,
 * so task and arg belong to whoever has taken a valid one.
 */
#define CLAIM_BITS 24
#define CLAIM_MASK ((UINT64_C(1) << CLAIM_BITS) - 1)
#define CLAIM_NEXT(c) ((int) ((c) & CLAIM_MASK))
#define CLAIM_TASKS(c) ((int) (((c) >> CLAIM_BITS) & CLAIM_MASK))
#define CLAIM_LOOP(c) ((c) >> (2 * CLAIM_BITS))

/* Looks before a waiting member sleeps, and before the leader gives its processor away. */
#define SPINS 4000

struct MlTeam
{
	Section		section;		/* first: cast either way */
	MlHost	   *host;
	MlLead		lead;
	void	   *lead_arg;
	int			size;			/* members, the leader included */
	bool		alone;			/* the leader is the main thread */
	struct timespec last_poll;
	MlTeamTask	task;
	void	   *arg;
	_Alignas(64) atomic_uint_fast64_t claim;
	_Alignas(64) atomic_int done;
	atomic_int	sleeping;
	atomic_bool over;
	pthread_mutex_t sleep_lock;
	pthread_cond_t woken;
};

static inline void
spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield");
#endif
}

/* Runs tasks of the loop at hand until none is left to take. */
static void
work(MlTeam *team, int member)
{
	for (;;)
	{
		uint_fast64_t claim = atomic_load(&team->claim);

		if (CLAIM_NEXT(claim) >= CLAIM_TASKS(claim))
			return;
		claim = atomic_fetch_add(&team->claim, 1);
		if (CLAIM_NEXT(claim) >= CLAIM_TASKS(claim))
			return;
		if (!atomic_load_explicit(&team->section.stop, memory_order_relaxed))
			team->task(team->arg, CLAIM_NEXT(claim), member);
		atomic_fetch_add(&team->done, 1);
		if (team->alone)
			poll_at_times(team->host, &team->section, &team->last_poll);
	}
}

/* Returns when there is another loop than `seen`, or the team is over. */
static void
wait_for_loop(MlTeam *team, uint_fast64_t seen)
{
	int			i;

	for (i = 0; i < SPINS; i++)
	{
		if (CLAIM_LOOP(atomic_load(&team->claim)) != seen || atomic_load(&team->over))
			return;
		spin_pause();
	}
	pthread_mutex_lock(&team->sleep_lock);
	atomic_fetch_add(&team->sleeping, 1);
	while (CLAIM_LOOP(atomic_load(&team->claim)) == seen && !atomic_load(&team->over))
		pthread_cond_wait(&team->woken, &team->sleep_lock);
	atomic_fetch_sub(&team->sleeping, 1);
	pthread_mutex_unlock(&team->sleep_lock);
}

static void
wake_sleepers(MlTeam *team)
{
	if (atomic_load(&team->sleeping) == 0)
		return;
	pthread_mutex_lock(&team->sleep_lock);
	pthread_cond_broadcast(&team->woken);
	pthread_mutex_unlock(&team->sleep_lock);
}

static void
team_body(Section *section, int member)
{
	MlTeam	   *team = (MlTeam *) section;
	uint_fast64_t seen = 0;

	if (member == 0)
	{
		team->lead(team, team->lead_arg);
		atomic_store(&team->over, true);
		wake_sleepers(team);
		return;
	}
	while (!atomic_load(&team->over))
	{
		wait_for_loop(team, seen);
		seen = CLAIM_LOOP(atomic_load(&team->claim));
		work(team, member);
	}
}

/* How far the leader is only the leader knows. */
static double
team_share(Section *section)
{
	(void) section;
	return 0;
}

bool
ml_team_run(MlTeam *team, int ntasks, MlTeamTask task, void *arg)
{
	uint_fast64_t claim = atomic_load(&team->claim);
	int			spins = 0;

	assert(ntasks >= 0 && (uint64_t) ntasks < CLAIM_MASK / 2);
	if (ntasks == 0)
		return ml_team_stopped(team);
	team->task = task;
	team->arg = arg;
	atomic_store(&team->done, 0);
	claim = ((CLAIM_LOOP(claim) + 1) << (2 * CLAIM_BITS)) | (uint64_t) ntasks << CLAIM_BITS;
	atomic_store(&team->claim, claim);
	if (ntasks > 1)
		wake_sleepers(team);
	work(team, 0);
	while (atomic_load(&team->done) < ntasks)
	{
		spin_pause();
		if (++spins > SPINS)
			sched_yield();
	}
	return ml_team_stopped(team);
}

bool
ml_team_stopped(const MlTeam *team)
{
	return atomic_load(&((MlTeam *) team)->section.stop);
}

int
ml_team_size(const MlTeam *team)
{
	return team->size;
}

bool
ml_parallel_team(MlHost *host, MlLead lead, void *arg)
{
	MlTeam		team;

	assert(host->threads >= 1);
	team.section.body = team_body;
	team.section.share = team_share;
	atomic_init(&team.section.stop, false);
	team.host = host;
	team.lead = lead;
	team.lead_arg = arg;
	team.size = 1;
	team.alone = false;
	team.task = NULL;
	team.arg = NULL;
	atomic_init(&team.claim, 0);
	atomic_init(&team.done, 0);
	atomic_init(&team.sleeping, 0);
	atomic_init(&team.over, false);
	pthread_mutex_init(&team.sleep_lock, NULL);
	pthread_cond_init(&team.woken, NULL);
	if (run_section(host, &team.section, host->threads, &team.size) == 0)
	{
		team.size = 1;
		team.alone = true;
		clock_gettime(CLOCK_MONOTONIC, &team.last_poll);
		lead(&team, arg);
	}
	pthread_cond_destroy(&team.woken);
	pthread_mutex_destroy(&team.sleep_lock);
	return atomic_load(&team.section.stop);
}
