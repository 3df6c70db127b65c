-- Two identities: what the owner stored runs with the owner's rights, what this call brings with the caller's.
CREATE SCHEMA test_security;
SET search_path = test_security, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE ROLE mlops_alice;
CREATE ROLE mlops_mallory;
GRANT USAGE, CREATE ON SCHEMA test_security TO mlops_alice, mlops_mallory;
GRANT EXECUTE ON FUNCTION mlops_train, mlops_create_model, mlops_grant, mlops_configure TO mlops_alice, mlops_mallory;
CREATE TABLE rows AS SELECT i AS id, i % 17 AS x, i % 17 + i % 3 AS y FROM generate_series(1, 200) i;
GRANT SELECT ON rows TO mlops_alice, mlops_mallory;
CREATE TABLE log (who text, said text);
GRANT ALL ON log TO PUBLIC;

-- a function that the planner would inline is still the owner's: its body does not run as the caller
SET ROLE mlops_alice;
CREATE FUNCTION who() RETURNS int LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$BEGIN RETURN CASE current_user WHEN 'mlops_alice' THEN 1 ELSE 1000 END; END$$;
CREATE FUNCTION inlined(x int) RETURNS int LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT x * test_security.who()';
CREATE FUNCTION hidden(x int) RETURNS int LANGUAGE sql STABLE PARALLEL SAFE AS $$SELECT x + (current_user::text = 'mlops_alice')::int$$;
SELECT version FROM mlops_train('m', 'rows', 'y', 'linear_regression', features => 'inlined(x) AS i, hidden(x) AS h', key => 'id', task => 'regression');
RESET ROLE;
SELECT mlops_transform('m', r) = mlops_transform('m', r) AS stable, mlops_predict('m', r) < 30 AS as_owner FROM rows r WHERE id = 5;

-- the cast of a type that the caller brings is not run for the owner
SET ROLE mlops_alice;
SELECT mlops_grant('m', 'mlops_mallory', 'predict');
RESET ROLE;
SET ROLE mlops_mallory;
CREATE TYPE evil AS (x int);
CREATE FUNCTION evil_cast(evil) RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (current_user, 'cast'); RETURN 1; END$$;
CREATE CAST (evil AS int) WITH FUNCTION evil_cast(evil) AS ASSIGNMENT;
SELECT mlops_predict('m', r) FROM (SELECT ROW(1)::evil AS x) r;
SELECT * FROM mlops_predict_batch('m', 'SELECT ROW(1)::test_security.evil AS x');
SELECT mlops_predict('m', r) IS NOT NULL AS predicts FROM rows r WHERE id = 5;
-- predict is not manage, and manage does not supply SQL
SELECT mlops_train('m');
RESET ROLE;
SET ROLE mlops_alice;
SELECT mlops_grant('m', 'mlops_mallory', 'manage');
RESET ROLE;
SET ROLE mlops_mallory;
SELECT version FROM mlops_train('m', algorithm => 'linear_regression');
SELECT mlops_train('m', features => 'x');
SELECT mlops_train('m', 'SELECT * FROM rows');
SELECT mlops_train('m', config => '{"split": {"test_where": "id > 3"}}');
SELECT mlops_configure('m', '{"split": {"test_where": "id > 3"}}');
-- the registry: rows of other people's models are not there, nothing can be written
RESET ROLE;
SET ROLE mlops_alice;
CREATE TABLE own AS SELECT * FROM rows;
SELECT version FROM mlops_train('private', 'own', 'y', 'linear_regression', task => 'regression', key => 'id');
RESET ROLE;
SET ROLE mlops_mallory;
SELECT name FROM mlops.models WHERE name IN ('m', 'private');
SELECT count(*) FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'private';
SELECT mlops_predict('private', r) FROM rows r LIMIT 1;
UPDATE mlops.models SET owner = 'mlops_mallory';
SELECT * FROM mlops.version_blobs;
RESET ROLE;

-- a temporary table of the owner's is not looked up among those of whoever trains next
SET ROLE mlops_alice;
CREATE TEMP TABLE fleeting AS SELECT * FROM rows;
SELECT version FROM mlops_train('temp', 'fleeting', 'y', 'linear_regression', key => 'id', task => 'regression');
SELECT mlops_train('temp');
SELECT version FROM mlops_train('temp', 'SELECT * FROM rows', 'y', 'linear_regression');
RESET ROLE;

-- a built-in function that takes its type as a number does not lead the owner's code to the caller either
CREATE FUNCTION pay_asks(x int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN IF current_user <> 'mlops_alice' THEN RAISE EXCEPTION 'runs as %', current_user; END IF; RETURN true; END$$;
ALTER FUNCTION pay_asks(int) OWNER TO mlops_alice;
CREATE DOMAIN dd AS int CHECK (test_security.pay_asks(VALUE));
SELECT 'dd'::regtype::oid AS dd \gset
SET ROLE mlops_alice;
\set features 'x, (domain_in(x::text::cstring, ' :dd ', -1) IS NULL) AS q'
\set ECHO none
SELECT count(*) AS trained FROM mlops_train('bait', 'rows', 'y', 'linear_regression', '{"penalty": "l2"}', features => :'features', key => 'id', task => 'regression');
\set ECHO all
SELECT mlops_grant('bait', 'mlops_mallory', 'predict');
RESET ROLE;
SELECT mlops_predict('bait', r) IS NOT NULL AS as_owner FROM rows r WHERE id = 5;
-- objects of a temporary schema are nobody's: the next caller would have others of that name
CREATE DOMAIN pg_temp.pct AS int CHECK (VALUE < 1000);
CREATE FUNCTION pg_temp.f(x int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT x';
SELECT mlops_train('temp2', 'rows', 'y', features => 'x::pg_temp.pct AS q');
SELECT mlops_train('temp2', 'rows', 'y', features => 'pg_temp.f(x) AS q');
SELECT mlops_train('temp2', 'rows', 'y', features => 'x', config => '{"split": {"test_where": "x::pg_temp.pct = 3"}}');
SELECT version FROM mlops_train('temp2', 'SELECT x, y, x::pg_temp.pct AS z FROM rows', 'y', 'linear_regression', task => 'regression', features => 'x');
SELECT mlops_train('temp2');
-- settings that the owner's functions make do not outlive the call
SET ROLE mlops_alice;
CREATE OR REPLACE FUNCTION who() RETURNS int LANGUAGE plpgsql STABLE PARALLEL SAFE AS
    $$BEGIN PERFORM set_config('search_path', 'mlops_alice', false), set_config('DateStyle', 'German', false); RETURN 1; END$$;
RESET ROLE;
SELECT mlops_predict('m', r) IS NOT NULL AS predicts FROM rows r WHERE id = 5;
SELECT current_setting('search_path') AS search_path, current_setting('DateStyle') AS datestyle;
SELECT count(*) AS written FROM log;
-- features may not ask who or where they are
SELECT mlops_train('session', 'rows', 'y', features => 'x + length(current_setting(''application_name'')) AS f');
SELECT mlops_train('session', 'rows', 'y', features => 'x + (pg_catalog.current_user() = ''a'')::int AS f');
SELECT mlops_train('session', 'SELECT *, now() AS at FROM rows', 'y', features => 'x', config => '{"split": {"test_where": "date_part(''doy'', at) < 10"}}');
-- an owner given in one statement counts for what follows in it
SELECT mlops_set_owner('m', 'mlops_mallory'), mlops_grant('m', 'mlops_alice', 'predict'), mlops_set_owner('m', 'mlops_alice');
SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE name IN ('m', 'private', 'temp', 'bait', 'temp2');
SET client_min_messages = error;
DROP SCHEMA test_security CASCADE;
DROP OWNED BY mlops_alice, mlops_mallory;
DROP ROLE mlops_alice, mlops_mallory;
