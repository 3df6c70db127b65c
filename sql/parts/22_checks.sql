-- Checks: what a model's rows must be like, and what was found.
--
-- No foreign keys, as everywhere in schema mlops. New columns go to the end.

CREATE TABLE mlops.checks (
    check_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id    bigint NOT NULL,
    rule        text NOT NULL,
    column_name text,
    args        jsonb NOT NULL DEFAULT '{}',
    mostly      double precision NOT NULL DEFAULT 1 CHECK (mostly BETWEEN 0 AND 1),
    severity    text NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    kind        text,
    predicate   text,
    columns     text[] NOT NULL DEFAULT '{}',
    created_by  text NOT NULL DEFAULT current_user,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX checks_model_id_idx ON mlops.checks (model_id, check_id);
COMMENT ON TABLE mlops.checks IS 'What the rows of a model must be like';
COMMENT ON COLUMN mlops.checks.check_id IS 'Identity of the check, never reused';
COMMENT ON COLUMN mlops.checks.model_id IS 'The model';
COMMENT ON COLUMN mlops.checks.rule IS 'The rule, as mlops_check_rules() names it';
COMMENT ON COLUMN mlops.checks.column_name IS 'The column that is checked; NULL for a rule about rows or about several columns';
COMMENT ON COLUMN mlops.checks.args IS 'Arguments of the rule; times as ISO writes them';
COMMENT ON COLUMN mlops.checks.mostly IS 'Share of the judged rows that must pass';
COMMENT ON COLUMN mlops.checks.severity IS 'info, warning or error: an error that fails stops a training';
COMMENT ON COLUMN mlops.checks.kind IS 'Kind of the column''s type when the check was made: number, text, label, time, boolean or other';
COMMENT ON COLUMN mlops.checks.predicate IS 'Condition of the rule predicate as it is run: every name qualified';
COMMENT ON COLUMN mlops.checks.columns IS 'All columns the check reads';
COMMENT ON COLUMN mlops.checks.created_by IS 'Role that added it';
COMMENT ON COLUMN mlops.checks.created_at IS 'When it was added';

CREATE TABLE mlops.validations (
    validation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id      bigint NOT NULL,
    run_id        bigint,
    source        text NOT NULL,
    source_query  text NOT NULL,
    passed        boolean NOT NULL,
    severity      text NOT NULL CHECK (severity IN ('none', 'moderate', 'severe', 'critical')),
    checks        integer NOT NULL,
    failed_checks integer NOT NULL,
    total_rows    bigint,
    started_at    timestamptz NOT NULL,
    seconds       double precision NOT NULL,
    started_by    text NOT NULL DEFAULT current_user
);
CREATE INDEX validations_model_id_idx ON mlops.validations (model_id, validation_id);
COMMENT ON TABLE mlops.validations IS 'One row for each time the checks of a model were applied';
COMMENT ON COLUMN mlops.validations.validation_id IS 'Identity of the validation';
COMMENT ON COLUMN mlops.validations.model_id IS 'The model';
COMMENT ON COLUMN mlops.validations.run_id IS 'The training that it came before; NULL when mlops_validate was called';
COMMENT ON COLUMN mlops.validations.source IS 'Source as typed';
COMMENT ON COLUMN mlops.validations.source_query IS 'Source as it was run';
COMMENT ON COLUMN mlops.validations.passed IS 'No check of severity error failed';
COMMENT ON COLUMN mlops.validations.severity IS 'The worst that failed: error is critical, warning moderate, info none';
COMMENT ON COLUMN mlops.validations.checks IS 'Checks that were applied';
COMMENT ON COLUMN mlops.validations.failed_checks IS 'Checks that failed, of any severity';
COMMENT ON COLUMN mlops.validations.total_rows IS 'Rows of the source; NULL when no check needed to read them';
COMMENT ON COLUMN mlops.validations.started_at IS 'Start';
COMMENT ON COLUMN mlops.validations.seconds IS 'Seconds from start to end';
COMMENT ON COLUMN mlops.validations.started_by IS 'Role that started it';

CREATE TABLE mlops.validation_results (
    validation_id bigint NOT NULL,
    check_id      bigint NOT NULL,
    model_id      bigint NOT NULL,
    rule          text NOT NULL,
    column_name   text,
    args          jsonb NOT NULL,
    mostly        double precision NOT NULL,
    severity      text NOT NULL,
    passed        boolean NOT NULL,
    observed      text,
    failed_rows   bigint,
    missing_rows  bigint,
    reason        text,
    PRIMARY KEY (validation_id, check_id)
);
COMMENT ON TABLE mlops.validation_results IS 'What each check found in a validation; rows of the source are not kept';
COMMENT ON COLUMN mlops.validation_results.validation_id IS 'The validation';
COMMENT ON COLUMN mlops.validation_results.check_id IS 'The check, which may have been dropped since';
COMMENT ON COLUMN mlops.validation_results.model_id IS 'The model';
COMMENT ON COLUMN mlops.validation_results.rule IS 'Its rule';
COMMENT ON COLUMN mlops.validation_results.column_name IS 'The column it checked';
COMMENT ON COLUMN mlops.validation_results.args IS 'Its arguments';
COMMENT ON COLUMN mlops.validation_results.mostly IS 'Share of the judged rows that had to pass';
COMMENT ON COLUMN mlops.validation_results.severity IS 'info, warning or error';
COMMENT ON COLUMN mlops.validation_results.passed IS 'Whether it passed';
COMMENT ON COLUMN mlops.validation_results.observed IS 'Share of the judged rows that passed, or the figure, or the type or place of the column';
COMMENT ON COLUMN mlops.validation_results.failed_rows IS 'Rows that failed; NULL for rules that do not judge single rows';
COMMENT ON COLUMN mlops.validation_results.missing_rows IS 'Rows that were not judged because a value is missing';
COMMENT ON COLUMN mlops.validation_results.reason IS 'Why the check could not be applied to this source';

ALTER TABLE mlops.checks ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.validations ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.validation_results ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON mlops.checks FOR SELECT USING (mlops.can_see(model_id));
CREATE POLICY visible ON mlops.validations FOR SELECT USING (mlops.can_see(model_id));
CREATE POLICY visible ON mlops.validation_results FOR SELECT USING (mlops.can_see(model_id));
GRANT SELECT ON mlops.checks, mlops.validations, mlops.validation_results TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('mlops.checks', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.checks_check_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.validations', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.validations_validation_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.validation_results', '');

CREATE FUNCTION mlops_check_rules()
RETURNS TABLE (rule text, scope text, column_kinds text, description text, argument text, type text,
    default_value text, argument_description text, detail jsonb)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 40 AS 'MODULE_PATHNAME', 'mlops_check_rules';
COMMENT ON FUNCTION mlops_check_rules() IS 'The rules that data can be checked by, with their arguments';

CREATE FUNCTION mlops_add_check(model text, rule text, column_name text, args jsonb DEFAULT '{}',
    mostly double precision DEFAULT 1, severity text DEFAULT 'error') RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_add_check';
COMMENT ON FUNCTION mlops_add_check(text, text, text, jsonb, double precision, text) IS
    'Adds a check to a model and returns its identity; an error that fails stops later trainings';

CREATE FUNCTION mlops_drop_check(check_id bigint) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE STRICT AS 'MODULE_PATHNAME', 'mlops_drop_check';
COMMENT ON FUNCTION mlops_drop_check(bigint) IS 'Removes a check; what it found stays';

CREATE FUNCTION mlops_suggest_checks(source text)
RETURNS TABLE (rule text, column_name text, args jsonb, mostly double precision, severity text, reason text, detail jsonb)
LANGUAGE c STABLE PARALLEL UNSAFE COST 100000 ROWS 50 AS 'MODULE_PATHNAME', 'mlops_suggest_checks';
COMMENT ON FUNCTION mlops_suggest_checks(text) IS
    'Checks, with margins, that rows which are known to be good pass: arguments for mlops_add_check';

CREATE FUNCTION mlops_validate(model text, source text DEFAULT NULL)
RETURNS TABLE (rule text, column_name text, severity text, passed boolean, observed text, failed_rows bigint,
    total_rows bigint, sample jsonb, detail jsonb)
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 100000 ROWS 30 AS 'MODULE_PATHNAME', 'mlops_validate';
COMMENT ON FUNCTION mlops_validate(text, text) IS
    'Applies the checks of a model to its source or to another one, and stores what they find';

CREATE FUNCTION mlops_clean_query(model text, source text DEFAULT NULL, part text DEFAULT 'clean') RETURNS text
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_clean_query';
COMMENT ON FUNCTION mlops_clean_query(text, text, text) IS
    'A SELECT of the rows that pass every row check of severity error, or, part => ''quarantine'', of the others';

REVOKE EXECUTE ON FUNCTION mlops_add_check(text, text, text, jsonb, double precision, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_drop_check(bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_validate(text, text) FROM PUBLIC;
