-- Faults planted into real rows: checks suggested from one half of clean rows hold on the other half, and catch them there.
CREATE SCHEMA test_checks_faults;
SET search_path = test_checks_faults, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\set SHOW_CONTEXT never
SELECT mlops_load_dataset(name) FROM unnest(ARRAY['telco_churn', 'car_prices', 'breast_cancer', 'iris']) name;
-- the customers get what tables of customers have: times, and words of people
CREATE TABLE customers AS SELECT rid, customer_id, partner, tenure, internet_service, contract, monthly_charges, total_charges, churn, date '2024-06-01' - tenure * 30 - rid % 30 AS signed_up, now() - (2000 - rid) * interval '17 minutes' AS loaded_at,
    (ARRAY['Köln', 'München', 'Zürich', 'Malmö', 'São Paulo', 'Genève', 'Bruxelles', 'Besançon'])[1 + rid % 8] || ', ' || initcap(substr(customer_id, 6)) || (ARRAY['straße ', ' utca ', ' rue '])[1 + rid % 3] || rid % 90 + 1 AS address FROM telco_churn WHERE rid <= 2000;
CREATE VIEW customers_a AS SELECT * FROM customers WHERE hashint4(rid) % 2 = 0;
CREATE VIEW customers_b AS SELECT * FROM customers WHERE hashint4(rid) % 2 <> 0;
CREATE VIEW cars_a AS SELECT rid, price, mileage, cylinder, doors, leather FROM car_prices WHERE hashint4(rid) % 2 = 0;
CREATE VIEW cars_b AS SELECT rid, price, mileage, cylinder, doors, leather FROM car_prices WHERE hashint4(rid) % 2 <> 0;
-- nothing in it identifies a row
CREATE VIEW tumours_a AS SELECT mean_radius, mean_texture, mean_area, mean_smoothness, worst_radius, target FROM breast_cancer WHERE hashint4(rid) % 2 = 0;
CREATE VIEW tumours_b AS SELECT mean_radius, mean_texture, mean_area, mean_smoothness, worst_radius, target FROM breast_cancer WHERE hashint4(rid) % 2 <> 0;
CREATE VIEW flowers_a AS SELECT * FROM iris WHERE hashint4(rid) % 2 = 0;
CREATE VIEW flowers_b AS SELECT * FROM iris WHERE hashint4(rid) % 2 <> 0;

SELECT rule, column_name, args, mostly, severity, reason FROM mlops_suggest_checks('customers_a') WHERE column_name IS NULL OR column_name IN ('customer_id', 'contract', 'monthly_charges', 'address', 'signed_up') OR rule IN ('pair_greater', 'increasing');
SELECT rule, args - 'max_age' AS args, severity FROM mlops_suggest_checks('customers_a') WHERE column_name = 'loaded_at' AND rule <> 'between';
CREATE TABLE sets AS SELECT * FROM unnest(ARRAY['customers', 'cars', 'tumours', 'flowers'], ARRAY['churn', 'price', 'target', 'target']) AS s (name, target);
SELECT count(mlops_create_model(name || '_' || half, name || '_' || half, target)) AS models FROM sets, unnest(ARRAY['a', 'b']) half;
SELECT name, half, count(mlops_add_check(name || '_' || half, rule, column_name, args, mostly, severity)) AS checks FROM sets, unnest(ARRAY['a', 'b']) half, mlops_suggest_checks(name || '_' || half) GROUP BY 1, 2 ORDER BY 1, 2;
-- the other half is clean: nothing fails, whichever half was looked at
SELECT name, half, rule, column_name, detail ->> 'reason' AS reason FROM sets, unnest(ARRAY['a', 'b']) half, mlops_validate(name || '_' || half, 'TABLE ' || name || '_' || translate(half, 'ab', 'ba')) WHERE NOT passed;

-- the faults; %s is the clean half
CREATE TABLE faults (n int GENERATED ALWAYS AS IDENTITY, fault text, name text, query text);
-- Columns of the clean half with some replaced.
CREATE FUNCTION with_columns(name text, VARIADIC changed text[]) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT %s FROM %I', string_agg(coalesce((SELECT right(c, -length(attname) - 1) FROM unnest(changed) c WHERE c LIKE attname || '=%'), quote_ident(attname)) || ' AS ' || quote_ident(attname), ', ' ORDER BY attnum), name || '_b')
    FROM pg_attribute WHERE attrelid = (name || '_b')::regclass AND attnum > 0
$$;
INSERT INTO faults (fault, name, query) VALUES
    ('amounts in cents', 'customers', with_columns('customers', 'monthly_charges=monthly_charges * 100')),
    ('miles given as kilometres', 'cars', with_columns('cars', 'mileage=round(mileage * 1.609)::int')),
    ('lengths in the next unit', 'tumours', with_columns('tumours', 'mean_radius=mean_radius / 10')),
    ('rows loaded twice', 'customers', 'SELECT * FROM customers_b UNION ALL SELECT * FROM customers_b WHERE rid < 200'),
    ('rows without a key loaded twice', 'tumours', 'SELECT * FROM tumours_b UNION ALL (SELECT * FROM tumours_b ORDER BY mean_area LIMIT 40)'),
    ('a key given to several rows', 'customers', with_columns('customers', 'customer_id=CASE WHEN rid < 60 THEN ''7590-VHVEG'' ELSE customer_id END')),
    ('swapped columns', 'customers', with_columns('customers', 'monthly_charges=total_charges', 'total_charges=monthly_charges')),
    ('swapped columns of flowers', 'flowers', with_columns('flowers', 'sepal_width_cm=petal_length_cm', 'petal_length_cm=sepal_width_cm')),
    ('a column out of step with its rows', 'customers', with_columns('customers', 'total_charges=lag(total_charges, 100) OVER (ORDER BY rid)')),
    ('impossible dates', 'customers', with_columns('customers', 'signed_up=CASE WHEN rid < 9 THEN date ''1900-01-01'' ELSE signed_up END')),
    ('dates far in the future', 'customers', with_columns('customers', 'signed_up=CASE WHEN rid < 9 THEN date ''2099-12-31'' ELSE signed_up END')),
    ('a constant number', 'customers', with_columns('customers', 'monthly_charges=70.35::float8')),
    ('a constant category', 'customers', with_columns('customers', 'contract=''One year''')),
    ('mixed encodings', 'customers', with_columns('customers', 'address=CASE WHEN rid % 50 = 0 THEN convert_from(convert_to(address, ''UTF8''), ''LATIN1'') ELSE address END')),
    ('a leak: the target in place of a feature', 'customers', with_columns('customers', 'tenure=(churn = ''Yes'')::int * 60')),
    ('classes turned over', 'customers', with_columns('customers', 'churn=CASE churn WHEN ''Yes'' THEN ''No'' ELSE ''Yes'' END')),
    ('classes turned over', 'tumours', with_columns('tumours', 'target=CASE target WHEN ''benign'' THEN ''malignant'' ELSE ''benign'' END')),
    ('labels that have not arrived', 'customers', with_columns('customers', 'churn=CASE WHEN rid % 10 > 0 THEN ''No'' ELSE churn END')),
    ('a spike of missing values', 'customers', with_columns('customers', 'total_charges=CASE WHEN rid % 4 > 0 THEN total_charges END')),
    ('missing values as a number', 'customers', with_columns('customers', 'total_charges=CASE WHEN rid % 40 = 0 THEN -1 ELSE total_charges END')),
    ('a new category', 'customers', with_columns('customers', 'internet_service=CASE WHEN rid % 90 = 0 THEN ''Satellite'' ELSE internet_service END')),
    ('blanks and capitals', 'customers', with_columns('customers', 'partner=CASE rid % 60 WHEN 0 THEN '' Yes'' WHEN 1 THEN ''YES'' ELSE partner END')),
    ('truncated texts', 'customers', with_columns('customers', 'address=CASE WHEN rid % 20 = 0 THEN left(address, 4) ELSE address END')),
    ('broken identifiers', 'customers', with_columns('customers', 'customer_id=CASE WHEN rid % 300 = 0 THEN replace(customer_id, ''-'', '''') ELSE customer_id END')),
    ('negative amounts', 'customers', with_columns('customers', 'monthly_charges=CASE WHEN rid % 500 = 0 THEN -monthly_charges ELSE monthly_charges END')),
    ('all signs flipped', 'cars', with_columns('cars', 'price=-price')),
    ('two outliers', 'customers', with_columns('customers', 'monthly_charges=CASE WHEN rid < 5 THEN 9999 ELSE monthly_charges END')),
    ('numbers with a decimal comma', 'customers', with_columns('customers', 'monthly_charges=replace(monthly_charges::text, ''.'', '','')')),
    ('time going backwards', 'customers', with_columns('customers', 'loaded_at=CASE WHEN rid % 70 = 0 THEN loaded_at - interval ''3 days'' ELSE loaded_at END')),
    ('stale rows', 'customers', with_columns('customers', 'loaded_at=loaded_at - interval ''2160 hours''')),
    ('a third of the rows', 'customers', 'SELECT * FROM customers_b WHERE rid < 650'),
    ('no rows', 'customers', 'SELECT * FROM customers_b WHERE false'),
    ('a column renamed', 'customers', 'SELECT rid, customer_id, tenure AS months FROM customers_b'),
    ('one part of the customers only', 'customers', 'SELECT * FROM customers_b WHERE contract <> ''Two year''');
CREATE TABLE found AS SELECT n, name, fault, rule, v.column_name, v.severity, v.failed_rows FROM faults f LEFT JOIN LATERAL (SELECT * FROM mlops_validate(f.name || '_a', f.query) WHERE NOT passed) v ON true;
SELECT name AS data, fault, count(rule) > 0 AS caught, count(rule) AS checks, max(severity) FILTER (WHERE severity = 'error') IS NOT NULL AS stops, array_to_string((array_agg(rule || coalesce(' ' || column_name, '') ORDER BY severity, rule COLLATE "C", column_name COLLATE "C"))[1:3], ', ') AS caught_by FROM found GROUP BY n, name, fault ORDER BY n;
SELECT count(DISTINCT n) AS faults, count(DISTINCT n) FILTER (WHERE rule IS NOT NULL) AS caught FROM found;
SELECT count(mlops_drop_model(name || '_' || half)) AS dropped FROM sets, unnest(ARRAY['a', 'b']) half;
SET client_min_messages = error;
DROP SCHEMA test_checks_faults CASCADE;
