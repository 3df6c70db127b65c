#!/usr/bin/python3
"""Tree learners on every task of a reference.json, with the references' own parameters, and with our defaults.

usage: accuracy.py DIR [--algorithm NAME] [--seeds N] [--defaults] [TASK ...]
DIR holds reference.json, load.sql and csv/ (see reference.py).  Connects as libpq does.

The figure is AUC (several classes: mean of class against rest) or R2 on the test rows.  Each reference of the
file is met with its own parameters:

  gradient_boosting  xgb   100 rounds of 0.1, depth 6, lambda 1, leaves of one row
                     hgb   100 rounds of 0.1, 31 leaves by gain, no lambda, leaves of 20 rows
  random_forest      rf    200 trees (100 above 100,000 rows, as a model is at most 900 MB), leaves of one row,
                           no limit of leaves

Every figure is printed beside its reference's, and called BELOW where it is further below than the limit.  A task
is LOW, and the status at the end 1, when the best of ours is that far below the best of the references.  The limit
is 0.003 for tasks with at least 10,000 test rows, one seed; 0.012 for smaller ones, the mean of five seeds (or
--seeds), as the figures themselves differ by that much from seed to seed.

--defaults: our defaults against ours with the parameters of the first reference above, on the same rows and seeds.
Ends with status 1 unless they are better on the mean over the tasks, in AUC and R2 and in log loss.
"""
import argparse
import json
import math
import os
import sys
import time

from reference import connect, load, source_of

LARGE = 10000
LIMIT_LARGE, LIMIT_SMALL = 0.003, 0.012
SEEDS = 5
BOOSTING = {"n_estimators": 100, "learning_rate": 0.1, "subsample": 1, "colsample_bytree": 1, "early_stopping_rounds": 0}
PARAMETERS = {
    "random_forest": {"rf": {"n_estimators": 200, "min_samples_leaf": 1, "max_leaves": 0}},
    "gradient_boosting": {
        "xgb": dict(BOOSTING, grow_policy="depthwise", max_depth=6, max_leaves=0, min_samples_leaf=1,
                    min_child_weight=1, reg_lambda=1),
        "hgb": dict(BOOSTING, grow_policy="lossguide", max_depth=0, max_leaves=31, min_samples_leaf=20,
                    min_child_weight=0.001, reg_lambda=0),
    },
}


def figure_of(task):
    return "r2" if task["kind"] == "regression" else "auc"


def parameters_of(algorithm, reference, task):
    params = PARAMETERS[algorithm][reference]
    return dict(params, n_estimators=100) if algorithm == "random_forest" and task["n_train"] > 100000 else params


def train(cursor, name, task, algorithm, params, seed):
    """Figure, log loss (of a regression: RMSE) on the test rows, and seconds."""
    kind = "regression" if task["kind"] == "regression" else "classification"
    config = {"split": {"test_where": "is_test"}}
    if task["kind"] == "binary":
        config["positive_label"] = "true"
    model = "acc_" + name
    cursor.execute("SELECT mlops_drop_model(name) FROM mlops.models WHERE name = %s", (model,))
    start = time.perf_counter()
    cursor.execute("SELECT run_id FROM mlops_train(%s, %s, 'target_', %s, %s, task => %s, key => 'rid', config => %s,"
                   " seed => %s)",
                   (model, source_of(task).replace("SELECT ", "SELECT rid, ", 1), algorithm, json.dumps(params), kind,
                    json.dumps(config), seed))
    run = cursor.fetchone()[0]
    seconds = time.perf_counter() - start
    cursor.execute("SELECT key, value FROM mlops.run_metrics WHERE run_id = %s AND split = 'test'", (run,))
    got = dict(cursor.fetchall())
    return got["r2" if kind == "regression" else "roc_auc"], got.get("log_loss", got.get("rmse")), seconds


def mean_of(cursor, name, task, algorithm, params):
    seeds = 1 if task["n_test"] >= LARGE else SEEDS
    results = [train(cursor, name, task, algorithm, params, seed) for seed in range(1, seeds + 1)]
    return [sum(column) / len(results) for column in zip(*results)]


class Comparison:
    """Ours beside each reference, with that one's parameters."""

    def __init__(self, algorithm):
        self.algorithm = algorithm
        self.tasks = self.low = self.below = 0

    def add(self, cursor, name, task):
        key = figure_of(task)
        wanted = {r: task[r][key] for r in PARAMETERS[self.algorithm] if r in task and task[r].get(key) is not None}
        limit = LIMIT_LARGE if task["n_test"] >= LARGE else LIMIT_SMALL
        best = -math.inf
        for reference, figure in wanted.items():
            params = parameters_of(self.algorithm, reference, task)
            got, loss, seconds = mean_of(cursor, name, task, self.algorithm, params)
            best = max(best, got)
            self.below += got < figure - limit
            print("{:26} {:3} {:4} {:8.4f}  wanted {:8.4f}  {:+8.4f}  limit {:.3f}  loss {:10.4f}  {:6.1f} s  {}".format(
                name, reference, key, got, figure, got - figure, limit, loss, seconds,
                "BELOW" if got < figure - limit else "ok"), flush=True)
        if wanted:
            gap = best - max(wanted.values())
            self.tasks += 1
            self.low += gap < -limit
            print("{:26} best    {:+8.4f}  {}".format(name, gap, "LOW" if gap < -limit else "ok"), flush=True)

    def good(self):
        print("{}: {} tasks, {} LOW; {} figures BELOW their own reference".format(
            self.algorithm, self.tasks, self.low, self.below))
        return self.low == 0


class Defaults:
    """What our defaults are worth, over the tasks."""

    def __init__(self, algorithm):
        self.algorithm = algorithm
        self.rows = []

    def add(self, cursor, name, task):
        reference = next(iter(PARAMETERS[self.algorithm]))
        theirs = mean_of(cursor, name, task, self.algorithm, parameters_of(self.algorithm, reference, task))
        ours = mean_of(cursor, name, task, self.algorithm, {})
        self.rows.append((figure_of(task), ours, theirs))
        print("{:26} {:4} {:8.4f}  with {} {:8.4f}  {:+8.4f}  loss {:10.4f}  with {} {:10.4f}  {:+6.1f} %"
              "  {:6.1f} s, {:6.1f} s".format(name, figure_of(task), ours[0], reference, theirs[0], ours[0] - theirs[0],
                                              ours[1], reference, theirs[1], 100 * (ours[1] / theirs[1] - 1),
                                              ours[2], theirs[2]), flush=True)

    def mean(self, what, of, rows):
        """Prints a mean of ours and theirs; their difference."""
        if not rows:
            return 0
        ours, theirs = (sum(of(row[side]) for row in rows) / len(rows) for side in (1, 2))
        print("{:17} mean {:25} of {:2} tasks {:10.4f}  with theirs {:10.4f}  {:+8.4f}".format(
            self.algorithm, what, len(rows), ours, theirs, ours - theirs))
        return ours - theirs

    def good(self):
        classes = [row for row in self.rows if row[0] == "auc"]
        numbers = [row for row in self.rows if row[0] == "r2"]
        self.mean("AUC", lambda r: r[0], classes)
        self.mean("R2", lambda r: r[0], numbers)
        self.mean("seconds", lambda r: r[2], self.rows)
        self.mean("log RMSE", lambda r: math.log(r[1]), numbers)
        figure = self.mean("AUC or R2", lambda r: r[0], self.rows)
        loss = self.mean("log loss", lambda r: r[1], classes)
        return figure >= 0 and loss <= 0


def main():
    global SEEDS
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--algorithm", choices=list(PARAMETERS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--defaults", action="store_true")
    arguments = parser.parse_intermixed_args()
    SEEDS = arguments.seeds
    reference = json.load(open(os.path.join(arguments.directory, "reference.json")))["tasks"]
    unknown = set(arguments.tasks) - set(reference)
    if unknown:
        parser.error("no such task: " + ", ".join(sorted(unknown)))
    tasks = {name: task for name, task in reference.items() if not arguments.tasks or name in arguments.tasks}
    cursor = connect().cursor()
    cursor.execute("SET client_min_messages = error; SET mlops.max_training_memory = '4GB'; SET mlops.progress = off;"
                   "SET mlops.max_model_size = '900MB'")
    load(cursor, arguments.directory)
    bad = 0
    for algorithm in [arguments.algorithm] if arguments.algorithm else PARAMETERS:
        result = Defaults(algorithm) if arguments.defaults else Comparison(algorithm)
        for name, task in tasks.items():
            result.add(cursor, name, task)
        bad += not result.good()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
