# 005_standby.pl: models on a streaming replica, in a dump, and after a crash.
#
# Not here: upgrades between versions of the extension.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "autovacuum = off\njit = off\nmax_wal_size = 1GB");
$primary->start;
$primary->safe_psql('postgres', q{
	SET client_min_messages = error;
	CREATE EXTENSION mlops;
	CREATE ROLE modeller LOGIN;
	CREATE ROLE analyst LOGIN;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO modeller;
	CREATE SCHEMA app AUTHORIZATION modeller;
	GRANT USAGE ON SCHEMA app TO analyst;
	SET ROLE modeller;
	CREATE TABLE app.t AS SELECT i AS id, sin(i) * 10 AS x, CASE WHEN i % 9 > 0 THEN 'g' || i % 7 END AS g,
		timestamptz '2024-01-01 00:00+00' + i * interval '5 hours' AS at, 'c' || i % 3 AS kind, i % 5 < 2 AS yes,
		sin(i) * 20 + i % 7 + cos(i * 3) AS y FROM generate_series(1, 400) AS i;
	GRANT SELECT ON app.t TO analyst;
	CREATE FUNCTION app.twice(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN 2 * x; END';
	SET TimeZone = 'Asia/Kathmandu';
	SELECT mlops_train('plain', 'SELECT id, x, g, y FROM app.t', 'y', algorithm => 'linear_regression', key => 'id');
	SELECT mlops_train('value', 'app.t', 'y', algorithm => 'linear_regression', key => 'id',
		features => 'app.twice(x) AS x2, g, extract(hour FROM at) AS hour, length(at::text) AS l');
	SELECT mlops_train('yes', 'app.t', 'yes', algorithm => 'logistic_regression', key => 'id', features => 'x, g, extract(hour FROM at) AS hour');
	SELECT mlops_train('kind', 'app.t', 'kind', algorithm => 'logistic_regression', key => 'id', features => 'x, g, y');
	SELECT mlops_train('value', params => '{"penalty": "l2", "alpha": 50}', algorithm => 'linear_regression');
	SELECT mlops_set_alias('value', 'other', 2);
	SELECT mlops_annotate('value@2', 'a second one', '{"by": "hand"}');
	SELECT mlops_grant(m, 'analyst', 'predict') FROM unnest(ARRAY['plain', 'value', 'yes', 'kind']) AS m;
});

# Everything the models say, bit by bit.
my %speaks = (
	'plain' => q{SELECT md5(string_agg(encode(float8send(mlops_predict('plain', t)), 'hex'), '' ORDER BY id)) FROM app.t AS t},
	'rows' => q{SELECT md5(string_agg(encode(float8send(mlops_predict('value', t)), 'hex'), '' ORDER BY id)) FROM app.t AS t},
	'alias' => q{SELECT md5(string_agg(encode(float8send(mlops_predict('value@other', t)), 'hex'), '' ORDER BY id)) FROM app.t AS t},
	'jsonb' => q{SELECT md5(string_agg(encode(float8send(mlops_predict('yes', to_jsonb(t))), 'hex'), '' ORDER BY id)) FROM app.t AS t},
	'labels' => q{SELECT md5(string_agg(mlops_predict_label('yes', t) || mlops_predict_label('kind', t), '' ORDER BY id)) FROM app.t AS t},
	'probabilities' => q{SELECT md5(string_agg(mlops_predict_proba('kind', t)::text || mlops_predict_proba('yes', t), '' ORDER BY id)) FROM app.t AS t},
	'a source' => q{SELECT md5(string_agg(b::text, '' ORDER BY key::int)) FROM mlops_predict_batch('yes', 'app.t') AS b},
	'explanations' => q{SELECT md5(string_agg(e::text, '' ORDER BY id, e.feature)) FROM app.t AS t, mlops_explain('value', t) AS e},
	'transforms' => q{SELECT md5(string_agg(mlops_transform('value', t)::text, '' ORDER BY id)) FROM app.t AS t},
	'names' => q{SELECT md5(string_agg(f::text, '' ORDER BY position)) FROM mlops_feature_names('value') AS f},
	'an example' => q{SELECT md5(mlops_sample_input('value')::text)},
	'coefficients' => q{SELECT md5(string_agg(c::text, '' ORDER BY feature, level)) FROM mlops_coefficients('value') AS c},
	'features' => q{SELECT md5(string_agg(f::text, '' ORDER BY feature)) FROM mlops_feature_info('value') AS f});
my %said;
$said{$_} = $primary->safe_psql('postgres', $speaks{$_}) foreach keys %speaks;
is(scalar(grep { !/^[0-9a-f]{32}$/ } values %said), 0, 'the models speak');
isnt($said{rows}, $said{alias}, 'each in its own way');

sub speaks_alike
{
	my ($node, $db, $name, %except) = @_;
	my @differ = grep { !$except{$_} && $node->safe_psql($db, $speaks{$_}) ne $said{$_} } sort keys %speaks;
	is("@differ", '', $name);
	return;
}

# ---- a replica

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

speaks_alike($standby, 'postgres', 'a replica says the same');
is($standby->safe_psql('postgres', $speaks{rows}, extra_params => [ '-U', 'analyst' ]), $said{rows}, 'to who may predict');

my $reader = $standby->background_psql('postgres');
my $repeatable = $standby->background_psql('postgres');
my $ask = q{SELECT md5(string_agg(encode(float8send(mlops_predict('value', t)), 'hex'), '' ORDER BY id)) FROM app.t AS t};
$reader->query_safe("PREPARE ask AS $ask; PREPARE one AS SELECT mlops_predict('value', '{\"x\": 1, \"g\": \"g1\", \"at\": \"2024-05-05 10:00+00\"}'::jsonb)");
is($reader->query_safe('EXECUTE ask'), $said{rows}, 'an open session before a promotion');
my $one = $reader->query_safe('EXECUTE one');
is($repeatable->query_safe("BEGIN ISOLATION LEVEL REPEATABLE READ; $ask"), $said{rows}, 'an open transaction before a promotion');
$primary->safe_psql('postgres', q{SELECT mlops_promote('value', 2)});
$primary->wait_for_catchup($standby);
is($reader->query_safe('EXECUTE ask'), $said{alias}, 'a promotion is seen after replay');
isnt($reader->query_safe('EXECUTE one'), $one, 'also by a statement without a table');
is($repeatable->query_safe($ask), $said{rows}, 'not in the open transaction');
is($repeatable->query_safe("COMMIT; $ask"), $said{alias}, 'but after it');
$primary->safe_psql('postgres', q{SELECT mlops_promote('value', 1)});
$primary->wait_for_catchup($standby);
is($reader->query_safe('EXECUTE ask'), $said{rows}, 'and back');
$primary->safe_psql('postgres', q{SELECT mlops_train('brief', 'SELECT x, y FROM app.t', 'y', algorithm => 'linear_regression')});
$primary->wait_for_catchup($standby);
is($reader->query_safe(q{SELECT mlops_predict('brief', '{"x": 1}'::jsonb) IS NOT NULL}), 't', 'a new model is seen');
$primary->safe_psql('postgres', q{SELECT mlops_drop_model('brief')});
$primary->wait_for_catchup($standby);
{
	my ($rc, $out, $err) = $standby->psql('postgres', q{SELECT mlops_predict('brief', '{"x": 1}'::jsonb)});
	like($err, qr/model "brief" does not exist/, 'a dropped model is gone');
}
foreach my $call (
	q{mlops_train('value')}, q{mlops_train('new', 'app.t', 'y')}, q{mlops_train('big', 'SELECT i::float8 AS x, sin(i) AS y FROM generate_series(1, 100000000) AS i', 'y')},
	q{mlops_create_model('new', 'app.t', 'y')},
	q{mlops_configure('value', '{"threshold": 0.4}')}, q{mlops_promote('value', 2)}, q{mlops_set_threshold('yes', 0.4)},
	q{mlops_annotate('value', 'x')}, q{mlops_set_alias('value', 'a', 1)}, q{mlops_drop_alias('value', 'other')},
	q{mlops_drop_version('value', 2)}, q{mlops_drop_model('value')}, q{mlops_grant('value', 'analyst', 'manage')},
	q{mlops_revoke('value', 'analyst', 'predict')}, q{mlops_set_owner('value', 'analyst')})
{
	# a training must be refused before it reads: the big one would take minutes
	my ($rc, $out, $err) = $standby->psql('postgres', "SET statement_timeout = '10s'; SELECT $call", extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  25006: /, "refused on a replica: $call");
}
speaks_alike($standby, 'postgres', 'the replica still says the same');
$_->quit foreach ($reader, $repeatable);
$standby->promote;
is($standby->safe_psql('postgres', q{SELECT version, stage FROM mlops_train('value', algorithm => 'linear_regression')}), '3|none', 'a promoted replica trains');
speaks_alike($standby, 'postgres', 'and says the same');
$standby->stop('immediate');

# ---- a crash while training

my $registry = q{SELECT md5(string_agg(s, '' ORDER BY s COLLATE "C")) FROM (
	SELECT 'models' || t::text FROM mlops.models AS t UNION ALL SELECT 'grants' || t::text FROM mlops.model_grants AS t
	UNION ALL SELECT 'runs' || t::text FROM mlops.runs AS t UNION ALL SELECT 'params' || t::text FROM mlops.run_params AS t
	UNION ALL SELECT 'metrics' || t::text FROM mlops.run_metrics AS t UNION ALL SELECT 'artifacts' || t::text FROM mlops.run_artifacts AS t
	UNION ALL SELECT 'versions' || t::text FROM mlops.versions AS t UNION ALL SELECT 'blobs' || t::text FROM mlops.version_blobs AS t
	UNION ALL SELECT 'aliases' || t::text FROM mlops.version_aliases AS t UNION ALL SELECT 'features' || t::text FROM mlops.version_features AS t
	UNION ALL SELECT 'history' || t::text FROM mlops.stage_history AS t UNION ALL SELECT 'audit' || t::text FROM mlops.audit_log AS t) AS r(s)};
my $before = $primary->safe_psql('postgres', "SET TimeZone = 'UTC'; $registry");
{
	my $victim = $primary->background_psql('postgres', on_error_stop => 0);
	# one training is registered and not committed, the next is on its way
	$victim->query_safe(q{SET client_min_messages = error});
	$victim->query(q{BEGIN; SELECT mlops_train('value', algorithm => 'linear_regression')});
	my $pid = $victim->query('SELECT pg_backend_pid()');
	$victim->query_until(qr/^begun$/m, "\\echo begun\n" . q{SELECT mlops_train('crash', 'SELECT i::float8 AS x, sin(i) AS y FROM generate_series(1, 30000000) AS i', 'y');} . "\n");
	$primary->poll_query_until('postgres', qq{SELECT state = 'active' AND query LIKE '%crash%' FROM pg_stat_activity WHERE pid = $pid})
	  or die 'no training to interrupt';
	usleep(300000);
	is($primary->safe_psql('postgres', qq{SELECT state FROM pg_stat_activity WHERE pid = $pid}), 'active', 'a training runs');
	$primary->safe_psql('postgres', 'CHECKPOINT');
	$primary->stop('immediate');
	$victim->{run}->finish;
}
$primary->start;
is($primary->safe_psql('postgres', "SET TimeZone = 'UTC'; $registry"), $before, 'after a crash the registry is as before');
speaks_alike($primary, 'postgres', 'and the models say the same');
is($primary->safe_psql('postgres', q{SELECT version FROM mlops_train('value', algorithm => 'linear_regression')}), '3', 'and version numbers go on');
$primary->safe_psql('postgres', q{SELECT mlops_drop_version('value', 3)});
$before = $primary->safe_psql('postgres', "SET TimeZone = 'UTC'; $registry");

# ---- a dump

my $dump = $primary->basedir . '/models.dump';
$primary->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $primary->connstr('postgres') ], 'pg_dump');
$primary->safe_psql('postgres', 'CREATE DATABASE copy');
$primary->command_ok([ 'pg_restore', '--exit-on-error', '-j2', '-d', $primary->connstr('copy'), $dump ], 'pg_restore');
is($primary->safe_psql('copy', "SET TimeZone = 'UTC'; $registry"), $before, 'the copy has the same registry');
speaks_alike($primary, 'copy', 'and its models say the same');
is($primary->safe_psql('copy', $speaks{rows}, extra_params => [ '-U', 'analyst' ]), $said{rows}, 'to who may predict');
is($primary->safe_psql('copy', q{SELECT version FROM mlops_train('value', algorithm => 'linear_regression')}), '4', 'version numbers go on in the copy');
is($primary->safe_psql('copy', q{SELECT run_id FROM mlops_train('new', 'SELECT x, y FROM app.t', 'y', algorithm => 'linear_regression')}),
	$primary->safe_psql('copy', 'SELECT max(run_id) FROM mlops.runs'), 'and so do identities');
is($primary->safe_psql('copy', q{SELECT count(*) - count(DISTINCT audit_id) FROM mlops.audit_log}), '0', 'of every table');
{
	my ($rc, $out, $err) = $primary->psql('copy', q{UPDATE mlops.audit_log SET actor = 'nobody'});
	like($err, qr/append-only/, 'history in the copy cannot be changed');
}

# Another server, where the roles do not exist.
my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off");
$target->start;
$target->safe_psql('postgres', 'CREATE DATABASE copy');
$target->command_ok([ 'pg_restore', '--exit-on-error', '--no-owner', '--no-privileges', '-j2', '-d', $target->connstr('copy'), $dump ],
	'pg_restore where the roles are missing');
is($target->safe_psql('copy', "SET TimeZone = 'UTC'; $registry"), $before, 'the registry is the same');
is($target->safe_psql('copy', $speaks{plain}), $said{plain}, 'a model of plain columns needs no owner');
{
	my ($rc, $out, $err) = $target->psql('copy', $speaks{rows}, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  55000: the role that owns the model does not exist.*HINT:  .*mlops_set_owner/s, 'expressions do, and the error says what to do');
}
$target->safe_psql('copy', q{CREATE ROLE heir; GRANT USAGE ON SCHEMA app TO heir;
	SELECT mlops_set_owner(name, 'heir') FROM mlops.models});
speaks_alike($target, 'copy', 'with another owner the models say the same');

$target->stop;
$primary->stop;
done_testing();
