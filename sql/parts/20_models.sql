-- Models: the use cases.

CREATE FUNCTION mlops_version() RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_version';
COMMENT ON FUNCTION mlops_version() IS 'Version of the loaded library';

CREATE FUNCTION mlops_create_model(model text, source text, target text DEFAULT NULL, task text DEFAULT NULL,
    features text DEFAULT '*', key text DEFAULT NULL, time_column text DEFAULT NULL, config jsonb DEFAULT '{}',
    comment text DEFAULT NULL, replace boolean DEFAULT false, options jsonb DEFAULT '{}') RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_create_model';
COMMENT ON FUNCTION mlops_create_model(text, text, text, text, text, text, text, jsonb, text, boolean, jsonb) IS
    'Defines a model: where its rows come from, what is predicted and from which features; returns its identity';

CREATE FUNCTION mlops_configure(model text, config jsonb) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE STRICT AS 'MODULE_PATHNAME', 'mlops_configure';
COMMENT ON FUNCTION mlops_configure(text, jsonb) IS
    'Merges options into the configuration of a model and returns the whole effective configuration';

CREATE FUNCTION mlops_annotate(model text, description text DEFAULT NULL, tags jsonb DEFAULT NULL,
    feature text DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_annotate';
COMMENT ON FUNCTION mlops_annotate(text, text, jsonb, text) IS
    'Sets description and tags of a model, of a version (model@7) or of one of its features';

CREATE FUNCTION mlops_drop_model(model text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE STRICT AS 'MODULE_PATHNAME', 'mlops_drop_model';
COMMENT ON FUNCTION mlops_drop_model(text) IS 'Removes a model with its versions, runs and log; history and audit stay';

CREATE FUNCTION mlops_drop_version(model text, version integer) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE STRICT AS 'MODULE_PATHNAME', 'mlops_drop_version';
COMMENT ON FUNCTION mlops_drop_version(text, integer) IS 'Removes a version that is not in production';

CREATE FUNCTION mlops_set_owner(model text, owner regrole) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE STRICT AS 'MODULE_PATHNAME', 'mlops_set_owner';
COMMENT ON FUNCTION mlops_set_owner(text, regrole) IS 'Gives a model to another role; stored SQL then runs with its rights';

CREATE FUNCTION mlops_set_threshold(model text, threshold double precision DEFAULT NULL,
    risk_bands jsonb DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_set_threshold';
COMMENT ON FUNCTION mlops_set_threshold(text, double precision, jsonb) IS
    'Changes decision threshold and risk bands of a live version and writes it to the history';

CREATE FUNCTION mlops_grant(model text, role regrole, privilege text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE STRICT AS 'MODULE_PATHNAME', 'mlops_grant';
COMMENT ON FUNCTION mlops_grant(text, regrole, text) IS 'Lets a role predict with a model, or manage it; role 0 (written ''-'') is everyone';

CREATE FUNCTION mlops_revoke(model text, role regrole, privilege text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE STRICT AS 'MODULE_PATHNAME', 'mlops_revoke';
COMMENT ON FUNCTION mlops_revoke(text, regrole, text) IS 'Takes a right on a model away from a role';

REVOKE EXECUTE ON FUNCTION mlops_create_model(text, text, text, text, text, text, text, jsonb, text, boolean, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_configure(text, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_annotate(text, text, jsonb, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_drop_model(text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_drop_version(text, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_set_owner(text, regrole) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_set_threshold(text, double precision, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_grant(text, regrole, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_revoke(text, regrole, text) FROM PUBLIC;
