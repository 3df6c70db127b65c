-- The log of serving: what was asked, what was answered, what came true.
--
-- Both tables are partitioned alike, one partition a day (UTC) and one for
-- all other times.  The parents have no index, key or foreign key and each
-- partition has its own: a dump restores them in any order, and a day leaves
-- by DETACH and DROP.  Partitions made at run time are no members of the
-- extension, so that a dump contains them; nobody is granted anything on a
-- partition, and the rights and the row security of the parents decide.
-- New columns go to the end.

CREATE FUNCTION mlops.can_manage(model_id bigint) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'mlops_can_manage';
COMMENT ON FUNCTION mlops.can_manage(bigint) IS 'Whether the current user may manage a model (used by row security)';

CREATE FUNCTION mlops.prediction_time(prediction_id uuid) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mlops_prediction_time';
COMMENT ON FUNCTION mlops.prediction_time(uuid) IS
    'When a prediction was made, by its identity: tells its partition; NULL for a uuid that is not of version 7';

CREATE TABLE mlops.predictions (
    prediction_id    uuid NOT NULL,
    predicted_at     timestamptz NOT NULL,
    model_id         bigint NOT NULL,
    version          integer,
    arm              text,
    entity_key       text,
    request_id       text,
    input            jsonb,
    features         jsonb,
    score            double precision,
    label            text,
    proba            jsonb,
    risk             text,
    seconds          double precision,
    error            text,
    requested_by     text NOT NULL DEFAULT current_user,
    application_name text DEFAULT current_setting('application_name'),
    CONSTRAINT predictions_predicted_at_check
        CHECK (coalesce(predicted_at = mlops.prediction_time(prediction_id), false))
) PARTITION BY RANGE (predicted_at);
COMMENT ON TABLE mlops.predictions IS 'One row a served prediction: the request, what the learner was given and the answer';
COMMENT ON COLUMN mlops.predictions.prediction_id IS 'Identity, ordered by time: a uuid of version 7';
COMMENT ON COLUMN mlops.predictions.predicted_at IS 'When, to the millisecond: the time in prediction_id';
COMMENT ON COLUMN mlops.predictions.model_id IS 'The model';
COMMENT ON COLUMN mlops.predictions.version IS 'Number of the version that answered; NULL when none did';
COMMENT ON COLUMN mlops.predictions.arm IS 'Arm of the rollout; NULL without a rollout';
COMMENT ON COLUMN mlops.predictions.entity_key IS 'What the prediction is about, in the words of the caller';
COMMENT ON COLUMN mlops.predictions.request_id IS 'Identity of the request, in the words of the caller';
COMMENT ON COLUMN mlops.predictions.input IS 'The request as it came';
COMMENT ON COLUMN mlops.predictions.features IS 'What the learner was given';
COMMENT ON COLUMN mlops.predictions.score IS 'The answer as mlops_predict_batch gives it';
COMMENT ON COLUMN mlops.predictions.label IS 'Predicted class; NULL for regression';
COMMENT ON COLUMN mlops.predictions.proba IS 'Probability of every class; NULL for regression';
COMMENT ON COLUMN mlops.predictions.risk IS 'Risk level, where the version has risk bands';
COMMENT ON COLUMN mlops.predictions.seconds IS 'Seconds from the request to the answer';
COMMENT ON COLUMN mlops.predictions.error IS 'Message of a prediction that failed';
COMMENT ON COLUMN mlops.predictions.requested_by IS 'Role that asked';
COMMENT ON COLUMN mlops.predictions.application_name IS 'application_name of the session that asked';

CREATE TABLE mlops.outcomes (
    prediction_id uuid NOT NULL,
    predicted_at  timestamptz NOT NULL,
    model_id      bigint NOT NULL,
    label         text,
    observed_at   timestamptz NOT NULL DEFAULT now(),
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    recorded_by   text NOT NULL DEFAULT current_user,
    CONSTRAINT outcomes_predicted_at_check
        CHECK (coalesce(predicted_at = mlops.prediction_time(prediction_id), false))
) PARTITION BY RANGE (predicted_at);
COMMENT ON TABLE mlops.outcomes IS 'What came true of a served prediction';
COMMENT ON COLUMN mlops.outcomes.prediction_id IS 'The prediction';
COMMENT ON COLUMN mlops.outcomes.predicted_at IS 'When it was made: the time in prediction_id';
COMMENT ON COLUMN mlops.outcomes.model_id IS 'The model';
COMMENT ON COLUMN mlops.outcomes.label IS 'The class that came true, or the value as text';
COMMENT ON COLUMN mlops.outcomes.observed_at IS 'When it came true';
COMMENT ON COLUMN mlops.outcomes.recorded_at IS 'When it was recorded';
COMMENT ON COLUMN mlops.outcomes.recorded_by IS 'Role that recorded it';

CREATE FUNCTION mlops.create_log_partition(parent text, partition text) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE mlops.%I (LIKE mlops.%I INCLUDING ALL, PRIMARY KEY (prediction_id))', partition, parent);
    EXECUTE format('CREATE INDEX ON mlops.%I (model_id, predicted_at)', partition);
    EXECUTE format('ALTER TABLE mlops.%I ENABLE ROW LEVEL SECURITY', partition);
END $$;
COMMENT ON FUNCTION mlops.create_log_partition(text, text) IS
    'Makes a table that can become a partition of the log, with its own key, index and row security';
REVOKE EXECUTE ON FUNCTION mlops.create_log_partition(text, text) FROM PUBLIC;

SELECT mlops.create_log_partition('predictions', 'predictions_default');
SELECT mlops.create_log_partition('outcomes', 'outcomes_default');
COMMENT ON TABLE mlops.predictions_default IS 'Served predictions of days without a partition';
COMMENT ON TABLE mlops.outcomes_default IS 'Outcomes of served predictions of days without a partition';
ALTER TABLE mlops.predictions ATTACH PARTITION mlops.predictions_default DEFAULT;
ALTER TABLE mlops.outcomes ATTACH PARTITION mlops.outcomes_default DEFAULT;

ALTER TABLE mlops.predictions ENABLE ROW LEVEL SECURITY;
ALTER TABLE mlops.outcomes ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON mlops.predictions FOR SELECT USING (mlops.can_manage(model_id));
CREATE POLICY visible ON mlops.outcomes FOR SELECT USING (mlops.can_manage(model_id));
GRANT SELECT ON mlops.predictions, mlops.outcomes TO PUBLIC;

-- Runs as the registry's owner, to whom the partitions belong.  SHARE UPDATE EXCLUSIVE lets one maintainer in and stops
-- no reader or writer; ACCESS EXCLUSIVE on the default partitions, kept to the end of the transaction, so that no row
-- comes to them while it is decided where its day goes.  Predictions come first, as in a query that joins outcomes to them.
CREATE FUNCTION mlops_maintain_log(days_ahead integer DEFAULT 7) RETURNS integer
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' AS $$
DECLARE
    patience text := current_setting('lock_timeout');
    days     date[];
    day      date;
    parent   text;
    part     text;
    made     integer := 0;
BEGIN
    IF days_ahead NOT BETWEEN 0 AND 366 THEN
        RAISE EXCEPTION 'argument "days_ahead" must be between 0 and 366, not %', days_ahead
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- a reader of the log must not make everybody behind us wait for long
    IF patience = '0' THEN
        PERFORM set_config('lock_timeout', '5s', true);
    END IF;
    LOCK TABLE ONLY mlops.predictions, ONLY mlops.outcomes IN SHARE UPDATE EXCLUSIVE MODE;
    -- days to come, and days whose rows had no partition; asked of the catalogue as it is, whatever our snapshot
    days := ARRAY(
        SELECT d FROM (
            SELECT current_date + i FROM generate_series(0, days_ahead) AS i
            UNION SELECT predicted_at::date FROM mlops.predictions_default WHERE predicted_at < current_date + 1
            UNION SELECT predicted_at::date FROM mlops.outcomes_default WHERE predicted_at < current_date + 1) AS w(d)
        WHERE to_regclass('mlops.predictions' || to_char(d, '_YYYYMMDD')) IS NULL
            OR to_regclass('mlops.outcomes' || to_char(d, '_YYYYMMDD')) IS NULL
        ORDER BY d);
    IF days <> '{}' THEN
        LOCK TABLE mlops.predictions_default, mlops.outcomes_default IN ACCESS EXCLUSIVE MODE;
    END IF;
    FOREACH day IN ARRAY days LOOP
        FOREACH parent IN ARRAY ARRAY['predictions', 'outcomes'] LOOP
            part := parent || to_char(day, '_YYYYMMDD');
            CONTINUE WHEN to_regclass('mlops.' || part) IS NOT NULL;
            PERFORM mlops.create_log_partition(parent, part);
            EXECUTE format('COMMENT ON TABLE mlops.%I IS %L', part, format('Rows of mlops.%s of %s (UTC)', parent, day));
            EXECUTE format('WITH moved AS (DELETE FROM mlops.%I WHERE predicted_at >= %L AND predicted_at < %L RETURNING *)'
                || ' INSERT INTO mlops.%I SELECT * FROM moved', parent || '_default', day, day + 1, part);
            EXECUTE format('ALTER TABLE mlops.%I ATTACH PARTITION mlops.%I FOR VALUES FROM (%L) TO (%L)',
                parent, part, day, day + 1);
            made := made + 1;
        END LOOP;
    END LOOP;
    PERFORM set_config('lock_timeout', patience, true);
    RETURN made;
END $$;
COMMENT ON FUNCTION mlops_maintain_log(integer) IS
    'Makes the partitions of the log for today and days to come, and for days whose rows had none; returns how many tables it made';
REVOKE EXECUTE ON FUNCTION mlops_maintain_log(integer) FROM PUBLIC;

-- The parents hold no rows; partitions made later are dumped as tables of their own.
SELECT pg_catalog.pg_extension_config_dump('mlops.predictions_default', '');
SELECT pg_catalog.pg_extension_config_dump('mlops.outcomes_default', '');
