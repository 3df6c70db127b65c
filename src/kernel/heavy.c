/*
 * heavy.c: entries in order of arrival, and slots that point to them.
 */
#include <assert.h>
#include <string.h>

#include "kernel/hash.h"
#include "kernel/heavy.h"

static void
point_to(MlHeavy *h, uint64_t hash, int32_t entry)
{
	uint32_t	at = (uint32_t) hash & h->mask;

	while (h->slot[at] != 0)
		at = (at + 1) & h->mask;
	h->slot[at] = (uint16_t) (entry + 1);
	h->filter[hash >> 61] |= UINT64_C(1) << (hash >> 55 & 63);
}

int32_t
ml_heavy_insert(MlHeavy *h, uint64_t key, uint64_t hash, int64_t count, int64_t slack)
{
	int32_t		entry = h->n++;

	assert(h->n <= h->room && h->room <= ML_HEAVY_MAX_ROOM);
	h->key[entry] = key;
	h->count[entry] = count;
	h->slack[entry] = slack;
	if (h->load)
		h->load[entry] = NULL;
	point_to(h, hash, entry);
	return entry;
}

void
ml_heavy_index(MlHeavy *h)
{
	memset(h->slot, 0, sizeof(uint16_t) * ((size_t) h->mask + 1));
	memset(h->filter, 0, sizeof(h->filter));
	for (int32_t i = 0; i < h->n; i++)
		point_to(h, ml_mix64(h->key[i]), i);
}

void
ml_heavy_drop(MlHeavy *h)
{
	int32_t		kept = 0;

	for (int32_t i = 0; i < h->n; i++)
	{
		void	   *load;

		if (h->count[i] + h->slack[i] <= h->missed)
			continue;
		h->key[kept] = h->key[i];
		h->count[kept] = h->count[i];
		h->slack[kept] = h->slack[i];
		if (h->load)
		{
			load = h->load[kept];
			h->load[kept] = h->load[i];
			h->load[i] = load;
		}
		kept++;
	}
	h->n = kept;
	ml_heavy_index(h);
}

/* The k-th smallest of n numbers, 0 <= k < n; reorders them. */
static int64_t
smallest(int64_t *x, int32_t n, int32_t k)
{
	int32_t		low = 0;
	int32_t		high = n - 1;

	while (low < high)
	{
		int64_t		pivot = x[low + (high - low) / 2];
		int32_t		i = low;
		int32_t		j = high;

		while (i <= j)
		{
			while (x[i] < pivot)
				i++;
			while (x[j] > pivot)
				j--;
			if (i <= j)
			{
				int64_t		swap = x[i];

				x[i++] = x[j];
				x[j--] = swap;
			}
		}
		if (k <= j)
			high = j;
		else if (k >= i)
			low = i;
		else
			break;
	}
	return x[k];
}

void
ml_heavy_purge(MlHeavy *h, int32_t keep, int64_t *scratch)
{
	int64_t		least;

	assert(keep < h->n);
	for (int32_t i = 0; i < h->n; i++)
		scratch[i] = h->count[i] + h->slack[i];
	least = smallest(scratch, h->n, h->n - keep - 1);
	if (h->missed < least)
		h->missed = least;
	ml_heavy_drop(h);
}
