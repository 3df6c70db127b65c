-- Card fraud, from payments to a served score.
--
-- One view says what a payment looks like beside the past of its customer.  Training reads the view, serving reads
-- the view, so there is nothing that could come to differ.  Needs a table `payments` with the columns of
-- mlops_generate_transactions; without one of your own:
--
--     CREATE TABLE payments AS SELECT * FROM mlops_generate_transactions(100000, 0.02);

-- what serving looks up: the payments of one customer
CREATE INDEX ON payments (customer_id, event_time);

CREATE VIEW payment_features AS
SELECT p.transaction_id, p.customer_id, p.event_time, p.is_fraud,
    -- as it comes
    p.amount::float8 AS amount, p.category, p.channel, p.country,
    -- time
    mlops_cyclic_sin(extract(epoch FROM p.event_time)::float8, 86400) AS hour_sin,
    mlops_cyclic_cos(extract(epoch FROM p.event_time)::float8, 86400) AS hour_cos,
    mlops_is_weekend(p.event_time, 'UTC') AS is_weekend,
    mlops_is_business_hours(p.event_time, 'UTC', '08:00', '20:00') AS is_daytime,
    -- amount
    ln(p.amount::float8) AS log_amount,
    mlops_is_round(p.amount::float8, 50) AS is_round,
    mlops_bucketize(p.amount::float8, '{10,50,200,1000}') AS amount_bucket,
    -- behaviour: beside what the customer usually spends
    mlops_zscore(ln(p.amount::float8), mlops_moments(ln(p.amount::float8)) OVER past) AS amount_zscore,
    ln(p.amount::float8) - mlops_ewma(mlops_ewma_state(ln(p.amount::float8), p.event_time, '14 days') OVER past) AS amount_over_recent,
    mlops_is_usual((extract(hour FROM p.event_time AT TIME ZONE 'UTC')::int / 3)::text,
        mlops_value_counts((extract(hour FROM p.event_time AT TIME ZONE 'UTC')::int / 3)::text) OVER past, 0.05) AS is_usual_time,
    -- frequency
    mlops_seconds_since(p.event_time, max(p.event_time) OVER past) AS seconds_since,
    mlops_velocity(count(*) OVER last_hour, '1 hour') AS per_hour,
    mlops_velocity(count(*) OVER last_day, '1 day') AS per_hour_of_day,
    -- location, device, merchant
    mlops_is_usual(p.country, mlops_value_counts(p.country) OVER past, 0.05) AS is_usual_country,
    mlops_is_usual(p.device_id::text, mlops_value_counts(p.device_id::text) OVER past, 0.05) AS is_usual_device,
    mlops_is_usual(p.category, mlops_value_counts(p.category) OVER past, 0.05) AS is_usual_category,
    mlops_is_usual(p.merchant_id::text, mlops_value_counts(p.merchant_id::text) OVER past, 0.02) AS is_usual_merchant
FROM payments AS p
-- the past ends before this instant: payments of the same microsecond do not see each other
WINDOW past AS (PARTITION BY p.customer_id ORDER BY p.event_time RANGE BETWEEN '90 days' PRECEDING AND '1 microsecond' PRECEDING),
    last_day AS (PARTITION BY p.customer_id ORDER BY p.event_time RANGE BETWEEN '1 day' PRECEDING AND '1 microsecond' PRECEDING),
    last_hour AS (PARTITION BY p.customer_id ORDER BY p.event_time RANGE BETWEEN '1 hour' PRECEDING AND '1 microsecond' PRECEDING);

-- the latest payments judge
SELECT algorithm, metric, round(value::numeric, 2) AS value
FROM mlops_train('card_fraud', 'payment_features', 'is_fraud', 'gradient_boosting', '{"n_estimators": 60}',
    key => 'transaction_id', time_column => 'event_time',
    config => '{"exclude": "customer_id", "positive_label": "true"}');

-- serving: one payment, by key; the planner reads one customer's payments
CREATE FUNCTION payment_score(customer bigint, payment bigint) RETURNS float8
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT mlops_predict('card_fraud', f) FROM payment_features AS f WHERE f.customer_id = customer AND f.transaction_id = payment);
