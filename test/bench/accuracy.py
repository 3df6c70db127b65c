#!/usr/bin/python3
"""Tree learners on every task of a reference.json, with the reference's own parameters, and with our defaults.

usage: accuracy.py DIR [--algorithm NAME] [--defaults] [TASK ...]
DIR holds reference.json, load.sql and csv/ (see reference.py).  Connects as libpq does.

random_forest with 200 trees (100 above 100,000 rows, as a model is at most 900 MB), leaves of one row
and no limit of leaves is compared with scikit-learn's,
gradient_boosting with the better of the two in the file.  The figure is AUC (several classes: mean of
class against rest) or R2 on the test rows.  Tasks with at least 10,000 test rows: one seed, not more
than 0.003 below; smaller ones: the mean of five seeds, not more than 0.012 below, as the figures
themselves differ by that much from seed to seed.  --defaults: no parameters of ours are set, and
figure and log loss are only printed.  Ends with status 1 when a figure is below.
"""
import json
import os
import sys
import time

from reference import connect, load, source_of

LARGE = 10000
LIMIT_LARGE, LIMIT_SMALL = 0.003, 0.012
PARAMETERS = {
    "random_forest": {"n_estimators": 200, "min_samples_leaf": 1, "max_leaves": 0},
    "gradient_boosting": {
        "n_estimators": 100, "max_depth": 6, "max_leaves": 0, "grow_policy": "depthwise", "learning_rate": 0.1,
        "min_child_weight": 1, "min_samples_leaf": 1, "reg_lambda": 1, "subsample": 1, "colsample_bytree": 1,
        "early_stopping_rounds": 0,
    },
}
REFERENCES = {"random_forest": ["rf"], "gradient_boosting": ["xgb", "hgb"]}


def figure_of(kind):
    return "r2" if kind == "regression" else "auc"


def train(cursor, name, task, algorithm, params, seed):
    """Figure and log loss on the test rows."""
    kind = "regression" if task["kind"] == "regression" else "classification"
    config = {"split": {"test_where": "is_test"}}
    if task["kind"] == "binary":
        config["positive_label"] = "true"
    model = "acc_" + name
    cursor.execute("SELECT mlops_drop_model(name) FROM mlops.models WHERE name = %s", (model,))
    cursor.execute("SELECT run_id FROM mlops_train(%s, %s, 'target_', %s, %s, task => %s, config => %s, seed => %s)",
                   (model, source_of(task), algorithm, json.dumps(params), kind, json.dumps(config), seed))
    run = cursor.fetchone()[0]
    cursor.execute("SELECT key, value FROM mlops.run_metrics WHERE run_id = %s AND split = 'test'", (run,))
    got = dict(cursor.fetchall())
    return got["r2" if kind == "regression" else "roc_auc"], got.get("log_loss", got.get("rmse"))


def compare(cursor, name, task, algorithm, params):
    key = figure_of(task["kind"])
    wanted = [task[r][key] for r in REFERENCES[algorithm] if r in task and task[r].get(key) is not None]
    if not wanted:
        return True
    large = task["n_test"] >= LARGE
    if algorithm == "random_forest" and params and task["n_train"] > 100000:
        params = dict(params, n_estimators=100)
    start = time.perf_counter()
    results = [train(cursor, name, task, algorithm, params, seed) for seed in range(1, 2 if large else 6)]
    seconds = (time.perf_counter() - start) / len(results)
    got = sum(r[0] for r in results) / len(results)
    loss = sum(r[1] for r in results) / len(results)
    limit = LIMIT_LARGE if large else LIMIT_SMALL
    good = got >= max(wanted) - limit
    print("{:28} {:17} {:4} {:8.4f}  wanted {:8.4f}  {:+8.4f}  limit {:.3f}  loss {:10.4f}  {:6.1f} s  {}".format(
        name, algorithm, key, got, max(wanted), got - max(wanted), limit, loss, seconds,
        "ok" if good else "LOW"), flush=True)
    return good


def main():
    arguments = sys.argv[1:]
    defaults = "--defaults" in arguments
    arguments = [a for a in arguments if a != "--defaults"]
    algorithms = list(PARAMETERS)
    if "--algorithm" in arguments:
        at = arguments.index("--algorithm")
        algorithms = [arguments[at + 1]]
        del arguments[at:at + 2]
    reference = json.load(open(os.path.join(arguments[0], "reference.json")))
    cursor = connect().cursor()
    cursor.execute("SET client_min_messages = error; SET mlops.max_training_memory = '4GB'; SET mlops.progress = off;"
                   "SET mlops.max_model_size = '900MB'")
    load(cursor, arguments[0])
    bad = 0
    for name, task in reference["tasks"].items():
        if arguments[1:] and name not in arguments[1:]:
            continue
        for algorithm in algorithms:
            good = compare(cursor, name, task, algorithm, {} if defaults else PARAMETERS[algorithm])
            bad += not good and not defaults
    print("{} figures too low".format(bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
