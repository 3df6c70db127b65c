-- Messages that no other test meets: limits of memory, size and arithmetic, and mistakes that are made rarely.
CREATE SCHEMA test_limits_messages;
SET search_path = test_limits_messages, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
-- figures that depend on the machine are written as N
CREATE FUNCTION attempt(statement text, hide boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text; result text;
BEGIN
    EXECUTE statement INTO result;
    RETURN 'ok ' || coalesce(left(result, 200), '');
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    IF hide THEN
        message := regexp_replace(message, '[0-9.]*[0-9]', 'N', 'g');
        detail := regexp_replace(detail, '[0-9.]*[0-9]', 'N', 'g');
    END IF;
    RETURN SQLSTATE || ': ' || left(message, 400) || coalesce(E'\n  detail: ' || left(nullif(detail, ''), 300), '') || coalesce(E'\n  hint: ' || nullif(hint, ''), '');
END $$;
CREATE FUNCTION train(source text, target text DEFAULT 'r', features text DEFAULT '*', config jsonb DEFAULT '{}', params jsonb DEFAULT '{}', task text DEFAULT NULL, key text DEFAULT NULL, time_column text DEFAULT NULL, model text DEFAULT 'm') RETURNS text LANGUAGE sql AS $$
    SELECT attempt(format('SELECT train_rows + test_rows FROM mlops_train(%L, %L, %L, %L, %L, %L, %L, %L, %L, %L)', model, source, target,
        CASE target WHEN 'y' THEN 'logistic_regression' ELSE 'linear_regression' END, params, features, task, key, time_column,
        CASE target WHEN 'y' THEN '{"positive_label": "true"}' ELSE '{}' END::jsonb || '{"split": {"test": 0.3}}' || config)) $$;
CREATE TABLE b AS SELECT i, i * 1.5::float8 AS a, (i % 7)::float8 AS c, 'k' || i % 3 AS k, i % 2 = 0 AS y, sin(i) + i * 0.1 AS r FROM generate_series(1, 200) i;
SELECT train('b', features => 'a, c, k', model => 'value'), train('b', 'y', 'a, c', model => 'two');

-- definitions
SELECT attempt($$SELECT mlops_create_model('m', 'b')$$);
SELECT train('b', 'y', config => '{"metric": "rmse"}', task => 'classification');
SELECT train('SELECT k, r FROM b', 'k', task => 'regression');
SELECT train('SELECT md5(i::text) AS id, r FROM b');
SELECT train('b', features => 'a AS x, c AS x'), train('b', features => 'length(source::text) AS x');
CREATE FUNCTION careless(x float8) RETURNS float8 LANGUAGE plpgsql PARALLEL SAFE AS 'BEGIN RETURN x; END';
SELECT train('b', features => 'careless(a) AS x');
SELECT attempt($$SELECT mlops_create_model('typed', 'b', 'r', features => 'a + 1 AS x') > 0$$);
SELECT attempt($$SELECT mlops_train('typed', 'SELECT k AS a, r FROM b')$$);
SELECT attempt($$SELECT mlops_annotate('two', 'text', '{"a": 1}', 'a')$$);
SELECT attempt($$SELECT mlops_set_threshold('value', 0.5)$$);
-- preprocessing
SELECT c, train('b', config => jsonb_build_object('preprocess', c::jsonb)) FROM unnest(ARRAY['{"columns": {"a": {"encode": "onehot"}}}', '{"numeric": {"encode": "onehot"}}', '{"categorical": {"clip": null}}', '{"numeric": {"clip": [0, 1]}}', '{"numeric": {"clip": {"quantile": [0, 1]}}}', '{"numeric": {"clip": {"quantiles": [0.9, 0.1]}}}', '{"numeric": {"clip": {"quantiles": [0, 1.5]}}}', '{"numeric": {"clip": {"bounds": [1]}}}', '{"numeric": {"clip": {}}}', '{"numeric": {"clip": {"bounds": [1, "x"]}}}', '{"numeric": {"clip": {"bounds": [2, 2]}}}', '{"numeric": {"clip": {"bounds": [0, 1], "quantiles": [0, 1]}}}', '{"categorical": {"encode": "native"}}', '{"columns": {"k": {"constant": 1}}}', '{"columns": {"k": {"impute": "mean"}}}', '{"columns": {"k": {"scale": "standard"}}}', '{"columns": {"k": {"encode": "none"}}}', '{"columns": {"b": {"scale": "none"}}}', '{"columns": {"a": {"impote": "mean"}}}']) c;
SELECT train('SELECT CASE WHEN i % 5 > 0 THEN a END AS a, r FROM b', config => '{"preprocess": {"numeric": {"impute": "none"}}}');
SELECT train('b', 'y', 'a, k', params => jsonb_build_object('class_weight', (SELECT jsonb_object_agg('c' || g, 1) FROM generate_series(1, 1001) g)), model => 'm2');
-- arithmetic
SELECT train('SELECT a * 1e140 AS a, r, 1e50::float8 AS w FROM b', config => '{"sample_weight": "w", "preprocess": {"numeric": {"scale": "none"}}}', params => '{"penalty": "l2"}');
SELECT train('SELECT a * 1e140 AS a, y, 1e50::float8 AS w FROM b', 'y', config => '{"sample_weight": "w", "preprocess": {"numeric": {"scale": "none"}}}', model => 'm2');
SELECT train('SELECT i, a, i > 150 AS y FROM b', 'y', 'a', time_column => 'i', model => 'm2');
SELECT train('b', 'y', 'a, c', config => '{"threshold": "f1", "split": {"test": 0, "validation": 0.01}}', model => 'few'), train('SELECT * FROM b WHERE i < 7', 'y', 'a, c', config => '{"threshold": "f1", "split": {"test": 0, "validation": 0.01}}', model => 'fewer');
SELECT train('SELECT i, a, c, i % 2 = 0 AND i <= 100 AS y FROM b', 'y', 'a, c', config => '{"threshold": "f1", "split": {"test": 0}}', time_column => 'i', model => 'one_sided');
SELECT train('b', features => 'a, c', params => '{"penalty": "l1", "max_iter": 1, "tol": 1e-300}', model => 'early');
SELECT train('SELECT i, NULL::float8 AS a, c, r FROM b', features => 'a, c', model => 'empty');
SELECT train('SELECT a, r, i % 20 AS k FROM b', key => 'k', model => 'key');
-- a name that is cut stays valid text
SELECT train('SELECT i % 2 AS twin, repeat(''ä'', 40) || i % 2 AS k, r FROM b', model => 'cut');
-- memory and size
SET mlops.max_training_memory = '1MB';
SELECT attempt($$SELECT mlops_train('m', 'SELECT i, sin(i) AS a, cos(i) AS b, i % 7 AS r FROM generate_series(1, 100000) i', 'r', 'linear_regression', task => 'regression')$$, true);
SELECT attempt($$SELECT mlops_train('m', 'SELECT md5((i / 2)::text) AS k, sin(i) AS r FROM generate_series(1, 3000) i', 'r', 'linear_regression', features => 'k', params => '{"penalty": "none"}')$$, true);
RESET mlops.max_training_memory;
SELECT attempt($$SELECT mlops_train('m', 'SELECT md5((i / 2)::text) AS k, sin(i) AS r FROM generate_series(1, 100000) i', 'r', 'linear_regression', features => 'k', params => '{"penalty": "none"}')$$, true);
SET mlops.max_model_size = '64kB';
SELECT attempt($$SELECT mlops_train('m', 'SELECT md5((i / 4)::text) AS k, sin(i) AS r FROM generate_series(1, 12000) i', 'r', 'linear_regression', features => 'k', params => '{"penalty": "l2"}')$$, true);
RESET mlops.max_model_size;
-- prediction
SELECT attempt($$SELECT mlops_explain('value', (SELECT b FROM b LIMIT 1), 'k1')$$);
SELECT attempt($$SELECT count(*) FROM mlops_predict_batch('value', 'SELECT *, $$ || string_agg('1 AS x' || g, ', ') || $$ FROM b', '$$ || string_agg('x' || g, ',') || $$')$$) FROM generate_series(1, 33) g;
SELECT attempt($$SELECT mlops_predict('two@chalenger', b) FROM b LIMIT 1$$);
SELECT mlops_set_alias('two', 'challenger', 1);
SELECT attempt($$SELECT mlops_predict('two@chalenger', b) FROM b LIMIT 1$$);
SELECT train('b', 'y', 'a', config => '{"auto_production": false}', model => 'waiting');
SELECT attempt($$SELECT mlops_predict('waiting', b) FROM b LIMIT 1$$);
-- errors of the server say which column or key they are about
CREATE FUNCTION context(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; context text;
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, context = PG_EXCEPTION_CONTEXT;
    RETURN left(message, 60) || E'\n  context: ' || (regexp_match(context, '(?:column|key|features passed)[^\n]*'))[1];
END $$;
SELECT context($$SELECT mlops_predict('value', t) FROM (SELECT 1e400 AS a, 1 AS c, 'k1' AS k) t$$);
SELECT context($$SELECT mlops_predict('value', '{"a": "x", "c": 1, "k": "k1"}')$$);
SELECT context($$SELECT mlops_predict('value', '{"a": ')$$);
SELECT train('b', features => 'sqrt(a - 200) AS s', model => 'root');
-- the registry is incomplete
SELECT train('b', 'y', 'a', model => 'hollow');
BEGIN;
DELETE FROM mlops.version_blobs WHERE version_id = (SELECT version_id FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'hollow');
SELECT attempt($$SELECT mlops_predict('hollow', b) FROM b LIMIT 1$$);
ROLLBACK;
-- what a feature needs changes after training
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE FUNCTION worth(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT x * 2';
CREATE TABLE moods AS SELECT a, c, (ARRAY['sad', 'ok'])[1 + i % 2]::mood AS m, r FROM b;
SELECT train('moods', features => 'worth(a) AS w, c', model => 'worth'), train('moods', features => 'm::text AS m, c', model => 'mood_text');
SELECT mlops_predict('worth', t) = mlops_predict('worth', t), mlops_predict('mood_text', t) = mlops_predict('mood_text', t) FROM moods t LIMIT 1;
DROP FUNCTION worth;
CREATE FUNCTION worth(x float8) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT x::text';
SELECT attempt($$SELECT mlops_predict('worth', t) FROM moods t LIMIT 1$$);
SELECT attempt($$SELECT version FROM mlops_train('worth', algorithm => 'linear_regression')$$);
DROP FUNCTION worth;
SELECT attempt($$SELECT mlops_predict('worth', t) FROM moods t LIMIT 1$$);
DROP TYPE mood CASCADE;
SELECT attempt($$SELECT mlops_predict('mood_text', t) FROM (SELECT 'sad'::text AS m, 1::float8 AS c) t$$);
SELECT attempt($$SELECT mlops_train('mood_text')$$);
-- the owner is gone
CREATE ROLE limits_leaver;
CREATE FUNCTION thrice(x float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN RETURN 3 * x; END';
SELECT train('b', features => 'thrice(a) AS t', model => 'owned');
SELECT mlops_set_owner(m, 'limits_leaver') FROM unnest(ARRAY['two', 'owned']) m;
DROP ROLE limits_leaver;
SELECT attempt($$SELECT mlops_train('two')$$);
SELECT attempt($$SELECT mlops_predict('two', b) IS NOT NULL FROM b LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('owned', b) IS NOT NULL FROM b LIMIT 1$$);
