-- Which features are worth keeping, and which know too much.
-- EXECUTE stays with PUBLIC: manage is needed, because features and the stored source are the owner's.

CREATE FUNCTION mlops_select_features(model text, method text DEFAULT 'mutual_info', k integer DEFAULT NULL)
RETURNS TABLE (feature text, score double precision, p_value double precision, rank integer, selected boolean,
    detail jsonb)
LANGUAGE c STABLE PARALLEL UNSAFE COST 100000 ROWS 30 AS 'MODULE_PATHNAME', 'mlops_select_features';
COMMENT ON FUNCTION mlops_select_features(text, text, integer) IS
    'Scores and ranks the features of a model by its training rows, and says which of them a training with config.select would keep';

CREATE FUNCTION mlops_check_leakage(model text, source text DEFAULT NULL)
RETURNS TABLE (column_name text, reason text, evidence double precision, detail jsonb)
LANGUAGE c STABLE PARALLEL UNSAFE COST 100000 ROWS 5 AS 'MODULE_PATHNAME', 'mlops_check_leakage';
COMMENT ON FUNCTION mlops_check_leakage(text, text) IS
    'Features that may know what they should not: that tell the target alone, identify rows, come after the event, or repeat in test rows';
