-- Error metrics: scikit-learn's figures (test/data/make_golden_sums.py), the same bits in any plan, edges, errors.
CREATE SCHEMA test_metric_errors;
SET search_path = test_metric_errors, public;
SET client_min_messages = warning;
\getenv abs_srcdir PG_ABS_SRCDIR
\set golden :abs_srcdir '/data/golden_sums.csv'
CREATE TABLE golden (dataset text, weighted boolean, metric text, value float8);
COPY golden FROM :'golden' WITH (FORMAT csv, HEADER true);

CREATE FUNCTION weights(i bigint) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN ((i * 31 % 8) / 2)::float8 / 4;
CREATE UNLOGGED TABLE million AS
SELECT i, (i * 7919 % 10007) / 7.0::float8 AS y,
    (i * 7919 % 10007) / 7.0::float8 + (i * 104729 % 2003 - 1000) / 30.0::float8 AS p, weights(i) AS w
FROM generate_series(1, 1000000::bigint) i;
ANALYZE million;

CREATE VIEW datasets AS
WITH shapes (dataset, n, scale, shift, light) AS (VALUES
    ('plain', 5000, 1, 0, 1), ('one', 1, 1, 0, 1), ('two', 2, 1, 0, 1), ('far', 5000, 1, 1e7, 1),
    ('large', 5000, 1e148, 0, 1), ('largest', 5000, 1e300, 0, 1), ('small', 5000, 1e-145, 0, 1),
    ('smallest', 5000, 1e-300, 0, 1), ('light', 5000, 1, 0, 1e-200::float8))
SELECT dataset, ((i * 7919 % 10007) / 7.0::float8 + shift) * scale AS y,
    ((i * 7919 % 10007) / 7.0::float8 + shift + (i * 104729 % 2003 - 1000) / 30.0::float8) * scale AS p, weights(i) * light AS w
FROM shapes, generate_series(1, n::bigint) i
UNION ALL SELECT 'constant', 0.5, p, w FROM million WHERE i <= 5000
UNION ALL SELECT 'million', y, p, w FROM million;

CREATE TABLE figures AS
SELECT dataset, weighted, metric, value
FROM (SELECT dataset, false AS weighted, mlops_rmse(y, p) AS rmse, mlops_mae(y, p) AS mae, mlops_mape(y, p) AS mape,
        mlops_wape(y, p) AS wape, mlops_smape(y, p) AS smape, mlops_r2(y, p) AS r2
    FROM datasets GROUP BY dataset
    UNION ALL SELECT dataset, true, mlops_rmse(y, p, w), mlops_mae(y, p, w), mlops_mape(y, p, w),
        mlops_wape(y, p, w), mlops_smape(y, p, w), mlops_r2(y, p, w)
    FROM datasets GROUP BY dataset) f,
    LATERAL (VALUES ('rmse', rmse), ('mae', mae), ('mape', mape), ('wape', wape), ('smape', smape), ('r2', r2)) v (metric, value);
-- 1e-12: both sides round sums of up to a million terms
SELECT count(*) AS compared, count(*) FILTER (WHERE abs(f.value - g.value) <= 1e-12 * abs(g.value)) AS equal
FROM golden g JOIN figures f USING (dataset, weighted, metric);
SELECT g.*, f.value AS ours FROM golden g JOIN figures f USING (dataset, weighted, metric)
WHERE (abs(f.value - g.value) <= 1e-12 * abs(g.value)) IS NOT TRUE ORDER BY 1, 2, 3;
-- squares of what scikit-learn cannot square
SELECT f.dataset, metric, abs(f.value / (CASE metric WHEN 'rmse' THEN CASE f.dataset WHEN 'largest' THEN 1e300 ELSE 1e-300 END ELSE 1 END)
    / g.value - 1) <= 1e-12 AS equal
FROM figures f JOIN golden g USING (metric) WHERE f.dataset IN ('largest', 'smallest') AND g.dataset = 'plain'
    AND metric IN ('rmse', 'r2') AND NOT f.weighted AND NOT g.weighted ORDER BY 1, 2;
SELECT weighted, value AS r2_of_one_row FROM figures WHERE dataset = 'one' AND metric = 'r2' ORDER BY 1;

-- one state for all of them
SELECT pronargs AS arguments, count(*) AS aggregates, count(DISTINCT (aggtransfn::oid, aggcombinefn::oid, aggtranstype)) AS states
FROM pg_aggregate JOIN pg_proc p ON p.oid = aggfnoid
WHERE proname ~ '^mlops_(rmse|mae|mape|wape|smape|r2)$' AND agginitval IS NULL GROUP BY 1 ORDER BY 1;

-- The same bits: in the order of the table, shuffled, in parallel, in parts joined by hand.
CREATE FUNCTION six(source text) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
    result float8[];
    plan json;
    query text := 'SELECT ARRAY[mlops_rmse(y, p, w), mlops_mae(y, p, w), mlops_mape(y, p, w), mlops_wape(y, p, w),
        mlops_smape(y, p, w), mlops_r2(y, p, w)] FROM ' || source;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO plan;
    RAISE WARNING 'plan: %', CASE WHEN plan::text LIKE '%"Partial Mode": "Finalize"%' THEN 'parallel' ELSE 'serial' END;
    EXECUTE query INTO result;
    RETURN result;
END $$;
CREATE UNLOGGED TABLE shuffled AS SELECT y, p, w FROM million ORDER BY hashint8(i);
SET max_parallel_workers_per_gather = 0;
SELECT six('million') AS serial \gset
SELECT six('shuffled') = :'serial' AS shuffled;
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT six('million') = :'serial' AS parallel;
SELECT six('shuffled') = :'serial' AS parallel_shuffled;
RESET max_parallel_workers_per_gather;

-- states by hand: an array of numbers, through text and binary and back
CREATE AGGREGATE error_state (float8, float8, float8) (SFUNC = mlops.error_sums_add, STYPE = float8[]);
CREATE AGGREGATE join_states (float8[]) (SFUNC = mlops.error_sums_merge, STYPE = float8[]);
CREATE TEMP TABLE parts AS SELECT i % 7 AS part, error_state(y, p, w) AS state FROM million GROUP BY 1;
SELECT count(*), min(cardinality(state)) AS numbers, bool_and(state::text::float8[] = state) AS text_and_back FROM parts;
SELECT mlops.error_sums_rmse(s) = (:'serial'::float8[])[1] AS rmse, mlops.error_sums_mae(s) = (:'serial'::float8[])[2] AS mae,
    mlops.error_sums_mape(s) = (:'serial'::float8[])[3] AS mape, mlops.error_sums_wape(s) = (:'serial'::float8[])[4] AS wape,
    mlops.error_sums_smape(s) = (:'serial'::float8[])[5] AS smape, mlops.error_sums_r2(s) = (:'serial'::float8[])[6] AS r2
FROM (SELECT join_states(state::text::float8[]) AS s FROM parts) t;

-- a training judges its test rows by the same sums
SELECT test_rows FROM mlops_train('judged', 'SELECT i, y, p FROM test_metric_errors.million WHERE i <= 1000', 'y', 'linear_regression', key => 'i',
    config => '{"split": {"test_where": "i % 4 = 0"}}');
SELECT m.key, m.value = CASE m.key WHEN 'rmse' THEN rmse WHEN 'mae' THEN mae WHEN 'mape' THEN mape ELSE r2 END AS same
FROM mlops.run_metrics m JOIN mlops.runs USING (run_id) JOIN mlops.models USING (model_id), (
    SELECT mlops_rmse(y, z) AS rmse, mlops_mae(y, z) AS mae, mlops_mape(y, z) AS mape, mlops_r2(y, z) AS r2
    FROM (SELECT y, mlops_predict('judged', t) AS z FROM million t WHERE i <= 1000 AND i % 4 = 0) t) f
WHERE name = 'judged' AND m.split = 'test' ORDER BY m.key;
SELECT count(mlops_drop_model('judged')) AS dropped;

-- groups, windows, filters
CREATE TEMP TABLE few (g int, y float8, p float8, w float8);
INSERT INTO few VALUES (1, 1, 2, 1), (1, 3, 3, 0), (1, -4, -2, 2), (2, 0, 0, 1), (2, 0, 1, 1), (3, NULL, 1, 1), (3, 1, NULL, 1),
    (4, 2, 2, 0), (5, 0.1, 0.1, 1), (5, 0.1, 0.1, 1), (5, 0.1, 0.1, 1), (6, 0.1, 0.2, 1), (6, 0.1, 0.1, 1), (6, 0.1, 0.1, 1);
SELECT g, mlops_rmse(y, p) AS rmse, mlops_mae(y, p) AS mae, mlops_wape(y, p) AS wape, mlops_smape(y, p) AS smape, mlops_r2(y, p) AS r2
FROM few GROUP BY g ORDER BY g;
SELECT g, mlops_rmse(y, p, w) AS rmse, mlops_mae(y, p, w) AS mae, mlops_mape(y, p, w) AS mape, mlops_wape(y, p, w) AS wape,
    mlops_smape(y, p, w) AS smape, mlops_r2(y, p, w) AS r2 FROM few GROUP BY g ORDER BY g;
SELECT g, mlops_mae(y, p) OVER (PARTITION BY g ORDER BY y) AS running, mlops_mae(y, p) OVER (PARTITION BY g ORDER BY y ROWS 1 PRECEDING) AS of_two,
    mlops_rmse(y, p) OVER (PARTITION BY g ORDER BY y) AS rmse FROM few WHERE g < 3 ORDER BY g, y, p;
SELECT mlops_mae(y, p) FILTER (WHERE g = 1) AS filtered, mlops_mae(DISTINCT y, p) FILTER (WHERE g = 5) AS "distinct",
    mlops_r2(y, p) FILTER (WHERE false) AS none, mlops_rmse(NULL, 1.0) AS "null" FROM few;
-- integers and numerics are cast
SELECT mlops_mae(1, 2) AS "integer", mlops_mae(1.5, 2) AS "numeric", mlops_mae(1::real, 2::bigint, 3) AS mixed;

-- beyond the range of a double: only the figures that are
SELECT mlops_rmse(y, p) AS rmse, mlops_smape(y, p) AS smape, mlops_r2(y, p) AS r2
FROM (VALUES (1e308::float8, 0.5e308::float8), (1e308, 1e308)) v (y, p);
SELECT mlops_mae(y, p) FROM (VALUES (1e308::float8, 0::float8), (1e308, 0)) v (y, p);
SELECT mlops_mape(0, 1e300);
SELECT mlops_r2(y, p) FROM (VALUES (1::float8, 1e200::float8), (2, 2)) v (y, p);
SELECT mlops_r2(y, p) FROM (VALUES (1e308::float8, 0), (1.7e308, 0)) v (y, p);
SELECT mlops_rmse(1e308, -1e308);
SELECT mlops_r2(y, p) FROM (VALUES (1e308::float8, -1e308::float8), (1, 2)) v (y, p);
SELECT mlops_mape(1e308, -1e308) AS mape, mlops_smape(1e308, -1e308) AS smape;

-- errors name the argument
SELECT mlops_rmse('NaN', 1);
SELECT mlops_rmse(1, 'Infinity');
SELECT mlops_mae(1, 1, -1);
SELECT mlops_mae(1, 1, 'NaN');
SELECT mlops_mae(1, 1, 'Infinity');
SELECT mlops_mae('-Infinity', 1, 0);
SELECT mlops_mae('-Infinity', NULL) AS skipped;

-- what is no state
SELECT cardinality(mlops.error_sums_add(NULL, 1, 1)) AS by_hand;
SELECT mlops.error_sums_rmse(mlops.error_sums_add(s, 3, 6)) AS added, mlops.error_sums_rmse(s) AS unchanged
FROM (SELECT mlops.error_sums_add(NULL, 1, 2) AS s OFFSET 0) t;
SELECT mlops.error_sums_add('{1,2}', 1, 1);
SELECT mlops.error_sums_add('{{1,2},{3,4}}', 1, 1);
SELECT mlops.error_sums_add(array_append(array_fill(0::float8, '{26}'), NULL), 1, 1);
SELECT mlops.error_sums_merge(NULL, '{}');
SELECT mlops.error_sums_merge(NULL, NULL) AS nothing;
SELECT mlops.error_sums_merge('{1}', array_fill(0::float8, '{27}'));
SELECT mlops.error_sums_r2(array_fill('NaN'::float8, '{27}')) AS nonsense;
DROP SCHEMA test_metric_errors CASCADE;
