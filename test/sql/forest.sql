-- Decision trees and random forests.
CREATE SCHEMA test_forest;
SET search_path = test_forest, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\getenv abs_srcdir PG_ABS_SRCDIR
\set iris :abs_srcdir '/data/iris.csv'
\set diabetes :abs_srcdir '/data/diabetes.csv'
\set telco :abs_srcdir '/data/telco_churn.csv'
CREATE TABLE iris (rid int PRIMARY KEY, sepal_length_cm float8, sepal_width_cm float8, petal_length_cm float8, petal_width_cm float8, target text);
COPY iris FROM :'iris' WITH (FORMAT csv, HEADER true);
CREATE TABLE diabetes (rid int PRIMARY KEY, age float8, sex float8, bmi float8, bp float8, s1 float8, s2 float8, s3 float8, s4 float8, s5 float8, s6 float8, target float8);
COPY diabetes FROM :'diabetes' WITH (FORMAT csv, HEADER true);
CREATE TABLE telco (rid integer PRIMARY KEY, customer_id text, gender text, senior_citizen integer, partner text, dependents text, tenure integer, phone_service text, multiple_lines text, internet_service text, online_security text, online_backup text, device_protection text, tech_support text, streaming_tv text, streaming_movies text, contract text, paperless_billing text, payment_method text, monthly_charges double precision, total_charges double precision, churn text);
COPY telco FROM :'telco' WITH (FORMAT csv, HEADER true);

-- two classes, text columns and missing values as they are
SELECT version, algorithm, metric, value > 0.81 AS good, stage, detail ->> 'iterations' AS trees,
    (detail ->> 'oob_score')::float8 BETWEEN 0.77 AND 0.82 AS oob
FROM mlops_train('forest_telco', 'telco', 'churn', 'random_forest', config => '{"split": {"test_where": "rid % 5 = 0"}, "exclude": ["customer_id"]}');
SELECT r.key, r.split, r.value BETWEEN 0.77 AND 0.82 AS about FROM mlops.run_metrics r JOIN mlops.runs USING (run_id) JOIN mlops.models m USING (model_id)
WHERE m.name = 'forest_telco' AND r.key = 'oob_score';
SELECT p.key, p.value FROM mlops.run_params p JOIN mlops.runs USING (run_id) JOIN mlops.models m USING (model_id) WHERE m.name = 'forest_telco' ORDER BY p.key COLLATE "C";
SELECT min(p) >= 0 AND max(p) <= 1 AS probabilities, abs(avg(p) - avg((churn = 'Yes')::int)) < 0.01 AS calibrated
FROM (SELECT mlops_predict('forest_telco', t) AS p, churn FROM telco t WHERE rid % 5 = 0) s;
-- a level and a number that nobody has seen
SELECT mlops_predict('forest_telco', jsonb_set(to_jsonb(t), '{contract}', '"new"') || '{"tenure": null}') BETWEEN 0 AND 1 AS answered FROM telco t LIMIT 1;
-- class weights are taken out of the probability: what a leaf says is the share of its rows again
SELECT version FROM mlops_train('forest_telco', algorithm => 'decision_tree', params => '{"class_weight": "balanced"}');
SELECT abs(avg(p) - avg((churn = 'Yes')::int)) < 1e-9 AS shares, count(DISTINCT p) > 20 AS leaves
FROM (SELECT mlops_predict('forest_telco@2', t) AS p, churn FROM telco t WHERE rid % 5 <> 0) s;
SELECT version FROM mlops_train('forest_telco', algorithm => 'random_forest', params => '{"n_estimators": 10, "class_weight": {"Yes": 3}}');

-- the same rows and seed give the same bytes whatever the threads; another seed does not
SET mlops.threads = 1;
SELECT version FROM mlops_train('forest_iris', 'iris', 'target', 'random_forest', '{"n_estimators": 20}');
SET mlops.threads = 3;
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"n_estimators": 20}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"n_estimators": 20}', seed => 7);
RESET mlops.threads;
SELECT b.content = lag(b.content) OVER (ORDER BY v.version) AS same FROM mlops.version_blobs b JOIN mlops.versions v USING (version_id) JOIN mlops.models m USING (model_id)
WHERE m.name = 'forest_iris' ORDER BY v.version;
SELECT rid, mlops_predict_label('forest_iris', i) AS label, target FROM iris i WHERE rid IN (5, 60, 110, 120);
SELECT round(sum(value::numeric), 9) AS one FROM iris i, jsonb_each_text(mlops_predict_proba('forest_iris', i)) WHERE rid = 70;

-- numbers
SELECT algorithm, metric, value BETWEEN 50 AND 65 AS good, (detail ->> 'oob_score')::float8 BETWEEN 0.3 AND 0.6 AS oob
FROM mlops_train('forest_diabetes', 'diabetes', 'target', 'random_forest', config => '{"split": {"test_where": "rid % 5 = 0"}}');
SELECT f.name, importance > 0.2 AS large FROM mlops.version_features f JOIN mlops.versions USING (version_id) JOIN mlops.models m USING (model_id)
WHERE m.name = 'forest_diabetes' AND role = 'feature' ORDER BY importance DESC LIMIT 2;
SELECT round(sum(importance)::numeric, 9) AS one FROM mlops.version_features JOIN mlops.versions USING (version_id) JOIN mlops.models m USING (model_id)
WHERE m.name = 'forest_diabetes' AND role = 'feature';

-- one tree; a leaf says the mean of its rows, whatever their size
SELECT algorithm, metric, value BETWEEN 50 AND 70 AS good, detail ? 'oob_score' AS oob
FROM mlops_train('forest_diabetes', algorithm => 'decision_tree', params => '{"max_depth": 3}');
SELECT count(DISTINCT p) AS leaves, abs(avg(p) - avg(target)) < 1e-9 AS means
FROM (SELECT mlops_predict('forest_diabetes@2', d) AS p, target FROM diabetes d WHERE rid % 5 <> 0) s;
SELECT version FROM mlops_train('forest_diabetes', algorithm => 'decision_tree', params => '{"max_depth": 3, "ccp_alpha": 500}');
SELECT count(DISTINCT mlops_predict('forest_diabetes@3', d)) AS leaves FROM diabetes d;
SELECT version FROM mlops_train('forest_iris', algorithm => 'decision_tree', params => '{"criterion": "entropy"}');
CREATE TABLE odd AS SELECT i AS x, CASE WHEN i > 30 THEN 1e99 ELSE -1e-99 END AS y FROM generate_series(1, 60) i;
SELECT version FROM mlops_train('forest_odd', 'odd', 'y', 'decision_tree', config => '{"split": {"test": 0}}');
SELECT x, mlops_predict('forest_odd', o) AS p FROM odd o WHERE x IN (1, 60) ORDER BY x;

-- parameters
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"max_features": "log2", "n_estimators": 2, "bootstrap": false}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"max_features": 2, "n_estimators": 2, "max_samples": 0.5, "max_leaf_nodes": 4}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"max_features": "cube"}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"max_features": true}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"max_features": 0}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"max_features": 1.5}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"bootstrap": false, "max_samples": 0.5}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'random_forest', params => '{"criterion": "squared_error"}');
SELECT version FROM mlops_train('forest_diabetes', algorithm => 'random_forest', params => '{"criterion": "gini"}');
SELECT version FROM mlops_train('forest_diabetes', algorithm => 'decision_tree', params => '{"class_weight": "balanced"}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'decision_tree', params => '{"max_leaves": 1}');
SELECT version FROM mlops_train('forest_iris', algorithm => 'decision_tree', params => '{"ccp_alpha": -1}');

-- a limit is told after the first trees, not after the last; before them when trees of one leaf would be too large
SET mlops.max_model_size = '64kB';
DO $$
DECLARE
    name text;
    trees int;
BEGIN
    FOREACH name IN ARRAY ARRAY['random_forest', 'gradient_boosting'] LOOP
        FOREACH trees IN ARRAY ARRAY[1000, 100000] LOOP
            BEGIN
                PERFORM mlops_train('forest_diabetes', algorithm => name,
                    params => jsonb_build_object('n_estimators', trees, 'min_samples_leaf', 1) || CASE name WHEN 'gradient_boosting' THEN '{"early_stopping_rounds": 0}' ELSE '{}' END::jsonb);
            EXCEPTION WHEN program_limit_exceeded THEN
                RAISE WARNING '%, % trees: %', name, trees, regexp_replace(SQLERRM, 'needs \d+ kB', 'needs … kB');
            END;
        END LOOP;
    END LOOP;
END $$;
SELECT version FROM mlops_train('forest_diabetes', algorithm => 'random_forest', params => '{"n_estimators": 100000}');
RESET mlops.max_model_size;

-- explanations of many classes cost much: fewer rows are explained, and training ends
CREATE TABLE many AS SELECT i AS id, 'k' || i % 300 AS y, sin(i * 1.7 + i % 300) AS a, cos(i % 300) + sin(i * 0.3) * 0.2 AS b FROM generate_series(1, 3000) i;
SELECT version FROM mlops_train('forest_many', 'many', 'y', 'random_forest', '{"n_estimators": 5, "min_samples_leaf": 1}', key => 'id');
SELECT count(*), bool_and((detail ->> 'rows')::int BETWEEN 1 AND 49) AS few_rows, bool_and(importance > 0) AS positive FROM mlops_feature_importance('forest_many', 'shap');
-- shuffling 1,000 columns before 900 deep trees costs too much for figures about a training: they are left out
SELECT 'SELECT i AS id, i % 3 = 0 OR sin(i) > 0.5 AS y, ' || string_agg(format('sin(i * %s) AS f%s', 1 + k / 7.0, k), ', ') || ' FROM generate_series(1, 300) i' AS wide FROM generate_series(1, 1000) k \gset
\set ECHO none
SELECT version FROM mlops_train('forest_wide', :'wide', 'y', 'random_forest', '{"n_estimators": 900, "min_samples_leaf": 1, "max_features": 10}', key => 'id');
\set ECHO all
SELECT count(*) AS figures FROM mlops_feature_importance('forest_wide', 'gain');
SELECT count(*) AS figures FROM mlops_feature_importance('forest_wide', 'permutation');

DROP SCHEMA test_forest CASCADE;
SELECT mlops_drop_model(name) FROM mlops.models WHERE name LIKE 'forest\_%';
