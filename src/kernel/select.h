/*
 * select.h: quantiles and the mode of unsorted numbers.
 */
#ifndef ML_SELECT_H
#define ML_SELECT_H

#include <stdint.h>

/* The numbers among value[0..n), without NaN -> out, which has room for n; how many. */
extern int64_t ml_present(const double *value, int64_t n, double *out);
/*
 * percentile_cont(share) of the numbers among value[0..n); NaN is left out,
 * and is the answer when nothing else is there.  buffer: room for n numbers,
 * of which a large input touches a few percent.
 */
extern double ml_quantile_cont(const double *value, int64_t n, double share, double *buffer);
/* The commonest number, the smallest of equals; NaN as above. buffer: room for n numbers. */
extern double ml_mode(const double *value, int64_t n, double *buffer);
/* Sorts n numbers (no NaN) ascending, in place. */
extern void ml_heap_sort(double *value, int64_t n);

#endif
