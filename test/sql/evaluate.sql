-- A version judged: on its held-out rows as they are now, on rows of the caller's, and by segment.
CREATE SCHEMA test_evaluate;
SET search_path = test_evaluate, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE rows AS SELECT i AS id, i % 97 AS a, (i * 7919 % 1013)::float8 AS b, 'g' || i % 50 AS team, i * 0.5 + i % 13 AS y, (i * 31 % 100) + i % 97 > 120 AS c,
    i % 100 = 5 AS rare, (ARRAY['x', 'y', 'z'])[1 + (i * 17 % 11) % 3] AS m, CASE WHEN i % 70 = 3 THEN 'few' WHEN i % 9 = 1 THEN 'some' ELSE 'most' END AS kind, 'name ' || i AS name,
    CASE WHEN i % 31 = 0 THEN NULL ELSE 1 + i % 3 END AS w, CASE WHEN i % 29 <> 0 THEN i % 5 = 1 END AS answered,
    timestamptz '2024-01-01 00:00+00' + (i % 500) * interval '1 hour' AS at FROM generate_series(1, 2000) i;
-- Figures of a version now beside those its training wrote down, bit for bit.
CREATE FUNCTION compare(model text) RETURNS TABLE (version int, method text, figures bigint, different bigint, test_rows bigint, rows bigint) LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    FOR v IN SELECT * FROM mlops.versions JOIN mlops.models m USING (model_id) WHERE m.name = compare.model ORDER BY versions.version LOOP
        RETURN QUERY SELECT v.version, v.split ->> 'method', count(*), count(*) FILTER (WHERE e.value IS DISTINCT FROM r.value), v.test_rows, max(e.rows)
        FROM mlops_evaluate(compare.model || '@' || v.version) e FULL JOIN (SELECT * FROM mlops.run_metrics WHERE run_id = v.run_id AND split = 'test') r ON r.key = e.metric;
    END LOOP;
END $$;

-- an unchanged source gives what training found, whatever the split
SELECT count(*) FROM mlops_train('hash', 'SELECT id, a, b, y FROM rows', 'y', 'linear_regression', key => 'id');
SELECT count(*) FROM mlops_train('hash', algorithm => 'linear_regression', features => 'a, b * a AS ab', config => '{"split": {"test": 0.35}}');
SELECT count(*) FROM mlops_train('content', 'SELECT a, b, team, c FROM rows', 'c', 'logistic_regression');
SELECT count(*) FROM mlops_train('content', algorithm => 'logistic_regression', features => 'b', config => '{"threshold": "f1"}');
SELECT count(*) FROM mlops_train('rare', 'SELECT id, a, b, rare FROM rows', 'rare', 'logistic_regression', key => 'id');
SELECT count(*) FROM mlops_train('rare', algorithm => 'logistic_regression', params => '{"class_weight": "balanced"}');
SELECT count(*) FROM mlops_train('kinds', 'SELECT a % 7 AS a, kind FROM rows', 'kind', 'logistic_regression');
SELECT count(*) FROM mlops_train('teams', 'SELECT a, b, team, kind FROM rows', 'kind', 'logistic_regression', config => '{"split": {"group": "team"}}');
SELECT count(*) FROM mlops_train('teams', algorithm => 'logistic_regression', config => '{"split": {"method": "hash"}}');
SELECT count(*) FROM mlops_train('repeated', 'SELECT id % 700 AS k, a, b, kind, name FROM rows', 'kind', 'logistic_regression', key => 'k');
SELECT count(*) FROM mlops_train('time', 'SELECT a, b, team, c, at FROM rows', 'c', 'logistic_regression', time_column => 'at', config => '{"split": {"group": "team"}}');
SELECT count(*) FROM mlops_train('day', 'SELECT a, b, y, at::date AS day FROM rows', 'y', 'linear_regression', time_column => 'day');
SELECT count(*) FROM mlops_train('where', 'SELECT id, a, b, c, w FROM rows', 'c', 'logistic_regression', config => '{"split": {"test_where": "id % 4 = 0 OR NULL"}, "sample_weight": "w"}');
SELECT count(*) FROM mlops_train('answers', 'SELECT id, a, b, answered FROM rows', 'answered', 'logistic_regression', key => 'id');
SELECT model, c.* FROM unnest(ARRAY['hash', 'content', 'rare', 'kinds', 'teams', 'repeated', 'time', 'day', 'where', 'answers']) WITH ORDINALITY AS m (model, i), compare(model) c ORDER BY i, version;
SELECT m.name, jsonb_pretty(v.split - 'salt') FROM mlops.versions v JOIN mlops.models m USING (model_id) WHERE m.name IN ('rare', 'day', 'where') AND version = 1 ORDER BY 1;
-- what a row says
SELECT metric, round(value::numeric, 4) AS value, round(ci_low::numeric, 4) AS low, round(ci_high::numeric, 4) AS high, rows, detail FROM mlops_evaluate('answers');
SELECT metric, round(value::numeric, 4) AS value, round(ci_low::numeric, 4) AS low, round(ci_high::numeric, 4) AS high, rows, detail ->> 'interval' AS by FROM mlops_evaluate('hash@2');
SELECT metric, ci_low IS NULL AND ci_high IS NULL AS no_interval, detail -> 'weighted' AS weighted FROM mlops_evaluate('where') WHERE metric IN ('accuracy', 'roc_auc', 'brier');

-- a source that depends on settings is read under those of the training, or rows that were learned from would look new
SELECT count(*) FROM mlops_train('hours', 'SELECT extract(hour FROM at) AS hour, b, b + extract(hour FROM at)::float8 AS y FROM rows', 'y', 'linear_regression');
SET timezone = 'Asia/Tokyo';
SELECT * FROM compare('hours');
RESET timezone;

-- rows come and go: those held out stay so, none that was learned from is judged
CREATE FUNCTION held(model text) RETURNS SETOF text LANGUAGE sql AS $$SELECT DISTINCT segment FROM mlops_evaluate(model, segments => 'id') WHERE segment IS NOT NULL$$;
CREATE TABLE changing AS SELECT id, a, b, rare, y, at, team FROM rows WHERE id <= 1500;
SELECT count(*) FROM mlops_train('by_key', 'changing', 'rare', 'logistic_regression', key => 'id', config => '{"exclude": ["y", "at", "team"]}');
SELECT count(*) FROM mlops_train('by_time', 'changing', 'y', 'linear_regression', key => 'id', time_column => 'at', config => '{"exclude": ["rare", "team"]}');
SELECT count(*) FROM mlops_train('by_team', 'changing', 'y', 'linear_regression', key => 'id', config => '{"exclude": ["rare", "at"], "split": {"group": "team"}}');
CREATE TABLE before AS SELECT model, held(model) AS segment FROM unnest(ARRAY['by_key', 'by_time', 'by_team']) model;
SELECT model, count(*) FROM before GROUP BY 1 ORDER BY 1;
DELETE FROM changing WHERE id % 10 = 1;
INSERT INTO changing SELECT i, i % 97, i % 1013, i % 100 = 5, i, timestamptz '2024-02-01 00:00+00' + i * interval '1 hour', 'g' || i % 60 FROM generate_series(2001, 2500) i;
CREATE TABLE after AS SELECT model, held(model) AS segment FROM unnest(ARRAY['by_key', 'by_time', 'by_team']) model;
SELECT model, count(*) FILTER (WHERE old) AS old, count(*) FILTER (WHERE NOT old) AS new,
    count(*) FILTER (WHERE old AND NOT EXISTS (SELECT FROM before b WHERE b.model = a.model AND b.segment = a.segment)) AS learned_from,
    (SELECT count(*) FROM before b WHERE b.model = a.model AND split_part(segment, '=', 2)::int % 10 <> 1) - count(*) FILTER (WHERE old) AS lost
FROM (SELECT model, segment, split_part(segment, '=', 2)::int <= 1500 AS old FROM after) a GROUP BY 1 ORDER BY 1;

-- what no row may have is looked for in the rows that are judged
CREATE TABLE odd AS SELECT id, a, b, y, 1::float8 AS w, id % 4 = 0 AS held FROM rows;
SELECT count(*) FROM mlops_train('odd', 'odd', 'y', 'linear_regression', config => '{"exclude": ["id"], "sample_weight": "w", "split": {"test_where": "held"}}');
UPDATE odd SET y = 'infinity', w = 1e80 WHERE NOT held;
SELECT metric, e.value = r.value AS same FROM mlops_evaluate('odd') e JOIN mlops.run_metrics r ON r.key = e.metric JOIN mlops.runs USING (run_id)
    JOIN mlops.models m USING (model_id) WHERE m.name = 'odd' AND r.split = 'test' AND metric = 'rmse';
UPDATE odd SET w = 1e80 WHERE id = 4;
SELECT mlops_evaluate('odd');
UPDATE odd SET y = 'infinity' WHERE id = 4;
SELECT mlops_evaluate('odd');

-- the order in which rows come does not matter: physical, of a source, within segments
CREATE TABLE said (how text, what text);
CREATE TABLE moving AS SELECT id, a, b, c, team, w FROM rows;
SELECT count(*) FROM mlops_train('moving', 'moving', 'c', 'logistic_regression', config => '{"sample_weight": "w", "exclude": ["id"]}');
DO $$
DECLARE
    sorting text;
BEGIN
    FOREACH sorting IN ARRAY ARRAY['id', 'id DESC', 'a, b', 'md5(id::text)', 'team, id DESC', 'c, md5(b::text)'] LOOP
        EXECUTE 'CREATE TEMP TABLE other AS SELECT * FROM moving ORDER BY ' || sorting;
        TRUNCATE moving;
        INSERT INTO moving SELECT * FROM other;
        DROP TABLE other;
        INSERT INTO said SELECT 'held out', string_agg(e::text, E'\n') FROM mlops_evaluate('moving', segments => 'team, a > 50 AS big') e;
        INSERT INTO said SELECT 'given', string_agg(e::text, E'\n') FROM mlops_evaluate('moving', 'SELECT a, b, team, c FROM moving ORDER BY ' || sorting, 'team, a > 50 AS big') e;
        INSERT INTO said SELECT 'alone', string_agg(e::text, E'\n') FROM mlops_evaluate('moving', segments => 'a > 50 AS big') e WHERE segment = 'big=true';
        INSERT INTO said SELECT 'alone', string_agg(e::text, E'\n') FROM mlops_evaluate('moving', segments => 'team, a > 50 AS big') e WHERE segment = 'big=true';
    END LOOP;
END $$;
SELECT how, count(*), count(DISTINCT what) AS different, max(length(what)) > 500 AS long FROM said GROUP BY 1 ORDER BY 1;

-- segments: the same figures as of the rows alone; a missing value last; one class has no AUC
SELECT segment, metric, round(value::numeric, 4) AS value, round(ci_low::numeric, 4) AS low, round(ci_high::numeric, 4) AS high, rows, detail
FROM mlops_evaluate('content', segments => 'nullif(a % 3, 1) AS third, c AS actual') WHERE metric IN ('recall', 'roc_auc');
SELECT count(*), count(*) FILTER (WHERE s.value IS NOT DISTINCT FROM o.value AND s.ci_low IS NOT DISTINCT FROM o.ci_low AND s.rows = o.rows) AS same
FROM mlops_evaluate('content', 'rows', 'm') s JOIN mlops_evaluate('content', 'SELECT * FROM rows WHERE m = ''y''') o USING (metric) WHERE s.segment = 'm=y';
SELECT segment, round(value::numeric, 3) AS rmse, rows FROM mlops_evaluate('day', segments => 'day, round(b::numeric, -3) AS thousand') WHERE metric = 'rmse';
SELECT count(*) FROM mlops_evaluate('content', 'rows', segments => 'id % 1000 AS rest') WHERE metric = 'accuracy';
SELECT mlops_evaluate('content', 'rows', segments => 'team, id');
SELECT mlops_evaluate('content', 'rows', segments => '*');
SELECT mlops_evaluate('content', 'rows', segments => 'random() > 0.5 AS chance');
\set SHOW_CONTEXT errors
SELECT mlops_evaluate('content', 'rows', segments => 'a, 1 / nullif(id - id, 1) AS share');
SELECT mlops_train('broken', 'SELECT id, a, c FROM rows', 'c', 'logistic_regression', config => '{"split": {"test_where": "1 / (id - id) > 0"}}');
\set SHOW_CONTEXT never
SELECT mlops_evaluate('content', 'rows', segments => 'now() > at AS past');
SELECT mlops_evaluate('content', 'rows', segments => '(SELECT max(id) FROM rows) AS most');
SELECT mlops_evaluate('content', 'rows', segments => 'nobody');
SELECT mlops_evaluate('content', 'rows', segments => 'a > 3');
SELECT mlops_evaluate('content', 'rows', segments => '');

-- a source of the caller's: every row counts, columns are converted as for a prediction
SELECT metric, round(value::numeric, 4) AS value, rows, detail -> 'held_out' AS held_out FROM mlops_evaluate('content', 'rows') WHERE metric IN ('accuracy', 'roc_auc', 'brier');
SELECT count(DISTINCT value) FROM (SELECT * FROM mlops_evaluate('content', 'rows') UNION ALL SELECT * FROM mlops_evaluate('content', 'SELECT a::numeric, b::int, team::varchar, c FROM rows')) e WHERE metric = 'log_loss';
SELECT e.value = (SELECT avg((mlops_predict_label('content', r) = r.c::text)::int::float8) FROM rows r) AS as_predicted FROM mlops_evaluate('content', 'rows') e WHERE metric = 'accuracy';
SELECT e.value = (SELECT avg((mlops_predict_label('kinds', r) = r.kind)::int::float8) FROM rows r) AS as_predicted FROM mlops_evaluate('kinds', 'rows') e WHERE metric = 'accuracy';
-- rows without a target are left out and counted; weights are used when they are there
SELECT value IS NOT NULL AS judged, rows, detail FROM mlops_evaluate('answers', 'rows') WHERE metric = 'accuracy';
SELECT rows, detail -> 'weighted' AS weighted, detail -> 'without_weight' AS without FROM mlops_evaluate('where', 'rows') WHERE metric = 'accuracy' UNION ALL SELECT rows, detail -> 'weighted', detail -> 'without_weight' FROM mlops_evaluate('where', 'SELECT id, a, b, c FROM rows') WHERE metric = 'accuracy';
SELECT mlops_evaluate('content', 'SELECT * FROM rows WHERE false');
SELECT mlops_evaluate('answers', 'SELECT * FROM rows WHERE answered IS NULL');
SELECT metric, value, ci_low, ci_high, rows FROM mlops_evaluate('hash', 'SELECT 1 AS id, 2 AS a, 3 AS b, mlops_predict(''hash'', s) + 1 AS y FROM (SELECT 1 AS id, 2 AS a, 3 AS b) s');
SELECT metric, value FROM mlops_evaluate('hash', 'SELECT id, a, b, CASE WHEN id % 2 = 0 THEN 1e308 ELSE -1e308 END AS y FROM rows') WHERE metric IN ('rmse', 'mae');
SELECT mlops_evaluate('kinds', 'SELECT a, CASE WHEN id % 50 = 0 THEN ''new'' WHEN id = 7 THEN ''other'' ELSE kind END AS kind FROM rows');
SELECT mlops_evaluate('content', 'SELECT a, b, team, 5 AS c FROM rows');
SELECT mlops_evaluate('hash', 'SELECT id, a, b, c AS y FROM rows');
SELECT mlops_evaluate('hash', 'SELECT id, a, b, m AS y FROM rows');
SELECT mlops_evaluate('content', 'SELECT a, b, team FROM rows');
SELECT mlops_evaluate('content', 'SELECT a, team, c FROM rows');
SELECT mlops_evaluate('content', 'SELECT ''infinity''::float8 AS b, a, team, c FROM rows');
SELECT mlops_evaluate('content', 'DELETE FROM rows RETURNING *');
SELECT mlops_evaluate(NULL);
SELECT mlops_evaluate('nothing');

-- the threshold of now counts
SELECT round(value::numeric, 4) AS recall FROM mlops_evaluate('content') WHERE metric = 'recall';
SELECT mlops_set_threshold('content@1', 0.2);
SELECT round(value::numeric, 4) AS recall FROM mlops_evaluate('content') WHERE metric = 'recall';
-- nothing is written
BEGIN READ ONLY;
SELECT count(*) FROM mlops_evaluate('content');
COMMIT;
-- no test rows; a version that does not know its split; a changed time; a damaged rule
SELECT count(*) FROM mlops_train('hash', algorithm => 'linear_regression', config => '{"split": {"test": 0}}');
SELECT mlops_evaluate('hash@3');
SELECT count(*) FROM mlops_evaluate('hash@3', 'rows');
UPDATE mlops.versions SET split = NULL WHERE version = 2 AND model_id = (SELECT model_id FROM mlops.models WHERE name = 'hash');
SELECT mlops_evaluate('hash@2');
CREATE TABLE timed AS SELECT a, c, at FROM rows;
SELECT count(*) FROM mlops_train('timed', 'SELECT * FROM timed', 'c', 'logistic_regression', time_column => 'at');
ALTER TABLE timed ALTER at TYPE timestamp USING at AT TIME ZONE 'UTC', ALTER a TYPE numeric;
SELECT mlops_evaluate('timed');
ALTER TABLE timed ALTER at TYPE timestamptz USING at AT TIME ZONE 'UTC';
SELECT * FROM compare('timed');
DELETE FROM timed WHERE at > '2024-01-10';
SELECT mlops_evaluate('timed');
UPDATE mlops.versions SET split = jsonb_set(split, '{classes,0,below}', '"12"') WHERE model_id = (SELECT model_id FROM mlops.models WHERE name = 'rare');
SELECT mlops_evaluate('rare@1');
UPDATE mlops.versions SET split = split || '{"method": "dice"}' WHERE model_id = (SELECT model_id FROM mlops.models WHERE name = 'rare');
SELECT mlops_evaluate('rare@1');

-- rights: predict for rows of one's own, manage for the held-out ones, segments over those for the owner alone
CREATE ROLE mlops_olga;
CREATE ROLE mlops_paul;
GRANT USAGE, CREATE ON SCHEMA test_evaluate TO mlops_olga, mlops_paul;
GRANT EXECUTE ON FUNCTION mlops_train, mlops_grant TO mlops_olga;
GRANT SELECT ON rows TO mlops_olga;
SET ROLE mlops_olga;
CREATE FUNCTION who(x int) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$BEGIN RETURN current_user; END$$;
CREATE VIEW hers AS SELECT id, a, b, c FROM rows;
SELECT count(*) FROM mlops_train('hers', 'hers', 'c', 'logistic_regression', key => 'id', features => 'a, b, (test_evaluate.who(a) = ''mlops_olga'')::int * a AS own');
RESET ROLE;
SET ROLE mlops_paul;
CREATE TABLE his AS SELECT i AS a, i::float8 AS b, i % 2 = 0 AS c FROM generate_series(1, 50) i;
SELECT mlops_evaluate('hers', 'his');
RESET ROLE;
SELECT mlops_grant('hers', 'mlops_paul', 'predict');
SET ROLE mlops_paul;
SELECT count(*) FROM mlops_evaluate('hers', 'his');
SELECT segment, rows FROM mlops_evaluate('hers', 'his', 'test_evaluate.who(a) AS who') WHERE metric = 'accuracy';
SELECT mlops_evaluate('hers', 'hers');
SELECT mlops_evaluate('hers');
RESET ROLE;
SELECT mlops_grant('hers', 'mlops_paul', 'manage');
SET ROLE mlops_paul;
SELECT count(*) FROM mlops_evaluate('hers');
SELECT mlops_evaluate('hers', segments => 'id');
RESET ROLE;
SELECT segment, rows FROM mlops_evaluate('hers', segments => 'test_evaluate.who(a) AS who') WHERE metric = 'accuracy';
GRANT mlops_olga TO mlops_paul;
SET ROLE mlops_paul;
SELECT segment, rows FROM mlops_evaluate('hers', segments => 'who(a) AS who') WHERE metric = 'accuracy';
RESET ROLE;
SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models
WHERE name IN ('hash', 'content', 'rare', 'kinds', 'teams', 'repeated', 'time', 'day', 'where', 'answers', 'by_key', 'by_time', 'by_team', 'moving', 'timed', 'hers');
SET client_min_messages = error;
DROP SCHEMA test_evaluate CASCADE;
DROP OWNED BY mlops_olga, mlops_paul;
DROP ROLE mlops_olga, mlops_paul;
