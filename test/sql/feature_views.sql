-- Feature views: joins that are correct in time, single entities, and what is kept online.
\set SHOW_CONTEXT never
SET mlops.progress = off;
SET timezone = 'UTC';
CREATE SCHEMA test_views;
SET search_path = test_views, public;
SELECT setval('mlops.feature_views_view_id_seq', 1000) AS before_the_first;

-- few entities, few times, few values: ties, late rows and NULLs everywhere
CREATE FUNCTION h(i int, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT (hashint4(i * 7919 + salt)::bigint & 2147483647)::int % n$$;
CREATE TABLE facts AS SELECT nullif(h(i, 1, 20), 19) AS customer,
    CASE WHEN h(i, 2, 30) > 0 THEN timestamptz '2024-01-01' + h(i, 3, 40) * interval '1 hour' END AS at,
    CASE WHEN h(i, 4, 30) > 0 THEN timestamptz '2024-01-01' + h(i, 5, 60) * interval '1 hour' END AS seen,
    CASE WHEN h(i, 6, 5) > 0 THEN h(i, 7, 4)::float8 END AS amount,
    CASE WHEN h(i, 8, 5) > 0 THEN (ARRAY['a', 'B', 'ä', 'Z'])[1 + h(i, 9, 4)] END AS city,
    json_build_object('i', 1) AS note
FROM generate_series(1, 3000) AS i;
CREATE TABLE spine AS SELECT i AS id, nullif(h(i, 11, 25), 24)::bigint AS customer,
    CASE WHEN h(i, 12, 30) > 0 THEN timestamptz '2024-01-01' + h(i, 13, 70) * interval '1 hour' END AS at, h(i, 14, 2) = 1 AS y
FROM generate_series(1, 2000) AS i;
SELECT mlops_create_feature_view('spending', 'SELECT customer, at, seen, amount, city, note FROM facts', 'customer', 'at', '7 hours', 'seen', comment => 'What customers spent');
SELECT mlops_create_feature_view('habits', 'SELECT customer, at, amount AS last_amount, count(*) OVER (PARTITION BY customer ORDER BY at) AS n FROM facts', 'customer', 'at', NULL);
SELECT name, owner = current_user AS mine, query, source_query LIKE '%test_views.facts%' AS qualified, entity, entity_type, time_column, created_column, ttl, online, replace(columns::text, 'pg_catalog.', '') AS columns, settings->>'TimeZone' AS zone, description FROM mlops.feature_views ORDER BY view_id;

SELECT mlops_training_set('spine', '{spending,habits}') AS training \gset
CREATE TABLE joined AS :training;
SELECT count(*), count(DISTINCT id), count(amount), count(city), count(note), count(n) FROM joined;
-- the same, row by row
CREATE TABLE habits AS SELECT customer, at, amount AS last_amount, count(*) OVER (PARTITION BY customer ORDER BY at) AS n FROM facts;
CREATE INDEX ON habits (customer, at);
CREATE TABLE looked_up AS
SELECT s.*, f.amount, f.city, f.note, g.last_amount, g.n FROM spine AS s
LEFT JOIN LATERAL (SELECT * FROM facts AS f WHERE f.customer = s.customer AND f.at <= s.at AND f.seen <= s.at AND f.at >= s.at - interval '7 hours'
    ORDER BY f.at DESC, f.seen DESC, f.amount DESC NULLS LAST, f.city COLLATE "C" DESC NULLS LAST LIMIT 1) AS f ON true
LEFT JOIN LATERAL (SELECT * FROM habits AS g WHERE g.customer = s.customer AND g.at <= s.at ORDER BY g.at DESC, g.last_amount DESC NULLS LAST, g.n DESC LIMIT 1) AS g ON true;
SELECT count(*) AS differ FROM joined AS a JOIN looked_up AS b USING (id) WHERE (a.customer, a.at, a.y, a.amount, a.city, a.note::text, a.last_amount, a.n) IS DISTINCT FROM (b.customer, b.at, b.y, b.amount, b.city, b.note::text, b.last_amount, b.n);
SELECT count(*) AS differ FROM looked_up AS b WHERE mlops_get_features('spending', customer::text, at) IS DISTINCT FROM jsonb_build_object('amount', amount, 'city', city, 'note', note);
SELECT count(*) AS differ FROM (SELECT * FROM looked_up LIMIT 300) AS b WHERE mlops_get_features('habits', customer::text, at) IS DISTINCT FROM jsonb_build_object('last_amount', last_amount, 'n', n);
-- one sort a view, and no loop
CREATE FUNCTION steps(q text) RETURNS TABLE (step text, times bigint) LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || q INTO plan;
    RETURN QUERY SELECT m[1], count(*) FROM regexp_matches(plan::text, '"Node Type": "([^"]*)"', 'g') AS m GROUP BY m[1] ORDER BY m[1] COLLATE "C";
END$$;
SELECT * FROM steps(:'training') WHERE step ~ 'Sort|WindowAgg|Loop|Join|Scan' AND step <> 'Subquery Scan';
SET enable_sort = off; SELECT * FROM steps(:'training') WHERE step LIKE '%Sort' OR step ~ 'Loop'; RESET enable_sort;

-- by the row: the last moment of the TTL, the first of a row, created later, entities never seen, nothing asked
SELECT mlops_create_feature_view('one', $$SELECT * FROM (VALUES ('k', timestamptz '2024-01-01 12:00', timestamptz '2024-01-01 13:00', 1), ('k', '2024-01-01 11:00', '2024-01-01 11:00', 2), ('inf', '-infinity', '-infinity', 3), ('end', 'infinity', '2024-01-01', 4)) AS t (k, at, known, x)$$, 'k', 'at', '2 hours', 'known');
SELECT k, at, mlops_get_features('one', k, at) FROM (VALUES ('k', timestamptz '2024-01-01 10:59:59.999999'), ('k', '2024-01-01 11:00'), ('k', '2024-01-01 12:59:59.999999'), ('k', '2024-01-01 13:00'),
    ('k', '2024-01-01 14:00'), ('k', '2024-01-01 14:00:00.000001'), ('K', '2024-01-01 13:00'), (NULL, '2024-01-01 13:00'), ('k', NULL), ('inf', '2024-01-01'), ('inf', '-infinity'), ('end', 'infinity'), ('k', 'infinity'), ('k', '-infinity'), ('k', '4713-01-01 BC')) AS t (k, at);
SELECT mlops_training_set($$SELECT * FROM (VALUES (1, 'k'::varchar, timestamptz '2024-01-01 10:59:59.999999'), (2, 'k', '2024-01-01 11:00'), (3, 'k', '2024-01-01 12:59:59.999999'), (4, 'k', '2024-01-01 13:00'),
    (5, 'k', '2024-01-01 14:00'), (6, 'k', '2024-01-01 14:00:00.000001'), (7, 'K', '2024-01-01 13:00'), (8, NULL, '2024-01-01 13:00'), (9, 'k', NULL), (10, 'inf', '2024-01-01'), (11, 'inf', '-infinity'), (12, 'end', 'infinity'), (13, 'k', 'infinity'), (14, 'k', '-infinity'), (15, 'k', '4713-01-01 BC')) AS t (i, k, at)$$, '{one}') AS training \gset
SELECT i, x FROM (:training) AS t ORDER BY i;
-- ten thousand rows at one instant: the greatest, in both ways
CREATE TABLE crowd AS SELECT 7 AS id, timestamptz '2024-01-01' AS at, i % 100 AS x, nullif(i % 37, 0) AS z FROM generate_series(1, 10000) AS i;
SELECT mlops_create_feature_view('crowd', 'crowd', 'id', 'at', '1 day');
SELECT mlops_get_features('crowd', '7', '2024-01-01'), mlops_get_features('crowd', ' +007 ', '2024-01-02');
SELECT mlops_training_set('SELECT 7 AS id, timestamptz ''2024-01-01'' AS at FROM generate_series(1, 10000)', '{crowd}') AS training \gset
SELECT x, z, count(*) FROM (:training) AS t GROUP BY 1, 2;
-- no views, no rows
SELECT mlops_training_set('spine', '{}') AS training \gset
SELECT count(*) FROM (:training) AS t JOIN spine USING (id, y);
SELECT mlops_training_set('SELECT 7 AS id, now() AS at WHERE false', '{crowd}') AS training \gset
SELECT count(*) FROM (:training) AS t;
-- odd names
SELECT mlops_create_feature_view('Odd.view-1', 'SELECT id AS "key; DROP", at AS "at ""x""", x AS "select", z AS "s1" FROM crowd', 'key; DROP', 'at "x"', '1 day');
SELECT mlops_training_set('SELECT 7 AS "key; DROP", timestamptz ''2024-01-01'' AS "at ""x""", 1 AS f1', '{Odd.view-1}') AS training \gset
SELECT * FROM (:training) AS t;
SELECT mlops_get_features('Odd.view-1', '7', '2024-01-01');
SELECT mlops_get_features('one', 'k'' OR true --', '2024-01-01 13:00'), mlops_get_features('one', '\', '2024-01-01 13:00');
SET standard_conforming_strings = off; SET escape_string_warning = off;
SELECT mlops_get_features('one', '\\', '2024-01-01 13:00'), mlops_get_features('one', '\\'' OR true --', '2024-01-01 13:00');
RESET standard_conforming_strings; RESET escape_string_warning;

-- domains that refuse NULL, rows, arrays, enums, and features of every sort
CREATE DOMAIN must AS int NOT NULL; CREATE DOMAIN label AS text COLLATE "C" CHECK (value <> ''); CREATE TYPE mood AS ENUM ('good', 'bad');
SELECT mlops_create_feature_view('sorts', $$SELECT 'k'::label AS k, timestamptz '2024-01-01' AS at, 1::must AS d, 'x'::label AS l, ARRAY['b', 'ä'] AS a, 'bad'::mood AS m, point(1, 2) AS p, 1.50::numeric(6,2) AS n, NULL::bytea AS b, 'NaN'::float4 AS f$$, 'k', 'at', NULL);
SELECT mlops_training_set($$SELECT 2::must AS i, 'k' AS k, timestamptz '2024-01-02' AS at, row(1, 'x') AS r, 'good'::mood AS mine, ARRAY[1] AS list UNION ALL SELECT 3, 'j', '2024-01-02', row(2, 'y'), 'bad', NULL$$, '{sorts}') AS training \gset
SELECT * FROM (:training) AS t ORDER BY i;
SELECT mlops_get_features('sorts', 'k');

-- the zone of the session changes nothing: a day is 24 hours, and the query runs under the settings of its definition
SET timezone = 'Europe/Berlin';
CREATE TABLE clock AS SELECT 1 AS id, timestamptz '2024-03-30 12:00+00' AS at;
SELECT mlops_create_feature_view('clock', 'SELECT id, at, extract(hour FROM at)::int AS hour, at::text AS said FROM clock', 'id', 'at', '1 day');
SELECT mlops_get_features('clock', '1', '2024-03-31 12:00+00'), mlops_get_features('clock', '1', '2024-03-31 12:00:01+00');
SET timezone = 'UTC'; SET datestyle = 'German';
SELECT mlops_get_features('clock', '1', '31.03.2024 12:00+00');
SELECT mlops_training_set('SELECT 1 AS id, timestamptz ''2024-03-31 12:00+00'' AS at', '{clock}') AS training \gset
SELECT hour, said FROM (:training) AS t;
RESET datestyle;

-- a model learns from the join
SET client_min_messages = warning;
SELECT rows > 0 AS learned FROM (SELECT train_rows AS rows FROM mlops_train('views_model', mlops_training_set('spine', '{habits}'), 'y', 'logistic_regression', key => 'id', time_column => 'at', features => 'last_amount, n')) AS t;
SELECT train_rows > 0 AS again FROM mlops_train('views_model', algorithm => 'logistic_regression');
RESET client_min_messages;

-- online: the latest row of each entity, written when it is newer
SELECT mlops_create_feature_view('live', 'SELECT customer, at, amount, city FROM facts', 'customer', 'at', NULL, online => true);
SELECT mlops_get_features('live', '3') AS features \gset
SELECT mlops_materialize('live');
SELECT mlops_get_features('live', '3') = :'features' AS same;
SELECT count(*), count(DISTINCT entity_key), min(event_time), bool_and(created_time IS NULL) FROM mlops.online_features JOIN mlops.feature_views USING (view_id) WHERE name = 'live';
SELECT mlops_materialize('live');
INSERT INTO facts VALUES (3, now() - interval '1 hour', now(), 33, 'new'), (77, now() - interval '1 hour', now(), 77, 'never seen'), (3, now() + interval '1 day', now(), 34, 'tomorrow'), (4, timestamptz '2023-01-01', now(), 44, 'old');
SELECT mlops_get_features('live', '3') = :'features' AS as_of_the_last_time, mlops_get_features('live', '77');
SELECT mlops_materialize('live');
SELECT mlops_get_features('live', '3'), mlops_get_features('live', '77'), mlops_get_features('live', '+077');
-- a time before: from the rows themselves
SELECT mlops_get_features('live', '77', now() - interval '2 hours'), mlops_get_features('live', '3', '2024-02-01') = :'features' AS as_then;
-- read after the end of its life: nothing; a new definition starts from nothing
SELECT mlops_create_feature_view('live', 'SELECT customer, at, seen, amount FROM facts', 'customer', 'at', '2 hours', 'seen', online => true, replace => true) IS NOT NULL AS replaced;
SELECT count(*) FROM mlops.online_features JOIN mlops.feature_views USING (view_id) WHERE name = 'live';
SELECT mlops_materialize('live');
SELECT mlops_get_features('live', '77'), mlops_get_features('live', '77', now() + interval '59 minutes'), mlops_get_features('live', '77', now() + interval '61 minutes');
-- what became known since
INSERT INTO facts VALUES (78, now() - interval '1 hour', now(), 78, 'later'), (77, now() - interval '30 minutes', now() - interval '5 hours', 79, 'long known');
SELECT mlops_materialize('live');
SELECT mlops_get_features('live', '78'), mlops_get_features('live', '77');
SELECT mlops_materialize('live');

SELECT name, ttl, latest_event_time - now() BETWEEN '-31 minutes' AND '-29 minutes' AS recent, latest_event_time, fresh, online, materialized_at IS NOT NULL AS materialized, problem FROM mlops.feature_freshness WHERE name IN ('one', 'crowd') ORDER BY name;
SELECT name, ttl, age BETWEEN '29 minutes' AND '31 minutes' AS recent, fresh, online, materialized_age < '1 hour' AS materialized, problem FROM mlops.feature_freshness WHERE name IN ('live', 'habits') ORDER BY name;

-- described
SELECT mlops_annotate_feature_view('live', 'Spent lately', '{"team": "risk"}'), mlops_annotate_feature_view('live', tags => '{"level": 2}'), mlops_annotate_feature_view('live', 'In euros', feature => 'amount');
SELECT description, tags, feature_descriptions FROM mlops.feature_views WHERE name = 'live';
SELECT mlops_annotate_feature_view('live', feature => 'amount');
SELECT description, feature_descriptions FROM mlops.feature_views WHERE name = 'live';
SELECT mlops_annotate_feature_view('live', 'x', feature => 'customer');
SELECT mlops_annotate_feature_view('live', 'x', '{}', 'amount');
SELECT mlops_annotate_feature_view('live', tags => '[1]');

-- the tables change
SELECT mlops_training_set('spine', '{spending}') AS training \gset
ALTER TABLE facts ALTER COLUMN amount TYPE numeric;
SELECT mlops_get_features('spending', '3', '2024-01-01 12:00');
SELECT count(*) FROM (:training) AS t;
SELECT mlops_training_set('spine', '{spending}');
ALTER TABLE facts DROP COLUMN city;
\set VERBOSITY terse
SELECT mlops_get_features('spending', '3', '2024-01-01 12:00');
\set VERBOSITY default
SELECT name, problem FROM mlops.feature_freshness WHERE name IN ('spending', 'live') ORDER BY 1;
ALTER TABLE facts ADD COLUMN extra int;
SELECT mlops_create_feature_view('spending', 'facts', 'customer', 'at', '7 hours', 'seen', replace => true);
SELECT count(*) FROM (:training) AS t;
SELECT mlops_get_features('spending', '3', '2024-01-02 01:00');
SELECT mlops_drop_feature_view('spending');
SELECT count(*) FROM (:training) AS t;
SELECT mlops_train('views_model', mlops_training_set('spine', '{habits}'), 'y', 'logistic_regression');
SELECT action, count(*) FROM mlops.audit_log WHERE action LIKE '%feature_view' GROUP BY 1 ORDER BY 1;

-- refused
SELECT mlops_create_feature_view('bad name', 'crowd', 'id', 'at', NULL);
SELECT mlops_create_feature_view('crowd', 'crowd', 'id', 'at', NULL);
SELECT mlops_create_feature_view('new', 'crowd', 'i', 'at', NULL);
SELECT mlops_create_feature_view('new', 'crowd', 'id', 'ate', NULL);
SELECT mlops_create_feature_view('new', 'crowd', 'id', 'at', NULL, 'seen');
SELECT mlops_create_feature_view('new', 'crowd', 'id', 'x', NULL);
SELECT mlops_create_feature_view('new', 'SELECT id, at::timestamp AS at, x FROM crowd', 'id', 'at', NULL);
SELECT mlops_create_feature_view('new', 'crowd', 'at', 'at', NULL);
SELECT mlops_create_feature_view('new', 'crowd', 'id', 'at', NULL, 'at');
SELECT mlops_create_feature_view('new', 'SELECT id, at FROM crowd', 'id', 'at', NULL);
SELECT mlops_create_feature_view('new', 'SELECT id::numeric, at, x FROM crowd', 'id', 'at', NULL);
SELECT mlops_create_feature_view('new', 'SELECT id, at, row(1, 2) AS r FROM crowd', 'id', 'at', NULL);
SELECT mlops_create_feature_view('new', 'crowd', 'id', 'at', '0');
SELECT mlops_create_feature_view('new', 'crowd', 'id', 'at', '-1 month');
SELECT mlops_create_feature_view('new', 'crowd', 'id', 'at', '178000000 years');
SELECT mlops_create_feature_view('new', 'SELECT id, at, random() AS x FROM crowd', 'id', 'at', NULL);
CREATE VIEW dice AS SELECT id, at, random() AS x FROM crowd;
SELECT mlops_create_feature_view('new', 'dice', 'id', 'at', NULL);
SELECT mlops_create_feature_view('new', 'DELETE FROM crowd RETURNING *', 'id', 'at', NULL);
SELECT mlops_create_feature_view('new', 'SELECT 1; SELECT 2', 'id', 'at', NULL);
SELECT mlops_create_feature_view(NULL, 'crowd', 'id', 'at', NULL);
SELECT mlops_create_feature_view('new', NULL, 'id', 'at', NULL);
SELECT mlops_create_feature_view('new', 'crowd', NULL, 'at', NULL);
SELECT mlops_create_feature_view('new', 'crowd', 'id', NULL, NULL);
SELECT mlops_create_feature_view('new', 'crowd', 'id', 'at', NULL, options => '{"a": 1}');
CREATE TEMP TABLE passing AS SELECT * FROM crowd LIMIT 1;
SELECT mlops_create_feature_view('new', 'passing', 'id', 'at', NULL);
SELECT mlops_training_set('SELECT 1 AS x', '{crowd}');
SELECT mlops_training_set('SELECT 1 AS id', '{crowd}');
SELECT mlops_training_set('SELECT 1::text AS id, now() AS at', '{crowd}');
SELECT mlops_training_set('SELECT 1 AS id, now()::timestamp AS at', '{crowd}');
SELECT mlops_training_set('SELECT 1 AS id, now() AS at, 1 AS x', '{crowd}');
SELECT mlops_training_set('SELECT 1 AS id, now() AS at', '{crowd,crowd}');
SELECT mlops_training_set('SELECT 1 AS id, now() AS at', '{crowds}');
SELECT mlops_training_set('SELECT 1 AS id, now() AS at', '{NULL}');
SELECT mlops_training_set('SELECT 1 AS id, now() AS at', NULL);
SELECT mlops_training_set(NULL, '{crowd}');
SELECT mlops_get_features('crowds', '1');
SELECT mlops_get_features(NULL, '1');
SELECT mlops_get_features('crowd', 'one');
SELECT mlops_materialize('crowd');
SELECT mlops_materialize('crowds');
SELECT mlops_drop_feature_view('crowds');
BEGIN READ ONLY;
SELECT mlops_create_feature_view('new', 'crowd', 'id', 'at', NULL);
ROLLBACK;
BEGIN READ ONLY;
SELECT mlops_materialize('live');
ROLLBACK;
BEGIN READ ONLY;
SELECT mlops_drop_feature_view('live');
ROLLBACK;
SELECT mlops_drop_feature_view(name) FROM mlops.feature_views WHERE view_id > 1000 ORDER BY name;
SELECT count(*) FROM mlops.online_features;
SELECT mlops_drop_model('views_model');
