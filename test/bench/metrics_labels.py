#!/usr/bin/python3
"""F1 over text labels beside GROUP BY actual, predicted, on the same machine in the same run.

usage: metrics_labels.py [ROWS]         default 1,000,000 rows of ten labels
Connects as libpq does.  Each figure is the median of five runs, the two sides in turn; what counts is the
ratio.  Counting the pairs is what one would do without the aggregate, before computing anything.
"""
import statistics
import sys
import time

import psycopg2

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
LIMIT = 1.0


def setup(cursor):
    cursor.execute("DROP TABLE IF EXISTS bench_labels")
    cursor.execute("""CREATE TABLE bench_labels AS
        SELECT 'label ' || h % 10 AS actual, 'label ' || CASE WHEN h / 1000 % 10 < 7 THEN h % 10 ELSE h / 7919 % 10 END AS predicted,
            (h / 17 % 16) / 4.0::float8 AS weight
        FROM (SELECT (i * 2654435761) % 4294967296 AS h FROM generate_series(1::bigint, {}) AS i) AS r""".format(ROWS))
    cursor.execute("VACUUM (ANALYZE, FREEZE) bench_labels")


def timed(cursor, query):
    start = time.perf_counter()
    cursor.execute(query)
    cursor.fetchall()
    return time.perf_counter() - start


def report(cursor, what, ours, theirs):
    a, b = [], []
    for _ in range(5):
        a.append(timed(cursor, ours))
        b.append(timed(cursor, theirs))
    ratio = statistics.median([x / y for x, y in zip(a, b)])
    print("{:34} {:8.3f} s {:8.3f} s   ratio {:5.2f}  limit {:4.2f}  {}".format(
        what, statistics.median(a), statistics.median(b), ratio, LIMIT, "ok" if ratio <= LIMIT else "OVER"), flush=True)
    return ratio <= LIMIT


def main():
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET max_parallel_workers_per_gather = 0; SET jit = off; SET client_min_messages = error")
    setup(cursor)
    pairs = "SELECT actual, predicted, {} FROM bench_labels GROUP BY actual, predicted"
    good = report(cursor, "macro F1 / count of pairs", "SELECT mlops_f1(actual, predicted, 'macro') FROM bench_labels",
                  pairs.format("count(*)"))
    good &= report(cursor, "weighted macro F1 / sum of pairs", "SELECT mlops_f1(actual, predicted, 'macro', weight) FROM bench_labels",
                   pairs.format("sum(weight)"))
    good &= report(cursor, "accuracy, mcc, balanced / count",
                   "SELECT mlops_accuracy(actual, predicted), mlops_mcc(actual, predicted), mlops_balanced_accuracy(actual, predicted) FROM bench_labels",
                   pairs.format("count(*)"))
    cursor.execute("DROP TABLE bench_labels")
    return 0 if good else 1


sys.exit(main())
