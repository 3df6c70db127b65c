-- Why a model says what it says: contributions, paths, rules, importance and the course of training.
CREATE SCHEMA test_explain;
SET search_path = test_explain, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text; result text;
BEGIN
    EXECUTE statement INTO result;
    RETURN 'result: ' || coalesce(result, 'NULL');
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ': ' || message || coalesce(E'\n  detail: ' || nullif(detail, ''), '') || coalesce(E'\n  hint: ' || nullif(hint, ''), '');
END $$;
CREATE TABLE people AS SELECT i AS id, 18 + i % 60 AS age, CASE WHEN i % 11 <> 0 THEN (i % 7) * 100.0::float8 END AS income, 'c' || i % 4 AS city,
    i % 3 = 0 AS member, ARRAY[i % 5, i % 2]::float8[] AS pair, (i % 60 + i % 7 * 10 + i % 13 + i % 4 * 9) > 60 AS bought,
    i % 60 + i % 7 * 10 + sin(i) + i % 5 AS spent, (ARRAY['x', 'y', 'z'])[1 + (i % 60 + i % 4 * 5) / 26] AS class3 FROM generate_series(1, 900) i;
SELECT version FROM mlops_train('buy', 'people', 'bought', 'gradient_boosting', '{"n_estimators": 60}', 'age, income, city, member, pair', key => 'id');
SELECT version FROM mlops_train('spend', 'people', 'spent', 'gradient_boosting', '{"n_estimators": 40}', 'age, income, pair', key => 'id');
SELECT version FROM mlops_train('three', 'people', 'class3', 'gradient_boosting', '{"n_estimators": 20}', 'age, city', key => 'id');
SELECT version FROM mlops_train('line', 'people', 'bought', 'logistic_regression', features => 'age, income, city, member', key => 'id');
-- one tree whose splits are sure
CREATE TABLE simple AS SELECT i AS id, i % 2 = 0 AS flag, CASE WHEN i % 5 <> 0 THEN i % 3 END::float8 AS n, 'level ' || i % 9 AS name,
    (i % 2) * 10 + coalesce(i % 3 * CASE WHEN i % 5 <> 0 THEN 1 END, 7) + CASE WHEN i % 9 < 2 THEN 100 ELSE 0 END::float8 AS y FROM generate_series(1, 1800) i;
SELECT version FROM mlops_train('tree', 'simple', 'y', 'gradient_boosting',
    '{"n_estimators": 1, "learning_rate": 1, "max_depth": 3, "max_leaves": 8, "subsample": 1, "colsample_bytree": 1, "early_stopping_rounds": 0, "reg_lambda": 0}',
    'flag, n, name', key => 'id', config => '{"split": {"test": 0}}');

-- contributions sum to the log-odds, the value, the score of a class; each feature once, the base last
SELECT count(*) AS rows, bool_and(worst < 1e-9) AS adds_up FROM (SELECT id, abs(sum(contribution) - ln(s / (1 - s))) AS worst
    FROM people p, mlops_explain('buy', p), LATERAL (SELECT mlops_predict('buy', p) AS s) x WHERE id <= 50 GROUP BY id, s) r;
SELECT bool_and(worst < 1e-9) AS adds_up FROM (SELECT abs(sum(contribution) - s) AS worst
    FROM people p, mlops_explain('spend', p), LATERAL (SELECT mlops_predict('spend', p) AS s) x WHERE id <= 50 GROUP BY id, s) r;
WITH score AS (SELECT id, c AS class, sum(contribution) AS s FROM people p, unnest(ARRAY['x', 'y', 'z']) c, mlops_explain('three', p, c) WHERE id <= 20 GROUP BY 1, 2)
SELECT bool_and(abs(exp(s) / total - (mlops_predict_proba('three', p)->>class)::float8) < 1e-9) AS softmax
FROM (SELECT *, sum(exp(s)) OVER (PARTITION BY id) AS total FROM score) q JOIN people p USING (id);
SELECT array_agg(feature ORDER BY feature COLLATE "C") AS features, bool_and(value IS NOT NULL OR feature = '(base)') AS all_values
FROM people p, mlops_explain('buy', p) WHERE id = 7;
SELECT (SELECT feature FROM mlops_explain('buy', p) WITH ORDINALITY ORDER BY ordinality DESC LIMIT 1) AS last,
    (SELECT bool_and(abs(contribution) <= before OR before IS NULL) FROM (SELECT contribution, lag(abs(contribution)) OVER (ORDER BY ordinality) AS before
        FROM mlops_explain('buy', p) WITH ORDINALITY WHERE feature <> '(base)') q) AS largest_first,
    abs((SELECT sum(contribution) FROM mlops_explain('buy', p, 'true')) + (SELECT sum(contribution) FROM mlops_explain('buy', p, 'false'))) < 1e-9 AS opposite
FROM people p WHERE id = 7;
-- the same row in all forms
SELECT count(DISTINCT c) AS distinct_answers FROM (SELECT * FROM people WHERE id = 7) p, LATERAL (VALUES
    ((SELECT array_agg((feature, contribution)::text) FROM mlops_explain('buy', p))), ((SELECT array_agg((feature, contribution)::text) FROM mlops_explain('buy', to_jsonb(p)))),
    ((SELECT array_agg((feature, contribution)::text) FROM mlops_explain('buy', to_json(p)))), ((SELECT array_agg((feature, contribution)::text) FROM mlops_explain('buy', to_jsonb(p)::text)))) v(c);
-- missing values and categories never seen are explained, too
SELECT abs(sum(contribution) - ln(s / (1 - s))) < 1e-9 AS adds_up FROM mlops_explain('buy', '{"age": null, "income": null, "city": "nowhere", "member": null, "pair": null}'),
    mlops_predict('buy', '{"age": null, "income": null, "city": "nowhere", "member": null, "pair": null}') s GROUP BY s;
SELECT feature, value, round(contribution::numeric, 4) AS contribution FROM mlops_explain('tree', '{"flag": true, "n": 2, "name": "level 1"}');
SELECT count(*) AS rows FROM mlops_explain('buy', NULL::people);

-- LIME: the same each time, through the row itself, near SHAP where the model is linear
SELECT bool_and(worst < 1e-9) AS adds_up FROM (SELECT abs(sum(contribution) - ln(s / (1 - s))) AS worst
    FROM people p, mlops_explain('buy', p, method => 'lime'), LATERAL (SELECT mlops_predict('buy', p) AS s) x WHERE id IN (3, 7, 11) GROUP BY id, s) r;
SELECT count(DISTINCT c) AS answers FROM people p, generate_series(1, 2), LATERAL (SELECT array_agg((feature, value, contribution)::text) AS c FROM mlops_explain('buy', p, method => 'lime')) l WHERE id = 7;
SELECT bool_and(abs(s.contribution - l.contribution) < 0.25) AS near FROM people p, mlops_explain('line', p) s, mlops_explain('line', p, method => 'lime') l
WHERE id = 7 AND s.feature = l.feature;

-- all rows of a source, with the model's key
SELECT count(*) AS rows, count(DISTINCT key) AS keys, count(*) FILTER (WHERE feature = '(base)') AS bases, max(rank) AS ranks FROM mlops_explain_batch('buy', 'people');
SELECT bool_and(b.contribution = e.contribution AND b.value IS NOT DISTINCT FROM e.value) AS as_one_by_one
FROM mlops_explain_batch('buy', 'SELECT * FROM people WHERE id <= 10') b JOIN people p ON p.id = b.key::int, mlops_explain('buy', p) e WHERE e.feature = b.feature;
SELECT count(*) AS rows, max(rank) AS ranks FROM mlops_explain_batch('three', 'SELECT age, city FROM people WHERE id <= 10', 1);
SELECT DISTINCT key FROM mlops_explain_batch('three', 'SELECT age, city FROM people WHERE id <= 2', 1) ORDER BY 1;

-- the way through a tree, in words
SELECT tree, step, regexp_replace(condition, '^leaf .*', 'leaf') AS condition FROM mlops_decision_path('tree', '{"flag": true, "n": 2, "name": "level 1"}');
SELECT tree, step, regexp_replace(condition, '^leaf .*', 'leaf') AS condition FROM mlops_decision_path('tree', '{"flag": null, "n": null, "name": "level 10"}');
SELECT count(*) AS leaves, round(sum(cover)) AS rows FROM mlops_model_rules('tree');
SELECT condition, round(value::numeric, 6) AS value, cover FROM mlops_model_rules('tree') ORDER BY value LIMIT 3;
-- a path ends in a leaf whose rule says the same; leaves and base sum to the prediction
WITH leaf AS (SELECT id, tree, substr(condition, 6)::float8 AS value FROM people p, mlops_decision_path('spend', p) WHERE id <= 20 AND condition LIKE 'leaf %')
SELECT bool_and(EXISTS (SELECT FROM mlops_model_rules('spend') r WHERE r.tree = leaf.tree AND r.value = leaf.value)) AS known_leaves,
    count(DISTINCT round((s - sum)::numeric, 9)) AS bases
FROM leaf JOIN (SELECT id, sum(value) FROM leaf GROUP BY id) t USING (id) JOIN (SELECT id, mlops_predict('spend', p) AS s FROM people p) q USING (id);
SELECT detail, count(DISTINCT tree) > 10 AS trees FROM mlops_decision_path('three', '{"age": 30, "city": "c1"}') WHERE condition LIKE 'leaf %' GROUP BY detail ORDER BY detail::text;
SELECT count(DISTINCT path) AS paths FROM (SELECT * FROM people WHERE id = 7) p, LATERAL (VALUES ((SELECT array_agg(d::text) FROM mlops_decision_path('buy', p) d)),
    ((SELECT array_agg(d::text) FROM mlops_decision_path('buy', to_jsonb(p)) d)), ((SELECT array_agg(d::text) FROM mlops_decision_path('buy', to_json(p)) d)),
    ((SELECT array_agg(d::text) FROM mlops_decision_path('buy', to_jsonb(p)::text) d))) v(path);
SELECT count(*) FILTER (WHERE condition LIKE '%pair[%(pair[%') > 0 AS elements FROM people p, mlops_decision_path('spend', p) WHERE id <= 20;

-- what matters
SELECT feature, importance > 0 AS matters, std IS NULL AS no_std, rank, detail FROM mlops_feature_importance('spend') ORDER BY feature;
SELECT round(sum(importance)::numeric, 9) AS total FROM mlops_feature_importance('buy');
SELECT sum(importance) = (SELECT count(*) FROM mlops_model_rules('buy')) - max(trees) AS splits
FROM mlops_feature_importance('buy', 'split'), (SELECT count(DISTINCT tree) AS trees FROM mlops_model_rules('buy')) t;
SELECT feature, importance > 0.1 AS large, std > 0 AS varies, detail->>'rows' IS NOT NULL AS rows FROM mlops_feature_importance('line', 'permutation') ORDER BY rank LIMIT 1;
SELECT (array_agg(feature ORDER BY rank))[1:2] AS first_two, bool_and(importance >= 0) AS positive FROM mlops_feature_importance('spend', 'shap');
SELECT (array_agg(feature ORDER BY rank))[1:2] AS first_two FROM mlops_feature_importance('spend', 'permutation');
SELECT feature, importance > 0 AS matters FROM mlops_feature_info('spend') ORDER BY 1;

-- the course of training
SELECT split, metric, min(round) AS first, max(round) = count(*) AS no_gaps, bool_and(value > 0) AS positive FROM mlops_training_curve('buy') GROUP BY 1, 2 ORDER BY 1;
SELECT count(*) AS rounds, min(split) AS split, (array_agg(metric))[1] AS metric FROM mlops_training_curve('tree');

-- every mistake
\pset format unaligned
\pset tuples_only on
SELECT attempt($$SELECT condition FROM mlops_decision_path('line', '{"age": 30, "income": 1, "city": "c1", "member": true}')$$);
CREATE TABLE quoted AS SELECT (ARRAY['a", "b', 'c'])[1 + i % 2] AS c, (i % 2)::float8 AS y FROM generate_series(1, 40) i;
SELECT version FROM mlops_train('quoted', 'quoted', 'y', 'decision_tree', task => 'regression', config => '{"split": {"test": 0}}');
SELECT condition, value FROM mlops_model_rules('quoted') ORDER BY value;
SELECT mlops_drop_model('quoted');
SELECT attempt($$SELECT condition FROM mlops_model_rules('line')$$);
SELECT attempt($$SELECT condition FROM mlops_model_rules('lines')$$);
SELECT attempt($$SELECT condition FROM mlops_decision_path('buy', '{"age": 30}')$$);
SELECT attempt($$SELECT feature FROM mlops_explain('spend', '{"age": 30, "income": 1, "pair": [1, 2]}', 'x')$$);
SELECT attempt($$SELECT feature FROM mlops_explain('three', '{"age": 30, "city": "c1"}', 'w')$$);
SELECT attempt($$SELECT feature FROM mlops_explain('three', '{"age": 30, "city": "c1"}', method => 'lima')$$);
SELECT attempt($$SELECT key FROM mlops_explain_batch('buy', 'people', 0)$$);
SELECT attempt($$SELECT key FROM mlops_explain_batch('buy', 'SELECT age FROM people')$$);
SELECT attempt($$SELECT feature FROM mlops_feature_importance('buy', 'shape')$$);
SELECT attempt($$SELECT feature FROM mlops_feature_importance('line', 'split')$$);
SELECT attempt($$SELECT feature FROM mlops_feature_importance('tree', 'permutation')$$);
SELECT attempt($$SELECT round FROM mlops_training_curve('line')$$);
-- who may not predict learns nothing
CREATE ROLE regress_mlops_stranger;
GRANT USAGE ON SCHEMA test_explain TO regress_mlops_stranger;
SET ROLE regress_mlops_stranger;
SELECT attempt($$SELECT feature FROM mlops_explain('buy', '{}')$$);
SELECT attempt($$SELECT key FROM mlops_explain_batch('buy', 'SELECT 1 AS age')$$);
SELECT attempt($$SELECT condition FROM mlops_decision_path('buy', '{}')$$);
SELECT attempt($$SELECT condition FROM mlops_model_rules('buy')$$);
SELECT attempt($$SELECT feature FROM mlops_feature_importance('buy')$$);
SELECT attempt($$SELECT round FROM mlops_training_curve('buy')$$);
RESET ROLE;
SELECT mlops_drop_model(m) FROM unnest(ARRAY['buy', 'spend', 'three', 'line', 'tree']) m;
DROP SCHEMA test_explain CASCADE;
DROP ROLE regress_mlops_stranger;
