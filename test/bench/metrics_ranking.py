#!/usr/bin/python3
"""Ranking metrics beside reading the rows out and scikit-learn, on the same machine in the same run.

usage: metrics_ranking.py [ROWS]         default 1,000,000 rows of label, score and weight
Connects as libpq does.  Each figure is the median of five runs, the two sides in turn; what counts
is the ratio.  The figures of both sides must agree to 1e-12.
"""
import io
import statistics
import sys
import time

import numpy as np
import psycopg2
from sklearn import metrics as m

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000


def setup(cursor):
    cursor.execute("DROP TABLE IF EXISTS bench_ranking")
    cursor.execute("SELECT setseed(0.5)")
    cursor.execute("""CREATE TABLE bench_ranking AS SELECT random() < 0.1 + 0.5 * s AS y, s, 0.1 + random() AS w
        FROM (SELECT random() AS s FROM generate_series(1, %s)) AS r""", (ROWS,))
    cursor.execute("VACUUM (ANALYZE, FREEZE) bench_ranking")


def export(cursor, columns):
    """Binary COPY into arrays of float64."""
    buffer = io.BytesIO()
    cursor.copy_expert("COPY (SELECT {} FROM bench_ranking) TO STDOUT (FORMAT binary)".format(
        ", ".join("{}::float8".format(c) if c != "y" else "y::int::float8" for c in columns)), buffer)
    raw = np.frombuffer(buffer.getbuffer(), dtype=np.uint8)
    width = 2 + len(columns) * 12
    body = raw[19:19 + ROWS * width].reshape(ROWS, width)[:, 2:].reshape(ROWS, len(columns), 12)[:, :, 4:]
    data = np.ascontiguousarray(body).view(">f8").reshape(ROWS, len(columns)).astype("f8")
    return data.T


def main():
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    setup(cursor)
    good = True

    def ours(expression):
        cursor.execute("SELECT " + expression + " FROM bench_ranking")
        return cursor.fetchone()[0]

    def row(what, expression, columns, theirs, limit):
        nonlocal good
        a, b = [], []
        for _ in range(5):
            start = time.perf_counter()
            got = ours(expression)
            middle = time.perf_counter()
            want = theirs(*export(cursor, columns))
            a.append(middle - start)
            b.append(time.perf_counter() - middle)
        ratio = statistics.median(x / y for x, y in zip(a, b))
        fine = abs(got - want) <= 1e-12 and ratio <= limit
        good &= fine
        print("{:18} {:6.3f} s, export and scikit-learn {:6.3f} s, ratio {:.2f}  limit {}  {}".format(
            what, statistics.median(a), statistics.median(b), ratio, limit, "ok" if fine else "OVER"), flush=True)

    cursor.execute("SET max_parallel_workers_per_gather = 0")
    row("roc_auc", "mlops_roc_auc(y, s)", ["y", "s"], m.roc_auc_score, 0.5)
    row("roc_auc weighted", "mlops_roc_auc(y, s, w)", ["y", "s", "w"],
        lambda y, s, w: m.roc_auc_score(y, s, sample_weight=w), 0.5)
    row("pr_auc", "mlops_pr_auc(y, s)", ["y", "s"], m.average_precision_score, 0.5)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
