-- Feature selection: scores against scikit-learn's, and config.select in training.
CREATE SCHEMA test_selection;
SET search_path = test_selection, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\set SHOW_CONTEXT never
\getenv dir PG_ABS_SRCDIR
\set file :dir '/data/telco_churn.csv'
CREATE TABLE telco_churn (rid int, customer_id text, gender text, senior_citizen int, partner text, dependents text, tenure int, phone_service text, multiple_lines text,
    internet_service text, online_security text, online_backup text, device_protection text, tech_support text, streaming_tv text, streaming_movies text,
    contract text, paperless_billing text, payment_method text, monthly_charges float8, total_charges float8, churn text);
COPY telco_churn FROM :'file' WITH (FORMAT csv, HEADER true);
\set file :dir '/data/iris.csv'
CREATE TABLE iris (rid int, sepal_length_cm float8, sepal_width_cm float8, petal_length_cm float8, petal_width_cm float8, target text);
COPY iris FROM :'file' WITH (FORMAT csv, HEADER true);
\set file :dir '/data/diabetes.csv'
CREATE TABLE diabetes (rid int, age float8, sex float8, bmi float8, bp float8, s1 float8, s2 float8, s3 float8, s4 float8, s5 float8, s6 float8, target float8);
COPY diabetes FROM :'file' WITH (FORMAT csv, HEADER true);
\set file :dir '/data/car_prices.csv'
CREATE TABLE car_prices (rid int, price float8, mileage int, cylinder int, doors int, cruise int, sound int, leather int, buick int, cadillac int, chevy int, pontiac int,
    saab int, saturn int, convertible int, coupe int, hatchback int, sedan int, wagon int);
COPY car_prices FROM :'file' WITH (FORMAT csv, HEADER true);
\set file :dir '/data/golden_selection.csv'
CREATE TABLE golden (dataset text, method text, feature text, score float8, p_value float8);
COPY golden FROM :'file' WITH (FORMAT csv, HEADER true);
CREATE VIEW formula AS SELECT i AS rid, a, b, 1e6::float8 + b / 1000 AS far, a * a / 100 + b AS y, floor((a + b) / 50)::int AS k
FROM (SELECT i, sqrt(i * 7919 % 10007) AS a, sqrt(i * 3571 % 10007) AS b FROM generate_series(1, 2000) i) f;

-- on all rows: no test rows
SELECT count(mlops_create_model('sel_' || m, s, t, key => 'rid', task => k, features => f, config => '{"split": {"test": 0}}')) FROM (VALUES
    ('telco_churn', 'SELECT * FROM telco_churn', 'churn', NULL, '*'), ('iris', 'iris', 'target', NULL, '*'), ('diabetes', 'diabetes', 'target', 'regression', '*'),
    ('car_prices', 'car_prices', 'price', 'regression', '*'), ('formula_y', 'formula', 'y', NULL, 'a, b, far'), ('formula_k', 'formula', 'k', 'classification', 'a, b, far')) AS d (m, s, t, k, f);
SELECT mlops_configure('sel_telco_churn', '{"exclude": ["customer_id"]}') -> 'exclude' AS exclude;
SELECT g.dataset, g.method, count(*) AS figures, count(*) FILTER (WHERE abs(s.score - g.score) > CASE g.method WHEN 'l1' THEN 3e-5 ELSE 1e-9 * greatest(abs(g.score), 1e-10) END OR (s.score = 0) <> (g.score = 0)) AS far,
    -- l1: to what liblinear's penalty of the intercept allows
    count(*) FILTER (WHERE (s.p_value IS NULL) <> (g.p_value IS NULL) OR abs(s.p_value - g.p_value) > 1e-9 * g.p_value) AS p_far
FROM golden g LEFT JOIN (SELECT d.dataset, d.method, f.* FROM (SELECT DISTINCT dataset, method FROM golden) d, mlops_select_features('sel_' || d.dataset, d.method) f) s USING (dataset, method, feature)
GROUP BY 1, 2 ORDER BY 1, 2;

-- ranks: by p-value where the method has one that compares, else by score; no score, last
SELECT feature, round(score::numeric, 6) AS score, p_value < 1e-9 AS small, rank, selected, detail FROM mlops_select_features('sel_iris', 'f_test', 2);
SELECT method, (SELECT string_agg(feature, ' ' ORDER BY rank) FILTER (WHERE selected) FROM mlops_select_features('sel_telco_churn', method, 4)) AS selected
FROM unnest(ARRAY['variance', 'correlation', 'chi2', 'f_test', 'mutual_info', 'l1', 'importance']) method;
SELECT string_agg(feature, ' ' ORDER BY rank) FILTER (WHERE selected) AS permutation FROM mlops_select_features('sel_iris', 'permutation', 2);
SELECT count(*) FROM mlops_select_features('sel_iris');

-- l1 is the linear learner's fit at the penalty it names
CREATE FUNCTION far_from_coefficients(model text, algorithm text, parameter text) RETURNS TABLE (features bigint, far bigint) LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE l1 ON COMMIT DROP AS SELECT * FROM mlops_select_features(model, 'l1');
    PERFORM mlops_train(model, algorithm => far_from_coefficients.algorithm, params => jsonb_build_object('penalty', 'l1', parameter, (SELECT min((detail -> 'penalty')::float8) FROM l1)));
    RETURN QUERY SELECT count(*), count(*) FILTER (WHERE abs(l1.score * unit - largest) > 1e-9 * (largest + unit)) FROM l1
        JOIN (SELECT feature, max(apart) AS largest FROM (SELECT feature, greatest(max(coefficient), 0) - least(min(coefficient), 0) AS apart
            FROM mlops_coefficients(model || '@' || (SELECT last_version FROM mlops.models WHERE name = model)) GROUP BY feature, class) c GROUP BY 1) c USING (feature),
        (SELECT CASE algorithm WHEN 'linear_regression' THEN stddev_pop(target) ELSE 1 END AS unit FROM diabetes) u;
END $$;
SELECT * FROM far_from_coefficients('sel_diabetes', 'linear_regression', 'alpha');
SELECT * FROM far_from_coefficients('sel_telco_churn', 'logistic_regression', 'C');
SELECT * FROM far_from_coefficients('sel_iris', 'logistic_regression', 'C');

-- in a training: the learner sees the selected features alone, a prediction needs no other, the run keeps what was found
SET client_min_messages = info;
SELECT version FROM mlops_train('sel_telco_churn', algorithm => 'logistic_regression', config => '{"select": {"method": "mutual_info", "k": 3}, "split": {"test": 0.3}}');
SET client_min_messages = warning;
SELECT feature, detail #- '{selection,score}' AS detail FROM mlops_feature_info('sel_telco_churn@2');
SELECT string_agg(DISTINCT source_feature, ' ') FROM mlops_feature_names('sel_telco_churn@2');
SELECT string_agg(feature, ' ' ORDER BY feature) FROM mlops_feature_importance('sel_telco_churn@2', 'permutation');
SELECT mlops_predict('sel_telco_churn@2', '{"tenure": 3, "contract": "Two year", "online_security": "No"}'::jsonb) BETWEEN 0 AND 1 AS predicted;
SELECT definition -> 'signature' AS signature, v.config -> 'select' AS "select" FROM mlops.versions v JOIN mlops.models m USING (model_id) WHERE m.name = 'sel_telco_churn' AND version = 2;
SELECT count(*) AS features, count(*) FILTER (WHERE (e -> 'selected')::boolean) AS selected, min((e -> 'rows')::int) AS fewest_rows
FROM mlops.run_artifacts a JOIN mlops.versions v USING (run_id) JOIN mlops.models m USING (model_id), jsonb_array_elements(a.content::jsonb) e
WHERE a.name = 'feature_selection' AND m.name = 'sel_telco_churn' AND v.version = 2;
SELECT count(*) FILTER (WHERE e.value IS DISTINCT FROM r.value) AS different FROM mlops_evaluate('sel_telco_churn@2') e JOIN mlops.run_metrics r ON r.key = e.metric AND r.split = 'test'
    JOIN mlops.versions v USING (run_id) JOIN mlops.models m USING (model_id) WHERE m.name = 'sel_telco_churn' AND v.version = 2;
SELECT mlops_import_model('sel_telco_churn', mlops_export_model('sel_telco_churn@2')) AS imported;
SELECT count(*) FROM mlops_feature_info('sel_telco_churn@3') WHERE detail #> '{selection,rank}' IS NOT NULL;
-- what a training selects is what the function shows: the same rows, the same ranks
SELECT mlops_configure('sel_telco_churn', '{"select": {"method": "chi2"}, "split": {"test": 0.3}}') -> 'select' AS "select";
SELECT version FROM mlops_train('sel_telco_churn', algorithm => 'logistic_regression', config => '{"select": {"k": 5}}');
SELECT count(*) AS same FROM mlops_select_features('sel_telco_churn', 'chi2', 5) s JOIN mlops_feature_info('sel_telco_churn@4') i USING (feature)
WHERE s.selected AND s.rank = (i.detail #> '{selection,rank}')::int AND s.score = (i.detail #> '{selection,score}')::float8;
-- auto: one selection for all candidates
SELECT count(*) FROM mlops_train('sel_iris', algorithm => 'auto', config => '{"select": {"method": "f_test", "k": 2}, "split": {"test": 0.2}}');
SELECT feature FROM mlops_feature_names('sel_iris@2') ORDER BY 1;
-- folds: anew in each, and once more for the version
SELECT count(*) FROM mlops_train('sel_iris', algorithm => 'auto', params => '{"folds": 3}', config => '{"select": {"method": "f_test", "k": 1}, "split": {"test": 0.2}, "preprocess": {"columns": {"petal_width_cm": {"scale": "none"}}}}');
SELECT feature FROM mlops_feature_names('sel_iris@3') ORDER BY 1;

-- of noise, what was selected on all rows looks good to folds, what each fold selects does not
CREATE FUNCTION drawn(i int, j int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$SELECT ('x' || left(md5(i || '/' || j), 8))::bit(32)::int$$;
DO $$
BEGIN
    EXECUTE format('CREATE TABLE noise AS SELECT i AS id, drawn(i, 0) > 0 AS y, %s FROM generate_series(1, 100) i',
        (SELECT string_agg(format('drawn(i, %s) AS x%s', j, j), ', ') FROM generate_series(1, 150) j));
END $$;
SELECT (detail #> '{candidates,0,value}')::float8 < 0.6 AS honest FROM mlops_train('sel_noise', 'noise', 'y', 'auto', '{"folds": 5}', key => 'id', config => '{"split": {"test": 0}, "select": {"method": "f_test", "k": 10}}');
SELECT string_agg(feature, ', ') AS chosen FROM mlops_feature_info('sel_noise') \gset
SELECT (detail #> '{candidates,0,value}')::float8 > 0.7 AS flattered FROM mlops_train('sel_noise', 'noise', 'y', 'auto', '{"folds": 5}', features => :'chosen', config => '{"split": {"test": 0}, "select": null}');

-- test rows do not matter: labels that test rows alone give away are not seen
CREATE TABLE trap AS SELECT i AS id, i % 2 = 0 AS y, (i % 2) * 10 + i % 7 AS good, CASE WHEN i > 800 THEN i % 2 ELSE i * 7919 % 13 END AS bad FROM generate_series(1, 1000) i;
SELECT count(*) FROM mlops_train('sel_trap', 'trap', 'y', 'logistic_regression', key => 'id', config => '{"select": {"method": "mutual_info", "k": 1}, "split": {"test_where": "id > 800"}}');
SELECT feature, (detail #> '{selection,rows}')::int AS rows FROM mlops_feature_info('sel_trap');
UPDATE trap SET bad = -id WHERE id > 800;
SELECT count(*) FILTER (WHERE s.score = (e -> 'score')::float8) AS same FROM mlops_select_features('sel_trap', 'mutual_info') s, mlops.run_artifacts a, jsonb_array_elements(a.content::jsonb) e,
    mlops.versions v JOIN mlops.models m USING (model_id) WHERE m.name = 'sel_trap' AND v.run_id = a.run_id AND a.name = 'feature_selection' AND e ->> 'feature' = s.feature;
-- nor does the order of the rows
CREATE TABLE turned AS SELECT * FROM trap ORDER BY md5(id::text);
SELECT mlops_create_model('sel_turned', 'turned', 'y', key => 'id', config => '{"split": {"test_where": "id > 800", "salt": 1}}') > 0 AS made, mlops_create_model('sel_straight', 'trap', 'y', key => 'id', config => '{"split": {"test_where": "id > 800", "salt": 1}}') > 0 AS made;
SELECT method, count(*) FILTER (WHERE a.score IS DISTINCT FROM b.score) AS different FROM unnest(ARRAY['variance', 'correlation', 'f_test', 'mutual_info', 'l1', 'importance', 'permutation']) method,
    mlops_select_features('sel_turned', method) a JOIN mlops_select_features('sel_straight', method) b USING (feature) GROUP BY 1 ORDER BY 1;

-- missing values, vectors, categories, expressions, columns that say nothing
CREATE TABLE odd AS SELECT i AS id, i % 3 = 0 AS y, CASE WHEN i % 4 > 0 THEN i % 3 END AS gaps, NULL::float8 AS none, 5 AS same, -i AS minus, ARRAY[1, i % 3, NULL]::float8[] AS v,
    CASE WHEN i % 3 = 0 THEN NULL ELSE 'x' END AS missing_tells, 'only'::text AS one_level, (ARRAY['a', 'b', 'c', 'd'])[1 + i % 4] AS c FROM generate_series(1, 240) i;
SELECT mlops_create_model('sel_odd', 'odd', 'y', key => 'id', features => '*, id % 6 AS six', config => '{"split": {"test": 0}}') > 0 AS made;
SELECT method, feature, round(score::numeric, 4) AS score, round(p_value::numeric, 4) AS p, rank, selected, detail
FROM unnest(ARRAY['chi2', 'correlation', 'f_test', 'mutual_info', 'variance']) method, mlops_select_features('sel_odd', method) ORDER BY 1, rank;
SELECT method, string_agg(feature, ' ' ORDER BY feature) FILTER (WHERE NOT selected) AS not_selected FROM unnest(ARRAY['l1', 'importance']) method, mlops_select_features('sel_odd', method) GROUP BY 1 ORDER BY 1;
SET client_min_messages = info;
SELECT count(*) FROM mlops_train('sel_odd', algorithm => 'logistic_regression', config => '{"select": {"method": "chi2", "k": 3}, "preprocess": {"columns": {"minus": {"scale": "none"}}}}');
SET client_min_messages = warning;
SELECT feature FROM mlops_feature_names('sel_odd') ORDER BY position;

-- what does not work
SELECT mlops_train('sel_odd', features => 'none, same', config => '{"select": {"method": "f_test"}}');
SELECT mlops_train('sel_odd', config => '{"select": {"method": "best"}}');
SELECT mlops_train('sel_odd', config => '{"select": {"k": 3}}');
SELECT mlops_train('sel_odd', config => '{"select": {"method": "f_test", "k": 0}}');
SELECT mlops_train('sel_odd', config => '{"select": {"method": "f_test", "k": 2.5}}');
SELECT mlops_train('sel_odd', config => '{"select": {"methods": "f_test"}}');
SELECT mlops_train('sel_odd', config => '{"select": "f_test"}');
SELECT mlops_create_model('sel_wrong', 'diabetes', 'target', 'regression', config => '{"select": {"method": "chi2"}}');
SELECT mlops_train('sel_diabetes', config => '{"select": {"method": "chi2"}}');
SELECT mlops_select_features('sel_diabetes', 'chi2');
SELECT mlops_select_features('nobody');
SELECT mlops_select_features('sel_iris@1');
SELECT mlops_select_features('sel_iris', 'chi');
SELECT mlops_select_features('sel_iris', 'chi2', 0);
SELECT mlops_select_features('sel_iris', NULL);
SELECT mlops_select_features(NULL);
SELECT mlops_configure('sel_iris', '{"select": {"method": "l1", "k": 3}}') -> 'select' AS both, mlops_configure('sel_iris', '{"select": {"k": null}}') -> 'select' AS no_limit, mlops_configure('sel_iris', '{"select": {"method": null}}') -> 'select' AS none;
CREATE TABLE few (id int, x int, y text);
SELECT mlops_create_model('sel_few', 'few', 'y', key => 'id') > 0 AS made;
SELECT mlops_select_features('sel_few');
INSERT INTO few VALUES (1, 1, 'a');
SELECT mlops_select_features('sel_few');
INSERT INTO few VALUES (2, 2, 'b');
SELECT mlops_select_features('sel_few');
SELECT mlops_configure('sel_few', '{"split": {"test": 0}}') -> 'select' AS "select";
SELECT method, count(*) FROM unnest(ARRAY['variance', 'correlation', 'chi2', 'f_test', 'mutual_info', 'permutation']) method, mlops_select_features('sel_few', method) GROUP BY 1 ORDER BY 1;
ALTER TABLE few DROP COLUMN x;
SELECT mlops_select_features('sel_few');
DROP TABLE few;
SELECT mlops_select_features('sel_few');

-- rights: the stored source is the owner's, and is read for who may manage the model
CREATE ROLE selection_manager;
CREATE ROLE selection_user;
SELECT mlops_grant('sel_iris', 'selection_manager', 'manage'), mlops_grant('sel_iris', 'selection_user', 'predict');
SET ROLE selection_manager;
SELECT count(*) FROM mlops_select_features('sel_iris', 'f_test');
SET ROLE selection_user;
SELECT mlops_select_features('sel_iris', 'f_test');
RESET ROLE;
BEGIN READ ONLY;
SELECT count(*) FROM mlops_select_features('sel_iris', 'f_test');
ROLLBACK;
SELECT mlops_revoke('sel_iris', 'selection_manager', 'manage'), mlops_revoke('sel_iris', 'selection_user', 'predict');
DROP ROLE selection_manager, selection_user;
