-- Trees of odd rows: each algorithm says what is wrong, or learns the same bytes by 1, 2 and 8 threads and answers every row.
-- What each case should learn stands in test/unit/test_boosting_odd.c, test_cart.c and test_forest.c.
CREATE SCHEMA test_odd_data;
SET search_path = test_odd_data, public;
SET mlops.progress = off;
SET client_min_messages = error;
CREATE TYPE grade AS ENUM ('low', 'middle', 'high');
CREATE TABLE d AS SELECT i, sin(i) * 10 AS a, CASE WHEN i % 7 > 0 THEN cos(i * 0.37) END AS b, 'g' || i % 9 AS g, sin(i) + (i % 5) * 0.2 > 0.5 AS y, sin(i) * 3 + i % 5 AS r FROM generate_series(1, 900) i;
CREATE TABLE odd (name text PRIMARY KEY, target text, config jsonb, source text);
INSERT INTO odd VALUES
    ('1 row', 'r', '{"split": {"test": 0}}', 'SELECT i, a, r FROM d WHERE i = 1'),
    ('1 row a class', 'y', '{"positive_label": "true", "split": {"test": 0}}', 'SELECT i, a, g, y FROM d WHERE i IN (1, 4)'),
    ('1 row of a class', 'y', '{"positive_label": "true"}', 'SELECT i, a, g, i = 7 AS y FROM d'),
    ('1 feature', 'y', '{"positive_label": "true"}', 'SELECT i, a, y FROM d'),
    ('all missing', 'y', '{"positive_label": "true"}', 'SELECT i, NULL::float8 AS a, NULL::text AS g, NULL::boolean AS f, y FROM d'),
    ('NaN', 'y', '{"positive_label": "true"}', 'SELECT i, CASE WHEN i % 9 < 6 THEN ''NaN'' ELSE a END AS a, y FROM d'),
    ('target equal', 'r', '{}', 'SELECT i, a, g, 5.3 AS r FROM d'),
    ('target of 1 class', 'y', '{"positive_label": "true"}', 'SELECT i, a, g, true AS y FROM d'),
    ('features equal', 'y', '{"positive_label": "true"}', 'SELECT i, 1e300 AS a, ''x'' AS g, y FROM d'),
    ('2 values', 'y', '{"positive_label": "true"}', 'SELECT i, i % 2 AS a, (i % 3 = 0)::int * 1e-300 AS b, y FROM d'),
    ('weights zero', 'y', '{"positive_label": "true", "sample_weight": "w"}', 'SELECT i, a, y, 0 AS w FROM d'),
    ('weights mostly zero', 'y', '{"positive_label": "true", "sample_weight": "w"}', 'SELECT i, a, b, g, y, CASE WHEN i % 9 = 0 THEN 1e-49 WHEN i % 4 = 0 THEN 1e49 ELSE 0 END AS w FROM d'),
    ('extreme', 'y', '{"positive_label": "true"}', 'SELECT i, a * 1e300 AS a, b * 1e-300 AS b, CASE i % 4 WHEN 0 THEN 1.7e308 WHEN 1 THEN -1.7e308 WHEN 2 THEN 5e-324 END AS c, y FROM d'),
    ('infinite', 'y', '{"positive_label": "true"}', 'SELECT i, CASE WHEN i = 9 THEN ''Infinity'' ELSE a END AS a, y FROM d'),
    ('target huge', 'r', '{}', 'SELECT i, a, b, r * 1e98 AS r FROM d'),
    ('target tiny', 'r', '{}', 'SELECT i, a, b, r * 1e-98 AS r FROM d'),
    ('target infinite', 'r', '{}', 'SELECT i, a, CASE WHEN i = 9 THEN ''-Infinity'' ELSE r END AS r FROM d'),
    ('text labels', 'y', '{"positive_label": ""}', 'SELECT i, a, b, CASE WHEN y THEN '''' ELSE '' Ä"%'' END AS y FROM d'),
    ('integer labels', 'y', '{"positive_label": "7"}', 'SELECT i, a, b, CASE WHEN y THEN -2147483648 ELSE 7 END AS y FROM d'),
    ('numeric labels', 'y', '{"positive_label": "1.1"}', 'SELECT i, a, b, CASE WHEN i % 2 = 0 THEN 0.1 ELSE 0.10 END + (a > 0)::int AS y FROM d'),
    ('enum labels', 'y', '{}', 'SELECT i, a, b, (ARRAY[''low'', ''middle'', ''high''])[1 + floor(abs(a) / 3.4)::int]::grade AS y FROM d'),
    ('300 classes', 'y', '{"split": {"test": 0}}', 'SELECT i, i % 300 / 20 AS a, i % 300 % 20 AS b, ''class '' || i % 300 AS y FROM d WHERE i <= 600'),
    ('unique categories', 'y', '{"positive_label": "true"}', 'SELECT i, md5(i::text) AS g, y FROM d'),
    ('large category', 'y', '{"positive_label": "true"}', 'SELECT i, md5((i / 2)::text) AS g, y FROM d'),
    ('rows repeated', 'y', '{"positive_label": "true"}', 'SELECT a, b, g, y FROM d, generate_series(1, 10) WHERE d.i % 20 = 0'),
    ('1 row repeated', 'r', '{"split": {"test": 0}}', 'SELECT 1 AS a, ''x'' AS g, 2.0 AS r FROM d');
CREATE TABLE said (name text, algorithm text, threads int, said text, bytes bytea, answers bigint);
DO $$
DECLARE
    o odd;
    s said;
BEGIN
    FOR o IN SELECT * FROM odd LOOP
        FOREACH s.algorithm IN ARRAY ARRAY['gradient_boosting', 'random_forest', 'decision_tree'] LOOP
            FOREACH s.threads IN ARRAY ARRAY[1, 2, 8] LOOP
                PERFORM set_config('mlops.threads', s.threads::text, true);
                s.name := o.name;
                BEGIN
                    PERFORM mlops_train('odd_data', o.source, o.target, s.algorithm,
                        CASE WHEN s.algorithm = 'decision_tree' THEN '{}' WHEN o.name = '300 classes' THEN '{"n_estimators": 1, "max_leaves": 4}' ELSE '{"n_estimators": 3, "min_samples_leaf": 1}' END::jsonb,
                        features => CASE WHEN o.source LIKE '%md5%' THEN 'g' END, task => CASE o.target WHEN 'r' THEN 'regression' ELSE 'classification' END,
                        key => CASE WHEN o.source LIKE 'SELECT i,%' THEN 'i' END, config => jsonb_set('{"split": {}}' || o.config, '{split,salt}', '1'));
                    s.said := 'learned';
                    SELECT content INTO s.bytes FROM mlops.version_blobs ORDER BY version_id DESC LIMIT 1;
                    -- a category has a prefix that nobody has seen
                    SELECT count(*) - count(score) + count(*) FILTER (WHERE o.target = 'y' AND NOT score BETWEEN 0 AND 1) INTO s.answers
                    FROM mlops_predict_batch('odd_data', replace(o.source, 'md5(', '''x'' || md5(')) WHERE o.name !~ 'classes|enum';
                    PERFORM mlops_drop_model('odd_data');
                EXCEPTION WHEN OTHERS THEN
                    s.said := SQLSTATE || ': ' || SQLERRM;
                    s.bytes := NULL;
                    s.answers := NULL;
                END;
                INSERT INTO said SELECT s.*;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
-- one line for each, and for each algorithm only where they differ
SELECT name, said, string_agg(DISTINCT algorithm, ', ') AS algorithms, bool_and(same) AS same, sum(answers) AS without_answer
FROM (SELECT *, bytes IS NOT DISTINCT FROM first_value(bytes) OVER (PARTITION BY name, algorithm ORDER BY threads) AS same FROM said) s GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*), count(DISTINCT bytes) AS models FROM said WHERE said = 'learned';

DROP SCHEMA test_odd_data CASCADE;
