-- Rows in: every type, NULLs, vectors, and what a source may be.
CREATE SCHEMA test_source;
SET search_path = test_source, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TYPE size AS ENUM ('s', 'm', 'l');
CREATE DOMAIN share AS numeric CHECK (VALUE BETWEEN 0 AND 1);
CREATE TABLE every AS SELECT i AS id, (i % 100)::smallint AS i2, i::int AS i4, i::bigint * 1000000007 AS i8, (i / 3.0)::real AS f4, i / 7.0::float8 AS f8, (i / 9.0)::numeric AS nu,
    i % 2 = 0 AS bo, 'k' || i % 5 AS te, ('v' || i % 3)::varchar(5) AS vc, ('c' || i % 3)::char(4) AS ch, (ARRAY['s', 'm', 'l'])[1 + i % 3]::size AS en,
    ('00000000-0000-0000-0000-00000000000' || i % 4)::uuid AS uu, (i % 10 / 10.0)::share AS sh, ARRAY[i % 5, i % 7]::float8[] AS v8, ARRAY[i % 3]::real[] AS v4,
    date '2024-01-01' + i AS da, now() AS ts, '{}'::jsonb AS js, ''::bytea AS by, i * 0.5 + i % 5 AS y FROM generate_series(1, 200) i;
SET client_min_messages = notice;
SELECT version, algorithm FROM mlops_train('every', 'every', 'y', key => 'id', params => '{"penalty": "l2"}', algorithm => 'linear_regression');
SET client_min_messages = warning;
SELECT feature, kind FROM mlops_feature_info('every');
SELECT count(*) AS rows, count(mlops_predict('every', e)) AS predicted FROM every e;

-- sources: table, view, materialised view, partitioned, SELECT, WITH, TABLE, VALUES, quoted and qualified names
CREATE VIEW view_of AS SELECT i4, te, y FROM every;
CREATE MATERIALIZED VIEW mat_of AS SELECT i4, te, y FROM every;
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."The ""Table""" AS SELECT i4 AS "A b", te AS "Ç", y AS "SELECT" FROM every;
SELECT s, v FROM (VALUES ('view_of'), ('mat_of'), ('test_source.view_of'), ('SELECT i4, te, y FROM every'), ('  select i4, te, y from every;  '), ('WITH w AS (SELECT i4, te, y FROM every) SELECT * FROM w'),
    ('TABLE view_of'), ('(SELECT i4, te, y FROM every WHERE id < 100) UNION ALL SELECT i4, te, y FROM every WHERE id >= 100'),
    ('SELECT * FROM (VALUES (1, ''a'', 1.5), (2, ''b'', 2.5), (3, ''a'', 3.0)) AS v(i4, te, y)'), ('/* a comment */ SELECT i4, te, y FROM every -- and one')) t(s),
    LATERAL (SELECT version AS v FROM mlops_train('src', s, 'y', 'linear_regression', '{"penalty": "l2"}', task => 'regression', config => '{"split": {"test": 0}}')) x ORDER BY v;
SELECT DISTINCT rows_read FROM mlops.runs JOIN mlops.models m USING (model_id) WHERE m.name = 'src' ORDER BY 1;
SELECT version FROM mlops_train('odd', '"Odd Schema"."The ""Table"""', 'SELECT', 'linear_regression', task => 'regression');
SELECT source_query FROM mlops.models WHERE name = 'odd';
SELECT round(mlops_predict('odd', t)::numeric, 6) AS p FROM "Odd Schema"."The ""Table""" t ORDER BY "A b" LIMIT 1;
-- names are resolved when the source is given: another search_path later does not matter
CREATE SCHEMA front;
CREATE TABLE front.every (i4 int, te text, y float8);
SELECT mlops_create_model('frozen', 'SELECT i4, te, y FROM every', 'y', features => 'i4, upper(te) AS u') > 0 AS created;
CREATE FUNCTION front.upper(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT ''trapped''';
SET search_path = front, test_source, public;
SELECT train_rows + test_rows AS rows FROM mlops_train('frozen', algorithm => 'linear_regression');
SELECT count(DISTINCT mlops_transform('frozen', e)) > 50 AS not_trapped FROM test_source.every e;
SET search_path = test_source, public;
-- * is frozen: a column added later is not read
CREATE TABLE grows AS SELECT i4, y FROM every;
SELECT mlops_create_model('grows', 'grows', 'y') > 0 AS created;
ALTER TABLE grows ADD COLUMN z int DEFAULT 3;
SELECT version FROM mlops_train('grows', algorithm => 'linear_regression');
SELECT string_agg(feature, ',') FROM mlops_feature_info('grows');
ALTER TABLE grows DROP COLUMN i4 CASCADE;
SELECT mlops_train('grows');
DROP TABLE grows;
SELECT mlops_train('grows');
-- temporary tables
CREATE TEMP TABLE fleeting AS SELECT i4, te, y FROM every;
SELECT version FROM mlops_train('fleeting', 'fleeting', 'y', 'linear_regression');
-- numeric extremes; integers of which all values are distinct; empty strings are a level
SELECT version FROM mlops_train('extreme', 'SELECT CASE i % 3 WHEN 0 THEN 1e150 ELSE -1e-300 END AS big, (i::numeric * 1e20) AS nu, repeat('' '', i % 3) AS blank, y FROM (SELECT id AS i, y FROM every) s', 'y', 'linear_regression', '{"penalty": "l2"}');
SELECT feature, distinct_count FROM mlops_feature_info('extreme');
SELECT train_rows, test_rows FROM mlops_train('rls', 'every', 'y', 'linear_regression', key => 'id');
-- what is stored means the same in every session, however that writes and reads literals
CREATE TABLE styles AS SELECT i AS id, date '2024-01-01' + i % 100 AS day, i % 10 AS n, CASE WHEN i % 3 = 0 THEN i % 7 || 'x' ELSE 'ab' END AS word, i % 10 + i % 3 = 0 AS y FROM generate_series(1, 600) i;
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'iso_8601';
SELECT version FROM mlops_train('styles', $$SELECT id, n, word, y FROM styles WHERE day > '05/03/2024'::date + interval '-1 day 2 hours' AND word !~ '^\d\d' AND ARRAY['a', NULL] IS DISTINCT FROM '{a,"NULL"}'::text[]$$,
    'y', 'logistic_regression', key => 'id', features => $$n, word ~ '^\d' AS digit, cardinality(array_remove('{a,NULL}'::text[], NULL)) + n % 2 AS known$$);
CREATE TABLE said AS SELECT 'as trained' AS how, (SELECT string_agg(value::text, ' ') FROM mlops_evaluate('styles')) AS figures, (SELECT md5(string_agg(mlops_transform('styles', s)::text, ' ' ORDER BY id)) FROM styles s) AS features;
RESET datestyle;
RESET intervalstyle;
INSERT INTO said SELECT 'the default', (SELECT string_agg(value::text, ' ') FROM mlops_evaluate('styles')), (SELECT md5(string_agg(mlops_transform('styles', s)::text, ' ' ORDER BY id)) FROM styles s);
\c
SET search_path = test_source, public;
SET client_min_messages = warning;
SET escape_string_warning = off;
SET standard_conforming_strings = off;
SET array_nulls = off;
SET datestyle = 'German, YMD';
SET intervalstyle = 'sql_standard';
INSERT INTO said SELECT 'another', (SELECT string_agg(value::text, ' ') FROM mlops_evaluate('styles')), (SELECT md5(string_agg(mlops_transform('styles', s)::text, ' ' ORDER BY id)) FROM styles s);
SELECT count(*), count(DISTINCT figures) AS figures, count(DISTINCT features) AS features FROM said;
SELECT train_rows, test_rows FROM mlops_train('styles', algorithm => 'logistic_regression');
SELECT count(DISTINCT v.source_query) AS sources, count(DISTINCT definition->'features') AS features, count(DISTINCT train_rows) AS rows FROM mlops.versions v JOIN mlops.models m USING (model_id) WHERE m.name = 'styles';
