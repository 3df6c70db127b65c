#!/usr/bin/python3
"""What mlops_transform shows, beside scikit-learn's imputers, scalers and encoders.

usage: preprocess.py [DIR]      the sets of DIR/csv, else those of test/data
Connects as libpq does.  Every set is trained on the rows whose number (rid) is no multiple of 5, in each way of
preparing numbers and categories, and rows of both parts are compared with what scikit-learn, fitted on the same rows,
makes of them: largest difference, relative to 1 or the number.  TargetEncoder and rare levels of OrdinalEncoder want
scikit-learn 1.4; without it the formulas of its documentation stand in for the first.
"""
import csv
import glob
import io
import json
import os
import sys

import numpy as np
import psycopg2
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

DIRECTORY = sys.argv[1] + "/csv" if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "data")
COMPARED = 400                  # rows of a set
MOST_LEVELS = 400
TOLERANCE = 1e-9
NEW = tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 4)


def read(path):
    """Columns of a set: numbers as float64 with NaN, texts as objects with None."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    columns = {}
    for j, name in enumerate(rows[0]):
        texts = [row[j] for row in rows[1:]]
        try:
            columns[name] = np.array([float(t) if t != "" else np.nan for t in texts])
        except ValueError:
            columns[name] = np.array([t if t != "" else None for t in texts], dtype=object)
    return columns


def load(cursor, columns):
    cursor.execute("DROP TABLE IF EXISTS bench_preprocess")
    cursor.execute("CREATE TABLE bench_preprocess ({})".format(", ".join(
        '"{}" {}'.format(name, "float8" if values.dtype == float else "text") for name, values in columns.items())))
    out = io.StringIO()
    writer = csv.writer(out)
    for row in zip(*columns.values()):
        writer.writerow(["" if v is None or v != v else repr(float(v)) if isinstance(v, float) else v for v in row])
    out.seek(0)
    cursor.copy_expert("COPY bench_preprocess FROM STDIN (FORMAT csv)", out)


def transformed(cursor, target, algorithm, names, preprocess, compared):
    """mlops_transform of some rows."""
    cursor.execute("SELECT count(mlops_drop_model(name)) FROM mlops.models WHERE name = 'bench_preprocess'")
    cursor.execute("SELECT version FROM mlops_train('bench_preprocess', 'bench_preprocess', %s, %s, %s, %s,"
                   " key => 'rid', config => %s, task => %s)",
                   (target, algorithm, json.dumps({"max_depth": 1} if algorithm == "decision_tree" else {"penalty": "l2"}),
                    ", ".join('"{}"'.format(n) for n in names),
                    json.dumps({"split": {"test_where": "rid::bigint % 5 = 0"}, "preprocess": preprocess}),
                    "regression" if target == "y_number" else "classification"))
    cursor.execute("SELECT mlops_transform('bench_preprocess', b) FROM bench_preprocess b ORDER BY rid LIMIT {}".format(
        compared))
    return [row[0] for row in cursor]


def distance(ours, theirs):
    return float(np.max(np.abs(ours - theirs) / np.maximum(1, np.abs(theirs)))) if len(theirs) else 0.0


# ---- numbers ----

NUMBERS = {
    "mean, standard": ({"impute": "mean", "scale": "standard"}, SimpleImputer(), StandardScaler()),
    "median, minmax": ({"impute": "median", "scale": "minmax"}, SimpleImputer(strategy="median"), MinMaxScaler()),
    "most_frequent, robust": ({"impute": "most_frequent", "scale": "robust"}, SimpleImputer(strategy="most_frequent"),
                              RobustScaler()),
    "constant, standard": ({"impute": "constant", "constant": -3, "scale": "standard"},
                           SimpleImputer(strategy="constant", fill_value=-3), StandardScaler()),
    "clip, median, robust": ({"clip": {"quantiles": [0.05, 0.9]}, "impute": "median", "scale": "robust"},
                             SimpleImputer(strategy="median"), RobustScaler()),
}


def numbers(cursor, columns, train, compared, report):
    names = [n for n, v in columns.items() if v.dtype == float and n not in ("rid", "y_number") and
             not np.isnan(v[train]).all()]
    if not names:
        return
    x = np.column_stack([columns[n] for n in names])
    for way, (config, imputer, scaler) in NUMBERS.items():
        prepared = x
        if "clip" in config:
            low, high = np.nanquantile(x[train], config["clip"]["quantiles"], axis=0)
            prepared = np.clip(x, low, high)
        indicator = np.isnan(x)
        theirs = scaler.fit(imputer.fit_transform(prepared[train])).transform(imputer.transform(prepared[:compared]))
        config = dict(config, indicator=True)
        rows = transformed(cursor, "y_number", "linear_regression", names, {"numeric": config}, compared)
        ours = np.array([[row[n] for n in names] for row in rows])
        flags = np.array([[row[n + " is null"] for n in names] for row in rows])
        report(way, max(distance(ours, theirs), distance(flags, indicator[:compared].astype(float))))


# ---- categories ----

def onehot(column, train, compared, **options):
    """Names as ours, numbers as scikit-learn's."""
    rare = "min_frequency" in options
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist" if rare else "ignore", **options)
    encoder.fit(column[train].reshape(-1, 1))
    z = encoder.transform(column[:compared].reshape(-1, 1)).toarray()
    names = []
    for name in encoder.get_feature_names_out(["x"]):
        names.append({"x_None": "(null)", "x_infrequent_sklearn": "(rare)"}.get(name, name[2:]))
    return {n: z[:, j] for j, n in enumerate(names)}


def frequency(column, train, compared):
    counts = {}
    for level in column[train]:
        counts[level] = counts.get(level, 0) + 1
    return {None: np.array([counts.get(level, 0) / train.sum() for level in column[:compared]])}


def ordinal(column, train, compared, **options):
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, **options)
    known = np.array([v is not None for v in column])
    encoder.fit(column[train & known].reshape(-1, 1))
    z = np.full(compared, -1.0)
    z[known[:compared]] = encoder.transform(column[:compared][known[:compared]].reshape(-1, 1))[:, 0]
    return {None: z}


def target(column, y, classes, train, compared, smooth):
    if NEW:
        from sklearn.preprocessing import TargetEncoder
        kind = "continuous" if classes == 0 else "binary" if classes == 2 else "multiclass"
        # None is a category here as there
        encoder = TargetEncoder(target_type=kind, smooth=smooth).fit(column[train].reshape(-1, 1), y[train])
        z = encoder.transform(column[:compared].reshape(-1, 1))
    else:
        ys = [y] if classes == 0 else [(y == k).astype(float) for k in ([1] if classes == 2 else range(classes))]
        z = np.empty((compared, len(ys)))
        for k, one in enumerate(ys):
            mean, variance = one[train].mean(), one[train].var()
            value = {}
            for level in set(column[train]):
                mine = one[train & np.array([v == level for v in column])]
                n, m = len(mine), mine.mean()
                weight = n / (n + smooth) if smooth != "auto" else (
                    variance * n / (variance * n + mine.var()) if variance * n + mine.var() > 0 else 0)
                value[level] = weight * m + (1 - weight) * mean
            z[:, k] = [value.get(level, mean) for level in column[:compared]]
    return {(None if z.shape[1] == 1 else "target={}".format(k)): z[:, k] for k in range(z.shape[1])}


def categories(cursor, columns, train, compared, report):
    names = [n for n, v in columns.items() if v.dtype == object and not n.startswith("y_") and
             1 < len(set(v[train])) <= MOST_LEVELS]
    if not names:
        return
    null_is_rare = {n: 0 < sum(v is None for v in columns[n][train]) for n in names}
    ways = [
        ("onehot", {"encode": "onehot"}, lambda n: onehot(columns[n], train, compared), "y_number"),
        ("onehot, rare_below 30", {"encode": "onehot", "rare_below": 30}, lambda n: None if null_is_rare[n] else
         onehot(columns[n], train, compared, min_frequency=30), "y_number"),
        ("onehot, rare_below 0.04", {"encode": "onehot", "rare_below": 0.04}, lambda n: None if null_is_rare[n] else
         onehot(columns[n], train, compared, min_frequency=0.04), "y_number"),
        ("ordinal", {"encode": "ordinal"}, lambda n: ordinal(columns[n], train, compared), "y_number"),
        ("frequency", {"encode": "frequency"}, lambda n: frequency(columns[n], train, compared), "y_number"),
    ]
    if NEW:
        ways.append(("ordinal, rare_below 30", {"encode": "ordinal", "rare_below": 30, "unknown": "ignore"},
                     lambda n: None if null_is_rare[n] else ordinal(columns[n], train, compared, min_frequency=30),
                     "y_number"))
    for y, classes in (("y_number", 0), ("y_two", 2), ("y_three", 3)):
        for smooth in (20, 0, "auto"):
            values = columns[y] if classes == 0 else np.array([int(v) for v in columns[y]])
            ways.append(("target of {}, smoothing {}".format(y[2:], smooth), {"encode": "target", "smoothing": smooth},
                         lambda n, values=values, classes=classes, smooth=smooth:
                         target(columns[n], values, classes, train, compared, smooth), y))
    for way, config, theirs, y in ways:
        rows = transformed(cursor, y, "decision_tree", names, {"categorical": config}, compared)
        worst = 0.0
        for n in names:
            want = theirs(n)
            for part, z in (want or {}).items():
                key = n if part is None else n + (" " if part.startswith("target=") else "=") + part
                worst = max(worst, distance(np.array([row[key] for row in rows]), z))
        report(way, worst)


def main():
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("CREATE EXTENSION IF NOT EXISTS mlops; SET client_min_messages = error; SET mlops.progress = off")
    worst = {}
    sets = 0
    for path in sorted(glob.glob(DIRECTORY + "/*.csv")):
        if os.path.basename(path).startswith("golden_"):
            continue
        columns = read(path)
        rid = columns["rid"]
        n = len(rid)
        columns["y_number"] = np.sin(rid) * 10 + rid % 7
        columns["y_two"] = np.array([str(int(v)) for v in (rid % 11 < 4)], dtype=object)
        columns["y_three"] = np.array([str(int(v)) for v in rid % 3], dtype=object)
        order = np.argsort(rid, kind="stable")
        columns = {name: values[order] for name, values in columns.items()}
        train = columns["rid"] % 5 != 0
        load(cursor, columns)
        sets += 1

        def report(way, difference):
            if not difference <= worst.get(way, (0, ""))[0]:
                worst[way] = (difference, os.path.basename(path))
            worst.setdefault(way, (difference, os.path.basename(path)))

        numbers(cursor, columns, train, min(COMPARED, n), report)
        categories(cursor, columns, train, min(COMPARED, n), report)
    cursor.execute("DROP TABLE bench_preprocess")
    cursor.execute("SELECT count(mlops_drop_model(name)) FROM mlops.models WHERE name = 'bench_preprocess'")
    print("scikit-learn {}, {} sets; the largest difference, and where".format(sklearn.__version__, sets))
    for way, (difference, where) in worst.items():
        print("{:36} {:9.2e}  {:24} {}".format(way, difference, where, "" if difference <= TOLERANCE else "TOO LARGE"))
    sys.exit(0 if all(difference <= TOLERANCE for difference, _ in worst.values()) else 1)


if __name__ == "__main__":
    main()
