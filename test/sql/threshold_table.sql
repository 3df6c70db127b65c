-- mlops_threshold_table: every row against counting the held-out rows by hand, and who has no table.
CREATE SCHEMA test_threshold_table;
SET search_path = test_threshold_table, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\set SHOW_CONTEXT never
CREATE TABLE t AS SELECT i AS id, i % 40 AS a, round(sin(i)::numeric, 1) AS b, 0.5 + i % 3 AS w, i % 40 + 20 * sin(i * 1.7) > 25 AS y, i % 40 + i % 3 AS n, 'c' || i % 3 AS three FROM generate_series(1, 3000) i;
CREATE FUNCTION ratio(a float8, b float8) RETURNS float8 LANGUAGE sql AS 'SELECT CASE WHEN b = 0 THEN 0 ELSE a / b END';
-- the test rows, counted at each threshold
CREATE FUNCTION check_table(model text, weighted boolean) RETURNS TABLE (rows bigint, wrong bigint, kinds bigint) LANGUAGE sql AS $$
    WITH score AS MATERIALIZED (SELECT y, CASE WHEN weighted THEN w ELSE 1 END AS w, mlops_predict(model, t) AS p FROM t WHERE id % 5 = 0),
    counted AS (SELECT h.*, sum(w) FILTER (WHERE y AND p >= threshold) AS tp, sum(w) FILTER (WHERE NOT y AND p >= threshold) AS fp,
        sum(w) FILTER (WHERE y) AS positives, sum(w) FILTER (WHERE NOT y) AS negatives FROM mlops_threshold_table(model) h, score GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
    zero AS (SELECT threshold, precision, recall, f1, specificity, flagged_share, cost, coalesce(tp, 0)::float8 AS tp, coalesce(fp, 0)::float8 AS fp, positives::float8 AS p, negatives::float8 AS n FROM counted)
    SELECT count(*), count(*) FILTER (WHERE abs(precision - ratio(tp, tp + fp)) > 1e-12 OR abs(recall - tp / p) > 1e-12 OR abs(f1 - 2 * tp / (tp + fp + p)) > 1e-12
        OR abs(specificity - (n - fp) / n) > 1e-12 OR abs(flagged_share - (tp + fp) / (n + p)) > 1e-12
        OR abs(coalesce(cost - (2 * fp + 5 * (p - tp) - 0.5 * tp), 0)) > 1e-6), count(DISTINCT (tp, fp)) FROM zero $$;

SELECT version FROM mlops_train('table', 't', 'y', 'gradient_boosting', '{"n_estimators": 20}', 'a, b', key => 'id', config => '{"split": {"test_where": "id % 5 = 0"}}');
SELECT rows BETWEEN 50 AND 204 AS enough, wrong, rows = kinds AS all_different FROM check_table('table', false);
SELECT bool_and(cost IS NULL) AS no_cost, min(threshold) AS least, max(threshold) < 1 AS nobody, max(flagged_share) AS most, min(flagged_share) AS fewest, min(detail::text) AS detail FROM mlops_threshold_table('table');
-- weights, costs, a threshold by its cost: it stands in the table itself
SELECT version FROM mlops_train('table', algorithm => 'gradient_boosting', params => '{"n_estimators": 20}', config => '{"sample_weight": "w", "cost_matrix": {"fp": 2, "fn": 5, "tp": -0.5}, "threshold": "cost"}');
SELECT wrong, rows = kinds AS all_different FROM check_table('table@2', true);
SELECT count(*) AS own FROM mlops_threshold_table('table@2') t JOIN mlops.versions v USING (threshold) JOIN mlops.models m USING (model_id) WHERE name = 'table' AND version = 2;
SELECT min(cost) < max(cost) AS differs FROM mlops_threshold_table('table@2');
-- one probability for all; probabilities of 0 and 1
SELECT version FROM mlops_train('table_one', 'SELECT id, 1 AS a, id % 3 = 0 AS y FROM t', 'y', 'decision_tree', key => 'id');
SELECT threshold > 0 AS positive, recall, flagged_share FROM mlops_threshold_table('table_one') ORDER BY threshold;
SELECT version FROM mlops_train('table_sure', 'SELECT id, id % 2 AS a, id % 2 = 0 AS y FROM t', 'y', 'decision_tree', key => 'id');
SELECT threshold, precision, recall, f1, specificity FROM mlops_threshold_table('table_sure') ORDER BY threshold;
-- it travels with an exported version
CREATE TABLE before AS SELECT * FROM mlops_threshold_table('table@2');
SELECT mlops_import_model('table_one', mlops_export_model('table@2'));
SELECT count(*) AS lost FROM (SELECT threshold, precision, recall, f1, specificity, flagged_share, cost FROM before EXCEPT SELECT threshold, precision, recall, f1, specificity, flagged_share, cost FROM mlops_threshold_table('table_one@2')) d;
SELECT count(*) AS rows FROM mlops_threshold_table(NULL);

-- who has none
\pset format unaligned
\pset tuples_only on
SELECT version FROM mlops_train('table_number', 't', 'n', 'decision_tree', features => 'a', task => 'regression', key => 'id');
SELECT version FROM mlops_train('table_three', 't', 'three', 'decision_tree', features => 'a', key => 'id');
SELECT version FROM mlops_train('table_all', 't', 'y', 'decision_tree', features => 'a', key => 'id', config => '{"split": {"test": 0}}');
SELECT * FROM mlops_threshold_table('table_number');
SELECT * FROM mlops_threshold_table('table_three');
SELECT * FROM mlops_threshold_table('table_all');
SELECT * FROM mlops_threshold_table('table_none');
SELECT * FROM mlops_threshold_table('table@9');
CREATE ROLE regress_mlops_threshold;
SET ROLE regress_mlops_threshold;
SELECT * FROM mlops_threshold_table('table');
RESET ROLE;
DROP ROLE regress_mlops_threshold;
SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE name ~ '^table' AND owner = current_user;
SET client_min_messages = error;
DROP SCHEMA test_threshold_table CASCADE;
