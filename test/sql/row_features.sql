-- Features of one value: what they say, and what they are asked wrongly.
\set SHOW_CONTEXT never
CREATE SCHEMA test_row_features;
SET search_path = test_row_features, public;
-- buckets: as width_bucket has them
SELECT x, mlops_bucketize(x, '{0,10,100}') AS bucket, mlops_bucketize(x, '{0,10,100}') = width_bucket(x, '{0,10,100}'::float8[]) AS as_core
FROM (VALUES (-1::float8), (0), (9.99), (10), (100), (1e300), ('Infinity'), ('-Infinity')) v(x);
SELECT mlops_bucketize('NaN', '{1}') AS nan, mlops_bucketize(5, '{}') AS no_edges, mlops_bucketize(5, '{-Infinity,Infinity}') AS infinite, mlops_bucketize(NULL, '{1}') AS nothing;
SELECT mlops_bucketize(1, '{2,1}');
SELECT mlops_bucketize(1, '{1,1}');
SELECT mlops_bucketize(1, '{1,NaN}');
SELECT mlops_bucketize(1, '{1,NULL}');
SELECT mlops_bucketize(1, '{{1,2},{3,4}}');
-- round amounts
SELECT x, unit, mlops_is_round(x, unit) FROM (VALUES (100::float8, 50::float8), (120, 50), (0.3, 0.1), (0.35, 0.1), (19.99, 0.01), (-200, 100), (0, 7), (1e15, 100), (1e15 + 1, 100), ('Infinity', 1), ('NaN', 1), (1e300, 1e-300)) v(x, unit);
SELECT mlops_is_round(5, 0);
SELECT mlops_is_round(5, 'NaN');
SELECT mlops_is_round(5, 'Infinity');
-- buckets of texts: stored with models, so they never change
SELECT array_agg(mlops_hash_bucket(t, 10) ORDER BY t) AS buckets, mlops_hash_bucket('x', 1) AS one, mlops_hash_bucket('', 1000) AS empty FROM unnest('{a,b,c,Zürich,日本}'::text[]) t;
SELECT min(n) > 850 AS even, max(n) < 1150 AS too FROM (SELECT count(*) AS n FROM generate_series(1, 10000) i GROUP BY mlops_hash_bucket('device-' || i, 10)) s;
SELECT mlops_hash_bucket('a', 0);
-- cycles: exact at quarters, and after any number of whole ones
SELECT h, mlops_cyclic_sin(h, 24) AS sin, mlops_cyclic_cos(h, 24) AS cos FROM generate_series(0, 24, 6) h;
SELECT max(abs(mlops_cyclic_sin(d, 360) - sind(d))) < 1e-15 AS sin, max(abs(mlops_cyclic_cos(d, 360) - cosd(d))) < 1e-15 AS cos,
    max(abs(mlops_cyclic_sin(d, 360) ^ 2 + mlops_cyclic_cos(d, 360) ^ 2 - 1)) < 1e-15 AS on_the_circle FROM generate_series(-720::numeric, 720, 0.7) d;
SELECT mlops_cyclic_sin(7 + 24 * 1e12::float8, 24) = mlops_cyclic_sin(7, 24) AS repeats, mlops_cyclic_sin('Infinity', 24) AS infinite, mlops_cyclic_cos('NaN', 24) AS nan;
SELECT mlops_cyclic_sin(1, 0);
SELECT mlops_cyclic_cos(1, 'Infinity');
-- bounds
SELECT mlops_clip(5, 0, 3) AS high, mlops_clip(-5, 0, 3) AS low, mlops_clip(2, 0, 3) AS inside, mlops_clip(5, NULL, 3) AS no_low, mlops_clip(5, 0, NULL) AS no_high, mlops_clip(NULL, 0, 3) AS nothing,
    mlops_clip('NaN', 0, 3) AS nan, mlops_clip('Infinity', 0, 3) AS infinite, mlops_clip(1, 2, 2) AS one;
SELECT mlops_clip(5, 3, 0);
SELECT mlops_clip(5, 'NaN', 0);
-- the calendar, whatever the session's time zone
SET TimeZone = 'Pacific/Kiritimati';
SELECT d, mlops_is_weekend(d) AS date, mlops_is_weekend(d::timestamp + '23:59:59.999999') AS timestamp FROM generate_series('2024-03-01'::date, '2024-03-04', '1 day') s, LATERAL (SELECT s::date AS d) t;
SELECT bool_and(mlops_is_weekend(d) = (extract(isodow FROM d) > 5)) AS as_core FROM (SELECT '4700-01-01 BC'::date + i * 997 AS d FROM generate_series(1, 5000) i) s;
SELECT mlops_is_weekend('2024-03-01 23:30+00'::timestamptz, 'UTC') AS friday, mlops_is_weekend('2024-03-01 23:30+00'::timestamptz, 'Europe/Berlin') AS saturday;
SELECT mlops_is_weekend('infinity'::date) AS date, mlops_is_weekend('-infinity'::timestamp) AS timestamp, mlops_is_weekend('infinity'::timestamptz, 'UTC') AS timestamptz;
SELECT mlops_is_weekend(now(), 'Nowhere/Land');
SELECT at, mlops_is_business_hours(at) AS plain, mlops_is_business_hours(at, '08:00', '20:00') AS long, mlops_is_business_hours(at, holidays => '{2024-03-04}') AS holiday
FROM (VALUES ('2024-03-04 08:59:59'::timestamp), ('2024-03-04 09:00'), ('2024-03-04 16:59:59.999'), ('2024-03-04 17:00'), ('2024-03-02 12:00'), ('1999-12-31 10:00')) v(at);
SELECT mlops_is_business_hours('2024-03-04 16:30+00'::timestamptz, 'UTC') AS open, mlops_is_business_hours('2024-03-04 16:30+00'::timestamptz, 'Europe/Berlin') AS closed,
    mlops_is_business_hours('2024-07-01 07:30+00'::timestamptz, 'Europe/Berlin', '09:00', '17:00', '{2024-07-04}') AS summer;
SELECT mlops_is_business_hours('2024-03-04 12:00'::timestamp, '22:00', '06:00');
SELECT mlops_is_business_hours('2024-03-04 12:00'::timestamp, holidays => '{2024-03-04,NULL}');
RESET TimeZone;
-- numbers: what numeric takes, and NULL for the rest
SELECT t, mlops_try_numeric(t) AS number FROM unnest('{12,-1.5,+.5,5.,1e3,1E-3, 7 ,"",-,.,abc,1e,1e+,"1,5","1 2",0x1F,1_000,NaN,Infinity,1e131071,1e131072,1e-16384,12abc,--1,١٢}'::text[]) t WHERE length(t) < 30 AND t NOT LIKE '1e131071';
SELECT length(mlops_try_numeric('1e131071')::text) AS largest, mlops_try_numeric(repeat('9', 131072)) IS NOT NULL AS long, mlops_try_numeric(repeat('9', 131073)) AS longer, mlops_try_numeric('0.' || repeat('1', 16383)) IS NOT NULL AS fine,
    mlops_try_numeric('0.' || repeat('1', 16384)) AS finer, mlops_try_numeric('1e99999999999999999999') AS exponent;
SELECT count(*) AS as_core FROM (SELECT (i * 7919 % 100003 - 50000)::text || CASE i % 3 WHEN 0 THEN '.' || i WHEN 1 THEN 'e' || i % 40 - 20 ELSE '' END AS t FROM generate_series(1, 2000) i) s WHERE mlops_try_numeric(t) = t::numeric;
-- times
SELECT t, f, mlops_try_timestamp(t, f) AS at FROM (VALUES ('2024-02-29', 'YYYY-MM-DD'), ('2023-02-29', 'YYYY-MM-DD'), ('29.02.24 23:59', 'DD.MM.YY HH24:MI'), ('31/12/69', 'DD/MM/YY'), ('01/01/70', 'DD/MM/YY'),
    ('2024-03-01T12:30:45.123456', 'YYYY-MM-DD"T"HH24:MI:SS.US'), ('20240301123045', 'YYYYMMDDHH24MISS'), ('5 Mar 2024', 'DD Mon YYYY'), ('05 mar 2024 12:05 am', 'DD Mon YYYY HH12:MI AM'), ('05 Mar 2024 12:05 PM', 'DD Mon YYYY HH12:MI PM'),
    ('05 Mar 2024 13:05 PM', 'DD Mon YYYY HH12:MI PM'), ('2024-13-01', 'YYYY-MM-DD'), ('2024-01-01 24:00', 'YYYY-MM-DD HH24:MI'), ('2024-01-01 ', 'YYYY-MM-DD'), ('2024-01-01x', 'YYYY-MM-DD'), ('2024-1-1', 'YYYY-MM-DD'),
    ('', 'YYYY-MM-DD'), ('0000-01-01', 'YYYY-MM-DD'), ('2024-01-01 10:00:00.250', 'YYYY-MM-DD HH24:MI:SS.MS')) v(t, f);
SELECT count(*) AS as_core FROM generate_series('1960-01-01'::timestamp, '2060-01-01', '37 days 5 hours 17 minutes 3 seconds') t WHERE mlops_try_timestamp(to_char(t, 'YYYY-MM-DD HH24:MI:SS'), 'YYYY-MM-DD HH24:MI:SS') = t;
SELECT mlops_try_timestamp('x', 'YYYY-MM');
SELECT mlops_try_timestamp('x', 'YYYY-MM-DDTHH24');
SELECT mlops_try_timestamp('x', 'YYYY-MM-DD HH12:MI');
SELECT mlops_try_timestamp('x', 'YYYY-MM-DD YYYY');
SELECT mlops_try_timestamp('x', 'YYYY-MM-DD HH24 HH12 AM');
SELECT mlops_try_timestamp('x', 'YYYY-MM-DD "at');
SELECT mlops_try_timestamp('x', 'YYYY-MM-DD 日');
-- in a model: the same in training and prediction
SET client_min_messages = warning;
SET mlops.progress = off;
CREATE TABLE visits AS SELECT i AS id, '2024-01-01 00:00+00'::timestamptz + i * interval '97 minutes' AS at, (i * 37 % 1000)::float8 AS amount, 'd' || i % 17 AS device,
    (i * 37 % 1000) % 50 = 0 OR extract(hour FROM ('2024-01-01 00:00+00'::timestamptz + i * interval '97 minutes') AT TIME ZONE 'UTC') < 6 AS fraud FROM generate_series(1, 2000) i;
SELECT model, train_rows > 0 AS trained FROM mlops_train('row_features', 'visits', 'fraud', 'gradient_boosting', '{"n_estimators": 20}', features =>
    'mlops_is_round(amount, 50) AS is_round, mlops_bucketize(amount, ''{100,500}'') AS bucket, mlops_hash_bucket(device, 8) AS device, mlops_cyclic_sin(extract(epoch FROM at)::float8, 86400) AS hour_sin, mlops_cyclic_cos(extract(epoch FROM at)::float8, 86400) AS hour_cos, mlops_is_weekend(at, ''UTC'') AS weekend, mlops_clip(amount, 0, 900) AS amount',
    key => 'id');
SELECT count(*) FILTER (WHERE mlops_predict('row_features', v) = mlops_predict('row_features', to_jsonb(v))) AS same, round(mlops_roc_auc(fraud, mlops_predict('row_features', v))::numeric, 2) AS auc FROM visits v;
SELECT mlops_drop_model('row_features');
