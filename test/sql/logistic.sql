-- Logistic regression against golden figures (test/data/make_golden.py).
CREATE SCHEMA test_logistic;
SET search_path = test_logistic, public;
SET client_min_messages = warning;
\getenv abs_srcdir PG_ABS_SRCDIR
\set golden :abs_srcdir '/data/golden_logistic.csv'
\set iris :abs_srcdir '/data/iris.csv'
\set telco :abs_srcdir '/data/telco_churn.csv'
CREATE TABLE golden_logistic (dataset text, penalty text, class text, term text, value float8, std_error float8);
COPY golden_logistic FROM :'golden' WITH (FORMAT csv, HEADER true);
CREATE TABLE iris (rid int PRIMARY KEY, sepal_length_cm float8, sepal_width_cm float8, petal_length_cm float8, petal_width_cm float8, target text);
COPY iris FROM :'iris' WITH (FORMAT csv, HEADER true);
CREATE TABLE telco (rid integer PRIMARY KEY, customer_id text, gender text, senior_citizen integer, partner text, dependents text, tenure integer, phone_service text, multiple_lines text, internet_service text, online_security text, online_backup text, device_protection text, tech_support text, streaming_tv text, streaming_movies text, contract text, paperless_billing text, payment_method text, monthly_charges double precision, total_charges double precision, churn text);
COPY telco FROM :'telco' WITH (FORMAT csv, HEADER true);

-- binary, l2
SELECT version, algorithm, metric, round(value::numeric, 6) AS value, stage, train_rows, test_rows
FROM mlops_train('telco', 'telco', 'churn', 'logistic_regression', config => '{"split": {"test_where": "rid % 5 = 0"}, "exclude": ["customer_id"]}');
SELECT count(*), max(abs(c.coefficient - g.value)) < 1e-6 AS within FROM golden_logistic g
JOIN mlops_coefficients('telco') c ON g.term = c.feature || coalesce('=' || c.level, '') WHERE g.dataset = 'telco_churn' AND g.penalty = 'l2';
SELECT max(abs(p - g.value)) < 1e-9 AS probabilities FROM golden_logistic g
JOIN (SELECT row_number() OVER (ORDER BY rid) AS i, mlops_predict('telco', t) AS p FROM telco t WHERE rid % 5 = 0) s ON g.term = '(test ' || i || ')';
SELECT r.key, round(value::numeric, 6) AS value FROM mlops.run_metrics r JOIN mlops.runs USING (run_id) JOIN mlops.models m USING (model_id)
WHERE m.name = 'telco' AND split = 'test' ORDER BY r.key COLLATE "C";

-- unpenalised: aliased columns are named, the others have standard errors
SET client_min_messages = notice;
SELECT version FROM mlops_train('telco', algorithm => 'logistic_regression', params => '{"penalty": "none"}');
SET client_min_messages = warning;
SELECT c.feature || '=' || c.level AS aliased FROM mlops_coefficients('telco@2') c WHERE coefficient IS NULL;
SELECT count(*), max(abs(c.coefficient_raw - g.value) / g.std_error) < 1e-6 AS coefficients, max(abs(c.std_error / g.std_error - 1)) < 1e-6 AS errors
FROM golden_logistic g JOIN mlops_coefficients('telco@2') c ON g.term = c.feature || coalesce('=' || c.level, '')
WHERE g.dataset = 'telco_churn' AND g.penalty = 'none' AND g.value IS NOT NULL;

-- multinomial
SELECT algorithm, metric, round(value::numeric, 6) AS value FROM mlops_train('iris', 'iris', 'target', 'logistic_regression', config => '{"split": {"test_where": "rid % 5 = 0"}}');
SELECT count(*), max(abs(c.coefficient - g.value)) < 1e-6 AS within FROM golden_logistic g
JOIN mlops_coefficients('iris') c ON g.term = c.feature AND g.class = c.class WHERE g.dataset = 'iris';
SELECT rid, mlops_predict_label('iris', i) AS label, target FROM iris i WHERE rid IN (5, 60, 110, 120);

-- l1 drives coefficients to exactly zero; elastic net lies between
SELECT version FROM mlops_train('telco', algorithm => 'logistic_regression', params => '{"penalty": "l1", "C": 0.02}');
SELECT version FROM mlops_train('telco', algorithm => 'logistic_regression', params => '{"penalty": "elasticnet", "C": 0.02, "l1_ratio": 0.3}');
SELECT v, count(*) FILTER (WHERE coefficient = 0) AS zeros, count(*) FILTER (WHERE coefficient <> 0) AS others
FROM generate_series(2, 4) v, mlops_coefficients('telco@' || v) WHERE feature <> '(intercept)' GROUP BY v ORDER BY v;

-- class weights: probabilities are taken back to the natural odds, labels are those of the weighted fit
SELECT version FROM mlops_train('telco', algorithm => 'logistic_regression', params => '{"class_weight": "balanced"}');
SELECT version FROM mlops_train('telco', algorithm => 'logistic_regression', params => '{"class_weight": "balanced"}', config => '{"calibration": "none"}');
SELECT abs(avg(mlops_predict('telco@5', t)) - avg((churn = 'Yes')::int)) < 0.02 AS calibrated,
    avg(mlops_predict('telco@6', t)) - avg((churn = 'Yes')::int) > 0.1 AS raw_is_not,
    count(*) FILTER (WHERE mlops_predict_label('telco@5', t) <> mlops_predict_label('telco@6', t)) AS labels_differ FROM telco t;

-- separable classes have no finite unpenalised solution: it is said, and the numbers stay finite
CREATE TABLE separable AS SELECT i AS x, i > 20 AS y FROM generate_series(1, 40) i;
SET client_min_messages = notice;
SELECT algorithm, metric FROM mlops_train('separable', 'separable', 'y', 'logistic_regression', '{"penalty": "none"}', config => '{"split": {"test": 0}}');
SELECT isfinite FROM (SELECT abs(coefficient) < 'infinity' AS isfinite FROM mlops_coefficients('separable') WHERE feature = 'x') s;
-- too few iterations are said
SELECT algorithm FROM mlops_train('separable', algorithm => 'logistic_regression', params => '{"max_iter": 1}');
