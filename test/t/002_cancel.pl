# 002_cancel.pl: a training can be cancelled at any moment, at once, and leaves nothing.
#
# Each case spends most of its time in one phase.  It is run once to the end, then stopped after growing shares of
# that time by each of the three ways a statement is stopped.  The answer must come within a quarter of the whole
# time (or 0.3 s, where that is longer: threads are looked at five times a second), and never later than a
# second: a phase that does not look would answer at its own end.
#
# Not here: what a finished training leaves (test/sql), crashes (005_standby.pl).

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = PostgreSQL::Test::Cluster->new('cancel');
$node->init;
$node->append_conf('postgresql.conf', q{
fsync = off
autovacuum = off
max_parallel_workers_per_gather = 0
jit = off
maintenance_work_mem = 256MB
});
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION mlops;
	CREATE ROLE modeller LOGIN;
	CREATE ROLE trainer LOGIN;
	CREATE SCHEMA app AUTHORIZATION modeller;
	GRANT EXECUTE ON FUNCTION mlops_train, mlops_grant TO modeller, trainer;
	SET ROLE modeller;
	CREATE FUNCTION app.slow(x float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
	BEGIN
		FOR i IN 1 .. 1000 LOOP
			x := x * 1.0000001;
		END LOOP;
		RETURN x;
	END $$;
	CREATE TABLE app.small AS SELECT i::float8 AS x, 2 * i + sin(i) AS y FROM generate_series(1, 500) AS i;
	-- what the learners get is stored, so that reading it takes little of the time
	CREATE TABLE app.wide AS SELECT 'a' || (hashint4(i) & 2047) AS a, 'b' || (hashint4(i + 77777) & 1023) AS b, sin(i) AS y
		FROM generate_series(1, 20000) AS i;
	CREATE TABLE app.classes AS SELECT sin(i) AS a, cos(i * 3.3) AS b, sin(i * 7.1) AS c, cos(i * 9.7) AS d,
		'k' || (hashint4(i) & 15) AS y FROM generate_series(1, 110000) AS i;
	CREATE TABLE app.alike AS SELECT array(SELECT sin(i * j / 7.0) + 3 * cos(i / 3.0) FROM generate_series(1, 100) AS j) AS x,
		sin(i * 1.7) + sin(i * i / 5.0) AS y, 'k' || (hashint4(i) & 3) AS k FROM generate_series(1, 3000) AS i;
	GRANT USAGE ON SCHEMA app TO trainer;
	SELECT mlops_train('small', 'app.small', 'y', algorithm => 'linear_regression');
	SELECT mlops_grant('small', 'trainer', 'manage');
});

# Categories and numbers spread by a hash, the same each time.
my @case = (
	{
		name => 'reading: the source computes and yields little',
		source => q{SELECT a::float8 AS x, a + b AS y FROM generate_series(1, 3000) AS a, generate_series(1, 2500) AS b
			WHERE (a * b) % 2003 = 0},
		rest => q{algorithm => 'linear_regression'} },
	{
		name => 'features: a function of the user',
		source => q{SELECT i::float8 AS v, sin(i) AS y FROM generate_series(1, 9000) AS i},
		rest => q{algorithm => 'linear_regression', features => 'app.slow(v) AS x'} },
	{
		name => 'ordering and splitting: many rows, a text key',
		source => q{SELECT i::text AS id, i::float8 AS x, i % 97 < 3 AS y FROM generate_series(1, 900000) AS i},
		rest => q{algorithm => 'logistic_regression', key => 'id'} },
	{
		name => 'linear: wide one-hot',
		source => 'app.wide',
		rest => q{algorithm => 'linear_regression', params => '{"penalty": "l2"}'} },
	{
		name => 'linear, L1',
		source => 'SELECT x, y FROM app.alike',
		rest => q{algorithm => 'linear_regression', params => '{"penalty": "l1", "alpha": 1e-7, "tol": 1e-15, "max_iter": 1000000}'} },
	{
		name => 'logistic: many classes, 1 thread',
		threads => 1,
		source => 'SELECT * FROM app.classes LIMIT 70000',
		rest => q{algorithm => 'logistic_regression'} },
	{
		name => 'logistic: many classes, 2 threads',
		threads => 2,
		source => 'app.classes',
		rest => q{algorithm => 'logistic_regression'} },
	{
		name => 'logistic, L1',
		threads => 2,
		source => 'SELECT x[1:30] AS x, k AS y FROM app.alike LIMIT 1000',
		rest => q{algorithm => 'logistic_regression', params => '{"penalty": "l1", "C": 1000, "tol": 1e-12, "max_iter": 10000}'} },
	{
		name => 'boosting: 300 classes',
		threads => 2,
		source => q{SELECT i, sin(i) AS a, cos(i * 3.3) AS b, 'k' || i % 300 AS y FROM generate_series(1, 40000) AS i},
		rest => q{algorithm => 'gradient_boosting', key => 'i', params => '{"n_estimators": 1, "max_leaves": 2, "early_stopping_rounds": 0}'} });

# shares of the whole time, and how a training is stopped: each way at another moment from case to case
my @moment = (0.1, 0.35, 0.6);
my @ways = ('cancel', 'timeout', 'terminate');

my $rows = q{SELECT (SELECT count(*) FROM mlops.models) || ' ' || (SELECT count(*) FROM mlops.runs) || ' '
	|| (SELECT count(*) FROM mlops.versions) || ' ' || (SELECT count(*) FROM mlops.version_blobs) || ' '
	|| (SELECT count(*) FROM mlops.run_metrics) || ' ' || (SELECT count(*) FROM mlops.audit_log) || ' '
	|| (SELECT sum(last_version) FROM mlops.models)};
my $state = q{SELECT concat_ws(' ', session_user, current_user, current_setting('search_path'),
	current_setting('transaction_read_only'), current_setting('TimeZone'))};
my $settings = q{\set VERBOSITY verbose
	SET search_path = public, app; SET TimeZone = 'Asia/Tokyo'; SET mlops.progress = off};
my $expected_state = 'modeller modeller public, app off Asia/Tokyo';

my $boss = $node->background_psql('postgres');

sub session
{
	my ($role) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', $role ]);
	$session->query($settings);
	$session->{pid} = $session->query('SELECT pg_backend_pid()');
	return $session;
}

# Runs a statement; its errors, what it returned.
sub run
{
	my ($session, $sql) = @_;
	$session->{stderr} = '';
	my $output = $session->query($sql);
	my $error = $session->{stderr};
	$session->{stderr} = '';
	return ($error, $output);
}

# Sends a statement and returns when it is on its way.
sub start
{
	my ($session, $sql) = @_;
	$session->{stderr} = '';
	$session->query_until(qr/^begun$/m, "\\echo begun\n$sql;\n");
}

sub training
{
	my ($case) = @_;
	my $threads = $case->{threads} // 1;
	return qq{SET mlops.threads = $threads;
		SELECT version FROM mlops_train('m', \$source\$$case->{source}\$source\$, 'y', $case->{rest})};
}

# Stops a training after so many seconds: SQLSTATE ('' when it ended by itself), seconds until the answer.
sub stopped
{
	my ($session, $case, $after, $way) = @_;
	my $error;
	my $from;

	if ($way eq 'timeout')
	{
		my $ms = int($after * 1000) + 1;
		# the statement counts from its arrival
		run($session, "SET statement_timeout = $ms; SET mlops.threads = " . ($case->{threads} // 1));
		$from = time() + $ms / 1000;
		($error) = run($session, (split /;\s*/, training($case), 2)[1]);
		my $latency = time() - $from;
		run($session, 'SET statement_timeout = 0');
		return ($error =~ /ERROR:  (\w+)/ ? $1 : '', $latency);
	}
	start($session, training($case));
	usleep(1e6 * $after);
	$from = time();
	if ($way eq 'terminate')
	{
		$boss->query_safe("SELECT pg_terminate_backend($session->{pid}, 60000)");
		my $latency = time() - $from;
		$session->{run}->finish;
		return ($session->{stderr} =~ /FATAL:  (\w+)/ ? $1 : '', $latency);
	}
	$boss->query_safe("SELECT pg_cancel_backend($session->{pid})");
	$session->query_until(qr/^ended$/m, "\\echo ended\n");
	my $latency = time() - $from;
	# psql has written the error before it came to the echo
	$session->query('SELECT 1');
	$error = $session->{stderr};
	$session->{stderr} = '';
	return ($error =~ /ERROR:  (\w+)/ ? $1 : '', $latency);
}

my $session = session('modeller');
foreach my $case (@case)
{
	# three moments and three ways: begin with the next
	push @ways, shift @ways;
	subtest $case->{name} => sub {
		my $began = time();
		my ($error, $version) = run($session, training($case));
		my $whole = time() - $began;
		is($version, '1', 'runs to its end') or diag $error;
		$boss->query_safe(q{SELECT mlops_drop_model('m')});
		my $limit = $whole / 4;
		$limit = 0.3 if $limit < 0.3;
		$limit = 1 if $limit > 1;
		my $before = $boss->query_safe($rows);

		foreach my $share (@moment)
		{
			my $way = shift @ways;
			push @ways, $way;
			my $code = '';
			my $latency;

			# a training that was faster this time is stopped sooner
			foreach my $try (1 .. 3)
			{
				($code, $latency) = stopped($session, $case, $whole * $share / $try, $way);
				last if $code ne '';
				$session = session('modeller') if $way eq 'terminate';
				$boss->query_safe(q{SELECT mlops_drop_model('m')});
				$before = $boss->query_safe($rows);
			}
			note sprintf('%s: %s at %.2f of %.2f s answered in %.0f ms', $case->{name}, $way, $share, $whole, 1000 * $latency);
			is($code, $way eq 'terminate' ? '57P01' : '57014', "$way at $share: stopped");
			cmp_ok($latency, '<', $limit, "$way at $share: at once");
			$session = session('modeller') if $way eq 'terminate';
			is($boss->query_safe($rows), $before, "$way at $share: the registry is as before");
			is((run($session, $state))[1], $expected_state, "$way at $share: the session is as before");
		}
	};
}

# ---- registering waits for the model's row; the stored source made the session another user until then
{
	my $train = q{SELECT version FROM mlops_train('small', algorithm => 'linear_regression')};
	my $trainer = session('trainer');
	my $other = session('modeller');
	my $before = $boss->query_safe($rows);

	foreach my $way ('cancel', 'timeout', 'terminate')
	{
		$boss->query_safe(q{BEGIN; SELECT FROM mlops.models WHERE name = 'small' FOR UPDATE});
		$trainer->query('SET statement_timeout = 700') if $way eq 'timeout';
		start($trainer, $train);
		$node->poll_query_until('postgres', qq{SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $trainer->{pid}})
		  or die 'the training does not wait';
		my $from = time();
		if ($way eq 'terminate')
		{
			$boss->query_safe("SELECT pg_terminate_backend($trainer->{pid}, 60000)");
			$trainer->{run}->finish;
		}
		else
		{
			$boss->query_safe("SELECT pg_cancel_backend($trainer->{pid})") if $way eq 'cancel';
			$trainer->query_until(qr/^ended$/m, "\\echo ended\n");
		}
		cmp_ok(time() - $from, '<', 1, "registering, $way: at once");
		if ($way ne 'terminate')
		{
			$trainer->query('SET statement_timeout = 0');
			like($trainer->{stderr}, qr/ERROR:  57014/, "registering, $way: stopped");
			$trainer->{stderr} = '';
			is((run($trainer, $state))[1], $expected_state =~ s/modeller/trainer/gr, "registering, $way: the session is as before");
		}
		else
		{
			like($trainer->{stderr}, qr/FATAL:  57P01/, "registering, $way: stopped");
		}
		$boss->query_safe('ROLLBACK');
		is($boss->query_safe($rows), $before, "registering, $way: the registry is as before");
	}

	# two sessions make the same model: the second waits for the first
	run($other, q{BEGIN; SELECT mlops_train('twin', 'app.small', 'y', algorithm => 'linear_regression')});
	start($session, q{SELECT mlops_train('twin', 'app.small', 'y', algorithm => 'linear_regression')});
	$node->poll_query_until('postgres', qq{SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $session->{pid}})
	  or die 'the training does not wait';
	my $from = time();
	$boss->query_safe("SELECT pg_cancel_backend($session->{pid})");
	$session->query_until(qr/^ended$/m, "\\echo ended\n");
	cmp_ok(time() - $from, '<', 1, 'registering a model that another session registers: at once');
	$session->query('SELECT 1');
	like($session->{stderr}, qr/ERROR:  57014/, 'registering a model that another session registers: stopped');
	$session->{stderr} = '';
	run($other, 'ROLLBACK');
	is($boss->query_safe($rows), $before, 'registering a model that another session registers: the registry is as before');
	$other->quit;
}

# ---- what a cancelled training held is given back
{
	my $contexts = q{SELECT count(*) || ' ' || sum(total_bytes) FROM pg_backend_memory_contexts};
	my $source = q{SELECT sin(i) AS a, cos(i * 3.3) AS b, 'k' || (hashint4(i) & 7) AS y FROM generate_series(1, 60000) AS i};
	my $memory = $node->background_psql('postgres', on_error_stop => 0);
	my $cancelled = 0;
	my (@first, @last);

	$memory->query($settings);
	# caches of the session fill at first: three rounds before the measure
	foreach my $round (1 .. 23)
	{
		my $ms = 15 + 6 * $round;
		my ($error) = run($memory, qq{SET statement_timeout = $ms});
		($error) = run($memory, qq{SELECT mlops_train('m', \$\$$source\$\$, 'y', algorithm => 'logistic_regression',
			features => 'a, app.slow(b) AS b', params => '{"max_iter": 1000}')});
		$cancelled++ if $round > 3 && $error =~ /57014/;
		run($memory, 'SET statement_timeout = 0');
		@first = split / /, (run($memory, $contexts))[1] if $round == 3;
		@last = split / /, (run($memory, $contexts))[1] if $round == 23;
	}
	is($cancelled, 20, '20 trainings were cancelled');
	cmp_ok($last[0], '<=', $first[0] + 5, "memory contexts after 20 cancelled trainings: $first[0] before, $last[0] after");
	# relation and type caches may still grow; one training's rows are above 1.4 MB
	cmp_ok($last[1], '<=', $first[1] + 512 * 1024, "bytes after 20 cancelled trainings: $first[1] before, $last[1] after");
	$memory->quit;
}

$session->quit;
$boss->quit;
$node->stop;
done_testing();
