-- Metrics that follow from running sums: errors of numbers, losses of probabilities.
--
-- The aggregates of a group have one transition function and one state, so that the server reads the
-- arguments once for all of them.  States are float8[] and every function checks what it gets: PUBLIC may
-- call them all, as a distributed engine does on behalf of whoever runs the aggregate.

-- ---------- error metrics ----------

CREATE FUNCTION mlops.error_sums_add(state double precision[], actual double precision, predicted double precision)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_error_sums_add';
COMMENT ON FUNCTION mlops.error_sums_add(double precision[], double precision, double precision) IS
    'Part of mlops_rmse, mlops_mae, mlops_mape, mlops_wape, mlops_smape and mlops_r2: adds a row';
CREATE FUNCTION mlops.error_sums_add(state double precision[], actual double precision, predicted double precision,
    weight double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_error_sums_add';
COMMENT ON FUNCTION mlops.error_sums_add(double precision[], double precision, double precision, double precision) IS
    'Part of mlops_rmse, mlops_mae, mlops_mape, mlops_wape, mlops_smape and mlops_r2: adds a row with its weight';
CREATE FUNCTION mlops.error_sums_merge(state double precision[], other double precision[])
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_error_sums_merge';
COMMENT ON FUNCTION mlops.error_sums_merge(double precision[], double precision[]) IS
    'Part of mlops_rmse, mlops_mae, mlops_mape, mlops_wape, mlops_smape and mlops_r2: joins the states of two sets of rows';
CREATE FUNCTION mlops.error_sums_rmse(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_error_sums_rmse';
COMMENT ON FUNCTION mlops.error_sums_rmse(double precision[]) IS
    'Part of mlops_rmse: the figure of a state';
CREATE FUNCTION mlops.error_sums_mae(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_error_sums_mae';
COMMENT ON FUNCTION mlops.error_sums_mae(double precision[]) IS
    'Part of mlops_mae: the figure of a state';
CREATE FUNCTION mlops.error_sums_mape(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_error_sums_mape';
COMMENT ON FUNCTION mlops.error_sums_mape(double precision[]) IS
    'Part of mlops_mape: the figure of a state';
CREATE FUNCTION mlops.error_sums_wape(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_error_sums_wape';
COMMENT ON FUNCTION mlops.error_sums_wape(double precision[]) IS
    'Part of mlops_wape: the figure of a state';
CREATE FUNCTION mlops.error_sums_smape(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_error_sums_smape';
COMMENT ON FUNCTION mlops.error_sums_smape(double precision[]) IS
    'Part of mlops_smape: the figure of a state';
CREATE FUNCTION mlops.error_sums_r2(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_error_sums_r2';
COMMENT ON FUNCTION mlops.error_sums_r2(double precision[]) IS
    'Part of mlops_r2: the figure of a state';

CREATE AGGREGATE mlops_rmse(actual double precision, predicted double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_rmse, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_rmse(double precision, double precision) IS
    'Root of the mean square error';
CREATE AGGREGATE mlops_rmse(actual double precision, predicted double precision, weight double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_rmse, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_rmse(double precision, double precision, double precision) IS
    'Root of the mean square error, weighted';
CREATE AGGREGATE mlops_mae(actual double precision, predicted double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_mae, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mae(double precision, double precision) IS
    'Mean absolute error';
CREATE AGGREGATE mlops_mae(actual double precision, predicted double precision, weight double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_mae, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mae(double precision, double precision, double precision) IS
    'Mean absolute error, weighted';
CREATE AGGREGATE mlops_mape(actual double precision, predicted double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_mape, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mape(double precision, double precision) IS
    'Mean absolute error as a share of the actual value';
CREATE AGGREGATE mlops_mape(actual double precision, predicted double precision, weight double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_mape, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mape(double precision, double precision, double precision) IS
    'Mean absolute error as a share of the actual value, weighted';
CREATE AGGREGATE mlops_wape(actual double precision, predicted double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_wape, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_wape(double precision, double precision) IS
    'Sum of the absolute errors as a share of the sum of the absolute actual values';
CREATE AGGREGATE mlops_wape(actual double precision, predicted double precision, weight double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_wape, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_wape(double precision, double precision, double precision) IS
    'Sum of the absolute errors as a share of the sum of the absolute actual values, weighted';
CREATE AGGREGATE mlops_smape(actual double precision, predicted double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_smape, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_smape(double precision, double precision) IS
    'Mean absolute error as a share of the mean size of actual and predicted value, 0 to 2';
CREATE AGGREGATE mlops_smape(actual double precision, predicted double precision, weight double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_smape, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_smape(double precision, double precision, double precision) IS
    'Mean absolute error as a share of the mean size of actual and predicted value, 0 to 2, weighted';
CREATE AGGREGATE mlops_r2(actual double precision, predicted double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_r2, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_r2(double precision, double precision) IS
    'Share of the variance of the actual values that the predictions explain';
CREATE AGGREGATE mlops_r2(actual double precision, predicted double precision, weight double precision) (
    SFUNC = mlops.error_sums_add, STYPE = double precision[], SSPACE = 256,
    FINALFUNC = mlops.error_sums_r2, COMBINEFUNC = mlops.error_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_r2(double precision, double precision, double precision) IS
    'Share of the variance of the actual values that the predictions explain, weighted';

-- ---------- log loss and Brier score ----------

CREATE FUNCTION mlops.probability_sums_add(state double precision[], actual boolean, score double precision)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_probability_sums_add_boolean';
COMMENT ON FUNCTION mlops.probability_sums_add(double precision[], boolean, double precision) IS
    'Part of mlops_log_loss and mlops_brier: adds a row';
CREATE FUNCTION mlops.probability_sums_add(state double precision[], actual boolean, score double precision,
    weight double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_probability_sums_add_boolean';
COMMENT ON FUNCTION mlops.probability_sums_add(double precision[], boolean, double precision, double precision) IS
    'Part of mlops_log_loss and mlops_brier: adds a row with its weight';
CREATE FUNCTION mlops.probability_sums_add(state double precision[], actual bigint, score double precision)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_probability_sums_add_bigint';
COMMENT ON FUNCTION mlops.probability_sums_add(double precision[], bigint, double precision) IS
    'Part of mlops_log_loss and mlops_brier: adds a row';
CREATE FUNCTION mlops.probability_sums_add(state double precision[], actual bigint, score double precision,
    weight double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_probability_sums_add_bigint';
COMMENT ON FUNCTION mlops.probability_sums_add(double precision[], bigint, double precision, double precision) IS
    'Part of mlops_log_loss and mlops_brier: adds a row with its weight';
CREATE FUNCTION mlops.probability_sums_add(state double precision[], actual double precision,
    score double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_probability_sums_add_float8';
COMMENT ON FUNCTION mlops.probability_sums_add(double precision[], double precision, double precision) IS
    'Part of mlops_log_loss and mlops_brier: adds a row';
CREATE FUNCTION mlops.probability_sums_add(state double precision[], actual double precision,
    score double precision, weight double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_probability_sums_add_float8';
COMMENT ON FUNCTION mlops.probability_sums_add(double precision[], double precision, double precision, double precision) IS
    'Part of mlops_log_loss and mlops_brier: adds a row with its weight';
CREATE FUNCTION mlops.probability_sums_add(state double precision[], actual text, proba jsonb)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_probability_sums_add_text';
COMMENT ON FUNCTION mlops.probability_sums_add(double precision[], text, jsonb) IS
    'Part of mlops_log_loss: adds a row';
CREATE FUNCTION mlops.probability_sums_add(state double precision[], actual text, proba jsonb,
    weight double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_probability_sums_add_text';
COMMENT ON FUNCTION mlops.probability_sums_add(double precision[], text, jsonb, double precision) IS
    'Part of mlops_log_loss: adds a row with its weight';
CREATE FUNCTION mlops.probability_sums_merge(state double precision[], other double precision[])
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_probability_sums_merge';
COMMENT ON FUNCTION mlops.probability_sums_merge(double precision[], double precision[]) IS
    'Part of mlops_log_loss and mlops_brier: joins the states of two sets of rows';
CREATE FUNCTION mlops.probability_sums_log_loss(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_probability_sums_log_loss';
COMMENT ON FUNCTION mlops.probability_sums_log_loss(double precision[]) IS
    'Part of mlops_log_loss: the figure of a state';
CREATE FUNCTION mlops.probability_sums_brier(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_probability_sums_brier';
COMMENT ON FUNCTION mlops.probability_sums_brier(double precision[]) IS
    'Part of mlops_brier: the figure of a state';

CREATE AGGREGATE mlops_log_loss(actual boolean, score double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_log_loss, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_log_loss(boolean, double precision) IS
    'Mean of -log of the probability that the actual class was given';
CREATE AGGREGATE mlops_log_loss(actual boolean, score double precision, weight double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_log_loss, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_log_loss(boolean, double precision, double precision) IS
    'Mean of -log of the probability that the actual class was given, weighted';
CREATE AGGREGATE mlops_log_loss(actual bigint, score double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_log_loss, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_log_loss(bigint, double precision) IS
    'Mean of -log of the probability that the actual class was given';
CREATE AGGREGATE mlops_log_loss(actual bigint, score double precision, weight double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_log_loss, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_log_loss(bigint, double precision, double precision) IS
    'Mean of -log of the probability that the actual class was given, weighted';
CREATE AGGREGATE mlops_log_loss(actual double precision, score double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_log_loss, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_log_loss(double precision, double precision) IS
    'Mean of -log of the probability that the actual class was given';
CREATE AGGREGATE mlops_log_loss(actual double precision, score double precision, weight double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_log_loss, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_log_loss(double precision, double precision, double precision) IS
    'Mean of -log of the probability that the actual class was given, weighted';
CREATE AGGREGATE mlops_brier(actual boolean, score double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_brier, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_brier(boolean, double precision) IS
    'Mean square difference of label and probability';
CREATE AGGREGATE mlops_brier(actual boolean, score double precision, weight double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_brier, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_brier(boolean, double precision, double precision) IS
    'Mean square difference of label and probability, weighted';
CREATE AGGREGATE mlops_brier(actual bigint, score double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_brier, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_brier(bigint, double precision) IS
    'Mean square difference of label and probability';
CREATE AGGREGATE mlops_brier(actual bigint, score double precision, weight double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_brier, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_brier(bigint, double precision, double precision) IS
    'Mean square difference of label and probability, weighted';
CREATE AGGREGATE mlops_brier(actual double precision, score double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_brier, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_brier(double precision, double precision) IS
    'Mean square difference of label and probability';
CREATE AGGREGATE mlops_brier(actual double precision, score double precision, weight double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_brier, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_brier(double precision, double precision, double precision) IS
    'Mean square difference of label and probability, weighted';
CREATE AGGREGATE mlops_log_loss(actual text, proba jsonb) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_log_loss, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_log_loss(text, jsonb) IS
    'Mean of -log of what proba, an object of class and probability, gives to the actual class';
CREATE AGGREGATE mlops_log_loss(actual text, proba jsonb, weight double precision) (
    SFUNC = mlops.probability_sums_add, STYPE = double precision[], SSPACE = 80,
    FINALFUNC = mlops.probability_sums_log_loss, COMBINEFUNC = mlops.probability_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_log_loss(text, jsonb, double precision) IS
    'Mean of -log of what proba, an object of class and probability, gives to the actual class, weighted';

-- ---------- calibration error ----------

CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual boolean, score double precision)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_boolean';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], boolean, double precision) IS
    'Part of mlops_ece: adds a row';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual boolean, score double precision,
    weight double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_boolean';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], boolean, double precision, double precision) IS
    'Part of mlops_ece: adds a row with its weight';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual boolean, score double precision,
    bins integer) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_boolean_bins';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], boolean, double precision, integer) IS
    'Part of mlops_ece: adds a row';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual boolean, score double precision,
    weight double precision, bins integer) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_boolean_bins';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], boolean, double precision, double precision, integer) IS
    'Part of mlops_ece: adds a row with its weight';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual bigint, score double precision)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_bigint';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], bigint, double precision) IS
    'Part of mlops_ece: adds a row';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual bigint, score double precision,
    weight double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_bigint';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], bigint, double precision, double precision) IS
    'Part of mlops_ece: adds a row with its weight';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual bigint, score double precision,
    bins integer) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_bigint_bins';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], bigint, double precision, integer) IS
    'Part of mlops_ece: adds a row';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual bigint, score double precision,
    weight double precision, bins integer) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_bigint_bins';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], bigint, double precision, double precision, integer) IS
    'Part of mlops_ece: adds a row with its weight';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual double precision,
    score double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_float8';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], double precision, double precision) IS
    'Part of mlops_ece: adds a row';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual double precision,
    score double precision, weight double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_float8';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], double precision, double precision, double precision) IS
    'Part of mlops_ece: adds a row with its weight';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual double precision,
    score double precision, bins integer) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_float8_bins';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], double precision, double precision, integer) IS
    'Part of mlops_ece: adds a row';
CREATE FUNCTION mlops.calibration_sums_add(state double precision[], actual double precision,
    score double precision, weight double precision, bins integer) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_add_float8_bins';
COMMENT ON FUNCTION mlops.calibration_sums_add(double precision[], double precision, double precision, double precision, integer) IS
    'Part of mlops_ece: adds a row with its weight';
CREATE FUNCTION mlops.calibration_sums_merge(state double precision[], other double precision[])
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_merge';
COMMENT ON FUNCTION mlops.calibration_sums_merge(double precision[], double precision[]) IS
    'Part of mlops_ece: joins the states of two sets of rows';
CREATE FUNCTION mlops.calibration_sums_ece(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_calibration_sums_ece';
COMMENT ON FUNCTION mlops.calibration_sums_ece(double precision[]) IS
    'Part of mlops_ece: the figure of a state';

CREATE AGGREGATE mlops_ece(actual boolean, score double precision) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(boolean, double precision) IS
    'Expected calibration error in 10 bins of equal width';
CREATE AGGREGATE mlops_ece(actual boolean, score double precision, weight double precision) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(boolean, double precision, double precision) IS
    'Expected calibration error in 10 bins of equal width, weighted';
CREATE AGGREGATE mlops_ece(actual boolean, score double precision, bins integer) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(boolean, double precision, integer) IS
    'Expected calibration error in bins of equal width';
CREATE AGGREGATE mlops_ece(actual boolean, score double precision, weight double precision, bins integer) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(boolean, double precision, double precision, integer) IS
    'Expected calibration error in bins of equal width, weighted';
CREATE AGGREGATE mlops_ece(actual bigint, score double precision) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(bigint, double precision) IS
    'Expected calibration error in 10 bins of equal width';
CREATE AGGREGATE mlops_ece(actual bigint, score double precision, weight double precision) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(bigint, double precision, double precision) IS
    'Expected calibration error in 10 bins of equal width, weighted';
CREATE AGGREGATE mlops_ece(actual bigint, score double precision, bins integer) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(bigint, double precision, integer) IS
    'Expected calibration error in bins of equal width';
CREATE AGGREGATE mlops_ece(actual bigint, score double precision, weight double precision, bins integer) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(bigint, double precision, double precision, integer) IS
    'Expected calibration error in bins of equal width, weighted';
CREATE AGGREGATE mlops_ece(actual double precision, score double precision) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(double precision, double precision) IS
    'Expected calibration error in 10 bins of equal width';
CREATE AGGREGATE mlops_ece(actual double precision, score double precision, weight double precision) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(double precision, double precision, double precision) IS
    'Expected calibration error in 10 bins of equal width, weighted';
CREATE AGGREGATE mlops_ece(actual double precision, score double precision, bins integer) (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(double precision, double precision, integer) IS
    'Expected calibration error in bins of equal width';
CREATE AGGREGATE mlops_ece(actual double precision, score double precision, weight double precision, bins integer)
    (
    SFUNC = mlops.calibration_sums_add, STYPE = double precision[], SSPACE = 208,
    FINALFUNC = mlops.calibration_sums_ece, COMBINEFUNC = mlops.calibration_sums_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ece(double precision, double precision, double precision, integer) IS
    'Expected calibration error in bins of equal width, weighted';
