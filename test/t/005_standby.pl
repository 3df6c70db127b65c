# 005_standby.pl: models on a streaming replica and after a crash.
#
# Not here: dumps (008_dump.pl), upgrades between versions of the extension.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use Models;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "autovacuum = off\njit = off\nmax_wal_size = 1GB");
$primary->start;
Models::make_roles($primary);
Models::make_models($primary, 'postgres');
Models::make_log($primary, 'postgres');

# What each query of Models.pm answers.
sub answers
{
	my ($node) = @_;
	return map { /^(.*?): (.*)$/ } split /\n/, Models::said($node, 'postgres');
}

my %said = answers($primary);
is(scalar(grep { !/^[0-9a-f]{32}$/ } values %said), 0, 'the models speak');
isnt($said{rows}, $said{alias}, 'each in its own way');

sub speaks_alike
{
	my ($node, $name) = @_;
	my %now = answers($node);
	my @differ = grep { $now{$_} ne $said{$_} } sort keys %said;
	is("@differ", '', $name);
	return;
}

# ---- a replica

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

speaks_alike($standby, 'a replica says the same');
is($standby->safe_psql('postgres', $Models::speaks{rows}, extra_params => [ '-U', 'analyst' ]), $said{rows}, 'to who may predict');

my ($status, $found, $notice) = $standby->psql('postgres', q{SELECT count(*), bool_and(passed) FROM mlops_validate('value')});
is($found, '3|t', 'a replica applies checks');
like($notice, qr/is not stored/, 'and says that it cannot store what they found');
is($standby->safe_psql('postgres', q{SELECT count(*) > 5 FROM mlops_suggest_checks('app.t')}), 't', 'and suggests some');

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

# what decides is what was replayed: not what was written, committed on the primary, or received
{
	my $writer = $primary->background_psql('postgres');
	$writer->query_safe(q{SET client_min_messages = error; BEGIN; SELECT mlops_promote('value', 2)});
	$primary->safe_psql('postgres', 'SELECT pg_switch_wal()');
	$primary->wait_for_catchup($standby);
	is($reader->query_safe('EXECUTE ask'), $said{rows}, 'a promotion that is not committed is not seen');
	$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
	$standby->poll_query_until('postgres', q{SELECT pg_get_wal_replay_pause_state() = 'paused'}) or die 'replay goes on';
	$writer->query_safe('COMMIT');
	$primary->wait_for_catchup($standby, 'flush');
	is($reader->query_safe('EXECUTE ask'), $said{rows}, 'nor one that is not replayed');
	$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
	$primary->wait_for_catchup($standby);
	is($reader->query_safe('EXECUTE ask'), $said{alias}, 'until it is');
	$writer->query_safe(q{SELECT mlops_promote('value', 1)});
	$writer->quit;
}

# aliases, thresholds, rights and dropped versions
$reader->query_safe(q{PREPARE alias AS } . Models::predictions_of('value@other'));
is($reader->query_safe('EXECUTE alias'), $said{alias}, 'an alias before it moves');
my $count = q{SELECT count(*) FROM app.t WHERE mlops_predict_label('yes', t) = 'true'};
$reader->query_safe("PREPARE positive AS $count");
my $positive = $reader->query_safe('EXECUTE positive');
$primary->safe_psql('postgres', q{SELECT mlops_set_alias('value', 'other', 1), mlops_set_threshold('yes', 0), mlops_revoke('plain', 'analyst', 'predict')});
$primary->wait_for_catchup($standby);
is($reader->query_safe('EXECUTE alias'), $said{rows}, 'an alias that moved');
isnt($positive, '400', 'a threshold before it is changed');
is($reader->query_safe('EXECUTE positive'), '400', 'and after');
{
	my ($rc, $out, $err) = $standby->psql('postgres', $Models::speaks{plain}, extra_params => [ '-U', 'analyst' ]);
	like($err, qr/permission denied for model "plain"/, 'a right that was taken away');
}
$primary->safe_psql('postgres', q{SELECT mlops_set_alias('value', 'other', 2), mlops_set_threshold('yes', 0.5), mlops_grant('plain', 'analyst', 'predict')});
$primary->safe_psql('postgres', q{SELECT version FROM mlops_train('value', params => '{"penalty": "l2"}', algorithm => 'linear_regression')});
$primary->wait_for_catchup($standby);
is($reader->query_safe(q{SELECT count(mlops_predict('value@3', t)) FROM app.t AS t}), '400', 'a new version is seen');
$primary->safe_psql('postgres', q{SELECT mlops_drop_version('value', 3)});
$primary->wait_for_catchup($standby);
{
	my ($rc, $out, $err) = $standby->psql('postgres', q{SELECT mlops_predict('value@3', t) FROM app.t AS t});
	like($err, qr/version 3 of model "value" does not exist/, 'a dropped version is gone');
}
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
	q{mlops_revoke('value', 'analyst', 'predict')}, q{mlops_set_owner('value', 'analyst')}, q{mlops_maintain_log()}, q{mlops_maintain_log(30)})
{
	# a training must be refused before it reads: the big one would take minutes
	my ($rc, $out, $err) = $standby->psql('postgres', "SET statement_timeout = '10s'; SELECT $call", extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  25006: /, "refused on a replica: $call");
}
speaks_alike($standby, 'the replica still says the same');

# ---- the replica becomes the primary; a session stays and may write from then on

my $given = q{SELECT (SELECT max(run_id) FROM mlops.runs), (SELECT max(version_id) FROM mlops.versions)};
my @given = split /\|/, $reader->query_safe($given);
$standby->promote;
is($reader->query_safe('EXECUTE ask'), $said{rows}, 'a session goes on over the promotion of the replica');
is($reader->query(q{SET client_min_messages = error;
	SELECT version, stage FROM mlops_train('value', algorithm => 'linear_regression')}), '4|none', 'and trains');
$reader->{stderr} = '';
my @new = split /\|/, $reader->query_safe($given);
ok($new[0] > $given[0] && $new[1] > $given[1] + 1, 'identities are new, also to the version that was dropped');
is($reader->query_safe(q{SELECT mlops_promote('value', 2); EXECUTE ask}) =~ s/.*\n//sr, $said{alias}, 'and promotes');
$reader->query_safe(q{SELECT mlops_promote('value', 1)});
is($standby->safe_psql('postgres', q{SELECT mlops_maintain_log(3), mlops_maintain_log(4) > 0}), '0|t', 'the log is maintained');
speaks_alike($standby, 'and says the same');
$_->quit foreach ($reader, $repeatable);
$standby->stop('immediate');

# ---- a crash while training

# Sequences are not transactional: they may be ahead, never behind (new identities are looked at below).
sub registry
{
	return join("\n", grep { !/_seq\|/ } split /\n/, Models::registry($primary, 'postgres'));
}

my $before = registry();
{
	my $victim = $primary->background_psql('postgres', on_error_stop => 0);
	# one training is registered and not committed, the next is on its way
	$victim->query_safe(q{SET client_min_messages = error});
	$victim->query(q{BEGIN; SELECT mlops_train('value', algorithm => 'linear_regression')});
	my $pid = $victim->query('SELECT pg_backend_pid()');
	$victim->query_until(qr/^begun$/m, "\\echo begun\n" . q{SELECT mlops_train('crash', 'SELECT i::float8 AS x, sin(i) AS y FROM generate_series(1, 30000000) AS i', 'y', algorithm => 'linear_regression');} . "\n");
	$primary->poll_query_until('postgres', qq{SELECT state = 'active' AND query LIKE '%crash%' FROM pg_stat_activity WHERE pid = $pid})
	  or die 'no training to interrupt';
	usleep(300000);
	is($primary->safe_psql('postgres', qq{SELECT state FROM pg_stat_activity WHERE pid = $pid}), 'active', 'a training runs');
	$primary->safe_psql('postgres', 'CHECKPOINT');
	$primary->stop('immediate');
	$victim->{run}->finish;
}
$primary->start;
is(Models::difference($before, registry()), '', 'after a crash the registry is as before');
speaks_alike($primary, 'and the models say the same');
is($primary->safe_psql('postgres', q{SELECT version FROM mlops_train('value', algorithm => 'linear_regression')}), '4', 'and version numbers go on');
is($primary->safe_psql('postgres', q{SELECT count(*) - count(DISTINCT audit_id) FROM mlops.audit_log}), '0', 'and so do identities');
$primary->stop;
done_testing();
