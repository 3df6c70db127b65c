-- Ranking metrics: aggregates over (actual, score), how well the score orders the rows.
-- Functions of states stand in the schema mlops, aggregates beside the other functions.
-- EXECUTE stays with PUBLIC: they see what they are passed and nothing else.

CREATE TYPE mlops.two_samples;
CREATE FUNCTION mlops.two_samples_in(cstring) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_in';
COMMENT ON FUNCTION mlops.two_samples_in(cstring) IS 'Text input: \x and the bytes in hexadecimal';
CREATE FUNCTION mlops.two_samples_out(mlops.two_samples) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_out';
COMMENT ON FUNCTION mlops.two_samples_out(mlops.two_samples) IS 'Text output: \x and the bytes in hexadecimal';
CREATE FUNCTION mlops.two_samples_recv(internal) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_recv';
COMMENT ON FUNCTION mlops.two_samples_recv(internal) IS 'Binary input';
CREATE FUNCTION mlops.two_samples_send(mlops.two_samples) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_send';
COMMENT ON FUNCTION mlops.two_samples_send(mlops.two_samples) IS 'Binary output';
CREATE TYPE mlops.two_samples (
    INPUT = mlops.two_samples_in, OUTPUT = mlops.two_samples_out,
    RECEIVE = mlops.two_samples_recv, SEND = mlops.two_samples_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE mlops.two_samples IS 'State of the ranking metrics: scores of positive and of negative rows, counted';

-- what the aggregates are made of
CREATE FUNCTION mlops.two_samples_add(state mlops.two_samples, actual boolean, score double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_boolean';
COMMENT ON FUNCTION mlops.two_samples_add(mlops.two_samples, boolean, double precision) IS
    'Adds a row';
CREATE FUNCTION mlops.two_samples_add(state mlops.two_samples, actual boolean, score double precision, weight double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_boolean';
COMMENT ON FUNCTION mlops.two_samples_add(mlops.two_samples, boolean, double precision, double precision) IS
    'Adds a row with its weight';
CREATE FUNCTION mlops.two_samples_add(state mlops.two_samples, actual bigint, score double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_bigint';
COMMENT ON FUNCTION mlops.two_samples_add(mlops.two_samples, bigint, double precision) IS
    'Adds a row';
CREATE FUNCTION mlops.two_samples_add(state mlops.two_samples, actual bigint, score double precision, weight double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_bigint';
COMMENT ON FUNCTION mlops.two_samples_add(mlops.two_samples, bigint, double precision, double precision) IS
    'Adds a row with its weight';
CREATE FUNCTION mlops.two_samples_add(state mlops.two_samples, actual double precision, score double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_float8';
COMMENT ON FUNCTION mlops.two_samples_add(mlops.two_samples, double precision, double precision) IS
    'Adds a row';
CREATE FUNCTION mlops.two_samples_add(state mlops.two_samples, actual double precision, score double precision, weight double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_float8';
COMMENT ON FUNCTION mlops.two_samples_add(mlops.two_samples, double precision, double precision, double precision) IS
    'Adds a row with its weight';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual boolean, score double precision, k integer) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_k_boolean';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, boolean, double precision, integer) IS
    'Adds a row of a figure of the first k rows';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual boolean, score double precision, weight double precision, k integer) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_k_boolean';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, boolean, double precision, double precision, integer) IS
    'Adds a row of a figure of the first k rows with its weight';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual bigint, score double precision, k integer) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_k_bigint';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, bigint, double precision, integer) IS
    'Adds a row of a figure of the first k rows';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual bigint, score double precision, weight double precision, k integer) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_k_bigint';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, bigint, double precision, double precision, integer) IS
    'Adds a row of a figure of the first k rows with its weight';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual double precision, score double precision, k integer) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_k_float8';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, double precision, double precision, integer) IS
    'Adds a row of a figure of the first k rows';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual double precision, score double precision, weight double precision, k integer) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_k_float8';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, double precision, double precision, double precision, integer) IS
    'Adds a row of a figure of the first k rows with its weight';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual boolean, score double precision, share double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_share_boolean';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, boolean, double precision, double precision) IS
    'Adds a row of a figure of a share of the rows';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual boolean, score double precision, weight double precision, share double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_share_boolean';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, boolean, double precision, double precision, double precision) IS
    'Adds a row of a figure of a share of the rows with its weight';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual bigint, score double precision, share double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_share_bigint';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, bigint, double precision, double precision) IS
    'Adds a row of a figure of a share of the rows';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual bigint, score double precision, weight double precision, share double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_share_bigint';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, bigint, double precision, double precision, double precision) IS
    'Adds a row of a figure of a share of the rows with its weight';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual double precision, score double precision, share double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_share_float8';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, double precision, double precision, double precision) IS
    'Adds a row of a figure of a share of the rows';
CREATE FUNCTION mlops.two_samples_add_top(state mlops.two_samples, actual double precision, score double precision, weight double precision, share double precision) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_two_samples_add_share_float8';
COMMENT ON FUNCTION mlops.two_samples_add_top(mlops.two_samples, double precision, double precision, double precision, double precision) IS
    'Adds a row of a figure of a share of the rows with its weight';
CREATE FUNCTION mlops.two_samples_merge(state mlops.two_samples, other mlops.two_samples) RETURNS mlops.two_samples
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlops_two_samples_merge';
COMMENT ON FUNCTION mlops.two_samples_merge(mlops.two_samples, mlops.two_samples) IS 'Adds the rows of another state';

CREATE FUNCTION mlops.two_samples_roc_auc(state mlops.two_samples) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlops_two_samples_roc_auc';
COMMENT ON FUNCTION mlops.two_samples_roc_auc(mlops.two_samples) IS 'Final function of mlops_roc_auc';
CREATE FUNCTION mlops.two_samples_pr_auc(state mlops.two_samples) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlops_two_samples_pr_auc';
COMMENT ON FUNCTION mlops.two_samples_pr_auc(mlops.two_samples) IS 'Final function of mlops_pr_auc';
CREATE FUNCTION mlops.two_samples_ks_stat(state mlops.two_samples) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlops_two_samples_ks_stat';
COMMENT ON FUNCTION mlops.two_samples_ks_stat(mlops.two_samples) IS 'Final function of mlops_ks_stat';
CREATE FUNCTION mlops.two_samples_precision_at_k(state mlops.two_samples) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlops_two_samples_precision_at_k';
COMMENT ON FUNCTION mlops.two_samples_precision_at_k(mlops.two_samples) IS 'Final function of mlops_precision_at_k';
CREATE FUNCTION mlops.two_samples_lift(state mlops.two_samples) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlops_two_samples_lift';
COMMENT ON FUNCTION mlops.two_samples_lift(mlops.two_samples) IS 'Final function of mlops_lift';

-- roc_auc
CREATE AGGREGATE mlops_roc_auc(actual boolean, score double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_roc_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_roc_auc(boolean, double precision) IS
    'Area under the ROC curve: share of pairs of a positive and a negative row in order, ties one half';
CREATE AGGREGATE mlops_roc_auc(actual boolean, score double precision, weight double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_roc_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_roc_auc(boolean, double precision, double precision) IS
    'Area under the ROC curve: share of pairs of a positive and a negative row in order, ties one half; weighted';
CREATE AGGREGATE mlops_roc_auc(actual bigint, score double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_roc_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_roc_auc(bigint, double precision) IS
    'Area under the ROC curve: share of pairs of a positive and a negative row in order, ties one half';
CREATE AGGREGATE mlops_roc_auc(actual bigint, score double precision, weight double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_roc_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_roc_auc(bigint, double precision, double precision) IS
    'Area under the ROC curve: share of pairs of a positive and a negative row in order, ties one half; weighted';
CREATE AGGREGATE mlops_roc_auc(actual double precision, score double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_roc_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_roc_auc(double precision, double precision) IS
    'Area under the ROC curve: share of pairs of a positive and a negative row in order, ties one half';
CREATE AGGREGATE mlops_roc_auc(actual double precision, score double precision, weight double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_roc_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_roc_auc(double precision, double precision, double precision) IS
    'Area under the ROC curve: share of pairs of a positive and a negative row in order, ties one half; weighted';

-- pr_auc
CREATE AGGREGATE mlops_pr_auc(actual boolean, score double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_pr_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_pr_auc(boolean, double precision) IS
    'Average precision: sum of (R[n] - R[n-1]) P[n] over distinct scores';
CREATE AGGREGATE mlops_pr_auc(actual boolean, score double precision, weight double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_pr_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_pr_auc(boolean, double precision, double precision) IS
    'Average precision: sum of (R[n] - R[n-1]) P[n] over distinct scores; weighted';
CREATE AGGREGATE mlops_pr_auc(actual bigint, score double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_pr_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_pr_auc(bigint, double precision) IS
    'Average precision: sum of (R[n] - R[n-1]) P[n] over distinct scores';
CREATE AGGREGATE mlops_pr_auc(actual bigint, score double precision, weight double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_pr_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_pr_auc(bigint, double precision, double precision) IS
    'Average precision: sum of (R[n] - R[n-1]) P[n] over distinct scores; weighted';
CREATE AGGREGATE mlops_pr_auc(actual double precision, score double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_pr_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_pr_auc(double precision, double precision) IS
    'Average precision: sum of (R[n] - R[n-1]) P[n] over distinct scores';
CREATE AGGREGATE mlops_pr_auc(actual double precision, score double precision, weight double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_pr_auc, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_pr_auc(double precision, double precision, double precision) IS
    'Average precision: sum of (R[n] - R[n-1]) P[n] over distinct scores; weighted';

-- ks_stat
CREATE AGGREGATE mlops_ks_stat(actual boolean, score double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_ks_stat, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ks_stat(boolean, double precision) IS
    'Largest distance between the distributions of the scores of positive and of negative rows';
CREATE AGGREGATE mlops_ks_stat(actual boolean, score double precision, weight double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_ks_stat, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ks_stat(boolean, double precision, double precision) IS
    'Largest distance between the distributions of the scores of positive and of negative rows; weighted';
CREATE AGGREGATE mlops_ks_stat(actual bigint, score double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_ks_stat, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ks_stat(bigint, double precision) IS
    'Largest distance between the distributions of the scores of positive and of negative rows';
CREATE AGGREGATE mlops_ks_stat(actual bigint, score double precision, weight double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_ks_stat, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ks_stat(bigint, double precision, double precision) IS
    'Largest distance between the distributions of the scores of positive and of negative rows; weighted';
CREATE AGGREGATE mlops_ks_stat(actual double precision, score double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_ks_stat, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ks_stat(double precision, double precision) IS
    'Largest distance between the distributions of the scores of positive and of negative rows';
CREATE AGGREGATE mlops_ks_stat(actual double precision, score double precision, weight double precision) (
    SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_ks_stat, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ks_stat(double precision, double precision, double precision) IS
    'Largest distance between the distributions of the scores of positive and of negative rows; weighted';

-- precision_at_k
CREATE AGGREGATE mlops_precision_at_k(actual boolean, score double precision, k integer) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_precision_at_k, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision_at_k(boolean, double precision, integer) IS
    'Share of positive rows among the k rows of the highest scores';
CREATE AGGREGATE mlops_precision_at_k(actual boolean, score double precision, weight double precision, k integer) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_precision_at_k, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision_at_k(boolean, double precision, double precision, integer) IS
    'Share of positive rows among the k rows of the highest scores; weighted';
CREATE AGGREGATE mlops_precision_at_k(actual bigint, score double precision, k integer) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_precision_at_k, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision_at_k(bigint, double precision, integer) IS
    'Share of positive rows among the k rows of the highest scores';
CREATE AGGREGATE mlops_precision_at_k(actual bigint, score double precision, weight double precision, k integer) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_precision_at_k, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision_at_k(bigint, double precision, double precision, integer) IS
    'Share of positive rows among the k rows of the highest scores; weighted';
CREATE AGGREGATE mlops_precision_at_k(actual double precision, score double precision, k integer) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_precision_at_k, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision_at_k(double precision, double precision, integer) IS
    'Share of positive rows among the k rows of the highest scores';
CREATE AGGREGATE mlops_precision_at_k(actual double precision, score double precision, weight double precision, k integer) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_precision_at_k, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision_at_k(double precision, double precision, double precision, integer) IS
    'Share of positive rows among the k rows of the highest scores; weighted';

-- lift
CREATE AGGREGATE mlops_lift(actual boolean, score double precision, share double precision) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_lift, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_lift(boolean, double precision, double precision) IS
    'Share of positive rows among the top share of the rows, over that of all rows';
CREATE AGGREGATE mlops_lift(actual boolean, score double precision, weight double precision, share double precision) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_lift, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_lift(boolean, double precision, double precision, double precision) IS
    'Share of positive rows among the top share of the rows, over that of all rows; weighted';
CREATE AGGREGATE mlops_lift(actual bigint, score double precision, share double precision) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_lift, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_lift(bigint, double precision, double precision) IS
    'Share of positive rows among the top share of the rows, over that of all rows';
CREATE AGGREGATE mlops_lift(actual bigint, score double precision, weight double precision, share double precision) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_lift, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_lift(bigint, double precision, double precision, double precision) IS
    'Share of positive rows among the top share of the rows, over that of all rows; weighted';
CREATE AGGREGATE mlops_lift(actual double precision, score double precision, share double precision) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_lift, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_lift(double precision, double precision, double precision) IS
    'Share of positive rows among the top share of the rows, over that of all rows';
CREATE AGGREGATE mlops_lift(actual double precision, score double precision, weight double precision, share double precision) (
    SFUNC = mlops.two_samples_add_top, STYPE = mlops.two_samples, SSPACE = 1024, COMBINEFUNC = mlops.two_samples_merge,
    FINALFUNC = mlops.two_samples_lift, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_lift(double precision, double precision, double precision, double precision) IS
    'Share of positive rows among the top share of the rows, over that of all rows; weighted';
