-- Who may add, apply and read checks, and whose rights their SQL has.
CREATE SCHEMA test_checks_rights;
SET search_path = test_checks_rights, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\set SHOW_CONTEXT never
CREATE ROLE mlops_olga;
CREATE ROLE mlops_max;
CREATE ROLE mlops_other;
GRANT USAGE, CREATE ON SCHEMA test_checks_rights TO mlops_olga, mlops_max;
GRANT USAGE ON SCHEMA test_checks_rights TO mlops_other;
SET ROLE mlops_other;
SELECT mlops_add_check('m', 'not_null', 'x');
SELECT mlops_drop_check(1);
SELECT mlops_validate('m');
RESET ROLE;
GRANT EXECUTE ON FUNCTION mlops_train, mlops_create_model, mlops_grant, mlops_add_check, mlops_drop_check, mlops_validate TO mlops_olga, mlops_max, mlops_other;
CREATE TABLE secret AS SELECT i AS id, i % 17 AS x, i % 3 = 0 AS y FROM generate_series(1, 200) i;
CREATE TABLE list AS SELECT i AS x FROM generate_series(0, 15) i;
CREATE TABLE log (who text);
GRANT INSERT ON log TO PUBLIC;
GRANT SELECT ON secret, list TO mlops_olga;

-- the owner's functions and tables are used with the owner's rights, whoever asks
SET ROLE mlops_olga;
CREATE FUNCTION asks(x int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN INSERT INTO test_checks_rights.log VALUES (current_user); RETURN true; END$$;
-- identities of checks depend on what ran before
CREATE FUNCTION query_problem(model text, source text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$BEGIN PERFORM mlops_clean_query(model, source); RETURN 'none'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || regexp_replace(SQLERRM, 'check \d+', 'check n'); END$$;
CREATE FUNCTION who(x int) RETURNS boolean LANGUAGE sql AS $$SELECT current_user = 'mlops_olga'$$;
SELECT mlops_create_model('m', 'secret', 'y', key => 'id') IS NOT NULL AS made;
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql": "who(x)"}') IS NOT NULL AS function, mlops_add_check('m', 'predicate', NULL, '{"sql": "x IN (SELECT l.x FROM list l)"}') IS NOT NULL AS "table",
    mlops_add_check('m', 'predicate', NULL, '{"sql": "x < 16 AND now() > ''2020-01-01''"}') IS NOT NULL AS plain, mlops_add_check('m', 'between', 'x', '{"max": 10}', severity => 'warning') IS NOT NULL AS rule;
SELECT rule, passed, observed, failed_rows, jsonb_array_length(sample) AS shown FROM mlops_validate('m');
-- a predicate that writes: refused when it is run
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql": "asks(x)"}') IS NOT NULL AS added;
SELECT mlops_validate('m');
SELECT mlops_drop_check(max(check_id)) FROM mlops.checks;
SELECT mlops_grant('m', 'mlops_max', 'predict');
RESET ROLE;

-- predict reads what was found, and no more
SET ROLE mlops_max;
SELECT rule, passed, observed, failed_rows FROM mlops.validation_results ORDER BY validation_id, check_id;
SELECT passed, severity, checks, failed_checks FROM mlops.validations;
SELECT mlops_validate('m');
SELECT mlops_clean_query('m');
SELECT mlops_add_check('m', 'not_null', 'x');
SELECT mlops_drop_check(min(check_id)) FROM mlops.checks;
UPDATE mlops.checks SET severity = 'info';
DELETE FROM mlops.validations;
RESET ROLE;

-- manage applies them; rows of the owner's source are the owner's
SET ROLE mlops_olga;
SELECT mlops_grant('m', 'mlops_max', 'manage');
RESET ROLE;
SET ROLE mlops_max;
SELECT rule, passed, observed, failed_rows, sample FROM mlops_validate('m');
SELECT mlops_add_check('m', 'not_null', 'x');
SELECT mlops_drop_check(min(check_id)) FROM mlops.checks;
\set VERBOSITY terse
SELECT version FROM mlops_train('m', algorithm => 'decision_tree');
\set VERBOSITY default
-- rows of one's own are read with one's own rights, and only what anybody may run is run over them
CREATE TABLE own AS SELECT i AS id, i % 20 AS x, i % 2 = 0 AS y FROM generate_series(1, 100) i;
SELECT rule, passed, failed_rows, jsonb_array_length(sample) AS shown, detail ->> 'reason' AS reason FROM mlops_validate('m', 'own');
SELECT mlops_validate('m', 'secret');
SELECT query_problem('m', 'own');
-- a query of the owner's rows would be run by who asks for it: no more than that goes into it either
SELECT query_problem('m');
RESET ROLE;
-- so a superuser who looks does not run the owner's functions as a superuser
SELECT rule, passed, failed_rows, detail ->> 'reason' AS reason FROM mlops_validate('m', 'SELECT * FROM test_checks_rights.secret');
SELECT rule, passed, failed_rows FROM mlops_validate('m');
SELECT query_problem('m');
-- the owner gets it, but for what would part the rows anew each time
SET ROLE mlops_olga;
SELECT query_problem('m');
ALTER FUNCTION who(int) STABLE;
SELECT query_problem('m');
SELECT mlops_drop_check(min(check_id)) FROM mlops.checks;
RESET ROLE;
SELECT query_problem('m');
-- what is said to be immutable or hides behind a type is not plain either
SET ROLE mlops_olga;
SELECT mlops_drop_check(check_id) FROM mlops.checks;
CREATE FUNCTION sly(x int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT current_user = 'mlops_olga'$$;
CREATE FUNCTION domain_asks(x int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN IF current_user <> 'mlops_olga' THEN RAISE EXCEPTION 'runs as %', current_user; END IF; RETURN true; END$$;
CREATE DOMAIN bait AS int CHECK (test_checks_rights.domain_asks(VALUE));
SELECT count(mlops_add_check('m', 'predicate', NULL, jsonb_build_object('sql', s))) FROM unnest(ARRAY['sly(x)', 'x::bait >= 0', 'current_user = ''mlops_olga''', 'length(current_setting(''search_path'')) > 0',
    'has_table_privilege(''test_checks_rights.secret'', ''SELECT'')', 'pg_catalog.query_to_xml(''SELECT 1'', true, true, '''') IS NOT NULL', 'x < random() + 100', 'domain_in(x::text::cstring, ''bait''::regtype, -1) IS NOT NULL']) s;
SELECT args ->> 'sql' AS sql, r.passed FROM mlops_validate('m') v, LATERAL (SELECT v.passed, (v.detail -> 'args') AS args) r;
RESET ROLE;
SELECT detail -> 'args' ->> 'sql' AS sql, passed, failed_rows IS NULL AS not_run FROM mlops_validate('m', 'SELECT id, x FROM test_checks_rights.secret');
-- nor does a type of the caller's run its casts for the owner
SET ROLE mlops_max;
CREATE TYPE evil AS (x int);
CREATE FUNCTION evil_cast(evil) RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'cast as %', current_user; END$$;
CREATE CAST (evil AS int) WITH FUNCTION evil_cast(evil) AS IMPLICIT;
SELECT DISTINCT passed, failed_rows IS NULL AS not_run FROM mlops_validate('m', 'SELECT ROW(1)::test_checks_rights.evil AS x');
RESET ROLE;
-- a stranger sees nothing
SET ROLE mlops_other;
SELECT (SELECT count(*) FROM mlops.checks) AS checks, (SELECT count(*) FROM mlops.validations) AS validations, (SELECT count(*) FROM mlops.validation_results) AS results;
SELECT mlops_validate('m');
RESET ROLE;
-- nor learns of which model a check is
CREATE FUNCTION drop_problem() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    id bigint := (SELECT max(check_id) FROM mlops.checks JOIN mlops.models USING (model_id) WHERE name = 'm');
BEGIN SET LOCAL ROLE mlops_other; PERFORM mlops_drop_check(id); RETURN 'none'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || regexp_replace(SQLERRM, 'check \d+', 'check n'); END$$;
SELECT drop_problem();
SELECT count(*) AS written FROM log;
-- an owner who may not read the table any more
SET ROLE mlops_olga;
SELECT mlops_drop_check(check_id) FROM mlops.checks;
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql": "x IN (SELECT l.x FROM list l)"}') IS NOT NULL AS added;
RESET ROLE;
REVOKE SELECT ON list FROM mlops_olga;
SELECT passed, detail ->> 'reason' AS reason FROM mlops_validate('m');
SET ROLE mlops_olga;
SELECT mlops_add_check('m', 'predicate', NULL, '{"sql": "x = ANY (SELECT l.x FROM list l)"}');
RESET ROLE;
-- what was done is in the log
SELECT actor, action, before ->> 'rule' AS before, after ->> 'rule' AS after FROM mlops.audit_log WHERE action LIKE '%check' AND model_id = (SELECT model_id FROM mlops.models WHERE name = 'm') ORDER BY audit_id LIMIT 6;
SELECT mlops_drop_model('m');
SET client_min_messages = error;
DROP SCHEMA test_checks_rights CASCADE;
DROP OWNED BY mlops_olga, mlops_max, mlops_other;
DROP ROLE mlops_olga, mlops_max, mlops_other;
