-- docs/use-cases/card_fraud.sql as it stands: trained, then served row by row with the very same definitions.
CREATE SCHEMA test_card_fraud;
SET search_path = test_card_fraud, public;
SET mlops.progress = off;
CREATE TABLE payments AS SELECT * FROM mlops_generate_transactions(10000, 0.04);
\getenv abs_srcdir PG_ABS_SRCDIR
\set use_case :abs_srcdir '/../docs/use-cases/card_fraud.sql'
\i :use_case
ANALYZE payments;
-- every way in says the same, to the last bit
CREATE TABLE scored AS SELECT f.*, mlops_predict('card_fraud', f) AS score, mlops_predict('card_fraud', to_jsonb(f)) AS from_jsonb FROM payment_features f;
SELECT count(*) AS rows, count(*) FILTER (WHERE s.score IS DISTINCT FROM s.from_jsonb) AS jsonb_differs, count(*) FILTER (WHERE s.score IS DISTINCT FROM b.score) AS batch_differs
FROM scored s LEFT JOIN mlops_predict_batch('card_fraud', 'payment_features', 'transaction_id') b ON b.key = s.transaction_id::text;
-- and so does one payment after the other, each with the past that it had
SELECT count(*) AS rows, count(*) FILTER (WHERE payment_score(customer_id, transaction_id) IS DISTINCT FROM score) AS served_differs FROM scored WHERE transaction_id % 7 = 0;
-- what is known later changes nothing: the features of a payment while it was the newest
BEGIN;
DELETE FROM payments WHERE event_time > (SELECT event_time FROM payments WHERE transaction_id = 5000);
SELECT count(*) AS rows, count(*) FILTER (WHERE mlops_predict('card_fraud', f) IS DISTINCT FROM s.score) AS later_differs FROM payment_features f JOIN scored s USING (transaction_id);
ROLLBACK;
-- the plan of one payment reads one customer
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
SELECT count(*) > 0 AS by_index FROM plan_of('SELECT mlops_predict(''card_fraud'', f) FROM payment_features f WHERE f.customer_id = 5 AND f.transaction_id = 77') q WHERE q LIKE '%Index Cond: (customer_id = 5)%';
-- the history is worth it
SELECT round(max(value) FILTER (WHERE name = 'card_fraud')::numeric, 1) AS history, max(value) FILTER (WHERE name = 'card_fraud') - max(value) FILTER (WHERE name = 'raw') > 0.1 AS lifted FROM (
    SELECT 'raw' AS name, value FROM mlops_train('card_fraud_raw', 'payments', 'is_fraud', 'gradient_boosting', '{"n_estimators": 60}', features => 'amount::float8, category, channel, country', key => 'transaction_id', time_column => 'event_time')
    UNION ALL SELECT m.name, r.value FROM mlops.models m JOIN mlops.versions v USING (model_id) JOIN mlops.run_metrics r USING (run_id) WHERE m.name = 'card_fraud' AND r.key = 'roc_auc' AND r.split = 'test') s;
SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE name LIKE 'card_fraud%';
