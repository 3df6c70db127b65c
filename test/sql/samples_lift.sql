-- The signal of made-up rows lies in behaviour: features of the entity's own past, in plain SQL, lift the AUC of a
-- boosted model by more than 0.1 over the columns as they are. Test rows are the latest ones.
SET mlops.progress = off;
SET client_min_messages = warning;
\set params '''{"n_estimators": 20, "early_stopping_rounds": 0, "learning_rate": 0.2, "max_leaves": 8}'''

-- card payments
CREATE TABLE lift_payments AS
SELECT *, extract(hour FROM event_time AT TIME ZONE 'UTC')::int AS hour, count(*) OVER hour_before AS payments_1h, count(*) OVER day_before AS payments_24h,
    extract(epoch FROM event_time - max(event_time) OVER past)::float8 AS seconds_since, (amount % 50 = 0) AS is_round,
    (ln(amount::float8) - avg(ln(amount::float8)) OVER past) / nullif(stddev_samp(ln(amount::float8)) OVER past, 0) AS amount_z,
    count(*) OVER (PARTITION BY customer_id, country ORDER BY event_time RANGE BETWEEN UNBOUNDED PRECEDING AND '1 second' PRECEDING)::float8 / nullif(count(*) OVER past, 0) AS country_share,
    CASE WHEN device_id IS NOT NULL THEN count(*) OVER (PARTITION BY customer_id, device_id ORDER BY event_time RANGE BETWEEN UNBOUNDED PRECEDING AND '1 second' PRECEDING) END AS device_before,
    count(*) OVER (PARTITION BY customer_id, date_part('hour', event_time AT TIME ZONE 'UTC')::int / 3 ORDER BY event_time RANGE BETWEEN UNBOUNDED PRECEDING AND '1 second' PRECEDING)::float8 / nullif(count(*) OVER past, 0) AS hour_share
FROM mlops_generate_transactions(10000, 0.04)
WINDOW past AS (PARTITION BY customer_id ORDER BY event_time RANGE BETWEEN UNBOUNDED PRECEDING AND '1 second' PRECEDING),
    hour_before AS (PARTITION BY customer_id ORDER BY event_time RANGE BETWEEN '1 hour' PRECEDING AND '1 second' PRECEDING),
    day_before AS (PARTITION BY customer_id ORDER BY event_time RANGE BETWEEN '1 day' PRECEDING AND '1 second' PRECEDING);
\set columns 'amount, category, channel, country, hour'
SELECT value AS raw FROM mlops_train('lift_fraud', 'lift_payments', 'is_fraud', params => :params, features => :'columns', key => 'transaction_id', time_column => 'event_time') \gset
SELECT value AS history FROM mlops_train('lift_fraud', params => :params, features => :'columns' || ', payments_1h, payments_24h, seconds_since, is_round, amount_z, country_share, device_before, hour_share') \gset
SELECT 'card fraud' AS label, :raw BETWEEN 0.6 AND 0.85 AS raw_is_moderate, :history - :raw >= 0.1 AS lifted, trunc((:history - :raw)::numeric, 1) AS lift_at_least;

-- customers
CREATE TABLE lift_customers AS
SELECT row_number() OVER () AS id, *, usage_hours / nullif(avg(usage_hours) OVER past, 0) AS usage_share, monthly_fee / nullif(lag(monthly_fee, 2) OVER own, 0) AS fee_share,
    support_calls - avg(support_calls) OVER past AS more_calls, days_overdue - avg(days_overdue) OVER past AS more_overdue
FROM mlops_generate_customers(10000, 0.08)
WINDOW own AS (PARTITION BY customer_id ORDER BY event_time), past AS (PARTITION BY customer_id ORDER BY event_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING);
\set columns 'tenure_months, region, plan, contract, payment_method, monthly_fee, usage_hours, sessions, support_calls, days_overdue'
SELECT value AS raw FROM mlops_train('lift_churn', 'lift_customers', 'churned', params => :params, features => :'columns', key => 'id', time_column => 'event_time') \gset
SELECT value AS history FROM mlops_train('lift_churn', params => :params, features => :'columns' || ', usage_share, fee_share, more_calls, more_overdue') \gset
SELECT 'churn' AS label, :raw BETWEEN 0.6 AND 0.85 AS raw_is_moderate, :history - :raw >= 0.1 AS lifted, trunc((:history - :raw)::numeric, 1) AS lift_at_least;

-- invoices: of payments only what is known at the time, after the longest term
CREATE TABLE lift_invoices AS
SELECT *, avg(days_late) OVER buyer AS buyer_days_late, avg(is_late::int) OVER buyer AS buyer_late, amount / nullif(avg(amount) OVER buyer, 0) AS buyer_amount,
    (ln(amount::float8) - avg(ln(amount::float8)) OVER supplier) / nullif(stddev_samp(ln(amount::float8)) OVER supplier, 0) AS amount_z, (amount % 100 = 0) AS is_round,
    count(*) OVER (PARTITION BY supplier_id, buyer_id, amount ORDER BY event_time RANGE BETWEEN '60 days' PRECEDING AND '1 second' PRECEDING) AS same_before,
    count(*) OVER (PARTITION BY supplier_id, bank_account ORDER BY event_time RANGE BETWEEN UNBOUNDED PRECEDING AND '1 second' PRECEDING) AS account_before,
    count(*) OVER (PARTITION BY supplier_id, buyer_id ORDER BY event_time RANGE BETWEEN '5 days' PRECEDING AND '1 second' PRECEDING) AS invoices_5d
FROM mlops_generate_invoices(10000, 0.25, 0.04)
WINDOW buyer AS (PARTITION BY buyer_id ORDER BY event_time RANGE BETWEEN UNBOUNDED PRECEDING AND '90 days' PRECEDING),
    supplier AS (PARTITION BY supplier_id ORDER BY event_time RANGE BETWEEN UNBOUNDED PRECEDING AND '1 second' PRECEDING);
\set columns 'category, country, channel, has_order, amount, terms_days'
SELECT value AS raw FROM mlops_train('lift_late', 'lift_invoices', 'is_late', params => :params, features => :'columns', key => 'invoice_id', time_column => 'event_time') \gset
SELECT value AS history FROM mlops_train('lift_late', params => :params, features => :'columns' || ', buyer_days_late, buyer_late, buyer_amount') \gset
SELECT 'late payment' AS label, :raw BETWEEN 0.55 AND 0.85 AS raw_is_moderate, :history - :raw >= 0.1 AS lifted, trunc((:history - :raw)::numeric, 1) AS lift_at_least;
SELECT value AS raw FROM mlops_train('lift_invoice_fraud', 'lift_invoices', 'is_fraud', params => :params, features => :'columns', key => 'invoice_id', time_column => 'event_time') \gset
SELECT value AS history FROM mlops_train('lift_invoice_fraud', params => :params, features => :'columns' || ', amount_z, is_round, same_before, account_before, invoices_5d') \gset
SELECT 'invoice fraud' AS label, :raw BETWEEN 0.55 AND 0.85 AS raw_is_moderate, :history - :raw >= 0.1 AS lifted, trunc((:history - :raw)::numeric, 1) AS lift_at_least;
SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE name LIKE 'lift%';
DROP TABLE lift_payments, lift_customers, lift_invoices;
