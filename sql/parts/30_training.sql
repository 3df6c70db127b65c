-- Training.

CREATE FUNCTION mlops_train(model text, source text DEFAULT NULL, target text DEFAULT NULL,
    algorithm text DEFAULT 'gradient_boosting', params jsonb DEFAULT '{}', features text DEFAULT NULL,
    task text DEFAULT NULL, key text DEFAULT NULL, time_column text DEFAULT NULL, config jsonb DEFAULT NULL,
    seed bigint DEFAULT 42, options jsonb DEFAULT '{}')
RETURNS TABLE (model text, version integer, run_id bigint, algorithm text, metric text, value double precision,
    stage text, train_rows bigint, test_rows bigint, seconds double precision, detail jsonb)
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1 COST 100000 AS 'MODULE_PATHNAME', 'mlops_train';
COMMENT ON FUNCTION mlops_train(text, text, text, text, jsonb, text, text, text, text, jsonb, bigint, jsonb) IS
    'Trains a new version of a model, judges it on held-out rows and registers it; creates the model at first use';
REVOKE EXECUTE ON FUNCTION mlops_train(text, text, text, text, jsonb, text, text, text, text, jsonb, bigint, jsonb) FROM PUBLIC;

CREATE FUNCTION mlops_algorithms()
RETURNS TABLE (algorithm text, task text, param text, type text, default_value text, minimum double precision,
    maximum double precision, description text, detail jsonb)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 40 AS 'MODULE_PATHNAME', 'mlops_algorithms';
COMMENT ON FUNCTION mlops_algorithms() IS 'Algorithms and their parameters, with defaults, bounds and meaning';

CREATE FUNCTION mlops_split(key text, seed bigint, shares double precision[]) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'mlops_split';
COMMENT ON FUNCTION mlops_split(text, bigint, double precision[]) IS
    'The part, from 1, that a key falls into when rows are cut by these shares; the same for the same key and seed';

CREATE FUNCTION mlops_coefficients(model text)
RETURNS TABLE (class text, feature text, level text, coefficient double precision, coefficient_raw double precision,
    std_error double precision, z double precision, p_value double precision, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 50 AS 'MODULE_PATHNAME', 'mlops_coefficients';
COMMENT ON FUNCTION mlops_coefficients(text) IS
    'Coefficients of a linear version on scaled columns and in raw units, with standard errors where they exist';

CREATE FUNCTION mlops_feature_info(model text)
RETURNS TABLE (feature text, kind text, expression text, missing_share double precision, distinct_count bigint,
    minimum double precision, mean double precision, maximum double precision, importance double precision,
    detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 30 AS 'MODULE_PATHNAME', 'mlops_feature_info';
COMMENT ON FUNCTION mlops_feature_info(text) IS 'Features of a version with their expression and the figures of the training rows';

CREATE FUNCTION mlops_feature_importance(model text, method text DEFAULT 'gain')
RETURNS TABLE (feature text, importance double precision, std double precision, rank integer, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 30 AS 'MODULE_PATHNAME', 'mlops_feature_importance';
COMMENT ON FUNCTION mlops_feature_importance(text, text) IS
    'How much each feature matters to a version, by gain, split, permutation or shap, as computed at training';

CREATE FUNCTION mlops_training_curve(model text)
RETURNS TABLE (round integer, split text, metric text, value double precision, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 500 AS 'MODULE_PATHNAME', 'mlops_training_curve';
COMMENT ON FUNCTION mlops_training_curve(text) IS
    'The loss after each round of the training of a version, on training and on validation rows';

CREATE FUNCTION mlops_threshold_table(model text)
RETURNS TABLE (threshold double precision, "precision" double precision, recall double precision, f1 double precision,
    specificity double precision, flagged_share double precision, cost double precision, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 150 AS 'MODULE_PATHNAME', 'mlops_threshold_table';
COMMENT ON FUNCTION mlops_threshold_table(text) IS
    'What each threshold of a version for two classes would have done to the rows held out by its training';

CREATE FUNCTION mlops.read_rows(source text, target text) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 100000 AS 'MODULE_PATHNAME', 'mlops_read_rows';
COMMENT ON FUNCTION mlops.read_rows(text, text) IS
    'Reads a source into memory as a training would and returns the number of rows: to measure reading alone';
REVOKE EXECUTE ON FUNCTION mlops.read_rows(text, text) FROM PUBLIC;
