#!/usr/bin/python3
"""golden_sums.csv: scikit-learn's figures on rows that test/sql/metric_errors.sql and
test/sql/metric_probabilities.sql make from the same formulas.

    /usr/bin/python3 test/data/make_golden_sums.py

Row i = 1 .. n is arithmetic of integers that a double holds and at most two rounded steps, so that
both sides have the same bits.  A fourth of the weights is 0.  wape and smape, which scikit-learn
does not have, and ece are written from their definitions with exact sums.  Log loss with
eps = 1e-15, which later versions of scikit-learn set to 2.2e-16.  Made with scikit-learn 1.2.1.
"""
import csv
import math
import os
import warnings

import numpy as np
from sklearn import metrics as m

warnings.filterwarnings("ignore")
rows = []


def put(dataset, weighted, metric, value):
    rows.append([dataset, "t" if weighted else "f", metric, "%.17g" % value])


def weights(i):
    return (i * 31 % 8) // 2 / 4.0


def errors(dataset, n, scale=1.0, offset=0.0, light=1.0, constant=False, squares=True):
    i = np.arange(1, n + 1)
    y = ((i * 7919 % 10007) / 7.0 + offset) * scale
    p = ((i * 7919 % 10007) / 7.0 + offset + ((i * 104729 % 2003) - 1000) / 30.0) * scale
    if constant:
        y = np.full(n, 0.5)
    for weighted in (False, True):
        w = weights(i) * light if weighted else np.ones(n)
        e = np.abs(y - p)
        put(dataset, weighted, "mae", m.mean_absolute_error(y, p, sample_weight=w))
        put(dataset, weighted, "mape", m.mean_absolute_percentage_error(y, p, sample_weight=w))
        put(dataset, weighted, "wape", math.fsum(w * e) / math.fsum(w * np.abs(y)))
        both = np.abs(y) + np.abs(p)
        put(dataset, weighted, "smape", math.fsum(w * np.where(both == 0, 0, 2 * (e / np.where(both == 0, 1, both)))) / math.fsum(w))
        if squares:
            put(dataset, weighted, "rmse", m.mean_squared_error(y, p, sample_weight=w, squared=False))
            if n > 1:
                put(dataset, weighted, "r2", m.r2_score(y, p, sample_weight=w))


def ece(y, p, w, bins):
    low = np.arange(bins) / bins
    high = np.arange(1, bins + 1) / bins
    total = 0.0
    for b in range(bins):
        inside = (p > low[b]) & (p <= high[b])
        if b == 0:
            inside |= p == 0
        total += abs(math.fsum((w * (y - p))[inside]))
    return total / math.fsum(w)


def probabilities(dataset, n, one_class=False):
    i = np.arange(1, n + 1)
    y = np.ones(n, dtype=int) if one_class else (i * 7919 % 10007 % 3 == 0).astype(int)
    p = (i * 104729 % 1001) / 1000.0
    for weighted in (False, True):
        w = weights(i) if weighted else np.ones(n)
        put(dataset, weighted, "log_loss", m.log_loss(y, p, eps=1e-15, sample_weight=w, labels=[0, 1]))
        put(dataset, weighted, "brier", m.brier_score_loss(y, p, sample_weight=w, pos_label=1))
        for bins in (7, 10, 1000):
            put(dataset, weighted, "ece%d" % bins, ece(y, p, w, bins))


def classes(dataset, n):
    i = np.arange(1, n + 1)
    a = i * 7919 % 1025
    b = i * 104729 % (1025 - a)
    p = np.column_stack([a, b, 1024 - a - b]) / 1024.0
    y = i * 31 % 7 % 3
    for weighted in (False, True):
        w = weights(i) if weighted else np.ones(n)
        put(dataset, weighted, "log_loss", m.log_loss(y, p, eps=1e-15, sample_weight=w, labels=[0, 1, 2]))


errors("plain", 5000)
errors("one", 1)
errors("two", 2)
errors("constant", 5000, constant=True)
errors("far", 5000, offset=1e7)
errors("large", 5000, scale=1e148)
errors("largest", 5000, scale=1e300, squares=False)
errors("small", 5000, scale=1e-145)
errors("smallest", 5000, scale=1e-300, squares=False)
errors("light", 5000, light=1e-200)
errors("million", 1000000)
probabilities("probabilities", 5000)
probabilities("one probability", 1)
probabilities("one class", 5000, one_class=True)
probabilities("million probabilities", 1000000)
classes("classes", 5000)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_sums.csv"), "w", newline="") as f:
    out = csv.writer(f, lineterminator="\n")
    out.writerow(["dataset", "weighted", "metric", "value"])
    out.writerows(rows)
