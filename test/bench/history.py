#!/usr/bin/python3
"""History aggregates in sliding frames beside PostgreSQL's own avg() over the same frame, in the same run.

usage: history.py [ROWS [ENTITIES]]         default 1,000,000 rows of 10,000 entities
Connects as libpq does.  Each figure is the median of three runs, the two sides in turn; what counts is the ratio.
avg() is that of an integer column, which has inverse transitions: avg(float8) has none, and is slower.
"""
import statistics
import sys
import time

import psycopg2

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
ENTITIES = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
RUNS = 3
LIMIT = 2.0
OURS = [
    ("mlops_moments", "mlops_moments(x) OVER w"),
    ("mlops_zscore of it", "mlops_zscore(x, mlops_moments(x) OVER w)"),
    ("mlops_value_counts", "mlops_value_counts(device) OVER w"),
    ("mlops_value_counts, all different", "mlops_value_counts(amount::text) OVER w"),
    ("mlops_is_usual of it", "mlops_is_usual(device, mlops_value_counts(device) OVER w, 0.1)"),
    ("mlops_ewma of mlops_ewma_state", "mlops_ewma(mlops_ewma_state(x, ts, '7 days') OVER w)"),
]
THEIRS = "avg(amount) OVER w"


def seconds(cursor, expression):
    start = time.perf_counter()
    cursor.execute("SELECT count(v) FROM (SELECT {} AS v FROM bench_history WINDOW w AS (PARTITION BY entity ORDER BY ts "
                   "RANGE BETWEEN '30 days' PRECEDING AND '1 microsecond' PRECEDING)) t".format(expression))
    return time.perf_counter() - start


def main():
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET client_min_messages = error; SET max_parallel_workers_per_gather = 0; SET jit = off; SET work_mem = '256MB'")
    cursor.execute("DROP TABLE IF EXISTS bench_history; CREATE UNLOGGED TABLE bench_history AS "
                   "SELECT (i * 7919 % {})::int AS entity, timestamptz '2024-01-01' + i * 7776000.0 / {} * interval '1 second' AS ts, "
                   "(i * 104729 % 100003)::int AS amount, (i * 104729 % 100003) / 7.0::float8 AS x, "
                   "'device-' || (i * 31 % 1009) * (i * 31 % 1009) / 50000 AS device "
                   "FROM generate_series(1, {}::bigint) i".format(ENTITIES, ROWS, ROWS))
    cursor.execute("VACUUM (ANALYZE, FREEZE) bench_history")
    good = True
    for name, ours in OURS:
        a, b = [], []
        for _ in range(RUNS):
            a.append(seconds(cursor, ours))
            b.append(seconds(cursor, THEIRS))
        ratio = statistics.median(u / v for u, v in zip(a, b))
        good &= ratio <= LIMIT
        print("{:34} {:8.3f} s {:8.3f} s   ratio {:5.2f}  limit {:.2f}  {}".format(
            name, statistics.median(a), statistics.median(b), ratio, LIMIT, "ok" if ratio <= LIMIT else "OVER"), flush=True)
    print("{:34} {:8.3f} s".format("avg() of double precision", seconds(cursor, "avg(x) OVER w")))
    cursor.execute("DROP TABLE bench_history")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
