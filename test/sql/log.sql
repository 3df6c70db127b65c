-- The log of serving: identities that tell their partition, partitions made ahead, who sees which rows.
CREATE SCHEMA test_log;
SET search_path = test_log, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE ROLE mlops_owner;
CREATE ROLE mlops_manager;
CREATE ROLE mlops_predictor;
GRANT USAGE ON SCHEMA test_log TO PUBLIC;
CREATE TABLE points AS SELECT i AS id, i::float8 AS x, 2 * i + sin(i) AS y FROM generate_series(1, 100) AS i;
GRANT SELECT ON points TO mlops_owner;
GRANT EXECUTE ON FUNCTION mlops_train, mlops_grant, mlops_drop_model TO mlops_owner;
SET ROLE mlops_owner;
SELECT version FROM mlops_train('slope', 'points', 'y', 'linear_regression', key => 'id');
SELECT version FROM mlops_train('other', 'points', 'y', 'linear_regression', key => 'id');
SELECT mlops_grant('slope', 'mlops_manager', 'manage'), mlops_grant('slope', 'mlops_predictor', 'predict');
RESET ROLE;

-- an identity as the writer makes it: milliseconds, version, variant, and a number in the place of random bits
CREATE FUNCTION identity(at timestamptz, n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid
$$;
SELECT mlops.prediction_time('017f22e2-79b0-7cc3-98c4-dc0c0c07398f') AT TIME ZONE 'UTC' AS of_rfc_9562,
    mlops.prediction_time('00000000-0000-7000-8000-000000000000') AT TIME ZONE 'UTC' AS least,
    mlops.prediction_time('ffffffff-ffff-7fff-bfff-ffffffffffff') AT TIME ZONE 'UTC' AS greatest;
SELECT mlops.prediction_time(NULL) AS nothing, mlops.prediction_time('017f22e2-79b0-4cc3-98c4-dc0c0c07398f') AS version_4,
    mlops.prediction_time('017f22e2-79b0-7cc3-d8c4-dc0c0c07398f') AS other_variant;
SELECT count(*) AS off FROM generate_series(timestamptz '2024-01-01', '2260-01-01', '4321 hours 12.345 seconds') AS at
WHERE mlops.prediction_time(identity(at, 1)) <> at;

-- the time in the identity is the time of the row (the details name the moment)
\set VERBOSITY terse
INSERT INTO mlops.predictions (prediction_id, predicted_at, model_id) VALUES (identity('2024-05-05 10:00+00', 1), '2024-05-05 10:00:00.001+00', 1);
INSERT INTO mlops.predictions (prediction_id, predicted_at, model_id) VALUES ('00000000-0000-4000-8000-000000000001', now(), 1);
INSERT INTO mlops.outcomes (prediction_id, predicted_at, model_id) VALUES (identity('2024-05-05 10:00+00', 1), '2024-05-06', 1);

\set VERBOSITY default
-- rows of today, of the day after tomorrow, of next month, and of two days long ago, in one of which there is only an outcome
CREATE TABLE days AS SELECT n, date_trunc('day', now(), 'UTC') + i * interval '1 day' + interval '12 hours' AS at
FROM (VALUES (1, 0), (2, 2), (3, 30), (4, -400), (5, -500)) AS v(n, i);
INSERT INTO mlops.predictions (prediction_id, predicted_at, model_id, version, entity_key, input, features, score)
SELECT identity(at, n), at, model_id, 1, n::text, '{"x": 1}', '[1]', 2 FROM days, mlops.models WHERE name IN ('slope', 'other') AND n < 5
    AND n % 2 = (name = 'other')::int;
INSERT INTO mlops.outcomes (prediction_id, predicted_at, model_id, label)
SELECT identity(at, n), at, model_id, '2.1' FROM days, mlops.models WHERE name = 'slope' AND n > 3;
SELECT tableoid::regclass AS stands_in, count(*) FROM mlops.predictions GROUP BY 1;
CREATE TEMP TABLE before AS SELECT * FROM mlops.predictions;

-- partitions: of today and three days, and of the two days long ago
CREATE VIEW partitions AS
SELECT c.oid, parent.relname AS parent, c.relname, pg_get_expr(c.relpartbound, c.oid) AS bound
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent
WHERE inhparent IN ('mlops.predictions'::regclass, 'mlops.outcomes'::regclass);
SELECT mlops_maintain_log(3) AS made;
SELECT mlops_maintain_log(3) AS made_again;
SELECT mlops_maintain_log(4) AS one_day_more;
SELECT mlops_maintain_log(0) AS nothing, mlops_maintain_log(NULL) AS for_null;
SELECT parent, count(*) FROM partitions GROUP BY 1 ORDER BY 1;
SELECT count(*) AS in_default FROM mlops.predictions_default;
SELECT count(*) AS in_default FROM mlops.outcomes_default;
SELECT count(*) AS moved_as_they_were FROM (SELECT * FROM mlops.predictions INTERSECT SELECT * FROM before) AS s;
SELECT count(*) AS in_the_day_of_their_identity FROM mlops.predictions p JOIN days ON identity(at, n) = prediction_id
WHERE p.tableoid::regclass::text = 'mlops.predictions_' || to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD');
-- days are those of UTC whatever the session's
SET TimeZone = 'Asia/Kathmandu';
SELECT mlops_maintain_log(6) AS two_days_more, current_setting('TimeZone') AS kept;
RESET TimeZone;
SELECT count(*) AS not_a_day FROM partitions
WHERE relname NOT LIKE '%default' AND bound <> format('FOR VALUES FROM (%L) TO (%L)',
    (substring(relname, '\d+$')::date::timestamp AT TIME ZONE 'UTC')::text, ((substring(relname, '\d+$')::date + 1)::timestamp AT TIME ZONE 'UTC')::text);

-- each has what its parent does not have, and nobody may look at it directly
SELECT parent, count(*) FILTER (WHERE relrowsecurity AND NOT relforcerowsecurity) = count(*) AS row_security,
    bool_and(relacl IS NULL) AS granted_to_nobody, bool_and(obj_description(c.oid, 'pg_class') IS NOT NULL) AS commented,
    bool_and((SELECT count(*) FROM pg_index WHERE indrelid = c.oid) = 2) AS two_indexes,
    bool_and((SELECT count(*) FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p') = 1) AS primary_key,
    bool_and(c.relowner = (SELECT relowner FROM pg_class WHERE oid = 'mlops.models'::regclass)) AS of_the_registrys_owner,
    count(*) FILTER (WHERE EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND classid = 'pg_class'::regclass AND deptype = 'e')) AS members
FROM partitions JOIN pg_class c USING (oid) GROUP BY 1 ORDER BY 1;
SELECT count(*) AS indexes_of_parents FROM pg_index WHERE indrelid IN ('mlops.predictions'::regclass, 'mlops.outcomes'::regclass);

-- an identity finds its row in one partition
CREATE FUNCTION scanned(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN (SELECT count(*) FROM regexp_matches(plan::text, '"Relation Name": "predictions', 'g'));
END $$;
SELECT scanned(format('SELECT FROM mlops.predictions WHERE prediction_id = %L AND predicted_at = mlops.prediction_time(%L)',
    identity(at, n), identity(at, n))) AS partitions_scanned FROM days WHERE n = 1;

-- rows are seen by who manages the model, and written by nobody
SET ROLE mlops_owner;
SELECT entity_key, score FROM mlops.predictions ORDER BY entity_key;
SET ROLE mlops_manager;
SELECT entity_key, score FROM mlops.predictions ORDER BY entity_key;
SELECT count(*) FROM mlops.outcomes;
SET ROLE mlops_predictor;
SELECT name FROM mlops.models;
SELECT count(*) FROM mlops.predictions;
SELECT count(*) FROM mlops.outcomes;
SELECT count(*) FROM mlops.predictions_default;
INSERT INTO mlops.predictions (prediction_id, predicted_at, model_id) VALUES (identity('2024-05-05', 1), '2024-05-05', 1);
DELETE FROM mlops.predictions;
SELECT mlops_maintain_log();
RESET ROLE;

-- arguments
SELECT mlops_maintain_log(-1);
SELECT mlops_maintain_log(367);

-- whoever may call it needs no right on the tables; the session keeps its patience
GRANT EXECUTE ON FUNCTION mlops_maintain_log TO mlops_predictor;
SET ROLE mlops_predictor;
SET lock_timeout = '3s';
BEGIN;
SELECT mlops_maintain_log(8) AS two_days_more, current_setting('lock_timeout') AS lock_timeout;
ROLLBACK;
RESET lock_timeout;
SELECT mlops_maintain_log(8) AS as_the_rollback_left_it, current_setting('lock_timeout') AS lock_timeout;
RESET ROLE;

-- a day of which only one table was dropped; a day that was detached and kept is left alone
SELECT 'mlops.outcomes_' || to_char(now() AT TIME ZONE 'UTC' + interval '5 days', 'YYYYMMDD') AS fifth,
    'mlops.outcomes_' || to_char(now() AT TIME ZONE 'UTC' + interval '4 days', 'YYYYMMDD') AS fourth \gset
\set ECHO none
DROP TABLE :fifth;
ALTER TABLE mlops.outcomes DETACH PARTITION :fourth;
\set ECHO all
SELECT mlops_maintain_log(8) AS one_table;
\set ECHO none
DROP TABLE :fourth;
\set ECHO all

-- a model that is dropped takes its rows along
SET ROLE mlops_owner;
SELECT mlops_drop_model('other');
RESET ROLE;
SELECT count(*) FROM mlops.predictions;
SELECT mlops_drop_model('slope');
SELECT count(*) FROM mlops.predictions;
SELECT count(*) FROM mlops.outcomes;

DO $$ DECLARE part text;
BEGIN
    FOR part IN SELECT relname FROM partitions WHERE relname NOT LIKE '%default' LOOP
        EXECUTE format('DROP TABLE mlops.%I', part);
    END LOOP;
END $$;
SET client_min_messages = error;
DROP SCHEMA test_log CASCADE;
DROP OWNED BY mlops_owner, mlops_manager, mlops_predictor;
DROP ROLE mlops_owner, mlops_manager, mlops_predictor;
