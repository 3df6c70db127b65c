#!/usr/bin/python3
"""Writes test/unit/golden_shap.h: trees of XGBoost, rows, and XGBoost's own contributions.

    /usr/bin/python3 test/data/make_golden_shap.py > test/unit/golden_shap.h

Two models of depth 8, 8 trees of a binary one and 9 of one of three classes, on four numbers with gaps.
XGBoost goes left when x < threshold in float32, the trees here when x <= threshold in float64: so
thresholds are written as the float32 before the one of XGBoost, and all values of rows are float32.
Covers are kept in units of 2^-20.  Contributions are of the margin, the bias last.
Made with xgboost 1.7.4.
"""
import json

import numpy as np
import xgboost

N, P = 110, 4
rng = np.random.default_rng(11)
X = rng.normal(0, 1, (N, P)).astype(np.float32).round(2)
X[rng.random((N, P)) < 0.15] = np.nan
filled = np.nan_to_num(X)
score = filled[:, 0] * filled[:, 1] + np.sin(3 * filled[:, 2]) + 0.3 * rng.normal(size=N)
target = {1: (score > 0).astype(int), 3: np.digitize(score, [-0.5, 0.5])}


def numbers(values, form):
    lines, line = [], ""
    for v in values:
        word = form % v
        if len(line) + len(word) > 105:
            lines.append("\t" + line.rstrip())
            line = ""
        line += word + ", "
    return ",\n".join(["\n".join(lines + ["\t" + line.rstrip(", ")])])


def flatten(tree):
    """Nodes in the order of a queue, so that children are neighbours behind their parent."""
    queue, out = [tree], []
    while queue:
        node = queue.pop(0)
        row = [-1, 0.0, 0, 0, node["cover"], 0.0]
        if "leaf" in node:
            row[5] = node["leaf"]
        else:
            child = {c["nodeid"]: c for c in node["children"]}
            threshold = np.float32(node["split_condition"])
            row = [int(node["split"][1:]), float(np.nextafter(threshold, np.float32(-np.inf))),
                   int(node["missing"] == node["yes"]), len(out) + 1 + len(queue), node["cover"], 0.0]
            queue += [child[node["yes"]], child[node["no"]]]
        out.append(row)
    return out


print("/*\n * golden_shap.h: written by test/data/make_golden_shap.py; do not edit.\n */")
print("#define GOLDEN_SHAP_P %d\n#define GOLDEN_SHAP_ROWS 20\n" % P)
print("typedef struct GoldenNode\n{\n\tint\t\t\tcolumn;\t\t\t/* -1 = leaf */\n\tdouble\t\tthreshold;\n"
      "\tint\t\t\tmissing_left;\n\tint\t\t\tleft;\n\tdouble\t\tcover;\n\tdouble\t\tvalue;\n} GoldenNode;\n")
rows = X[:20]
print("static const double golden_shap_x[] = {\n%s\n};\n"
      % numbers(["NAN" if np.isnan(v) else "%.9g" % v for v in rows.ravel()], "%s"))
for k in (1, 3):
    params = {"max_depth": 8, "eta": 0.3, "min_child_weight": 0.1, "tree_method": "exact", "base_score": 0.5,
              "objective": "binary:logistic" if k == 1 else "multi:softprob"}
    if k > 1:
        params["num_class"] = k
    booster = xgboost.train(params, xgboost.DMatrix(X, target[k]), 8 if k == 1 else 3)
    trees = [flatten(json.loads(t)) for t in booster.get_dump(dump_format="json", with_stats=True)]
    phi = booster.predict(xgboost.DMatrix(rows), pred_contribs=True)
    print("static const int golden_shap_nodes%d[] = {%s};\n" % (k, ", ".join(str(len(t)) for t in trees)))
    print("static const GoldenNode golden_shap_tree%d[] = {" % k)
    print(",\n".join("\t{%d, %.9g, %d, %d, %.9g, %.9g}" % tuple(n) for t in trees for n in t))
    print("};\n\n/* row by row%s: columns, bias */" % ("" if k == 1 else ", class by class"))
    print("static const double golden_shap_phi%d[] = {\n%s\n};\n" % (k, numbers(phi.ravel(), "%.9g")))
