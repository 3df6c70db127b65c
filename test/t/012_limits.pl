# 012_limits.pl: the widest tables, vectors and categories, and rows that come from elsewhere.
#
# Not here: limits that a small table shows (test/sql/limits*.sql).

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $MB = 1024 * 1024;

my $node = PostgreSQL::Test::Cluster->new('limits');
$node->init;
$node->append_conf('postgresql.conf', q{
fsync = off
autovacuum = off
jit = off
maintenance_work_mem = 256MB
});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION mlops');

sub value
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', "SET client_min_messages = error; SET mlops.progress = off; $sql");
}

# What the newest run held at most, in bytes.
sub peak
{
	return value('SELECT peak_memory FROM mlops.runs ORDER BY run_id DESC LIMIT 1');
}

# ---- columns: a table has at most 1,600, a target list 1,664
my $columns = join(', ', map { sprintf '((i * %d) %% 997)::float4 AS c%d', 7 * $_ + 1, $_ } 1 .. 1663);
my $table = join(', ', map { sprintf '((i * %d) %% 997)::float4 AS c%d', 7 * $_ + 1, $_ } 1 .. 1599);
$node->safe_psql('postgres', "CREATE TABLE wide AS SELECT $table, sin(i) AS y FROM generate_series(1, 300) AS i");
is(value(q{SELECT train_rows + test_rows FROM mlops_train('wide', 'wide', 'y', 'linear_regression', params => '{"penalty": "l2"}')}), 300, 'a table of 1,600 columns');
cmp_ok(peak(), '<', 200 * $MB, 'memory of 1,600 columns');
is(value(q{SELECT count(mlops_predict('wide', w)) FROM wide AS w}), 300, 'predicted by rows of 1,600 columns');
is(value(q{SELECT count(*) FROM mlops_predict_batch('wide', 'wide')}), 300, 'and in a batch');
is(value(q{SELECT count(*) FROM mlops_explain('wide', (SELECT w FROM wide AS w LIMIT 1))}), 1600, 'and explained');
my $source = "SELECT $columns, sin(i) AS y FROM generate_series(1, 300) AS i";
is(value(qq{SELECT train_rows + test_rows FROM mlops_train('wider', '$source', 'y', 'linear_regression', params => '{"penalty": "l2"}')}), 300, 'a source of 1,664 columns');
is(value(qq{SELECT count(mlops_predict('wider', t)) FROM ($source) AS t}), 300, 'and its rows');
my ($status, $output, $error) = $node->psql('postgres', qq{SELECT mlops_train('widest', 'SELECT 1 AS one, $columns, sin(i) AS y FROM generate_series(1, 300) AS i', 'y')});
like($error, qr/target lists can have at most 1664 entries/, 'a source of 1,665 columns');

# ---- a vector of 16,000 elements
$node->safe_psql('postgres', 'CREATE TABLE vectors AS SELECT ARRAY(SELECT ((i * k) % 101)::float4 FROM generate_series(1, 16000) AS k) AS v, sin(i) AS y FROM generate_series(1, 40) AS i');
is(value(q{SELECT train_rows + test_rows FROM mlops_train('vectors', 'vectors', 'y', 'linear_regression', params => '{"penalty": "l2"}')}), 40, 'a vector of 16,000 elements');
cmp_ok(peak(), '<', 500 * $MB, 'memory of 16,000 elements');
is(value(q{SELECT count(mlops_predict('vectors', t)) FROM vectors AS t}), 40, 'predicted by vectors of 16,000 elements');
is(value(q{SELECT count(*), count(DISTINCT feature) FROM mlops_feature_names('vectors')}), '16000|16000', 'names of its elements');
is(value(q{SELECT count(*) FROM jsonb_object_keys(mlops_transform('vectors', (SELECT t FROM vectors AS t LIMIT 1)))}), 16000, 'what the learner sees of it');

# ---- a thousand classes
is(value(q{SELECT train_rows FROM mlops_train('classes', 'SELECT i AS a, i::text AS t FROM generate_series(1, 1000) i', 't', 'logistic_regression', config => '{"split": {"test": 0}}', params => '{"max_iter": 1, "tol": 1}')}), 1000, '1,000 classes');
is(value(q{SELECT count(*), round(sum(value::numeric), 9) FROM jsonb_each(mlops_predict_proba('classes', '{"a": 7}'))}), '1000|1.000000000', 'and their probabilities');

# ---- 100,000 categories in 300,000 rows
$node->safe_psql('postgres', q{CREATE TABLE categories AS SELECT 'category number ' || i % 100000 AS k, i % 10 AS x, i % 3 = 0 AS y FROM generate_series(1, 300000) AS i});
is(value(q{SELECT train_rows + test_rows FROM mlops_train('categories', 'categories', 'y', 'logistic_regression')}), 300000, '100,000 categories');
cmp_ok(peak(), '<', 128 * $MB, 'memory of 100,000 categories');
cmp_ok(value(q{SELECT count(DISTINCT feature) FROM mlops_feature_names('categories')}), '>', 80000, 'their names');
is(value(q{SELECT count(mlops_predict('categories', c)) FROM (SELECT * FROM categories LIMIT 1000) AS c}), 1000, 'predicted with 100,000 categories');
is(value(q{SELECT mlops_predict('categories', '{"k": "category number 7", "x": 1}') <> mlops_predict('categories', '{"k": "none", "x": 1}')}), 't', 'a category counts');

# ---- foreign tables: of a file, of this server by way of a connection
$node->safe_psql('postgres', 'CREATE TABLE near AS SELECT i, sin(i) AS a, i * 0.5::float8 AS y FROM generate_series(1, 200) AS i');
if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name IN ('file_fdw', 'postgres_fdw')}) == 2)
{
	my $file = $node->basedir . '/near.csv';
	my ($host, $port) = ($node->host, $node->port);
	$node->safe_psql('postgres', qq{
		COPY near TO '$file' (FORMAT csv);
		CREATE EXTENSION file_fdw;
		CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
		CREATE FOREIGN TABLE in_file (i int, a float8, y float8) SERVER files OPTIONS (filename '$file', format 'csv');
		CREATE EXTENSION postgres_fdw;
		CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres');
		CREATE USER MAPPING FOR CURRENT_USER SERVER far;
		CREATE FOREIGN TABLE far (i int, a float8, y float8) SERVER far OPTIONS (schema_name 'public', table_name 'near');
	});
	value(qq{SELECT mlops_create_model('$_', '$_', 'y', key => 'i', config => '{"split": {"salt": 1}}'); SELECT mlops_train('$_', algorithm => 'linear_regression')}) for qw(near in_file far);
	is(value(q{SELECT count(DISTINCT content), count(*) FROM mlops.version_blobs JOIN mlops.versions USING (version_id) JOIN mlops.models USING (model_id) WHERE name IN ('near', 'in_file', 'far')}),
		'1|3', 'foreign tables give the model of a table');
	is(value(qq{SELECT count(mlops_predict('near', t)) FROM $_ AS t}), 200, "predicted from $_") for qw(in_file far);
	is(value(q{SELECT count(*) FROM mlops_predict_batch('far', 'far')}), 200, 'a batch from another server');
	$node->safe_psql('postgres', q{ALTER SERVER far OPTIONS (SET dbname 'gone')});
	($status, $output, $error) = $node->psql('postgres', q{SELECT mlops_train('far')});
	like($error, qr/could not connect to server "far"/, 'a server that does not answer');
	is(value(q{SELECT count(*) FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = 'far'}), 1, 'registers nothing');
}
else
{
	note('file_fdw and postgres_fdw are not installed: foreign tables are not tried');
}

$node->stop;
done_testing();
