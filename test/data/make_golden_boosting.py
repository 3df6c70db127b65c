#!/usr/bin/python3
"""Writes test/data/golden_boosting.csv: XGBoost's figures on the test rows of two data sets.

    python3 test/data/make_golden_boosting.py > test/data/golden_boosting.csv

Made with XGBoost 1.7 (python3-xgboost of Debian 12).  The same parameters as in test/sql/boosting.sql: 100 trees of depth
6, learning rate 0.1, no sampling; texts as native categories.  Trees of two programs differ where gains are nearly
equal, and in their bins, so the test asks for figures within 0.01 of these.
"""
import csv
import os
import sys

import numpy as np
import xgboost as xgb
from sklearn.metrics import r2_score, roc_auc_score

HERE = os.path.dirname(os.path.abspath(__file__))
PARAMS = {'max_depth': 6, 'learning_rate': 0.1, 'min_child_weight': 1, 'reg_lambda': 1, 'tree_method': 'hist',
          'max_bin': 255, 'max_cat_to_onehot': 1, 'nthread': 1, 'seed': 0}


def read(name, target, drop):
    """Features (categories as codes), their types, targets, and which rows are test rows."""
    with open(os.path.join(HERE, name), newline='') as file:
        rows = list(csv.DictReader(file))
    columns, types = [], []
    for column in rows[0]:
        if column in drop + [target]:
            continue
        texts = [row[column] for row in rows]
        try:
            columns.append([float(t) if t else np.nan for t in texts])
            types.append('q')
        except ValueError:
            levels = sorted(set(t for t in texts if t))
            columns.append([levels.index(t) if t else np.nan for t in texts])
            types.append('c')
    test = np.array([int(row['rid']) % 5 == 0 for row in rows])
    return np.array(columns).T, types, np.array([row[target] for row in rows]), test


def predict(x, types, y, test, objective):
    learn = xgb.DMatrix(x[~test], y[~test], feature_types=types, enable_categorical=True)
    model = xgb.train(dict(PARAMS, objective=objective), learn, 100)
    return model.predict(xgb.DMatrix(x[test], feature_types=types, enable_categorical=True))


def main():
    out = csv.writer(sys.stdout, lineterminator='\n')
    out.writerow(['dataset', 'metric', 'value'])

    x, types, y, test = read('telco_churn.csv', 'churn', ['rid', 'customer_id'])
    y = y == 'Yes'
    out.writerow(['telco_churn', 'roc_auc',
                  '%.6f' % roc_auc_score(y[test], predict(x, types, y, test, 'binary:logistic'))])

    x, types, y, test = read('car_prices.csv', 'price', ['rid'])
    y = y.astype(float)
    out.writerow(['car_prices', 'r2', '%.6f' % r2_score(y[test], predict(x, types, y, test, 'reg:squarederror'))])


main()
