-- Gradient boosting: figures beside XGBoost's (test/data/make_golden_boosting.py), kinds of labels and features,
-- early stopping, parameters and their errors.
CREATE SCHEMA test_boosting;
SET search_path = test_boosting, public;
SET mlops.progress = off;
SET client_min_messages = warning;
\getenv abs_srcdir PG_ABS_SRCDIR
\set golden :abs_srcdir '/data/golden_boosting.csv'
\set telco :abs_srcdir '/data/telco_churn.csv'
\set cars :abs_srcdir '/data/car_prices.csv'
CREATE TABLE golden (dataset text, metric text, value float8);
COPY golden FROM :'golden' WITH (FORMAT csv, HEADER true);
CREATE TABLE telco (rid integer PRIMARY KEY, customer_id text, gender text, senior_citizen integer, partner text, dependents text, tenure integer, phone_service text, multiple_lines text, internet_service text, online_security text, online_backup text, device_protection text, tech_support text, streaming_tv text, streaming_movies text, contract text, paperless_billing text, payment_method text, monthly_charges double precision, total_charges double precision, churn text);
COPY telco FROM :'telco' WITH (FORMAT csv, HEADER true);
CREATE TABLE cars (rid int PRIMARY KEY, price float8, mileage int, cylinder int, doors int, cruise int, sound int, leather int, buick int, cadillac int, chevy int, pontiac int, saab int, saturn int, convertible int, coupe int, hatchback int, sedan int, wagon int);
COPY cars FROM :'cars' WITH (FORMAT csv, HEADER true);
CREATE FUNCTION metric(model text, version int, split text, metric text) RETURNS float8 LANGUAGE sql AS $$
    SELECT m.value FROM mlops.run_metrics m JOIN mlops.versions v USING (run_id) JOIN mlops.models o USING (model_id)
    WHERE o.name = model AND v.version = metric.version AND m.split = metric.split AND m.key = metric.metric $$;
CREATE FUNCTION param(model text, version int, param text) RETURNS text LANGUAGE sql AS $$
    SELECT p.value FROM mlops.run_params p JOIN mlops.versions v USING (run_id) JOIN mlops.models o USING (model_id)
    WHERE o.name = model AND v.version = param.version AND p.key = param.param $$;

-- the parameters of the golden figures, under their other names
\set same '{"num_iterations": 100, "eta": 0.1, "max_depth": 6, "num_leaves": 0, "grow_policy": "depthwise", "min_child_samples": 1, "min_child_weight": 1, "lambda_l2": 1, "bagging_fraction": 1, "feature_fraction": 1, "n_iter_no_change": 0}'
SELECT version, algorithm, metric, train_rows, test_rows
FROM mlops_train('boost_telco', 'telco', 'churn', 'gradient_boosting', :'same', config => '{"split": {"test_where": "rid % 5 = 0"}, "exclude": ["customer_id"]}');
SELECT version, algorithm, metric, train_rows, test_rows
FROM mlops_train('boost_cars', 'cars', 'price', 'gradient_boosting', :'same', config => '{"split": {"test_where": "rid % 5 = 0"}}');
SELECT dataset, g.metric, abs(g.value - metric(CASE dataset WHEN 'car_prices' THEN 'boost_cars' ELSE 'boost_telco' END, 1, 'test', g.metric)) < 0.01 AS near_xgboost FROM golden g;
SELECT param('boost_telco', 1, 'iterations') AS iterations, param('boost_telco', 1, 'converged') AS converged, param('boost_telco', 1, 'solver') AS solver;

-- the same rows give the same bytes by any number of threads
SET mlops.threads = 1;
SELECT version FROM mlops_train('boost_telco', algorithm => 'gradient_boosting', params => '{"n_estimators": 15, "early_stopping_rounds": 0}');
SET mlops.threads = 3;
SELECT version FROM mlops_train('boost_telco', algorithm => 'gradient_boosting', params => '{"n_estimators": 15, "early_stopping_rounds": 0}');
RESET mlops.threads;
SELECT count(DISTINCT b.content) AS different FROM mlops.versions v JOIN mlops.version_blobs b USING (version_id) JOIN mlops.models m USING (model_id) WHERE m.name = 'boost_telco' AND version IN (2, 3);

-- defaults: validation rows are taken from those that learn, the best round is kept, all of them learn at the end
SELECT version, train_rows, test_rows FROM mlops_train('boost_telco', algorithm => 'gradient_boosting', params => '{}');
SELECT param('boost_telco', 4, 'iterations')::int BETWEEN 20 AND 500 AS stopped, param('boost_telco', 4, 'early_stopping_rounds') AS rounds,
    metric('boost_telco', 4, 'test', 'roc_auc') > 0.835 AS good, metric('boost_telco', 4, 'validation', 'roc_auc') > 0.8 AS chosen_by,
    metric('boost_telco', 4, 'test', 'log_loss') < metric('boost_telco', 1, 'test', 'log_loss') AS better_than_golden_parameters;
-- no validation rows: said, and all rounds are made
SET client_min_messages = warning;
SELECT version FROM mlops_train('boost_few', 'SELECT i, i % 2 AS a, i % 2 = 0 AS y FROM generate_series(1, 4) i', 'y', 'gradient_boosting', '{"n_estimators": 7}', key => 'i', config => '{"split": {"test": 0, "validation": 0.01}}');
SELECT param('boost_few', 1, 'iterations') AS iterations;

-- predictions by record, jsonb, text and batch are one number
SELECT bool_and(p = j AND p = t AND p = b.score) AS same, count(*)
FROM (SELECT rid, mlops_predict('boost_telco@4', s) AS p, mlops_predict('boost_telco@4', to_jsonb(s)) AS j, mlops_predict('boost_telco@4', to_jsonb(s)::text) AS t FROM telco s WHERE rid <= 200) a
JOIN mlops_predict_batch('boost_telco@4', 'SELECT * FROM telco WHERE rid <= 200', 'rid') b ON b.key = rid::text;
SELECT mlops_predict_label('boost_telco@4', s) AS label, round((mlops_predict_proba('boost_telco@4', s) ->> 'Yes')::numeric + (mlops_predict_proba('boost_telco@4', s) ->> 'No')::numeric, 12) AS proba FROM telco s WHERE rid = 1;

-- labels of any kind
CREATE TYPE grade AS ENUM ('low', 'middle', 'high');
CREATE TABLE kinds AS SELECT i AS id, sin(i) AS a, CASE WHEN i % 4 <> 0 THEN cos(i) END AS b, CASE WHEN i % 9 <> 0 THEN 'g' || i % 6 END AS g,
    sin(i) + (i % 6) * 0.3 > 0.7 AS flag, (sin(i) + (i % 6) * 0.3 > 0.7)::int AS number, CASE WHEN sin(i) + (i % 6) * 0.3 > 0.7 THEN 'yes' ELSE 'no' END AS word,
    (CASE WHEN sin(i) > 0.4 THEN 'high' WHEN i % 6 > 2 THEN 'middle' ELSE 'low' END)::grade AS class, floor(exp(sin(i) + (i % 6) * 0.2)) AS visits FROM generate_series(1, 1500) i;
\set quick '{"n_estimators": 25, "learning_rate": 0.3, "early_stopping_rounds": 0, "min_samples_leaf": 2}'
SELECT m.label, t.metric, t.value > 0.95 AS good FROM (VALUES ('flag'), ('word'), ('class')) m (label),
    LATERAL mlops_train('by_' || label, 'kinds', label, 'gradient_boosting', :'quick', 'a, b, g', key => 'id', config => '{"metric": "roc_auc"}') t;
SELECT t.metric, t.value > 0.95 AS good FROM mlops_train('by_number', 'kinds', 'number', 'gradient_boosting', :'quick', 'a, b, g', task => 'classification', key => 'id', config => '{"metric": "roc_auc"}') t;
SELECT id, mlops_predict_label('by_flag', k) AS flag, mlops_predict_label('by_number', k) AS number, mlops_predict_label('by_word', k) AS word, mlops_predict_label('by_class', k) AS class
FROM kinds k WHERE id IN (8, 9, 10) ORDER BY id;
-- texts and NULLs as they are; levels that training has not seen go with the missing ones, or with most rows
SELECT mlops_predict('by_flag', '{"a": 0.1, "b": null, "g": "new"}'::jsonb) = mlops_predict('by_flag', '{"a": 0.1, "b": null, "g": null}'::jsonb) AS unseen_is_missing,
    mlops_predict('by_flag', '{"a": null, "b": null, "g": null}'::jsonb) BETWEEN 0 AND 1 AS nothing_known;
SELECT count(*), bool_and(p BETWEEN 0 AND 1) FROM (SELECT mlops_predict('by_flag', jsonb_build_object('a', a, 'b', b, 'g', 'x' || id)) AS p FROM kinds) s;

-- every loss of numbers
SELECT l.loss, t.metric, metric('loss_' || l.loss, 1, 'test', 'r2') > 0.5 AS good
FROM unnest(ARRAY['auto', 'squared_error', 'absolute_error', 'huber', 'quantile', 'poisson']) l (loss),
    LATERAL mlops_train('loss_' || loss, 'kinds', 'visits', 'gradient_boosting', :'quick'::jsonb || jsonb_build_object('loss', loss, 'alpha', 0.6), 'a, b, g', task => 'regression', key => 'id') t;
SELECT min(mlops_predict('loss_poisson', k)) > 0 AS counts_are_positive FROM kinds k;
-- weights of rows and of classes
SELECT version FROM mlops_train('boost_weighted', 'SELECT *, CASE WHEN id % 50 = 0 THEN 0 ELSE 1 + id % 3 END AS w FROM kinds', 'flag', 'gradient_boosting', :'quick'::jsonb || '{"class_weight": "balanced"}', 'a, b, g', key => 'id', config => '{"sample_weight": "w"}');
SELECT version FROM mlops_train('boost_weighted', params => :'quick'::jsonb || '{"class_weight": {"true": 4}}', algorithm => 'gradient_boosting');
SELECT version FROM mlops_train('boost_weighted', params => :'quick'::jsonb || '{"scale_pos_weight": 4}', algorithm => 'gradient_boosting');
SELECT count(DISTINCT mlops_predict(r, k)) AS different FROM kinds k, unnest(ARRAY['boost_weighted@2', 'boost_weighted@3']) r WHERE id = 77;
-- monotone constraints hold, are stored and shown
SELECT version FROM mlops_train('boost_rising', 'kinds', 'visits', 'gradient_boosting', :'quick'::jsonb || '{"monotone_constraints": {"a": 1, "b": -1}}', 'a, b, g', task => 'regression', key => 'id');
SELECT param('boost_rising', 1, 'monotone_constraints');
SELECT bool_and(p >= before) AS rises, max(p) > min(p) AS at_all FROM (SELECT p, lag(p, 1, p) OVER (PARTITION BY g ORDER BY a) AS before
    FROM (SELECT g, a, mlops_predict('boost_rising', jsonb_build_object('a', a / 20.0, 'b', 0.3, 'g', 'g' || g)) AS p FROM generate_series(0, 5) g, generate_series(-20, 20) a) s) s;
-- 300 classes
SELECT version, metric, value > 0.8 AS good FROM mlops_train('boost_classes', 'SELECT i, (i % 300) / 20 AS a, (i % 300) % 20 AS b, ''class '' || i % 300 AS y FROM generate_series(1, 3000) i', 'y', 'gradient_boosting',
    '{"n_estimators": 6, "learning_rate": 0.3, "max_leaves": 8, "min_samples_leaf": 1, "min_child_weight": 0, "early_stopping_rounds": 0, "subsample": 1, "colsample_bytree": 1}', key => 'i', config => '{"metric": "accuracy", "split": {"test_where": "i % 7 = 0"}}');
SELECT mlops_predict_label('boost_classes', '{"a": 3, "b": 17}'::jsonb) AS label, (SELECT count(*) FROM jsonb_object_keys(mlops_predict_proba('boost_classes', '{"a": 3, "b": 17}'::jsonb))) AS classes;
-- odd data
CREATE TABLE odd (name text, x text);
INSERT INTO odd VALUES ('constant', '1.5'), ('huge', '(i - 100) * 1e300'), ('null', 'NULL::float8'), ('text', '''t'' || i % 3'), ('tiny', 'i * 1e-300'), ('two', 'i % 2');
SET client_min_messages = error;
SELECT o.name, t.metric FROM odd o,
    LATERAL mlops_train('odd_' || name, format('SELECT i, %s AS x, i %% 2 = 0 OR i %% 3 = 0 AS y FROM generate_series(1, 200) i', x), 'y', 'gradient_boosting', '{"n_estimators": 5, "early_stopping_rounds": 0}', key => 'i') t;
SELECT name, mlops_predict('odd_' || name, CASE name WHEN 'text' THEN '{"x": "t1"}' ELSE '{"x": 1}' END::jsonb) BETWEEN 0 AND 1 AS predicts FROM odd;
SELECT value = 0 AS exact FROM mlops_train('one_value', 'SELECT i, i AS x, 5.3 AS y FROM generate_series(1, 50) i', 'y', 'gradient_boosting', '{"n_estimators": 5, "early_stopping_rounds": 0}', key => 'i', task => 'regression', config => '{"metric": "rmse"}');
SET client_min_messages = warning;

-- sums of nodes take half of the memory that is left; those that are given up are made again: the same bytes
CREATE TABLE wide AS SELECT i AS id, ARRAY(SELECT sin(i * j) FROM generate_series(1, 250) j) AS v, sin(i) + sin(3 * i) > 0.2 AS y FROM generate_series(1, 400) i;
\set many '{"n_estimators": 4, "early_stopping_rounds": 0, "max_leaves": 0}'
SELECT version FROM mlops_train('wide_sums', 'wide', 'y', 'gradient_boosting', :'many', key => 'id');
SET mlops.max_training_memory = '16MB';
SELECT version FROM mlops_train('wide_sums', params => :'many');
RESET mlops.max_training_memory;
SELECT count(*) AS versions, count(DISTINCT content) AS contents FROM mlops.version_blobs JOIN mlops.versions USING (version_id) JOIN mlops.models USING (model_id) WHERE name = 'wide_sums';

-- elements of a vector are constrained one by one
SELECT version FROM mlops_train('wide_sums', params => '{"n_estimators": 2, "monotone_constraints": {"v[2]": 1, "v[250]": -1}}');
SELECT mlops_train('wide_sums', params => '{"monotone_constraints": {"v": 1}}');

-- more categories than bins: said, unless they are encoded
CREATE TABLE levels AS SELECT i AS id, 'c' || i % 400 AS c, i % 400 < 150 AS y FROM generate_series(1, 2000) i;
SELECT version FROM mlops_train('wide_levels', 'levels', 'y', 'decision_tree', key => 'id');
SELECT version, value > 0.9 AS good FROM mlops_train('wide_levels', algorithm => 'decision_tree', config => '{"preprocess": {"categorical": {"encode": "target"}}}');
SELECT string_agg(format('''x'' || id %% %s AS c%s', 4 + k, k), ', ' ORDER BY k) AS many FROM generate_series(1, 12) k \gset
SELECT version FROM mlops_train('wide_levels', algorithm => 'decision_tree', features => :'many', params => '{"max_bin": 3}');

-- errors
CREATE FUNCTION attempt(params jsonb, target text DEFAULT 'flag', source text DEFAULT 'kinds', task text DEFAULT NULL, config jsonb DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text;
BEGIN
    PERFORM mlops_train('wrong_' || target || coalesce(task, ''), source, target, 'gradient_boosting', params, 'a, b, g', task, 'id', config => config);
    RETURN 'no error';
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ': ' || message || coalesce(E'\n  detail: ' || nullif(detail, ''), '') || coalesce(E'\n  hint: ' || nullif(hint, ''), '');
END $$;
\pset format unaligned
\pset tuples_only on
SELECT p || E'\n  ' || attempt(p::jsonb) FROM unnest(ARRAY['{"loss": "poisson"}', '{"loss": "exponential"}', '{"loss": 1}', '{"alpha": 0}', '{"alpha": 1.1}', '{"n_estimators": 0}', '{"num_iterations": 1.5}', '{"max_iter": 100001}',
    '{"learning_rate": 0}', '{"eta": 11}', '{"max_leaves": 1}', '{"max_leaves": -1}', '{"num_leaves": 131073}', '{"max_depth": 513}', '{"grow_policy": "best"}', '{"min_samples_leaf": 0}', '{"min_child_weight": -1}', '{"reg_lambda": -1}', '{"reg_alpha": -1}',
    '{"gamma": -0.1}', '{"subsample": 0}', '{"colsample_bytree": 1.1}', '{"colsample_bynode": 0}', '{"max_bin": 1}', '{"max_bin": 256}', '{"early_stopping_rounds": -1}', '{"scale_pos_weight": 0}', '{"eta": 0.1, "learning_rate": 0.2}', '{"learning_rat": 0.1}',
    '{"scale_pos_weight": 2, "class_weight": "balanced"}', '{"class_weight": "even"}', '{"class_weight": {"maybe": 2}}', '{"class_weight": {"true": 0}}',
    '{"monotone_constraints": 1}', '{"monotone_constraints": [1]}', '{"monotone_constraints": {"a": 2}}', '{"monotone_constraints": {"a": 0.5}}', '{"monotone_constraints": {"a": "up"}}', '{"monotone_constraints": {"z": 1}}', '{"monotone_constraints": {"g": 1}}']) p;
SELECT attempt('{"monotone_constraints": {"g": 0}, "n_estimators": 2}');
SELECT attempt('{"class_weight": null, "n_estimators": 2}');
SELECT attempt('{"monotone_constraints": null, "n_estimators": 2}');
SELECT attempt('{"loss": "log_loss"}', 'visits', task => 'regression');
SELECT attempt('{"scale_pos_weight": 2}', 'visits', task => 'regression');
SELECT attempt('{"scale_pos_weight": 2}', 'class');
SELECT attempt('{"class_weight": "balanced"}', 'visits', task => 'regression');
SELECT attempt('{"loss": "poisson"}', 'v', 'SELECT id, a, b, g, -1.5 AS v FROM kinds', 'regression');
SELECT attempt('{"loss": "poisson"}', 'v', 'SELECT id, a, b, g, 0.0 AS v FROM kinds', 'regression');
SELECT attempt('{}', 'v', 'SELECT id, a, b, g, 1e300 * a AS v FROM kinds', 'regression');
SELECT attempt('{}', 'v', 'SELECT id, a, b, g, 1e90 * a AS v, 1e250 AS w FROM kinds', 'regression', '{"sample_weight": "w"}');
SELECT attempt('{"n_estimators": 3}', 'v', 'SELECT id, a, b, g, 1e100 * a AS v FROM kinds', 'regression');
SELECT attempt('{}', 'flag', 'SELECT id, a, b, g, flag AND id % 5 = 0 AS flag FROM kinds', config => '{"split": {"test_where": "id % 5 = 0"}}');
SET mlops.max_training_memory = '1MB';
SELECT regexp_replace(attempt('{}'), '[0-9]+ (bytes|kB|MB)', 'N \1', 'g');
RESET mlops.max_training_memory;
SELECT count(mlops_drop_model(name)) > 0 AS dropped FROM mlops.models
WHERE name ~ '^(boost_|by_|wrong_|odd_|loss_|one_value$|wide_sums$|wide_levels$)' AND owner = current_user;
