#!/usr/bin/python3
"""Writes test/unit/golden_metrics.h: scikit-learn's figures on small made-up data.

    python3 test/data/make_golden_metrics.py > test/unit/golden_metrics.h

Binary data (400 rows, scores rounded so that there are ties), three classes
(300 rows), regression (250 rows), each with weights.  Made with scikit-learn
1.2.1.
"""
import warnings
import numpy as np
import sklearn
from sklearn import metrics as m

warnings.filterwarnings('ignore')
rng = np.random.default_rng(7)


def array(name, v, kind='double'):
    text = ', '.join('%.17g' % x for x in v)
    lines, line = [], ''
    for word in text.split(' '):
        if len(line) + len(word) > 100:
            lines.append('\t' + line.rstrip())
            line = ''
        line += word + ' '
    lines.append('\t' + line.rstrip())
    print('static const %s %s[] = {\n%s\n};' % (kind, name, '\n'.join(lines)))


def figures(name, pairs):
    print('static const GoldenFigure %s[] = {' % name)
    for key, plain, weighted in pairs:
        print('\t{"%s", %.17g, %.17g},' % (key, plain, weighted))
    print('};\n')


def both(f, w, *a, **k):
    return f(*a, **k), f(*a, sample_weight=w, **k)


def ece(y, p, sample_weight=None, bins=10):
    """Bins (lo, hi], written from the definition."""
    w = np.ones(len(y)) if sample_weight is None else sample_weight
    total = 0
    for b in range(bins):
        inside = (p > b / bins) & (p <= (b + 1) / bins)
        if b == 0:
            inside |= p == 0
        if inside.any():
            total += abs((w * (y - p))[inside].sum())
    return total / w.sum()


print('/* golden_metrics.h: made by test/data/make_golden_metrics.py with scikit-learn %s; do not edit. */' % sklearn.__version__)
print('#ifndef GOLDEN_METRICS_H\n#define GOLDEN_METRICS_H\n')
print('typedef struct GoldenFigure\n{\n\tconst char *name;\n\tdouble\t\tplain;\n\tdouble\t\tweighted;\n} GoldenFigure;\n')

n = 400
y = (rng.random(n) < 0.3).astype(float)
p = np.round(1 / (1 + np.exp(-(1.4 * y - 1 + rng.normal(size=n)))), 2)
p[:3] = [0, 1, 0.3]
y[:3] = [0, 1, 1]
w = np.round(rng.random(n) * 3 + 0.1, 3)
array('binary_y', y)
array('binary_p', p)
array('binary_w', w)
z = (p >= 0.5).astype(int)
figures('binary_golden', [
    ('roc_auc', *both(m.roc_auc_score, w, y, p)),
    ('pr_auc', *both(m.average_precision_score, w, y, p)),
    ('log_loss', *both(m.log_loss, w, y, p, eps=1e-15)),
    ('brier', *both(m.brier_score_loss, w, y, p)),
    ('ece', *both(ece, w, y, p)),
    ('accuracy', *both(m.accuracy_score, w, y, z)),
    ('balanced_accuracy', *both(m.balanced_accuracy_score, w, y, z)),
    ('mcc', *both(m.matthews_corrcoef, w, y, z)),
    ('precision', *both(m.precision_score, w, y, z)),
    ('recall', *both(m.recall_score, w, y, z)),
    ('f1', *both(m.f1_score, w, y, z)),
])

n, k = 300, 3
y = rng.choice(k, n, p=[0.6, 0.3, 0.1])
s = rng.normal(size=(n, k))
s[np.arange(n), y] += 1
p = np.exp(s) / np.exp(s).sum(1, keepdims=True)
w = np.round(rng.random(n) * 3 + 0.1, 3)
z = p.argmax(1)
array('multi_y', y)
array('multi_p', p.ravel())
array('multi_w', w)
array('multi_z', z, 'int')
figures('multi_golden', [
    ('log_loss', *both(m.log_loss, w, y, p, eps=1e-15)),
    ('roc_auc', *(np.mean([m.roc_auc_score(y == c, p[:, c], sample_weight=v) for c in range(k)]) for v in (None, w))),
    ('accuracy', *both(m.accuracy_score, w, y, z)),
    ('balanced_accuracy', *both(m.balanced_accuracy_score, w, y, z)),
    ('mcc', *both(m.matthews_corrcoef, w, y, z)),
    ('precision', *both(m.precision_score, w, y, z, average='macro')),
    ('recall', *both(m.recall_score, w, y, z, average='macro')),
    ('f1', *both(m.f1_score, w, y, z, average='macro')),
])

n = 250
y = np.round(rng.normal(size=n) * 40 + 100, 2)
p = np.round(y + rng.normal(size=n) * 11, 2)
w = np.round(rng.random(n) * 3 + 0.1, 3)
array('number_y', y)
array('number_p', p)
array('number_w', w)
figures('number_golden', [
    ('rmse', *both(m.mean_squared_error, w, y, p, squared=False)),
    ('mae', *both(m.mean_absolute_error, w, y, p)),
    ('mape', *both(m.mean_absolute_percentage_error, w, y, p)),
    ('r2', *both(m.r2_score, w, y, p)),
])
print('#endif')
