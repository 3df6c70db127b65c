-- Which rows learn and which judge; and the same model whatever the physical order.
CREATE SCHEMA test_split;
SET search_path = test_split, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE rows AS SELECT i AS id, i % 97 AS a, i % 13 AS b, 'g' || i % 50 AS team, i * 0.5 + i % 13 AS y, timestamptz '2024-01-01 00:00+00' + (i % 500) * interval '1 hour' AS at FROM generate_series(1, 2000) i;
-- shares
SELECT round(count(*) FILTER (WHERE part = 1) / 10000.0, 1) AS one, round(count(*) FILTER (WHERE part = 2) / 10000.0, 1) AS two, count(*) FILTER (WHERE part NOT IN (1, 2, 3)) AS other
FROM (SELECT mlops_split('k' || i, 7, '{0.7, 0.2, 0.1}') AS part FROM generate_series(1, 10000) i) s;
SELECT mlops_split('a', 1, '{1}'), mlops_split('a', 1, '{0, 1}'), mlops_split(NULL, 1, '{1}') IS NULL AS strict;
SELECT count(DISTINCT mlops_split('k' || i, s, '{1, 1, 1}')) AS differs_by_seed FROM generate_series(1, 3) i, generate_series(1, 30) s;

-- hash: about the share asked for; test 0: all learn
SELECT train_rows, test_rows FROM mlops_train('hash', 'SELECT id, a, b, y FROM rows', 'y', 'linear_regression', key => 'id');
SELECT train_rows, test_rows, value IS NULL AS no_metric FROM mlops_train('hash', algorithm => 'linear_regression', config => '{"split": {"test": 0}}');
-- the seed does not move the test rows, nor do other features
SELECT DISTINCT train_rows, test_rows FROM (SELECT * FROM mlops_train('hash', algorithm => 'linear_regression', seed => 1) UNION ALL SELECT * FROM mlops_train('hash', algorithm => 'linear_regression', seed => 2) UNION ALL SELECT * FROM mlops_train('hash', algorithm => 'linear_regression', features => 'a')) s;
-- without a key the content decides: duplicates stay together, features do not matter
SELECT DISTINCT train_rows, test_rows FROM (SELECT * FROM mlops_train('content', 'SELECT a, b, y FROM rows', 'y', 'linear_regression') UNION ALL SELECT * FROM mlops_train('content', algorithm => 'linear_regression', features => 'b')) s;
-- the latest rows judge: no instant on both sides
SELECT train_rows, test_rows FROM mlops_train('time', 'SELECT a, b, y, at FROM rows', 'y', 'linear_regression', time_column => 'at');
SELECT train_rows FROM mlops_train('time2', 'SELECT a, y, at FROM rows', 'y', 'linear_regression', time_column => 'at', features => 'a, extract(epoch from at) AS e');
SELECT to_timestamp(maximum) AT TIME ZONE 'UTC' AS last_training_row FROM mlops_feature_info('time2') WHERE feature = 'e';
-- one instant only cannot be cut
SELECT mlops_train('instant', 'SELECT a, b, y, timestamp ''2024-01-01'' AS at FROM rows', 'y', 'linear_regression', time_column => 'at');
-- groups do not part
SELECT train_rows % 40 AS whole_groups, test_rows % 40 AS whole_test_groups, test_rows > 0 AS some FROM mlops_train('group', 'SELECT a, b, y, team FROM rows', 'y', 'linear_regression', config => '{"split": {"group": "team"}}');
-- a condition decides; its columns are no features
SELECT train_rows, test_rows FROM mlops_train('where', 'SELECT id, a, b, y FROM rows', 'y', 'linear_regression', config => '{"split": {"test_where": "id % 4 = 0 OR NULL"}}');
SELECT string_agg(feature, ',') FROM mlops_feature_info('where');
-- a small class is cut by rank: 20 positives give 4 test rows
SELECT train_rows, test_rows FROM mlops_train('rare', 'SELECT id, a, b, id <= 20 AS rare FROM rows', 'rare', 'logistic_regression', key => 'id');
SELECT (content::jsonb->'matrix'->1->>0)::int + (content::jsonb->'matrix'->1->>1)::int AS test_positives FROM mlops.run_artifacts a JOIN mlops.runs USING (run_id) JOIN mlops.models m USING (model_id)
WHERE m.name = 'rare' AND a.name = 'confusion_matrix';
-- validation rows are taken when a threshold is to be chosen, and learned from in the end
SELECT train_rows, test_rows FROM mlops_train('chosen', 'SELECT id, a, b, a + b + id % 89 > 110 AS y FROM rows', 'y', 'logistic_regression', key => 'id', config => '{"threshold": "f1"}');
SELECT valid_rows > 200 AS validated, threshold BETWEEN 0 AND 1 AS chosen, threshold <> 0.5 AS not_default FROM mlops.versions v JOIN mlops.models m USING (model_id) WHERE m.name = 'chosen';
SELECT DISTINCT split FROM mlops.run_metrics JOIN mlops.runs USING (run_id) JOIN mlops.models m USING (model_id) WHERE m.name = 'chosen' ORDER BY 1;
SELECT version FROM mlops_train('chosen', algorithm => 'logistic_regression', config => '{"threshold": "cost", "cost_matrix": {"fn": 20, "fp": 1}}');
SELECT v.threshold < w.threshold AS misses_cost_more FROM mlops.versions v JOIN mlops.versions w USING (model_id) JOIN mlops.models m USING (model_id) WHERE m.name = 'chosen' AND v.version = 2 AND w.version = 1;

-- the same rows in another physical order give the same bytes
CREATE TABLE shuffled AS SELECT * FROM rows ORDER BY md5(id::text);
SELECT version FROM mlops_train('hash', 'SELECT id, a, b, y FROM shuffled', algorithm => 'linear_regression');
SELECT count(DISTINCT md5(content)) AS distinct_models FROM mlops.version_blobs JOIN mlops.versions v USING (version_id) JOIN mlops.models m USING (model_id)
WHERE m.name = 'hash' AND v.version IN (1, (SELECT max(version) FROM mlops.versions w WHERE w.model_id = v.model_id));
SELECT DISTINCT content_hash = (SELECT content_hash FROM mlops.runs r JOIN mlops.models m USING (model_id) WHERE m.name = 'hash' ORDER BY run_id LIMIT 1) AS same_content
FROM mlops.runs r JOIN mlops.models m USING (model_id) WHERE m.name = 'hash' AND r.source LIKE '%shuffled%';
