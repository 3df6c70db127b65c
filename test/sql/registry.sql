-- Models, versions, stages, aliases, runs and what the registry keeps of them.
CREATE SCHEMA test_registry;
SET search_path = test_registry, public;
SELECT count(mlops_drop_model(name)) >= 0 AS alone FROM mlops.models;
CREATE VIEW mine AS SELECT * FROM mlops.stage_history WHERE model = 'm' AND model_id = (SELECT max(model_id) FROM mlops.stage_history WHERE model = 'm');
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE t AS SELECT i AS id, i % 30 AS a, i % 7 AS b, 'g' || i % 20 AS g, (i % 30 + i % 7) > 16 AS y, timestamp '2024-01-01' + i * interval '1 hour' AS at FROM generate_series(1, 400) i;
SELECT mlops_create_model('m', 't', 'y', features => '*, a * b AS ab', key => 'id', time_column => 'at', comment => 'a model',
    config => '{"exclude": "g", "tags": {"team": "x"}, "auto_production": false}') > 0 AS created;
SELECT name, owner = current_user AS own, task, source, source_query, target, features, key, time_column, comment, tags FROM mlops.models;
SELECT jsonb_pretty(mlops_configure('m', '{}'));
SELECT mlops_configure('m', '{"split": {"test": 0.3}, "threshold": 0.4}')->'split'->'test' AS test;
SELECT mlops_configure('m', '{"threshold": null}')->'threshold' AS threshold;

-- the first version waits, because auto_production is off
SELECT version, stage, train_rows, test_rows FROM mlops_train('m', algorithm => 'logistic_regression');
SELECT * FROM mlops_promote('m', reason => 'looks good');
SELECT version, stage FROM mlops_train('m', algorithm => 'logistic_regression', params => '{"C": 0.001}');
SELECT * FROM mlops_promote('m', 2, 'staging');
SELECT mlops_predict('m', t) <> mlops_predict('m@staging', t) AS differ FROM t WHERE id = 9;
SELECT * FROM mlops_promote('m', 2);
SELECT * FROM mlops_promote('m', 2);
SELECT version, from_stage, to_stage, reason FROM mine ORDER BY history_id;
SELECT mlops_set_alias('m', 'champion', 1);
SELECT mlops_set_alias('m', 'champion', 2);
SELECT mlops_set_alias('m', 'old', 1);
SELECT mlops_predict('m@champion', t) = mlops_predict('m@2', t) AS same FROM t WHERE id = 9;
SELECT mlops_drop_alias('m', 'old');
SELECT alias, version FROM mlops.version_aliases JOIN mlops.versions USING (version_id) ORDER BY alias;
-- version NULL: the best by the metric
SELECT check_name, passed, detail FROM mlops_promote('m');
SELECT mlops_drop_version('m', 2);
SELECT version, stage FROM mlops_train('m', algorithm => 'logistic_regression');
SELECT version FROM mlops.versions ORDER BY version;

-- numbers of a live version
SELECT mlops_set_threshold('m', 0.9);
SELECT mlops_set_threshold('m@3', risk_bands => '{"calm": 0, "alarm": 0.5}');
SELECT version, threshold, risk_bands FROM mlops.versions ORDER BY version;
SELECT count(*) FILTER (WHERE mlops_predict_label('m', t) = 'true') < count(*) FILTER (WHERE mlops_predict_label('m@3', t) = 'true') AS fewer FROM t;

-- words for people
SELECT mlops_annotate('m', 'better words', '{"stage": "pilot"}');
SELECT mlops_annotate('m@3', 'third', '{"n": 3}');
SELECT mlops_annotate('m@3', 'product of both', feature => 'ab');
SELECT comment, tags FROM mlops.models;
SELECT version, description, tags FROM mlops.versions ORDER BY version;
SELECT f.name, f.description FROM mlops.version_features f JOIN mlops.versions v USING (version_id) WHERE v.version = 3 AND role = 'feature' ORDER BY position;

-- what a run keeps
SELECT status, algorithm, seed, source, rows_read, rows_dropped, train_rows, valid_rows, test_rows, length(content_hash) AS hash,
    started_by = current_user AS own, peak_memory > 0 AS peak, seconds > 0 AS timed, column_types->>'at' AS at_type FROM mlops.runs ORDER BY run_id LIMIT 1;
SELECT DISTINCT content_hash = first_value(content_hash) OVER (ORDER BY run_id) AS same_rows FROM mlops.runs;
SELECT key, value FROM mlops.run_params WHERE run_id = (SELECT min(run_id) FROM mlops.runs) AND key <> 'iterations' ORDER BY key COLLATE "C";
SELECT key, split, step FROM mlops.run_metrics WHERE run_id = (SELECT min(run_id) FROM mlops.runs) ORDER BY split, key COLLATE "C";
SELECT name, media_type FROM mlops.run_artifacts WHERE run_id = (SELECT min(run_id) FROM mlops.runs) ORDER BY name;
SELECT content::jsonb->'classes' AS classes, content::jsonb->'matrix' AS matrix FROM mlops.run_artifacts WHERE name = 'confusion_matrix' ORDER BY run_id LIMIT 1;
-- the baseline: training rows for features, held-out rows for score and label
SELECT f.role, f.position, f.name, f.kind, row_count = CASE f.role WHEN 'feature' THEN v.train_rows ELSE v.test_rows END AS rows, null_count, distinct_count,
    array_length(quantiles, 1) AS quantiles, quantiles[1] = minimum AND quantiles[1001] = maximum AS ends, levels, level_counts, other_count
FROM mlops.version_features f JOIN mlops.versions v USING (version_id) WHERE v.version = 1 ORDER BY f.role, f.position;
SELECT quantiles[501] = (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM (SELECT a FROM t ORDER BY at LIMIT 280) s) AS median
FROM mlops.version_features f JOIN mlops.versions v USING (version_id) WHERE v.version = 1 AND f.name = 'a';

-- definitions change for later versions
SELECT mlops_create_model('m', 'SELECT id, a, y FROM t', 'y', key => 'id', replace => true) > 0 AS replaced;
SELECT source, features, config->>'auto_production' AS auto, config->'split'->'salt' IS NOT NULL AS salt FROM mlops.models;
SELECT action, version, actor = current_user AS own FROM mlops.audit_log WHERE model_id = (SELECT model_id FROM mlops.models) ORDER BY audit_id;

-- dropping keeps the history
SELECT mlops_drop_model('m');
SELECT (SELECT count(*) FROM mlops.models) AS models, (SELECT count(*) FROM mlops.versions) AS versions, (SELECT count(*) FROM mlops.version_blobs) AS blobs,
    (SELECT count(*) FROM mlops.runs) AS runs, (SELECT count(*) > 0 FROM mlops.stage_history) AS history, (SELECT max(action) FROM mlops.audit_log WHERE action LIKE 'drop_m%') AS audit;
-- a new model of that name is another model
SELECT version, stage FROM mlops_train('m', 't', 'y', 'logistic_regression', key => 'id');
SELECT count(*) AS lines_of_the_new_model FROM mine;

-- algorithms say what they take
SELECT algorithm, task, param, type, default_value, minimum, maximum FROM mlops_algorithms();
SELECT count(*) AS without_description FROM mlops_algorithms() WHERE coalesce(description, '') = '';
SELECT mlops_drop_model('m');
