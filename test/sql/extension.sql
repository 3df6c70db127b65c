-- Every object says what it is; PUBLIC gets nothing that writes; C and SQL agree on the tables.
SELECT mlops_version() = extversion AS same_version FROM pg_extension WHERE extname = 'mlops';

CREATE VIEW members AS
SELECT classid, objid, pg_describe_object(classid, objid, 0) AS what
FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'mlops');

SELECT what AS without_comment FROM members m
WHERE classid IN ('pg_proc'::regclass, 'pg_class'::regclass, 'pg_namespace'::regclass, 'pg_type'::regclass)
  AND what NOT LIKE 'sequence %' AND what NOT LIKE 'index %' AND what NOT LIKE 'type %'
  AND obj_description(objid, classid::regclass::name) IS NULL ORDER BY 1;
SELECT c.oid::regclass AS relation, attname AS column_without_comment
FROM members m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid AND c.relkind IN ('r', 'p', 'v')
JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
WHERE col_description(c.oid, attnum) IS NULL ORDER BY 1, 2;

-- what PUBLIC may execute: reading and predicting
SELECT p.oid::regprocedure AS public_may_call, provolatile AS volatility, proparallel AS parallel, proisstrict AS strict
FROM members m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
WHERE has_function_privilege('pg_monitor', p.oid, 'EXECUTE') ORDER BY p.oid::regprocedure::text COLLATE "C";
SELECT p.oid::regprocedure AS granted_to_nobody
FROM members m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
WHERE NOT has_function_privilege('pg_monitor', p.oid, 'EXECUTE') ORDER BY p.oid::regprocedure::text COLLATE "C";
SELECT c.oid::regclass AS writable_by_public FROM members m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
WHERE c.relkind IN ('r', 'p') AND has_table_privilege('pg_monitor', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') ORDER BY 1;
SELECT has_table_privilege('pg_monitor', 'mlops.version_blobs', 'SELECT') AS public_reads_bytes;
SELECT c.oid::regclass AS without_row_security FROM members m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
WHERE c.relkind IN ('r', 'p') AND NOT relrowsecurity ORDER BY 1;

-- every table and sequence is dumped
SELECT m.what AS not_dumped FROM members m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
WHERE c.relkind IN ('r', 'S') AND NOT c.oid = ANY (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'mlops') ORDER BY 1;

-- attribute numbers that C reads by (src/pg/tables.h)
SELECT attrelid::regclass AS relation, attname, attnum FROM pg_attribute
WHERE (attrelid, attname) IN (
    ('mlops.models'::regclass, 'model_id'), ('mlops.models'::regclass, 'name'), ('mlops.models'::regclass, 'owner'),
    ('mlops.model_grants'::regclass, 'model_id'), ('mlops.model_grants'::regclass, 'grantee'), ('mlops.model_grants'::regclass, 'privilege'),
    ('mlops.versions'::regclass, 'version_id'), ('mlops.versions'::regclass, 'model_id'), ('mlops.versions'::regclass, 'version'),
    ('mlops.versions'::regclass, 'stage'), ('mlops.versions'::regclass, 'threshold'), ('mlops.versions'::regclass, 'risk_bands'),
    ('mlops.versions'::regclass, 'definition'), ('mlops.versions'::regclass, 'key'), ('mlops.versions'::regclass, 'created_at'),
    ('mlops.version_blobs'::regclass, 'version_id'), ('mlops.version_blobs'::regclass, 'content'),
    ('mlops.version_aliases'::regclass, 'model_id'), ('mlops.version_aliases'::regclass, 'alias'), ('mlops.version_aliases'::regclass, 'version_id'))
ORDER BY attrelid::regclass::text COLLATE "C", attnum;

-- history cannot be rewritten
UPDATE mlops.stage_history SET reason = 'x';
DELETE FROM mlops.audit_log;
TRUNCATE mlops.stage_history;
DROP VIEW members;
