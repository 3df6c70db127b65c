-- Features with a history: moving aggregates against a naive self-join, and the functions that read them.
SET extra_float_digits = 0;
SET timezone = 'UTC';

-- ties, entities of one row, NULLs, numbers that are not finite, and a clock that runs backwards: id is the order
-- of arrival, ts is not
CREATE TABLE history_rows AS
SELECT i AS id, i * 7919 % 13 AS entity,
       timestamptz '2024-01-01' + ((i * 104729 % 997) / 5) * interval '6 hours' AS ts,
       CASE WHEN i % 397 = 0 THEN 'NaN' WHEN i % 389 = 0 THEN 'Infinity' WHEN i % 383 = 0 THEN '-Infinity'
            WHEN i % 11 = 0 THEN NULL WHEN i % 17 = 0 THEN 0 ELSE (i * 31 % 101 - 40) / 7.0 END::float8 AS x,
       CASE WHEN i % 11 = 0 THEN NULL ELSE 'd' || i * 13 % 5 + i % 3 END AS device
FROM generate_series(1, 1500) i;
INSERT INTO history_rows VALUES (2000, 99, '2024-01-05', 5, 'only'), (2001, 98, NULL, 7, 'no time');
CREATE TABLE history_values AS SELECT i, 'v' || (i * 7919 % 101) * (i * 7919 % 101) / (1 + i % 97) AS v FROM generate_series(1, 600) i;

-- ---------- mlops_moments ----------
-- same as avg and stddev_samp of a join, number for number
WITH moving AS (
    SELECT id, entity, ts, mlops_moments(x) OVER w AS m FROM history_rows
    WINDOW w AS (PARTITION BY entity ORDER BY ts RANGE BETWEEN '30 days' PRECEDING AND '1 microsecond' PRECEDING)
), naive AS (
    SELECT a.id, count(b.x) AS n, avg(b.x) AS mean, stddev_samp(b.x) AS sd FROM history_rows a
    LEFT JOIN history_rows b ON b.entity = a.entity AND b.ts >= a.ts - interval '30 days' AND b.ts < a.ts
    GROUP BY a.id
)
SELECT count(*) AS rows, count(m) AS with_history, count(*) FILTER (WHERE m[1] IS DISTINCT FROM nullif(n, 0)) AS wrong_count,
       count(*) FILTER (WHERE m[2] IS DISTINCT FROM mean AND NOT coalesce(abs(m[2] - mean) <= 1e-12, false)) AS wrong_mean,
       count(*) FILTER (WHERE m[3] IS DISTINCT FROM sd AND NOT coalesce(abs(m[3] - sd) <= 1e-12 * sd, false)) AS wrong_stddev,
       count(*) FILTER (WHERE m[2] IN ('NaN', 'Infinity', '-Infinity')) AS not_finite
FROM moving JOIN naive USING (id) WHERE ts IS NOT NULL;
-- in the order of arrival the frame is counted in rows, whatever the clock says
WITH moving AS (
    SELECT id, entity, mlops_moments(x) OVER (PARTITION BY entity ORDER BY id ROWS BETWEEN 9 PRECEDING AND 1 PRECEDING) AS m,
           row_number() OVER (PARTITION BY entity ORDER BY id) AS n
    FROM history_rows
), numbered AS (SELECT id, entity, x, row_number() OVER (PARTITION BY entity ORDER BY id) AS n FROM history_rows
), naive AS (
    SELECT a.id, stddev_samp(b.x) AS sd FROM numbered a JOIN numbered b ON b.entity = a.entity AND b.n BETWEEN a.n - 9 AND a.n - 1
    GROUP BY a.id
)
SELECT count(*) AS rows, count(*) FILTER (WHERE m[3] IS DISTINCT FROM sd AND NOT coalesce(abs(m[3] - sd) <= 1e-12 * sd, false)) AS wrong
FROM moving JOIN naive USING (id);

-- no row, only NULLs, one number, two
SELECT mlops_moments(x) FROM (SELECT 1::float8 AS x WHERE false) t;
SELECT mlops_moments(NULL::float8);
SELECT mlops_moments(7), mlops_moments(x) FROM (VALUES (1), (3)) t (x);
SELECT mlops_moments(x) FROM (VALUES ('NaN'::float8), (3)) t (x);
SELECT mlops_moments(x) FROM (VALUES ('Infinity'::float8)) t (x);

-- NaN and infinities leave no trace; nor do numbers that were 1e9 times larger, or have no finite square
SELECT i, mlops_moments(x) OVER (ORDER BY i ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
FROM (VALUES (1, 1::float8), (2, 'NaN'), (3, 2), (4, 4), (5, 'Infinity'), (6, '-Infinity'), (7, 1e300), (8, 1e-200), (9, 1), (10, 2), (11, 4)) t (i, x);
WITH numbers AS (
    SELECT i, CASE WHEN i <= 3000 THEN 1e9 * (1 + i * 7919 % 1009 / 1009.0::float8) ELSE i * 104729 % 997 / 997.0::float8 END AS x
    FROM generate_series(1, 8000) i
), moving AS (
    SELECT i, mlops_moments(x) OVER (ORDER BY i ROWS BETWEEN 1999 PRECEDING AND CURRENT ROW) AS m FROM numbers
)
SELECT i, m[2] / (SELECT avg(x::numeric) FROM numbers b WHERE b.i BETWEEN m.i - 1999 AND m.i)::float8 - 1 BETWEEN -1e-12 AND 1e-12 AS mean,
       m[3] / (SELECT stddev_samp(x::numeric) FROM numbers b WHERE b.i BETWEEN m.i - 1999 AND m.i)::float8 - 1 BETWEEN -1e-12 AND 1e-12 AS stddev
FROM moving m WHERE i IN (2500, 4998, 4999, 5000, 6000, 8000) ORDER BY i;

-- ten thousand rows at one instant do not see each other, and the row after them sees all
SELECT ts, count(*) AS rows, min(m[1]) AS least, max(m[1]) AS most, max(m[2]) AS mean
FROM (SELECT ts, mlops_moments(x) OVER (ORDER BY ts RANGE BETWEEN '30 days' PRECEDING AND '1 microsecond' PRECEDING) AS m
      FROM (SELECT timestamptz '2024-01-01' AS ts, 2::float8 AS x UNION ALL
            SELECT '2024-01-02', i FROM generate_series(1, 10000) i UNION ALL
            SELECT '2024-01-03', 1) rows) t
GROUP BY ts ORDER BY ts;

-- each row is added once and taken back once: four times the rows are four times the calls
CREATE SEQUENCE history_calls;
CREATE FUNCTION history_counted(x float8) RETURNS float8 LANGUAGE plpgsql STABLE AS
$$ BEGIN PERFORM nextval('history_calls'); RETURN x; END $$;
CREATE FUNCTION history_count_calls(expression text, n int) RETURNS numeric LANGUAGE plpgsql AS
$$ BEGIN
    PERFORM setval('history_calls', 1, false);
    EXECUTE format('SELECT count(v) FROM (SELECT %s OVER (ORDER BY ts RANGE BETWEEN %L PRECEDING AND %L PRECEDING) AS v
        FROM (SELECT timestamp with time zone %L + i * interval %L AS ts, i %% 7 AS x FROM generate_series(1, %s) i) t) u',
        expression, n / 2 || ' minutes', '1 microsecond', '2024-01-01', '1 minute', n);
    RETURN currval('history_calls');
END $$;
SELECT n, history_count_calls('mlops_moments(history_counted(x))', n) / n BETWEEN 1 AND 2 AS moments,
       history_count_calls('mlops_value_counts(history_counted(x)::text)', n) / n BETWEEN 1 AND 2 AS value_counts,
       history_count_calls('mlops_ewma_state(history_counted(x), ts, $$1 day$$)', n) / n BETWEEN 1 AND 2 AS ewma
FROM (VALUES (1000), (4000)) t (n);
-- the count is one of calls: without inverse transitions it would be n / 4 a row
SELECT history_count_calls('stddev_samp(history_counted(x))', 1000) / 1000 > 100 AS quadratic;

-- ---------- mlops_zscore ----------
SELECT mlops_zscore(5, ARRAY[10, 3, 0.5]), mlops_zscore(3, ARRAY[10, 3, 0]), mlops_zscore(5, ARRAY[10, 3, 0]) AS unknown,
       mlops_zscore(1.7e308, ARRAY[2, -1.7e308, 1e308]) AS large, mlops_zscore(1.7e308, ARRAY[2, 0, 1e-3]) AS beyond;
SELECT mlops_zscore(NULL, ARRAY[10, 3, 0.5]), mlops_zscore(5, NULL), mlops_zscore(5, mlops_moments(1)), mlops_zscore('NaN', ARRAY[10, 3, 0.5]),
       mlops_zscore('Infinity', ARRAY[10, 3, 0.5]), mlops_zscore(5, ARRAY[10, 'NaN', 'NaN']::float8[]) FROM generate_series(1, 1);
SELECT mlops_zscore(5, ARRAY[1, 2]);
SELECT mlops_zscore(5, ARRAY[[1, 2, 3]]);
SELECT mlops_zscore(5, '{}');

-- ---------- mlops_value_counts, mlops_is_usual ----------
-- the same as the counts of a join, in a frame of times and in one of rows
WITH moving AS (
    SELECT id, entity, ts, device, mlops_value_counts(device) OVER w AS c, mlops_is_usual(device, mlops_value_counts(device) OVER w, 0.1) AS usual
    FROM history_rows
    WINDOW w AS (PARTITION BY entity ORDER BY ts RANGE BETWEEN '30 days' PRECEDING AND '1 microsecond' PRECEDING)
), pairs AS (
    SELECT a.id, b.device, count(*) AS n FROM history_rows a
    JOIN history_rows b ON b.entity = a.entity AND b.ts >= a.ts - interval '30 days' AND b.ts < a.ts AND b.device IS NOT NULL GROUP BY 1, 2
), naive AS (
    SELECT id, sum(n) AS total, jsonb_build_object('total', sum(n), 'values', jsonb_object_agg(device, n)) AS c FROM pairs GROUP BY id
)
SELECT count(*) AS rows, count(m.c) AS with_history, count(*) FILTER (WHERE m.c::jsonb IS DISTINCT FROM n.c) AS wrong, count(usual) AS judged,
       count(*) FILTER (WHERE usual) AS usual,
       count(*) FILTER (WHERE usual IS DISTINCT FROM coalesce((n.c->'values'->>device)::int, 0) >= 0.1 * total AND device IS NOT NULL) AS wrong_usual
FROM moving m LEFT JOIN naive n USING (id) WHERE ts IS NOT NULL;
WITH moving AS (
    SELECT i, mlops_value_counts(v) OVER (ORDER BY i ROWS BETWEEN 199 PRECEDING AND CURRENT ROW) AS c FROM history_values
), ranked AS (
    SELECT a.i, b.v, count(*) AS n, row_number() OVER (PARTITION BY a.i ORDER BY count(*) DESC, b.v COLLATE "C") AS place, sum(count(*)) OVER (PARTITION BY a.i) AS total
    FROM history_values a JOIN history_values b ON b.i BETWEEN a.i - 199 AND a.i GROUP BY a.i, b.v
), naive AS (
    SELECT i, max(total) AS total, string_agg(format('"%s": %s', v, n), ', ' ORDER BY place) AS kept FROM ranked WHERE place <= 64 GROUP BY i
)
SELECT count(*) AS rows, count(*) FILTER (WHERE c::text IS DISTINCT FROM format('{"total": %s, "values": {%s}}', total, kept)) AS wrong,
       max(length(c::text)) > 600 AS long FROM moving JOIN naive USING (i);

SELECT mlops_value_counts(v) FROM (SELECT 'a' AS v WHERE false) t;
SELECT mlops_value_counts(NULL);
SELECT mlops_value_counts(v) FROM (VALUES (''), ('b'), ('a "b"'), ('b'), (NULL)) t (v);
SELECT i, mlops_value_counts(v) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) FROM (VALUES (1, 'a'), (2, NULL), (3, 'b'), (4, 'b')) t (i, v);
-- a long value is its beginning and a hash: others with that beginning are others
SELECT mlops_value_counts(v) AS c, bool_or(mlops_is_usual(repeat('ä', 300) || '2', '{"total": 1, "values": {"ä": 1}}', 0.5)) AS short
FROM (VALUES (repeat('ä', 300) || '1'), (repeat('ä', 300) || '2'), (repeat('ä', 300) || '1'), (repeat('x', 96))) t (v);
SELECT mlops_is_usual(repeat('ä', 300) || '1', mlops_value_counts(v), 0.6), mlops_is_usual(repeat('ä', 300) || '2', mlops_value_counts(v), 0.6)
FROM (VALUES (repeat('ä', 300) || '1'), (repeat('ä', 300) || '2'), (repeat('ä', 300) || '1')) t (v);
-- of a hundred values that came once, 64 are kept: of the others it is not known whether they came
SELECT mlops_is_usual('1', c, 0.01), mlops_is_usual('99', c, 0.01) AS unknown, mlops_is_usual('99', c, 0.02), mlops_is_usual('1', c, 0.02)
FROM (SELECT mlops_value_counts(i::text) AS c FROM generate_series(1, 100) i) t;
SELECT mlops_is_usual(NULL, '{"total": 1, "values": {"a": 1}}', 0.5), mlops_is_usual('a', NULL, 0.5), mlops_is_usual('a', mlops_value_counts('a'), 1);
SELECT mlops_is_usual('a', mlops_value_counts('a'), 0);
SELECT mlops_is_usual('a', mlops_value_counts('a'), 'NaN');
-- kept in tables, sent, read
CREATE TABLE history_counts (c mlops.value_counts);
INSERT INTO history_counts VALUES ('{"values": {"b": 2, "a": 2, "c": 5}, "total": 12}');
SELECT c, c::jsonb->'values'->>'c' AS n, mlops_is_usual('d', c, 0.25), mlops_is_usual('d', c, 0.1) AS unknown FROM history_counts;
SELECT encode(mlops.value_counts_send(c), 'escape') FROM history_counts;
\set VERBOSITY terse
SELECT '{"total": 1'::mlops.value_counts;
\set VERBOSITY default
SELECT '[1]'::mlops.value_counts;
SELECT '{"values": {"a": 1}}'::mlops.value_counts;
SELECT '{"total": 1, "values": [1]}'::mlops.value_counts;
SELECT '{"total": 1, "values": {}}'::mlops.value_counts;
SELECT '{"total": 1, "values": {"a": 0.5}}'::mlops.value_counts;
SELECT '{"total": 2, "values": {"a": 1.5}}'::mlops.value_counts;
SELECT '{"total": 1, "values": {"a": "1"}}'::mlops.value_counts;
SELECT '{"total": 1, "values": {"a": 1, "b": 1}}'::mlops.value_counts;
SELECT format('{"total": 1, "values": {"%s": 1}}', repeat('a', 97))::mlops.value_counts;
SELECT mlops_value_counts(i::text) FROM generate_series(1, 1000001) i;

-- ---------- mlops_ewma_state, mlops_ewma ----------
-- the same as a join, with half-lives much shorter and longer than the frame; the frame of arrivals has newer rows leave first
WITH half_lives AS (SELECT h::interval FROM (VALUES ('1 minute'), ('12 hours'), ('7 days'), ('365 days')) t (h)
), moving AS (
    SELECT h, id, entity, ts, mlops_ewma(mlops_ewma_state(x, ts, h) OVER w) AS e FROM history_rows, half_lives
    WINDOW w AS (PARTITION BY h, entity ORDER BY ts RANGE BETWEEN '30 days' PRECEDING AND '1 microsecond' PRECEDING)
), weighted AS (
    SELECT h, a.id, b.x, exp(ln(2::float8) * -greatest(0, least(600, extract(epoch FROM max(b.ts) FILTER (WHERE abs(b.x) < 'Infinity') OVER (PARTITION BY h, a.id) - b.ts)::float8
        / extract(epoch FROM h)::float8))) AS w
    FROM half_lives, history_rows a JOIN history_rows b ON b.entity = a.entity AND b.ts >= a.ts - interval '30 days' AND b.ts < a.ts AND b.x IS NOT NULL
), naive AS (
    SELECT h, id, sum(w * x) / sum(w) AS e, bool_or(abs(x) >= 'Infinity') AS odd FROM weighted GROUP BY h, id
)
SELECT m.h, count(*) AS rows, count(m.e) AS with_history,
       count(*) FILTER (WHERE CASE WHEN odd OR n.e IS NULL THEN m.e IS NOT NULL ELSE m.e IS NULL OR abs(m.e - n.e) > 1e-12 END) AS wrong
FROM moving m LEFT JOIN naive n USING (h, id) WHERE ts IS NOT NULL GROUP BY m.h ORDER BY m.h;
WITH numbered AS (SELECT *, row_number() OVER (PARTITION BY entity ORDER BY id) AS n FROM history_rows WHERE abs(x) < 'Infinity' AND ts IS NOT NULL
), moving AS (
    SELECT id, mlops_ewma(mlops_ewma_state(x, ts, '1 day') OVER (PARTITION BY entity ORDER BY n ROWS BETWEEN 9 PRECEDING AND CURRENT ROW)) AS e FROM numbered
), naive AS (
    SELECT a.id, mlops_ewma(mlops_ewma_state(b.x, b.ts, '1 day' ORDER BY b.x)) AS plain,
           sum(b.x * w) / sum(w) AS e
    FROM numbered a JOIN numbered b ON b.entity = a.entity AND b.n BETWEEN a.n - 9 AND a.n,
    LATERAL (SELECT exp(ln(2::float8) * (extract(epoch FROM b.ts - timestamptz '2024-01-01') / 86400)::float8) AS w) t GROUP BY a.id
)
SELECT count(*) AS rows, count(*) FILTER (WHERE NOT coalesce(abs(m.e - n.e) <= 1e-12 AND abs(m.e - plain) <= 1e-14 * abs(m.e) + 1e-17, false)) AS wrong
FROM moving m JOIN naive n USING (id);

SELECT mlops_ewma(mlops_ewma_state(x, ts, '1 day')) AS two_thirds, mlops_ewma(mlops_ewma_state(x * 1.7e308, ts, '1 day')) AS large,
       mlops_ewma(mlops_ewma_state(x * 1e-280, ts, '1 day')) AS small, mlops_ewma(mlops_ewma_state(x, ts::timestamp, '2 days')) AS slower
FROM (VALUES (0, timestamptz '2024-01-01'), (1, '2024-01-02')) t (x, ts);
-- much larger numbers, infinities and NaN leave no trace
SELECT i, mlops_ewma(mlops_ewma_state(x, timestamptz '1999-12-31' + i * interval '1 day', '1 day') OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW))
FROM (VALUES (1, 1e300::float8), (2, -1e300), (3, 3), (4, 3), (5, 'NaN'), (6, 'Infinity'), (7, 4), (8, 4), (9, 0), (10, 0)) t (i, x);
SELECT mlops_ewma(mlops_ewma_state(NULL, now(), '1 day')), mlops_ewma(mlops_ewma_state(1, NULL::timestamptz, '1 day')), mlops_ewma(mlops_ewma_state(1, now(), NULL)),
       mlops_ewma(mlops_ewma_state(1, timestamptz 'infinity', '1 day')), mlops_ewma(NULL) FROM generate_series(1, 2);
SELECT mlops_ewma(mlops.ewma_merge(a, b)), mlops_ewma(mlops.ewma_merge(b, a)), mlops_ewma(mlops.ewma_merge(a, NULL)), mlops_ewma(mlops.ewma_merge(NULL, b))
FROM (SELECT mlops_ewma_state(3, timestamptz '2024-01-01', '1 day') AS a, mlops_ewma_state(6, timestamptz '2024-01-02', '1 day') AS b) t;
SELECT mlops_ewma_state(1, now(), '0.5 seconds');
SELECT mlops_ewma_state(1, now(), '-1 day');
SELECT mlops_ewma_state(1, now(), '200 years');
SELECT mlops_ewma_state(1, now(), i * interval '1 day') FROM generate_series(1, 2) i;
SELECT mlops.ewma_merge(mlops_ewma_state(1, now(), '1 day'), mlops_ewma_state(1, now(), '2 days'));
SELECT mlops_ewma('{1,2}');

-- ---------- mlops_seconds_since, mlops_velocity ----------
SELECT mlops_seconds_since(timestamptz '2024-01-02 00:00:01.5+00', timestamptz '2024-01-02 00:00+00'),
       mlops_seconds_since(timestamp '2024-01-02', timestamp '2024-01-03') AS backwards,
       mlops_seconds_since(timestamptz '2000-01-01 00:00:00.000001+00', '1999-12-31 23:59:59.999999+00') AS across_2000,
       mlops_seconds_since(timestamp '294276-01-01', timestamp '4713-01-01 BC') AS far,
       mlops_seconds_since(timestamp '2024-01-02', NULL) AS never, mlops_seconds_since(timestamp 'infinity', timestamp '2024-01-02') AS unbounded;
SELECT mlops_velocity(12, '30 minutes'), mlops_velocity(0, '1 day'), mlops_velocity(720, '1 month'), mlops_velocity(NULL, '1 day');
SELECT mlops_velocity(1, '0');
SELECT mlops_velocity(1, '-1 day');
SELECT mlops_velocity(-1, '1 day');

-- states come from anybody
SELECT mlops.moments_add('{1,2}', 1);
SELECT mlops.moments_remove(NULL, 1) AS anew, mlops.moments_figures(array_fill(0::float8, '{19}')) AS nothing;

DROP FUNCTION history_count_calls, history_counted;
DROP SEQUENCE history_calls;
DROP TABLE history_rows, history_values, history_counts;
