/*
 * sample_timeline.h: events of two streams in the order of time.
 *
 * A stream is a number of rows cut into episodes: an episode has one event or
 * a few that follow from the first.  First events are spread over the days by
 * a rhythm of week and hours, one in each of as many equal parts of it as
 * there are episodes; so an episode's time can be said without the others.
 */
#ifndef ML_SAMPLE_TIMELINE_H
#define ML_SAMPLE_TIMELINE_H

#include "learn/sample.h"

#define ML_TIMELINE_STREAMS 2

typedef struct MlEvent
{
	int64_t		time;			/* microseconds since 2000-01-01 UTC */
	int64_t		episode;
	int32_t		stream;
	int32_t		step;			/* 0 = the first of its episode */
} MlEvent;

/* Weights of the days from Monday and of the hours of a day, each > 0. */
typedef struct MlRhythm
{
	double		day[7];
	double		hour[24];
} MlRhythm;

typedef struct MlTimeline
{
	/* set by whoever begins; state is handed to the functions */
	const MlRhythm *rhythm;
	int64_t		start;			/* of a day */
	int64_t		days;
	uint64_t	key;
	int64_t		rows[ML_TIMELINE_STREAMS];
	int			(*length) (const void *state, int stream, int64_t episode); /* >= 1 */
	/* Of step > 0, after the first: ascending. */
	int64_t		(*delay) (const void *state, int stream, int64_t episode, int step);
	const void *state;

	MlHost	   *host;
	int64_t		episodes[ML_TIMELINE_STREAMS];
	int64_t		begun[ML_TIMELINE_STREAMS];
	int64_t		left[ML_TIMELINE_STREAMS];	/* rows of episodes not begun */
	int64_t		first[ML_TIMELINE_STREAMS];	/* time of the next episode to begin */
	double		week;			/* sum of day weights */
	double		total;			/* of all days */
	double		hours;			/* sum of hour weights */
	MlEvent    *heap;			/* events to come of episodes begun; earliest first */
	int64_t		n_heap;
	int64_t		room;
} MlTimeline;

extern MlCode ml_timeline_begin(MlTimeline *timeline, MlHost *host, MlStatus *status);
/* The next of sum(rows) events. */
extern MlCode ml_timeline_next(MlTimeline *timeline, MlEvent *event, MlStatus *status);
extern void ml_timeline_end(MlTimeline *timeline);

/* Where in the rhythm an episode begins, [0, 1); and the time of such a place. */
extern double ml_timeline_place(const MlTimeline *timeline, int stream, int64_t episode);
extern int64_t ml_timeline_time(const MlTimeline *timeline, double place);

#endif
