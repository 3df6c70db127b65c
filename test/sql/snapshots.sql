-- Snapshots: what a source held, what has changed since, and copies to train on again.
\set SHOW_CONTEXT never
SET mlops.progress = off;
CREATE SCHEMA test_snapshots;
SET search_path = test_snapshots, public;
SELECT setval('mlops.snapshots_snapshot_id_seq', 1000) AS before_the_first;
CREATE TABLE orders (id int PRIMARY KEY, amount float8, city text, at timestamptz, paid boolean, price numeric(10,2));
INSERT INTO orders SELECT i, i % 7 * 1.5, 'c' || i % 5, '2024-01-01 00:00+00'::timestamptz + i * interval '1 hour', i % 3 = 0, i / 4.0 FROM generate_series(1, 300) i;
UPDATE orders SET amount = NULL WHERE id % 50 = 0;

SELECT snapshot_id AS first, rows, content_hash, detail FROM mlops_create_snapshot('orders_1', 'orders') \gset
SELECT :rows AS rows, :'content_hash' AS content_hash;
SELECT jsonb_pretty(c) FROM jsonb_array_elements(:'detail') c;
SELECT snapshot_id AS second, relation FROM mlops_create_snapshot('orders_2', 'orders', true) \gset
SELECT :'relation' AS relation;
\d orders_2
SELECT name, owner = current_user AS mine, source, source_query LIKE '%test_snapshots.orders%' AS qualified, row_count, content_hash = :'content_hash' AS same_content, table_schema, table_name FROM mlops.snapshots WHERE name LIKE 'orders\__' ORDER BY 1;
SELECT obj_description('orders_2'::regclass);
SELECT mlops_content_hash(mlops_row_hash(o)) = :'content_hash' AS a_table_against_a_snapshot FROM orders_2 o;
-- nothing has changed
SELECT * FROM mlops_compare_snapshots(:first, :second);
SELECT * FROM mlops_compare_snapshots(:second, :second);
-- the source changes: rows, values, columns, types
UPDATE orders SET amount = amount + 1, city = NULL WHERE id <= 2;
DELETE FROM orders WHERE id = 300;
INSERT INTO orders VALUES (301, 5, 'new', '2025-01-01 00:00+00', true, 1), (302, 5, 'new', '2025-01-01 00:00+00', true, 1);
ALTER TABLE orders DROP COLUMN paid, ADD COLUMN note text, ALTER COLUMN price TYPE numeric(12,4);
SELECT snapshot_id AS third FROM mlops_create_snapshot('orders_3', 'SELECT * FROM orders', true) \gset
SELECT item, column_name, value_a, value_b, differs FROM mlops_compare_snapshots(:second, :third);
SELECT jsonb_pretty(detail) FROM mlops_compare_snapshots(:second, :third) WHERE item = 'rows_only_here';
SELECT item, column_name, value_a, value_b, differs FROM mlops_compare_snapshots(:third, :first) WHERE column_name IS NULL;
-- rows that are there more than once are counted as often
SELECT snapshot_id AS a FROM mlops_create_snapshot('many', 'SELECT i % 2 AS x FROM generate_series(1, 10) i', true) \gset
SELECT snapshot_id AS b FROM mlops_create_snapshot('fewer', 'SELECT i % 2 AS x FROM generate_series(1, 7) i', true) \gset
SELECT item, value_a, value_b, detail FROM mlops_compare_snapshots(:a, :b) WHERE item = 'rows_only_here';
-- columns of one name and different types are no shared columns
SELECT snapshot_id AS c FROM mlops_create_snapshot('other', 'SELECT ''a'' AS x FROM generate_series(1, 7) i', true) \gset
SELECT item, column_name, value_a, value_b FROM mlops_compare_snapshots(:b, :c);
-- a column may be called as the comparison calls its rows
SELECT snapshot_id AS ours FROM mlops_create_snapshot('t', 'SELECT i AS t, i AS h, i AS n, i AS row FROM generate_series(1, 3) i', true) \gset
SELECT snapshot_id AS theirs FROM mlops_create_snapshot('u', 'SELECT i AS t, i AS h, i AS n, i AS row FROM generate_series(2, 3) i', true) \gset
SELECT item, value_a, value_b, detail FROM mlops_compare_snapshots(:ours, :theirs) WHERE item IN ('copy', 'rows_only_here');
-- odd sources: nothing, odd names, all NULL, NaN and infinity, large texts
SELECT rows, content_hash, relation, detail FROM mlops_create_snapshot('empty', 'SELECT * FROM orders WHERE false', true);
SELECT rows, relation FROM mlops_create_snapshot('odd', 'SELECT 1 AS "a b", 2 AS "Select", NULL::int AS "ä,""", ''NaN''::float8 AS f, ''-infinity''::float8 AS g, repeat(''x'', 1000000) AS long, ''infinity''::date AS d');
SELECT columns FROM mlops.snapshots WHERE name = 'odd';
SELECT rows, relation FROM mlops_create_snapshot('Odd-1b', 'SELECT 1 AS "a b", ''x'' COLLATE "C" AS "Select", ''abc''::varchar(7) AS v, repeat(''x'', 1000000) AS long', true);
\d "Odd-1b"
SELECT item, value_a, value_b FROM mlops_compare_snapshots((SELECT snapshot_id FROM mlops.snapshots WHERE name = 'empty'), :third) WHERE column_name IS NULL;
-- an inheriting table's rows need not keep to the key of the table they inherit from
CREATE TABLE heir () INHERITS (orders);
INSERT INTO heir SELECT * FROM orders LIMIT 1;
SELECT rows, relation FROM mlops_create_snapshot('family', 'orders', true);
DROP TABLE heir;

-- a model learned from a copy is the same again, whatever has become of the source; and the same as from the source then
CREATE TABLE visits AS SELECT i AS id, sin(i) AS x, 'g' || i % 4 AS g, sin(i) + i % 3 > 0.8 AS y FROM generate_series(1, 500) i;
ALTER TABLE visits ADD PRIMARY KEY (id);
SET client_min_messages = warning;
SELECT relation FROM mlops_create_snapshot('visits_1', 'visits', true);
SELECT version FROM mlops_train('snapshot_model', 'visits', 'y', params => '{"n_estimators": 10, "early_stopping_rounds": 0}');
UPDATE visits SET x = -x;
SELECT version FROM mlops_train('snapshot_model', 'visits_1', 'y', params => '{"n_estimators": 10, "early_stopping_rounds": 0}');
VACUUM FULL visits_1;
SELECT version FROM mlops_train('snapshot_model', 'visits_1', 'y', params => '{"n_estimators": 10, "early_stopping_rounds": 0}');
SELECT version FROM mlops_train('snapshot_model', 'visits', 'y', params => '{"n_estimators": 10, "early_stopping_rounds": 0}');
SELECT v.version, b.content = first_value(b.content) OVER (ORDER BY v.version) AS same_bytes FROM mlops.versions v JOIN mlops.models m USING (model_id) JOIN mlops.version_blobs b USING (version_id)
WHERE m.name = 'snapshot_model' ORDER BY 1;
SELECT mlops_drop_model('snapshot_model');
RESET client_min_messages;

-- copies that have changed, or are gone
UPDATE orders_2 SET amount = 0 WHERE id = 1;
SELECT item, value_a, value_b, differs FROM mlops_compare_snapshots(:second, :third) WHERE column_name IS NULL;
DROP TABLE orders_3;
CREATE VIEW orders_3 AS SELECT * FROM orders_2;
SELECT item, value_a, value_b, differs FROM mlops_compare_snapshots(:second, :third) WHERE column_name IS NULL;
DROP VIEW orders_3;

-- ---- rights: the caller reads, makes and owns; others see nothing
CREATE ROLE mlops_ann;
CREATE ROLE mlops_bob;
GRANT USAGE ON SCHEMA test_snapshots TO mlops_ann, mlops_bob;
SET ROLE mlops_ann;
SELECT mlops_create_snapshot('ann', 'SELECT 1 AS x');
RESET ROLE;
GRANT EXECUTE ON FUNCTION mlops_create_snapshot, mlops_drop_snapshot TO mlops_ann, mlops_bob;
SET ROLE mlops_ann;
SELECT mlops_create_snapshot('ann', 'orders');
SELECT mlops_create_snapshot('ann', 'SELECT 1 AS x', true);
SELECT snapshot_id AS ann, rows FROM mlops_create_snapshot('ann', 'SELECT current_user::text AS x') \gset
SELECT name FROM mlops.snapshots;
SELECT * FROM mlops_compare_snapshots(:ann, :first);
SELECT mlops_drop_snapshot(:first);
INSERT INTO mlops.snapshots (name, owner, source, source_query, row_count, content_hash, columns) VALUES ('x', 'mlops_ann', '', '', 0, '', '[]');
RESET ROLE;
SET ROLE mlops_bob;
SELECT count(*) AS seen_by_others FROM mlops.snapshots;
SELECT * FROM mlops_compare_snapshots(:ann, :ann);
SELECT mlops_drop_snapshot(:ann);
RESET ROLE;
-- whoever takes the place of a copy is not read in its name
CREATE SCHEMA shared;
GRANT USAGE, CREATE ON SCHEMA shared TO mlops_ann, mlops_bob;
SET ROLE mlops_ann;
SET search_path = shared, public;
SELECT snapshot_id AS left FROM mlops_create_snapshot('left', 'SELECT 1 AS x', true) \gset
DROP TABLE shared."left";
RESET ROLE;
SET ROLE mlops_bob;
CREATE TABLE shared."left" AS SELECT 1 AS x;
GRANT SELECT ON shared."left" TO mlops_ann;
RESET ROLE;
SET ROLE mlops_ann;
SELECT item, value_a, value_b, differs FROM mlops_compare_snapshots(:left, :ann);
SELECT mlops_drop_snapshot(:left);
SELECT mlops_drop_snapshot(:ann);
RESET ROLE;
SET search_path = test_snapshots, public;
SELECT action, actor, after ->> 'name' AS name FROM mlops.audit_log WHERE actor = 'mlops_ann' ORDER BY audit_id;

-- ---- dropping
SELECT mlops_drop_snapshot(:first), mlops_drop_snapshot(:second);
SELECT to_regclass('orders_2') AS copy, count(*) AS left FROM mlops.snapshots WHERE name IN ('orders_1', 'orders_2');
COMMENT ON TABLE many IS 'mine now';
SELECT mlops_drop_snapshot(:a);
SELECT count(*) FROM many;

-- ---- wrong arguments
SELECT mlops_create_snapshot(NULL, 'orders');
SELECT mlops_create_snapshot('x', NULL);
SELECT mlops_create_snapshot('two words', 'orders');
SELECT mlops_create_snapshot('', 'orders');
SELECT mlops_create_snapshot('archive.orders', 'orders', true);
SELECT mlops_create_snapshot('orders_3', 'orders');
SELECT mlops_create_snapshot('visits', 'orders', true);
SELECT mlops_create_snapshot('x', 'nowhere');
SELECT mlops_create_snapshot('x', 'DELETE FROM orders');
SELECT mlops_create_snapshot('x', 'SELECT 1 AS a, 2 AS a');
SELECT mlops_create_snapshot('x', 'SELECT 1');
SELECT mlops_create_snapshot('x', 'SELECT 1 AS ctid', true);
SELECT mlops_create_snapshot('x', 'SELECT ROW(1, 2) AS r', true);
SELECT rows FROM mlops_create_snapshot('x', 'SELECT ROW(1, 2) AS r');
CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'DELETE FROM test_snapshots.visits RETURNING id';
SELECT mlops_create_snapshot('y', 'SELECT test_snapshots.writes() AS w', true);
SELECT mlops_create_snapshot('y', 'SELECT 1 / (id - 5) AS w FROM orders', true);
SELECT to_regclass('y') AS nothing_left, count(*) FROM mlops.snapshots WHERE name = 'y';
SELECT * FROM mlops_compare_snapshots(0, 1);
SELECT * FROM mlops_compare_snapshots(NULL, 1);
SELECT mlops_drop_snapshot(-5);
CREATE TEMP TABLE fleeting AS SELECT 1 AS x;
SELECT rows FROM mlops_create_snapshot('fleeting_1', 'fleeting', true);
SET search_path = pg_temp;
SELECT public.mlops_create_snapshot('fleeting_2', 'fleeting', true);
SET search_path = test_snapshots, public;
BEGIN READ ONLY;
SELECT mlops_create_snapshot('y', 'orders');
SELECT mlops_drop_snapshot(:third);
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) > 0 AS compares FROM mlops_compare_snapshots(:third, :third);
ROLLBACK;
BEGIN;
SELECT rows FROM mlops_create_snapshot('rolled_back', 'orders', true);
ROLLBACK;
SELECT to_regclass('rolled_back') AS nothing_left, count(*) FROM mlops.snapshots WHERE name = 'rolled_back';

SELECT count(mlops_drop_snapshot(snapshot_id)) > 0 AS dropped FROM mlops.snapshots;
SET client_min_messages = error;
DROP SCHEMA test_snapshots, shared CASCADE;
DROP OWNED BY mlops_ann, mlops_bob;
DROP ROLE mlops_ann, mlops_bob;
