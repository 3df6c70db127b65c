-- Features with a history: moving aggregates over the past of an entity, and the functions that read them.
--
-- Each aggregate has an inverse transition, so that a frame that slides costs each row once on entering and
-- once on leaving.  States are float8[] or stay inside the server; every function checks what it gets.

-- ---------- mlops_moments ----------

CREATE FUNCTION mlops.moments_add(state double precision[], x double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_moments_add';
COMMENT ON FUNCTION mlops.moments_add(double precision[], double precision) IS
    'Part of mlops_moments: adds a row';
CREATE FUNCTION mlops.moments_remove(state double precision[], x double precision) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_moments_remove';
COMMENT ON FUNCTION mlops.moments_remove(double precision[], double precision) IS
    'Part of mlops_moments: takes back a row that leaves the frame; NULL asks for the rows of the frame anew';
CREATE FUNCTION mlops.moments_merge(state double precision[], other double precision[]) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_moments_merge';
COMMENT ON FUNCTION mlops.moments_merge(double precision[], double precision[]) IS
    'Part of mlops_moments: joins the states of two sets of rows';
CREATE FUNCTION mlops.moments_figures(state double precision[]) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_moments_figures';
COMMENT ON FUNCTION mlops.moments_figures(double precision[]) IS
    'Part of mlops_moments: the figures of a state';

CREATE AGGREGATE mlops_moments(x double precision) (
    SFUNC = mlops.moments_add, STYPE = double precision[], SSPACE = 184,
    FINALFUNC = mlops.moments_figures, COMBINEFUNC = mlops.moments_merge,
    MSFUNC = mlops.moments_add, MINVFUNC = mlops.moments_remove, MSTYPE = double precision[], MSSPACE = 184,
    MFINALFUNC = mlops.moments_figures, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_moments(double precision) IS
    'Array of count, mean and sample standard deviation; made for sliding frames';

CREATE FUNCTION mlops_zscore(x double precision, moments double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_zscore';
COMMENT ON FUNCTION mlops_zscore(double precision, double precision[]) IS
    'How many standard deviations x lies above the mean that mlops_moments has found';

-- ---------- times and rates ----------

CREATE FUNCTION mlops_seconds_since(ts timestamptz, last_ts timestamptz) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_seconds_since';
COMMENT ON FUNCTION mlops_seconds_since(timestamptz, timestamptz) IS
    'Seconds from last_ts to ts; negative when last_ts is later';
CREATE FUNCTION mlops_seconds_since(ts timestamp, last_ts timestamp) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_seconds_since';
COMMENT ON FUNCTION mlops_seconds_since(timestamp, timestamp) IS
    'Seconds from last_ts to ts; negative when last_ts is later';
CREATE FUNCTION mlops_velocity(count bigint, period interval) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_velocity';
COMMENT ON FUNCTION mlops_velocity(bigint, interval) IS
    'Events per hour, from their number in a period';

-- ---------- mlops_value_counts ----------

CREATE TYPE mlops.value_counts;
CREATE FUNCTION mlops.value_counts_in(cstring) RETURNS mlops.value_counts
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_value_counts_in';
COMMENT ON FUNCTION mlops.value_counts_in(cstring) IS 'Text input: JSON';
CREATE FUNCTION mlops.value_counts_out(mlops.value_counts) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_value_counts_out';
COMMENT ON FUNCTION mlops.value_counts_out(mlops.value_counts) IS 'Text output: JSON, the commonest value first';
CREATE FUNCTION mlops.value_counts_recv(internal) RETURNS mlops.value_counts
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_value_counts_recv';
COMMENT ON FUNCTION mlops.value_counts_recv(internal) IS 'Binary input: the text';
CREATE FUNCTION mlops.value_counts_send(mlops.value_counts) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_value_counts_send';
COMMENT ON FUNCTION mlops.value_counts_send(mlops.value_counts) IS 'Binary output: the text';
CREATE TYPE mlops.value_counts (
    INPUT = mlops.value_counts_in, OUTPUT = mlops.value_counts_out,
    RECEIVE = mlops.value_counts_recv, SEND = mlops.value_counts_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE mlops.value_counts IS 'How often values came: the sum of all counts and the 64 commonest values';
CREATE CAST (mlops.value_counts AS jsonb) WITH INOUT;

CREATE FUNCTION mlops.value_counts_add(state internal, value text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_value_counts_add';
COMMENT ON FUNCTION mlops.value_counts_add(internal, text) IS
    'Part of mlops_value_counts: adds a row';
CREATE FUNCTION mlops.value_counts_remove(state internal, value text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_value_counts_remove';
COMMENT ON FUNCTION mlops.value_counts_remove(internal, text) IS
    'Part of mlops_value_counts: takes back a row that leaves the frame';
CREATE FUNCTION mlops.value_counts_result(state internal) RETURNS mlops.value_counts
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_value_counts_result';
COMMENT ON FUNCTION mlops.value_counts_result(internal) IS
    'Part of mlops_value_counts: the counts of a state';

CREATE AGGREGATE mlops_value_counts(value text) (
    SFUNC = mlops.value_counts_add, STYPE = internal, SSPACE = 2048, FINALFUNC = mlops.value_counts_result,
    MSFUNC = mlops.value_counts_add, MINVFUNC = mlops.value_counts_remove, MSTYPE = internal, MSSPACE = 2048,
    MFINALFUNC = mlops.value_counts_result, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_value_counts(text) IS
    'How often each value came; made for sliding frames';

CREATE FUNCTION mlops_is_usual(value text, counts mlops.value_counts, min_share double precision) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_is_usual';
COMMENT ON FUNCTION mlops_is_usual(text, mlops.value_counts, double precision) IS
    'Did this value make up at least that share of those counted by mlops_value_counts?';

-- ---------- mlops_ewma_state ----------

CREATE FUNCTION mlops.ewma_add(state double precision[], x double precision, ts timestamptz, half_life interval)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_ewma_add';
COMMENT ON FUNCTION mlops.ewma_add(double precision[], double precision, timestamptz, interval) IS
    'Part of mlops_ewma_state: adds a row';
CREATE FUNCTION mlops.ewma_remove(state double precision[], x double precision, ts timestamptz, half_life interval)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_ewma_remove';
COMMENT ON FUNCTION mlops.ewma_remove(double precision[], double precision, timestamptz, interval) IS
    'Part of mlops_ewma_state: takes back a row that leaves the frame; NULL asks for the rows of the frame anew';

CREATE FUNCTION mlops.ewma_add(state double precision[], x double precision, ts timestamp, half_life interval)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_ewma_add';
COMMENT ON FUNCTION mlops.ewma_add(double precision[], double precision, timestamp, interval) IS
    'Part of mlops_ewma_state: adds a row';
CREATE FUNCTION mlops.ewma_remove(state double precision[], x double precision, ts timestamp, half_life interval)
    RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_ewma_remove';
COMMENT ON FUNCTION mlops.ewma_remove(double precision[], double precision, timestamp, interval) IS
    'Part of mlops_ewma_state: takes back a row that leaves the frame; NULL asks for the rows of the frame anew';
CREATE FUNCTION mlops.ewma_merge(state double precision[], other double precision[]) RETURNS double precision[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_ewma_merge';
COMMENT ON FUNCTION mlops.ewma_merge(double precision[], double precision[]) IS
    'Part of mlops_ewma_state: joins the states of two sets of rows';

CREATE AGGREGATE mlops_ewma_state(x double precision, ts timestamptz, half_life interval) (
    SFUNC = mlops.ewma_add, STYPE = double precision[], SSPACE = 136, COMBINEFUNC = mlops.ewma_merge,
    MSFUNC = mlops.ewma_add, MINVFUNC = mlops.ewma_remove, MSTYPE = double precision[], MSSPACE = 136, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ewma_state(double precision, timestamptz, interval) IS
    'State of a mean in which weights halve with each half_life of age, for mlops_ewma; made for sliding frames';
CREATE AGGREGATE mlops_ewma_state(x double precision, ts timestamp, half_life interval) (
    SFUNC = mlops.ewma_add, STYPE = double precision[], SSPACE = 136, COMBINEFUNC = mlops.ewma_merge,
    MSFUNC = mlops.ewma_add, MINVFUNC = mlops.ewma_remove, MSTYPE = double precision[], MSSPACE = 136, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_ewma_state(double precision, timestamp, interval) IS
    'State of a mean in which weights halve with each half_life of age, for mlops_ewma; made for sliding frames';

CREATE FUNCTION mlops_ewma(state double precision[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'mlops_ewma';
COMMENT ON FUNCTION mlops_ewma(double precision[]) IS
    'The exponentially weighted mean of a state that mlops_ewma_state has made';
