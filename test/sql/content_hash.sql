-- Hashes of rows and tables: whatever the order of rows and columns, the session and the plan.
\set SHOW_CONTEXT never
CREATE SCHEMA test_hashes;
SET search_path = test_hashes, public;
CREATE TABLE orders (id int PRIMARY KEY, amount float8, city text, at timestamptz, paid boolean, price numeric(10,2));
INSERT INTO orders SELECT i, i % 7 * 1.5, 'c' || i % 5, '2024-01-01 00:00+00'::timestamptz + i * interval '1 hour', i % 3 = 0, i / 4.0 FROM generate_series(1, 300) i;
UPDATE orders SET amount = NULL WHERE id % 50 = 0;

SELECT mlops_content_hash(mlops_row_hash(o)) AS content FROM orders o;
SELECT mlops_content_hash(mlops_row_hash(o)) AS other_order FROM (SELECT * FROM orders ORDER BY city, id DESC) o;
SELECT mlops_content_hash(mlops_row_hash(o)) AS other_columns FROM (SELECT price, paid, at, city, amount, id FROM orders) o;
SET TimeZone = 'Asia/Kathmandu';
SET DateStyle = 'SQL, DMY';
SET extra_float_digits = -10;
SELECT mlops_content_hash(mlops_row_hash(o)) AS other_session FROM orders o;
RESET TimeZone;
RESET DateStyle;
RESET extra_float_digits;
SELECT mlops_content_hash(mlops_row_hash(o)) AS wider_types FROM (SELECT id::bigint, amount, city::varchar(50), at, paid, price::numeric FROM orders) o;
SELECT mlops_content_hash(mlops_row_hash(o)) AS of_nothing FROM orders o WHERE false;
SELECT mlops_content_hash(mlops_row_hash(o)) AS rows_without_columns FROM (SELECT FROM generate_series(1, 3)) o;
SELECT mlops_row_hash(NULL::orders) IS NULL AS null_row, mlops_content_hash(NULL) AS of_null_hashes;
-- rows that appear twice do not cancel; a value in the wrong column is another row
SELECT count(DISTINCT h) AS different FROM (
    SELECT mlops_content_hash(mlops_row_hash(o)) AS h FROM (SELECT 1 AS a) o
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES (1), (1)) o(a)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES (1), (1), (1)) o(a)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES (1, 2)) o(a, b)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES (2, 1)) o(a, b)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES (1, NULL::int)) o(a, b)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES (NULL::int, 1)) o(a, b)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES ('1')) o(a)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES (1.0)) o(a)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES (1::float8)) o(a)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES ('')) o(a)
    UNION ALL SELECT mlops_content_hash(mlops_row_hash(o)) FROM (VALUES (NULL::text)) o(a)) x;
-- what SQL does not tell apart has one hash
SELECT mlops_row_hash(a) = mlops_row_hash(b) AS same FROM
    (SELECT 0::float8 AS f, 'NaN'::float8 AS n, 1.50 AS d, 'ab '::char(5) AS c, 5::int2 AS i, 1.5::real AS r, '{"b": 1, "a": 2}'::jsonb AS j, '{1.10}'::numeric[] AS l) a,
    (SELECT '-0'::float8 AS f, '-NaN'::float8 AS n, 1.500 AS d, 'ab'::char(3) AS c, 5::int8 AS i, 1.5::float8 AS r, '{"a": 2, "b": 1}'::jsonb AS j, '{1.10}'::numeric[] AS l) b;
-- every kind of type, in any session
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b date);
CREATE VIEW kinds AS SELECT 'good'::mood AS e, 3::positive AS p, '{1.5,NULL,-0.1}'::float8[] AS f, '{"\\xff"}'::bytea[] AS b, '\x00ff'::bytea AS y, 'a b'::tsvector AS v,
    '[2024-01-01,2024-02-01)'::daterange AS r, ROW(1, '2024-01-01')::pair AS w, '10.0.0.1'::inet AS a, '1 day 2 hours'::interval AS i, '12:30'::time AS t, '12:30+02'::timetz AS z,
    'infinity'::timestamp AS s, '2024-02-29'::date AS d, 'b9c7ad60-9c66-4b36-8ef5-2e1bd0c5b3ac'::uuid AS u, '{"a": [1, 2.50]}'::json AS j, '12.34'::money AS m, 'n'::name AS n, 'x'::"char" AS c, 'orders'::regclass AS o;
SELECT mlops_row_hash(k) AS here FROM kinds k;
SET DateStyle = 'German';
SET IntervalStyle = 'iso_8601';
SET bytea_output = 'escape';
SET extra_float_digits = -5;
SET TimeZone = 'Pacific/Auckland';
SET search_path = pg_catalog;
SELECT public.mlops_row_hash(k) AS there FROM test_hashes.kinds k;
RESET DateStyle;
RESET IntervalStyle;
RESET bytea_output;
RESET extra_float_digits;
RESET TimeZone;
SET search_path = test_hashes, public;
-- in parallel
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ANALYZE orders;
SELECT mlops_content_hash(mlops_row_hash(o)) AS parallel FROM orders o;
SELECT mlops_content_hash(mlops_row_hash(o)) AS parallel_subquery FROM (SELECT price, paid, at, city, amount, id FROM orders) o;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
-- the row's type changes under a function that stays
CREATE TABLE changing (a int, b int);
INSERT INTO changing VALUES (1, 2);
CREATE FUNCTION hash_changing() RETURNS uuid LANGUAGE plpgsql AS $$DECLARE r record; BEGIN SELECT * INTO r FROM test_hashes.changing; RETURN public.mlops_row_hash(r); END$$;
SELECT hash_changing() = mlops_row_hash(c) AS same FROM changing c;
ALTER TABLE changing DROP COLUMN a, ADD COLUMN c text DEFAULT 'x';
SELECT hash_changing() = mlops_row_hash(k) AS same, mlops_row_hash(k) = mlops_row_hash(d) AS dropped_column_does_not_count FROM changing k, (SELECT 2 AS b, 'x' AS c) d;
SELECT mlops.content_hash_add('{1,2,3}', NULL);
SELECT mlops_row_hash(3);

SET client_min_messages = error;
DROP SCHEMA test_hashes CASCADE;
