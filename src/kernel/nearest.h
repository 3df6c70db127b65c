/*
 * nearest.h: how far the k nearest points of a plane are.
 *
 * The distance of two points is the greater of their differences in x and in
 * y.  Points that are equal to another are points of their own.
 */
#ifndef ML_NEAREST_H
#define ML_NEAREST_H

#include <stddef.h>
#include <stdint.h>

#define ML_MAX_NEAREST 8

/* Bytes of room, aligned for uint64_t, for ml_nearest of n points. */
extern size_t ml_nearest_room(int64_t n);
/*
 * radius[i]: distance from point i to its k-th nearest other one; inside[i]:
 * points that are nearer than that, itself among them (k, where no two are
 * equally far); radius 0: the points equal to it.  0 < k < n, k <=
 * ML_MAX_NEAREST, n below 2^31; finite numbers whose differences are finite.
 */
extern void ml_nearest(const double *x, const double *y, int64_t n, int k, double *radius, int32_t *inside,
					   void *room);

#endif
