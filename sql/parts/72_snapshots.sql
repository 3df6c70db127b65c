-- Snapshots: what a source held at one moment, by its content hash or as a copy.
-- No foreign key and no column of a type that names an object: a dump restores the rows anywhere.

CREATE TABLE mlops.snapshots (
    snapshot_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL CONSTRAINT snapshots_name_key UNIQUE,
    owner        text NOT NULL,
    source       text NOT NULL,
    source_query text NOT NULL,
    row_count    bigint NOT NULL,
    content_hash text NOT NULL,
    columns      jsonb NOT NULL,
    table_schema text,
    table_name   text,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE mlops.snapshots IS 'What a source held at one moment; rows never change';
COMMENT ON COLUMN mlops.snapshots.snapshot_id IS 'Identity of the snapshot, never reused';
COMMENT ON COLUMN mlops.snapshots.name IS 'Its name, and that of its copy';
COMMENT ON COLUMN mlops.snapshots.owner IS 'Name of the role that made it';
COMMENT ON COLUMN mlops.snapshots.source IS 'Source as typed';
COMMENT ON COLUMN mlops.snapshots.source_query IS 'Source as it was run';
COMMENT ON COLUMN mlops.snapshots.row_count IS 'Rows of the source';
COMMENT ON COLUMN mlops.snapshots.content_hash IS 'Sum of the hashes of its rows modulo 2^128, in hexadecimal';
COMMENT ON COLUMN mlops.snapshots.columns IS 'Its columns in their order: name, type, content hash, NULLs, extremes, mean, deviation';
COMMENT ON COLUMN mlops.snapshots.table_schema IS 'Schema of its copy; NULL when it was not materialized';
COMMENT ON COLUMN mlops.snapshots.table_name IS 'Table with its rows; NULL when it was not materialized';
COMMENT ON COLUMN mlops.snapshots.created_at IS 'When it was made';

CREATE FUNCTION mlops.can_see_snapshot(owner text) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$SELECT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = $1 AND pg_has_role(r.oid, 'USAGE'))$$;
COMMENT ON FUNCTION mlops.can_see_snapshot(text) IS 'Whether the current user may read the snapshots of a role (used by row security)';

ALTER TABLE mlops.snapshots ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON mlops.snapshots FOR SELECT USING (mlops.can_see_snapshot(owner));
GRANT SELECT ON mlops.snapshots TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('mlops.snapshots', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.snapshots_snapshot_id_seq', '');

CREATE FUNCTION mlops_create_snapshot(name text, source text, materialize boolean DEFAULT false)
    RETURNS TABLE (snapshot_id bigint, rows bigint, content_hash text, relation regclass, detail jsonb)
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 100000 ROWS 1 AS 'MODULE_PATHNAME', 'mlops_create_snapshot';
COMMENT ON FUNCTION mlops_create_snapshot(text, text, boolean) IS
    'Writes down what a source holds now: rows, content hash, figures of each column, and the rows themselves when asked for';
REVOKE EXECUTE ON FUNCTION mlops_create_snapshot(text, text, boolean) FROM PUBLIC;

CREATE FUNCTION mlops_compare_snapshots(a bigint, b bigint)
    RETURNS TABLE (item text, column_name text, value_a text, value_b text, differs boolean, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE COST 100000 ROWS 20 AS 'MODULE_PATHNAME', 'mlops_compare_snapshots';
COMMENT ON FUNCTION mlops_compare_snapshots(bigint, bigint) IS
    'What differs between two snapshots: rows, columns, their figures, and which rows only one has when both were materialized';

CREATE FUNCTION mlops_drop_snapshot(snapshot_id bigint) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 10000 AS 'MODULE_PATHNAME', 'mlops_drop_snapshot';
COMMENT ON FUNCTION mlops_drop_snapshot(bigint) IS 'Removes a snapshot and its copy';
REVOKE EXECUTE ON FUNCTION mlops_drop_snapshot(bigint) FROM PUBLIC;
