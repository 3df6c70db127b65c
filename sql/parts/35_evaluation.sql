-- Judging versions on rows of today.
-- EXECUTE stays with PUBLIC: predict is needed for a source of the caller's, manage for the version's held-out rows.

CREATE FUNCTION mlops_evaluate(model text, source text DEFAULT NULL, segments text DEFAULT NULL)
RETURNS TABLE (segment text, metric text, value double precision, ci_low double precision, ci_high double precision,
    rows bigint, detail jsonb)
LANGUAGE c STABLE PARALLEL UNSAFE COST 100000 ROWS 30 AS 'MODULE_PATHNAME', 'mlops_evaluate';
COMMENT ON FUNCTION mlops_evaluate(text, text, text) IS
    'Metrics of a version, with 95 % intervals, on its held-out rows as they are now or on every row of a source, and by segment';
