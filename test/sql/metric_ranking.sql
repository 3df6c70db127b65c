-- Aggregates that judge a ranking: against scikit-learn's figures (test/data/make_golden_ranking.py), the same bits
-- however the rows arrive, and what they refuse.
CREATE SCHEMA test_ranking;
SET search_path = test_ranking, public;
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set golden :abs_srcdir '/data/golden_ranking.csv'
CREATE TABLE golden (rows int, scores bigint, weights text, metric text, plain float8, weighted float8);
COPY golden FROM :'golden' WITH (FORMAT csv, HEADER true);

-- the formulas of the script
CREATE FUNCTION mixed(i bigint, a bigint, modulus bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN i * a % 1000003 * 7919 % 999983 % modulus;
CREATE FUNCTION made(rows int, scores bigint, weights text) RETURNS TABLE (i bigint, y boolean, s float8, w float8) LANGUAGE sql STABLE AS $$
    SELECT i, mixed(i, 31337, 1000) < 100 + 500 * rank / top, rank::float8 / top - 0.25,
        CASE weights WHEN 'tenths' THEN mixed(i, 611953, 14)::float8 / 10 ELSE mixed(i, 611953, 3) END
    FROM generate_series(1::bigint, rows) AS i, COALESCE(NULLIF(scores, 0), 4294967296) AS top,
        LATERAL (SELECT CASE WHEN scores > 0 THEN mixed(i, 104729, scores) ELSE i * 2654435761 % 4294967296 END AS rank) AS r $$;
-- 1e-12: sums of up to a million products in double precision
WITH ours AS MATERIALIZED (
    SELECT rows, scores, a.*
    FROM (SELECT DISTINCT rows, scores, weights FROM golden) AS g, LATERAL (
        SELECT mlops_roc_auc(y, s) AS a0, mlops_roc_auc(y, s, w) AS a1, mlops_pr_auc(y, s) AS b0, mlops_pr_auc(y, s, w) AS b1,
            mlops_ks_stat(y, s) AS c0, mlops_ks_stat(y, s, w) AS c1, mlops_precision_at_k(y, s, 100) AS d0,
            mlops_lift(y, s, 0.1) AS e0, mlops_lift(y, s, w, 0.1) AS e1
        FROM made(rows, scores, weights)) AS a)
SELECT rows, scores, g.metric, abs(o.plain - g.plain) <= 1e-12 AS plain, abs(o.weighted - g.weighted) <= 1e-12 AS weighted
FROM golden AS g JOIN ours USING (rows, scores), LATERAL (VALUES ('roc_auc', a0, a1), ('pr_auc', b0, b1), ('ks_stat', c0, c1),
    ('precision_at_k', d0, NULL), ('lift', e0, e1)) AS o (metric, plain, weighted)
WHERE o.metric = g.metric ORDER BY rows, scores, g.metric;

-- labels as numbers
SELECT bool_and(a = b AND a = c AND d = e AND d = f) AS same FROM (
    SELECT mlops_roc_auc(y, s) AS a, mlops_roc_auc(y::int::bigint, s) AS b, mlops_roc_auc(y::int::float8, s) AS c,
        mlops_pr_auc(y, s, w) AS d, mlops_pr_auc(y::int::bigint, s, w) AS e, mlops_pr_auc(y::int::float8, s, w) AS f
    FROM made(500, 40, 'tenths')) AS m;
SELECT bool_and(a = b AND a = c AND d = e AND d = f) AS same FROM (
    SELECT mlops_lift(y, s, 0.3) AS a, mlops_lift(y::int::bigint, s, 0.3) AS b, mlops_lift(y::int::float8, s, 0.3) AS c,
        mlops_precision_at_k(y, s, w, 30) AS d, mlops_precision_at_k(y::int::bigint, s, w, 30) AS e,
        mlops_precision_at_k(y::int::float8, s, w, 30) AS f
    FROM made(500, 40, 'tenths')) AS m;
SELECT mlops_roc_auc(y, s) AS integer_labels, mlops_ks_stat(y::smallint, s) FROM (VALUES (1, 0.9::real), (0, 0.5), (1, 0.4), (0, 0.1)) AS v (y, s);

-- no rows, one class, NULL, weight 0, infinite scores, ties at the border
CREATE VIEW edges AS SELECT * FROM (VALUES ('none', true, NULL::float8, 1::float8), ('positive', true, 1, 1), ('positive', true, 2, 1),
    ('negative', false, 1, 1), ('negative', false, 2, 1), ('weight 0', true, 1, 0), ('weight 0', false, 2, 0),
    ('weight 0 of a class', true, 3, 0), ('weight 0 of a class', false, 2, 5),
    ('null', true, 2, 1), ('null', NULL, 3, 1), ('null', false, NULL, 1), ('null', false, 1, NULL), ('null', false, 1, 1),
    ('infinite', true, 'Infinity', 1), ('infinite', false, '-Infinity', 1), ('infinite', false, 1e308, 2),
    ('tied', true, 1, 1), ('tied', false, 1, 1), ('tied', false, -0.0, 1), ('tied', false, 0, 1)) AS v (name, y, s, w);
SELECT name, mlops_roc_auc(y, s) AS auc, mlops_roc_auc(y, s, w) AS auc_w, mlops_pr_auc(y, s, w) AS pr_w, mlops_ks_stat(y, s, w) AS ks_w,
    mlops_precision_at_k(y, s, 1) AS at_1, mlops_precision_at_k(y, s, 4) AS at_4, mlops_lift(y, s, 0.25) AS lift, mlops_lift(y, s, 1) AS lift_1
FROM edges GROUP BY name ORDER BY name COLLATE "C";
SELECT mlops_roc_auc(y, s) IS NULL AS auc, mlops_lift(y, s, NULL) IS NULL AS lift, mlops_pr_auc(y, s, NULL) IS NULL AS pr FROM edges;
SELECT mlops_roc_auc(y, s, w * 1e300) = mlops_roc_auc(y, s, w) AS huge, mlops_pr_auc(y, s, w / 1e300) AS tiny, mlops_pr_auc(y, s, w)
FROM edges WHERE name IN ('infinite', 'tied');

-- the same bits: read by one process or by several, in any order, in groups that are hashed or sorted
CREATE TABLE t AS SELECT i, y, s, w, w * 0.37 + 1e-9 * i AS v, i % 7 AS g FROM made(20000, 901, 'tenths');
ALTER TABLE t SET (parallel_workers = 3);
ANALYZE t;
CREATE FUNCTION plan_nodes(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO plan;
    RETURN (SELECT string_agg(DISTINCT concat_ws(' ', n->>'Partial Mode', n->>'Strategy', n->>'Node Type'), ', ')
            FROM jsonb_path_query(plan::jsonb, '$.**{0 to last} ? (exists(@."Node Type"))') AS n
            WHERE n->>'Node Type' ~ 'Aggregate|Gather');
END $$;
CREATE VIEW figures AS SELECT mlops_roc_auc(y, s) AS a, mlops_pr_auc(y, s) AS b, mlops_ks_stat(y, s) AS c, mlops_lift(y, s, 0.07) AS d,
    mlops_roc_auc(y, s, v) AS e, mlops_pr_auc(y, s, v) AS f, mlops_ks_stat(y, s, v) AS g, mlops_precision_at_k(y, s, v, 50) AS h, min(s), max(s) FROM t;
CREATE VIEW grouped AS SELECT g, mlops_roc_auc(y, s, v) AS a, mlops_pr_auc(y, s) AS b FROM t GROUP BY g;
CREATE AGGREGATE collect(boolean, float8, float8) (SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples,
    COMBINEFUNC = mlops.two_samples_merge, PARALLEL = safe);
SET max_parallel_workers_per_gather = 0;
SELECT plan_nodes('TABLE figures') AS serial;
CREATE TEMP TABLE serial AS TABLE figures;
SET enable_sort = off;
SELECT plan_nodes('TABLE grouped') AS hashed;
CREATE TEMP TABLE hashed AS TABLE grouped;
RESET enable_sort;
SET enable_hashagg = off;
SELECT plan_nodes('TABLE grouped') AS sorted;
CREATE TEMP TABLE sorted AS TABLE grouped;
RESET enable_hashagg;
CREATE TEMP TABLE states AS SELECT 'serial' AS how, collect(y, s, v) AS state FROM t;
INSERT INTO states SELECT 'reordered', collect(y, s, v ORDER BY mixed(i, 7, 1000), i DESC) FROM t;
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT plan_nodes('TABLE figures') AS parallel;
CREATE TEMP TABLE parallel AS TABLE figures;
SELECT plan_nodes('SELECT collect(y, s, v) FROM t') AS parallel_state;
INSERT INTO states SELECT 'parallel', collect(y, s, v) FROM t;
SET enable_sort = off;
SET parallel_tuple_cost = 1;
SELECT plan_nodes('TABLE grouped') AS parallel_hashed;
CREATE TEMP TABLE parallel_hashed AS TABLE grouped;
RESET enable_sort;
SET enable_hashagg = off;
SELECT plan_nodes('TABLE grouped') AS parallel_sorted;
CREATE TEMP TABLE parallel_sorted AS TABLE grouped;
RESET enable_hashagg;
RESET max_parallel_workers_per_gather;
CREATE FUNCTION bits(r anyelement) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(encode(float8send(value::float8), 'hex'), ' ' ORDER BY key)
    FROM jsonb_each_text(to_jsonb(r)) $$;
SELECT bits(s) = bits(p) AS parallel, bits(s) = bits(r) AS reordered FROM serial AS s, parallel AS p, (SELECT mlops_roc_auc(y, s) AS a,
    mlops_pr_auc(y, s) AS b, mlops_ks_stat(y, s) AS c, mlops_lift(y, s, 0.07) AS d, mlops_roc_auc(y, s, v) AS e, mlops_pr_auc(y, s, v) AS f,
    mlops_ks_stat(y, s, v) AS g, mlops_precision_at_k(y, s, v, 50) AS h, min(s), max(s) FROM (SELECT * FROM t ORDER BY mixed(i, 7, 1000), i DESC) AS x) AS r;
SELECT bool_and(bits(h) = bits(s)) AS sorted, bool_and(bits(h) = bits(p)) AS parallel_hashed, bool_and(bits(h) = bits(q)) AS parallel_sorted,
    count(*) AS groups FROM hashed AS h JOIN sorted AS s USING (g) JOIN parallel_hashed AS p USING (g) JOIN parallel_sorted AS q USING (g);
SELECT bool_and(h.a = mlops_roc_auc) AS grouped_as_filtered FROM hashed AS h, LATERAL (SELECT mlops_roc_auc(y, s, v) FILTER (WHERE t.g = h.g) FROM t) AS f;

-- states: equal for equal rows; they can be stored, written and read
SELECT count(DISTINCT state::text) AS different, count(*) FROM states;
-- 16 bytes for each distinct score of each class, a tag of 4 bytes, `top` of 8
SELECT count(*) AS rows, (length(collect(y, s, 1)::text) - 2) / 2 = 12 + 16 * count(DISTINCT (y, s)) AS bytes FROM t;
SELECT mlops.two_samples_roc_auc(state) = mlops.two_samples_roc_auc(state::text::mlops.two_samples) AS same,
    mlops.two_samples_roc_auc(state) = e AS right FROM states, serial WHERE how = 'parallel';
CREATE AGGREGATE merge(mlops.two_samples) (SFUNC = mlops.two_samples_merge, STYPE = mlops.two_samples, COMBINEFUNC = mlops.two_samples_merge);
SELECT merge(state)::text = (SELECT state::text FROM states WHERE how = 'serial') AS merged
FROM (SELECT collect(y, s, v) AS state FROM t GROUP BY g) AS parts;
-- tag, `top`, the key of 0.5 twice, the weights -1 and 1
SELECT collect(y, 0.5, 1) FROM (VALUES (true), (false)) AS v (y);
SELECT collect(true, 0.5, 0);

-- as window functions
SELECT bool_and(running IS NOT DISTINCT FROM (SELECT mlops_roc_auc(y, s) FROM t AS u WHERE u.i <= x.i)) AS running,
    bool_and(moving IS NOT DISTINCT FROM (SELECT mlops_pr_auc(y, s) FROM t AS u WHERE u.i BETWEEN x.i - 9 AND x.i)) AS moving
FROM (SELECT i, mlops_roc_auc(y, s) OVER (ORDER BY i) AS running,
    mlops_pr_auc(y, s) OVER (ORDER BY i ROWS 9 PRECEDING) AS moving FROM t WHERE i <= 60) AS x;
SELECT g, count(*) AS n, mlops_roc_auc(y, s) = (SELECT mlops_roc_auc(y, s) FROM t AS u WHERE x.g = u.g OR x.g IS NULL) AS same
FROM t AS x GROUP BY ROLLUP (g) ORDER BY g;

-- refused
SELECT mlops_roc_auc(true, 'NaN');
SELECT mlops_roc_auc(2::bigint, 0.5);
SELECT mlops_roc_auc(0.5::float8, 0.5);
SELECT mlops_roc_auc('NaN'::float8, 0.5);
SELECT mlops_roc_auc(true, 0.5, -1);
SELECT mlops_roc_auc(true, 0.5, 'NaN');
SELECT mlops_pr_auc(true, 0.5, 'Infinity');
SELECT mlops_precision_at_k(true, 0.5, 0);
SELECT mlops_precision_at_k(y, s, i::int) FROM t;
SELECT mlops_lift(true, 0.5, 0);
SELECT mlops_lift(true, 0.5, 1.5);
SELECT mlops_lift(true, 0.5, 'NaN');
SELECT mlops_lift(y, s, 0.1 + i % 2 * 0.1) FROM t;
SELECT mlops_roc_auc(i = 1, 0.5, 1e308) FROM generate_series(1, 20) AS i;
SELECT mlops_roc_auc(i = 1, i, 1e308) FROM generate_series(1, 20) AS i;
SELECT mlops.two_samples_add(NULL, true, 0.5);
SELECT mlops.two_samples_merge(NULL, state) FROM states LIMIT 1;
SELECT mlops.two_samples_precision_at_k(state) FROM states LIMIT 1;
SELECT mlops.two_samples_lift(state) FROM states LIMIT 1;
SELECT mlops.two_samples_roc_auc(NULL) IS NULL AS strict;
-- no state: nothing, no hexadecimal digits, another tag, a part, a bad `top`, scores that do not ascend, weight 0
SELECT ''::mlops.two_samples;
SELECT '\x'::mlops.two_samples;
SELECT '\xzz'::mlops.two_samples;
SELECT '\x32534d32'::mlops.two_samples;
SELECT '\x32534d3100000000'::mlops.two_samples;
SELECT '\x32534d31000000000000f83f'::mlops.two_samples;
SELECT '\x32534d310000000000000000000000000000e0bf'::mlops.two_samples;
SELECT '\x32534d3100000000000000000100000000000080ffffffffffff7f00000000000000f03f000000000000f03f'::mlops.two_samples;
SELECT '\x32534d31000000000000000000000000000000e0bf0000000000000000'::mlops.two_samples;
-- nor by a cast around the input function
SET client_min_messages = warning;
CREATE TYPE raw;
CREATE FUNCTION raw_in(cstring) RETURNS raw LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION raw_out(raw) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE TYPE raw (INPUT = raw_in, OUTPUT = raw_out, LIKE = mlops.two_samples);
CREATE CAST (raw AS mlops.two_samples) WITHOUT FUNCTION;
SELECT mlops.two_samples_roc_auc('\x32534d3100'::raw::mlops.two_samples);
DROP SCHEMA test_ranking CASCADE;
