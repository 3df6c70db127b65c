# 003_settings.pl: a prediction depends on the model and the row alone, and never on who asks from which session;
# stored SQL runs with its owner's rights and nobody gets more than was granted.
#
# Not here: what features may contain (test/sql/features.sql), restored databases (005_standby.pl).

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $owner = 'Model "Owner"';
my $owner_sql = '"Model ""Owner"""';
my $group_sql = '"the ""group"", all"';

my $node = PostgreSQL::Test::Cluster->new('settings');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off\ntimezone = 'UTC'");
$node->start;

# psql as a role: exit status, output, errors
sub as
{
	my ($role, $sql) = @_;
	return $node->psql('postgres', $sql, extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ]);
}

sub works
{
	my ($role, $sql, $expected, $name) = @_;
	my ($rc, $out, $err) = as($role, $sql);
	is($out, $expected, $name) or diag $err;
	return;
}

sub fails
{
	my ($role, $sql, $code, $message, $name) = @_;
	my ($rc, $out, $err) = as($role, $sql);
	my ($first) = $err =~ /(?:ERROR|FATAL):  (.*)/;
	$first //= "no error; output: $out";
	like($first, qr/^$code: .*$message/, $name);
	return $err;
}

sub setup
{
	my ($role, $sql) = @_;
	my ($rc, $out, $err) = as($role, $sql);
	die "setup failed: $err" if $rc != 0;
	return $out;
}

my $superuser = $node->safe_psql('postgres', 'SELECT current_user');

setup($superuser, qq{
	CREATE EXTENSION mlops;
	CREATE ROLE $owner_sql LOGIN;
	CREATE ROLE reader LOGIN;
	CREATE ROLE manager LOGIN;
	CREATE ROLE outsider LOGIN;
	CREATE ROLE attacker LOGIN;
	CREATE ROLE $group_sql;
	CREATE ROLE member LOGIN IN ROLE $group_sql;
	CREATE ROLE aloof LOGIN NOINHERIT IN ROLE $group_sql;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO $owner_sql, reader, manager, attacker;
	CREATE SCHEMA app AUTHORIZATION $owner_sql;
	CREATE SCHEMA data AUTHORIZATION $owner_sql;
	CREATE SCHEMA evil AUTHORIZATION attacker;
	GRANT USAGE ON SCHEMA evil TO PUBLIC;
});

# Functions, an operator, a domain, an enum and a cast of the owner's, none of which others may use.
setup($owner, q{
	SET search_path = app, public;
	CREATE FUNCTION app.boost(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT x * 1.5 + 1';
	CREATE FUNCTION app.add(x float8, y float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS
		'BEGIN RETURN abs(x) + length(y::text); END';
	CREATE OPERATOR app.<+> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = app.add);
	CREATE DOMAIN app.score AS float8 CHECK (VALUE > -1e6);
	CREATE TYPE app.mood AS ENUM ('bad', 'good');
	CREATE TYPE app.pair AS (a int, b int);
	CREATE FUNCTION app.mood_number(m app.mood) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
		'SELECT CASE m WHEN ''good'' THEN 10 ELSE 3 END';
	CREATE CAST (app.mood AS int) WITH FUNCTION app.mood_number(app.mood);
	CREATE FUNCTION app.path() RETURNS int LANGUAGE plpgsql STABLE PARALLEL SAFE AS
		$$BEGIN RETURN length(current_setting('search_path')); END$$;
	CREATE FUNCTION app.as_owner(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS
		$$BEGIN RETURN CASE WHEN current_user = 'Model "Owner"' THEN x ELSE -1000 END; END$$;
	REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC;
	CREATE TABLE data.t AS
		SELECT i AS id, i * 0.37 AS x, timestamptz '2024-01-01 00:30+00' + i * interval '7 hours' AS at,
			date '2024-01-01' + i * 3 AS d, lpad((1 + i % 12)::text, 2, '0') || '/' || lpad((1 + i % 11)::text, 2, '0') || '/2024' AS ds,
			i * interval '1 day 3 minutes' AS iv, i / 7.0::float8 AS f,
			CASE i % 3 WHEN 0 THEN 'the running dogs of a city' WHEN 1 THEN 'running ' || i ELSE 'la ville et le chien' END AS words,
			(ARRAY['bad', 'good'])[1 + i % 2]::app.mood AS m, ((i * 7919) % 1000)::money AS price, sin(i) + i * 0.1 AS y
		FROM generate_series(1, 300) AS i;
	GRANT USAGE ON SCHEMA data TO PUBLIC;
	GRANT SELECT ON data.t TO reader, attacker, member, aloof;
});

my $features = q{boost(x) AS boosted, x <+> f AS plus, f::score AS score, m::int AS mood, m,
	extract(hour FROM at) AS hour, length(at::text) AS at_length, (at::date - date '2024-01-01') AS day,
	extract(month FROM ds::date) AS month, left(d::text, 2) AS century, length(iv::text) AS iv_length,
	length(f::text) AS f_length, numnode(plainto_tsquery(words)) AS lexemes,
	length(price::text) AS price_length, to_char(f, 'FM999D99') AS shown, to_char(d, 'TMMonth') AS named,
	path() AS path, as_owner(x) AS owned};
my $train = qq{SELECT version FROM mlops_train('m', 'SELECT * FROM data.t', 'y', algorithm => 'linear_regression',
	params => '{"penalty": "l2"}', features => \$f\$$features\$f\$, key => 'id')};
my ($lc) = grep { !/^(C|POSIX|C\.UTF-?8|en_)/i } split /\n/, `locale -a 2>/dev/null`;
$lc //= 'POSIX';
note "other locale: $lc";

my $settings = q{SET TimeZone = 'America/St_Johns'; SET DateStyle = 'German, DMY'; SET IntervalStyle = 'iso_8601';
	SET extra_float_digits = -3; SET default_text_search_config = 'pg_catalog.french'; SET search_path = app, public;};

# the training session has settings of its own too
works($owner, "$settings $train", '1', 'a model whose features depend on all settings');
setup($owner, q{SELECT mlops_grant('m', 'reader', 'predict'); SELECT mlops_grant('m', 'attacker', 'predict');
	CREATE TABLE data.j AS SELECT id, to_jsonb(t) AS j FROM data.t AS t; GRANT SELECT ON data.j TO reader, attacker, member});

# ---- the same bits in every session

my $record = q{SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.float8send(public.mlops_predict('m', t)), '' ORDER BY id)) FROM data.t AS t};
my $json = q{SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.float8send(public.mlops_predict('m', j)), '' ORDER BY id)) FROM data.j AS t};
my $batch = q{SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.float8send(score), '' ORDER BY key::pg_catalog.int4))
	FROM public.mlops_predict_batch('m', 'data.t')};
my $transform = q{SELECT pg_catalog.md5(pg_catalog.string_agg(public.mlops_transform('m', t)::pg_catalog.text, '' ORDER BY id)) FROM data.t AS t};

my $bits = setup($owner, "$settings $record");
my $seen = setup($owner, "$settings SET extra_float_digits = 1; $transform");
like($bits, qr/^[0-9a-f]{32}$/, 'the training session predicts');
isnt(setup($superuser, q{SELECT count(DISTINCT mlops_predict('m', t)) FROM data.t AS t}), '1', 'and not the same for all rows');

# every setting is felt by some feature: evaluated in the open they give something else
foreach my $change (q{TimeZone = 'Asia/Kathmandu'}, q{DateStyle = 'ISO, MDY'}, q{IntervalStyle = 'postgres_verbose'},
	'extra_float_digits = 3', q{default_text_search_config = 'pg_catalog.english'})
{
	my $open = qq{SELECT md5(string_agg(ROW(extract(hour FROM at), length(at::text), at::date, extract(month FROM ds::date),
		length(d::text), length(iv::text), length(f::text), numnode(plainto_tsquery(words)))::text, '' ORDER BY id)) FROM data.t};
	isnt(setup($owner, "$settings SET $change; $open"), setup($owner, "$settings $open"), "$change matters to the features");
}

# Names the features and the library use, in front of the real ones.
setup('attacker', q{
	CREATE FUNCTION evil.boost(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 666.0::float8';
	CREATE FUNCTION evil.boost(numeric) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 666.0::float8';
	CREATE FUNCTION evil.length(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 666';
	CREATE FUNCTION evil.abs(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 666.0::float8';
	CREATE FUNCTION evil.path() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 666';
	CREATE FUNCTION evil.as_owner(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 666.0::float8';
	CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'x'$$;
	CREATE FUNCTION evil.sum(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 666.0::float8';
	CREATE FUNCTION evil.yes(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
	CREATE FUNCTION evil.yes(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
	CREATE OPERATOR evil.+ (LEFTARG = float8, RIGHTARG = float8, FUNCTION = evil.sum);
	CREATE OPERATOR evil.* (LEFTARG = float8, RIGHTARG = float8, FUNCTION = evil.sum);
	CREATE OPERATOR evil.<+> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = evil.sum);
	CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.yes);
	CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.yes);
	CREATE DOMAIN evil.score AS text CHECK (false);
	CREATE DOMAIN evil.mood AS text CHECK (false);
	CREATE DOMAIN evil.text AS pg_catalog.int4;
	CREATE DOMAIN evil.float8 AS pg_catalog.text;
	CREATE DOMAIN evil.int4 AS pg_catalog.text;
	CREATE TYPE evil.number AS (n float8);
	CREATE FUNCTION evil.to_number(float8) RETURNS evil.number LANGUAGE sql IMMUTABLE AS 'SELECT ROW(666)::evil.number';
	CREATE CAST (float8 AS evil.number) WITH FUNCTION evil.to_number(float8) AS IMPLICIT;
	CREATE TABLE evil.models AS SELECT * FROM mlops.models WHERE false;
	CREATE TABLE evil.versions AS SELECT * FROM mlops.versions WHERE false;
	CREATE TABLE evil.t AS SELECT 1 AS id;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA evil TO PUBLIC;
	GRANT SELECT ON ALL TABLES IN SCHEMA evil TO PUBLIC;
});

my $hostile = q{SET search_path = evil, pg_catalog, app, public};
my $temporary = q{
	CREATE TEMP TABLE models AS SELECT * FROM evil.models;
	CREATE TEMP TABLE versions AS SELECT * FROM evil.versions;
	CREATE TEMP TABLE model_grants AS SELECT * FROM mlops.model_grants WHERE false;
	CREATE TEMP TABLE version_blobs (version_id bigint, content bytea);
	CREATE TEMP TABLE t AS SELECT 1 AS id;
	CREATE DOMAIN pg_temp.score AS text CHECK (false);
	CREATE DOMAIN pg_temp.numeric AS text;
	CREATE FUNCTION pg_temp.boost(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 666.0::float8';
	CREATE FUNCTION pg_temp.length(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 666';
	SET search_path = pg_temp, evil, pg_catalog, public};
my %session = (
	'plain' => '',
	'settings' => q{SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres_verbose';
		SET extra_float_digits = 3; SET default_text_search_config = 'pg_catalog.english';},
	'more settings' => qq{SET TimeZone = 'UTC'; SET DateStyle = 'SQL, YMD'; SET IntervalStyle = 'sql_standard';
		SET extra_float_digits = -15; SET default_text_search_config = 'pg_catalog.simple'; SET bytea_output = 'escape';
		SET lc_numeric = '$lc'; SET lc_monetary = '$lc'; SET lc_time = '$lc'; SET enable_seqscan = off;},
	'hostile search_path' => $hostile,
	'hostile temporary schema' => $temporary,
	'row security off' => 'SET row_security = off',
	'read only' => 'SET default_transaction_read_only = on');
foreach my $kind (sort keys %session)
{
	foreach my $role ($owner, 'reader', 'attacker')
	{
		next if $kind =~ /hostile/ && $role eq $owner;
		works($role, "$session{$kind};$record", $bits, "$kind, $role: predictions for rows");
		next if $role eq 'attacker' && $kind !~ /hostile/;
		works($role, "$session{$kind};$json", $bits, "$kind, $role: predictions for jsonb");
		works($role, "$session{$kind};$batch", $bits, "$kind, $role: predictions for a source");
	}
}
works('reader', "$session{settings} SET extra_float_digits = 1; $transform", $seen, 'what the learner sees is the same');

# The session that trained on hostile names keeps to what the owner's path meant, too: a second version.
works($superuser, qq{SELECT mlops_set_owner('m', 'attacker')}, '', 'another owner, who may not use the functions');
fails('attacker', $record, '42501', 'permission denied for (schema|function)', 'a feature needs the rights of the owner');
works($superuser, qq{SELECT mlops_set_owner('m', '$owner_sql')}, '', 'the former owner again');
works('attacker', $record, $bits, 'and the same bits again');

# ---- the caller's session stays as it is

my $all = q{concat_ws('|', current_setting('TimeZone'), current_setting('DateStyle'), current_setting('IntervalStyle'),
	current_setting('extra_float_digits'), current_setting('default_text_search_config'), current_setting('lc_messages'),
	current_setting('lc_monetary'), current_setting('lc_numeric'), current_setting('lc_time'), current_setting('search_path'),
	current_setting('transaction_read_only'), current_setting('row_security'), current_user, session_user)};
my $mine = 'Asia/Kathmandu|ISO, MDY|postgres_verbose|3|pg_catalog.english|C|C|C|C|app, public|off|on|reader|reader';
my $begin = "$session{settings} SET search_path = app, public;";

works('reader', "$begin SELECT $all", $mine, 'the settings of a session');
works('reader', "$begin SELECT DISTINCT $all FROM (SELECT mlops_predict('m', t) AS p FROM data.t AS t OFFSET 0) AS s WHERE p IS NOT NULL",
	$mine, 'are seen beside predictions');
works('reader', "$begin DO \$\$BEGIN PERFORM mlops_predict('m', t) FROM data.t AS t; END\$\$; SELECT $all", $mine, 'stay after predictions');

setup($owner, q{CREATE FUNCTION app.fragile(x float8, at timestamptz) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS
	$$BEGIN IF x > 1e6 THEN RAISE EXCEPTION 'too large at %', extract(hour FROM at); END IF; RETURN x; END$$;
	SELECT mlops_train('fragile', 'SELECT x, at, y FROM data.t', 'y', algorithm => 'linear_regression',
		features => 'app.fragile(x, at) AS x, extract(hour FROM at) AS hour');
	SELECT mlops_grant('fragile', 'reader', 'predict')});
my $bad = q{mlops_predict('fragile', '{"x": 1e7, "at": "2024-01-01 10:00+00"}'::jsonb)};
fails('reader', "SELECT $bad", 'P0001', 'too large at 10', 'an error inside a feature, under the settings of the training');
{
	my ($rc, $out) = $node->psql('postgres', "$begin SELECT $bad;\nSELECT $all;", on_error_stop => 0, extra_params => [ '-U', 'reader' ]);
	is($out, $mine, 'settings stay after an error');
}
works('reader', "$begin DO \$\$BEGIN
		BEGIN PERFORM $bad; EXCEPTION WHEN raise_exception THEN NULL; END;
		PERFORM set_config('app.after', $all, false);
	END\$\$; SELECT current_setting('app.after')", $mine, 'and after an error that is caught, in the same transaction');
works('reader', "$begin SELECT count(*) FROM mlops_predict_batch('m', 'data.t'); CREATE TEMP TABLE w AS SELECT 1 AS a;
	SELECT $all", "300\n$mine", 'a source read in a call leaves the session able to write');

# ---- feature functions run as the owner, in a security-restricted operation

works('reader', q{SELECT min(mlops_transform('m', t)->>'owned' ) = max(mlops_transform('m', t)->>'owned') FROM data.t AS t}, 'f', 'current_user is the owner in every row');
setup($owner, q{CREATE FUNCTION app.spy(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN x; END';
	CREATE FUNCTION app.helper(what text) RETURNS float8 LANGUAGE plpgsql VOLATILE AS 'BEGIN EXECUTE what; RETURN 1; END';
	SELECT mlops_train('spy', 'SELECT x, y FROM data.t', 'y', algorithm => 'linear_regression', features => 'app.spy(x) AS x');
	SELECT mlops_grant('spy', 'reader', 'predict')});
works('reader', q{SELECT mlops_predict('spy', '{"x": 1}'::jsonb) IS NOT NULL}, 't', 'a harmless function');
setup($owner, q{CREATE OR REPLACE FUNCTION app.spy(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS
	$$BEGIN RAISE EXCEPTION '% as %', current_user, session_user; END$$});
fails('reader', q{SELECT mlops_predict('spy', '{"x": 1}'::jsonb)}, 'P0001', 'Model "Owner" as reader', 'a replaced function is used at once, as the owner');
foreach my $attack (
	[ 'SET ROLE reader', 'cannot set parameter "role" within security-restricted operation' ],
	[ 'RESET ROLE', 'cannot set parameter "role" within security-restricted operation' ],
	[ 'SET SESSION AUTHORIZATION DEFAULT', 'cannot set parameter "session_authorization" within security-restricted operation' ],
	[ 'CREATE TEMP TABLE trap (a int)', 'cannot create temporary table within security-restricted operation' ])
{
	my ($statement, $message) = @$attack;
	# where rows are read nothing at all can be created
	my @reading = $statement =~ /CREATE/ ? ('25006', 'cannot execute CREATE TABLE in a read-only transaction') : ('42501', $message);
	setup($owner, qq{CREATE OR REPLACE FUNCTION app.spy(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS
		'BEGIN RETURN app.helper(''$statement''); END'});
	fails('reader', q{SELECT mlops_predict('spy', '{"x": 1}'::jsonb)}, '42501', $message, "prediction: $statement");
	fails($superuser, q{SELECT mlops_train('spy', algorithm => 'linear_regression')}, @reading, "training by a superuser: $statement");
	fails($superuser, q{SELECT mlops_predict_batch('spy', 'SELECT 1.0::float8 AS x')}, @reading, "predict_batch by a superuser: $statement");
}

# What a function sets, in its own transaction or for the session, ends with it.
setup($owner, q{CREATE OR REPLACE FUNCTION app.spy(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$BEGIN
	PERFORM set_config('search_path', 'evil, pg_catalog', false), set_config('TimeZone', 'Asia/Tokyo', true),
		set_config('DateStyle', 'German', false), set_config('row_security', 'off', false); RETURN x; END$$});
foreach my $call (
	q{PERFORM mlops_predict('spy', '{"x": 1}'::jsonb)},
	q{PERFORM mlops_predict('spy', t) FROM data.t AS t},
	q{PERFORM mlops_predict_batch('spy', 'SELECT 1.0::float8 AS x')},
	q{PERFORM mlops_explain('spy', '{"x": 1}'::jsonb)})
{
	works('reader', qq{$begin DO \$\$BEGIN $call; END\$\$; SELECT $all}, $mine, "settings made inside a feature are undone: $call");
}
works($superuser, qq{$begin DO \$\$BEGIN PERFORM mlops_train('spy', algorithm => 'linear_regression'); END\$\$; SELECT $all}, $mine =~ s/reader/$superuser/gr,
	'settings made inside a feature are undone: training by a superuser');

# ---- whose rights a source has

setup($superuser, q{CREATE SCHEMA private; CREATE TABLE private.t AS SELECT * FROM data.t;
	CREATE ROLE stranger LOGIN; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO stranger});
fails('reader', q{SELECT mlops_predict_batch('m', 'private.t')}, '42501', 'permission denied for', 'a source given in a call is read as the caller');
fails($owner, q{SELECT mlops_train('p', 'private.t', 'y')}, '42501', 'permission denied for', 'so is the source of a first training');
works($superuser, q{SELECT version FROM mlops_train('m', 'private.t', algorithm => 'linear_regression')}, '2', 'a superuser may read it, for a model that others own');
fails($owner, q{SELECT mlops_create_model('p', 'private.t', 'y')}, '42501', 'permission denied for', 'and that of a definition');
my $who = q{'SELECT x, y, CASE current_user WHEN ''Model "Owner"'' THEN 1.0 ELSE 2.0 END AS who FROM data.t'};
setup($owner, qq{SELECT mlops_create_model('who', $who, 'y');
	SELECT mlops_grant('who', 'manager', 'manage'); SELECT mlops_grant('m', 'manager', 'manage')});
my $seen_by = q{SELECT version, minimum, maximum FROM mlops.version_features JOIN mlops.versions USING (version_id) JOIN mlops.models USING (model_id)
	WHERE models.name = 'who' AND version_features.name = 'who' ORDER BY version DESC LIMIT 1};
works('manager', q{SELECT version FROM mlops_train('who', algorithm => 'linear_regression')}, '1', 'a stored source is read');
works('manager', $seen_by, '1|1|1', 'as the owner, whoever trains');
fails('manager', 'SELECT * FROM data.t', '42501', 'permission denied for', 'who may not read it');
works($superuser, q{SELECT version FROM mlops_train('who', algorithm => 'linear_regression')}, '2', 'a superuser trains');
works('manager', $seen_by, '2|1|1', 'a stored source is read as the owner then, too');
works($superuser, qq{SELECT version FROM mlops_train('who', replace($who, 'FROM', ' FROM '), algorithm => 'linear_regression')}, '3', 'a superuser gives a source');
works('manager', $seen_by, '3|2|2', 'which is read as the superuser');

# ---- who may do what

fails('outsider', q{SELECT mlops_train('m')}, '42501', 'permission denied for function mlops_train', 'training is granted on purpose');
fails('reader', q{SELECT mlops_train('m')}, '42501', 'permission denied for model "m"', 'predict does not train');
foreach my $call (
	q{mlops_configure('m', '{"threshold": 0.4}')}, q{mlops_promote('m', 1)}, q{mlops_annotate('m', 'x')}, q{mlops_set_alias('m', 'a', 1)})
{
	fails('reader', "SELECT $call", '42501', 'permission denied for model "m"', "predict does not allow $call");
}
foreach my $call (
	q{mlops_train('m', features => 'x')}, q{mlops_train('m', 'SELECT * FROM evil.t')},
	q{mlops_train('m', config => '{"split": {"test_where": "id % 5 = 0"}}')},
	q{mlops_configure('m', '{"split": {"test_where": "id % 5 = 0"}}')},
	q{mlops_create_model('m', 'evil.t', 'id', replace => true)},
	q{mlops_drop_model('m')}, q{mlops_drop_version('m', 2)}, q{mlops_grant('m', 'manager', 'manage')},
	q{mlops_revoke('m', 'reader', 'predict')}, q{mlops_set_owner('m', 'manager')})
{
	fails('manager', "SELECT $call", '42501', 'must be owner of model "m"', "manage does not allow $call");
}
works('manager', q{SELECT version FROM mlops_train('m', algorithm => 'linear_regression', params => '{"penalty": "l2", "alpha": 3}')}, '3', 'manage trains');
works('manager', q{SELECT mlops_configure('m', '{"split": {"test": 0.3}}')->'split'->>'test'}, '0.3', 'manage sets numbers');
works('manager', q{SELECT count(*) FROM mlops_promote('m', 3) WHERE NOT passed}, '0', 'manage promotes');
works('manager', q{SELECT mlops_predict('m', j) IS NOT NULL FROM (SELECT '{}'::jsonb AS j) AS s WHERE false}, '', 'manage predicts');
works('manager', q{SELECT count(*) FROM mlops_promote('m', 1) WHERE NOT passed}, '0', 'and back');
works('reader', $record, $bits, 'the first version speaks again');

fails('outsider', $record =~ s/data\.t/evil.t/r, '42501', 'permission denied for model "m"', 'nobody predicts unasked');
{
	my $message = fails('outsider', q{SELECT mlops_predict('fragil', '{}'::jsonb)}, '42704', 'model "fragil" does not exist', 'an unknown name');
	unlike($message, qr/HINT/, 'does not tell what others own');
	$message = fails('reader', q{SELECT mlops_predict('fragil', '{}'::jsonb)}, '42704', 'model "fragil" does not exist', 'an unknown name');
	like($message, qr/HINT:  Did you mean "fragile"\?/, 'offers what one may use');
}
works($owner, qq{SELECT mlops_grant('m', '$group_sql', 'predict')}, '', 'a grant to a role whose name has quotes');
works('member', $record, $bits, 'reaches its members');
fails('aloof', $record, '42501', 'permission denied for model "m"', 'but not members that do not inherit');
works('aloof', "SET ROLE $group_sql; SELECT count(*) FROM mlops.models", '1', 'until they become that role');
works($owner, qq{SELECT mlops_revoke('m', '$group_sql', 'predict')}, '', 'revoked');
fails('member', $record, '42501', 'permission denied for model "m"', 'a revoked grant is gone');
works($owner, q{SELECT mlops_grant('fragile', '-', 'predict')}, '', 'a grant to everyone');
works('outsider', q{SELECT mlops_predict('fragile', '{"x": 1, "at": "2024-01-01 10:00+00"}'::jsonb) IS NOT NULL}, 't', 'reaches everyone');
works($owner, q{SELECT mlops_revoke('fragile', '-', 'predict')}, '', 'and is revoked');

# ---- rows of the registry

setup($superuser, q{
	CREATE TEMP TABLE served AS SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000000000000001')::uuid AS id, at, model_id
		FROM mlops.models, date_trunc('milliseconds', now()) AS at WHERE name = 'm';
	INSERT INTO mlops.predictions (prediction_id, predicted_at, model_id) SELECT * FROM served;
	INSERT INTO mlops.outcomes (prediction_id, predicted_at, model_id, label) SELECT *, '1' FROM served;
	SELECT mlops_create_snapshot('seen', 'data.t');
	SELECT mlops_create_feature_view('seen', 'SELECT 1 AS id, now() AS at, 2 AS x', 'id', 'at', NULL, online => true), mlops_materialize('seen');
	SELECT mlops_add_check('m', 'not_null', 'x'); SELECT count(*) FROM mlops_validate('m')});
my @table = split /\n/, setup($superuser, q{SELECT relname FROM pg_class WHERE relnamespace = 'mlops'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1});
cmp_ok(scalar @table, '>=', 12, 'the registry has tables');
foreach my $table (@table)
{
	isnt(setup($superuser, "SELECT count(*) FROM mlops.$table"), '0', "$table has rows") if $table !~ /aliases/;
	foreach my $change ("INSERT INTO mlops.$table DEFAULT VALUES", "DELETE FROM mlops.$table", "TRUNCATE mlops.$table")
	{
		fails($owner, $change, '42501', "permission denied for table $table", $change);
	}
	# bytes, and the partitions of the log: its tables are read through their parents
	if ($table =~ /^(version_blobs|\w+_default)$/)
	{
		fails($owner, "SELECT FROM mlops.$table", '42501', "permission denied for table $table", "nobody reads $table");
		next;
	}
	works('outsider', "SELECT count(*) FROM mlops.$table", '0', "$table: nothing for who was granted nothing");
	fails('outsider', "SET row_security = off; SELECT count(*) FROM mlops.$table", '42501', 'query would be affected by row-level security',
		"$table: row security stays on");
}
works('reader', 'SELECT name FROM mlops.models ORDER BY 1', "fragile\nm\nspy", 'who may predict sees those models');
works('reader', 'SELECT DISTINCT model FROM mlops.audit_log ORDER BY 1', "fragile\nm\nspy", 'and what was done to them');
works('reader', 'SELECT count(*) FROM mlops.runs WHERE model_id NOT IN (SELECT model_id FROM mlops.models)', '0', 'and only their runs');
# a view that leaks what it is shown must not be shown what row security hides
setup('attacker', q{CREATE FUNCTION evil.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
	$$BEGIN RAISE NOTICE 'seen %', $1; RETURN true; END$$; GRANT EXECUTE ON FUNCTION evil.leak(text) TO PUBLIC});
{
	my ($rc, $out, $err) = as('outsider', 'SELECT count(*) FROM mlops.models WHERE evil.leak(name)');
	is($out, '0', 'a function in WHERE');
	unlike($err, qr/seen/, 'is not shown hidden rows');
}

# ---- an owner who is gone

setup($superuser, qq{CREATE ROLE leaver LOGIN; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO leaver; GRANT SELECT ON data.t TO leaver});
setup('leaver', q{SELECT mlops_train('left', 'SELECT x, y FROM data.t', 'y', algorithm => 'linear_regression', features => 'abs(x) AS x');
	SELECT mlops_grant('left', 'reader', 'predict'); SELECT mlops_grant('left', 'manager', 'manage')});
my $left = q{SELECT float8send(mlops_predict('left', '{"x": 3}'::jsonb))};
my $left_bits = setup('leaver', $left);
setup($superuser, 'DROP OWNED BY leaver; DROP ROLE leaver');
fails('reader', $left, '55000', 'the role that owns the model does not exist', 'prediction with expressions of an owner who is gone');
fails('manager', q{SELECT mlops_train('left')}, '42704', 'role "leaver", the owner of model "left", does not exist', 'training for an owner who is gone');
fails('manager', q{SELECT mlops_configure('left', '{"threshold": 0.4}')}, '55000', 'the role that owns the model does not exist', 'configuring');
fails('manager', q{SELECT mlops_set_owner('left', 'manager')}, '42501', 'must be owner of model "left"', 'nobody takes the model over');
works($superuser, qq{SELECT mlops_set_owner('left', '$owner_sql')}, '', 'a superuser gives it away');
works('reader', $left, $left_bits, 'and it predicts as before');
works('manager', q{SELECT version FROM mlops_train('left', algorithm => 'linear_regression')}, '2', 'and is trained');

$node->stop;
done_testing();
