#!/usr/bin/python3
"""Trees beside XGBoost, LightGBM (where importable) and scikit-learn, on the same machine in the same run.

usage: trees.py [ROWS [PART ...]]      default 1,000,000 rows of 28 float8 columns; parts: boosting,
                                       memory (of boosting), forest (a fifth of the rows), predict;
                                       default all
Connects as libpq does.  Rows are made by SQL.  Each figure is the median of three runs, the two sides in
turn; what counts is the ratio.  The others' side includes reading the rows out by binary COPY.  AUC on
other rows of the same making.  Memory is that of the backend, which must run on this machine.  Ends with
status 1 when a limit is missed.
"""
import io
import json
import os
import statistics
import sys

os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
import psycopg2
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from linear import in_turn, report, timed

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
ROUNDS = ["gradient", "histogram", "partition", "split", "wait"]
PARTS = sys.argv[2:] or ["boosting", "memory", "forest", "predict"]
P = 28
TEST = 100000
COLUMNS = ["x{}".format(i + 1) for i in range(P)]

BOOSTING = {"n_estimators": 100, "max_depth": 6, "max_leaves": 0, "grow_policy": "depthwise", "learning_rate": 0.1,
            "min_child_weight": 1, "min_samples_leaf": 1, "reg_lambda": 1, "subsample": 1, "colsample_bytree": 1,
            "max_bin": 255, "early_stopping_rounds": 0}
SETTINGS = ("SET client_min_messages = error; SET mlops.progress = off; SET mlops.max_training_memory = '4GB';"
            "SET mlops.threads = 2; SET max_parallel_workers_per_gather = 0; SET jit = off")
FOREST = {"n_estimators": 100, "max_depth": 12, "min_samples_leaf": 1, "max_leaves": 0}


def setup(cursor, table, rows, seed):
    """Normal columns by Box and Muller; the label follows three of them, a product and a wave."""
    cursor.execute("SELECT to_regclass(%s)::text", (table,))
    if cursor.fetchone()[0] is not None:
        cursor.execute("SELECT count(*) FROM {}".format(table))
        if cursor.fetchone()[0] == rows:
            return
        cursor.execute("DROP TABLE {}".format(table))
    normal = "sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())"
    cursor.execute("SELECT setseed({})".format(seed))
    cursor.execute("""CREATE TABLE {table} AS
        SELECT id, {columns}, random() < 1 / (1 + exp(-(0.8 * x1 - 0.6 * x2 + x3 * x4 + sin(2 * x5) + 0.3 * x6 * x6 - 0.3)))
               AS label
        FROM (SELECT i AS id, {made} FROM generate_series(1, {rows}) AS i OFFSET 0) AS s""".format(
            table=table, rows=rows, columns=", ".join(COLUMNS),
            made=", ".join("{} AS {}".format(normal, c) for c in COLUMNS)))
    cursor.execute("VACUUM (ANALYZE, FREEZE) {}".format(table))


def resident(pid, field):
    """A figure of a process's memory in bytes."""
    with open("/proc/{}/status".format(pid)) as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))


def export(cursor, query, rows):
    """Binary COPY into a float64 matrix and labels."""
    buffer = io.BytesIO()
    cursor.copy_expert("COPY (SELECT {}, label::int::float8 FROM {}) TO STDOUT (FORMAT binary)".format(
        ", ".join(COLUMNS), query), buffer)
    raw = np.frombuffer(buffer.getbuffer(), dtype=np.uint8)
    width = 2 + (P + 1) * 12
    body = raw[19:19 + rows * width].reshape(rows, width)[:, 2:].reshape(rows, P + 1, 12)[:, :, 4:]
    data = np.ascontiguousarray(body).view(">f8").reshape(rows, P + 1).astype("f8")
    return data[:, :P], data[:, P]


class Bench:
    def __init__(self, cursor):
        self.cursor = cursor
        self.good = True

    def train(self, model, query, algorithm, params, config='{"split": {"test": 0}, "exclude": "id"}'):
        self.cursor.execute("SELECT seconds FROM mlops_train(%s, %s, 'label', %s, %s, config => %s)", (
            model, query, algorithm, json.dumps(params), config))
        return self.cursor.fetchone()[0]

    def auc(self, model):
        self.cursor.execute("SELECT mlops_predict(%s, t), label::int FROM bench_trees_test t", (model,))
        score, label = zip(*self.cursor.fetchall())
        return roc_auc_score(label, score)

    def line(self, what, ours, theirs, limit, note=""):
        self.good &= report(what, *in_turn(ours, theirs), limit, note)

    def quality(self, what, ours, theirs, slack):
        good = ours >= theirs - slack
        print("{:34} ours {:.4f}   theirs {:.4f}   slack {:.3f}  {}".format(
            what, ours, theirs, slack, "ok" if good else "LOW"), flush=True)
        self.good &= good

    def boosting(self):
        import xgboost

        options = {"max_depth": 6, "learning_rate": 0.1, "tree_method": "hist", "objective": "binary:logistic",
                   "max_bin": 256, "nthread": 2}
        kept = {}

        def theirs():
            x, y = export(self.cursor, "bench_trees", ROWS)
            kept["xgb"] = xgboost.train(options, xgboost.DMatrix(x, y), 100)

        self.line("boosting / XGBoost", lambda: self.train("bench_gb", "bench_trees", "gradient_boosting", BOOSTING),
                  theirs, 0.45)
        x, y = export(self.cursor, "bench_trees_test", TEST)
        self.quality("  AUC", self.auc("bench_gb"), roc_auc_score(y, kept["xgb"].predict(xgboost.DMatrix(x))), 0.002)
        self.booster = kept["xgb"]
        self.growing()

    def shares(self):
        """Seconds of our last training by part."""
        self.cursor.execute("SELECT content FROM mlops.run_artifacts WHERE name = 'timing' ORDER BY run_id DESC LIMIT 1")
        return json.loads(self.cursor.fetchone()[0])

    def growing(self):
        """The rounds alone, after binning, beside LightGBM's with the same trees."""
        print("  seconds by part: {}".format(", ".join(
            "{} {:.2f}".format(part, seconds) for part, seconds in self.shares().items())), flush=True)
        try:
            import lightgbm
        except ImportError:
            print("  LightGBM cannot be imported: not compared", flush=True)
            return
        params = {"objective": "binary", "max_depth": 6, "num_leaves": 64, "learning_rate": 0.1, "num_threads": 2,
                  "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 1, "lambda_l2": 1, "max_bin": 255, "verbosity": -1}
        x, y = export(self.cursor, "bench_trees", ROWS)
        data = lightgbm.Dataset(x, y, params=params).construct()
        ours, theirs = [], []
        for _ in range(3):
            self.train("bench_gb", "bench_trees", "gradient_boosting", BOOSTING)
            shares = self.shares()
            ours.append(sum(shares[part] for part in ROUNDS))
            theirs.append(timed(lambda: lightgbm.train(params, data, 100))[0])
        ratio = statistics.median(a / b for a, b in zip(ours, theirs))
        self.good &= report("  rounds / LightGBM", statistics.median(ours), statistics.median(theirs), ratio, 1.0)

    def peak(self, what, params, config):
        """Growth of a backend's peak over one training, beside the bytes of the numbers it reads."""
        connection = psycopg2.connect("")
        connection.autocommit = True
        other = Bench(connection.cursor())
        other.cursor.execute(SETTINGS)
        # the library, caches and pages of shared buffers are no part of a training
        other.train("bench_memory", "SELECT * FROM bench_trees LIMIT 1000", "gradient_boosting", params, config)
        other.cursor.execute("SELECT sum(x1), pg_backend_pid() FROM bench_trees")
        pid = other.cursor.fetchone()[1]
        try:
            with open("/proc/{}/clear_refs".format(pid), "w") as reset:
                reset.write("5")
        except PermissionError:
            pass
        before = resident(pid, "VmRSS")
        other.train("bench_memory", "bench_trees", "gradient_boosting", params, config)
        grown = resident(pid, "VmHWM") - before
        other.cursor.execute("SELECT peak_memory FROM mlops.runs ORDER BY run_id DESC LIMIT 1")
        told = other.cursor.fetchone()[0]
        connection.close()
        size = 8 * P * ROWS
        good = grown <= 1.35 * size
        print("{:34} grown {:6.1f} MB   numbers {:6.1f} MB   ratio {:5.3f}  limit 1.35  {}   peak_memory {:6.1f} MB".format(
            what, grown / 1e6, size / 1e6, grown / size, "ok" if good else "HIGH", told / 1e6), flush=True)
        self.good &= good

    def memory(self):
        self.peak("memory: gradient boosting", BOOSTING, '{"split": {"test": 0}, "exclude": "id"}')
        self.peak("  with early stopping and refit", {"n_estimators": 20}, '{"split": {"test": 0.2}, "exclude": "id"}')

    def forest(self):
        rows = ROWS // 5
        query = "SELECT * FROM bench_trees WHERE id <= {}".format(rows)
        kept = {}

        def theirs():
            x, y = export(self.cursor, "({}) AS s".format(query), rows)
            kept["forest"] = RandomForestClassifier(100, max_depth=12, n_jobs=2, random_state=0).fit(x, y)

        self.line("random forest / scikit-learn", lambda: self.train("bench_rf", query, "random_forest", FOREST), theirs, 0.10)
        x, y = export(self.cursor, "bench_trees_test", TEST)
        self.quality("  AUC", self.auc("bench_rf"), roc_auc_score(y, kept["forest"].predict_proba(x)[:, 1]), 0.003)

    def predict(self):
        import xgboost

        if not hasattr(self, "booster"):
            self.train("bench_gb", "bench_trees", "gradient_boosting", BOOSTING)
            x, y = export(self.cursor, "bench_trees", ROWS)
            self.booster = xgboost.train({"max_depth": 6, "learning_rate": 0.1, "tree_method": "hist", "nthread": 2,
                                          "objective": "binary:logistic"}, xgboost.DMatrix(x, y), 100)

        def ours():
            self.cursor.execute("SELECT sum(mlops_predict('bench_gb', t)) FROM bench_trees t")

        def theirs():
            x, _ = export(self.cursor, "bench_trees", ROWS)
            p = self.booster.predict(xgboost.DMatrix(x)).astype(">f8")
            record = np.zeros(ROWS, dtype=[("n", ">i2"), ("size", ">i4"), ("value", ">f8")])
            record["n"], record["size"], record["value"] = 1, 8, p
            self.cursor.execute("CREATE TEMP TABLE back (p float8)")
            self.cursor.copy_expert("COPY back FROM STDIN (FORMAT binary)", io.BytesIO(
                b"PGCOPY\n\xff\r\n\x00" + bytes(8) + record.tobytes() + b"\xff\xff"))
            self.cursor.execute("SELECT sum(p) FROM back")
            self.cursor.execute("DROP TABLE back")

        self.line("predict all rows / XGBoost", ours, theirs, 0.50)


def main():
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(SETTINGS)
    setup(cursor, "bench_trees", ROWS, 0.1)
    setup(cursor, "bench_trees_test", TEST, 0.2)
    cursor.execute("SELECT mlops_drop_model(name) FROM mlops.models WHERE name LIKE 'bench\\_%'")
    bench = Bench(cursor)
    for part in PARTS:
        getattr(bench, part)()
    sys.exit(0 if bench.good else 1)


if __name__ == "__main__":
    main()
