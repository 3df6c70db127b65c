/*
 * sample_timeline.c: events of two streams in the order of time.
 *
 * Each stream's episodes begin in ascending order by construction; the events
 * that follow wait in a heap.  The next event is the earliest of the two
 * beginnings and the top of the heap.  The heap holds what is going on at one
 * time, not what has been or will be.
 */
#include "learn/sample_timeline.h"

#include <assert.h>
#include <string.h>

#include "learn/sample_draw.h"

/* Episodes counted between two polls. */
#define POLL_EVERY 1000000

double
ml_timeline_place(const MlTimeline *t, int stream, int64_t episode)
{
	double		u = ml_rng_unit_at(ml_hash_combine(t->key, (uint64_t) stream), (uint64_t) episode);

	return ((double) episode + u) / (double) (t->episodes[stream] > 0 ? t->episodes[stream] : 1);
}

/* 2000-01-01 was a Saturday. */
static int
weekday(const MlTimeline *t, int64_t day)
{
	int64_t		number = t->start / ML_DAY + day + 5;

	return (int) ((number % 7 + 7) % 7);
}

int64_t
ml_timeline_time(const MlTimeline *t, double place)
{
	double		x = place * t->total;
	int64_t		weeks = (int64_t) (x / t->week);
	int64_t		day = weeks * 7;
	int			hour = 0;
	double		weight;

	x -= (double) weeks * t->week;
	weight = t->rhythm->day[weekday(t, day)];
	while (x >= weight && day < t->days - 1)
	{
		x -= weight;
		weight = t->rhythm->day[weekday(t, ++day)];
	}
	x = x / weight * t->hours;
	while (hour < 23 && x >= t->rhythm->hour[hour])
		x -= t->rhythm->hour[hour++];
	x /= t->rhythm->hour[hour];
	return t->start + day * ML_DAY + hour * ML_HOUR + ml_whole_seconds((x < 1.0 ? x : 1.0) * 3600.0);
}

static void
find_first(MlTimeline *t, int stream)
{
	t->first[stream] = t->left[stream] > 0 ?
		ml_timeline_time(t, ml_timeline_place(t, stream, t->begun[stream])) : INT64_MAX;
}

/* How many episodes it takes to fill a stream's rows; the last one may be cut. */
static MlCode
count_episodes(MlTimeline *t, int stream, MlStatus *status)
{
	int64_t		rows = 0;

	t->episodes[stream] = 0;
	while (rows < t->rows[stream])
	{
		rows += t->length(t->state, stream, t->episodes[stream]++);
		if (t->episodes[stream] % POLL_EVERY == 0 &&
			t->host->poll(t->host, "planning", (double) rows / (double) t->rows[stream]))
			return ml_status_set(status, ML_CANCELLED, "cancelled");
	}
	return ML_OK;
}

MlCode
ml_timeline_begin(MlTimeline *t, MlHost *host, MlStatus *status)
{
	t->host = host;
	t->heap = NULL;
	t->n_heap = t->room = 0;
	t->week = t->hours = t->total = 0;
	for (int i = 0; i < 7; i++)
		t->week += t->rhythm->day[i];
	for (int i = 0; i < 24; i++)
		t->hours += t->rhythm->hour[i];
	t->total = (double) (t->days / 7) * t->week;
	for (int64_t day = t->days / 7 * 7; day < t->days; day++)
		t->total += t->rhythm->day[weekday(t, day)];
	for (int s = 0; s < ML_TIMELINE_STREAMS; s++)
	{
		MlCode		code = count_episodes(t, s, status);

		if (code != ML_OK)
			return code;
		t->begun[s] = 0;
		t->left[s] = t->rows[s];
		find_first(t, s);
	}
	return ML_OK;
}

void
ml_timeline_end(MlTimeline *t)
{
	if (t->heap != NULL)
		t->host->release(t->host, t->heap);
	t->heap = NULL;
}

/* ---- the heap ---- */

/* A total order: equal times come in the same order everywhere. */
static bool
before(const MlEvent *a, const MlEvent *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	if (a->stream != b->stream)
		return a->stream < b->stream;
	return a->episode != b->episode ? a->episode < b->episode : a->step < b->step;
}

static MlCode
push(MlTimeline *t, MlEvent event, MlStatus *status)
{
	int64_t		i;

	if (t->n_heap == t->room)
	{
		int64_t		room = t->room > 0 ? t->room * 2 : 64;
		MlEvent    *heap = ml_alloc_array(t->host, room, sizeof(MlEvent));

		if (heap == NULL)
			return ml_no_memory(status, room * sizeof(MlEvent), "events to come");
		if (t->n_heap > 0)
		{
			memcpy(heap, t->heap, t->n_heap * sizeof(MlEvent));
			t->host->release(t->host, t->heap);
		}
		t->heap = heap;
		t->room = room;
	}
	for (i = t->n_heap++; i > 0 && before(&event, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
		t->heap[i] = t->heap[(i - 1) / 2];
	t->heap[i] = event;
	return ML_OK;
}

static MlEvent
pop(MlTimeline *t)
{
	MlEvent		top = t->heap[0];
	MlEvent		last = t->heap[--t->n_heap];
	int64_t		i = 0;

	for (int64_t child = 1; child < t->n_heap; child = 2 * i + 1)
	{
		if (child + 1 < t->n_heap && before(&t->heap[child + 1], &t->heap[child]))
			child++;
		if (!before(&t->heap[child], &last))
			break;
		t->heap[i] = t->heap[child];
		i = child;
	}
	if (t->n_heap > 0)
		t->heap[i] = last;
	return top;
}

/* ---- the next event ---- */

static MlCode
begin_episode(MlTimeline *t, int stream, MlEvent *event, MlStatus *status)
{
	int64_t		episode = t->begun[stream]++;
	int64_t		length = t->length(t->state, stream, episode);

	*event = (MlEvent)
	{
		.time = t->first[stream], .episode = episode, .stream = stream, .step = 0
	};
	if (length > t->left[stream])
		length = t->left[stream];
	t->left[stream] -= length;
	find_first(t, stream);
	for (int step = 1; step < length; step++)
	{
		MlEvent		next = *event;
		MlCode		code;

		next.step = step;
		next.time += t->delay(t->state, stream, episode, step);
		code = push(t, next, status);
		if (code != ML_OK)
			return code;
	}
	return ML_OK;
}

MlCode
ml_timeline_next(MlTimeline *t, MlEvent *event, MlStatus *status)
{
	int			stream = t->first[1] < t->first[0] ? 1 : 0;

	assert(t->n_heap > 0 || t->left[stream] > 0);
	if (t->n_heap > 0 && t->heap[0].time <= t->first[stream])
	{
		*event = pop(t);
		return ML_OK;
	}
	return begin_episode(t, stream, event, status);
}
