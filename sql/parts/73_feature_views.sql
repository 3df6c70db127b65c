-- Feature views: what is known of an entity as time goes by, defined once for training and serving.
-- No foreign keys, as everywhere in schema mlops. New columns go to the end.

CREATE TABLE mlops.feature_views (
    view_id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                 text NOT NULL CONSTRAINT feature_views_name_key UNIQUE,
    owner                text NOT NULL,
    query                text NOT NULL,
    source_query         text NOT NULL,
    entity               text NOT NULL,
    time_column          text NOT NULL,
    created_column       text,
    ttl                  interval,
    online               boolean NOT NULL DEFAULT false,
    columns              jsonb NOT NULL,
    settings             jsonb NOT NULL,
    description          text,
    tags                 jsonb NOT NULL DEFAULT '{}',
    feature_descriptions jsonb NOT NULL DEFAULT '{}',
    materialized_at      timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    entity_type          text NOT NULL
);
COMMENT ON TABLE mlops.feature_views IS 'One row a feature view: what is known of an entity as time goes by';
COMMENT ON COLUMN mlops.feature_views.view_id IS 'Identity of the view, never reused';
COMMENT ON COLUMN mlops.feature_views.name IS 'Name used in every function call';
COMMENT ON COLUMN mlops.feature_views.owner IS 'Name of the role that owns the view; its query runs with this role''s rights';
COMMENT ON COLUMN mlops.feature_views.query IS 'Query as typed: a relation name or one SELECT';
COMMENT ON COLUMN mlops.feature_views.source_query IS 'Query as it is run: every name qualified, * frozen';
COMMENT ON COLUMN mlops.feature_views.entity IS 'Column with the key of the entity';
COMMENT ON COLUMN mlops.feature_views.time_column IS 'Column with the time from which on a row holds';
COMMENT ON COLUMN mlops.feature_views.created_column IS 'Column with the time at which a row became known; NULL when that is not told';
COMMENT ON COLUMN mlops.feature_views.ttl IS 'How long a row holds; NULL when it never expires';
COMMENT ON COLUMN mlops.feature_views.online IS 'Whether mlops_materialize keeps its latest rows';
COMMENT ON COLUMN mlops.feature_views.columns IS 'Its columns in their order: name and type';
COMMENT ON COLUMN mlops.feature_views.settings IS 'Settings that the query runs under';
COMMENT ON COLUMN mlops.feature_views.description IS 'Description for people';
COMMENT ON COLUMN mlops.feature_views.tags IS 'Free tags, one JSON object';
COMMENT ON COLUMN mlops.feature_views.feature_descriptions IS 'Descriptions of single features, by name';
COMMENT ON COLUMN mlops.feature_views.materialized_at IS 'The time as of which the latest rows are kept; NULL when they are not';
COMMENT ON COLUMN mlops.feature_views.created_at IS 'When the view was created';
COMMENT ON COLUMN mlops.feature_views.updated_at IS 'When the definition last changed';
COMMENT ON COLUMN mlops.feature_views.entity_type IS 'What keys of the entity are compared as: bigint, text or uuid';

CREATE TABLE mlops.online_features (
    view_id         bigint NOT NULL,
    entity_key      text NOT NULL,
    event_time      timestamptz NOT NULL,
    created_time    timestamptz,
    features        jsonb NOT NULL,
    materialized_at timestamptz NOT NULL,
    PRIMARY KEY (view_id, entity_key)
);
COMMENT ON TABLE mlops.online_features IS 'The latest row of each entity in the feature views that are online';
COMMENT ON COLUMN mlops.online_features.view_id IS 'The view';
COMMENT ON COLUMN mlops.online_features.entity_key IS 'Key of the entity as text';
COMMENT ON COLUMN mlops.online_features.event_time IS 'Time from which on the row holds; it expires as the view says, when it is read';
COMMENT ON COLUMN mlops.online_features.created_time IS 'When the row became known; NULL when the view does not tell';
COMMENT ON COLUMN mlops.online_features.features IS 'The features by name';
COMMENT ON COLUMN mlops.online_features.materialized_at IS 'As of when the row was last written';

ALTER TABLE mlops.feature_views ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.online_features ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON mlops.feature_views FOR SELECT USING (mlops.can_see_snapshot(owner));
CREATE POLICY visible ON mlops.online_features FOR SELECT
    USING (view_id IN (SELECT v.view_id FROM mlops.feature_views AS v));
GRANT SELECT ON mlops.feature_views, mlops.online_features TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('mlops.feature_views', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.feature_views_view_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.online_features', '');

CREATE FUNCTION mlops_create_feature_view(name text, query text, entity text, time_column text, ttl interval,
    created_column text DEFAULT NULL, online boolean DEFAULT false, comment text DEFAULT NULL,
    replace boolean DEFAULT false, options jsonb DEFAULT '{}') RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_create_feature_view';
COMMENT ON FUNCTION mlops_create_feature_view(text, text, text, text, interval, text, boolean, text, boolean, jsonb) IS
    'Defines a feature view: a query of what is known of an entity as time goes by; returns its identity';

CREATE FUNCTION mlops_drop_feature_view(name text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_drop_feature_view';
COMMENT ON FUNCTION mlops_drop_feature_view(text) IS 'Removes a feature view and what is kept of it online';

CREATE FUNCTION mlops_annotate_feature_view(name text, description text DEFAULT NULL, tags jsonb DEFAULT NULL,
    feature text DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_annotate_feature_view';
COMMENT ON FUNCTION mlops_annotate_feature_view(text, text, jsonb, text) IS
    'Sets description and tags of a feature view, or the description of one of its features';

CREATE FUNCTION mlops_set_feature_view_owner(name text, owner regrole) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_set_feature_view_owner';
COMMENT ON FUNCTION mlops_set_feature_view_owner(text, regrole) IS
    'Gives a feature view to another role; its query then runs with that role''s rights';

-- Position of the row of a partition that holds at the current row: for the SQL that mlops_training_set writes.
CREATE FUNCTION mlops.latest_position_add(state internal, event_time timestamptz, created_time timestamptz,
    at timestamptz, ttl interval) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_latest_position_add';
COMMENT ON FUNCTION mlops.latest_position_add(internal, timestamptz, timestamptz, timestamptz, interval) IS
    'Takes the next row of a partition: a feature row, or one (at) that looks for a feature row';
CREATE FUNCTION mlops.latest_position_get(state internal) RETURNS integer
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_latest_position_get';
COMMENT ON FUNCTION mlops.latest_position_get(internal) IS 'Position of the latest feature row, NULL when there is none or it has expired';
CREATE AGGREGATE mlops.latest_position(event_time timestamptz, created_time timestamptz, at timestamptz, ttl interval) (
    SFUNC = mlops.latest_position_add, STYPE = internal, SSPACE = 64,
    FINALFUNC = mlops.latest_position_get, PARALLEL = SAFE);
COMMENT ON AGGREGATE mlops.latest_position(timestamptz, timestamptz, timestamptz, interval) IS
    'Position in its window of the feature row that holds at the current row, for the SQL of mlops_training_set';

CREATE FUNCTION mlops.read_feature_view(name text) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL UNSAFE COST 100000 ROWS 100000 AS 'MODULE_PATHNAME', 'mlops_read_feature_view';
COMMENT ON FUNCTION mlops.read_feature_view(text) IS
    'The rows of a feature view, read as its owner; names and types of its columns follow as AS v (...)';

CREATE FUNCTION mlops_training_set(spine text, feature_views text[]) RETURNS text
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'mlops_training_set';
COMMENT ON FUNCTION mlops_training_set(text, text[]) IS
    'A SELECT of the rows of a source with the features that were known at the time of each row';

CREATE FUNCTION mlops_get_features(view text, entity_key text, at timestamptz DEFAULT now()) RETURNS jsonb
LANGUAGE c STABLE PARALLEL UNSAFE COST 10000 AS 'MODULE_PATHNAME', 'mlops_get_features';
COMMENT ON FUNCTION mlops_get_features(text, text, timestamptz) IS
    'The features of one entity as known at a time; null values when none were';

CREATE FUNCTION mlops_materialize(view text) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 100000 AS 'MODULE_PATHNAME', 'mlops_materialize';
COMMENT ON FUNCTION mlops_materialize(text) IS
    'Brings the latest rows that are kept of an online feature view up to now; returns how many entities have newer ones';

CREATE FUNCTION mlops.latest_feature_rows()
    RETURNS TABLE (view_id bigint, latest_event_time timestamptz, problem text)
LANGUAGE c STABLE PARALLEL UNSAFE COST 100000 ROWS 10 AS 'MODULE_PATHNAME', 'mlops_latest_feature_rows';
COMMENT ON FUNCTION mlops.latest_feature_rows() IS
    'The time of the latest row of each feature view that the current user may read (used by mlops.feature_freshness)';

CREATE VIEW mlops.feature_freshness WITH (security_invoker = true) AS
SELECT v.name, v.owner, v.ttl, l.latest_event_time, now() - l.latest_event_time AS age,
    coalesce(v.ttl IS NULL OR l.latest_event_time >= now() - v.ttl, false) AND l.latest_event_time IS NOT NULL AS fresh,
    v.online, v.materialized_at, now() - v.materialized_at AS materialized_age, l.problem
FROM mlops.feature_views AS v LEFT JOIN mlops.latest_feature_rows() AS l ON l.view_id = v.view_id;
COMMENT ON VIEW mlops.feature_freshness IS 'How old the latest row of each feature view is, against how long rows hold';
COMMENT ON COLUMN mlops.feature_freshness.name IS 'The view';
COMMENT ON COLUMN mlops.feature_freshness.owner IS 'Name of the role that owns it';
COMMENT ON COLUMN mlops.feature_freshness.ttl IS 'How long a row holds; NULL when it never expires';
COMMENT ON COLUMN mlops.feature_freshness.latest_event_time IS 'Time of its latest row, until now; NULL when there is none';
COMMENT ON COLUMN mlops.feature_freshness.age IS 'Time since then';
COMMENT ON COLUMN mlops.feature_freshness.fresh IS 'Whether the latest row still holds';
COMMENT ON COLUMN mlops.feature_freshness.online IS 'Whether mlops_materialize keeps its latest rows';
COMMENT ON COLUMN mlops.feature_freshness.materialized_at IS 'The time as of which they are kept';
COMMENT ON COLUMN mlops.feature_freshness.materialized_age IS 'Time since then';
COMMENT ON COLUMN mlops.feature_freshness.problem IS 'Why the view cannot be read; NULL when it can';
GRANT SELECT ON mlops.feature_freshness TO PUBLIC;

REVOKE EXECUTE ON FUNCTION mlops_create_feature_view(text, text, text, text, interval, text, boolean, text, boolean, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_drop_feature_view(text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_annotate_feature_view(text, text, jsonb, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_materialize(text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION mlops_set_feature_view_owner(text, regrole) FROM PUBLIC;
