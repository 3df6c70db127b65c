#!/usr/bin/python3
"""Writes test/unit/golden_trees.h: 120 rows and scikit-learn's decision trees, pruned and not.

    /usr/bin/python3 test/data/make_golden_trees.py > test/unit/golden_trees.h

1e-12 prunes what rounding alone splits there: classes that are pure but for the sum of their weights.
Columns have few distinct values, so bins lose nothing; weights are arbitrary, so no two splits gain the
same, and each tree is checked to say the same for several random states.
Made with numpy 1.24.2, scikit-learn 1.2.1.
"""
import textwrap

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

N = 120
rng = np.random.default_rng(11)
x = rng.integers(0, 30, (3, N)).astype(float)
signal = x[0] / 10 + (x[1] > 12) * (x[2] / 15 - 1)
number = np.round(signal + rng.normal(0, 0.4, N), 4)
binary = (signal + rng.normal(0, 0.5, N) > 1.4).astype(int)
multi = np.digitize(signal + rng.normal(0, 0.4, N), [0.9, 1.8])
weight = np.round(rng.uniform(0.5, 2, N), 4)


def listed(values):
    return textwrap.fill("{" + ", ".join("{:.17g}".format(v) for v in values) + "}", 100, break_long_words=False,
                         break_on_hyphens=False)


def fitted(task, criterion, alpha, leaf):
    y = {"ML_REGRESSION": number, "ML_BINARY": binary, "ML_MULTICLASS": multi}[task]
    make = DecisionTreeRegressor if task == "ML_REGRESSION" else DecisionTreeClassifier
    trees = [make(criterion=criterion, ccp_alpha=alpha, min_samples_leaf=leaf, random_state=s).fit(x.T, y, weight)
             for s in range(8)]
    tree = trees[0]
    say = (lambda t: t.predict(x.T)) if task == "ML_REGRESSION" else (lambda t: t.predict_proba(x.T)[:, 1])
    assert all(np.allclose(say(t), say(tree), rtol=0, atol=1e-12) for t in trees)
    # where columns part a node alike, chance decides which one it is
    same = all(np.allclose(t.feature_importances_, tree.feature_importances_, rtol=0, atol=1e-12) for t in trees)
    importance = listed(tree.feature_importances_) if same else "{NAN, NAN, NAN}"
    return "\t{{{}, \"{}\", {:.17g}, {}, {},\n\t{},\n\t{}}},".format(
        task, criterion, alpha, leaf, tree.get_n_leaves(), importance, listed(say(tree)))


print("/* golden_trees.h: written by test/data/make_golden_trees.py; not edited by hand. */")
print("#ifndef GOLDEN_TREES_H\n#define GOLDEN_TREES_H\n")
print("#define GOLDEN_TREE_N {}\n".format(N))
for i in range(3):
    print("static const double golden_tree_x{}[] =\n{};".format(i, listed(x[i])))
for name, values in (("number", number), ("binary", binary), ("multi", multi), ("weight", weight)):
    print("static const double golden_tree_{}[] =\n{};".format(name, listed(values)))
print("""
static const struct
{
	MlTaskKind	task;
	const char *criterion;
	double		alpha;
	int			min_samples_leaf;
	int			leaves;
	double		importance[3];	/* NAN: not the same for every random state */
	double		prediction[GOLDEN_TREE_N];	/* of classes: probability of class 1 */
}			golden_tree[] = {""")
for task, criteria, alphas in (("ML_REGRESSION", ["squared_error"], [0, 0.002, 0.01, 0.05, 0.5]),
                               ("ML_BINARY", ["gini", "entropy"], [1e-12, 0.003, 0.01, 0.05]),
                               ("ML_MULTICLASS", ["gini", "entropy"], [1e-12, 0.004, 0.012, 0.06])):
    for criterion in criteria:
        for alpha in alphas:
            print(fitted(task, criterion, alpha, 4 if alpha < 1e-9 else 1))
print("};\n\n#endif")
