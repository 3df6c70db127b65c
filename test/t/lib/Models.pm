# Models.pm: a database with models of every kind and a served log, everything the models say, bit by bit, and digests
# of everything that schema mlops holds.  For tests that bring a database somewhere else and look whether it is the same.
#
# Not a test of its own; it holds no assertion.

package Models;

use strict;
use warnings;

# Makes the roles of a cluster: modeller owns, analyst may predict.
sub make_roles
{
	my ($node) = @_;
	$node->safe_psql('postgres', 'CREATE ROLE modeller LOGIN; CREATE ROLE analyst LOGIN');
	return;
}

# Makes tables and models in a database.
sub make_models
{
	my ($node, $db) = @_;
	$node->safe_psql($db, q{
		SET client_min_messages = error;
		CREATE EXTENSION mlops;
		GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO modeller;
		CREATE SCHEMA app AUTHORIZATION modeller;
		GRANT USAGE ON SCHEMA app TO analyst;
		SET ROLE modeller;
		CREATE TABLE app.t AS SELECT i AS id, sin(i) * 10 AS x, CASE WHEN i % 9 > 0 THEN 'g' || i % 7 END AS g,
			timestamptz '2024-01-01 00:00+00' + i * interval '5 hours' AS at, 'c' || i % 3 AS kind, i % 5 < 2 AS yes,
			sin(i) * 20 + i % 7 + cos(i * 3) AS y FROM generate_series(1, 400) AS i;
		GRANT SELECT ON app.t TO analyst;
		CREATE FUNCTION app.twice(x float8) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN 2 * x; END';
		SET TimeZone = 'Asia/Kathmandu';
		SELECT mlops_train('plain', 'SELECT id, x, g, y FROM app.t', 'y', algorithm => 'linear_regression', key => 'id');
		SELECT mlops_train('value', 'app.t', 'y', algorithm => 'linear_regression', key => 'id',
			features => 'app.twice(x) AS x2, g, extract(hour FROM at) AS hour, length(at::text) AS l');
		SELECT mlops_train('yes', 'app.t', 'yes', algorithm => 'logistic_regression', key => 'id', features => 'x, g, extract(hour FROM at) AS hour');
		SELECT mlops_train('kind', 'app.t', 'kind', algorithm => 'logistic_regression', key => 'id', features => 'x, g, y');
		SELECT mlops_train('value', params => '{"penalty": "l2", "alpha": 50}', algorithm => 'linear_regression');
		SELECT mlops_set_alias('value', 'other', 2);
		SET search_path = app, public;
		SELECT mlops_create_snapshot('t_then', 't', true), mlops_create_snapshot('t_odd', 'SELECT * FROM t WHERE id % 2 = 1', true), mlops_create_snapshot('t_only', 't');
		RESET search_path;
		SELECT mlops_create_feature_view('seen', 'SELECT g, at, x, at::text AS said FROM app.t', 'g', 'at', '400 days', online => true, comment => 'of t');
		SELECT mlops_create_feature_view('then', 'SELECT id, at, at - interval ''1 hour'' AS created, x, y FROM app.t', 'id', 'at', NULL, 'created');
		SELECT mlops_materialize('seen');
		SELECT mlops_annotate_feature_view('seen', feature => 'x', description => 'a number');
		SELECT mlops_annotate('value@2', 'a second one', '{"by": "hand"}');
		SELECT mlops_add_check('value', 'predicate', NULL, '{"sql": "app.twice(x) < 15 AND g IN (SELECT g FROM app.t WHERE y > 0)"}', 0.5);
		SELECT mlops_add_check('value', 'between', 'at', '{"max": "2024-03-01 00:00+01"}', 0.5, 'warning');
		SELECT mlops_add_check('value', 'match_regex', 'g', '{"regex": "^g\\\\d$"}');
		SELECT count(*) FROM mlops_validate('value');
		SELECT mlops_grant(m, 'analyst', 'predict') FROM unnest(ARRAY['plain', 'value', 'yes', 'kind']) AS m;
	});
	return;
}

# Writes a log of served predictions as the writer does: days with a partition made ahead, days long ago whose rows
# were moved to one, and rows that stand in the default partition.
sub make_log
{
	my ($node, $db) = @_;
	my $insert = q{
		WITH served AS (
			SELECT (lpad(to_hex((extract(epoch FROM made) * 1000)::bigint), 12, '0') || '7' || substr(md5(id::text), 1, 3)
				|| '8' || substr(md5(id::text), 4, 15))::uuid AS prediction_id, *
			FROM app.t, mlops.models AS m, LATERAL (SELECT date_trunc('milliseconds', now() + i * interval '1 day' - id * interval '3 minutes') AS made
				FROM unnest(ARRAY[%s]) AS i) AS l WHERE m.name = 'plain'),
		outcome AS (INSERT INTO mlops.outcomes (prediction_id, predicted_at, model_id, label)
			SELECT prediction_id, made, model_id, y::text FROM served WHERE id %% 3 = 0)
		INSERT INTO mlops.predictions (prediction_id, predicted_at, model_id, version, entity_key, input, features, score, seconds)
			SELECT prediction_id, made, model_id, 1, id::text, to_jsonb(served) - 'prediction_id', mlops_transform('plain', served),
				mlops_predict('plain', served), 1e-5 * id FROM served;
	};
	$node->safe_psql($db, sprintf($insert, '0, -30') . 'SELECT mlops_maintain_log(3);' . sprintf($insert, '2, 100'));
	return;
}

# Everything the models say: a name and a query that gives a digest.
sub predictions_of
{
	my ($model) = @_;
	return "SELECT md5(string_agg(encode(float8send(mlops_predict('$model', t)), 'hex'), '' ORDER BY id)) FROM app.t AS t";
}

our %speaks = (
	'plain' => predictions_of('plain'),
	'rows' => predictions_of('value'),
	'alias' => predictions_of('value@other'),
	'jsonb' => q{SELECT md5(string_agg(encode(float8send(mlops_predict('yes', to_jsonb(t))), 'hex'), '' ORDER BY id)) FROM app.t AS t},
	'labels' => q{SELECT md5(string_agg(mlops_predict_label('yes', t) || mlops_predict_label('kind', t), '' ORDER BY id)) FROM app.t AS t},
	'probabilities' => q{SELECT md5(string_agg(mlops_predict_proba('kind', t)::text || mlops_predict_proba('yes', t), '' ORDER BY id)) FROM app.t AS t},
	'a source' => q{SELECT md5(string_agg(b::text, '' ORDER BY key::int)) FROM mlops_predict_batch('yes', 'app.t') AS b},
	'figures of held-out rows' => q{SELECT md5(string_agg(m || e::text, '' ORDER BY m, segment, metric))
		FROM unnest(ARRAY['plain', 'value', 'yes', 'kind']) AS m, mlops_evaluate(m, segments => 'g') AS e},
	'figures of a source' => q{SELECT md5(string_agg(e::text, '' ORDER BY metric)) FROM mlops_evaluate('yes', 'app.t') AS e},
	'explanations' => q{SELECT md5(string_agg(e::text, '' ORDER BY id, e.feature)) FROM app.t AS t, mlops_explain('value', t) AS e},
	'rows that fail checks' => q{DO $$ BEGIN EXECUTE format('SET ROLE %I', (SELECT owner FROM mlops.models WHERE name = 'value')); END $$;
		SELECT md5(mlops_clean_query('value', part => 'quarantine'))},
	'transforms' => q{SELECT md5(string_agg(mlops_transform('value', t)::text, '' ORDER BY id)) FROM app.t AS t},
	'names' => q{SELECT md5(string_agg(f::text, '' ORDER BY position)) FROM mlops_feature_names('value') AS f},
	'an example' => q{SELECT md5(mlops_sample_input('value')::text)},
	'coefficients' => q{SELECT md5(string_agg(c::text, '' ORDER BY feature, level)) FROM mlops_coefficients('value') AS c},
	'snapshots' => q{SELECT md5(string_agg(concat_ws(' ', a.name, b.name, item, column_name, value_a, value_b, d.detail), '; ' ORDER BY a.name, b.name, item, column_name))
		FROM mlops.snapshots AS a, mlops.snapshots AS b, mlops_compare_snapshots(a.snapshot_id, b.snapshot_id) AS d},
	'feature views' => q{SELECT md5(string_agg(mlops_get_features(n, k, at)::text, '' ORDER BY n, k, at)) FROM (VALUES ('seen', 'g1'), ('seen', 'g6'), ('then', '7')) AS v (n, k),
		unnest(ARRAY[timestamptz '2024-01-01 12:00+00', '2024-02-01 00:00+00', '2090-01-01 00:00+00']) AS at},
	'features' => q{SELECT md5(string_agg(f::text, '' ORDER BY feature)) FROM mlops_feature_info('value') AS f});

# What they say in a database: one line each.
sub said
{
	my ($node, $db) = @_;
	return join("\n", map { "$_: " . $node->safe_psql($db, $speaks{$_}) } sort keys %speaks);
}

# Rows and digest of every table of schema mlops, partitions included, and where every sequence stands.
sub registry
{
	my ($node, $db) = @_;
	my $digest = $node->safe_psql($db, q{
		SELECT string_agg(format(CASE relkind WHEN 'S'
			THEN 'SELECT %L, concat_ws('' '', last_value, is_called) FROM mlops.%I'
			ELSE 'SELECT %L, count(*) || '' '' || md5(coalesce(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C"), '''')) FROM mlops.%I AS t' END,
			relname, relname), ' UNION ALL ' ORDER BY relname COLLATE "C")
		FROM pg_class WHERE relnamespace = 'mlops'::regnamespace AND relkind IN ('r', 'S')});
	return $node->safe_psql($db, "SET TimeZone = 'UTC'; SELECT * FROM ($digest) AS r(name, digest) ORDER BY name COLLATE \"C\"");
}

# How tables and partitions of schema mlops are made: kind, bound, row security, rights, indexes, constraints, comment.
sub shape
{
	my ($node, $db) = @_;
	return $node->safe_psql($db, q{
		SET TimeZone = 'UTC';
		SELECT relname, relkind, pg_get_expr(relpartbound, oid), relrowsecurity, relforcerowsecurity, relacl, obj_description(oid, 'pg_class'),
			(SELECT string_agg(pg_get_indexdef(indexrelid), '; ' ORDER BY indexrelid::regclass::text COLLATE "C") FROM pg_index WHERE indrelid = c.oid),
			(SELECT string_agg(conname || ' ' || pg_get_constraintdef(k.oid), '; ' ORDER BY conname COLLATE "C") FROM pg_constraint k WHERE conrelid = c.oid),
			(SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid),
				col_description(c.oid, attnum)), '; ' ORDER BY attnum)
				FROM pg_attribute LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum) WHERE attrelid = c.oid AND attnum > 0),
			(SELECT string_agg(polname || ' ' || pg_get_expr(polqual, polrelid), '; ') FROM pg_policy WHERE polrelid = c.oid)
		FROM pg_class c WHERE relnamespace = 'mlops'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname COLLATE "C"});
}

# Lines that only one of two texts has.
sub difference
{
	my ($left, $right) = @_;
	my %count;
	$count{$_}++ foreach split /\n/, $left;
	$count{$_}-- foreach split /\n/, $right;
	return join("\n", map { ($count{$_} > 0 ? '- ' : '+ ') . $_ } grep { $count{$_} } sort keys %count);
}

1;
