#!/usr/bin/python3
"""Writes test/data/golden_preprocess.csv: scikit-learn's imputers, scalers and encoders on telco_churn.csv.

    python3 test/data/make_golden_preprocess.py > test/data/golden_preprocess.csv

Made with scikit-learn 1.9.1 (TargetEncoder and rare levels of OrdinalEncoder want 1.4).  Fitted on the rows whose rid
is no multiple of 5; rows() below and test/sql/encoders.sql make the same columns: `contract` has two rare levels and
some that only test rows have, `payment` gaps.
"""
import csv
import os
import sys

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler,
                                   TargetEncoder)

HERE = os.path.dirname(os.path.abspath(__file__))
NUMBERS = ["tenure", "total_charges"]
SHOWN = list(range(1, 13)) + [488, 500, 701, 750, 1402]


def rows():
    with open(os.path.join(HERE, "telco_churn.csv"), newline="") as file:
        data = list(csv.DictReader(file))
    for row in data:
        rid = row["rid"] = int(row["rid"])
        if rid % 701 == 0:
            row["contract"] = "odd {}".format(rid % 2)
        elif rid % 250 == 0:
            row["contract"] = "only {}".format(rid)
        row["payment"] = None if row["payment_method"] == "Mailed check" else row["payment_method"]
    return data


def out(way, column, rids, values):
    for rid, value in zip(rids, values):
        if rid in SHOWN:
            writer.writerow([way, column, rid, repr(float(value))])


data = rows()
rid = np.array([row["rid"] for row in data])
train = rid % 5 != 0
texts = {name: np.array([row[name] for row in data], dtype=object).reshape(-1, 1) for name in ("contract", "payment")}
x = np.array([[float(row[name]) if row[name] else np.nan for name in NUMBERS] for row in data])
churn = np.array([row["churn"] == "Yes" for row in data]).astype(int)
charges = np.array([float(row["monthly_charges"]) for row in data])
service = np.array([row["internet_service"] for row in data])
writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerow(["way", "column", "rid", "value"])

low, high = np.nanquantile(x[train], [0.05, 0.9], axis=0)
for way, values, imputer, scaler in (
        ("standard", x, SimpleImputer(), StandardScaler()),
        ("minmax", x, SimpleImputer(strategy="median"), MinMaxScaler()),
        ("robust", x, SimpleImputer(strategy="most_frequent"), RobustScaler()),
        ("clipped", np.clip(x, low, high), SimpleImputer(strategy="constant", fill_value=-1), StandardScaler())):
    z = scaler.fit(imputer.fit_transform(values[train])).transform(imputer.transform(values))
    for j, name in enumerate(NUMBERS):
        out(way, name, rid, z[:, j])

for way, options in (("onehot", {"handle_unknown": "ignore"}),
                     ("rare", {"handle_unknown": "infrequent_if_exist", "min_frequency": 100}),
                     ("rare_share", {"handle_unknown": "infrequent_if_exist", "min_frequency": 0.01})):
    for name, column in texts.items():
        encoder = OneHotEncoder(**options).fit(column[train])
        z = encoder.transform(column).toarray()
        for j, level in enumerate(encoder.get_feature_names_out(["x"])):
            level = {"x_None": "(null)", "x_infrequent_sklearn": "(rare)"}.get(level, level[2:])
            out(way, "{}={}".format(name, level), rid, z[:, j])

# missing is -1 here, a category or NaN there
for way, options in (("ordinal", {}), ("ordinal_rare", {"min_frequency": 100})):
    for name, column in texts.items():
        known = np.array([v is not None for v in column[:, 0]])
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, **options)
        z = np.full(len(rid), -1.0)
        z[known] = encoder.fit(column[train & known]).transform(column[known])[:, 0]
        out(way, name, rid, z)

for way, y, kind, smooth in (("target", churn, "binary", 20.0), ("target_auto", churn, "binary", "auto"),
                             ("target_number", charges, "continuous", 20.0),
                             ("target_number_auto", charges, "continuous", "auto"),
                             ("target_classes", service, "multiclass", 5.0)):
    for name, column in texts.items():
        encoder = TargetEncoder(target_type=kind, smooth=smooth).fit(column[train], y[train])
        z = encoder.transform(column)
        for j in range(z.shape[1]):
            out(way, name if z.shape[1] == 1 else "{} target={}".format(name, encoder.classes_[j]), rid, z[:, j])
