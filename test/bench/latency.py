#!/usr/bin/python3
"""One prediction by key inside the server, beside the bare lookup of the row; and the first one of a session.

usage: latency.py
Connects as libpq does.  By key: a plpgsql loop runs two prepared statements in turn 20,000 times; what counts is the
difference of the medians of single executions.  First: each of two statements is the first one of 41 new sessions, in
turn, timed at the client; what counts is the difference of their medians, loading of the library included.
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


MODEL_BYTES = 1_000_000


def connect():
    connection = psycopg2.connect("")
    connection.autocommit = True
    return connection


def train(cursor, model, source, more=""):
    cursor.execute("SELECT count(*) FROM mlops_train('{}', '{}', 'y', algorithm => 'logistic_regression', key => 'id' {})"
                   .format(model, source, more))


def prepare(cursor):
    """Tables and models: 28 bare columns, 10 expressions, a model of more than MODEL_BYTES."""
    cursor.execute("SET client_min_messages = error; SET mlops.max_training_memory = '2GB'")
    cursor.execute("DROP TABLE IF EXISTS bench_latency, bench_first")
    cursor.execute("SELECT mlops_drop_model(name) FROM mlops.models WHERE name LIKE 'latency%'")
    columns = ", ".join("sin(i * {0}.1) * {0} AS x{0}".format(j + 1) for j in range(28))
    cursor.execute("CREATE TABLE bench_latency AS SELECT i AS id, {}, i % 3 = 0 AS y FROM generate_series(1, 100000) i".format(columns))
    cursor.execute("CREATE TABLE bench_first AS SELECT i AS id, 'a category with a name, number ' || i % 28000 AS c,"
                   " sin(i) AS x, i % 3 = 0 AS y FROM generate_series(1, 84000) i")
    for table in "bench_latency", "bench_first":
        cursor.execute("ALTER TABLE {} ADD PRIMARY KEY (id)".format(table))
        cursor.execute("VACUUM ANALYZE {}".format(table))
    train(cursor, "latency_bare", "bench_latency")
    train(cursor, "latency_expr", "bench_latency", ", features => '{}'".format(", ".join(
        ["ln(1 + abs(x{0})) AS l{0}".format(j) for j in range(1, 6)] +
        ["CASE WHEN x{0} > 0 THEN x{0} / (1 + abs(x1)) ELSE -1 END AS c{0}".format(j) for j in range(6, 11)] +
        ["x{}".format(j) for j in range(11, 16)])))
    train(cursor, "latency_first", "bench_first",
          """, config => '{"preprocess": {"columns": {"c": {"encode": "ordinal"}}}}'""")
    cursor.execute("SELECT model_size FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'latency_first'")
    size = cursor.fetchone()[0]
    if size < MODEL_BYTES:
        sys.exit("the model for the first prediction has {} bytes only".format(size))
    return size


def first(statement):
    """Milliseconds of a statement that is the first one of its session."""
    cursor = connect().cursor()
    start = time.perf_counter()
    cursor.execute(statement)
    elapsed = time.perf_counter() - start
    cursor.connection.close()
    return elapsed * 1000


def report(what, value, base, unit, limit):
    over = value - base
    print("{:<48} {:7.2f} {unit}, beside {:7.2f} {unit}, over it {:6.2f} {unit}  limit {:4.1f} {unit}  {}".format(
        what, value, base, over, limit, "ok" if over <= limit else "OVER", unit=unit), flush=True)
    return over <= limit


def main():
    cursor = connect().cursor()
    size = prepare(cursor)
    cursor.execute(LOOKUP)
    good = True
    for model, what, limit in (("latency_bare", "28 bare columns", 10), ("latency_expr", "10 expressions, 5 bare columns", 20)):
        cursor.execute("SELECT * FROM pg_temp.medians(%s, 20000)", (model,))
        bare, predicted = cursor.fetchone()
        good &= report("predict by key, p50, " + what, predicted, bare, "us", limit)

    predicting, empty = [], []
    for _ in range(41):
        predicting.append(first("SELECT mlops_predict('latency_first', t) FROM bench_first t WHERE id = 5"))
        empty.append(first("SELECT pg_backend_pid() FROM bench_first t WHERE id = 5"))
    good &= report("first of a session, model of {:,} bytes".format(size), statistics.median(predicting), statistics.median(empty), "ms", 5)
    cursor.execute("SELECT mlops_drop_model(name) FROM mlops.models WHERE name LIKE 'latency%'")
    cursor.execute("DROP TABLE bench_latency, bench_first")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
