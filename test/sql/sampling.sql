-- Rare classes learned from more often, common ones less: inside the training rows alone.
CREATE SCHEMA test_sampling;
SET search_path = test_sampling, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\set VERBOSITY default
\set SHOW_CONTEXT never
-- one row in 20 is positive, more often where a is large; g says a little
CREATE TABLE t AS SELECT i AS id, (i::bigint * 7919 % 10007)::float8 / 10007 AS a, CASE WHEN i % 11 = 0 THEN NULL ELSE i % 7 END::float8 AS b, 'g' || i % 5 AS g,
    (i::bigint * 7919 % 10007)::float8 / 10007 + (i::bigint * 104729 % 9973)::float8 / 9973 + CASE WHEN i % 5 = 0 THEN 0.05 ELSE 0 END > 1.7 AS y,
    CASE WHEN i % 10 = 0 THEN 'rare' WHEN i % 3 = 0 THEN 'some' ELSE 'most' END AS kind FROM generate_series(1, 3000) i;
CREATE FUNCTION sampled(model text, algorithm text, config jsonb, target text DEFAULT 'y', source text DEFAULT 't', seed bigint DEFAULT 42) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('train', train_rows, 'test', test_rows, 'sampled', detail->'rows_sampled', 'threshold', round((detail->>'threshold')::numeric, 6))
    FROM mlops_train(model, source, target, algorithm, CASE algorithm WHEN 'auto' THEN '{}' WHEN 'logistic_regression' THEN '{}' WHEN 'decision_tree' THEN '{"max_depth": 4}' ELSE '{"n_estimators": 20}' END::jsonb,
        'a, b, g', key => 'id', config => '{"positive_label": "true", "split": {"test_where": "id % 4 = 0", "salt": 7}}'::jsonb || config, seed => seed) $$;

-- as many rows as imbalanced-learn would draw, of the training rows; test rows stay what they are
SELECT y, count(*) FROM t WHERE id % 4 <> 0 GROUP BY y ORDER BY y;
SELECT method, ratio, sampled('binary_' || method || ratio, 'logistic_regression', format('{"sampling": {"method": "%s", "ratio": %s}}', method, ratio)::jsonb)
FROM unnest('{none,over,under}'::text[]) method, unnest('{1,0.5,0.01}'::text[]) ratio WHERE method <> 'none' OR ratio = '1' ORDER BY 1, 2;
SELECT kind, count(*) FROM t WHERE id % 4 <> 0 GROUP BY kind ORDER BY kind;
SELECT method, sampled('kinds_' || method, 'decision_tree', jsonb_build_object('sampling', jsonb_build_object('method', method, 'ratio', 0.8), 'positive_label', NULL), 'kind') FROM unnest('{over,under}'::text[]) method;
SELECT content FROM mlops.run_artifacts a JOIN mlops.runs USING (run_id) JOIN mlops.models m USING (model_id) WHERE m.name = 'kinds_under' AND a.name = 'confusion_matrix';
-- preprocessing is fitted before rows are drawn
SELECT count(DISTINCT mlops_transform(m, '{"a": 0.5, "b": null, "g": "g0"}')) AS same FROM unnest('{binary_none1,binary_over1,binary_under1}'::text[]) m;

-- P is a probability of rows as they come, or with calibration none of rows as they were drawn; labels are the same
SELECT algorithm, method, sampled('p_' || algorithm || method, algorithm, jsonb_build_object('sampling', jsonb_build_object('method', method))) ->> 'threshold' IS NOT NULL AS trained,
    sampled('raw_' || algorithm || method, algorithm, jsonb_build_object('calibration', 'none', 'sampling', jsonb_build_object('method', method))) ->> 'threshold' AS raw_threshold
FROM unnest('{logistic_regression,gradient_boosting,random_forest}'::text[]) algorithm, unnest('{over,under}'::text[]) method;
SELECT m, abs(avg(mlops_predict('p_' || m, t)) - avg(y::int)) < 0.02 AS calibrated, avg(mlops_predict('raw_' || m, t)) > 1.5 * avg(y::int) AS as_drawn,
    count(*) FILTER (WHERE mlops_predict_label('p_' || m, t) <> mlops_predict_label('raw_' || m, t)) AS other_labels
FROM t, unnest('{logistic_regressionover,logistic_regressionunder,gradient_boostingover,gradient_boostingunder,random_forestover,random_forestunder}'::text[]) m WHERE id % 4 = 0 GROUP BY m ORDER BY m;

-- the same rows from the same seed, whatever their physical order; others from another
CREATE TABLE turned AS SELECT * FROM t ORDER BY id DESC;
CREATE FUNCTION bytes(model text) RETURNS text LANGUAGE sql AS $$ SELECT md5(content) FROM mlops.version_blobs JOIN mlops.versions USING (version_id) JOIN mlops.models m USING (model_id) WHERE m.name = model $$;
SELECT method, sampled('turned_' || method, 'gradient_boosting', jsonb_build_object('sampling', jsonb_build_object('method', method), 'preprocess', '{"categorical": {"encode": "target"}}'::jsonb), source => 'turned') IS NOT NULL AS turned,
    sampled('straight_' || method, 'gradient_boosting', jsonb_build_object('sampling', jsonb_build_object('method', method), 'preprocess', '{"categorical": {"encode": "target"}}'::jsonb)) IS NOT NULL AS straight,
    sampled('seeded_' || method, 'logistic_regression', jsonb_build_object('sampling', jsonb_build_object('method', method)), seed => 43) IS NOT NULL AS seeded FROM unnest('{over,under}'::text[]) method;
SELECT method, bytes('turned_' || method) = bytes('straight_' || method) AS same, bytes('seeded_' || method) <> bytes('binary_' || method || '1') AS others FROM unnest('{over,under}'::text[]) method;
SELECT sampled('auto', 'auto', '{"sampling": {"method": "under"}}')->'train' AS train;

-- the configuration, and what does not go
SELECT mlops_create_model('conf', 't', 'y', features => 'a', key => 'id', config => '{"sampling": {"method": "over"}}') > 0 AS created;
SELECT mlops_configure('conf', '{"sampling": {"ratio": 0.25}}')->'sampling' AS merged, mlops_configure('conf', '{"sampling": null}')->'sampling' AS reset;
SELECT mlops_configure('conf', '{"sampling": {"method": "smote"}}');
SELECT mlops_configure('conf', '{"sampling": {"ratio": 0}}');
SELECT mlops_configure('conf', '{"sampling": {"ratio": 1.5}}');
SELECT mlops_configure('conf', '{"sampling": {"rate": 1}}');
SELECT mlops_configure('conf', '{"sampling": "over"}');
SELECT version FROM mlops_train('conf', algorithm => 'logistic_regression', params => '{"class_weight": "balanced"}', config => '{"sampling": {"method": "over"}}');
SELECT version FROM mlops_train('conf', algorithm => 'gradient_boosting', params => '{"scale_pos_weight": 2}', config => '{"sampling": {"method": "under"}}');
SELECT version FROM mlops_train('numbers', 't', 'a', 'linear_regression', features => 'b', task => 'regression', config => '{"sampling": {"method": "under"}}');
SELECT version FROM mlops_train('numbers', 't', 'a', 'linear_regression', features => 'b', config => '{"sampling": {"method": "over"}}');

SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE owner = current_user AND name ~ '^(binary_|kinds_|p_|raw_|turned_|straight_|seeded_|auto$|conf$)';
DROP SCHEMA test_sampling CASCADE;
