-- Linear regression against golden figures (test/data/make_golden.py), and its penalties.
CREATE SCHEMA test_linear;
SET search_path = test_linear, public;
SET client_min_messages = warning;
\getenv abs_srcdir PG_ABS_SRCDIR
\set golden :abs_srcdir '/data/golden_linear.csv'
\set diabetes :abs_srcdir '/data/diabetes.csv'
\set cars :abs_srcdir '/data/car_prices.csv'
CREATE TABLE golden (dataset text, term text, coefficient float8, coefficient_raw float8, std_error float8);
COPY golden FROM :'golden' WITH (FORMAT csv, HEADER true);
CREATE TABLE diabetes (rid int PRIMARY KEY, age int, sex int, bmi float8, bp float8, s1 int, s2 float8, s3 float8, s4 float8, s5 float8, s6 int, target int);
COPY diabetes FROM :'diabetes' WITH (FORMAT csv, HEADER true);
CREATE TABLE car_prices (rid int PRIMARY KEY, price float8, mileage int, cylinder int, doors int, cruise int, sound int, leather int, buick int, cadillac int, chevy int, pontiac int, saab int, saturn int, convertible int, coupe int, hatchback int, sedan int, wagon int);
COPY car_prices FROM :'cars' WITH (FORMAT csv, HEADER true);

SELECT version, algorithm, metric, round(value::numeric, 6) AS value, stage, train_rows, test_rows
FROM mlops_train('diabetes', 'diabetes', 'target', 'linear_regression', task => 'regression', key => 'rid',
    config => '{"split": {"test_where": "rid % 5 = 0"}}');
-- 1e-8: the figures come from an SVD; ours from the normal equations and one refinement
SELECT count(*) AS terms, bool_and(abs(c.coefficient - g.coefficient) <= 1e-8 * abs(g.coefficient)) AS scaled,
    bool_and(abs(c.coefficient_raw - g.coefficient_raw) <= 1e-8 * abs(g.coefficient_raw)) AS raw,
    bool_and(abs(c.std_error - g.std_error) <= 1e-8 * g.std_error) AS errors
FROM golden g JOIN mlops_coefficients('diabetes') c ON c.feature = g.term
WHERE dataset = 'diabetes' AND g.std_error IS NOT NULL;
SELECT abs(c.coefficient_raw - g.coefficient_raw) <= 1e-8 * abs(g.coefficient_raw) AS intercept
FROM golden g JOIN mlops_coefficients('diabetes') c ON c.feature = g.term WHERE dataset = 'diabetes' AND term = '(intercept)';
SELECT feature, round(coefficient::numeric, 4) AS coefficient, round(z::numeric, 4) AS t, round(p_value::numeric, 6) AS p
FROM mlops_coefficients('diabetes');
SELECT r.key, round(value::numeric, 8) AS value FROM mlops.run_metrics r JOIN mlops.runs USING (run_id) JOIN mlops.models m USING (model_id)
WHERE m.name = 'diabetes' AND split = 'test' ORDER BY r.key;

-- rank 15 of 18: the columns that earlier ones explain are dropped and named, the fit is the same
SET client_min_messages = notice;
SELECT version, round(value::numeric, 6) AS rmse FROM mlops_train('cars', 'car_prices', 'price', 'linear_regression',
    config => '{"split": {"test_where": "rid % 5 = 0"}}');
SET client_min_messages = warning;
SELECT feature AS dropped FROM mlops_coefficients('cars') WHERE coefficient IS NULL;
SELECT g.term, abs(m.value - g.coefficient) <= 1e-8 * g.coefficient AS same FROM golden g
JOIN mlops.run_metrics m ON g.term = '(' || m.key || ')' AND m.split = 'test' JOIN mlops.runs USING (run_id) JOIN mlops.models d USING (model_id)
WHERE g.dataset = 'car_prices' AND d.name = 'cars' ORDER BY 1;

-- penalties: closed forms and optimality conditions on a small table
CREATE TABLE line AS SELECT i::float8 AS x, (i * 37 % 11)::float8 AS z, 2 * i + 3 + (i * 7 % 5) AS y FROM generate_series(1, 40) i;
SELECT version FROM mlops_train('line', 'line', 'y', 'linear_regression', '{"penalty": "l2", "alpha": 10}', task => 'regression',
    config => '{"split": {"test": 0}}');
SELECT round(coefficient::numeric, 9) AS ridge FROM mlops_coefficients('line@1') WHERE feature = 'x';
-- the ridge solution solves (Z'Z + alpha I) w = Z'y on standardised columns
WITH s AS (SELECT avg(x) mx, stddev_pop(x) sx, avg(z) mz, stddev_pop(z) sz, avg(y) my FROM line),
 d AS (SELECT (x - mx) / sx AS a, (z - mz) / sz AS b, y - my AS t FROM line, s),
 g AS (SELECT sum(a * a) + 10 AS aa, sum(a * b) AS ab, sum(b * b) + 10 AS bb, sum(a * t) AS ta, sum(b * t) AS tb FROM d)
SELECT round(((bb * ta - ab * tb) / (aa * bb - ab * ab))::numeric, 9) AS ridge FROM g;
SELECT version FROM mlops_train('line', params => '{"penalty": "l1", "alpha": 5}', algorithm => 'linear_regression');
SELECT feature, round(coefficient::numeric, 6) AS lasso FROM mlops_coefficients('line@2');
-- a column of its own: soft threshold of its covariance with the target
SELECT round((covar_pop(x / s, y) - 5)::numeric, 6) AS soft_threshold FROM line, (SELECT stddev_pop(x) AS s FROM line) d;
SELECT version FROM mlops_train('line', params => '{"penalty": "elasticnet", "alpha": 0.5, "l1_ratio": 0.3}', algorithm => 'linear_regression');
SELECT feature, round(coefficient::numeric, 6) AS net FROM mlops_coefficients('line@3');
-- weights: a row of weight 2 is the row twice
CREATE TABLE weighted AS SELECT x, z, y, 1 + (x::int % 3) AS w FROM line;
CREATE VIEW repeated AS SELECT x, z, y FROM weighted, generate_series(1, w);
SELECT version FROM mlops_train('w1', 'weighted', 'y', 'linear_regression', task => 'regression', config => '{"sample_weight": "w", "split": {"test": 0}}');
SELECT version FROM mlops_train('w2', 'repeated', 'y', 'linear_regression', task => 'regression', features => 'x, z', config => '{"split": {"test": 0}}');
SELECT a.feature, abs(a.coefficient_raw - b.coefficient_raw) < 1e-9 AS same FROM mlops_coefficients('w1') a FULL JOIN mlops_coefficients('w2') b USING (feature) ORDER BY 1;
