-- Sample data: made-up rows with the structure of real ones, and small real data sets.

CREATE FUNCTION mlops_generate_transactions(rows bigint DEFAULT 10000, fraud_rate double precision DEFAULT 0.02,
    seed bigint DEFAULT 42, patterns jsonb DEFAULT '{}', drift jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
    RETURNS TABLE (transaction_id bigint, event_time timestamptz, customer_id bigint, card_id bigint, merchant_id bigint,
        category text, channel text, amount numeric, country text, device_id bigint, is_fraud boolean,
        fraud_pattern text, labeled_at timestamptz, detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE COST 1000000 ROWS 10000 AS 'MODULE_PATHNAME', 'mlops_generate_transactions';
COMMENT ON FUNCTION mlops_generate_transactions(bigint, double precision, bigint, jsonb, jsonb, jsonb) IS
    'Made-up card payments in order of time, some of them fraud that shows in how they differ from the customer''s own habits';

CREATE FUNCTION mlops_generate_customers(rows bigint DEFAULT 10000, churn_rate double precision DEFAULT 0.05,
    seed bigint DEFAULT 42, patterns jsonb DEFAULT '{}', drift jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
    RETURNS TABLE (event_time timestamptz, customer_id bigint, tenure_months integer, region text, plan text, contract text,
        payment_method text, monthly_fee numeric, usage_hours double precision, sessions integer,
        support_calls integer, days_overdue integer, churned boolean, churn_pattern text, labeled_at timestamptz,
        detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE COST 1000000 ROWS 10000 AS 'MODULE_PATHNAME', 'mlops_generate_customers';
COMMENT ON FUNCTION mlops_generate_customers(bigint, double precision, bigint, jsonb, jsonb, jsonb) IS
    'Made-up customers of a subscription, a row for each and month, some of whom leave and show it before';

CREATE FUNCTION mlops_generate_invoices(rows bigint DEFAULT 10000, late_rate double precision DEFAULT 0.25,
    fraud_rate double precision DEFAULT 0.02, seed bigint DEFAULT 42, patterns jsonb DEFAULT '{}', drift jsonb DEFAULT '{}',
    options jsonb DEFAULT '{}')
    RETURNS TABLE (invoice_id bigint, event_time timestamptz, supplier_id bigint, buyer_id bigint, category text,
        country text, channel text, has_order boolean, amount numeric, terms_days integer, due_at timestamptz,
        bank_account bigint, paid_at timestamptz, days_late integer, is_late boolean, late_pattern text, is_fraud boolean,
        fraud_pattern text, labeled_at timestamptz, detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE COST 1000000 ROWS 10000 AS 'MODULE_PATHNAME', 'mlops_generate_invoices';
COMMENT ON FUNCTION mlops_generate_invoices(bigint, double precision, double precision, bigint, jsonb, jsonb, jsonb) IS
    'Made-up invoices in order of time, some of them paid late, some of them fraud';

-- Runs with the caller's rights and makes a table where the caller may: nothing has to be granted.
CREATE FUNCTION mlops_load_dataset(name text, table_name text DEFAULT NULL) RETURNS regclass
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 100000 AS 'MODULE_PATHNAME', 'mlops_load_dataset';
COMMENT ON FUNCTION mlops_load_dataset(text, text) IS
    'Makes a table of a small data set that comes with the extension: iris, wine, breast_cancer, telco_churn, car_prices';
