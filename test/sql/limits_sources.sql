-- Sources of every sort: temporary, partitioned, inherited, changed after training, views, row security, other schemas.
CREATE SCHEMA test_limits_sources;
SET search_path = test_limits_sources, public;
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
CREATE FUNCTION train(model text, source text, key text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT attempt(format('SELECT train_rows + test_rows FROM mlops_train(%L, %L, %L, ''linear_regression'', key => %L, params => %L, config => %L)', model, source, 'r', key, '{"penalty": "l2"}', '{"split": {"test": 0.3}}')) $$;
CREATE TABLE b AS SELECT i, i * 1.5::float8 AS a, 'k' || i % 3 AS k, sin(i) + i * 0.1 AS r FROM generate_series(1, 200) i;

-- temporary tables, views and types: now, but not when stored
CREATE TEMP TABLE fleeting AS SELECT * FROM b;
CREATE TEMP VIEW fleeting_view AS SELECT * FROM b;
SELECT train('fleeting', 'fleeting'), train('fleeting2', 'pg_temp.fleeting'), train('fleeting3', 'fleeting_view'), train('fleeting4', 'SELECT i, a, r FROM fleeting');
SELECT attempt(format('SELECT version FROM mlops_train(%L)', m)) FROM unnest(ARRAY['fleeting', 'fleeting2', 'fleeting3', 'fleeting4']) m;
SELECT attempt($$SELECT mlops_create_model('fleeting5', 'fleeting', 'r') > 0$$);
CREATE TYPE pg_temp.passing AS ENUM ('k0', 'k1', 'k2');
SELECT train('m', 'SELECT a, k::pg_temp.passing AS p, r FROM b');

-- partitions with another order of columns, and dropped ones, give the same model as a plain table
CREATE TABLE parted (i int, a float8, k text, r float8) PARTITION BY RANGE (i);
CREATE TABLE part1 (r float8, k text, a float8, i int);
ALTER TABLE parted ATTACH PARTITION part1 FOR VALUES FROM (0) TO (100);
CREATE TABLE part2 (gone int, k text, i int, gone2 text, r float8, a float8);
ALTER TABLE part2 DROP COLUMN gone, DROP COLUMN gone2;
ALTER TABLE parted ATTACH PARTITION part2 FOR VALUES FROM (100) TO (300);
INSERT INTO parted SELECT i, a, k, r FROM b;
SELECT mlops_create_model(m, m, 'r', key => 'i', config => '{"split": {"salt": 1}}') > 0 FROM unnest(ARRAY['parted', 'b']) m;
SELECT train_rows + test_rows FROM mlops_train('parted', algorithm => 'linear_regression', params => '{"penalty": "l2"}'), mlops_train('b', algorithm => 'linear_regression', params => '{"penalty": "l2"}') t(x1, x2, x3, x4, x5, x6, x7, x8, x9);
SELECT count(DISTINCT content) FROM mlops.version_blobs JOIN mlops.versions USING (version_id) JOIN mlops.models USING (model_id) WHERE name IN ('parted', 'b');
SELECT bool_and(mlops_predict('parted', p) = mlops_predict('b', b)) FROM parted p JOIN b USING (i);
SELECT count(mlops_predict('parted', p)), (SELECT count(mlops_predict('parted', p)) FROM part2 p), (SELECT count(*) FROM mlops_predict_batch('parted', 'parted')) FROM part1 p;
SELECT train('one_partition', 'part2');
-- children are read with their parent, unless ONLY says otherwise
CREATE TABLE parent AS SELECT i, a, r FROM b WHERE i <= 100;
CREATE TABLE child (extra text) INHERITS (parent);
INSERT INTO child SELECT i, a, r, 'x' FROM b WHERE i > 100;
SELECT train('parent', 'parent'), train('only', 'SELECT * FROM ONLY parent');
SELECT count(mlops_predict('parent', p)), (SELECT count(mlops_predict('parent', c)) FROM child c) FROM parent p;
-- generated and identity columns, columns added with a default, dropped ones
CREATE TABLE made (a float8, twice float8 GENERATED ALWAYS AS (a * 2 + r) STORED, id int GENERATED ALWAYS AS IDENTITY, gone text, r float8);
INSERT INTO made (a, gone, r) SELECT a, k, r FROM b;
ALTER TABLE made DROP COLUMN gone, ADD COLUMN late float8 DEFAULT 3;
SELECT train('made', 'made', 'id');
SELECT string_agg(feature, ' ') FROM mlops_feature_info('made');
SELECT count(mlops_predict('made', m)) FROM made m;

-- the table changes after training: what is passed is bound anew, by name
CREATE TABLE changing AS SELECT * FROM b;
SELECT train('changing', 'changing', 'i');
PREPARE predict AS SELECT round(mlops_predict('changing', c)::numeric, 9) AS p FROM changing c WHERE i = 7;
EXECUTE predict \gset first_
EXECUTE predict \gset
SELECT :p = :first_p AS same;
ALTER TABLE changing ADD COLUMN n int;
EXECUTE predict \gset
SELECT :p = :first_p AS same;
ALTER TABLE changing ALTER COLUMN a TYPE numeric, ALTER COLUMN k TYPE varchar(10);
EXECUTE predict \gset
SELECT :p = :first_p AS same;
SELECT attempt($$SELECT version FROM mlops_train('changing', algorithm => 'linear_regression')$$);
ALTER TABLE changing ALTER COLUMN a TYPE text;
EXECUTE predict;
SELECT attempt($$SELECT version FROM mlops_train('changing', algorithm => 'linear_regression')$$);
SELECT attempt($$SELECT version FROM mlops_train('changing', algorithm => 'linear_regression', features => 'a::float8 + 1 AS a, k')$$);
ALTER TABLE changing ALTER COLUMN a TYPE float8 USING a::float8;
ALTER TABLE changing RENAME COLUMN a TO "A";
EXECUTE predict;
SELECT attempt($$SELECT version FROM mlops_train('changing', algorithm => 'linear_regression')$$);
SELECT attempt($$SELECT count(*) FROM mlops_predict_batch('changing', 'changing')$$);
ALTER TABLE changing RENAME COLUMN "A" TO a;
ALTER TABLE changing DROP COLUMN k;
EXECUTE predict;
SELECT attempt($$SELECT version FROM mlops_train('changing', algorithm => 'linear_regression')$$);
DROP TABLE changing;
SELECT attempt($$SELECT version FROM mlops_train('changing', algorithm => 'linear_regression')$$);
-- within one statement, rows of several types
DO $$
DECLARE
    t record;
    p float8[];
BEGIN
    FOR t IN SELECT 1.5::float8 AS a, 'k1'::text AS k LOOP p := p || mlops_predict('b', t); END LOOP;
    FOR t IN SELECT 'k1'::varchar AS k, 1.5::numeric AS a, true AS more LOOP p := p || mlops_predict('b', t); END LOOP;
    IF p[1] IS DISTINCT FROM p[2] THEN RAISE 'p differs: %', p; END IF;
END $$;

-- views on views, materialised views, recursion
CREATE VIEW v1 AS SELECT * FROM b;
CREATE VIEW v2 AS SELECT i, a + 1 AS a, k, r FROM v1;
CREATE VIEW v3 AS SELECT *, a * i AS ai FROM v2;
CREATE MATERIALIZED VIEW m3 AS SELECT * FROM v3;
CREATE MATERIALIZED VIEW unfilled AS SELECT * FROM b WITH NO DATA;
CREATE RECURSIVE VIEW counting (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counting WHERE n < 200;
SELECT train('v3', 'v3'), train('m3', 'm3'), train('m', 'unfilled'), train('counting', 'SELECT n, sin(n) AS r FROM counting');
REFRESH MATERIALIZED VIEW m3;
SELECT train_rows + test_rows FROM mlops_train('m3', algorithm => 'linear_regression');
-- schemas outside the search path, other databases, things that are no tables
CREATE SCHEMA test_limits_hidden;
CREATE TABLE test_limits_hidden.h AS SELECT * FROM b;
SELECT train('hidden', 'test_limits_hidden.h'), train('m', 'h'), train('hidden2', current_database() || '.test_limits_hidden.h'), train('m', 'elsewhere.test_limits_hidden.h'), train('m', 'pg_class_oid_index'), train('m', 'test_limits_hidden.h.x.y');
SELECT train_rows + test_rows FROM mlops_train('hidden', algorithm => 'linear_regression');
SELECT count(mlops_predict('hidden', h)) FROM test_limits_hidden.h;
SELECT train('m', 'SELECT a, r, now() AS "?column?" FROM b'), train('m', 'SELECT a, k AS a, r FROM b'), train('m', 'SELECT b.*, z.* FROM b, b z');

-- row security: the caller's for a source of this call, the owner's for a stored one
CREATE ROLE limits_owner;
CREATE ROLE limits_other;
GRANT USAGE ON SCHEMA test_limits_sources TO limits_owner, limits_other;
GRANT EXECUTE ON FUNCTION mlops_train, mlops_create_model, mlops_grant TO limits_owner, limits_other;
CREATE TABLE guarded AS SELECT i, a, r, CASE WHEN i % 4 = 0 THEN 'limits_other' ELSE 'limits_owner' END AS who FROM b;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON guarded USING (who = current_user);
GRANT SELECT ON guarded TO PUBLIC;
CREATE VIEW guarded_owner AS SELECT * FROM guarded;
CREATE VIEW guarded_invoker WITH (security_invoker = true) AS SELECT * FROM guarded;
GRANT SELECT ON guarded_owner, guarded_invoker TO PUBLIC;
SET ROLE limits_owner;
SELECT train('guarded', 'guarded'), train('guarded_owner', 'guarded_owner'), train('guarded_invoker', 'guarded_invoker');
SELECT mlops_grant('guarded', 'limits_other', 'manage');
SET ROLE limits_other;
SELECT attempt($$SELECT train_rows + test_rows FROM mlops_train('guarded', algorithm => 'linear_regression')$$), attempt($$SELECT train_rows + test_rows FROM mlops_train('guarded', 'guarded', algorithm => 'linear_regression')$$), attempt($$SELECT train_rows + test_rows FROM mlops_train('guarded', 'SELECT * FROM guarded', algorithm => 'linear_regression')$$), attempt($$SELECT count(*) FROM mlops_predict_batch('guarded', 'guarded')$$), train('guarded_other', 'guarded');
SET row_security = off;
SELECT attempt($$SELECT train_rows + test_rows FROM mlops_train('guarded', algorithm => 'linear_regression')$$), attempt($$SELECT count(*) FROM mlops_predict_batch('guarded', 'guarded')$$);
RESET row_security;
RESET ROLE;
SELECT attempt($$SELECT train_rows + test_rows FROM mlops_train('guarded', algorithm => 'linear_regression')$$), attempt($$SELECT count(*) FROM mlops_predict_batch('guarded', 'guarded')$$);
REASSIGN OWNED BY limits_owner, limits_other TO CURRENT_USER;
DROP OWNED BY limits_owner, limits_other;
DROP ROLE limits_owner, limits_other;
