/*
 * sums.h: float8 arrays as the states of metric aggregates.
 *
 * A state is a one-dimensional float8[] without NULLs, so that it has text
 * and binary forms and a distributed engine can carry it.  Its doubles are a
 * struct of the kernel.  Nobody but the server calls the functions of an
 * aggregate in earnest, but everybody may: every received array is checked.
 */
#ifndef MLOPS_SUMS_H
#define MLOPS_SUMS_H

#include "fmgr.h"
#include "utils/array.h"

/* Doubles in a struct that is kept as a state. */
#define MLOPS_SUMS_LENGTH(type) ((int) (sizeof(type) / sizeof(double)))

/*
 * The state in argument 0 to be changed and returned: the array itself inside
 * an aggregate, otherwise a copy; all zero when the argument is NULL.
 */
extern ArrayType *mlops_sums_state(FunctionCallInfo fcinfo, int length);
/* The state in argument n, which is not NULL, to be read. */
extern ArrayType *mlops_sums_read(FunctionCallInfo fcinfo, int n);
extern int	mlops_sums_length(const ArrayType *state);
/* 22023 unless the state has that many numbers */
extern void *mlops_sums_data(ArrayType *state, int length);

#endif
