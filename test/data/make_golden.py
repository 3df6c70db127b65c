#!/usr/bin/python3
"""golden_linear.csv and golden_logistic.csv: what the tests hold the linear learners to.

Needs numpy, pandas and scikit-learn (for a starting point only).  Test rows: rid % 5 = 0.
Numbers: NULL -> training median, then (x - mean) / population sd; texts: one-hot over the
training levels in bytewise order, all levels when penalised, the first dropped when not.
OLS by SVD; penalised logistic regression (C = 1) polished by Newton steps until the largest
absolute gradient is below 1e-9; unpenalised logistic the same after leaving out, from left
to right, the columns that are combinations of earlier ones.
"""
import csv
import os

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

HERE = os.path.dirname(os.path.abspath(__file__))


def design(name, target, exclude=()):
    data = pd.read_csv(os.path.join(HERE, name + ".csv"), keep_default_na=False, na_values=[""])
    columns = [c for c in data.columns if c not in ("rid", target) and c not in exclude]
    numeric = [c for c in columns if data[c].dtype != object]
    texts = [c for c in columns if data[c].dtype == object]
    train = (data.rid % 5 != 0).values
    raw = np.column_stack([data[c].fillna(data[c][train].median()).astype(float) for c in numeric])
    mean, sd = raw[train].mean(0), raw[train].std(0)
    levels = {c: sorted(set(data[c][train]), key=lambda s: s.encode()) for c in texts}
    blocks, names = [(raw - mean) / sd], list(numeric)
    first = []
    for c in texts:
        for i, level in enumerate(levels[c]):
            blocks.append((data[c] == level).values.astype(float)[:, None])
            names.append(c + "=" + level)
            if i == 0:
                first.append(len(names) - 1)
    return np.hstack(blocks), names, first, data[target].values, train, mean, sd, len(numeric)


def expit(z):
    return 1 / (1 + np.exp(-z))


def newton(a, y, penalty, w):
    for _ in range(100):
        p = expit(a @ w)
        gradient = a.T @ (p - y) + penalty * w
        hessian = (a * (p * (1 - p))[:, None]).T @ a + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        w = w - step
        if np.abs(gradient).max() < 1e-9:
            break
    return w, hessian


def softmax_newton(a, y, k, w):
    q = a.shape[1]
    hot = np.eye(k)[y]
    penalty = np.ones((k, q))
    penalty[:, 0] = 0
    for _ in range(100):
        z = a @ w.T
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        gradient = (p - hot).T @ a + penalty * w
        hessian = np.zeros((k * q, k * q))
        for i in range(k):
            for j in range(k):
                weight = p[:, i] * ((i == j) - p[:, j])
                hessian[i * q:(i + 1) * q, j * q:(j + 1) * q] = (a * weight[:, None]).T @ a
        hessian += np.diag(penalty.ravel())
        pin = np.arange(k) * q
        hessian[np.ix_(pin, pin)] += 1      # the sum of the intercepts is free: keep it 0
        w = w - np.linalg.solve(hessian, gradient.ravel()).reshape(k, q)
        w[:, 0] -= w[:, 0].mean()
        if np.abs(gradient).max() < 1e-9:
            break
    return w


def independent(a):
    keep = []
    for j in range(a.shape[1]):
        if keep:
            q = a[:, keep]
            rest = a[:, j] - q @ np.linalg.lstsq(q, a[:, j], rcond=None)[0]
        else:
            rest = a[:, j]
        if np.linalg.norm(rest) > 1e-7 * np.linalg.norm(a[:, j]):
            keep.append(j)
    return keep


def linear(rows):
    for name, target in (("diabetes", "target"), ("car_prices", "price")):
        x, names, _, y, train, mean, sd, m = design(name, target)
        y = y.astype(float)
        a = np.hstack([np.ones((train.sum(), 1)), x[train]])
        w, _, rank, _ = np.linalg.lstsq(a, y[train], rcond=1e-10)
        rest = y[~train] - (w[0] + x[~train] @ w[1:])
        rows.append((name, "(rank)", rank, "", ""))
        rows.append((name, "(r2)", 1 - (rest ** 2).sum() / ((y[~train] - y[~train].mean()) ** 2).sum(), "", ""))
        rows.append((name, "(rmse)", np.sqrt((rest ** 2).mean()), "", ""))
        if rank < a.shape[1]:
            continue
        raw = w[1:] / sd
        variance = ((y[train] - a @ w) ** 2).sum() / (train.sum() - rank)
        error = np.sqrt(np.diag(np.linalg.inv(a.T @ a)) * variance)[1:] / sd
        rows.append((name, "(intercept)", "", w[0] - (raw * mean).sum(), ""))
        rows.extend((name, n, c, r, e) for n, c, r, e in zip(names, w[1:], raw, error))


def logistic(rows):
    x, names, first, y, train, mean, sd, m = design("telco_churn", "churn", ("customer_id",))
    y = (y == "Yes").astype(float)
    a = np.hstack([np.ones((len(x), 1)), x])
    start = LogisticRegression(C=1, tol=1e-8, max_iter=5000).fit(x[train], y[train])
    penalty = np.ones(a.shape[1])
    penalty[0] = 0
    w, _ = newton(a[train], y[train], penalty, np.r_[start.intercept_, start.coef_[0]])
    rows.extend(("telco_churn", "l2", "", n, v, "") for n, v in zip(["(intercept)"] + names, w))
    p = expit(a[~train] @ w)[:5]
    rows.extend(("telco_churn", "l2", "", "(test {})".format(i + 1), v, "") for i, v in enumerate(p))
    columns = [0] + [j + 1 for j in range(len(names)) if j not in first]
    keep = [columns[j] for j in independent(a[train][:, columns])]
    w, hessian = newton(a[train][:, keep], y[train], np.zeros(len(keep)), np.zeros(len(keep)))
    scale = np.array([1.0] + [sd[j - 1] if j <= m else 1 for j in keep[1:]])
    error = np.sqrt(np.diag(np.linalg.inv(hessian))) / scale
    rows.extend(("telco_churn", "none", "", names[j - 1], v / s, e)
                for j, v, s, e in zip(keep[1:], w[1:], scale[1:], error[1:]))
    rows.extend(("telco_churn", "none", "", names[j - 1], "", "") for j in columns if j not in keep)

    x, names, _, y, train, _, _, _ = design("iris", "target")
    classes = sorted(set(y))
    y = np.array([classes.index(v) for v in y])
    a = np.hstack([np.ones((len(x), 1)), x])
    w = softmax_newton(a[train], y[train], 3, np.zeros((3, a.shape[1])))
    for k, cls in enumerate(classes):
        rows.extend(("iris", "l2", cls, n, v, "") for n, v in zip(["(intercept)"] + names, w[k]))


def write(name, header, rows):
    with open(os.path.join(HERE, name), "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([repr(float(v)) if isinstance(v, (float, np.floating)) else v for v in row] for row in rows)


def main():
    rows = []
    linear(rows)
    write("golden_linear.csv", ("dataset", "term", "coefficient", "coefficient_raw", "std_error"), rows)
    rows = []
    logistic(rows)
    write("golden_logistic.csv", ("dataset", "penalty", "class", "term", "value", "std_error"), rows)


if __name__ == "__main__":
    main()
