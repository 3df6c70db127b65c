# 006_parallel.pl: parallel plans predict what serial ones do, the same rows make the same model bytes whatever
# the order they are stored or read in and however many threads learn, and states of aggregates survive binary COPY.
#
# Not here: settings and rights (003_settings.pl); the order of rows inside a split (test/unit); aggregates in parallel
# plans (test/sql/metric_ranking.sql).

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('parallel');
$node->init;
$node->append_conf('postgresql.conf', q{
fsync = off
autovacuum = off
jit = off
max_worker_processes = 16
max_parallel_workers = 8
});
$node->start;
my $force = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';

$node->safe_psql('postgres', q{
	CREATE EXTENSION mlops;
	CREATE ROLE modeller LOGIN;
	CREATE ROLE reader LOGIN;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO modeller;
	CREATE SCHEMA app AUTHORIZATION modeller;
	GRANT USAGE ON SCHEMA app TO reader;
	SET ROLE modeller;
	SET client_min_messages = error;
	CREATE TABLE app.t AS
		SELECT i AS id, sin(i) * 10 AS x, CASE WHEN i % 11 > 0 THEN cos(i * 0.37) * 1e6 END AS z,
			CASE WHEN i % 13 > 0 THEN 'g' || (hashint4(i) & 31) END AS g, i % 4 = 1 AS flag, ARRAY[sin(i * 3), cos(i * 5), i % 17] AS v,
			timestamptz '2024-01-01 00:00+00' + i * interval '5 hours' AS at, (1 + i % 3)::numeric / 7 AS w,
			'c' || (hashint4(i + 7) & 3) AS kind, sin(i) + cos(i * 2.2) > 0.3 AS yes, sin(i) * 20 + i % 7 + cos(i * 3) AS y
		FROM generate_series(1, 20000) AS i;
	GRANT SELECT ON app.t TO reader;
	CREATE FUNCTION app.who(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS
		$$BEGIN RETURN x + CASE current_user WHEN 'modeller' THEN 0 ELSE 1000 END + length(current_setting('search_path')); END$$;
	REVOKE EXECUTE ON FUNCTION app.who FROM PUBLIC;
	SET TimeZone = 'Asia/Kathmandu';
	SELECT mlops_train('builtin', 'SELECT * FROM app.t', 'y', algorithm => 'linear_regression', key => 'id',
		features => 'x, ln(1 + abs(z)) AS z, g, flag, v, extract(hour FROM at) AS hour, length(at::text) AS l');
	SELECT mlops_train('own', 'SELECT * FROM app.t', 'yes', algorithm => 'logistic_regression', key => 'id',
		features => 'app.who(x) AS x, g, extract(hour FROM at) AS hour');
	SELECT mlops_train('kinds', 'SELECT * FROM app.t', 'kind', algorithm => 'logistic_regression', key => 'id', features => 'x, g, v');
	SELECT mlops_grant(name, 'reader', 'predict') FROM mlops.models;
});
$node->safe_psql('postgres', 'ANALYZE app.t');

# ---- prediction

my $serial = 'SET max_parallel_workers_per_gather = 0;';
my $parallel = q{SET max_parallel_workers_per_gather = 4; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;};
my %ask = (
	'builtin features' => q{SELECT id, encode(float8send(mlops_predict('builtin', t)), 'hex') AS p FROM app.t AS t},
	'a function of the owner' => q{SELECT id, encode(float8send(mlops_predict('own', t)), 'hex') AS p FROM app.t AS t},
	'jsonb' => q{SELECT id, encode(float8send(mlops_predict('own', to_jsonb(t))), 'hex') AS p FROM app.t AS t},
	'labels' => q{SELECT id, mlops_predict_label('own', t) || mlops_predict_label('kinds', t) AS p FROM app.t AS t},
	'probabilities' => q{SELECT id, mlops_predict_proba('kinds', t)::text AS p FROM app.t AS t},
	'transforms' => q{SELECT id, mlops_transform('own', t)::text AS p FROM app.t AS t},
	'explanations' => q{SELECT id, e.feature || e.contribution AS p FROM app.t AS t, mlops_explain('builtin', t) AS e WHERE id % 20 = 0});
foreach my $kind (sort keys %ask)
{
	my $digest = "SELECT md5(string_agg(p, '' ORDER BY id, p COLLATE \"C\")) FROM ($ask{$kind} OFFSET 0) AS s";
	my @reader = (extra_params => [ '-U', 'reader' ]);
	my $expected = $node->safe_psql('postgres', "$serial $digest", @reader);
	isnt($node->safe_psql('postgres', "SELECT count(DISTINCT p) FROM ($ask{$kind}) AS s"), '1', "$kind: different rows, different answers");
	is($node->safe_psql('postgres', "$parallel $digest", @reader), $expected, "$kind: a parallel plan says the same");
	is($node->safe_psql('postgres', "$parallel SET TimeZone = 'America/St_Johns'; SET search_path = app, public; SET DateStyle = 'German'; "
			. ($kind eq 'jsonb' ? "SET TimeZone = 'Asia/Kathmandu'; " : '') . $digest, @reader),
		$expected, "$kind: also with other settings");

	# and it was one: the function is below Gather and workers did run
	my $plan = $node->safe_psql('postgres', "$parallel EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off, SUMMARY off) $digest", @reader);
	like($plan, qr/Gather.*Workers Launched: [1-4].*\n.*mlops_/s, "$kind: workers predicted") or diag $plan;
}
# the whole query in one worker
is($node->safe_psql('postgres', qq{SET $force = on; SELECT mlops_predict('own', '{"x": 1, "g": "g1", "at": "2024-05-05 10:00+00"}'::jsonb)}),
	$node->safe_psql('postgres', q{SELECT mlops_predict('own', '{"x": 1, "g": "g1", "at": "2024-05-05 10:00+00"}'::jsonb)}),
	'a query without a table in a worker says the same');
{
	my ($rc, $out, $err) = $node->psql('postgres', "$parallel SELECT sum(mlops_predict('nobody', t)) FROM app.t AS t");
	like($err, qr/model "nobody" does not exist/, 'an error in a worker arrives');
	# what the transaction itself wrote is seen by its workers
	is($node->safe_psql('postgres', qq{$parallel BEGIN; SELECT FROM mlops_train('fresh', 'SELECT x, y FROM app.t', 'y', algorithm => 'linear_regression');
		SELECT sum(mlops_predict('fresh', t)) IS NOT NULL FROM app.t AS t; ROLLBACK}), 't', 'a model of the same transaction in workers');
}

# ---- training: the same bytes

$node->safe_psql('postgres', q{
	SET ROLE modeller;
	CREATE TABLE app.sorted AS SELECT * FROM app.t;
	CREATE INDEX sorted_x ON app.sorted (x);
	CLUSTER app.sorted USING sorted_x;
	CREATE TABLE app.shuffled AS SELECT * FROM app.t ORDER BY hashint4(id);
	CREATE TABLE app.backwards AS SELECT * FROM app.t ORDER BY id DESC;
	CREATE TABLE app.split (LIKE app.t) PARTITION BY HASH (id);
	CREATE TABLE app.split0 PARTITION OF app.split FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE app.split1 PARTITION OF app.split FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	INSERT INTO app.split SELECT * FROM app.shuffled;
	CREATE TABLE app.other AS SELECT * FROM app.t;
	UPDATE app.other SET x = x + 1e-9 WHERE id = 77;
});
$node->safe_psql('postgres', 'ANALYZE');
like($node->safe_psql('postgres', "$parallel EXPLAIN SELECT * FROM app.shuffled"), qr/Workers Planned: [1-4]/, 'the source has a parallel plan');

# name => what follows the source in the call; some with a key, some known by their content alone
my %fit = (
	'linear' => q{'y', algorithm => 'linear_regression', key => 'id', features => 'x, z, g, flag, v'},
	'linear without a key' => q{'y', algorithm => 'linear_regression', features => 'x, z, g, flag, v'},
	'linear, L1, weights' => q{'y', algorithm => 'linear_regression', features => 'x, z, g, v', params => '{"penalty": "l1", "alpha": 0.01}',
		config => '{"sample_weight": "w"}'},
	'linear by time' => q{'y', algorithm => 'linear_regression', time_column => 'at', features => 'x, z, g'},
	'logistic' => q{'yes', algorithm => 'logistic_regression', key => 'id', features => 'x, z, g, flag', params => '{"class_weight": "balanced"}',
		config => '{"threshold": "f1"}'},
	'logistic by group' => q{'yes', algorithm => 'logistic_regression', features => 'x, z, flag', config => '{"split": {"group": "g"}}'},
	'multinomial' => q{'kind', algorithm => 'logistic_regression', key => 'id', features => 'x, z, g, v'},
	'multinomial, L1' => q{'kind', algorithm => 'logistic_regression', features => 'x, z, v', params => '{"penalty": "l1", "C": 0.1}'});
my @way = (
	[ 'as stored', 't', $serial, 1 ], [ 'clustered', 'sorted', $serial, 1 ], [ 'shuffled', 'shuffled', $serial, 2 ],
	[ 'backwards', 'backwards', $serial, 8 ], [ 'partitioned', 'split', $serial, 1 ],
	[ 'parallel plan', 'shuffled', $parallel, 1 ], [ 'parallel plan, 8 threads', 't', $parallel, 8 ]);
foreach my $name (sort keys %fit)
{
	my $model = $name =~ s/\W+/_/gr;
	my @digest;
	foreach my $way (@way, [ 'other rows', 'other', $serial, 1 ])
	{
		my ($what, $table, $plan, $threads) = @$way;
		push @digest, $node->safe_psql('postgres', qq{$plan SET mlops.threads = $threads; SET client_min_messages = error;
			DO \$do\$ BEGIN PERFORM mlops_train('$model', 'SELECT * FROM app.$table', $fit{$name}); END \$do\$;
			SELECT md5(content) || ' ' || value || ' ' || v.test_rows || ' ' || coalesce(threshold, 0) || ' ' || content_hash || ' ' ||
				(SELECT md5(string_agg(concat_ws('|', role, position, name, row_count, null_count, distinct_count, mean, stddev, quantiles, levels, level_counts), ';'
					ORDER BY role, position)) FROM mlops.version_features AS f WHERE f.version_id = v.version_id)
			FROM mlops.versions AS v JOIN mlops.version_blobs USING (version_id) JOIN mlops.runs USING (run_id) ORDER BY version_id DESC LIMIT 1});
	}
	my $other = pop @digest;
	like($digest[0], qr/^[0-9a-f]{32} /, "$name: trained");
	is($digest[$_], $digest[0], "$name: $way[$_][0]: the same bytes, figures and baselines") foreach 1 .. $#way;
	isnt((split / /, $other)[0], (split / /, $digest[0])[0], "$name: other rows make other bytes");
}

# ---- states of aggregates: out of a parallel plan, through files, and on

my $file = $node->basedir . '/states';
$node->safe_psql('postgres', qq{
	CREATE AGGREGATE app.rank(boolean, float8, float8) (SFUNC = mlops.two_samples_add, STYPE = mlops.two_samples,
		COMBINEFUNC = mlops.two_samples_merge, PARALLEL = safe);
	CREATE AGGREGATE app.rank(mlops.two_samples) (SFUNC = mlops.two_samples_merge, STYPE = mlops.two_samples,
		FINALFUNC = mlops.two_samples_roc_auc);
	$parallel
	CREATE TABLE app.states AS SELECT g, app.rank(yes, x, w::float8) AS state FROM app.t GROUP BY g;
	COPY app.states TO '$file' WITH (FORMAT binary);
	CREATE TABLE app.read (LIKE app.states);
	COPY app.read FROM '$file' WITH (FORMAT binary);
});
is($node->safe_psql('postgres', q{SELECT count(*), bool_and(s.state::text = r.state::text) FROM app.states AS s JOIN app.read AS r
	ON s.g IS NOT DISTINCT FROM r.g}), '33|t', 'states by binary COPY');
is($node->safe_psql('postgres', 'SELECT app.rank(state) = (SELECT mlops_roc_auc(yes, x, w::float8) FROM app.t) FROM app.read'), 't',
	'merged states judge all rows');
my $bytes = slurp_file($file);
my $states = () = $bytes =~ /2SM1/g;
cmp_ok($states, '>=', 33, 'a file of states');
$bytes =~ s/2SM1/2SM2/;
open(my $handle, '>:raw', $file) or die "$file: $!";
print $handle $bytes;
close $handle;
like(($node->psql('postgres', "COPY app.read FROM '$file' WITH (FORMAT binary)"))[2], qr/invalid input for type mlops\.two_samples/,
	'a damaged file of states is refused');

$node->stop;
done_testing();
