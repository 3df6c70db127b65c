-- Every mistake of a training call: what, where, bounds, hint and SQLSTATE.
CREATE SCHEMA test_training_errors;
SET search_path = test_training_errors, public;
SET client_min_messages = notice;
\set VERBOSITY verbose
\set SHOW_CONTEXT never
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ': ' || message || coalesce(E'\n  detail: ' || nullif(detail, ''), '') || coalesce(E'\n  hint: ' || nullif(hint, ''), '');
END $$;
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
CREATE TABLE small AS SELECT i AS id, i * 1.5 AS a, 'k' || i % 3 AS k, i % 2 = 0 AS y, i * 2.0 AS num,
    now() AS at, (i % 5)::int AS five, NULL::int AS nothing, 1 AS one, i * 1.5 AS a2 FROM generate_series(1, 60) i;
CREATE TABLE empty (a int, y boolean);

-- names of models
SELECT attempt($$SELECT mlops_train('no such name', 'small', 'y')$$);
SELECT attempt($$SELECT mlops_train('', 'small', 'y')$$);
SELECT attempt($$SELECT mlops_train(NULL, 'small', 'y')$$);
SELECT attempt($$SELECT mlops_train('unknown')$$);
SELECT attempt(format($$SELECT mlops_train(%L, 'small', 'y')$$, repeat('m', 64)));

-- sources
SELECT attempt($$SELECT mlops_train('m', 'smal', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'no_schema.small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELEC * FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT * FRM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT * FROM small; SELECT 1', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'DELETE FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'WITH d AS (DELETE FROM small RETURNING *) SELECT * FROM d', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT * FROM small FOR UPDATE', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT * INTO copied FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT a, a, y FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT a + 1, y FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', '', 'y')$$);
CREATE SEQUENCE counter;
CREATE FUNCTION writes() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO empty VALUES (1, true); RETURN 1; END';
SELECT attempt($$SELECT mlops_train('m', 'SELECT *, writes() AS w FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT *, nextval(''counter'') AS w FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'counter', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT $1 AS a, y FROM small', 'y')$$);
SELECT count(*) AS rows_written FROM empty;

-- rows
SELECT attempt($$SELECT mlops_train('m', 'empty', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT * FROM small WHERE false', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT id, a, nothing FROM small', 'nothing')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT a, y FROM small WHERE y', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT a, y FROM small LIMIT 1', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT a, y FROM small LIMIT 2', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT CASE WHEN id % 7 = 0 THEN ''Infinity'' ELSE a::float8 END AS a, y FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT a, ''Infinity''::float8 AS y FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT ARRAY[1, 2]::float8[] || CASE WHEN id = 9 THEN ARRAY[3]::float8[] ELSE ''{}'' END AS v, y FROM small', 'y')$$);

-- target and task
SELECT attempt($$SELECT mlops_train('m', 'small')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'ys')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'five')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', task => 'clasification')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', task => 'regression')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'at')$$);

-- features
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'b')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'a + ')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => '')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'a FROM small')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'a; DROP TABLE small')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'a + 1')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'sum(a) AS s')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'rank() OVER () AS r')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => '(SELECT max(id) FROM small) AS s')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'generate_series(1, 2) AS s')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'random() AS r')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'extract(epoch FROM now() - at) AS age')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'extract(day FROM age(at)) AS age')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => '(current_date - at::date) AS age')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'at')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'a, y')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'y::int + a AS cheat')$$);
CREATE FUNCTION unsafe(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
ALTER FUNCTION unsafe(int) PARALLEL UNSAFE;
CREATE FUNCTION plain(x int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN x; END';
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', features => 'plain(five) AS p')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT y FROM small', 'y')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT at, y FROM small', 'y')$$);

-- key, time, weights
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', key => 'ids')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', key => 'id, nope')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', time_column => 'when')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', time_column => 'k')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"sample_weight": "weight"}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"sample_weight": "k"}')$$);
SELECT attempt($$SELECT mlops_train('m', 'SELECT *, -1 AS w FROM small', 'y', config => '{"sample_weight": "w"}')$$);

-- algorithm and parameters: nearest names, bounds
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regresion')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'linear_regression')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'num', 'logistic_regression')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', params => '{"penalti": "l1"}', algorithm => 'logistic_regression')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regression', params => '{"penalty": "l3"}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regression', params => '{"C": -1}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regression', params => '{"C": "1"}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regression', params => '{"max_iter": 1.5}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regression', params => '[1]')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regression', params => '{"class_weight": "balance"}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regression', params => '{"class_weight": {"yes": 2}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regression', params => '{"class_weight": {"true": -2}}')$$);

-- configuration
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"splt": {}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"split": {"tests": 0.3}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"split": {"test": 2}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"split": {"method": "tme"}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"split": {"method": "time"}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"split": {"method": "group"}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"split": {"group": "team"}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"split": {"test_where": "id"}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"split": {"test_where": "idd > 3"}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', 'logistic_regression', config => '{"split": {"test_where": "id > 1000"}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"split": {"test_where": "id > 0"}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"metric": "auc"}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"metric": "rmse"}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"exclude": ["b"]}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"positive_label": "yes"}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"threshold": 1.5}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"threshold": "cost"}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"risk_bands": {"low": 0.2}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"preprocess": {"numeric": {"impute": "medien"}}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '{"preprocess": {"columns": {"b": {"impute": "mean"}}}}')$$);
SELECT attempt($$SELECT mlops_train('m', 'small', 'y', config => '3')$$);

-- limits
SET mlops.max_training_memory = '64kB';
SELECT attempt($$SELECT mlops_train('m', 'SELECT i AS a, i * 2 AS b, i % 2 = 0 AS y FROM generate_series(1, 100000) i', 'y')$$);
RESET mlops.max_training_memory;
SET statement_timeout = '300ms';
SELECT mlops_train('m', 'SELECT i AS a, i % 2 = 0 AS y FROM generate_series(1, 2000000000) i', 'y');
RESET statement_timeout;

-- nothing of all that is left behind
SELECT count(*) FROM mlops.models WHERE name = 'm';
SELECT count(*) FROM mlops.runs WHERE source LIKE '%small%';
SELECT current_setting('search_path'), current_setting('transaction_read_only'), current_user = session_user;

-- handled, and said
\set VERBOSITY default
SELECT version, train_rows + test_rows AS rows FROM mlops_train('warned', 'SELECT a, a2, one, num, y FROM small', 'y', 'logistic_regression', config => '{"split": {"test": 0}}');
SELECT version FROM mlops_train('leaky', 'SELECT a, y::int * 3 AS told, y FROM small', 'y', 'logistic_regression', config => '{"split": {"test": 0}}');
SELECT version FROM mlops_train('dropped', 'SELECT a, CASE WHEN id % 10 = 0 THEN NULL ELSE y END AS y, id % 7 AS w FROM small', 'y', 'logistic_regression', config => '{"sample_weight": "w"}');

-- versions, stages, aliases
SELECT attempt($$SELECT mlops_train('warned', algorithm => 'logistic_regression', target => 'num')$$);
SELECT attempt($$SELECT mlops_train('warned', algorithm => 'logistic_regression', task => 'regression')$$);
SELECT attempt($$SELECT mlops_promote('warnd')$$);
SELECT attempt($$SELECT mlops_promote('warned', 9)$$);
SELECT attempt($$SELECT mlops_promote('warned', 1, 'live')$$);
SELECT attempt($$SELECT mlops_promote('warned', 1, 'staging')$$);
SELECT attempt($$SELECT mlops_promote('warned')$$);
SELECT attempt($$SELECT mlops_promote('warned', 1, gate => '{}')$$);
SELECT attempt($$SELECT mlops_set_alias('warned', '7', 1)$$);
SELECT attempt($$SELECT mlops_set_alias('warned', 'production', 1)$$);
SELECT attempt($$SELECT mlops_set_alias('warned', 'a b', 1)$$);
SELECT attempt($$SELECT mlops_drop_alias('warned', 'best')$$);
SELECT attempt($$SELECT mlops_drop_version('warned', 1)$$);
SELECT attempt($$SELECT mlops_drop_version('warned', 2)$$);
SELECT attempt($$SELECT mlops_drop_model('unheard_of_by_anyone')$$);
SELECT attempt($$SELECT mlops_drop_model('warned@1')$$);
SELECT attempt($$SELECT mlops_create_model('warned', 'small', 'y')$$);
SELECT attempt($$SELECT mlops_create_model('warned', 'small', 'k', replace => true)$$);
SELECT attempt($$SELECT mlops_configure('warned', '{"split": {"salt": 5}}')$$);
SELECT attempt($$SELECT mlops_configure('warned', '{"tag": {}}')$$);
SELECT attempt($$SELECT mlops_annotate('warned', tags => '[1]')$$);
SELECT attempt($$SELECT mlops_annotate('warned', 'x', feature => 'b')$$);
SELECT attempt($$SELECT mlops_grant('warned', current_user::regrole, 'read')$$);
SELECT attempt($$SELECT mlops_set_threshold('warned', 1.2)$$);
SELECT attempt($$SELECT mlops_split('a', 1, '{}')$$);
SELECT attempt($$SELECT mlops_split('a', 1, '{0, 0}')$$);
SELECT attempt($$SELECT mlops_split('a', 1, '{-1, 2}')$$);
