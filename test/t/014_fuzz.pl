# 014_fuzz.pl: options, exported versions and stored model bytes that nobody in his right mind would pass or write: each
# is refused with the SQLSTATE of a mistake, or taken; never an internal error, and never a crash.
#
# The seeds are fixed; which draws they give may differ between servers.
#
# Not here: every byte (test/unit/test_fuzz.c), what each mistake is told (test/sql/training_errors.sql, 013_portable.pl).

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Portable qw(take_apart put_together seal);

my $node = PostgreSQL::Test::Cluster->new('fuzz');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION mlops');

$node->safe_psql('postgres', q{
	CREATE TABLE t AS SELECT i AS id, i % 30 AS a, 'g' || i % 4 AS g, i % 7 > 2 AS flag, (i % 30 + i % 7) > 16 AS y, timestamp '2024-01-01' + i * interval '1 hour' AS at, i % 13 + i % 30 AS number FROM generate_series(1, 120) i;
	CREATE FUNCTION one_of(words text[]) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT words[1 + floor(random() * cardinality(words))::int]';
	-- words that options and their values are made of, numbers at the edge, and rubbish
	CREATE FUNCTION some_json(depth int) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
	DECLARE
		result jsonb;
		words text[] := '{metric,positive_label,exclude,sample_weight,split,threshold,cost_matrix,risk_bands,calibration,preprocess,gate,auto_production,tags,method,test,validation,test_where,group,salt,refit,tp,fp,fn,tn,min_value,numeric,categorical,columns,impute,constant,indicator,scale,encode,C,penalty,l1_ratio,alpha,max_iter,tol,class_weight,solver,fit_intercept,low,high,a,g,flag,y,id,at,true,false,auto,time,hash,none,prior,f1,youden,cost,mean,median,most_frequent,standard,minmax,robust,onehot,ordinal,l2,l1,elasticnet,balanced,roc_auc,rmse,log_loss,"a > 3","a >","","é","A","1","select 1"}';
		numbers text[] := '{0,1,-1,0.5,0.3,1e-12,2,3,1e308,1e309,-1e309,1e-400,9007199254740993,9223372036854775808,1e1000,0.95,0.99,42,-0.0}';
	BEGIN
		CASE WHEN depth <= 0 OR random() < 0.15 THEN
			CASE floor(random() * 7)::int
				WHEN 0 THEN RETURN 'null';
				WHEN 1 THEN RETURN to_jsonb(random() < 0.5);
				WHEN 2, 3 THEN RETURN one_of(numbers)::jsonb;
				ELSE RETURN to_jsonb(one_of(words));
			END CASE;
		WHEN random() < 0.15 THEN
			SELECT coalesce(jsonb_agg(some_json(depth - 1)), '[]') INTO result FROM generate_series(1, floor(random() * 3)::int);
			RETURN result;
		ELSE
			SELECT coalesce(jsonb_object_agg(one_of(words), some_json(depth - 1)), '{}') INTO result FROM generate_series(1, floor(random() * 4)::int);
			RETURN result;
		END CASE;
	END $$;
	-- what an option takes, with one value replaced by something
	CREATE FUNCTION bent_config() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
	DECLARE
		sound jsonb := '{"metric": "f1", "positive_label": "true", "exclude": ["g"], "sample_weight": "id", "split": {"method": "hash", "test": 0.3, "validation": 0.2, "test_where": "id > 90", "group": "g", "refit": false}, "threshold": "cost", "cost_matrix": {"fp": 1, "fn": 5}, "risk_bands": {"low": 0, "high": 0.5}, "calibration": "none", "preprocess": {"numeric": {"impute": "mean", "scale": "robust", "indicator": true}, "categorical": {"encode": "ordinal"}, "columns": {"a": {"impute": "constant", "constant": 3}}}, "gate": {"min_value": 0.1}, "auto_production": false, "tags": {"a": 1}}';
		key text;
		inner_key text;
	BEGIN
		SELECT k INTO key FROM jsonb_object_keys(sound) k ORDER BY random() LIMIT 1;
		IF jsonb_typeof(sound->key) = 'object' AND random() < 0.7 THEN
			SELECT k INTO inner_key FROM jsonb_object_keys(sound->key) k ORDER BY random() LIMIT 1;
			RETURN jsonb_build_object(key, jsonb_set(sound->key, ARRAY[inner_key], some_json(2)));
		END IF;
		RETURN jsonb_build_object(key, CASE WHEN random() < 0.1 THEN sound->key ELSE some_json(3) END);
	END $$;
	CREATE TABLE outcome (what text, state text);
	CREATE PROCEDURE attempt(what text, statement text, options jsonb) LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE statement USING options;
		INSERT INTO outcome VALUES (what, 'taken');
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO outcome VALUES (what, SQLSTATE);
		IF SQLSTATE !~ '^(22|42|0A|54|55)' THEN
			INSERT INTO outcome VALUES (format('%s: %s with %s', what, SQLERRM, options), 'unexpected');
		END IF;
	END $$;
	-- one parameter of an algorithm, with something
	CREATE FUNCTION bent_params(algorithm text) RETURNS jsonb LANGUAGE sql VOLATILE AS
		'SELECT jsonb_build_object(param, some_json(1)) FROM mlops_algorithms() a WHERE a.algorithm = bent_params.algorithm ORDER BY random() LIMIT 1';
});

# ---- options

$node->safe_psql('postgres', q{
	SELECT setseed(0.25);
	SELECT mlops_train('fuzz', 't', 'y', 'logistic_regression', key => 'id');
	SELECT mlops_train('fuzz4', 't', 'y', 'logistic_regression', key => 'id');
	DO $$
	DECLARE
		algorithm text;
	BEGIN
		FOR i IN 1..600 LOOP
			CALL attempt('configure', 'SELECT mlops_configure(''fuzz'', $1)', bent_config());
			CALL attempt('configure', 'SELECT mlops_configure(''fuzz'', $1)', some_json(3));
		END LOOP;
		FOR i IN 1..100 LOOP
			CALL attempt('create_model', 'SELECT mlops_create_model(''fuzz2'', ''t'', ''y'', config => $1, replace => true)', bent_config());
			CALL attempt('options', 'SELECT mlops_create_model(''fuzz2'', ''t'', ''y'', options => $1, replace => true)', some_json(1));
			CALL attempt('options', 'SELECT mlops_train(''fuzz'', options => $1)', some_json(1));
			CALL attempt('tags', 'SELECT mlops_annotate(''fuzz'', tags => $1)', some_json(2));
			CALL attempt('bands', 'SELECT mlops_set_threshold(''fuzz'', risk_bands => $1)', some_json(2));
			CALL attempt('bands', 'SELECT mlops_set_threshold(''fuzz'', risk_bands => $1)', jsonb_build_object('low', 0, 'high', some_json(0)));
			algorithm := one_of('{logistic_regression,linear_regression}');
			CALL attempt('params', format('SELECT mlops_train(%L, ''t'', %L, algorithm => %L, params => $1, features => ''a, g'', key => ''id'')',
				algorithm, CASE algorithm WHEN 'linear_regression' THEN 'number' ELSE 'y' END, algorithm), bent_params(algorithm));
			CALL attempt('config', 'SELECT mlops_train(''fuzz4'', algorithm => ''logistic_regression'', config => $1)', bent_config());
		END LOOP;
	END $$});
is( $node->safe_psql(
		'postgres', q{SELECT what, bool_or(state = 'taken'), bool_or(state <> 'taken') FROM outcome
			WHERE state <> 'unexpected' GROUP BY what ORDER BY what}),
	join("\n", map { "$_|t|t" } qw(bands config configure create_model options params tags)),
	'every kind of call was taken and refused');
is($node->safe_psql('postgres', q{SELECT what FROM outcome WHERE state = 'unexpected' LIMIT 10}), '', 'by a mistake that has a name');
is( $node->safe_psql('postgres', q{SELECT jsonb_typeof(mlops_configure('fuzz', '{}')), count(mlops_predict('fuzz', t)) FROM t}),
	'object|120', 'what was taken left a model that answers');

# ---- exported versions: characters of their texts exchanged, removed, repeated; the checksum fits

$node->safe_psql('postgres', q{SELECT mlops_train('sound', 't', 'y', 'logistic_regression', key => 'id', features => 'g, (a > 3 AND at > ''2024-01-02'')::text AS late',
	config => '{"split": {"test_where": "id % 5 = 0"}, "risk_bands": {"low": 0, "high": 0.5}, "tags": {"a": [1, 2]}}')});
my $sound = pack 'H*', $node->safe_psql('postgres', q{SELECT encode(mlops_export_model('sound'), 'hex')});
my @text = qw(risk_bands metric source_query key tags definition definition definition params config config run_params column_types);
my @scrap = ('"', '{', '}', '[', ']', ',', ':', '0', '-1', '1e999', 'null', '\\', '\\u0000', '(', ')', '::', 'int4', '%', ' ', "'");

srand 42;
my $try = '';
for (1 .. 250)
{
	my $part = take_apart($sound);
	my $field = $text[ rand @text ];
	for (0 .. rand 3)
	{
		my $at = int rand length $part->{$field};
		my $what = rand;
		substr($part->{$field}, $at, $what < 0.5 ? int rand 4 : 0) = $what < 0.8 ? $scrap[ rand @scrap ] : substr $part->{$field}, rand length $part->{$field}, rand 12;
	}
	my $content = unpack 'H*', put_together($part);
	$try .= "CALL attempt_import('\\x$content');\n";
}
$node->safe_psql('postgres', q{
	TRUNCATE outcome;
	CREATE PROCEDURE attempt_import(content bytea) LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM mlops_import_model('fuzz3', content);
		PERFORM count(mlops_predict('fuzz3', t)) FROM t;
		PERFORM mlops_train('fuzz3', algorithm => 'logistic_regression', params => '{"max_iter": 1}');
		INSERT INTO outcome VALUES ('import', 'taken');
		PERFORM mlops_drop_model('fuzz3');
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO outcome VALUES ('import', SQLSTATE);
		IF SQLSTATE !~ '^(22|3F|42|0A|54|55)' THEN
			INSERT INTO outcome VALUES (SQLSTATE || ': ' || SQLERRM, 'unexpected');
		END IF;
	END $$});
$node->safe_psql('postgres', $try);
is($node->safe_psql('postgres', q{SELECT what FROM outcome WHERE state = 'unexpected' LIMIT 10}), '', 'content is refused with a name, or taken');
is($node->safe_psql('postgres', q{SELECT count(*) FILTER (WHERE state = 'taken') > 5, count(*) FILTER (WHERE state <> 'taken') > 100 FROM outcome}),
	't|t', 'of each there was enough');
is($node->safe_psql('postgres', 'SELECT count(*) FROM t'), '120', 'nothing was done');

# ---- stored model bytes: words, numbers and texts of them changed under a checksum that fits; bytes of another version

$node->safe_psql('postgres', q{
	SET client_min_messages = error;
	TRUNCATE outcome;
	CREATE TABLE u AS SELECT id, a, g, flag, ARRAY[a % 3, id % 5]::float8[] AS v, y, 'c' || id % 3 AS k, number FROM t;
	SELECT mlops_train('bytes_' || name, 'u', target, algorithm, params::jsonb, features, key => 'id')
	FROM (VALUES ('binary', 'y', 'gradient_boosting', '{"n_estimators": 3, "early_stopping_rounds": 0, "min_samples_leaf": 2, "max_leaves": 6}', 'a, g, flag, v'),
		('classes', 'k', 'gradient_boosting', '{"n_estimators": 2, "early_stopping_rounds": 0, "max_leaves": 4, "class_weight": "balanced"}', 'a, g, flag, v'),
		('forest', 'k', 'random_forest', '{"n_estimators": 2, "max_leaves": 4}', 'a, g, flag, v'),
		('tree', 'number', 'decision_tree', '{"max_leaves": 8}', 'g, a'),
		('linear', 'number', 'linear_regression', '{}', 'a, g, flag, v'),
		('logistic', 'k', 'logistic_regression', '{}', 'a, g, flag, v')) AS m (name, target, algorithm, params, features);
	CREATE FUNCTION ask(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE
		call text;
	BEGIN
		FOREACH call IN ARRAY ARRAY['SELECT mlops_predict(%1$L, u) FROM u', 'SELECT length(mlops_predict_label(%1$L, u)) FROM u', 'SELECT mlops_predict_proba(%1$L, u)::text FROM u',
			'SELECT b::text FROM mlops_predict_batch(%1$L, ''u'') AS b', 'SELECT mlops_explain(%1$L, u)::text FROM u WHERE id < 9', 'SELECT mlops_explain(%1$L, u, method => ''lime'')::text FROM u WHERE id = 9',
			'SELECT b::text FROM mlops_explain_batch(%1$L, ''u'') AS b', 'SELECT r::text FROM mlops_model_rules(%1$L) AS r', 'SELECT mlops_decision_path(%1$L, u)::text FROM u WHERE id < 9',
			'SELECT mlops_transform(%1$L, u)::text FROM u', 'SELECT f::text FROM mlops_feature_names(%1$L) AS f', 'SELECT mlops_sample_input(%1$L)::text', 'SELECT e::text FROM mlops_evaluate(%1$L, ''u'') AS e'] LOOP
			BEGIN
				EXECUTE format('SELECT count(*) FROM (' || call || ' OFFSET 0) AS s', model);
				RETURN NEXT 'taken';
			EXCEPTION WHEN OTHERS THEN
				RETURN NEXT SQLSTATE || ' ' || SQLERRM;
				EXIT WHEN SQLSTATE = 'XX001';
			END;
		END LOOP;
	END $$;
	CREATE PROCEDURE attempt_bytes(model text, bytes bytea) LANGUAGE plpgsql AS $$
	DECLARE
		id bigint := (SELECT version_id FROM mlops.versions JOIN mlops.models USING (model_id) WHERE name = model);
		sound bytea := (SELECT content FROM mlops.version_blobs WHERE version_id = id);
		said text;
	BEGIN
		UPDATE mlops.version_blobs SET content = bytes WHERE version_id = id;
		-- the cache believes that these are others
		UPDATE mlops.versions SET created_at = clock_timestamp() WHERE version_id = id;
		FOR said IN SELECT ask(model) LOOP
			INSERT INTO outcome VALUES ('bytes', left(said, 5));
			IF said !~ '^(taken|XX001|22(?!021)|42804|0A)' THEN
				INSERT INTO outcome VALUES (format('%s: %s', model, said), 'unexpected');
			END IF;
		END LOOP;
		UPDATE mlops.version_blobs SET content = sound WHERE version_id = id;
	END $$});
my %bytes = map { my ($name, $hex) = split /\|/; ($name, pack 'H*', $hex) } split /\n/, $node->safe_psql('postgres', q{
	SELECT name, encode(content, 'hex') FROM mlops.version_blobs JOIN mlops.versions USING (version_id) JOIN mlops.models USING (model_id) WHERE name LIKE 'bytes%'});
my @word = (0, 1, 8, 0x7fffffff, 0xffffffff, 1 << 31, 1 << 62, ~0 >> 1, 1 << 63, ~0, ~7, map { unpack 'Q<', pack 'd<', $_ } 1e308, -1e308, 9**9**9, -9**9**9, -sin 9**9**9);
is(scalar(grep { seal($bytes{$_}) ne $bytes{$_} } keys %bytes), 0, 'the checksum is the one that is written');

srand 43;
$try = "SET statement_timeout = '20s';\n";
foreach my $model (sort keys %bytes)
{
	my $sound = $bytes{$model};
	my ($offsets, $texts, $chars, $n_chars) = unpack 'Q<4', substr $sound, 88, 32;
	my @copy = map { $bytes{$_} } grep { $_ ne $model } sort keys %bytes;

	for (1 .. 60)
	{
		my $copy = $sound;
		for (0 .. rand 3)
		{
			my $at = 4 * int rand((rand() < 0.4 ? 600 : length $sound) / 4 - 1);
			my $word = $word[ rand @word ];
			my $what = int rand 6;
			if ($what == 0) { substr($copy, $at, 1) = chr int rand 256; }
			elsif ($what == 1) { substr($copy, $at, 4) = substr pack('Q<', $word), 0, 4; }
			elsif ($what == 2) { substr($copy, $at & ~7, 8) = pack 'Q<', $word; }
			elsif ($what == 3) { substr($copy, $at, 4) = pack 'L<', (unpack('L<', substr $copy, $at, 4) + int(rand 5) - 2) & 0xffffffff; }
			elsif ($what == 4) { substr($copy, $chars + int rand $n_chars, 1) = substr "\xff\x01\"\xc3z%", rand 6, 1; }
			else { substr($copy, $offsets + 4 * int rand $texts, 4) = pack 'L<', int rand $n_chars + 2; }
		}
		push @copy, seal($copy);
	}
	$try .= "CALL attempt_bytes('$model', '\\x" . unpack('H*', $_) . "');\n" foreach @copy;
}
$node->safe_psql('postgres', $try);
is($node->safe_psql('postgres', q{SELECT what FROM outcome WHERE state = 'unexpected' LIMIT 10}), '', 'model bytes are refused with a name, or taken');
is($node->safe_psql('postgres', q{SELECT count(*) FILTER (WHERE state = 'taken') > 500, count(*) FILTER (WHERE state = 'XX001') > 150 FROM outcome}),
	't|t', 'of each there was enough');
is($node->safe_psql('postgres', q{SELECT count(*) FILTER (WHERE s <> 'taken' AND s !~ '^0A') FROM mlops.models, ask(name) AS s WHERE name LIKE 'bytes%'}), '0', 'sound bytes answer');

$node->stop;
done_testing();
