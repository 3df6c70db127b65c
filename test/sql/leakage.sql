-- mlops_check_leakage: planted leaks are found, good features are not told of.
CREATE SCHEMA test_leakage;
SET search_path = test_leakage, public;
SET client_min_messages = warning;
SET mlops.progress = off;
\set SHOW_CONTEXT never
CREATE FUNCTION drawn(i int, j int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$SELECT (('x' || left(md5(i || '/' || j), 8))::bit(32)::int)::float8 / 2147483648$$;
-- late is decided by good, tenure and chance; all else knows it, or knows nothing
CREATE TABLE invoices AS SELECT i AS id, i + 100000 AS invoice_no, md5(i::text) AS hash, late, good, tenure,
    CASE WHEN late THEN 10 + drawn(i, 5) ELSE drawn(i, 5) END AS days_over, CASE WHEN late THEN drawn(i, 6) END AS reminder_fee,
    CASE WHEN late THEN 'dunning' || i % 3 ELSE 'closed' || i % 4 END AS status, CASE WHEN drawn(i, 7) < 0.5 THEN late ELSE drawn(i, 8) > 0 END AS late_flag_guess,
    timestamp '2024-01-01' + i * interval '1 hour' AS issued, (timestamp '2024-01-01' + i * interval '1 hour')::date + (i % 40) AS settled,
    timestamptz '2020-01-01 00:00+00' + i * interval '1 minute' AS customer_since, 1000 + 10 * good + i % 5 AS amount
FROM (SELECT i, drawn(i, 1) AS good, (drawn(i, 2) * 30 + 40)::int AS tenure, drawn(i, 1) + 0.5 * drawn(i, 2) + 0.7 * drawn(i, 3) > 0.6 AS late FROM generate_series(1, 2000) i) d;
SELECT mlops_create_model('leakage_clean', 'SELECT id, late, good, tenure, amount FROM invoices', 'late', key => 'id') > 0 AS made;
SELECT * FROM mlops_check_leakage('leakage_clean');
SELECT mlops_create_model('leakage_invoices', 'invoices', 'late', key => 'id', time_column => 'issued',
    features => 'good, tenure, amount, days_over, reminder_fee, status, late_flag_guess, invoice_no, hash, settled - issued::date AS days_to_settle, extract(epoch FROM customer_since) AS since, id') > 0 AS made;
SELECT column_name, reason, round(evidence::numeric, 4) AS evidence, detail - 'explanation' - 'rows' - 'read_order' - 'later' AS detail FROM mlops_check_leakage('leakage_invoices');
SELECT reason, min(detail ->> 'explanation') AS explanation FROM mlops_check_leakage('leakage_invoices') GROUP BY 1 ORDER BY 1;
-- the quick look of a training sees some of it
SELECT count(*) FROM mlops_train('leakage_invoices', algorithm => 'logistic_regression', features => 'good, days_over, status, late_flag_guess');

-- more than two classes; a number that tells one class from the middle
CREATE TABLE grades AS SELECT i AS id, (ARRAY['a', 'b', 'c', 'd'])[1 + i % 4] AS grade, drawn(i, 1) + i % 4 AS good, i % 4 * 10 + floor(drawn(i, 2) * 3) AS points, chr(97 + i % 4) || chr(65 + i % 7) AS code,
    (i % 4 = 2)::int AS one_of_four FROM generate_series(1, 2000) i;
SELECT mlops_create_model('leakage_grades', 'grades', 'grade', key => 'id') > 0 AS made;
SELECT column_name, reason, round(evidence::numeric, 4) AS evidence, detail ->> 'figure' AS figure FROM mlops_check_leakage('leakage_grades');

-- a regression: copies in other units, under any growing or falling function, with gaps; parts of the target
CREATE TABLE prices AS SELECT i AS id, price, price * 0.92 + 3 AS euros, -ln(price) AS log_price, CASE WHEN i % 5 > 0 THEN price END AS gaps, floor(price / 10) AS bin, price + 40 * drawn(i, 2) AS good, abs(drawn(i, 1)) AS size,
    (price / 3)::int AS price_index FROM (SELECT i, exp(drawn(i, 1) * 2) * 50 AS price FROM generate_series(1, 2500) i) p;
SELECT mlops_create_model('leakage_prices', 'prices', 'price', key => 'id') > 0 AS made;
SELECT column_name, reason, round(evidence::numeric, 4) AS evidence, detail ->> 'figure' AS figure, (detail -> 'rows')::int AS rows FROM mlops_check_leakage('leakage_prices');

-- rows on both sides: a join that repeats them is told of, a few combinations of categories are not
CREATE TABLE joined AS SELECT i * 3 + j AS id, late, good, tenure FROM (SELECT row_number() OVER () AS i, * FROM invoices) d, generate_series(0, 2) j;
SELECT mlops_create_model('leakage_joined', 'joined', 'late', key => 'id') > 0 AS made, mlops_create_model('leakage_combinations', 'joined', 'late', key => 'id', features => 'tenure % 5 AS t, good > 0 AS g') > 0 AS made;
SELECT column_name, reason, evidence > 0.95 AS nearly_all, detail -> 'shared' = detail -> 'same_target' AS same_target FROM mlops_check_leakage('leakage_joined');
SELECT * FROM mlops_check_leakage('leakage_combinations');
-- kept together they are on one side
SELECT mlops_create_model('leakage_kept', 'SELECT *, id / 3 AS invoice FROM joined', 'late', key => 'id', config => '{"split": {"group": "invoice"}}') > 0 AS made;
SELECT * FROM mlops_check_leakage('leakage_kept');

-- a source of the call
SELECT column_name, reason FROM mlops_check_leakage('leakage_clean', 'SELECT id, late, good, CASE WHEN late THEN 1 ELSE 0 END AS tenure, amount FROM invoices');
SELECT mlops_check_leakage('leakage_clean', 'SELECT id, late, good FROM invoices');
SELECT mlops_check_leakage('leakage_clean', 'DELETE FROM invoices');
-- the order of the rows does not matter
CREATE TABLE turned AS SELECT * FROM invoices ORDER BY md5(id::text);
SELECT count(*) AS differences FROM (SELECT column_name, reason, evidence FROM mlops_check_leakage('leakage_invoices', 'invoices') WHERE reason <> 'identifier'
    EXCEPT SELECT column_name, reason, evidence FROM mlops_check_leakage('leakage_invoices', 'turned')) d;
-- no test rows, and times at which nothing is known
SELECT mlops_configure('leakage_invoices', '{"split": {"test": 0, "method": "hash"}}') #> '{split,test}' AS test;
SELECT count(*), string_agg(DISTINCT reason, ' ' ORDER BY reason) FROM mlops_check_leakage('leakage_invoices');
SELECT column_name, round(evidence::numeric, 4) AS evidence, detail - 'explanation' AS detail FROM mlops_check_leakage('leakage_invoices', 'SELECT id, late, good, tenure, amount, days_over, reminder_fee, status, late_flag_guess, invoice_no, hash, issued, customer_since, CASE WHEN id % 2 = 0 THEN settled - 20 END AS settled FROM invoices')
WHERE reason = 'later_than_event';
SELECT count(*) FROM mlops_check_leakage('leakage_invoices', 'SELECT id, late, good, tenure, amount, days_over, reminder_fee, status, late_flag_guess, invoice_no, hash, issued, customer_since, NULL::date AS settled FROM invoices') WHERE reason = 'later_than_event';

-- columns that say nothing, few rows, one class, one row, none
CREATE TABLE odd AS SELECT i AS id, i % 2 = 0 AS y, NULL::float8 AS none, 5 AS same, NULL::text AS no_text, 'one' AS one, ARRAY[i % 2, NULL]::float8[] AS v, i % 7 AS x, 'c' || i AS many FROM generate_series(1, 400) i;
SELECT mlops_create_model('leakage_odd', 'odd', 'y', key => 'id', features => '*, many, many || ''!'' AS again') > 0 AS made;
SELECT column_name, reason, round(evidence::numeric, 4) AS evidence FROM mlops_check_leakage('leakage_odd');
SET client_min_messages = notice;
SELECT column_name, reason FROM mlops_check_leakage('leakage_odd', 'SELECT * FROM odd WHERE id <= 49');
SET client_min_messages = warning;
SELECT mlops_check_leakage('leakage_odd', 'SELECT * FROM odd WHERE y');
SELECT mlops_check_leakage('leakage_odd', 'SELECT * FROM odd WHERE id = 1');
SELECT mlops_check_leakage('leakage_odd', 'SELECT * FROM odd WHERE false');
SELECT mlops_create_model('leakage_constant', 'SELECT id, x, 3.5 AS y FROM odd', 'y', 'regression', key => 'id') > 0 AS made;
SELECT * FROM mlops_check_leakage('leakage_constant');
SELECT mlops_check_leakage('leakage_constant', 'SELECT 1 AS id, 2 AS x, 3 AS y');
SELECT mlops_configure('leakage_constant', '{"split": {"test": 0}}') #> '{split,test}' AS test;
SELECT * FROM mlops_check_leakage('leakage_constant', 'SELECT 1 AS id, 2 AS x, 3 AS y');
CREATE TABLE wide AS SELECT i AS id, i % 2 AS y, 'level ' || i / 2 AS level FROM generate_series(1, 20000) i;
SELECT mlops_create_model('leakage_wide', 'wide', 'y', key => 'id', features => 'level') > 0 AS made;
SELECT * FROM mlops_check_leakage('leakage_wide');
SELECT mlops_check_leakage('nobody');
SELECT mlops_check_leakage('odd@1');
SELECT mlops_check_leakage(NULL);
ALTER TABLE odd DROP COLUMN x;
SELECT mlops_check_leakage('leakage_odd');
DROP TABLE odd;
SELECT mlops_check_leakage('leakage_odd');

-- rights: as for a training; features run as the owner, so only the owner says over which rows
CREATE ROLE leakage_manager;
CREATE ROLE leakage_user;
GRANT USAGE ON SCHEMA test_leakage TO leakage_manager;
SELECT mlops_grant('leakage_invoices', 'leakage_manager', 'manage'), mlops_grant('leakage_invoices', 'leakage_user', 'predict');
SET ROLE leakage_user;
SELECT mlops_check_leakage('leakage_invoices');
SET ROLE leakage_manager;
SELECT count(*) > 0 AS found FROM mlops_check_leakage('leakage_invoices');
SELECT count(*) > 0 AS found FROM mlops_check_leakage('leakage_invoices', 'invoices');
SELECT mlops_check_leakage('leakage_invoices', 'SELECT 1 AS id');
RESET ROLE;
-- what compares the times is the server's own operator, whatever the caller's path finds
CREATE FUNCTION tell(date, timestamp) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'called'; END$$;
CREATE OPERATOR > (FUNCTION = tell, LEFTARG = date, RIGHTARG = timestamp);
SET search_path = test_leakage, pg_catalog, public;
SELECT column_name FROM mlops_check_leakage('leakage_invoices', 'SELECT * FROM invoices') WHERE reason = 'later_than_event';
SET search_path = test_leakage, public;
BEGIN READ ONLY;
SELECT count(*) > 0 AS found FROM mlops_check_leakage('leakage_invoices');
ROLLBACK;
SELECT mlops_revoke('leakage_invoices', 'leakage_manager', 'manage'), mlops_revoke('leakage_invoices', 'leakage_user', 'predict');
DROP OWNED BY leakage_manager;
DROP ROLE leakage_manager, leakage_user;
