#!/usr/bin/python3
"""Scores of feature selection by scikit-learn: for the rows of test/unit/golden_fits.h, and for the files of test/data.

    python3 test/data/make_golden_selection.py unit > test/unit/golden_selection.h
    python3 test/data/make_golden_selection.py files > test/data/golden_selection.csv

variance: numpy.var; correlation: r_regression; f_test: f_classif, f_regression; chi2: chi2; mutual_info:
mutual_info_score for classes, else the estimators behind mutual_info_classif and mutual_info_regression
(sklearn.feature_selection._mutual_info) without the noise that those add, for columns without ties (the
rows "formula" are made up to have some); l1: Lasso; LogisticRegression by liblinear,
its intercept scaled so that its penalty vanishes, or with more than two classes by saga.  A row without a value is left out.  A category is its one-hot columns, a missing value among them:
variances and chi-squares add up, of F and r the greatest is taken, with its p-value times the number of columns when
there are more than two.  With more than two classes r is the greatest with the indicator of one, its p-value times
their number.  scikit-learn's NaN for a constant is 0 with p = 1.  Made with numpy 1.24.2, scikit-learn 1.2.1.
"""
import csv
import os
import re
import sys
import warnings
from fractions import Fraction

import numpy as np
from scipy import stats
from sklearn import feature_selection as fs
from sklearn.feature_selection import _mutual_info
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.metrics import mutual_info_score

warnings.filterwarnings('ignore')
HERE = os.path.dirname(os.path.abspath(__file__))


def one_hot(values):
    levels = sorted({v for v in values if v is not None})
    columns = [[v == level for v in values] for level in levels]
    if None in values:
        columns.append([v is None for v in values])
    return np.array(columns, float).T


def finite(x, nan):
    return np.nan_to_num(np.atleast_1d(x).astype(float), nan=nan)


def information(column, text, y, classes):
    """None where values repeat, or where a class is so small that scikit-learn rounds distances otherwise."""
    if text or len(set(column)) <= 2:
        codes = np.unique([str(v) for v in column], return_inverse=True)[1]
        if classes:
            return mutual_info_score(codes, y)
        exact = len(set(y)) == len(y) and np.bincount(codes).min() >= 8
        return _mutual_info._compute_mi_cd(y / y.std(), codes, 3) if exact else None
    if len(set(column)) < len(column):
        return None
    if classes:
        return _mutual_info._compute_mi_cd(column / column.std(), y, 3)
    return _mutual_info._compute_mi_cc(column / column.std(), y / y.std(), 3) if len(set(y)) == len(y) else None


def figures(column, y, classes):
    """(method, score, p-value or None) of a column: numbers with NaN, or texts with None; y: class index or number."""
    text = not isinstance(column[0], float)
    if not text and len(set(column)) == 1:
        for method in ['variance', 'correlation', 'f_test', 'mutual_info'] + ['chi2'] * (classes > 0):
            yield method, 0, None if method in ('variance', 'mutual_info') else 1
        return
    has = np.full(len(y), True) if text else ~np.isnan(np.array(column))
    y = y[has]
    column = column if text else np.array(column)[has]
    X = one_hot(column) if text else column.reshape(-1, 1)
    columns = X.shape[1] if X.shape[1] > 2 else 1
    yield 'variance', X.var(axis=0).sum(), None
    if classes:
        targets = [(y == c).astype(float) for c in (range(classes) if classes > 2 else [1])]
    else:
        targets = [y]
    r = max(finite(abs(fs.r_regression(X, t)), 0).max() for t in targets)
    p = min(finite(fs.f_regression(X, t)[1], 1).min() for t in targets)
    yield 'correlation', r, min(1, p * columns * len(targets))
    F, p = fs.f_classif(X, y) if classes else fs.f_regression(X, y)
    yield 'f_test', finite(F, 0).max(), min(1, finite(p, 1).min() * columns)
    if classes and X.min() >= 0:
        score, p = fs.chi2(X, y)
        if text:
            p = [stats.chi2.sf(score.sum(), (X.shape[1] - 1) * (classes - 1))]
        yield 'chi2', score.sum(), p[0]
    score = information(column, text, y, classes)
    if score is not None:
        yield 'mutual_info', score, None


def arrays():
    text = open(os.path.join(HERE, '../unit/golden_fits.h'), encoding='ascii').read()
    found = {}
    for name, values in re.findall(r'golden_(\w+)\[\] = \{([^}]*)\}', text):
        found[name] = np.array([float(v.replace('NAN', 'nan')) for v in values.replace('\n', ' ').split(',') if v.strip()])
    return found, int(re.search(r'GOLDEN_TRAIN (\d+)', text).group(1))


def prepared(columns):
    """Columns as a linear model takes them by default, and the number of the feature of each."""
    Z, own = [], []
    for f, column in enumerate(columns):
        if isinstance(column[0], float):
            z = np.array(column)
            z = np.where(np.isnan(z), np.median(z[~np.isnan(z)]), z)
            Z.append(((z - z.mean()) / z.std()).reshape(-1, 1))
        else:
            Z.append(one_hot(column))
        own += [f] * Z[-1].shape[1]
    return np.column_stack(Z), np.array(own)


def lasso(columns, y):
    """Scores of l1 for a regression, and its alpha."""
    Z, own = prepared(columns)
    alpha = 0.01 * abs(Z.T @ (y - y.mean())).max() / len(y)
    return apart(Lasso(alpha=alpha, tol=1e-15, max_iter=1000000).fit(Z, y).coef_.reshape(1, -1) / y.std(), own), alpha


def logistic(columns, y, classes):
    """Scores of l1 for classes."""
    Z, own = prepared(columns)
    targets = [y == c for c in (range(classes) if classes > 2 else [1])]
    C = 1 / (0.01 * max(abs(Z.T @ (t - t.mean())).max() for t in targets))
    if classes > 2:
        model = LogisticRegression(penalty='l1', solver='saga', C=C, tol=1e-10, max_iter=1000000, random_state=1)
    else:
        model = LogisticRegression(penalty='l1', solver='liblinear', C=C, tol=1e-8, max_iter=2000, intercept_scaling=1e4,
                                   random_state=1)
    return apart(model.fit(Z, y).coef_, own)


def apart(w, own):
    """How far the coefficients of a feature lie apart, 0 among them; the largest of the classes."""
    return [max(max(0, row[own == f].max()) - min(0, row[own == f].min()) for row in w) for f in range(own[-1] + 1)]


def unit():
    a, n = arrays()
    names = {-1: None, 0: 'a', 1: 'b', 2: 'c', 3: 'd'}
    columns = [list(a[x][:n]) for x in ('x0', 'x1', 'x2')] + [[names[int(c)] for c in a['code'][:n]]]
    print('/* golden_selection.h: written by test/data/make_golden_selection.py; do not edit */')
    print('#ifndef GOLDEN_SELECTION_H\n#define GOLDEN_SELECTION_H\n\n#include <math.h>\n')
    print('/* task: 1 = regression, 2 = two classes, 4 = three; column as in golden_fits.h; NAN = none */')
    print('typedef struct GoldenSelection\n{\n\tconst char *method;\n\tint\t\t\ttask;\n\tint\t\t\tcolumn;')
    print('\tdouble\t\tscore;\n\tdouble\t\tp_value;\n} GoldenSelection;\n')
    print('static const GoldenSelection golden_selection[] = {')
    for task, target, classes in ((1, 'y', 0), (2, 'binary', 2), (4, 'multi', 3)):
        for c, column in enumerate(columns):
            y = a[target][:n] if task == 1 else a[target][:n].astype(int)
            for method, score, p in figures(column, y, classes):
                print('\t{"%s", %d, %d, %.17g, %s},' % (method, task, c, score, 'NAN' if p is None else '%.17g' % p))
    scores, alpha = lasso(columns, a['y'][:n])
    for c, score in enumerate(scores):
        print('\t{"l1", 1, %d, %.17g, NAN},' % (c, score))
    print('};\n\nstatic const double golden_selection_alpha = %.17g;\n\n#endif' % alpha)


def far(out, column, y, classes):
    """A column whose mean is far above its spread: scikit-learn's F are wrong in the first digit, these are exact."""
    def squares(values):
        mean = sum(values) / len(values)
        return sum((v - mean) ** 2 for v in values)

    x, t, n = [Fraction(v) for v in column], [Fraction(v) for v in y], len(y)
    mean, mean_t = sum(x) / n, sum(t) / n
    r2 = sum((v - mean) * (w - mean_t) for v, w in zip(x, t)) ** 2 / squares(x) / squares(t)
    F = float(r2 / (1 - r2) * (n - 2))
    out.writerow(['formula_y', 'f_test', 'far', '%.17g' % F, '%.17g' % stats.f.sf(F, 1, n - 2)])
    groups = [[v for v, c in zip(x, classes) if c == k] for k in sorted(set(classes))]
    within, k = sum(squares(g) for g in groups), len(groups)
    F = float((squares(x) - within) / (k - 1) / (within / (n - k)))
    out.writerow(['formula_k', 'f_test', 'far', '%.17g' % F, '%.17g' % stats.f.sf(F, k - 1, n - k)])
    chi2 = float(sum((sum(g) - len(g) * mean) ** 2 / (len(g) * mean) for g in groups))
    out.writerow(['formula_k', 'chi2', 'far', '%.17g' % chi2, '%.17g' % stats.chi2.sf(chi2, k - 1)])


def files():
    out = csv.writer(sys.stdout, lineterminator='\n')
    out.writerow(['dataset', 'method', 'feature', 'score', 'p_value'])
    for name, target, classes, without in (('telco_churn', 'churn', True, ['customer_id']), ('iris', 'target', True, []),
                                           ('diabetes', 'target', False, []), ('car_prices', 'price', False, [])):
        rows = list(csv.DictReader(open(os.path.join(HERE, name + '.csv'), encoding='utf-8')))
        y = np.array([r[target] for r in rows])
        if classes:
            y = np.unique(y, return_inverse=True)[1]
        else:
            y = y.astype(float)
        columns = {}
        for feature in rows[0]:
            if feature in ['rid', target] + without:
                continue
            column = [r[feature] or None for r in rows]
            try:
                column = [float('nan') if v is None else float(v) for v in column]
            except ValueError:
                pass
            columns[feature] = column
            for method, score, p in figures(column, y, len(set(y)) if classes else 0):
                out.writerow([name, method, feature, '%.17g' % score, '' if p is None else '%.17g' % p])
        many = len(set(y))
        scores = logistic(list(columns.values()), y, many) if classes else lasso(list(columns.values()), y)[0]
        for feature, score in zip(columns, scores):
            out.writerow([name, 'l1', feature, '%.17g' % score, ''])
    i = np.arange(1, 2001)
    a, b = np.sqrt(i * 7919 % 10007), np.sqrt(i * 3571 % 10007)
    y = a * a / 100 + b
    far(out, 1e6 + b / 1000, y, np.floor((a + b) / 50).astype(int))
    for feature, column in (('a', a), ('b', b)):
        for name, target, classes in (('formula_y', y, 0), ('formula_k', np.floor((a + b) / 50).astype(int), 4)):
            for method, score, p in figures(list(column), target, classes):
                out.writerow([name, method, feature, '%.17g' % score, '' if p is None else '%.17g' % p])


if __name__ == '__main__':
    {'unit': unit, 'files': files}[sys.argv[1]]()
