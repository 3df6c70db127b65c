# 008_dump.pl: pg_dump and pg_restore, in every format and in parallel, keep models, history, log and predictions bit
# for bit, with partitions of the log that were made at run time and where roles are missing.
#
# Not here: replicas and crashes (005_standby.pl), upgrades between versions of the extension.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use Models;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('source');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off\nmax_wal_size = 1GB");
$node->start;
Models::make_roles($node);
Models::make_models($node, 'postgres');
Models::make_log($node, 'postgres');
# the last identities given are gone: a copy must not give them again
$node->safe_psql('postgres', q{
	SET client_min_messages = error;
	SELECT version FROM mlops_train('value', algorithm => 'linear_regression');
	SELECT mlops_drop_version('value', 3);
	SELECT count(*) FROM mlops_train('brief', 'SELECT x, y FROM app.t', 'y', algorithm => 'linear_regression');
	SELECT mlops_drop_model('brief');
	BEGIN;
	SELECT count(*) FROM mlops_train('never', 'SELECT x, y FROM app.t', 'y', algorithm => 'linear_regression');
	ROLLBACK;
});

my $said = Models::said($node, 'postgres');
my $registry = Models::registry($node, 'postgres');
my $shape = Models::shape($node, 'postgres');
is(scalar(() = $said =~ /: [0-9a-f]{32}$/mg), scalar(keys %Models::speaks), 'the models speak');
like($registry, qr/^predictions_default\|400 /m, 'the log has rows in its default partition');
is(scalar(() = $registry =~ /^predictions_\d{8}\|[1-9]/mg) >= 3, 1, 'and in partitions made at run time');
like($registry, qr/^outcomes_\d{8}\|[1-9]/m, 'and outcomes');

# All that must be the same.
sub is_alike
{
	my ($copy, $db, $name) = @_;
	is(Models::difference($registry, Models::registry($copy, $db)), '', "$name: every table and sequence of schema mlops is the same");
	is(Models::difference($shape, Models::shape($copy, $db)), '', "$name: and made alike");
	return;
}

# A copy is a database one can work in; this changes it.
sub goes_on
{
	my ($copy, $db, $name) = @_;
	my $given = q{SELECT (SELECT last_value FROM mlops.runs_run_id_seq) || ' ' || (SELECT last_value FROM mlops.versions_version_id_seq)
		|| ' ' || (SELECT last_value FROM mlops.models_model_id_seq)};
	my @before = split / /, $copy->safe_psql($db, $given);
	is($copy->safe_psql($db, q{SELECT version FROM mlops_train('value', algorithm => 'linear_regression')}), '4', "$name: version numbers go on");
	$copy->safe_psql($db, q{SET client_min_messages = error;
		SELECT count(*) FROM mlops_train('new', 'SELECT x, y FROM app.t', 'y', algorithm => 'linear_regression')});
	is($copy->safe_psql($db, q{SELECT run_id || ' ' || version_id || ' ' || model_id FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'new'}), join(' ', $before[0] + 2, $before[1] + 2, $before[2] + 1), "$name: identities go on");
	is($copy->safe_psql($db, q{SELECT count(*) - count(DISTINCT audit_id) FROM mlops.audit_log}), '0', "$name: those of the history too");
	my ($rc, $out, $err) = $copy->psql($db, q{UPDATE mlops.audit_log SET actor = 'nobody'});
	like($err, qr/append-only/, "$name: history cannot be changed");
	is($copy->safe_psql($db, q{SELECT mlops_maintain_log(1)}), '0', "$name: the partitions of the log are known");
	is($copy->safe_psql($db, q{SELECT mlops_maintain_log(4)}) > 0, 1, "$name: and further ones are made");
	return;
}

# ---- every format, into a new database of the same cluster

my $dir = $node->basedir;
my $from = $node->connstr('postgres');
$node->command_ok([ 'pg_dump', '-Fp', '-f', "$dir/plain.sql", $from ], 'pg_dump, plain');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/models.dump", $from ], 'pg_dump, custom');
$node->command_ok([ 'pg_dump', '-Fd', '-j2', '-f', "$dir/models.dir", $from ], 'pg_dump, directory, parallel');
my @restore = ('pg_restore', '--exit-on-error', '-j2', '-d');
my %way = (
	plain => sub { return ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql", '-d', shift) },
	custom => sub { return (@restore, shift, "$dir/models.dump") },
	directory => sub { return (@restore, shift, "$dir/models.dir") });
foreach my $format (sort keys %way)
{
	$node->safe_psql('postgres', "CREATE DATABASE $format");
	$node->command_ok([ $way{$format}->($node->connstr($format)) ], "$format: restored");
	is_alike($node, $format, $format);
	is(Models::said($node, $format), $said, "$format: the models say the same");
	is($node->safe_psql($format, $Models::speaks{rows}, extra_params => [ '-U', 'analyst' ]),
		($said =~ /^rows: (.*)$/m)[0], "$format: to who may predict");
	is($node->safe_psql($format, 'SELECT count(*) FROM mlops.predictions', extra_params => [ '-U', 'modeller' ]), '1600', "$format: the owner sees the log");
	is($node->safe_psql($format, 'SELECT count(*) FROM mlops.predictions', extra_params => [ '-U', 'analyst' ]), '0', "$format: who predicts does not");
}
goes_on($node, 'custom', 'custom');

# a copy of a copy; the extension is there already, and empty
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/second.dump", $node->connstr('directory') ], 'second generation: pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->safe_psql('again', 'CREATE EXTENSION mlops');
$node->command_ok([ @restore, $node->connstr('again'), "$dir/second.dump" ], 'second generation: restored where the extension stands already');
is_alike($node, 'again', 'second generation');
is(Models::said($node, 'again'), $said, 'second generation: the models say the same');
goes_on($node, 'again', 'second generation');

# DROP EXTENSION takes the partitions along, those of a dump too
$node->safe_psql('again', 'DROP EXTENSION mlops');
is($node->safe_psql('again', q{SELECT count(*) FROM pg_class WHERE relname ~ '^(predictions|outcomes)_'}), '0', 'DROP EXTENSION leaves no partition');

# ---- another cluster, where no role of the models exists

my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off");
$target->start;
$target->safe_psql('postgres', 'CREATE DATABASE copy');
# tables and grants of the application name roles: PostgreSQL itself needs to be told to leave them out
$target->command_ok([ 'pg_restore', '--exit-on-error', '--no-owner', '--no-privileges', '-j2', '-d', $target->connstr('copy'), "$dir/models.dump" ],
	'roles missing: restored');
is(Models::difference($registry, Models::registry($target, 'copy')), '', 'roles missing: every table and sequence is the same');
is($target->safe_psql('copy', $Models::speaks{plain}), ($said =~ /^plain: (.*)$/m)[0], 'roles missing: a model of plain columns needs no owner');
{
	my ($rc, $out, $err) = $target->psql('copy', $Models::speaks{rows}, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  55000: the role that owns the model does not exist.*HINT:  .*mlops_set_owner/s, 'roles missing: expressions do, and the error says what to do');
}
$target->safe_psql('copy', q{CREATE ROLE heir; GRANT USAGE ON SCHEMA app TO heir; GRANT SELECT ON app.t TO heir;
	SELECT mlops_set_owner(name, 'heir') FROM mlops.models;
	SELECT mlops_set_feature_view_owner(name, 'heir') FROM mlops.feature_views});
is(Models::said($target, 'copy'), $said, 'roles missing: with another owner the models say the same');
goes_on($target, 'copy', 'roles missing');

# Where only models and their grants name the roles, nothing has to be left out; functions in a schema of their own.
$node->safe_psql('postgres', 'CREATE DATABASE lent');
$node->safe_psql('lent', q{
	SET client_min_messages = error;
	CREATE SCHEMA "My models";
	CREATE EXTENSION mlops SCHEMA "My models";
	SET search_path = "My models";
	CREATE TABLE public.t AS SELECT i AS id, sin(i) AS x, 'g' || i % 7 AS g, sin(i) * 20 + i % 7 AS y FROM generate_series(1, 200) AS i;
	CREATE ROLE "the ""leaver""";
	SELECT mlops_train('lent', 'public.t', 'y', algorithm => 'linear_regression', key => 'id');
	SELECT mlops_set_owner('lent', '"the ""leaver"""');
	SELECT mlops_grant('lent', 'analyst', 'predict'), mlops_grant('lent', 'modeller', 'manage');
	SELECT mlops_maintain_log();
});
my $lent = q{SELECT md5(string_agg(encode(float8send("My models".mlops_predict('lent', t)), 'hex'), '' ORDER BY id)) FROM public.t AS t};
$registry = Models::registry($node, 'lent');
$shape = Models::shape($node, 'lent');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/lent.dump", $node->connstr('lent') ], 'roles of models missing: pg_dump');
$target->safe_psql('postgres', 'CREATE DATABASE lent');
$target->command_ok([ @restore, $target->connstr('lent'), "$dir/lent.dump" ], 'roles of models missing: restored with nothing left out');
is_alike($target, 'lent', 'roles of models missing');
is($target->safe_psql('lent', $lent), $node->safe_psql('lent', $lent), 'roles of models missing: the model says the same');
is($target->safe_psql('lent', 'SELECT owner FROM mlops.models'), 'the "leaver"', 'roles of models missing: and remembers its owner');

$target->stop;
$node->stop;
done_testing();
