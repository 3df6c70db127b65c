/*
 * lanes.h: the same work for each of many items, side by side, with room of
 * its own for each thread.
 */
#ifndef ML_LANES_H
#define ML_LANES_H

#include "learn/scratch.h"

/* One item, on any thread; room is 64 bytes aligned and not cleared between items. */
typedef void (*MlLaneTask) (void *arg, int item, void *room);

/*
 * Runs task for items 0..n-1 with `room` bytes each.  Polls between two
 * items, so none should take long.
 */
extern MlCode ml_lanes_run(MlScratch *scratch, int n, size_t room, MlLaneTask task, void *arg, const char *phase,
						   MlStatus *status);

/* The next count × size bytes of a room, 8 bytes aligned. */
static inline void *
ml_room_take(void **room, size_t count, size_t size)
{
	void	   *p = *room;

	*room = (char *) p + (count * size + 7) / 8 * 8;
	return p;
}

#endif
