-- Training without naming an algorithm: gradient boosting, for any task, and what it says of little data.
CREATE SCHEMA test_algorithm_default;
SET search_path = test_algorithm_default, public;
SET mlops.progress = off;
\set SHOW_CONTEXT never
CREATE TABLE t AS SELECT i AS id, i % 40 AS a, nullif(i % 7, 3) AS b, 'g' || i % 5 AS g, (i % 40 + i % 7 * 4) > 32 AS y, i % 40 + sin(i) AS r, (ARRAY['x', 'y', 'z'])[1 + i % 40 / 14] AS c FROM generate_series(1, 1000) i;
ALTER TABLE t ADD PRIMARY KEY (id);
CREATE VIEW last_run AS SELECT v.task, r.valid_rows > 0 AS validated, r.train_rows + r.valid_rows + r.test_rows AS rows FROM mlops.runs r JOIN mlops.versions v USING (run_id) ORDER BY run_id DESC LIMIT 1;

-- two classes, three, numbers: validation rows choose the rounds
SELECT version, algorithm, metric, value > 0.95 AS good, stage FROM mlops_train('m', 'SELECT id, a, b, g, y FROM t', 'y', key => 'id');
SELECT task, validated, rows FROM last_run;
SELECT version, algorithm, metric, value < 0.2 AS good FROM mlops_train('three', 'SELECT id, a, b, g, c FROM t', 'c', key => 'id');
SELECT task, validated, rows FROM last_run;
SELECT version, algorithm, metric, value < 2 AS good FROM mlops_train('number', 'SELECT id, a, b, g, r FROM t', 'r', key => 'id');
SELECT task, validated, rows FROM last_run;
-- trained again, NULL is the default as well, whatever the version before was
SELECT version, algorithm FROM mlops_train('m', algorithm => 'logistic_regression');
SELECT version, algorithm FROM mlops_train('m', algorithm => NULL);
SELECT version, algorithm FROM mlops_train('m');
SELECT count(DISTINCT content) AS different FROM mlops.version_blobs JOIN mlops.versions USING (version_id) JOIN mlops.models USING (model_id) WHERE name = 'm' AND version <> 2;

-- thirty rows: it trains, says what they are worth, and answers
SELECT algorithm, train_rows, test_rows FROM mlops_train('small', 'SELECT id, a, g, y FROM t WHERE id <= 60 AND id % 2 = 0', 'y', key => 'id');
SELECT count(mlops_predict('small', t)) AS predicted, bool_and(mlops_predict('small', t) BETWEEN 0 AND 1) AS probabilities FROM t;
SELECT algorithm, train_rows, test_rows FROM mlops_train('small_number', 'SELECT id, a, g, r FROM t WHERE id <= 30', 'r', key => 'id');
SELECT count(mlops_predict('small_number', t)) AS predicted FROM t;
SELECT algorithm, train_rows, test_rows FROM mlops_train('one', 'SELECT id, a, r FROM t WHERE id = 7', 'r', key => 'id', config => '{"split": {"test": 0}}');
SELECT algorithm, train_rows, test_rows FROM mlops_train('two', 'SELECT id, a, y FROM t WHERE id IN (7, 30)', 'y', key => 'id', config => '{"split": {"test": 0}}');

-- refused before a row is read: the source would fail
\set broken '''SELECT id, 1 / (id - id) AS a, y FROM t'', ''y'', key => ''id'''
SELECT mlops_train('refused', :broken);
SELECT mlops_train('refused', :broken, params => '{"C": 0.1}');
SELECT mlops_train('refused', :broken, params => '{"learning_rat": 0.1}');
SELECT mlops_train('refused', :broken, params => '{"n_estimators": 0}');
SELECT mlops_train('refused', :broken, algorithm => 'gradient_bosting');
SELECT mlops_train('refused', :broken, algorithm => 'logistic_regression', config => '{"preprocess": {"numeric": {"encode": "onehot"}}}');
SELECT mlops_train('refused', 'SELECT id, ''k'' || 1 / (id - id) AS k, y FROM t', 'y', key => 'id', algorithm => 'logistic_regression', config => '{"preprocess": {"columns": {"k": {"encode": "native"}}}}');
SELECT mlops_train('refused', 'SELECT id, ''k'' || 1 / (id - id) AS k, y FROM t', 'y', key => 'id', config => '{"preprocess": {"columns": {"k": {"unknown": "rare"}}}}');
-- scales are left out: a column is seen as it is
SELECT algorithm FROM mlops_train('preprocessed', 't', 'y', config => '{"exclude": ["r", "c"], "preprocess": {"numeric": {"scale": "robust"}}}');
SELECT mlops_transform('preprocessed', '{"a": 3, "b": 1, "g": "x"}');
SELECT mlops_coefficients('m');

SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE name IN ('m', 'three', 'number', 'small', 'small_number', 'one', 'two', 'preprocessed') AND owner = current_user;
SET client_min_messages = error;
DROP SCHEMA test_algorithm_default CASCADE;
