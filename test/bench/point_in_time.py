#!/usr/bin/python3
"""The point-in-time join of mlops_training_set beside a LATERAL subquery for each row, in the same run.

usage: point_in_time.py [SPINE_ROWS [FEATURE_ROWS]]     default 100,000 against 1,000,000; a tenth as many entities as spine rows
Connects as libpq does.  The same answer is asked for, to the row.  The LATERAL form is timed twice: with the index on
(entity, time) that it needs, and, for a few rows of the spine, without any (its time is given for all of them).
"""
import sys
import time

import psycopg2

SPINE = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
FEATURES = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
WITHOUT_INDEX = 50 if SPINE * FEATURES > 10**11 else 100
SUMS = "SELECT count(*), count(amount), sum(amount * id), sum(length(city)) FROM ({}) AS q"
LATERAL = """SELECT s.id, f.amount, f.city FROM {} AS s LEFT JOIN LATERAL (
    SELECT t.amount, t.city FROM bench_features AS t WHERE t.entity = s.entity AND t.at <= s.at AND t.seen <= s.at
        AND t.at >= s.at - interval '30 days'
    ORDER BY t.at DESC, t.seen DESC, t.amount DESC NULLS LAST, t.city COLLATE "C" DESC NULLS LAST LIMIT 1) AS f ON true"""


def seconds(cursor, sql):
    start = time.perf_counter()
    cursor.execute(sql)
    return time.perf_counter() - start, cursor.fetchone()


def main():
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET client_min_messages = error; SET max_parallel_workers_per_gather = 0; SET jit = off; SET work_mem = '256MB'")
    cursor.execute("DROP TABLE IF EXISTS bench_features, bench_spine")
    cursor.execute("""CREATE UNLOGGED TABLE bench_features AS SELECT i * 7919 % {} AS entity,
        '2024-01-01Z'::timestamptz + (i * 104729 % 31536000) * interval '1 second' AS at,
        '2024-01-01Z'::timestamptz + (i * 104729 % 31536000 + i % 7 * 40000) * interval '1 second' AS seen,
        (i % 1009)::float8 AS amount, 'c' || i % 31 AS city FROM generate_series(1, {}::bigint) AS i""".format(SPINE // 10, FEATURES))
    cursor.execute("""CREATE UNLOGGED TABLE bench_spine AS SELECT i AS id, i * 6007 % {} AS entity,
        '2024-01-01Z'::timestamptz + (i * 52511 % 31536000) * interval '1 second' AS at
        FROM generate_series(1, {}::bigint) AS i""".format(SPINE // 10, SPINE))
    cursor.execute("VACUUM (ANALYZE, FREEZE) bench_features, bench_spine")
    cursor.execute("SELECT mlops_create_feature_view('bench_point_in_time', 'bench_features', 'entity', 'at', '30 days', 'seen', replace => true)")
    cursor.execute("SELECT mlops_training_set('bench_spine', '{bench_point_in_time}')")
    ours, a = seconds(cursor, SUMS.format(cursor.fetchone()[0]))
    few = "(SELECT * FROM bench_spine LIMIT {})".format(WITHOUT_INDEX)
    naive, _ = seconds(cursor, SUMS.format(LATERAL.format(few)))
    naive *= SPINE / WITHOUT_INDEX
    index, _ = (seconds(cursor, "CREATE INDEX ON bench_features (entity, at); ANALYZE bench_features; SELECT 1"))
    indexed, b = seconds(cursor, SUMS.format(LATERAL.format("bench_spine")))
    one, _ = seconds(cursor, "SELECT count(mlops_get_features('bench_point_in_time', entity::text, at)) FROM (SELECT * FROM bench_spine LIMIT 1000) AS s")
    print("{:,} spine rows, {:,} feature rows: the same answer {}".format(SPINE, FEATURES, a == b))
    print("mlops_training_set        {:8.1f} s".format(ours))
    print("LATERAL, no index (est.)  {:8.1f} s  {:8.2f} times".format(naive, naive / ours))
    print("LATERAL, index            {:8.1f} s  {:8.2f} times   (making the index: {:.1f} s)".format(indexed, indexed / ours, index))
    print("mlops_get_features        {:8.1f} us a call".format(one * 1000))
    cursor.execute("SELECT mlops_drop_feature_view('bench_point_in_time'); DROP TABLE bench_features, bench_spine")
    return 0 if a == b and naive > ours else 1


if __name__ == "__main__":
    sys.exit(main())
