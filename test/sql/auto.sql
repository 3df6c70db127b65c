-- The algorithm "auto": candidates are compared on the validation rows, all of them are runs, the best is registered.
CREATE SCHEMA test_auto;
SET search_path = test_auto, public;
SET mlops.progress = off;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
-- a straight line, a chessboard, three bands
CREATE TABLE shapes AS
    SELECT i AS id, (hashint8(i) & 1023) / 1024.0::float8 AS a, (hashint8(i + 70000) & 1023) / 1024.0::float8 AS b,
        CASE WHEN i % 9 <> 0 THEN 'k' || (i % 4) END AS k, (hashint8(i + 140000) & 1023) / 1024.0::float8 AS noise
    FROM generate_series(1, 600) i;
CREATE VIEW line AS SELECT id, a, b, k, 3 * a - 2 * b + (noise - 0.5) AS y FROM shapes;
CREATE VIEW board AS SELECT id, a, b, k, (floor(a * 4)::int + floor(b * 4)::int) % 2 = 0 AS y FROM shapes;
CREATE VIEW bands AS SELECT id, a, b, k, CASE floor(abs(a - b) * 6)::int WHEN 0 THEN 'near' WHEN 1 THEN 'off' ELSE 'far' END AS y FROM shapes;
CREATE FUNCTION figure(run bigint, split text, key text) RETURNS float8 LANGUAGE sql AS
    'SELECT value FROM mlops.run_metrics m WHERE m.run_id = $1 AND m.split = $2 AND m.key = $3 AND step = 0';
CREATE TABLE done (what text, LIKE mlops.runs, candidate_value float8, metric text, version int, won boolean);
CREATE FUNCTION train(name text, source text, target text, config jsonb DEFAULT '{}', seed bigint DEFAULT 42) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    t record;
BEGIN
    SELECT * INTO t FROM mlops_train(name, source, target, 'auto', key => 'id', config => config, seed => seed);
    INSERT INTO done SELECT name, r.*, (c.e->>'value')::float8, t.metric, t.version, r.run_id = t.run_id
        FROM jsonb_array_elements(t.detail->'candidates') WITH ORDINALITY AS c(e, i)
        JOIN mlops.runs r ON r.run_id = (c.e->>'run_id')::bigint AND r.algorithm = c.e->>'algorithm';
    RETURN format('version %s by %s, %s', t.version, t.algorithm, t.metric);
END $$;

-- every task
SELECT train('auto_line', 'line', 'y');
SELECT train('auto_board', 'board', 'y');
SELECT train('auto_bands', 'bands', 'y');
-- another metric of which less is better, and one of labels by a threshold that the validation rows chose;
-- what config.preprocess asks for holds for every candidate
SELECT train('auto_mae', 'line', 'y', '{"metric": "mae"}');
SELECT train('auto_f1', 'board', 'y', '{"metric": "f1", "threshold": "f1", "preprocess": {"numeric": {"scale": "minmax"}}}');

-- three runs each, of the same rows, of which one has a version
SELECT what, algorithm, status, won, valid_rows > 50 AS valid, train_rows + valid_rows + test_rows AS rows, seed, error,
    seconds > 0 AND ended_at - started_at <= interval '1 hour' AND peak_memory > 0 AND started_by = current_user AND content_hash <> '' AS whole,
    EXISTS (SELECT FROM mlops.versions v WHERE v.run_id = d.run_id) AS has_version
FROM done d ORDER BY what, run_id;
SELECT what, count(DISTINCT (content_hash, train_rows, valid_rows, test_rows, seed, source_query)) AS different FROM done GROUP BY what ORDER BY what;
-- the one that won is the best on validation rows; what was told is what is stored
SELECT what, metric, bool_and(candidate_value = figure(run_id, 'validation', metric)) AS told,
    max(candidate_value) FILTER (WHERE won) = CASE WHEN metric IN ('rmse', 'mae', 'log_loss') THEN min(candidate_value) ELSE max(candidate_value) END AS best
FROM done GROUP BY what, metric ORDER BY what;
-- test rows were seen by the winner alone, refitted on training and validation rows
SELECT what, bool_and((figure(run_id, 'test', metric) IS NOT NULL) = won) AS test_of_winner, bool_and((figure(run_id, 'train', metric) IS NOT NULL) = won) AS train_of_winner FROM done GROUP BY what ORDER BY what;
SELECT bool_and(v.value = figure(v.run_id, 'test', v.metric)) AS value_of_test, bool_and(v.algorithm = d.algorithm) AS algorithm FROM mlops.versions v JOIN done d USING (run_id);
-- each with its parameters
SELECT d.algorithm, d.what, string_agg(p.key || ' ' || p.value, ', ' ORDER BY p.key) AS params FROM done d JOIN mlops.run_params p USING (run_id)
WHERE d.what IN ('auto_line', 'auto_board') AND p.key IN ('penalty', 'alpha', 'C', 'n_estimators', 'learning_rate', 'max_features', 'seed', 'converged', 'solver') AND (d.algorithm, p.key) <> ('gradient_boosting', 'alpha')
GROUP BY 1, 2 ORDER BY 1, 2;
-- losers leave a curve where there is one, and no documents
SELECT algorithm, won, count(*) FILTER (WHERE m.step > 0) > 0 AS curve, (SELECT count(*) FROM mlops.run_artifacts a WHERE a.run_id = d.run_id) > 0 AS documents
FROM done d JOIN mlops.run_metrics m USING (run_id) WHERE what = 'auto_line' GROUP BY d.run_id, algorithm, won ORDER BY algorithm;

-- the same again gives the same: bytes, figures, choice
SELECT train('auto_board', 'board', 'y');
SELECT count(*) AS candidates, bool_and(a.candidate_value = b.candidate_value AND a.won = b.won) AS same
FROM done a JOIN done b USING (what, algorithm) WHERE a.what = 'auto_board' AND a.version = 1 AND b.version = 2;
SELECT count(DISTINCT content) AS different FROM mlops.versions v JOIN mlops.version_blobs USING (version_id) JOIN mlops.models m USING (model_id) WHERE m.name = 'auto_board';
-- the winner trained by its own name is the same model
SELECT alone.algorithm, abs(alone.value - v.value) < 1e-12 AS same_value
FROM mlops_train('auto_board_alone', 'board', 'y', 'gradient_boosting', key => 'id', config => (SELECT jsonb_build_object('split', jsonb_build_object('salt', config->'split'->'salt')) FROM mlops.models WHERE name = 'auto_board')) AS alone,
    mlops.versions v JOIN mlops.models m USING (model_id) WHERE m.name = 'auto_board' AND v.version = 1;

-- test rows choose nothing: other targets in them change no candidate's figure and not the choice
CREATE VIEW lies AS SELECT id, a, b, k, CASE WHEN id % 5 = 0 THEN b ELSE y END AS y FROM line;
SELECT train('auto_true', 'line', 'y', '{"split": {"test_where": "id % 5 = 0", "salt": 7}}');
SELECT train('auto_lies', 'lies', 'y', '{"split": {"test_where": "id % 5 = 0", "salt": 7}}');
SELECT a.algorithm, a.candidate_value = b.candidate_value AS same, a.won = b.won AS same_choice FROM done a JOIN done b USING (algorithm) WHERE a.what = 'auto_true' AND b.what = 'auto_lies' ORDER BY 1;

-- no test rows, no refit, ties (a feature that says all)
SELECT train('auto_no_test', 'line', 'y', '{"split": {"test": 0}}');
SELECT value IS NULL AS value, test_rows FROM mlops.versions JOIN mlops.models m USING (model_id) WHERE m.name = 'auto_no_test';
SELECT train('auto_no_refit', 'line', 'y', '{"split": {"refit": false}}');
CREATE VIEW tie AS SELECT id, a > 0.5 AS y, sign(a - 0.5)::int AS side FROM shapes WHERE a <> 0.5;
SELECT train('auto_tie', 'tie', 'y');
SELECT algorithm, candidate_value, won FROM done WHERE what = 'auto_tie' ORDER BY run_id;

-- predictions, explanations and evaluation know the winner's algorithm alone
SELECT round(mlops_predict('auto_line', '{"a": 1, "b": 0, "k": "k1"}'::jsonb)::numeric, 1) AS near_three;
SELECT metric, value IS NOT NULL AS judged FROM mlops_evaluate('auto_board') WHERE metric = 'roc_auc';

-- one that cannot be trained is left out, and its run says why
SET mlops.max_model_size = '600kB';
SELECT train('auto_small', 'line', 'y');
RESET mlops.max_model_size;
SELECT algorithm, status, candidate_value IS NULL AS no_value, won, error, (SELECT count(*) FROM mlops.run_metrics m WHERE m.run_id = d.run_id) AS metrics,
    (SELECT count(*) FROM mlops.run_params p WHERE p.run_id = d.run_id AND key IN ('seed', 'solver')) AS params FROM done d WHERE what = 'auto_small' ORDER BY algorithm;

-- by folds: the mean over all rows that are no test rows chooses, then it is as if the algorithm had been named
CREATE TABLE folded (what text, algorithm text, value float8, detail jsonb, version int);
CREATE FUNCTION fold(name text, source text, folds int, config jsonb DEFAULT '{}', time_column text DEFAULT NULL, target text DEFAULT 'y') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    t record;
BEGIN
    SELECT * INTO t FROM mlops_train(name, source, target, 'auto', jsonb_build_object('folds', folds), key => 'id', config => config, time_column => time_column);
    INSERT INTO folded VALUES (name, t.algorithm, t.value, t.detail, t.version);
    RETURN format('version %s by %s, %s', t.version, t.algorithm, t.metric);
END $$;
SELECT fold('auto_fold_line', 'SELECT * FROM line WHERE id <= 250', 3);
SELECT fold('auto_fold_board', 'board', 2, '{"split": {"salt": 5}, "preprocess": {"numeric": {"scale": "minmax"}}}');
SELECT fold('auto_fold_bands', 'SELECT * FROM bands WHERE id <= 100', 2);
SELECT fold('auto_fold_f1', 'SELECT * FROM board WHERE id <= 200', 2, '{"metric": "f1", "threshold": "f1"}');
SELECT what, c->>'algorithm' AS algorithm, (c->>'value')::float8 = figure((c->>'run_id')::bigint, 'validation', 'cv_mean') AS mean,
    (c->>'std')::float8 = figure((c->>'run_id')::bigint, 'validation', 'cv_std') AND (c->>'std')::float8 > 0 AS std,
    (SELECT status FROM mlops.runs WHERE run_id = (c->>'run_id')::bigint) AS status, figure((c->>'run_id')::bigint, 'test', 'rmse') IS NOT NULL AS judged,
    c->>'algorithm' = f.algorithm AS won
FROM folded f, jsonb_array_elements(detail->'candidates') c WHERE what = 'auto_fold_line';
SELECT what, (SELECT max((c->>'value')::float8) FROM jsonb_array_elements(detail->'candidates') c) = (SELECT (c->>'value')::float8 FROM jsonb_array_elements(detail->'candidates') c WHERE c->>'algorithm' = f.algorithm) AS best
FROM folded f WHERE what IN ('auto_fold_board', 'auto_fold_f1') ORDER BY 1;
SELECT alone.algorithm, alone.value = f.value AS same_value FROM folded f, mlops_train('auto_fold_alone', 'board', 'y', 'gradient_boosting', key => 'id', config => '{"split": {"salt": 5}}') AS alone WHERE what = 'auto_fold_board';
SELECT count(DISTINCT content) AS different FROM mlops.versions v JOIN mlops.version_blobs USING (version_id) JOIN mlops.models m USING (model_id) WHERE m.name IN ('auto_fold_board', 'auto_fold_alone');
-- the same again, from rows in another order; test rows choose nothing
CREATE TABLE shuffled AS SELECT * FROM line WHERE id <= 250 ORDER BY hashint8(id);
SELECT fold('auto_fold_line', 'shuffled', 3);
SELECT count(DISTINCT (SELECT array_agg(c->>'value') FROM jsonb_array_elements(detail->'candidates') c)) AS different FROM folded WHERE what = 'auto_fold_line';
SELECT fold('auto_fold_true', 'SELECT * FROM line WHERE id <= 150', 2, '{"split": {"test_where": "id % 5 = 0", "salt": 7}}');
SELECT fold('auto_fold_lies', 'SELECT * FROM lies WHERE id <= 150', 2, '{"split": {"test_where": "id % 5 = 0", "salt": 7}}');
SELECT count(DISTINCT (SELECT array_agg(c->>'value') FROM jsonb_array_elements(detail->'candidates') c)) AS different FROM folded WHERE what IN ('auto_fold_true', 'auto_fold_lies');
-- groups stay whole: a number that only names the group teaches nothing; by time only the past teaches
CREATE VIEW grouped AS SELECT id, id / 10 AS nr, hashint8(id / 10) % 100 AS y FROM shapes;
CREATE VIEW grouped_too AS SELECT id, nr, nr AS named, y::float8 FROM grouped;
SELECT fold('auto_fold_whole', 'grouped_too', 3, '{"split": {"group": "nr"}, "metric": "r2"}');
SELECT bool_and((c->>'value')::float8 < 0.3) AS nothing_learned FROM folded, jsonb_array_elements(detail->'candidates') c WHERE what = 'auto_fold_whole';
CREATE VIEW drifting AS SELECT id, a, id AS t, CASE WHEN id > 300 THEN -a ELSE a END + noise * 0.01 AS y FROM shapes;
SELECT fold('auto_fold_time', 'drifting', 3, '{"split": {"test": 0}, "metric": "r2"}', 't');
SELECT bool_and((c->>'value')::float8 < 0) AS past_misleads FROM folded, jsonb_array_elements(detail->'candidates') c WHERE what = 'auto_fold_time';
-- one that cannot be trained is left out once
SET mlops.max_model_size = '64kB';
SET client_min_messages = error;
SELECT fold('auto_fold_small', 'SELECT * FROM line WHERE id <= 200', 2);
SET client_min_messages = warning;
RESET mlops.max_model_size;
SELECT c->>'algorithm' AS algorithm, c->>'value' IS NULL AS no_value, c->>'std' IS NULL AS no_std FROM folded, jsonb_array_elements(detail->'candidates') c WHERE what = 'auto_fold_small' ORDER BY 1;

-- what goes wrong
\set VERBOSITY default
SELECT mlops_train('auto_bad', 'line', 'y', 'auto', '{"folds": 1}', key => 'id');
SELECT mlops_train('auto_bad', 'line', 'y', 'auto', '{"folds": 51}', key => 'id');
SELECT mlops_train('auto_bad', 'line', 'y', 'auto', '{"folds": "five"}', key => 'id');
SELECT mlops_train('auto_bad', 'SELECT id, a, y FROM line WHERE id <= 6', 'y', 'auto', '{"folds": 8}', key => 'id', config => '{"split": {"test": 0}}');
SELECT mlops_train('auto_bad', 'SELECT id, a, y, 1 AS t FROM line', 'y', 'auto', '{"folds": 2}', key => 'id', time_column => 't', config => '{"split": {"test": 0}}');
SELECT mlops_train('auto_bad', 'SELECT id, a, id = 7 AS y FROM board', 'y', 'auto', '{"folds": 3}', key => 'id', config => '{"split": {"test": 0}}');
SELECT mlops_train('auto_bad', 'line', 'y', 'auto', '{"class_weight": "balanced"}', key => 'id');
SELECT mlops_train('auto_bad', 'line', 'y', 'auto', '[]', key => 'id');
SELECT mlops_train('auto_bad', 'line', 'y', 'autom', key => 'id');
SELECT mlops_train('auto_bad', 'line', 'y', 'auto', key => 'id', config => '{"split": {"validation": 0}}');
SELECT mlops_train('auto_bad', 'SELECT id, a, y FROM board WHERE id <= 12', 'y', 'auto', key => 'id', config => '{"split": {"test": 0, "validation": 0.1, "salt": 2}}');
SELECT mlops_train('auto_bad', 'SELECT id, a, y FROM line WHERE id <= 12', 'y', 'auto', key => 'id', config => '{"split": {"test": 0, "validation": 0.01, "salt": 2}}');
SELECT mlops_train('auto_bad', 'line', 'y', 'auto', key => 'id', config => '{"preprocess": {"columns": {"nobody": {"scale": "none"}}}}');
\set VERBOSITY sqlstate
-- neither is a reason to go on with the next
SET mlops.max_training_memory = '256kB';
SELECT mlops_train('auto_bad', 'line', 'y', 'auto', key => 'id');
RESET mlops.max_training_memory;
SET statement_timeout = '300ms';
SELECT mlops_train('auto_bad', 'SELECT id * 50 + g AS id, a, b, k, y FROM line, generate_series(0, 49) g', 'y', 'auto', key => 'id');
SELECT mlops_train('auto_bad', 'SELECT id * 50 + g AS id, a, b, k, y FROM line, generate_series(0, 49) g', 'y', 'auto', '{"folds": 5}', key => 'id');
RESET statement_timeout;
SELECT count(*) AS models FROM mlops.models WHERE name = 'auto_bad';
SELECT count(*) AS algorithms FROM mlops_algorithms() WHERE algorithm = 'auto';

SET client_min_messages = error;
DROP SCHEMA test_auto CASCADE;
