/*
 * host.c: memory, cancellation, progress and threads for the learning code.
 *
 * Invariant: nothing here raises an error while threads of ours run.  Memory
 * is accounted by what the allocator really holds (GetMemoryChunkSpace), so
 * that arrays may be passed between this file's functions freely.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/mman.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/shmem.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/host.h"
#include "pg/settings.h"
#include "pg/status.h"

#define REPORT_INTERVAL_MS 5000
#define HUGE_PAGE ((Size) 2 * 1024 * 1024)
#define RETURN_BYTES ((Size) 16 * 1024 * 1024)

/*
 * Asks for huge pages behind a large array: fewer page faults while it is
 * filled, fewer address translations while many columns are written side by
 * side.  Only a hint, and never beyond the array.
 */
static void
advise_huge_pages(void *p, Size size)
{
#ifdef MADV_HUGEPAGE
	if (size >= 2 * HUGE_PAGE)
	{
		uintptr_t	from = TYPEALIGN(HUGE_PAGE, (uintptr_t) p);
		uintptr_t	to = TYPEALIGN_DOWN(HUGE_PAGE, (uintptr_t) p + size);

		if (to > from)
			(void) madvise((void *) from, to - from, MADV_HUGEPAGE);
	}
#else
	(void) p;
	(void) size;
#endif
}

static void
account(MlopsHost *host, void *p, Size size)
{
	advise_huge_pages(p, size);
	host->used += GetMemoryChunkSpace(p);
	host->peak = Max(host->peak, host->used);
}

static bool
fits(const MlopsHost *host, Size bytes)
{
	return host->limit == 0 || (bytes <= host->limit && host->used <= host->limit - bytes);
}

/* Takes memory off the account. */
static void
forget(MlopsHost *host, Size bytes)
{
	host->used -= Min(bytes, host->used);
}

/*
 * The C library keeps what is freed once it has seen large blocks come and
 * go: a second training would hold the columns it has let go of.  Pages that
 * are free are given back to the system, wherever they lie.
 */
static void
give_back(void)
{
#ifdef __GLIBC__
	(void) malloc_trim(0);
#endif
}

static void *
host_alloc(MlHost *base, size_t size)
{
	MlopsHost  *host = (MlopsHost *) base;
	void	   *p;

	if (size == 0)
		size = 1;
	if (!AllocHugeSizeIsValid(size) || !fits(host, size))
		return NULL;
	p = MemoryContextAllocExtended(host->context, size, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (p != NULL)
		account(host, p, size);
	return p;
}

static void
host_release(MlHost *base, void *p)
{
	MlopsHost  *host = (MlopsHost *) base;
	Size		size;

	if (p == NULL)
		return;
	size = GetMemoryChunkSpace(p);
	forget(host, size);
	pfree(p);
	host->freed += size;
	if (host->freed >= RETURN_BYTES)
	{
		host->freed = 0;
		give_back();
	}
}

static size_t
host_memory_left(MlHost *base)
{
	MlopsHost  *host = (MlopsHost *) base;

	return host->limit == 0 ? SIZE_MAX : host->limit - Min(host->used, host->limit);
}

static bool
asked_to_stop(void)
{
	return InterruptPending && (QueryCancelPending || ProcDiePending) &&
		InterruptHoldoffCount == 0 && CritSectionCount == 0;
}

/* Puts the phase in front of the statement's text in pg_stat_activity, and into line. */
static void
show(const MlopsHost *host, char *line, Size size)
{
	int			percent = (int) (100.0 * Min(Max(host->share, 0.0), 1.0));
	uint64		query_id = pgstat_get_my_query_id();

	snprintf(line, size, "%s: %s, %d %%", host->what, host->phase[0] != '\0' ? host->phase : "working", percent);
	if (debug_query_string != NULL)
	{
		/* in front: the view shows the first kilobyte */
		char	   *activity = psprintf("/* %s */ %.4096s", line, debug_query_string);

		pgstat_report_activity(STATE_RUNNING, activity);
		pfree(activity);
	}
	else
		pgstat_report_activity(STATE_RUNNING, line);
	/* a new text takes the identifier away, but it is still the same statement */
	pgstat_report_query_id(query_id, true);
}

static void
report(MlopsHost *host)
{
	char		line[512];

	show(host, line, sizeof(line));
	ereport(INFO, (errmsg_internal("%s", line)));
}

/*
 * The caller looks at its threads again when we return, so an error of the
 * report itself (out of memory, say) must wait until they have been joined.
 */
static void
report_guarded(MlopsHost *host)
{
	MemoryContext caller = CurrentMemoryContext;
	uint32		holdoff = InterruptHoldoffCount;

	PG_TRY();
	{
		/* a client that does not read must not end the backend under its threads */
		HOLD_INTERRUPTS();
		report(host);
		RESUME_INTERRUPTS();
	}
	PG_CATCH();
	{
		InterruptHoldoffCount = holdoff;
		MemoryContextSwitchTo(caller);
		host->failed = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
}

static bool
host_poll(MlHost *base, const char *phase, double share)
{
	MlopsHost  *host = (MlopsHost *) base;
	TimestampTz now;

	if (asked_to_stop() || host->failed != NULL)
		return true;
	if (host->parallel == 0)
		CHECK_FOR_INTERRUPTS();
	if (!mlops_progress)
		return false;
	now = GetCurrentTimestamp();
	if (phase != NULL)
	{
		bool		begins = strcmp(host->phase, phase) != 0;

		strlcpy(host->phase, phase, sizeof(host->phase));
		host->share = share;
		host->last_phase = now;
		if (begins)
		{
			char		line[512];

			Assert(host->parallel == 0);
			show(host, line, sizeof(line));
		}
	}
	/* a parallel loop polls without knowing what it is part of; a long one is the phase itself */
	else if (TimestampDifferenceExceeds(host->last_phase, now, REPORT_INTERVAL_MS))
		host->share = share;
	if (!TimestampDifferenceExceeds(host->last_report, now, REPORT_INTERVAL_MS))
		return false;
	host->last_report = now;
	if (host->parallel == 0)
		report(host);
	else
		report_guarded(host);
	return host->failed != NULL;
}

static void
host_warn(MlHost *base, const char *message, const char *hint)
{
	Assert(((MlopsHost *) base)->parallel == 0);
	(void) base;
	ereport(WARNING,
			(errmsg_internal("%s", mlops_valid_text(message)),
			 hint != NULL && hint[0] != '\0' ? errhint("%s", hint) : 0));
}

/* After a parallel section: what had to wait for its threads to end. */
static bool
leave_parallel(MlopsHost *host, bool stop)
{
	host->parallel--;
	if (host->parallel > 0)
		return stop;
	if (host->failed != NULL)
	{
		ErrorData  *failed = host->failed;

		host->failed = NULL;
		ReThrowError(failed);
	}
	/* a pending cancel is for the learner to unwind from; the rest is served now */
	if (stop || asked_to_stop())
		return true;
	CHECK_FOR_INTERRUPTS();
	return false;
}

static bool
host_parallel_for(MlHost *base, int ntasks, MlTask task, void *arg)
{
	MlopsHost  *host = (MlopsHost *) base;

	host->parallel++;
	return leave_parallel(host, ml_parallel_for(base, ntasks, task, arg));
}

static bool
host_parallel_team(MlHost *base, MlLead lead, void *arg)
{
	MlopsHost  *host = (MlopsHost *) base;

	host->parallel++;
	return leave_parallel(host, ml_parallel_team(base, lead, arg));
}

void
mlops_host_init(MlopsHost *host, MemoryContext context, Size limit, const char *what)
{
	memset(host, 0, sizeof(*host));
	host->host.alloc = host_alloc;
	host->host.release = host_release;
	host->host.memory_left = host_memory_left;
	host->host.poll = host_poll;
	host->host.warn = host_warn;
	host->host.parallel_for = host_parallel_for;
	host->host.parallel_team = host_parallel_team;
	host->host.threads = mlops_training_threads();
	host->host.model_limit = (Size) mlops_max_model_size * 1024;
	host->host.context = host;
	host->context = context;
	host->limit = limit;
	host->last_report = GetCurrentTimestamp();
	host->last_phase = host->last_report;
	host->what = what;
}

void
mlops_host_phase(MlopsHost *host, const char *phase)
{
	MlStatus	status = {0};

	if (host->host.poll(&host->host, phase, 0))
		mlops_check_status(ML_CANCELLED, &status);
}

void
mlops_host_no_memory(const MlopsHost *host, Size bytes)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("%s needs more memory than mlops.max_training_memory allows", host->what),
			 host->rows > 0 ?
			 errdetail("%zu kB are in use after " INT64_FORMAT " rows, %zu kB more are needed, the limit is %zu kB.",
					   host->used / 1024, host->rows, (bytes + 1023) / 1024, host->limit / 1024) :
			 errdetail("%zu kB are in use, %zu kB more are needed, the limit is %zu kB.",
					   host->used / 1024, (bytes + 1023) / 1024, host->limit / 1024),
			 errhint("Use fewer rows or columns, or raise mlops.max_training_memory.")));
}

void *
mlops_host_resize(MlopsHost *host, void *array, Size size)
{
	Size		before = array != NULL ? GetMemoryChunkSpace(array) : 0;

	if (!AllocHugeSizeIsValid(size))
		mlops_host_no_memory(host, size);
	forget(host, before);
	if (size > before && !fits(host, size))
	{
		host->used += before;
		mlops_host_no_memory(host, size - before);
	}
	if (array == NULL)
		array = MemoryContextAllocHuge(host->context, size);
	else
		array = repalloc_huge(array, size);
	account(host, array, size);
	return array;
}

void *
mlops_host_array(MlopsHost *host, int64 n, Size size, const char *what)
{
	Size		bytes = mul_size((Size) Max(n, 1), size);
	void	   *array = host_alloc(&host->host, bytes);

	if (array == NULL)
	{
		elog(DEBUG1, "no memory for %s", what);
		mlops_host_no_memory(host, bytes);
	}
	return array;
}

void
mlops_host_done(MlopsHost *host)
{
	uint64		query_id = pgstat_get_my_query_id();

	/* no phase was shown: the text is still the statement's own */
	if (host->phase[0] == '\0')
		return;
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	pgstat_report_query_id(query_id, true);
}

void
mlops_host_end(MlopsHost *host)
{
	Size		peak = host->peak;

	/* the host itself may lie in it */
	MemoryContextDelete(host->context);
	if (peak >= RETURN_BYTES)
		give_back();
}
