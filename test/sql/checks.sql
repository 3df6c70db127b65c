-- Checks of a model: every rule, what is missing, the two halves of a source, trainings that are stopped.
CREATE SCHEMA test_checks;
SET search_path = test_checks, public;
SET mlops.progress = off;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE DOMAIN share AS double precision;
-- 100 rows: some of each column are missing
CREATE TABLE rows AS SELECT i AS id, CASE WHEN i % 10 <> 0 THEN i % 7 END AS n, CASE WHEN i % 20 = 0 THEN NULL WHEN i % 20 = 7 THEN 'NaN' ELSE i / 10.0 END::share AS x,
    (i * 0.01)::real AS r, (i * 1.10)::numeric(10, 2) AS price, CASE WHEN i % 25 <> 0 THEN 'item-' || i % 4 END AS item, (i % 4)::text::char(4) AS code,
    (ARRAY['red', 'green', 'blue'])[1 + i % 3]::colour AS colour, md5(i::text)::uuid AS u, i % 2 = 0 AS flag, date '2024-01-01' + i AS day, timestamp '2024-01-01' + i * interval '1 hour' AS ts,
    timestamptz '2024-01-01 00:00+00' + i * interval '1 hour' AS tz, i % 3 = 0 AS y, '{}'::json AS j, ARRAY[i, 1] AS pair FROM generate_series(1, 100) i;
SELECT mlops_create_model('rows', 'rows', 'y', key => 'id', time_column => 'ts') IS NOT NULL AS made;
-- Adds a check, applies it alone and drops it again.
CREATE FUNCTION try(rule text, column_name text, args jsonb DEFAULT '{}', mostly float8 DEFAULT 1, source text DEFAULT NULL,
    OUT passed boolean, OUT observed text, OUT failed bigint, OUT missing bigint, OUT total bigint, OUT ids text, OUT reason text) LANGUAGE plpgsql AS $$
DECLARE
    id bigint := mlops_add_check('rows', rule, column_name, args, mostly);
BEGIN
    SELECT v.passed, v.observed, v.failed_rows, (detail ->> 'missing_rows')::bigint, total_rows, (SELECT string_agg(e ->> 'id', ' ' ORDER BY (e ->> 'id')::int) FROM jsonb_array_elements(sample) e), detail ->> 'reason'
    INTO passed, observed, failed, missing, total, ids, reason FROM mlops_validate('rows', source) v;
    PERFORM mlops_drop_check(id);
END $$;

-- rules about rows: what is missing is not judged
SELECT * FROM try('not_null', 'id');
SELECT * FROM try('not_null', 'x');
SELECT * FROM try('not_null', 'x', mostly => 0.9);
SELECT * FROM try('not_null', 'x', mostly => 0.91);
SELECT * FROM try('unique', 'id');
SELECT * FROM try('unique', 'price');
SELECT * FROM try('unique', 'x', source => 'SELECT id, CASE WHEN id < 4 THEN 1 ELSE x END AS x FROM rows');
SELECT * FROM try('unique', 'pair');
SELECT * FROM try('compound_unique', NULL, '{"columns": ["n", "item"]}', source => 'SELECT * FROM rows WHERE id < 30');
SELECT * FROM try('compound_unique', NULL, '{"columns": ["n", "item"]}', source => 'SELECT id, n, item FROM rows WHERE id IN (1, 2, 50) UNION ALL VALUES (0, NULL::bigint, NULL), (0, NULL, NULL)');
SELECT * FROM try('between', 'n', '{"min": 0, "max": 5}');
SELECT * FROM try('between', 'n', '{"min": 0, "max": 6, "strict_min": true, "strict_max": true}');
SELECT * FROM try('between', 'n', '{"max": 5.5}');
SELECT * FROM try('between', 'x', '{"min": 0.1, "max": 9.9}');
SELECT * FROM try('between', 'r', '{"min": 0.01, "max": 0.99}');
SELECT * FROM try('between', 'r', '{"min": 1e-300, "max": 1e300}');
SELECT * FROM try('between', 'price', '{"min": 1.10, "max": 109.99}');
SELECT * FROM try('between', 'item', '{"max": "item-2"}');
SELECT * FROM try('between', 'day', '{"min": "2024-01-03", "max": "2024-04-09"}');
SELECT * FROM try('between', 'tz', '{"min": "2024-01-01 03:00+01", "max": "infinity"}');
SELECT * FROM try('between', 'x', '{"min": 0}', source => $$SELECT id, (ARRAY['NaN', 'Infinity', '-Infinity', '0'])[1 + id % 4]::float8 AS x FROM rows$$);
SELECT * FROM try('between', 'x', '{"max": 1}', source => $$SELECT id, (ARRAY['NaN', 'Infinity', '-Infinity', '0'])[1 + id % 4]::float8 AS x FROM rows$$);
SELECT * FROM try('in_set', 'n', '{"values": [0, 1, 2, 3, 4, 5]}');
SELECT * FROM try('in_set', 'n', '{"values": [0, 1, 2, 3, 4, 5, 5.5, 1e30]}');
SELECT * FROM try('in_set', 'r', '{"values": [0.01, 0.02, 1e300]}');
SELECT * FROM try('in_set', 'item', '{"values": ["item-0", "item-1", "item-2"]}');
SELECT * FROM try('in_set', 'code', '{"values": ["0", "1", "2"]}');
SELECT * FROM try('in_set', 'colour', '{"values": ["red", "green", "violet"]}');
SELECT * FROM try('in_set', 'flag', '{"values": [true]}', 0.5);
SELECT * FROM try('in_set', 'day', '{"values": ["2024-01-02", "2024-01-03"]}', 0.02);
SELECT * FROM try('not_in_set', 'item', '{"values": ["item-3"]}');
SELECT * FROM try('not_in_set', 'n', '{"values": [3]}');
SELECT * FROM try('match_regex', 'item', '{"regex": "^item-[0-2]$"}');
SELECT * FROM try('match_regex', 'u', '{"regex": "^[0-9a-f]{8}-"}');
SELECT * FROM try('match_regex', 'id', '{"regex": "^\\d\\d?$"}');
SELECT * FROM try('increasing', 'id');
SELECT * FROM try('increasing', 'n');
SELECT * FROM try('increasing', 'price', '{"order_by": "id", "strictly": true}');
SELECT * FROM try('increasing', 'x', '{"order_by": "id"}');
SELECT * FROM try('increasing', 'day', '{"order_by": "ts", "partition_by": "item"}');
SELECT * FROM try('increasing', 'price', '{"order_by": "id"}', source => 'SELECT id, CASE WHEN id IN (50, 70) THEN 1 ELSE price END AS price FROM rows');
SELECT * FROM try('increasing', 'price', '{"order_by": "id", "strictly": true}', source => 'SELECT id, CASE WHEN id = 50 THEN 53.9 ELSE price END AS price FROM rows');
SELECT * FROM try('pair_greater', 'price', '{"other": "x"}');
SELECT * FROM try('pair_greater', 'x', '{"other": "n"}');
SELECT * FROM try('pair_greater', 'day', '{"other": "ts", "or_equal": true}', 0.5);
SELECT * FROM try('pair_greater', 'ts', '{"other": "tz"}');
SELECT * FROM try('no_outliers', 'price', source => 'SELECT id, CASE WHEN id = 7 THEN 1000 WHEN id = 8 THEN -1000 WHEN id = 9 THEN NULL ELSE price END AS price FROM rows');
SELECT * FROM try('no_outliers', 'price', '{"method": "zscore"}', source => 'SELECT id, CASE WHEN id = 7 THEN 1000 WHEN id = 8 THEN -1000 ELSE price END AS price FROM rows');
SELECT * FROM try('no_outliers', 'price', '{"method": "mad", "k": 5}', source => 'SELECT id, CASE WHEN id = 7 THEN 1000 WHEN id = 8 THEN -1000 ELSE price END AS price FROM rows');
SELECT * FROM try('no_outliers', 'x', '{"method": "zscore"}', source => $$SELECT id, (ARRAY['NaN', 'Infinity', '-Infinity', '0'])[1 + id % 4]::float8 AS x FROM rows$$);
SELECT * FROM try('no_outliers', 'x', source => $$SELECT id, 0.1::float8 AS x FROM rows$$);
SELECT * FROM try('no_outliers', 'x', '{"method": "zscore"}', source => $$SELECT id, 0.1::float8 AS x FROM rows$$);
SELECT * FROM try('predicate', NULL, '{"sql": "n < 6 OR flag -- the rest"}');
SELECT * FROM try('predicate', 'n', '{"sql": "EXISTS (SELECT FROM rows o WHERE o.id = source.n)"}', 0.9);
SELECT * FROM try('predicate', NULL, '{"sql": "ts < now() AND day <= current_date"}');
-- of one figure
SELECT * FROM try('row_count_between', NULL, '{"min": 100, "max": 100}');
SELECT * FROM try('row_count_between', NULL, '{"min": 101}');
SELECT * FROM try('mean_between', 'id', '{"min": 50, "max": 51}');
SELECT * FROM try('mean_between', 'flag', '{"max": 0.4}');
SELECT * FROM try('mean_between', 'x', '{"min": 5, "max": 6}');
SELECT * FROM try('stddev_between', 'id', '{"min": 29.011491975, "max": 29.011491976}');
SELECT * FROM try('quantile_between', 'id', '{"quantile": 0.9, "max": 90}');
SELECT * FROM try('distinct_count_between', 'item', '{"min": 3, "max": 4}');
SELECT * FROM try('distinct_count_between', 'x', '{"min": 100}');
SELECT passed, observed ~ '^0 days 01:00:0\d$' AS an_hour, reason FROM try('freshness', 'tz', '{"max_age": "2 hours"}', source => $$SELECT now() - id * interval '1 hour' AS tz FROM rows UNION ALL VALUES (now() + interval '1 year'), ('infinity')$$);
SELECT passed, observed ~ '^\d+ days \d\d:\d\d:\d\d$' AS days, regexp_replace(reason, '^the newest time is \d+ days \d\d:\d\d:\d\d ago', 'old') AS reason FROM try('freshness', 'day', '{"max_age": "1 mon"}');
SELECT passed FROM try('freshness', 'ts', '{"max_age": "1 minute", "timezone": "Asia/Tokyo"}', source => $$SELECT now() AT TIME ZONE 'Asia/Tokyo' AS ts$$);
-- of the columns
SELECT * FROM try('of_type', 'n', '{"type": "int"}');
SELECT * FROM try('of_type', 'price', '{"type": "numeric"}');
SELECT * FROM try('of_type', 'price', '{"type": "numeric(9, 2)"}');
SELECT * FROM try('of_type', 'colour', '{"type": "colour"}');
SELECT * FROM try('of_type', 'n', '{"type": "int"}', source => 'SELECT 1::bigint AS n');
SELECT * FROM try('of_type', 'n', '{"type": "int"}', source => 'SELECT 1::bigint AS m');
SELECT * FROM try('column_to_exist', 'x', '{"position": 3}');
SELECT * FROM try('column_to_exist', 'x', '{"position": 2}');
SELECT * FROM try('column_to_exist', 'to come');

-- nothing to judge: rules about rows hold, figures that do not exist fail
SELECT r.rule, t.* FROM (VALUES ('not_null', 'n', '{}'), ('unique', 'n', '{}'), ('between', 'n', '{"min": 1}'), ('no_outliers', 'n', '{}'), ('predicate', NULL, '{"sql": "n > 0"}'),
    ('row_count_between', NULL, '{"min": 1}'), ('mean_between', 'n', '{"min": 0}'), ('distinct_count_between', 'n', '{"max": 5}'), ('freshness', 'ts', '{"max_age": "1 day"}')) r (rule, col, args),
    LATERAL try(rule, col, args::jsonb, source => 'SELECT * FROM rows WHERE false') t;
SELECT r.rule, t.* FROM (VALUES ('not_null', 'n', '{}'), ('unique', 'n', '{}'), ('between', 'n', '{"min": 1}'), ('in_set', 'item', '{"values": ["a"]}'), ('no_outliers', 'n', '{"method": "mad"}'),
    ('pair_greater', 'n', '{"other": "x"}'), ('increasing', 'n', '{"order_by": "x"}'), ('predicate', NULL, '{"sql": "n > 0"}'), ('stddev_between', 'n', '{"min": 0}'), ('distinct_count_between', 'n', '{"max": 5}')) r (rule, col, args),
    LATERAL try(rule, col, args::jsonb, source => 'SELECT NULL::int AS n, NULL::float8 AS x, NULL::text AS item FROM rows') t;

-- what a check was made for may be gone: it fails and says so, the others are judged
SELECT * FROM try('between', 'n', '{"min": 0}', source => 'SELECT id FROM rows');
SELECT * FROM try('pair_greater', 'n', '{"other": "x"}', source => 'SELECT id, n FROM rows');
SELECT * FROM try('between', 'n', '{"min": 0}', source => 'SELECT id, n::text FROM rows');
SELECT * FROM try('between', 'n', '{"min": 0}', source => 'SELECT id, n::numeric FROM rows');
SELECT * FROM try('predicate', NULL, '{"sql": "n < 10 AND x > 0"}', source => 'SELECT id, n FROM rows');
SELECT * FROM try('unique', 'n', source => 'SELECT id, j AS n FROM rows');
-- columns of any name
SELECT mlops_create_model('names', 'SELECT id AS mlops_0_w0, n AS "source", x AS "a ""b"" ''c'' \d", y FROM rows', 'y') IS NOT NULL AS made;
SELECT mlops_add_check('names', 'unique', 'mlops_0_w0') IS NOT NULL AS a, mlops_add_check('names', 'between', 'source', '{"max": 5}') IS NOT NULL AS b, mlops_add_check('names', 'no_outliers', E'a "b" ''c'' \\d') IS NOT NULL AS c,
    mlops_add_check('names', 'predicate', NULL, '{"sql": "source.source > 0 OR source > 0"}') IS NOT NULL AS d;
SELECT rule, column_name, passed, observed, failed_rows FROM mlops_validate('names');

-- the halves of a source are the source, whatever is NULL, and the clean one passes
SELECT count(mlops_add_check('rows', rule, col, args::jsonb)) FROM (VALUES ('not_null', 'n', '{}'), ('between', 'x', '{"min": 0.5, "max": 9}'), ('in_set', 'item', '{"values": ["item-0", "item-1", "item-2"]}'),
    ('unique', 'price', '{}'), ('predicate', NULL, '{"sql": "x < 8 OR flag"}'), ('pair_greater', 'price', '{"other": "x"}'), ('no_outliers', 'price', '{"method": "mad"}'), ('match_regex', 'u', '{"regex": "^[^0]"}')) r (rule, col, args);
SELECT mlops_add_check('rows', 'between', 'id', '{"max": 10}', severity => 'warning') IS NOT NULL AS does_not_count;
CREATE FUNCTION halves(source text, OUT clean bigint, OUT quarantine bigint, OUT lost bigint, OUT added bigint, OUT passed boolean) LANGUAGE plpgsql AS $$
DECLARE
    a text := mlops_clean_query('rows', source);
    b text := mlops_clean_query('rows', source, 'quarantine');
    united text := format('(SELECT s::text FROM (%s) s UNION ALL SELECT s::text FROM (%s) s)', a, b);
BEGIN
    EXECUTE format('SELECT (SELECT count(*) FROM (%s) s), (SELECT count(*) FROM (%s) s), (SELECT count(*) FROM (SELECT s::text FROM (%s) s EXCEPT ALL %s) d), (SELECT count(*) FROM (%s EXCEPT ALL SELECT s::text FROM (%s) s) d)',
        a, b, source, united, united, source) INTO clean, quarantine, lost, added;
    SELECT bool_and(v.passed) INTO passed FROM mlops_validate('rows', a) v WHERE severity = 'error';
END $$;
SELECT * FROM halves('SELECT * FROM rows');
SELECT * FROM halves('SELECT * FROM rows UNION ALL SELECT * FROM rows WHERE id < 20');
SELECT * FROM halves('SELECT * FROM rows WHERE false');
SELECT * FROM halves($$WITH r AS (SELECT id, 'NaN'::float8 AS x, n, item, price, flag, u FROM rows) SELECT * FROM r WHERE flag$$);
-- it is text of its own: another session, another path
SELECT mlops_clean_query('rows', part => 'quarantine') AS query \gset
SET search_path = pg_temp;
SET standard_conforming_strings = off;
SELECT count(*) FROM (:query) q;
SET standard_conforming_strings = on;
SET search_path = test_checks, public;
SELECT mlops_clean_query('names', 'SELECT 1 AS source, 2 AS mlops_0_w0, 0.5::float8 AS "a ""b"" ''c'' \d"') ~ '^\s*WITH source AS' AS is_query;

-- one reading for all that looks at rows and figures, one more for what sorts, one for all rows to show
CREATE FUNCTION reading() RETURNS SETOF rows STABLE LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'the rows are read'; RETURN QUERY SELECT * FROM rows; END$$;
SELECT mlops_create_model('read', 'rows', 'y') IS NOT NULL AS made;
SELECT count(mlops_add_check('read', rule, col, args::jsonb, severity => 'warning')) FROM (VALUES ('not_null', 'id', '{}'), ('between', 'id', '{"max": 100}'), ('in_set', 'colour', '{"values": ["red", "green", "blue"]}'), ('match_regex', 'item', '{"regex": "^item"}'),
    ('pair_greater', 'price', '{"other": "r"}'), ('predicate', NULL, '{"sql": "id > 0"}'), ('row_count_between', NULL, '{"min": 1}'), ('mean_between', 'price', '{"min": 1}'), ('distinct_count_between', 'item', '{"min": 2}'), ('of_type', 'id', '{"type": "int"}')) c (rule, col, args);
\set VERBOSITY terse
SELECT count(*), bool_and(passed) AS passed FROM mlops_validate('read', 'SELECT * FROM reading()');
SELECT mlops_add_check('read', 'unique', 'id') IS NOT NULL AS a, mlops_add_check('read', 'increasing', 'id', '{"order_by": "ts"}') IS NOT NULL AS b;
SELECT count(*), bool_and(passed) AS passed FROM mlops_validate('read', 'SELECT * FROM reading()');
SELECT mlops_add_check('read', 'between', 'id', jsonb_build_object('max', i)) IS NOT NULL AS few FROM generate_series(90, 97) i;
SELECT mlops_add_check('read', 'between', 'id', jsonb_build_object('max', 99)) IS NOT NULL AS few;
SELECT count(*), count(*) FILTER (WHERE NOT passed) AS failed, string_agg(jsonb_array_length(sample)::text, ' ' ORDER BY (detail ->> 'check_id')::int) AS shown FROM mlops_validate('read', 'SELECT * FROM reading()');
SELECT mlops_drop_model('read');
\set VERBOSITY default

-- a training: errors stop it, warnings are told, what was found is stored with the run
SET client_min_messages = info;
SELECT mlops_create_model('trained', 'SELECT id, n, x, y FROM rows', 'y', key => 'id') IS NOT NULL AS made;
SELECT mlops_add_check('trained', 'between', 'n', '{"max": 6}') IS NOT NULL AS a, mlops_add_check('trained', 'not_null', 'x', severity => 'warning') IS NOT NULL AS b, mlops_add_check('trained', 'row_count_between', NULL, '{"min": 1000}', severity => 'info') IS NOT NULL AS c;
-- identities of the checks depend on what ran before
\set VERBOSITY terse
SELECT version FROM mlops_train('trained', algorithm => 'decision_tree');
SELECT v.passed, v.severity, checks, failed_checks, total_rows, v.run_id = r.run_id AS of_the_run, rule, column_name, args, mostly, e.severity, e.passed, observed, failed_rows, missing_rows, reason
FROM mlops.validations v JOIN mlops.models m USING (model_id) JOIN mlops.runs r ON r.model_id = m.model_id JOIN mlops.validation_results e USING (validation_id) WHERE m.name = 'trained' ORDER BY check_id;
DO $$
DECLARE
    message text;
    detail text;
    hint text;
    state text;
BEGIN
    PERFORM mlops_add_check('trained', 'between', 'n', '{"max": 5}');
    PERFORM mlops_add_check('trained', 'between', 'x', '{"max": 5}', 0.9);
    PERFORM mlops_add_check('trained', 'mean_between', 'n', '{"min": 10, "max": 20}');
    PERFORM mlops_add_check('trained', 'column_to_exist', 'z');
    PERFORM mlops_train('trained', algorithm => 'decision_tree');
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
    RAISE INFO E'% %\n%\n%', state, message, regexp_replace(detail, 'Check \d+', 'Check n', 'g'), hint;
END $$;
SELECT count(*) AS versions FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'trained';
-- more than a message can name
SET client_min_messages = warning;
DO $$
DECLARE
    detail text;
BEGIN
    FOR i IN 10..34 LOOP
        PERFORM mlops_add_check('trained', 'between', 'n', jsonb_build_object('min', i));
    END LOOP;
    PERFORM mlops_train('trained', algorithm => 'decision_tree');
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RAISE WARNING '% lines, the last: %', cardinality(string_to_array(detail, E'\n')), regexp_replace(detail, '.*\n', '');
END $$;
-- a source of the call is checked too
SELECT mlops_train('trained', 'SELECT id, n + 1 AS n, x, y FROM rows', algorithm => 'decision_tree');
-- a source that is gone
CREATE VIEW v AS SELECT * FROM rows;
SELECT mlops_create_model('viewed', 'v', 'y') IS NOT NULL AS made;
SELECT mlops_add_check('viewed', 'predicate', NULL, '{"sql": "id IN (SELECT id FROM test_checks.v)"}') IS NOT NULL AS added;
CREATE TABLE known AS SELECT id FROM rows WHERE id < 50;
SELECT mlops_add_check('viewed', 'predicate', NULL, '{"sql": "id IN (SELECT id FROM known)"}') IS NOT NULL AS added;
SELECT passed, failed_rows FROM mlops_validate('viewed');
DROP TABLE known;
SELECT passed, failed_rows, detail ->> 'reason' AS reason FROM mlops_validate('viewed');
ALTER VIEW v RENAME COLUMN n TO m;
SELECT mlops_validate('viewed');
DROP VIEW v;
SELECT mlops_validate('viewed');
SELECT mlops_clean_query('viewed');
SELECT mlops_add_check('viewed', 'not_null', 'id');
-- only read
BEGIN READ ONLY;
SET LOCAL client_min_messages = notice;
SELECT passed FROM mlops_validate('names') LIMIT 1;
SELECT mlops_add_check('names', 'unique', 'source');
ROLLBACK;
-- none
SET client_min_messages = notice;
SELECT mlops_create_model('none', 'rows', 'y', key => 'id') IS NOT NULL AS made;
SELECT count(*) FROM mlops_validate('none');
SELECT count(*) FROM rows, LATERAL (SELECT) q WHERE EXISTS (SELECT mlops_clean_query('none', part => 'quarantine'));
SET client_min_messages = warning;
-- the rules and their arguments
SELECT rule, scope, column_kinds, string_agg(argument || ' ' || type || coalesce(' = ' || default_value, ''), ', ') AS arguments FROM mlops_check_rules() WITH ORDINALITY AS r GROUP BY rule, scope, column_kinds ORDER BY min(ordinality);
SELECT count(*) AS without_description FROM mlops_check_rules() WHERE description IS NULL OR (argument IS NOT NULL AND argument_description IS NULL);

-- with the model goes all that was found
SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE name IN ('rows', 'names', 'trained', 'viewed', 'none');
SELECT (SELECT count(*) FROM mlops.checks c WHERE NOT EXISTS (SELECT FROM mlops.models m WHERE m.model_id = c.model_id)) AS checks, (SELECT count(*) FROM mlops.validations c WHERE NOT EXISTS (SELECT FROM mlops.models m WHERE m.model_id = c.model_id)) AS validations,
    (SELECT count(*) FROM mlops.validation_results c WHERE NOT EXISTS (SELECT FROM mlops.models m WHERE m.model_id = c.model_id)) AS results;
SET client_min_messages = error;
DROP SCHEMA test_checks CASCADE;
