# 011_endurance.pl: a session that predicts and trains for long does not grow, also when every second training and some
# predictions are cancelled at all moments.
#
# What counts is what the kernel says of the backend: RssAnon, its own resident memory without shared buffers.  The first
# quarter of the rounds fills caches; after it nothing may grow: the medians of the second and the last quarter are compared.  MLOPS_PREDICTIONS and MLOPS_TRAININGS set the length
# (test/long/endurance.sh: a million and 2,000).
#
# Not here: the peak of one training, and each way to predict by itself (004_memory.pl).

use strict;
use warnings;

use List::Util qw(max);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'no /proc here' unless -r '/proc/self/status' && slurp_file('/proc/self/status') =~ /^RssAnon:/m;
# a sanitizer keeps freed memory
my $config = $ENV{PG_CONFIG} // 'pg_config';
plan skip_all => 'the server is built with a sanitizer' if `"$config" --cflags` =~ /-fsanitize=/;

my $predictions = $ENV{MLOPS_PREDICTIONS} // 100_000;
my $trainings = $ENV{MLOPS_TRAININGS} // 100;
my $ROUNDS = 50;
my $ROWS = 400;
my $MB = 1024 * 1024;

my $node = PostgreSQL::Test::Cluster->new('endurance');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off\nmax_parallel_workers_per_gather = 0\nmax_wal_size = 4GB");
$node->start;
$node->safe_psql('postgres', qq{
	SET client_min_messages = error;
	CREATE EXTENSION mlops;
	CREATE TABLE t AS SELECT i AS id, sin(i) * 10 AS x, 'level ' || i % 20 AS c, i % 3 = 0 AS flag, sin(i) + i % 20 + cos(i * 7) AS y
		FROM generate_series(1, $ROWS) AS i;
	ALTER TABLE t ADD PRIMARY KEY (id);
	CREATE TABLE large AS SELECT i AS id, t.x, c, flag, t.y, cos(i) AS z FROM t, LATERAL generate_series(id, 10000, $ROWS) AS i;
	CREATE FUNCTION twice(x float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN RETURN 2 * x; END';
	SELECT mlops_train('value', 't', 'y', algorithm => 'linear_regression', features => 'x, twice(x) + 1 AS z, upper(c) AS c, flag');
	SELECT mlops_train('flag', 't', 'flag', algorithm => 'logistic_regression', features => 'x, c, y');
});

# How one round predicts: five times all rows, so many turns; the last fifth in single statements.
my $turns = max(1, int($predictions / $ROUNDS / $ROWS / 5 + 0.5));
my $predict = join(";\n",
	"SELECT sum(mlops_predict('value', t)) FROM t, generate_series(1, $turns)",
	"SELECT sum(mlops_predict('flag', to_jsonb(t))) FROM t, generate_series(1, $turns)",
	"SELECT count(mlops_predict_label('flag\@1', t)), count(mlops_predict_proba('flag', t)) FROM t, generate_series(1, $turns)",
	"DO \$\$ DECLARE p float8; BEGIN FOR i IN 1 .. $turns * $ROWS LOOP
		SELECT mlops_predict('value', t) INTO p FROM t WHERE id = 1 + i % $ROWS; END LOOP; END \$\$");

# Trains both ways in turn; each version is asked once, so that it passes through the cache.
sub training
{
	my ($n) = @_;
	return ($n % 2 ? q{SELECT count(*) FROM mlops_train('again', 'large', 'y', algorithm => 'linear_regression', features => 'x, twice(x) + 1 AS two, c, z')}
		: q{SELECT count(*) FROM mlops_train('again_flag', 'SELECT * FROM large WHERE id % 4 > 0', 'flag', algorithm => 'logistic_regression', features => 'x, c, z')});
}

my $figures = q{SELECT concat_ws(' ', (regexp_match(s, 'RssAnon:\s+(\d+)'))[1], (regexp_match(s, 'VmRSS:\s+(\d+)'))[1],
	(SELECT count(*) FROM pg_backend_memory_contexts), (SELECT sum(total_bytes) FROM pg_backend_memory_contexts))
	FROM pg_read_file('/proc/self/status') AS s};

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return $sorted[ $#sorted / 2 ];
}

sub endure
{
	my ($cancels) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my (@rss, @whole, @contexts, @bytes);
	my ($trained, $cancelled, $stopped, $predicted) = (0, 0, 0, 0);
	my @seconds;

	$session->query(q{\set VERBOSITY sqlstate
		SET client_min_messages = error; SET mlops.progress = off; SET mlops.threads = 2; SET mlops.model_cache_size = '128kB'});
	foreach my $round (1 .. $ROUNDS)
	{
		$session->query($predict);
		$predicted += 5 * $turns * $ROWS;
		foreach my $i (1 .. $trainings / $ROUNDS)
		{
			my $n = $trained + $cancelled;
			my $sql = training($n >> 1);
			# cancelled at shares of its time that wander over all of it
			my $timeout = $cancels && $n % 2 && @seconds ? max(1, int(1000 * ($seconds[ ($n >> 1) % 2 ] // 0.05) * (($n * 7) % 19 + 0.5) / 20)) : 0;
			my $from = time();
			$session->{stderr} = '';
			$session->query($timeout ? "SET statement_timeout = $timeout;\n$sql;\nRESET statement_timeout" : $sql);
			if ($session->{stderr} =~ /ERROR:  57014/)
			{
				$cancelled++;
			}
			elsif ($session->{stderr} =~ /ERROR/)
			{
				fail("training: $session->{stderr}");
			}
			else
			{
				$seconds[ ($n >> 1) % 2 ] = time() - $from;
				$trained++;
			}
		}
		$session->query(q{SELECT mlops_predict(name || '@' || last_version, r) FROM large AS r, mlops.models
			WHERE name LIKE 'again%' AND last_version > 0 AND id = 5});
		if ($cancels)
		{
			$session->{stderr} = '';
			my $ms = 1 + $round % 20;
			$session->query("SET statement_timeout = $ms; SELECT sum(mlops_predict('value', t)) FROM t, generate_series(1, 10000); RESET statement_timeout");
			$session->query("SET statement_timeout = $ms; SELECT count(*) FROM mlops_predict_batch('flag', 'SELECT t.* FROM t, generate_series(1, 10000)')");
			$session->query('RESET statement_timeout');
			$stopped += () = $session->{stderr} =~ /ERROR:  57014/g;
		}
		$session->{stderr} = '';
		my ($rss, $whole, $contexts, $bytes) = split / /, $session->query($figures);
		push @rss, $rss * 1024;
		push @whole, $whole * 1024;
		push @contexts, $contexts;
		push @bytes, $bytes;
	}
	$session->quit;

	my $name = $cancels ? 'every second one cancelled' : 'all to the end';
	note sprintf('%s: %d predictions, %d trainings and %d cancelled, %d predictions cancelled', $name, $predicted, $trained, $cancelled, $stopped);
	note sprintf('RssAnon in MB after each tenth of the rounds: %s', join(' ', map { sprintf '%.2f', $rss[ $_ * $ROUNDS / 10 - 1 ] / $MB } 1 .. 10));
	note sprintf('VmRSS in MB after each tenth of the rounds: %s', join(' ', map { sprintf '%.2f', $whole[ $_ * $ROUNDS / 10 - 1 ] / $MB } 1 .. 10));
	cmp_ok($predicted, '>=', $predictions, "$name: predictions");
	cmp_ok($trained + $cancelled, '>=', $trainings, "$name: trainings");
	if ($cancels)
	{
		cmp_ok($cancelled, '>=', $trainings / 4, "$name: many of them were cancelled");
		cmp_ok($stopped, '>=', $ROUNDS, "$name: and predictions too");
	}
	else
	{
		is($cancelled, 0, "$name: none was cancelled");
	}
	my %grown;
	foreach my $figure ([ 'resident memory', \@rss ], [ 'memory in contexts', \@bytes ], [ 'contexts', \@contexts ])
	{
		my ($what, $values) = @$figure;
		my $quarter = int($ROUNDS / 4);
		$grown{$what} = median(@$values[ -$quarter .. -1 ]) - median(@$values[ $quarter .. 2 * $quarter - 1 ]);
	}
	cmp_ok($grown{'resident memory'}, '<=', 0.5 * $MB, sprintf('%s: resident memory is flat (%+d kB)', $name, $grown{'resident memory'} / 1024));
	cmp_ok(max(@rss) - $rss[0], '<=', 4 * $MB, sprintf('%s: and never was much more (%.1f MB at first, %.1f MB at most)', $name, $rss[0] / $MB, max(@rss) / $MB));
	cmp_ok($grown{'memory in contexts'}, '<=', 64 * 1024, sprintf('%s: memory contexts hold no more (%+d bytes)', $name, $grown{'memory in contexts'}));
	cmp_ok($grown{'contexts'}, '<=', 5, sprintf('%s: and are no more (%+d)', $name, $grown{'contexts'}));
	return;
}

endure(0);
endure(1);

$node->stop;
done_testing();
