-- Odd numbers, texts, names, keys, times and options: each works or says what is wrong.
CREATE SCHEMA test_limits;
SET search_path = test_limits, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text; result text;
BEGIN
    EXECUTE statement INTO result;
    RETURN 'ok ' || coalesce(left(result, 200), '');
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ': ' || left(message, 400) || coalesce(E'\n  detail: ' || left(nullif(detail, ''), 300), '') || coalesce(E'\n  hint: ' || nullif(hint, ''), '');
END $$;
-- a training without the noise: rows used, or the error
CREATE FUNCTION train(model text, source text, target text DEFAULT 'r', features text DEFAULT '*', config jsonb DEFAULT '{}',
    params jsonb DEFAULT NULL, task text DEFAULT NULL, key text DEFAULT NULL, time_column text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT attempt(format('SELECT train_rows + test_rows FROM mlops_train(%L, %L, %L, %L, %L, %L, %L, %L, %L, %L)', model, source, target,
        CASE WHEN target IN ('y', 't') THEN 'logistic_regression' ELSE 'linear_regression' END,
        coalesce(params, CASE target WHEN 'r' THEN '{"penalty": "l2"}' ELSE '{}' END::jsonb), features, task, key, time_column,
        CASE target WHEN 'y' THEN '{"positive_label": "true"}' ELSE '{}' END::jsonb || '{"split": {"test": 0.3}}' || config)) $$;
CREATE TABLE b AS SELECT i, i * 1.5::float8 AS a, (i % 7)::float8 AS c, i % 2 = 0 AS y, sin(i) + i * 0.1 AS r FROM generate_series(1, 200) i;

-- infinite values: the column and how many rows
SELECT train('m', $$SELECT CASE WHEN i % 9 = 0 THEN '-Infinity' ELSE a END AS a, r FROM b$$);
SELECT train('m', $$SELECT CASE WHEN i % 9 = 0 THEN 'Infinity'::real ELSE a::real END AS a, r FROM b$$, features => 'a * 2 AS twice');
SELECT train('m', $$SELECT CASE WHEN i % 9 = 0 THEN 'Infinity'::numeric ELSE a::numeric END AS a, r FROM b$$);
SELECT train('m', $$SELECT CASE WHEN i % 9 = 0 THEN 1e400::numeric ELSE a::numeric END AS a, r FROM b$$);
SELECT train('m', $$SELECT ARRAY[c, CASE WHEN i % 9 = 0 THEN 'Infinity' ELSE a END] AS v, r FROM b$$);
SELECT train('m', $$SELECT a, CASE WHEN i % 9 = 0 THEN 'Infinity' ELSE r END AS r FROM b$$);
SELECT train('m', $$SELECT a, r, CASE WHEN i % 9 = 0 THEN 'Infinity'::float8 ELSE 1 END AS w FROM b$$, config => '{"sample_weight": "w"}');
-- NaN is missing, whatever its type
SELECT train('nan', $$SELECT CASE WHEN i % 4 = 0 THEN 'NaN'::numeric ELSE i END AS n, CASE WHEN i % 2 = 0 THEN 'NaN'::real ELSE i END AS f, r FROM b$$, config => '{"split": {"test": 0}}');
SELECT feature, missing_share FROM mlops_feature_info('nan');
SET client_min_messages = notice;
SELECT train('nan_target', $$SELECT a, CASE WHEN i % 4 = 0 THEN 'NaN'::numeric ELSE i::numeric END AS r FROM b$$);
SET client_min_messages = warning;

-- the ends of the range of double precision
SELECT train('wide', $$SELECT a * 1e300 AS huge, c * 1e-300 AS tiny, c * 5e-324 AS denormal, CASE WHEN i % 2 = 0 THEN 1.7e308 ELSE -1.7e308 END::float8 AS ends, r FROM b$$);
SELECT feature, minimum, maximum FROM mlops_feature_info('wide');
SELECT abs(mlops_predict('wide', t)) < 100 AS sane FROM (SELECT 1e300::float8 AS huge, 1e-300::float8 AS tiny, 5e-324::float8 AS denormal, -1.7e308::float8 AS ends) t;
SELECT train('m', 'SELECT a * 1e300 AS a, c, r FROM b', config => '{"preprocess": {"numeric": {"scale": "none"}}}');
-- a prediction that is no finite number is an error, not Infinity or NaN
SELECT attempt($$SELECT mlops_predict('wide', '{"huge": 1.7e308, "tiny": -1.7e308, "denormal": 1e308, "ends": 0}')$$);
SELECT attempt($$SELECT mlops_explain('wide', '{"huge": 1.7e308, "tiny": -1.7e308, "denormal": 1e308, "ends": 0}'::jsonb)$$);
SELECT attempt($$SELECT mlops_transform('wide', '{"huge": 1.7e308, "tiny": -1.7e308, "denormal": 1e308, "ends": 0}')$$);
SELECT attempt($$SELECT sum(score) FROM mlops_predict_batch('wide', 'SELECT 1e300::float8 AS huge, 1e308::float8 AS tiny, 1e308::float8 AS denormal, 0::float8 AS ends')$$);
SELECT attempt($$SELECT mlops_predict('wide', '{"huge": 1e309, "tiny": 0, "denormal": 0, "ends": 0}')$$);
SELECT attempt($$SELECT mlops_predict('wide', '{"huge": "Infinity", "tiny": 0, "denormal": 0, "ends": 0}')$$);
-- targets
SELECT train('m', 'SELECT a, c, r * 1e200 AS r FROM b'), train('m', 'SELECT a, c, r * 1e-200 AS r FROM b');
SELECT train('edges', 'SELECT a, c, r * 4e98 AS r FROM b'), train('edges', 'SELECT a, c, r * 1e-101 AS r FROM b');
SELECT run_metrics.key, bool_and(value > 0 AND value < 'Infinity') AS finite FROM mlops.run_metrics JOIN mlops.runs USING (run_id) JOIN mlops.models USING (model_id)
WHERE models.name = 'edges' AND run_metrics.key IN ('rmse', 'mae', 'r2') GROUP BY run_metrics.key ORDER BY 1;

-- rows whose answer is no number judge nothing: neither in an evaluation nor in a training
CREATE VIEW waves AS SELECT i AS id, sin(i) AS a, cos(i) AS b, sin(i) > cos(i) AS y, width_bucket(sin(i) - cos(i), -1, 1, 1) AS t FROM generate_series(1, 200) i;
CREATE VIEW tides AS SELECT -i AS id, 1e308 * sign(i - 5) AS a, 1e308 AS b, i > 4 AS y, i % 3 AS t FROM generate_series(1, 9) i;
SELECT train('yes', 'SELECT id, a, b, y FROM waves', 'y', params => '{"penalty": "none", "max_iter": 10000}'), train('three', 'SELECT id, a, b, t FROM waves', 't', task => 'classification');
SELECT attempt('SELECT value FROM mlops_evaluate(''yes'', ''tides'')'), attempt('SELECT value FROM mlops_evaluate(''three'', ''tides'')');
SELECT train('m', 'SELECT id, a, b, t FROM waves UNION ALL SELECT id, a, b, t FROM tides', 't', task => 'classification', config => '{"split": {"test_where": "id < 0"}}');

-- weights: NULL, NaN, zero and below leave the row out; extremes are refused
SELECT train('m', format('SELECT a, r, %s AS w FROM b', w), config => '{"sample_weight": "w"}')
FROM unnest(ARRAY['0', '-1', '''NaN''::float8', '''NaN''::numeric', 'NULL::int', '1e300::float8', '1e-300::float8', '5e-324::float8', '1e400::numeric', '''x''::text', 'true', '''1 day''::interval']) WITH ORDINALITY AS t(w, n) ORDER BY n;
SELECT train('weights' || n, format('SELECT a, c, y, r, %s AS w FROM b', w), 'y', 'a, c', config => '{"sample_weight": "w"}')
FROM unnest(ARRAY['1e-50::float8', '1e50::float8', 'CASE WHEN i % 7 = 0 THEN 1e50 ELSE 1e-50 END::float8']) WITH ORDINALITY AS t(w, n) ORDER BY n;
SELECT models.name, count(*) AS metrics, count(*) FILTER (WHERE value BETWEEN -1.01 AND 100) AS sane FROM mlops.run_metrics JOIN mlops.runs USING (run_id) JOIN mlops.models USING (model_id)
WHERE models.name LIKE 'weights%' AND split = 'test' GROUP BY 1 ORDER BY 1;

-- integers beyond 2^53 are rounded as features, and refused as classes
SELECT train('integers', 'SELECT CASE WHEN y THEN 9223372036854775807 ELSE -9223372036854775808 END AS q, a, r FROM b');
SELECT attempt($$SELECT mlops_predict('integers', '{"q": 9223372036854775807, "a": 1}') = mlops_predict('integers', '{"q": 9223372036854775806, "a": 1}')$$);
SELECT attempt($$SELECT mlops_predict('integers', '{"q": 9223372036854775808, "a": 1}')$$);
SELECT attempt($$SELECT mlops_predict('integers', t) FROM (SELECT 1e19::float8 AS q, 1::float8 AS a) t$$);
SELECT train('m', 'SELECT a, 9007199254740992 + i % 3 AS t FROM b', 't', task => 'classification');
SELECT train('m', 'SELECT a, (9007199254740993 + i % 2)::numeric AS t FROM b', 't', task => 'classification');
SELECT train('m', 'SELECT a, 1 + (i % 2) * 1e-30 AS t FROM b', 't', task => 'classification');
SELECT train('digits', 'SELECT a, 1.5 + i % 3 AS t FROM b', 't', task => 'classification');
SELECT classes FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'digits';
-- numeric with a thousand digits
SELECT train('thousand', $$SELECT ('1.' || repeat('1234567890', 100))::numeric + i AS n, repeat('1234567890', 30)::numeric * i AS m, r FROM b$$);
SELECT attempt(format('SELECT mlops_predict(''thousand'', %L) IS NOT NULL', '{"m": 1, "n": 1.' || repeat('1234567890', 100) || '}'));
SELECT train('m', $$SELECT repeat('1234567890', 100)::numeric + i AS n, r FROM b$$);

-- texts: empty, blank, 1 MB, alike for a thousand bytes, cut between characters
SELECT train('blank', $$SELECT CASE i % 3 WHEN 0 THEN '' WHEN 1 THEN ' ' END AS k, r FROM b$$, config => '{"split": {"test": 0}}');
SELECT feature FROM mlops_feature_names('blank');
SELECT train('long', $$SELECT repeat(repeat('ä', 1000), 500) || i % 3 AS k, r FROM b$$, config => '{"split": {"test": 0}}');
SELECT right(feature, 4), octet_length(feature) FROM mlops_feature_names('long');
SELECT right(key, 4), value FROM mlops_transform('long', (SELECT t FROM (SELECT repeat('ä', 500000) || 1 AS k) t)), jsonb_each(mlops_transform) ORDER BY key;
SELECT count(*), max(length(level)) FROM mlops_coefficients('long');
SELECT length(mlops_sample_input('long') ->> 'k');
SELECT attempt($$SELECT mlops_predict('long', t) IS NOT NULL FROM (SELECT repeat('x', 1000000) AS k) t$$);
SELECT train('long_label', $$SELECT a, repeat(repeat(chr(97 + i % 3), 1000), 1000) AS t FROM b$$, 't');
SELECT length(mlops_predict_label('long_label', b)) FROM b LIMIT 1;
SELECT train('labels', $$SELECT a, (ARRAY['', 'it''s "q" \ {x}', E'new\nline'])[1 + i % 3] AS t FROM b$$, 't', config => '{"split": {"test": 0}}');
SELECT classes, (SELECT array_agg(k ORDER BY k COLLATE "C") FROM jsonb_object_keys(mlops_predict_proba('labels', '{"a": 1}')) k) = classes AS same FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'labels';
-- names of encoded columns stay apart
SELECT train('alike', $$SELECT 'l' || i % 2 AS k, CASE i % 3 WHEN 0 THEN '(null)' WHEN 1 THEN 'x' END AS n, a AS "k=l1", c AS "k=l1#2", r FROM b$$, config => '{"split": {"test": 0}}');
SELECT position, feature, source_feature FROM mlops_feature_names('alike');
SELECT jsonb_object_agg(key, round(value::numeric, 2)) FROM jsonb_each(mlops_transform('alike', '{"k": "l1", "n": null, "k=l1": 3, "k=l1#2": 4}'));
-- columns: a query has at most 1,664
SELECT train('m', 'SELECT ' || string_agg(k || ' AS c' || k, ', ') || ', r FROM b') FROM generate_series(1, 1664) k;
-- classes
SELECT train('m', 'SELECT i AS a, i::text AS t FROM generate_series(1, 1001) i', 't'), train('m', 'SELECT i AS a, i AS t FROM generate_series(1, 1001) i', 't', task => 'classification');

-- names: quotes, blanks, dots, case, reserved words, 63 bytes, functions, columns of the results
CREATE TABLE "Tab.le ""x"" ünï" AS SELECT i AS "sel""ect", a AS "a b.c", c AS "SELECT", c * 2 AS "select", a * 3 AS "Ünïcode ✓", r AS "WHERE" FROM b;
SELECT train('names', '"Tab.le ""x"" ünï"', 'WHERE', '*, ln("SELECT" + 1) AS "a,b ""c"""', key => 'sel"ect', config => '{"exclude": ["a b.c"]}', params => '{"penalty": "l2"}');
SELECT feature, expression FROM mlops_feature_info('names');
SELECT count(mlops_predict('names', t)) FROM "Tab.le ""x"" ünï" t;
SELECT count(*) FROM mlops_predict_batch('names', '"Tab.le ""x"" ünï"', 'sel"ect');
SELECT mlops_transform('names', mlops_sample_input('names')) IS NOT NULL;
SELECT train('keys', 'SELECT a, c AS "key,two", i AS one, r FROM b', key => 'one,"key,two"'), train('m', 'SELECT a, i, r FROM b', key => ''), train('m', 'SELECT a, i, r FROM b', key => 'a,');
DO $$ BEGIN EXECUTE format('CREATE TABLE long_names AS SELECT a AS %I, c AS %I, r FROM b', repeat('n', 63), repeat('ä', 31) || 'x'); END $$;
SELECT train(repeat('m', 63), 'long_names'), train(repeat('m', 64), 'long_names');
SELECT octet_length(feature) FROM mlops_feature_info(repeat('m', 63));
SELECT count(mlops_predict(repeat('m', 63), t)) FROM long_names t;
SELECT train(name, 'SELECT a, r FROM b') FROM unnest(ARRAY['A', 'a', '_', 'x.y-z', '-x', '1x', 'ü', 'x@1', 'x y']) name;
CREATE TABLE function_names AS SELECT i AS score, a AS now, c AS random, i % 3 AS "current_user", i % 5 AS model, a AS features, c AS version, i % 4 AS label, i % 7 AS proba, r AS risk, i AS key, a AS detail, c AS source, c AS count, i % 3 AS sum FROM b;
SELECT train('function_names', 'function_names', 'risk', '*, source.source + 1 AS more', params => '{"penalty": "l2"}');
SELECT string_agg(feature, ' ') FROM mlops_feature_info('function_names');
SELECT count(mlops_predict('function_names', t)) FROM function_names t;
SELECT count(*), max(key::int) FROM mlops_predict_batch('function_names', 'function_names', 'key');
SELECT train('m', 'b', features => 'a, ctid::text AS c'), train('m', 'b', features => 'a, tableoid::int AS t');

-- rows: none, one, nothing to learn from
SELECT train('m', 'SELECT * FROM b WHERE false'), train('m', 'SELECT a, r FROM b LIMIT 1'), train('one_row', 'SELECT a, r FROM b LIMIT 1', config => '{"split": {"test": 0}}');
SELECT train('m', 'SELECT a, true AS y FROM b', 'y'), train('m', 'SELECT a, NULL::boolean AS y FROM b', 'y'), train('m', 'SELECT a, NULL AS t FROM b', 't');
SELECT train('constant', 'SELECT a, 1.5 AS r FROM b');
SELECT round(mlops_predict('constant', b)::numeric, 9) FROM b LIMIT 1;
SELECT train('missing', 'SELECT i, NULL::float8 AS a, NULL::text AS k, 1 AS one, r FROM b', key => 'i');
SELECT mlops_predict('missing', '{"a": 3, "k": "z", "one": 9}') BETWEEN 0 AND 20;
SELECT train('m', 'SELECT NULL::float8[] AS v, r FROM b'), train('m', 'SELECT ''{}''::float8[] AS v, r FROM b'), train('m', 'SELECT ARRAY[[a, c]] AS v, r FROM b');
SELECT train('only_constant', 'SELECT 1 AS one, r FROM b');
CREATE TABLE no_columns ();
SELECT train('m', 'no_columns'), train('m', 'SELECT FROM b'), train('m', 'SELECT r FROM b'), train('m', 'SELECT i, r FROM b', key => 'i'), train('m', 'SELECT x.*, z.a FROM b x, b z'), train('m', 'VALUES (1, true), (2, false)', 'y');
-- warnings do not flood: ten of a kind, then a number
DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE wide_table AS SELECT r, ' || string_agg(format('%s AS c%s', CASE WHEN k <= 13 THEN '1' WHEN k <= 26 THEN 'NULL::float8' WHEN k <= 39 THEN 'a' ELSE 'r + 1e-5 * c * ' || k END, k), ', ') || ' FROM b' FROM generate_series(1, 52) k); END $$;
\set VERBOSITY default
SELECT train('flood', 'wide_table');
\set VERBOSITY terse

-- keys and times
SELECT train('keys2', 'SELECT a, r, CASE WHEN i % 2 = 0 THEN i END AS k FROM b', key => 'k'), train('keys3', 'SELECT a, r, i % 20 AS k FROM b', key => 'k'), train('keys4', 'SELECT a, r, NULL::int AS k FROM b', key => 'k'), train('m', 'SELECT a, r, 1 AS k FROM b', key => 'k');
SELECT train('times', $$SELECT a, r, CASE WHEN i < 20 THEN '-infinity'::timestamptz WHEN i > 190 THEN 'infinity' ELSE timestamptz '2024-01-01' + i * interval '1 day' END AS t FROM b$$, time_column => 't', features => 'a'),
    train('times2', $$SELECT a, r, CASE i % 3 WHEN 0 THEN 'NaN'::float8 WHEN 1 THEN 'Infinity' ELSE i END AS t FROM b$$, time_column => 't', features => 'a'),
    train('times3', $$SELECT a, r, CASE WHEN i % 2 = 0 THEN date '2024-01-01' + i END AS t FROM b$$, time_column => 't', features => 'a'),
    train('m', 'SELECT a, r, NULL::date AS t FROM b', time_column => 't', features => 'a');

-- parameters and configuration
SELECT p, train('params', 'SELECT a, y FROM b', 'y', params => p::jsonb) FROM unnest(ARRAY['{"C": 1e-300}', '{"C": 5e-324, "penalty": "l1"}', '{"C": 1e308}', '{"C": 1e309}', '{"C": 1e-400}', '{"C": -1e400}', '{"max_iter": 1e9}',
    '{"max_iter": 2147483648}', '{"max_iter": 1e1000}', '{"max_iter": 1.5}', '{"max_iter": "5"}', '{"tol": 2}', '{"penalty": 1}', '{"penalty": "l3"}', '{"C": 1, "C": 2}', '{"": 1}', '[1]', '{"class_weight": {"true": 1e13}}', '{"class_weight": {"perhaps": 1}}', '{"class_weight": 1}']) p;
SELECT p, train('params_r', 'SELECT a, c, r FROM b', params => p::jsonb) FROM unnest(ARRAY['{"alpha": 1e100, "penalty": "l2"}', '{"alpha": 1e100, "penalty": "l1"}', '{"alpha": 5e-324, "penalty": "l2"}', '{"alpha": 1e101}', '{"alpha": -1e400}', '{"l1_ratio": 1.1}']) p;
SELECT left(c, 60), train('config', 'b', config => c::jsonb) FROM unnest(ARRAY[repeat('{"split": ', 200) || '1' || repeat('}', 200), '{"preprocess": ' || repeat('{"columns": ', 3000) || '1' || repeat('}', 3001), '{"exclude": [["a"]]}', '{"exclude": ["a", "nope"]}',
    '{"split": {"test": 1e400}}', '{"split": {"salt": 1e30}}', '{"split": {"salt": 0.5}}', '{"risk_bands": {"low": 0, "x": 1e400}}', '{"cost_matrix": {"fp": 1e308}}', '{"preprocess": {"columns": {"a": {"impute": "constant", "constant": 1e308}}}}', '{"split": {"test_where": "i % 0 = 1"}}', 'null', '[]']) c;
SELECT left(train('tags', 'b', config => jsonb_build_object('tags', (SELECT jsonb_object_agg('t' || g, repeat('x', 100)) FROM generate_series(1, 5000) g))), 100);
SELECT train('conditions', 'b', config => jsonb_build_object('split', jsonb_build_object('test_where', 'i IN (' || (SELECT string_agg(g::text, ',') FROM generate_series(1, 10000) g WHERE g % 3 = 0) || ')')));
SELECT train('m', 'b', config => '{"risk_bands": {"low": 0, "again": 0}}'), train('m', 'b', config => jsonb_build_object('risk_bands', (SELECT jsonb_object_agg('b' || g, g / 100.0) FROM generate_series(0, 40) g)));
SELECT train('m', 'b', features => repeat('(', 20000) || 'a' || repeat(')', 20000) || ' AS z');
