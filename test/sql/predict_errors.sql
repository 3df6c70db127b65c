-- Every mistake of a prediction call.
CREATE SCHEMA test_predict_errors;
SET search_path = test_predict_errors, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text; result text;
BEGIN
    EXECUTE statement INTO result;
    RETURN 'result: ' || coalesce(result, 'NULL');
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ': ' || message || coalesce(E'\n  detail: ' || nullif(detail, ''), '') || coalesce(E'\n  hint: ' || nullif(hint, ''), '');
END $$;
CREATE TABLE people AS SELECT i AS id, 18 + i % 60 AS age, (i % 7) * 100.0 AS income, 'c' || i % 4 AS city, i % 3 = 0 AS member,
    (i % 60 + i % 7 * 10 + i % 13) > 50 AS bought, i % 60 + i % 7 * 10 + sin(i) AS spent, (ARRAY['x', 'y', 'z'])[1 + i % 3] AS class3 FROM generate_series(1, 300) i;
SELECT version FROM mlops_train('buy', 'SELECT age, income, city, member, bought FROM people', 'bought', 'logistic_regression');
SELECT version FROM mlops_train('spend', 'SELECT age, income, spent FROM people', 'spent', 'linear_regression');
SELECT version FROM mlops_train('three', 'SELECT age, income, class3 FROM people', 'class3', 'logistic_regression');
SELECT version FROM mlops_train('vec', 'SELECT ARRAY[age, income]::float8[] AS v, bought FROM people', 'bought', 'logistic_regression');
SELECT version FROM mlops_train('expr', 'people', 'bought', 'logistic_regression', features => 'ln(age) AS la, city');
SELECT mlops_create_model('untrained', 'people', 'bought') > 0;

-- references
SELECT attempt($$SELECT mlops_predict('bye', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('untrained', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy@9', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy@staging', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy@best', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy@', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('@1', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy@1@2', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy@none', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy@99999999999999999999', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('', p) FROM people p LIMIT 1$$);

-- rows
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT age, income, city FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT age AS "Age", income, city, member FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy', ROW(30, 100, 'c1', true))$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT age + 0.5 AS age, income, city, member FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT age + 0.0 AS age, income, city, member FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT 3e10::float8 AS age, income, city, member FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT age::text AS age, income, city, member FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT age::bigint AS age, income::float8 AS income, city::varchar AS city, member FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT age, income, 5 AS city, member FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT age, 'Infinity'::float8 AS income, city, member FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('spend', p) IS NOT NULL FROM (SELECT age, 'NaN'::float8 AS income FROM people) p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict('buy', NULL::people) IS NULL$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT NULL::int AS age, NULL::numeric AS income, NULL::text AS city, NULL::boolean AS member) p$$);
SELECT attempt($$SELECT mlops_predict('buy', p) IS NOT NULL FROM (SELECT 30 AS age, 1 AS income, 'never seen' AS city, true AS member) p$$);
SELECT attempt($$SELECT mlops_predict('expr', p) IS NOT NULL FROM (SELECT -5 AS age, 'c1' AS city) p$$);

-- jsonb
SELECT attempt($$SELECT mlops_predict('buy', '{"age": 30, "income": 100, "city": "c1"}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"Age": 30, "income": 100, "city": "c1", "member": true}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": "30", "income": 100, "city": "c1", "member": true}'::jsonb) IS NOT NULL$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": "thirty", "income": 100, "city": "c1", "member": true}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": 30.5, "income": 100, "city": "c1", "member": true}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": 1e30, "income": 100, "city": "c1", "member": true}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": true, "income": 100, "city": "c1", "member": true}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": 30, "income": 100, "city": 1, "member": true}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": 30, "income": 100, "city": "c1", "member": "yes"}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": 30, "income": 100, "city": "c1", "member": 1}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": [30], "income": 100, "city": "c1", "member": true}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '{"age": null, "income": null, "city": null, "member": null}'::jsonb) IS NOT NULL$$);
SELECT attempt($$SELECT mlops_predict('buy', '[1, 2]'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('buy', '3'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('vec', '{"v": [1, 2]}'::jsonb) IS NOT NULL$$);
SELECT attempt($$SELECT mlops_predict('vec', '{"v": [1, 2, 3]}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('vec', '{"v": [1, "a"]}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('vec', '{"v": 1}'::jsonb)$$);
SELECT attempt($$SELECT mlops_predict('vec', '{"v": [1, null]}'::jsonb) IS NOT NULL$$);

-- text and arrays
SELECT attempt($$SELECT mlops_predict('buy', '{"age": 30, "income": 100, "city": "c1", "member": true}') IS NOT NULL$$);
SELECT attempt($$SELECT mlops_predict('buy', 'age: 30')$$);
SELECT attempt($$SELECT mlops_predict('buy', '')$$);
SELECT attempt($$SELECT mlops_predict('spend', '{30, 100}') = mlops_predict('spend', ARRAY[30, 100]::float8[])$$);
SELECT attempt($$SELECT mlops_predict('spend', ARRAY[30]::float8[])$$);
SELECT attempt($$SELECT mlops_predict('spend', ARRAY[30, NULL]::float8[]) IS NOT NULL$$);
SELECT attempt($$SELECT mlops_predict('spend', ARRAY[[30, 1], [2, 3]]::float8[])$$);
SELECT attempt($$SELECT mlops_predict('buy', ARRAY[30, 100, 1, 1]::float8[])$$);
SELECT attempt($$SELECT mlops_predict('expr', ARRAY[30, 1]::float8[])$$);

-- tasks
SELECT attempt($$SELECT mlops_predict('three', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict_label('spend', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_predict_proba('spend', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT feature FROM mlops_explain('three', (SELECT p FROM people p LIMIT 1), 'w')$$);
SELECT attempt($$SELECT feature FROM mlops_explain('buy', (SELECT p FROM people p LIMIT 1), 'bought')$$);
SELECT attempt($$SELECT feature FROM mlops_explain('buy', (SELECT p FROM people p LIMIT 1), method => 'sharp')$$);
SELECT attempt($$SELECT key FROM mlops_predict_batch('buy', 'peple')$$);
SELECT attempt($$SELECT key FROM mlops_predict_batch('buy', 'SELECT age FROM people')$$);
SELECT attempt($$SELECT key FROM mlops_predict_batch('buy', 'people', 'no_key')$$);
SELECT attempt($$SELECT key FROM mlops_predict_batch('buy', 'DELETE FROM people')$$);

-- what the features used is gone
CREATE FUNCTION twice(int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN RETURN $1 * 2; END';
SELECT version FROM mlops_train('uses', 'people', 'bought', 'logistic_regression', features => 'twice(age) AS t, income');
SELECT mlops_predict('uses', p) IS NOT NULL FROM people p LIMIT 1;
DROP FUNCTION twice(int);
SELECT attempt($$SELECT mlops_predict('uses', p) FROM people p LIMIT 1$$);
CREATE FUNCTION twice(int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN RETURN $1 * 2; END';
SELECT mlops_predict('uses', p) IS NOT NULL FROM people p LIMIT 1;

-- ... or the type of a column: said, and right again when it is back
CREATE TYPE grade AS ENUM ('a', 'b');
CREATE TABLE graded AS SELECT (ARRAY['a', 'b'])[1 + i % 2]::grade AS g, i * 1.0::float8 AS y FROM generate_series(1, 100) i;
SELECT version FROM mlops_train('graded', 'graded', 'y', 'linear_regression');
SELECT mlops_predict('graded', '{"g": "a"}'::jsonb) IS NOT NULL;
DROP TYPE grade CASCADE;
SELECT attempt($$SELECT mlops_predict('graded', '{"g": "a"}'::jsonb)$$);
CREATE TYPE grade AS ENUM ('a', 'b');
SELECT mlops_predict('graded', '{"g": "a"}'::jsonb) IS NOT NULL;
CREATE TYPE pair AS (a int, b int);
CREATE TABLE paired AS SELECT ROW(i, i)::pair AS c, i * 1.0::float8 AS y FROM generate_series(1, 100) i;
SELECT version FROM mlops_train('paired', 'paired', 'y', 'linear_regression', features => '(c).a AS a');
SELECT mlops_predict('paired', p) IS NOT NULL FROM paired p LIMIT 1;
ALTER TYPE pair DROP ATTRIBUTE a CASCADE;
SELECT attempt($$SELECT mlops_predict('paired', p) FROM paired p LIMIT 1$$);
-- a stored definition that was edited does not match the bytes
UPDATE mlops.versions v SET created_at = clock_timestamp(), definition = jsonb_set(definition, '{features}',
    jsonb_build_array(definition->'features'->1, definition->'features'->0)) FROM mlops.models m WHERE m.model_id = v.model_id AND m.name = 'spend';
SELECT attempt($$SELECT mlops_predict('spend', p) FROM people p LIMIT 1$$);
SELECT attempt($$SELECT mlops_feature_names('spend')$$);
SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE name IN ('buy', 'spend', 'three');
