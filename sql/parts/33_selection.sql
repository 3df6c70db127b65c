-- Which features are worth keeping.
-- EXECUTE stays with PUBLIC: manage is needed, because the model's stored source is read.

CREATE FUNCTION mlops_select_features(model text, method text DEFAULT 'mutual_info', k integer DEFAULT NULL)
RETURNS TABLE (feature text, score double precision, p_value double precision, rank integer, selected boolean,
    detail jsonb)
LANGUAGE c STABLE PARALLEL UNSAFE COST 100000 ROWS 30 AS 'MODULE_PATHNAME', 'mlops_select_features';
COMMENT ON FUNCTION mlops_select_features(text, text, integer) IS
    'Scores and ranks the features of a model by its training rows, and says which of them a training with config.select would keep';
