#!/usr/bin/python3
"""Reading rows, linear and logistic regression beside scikit-learn, on the same machine in the same run.

usage: linear.py [ROWS]         default 1,000,000 rows of 28 float8 columns
Connects as libpq does.  Each figure is the median of three runs, the two sides in turn; what counts
is the ratio.  scikit-learn's side includes reading the rows out by binary COPY.
"""
import io
import os
import statistics
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

import numpy as np
import psycopg2
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
P = 28
COLUMNS = ["x{}".format(i + 1) for i in range(P)]


def setup(cursor):
    cursor.execute("SELECT to_regclass('bench_linear')::text")
    if cursor.fetchone()[0] is not None:
        cursor.execute("SELECT count(*) FROM bench_linear")
        if cursor.fetchone()[0] == ROWS:
            return
        cursor.execute("DROP TABLE bench_linear")
    rng = np.random.default_rng(7)
    x = rng.standard_normal((ROWS, P))
    x[:, 1] += 0.6 * x[:, 0]
    x[:, 5] = np.exp(0.5 * x[:, 5])
    w = rng.standard_normal(P)
    margin = x @ w * 0.5
    y = margin + rng.standard_normal(ROWS)
    label = (rng.random(ROWS) < 1 / (1 + np.exp(-margin))).astype(int)
    cursor.execute("CREATE TABLE bench_linear ({}, y float8, label boolean)".format(
        ", ".join("{} float8 NOT NULL".format(c) for c in COLUMNS)))
    step = 50000
    for start in range(0, ROWS, step):
        text = io.StringIO()
        np.savetxt(text, np.column_stack([x[start:start + step], y[start:start + step]]), fmt="%.17g", delimiter="\t")
        lines = text.getvalue().splitlines()
        block = "".join("{}\t{}\n".format(line, "t" if v else "f") for line, v in zip(lines, label[start:start + step]))
        cursor.copy_expert("COPY bench_linear FROM STDIN", io.StringIO(block))
    cursor.execute("VACUUM (ANALYZE, FREEZE) bench_linear")


def export(cursor, target):
    """Binary COPY into a float64 matrix."""
    buffer = io.BytesIO()
    cursor.copy_expert("COPY (SELECT {}, {}::float8 FROM bench_linear) TO STDOUT (FORMAT binary)".format(
        ", ".join(COLUMNS), target), buffer)
    raw = np.frombuffer(buffer.getbuffer(), dtype=np.uint8)
    width = 2 + (P + 1) * 12
    body = raw[19:19 + ROWS * width].reshape(ROWS, width)[:, 2:].reshape(ROWS, P + 1, 12)[:, :, 4:]
    data = np.ascontiguousarray(body).view(">f8").reshape(ROWS, P + 1).astype("f8")
    return data[:, :P], data[:, P]


def timed(function):
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def in_turn(ours, theirs, runs=3):
    a, b = [], []
    for _ in range(runs):
        a.append(timed(ours)[0])
        b.append(timed(theirs)[0])
    return statistics.median(a), statistics.median(b), statistics.median([x / y for x, y in zip(a, b)])


def report(what, ours, theirs, ratio, limit, note=""):
    print("{:34} {:8.3f} s {:8.3f} s   ratio {:5.2f}  limit {:4.2f}  {} {}".format(
        what, ours, theirs, ratio, limit, "ok" if ratio <= limit else "OVER", note), flush=True)
    return ratio <= limit


def main():
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET client_min_messages = error; SET mlops.progress = off; SET mlops.max_training_memory = '4GB';"
                   "SET mlops.threads = 2; SET max_parallel_workers_per_gather = 0; SET jit = off")
    setup(cursor)
    cursor.execute("SELECT mlops_drop_model(name) FROM mlops.models WHERE name LIKE 'bench\\_%'")
    config = '{"split": {"test": 0}}'
    good = True

    def train(model, target, algorithm, params, query="bench_linear", exclude="label"):
        cursor.execute("SELECT run_id, seconds FROM mlops_train(%s, %s, %s, %s, %s, config => %s)",
                       (model, query, target, algorithm, params, config.replace("{\"split\"", '{"exclude": "%s", "split"' % exclude)))
        return cursor.fetchone()

    def scan():
        cursor.execute("SELECT {} FROM bench_linear".format(", ".join("sum({})".format(c) for c in COLUMNS + ["y"])))

    def read():
        cursor.execute("SELECT mlops.read_rows(%s, %s)", ("bench_linear", "y"))

    cursor.execute("SELECT to_regprocedure('mlops.read_rows(text, text)') IS NOT NULL")
    if cursor.fetchone()[0]:
        read()
        good &= report("read 1 M x 28 / serial scan", *in_turn(read, scan), 1.5)

    def sk_linear():
        x, y = export(cursor, "y")
        return LinearRegression().fit(x, y)

    train("bench_ols", "y", "linear_regression", '{"penalty": "none"}')
    good &= report("linear regression", *in_turn(
        lambda: train("bench_ols", "y", "linear_regression", '{"penalty": "none"}'), sk_linear), 0.25)
    cursor.execute("SELECT feature, coefficient_raw FROM mlops_coefficients('bench_ols')")
    ours = dict(cursor.fetchall())
    model = sk_linear()
    worst = max(abs(ours[c] - v) / max(abs(v), 1e-3) for c, v in zip(COLUMNS, model.coef_))
    print("{:34} largest relative difference {:.1e}  limit 1e-08  {}".format("  coefficients", worst, "ok" if worst <= 1e-8 else "OFF"))
    good &= worst <= 1e-8

    def sk_logistic():
        x, y = export(cursor, "label::int")
        return LogisticRegression(C=1.0).fit(StandardScaler().fit_transform(x), y)

    train("bench_logit", "label", "logistic_regression", '{}', exclude="y")
    good &= report("logistic regression", *in_turn(
        lambda: train("bench_logit", "label", "logistic_regression", '{}', exclude="y"), sk_logistic), 0.40)
    cursor.execute("SELECT feature, coefficient FROM mlops_coefficients('bench_logit')")
    ours = dict(cursor.fetchall())
    x, y = export(cursor, "label::int")
    exact = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10, max_iter=100) \
        if "newton-cholesky" in (LogisticRegression.__doc__ or "") else LogisticRegression(C=1.0, solver="newton-cg", tol=1e-10, max_iter=200)
    exact.fit(StandardScaler().fit_transform(x), y)
    worst = max(abs(ours[c] - v) for c, v in zip(COLUMNS, exact.coef_[0]))
    print("{:34} largest difference {:.1e}  limit 1e-06  {}".format("  coefficients", worst, "ok" if worst <= 1e-6 else "OFF"))
    good &= worst <= 1e-6

    cursor.execute("SELECT mlops_predict('bench_logit', t) FROM bench_linear t LIMIT 1")

    def predict():
        cursor.execute("SELECT sum(mlops_predict('bench_logit', t)) FROM bench_linear t")

    def sk_predict():
        xs, _ = export(cursor, "y")
        return exact.predict_proba(xs).sum()

    report("predict all rows / scikit-learn", *in_turn(predict, sk_predict), 1.0)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
