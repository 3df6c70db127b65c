-- Models carried from one database to another: what arrives, what does not, who may.
CREATE SCHEMA test_portable;
SET search_path = test_portable, public;
SELECT count(mlops_drop_model(name)) >= 0 AS alone FROM mlops.models;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE FUNCTION tried(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE said text; more text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ': ' || said || CASE WHEN more <> '' THEN E'\n' || more ELSE '' END;
END $$;
CREATE TYPE grade AS ENUM ('low', 'Ünder "way"', 'top');
CREATE FUNCTION half(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT x / 2';
CREATE TABLE t AS SELECT i AS id, i % 30 AS "A ""b""", nullif(i % 7, 3) AS b, 'g''é' || i % 20 AS "größe",
    (ARRAY['low', 'Ünder "way"', 'top'])[1 + i % 3]::grade AS grade, ARRAY[sin(i), i % 11, i % 5]::float8[] AS v,
    i % 4 = 1 AS flag, (i % 30 + i % 7) > 16 AS yes, (ARRAY['eins', 'zwei', 'dréi'])[1 + (i % 30 + i % 5) / 12] AS kind, i % 30 + sin(i) AS num
    FROM generate_series(1, 600) i;

-- all linear learners, all tasks: numbers, booleans, texts, an enum, a vector, missing values, expressions
SELECT version FROM mlops_train('two', 't', 'yes', 'logistic_regression', features => '"A ""b""", b, "größe", grade, v, flag, "A ""b""" / nullif(b, 0) AS "the ""ratio""", half(b) AS half',
    params => '{"class_weight": {"false": 1, "true": 2.5}}', config => '{"threshold": "f1", "split": {"test_where": "id % 5 = 0"}, "risk_bands": {"calm": 0, "alarm": 0.25}, "tags": {"a": 1}}', key => 'id');
SELECT version FROM mlops_train('many', 't', 'kind', 'logistic_regression', key => 'id', features => 'b, "größe", v, flag', params => '{"class_weight": "balanced"}');
SELECT version FROM mlops_train('number', 't', 'num', 'linear_regression', '{"penalty": "elasticnet"}', key => 'id', task => 'regression', features => '*, "A ""b""" * 2 AS twice', config => '{"exclude": ["yes", "kind"]}');
SELECT version FROM mlops_train('ols', 't', 'num', 'linear_regression', key => 'id', task => 'regression', features => 'b, flag', time_column => 'id');
SELECT mlops_annotate('two@1', 'first', '{"n": 1}');
SELECT mlops_annotate('two@1', 'words', feature => 'b');
SELECT m, mlops_import_model(m || '.2', mlops_export_model(m)) FROM unnest(ARRAY['two', 'many', 'number', 'ols']) m;
SELECT m, mlops_export_model(m) = mlops_export_model(m || '.2') AS same_bytes, length(mlops_export_model(m)) > 10000 AS long FROM unnest(ARRAY['two', 'many', 'number', 'ols']) m;
RESET ROLE;
SELECT bool_and(mlops_predict('two', t) = mlops_predict('two.2', t) AND mlops_predict_label('two', t) = mlops_predict_label('two.2', t)) AS two,
    bool_and(mlops_predict_proba('many', t) = mlops_predict_proba('many.2', t)) AS many, bool_and(mlops_predict('number', t) = mlops_predict('number.2', t)) AS number,
    bool_and(mlops_predict('ols', t) = mlops_predict('ols.2', t)) AS ols FROM t;
SELECT mlops_explain('two', (SELECT t FROM t WHERE id = 7)) IS NOT DISTINCT FROM mlops_explain('two.2', (SELECT t FROM t WHERE id = 7)) AS explained LIMIT 1;
-- everything is there; what differs is who, when, which and where from
CREATE VIEW pairs AS SELECT a.name, va.version_id AS a_version, vb.version_id AS b_version, va.run_id AS a_run, vb.run_id AS b_run, a.model_id AS a_model, b.model_id AS b_model
    FROM mlops.models a JOIN mlops.models b ON b.name = a.name || '.2' JOIN mlops.versions va ON va.model_id = a.model_id JOIN mlops.versions vb ON vb.model_id = b.model_id;
SELECT string_agg(DISTINCT key COLLATE "C", ', ') AS differs FROM pairs, LATERAL (SELECT to_jsonb(v) AS a FROM mlops.versions v WHERE version_id = a_version) x, LATERAL (SELECT to_jsonb(v) AS b FROM mlops.versions v WHERE version_id = b_version) y,
    jsonb_object_keys(a) key WHERE a->key IS DISTINCT FROM b->key;
SELECT string_agg(DISTINCT key COLLATE "C", ', ') AS differs FROM pairs, LATERAL (SELECT to_jsonb(r) AS a FROM mlops.runs r WHERE run_id = a_run) x, LATERAL (SELECT to_jsonb(r) AS b FROM mlops.runs r WHERE run_id = b_run) y,
    jsonb_object_keys(a) key WHERE a->key IS DISTINCT FROM b->key;
SELECT string_agg(DISTINCT key COLLATE "C", ', ') AS differs FROM pairs, LATERAL (SELECT to_jsonb(m) AS a FROM mlops.models m WHERE model_id = a_model) x, LATERAL (SELECT to_jsonb(m) AS b FROM mlops.models m WHERE model_id = b_model) y,
    jsonb_object_keys(a) key WHERE a->key IS DISTINCT FROM b->key;
SELECT name, (SELECT count(*) FROM mlops.version_features WHERE version_id = a_version) AS columns,
    (SELECT count(*) FROM (SELECT to_jsonb(f) - 'version_id' FROM mlops.version_features f WHERE version_id = a_version INTERSECT SELECT to_jsonb(f) - 'version_id' FROM mlops.version_features f WHERE version_id = b_version) x) AS same,
    (SELECT count(*) FROM mlops.run_params WHERE run_id = a_run) - (SELECT count(*) FROM mlops.run_params a JOIN mlops.run_params b USING (key) WHERE a.run_id = a_run AND b.run_id = b_run AND a.value IS NOT DISTINCT FROM b.value) AS other_params,
    (SELECT count(*) FROM mlops.run_metrics WHERE run_id = a_run) - (SELECT count(*) FROM mlops.run_metrics a JOIN mlops.run_metrics b USING (key, split, step) WHERE a.run_id = a_run AND b.run_id = b_run AND a.value IS NOT DISTINCT FROM b.value) AS other_metrics,
    (SELECT count(*) FROM mlops.run_artifacts WHERE run_id = a_run AND name <> 'timing') - (SELECT count(*) FROM mlops.run_artifacts a JOIN mlops.run_artifacts b USING (name, media_type, content) WHERE a.run_id = a_run AND b.run_id = b_run) AS other_artifacts
FROM pairs ORDER BY name COLLATE "C";
SELECT features FROM mlops.models WHERE name = 'two.2';
-- the new model can be trained again, on the same test rows
SELECT version, stage, test_rows FROM mlops_train('two.2', algorithm => 'logistic_regression');
SELECT count(*) FROM mlops_coefficients('many.2') WHERE coefficient IS NOT NULL;
-- which rows it has not seen is not known here
SELECT tried($$SELECT mlops_evaluate('many.2')$$);

-- stages: as a training, but figures from elsewhere decide nothing
SELECT name, version, stage, origin FROM mlops.versions JOIN mlops.models USING (model_id) ORDER BY name COLLATE "C", version;
SELECT mlops_import_model('many', mlops_export_model('many.2'));
SELECT mlops_import_model('many', mlops_export_model('many@2'));
SELECT check_name, passed, detail FROM mlops_promote('many');
SELECT mlops_promote('many.2');
SELECT check_name, passed, detail FROM mlops_promote('many', 3);
SELECT from_stage, to_stage, reason FROM mlops.stage_history WHERE model = 'many' AND model_id = (SELECT model_id FROM mlops.models WHERE name = 'many') ORDER BY history_id;
SELECT action, version FROM mlops.audit_log WHERE model = 'ols.2' AND model_id = (SELECT model_id FROM mlops.models WHERE name = 'ols.2') ORDER BY audit_id;
SELECT mlops_create_model('gate', 't', 'num', 'regression', features => 'b, flag', key => 'id', config => '{"metric": "r2", "gate": {"min_value": -10}}') > 0 AS created;
SELECT mlops_import_model('gate', mlops_export_model('ols'));
SELECT mlops_configure('gate', '{"gate": {"min_value": null}, "auto_production": false}')->'gate' AS gate;
SELECT mlops_import_model('gate', mlops_export_model('ols'));
SELECT mlops_configure('gate', '{"auto_production": true}')->'auto_production' AS auto;
SELECT mlops_import_model('gate', mlops_export_model('ols'));
SELECT version, stage FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'gate' ORDER BY 1;

-- what does not fit
SELECT tried($$SELECT mlops_import_model('ols', mlops_export_model('many'))$$);
SELECT mlops_create_model('flags', 'SELECT id, b, num > 15 AS num FROM t', 'num', 'classification', key => 'id') > 0 AS created;
SELECT tried($$SELECT mlops_import_model('flags', mlops_export_model('ols'))$$);
SELECT mlops_create_model('nay', 't', 'yes', key => 'id', config => '{"positive_label": "false"}') > 0 AS created;
SELECT tried($$SELECT mlops_import_model('nay', mlops_export_model('two'))$$);
SELECT tried($$SELECT mlops_import_model('a@b', mlops_export_model('ols'))$$);
SELECT tried($$SELECT mlops_export_model('nobody')$$);
SELECT mlops_export_model(NULL) IS NULL AND mlops_import_model('x', NULL) IS NULL AND mlops_import_model(NULL, '') IS NULL AS strict;

-- damage: what and where
CREATE TABLE content AS SELECT mlops_export_model('two') AS c;
SELECT what, tried(format('SELECT mlops_import_model(%L, %L::bytea)', 'damaged', damaged)) FROM content, LATERAL (VALUES
    (1, 'empty', ''::bytea), (2, 'text', 'hello'), (3, 'one byte', '\x6d'), (4, 'head', substr(c, 1, 40)), (5, 'half', substr(c, 1, length(c) / 2)),
    (6, 'one byte less', substr(c, 1, length(c) - 1)), (7, 'eight bytes more', c || '\x0000000000000000'), (8, 'magic', set_byte(c, 3, 65)), (9, 'newer', set_byte(c, 8, 2)),
    (10, 'older', set_byte(c, 8, 0)), (11, 'sections', set_byte(c, 12, 4)), (12, 'changed', set_byte(c, length(c) / 2, get_byte(c, length(c) / 2) # 1)), (13, 'checksum', set_byte(c, 24, get_byte(c, 24) # 1)),
    (14, 'model bytes', (SELECT content FROM mlops.version_blobs LIMIT 1))) AS d(n, what, damaged) ORDER BY n;
SELECT mlops_import_model('damaged', encode(c, 'base64')::bytea) FROM content;
SELECT count(*) AS made FROM mlops.models WHERE name = 'damaged';
-- nothing can be exported that could not be imported
UPDATE mlops.version_blobs SET content = substr(content, 1, length(content) - 1) WHERE version_id = (SELECT max(version_id) FROM mlops.versions);
SELECT tried($$SELECT mlops_export_model('gate@3')$$);

-- what the importer is told; what is missing here
CREATE ROLE mlops_carrier;
CREATE ROLE mlops_manager;
GRANT USAGE, CREATE ON SCHEMA test_portable TO mlops_carrier, mlops_manager;
GRANT SELECT ON t, content TO mlops_carrier;
GRANT EXECUTE ON FUNCTION mlops_import_model, mlops_train TO mlops_carrier;
SET ROLE mlops_carrier;
SET client_min_messages = notice;
SELECT mlops_import_model('told', c) FROM content;
SELECT mlops_import_model('told', c) FROM content;
RESET ROLE;
ALTER TABLE t RENAME TO u;
SET ROLE mlops_carrier;
SELECT mlops_import_model('told', c) FROM content;
SELECT tried($$SELECT mlops_train('told', algorithm => 'logistic_regression')$$);
SELECT mlops_import_model('no_source', c) FROM content;
RESET ROLE;
SELECT bool_and(mlops_predict('two', t) = mlops_predict('no_source', t)) AS same FROM u t;
ALTER TABLE u RENAME TO t;
REVOKE SELECT ON t FROM mlops_carrier;
SET ROLE mlops_carrier;
SELECT mlops_import_model('told', c) FROM content;
RESET ROLE;
SET client_min_messages = warning;
ALTER FUNCTION half(float8) RENAME TO halve;
SELECT tried($$SELECT mlops_import_model('missing', c) FROM content$$);
ALTER FUNCTION halve(float8) RENAME TO half;
ALTER TYPE grade RENAME TO mark;
SELECT tried($$SELECT mlops_import_model('missing', c) FROM content$$);
ALTER TYPE mark RENAME TO grade;
ALTER FUNCTION half(float8) VOLATILE;
SELECT tried($$SELECT mlops_import_model('missing', c) FROM content$$);
ALTER FUNCTION half(float8) IMMUTABLE;

-- rights
GRANT SELECT ON content TO mlops_manager;
REVOKE EXECUTE ON FUNCTION mlops_import_model, mlops_train FROM mlops_carrier;
SET ROLE mlops_carrier;
SELECT mlops_export_model('two');
SELECT tried($$SELECT mlops_import_model('mine', c) FROM content$$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION mlops_import_model, mlops_grant TO mlops_carrier, mlops_manager;
SELECT mlops_grant('two', 'mlops_carrier', 'predict');
SET ROLE mlops_carrier;
SELECT tried($$SELECT mlops_export_model('two')$$);
SELECT tried($$SELECT mlops_import_model('two', c) FROM content$$);
SELECT mlops_import_model('mine', c) FROM content;
SELECT name, owner, created_by, started_by FROM mlops.versions JOIN mlops.models USING (model_id) JOIN mlops.runs USING (run_id) WHERE name = 'mine';
SELECT mlops_grant('mine', 'mlops_manager', 'manage');
RESET ROLE;
-- manage does not supply SQL: the content must have what the model has already
CREATE FUNCTION spy(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$BEGIN RAISE WARNING 'spy runs'; RETURN x; END$$;
SELECT version FROM mlops_train('sneak', 't', 'yes', 'logistic_regression', features => 'b, half(b) AS half, spy(3) AS spy', key => 'id', config => '{"split": {"test_where": "id % 5 = 0"}}');
CREATE TABLE sneak AS SELECT mlops_export_model('sneak') AS c;
GRANT SELECT ON sneak TO mlops_manager;
SET ROLE mlops_manager;
SELECT mlops_import_model('mine', c) FROM content;
SELECT tried($$SELECT mlops_import_model('mine', c) FROM sneak$$);
SELECT mlops_export_model('mine') = c AS same FROM content;
RESET ROLE;
-- a function that the importer may not execute
REVOKE EXECUTE ON FUNCTION half(float8) FROM PUBLIC;
SET ROLE mlops_carrier;
SELECT tried($$SELECT mlops_import_model('mine2', c) FROM content$$);
RESET ROLE;
BEGIN READ ONLY;
SELECT length(mlops_export_model('two')) > 0 AS exported;
SELECT tried($$SELECT mlops_import_model('x', c) FROM content$$);
COMMIT;
-- trees, whatever their parameters
CREATE TABLE tree (n serial, algorithm text, target text, params jsonb);
INSERT INTO tree (algorithm, target, params) VALUES ('gradient_boosting', 'num', '{"n_estimators": 4, "monotone_constraints": {"b": 1}, "loss": "huber"}'),
    ('gradient_boosting', 'yes', '{"n_estimators": 4, "class_weight": "balanced"}'), ('gradient_boosting', 'yes', '{"n_estimators": 4, "scale_pos_weight": 3}'), ('gradient_boosting', 'kind', '{"n_estimators": 4}'),
    ('random_forest', 'num', '{"n_estimators": 4, "max_samples": 0.5}'), ('random_forest', 'yes', '{"n_estimators": 4, "max_features": "log2", "bootstrap": false}'), ('random_forest', 'kind', '{"n_estimators": 4, "class_weight": {"eins": 2}}'),
    ('decision_tree', 'num', '{}'), ('decision_tree', 'yes', '{"ccp_alpha": 0.01}'), ('decision_tree', 'kind', '{"criterion": "entropy"}');
SELECT n, t.version FROM tree, mlops_train('tree' || n, 't', target, tree.algorithm, tree.params, key => 'id', task => CASE target WHEN 'num' THEN 'regression' ELSE 'classification' END, features => 'b, "größe", v, flag') t;
SELECT n, tried(format('SELECT mlops_import_model(%L, mlops_export_model(%L))', 'arrived' || n, 'tree' || n)) FROM tree;
SELECT n, mlops_export_model('tree' || n) = mlops_export_model('arrived' || n) AS same, (SELECT sum(score) FROM mlops_predict_batch('tree' || n, 't')) = (SELECT sum(score) FROM mlops_predict_batch('arrived' || n, 't')) AS predicts FROM tree ORDER BY n;

SELECT count(mlops_drop_model(name)) > 0 AS dropped FROM mlops.models;
DROP SCHEMA test_portable CASCADE;
DROP OWNED BY mlops_carrier, mlops_manager;
DROP ROLE mlops_carrier, mlops_manager;
