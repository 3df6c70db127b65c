#!/usr/bin/python3
"""Writes test/unit/golden_dist.h: figures of scipy for the distribution functions.

    python3 test/data/make_golden_dist.py > test/unit/golden_dist.h

scipy's own routines lose digits in some tails, so each figure is checked
here against a second computation with 160 digits (decimal: series with all
terms positive, or the finite sums that exist for whole degrees of freedom)
wherever one is listed; a row whose two figures differ by more than 1e-12 is
replaced by the second.  Made with scipy 1.10.1.
"""
from decimal import Decimal as D, getcontext
import sys
import scipy
from scipy import special, stats

getcontext().prec = 160
getcontext().Emax = 10**9
getcontext().Emin = -10**9


def gamma_half(twice):
    """Gamma(twice / 2) for a whole number."""
    g, k = (D(1), 2) if twice % 2 == 0 else (pi_digits(getcontext().prec + 10).sqrt(), 1)
    while k < twice:
        g, k = g * D(k) / 2, k + 2
    return g


def series(first, ratio):
    """first * (1 + r1 + r1 r2 + ...), ratio(k) > 0 and below 1 in the end."""
    total = term = first
    k = 1
    while True:
        r = ratio(k)
        term *= r
        total += term
        if r < 1 and term / (1 - r) <= total * D(10) ** (10 - getcontext().prec):
            return total
        k += 1


def beta_p(twice_a, twice_b, x, y):
    """I_x(a, b) by x^a y^b / (a B) * sum of (a + b)_k / (a + 1)_k x^k (all positive)."""
    a, b, x, y = D(twice_a) / 2, D(twice_b) / 2, D(x), D(y)
    front = x ** a * y ** b * gamma_half(twice_a + twice_b) / (gamma_half(twice_a) * gamma_half(twice_b) * a)
    return series(front, lambda k: (a + b + k - 1) * x / (a + k))


def row(*v):
    return '\t{' + ', '.join('%.17g' % float(x) for x in v) + '},'


def pick(scipys, exact, what):
    if exact == 0 or abs(D(float(scipys)) / exact - 1) > D('1e-12'):
        print('%s: scipy %.17g, exact %.17g' % (what, scipys, exact), file=sys.stderr)
        return float(exact)
    return float(scipys)


out = []


def table(name, width, rows):
    out.append('static const double %s[][%d] = {' % (name, width))
    out.extend(rows)
    out.append('};\n')


def pi_digits(prec):
    """Machin."""
    old = getcontext().prec
    getcontext().prec = prec + 10

    def arctan_inverse(n):
        total = term = D(1) / n
        k = 1
        while abs(term) > D(10) ** -(prec + 8):
            term = -term / (n * n)
            k += 2
            total += term / k
        return total
    r = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))
    getcontext().prec = old
    return +r


def sqrt_half_times(x, prec):
    old = getcontext().prec
    getcontext().prec = prec
    r = D(x) / D(2).sqrt()
    getcontext().prec = old
    return r


def norm_sf(x):
    prec = 60 + int(x * x * 0.45) + 20
    return erfc_exact_of(sqrt_half_times(x, prec), prec) / 2


def erfc_exact_of(z, prec):
    getcontext().prec = prec
    pi = pi_digits(prec)
    total = term = z
    k = 0
    while True:
        k += 1
        term *= 2 * z * z / (2 * k + 1)
        total += term
        if term <= total * D(10) ** -(prec - 2) and 2 * z * z < k:
            break
    r = 1 - 2 / pi.sqrt() * (-z * z).exp() * total
    getcontext().prec = 160
    return +r


table('golden_norm_sf', 2, [row(x, pick(stats.norm.sf(x), norm_sf(x), 'norm_sf %g' % x))
                            for x in (0.0, 1e-8, 0.25, 0.5, 1.0, 1.5, 1.96, 2.5, 3.0, 4.0, 5.5, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0, 37.0)])
table('golden_norm_cdf', 2, [row(x, stats.norm.cdf(x)) for x in (-8.0, -3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0, 8.0)])
table('golden_norm_ppf', 2, [row(p, special.ndtri(p)) for p in
                             (1e-300, 1e-100, 1e-30, 1e-16, 1e-10, 1e-5, 0.001, 0.01, 0.025, 0.05, 0.074, 0.076, 0.1, 0.25,
                              0.4, 0.499999, 0.5, 0.500001, 0.6, 0.75, 0.9, 0.924, 0.926, 0.95, 0.975, 0.99, 0.999, 0.9999999)])

# chi-square: (x, df, Q); odd df by 1 - P with digits enough
def chi2_sf(x, df):
    getcontext().prec = 60 + int(x / 2 * 0.45) + 20
    a, h = D(df) / 2, D(x) / 2
    if df % 2 == 0:
        q, term = D(0), (-h).exp()
        for k in range(df // 2):
            q, term = q + term, term * h / (k + 1)
    else:
        g, k = pi_digits(getcontext().prec).sqrt(), 1
        while k < df:
            g, k = g * D(k) / 2, k + 2
        total = term = (-h).exp() * h ** a / (a * g)
        k = 1
        while term > total * D(10) ** -(getcontext().prec - 3) or h > a + k:
            term *= h / (a + k)
            total += term
            k += 1
        q = 1 - total
    getcontext().prec = 160
    return +q


rows = []
for df in (1, 2, 3, 4, 5, 9, 10, 31, 50, 99, 200, 999):
    for x in (1e-10, 0.001, 0.3, 1.0, 2.0, 5.0, 9.0, 20.0, 55.0, 100.0, 210.0, 500.0, 900.0, 1050.0, 1300.0):
        q = stats.chi2.sf(x, df)
        if q > 1e-300:
            rows.append(row(x, df, pick(q, chi2_sf(x, df), 'chi2_sf %g %g' % (x, df))))
table('golden_chi2_sf', 3, rows)

rows = []
for a in (0.01, 0.1, 0.3, 0.5, 0.9, 1.0, 1.5, 2.7, 8.0, 15.9, 16.1, 40.0, 123.4, 1000.0, 30000.0):
    for r in (1e-6, 0.01, 0.2, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 1.5, 3.0, 10.0):
        x = a * r
        p, q = special.gammainc(a, x), special.gammaincc(a, x)
        if p > 1e-300 and q > 1e-300:
            rows.append(row(a, x, p, q))
table('golden_gamma', 4, rows)


def t_sf2(t, df):
    """2 P(T > t): I_x(df/2, 1/2)."""
    t2 = D(t) * D(t)
    x = D(df) / (D(df) + t2)
    if x < D('0.7'):
        return beta_p(df, 1, x, t2 / (D(df) + t2))
    return 1 - beta_p(1, df, t2 / (D(df) + t2), x)


rows = []
for df in (1, 2, 3, 4, 7, 10, 30, 99, 100, 1000, 20000):
    for t in (0.0, 1e-6, 0.1, 0.5, 1.0, 1.7, 2.0, 2.6, 4.0, 8.0, 15.0, 40.0, 300.0, 1e6):
        s = 2 * stats.t.sf(t, df)
        if s > 1e-290:
            e = t_sf2(t, df)
            rows.append(row(t, df, pick(s, e, 't_sf2 %g %g' % (t, df))))
table('golden_t_sf2', 3, rows)


def f_sf(v, d1, d2):
    n = D(d2) + D(d1) * D(v)
    x, y = D(d2) / n, D(d1) * D(v) / n
    if x < D('0.7'):
        return beta_p(d2, d1, x, y)
    return 1 - beta_p(d1, d2, y, x)


rows = []
for d1, d2 in ((1, 1), (1, 5), (2, 3), (3, 10), (5, 2), (7, 40), (10, 10), (27, 1000), (100, 50), (500, 900)):
    for v in (1e-6, 0.01, 0.3, 0.8, 1.0, 1.2, 2.0, 4.0, 10.0, 40.0, 1000.0, 1e6):
        s = stats.f.sf(v, d1, d2)
        if s > 1e-290:
            rows.append(row(v, d1, d2, pick(s, f_sf(v, d1, d2), 'f_sf %g %g %g' % (v, d1, d2))))
table('golden_f_sf', 4, rows)

rows = []
for a, b in ((0.5, 0.5), (0.5, 7.0), (1.0, 1.0), (2.0, 3.0), (3.5, 0.7), (10.0, 90.0), (200.0, 300.0), (5000.0, 0.5), (4000.0, 6000.0)):
    for x in (1e-12, 0.001, 0.05, 0.25, 0.38, 0.4, 0.42, 0.5, 0.75, 0.984375, 0.9990234375):
        if 2 * a % 1 or 2 * b % 1:
            p = special.betainc(a, b, x)
            q = 1 - p if p < 0.1 else special.betainc(b, a, 1 - x)     # 1 - x rounds a small x away
        else:
            getcontext().prec = 500
            exact = beta_p(int(2 * a), int(2 * b), x, 1 - D(x))
            p, q = pick(special.betainc(a, b, x), exact, 'beta %g %g %g' % (a, b, x)), float(1 - exact)
            getcontext().prec = 160
        if p > 1e-290 and q > 1e-290:
            rows.append(row(a, b, x, p, q))
table('golden_beta', 5, rows)

print('/* golden_dist.h: made by test/data/make_golden_dist.py with scipy %s; do not edit. */' % scipy.__version__)
print('#ifndef GOLDEN_DIST_H\n#define GOLDEN_DIST_H\n')
print('\n'.join(out))
print('#endif')
