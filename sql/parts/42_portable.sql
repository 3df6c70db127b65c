-- Models carried from one database to another.

CREATE FUNCTION mlops_export_model(model text) RETURNS bytea
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 10000 AS 'MODULE_PATHNAME', 'mlops_export_model';
COMMENT ON FUNCTION mlops_export_model(text) IS
    'A version with all that belongs to it as one piece of bytes, for mlops_import_model in another database';

CREATE FUNCTION mlops_import_model(model text, content bytea) RETURNS integer
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 100000 AS 'MODULE_PATHNAME', 'mlops_import_model';
COMMENT ON FUNCTION mlops_import_model(text, bytea) IS
    'Registers what mlops_export_model gave as the next version of a model and returns its number; creates the model at first use';
REVOKE EXECUTE ON FUNCTION mlops_import_model(text, bytea) FROM PUBLIC;
