/*
 * host_test.h: an MlHost over malloc, for tests.
 *
 * It can refuse the k-th allocation (fail_at = k, from 1) and ask to stop at
 * the k-th poll (stop_at), and it knows every block that is alive, so a test
 * can free what a failed call left, as a memory context would.
 */
#ifndef HOST_TEST_H
#define HOST_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/host.h"

typedef struct TestBlock
{
	struct TestBlock *next;
	struct TestBlock *prev;
	size_t		size;
	size_t		pad;			/* keeps what follows aligned */
} TestBlock;

typedef struct TestHost
{
	MlHost		host;			/* first: cast either way */
	TestBlock	all;			/* ring */
	long		n_alloc;		/* asked for so far */
	long		fail_at;		/* 0 = never */
	long		n_alive;
	size_t		bytes;			/* alive */
	size_t		peak;
	long		n_poll;
	long		stop_at;		/* 0 = never; stays asked from then on */
	char		phase[128];		/* as last told */
	long		n_warn;
	char		warning[320];
} TestHost;

static void *
test_host_alloc(MlHost *host, size_t size)
{
	TestHost   *t = (TestHost *) host;
	TestBlock  *b;

	t->n_alloc++;
	if (t->fail_at && t->n_alloc == t->fail_at)
		return NULL;
	b = size > SIZE_MAX / 2 ? NULL : malloc(sizeof(TestBlock) + size);
	if (b == NULL)
		return NULL;
	b->size = size;
	b->next = &t->all;
	b->prev = t->all.prev;
	b->prev->next = b;
	t->all.prev = b;
	t->n_alive++;
	t->bytes += size;
	if (t->bytes > t->peak)
		t->peak = t->bytes;
	/* nobody may count on zeros */
	memset(b + 1, 0xa5, size);
	return b + 1;
}

static void
test_host_release(MlHost *host, void *p)
{
	TestHost   *t = (TestHost *) host;
	TestBlock  *b = (TestBlock *) p - 1;

	b->prev->next = b->next;
	b->next->prev = b->prev;
	t->n_alive--;
	t->bytes -= b->size;
	free(b);
}

static size_t
test_host_memory_left(MlHost *host)
{
	(void) host;
	return SIZE_MAX;
}

static bool
test_host_poll(MlHost *host, const char *phase, double share)
{
	TestHost   *t = (TestHost *) host;

	(void) share;
	if (phase != NULL)
		snprintf(t->phase, sizeof(t->phase), "%s", phase);
	t->n_poll++;
	return t->stop_at && t->n_poll >= t->stop_at;
}

static void
test_host_warn(MlHost *host, const char *message, const char *hint)
{
	TestHost   *t = (TestHost *) host;

	(void) hint;
	t->n_warn++;
	snprintf(t->warning, sizeof(t->warning), "%s", message);
}

static void
test_host_init(TestHost *t, int threads)
{
	memset(t, 0, sizeof(*t));
	t->all.next = t->all.prev = &t->all;
	t->host.alloc = test_host_alloc;
	t->host.release = test_host_release;
	t->host.memory_left = test_host_memory_left;
	t->host.poll = test_host_poll;
	t->host.warn = test_host_warn;
	t->host.parallel_for = ml_parallel_for;
	t->host.parallel_team = ml_parallel_team;
	t->host.threads = threads;
}

/* Frees all that is alive and starts counting again; fail_at and stop_at stay. */
static void __attribute__((unused))
test_host_reset(TestHost *t)
{
	while (t->all.next != &t->all)
		test_host_release(&t->host, t->all.next + 1);
	t->n_alloc = t->n_poll = t->n_warn = 0;
	t->peak = 0;
	t->warning[0] = '\0';
}

#endif
