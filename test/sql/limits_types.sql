-- Every type as feature, target, key, time and weight; domains, enums, vectors; and what else may be passed in its place.
CREATE SCHEMA test_limits_types;
SET search_path = test_limits_types, public;
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
CREATE FUNCTION train(model text, source text, target text, features text, key text DEFAULT NULL, time_column text DEFAULT NULL, weight text DEFAULT NULL, algorithm text DEFAULT 'linear_regression') RETURNS text LANGUAGE sql AS $$
    SELECT attempt(format('SELECT train_rows + test_rows FROM mlops_train(%L, %L, %L, %L, features => %L, key => %L, time_column => %L, config => %L)', model, source, target, algorithm, features, key, time_column,
        '{"split": {"test": 0.3}}'::jsonb || CASE WHEN weight IS NULL THEN '{}' ELSE jsonb_build_object('sample_weight', weight) END)) $$;
CREATE TYPE pair AS (x int, y text);
CREATE TABLE every AS SELECT i AS n, (i % 7)::float8 AS a, sin(i) + i * 0.1 AS r, ROW(i, 'q')::pair AS composite, int4range(i, i + 5) AS range, int4multirange(int4range(i, i + 2)) AS multirange, ARRAY[i, i + 1] AS integers, ARRAY['x' || i, 'y'] AS texts,
    ('{"k":' || i || '}')::json AS json, ('{"k":' || i || '}')::jsonb AS jsonb, decode(lpad(to_hex(i), 4, '0'), 'hex') AS bytea, ('c' || i % 3)::char(10) AS padded, ('c' || i % 3)::varchar(3) AS varying, chr(97 + i % 3)::"char" AS single, 'n' || i % 4 AS text, ('n' || i % 4)::name AS name,
    ('00000000-0000-0000-0000-00000000000' || i % 4)::uuid AS uuid, i::money AS money, i * interval '1 hour' AS interval, NULL::xml AS xml, i::bit(8) AS bit, i::bit(8)::varbit AS varbit, point(i, i) AS point, box(point(0, 0), point(i, i)) AS box,
    '10.0.0.0'::inet + i AS inet, '08:00:2b:01:02:03'::macaddr AS macaddr, i::oid AS oid, 'pg_class'::regclass AS regclass, i::text::tsvector AS tsvector, time '00:00' + i * interval '1 minute' AS time, timetz '00:00+00' + i * interval '1 minute' AS timetz, date '2024-01-01' + i AS date,
    timestamp '2024-01-01' + i * interval '1 hour' AS timestamp, timestamptz '2024-01-01 00:00+00' + i * interval '1 hour' AS timestamptz, '0/0'::pg_lsn + i AS pg_lsn, '$'::jsonpath AS jsonpath
FROM generate_series(1, 200) i;
CREATE TEMP VIEW columns AS SELECT attname::text AS name, quote_ident(attname) AS quoted, attnum AS n FROM pg_attribute WHERE attrelid = 'every'::regclass AND attnum > 3;
SELECT name, train('feature_' || name, 'every', 'r', 'a, ' || quoted) FROM columns ORDER BY n;
-- a type that is a text to its author is not one here
CREATE TYPE note;
CREATE FUNCTION note_in(cstring) RETURNS note LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION note_out(note) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE note (INPUT = note_in, OUTPUT = note_out, LIKE = text, CATEGORY = 'S');
CREATE CAST (note AS text) WITHOUT FUNCTION;
SELECT train('m', 'SELECT a, r, (''n'' || n % 3)::note AS k FROM every', 'r', 'a, k');
SELECT train('note', 'SELECT a, r, (''n'' || n % 3)::note AS k FROM every', 'r', 'a, k::text AS k');
-- '*' leaves out what cannot be a feature
SET client_min_messages = notice;
\set VERBOSITY default
SELECT train('star', 'every', 'r', '*');
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT name, train('target_' || name, 'every', name, 'a', algorithm => 'decision_tree') FROM columns ORDER BY n;
SELECT name, train('key_' || name, 'every', 'r', 'a', key => quoted) FROM columns WHERE name NOT IN ('macaddr', 'regclass', 'jsonpath') ORDER BY n;
SELECT name, train('time_' || name, 'every', 'r', 'a', time_column => name) FROM columns ORDER BY n;
SELECT name, train('weight_' || name, 'every', 'r', 'a', weight => name) FROM columns WHERE name IN ('money', 'interval', 'oid', 'text', 'json') ORDER BY n;

-- domains over domains; their checks hold in prediction, NULL stays a missing value
CREATE DOMAIN below AS numeric CHECK (VALUE < 1000);
CREATE DOMAIN given AS below NOT NULL;
CREATE DOMAIN within AS given CHECK (VALUE > -1);
CREATE DOMAIN word AS text CHECK (length(VALUE) < 5);
CREATE DOMAIN words AS word;
CREATE DOMAIN vector AS float8[];
CREATE DOMAIN flag AS boolean;
CREATE TABLE domains AS SELECT n, a::within AS a, ('k' || n % 3)::words AS k, ARRAY[a, r]::vector AS v, (n % 3 = 0)::flag AS f, (n % 2 = 0)::flag AS y FROM every;
SELECT train('domains', 'domains', 'y', '*', key => 'n', algorithm => 'logistic_regression');
SELECT feature, kind FROM mlops_feature_info('domains');
SELECT count(mlops_predict('domains', d)) FROM domains d;
SELECT attempt(format('SELECT mlops_predict(''domains'', %L) IS NOT NULL', j)) FROM unnest(ARRAY['{"a": 5, "k": "k1", "v": [1, 2], "f": true}', '{"a": null, "k": null, "v": null, "f": null}', '{"a": 5000, "k": "k1", "v": [1, 2], "f": true}', '{"a": 5, "k": "k1234567", "v": [1, 2], "f": true}']) j;
SELECT attempt('SELECT mlops_predict(''domains'', t) IS NOT NULL FROM (SELECT ' || c || ') t') FROM unnest(ARRAY['20 AS a, ''x'' AS k, ''{1,2}''::float8[] AS v, true AS f', '2000 AS a, ''x'' AS k, ''{1,2}''::float8[] AS v, true AS f', '20 AS a, ''x'' AS k, ''{1,2,3}''::float8[] AS v, true AS f']) c;

-- enums: values added or renamed after training are unseen, those that do not exist are errors
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE moods AS SELECT n, a, (ARRAY['sad', 'ok', 'happy'])[1 + n % 3]::mood AS m, r FROM every;
SELECT train('moods', 'moods', 'r', 'a, m', key => 'n');
SELECT string_agg(feature, ' ') FROM mlops_feature_names('moods');
ALTER TYPE mood ADD VALUE 'great' BEFORE 'ok';
SELECT mlops_transform('moods', t), mlops_predict('moods', t) = mlops_predict('moods', '{"m": "great", "a": 1}') FROM (SELECT 'great'::mood AS m, 1::float8 AS a) t;
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
SELECT mlops_transform('moods', '{"m": "blue", "a": 1}') - 'a';
SELECT attempt($$SELECT mlops_predict('moods', '{"m": "sad", "a": 1}')$$);
SELECT version FROM mlops_train('moods', algorithm => 'linear_regression');
SELECT train('mood', 'moods', 'm', 'a', algorithm => 'logistic_regression');

-- vectors: NULL rows and elements, lower bounds
SELECT train('vectors', 'SELECT CASE WHEN n % 3 > 0 THEN ARRAY[a, NULL, r * a] END::real[] AS v, r FROM every', 'r', '*');
SELECT train('bounds', 'SELECT (''[0:1]={1,'' || a || ''}'')::float8[] AS v, r FROM every', 'r', '*');
SELECT attempt($$SELECT mlops_predict('bounds', t) = mlops_predict('bounds', '{"v": [1, 2]}') FROM (SELECT '{1,2}'::float8[] AS v) t$$);

-- rows of other types
CREATE TYPE state AS ENUM ('s', 'o');
CREATE TABLE mixed AS SELECT n, a, (n % 5) AS i, 'k' || n % 3 AS k, (ARRAY['s', 'o'])[1 + n % 2]::state AS e, ('00000000-0000-0000-0000-00000000000' || n % 4)::uuid AS u, ARRAY[a, r] AS v, n % 3 = 0 AS b, a::numeric AS nu, r FROM every;
SELECT train('mixed', 'mixed', 'r', '*', key => 'n');
SELECT c, attempt('SELECT mlops_predict(''mixed'', t) IS NOT NULL FROM (SELECT ' || c || ' FROM mixed LIMIT 1) t') FROM unnest(ARRAY['nu, b, v, u, e, k, i, a, r', 'a::real AS a, i::bigint AS i, k::varchar AS k, e, u, v::real[] AS v, b, nu::int AS nu', 'a, i, k::char(20) AS k, e, u, v::int[] AS v, b, nu::float8 AS nu', 'a, i, 1 AS k, e, u, v, b, nu', 'a, i, NULL AS k, NULL::state AS e, u, NULL::float8[] AS v, NULL::boolean AS b, NULL::int AS nu', 'a, a AS "A", i, k, e, u, v, b, nu', 'a, a, i, k, e, u, v, b, nu',
    'a, ''NaN''::float8 AS i, k, e, u, v, b, ''NaN''::float8 AS nu', 'a::text AS a, i, k, e, u, v, b, nu', 'a, i + 0.5 AS i, k, e, u, v, b, nu', 'a, 1e10::float8 AS i, k, e, u, v, b, nu', 'a, i, k, e::text AS e, u, v, b, nu', 'a, i, k, e, u::text AS u, v, b, nu', 'a, i, k, e, u, v::text[] AS v, b, nu', 'a, i, k, e, u, ARRAY[v, v] AS v, b, nu', 'a, i, k, e, u, v, b::int AS b, nu', 'a, i, k, e, u, v, b, ''Infinity''::float8 AS nu', 'a, i, k, e, u, v, b, 1e400 AS nu', '1e400 AS a, i, k, e, u, v, b, nu', 'a, i, k, e, u, v, b']) c;
-- JSON of other kinds, at its limits
SELECT left(k || ': ' || v, 50), attempt(format('SELECT mlops_predict(''mixed'', %L::jsonb) IS NOT NULL', '{"a": 1, "i": 2, "k": "k1", "e": "s", "u": "00000000-0000-0000-0000-000000000001", "v": [1, 2], "b": true, "nu": 1}'::jsonb || jsonb_build_object(k, v::jsonb)))
FROM (VALUES ('a', '1e307'), ('a', '1e309'), ('a', '"x"'), ('a', '"NaN"'), ('a', 'true'), ('a', '[1]'), ('a', '{"x": 1}'), ('i', '1.5'), ('i', '1.0'), ('i', '1e10'), ('i', '1e100000'), ('i', '"2"'), ('i', '"2.5"'), ('k', '5'), ('k', '""'), ('e', '"zz"'), ('u', '"x"'), ('v', '[1]'), ('v', '[1, null]'), ('v', '[1, "2"]'), ('v', '[[1, 2]]'), ('v', '[]'), ('v', '"{1,2}"'), ('v', '[1, 1e400]'), ('v', '{"0": 1}'), ('b', '"yes"'), ('b', '1'), ('nu', '"NaN"'), ('nu', '"Infinity"'), ('nu', repeat('9', 1000))) j(k, v);
SELECT left(t, 40), attempt(format('SELECT mlops_predict(''mixed'', %L) IS NOT NULL', t)) FROM unnest(ARRAY['', 'null', '[1, 2]', '{}', '{', '{1,2}', '{"x": ' || repeat('[', 3000) || repeat(']', 3000) || '}', '{"a": 1, "a": 2, "i": 2, "k": "k1", "e": "s", "u": null, "v": [1, 2], "b": true, "nu": 1}', '{"a": "\u0000"}']) t;
-- of a key given twice the last counts, as in every jsonb
SELECT mlops_predict('bounds', '{"v": [1, 2], "v": [1, 5]}') = mlops_predict('bounds', '{"v": [1, 5]}');
