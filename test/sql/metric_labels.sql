-- Aggregates over actual and predicted labels, against golden figures (test/data/make_golden_labels.py).
CREATE SCHEMA test_labels;
SET search_path = test_labels, public;
SET client_min_messages = warning;
\getenv abs_srcdir PG_ABS_SRCDIR
\getenv abs_builddir PG_ABS_BUILDDIR
\set golden_file :abs_srcdir '/data/golden_labels.csv'
\set state_file :abs_builddir '/results/metric_labels.bin'
CREATE TABLE golden (dataset text, figure text, average text, weighted boolean, value float8);
COPY golden FROM :'golden_file' WITH (FORMAT csv, HEADER true, FORCE_NOT_NULL (average));

-- the rows of the script
CREATE FUNCTION h(i bigint, salt bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT (i * 2654435761 + salt) % 4294967296';
CREATE FUNCTION uneven(h bigint, classes int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT least(classes - 1, 10 - ceil(log(2, h % 1024 + 1))::int)';
CREATE TABLE million AS SELECT names[h % 97 % 10 + 1] AS actual,
    names[CASE WHEN h / 1000 % 10 < 7 THEN h % 97 % 10 ELSE h / 7919 % 11 END + 1] AS predicted, (h / 17 % 16) / 4.0::float8 AS weight
FROM (SELECT (i * 2654435761 + 7) % 4294967296 AS h FROM generate_series(1::bigint, 1000000) AS i OFFSET 0) AS r,
    (SELECT array_agg('class ' || c ORDER BY c) AS names FROM generate_series(0, 10) AS c) AS c;
CREATE TABLE small (dataset text, actual text, predicted text, weight float8);
INSERT INTO small SELECT 'uneven', names[actual + 1], names[CASE WHEN h / 1000 % 10 < 6 THEN actual ELSE uneven(h / 77, 8) END + 1], (h / 17 % 31) / 10.0::float8
FROM (SELECT uneven(h / 7, 7) AS actual, h, array['Yes', 'yes', '', ' ', 'été', 'macro', '"quoted"', 'z'] AS names
    FROM generate_series(1, 2000) AS i, h(i, 11)) AS r;
INSERT INTO small SELECT 'binary', actual::text, CASE WHEN h / 1000 % 10 < 7 THEN actual ELSE h / 11 % 2 = 0 END::text, (h / 17 % 31) / 10.0::float8
FROM (SELECT h / 5 % 10 < 3 AS actual, h FROM generate_series(1, 500) AS i, h(i, 13)) AS r;
INSERT INTO small SELECT 'numbers', (actual * 3000000000)::text, (CASE WHEN h / 1000 % 10 < 5 THEN actual ELSE h / 11 % 5 - 2 END * 3000000000)::text, h / 17 % 5
FROM (SELECT h / 5 % 5 - 2 AS actual, h FROM generate_series(1, 500) AS i, h(i, 17)) AS r;
INSERT INTO small SELECT 'same', 'only', 'only', h % 3 FROM generate_series(1, 50) AS i, h(i, 19);
INSERT INTO small SELECT 'wrong', substr('ab', i % 2 + 1, 1), substr('ba', i % 2 + 1, 1), 1 + h % 3 FROM generate_series(1, 60) AS i, h(i, 23);
INSERT INTO small SELECT 'constant', substr('abc', least(2, h % 10 / 4)::int + 1, 1), 'b', 1 + h % 3 FROM generate_series(1, 300) AS i, h(i, 29);
ANALYZE small;

-- 1e-12: both sides are quotients of sums that are exact, or nearly so
CREATE FUNCTION agrees(value float8, golden float8) RETURNS boolean LANGUAGE sql AS 'SELECT abs(value - golden) <= 1e-12 * abs(golden)';
CREATE FUNCTION compare(label_type text DEFAULT 'text', of_dataset text DEFAULT '%')
RETURNS TABLE (dataset text, weighted boolean, figures bigint, agree bigint) LANGUAGE plpgsql AS $$
DECLARE
    g golden;
    v float8;
BEGIN
    FOR dataset, weighted IN SELECT DISTINCT d.dataset, d.weighted FROM golden d WHERE d.dataset LIKE of_dataset AND d.dataset <> 'million' ORDER BY 1, 2
    LOOP
        figures := 0;
        agree := 0;
        FOR g IN SELECT * FROM golden d WHERE d.dataset = compare.dataset AND d.weighted = compare.weighted
            AND (label_type <> 'boolean' OR average IN ('', 'binary:true'))
        LOOP
            EXECUTE format('SELECT mlops_%s(actual::%s, predicted::%2$s%s%s) FROM small WHERE dataset = %L', g.figure, label_type,
                CASE WHEN g.average <> '' AND label_type <> 'boolean' THEN format(', %L::text', g.average) END,
                CASE WHEN weighted THEN ', weight' END, dataset) INTO v;
            figures := figures + 1;
            agree := agree + agrees(v, g.value)::int;
            IF NOT agrees(v, g.value) THEN
                RAISE WARNING '% % % %: %, not %', dataset, g.figure, g.average, weighted, v, g.value;
            END IF;
        END LOOP;
        RETURN NEXT;
    END LOOP;
END$$;
SELECT * FROM compare();
SELECT * FROM compare('bigint', 'numbers');
SELECT * FROM compare('boolean', 'binary');

-- a million rows, several figures of one state
CREATE TABLE big AS
SELECT false AS weighted, mlops_accuracy(actual, predicted) AS accuracy, mlops_balanced_accuracy(actual, predicted) AS balanced_accuracy, mlops_mcc(actual, predicted) AS mcc,
    mlops_precision(actual, predicted, 'macro') AS precision, mlops_recall(actual, predicted, 'macro') AS recall,
    mlops_f1(actual, predicted, 'macro') AS f1, mlops_specificity(actual, predicted, 'macro') AS specificity FROM million
UNION ALL
SELECT true, mlops_accuracy(actual, predicted, weight), mlops_balanced_accuracy(actual, predicted, weight), mlops_mcc(actual, predicted, weight),
    mlops_precision(actual, predicted, 'macro', weight), mlops_recall(actual, predicted, 'macro', weight),
    mlops_f1(actual, predicted, 'macro', weight), mlops_specificity(actual, predicted, 'macro', weight) FROM million;
SELECT weighted, count(*) AS figures, count(*) FILTER (WHERE agrees((to_jsonb(big) ->> figure)::float8, value)) AS agree
FROM golden JOIN big USING (weighted) WHERE dataset = 'million' AND average IN ('', 'macro') GROUP BY weighted ORDER BY weighted;
-- one state for all: the same transition function, no initial value, final functions that leave it alone
SELECT aggtransfn::oid::regprocedure AS transition, count(*) AS aggregates, bool_and(aggfinalmodify = 'r' AND agginitval IS NULL AND aggcombinefn <> 0) AS shared
FROM pg_aggregate WHERE aggtranstype = 'mlops.crosstab'::regtype GROUP BY aggtransfn ORDER BY aggtransfn::oid::regprocedure::text COLLATE "C";

-- the same bits serial, parallel and in another order; weights span nine decades
CREATE AGGREGATE crosstab(text, text, text, float8) (SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
CREATE AGGREGATE crosstab_of_states(mlops.crosstab) (SFUNC = mlops.crosstab_combine, STYPE = mlops.crosstab,
    COMBINEFUNC = mlops.crosstab_combine, PARALLEL = SAFE);
CREATE TABLE rows AS SELECT actual, predicted, exp(weight * 5.5 - 10) AS weight, h(i, 1) AS other_order
FROM (SELECT *, row_number() OVER () AS i FROM million LIMIT 100000) AS r;
ALTER TABLE rows SET (parallel_workers = 2);
ANALYZE rows;
CREATE FUNCTION is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
    found boolean := false;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        found := found OR line LIKE '%Partial Aggregate%';
    END LOOP;
    RETURN found;
END$$;
CREATE VIEW figures AS SELECT md5(crosstab(actual, predicted, 'macro', weight)::text) AS state, float8send(mlops_f1(actual, predicted, 'macro', weight)) AS f1,
    float8send(mlops_mcc(actual, predicted, weight)) AS mcc, float8send(mlops_specificity(actual, predicted, 'weighted', weight)) AS specificity FROM rows;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT * FROM figures;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT is_parallel('SELECT * FROM figures');
SELECT (SELECT f FROM figures AS f) = (SELECT s FROM serial AS s) AS parallel_has_the_same_bits;
RESET max_parallel_workers_per_gather;
SELECT md5(crosstab(actual, predicted, 'macro', weight)::text) = (SELECT state FROM serial) AS reordered_has_the_same_bytes
FROM (SELECT * FROM rows ORDER BY other_order) AS r;
SELECT md5(crosstab_of_states(s)::text) = (SELECT state FROM serial) AS states_of_groups_make_the_same_bytes
FROM (SELECT crosstab(actual, predicted, 'macro', weight) AS s FROM rows GROUP BY other_order % 1000) AS r;

-- groups, filters, windows
SELECT count(*) AS groups, bool_and(agrees(f1, value)) AS agree
FROM (SELECT dataset, mlops_f1(actual, predicted, 'macro', weight) AS f1 FROM small GROUP BY dataset) AS s
JOIN golden g USING (dataset) WHERE figure = 'f1' AND average = 'macro' AND weighted;
SELECT agrees(mlops_mcc(actual, predicted) FILTER (WHERE dataset = 'uneven'), value) AS filtered
FROM small CROSS JOIN (SELECT value FROM golden WHERE dataset = 'uneven' AND figure = 'mcc' AND NOT weighted) AS g GROUP BY value;
WITH numbered AS (SELECT actual, predicted, row_number() OVER () AS i FROM small WHERE dataset = 'uneven' LIMIT 100),
    running AS (SELECT i, mlops_f1(actual, predicted, 'macro') OVER (ORDER BY i) AS f1,
        mlops_f1(actual, predicted, 'macro') OVER (ORDER BY i ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS last_ten FROM numbered)
SELECT count(*) AS rows, bool_and(f1 = (SELECT mlops_f1(actual, predicted, 'macro') FROM numbered n WHERE n.i <= r.i)) AS running,
    bool_and(last_ten = (SELECT mlops_f1(actual, predicted, 'macro') FROM numbered n WHERE n.i BETWEEN r.i - 9 AND r.i)) AS moving
FROM running r;

-- no rows, NULLs, weight 0
SELECT mlops_accuracy(actual, predicted) AS no_rows, mlops_f1(actual, predicted, 'macro') AS no_average FROM small WHERE false;
SELECT mlops_accuracy(a, p) AS accuracy, mlops_accuracy(a, p, w) AS weighted, mlops_f1(a, p, average) AS f1, mlops_f1(a, p, average, w) AS f1_weighted
FROM (VALUES ('a', 'a', 1::float8, 'macro'), (NULL, 'a', 1, 'macro'), ('a', NULL, 1, 'macro'), ('a', 'b', NULL, NULL), ('a', 'b', 0, NULL)) AS v (a, p, w, average);
SELECT mlops_accuracy(NULL::text, 'a') AS all_null, mlops_accuracy('a'::text, 'a', 0) AS all_weight_0, mlops_f1('a'::text, 'a', NULL) AS average_null,
    mlops_f1(NULL::boolean, true) AS boolean_null, mlops_mcc(NULL::bigint, 1) AS bigint_null;
-- a label that only rows of weight 0 have is absent
SELECT mlops_f1(a, p, 'macro', w) AS f1, mlops_f1(a, p, 'macro') AS f1_of_all FROM (VALUES ('a', 'a', 2), ('b', 'c', 0)) AS v (a, p, w);
-- a label that no row has: 0/0 is 0; and all rows are rightly not called it
SELECT mlops_precision(a, a, 'binary:x') AS precision, mlops_recall(a, a, 'binary:x') AS recall, mlops_f1(a, a, 'binary:x') AS f1,
    mlops_specificity(a, a, 'binary:x') AS specificity, mlops_f1(false, a = 'x') AS no_true FROM (VALUES ('a'), ('b')) AS v (a);
-- only one class: nothing to correlate, and nobody to be specific about
SELECT mlops_mcc(true, true) AS mcc, mlops_balanced_accuracy(true, true) AS balanced_accuracy, mlops_specificity(true, true) AS specificity;
-- labels are bytes: no collation makes two of them one, and trailing blanks count
DO $$BEGIN
    IF EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') THEN
        CREATE COLLATION loose (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
    ELSE
        CREATE COLLATION loose FROM "C";
    END IF;
END$$;
SELECT mlops_accuracy(a COLLATE loose, p COLLATE loose) AS accuracy, mlops_f1(a COLLATE loose, p, 'binary:a') AS f1
FROM (VALUES ('a', 'A'), ('a', 'a'), ('b', 'b '), ('', '')) AS v (a, p);
SELECT mlops_f1(a, p, 'binary:') AS empty_label FROM (VALUES ('', ''), ('', 'x')) AS v (a, p);
-- bigint labels are named as bigint writes or reads them
SELECT mlops_f1(a, a, 'binary:7') AS plain, mlops_f1(a, a, 'binary: +07 ') AS odd, mlops_accuracy(a, -9223372036854775808) AS smallest FROM (VALUES (7)) AS v (a);
SELECT mlops_f1(a, a, average) AS one_label_two_spellings FROM (VALUES (7, 'binary:7'), (7, 'binary:07')) AS v (a, average);
SELECT agrees(mlops_mcc(a, p, w), -0.5) AS tiny_weights, agrees(mlops_f1(a, p, 'binary:x', w), 0.5) AS f1
FROM (VALUES ('x', 'x', 1e-300), ('x', 'y', 1e-300), ('y', 'x', 1e-300)) AS v (a, p, w);
SELECT mlops_accuracy(a, p, w) AS huge_weights FROM (VALUES ('x', 'x', 1e308), ('x', 'y', 5e307)) AS v (a, p, w);

-- long and many labels
SELECT mlops_accuracy(l, l) AS accuracy, mlops_f1(l, l || 'x', 'macro') AS f1, mlops_recall(l, l, 'binary:' || repeat('3', 1000000)) AS recall
FROM (SELECT repeat(i::text, 1000000) AS l FROM generate_series(1, 5) AS i) AS s;
SELECT mlops_f1(i::text, (i - i % 2)::text, 'macro') AS many_labels, mlops_f1(i, i, 'weighted') AS numbers FROM generate_series(1, 100000) AS i;
SELECT mlops_accuracy(i, i) FROM generate_series(1, 1000001) AS i;
SELECT mlops_accuracy(l, l) FROM (SELECT repeat('x', 1048576 + i) AS l FROM generate_series(1, 64) AS i) AS s;
SELECT mlops_f1('a', 'a', 'binary:' || repeat('x', 67108865));

-- the state as a value: text and binary forms, kept in a table
CREATE TABLE states (id int, s mlops.crosstab);
INSERT INTO states SELECT 1, crosstab(actual, predicted, 'weighted', weight) FROM small WHERE dataset = 'uneven';
INSERT INTO states SELECT 2, crosstab('a', 'b', 'macro', 1.5);
SELECT s::text FROM states WHERE id = 2;
SELECT bool_and(encode(mlops.crosstab_send(s), 'hex') = substr(s::text, 3)) AS binary_is_the_text, bool_and(s::text::mlops.crosstab::text = s::text) AS text_again FROM states;
COPY states TO STDOUT (FORMAT binary) \g :state_file
CREATE TABLE copied (LIKE states);
COPY copied FROM :'state_file' (FORMAT binary);
SELECT count(*) AS rows, bool_and(c.s::text = o.s::text) AS same FROM copied c JOIN states o USING (id);
SELECT agrees(mlops.crosstab_f1(s), value) AS final, mlops.crosstab_accuracy(s) = (SELECT mlops_accuracy(actual, predicted, weight) FROM small WHERE dataset = 'uneven') AS accuracy
FROM copied, golden WHERE id = 1 AND dataset = 'uneven' AND figure = 'f1' AND average = 'weighted' AND weighted;
SELECT mlops.crosstab_combine(s, s) FROM states;
SELECT mlops.crosstab_add(s, 'a', 'b') FROM states;
SELECT crosstab_of_states(s) FROM states;
-- an aggregate may begin from a state that was kept
CREATE AGGREGATE crosstab_of_labels(text, text) (SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab);
SELECT crosstab_of_labels('b', a) AS kept FROM (VALUES ('b'), ('c')) AS v (a) \gset
CREATE AGGREGATE continued(text, text) (SFUNC = mlops.crosstab_add, STYPE = mlops.crosstab, INITCOND = :'kept');
SELECT continued(a, p)::text = (SELECT crosstab_of_labels(a, p)::text FROM (VALUES ('d', 'a'), ('b', 'c'), ('b', 'b'), ('c', 'c')) AS v (a, p)) AS continued
FROM (VALUES ('c', 'c'), ('d', 'a')) AS v (a, p);
-- damaged ones are refused, or are states of other rows
CREATE FUNCTION damage(bytes text) RETURNS TABLE (tried int, refused int, sane int) LANGUAGE plpgsql AS $$
DECLARE
    n int := length(bytes) / 2 - 1;
    damaged text;
BEGIN
    tried := 0; refused := 0; sane := 0;
    FOR i IN 0 .. n * 4 - 1 LOOP
        damaged := CASE i / n WHEN 0 THEN left(bytes, i * 2 + 2)
            ELSE overlay(bytes PLACING (array['00', '80', 'ff'])[i / n] FROM i % n * 2 + 3 FOR 2) END;
        CONTINUE WHEN damaged = bytes;
        tried := tried + 1;
        BEGIN
            sane := sane + (mlops.crosstab_f1(damaged::mlops.crosstab) BETWEEN 0 AND 1 AND mlops.crosstab_mcc(damaged::mlops.crosstab) BETWEEN -1 AND 1
                AND mlops.crosstab_specificity(damaged::mlops.crosstab) BETWEEN 0 AND 1 AND damaged::mlops.crosstab::text = damaged)::int;
        EXCEPTION WHEN invalid_text_representation OR numeric_value_out_of_range THEN
            refused := refused + 1;
        END;
    END LOOP;
    RETURN NEXT;
END$$;
SELECT tried > 1000 AS tried, refused > 500 AS refused, tried - refused - sane AS neither FROM states, damage(s::text) WHERE id = 1;
SELECT tried > 200 AS tried, refused > 100 AS refused, tried - refused - sane AS neither FROM states, damage(s::text) WHERE id = 2;
-- no rows make a label that was called and that no row is: there is no figure of it
SELECT mlops.crosstab_accuracy(s) AS accuracy, mlops.crosstab_balanced_accuracy(s) AS balanced, mlops.crosstab_mcc(s) AS mcc, mlops.crosstab_f1(s) AS f1
FROM (SELECT ('\x63743031' || '0100000000000000' || repeat('00', 8) || '0100000000000000' || repeat('00', 32) || '000000000000f03f' || repeat('00', 8) || '61')::mlops.crosstab AS s) AS v;
SELECT ''::mlops.crosstab;
SELECT '\x'::mlops.crosstab;
SELECT ('\x' || encode('ct01', 'hex') || repeat('00', 16))::mlops.crosstab;

-- a training judges its held-out rows alike
CREATE TABLE flowers AS SELECT i AS id, sin(i) AS x, cos(i * 1.7) AS z, substr('abc', 2 + sign(round((sin(i) + cos(i * 1.7) + sin(i * 5))::numeric))::int, 1) AS kind FROM generate_series(1, 400) AS i;
SELECT version, train_rows, test_rows FROM mlops_train('test_labels_kind', 'flowers', 'kind', 'logistic_regression', features => 'x, z', key => 'id',
    config => '{"split": {"test_where": "id % 3 = 0"}}');
WITH judged AS (SELECT kind, mlops_predict_label('test_labels_kind', f) AS predicted FROM flowers AS f WHERE id % 3 = 0),
    ours AS (SELECT mlops_accuracy(kind, predicted) AS accuracy, mlops_balanced_accuracy(kind, predicted) AS balanced_accuracy, mlops_mcc(kind, predicted) AS mcc,
        mlops_precision(kind, predicted, 'macro') AS precision, mlops_recall(kind, predicted, 'macro') AS recall, mlops_f1(kind, predicted, 'macro') AS f1 FROM judged)
SELECT r.key, value = (to_jsonb(ours) ->> r.key)::float8 AS same_bits
FROM ours, mlops.run_metrics AS r JOIN mlops.runs USING (run_id) JOIN mlops.models AS m USING (model_id)
WHERE m.name = 'test_labels_kind' AND split = 'test' AND to_jsonb(ours) ? r.key ORDER BY r.key COLLATE "C";
SELECT mlops_drop_model('test_labels_kind');

-- what is refused
SELECT mlops_accuracy('a'::text, 'a', -1);
SELECT mlops_f1(true, true, 'NaN');
SELECT mlops_f1(1, 1, 'macro', 'Infinity');
SELECT mlops_f1('a', 'a', 'Macro');
SELECT mlops_f1('a', 'a', 'binary', 0);
SELECT mlops_f1('a', 'a', repeat('é', 100));
SELECT mlops_f1('a', 'a', average) FROM (VALUES ('macro'), ('micro')) AS v (average);
SELECT mlops_f1(1, 1, 'binary:one');
SELECT mlops_accuracy('a'::text, 'a', w) FROM (VALUES (1e308), (1e308)) AS v (w);
SELECT mlops_accuracy(a, a, 1e308) FROM (VALUES ('a'), ('b')) AS v (a);
SELECT mlops_f1(1.5::float8, 1.5::float8);
RESET client_min_messages;
DROP SCHEMA test_labels CASCADE;
