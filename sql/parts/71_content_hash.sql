-- Hashes of rows, and their sum: fingerprints of tables.
-- EXECUTE stays with PUBLIC: they see what they are passed and nothing else.

CREATE FUNCTION mlops_row_hash(features record) RETURNS uuid
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_row_hash_record';
COMMENT ON FUNCTION mlops_row_hash(record) IS
    'Hash of 128 bits of a row: of the names and values of its columns, whatever their order and the settings of the session';

CREATE FUNCTION mlops.content_hash_add(state bigint[], row_hash uuid) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_content_hash_add';
COMMENT ON FUNCTION mlops.content_hash_add(bigint[], uuid) IS 'Adds the hash of a row';
CREATE FUNCTION mlops.content_hash_merge(state bigint[], other bigint[]) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_content_hash_merge';
COMMENT ON FUNCTION mlops.content_hash_merge(bigint[], bigint[]) IS 'Adds two sums of hashes';
CREATE FUNCTION mlops.content_hash_text(state bigint[]) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_content_hash_text';
COMMENT ON FUNCTION mlops.content_hash_text(bigint[]) IS 'A sum of hashes in hexadecimal';
CREATE AGGREGATE mlops_content_hash(row_hash uuid) (
    SFUNC = mlops.content_hash_add, STYPE = bigint[], SSPACE = 64,
    FINALFUNC = mlops.content_hash_text, COMBINEFUNC = mlops.content_hash_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_content_hash(uuid) IS
    'Content hash of rows, whatever their order: the sum of mlops_row_hash of each modulo 2^128, in hexadecimal';
