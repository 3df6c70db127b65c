#!/usr/bin/python3
"""Writes test/data/golden_ranking.csv: scikit-learn's figures of rows that SQL can make, too.

    python3 test/data/make_golden_ranking.py > test/data/golden_ranking.csv

The rows come from whole numbers, and every score and weight is one division of two of them, so
both sides rank and add the same doubles (test/sql/metric_ranking.sql has the same formulas).
ks_stat is the largest |TPR - FPR| of roc_curve; lift and precision_at_k are written from their
definitions, for scores without ties.  Made with scikit-learn 1.2.1.
"""
import numpy as np
from sklearn import metrics as m


def mixed(i, a, modulus):
    """Like random whole numbers below modulus."""
    return (i * a % 1000003) * 7919 % 999983 % modulus


def rows(n, scores, weights):
    i = np.arange(1, n + 1, dtype=np.int64)
    rank = mixed(i, 104729, scores) if scores else i * 2654435761 % 4294967296
    top = scores or 4294967296
    y = mixed(i, 31337, 1000) < 100 + 500 * rank // top
    w = mixed(i, 611953, 14) / 10 if weights == 'tenths' else mixed(i, 611953, 3) * 1.0
    return y, rank / top - 0.25, w


def ks_stat(y, s, w=None):
    fpr, tpr, _ = m.roc_curve(y, s, sample_weight=w, drop_intermediate=False)
    return np.max(np.abs(tpr - fpr))


def precision_at_k(y, s, k):
    return y[np.argsort(-s)[:k]].sum() / k


def lift(y, s, share):
    k = int(round(share * len(y)))
    return precision_at_k(y, s, k) / y.mean()


def weighted_lift(y, s, w, share):
    """The row at the border counts in part."""
    order = np.argsort(-s)
    before = np.cumsum(w[order]) - w[order]
    part = np.clip(share * w.sum() - before, 0, w[order])
    return (part * y[order]).sum() / (w * y).sum() / share


print('rows,scores,weights,metric,plain,weighted')
for n, scores, weights in ((2000, 101, 'tenths'), (2000, 3, 'counts'), (3000, 0, 'tenths'), (1000000, 0, 'tenths'),
                           (100000, 1000, 'tenths')):
    y, s, w = rows(n, scores, weights)
    figures = [('roc_auc', m.roc_auc_score(y, s), m.roc_auc_score(y, s, sample_weight=w)),
               ('pr_auc', m.average_precision_score(y, s), m.average_precision_score(y, s, sample_weight=w)),
               ('ks_stat', ks_stat(y, s), ks_stat(y, s, w))]
    if not scores:
        figures.append(('precision_at_k', precision_at_k(y, s, 100), None))
        figures.append(('lift', lift(y, s, 0.1), weighted_lift(y, s, w, 0.1)))
    for metric, plain, weighted in figures:
        print('%d,%d,%s,%s,%.17g,%s' % (n, scores, weights, metric, plain, '' if weighted is None else '%.17g' % weighted))
