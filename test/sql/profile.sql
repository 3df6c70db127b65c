-- mlops_profile: what each column of a source looks like.
CREATE SCHEMA test_profile;
SET search_path = test_profile, public;
\set SHOW_CONTEXT never
CREATE TABLE t AS SELECT i, i / 8.0::float8 AS x, 'g' || i % 7 AS g, i % 3 = 0 AS b, date '2020-01-01' + i AS d
FROM generate_series(1, 1000) AS i;
SELECT column_name, kind, rows, null_count AS nulls, distinct_count AS n, minimum, maximum, mean, round(stddev::numeric, 9) AS stddev
FROM mlops_profile('t');
SELECT column_name, p01, p25, p50, p75, p99, outliers, lowest, highest, detail FROM mlops_profile('t');
