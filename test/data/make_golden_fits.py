#!/usr/bin/python3
"""Writes test/unit/golden_fits.h: 60 rows and what the linear learners make of them.

    /usr/bin/python3 test/data/make_golden_fits.py > test/unit/golden_fits.h

48 training rows; one number with gaps, one constant in training, one category with gaps and with
a level that only test rows have.  OLS and ridge by SVD; lasso and elastic net by scikit-learn at
tol 1e-15; logistic regression by Newton steps in numpy until the gradient is below 1e-12.
Order of coefficients: intercept, numbers, levels bytewise, missing level last.
Made with numpy 1.24.2, scikit-learn 1.2.1.
"""
import warnings

import numpy as np
from sklearn.linear_model import ElasticNet, Lasso

warnings.filterwarnings("ignore")
N, TRAIN = 60, 48
rng = np.random.default_rng(7)
x0 = np.round(rng.normal(50, 12, N), 3)
x1 = np.round(rng.exponential(2, N), 4)
x1[rng.choice(N, 7, replace=False)] = np.nan
x2 = np.full(N, 0.1)
x2[TRAIN:] = np.round(rng.normal(0, 1, N - TRAIN), 3)
code = rng.integers(0, 3, N)
code[rng.choice(TRAIN, 6, replace=False)] = -1
code[TRAIN + 2] = code[TRAIN + 5] = 3
weight = np.round(rng.uniform(0.5, 2, N), 2)


def standard(x):
    t = x[:TRAIN]
    t = np.where(np.isnan(t), np.median(t[~np.isnan(t)]), t)
    return (t - t.mean()) / t.std() if t.min() < t.max() else t * 0


tr = code[:TRAIN]
hot = np.column_stack([tr == 0, tr == 1, tr == 2, tr == -1]).astype(float)
Z = np.column_stack([standard(x0), standard(x1), standard(x2)])
full, short = np.hstack([Z, hot]), np.hstack([Z[:, :2], hot[:, 1:]])
eta = 0.8 * Z[:, 0] - 0.5 * Z[:, 1] + 0.7 * hot[:, 2]
y = np.r_[np.round(3 * eta + rng.normal(0, 2, TRAIN) + 20, 3), np.full(N - TRAIN, 20.0)]
yb = np.r_[(rng.random(TRAIN) < 1 / (1 + np.exp(-eta))).astype(int), np.zeros(N - TRAIN, int)]
ym = np.r_[np.argmax(np.column_stack([eta, -eta, 0 * eta]) + rng.gumbel(size=(TRAIN, 3)), 1), np.zeros(N - TRAIN, int)]
w, yt = weight[:TRAIN], y[:TRAIN]


def ols(weights):
    A = np.hstack([np.ones((TRAIN, 1)), short])
    s = np.sqrt(weights)
    b = np.linalg.lstsq(A * s[:, None], yt * s, rcond=None)[0]
    s2 = (weights * (yt - A @ b) ** 2).sum() / (TRAIN - A.shape[1])
    V = np.linalg.inv(A.T @ (A * weights[:, None])) * s2
    J = np.eye(len(b))            # to raw units
    for j, x in ((1, x0), (2, x1)):
        t = x[:TRAIN]
        t = np.where(np.isnan(t), np.median(t[~np.isnan(t)]), t)
        J[0, j], J[j, j] = -t.mean() / t.std(), 1 / t.std()
    return np.insert(b, 3, 0), np.insert(J @ b, 3, 0), np.insert(np.sqrt(np.diag(J @ V @ J.T)), 3, 0)


def ridge(weights, alpha):
    A = np.vstack([np.hstack([np.ones((TRAIN, 1)), full]) * np.sqrt(weights)[:, None],
                   np.hstack([np.zeros((7, 1)), np.sqrt(alpha) * np.eye(7)])])
    return np.linalg.lstsq(A, np.r_[yt * np.sqrt(weights), np.zeros(7)], rcond=None)[0]


def softmax_fit(X, labels, K, weights, lam):
    """K weight vectors; K = 1: the logistic function.  ½ lam ‖w‖² + Σ weights × loss."""
    A = np.hstack([np.ones((TRAIN, 1)), X])
    q, W = A.shape[1], np.zeros((K, A.shape[1]))
    pen = np.full(q, lam)
    pen[0] = 0
    for _ in range(100):
        M = A @ W.T
        if K == 1:
            P = 1 / (1 + np.exp(-M))
            D = P - labels[:, None]
        else:
            P = np.exp(M - M.max(1, keepdims=True))
            P /= P.sum(1, keepdims=True)
            D = P - np.eye(K)[labels]
        G = (D * weights[:, None]).T @ A + pen * W
        H = np.zeros((K * q, K * q))
        for a in range(K):
            for b in range(K):
                h = P[:, a] * ((a == b) - P[:, b])
                H[a * q:(a + 1) * q, b * q:(b + 1) * q] = (A * (weights * h)[:, None]).T @ A
        H += np.diag(np.tile(pen, K))
        if K > 1:
            H[np.ix_(np.arange(K) * q, np.arange(K) * q)] += 1
        W = W - np.linalg.solve(H, G.ravel()).reshape(K, q)
        if np.abs(G).max() < 1e-12:
            break
    if K > 1:
        W[:, 0] -= W[:, 0].mean()
    return W, H


def emit(name, values, kind="double"):
    number = (lambda v: "NAN" if np.isnan(v) else repr(float(v))) if kind == "double" else lambda v: str(int(v))
    text = [number(v) for v in np.ravel(values)]
    print(f"static const {kind} {name}[] = {{")
    for i in range(0, len(text), 4):
        print("\t" + ", ".join(text[i:i + 4]) + ",")
    print("};\n")


print("/* golden_fits.h: written by test/data/make_golden_fits.py; do not edit */")
print("#ifndef GOLDEN_FITS_H\n#define GOLDEN_FITS_H\n")
print(f"#include <math.h>\n#include <stdint.h>\n\n#define GOLDEN_N {N}\n#define GOLDEN_TRAIN {TRAIN}\n")
emit("golden_x0", x0), emit("golden_x1", x1), emit("golden_x2", x2)
emit("golden_code", code, "int32_t"), emit("golden_weight", weight)
emit("golden_y", y), emit("golden_binary", yb), emit("golden_multi", ym)
for tag, ws in (("plain", np.ones(TRAIN)), ("weighted", w)):
    b, raw, se = ols(ws)
    emit(f"golden_ols_{tag}", b), emit(f"golden_ols_raw_{tag}", raw), emit(f"golden_ols_se_{tag}", se)
    emit(f"golden_ridge_{tag}", ridge(ws, 2.0))
    for name, m in (("lasso", Lasso(alpha=0.2, tol=1e-15, max_iter=10 ** 6)),
                    ("enet", ElasticNet(alpha=0.3, l1_ratio=0.6, tol=1e-15, max_iter=10 ** 6))):
        m.fit(full, yt, ws)
        emit(f"golden_{name}_{tag}", np.r_[m.intercept_, m.coef_])
    emit(f"golden_logit_{tag}", softmax_fit(full, yb[:TRAIN], 1, ws, 1.0)[0])
    emit(f"golden_softmax_{tag}", softmax_fit(full, ym[:TRAIN], 3, ws, 1.0)[0])
mle, H = softmax_fit(short, yb[:TRAIN], 1, np.ones(TRAIN), 0.0)
emit("golden_mle", np.insert(mle, 3, 0)), emit("golden_mle_se", np.insert(np.sqrt(np.diag(np.linalg.inv(H))), 3, 0))
n1 = yb[:TRAIN].sum()
balanced = np.where(yb[:TRAIN] == 1, TRAIN / 2 / n1, TRAIN / 2 / (TRAIN - n1))
emit("golden_balanced", softmax_fit(full, yb[:TRAIN], 1, balanced, 1.0)[0])
print("#endif")
