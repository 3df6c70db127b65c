-- Stages and aliases.

CREATE FUNCTION mlops_promote(model text, version integer DEFAULT NULL, stage text DEFAULT 'production',
    gate jsonb DEFAULT NULL, reason text DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (check_name text, passed boolean, candidate double precision, champion double precision, detail text)
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 2 AS 'MODULE_PATHNAME', 'mlops_promote';
COMMENT ON FUNCTION mlops_promote(text, integer, text, jsonb, text, jsonb) IS
    'Moves a version (the best by the metric when NULL) to a stage; the old production version is archived';

CREATE FUNCTION mlops_set_alias(model text, alias text, version integer) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE STRICT AS 'MODULE_PATHNAME', 'mlops_set_alias';
COMMENT ON FUNCTION mlops_set_alias(text, text, integer) IS 'Names a version, so that model@alias refers to it';

CREATE FUNCTION mlops_drop_alias(model text, alias text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE STRICT AS 'MODULE_PATHNAME', 'mlops_drop_alias';
COMMENT ON FUNCTION mlops_drop_alias(text, text) IS 'Removes a name of a version';

REVOKE EXECUTE ON FUNCTION mlops_promote(text, integer, text, jsonb, text, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_set_alias(text, text, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_drop_alias(text, text) FROM PUBLIC;
