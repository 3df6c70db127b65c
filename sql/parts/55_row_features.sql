-- Features of one value, for feature expressions and anywhere else.
-- EXECUTE stays with PUBLIC: they see what they are passed and nothing else.

CREATE FUNCTION mlops_bucketize(x float8, edges float8[]) RETURNS int
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_bucketize';
COMMENT ON FUNCTION mlops_bucketize(float8, float8[]) IS
    'Number of the bucket between ascending edges: 0 below the first, else how many edges are at most x';

CREATE FUNCTION mlops_is_round(x float8, unit float8) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_is_round';
COMMENT ON FUNCTION mlops_is_round(float8, float8) IS 'Whether x is a multiple of unit';

CREATE FUNCTION mlops_hash_bucket(value text, n int) RETURNS int
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_hash_bucket';
COMMENT ON FUNCTION mlops_hash_bucket(text, int) IS
    'One of n buckets, 0 to n - 1, for a text: the same on every machine and in every version';

CREATE FUNCTION mlops_cyclic_sin(x float8, period float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_cyclic_sin';
COMMENT ON FUNCTION mlops_cyclic_sin(float8, float8) IS 'sin(2 pi x / period): with the cosine, where x stands in its cycle';

CREATE FUNCTION mlops_cyclic_cos(x float8, period float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_cyclic_cos';
COMMENT ON FUNCTION mlops_cyclic_cos(float8, float8) IS 'cos(2 pi x / period): with the sine, where x stands in its cycle';

CREATE FUNCTION mlops_clip(x float8, low float8, high float8) RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_clip';
COMMENT ON FUNCTION mlops_clip(float8, float8, float8) IS 'x within bounds; a bound that is NULL is none';

CREATE FUNCTION mlops_is_weekend(at date) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_is_weekend_date';
COMMENT ON FUNCTION mlops_is_weekend(date) IS 'Whether a date is a Saturday or a Sunday';
CREATE FUNCTION mlops_is_weekend(at timestamp) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_is_weekend_timestamp';
COMMENT ON FUNCTION mlops_is_weekend(timestamp) IS 'Whether a time on the wall falls on a Saturday or a Sunday';
CREATE FUNCTION mlops_is_weekend(at timestamptz, tz text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_is_weekend_timestamptz';
COMMENT ON FUNCTION mlops_is_weekend(timestamptz, text) IS 'Whether an instant falls on a Saturday or a Sunday in a time zone';

CREATE FUNCTION mlops_is_business_hours(at timestamp, open time DEFAULT '09:00', close time DEFAULT '17:00',
    holidays date[] DEFAULT '{}') RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_is_business_hours_timestamp';
COMMENT ON FUNCTION mlops_is_business_hours(timestamp, time, time, date[]) IS
    'Whether a time on the wall lies within open (included) and close of a Monday to Friday that is no holiday';
CREATE FUNCTION mlops_is_business_hours(at timestamptz, tz text, open time DEFAULT '09:00', close time DEFAULT '17:00',
    holidays date[] DEFAULT '{}') RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_is_business_hours_timestamptz';
COMMENT ON FUNCTION mlops_is_business_hours(timestamptz, text, time, time, date[]) IS
    'The same for an instant, in a time zone';

CREATE FUNCTION mlops_try_numeric(value text) RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_try_numeric';
COMMENT ON FUNCTION mlops_try_numeric(text) IS 'The number a text stands for, NULL where it is none';

CREATE FUNCTION mlops_try_timestamp(value text, format text) RETURNS timestamp
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_try_timestamp';
COMMENT ON FUNCTION mlops_try_timestamp(text, text) IS
    'The time a text stands for in a format of YYYY, YY, MM, Mon, DD, HH24, HH12, AM, MI, SS, MS, US; NULL where it has another';

