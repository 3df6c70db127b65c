#!/usr/bin/python3
"""Writes test/data/golden_labels.csv: scikit-learn's class figures of rows that test/sql/metric_labels.sql makes anew.

    python3 test/data/make_golden_labels.py > test/data/golden_labels.csv

Rows come from integer arithmetic that SQL does alike, so none are stored.  Made with scikit-learn 1.2.1.
Labels whose rows all have weight 0 are absent for mlops; scikit-learn would count them as a class with all
figures 0, so rows of weight 0 are taken out; where no label vanishes the script holds both ways to the same
figures.  scikit-learn has no specificity: it is tn / (tn + fp) of its multilabel_confusion_matrix.  Takes two or three
minutes.
"""
import csv
import sys
import warnings

import numpy as np
from sklearn import metrics as m

warnings.filterwarnings('ignore')


def rows(n, salt):
    i = np.arange(1, n + 1, dtype=np.int64)
    h = (i * 2654435761 + salt) % 4294967296
    return i, h


def uneven(h, classes):
    """A class from 0: each has about half as many rows as the one before it."""
    part = h % 1024
    return np.minimum(classes - 1, 10 - np.ceil(np.log2(part + 1)).astype(int))


def million():
    """Eleven labels, the last only predicted; quarters as weights, some 0."""
    _, h = rows(1000000, 7)
    actual = h % 97 % 10
    predicted = np.where(h // 1000 % 10 < 7, actual, h // 7919 % 11)
    return ['class %d' % a for a in actual], ['class %d' % p for p in predicted], h // 17 % 16 / 4.0


def uneven_labels():
    """2,000 rows of uneven classes; tenths as weights, some 0."""
    names = np.array(['Yes', 'yes', '', ' ', 'été', 'macro', '"quoted"', 'z'])
    _, h = rows(2000, 11)
    actual = uneven(h // 7, 7)
    predicted = np.where(h // 1000 % 10 < 6, actual, uneven(h // 77, 8))
    return names[actual].tolist(), names[predicted].tolist(), h // 17 % 31 / 10.0


def binary():
    """500 rows, true and false."""
    _, h = rows(500, 13)
    actual = h // 5 % 10 < 3
    predicted = np.where(h // 1000 % 10 < 7, actual, h // 11 % 2 == 0)
    words = np.array(['false', 'true'])
    return words[actual.astype(int)].tolist(), words[predicted.astype(int)].tolist(), h // 17 % 31 / 10.0


def numbers():
    """500 rows, labels are integers, negative and large ones too."""
    _, h = rows(500, 17)
    actual = h // 5 % 5 - 2
    predicted = np.where(h // 1000 % 10 < 5, actual, h // 11 % 5 - 2)
    return [str(a * 3000000000) for a in actual], [str(p * 3000000000) for p in predicted], h // 17 % 5 / 1.0


def same():
    """One class, always right."""
    _, h = rows(50, 19)
    return ['only'] * 50, ['only'] * 50, h % 3 / 1.0


def wrong():
    """Two classes, always the other one."""
    i, h = rows(60, 23)
    words = np.array(['a', 'b'])
    return words[i % 2].tolist(), words[1 - i % 2].tolist(), 1 + h % 3 / 1.0


def constant():
    """The commonest of three labels is predicted always."""
    _, h = rows(300, 29)
    words = np.array(['a', 'b', 'c'])
    return words[np.minimum(2, h % 10 // 4)].tolist(), ['b'] * 300, 1 + h % 3 / 1.0


SETS = {
    'million': (million, ['macro', 'weighted']),
    'uneven': (uneven_labels, ['macro', 'micro', 'weighted', 'binary:', 'binary:Yes', 'binary:z', 'binary:macro']),
    'binary': (binary, ['macro', 'micro', 'weighted', 'binary:true', 'binary:false']),
    'numbers': (numbers, ['macro', 'micro', 'weighted', 'binary:-6000000000', 'binary:0']),
    'same': (same, ['macro', 'micro', 'weighted', 'binary:only']),
    'wrong': (wrong, ['macro', 'micro', 'weighted', 'binary:a']),
    'constant': (constant, ['macro', 'micro', 'weighted', 'binary:a', 'binary:b']),
}


def specificity(y, z, average, w):
    labels = sorted(set(y) | set(z))
    table = m.multilabel_confusion_matrix(y, z, sample_weight=w, labels=labels)
    tn, fp = table[:, 0, 0], table[:, 0, 1]
    tp, fn = table[:, 1, 1], table[:, 1, 0]
    if average == 'micro':
        tn, fp = tn.sum(), fp.sum()
        return tn / (tn + fp) if tn + fp > 0 else 0.0
    each = np.divide(tn, tn + fp, out=np.zeros(len(labels)), where=tn + fp > 0)
    if average == 'macro':
        return each.mean()
    if average == 'weighted':
        return np.average(each, weights=tp + fn)
    return each[labels.index(average[len('binary:'):])]


def figures(y, z, w, averages):
    yield 'accuracy', '', m.accuracy_score(y, z, sample_weight=w)
    yield 'balanced_accuracy', '', m.balanced_accuracy_score(y, z, sample_weight=w)
    yield 'mcc', '', m.matthews_corrcoef(y, z, sample_weight=w)
    for average in averages:
        for name, function in (('precision', m.precision_score), ('recall', m.recall_score), ('f1', m.f1_score)):
            if average.startswith('binary:'):
                value = function(y, z, labels=[average[len('binary:'):]], average='macro', sample_weight=w, zero_division=0)
            else:
                value = function(y, z, average=average, sample_weight=w, zero_division=0)
            yield name, average, value
        yield 'specificity', average, specificity(y, z, average, w)


def main():
    out = csv.writer(sys.stdout, lineterminator='\n')
    out.writerow(['dataset', 'figure', 'average', 'weighted', 'value'])
    for name, (make, averages) in SETS.items():
        y, z, w = make()
        y, z = np.array(y), np.array(z)
        kept = w > 0
        weighted = list(figures(y[kept], z[kept], w[kept], averages))
        if set(y[kept]) | set(z[kept]) == set(y) | set(z):
            for (_, _, a), (_, _, b) in zip(weighted, figures(y, z, w, averages)):
                assert abs(a - b) <= 1e-13
        for how, values in (('f', figures(y, z, None, averages)), ('t', weighted)):
            for figure, average, value in values:
                out.writerow([name, figure, average, how, '%.17g' % value])


main()
