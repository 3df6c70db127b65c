-- Metrics of labels: aggregates over actual and predicted labels, all on one state.

CREATE TYPE mlops.crosstab;

CREATE FUNCTION mlops.crosstab_in(cstring) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_crosstab_in';
COMMENT ON FUNCTION mlops.crosstab_in(cstring) IS 'Input of mlops.crosstab';
CREATE FUNCTION mlops.crosstab_out(mlops.crosstab) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_crosstab_out';
COMMENT ON FUNCTION mlops.crosstab_out(mlops.crosstab) IS 'Output of mlops.crosstab';
CREATE FUNCTION mlops.crosstab_recv(internal) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_crosstab_recv';
COMMENT ON FUNCTION mlops.crosstab_recv(internal) IS 'Binary input of mlops.crosstab';
CREATE FUNCTION mlops.crosstab_send(mlops.crosstab) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_crosstab_send';
COMMENT ON FUNCTION mlops.crosstab_send(mlops.crosstab) IS 'Binary output of mlops.crosstab';

CREATE TYPE mlops.crosstab (
    INPUT = mlops.crosstab_in, OUTPUT = mlops.crosstab_out, RECEIVE = mlops.crosstab_recv, SEND = mlops.crosstab_send,
    INTERNALLENGTH = VARIABLE, STORAGE = extended);
COMMENT ON TYPE mlops.crosstab IS
    'State of the label metrics: for every label the weights of rows that are it and were called it, were not, or only were called it';

CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual text, predicted text) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_text';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, text, text) IS 'Adds a row to the state of the label metrics';
CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual text, predicted text, weight double precision) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_text';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, text, text, double precision) IS 'Adds a row to the state of the label metrics';
CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual text, predicted text, average text) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_text_average';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, text, text, text) IS 'Adds a row to the state of the label metrics';
CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual text, predicted text, average text, weight double precision) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_text_average';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, text, text, text, double precision) IS 'Adds a row to the state of the label metrics';
CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual bigint, predicted bigint) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_bigint';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, bigint, bigint) IS 'Adds a row to the state of the label metrics';
CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual bigint, predicted bigint, weight double precision) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_bigint';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, bigint, bigint, double precision) IS 'Adds a row to the state of the label metrics';
CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual bigint, predicted bigint, average text) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_bigint_average';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, bigint, bigint, text) IS 'Adds a row to the state of the label metrics';
CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual bigint, predicted bigint, average text, weight double precision) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_bigint_average';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, bigint, bigint, text, double precision) IS 'Adds a row to the state of the label metrics';
CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual boolean, predicted boolean) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_boolean';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, boolean, boolean) IS 'Adds a row to the state of the label metrics';
CREATE FUNCTION mlops.crosstab_add(state mlops.crosstab, actual boolean, predicted boolean, weight double precision) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_crosstab_add_boolean';
COMMENT ON FUNCTION mlops.crosstab_add(mlops.crosstab, boolean, boolean, double precision) IS 'Adds a row to the state of the label metrics';

CREATE FUNCTION mlops.crosstab_combine(state mlops.crosstab, other mlops.crosstab) RETURNS mlops.crosstab
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_crosstab_combine';
COMMENT ON FUNCTION mlops.crosstab_combine(mlops.crosstab, mlops.crosstab) IS 'Adds the rows of one state of the label metrics to another';

CREATE FUNCTION mlops.crosstab_accuracy(state mlops.crosstab) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_crosstab_accuracy';
COMMENT ON FUNCTION mlops.crosstab_accuracy(mlops.crosstab) IS 'Share of rows whose predicted label is the actual one, from a state of the label metrics';
CREATE FUNCTION mlops.crosstab_balanced_accuracy(state mlops.crosstab) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_crosstab_balanced_accuracy';
COMMENT ON FUNCTION mlops.crosstab_balanced_accuracy(mlops.crosstab) IS 'Mean over the actual labels of the share of their rows that were predicted right, from a state of the label metrics';
CREATE FUNCTION mlops.crosstab_mcc(state mlops.crosstab) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_crosstab_mcc';
COMMENT ON FUNCTION mlops.crosstab_mcc(mlops.crosstab) IS 'Matthews'' correlation of actual and predicted labels; of more than two labels Gorodkin''s, from a state of the label metrics';
CREATE FUNCTION mlops.crosstab_precision(state mlops.crosstab) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_crosstab_precision';
COMMENT ON FUNCTION mlops.crosstab_precision(mlops.crosstab) IS 'Of the rows predicted to have a label, the share that has it, from a state of the label metrics';
CREATE FUNCTION mlops.crosstab_recall(state mlops.crosstab) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_crosstab_recall';
COMMENT ON FUNCTION mlops.crosstab_recall(mlops.crosstab) IS 'Of the rows that have a label, the share predicted to have it, from a state of the label metrics';
CREATE FUNCTION mlops.crosstab_f1(state mlops.crosstab) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_crosstab_f1';
COMMENT ON FUNCTION mlops.crosstab_f1(mlops.crosstab) IS 'Harmonic mean of precision and recall, from a state of the label metrics';
CREATE FUNCTION mlops.crosstab_specificity(state mlops.crosstab) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_crosstab_specificity';
COMMENT ON FUNCTION mlops.crosstab_specificity(mlops.crosstab) IS 'Of the rows that do not have a label, the share predicted not to have it, from a state of the label metrics';

CREATE AGGREGATE mlops_accuracy(actual text, predicted text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_accuracy(text, text) IS 'Share of rows whose predicted label is the actual one';
CREATE AGGREGATE mlops_accuracy(actual text, predicted text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_accuracy(text, text, double precision) IS 'Share of rows whose predicted label is the actual one; rows weighted';
CREATE AGGREGATE mlops_accuracy(actual bigint, predicted bigint) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_accuracy(bigint, bigint) IS 'Share of rows whose predicted label is the actual one';
CREATE AGGREGATE mlops_accuracy(actual bigint, predicted bigint, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_accuracy(bigint, bigint, double precision) IS 'Share of rows whose predicted label is the actual one; rows weighted';
CREATE AGGREGATE mlops_accuracy(actual boolean, predicted boolean) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_accuracy(boolean, boolean) IS 'Share of rows whose predicted label is the actual one';
CREATE AGGREGATE mlops_accuracy(actual boolean, predicted boolean, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_accuracy(boolean, boolean, double precision) IS 'Share of rows whose predicted label is the actual one; rows weighted';

CREATE AGGREGATE mlops_balanced_accuracy(actual text, predicted text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_balanced_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_balanced_accuracy(text, text) IS 'Mean over the actual labels of the share of their rows that were predicted right';
CREATE AGGREGATE mlops_balanced_accuracy(actual text, predicted text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_balanced_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_balanced_accuracy(text, text, double precision) IS 'Mean over the actual labels of the share of their rows that were predicted right; rows weighted';
CREATE AGGREGATE mlops_balanced_accuracy(actual bigint, predicted bigint) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_balanced_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_balanced_accuracy(bigint, bigint) IS 'Mean over the actual labels of the share of their rows that were predicted right';
CREATE AGGREGATE mlops_balanced_accuracy(actual bigint, predicted bigint, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_balanced_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_balanced_accuracy(bigint, bigint, double precision) IS 'Mean over the actual labels of the share of their rows that were predicted right; rows weighted';
CREATE AGGREGATE mlops_balanced_accuracy(actual boolean, predicted boolean) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_balanced_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_balanced_accuracy(boolean, boolean) IS 'Mean over the actual labels of the share of their rows that were predicted right';
CREATE AGGREGATE mlops_balanced_accuracy(actual boolean, predicted boolean, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_balanced_accuracy,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_balanced_accuracy(boolean, boolean, double precision) IS 'Mean over the actual labels of the share of their rows that were predicted right; rows weighted';

CREATE AGGREGATE mlops_mcc(actual text, predicted text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_mcc,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mcc(text, text) IS 'Matthews'' correlation of actual and predicted labels; of more than two labels Gorodkin''s';
CREATE AGGREGATE mlops_mcc(actual text, predicted text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_mcc,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mcc(text, text, double precision) IS 'Matthews'' correlation of actual and predicted labels; of more than two labels Gorodkin''s; rows weighted';
CREATE AGGREGATE mlops_mcc(actual bigint, predicted bigint) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_mcc,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mcc(bigint, bigint) IS 'Matthews'' correlation of actual and predicted labels; of more than two labels Gorodkin''s';
CREATE AGGREGATE mlops_mcc(actual bigint, predicted bigint, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_mcc,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mcc(bigint, bigint, double precision) IS 'Matthews'' correlation of actual and predicted labels; of more than two labels Gorodkin''s; rows weighted';
CREATE AGGREGATE mlops_mcc(actual boolean, predicted boolean) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_mcc,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mcc(boolean, boolean) IS 'Matthews'' correlation of actual and predicted labels; of more than two labels Gorodkin''s';
CREATE AGGREGATE mlops_mcc(actual boolean, predicted boolean, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_mcc,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_mcc(boolean, boolean, double precision) IS 'Matthews'' correlation of actual and predicted labels; of more than two labels Gorodkin''s; rows weighted';

CREATE AGGREGATE mlops_precision(actual boolean, predicted boolean) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_precision,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision(boolean, boolean) IS 'Of the rows predicted to have a label, the share that has it; the label is true';
CREATE AGGREGATE mlops_precision(actual boolean, predicted boolean, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_precision,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision(boolean, boolean, double precision) IS 'Of the rows predicted to have a label, the share that has it; the label is true; rows weighted';
CREATE AGGREGATE mlops_precision(actual text, predicted text, average text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_precision,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision(text, text, text) IS 'Of the rows predicted to have a label, the share that has it; averaged over labels, or of one';
CREATE AGGREGATE mlops_precision(actual text, predicted text, average text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_precision,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision(text, text, text, double precision) IS 'Of the rows predicted to have a label, the share that has it; averaged over labels, or of one; rows weighted';
CREATE AGGREGATE mlops_precision(actual bigint, predicted bigint, average text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_precision,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision(bigint, bigint, text) IS 'Of the rows predicted to have a label, the share that has it; averaged over labels, or of one';
CREATE AGGREGATE mlops_precision(actual bigint, predicted bigint, average text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_precision,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_precision(bigint, bigint, text, double precision) IS 'Of the rows predicted to have a label, the share that has it; averaged over labels, or of one; rows weighted';

CREATE AGGREGATE mlops_recall(actual boolean, predicted boolean) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_recall,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_recall(boolean, boolean) IS 'Of the rows that have a label, the share predicted to have it; the label is true';
CREATE AGGREGATE mlops_recall(actual boolean, predicted boolean, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_recall,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_recall(boolean, boolean, double precision) IS 'Of the rows that have a label, the share predicted to have it; the label is true; rows weighted';
CREATE AGGREGATE mlops_recall(actual text, predicted text, average text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_recall,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_recall(text, text, text) IS 'Of the rows that have a label, the share predicted to have it; averaged over labels, or of one';
CREATE AGGREGATE mlops_recall(actual text, predicted text, average text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_recall,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_recall(text, text, text, double precision) IS 'Of the rows that have a label, the share predicted to have it; averaged over labels, or of one; rows weighted';
CREATE AGGREGATE mlops_recall(actual bigint, predicted bigint, average text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_recall,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_recall(bigint, bigint, text) IS 'Of the rows that have a label, the share predicted to have it; averaged over labels, or of one';
CREATE AGGREGATE mlops_recall(actual bigint, predicted bigint, average text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_recall,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_recall(bigint, bigint, text, double precision) IS 'Of the rows that have a label, the share predicted to have it; averaged over labels, or of one; rows weighted';

CREATE AGGREGATE mlops_f1(actual boolean, predicted boolean) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_f1,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_f1(boolean, boolean) IS 'Harmonic mean of precision and recall; the label is true';
CREATE AGGREGATE mlops_f1(actual boolean, predicted boolean, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_f1,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_f1(boolean, boolean, double precision) IS 'Harmonic mean of precision and recall; the label is true; rows weighted';
CREATE AGGREGATE mlops_f1(actual text, predicted text, average text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_f1,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_f1(text, text, text) IS 'Harmonic mean of precision and recall; averaged over labels, or of one';
CREATE AGGREGATE mlops_f1(actual text, predicted text, average text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_f1,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_f1(text, text, text, double precision) IS 'Harmonic mean of precision and recall; averaged over labels, or of one; rows weighted';
CREATE AGGREGATE mlops_f1(actual bigint, predicted bigint, average text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_f1,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_f1(bigint, bigint, text) IS 'Harmonic mean of precision and recall; averaged over labels, or of one';
CREATE AGGREGATE mlops_f1(actual bigint, predicted bigint, average text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_f1,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_f1(bigint, bigint, text, double precision) IS 'Harmonic mean of precision and recall; averaged over labels, or of one; rows weighted';

CREATE AGGREGATE mlops_specificity(actual boolean, predicted boolean) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_specificity,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_specificity(boolean, boolean) IS 'Of the rows that do not have a label, the share predicted not to have it; the label is true';
CREATE AGGREGATE mlops_specificity(actual boolean, predicted boolean, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_specificity,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_specificity(boolean, boolean, double precision) IS 'Of the rows that do not have a label, the share predicted not to have it; the label is true; rows weighted';
CREATE AGGREGATE mlops_specificity(actual text, predicted text, average text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_specificity,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_specificity(text, text, text) IS 'Of the rows that do not have a label, the share predicted not to have it; averaged over labels, or of one';
CREATE AGGREGATE mlops_specificity(actual text, predicted text, average text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_specificity,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_specificity(text, text, text, double precision) IS 'Of the rows that do not have a label, the share predicted not to have it; averaged over labels, or of one; rows weighted';
CREATE AGGREGATE mlops_specificity(actual bigint, predicted bigint, average text) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_specificity,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_specificity(bigint, bigint, text) IS 'Of the rows that do not have a label, the share predicted not to have it; averaged over labels, or of one';
CREATE AGGREGATE mlops_specificity(actual bigint, predicted bigint, average text, weight double precision) (
    SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, SSPACE = 1024, FINALFUNC = mlops.crosstab_specificity,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_specificity(bigint, bigint, text, double precision) IS 'Of the rows that do not have a label, the share predicted not to have it; averaged over labels, or of one; rows weighted';
