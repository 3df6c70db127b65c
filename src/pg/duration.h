/*
 * duration.h: an interval as a length of time.
 *
 * Months have 30 days and days 24 hours, as where PostgreSQL compares intervals.
 */
#ifndef MLOPS_DURATION_H
#define MLOPS_DURATION_H

#include "datatype/timestamp.h"

/* Seconds; right to the microsecond up to 285 years, infinite intervals (PostgreSQL 17) are longer than all others. */
static inline double
mlops_duration(const Interval *interval)
{
	return (double) interval->month * DAYS_PER_MONTH * SECS_PER_DAY + (double) interval->day * SECS_PER_DAY +
		(double) interval->time / USECS_PER_SEC;
}

#endif
