-- The registry: models, runs, versions and their history.
--
-- Column order is fixed: the prediction path reads models, model_grants,
-- versions, version_blobs and version_aliases by attribute number
-- (src/pg/tables.h). New columns go to the end.
--
-- No foreign keys between these tables: pg_restore --jobs loads the data of
-- extension tables in any order. The functions are the only ones that write,
-- and they remove what belongs together under a lock on the model's row.

CREATE TABLE mlops.models (
    model_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL CONSTRAINT models_name_key UNIQUE,
    owner        text NOT NULL,
    task         text CHECK (task IN ('classification', 'regression')),
    source       text NOT NULL,
    source_query text NOT NULL,
    target       text,
    features     text NOT NULL DEFAULT '*',
    key          text,
    time_column  text,
    config       jsonb NOT NULL DEFAULT '{}',
    comment      text,
    tags         jsonb NOT NULL DEFAULT '{}',
    last_version integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mlops.models IS 'One row a model: a named task, where its rows come from and how it is judged and run';
COMMENT ON COLUMN mlops.models.model_id IS 'Identity of the model, never reused';
COMMENT ON COLUMN mlops.models.name IS 'Name used in every function call';
COMMENT ON COLUMN mlops.models.owner IS 'Name of the role that owns the model; stored SQL runs with its rights';
COMMENT ON COLUMN mlops.models.task IS 'classification or regression';
COMMENT ON COLUMN mlops.models.source IS 'Source as typed: a relation name or one SELECT';
COMMENT ON COLUMN mlops.models.source_query IS 'Source as it is run: every name qualified, * frozen';
COMMENT ON COLUMN mlops.models.target IS 'Column of the source that is predicted';
COMMENT ON COLUMN mlops.models.features IS 'SELECT list over the source, as typed';
COMMENT ON COLUMN mlops.models.key IS 'Column or columns, separated by commas, that identify a row';
COMMENT ON COLUMN mlops.models.time_column IS 'Column with the time of the event';
COMMENT ON COLUMN mlops.models.config IS 'Whole effective configuration of the next version';
COMMENT ON COLUMN mlops.models.comment IS 'Description for people';
COMMENT ON COLUMN mlops.models.tags IS 'Free tags, one JSON object';
COMMENT ON COLUMN mlops.models.last_version IS 'Highest version number given so far; numbers are never given twice';
COMMENT ON COLUMN mlops.models.created_at IS 'When the model was created';
COMMENT ON COLUMN mlops.models.updated_at IS 'When the definition last changed';

CREATE TABLE mlops.model_grants (
    model_id   bigint NOT NULL,
    grantee    text NOT NULL,
    privilege  text NOT NULL CHECK (privilege IN ('predict', 'manage')),
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (model_id, grantee, privilege)
);
COMMENT ON TABLE mlops.model_grants IS 'Who besides the owner may use a model';
COMMENT ON COLUMN mlops.model_grants.model_id IS 'The model';
COMMENT ON COLUMN mlops.model_grants.grantee IS 'Name of a role, or public';
COMMENT ON COLUMN mlops.model_grants.privilege IS 'predict, or manage (which includes predict)';
COMMENT ON COLUMN mlops.model_grants.granted_by IS 'Role that granted it';
COMMENT ON COLUMN mlops.model_grants.granted_at IS 'When it was granted';

CREATE TABLE mlops.runs (
    run_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id     bigint,
    status       text NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'cancelled')),
    algorithm    text,
    seed         bigint,
    source       text,
    source_query text,
    column_types jsonb,
    content_hash text,
    rows_read    bigint,
    rows_dropped bigint,
    train_rows   bigint,
    valid_rows   bigint,
    test_rows    bigint,
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at     timestamptz,
    seconds      double precision,
    peak_memory  bigint,
    started_by   text NOT NULL DEFAULT current_user,
    error        text,
    description  text,
    tags         jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX runs_model_id_idx ON mlops.runs (model_id);
COMMENT ON TABLE mlops.runs IS 'One row a training, here or where an imported version comes from: what went in and how it went';
COMMENT ON COLUMN mlops.runs.run_id IS 'Identity of the run';
COMMENT ON COLUMN mlops.runs.model_id IS 'The model that was trained';
COMMENT ON COLUMN mlops.runs.status IS 'running, finished, failed or cancelled';
COMMENT ON COLUMN mlops.runs.algorithm IS 'Algorithm, as mlops_algorithms() names it';
COMMENT ON COLUMN mlops.runs.seed IS 'Seed of everything random in the run';
COMMENT ON COLUMN mlops.runs.source IS 'Source as typed';
COMMENT ON COLUMN mlops.runs.source_query IS 'Source as it was run';
COMMENT ON COLUMN mlops.runs.column_types IS 'Name and type of every source column that was read';
COMMENT ON COLUMN mlops.runs.content_hash IS 'Hash of the rows read, independent of their order';
COMMENT ON COLUMN mlops.runs.rows_read IS 'Rows the source returned';
COMMENT ON COLUMN mlops.runs.rows_dropped IS 'Rows left out: target missing, or weight not positive';
COMMENT ON COLUMN mlops.runs.train_rows IS 'Rows of the training part';
COMMENT ON COLUMN mlops.runs.valid_rows IS 'Rows that chose thresholds or rounds';
COMMENT ON COLUMN mlops.runs.test_rows IS 'Rows that judged';
COMMENT ON COLUMN mlops.runs.started_at IS 'Start';
COMMENT ON COLUMN mlops.runs.ended_at IS 'End';
COMMENT ON COLUMN mlops.runs.seconds IS 'Seconds from start to end';
COMMENT ON COLUMN mlops.runs.peak_memory IS 'Largest number of bytes held for training; NULL for an imported run';
COMMENT ON COLUMN mlops.runs.started_by IS 'Role that started or imported the run';
COMMENT ON COLUMN mlops.runs.error IS 'Message of a failed run';
COMMENT ON COLUMN mlops.runs.description IS 'Description for people';
COMMENT ON COLUMN mlops.runs.tags IS 'Free tags, one JSON object';

CREATE TABLE mlops.run_params (
    run_id bigint NOT NULL,
    key    text NOT NULL,
    value  text,
    PRIMARY KEY (run_id, key)
);
COMMENT ON TABLE mlops.run_params IS 'Parameters of a run, defaults included';
COMMENT ON COLUMN mlops.run_params.run_id IS 'The run';
COMMENT ON COLUMN mlops.run_params.key IS 'Name of the parameter';
COMMENT ON COLUMN mlops.run_params.value IS 'Its value as text';

CREATE TABLE mlops.run_metrics (
    run_id bigint NOT NULL,
    key    text NOT NULL,
    split  text NOT NULL DEFAULT 'test',
    step   bigint NOT NULL DEFAULT 0,
    value  double precision,
    PRIMARY KEY (run_id, key, split, step)
);
COMMENT ON TABLE mlops.run_metrics IS 'Metrics of a run, per part of the rows and step';
COMMENT ON COLUMN mlops.run_metrics.run_id IS 'The run';
COMMENT ON COLUMN mlops.run_metrics.key IS 'Name of the metric';
COMMENT ON COLUMN mlops.run_metrics.split IS 'train, validation or test';
COMMENT ON COLUMN mlops.run_metrics.step IS 'Round, or 0';
COMMENT ON COLUMN mlops.run_metrics.value IS 'Value; NULL where it is not defined';

CREATE TABLE mlops.run_artifacts (
    run_id     bigint NOT NULL,
    name       text NOT NULL,
    media_type text NOT NULL,
    content    text NOT NULL,
    PRIMARY KEY (run_id, name)
);
COMMENT ON TABLE mlops.run_artifacts IS 'Documents a run left: coefficients, confusion matrix and others';
COMMENT ON COLUMN mlops.run_artifacts.run_id IS 'The run';
COMMENT ON COLUMN mlops.run_artifacts.name IS 'Name of the document';
COMMENT ON COLUMN mlops.run_artifacts.media_type IS 'Media type of the content';
COMMENT ON COLUMN mlops.run_artifacts.content IS 'The document';

CREATE TABLE mlops.versions (
    version_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id     bigint NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    stage        text NOT NULL DEFAULT 'none' CHECK (stage IN ('none', 'staging', 'production', 'archived')),
    threshold    double precision,
    risk_bands   jsonb,
    run_id       bigint,
    algorithm    text NOT NULL,
    task         text NOT NULL CHECK (task IN ('binary', 'multiclass', 'regression')),
    target       text NOT NULL,
    classes      text[],
    definition   jsonb NOT NULL,
    params       jsonb NOT NULL,
    config       jsonb NOT NULL,
    metric       text,
    value        double precision,
    train_rows   bigint NOT NULL,
    valid_rows   bigint NOT NULL,
    test_rows    bigint NOT NULL,
    model_size   bigint NOT NULL,
    source       text NOT NULL,
    source_query text NOT NULL,
    key          text,
    time_column  text,
    description  text,
    tags         jsonb NOT NULL DEFAULT '{}',
    created_by   text NOT NULL DEFAULT current_user,
    created_at   timestamptz NOT NULL DEFAULT now(),
    origin       text NOT NULL DEFAULT 'trained' CHECK (origin IN ('trained', 'imported')),
    split        jsonb,
    CONSTRAINT versions_model_id_version_key UNIQUE (model_id, version)
);
CREATE UNIQUE INDEX versions_production_key ON mlops.versions (model_id) WHERE stage = 'production';
CREATE INDEX versions_stage_idx ON mlops.versions (model_id, stage, version);
CREATE INDEX versions_run_id_idx ON mlops.versions (run_id);
COMMENT ON TABLE mlops.versions IS 'One row a trained version; everything but stage, threshold, risk bands, description and tags is immutable';
COMMENT ON COLUMN mlops.versions.version_id IS 'Identity of the version, never reused';
COMMENT ON COLUMN mlops.versions.model_id IS 'The model';
COMMENT ON COLUMN mlops.versions.version IS 'Number within the model, from 1';
COMMENT ON COLUMN mlops.versions.stage IS 'none, staging, production or archived; one production version a model';
COMMENT ON COLUMN mlops.versions.threshold IS 'P(positive) from which the label is positive; NULL unless binary';
COMMENT ON COLUMN mlops.versions.risk_bands IS 'Lower bound of each risk level; NULL unless classification';
COMMENT ON COLUMN mlops.versions.run_id IS 'The training run';
COMMENT ON COLUMN mlops.versions.algorithm IS 'Algorithm, as mlops_algorithms() names it';
COMMENT ON COLUMN mlops.versions.task IS 'binary, multiclass or regression';
COMMENT ON COLUMN mlops.versions.target IS 'Column that is predicted';
COMMENT ON COLUMN mlops.versions.classes IS 'Class labels in stored order; binary: the positive one is the second';
COMMENT ON COLUMN mlops.versions.definition IS 'Input signature, feature expressions and the settings they run under';
COMMENT ON COLUMN mlops.versions.params IS 'Parameters of the algorithm, defaults included';
COMMENT ON COLUMN mlops.versions.config IS 'Effective configuration of the model at training';
COMMENT ON COLUMN mlops.versions.metric IS 'Metric that judges the model';
COMMENT ON COLUMN mlops.versions.value IS 'Its value on held-out rows';
COMMENT ON COLUMN mlops.versions.train_rows IS 'Rows of the training part; with config.split.refit the final model has learned from valid_rows too';
COMMENT ON COLUMN mlops.versions.valid_rows IS 'Rows that chose thresholds or rounds';
COMMENT ON COLUMN mlops.versions.test_rows IS 'Rows that judged';
COMMENT ON COLUMN mlops.versions.model_size IS 'Bytes of the stored model';
COMMENT ON COLUMN mlops.versions.source IS 'Source as typed';
COMMENT ON COLUMN mlops.versions.source_query IS 'Source as it was run';
COMMENT ON COLUMN mlops.versions.key IS 'Column or columns that identify a row';
COMMENT ON COLUMN mlops.versions.time_column IS 'Column with the time of the event';
COMMENT ON COLUMN mlops.versions.description IS 'Description for people';
COMMENT ON COLUMN mlops.versions.tags IS 'Free tags, one JSON object';
COMMENT ON COLUMN mlops.versions.created_by IS 'Role that trained or imported it';
COMMENT ON COLUMN mlops.versions.created_at IS 'When it was registered';
COMMENT ON COLUMN mlops.versions.origin IS 'trained, or imported: then its figures were found in another database';
COMMENT ON COLUMN mlops.versions.split IS 'The rule by which its test rows are told from others, now as at training';

CREATE TABLE mlops.version_blobs (
    version_id bigint PRIMARY KEY,
    content    bytea NOT NULL
);
ALTER TABLE mlops.version_blobs ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE mlops.version_blobs IS 'Bytes of each version, read by the prediction functions only';
COMMENT ON COLUMN mlops.version_blobs.version_id IS 'The version';
COMMENT ON COLUMN mlops.version_blobs.content IS 'Model bytes, checked when they are loaded';

CREATE TABLE mlops.version_aliases (
    model_id   bigint NOT NULL,
    alias      text NOT NULL,
    version_id bigint NOT NULL,
    set_by     text NOT NULL DEFAULT current_user,
    set_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (model_id, alias)
);
CREATE INDEX version_aliases_version_id_idx ON mlops.version_aliases (version_id);
COMMENT ON TABLE mlops.version_aliases IS 'Free names of versions, used as model@alias';
COMMENT ON COLUMN mlops.version_aliases.model_id IS 'The model';
COMMENT ON COLUMN mlops.version_aliases.alias IS 'The alias';
COMMENT ON COLUMN mlops.version_aliases.version_id IS 'The version it names';
COMMENT ON COLUMN mlops.version_aliases.set_by IS 'Role that set it';
COMMENT ON COLUMN mlops.version_aliases.set_at IS 'When it was set';

CREATE TABLE mlops.version_features (
    version_id     bigint NOT NULL,
    role           text NOT NULL CHECK (role IN ('feature', 'score', 'label')),
    position       integer NOT NULL,
    name           text NOT NULL,
    source_feature text,
    expression     text,
    kind           text NOT NULL CHECK (kind IN ('numeric', 'boolean', 'category', 'vector')),
    importance     double precision,
    row_count      bigint,
    null_count     bigint,
    distinct_count bigint,
    minimum        double precision,
    maximum        double precision,
    mean           double precision,
    stddev         double precision,
    quantiles      double precision[],
    levels         text[],
    level_counts   bigint[],
    other_count    bigint,
    description    text,
    PRIMARY KEY (version_id, role, position)
);
COMMENT ON TABLE mlops.version_features IS 'Columns a version learned from, with the baseline that drift is measured against';
COMMENT ON COLUMN mlops.version_features.version_id IS 'The version';
COMMENT ON COLUMN mlops.version_features.role IS 'feature (baseline of training rows), score or label (baseline of held-out rows)';
COMMENT ON COLUMN mlops.version_features.position IS 'Position among the columns of its role, from 1';
COMMENT ON COLUMN mlops.version_features.name IS 'Name of the column; an element of a vector is name[i]';
COMMENT ON COLUMN mlops.version_features.source_feature IS 'Name of the SQL feature';
COMMENT ON COLUMN mlops.version_features.expression IS 'SQL expression of the feature';
COMMENT ON COLUMN mlops.version_features.kind IS 'numeric, boolean, category or vector';
COMMENT ON COLUMN mlops.version_features.importance IS 'Share of the column in the model, from 0 to 1';
COMMENT ON COLUMN mlops.version_features.row_count IS 'Rows of the baseline, missing values included';
COMMENT ON COLUMN mlops.version_features.null_count IS 'Rows with a missing value';
COMMENT ON COLUMN mlops.version_features.distinct_count IS 'Distinct values (numbers: in the sample)';
COMMENT ON COLUMN mlops.version_features.minimum IS 'Smallest number';
COMMENT ON COLUMN mlops.version_features.maximum IS 'Largest number';
COMMENT ON COLUMN mlops.version_features.mean IS 'Mean of the numbers';
COMMENT ON COLUMN mlops.version_features.stddev IS 'Population standard deviation of the numbers';
COMMENT ON COLUMN mlops.version_features.quantiles IS '1001 quantiles of the numbers, at 0, 0.001 and so on to 1';
COMMENT ON COLUMN mlops.version_features.levels IS 'The commonest categories, at most 1000, commonest first';
COMMENT ON COLUMN mlops.version_features.level_counts IS 'Rows of each of them';
COMMENT ON COLUMN mlops.version_features.other_count IS 'Rows of all other categories';
COMMENT ON COLUMN mlops.version_features.description IS 'Description for people';

CREATE TABLE mlops.stage_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id   bigint NOT NULL,
    model      text NOT NULL,
    version    integer NOT NULL,
    from_stage text,
    to_stage   text NOT NULL,
    changed_by text NOT NULL DEFAULT current_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason     text,
    detail     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX stage_history_model_id_idx ON mlops.stage_history (model_id, history_id);
COMMENT ON TABLE mlops.stage_history IS 'Every change of stage, append-only; kept when the model is dropped';
COMMENT ON COLUMN mlops.stage_history.history_id IS 'Identity, in order of the changes';
COMMENT ON COLUMN mlops.stage_history.model_id IS 'Identity of the model at the time';
COMMENT ON COLUMN mlops.stage_history.model IS 'Name of the model at the time';
COMMENT ON COLUMN mlops.stage_history.version IS 'Number of the version';
COMMENT ON COLUMN mlops.stage_history.from_stage IS 'Stage before; NULL for a new version';
COMMENT ON COLUMN mlops.stage_history.to_stage IS 'Stage after; dropped for a version that was removed';
COMMENT ON COLUMN mlops.stage_history.changed_by IS 'Role that made the change';
COMMENT ON COLUMN mlops.stage_history.changed_at IS 'When';
COMMENT ON COLUMN mlops.stage_history.reason IS 'Why, in the words of who did it';
COMMENT ON COLUMN mlops.stage_history.detail IS 'Further facts: gate results, thresholds before and after';

CREATE TABLE mlops.audit_log (
    audit_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor     text NOT NULL,
    action    text NOT NULL,
    model_id  bigint,
    model     text,
    version   integer,
    before    jsonb,
    after     jsonb
);
CREATE INDEX audit_log_model_id_idx ON mlops.audit_log (model_id, audit_id);
COMMENT ON TABLE mlops.audit_log IS 'Every change to the registry, append-only; kept when the model is dropped';
COMMENT ON COLUMN mlops.audit_log.audit_id IS 'Identity, in order of the changes';
COMMENT ON COLUMN mlops.audit_log.at IS 'When';
COMMENT ON COLUMN mlops.audit_log.actor IS 'Role that made the change';
COMMENT ON COLUMN mlops.audit_log.action IS 'What was done: create_model, configure, train, promote, set_threshold and so on';
COMMENT ON COLUMN mlops.audit_log.model_id IS 'Identity of the model at the time';
COMMENT ON COLUMN mlops.audit_log.model IS 'Name of the model at the time';
COMMENT ON COLUMN mlops.audit_log.version IS 'Version the change is about, if one';
COMMENT ON COLUMN mlops.audit_log.before IS 'What changed, before';
COMMENT ON COLUMN mlops.audit_log.after IS 'What changed, after';

-- History is append-only whoever writes: only UPDATE, DELETE and TRUNCATE are refused, so that a restore can load it.
CREATE FUNCTION mlops.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'table "%" is append-only', TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
COMMENT ON FUNCTION mlops.refuse_change() IS 'Trigger of the append-only tables: refuses UPDATE, DELETE and TRUNCATE';
REVOKE EXECUTE ON FUNCTION mlops.refuse_change() FROM PUBLIC;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mlops.stage_history
    FOR EACH STATEMENT EXECUTE FUNCTION mlops.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mlops.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION mlops.refuse_change();

-- Who sees which rows: the owner of the model and those it was granted to.
CREATE FUNCTION mlops.can_see(model_id bigint) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_can_see';
COMMENT ON FUNCTION mlops.can_see(bigint) IS 'Whether the current user may read the rows of a model (used by row security)';
CREATE FUNCTION mlops.can_see_run(run_id bigint) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$SELECT EXISTS (SELECT FROM mlops.runs r WHERE r.run_id = $1)$$;
COMMENT ON FUNCTION mlops.can_see_run(bigint) IS 'Whether the current user may read the rows of a run (used by row security)';
CREATE FUNCTION mlops.can_see_version(version_id bigint) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$SELECT EXISTS (SELECT FROM mlops.versions v WHERE v.version_id = $1)$$;
COMMENT ON FUNCTION mlops.can_see_version(bigint) IS 'Whether the current user may read the rows of a version (used by row security)';

ALTER TABLE mlops.models ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.model_grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.run_params ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.run_metrics ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.run_artifacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.version_blobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.version_aliases ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.version_features ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.stage_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.audit_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON mlops.models FOR SELECT USING (mlops.can_see(model_id));
CREATE POLICY visible ON mlops.model_grants FOR SELECT USING (mlops.can_see(model_id));
CREATE POLICY visible ON mlops.runs FOR SELECT USING (mlops.can_see(model_id));
CREATE POLICY visible ON mlops.run_params FOR SELECT USING (mlops.can_see_run(run_id));
CREATE POLICY visible ON mlops.run_metrics FOR SELECT USING (mlops.can_see_run(run_id));
CREATE POLICY visible ON mlops.run_artifacts FOR SELECT USING (mlops.can_see_run(run_id));
CREATE POLICY visible ON mlops.versions FOR SELECT USING (mlops.can_see(model_id));
CREATE POLICY visible ON mlops.version_aliases FOR SELECT USING (mlops.can_see(model_id));
CREATE POLICY visible ON mlops.version_features FOR SELECT USING (mlops.can_see_version(version_id));
CREATE POLICY visible ON mlops.stage_history FOR SELECT USING (mlops.can_see(model_id));
CREATE POLICY visible ON mlops.audit_log FOR SELECT USING (mlops.can_see(model_id));

GRANT USAGE ON SCHEMA mlops TO PUBLIC;
GRANT SELECT ON mlops.models, mlops.model_grants, mlops.runs, mlops.run_params, mlops.run_metrics,
    mlops.run_artifacts, mlops.versions, mlops.version_aliases, mlops.version_features,
    mlops.stage_history, mlops.audit_log TO PUBLIC;

-- Everything above is the user's data: pg_dump takes it along.
SELECT pg_catalog.pg_extension_config_dump('mlops.models', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.models_model_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.model_grants', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.runs', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.runs_run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.run_params', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.run_metrics', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.run_artifacts', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.versions', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.versions_version_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.version_blobs', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.version_aliases', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.version_features', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.stage_history', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.stage_history_history_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.audit_log', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.audit_log_audit_id_seq', '');
