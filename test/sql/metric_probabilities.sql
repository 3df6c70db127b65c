-- Log loss, Brier score and calibration error: golden figures (test/data/make_golden_sums.py), plans, edges, errors.
CREATE SCHEMA test_metric_probabilities;
SET search_path = test_metric_probabilities, public;
SET client_min_messages = warning;
\getenv abs_srcdir PG_ABS_SRCDIR
\set golden :abs_srcdir '/data/golden_sums.csv'
CREATE TABLE golden (dataset text, weighted boolean, metric text, value float8);
COPY golden FROM :'golden' WITH (FORMAT csv, HEADER true);

CREATE UNLOGGED TABLE million AS
SELECT i, i * 7919 % 10007 % 3 = 0 AS y, (i * 104729 % 1001) / 1000::float8 AS p, (i * 31 % 8 / 2)::float8 / 4 AS w
FROM generate_series(1, 1000000::bigint) i;
ANALYZE million;

CREATE VIEW datasets AS
SELECT 'probabilities' AS dataset, y, p, w FROM million WHERE i <= 5000
UNION ALL SELECT 'one probability', y, p, w FROM million WHERE i = 1
UNION ALL SELECT 'one class', true, p, w FROM million WHERE i <= 5000
UNION ALL SELECT 'million probabilities', y, p, w FROM million;
CREATE TABLE figures AS
SELECT dataset, weighted, metric, value
FROM (SELECT dataset, false AS weighted, mlops_log_loss(y, p) AS log_loss, mlops_brier(y, p) AS brier, mlops_ece(y, p) AS ece10,
        mlops_ece(y, p, 7) AS ece7, mlops_ece(y, p, 1000) AS ece1000
    FROM datasets GROUP BY dataset
    UNION ALL SELECT dataset, true, mlops_log_loss(y, p, w), mlops_brier(y, p, w), mlops_ece(y, p, w), mlops_ece(y, p, w, 7), mlops_ece(y, p, w, 1000)
    FROM datasets GROUP BY dataset) f,
    LATERAL (VALUES ('log_loss', log_loss), ('brier', brier), ('ece10', ece10), ('ece7', ece7), ('ece1000', ece1000)) v (metric, value);
-- three classes; their probabilities are 1024ths, so that jsonb holds them exactly
CREATE TABLE classes AS
SELECT (ARRAY['a', 'b', 'c'])[i * 31 % 7 % 3 + 1] AS y, (i * 31 % 8 / 2)::float8 / 4 AS w,
    jsonb_build_object('a', a / 1024.0, 'b', b / 1024.0, 'c', (1024 - a - b) / 1024.0) AS proba
FROM (SELECT i, a, i * 104729 % (1025 - a) AS b FROM (SELECT i, i * 7919 % 1025 AS a FROM generate_series(1, 5000::bigint) i) t) t;
INSERT INTO figures SELECT 'classes', false, 'log_loss', mlops_log_loss(y, proba) FROM classes;
INSERT INTO figures SELECT 'classes', true, 'log_loss', mlops_log_loss(y, proba, w) FROM classes;
-- 1e-12: both sides round sums of up to a million terms
SELECT count(*) AS compared, count(*) FILTER (WHERE abs(f.value - g.value) <= 1e-12 * abs(g.value)) AS equal
FROM golden g JOIN figures f USING (dataset, weighted, metric);
SELECT g.*, f.value AS ours FROM golden g JOIN figures f USING (dataset, weighted, metric)
WHERE (abs(f.value - g.value) <= 1e-12 * abs(g.value)) IS NOT TRUE ORDER BY 1, 2, 3;

-- the three types of labels, and one state for log loss and Brier score
SELECT mlops_log_loss(y::int::bigint, p) = mlops_log_loss(y, p) AND mlops_log_loss(y::int::float8, p) = mlops_log_loss(y, p) AS log_loss,
    mlops_brier(y::int::bigint, p, w) = mlops_brier(y, p, w) AND mlops_brier(y::int::float8, p, w) = mlops_brier(y, p, w) AS brier,
    mlops_ece(y::int::bigint, p) = mlops_ece(y, p) AND mlops_ece(y::int::float8, p) = mlops_ece(y, p) AS ece,
    mlops_ece(y::int::bigint, p, w, 5) = mlops_ece(y, p, w, 5) AND mlops_ece(y::int::float8, p, w, 5) = mlops_ece(y, p, w, 5) AS bins,
    mlops_ece(y::int::bigint, p, 5) = mlops_ece(y, p, 5) AND mlops_ece(y::int::float8, p, 5) = mlops_ece(y, p, 5) AS plain_bins,
    mlops_ece(y::int::bigint, p, w) = mlops_ece(y, p, w) AND mlops_ece(y::int::float8, p, w) = mlops_ece(y, p, w, 10) AS weighted
FROM million WHERE i <= 1000;
SELECT proargtypes::regtype[] AS arguments, count(*) AS aggregates, count(DISTINCT (aggtransfn::oid, aggcombinefn::oid, aggtranstype)) AS states
FROM pg_aggregate JOIN pg_proc p ON p.oid = aggfnoid
WHERE proname IN ('mlops_log_loss', 'mlops_brier') AND agginitval IS NULL GROUP BY 1 ORDER BY 1;

-- The same bits in any plan
CREATE FUNCTION figures(source text) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
    result float8[];
    plan json;
    query text := 'SELECT ARRAY[mlops_log_loss(y, p, w), mlops_brier(y, p, w), mlops_ece(y, p, w), mlops_ece(y, p, 1000)] FROM ' || source;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO plan;
    RAISE WARNING 'plan: %', CASE WHEN plan::text LIKE '%"Partial Mode": "Finalize"%' THEN 'parallel' ELSE 'serial' END;
    EXECUTE query INTO result;
    RETURN result;
END $$;
CREATE UNLOGGED TABLE shuffled AS SELECT y, p, w FROM million ORDER BY hashint8(i);
SET max_parallel_workers_per_gather = 0;
SELECT figures('million') AS serial \gset
SELECT figures('shuffled') = :'serial' AS shuffled;
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT figures('million') = :'serial' AS parallel;
SELECT figures('shuffled') = :'serial' AS parallel_shuffled;
RESET max_parallel_workers_per_gather;
CREATE AGGREGATE ece_state (boolean, float8, int) (SFUNC = mlops.calibration_sums_add, STYPE = float8[]);
CREATE AGGREGATE join_bins (float8[]) (SFUNC = mlops.calibration_sums_merge, STYPE = float8[]);
CREATE AGGREGATE loss_state (boolean, float8, float8) (SFUNC = mlops.probability_sums_add, STYPE = float8[]);
CREATE AGGREGATE join_losses (float8[]) (SFUNC = mlops.probability_sums_merge, STYPE = float8[]);
SELECT mlops.calibration_sums_ece(join_bins(bins::text::float8[])) = (:'serial'::float8[])[4] AS ece,
    mlops.probability_sums_log_loss(join_losses(loss::text::float8[])) = (:'serial'::float8[])[1] AS log_loss,
    mlops.probability_sums_brier(join_losses(loss::text::float8[])) = (:'serial'::float8[])[2] AS brier
FROM (SELECT ece_state(y, p, 1000) AS bins, loss_state(y, p, w) AS loss FROM million GROUP BY i % 7) t;

-- edges: certainty and error, 0 and 1 in their bins, no rows, NULLs, weight 0
SELECT round(mlops_log_loss(true, 1)::numeric, 20) AS certain, round(mlops_log_loss(true, 0)::numeric, 10) AS clipped,
    round(mlops_log_loss(false, 1)::numeric, 10) AS clipped_false, mlops_brier(false, 1) AS brier;
SELECT round(mlops_log_loss('a', '{"a": 0, "b": 1}'::jsonb)::numeric, 10) AS clipped, round(mlops_log_loss('a', '{"a": 1e-9999}'::jsonb)::numeric, 10) AS tiny,
    round(mlops_log_loss('', '{"": 0.5}'::jsonb)::numeric, 10) AS empty_name;
SELECT mlops_ece(y, p) AS ece, mlops_ece(y, p, 1) AS one_bin
FROM (VALUES (true, 0.3::float8), (false, 0.30000000000000004), (false, 0), (true, 1)) v (y, p);
SELECT mlops_log_loss(y, p) AS log_loss, mlops_brier(y, p) AS brier, mlops_ece(y, p) AS ece FROM million WHERE false;
SELECT mlops_log_loss(NULL::boolean, 0.5) AS log_loss, mlops_brier(true, NULL) AS brier, mlops_ece(true, 0.5, NULL::float8) AS ece,
    mlops_ece(true, 0.5, NULL::int) AS bins, mlops_brier(true, 0.5, 0) AS weightless, mlops_ece(true, 0.5, 0.0) AS weightless_ece,
    mlops_log_loss('a', NULL::jsonb) AS classes, mlops_log_loss('a', '{"a": 1}'::jsonb, 0) AS weightless_classes;
SELECT y, mlops_brier(y, p) OVER (ORDER BY p) AS running, mlops_ece(y, p, 2) OVER (ORDER BY p) AS bins
FROM (VALUES (true, 0.25::float8), (false, 0.5), (true, 0.75)) v (y, p) ORDER BY p;
-- a literal integer after the score is the number of bins, anything else the weight
SELECT mlops_ece(true, 0.25, 4) AS bins, mlops_ece(true, 0.25, 4.0) AS weight, mlops_ece(true, 0.25, 4::bigint) AS bigint_weight;

-- errors name the argument
SELECT mlops_brier(true, 1.0000000000000002);
SELECT mlops_brier(true, -0.1, 0);
SELECT mlops_log_loss(true, 'NaN');
SELECT mlops_ece(true, 'Infinity');
SELECT mlops_log_loss(2::bigint, 0.5);
SELECT mlops_brier('NaN'::float8, 0.5);
SELECT mlops_brier(true, 0.5, -1);
SELECT mlops_ece(true, 0.5, 'NaN'::float8);
SELECT mlops_ece(true, 0.5, 0);
SELECT mlops_ece(true, 0.5, 1.0, 1001);
SELECT mlops_ece(y, p, b) FROM (VALUES (true, 0.5::float8, 5), (true, 0.5, 6)) v (y, p, b);
SELECT mlops_log_loss('c', '{"a": 0.4, "b": 0.6}'::jsonb);
SELECT mlops_log_loss('a', '{"a": 40}'::jsonb);
SELECT mlops_log_loss('a', '{"a": -1e9999}'::jsonb);
SELECT mlops_log_loss('a', '{"a": null}'::jsonb);
SELECT mlops_log_loss('a', '["a"]'::jsonb);
SELECT mlops_log_loss('a', '1'::jsonb);
SELECT mlops_brier(true, 0.5, w) FROM (VALUES (1e308::float8), (1e308)) v (w);

-- what is no state
SELECT mlops.probability_sums_add('{1}', true, 0.5);
SELECT mlops.probability_sums_merge('{1,2,3,4,5,6}', '{1}');
SELECT mlops.calibration_sums_add('{1,2,3}', true, 0.5, 1);
SELECT mlops.calibration_sums_merge('{1,2,3,4}', '{1,2,3,4,5,6}');
SELECT mlops.calibration_sums_ece('{1,2}');
SELECT mlops.calibration_sums_ece(array_fill(0::float8, '{2004}'));
SELECT mlops.calibration_sums_ece('{0,0,0,0}') AS nothing;
DROP SCHEMA test_metric_probabilities CASCADE;
