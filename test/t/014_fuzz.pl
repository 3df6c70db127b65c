# 014_fuzz.pl: options and exported versions that nobody in his right mind would pass: each is refused with the SQLSTATE
# of a mistake, or taken; never an internal error, and never a crash.
#
# The seeds are fixed; which draws they give may differ between servers.
#
# Not here: bytes (test/unit/test_fuzz.c), what each mistake is told (test/sql/training_errors.sql, 013_portable.pl).

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Portable qw(take_apart put_together);

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

$node->stop;
done_testing();
