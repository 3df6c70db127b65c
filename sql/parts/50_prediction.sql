-- Prediction: what a model says of a row, and why.
-- EXECUTE stays with PUBLIC: each function checks the right to predict with the model.

CREATE FUNCTION mlops_predict(model text, features record) RETURNS double precision
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_record';
COMMENT ON FUNCTION mlops_predict(text, record) IS
    'Prediction for features passed as a row: the value, or the probability of the positive class';
CREATE FUNCTION mlops_predict(model text, features jsonb) RETURNS double precision
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_jsonb';
COMMENT ON FUNCTION mlops_predict(text, jsonb) IS
    'Prediction for features passed as jsonb: the value, or the probability of the positive class';
CREATE FUNCTION mlops_predict(model text, features json) RETURNS double precision
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_json';
COMMENT ON FUNCTION mlops_predict(text, json) IS
    'Prediction for features passed as json: the value, or the probability of the positive class';
CREATE FUNCTION mlops_predict(model text, features text) RETURNS double precision
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_text';
COMMENT ON FUNCTION mlops_predict(text, text) IS
    'Prediction for features passed as JSON text or an array literal: the value, or the probability of the positive class';
CREATE FUNCTION mlops_predict(model text, features double precision[]) RETURNS double precision
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_array';
COMMENT ON FUNCTION mlops_predict(text, double precision[]) IS
    'Prediction for features passed as numbers in the order of the features: the value, or the probability of the positive class';

CREATE FUNCTION mlops_predict_label(model text, features record) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_label_record';
COMMENT ON FUNCTION mlops_predict_label(text, record) IS
    'Predicted class for features passed as a row, with the threshold of the version';
CREATE FUNCTION mlops_predict_label(model text, features jsonb) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_label_jsonb';
COMMENT ON FUNCTION mlops_predict_label(text, jsonb) IS
    'Predicted class for features passed as jsonb, with the threshold of the version';
CREATE FUNCTION mlops_predict_label(model text, features json) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_label_json';
COMMENT ON FUNCTION mlops_predict_label(text, json) IS
    'Predicted class for features passed as json, with the threshold of the version';
CREATE FUNCTION mlops_predict_label(model text, features text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_label_text';
COMMENT ON FUNCTION mlops_predict_label(text, text) IS
    'Predicted class for features passed as JSON text or an array literal, with the threshold of the version';
CREATE FUNCTION mlops_predict_label(model text, features double precision[]) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'mlops_predict_label_array';
COMMENT ON FUNCTION mlops_predict_label(text, double precision[]) IS
    'Predicted class for features passed as numbers in the order of the features, with the threshold of the version';

CREATE FUNCTION mlops_predict_proba(model text, features record) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'mlops_predict_proba_record';
COMMENT ON FUNCTION mlops_predict_proba(text, record) IS
    'Probability of every class for features passed as a row';
CREATE FUNCTION mlops_predict_proba(model text, features jsonb) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'mlops_predict_proba_jsonb';
COMMENT ON FUNCTION mlops_predict_proba(text, jsonb) IS
    'Probability of every class for features passed as jsonb';
CREATE FUNCTION mlops_predict_proba(model text, features json) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'mlops_predict_proba_json';
COMMENT ON FUNCTION mlops_predict_proba(text, json) IS
    'Probability of every class for features passed as json';
CREATE FUNCTION mlops_predict_proba(model text, features text) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'mlops_predict_proba_text';
COMMENT ON FUNCTION mlops_predict_proba(text, text) IS
    'Probability of every class for features passed as JSON text or an array literal';
CREATE FUNCTION mlops_predict_proba(model text, features double precision[]) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'mlops_predict_proba_array';
COMMENT ON FUNCTION mlops_predict_proba(text, double precision[]) IS
    'Probability of every class for features passed as numbers in the order of the features';

CREATE FUNCTION mlops_explain(model text, features record, class text DEFAULT NULL,
    method text DEFAULT 'shap')
    RETURNS TABLE (feature text, value text, contribution double precision, detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'mlops_explain_record';
COMMENT ON FUNCTION mlops_explain(text, record, text, text) IS
    'Share of each feature in the output for features passed as a row, the largest first, the base last';
CREATE FUNCTION mlops_explain(model text, features jsonb, class text DEFAULT NULL,
    method text DEFAULT 'shap')
    RETURNS TABLE (feature text, value text, contribution double precision, detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'mlops_explain_jsonb';
COMMENT ON FUNCTION mlops_explain(text, jsonb, text, text) IS
    'Share of each feature in the output for features passed as jsonb, the largest first, the base last';
CREATE FUNCTION mlops_explain(model text, features json, class text DEFAULT NULL,
    method text DEFAULT 'shap')
    RETURNS TABLE (feature text, value text, contribution double precision, detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'mlops_explain_json';
COMMENT ON FUNCTION mlops_explain(text, json, text, text) IS
    'Share of each feature in the output for features passed as json, the largest first, the base last';
CREATE FUNCTION mlops_explain(model text, features text, class text DEFAULT NULL,
    method text DEFAULT 'shap')
    RETURNS TABLE (feature text, value text, contribution double precision, detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'mlops_explain_text';
COMMENT ON FUNCTION mlops_explain(text, text, text, text) IS
    'Share of each feature in the output for features passed as JSON text or an array literal, the largest first, the base last';
CREATE FUNCTION mlops_explain(model text, features double precision[], class text DEFAULT NULL,
    method text DEFAULT 'shap')
    RETURNS TABLE (feature text, value text, contribution double precision, detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'mlops_explain_array';
COMMENT ON FUNCTION mlops_explain(text, double precision[], text, text) IS
    'Share of each feature in the output for features passed as numbers in the order of the features, the largest first, the base last';

CREATE FUNCTION mlops_explain_batch(model text, source text, top integer DEFAULT NULL)
    RETURNS TABLE (key text, feature text, value text, contribution double precision, rank integer, detail jsonb)
LANGUAGE c STABLE PARALLEL UNSAFE COST 100000 ROWS 10000 AS 'MODULE_PATHNAME', 'mlops_explain_batch';
COMMENT ON FUNCTION mlops_explain_batch(text, text, integer) IS
    'Shares of the features in the output for all rows of a source, which is read as the caller; of each row the largest ones';

CREATE FUNCTION mlops_decision_path(model text, features record)
    RETURNS TABLE (tree integer, step integer, condition text, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 500 AS 'MODULE_PATHNAME', 'mlops_decision_path_record';
COMMENT ON FUNCTION mlops_decision_path(text, record) IS
    'The way through every tree, in words, for features passed as a row';
CREATE FUNCTION mlops_decision_path(model text, features jsonb)
    RETURNS TABLE (tree integer, step integer, condition text, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 500 AS 'MODULE_PATHNAME', 'mlops_decision_path_jsonb';
COMMENT ON FUNCTION mlops_decision_path(text, jsonb) IS
    'The way through every tree, in words, for features passed as jsonb';
CREATE FUNCTION mlops_decision_path(model text, features json)
    RETURNS TABLE (tree integer, step integer, condition text, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 500 AS 'MODULE_PATHNAME', 'mlops_decision_path_json';
COMMENT ON FUNCTION mlops_decision_path(text, json) IS
    'The way through every tree, in words, for features passed as json';
CREATE FUNCTION mlops_decision_path(model text, features text)
    RETURNS TABLE (tree integer, step integer, condition text, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 500 AS 'MODULE_PATHNAME', 'mlops_decision_path_text';
COMMENT ON FUNCTION mlops_decision_path(text, text) IS
    'The way through every tree, in words, for features passed as JSON text or an array literal';
CREATE FUNCTION mlops_decision_path(model text, features double precision[])
    RETURNS TABLE (tree integer, step integer, condition text, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 500 AS 'MODULE_PATHNAME', 'mlops_decision_path_array';
COMMENT ON FUNCTION mlops_decision_path(text, double precision[]) IS
    'The way through every tree, in words, for features passed as numbers in the order of the features';

CREATE FUNCTION mlops_model_rules(model text)
    RETURNS TABLE (tree integer, node integer, condition text, value double precision, cover double precision, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10000 ROWS 1000 AS 'MODULE_PATHNAME', 'mlops_model_rules';
COMMENT ON FUNCTION mlops_model_rules(text) IS 'The leaves of every tree of a version, each with the condition that leads to it';

CREATE FUNCTION mlops_transform(model text, features record) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'mlops_transform_record';
COMMENT ON FUNCTION mlops_transform(text, record) IS
    'What the learner sees of features passed as a row';
CREATE FUNCTION mlops_transform(model text, features jsonb) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'mlops_transform_jsonb';
COMMENT ON FUNCTION mlops_transform(text, jsonb) IS
    'What the learner sees of features passed as jsonb';
CREATE FUNCTION mlops_transform(model text, features json) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'mlops_transform_json';
COMMENT ON FUNCTION mlops_transform(text, json) IS
    'What the learner sees of features passed as json';
CREATE FUNCTION mlops_transform(model text, features text) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'mlops_transform_text';
COMMENT ON FUNCTION mlops_transform(text, text) IS
    'What the learner sees of features passed as JSON text or an array literal';
CREATE FUNCTION mlops_transform(model text, features double precision[]) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME', 'mlops_transform_array';
COMMENT ON FUNCTION mlops_transform(text, double precision[]) IS
    'What the learner sees of features passed as numbers in the order of the features';

CREATE FUNCTION mlops_predict_batch(model text, source text, key text DEFAULT NULL)
    RETURNS TABLE (key text, score double precision, label text, proba jsonb, risk text, detail jsonb)
LANGUAGE c STABLE PARALLEL UNSAFE COST 100000 ROWS 10000 AS 'MODULE_PATHNAME', 'mlops_predict_batch';
COMMENT ON FUNCTION mlops_predict_batch(text, text, text) IS
    'Predictions for all rows of a source, which is read as the caller; key names the column or columns that identify a row';

CREATE FUNCTION mlops_feature_names(model text)
    RETURNS TABLE ("position" integer, feature text, source_feature text, kind text, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 30 AS 'MODULE_PATHNAME', 'mlops_feature_names';
COMMENT ON FUNCTION mlops_feature_names(text) IS 'Columns the learner sees, in order, with the feature each comes from';

CREATE FUNCTION mlops_sample_input(model text) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 10000 AS 'MODULE_PATHNAME', 'mlops_sample_input';
COMMENT ON FUNCTION mlops_sample_input(text) IS 'An example of a valid request: the usual values of the training rows';
