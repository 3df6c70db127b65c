#!/usr/bin/python3
"""One prediction by key inside the server, beside the bare lookup of the row; and the first one of a session.

usage: latency.py
Connects as libpq does.  A plpgsql loop runs two prepared statements in turn 20,000 times and
compares the medians of single executions; what counts is the difference.
"""
import statistics
import sys
import time

import psycopg2

LOOKUP = """
CREATE OR REPLACE FUNCTION pg_temp.medians(model text, n int, OUT bare float8, OUT predicted float8) LANGUAGE plpgsql AS $$
DECLARE
    a float8[] := '{}'; b float8[] := '{}'; start timestamptz; middle timestamptz; r record; p float8;
BEGIN
    FOR i IN 1..n LOOP
        start := clock_timestamp();
        SELECT t INTO r FROM bench_latency t WHERE id = (i * 7919) % 100000 + 1;
        middle := clock_timestamp();
        SELECT mlops_predict(model, t) INTO p FROM bench_latency t WHERE id = (i * 7919) % 100000 + 1;
        a[i] := extract(epoch FROM middle - start) * 1e6;
        b[i] := extract(epoch FROM clock_timestamp() - middle) * 1e6;
    END LOOP;
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) INTO bare FROM unnest(a[n / 10:]) x;
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) INTO predicted FROM unnest(b[n / 10:]) x;
END $$
"""


def connect():
    connection = psycopg2.connect("")
    connection.autocommit = True
    return connection


def main():
    cursor = connect().cursor()
    cursor.execute("SET client_min_messages = error; SET mlops.max_training_memory = '2GB'; DROP TABLE IF EXISTS bench_latency")
    columns = ", ".join("sin(i * {0}.1) * {0} AS x{0}".format(j + 1) for j in range(28))
    cursor.execute("CREATE TABLE bench_latency AS SELECT i AS id, {}, i % 3 = 0 AS y FROM generate_series(1, 100000) i".format(columns))
    cursor.execute("ALTER TABLE bench_latency ADD PRIMARY KEY (id)")
    cursor.execute("VACUUM ANALYZE bench_latency")
    cursor.execute("SELECT mlops_drop_model(name) FROM mlops.models WHERE name LIKE 'latency%'")
    cursor.execute("SELECT count(*) FROM mlops_train('latency_bare', 'bench_latency', 'y', key => 'id')")
    features = ", ".join(["ln(1 + abs(x{0})) AS l{0}".format(j) for j in range(1, 6)] +
                         ["CASE WHEN x{0} > 0 THEN x{0} / (1 + abs(x1)) ELSE -1 END AS c{0}".format(j) for j in range(6, 11)] +
                         ["x{}".format(j) for j in range(11, 16)])
    cursor.execute("SELECT count(*) FROM mlops_train('latency_expr', 'bench_latency', 'y', key => 'id', features => %s)", (features,))
    cursor.execute(LOOKUP)
    good = True
    for model, what, limit in (("latency_bare", "28 bare columns", 10), ("latency_expr", "10 expressions", 20)):
        cursor.execute("SELECT * FROM pg_temp.medians(%s, 20000)", (model,))
        bare, predicted = cursor.fetchone()
        good &= predicted - bare <= limit
        print("predict by key, {:18} p50 {:6.1f} us, bare lookup {:6.1f} us, over it {:5.1f} us  limit {} us  {}".format(
            what, predicted, bare, predicted - bare, limit, "ok" if predicted - bare <= limit else "OVER"), flush=True)

    def first(statement):
        times = []
        for _ in range(15):
            cursor = connect().cursor()
            cursor.execute("SELECT mlops_version()")    # the library is loaded, no model is
            start = time.perf_counter()
            cursor.execute(statement)
            times.append((time.perf_counter() - start) * 1000)
            cursor.connection.close()
        return statistics.median(times)

    first_prediction = first("SELECT mlops_predict('latency_bare', t) FROM bench_latency t WHERE id = 5")
    empty = first("SELECT mlops_version() FROM bench_latency t WHERE id = 5")
    good &= first_prediction - empty <= 5
    print("first prediction of a session {:.1f} ms, an empty call {:.1f} ms, over it {:.1f} ms  limit 5 ms  {}".format(
        first_prediction, empty, first_prediction - empty, "ok" if first_prediction - empty <= 5 else "OVER"))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
