-- Profiles of columns: mlops_profile over a source, and the aggregates it is made of for any query.
-- Functions of states stand in the schema mlops, what users call beside the other functions.
-- EXECUTE stays with PUBLIC: they see what they are passed, or what the caller may read.

CREATE TYPE mlops.profile_state;
CREATE FUNCTION mlops.profile_state_in(cstring) RETURNS mlops.profile_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_profile_state_in';
COMMENT ON FUNCTION mlops.profile_state_in(cstring) IS 'Text input: \x and the bytes in hexadecimal';
CREATE FUNCTION mlops.profile_state_out(mlops.profile_state) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_profile_state_out';
COMMENT ON FUNCTION mlops.profile_state_out(mlops.profile_state) IS 'Text output: \x and the bytes in hexadecimal';
CREATE FUNCTION mlops.profile_state_recv(internal) RETURNS mlops.profile_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_profile_state_recv';
COMMENT ON FUNCTION mlops.profile_state_recv(internal) IS 'Binary input';
CREATE FUNCTION mlops.profile_state_send(mlops.profile_state) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_profile_state_send';
COMMENT ON FUNCTION mlops.profile_state_send(mlops.profile_state) IS 'Binary output';
CREATE TYPE mlops.profile_state (
    INPUT = mlops.profile_state_in, OUTPUT = mlops.profile_state_out,
    RECEIVE = mlops.profile_state_recv, SEND = mlops.profile_state_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE mlops.profile_state IS
    'What one column of rows looks like: all different values counted, or sketches of them';

CREATE TYPE mlops.column_profile AS (kind text, rows bigint, null_count bigint, distinct_count bigint,
    minimum double precision, maximum double precision, mean double precision, stddev double precision,
    p01 double precision, p25 double precision, p50 double precision, p75 double precision, p99 double precision,
    outliers bigint, top_values jsonb, histogram jsonb, lowest text, highest text, detail jsonb);
COMMENT ON TYPE mlops.column_profile IS 'Result of mlops_profile_column: the columns of mlops_profile';

-- what the aggregates are made of
CREATE FUNCTION mlops.profile_state_add(state mlops.profile_state, value double precision) RETURNS mlops.profile_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_profile_state_add';
COMMENT ON FUNCTION mlops.profile_state_add(mlops.profile_state, double precision) IS 'Adds a value or NULL';
CREATE FUNCTION mlops.profile_state_add(state mlops.profile_state, value bigint) RETURNS mlops.profile_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_profile_state_add';
COMMENT ON FUNCTION mlops.profile_state_add(mlops.profile_state, bigint) IS 'Adds a value or NULL';
CREATE FUNCTION mlops.profile_state_add(state mlops.profile_state, value text) RETURNS mlops.profile_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_profile_state_add';
COMMENT ON FUNCTION mlops.profile_state_add(mlops.profile_state, text) IS 'Adds a value or NULL';
CREATE FUNCTION mlops.profile_state_add(state mlops.profile_state, value boolean) RETURNS mlops.profile_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_profile_state_add';
COMMENT ON FUNCTION mlops.profile_state_add(mlops.profile_state, boolean) IS 'Adds a value or NULL';
CREATE FUNCTION mlops.profile_state_add(state mlops.profile_state, value anyelement) RETURNS mlops.profile_state
LANGUAGE c STABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'mlops_profile_state_add';
COMMENT ON FUNCTION mlops.profile_state_add(mlops.profile_state, anyelement) IS 'Adds a value or NULL, of any type';
CREATE FUNCTION mlops.profile_state_add(state mlops.profile_state, VARIADIC "any") RETURNS mlops.profile_state
LANGUAGE c STABLE PARALLEL SAFE COST 30 AS 'MODULE_PATHNAME', 'mlops_profile_state_add';
COMMENT ON FUNCTION mlops.profile_state_add(mlops.profile_state, "any") IS 'Adds a row of values, of any types';
CREATE FUNCTION mlops.profile_state_merge(state mlops.profile_state, other mlops.profile_state) RETURNS mlops.profile_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlops_profile_state_merge';
COMMENT ON FUNCTION mlops.profile_state_merge(mlops.profile_state, mlops.profile_state) IS 'Adds the rows of another state';
CREATE FUNCTION mlops.profile_state_column(state mlops.profile_state) RETURNS mlops.column_profile
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'mlops_profile_state_column';
COMMENT ON FUNCTION mlops.profile_state_column(mlops.profile_state) IS 'Final function of mlops_profile_column';

CREATE AGGREGATE mlops_profile_column(value double precision) (
    SFUNC = mlops.profile_state_add, STYPE = mlops.profile_state, SSPACE = 8192, COMBINEFUNC = mlops.profile_state_merge,
    FINALFUNC = mlops.profile_state_column, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_profile_column(double precision) IS
    'What the values look like: the columns of mlops_profile, for one column of any query and for each group';
CREATE AGGREGATE mlops_profile_column(value bigint) (
    SFUNC = mlops.profile_state_add, STYPE = mlops.profile_state, SSPACE = 8192, COMBINEFUNC = mlops.profile_state_merge,
    FINALFUNC = mlops.profile_state_column, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_profile_column(bigint) IS
    'What the values look like: the columns of mlops_profile, for one column of any query and for each group';
CREATE AGGREGATE mlops_profile_column(value text) (
    SFUNC = mlops.profile_state_add, STYPE = mlops.profile_state, SSPACE = 8192, COMBINEFUNC = mlops.profile_state_merge,
    FINALFUNC = mlops.profile_state_column, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_profile_column(text) IS
    'What the values look like: the columns of mlops_profile, for one column of any query and for each group';
CREATE AGGREGATE mlops_profile_column(value boolean) (
    SFUNC = mlops.profile_state_add, STYPE = mlops.profile_state, SSPACE = 8192, COMBINEFUNC = mlops.profile_state_merge,
    FINALFUNC = mlops.profile_state_column, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_profile_column(boolean) IS
    'What the values look like: the columns of mlops_profile, for one column of any query and for each group';
CREATE AGGREGATE mlops_profile_column(value anyelement) (
    SFUNC = mlops.profile_state_add, STYPE = mlops.profile_state, SSPACE = 8192, COMBINEFUNC = mlops.profile_state_merge,
    FINALFUNC = mlops.profile_state_column, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_profile_column(anyelement) IS
    'What the values look like: the columns of mlops_profile, for one column of any query and for each group';

CREATE AGGREGATE mlops_profile_state(VARIADIC "any") (
    SFUNC = mlops.profile_state_add, STYPE = mlops.profile_state, SSPACE = 32768, COMBINEFUNC = mlops.profile_state_merge,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_profile_state("any") IS
    'One to 99 columns as a state that can be stored, merged by mlops_profile_merge and read by mlops_profile_figures';
-- the same where its schema is known
CREATE AGGREGATE mlops.profile_columns(VARIADIC "any") (
    SFUNC = mlops.profile_state_add, STYPE = mlops.profile_state, SSPACE = 32768, COMBINEFUNC = mlops.profile_state_merge,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops.profile_columns("any") IS 'What mlops_profile calls: mlops_profile_state';
CREATE AGGREGATE mlops_profile_merge(state mlops.profile_state) (
    SFUNC = mlops.profile_state_merge, STYPE = mlops.profile_state, SSPACE = 32768, COMBINEFUNC = mlops.profile_state_merge,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops_profile_merge(mlops.profile_state) IS 'The state of all rows of several states';

CREATE FUNCTION mlops_profile_figures(state mlops.profile_state)
RETURNS TABLE ("position" integer, kind text, rows bigint, null_count bigint, distinct_count bigint,
    minimum double precision, maximum double precision, mean double precision, stddev double precision,
    p01 double precision, p25 double precision, p50 double precision, p75 double precision, p99 double precision,
    outliers bigint, top_values jsonb, histogram jsonb, lowest text, highest text, detail jsonb)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10000 ROWS 10 AS 'MODULE_PATHNAME', 'mlops_profile_figures';
COMMENT ON FUNCTION mlops_profile_figures(mlops.profile_state) IS
    'What each column of a state looks like: the columns of mlops_profile';

CREATE FUNCTION mlops_profile(source text)
RETURNS TABLE (column_name text, kind text, rows bigint, null_count bigint, distinct_count bigint,
    minimum double precision, maximum double precision, mean double precision, stddev double precision,
    p01 double precision, p25 double precision, p50 double precision, p75 double precision, p99 double precision,
    outliers bigint, top_values jsonb, histogram jsonb, lowest text, highest text, detail jsonb)
LANGUAGE c STABLE PARALLEL UNSAFE COST 100000 ROWS 30 AS 'MODULE_PATHNAME', 'mlops_profile';
COMMENT ON FUNCTION mlops_profile(text) IS
    'What each column of a table, view or query looks like, from one reading: counts, moments, quantiles, outliers, top values, histogram';
