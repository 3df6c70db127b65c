# 010_cache.pl: many models against a small cache.  Predictions are right whatever was evicted and memory stays bounded;
# versions that are dropped, replaced or in use while others push them out; models larger than the cache.
#
# The cache is looked at as the server shows memory contexts: "mlops model" is one loaded version.
#
# Not here: what a session holds without pressure (004_memory.pl), bytes that are damaged (test/unit).

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $kB = 1024;
my $MB = 1024 * $kB;
my $MODELS = 200;
my $LIMIT = 1 * $MB;
# of the table that finds the versions, and of what shares a block with them
my $ALLOWANCE = 32 * $kB;

my $node = PostgreSQL::Test::Cluster->new('cache');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off\nmax_parallel_workers_per_gather = 0");
$node->start;

# y = n · x + levels: model n says something only model n says
$node->safe_psql('postgres', qq{
	SET client_min_messages = error;
	CREATE EXTENSION mlops;
	CREATE TABLE t AS SELECT i AS id, sin(i) * 10 AS x, 'level ' || i % 50 AS c, cos(i) AS y FROM generate_series(1, 400) AS i;
	CREATE FUNCTION nested(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS
		\$\$BEGIN RETURN public.mlops_predict('m' || 1 + abs(x::int) % 50, jsonb_build_object('x', x, 'c', 'level 3')); END\$\$;
	DO \$\$ BEGIN
		FOR n IN 1 .. $MODELS LOOP
			PERFORM mlops_train('m' || n, format('SELECT id, x, c, y + %s * x AS y FROM t', n), 'y', key => 'id', algorithm => 'linear_regression',
				params => '{"penalty": "l2"}');
		END LOOP;
	END \$\$;
	-- 20,000 categories
	CREATE TABLE wide AS SELECT 'a category with a rather long and winding name, number ' || i % 20000 AS c, sin(i) AS y FROM generate_series(1, 40000) AS i;
	SELECT mlops_train('wide', 'wide', 'y', algorithm => 'linear_regression', features => 'c', task => 'regression', params => '{"penalty": "l2"}',
		config => '{"preprocess": {"columns": {"c": {"encode": "ordinal"}}}}');
	SELECT mlops_train('outer', 'SELECT x, y FROM t', 'y', algorithm => 'linear_regression', features => 'nested(x) AS n, x');
});
my $bytes = $node->safe_psql('postgres', q{SELECT model_size FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'wide'});
cmp_ok($bytes, '>', $LIMIT, "one model is larger than the cache ($bytes bytes)");

my $session;

sub connect_anew
{
	my ($limit) = @_;
	$session->quit if $session;
	$session = $node->background_psql('postgres', on_error_stop => 0);
	ask("LOAD 'mlops'; SET client_min_messages = error; SET mlops.model_cache_size = '$limit'");
	return;
}

sub ask
{
	my ($sql) = @_;
	my $output = $session->query($sql);
	die $session->{stderr} if $session->{stderr} =~ /ERROR/;
	$session->{stderr} = '';
	return $output;
}

# Versions loaded, and bytes of them.
sub held
{
	return split /\|/, ask(q{SELECT count(*) FILTER (WHERE name = 'mlops model'), coalesce(sum(total_bytes) FILTER (WHERE name LIKE 'mlops%'), 0)
		FROM pg_backend_memory_contexts});
}

my $each = qq{SELECT md5(string_agg(encode(float8send(p), 'hex'), '' ORDER BY n, id)) FROM generate_series(1, $MODELS) AS n,
	LATERAL (SELECT id, mlops_predict('m' || n, t) AS p FROM t WHERE id % 40 = 0 OFFSET 0) AS s};
# ---- everything fits: the truth

connect_anew('256MB');
my $truth = ask($each);
like($truth, qr/^[0-9a-f]{32}$/, 'models say something');
my ($versions, $size) = held();
is($versions, $MODELS, 'a large cache holds all of them');
cmp_ok($size, '>', 1.5 * $LIMIT, "which takes much more than the small one may ($size bytes)");
is(ask(q{SELECT count(DISTINCT mlops_predict('m' || n, '{"x": 5, "c": "level 7"}'::jsonb)) FROM generate_series(1, 200) AS n}), $MODELS,
	'each model says something of its own');

# ---- a small cache

connect_anew('1MB');
foreach my $round (1 .. 3)
{
	is(ask($each), $truth, "round $round: the small cache says the same");
	my ($n, $bytes) = held();
	cmp_ok($bytes, '<=', $LIMIT + $ALLOWANCE, "round $round: and holds what it may ($n versions, $bytes bytes)");
	cmp_ok($n, '>', 10, "round $round: and not much less");
}

# in a transaction and in a statement that uses all of them at once: what is in use stays, and leaves afterwards
is(ask("BEGIN; $each; $each; COMMIT"), "$truth\n$truth", 'a transaction says the same');
is(ask(q{SELECT count(*) FROM (SELECT } . join(', ', map { "mlops_predict('m$_', t) AS p$_" } 1 .. $MODELS) . q{ FROM t WHERE id < 4 OFFSET 0) AS s}), '3',
	'one statement may use more models than fit');
cmp_ok((held())[1], '<=', $LIMIT + $ALLOWANCE, 'and afterwards the limit holds');
is(ask($each), $truth, 'and the answers are as before');

# a cursor keeps its model in use while others pass
ask(q{BEGIN; DECLARE kept CURSOR FOR SELECT encode(float8send(mlops_predict('m7', t)), 'hex') FROM t ORDER BY id});
my @kept = ask('FETCH 5 FROM kept');
ask($each);
push @kept, ask('FETCH ALL FROM kept');
ask('COMMIT');
is(join("\n", @kept), ask(q{SELECT encode(float8send(mlops_predict('m7', t)), 'hex') FROM t ORDER BY id}), 'a cursor says the same while others pass');
cmp_ok((held())[1], '<=', $LIMIT + $ALLOWANCE, 'and afterwards the limit holds');

# a feature that predicts with another model, which may be evicted while the outer one is at work
my $nested = q{SELECT md5(string_agg(encode(float8send(mlops_predict('outer', t)), 'hex'), '' ORDER BY id)) FROM t};
my $outer = $node->safe_psql('postgres', $nested);
is(ask($nested), $outer, 'a model whose feature asks fifty others says the same');
cmp_ok((held())[1], '<=', $LIMIT + $ALLOWANCE, 'and afterwards the limit holds');

# ---- versions that come and go

ask(q{SELECT mlops_predict('m' || n, '{"x": 1, "c": "level 7"}'::jsonb) FROM generate_series(1, 20) AS n});
$node->safe_psql('postgres', q{SET client_min_messages = error;
	DO $$ BEGIN
		FOR n IN 1 .. 20 LOOP
			PERFORM mlops_train('m' || n, 'SELECT id, x, c, y + 1000 AS y FROM t', algorithm => 'linear_regression');
			PERFORM mlops_promote('m' || n, 2);
			PERFORM mlops_drop_version('m' || n, 1);
		END LOOP;
		PERFORM mlops_drop_model('m' || n) FROM generate_series(21, 40) AS n;
	END $$});
is(ask(q{SELECT count(*) FROM generate_series(1, 20) AS n WHERE mlops_predict('m' || n, '{"x": 1, "c": "level 7"}'::jsonb) > 900}), '20', 'new versions of loaded models');
foreach my $gone ('m5@1', 'm25')
{
	$session->query(qq{SELECT mlops_predict('$gone', t) FROM t LIMIT 1});
	like($session->{stderr}, qr/ERROR:  (version 1 of )?model "\w+" does not exist/, "what was dropped is gone: $gone");
	$session->{stderr} = '';
}
# dropped while a cursor uses it: the cursor began before, and reads on
ask(q{BEGIN; DECLARE kept CURSOR FOR SELECT mlops_predict('m41', t) IS NOT NULL FROM t});
ask('FETCH 5 FROM kept');
$node->safe_psql('postgres', q{SELECT mlops_drop_model('m41')});
ask(q{SELECT mlops_predict('m' || n, '{"x": 1, "c": "level 7"}'::jsonb) FROM generate_series(42, 200) AS n});
is(scalar(() = ask('FETCH ALL FROM kept') =~ /^t$/mg), 395, 'a model that is dropped while a cursor uses it serves it to the end');
ask('COMMIT');
cmp_ok((held())[1], '<=', $LIMIT + $ALLOWANCE, 'and afterwards the limit holds');

# ---- a model larger than the cache

my $wide = q{SELECT md5(string_agg(encode(float8send(mlops_predict('wide', t)), 'hex'), '' ORDER BY c)) FROM (SELECT DISTINCT c FROM wide) AS t};
my $said = $node->safe_psql('postgres', $wide);
foreach my $round (1, 2)
{
	is(ask($wide), $said, "larger than the cache, round $round: says the same");
	cmp_ok((held())[1], '<=', $LIMIT + $ALLOWANCE, "larger than the cache, round $round: leaves when nobody uses it");
}
# in use it is loaded once, whatever else is asked beside it
ask(q{BEGIN; DECLARE kept CURSOR FOR SELECT mlops_predict('wide', t) FROM wide AS t});
ask('FETCH 5 FROM kept');
cmp_ok((held())[1], '>', $bytes, 'larger than the cache: stays while a cursor uses it');
ask('FETCH 1000 FROM kept');
is(ask(q{SELECT count(mlops_predict('m' || n, '{"x": 1, "c": "level 7"}'::jsonb)) FROM generate_series(42, 200) AS n}), '159',
	'larger than the cache: others are served beside it');
cmp_ok((held())[1], '<=', $bytes + 3 * $LIMIT, 'larger than the cache: and do not pile up');
ask('COMMIT');
cmp_ok((held())[1], '<=', $LIMIT + $ALLOWANCE, 'larger than the cache: leaves with the cursor');

# a limit that is lowered holds from the next prediction on
ask(q{SET mlops.model_cache_size = '256MB'});
ask($wide);
cmp_ok((held())[1], '>', $bytes, 'a cache that is made larger keeps it');
ask(q{SET mlops.model_cache_size = '64kB'; SELECT mlops_predict('m50', '{"x": 1, "c": "level 7"}'::jsonb)});
cmp_ok((held())[1], '<=', 64 * $kB + $ALLOWANCE, 'a cache that is made smaller is emptied at the next prediction');

# ---- the process itself: asking all of them again and again takes no more memory

SKIP:
{
	skip 'no /proc here', 1 unless -r '/proc/self/status';
	my $rss = q{SELECT (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1]};
	my $all = q{SELECT count(mlops_predict('m' || n, '{"x": 1, "c": "level 7"}'::jsonb)) FROM generate_series(42, 200) AS n};
	connect_anew('1MB');
	my $work = join(';', ($all) x 20, $wide);
	ask($work) foreach 1 .. 2;
	my $before = ask($rss);
	ask($work) foreach 1 .. 5;
	my $grown = ask($rss) - $before;
	cmp_ok($grown, '<=', 1024, "16,000 loads and as many evictions take no memory ($grown kB)");
}

$session->quit;
$node->stop;
done_testing();
