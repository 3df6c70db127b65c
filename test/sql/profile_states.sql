-- Profiles as aggregates: of groups, in parallel plans, as states that are stored, merged and read; and what is refused.
CREATE SCHEMA test_profile_states;
SET search_path = test_profile_states, public;
SET mlops.progress = off;
SET DateStyle = 'ISO';
SET TimeZone = 'UTC';
\set SHOW_CONTEXT never
CREATE TABLE t AS SELECT i, i % 5 AS g, (i * 7919::bigint % 100003) / 7.0::float8 AS x, i * 31 % 997 AS few, 'name ' || i * 104729::bigint % 50021 AS name,
    CASE WHEN i % 3 = 0 THEN 'common' ELSE (i * 31 % 7001)::text END AS often, CASE WHEN i % 11 > 0 THEN timestamptz '2024-01-01' + i * interval '1 min' END AS at,
    (i % 17)::numeric / 4 AS n, i % 7 = 0 AS b FROM generate_series(1, 30000) AS i;
ALTER TABLE t SET (parallel_workers = 3);
ANALYZE t;

-- one column of any query, for each group: what mlops_profile says of these rows
CREATE FUNCTION same_as_source(g int, p mlops.column_profile, name text) RETURNS boolean LANGUAGE sql STABLE AS
    $$SELECT to_jsonb(p) = to_jsonb(s) - 'column_name' FROM mlops_profile(format('SELECT %I FROM t WHERE g = %s', name, g)) AS s$$;
SELECT bool_and(same_as_source(g, x, 'x')) AS x, bool_and(same_as_source(g, few, 'few')) AS few, bool_and(same_as_source(g, name, 'name')) AS name,
    bool_and(same_as_source(g, at, 'at')) AS at, bool_and(same_as_source(g, b, 'b')) AS b
FROM (SELECT g, mlops_profile_column(x) AS x, mlops.profile_state_column(mlops_profile_state(few)) AS few, mlops_profile_column(name) AS name,
    mlops_profile_column(at) AS at, mlops_profile_column(b) AS b FROM (SELECT * FROM t ORDER BY i) AS o GROUP BY g) AS p;
SELECT g, (mlops_profile_column(n)).mean, (mlops_profile_column(x) FILTER (WHERE b)).rows, (mlops_profile_column(DISTINCT few)).rows AS few FROM t WHERE i <= 3000 GROUP BY ROLLUP (g) ORDER BY g;
SELECT (mlops_profile_column(v)).kind, count(*) FROM (VALUES (1), (2)) AS i (v);
SELECT (mlops_profile_column(v)).* FROM (VALUES (date '2024-01-01'), (NULL)) AS d (v) \gx
SELECT mlops_profile_column(x) IS NULL AS nothing FROM t WHERE false;
SELECT i, (mlops_profile_column(few) OVER w).p50, (mlops_profile_column(few) OVER w).distinct_count FROM t WHERE i <= 4 WINDOW w AS (ORDER BY i);
-- serial and parallel
CREATE FUNCTION plan_nodes(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO plan;
    RETURN (SELECT string_agg(DISTINCT concat_ws(' ', n->>'Partial Mode', n->>'Strategy', n->>'Node Type'), ', ')
            FROM jsonb_path_query(plan::jsonb, '$.**{0 to last} ? (exists(@."Node Type"))') AS n
            WHERE n->>'Node Type' ~ 'Aggregate|Gather');
END $$;
CREATE VIEW states AS SELECT mlops_profile_state(few, n, b, g) AS counted, mlops_profile_state(x, name, often, i, at) AS sketched FROM t;
SET max_parallel_workers_per_gather = 0;
SELECT plan_nodes('TABLE states') AS serial;
CREATE TEMP TABLE kept AS SELECT 'serial' AS how, * FROM states;
CREATE TEMP TABLE profiles AS SELECT 'serial' AS how, * FROM mlops_profile('t');
INSERT INTO kept SELECT 'reordered', mlops_profile_state(few, n, b, g ORDER BY x), mlops_profile_state(x, name, often, i, at ORDER BY few, i DESC) FROM t;
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT plan_nodes('TABLE states') AS parallel;
INSERT INTO kept SELECT 'parallel', * FROM states;
INSERT INTO profiles SELECT 'parallel', * FROM mlops_profile('t');
RESET max_parallel_workers_per_gather;
INSERT INTO kept SELECT 'merged', mlops_profile_merge(counted), mlops_profile_merge(sketched)
FROM (SELECT mlops_profile_state(few, n, b, g) AS counted, mlops_profile_state(x, name, often, i, at) AS sketched FROM t GROUP BY i % 23) AS parts;
-- counted values: the same bytes; sketches: the same counts, numbers of values, ends and moments, and the rest within what is told
SELECT k.how, s.counted::text = k.counted::text AS same_bytes FROM kept AS k, kept AS s WHERE s.how = 'serial' AND k.how <> 'serial' ORDER BY k.how;
CREATE VIEW figures AS SELECT how, f.* FROM kept, mlops_profile_figures(sketched) AS f;
SELECT k.how, bool_and((s.rows, s.null_count, s.distinct_count, s.minimum, s.maximum, s.lowest, s.highest, s.mean, s.stddev) IS NOT DISTINCT FROM
        (k.rows, k.null_count, k.distinct_count, k.minimum, k.maximum, k.lowest, k.highest, k.mean, k.stddev)) AS same,
    bool_and((k.detail->>'quantile_error')::float8 < 0.006) AS small_error
FROM figures AS k JOIN figures AS s USING (position) WHERE s.how = 'serial' AND k.how <> 'serial' GROUP BY k.how ORDER BY k.how;
SELECT how, bool_and(share BETWEEN low - (detail->>'quantile_error')::float8 AND high + (detail->>'quantile_error')::float8) AS quantiles
FROM figures, LATERAL (VALUES (p01, 0.01), (p50, 0.5)) AS v (v, share),
    LATERAL (SELECT (count(*) FILTER (WHERE x < v) - 1) / 30000.0 AS low, (count(*) FILTER (WHERE x <= v) + 1) / 30000.0 AS high FROM t) AS r
WHERE position = 1 GROUP BY how ORDER BY how;
SELECT how, top_values->0->>'value' AS top, (top_values->0->>'rows')::int <= 10000 AND coalesce(top_values->0->>'at_most', top_values->0->>'rows')::int > 9990 AS bounded
FROM figures WHERE position = 3 ORDER BY how;
SELECT column_name, bool_and((s.rows, s.null_count, s.distinct_count, s.minimum, s.maximum, s.mean, s.stddev, s.outliers) IS NOT DISTINCT FROM
    (p.rows, p.null_count, p.distinct_count, p.minimum, p.maximum, p.mean, p.stddev, p.outliers)) AS same, bool_and(NOT (s.detail->>'exact')::boolean OR to_jsonb(s) - 'how' = to_jsonb(p) - 'how') AS all_when_exact
FROM profiles AS s JOIN profiles AS p USING (column_name) WHERE s.how = 'serial' AND p.how = 'parallel' GROUP BY column_name ORDER BY column_name COLLATE "C";

-- states in text and binary form
SELECT how, counted::text::mlops.profile_state::text = counted::text AS counted, sketched::text::mlops.profile_state::text = sketched::text AS sketched,
    length(sketched::text) < 5 * 2 * 230000 AS bounded FROM kept ORDER BY how;
SELECT mlops_profile_state(NULL::int)::text AS nulls, mlops_profile_state(true) FROM generate_series(1, 2);
-- every damaged state is refused, or one that somebody might have made
CREATE FUNCTION damage(state mlops.profile_state, tries int) RETURNS TABLE (refused int, read int) LANGUAGE plpgsql AS $$
DECLARE
    bytes bytea := mlops.profile_state_send(state);
    other bytea;
    at int;
BEGIN
    refused := 0;
    read := 0;
    FOR i IN 1 .. tries LOOP
        at := i * 7919::bigint * 104729 % length(bytes);
        other := CASE WHEN i % 10 = 0 THEN substr(bytes, 1, at) ELSE set_byte(bytes, at, (get_byte(bytes, at) + 1 + i % 254) % 256) END;
        BEGIN
            PERFORM * FROM mlops_profile_figures(('\x' || encode(other, 'hex'))::mlops.profile_state);
            PERFORM mlops_profile_merge(s) FROM (VALUES (state), (('\x' || encode(other, 'hex'))::mlops.profile_state)) AS v (s);
            read := read + 1;
        EXCEPTION WHEN invalid_text_representation OR datatype_mismatch THEN
            refused := refused + 1;
        END;
    END LOOP;
    RETURN NEXT;
END $$;
SELECT refused + read AS tried, refused > 500 AS many FROM (SELECT mlops_profile_state(few, b, name) AS s FROM t WHERE i <= 60) AS k, damage(s, 1500);
SELECT refused + read AS tried, refused > 5 AS many FROM kept, damage(sketched, 25) WHERE how = 'serial';

-- refused
SELECT '\x50'::mlops.profile_state;
SELECT 'PRF1'::mlops.profile_state;
SELECT mlops_profile_merge(s) FROM (SELECT mlops_profile_state(1::int) AS s UNION ALL SELECT mlops_profile_state('a'::text)) AS v;
SELECT mlops_profile_merge(s) FROM (SELECT mlops_profile_state(1::int) AS s UNION ALL SELECT mlops_profile_state(1::int, 2::int)) AS v;
SELECT mlops.profile_state_column(mlops_profile_state(1, 2));
SELECT mlops.profile_state_add(NULL, 1);
SELECT mlops.profile_state_merge(mlops_profile_state(1), mlops_profile_state(1));
WITH s (s) AS (SELECT ('\x505246310100000000000000' || '1000000000000000' || '0200000000000000' || '0000000000000000' || '0000000000000010' || '0100000000000000' ||
    '0000000000000000' || '0000000000000000' || '0100000000000080' || '0000000000000010')::mlops.profile_state)
SELECT (SELECT rows FROM mlops_profile_figures(s)), mlops_profile_merge(s) FROM s, generate_series(1, 3) GROUP BY 1;
SELECT mlops_profile_state();
SELECT count(*) FROM mlops_profile_figures(NULL);
DO $$BEGIN EXECUTE 'SELECT mlops_profile_state(' || (SELECT string_agg(i::text, ', ') FROM generate_series(1, 100) AS i) || ')'; END$$;
DO $$BEGIN EXECUTE 'SELECT mlops_profile_state(' || (SELECT string_agg(i::text, ', ') FROM generate_series(1, 99) AS i) || ')'; END$$;
-- what is not refused: a state without columns, an array that is spread, a literal without a type
SELECT count(*) FROM mlops_profile_figures('\x505246310000000000000000');
SELECT kind, distinct_count, top_values FROM mlops_profile_figures((SELECT mlops_profile_state(VARIADIC ARRAY[1, 2]) FROM generate_series(1, 2)));
SELECT kind, distinct_count, top_values FROM mlops_profile_figures((SELECT mlops_profile_state('a', NULL) FROM generate_series(1, 2)));
