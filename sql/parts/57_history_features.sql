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
