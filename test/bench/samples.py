#!/usr/bin/python3
"""Made-up rows and snapshots beside copying a table of the same rows, on the same machine in the same run.

usage: samples.py [ROWS]                 default 1,000,000
Connects as libpq does.  Each figure is the median of three runs, the two sides in turn; what counts are
the ratios to copying the rows, which takes about a second a million where nothing else runs.
"""
import statistics
import sys
import time

import psycopg2

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
LIMIT = 3


def main():
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    good = True

    def seconds(statement):
        start = time.perf_counter()
        cursor.execute(statement)
        return time.perf_counter() - start

    def drop():
        cursor.execute("SET client_min_messages = warning; DROP TABLE IF EXISTS bench_made, bench_copy")
        cursor.execute("SELECT count(mlops_drop_snapshot(snapshot_id)) FROM mlops.snapshots WHERE name = 'bench_snapshot'")

    for kind in ("transactions", "customers", "invoices"):
        rows = "mlops_generate_{}({})".format(kind, ROWS)
        count, create, insert, copy, snapshot, kept = [], [], [], [], [], []
        for _ in range(3):
            drop()
            count.append(seconds("SELECT count(*) FROM " + rows))
            create.append(seconds("CREATE TABLE bench_made AS SELECT * FROM " + rows))
            copy.append(seconds("CREATE TABLE bench_copy AS SELECT * FROM bench_made"))
            snapshot.append(seconds("SELECT rows FROM mlops_create_snapshot('bench_snapshot', 'bench_made')"))
            cursor.execute("SELECT mlops_drop_snapshot(snapshot_id) FROM mlops.snapshots WHERE name = 'bench_snapshot'")
            kept.append(seconds("SELECT rows FROM mlops_create_snapshot('bench_snapshot', 'bench_made', true)"))
            cursor.execute("TRUNCATE bench_made")
            insert.append(seconds("INSERT INTO bench_made SELECT * FROM " + rows))
        drop()
        made = statistics.median(a / b for a, b in zip(create, copy))
        taken = statistics.median(a / b for a, b in zip(kept, copy))
        fine = made <= LIMIT and taken <= LIMIT
        good &= fine
        print("{:13} CREATE TABLE AS {:.2f} s, INSERT {:.2f} s, count(*) {:.2f} s; copying them {:.2f} s, ratio {:.2f}; "
              "snapshot {:.2f} s, with its copy {:.2f} s, ratio {:.2f}  limit {}  {}".format(
                  kind, statistics.median(create), statistics.median(insert), statistics.median(count),
                  statistics.median(copy), made, statistics.median(snapshot), statistics.median(kept), taken, LIMIT,
                  "ok" if fine else "OVER"), flush=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
