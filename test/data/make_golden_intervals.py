#!/usr/bin/python3
"""Writes test/unit/golden_intervals.h: confidence intervals computed apart from the C code.

    python3 test/data/make_golden_intervals.py > test/unit/golden_intervals.h

Wilson's interval is scipy's; DeLong's variance is the definition of 1988 with all pairs at once; the
interval of a mean is scipy's normal one with the standard error of the mean.  Made with scipy 1.10.1.
"""
import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(11)


def array(name, v):
    lines, line = [], ''
    for word in ', '.join('%.17g' % x for x in v).split(' '):
        if len(line) + len(word) > 100:
            lines.append('\t' + line.rstrip())
            line = ''
        line += word + ' '
    lines.append('\t' + line.rstrip())
    print('static const double %s[] = {\n%s\n};' % (name, '\n'.join(lines)))


def delong(y, s):
    """Variance by the kernel of every pair (DeLong, DeLong, Clarke-Pearson 1988, equations 3 to 5)."""
    x, z = s[y == 1], s[y == 0]
    pairs = (x[:, None] > z) + 0.5 * (x[:, None] == z)
    return pairs.mean(), pairs.mean(axis=1).var(ddof=1) / len(x) + pairs.mean(axis=0).var(ddof=1) / len(z)


print('/* golden_intervals.h: made by test/data/make_golden_intervals.py with scipy %s; do not edit. */' % scipy.__version__)
print('#ifndef GOLDEN_INTERVALS_H\n#define GOLDEN_INTERVALS_H\n')

print('/* successes, n, low, high at 95 % */')
print('static const double golden_wilson[][4] = {')
for k, n in [(0, 1), (1, 1), (0, 10), (10, 10), (1, 10), (7, 10), (3, 29), (81, 263), (999, 1000), (123456, 1000000)]:
    ci = stats.binomtest(k, n).proportion_ci(0.95, 'wilson')
    print('\t{%d, %d, %.17g, %.17g},' % (k, n, ci.low, ci.high))
print('};\n')

y = (rng.random(300) < 0.35).astype(float)
s = np.round(1 / (1 + np.exp(-(1.2 * y - 0.7 + rng.normal(size=300)))), 2)      # with ties
auc, variance = delong(y, s)
array('golden_auc_y', y)
array('golden_auc_score', s)
print('static const double golden_auc_variance = %.17g;\n' % variance)

term = rng.exponential(size=200) * np.exp(rng.normal(size=200))
low, high = stats.norm.interval(0.95, loc=term.mean(), scale=stats.sem(term))
array('golden_term', term)
print('static const double golden_term_low = %.17g;' % low)
print('static const double golden_term_high = %.17g;\n' % high)
print('#endif')
