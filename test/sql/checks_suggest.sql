-- Checks that are suggested: of what kinds of columns, with which margins, and of rows with which nothing can be done.
CREATE SCHEMA test_checks_suggest;
SET search_path = test_checks_suggest, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\set SHOW_CONTEXT never
CREATE FUNCTION suggest(source text) RETURNS TABLE (rule text, column_name text, args text, mostly float8, severity text, reason text) LANGUAGE sql AS
    $$SELECT rule, column_name, CASE WHEN length(args::text) > 150 THEN left(args::text, 40) || '...' ELSE args::text END, mostly, severity, reason FROM mlops_suggest_checks(source) WHERE rule NOT IN ('of_type', 'not_null') OR mostly < 1$$;

-- nothing to look at
SELECT rule, column_name, args, mostly, severity, reason FROM mlops_suggest_checks('SELECT 1 AS a WHERE false');
SELECT rule, column_name, args, mostly, severity, reason FROM mlops_suggest_checks('SELECT 1 AS a, NULL::text AS b, ''x''::text AS c');
SELECT rule, column_name, args, mostly, severity, reason FROM mlops_suggest_checks('SELECT NULL::int AS a, NULL::text AS b, NULL::timestamptz AS c, NULL::json AS d FROM generate_series(1, 100)');
SELECT * FROM suggest($$SELECT 5 AS a, 'x'::text AS b, true AS c, date '2020-01-01' AS d, '{}'::json AS e, 2.5::float8 AS f, 0::float8 AS g FROM generate_series(1, 100)$$);
-- identities, and measurements that are unique by chance
CREATE TABLE things AS SELECT i AS id, i * i AS area, md5(i::text)::uuid AS u, 'A-' || lpad(i::text, 4, '0') AS code, 'user' || i || '@example.org' AS mail, 10 + i % 90 AS age, (i * 7919 % 1009) / 10.0::float8 AS score, (i * 7919 % 1009) / 10.0::float8 + i % 3 AS higher,
    CASE WHEN i % 10 <> 0 THEN 'c' || i % 6 END AS kind, CASE WHEN i % 200 = 0 THEN 'once ' || i ELSE 'w' || i % 4 END AS rare, i % 4 = 0 AS flag, (ARRAY['NaN', '1', '2.5', '3'])[1 + i % 4]::float8 AS holes FROM generate_series(1, 1000) i;
SELECT * FROM suggest('things');
-- what is suggested holds
SELECT mlops_create_model('things', 'things', 'flag') IS NOT NULL AS made;
SELECT count(mlops_add_check('things', rule, column_name, args, mostly, severity)) FROM mlops_suggest_checks('things');
SELECT count(*), bool_and(passed) AS passed FROM mlops_validate('things');
SELECT mlops_drop_model('things');
-- times: living rows, old ones, odd ones
SELECT rule, column_name, CASE WHEN rule = 'between' THEN (args ->> 'min')::timestamptz < now() - interval '90 days' AND (args ->> 'max')::timestamptz > now() + interval '400 days' END AS wide, CASE WHEN rule = 'freshness' THEN args END AS args
FROM mlops_suggest_checks($$SELECT i AS id, now() - (1000 - i) * interval '2 hours' AS at, (now() AT TIME ZONE 'UTC' - (i % 1000) * interval '2 hours')::date AS day FROM generate_series(1, 1000) i$$) WHERE column_name <> 'id' AND rule NOT IN ('of_type', 'not_null');
SET datestyle = 'German';
SELECT * FROM suggest($$SELECT i AS id, timestamp '2001-01-01' + (i * 37 % 500) * interval '1 day' AS started, timestamp '2001-01-01' + (i * 37 % 500 + i % 7) * interval '1 day' AS ended FROM generate_series(1, 500) i$$);
RESET datestyle;
SELECT * FROM suggest($$SELECT (ARRAY['infinity', '-infinity', '2020-01-01'])[1 + i % 3]::timestamptz AS t, (ARRAY['infinity', '2019-05-05', '4000-01-01 BC'])[1 + i % 3]::date AS d FROM generate_series(1, 100) i$$);
-- numbers: infinite, huge, tiny, with a long tail
SELECT * FROM suggest($$SELECT (ARRAY['NaN', 'Infinity', '-Infinity', '0', '1'])[1 + i % 5]::float8 AS f, (ARRAY['NaN', 'Infinity', '0', '1'])[1 + i % 4]::numeric AS n, 1e300 * i AS big, 1e-300 * i AS tiny, '1e400'::numeric * i AS huge, 1 / (1.001 - i / 1000.0)::float8 AS tail,
    (-i)::smallint AS below, i / 1000.0 AS share, i::bigint * 9007199254740993 AS far FROM generate_series(1, 1000) i$$);
-- texts: of any form
SELECT * FROM suggest($$SELECT i AS "a ""b'\", 'it''s \ "q" ' || i % 3 AS "%s%n", 'x.y*z+(' || i AS meta, repeat('ü', 1000 + i) AS long, ' ' || repeat(chr(65 + i % 26), i % 30) || i % 7 || chr(900 + i % 50) AS blank, ''::text AS empty, repeat(chr(97 + i % 26), 1 + i % 11) || ' ' || repeat(chr(65 + i % 20), i % 5) || i % 3 AS words FROM generate_series(1, 400) i$$);
-- a form that only the first rows have
SELECT * FROM suggest($$SELECT CASE WHEN i <= 10000 THEN lpad(i::text, 6, '0') ELSE 'no. ' || i END AS code FROM generate_series(1, 10500) i$$);
-- many columns: no statement takes all of them
SELECT count(*) FROM mlops_suggest_checks((SELECT 'SELECT ' || string_agg('i AS c' || c, ', ') || ' FROM generate_series(1, 20) i' FROM generate_series(1, 1200) c));
SELECT rule, count(*) FROM mlops_suggest_checks((SELECT 'SELECT ' || string_agg('md5(i::text) AS c' || c, ', ') || ' FROM generate_series(1, 20) i' FROM generate_series(1, 150) c)) GROUP BY rule ORDER BY rule COLLATE "C";
-- types without an order, and types of users
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TYPE en AS ENUM ('b', 'a');
SELECT rule, column_name, args, severity FROM mlops_suggest_checks($$SELECT ROW(i, 'a')::pair AS p, i::positive AS d, (ARRAY['a', 'b'])[1 + i % 2]::en AS e, i::money AS m, int4range(i, i + 1) AS r, ARRAY[i] AS arr, (i || ' days')::interval AS iv, point(i, i) AS pt FROM generate_series(1, 100) i$$);
-- rows that nothing identifies
SELECT * FROM suggest($$SELECT (i % 10)::text AS a, (i / 10)::float8 AS b FROM generate_series(0, 199) i$$);
SELECT * FROM suggest($$SELECT (i % 10)::text AS a, (i % 10)::float8 AS b FROM generate_series(0, 199) i$$);
-- not a source
SELECT mlops_suggest_checks(NULL);
SELECT mlops_suggest_checks('SELECT 1 AS a, 2 AS a');
SELECT mlops_suggest_checks('SELECT FROM things');
SELECT mlops_suggest_checks('missing');
SELECT mlops_suggest_checks('DELETE FROM things');
-- only read, with the caller's rights
CREATE ROLE mlops_looker;
SET ROLE mlops_looker;
SELECT mlops_suggest_checks('test_checks_suggest.things');
RESET ROLE;
GRANT USAGE ON SCHEMA test_checks_suggest TO mlops_looker;
GRANT SELECT ON things TO mlops_looker;
BEGIN READ ONLY;
SET ROLE mlops_looker;
SELECT count(*) > 20 AS suggested FROM mlops_suggest_checks('things');
COMMIT;
RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA test_checks_suggest CASCADE;
DROP ROLE mlops_looker;
