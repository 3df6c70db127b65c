-- Checks that cannot be: wrong words, columns, types and arguments. Nothing of them is kept.
CREATE SCHEMA test_checks_errors;
SET search_path = test_checks_errors, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT always
CREATE TABLE rows AS SELECT i AS id, i % 7 AS a, 'c' || i % 3 AS c, timestamp '2024-01-01' + i * interval '1 hour' AS ts, i % 2 = 0 AS y, '{}'::json AS j, ARRAY[1.5] AS v FROM generate_series(1, 50) i;
CREATE TEMP TABLE fleeting AS SELECT 1 AS x;
SELECT mlops_create_model('m', 'rows', 'y', key => 'id') IS NOT NULL AS made;
SELECT mlops_add_check('nope', 'not_null', 'a');
SELECT mlops_add_check('m', 'not_nul', 'a');
SELECT mlops_add_check('m', 'not_null', 'aa');
SELECT mlops_add_check('m', 'not_null', NULL);
SELECT mlops_add_check('m', 'not_null', 'a', '{"x":1}');
SELECT mlops_add_check('m', 'not_null', 'a', '[]');
SELECT mlops_add_check('m', 'between', 'a');
SELECT mlops_add_check('m', 'between', 'a', '{"min":5,"max":3}');
SELECT mlops_add_check('m', 'between', 'a', '{"mn":5,"max":3}');
SELECT mlops_add_check('m', 'between', 'a', '{"min":"abc"}');
SELECT mlops_add_check('m', 'between', 'a', '{"min":"Infinity"}');
SELECT mlops_add_check('m', 'between', 'a', '{"min":1e400}');
SELECT mlops_add_check('m', 'between', 'a', '{"min":[1]}');
SELECT mlops_add_check('m', 'between', 'y', '{"min":1}');
\set VERBOSITY terse
SELECT mlops_add_check('m', 'between', 'ts', '{"min":"31.12.2024"}');
\set VERBOSITY default
SELECT mlops_add_check('m', 'between', 'ts', '{"min":5}');
SET datestyle = 'German';
SELECT mlops_add_check('m', 'between', 'ts', '{"min":"31.12.2024"}') IS NOT NULL AS added;
RESET datestyle;
\set VERBOSITY terse
SET client_min_messages = notice;
SELECT mlops_add_check('m', 'between', 'ts', '{"min":"2024-12-31"}') = (SELECT check_id FROM mlops.checks JOIN mlops.models USING (model_id) WHERE name = 'm' AND rule = 'between' AND column_name = 'ts') AS same_again;
SET client_min_messages = warning;
SELECT mlops_add_check('m', 'between', 'ts', '{"min":"2024-12-31"}', severity => 'warning');
\set VERBOSITY default
SELECT mlops_add_check('m', 'in_set', 'c', '{"values":[]}');
SELECT mlops_add_check('m', 'in_set', 'c', '{"values":"c"}');
SELECT mlops_add_check('m', 'in_set', 'c', '{"values":[null]}');
SELECT mlops_add_check('m', 'in_set', 'j', '{"values":["a"]}');
SELECT mlops_add_check('m', 'match_regex', 'c', '{"regex":"(("}');
SELECT mlops_add_check('m', 'match_regex', 'c');
SELECT mlops_add_check('m', 'unique', 'j');
SELECT mlops_add_check('m', 'distinct_count_between', 'j', '{"min":1}');
SELECT mlops_add_check('m', 'compound_unique', NULL, '{"columns":["a","j"]}');
SELECT mlops_add_check('m', 'compound_unique', NULL, '{"columns":["a","zz"]}');
SELECT mlops_add_check('m', 'compound_unique', NULL, '{"columns":[]}');
SELECT mlops_add_check('m', 'compound_unique', 'a', '{"columns":["a"]}');
SELECT mlops_add_check('m', 'pair_greater', 'a', '{"other":"c"}');
SELECT mlops_add_check('m', 'pair_greater', 'a', '{"other":"cc"}');
SELECT mlops_add_check('m', 'increasing', 'id');
SELECT mlops_add_check('m', 'increasing', 'a', '{"order_by":"j"}');
SELECT mlops_add_check('m', 'freshness', 'ts', '{"max_age":"-1 day"}');
SELECT mlops_add_check('m', 'freshness', 'ts', '{"max_age":"x"}');
SELECT mlops_add_check('m', 'freshness', 'a', '{"max_age":"1 day"}');
SELECT mlops_add_check('m', 'freshness', 'ts', '{"max_age":"1 day","timezone":"Mars"}');
SELECT mlops_add_check('m', 'of_type', 'a', '{"type":"inti"}');
SELECT mlops_add_check('m', 'quantile_between', 'a', '{"quantile":2,"min":1}');
SELECT mlops_add_check('m', 'quantile_between', 'a', '{"quantile":0.5}');
SELECT mlops_add_check('m', 'mean_between', 'a', '{"min":2,"max":1}');
SELECT mlops_add_check('m', 'row_count_between', NULL, '{"min":-1}');
SELECT mlops_add_check('m', 'row_count_between', NULL, '{"min":1}', mostly => 0.5);
SELECT mlops_add_check('m', 'not_null', 'a', mostly => 1.5);
SELECT mlops_add_check('m', 'not_null', 'a', mostly => 'NaN');
SELECT mlops_add_check('m', 'not_null', 'a', severity => 'fatal');
SELECT mlops_add_check('m', 'no_outliers', 'a', '{"method":"iq"}');
SELECT mlops_add_check('m', 'no_outliers', 'a', '{"k":-1}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"a >"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"a"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"a > 1) as x, (a > 2"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"true) FROM rows WHERE (a>1"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"a > 1) OR (a > 2"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"a > 1 AS x"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"a > 1 FROM rows"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"aa > 1"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"sum(a) > 1"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"source is null"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"row_number() over () > 1"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":""}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"a > 1 -- comment"}') IS NOT NULL AS added;
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"exists (with x as (insert into rows default values returning 1) select from x)"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"exists (select from rows for update)"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"exists (select from fleeting where x=a)"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql":"a::int > 1; drop table rows"}');
SELECT mlops_drop_check(0);
SELECT mlops_drop_check(NULL);
SELECT mlops_validate(NULL);
SELECT mlops_validate('nope');
SELECT mlops_clean_query('m', part => 'x');
SELECT mlops_validate('m', 'SELECT 1 AS a, 2 AS a');
SELECT rule, column_name, passed, observed, failed_rows, total_rows, detail - 'check_id' - 'validation_id' AS detail FROM mlops_validate('m', 'select 1 as x');
DO $$ BEGIN
    PERFORM mlops_clean_query('m', 'SELECT 1 AS x');
EXCEPTION WHEN OTHERS THEN
    -- identities of checks depend on what ran before
    RAISE WARNING '%: %', SQLSTATE, regexp_replace(SQLERRM, 'check \d+', 'check n');
END $$;
SELECT mlops_add_check('m', 'match_regex', 'v', '{"regex": "x"}');
SELECT mlops_add_check('m', 'mean_between', 'c', '{"min": 0}');
SELECT mlops_add_check('m', 'column_to_exist', 'a', '{"position": 0}');
SELECT mlops_add_check('m', 'not_null', 'a', 'null');
SELECT mlops_add_check('m', 'predicate', 'zz', '{"sql": "true"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql": "generate_series(1, 2) > 1"}');
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql": "1 IN (SELECT x FROM missing)"}');
-- the stored form is the same in every session
SELECT rule, column_name, args FROM mlops.checks JOIN mlops.models USING (model_id) WHERE name = 'm' ORDER BY check_id;
-- an argument may be missing, and nothing comes of it
SELECT mlops_add_check(NULL, 'not_null', 'a');
SELECT mlops_add_check('m', NULL, 'a');
SELECT mlops_add_check('m', 'not_null', 'c', NULL, NULL, NULL) IS NOT NULL AS added;
SELECT mlops_add_check('m', 'not_null', '"a"');
SELECT mlops_add_check('m', 'not_null', '');
SELECT mlops_add_check('m', 'not_null', 'a', mostly => 1e308);
SELECT mlops_add_check('m@1', 'not_null', 'a');
SELECT mlops_add_check('m', 'match_regex', 'c', jsonb_build_object('regex', repeat('(a|b)*', 2000)));
SELECT mlops_add_check('m', 'between', 'a', '{"min": 1, "mostly": 0.9}');
SELECT mlops_clean_query(NULL);
SELECT mlops_clean_query('m', 'SELECT 1 AS a, 2 AS a');
SELECT mlops_validate('m', 'SELECT FROM rows');
SELECT mlops_validate('m', '');
-- what looks like SQL in a value stays a value
SELECT mlops_add_check('m', 'in_set', 'c', '{"values": ["c0", "c1", "c2", "x''); DROP TABLE rows; --", "\\", "\\''", "$$", "%s"]}') IS NOT NULL AS added, mlops_add_check('m', 'match_regex', 'c', '{"regex": "^c[0-9]$|''\\)\\; DROP TABLE rows; --"}') IS NOT NULL AS "and";
SELECT rule, passed FROM mlops_validate('m') WHERE column_name = 'c';
-- a predicate that fails in a row says of which model it is; a validation can be stopped, and then stores nothing
SELECT mlops_create_model('n', 'rows', 'y') IS NOT NULL AS made;
SELECT mlops_add_check('n', 'predicate', NULL, '{"sql": "1 / a > 0"}') IS NOT NULL AS added;
SELECT mlops_validate('n');
SELECT version FROM mlops_train('n', algorithm => 'decision_tree');
\set VERBOSITY terse
SET statement_timeout = '100ms';
SELECT mlops_validate('n', 'SELECT i AS a, i AS id FROM generate_series(1, 1000000000) i');
RESET statement_timeout;
\set VERBOSITY default
SELECT count(*) FROM mlops.validations JOIN mlops.models USING (model_id) WHERE name = 'n';
SELECT mlops_drop_model('n');
-- too many
INSERT INTO mlops.checks (model_id, rule, column_name, args, severity, kind, columns)
SELECT model_id, 'between', 'a', jsonb_build_object('max', i), 'error', 'number', '{a}' FROM mlops.models, generate_series(1, 995) i WHERE name = 'm';
SELECT count(*), count(*) FILTER (WHERE passed) AS passed, sum(failed_rows) FROM mlops_validate('m') WHERE rule = 'between' AND column_name = 'a';
SELECT mlops_add_check('m', 'not_null', 'a');
SELECT mlops_add_check('m', 'in_set', 'a', jsonb_build_object('values', (SELECT jsonb_agg(i) FROM generate_series(1, 100001) i)));
SELECT mlops_drop_model('m');
-- categories without end
SELECT mlops_create_model('wide', 'SELECT i AS id, ''k'' || i AS k, i % 2 AS y FROM generate_series(1, 1000000) i', 'y') IS NOT NULL AS made;
SELECT mlops_add_check('wide', 'distinct_count_between', 'k', '{"max": 1000}') IS NOT NULL AS a;
SELECT mlops_add_check('wide', 'in_set', 'k', jsonb_build_object('values', (SELECT jsonb_agg('k' || i) FROM generate_series(1, 100) i)), 0.0001) IS NOT NULL AS b;
SELECT rule, passed, observed, failed_rows, jsonb_array_length(sample) AS shown, detail ->> 'reason' AS reason FROM mlops_validate('wide');
SELECT mlops_drop_model('wide');
SET client_min_messages = error;
DROP SCHEMA test_checks_errors CASCADE;
