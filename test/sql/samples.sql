-- Made-up rows: the same for the same arguments, in order of time, with the shares asked for; and every wrong argument.
\set SHOW_CONTEXT never
SELECT transaction_id, event_time AT TIME ZONE 'UTC' AS event_time, customer_id, category, channel, amount, country, is_fraud, fraud_pattern
FROM mlops_generate_transactions(8, 0.25);
SELECT event_time AT TIME ZONE 'UTC' AS event_time, customer_id, plan, contract, monthly_fee, usage_hours, support_calls, days_overdue, churned, churn_pattern
FROM mlops_generate_customers(8, 0.25);
SELECT invoice_id, event_time AT TIME ZONE 'UTC' AS event_time, supplier_id, buyer_id, category, amount, terms_days, days_late, is_late, is_fraud, fraud_pattern
FROM mlops_generate_invoices(8, 0.5, 0.25);

-- the same rows on every machine and in every session
SELECT mlops_content_hash(mlops_row_hash(t)) AS content, count(*), count(*) FILTER (WHERE is_fraud) AS frauds FROM mlops_generate_transactions() t;
SELECT mlops_content_hash(mlops_row_hash(t)) AS content, count(*), round(avg(churned::int), 2) AS churned FROM mlops_generate_customers() t;
SELECT mlops_content_hash(mlops_row_hash(t)) AS content, count(*), round(avg(is_late::int), 2) AS late, count(*) FILTER (WHERE is_fraud) AS frauds FROM mlops_generate_invoices() t;
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German';
SELECT mlops_content_hash(mlops_row_hash(t)) AS content FROM mlops_generate_transactions(seed => 42) t;
RESET TimeZone;
RESET DateStyle;
SELECT count(*) AS same_as_another_seed FROM (SELECT * FROM mlops_generate_transactions(1000) INTERSECT SELECT * FROM mlops_generate_transactions(1000, seed => 43)) x;
SELECT count(*) FROM mlops_generate_transactions(0);
SELECT bool_and(is_fraud) AS all_fraud FROM mlops_generate_transactions(100, 1);
SELECT bool_or(churned) AS any_churned FROM mlops_generate_customers(1000, 0);
SELECT bool_and(is_late) AS all_late, bool_and(is_fraud) AS all_fraud FROM mlops_generate_invoices(100, 1, 1);
-- rows come in the order of their times
SELECT count(*) FILTER (WHERE event_time < before) AS out_of_order FROM (SELECT event_time, lag(event_time) OVER () AS before FROM mlops_generate_transactions(5000, 0.3)) x;
SELECT count(*) FILTER (WHERE event_time < before) AS out_of_order FROM (SELECT event_time, lag(event_time) OVER () AS before FROM mlops_generate_invoices(5000, 0.3, 0.3)) x;
-- labels come later
SELECT min(labeled_at - event_time) > interval '0' AS later, max(labeled_at - event_time) AS at_most FROM mlops_generate_transactions();

-- patterns: off, weighted, configured
SELECT fraud_pattern, count(*) FROM mlops_generate_transactions(5000, 0.1, patterns => '{"velocity_burst": 0, "odd_hours": 0, "new_device": {"share": 3}}')
WHERE is_fraud GROUP BY 1 ORDER BY 1;
SELECT count(*) FILTER (WHERE amount % 25 = 0) = count(*) AS all_round FROM mlops_generate_transactions(2000, 0.1,
    patterns => '{"velocity_burst": 0, "odd_hours": 0, "foreign_place": 0, "new_device": 0, "round_amount": {"unit": 25}}') WHERE is_fraud;
SELECT n AS payments_of_a_customer_within_an_hour FROM (SELECT count(*) OVER (PARTITION BY customer_id ORDER BY event_time RANGE '1 hour' PRECEDING) AS n
    FROM mlops_generate_transactions(2000, 0.02, patterns => '{"odd_hours": 0, "foreign_place": 0, "round_amount": 0, "new_device": 0, "velocity_burst": {"count": 20, "minutes": 10}}')) x
ORDER BY n DESC LIMIT 1;
SELECT churn_pattern, count(*) > 0 AS found FROM mlops_generate_customers(2000, 0.1, patterns => '{"price_rise": 0, "late_payment": 0}') WHERE churned GROUP BY 1 ORDER BY 1;
SELECT late_pattern, count(*) > 0 AS found FROM mlops_generate_invoices(2000, patterns => '{"cash_squeeze": 0, "large_amount": {"strength": 5}}') WHERE is_late GROUP BY 1 ORDER BY 1;

-- drift: before its time nothing, afterwards the column that is named
SELECT t.event_time >= '2025-02-15 00:00+00' AS later, count(*) FILTER (WHERE d.amount IS NULL) AS missing, round(min(d.amount / t.amount), 6) AS least, round(max(d.amount / t.amount), 6) AS most,
    count(*) FILTER (WHERE d.channel <> t.channel) > 0 AS other_channel, bool_and(d.channel = t.channel OR d.channel = 'online') AS only_online,
    bool_and((d.country, d.is_fraud, d.customer_id) = (t.country, t.is_fraud, t.customer_id)) AS all_else_equal
FROM mlops_generate_transactions(2000) t JOIN mlops_generate_transactions(2000, drift => '{"from": "2025-02-15 00:00+00",
    "columns": {"amount": {"scale": 100, "missing": 0.05}, "channel": {"value": "online", "share": 0.5}}}') d USING (transaction_id) GROUP BY 1 ORDER BY 1;
SELECT max(support_calls) AS negated, min(monthly_fee) > 1000 AS more FROM mlops_generate_customers(500, drift => '{"from": "-infinity", "columns": {"support_calls": {"scale": -1}, "monthly_fee": {"add": 1000}}}');
-- options
SELECT min(event_time) >= '2024-02-01 00:00+00' AND max(event_time) < '2024-02-09 00:00+00' AS in_a_week, count(DISTINCT customer_id) <= 5 AS few
FROM mlops_generate_transactions(200, 0, options => '{"start": "2024-02-01", "days": 7, "customers": 5}');
SELECT count(DISTINCT event_time) AS months, min(event_time AT TIME ZONE 'UTC') AS first FROM mlops_generate_customers(300, options => '{"months": 3, "start": "2024-01-31"}');
SELECT max(supplier_id) <= 3 AND max(buyer_id) <= 2 AS few FROM mlops_generate_invoices(100, options => '{"suppliers": 3, "buyers": 2}');
-- null is the default
SELECT count(*) FROM mlops_generate_transactions(10, 0.1, NULL, NULL, NULL, NULL);

-- wrong arguments
SELECT count(*) FROM mlops_generate_transactions(-1);
SELECT count(*) FROM mlops_generate_transactions(3000000000);
SELECT count(*) FROM mlops_generate_transactions(NULL);
SELECT count(*) FROM mlops_generate_transactions(10, NULL);
SELECT count(*) FROM mlops_generate_transactions(10, 1.5);
SELECT count(*) FROM mlops_generate_customers(10, -0.1);
SELECT count(*) FROM mlops_generate_invoices(10, 'NaN');
SELECT count(*) FROM mlops_generate_invoices(10, 0.1, 2);
SELECT count(*) FROM mlops_generate_transactions(10, patterns => '{"odd_hour": 1}');
SELECT count(*) FROM mlops_generate_transactions(10, patterns => '{"odd_hours": -1}');
SELECT count(*) FROM mlops_generate_transactions(10, patterns => '{"odd_hours": "much"}');
SELECT count(*) FROM mlops_generate_transactions(10, patterns => '{"odd_hours": {"hour": 3}}');
SELECT count(*) FROM mlops_generate_transactions(10, patterns => '{"velocity_burst": {"count": 1}}');
SELECT count(*) FROM mlops_generate_transactions(10, patterns => '{"velocity_burst": {"count": 2.5}}');
SELECT count(*) FROM mlops_generate_transactions(10, patterns => '["odd_hours"]');
SELECT count(*) FROM mlops_generate_customers(10, patterns => '{"usage_drop": 0, "support_calls": 0, "price_rise": 0, "late_payment": 0}');
SELECT count(*) FROM mlops_generate_customers(10, 0, patterns => '{"usage_drop": 0, "support_calls": 0, "price_rise": 0, "late_payment": 0}');
SELECT count(*) FROM mlops_generate_invoices(10, patterns => '{"duplicate": 0, "changed_account": 0, "inflated_amount": 0, "round_amount": 0, "split_invoice": 0}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01", "columns": {"amounts": {"scale": 2}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01", "columns": {"is_fraud": {"missing": 1}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01", "columns": {"amount": 2}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01", "columns": {"amount": {"factor": 2}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01", "columns": {"amount": {"value": "online"}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01", "columns": {"channel": {"scale": 2}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01", "columns": {"channel": {"value": "phone"}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01", "columns": {"amount": {"missing": 1.1}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01", "columns": {"channel": {"share": 0.5}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"columns": {"amount": {"scale": 2}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "2025-02-01"}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"from": "soon", "columns": {"amount": {"scale": 2}}}');
SELECT count(*) FROM mlops_generate_transactions(10, drift => '{"when": "2025-02-01"}');
SELECT count(*) FROM mlops_generate_transactions(10, options => '{"day": 3}');
SELECT count(*) FROM mlops_generate_transactions(10, options => '{"days": 0}');
SELECT count(*) FROM mlops_generate_transactions(10, options => '{"start": "1066-10-14"}');
SELECT count(*) FROM mlops_generate_transactions(10, options => '{"start": "infinity"}');
SELECT count(*) FROM mlops_generate_transactions(10, options => '{"start": "yesteryear"}');
SELECT count(*) FROM mlops_generate_customers(10, options => '3');
