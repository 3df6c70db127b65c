# 001_extension.pl: what CREATE EXTENSION does to a database, and loading the library to a backend.
#
# Not here: what the functions do (test/sql), dump and restore, upgrades.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('extension');
$node->init;
$node->start;

my $leftovers = q{
	SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = 'mlops')
		+ (SELECT count(*) FROM pg_proc WHERE proname LIKE 'mlops\_%')
};

# Runs SQL that must fail and returns the message.
sub fails
{
	my ($sql, $name) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', $sql);
	isnt($rc, 0, $name);
	return $err;
}

$node->safe_psql('postgres', 'CREATE EXTENSION mlops');
is( $node->safe_psql(
		'postgres', q{SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
			WHERE extname = 'mlops'}),
	'public',
	'functions go to the first schema of the search path');
isnt($node->safe_psql('postgres', $leftovers), '0', 'schema and functions are there');

like(fails('CREATE EXTENSION mlops', 'a second CREATE EXTENSION fails'),
	qr/extension "mlops" already exists/, 'and says why');

like(fails('ALTER EXTENSION mlops SET SCHEMA pg_catalog', 'it cannot be moved'),
	qr/does not support SET SCHEMA/, 'and says so');

$node->safe_psql('postgres', 'DROP EXTENSION mlops');
is($node->safe_psql('postgres', $leftovers), '0', 'DROP EXTENSION leaves nothing');

$node->safe_psql('postgres', 'CREATE SCHEMA "My models"');
$node->safe_psql('postgres', 'CREATE EXTENSION mlops SCHEMA "My models"');
is( $node->safe_psql(
		'postgres', q{SELECT DISTINCT n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
			WHERE proname LIKE 'mlops\_%' AND n.nspname <> 'mlops'}),
	'My models',
	'functions follow SCHEMA');
$node->safe_psql('postgres', 'DROP EXTENSION mlops');

# A schema of that name is somebody's: it is never taken over.
$node->safe_psql('postgres', 'CREATE SCHEMA mlops');
like(fails('CREATE EXTENSION mlops', 'a schema named mlops stops CREATE EXTENSION'),
	qr/schema "mlops" already exists/, 'and is named');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_extension WHERE extname = 'mlops'}),
	'0', 'nothing is left of the attempt');
$node->safe_psql('postgres', 'DROP SCHEMA mlops');

# Threads may run only while a training asks for them: the numerical library must bring none.
SKIP:
{
	my $threads = q{SELECT (regexp_match(pg_read_file('/proc/self/status'), 'Threads:\s+(\d+)'))[1]};
	skip 'no /proc here', 2 unless -r '/proc/self/status';

	my $library = $node->config_data('--pkglibdir') . '/mlops.so';
	my $linked = `ldd '$library' 2>/dev/null`;
	skip 'linked to an OpenBLAS that may bring threads; the serial one is not installed', 2
	  if $linked =~ /libopenblas/ && $linked !~ /openblas-serial/;

	is($node->safe_psql('postgres', "LOAD 'mlops'; $threads"), '1', 'a backend that loaded the library has one thread');

	# harmless when preloaded
	$node->append_conf('postgresql.conf', q{shared_preload_libraries = 'mlops'});
	$node->restart;
	is($node->safe_psql('postgres', "CREATE EXTENSION mlops; $threads"), '1', 'preloaded: still one thread');
}

$node->stop;
done_testing();
