/*
 * lanes.c: the same work for each of many items, side by side.
 *
 * A round is one item a lane: however long the list, a cancel waits for no
 * more than the items at hand.
 */
#include "learn/lanes.h"

#define ALIGNMENT 64

typedef struct Lanes
{
	MlLaneTask	task;
	void	   *arg;
	int			first;			/* item of lane 0 */
	char	   *room;
	size_t		size;			/* of a lane's room */
} Lanes;

static void
run_lane(void *arg, int lane)
{
	Lanes	   *l = arg;

	l->task(l->arg, l->first + lane, l->room + (size_t) lane * l->size);
}

MlCode
ml_lanes_run(MlScratch *scratch, int n, size_t room, MlLaneTask task, void *arg, const char *phase, MlStatus *status)
{
	MlHost	   *host = scratch->host;
	int			width = host->threads < n ? host->threads : n;
	Lanes		lanes = {.task = task,.arg = arg,.size = (room / ALIGNMENT + 1) * ALIGNMENT};

	if (n == 0)
		return ML_OK;
	lanes.room = ml_scratch_alloc(scratch, lanes.size, (size_t) width, phase, status);
	if (lanes.room == NULL)
		return status->code;
	for (; lanes.first < n; lanes.first += width)
		if (host->poll(host, phase, (double) lanes.first / n) ||
			host->parallel_for(host, n - lanes.first < width ? n - lanes.first : width, run_lane, &lanes))
			return ml_status_set(status, ML_CANCELLED, "%s was cancelled", phase);
	return ML_OK;
}
