-- Preprocessing is fitted on training rows, stored, and applied in prediction.
CREATE SCHEMA test_preprocess;
SET search_path = test_preprocess, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE p AS SELECT i AS id, CASE WHEN i % 4 = 0 THEN NULL ELSE i END AS n, CASE WHEN i % 5 = 0 THEN NULL ELSE (ARRAY['b', 'a', 'B', 'é'])[1 + i % 4] END AS c,
    i % 2 = 0 AS b, i * 2.0 AS y, CASE WHEN i > 80 THEN 'late' ELSE 'early' END AS era FROM generate_series(1, 100) i;
SELECT version FROM mlops_train('d', 'SELECT id, n, c, b, y FROM p', 'y', 'linear_regression', key => 'id', config => '{"split": {"test_where": "id > 80"}}');
-- median of the training rows, then standard scaling with the population deviation of what the learner saw
WITH tr AS (SELECT n FROM p WHERE id <= 80), m AS (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) AS med FROM tr),
 f AS (SELECT avg(coalesce(n, med)) AS mean, stddev_pop(coalesce(n, med)) AS sd, min(med) AS med FROM tr, m)
SELECT round(((mlops_transform('d', '{"n": 10, "c": "a", "b": true}')->>'n')::float8 - (10 - mean) / sd)::numeric, 12) AS number,
    round(((mlops_transform('d', '{"n": null, "c": "a", "b": true}')->>'n')::float8 - (med - mean) / sd)::numeric, 12) AS missing FROM f;
-- levels in bytewise order, the first dropped without penalty; missing is a level of its own; unseen is all zeros
SELECT position, feature, source_feature, kind FROM mlops_feature_names('d');
SELECT v, mlops_transform('d', jsonb_build_object('n', 1, 'c', v, 'b', true)) - '{n,b}'::text[] AS onehot FROM unnest(ARRAY['B', 'a', 'b', 'é', NULL, 'zzz', '']) v;
-- full one-hot when penalised
SELECT version FROM mlops_train('d', params => '{"penalty": "l2"}', algorithm => 'linear_regression');
SELECT string_agg(feature, ', ' ORDER BY position) FROM mlops_feature_names('d@2');
-- a level that only test rows have is unseen
SELECT version FROM mlops_train('era', 'SELECT id, n, era, y FROM p', 'y', config => '{"split": {"test_where": "id > 80"}}', algorithm => 'linear_regression', params => '{"penalty": "l2"}');
SELECT string_agg(feature, ', ' ORDER BY position) FROM mlops_feature_names('era');
-- other ways, per kind and per column
CREATE FUNCTION seen(config text, request jsonb DEFAULT '{"n": null, "c": "b", "b": null}') RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mlops_train('way', 'SELECT n, c, b, y FROM p WHERE id <= 80', 'y', 'linear_regression', '{"penalty": "l2"}', config => format('{"split": {"test": 0}, "preprocess": %s}', config)::jsonb);
    RETURN (SELECT jsonb_object_agg(key, round(value::numeric, 6)) FROM jsonb_each_text(mlops_transform('way@' || (SELECT last_version FROM mlops.models WHERE name = 'way'), request)));
END $$;
SELECT seen('{"numeric": {"impute": "mean", "scale": "none"}}');
SELECT seen('{"numeric": {"impute": "most_frequent", "scale": "none"}}');
SELECT seen('{"numeric": {"impute": "constant", "constant": -1, "scale": "none", "indicator": true}}');
SELECT seen('{"numeric": {"scale": "minmax"}}', '{"n": 79, "c": "b", "b": true}');
SELECT seen('{"numeric": {"scale": "robust"}}', '{"n": 79, "c": "b", "b": true}');
SELECT seen('{"categorical": {"encode": "ordinal", "scale": "none"}, "columns": {"n": {"impute": "constant", "constant": 5, "scale": "none"}}}');
-- a missing category by the most frequent one: the level for missing is gone
SELECT seen('{"numeric": {"scale": "none"}, "categorical": {"impute": "most_frequent"}}', '{"n": 1, "c": null, "b": true}');
SELECT seen('{"numeric": {"scale": "none"}, "columns": {"c": {"impute": "most_frequent", "encode": "ordinal"}}}', '{"n": 1, "c": null, "b": true}');
-- constant columns neither blow up nor vanish
SELECT version FROM mlops_train('const', 'SELECT n, 0.1::float8 AS one, y FROM p', 'y', config => '{"split": {"test": 0}}', algorithm => 'linear_regression', params => '{"penalty": "l2"}');
SELECT mlops_transform('const', '{"n": 1, "one": 0.1}')->'one' AS constant, mlops_transform('const', '{"n": 1, "one": 5}')->'one' AS other;
-- bounds: given, or quantiles of the training rows; clipped first, filled in after that
SELECT seen('{"numeric": {"clip": {"bounds": [10, 20]}, "impute": "mean", "scale": "none"}}', '{"n": null, "c": "b", "b": true}')->'n' AS mean_of_the_clipped,
    (SELECT round(avg(least(greatest(n, 10), 20)), 6) FROM p WHERE id <= 80 AND n IS NOT NULL) AS by_hand;
SELECT seen('{"columns": {"n": {"clip": {"quantiles": [0.1, null]}, "scale": "none"}}}', '{"n": -5, "c": "b", "b": true}')->'n' AS lower_quantile,
    (SELECT round(percentile_cont(0.1) WITHIN GROUP (ORDER BY n)::numeric, 6) FROM p WHERE id <= 80) AS by_hand;
SELECT seen('{"columns": {"n": {"clip": {"bounds": [null, 50]}, "impute": "constant", "constant": 99, "scale": "none"}}}', '{"n": null, "c": "b", "b": true}')->'n' AS beyond_the_bound;
SELECT seen('{"numeric": {"clip": {"bounds": [10, 20]}}, "columns": {"n": {"clip": null, "scale": "none"}}}', '{"n": 70, "c": "b", "b": true}')->'n' AS not_this_column;

-- trees: the same options but scales
CREATE TABLE q AS SELECT i AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE (i * 37 % 101)::float8 END AS n, (ARRAY['x', 'y', NULL, 'z'])[1 + i * 13 % 4] AS c,
    CASE WHEN i % 7 = 0 THEN 5 WHEN i * 37 % 101 > 60 THEN 3 ELSE 1 END + CASE i * 13 % 4 WHEN 1 THEN 4 ELSE 0 END + (i % 5) * 0.01 AS y FROM generate_series(1, 400) i;
SELECT version FROM mlops_train('trees', 'q', 'y', 'gradient_boosting', '{"n_estimators": 40, "early_stopping_rounds": 0}', key => 'id',
    config => '{"preprocess": {"numeric": {"clip": {"bounds": [null, 80]}, "impute": "constant", "constant": -1, "indicator": true, "scale": "standard"}, "categorical": {"encode": "onehot", "indicator": true}}}');
SELECT string_agg(feature, ', ' ORDER BY position) FROM mlops_feature_names('trees');
SELECT v, mlops_transform('trees', v::jsonb) FROM unnest(ARRAY['{"n": null, "c": null}', '{"n": 90, "c": "y"}', '{"n": 3, "c": "unseen"}']) v;
-- every way to ask gives the same, and shares add up to it
SELECT count(*) AS rows, count(*) FILTER (WHERE a = b AND a = score AND abs(a - shares) < 1e-9) AS same
FROM (SELECT mlops_predict('trees', q) AS a, mlops_predict('trees', to_jsonb(q)) AS b, p.score, (SELECT sum(contribution) FROM mlops_explain('trees', q)) AS shares
      FROM q JOIN mlops_predict_batch('trees', 'q', 'id') p ON p.key = q.id::text WHERE q.id <= 40) s;
SELECT feature, value, contribution > 0 AS raises FROM mlops_explain('trees', '{"n": null, "c": "y"}') WHERE feature <> '(base)';
-- a gap beyond all numbers is told from them in the words of the column
SELECT version FROM mlops_train('one_tree', 'q', 'y', 'decision_tree', '{"max_depth": 3}', key => 'id',
    config => '{"split": {"test": 0}, "preprocess": {"numeric": {"impute": "constant", "constant": -1, "clip": {"bounds": [0, 80]}}, "categorical": {"encode": "ordinal"}}}');
SELECT condition, round(value::numeric, 2) AS value FROM mlops_model_rules('one_tree');
SELECT step, condition FROM mlops_decision_path('one_tree', '{"n": null, "c": "y"}');
SELECT version FROM mlops_train('one_tree', algorithm => 'decision_tree', params => '{"max_depth": 3}', config => '{"preprocess": {"numeric": {"impute": "median", "indicator": true}, "categorical": {"encode": "onehot"}}}');
SELECT condition, round(value::numeric, 2) AS value FROM mlops_model_rules('one_tree@2');
-- an imported version prepares as the exported one does
SELECT mlops_import_model('trees_again', mlops_export_model('trees')) AS version;
SELECT count(*) AS rows, count(*) FILTER (WHERE mlops_predict('trees', q) = mlops_predict('trees_again@1', q) AND mlops_transform('trees', q) = mlops_transform('trees_again@1', q)) AS same FROM q;
