/*
 * information.h: mutual information, in nats.
 *
 * Of classes: from their table.  Of numbers: from the distances of each row
 * to its k nearest ones, without any noise being added.  Where distances
 * repeat, the number of rows that are really nearer takes the place of k, so
 * that for numbers of few values the estimate is near to that of classes.
 * Estimates may be below zero.
 */
#ifndef ML_INFORMATION_H
#define ML_INFORMATION_H

#include <stddef.h>
#include <stdint.h>

/* Derivative of the logarithm of the gamma function, x > 0. */
extern double ml_digamma(double x);

/* Bytes of room, aligned for uint64_t, for the functions below. */
extern size_t ml_information_room(int64_t n, int64_t n_labels);
/*
 * Of a number and a class: label[i] in [0, n_labels).  Rows whose class has
 * no other row are left out.  NaN when no row remains.
 */
extern double ml_information_classes(const double *x, const int32_t *label, int64_t n, int64_t n_labels, int k,
									 void *room);
/* Of two numbers, compared as they are: the caller scales them.  NaN for n < 2; else k < n is taken care of. */
extern double ml_information_numbers(const double *x, const double *y, int64_t n, int k, void *room);

#endif
