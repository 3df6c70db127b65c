-- The sample table of the demo, of ./run psql and of tests: psql -f, from the top of the tree.
CREATE TABLE customers (
    rid               integer PRIMARY KEY,
    customer_id       text NOT NULL UNIQUE,
    gender            text,
    senior_citizen    integer,
    partner           text,
    dependents        text,
    tenure            integer,          -- months
    phone_service     text,
    multiple_lines    text,
    internet_service  text,
    online_security   text,
    online_backup     text,
    device_protection text,
    tech_support      text,
    streaming_tv      text,
    streaming_movies  text,
    contract          text,
    paperless_billing text,
    payment_method    text,
    monthly_charges   double precision,
    total_charges     double precision, -- NULL in the first month
    churn             text              -- 'Yes' or 'No': what is to be predicted
);
\copy customers FROM 'test/data/telco_churn.csv' WITH (FORMAT csv, HEADER true)
