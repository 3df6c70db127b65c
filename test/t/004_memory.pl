# 004_memory.pl: a training holds little more than its rows, keeps to mlops.max_training_memory, and a session that
# trains and predicts for long does not grow.
#
# Resident memory is what the kernel says of the backend: VmHWM, the most it ever was, and VmRSS, what it is.
#
# Not here: what cancelled trainings leave (002_cancel.pl).

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no /proc here' unless -r '/proc/self/status';
# a sanitizer keeps freed memory and shadows the rest: what it holds is not the program's
my $config = $ENV{PG_CONFIG} // 'pg_config';
plan skip_all => 'the server is built with a sanitizer' if `"$config" --cflags` =~ /-fsanitize=/;

my $MB = 1024 * 1024;
my $ROWS = 200000;
my $COLUMNS = 28;
my $MATRIX = $ROWS * $COLUMNS * 8;

my $node = PostgreSQL::Test::Cluster->new('memory');
$node->init;
# pages of shared memory count as the backend's when it touches them: few of them, and no workers
$node->append_conf('postgresql.conf', q{
fsync = off
autovacuum = off
jit = off
shared_buffers = 4MB
work_mem = 4MB
max_parallel_workers_per_gather = 0
maintenance_work_mem = 64MB
});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION mlops; CREATE ROLE somebody LOGIN;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO somebody');

sub session
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query('\set VERBOSITY verbose
		SET client_min_messages = error; SET mlops.progress = off; SET mlops.threads = 2');
	$session->{pid} = $session->query('SELECT pg_backend_pid()');
	return $session;
}

# Runs a statement: its errors, what it returned.
sub run
{
	my ($session, $sql) = @_;
	$session->{stderr} = '';
	my $output = $session->query($sql);
	my $error = $session->{stderr};
	$session->{stderr} = '';
	return ($error, $output);
}

# A figure of the backend's memory in bytes.
sub resident
{
	my ($session, $field) = @_;
	return 1024 * (slurp_file("/proc/$session->{pid}/status") =~ /^$field:\s+(\d+) kB/m)[0];
}

sub contexts
{
	my ($session) = @_;
	return split / /, (run($session, q{SELECT count(*) || ' ' || sum(total_bytes) FROM pg_backend_memory_contexts}))[1];
}

sub source
{
	my ($rows, $where) = @_;
	return 'SELECT ' . join(', ', map { "(hashint4(i + $_ * 1000003))::float8 AS x$_" } 1 .. $COLUMNS)
	  . ", hashint4(i)::float8 AS y FROM generate_series(1, $rows) AS i $where";
}

sub training
{
	my ($name, $rows, $where) = @_;
	my $source = source($rows, $where // '');
	return qq{SELECT train_rows + test_rows FROM mlops_train('$name', '$source', 'y', algorithm => 'linear_regression')};
}

# The allowance: shared buffers (4 MB), work_mem for the rows of generate_series (4 MB), and 4 MB for catalogue
# caches, plans and the allocator.  The library and its first use are paid by a small training before.
my $ALLOWANCE = 12 * $MB;

# ---- the peak

# once with a row count the planner knows, once with one it takes for a two-hundredth, so that arrays must grow
foreach my $where ('', 'WHERE i::text IS NOT NULL AND i % 1 = 0')
{
	my $kind = $where eq '' ? 'known' : 'unknown';
	my $session = session();
	run($session, training("small_$kind", 200, $where));
	my $before = resident($session, 'VmRSS');
	my ($error, $rows) = run($session, training("large_$kind", $ROWS, $where));
	is($rows, $ROWS, "row count $kind: trained") or diag $error;
	# pages of 2 MB, where the kernel gives them, are half filled at the end of an array that is still growing
	my $allowance = $ALLOWANCE + ($where eq '' ? 0 : ($COLUMNS + 2) * $MB);
	my $grown = resident($session, 'VmHWM') - $before;
	note sprintf('row count %s: %.1f MB of values, peak grew by %.1f MB: factor %.3f', $kind, $MATRIX / $MB, $grown / $MB, $grown / $MATRIX);
	cmp_ok($grown, '>', $MATRIX, "row count $kind: the measure sees the values");
	cmp_ok($grown, '<=', 1.35 * $MATRIX + $allowance, "row count $kind: the peak is little more than the values");
	cmp_ok(resident($session, 'VmRSS') - $before, '<=', $ALLOWANCE, "row count $kind: given back after the training");
	my $told = $node->safe_psql('postgres', qq{SELECT peak_memory FROM mlops.runs JOIN mlops.models USING (model_id) WHERE name = 'large_$kind'});
	cmp_ok($told, '>=', $MATRIX, "row count $kind: the run tells its peak");
	cmp_ok($told, '<=', $grown + $ALLOWANCE, "row count $kind: and does not exaggerate");
	$session->quit;
}

# ---- trees: the columns go as they are binned

foreach my $case (
	[ 'alone', '{"n_estimators": 5, "early_stopping_rounds": 0}', '{"split": {"test": 0}}', 1.35 ],
	# bins of both fits are made while the columns are there; a second thread's room to sort in counts at so few rows
	[ 'refitted', '{"n_estimators": 5}', '{"split": {"test": 0.2}}', 1.45 ])
{
	my ($kind, $params, $config, $most) = @$case;
	my $session = session();
	my $train = sub {
		my ($name, $rows) = @_;
		return q{SELECT train_rows + test_rows <= } . $rows . qq{ FROM mlops_train('$name', '} . source($rows, '')
		  . qq{', 'y', 'gradient_boosting', '$params', config => '$config')};
	};
	run($session, q{SET mlops.max_training_memory = '256MB'});
	run($session, $train->("small_$kind", 200));
	my $before = resident($session, 'VmRSS');
	my ($error, $trained) = run($session, $train->("trees_$kind", $ROWS));
	is($trained, 't', "trees, $kind: trained") or diag $error;
	my $peak = resident($session, 'VmHWM');
	my $grown = $peak - $before;
	my $told = $node->safe_psql('postgres', qq{SELECT peak_memory FROM mlops.runs JOIN mlops.models USING (model_id) WHERE name = 'trees_$kind'});
	note sprintf('trees, %s: peak grew by %.1f MB: factor %.3f, told %.3f', $kind, $grown / $MB, $grown / $MATRIX, $told / $MATRIX);
	cmp_ok($grown, '>', $MATRIX, "trees, $kind: the measure sees the values");
	cmp_ok($grown, '<=', $most * $MATRIX + 4 * $MB, "trees, $kind: the peak is little more than the values");
	cmp_ok($told, '>=', $MATRIX, "trees, $kind: the run tells its peak");
	cmp_ok($told, '<=', $most * $MATRIX, "trees, $kind: which keeps the promise");
	cmp_ok(resident($session, 'VmRSS') - $before, '<=', $ALLOWANCE, "trees, $kind: given back after the training");

	# once more, when the C library has seen large blocks come and go
	run($session, $train->("again_$kind", $ROWS));
	cmp_ok(resident($session, 'VmHWM') - $peak, '<=', 4 * $MB, "trees, $kind: the second training takes no more");
	cmp_ok(resident($session, 'VmRSS') - $before, '<=', $ALLOWANCE, "trees, $kind: and gives it back as well");

	# so much is enough, and less is refused before a tree is grown
	run($session, q{SET mlops.max_training_memory = '} . int($told / 1024 + 64) . q{kB'});
	($error, $trained) = run($session, $train->("enough_$kind", $ROWS));
	is($trained, 't', "trees, $kind: what was told is enough") or diag $error;
	$session->quit;
}

# ---- the limit

my $rows = q{SELECT (SELECT count(*) FROM mlops.models) || ' ' || (SELECT count(*) FROM mlops.runs) || ' '
	|| (SELECT count(*) FROM mlops.versions)};
{
	my $session = session();
	run($session, training('small', 200));
	my $registry = $node->safe_psql('postgres', $rows);
	my $before = resident($session, 'VmRSS');

	foreach my $limit (1, 8, 30)
	{
		run($session, "SET mlops.max_training_memory = '${limit}MB'");
		my ($error) = run($session, training('limited', $ROWS));
		like($error, qr/ERROR:  53200: model "limited" needs more memory than mlops\.max_training_memory allows/, "limit $limit MB: refused");
		like($error, qr/HINT:  .*raise mlops\.max_training_memory/, "limit $limit MB: says what to do");
		cmp_ok(resident($session, 'VmHWM') - $before, '<=', $limit * $MB + $ALLOWANCE, "limit $limit MB: kept");
		is($node->safe_psql('postgres', $rows), $registry, "limit $limit MB: nothing is left");
	}
	run($session, q{SET mlops.max_training_memory = '64MB'});
	my ($error, $trained) = run($session, training('limited', $ROWS));
	is($trained, $ROWS, 'limit 64 MB: enough') or diag $error;
	is($node->safe_psql('postgres', q{SELECT peak_memory <= 64 * 1024 * 1024 FROM mlops.runs ORDER BY run_id DESC LIMIT 1}), 't', 'limit 64 MB: kept');

	# sums of many leaves take half of what is left, and fewer of them are kept
	my $leaves = q{SELECT mlops_train('leaves', '} . source(20000, '') . q{', 'y', 'gradient_boosting',
		'{"n_estimators": 2, "max_leaves": 1000, "early_stopping_rounds": 0}')};
	run($session, q{SET mlops.max_training_memory = '24MB'; SET mlops.progress = on});
	($error) = run($session, $leaves);
	unlike($error, qr/ERROR/, 'limit 24 MB: trees with a thousand leaves are trained');
	is($node->safe_psql('postgres', q{SELECT peak_memory <= 24 * 1024 * 1024 FROM mlops.runs ORDER BY run_id DESC LIMIT 1}), 't', 'limit 24 MB: kept');
	# too little for the bins is told before the first tree
	run($session, q{SET mlops.max_training_memory = '8MB'});
	($error) = run($session, $leaves);
	like($error, qr/ERROR:  53200: /, 'limit 8 MB: they are refused');
	like($node->safe_psql('postgres', qq{SELECT substring(query FROM ': (.*?), \\d+ % ') FROM pg_stat_activity WHERE pid = $session->{pid}}),
		qr/^(baseline|binning)$/, 'limit 8 MB: before they grow');
	run($session, q{SET mlops.progress = off});

	# the limit counts the wide matrix of many categories, and what a dictionary of texts takes
	run($session, q{SET mlops.max_training_memory = '16MB'});
	($error) = run($session, q{SELECT mlops_train('wide', 'SELECT (i % 4000)::text AS c, sin(i) AS y FROM generate_series(1, 20000) AS i', 'y',
		algorithm => 'linear_regression', features => 'c')});
	like($error, qr/ERROR:  53200: /, 'limit 16 MB: a wide one-hot matrix is refused');
	($error) = run($session, q{SELECT mlops_train('texts', 'SELECT repeat(i::text, 50) AS c, sin(i) AS y FROM generate_series(1, 100000) AS i', 'y',
		algorithm => 'linear_regression', features => 'c')});
	like($error, qr/ERROR:  53200: /, 'limit 16 MB: long texts are refused');
	$session->quit;

	my @somebody = (extra_params => [ '-At', '-U', 'somebody', '-v', 'VERBOSITY=verbose' ]);
	my ($rc, $out, $message) = $node->psql('postgres', q{SELECT mlops_version(); SET mlops.max_training_memory = '1GB'}, @somebody);
	like($message, qr/ERROR:  42501: permission denied to set parameter "mlops.max_training_memory"/, 'only a superuser sets the limit');
	# before the library is loaded the server knows of no such rule; loading it takes the value back
	($rc, $out, $message) = $node->psql('postgres',
		qq{SET mlops.max_training_memory = '1GB';\nSELECT FROM mlops_version();\nSHOW mlops.max_training_memory}, @somebody);
	is($out =~ s/^\s+//r, '-1', 'also not before the library is loaded');
}

# ---- long sessions

$node->safe_psql('postgres', q{
	SET client_min_messages = error;
	CREATE TABLE t AS SELECT i AS id, sin(i) * 10 AS x, 'level ' || i % 20 AS c, i % 3 = 0 AS flag, sin(i) + i % 20 AS y
		FROM generate_series(1, 1000) AS i;
	CREATE FUNCTION twice(x float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN RETURN 2 * x; END';
	SELECT mlops_train('served', 't', 'y', algorithm => 'linear_regression', key => 'id',
		features => 'x, twice(x) + 1 AS z, upper(c) AS c, flag, x::text || c AS long', config => '{"preprocess": {"columns": {"long": {"encode": "ordinal"}}}}');
	SELECT mlops_train('plain', 'SELECT x, y FROM t', 'y', algorithm => 'linear_regression');
});
my $session = session();
my %work = (
	'rows' => q{SELECT sum(mlops_predict('served', t)) FROM t, generate_series(1, 60)},
	'jsonb' => q{SELECT sum(mlops_predict('served', to_jsonb(t))) FROM t, generate_series(1, 40)},
	'text' => q{SELECT sum(mlops_predict('served', to_json(t)::text)) FROM t, generate_series(1, 40)},
	'arrays' => q{SELECT sum(mlops_predict('plain', ARRAY[x])) FROM t, generate_series(1, 200)},
	'explanations' => q{SELECT sum(e.contribution) FROM t, generate_series(1, 10), mlops_explain('served', t) AS e},
	'transforms' => q{SELECT sum(length(mlops_transform('served', t)::text)) FROM t, generate_series(1, 20)},
	'a source' => q{SELECT sum(score) FROM mlops_predict_batch('served', 'SELECT t.* FROM t, generate_series(1, 60)')},
	'types that change' => q{DO $$ DECLARE r record; BEGIN FOR i IN 1 .. 3000 LOOP
		IF i % 2 = 0 THEN SELECT x, c, flag INTO r FROM t WHERE id = 5; ELSE SELECT c, x, flag, id INTO r FROM t WHERE id = 6; END IF;
		PERFORM mlops_predict('served', r); END LOOP; END $$},
	'errors' => q{DO $$ BEGIN FOR i IN 1 .. 3000 LOOP
		BEGIN PERFORM mlops_predict('served', '{"x": "no number"}'::jsonb); EXCEPTION WHEN others THEN NULL; END; END LOOP; END $$},
	'statements' => q{DO $$ BEGIN FOR i IN 1 .. 3000 LOOP
		EXECUTE 'SELECT mlops_predict(''plain'', ''{"x": ' || i || '}'')'; END LOOP; END $$});
foreach my $kind (sort keys %work)
{
	# the first time fills caches
	my ($error) = run($session, $work{$kind});
	is($error, '', "predictions, $kind: run");
	run($session, $work{$kind});
	my $before = resident($session, 'VmHWM');
	my @before = contexts($session);
	run($session, $work{$kind}) foreach 1 .. 2;
	my @after = contexts($session);
	cmp_ok(resident($session, 'VmHWM') - $before, '<=', 1 * $MB, "predictions, $kind: no growth of the peak");
	cmp_ok($after[0], '<=', $before[0] + 1, "predictions, $kind: no more memory contexts");
	cmp_ok($after[1], '<=', $before[1] + 65536, "predictions, $kind: no more memory");
}

# trainings: the second hundred takes nothing that the first did not
{
	my $train = q{DO $$ BEGIN FOR i IN 1 .. 25 LOOP
		PERFORM mlops_train('again', 't', 'y', algorithm => 'linear_regression', features => 'x, twice(x) + 1 AS z, c'); COMMIT; END LOOP; END $$};
	run($session, $train) foreach 1 .. 2;
	my @before = contexts($session);
	my $before = resident($session, 'VmRSS');
	my ($error) = run($session, $train);
	unlike($error, qr/ERROR/, 'trainings: run');
	run($session, $train);
	my @after = contexts($session);
	cmp_ok($after[0], '<=', $before[0] + 2, "trainings: no more memory contexts ($before[0], $after[0])");
	cmp_ok($after[1], '<=', $before[1] + 128 * 1024, "trainings: no more memory ($before[1], $after[1])");
	cmp_ok(resident($session, 'VmRSS') - $before, '<=', 2 * $MB, 'trainings: no growth');
	is($node->safe_psql('postgres', q{SELECT last_version FROM mlops.models WHERE name = 'again'}), '100', 'trainings: all registered');
}

# many versions in one session: the cache stays within its limit
{
	my $held = q{SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts WHERE name LIKE 'mlops%'};
	my $predict = q{DO $$ BEGIN FOR i IN 1 .. 100 LOOP
		EXECUTE format('SELECT mlops_predict(%L, t) FROM t LIMIT 1', 'again@' || i); END LOOP; END $$};

	run($session, $predict);
	my $all = (run($session, $held))[1];
	run($session, q{SET mlops.model_cache_size = '256kB'});
	run($session, $predict) foreach 1 .. 2;
	my $some = (run($session, $held))[1];
	cmp_ok($all, '>', 2 * 256 * 1024, "the cache holds 100 versions ($all bytes)");
	cmp_ok($some, '<=', 256 * 1024 + $all / 50, "and no more than it may ($some bytes)");
}
$session->quit;

$node->stop;
done_testing();
