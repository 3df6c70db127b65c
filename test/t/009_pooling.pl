# 009_pooling.pl: everything works behind pgbouncer in transaction pooling mode, where each transaction of a client may
# run in another session of the server and each session serves transactions of many clients.
#
# Not here: what one session does with changing models and settings (003_settings.pl).

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my ($bouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/local/sbin';
plan skip_all => 'pgbouncer is not installed' unless $bouncer;

my $SESSIONS = 3;
# a proxy that gives no session would keep a client for ever
my $LIMIT = $PostgreSQL::Test::Utils::timeout_default;

my $node = PostgreSQL::Test::Cluster->new('pooled');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off\nmax_connections = 30");
$node->start;
$node->safe_psql('postgres', q{
	SET client_min_messages = error;
	CREATE EXTENSION mlops;
	CREATE ROLE modeller LOGIN;
	CREATE ROLE other LOGIN;
	CREATE ROLE outsider LOGIN;
	CREATE ROLE pool LOGIN;
	GRANT modeller, other, outsider TO pool;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO modeller;
	CREATE SCHEMA app AUTHORIZATION modeller;
	GRANT USAGE ON SCHEMA app TO PUBLIC;
	SET ROLE modeller;
	CREATE TABLE app.t AS SELECT i AS id, sin(i) * 10 AS x, 'g' || i % 7 AS g, timestamptz '2024-01-01 00:00+00' + i * interval '5 hours' AS at,
		sin(i) * 20 + i % 7 AS y FROM generate_series(1, 400) AS i;
	GRANT SELECT ON app.t TO PUBLIC;
	CREATE FUNCTION app.twice(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN 2 * x; END';
	SELECT mlops_train('a', 'app.t', 'y', algorithm => 'linear_regression', key => 'id', features => 'app.twice(x) AS x2, g, extract(hour FROM at) AS hour');
	SELECT mlops_train('a', 'app.t', algorithm => 'linear_regression', params => '{"penalty": "l2", "alpha": 500}');
	SELECT mlops_train('b', 'app.t', 'y', algorithm => 'linear_regression', key => 'id', features => 'g, length(at::text) AS l');
	SELECT mlops_grant(m, 'other', 'predict') FROM unnest(ARRAY['a', 'b']) AS m;
});

my $all = q{SELECT md5(string_agg(encode(float8send(mlops_predict('%s', t)), 'hex'), '' ORDER BY id)) FROM app.t AS t};
my %said = map { $_ => $node->safe_psql('postgres', sprintf($all, $_)) } ('a', 'a@1', 'a@2', 'b');
isnt($said{'a@1'}, $said{'a@2'}, 'versions differ');

# ---- pgbouncer

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $server = $node->host;
append_to_file("$dir/users.txt", join('', map { qq{"$_" ""\n} } qw(modeller other outsider pool)));
append_to_file("$dir/pgbouncer.ini", qq{
[databases]
postgres = host=$server port=} . $node->port . qq{
[pgbouncer]
pool_mode = transaction
listen_addr =
listen_port = $port
unix_socket_dir = $dir
auth_type = trust
auth_file = $dir/users.txt
default_pool_size = $SESSIONS
max_client_conn = 200
server_reset_query =
ignore_startup_parameters = extra_float_digits
logfile = $dir/log
});
my ($in, $out) = ('', '');
my $proxy = IPC::Run::start([ $bouncer, '-q', "$dir/pgbouncer.ini" ], '<', \$in, '>&', \$out);

# also when the test dies
END
{
	local $?;
	$proxy->kill_kill if $proxy;
}

my $tries = 0;
usleep(100000) until -S "$dir/.s.PGSQL.$port" || $tries++ > 300;
ok(-S "$dir/.s.PGSQL.$port", 'pgbouncer listens') or BAIL_OUT($out);

sub address
{
	my ($role) = @_;
	return "host=$dir port=$port dbname=postgres user=$role";
}

# A client: its output and errors.  Statements of one string are one transaction, those of several are several.
sub ask
{
	my ($role, @sql) = @_;
	my ($answer, $error) = ('', '');
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', address($role), map { ('-c', $_) } @sql ],
		'<', \undef, '>', \$answer, '2>', \$error, IPC::Run::timeout($LIMIT));
	chomp $answer;
	return ($answer, $error);
}

sub client
{
	my ($role) = @_;
	# the last -d counts
	return $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-d', address($role) ]);
}

is((ask('other', sprintf($all, 'a')))[0], $said{a}, 'a prediction through the proxy');
is((ask('modeller', q{SELECT version FROM mlops_train('fresh', 'app.t', 'y', algorithm => 'linear_regression', features => 'x, g')}))[0], '1', 'a training');
like((ask('outsider', sprintf($all, 'a')))[1], qr/ERROR:  42501: permission denied for model "a"/, 'rights are those of the client');

# ---- a model and its versions from transaction to transaction, in whatever session they come

{
	my @client = map { client('other') } 1 .. 8;
	my %session;
	my @wrong;
	# half of the clients keep sessions busy, so that the others are given each in turn
	foreach my $round (1 .. 40)
	{
		my $client = $client[ ($round * 5) % @client ];
		my $model = ('a', 'b', 'a@1', 'a@2')[ $round % 4 ];
		my $busy = $client[ ($round * 5 + 1) % @client ];
		$busy->query('BEGIN; SELECT 1') if $round % 3 == 0;
		my ($pid, $answer) = split /\n/, $client->query("BEGIN; SELECT pg_backend_pid(); " . sprintf($all, $model) . '; COMMIT');
		$busy->query('COMMIT') if $round % 3 == 0;
		$session{$pid}++;
		push @wrong, "$round: $model" if $answer ne $said{$model};
	}
	is("@wrong", '', 'each model and version says the same in whatever session');
	ok(keys %session > 1 && keys %session <= $SESSIONS, 'transactions were served by ' . keys(%session) . ' sessions');

	# a promotion through one client is seen by the next transaction of every other
	my $boss = client('modeller');
	foreach my $version (2, 1, 2, 1)
	{
		$boss->query("SELECT mlops_promote('a', $version)");
		my @old = grep { $client[$_]->query(sprintf($all, 'a')) ne $said{"a\@$version"} } 0 .. $#client;
		is("@old", '', "promotion of version $version is seen by every client");
	}

	# a transaction that began before keeps what it saw, while its session is lent to nobody else
	$client[0]->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
	$boss->query(q{SELECT mlops_promote('a', 2)});
	is($client[0]->query(sprintf($all, 'a')), $said{'a@1'}, 'a transaction in REPEATABLE READ keeps its version');
	is($client[1]->query(sprintf($all, 'a')), $said{'a@2'}, 'others have the new one');
	is($client[0]->query('COMMIT; ' . sprintf($all, 'a')), $said{'a@2'}, 'and it too, after');
	$boss->query(q{SELECT mlops_promote('a', 1)});
	$_->quit foreach (@client, $boss);
}

# ---- settings: SET LOCAL ends with the transaction; what another client has left in a session changes no prediction

{
	my $one = client('modeller');
	my $settings = q{SET %1$s TimeZone = 'America/St_Johns'; SET %1$s DateStyle = 'German, DMY'; SET %1$s extra_float_digits = -3;
		SET %1$s search_path = pg_catalog; SET %1$s mlops.progress = off; SET %1$s mlops.threads = 2;};
	my $asked = sprintf($all, 'a') =~ s/mlops_predict/public.mlops_predict/r;
	my $length = sprintf($all, 'b') =~ s/mlops_predict/public.mlops_predict/r;
	my $state = q{SELECT concat_ws(' ', current_setting('TimeZone'), current_setting('search_path'), current_setting('mlops.threads'))};
	my $before = $one->query($state);
	is($one->query('BEGIN; ' . sprintf($settings, 'LOCAL') . "$asked; $length; COMMIT"), "$said{a}\n$said{b}", 'SET LOCAL changes no prediction');
	is($one->query($state), $before, 'and ends with the transaction');
	is($one->query(q{BEGIN; SET LOCAL mlops.threads = 2; SELECT version FROM public.mlops_train('fresh', algorithm => 'linear_regression'); COMMIT}), '2',
		'settings of a training');

	# SET for the session stays in it and meets whoever comes next
	my @busy = map { client('modeller') } 1 .. $SESSIONS - 1;
	$_->query('BEGIN; SELECT 1') foreach @busy;
	$one->query(sprintf($settings, 'SESSION'));
	my $next = client('modeller');
	# (TimeZone and DateStyle are among the few that pgbouncer sets back by itself)
	like($next->query($state), qr{ pg_catalog 2$}, 'a session as another client has left it');
	is($next->query("$asked"), $said{a}, 'predicts the same');
	is($next->query("$length"), $said{b}, 'with a feature that depends on settings');
	$next->query('RESET ALL');
	$_->query('COMMIT') foreach @busy;
	$_->quit foreach (@busy, $one, $next);
}

# ---- one role of the pool, SET LOCAL ROLE for each client: the session's cache gives nobody another's rights

{
	my $pool = client('pool');
	my $as = sub { my ($role, $sql) = @_; $pool->{stderr} = ''; my $got = $pool->query("BEGIN; SET LOCAL ROLE $role; $sql"); my $err = $pool->{stderr};
		$pool->query('COMMIT'); $pool->{stderr} = ''; return $got . $err; };
	foreach my $round (1 .. 3)
	{
		is($as->('modeller', sprintf($all, 'a')), $said{a}, "round $round: the owner");
		like($as->('outsider', sprintf($all, 'a')), qr/permission denied for model "a"/, "round $round: somebody without rights");
		is($as->('other', sprintf($all, 'b')), $said{b}, "round $round: somebody who may predict");
	}
	$pool->quit;
}

# ---- errors and cancels leave a session that serves the next

{
	my $one = client('modeller');
	foreach my $bad (q{SELECT mlops_predict('nothing', '{"x": 1}'::jsonb)}, q{SELECT mlops_predict('a', '{"x": "no number", "g": "g1", "at": null}'::jsonb)},
		q{SELECT mlops_train('a', 'SELECT * FROM nowhere')}, q{BEGIN; SET LOCAL statement_timeout = 100; SELECT mlops_train('big',
			'SELECT i::float8 AS x, sin(i) AS y FROM generate_series(1, 30000000) AS i', 'y', algorithm => 'linear_regression')})
	{
		$one->query($bad);
		like($one->{stderr}, qr/ERROR/, 'an error');
		$one->{stderr} = '';
		$one->query('ROLLBACK');
		$one->{stderr} = '';
		is($one->query(sprintf($all, 'a')), $said{a}, 'and the same prediction after it');
	}
	$one->quit;
}

# ---- many clients at once, with and without statements that are parsed first, while versions change

# Unnamed statements (extended) are parsed and run within one transaction, in one session.
append_to_file("$dir/switch.sql", q{
\set id random(1, 400)
\set pick random(1, 3)
BEGIN;
SELECT 1 / (mlops_predict('a@1', t) IS NOT DISTINCT FROM a1 AND mlops_predict('b', t) IS NOT DISTINCT FROM b)::int AS same
	FROM app.t JOIN app.answer USING (id) WHERE id = :id;
\if :pick = 1
SELECT 1 / (mlops_predict('a', to_jsonb(t)) IN (a1, a2))::int AS one_of_both FROM app.t JOIN app.answer USING (id) WHERE id = :id;
\endif
COMMIT;
});
$node->safe_psql('postgres', q{CREATE TABLE app.answer AS SELECT id, mlops_predict('a@1', t) AS a1, mlops_predict('a@2', t) AS a2, mlops_predict('b', t) AS b
	FROM app.t; GRANT SELECT ON app.answer TO PUBLIC});
foreach my $mode ('simple', 'extended')
{
	my ($answer, $error) = ('', '');
	my $bench = IPC::Run::start([ 'pgbench', '-n', '-c', '40', '-j', '2', '-t', '40', '-M', $mode, '-f', "$dir/switch.sql", address('other') ],
		'<', \undef, '>', \$answer, '2>', \$error, IPC::Run::timeout($LIMIT));
	my $promotions = 0;
	while ($bench->pumpable && $promotions < 200)
	{
		ask('modeller', sprintf(q{SELECT mlops_promote('a', %d)}, 1 + $promotions++ % 2));
		$bench->pump_nb;
	}
	$bench->finish;
	like($answer, qr{number of transactions actually processed: 1600/1600}, "40 clients, $mode: every answer is right, over $promotions promotions") or diag $error;
	unlike($error, qr/ERROR/, "40 clients, $mode: no error");
}
is($node->safe_psql('postgres', q{SELECT count(*) <= 4 * } . $SESSIONS . q{ FROM pg_stat_activity WHERE backend_type = 'client backend'}), 't', 'through few sessions');

# Prepared by name: the statement stays in the session in which it was prepared.  Prepared in every session, as a
# connect_query does, any client may run it in any transaction.
{
	my @client = map { client('other') } 1 .. $SESSIONS;
	$_->query('BEGIN') foreach @client;
	my @pid = map { scalar $_->query(q{PREPARE by_key(int) AS SELECT mlops_predict('a', t) FROM app.t WHERE id = $1; SELECT pg_backend_pid()}) } @client;
	$_->query('COMMIT') foreach @client;
	my %pid = map { $_ => 1 } @pid;
	is(scalar(keys %pid), $SESSIONS, 'a statement is prepared in every session');
	my $boss = client('modeller');
	foreach my $version (1, 2)
	{
		$boss->query("SELECT mlops_promote('a', $version)");
		my @differ;
		foreach my $id (1 .. 30)
		{
			my $got = $client[ $id % @client ]->query("EXECUTE by_key($id)");
			push @differ, $id if $got ne $node->safe_psql('postgres', "SELECT a$version FROM app.answer WHERE id = $id");
		}
		is("@differ", '', "prepared by name: version $version answers");
	}
	$_->quit foreach (@client, $boss);
}

$node->stop;
done_testing();
