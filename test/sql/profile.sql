-- mlops_profile: every column of a source, against numpy (test/data/make_golden_profile.py), of all types, and odd input.
CREATE SCHEMA test_profile;
SET search_path = test_profile, public;
SET mlops.progress = off;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SET IntervalStyle = 'postgres';
\set SHOW_CONTEXT never
\getenv dir PG_ABS_SRCDIR

-- real tables: numpy's figures
CREATE TABLE iris (rid int, sepal_length_cm float8, sepal_width_cm float8, petal_length_cm float8, petal_width_cm float8, target text);
CREATE TABLE diabetes (rid int, age int, sex int, bmi float8, bp float8, s1 int, s2 float8, s3 float8, s4 float8, s5 float8, s6 int, target int);
CREATE TABLE car_prices (rid int, price numeric, mileage bigint, cylinder smallint, doors int, cruise int, sound int, leather int, buick int,
    cadillac int, chevy int, pontiac int, saab int, saturn int, convertible int, coupe int, hatchback int, sedan int, wagon int);
CREATE TABLE telco_churn (rid int, customer_id text, gender varchar, senior_citizen int, partner text, dependents text, tenure int,
    phone_service text, multiple_lines text, internet_service text, online_security text, online_backup text, device_protection text,
    tech_support text, streaming_tv text, streaming_movies text, contract text, paperless_billing char(3), payment_method text,
    monthly_charges float8, total_charges float8, churn text);
CREATE TABLE golden (data text, column_name text, rows bigint, null_count bigint, distinct_count bigint, minimum float8, maximum float8,
    mean float8, stddev float8, p01 float8, p25 float8, p50 float8, p75 float8, p99 float8, outliers bigint, bins int, largest_bin bigint,
    top_value text, top_rows bigint);
\set file :dir '/data/iris.csv'
COPY iris FROM :'file' WITH (FORMAT csv, HEADER true);
\set file :dir '/data/diabetes.csv'
COPY diabetes FROM :'file' WITH (FORMAT csv, HEADER true);
\set file :dir '/data/car_prices.csv'
COPY car_prices FROM :'file' WITH (FORMAT csv, HEADER true);
\set file :dir '/data/telco_churn.csv'
COPY telco_churn FROM :'file' WITH (FORMAT csv, HEADER true);
\set file :dir '/data/golden_profile.csv'
COPY golden FROM :'file' WITH (FORMAT csv, HEADER true);
-- relative, of at least the deviation: both sides add doubles, numpy with 53 bits
CREATE FUNCTION near(a float8, b float8, size float8) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN a IS NOT DISTINCT FROM b OR abs(a - b) <= 1e-12 * greatest(abs(b), size);
CREATE TABLE profiles AS SELECT data, p.* FROM (SELECT DISTINCT data FROM golden) AS d, mlops_profile(data) AS p;
SELECT data, count(*) AS columns, bool_and(p.rows = g.rows AND p.null_count = g.null_count AND p.distinct_count = g.distinct_count) AS counts,
    bool_and(near(p.minimum, g.minimum, 0) AND near(p.maximum, g.maximum, 0)) AS ends,
    bool_and(near(p.mean, g.mean, g.stddev) AND near(p.stddev, g.stddev, 0)) AS moments,
    bool_and(near(p.p01, g.p01, 0) AND near(p.p25, g.p25, 0) AND near(p.p50, g.p50, 0) AND near(p.p75, g.p75, 0) AND near(p.p99, g.p99, 0)) AS quantiles,
    bool_and(p.outliers IS NOT DISTINCT FROM g.outliers) AS outliers,
    bool_and(jsonb_array_length(p.histogram) IS NOT DISTINCT FROM g.bins AND g.largest_bin IS NOT DISTINCT FROM
        (SELECT max((b->>'rows')::bigint) FROM jsonb_array_elements(p.histogram) AS b)) AS histogram,
    bool_and(g.distinct_count > 10 AND g.top_rows = 1 OR (p.top_values->0->>'rows')::bigint = g.top_rows AND CASE WHEN p.kind = 'numeric'
        THEN (p.top_values->0->>'value')::float8 = g.top_value::float8 ELSE p.top_values->0->>'value' = g.top_value END) AS top,
    bool_and(g.distinct_count <= 4096) AS exact
FROM profiles AS p JOIN golden AS g USING (data, column_name) WHERE (p.detail->>'exact')::boolean GROUP BY data ORDER BY data;
-- of more than 4,096 values
SELECT column_name, g.distinct_count > 4096 AS many, near(p.mean, g.mean, 0) AND near(p.stddev, g.stddev, 0) AND near(p.minimum, g.minimum, 0) AND near(p.maximum, g.maximum, 0) AS moments, abs(p.distinct_count - g.distinct_count) <= g.distinct_count * (detail->>'distinct_error')::float8 AS near, p.outliers = g.outliers AS outliers,
    (SELECT bool_and(share BETWEEN low - (detail->>'quantile_error')::float8 AND high + (detail->>'quantile_error')::float8)
     FROM (VALUES (p.p01, 0.01), (p.p25, 0.25), (p.p50, 0.5), (p.p75, 0.75), (p.p99, 0.99)) AS v (v, share),
        LATERAL (SELECT (count(*) FILTER (WHERE x < v) - 1) / count(*)::float8 AS low, (count(*) FILTER (WHERE x <= v) + 1) / count(*)::float8 AS high
            FROM (SELECT CASE column_name WHEN 'rid' THEN rid ELSE total_charges END AS x FROM telco_churn) AS c WHERE x IS NOT NULL) AS r) AS quantiles
FROM profiles AS p JOIN golden AS g USING (data, column_name) WHERE NOT (detail->>'exact')::boolean ORDER BY column_name;

-- what one looks like
SELECT column_name, kind, rows, null_count AS nulls, distinct_count AS n, minimum, maximum, round(mean::numeric, 4) AS mean, round(stddev::numeric, 4) AS stddev, p50, outliers AS out,
    lowest, highest FROM mlops_profile('SELECT tenure, churn, monthly_charges, partner = ''Yes'' AS partner FROM telco_churn');
SELECT column_name, top_values, histogram, detail FROM mlops_profile('SELECT churn, cylinder, sepal_width_cm FROM telco_churn FULL JOIN car_prices USING (rid) FULL JOIN iris USING (rid)');
SELECT * FROM mlops_profile('SELECT cylinder FROM car_prices') \gx

-- every type has a kind
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS numeric(8, 2) CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE types (i2 smallint, i4 int, i8 bigint, f4 real, f8 float8, num numeric, dom positive, b boolean, t text, vc varchar(5), ch char(5), c1 "char",
    nm name, e mood, u uuid, d date, tm time, ts timestamp, tz timestamptz, iv interval, ttz timetz, j json, jb jsonb, f8a float8[], f4a real[], i4a int[],
    ta text[], by bytea, ip inet, pt point, r int4range, cp pair, bits bit(3), m money, o oid);
INSERT INTO types VALUES
    (1, 1, 1, 0.1, 0.1, 1.10, 1.50, true, 'b', 'b', 'b', 'b', 'b', 'ok', '00000000-0000-0000-0000-000000000001', '2024-02-29', '12:00', '2024-02-29 12:00',
        '2024-02-29 12:00+00', '1 day', '12:00+01', '{"a": 1}', '{"a": 1}', '{1,2}', '{1,NaN}', '{1,NULL}', '{a,b}', '\x00', '10.0.0.1', '(1,2)', '[1,2)', '(1,x)', '101', '1', 1),
    (2, 2, 2, 0.2, 0.2, 1.1, 2.5, false, 'a', 'a', 'a', 'a', 'a', 'happy', '00000000-0000-0000-0000-000000000002', '2024-03-01', '06:30', '2024-03-01',
        '2024-03-01 00:00+00', '1 mon', '12:00+01', '[1]', '[1]', '{3}', '{}', '{2}', '{c}', '\x0102', '10.0.0.2', '(1,2)', '[1,3)', '(1,x)', '100', '2', 2);
INSERT INTO types (t, e, iv, j, jb, f8a) VALUES ('', 'ok', '30 days', '"s"', 'null', '{1,2.0}');
SELECT column_name, kind, null_count AS nulls, distinct_count AS n, minimum, maximum, mean, p50, lowest, highest FROM mlops_profile('types');
SELECT column_name, top_values, detail FROM mlops_profile('types');
SELECT column_name, histogram FROM mlops_profile('SELECT i4, f4, num, b, d, tm, ts, tz, iv FROM types');
-- a pseudo-type, a vector of the catalogue, what has no name of its own
SELECT column_name, kind, detail->>'type' AS type FROM mlops_profile('SELECT most_common_vals, most_common_freqs, n_distinct FROM pg_stats WHERE tablename = ''pg_class''');
SELECT column_name, kind, distinct_count AS n FROM mlops_profile('SELECT ROW(i4, pt) AS r, ARRAY[ROW(1, j)] AS a, current_user AS u, NULL AS nothing FROM types');

-- odd numbers are counted beside the others
CREATE TABLE odd (x float8, n numeric, t timestamp, d date);
INSERT INTO odd VALUES ('NaN', 'NaN', 'infinity', 'infinity'), ('-Infinity', '-Infinity', '-infinity', '-infinity'), ('Infinity', 'Infinity', 'infinity', 'infinity'),
    (1, 1, '2024-01-01', '2024-01-01'), (2, 1e400, '2024-01-03', '2024-01-03'), (-0.0, -1e-400, NULL, NULL), (0, 0, NULL, NULL), (NULL, NULL, NULL, NULL);
SELECT column_name, null_count, distinct_count, minimum, maximum, mean, p50, lowest, highest, detail, top_values FROM mlops_profile('odd') \gx
-- the ends of what numbers and times there are
SELECT column_name, minimum, maximum, mean, stddev, p50, outliers, lowest, highest,
    detail->'fences' AS fences, histogram->0 AS first, histogram->19 AS last FROM mlops_profile($$SELECT 1e15 * i AS large, 1e-15 * i AS small,
    (9223372036854775807 * i)::bigint AS long, timestamp '4714-11-24 00:00 BC' + (i + 1) * interval '149000 years' AS time,
    date '4714-11-24 BC' + (i + 1) * 1073740000 AS day FROM generate_series(-1, 1) AS i$$) \gx
SELECT distinct_count, lowest, highest, maximum - minimum AS as_doubles, top_values FROM mlops_profile('SELECT 9007199254740992 + i / 2 AS id FROM generate_series(0, 3) AS i');

-- no row, one row, no value, one value
SELECT column_name, kind, rows, null_count AS nulls, distinct_count AS n, minimum, mean, stddev, p50, outliers, top_values, histogram, lowest, detail FROM mlops_profile('SELECT i4, t, tz, jb FROM types WHERE false') \gx
SELECT column_name, rows, null_count AS nulls, distinct_count AS n, minimum, mean, stddev, p50, outliers, top_values, histogram, lowest FROM mlops_profile('SELECT NULL::float8 AS x, NULL::text AS t FROM generate_series(1, 5)') \gx
SELECT column_name, rows, distinct_count AS n, minimum, mean, stddev, p50, p99, outliers, top_values, histogram FROM mlops_profile('SELECT 0.1::float8 AS x, ''a'' AS t') \gx
SELECT stddev, p01, p99, outliers, histogram, detail FROM mlops_profile('SELECT 0.1::float8 AS x FROM generate_series(1, 10000)') \gx
-- outliers on one side, on both; most values equal: the bins then reach from end to end
SELECT outliers, histogram, detail->'fences' AS fences FROM mlops_profile('SELECT CASE WHEN i <= 60 THEN 0 ELSE i END::float8 AS x FROM generate_series(1, 80) AS i');
SELECT outliers, histogram, detail->'fences' AS fences FROM mlops_profile('SELECT CASE i WHEN 1 THEN -1000 WHEN 2 THEN 1000 ELSE i END AS x FROM generate_series(1, 50) AS i');
SELECT outliers, histogram, detail->'fences' AS fences FROM mlops_profile('SELECT CASE WHEN i <= 70 THEN 0 ELSE i END AS x FROM generate_series(1, 80) AS i');

-- a million different texts, and a million of which some come often: bounded, and known to be bounded
SELECT distinct_count BETWEEN 983000 AND 1017000 AS n, detail->'exact' AS exact, top_values, lowest, highest, detail->'length' AS length
FROM mlops_profile('SELECT ''value '' || i AS t FROM generate_series(1, 1000000) AS i');
SELECT distinct_count BETWEEN 88500 AND 91500 AS n, (SELECT string_agg(v->>'value', ',' ORDER BY v->>'value') FROM jsonb_array_elements(top_values) AS v) AS top,
    (SELECT bool_and((v->>'rows')::int <= 1000 AND COALESCE(v->>'at_most', v->>'rows')::int >= 1000) FROM jsonb_array_elements(top_values) AS v) AS bounds,
    (detail->>'top_values_missed')::int <= 100000 / 2048 AS missed
FROM mlops_profile('SELECT CASE WHEN i % 10 = 0 THEN ''often '' || i / 10 % 10 ELSE i::text END AS t FROM generate_series(1, 100000) AS i');
-- long texts are kept as 56 bytes, whole characters
SELECT top_values, highest, detail->'length' AS length FROM mlops_profile('SELECT repeat(''é'', 5000000) AS t UNION ALL SELECT repeat(''é'', 5000000) UNION ALL SELECT ''x'' || repeat(''é'', 40)');
SELECT distinct_count, detail->'length' AS length FROM mlops_profile('SELECT repeat(chr(64 + i), 3000000) || i AS t FROM generate_series(1, 9) AS i');

-- sources
CREATE VIEW v AS SELECT i4, t FROM types;
CREATE MATERIALIZED VIEW mv AS SELECT i4, t FROM types;
CREATE TABLE parted (id int, x float8) PARTITION BY HASH (id);
CREATE TABLE parted0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT i, i FROM generate_series(1, 100) AS i;
CREATE TABLE "Odd ""name""" ("a b" int, "SELECT" int, "x""y" int, "é'; DROP TABLE types" int, "%s" int);
INSERT INTO "Odd ""name""" VALUES (1, 2, 3, 4, 5);
SELECT s, string_agg(column_name || ' ' || rows || ' ' || distinct_count, '; ' ORDER BY column_name COLLATE "C") FROM (VALUES ('v'), ('mv'), ('parted'), ('"Odd ""name"""'),
    ('VALUES (1, ''a'')'), ('TABLE parted'), ('WITH c AS (SELECT 1 AS x) TABLE c'), ('SELECT count(*) FROM types GROUP BY b'), ('SELECT i4 FROM types ORDER BY 1 LIMIT 2'),
    ('SELECT generate_series(1, 3) AS s')) AS a (s), mlops_profile(s) GROUP BY s ORDER BY s COLLATE "C";
CREATE TABLE narrow ();
DO $$BEGIN EXECUTE 'CREATE TABLE wide (' || (SELECT string_agg(format('c%s %s', i, CASE WHEN i % 2 = 0 THEN 'smallint' ELSE 'boolean' END), ', ') FROM generate_series(1, 1600) AS i) || ')'; END$$;
INSERT INTO wide (c1, c2, c1599, c1600) SELECT i % 2 = 0, i, i % 3 = 0, -i FROM generate_series(1, 30) AS i;
SELECT count(*), sum(rows), sum(null_count), max(column_name) FILTER (WHERE minimum = -30) AS lowest, count(*) FILTER (WHERE kind = 'boolean') AS booleans FROM mlops_profile('wide');

-- what it is doing can be seen
SET mlops.progress = on;
SELECT top_values FROM mlops_profile('SELECT left(query, 36) AS what FROM pg_stat_activity WHERE pid = pg_backend_pid()');
SET mlops.progress = off;

-- refused
SELECT * FROM mlops_profile(NULL);
SELECT * FROM mlops_profile('');
SELECT * FROM mlops_profile('nowhere');
SELECT * FROM mlops_profile('narrow');
SELECT * FROM mlops_profile('SELECT 1 AS a, 2 AS b, 3 AS a');
SELECT * FROM mlops_profile('SELECT i4, i4 + 1 FROM types');
SELECT * FROM mlops_profile('DELETE FROM types');
SELECT * FROM mlops_profile('SELECT * FROM types FOR UPDATE');
SELECT * FROM mlops_profile('SELECT 1 / 0 AS x');
SELECT * FROM mlops_profile('SELECT 1 AS x; SELECT 2 AS x');
CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'DELETE FROM types RETURNING 1';
SELECT * FROM mlops_profile('SELECT writes() AS x');

-- as whoever calls, who sees what they may see
CREATE ROLE test_profile_reader;
GRANT USAGE ON SCHEMA test_profile TO test_profile_reader;
GRANT SELECT (i4) ON types TO test_profile_reader;
CREATE TABLE guarded AS SELECT i AS x FROM generate_series(1, 10) AS i;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON guarded USING (x > 7);
GRANT SELECT ON guarded TO test_profile_reader;
SET ROLE test_profile_reader;
SELECT column_name, rows FROM mlops_profile('SELECT i4 FROM test_profile.types');
SELECT column_name, rows FROM mlops_profile('types');
SELECT column_name, rows FROM mlops_profile('SELECT t FROM types');
SELECT rows, minimum FROM mlops_profile('guarded');
RESET ROLE;
-- in a transaction that may not write, several in one statement
BEGIN READ ONLY;
SELECT rows FROM mlops_profile('guarded');
COMMIT;
SELECT a.rows + b.rows AS rows FROM mlops_profile('guarded') AS a, mlops_profile('parted') AS b WHERE b.column_name = 'id';
DROP OWNED BY test_profile_reader;
DROP ROLE test_profile_reader;
