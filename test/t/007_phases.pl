# 007_phases.pl: whatever stops a training, in whatever phase, the registry is as before.
#
# Each round brings one session into every phase, halts it there, and does the same thing to all of them:
# pg_cancel_backend, statement_timeout, pg_terminate_backend, kill -9.  Nothing is timed by hope:
#
# - Where SQL of ours runs (planning, rows, features, triggers on the tables of the registry, commit) it waits for
#   an advisory lock that the test holds.
# - Where only C runs, the backend is let run for some milliseconds and stopped by SIGSTOP, again and again, until
#   pg_stat_activity shows the phase; behind the last of them a trigger waits, so nothing is registered by accident.
#   A phase that was run past is sought again, in smaller steps.
#
# Then a memory limit takes the place of the signal.
#
# Not here: how fast a training answers (002_cancel.pl), what it holds (004_memory.pl).

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

plan skip_all => 'no /proc here' unless -r '/proc/self/stat';

# how long anything may take that is waited for
my $LIMIT = $PostgreSQL::Test::Utils::timeout_default;
my $TRIES = 100;

my $node = PostgreSQL::Test::Cluster->new('phases');
$node->init;
$node->append_conf('postgresql.conf', q{
fsync = off
autovacuum = off
jit = off
max_connections = 60
max_parallel_workers_per_gather = 0
maintenance_work_mem = 256MB
restart_after_crash = on
});
$node->start;
$node->safe_psql('postgres', q{
	SET client_min_messages = error;
	CREATE EXTENSION mlops;
	CREATE SCHEMA app;
	-- waits for the lock when the session is to be halted in this place, or has run past the one that was sought
	CREATE FUNCTION app.hold(place text) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		IF current_setting('app.place', true) = place THEN
			PERFORM pg_advisory_xact_lock_shared(current_setting('app.key')::bigint);
		ELSIF current_setting('app.place', true) = 'source' AND place = 'models, lock' THEN
			PERFORM pg_advisory_xact_lock_shared(1);
		END IF;
		RETURN true;
	END $$;
	-- wrongly labelled, so that the planner runs the one and features may use the other
	CREATE FUNCTION app.folded(x int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN RETURN app.hold(''planning''); END';
	CREATE FUNCTION app.feature(x float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS
		'BEGIN IF x > 0.9 THEN PERFORM app.hold(''features''); END IF; RETURN 2 * x; END';
	CREATE FUNCTION app.trigger() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM app.hold(TG_ARGV[0]); RETURN NEW; END';
	CREATE TABLE app.small AS SELECT i AS id, sin(i) AS x, cos(i) AS z, sin(i) + sin(i * 37) AS y,
		repeat(md5(i::text), 8) AS filler FROM generate_series(1, 600) AS i;
	-- few rows and many columns: most phases of a learner; many rows: the phases between reading and learning
	CREATE TABLE app.wide AS SELECT array(SELECT sin(i * j / 7.0) + cos(i * j * j) FROM generate_series(1, 350) AS j) AS x,
		sin(i * 37) AS y FROM generate_series(1, 1200) AS i;
	CREATE TABLE app.long AS SELECT sin(i) AS x, cos(i * 3.3) AS z, CASE WHEN sin(i) + cos(i * 37) > 0 THEN 'yes' ELSE 'no' END AS y
		FROM generate_series(1, 120000) AS i;
	CREATE TABLE app.alike AS SELECT array(SELECT sin(i * j / 7.0) + 3 * cos(i / 3.0) FROM generate_series(1, 100) AS j) AS x,
		sin(i * 1.7) + sin(i * i / 5.0) AS y FROM generate_series(1, 2000) AS i;
	-- called once, before the first row
	CREATE FUNCTION app.begin() RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN app.hold(''source''); END';
	ANALYZE;
});

# Where the registry is written, in this order.
my @table = ('runs', 'run_params', 'run_metrics', 'run_artifacts', 'versions', 'version_blobs', 'version_features', 'stage_history', 'audit_log');
$node->safe_psql('postgres', join("\n", map {
		"CREATE TRIGGER hold BEFORE INSERT ON mlops.$_ FOR EACH ROW EXECUTE FUNCTION app.trigger('$_');" } @table)
	. q{
	CREATE TRIGGER hold_lock BEFORE UPDATE ON mlops.models FOR EACH ROW
		WHEN (OLD.last_version = NEW.last_version) EXECUTE FUNCTION app.trigger('models, lock');
	CREATE TRIGGER hold_number BEFORE UPDATE ON mlops.models FOR EACH ROW
		WHEN (OLD.last_version <> NEW.last_version) EXECUTE FUNCTION app.trigger('models, number');
	CREATE TRIGGER hold_new BEFORE INSERT ON mlops.models FOR EACH ROW EXECUTE FUNCTION app.trigger('models, new');
	CREATE CONSTRAINT TRIGGER hold_commit AFTER INSERT ON mlops.audit_log DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION app.trigger('commit')});

# ---- the phases

my $small = q{$$SELECT id, x, z, y FROM (SELECT * FROM app.small ORDER BY filler) AS s
	WHERE app.folded(1) AND (id <> 300 OR app.hold('reading'))$$};
my $new = qq{$small, 'y', key => 'id', features => 'x, z, app.feature(x) AS f', algorithm => 'linear_regression'};
my $stored = q{algorithm => 'linear_regression'};
my $held = q{ WHERE app.begin()};
my %learn = (
	'wide' => qq{'SELECT * FROM app.wide$held', features => '*', algorithm => 'linear_regression'},
	'long' => qq{'SELECT * FROM app.long$held', features => '*', algorithm => 'logistic_regression'},
	'alike' => qq{'SELECT * FROM app.alike$held', features => '*', algorithm => 'linear_regression',
		params => '{"penalty": "l1", "alpha": 1e-7, "tol": 1e-15, "max_iter": 20000}'});
my @phase = (
	# name, model, how it is trained, place to wait in; phases without a place are sought
	(map { { name => $_, model => "at $_", train => $stored, place => $_ } } 'planning', 'reading', 'features', 'models, lock'),
	{ name => 'splitting', model => 'long', train => $learn{long} },
	{ name => 'inspecting', model => 'wide', train => $learn{wide} },
	{ name => 'preprocessing', model => 'wide', train => $learn{wide} },
	{ name => 'reading columns', model => 'wide', train => $learn{wide} },
	{ name => 'least squares', model => 'wide', train => $learn{wide} },
	{ name => 'standard errors', model => 'wide', train => $learn{wide} },
	{ name => 'coordinate descent', model => 'alike', train => $learn{alike} },
	{ name => 'logistic regression', model => 'long', train => $learn{long} },
	{ name => 'scoring', model => 'wide', train => $learn{wide} },
	{ name => 'baseline', model => 'wide', train => $learn{wide} },
	{ name => 'models, new', model => 'at models, new', train => $new, place => 'models, new' },
	(map { { name => $_, model => "at $_", train => $stored, place => $_ } } @table, 'models, number', 'commit'));

# names of models hold no comma
$_->{model} =~ tr/, /_/s foreach @phase;

sub algorithm { return $_[0]{model} eq 'long' ? 'logistic_regression' : 'linear_regression' }

{
	my $setup = "SET client_min_messages = error; SELECT mlops_train('keeper', $new);\n";
	my %made;
	foreach my $phase (@phase)
	{
		next if $phase->{name} eq 'models, new' || $made{ $phase->{model} }++;
		my $algorithm = algorithm($phase);
		my $target = $phase->{model} eq 'long' ? q{SELECT x, z, CASE WHEN y > 0 THEN 'yes' ELSE 'no' END AS y FROM app.small} : 'app.small';
		$setup .= defined $phase->{place} ? "SELECT mlops_train('$phase->{model}', $new);\n" :
		  "SELECT mlops_train('$phase->{model}', \$\$$target\$\$, 'y', algorithm => '$algorithm', features => 'x, z');\n";
	}
	$node->safe_psql('postgres', $setup);
}

# ---- sessions

my $boss;
my $key = 1000;
my $place_key = 1;

sub open_boss
{
	$boss = $node->background_psql('postgres');
	# a view of the activity waits for a backend that was stopped while it wrote there: not for ever
	$boss->query_safe("SET client_min_messages = error; SET statement_timeout = '" . ($LIMIT / 2) . "s'; SELECT pg_advisory_lock($place_key)");
	$boss->{pid} = $boss->query_safe('SELECT pg_backend_pid()');
}

sub open_session
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query(q{\set VERBOSITY verbose
		SET client_min_messages = error; SET mlops.threads = 2; SET work_mem = '64kB'});
	$session->{pid} = $session->query('SELECT pg_backend_pid()');
	return $session;
}

sub start
{
	my ($session, $phase, $place, $lock) = @_;
	$session->query("SET app.place = '$place'; SET app.key = $lock");
	$session->{stderr} = '';
	$session->{begun} = time();
	$session->query_until(qr/^begun$/m, "\\echo begun\nSELECT version FROM mlops_train('$phase->{model}', $phase->{train});\n");
}

# Waits for the end of what was started: its SQLSTATE, '' when there was no error.
sub ended
{
	my ($session) = @_;
	$session->query_until(qr/^ended$/m, "\\echo ended\n");
	# psql has written the error before it came to the echo
	$session->query('SELECT 1');
	return $session->{stderr} =~ /ERROR:  (\w+)/ ? $1 : '';
}

# Waits until it is so; false when it is not within the limit.
sub wait_for
{
	my ($condition) = @_;
	my $until = time() + $LIMIT;
	until ($condition->())
	{
		return 0 if time() > $until;
		usleep(1000);
	}
	return 1;
}

# What a backend does: a phase, 'waiting' for an advisory lock, 'ended', or '' (also: still at the statement before).
sub activity
{
	my ($session) = @_;
	return $boss->query_safe(qq{SELECT CASE WHEN query NOT LIKE '%mlops_train%' THEN '' WHEN state <> 'active' THEN 'ended'
		WHEN wait_event = 'advisory' THEN 'waiting'
		ELSE coalesce(substring(query FROM '^/[*] model "[^"]*": ([^,]*).*, \\d+ % [*]/'), '') END FROM pg_stat_activity WHERE pid = $session->{pid}});
}

sub is_stopped
{
	my ($pid) = @_;
	return slurp_file("/proc/$pid/stat") =~ /\) T/;
}

# ---- bringing a session into a phase

# Runs and stops the backend in turns until it is in the phase: how long it ran, or nothing if it ran past it.
sub step_into
{
	my ($session, $name, $first, $slice) = @_;
	my $ran = 0;
	my $woken = 0;
	# should it have been stopped with something in its hands that we wait for: let it go on
	local $SIG{ALRM} = sub { $woken = 1; kill 'CONT', $session->{pid} };

	for (my $until = time() + $LIMIT; time() < $until;)
	{
		my $piece = $ran == 0 && $first > $slice ? $first : $slice;
		my $seen;

		kill 'CONT', $session->{pid};
		usleep(1e6 * $piece);
		$ran += $piece;
		kill 'STOP', $session->{pid};
		wait_for(sub { is_stopped($session->{pid}) }) or die "process $session->{pid} does not stop";
		$woken = 0;
		alarm 5;
		$seen = activity($session);
		alarm 0;
		next if $woken;
		return $ran if $seen eq $name;
		last if $seen eq 'waiting' || $seen eq 'ended' || $seen eq 'registering';
	}
	kill 'CONT', $session->{pid};
	return;
}

my %reached;
my $slice = 0.004;

# The session is halted in the phase: waiting for a lock, or stopped.
sub bring
{
	my ($phase, $timeout) = @_;
	my $session = open_session();
	my $name = $phase->{name};

	foreach my $try (1 .. $TRIES)
	{
		my $lock = $phase->{place} ? $place_key : ++$key;

		# it came before the phase did
		$timeout *= 1.5 if $session->{stderr} =~ /statement timeout/;
		$session->query('SET statement_timeout = ' . int(1000 * $timeout)) if $timeout;
		$session->{deadline} = time() + $timeout;
		if ($phase->{place})
		{
			my $seen;
			start($session, $phase, $phase->{place}, $lock);
			wait_for(sub { ($seen = activity($session)) =~ /^(?:waiting|ended)$/ }) or die "no training waits in $name";
			return $session if $seen eq 'waiting';
			# its time was over before
			ended($session);
			next;
		}
		# its source waits for this lock, and its registering for the other
		$boss->query_safe("SELECT pg_advisory_lock($lock)");
		start($session, $phase, 'source', $lock);
		wait_for(sub { activity($session) =~ /^(?:waiting|ended)$/ }) or die "no training waits for its source in $name";
		$boss->query_safe("SELECT pg_advisory_unlock($lock)");
		my $ran = step_into($session, $name, 0.6 * ($reached{$name} // 0), $slice / (1 + $try % 4));
		if (defined $ran)
		{
			$reached{$name} = $ran if $ran < ($reached{$name} // 1e9);
			$session->{stopped} = 1;
			return $session;
		}
		$reached{$name} = 0.5 * ($reached{$name} // 0);
		$boss->query_safe("SELECT pg_cancel_backend($session->{pid})");
		ended($session);
	}
	die "no training was met in $name";
}

# ---- what is there

my $tables = $node->safe_psql('postgres', q{SELECT string_agg(format('SELECT %L AS name, count(*), md5(string_agg(t::text, '','' ORDER BY t::text))
	FROM %s AS t', relname, oid::regclass), ' UNION ALL ') FROM pg_class WHERE relnamespace = 'mlops'::regnamespace AND relkind IN ('r', 'p')});
my $tables_there = () = $tables =~ /SELECT '/g;
my $speaks = q{SELECT md5(string_agg(mlops_predict('keeper', t)::text, ',' ORDER BY id)) FROM app.small AS t};
my $temporary = q{SELECT count(*) FROM pg_ls_tmpdir()};

sub digest
{
	return $boss->query_safe("SELECT string_agg(d::text, E'\\n' ORDER BY name) FROM ($tables) AS d");
}

# Files of the database that belong to no relation.
sub orphans
{
	my %known = map { $_ => 1 } split /\n/, $boss->query_safe(q{SELECT pg_relation_filenode(oid) FROM pg_class WHERE pg_relation_filenode(oid) IS NOT NULL});
	my $oid = $boss->query_safe(q{SELECT oid FROM pg_database WHERE datname = current_database()});
	return join ' ', grep { /^t?(\d+)/ && !$known{$1} } slurp_dir($node->data_dir . "/base/$oid");
}

# ---- the rounds

my %fault = (
	'cancel' => {
		do => sub { $boss->query_safe("SELECT pg_cancel_backend($_->{pid})") foreach @_ },
		code => '57014' },
	'timeout' => {
		do => sub { foreach (@_) { my $left = $_->{deadline} - time(); usleep(1e6 * $left) if $left > 0 } },
		code => '57014' },
	'terminate' => {
		do => sub { $boss->query_safe("SELECT pg_terminate_backend($_->{pid})") foreach @_ },
		code => '57P01' },
	'kill -9' => {
		do => sub { kill 'KILL', map { $_->{pid} } @_ },
		code => '' });

open_boss();
my $before = digest();
my $said = $boss->query_safe($speaks);
cmp_ok($tables_there, '>=', 12, "the digest is over $tables_there tables");
is(orphans(), '', 'no file without a relation');

foreach my $fault ('cancel', 'timeout', 'terminate', 'kill -9')
{
	subtest $fault => sub {
		my $began = time();
		# the server counts no statement's time while it commits
		my @met = grep { $fault ne 'timeout' || $_->{name} ne 'commit' } @phase;
		my @session = map { bring($_, $fault ne 'timeout' ? 0 : $_->{place} ? 1 : 2.5) } @met;
		my $halted = time() - $began;
		cmp_ok($boss->query_safe($temporary), '>', 0, 'rows that are being sorted lie in a file') if $fault ne 'timeout';
		$fault{$fault}{do}->(@session);
		kill 'CONT', map { $_->{pid} } grep { $_->{stopped} } @session if $fault ne 'kill -9';

		if ($fault eq 'kill -9')
		{
			# the server ends all sessions, then recovers
			wait_for(sub { !-e "/proc/$boss->{pid}" }) or die 'the server does not notice';
			eval { $_->{run}->finish } foreach @session, $boss;
			$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
			open_boss();
			like(slurp_file($node->logfile), qr/terminated by signal 9.*automatic recovery in progress/s, 'the server crashed and recovered');
		}
		foreach my $i (0 .. $#met)
		{
			my $session = $session[$i];
			my $code = '';

			next if $fault eq 'kill -9';
			if ($fault eq 'terminate')
			{
				eval { $session->{run}->finish };
				$code = $1 if $session->{stderr} =~ /FATAL:  (\w+)/;
			}
			else
			{
				$code = ended($session);
				$session->quit;
			}
			is($code, $fault{$fault}{code}, "$met[$i]{name}: stopped") or diag $session->{stderr};
			like($session->{stderr}, qr/statement timeout/, "$met[$i]{name}: by the timeout") if $fault eq 'timeout';
		}
		is(digest(), $before, 'the registry is as before');
		is($boss->query_safe($speaks), $said, 'and so is what the production version says');
		is($boss->query_safe($temporary), 0, 'no temporary file is left');
		is(orphans(), '', 'no file without a relation');
		is($boss->query_safe(q{SELECT count(*) FROM pg_locks WHERE NOT granted OR pid <> pg_backend_pid() AND locktype = 'advisory'}),
			0, 'no lock is left');

		# the next training of each model
		my $next = open_session();
		my %seen;
		foreach my $phase (@phase)
		{
			next if $seen{ $phase->{model} }++;
			my $algorithm = algorithm($phase);
			my $train = $phase->{place} ? $phase->{train} : "algorithm => '$algorithm'";
			is($next->query(qq{BEGIN; SELECT version FROM mlops_train('$phase->{model}', $train); ROLLBACK}),
				$phase->{name} eq 'models, new' ? 1 : 2, "the next training of \"$phase->{model}\"");
		}
		$next->quit;
		is(digest(), $before, 'rolled back, the registry is as before');
		note sprintf('%s: %d phases met in %.1f s, the round took %.1f s', $fault, scalar @met, $halted, time() - $began);
	};
}

# ---- limits of memory, from next to nothing up to what the training needs

{
	my $session = open_session();
	my %train = (
		'wide' => q{mlops_train('wide', 'SELECT x[1:100] AS x, y FROM app.wide', features => '*', algorithm => 'linear_regression')},
		'long' => q{mlops_train('long', 'SELECT * FROM app.long LIMIT 20000', features => '*', algorithm => 'logistic_regression')});
	my %refused;
	my @unlike;

	foreach my $model ('wide', 'long')
	{
		my $peak = $session->query("BEGIN; SELECT run_id FROM $train{$model} \\gset\nSELECT peak_memory FROM mlops.runs WHERE run_id = :run_id; ROLLBACK");

		cmp_ok($peak, '>', 1e6, "a training holds $peak bytes");
		foreach my $percent (map { 4 * $_ } 1 .. 24)
		{
			$session->query('SET mlops.max_training_memory = ' . int($peak * $percent / 100 / 1024));
			$session->{stderr} = '';
			$session->query("SELECT FROM $train{$model}");
			push @unlike, "$model at $percent %: $session->{stderr}" unless $session->{stderr} =~ /ERROR:  53200: .*HINT:  .*mlops\.max_training_memory/s;
			# the text of the last statement is still there, and with it the phase
			$refused{ $boss->query_safe(qq{SELECT substring(query FROM ': (.*?), \\d+ % ') FROM pg_stat_activity WHERE pid = $session->{pid}}) } = 1;
		}
		$session->query('RESET mlops.max_training_memory');
	}
	is("@unlike", '', 'each limit is refused, with a hint');
	is(join(', ', sort keys %refused), 'preprocessing, reading columns, reading rows, splitting', 'in the phases that ask for more than those before');

	$session->query(q{SET mlops.max_model_size = '64kB'});
	$session->{stderr} = '';
	$session->query(q{SELECT FROM mlops_train('wide', 'SELECT md5((i % 1000)::text) || repeat(''-'', 60) AS g, sin(i) AS y FROM generate_series(1, 2000) AS i',
		features => 'g', algorithm => 'linear_regression', config => '{"preprocess": {"columns": {"g": {"encode": "ordinal"}}}}')});
	like($session->{stderr}, qr/ERROR:  54000: the model needs \d+ kB/, 'a model too large is refused');
	is(digest(), $before, 'the registry is as before');
	$session->query(q{RESET mlops.max_model_size; SELECT FROM mlops_train('wide', algorithm => 'linear_regression')});
	isnt(digest(), $before, 'and is not after a training that nothing stopped');
	$session->quit;
}

$boss->quit;
$node->stop;
done_testing();
