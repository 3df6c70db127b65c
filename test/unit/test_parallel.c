/* test_parallel.c: the thread pool: every task once, polls in time, stops, leaves nothing. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host_test.h"
#include "tap.h"

#define N_TASKS 1000

static pthread_t main_thread;
static bool polled_elsewhere;
static bool polled_with_phase;

typedef struct Work
{
	atomic_int	runs[N_TASKS];
	int			result[N_TASKS];	/* plain: joining must publish it */
	atomic_int	unblocked;		/* tasks that saw a signal deliverable */
	long		nanoseconds;
} Work;

static void
count_task(void *arg, int task)
{
	Work	   *work = arg;
	sigset_t	mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	if (!sigismember(&mask, SIGINT) || !sigismember(&mask, SIGALRM))
		atomic_fetch_add(&work->unblocked, 1);
	if (work->nanoseconds)
	{
		struct timespec t = {work->nanoseconds / 1000000000L, work->nanoseconds % 1000000000L};

		nanosleep(&t, NULL);
	}
	atomic_fetch_add(&work->runs[task], 1);
	work->result[task] = task * 3;
}

static void *
no_work(void *arg)
{
	return arg;
}

static bool
watch_poll(MlHost *host, const char *phase, double share)
{
	if (!pthread_equal(pthread_self(), main_thread))
		polled_elsewhere = true;
	if (phase != NULL || share < 0 || share > 1)
		polled_with_phase = true;
	return test_host_poll(host, phase, share);
}

static bool
all_once(Work *work, int n)
{
	int			i;

	for (i = 0; i < N_TASKS; i++)
		if (atomic_load(&work->runs[i]) != (i < n) || work->result[i] != (i < n ? i * 3 : 0))
			return false;
	return true;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* A leader that hands out loops of 0, 1, 2, ... tasks, each loop reading what the one before wrote. */
#define TEAM_LOOPS 400

typedef struct TeamWork
{
	MlTeam	   *team;
	long		value[TEAM_LOOPS];	/* plain: ml_team_run must publish it */
	long		next[TEAM_LOOPS];
	int			n;				/* tasks of the loop at hand */
	int			loops;
	int			size;
	atomic_int	wrong_member;
	atomic_int	ran;
	long		nanoseconds;
} TeamWork;

static void
team_task(void *arg, int task, int member)
{
	TeamWork   *work = arg;

	if (member < 0 || member >= ml_team_size(work->team))
		atomic_fetch_add(&work->wrong_member, 1);
	if (work->nanoseconds)
	{
		struct timespec t = {0, work->nanoseconds};

		nanosleep(&t, NULL);
	}
	work->next[task] = work->value[task] + task + (task > 0 ? work->value[task - 1] % 7 : 0);
	atomic_fetch_add(&work->ran, 1);
}

static void
lead_loops(MlTeam *team, void *arg)
{
	TeamWork   *work = arg;

	work->team = team;
	work->size = ml_team_size(team);
	for (work->n = 0; work->n < work->loops; work->n++)
	{
		if (ml_team_run(team, work->n, team_task, work))
			return;
		memcpy(work->value, work->next, (size_t) work->n * sizeof(long));
		/* now and then long enough for the others to fall asleep */
		if (work->n % 100 == 99)
		{
			struct timespec t = {0, 2000000};

			nanosleep(&t, NULL);
		}
	}
}

/* Checks of teams, in a function of their own for their size. */
static void
test_teams(TestHost *host)
{
	static TeamWork work;
	static TeamWork naive;
	bool		good = true;
	double		start;
	int			threads;
	int			i;

	memset(&naive, 0, sizeof(naive));
	for (naive.n = 0; naive.n < TEAM_LOOPS; naive.n++)
	{
		for (i = 0; i < naive.n; i++)
			naive.next[i] = naive.value[i] + i + (i > 0 ? naive.value[i - 1] % 7 : 0);
		memcpy(naive.value, naive.next, (size_t) naive.n * sizeof(long));
	}
	host->stop_at = 0;
	for (threads = 1; threads <= 9; threads += 2)
	{
		memset(&work, 0, sizeof(work));
		work.loops = TEAM_LOOPS;
		host->host.threads = threads;
		good &= !host->host.parallel_team(&host->host, lead_loops, &work);
		good &= work.size == threads && atomic_load(&work.wrong_member) == 0;
		good &= memcmp(work.value, naive.value, sizeof(work.value)) == 0;
	}
	OK(good, "loops of a team follow each other, whatever its size");

	memset(&work, 0, sizeof(work));
	work.loops = TEAM_LOOPS;
	work.nanoseconds = 20000000;
	host->host.threads = 2;
	host->n_poll = 0;
	host->stop_at = 2;
	start = now();
	OK(host->host.parallel_team(&host->host, lead_loops, &work), "a stop reaches the leader of a team");
	OK(now() - start < 5 && work.n < TEAM_LOOPS, "which returns soon");
	host->stop_at = 0;

	memset(&work, 0, sizeof(work));
	work.loops = TEAM_LOOPS;
	start = now();
	host->host.parallel_team(&host->host, lead_loops, &work);
	printf("# a loop of a team: %.1f microseconds\n", (now() - start) * 1e6 / TEAM_LOOPS);
}

int
main(void)
{
	static Work work;
	static TeamWork lonely;
	TestHost	host;
	sigset_t	before;
	sigset_t	after;
	bool		good = true;
	double		start;
	int			threads;
	int			ran = 0;
	int			ended;
	pid_t		child;
	int			i;

	main_thread = pthread_self();
	test_host_init(&host, 2);
	host.host.poll = watch_poll;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	for (threads = 1; threads <= 9; threads += 4)
		for (i = 0; i <= N_TASKS; i += 333)
		{
			memset(&work, 0, sizeof(work));
			host.host.threads = threads;
			good &= !ml_parallel_for(&host.host, i, count_task, &work);
			good &= all_once(&work, i);
			good &= atomic_load(&work.unblocked) == 0;
		}
	OK(good, "every task runs once, with signals blocked");
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	OK(sigismember(&before, SIGINT) == sigismember(&after, SIGINT), "the signal mask is as it was");

	/* one task of 1.2 s: the main thread polls meanwhile */
	memset(&work, 0, sizeof(work));
	host.host.threads = 1;
	host.n_poll = 0;
	work.nanoseconds = 1200000000L;
	OK(!ml_parallel_for(&host.host, 1, count_task, &work) && host.n_poll >= 3, "polls while a long task runs");

	/* stop at the second poll: tasks not begun are skipped */
	memset(&work, 0, sizeof(work));
	host.host.threads = 2;
	host.n_poll = 0;
	host.stop_at = 2;
	work.nanoseconds = 50000000L;
	start = now();
	OK(ml_parallel_for(&host.host, N_TASKS, count_task, &work), "a poll that says stop is reported");
	OK(now() - start < 5, "and obeyed soon");
	for (i = 0; i < N_TASKS; i++)
		ran += atomic_load(&work.runs[i]);
	OK(ran > 0 && ran < N_TASKS, "tasks not begun are skipped");
	OK(!polled_elsewhere, "only the main thread polls");
	OK(!polled_with_phase, "polls from inside carry no phase and a share");

	memset(&work, 0, sizeof(work));
	host.stop_at = 0;
	host.host.threads = 2;
	start = now();
	for (i = 0; i < 1000; i++)
		ml_parallel_for(&host.host, 2, count_task, &work);
	printf("# a loop over two empty tasks: %.1f microseconds\n", (now() - start) * 1e3);

	test_teams(&host);

	/* a process that may have no thread (root is not limited, so a child that is not root) */
	fflush(stdout);
	child = fork();
	if (child == 0)
	{
		struct rlimit none = {0, 0};
		pthread_t	thread;

		if ((geteuid() == 0 && setuid(65534) != 0) || setrlimit(RLIMIT_NPROC, &none) != 0)
			_exit(2);
		if (pthread_create(&thread, NULL, no_work, NULL) == 0)
			_exit(2);
		memset(&work, 0, sizeof(work));
		host.n_poll = 0;
		work.nanoseconds = 1000000;
		if (ml_parallel_for(&host.host, N_TASKS, count_task, &work) || !all_once(&work, N_TASKS))
			_exit(1);
		if (host.n_poll < 2)
			_exit(1);
		memset(&lonely, 0, sizeof(lonely));
		lonely.loops = TEAM_LOOPS;
		if (ml_parallel_team(&host.host, lead_loops, &lonely) || lonely.n != TEAM_LOOPS || lonely.size != 1)
			_exit(1);
		_exit(0);
	}
	waitpid(child, &ended, 0);
	if (WIFEXITED(ended) && WEXITSTATUS(ended) == 2)
		OK(true, "without threads everything still runs # SKIP threads cannot be forbidden here");
	else
		OK(WIFEXITED(ended) && WEXITSTATUS(ended) == 0, "without threads everything still runs, and polls");
	return tap_done();
}
