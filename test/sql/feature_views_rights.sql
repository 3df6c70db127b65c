-- Feature views and rights: the query runs as the view's owner, whoever calls, and serves nobody but those who may act as the owner.
\set SHOW_CONTEXT never
SET mlops.progress = off;
SET client_min_messages = warning;
CREATE SCHEMA test_views_rights;
SET search_path = test_views_rights, public;
CREATE ROLE mlops_keeper; CREATE ROLE mlops_helper IN ROLE mlops_keeper; CREATE ROLE mlops_stranger;
GRANT USAGE, CREATE ON SCHEMA test_views_rights TO mlops_keeper, mlops_helper, mlops_stranger;
GRANT EXECUTE ON FUNCTION mlops_set_feature_view_owner, mlops_create_feature_view, mlops_drop_feature_view, mlops_annotate_feature_view, mlops_materialize TO mlops_keeper, mlops_helper, mlops_stranger;
SET ROLE mlops_keeper;
CREATE TABLE secret AS SELECT i AS id, timestamptz '2024-01-01' AS at, i * 10 AS x FROM generate_series(1, 3) AS i;
CREATE FUNCTION who() RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN current_user; END';
SELECT mlops_create_feature_view('kept', 'SELECT id, at, x, who() FROM secret', 'id', 'at', NULL, online => true) IS NOT NULL AS made;
SELECT mlops_get_features('kept', '2');
SELECT mlops_materialize('kept');
RESET ROLE;
-- a superuser and a member read with the owner's rights, not with their own
SELECT mlops_get_features('kept', '2', '2024-01-01'), mlops_get_features('kept', '2');
SELECT mlops_training_set('SELECT 2 AS id, now() AS at', '{kept}') AS training \gset
SELECT x, who FROM (:training) AS t;
SET ROLE mlops_helper;
SELECT x, who FROM (:training) AS t;
SELECT mlops_create_feature_view('kept', 'SELECT id, at, x, who() FROM secret', 'id', 'at', NULL, online => true, replace => true) IS NOT NULL AS made;
SELECT owner FROM mlops.feature_views WHERE name = 'kept';
SELECT mlops_materialize('kept');
-- a member gives the view only to a role that it may become
\set VERBOSITY sqlstate
SELECT mlops_set_feature_view_owner('kept', 'mlops_stranger');
\set VERBOSITY default
-- what a member supplies must be readable by the owner
CREATE TABLE mine AS SELECT * FROM secret;
SELECT mlops_create_feature_view('kept', 'SELECT id, at, x FROM mine', 'id', 'at', NULL, replace => true);
RESET ROLE;
-- others
SET ROLE mlops_stranger;
SELECT * FROM (:training) AS t;
SELECT mlops_get_features('kept', '2');
SELECT mlops_training_set('SELECT 2 AS id, now() AS at', '{kept}');
SELECT * FROM mlops.read_feature_view('kept') AS v (id int, at timestamptz, x int, who text);
SELECT mlops_materialize('kept');
SELECT mlops_drop_feature_view('kept');
SELECT mlops_annotate_feature_view('kept', 'mine now');
SELECT mlops_create_feature_view('kept', 'SELECT 1 AS id, now() AS at, 1 AS x', 'id', 'at', NULL, replace => true);
SELECT mlops_set_feature_view_owner('kept', 'mlops_stranger');
SELECT mlops_create_feature_view('theirs', 'SELECT id, at, x FROM secret', 'id', 'at', NULL);
SELECT count(*) FROM mlops.feature_views;
SELECT count(*) FROM mlops.online_features;
SELECT count(*) FROM mlops.feature_freshness;
SELECT count(*) FROM mlops.latest_feature_rows();
-- nothing that a view reads can write, whoever reads it
CREATE TABLE log (who text);
GRANT INSERT ON log TO PUBLIC;
CREATE FUNCTION write() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN write_now(); END';
CREATE FUNCTION write_now() RETURNS int LANGUAGE plpgsql VOLATILE SET search_path = test_views_rights AS 'BEGIN INSERT INTO log VALUES (current_user); RETURN 1; END';
CREATE FUNCTION become() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RESET ROLE; RETURN 1; END';
SELECT mlops_create_feature_view('trap', 'SELECT 1 AS id, timestamptz ''2024-01-01'' AS at, write_now() AS x', 'id', 'at', NULL);
SELECT mlops_create_feature_view('trap', 'SELECT 1 AS id, timestamptz ''2024-01-01'' AS at, become() AS x', 'id', 'at', NULL) IS NOT NULL AS made;
RESET ROLE;
SELECT mlops_get_features('trap', '1');
SELECT problem FROM mlops.feature_freshness WHERE name = 'trap';
SET ROLE mlops_stranger;
ALTER FUNCTION write_now() STABLE;
SELECT mlops_create_feature_view('trap', 'SELECT 1 AS id, timestamptz ''2024-01-01'' + write_now() * interval ''0'' AS at, 1 AS x', 'id', 'at', NULL, replace => true) IS NOT NULL AS made;
RESET ROLE;
ALTER FUNCTION write_now() VOLATILE;
SELECT mlops_get_features('trap', '1');
SELECT name, problem FROM mlops.feature_freshness WHERE name = 'trap';
SELECT mlops_training_set('SELECT 1 AS id, now() AS at', '{trap}') AS training \gset
SELECT * FROM (:training) AS t;
SELECT count(*) AS nothing_written FROM log;
-- casts and columns that the caller brings are not run for the owner
SELECT * FROM mlops.read_feature_view('kept') AS v (id text, at timestamptz, x int, who text);
SELECT * FROM mlops.read_feature_view('kept') AS v (id int, at timestamptz, x int);
SELECT mlops.read_feature_view('kept');
SELECT id, x, who FROM mlops.read_feature_view('kept') AS v (id int, at timestamptz, x int, who text);
-- the owner loses its rights, and then itself
REVOKE ALL ON secret FROM mlops_keeper; ALTER TABLE secret OWNER TO mlops_stranger;
SELECT mlops_get_features('kept', '2', '2024-01-01');
SELECT problem FROM mlops.feature_freshness WHERE name = 'kept';
ALTER TABLE mine OWNER TO mlops_stranger;
DROP OWNED BY mlops_keeper, mlops_helper; DROP ROLE mlops_keeper, mlops_helper;
SELECT mlops_get_features('kept', '2', '2024-01-01');
SELECT problem FROM mlops.feature_freshness WHERE name = 'kept';
SELECT mlops_set_feature_view_owner('kept', 'mlops_stranger');
SELECT owner, mlops_get_features('kept', '2') FROM mlops.feature_views WHERE name = 'kept';
GRANT SELECT ON secret TO mlops_stranger;
SELECT mlops_create_feature_view('kept', 'SELECT id, at, x FROM secret', 'id', 'at', NULL, replace => true) IS NOT NULL AS made;
SELECT owner, mlops_get_features('kept', '2') FROM mlops.feature_views WHERE name = 'kept';
SELECT mlops_drop_feature_view('kept'), mlops_drop_feature_view('trap');
DROP OWNED BY mlops_stranger; DROP ROLE mlops_stranger;
