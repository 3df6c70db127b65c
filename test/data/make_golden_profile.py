#!/usr/bin/python3
"""Writes test/data/golden_profile.csv: what numpy says of each column of the data files.

    python3 test/data/make_golden_profile.py > test/data/golden_profile.csv

mean and std (ddof=1), quantile (linear), outliers beyond 1.5 interquartile ranges, histogram with
the bins that docs/reference.md defines, the most frequent value (of equals the smallest).  Made
with numpy 1.24.2.
"""
import collections
import csv
import math
import os
import sys

import numpy as np

FILES = ["iris", "diabetes", "car_prices", "telco_churn"]
SHARES = [0.01, 0.25, 0.5, 0.75, 0.99]
BINS = 20
COLUMNS = ["data", "column_name", "rows", "null_count", "distinct_count", "minimum", "maximum", "mean", "stddev",
           "p01", "p25", "p50", "p75", "p99", "outliers", "bins", "largest_bin", "top_value", "top_rows"]


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def histogram(x, low, high, whole):
    """Rows of each bin: from the first to the last number between the fences, and those beyond on each side."""
    if low == high:
        low, high = x.min(), x.max()
    below, inside, above = x[x < low], x[(x >= low) & (x <= high)], x[x > high]
    low, high = inside.min(), inside.max()
    if low == high:
        counts = [len(inside)]
    else:
        width = math.floor((high - low) / BINS) + 1 if whole else (high - low) / BINS
        n = math.floor((high - low) / width) + 1 if whole else BINS
        counts = list(np.histogram(inside, np.append(low + width * np.arange(n), np.inf))[0])
    return [c for c in [len(below)] if c] + counts + [c for c in [len(above)] if c]


def top(values):
    counts = collections.Counter(values)
    most = max(counts.values())
    return min(v for v, c in counts.items() if c == most), most


def figures(texts):
    """texts: one a row, empty = NULL; a list in the order of COLUMNS from rows on."""
    there = [t for t in texts if t != ""]
    line = [len(texts), len(texts) - len(there)]
    if not there or not all(map(is_number, there)):
        value, rows = top(there) if there else ("", 0)
        return line + [len(set(there))] + [""] * 12 + [value, rows]
    x = np.array(there, dtype=float)
    whole = all(t.lstrip("-").isdigit() for t in there)
    q = np.quantile(x, SHARES)
    low, high = q[1] - 1.5 * (q[3] - q[1]), q[3] + 1.5 * (q[3] - q[1])
    h = histogram(x, low, high, whole)
    value, rows = top(x)
    return line + [len(np.unique(x)), x.min(), x.max(), x.mean(), x.std(ddof=1)] + list(q) + [
        np.sum((x < low) | (x > high)), len(h), max(h), int(value) if whole else value, rows]


def columns(path):
    with open(path, newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    return [(name, [r[i] for r in rows[1:]]) for i, name in enumerate(rows[0])]


def main():
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    for name in FILES:
        for column, texts in columns(os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".csv")):
            line = figures(texts)
            out.writerow([name, column] + [repr(float(v)) if isinstance(v, float) else v for v in line])


if __name__ == "__main__":
    main()
