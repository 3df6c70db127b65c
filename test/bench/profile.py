#!/usr/bin/python3
"""mlops_profile beside a sum of the same columns, on the same machine in the same run; or against numpy.

usage: profile.py [ROWS]              default 1,000,000 rows of 28 columns; serial and with two workers
       profile.py DIR [SET ...]       DIR holds csv/ with tables of real data and load.sql, which loads them into ds
Connects as libpq does.  Times: median of the ratios of seven runs, the two sides in turn; limit 3.
Figures: exact ones to 1e-12, the others within the errors that the profile tells of itself.
Ends with status 1 when something is over its limit.
"""
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import psycopg2

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data"))
import make_golden_profile as golden  # noqa: E402

COLUMNS = 28
RUNS = 7
LIMIT = 3


def connect():
    connection = psycopg2.connect("")
    connection.autocommit = True
    return connection.cursor()


def seconds(cursor, query):
    start = time.perf_counter()
    cursor.execute(query)
    cursor.fetchall()
    return time.perf_counter() - start


def speed(rows):
    cursor = connect()
    names = ["x{}".format(i) for i in range(1, COLUMNS + 1)]
    cursor.execute("SET client_min_messages = error; SET jit = off; DROP TABLE IF EXISTS bench_profile; SELECT setseed(0.5)")
    cursor.execute("CREATE UNLOGGED TABLE bench_profile AS SELECT {} FROM generate_series(1, {})".format(
        ", ".join("random() AS " + n for n in names), rows))
    cursor.execute("VACUUM (ANALYZE, FREEZE) bench_profile")
    sums = "SELECT {} FROM bench_profile".format(", ".join("sum({})".format(n) for n in names))
    good = True
    for workers in (0, 2):
        cursor.execute("SET max_parallel_workers_per_gather = {}".format(workers))
        a, b = [], []
        for _ in range(RUNS):
            a.append(seconds(cursor, "SELECT * FROM mlops_profile('bench_profile')"))
            b.append(seconds(cursor, sums))
        ratio = statistics.median(x / y for x, y in zip(a, b))
        good &= ratio <= LIMIT
        print("{} x {}, {} workers: profile {:.3f} s, sums {:.3f} s   ratio {:.2f}  limit {}  {}".format(
            rows, COLUMNS, workers, statistics.median(a), statistics.median(b), ratio, LIMIT,
            "ok" if ratio <= LIMIT else "OVER"), flush=True)
    cursor.execute("DROP TABLE bench_profile")
    return good


def near(a, b, size=0):
    return abs(a - b) <= 1e-12 * max(abs(b), size)


def exact_figures(p, x, whole):
    """Names of the figures that are not numpy's."""
    want = dict(zip(golden.COLUMNS[2:], golden.figures([repr(float(v)) if not whole else str(int(v)) for v in x])))
    bad = [n for n in ("distinct_count", "outliers") if p[n] != want[n]]
    bad += [n for n in ("minimum", "maximum", "stddev", "p01", "p25", "p50", "p75", "p99")
            if len(x) > 1 and not near(p[n], want[n])]
    bad += ["histogram"] if (len(p["histogram"]), max(b["rows"] for b in p["histogram"])) != (want["bins"], want["largest_bin"]) else []
    return bad + ([] if near(p["mean"], x.mean(), x.std()) else ["mean"])


def sketched_figures(p, x):
    bad = [n for n in ("minimum", "maximum") if p[n] != getattr(x, n[:3])()]
    bad += ["stddev"] if not near(p["stddev"], x.std(ddof=1)) else []
    bad += ["mean"] if not near(p["mean"], x.mean(), x.std()) else []
    bad += ["distinct_count"] if abs(p["distinct_count"] / len(np.unique(x)) - 1) > 2 * p["detail"]["distinct_error"] else []
    error = p["detail"]["quantile_error"] + 1 / len(x)
    for name, share in zip(("p01", "p25", "p50", "p75", "p99"), golden.SHARES):
        if not np.mean(x < p[name]) - error <= share <= np.mean(x <= p[name]) + error:
            bad.append(name)
    low, high = p["detail"]["fences"]
    beyond = np.sum(x < low) + np.sum(x > high)
    bad += ["outliers"] if abs(p["outliers"] - beyond) > 2 * error * len(x) else []
    bad += ["histogram"] if sum(b["rows"] for b in p["histogram"]) != len(x) else []
    values, counts = np.unique(x, return_counts=True)
    truth = dict(zip(values, counts))
    bad += ["top_values"] if any(not v["rows"] <= truth[v["value"]] <= v.get("at_most", v["rows"]) for v in p["top_values"]) else []
    return bad


def compare(directory, sets):
    cursor = connect()
    cursor.execute("SET client_min_messages = error; SELECT to_regclass('ds.iris') IS NOT NULL")
    if not cursor.fetchone()[0]:
        subprocess.run(["psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", "load.sql"], cwd=directory, check=True)
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'ds' ORDER BY 1")
    columns = bad = sketched = 0
    for (name,) in cursor.fetchall():
        if sets and name not in sets:
            continue
        texts = dict(golden.columns(os.path.join(directory, "csv", name + ".csv")))
        cursor.execute("SELECT * FROM mlops_profile('ds.{}')".format(name))
        names = [d[0] for d in cursor.description]
        for row in cursor.fetchall():
            p = dict(zip(names, row))
            there = [t for t in texts[p["column_name"]] if t != ""]
            wrong = [] if (p["rows"], p["null_count"]) == (len(texts[p["column_name"]]), len(texts[p["column_name"]]) - len(there)) else ["rows"]
            if p["kind"] == "numeric":
                x = np.array(there, dtype=float)
                whole = p["detail"]["type"] in ("integer", "bigint", "smallint")
                wrong += exact_figures(p, x, whole) if p["detail"]["exact"] else sketched_figures(p, x)
            elif p["kind"] == "category" and p["detail"]["exact"]:
                value, rows = golden.top(there)
                wrong += ["distinct_count"] if p["distinct_count"] != len(set(there)) else []
                if rows > 1 or p["distinct_count"] <= 10:
                    wrong += ["top_values"] if (p["top_values"][0]["value"], p["top_values"][0]["rows"]) != (value, rows) else []
            columns += 1
            sketched += not p["detail"]["exact"]
            bad += bool(wrong)
            if wrong:
                print("{}.{}: {}".format(name, p["column_name"], ", ".join(wrong)), flush=True)
    print("{} columns, {} of them sketched, {} off".format(columns, sketched, bad))
    return bad == 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments and os.path.isdir(arguments[0]):
        sys.exit(0 if compare(arguments[0], arguments[1:]) else 1)
    sys.exit(0 if speed(int(arguments[0]) if arguments else 1000000) else 1)
