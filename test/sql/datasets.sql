-- Data sets that come with the extension: tables of the caller's, where the caller may make them.
\set SHOW_CONTEXT never
SET mlops.progress = off;
CREATE SCHEMA test_datasets;
SET search_path = test_datasets, public;
SELECT mlops_load_dataset(name) FROM unnest(ARRAY['iris', 'wine', 'breast_cancer', 'telco_churn', 'car_prices']) AS name;
SELECT mlops_content_hash(mlops_row_hash(t)) AS content, count(*) AS rows FROM iris t;
SELECT mlops_content_hash(mlops_row_hash(t)) AS content, count(*) AS rows FROM wine t;
SELECT mlops_content_hash(mlops_row_hash(t)) AS content, count(*) AS rows FROM breast_cancer t;
SELECT mlops_content_hash(mlops_row_hash(t)) AS content, count(*) AS rows, count(*) - count(total_charges) AS missing FROM telco_churn t;
SELECT mlops_content_hash(mlops_row_hash(t)) AS content, count(*) AS rows FROM car_prices t;
SELECT target, count(*) FROM iris GROUP BY 1 ORDER BY 1;
SELECT target, count(*), round(avg(mean_radius)::numeric, 4) AS mean_radius FROM breast_cancer GROUP BY 1 ORDER BY 1;
SELECT * FROM wine WHERE rid = 178;
SELECT c.relname, conname, count(*) FILTER (WHERE atttypid = 'int4'::regtype) AS integers, count(*) FILTER (WHERE atttypid = 'float8'::regtype) AS floats,
    count(*) FILTER (WHERE atttypid = 'text'::regtype) AS texts, obj_description(c.oid, 'pg_class') AS comment
FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 LEFT JOIN pg_constraint ON conrelid = c.oid AND contype = 'p'
WHERE relnamespace = 'test_datasets'::regnamespace AND relkind = 'r' GROUP BY c.oid, relname, conname ORDER BY relname;
-- the row number is the key and no feature
SELECT model, algorithm, stage FROM mlops_train('dataset_iris', 'iris', 'target', 'logistic_regression');
SELECT mlops_drop_model('dataset_iris');

-- another name, another schema, a temporary table; as a role that may do nothing but make tables
CREATE ROLE mlops_loader;
CREATE SCHEMA loader AUTHORIZATION mlops_loader;
SET ROLE mlops_loader;
SELECT mlops_load_dataset('iris', 'loader.flowers'), mlops_load_dataset('iris', 'loader."My flowers"'), mlops_load_dataset('iris', 'pg_temp.flowers');
SELECT count(*), pg_get_userbyid(relowner) AS owner FROM loader."My flowers", pg_class c WHERE c.oid = 'loader.flowers'::regclass GROUP BY 2;
-- a type of the caller's does not stand in for text
SET search_path = loader, pg_catalog, public;
CREATE DOMAIN text AS pg_catalog.text CHECK (VALUE <> 'setosa');
SELECT mlops_load_dataset('iris', 'fine');
SELECT mlops_load_dataset('iris', 'test_datasets.mine');
RESET ROLE;

-- wrong arguments
SET search_path = test_datasets, public;
SELECT mlops_load_dataset('irish');
SELECT mlops_load_dataset('../../etc/passwd');
SELECT mlops_load_dataset(NULL);
SELECT mlops_load_dataset('iris');
SELECT mlops_load_dataset('wine', 'iris');
SELECT mlops_load_dataset('wine', 'nowhere.wine');
SELECT mlops_load_dataset('wine', 'two words');
SELECT mlops_load_dataset('wine', '');
SET search_path = '';
SELECT public.mlops_load_dataset('wine');
RESET search_path;
BEGIN READ ONLY;
SELECT mlops_load_dataset('wine');
ROLLBACK;
BEGIN;
SELECT mlops_load_dataset('wine', 'test_datasets.rolled_back');
ROLLBACK;
SELECT to_regclass('test_datasets.rolled_back') AS after_rollback;
-- a table that vanishes as soon as it is made
CREATE FUNCTION vanish() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN DROP TABLE IF EXISTS test_datasets.vanishes; END$$;
CREATE EVENT TRIGGER vanish ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION vanish();
SELECT mlops_load_dataset('wine', 'test_datasets.vanishes');
DROP EVENT TRIGGER vanish;
SET client_min_messages = error;
DROP SCHEMA test_datasets, loader CASCADE;
DROP OWNED BY mlops_loader;
DROP ROLE mlops_loader;
