#!/usr/bin/python3
"""mlops_select_features beside scikit-learn's scores of the same rows, on tables of real data.

usage: selection.py [DIR]       the tasks of DIR/reference.json, else the sets of test/data
Connects as libpq does.  Variance, correlation, F test, chi-square and mutual information (where it is defined alike: of
classes, and where no distances repeat) of the first 20,000 rows of every set: largest difference, relative to the score or to 1e-3; p-values to 1e-6 of
themselves, as scikit-learn's lose digits in its sums of squares.  Ends with status 1 when something is over its limit.
"""
import csv
import io
import json
import os
import sys
import warnings

import numpy as np
import psycopg2

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "data"))
import make_golden_selection as golden  # noqa: E402

ROWS = 20000
MOST_LEVELS = 200               # one-hot columns of a category
SCORES = 1e-9
P_VALUES = 1e-6


def tasks(directory):
    """(set, column of the target, does it have classes?)"""
    if directory is None:
        return [("telco_churn", "churn", True), ("iris", "target", True), ("diabetes", "target", False),
                ("car_prices", "price", False)]
    with open(os.path.join(directory, "reference.json"), encoding="utf-8") as file:
        found = json.load(file)["tasks"].values()
    # a target is a column, or one value of it against the others; cuts through a number are left out
    return sorted({(task["data"], task["target"].split(" = ")[0], task["kind"] != "regression") for task in found
                   if ">" not in task["target"]})


def columns_of(path, target):
    """Numbers with NaN, texts with None; rows with a target."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row.get(target)][:ROWS]
    columns = {}
    for name in rows[0]:
        texts = [row[name] or None for row in rows]
        try:
            columns[name] = [float("nan") if t is None else float(t) for t in texts]
        except ValueError:
            columns[name] = texts
    return columns


def load(cursor, columns):
    cursor.execute("DROP TABLE IF EXISTS bench_selection")
    cursor.execute("CREATE TABLE bench_selection (row_key int, {})".format(", ".join(
        '"{}" {}'.format(name, "float8" if isinstance(v[0], float) else "text") for name, v in columns.items())))
    out = io.StringIO()
    writer = csv.writer(out)
    for i, row in enumerate(zip(*columns.values())):
        writer.writerow([i] + ["" if v is None or v != v else repr(v) if isinstance(v, float) else v for v in row])
    out.seek(0)
    cursor.copy_expert("COPY bench_selection FROM STDIN (FORMAT csv)", out)


def judged(columns, target):
    """Names of the columns that both sides can judge."""
    names = []
    for name, values in columns.items():
        if name in ("rid", target):
            continue
        if isinstance(values[0], float) and not np.isnan(values).all():
            names.append(name)
        elif not isinstance(values[0], float) and len(set(values)) <= MOST_LEVELS:
            names.append(name)
    return names


def theirs(column, y, classes):
    """Figures by scikit-learn: around the mean, where its sums of squares lose no digits, but chi-square as it is."""
    if not isinstance(column[0], float):
        if len(set(column)) > 1:
            yield from golden.figures(column, y, classes)
        return
    whole = all(v != v or v == int(v) for v in column)
    middle = round(float(np.nanmean(column)))
    for method, score, p in golden.figures([v - middle for v in column], y, classes):
        if method != "chi2" and not (method == "mutual_info" and whole and len(set(column)) > 2):
            yield method, score, p
    if classes and np.nanmin(column) >= 0 and len(set(column)) > 1:
        yield from (figure for figure in golden.figures(column, y, classes) if figure[0] == "chi2")


def compare(cursor, columns, target, classes):
    """(figures, largest difference of scores, of p-values, worst) of a set."""
    texts = [str(v) for v in columns[target]]
    y = np.unique(texts, return_inverse=True)[1] if classes else np.array(columns[target])
    names = judged(columns, target)
    cursor.execute("SELECT count(mlops_drop_model(name)) FROM mlops.models WHERE name = 'bench_selection'")
    cursor.execute("SELECT mlops_create_model('bench_selection', 'bench_selection', %s, task => %s, key => 'row_key',"
                   " features => %s, config => '{\"split\": {\"test\": 0}}')",
                   (target, "classification" if classes else "regression", ", ".join('"%s"' % n for n in names)))
    ours = {}
    for method in ["variance", "correlation", "f_test", "mutual_info"] + ["chi2"] * classes:
        cursor.execute("SELECT feature, score, p_value FROM mlops_select_features('bench_selection', %s)", (method,))
        ours.update({(method, feature): (score, p) for feature, score, p in cursor})
    count, far, p_far, worst = 0, 0.0, 0.0, None
    for name in names:
        for method, score, p in theirs(columns[name], y, len(set(y)) if classes else 0):
            found, p_found = ours[method, name]
            distance = abs(found - score) / max(abs(score), 1e-3) if found is not None else np.inf
            count += 1
            if distance > far:
                far, worst = distance, "%s of %s" % (method, name)
            if p is not None and p > 1e-300:
                p_far = max(p_far, abs(p_found - p) / p)
    return count, far, p_far, worst


def main():
    warnings.filterwarnings("ignore")
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET client_min_messages = error; SET mlops.progress = off")
    directory = sys.argv[1] if len(sys.argv) > 1 else None
    csvs = os.path.join(directory, "csv") if directory else os.path.join(HERE, "..", "data")
    good = True
    print("%-22s %8s %10s %10s  %s" % ("set", "figures", "score", "p-value", "farthest"))
    for name, target, classes in tasks(directory):
        columns = columns_of(os.path.join(csvs, name + ".csv"), target)
        load(cursor, columns)
        count, far, p_far, worst = compare(cursor, columns, target, classes)
        good = good and far <= SCORES and p_far <= P_VALUES
        print("%-22s %8d %10.1e %10.1e  %s" % (name, count, far, p_far, worst or ""), flush=True)
    cursor.execute("SELECT count(mlops_drop_model(name)) FROM mlops.models WHERE name = 'bench_selection'")
    cursor.execute("DROP TABLE IF EXISTS bench_selection")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
