-- Encoders, scalers and imputers beside scikit-learn's (test/data/make_golden_preprocess.py), and what they are asked wrongly.
CREATE SCHEMA test_encoders;
SET search_path = test_encoders, public;
SET client_min_messages = error;
SET mlops.progress = off;
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set golden :abs_srcdir '/data/golden_preprocess.csv'
\set churn :abs_srcdir '/data/telco_churn.csv'
CREATE TABLE golden (way text, "column" text, rid int, value float8);
COPY golden FROM :'golden' WITH (FORMAT csv, HEADER true);
CREATE TABLE telco (rid int PRIMARY KEY, customer_id text, gender text, senior_citizen int, partner text, dependents text, tenure int, phone_service text, multiple_lines text, internet_service text, online_security text, online_backup text, device_protection text, tech_support text, streaming_tv text, streaming_movies text, contract text, paperless_billing text, payment_method text, monthly_charges float8, total_charges float8, churn text);
COPY telco FROM :'churn' WITH (FORMAT csv, HEADER true);
CREATE TABLE rows AS SELECT rid, tenure, total_charges, monthly_charges, churn, internet_service,
    CASE WHEN rid % 701 = 0 THEN 'odd ' || rid % 2 WHEN rid % 250 = 0 THEN 'only ' || rid ELSE contract END AS contract,
    nullif(payment_method, 'Mailed check') AS payment FROM telco;
CREATE FUNCTION attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; hint text; detail text; state text; result text;
BEGIN
    EXECUTE command INTO result;
    RETURN 'ok ' || coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL, state = RETURNED_SQLSTATE;
    RETURN state || ': ' || message || coalesce(E'\n  detail: ' || nullif(detail, ''), '') || coalesce(E'\n  hint: ' || nullif(hint, ''), '');
END $$;

-- 1e-9, of what is shown and, where it is scaled or weighed, rounded differently in the last digits
CREATE TABLE ways (way text, features text, algorithm text, target text, preprocess jsonb);
INSERT INTO ways VALUES
    ('standard', 'tenure, total_charges', 'linear_regression', 'monthly_charges', '{"numeric": {"impute": "mean", "scale": "standard"}}'),
    ('minmax', 'tenure, total_charges', 'linear_regression', 'monthly_charges', '{"numeric": {"impute": "median", "scale": "minmax"}}'),
    ('robust', 'tenure, total_charges', 'linear_regression', 'monthly_charges', '{"numeric": {"impute": "most_frequent", "scale": "robust"}}'),
    ('clipped', 'tenure, total_charges', 'linear_regression', 'monthly_charges', '{"numeric": {"clip": {"quantiles": [0.05, 0.9]}, "impute": "constant", "constant": -1}}'),
    ('onehot', 'contract, payment', 'decision_tree', 'churn', '{"categorical": {"encode": "onehot"}}'),
    ('rare', 'contract, payment', 'logistic_regression', 'churn', '{"categorical": {"rare_below": 100}}'),
    ('rare_share', 'contract, payment', 'decision_tree', 'churn', '{"categorical": {"encode": "onehot", "rare_below": 0.01}}'),
    ('ordinal', 'contract, payment', 'logistic_regression', 'churn', '{"categorical": {"encode": "ordinal"}}'),
    ('ordinal_rare', 'contract, payment', 'decision_tree', 'churn', '{"categorical": {"encode": "ordinal", "rare_below": 100, "unknown": "ignore"}}'),
    ('target', 'contract, payment', 'decision_tree', 'churn', '{"categorical": {"encode": "target"}}'),
    ('target_auto', 'contract, payment', 'logistic_regression', 'churn', '{"categorical": {"encode": "target", "smoothing": "auto"}}'),
    ('target_number', 'contract, payment', 'decision_tree', 'monthly_charges', '{"categorical": {"encode": "target", "smoothing": 20}}'),
    ('target_number_auto', 'contract, payment', 'linear_regression', 'monthly_charges', '{"categorical": {"encode": "target", "smoothing": "auto"}}'),
    ('target_classes', 'contract, payment', 'decision_tree', 'internet_service', '{"categorical": {"encode": "target", "smoothing": 5}}');
CREATE FUNCTION seen(w ways) RETURNS TABLE (rid int, "column" text, value float8) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mlops_train('encoded_' || w.way, 'rows', w.target, w.algorithm, CASE WHEN w.algorithm = 'decision_tree' THEN '{"max_depth": 3}' ELSE '{"penalty": "l2"}' END::jsonb, w.features, key => 'rid',
        config => jsonb_build_object('split', '{"test_where": "rid % 5 = 0"}'::jsonb, 'preprocess', w.preprocess));
    RETURN QUERY SELECT r.rid, k, v::float8 FROM rows r, jsonb_each_text(mlops_transform('encoded_' || w.way, r)) AS t(k, v)
        WHERE r.rid IN (SELECT g.rid FROM golden g);
END $$;
SELECT way, count(*) AS numbers, count(s.value) = count(*) AS all_there, max(abs(s.value - g.value) / greatest(1, abs(g.value))) <= 1e-9 AS same
FROM (SELECT way, (seen(ways)).* FROM ways) s FULL JOIN golden g USING (way, rid, "column") GROUP BY way ORDER BY way;

-- rows that do not learn say nothing: other values, other levels and other targets there leave the same bytes
CREATE TABLE spoiled AS SELECT rid, CASE WHEN rid % 5 = 0 THEN -1e6 * tenure ELSE tenure END AS tenure, CASE WHEN rid % 5 = 0 THEN NULL ELSE total_charges END AS total_charges,
    CASE WHEN rid % 5 = 0 THEN 'test ' || rid ELSE contract END AS contract, CASE WHEN rid % 5 = 0 THEN contract ELSE payment END AS payment,
    CASE WHEN rid % 5 = 0 THEN CASE churn WHEN 'Yes' THEN 'No' ELSE 'Yes' END ELSE churn END AS churn FROM rows WHERE rid <= 1500;
CREATE TABLE clean AS SELECT * FROM rows WHERE rid <= 1500;
CREATE FUNCTION bytes(model text, source text, algorithm text, params jsonb, preprocess jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mlops_train(model, source, 'churn', algorithm, params, 'tenure, total_charges, contract, payment', key => 'rid',
        config => jsonb_build_object('split', '{"test_where": "rid % 5 = 0", "salt": 1}'::jsonb, 'positive_label', 'Yes', 'preprocess', preprocess));
    RETURN (SELECT md5(content) FROM mlops.version_blobs JOIN mlops.versions USING (version_id) JOIN mlops.models m USING (model_id) WHERE m.name = model);
END $$;
SELECT algorithm, n, bytes('clean_' || algorithm || n, 'clean', algorithm, params, preprocess) = bytes('spoiled_' || algorithm || n, 'spoiled', algorithm, params, preprocess) AS same
FROM (VALUES ('logistic_regression', '{}'::jsonb), ('gradient_boosting', '{"n_estimators": 20, "early_stopping_rounds": 5}'), ('random_forest', '{"n_estimators": 5}')) a(algorithm, params),
    (VALUES (1, '{"numeric": {"clip": {"quantiles": [0.01, 0.99]}, "impute": "mean"}, "categorical": {"encode": "target"}}'::jsonb),
        (2, '{"numeric": {"impute": "most_frequent", "indicator": true}, "categorical": {"encode": "frequency", "rare_below": 50, "impute": "most_frequent"}}'),
        (3, '{"categorical": {"encode": "hash", "buckets": 8}}')) p(n, preprocess) ORDER BY 1, 2;
-- nor does a row's own target reach it: of a target that levels say nothing of, means that hold it would say much
CREATE TABLE noise AS SELECT i AS id, 'l' || i % 700 AS level, (i::bigint * 7919 % 104729 % 2 = 0) AS y FROM generate_series(1, 3500) i;
SELECT version FROM mlops_train('noise', 'noise', 'y', 'logistic_regression', features => 'level', key => 'id', config => '{"split": {"test": 0}, "preprocess": {"categorical": {"encode": "target", "smoothing": 0}}}');
CREATE TABLE leaking AS SELECT id, y, avg(y::int::float8) OVER (PARTITION BY level) AS mean FROM noise;
SELECT version FROM mlops_train('leaking', 'leaking', 'y', 'logistic_regression', features => 'mean', key => 'id', config => '{"split": {"test": 0}, "preprocess": {"numeric": {"scale": "none"}}}');
SELECT (SELECT coefficient FROM mlops_coefficients('noise') WHERE feature = 'level') < 0.3 AS learned_nothing, (SELECT coefficient FROM mlops_coefficients('leaking') WHERE feature = 'mean') > 3 AS learned_itself;

-- names, and what unseen and missing texts are
SELECT string_agg(feature, ', ' ORDER BY position) FROM mlops_feature_names('encoded_target_classes');
SELECT version FROM mlops_train('buckets', 'rows', 'churn', 'logistic_regression', features => 'contract, payment', key => 'rid', config => '{"preprocess": {"categorical": {"encode": "hash", "buckets": 3}}}');
SELECT mlops_transform('buckets', '{"contract": "never seen", "payment": null}');
SELECT feature, level, coefficient IS NOT NULL AS there FROM mlops_coefficients('buckets');
SELECT unknown, (mlops_train('unknown_' || unknown, 'rows', 'churn', 'logistic_regression', features => 'payment', key => 'rid', config => jsonb_build_object('preprocess', jsonb_build_object('categorical', jsonb_build_object('unknown', unknown, 'rare_below', 1500))))).version
FROM unnest('{ignore,missing,rare,error}'::text[]) unknown;
SELECT unknown, p, attempt(format('SELECT mlops_transform(%L, %L::jsonb)', 'unknown_' || unknown, jsonb_build_object('payment', p))) FROM unnest('{ignore,missing,rare,error}'::text[]) unknown, unnest('{Electronic check,Credit card (automatic),Bitcoin,NULL}'::text[]) p;
SELECT attempt($$SELECT mlops_predict('unknown_error', r) FROM (SELECT repeat('ä', 100) AS payment) r$$);
SELECT attempt($$SELECT count(*) FROM mlops_predict_batch('unknown_error', 'SELECT 1 AS id, ''Bitcoin'' AS payment', 'id')$$);
SELECT attempt($$SELECT count(*) FROM mlops_explain('unknown_error', '{"payment": "Bitcoin"}')$$);
SELECT attempt($$SELECT mlops_predict('unknown_error', '{"payment": null}') BETWEEN 0 AND 1$$);
-- filled in by a text that no row has
SELECT version FROM mlops_train('filled', 'rows', 'churn', 'decision_tree', '{"max_depth": 2}', 'payment', key => 'rid', config => '{"preprocess": {"categorical": {"impute": "constant", "constant": "by mail"}}}');
SELECT mlops_transform('filled', '{"payment": null}'), mlops_transform('filled', '{"payment": "by mail"}'), mlops_transform('filled', '{"payment": "Bitcoin"}');
SELECT condition FROM mlops_model_rules('filled');
-- in the words of the source, as far as they go
SELECT version FROM mlops_train('words', 'rows', 'churn', 'decision_tree', '{"max_depth": 3, "min_samples_leaf": 200}', 'contract, payment, tenure', key => 'rid', config => '{"split": {"test": 0}, "preprocess": {"columns": {"contract": {"encode": "target"}, "payment": {"encode": "frequency"}}}}');
SELECT regexp_replace(condition, '(\.\d{3})\d+', '\1', 'g') AS condition FROM mlops_model_rules('words');
SELECT abs(sum(contribution) - mlops_predict('words', '{"contract": "Two year", "payment": null, "tenure": 3}')) < 1e-12 AS adds_up FROM mlops_explain('words', '{"contract": "Two year", "payment": null, "tenure": 3}');

-- every way in, every learner
SELECT algorithm, (mlops_train('all_' || algorithm, 'clean', 'churn', algorithm, params, 'tenure, total_charges, contract, payment', key => 'rid', config => '{"preprocess": {"numeric": {"clip": {"quantiles": [0.01, 0.99]}, "impute": "mean", "indicator": true},
        "columns": {"contract": {"encode": "target", "rare_below": 20}, "payment": {"encode": "frequency", "indicator": true}}}}')).version
FROM (VALUES ('logistic_regression', '{}'::jsonb), ('decision_tree', '{}'), ('random_forest', '{"n_estimators": 10}'), ('gradient_boosting', '{"n_estimators": 30, "early_stopping_rounds": 0}')) a(algorithm, params);
SELECT m, count(*) AS rows, count(*) FILTER (WHERE a = mlops_predict(m, to_jsonb(r)) AND a = b.score AND a = mlops_predict(m, to_json(r))) AS same,
    count(*) FILTER (WHERE abs(lime - shap) < 1e-9) AS explained FROM unnest('{all_logistic_regression,all_decision_tree,all_random_forest,all_gradient_boosting}'::text[]) m,
    LATERAL (SELECT r.*, mlops_predict(m, r) AS a, (SELECT sum(contribution) FROM mlops_explain(m, r)) AS shap, (SELECT sum(contribution) FROM mlops_explain(m, r, method => 'lime')) AS lime FROM rows r WHERE rid % 1000 = 1) r
    JOIN mlops_predict_batch('all_' || substr(m, 5), 'SELECT * FROM rows WHERE rid % 1000 = 1', 'rid') b ON b.key = r.rid::text GROUP BY m ORDER BY m;
SELECT feature, method, importance > 0 AS matters FROM unnest('{gain,permutation,shap}'::text[]) method, mlops_feature_importance('all_gradient_boosting', method) ORDER BY method, feature;
SELECT mlops_import_model('imported', mlops_export_model('all_gradient_boosting')) AS version;
SELECT count(*) AS rows, count(*) FILTER (WHERE mlops_predict('imported@1', r) = mlops_predict('all_gradient_boosting', r) AND mlops_transform('imported@1', r) = mlops_transform('all_gradient_boosting', r)) AS same FROM rows r WHERE rid % 50 = 1;

-- with features selected: what is asked of those that go, goes with them; with folds and a choice among algorithms, too
CREATE FUNCTION chosen(model text, algorithm text, params jsonb, selection jsonb) RETURNS TABLE (features text, single bigint, explained bigint, rows bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mlops_train(model, 'clean', 'churn', chosen.algorithm, chosen.params, 'tenure, total_charges, contract, payment', key => 'rid', config => jsonb_build_object('select', selection, 'preprocess',
        '{"numeric": {"clip": {"quantiles": [0.01, 0.99]}, "impute": "mean"}, "columns": {"total_charges": {"indicator": true}, "contract": {"encode": "target", "rare_below": 20}, "payment": {"encode": "hash", "buckets": 4}}}'::jsonb));
    RETURN QUERY SELECT (SELECT string_agg(f.feature, ', ' ORDER BY position) FROM mlops_feature_names(model) f), count(*) FILTER (WHERE mlops_predict(model, r) = b.score),
        count(*) FILTER (WHERE (SELECT abs(sum(contribution) - ln(b.score / (1 - b.score))) FROM mlops_explain(model, r)) < 1e-9), count(*)
    FROM rows r JOIN mlops_predict_batch(model, 'SELECT * FROM rows WHERE rid % 500 = 1', 'rid') b ON b.key = r.rid::text;
END $$;
SELECT t.n, c.* FROM (VALUES (1, 'gradient_boosting', '{"n_estimators": 20, "early_stopping_rounds": 5}'::jsonb, '{"method": "mutual_info", "k": 2}'::jsonb), (2, 'logistic_regression', '{}', '{"method": "l1", "k": 3}'),
    (3, 'auto', '{"folds": 2}', '{"method": "f_test", "k": 3}')) t(n, algorithm, params, selection), chosen('chosen_' || n, algorithm, params, selection) c ORDER BY n;

-- a level for each row: what a learner cannot hold is refused before it learns
CREATE TABLE ids AS SELECT i AS id, 'level ' || i AS level, i % 7 AS x, i % 3 = 0 AS y FROM generate_series(1, 20000) i;
SET mlops.max_training_memory = '64MB';
SELECT p, attempt(format('SELECT train_rows > 0 FROM mlops_train(%L, ''ids'', ''y'', ''decision_tree'', features => ''level, x'', key => ''id'', config => %L)', 'ids_' || n, jsonb_build_object('preprocess', jsonb_build_object('categorical', p))))
FROM (VALUES (1, '{"encode": "onehot"}'::jsonb), (2, '{"encode": "onehot", "rare_below": 2}'), (3, '{"encode": "target"}'), (4, '{"encode": "hash", "buckets": 32}'), (5, '{"encode": "hash", "buckets": 65536}'), (6, '{"encode": "frequency"}')) t(n, p) ORDER BY n;
RESET mlops.max_training_memory;

-- asked wrongly
SELECT c, attempt(format('SELECT train_rows FROM mlops_train(''wrong'', ''SELECT rid, payment, churn FROM rows'', ''churn'', ''logistic_regression'', key => ''rid'', config => %L)', jsonb_build_object('preprocess', c::jsonb))) FROM unnest(ARRAY[
    '{"categorical": {"encode": "targets"}}', '{"categorical": {"encode": "native"}}', '{"categorical": {"encode": "target", "smoothing": -1}}', '{"categorical": {"encode": "target", "smoothing": "some"}}',
    '{"categorical": {"encode": "hash", "buckets": 1}}', '{"categorical": {"encode": "hash", "buckets": 65537}}', '{"categorical": {"encode": "hash", "rare_below": 5}}', '{"categorical": {"encode": "hash", "unknown": "error"}}',
    '{"categorical": {"rare_below": -1}}', '{"categorical": {"rare_below": 2.5}}', '{"categorical": {"rare_below": "few"}}', '{"categorical": {"unknown": "rare"}}', '{"categorical": {"unknown": "refuse"}}',
    '{"categorical": {"impute": "constant"}}', '{"categorical": {"impute": "constant", "constant": 5}}', '{"categorical": {"impute": "median"}}', '{"categorical": {"scale": "standard"}}', '{"categorical": {"encode": "hash", "scale": "standard"}}',
    '{"numeric": {"rare_below": 3}}', '{"numeric": {"constant": "five"}}', '{"columns": {"payment": {"impute": "mean"}}}', '{"columns": {"payment": {"constant": 5}}}', '{"columns": {"payment": {"constant": true}}}', '{"text": {"encode": "hash"}}', '{"numeric": null}', '{"columns": null}', '{"columns": {"payment": "mean"}}', '{"columns": {"Payment": {"impute": "none"}}}']) c;
-- nothing there, everything the same, one row, a level for each row
CREATE FUNCTION odd(model text, source text, r jsonb, config jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mlops_train(model, source, 'y', 'linear_regression', '{"penalty": "l2"}', 'a, k', task => 'regression', config => config);
    RETURN mlops_transform(model, r);
END $$;
SELECT attempt(format('SELECT odd(%L, %L, %L, %L)', 'odd_' || n, source, r, config))
FROM (VALUES (1, 'SELECT NULL::float8 AS a, NULL::text AS k, i AS y FROM generate_series(1, 50) i', '{"a": 1, "k": "x"}', '{"split": {"test": 0}, "preprocess": {"numeric": {"clip": {"quantiles": [0.1, 0.9]}, "impute": "mean"}, "categorical": {"encode": "target"}}}'),
    (2, 'SELECT NULL::float8 AS a, NULL::text AS k, i AS y FROM generate_series(1, 50) i', '{"a": null, "k": null}', '{"split": {"test": 0}, "preprocess": {"categorical": {"impute": "most_frequent", "encode": "frequency", "rare_below": 10}}}'),
    (3, 'SELECT 5 AS a, ''same'' AS k, i AS y FROM generate_series(1, 50) i', '{"a": 9, "k": "same"}', '{"split": {"test": 0}, "preprocess": {"numeric": {"clip": {"quantiles": [0.1, 0.9]}}, "categorical": {"encode": "target", "smoothing": "auto", "scale": "robust"}}}'),
    (4, 'SELECT 5 AS a, ''only'' AS k, 3 AS y', '{"a": 9, "k": "only"}', '{"split": {"test": 0}, "preprocess": {"categorical": {"encode": "target", "scale": "standard"}}}'),
    (5, 'SELECT 5 AS a, ''only'' AS k, 3 AS y', '{"a": 9, "k": "other"}', '{"split": {"test": 0}, "preprocess": {"categorical": {"encode": "frequency", "rare_below": 0.5}}}'),
    (6, 'SELECT i AS a, ''level '' || i AS k, i AS y FROM generate_series(1, 300) i', '{"a": 9, "k": "level 7"}', '{"split": {"test": 0}, "preprocess": {"numeric": {"scale": "none"}, "categorical": {"rare_below": 2}}}')) t(n, source, r, config);
SELECT attempt($$SELECT mlops_transform('encoded_standard', '{"tenure": 1, "total_charges": "Infinity"}')$$);

SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE owner = current_user AND name ~ '^(encoded_|clean_|spoiled_|unknown_|all_|odd_|chosen_|ids_|noise$|leaking$|buckets$|filled$|words$|imported$)';
DROP SCHEMA test_encoders CASCADE;
