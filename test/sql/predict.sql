-- Predictions: every form of input, every kind of output, and what a call site keeps.
CREATE SCHEMA test_predict;
SET search_path = test_predict, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE people AS SELECT i AS id, 18 + i % 60 AS age, (i % 7) * 100.0 AS income, 'c' || i % 4 AS city, i % 3 = 0 AS member,
    (i % 60 + i % 7 * 10 + i % 13) > 50 AS bought, i % 60 + i % 7 * 10 + sin(i) AS spent, (ARRAY['x', 'y', 'z'])[1 + i % 60 / 20] AS class3 FROM generate_series(1, 300) i;
SELECT version FROM mlops_train('buy', 'SELECT id, age, income, city, member, bought FROM people', 'bought', 'logistic_regression', key => 'id');
SELECT version FROM mlops_train('spend', 'SELECT age, income, spent FROM people', 'spent', 'linear_regression');
SELECT version FROM mlops_train('three', 'SELECT age, income, class3 FROM people', 'class3', 'logistic_regression');

-- the same row in five forms
WITH p AS (SELECT * FROM people WHERE id = 7)
SELECT count(DISTINCT s) AS distinct_scores FROM p, LATERAL (VALUES (mlops_predict('buy', p)), (mlops_predict('buy', to_jsonb(p))),
    (mlops_predict('buy', to_json(p))), (mlops_predict('buy', to_jsonb(p)::text)), (mlops_predict('buy@production', p)), (mlops_predict('buy@1', p)),
    (mlops_predict('buy', p.*)), (mlops_predict('buy', (SELECT q FROM (SELECT p.member, p.city, p.income, p.age) q)))) v(s);
SELECT mlops_predict('spend', ARRAY[30, 100]::float8[]) = mlops_predict('spend', '{30, 100}') AS same,
    mlops_predict('spend', ARRAY[30, 100]::float8[]) = mlops_predict('spend', '{"age": 30, "income": 100}') AS same_again;
-- probabilities, labels, and their order
SELECT id, round(mlops_predict('buy', p)::numeric, 6) AS p, mlops_predict_label('buy', p) AS label,
    (mlops_predict_proba('buy', p)->>'true')::float8 = mlops_predict('buy', p) AS same,
    abs((mlops_predict_proba('buy', p)->>'true')::float8 + (mlops_predict_proba('buy', p)->>'false')::float8 - 1) < 1e-12 AS sums
FROM people p WHERE id <= 5 ORDER BY id;
SELECT id, mlops_predict_label('three', p) AS label, (SELECT round(sum(value::float8)::numeric, 12) FROM jsonb_each_text(mlops_predict_proba('three', p))) AS sums,
    mlops_predict_label('three', p) = (SELECT key FROM jsonb_each_text(mlops_predict_proba('three', p)) ORDER BY value::float8 DESC LIMIT 1) AS argmax
FROM people p WHERE id IN (3, 25, 50) ORDER BY id;
-- names bind, not positions; extra columns and order do not matter; unseen and missing are defined
SELECT mlops_predict('buy', a) = mlops_predict('buy', b) AS same FROM (SELECT age, income, city, member FROM people WHERE id = 3) a,
    (SELECT 1 AS extra, member, city, income, age, 'x' AS more FROM people WHERE id = 3) b;
SELECT mlops_predict('buy', '{"age": 30, "income": 100, "city": "nowhere", "member": true}') IS NOT NULL AS unseen,
    mlops_predict('buy', '{"age": null, "income": null, "city": null, "member": null}') IS NOT NULL AS all_missing,
    mlops_predict('buy', NULL::people) IS NULL AS null_row, mlops_predict(NULL, '{}') IS NULL AS null_model;

-- explanations add up to the log-odds, or to the value
SELECT feature, value, round(contribution::numeric, 6) AS contribution FROM people p, mlops_explain('buy', p) WHERE id = 7;
SELECT abs(sum(contribution) - ln(s / (1 - s))) < 1e-9 AS adds_up FROM people p, mlops_explain('buy', p), LATERAL (SELECT mlops_predict('buy', p) AS s) x WHERE id = 7 GROUP BY s;
SELECT abs(sum(contribution) - s) < 1e-9 AS adds_up FROM people p, mlops_explain('spend', p), LATERAL (SELECT mlops_predict('spend', p) AS s) x WHERE id = 7 GROUP BY s;
SELECT abs(sum(contribution)) < 1e-9 AS opposite
FROM people p, (VALUES ('true'), ('false')) v(c), mlops_explain('buy', p, c) WHERE id = 7;
SELECT feature, round(contribution::numeric, 4) AS contribution FROM mlops_explain('three', '{"age": 30, "income": 200}');

-- what the learner sees, and names
SELECT mlops_transform('buy', p) FROM people p WHERE id = 7;
SELECT * FROM mlops_feature_names('buy');
SELECT jsonb_object_keys(mlops_sample_input('buy')) AS key;
SELECT mlops_predict('buy', mlops_sample_input('buy')) BETWEEN 0 AND 1 AS valid, mlops_predict_label('three', mlops_sample_input('three')) IS NOT NULL AS valid3;
SELECT feature, kind, expression, missing_share, distinct_count, minimum, round(mean::numeric, 3) AS mean, maximum FROM mlops_feature_info('buy');

-- in bulk: the same numbers as one by one; key, ordinal, risk
SELECT count(*) AS rows, bool_and(b.score = mlops_predict('buy', p)) AS same_score, bool_and(b.label = mlops_predict_label('buy', p)) AS same_label,
    bool_and(b.proba = mlops_predict_proba('buy', p)) AS same_proba FROM mlops_predict_batch('buy', 'people') b JOIN people p ON p.id = b.key::int;
SELECT risk, min(score) >= CASE risk WHEN 'low' THEN 0 WHEN 'medium' THEN 0.3 WHEN 'high' THEN 0.6 ELSE 0.85 END AS above,
    max(score) < CASE risk WHEN 'low' THEN 0.3 WHEN 'medium' THEN 0.6 WHEN 'high' THEN 0.85 ELSE 2 END AS below
FROM mlops_predict_batch('buy', 'people') GROUP BY risk ORDER BY min(score);
SELECT key, round(score::numeric, 4) AS score, label, proba, risk FROM mlops_predict_batch('spend', 'SELECT age, income FROM people ORDER BY id LIMIT 3');
SELECT key, label, round(score::numeric, 4) AS score, risk FROM mlops_predict_batch('three', 'SELECT id, age, income FROM people ORDER BY id LIMIT 3', 'id');
SELECT count(*) FROM mlops_predict_batch('buy', 'SELECT * FROM people WHERE false');
SELECT key FROM mlops_predict_batch('buy', 'SELECT * FROM people ORDER BY id LIMIT 2', 'city, id');

-- a record whose type changes under a plpgsql loop
DO $$
DECLARE
    r record; q text; s float8;
BEGIN
    FOREACH q IN ARRAY ARRAY['SELECT age, income, city, member FROM people WHERE id = 9', 'SELECT member, city, income, age FROM people WHERE id = 9',
        'SELECT age::bigint AS age, income::float8 AS income, city::varchar AS city, member, 1 AS one FROM people WHERE id = 9', 'SELECT * FROM people WHERE id = 9',
        'SELECT age, income, city, member FROM people WHERE id = 9']
    LOOP
        FOR i IN 1..2 LOOP
            EXECUTE q INTO r;
            IF s IS NOT NULL AND s <> mlops_predict('buy', r) THEN
                RAISE EXCEPTION 'differs: %', q;
            END IF;
            s := mlops_predict('buy', r);
        END LOOP;
    END LOOP;
END $$;
-- a table that changes under a prepared statement
CREATE TABLE changing AS SELECT age, income, city, member FROM people WHERE id < 20;
PREPARE over AS SELECT round(sum(mlops_predict('buy', c))::numeric, 9) AS sum FROM changing c;
EXECUTE over;
ALTER TABLE changing ADD COLUMN first int DEFAULT 0;
ALTER TABLE changing DROP COLUMN age;
ALTER TABLE changing ADD COLUMN age int;
UPDATE changing c SET age = p.age FROM (SELECT row_number() OVER () AS n, age FROM people WHERE id < 20) p, (SELECT ctid AS t, row_number() OVER () AS n FROM changing) x
WHERE x.t = c.ctid AND x.n = p.n;
EXECUTE over;
DEALLOCATE over;
-- partitions whose columns stand in another order, and a view over them
CREATE TABLE part (city text, age int, income numeric, member boolean) PARTITION BY LIST (city);
CREATE TABLE part1 (age int, member boolean, gone int, city text, income numeric);
ALTER TABLE part1 DROP COLUMN gone;
ALTER TABLE part ATTACH PARTITION part1 FOR VALUES IN ('c1');
CREATE TABLE part2 PARTITION OF part DEFAULT;
INSERT INTO part SELECT city, age, income, member FROM people;
CREATE VIEW over_part AS SELECT * FROM part;
SELECT round(sum(mlops_predict('buy', p))::numeric, 9) = (SELECT round(sum(mlops_predict('buy', q))::numeric, 9) FROM people q) AS same FROM over_part p;

-- a version trained and promoted in this transaction is seen at once, and gone after rollback
SELECT round(mlops_predict('spend', '{30, 100}')::numeric, 6) AS before;
BEGIN;
SELECT version, stage FROM mlops_train('spend', 'SELECT age, income, spent * 10 AS spent FROM people', algorithm => 'linear_regression');
SELECT count(*) FROM mlops_promote('spend', 2);
SELECT round(mlops_predict('spend', '{30, 100}')::numeric, 6) AS inside, round(mlops_predict('spend@1', '{30, 100}')::numeric, 6) AS old;
SAVEPOINT s;
SELECT count(*) FROM mlops_promote('spend', 1);
SELECT round(mlops_predict('spend', '{30, 100}')::numeric, 6) AS back;
ROLLBACK TO s;
SELECT round(mlops_predict('spend', '{30, 100}')::numeric, 6) AS inside;
ROLLBACK;
SELECT round(mlops_predict('spend', '{30, 100}')::numeric, 6) AS after;
SELECT count(*) AS versions FROM mlops.versions JOIN mlops.models m USING (model_id) WHERE m.name = 'spend';
-- a cache too small for one model still serves
SET mlops.model_cache_size = 0;
SELECT round(mlops_predict('spend', '{30, 100}')::numeric, 6) AS small_cache, round(mlops_predict('buy', p)::numeric, 6) AS other FROM people p WHERE id = 7;
RESET mlops.model_cache_size;
-- the type of a row changes while a call site lives
CREATE TABLE turning AS SELECT 30::float8 AS age, 100::float8 AS income;
CREATE FUNCTION turn() RETURNS SETOF numeric LANGUAGE plpgsql AS $$
DECLARE
    r turning;
BEGIN
    FOR i IN 1..3 LOOP
        SELECT * INTO r FROM turning;
        RETURN NEXT round(mlops_predict('spend', r)::numeric, 6);
        IF i = 1 THEN
            EXECUTE 'ALTER TABLE turning DROP COLUMN age';
            EXECUTE 'ALTER TABLE turning ADD COLUMN age float8 DEFAULT 31';
        END IF;
    END LOOP;
END $$;
SELECT turn = round(mlops_predict('spend', '{30, 100}')::numeric, 6) AS before, turn = round(mlops_predict('spend', '{31, 100}')::numeric, 6) AS after FROM turn();
PREPARE turned AS SELECT round(mlops_predict('spend', t)::numeric, 6) = round(mlops_predict('spend', '{31, 100}')::numeric, 6) AS same FROM turning t;
EXECUTE turned;
ALTER TABLE turning ALTER age TYPE int;
EXECUTE turned;
ALTER TABLE turning DROP COLUMN age;
EXECUTE turned;
SELECT count(mlops_drop_model(name)) AS dropped FROM mlops.models WHERE name IN ('buy', 'spend', 'three');
