#!/usr/bin/python3
"""Every task of a reference.json, trained here and compared.

usage: reference.py DIR [TASK ...]      DIR holds reference.json, load.sql and csv/
Connects as libpq does (PGHOST, PGPORT, PGDATABASE).  Ends with status 1 when a figure is off.

Compared: full-rank OLS coefficients and standard errors to 1e-8 relative (of the
coefficient, or of its standard error where that is larger), rank-deficient ones by R2
and RMSE to 1e-8 and by their rank; L2 logistic and multinomial coefficients to 1e-6
where they are given, else objective and first test probabilities; test metrics.
"""
import json
import os
import subprocess
import sys

import psycopg2

QUOTE = '"{}"'.format


def connect():
    connection = psycopg2.connect("")
    connection.autocommit = True
    return connection


def load(cursor, directory):
    cursor.execute("SELECT to_regclass('ds.iris') IS NOT NULL")
    if not cursor.fetchone()[0]:
        subprocess.run(["psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", "load.sql"], cwd=directory, check=True)


def source_of(task):
    """SELECT with categorical columns as text and the target by its own name."""
    column, _, condition = task["target"].partition(" ")
    columns = [QUOTE(c) for c in task["numeric"]] + ["{0}::text AS {0}".format(QUOTE(c)) for c in task["categorical"]]
    target = "({}) AS target_".format(task["target"]) if condition else "{} AS target_".format(QUOTE(column))
    return "SELECT {}, {}, ({}) AS is_test FROM ds.{}".format(
        ", ".join(columns), target, task["test_where"], task["data"])


def train(cursor, name, task, algorithm, params):
    kind = "regression" if task["kind"] == "regression" else "classification"
    config = {"split": {"test_where": "is_test"}}
    if task["kind"] == "binary":
        config["positive_label"] = "true"
    cursor.execute("SELECT run_id, value FROM mlops_train(%s, %s, 'target_', %s, %s, task => %s, config => %s)",
                   (name, source_of(task), algorithm, json.dumps(params), kind, json.dumps(config)))
    return cursor.fetchone()[0]


def metrics(cursor, run, split="test"):
    cursor.execute("SELECT key, value FROM mlops.run_metrics WHERE run_id = %s AND split = %s", (run, split))
    return dict(cursor.fetchall())


def coefficients(cursor, name):
    """{(class, name): (coefficient, raw, std_error)} with the reference's names."""
    cursor.execute("SELECT class, feature, level, coefficient, coefficient_raw, std_error FROM mlops_coefficients(%s)", (name,))
    result = {}
    for cls, feature, level, value, raw, error in cursor.fetchall():
        result[(cls, feature if level is None else feature + "=" + level)] = (value, raw, error)
    return result


class Judge:
    def __init__(self):
        self.bad = 0
        self.lines = 0

    def check(self, task, what, difference, limit):
        ok = difference <= limit
        self.lines += 1
        self.bad += not ok
        print("{:28} {:34} {:10.2e}  limit {:.0e}  {}".format(task, what, difference, limit, "ok" if ok else "OFF"), flush=True)


def relative(a, b):
    return abs(a - b) / max(abs(b), 1e-300)


def ols(cursor, name, task, judge):
    run = train(cursor, "ref_" + name, task, "linear_regression", {"penalty": "none"})
    want = task["ols"]
    got = metrics(cursor, run)
    judge.check(name, "ols r2", abs(got["r2"] - want["r2"]), 1e-8)
    judge.check(name, "ols rmse", relative(got["rmse"], want["rmse"]), 1e-8)
    found = coefficients(cursor, "ref_" + name)
    rank = sum(1 for value in found.values() if value[0] is not None)
    judge.check(name, "ols rank {}".format(want["rank"]), abs(rank - want["rank"]), 0)
    if "coef_raw_units" in want:
        errors = want["se_raw_units"]
        judge.check(name, "ols coefficients", max(
            abs(found[(None, k)][1] - v) / max(abs(v), errors[k]) for k, v in want["coef_raw_units"].items()), 1e-8)
        judge.check(name, "ols standard errors", max(relative(found[(None, k)][2], v) for k, v in errors.items()), 1e-8)
    if "coef" in task["ridge"]:
        train(cursor, "ref_" + name, task, "linear_regression", {"penalty": "l2", "alpha": 1})
        cursor.execute("SELECT max(version) FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = %s", ("ref_" + name,))
        found = coefficients(cursor, "ref_{}@{}".format(name, cursor.fetchone()[0]))
        judge.check(name, "ridge coefficients", max(
            abs(found[(None, k)][0] - v) / max(abs(v), 1) for k, v in task["ridge"]["coef"].items()), 1e-8)


def logistic(cursor, name, task, judge):
    run = train(cursor, "ref_" + name, task, "logistic_regression", {})
    want = task["logistic"]
    got = metrics(cursor, run)
    auc = got["roc_auc"]
    if want["auc"] is not None:
        judge.check(name, "auc", abs(auc - want["auc"]), 1e-6)
    judge.check(name, "log loss", abs(got["log_loss"] - want["logloss"]), 1e-6)
    judge.check(name, "accuracy", abs(got["accuracy"] - want["accuracy"]), 1e-12)
    found = coefficients(cursor, "ref_" + name)
    objective = metrics(cursor, run, "train")["objective"]
    judge.check(name, "objective", relative(objective, want["objective"]), 1e-9)
    if "coef" in want:
        worst = 0
        for k, v in want["coef"].items():
            if task["kind"] == "binary":
                worst = max(worst, abs(found[(None, k)][0] - v) / max(1, abs(v)))
            else:
                for i, cls in enumerate(task["classes"]):
                    worst = max(worst, abs(found[(cls, k)][0] - v[i]) / max(1, abs(v[i])))
        judge.check(name, "coefficients", worst, 1e-6)
    cursor.execute("""SELECT mlops_predict_proba(%s, s) FROM ({} WHERE {} ORDER BY rid LIMIT 5) s""".format(
        source_of(task), task["test_where"]).replace("% 5", "%% 5"), ("ref_" + name,))
    worst = 0
    for (proba,), p in zip(cursor.fetchall(), want["first_test_probabilities"]):
        if task["kind"] == "binary":
            worst = max(worst, abs(proba["true"] - p))
        else:
            worst = max([worst] + [abs(proba[c] - p[i]) for i, c in enumerate(task["classes"])])
    judge.check(name, "first test probabilities", worst, 1e-6)


def logit_mle(cursor, name, task, judge):
    train(cursor, "refmle_" + name, task, "logistic_regression", {"penalty": "none"})
    found = coefficients(cursor, "refmle_" + name)
    want = task["logit_mle"]
    dropped = sorted(k[1] for k, v in found.items() if v[0] is None)
    judge.check(name, "logit aliased columns", len(set(dropped) ^ set(want["aliased_dropped"])), 0)
    if name == "credit_default":
        return                  # quasi-separated: the maximum lies at infinity
    judge.check(name, "logit mle coefficients", max(
        abs(found[(None, k)][1] - v["coef"]) / max(abs(v["coef"]), v["se"]) for k, v in want["terms"].items()), 1e-6)
    judge.check(name, "logit mle standard errors", max(
        relative(found[(None, k)][2], v["se"]) for k, v in want["terms"].items()), 1e-6)


def main():
    directory = sys.argv[1]
    reference = json.load(open(os.path.join(directory, "reference.json")))
    cursor = connect().cursor()
    cursor.execute("SET client_min_messages = error; SET mlops.max_training_memory = '4GB'; SET mlops.progress = off")
    load(cursor, directory)
    judge = Judge()
    for name, task in reference["tasks"].items():
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        cursor.execute("SELECT mlops_drop_model(name) FROM mlops.models WHERE name IN (%s, %s)", ("ref_" + name, "refmle_" + name))
        if task["kind"] == "regression":
            ols(cursor, name, task, judge)
        else:
            logistic(cursor, name, task, judge)
            if "logit_mle" in task:
                logit_mle(cursor, name, task, judge)
    print("{} figures, {} off".format(judge.lines, judge.bad))
    sys.exit(1 if judge.bad else 0)


if __name__ == "__main__":
    main()
