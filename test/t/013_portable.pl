# 013_portable.pl: exported versions in other databases, and content that was made to do harm: its checksum fits.
#
# Not here: rights, stages and accidents (test/sql/portable.sql), random damage (test/unit/test_fuzz.c, 014_fuzz.pl).

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Portable qw(take_apart put_together);

my $node = PostgreSQL::Test::Cluster->new('portable');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off\nmax_stack_depth = '2MB'");
$node->start;
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(origin target);
$node->safe_psql('postgres', "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
$node->safe_psql($_, 'CREATE EXTENSION mlops') for qw(origin target latin);

# Schema, type and function that features use; the rows, made the same way on both sides.
my $things = q{
	CREATE SCHEMA "Wärme ""q""";
	CREATE TYPE "Wärme ""q"""."Stufe" AS ENUM ('kühl', 'heiß "!"');
	CREATE FUNCTION "Wärme ""q""".half(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT x / 2';
};
my $rows = q{
	CREATE TABLE "Wärme ""q"""."T" AS SELECT i AS id, i % 30 AS "A ""b""", 'g''é' || i % 20 AS "größe",
		(ARRAY['kühl', 'heiß "!"'])[1 + i % 2]::"Wärme ""q"""."Stufe" AS stufe, (i % 30 + i % 7) > 16 AS yes
	FROM generate_series(1, 400) AS i;
	CREATE TABLE emb AS SELECT i AS id, i * 7919 % 97 AS y,
		(SELECT array_agg(sin(i * 0.37 + k * 0.1) + (i * 7919 + k * 104729) % 1000 / 500.0 ORDER BY k)
			FROM generate_series(1, 1536) AS k)::float8[] AS e
	FROM generate_series(1, 100) AS i;
};
my $train = q{
	SELECT mlops_train('heat', '"Wärme ""q"""."T"', 'yes', 'logistic_regression', key => 'id',
		features => '*, "Wärme ""q""".half("A ""b""") / nullif("A ""b""", 0) AS "the ""Ratio"""');
	SELECT mlops_train('emb', 'emb', 'y', 'linear_regression', '{"penalty": "l2"}', key => 'id', task => 'regression');
};
my $answers = q{
	SELECT md5(string_agg(float8send(mlops_predict('heat', t))::text || mlops_predict_label('heat', t), ',' ORDER BY id))
	FROM "Wärme ""q"""."T" AS t;
	SELECT md5(string_agg(float8send(mlops_predict('emb', t))::text, ',' ORDER BY id)) FROM emb AS t;
};

# A file of base64, as the page on operations has it.
sub carry
{
	my ($model, $to) = @_;
	my $file = $node->basedir . "/$model.b64";

	append_to_file($file, $node->safe_psql('origin', "SELECT encode(mlops_export_model('$model'), 'base64')") . "\n");
	return $node->psql($to, "\\set content `cat '$file'`\nSELECT mlops_import_model('$model', decode(:'content', 'base64'))");
}

$node->safe_psql('origin', $things . $rows . $train);
my ($rc, $out, $err) = carry('heat', 'latin');
like($err, qr/content is in encoding "UTF8", this database in "LATIN1"/, 'another encoding is refused');
unlink $node->basedir . '/heat.b64';
($rc, $out, $err) = carry('heat', 'target');
like($err, qr/column "stufe" of type "Wärme ""q""".*cannot be used/, 'a missing type is named');
unlink $node->basedir . '/heat.b64';

$node->safe_psql('target', $things);
($rc, $out, $err) = carry('heat', 'target');
is($out, '1', 'imported');
like($err, qr/brings SQL that runs with the rights.*the "Ratio"": .*half.*source: SELECT/s, 'the importer sees the SQL');
like($err, qr/cannot be read here.*relation .*T.* does not exist/s, 'and that the source is not here');
($rc, $out, $err) = carry('emb', 'target');
is($out, '1', 'a vector of 1,536');
$node->safe_psql('target', $rows);
is($node->safe_psql('target', $answers), $node->safe_psql('origin', $answers), 'predictions are the same bit for bit');
for my $model (qw(heat emb))
{
	my $digest = "SELECT md5(mlops_export_model('$model'))";
	is($node->safe_psql('target', $digest), $node->safe_psql('origin', $digest), "$model is exported as it came");
}
is($node->safe_psql('target', q{SELECT version FROM mlops_train('heat', algorithm => 'logistic_regression')}), '2', 'and can be trained again');
($rc, $out, $err) = $node->psql('target', q{SET mlops.max_model_size = '64kB'; SELECT mlops_import_model('big', mlops_export_model('emb'))});
like($err, qr/the model needs \d+ kB, more than mlops.max_model_size \(64 kB\)/, 'not larger than is allowed');

# ---- content made to do harm

$node->safe_psql('target', q{
	CREATE TABLE t AS SELECT i AS id, i % 30 AS a, timestamp '2024-01-01' + i * interval '1 hour' AS at, 'g' || i % 4 AS g, (i % 30 + i % 7) > 16 AS y
		FROM generate_series(1, 200) AS i;
	SELECT mlops_train('sound', 't', 'y', 'logistic_regression', features => 'g, (a > length(to_char(at, ''TMMonth'')))::text AS late', key => 'id')});
my $sound = pack 'H*', $node->safe_psql('target', q{SELECT encode(mlops_export_model('sound'), 'hex')});
is(put_together(take_apart($sound)), $sound, 'the test knows the format');

my ($nan, $infinity) = ('nan' + 0, 9**9**9);
my ($no_number, $no_text) = (0x7ff80000 << 32, ~0);
my @harm = (
	[ '22P03: .*definition is not a JSON object', definition => sub { '[]' } ],
	[ '22P02', definition => sub { '{"signature": ' } ],
	[ '54001', definition => sub { '[' x 200000 } ],
	[ '22P03: .*the stored features are damaged: features', definition => sub { '{}' } ],
	[ '22P03: .*damaged: width', definition => sub { s/"width": 1/"width": 0/r } ],
	[ '22P03: .*damaged: width', definition => sub { s/"width": 1/"width": 2147483647/r } ],
	[ '22003', definition => sub { s/"width": 1/"width": 1e30/r } ],
	[ '22P03: .*features and bytes do not match', definition => sub { s/"name": "late"/"name": "later", "x": "late"/r } ],
	[ '22P03: .*a name is too long', definition => sub { s/"name": "g", "type"/'"name": "' . 'g' x 64 . '", "type"'/er } ],
	[ '55000: column "g" of type nowhere.thing cannot be used', definition => sub { s/"type": "pg_catalog.text"/"type": "nowhere.thing"/r } ],
	[ '22P03: .*pseudo-type', definition => sub { s/"signature": \[/"signature": [{"name": "x", "type": "internal"}, /r } ],
	[ '55000', definition => sub { s/"type": "pg_catalog.text"/"type": "setof text"/r } ],
	[ '0A000: .*subqueries', definition => sub { s/"expression": "g"/"expression": "(SELECT rolname::text FROM pg_authid LIMIT 1)"/r } ],
	[ '0A000: .*volatile', definition => sub { s/"expression": "g"/"expression": "pg_sleep(100)::text"/r } ],
	[ '0A000: .*volatile', definition => sub { s/"expression": "g"/"expression": "pg_read_file('PG_VERSION')"/r } ],
	[ '0A000: .*current', definition => sub { s/"expression": "g"/"expression": "current_setting('port')"/r } ],
	[ '55000: .*"g" cannot be used', definition => sub { s/"expression": "g"/"expression": "g FROM pg_authid"/r } ],
	[ '22P03: .*not one expression', definition => sub { s/"expression": "g"/"expression": "g AS a, g"/r } ],
	[ '22P03: .*others when they are read as one list', definition => sub { s/"expression": "g"/"expression": "g --"/r } ],
	[ '55000', definition => sub { s/"expression": "g"/"expression": "g; DROP TABLE t; SELECT g"/r } ],
	[ '22023: .*TimeZone', definition => sub { s/"TimeZone": "[^"]*"/"TimeZone": "Nowhere\/Land"/r } ],
	[ '0A000: .*only read rows', source_query => sub { 'DELETE FROM public.t' } ],
	[ '0A000: .*only read rows', source_query => sub { 'WITH d AS (DELETE FROM public.t RETURNING *) SELECT * FROM d' } ],
	[ '0A000: .*only read rows', source_query => sub { 'SELECT * FROM public.t FOR UPDATE' } ],
	[ '22P03: .*threshold', threshold => sub { 1.5 } ],
	[ '22P03: .*threshold', threshold => sub { $nan } ],
	[ '22P03: .*risk bands', risk_bands => sub { undef } ],
	[ '22023', risk_bands => sub { '{"low": 0.5}' } ],
	[ '22023', risk_bands => sub { '[1]' } ],
	[ '22P03: .*metric "nonsense"', metric => sub { 'nonsense' } ],
	[ '22023: .*"nonsense"', params => sub { '{"nonsense": 1}' } ],
	[ '22023', params => sub { '{"C": -1}' } ],
	[ '22P03', params => sub { '1' } ],
	[ '22023', config => sub { '{"nonsense": 1}' } ],
	[ '22023', config => sub { '{"split": {"test": 7}}' } ],
	[ '22P03: .*tags', tags => sub { '"a"' } ],
	[ '22P03: .*run_params', run_params => sub { '[]' } ],
	[ '22P03: .*column_types', column_types => sub { 'null' } ],
	[ '22P03: .*time of the training', ended_at => sub { 9223372036854775807 } ],
	[ '22P03: .*time of the training', ended_at => sub { -9223372036854775807 } ],
	[ '22P03: .*time of the training', ended_at => sub { -211813488000000000 } ],
	[ '22P03: .*time of the training', seconds => sub { $infinity } ],
	[ '22P03: .*at byte \d+: a number is too small', train_rows => sub { -1 } ],
	[ '22P03: .*a feature uses the target', target => sub { 'g' } ],
	[ '22021', description => sub { "\xff" } ],
	[ '22021', encoding => sub { "\xff" } ],
	[ '0A000: .*"KLINGON"', encoding => sub { 'KLINGON' } ],
	[ '22P03: .*a text does not end', source => sub { "a\0b" } ],
	[ '22P03: model bytes are damaged: too short', sections => sub { [ @{$_}[ 0 .. 3 ], '' ] } ],
	[ '22P03', sections => sub { [ @{$_}[ 0 .. 3 ], 'mlopsmdl' ] } ],
	[ '22P03: .*the section has more bytes', sections => sub { [ $_->[0], $_->[1] . "\0" x 8, @{$_}[ 2 .. 4 ] ] } ],
	[ '22P02', sections => sub { my @s = @$_; $s[2] =~ s/\[\{/[[/; \@s } ],
	[ '22P03: .*the model has 2', sections => sub { my @s = @$_; $s[3] = pack 'Q<', 0; \@s } ],
	[ '22P03: .*column "g" is of another kind', sections => sub { my @s = @$_; $s[3] = pack('Q<', 4) . pack('Q<7', $no_number, $no_text, 1, (0) x 4) x 4; \@s } ],
	[ '22P03: .*score is of another kind', sections => sub { my @s = @$_; $s[3] = pack('Q<', 4) . pack('Q<8', $no_number, $no_text, 2, (0) x 5) x 4; \@s } ],
	[ '22P03: .*out of order', sections => sub { my @s = @$_; $s[1] =~ s/accuracy/zccuracy/; \@s } ],
	[ '0A000: model bytes have format 2', sections => sub { my @s = @$_; substr($s[4], 8, 1) = "\2"; \@s } ],
	[ '22P03: model bytes are damaged: the checksum', sections => sub { my @s = @$_; substr($s[4], 300, 1) ^= "\1"; \@s } ],
	[ 'taken', description => sub { q{'); DROP TABLE t; --} } ],
	[ 'taken', key => sub { q{"; DROP TABLE t; --} } ],
	[ 'taken', sections => sub { my @s = @$_; $s[2] = pack 'Q<', 0; \@s } ]);

$node->safe_psql('target', q{
	CREATE FUNCTION tried(content bytea) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM mlops_import_model('harm', content);
		PERFORM mlops_drop_model('harm');
		RETURN 'taken';
	EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ': ' || SQLERRM;
	END $$});
for (@harm)
{
	my ($want, $field, $change) = @$_;
	my $part = take_apart($sound);
	my ($got) = do { local $_ = $part->{$field}; $change->() };
	$part->{$field} = $got;
	my $content = unpack 'H*', put_together($part);
	my (undef, $said, $errors) = $node->psql('target', "SELECT tried('\\x$content')");
	like($said, qr/^$want/, "$want ($field)") or diag $errors;
}
is($node->safe_psql('target', 'SELECT count(*) FROM t'), '200', 'nothing was done');
is($node->safe_psql('target', q{SELECT count(*) FROM mlops.models WHERE name = 'harm'}), '0', 'nothing is left');

$node->stop;
done_testing();
