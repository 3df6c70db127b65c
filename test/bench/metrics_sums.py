#!/usr/bin/python3
"""Metric aggregates beside the same figures written in SQL, on the same machine in the same run.

usage: metrics_sums.py [ROWS]         default 1,000,000 rows
Connects as libpq does.  Each figure is the median of seven runs, the two sides in turn; what counts
is the ratio.  One process, no JIT.
"""
import statistics
import sys
import time

import psycopg2

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
RUNS = 7
PAIRS = [
    ("rmse, mae, r2",
     "mlops_rmse(y, p), mlops_mae(y, p), mlops_r2(y, p)",
     "sqrt(avg((y - p)^2)), avg(abs(y - p)), 1 - sum((y - p)^2) / (var_pop(y) * count(*))"),
    ("rmse, mae, mape, wape, smape, r2",
     "mlops_rmse(y, p), mlops_mae(y, p), mlops_mape(y, p), mlops_wape(y, p), mlops_smape(y, p), mlops_r2(y, p)",
     "sqrt(avg((y - p)^2)), avg(abs(y - p)), avg(abs(y - p) / greatest(abs(y), 2.2e-16)), "
     "sum(abs(y - p)) / sum(abs(y)), avg(abs(y - p) / nullif((abs(y) + abs(p)) / 2, 0)), "
     "1 - sum((y - p)^2) / (var_pop(y) * count(*))"),
    ("rmse, mae weighted",
     "mlops_rmse(y, p, w), mlops_mae(y, p, w)",
     "sqrt(sum(w * (y - p)^2) / sum(w)), sum(w * abs(y - p)) / sum(w)"),
    ("log loss, Brier score",
     "mlops_log_loss(label, score), mlops_brier(label, score)",
     "avg(-ln(CASE WHEN label THEN greatest(least(score, 1 - 1e-15), 1e-15) ELSE 1 - greatest(least(score, 1 - 1e-15), 1e-15) END)), "
     "avg((label::int - score)^2)"),
]


def seconds(cursor, figures):
    start = time.perf_counter()
    cursor.execute("SELECT {} FROM bench_metrics".format(figures))
    row = cursor.fetchone()
    return time.perf_counter() - start, row


def main():
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET client_min_messages = error; SET max_parallel_workers_per_gather = 0; SET jit = off")
    cursor.execute("DROP TABLE IF EXISTS bench_metrics; CREATE UNLOGGED TABLE bench_metrics AS "
                   "SELECT y, y + (i * 104729 % 2003 - 1000) / 30.0::float8 AS p, i * 31 % 17 / 4.0::float8 AS w, "
                   "i % 3 = 0 AS label, (i * 104729 % 1001) / 1000.0::float8 AS score "
                   "FROM (SELECT i, (i * 7919 % 100003 + 1) / 7.0::float8 AS y FROM generate_series(1, {}::bigint) i) t".format(ROWS))
    cursor.execute("VACUUM (ANALYZE, FREEZE) bench_metrics")
    good = True
    for name, ours, theirs in PAIRS:
        a, b = [], []
        for _ in range(RUNS):
            t, x = seconds(cursor, ours)
            a.append(t)
            t, y = seconds(cursor, theirs)
            b.append(t)
        same = all(abs(u - v) <= 1e-9 * abs(v) for u, v in zip(x, y))
        ratio = statistics.median(u / v for u, v in zip(a, b))
        fine = ratio <= 1 and same
        good &= fine
        print("{:34} {:8.3f} s {:8.3f} s   ratio {:5.2f}  limit 1.00  {}{}".format(
            name, statistics.median(a), statistics.median(b), ratio, "ok" if fine else "OVER", "" if same else "  figures differ"),
            flush=True)
    cursor.execute("DROP TABLE bench_metrics")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
